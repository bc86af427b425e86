"""The parts of the window's bars: rows that shrink with the window, cut words, messages, and what is to be decided."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QEvent, QRect, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPaintEvent, QPalette, QResizeEvent, QTextLayout
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QLayout,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from captioner.ui.theme import colours, icon, mark, picture
from captioner.ui.viewstate import Tone

ICON = 18
"""Side of a sign, in pixels."""

NOTICE_MS = 8000
"""How long a notice stays that need not be closed."""

_NOTICES = 3  # at once


class ElidedLabel(QLabel):
    """One line of text that is cut with an ellipsis where there is no room; then the tooltip has all of it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)

    def show_text(self, text: str) -> None:
        """Show a text."""
        if text != self.text():
            self.setText(text)
            self.setAccessibleName(text)
            self._refresh_tooltip()

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(min(24, super().minimumSizeHint().width()), super().minimumSizeHint().height())

    @override
    def sizeHint(self) -> QSize:
        # A pixel to spare, because widths of text are fractions.
        return QSize(self.fontMetrics().horizontalAdvance(self.text()) + 2, super().sizeHint().height())

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._refresh_tooltip()

    def _refresh_tooltip(self) -> None:
        cut = self.fontMetrics().horizontalAdvance(self.text()) > self.width()
        self.setToolTip(self.text() if cut else "")

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setPen(self.palette().color(QPalette.ColorRole.WindowText))
        text = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, self.width())
        painter.drawText(self.rect(), int(self.alignment() | Qt.AlignmentFlag.AlignVCenter), text)


class ShrinkingBar(QWidget):
    """A row of widgets that gives up the less important ones, step by step, where they do not fit.

    Args:
        margins: left, top, right, bottom in pixels.
        line_below: draw the border below the bar, else above it.
    """

    def __init__(self, margins: tuple[int, int, int, int], *, line_below: bool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._steps: tuple[Callable[[bool], object], ...] = ()
        self._line_below = line_below
        self._fitting = False
        self.row = QHBoxLayout(self)
        self.row.setContentsMargins(*margins)
        self.row.setSpacing(8)
        self.row.setSizeConstraint(QLayout.SizeConstraint.SetNoConstraint)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def set_steps(self, steps: Sequence[Callable[[bool], object]]) -> None:
        """Set what is given up, first things first: each step is called with True to save room, with False to undo."""
        self._steps = tuple(steps)
        self.fit()

    def fit(self) -> None:
        """Give up as little as the width allows."""
        if self._fitting:
            return
        self._fitting = True
        for taken in range(len(self._steps) + 1):
            for number, step in enumerate(self._steps):
                step(number < taken)
            if self.row.sizeHint().width() <= self.width():
                break
        self._fitting = False

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self.fit()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        line = QRect(0, self.height() - 1 if self._line_below else 0, self.width(), 1)
        painter.fillRect(line, QColor(colours(self.palette()).line))


class Message(QFrame):
    """A line (or two) with a sign on a tinted ground; hidden while it has nothing to say."""

    def __init__(self, tone: Tone, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tone = tone
        self._text, self._lines = "", 0
        self._icon, self._label = QLabel(self), QLabel(self)
        self._icon.setFixedSize(ICON, ICON)
        self._label.setWordWrap(True)
        self._label.setTextFormat(Qt.TextFormat.PlainText)
        self._label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 6, 16, 6)
        row.setSpacing(10)
        row.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self._label, 1)
        self._refresh_colours()
        self.hide()

    @property
    def text(self) -> str:
        """What it says, whole."""
        return self._text

    def set_lines(self, lines: int) -> None:
        """Show at most so many lines, 0 for all; the tooltip has the rest."""
        if lines != self._lines:
            self._lines = lines
            self._fit()

    def show_text(self, text: str, tone: Tone | None = None) -> None:
        """Show a sentence; an empty one hides the line."""
        if tone is not None and tone is not self._tone:
            self._tone = tone
            self._refresh_colours()
        if text != self._text:
            self._text = text
            self._label.setAccessibleName(text)
            self._label.setToolTip(text)
            self._fit()
        self.setVisible(bool(text))

    def _fit(self) -> None:
        """Break the text into lines as the label will, and end the last one that there is room for with an ellipsis."""
        shown = self._text
        if self._lines and self._label.width() > 0:
            layout = QTextLayout(self._text, self._label.font())
            layout.beginLayout()
            for number in range(self._lines):
                line = layout.createLine()
                if not line.isValid():
                    break
                line.setLineWidth(self._label.width())
                if number == self._lines - 1:
                    # A little narrower, so that what is elided breaks at the same places.
                    head, rest = self._text[: line.textStart()], self._text[line.textStart() :]
                    width = self._label.width() - 4
                    shown = head + self._label.fontMetrics().elidedText(rest, Qt.TextElideMode.ElideRight, width)
            layout.endLayout()
        if shown != self._label.text():
            self._label.setText(shown)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    @override
    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "_icon"):
            self._refresh_colours()

    def _refresh_colours(self) -> None:
        mark(self, "tint", str(self._tone))
        ink = tone_colour(self._tone, self.palette())
        sign = "warning" if self._tone in (Tone.WARN, Tone.BAD) else "information"
        self._icon.setPixmap(picture(sign, ink, ICON, self.devicePixelRatioF()))


class Button(QPushButton):
    """A button that Enter presses while it has the focus, whatever the dialog's own button is."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAutoDefault(False)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
        else:
            super().keyPressEvent(event)


class Notices(Message):
    """What is said by the way, the newest last: it goes by itself, or stays until somebody has seen and closed it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(Tone.IDLE, parent)
        self._said = list[tuple[str, bool]]()  # and whether it stays
        self._over = QTimer(self)
        self._over.setSingleShot(True)
        self._over.setInterval(NOTICE_MS)
        self._over.timeout.connect(self._on_over)
        self._close = QToolButton()
        self._close.setProperty("flat", True)
        self._close.setProperty("small", True)
        self._close.setIconSize(QSize(12, 12))
        self._close.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # a click leaves the keys with the captions
        self._close.clicked.connect(self.dismiss)
        layout = self.layout()
        assert layout is not None
        layout.addWidget(self._close)
        for each in (self._label, self._close):
            layout.setAlignment(each, Qt.AlignmentFlag.AlignTop)
        self._refresh_words()
        self._refresh_colours()

    def say(self, text: str, *, stays: bool) -> None:
        """Say something below what is being said.

        Args:
            text: for people.
            stays: it is about something that a person must not miss.
        """
        others = [each for each in self._said if each[0] != text]
        self._said = [*others[1 - _NOTICES :], (text, stays)]
        self._over.start()
        self._refresh()

    @override
    def set_lines(self, lines: int) -> None:
        """Show at most so many lines, 0 for all: then the newest comes first, and the tooltip has the rest."""
        super().set_lines(lines)
        self._refresh()

    def dismiss(self) -> None:
        """Take away what is said."""
        self._said.clear()
        self._refresh()

    def _on_over(self) -> None:
        self._said = [each for each in self._said if each[1]]
        self._refresh()

    def _refresh(self) -> None:
        tone = Tone.WARN if any(stays for _, stays in self._said) else Tone.IDLE
        texts = [text for text, _ in self._said]
        self.show_text(" ".join(reversed(texts)) if self._lines else "\n".join(texts), tone)

    def _refresh_words(self) -> None:
        words = self.tr("Close")
        self._close.setAccessibleName(words)
        self._close.setToolTip(f"{words} (Esc)")

    @override
    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._refresh_words()

    @override
    def _refresh_colours(self) -> None:
        super()._refresh_colours()
        if hasattr(self, "_close"):
            self._close.setIcon(icon("close", colours(self.palette()).text))


class RecoveryOffer(QFrame):
    """Offers captions that a crash has left behind: to view, to save, to delete, or not now; hidden where none are."""

    view_requested = Signal()
    save_requested = Signal()
    delete_requested = Signal()
    later_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        mark(self, "tint", str(Tone.WARN))
        self._sure = False
        self._icon, self._label = QLabel(), QLabel()
        self._icon.setFixedSize(ICON, ICON)
        self._label.setWordWrap(True)
        self._label.setTextFormat(Qt.TextFormat.PlainText)
        self._view, self._save, self._delete, self._later = (Button() for _ in range(4))
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        for button in (self._view, self._save, self._delete, self._later):
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # a click leaves the keys with the captions
            buttons.addWidget(button)
        buttons.addStretch(1)
        column = QVBoxLayout()
        column.setSpacing(6)
        column.addWidget(self._label)
        column.addLayout(buttons)
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 8, 16, 8)
        row.setSpacing(10)
        row.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(column, 1)
        self._view.clicked.connect(self.view_requested)
        self._save.clicked.connect(self.save_requested)
        self._delete.clicked.connect(self._on_delete)
        self._later.clicked.connect(self.later_requested)
        self._refresh_words()
        self._refresh_colours()
        self.hide()

    @property
    def text(self) -> str:
        """What it says, whole."""
        return self._label.text()

    def show_text(self, text: str) -> None:
        """Offer something; an empty text hides the offer."""
        self._sure = False
        self._label.setText(text)
        self._label.setAccessibleName(text)
        self._refresh_words()
        self.setVisible(bool(text))

    def _on_delete(self) -> None:
        """Delete at the second click: nothing brings the captions back."""
        if self._sure:
            self.delete_requested.emit()
        self._sure = not self._sure
        self._refresh_words()

    def _refresh_words(self) -> None:
        self._view.setText(self.tr("View"))
        self._save.setText(self.tr("Save…"))
        self._delete.setText(self.tr("Delete for good") if self._sure else self.tr("Delete"))
        self._later.setText(self.tr("Later"))

    @override
    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._refresh_words()
        elif event.type() == QEvent.Type.PaletteChange and hasattr(self, "_icon"):
            self._refresh_colours()

    def _refresh_colours(self) -> None:
        ink = tone_colour(Tone.WARN, self.palette())
        self._icon.setPixmap(picture("information", ink, ICON, self.devicePixelRatioF()))


def tone_colour(tone: Tone, palette: QPalette) -> str:
    """Return the colour of a tone in the theme of a palette."""
    theme = colours(palette)
    return {
        Tone.GOOD: theme.good,
        Tone.BUSY: theme.busy,
        Tone.WARN: theme.warn,
        Tone.BAD: theme.bad,
        Tone.IDLE: theme.idle,
    }[tone]
