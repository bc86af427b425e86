"""The comparison's tables in words: what the window and the terminal show of the report."""

from __future__ import annotations

from dataclasses import dataclass
from math import fsum

from captioner.compare.analysis import Analysis, as_designed
from captioner.compare.scoring import ErrorRate
from captioner.compare.wording import milliseconds, percent, seconds, way_name
from captioner.language import Sentences
from captioner.latency.statistics import spread

COLUMNS = 12
"""Utterances of a recording that have a column each; of a longer one only the summary is in the table of delays."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table of words.

    Attributes:
        heads: of the columns; all but the first are of numbers.
        rows: as long as `heads`.
        faint: one more row, which is arithmetic and no measurement; empty where there is none.
    """

    title: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    faint: tuple[str, ...] = ()


def headline(analysis: Analysis, say: Sentences) -> Table:
    """Return the totals of each way, and of each of its utterances where they are few and of one recording."""
    comparison = analysis.comparison
    only = comparison.recordings[0]
    columns = len(only.anchors) if len(comparison.recordings) == 1 and len(only.anchors) <= COLUMNS // 2 else 0
    numbers = range(1, columns + 1)
    rows = list[tuple[str, ...]]()
    for each in analysis.ways:
        total = each.total
        cells = list[str]()
        for number in numbers:
            mine = [row for row in analysis.rows if row.way is each.way and row.match.utterance == number]
            cell = spread([row.total_ms for row in mine])
            cells.append(milliseconds(cell.mean, bound=any(row.censored for row in mine)))
        rows.append(
            (
                way_name(each.way, say),
                *cells,
                milliseconds(total.mean, bound=total.censored > 0),
                milliseconds(total.p50, bound=total.p50_bound),
                milliseconds(total.p95, bound=total.p95_bound),
                str(total.n),
                str(total.censored),
            )
        )
    designed = as_designed(analysis, columns)
    arithmetic: tuple[str, ...] = ()
    if designed:
        name = say("All improvements, as designed (arithmetic, no run)")
        mean = milliseconds(fsum(designed) / len(designed))
        arithmetic = (name, *(milliseconds(each) for each in designed), mean, *[""] * 4)
    return Table(
        title=say("Total from the end of speech to the final text, in milliseconds"),
        heads=(say("Way"), *map(str, numbers), say("mean"), "p50", "p95", "n", say("no final")),
        rows=tuple(rows),
        faint=arithmetic,
    )


def accuracy(analysis: Analysis, say: Sentences) -> Table | None:
    """Return the error rates of each way; None where no reference tells them."""
    rows = tuple(
        (way_name(each.way, say), *(_rate(rate, say) for rate in (scored.cer, scored.cer_numbers, scored.wer)))
        for each in analysis.ways
        if (scored := each.accuracy) is not None
    )
    return Table(say("Accuracy"), (say("Way"), "CER", say("CER with numbers"), "WER"), rows) if rows else None


def _rate(each: ErrorRate, say: Sentences) -> str:
    return f"{percent(each.rate)} ({say('{errors} of {n}', errors=each.errors, n=each.length)})"


def bill(analysis: Analysis, say: Sentences) -> Table:
    """Return what each way asked of the service."""
    heads = say("Way"), say("runs"), say("sound sent, s"), say("sound lost, s"), say("connections"), say("tokens")
    rows = tuple(
        (
            way_name(each.way, say),
            f"{each.bill.runs} / {each.bill.due}",
            seconds(each.bill.sent),
            seconds(each.bill.lost),
            str(each.bill.connections),
            str(each.bill.tokens),
        )
        for each in analysis.ways
    )
    return Table(say("Bill"), heads, rows)
