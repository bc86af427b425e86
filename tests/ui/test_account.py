from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QPushButton
from pytestqt.qtbot import QtBot

from captioner.language import Sentences
from captioner.policy import Policy
from captioner.settings import Language, Theme
from captioner.ui.account import AccountForm
from captioner.ui.theme import DARK, LIGHT, Appearance
from captioner.ui.translation import Translation


@pytest.fixture
def form(qtbot: QtBot, appearance: Appearance) -> AccountForm:
    form = AccountForm()
    qtbot.addWidget(form)
    with qtbot.waitExposed(form):
        form.show()
    return form


def fields(form: AccountForm) -> list[QLineEdit]:
    return form.findChildren(QLineEdit)


def words(form: AccountForm) -> str:
    return "\n".join(label.text() for label in form.findChildren(QLabel))


def enter(form: AccountForm, client_id: str, secret: str) -> None:
    for field, text in zip(fields(form), (client_id, secret), strict=True):
        field.clear()
        QTest.keyClicks(field, text)


def test_the_secret_is_not_shown(form: AccountForm) -> None:
    enter(form, "my-id", "my-secret")
    assert fields(form)[0].displayText() == "my-id"
    assert "my-secret" not in fields(form)[1].displayText()
    assert form.credentials == ("my-id", "my-secret")


def test_only_whole_keys_can_be_tested(qtbot: QtBot, form: AccountForm) -> None:
    test = form.findChildren(QPushButton)[0]
    assert not test.isEnabled()
    enter(form, "my-id", "")
    assert not test.isEnabled()
    enter(form, " my-id ", "my-secret ")
    assert test.isEnabled()
    with qtbot.waitSignal(form.test_requested) as requested:
        QTest.mouseClick(test, Qt.MouseButton.LeftButton)
    assert requested.args == ["my-id", "my-secret"]
    assert not test.isEnabled()
    assert "Testing…" in words(form)


def test_the_result_of_the_test_is_told(form: AccountForm) -> None:
    enter(form, "my-id", "my-secret")
    test = form.findChildren(QPushButton)[0]
    test.click()
    form.show_test_result(False, "The service refused the keys.")
    assert "✗ The service refused the keys." in words(form)
    test.click()
    form.show_test_result(True, "The service accepts these keys.")
    assert "✓ The service accepts these keys." in words(form)
    assert test.isEnabled()


def test_an_answer_to_keys_that_were_changed_meanwhile_is_dropped(form: AccountForm) -> None:
    enter(form, "my-id", "my-secret")
    form.findChildren(QPushButton)[0].click()
    QTest.keyClicks(fields(form)[1], "2")
    form.show_test_result(True, "The service accepts these keys.")
    assert "accepts" not in words(form)


def test_it_says_honestly_where_the_keys_are_kept(form: AccountForm) -> None:
    notes = set[str]()
    for known, kept in ((False, False), (True, True), (True, False)):
        enter(form, "my-id", "my-secret")
        form.show_account(known=known, kept=kept)
        assert form.empty
        notes.add(form.findChildren(QLabel)[-1].text())
        assert bool(fields(form)[1].placeholderText()) is known
    assert len(notes) == 3
    assert "until the program ends" in form.findChildren(QLabel)[-1].text()


def test_it_follows_the_theme(form: AccountForm, appearance: Appearance) -> None:
    enter(form, "my-id", "my-secret")
    form.findChildren(QPushButton)[0].click()
    form.show_test_result(True, "The service accepts these keys.")
    result = next(label for label in form.findChildren(QLabel) if "accepts" in label.text())
    assert result.palette().color(result.foregroundRole()).name() == LIGHT.good
    appearance.use(Theme.DARK)
    assert result.palette().color(result.foregroundRole()).name() == DARK.good


def test_it_speaks_the_persons_language(form: AccountForm, translation: Translation) -> None:
    translation.use(Sentences.load(Language.KOREAN))
    QApplication.processEvents()
    assert "클라이언트 시크릿" in words(form)
    assert fields(form)[1].accessibleName() == "클라이언트 시크릿"


# ---------------------------------------------------------------- the key of a desk

COMPANY = Policy(token_url="https://tokens.example/token")


def test_where_a_company_has_a_token_service_only_the_desks_key_is_asked_for(qtbot: QtBot, form: AccountForm) -> None:
    form.show_policy(COMPANY)
    client_id, key = fields(form)
    assert client_id.isHidden()
    assert (key.isVisible(), key.accessibleName()) == (True, "Desk key")
    assert form.empty
    QTest.keyClicks(key, " desk-key-1 ")
    assert form.complete
    assert form.credentials == ("", "desk-key-1")
    assert "desk-key-1" not in key.displayText()
    with qtbot.waitSignal(form.test_requested) as requested:
        QTest.mouseClick(form.findChildren(QPushButton)[0], Qt.MouseButton.LeftButton)
    assert requested.args == ["", "desk-key-1"]


def test_where_a_desks_key_is_kept_is_told(form: AccountForm) -> None:
    form.show_policy(COMPANY)
    assert "Your company's token service tokens.example lets this computer in by its desk key." in words(form)
    form.show_account(known=True, kept=True)
    assert "The desk key in use comes from this computer's keyring or the environment." in words(form)
    form.show_account(known=True, kept=False)
    assert "This computer has no keyring: the desk key is kept until the program ends." in words(form)
    assert "RTZR" not in words(form)
