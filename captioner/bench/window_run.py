"""The window in a process of its own, for the benchmarks: runs the demo, and prints its milestones as one line of JSON.

With 0 seconds it ends as soon as it listens.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import replace

from captioner.app import run_window
from captioner.desk import Demo, Desk, Wiring
from captioner.settings import Settings


def main(arguments: Sequence[str]) -> None:
    """Run, and print what was measured.

    Args:
        arguments: URL of the emulator, and seconds to listen, with the overlay open.
    """
    url, seconds = arguments[0], float(arguments[1])
    milestones: dict[str, float] = {}

    def observe(desk: Desk, milestone: str) -> None:
        from PySide6.QtCore import QTimer

        if milestone not in milestones:
            milestones[milestone] = time.perf_counter()
            if milestone == "listening":
                QTimer.singleShot(round(seconds * 1000), desk.window, desk.window.close)

    run_window(settings=replace(Settings(), overlay=seconds > 0), demo=Demo(url=url), wiring=Wiring(observe=observe))
    print(json.dumps({"milestones": milestones}))
