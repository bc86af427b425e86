"""The design's own table: three utterances through all ways, and how far each cell is from the design's arithmetic.

The emulator's profile `design` has the delays that the design counts with. What is over is this computer's share:
blocks and frames of 20 ms, the work of asking for a token and a connection, and the timers of both processes.
"""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

from captioner.bench.figures import Figures
from captioner.bench.utterances import write_utterances
from captioner.compare.analysis import analyse
from captioner.compare.outcome import Comparison, Design, Reference, Way
from captioner.compare.reference import read_reference
from captioner.compare.run import TIMEOUT, Runs, listen
from captioner.compare.services import Emulated, design
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
            "designed_ms": (designed := _designed(way, utterance, known, settings)),
            "total_ms": Figures.of(totals).plain(),
            "over_ms": Figures.of(total - designed for total in totals).plain(),
        }
        for way in ways
        for utterance in range(1, COUNT + 1)
        if (totals := [row.total_ms for row in rows if (row.way, row.match.utterance) == (way, utterance)])
    ]
    return {"cells": cells}


def _designed(way: Way, utterance: int, known: Design, settings: Settings) -> float:
    """Return what the design's delays add up to, in milliseconds."""
    seconds = known.text
    if way.waits:
        seconds += known.silence
        seconds += known.token if utterance == 1 or way is Way.BASELINE else 0.0
        seconds += known.connect if utterance == 1 or way is not Way.CONNECTION_KEPT else 0.0
    elif way is Way.STREAMING_FINALIZE:
        seconds += settings.hangover
    return round(1000 * seconds, 3)


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
