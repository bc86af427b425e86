from __future__ import annotations

import asyncio
from typing import Any

from captioner.ui.loop import QtLoop


def test_the_loop_tells_its_exception_handler_and_uses_it(qt_loop: QtLoop) -> None:
    before = qt_loop.get_exception_handler()
    assert before is not None
    heard = list[str]()

    def handler(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        heard.append(type(context["exception"]).__name__)

    def fail() -> None:
        raise ZeroDivisionError

    async def turn() -> None:
        qt_loop.call_soon(fail)
        await asyncio.sleep(0)
        await asyncio.sleep(0)

    qt_loop.set_exception_handler(handler)
    assert qt_loop.get_exception_handler() is handler
    qt_loop.run_until_complete(turn())
    qt_loop.set_exception_handler(before)
    assert heard == ["ZeroDivisionError"]
    assert qt_loop.get_exception_handler() is before
