"""A test that leaves something behind is named; one that tidies up is left alone."""

import asyncio
import logging
import threading
import weakref
from collections.abc import Callable

import keyring
import pytest
import qasync
import shiboken6
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QWidget

from tests.helpers.leaks import LogRecords, QtObjects, TasksLeftToTheRunner, leftover_threads
from tests.helpers.memory_keyring import MemoryKeyring


def test_a_task_that_asyncio_run_had_to_cancel_is_described() -> None:
    async def lingering() -> None:
        await asyncio.sleep(1000)

    async def main() -> asyncio.Task[None]:
        task = asyncio.create_task(lingering(), name="the culprit")
        await asyncio.sleep(0)
        return task

    tasks = TasksLeftToTheRunner()
    tasks.install()
    try:
        asyncio.run(main())
    finally:
        tasks.remove()
    (description,) = tasks.descriptions
    assert description.startswith("the culprit (test_a_task_that_asyncio_run_had_to_cancel_is_described")
    assert "lingering > sleep" in description


def test_a_thread_that_does_not_end_is_named() -> None:
    before = set(threading.enumerate())
    end = threading.Event()
    thread = threading.Thread(target=end.wait, name="the culprit")
    thread.start()
    try:
        (complaint,) = leftover_threads(before)
    finally:
        end.set()
        thread.join()
    assert "the culprit" in complaint
    assert leftover_threads(before) == []


def test_a_running_timer_and_a_window_are_named_until_they_are_gone(qapp: QApplication) -> None:
    before = QtObjects()
    window = QWidget()
    window.setObjectName("left window")
    timer = QTimer(window)
    timer.setObjectName("left timer")
    timer.start(1000)
    assert before.leftovers() == [
        "Qt timer still running: QTimer left timer, every 1000 ms, of QWidget left window",
        "window still there: QWidget left window",
    ]
    window.deleteLater()
    assert before.leftovers() == []


def test_a_window_in_a_cycle_of_references_is_no_leak(qapp: QApplication) -> None:
    before = QtObjects()
    window = QWidget()
    window.cycle = window  # type: ignore[attr-defined]
    del window
    assert before.leftovers() == []


def test_a_dead_weak_proxy_somewhere_in_the_process_is_no_news(qapp: QApplication) -> None:
    gone = QWidget()
    proxy = weakref.proxy(gone)
    shiboken6.delete(gone)
    del gone
    assert QtObjects().leftovers() == []
    with pytest.raises(ReferenceError):
        proxy.objectName()


def test_an_unexpected_record_and_an_unmet_expectation_are_complaints() -> None:
    records = LogRecords()
    logger = logging.Logger("captioner.stt.link")
    logger.addHandler(records)
    logger.info("connected")
    logger.warning("~ in %d s", 4)
    assert records.complaints() == ["unexpected log record: WARNING captioner.stt.link: ~ in 4 s"]
    records.expect(r"link: ~ in \d s")
    assert records.complaints() == []
    records.expect("never")
    assert records.complaints() == ["expected log record missing: never"]


def test_an_expected_record_passes(expect_log: Callable[[str], None]) -> None:
    expect_log("WARNING captioner: so it is")
    logging.getLogger("captioner").warning("so it is")


def test_a_coroutine_runs_on_the_qt_loop(qt_loop: qasync.QEventLoop) -> None:
    async def main() -> str:
        await asyncio.sleep(0.001)
        return await asyncio.to_thread(str, 42)

    assert qt_loop.run_until_complete(main()) == "42"


def test_a_password_lives_in_the_memory_keyring_only(memory_keyring: MemoryKeyring) -> None:
    keyring.set_password("captioner", "client", "secret")
    assert memory_keyring.passwords == {("captioner", "client"): "secret"}
    assert keyring.get_password("captioner", "client") == "secret"
    keyring.delete_password("captioner", "client")
    assert keyring.get_password("captioner", "client") is None
