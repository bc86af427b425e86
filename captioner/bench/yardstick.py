"""What this machine charges, today, for a process that wakes fifty times a second and does nothing."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

INTERVAL = 0.02
SECONDS = 20


async def _wake() -> float:
    """Return the processor seconds that the wakes used."""
    loop = asyncio.get_running_loop()
    done = asyncio.Event()
    left = round(SECONDS / INTERVAL)
    began, used = loop.time(), time.process_time()

    def wake() -> None:
        nonlocal left
        left -= 1
        if not left:
            done.set()
            return
        loop.call_at(began + SECONDS - left * INTERVAL, wake)

    wake()
    await done.wait()
    return time.process_time() - used


def main(_: Sequence[str]) -> None:
    """Print the share of one core in percent."""
    print(100 * asyncio.run(_wake()) / SECONDS)
