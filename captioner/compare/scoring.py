"""How right a text is: error rates in syllables and in words, and where the differences are.

Policy. All texts are brought to Unicode's NFC first: the same text in NFD would have more errors than letters. Only
letters and digits count (Unicode categories L, M and N); case counts. *CER* compares them one by one, without spaces:
of Korean, syllables. *WER* compares words between spaces, so it also counts spacing, which is loose in Korean. *CER
with numbers* is CER after both texts spell their numbers alike (`numerals.py`). An error rate is (substitutions +
deletions + insertions) / length of the reference, at the fewest errors possible, and may exceed 1.

Edit distances are computed with bit vectors, a column of the table in a few operations on whole numbers (G. Myers, A
fast bit-vector algorithm for approximate string matching, J. ACM 46(3), 1999; H. Hyyrö, A bit-vector algorithm for
computing Levenshtein and Damerau edit distances, Nordic J. Computing 10(1), 2003), and long texts are halved (D. S.
Hirschberg, A linear space algorithm for computing maximal common subsequences, Comm. ACM 18(6), 1975): an hour of
speech takes half a second, and little memory.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from captioner.compare.numerals import spelled_out

T = TypeVar("T", bound=Hashable)

_CELLS = 1 << 26
"""Cells of the table whose bits are kept at once: 16 MB."""

MISMATCH = 0.8
"""CER above which a text is not one of the same speech."""


# ---------------------------------------------------------------- what is compared


def syllables(text: str) -> str:
    """Return the letters and digits of a text in NFC: of Korean, its syllables."""
    return "".join(character for character in unicodedata.normalize("NFC", text) if _counts(character))


def words(text: str) -> list[str]:
    """Return the words between spaces, without their punctuation."""
    return [word for each in unicodedata.normalize("NFC", text).split() if (word := syllables(each))]


def _counts(character: str) -> bool:
    return unicodedata.category(character)[0] in "LMN"


# ---------------------------------------------------------------- alignment


class Edit(StrEnum):
    """A step of an alignment."""

    SAME = "same"
    SUBSTITUTED = "substituted"
    DELETED = "deleted"  # it stands in the reference only
    INSERTED = "inserted"  # it stands in the other text only


def align(reference: Sequence[T], other: Sequence[T]) -> list[Edit]:
    """Return the fewest edits that turn the reference into the other text, from left to right.

    The same two texts always give the same edits.
    """
    head = 0
    while head < min(len(reference), len(other)) and reference[head] == other[head]:
        head += 1
    tail = 0
    while tail < min(len(reference), len(other)) - head and reference[-1 - tail] == other[-1 - tail]:
        tail += 1
    middle = _align(reference[head : len(reference) - tail], other[head : len(other) - tail])
    return [*[Edit.SAME] * head, *middle, *[Edit.SAME] * tail]


def _align(reference: Sequence[T], other: Sequence[T]) -> list[Edit]:
    if not reference or not other:
        return [Edit.DELETED] * len(reference) + [Edit.INSERTED] * len(other)
    if len(reference) * len(other) > _CELLS and len(other) > 1:
        half = len(other) // 2
        before = _last_column(reference, other[:half])
        after = _last_column(reference[::-1], other[half:][::-1])[::-1]
        cut = int(np.argmin(before + after))
        return _align(reference[:cut], other[:half]) + _align(reference[cut:], other[half:])
    columns = list(_columns(reference, other))
    edits = list[Edit]()
    row, column = len(reference), len(other)
    while row and column:
        grows, _ = columns[column - 1]
        if grows >> (row - 1) & 1:  # one row less costs one less: a deletion
            edits.append(Edit.DELETED)
            row -= 1
            continue
        column -= 1
        if column and columns[column - 1][1] >> (row - 1) & 1:
            # The column before costs one less at this row than at the row above: an insertion.
            edits.append(Edit.INSERTED)
            continue
        row -= 1
        edits.append(Edit.SAME if reference[row] == other[column] else Edit.SUBSTITUTED)
    edits += [Edit.DELETED] * row + [Edit.INSERTED] * column
    return edits[::-1]


def _columns(reference: Sequence[T], other: Sequence[T]) -> Iterator[tuple[int, int]]:
    """Compute the table of edit distances column by column, one for each element of the other text.

    Yields:
        Two bit vectors: in bit i, whether the distance grows (or falls) by one from row i to row i + 1.
    """
    places: dict[T, int] = {}
    for index, each in enumerate(reference):
        places[each] = places.get(each, 0) | 1 << index
    mask = (1 << len(reference)) - 1
    grows, falls = mask, 0
    for each in other:
        equal = places.get(each, 0)
        diagonal = (((equal & grows) + grows) ^ grows) | equal | falls
        right_grows = falls | (~(diagonal | grows) & mask)
        right_falls = grows & diagonal
        right_grows = (right_grows << 1 | 1) & mask
        right_falls = right_falls << 1 & mask
        grows = right_falls | (~(diagonal | right_grows) & mask)
        falls = right_grows & diagonal
        yield grows, falls


def _last_column(reference: Sequence[T], other: Sequence[T]) -> NDArray[np.int64]:
    """Return the distance of the other text from every beginning of the reference."""
    grows, falls = (1 << len(reference)) - 1, 0
    for grows, falls in _columns(reference, other):  # noqa: B007  (the last ones count)
        pass
    steps = _bits(grows, len(reference)) - _bits(falls, len(reference))
    return np.concatenate(([len(other)], len(other) + np.cumsum(steps)))


def _bits(vector: int, count: int) -> NDArray[np.int64]:
    data = np.frombuffer(vector.to_bytes((count + 7) // 8, "little"), np.uint8)
    return np.unpackbits(data, count=count, bitorder="little").astype(np.int64)


# ---------------------------------------------------------------- error rates


@dataclass(frozen=True, slots=True)
class ErrorRate:
    """Errors of a text against its reference; rates of several texts are added, not averaged.

    Attributes:
        length: of the reference.
    """

    substitutions: int = 0
    deletions: int = 0
    insertions: int = 0
    length: int = 0

    @property
    def errors(self) -> int:
        """All of them."""
        return self.substitutions + self.deletions + self.insertions

    @property
    def rate(self) -> float | None:
        """Errors for each element of the reference; None where that is empty."""
        return self.errors / self.length if self.length else None

    def __add__(self, other: ErrorRate) -> ErrorRate:
        return ErrorRate(
            self.substitutions + other.substitutions,
            self.deletions + other.deletions,
            self.insertions + other.insertions,
            self.length + other.length,
        )


@dataclass(frozen=True, slots=True)
class Accuracy:
    """The error rates of a text; the module's docstring says how each is counted."""

    cer: ErrorRate = ErrorRate()
    wer: ErrorRate = ErrorRate()
    cer_numbers: ErrorRate = ErrorRate()

    def __add__(self, other: Accuracy) -> Accuracy:
        return Accuracy(self.cer + other.cer, self.wer + other.wer, self.cer_numbers + other.cer_numbers)


def error_rate(reference: Sequence[T], other: Sequence[T]) -> ErrorRate:
    """Count the errors of a text."""
    edits = align(reference, other)
    return ErrorRate(
        edits.count(Edit.SUBSTITUTED), edits.count(Edit.DELETED), edits.count(Edit.INSERTED), len(reference)
    )


def score(reference: str, text: str) -> Accuracy:
    """Score a text against what was really said."""
    return Accuracy(
        cer=error_rate(syllables(reference), syllables(text)),
        wer=error_rate(words(reference), words(text)),
        cer_numbers=error_rate(syllables(spelled_out(reference)), syllables(spelled_out(text))),
    )


# ---------------------------------------------------------------- differences


class Mark(StrEnum):
    """What is to be said of a piece of text."""

    SAME = "same"
    NOTATION = "notation"  # a number, written differently
    SUBSTITUTED = "substituted"
    DELETED = "deleted"
    INSERTED = "inserted"


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of text with its mark; pieces that follow one another differ in it."""

    text: str
    mark: Mark


def differences(reference: str, text: str) -> tuple[Piece, ...]:
    """Mark where a text differs from its reference.

    Spaces and punctuation are never marked: they do not count. Where words differ only in how they write a number, they
    are marked as such.

    Returns:
        The text in pieces, and among them, marked as deleted, what only the reference has. Without the deleted ones
        they are the text in NFC.
    """
    left, right = unicodedata.normalize("NFC", reference), unicodedata.normalize("NFC", text)
    left_at = [index for index, character in enumerate(left) if _counts(character)]
    right_at = [index for index, character in enumerate(right) if _counts(character)]
    edits = align([left[index] for index in left_at], [right[index] for index in right_at])
    characters = list[tuple[str, Mark]]()
    row = column = written = 0
    for stretch in _stretches(edits, left, left_at, right, right_at):
        after_row = row + sum(edit is not Edit.INSERTED for edit in stretch)
        after_column = column + sum(edit is not Edit.DELETED for edit in stretch)
        same_number = _number_alike(left, left_at[row:after_row], right, right_at[column:after_column])
        for edit in stretch:
            if edit is Edit.DELETED:
                if not same_number:
                    spaced = _begins(left, left_at, row) and characters and not characters[-1][0].isspace()
                    characters += [(" ", Mark.DELETED)] * bool(spaced) + [(left[left_at[row]], Mark.DELETED)]
                row += 1
                continue
            place = right_at[column]
            if (
                characters
                and characters[-1][1] is Mark.DELETED
                and written == place
                and _begins(right, right_at, column)
            ):
                characters.append((" ", Mark.DELETED))
            characters += [(character, Mark.SAME) for character in right[written:place]]
            different = Mark.NOTATION if same_number else Mark(edit.value)
            characters.append((right[place], Mark.SAME if edit is Edit.SAME else different))
            written = place + 1
            column += 1
            row += edit is not Edit.INSERTED
    characters += [(character, Mark.SAME) for character in right[written:]]
    return tuple(
        Piece("".join(character for character, _ in group), mark)
        for mark, group in groupby(characters, key=lambda each: each[1])
    )


def _stretches(
    edits: Sequence[Edit], left: str, left_at: Sequence[int], right: str, right_at: Sequence[int]
) -> Iterator[list[Edit]]:
    """Cut edits where a word begins in both texts."""
    stretch = list[Edit]()
    row = column = 0
    for edit in edits:
        if stretch and _begins(left, left_at, row) and _begins(right, right_at, column):
            yield stretch
            stretch = []
        stretch.append(edit)
        row += edit is not Edit.INSERTED
        column += edit is not Edit.DELETED
    if stretch:
        yield stretch


def _begins(text: str, places: Sequence[int], index: int) -> bool:
    """Whether a word begins at that letter, or the text is over."""
    if index in (0, len(places)):
        return True
    return any(character.isspace() for character in text[places[index - 1] + 1 : places[index]])


def _number_alike(left: str, left_at: Sequence[int], right: str, right_at: Sequence[int]) -> bool:
    """Whether two stretches of text are the same once their numbers are written alike."""
    if not left_at or not right_at:
        return False
    one, other = left[left_at[0] : left_at[-1] + 1], right[right_at[0] : right_at[-1] + 1]
    return syllables(spelled_out(one)) == syllables(spelled_out(other))
