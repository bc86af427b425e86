"""Conditioning: how flat, how clean, how late and how dear it is, with other resamplers beside it where installed.

Everything is mono in blocks of 20 ms, as a device delivers them. The response is measured with tones at half of full
scale; what comes out as nothing but rounding counts as the rounding noise of int16. *Lag* is how far the newest output
lies behind the newest input, in signal time, after each block. Times are the processor's, taken in turns in one run.
"""

from __future__ import annotations

import importlib
import math
import time
from collections.abc import Callable
from functools import partial
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from captioner.audio.conditioning import Conditioner
from captioner.bench.figures import Figures
from captioner.events import RATE, AudioBlock

RATES = (11_025, 16_000, 44_100, 48_000, 96_000)
PASSED = range(300, 3401, 100)
REMOVED = (5000, 6500, 10_000, 15_000)
SECONDS = 10
"""Of sound, for lag and time."""
ROUNDS = 5

_FLOOR = 1 / 32768 / math.sqrt(12)

Block: TypeAlias = NDArray[np.float32]


class Resampler(Protocol):
    """What all have in common.

    Attributes:
        made: seconds of sound that came out, counted from the sound's start.
    """

    made: float

    def push(self, block: Block) -> NDArray[np.floating]:
        """Take mono samples; return what comes of them, in [-1, 1]."""
        ...


class _Ours:
    def __init__(self, rate: int) -> None:
        self._conditioner, self._rate, self._position = Conditioner(rate, 1), rate, 0
        self.made = 0.0

    def push(self, block: Block) -> NDArray[np.floating]:
        frames = self._conditioner.push(AudioBlock(block[:, None], self._rate, self._position, 0.0))
        self._position += len(block)
        if not frames:
            return np.zeros(0)
        self.made = frames[-1].stop / RATE
        return np.concatenate([frame.samples for frame in frames]) / 32768.0


class _Soxr:
    def __init__(self, module: Any, rate: int) -> None:
        self._stream = module.ResampleStream(rate, RATE, 1, dtype="float32", quality="HQ")
        self.made = 0.0

    def push(self, block: Block) -> NDArray[np.floating]:
        out: NDArray[np.float32] = self._stream.resample_chunk(block)
        self.made += len(out) / RATE
        return out


class _Samplerate:
    def __init__(self, module: Any, rate: int) -> None:
        self._stream, self._ratio = module.Resampler("sinc_medium", channels=1), RATE / rate
        self.made = 0.0

    def push(self, block: Block) -> NDArray[np.floating]:
        out: NDArray[np.float32] = self._stream.process(block, self._ratio)
        self.made += len(out) / RATE
        return out


def measure() -> dict[str, object]:
    """Measure every rate with every resampler that is installed; return plain values."""
    makers: dict[str, Callable[[int], Resampler]] = {"captioner": _Ours}
    others: tuple[tuple[str, str, Callable[[Any, int], Resampler]], ...] = (
        ("soxr HQ", "soxr", _Soxr),
        ("samplerate medium", "samplerate", _Samplerate),
    )
    for name, module, make in others:
        try:
            makers[name] = partial(make, importlib.import_module(module))
        except ImportError:
            pass  # it is an extra
    return {str(rate): _measure_rate(rate, makers) for rate in RATES}


def _measure_rate(rate: int, makers: dict[str, Callable[[int], Resampler]]) -> dict[str, object]:
    sound = np.random.default_rng(0).uniform(-0.5, 0.5, rate * SECONDS).astype(np.float32)
    times: dict[str, list[float]] = {name: [] for name in makers}
    lags: dict[str, list[float]] = {}
    for _ in range(ROUNDS):
        for name, make in makers.items():
            seconds, lags[name] = _run(make(rate), sound, rate)
            times[name].append(1000 * seconds / SECONDS)
    ours = Figures.of(times["captioner"]).p50
    assert ours is not None
    result: dict[str, object] = {}
    for name, make in makers.items():
        gains = [_gain(make(rate), hz, rate) for hz in PASSED]
        cpu = Figures.of(times[name])
        assert cpu.p50 is not None
        result[name] = {
            "ripple_db": max(gains) - min(gains),
            "flatness_db": max(abs(gain) for gain in gains),
            "attenuation_db": {str(hz): -_gain(make(rate), hz, rate) for hz in REMOVED if hz < rate / 2},
            "delay_ms": _delay(make(rate), rate),
            "lag_ms": Figures.of(lags[name]).plain(),
            "cpu_ms_per_second": cpu.plain(),
            "cpu_ratio": cpu.p50 / ours,
        }
    return result


def _blocks(sound: Block, rate: int) -> list[Block]:
    """Blocks of 20 ms, in turns a frame longer where the rate has no whole number of frames in 20 ms."""
    count = len(sound) * 50 // rate
    return [sound[number * rate // 50 : (number + 1) * rate // 50] for number in range(count)]


def _run(resampler: Resampler, sound: Block, rate: int) -> tuple[float, list[float]]:
    """Push it all; return seconds of the processor, and the lag in ms after every block from the second second on."""
    lags, heard = [], 0
    blocks = _blocks(sound, rate)
    began = time.thread_time()
    for block in blocks:
        resampler.push(block)
        heard += len(block)
        lags.append(1000 * (heard / rate - resampler.made))
    return time.thread_time() - began, lags[50:]


def _through(resampler: Resampler, sound: Block, rate: int) -> NDArray[np.floating]:
    return np.concatenate([resampler.push(block) for block in _blocks(sound, rate)])


def _gain(resampler: Resampler, hz: int, rate: int) -> float:
    """Gain in dB for a tone, once the filter is full."""
    tone = (0.5 * np.sin(2 * np.pi * hz * np.arange(rate) / rate)).astype(np.float32)
    out = _through(resampler, tone, rate)[RATE // 4 :]
    whole = len(out) // 80 * 80  # whole periods of every multiple of 100 Hz
    return 20 * math.log10(max(math.sqrt(float(np.mean(out[:whole] ** 2))), _FLOOR) / (0.5 / math.sqrt(2)))


def _delay(resampler: Resampler, rate: int) -> float:
    """How many ms later than its own time a click stands in what comes out, by the middle of its energy."""
    at = rate // 2
    click = np.zeros(rate, np.float32)
    click[at] = 1.0
    energy = _through(resampler, click, rate) ** 2
    return 1000 * (float(np.sum(np.arange(len(energy)) * energy) / np.sum(energy)) / RATE - at / rate)


def render(result: dict[str, object], console: Console) -> None:
    """Print a table; the bounds are those of this program."""
    table = Table(
        title="to 8 kHz, blocks of 20 ms (bounds: ±0.1 dB from 300 to 3,400 Hz, at least 75 dB down, 4 ms of delay)"
    )
    for name in ("Hz", "", "± dB", *(f"{hz / 1000:g} kHz" for hz in REMOVED), "delay ms", "lag ms p50", "p95", "max"):
        table.add_column(name, justify="right" if name else "left")
    for name in ("CPU ms/s p50", "p95", "n", "ratio"):
        table.add_column(name, justify="right")
    for rate, resamplers in result.items():
        assert isinstance(resamplers, dict)
        for number, (name, figures) in enumerate(resamplers.items()):
            lag, cpu, attenuation = figures["lag_ms"], figures["cpu_ms_per_second"], figures["attenuation_db"]
            table.add_row(
                "" if number else rate,
                name,
                f"{figures['flatness_db']:.3f}",
                *(f"-{attenuation[str(hz)]:.0f}" if str(hz) in attenuation else "–" for hz in REMOVED),
                f"{figures['delay_ms']:.2f}",
                *(f"{lag[each]:.1f}" for each in ("p50", "p95", "max")),
                f"{cpu['p50']:.2f}",
                f"{cpu['p95']:.2f}",
                f"{cpu['n']}",
                f"{figures['cpu_ratio']:.2f}",
                end_section=number == len(resamplers) - 1,
            )
    console.print(table)
