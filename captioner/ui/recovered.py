"""Captions that a crash has left behind, to be read and copied before somebody decides about them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QVBoxLayout, QWidget
from typing_extensions import override

from captioner.saving import Saved
from captioner.ui.captions import CaptionsView
from captioner.ui.theme import resize_within_screen


class RecoveredCaptions(QDialog):
    """Shows lanes as the window showed them; it is not modal, captions go on behind it.

    Args:
        lanes: when each began, and what it said.
        font: of the window's captions.
        parent: the window.
    """

    def __init__(
        self, lanes: Sequence[tuple[datetime, Sequence[Saved]]], font: QFont, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.captions = CaptionsView()
        self.captions.set_font_size(font.pointSize())
        self._buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        self._buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 12)
        column.setSpacing(12)
        column.addWidget(self.captions, 1)
        foot = QVBoxLayout()
        foot.setContentsMargins(16, 0, 16, 0)
        foot.addWidget(self._buttons)
        column.addLayout(foot)
        resize_within_screen(self, 760, 520)
        for started_at, updates in lanes:
            self.captions.begin(started_at)
            self.captions.show_updates(updates)
        self._refresh_words()

    @override
    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._refresh_words()

    def _refresh_words(self) -> None:
        self.setWindowTitle(self.tr("Captions that were not saved"))
        self._buttons.button(QDialogButtonBox.StandardButton.Close).setText(self.tr("Close"))
