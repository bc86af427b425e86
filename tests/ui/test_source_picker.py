from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from captioner.language import Sentences
from captioner.settings import Language
from captioner.ui.source_picker import SourceChoice, SourcePicker
from captioner.ui.theme import Appearance
from captioner.ui.translation import Translation

SOURCES = (SourceChoice("", ""), SourceChoice("ALSA: Jabra", "Jabra"), SourceChoice("ALSA: Built-in", "Built-in"))


@pytest.fixture
def picker(qtbot: QtBot, appearance: Appearance) -> SourcePicker:
    picker = SourcePicker()
    qtbot.addWidget(picker)
    picker.resize(200, 30)
    with qtbot.waitExposed(picker):
        picker.show()
    return picker


def names(picker: SourcePicker) -> list[str]:
    return [picker.itemText(at) for at in range(picker.count())]


def test_before_anything_is_known_there_is_the_systems_default(picker: SourcePicker) -> None:
    assert names(picker) == ["System default"]
    assert picker.current_source == ""


def test_the_current_source_is_shown(picker: SourcePicker) -> None:
    picker.show_sources(SOURCES, "ALSA: Jabra")
    assert names(picker) == ["System default", "Jabra", "Built-in"]
    assert picker.currentText() == "Jabra"
    assert picker.toolTip() == "Sound source: Jabra"


def test_a_chosen_source_that_is_gone_stays_and_is_marked(picker: SourcePicker) -> None:
    picker.show_sources(SOURCES[:1], "ALSA: Jabra")
    assert picker.currentText() == "ALSA: Jabra (not connected)"
    picker.show_sources(SOURCES, "ALSA: Jabra")
    assert picker.currentText() == "Jabra"
    assert picker.count() == 3


def test_choosing_with_the_keyboard_says_which(qtbot: QtBot, picker: SourcePicker) -> None:
    picker.show_sources(SOURCES, "")
    with qtbot.waitSignal(picker.source_chosen) as chosen:
        QTest.keyClick(picker, Qt.Key.Key_Down)
    assert chosen.args == ["ALSA: Jabra"]
    assert picker.current_source == "ALSA: Jabra"


def test_choosing_the_same_again_says_nothing(qtbot: QtBot, picker: SourcePicker) -> None:
    picker.show_sources(SOURCES, "ALSA: Jabra")
    with qtbot.assertNotEmitted(picker.source_chosen):
        picker.activated.emit(1)


def test_opening_the_list_asks_for_the_devices(qtbot: QtBot, picker: SourcePicker) -> None:
    with qtbot.waitSignal(picker.devices_wanted):
        picker.showPopup()
    picker.hidePopup()


def test_it_speaks_the_persons_language(picker: SourcePicker, translation: Translation) -> None:
    picker.show_sources(SOURCES, "")
    translation.use(Sentences.load(Language.KOREAN))
    QApplication.processEvents()
    assert names(picker)[0] == "시스템 기본 장치"
    assert picker.accessibleName() == "소리 입력"


def test_a_list_that_is_open_grows_with_what_is_found(qtbot: QtBot, picker: SourcePicker) -> None:
    picker.show_sources((SourceChoice("", ""),), "")
    picker.showPopup()
    picker.show_sources([SourceChoice("", ""), *(SourceChoice(each, each) for each in "abc")], "")
    qtbot.waitUntil(lambda: picker.view().verticalScrollBar().maximum() == 0)
    assert picker.view().isVisible()
    assert picker.view().height() >= 4 * picker.view().sizeHintForRow(0)
    picker.hidePopup()
