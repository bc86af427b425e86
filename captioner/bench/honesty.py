"""Honesty: how far the delays that a comparison reports are from those that really were.

All ways hear the utterances of the sample call, each against an emulator of its own in another process, whose delays
differ from one use to the next. The emulators keep a journal. What is true is taken from it, and from the script's ends
of words, never from our own stamps: a text was there when the emulator gave it, and the sound began when the emulators
that were sent all of it heard it begin. (All processes of a computer share the clock of `time.perf_counter`.)

    total      from the script's end of the last word to the final's leaving the emulator
    recognise  from the arrival of that sample at the emulator to the same moment

So the errors hold the way back, the turns of our loop and every mistake in our stamps, and they can only be too large
by the way of a sample to the emulator.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from captioner.account import ANYBODY
from captioner.bench.figures import Figures
from captioner.bench.utterances import write_utterances
from captioner.compare.matching import Outcome, match_run
from captioner.compare.outcome import Recording, Reference, Way, WayRun
from captioner.compare.reference import read_reference
from captioner.compare.run import Dial, Runs, ServiceLine
from captioner.compare.takes import Live, Take, listen
from captioner.compare.ways import groups, offsets
from captioner.emulator.process import EmulatorProcess
from captioner.emulator.profiles import SPREAD
from captioner.emulator.script import read_script
from captioner.events import RATE
from captioner.settings import Settings
from captioner.stt.link import Network

COUNT = 16
PAUSE = 2.5
"""Utterances, and seconds between them: longer than any of the profile's delays keeps a way busy."""

BOUND_MS = 15.0
"""Of the absolute errors' 95th percentile."""


@dataclass(frozen=True, slots=True)
class Error:
    """Reported minus true, in milliseconds, for one utterance of one way."""

    way: Way
    recognise: float
    total: float


def measure() -> dict[str, object]:
    """Run all ways once; return the errors, by way and over all, and how late the emulators were themselves."""
    with tempfile.TemporaryDirectory(prefix="captioner-") as name:
        folder = Path(name)
        wav, script = write_utterances(folder, COUNT, PAUSE)
        reference = read_reference(script)
        assert isinstance(reference, Reference)
        take = asyncio.run(listen(wav, wav.name, None, reference))
        witnesses = _Witnesses(folder, wav, script)
        runs = Runs([take], tuple(Way), 1, Settings(), witnesses.of, lambda _: None)
        asyncio.run(runs.run())
        journals = witnesses.journals()
        ends = _last_words(script, reference)
    errors = errors_of(take.recording, runs.done, journals, ends)
    late = [
        1000 * (final["sent"] - final["due"])
        for journal in journals.values()
        for each in journal
        for final in each["finals"]
    ]
    return {
        "utterances": len(take.recording.anchors) * len(Way),
        "ways": {way: _figures([each for each in errors if each.way is way]) for way in Way},
        "all": _figures(errors),
        "emulator_late_ms": Figures.of(late).plain(),
    }


def errors_of(
    recording: Recording,
    runs: Sequence[WayRun],
    journals: Mapping[Way, Sequence[Mapping[str, Any]]],
    ends: Sequence[int],
) -> list[Error]:
    """Compare every utterance that has a final of its own with what its emulator did.

    Args:
        recording: what was heard.
        runs: one of each way.
        journals: by way: the connections of its emulator, see `ServiceLog.journal`.
        ends: for each utterance, which word of the script is its last.
    """
    began = dict[Way, float]()
    for group in groups(tuple(Way)):  # which hear the sound at the same time
        leads = [each["lead"] for way in group if not way.waits for each in journals[way] if each["lead"] is not None]
        began |= {way: min(leads) + late for way, late in offsets(group).items()}
    errors = list[Error]()
    for run in runs:
        given = {final["last"]: final for each in journals[run.way] for final in each["finals"]}
        for match in match_run(run, recording.anchors).matches:
            final = given.get(ends[match.utterance - 1])
            if match.outcome is not Outcome.FINAL or final is None or match.stages is None or match.total is None:
                continue
            total = final["sent"] - began[run.way] - match.anchor.stop / RATE
            recognise = final["sent"] - final["heard"]
            errors.append(Error(run.way, 1000 * (match.stages.recognise - recognise), 1000 * (match.total - total)))
    return errors


def _figures(errors: Sequence[Error]) -> dict[str, object]:
    return {
        "recognise_ms": Figures.of(abs(each.recognise) for each in errors).plain(),
        "total_ms": Figures.of(abs(each.total) for each in errors).plain(),
    }


def _last_words(script: Path, reference: Reference) -> list[int]:
    words = read_script(script).words
    stops = [(each.stop or 0) / RATE for each in reference.spoken]
    return [min(range(len(words)), key=lambda index: abs(words[index].stop - stop)) for stop in stops]


class _Witnesses:
    """An emulator for each way, in the order in which the ways run, each with a seed and a journal of its own."""

    def __init__(self, folder: Path, wav: Path, script: Path) -> None:
        self._known = wav, script
        ways = [way for group in groups(tuple(Way)) for way in group]
        self._files = {way: folder / f"{way}.json" for way in ways}

    @asynccontextmanager
    async def of(self, take: Take | Live) -> AsyncIterator[Dial]:
        """Start them; return how they are reached, one after the other."""
        del take
        with ExitStack() as stack:
            networks = list[Network]()
            for seed, journal in enumerate(self._files.values(), 1):
                emulator = stack.enter_context(EmulatorProcess())
                url = emulator.start(SPREAD, known=self._known, journal=journal, seed=seed)
                networks.append(Network.of(Settings(endpoint=url)))
            in_turn = iter(networks)
            yield lambda post: ServiceLine(next(in_turn), ANYBODY, post)

    def journals(self) -> dict[Way, list[dict[str, Any]]]:
        """Return what they wrote at their end."""
        return {way: json.loads(path.read_text(encoding="utf-8")) for way, path in self._files.items()}


def render(result: dict[str, object], console: Console) -> None:
    """Print the table."""
    table = Table(title=f"reported minus true, absolute (ms; bound: p95 {BOUND_MS:g})")
    for name in ("", "n", "recognise p50", "p95", "max", "total p50", "p95", "max"):
        table.add_column(name, justify="left" if not name else "right")
    ways = result["ways"]
    assert isinstance(ways, dict)
    for name, figures in [*ways.items(), ("all", result["all"])]:
        assert isinstance(figures, dict)
        recognise, total = figures["recognise_ms"], figures["total_ms"]
        cells = [each[key] for each in (recognise, total) for key in ("p50", "p95", "max")]
        table.add_row(name, str(recognise["n"]), *("–" if cell is None else f"{cell:.2f}" for cell in cells))
    late = result["emulator_late_ms"]
    assert isinstance(late, dict)
    console.print(table)
    console.print(
        f"Utterances: {result['utterances']}. The emulators gave their finals {late['p50']:.2f} ms (p50) and "
        f"{late['p95']:.2f} ms (p95) after they were due, n {late['n']}."
    )
