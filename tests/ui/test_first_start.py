from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QPushButton, QScrollArea, QWidget
from pytestqt.qtbot import QtBot

from captioner.language import Sentences
from captioner.policy import Policy
from captioner.settings import Language
from captioner.ui.first_start import FirstStart
from captioner.ui.theme import Appearance
from captioner.ui.translation import Translation
from tests.helpers.ui import overlapping


@pytest.fixture
def dialog(qtbot: QtBot, appearance: Appearance) -> FirstStart:
    dialog = FirstStart()
    qtbot.addWidget(dialog)
    with qtbot.waitExposed(dialog):
        dialog.show()
    return dialog


def button(dialog: FirstStart, words: str) -> QPushButton:
    return next(each for each in dialog.findChildren(QPushButton) if each.text() == words)


def test_it_blocks_nothing(dialog: FirstStart) -> None:
    assert not dialog.isModal()


def test_keys_are_entered_with_the_keyboard(qtbot: QtBot, dialog: FirstStart) -> None:
    assert not button(dialog, "Use these keys").isEnabled()
    client_id, secret = dialog.findChildren(QLineEdit)
    QTest.keyClicks(client_id, "my-id")
    QTest.keyClicks(secret, "my-secret")
    with qtbot.waitSignal(dialog.account_entered) as entered:
        QTest.keyClick(secret, Qt.Key.Key_Return)
    assert entered.args == ["my-id", "my-secret"]
    assert dialog.isHidden()


def test_enter_with_half_of_the_keys_does_nothing(qtbot: QtBot, dialog: FirstStart) -> None:
    client_id = dialog.findChildren(QLineEdit)[0]
    QTest.keyClicks(client_id, "my-id")
    with qtbot.assertNotEmitted(dialog.account_entered), qtbot.assertNotEmitted(dialog.demo_requested):
        QTest.keyClick(client_id, Qt.Key.Key_Return)
    assert dialog.isVisible()


def test_keys_can_be_tested_before_they_are_used(qtbot: QtBot, dialog: FirstStart) -> None:
    for field in dialog.findChildren(QLineEdit):
        QTest.keyClicks(field, "key")
    with qtbot.waitSignal(dialog.test_requested) as requested:
        button(dialog, "Test").click()
    assert requested.args == ["key", "key"]
    dialog.show_test_result(False, "The proxy is not there.")
    assert any("The proxy is not there." in label.text() for label in dialog.findChildren(QLabel))
    assert dialog.isVisible()


def test_the_demo_needs_no_keys_and_is_called_an_emulator(qtbot: QtBot, dialog: FirstStart) -> None:
    assert any("emulator" in label.text() for label in dialog.findChildren(QLabel))
    with qtbot.waitSignal(dialog.demo_requested):
        button(dialog, "Try the demo").click()
    assert dialog.isHidden()


def test_enter_presses_the_button_that_has_the_focus(qtbot: QtBot, dialog: FirstStart) -> None:
    for field in dialog.findChildren(QLineEdit):
        QTest.keyClicks(field, "key")
    dialog.activateWindow()
    for words, signal in (("Test", dialog.test_requested), ("Try the demo", dialog.demo_requested)):
        button(dialog, words).setFocus()
        with qtbot.waitSignal(signal), qtbot.assertNotEmitted(dialog.account_entered):
            QTest.keyClick(button(dialog, words), Qt.Key.Key_Return)


@pytest.mark.parametrize("language", list(Language))
def test_nothing_covers_anything_however_small_it_is_made(
    dialog: FirstStart, translation: Translation, language: Language
) -> None:
    translation.use(Sentences.load(language))
    for width, height in ((380, 200), (540, 420)):
        dialog.resize(width, height)
        QApplication.processEvents()
        fields = [each for each in dialog.findChildren(QWidget) if isinstance(each, QLineEdit | QPushButton)]
        assert overlapping([each for each in fields if isinstance(each, QLineEdit)]) == []
        assert all(each.height() >= each.minimumSizeHint().height() for each in fields)


def test_on_its_own_screen_it_shows_everything_at_once(dialog: FirstStart) -> None:
    area = dialog.findChild(QScrollArea)
    assert area is not None
    assert area.verticalScrollBar().maximum() == 0


def test_it_speaks_the_persons_language(dialog: FirstStart, translation: Translation) -> None:
    translation.use(Sentences.load(Language.KOREAN))
    QApplication.processEvents()
    assert dialog.windowTitle() == "환영합니다"
    assert button(dialog, "데모 보기").isEnabled()


def test_a_companys_desk_is_asked_for_its_key_alone(qtbot: QtBot, dialog: FirstStart) -> None:
    dialog.show_policy(Policy(token_url="https://tokens.example/token"))
    assert not button(dialog, "Use this key").isEnabled()
    said = "\n".join(each.text() for each in dialog.findChildren(QLabel))
    assert "Enter the desk key that your administrators gave you to begin." in said
    assert "secret" not in said
    client_id, key = dialog.findChildren(QLineEdit)
    assert client_id.isHidden()
    QTest.keyClicks(key, "desk-key-1")
    with qtbot.waitSignal(dialog.account_entered) as entered:
        QTest.keyClick(key, Qt.Key.Key_Return)
    assert entered.args == ["", "desk-key-1"]
