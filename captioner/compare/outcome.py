"""What the ways of a comparison brought: the values that its runs hand to its judges.

A recording is one lane of sound that every way hears. A run is one way through one recording, once. Positions are the
lane's samples at 8 kHz; times are seconds since the lane's first sample was captured.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from captioner.errors import Fault
from captioner.events import Caption, GapShown, Stages


class Way(StrEnum):
    """How speech gets to text: when sound is sent, and what is kept between utterances. In the order of the report."""

    BASELINE = "baseline"
    TOKEN_CACHED = "token-cached"
    CONNECTION_KEPT = "connection-kept"
    STREAMING = "streaming"
    STREAMING_FINALIZE = "streaming-finalize"

    @property
    def waits(self) -> bool:
        """Whether an utterance is held back until it is over."""
        return self in (Way.BASELINE, Way.TOKEN_CACHED, Way.CONNECTION_KEPT)


PAIRS = (
    (Way.TOKEN_CACHED, Way.BASELINE),
    (Way.CONNECTION_KEPT, Way.BASELINE),
    (Way.STREAMING, Way.BASELINE),
    (Way.STREAMING_FINALIZE, Way.BASELINE),
    (Way.STREAMING, Way.CONNECTION_KEPT),
)
"""Who is compared with whom: a way, and what it is measured against."""


# ---------------------------------------------------------------- the sound


@dataclass(frozen=True, slots=True)
class Anchor:
    """One utterance of a recording as it was really spoken, the same for all ways: `[start, stop)`."""

    start: int
    stop: int


class AnchorSource(StrEnum):
    """How the utterances of a recording were found."""

    SOUND = "sound"  # end-pointing
    REFERENCE = "reference"  # the times of the reference's words


@dataclass(frozen=True, slots=True)
class AnchorError:
    """How far found ends of speech are from the true ones.

    Attributes:
        p50_ms, p95_ms: of the absolute differences.
        n: utterances whose true end is known.
        here: they are those of this comparison, else those of the end-pointing's own benchmark.
    """

    p50_ms: float
    p95_ms: float
    n: int
    here: bool


@dataclass(frozen=True, slots=True)
class Spoken:
    """A piece of what was really said.

    Attributes:
        start, stop: where, where that is known.
        channel: of the file, from 1; None where the reference does not tell.
    """

    text: str
    start: int | None = None
    stop: int | None = None
    channel: int | None = None


@dataclass(frozen=True, slots=True)
class Reference:
    """What was really said in a file.

    Attributes:
        name: the reference's own file name.
        spoken: in order; one at least.
        exact: its times are those of the speech, so that delays can be anchored on them; a subtitle stays for longer.
    """

    name: str
    spoken: tuple[Spoken, ...]
    exact: bool = False

    @property
    def text(self) -> str:
        """All of it."""
        return " ".join(each.text for each in self.spoken)

    @property
    def has_channels(self) -> bool:
        """Whether it tells who said what, throughout."""
        return all(each.channel is not None for each in self.spoken)

    def of_channel(self, channel: int | None) -> tuple[Spoken, ...]:
        """Return what was said on one channel, where it tells; None asks for all."""
        if channel is None or not self.has_channels:
            return self.spoken
        return tuple(each for each in self.spoken if each.channel == channel)


@dataclass(frozen=True, slots=True)
class Recording:
    """One lane of sound.

    Attributes:
        name: the file's name, or what stands for it; lanes of one file share it.
        channel: from 1; None is the mean of all.
        length: samples.
        anchors: its utterances, in order.
        anchored_by: how they were found.
        anchor_error: of that method; None where nobody knows it.
        reference: what was really said, in the whole file.
    """

    name: str
    channel: int | None
    length: int
    anchors: tuple[Anchor, ...]
    anchored_by: AnchorSource = AnchorSource.SOUND
    anchor_error: AnchorError | None = None
    reference: Reference | None = None


# ---------------------------------------------------------------- the runs


@dataclass(frozen=True, slots=True)
class Heard:
    """A final of one way.

    Attributes:
        caption: the final.
        at: when it was on the screen, or back where there is no window.
        stages: where the time from `caption.stop` to `at` went; None where that is not known.
        interims: what was shown before it, each with its time, oldest first.
        behind: seconds of its queue in which it waited for the way's own earlier utterance.
    """

    caption: Caption
    at: float
    stages: Stages | None
    interims: tuple[tuple[float, str], ...] = ()
    behind: float = 0.0


@dataclass(frozen=True, slots=True)
class WayRun:
    """One way through one recording, once.

    Attributes:
        recording: its index in the comparison.
        repeat: from 1.
        played: samples of the recording that the way was given; utterances after that are not its business. Less than
            the recording's length only where somebody stopped the comparison.
        finals: in the order in which they came.
        gaps: sound that it lost.
        seconds_sent: sound handed to the service, sent twice counts twice.
        connections, tokens: successful ones.
        complete: nothing was lost.
        fault: what ended it before its time.
    """

    recording: int
    way: Way
    repeat: int
    played: int
    finals: tuple[Heard, ...]
    gaps: tuple[GapShown, ...] = ()
    seconds_sent: float = 0.0
    connections: int = 0
    tokens: int = 0
    complete: bool = True
    fault: Fault | None = None


@dataclass(frozen=True, slots=True)
class Design:
    """Delays of a service that are known beforehand, in seconds; the row that is arithmetic is computed from them.

    Attributes:
        silence: until an utterance is taken to be over.
        token, connect: for the first utterance.
        text: from the end of speech, or from the command that ends the utterance, to the text.
    """

    silence: float
    token: float
    connect: float
    text: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """A whole comparison.

    Attributes:
        recordings: at least one.
        ways: those that were chosen, in the order of the report.
        repeats: how often each way was to go through each recording.
        runs: those that were done, in any order.
        timeout: seconds after the end of an utterance at which a final that never came is entered.
        silence: seconds of silence after which the waiting ways take an utterance to be over.
        service: who recognised: an address, or an emulator and its profile.
        started: wall-clock time for people; empty where it means nothing.
        design: of a service whose delays are known, else None.
        stopped: a person ended the comparison before its time.
        emulated: no recogniser heard it: an emulator says what it was told, and nothing of a recording that it was told
            nothing of.
        seed: of the bootstrap.
    """

    recordings: tuple[Recording, ...]
    ways: tuple[Way, ...]
    repeats: int
    runs: tuple[WayRun, ...]
    timeout: float
    silence: float = 0.5
    service: str = ""
    started: str = ""
    design: Design | None = None
    stopped: bool = False
    emulated: bool = False
    seed: int = 1
