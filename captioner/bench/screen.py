"""The way in: from a message received to its text painted, with few and with many captions on screen.

A real window with its desk, fed by a service that exists only here: ten interims a second and a final every second,
while the sample call moves the level meter and the latency overlay is open. The delay is the overlay's own *render*:
from the message received to the paint event that showed its revision. The length of the loop's turns is measured beside
it, by a timer that should fire every millisecond: how late it is, is how long a turn kept it waiting.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from captioner.bench.figures import Figures, row
from captioner.bench.process import part
from captioner.events import (
    RATE,
    Action,
    Close,
    Closed,
    GetToken,
    News,
    Open,
    Opened,
    Received,
    TokenGranted,
    Write,
    Written,
)
from captioner.latency.statistics import StageTable, percentile
from captioner.settings import Settings

if TYPE_CHECKING:
    from PySide6.QtCore import QObject

    from captioner.desk import Desk

SECONDS = 15.0
SIZES = (10, 10_000)
_WORDS = ("네", "고객님", "확인해", "드리겠습니다", "주문하신", "상품은", "내일", "오전에", "도착할", "예정입니다")


class Heartbeat:
    """A timer of one millisecond; what is beyond it was the loop's turn.

    Attributes:
        gaps: milliseconds by which each beat was late.
    """

    def __init__(self) -> None:
        self.gaps: list[float] = []
        self._last = 0.0

    def start(self, parent: QObject) -> None:
        """Beat for as long as `parent` lives."""
        from PySide6.QtCore import Qt, QTimer

        timer = QTimer(parent)
        timer.setTimerType(Qt.TimerType.PreciseTimer)
        timer.setInterval(1)
        timer.timeout.connect(self._beat)
        self._last = time.perf_counter()
        timer.start()

    def _beat(self) -> None:
        now = time.perf_counter()
        self.gaps.append(max(0.0, 1000 * (now - self._last) - 1.0))
        self._last = now

    def p999(self) -> float | None:
        """Return the 99.9th percentile; None without a beat."""
        return percentile(sorted(self.gaps), 99.9) if self.gaps else None


class LocalService:
    """Says what it is told to say; takes sound and forgets it."""

    def __init__(self, post: Callable[[News], None]) -> None:
        self._post = post
        self._seq = 0

    def perform(self, action: Action) -> None:
        """Answer at once."""
        match action:
            case GetToken():
                self._post(TokenGranted(21600.0, requested=True))
            case Open(epoch=epoch):
                self._post(Opened(epoch))
            case Write(epoch=epoch, stop=stop, data=data):
                self._post(Written(epoch, stop))
                if data == "EOS":
                    self._post(Closed(epoch, 1000))
            case Close(epoch=epoch):
                self._post(Closed(epoch, None))

    def say(self, now_ms: int, words: int, *, final: bool) -> None:
        """Send an interim or a final that began a second ago."""
        text = " ".join(_WORDS[i % len(_WORDS)] for i in range(words))
        self._post(
            Received(
                1,
                json.dumps(
                    {
                        "seq": self._seq,
                        "start_at": max(0, now_ms - 900),
                        "duration": 800 if final else 0,
                        "final": final,
                        "alternatives": [{"text": text, "confidence": 0}],
                    }
                ),
            )
        )
        self._seq += final


def fill(desk: Desk, captions: int) -> None:
    """Put captions on the screen, as if the call were hours old."""
    from datetime import datetime

    from captioner.events import Caption, FinalShown

    desk.window.begin(datetime.now().astimezone())
    text = " ".join(_WORDS)
    desk.window.show_updates(
        [
            FinalShown(0.0, Caption(n + 1, n * RATE, (n + 1) * RATE, text, (), True, False, n + 1), None)
            for n in range(captions)
        ]
    )
    desk.window.begin(datetime.now().astimezone())


async def _run(desk: Desk, service: LocalService, captions: int, seconds: float) -> dict[str, object]:
    """Fill the screen, then let the service talk while the sample call plays."""
    fill(desk, captions)
    engine = desk.engine
    assert engine is not None
    await asyncio.sleep(1.0)
    engine.pipeline.finals, engine.pipeline.interims = StageTable(), StageTable()
    heart = Heartbeat()
    heart.start(desk.window)
    began = time.perf_counter()
    for step in range(1, round(seconds * 10) + 1):
        await asyncio.sleep(max(0.0, began + step / 10 - time.perf_counter()))
        service.say(1000 * engine.pipeline.ledger.captured // RATE, 1 + step % 10, final=step % 10 == 0)
    await asyncio.sleep(0.1)  # the last one is painted
    return {
        "interims": asdict(engine.pipeline.interims.table()["render"]),
        "finals": asdict(engine.pipeline.finals.table()["render"]),
        "turns": Figures.of(heart.gaps).plain(),
        "turns p99.9": heart.p999(),
    }


def measure() -> dict[str, object]:
    """Run one window for each number of captions, each in a process of its own; delays in milliseconds."""
    return {f"{size} captions": _in_process(size) for size in SIZES}


def _in_process(captions: int) -> object:
    environment = {"QT_QPA_PLATFORM": "offscreen", **os.environ}
    done = subprocess.run(
        part("screen", captions, SECONDS),
        env=environment,
        stdout=subprocess.PIPE,
        check=True,
        encoding="utf-8",
    )
    return json.loads(done.stdout.splitlines()[-1])


def render(result: dict[str, object], console: Console) -> None:
    """Print the table."""
    table = Table(title="from message received to painted, and the loop's turns (ms; bounds: p50 4, p95 16; turns 8)")
    for name in ("", "", "n", "p50", "p95", "max", "p99.9"):
        table.add_column(name, justify="left" if not name else "right")
    for size, figures in result.items():
        assert isinstance(figures, dict)
        for name in ("interims", "finals", "turns"):
            last = f"{figures['turns p99.9']:.2f}" if name == "turns" else ""
            table.add_row(size, name, *row(figures[name]), last)
    console.print(table)


def main(arguments: Sequence[str]) -> None:
    """Run one window, and print its figures as one line of JSON.

    Args:
        arguments: captions on the screen, seconds.
    """
    from captioner.app import run_window
    from captioner.desk import Demo, Wiring

    captions, seconds = int(arguments[0]), float(arguments[1])
    services: list[LocalService] = []
    result: list[dict[str, object]] = []

    def make_link(_: object, post: Callable[[News], None]) -> LocalService:
        services.append(LocalService(post))
        return services[-1]

    def observe(desk: Desk, milestone: str) -> None:
        if milestone == "listening" and not result:
            result.append({})
            tasks.append(asyncio.ensure_future(work(desk)))

    async def work(desk: Desk) -> None:
        result[0] = await _run(desk, services[-1], captions, seconds)
        desk.window.close()

    tasks: list[asyncio.Future[None]] = []
    run_window(
        settings=replace(Settings(), overlay=True),
        demo=Demo(url="http://127.0.0.1:9"),
        wiring=Wiring(make_link=make_link, observe=observe),
    )
    print(json.dumps(result[0]))
