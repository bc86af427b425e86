"""Sound as the emulator hears it: decoding, resampling, and a plain detector of speech."""

from __future__ import annotations

from collections import deque
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]

RATE = 8000
"""Hz at which the emulator listens; all its positions count samples at this rate."""

BAND = (150.0, 3600.0)
"""Hz that are compared: what every telephone line lets through."""

_HALF_KERNEL = 0.008
_FRAME = RATE // 100
_FLOOR_FRAMES = 150
_FLOOR_MARGIN_DB = 9.0
_QUIETEST_SPEECH_DB = -66.0

BYTES_PER_SAMPLE = {"LINEAR16": 2, "MULAW": 1, "ALAW": 1}
"""The encodings that the emulator decodes."""


def decode(data: bytes, encoding: str) -> Samples:
    """Return ``data`` as float32 (n,) in [-1, 1].

    Args:
        data: Whole samples: LINEAR16 is signed 16-bit little-endian; MULAW and ALAW are those of ITU-T G.711
            (https://www.itu.int/rec/T-REC-G.711).
        encoding: A key of `BYTES_PER_SAMPLE`.
    """
    match encoding:
        case "LINEAR16":
            return np.frombuffer(data, "<i2").astype(np.float32) / np.float32(32768)
        case "MULAW":
            return _MULAW[np.frombuffer(data, np.uint8)]
        case "ALAW":
            return _ALAW[np.frombuffer(data, np.uint8)]
    raise ValueError(f"not an encoding that is decoded: {encoding}")


def _mulaw_table() -> Samples:
    code = ~np.arange(256, dtype=np.uint8)
    magnitude = ((((code & 0x0F).astype(np.int32) << 3) + 0x84) << ((code & 0x70) >> 4).astype(np.int32)) - 0x84
    return (np.where(code & 0x80, -magnitude, magnitude) / 32768).astype(np.float32)


def _alaw_table() -> Samples:
    code = np.arange(256, dtype=np.uint8) ^ 0x55
    exponent = ((code & 0x70) >> 4).astype(np.int32)
    mantissa = ((code & 0x0F).astype(np.int32) << 4) + 8
    magnitude = np.where(exponent > 0, (mantissa + 0x100) << np.maximum(exponent - 1, 0), mantissa)
    return (np.where(code & 0x80, magnitude, -magnitude) / 32768).astype(np.float32)


_MULAW, _ALAW = _mulaw_table(), _alaw_table()


class Resampler:
    """A streaming linear-phase band-pass filter and resampler.

    Sample ``n`` of the output stands for the same instant as sample ``n * rate / target`` of the input: the filter's
    delay is taken out, so output comes up to 18 ms late (more at rates that share no large divisor with the target's).
    A rate without a small ratio to the target's is approximated to a few parts in a million.
    """

    def __init__(self, rate: int, target: int = RATE, band: tuple[float, float] = BAND) -> None:
        """Make one for input at ``rate`` Hz and output at ``target`` Hz, passing ``band`` in Hz."""
        ratio = Fraction(rate, target).limit_denominator(400)
        blocks = max(1, -(-80 // ratio.denominator))
        self._step_in, self._step_out = ratio.numerator * blocks, ratio.denominator * blocks
        self._reach = round(_HALF_KERNEL * rate)
        at = np.arange(-self._reach, self._step_in + self._reach)[:, None] - (
            np.arange(self._step_out)[None, :] * float(ratio)
        )
        low, high = band[0] / rate, min(band[1], 0.45 * min(rate, target)) / rate
        shape = 2 * high * np.sinc(2 * high * at) - 2 * low * np.sinc(2 * low * at)
        inside = np.clip(np.abs(at) / (self._reach + 1), 0, 1)
        self._kernel = (shape * (0.5 + 0.5 * np.cos(np.pi * inside))).astype(np.float32)
        self._held: Samples = np.zeros(self._reach, np.float32)
        self._pushed = 0
        self._given = 0

    def push(self, samples: Samples) -> Samples:
        """Take float32 (n,); return what can be given, float32 (m,)."""
        self._pushed += len(samples)
        held = np.concatenate([self._held, samples])
        steps = max(0, (len(held) - 2 * self._reach) // self._step_in)
        self._held = held[steps * self._step_in :]
        self._given += steps * self._step_out
        return self._filter(held, steps)

    def tail(self) -> Samples:
        """Return what is still owed, as if silence followed; the state does not change."""
        owed = self._pushed * self._step_out // self._step_in - self._given
        steps = -(-owed // self._step_out) if owed > 0 else 0
        missing = steps * self._step_in + 2 * self._reach - len(self._held)
        padded = np.concatenate([self._held, np.zeros(max(0, missing), np.float32)])
        return self._filter(padded, steps)[: max(0, owed)]

    def _filter(self, held: Samples, steps: int) -> Samples:
        if not steps:
            return np.zeros(0, np.float32)
        width = self._step_in + 2 * self._reach
        windows = np.lib.stride_tricks.sliding_window_view(held, width)[:: self._step_in][:steps]
        pieces = [np.ascontiguousarray(windows[at : at + 1024]) @ self._kernel for at in range(0, steps, 1024)]
        return np.concatenate(pieces).reshape(-1)


class Activity:
    """Where something is being said, judged by loudness against a noise floor that adapts.

    The floor is the quietest 10 ms of the last 1.5 s, so steady noise counts as silence after that time at the latest.

    Attributes:
        start: Where the latest run of speech began; runs less than 100 ms apart are one.
        stop: Where it ended so far.
        active: Samples of that run in which speech was found.
    """

    def __init__(self) -> None:
        """Start at position 0, having heard nothing."""
        self.start = self.stop = self.active = 0
        self._position = 0
        self._rest: Samples = np.zeros(0, np.float32)
        self._levels: deque[float] = deque(maxlen=_FLOOR_FRAMES)

    def push(self, samples: Samples) -> None:
        """Take float32 (n,) at 8 kHz, band-pass filtered."""
        held = np.concatenate([self._rest, samples])
        frames = len(held) // _FRAME
        self._rest = held[frames * _FRAME :]
        power = np.mean(held[: frames * _FRAME].reshape(frames, _FRAME) ** 2, axis=1)
        for level in 10 * np.log10(power + 1e-12):
            self._levels.append(float(level))
            begin, self._position = self._position, self._position + _FRAME
            if level < max(min(self._levels) + _FLOOR_MARGIN_DB, _QUIETEST_SPEECH_DB):
                continue
            if begin - self.stop > 10 * _FRAME or not self.stop:
                self.start, self.active = begin, 0
            self.stop = self._position
            self.active += _FRAME
