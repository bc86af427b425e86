"""A company's token service beside the test, in a thread of this process."""

import asyncio
import hashlib
import threading
from pathlib import Path
from types import TracebackType
from typing import Self

from captioner.account import Account
from captioner.commands.token_service import Allowance, Desks, TokenService, serving
from captioner.stt.network import Network
from captioner.stt.tokens import Tokens

KEY = "the-key-of-a-desk"
"""The key of `desk-1`, the only one that it knows."""


class NoFile(Desks):
    """Desks that never change."""

    def refresh(self) -> None:
        """Return nothing: there is no file to be read again."""


class TokenServer:
    """A running token service; use as a context manager.

    Args:
        endpoint: of the service of speech.
        account: of it, id and secret.
        limit: requests a minute.

    Attributes:
        url: where tokens are asked for.
        log: what it noted.
    """

    def __init__(self, endpoint: str, account: tuple[str, str], *, limit: int = 60) -> None:
        self._endpoint, self._account, self._limit = endpoint, Account(*account), limit
        self.log: list[str] = []
        self.url = ""
        self._up = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), name="token service")

    async def _run(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        tokens = Tokens(Network(self._endpoint), self._account)
        desks = NoFile(Path(), {"desk-1": hashlib.sha256(KEY.encode()).hexdigest()})
        service = TokenService(tokens, desks, Allowance(self._limit), note=self.log.append)
        try:
            async with serving(service, "127.0.0.1", 0, None) as self.url:
                self._up.set()
                await self._stop.wait()
        finally:
            self._up.set()
            await tokens.aclose()

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._up.wait(30.0)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()
