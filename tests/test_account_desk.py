"""The keys behind a window, from the first start to the keyring and out of it again."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import keyring
import pytest
import qasync
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QPushButton
from typing_extensions import override

from captioner import account
from captioner.account import Account, DeskKey
from captioner.account_desk import try_account
from captioner.errors import Fault, FaultKind
from captioner.policy import Policy
from captioner.settings import Language, Settings
from captioner.ui.first_start import FirstStart
from captioner.ui.settings_dialog import SettingsDialog
from tests.helpers.emulated import EmulatedService
from tests.helpers.fake_card import FakeCard, listed
from tests.helpers.memory_keyring import MemoryKeyring
from tests.helpers.ui import undressed
from tests.test_desk import NOWHERE, Sitting, sitting, source_fault

COMPANY = Policy(token_url="https://tokens.example/token")
ENGLISH = Settings(ui_language=Language.ENGLISH)


class Stubborn(MemoryKeyring):
    """A keyring that does not let go."""

    @override
    def delete_password(self, service: str, username: str) -> None:
        raise OSError("D-Bus is gone")


@pytest.fixture
def loop(qt_loop: qasync.QEventLoop, qapp: QApplication) -> Iterator[qasync.QEventLoop]:
    """Qt's loop, and an application that looks and speaks afterwards as it did before."""
    with undressed(qapp):
        yield qt_loop


async def first_start(here: Sitting) -> FirstStart:
    """The dialog that asks for keys, as soon as it is there."""
    await here.until(lambda: here.desk.window.findChildren(FirstStart) != [])
    (dialog,) = here.desk.window.findChildren(FirstStart)
    assert dialog.isVisible()
    return dialog


def settings_of(here: Sitting) -> SettingsDialog:
    here.desk.window.settings_requested.emit()
    (dialog,) = here.desk.window.findChildren(SettingsDialog)
    return dialog


def forget_button(dialog: SettingsDialog) -> QPushButton:
    return next(each for each in dialog.findChildren(QPushButton) if each.text().startswith("Forget"))


def said(dialog: FirstStart, sentence: str) -> bool:
    return any(each.text().startswith(sentence) for each in dialog.findChildren(QLabel))


def test_without_an_account_the_keys_are_asked_for_and_then_used_and_kept(
    loop: qasync.QEventLoop, qapp: QApplication, memory_keyring: MemoryKeyring
) -> None:
    async def scenario(url: str) -> None:
        settings = Settings(endpoint=url, device="no such device")
        async with sitting(qapp, settings, None, real=True, driver=FakeCard([])) as here:
            dialog = await first_start(here)
            assert here.desk.engine is None
            dialog.account_entered.emit("id", "secret")
            await here.reach("listening")  # there is no such device, and it is waited for
            await here.until(lambda: source_fault(here) == Fault(FaultKind.NO_DEVICE, "no such device"))

    with EmulatedService(credentials=("id", "secret")) as service:
        loop.run_until_complete(scenario(service.url))
    assert account.load({}) == Account("id", "secret")


def test_keys_that_are_refused_at_the_start_are_asked_for_again_where_they_can_be_changed(
    loop: qasync.QEventLoop, qapp: QApplication, memory_keyring: MemoryKeyring
) -> None:
    account.store(Account("id", "mistyped"))

    async def scenario(url: str) -> None:
        settings = replace(ENGLISH, endpoint=url)
        card = FakeCard([listed(0, "Jabra", default=True)])
        async with sitting(qapp, settings, None, real=True, driver=card) as here:
            await here.reach("finished")
            (dialog,) = here.desk.window.findChildren(SettingsDialog)
            assert dialog.isVisible()
            assert forget_button(dialog).isVisible()
            detail = here.desk.window._detail.text
            assert detail.startswith("The service refused the RTZR keys.")
            assert detail not in here.desk.window._notices.text  # said once

    with EmulatedService(credentials=("id", "secret")) as service:
        loop.run_until_complete(scenario(service.url))


def test_keys_of_the_keyring_are_used_without_a_question(
    loop: qasync.QEventLoop, qapp: QApplication, memory_keyring: MemoryKeyring
) -> None:
    account.store(Account("id", "secret"))

    async def scenario() -> None:
        async with sitting(qapp, ENGLISH, None, driver=FakeCard([listed(0, "Jabra", default=True)])) as here:
            await here.reach("listening")
            assert here.desk.window.findChildren(FirstStart) == []
            assert forget_button(settings_of(here)).isEnabled()

    loop.run_until_complete(scenario())


def test_half_an_account_in_the_environment_is_told_and_the_keys_are_asked_for(
    loop: qasync.QEventLoop, qapp: QApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RTZR_CLIENT_ID", "id")

    async def scenario() -> None:
        async with sitting(qapp, ENGLISH, None, driver=FakeCard([])) as here:
            await first_start(here)
            assert here.desk.window._notices.text.count("(RTZR_CLIENT_SECRET)") == 1

    loop.run_until_complete(scenario())


def test_keys_without_a_keyring_are_used_and_the_person_is_told(loop: qasync.QEventLoop, qapp: QApplication) -> None:
    async def scenario() -> None:
        card = FakeCard([listed(0, "Jabra", default=True)])
        async with sitting(qapp, replace(ENGLISH, recovery_refused=True), None, driver=card) as here:
            (await first_start(here)).account_entered.emit("id", "secret")
            await here.reach("listening")
            assert here.desk.window._notices.text.count("This computer has no keyring: the keys are kept until") == 1

    loop.run_until_complete(scenario())


def test_keys_entered_during_a_demo_are_kept_and_the_demo_stays_with_its_emulator(
    loop: qasync.QEventLoop, qapp: QApplication, memory_keyring: MemoryKeyring
) -> None:
    async def scenario() -> None:
        async with sitting(qapp, ENGLISH) as here:
            await here.reach("listening")
            dialog = settings_of(here)
            dialog.account_changed.emit("id", "secret")
            await here.until(lambda: forget_button(dialog).isEnabled())
            assert here.desk._tokens.network.base_url == NOWHERE.url

    loop.run_until_complete(scenario())
    assert account.load({}) == Account("id", "secret")


def test_forgotten_keys_are_nowhere_any_more(
    loop: qasync.QEventLoop, qapp: QApplication, memory_keyring: MemoryKeyring
) -> None:
    account.store(Account("id", "secret"))

    async def scenario() -> None:
        async with sitting(qapp, ENGLISH, None, driver=FakeCard([listed(0, "Jabra", default=True)])) as here:
            await here.reach("listening")
            dialog = settings_of(here)
            dialog.account_forgotten.emit()
            await here.until(lambda: not forget_button(dialog).isEnabled())

    loop.run_until_complete(scenario())
    assert memory_keyring.passwords == {}


def test_keys_that_the_keyring_does_not_let_go_stay_in_use(
    loop: qasync.QEventLoop, qapp: QApplication, memory_keyring: MemoryKeyring
) -> None:
    keyring.set_keyring(Stubborn())
    account.store(Account("id", "secret"))

    async def scenario() -> None:
        async with sitting(qapp, ENGLISH, None, driver=FakeCard([listed(0, "Jabra", default=True)])) as here:
            await here.reach("listening")
            dialog = settings_of(here)
            dialog.account_forgotten.emit()
            await here.until(lambda: here.desk.window._notices.text == "The keyring did not let the keys go.")
            assert forget_button(dialog).isEnabled()

    loop.run_until_complete(scenario())


def test_a_test_of_typed_keys_says_in_the_dialog_what_came_of_it(loop: qasync.QEventLoop, qapp: QApplication) -> None:
    async def scenario(url: str) -> None:
        async with sitting(qapp, replace(ENGLISH, endpoint=url), None, driver=FakeCard([])) as here:
            dialog = await first_start(here)
            client_id, secret = dialog.findChildren(QLineEdit)
            QTest.keyClicks(client_id, "id")
            QTest.keyClicks(secret, "wrong")
            for sentence in ("✗ The service refused the RTZR keys.", "✓ The service accepts these keys."):
                next(each for each in dialog.findChildren(QPushButton) if each.text() == "Test").click()
                await here.until(partial(said, dialog, sentence))
                secret.clear()
                QTest.keyClicks(secret, "secret")

    with EmulatedService(credentials=("id", "secret")) as service:
        loop.run_until_complete(scenario(service.url))


def test_a_companys_desk_asks_for_its_key_and_keeps_it(
    loop: qasync.QEventLoop, qapp: QApplication, memory_keyring: MemoryKeyring
) -> None:
    account.store(Account("id", "secret"))  # from before the company had a token service

    async def scenario() -> None:
        card = FakeCard([listed(0, "Jabra", default=True)])
        async with sitting(qapp, Settings(), None, driver=card, policy=COMPANY) as here:
            dialog = await first_start(here)
            assert here.services == []
            dialog.account_entered.emit("", "desk-key-1")
            await here.until(lambda: here.services != [])
        assert account.load({}, token_url=COMPANY.token_url) == DeskKey(COMPANY.token_url, "desk-key-1")
        assert account.load({}) is None

    loop.run_until_complete(scenario())


def test_a_desks_key_is_tested_at_the_companys_service() -> None:
    with EmulatedService() as service:
        settings = Settings(endpoint=service.url)
        gone = asyncio.run(try_account(settings, DeskKey("http://127.0.0.1:9/token", "key")))
    assert gone == Fault(FaultKind.UNREACHABLE, "127.0.0.1: connection refused")


def test_a_test_of_the_keys_says_what_is_wrong() -> None:
    with EmulatedService(credentials=("id", "secret")) as service:
        settings = Settings(endpoint=service.url)
        assert asyncio.run(try_account(settings, Account("id", "secret"))) is None
        refused = asyncio.run(try_account(settings, Account("id", "wrong")))
    assert refused is not None
    assert refused.kind is FaultKind.CREDENTIALS_REFUSED
    gone = asyncio.run(try_account(settings, Account("id", "secret")))
    assert gone is not None
    assert gone.kind is FaultKind.UNREACHABLE
