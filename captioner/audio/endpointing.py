"""End-pointing: where speech starts and stops, counted in samples, and how loud the sound is.

Two witnesses are heard. WebRTC's voice activity detector (https://pypi.org/project/webrtcvad-wheels/) says whether a
frame may be speech; it holds on to the end of speech for some 100 ms, and takes music, tones and bursts of noise for
voices. The level of the speech band over an adaptive noise floor knows to 10 ms where something begins and ends. So
nothing starts without the detector's consent, and where it starts and stops the level says. A sound that is nothing
but one or two steady tones (a telephone that rings, a beep) starts nothing either. `captioner bench endpointing` says
what that is worth, over speech whose ends are known.

Hold music is heard as one long utterance, and that is left so. What tells it from a voice, harmonics that stand still,
takes a second to be seen, and music with drums or broken chords does not have it; a short word that is spoken over
music is gone by then, and a word that is lost is worse than music that is sent.

The noise floor is the minimum of the smoothed level over the last seconds ("minimum statistics": R. Martin, Noise power
spectral density estimation based on optimal smoothing and minimum statistics, IEEE Trans. Speech and Audio Processing
9(5), 2001): speech dips to it between syllables, so it needs no decision about speech to be learned.

Everything is counted in samples and nothing depends on time, so the same frames give the same events.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import inf, log10
from typing import TypeAlias

import numpy as np
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

_START, _STAY, _SURE = 6.0, 4.0, 7.0
"""dB over the noise floor: to start speech, to go on with it, and to go on with it whatever the detector says."""

_RANGE = 38.0
"""dB below the loudest moment of an utterance at which its tail (an echo, a breath) is over."""
_PEAK_DECAY = 0.02
"""dB per hop by which that moment is forgotten: 2 dB a second."""

_VOICED, _OF = 3, 5
"""So many of the last so many frames have to be speech for it to start: 60 ms of 100 ms."""
_TONAL = 0.99
"""Share of the speech band's power that one or two tones have where nobody speaks."""
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
            hangover: seconds without speech after which it has stopped, to the nearest end of a frame.
        """
        if not 0.05 <= hangover <= 60:
            raise Misuse(f"a hangover of {hangover} s")
        self.speech = False
        self._hangover = round(hangover * RATE)
        import webrtcvad  # here: streaming needs no ears of ours, and its import costs as much as a second of a call

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
        for number, (level, spectrum) in enumerate(self._levels(samples)):
            self._floor.hear(level)
            self._hops.append(_Hop(frame.start + number * _HOP, level, voice, spectrum))
        return self._stop_or_go_on(frame.stop) if self.speech else self._start()

    def flush(self) -> list[SpeechEvent]:
        """End the lane: speech that goes on stops where it was last heard."""
        if not self.speech:
            return []
        self.speech = False
        return [SpeechStopped(self._end)]

    def _levels(self, samples: NDArray[np.int16]) -> Iterator[tuple[float, NDArray[np.float64]]]:
        """Measure the speech band around the frame's first sample and around its middle: dBFS, and power by bin."""
        sound = np.concatenate((self._before, samples)) / 32768.0
        self._before = samples[_HOP:].copy()
        spectra = np.fft.rfft(np.stack((sound[:FRAME], sound[_HOP:])) * _WINDOW)[:, _BAND]
        for power in spectra.real**2 + spectra.imag**2:
            yield 10 * log10(float(power.sum()) * _POWER + 1e-10), power

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
        if _is_tone([hop.power for hop in hops[:newest] if hop.middle > first.middle and hop.level > floor + _START]):
            return []
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
        if now - self._end < self._hangover - FRAME // 2:  # the frame's end that is nearest to the hangover's
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
        power: by bin of the speech band.
    """

    middle: int
    level: float
    voice: bool
    power: NDArray[np.float64]

    @property
    def start(self) -> int:
        return self.middle - _HOP // 2

    @property
    def stop(self) -> int:
        return self.middle + _HOP // 2


def _is_tone(powers: Sequence[NDArray[np.float64]]) -> bool:
    """Say whether all of a sound is one or two tones that do not move: a telephone that rings, a beep, a dialled digit.

    A voice never stands so still: it glides, its harmonics are many, and its level follows its pulses. What is no tone
    for a single moment is no tone, so that a word over one is heard.
    """
    if not powers:
        return True  # nothing but its edges was heard yet, which tell nothing
    spectra = np.stack(powers)
    whole = spectra.sum(axis=0)
    low, high = _lobe(whole), _lobe(np.where(_lobe(whole), 0.0, whole))
    return bool(np.all((spectra * (low | high)).sum(axis=1) >= _TONAL * spectra.sum(axis=1)))


def _lobe(power: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return the bins that the strongest tone fills under the window."""
    return np.abs(np.arange(len(power)) - int(np.argmax(power))) <= 2


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


_SAID = 15
"""Frames of speech that make something said: 300 ms."""


def anything_said(sound: NDArray[np.int16]) -> bool:
    """Say whether somebody spoke in a stretch of sound, at once and cheaply: for a doubt, not for a cut.

    Frames count that are 9 dB louder than the quietest tenth and that the voice detector takes for speech. So neither
    silence nor a steady noise is speech, be it as loud as it may.

    Args:
        sound: int16 (samples,) at 8 kHz; a few seconds at least, or there is nothing to compare with.
    """
    count = len(sound) // FRAME
    if count < 3 * _SAID:
        return False
    frames = sound[: count * FRAME].reshape(count, FRAME)
    swings = frames - frames.mean(axis=1, dtype=np.float32)[:, np.newaxis]
    level = 10 * np.log10(np.einsum("ij,ij->i", swings, swings) / (FRAME * 2.0**30) + 1e-9)
    above = np.concatenate(([False], level > max(float(np.percentile(level, 10)) + 9.0, -60.0), [False]))
    loud = np.flatnonzero(above[1:-1] & (above[:-2] | above[2:]))  # a click is one frame, a syllable is several
    if len(loud) < _SAID:
        return False
    import webrtcvad  # here: see Endpointer

    detector, said = webrtcvad.Vad(2), 0
    for number in loud:
        said += detector.is_speech(frames[number].tobytes(), RATE)
        if said == _SAID:
            return True
    return False


class Meter:
    """How loud the sound is, and whether there is any."""

    FRAMES = 5
    """Frames whose level is shown: 100 ms."""

    QUIET = 12
    """Steps of int16 between the lowest and the highest sample of a frame, below which it holds no signal: a peak of
    -75 dBFS around whatever offset the device has. The quietest microphone in a quiet room makes more noise than that;
    an unplugged or muted one does not."""

    LOUD = 32_000
    """Steps of int16 from which on a sample counts as cut off: 0.2 dB below full scale."""

    def __init__(self) -> None:
        self._frames: deque[tuple[int, int, int]] = deque(maxlen=self.FRAMES)
        self._quiet = 0  # samples
        self._loud: deque[bool] = deque(maxlen=100)  # frames in which samples were cut off: two seconds

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
        self._loud.append(int(np.count_nonzero(np.abs(samples) >= self.LOUD)) >= 3)

    @property
    def clipping(self) -> bool:
        """The sound is so loud that it was cut off in 200 ms of the last two seconds."""
        return sum(self._loud) >= 10

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
