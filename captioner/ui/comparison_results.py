"""The page of the comparison on which stands what came of it: tables, findings and the report's own charts."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from PySide6.QtCore import QByteArray, QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QFont, QPainter, QPaintEvent
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QLabel, QScrollArea, QSizePolicy, QVBoxLayout, QWidget
from typing_extensions import override

from captioner.compare.picture import picture
from captioner.compare.summary import Table
from captioner.ui.bars import Message
from captioner.ui.comparison_view import Chart, ResultView
from captioner.ui.theme import Colours, colours, ink
from captioner.ui.viewstate import Tone

_TEXT = Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard


class _Picture(QWidget):
    """A chart as wide as there is room, drawn anew at every size and in either theme."""

    def __init__(self, chart: Chart, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._chart = chart
        self._renderer = QSvgRenderer(self)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.setAccessibleName(chart.title)
        self.setAccessibleDescription(chart.lead)
        self._refresh_colours()

    def _refresh_colours(self) -> None:
        """Draw it in the colours of the theme."""
        dark = colours(self.palette()).dark
        self._renderer.load(QByteArray(picture(self._chart.drawing, self._chart.key, dark=dark)))
        self.updateGeometry()
        self.update()

    @override
    def hasHeightForWidth(self) -> bool:
        return True

    @override
    def heightForWidth(self, width: int) -> int:
        size = self._renderer.defaultSize()
        return round(width * size.height() / max(1, size.width()))

    @override
    def sizeHint(self) -> QSize:
        return self._renderer.defaultSize()

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(320, self.heightForWidth(320))

    @override
    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "_renderer"):
            self._refresh_colours()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        self._renderer.render(painter, QRectF(0, 0, self.width(), self.heightForWidth(self.width())))


class ComparisonResults(QScrollArea):
    """Shows a `ResultView` from top to bottom."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWidgetResizable(True)
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._shown: ResultView | None = None
        self._tables: list[tuple[Table, QLabel]] = []
        self._refresh()

    def show_result(self, view: ResultView | None) -> None:
        """Show what came of a comparison; None is nothing yet."""
        if view != self._shown:
            self._shown = view
            self._refresh()

    def _refresh(self) -> None:
        view, inner = self._shown, QWidget()
        self.setAccessibleName(self.tr("Results"))
        column = QVBoxLayout(inner)
        column.setContentsMargins(20, 16, 20, 20)
        column.setSpacing(8)
        self._tables = []
        if view is None:
            empty = QLabel(self.tr("The results are shown here when the comparison is over."))
            empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
            empty.setWordWrap(True)
            ink(empty, "faint")
            column.addWidget(empty, 1)
        else:
            if view.notices:
                notice = Message(Tone.WARN)
                notice.show_text("\n".join(view.notices))
                column.addWidget(notice)
            self._add_tables(column, view.tables)
            for finding in view.findings:
                column.addWidget(_words(f"• {finding}"))
            for chart in view.charts:
                column.addSpacing(14)
                column.addWidget(_title(chart.title))
                lead = _words(chart.lead)
                ink(lead, "faint")
                column.addWidget(lead)
                column.addSpacing(6)
                column.addWidget(_Picture(chart))
            self._add_tables(column, view.after)
            column.addStretch(1)
        self.setWidget(inner)

    def _add_tables(self, column: QVBoxLayout, tables: Iterable[Table]) -> None:
        theme = colours(self.palette())
        for table in tables:
            if self._tables:
                column.addSpacing(14)
            column.addWidget(_title(table.title))
            label = QLabel(_html(table, theme))
            label.setTextFormat(Qt.TextFormat.RichText)
            label.setTextInteractionFlags(_TEXT)
            label.setAccessibleName(table.title)
            label.setWordWrap(True)
            self._tables.append((table, label))
            column.addWidget(label)

    @override
    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange and hasattr(self, "_tables"):
            self._refresh()
        elif event.type() == QEvent.Type.PaletteChange and hasattr(self, "_tables"):
            theme = colours(self.palette())
            for table, label in self._tables:
                label.setText(_html(table, theme))


def _title(text: str) -> QLabel:
    label = QLabel(text)
    font = QFont(label.font())
    font.setWeight(QFont.Weight.DemiBold)
    label.setFont(font)
    label.setWordWrap(True)
    return label


def _words(text: str) -> QLabel:
    label = QLabel(text)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    label.setTextInteractionFlags(_TEXT)
    return label


def _html(table: Table, theme: Colours) -> str:
    """Write a table in Qt's own subset of HTML."""
    line = f"border-bottom: 1px solid {theme.line};"
    heads = "".join(
        f'<td align="{"right" if at else "left"}" style="{line} color: {theme.faint};">{escape(head)}</td>'
        for at, head in enumerate(table.heads)
    )
    rows = "".join(_row(row, f"{line} color: {theme.text};") for row in table.rows)
    if table.faint:
        rows += _row(table.faint, f"{line} color: {theme.faint}; font-style: italic;")
    return f'<table width="100%" cellspacing="0" cellpadding="6"><tr>{heads}</tr>{rows}</table>'


def _row(cells: tuple[str, ...], style: str) -> str:
    first, *others = cells
    numbers = "".join(
        f'<td align="right" style="{style}">{escape(cell).replace(" ", "&nbsp;")}</td>' for cell in others
    )
    return f'<tr><td align="left" style="{style}">{escape(first)}</td>{numbers}</tr>'
