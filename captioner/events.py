"""Every value that travels, in the order in which it travels.

Sound goes in at the top (`AudioBlock`), becomes frames of the lane's audio, leaves as actions (`Open`, `Write`), comes
back as news (`Received`), and ends as updates that a person sees (`InterimShown`, `FinalShown`).

Positions are samples at 8 kHz, half-open `[start, stop)`, counted per lane from the first captured sample, through all
reconnects and silences. Times are `time.perf_counter()` seconds unless a name says otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from captioner.errors import Fault
from captioner.settings import Settings

RATE = 8000
"""The lane's sample rate in Hz: what telephones carry, and what is sent."""

FRAME = 160
"""Samples in a frame of 20 ms."""


# ---------------------------------------------------------------- sound


@dataclass(frozen=True, slots=True, eq=False)
class AudioBlock:
    """Sound as its source delivered it.

    Attributes:
        samples: float32 (frames, channels), nominally in [-1, 1]; owned by the block, never written to again.
        rate: Hz.
        position: frames that the source delivered before this block (frames it is known to have lost included).
        arrived: when the block's last frame was handed over.
        overflowed: the driver says that it dropped sound before this block.
    """

    samples: NDArray[np.float32]
    rate: int
    position: int
    arrived: float
    overflowed: bool = False


@dataclass(frozen=True, slots=True)
class SourceOpened:
    """Another source takes over: its blocks count from 0, and may have another rate and other channels.

    Or the same one, which was lost: it comes just before the first block.
    """


@dataclass(frozen=True, slots=True)
class SourceLost:
    """The source gives no sound for now, and is being had back: `SourceOpened` says that it is."""

    fault: Fault


@dataclass(frozen=True, slots=True)
class SourceEnded:
    """The source has no more sound: the file is read, or the device failed for good (`fault`)."""

    fault: Fault | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """20 ms of conditioned sound; only the last one of a lane may be shorter.

    Attributes:
        start: position of the first sample. The very first frame starts a little before 0, by the resampler's delay.
        samples: int16 (n,), mono, 8 kHz; owned by the frame.
    """

    start: int
    samples: NDArray[np.int16]

    @property
    def stop(self) -> int:
        """Position after the last sample."""
        return self.start + len(self.samples)


# ---------------------------------------------------------------- what a person wants


@dataclass(frozen=True, slots=True)
class Stop:
    """Finish: take no more sound, wait for the last words. `early`: the source had more to say."""

    early: bool = False


@dataclass(frozen=True, slots=True)
class StopNow:
    """End at once; what is not recognised yet is lost."""


@dataclass(frozen=True, slots=True)
class Mute:
    """Send silence in place of what is heard (`on`), or sound again."""

    on: bool


@dataclass(frozen=True, slots=True)
class Reconfigure:
    """New settings; what needs a new connection waits for the next quiet moment.

    Attributes:
        reconnect: a new connection is needed whatever the settings say: the account is another one.
    """

    settings: Settings
    reconnect: bool = False


# ---------------------------------------------------------------- what has to be done about the service


@dataclass(frozen=True, slots=True)
class GetToken:
    """Have a token ready. `fresh`: not the cached one, it was refused."""

    fresh: bool = False


@dataclass(frozen=True, slots=True)
class Open:
    """Open connection number `epoch` with the current token; `query` is the encoded configuration."""

    epoch: int
    query: str


@dataclass(frozen=True, slots=True)
class Write:
    """Hand a message to the socket: audio (bytes) or a command (str). `stop`: the lane's position after it."""

    epoch: int
    data: bytes | str
    stop: int


@dataclass(frozen=True, slots=True)
class Close:
    """Give connection `epoch` up. `abort`: at once, without the closing handshake."""

    epoch: int
    abort: bool = False


Action: TypeAlias = GetToken | Open | Write | Close


# ---------------------------------------------------------------- what came back


@dataclass(frozen=True, slots=True)
class TokenGranted:
    """A token is there (it stays with the link; a token never travels).

    Attributes:
        expires_in: seconds that it has still to live.
        requested: it was asked for over the network just now, not taken from the cache.
    """

    expires_in: float
    requested: bool


@dataclass(frozen=True, slots=True)
class TokenRefused:
    """No token could be had."""

    fault: Fault


@dataclass(frozen=True, slots=True)
class Opened:
    """Connection `epoch` stands."""

    epoch: int


@dataclass(frozen=True, slots=True)
class OpenRefused:
    """Connection `epoch` could not be opened."""

    epoch: int
    fault: Fault


@dataclass(frozen=True, slots=True)
class Written:
    """The bytes up to position `stop` are with the socket (which is not yet the wire)."""

    epoch: int
    stop: int


@dataclass(frozen=True, slots=True)
class Received:
    """A text message of the service, unread, with its time of arrival."""

    epoch: int
    message: str


@dataclass(frozen=True, slots=True)
class Closed:
    """Connection `epoch` is no more.

    Attributes:
        code: of the Close frame that the *service* sent; None where the connection broke without one.
        detail: one line for the curious.
    """

    epoch: int
    code: int | None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Painted:
    """The captions' `revision` was on the screen at `at`; None: it is out of sight (scrolled away, minimised)."""

    revision: int
    at: float | None


@dataclass(frozen=True, slots=True)
class Resumed:
    """The computer slept.

    Attributes:
        slept: seconds.
        clock_stopped: `time.perf_counter()` stood still meanwhile.
    """

    slept: float
    clock_stopped: bool


@dataclass(frozen=True, slots=True)
class Tick:
    """A deadline may have passed."""


News: TypeAlias = (
    AudioBlock
    | SourceOpened
    | SourceLost
    | SourceEnded
    | Stop
    | StopNow
    | Mute
    | Reconfigure
    | TokenGranted
    | TokenRefused
    | Opened
    | OpenRefused
    | Written
    | Received
    | Closed
    | Painted
    | Resumed
    | Tick
)


# ---------------------------------------------------------------- words


@dataclass(frozen=True, slots=True)
class Word:
    """One word (eojeol) and where it was said."""

    text: str
    start: int
    stop: int


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """What the service takes a stretch of sound for.

    The codec counts positions from the first sample sent on the connection; `Session` turns them into the lane's.

    Attributes:
        seq: the utterance's number on its connection.
        text: the whole text so far; it replaces what came before under the same number.
        words: of finals only, and only where the service gives them.
        placed: the service said where it starts; else it is as if it started at 0.
    """

    seq: int
    start: int
    stop: int
    text: str
    final: bool
    words: tuple[Word, ...] = ()
    placed: bool = True


@dataclass(frozen=True, slots=True)
class Caption:
    """One utterance as a person sees it.

    Attributes:
        utterance: 1, 2, … in the order of first appearance.
        stop: of an interim, the last sample written when it arrived: a lower bound of its delay is derived from it.
        final: settled; it never changes again.
        provisional: an interim whose connection broke; its final will carry the same number.
        revision: grows with every change of the captions.
    """

    utterance: int
    start: int
    stop: int
    text: str
    words: tuple[Word, ...]
    final: bool
    provisional: bool
    revision: int


@dataclass(frozen=True, slots=True)
class Stages:
    """Where the time between the mouth and the eye went, in seconds; the stages add up to `total`.

    Attributes:
        render: None where there is no window, or where the text was out of sight.
    """

    capture: float
    condition: float
    silence_wait: float
    token: float
    connect: float
    queue: float
    recognise: float
    render: float | None
    total: float


# ---------------------------------------------------------------- what a person sees


class Phase(StrEnum):
    """The state of a lane, as it is printed and shown."""

    CONNECTING = "connecting"
    LIVE = "live"
    RECONNECTING = "reconnecting"
    DRAINING = "draining"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class StateChanged:
    """The lane is in another phase.

    Attributes:
        at: seconds since the first captured sample was captured, as in all updates; 0 before.
        epoch: connections that have stood so far.
    """

    at: float
    phase: Phase
    epoch: int


@dataclass(frozen=True, slots=True)
class InterimShown:
    """The live tail changed."""

    at: float
    caption: Caption


@dataclass(frozen=True, slots=True)
class FinalShown:
    """An utterance is settled. `stages` is None where the delay is only known once it is painted, or has no meaning."""

    at: float
    caption: Caption
    stages: Stages | None


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """An interim turned out to hold no words; it leaves the live tail."""

    at: float
    utterance: int
    revision: int


@dataclass(frozen=True, slots=True)
class Measured:
    """The delay of an utterance is known up to the painted pixel."""

    at: float
    utterance: int
    stages: Stages


class LossReason(StrEnum):
    """Why sound was never recognised."""

    OUTAGE = "outage"  # the ring was full before the connection was back
    OVERFLOW = "overflow"  # the driver dropped it
    DEVICE = "device"  # there was no device to hear it
    SLEEP = "sleep"  # the computer slept
    UNFINISHED = "unfinished"  # the service never finished its session
    STOPPED = "stopped"  # the person did not want to wait


@dataclass(frozen=True, slots=True)
class GapShown:
    """Sound in `[start, stop)` could not be recognised, and why."""

    at: float
    start: int
    stop: int
    reason: LossReason


@dataclass(frozen=True, slots=True)
class Summary:
    """The account of a lane at its end: `captured` = `recognised` + `lost`."""

    complete: bool
    utterances: int
    captured: int
    recognised: int
    lost: int
    connections: int
    tokens: int
    unreadable: int


@dataclass(frozen=True, slots=True)
class Finished:
    """The lane has ended; only `Measured` comes after it, of texts painted late. `fault`: what ended it too soon."""

    at: float
    summary: Summary
    fault: Fault | None


Update: TypeAlias = StateChanged | InterimShown | FinalShown | Withdrawn | Measured | GapShown | Finished


@dataclass(frozen=True, slots=True)
class Status:
    """A lane at a glance, for the window's bars; made when asked for.

    Attributes:
        fault: what is wrong on the way to the service; once nothing more is heard, with the source as well.
        retry_in: seconds to the next attempt to connect, where one is waited for.
        drain_left: seconds that the lane will still wait for the last words.
        captured, recognised, held, lost: samples; the first is the sum of the others.
        behind: seconds of sound that may leave and is not yet with the socket.
        level: dBFS (RMS of the last 100 ms); -inf for digital silence.
        speech: somebody is speaking.
        quiet_for: seconds since the source last gave any signal at all; where nobody asked for two seconds, of those.
        never_heard: it has not given any since it was opened, as far as somebody asked.
        clipping: it is too loud.
        finishing: no more sound comes; what was heard is still to be sent or recognised.
        overflows: times that the driver dropped sound.
        longest_turn: seconds of the longest turn of the loop so far.
        source_fault: why there is no sound for now.
        away: seconds for which there was none; that much is lost when it comes back, or when the lane ends.
    """

    phase: Phase
    epoch: int
    fault: Fault | None
    retry_in: float | None
    drain_left: float | None
    elapsed: float
    captured: int
    recognised: int
    held: int
    lost: int
    behind: float
    level: float
    speech: bool
    quiet_for: float
    muted: bool
    pending_settings: bool
    connections: int
    tokens: int
    overflows: int
    longest_turn: float
    source_fault: Fault | None = None
    away: float = 0.0
    never_heard: bool = False
    clipping: bool = False
    finishing: bool = False
