"""An asyncio event loop whose clock jumps: an hour of timers runs in milliseconds, in the same order every time."""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor
from typing import Any, Never, TypeVar, TypeVarTuple

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

GRACE = 5.0  # real seconds granted to another thread before the loop calls itself stuck


class Deadlock(AssertionError):
    """Nothing is ready, nothing is scheduled, no other thread runs, and the main coroutine still waits."""


class LeftoverTasks(AssertionError):
    """The main coroutine returned while tasks of its own were still running."""


class VirtualLoop(asyncio.BaseEventLoop):
    """An event loop in virtual time, which has timers, tasks and threads but no sockets.

    `time()` starts at `start` and moves only when nothing is ready: straight to the next timer. What is put into an
    executor runs at once in the loop's own thread and takes no virtual time. A call from another thread is taken in,
    but real threads have no place in virtual time: a timer that is pending never waits for them. Sockets,
    subprocesses, signals and name resolution raise NotImplementedError.

    `BaseEventLoop` asks of a subclass what `_selector`, `_process_events` and `_write_to_self` do; these three names
    are the same in Python 3.11 to 3.13.
    """

    _scheduled: list[asyncio.TimerHandle]

    def __init__(self, start: float = 0.0) -> None:
        super().__init__()
        self._now = start
        self._woken = threading.Event()
        self._selector = self

    def time(self) -> float:
        """Return the virtual time in seconds."""
        return self._now

    def select(self, timeout: float | None) -> list[Never]:
        """Let virtual time pass: at most to the next timer, not at all where something is ready (timeout 0)."""
        if self._woken.is_set():
            self._woken.clear()
        elif timeout is None:
            others = [thread.name for thread in threading.enumerate() if thread is not threading.current_thread()]
            if not (others and self._woken.wait(GRACE)):
                raise Deadlock(self._describe_waiting())
            self._woken.clear()
        elif timeout > 0:
            self._now = max(self._now, self._scheduled[0].when())
        return []

    def _describe_waiting(self) -> str:
        waiting = sorted(describe_task(task) for task in asyncio.all_tasks(self) if not task.done())
        return f"at {self._now:.3f} s nothing is ready and nothing is scheduled; waiting: " + "; ".join(waiting)

    def _process_events(self, event_list: list[Never]) -> None:
        del event_list  # there are none: no file descriptor is ever watched

    def _write_to_self(self) -> None:
        self._woken.set()

    def run_in_executor(self, executor: Executor | None, func: Callable[[*Ts], T], *args: *Ts) -> asyncio.Future[T]:
        """Run `func` now, in this thread; the executor is not used."""
        del executor
        future: asyncio.Future[T] = self.create_future()
        try:
            future.set_result(func(*args))
        except Exception as error:
            future.set_exception(error)
        return future

    async def getaddrinfo(self, *args: object, **kwargs: object) -> Never:
        """Refuse: a name is resolved by the world, not by a test in virtual time."""
        raise NotImplementedError("a virtual loop has no network")


def describe_task(task: asyncio.Task[Any]) -> str:
    """Return the task's name, the chain of coroutines that it is in, and the line on which the innermost waits."""
    chain: list[str] = []
    where = ""
    link: Any = task.get_coro()
    while link is not None:
        frame = getattr(link, "cr_frame", None)
        if frame is not None:
            chain.append(frame.f_code.co_qualname)
            where = f", {frame.f_code.co_filename}:{frame.f_lineno}"
        link = getattr(link, "cr_await", None)
    return f"{task.get_name()} ({' > '.join(chain)}{where})"


def run_virtual(main: Coroutine[Any, Any, T], *, start: float = 0.0) -> T:
    """Run `main` to its end in virtual time and return its result.

    Args:
        main: the coroutine; `asyncio.get_running_loop().time()` is its clock.
        start: the virtual time at which it begins, in seconds; below 1e6, where a float still tells nanoseconds apart.

    Raises:
        Deadlock: `main` waits for something that can no longer happen.
        LeftoverTasks: `main` returned, but tasks that it started still run.
    """

    async def whole() -> T:
        result = await main
        await asyncio.sleep(0)  # tasks that were just cancelled, or whose work is done, get the turn in which they end
        current = asyncio.current_task()
        left = sorted(describe_task(task) for task in asyncio.all_tasks() if task is not current)
        if left:
            raise LeftoverTasks("still running: " + "; ".join(left))
        return result

    with asyncio.Runner(loop_factory=lambda: VirtualLoop(start)) as runner:
        return runner.run(whole())
