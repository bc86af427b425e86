"""The report of a comparison: a page, a table for spreadsheets, all numbers as JSON, and a table for the terminal.

The same comparison in the same language gives the same bytes: nothing here asks for a time or a random number.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from captioner import __version__
from captioner.compare.analysis import Analysis, Row, analyse, as_designed
from captioner.compare.outcome import Comparison
from captioner.compare.page import page
from captioner.compare.scoring import Accuracy, ErrorRate
from captioner.compare.summary import headline
from captioner.compare.wording import (
    anchor_sentence,
    definitions,
    finding,
    notices,
    recording_name,
)
from captioner.errors import Fault
from captioner.events import RATE
from captioner.language import Sentences
from captioner.places import FileProblem, resource

if TYPE_CHECKING:
    from rich.console import Group

COLUMN_NAMES = (
    "recording", "channel", "way", "repeat", "utterance", "audio_start", "audio_stop", "first_interim_ms",
    "capture_ms", "condition_ms", "silence_wait_ms", "token_ms", "connect_ms", "queue_ms", "recognise_ms", "render_ms",
    "total_ms", "outcome", "text",
)  # fmt: skip
"""The columns of `utterances.csv`."""

_STAGE_NAMES = tuple(name.removesuffix("_ms") for name in COLUMN_NAMES[8:17])


def write_report(
    comparison: Comparison, directory: Path, say: Sentences, fault: Callable[[Fault], str]
) -> tuple[Path, ...] | FileProblem:
    """Write `report.html`, `utterances.csv` and `report.json`.

    Args:
        comparison: what the runs brought.
        directory: made where it is not there.
        say: the person's language.
        fault: puts a fault into words.

    Returns:
        The files, or why they could not be written.
    """
    analysis = analyse(comparison)
    font = resource("fonts", "Pretendard-Regular.otf").read_bytes()
    files = {
        "report.html": page(analysis, say, fault, font).encode("utf-8"),
        "utterances.csv": utterances_csv(analysis).encode("utf-8-sig"),  # with the mark by which Excel knows UTF-8
        "report.json": report_json(analysis).encode("utf-8"),
    }
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for name, data in files.items():
            (directory / name).write_bytes(data)
    except OSError as error:
        detail = error.strerror or type(error).__name__
        return FileProblem("The report cannot be written to {path} ({detail}).", {"path": directory, "detail": detail})
    return tuple(directory / name for name in files)


# ---------------------------------------------------------------- files


def utterances_csv(analysis: Analysis) -> str:
    """Write a line for each utterance, way and repeat: times in seconds, delays in milliseconds, lines end as RFC 4180.

    A delay that is not known is empty. The total of an utterance without a final is the timeout; its outcome tells.
    """
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\r\n")
    writer.writerow(COLUMN_NAMES)
    for row in analysis.rows:
        recording = analysis.comparison.recordings[row.recording]
        match = row.match
        writer.writerow(
            (
                recording.name,
                recording.channel,
                row.way.value,
                row.repeat,
                match.utterance,
                match.anchor.start / RATE,
                match.anchor.stop / RATE,
                row.first_interim_ms,
                *(row.ms[stage] for stage in _STAGE_NAMES),
                match.outcome.value,
                match.text,
            )
        )
    return file.getvalue()


def report_json(analysis: Analysis) -> str:
    """Write all numbers, and what they mean (in English), as one JSON object."""
    comparison = analysis.comparison
    document = {
        "captioner": __version__,
        "service": comparison.service,
        "started": comparison.started,
        "stopped": comparison.stopped,
        "repeats": comparison.repeats,
        "timeout_ms": comparison.timeout * 1000,
        "silence_ms": comparison.silence * 1000,
        "bootstrap_seed": comparison.seed,
        "design": None if comparison.design is None else asdict(comparison.design),
        "recordings": [
            {
                "name": each.name,
                "channel": each.channel,
                "seconds": each.length / RATE,
                "utterances": len(each.anchors),
                "anchored_by": each.anchored_by,
                "anchor_error": None if each.anchor_error is None else asdict(each.anchor_error),
                "reference": None if each.reference is None else each.reference.name,
                "as_designed_ms": as_designed(analysis, len(each.anchors)),
            }
            for each in comparison.recordings
        ],
        "ways": {
            each.way: {
                "total_ms": asdict(each.total),
                "stages_ms": {name: asdict(stage) for name, stage in each.stages.items()},
                "own_ms": asdict(each.own),
                "queued_behind_itself": [
                    _behind(comparison, row) for row in analysis.rows if row.way is each.way and row.match.behind
                ],
                "waterfalls": [asdict(waterfall) for waterfall in each.waterfalls],
                "first_interim_ms": asdict(each.first_interim),
                "ecdf": each.steps,
                "outcomes": dict(each.outcomes),
                "extra_finals": each.extra,
                "stability": {
                    **asdict(each.stability),
                    "erasure": each.stability.erasure,
                    "upwr": each.stability.upwr,
                    "upsr": each.stability.upsr,
                },
                "accuracy": None if each.accuracy is None else _accuracy(each.accuracy),
                "bill": asdict(each.bill),
                "faults": [fault.kind for fault in each.faults],
            }
            for each in analysis.ways
        },
        "pairs": [
            {
                "way": each.way,
                "against": each.against,
                "difference_ms": None if each.difference is None else asdict(each.difference),
                "resampled": "recordings" if each.by_recording else "utterances",
                "censored": each.censored,
            }
            for each in analysis.pairs
        ],
        "references": [
            {
                "recordings": each.recordings,
                "mismatch": each.mismatch,
                "accuracy": {way: _accuracy(accuracy) for way, accuracy in each.accuracies.items()},
            }
            for each in analysis.transcripts
        ],
        "definitions": {each.term: each.meaning for each in definitions(analysis, Sentences())},
    }
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def _behind(comparison: Comparison, row: Row) -> dict[str, Any]:
    """Say how much of a row's queue was behind the way's own earlier utterance, which is not in the own share."""
    recording = comparison.recordings[row.recording]
    return {
        "recording": recording.name,
        "channel": recording.channel,
        "repeat": row.repeat,
        "utterance": row.match.utterance,
        "ms": round(1000 * row.match.behind, 3),
    }


def _accuracy(accuracy: Accuracy) -> dict[str, Any]:
    def rate(each: ErrorRate) -> dict[str, Any]:
        return {**asdict(each), "rate": each.rate}

    return {"cer": rate(accuracy.cer), "cer_numbers": rate(accuracy.cer_numbers), "wer": rate(accuracy.wer)}


# ---------------------------------------------------------------- terminal


def table(analysis: Analysis, say: Sentences, fault: Callable[[Fault], str]) -> Group:
    """Return what the terminal shows: the delay of each utterance and way, what the pairs show, and what is missing.

    Args:
        analysis: the comparison with its numbers.
        say: the person's language.
        fault: puts a fault into words.
    """
    from rich import box
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    comparison = analysis.comparison
    figures = headline(analysis, say)
    shown = Table(title=figures.title, box=box.SIMPLE, title_style="bold")
    first, *others = figures.heads
    shown.add_column(first)
    for heading in others:
        shown.add_column(heading, justify="right", no_wrap=True)
    for row in figures.rows:
        shown.add_row(*row)
    if figures.faint:
        shown.add_row(*figures.faint, style="dim")
    lines = [
        *dict.fromkeys(
            f"{recording_name(each, say)}: {anchor_sentence(each, say)}"
            for each in comparison.recordings
            if each.anchors
        ),
        *(said for pair in analysis.pairs if (said := finding(pair, say))),
        *notices(analysis, say, fault),
    ]
    return Group(shown, *(Text(line) for line in lines))
