"""An emulator beside the test: in a thread of this process, so that what it saw can be asked for."""

import asyncio
import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

from captioner.emulator.faults import parse_fault
from captioner.emulator.profiles import PROFILES
from captioner.emulator.server import Emulator
from captioner.emulator.service import ServiceLog


class EmulatedService:
    """A running emulator, with the sample call where it is given no other; use as a context manager.

    Args:
        faults: as the command line writes them.
        credentials: the only ones that it takes; None takes any.
        known: the recording that it knows in the sample call's place, and its script.
        knobs: values of the profile `measured` to be changed.
    """

    def __init__(
        self,
        *faults: str,
        credentials: tuple[str, str] | None = None,
        known: tuple[Path, Path] | None = None,
        **knobs: object,
    ) -> None:
        self._emulator = Emulator(
            replace(PROFILES["measured"], **knobs),  # type: ignore[arg-type]
            recording=known[0] if known else None,
            script=known[1] if known else None,
            faults=[parse_fault(each) for each in faults],
            credentials=credentials,
        )
        self._up = threading.Event()
        self._stop: asyncio.Event | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), name="emulated service")

    @property
    def url(self) -> str:
        return self._emulator.url

    @property
    def log(self) -> ServiceLog:
        """What it saw; complete once the context is left."""
        return self._emulator.log

    @property
    def commands(self) -> Sequence[Sequence[str]]:
        """The text messages that it got, for each connection."""
        return [each.commands for each in self.log.connections]

    async def _run(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        try:
            async with self._emulator:
                self._up.set()
                await self._stop.wait()
        finally:
            self._up.set()

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._up.wait(30.0)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._loop is not None and self._stop is not None and self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()
