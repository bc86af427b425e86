"""The keys behind a window: found at the start, asked for, tested, kept and forgotten.

Keys are an RTZR account or, where the company has a token service, this desk's own. They come from two dialogs, the
first start and the settings, and go to the keyring; a dialog never gets to see those in use.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

from captioner import account as accounts
from captioner.account import Account, Credentials, DeskKey
from captioner.errors import Fault, FaultError
from captioner.events import Close, News, Open, Opened, OpenRefused, TokenGranted
from captioner.language import Sentences
from captioner.policy import Policy
from captioner.settings import Settings
from captioner.stt import rtzr
from captioner.stt.link import Link, Network, Tokens
from captioner.ui.first_start import FirstStart
from captioner.ui.settings_dialog import SettingsDialog
from captioner.ui.viewstate import fault_sentence
from captioner.ui.window import MainWindow
from captioner.worker import Blocking


class AccountDesk:
    """The keys of one window.

    Args:
        window: what the dialogs belong to, and where people are told.
        policy: what the company has settled.
        spawn: lets something run beside the lane.
        blocking: runs what blocks.
        say: the person's language, as it is now.
        settings: those in use, as they are now.
        changed: told when other keys are to be used from now on.
        entered: told when the first start has got its keys.
        demo: told when the first start is to be a demo.

    Attributes:
        credentials: those in use; None while there are none.
        missing: what is wrong while there are none.
    """

    def __init__(
        self,
        window: MainWindow,
        policy: Policy,
        spawn: Callable[[Coroutine[Any, Any, None]], None],
        blocking: Blocking,
        *,
        say: Callable[[], Sentences],
        settings: Callable[[], Settings],
        changed: Callable[[], None],
        entered: Callable[[], None],
        demo: Callable[[], None],
    ) -> None:
        self.credentials: Credentials | None = None
        self.missing = accounts.missing(policy.token_url)
        self._window, self._policy, self._spawn, self._blocking = window, policy, spawn, blocking
        self._language, self._settings = say, settings
        self._changed, self._entered, self._demo = changed, entered, demo
        self._kept = False  # the keys outlive the program
        self._first_start: FirstStart | None = None
        self._dialog: SettingsDialog | None = None

    @property
    def _say(self) -> Sentences:
        return self._language()

    async def find(self) -> None:
        """Use the keys of the environment or the keyring, where there are any."""
        try:
            self.credentials = await self._blocking(partial(accounts.load, token_url=self._policy.token_url))
        except FaultError as error:
            self._window.show_notice(fault_sentence(error.fault, self._say), stays=True)
        self._kept = self.credentials is not None
        self._changed()

    def ask(self) -> None:
        """Ask for keys, or whether it shall be the demo."""
        if self._first_start is None:
            dialog = self._first_start = FirstStart(self._window)
            dialog.show_policy(self._policy)
            dialog.account_entered.connect(lambda *typed: self._spawn(self._enter(self._read(*typed))))
            dialog.test_requested.connect(lambda *typed: self._spawn(self._test(self._read(*typed), dialog)))
            dialog.demo_requested.connect(self._demo)
        self._first_start.show()
        self._first_start.raise_()

    def serve(self, dialog: SettingsDialog) -> None:
        """Do from now on what the settings ask for about the keys."""
        self._dialog = dialog
        dialog.account_changed.connect(lambda *typed: self._spawn(self._use(self._read(*typed))))
        dialog.account_forgotten.connect(lambda: self._spawn(self._forget()))
        dialog.test_requested.connect(lambda *typed: self._spawn(self._test(self._read(*typed), dialog)))

    def show(self) -> None:
        """Tell the settings whether there are keys; what is typed there is forgotten."""
        if self._dialog is not None:
            self._dialog.show_account(known=self.credentials is not None, kept=self._kept)

    def close(self) -> None:
        """Ask no more."""
        if self._first_start is not None:
            self._first_start.close()

    def _read(self, client_id: str, secret: str) -> Credentials:
        """Return what was typed as what it is; a desk's key has no client id."""
        token_url = self._policy.token_url
        return DeskKey(token_url, secret) if token_url else Account(client_id, secret)

    async def _enter(self, credentials: Credentials) -> None:
        await self._use(credentials)
        self._entered()

    async def _use(self, credentials: Credentials) -> None:
        self.credentials = credentials
        self._changed()
        self._kept = await self._blocking(accounts.store, credentials)
        if not self._kept:
            self._window.show_notice(
                self._say("This computer has no keyring: the keys are kept until the program ends.")
            )
        self.show()

    async def _forget(self) -> None:
        if await self._blocking(partial(accounts.forget, desk=bool(self._policy.token_url))):
            self.credentials = None
        else:
            self._window.show_notice(self._say("The keyring did not let the keys go."), stays=True)
        self.show()

    async def _test(self, credentials: Credentials, dialog: FirstStart | SettingsDialog) -> None:
        fault = await try_account(self._settings(), credentials)
        if fault is None:
            dialog.show_test_result(True, self._say("The service accepts these keys."))
        else:
            dialog.show_test_result(False, fault_sentence(fault, self._say))


async def try_account(settings: Settings, credentials: Credentials) -> Fault | None:
    """Ask for a token and a handshake with these keys; return what is wrong, None where all is well."""
    news: asyncio.Queue[News] = asyncio.Queue()
    tokens = Tokens(Network.of(settings), credentials)
    link = Link(tokens, news.put_nowait)
    try:
        answer = await tokens.get()
        if not isinstance(answer, TokenGranted):
            return answer.fault
        link.perform(Open(1, rtzr.query(settings)))
        while True:
            match await news.get():
                case Opened():
                    link.perform(Close(1))
                    return None
                case OpenRefused(fault=fault):
                    return fault
                case _:
                    pass
    finally:
        await link.aclose()
        await tokens.aclose()
