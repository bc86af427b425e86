"""What a test must not leave behind: tasks, threads, timers, windows and log records that nobody expected."""

import asyncio
import asyncio.runners
import gc
import logging
import re
import sys
import threading
from collections.abc import Callable
from typing import Any

from tests.helpers.virtual_loop import VirtualLoop, describe_task

ASYNCIO_CANCEL: Callable[[asyncio.AbstractEventLoop], None] = vars(asyncio.runners)["_cancel_all_tasks"]
THREAD_GRACE = 2.0  # real seconds in which a thread that was told to end may do so


class LogRecords(logging.Handler):
    """Collects records of WARNING and above, and knows which of them a test expects."""

    def __init__(self) -> None:
        """Start with no records and no expectations."""
        super().__init__(logging.WARNING)
        self._records: list[str] = []
        self._expected: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the record as `LEVEL logger: message`."""
        self._records.append(f"{record.levelname} {record.name}: {record.getMessage()}")

    def expect(self, pattern: str) -> None:
        """Declare that the test logs at least one record matching the regular expression `pattern`."""
        self._expected.append(pattern)

    def complaints(self) -> list[str]:
        """Return a sentence for each unexpected record and for each expectation that was not met."""
        unexpected = [r for r in self._records if not any(re.search(pattern, r) for pattern in self._expected)]
        unmet = [pattern for pattern in self._expected if not any(re.search(pattern, r) for r in self._records)]
        return [f"unexpected log record: {r}" for r in unexpected] + [
            f"expected log record missing: {p}" for p in unmet
        ]


class TasksLeftToTheRunner:
    """Notes the tasks that `asyncio.run` has to cancel because the coroutine it ran left them behind.

    WORKAROUND asyncio.Runner cancels them silently and offers no hook; it calls this function of its module by name
    in Python 3.11 to 3.13.
    """

    def __init__(self) -> None:
        """Note nothing yet."""
        self.descriptions: list[str] = []
        self._before = ASYNCIO_CANCEL

    def install(self) -> None:
        """Start to take notes."""
        self._before = vars(asyncio.runners)["_cancel_all_tasks"]
        vars(asyncio.runners)["_cancel_all_tasks"] = self._note

    def remove(self) -> None:
        """Leave asyncio as `install` found it."""
        vars(asyncio.runners)["_cancel_all_tasks"] = self._before

    def _note(self, loop: asyncio.AbstractEventLoop) -> None:
        if not isinstance(loop, VirtualLoop):  # run_virtual speaks for itself
            self.descriptions += [describe_task(task) for task in asyncio.all_tasks(loop)]
        ASYNCIO_CANCEL(loop)


def leftover_threads(before: set[threading.Thread]) -> list[str]:
    """Return the names of the non-daemon threads that are not in `before` and do not end by themselves."""
    new = [thread for thread in threading.enumerate() if thread not in before and not thread.daemon]
    for thread in new:
        thread.join(THREAD_GRACE)
    return [f"thread still running: {thread.name} ({thread!r})" for thread in new if thread.is_alive()]


class QtObjects:
    """The running timers and the windows of this process, before and after a test that uses Qt."""

    def __init__(self) -> None:
        """Remember those that are there already."""
        self._timers = {id(timer) for timer in _running_timers()}
        self._windows = {id(window) for window in _windows()}

    def leftovers(self) -> list[str]:
        """Return a sentence for each timer that still runs and for each window that still exists."""
        from PySide6.QtCore import QCoreApplication, QEvent

        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        if self._find():
            gc.collect()  # only on suspicion: a cycle that is gone with the next collection is not a leak
        return self._find()

    def _find(self) -> list[str]:
        timers = [timer for timer in _running_timers() if id(timer) not in self._timers]
        windows = [window for window in _windows() if id(window) not in self._windows]
        return [
            f"Qt timer still running: {_name(t)}, every {t.interval()} ms, of {_name(t.parent())}" for t in timers
        ] + [f"window still there: {_name(window)}" for window in windows]


def _running_timers() -> list[Any]:
    if "PySide6.QtCore" not in sys.modules:
        return []
    import shiboken6
    from PySide6.QtCore import QTimer

    # by type(), not isinstance(): that one asks a weak proxy for its class, and a proxy of something gone raises
    timers = [thing for thing in gc.get_objects() if issubclass(type(thing), QTimer)]
    return [timer for timer in timers if shiboken6.isValid(timer) and timer.isActive()]


def _windows() -> list[Any]:
    if "PySide6.QtWidgets" not in sys.modules:
        return []
    from PySide6.QtWidgets import QApplication

    return QApplication.topLevelWidgets() if QApplication.instance() else []


def _name(thing: Any) -> str:
    return "nobody" if thing is None else f"{type(thing).__name__} {thing.objectName() or '(no name)'}"
