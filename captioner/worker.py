"""Where a window's blocking work is done: the keyring, the disk, the emulator's process. Never on the loop.

One thread does it all, one call after the other, so that what is written twice is written in order.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol, TypeVar

T = TypeVar("T")


class Blocking(Protocol):
    """Runs a call that blocks: a `Worker`, or whatever stands in for one."""

    def __call__(self, call: Callable[..., T], /, *arguments: Any) -> Awaitable[T]:
        """Run it with its arguments; return what it returns, raise what it raises."""
        ...


class Worker:
    """A thread for the calls of one window. It is a `Blocking`."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="captioner-worker")

    async def __call__(self, call: Callable[..., T], /, *arguments: Any) -> T:
        """Run a call after those that wait; it is made in its turn although nobody waits for it any more.

        So what a person has decided is kept, and what is to be deleted is gone, though the window is closed at once.
        """
        return await asyncio.shield(asyncio.wrap_future(self._thread.submit(call, *arguments)))

    def close(self) -> None:
        """Take no more calls, and drop those that wait; the one that runs is not waited for."""
        self._thread.shutdown(wait=False, cancel_futures=True)
