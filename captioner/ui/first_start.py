"""The first start: enter the keys, or try the demo."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QDialog, QFrame, QHBoxLayout, QLabel, QPushButton, QScrollArea, QVBoxLayout, QWidget
from typing_extensions import override

from captioner.policy import Policy
from captioner.ui.account import AccountForm
from captioner.ui.bars import Button
from captioner.ui.theme import picture, resize_within_screen

_LOGO, _WIDTH = 56, 540
_SPARE = 24  # pixels for what a test says in three lines


class FirstStart(QDialog):
    """Asks for the account's keys and offers the demo; it never blocks the window behind it."""

    account_entered = Signal(str, str)
    """Client id and secret, to be used from now on; or "" and the desk's key."""

    test_requested = Signal(str, str)
    demo_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        logo, self._title, self._welcome = QLabel(), QLabel(), QLabel()
        logo.setPixmap(picture("captioner", "", _LOGO, self.devicePixelRatioF()))
        font = QFont(self._title.font())
        font.setPointSizeF(font.pointSizeF() * 1.5)
        font.setWeight(QFont.Weight.DemiBold)
        self._title.setFont(font)
        self._form = AccountForm()
        self._demo_words = QLabel()
        for label in (self._welcome, self._demo_words):
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)
        self._use, self._demo = QPushButton(), Button()
        self._use.setDefault(True)
        line = QFrame()
        line.setProperty("line", True)

        head = QHBoxLayout()
        head.setSpacing(18)
        head.addWidget(logo, 0, Qt.AlignmentFlag.AlignTop)
        words = QVBoxLayout()
        words.setSpacing(6)
        words.addWidget(self._title)
        words.addWidget(self._welcome)
        head.addLayout(words, 1)
        use = QHBoxLayout()
        use.addStretch(1)
        use.addWidget(self._use)
        demo = QHBoxLayout()
        demo.setSpacing(16)
        demo.addWidget(self._demo_words, 1)
        demo.addWidget(self._demo)
        inner, area = QWidget(), QScrollArea()
        area.setWidget(inner)
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(area)
        column = QVBoxLayout(inner)
        column.setContentsMargins(28, 26, 28, 24)
        column.setSpacing(18)
        column.addLayout(head)
        column.addWidget(self._form)
        column.addLayout(use)
        column.addWidget(line)
        column.addLayout(demo)
        self.setMinimumWidth(380)

        self._form.test_requested.connect(self.test_requested)
        self._form.edited.connect(self._refresh_buttons)
        self._use.clicked.connect(self._on_use)
        self._demo.clicked.connect(self._on_demo)
        self._refresh_words()
        self._refresh_buttons()
        resize_within_screen(self, _WIDTH, column.totalHeightForWidth(_WIDTH) + _SPARE)

    def show_policy(self, policy: Policy) -> None:
        """Ask for the key of a desk where the company has a token service of its own."""
        self._form.show_policy(policy)
        self._refresh_words()
        self._refresh_buttons()

    def show_test_result(self, passed: bool, text: str) -> None:
        """Say what the test of the keys came to."""
        self._form.show_test_result(passed, text)

    def _on_use(self) -> None:
        self.account_entered.emit(*self._form.credentials)
        self.accept()

    def _on_demo(self) -> None:
        self.demo_requested.emit()
        self.accept()

    def _refresh_buttons(self) -> None:
        self._use.setEnabled(self._form.complete)

    def _refresh_words(self) -> None:
        self.setWindowTitle(self.tr("Welcome"))
        self._title.setText(self.tr("Live captions for your calls"))
        if self._form.desk:
            self._welcome.setText(
                self.tr("Speech is recognised by RTZR. Enter the desk key that your administrators gave you to begin.")
            )
            self._use.setText(self.tr("Use this key"))
        else:
            self._welcome.setText(
                self.tr("Speech is recognised by RTZR. Enter the client id and the secret of your account to begin.")
            )
            self._use.setText(self.tr("Use these keys"))
        self._demo_words.setText(
            self.tr("No keys yet? The demo captions a sample call; an emulator on this computer plays the recogniser.")
        )
        self._demo.setText(self.tr("Try the demo"))

    @override
    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._refresh_words()
