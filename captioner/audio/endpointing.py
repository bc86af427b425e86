"""End-pointing: where speech starts and stops, counted in samples, and how loud the sound is.

Two witnesses are heard. WebRTC's voice activity detector (https://pypi.org/project/webrtcvad-wheels/) says whether a
frame may be speech; it holds on to the end of speech for some 100 ms, and takes music, tones and bursts of noise for
voices. The level of the speech band over an adaptive noise floor knows to 10 ms where something begins and ends. So
nothing starts without the detector's consent, and where it starts and stops the level says.

The noise floor is the minimum of the smoothed level over the last seconds ("minimum statistics": R. Martin, Noise power
spectral density estimation based on optimal smoothing and minimum statistics, IEEE Trans. Speech and Audio Processing
9(5), 2001): speech dips to it between syllables, so it needs no decision about speech to be learned.

Everything is counted in samples and nothing depends on time, so the same frames give the same events.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from math import inf, log10
from typing import TypeAlias

import numpy as np
import webrtcvad
from numpy.typing import NDArray

from captioner.errors import Misuse
from captioner.events import FRAME, RATE, Frame

_HOP = FRAME // 2
"""Samples between two levels: 10 ms. Each is taken over 20 ms under a Hann window and stands for its middle 10 ms."""

_WINDOW = np.hanning(FRAME + 1)[:FRAME]
_BAND = slice(4, 69)
"""Bins of 50 Hz: 200 to 3,400 Hz, so that neither hum nor an offset counts."""
_POWER = 2 / (FRAME * float(np.sum(_WINDOW**2)))
"""Turns a sum of squared bins into a mean square."""

_START, _STAY, _SURE = 8.0, 5.0, 9.0
"""dB over the noise floor: to start speech, to go on with it, and to go on with it whatever the detector says."""

_RANGE = 38.0
"""dB below the loudest moment of an utterance at which its tail (an echo, a breath) is over."""
_PEAK_DECAY = 0.02
"""dB per hop by which that moment is forgotten: 2 dB a second."""

_VOICED, _OF = 3, 5
"""So many of the last so many frames have to be speech for it to start: 60 ms of 100 ms."""
_GAP = 6 * _HOP
"""Samples without level that the way back to the start of speech may cross: the closure of a plosive."""
_LOOK_BACK = 30
"""Hops that are looked back at for the start of speech."""
LOOK_BACK = (_LOOK_BACK + 1) * _HOP
"""Samples by which a start of speech lies at most before the end of the frame that makes it certain."""

_SMOOTHED, _BLOCK, _BLOCKS = 4, 10, 30
"""The noise floor: hops that are averaged, averages in a block, and blocks of which the minimum is taken (3 s)."""
_BIAS = 1.5
"""dB by which the minimum of a noise lies below its mean."""
_LOWEST_FLOOR = -88.0
"""dBFS: below the rounding noise of a quiet line no floor is looked for."""


@dataclass(frozen=True, slots=True)
class SpeechStarted:
    """Somebody began to speak. `position`: estimate of the first sample of speech; it lies in the past."""

    position: int


@dataclass(frozen=True, slots=True)
class SpeechStopped:
    """Nobody spoke for the hangover. `position`: estimate of the end of speech, one past its last sample."""

    position: int


SpeechEvent: TypeAlias = SpeechStarted | SpeechStopped


class Endpointer:
    """Hears the frames of a lane and says where speech starts and stops.

    `SpeechStarted` and `SpeechStopped` alternate, with growing positions.

    Attributes:
        speech: somebody is speaking, or spoke less than the hangover ago.
    """

    def __init__(self, *, hangover: float = 0.5) -> None:
        """Be ready for the first frame.

        Args:
            hangover: seconds without speech after which it has stopped.
        """
        if not 0.05 <= hangover <= 60:
            raise Misuse(f"a hangover of {hangover} s")
        self.speech = False
        self._hangover = round(hangover * RATE)
        # Aggressiveness 2 of 0 to 3: 3 misses speech at -55 dBFS, and against noise the level stands guard.
        self._detector = webrtcvad.Vad(2)
        self._floor = _NoiseFloor()
        self._before = np.zeros(_HOP, np.int16)  # the last half frame
        self._hops: deque[_Hop] = deque(maxlen=_LOOK_BACK)
        self._next: int | None = None  # where the next frame has to start
        self._peak = -inf  # dBFS, of this utterance
        self._end = 0  # one past the last sample of speech so far

    @property
    def beginning(self) -> bool:
        """Speech may just be beginning: too little of it was heard to say so."""
        return not self.speech and any(self._may_be_speech(hop) for hop in list(self._hops)[-2 * _OF :])

    def push(self, frame: Frame) -> list[SpeechEvent]:
        """Hear the next frame; return what it made certain, one event at most.

        Raises:
            Misuse: the frame does not follow the last one.
        """
        if self._next is not None and frame.start != self._next:
            raise Misuse(f"a frame at {frame.start} where {self._next} was due")
        self._next = frame.stop
        samples = frame.samples
        if len(samples) < FRAME:  # the last one of a lane
            samples = np.concatenate((samples, np.zeros(FRAME - len(samples), np.int16)))
        voice = bool(self._detector.is_speech(samples.tobytes(), RATE))
        for number, level in enumerate(self._levels(samples)):
            self._floor.hear(level)
            self._hops.append(_Hop(frame.start + number * _HOP, level, voice))
        return self._stop_or_go_on(frame.stop) if self.speech else self._start()

    def flush(self) -> list[SpeechEvent]:
        """End the lane: speech that goes on stops where it was last heard."""
        if not self.speech:
            return []
        self.speech = False
        return [SpeechStopped(self._end)]

    def _levels(self, samples: NDArray[np.int16]) -> tuple[float, float]:
        """Measure the speech band around the frame's first sample and around its middle, in dBFS."""
        sound = np.concatenate((self._before, samples)) / 32768.0
        self._before = samples[_HOP:].copy()
        spectra = np.fft.rfft(np.stack((sound[:FRAME], sound[_HOP:])) * _WINDOW)[:, _BAND]
        first, second = np.sum(spectra.real**2 + spectra.imag**2, axis=1) * _POWER
        return 10 * log10(first + 1e-10), 10 * log10(second + 1e-10)

    def _start(self) -> list[SpeechEvent]:
        if not self._hops[-1].voice:
            return []
        floor = self._floor.level
        hops = list(self._hops)
        speech = [self._may_be_speech(hop) for hop in hops[-2 * _OF :]]
        if sum(first or second for first, second in zip(speech[::2], speech[1::2], strict=True)) < _VOICED:
            return []
        # From the newest speech back to the first sound that belongs to it.
        newest = max(number for number, is_speech in enumerate(speech, len(hops) - len(speech)) if is_speech)
        first = hops[newest]
        for hop in reversed(hops[:newest]):
            if first.middle - hop.middle > _GAP:
                break
            if hop.level > floor + _STAY:
                first = hop
        self.speech = True
        self._peak = max(hop.level for hop in hops if hop.middle >= first.middle)
        self._end = hops[newest].stop
        return [SpeechStarted(first.start)]

    def _may_be_speech(self, hop: _Hop) -> bool:
        return hop.voice and hop.level > self._floor.level + _START

    def _stop_or_go_on(self, now: int) -> list[SpeechEvent]:
        floor = self._floor.level
        for hop in (self._hops[-2], self._hops[-1]):
            if hop.level > floor + (_STAY if hop.voice else _SURE):
                self._peak = max(self._peak - _PEAK_DECAY, hop.level)
                if hop.level > self._peak - _RANGE:
                    self._end = hop.stop
        if now - self._end < self._hangover:
            return []
        self.speech = False
        self._hops.clear()  # what was heard before the end starts nothing new
        return [SpeechStopped(self._end)]


@dataclass(frozen=True, slots=True)
class _Hop:
    """10 ms of sound.

    Attributes:
        middle: position of its middle sample.
        level: dBFS.
        voice: the detector takes the frame for speech.
    """

    middle: int
    level: float
    voice: bool

    @property
    def start(self) -> int:
        return self.middle - _HOP // 2

    @property
    def stop(self) -> int:
        return self.middle + _HOP // 2


class _NoiseFloor:
    """The level of the noise, in dBFS, learned from all sound alike."""

    def __init__(self) -> None:
        self.level = inf
        self._recent: deque[float] = deque(maxlen=_SMOOTHED)  # mean squares
        self._blocks: deque[float] = deque(maxlen=_BLOCKS)
        self._lowest, self._count = inf, 0  # of the block that is not full yet

    def hear(self, level: float) -> None:
        self._recent.append(10 ** (level / 10))
        if len(self._recent) < _SMOOTHED:
            return
        self._lowest = min(self._lowest, sum(self._recent) / _SMOOTHED)
        self._count += 1
        minimum = min(self._lowest, min(self._blocks, default=inf))
        self.level = max(10 * log10(minimum) + _BIAS, _LOWEST_FLOOR)
        if self._count == _BLOCK:
            self._blocks.append(self._lowest)
            self._lowest, self._count = inf, 0


class Meter:
    """How loud the sound is, and whether there is any."""

    FRAMES = 5
    """Frames whose level is shown: 100 ms."""

    QUIET = 12
    """Steps of int16 between the lowest and the highest sample of a frame, below which it holds no signal: a peak of
    -75 dBFS around whatever offset the device has. The quietest microphone in a quiet room makes more noise than that;
    an unplugged or muted one does not."""

    def __init__(self) -> None:
        self._frames: deque[tuple[int, int, int]] = deque(maxlen=self.FRAMES)
        self._quiet = 0  # samples

    def push(self, frame: Frame) -> None:
        """Hear the next frame."""
        samples = frame.samples.astype(np.int64)
        if not len(samples):
            return
        self._frames.append((len(samples), int(samples.sum()), int(np.dot(samples, samples))))
        if int(samples.max()) - int(samples.min()) < self.QUIET:
            self._quiet += len(samples)
        else:
            self._quiet = 0

    @property
    def level(self) -> float:
        """Root mean square of the last 100 ms about their mean, in dBFS.

        0 is a square wave at full scale (a sine is -3), -inf is digital silence.
        """
        count = sum(n for n, _, _ in self._frames)
        total = sum(s for _, s, _ in self._frames)
        # count² times the variance: whole numbers, so that a constant offset is exactly silence.
        spread = count * sum(q for _, _, q in self._frames) - total * total
        return 10 * log10(spread / (count * 32768) ** 2) if spread else -inf

    @property
    def quiet_for(self) -> float:
        """Seconds of sound since there was any signal at all."""
        return self._quiet / RATE
