"""The question whether there is a new version: asked once a day where an address is set, and never answered loudly.

It only tells. Nothing is downloaded but the small file that names the newest release (`releases`), nothing of this
computer or its version is sent, and where no answer comes that is noted for whoever looks into the about box. The way
to the file is that of the service: the same proxy, the same authorities.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urljoin, urlsplit

from captioner import __version__
from captioner.errors import FaultError
from captioner.places import update_file, write_whole
from captioner.releases import Asked, Memory, Release, Trouble, UpdateState, read_release
from captioner.settings import Settings, is_loopback
from captioner.stt.network import Network, Route, Way, first_that_answers, http_client, quiet_libraries
from captioner.worker import Blocking

if TYPE_CHECKING:
    import httpx

_log = logging.getLogger(__name__)

SETTLE: Final = 30.0
"""Seconds of a window, and of a call, in which nothing is asked that can wait."""

MAX_ANSWER: Final = 16 * 1024
"""Bytes of the file that are read."""

_TIMEOUT = 15.0  # seconds for the file, redirections included
_REDIRECTIONS = 5  # a download of GitHub takes two
_TICK = 60.0  # seconds after which is looked at the clock again: the computer may have slept


async def ask(network: Network, address: str) -> Release | Trouble:
    """Ask an address for the newest release.

    Args:
        network: its proxy and its authorities are used; the service is not asked.
        address: of the file, https, or http for this computer.
    """
    quiet_libraries()
    try:
        async with asyncio.timeout(_TIMEOUT):
            for _ in range(_REDIRECTIONS + 1):
                body, further = await _get(network, address)
                if not further:
                    return Trouble.NO_ANSWER if body is None else read_release(body)
                address = further
    except Exception as error:
        _raise_our_own(error)
        _log.debug("! update check: %s", type(error).__name__)
    return Trouble.NO_ANSWER


class UpdateCheck:
    """Asks, remembers what came of it, and says so.

    Args:
        settings: as they are now.
        calm: whether nothing is going on that a request could disturb.
        show: told what is known, whenever that is something else; called on the loop.
        blocking: runs, in a worker, what reads and writes the file in which it is remembered.
        file: another one than the usual.
        settle: seconds before the first question.
        asking: in the place of `ask`.
        wall: Unix seconds.
        own: the version that runs.
    """

    def __init__(
        self,
        *,
        settings: Callable[[], Settings],
        calm: Callable[[], bool],
        show: Callable[[UpdateState], None],
        blocking: Blocking,
        file: Path | None = None,
        settle: float = SETTLE,
        asking: Callable[[Network, str], Awaitable[Release | Trouble]] = ask,
        wall: Callable[[], float] = time.time,
        own: str = __version__,
    ) -> None:
        self._settings, self._calm, self._show, self._blocking = settings, calm, show, blocking
        self._file, self._settle, self._asking, self._wall, self._own = file, settle, asking, wall, own
        self._memory = Memory()
        self._changed = asyncio.Event()

    @property
    def state(self) -> UpdateState:
        """What is known now."""
        return UpdateState.of(self._own, self._settings().update_url, self._memory)

    async def run(self) -> None:
        """Ask whenever it is time, until cancelled."""
        await self._recall()
        await asyncio.sleep(self._settle)
        while True:
            self._changed.clear()
            if self._due() and self._calm():
                await self._recall()  # another window may have asked meanwhile
            settings = self._settings()
            if self._due() and self._calm():
                found = await self._asking(Network.of(settings), settings.update_url)
                await self._remember(replace(self._memory, asked=Asked(self._wall(), settings.update_url, found)))
            try:
                async with asyncio.timeout(_TICK if settings.update_url else None):
                    await self._changed.wait()
            except TimeoutError:
                pass

    def settings_changed(self) -> None:
        """Look at the settings again."""
        self._changed.set()
        self._show(self.state)

    async def dismiss(self) -> None:
        """Offer the newer release no more; one that is newer still is offered again."""
        newer = self.state.newer
        if newer is not None:
            await self._remember(replace(self._memory, dismissed=newer.version))

    def _due(self) -> bool:
        return self._memory.due(self._settings().update_url, self._wall())

    async def _recall(self) -> None:
        """Take over what is kept, unless more is known here."""
        kept: Memory = await self._blocking(_load, self._file)
        mine, theirs = self._memory.asked, kept.asked
        if kept != self._memory and (mine is None or (theirs is not None and theirs.at > mine.at)):
            self._memory = kept
            self._show(self.state)

    async def _remember(self, memory: Memory) -> None:
        self._memory = memory
        self._show(self.state)
        await self._blocking(_store, memory, self._file)


async def _get(network: Network, address: str) -> tuple[bytes | None, str]:
    """Send the request; return the file, None where there is none, and where to ask instead, "" where nowhere.

    Raises:
        FaultError: there is no way.
        httpx.HTTPError, httpx.InvalidURL, OSError: nothing came that could be used.
    """
    parts = urlsplit(address)
    route = await Way(replace(network, base_url=f"{parts.scheme}://{parts.netloc}")).find()
    target = f"{route.url}{parts.path or '/'}{'?' if parts.query else ''}{parts.query}"
    async with http_client(route, _TIMEOUT) as client:
        status, location, body = await first_that_answers(route.addresses, partial(_answer, client, route, target))
    if 300 <= status < 400 and location:
        return None, _allowed(urljoin(address, location), address)
    return (body if status == 200 and len(body) <= MAX_ANSWER else None), ""


async def _answer(client: httpx.AsyncClient, route: Route, target: str, address: str) -> tuple[int, str, bytes]:
    """Ask one address of the server; return status, location and at most one byte more than may be read."""
    import httpx

    headers = {
        "Accept": "application/json",
        "Accept-Encoding": "identity",
        "Host": route.netloc,
        "User-Agent": "captioner",  # without its version: who asks is nobody's business
    }
    request = client.stream(
        "GET", httpx.URL(target).copy_with(host=address), headers=headers, extensions={"sni_hostname": route.host}
    )
    try:
        async with request as response:
            body = b""
            async for part in response.aiter_raw():  # to its end: half-read answers leave tasks behind
                body = (body + part)[: MAX_ANSWER + 1]
            return response.status_code, response.headers.get("Location", ""), body
    except (httpx.ConnectError, httpx.ConnectTimeout) as error:
        raise ConnectionError from error


def _allowed(address: str, before: str) -> str:
    """Return where a server may send the question on to: https, or what stays on this computer; else ""."""
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return ""
    at_home = is_loopback(host) and is_loopback(urlsplit(before).hostname or "")
    safe = parts.scheme == "https" or (parts.scheme == "http" and at_home)
    return address if safe and host and "@" not in parts.netloc and address.isprintable() and " " not in address else ""


def _raise_our_own(error: Exception) -> None:
    """Raise again what is none of the world's doing."""
    import httpx

    if not isinstance(error, FaultError | OSError | httpx.HTTPError | httpx.InvalidURL):
        raise error


def _load(path: Path | None) -> Memory:
    try:
        return Memory.from_json((path or update_file()).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return Memory()


def _store(memory: Memory, path: Path | None) -> None:
    """Keep the memory where that is possible; where it is not, the next start asks again."""
    path = path or update_file()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, memory.to_json() + "\n")
    except OSError as error:
        _log.debug("! update check: not kept (%s)", error.strerror)
