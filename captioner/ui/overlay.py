"""The latency overlay: where the time between the mouth and the eye went, floating over the captions.

It stays where the person put it, except where live text is: then it goes to the nearest place without any. Where the
window is too small for that, it becomes one line, for which the captions make room.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetrics,
    QHideEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QShowEvent,
)
from PySide6.QtWidgets import QWidget
from typing_extensions import override

from captioner.ui.captions import CaptionsView
from captioner.ui.theme import blend, colours, tabular
from captioner.ui.viewstate import LatencyRow

_PADDING, _MARGIN, _GAP = 14, 12, 14
_BAR = 10  # height of the stacked bar
_STEP = 16  # pixels that an arrow key moves it
_TOTAL = "total"
# Told apart by people with any colour vision (Okabe and Ito, https://jfly.uni-koeln.de/color/), in the stages' order.
_STAGE_COLOURS = ("#56b4e9", "#009e73", "#9a9a9a", "#cc79a7", "#d55e00", "#e69f00", "#3f7fd0", "#c9b800")


@dataclass(frozen=True, slots=True)
class _Columns:
    """Widths in pixels."""

    name: int
    number: int
    n: int

    @property
    def total(self) -> int:
        return self.name + 3 * (self.number + _GAP) + _GAP + self.n


class LatencyOverlay(QWidget):
    """A table of the stages with a stacked bar of the last utterance; the mouse or the arrow keys move it."""

    placed = Signal(QPoint)
    """The person put it there: its upper left corner within the captions."""

    def __init__(self, captions: CaptionsView) -> None:
        super().__init__(captions)
        self._captions = captions
        self._rows: tuple[LatencyRow, ...] = ()
        self._note = ""
        self._noted = False  # there is room for the note
        self._place: QPoint | None = None
        self._grip: QPoint | None = None
        self._docked = self._arranging = False
        self._measured: _Columns | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.SizeAllCursor)
        captions.tail_moved.connect(self.arrange)
        self._refresh_words()
        self.hide()

    def show_latency(self, rows: Sequence[LatencyRow], note: str = "") -> None:
        """Show the figures of the utterances so far, and a line below them where there is room."""
        if (tuple(rows), note) != (self._rows, self._note):
            self._rows, self._note = tuple(rows), note
            self._measured = None
            self._refresh_words()
            self.arrange()
            self.update()

    def set_place(self, place: QPoint | None) -> None:
        """Put it somewhere; None is the upper right corner."""
        if place != self._place:
            self._place = place
            self.arrange()

    @property
    def docked(self) -> bool:
        """Whether it is one line above the captions, for want of room."""
        return self._docked

    # ------------------------------------------------------------ where it is

    def arrange(self) -> None:
        """Go where no live text is."""
        if self._arranging or self._grip is not None or not self.isVisibleTo(self._captions):
            return
        self._arranging = True  # making room moves the tail
        area = self._captions.viewport().geometry()
        area.setTop(0)
        self._noted = bool(self._note)
        size = self._full_size()
        spot = self._free_spot(size, area)
        if spot is None and self._noted:  # rather than the table, the note goes
            self._noted = False
            size = self._full_size()
            spot = self._free_spot(size, area)
        self._docked = spot is None
        header = self._line_height() + 12 if spot is None else 0
        self._captions.set_header_height(header)
        rect = QRect(0, 0, self._captions.width(), header) if spot is None else QRect(spot, size)
        if rect != self.geometry():
            self.setGeometry(rect)
            self.update()
        self._arranging = False

    def _free_spot(self, size: QSize, area: QRect) -> QPoint | None:
        room = area.adjusted(_MARGIN, _MARGIN, -_MARGIN, -_MARGIN)
        if size.width() > room.width() or size.height() > room.height():
            return None
        right, bottom = room.right() - size.width() + 1, room.bottom() - size.height() + 1
        wanted = self._place or QPoint(right, room.top())
        x, y = min(max(wanted.x(), room.left()), right), min(max(wanted.y(), room.top()), bottom)
        tail = self._captions.tail_rect()
        if self._docked:  # giving the room back moves the text up, by so much at most
            tail.setTop(tail.top() - self.height())
        beside_tail = (tail.top() - size.height() - _MARGIN, tail.bottom() + _MARGIN)
        for spots in ((y,), sorted((room.top(), bottom), key=lambda each: abs(each - y)), beside_tail):
            for spot in spots:
                if room.top() <= spot <= bottom and not QRect(QPoint(x, spot), size).intersects(tail):
                    return QPoint(x, spot)
        return None

    @override
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.arrange()
        self.raise_()

    @override
    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._captions.set_header_height(0)

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and not self._docked:
            self._grip = event.position().toPoint()

    @override
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._grip is not None:
            area = self._captions.viewport().geometry()
            spot = self.mapToParent(event.position().toPoint()) - self._grip
            self.move(
                min(max(spot.x(), 0), max(0, area.right() - self.width())),
                min(max(spot.y(), 0), max(0, area.bottom() - self.height())),
            )

    @override
    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._grip is not None:
            self._grip = None
            self._put(self.pos())

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {
            Qt.Key.Key_Left: QPoint(-_STEP, 0),
            Qt.Key.Key_Right: QPoint(_STEP, 0),
            Qt.Key.Key_Up: QPoint(0, -_STEP),
            Qt.Key.Key_Down: QPoint(0, _STEP),
        }
        if event.key() in steps and not self._docked:
            self._put(self.pos() + steps[Qt.Key(event.key())])
        else:
            super().keyPressEvent(event)

    def _put(self, place: QPoint) -> None:
        self._place = QPoint(max(0, place.x()), max(0, place.y()))
        self.arrange()
        self.placed.emit(self._place)

    # ------------------------------------------------------------ what it shows

    def _refresh_words(self) -> None:
        self.setAccessibleName(self.tr("Latency"))
        lines = [
            self.tr("{stage}: last {last} ms, p50 {p50} ms, p95 {p95} ms, n {n}").format(
                stage=row.name, last=row.last, p50=row.p50, p95=row.p95, n=row.n
            )
            for row in self._rows
        ]
        self.setAccessibleDescription("; ".join([*lines, self._note] if self._note else lines))
        self.setToolTip(self.tr("Delay from the mouth to the eye. Drag to move; Ctrl+L hides."))

    def _fonts(self) -> tuple[QFont, QFont]:
        """Return the font of the numbers, and the one of what stands out."""
        font = tabular(self.font())
        font.setPointSizeF(max(8.5, self.font().pointSizeF() - 1))
        strong = QFont(font)
        strong.setWeight(QFont.Weight.DemiBold)
        return font, strong

    def _line_height(self) -> int:
        return QFontMetrics(self._fonts()[0]).height() + 3

    def _columns(self) -> _Columns:
        self._measured = self._measured or self._measure()
        return self._measured

    def _measure(self) -> _Columns:
        strong = QFontMetrics(self._fonts()[1])
        numbers = [text for row in self._rows for text in (row.last, row.p50, row.p95)]
        return _Columns(
            name=18 + max((strong.horizontalAdvance(row.name) for row in self._rows), default=60),
            number=max(strong.horizontalAdvance(each) for each in (*numbers, self.tr("last"), "0000")),
            n=max(strong.horizontalAdvance(each) for each in (*(row.n for row in self._rows), "00")),
        )

    def _full_size(self) -> QSize:
        lines = 1 + max(1, len(self._rows)) + self._noted
        note = QFontMetrics(self._fonts()[0]).horizontalAdvance(self._note) if self._noted else 0
        width = max(self._columns().total, note, 200) + 2 * _PADDING
        return QSize(width, lines * self._line_height() + _BAR + 10 + 2 * _PADDING)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        theme = colours(self.palette())
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._docked:
            painter.fillRect(self.rect(), QColor(theme.window))
            painter.fillRect(QRect(0, self.height() - 1, self.width(), 1), QColor(theme.line))
        else:
            painter.setPen(QPen(QColor(theme.accent if self.hasFocus() else theme.line), 2 if self.hasFocus() else 1))
            painter.setBrush(QColor(theme.raised))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 10, 10)
        if self._docked:
            self._paint_line(painter)
        else:
            self._paint_table(painter)

    def _paint_line(self, painter: QPainter) -> None:
        theme, (font, strong) = colours(self.palette()), self._fonts()
        total = next((row for row in self._rows if row.stage == _TOTAL), None)
        painter.setFont(strong)
        painter.setPen(QColor(theme.text))
        words = self.tr("Latency (ms)")
        width = QFontMetrics(strong).horizontalAdvance(words)
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.drawText(QRect(_PADDING, 0, width, self.height()), middle, words)
        left, right = _PADDING + width + _GAP, self.width() - _PADDING
        if total is not None:
            painter.setFont(font)
            figures = self.tr("last {last} · p50 {p50} · p95 {p95} · n {n}").format(
                last=total.last, p50=total.p50, p95=total.p95, n=total.n
            )
            needed = QFontMetrics(font).horizontalAdvance(figures)
            area = QRect(max(left, right - needed), 0, min(needed, right - left), self.height())
            painter.drawText(area, middle | Qt.AlignmentFlag.AlignRight, figures)
            right = area.left() - _GAP
        if right - left > 40:
            self._paint_bar(painter, QRectF(left, (self.height() - 8) / 2, right - left, 8))

    def _paint_table(self, painter: QPainter) -> None:
        theme, (font, strong), columns = colours(self.palette()), self._fonts(), self._columns()
        height = self._line_height()
        # From the right: n, p95, p50, last.
        ends = [self.width() - _PADDING]
        ends += [ends[0] - columns.n - _GAP - at * (columns.number + _GAP) for at in range(3)]

        def cells(y: float, name: str, numbers: Sequence[str], inset: int) -> None:
            area = QRectF(_PADDING + inset, y, columns.name - inset, height)
            painter.drawText(area, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, name)
            for end, text in zip(ends, reversed(numbers), strict=True):
                area = QRectF(end - columns.number, y, columns.number, height)
                painter.drawText(area, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, text)

        y = float(_PADDING)
        painter.setFont(font)
        painter.setPen(QColor(theme.faint))
        cells(y, "", (self.tr("last"), "p50", "p95", "n"), 0)
        painter.setFont(strong)
        painter.setPen(QColor(theme.text))
        painter.drawText(QPointF(_PADDING, y + QFontMetrics(strong).ascent() + 1), self.tr("Latency (ms)"))
        y += height + 2
        self._paint_bar(painter, QRectF(_PADDING, y, self.width() - 2 * _PADDING, _BAR))
        y += _BAR + 6
        painter.setFont(font)
        for row, colour in zip(self._rows, (*_STAGE_COLOURS, ""), strict=False):
            if row.stage == _TOTAL:
                painter.setFont(strong)
                painter.setPen(QColor(theme.line))
                painter.drawLine(QPointF(_PADDING, y + 0.5), QPointF(self.width() - _PADDING, y + 0.5))
                y += 2
            else:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(QColor(colour))
                painter.drawRoundedRect(QRectF(_PADDING, y + height / 2 - 4, 8, 8), 2, 2)
            painter.setPen(QColor(theme.text))
            cells(y, row.name, (row.last, row.p50, row.p95, row.n), 0 if row.stage == _TOTAL else 18)
            y += height
        if self._noted:
            painter.setFont(font)
            painter.setPen(QColor(theme.faint))
            area = QRectF(_PADDING, y, self.width() - 2 * _PADDING, height)
            painter.drawText(area, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, self._note)

    def _paint_bar(self, painter: QPainter, area: QRectF) -> None:
        """Draw the last utterance's stages, as long as their share of its total."""
        theme = colours(self.palette())
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(blend(theme.text, theme.raised, 0.1)))
        painter.drawRoundedRect(area, 3, 3)
        parts = [row.last_ms or 0.0 for row in self._rows if row.stage != _TOTAL]
        left, total = area.left(), sum(parts)
        for part, colour in zip(parts, _STAGE_COLOURS, strict=False):
            width = area.width() * part / total if total else 0.0
            if width >= 0.5:
                painter.fillRect(QRectF(left, area.top(), max(1.0, width - 1), area.height()), QColor(colour))
            left += width

    @override
    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if not hasattr(self, "_measured"):
            return  # Qt tells of changes while the widget is still being made
        match event.type():
            case QEvent.Type.LanguageChange:
                self._measured = None
                self._refresh_words()
                self.arrange()
            case QEvent.Type.FontChange:
                self._measured = None
                self.arrange()
            case QEvent.Type.PaletteChange:
                self.update()
