"""The window's composition root: Qt's application and its loop, with one desk on it.

Closing the window ends everything in this order, within two seconds (after the last words) even where the network
hangs:

1. the lane: no more sound; the last words are waited for, unless the person closes a second time
2. a comparison at once, what the desk was doing beside the lane, and the source (device or file)
3. the engine's timer, then the link with every task and socket of its own, then the tokens
4. the emulator's process, if there is one
5. what was kept for after a crash, the settings, the worker thread
6. the window, the loop, the crash notes
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Sequence
from typing import Any

os.environ.setdefault("QT_API", "pyside6")

import PySide6.QtCore  # noqa: F401  before qasync (in QtLoop), which takes the binding that is loaded
from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QApplication, QMessageBox

from captioner.crash import CrashNotes
from captioner.desk import Demo, Desk, Wiring
from captioner.engine import defect_of
from captioner.language import Sentences
from captioner.latency.statistics import StageTable
from captioner.places import FileProblem, crash_dir
from captioner.policy import Policy
from captioner.settings import SettingError, Settings, Theme
from captioner.ui.loop import QtLoop
from captioner.ui.theme import Appearance


def run_window(
    *,
    settings: Settings,
    problems: Sequence[FileProblem | SettingError] = (),
    demo: Demo | None = None,
    wiring: Wiring | None = None,
    policy: Policy | None = None,
) -> int:
    """Open the window and stay until it is closed.

    Args:
        settings: as stored, or the defaults.
        problems: what could not be used of the stored ones.
        demo: caption the sample call with the emulator.
        wiring: for tests and benchmarks.
        policy: what the company has settled; it is in the settings already.
    """
    app = QApplication.instance() or QApplication(["captioner"])
    assert isinstance(app, QApplication)
    app.setApplicationName("captioner")
    app.setApplicationDisplayName("Captioner")
    app.setDesktopFileName("captioner")
    app.setQuitOnLastWindowClosed(False)
    notes = CrashNotes(crash_dir())
    notes.install()
    loop = QtLoop(app)
    loop.set_exception_handler(lambda _, context: _note(notes, context))
    asyncio.set_event_loop(loop)
    try:
        with loop:
            loop.run_until_complete(_run(app, settings, problems, demo, wiring, policy or Policy()))
    finally:
        asyncio.set_event_loop(None)
        notes.close()
    return 0


def refuse(sentence: str, say: Sentences) -> None:
    """Say in a window why there is no other one; return when the person has read it.

    Args:
        sentence: in the person's language.
        say: that language.
    """
    app = QApplication.instance() or QApplication(["captioner"])
    assert isinstance(app, QApplication)
    app.setApplicationName("captioner")
    Appearance(app).use(Theme.SYSTEM)
    box = QMessageBox(QMessageBox.Icon.Critical, "Captioner", sentence, QMessageBox.StandardButton.Close)
    box.button(QMessageBox.StandardButton.Close).setText(say("Close"))
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setTextInteractionFlags(
        Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
    )
    box.exec()


async def _run(
    app: QApplication,
    settings: Settings,
    problems: Sequence[FileProblem | SettingError],
    demo: Demo | None,
    wiring: Wiring | None,
    policy: Policy,
) -> None:
    desk = Desk(app, settings, demo=demo, problems=problems, wiring=wiring, policy=policy)
    for each in (signal.SIGINT, signal.SIGTERM):
        # Python sees a signal when Qt lets it run, which the status timer does fifteen times a second
        signal.signal(each, lambda *_: desk.window.close())
    await desk.run()


def self_test(settings: Settings, demo: Demo, *, patience: float = 60.0) -> tuple[int, StageTable]:
    """Boot everything, and close again when three finals have been painted.

    Args:
        settings: to use.
        demo: which emulator to talk to.
        patience: seconds after which it has failed.

    Returns:
        How many finals were painted and measured, and where their time went.
    """
    measured = 0
    table = StageTable()

    def observe(desk: Desk, milestone: str) -> None:
        nonlocal measured, table
        if milestone == "shown":
            QTimer.singleShot(round(patience * 1000), desk.window, desk.window.close)
        elif milestone == "measured":
            measured += 1
            assert desk.engine is not None
            table = desk.engine.pipeline.finals
            if measured == 3:
                QTimer.singleShot(0, desk.window, desk.window.close)

    run_window(settings=settings, demo=demo, wiring=Wiring(observe=observe))
    return measured, table


def _note(notes: CrashNotes, context: dict[str, Any]) -> None:
    error = defect_of(context)
    if isinstance(error, Exception):
        notes.note(error)
