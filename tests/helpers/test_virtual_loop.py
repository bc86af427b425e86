"""The virtual loop keeps asyncio's promises and says clearly when a test waits for nothing."""

import asyncio
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.helpers.virtual_loop import Deadlock, LeftoverTasks, run_virtual


def now() -> float:
    return asyncio.get_running_loop().time()


def test_an_hour_of_sleep_passes_in_virtual_time() -> None:
    async def main() -> float:
        await asyncio.sleep(3600)
        return now()

    assert run_virtual(main(), start=100.0) == 3700.0


@given(st.lists(st.integers(0, 10_000).map(lambda tenths_ms: tenths_ms / 10_000), max_size=20))
def test_timers_fire_in_order_and_exactly_when_they_are_due(delays: list[float]) -> None:
    fired: list[tuple[float, float]] = []

    async def main() -> None:
        async def wait(delay: float) -> None:
            await asyncio.sleep(delay)
            fired.append((delay, now()))

        async with asyncio.TaskGroup() as group:
            for delay in delays:
                group.create_task(wait(delay))

    run_virtual(main())
    assert [delay for delay, _ in fired] == sorted(delays)
    assert all(at == delay for delay, at in fired)


def test_a_timeout_expires_in_virtual_time() -> None:
    async def main() -> float:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(30):
                await asyncio.Event().wait()
        return now()

    assert run_virtual(main()) == 30.0


def test_time_stands_still_while_something_is_ready() -> None:
    async def main() -> float:
        asyncio.get_running_loop().call_later(1.0, lambda: None)
        for _ in range(1000):
            await asyncio.sleep(0)
        return now()

    assert run_virtual(main()) == 0.0


def test_waiting_for_nothing_is_a_deadlock_that_names_the_waiter() -> None:
    async def listens_for_ever() -> None:
        await asyncio.Event().wait()

    with pytest.raises(Deadlock, match="listens_for_ever"):
        run_virtual(listens_for_ever())


def test_a_task_left_running_is_named() -> None:
    async def lingering() -> None:
        await asyncio.sleep(1000)

    async def main() -> None:
        task = asyncio.create_task(lingering(), name="the culprit")
        await asyncio.sleep(1)
        assert not task.done()

    with pytest.raises(LeftoverTasks, match=r"the culprit .*lingering"):
        run_virtual(main())


def test_a_cancelled_task_is_not_left_over() -> None:
    async def main() -> str:
        task = asyncio.create_task(asyncio.sleep(1000))
        await asyncio.sleep(1)
        task.cancel()
        return "done"

    assert run_virtual(main()) == "done"


def test_a_call_from_another_thread_wakes_the_loop() -> None:
    async def main() -> str:
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[str] = loop.create_future()
        thread = threading.Thread(target=lambda: loop.call_soon_threadsafe(answer.set_result, "from afar"))
        thread.start()
        try:
            return await answer
        finally:
            thread.join()

    assert run_virtual(main()) == "from afar"


def test_work_for_an_executor_runs_in_the_loop_and_takes_no_time() -> None:
    async def main() -> tuple[int, float]:
        return await asyncio.to_thread(threading.get_ident), now()

    assert run_virtual(main()) == (threading.get_ident(), 0.0)


def test_an_error_in_an_executor_reaches_its_waiter() -> None:
    async def main() -> None:
        await asyncio.to_thread(int, "no number")

    with pytest.raises(ValueError, match="no number"):
        run_virtual(main())


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_a_socket_is_refused(host: str) -> None:
    async def main() -> None:
        await asyncio.open_connection(host, 9)

    with pytest.raises(NotImplementedError):
        run_virtual(main())
