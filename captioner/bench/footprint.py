"""What a call costs: processor and memory of the client's own process, its start and its end included.

The emulator is another one. `transcribe` captions the sample call at the pace of speech; the window does the same
offscreen, with its overlay open. A process that only wakes as often as sound comes stands beside them: what a shared
machine charges for that differs from hour to hour. All of it is measured twice: on the machine as it is, and beside
processes of the lowest priority that keep the processors from going to sleep.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from functools import partial

from rich.console import Console
from rich.table import Table

from captioner.audio.wav import open_sound
from captioner.bench import yardstick
from captioner.bench.process import kept_awake, part, run
from captioner.emulator.process import EmulatorProcess, program
from captioner.places import resource


def measure() -> dict[str, object]:
    """Run all; return the shares of one core in percent and, of ours, the largest resident memory in MB."""
    emulator = EmulatorProcess()
    url = emulator.start("measured", ())
    runs: dict[str, Callable[[], dict[str, object]]] = {
        "a timer, 50 times a second": _timer,
        "transcribe": partial(_transcribe, url),
        "window (offscreen)": partial(_window, url),
    }
    try:
        result = {name: run_it() for name, run_it in runs.items()}
        with kept_awake():
            for name, run_it in runs.items():
                result[name]["core_percent_awake"] = run_it()["core_percent"]
    finally:
        emulator.stop()
    return dict[str, object](result)


def _timer() -> dict[str, object]:
    done = subprocess.run(part("yardstick"), stdout=subprocess.PIPE, encoding="utf-8", check=True)
    return {"seconds": yardstick.SECONDS, "core_percent": float(done.stdout)}


def _transcribe(url: str) -> dict[str, object]:
    return _used(
        [*program(), "transcribe", str(resource("sample", "sample_call.flac")), "--endpoint", url],
        RTZR_CLIENT_ID="bench",
        RTZR_CLIENT_SECRET="bench",
    )


def _window(url: str) -> dict[str, object]:
    sound = open_sound(resource("sample", "sample_call.flac"))
    sound.close()
    return _used(part("window_run", url, sound.seconds), QT_QPA_PLATFORM="offscreen")


def _used(command: list[str], **environment: str) -> dict[str, object]:
    spent = run(command, environment)
    return {
        "seconds": spent.seconds,
        "core_percent": None if spent.cpu is None else 100 * spent.cpu / spent.seconds,
        "memory_mb": spent.memory_mb,
    }


def render(result: dict[str, object], console: Console) -> None:
    """Print the table."""
    table = Table(title="one call, one process (bounds: transcribe 4 % and 120 MB, window 12 % and 220 MB)")
    for name in ("", "seconds", "% of one core", "processors kept awake: %", "MB"):
        table.add_column(name, justify="left" if not name else "right")
    for name, figures in result.items():
        assert isinstance(figures, dict)
        shares = ("core_percent", ".1f"), ("core_percent_awake", ".1f"), ("memory_mb", ".0f")
        told = ("" if figures.get(key) is None else f"{figures[key]:{form}}" for key, form in shares)
        table.add_row(name, f"{figures['seconds']:.0f}", *told)
    console.print(table)
