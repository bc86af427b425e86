"""The input's level as a small bar of segments."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, QTimer
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget
from typing_extensions import override

from captioner.ui.theme import blend, colours

SEGMENTS = 14
"""From -60 to 0 dBFS."""

FRAME_MS = 50
"""At most 20 paints a second."""

_FLOOR = -60.0  # dBFS at the left end
_WARN, _HOT = -12.0, -4.0  # dBFS from which a segment means loud, and too loud
_STEP = 6.0  # dB that a screen reader is told of


class LevelMeter(QWidget):
    """Shows how loud the input is, or that there is no signal at all. Paints only when a segment changes.

    Args:
        frame_ms: the shortest time between two paintings.
    """

    def __init__(self, parent: QWidget | None = None, *, frame_ms: int = FRAME_MS) -> None:
        super().__init__(parent)
        self._level, self._no_signal, self._active = 0.0, False, False
        self._lit = 0
        self._spoken = ""
        self._frame = QTimer(self)
        self._frame.setSingleShot(True)
        self._frame.setInterval(frame_ms)
        self._frame.timeout.connect(self._refresh)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self._refresh_words()

    def show_level(self, level: float, *, no_signal: bool = False, active: bool = True) -> None:
        """Show a level.

        Args:
            level: 0 to 1, from -60 to 0 dBFS.
            no_signal: the source has been dead silent for too long.
            active: the source is being heard.
        """
        changed = (no_signal, active) != (self._no_signal, self._active)
        self._level, self._no_signal, self._active = level, no_signal, active
        if changed or not self._frame.isActive():
            self._refresh()

    @property
    def lit(self) -> int:
        """Segments that are lit."""
        return self._lit

    def _refresh(self) -> None:
        lit = round(self._level * SEGMENTS) if self._active else 0
        if lit != self._lit:
            self._lit = lit
            self.update()
            self._frame.start()
        self._refresh_words()

    def _refresh_words(self) -> None:
        if not self._active:
            words = self.tr("Input level: not listening")
        elif self._no_signal:
            words = self.tr("Input level: no signal")
        else:
            level = _FLOOR * (1 - self._level)
            words = self.tr("Input level: {level} dBFS").format(level=round(level / _STEP) * round(_STEP))
        if words != self._spoken:
            self._spoken = words
            self.setAccessibleName(words)
            self.setToolTip(words)
            self.update()

    @override
    def sizeHint(self) -> QSize:
        return QSize(SEGMENTS * 5 - 2, 16)

    @override
    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._refresh_words()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        theme = colours(self.palette())
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        off = blend(theme.text, theme.window, 0.16)
        middle = self.height() / 2
        for at in range(SEGMENTS):
            level = _FLOOR * (1 - (at + 1) / SEGMENTS)
            if self._no_signal:
                colour = theme.bad
            elif at >= self._lit:
                colour = off
            else:
                colour = theme.bad if level > _HOT else theme.warn if level > _WARN else theme.good
            height = 3.0 if self._no_signal else 5 + 9 * at / (SEGMENTS - 1)
            painter.setBrush(QColor(colour))
            painter.drawRoundedRect(QRectF(at * 5, middle - height / 2, 3, height), 1.5, 1.5)
