"""The window in a process of its own, for the benchmarks: runs the demo, measures itself, prints one line of JSON.

With no seconds it ends as soon as it listens.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import replace

from captioner.app import run_window
from captioner.bench.figures import Figures
from captioner.bench.process import usage
from captioner.bench.screen import Heartbeat, fill
from captioner.desk import Demo, Desk, Wiring
from captioner.settings import Settings


def main(arguments: Sequence[str]) -> None:
    """Run, and print what was measured.

    Args:
        arguments: URL of the emulator, seconds to listen, and captions to fill the screen with (0 without).
    """
    url, seconds = arguments[0], float(arguments[1])
    captions = int(arguments[2]) if len(arguments) > 2 else 0
    milestones: dict[str, float] = {}
    heart = Heartbeat()

    def observe(desk: Desk, milestone: str) -> None:
        from PySide6.QtCore import QTimer

        if milestone not in milestones:
            milestones[milestone] = time.perf_counter()
            if milestone == "listening":
                if captions:
                    fill(desk, captions)
                heart.start(desk.window)
                QTimer.singleShot(round(seconds * 1000), desk.window, desk.window.close)

    run_window(settings=replace(Settings(), overlay=captions > 0), demo=Demo(url=url), wiring=Wiring(observe=observe))
    cpu, memory = usage()
    print(
        json.dumps(
            {
                "milestones": milestones,
                "cpu": cpu,
                "memory": memory,
                "turns": Figures.of(heart.gaps).plain(),
                "p99.9": heart.p999(),
            }
        )
    )
