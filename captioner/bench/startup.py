"""How long a person waits: for the version, for the window, and for the window to listen.

Every run is a new process, counted from the moment it is started; the emulator's `design` profile (120 ms for a token,
80 ms for a connection) runs already. The first run of each kind is not counted: it warms the disk's cache.

Where `CAPTIONER_FROZEN` names a frozen program, it is measured beside this one, by turns, so that both meet the same
machine.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence

from rich.console import Console
from rich.table import Table

from captioner.bench.figures import Figures, row
from captioner.bench.process import part
from captioner.commands.ending import CommandError, ExitCode
from captioner.emulator.process import EmulatorProcess, program
from captioner.language import Sentences, system_language

RUNS = 7

FROZEN = "CAPTIONER_FROZEN"
"""The variable of the environment that names a frozen program's file."""


def measure() -> dict[str, object]:
    """Start and stop; return seconds.

    Raises:
        CommandError: what `CAPTIONER_FROZEN` names cannot be started.
    """
    here = program()
    programs = {"": here}
    if frozen := os.environ.get(FROZEN):
        if shutil.which(frozen) is None:
            say = Sentences.load(system_language())
            sentence = say("{variable} names no program that can be started: {path}", variable=FROZEN, path=frozen)
            raise CommandError(ExitCode.BAD_INPUT, sentence)
        programs[" (frozen)"] = [frozen]
    emulator = EmulatorProcess()
    url = emulator.start("design", ())
    window = part("window_run", url, 0)[len(here) :]
    try:
        versions = _by_turns(programs, _version)
        windows = _by_turns(programs, lambda command: _window([*command, *window]))
    finally:
        emulator.stop()
    result: dict[str, object] = {}
    for name in programs:
        result[f"captioner --version{name}"] = Figures.of(each["ended"] for each in versions[name]).plain()
        for milestone, title in (("shown", "window shown"), ("listening", "listening")):
            result[f"{title}{name}"] = Figures.of(each[milestone] for each in windows[name]).plain()
    return result


def _by_turns(
    programs: Mapping[str, list[str]], run: Callable[[list[str]], dict[str, float]]
) -> dict[str, list[dict[str, float]]]:
    turns = [{name: run(command) for name, command in programs.items()} for _ in range(1 + RUNS)]
    return {name: [turn[name] for turn in turns[1:]] for name in programs}


def _version(command: Sequence[str]) -> dict[str, float]:
    began = time.perf_counter()
    subprocess.run([*command, "--version"], check=True, stdout=subprocess.DEVNULL)
    return {"ended": time.perf_counter() - began}


def _window(command: Sequence[str]) -> dict[str, float]:
    began = time.perf_counter()
    done = subprocess.run(
        command,
        env={"QT_QPA_PLATFORM": "offscreen", **os.environ},
        stdout=subprocess.PIPE,
        encoding="utf-8",
        check=True,
    )
    milestones = json.loads(done.stdout.splitlines()[-1])["milestones"]
    return {name: at - began for name, at in milestones.items()}


def render(result: dict[str, object], console: Console) -> None:
    """Print the table."""
    table = Table(
        title="from the start of the process (s; bounds: version 0.5, window 1.2 (frozen 1.5), listening 1.5)"
    )
    for name in ("", "n", "p50", "p95", "max"):
        table.add_column(name, justify="left" if not name else "right")
    for name, figures in result.items():
        table.add_row(name, *row(figures))
    console.print(table)
