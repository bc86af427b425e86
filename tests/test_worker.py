"""The thread in which a window's blocking work is done."""

from __future__ import annotations

import asyncio
import threading

import pytest

from captioner.worker import Worker


def test_calls_run_beside_the_loop_one_after_the_other() -> None:
    done: list[tuple[int, str]] = []

    def work(number: int) -> int:
        done.append((number, threading.current_thread().name.partition("_")[0]))
        return -number

    async def scenario() -> list[int]:
        worker = Worker()
        try:
            return await asyncio.gather(*(worker(work, number) for number in range(5)))
        finally:
            worker.close()

    assert asyncio.run(scenario()) == [0, -1, -2, -3, -4]
    assert done == [(number, "captioner-worker") for number in range(5)]


def test_what_a_call_raises_reaches_whoever_asked_for_it() -> None:
    async def scenario() -> None:
        worker = Worker()
        try:
            with pytest.raises(ValueError, match="invalid literal"):
                await worker(int, "three")
            assert await worker(int, "3") == 3
        finally:
            worker.close()

    asyncio.run(scenario())


def test_a_call_is_made_although_nobody_waits_for_it_any_more() -> None:
    go, made = threading.Event(), list[str]()

    async def scenario() -> None:
        worker = Worker()
        first = asyncio.ensure_future(worker(go.wait, 20))
        second = asyncio.ensure_future(worker(made.append, "second"))
        await asyncio.sleep(0)  # both are asked for
        second.cancel()
        await asyncio.wait({second})
        assert second.cancelled()
        go.set()
        await first
        await worker(made.append, "third")
        worker.close()

    asyncio.run(scenario())
    assert made == ["second", "third"]


def test_closing_waits_for_nothing_and_drops_what_waits() -> None:
    go, begun, ran = threading.Event(), threading.Event(), list[str]()

    def hang() -> None:
        begun.set()
        go.wait(20)

    async def scenario() -> None:
        worker = Worker()
        hanging = asyncio.ensure_future(worker(hang))
        waiting = asyncio.ensure_future(worker(ran.append, "late"))
        assert await asyncio.to_thread(begun.wait, 20)
        worker.close()
        assert not hanging.done()
        await asyncio.wait({waiting})
        assert waiting.cancelled()
        go.set()
        await hanging

    asyncio.run(scenario())
    assert ran == []
