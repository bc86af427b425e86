"""The design's own table: three utterances through all ways, and how far each cell is from the design's arithmetic.

The emulator's profile `design` has the delays that the design counts with. What is over is this computer's share:
blocks and frames of 20 ms, the work of asking for a token and a connection, and the timers of both processes. Of the
utterance that has the most of it, the stages say where it was spent.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Mapping
from pathlib import Path

from rich.console import Console
from rich.table import Table

from captioner.bench.figures import Figures
from captioner.bench.utterances import write_utterances
from captioner.compare.analysis import Row, analyse
from captioner.compare.outcome import Comparison, Design, Reference, Way
from captioner.compare.reference import read_reference
from captioner.compare.run import TIMEOUT, Runs
from captioner.compare.services import Emulated, design
from captioner.compare.takes import listen
from captioner.compare.ways import groups
from captioner.language import Sentences
from captioner.settings import Settings

COUNT, PAUSE, REPEATS = 3, 4.0, 3
BOUND_MS = 40.0
"""Over the arithmetic, in each cell."""


def measure() -> dict[str, object]:
    """Run all ways; return the totals of every cell and what they are over the design, in milliseconds."""
    settings, ways = Settings(), tuple(Way)
    known = design("design", settings.silence)
    assert known is not None
    with tempfile.TemporaryDirectory(prefix="captioner-") as name:
        wav, script = write_utterances(Path(name), COUNT, PAUSE)
        reference = read_reference(script)
        assert isinstance(reference, Reference)
        take = asyncio.run(listen(wav, wav.name, None, reference, silence=settings.silence))
        service = Emulated("design", max(map(len, groups(ways))), {wav: script}, Sentences())
        runs = Runs([take], ways, REPEATS, settings, service.of, lambda _: None)
        asyncio.run(runs.run())
    rows = analyse(Comparison((take.recording,), ways, REPEATS, tuple(runs.done), TIMEOUT)).rows
    cells = [
        {
            "way": way,
            "utterance": utterance,
            "designed_ms": (promised := sum(designed(way, utterance, known, settings.hangover).values())),
            "total_ms": Figures.of(totals).plain(),
            "over_ms": Figures.of(total - promised for total in totals).plain(),
        }
        for way in ways
        for utterance in range(1, COUNT + 1)
        if (totals := [row.total_ms for row in rows if (row.way, row.match.utterance) == (way, utterance)])
    ]
    worst = max(rows, key=lambda row: sum(excess(row, known, settings.hangover).values()))
    spent = excess(worst, known, settings.hangover)
    return {
        "cells": cells,
        "worst": {
            "way": worst.way,
            "utterance": worst.match.utterance,
            "repeat": worst.repeat,
            "over_ms": round(sum(spent.values()), 3),
            "stages_over_ms": spent,
        },
    }


def designed(way: Way, utterance: int, known: Design, hangover: float) -> Mapping[str, float]:
    """Return the design's delays by stage, in milliseconds; stages that it does not know are 0.

    Args:
        way: through which the utterance goes.
        utterance: its number, from 1; the first one pays for more.
        known: the delays, in seconds.
        hangover: seconds without speech after which `streaming-finalize` asks for the text.
    """
    seconds = {"release": 0.0, "token": 0.0, "connect": 0.0, "queue": 0.0, "recognise": known.text}
    if way.waits:
        seconds["release"] = known.silence
        seconds["token"] = known.token if utterance == 1 or way is Way.BASELINE else 0.0
        seconds["connect"] = known.connect if utterance == 1 or way is not Way.CONNECTION_KEPT else 0.0
    elif way is Way.STREAMING_FINALIZE:
        seconds["recognise"] += hangover
    return {stage: round(1000 * each, 3) for stage, each in seconds.items()}


def excess(row: Row, known: Design, hangover: float) -> dict[str, float]:
    """Return by stage what an utterance took longer than the design says, in milliseconds.

    Capture, conditioning and silence wait are one stage here, `release`: what a sample waits for its block and its
    frame it need not wait for the end of the silence.

    Args:
        row: with all its stages.
        known: the delays, in seconds.
        hangover: as for `designed`.
    """
    taken = {stage: row.ms[stage] or 0.0 for stage in ("token", "connect", "queue", "recognise")}
    taken["release"] = sum(row.ms[stage] or 0.0 for stage in ("capture", "condition", "silence_wait"))
    promised = designed(row.way, row.match.utterance, known, hangover)
    return {stage: round(taken[stage] - each, 3) for stage, each in promised.items()}


def render(result: dict[str, object], console: Console) -> None:
    """Print the table."""
    table = Table(title=f"total (ms), and what it is over the design (ms; bound: {BOUND_MS:g} in each cell)")
    for name in ("", "utterance", "designed", "n", "p50", "over p50", "over max"):
        table.add_column(name, justify="left" if not name else "right")
    cells = result["cells"]
    assert isinstance(cells, list)
    for cell in cells:
        total, over = cell["total_ms"], cell["over_ms"]
        figures = (f"{value:.1f}" for value in (total["p50"], over["p50"], over["max"]))
        table.add_row(cell["way"], str(cell["utterance"]), f"{cell['designed_ms']:.0f}", str(total["n"]), *figures)
    console.print(table)
    worst = result["worst"]
    assert isinstance(worst, dict)
    spent = ", ".join(f"{stage} {over:+.1f}" for stage, over in worst["stages_over_ms"].items())
    console.print(
        f"Most: {worst['way']}, utterance {worst['utterance']}, run {worst['repeat']}: {worst['over_ms']:.1f} ms over, "
        f"of which {spent}. Release is capture, conditioning and silence wait together."
    )
