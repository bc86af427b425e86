"""Conditioning of sound: any rate, channels and block size become numbered frames of 20 ms, mono int16 at 8 kHz.

The resampler is a polyphase FIR. Its prototype is a sinc with its edge at 4 kHz under a Kaiser window, `DELAY` samples
of 8 kHz to either side, so its group delay is a whole number of lane samples: output number `j` is the lane's position
`j - DELAY`, and it exists as soon as the input frame of its own moment `j` is there. Nothing is ever waited for beyond
that; the delay is an offset in the positions, never a pause. (Resamplers that work in blocks of their own, such as
soxr's stream, give their output back in bursts of 10 ms and more.)

The same sound gives the same bytes however it is cut into blocks. Sums of floats do not: their order depends on shapes,
on memory and on the processor. So the input is rounded to multiples of 2^-23 (samples of up to 24 bits already are),
the taps to multiples of 2^-24, and their products are added in float64, where every partial sum is a whole multiple of
2^-47 below 2^6 and therefore exact: there is no rounding for the order to change.

A call sends 50 blocks a second for hours, and between two of them the processor has forgotten this code: what a block
costs is not arithmetic but the number of different things that are done to it. So they are few, and they are done in
place.

Kaiser's design rules: https://ccrma.stanford.edu/~jos/sasp/Kaiser_Window.html
"""

from __future__ import annotations

from math import gcd

import numpy as np
from numpy.typing import NDArray

from captioner.errors import FormatChanged, Misuse
from captioner.events import FRAME, RATE, AudioBlock, Frame

LOWEST_RATE, HIGHEST_RATE = 8_000, 192_000
"""Rates in Hz that are taken, both included."""

DELAY = 17
"""The resampler's group delay in samples at 8 kHz: 2.125 ms."""

_BETA = 0.1102 * (80 - 8.7)
"""Kaiser's parameter for 80 dB; with the length above the transition is 1,181 Hz wide: 3.41 to 4.59 kHz."""

_HEADROOM = 16.0
"""Input beyond ±16 (24 dB over full scale) is clipped before the filter, as its sums must stay exact: no phase's taps
add up to more than 2.5 in magnitude."""

_TAME = 0.99 * _HEADROOM**2
"""No sample lies beyond the headroom where the sum of all squares is below this (in float32, which is good to 1 %), and
none of them is no number."""

_ROUNDER = 1.5 * 2.0 ** (52 - 23)
"""Adding it to a float64 and subtracting it again rounds to multiples of 2^-23: nothing smaller fits beside it."""

_TAP_STEPS = 2.0**24

_INT16 = 32768.0
"""Steps of int16 at full scale: a power of two, so that multiplying by it rounds nothing."""

_PHASES = 512
"""More phases than this are not kept: a rate without a short ratio to 8 kHz gets as many per lane sample, and taps
between two of them are interpolated, with an error below -110 dB."""

_SLICE = 8192
"""Frames that are worked on at once, so that a block of an hour needs no more memory than one of a second."""


class Conditioner:
    """Turns the blocks of one source into the frames of a lane.

    Attributes:
        delay: the resampler's group delay in samples at 8 kHz: `DELAY`, or 0 where the rate is 8 kHz already. The first
            frame starts at `-delay`.
        length: samples of the lane that were captured so far, losses included: ceil(frames · 8000 / rate). After
            `flush` the last frame stops there.
    """

    def __init__(self, rate: int, channels: int, channel: int | None = None) -> None:
        """Be ready for the first block.

        Args:
            rate: Hz, 8,000 to 192,000, any whole number.
            channels: of the blocks.
            channel: the one that is taken, from 1; None takes the mean of all.

        Raises:
            Misuse: a value out of these bounds (sources check theirs before they deliver anything).
        """
        if not LOWEST_RATE <= rate <= HIGHEST_RATE:
            raise Misuse(f"a rate of {rate} Hz")
        if channels < 1 or not (channel is None or 1 <= channel <= channels):
            raise Misuse(f"channel {channel} of {channels}")
        self._rate, self._channels, self._channel = rate, channels, channel
        self.delay = 0 if rate == RATE else DELAY
        divisor = gcd(rate, RATE)
        # On a clock of rate · up = 8000 · down Hz, output j lies at tick j · down, input frame i at tick i · up.
        self._up, self._down = RATE // divisor, rate // divisor
        self._reach = 2 * self.delay * self._down // self._up + 1  # frames under the filter
        self._bank, self._slopes, self._phases_per_tick = _filter_bank(self._up, self._down, self._reach)
        # The sum of so many channels is divided by their number in the taps, where that rounds nothing.
        count = channels if channel is None else 1
        self._share = count if count & (count - 1) == 0 else 1
        for taps in (self._bank, self._slopes):
            if taps is not None:
                taps *= _INT16 / (_TAP_STEPS * self._share)
        self._frames = 0  # input frames so far
        self.length = 0
        self._made = 0  # output samples so far
        # The newest frames that are still under the filter, and behind them the ones that are worked on.
        self._sound = np.zeros(self._reach - 1 + max(_SLICE, self._reach))
        self._silent = self._reach - 1  # frames of silence that came last, at least
        self._under: tuple[tuple[int, int], NDArray[np.float64]] | None = None  # what lies under the filter, and where
        self._pending = np.zeros(0, np.int16)  # output that does not fill a frame yet
        self._next = -self.delay  # position of the first of them
        self._losses: list[tuple[int, int]] = []
        self._flushed = False

    def push(self, block: AudioBlock) -> list[Frame]:
        """Take one block; return the frames that it completes, oldest first.

        A block that starts later than the one before it ended says that the source lost frames: silence of that length
        takes their place, so that positions stay true, and `take_losses` tells where.

        Args:
            block: of any length. Samples beyond ±1 saturate, NaN is silence.

        Raises:
            FormatChanged: rate or channel count differ from what was announced.
            Misuse: the block starts before the last one ended, or comes after `flush`.
        """
        if self._flushed:
            raise Misuse("a block after the flush")
        if block.rate != self._rate or block.samples.shape[1:] != (self._channels,):
            raise FormatChanged(
                f"{block.rate} Hz {block.samples.shape} after {self._rate} Hz with {self._channels} channels"
            )
        lost = block.position - self._frames
        if lost < 0:
            raise Misuse(f"a block at frame {block.position} after {self._frames} frames")
        frames = self._lose(lost) if lost else []
        for at in range(0, len(block.samples), _SLICE):
            samples = block.samples[at : at + _SLICE]
            frames += self._feed(len(samples), samples)
        return frames

    def flush(self) -> list[Frame]:
        """End the lane; return what is left, up to the last captured sample. Only the very last frame may be shorter.

        Nothing can be pushed after it, and a second flush returns nothing.
        """
        ended, self._flushed = self._flushed, True
        if ended or not self._frames:
            return []
        # The filter's tail: `delay` more samples of output, for which what follows the end counts as silence.
        total = self.length + self.delay
        newest = (total - 1) * self._down // self._up
        frames = self._cut_frames(self._resample(newest + 1 - self._frames, total, silent=True))
        if len(self._pending):
            frames.append(Frame(self._next, self._pending))
        return frames

    def take_losses(self) -> list[tuple[int, int]]:
        """Return the stretches `[start, stop)` that the source lost, as positions of the lane, each of them once."""
        losses, self._losses = self._losses, []
        return losses

    def _lose(self, count: int) -> list[Frame]:
        """Take `count` frames that the source lost: silence in their place."""
        start = self.length
        frames: list[Frame] = []
        for at in range(0, count, _SLICE):
            frames += self._feed(min(_SLICE, count - at), None)
        if self.length > start:
            self._losses.append((start, self.length))
        return frames

    def _feed(self, count: int, samples: NDArray[np.float32] | None) -> list[Frame]:
        """Take `count` frames, at most `_SLICE`; None is silence."""
        energy = 0.0 if samples is None else float(np.vdot(samples, samples))
        if samples is not None and energy:
            if not energy <= _TAME:  # NaN is not, either
                tame = np.nan_to_num(samples, posinf=_HEADROOM, neginf=-_HEADROOM)
                samples = np.clip(tame, -_HEADROOM, _HEADROOM)
            self._mix(samples, self._sound[self._reach - 1 : self._reach - 1 + count])
        end = -(-(self._frames + count) * self._up // self._down)  # the first position not before the frame after them
        output = self._resample(count, end, silent=not energy)
        self._frames += count
        self.length = end
        return self._cut_frames(output)

    def _mix(self, samples: NDArray[np.float32], mono: NDArray[np.float64]) -> None:
        """Lay one channel, or the sum of all in whole multiples of 2^-23 of their mean, into `mono`."""
        rounder = _ROUNDER * self._share
        if self._channel is not None or self._channels == 1:
            np.add(samples[:, (self._channel or 1) - 1], rounder, out=mono, dtype=np.float64)
        else:
            # frame by frame and in the order of the channels: the same however many frames there are
            np.add(samples[:, 0], samples[:, 1], out=mono, dtype=np.float64)
            for each in range(2, self._channels):
                np.add(mono, samples[:, each], out=mono)
            if self._share == 1:
                mono /= self._channels
            np.add(mono, rounder, out=mono)
        np.subtract(mono, rounder, out=mono)

    def _resample(self, count: int, total: int, *, silent: bool) -> NDArray[np.int16]:
        """Return the output from number `_made` up to `total`.

        Args:
            count: frames that lie behind those under the filter, from number `_frames` on.
            total: samples of output that exist then.
            silent: those frames are silence, whatever lies there.
        """
        history = self._reach - 1
        if silent:
            self._sound[history : history + count] = 0
        if silent and self._silent >= history:
            output = np.zeros(total - self._made, np.int16)
        else:
            values = self._filter(count, total) if self.delay else self._sound[:count] * (_INT16 / self._share)
            np.rint(values, out=values)
            np.minimum(values, 32767.0, out=values)
            np.maximum(values, -32768.0, out=values)
            output = values.astype(np.int16)
        self._silent = self._silent + count if silent else 0
        self._made = total
        self._sound[:history] = self._sound[count : count + history]
        return output

    def _filter(self, count: int, total: int) -> NDArray[np.float64]:
        # Output j lies at tick j * down; the newest frame under its filter is the one at or just before that tick.
        # Window number 0 ends with the first of the fresh frames; windows share the memory of `_sound`.
        step = self._sound.itemsize
        if self._up == 1:
            place = (self._made * self._down - self._frames, total - self._made)
            if self._under is None or self._under[0] != place:
                shape, strides = (place[1], self._reach), (self._down * step, step)
                self._under = place, np.ndarray(shape, np.float64, self._sound, place[0] * step, strides)
            whole: NDArray[np.float64] = np.vecdot(self._under[1], self._bank[0])
            return whole
        tick = np.arange(self._made, total, dtype=np.int64) * self._down
        newest = tick // self._up
        windows = np.ndarray((count, self._reach), np.float64, self._sound, 0, (step, step))
        under = windows[newest - self._frames]
        between = (tick - newest * self._up) * self._phases_per_tick
        phase = between.astype(np.int64)
        sums: NDArray[np.float64] = np.vecdot(under, self._bank[phase])
        if self._slopes is not None:
            sums += (between - phase) * np.vecdot(under, self._slopes[phase])
        return sums

    def _cut_frames(self, output: NDArray[np.int16]) -> list[Frame]:
        """Add output to what is pending; take every full frame off it."""
        if len(output) == FRAME and not len(self._pending):  # what blocks of 20 ms give
            self._next += FRAME
            return [Frame(self._next - FRAME, output)]
        pending = np.concatenate((self._pending, output))
        full = len(pending) // FRAME * FRAME
        frames = [Frame(self._next + at, pending[at : at + FRAME].copy()) for at in range(0, full, FRAME)]
        self._next += full
        self._pending = pending[full:].copy()
        return frames


def _filter_bank(up: int, down: int, reach: int) -> tuple[NDArray[np.float64], NDArray[np.float64] | None, float]:
    """Make the taps for every phase in which an output can lie between two input frames.

    Returns:
        The bank, float64 (phases, reach), oldest frame's tap first, in whole multiples of 2^-24; for rates whose phases
        are too many, the differences to each next phase, between which is interpolated; and the phases per tick.
    """
    if up <= _PHASES:
        phases, count = up, up
    else:
        phases = -(-_PHASES * up // down)
        count = phases + 1
    # Age of each frame under the filter, in units of 1 / phases of an input frame, and the middle of the filter.
    age = np.arange(count)[:, None] + np.arange(reach - 1, -1, -1)[None, :] * phases
    offset = (age * up - DELAY * down * phases) / (down * phases)  # in lane samples, exactly symmetric
    inside = np.clip(1 - (offset / DELAY) ** 2, 0, None)
    taps = np.sinc(offset) * np.i0(_BETA * np.sqrt(inside)) * (np.abs(offset) <= DELAY)
    taps /= taps.sum(axis=1, keepdims=True)  # unity gain at 0 Hz in every phase
    bank = np.rint(taps * _TAP_STEPS)
    return bank, np.diff(bank, axis=0) if count > phases else None, phases / up
