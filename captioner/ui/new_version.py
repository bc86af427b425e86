"""What a person sees of a new version: one quiet line, a word in the about box, and its page, if they want it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import PurePath

from PySide6.QtCore import QEvent, Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QWidget
from typing_extensions import override

from captioner.language import Sentences
from captioner.releases import Release, Trouble, UpdateState
from captioner.ui.bars import ICON, Button, tone_colour
from captioner.ui.theme import mark, picture
from captioner.ui.viewstate import Tone


class NewVersion(QFrame):
    """A line that says that there is a new version; hidden while there is none, or when the person has seen it."""

    page_requested = Signal()
    dismissed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        mark(self, "tint", str(Tone.IDLE))
        self._icon, self._label = QLabel(), QLabel()
        self._icon.setFixedSize(ICON, ICON)
        self._label.setWordWrap(True)
        self._label.setTextFormat(Qt.TextFormat.PlainText)
        self._page, self._dismiss = Button(), Button()
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 6, 16, 6)
        row.setSpacing(10)
        row.addWidget(self._icon)
        row.addWidget(self._label, 1)
        for button in (self._page, self._dismiss):
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # a click leaves the keys with the captions
            row.addWidget(button)
        self._page.clicked.connect(self.page_requested)
        self._dismiss.clicked.connect(self.dismissed)
        self._refresh_words()
        self._refresh_colours()
        self.hide()

    @property
    def text(self) -> str:
        """What it says."""
        return self._label.text()

    def show_text(self, text: str, url: str = "") -> None:
        """Say that there is a new version, and where its page is; an empty text hides the line."""
        self._label.setText(text)
        self._label.setAccessibleName(text)
        self._page.setToolTip(url)
        self.setVisible(bool(text))

    def _refresh_words(self) -> None:
        self._page.setText(self.tr("What is new"))
        self._dismiss.setText(self.tr("Dismiss"))

    @override
    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._refresh_words()
        elif event.type() == QEvent.Type.PaletteChange and hasattr(self, "_icon"):
            self._refresh_colours()

    def _refresh_colours(self) -> None:
        ink = tone_colour(Tone.IDLE, self.palette())
        self._icon.setPixmap(picture("information", ink, ICON, self.devicePixelRatioF()))


def offer_sentence(state: UpdateState, say: Sentences) -> str:
    """Say that there is a new version, to somebody who has not heard it yet; "" where there is none."""
    if state.newer is None or not state.offered:
        return ""
    return say(
        "Version {version} has been released; this is version {own}.", version=state.newer.version, own=state.own
    )


def report_sentence(state: UpdateState, say: Sentences) -> str:
    """Say what is known of new versions, to somebody who looks for it; "" where nobody asks."""
    if not state.address:
        return ""
    if state.asked is None:
        return say("Not asked for a new version yet.")
    try:
        when = f"{datetime.fromtimestamp(state.asked.at):%Y-%m-%d %H:%M}"
    except (ValueError, OverflowError, OSError):  # a file that somebody wrote by hand
        when = "?"
    match state.asked.found:
        case Trouble.NO_ANSWER:
            return say("Last asked for a new version on {when}: no answer.", when=when)
        case Trouble.UNREADABLE:
            return say("Last asked for a new version on {when}: the answer was not understood.", when=when)
        case Release(version):
            if state.newer is None:
                return say("Last asked for a new version on {when}: there is none.", when=when)
            return say("Last asked for a new version on {when}: there is {version}.", when=when, version=version)


def open_link(url: str) -> bool:
    """Have the desktop open a page; return whether there was a program for it."""
    with _as_the_system(getattr(sys, "_MEIPASS", "")):
        return QDesktopServices.openUrl(QUrl(url, QUrl.ParsingMode.StrictMode))


@contextmanager
def _as_the_system(bundle: str) -> Iterator[None]:
    """Have the environment as it is outside of a frozen program, for as long as a program of the system is started."""
    before = dict(os.environ)
    changes = outside(before, bundle) if bundle and sys.platform.startswith("linux") else {}
    for name, value in changes.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
    try:
        yield
    finally:
        os.environ.update({name: before[name] for name in changes})


def outside(environment: Mapping[str, str], bundle: str) -> dict[str, str | None]:
    """Return which variables a program of the system is to have otherwise than a frozen program; None takes one away.

    A frozen program of Linux finds its libraries and plugins by variables, which its children inherit; a browser that
    takes a library from here may not start. PyInstaller keeps what stood there under another name
    (https://pyinstaller.org/en/stable/runtime-information.html, "LD_LIBRARY_PATH / LIBPATH considerations").

    Args:
        environment: of the frozen program.
        bundle: its folder.
    """
    changes = dict[str, str | None]()
    for name, value in environment.items():
        parts = value.split(os.pathsep)
        kept = [each for each in parts if not (each and PurePath(each).is_relative_to(bundle))]
        if name.startswith("_PYI_"):
            changes[name] = None  # by these it knows its own children, who may rely on the others
        elif name == "LD_LIBRARY_PATH" and f"{name}_ORIG" in environment:
            changes[name] = environment[f"{name}_ORIG"]
        elif kept != parts:
            changes[name] = os.pathsep.join(kept) or None
    return changes
