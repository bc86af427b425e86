"""The ways of sending: which sound leaves, when, and where an utterance ends.

A mode hears every frame of the lane once, in order, and decides about every sample once, in order: it is sent, or it is
withheld because nobody speaks in it. The session carries the decisions out. A mode neither knows nor cares whether a
connection stands: what is to be sent is kept until it is recognised, and sent again after a break.

    Streaming            everything leaves at once; the service hears where an utterance ends
    StreamingFinalize    everything leaves at once; we hear where an utterance ends, and say so
    SilenceWait          an utterance leaves when it is over; silence does not leave at all
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol, TypeAlias, assert_never

from captioner.audio.endpointing import LOOK_BACK, Endpointer, SpeechStarted, SpeechStopped
from captioner.events import FRAME, RATE, Frame
from captioner.settings import Mode, Settings

PADDING: Final = 3 * RATE // 10
"""Samples that leave before speech, and at most after it, for a soft beginning or end that was not heard as such."""

IDLE: Final = 10 * RATE
"""Samples without any sound sent after which some silence is: the service closes a connection that got no sound for a
minute (https://docs.pipecat.ai/api-reference/server/services/stt/rtzr)."""

SIGN_OF_LIFE: Final = RATE // 10
"""Samples of that silence."""


@dataclass(frozen=True, slots=True)
class Send:
    """Sound in `[start, stop)` may leave.

    Attributes:
        held: it was kept back, so it leaves as fast as the socket takes it and not at the pace of a backlog.
    """

    start: int
    stop: int
    held: bool = False


@dataclass(frozen=True, slots=True)
class Silence:
    """So many samples of silence may leave, which are no sound of the lane, if a connection stands now.

    Attributes:
        position: everything before it is sent or withheld.
    """

    position: int
    samples: int


@dataclass(frozen=True, slots=True)
class EndUtterance:
    """The utterance ends at `position`; the service need not wait for silence."""

    position: int


@dataclass(frozen=True, slots=True)
class Withhold:
    """Nobody speaks in `[start, stop)`, whole frames: it is not sent."""

    start: int
    stop: int


Release: TypeAlias = Send | Silence | EndUtterance
"""What leaves."""

Decision: TypeAlias = Release | Withhold
"""What becomes of sound."""


class SendingMode(Protocol):
    """What every way of sending has in common."""

    @property
    def quiet(self) -> bool:
        """Nobody is heard speaking, and nothing is kept back, as far as this mode listens."""
        ...

    def push(self, frame: Frame) -> Sequence[Decision]:
        """Hear the next frame; decide about it, or about those before it.

        A frame that does not follow the last one begins anew: the sound between them is missing.
        """
        ...

    def finish(self) -> Sequence[Decision]:
        """The sound has ended, or another mode takes over; decide about all that is left."""
        ...


class Streaming:
    """Everything leaves at once, silence too: the service ends utterances, and its idle rule is never met."""

    @property
    def quiet(self) -> bool:
        """It does not listen."""
        return True

    def push(self, frame: Frame) -> Sequence[Decision]:
        """Let the frame leave."""
        return (Send(frame.start, frame.stop),)

    def finish(self) -> Sequence[Decision]:
        """Nothing was kept back."""
        return ()


class StreamingFinalize:
    """Everything leaves at once, and an utterance ends where we hear it end; the service may still hear it first.

    Args:
        hangover: seconds without speech after which an utterance ends.
    """

    def __init__(self, hangover: float) -> None:
        self._hangover = hangover
        self._endpointer = Endpointer(hangover=hangover)
        self._next: int | None = None

    @property
    def quiet(self) -> bool:
        """Nobody is heard speaking."""
        return not self._endpointer.speech

    def push(self, frame: Frame) -> Sequence[Decision]:
        """Let the frame leave, and say so if an utterance ended in it."""
        decisions: list[Decision] = []
        if self._next not in (None, frame.start):
            decisions += self.finish()
            self._endpointer = Endpointer(hangover=self._hangover)
        self._next = frame.stop
        events = self._endpointer.push(frame)
        decisions.append(Send(frame.start, frame.stop))
        if any(isinstance(event, SpeechStopped) for event in events):
            decisions.append(EndUtterance(frame.stop))
        return decisions

    def finish(self) -> Sequence[Decision]:
        """End the utterance that goes on."""
        return [EndUtterance(self._next or 0)] if self._endpointer.flush() else []


class SilenceWait:
    """Nothing leaves but speech, and that when it is over: each utterance at once, and then its end.

    An utterance longer than `longest` is waited for no more: it leaves as it is, and the rest as it comes. So what is
    held is bounded, be it the music of a queue that sounds like a voice.

    Args:
        silence: seconds without speech after which an utterance is over.
        longest: seconds.
    """

    def __init__(self, silence: float, longest: float) -> None:
        self._silence = silence
        self._longest = round(longest * RATE)
        self._endpointer = Endpointer(hangover=silence)
        self._next: int | None = None  # where the next frame has to start
        self._frame_start = 0  # of the last frame
        self._decided = 0  # everything before it is released or withheld
        self._waiting = False  # an utterance is held
        self._passing = False  # it became too long, and leaves as it comes
        self._idle = 0  # samples heard since any sound left

    @property
    def quiet(self) -> bool:
        """Nobody is heard speaking or perhaps beginning to, and no utterance is held."""
        return not (self._waiting or self._passing or self._endpointer.beginning)

    def push(self, frame: Frame) -> Sequence[Decision]:
        """Hear the next frame; decide about it, or about those before it."""
        decisions: list[Decision] = []
        if self._next != frame.start:
            if self._next is not None:
                decisions += self.finish()
                self._endpointer = Endpointer(hangover=self._silence)
            self._decided = frame.start
        self._next, self._frame_start = frame.stop, frame.start
        self._idle += frame.stop - frame.start
        for event in self._endpointer.push(frame):
            match event:
                case SpeechStarted(position):
                    decisions += self._withhold(self._frame(position - PADDING))
                    self._waiting = True
                case SpeechStopped(position):
                    decisions += self._end(min(frame.stop, self._frame(position + PADDING + FRAME - 1)))
                case _:
                    assert_never(event)
        if self._passing:
            decisions += self._send(frame.stop, held=False)
        elif not self._waiting:
            decisions += self._withhold(self._frame(frame.stop - LOOK_BACK - PADDING))
        elif frame.stop - self._decided >= self._longest:
            decisions += self._send(frame.stop, held=True)
            self._waiting, self._passing = False, True
        if self._idle >= IDLE:
            self._idle = 0
            decisions.append(Silence(self._decided, SIGN_OF_LIFE))
        return decisions

    def finish(self) -> Sequence[Decision]:
        """Let the utterance leave that goes on or has perhaps just begun; withhold what is left else."""
        last = self._decided if self._next is None else self._next
        spoken = self._waiting or self._passing or self._endpointer.beginning
        self._endpointer.flush()
        return self._end(last) if spoken else self._withhold(last)

    def _frame(self, position: int) -> int:
        """Where the frame starts in which `position` lies."""
        return position - (position - self._frame_start) % FRAME

    def _end(self, stop: int) -> list[Decision]:
        stop = max(stop, self._decided)
        sent = self._send(stop, held=not self._passing)
        self._waiting = self._passing = False
        return [*sent, EndUtterance(stop)]

    def _send(self, stop: int, *, held: bool) -> list[Decision]:
        start, self._decided = self._decided, max(self._decided, stop)
        if start >= stop:
            return []
        self._idle = 0
        return [Send(start, stop, held)]

    def _withhold(self, stop: int) -> list[Decision]:
        start, self._decided = self._decided, max(self._decided, stop)
        return [Withhold(start, stop)] if start < stop else []


SETTINGS: Final[Mapping[Mode, tuple[str, ...]]] = {
    Mode.STREAMING: (),
    Mode.STREAMING_FINALIZE: ("hangover",),
    Mode.SILENCE_WAIT: ("silence", "max_utterance", "hold"),
}
"""What each mode takes from the settings."""


def sending(settings: Settings) -> SendingMode:
    """Make the way of sending that the settings name."""
    match settings.mode:
        case Mode.STREAMING:
            return Streaming()
        case Mode.STREAMING_FINALIZE:
            return StreamingFinalize(settings.hangover)
        case Mode.SILENCE_WAIT:
            # the service splits a longer utterance anyway, and half of what may be kept is left for an outage
            return SilenceWait(settings.silence, min(settings.max_utterance, settings.hold / 2))
        case _:
            assert_never(settings.mode)


def changes_mode(before: Settings, after: Settings) -> bool:
    """Whether another way of sending has to be made."""
    names = ("mode", *SETTINGS[after.mode])
    return any(getattr(before, name) != getattr(after, name) for name in names)
