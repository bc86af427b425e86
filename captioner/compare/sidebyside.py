"""Two ways side by side: what each makes of the same sound, while they hear it and afterwards.

A row is an utterance. It is one of the sound's own utterances as soon as that is known to have ended; until then it is
wherever the texts of the ways overlap. So rows are paired by the time of their sound, never by their order, and the
delay beside a text counts from the last sample of speech, the same for all ways. Once a way has ended, its rows say
what the report says (`match_run`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import assert_never

from captioner.compare.matching import Match, Outcome, match_run, nearest_anchor
from captioner.compare.outcome import Anchor, Way, WayRun
from captioner.compare.scoring import Mark, Piece, differences
from captioner.events import (
    RATE,
    Caption,
    FinalShown,
    Finished,
    GapShown,
    InterimShown,
    Measured,
    StateChanged,
    Update,
    Withdrawn,
)


@dataclass(frozen=True, slots=True)
class Cell:
    """What one way made of one utterance.

    Attributes:
        start, stop: of its text's sound; of an interim, `stop` is the last sample that was written.
        pieces: the text; where both ways have settled, what differs from the other way's is marked.
        final: the text is settled.
        total_ms: from the last sample of speech to the final; None where there is none yet, or no such sample is known.
        bound: there is no final, and it took at least that long.
        outcome: once the way has ended; None before, and of a text that belongs to no utterance.
        with_utterances: numbers of the others that its final covers.
        gap: sound that was lost, in place of a text.
    """

    start: int
    stop: int
    pieces: tuple[Piece, ...]
    final: bool
    total_ms: float | None = None
    bound: bool = False
    outcome: Outcome | None = None
    with_utterances: tuple[int, ...] = ()
    gap: GapShown | None = None

    @property
    def text(self) -> str:
        """The text, without marks."""
        return "".join(piece.text for piece in self.pieces)


@dataclass(frozen=True, slots=True)
class SideRow:
    """An utterance as two ways have it; None is nothing (yet).

    Attributes:
        number: of the utterance, from 1; None where the sound's own utterance is not known, or there is none.
        start: of its sound.
    """

    number: int | None
    start: int
    left: Cell | None
    right: Cell | None


class SideBySide:
    """What the ways made of one take, once.

    An hour of speech has a thousand utterances, and the rows are wanted ten times a second while the ways are measured:
    what has settled is worked out once.

    Args:
        timeout: seconds after an utterance at which a final that never came is entered.
    """

    def __init__(self, timeout: float) -> None:
        self._timeout = timeout
        self._open: dict[Way, dict[int, tuple[Caption, float]]] = {}  # texts that may still find another place
        self._placed: dict[Way, dict[int, list[tuple[Caption, float]]]] = {}  # by the utterance that they belong to
        self._cells: dict[Way, dict[int, Cell]] = {}  # of those
        self._gaps: dict[Way, list[Cell]] = {}
        self._runs: dict[Way, WayRun] = {}
        self._ended: dict[Way, tuple[Mapping[int, Cell], list[Cell]]] = {}
        self._rows: dict[int, tuple[Cell | None, Cell | None, SideRow]] = {}

    def add(self, way: Way, update: Update) -> None:
        """Take the next update of a way."""
        texts = self._open.setdefault(way, {})
        match update:
            case InterimShown(at, caption) | FinalShown(at, caption):
                texts[caption.utterance] = caption, at
            case Withdrawn():
                texts.pop(update.utterance, None)
            case GapShown():
                gap = Cell(update.start, update.stop, (), final=True, gap=update)
                self._gaps.setdefault(way, []).append(gap)
            case StateChanged() | Measured() | Finished():
                pass
            case _:
                assert_never(update)

    def end(self, run: WayRun) -> None:
        """Take what came of a way in the end."""
        self._runs.setdefault(run.way, run)

    def rows(self, left: Way | None, right: Way | None, anchors: Sequence[Anchor]) -> tuple[SideRow, ...]:
        """Return the utterances in the order of their sound.

        Args:
            left: the way on the left; None leaves its side empty.
            right: the way on the right, likewise.
            anchors: the utterances of the sound as far as they are known, in order; whole once a way has ended.
        """
        (placed, loose), (others, other_loose) = (self._column(way, anchors) for way in (left, right))
        rows = list[SideRow]()
        for index in placed.keys() | others.keys():
            one, other = placed.get(index), others.get(index)
            before = self._rows.get(index)
            if before is None or before[0] is not one or before[1] is not other:
                before = self._rows[index] = one, other, _row(index + 1, anchors[index].start, one, other)
            rows.append(before[2])
        for group in _grouped(loose, other_loose):
            one, other = (_joined(cells) if cells else None for cells in group)
            rows.append(_row(None, min(cell.start for cell in (one, other) if cell), one, other))
        rows.sort(key=lambda row: row.start)
        return tuple(rows)

    def _column(self, way: Way | None, anchors: Sequence[Anchor]) -> tuple[Mapping[int, Cell], list[Cell]]:
        """Return a way's texts: by the utterance that they belong to, and those of which that is not known."""
        if way is None:
            return {}, []
        if way not in self._ended and way in self._runs:
            matched = match_run(self._runs[way], anchors)
            extra = [_plain(heard.caption) for heard in matched.extra]
            cells = {each.utterance - 1: self._settled(each) for each in matched.matches}
            self._ended[way] = cells, [*extra, *self._gaps.get(way, ())]
        return self._ended.get(way) or self._so_far(way, anchors)

    def _so_far(self, way: Way, anchors: Sequence[Anchor]) -> tuple[Mapping[int, Cell], list[Cell]]:
        """Return the column of a way that has not ended."""
        texts, placed = self._open.setdefault(way, {}), self._placed.setdefault(way, {})
        cells = self._cells.setdefault(way, {})
        moving: dict[int, list[tuple[Caption, float]]] = {}
        loose = list(self._gaps.get(way, ()))
        for number, (caption, at) in list(texts.items()):
            index = nearest_anchor(caption.start, caption.stop, anchors)
            last = index == len(anchors) - 1
            if index is None or (last and caption.start >= anchors[index].stop):
                loose.append(_plain(caption))  # of an utterance, perhaps, that is not known yet
            elif caption.final and not last:
                placed.setdefault(index, []).append((caption, at))
                cells.pop(index, None)
                del texts[number]
            else:
                moving.setdefault(index, []).append((caption, at))
        for index in placed.keys() - cells.keys():
            cells[index] = _cell(placed[index], anchors[index])
        now = {index: _cell([*placed.get(index, ()), *more], anchors[index]) for index, more in moving.items()}
        return {**cells, **now}, loose

    def _settled(self, match: Match) -> Cell:
        return Cell(
            start=match.anchor.start,
            stop=match.anchor.stop,
            pieces=_whole(match.text),
            final=True,
            total_ms=1000 * (self._timeout if match.total is None else match.total),
            bound=match.total is None,
            outcome=match.outcome,
            with_utterances=match.with_utterances,
        )


def _whole(text: str) -> tuple[Piece, ...]:
    return (Piece(text, Mark.SAME),) if text else ()


def _plain(caption: Caption) -> Cell:
    return Cell(caption.start, caption.stop, _whole(" ".join(caption.text.split())), caption.final)


def _cell(texts: Sequence[tuple[Caption, float]], anchor: Anchor) -> Cell:
    """Make the cell of an utterance from the texts that belong to it, each with the time at which it came."""
    cell = _joined([_plain(caption) for caption, _ in texts])
    if not cell.final:
        return cell
    total = max(at for _, at in texts) - anchor.stop / RATE
    return replace(cell, total_ms=max(0.0, 1000 * total))


def _joined(cells: Iterable[Cell]) -> Cell:
    """Make one of several texts of the same utterance."""
    ordered = sorted(cells, key=lambda cell: (cell.start, cell.stop))
    if len(ordered) == 1:
        return ordered[0]
    return Cell(
        start=ordered[0].start,
        stop=max(cell.stop for cell in ordered),
        pieces=_whole(" ".join(cell.text for cell in ordered if cell.text)),
        final=all(cell.final for cell in ordered),
        gap=next((cell.gap for cell in ordered if cell.gap), None),
    )


def _grouped(left: Iterable[Cell], right: Iterable[Cell]) -> list[tuple[list[Cell], list[Cell]]]:
    """Put together what is said at the same time: texts that share half of the shorter one's sound."""
    groups = list[tuple[list[Cell], list[Cell]]]()
    span = Anchor(0, 0)
    both = [(cell, 0) for cell in left] + [(cell, 1) for cell in right]
    for cell, side in sorted(both, key=lambda each: (each[0].start, each[0].stop)):
        shared = min(cell.stop, span.stop) - max(cell.start, span.start)
        if groups and 0 < min(cell.stop - cell.start, span.stop - span.start) <= 2 * shared:
            span = Anchor(span.start, max(span.stop, cell.stop))
        else:
            groups.append(([], []))
            span = Anchor(cell.start, cell.stop)
        groups[-1][side].append(cell)
    return groups


def _row(number: int | None, start: int, left: Cell | None, right: Cell | None) -> SideRow:
    """Make a row, with what differs marked on both sides where both have settled."""
    if left and right and left.final and right.final and left.text != right.text and left.text and right.text:
        left, right = (
            replace(left, pieces=_marked(right.text, left.text)),
            replace(right, pieces=_marked(left.text, right.text)),
        )
    return SideRow(number, start, left, right)


@lru_cache(maxsize=4096)
def _marked(other: str, text: str) -> tuple[Piece, ...]:
    """Mark what differs from the other text; what only that one has is marked there."""
    return tuple(piece for piece in differences(other, text) if piece.mark is not Mark.DELETED)
