"""The application as people see it: its fonts, its theme, its languages."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QApplication

from captioner.language import Sentences
from captioner.settings import Theme
from captioner.ui.theme import Appearance
from captioner.ui.translation import Translation
from tests.helpers.ui import undressed


@pytest.fixture
def appearance(qapp: QApplication) -> Iterator[Appearance]:
    """The program's looks, light; the application is as before afterwards."""
    with undressed(qapp):
        mine = Appearance(qapp)
        mine.use(Theme.LIGHT)
        yield mine
        mine.use(Theme.SYSTEM)
        mine.deleteLater()
        QCoreApplication.sendPostedEvents(mine, QEvent.Type.DeferredDelete)


@pytest.fixture
def translation(qapp: QApplication) -> Iterator[Translation]:
    """The program's language, English until a test says otherwise."""
    mine = Translation(qapp)
    yield mine
    mine.use(Sentences())
    mine.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
