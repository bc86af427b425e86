"""The comparison window as a program under test: everything real, driven by its own buttons, told line by line.

    python -m tests.scenarios.comparison_program RECORDING REFERENCE FOLDER

Two ways hear the recording with the emulator of the profile `design`; the report goes to the folder; then they hear it
again, and the program is closed while they do. Lines of JSON: {"step": …, …}.
"""

import asyncio
import itertools
import json
import sys
from collections.abc import Callable
from pathlib import Path

from captioner.app import run_window
from captioner.compare.outcome import Way
from captioner.desk import Desk, Wiring
from captioner.settings import Language, Settings
from captioner.ui.comparison_view import Plan, Stage


def tell(step: str, **what: object) -> None:
    print(json.dumps({"step": step, **what}, ensure_ascii=False), flush=True)


async def until(true: Callable[[], object]) -> None:
    for _ in itertools.count():
        if true():
            return
        await asyncio.sleep(0.02)  # the program's own patience, not a test's


async def drive(desk: Desk, recording: Path, reference: Path, folder: Path) -> None:
    await asyncio.sleep(0)
    desk.window.comparison_requested.emit()
    comparison = desk._comparison
    assert comparison is not None
    window = comparison.window
    window.setup.files_added.emit((recording, reference))
    plan = Plan(ways=(Way.CONNECTION_KEPT, Way.STREAMING), profile="design")
    window.show_plan(plan)
    window.setup.plan_changed.emit(plan)
    await until(lambda: window._main.isEnabled())
    tell("ready", cost=window._setup_view.cost)
    window.start_requested.emit()
    await until(lambda: comparison._state.stage is Stage.RUNNING)
    desk.window.start_requested.emit()
    tell("captions", engine=desk.engine is not None, notice=desk.window._notices.text)
    await until(lambda: window.rows.rows)
    tell("running")
    await until(lambda: not comparison.running)
    rows = [
        ["".join(piece.text for piece in side.pieces) for side in (row.left, row.right)] for row in window.rows.rows
    ]
    tell("done", rows=rows, totals=[[row.left.total, row.right.total] for row in window.rows.rows])
    window.save_requested.emit(folder)
    await until(lambda: window._notice.text)
    tell("saved")
    window.start_requested.emit()
    await until(lambda: window.rows.rows)
    tell("closing")
    desk.window.close()


def main() -> None:
    paths = [Path(each) for each in sys.argv[1:4]]
    tasks = list[asyncio.Task[None]]()

    def observe(desk: Desk, milestone: str) -> None:
        if milestone == "shown":
            tasks.append(asyncio.ensure_future(drive(desk, *paths)))

    run_window(settings=Settings(ui_language=Language.ENGLISH), wiring=Wiring(observe=observe))
    tell("ended")


if __name__ == "__main__":
    main()
