"""The shell around a lane: one inbox, one consumer, the one reader of the clock.

The engine takes news from wherever they come, feeds them to the pipeline one by one, has the link do the actions and
gives the updates to whoever listens. It knows nothing of Qt: it runs on any asyncio loop, under plain asyncio for the
commands, under qasync for the window, under a virtual clock in tests.

Everything happens on the loop's thread; a source with a thread of its own brings its news there.
"""

from __future__ import annotations

import asyncio
import math
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from captioner.events import (
    Action,
    Close,
    Finished,
    GetToken,
    News,
    Open,
    Resumed,
    Status,
    Tick,
    Update,
    Write,
)
from captioner.pipeline import Outcome, Pipeline
from captioner.sleep import CLOCK_STOPS, SLEPT, slept

if TYPE_CHECKING:
    from captioner.recording import Recorder

LONGEST_TIMER = 1.0
"""Seconds after which the deadline is looked at again at the latest, and whether the computer slept."""


class Performer(Protocol):
    """What does the actions: `stt.link.Link`, or a fake in tests."""

    def perform(self, action: Action) -> None:
        """Do it; return at once."""
        ...


class Engine:
    """Runs one lane.

    Args:
        listener: gets every update, in order, on the loop's thread.
        clock: seconds that only grow; read once per turn, and nowhere else.
        asleep: seconds that the computer has slept so far.

    Attributes:
        longest_turn: seconds that the lane's longest turn took.
        recorder: is told everything that the pipeline is told, before it; None records nothing. Set before `start`, or
            a recording misses its beginning; who set it closes it.
    """

    def __init__(
        self,
        pipeline: Pipeline,
        listener: Callable[[Update], None],
        *,
        clock: Callable[[], float] = time.perf_counter,
        asleep: Callable[[], float] = slept,
    ) -> None:
        self.pipeline = pipeline
        self.clock = clock
        self.finished: Finished | None = None
        self.longest_turn = 0.0
        self.recorder: Recorder | None = None
        self._asleep, self._slept = asleep, asleep()
        self._listener = listener
        self._link: Performer | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._inbox: deque[News] = deque()
        self._turning = False
        self._closed = False
        self._timer: asyncio.Handle | None = None
        self._timer_at = math.inf
        self._room = asyncio.Event()
        self._done = asyncio.Event()

    def start(self, link: Performer) -> None:
        """Begin: a token and a connection are asked for at once. Call it on the loop that is to run the lane."""
        self._link = link
        self._loop = asyncio.get_running_loop()
        self._turn(self.pipeline.start)

    def post(self, news: News) -> None:
        """Take news, on the loop's thread. They are consumed before this returns, unless it is called in a turn."""
        self._inbox.append(news)
        if not self._turning:
            self._turn(None)

    async def wait(self) -> Finished:
        """Wait for the lane's end."""
        await self._done.wait()
        assert self.finished is not None
        return self.finished

    async def room(self) -> None:
        """Wait until a source that need not keep the pace of speech may deliver more."""
        while not self.pipeline.room and not self.pipeline.finished:
            self._room.clear()
            await self._room.wait()

    def status(self) -> Status:
        """The lane at a glance, now."""
        now = self.clock()
        if self.recorder is not None:
            self.recorder.looked(now)
        return self.pipeline.status(now, longest_turn=self.longest_turn)

    def close(self) -> None:
        """Take no more deadlines; what the link and the sources do is theirs to end, and still heard."""
        self._closed = True
        self._cancel_timer()

    def _turn(self, first: Callable[[float], list[Outcome]] | None) -> None:
        """Consume what is in the inbox, and what comes in while that is done; then see when to wake."""
        self._turning = True
        try:
            self._notice_sleep()
            while first is not None or self._inbox:
                now = self.clock()
                if first is not None:
                    if self.recorder is not None:
                        self.recorder.started(now)
                    outcomes, first = first(now), None
                else:
                    news = self._inbox.popleft()
                    if self.recorder is not None:
                        self.recorder.heard(news, now)
                    outcomes = self.pipeline.feed(news, now)
                if outcomes:
                    self._perform(outcomes)
                self.longest_turn = max(self.longest_turn, self.clock() - now)
        finally:
            self._turning = False
        if not self._room.is_set() and (self.pipeline.room or self.pipeline.finished):
            self._room.set()
        self._arm()

    def _notice_sleep(self) -> None:
        """Where the computer slept, that is the first thing to be known."""
        seconds = self._asleep() - self._slept
        if seconds >= SLEPT:
            self._slept += seconds
            self._inbox.appendleft(Resumed(seconds, CLOCK_STOPS))

    def _perform(self, outcomes: list[Outcome]) -> None:
        assert self._link is not None
        for outcome in outcomes:
            if isinstance(outcome, GetToken | Open | Write | Close):
                self._link.perform(outcome)
                continue
            if isinstance(outcome, Finished):
                self.finished = outcome
                self._done.set()
            self._listener(outcome)

    def _arm(self) -> None:
        """Set the timer to the next deadline. One is enough: when it fires, the deadline is read again."""
        due = self.pipeline.deadline
        if due == math.inf or self._closed:
            self._cancel_timer()
        elif self._timer is None or due < self._timer_at:
            assert self._loop is not None
            self._cancel_timer()
            now = self.clock()
            # never a long timer: qasync keeps cancelled ones alive until they expire
            self._timer_at = min(due, now + LONGEST_TIMER)
            self._timer = self._loop.call_later(max(0.0, self._timer_at - now), self._wake)

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _wake(self) -> None:
        self._timer = None
        self.post(Tick())


# ---------------------------------------------------------------- what the loop complains of


@contextmanager
def defects() -> Iterator[asyncio.Future[None]]:
    """Give a future that fails with what a callback or a forgotten task raises; without it a lane would wait for ever.

    For the length of the `with`, on the running loop.
    """
    loop = asyncio.get_running_loop()
    defect: asyncio.Future[None] = loop.create_future()

    def note(_: asyncio.AbstractEventLoop, context: Mapping[str, object]) -> None:
        error = defect_of(context)
        if error is not None and not defect.done():
            defect.set_exception(error)

    before = loop.get_exception_handler()
    loop.set_exception_handler(note)
    try:
        yield defect
    finally:
        loop.set_exception_handler(before)
        defect.cancel()


def defect_of(context: Mapping[str, object]) -> BaseException | None:
    """Return what was raised, of what a loop tells its exception handler; None where it is no defect of ours.

    asyncio may end a transport that has ended, and raise: nothing is lost by it, the first time was heard of. Under TLS
    that happens in its own layer, where a connection breaks at the very moment in which it gets room.
    """
    error = context.get("exception")
    if not isinstance(error, BaseException):
        return None
    where = [frame.f_code.co_name for frame, _ in traceback.walk_tb(error.__traceback__)]
    twice = isinstance(error, AttributeError) and where[-1:] == ["_call_connection_lost"]
    return None if twice else error
