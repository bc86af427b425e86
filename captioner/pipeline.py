"""The way from a block of sound to a line of text. Read this first.

News in, actions out: `Pipeline.feed(news, now)` is the whole program but for its devices, sockets and widgets. Blocks
of sound, messages of the service, clicks, paint stamps and passed deadlines come in through one inbox, in one
order; what has to be done (actions) and what a person sees (updates) come back as values. It owns no clock, no thread
and no task, so a test can run an hour of captions in seconds, and a recorded inbox replays to the same captions.

One pipeline is one lane: one source, one connection, one channel of text. Lanes know nothing of each other.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from random import Random
from typing import TypeAlias, assert_never

import numpy as np

from captioner.audio.conditioning import Conditioner
from captioner.audio.endpointing import Endpointer, Meter, anything_said
from captioner.errors import Fault
from captioner.events import (
    FRAME,
    RATE,
    Action,
    AudioBlock,
    Caption,
    Closed,
    FinalShown,
    Finished,
    Frame,
    GapShown,
    InterimShown,
    LossReason,
    Measured,
    Mute,
    News,
    Opened,
    OpenRefused,
    Painted,
    Phase,
    Received,
    Reconfigure,
    Resumed,
    SourceEnded,
    SourceLost,
    SourceOpened,
    Stages,
    StateChanged,
    Status,
    Stop,
    StopNow,
    Summary,
    Tick,
    TokenGranted,
    TokenRefused,
    Update,
    Withdrawn,
    Written,
)
from captioner.latency.statistics import StageTable
from captioner.latency.trace import Trace
from captioner.settings import Settings, needs_connection
from captioner.stt import rtzr
from captioner.stt.ledger import Ledger
from captioner.stt.modes import (
    IDLE,
    SIGN_OF_LIFE,
    Decision,
    EndUtterance,
    Send,
    Silence,
    SilenceWait,
    Withhold,
    changes_mode,
    sending,
)
from captioner.stt.policy import KEPT_AHEAD, QUIET, REPLAY_PACE, Connecting, Patience
from captioner.stt.session import ConnectionEnded, Dropped, Heard, Options, Session, Stood
from captioner.transcript.captions import Captions, Change, Changed, Gone, Settled

LULL = 1.0
"""Seconds for which sound alone makes nothing due: every patience that begins with sound is longer."""


class Pace(StrEnum):
    """`realtime`: sound comes as it is spoken. `fast`: a file as fast as the service takes it; delays mean nothing."""

    REALTIME = "realtime"
    FAST = "fast"


@dataclass(frozen=True, slots=True)
class Lane:
    """What a lane is made for.

    Attributes:
        channel: of the source, from 1; None is the mean of all.
        painted: there is a window, whose paint stamps complete the delays.
        patience: how long to try before giving up.
        seed: of the jitter.
        connecting: when token and connection are made.
    """

    channel: int | None = None
    pace: Pace = Pace.REALTIME
    painted: bool = False
    patience: Patience = field(default_factory=Patience)
    seed: int | None = None
    connecting: Connecting = KEPT_AHEAD


Outcome: TypeAlias = Action | Update

_EARSHOT = 100
"""Frames that wait to be heard: two seconds, in which a newcomer tells speech from noise."""

_CLICK = 10
"""Frames in which a device that is opened may click before it falls silent."""

FAST_AHEAD = 2 * RATE
"""Samples that a fast source may be ahead of the socket."""

FAST_SPARE = 10 * RATE
"""Samples of the ledger that a fast source leaves free."""

BRIDGE = RATE // FRAME
"""Frames of silence that at most stand for what was lost between two sources; nobody waits for an hour of silence."""


class _Ears:
    """Level and speech, worked out when somebody asks: no sound waits for them on its way to the service."""

    def __init__(self) -> None:
        self._organs: tuple[Meter, Endpointer] | None = None  # made for the first one who asks
        self._waiting: deque[tuple[Frame, Frame]] = deque(maxlen=_EARSHOT)
        self._missed = False  # nobody asked for so long that frames fell out
        self._heard = 0  # frames since the source was opened, and whether one of them may have held a signal
        self._signal = False

    def push(self, frame: Frame, sent: Frame) -> None:
        """Take the next frame, as it was captured and as it is sent."""
        self._missed |= len(self._waiting) == _EARSHOT
        self._waiting.append((frame, sent))

    @property
    def level(self) -> float:
        """See `Meter.level`."""
        return self._hear()[0].level

    @property
    def quiet_for(self) -> float:
        """See `Meter.quiet_for`."""
        return self._hear()[0].quiet_for

    @property
    def never_heard(self) -> bool:
        """The source has not given any signal since it was opened; False where that is not known."""
        self._hear()
        return self._heard > _CLICK and not self._signal

    @property
    def clipping(self) -> bool:
        """See `Meter.clipping`."""
        return self._hear()[0].clipping

    @property
    def speech(self) -> bool:
        """See `Endpointer.speech`."""
        return self._hear()[1].speech

    def _hear(self) -> tuple[Meter, Endpointer]:
        if self._organs is None or self._missed:
            self._signal |= self._missed
            self._missed, self._organs = False, (Meter(), Endpointer())
        meter, endpointer = self._organs
        while self._waiting:
            frame, sent = self._waiting.popleft()
            meter.push(frame)
            endpointer.push(sent)
            self._heard += 1
            self._signal = self._signal or (self._heard > _CLICK and not meter.quiet_for)
        return self._organs


class Pipeline:
    """One lane, from its first sample to its account."""

    def __init__(self, settings: Settings, lane: Lane | None = None) -> None:
        self.settings = settings
        self.lane = lane or Lane()
        self.ledger = Ledger(settings.hold * RATE)
        self.session = Session(self.ledger, self._options(settings), Random(self.lane.seed), self._spoken)
        self.captions = Captions(masked=settings.mask_numbers)
        self.trace = Trace(keep=self._remembered(settings))
        self.finals = StageTable()
        self.interims = StageTable()
        self.muted = False
        self._mode = sending(settings)
        self._next_mode: tuple[Settings, int] | None = None  # what makes it, and the position at which it was asked for
        self._ears = _Ears()
        self._conditioner: Conditioner | None = None
        self._base = 0  # the lane's position of the source's first sample
        self._source_fault: Fault | None = None
        self._away = False  # there is no source for now
        self._sign_at = math.inf  # when the service is to get a sign of life in its place
        self._missing = LossReason.DEVICE  # why there was none
        self._overflowed = False  # since sound was last missing, the driver said that it had dropped some
        self._asleep = 0.0  # seconds that the computer slept and `now` does not show: a lane's time does
        self._ended_early = False
        self._hearing = True  # the source may still deliver
        self._started, self._ended = math.nan, math.inf
        self._due = -math.inf  # before that, sound alone makes nothing due but the next message
        self._shown: tuple[Phase, int] | None = None
        self._last_at = 0.0
        self._overflows = 0
        self._unpainted: dict[int, tuple[Caption, float]] = {}  # by utterance: its newest caption, and when it came
        self._finished = False
        self._out: list[Outcome] = []

    # ------------------------------------------------------------ the data path

    def start(self, now: float) -> list[Outcome]:
        """Make token and connection ready, ahead of the first sound."""
        self._started = now
        self.session.start(now)
        return self._turn(now)

    def feed(self, news: News, now: float) -> list[Outcome]:
        """Take one piece of news; return what is to be done and what is to be seen, in order."""
        now += self._asleep
        match news:
            case AudioBlock():
                self._hear(news, now)
                if now < self._due and self._calm(now):
                    return [*self.session.actions()]  # fifty times a second: nothing but sound to be sent
            case Written():
                self.session.feed(news, now)
                if news.epoch == self.session.epoch:
                    self.trace.written.stamp(news.stop, now)
                if not self.session.eventful:
                    return []  # as common, and hardly ever does anything come of it
            case SourceOpened():
                self._leave_source(now)
                self._source_fault, self._away, self._sign_at = None, False, math.inf
            case SourceLost():
                self._lose_source(news.fault, now)
            case SourceEnded():
                self._source_fault = self._source_fault or news.fault
                self._end_of_sound(now)
            case Stop():
                self._ended_early = self._ended_early or (news.early and self._hearing)
                self._end_of_sound(now)
                if news.early:
                    self.session.hurry()
            case StopNow():
                self._end_of_sound(now)
                self.session.stop_now()
            case Mute():
                self.muted = news.on
            case Reconfigure():
                if news.reconnect or needs_connection(self.settings, news.settings):
                    self.session.rotate(now)
                if changes_mode(self.settings, news.settings):
                    self._next_mode = news.settings, self.ledger.end
                self.settings = news.settings
                self.ledger.capacity = news.settings.hold * RATE
                self.captions.masked = news.settings.mask_numbers
                self.trace.remember(self._remembered(news.settings))
                self.session.reconfigure(self._options(news.settings), now)
            case Painted():
                self._painted(news, now)
            case TokenGranted() | TokenRefused() | Opened() | OpenRefused() | Received() | Closed():
                self.session.feed(news, now)
            case Resumed():
                if news.clock_stopped:
                    self._asleep += news.slept
                    now += news.slept
                self._missing = LossReason.SLEEP
                self.session.resumed(now)
            case Tick():
                pass
            case _:
                assert_never(news)
        return self._turn(now)

    def _hear(self, block: AudioBlock, now: float) -> None:
        """Sound: condition it, let the mode release it, let the session send it."""
        if not self._hearing:
            return
        if self._conditioner is None:
            self._conditioner = Conditioner(block.rate, block.samples.shape[1], self.lane.channel)
            if self.trace.clock.origin is not None:
                self._bridge(block.arrived + self._asleep - len(block.samples) / block.rate, now)
                self._base = self.ledger.end + self._conditioner.delay
        conditioner, base, arrived = self._conditioner, self._base, block.arrived + self._asleep
        seconds = base / RATE + (block.position + len(block.samples)) / block.rate
        self.trace.clock.stamp(seconds, arrived)
        frames = conditioner.push(block)
        self.trace.arrived.stamp(base + conditioner.length, arrived)
        self._overflows += block.overflowed
        self._overflowed |= block.overflowed
        self._send([Frame(base + frame.start, frame.samples) for frame in frames] if base else frames, now)
        for start, stop in conditioner.take_losses():
            reason = LossReason.OVERFLOW if self._overflowed else LossReason.DEVICE
            self.ledger.lose_at_source(base + start, base + stop, reason)
            self._overflowed = False

    def _leave_source(self, now: float) -> None:
        """Another source is to come: what the last one left is made whole frames, so that positions stay whole."""
        if self._conditioner is None or not self._hearing:
            return
        for frame in self._conditioner.flush():
            samples = np.zeros(FRAME, np.int16)
            samples[: len(frame.samples)] = frame.samples
            self._send([Frame(self._base + frame.start, samples)], now)
        self._conditioner = None

    def _lose_source(self, fault: Fault, now: float) -> None:
        """There is no sound for now: what was said is finished, and the service is given signs of life instead."""
        if not self._hearing:
            return
        self._leave_source(now)
        self._source_fault = fault
        if not self._away:
            self._away, self._sign_at = True, now + IDLE / RATE
            self._decide([*self._mode.finish(), EndUtterance(self.ledger.captured)], now)
            self._mode, self._next_mode = sending(self.settings), None

    def _bridge(self, began: float, now: float) -> None:
        """A source begins where the last one ended; what nobody heard until `began` is silence, and lost."""
        end = self.ledger.end
        missing = max(0, round(((began - (self.trace.clock.origin or 0.0)) * RATE - end) / FRAME))
        silent = min(missing, BRIDGE)
        self.ledger.lose_at_source(end, end + silent * FRAME, self._missing)  # first, or a mode may call it silence
        self._send((Frame(end + FRAME * i, np.zeros(FRAME, np.int16)) for i in range(silent)), now)
        if missing > silent:
            self.ledger.skip((missing - silent) * FRAME, self._missing)
        self.trace.arrived.stamp(self.ledger.end, now)
        self._ears, self._missing = _Ears(), LossReason.DEVICE

    def _send(self, frames: Iterable[Frame], now: float) -> None:
        for frame in frames:
            sent = Frame(frame.start, np.zeros_like(frame.samples)) if self.muted else frame
            self._ears.push(frame, sent)
            self.ledger.push(sent)
            self.trace.framed.stamp(sent.stop, now)
            self._decide(self._mode.push(sent), now)
            if self._next_mode is not None:
                self._change_mode(*self._next_mode, now)

    def _decide(self, decisions: Iterable[Decision], now: float) -> None:
        for decision in decisions:
            if isinstance(decision, Send | Withhold):
                self.trace.released.stamp(decision.stop, now)
            self.session.release(decision, now)

    def _change_mode(self, settings: Settings, since: int, now: float) -> None:
        """Let another mode take over, where that cuts no word; a voice that never stops is not waited for for ever."""
        quiet = self._mode.quiet and not self._ears.speech and not self.session.open
        if quiet or self.ledger.end - since >= QUIET * RATE:
            self._decide(self._mode.finish(), now)
            self._mode, self._next_mode = sending(settings), None

    def _end_of_sound(self, now: float) -> None:
        """Nothing more is heard: what the conditioner and the mode still hold leaves, then the session finishes."""
        if not self._hearing:
            return
        self._hearing, self._sign_at = False, math.inf
        if self._away and self.trace.clock.origin is not None:
            self._bridge(now, now)
        if self._conditioner is not None:
            frames = self._conditioner.flush()
            self._send((Frame(self._base + frame.start, frame.samples) for frame in frames), now)
        self._decide(self._mode.finish(), now)
        self.session.finish(now)

    def _turn(self, now: float) -> list[Outcome]:
        """What every turn ends with: let the session do what is due, and collect what came of it all."""
        if now >= self._sign_at:
            self._sign_at = now + IDLE / RATE
            self.session.release(Silence(self.ledger.captured, SIGN_OF_LIFE), now)
        if now >= self.session.listen_at:
            overdue = self.session.overdue(now)
            if overdue is not None and self._speech_in(*overdue):
                self.session.doubt(now)
        # whether somebody speaks matters only where a new connection waits for a pause
        self.session.advance(now, speaking=self.session.rotating and self._ears.speech)
        outcomes = self._collect(now)
        self._due = min(self.session.deadline, self.session.listen_at, self._sign_at, now + LULL)
        return outcomes

    def _calm(self, now: float) -> bool:
        """Nothing came of the sound that was just heard but messages to be written."""
        session = self.session
        return session.calm and now < session.pump_at and not self._out and not self.ledger.eventful

    def _speech_in(self, start: int, stop: int) -> bool:
        """Whether there should be a word for sound that was sent; waiting for silence, only speech is."""
        waits = isinstance(self._mode, SilenceWait)
        return bool(self.ledger.kept(start, stop)) if waits else self._spoken(start, stop)

    def _spoken(self, start: int, stop: int) -> bool:
        return anything_said(np.frombuffer(self.ledger.kept(start, stop), "<i2"))

    def _collect(self, now: float) -> list[Outcome]:
        session = self.session
        at = self._at(now)
        for output in session.outputs():
            match output:
                case Stood():
                    self.trace.connection(output.asked, output.granted, output.opened, wanted=output.wanted)
                    self._show_losses(at)
                case Heard():
                    self._show(self.captions.hear(output.epoch, output.hypothesis), at)
                case Dropped():
                    self._show(self.captions.drop(output.epoch, output.seq), at)
                case ConnectionEnded():
                    self._show(self.captions.broke(output.epoch, output.settled), at)
                case _:
                    assert_never(output)
        phase = session.phase
        if phase is Phase.LIVE:
            self._show_losses(at)
        if not self._finished:
            if session.ended:
                self._ended = now
                self._finish(at)
            elif (phase, session.connections) != self._shown:
                self._show_state(at)
        self._out += session.actions()
        out, self._out = self._out, []
        return out

    # ------------------------------------------------------------ what a person sees

    def _at(self, now: float) -> float:
        """Seconds since the first captured sample was captured; never decreases."""
        origin = self.trace.clock.origin if self.lane.pace is Pace.REALTIME else self._started
        # whole microseconds: a delay is the difference of what is printed, which two roundings would not give
        self._last_at = max(self._last_at, 0.0 if origin is None else round(now - origin, 6))
        return self._last_at

    def _time(self, at: float) -> float:
        """The moment `at`, as perf_counter seconds: a printed delay is the difference of printed moments, exactly."""
        return at + (self.trace.clock.origin or 0.0)

    def _show_state(self, at: float) -> None:
        self._shown = (self.session.phase, self.session.connections)
        self._out.append(StateChanged(at, *self._shown))

    def _show(self, changes: Iterable[Change], at: float) -> None:
        for change in changes:
            match change:
                case Changed():
                    self._out.append(InterimShown(at, change.caption))
                    self._await_paint(change.caption, at)
                case Settled():
                    stages = None if self.lane.painted else self._stages(change.caption, self._time(at), None)
                    if stages is not None:
                        self.finals.add(stages)
                    self._out.append(FinalShown(at, change.caption, stages))
                    self._await_paint(change.caption, at)
                case Gone():
                    self._unpainted.pop(change.utterance, None)
                    self._out.append(Withdrawn(at, change.utterance, change.revision))
                case _:
                    assert_never(change)

    def _show_losses(self, at: float) -> None:
        losses = self.ledger.take_losses()
        if not losses:
            return
        self._show(self.captions.pass_over(self.ledger.settled), at)
        self._out += [GapShown(at, each.start, each.stop, each.reason) for each in losses]

    def _finish(self, at: float) -> None:
        self._finished, self._hearing = True, False
        self._show_losses(at)
        self._show(self.captions.finish(), at)
        self._show_state(at)
        fault = self.session.fault or self._source_fault
        ledger = self.ledger
        summary = Summary(
            complete=not ledger.lost and fault is None and not self._ended_early,
            utterances=self.captions.utterances,
            captured=ledger.captured,
            recognised=ledger.recognised,
            lost=ledger.lost,
            connections=self.session.connections,
            tokens=self.session.tokens,
            unreadable=self.session.unreadable,
        )
        self._out.append(Finished(at, summary, fault))

    # ------------------------------------------------------------ delays

    def _stages(self, caption: Caption, heard: float, painted: float | None) -> Stages | None:
        if self.lane.pace is Pace.FAST:
            return None
        return self.trace.stages(caption.stop, heard, painted)

    def _await_paint(self, caption: Caption, at: float) -> None:
        """Remember what is to be painted. A caption that is replaced before it is painted was never seen."""
        if self.lane.painted:
            self._unpainted.pop(caption.utterance, None)  # so that the revisions stay in order
            if not caption.provisional:  # which is no new text
                self._unpainted[caption.utterance] = caption, self._time(at)

    def _painted(self, news: Painted, now: float) -> None:
        """A revision is on the screen (or out of sight: then nobody can say when it will be seen)."""
        seen = [each for each in self._unpainted.values() if each[0].revision <= news.revision]
        for caption, heard in seen:
            del self._unpainted[caption.utterance]
            stages = None if news.at is None else self._stages(caption, heard, news.at + self._asleep)
            if stages is None:
                continue
            if caption.final:
                self.finals.add(stages)
                self._out.append(Measured(self._at(now), caption.utterance, stages))
            else:
                self.interims.add(stages)

    # ------------------------------------------------------------ what the shell asks

    @property
    def deadline(self) -> float:
        """When a `Tick` is due at the latest."""
        return math.inf if self._finished else min(self._due, self.session.pump_at) - self._asleep

    @property
    def finished(self) -> bool:
        """The lane has ended; news change nothing any more."""
        return self._finished

    @property
    def room(self) -> bool:
        """A source that need not wait for real time may deliver more."""
        return self.session.outbox.waiting < FAST_AHEAD and self.ledger.held < self.ledger.capacity - FAST_SPARE

    def status(self, now: float, *, longest_turn: float = 0.0) -> Status:
        """The lane at a glance."""
        now += self._asleep
        session, ledger, origin = self.session, self.ledger, self.trace.clock.origin
        away = self._away and self._hearing and origin is not None
        ends_by, retry_at = session.ends_by, session.retry_at
        return Status(
            phase=session.phase,
            epoch=session.connections,
            fault=session.fault or (None if self._hearing else self._source_fault),
            retry_in=None if retry_at is None else max(0.0, retry_at - now),
            drain_left=None if ends_by is None else max(0.0, ends_by - now),
            elapsed=0.0 if math.isnan(self._started) else min(now, self._ended) - self._started,
            captured=ledger.captured,
            recognised=ledger.recognised,
            held=ledger.held,
            lost=ledger.lost,
            behind=session.behind / RATE,
            level=self._ears.level,
            speech=self._ears.speech,
            quiet_for=self._ears.quiet_for,
            muted=self.muted,
            pending_settings=session.rotating or self._next_mode is not None,
            connections=session.connections,
            tokens=session.tokens,
            overflows=self._overflows,
            longest_turn=longest_turn,
            source_fault=self._source_fault if self._hearing else None,
            away=max(0.0, now - (origin or 0.0) - ledger.captured / RATE) if away else 0.0,
            never_heard=self._ears.never_heard,
            clipping=self._ears.clipping,
            finishing=not self._hearing and not self._finished,
        )

    def _remembered(self, settings: Settings) -> int:
        """Samples whose stamps are kept: all that may be held, and half a minute for the text to come back."""
        return (settings.hold + 30) * RATE

    def _options(self, settings: Settings) -> Options:
        return Options(
            query=rtzr.query(settings),
            chunk=settings.chunk_ms * FRAME // 20,
            max_utterance=settings.max_utterance,
            replay_pace=REPLAY_PACE if self.lane.pace is Pace.REALTIME else math.inf,
            patience=self.lane.patience,
            connecting=self.lane.connecting,
        )
