"""A shift of eight hours in virtual time: two lanes, an outage every 20 minutes, tokens that run out, 10,000 captions.

Both lanes of a desk run through the program's own pipelines against a service that hears numbers instead of words:
every caption of the shift is a stretch of sound with a value of its own, so that it can be checked that each comes once
and none is missing. What is reported is what may not grow: the memory, and what a caption costs. What does grow, and is
meant to, stands beside it: the captions, which a window keeps to show and to save them, and their delays, from which
exact percentiles are computed.
"""

from __future__ import annotations

import gc
import heapq
import itertools
import json
import math
import sys
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final, assert_never

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from captioner.bench.process import most_resident
from captioner.errors import Fault, FaultKind
from captioner.events import (
    RATE,
    Action,
    AudioBlock,
    Close,
    Closed,
    FinalShown,
    GetToken,
    News,
    Open,
    Opened,
    OpenRefused,
    Received,
    SourceEnded,
    Tick,
    TokenGranted,
    TokenRefused,
    Update,
    Write,
    Written,
)
from captioner.latency.statistics import STAGES
from captioner.pipeline import Lane, Pipeline
from captioner.saving import Said
from captioner.settings import Settings

BLOCK: Final = RATE // 10
"""Samples in a block: 100 ms."""

HOUR: Final = 3600

ALIGNED: Final = 16
"""Bytes of which Python's own memory is given out in multiples
(https://github.com/python/cpython/blob/3.11/Objects/obmalloc.c)."""


@dataclass(frozen=True, slots=True)
class Shift:
    """What is lived through. Times in seconds.

    Attributes:
        seconds: its length.
        captions: of each lane.
        outage_every, outage: the connections break, and nothing can be reached for so long.
        token_life: of a token.
    """

    seconds: int = 8 * HOUR
    captions: int = 5000
    outage_every: int = 20 * 60
    outage: float = 20.0
    token_life: float = 2.0 * HOUR
    lanes: int = 2


FIRST: Final = Shift(seconds=HOUR // 4, captions=150, outage_every=400, token_life=800.0)
"""Lived through before the shift: what is loaded when it is first needed, after an outage or a token's end, say, is no
growth."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How things stand at a moment of the shift.

    Attributes:
        hours: since its start.
        memory_mb: resident; where the system does not tell, the largest so far.
        captions_mb: of it, what is kept of every caption: text, words and delays.
        kept: entries in everything that a pipeline keeps, all lanes together.
        caption_ms: processor time per caption since the last reading, the sound in between included.
        captions: so far.
        connections: so far.
        tokens: so far.
        lost: samples.
    """

    hours: float
    memory_mb: float
    captions_mb: float
    kept: int
    caption_ms: float
    captions: int
    connections: int
    tokens: int
    lost: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a shift.

    Attributes:
        readings: at whole hours, or so many moments, and the last at its end.
        missing, doubled: captions.
        complete: every lane says so.
        left: news, deadlines and open connections that are still there after the end.
    """

    readings: tuple[Reading, ...]
    missing: int
    doubled: int
    complete: bool
    left: int


def measure() -> dict[str, object]:
    """Live through the whole shift; return the readings at 1, 4 and 8 hours."""
    shift = Shift()
    live(FIRST, (FIRST.seconds,))
    return plain(shift, live(shift, (1 * HOUR, 4 * HOUR, 8 * HOUR)))


def plain(shift: Shift, outcome: Outcome) -> dict[str, object]:
    """Return what came of a shift as plain values, ready for JSON."""
    return {
        "hours": shift.seconds / HOUR,
        "lanes": shift.lanes,
        "captions": shift.lanes * shift.captions,
        "missing": outcome.missing,
        "doubled": outcome.doubled,
        "complete": outcome.complete,
        "left": outcome.left,
        "readings": [
            {
                "hours": each.hours,
                "memory_mb": each.memory_mb,
                "captions_mb": each.captions_mb,
                "kept": each.kept,
                "caption_ms": each.caption_ms,
                "captions": each.captions,
                "connections": each.connections,
                "tokens": each.tokens,
                "lost_samples": each.lost,
            }
            for each in outcome.readings
        ],
    }


def live(shift: Shift, moments: Sequence[float]) -> Outcome:
    """Live through a shift, and look around at these moments of it (seconds, in order, the last its end)."""
    world = _World(shift)
    readings, spent, captions = list[Reading](), time.process_time(), 0
    for moment in moments:
        world.run(moment if moment < shift.seconds else math.inf)
        gc.collect()
        now = time.process_time()
        shown = sum(desk.shown for desk in world.desks)
        readings.append(
            Reading(
                hours=moment / HOUR,
                memory_mb=_resident(),
                captions_mb=sum(_bytes(desk.said) + _delays(desk.pipeline) for desk in world.desks) / 1e6,
                kept=sum(_entries(desk.pipeline) for desk in world.desks),
                caption_ms=1000 * (now - spent) / max(1, shown - captions),
                captions=shown,
                connections=sum(desk.pipeline.session.connections for desk in world.desks),
                tokens=sum(desk.pipeline.session.tokens for desk in world.desks),
                lost=sum(desk.pipeline.ledger.lost for desk in world.desks),
            )
        )
        spent, captions = now, shown
    return Outcome(
        readings=tuple(readings),
        missing=sum(desk.seen.count(0) for desk in world.desks),
        doubled=sum(desk.doubled for desk in world.desks),
        complete=all(desk.pipeline.finished and not desk.pipeline.ledger.lost for desk in world.desks),
        left=world.left,
    )


def render(result: dict[str, object], console: Console) -> None:
    """Print the table."""
    title = (
        f"{result['hours']:.0f} hours, {result['lanes']} lanes, {result['captions']} captions: "
        f"{result['missing']} missing, {result['doubled']} doubled, {result['left']} left behind"
    )
    table = Table(title=title)
    heads = (
        "hours",
        "MB",
        "of it captions",
        "the rest",
        "entries kept",
        "ms a caption",
        "captions",
        "connections",
        "tokens",
        "samples lost",
    )
    for name in heads:
        table.add_column(name, justify="right")
    readings = result["readings"]
    assert isinstance(readings, list)
    for each in readings:
        hours, memory, captions, kept, cost, *counts = each.values()
        sizes = (f"{size:.1f}" for size in (hours, memory, captions, memory - captions))
        table.add_row(*sizes, f"{kept}", f"{cost:.2f}", *map(str, counts))
    console.print(table)
    if readings and readings[-1]["captions"]:
        last = readings[-1]
        console.print(
            f"{1e6 * last['captions_mb'] / last['captions']:.0f} bytes are kept of a caption (one word here)."
        )


def _resident() -> float:
    """Resident memory in MB, or the largest so far where the system does not tell."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except OSError:
        return most_resident() or math.nan
    return pages * 4096 / 1e6


def _delays(pipeline: Pipeline) -> int:
    """Bytes of the delays that a pipeline remembers: each in the order of its arrival, and once more in its own."""
    tables = [each.table().values() for each in (pipeline.finals, pipeline.interims)]
    return sum(4 * len(STAGES) * max(each.n for each in table) + 4 * sum(each.n for each in table) for table in tables)


def _bytes(thing: object, seen: set[int] | None = None) -> int:
    """Bytes of captions, in all their depth."""
    seen = set() if seen is None else seen
    if id(thing) in seen:
        return 0
    seen.add(id(thing))
    if isinstance(thing, list | tuple):
        parts: Sequence[object] = thing
    elif isinstance(thing, dict):
        parts = [*thing, *thing.values()]
    else:
        parts = [getattr(thing, name) for name in _names(thing)]
    size = sys.getsizeof(thing)
    return size + -size % ALIGNED + sum(_bytes(each, seen) for each in parts)


def _entries(thing: object, seen: set[int] | None = None) -> int:
    """Count what is in the containers that a pipeline holds, in all their depth."""
    seen = set() if seen is None else seen
    if id(thing) in seen or isinstance(thing, str | bytes | int | float | type | np.ndarray):
        return 0
    seen.add(id(thing))
    match thing:
        case bytearray():
            return len(thing) // (2 * RATE)
        case dict():
            return len(thing) + sum(_entries(each, seen) for each in thing.values())
        case list() | tuple() | deque() | set() | frozenset():
            return len(thing) + sum(_entries(each, seen) for each in thing)
        case _ if type(thing).__module__.startswith("captioner."):
            return sum(_entries(getattr(thing, name, None), seen) for name in _names(thing))
        case _:
            return 0


def _names(thing: object) -> list[str]:
    return [*getattr(thing, "__dict__", ()), *(name for each in type(thing).__mro__ for name in _slots(each))]


def _slots(kind: type) -> tuple[str, ...]:
    slots = kind.__dict__.get("__slots__", ())
    return (slots,) if isinstance(slots, str) else tuple(slots)


# ---------------------------------------------------------------- the world


class _Desk:
    """A lane, and what it showed."""

    def __init__(self, number: int, captions: int) -> None:
        self.pipeline = Pipeline(Settings(chunk_ms=100), Lane(seed=number))
        self.said = Said(datetime.now().astimezone())  # as a window keeps it
        self.seen = bytearray(captions)  # a set of numbers would grow with the shift, and be taken for the program's
        self.shown = 0
        self.doubled = 0
        self.connections: dict[int, _Recogniser] = {}

    def take(self, update: Update) -> None:
        """Count a caption."""
        if isinstance(update, FinalShown):
            self.said.add(update)
            self.shown += 1
            for word in map(int, update.caption.text.split()):
                self.doubled += self.seen[word]
                self.seen[word] = 1


class _Recogniser:
    """Hears numbers on one connection: a run of a value is one utterance, which ends with silence."""

    SILENCE = RATE // 2

    def __init__(self) -> None:
        self._got = 0
        self._value = 0
        self._start = 0
        self._open = False
        self._silent = 0
        self._seq = 0

    def hear(self, data: bytes, number: int) -> list[str]:
        """Take a message; `number` is the next caption's that was not heard yet, as far as the desk knows."""
        samples = np.frombuffer(data, "<i2")
        said: list[str] = []
        value = self._value
        edges = [0, *(np.flatnonzero(np.diff(samples)) + 1).tolist(), len(samples)]
        for start, stop in itertools.pairwise(edges):
            value = int(samples[start])
            if value and value != self._value:
                self._value, self._start, self._open = value, self._got, True
            self._got += stop - start
            self._silent = 0 if value else self._silent + stop - start
            if self._open and self._silent >= self.SILENCE:
                said.append(self._say(number, final=True))
                self._open, self._value = False, 0
                self._seq += 1
        if self._open and value and self._got - self._start >= RATE // 2:
            said.append(self._say(number, final=False))
        return said

    def end(self, number: int) -> list[str]:
        """Say what is left."""
        return [self._say(number, final=True)] if self._open else []

    def _say(self, number: int, *, final: bool) -> str:
        # a value stands for one caption in a thousand: the one nearest to where the desk is
        nearest = number + (self._value - _FIRST - number + _VALUES // 2) % _VALUES - _VALUES // 2
        stop = self._got - self._silent
        length = (stop - self._start) / RATE * 1000
        text = str(nearest)
        best: dict[str, object] = {"text": text}
        if final:
            best["words"] = [{"text": text, "start_at": 0, "duration": length}]
        return json.dumps(
            {
                "seq": self._seq,
                "start_at": self._start / RATE * 1000,
                "duration": length if final else 0,
                "final": final,
                "alternatives": [best],
            }
        )


_FIRST = 100
_VALUES = 1000


class _World:
    """The desks, the service, and the clock of all."""

    def __init__(self, shift: Shift) -> None:
        self._shift = shift
        self._now = 0.0
        self._events: list[tuple[float, int, _Desk, News]] = []
        self._order = itertools.count()
        self._down_until = -1.0
        self._next_outage = float(shift.outage_every)
        self._token_ends = -1.0
        self._block = 0
        self.desks = [_Desk(number, shift.captions) for number in range(shift.lanes)]
        self._blocks = shift.seconds * RATE // BLOCK
        self._every = shift.seconds * RATE // shift.captions  # samples from one caption to the next
        for desk in self.desks:
            self._take(desk, desk.pipeline.start(0.0))

    @property
    def left(self) -> int:
        """What is still there: nothing, after the end."""
        deadlines = sum(desk.pipeline.deadline < math.inf for desk in self.desks)
        return deadlines + sum(len(desk.connections) for desk in self.desks)

    def run(self, until: float) -> None:
        """Let time pass to that moment, or until nothing happens any more."""
        while True:
            sound_at = (self._block + 1) * BLOCK / RATE if self._block <= self._blocks else math.inf
            due = min(sound_at, self._events[0][0] if self._events else math.inf, self._next_outage)
            waiting = min((desk.pipeline.deadline for desk in self.desks), default=math.inf)
            due = min(due, waiting)
            if due > until or all(desk.pipeline.finished for desk in self.desks):
                return
            self._now = max(self._now, due)
            if self._next_outage <= self._now:
                self._break()
            elif self._events and self._events[0][0] <= self._now:
                _, _, desk, news = heapq.heappop(self._events)
                self._feed(desk, news)
            elif sound_at <= self._now:
                self._speak()
            else:
                for desk in self.desks:
                    if desk.pipeline.deadline <= self._now:
                        self._feed(desk, Tick())

    def _speak(self) -> None:
        start, self._block = self._block * BLOCK, self._block + 1
        for desk in self.desks:
            if self._block > self._blocks:
                self._feed(desk, SourceEnded())
            else:
                samples = (self._sound(start) / 32768).astype(np.float32)[:, np.newaxis]
                self._feed(desk, AudioBlock(samples, RATE, start, self._now))

    def _sound(self, start: int) -> NDArray[np.int16]:
        """What is said from `start` on: each caption takes half of its time, in its middle."""
        positions = np.arange(start, start + BLOCK)
        number, within = np.divmod(positions, self._every)
        spoken = (within >= self._every // 4) & (within < self._every * 3 // 4) & (number < self._shift.captions)
        return np.where(spoken, _FIRST + number % _VALUES, 0).astype(np.int16)

    def _break(self) -> None:
        self._down_until, self._next_outage = self._now + self._shift.outage, self._now + self._shift.outage_every
        if self._next_outage >= self._shift.seconds - self._shift.outage:
            self._next_outage = math.inf
        for desk in self.desks:
            for epoch in list(desk.connections):
                del desk.connections[epoch]
                self._feed(desk, Closed(epoch, None, "the network is gone"))

    def _feed(self, desk: _Desk, news: News) -> None:
        self._take(desk, desk.pipeline.feed(news, self._now))

    def _take(self, desk: _Desk, outcomes: Sequence[Action | Update]) -> None:
        for outcome in outcomes:
            if isinstance(outcome, GetToken | Open | Write | Close):
                self._perform(desk, outcome)
            else:
                desk.take(outcome)

    def _at(self, delay: float, desk: _Desk, news: News) -> None:
        heapq.heappush(self._events, (self._now + delay, next(self._order), desk, news))

    def _perform(self, desk: _Desk, action: Action) -> None:
        down = self._now < self._down_until
        gone = Fault(FaultKind.UNREACHABLE, "no route")
        match action:
            case GetToken() if down:
                self._at(0.01, desk, TokenRefused(gone))
            case GetToken():
                asked = self._now + 300.0 >= self._token_ends
                if asked:
                    self._token_ends = self._now + self._shift.token_life
                self._at(0.1 * asked, desk, TokenGranted(self._token_ends - self._now, requested=asked))
            case Open(epoch) if down:
                self._at(0.01, desk, OpenRefused(epoch, gone))
            case Open(epoch):
                desk.connections[epoch] = _Recogniser()
                self._at(0.1, desk, Opened(epoch))
            case Write(epoch, data, stop):
                ear = desk.connections.get(epoch)
                if ear is None:
                    return
                self._at(0.0, desk, Written(epoch, stop))
                number = desk.pipeline.ledger.settled // self._every
                said = ear.hear(data, number) if isinstance(data, bytes) else ear.end(number)
                for message in said:
                    self._at(0.3, desk, Received(epoch, message))
                if data == "EOS":
                    del desk.connections[epoch]
                    self._at(0.4, desk, Closed(epoch, 1000))
            case Close(epoch):
                if desk.connections.pop(epoch, None) is not None:
                    self._at(0.0, desk, Closed(epoch, 1000))
            case _:
                assert_never(action)
