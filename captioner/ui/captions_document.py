"""The text of the captions: settled rows, and the few rows of the live tail that may still change.

Every caption and every gap is one block. Rows are settled from the top: above the first utterance that is still open
nothing ever changes again. A change replaces no more than the part of its block that differs.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import TypeAlias, assert_never

from PySide6.QtCore import QObject, QRectF
from PySide6.QtGui import QColor, QTextBlock, QTextBlockFormat, QTextCharFormat, QTextCursor, QTextDocument
from PySide6.QtWidgets import QPlainTextDocumentLayout
from typing_extensions import override

from captioner.events import RATE, Caption, FinalShown, GapShown, InterimShown, Withdrawn
from captioner.settings import Interims
from captioner.ui.theme import LIGHT, Colours
from captioner.ui.translation import installed_sentences
from captioner.ui.viewstate import gap_sentence

CaptionUpdate: TypeAlias = InterimShown | FinalShown | Withdrawn | GapShown

_CONTROLS = (*range(0x20), *range(0x7F, 0xA0))
_LINE_BREAKS = "\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029\x00"
_PLAIN: dict[int, str | None] = {
    **dict.fromkeys(_CONTROLS),
    **dict.fromkeys(map(ord, _LINE_BREAKS), " "),
    ord("\t"): "\t",
}
_NO_TIME = -1


class _Style(Enum):
    INTERIM = auto()
    FINAL = auto()
    GAP = auto()


@dataclass(slots=True, eq=False)
class Row:
    """One block.

    Attributes:
        utterance: None for a gap.
        number: the block's.
        text, style: what it shows.
        seen: the view has painted it as it is.
        gone: it was taken away.
    """

    utterance: int | None
    start: int
    number: int = 0
    text: str = ""
    style: _Style | None = None
    gap: GapShown | None = None
    seen: bool = False
    gone: bool = False


@dataclass(frozen=True, slots=True)
class Change:
    """What became of a revision in the text.

    Attributes:
        row: None where there is no row (any more).
        whole: the row shows all of its text; otherwise it was replaced in the same step, or held back.
        visible: something changed to the eye.
    """

    revision: int
    row: Row | None
    whole: bool
    visible: bool


class CaptionDocument(QTextDocument):
    """Keeps the rows; the view shows them."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._settled = 0  # rows above the tail
        self._tail = list[Row]()
        self._open = dict[int, Row]()  # those of the tail that may still change, by utterance
        self._gaps = dict[int, GapShown]()  # settled ones, by block number
        self._heard = dict[int, str]()  # calm mode: the last interim of every open utterance, whole
        self._started_at: datetime | None = None
        self._formats = _formats(LIGHT)
        self.interims = Interims.FAST
        self.last_final = ""
        self.layout_with_spacing = _SpacedLayout(self)
        self.setDocumentLayout(self.layout_with_spacing)
        self.setUndoRedoEnabled(False)
        self.setDocumentMargin(9)
        self.firstBlock().setUserState(_NO_TIME)

    def begin_lane(self, started_at: datetime) -> None:
        """Settle what is there and start a new lane below it: utterances count from 1 again."""
        for row in self._tail:
            if row.style is _Style.INTERIM:
                self._edit(row, row.text, _Style.FINAL)  # what nobody will settle any more stays readable
        self._settle(whole=True)
        self._heard.clear()
        self._started_at = started_at

    def forget(self) -> None:
        """Empty the document."""
        self._tail.clear()
        self._open.clear()
        self._gaps.clear()
        self._heard.clear()
        self._settled, self.last_final = 0, ""
        self.clear()
        self.firstBlock().setUserState(_NO_TIME)

    def count_lines(self) -> None:
        """Let the view count the lines of what it shows again, once they are laid out."""
        self.layout_with_spacing.documentSizeChanged.emit(self.layout_with_spacing.documentSize())

    def apply(self, updates: Sequence[CaptionUpdate]) -> list[Change]:
        """Take updates that are shown together, the latest of each utterance winning; tell each revision's fate."""
        latest = {number: at for at, update in enumerate(updates) if (number := _utterance(update)) is not None}
        changes = list[Change]()
        cursor = QTextCursor(self)
        cursor.beginEditBlock()
        for at, update in enumerate(updates):
            match update:
                case InterimShown(caption=caption):
                    changes.append(self._show_interim(caption, latest[caption.utterance] == at))
                case FinalShown(caption=caption):
                    row = self._row(caption.utterance) or self._add(Row(caption.utterance, caption.start))
                    self.last_final = one_line(caption.text)
                    visible = self._edit(row, self.last_final, _Style.FINAL)
                    self._set_start(row, caption.start)
                    self._heard.pop(caption.utterance, None)
                    changes.append(Change(caption.revision, row, whole=True, visible=visible))
                case Withdrawn(utterance=utterance, revision=revision):
                    gone = self._row(utterance)
                    if gone is not None:
                        self._remove(gone)
                    self._heard.pop(utterance, None)
                    changes.append(Change(revision, None, whole=True, visible=gone is not None))
                case GapShown():
                    self._edit(self._add(Row(None, update.start, gap=update)), _gap_text(update), _Style.GAP)
                case _:
                    assert_never(update)
            self._settle()
        cursor.endEditBlock()
        return changes

    @property
    def open_rows(self) -> Collection[Row]:
        """The rows of the tail that may still change."""
        return self._open.values()

    def block_of(self, row: Row) -> QTextBlock:
        """Return the block that shows a row."""
        return self.findBlockByNumber(row.number)

    def first_live_block(self) -> QTextBlock:
        """Return the block where the live tail begins, or the newest settled one."""
        return self.findBlockByNumber(min(self._settled, self.blockCount() - 1))

    def is_gap(self, block: QTextBlock) -> bool:
        """Whether a block stands for lost sound."""
        number = block.blockNumber()
        in_tail = 0 <= number - self._settled < len(self._tail)
        return self._tail[number - self._settled].gap is not None if in_tail else number in self._gaps

    def recolour(self, theme: Colours) -> None:
        """Use a theme's colours; finals take the palette's, so there is little to do however long the text is."""
        self._formats = _formats(theme)
        for row in self._tail:
            if row.style in (_Style.INTERIM, _Style.GAP):
                self._paint(self.block_of(row), row.style)
        for number in self._gaps:
            self._paint(self.findBlockByNumber(number), _Style.GAP)

    def retranslate(self) -> None:
        """Say the gaps in the present language."""
        for number, gap in self._gaps.items():
            self._replace(self.findBlockByNumber(number), 0, _gap_text(gap), _Style.GAP)
        for row in self._tail:
            if row.gap is not None:
                self._edit(row, _gap_text(row.gap), _Style.GAP)

    # ------------------------------------------------------------ the tail

    def _show_interim(self, caption: Caption, latest: bool) -> Change:
        text, row = one_line(caption.text), self._row(caption.utterance)
        shown = text
        if self.interims is Interims.CALM:
            shown = _shared(self._heard.get(caption.utterance, ""), text)
            self._heard[caption.utterance] = text
        if not latest and (row is not None or not shown):
            return Change(caption.revision, row, whole=False, visible=False)
        if row is None and shown:
            row = self._add(Row(caption.utterance, caption.start))  # a later one may not come first any more
        visible = row is not None and self._edit(row, shown, _Style.INTERIM)
        if row is not None:
            self._set_start(row, caption.start)
        return Change(caption.revision, row, whole=latest and shown == text, visible=visible)

    def _row(self, utterance: int) -> Row | None:
        return self._open.get(utterance)

    def _add(self, row: Row) -> Row:
        """Make a block for a row: below everything settled, among the open ones by its place in the sound."""
        at = len(self._tail)
        while at and self._tail[at - 1].style is not _Style.FINAL and self._tail[at - 1].start > row.start:
            at -= 1
        if self._settled or self._tail:
            cursor = QTextCursor(self)
            if at == len(self._tail):
                cursor.movePosition(QTextCursor.MoveOperation.End)
            else:
                cursor.setPosition(self.block_of(self._tail[at]).position())
            cursor.insertBlock(QTextBlockFormat(), QTextCharFormat())
        self._tail.insert(at, row)
        if row.utterance is not None:
            self._open[row.utterance] = row
        self._renumber(at)
        return row

    def _remove(self, row: Row) -> None:
        block = self.block_of(row)
        cursor = QTextCursor(block)
        cursor.movePosition(QTextCursor.MoveOperation.EndOfBlock, QTextCursor.MoveMode.KeepAnchor)
        cursor.removeSelectedText()
        if block.previous().isValid():
            cursor.deletePreviousChar()
        else:
            cursor.deleteChar()
        at = self._tail.index(row)
        del self._tail[at]
        self._open.pop(row.utterance or 0, None)
        row.gone = True
        self._renumber(at)

    def _renumber(self, first: int) -> None:
        """Tell the rows of the tail, from the `first` on, which block is theirs."""
        for at in range(first, len(self._tail)):
            row = self._tail[at]
            row.number = self._settled + at
            self._set_start(row, row.start)
        if not (self._settled or self._tail):
            self.firstBlock().setUserState(_NO_TIME)

    def _settle(self, *, whole: bool = False) -> None:
        """Let go of the rows at the top of the tail that will never change again.

        A gap is known at once, what was said before it perhaps a minute later, so gaps stay until something follows.

        Args:
            whole: nothing comes any more that belongs above such a gap.
        """
        while self._tail and self._tail[0].style is not _Style.INTERIM:
            if not whole and all(row.style is _Style.GAP for row in self._tail):
                break
            row = self._tail.pop(0)
            self._settled += 1
            if row.gap is not None:
                self._gaps[row.number] = row.gap

    def _set_start(self, row: Row, start: int) -> None:
        """Keep the time of day with the block, in seconds; without a wall clock, the time since the lane began."""
        row.start = start
        begun = (self._started_at or datetime.min) + timedelta(seconds=max(0, start) / RATE)
        self.block_of(row).setUserState(begun.hour * 3600 + begun.minute * 60 + begun.second)

    # ------------------------------------------------------------ one block

    def _edit(self, row: Row, text: str, style: _Style) -> bool:
        """Make a block show a text; say whether that changed anything to the eye."""
        before, old_style = row.text, row.style
        if before == text and old_style is style:
            return False
        row.text, row.style, row.seen = text, style, False
        if before != text:
            same = _shared(before, text)
            self._replace(self.block_of(row), _units(same), text[len(same) :], style)
        if style is _Style.FINAL and row.utterance is not None:
            self._open.pop(row.utterance, None)
        if old_style is not style:
            self._paint(self.block_of(row), style)
        return True

    def _replace(self, block: QTextBlock, offset: int, text: str, style: _Style) -> None:
        cursor = QTextCursor(block)
        cursor.setPosition(block.position() + offset)
        cursor.movePosition(QTextCursor.MoveOperation.EndOfBlock, QTextCursor.MoveMode.KeepAnchor)
        cursor.insertText(text, self._formats[style])

    def _paint(self, block: QTextBlock, style: _Style) -> None:
        cursor = QTextCursor(block)
        cursor.movePosition(QTextCursor.MoveOperation.EndOfBlock, QTextCursor.MoveMode.KeepAnchor)
        cursor.setCharFormat(self._formats[style])


class _SpacedLayout(QPlainTextDocumentLayout):
    """The plain layout with room below every caption, so that one is told from the next at a glance."""

    def __init__(self, document: QTextDocument) -> None:
        super().__init__(document)
        self.spacing = 0

    @override
    def blockBoundingRect(self, block: QTextBlock) -> QRectF:
        rect = super().blockBoundingRect(block)
        if block.next().isValid():
            rect.setHeight(rect.height() + self.spacing)
        return rect


def clock(block: QTextBlock) -> str:
    """Write the time of day that a block carries."""
    second = block.userState()
    return "" if second == _NO_TIME else f"{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}"


def one_line(text: str) -> str:
    """Return a text as one block can show it: no line breaks or control codes, Hangul composed.

    The font has no conjoining jamo.
    """
    return unicodedata.normalize("NFC", text).translate(_PLAIN)


def _formats(theme: Colours) -> dict[_Style, QTextCharFormat]:
    formats = {style: QTextCharFormat() for style in _Style}  # finals: the palette's own text colour
    formats[_Style.INTERIM].setForeground(QColor(theme.interim))
    formats[_Style.GAP].setForeground(QColor(theme.warn))
    return formats


def _gap_text(gap: GapShown) -> str:
    return gap_sentence(gap, installed_sentences())


def _utterance(update: CaptionUpdate) -> int | None:
    match update:
        case InterimShown(caption=caption) | FinalShown(caption=caption):
            return caption.utterance
        case Withdrawn(utterance=utterance):
            return utterance
        case GapShown():
            return None
        case _:
            assert_never(update)


def _shared(one: str, other: str) -> str:
    """Return the beginning that two texts have in common."""
    length = next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    return one[:length]


def _units(text: str) -> int:
    """Return the length of a text in UTF-16 units, which Qt's positions count."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
