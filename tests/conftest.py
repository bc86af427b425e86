"""The ground every test stands on: a private home, no real keyring, no screen, and nothing left behind."""

import asyncio
import gc
import logging
import os
import threading
from collections.abc import Callable, Generator, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

# Before anything imports Qt: windows of this process are painted in memory. Real ones live in subprocesses.
os.environ["QT_QPA_PLATFORM"] = "offscreen"
os.environ["QT_API"] = "pyside6"
os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.null.Keyring"

import hypothesis
import pytest

from tests.helpers.leaks import LogRecords, QtObjects, TasksLeftToTheRunner, leftover_threads
from tests.helpers.requirements import missing, require
from tests.helpers.virtual_loop import describe_task

if TYPE_CHECKING:
    import qasync
    from PySide6.QtWidgets import QApplication

    from tests.helpers.display import VirtualDisplay
    from tests.helpers.memory_keyring import MemoryKeyring
    from tests.helpers.soundcard import VirtualMicrophone

# No timed assertions, no state between runs; a failure prints the line that repeats it.
hypothesis.settings.register_profile("captioner", deadline=None, database=None, print_blob=True)
hypothesis.settings.load_profile("captioner")

OF_THE_PERSON = [
    *["RTZR_CLIENT_ID", "RTZR_CLIENT_SECRET", "RTZR_ENDPOINT"],
    *["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "all_proxy", "no_proxy"],
    *["LANGUAGE", "LC_ALL", "LC_MESSAGES", "NO_COLOR", "FORCE_COLOR", "COLUMNS"],
]

failed = pytest.StashKey[bool]()


def pytest_addoption(parser: pytest.Parser, pluginmanager: pytest.PytestPluginManager) -> None:
    if missing("qt"):
        pluginmanager.unregister(name="pytest-qt")  # it imports Qt before any test could say what is missing


class ModuleWithoutQt(pytest.Module):
    """A test module on a machine on which Qt cannot be loaded: skipped as a whole where it needs Qt."""

    def collect(self) -> Iterable[pytest.Item | pytest.Collector]:
        try:
            return super().collect()
        except self.CollectError as error:
            if "cannot open shared object file" in str(error):
                require("qt")
            raise


def pytest_pycollect_makemodule(module_path: Path, parent: pytest.Collector) -> pytest.Module | None:
    return ModuleWithoutQt.from_parent(parent, path=module_path) if missing("qt") else None


def pytest_runtest_setup(item: pytest.Item) -> None:
    for use in ("display", "portaudio", "soundcard"):
        if item.get_closest_marker(use):
            require(use)


@pytest.hookimpl(trylast=True)  # after they were shuffled
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin what waits before what computes, so that several processes share both and end at about the same time."""
    items.sort(key=lambda item: item.get_closest_marker("realtime") is None)


@pytest.fixture(autouse=True)
def private_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home, and an environment without the person's credentials, proxies and language."""
    home = tmp_path_factory.mktemp("home")
    for name in OF_THE_PERSON:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "C.UTF-8")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("USERPROFILE", str(home))
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME", "APPDATA", "LOCALAPPDATA"):
        monkeypatch.setenv(name, str(home / name.lower()))
    monkeypatch.setenv("PULSE_RUNTIME_PATH", str(home / "pulse"))  # or a program that lists devices makes one in /tmp
    return home


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.failed:
        item.stash[failed] = True
    return report


@pytest.fixture(autouse=True)
def nothing_left_behind(request: pytest.FixtureRequest) -> Iterator[LogRecords]:
    """Fail the test that leaves a task, a thread, a Qt timer, a window or an unexpected log record behind."""
    records, tasks = LogRecords(), TasksLeftToTheRunner()
    threads = set(threading.enumerate())
    qt = QtObjects() if "qapp" in request.fixturenames else None
    logging.getLogger().addHandler(records)
    tasks.install()
    yield records
    tasks.remove()
    logging.getLogger().removeHandler(records)
    if failed in request.node.stash:
        return  # what a test leaves when it breaks off is not the news
    complaints = [f"task still running: {description}" for description in tasks.descriptions]
    complaints += leftover_threads(threads)
    complaints += qt.leftovers() if qt else []
    complaints += records.complaints()
    if complaints:
        pytest.fail("\n".join(complaints), pytrace=False)


@pytest.fixture
def expect_log(nothing_left_behind: LogRecords) -> Callable[[str], None]:
    """Declare a log record: `expect_log(r"WARNING captioner\\.stt\\.link: .*")`; it must come, and may come often."""
    return nothing_left_behind.expect


@pytest.fixture
def memory_keyring() -> Iterator["MemoryKeyring"]:
    """An empty keyring in the place of the machine's own, for this process."""
    import keyring

    from tests.helpers.memory_keyring import MemoryKeyring

    before = keyring.get_keyring()
    mine = MemoryKeyring()
    keyring.set_keyring(mine)
    yield mine
    keyring.set_keyring(before)


@pytest.fixture
def qt_loop(qapp: "QApplication") -> Iterator["qasync.QEventLoop"]:
    """qasync's loop on the one QApplication; run coroutines with `qt_loop.run_until_complete(...)`."""
    from captioner.ui.loop import QtLoop

    qapp.setQuitOnLastWindowClosed(False)  # else the last window's closing stops the loop under the test's feet
    loop = QtLoop(qapp)
    errors: list[str] = []
    loop.set_exception_handler(
        lambda _loop, context: errors.append(f"{context['message']}: {context.get('exception')!r}")
    )
    asyncio.set_event_loop(loop)
    yield loop
    left = [task for task in asyncio.all_tasks(loop) if not task.done()]
    errors += [f"task still running: {describe_task(task)}" for task in left]
    for task in left:
        task.cancel()
    loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
    loop.close()
    asyncio.set_event_loop(None)
    del loop
    gc.collect()  # its timers die here, in Qt's thread, not in whichever thread happens to collect next
    if errors:
        pytest.fail("\n".join(errors), pytrace=False)


@pytest.fixture(scope="session")
def virtual_display() -> Iterator["VirtualDisplay"]:
    """An X display for programs under test: start them with its `env`."""
    require("display")
    from tests.helpers.display import VirtualDisplay

    with VirtualDisplay() as display:
        yield display


@pytest.fixture
def virtual_microphone() -> Iterator["VirtualMicrophone"]:
    """A sound card of its own for programs under test: start them with its `env`."""
    require("soundcard")
    from tests.helpers.soundcard import VirtualMicrophone

    with VirtualMicrophone() as microphone:
        yield microphone


def pytest_report_header() -> str | None:
    lacking = missing("qt", "display", "portaudio", "soundcard", "release")
    return f"lacking: {', '.join(lacking)}" if lacking else None
