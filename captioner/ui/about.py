"""About the program: its version, what it is made with, and the licences of all of that."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QFont, QShowEvent
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from captioner.ui.bars import Button
from captioner.ui.theme import ink, picture, resize_within_screen

_LOGO = 56
_NARROWEST = 380
"""Pixels."""


class About(QDialog):
    """Says what the program is; its licences are shown below on demand. It is not modal, captions go on behind it.

    Args:
        version: of the program.
    """

    licences_requested = Signal()
    """The person wants the licences: `show_licences` is to be called with their text."""
    page_requested = Signal()
    """The person wants to see the page of the new version."""

    def __init__(self, version: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._number = version
        logo, title, self._version = QLabel(), QLabel("Captioner"), QLabel()
        logo.setPixmap(picture("captioner", "", _LOGO, self.devicePixelRatioF()))
        font = QFont(title.font())
        font.setPointSizeF(font.pointSizeF() * 1.5)
        font.setWeight(QFont.Weight.DemiBold)
        title.setFont(font)
        ink(self._version, "faint")
        self._version.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._words, self._libraries, self._update = QLabel(), QLabel(), QLabel()
        for label in (self._words, self._libraries, self._update):
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)
        ink(self._update, "faint")
        self._page = Button()
        self._page.clicked.connect(self.page_requested)
        self.licences = QPlainTextEdit()
        self.licences.setReadOnly(True)
        self.licences.setUndoRedoEnabled(False)
        self.licences.setTabChangesFocus(True)
        self.licences.setProperty("framed", True)
        self.licences.hide()
        self._show = Button()
        self._show.clicked.connect(self._on_show)
        self._buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        self._buttons.rejected.connect(self.reject)

        head = QHBoxLayout()
        head.setSpacing(18)
        head.addWidget(logo, 0, Qt.AlignmentFlag.AlignTop)
        words = QVBoxLayout()
        words.setSpacing(4)
        words.addWidget(title)
        words.addWidget(self._version)
        head.addLayout(words, 1)
        foot = QHBoxLayout()
        foot.addWidget(self._show)
        foot.addWidget(self._page)
        foot.addStretch(1)
        foot.addWidget(self._buttons)
        column = self._column = QVBoxLayout(self)
        column.setContentsMargins(28, 26, 28, 18)
        column.setSpacing(16)
        column.addLayout(head)
        column.addWidget(self._update)
        column.addWidget(self._words)
        column.addWidget(self._libraries)
        column.addWidget(self.licences, 1)
        column.addStretch(0)
        column.addLayout(foot)
        self._buttons.button(QDialogButtonBox.StandardButton.Close).setDefault(True)  # it is in the dialog now
        self._update.hide()
        self._page.hide()
        self._refresh_words()
        resize_within_screen(self, 520, self.sizeHint().height())

    def show_licences(self, text: str) -> None:
        """Show the licences, from their beginning."""
        self.licences.setPlainText(text)
        self.licences.show()
        self._show.setEnabled(False)
        self._keep_room()
        resize_within_screen(self, max(self.width(), 760), max(self.height(), 560))
        self.licences.setFocus()

    def show_update(self, text: str, url: str = "") -> None:
        """Say what is known of new versions, nothing where it is empty.

        Args:
            text: one sentence.
            url: the page of the newer one; "" where there is none.
        """
        self._update.setText(text)
        self._update.setVisible(bool(text))
        self._page.setToolTip(url)
        self._page.setVisible(bool(url))
        self._keep_room()

    def _on_show(self) -> None:
        self.licences_requested.emit()

    def _refresh_words(self) -> None:
        self.setWindowTitle(self.tr("About Captioner"))
        self._version.setText(self.tr("Version {version}").format(version=self._number))
        self._words.setText(self.tr("Live captions of phone and microphone audio, with the latency of every stage."))
        self._libraries.setText(
            self.tr(
                "Captioner is free software under the MIT licence. It uses Qt and PySide6 under the LGPL, version 3; "
                "you may replace them with your own, and the licences say how."
            )
        )
        self._show.setText(self.tr("Licences"))
        self._page.setText(self.tr("What is new"))
        self.licences.setAccessibleName(self.tr("Licences"))
        self._buttons.button(QDialogButtonBox.StandardButton.Close).setText(self.tr("Close"))
        self._keep_room()

    def _keep_room(self) -> None:
        """Let nobody make the dialog so small that its words are cut; broken lines are not in Qt's own hint."""
        self.setMinimumSize(_NARROWEST, self._column.totalMinimumHeightForWidth(_NARROWEST))

    @override
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._keep_room()  # the fonts are known now
        self._buttons.button(QDialogButtonBox.StandardButton.Close).setFocus()

    @override
    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange and hasattr(self, "_buttons"):
            self._refresh_words()
