"""Listening: where in a known recording the received sound is, and which of its words were heard.

Theory of operation. A `Recording` keeps every channel of a known recording, and their mean, at 8 kHz, band-pass
filtered, with spectra of overlapping blocks at 2 kHz. A `Listener` receives sound and looks for it in there:

- *Seeking*: the latest stretch of speech is correlated with the whole recording at 2 kHz by FFT, in slices of a few
  milliseconds of work, and the best places are compared again at 8 kHz. Normalised correlation, so gain does not count,
  nor does polarity.
- *Holding*: once placed, the last quarter of a second is compared every 80 ms with where it should be; the place may
  drift no faster than two sound cards would. When it no longer fits (sound was lost, cut out or put in), seeking starts
  again.
- *Hearing*: a word counts as heard when nearly all of its 20 ms windows fit at one common shift, at a sufficient
  correlation. Words that began before the place was found are judged too, from the last seconds that are kept.

All positions are samples at 8 kHz, counted on the received sound unless called recorded. No position may be inferred
from silence: only speech is located.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from captioner.emulator.script import Script, ScriptError
from captioner.emulator.sound import RATE, Activity, Resampler, Samples

_COARSE = 4  # the search runs at RATE / 4
_BLOCK = 16_384  # samples of a block at the coarse rate
_LONGEST_PROBE = 2048  # at the coarse rate
_KEPT = 20 * RATE  # of received sound
_HOP = RATE * 8 // 100
_CHECK = 3 * _HOP
_WINDOW = RATE // 50
_SHIFT = 12  # samples by which a held place may be off
_NEAR = 120  # samples: a period of the deepest voice, by which a place is most easily mistaken
_DRIFT = 1e-3

_FITS = 0.7  # correlation at which the held place is confirmed
_WORD_FITS = 0.87
_WINDOW_FITS = 0.6
_HEARD_SHARE = 0.93  # of a word's windows, weighted by the square root of their energy
_PROBES = ((0.5, 0.75), (0.3, 0.8), (0.12, 0.9))  # seconds of speech, correlation that places it


@dataclass(frozen=True, slots=True)
class HeardWord:
    """A word of the script that was heard.

    Attributes:
        index: Which word of the script.
        text: The word.
        start: Position on the received sound.
        stop: Position on the received sound.
    """

    index: int
    text: str
    start: int
    stop: int


class Recording:
    """A recording and its script, prepared for being searched.

    Attributes:
        script: The script.
        length: Samples at 8 kHz.
    """

    def __init__(self, samples: NDArray[np.float32], rate: int, script: Script) -> None:
        """Prepare float32 (frames, channels) at ``rate`` Hz.

        Raises:
            ScriptError: The script names a channel that the recording does not have, or goes on after its end.
        """
        frames, channels = samples.shape
        last = max(word.stop for word in script.words)
        if last > frames / rate + 0.5:
            raise ScriptError(f"The script goes on to {last:.1f} s, but the recording ends at {frames / rate:.1f} s.")
        named = max((word.channel or 1 for word in script.words), default=1)
        if named > channels:
            raise ScriptError(f"The script has words on channel {named}, but the recording has {channels}.")
        self.script = script
        self._signals = np.stack([_filtered(samples[:, channel], rate) for channel in range(channels)])
        if channels > 1:
            self._signals = np.concatenate([self._signals, self._signals.mean(axis=0, keepdims=True)])
        self.length = self._signals.shape[1]
        self.starts = np.array([round(word.start * RATE) for word in script.words])
        self.stops = np.array([round(word.stop * RATE) for word in script.words])
        self._longest = int(np.max(self.stops - self.starts))
        coarse = np.stack([_coarse(signal) for signal in self._signals])
        hop = _BLOCK - _LONGEST_PROBE
        self.blocks = max(1, -(-coarse.shape[1] // hop))
        padded = np.zeros((len(coarse), self.blocks * hop + _LONGEST_PROBE), np.float32)
        padded[:, : coarse.shape[1]] = coarse
        self._coarse = padded
        self._quiet = 1e-3 * float(np.mean(padded**2)) + 1e-14
        self._spectra = np.stack(
            [np.fft.rfft(padded[:, at * hop : at * hop + _BLOCK]).astype(np.complex64) for at in range(self.blocks)]
        )

    def signals(self, channel: int | None) -> range | tuple[int, ...]:
        """Return the indices of the signals that a word on ``channel`` can be heard in: the channel and the mean."""
        last = len(self._signals) - 1
        return range(last + 1) if channel is None else (channel - 1, last)

    def slice(self, signal: int, start: int, stop: int) -> Samples:
        """Return recorded ``[start, stop)`` of a signal, silence where there is no recording."""
        if start >= 0 and stop <= self.length:
            return self._signals[signal, start:stop]
        piece = np.zeros(max(0, stop - start), np.float32)
        first, last = max(start, 0), min(stop, self.length)
        if last > first:
            piece[first - start : last - start] = self._signals[signal, first:last]
        return piece

    def words_within(self, start: int, stop: int) -> range:
        """Return a range that holds all words which overlap recorded ``[start, stop)``; its first ones may not."""
        return range(int(np.searchsorted(self.starts, start - self._longest)), int(np.searchsorted(self.starts, stop)))

    def correlate(self, block: int, spectrum: NDArray[np.complex64], length: int, energy: float) -> list[_Place]:
        """Return the best coarse places of a probe in one block."""
        hop = _BLOCK - _LONGEST_PROBE
        products = np.fft.irfft(self._spectra[block] * spectrum, _BLOCK)[:, :hop]
        part = self._coarse[:, block * hop : block * hop + hop + length].astype(np.float64)
        sums = np.cumsum(part**2, axis=1)
        energies = sums[:, length - 1 : length - 1 + hop].copy()
        energies[:, 1:] -= sums[:, : hop - 1]
        scores = np.abs(products) / np.sqrt(np.maximum(energies, self._quiet * length) * energy)
        places: list[_Place] = []
        for signal in range(len(scores)):
            row = scores[signal]
            for _ in range(3):
                best = int(np.argmax(row))
                if row[best] < 0.4:
                    break
                places.append(_Place(float(row[best]), (block * hop + best) * _COARSE, signal))
                row[max(0, best - 8) : best + 9] = 0
        return places

    def block_at(self, recorded: int) -> int:
        """Return the block in which a recorded position lies, the nearest one where it lies in none."""
        return int(min(max(0, recorded // (_COARSE * (_BLOCK - _LONGEST_PROBE))), self.blocks - 1))

    @property
    def signal_count(self) -> int:
        """How many signals there are: the channels, and their mean where there are several."""
        return len(self._signals)


@dataclass(frozen=True, slots=True)
class _Place:
    score: float
    recorded: int
    signal: int


@dataclass(frozen=True, slots=True)
class _Fit:
    """How a stretch of sound fits: correlation (signed), shift in samples (late is positive)."""

    score: float
    shift: float


def _filtered(samples: Samples, rate: int) -> Samples:
    resampler = Resampler(rate)
    given = resampler.push(np.ascontiguousarray(samples, np.float32))
    return np.concatenate([given, resampler.tail()])


def _coarse(samples: Samples) -> Samples:
    resampler = Resampler(RATE, RATE // _COARSE, (150.0, 850.0))
    given = resampler.push(samples)
    return np.concatenate([given, resampler.tail()])


def _fit(received: Samples, recorded: Samples, shift: int) -> _Fit:
    """Compare float32 (n,) with float32 (n + 2 * shift,) recorded around it; the best shift between whole samples."""
    energy = float(received @ received)
    if energy <= 0:
        return _Fit(0.0, 0.0)
    products = np.correlate(recorded, received, "valid")
    best = int(np.argmax(np.abs(products)))
    part = recorded[best : best + len(received)]
    power = float(part @ part)
    if power <= 1e-10 * len(received):
        return _Fit(0.0, 0.0)
    between = 0.0
    if 0 < best < len(products) - 1:
        left, middle, right = (float(abs(value)) for value in products[best - 1 : best + 2])
        bend = left - 2 * middle + right
        between = 0.5 * (left - right) / bend if bend < 0 else 0.0
    peak = float(products[best])
    return _Fit(max(-1.0, min(1.0, peak / (energy * power) ** 0.5)), best + between - shift)


def _shifted(samples: Samples, fraction: float) -> Samples:
    """Return ``samples`` advanced by a fraction of a sample."""
    spectrum = np.fft.rfft(samples)
    phase = np.exp(2j * np.pi * np.fft.rfftfreq(len(samples)) * fraction)
    return np.fft.irfft(spectrum * phase, len(samples)).astype(np.float32)


class _Search:
    """One search of a probe in the whole recording, done in slices."""

    def __init__(self, recording: Recording, probe: Samples, position: int, need: float, expected: int | None) -> None:
        self._recording = recording
        self._expected = expected
        # A recording of an hour takes seconds to search, so the likeliest place comes first.
        first = 0 if expected is None else recording.block_at(position + expected)
        self._order = [*range(first, recording.blocks), *range(first)]
        self._probe = probe
        self.position = position
        self._need = need
        coarse = _coarse(probe)[:_LONGEST_PROBE]
        self._length = len(coarse)
        self._energy = float(coarse @ coarse) + 1e-12
        padded = np.zeros(_BLOCK, np.float32)
        padded[: self._length] = coarse
        self._spectrum = np.conj(np.fft.rfft(padded)).astype(np.complex64)
        self._next = 0
        self._places: list[_Place] = []

    def step(self, blocks: int) -> bool:
        """Search the next ``blocks``; True when nothing better can be expected from going on."""
        stop = min(self._next + blocks, self._recording.blocks)
        for block in self._order[self._next : stop]:
            self._places += self._recording.correlate(block, self._spectrum, self._length, self._energy)
        self._places = sorted(self._places, key=lambda place: -place.score)[:24]
        self._next = stop
        return stop >= self._recording.blocks or (bool(self._places) and self._places[0].score >= 0.97)

    def best(self) -> int | None:
        """Return the offset from received to recorded positions, or None.

        Of places that fit equally well (a recording may repeat itself) the next one after the expected is taken.
        """
        expected = self._expected
        found: list[tuple[float, int]] = []
        reach = 2 * _COARSE
        for place in self._places:
            around = self._recording.slice(
                place.signal, place.recorded - reach, place.recorded + len(self._probe) + reach
            )
            fit = _fit(self._probe, around, reach)
            if abs(fit.score) >= self._need:
                found.append((abs(fit.score), place.recorded + round(fit.shift) - self.position))
        if not found:
            return None
        top = max(score for score, _ in found)
        equal = [offset for score, offset in found if score >= top - 0.01]
        if expected is None:
            return min(equal)
        return min(equal, key=lambda offset: (offset < expected - RATE // 4, abs(offset - expected)))


class Listener:
    """Hears the words of one recording in one stream of sound.

    Attributes:
        activity: Where the received sound is loud enough to be speech.
        position: Received samples at 8 kHz that could be judged so far.
    """

    def __init__(self, recording: Recording | None, rate: int) -> None:
        """Listen to sound at ``rate`` Hz for the words of ``recording``; None knows no words."""
        self._recording = recording
        self._resampler = Resampler(rate)
        self.activity = Activity()
        self.position = 0
        self._kept: Samples = np.zeros(2 * _KEPT, np.float32)
        self._base = 0  # position of the first kept sample
        self._checked = 0  # position of the last check
        self._offset: int | None = None  # recorded - received
        self._last_offset: int | None = None
        self._anchor = (0, 0)  # position and offset where the place was found
        self._misses = 0
        self._broken = 0  # where seeking began
        self._search: _Search | None = None
        self._probed = 0  # where the last probe ended
        self._seen: set[int] = set()  # words judged at this place
        self._heard: list[HeardWord] = []
        self._new: list[HeardWord] = []

    @property
    def placed(self) -> bool:
        """Whether it is known where in the recording the sound is."""
        return self._offset is not None

    def push(self, samples: Samples) -> None:
        """Take float32 (n,) at the listener's rate. Long stretches should come in pieces of some 40 ms."""
        self._append(self._resampler.push(samples))
        if self._recording is None:
            return
        if self.position - self._checked >= _HOP:
            self._checked = self.position
            self._check(self._recording)
        elif self._search is not None:
            self._seek(self._recording, at_end=False)
        self._judge(self._recording)

    def flush(self) -> None:
        """Judge what was pushed to its last sample, as if silence followed; more may be pushed afterwards."""
        if self._recording is None:
            return
        position = self.position
        tail = self._resampler.tail()
        self._store(tail)
        if self._offset is None or self._misses:
            self._seek(self._recording, at_end=True)
        self._judge(self._recording)
        self.position = position

    def take(self) -> list[HeardWord]:
        """Return the words heard since the last call, in order."""
        new, self._new = sorted(self._new, key=lambda word: word.start), []
        return new

    def underway(self) -> tuple[str, int, float] | None:
        """Return the word that is being said: its text, its start, and the share of it that was heard; or None."""
        recording, offset = self._recording, self._offset
        if recording is None or offset is None or self._misses:
            return None
        now = self.position + offset
        for index in recording.words_within(now, now + 1):
            start, stop = int(recording.starts[index]), int(recording.stops[index])
            if start + RATE // 20 <= now < stop and index not in self._seen:
                received = self._received(start - offset, self.position)
                if received is not None and self._fits(recording, index, received, start, now):
                    return recording.script.words[index].text, start - offset, (now - start) / (stop - start)
        return None

    def _append(self, samples: Samples) -> None:
        self.activity.push(samples)
        self._store(samples)

    def _store(self, samples: Samples) -> None:
        end = self.position - self._base
        if end + len(samples) > len(self._kept):
            keep = min(end, _KEPT)
            kept = np.zeros(max(2 * _KEPT, keep + len(samples)), np.float32)
            kept[:keep] = self._kept[end - keep : end]
            self._kept, self._base, end = kept, self.position - keep, keep
        self._kept[end : end + len(samples)] = samples
        self.position += len(samples)

    def _received(self, start: int, stop: int) -> Samples | None:
        """Return received ``[start, stop)``, or None where it is no longer, or not yet, there."""
        if start < self._base or stop > self.position:
            return None
        return self._kept[start - self._base : stop - self._base]

    def _check(self, recording: Recording) -> None:
        speech = self.activity.stop > self.position - _CHECK // 2 and self.activity.active >= _HOP
        if self._offset is None:
            self._seek(recording, at_end=False)
            return
        if not speech or self.position < _CHECK:
            return
        fit = self._check_at(recording, self._offset)
        if fit is None:
            self._misses += 1
            if self._misses >= 2:
                self._lose()
                self._seek(recording, at_end=False)
            return
        self._misses = 0
        position, offset = self._anchor
        drifted = self._offset + round(fit.shift)
        if abs(drifted - offset) <= 4 + _DRIFT * (self.position - position):
            self._offset = drifted
        else:
            self._lose()

    def _check_at(self, recording: Recording, offset: int) -> _Fit | None:
        """Compare the last quarter of a second with where it should be; None when it fits not, or better nearby."""
        received = self._received(self.position - _CHECK, self.position)
        if received is None:
            return None
        start = self.position - _CHECK + offset - _NEAR
        fits = [
            _fit(received, recording.slice(signal, start, start + _CHECK + 2 * _NEAR), _NEAR)
            for signal in range(recording.signal_count)
        ]
        best = max(fits, key=lambda fit: abs(fit.score))
        return best if abs(best.score) >= _FITS and abs(best.shift) <= _SHIFT else None

    def _lose(self) -> None:
        self._last_offset, self._offset = self._offset, None
        self._misses = 0
        self._broken = self.position - 2 * _HOP
        self._probed = 0
        self._search = None

    def _seek(self, recording: Recording, *, at_end: bool) -> None:
        if self._search is None:
            self._search = self._probe(recording, at_end)
            if self._search is None:
                return
        if not self._search.step(recording.blocks if at_end else max(2, 15 // recording.signal_count)):
            return
        search, self._search = self._search, None
        offset = search.best()
        if offset is None:
            return
        self._offset = offset
        self._anchor = (search.position, offset)
        self._misses = 0
        self._seen.clear()

    def _probe(self, recording: Recording, at_end: bool) -> _Search | None:
        """Return a search for the latest speech, if there is enough of it that was not searched for before."""
        activity = self.activity
        stop = min(self.position, activity.stop)
        ended = at_end or self.position - activity.stop >= _HOP
        fresh = stop - max(self._probed, activity.start, self._broken)
        # The longer the recording, the dearer a search, and the rarer where sound is not to be found.
        if fresh < (RATE // 10 if ended else max(RATE // 5, 40 * recording.blocks)):
            return None
        start = max(activity.start, self._broken, stop - round(_PROBES[0][0] * RATE), self._base)
        seconds = (stop - start) / RATE
        need = next((score for needed, score in _PROBES if seconds >= needed), None)
        if need is None:
            return None
        if not ended and seconds < _PROBES[1][0]:
            return None
        probe = self._received(start, stop)
        if probe is None:
            return None
        self._probed = stop
        return _Search(recording, probe.copy(), start, need, self._last_offset)

    def _judge(self, recording: Recording) -> None:
        """Judge every word that has been received whole at this place and was not judged yet."""
        if self._offset is None:
            return
        offset = self._offset
        for index in self._unjudged(recording, offset):
            start, stop = int(recording.starts[index]), int(recording.stops[index])
            self._seen.add(index)
            received = self._received(start - offset, stop - offset)
            if received is None or self._claimed(recording, index, start - offset, stop - offset):
                continue
            if self._fits(recording, index, received, start, stop):
                word = HeardWord(index, recording.script.words[index].text, start - offset, stop - offset)
                self._heard = [old for old in self._heard if old.stop > self._base] + [word]
                self._new.append(word)

    def _unjudged(self, recording: Recording, offset: int) -> Iterator[int]:
        for index in recording.words_within(self._base + offset, self.position + offset):
            if index not in self._seen and recording.stops[index] <= self.position + offset:
                yield index

    def _claimed(self, recording: Recording, index: int, start: int, stop: int) -> bool:
        """Whether the sound of a word has already been heard as a word of the same channel."""
        words = recording.script.words
        return any(
            words[old.index].channel == words[index].channel
            and min(stop, old.stop) - max(start, old.start) > (stop - start) // 4
            for old in self._heard
        )

    def _fits(self, recording: Recording, index: int, received: Samples, start: int, stop: int) -> bool:
        """Whether received sound is recorded ``[start, stop)``, which lies within a word."""
        return any(
            _same(received, recording.slice(signal, start - _SHIFT, stop + _SHIFT))
            for signal in recording.signals(recording.script.words[index].channel)
        )


def _same(received: Samples, around: Samples) -> bool:
    """Whether received float32 (n,) is the sound in the middle of ``around``, float32 (n + 2 * _SHIFT,)."""
    fit = _fit(received, around, _SHIFT)
    if abs(fit.score) < 0.6 or abs(fit.shift) > _SHIFT - 1:
        return False
    whole = int(np.floor(fit.shift))
    aligned = _shifted(around, fit.shift - whole)[_SHIFT + whole : _SHIFT + whole + len(received)]
    sign = 1.0 if fit.score > 0 else -1.0
    edges = np.arange(0, max(len(received) - _WINDOW // 2, 1), _WINDOW)
    products = np.add.reduceat(received * aligned, edges)
    energies = np.add.reduceat(received * received, edges)
    powers = np.add.reduceat(aligned * aligned, edges)
    total = float(powers.sum()) * float(energies.sum())
    if total <= 0 or sign * float(products.sum()) < _WORD_FITS * total**0.5:
        return False
    # Quiet windows drown in the mildest noise, so only those count that carry the word.
    carries = powers >= 0.1 * powers.mean()
    weights = np.sqrt(powers[carries])
    scores = sign * products[carries] / np.sqrt(powers[carries] * energies[carries] + 1e-20)
    return float(weights[scores >= _WINDOW_FITS].sum()) >= _HEARD_SHARE * float(weights.sum())
