from __future__ import annotations

from datetime import UTC, datetime, timedelta

from PySide6.QtGui import QFont
from PySide6.QtWidgets import QApplication, QDialogButtonBox
from pytestqt.qtbot import QtBot

from captioner.language import Sentences
from captioner.saving import Saved
from captioner.settings import Language
from captioner.ui.recovered import RecoveredCaptions
from captioner.ui.theme import Appearance
from captioner.ui.translation import Translation
from tests.helpers.ui import final, gap, lines

AT = datetime(2026, 3, 4, 14, 3, tzinfo=UTC)


def test_lanes_are_shown_one_below_the_other_as_the_window_showed_them(qtbot: QtBot, appearance: Appearance) -> None:
    lanes: list[tuple[datetime, list[Saved]]] = [
        (AT, [final(1, "첫 통화", 1), gap(16_000, 24_000)]),
        (AT + timedelta(minutes=5), [final(1, "둘째 통화", 1)]),
    ]
    font = QFont(QApplication.font())
    font.setPointSize(21)
    shown = RecoveredCaptions(lanes, font)
    with qtbot.waitExposed(shown):
        shown.show()
    qtbot.waitUntil(lambda: len(lines(shown.captions)) == 3)
    first, missing, second = lines(shown.captions)
    assert (first, second) == ("첫 통화", "둘째 통화")
    assert "1.0" in missing
    assert shown.captions.font().pointSize() == 21
    shown.close()


def test_it_speaks_the_other_language_at_once(qtbot: QtBot, appearance: Appearance) -> None:
    shown = RecoveredCaptions([], QApplication.font())
    shown.show()
    translation = Translation(QApplication.instance() or QApplication([]))
    translation.use(Sentences.load(Language.KOREAN))
    QApplication.processEvents()
    assert shown.windowTitle() == "저장되지 않은 자막"
    (buttons,) = shown.findChildren(QDialogButtonBox)
    assert [each.text() for each in buttons.buttons()] == ["닫기"]
    translation.use(Sentences())
    QApplication.processEvents()
    buttons.buttons()[0].click()
    assert not shown.isVisible()
