"""Two ways side by side: the texts of both beside the time of their sound, with what differs marked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import (
    QAbstractTableModel,
    QEvent,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import (
    QColor,
    QKeyEvent,
    QKeySequence,
    QPainter,
    QResizeEvent,
    QTextCharFormat,
    QTextLayout,
    QTextOption,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from captioner.compare.outcome import Way
from captioner.compare.scoring import Mark
from captioner.ui.comparison_view import NOTHING, CellView, RowView, mark_name
from captioner.ui.theme import Colours, blend, colours, ink, tabular
from captioner.ui.translation import installed_sentences

_TIME, _LEFT, _LEFT_TOTAL, _RIGHT, _RIGHT_TOTAL = range(5)
_ACROSS, _DOWN = 10, 7  # pixels around a text
_CELL = Qt.ItemDataRole.UserRole

Index = QModelIndex | QPersistentModelIndex


class _Rows(QAbstractTableModel):
    """The rows as Qt's views want them."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.rows: tuple[RowView, ...] = ()

    def show_rows(self, rows: tuple[RowView, ...]) -> range:
        """Take new rows; return those that are not as before. What stays is not touched."""
        before, same = self.rows, 0
        for one, other in zip(before, rows, strict=False):
            if one is not other and one != other:
                break
            same += 1
        nowhere = QModelIndex()
        if len(rows) > len(before):
            self.beginInsertRows(nowhere, len(before), len(rows) - 1)
            self.rows = rows
            self.endInsertRows()
        elif len(rows) < len(before):
            self.beginRemoveRows(nowhere, len(rows), len(before) - 1)
            self.rows = rows
            self.endRemoveRows()
        self.rows = rows
        if same < len(rows):
            self.dataChanged.emit(self.index(same, 0), self.index(len(rows) - 1, _RIGHT_TOTAL))
        return range(same, len(rows))

    @override
    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - the signature is Qt's
        return 0 if parent.isValid() else len(self.rows)

    @override
    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - the signature is Qt's
        return 0 if parent.isValid() else 5

    @override
    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row, column = self.rows[index.row()], index.column()
        cell = row.left if column in (_LEFT, _LEFT_TOTAL) else row.right if column != _TIME else NOTHING
        if role == _CELL:
            return cell
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            if column == _TIME:
                return row.time
            return cell.total if column in (_LEFT_TOTAL, _RIGHT_TOTAL) else words_of(cell)
        return None


def words_of(cell: CellView) -> str:
    """Return a cell as plain words."""
    text = "".join(piece.text for piece in cell.pieces)
    return " · ".join(part for part in (text, cell.note) if part)


class _Painter(QStyledItemDelegate):
    """Paints a text with its marks, interim ones in grey."""

    def __init__(self, view: QTableView) -> None:
        super().__init__(view)
        self._view = view

    @override
    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        rect, theme = option.rect, colours(self._view.palette())
        painter.save()
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(rect, QColor(blend(theme.accent, theme.base, 0.14)))
        painter.fillRect(QRect(rect.left(), rect.bottom(), rect.width(), 1), QColor(theme.line))
        layout = self._laid_out(index, rect.width(), theme)
        painter.setPen(QColor(theme.text))
        layout.draw(painter, QPoint(rect.left() + _ACROSS, rect.top() + _DOWN))
        painter.restore()

    @override
    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        width = self._view.columnWidth(index.column())
        layout = self._laid_out(index, width, colours(self._view.palette()))
        return QSize(width, round(layout.boundingRect().height()) + 2 * _DOWN + 1)

    def _laid_out(self, index: Index, width: int, theme: Colours) -> QTextLayout:
        text, column = str(index.data()), index.column()
        cell = index.data(_CELL)
        assert isinstance(cell, CellView)
        figure = column not in (_LEFT, _RIGHT)
        font = tabular(self._view.font()) if figure else self._view.font()
        layout = QTextLayout(text, font)
        wrap = QTextOption(Qt.AlignmentFlag.AlignRight if figure else Qt.AlignmentFlag.AlignLeft)
        wrap.setWrapMode(QTextOption.WrapMode.NoWrap if figure else QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        layout.setTextOption(wrap)
        layout.setFormats(self._formats(cell, text, column, theme))
        layout.beginLayout()
        top = 0.0
        while (line := layout.createLine()).isValid():
            line.setLineWidth(max(20, width - 2 * _ACROSS))
            line.setPosition(QPoint(0, round(top)))
            top += line.height()
        layout.endLayout()
        return layout

    @staticmethod
    def _formats(cell: CellView, text: str, column: int, theme: Colours) -> list[QTextLayout.FormatRange]:
        if column == _TIME:
            return [_format(0, len(text), colour=theme.faint)]
        if column in (_LEFT_TOTAL, _RIGHT_TOTAL):
            return [_format(0, len(text), colour=theme.text)]
        ranges, place = list[QTextLayout.FormatRange](), 0
        for piece in cell.pieces:
            length = _units(piece.text)
            if not cell.settled:
                ranges.append(_format(place, length, colour=theme.interim))
            elif piece.mark is not Mark.SAME:
                ranges.append(_marked(place, length, piece.mark, theme))
            place += length
        if cell.note:
            ranges.append(_format(place, _units(text) - place, colour=theme.faint))
        return ranges


def _units(text: str) -> int:
    """Return the length of a text as Qt counts it: UTF-16."""
    return len(text.encode("utf-16-le")) // 2


def _format(start: int, length: int, *, colour: str) -> QTextLayout.FormatRange:
    shape = QTextCharFormat()
    shape.setForeground(QColor(colour))
    return _range(start, length, shape)


def _marked(start: int, length: int, mark: Mark, theme: Colours) -> QTextLayout.FormatRange:
    return _range(start, length, mark_shape(mark, theme))


def mark_shape(mark: Mark, theme: Colours) -> QTextCharFormat:
    """Return what a mark looks like: a colour, and a line that tells it from the others without one."""
    styles = QTextCharFormat.UnderlineStyle
    colour, line = {
        Mark.SUBSTITUTED: (theme.bad, styles.WaveUnderline),
        Mark.INSERTED: (theme.good, styles.SingleUnderline),
        Mark.DELETED: (theme.bad, styles.DashUnderline),
        Mark.NOTATION: (theme.accent, styles.DotLine),
    }.get(mark, (theme.text, styles.NoUnderline))
    shape = QTextCharFormat()
    shape.setForeground(QColor(colour))
    shape.setBackground(QColor(blend(colour, theme.base, 0.12)))
    shape.setUnderlineStyle(line)
    shape.setUnderlineColor(QColor(colour))
    return shape


def _range(start: int, length: int, shape: QTextCharFormat) -> QTextLayout.FormatRange:
    each = QTextLayout.FormatRange()
    each.start, each.length, each.format = start, length, shape
    return each


class _Table(QTableView):
    """The rows; the texts share the width, and the newest row stays in sight until somebody scrolls up."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = _Rows(self)
        self.setModel(self._model)
        self.setItemDelegate(_Painter(self))
        self.setShowGrid(False)
        self.setWordWrap(True)
        self.setTabKeyNavigation(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.horizontalHeader().hide()
        self.verticalHeader().hide()
        self.horizontalHeader().setMinimumSectionSize(10)

    @property
    def rows(self) -> tuple[RowView, ...]:
        """What is shown."""
        return self._model.rows

    def show_rows(self, rows: tuple[RowView, ...]) -> None:
        bar = self.verticalScrollBar()
        follows = bar.value() >= bar.maximum() - 2
        for row in self._model.show_rows(rows):
            self.resizeRowToContents(row)
        if follows:
            self.scrollToBottom()

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self.fit()

    def fit(self) -> None:
        """Share the width, and give every row the height that it needs now."""
        metrics = self.fontMetrics()
        time = metrics.horizontalAdvance("00:00.0") + 2 * _ACROSS
        total = metrics.horizontalAdvance("≥ 30,000 ms") + 2 * _ACROSS
        text = (self.viewport().width() - time - 2 * total) // 2
        for column, width in enumerate((time, text, total, text, total)):
            self.setColumnWidth(column, max(20, width))
        self.resizeRowsToContents()

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy):
            chosen = sorted({index.row() for index in self.selectedIndexes()})
            columns = range(self._model.columnCount())
            lines = ("\t".join(str(self._model.index(row, at).data()) for at in columns) for row in chosen)
            QApplication.clipboard().setText("\n".join(lines))
            return
        super().keyPressEvent(event)


class ComparisonRows(QWidget):
    """The page on which two ways are watched side by side."""

    ways_chosen = Signal(object, object)
    """The ways on the left and on the right; None where there is none."""
    take_chosen = Signal(int)
    """Which of the takes is to be shown, by its place."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._take, self._left, self._right = QComboBox(), QComboBox(), QComboBox()
        self._table = _Table()
        self._empty = QLabel()
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._empty.setWordWrap(True)
        ink(self._empty, "faint")
        self._marks = [(mark, QLabel()) for mark in (Mark.SUBSTITUTED, Mark.INSERTED, Mark.NOTATION)]
        for combo in (self._take, self._left, self._right):
            combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            combo.setMinimumContentsLength(10)
        self._left.activated.connect(self._on_ways)
        self._right.activated.connect(self._on_ways)
        self._take.activated.connect(self.take_chosen)

        heads = QHBoxLayout()
        heads.setContentsMargins(12, 10, 12, 8)
        heads.setSpacing(10)
        heads.addWidget(self._take, 2)
        heads.addWidget(self._left, 3)
        heads.addWidget(self._right, 3)
        foot = QHBoxLayout()
        foot.setContentsMargins(14, 6, 14, 8)
        foot.setSpacing(16)
        for _, label in self._marks:
            label.setTextFormat(Qt.TextFormat.RichText)
            foot.addWidget(label)
        foot.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(heads)
        column.addWidget(self._table, 1)
        column.addWidget(self._empty, 1)
        column.addLayout(foot)
        self._refresh_words()
        self._refresh_colours()
        self.show_rows(())

    @property
    def first(self) -> QWidget:
        """What has the keyboard when the page is turned to."""
        return self._table

    @property
    def rows(self) -> tuple[RowView, ...]:
        """What is shown."""
        return self._table.rows

    def show_ways(self, names: Sequence[tuple[Way, str]], left: Way | None, right: Way | None) -> None:
        """Show which ways there are, each with its name, and which of them stand side by side."""
        for combo, chosen in ((self._left, left), (self._right, right)):
            if [(combo.itemData(at), combo.itemText(at)) for at in range(combo.count())] != [
                (str(way), name) for way, name in names
            ]:
                combo.clear()
                for way, name in names:
                    combo.addItem(name, str(way))
            combo.setCurrentIndex(-1 if chosen is None else combo.findData(str(chosen)))
            combo.setEnabled(len(names) > 1)

    def show_takes(self, names: Sequence[str], current: int) -> None:
        """Show what was or is being heard, and which of it is shown."""
        if list(names) != [self._take.itemText(at) for at in range(self._take.count())]:
            self._take.clear()
            self._take.addItems(list(names))
        self._take.setCurrentIndex(current)
        self._take.setVisible(len(names) > 1)

    def show_rows(self, rows: tuple[RowView, ...]) -> None:
        """Show the utterances."""
        self._table.setVisible(bool(rows))
        self._empty.setVisible(not rows)
        self._table.show_rows(rows)

    def _on_ways(self) -> None:
        sides = (self._left.currentData(), self._right.currentData())
        self.ways_chosen.emit(*(Way(side) if side else None for side in sides))

    def _refresh_words(self) -> None:
        say = installed_sentences()
        self._empty.setText(self.tr("What the ways make of the sound is shown here while they hear it."))
        self._take.setAccessibleName(self.tr("Recording"))
        self._left.setAccessibleName(self.tr("Way on the left"))
        self._right.setAccessibleName(self.tr("Way on the right"))
        self._table.setAccessibleName(self.tr("Texts side by side"))
        for mark, label in self._marks:
            label.setAccessibleName(mark_name(mark, say))
        self._refresh_marks()

    def _refresh_marks(self) -> None:
        theme, say = colours(self.palette()), installed_sentences()
        for mark, label in self._marks:
            shape = mark_shape(mark, theme)
            colour, ground = shape.foreground().color().name(), shape.background().color().name()
            label.setText(
                f'<span style="color:{colour}; background-color:{ground}; text-decoration:underline">'
                f"{mark_name(mark, say)}</span>"
            )

    def _refresh_colours(self) -> None:
        self._refresh_marks()
        self._table.viewport().update()

    @override
    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._refresh_words()
        elif event.type() == QEvent.Type.PaletteChange and hasattr(self, "_marks"):
            self._refresh_colours()
