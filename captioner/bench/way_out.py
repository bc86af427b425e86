"""Our own share of the way out: from the last sample of a chunk to its bytes with the socket.

The sample call is played at the pace of speech in blocks of 20 ms, through the whole lane, over a real socket to the
emulator in a process of its own. For every message that is written, the delay is counted from the moment at which its
last sample was captured; the resampler's delay is in it, the chunk's own length is not.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace

from rich.console import Console
from rich.table import Table

from captioner.account import Account
from captioner.audio.wav import open_sound
from captioner.bench.figures import Figures, row
from captioner.emulator.process import EmulatorProcess
from captioner.engine import Engine
from captioner.events import RATE, News, Stop, Written
from captioner.pipeline import Pipeline
from captioner.places import resource
from captioner.settings import Settings
from captioner.stt.link import Link, Network, Tokens

SECONDS = 20.0
SETTLING = 2.0
"""Seconds at the start, while the backlog of the first connection goes out, that are not counted."""


def measure() -> dict[str, object]:
    """Run a lane for each chunk length; return the delays in milliseconds."""
    emulator = EmulatorProcess()
    url = emulator.start("measured", ())
    try:
        settings = replace(Settings(), endpoint=url)
        return {
            f"chunks of {chunk_ms} ms": asyncio.run(_delays(replace(settings, chunk_ms=chunk_ms))).plain()
            for chunk_ms in (20, 100)
        }
    finally:
        emulator.stop()


async def _delays(settings: Settings) -> Figures:
    written: list[tuple[int, float]] = []
    pipeline = Pipeline(settings)
    engine = Engine(pipeline, lambda _: None)

    def post(news: News) -> None:
        if isinstance(news, Written):
            written.append((news.stop, time.perf_counter()))
        engine.post(news)

    tokens = Tokens(Network.of(settings), Account("bench", "bench"))
    link = Link(tokens, post)
    engine.start(link)
    sound = open_sound(resource("sample", "sample_call.flac"))
    playing = asyncio.ensure_future(sound.play(engine.post, clock=engine.clock))
    await asyncio.sleep(SECONDS)
    playing.cancel()
    engine.post(Stop(early=True))
    await engine.wait()
    engine.close()
    await link.aclose()
    await tokens.aclose()
    origin = pipeline.trace.clock.origin
    assert origin is not None
    return Figures.of(
        1000 * (at - origin - stop / RATE) for stop, at in written if SETTLING * RATE <= stop < (SECONDS - 0.5) * RATE
    )


def render(result: dict[str, object], console: Console) -> None:
    """Print the table."""
    table = Table(title="from a chunk's last sample to the socket (ms; bounds: p50 4, p95 10)")
    for name in ("", "n", "p50", "p95", "max"):
        table.add_column(name, justify="left" if not name else "right")
    for name, figures in result.items():
        table.add_row(name, *row(figures))
    console.print(table)
