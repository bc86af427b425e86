"""How long a person waits: for the version, for the window, and for the window to listen.

Every run is a new process, counted from the moment it is started; the emulator's `design` profile (120 ms for a token,
80 ms for a connection) runs already. The first run of each kind is not counted: it warms the disk's cache.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time

from rich.console import Console
from rich.table import Table

from captioner.bench.figures import Figures, row
from captioner.emulator.process import EmulatorProcess

RUNS = 7


def measure() -> dict[str, object]:
    """Start and stop; return seconds."""
    emulator = EmulatorProcess()
    url = emulator.start("design", ())
    try:
        _version()
        versions = [_version() for _ in range(RUNS)]
        _window(url)
        windows = [_window(url) for _ in range(RUNS)]
    finally:
        emulator.stop()
    return {
        "captioner --version": Figures.of(versions).plain(),
        "window shown": Figures.of(each["shown"] for each in windows).plain(),
        "listening": Figures.of(each["listening"] for each in windows).plain(),
    }


def _version() -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, "-m", "captioner", "--version"], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


def _window(url: str) -> dict[str, float]:
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "captioner.bench.window_run", url, "0"],
        env={"QT_QPA_PLATFORM": "offscreen", **os.environ},
        stdout=subprocess.PIPE,
        encoding="utf-8",
        check=True,
    )
    milestones = json.loads(done.stdout.splitlines()[-1])["milestones"]
    return {name: at - began for name, at in milestones.items()}


def render(result: dict[str, object], console: Console) -> None:
    """Print the table."""
    table = Table(title="from the start of the process (s; bounds: window 1.2, listening 1.5)")
    for name in ("", "n", "p50", "p95", "max"):
        table.add_column(name, justify="left" if not name else "right")
    for name, figures in result.items():
        table.add_row(name, *row(figures))
    console.print(table)
