"""What a call costs: processor and memory of the client's own process, the emulator being another.

`transcribe` captions the sample call at the pace of speech; the window does the same offscreen, with its overlay open.
A process that only wakes as often as sound comes stands beside them: what a shared machine charges for that differs
from hour to hour.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from captioner.audio.wav import open_sound
from captioner.bench import yardstick
from captioner.bench.process import part, usage
from captioner.emulator.process import EmulatorProcess
from captioner.places import resource


def measure() -> dict[str, object]:
    """Run all; return the share of one core in percent and, of ours, the largest resident memory in MB."""
    emulator = EmulatorProcess()
    url = emulator.start("measured", ())
    try:
        return {
            "a timer, 50 times a second": _timer(),
            "transcribe": _transcribe(url),
            "window (offscreen)": _window(url),
        }
    finally:
        emulator.stop()


def _timer() -> dict[str, object]:
    done = subprocess.run(part("yardstick"), stdout=subprocess.PIPE, encoding="utf-8", check=True)
    return {"seconds": yardstick.SECONDS, "core_percent": float(done.stdout)}


def _transcribe(url: str) -> dict[str, object]:
    began = time.perf_counter()
    done = subprocess.run(
        part("footprint", url),
        env={**os.environ, "RTZR_CLIENT_ID": "bench", "RTZR_CLIENT_SECRET": "bench"},
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    seconds = time.perf_counter() - began
    _, cpu, memory = done.stderr.splitlines()[-1].split()
    return {"seconds": seconds, "core_percent": 100 * float(cpu) / seconds, "memory_mb": float(memory)}


def _window(url: str) -> dict[str, object]:
    sound = open_sound(resource("sample", "sample_call.flac"))
    sound.close()
    began = time.perf_counter()
    done = subprocess.run(
        part("window_run", url, sound.seconds),
        env={"QT_QPA_PLATFORM": "offscreen", **os.environ},
        stdout=subprocess.PIPE,
        encoding="utf-8",
        check=True,
    )
    seconds = time.perf_counter() - began
    result = json.loads(done.stdout.splitlines()[-1])
    return {"seconds": seconds, "core_percent": 100 * result["cpu"] / seconds, "memory_mb": result["memory"]}


def main(arguments: Sequence[str]) -> None:
    """Caption the sample call; print what this process used as the last line of standard error.

    Args:
        arguments: URL of the emulator.
    """
    from captioner.cli import main as run

    code = run(["transcribe", str(resource("sample", "sample_call.flac")), "--endpoint", arguments[0]])
    print("usage", *usage(), file=sys.stderr)
    sys.exit(code)


def render(result: dict[str, object], console: Console) -> None:
    """Print the table."""
    table = Table(title="one call, one process (bounds: transcribe 4 % and 120 MB, window 12 % and 220 MB)")
    for name in ("", "seconds", "% of one core", "MB"):
        table.add_column(name, justify="left" if not name else "right")
    for name, figures in result.items():
        assert isinstance(figures, dict)
        memory = f"{figures['memory_mb']:.0f}" if "memory_mb" in figures else ""
        table.add_row(name, f"{figures['seconds']:.0f}", f"{figures['core_percent']:.1f}", memory)
    console.print(table)
