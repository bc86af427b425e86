from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QApplication,
    QCheckBox,
    QComboBox,
    QDialogButtonBox,
    QDoubleSpinBox,
    QLabel,
    QLineEdit,
    QListWidget,
    QPlainTextEdit,
    QPushButton,
    QSpinBox,
    QWidget,
)
from pytestqt.qtbot import QtBot

from captioner.language import Sentences
from captioner.policy import Policy
from captioner.settings import Domain, Interims, Language, Mode, Model, Section, Settings, option_of
from captioner.ui.settings_dialog import SettingsDialog
from captioner.ui.source_picker import SourceChoice, SourcePicker
from captioner.ui.theme import Appearance
from captioner.ui.translation import Translation
from tests.helpers.ui import state

BUTTON = QDialogButtonBox.StandardButton


@pytest.fixture
def dialog(qtbot: QtBot, appearance: Appearance) -> SettingsDialog:
    dialog = SettingsDialog()
    qtbot.addWidget(dialog)
    dialog.show_settings(Settings())
    with qtbot.waitExposed(dialog):
        dialog.show()
    return dialog


def editor(dialog: SettingsDialog, label: str) -> Any:
    """The widget of a setting, by its name for people."""
    kinds = (QComboBox, QCheckBox, QSpinBox, QDoubleSpinBox, QPlainTextEdit, QLineEdit)
    found = [each for each in dialog.findChildren(QWidget) if each.accessibleName() == label]
    return next(each for each in found if isinstance(each, kinds))


def button(dialog: SettingsDialog, which: QDialogButtonBox.StandardButton) -> QPushButton:
    box = dialog.findChild(QDialogButtonBox)
    assert isinstance(box, QDialogButtonBox)
    return box.button(which)


def words(dialog: SettingsDialog) -> str:
    return "\n".join(each.text() for each in dialog.findChildren(QLabel) if not each.isHidden())


def choose(combo: QComboBox, value: str) -> None:
    combo.setCurrentIndex(combo.findData(value))


def type_number(spin: QWidget, text: str) -> None:
    """Type a number as a person does: over what is there."""
    assert isinstance(spin, QSpinBox | QDoubleSpinBox)
    spin.setFocus()
    spin.selectAll()
    QTest.keyClicks(spin, text)


def test_it_is_not_modal(dialog: SettingsDialog) -> None:
    assert not dialog.isModal()


@pytest.mark.parametrize("name", [each.name for each in fields(Settings) if not option_of(each).hidden])
def test_every_option_has_a_control_with_its_name_and_its_help(dialog: SettingsDialog, name: str) -> None:
    option = option_of(next(each for each in fields(Settings) if each.name == name))
    control = editor(dialog, option.label)
    assert control.accessibleDescription() == option.help
    assert option.help in words(dialog)


def test_there_is_a_page_for_the_account_and_for_every_section(dialog: SettingsDialog) -> None:
    pages = dialog.findChild(QListWidget)
    assert isinstance(pages, QListWidget)
    assert [pages.item(at).text() for at in range(pages.count())] == ["Account", *Section]


def test_what_is_hidden_has_no_control(dialog: SettingsDialog) -> None:
    assert "Latency overlay" not in words(dialog)


def test_a_value_of_every_kind_is_applied(qtbot: QtBot, dialog: SettingsDialog) -> None:
    choose(editor(dialog, "Domain"), Domain.MEETING)
    editor(dialog, "Punctuation").setChecked(True)
    type_number(editor(dialog, "Longest utterance"), "20")
    type_number(editor(dialog, "End of utterance"), "0.8")
    editor(dialog, "Keywords").setPlainText("리턴제로:3.5\n\n 반품 \n")
    proxy = editor(dialog, "Proxy")
    QTest.keyClicks(proxy, "http://proxy.example:3128")
    choose(editor(dialog, "Interim text"), Interims.CALM)
    with qtbot.waitSignal(dialog.settings_changed) as changed:
        button(dialog, BUTTON.Apply).click()
    assert changed.args == [
        Settings(
            domain=Domain.MEETING,
            punctuation=True,
            max_utterance=20,
            epd=0.8,
            keywords=("리턴제로:3.5", "반품"),
            proxy="http://proxy.example:3128",
            interims=Interims.CALM,
        )
    ]
    assert not button(dialog, BUTTON.Apply).isEnabled()
    assert dialog.isVisible()


@pytest.mark.parametrize(
    ("label", "text", "sentence"),
    [
        ("Longest utterance", "61", "61 is not between 2 and 60 s."),
        ("Longest utterance", "1", "1 is not between 2 and 60 s."),
        ("End of utterance", "5.1", "5.1 is not between 0.2 and 5 s."),
        ("Font size", "101", "101 is not between 10 and 100 pt."),
        ("Block length", "15", "15 ms is neither 10 nor 20 ms."),
        ("Chunk length", "50", "50 ms is not 20, 40, 60, 80 or 100 ms."),
    ],
)
def test_a_number_is_checked_while_it_is_typed(dialog: SettingsDialog, label: str, text: str, sentence: str) -> None:
    spin = editor(dialog, label)
    good = spin.text()
    type_number(spin, text)
    assert sentence in words(dialog)
    assert spin.accessibleDescription() == sentence
    assert not button(dialog, BUTTON.Ok).isEnabled()
    assert not button(dialog, BUTTON.Apply).isEnabled()
    type_number(spin, good.split()[0])
    assert sentence not in words(dialog)
    assert button(dialog, BUTTON.Ok).isEnabled()


@pytest.mark.parametrize(
    ("label", "text", "part"),
    [
        ("Endpoint", "http://example.com", "is not encrypted"),
        ("Endpoint", "nonsense", "is not an address"),
        ("Spoken language", "Korean", "is not a language code"),
    ],
)
def test_a_text_is_checked_while_it_is_typed(dialog: SettingsDialog, label: str, text: str, part: str) -> None:
    field = editor(dialog, label)
    field.selectAll()
    QTest.keyClicks(field, text)
    assert part in words(dialog)
    assert not button(dialog, BUTTON.Ok).isEnabled()


def test_rules_between_settings_are_checked_too(dialog: SettingsDialog) -> None:
    editor(dialog, "Keywords").setPlainText("반품")
    assert button(dialog, BUTTON.Ok).isEnabled()
    choose(editor(dialog, "Model"), Model.SOMMERS_JA)
    assert "Keywords work with Korean only" in words(dialog)
    assert not button(dialog, BUTTON.Ok).isEnabled()
    choose(editor(dialog, "Model"), Model.SOMMERS_KO)
    assert button(dialog, BUTTON.Ok).isEnabled()


def test_every_mistake_is_told_at_once(dialog: SettingsDialog) -> None:
    type_number(editor(dialog, "Longest utterance"), "61")
    type_number(editor(dialog, "Font size"), "101")
    assert "61 is not between 2 and 60 s." in words(dialog)
    assert "101 is not between 10 and 100 pt." in words(dialog)


def test_a_page_with_a_mistake_is_marked(dialog: SettingsDialog) -> None:
    pages = dialog.findChild(QListWidget)
    assert isinstance(pages, QListWidget)
    editor(dialog, "Keywords").setPlainText("english")
    assert pages.item(2).text() == "Recognition  !"
    editor(dialog, "Keywords").setPlainText("")
    assert pages.item(2).text() == "Recognition"


def test_a_change_that_needs_a_new_connection_says_so(dialog: SettingsDialog) -> None:
    later = "A change applies at the next pause, with a new connection."
    assert later not in words(dialog)
    editor(dialog, "Font size").setValue(20)
    assert later not in words(dialog)
    editor(dialog, "Punctuation").setChecked(True)
    assert later in words(dialog)
    editor(dialog, "Punctuation").setChecked(False)
    assert later not in words(dialog)


def test_cancel_changes_nothing(qtbot: QtBot, dialog: SettingsDialog) -> None:
    editor(dialog, "Font size").setValue(20)
    with qtbot.assertNotEmitted(dialog.settings_changed):
        button(dialog, BUTTON.Cancel).click()
    assert dialog.isHidden()


@pytest.mark.parametrize("way", ["cancel", "escape", "close"])
def test_what_was_cancelled_is_forgotten(qtbot: QtBot, dialog: SettingsDialog, way: str) -> None:
    editor(dialog, "Font size").setValue(33)
    editor(dialog, "Proxy").setText("nonsense")
    match way:
        case "cancel":
            button(dialog, BUTTON.Cancel).click()
        case "escape":
            QTest.keyClick(dialog, Qt.Key.Key_Escape)
        case _:
            dialog.close()
    assert dialog.isHidden()
    dialog.show()
    assert editor(dialog, "Font size").value() == Settings().font_size
    assert editor(dialog, "Proxy").text() == Settings().proxy
    editor(dialog, "Font size").setValue(20)
    with qtbot.waitSignal(dialog.settings_changed) as changed:
        button(dialog, BUTTON.Ok).click()
    assert changed.args == [Settings(font_size=20)]


def test_ok_applies_and_closes(qtbot: QtBot, dialog: SettingsDialog) -> None:
    editor(dialog, "Font size").setValue(20)
    with qtbot.waitSignal(dialog.settings_changed) as changed:
        button(dialog, BUTTON.Ok).click()
    assert changed.args == [Settings(font_size=20)]
    assert dialog.isHidden()


def test_ok_without_a_change_only_closes(qtbot: QtBot, dialog: SettingsDialog) -> None:
    with qtbot.assertNotEmitted(dialog.settings_changed), qtbot.assertNotEmitted(dialog.account_changed):
        button(dialog, BUTTON.Ok).click()
    assert dialog.isHidden()


def test_settings_that_change_meanwhile_are_shown_and_what_is_being_typed_stays(
    qtbot: QtBot, dialog: SettingsDialog
) -> None:
    editor(dialog, "Font size").setValue(20)
    dialog.show_settings(Settings(epd=1.0, font_size=17, overlay=True, overlay_place=(3, 4)))
    assert editor(dialog, "End of utterance").value() == 1.0
    assert editor(dialog, "Font size").value() == 20
    with qtbot.waitSignal(dialog.settings_changed) as changed:
        button(dialog, BUTTON.Apply).click()
    assert changed.args == [Settings(epd=1.0, font_size=20, overlay=True, overlay_place=(3, 4))]


def test_the_device_is_chosen_from_the_given_ones(qtbot: QtBot, dialog: SettingsDialog) -> None:
    dialog.show_devices((SourceChoice("", ""), SourceChoice("ALSA: Jabra", "Jabra")))
    picker = editor(dialog, "Input device")
    assert isinstance(picker, SourcePicker)
    with qtbot.waitSignal(dialog.devices_wanted):
        picker.showPopup()
    picker.hidePopup()
    QTest.keyClick(picker, Qt.Key.Key_Down)
    with qtbot.waitSignal(dialog.settings_changed) as changed:
        button(dialog, BUTTON.Apply).click()
    assert changed.args == [Settings(device="ALSA: Jabra")]


def test_new_keys_are_applied_whole_or_not_at_all(qtbot: QtBot, dialog: SettingsDialog) -> None:
    client_id, secret = editor(dialog, "Client id"), editor(dialog, "Client secret")
    QTest.keyClicks(client_id, "my-id")
    assert not button(dialog, BUTTON.Ok).isEnabled()
    QTest.keyClicks(secret, "my-secret")
    with qtbot.waitSignal(dialog.account_changed) as changed, qtbot.assertNotEmitted(dialog.settings_changed):
        button(dialog, BUTTON.Apply).click()
    assert changed.args == ["my-id", "my-secret"]
    dialog.show_account(known=True, kept=True)
    assert secret.text() == ""
    assert not button(dialog, BUTTON.Apply).isEnabled()


def test_known_keys_can_be_forgotten(qtbot: QtBot, dialog: SettingsDialog) -> None:
    forget = next(each for each in dialog.findChildren(QPushButton) if each.text() == "Forget the keys")
    assert not forget.isEnabled()
    dialog.show_account(known=True, kept=False)
    assert "until the program ends" in words(dialog)
    with qtbot.waitSignal(dialog.account_forgotten):
        forget.click()


def test_keys_can_be_tested(qtbot: QtBot, dialog: SettingsDialog) -> None:
    for label in ("Client id", "Client secret"):
        QTest.keyClicks(editor(dialog, label), "key")
    with qtbot.waitSignal(dialog.test_requested) as requested:
        next(each for each in dialog.findChildren(QPushButton) if each.text() == "Test").click()
    assert requested.args == ["key", "key"]
    dialog.show_test_result(True, "The service accepts these keys.")
    assert "✓ The service accepts these keys." in words(dialog)


def test_it_speaks_another_language_at_once(dialog: SettingsDialog, translation: Translation) -> None:
    type_number(editor(dialog, "Longest utterance"), "61")
    translation.use(Sentences.load(Language.KOREAN))
    QApplication.processEvents()
    assert dialog.windowTitle() == "설정"
    assert "61 is not" not in words(dialog)
    assert "확인" in button(dialog, BUTTON.Ok).text()
    assert editor(dialog, "테마").itemText(1) == "밝게"


def test_the_wheel_changes_no_value_by_accident(dialog: SettingsDialog) -> None:
    for label in ("Font size", "End of utterance", "Theme"):
        control = editor(dialog, label)
        before = control.currentIndex() if isinstance(control, QComboBox) else control.value()
        event = QWheelEvent(
            QPointF(5, 5),
            QPointF(5, 5),
            QPoint(),
            QPoint(0, -120),
            Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QApplication.sendEvent(control, event)
        assert (control.currentIndex() if isinstance(control, QComboBox) else control.value()) == before


# ---------------------------------------------------------------- what the company has settled


def test_a_locked_setting_says_so_and_cannot_be_changed(qtbot: QtBot, dialog: SettingsDialog) -> None:
    policy = Policy({"endpoint": "https://stt.example", "itn": False, "epd": 0.8, "domain": Domain.MEETING})
    dialog.show_policy(policy)
    dialog.show_settings(policy.apply(Settings()))
    for label in ("Endpoint", "Write numbers as digits", "End of utterance", "Domain"):
        control = editor(dialog, label)
        assert not control.isEnabled()
        assert control.accessibleDescription().startswith("Set by your company. ")
        assert control.accessibleDescription() in words(dialog)
    assert editor(dialog, "Endpoint").text() == "https://stt.example"
    assert editor(dialog, "Domain").currentData() == Domain.MEETING
    assert editor(dialog, "Proxy").isEnabled()
    assert "Set by your company." not in editor(dialog, "Proxy").accessibleDescription()
    assert not button(dialog, BUTTON.Apply).isEnabled()
    editor(dialog, "Punctuation").setChecked(True)
    with qtbot.waitSignal(dialog.settings_changed) as changed:
        button(dialog, BUTTON.Apply).click()
    assert changed.args == [policy.apply(Settings(punctuation=True))]


def test_only_modes_that_are_allowed_can_be_chosen(qtbot: QtBot, dialog: SettingsDialog) -> None:
    policy = Policy(modes=(Mode.STREAMING_FINALIZE, Mode.SILENCE_WAIT))
    dialog.show_policy(policy)
    dialog.show_settings(policy.apply(Settings()))
    combo = editor(dialog, "Mode")
    assert [combo.itemText(at) for at in range(combo.count())] == ["Streaming, faster finals", "Silence-wait"]
    assert combo.currentData() == Mode.STREAMING_FINALIZE
    assert combo.accessibleDescription().startswith("Your company allows only these. ")
    assert not button(dialog, BUTTON.Apply).isEnabled()
    choose(combo, Mode.SILENCE_WAIT)
    with qtbot.waitSignal(dialog.settings_changed) as changed:
        button(dialog, BUTTON.Apply).click()
    assert changed.args == [Settings(mode=Mode.SILENCE_WAIT)]


def test_a_policy_that_settles_nothing_changes_nothing(dialog: SettingsDialog) -> None:
    before = words(dialog)
    dialog.show_policy(Policy())
    assert words(dialog) == before
    assert editor(dialog, "Mode").count() == len(Mode)


def test_what_is_settled_is_said_in_korean_too(dialog: SettingsDialog, translation: Translation) -> None:
    dialog.show_policy(Policy({"endpoint": "https://stt.example"}, token_url="https://tokens.example/token"))
    translation.use(Sentences.load(Language.KOREAN))
    QApplication.processEvents()
    assert editor(dialog, "서비스 주소").accessibleDescription().startswith("회사에서 정한 값입니다. ")
    assert "자리 키 지우기" in [each.text() for each in dialog.findChildren(QPushButton)]


def test_a_desks_key_is_one_field(qtbot: QtBot, dialog: SettingsDialog) -> None:
    dialog.show_policy(Policy(token_url="https://tokens.example/token"))
    dialog.show_account(known=False, kept=False)
    assert "Forget the desk key" in [each.text() for each in dialog.findChildren(QPushButton)]
    (field,) = [each for each in dialog.findChildren(QLineEdit) if each.accessibleName() == "Desk key"]
    QTest.keyClicks(field, "desk-key-1")
    with qtbot.waitSignal(dialog.account_changed) as changed:
        button(dialog, BUTTON.Ok).click()
    assert changed.args == ["", "desk-key-1"]


def test_it_leads_to_what_program_this_is(qtbot: QtBot, dialog: SettingsDialog) -> None:
    about = next(each for each in dialog.findChildren(QPushButton) if each.text() == "About")
    with qtbot.waitSignal(dialog.about_requested):
        about.click()
    assert dialog.isVisible()


def test_enter_presses_the_button_that_has_the_focus_and_else_ok(qtbot: QtBot, dialog: SettingsDialog) -> None:
    dialog.show_account(known=True, kept=True)
    dialog.activateWindow()
    forget = next(each for each in dialog.findChildren(QPushButton) if each.text() == "Forget the keys")
    forget.setFocus()
    with qtbot.waitSignal(dialog.account_forgotten):
        QTest.keyClick(forget, Qt.Key.Key_Return)
    assert dialog.isVisible()
    client_id = editor(dialog, "Client id")
    client_id.setFocus()
    QTest.keyClick(client_id, Qt.Key.Key_Return)
    assert dialog.isHidden()


def test_every_stop_of_the_tab_key_has_a_name(dialog: SettingsDialog) -> None:
    pages = dialog.findChild(QListWidget)
    assert pages is not None
    for row in range(pages.count()):
        pages.setCurrentRow(row)
        for each in dialog.findChildren(QWidget):
            if each.isVisible() and each.focusPolicy() & Qt.FocusPolicy.TabFocus:
                assert each.accessibleName() or each.property("text"), each


def test_the_level_of_the_device_in_use_is_seen_and_read_beside_it(dialog: SettingsDialog) -> None:
    assert "Input level: not listening" in words(dialog)
    dialog.show_state(state(level=-30.0))
    assert "Input level: -30 dBFS" in words(dialog)
    dialog.show_state(state(quiet_for=9.0, level=float("-inf")))
    assert "Input level: no signal" in words(dialog)
    dialog.show_state(state(muted=True))
    assert "Input level: not listening" in words(dialog)
