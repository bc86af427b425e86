"""A microphone as a take: heard once by several ways, watched while it is heard, in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import numpy as np
import pytest

from captioner.compare.analysis import analyse
from captioner.compare.matching import Outcome
from captioner.compare.outcome import Comparison, Way, WayRun
from captioner.compare.run import TIMEOUT, Dial, Line, Progress, Runs, Seen
from captioner.compare.takes import Live, Post, Take
from captioner.errors import Fault, FaultError, FaultKind, Misuse
from captioner.events import FRAME, RATE, AudioBlock, FinalShown, Frame, InterimShown, News, SourceEnded
from captioner.settings import Settings
from tests.compare.made_up import find_anchors
from tests.compare.test_run import FakeLine
from tests.helpers.lane import Conversation, FakeService
from tests.helpers.virtual_loop import run_virtual

WAYS = (Way.CONNECTION_KEPT, Way.STREAMING)


class Room:
    """Somebody who speaks into a microphone, and a service for every way that listens.

    Attributes:
        opened: the microphone is open.
        fault: what opening it is refused with.
        lost_at: seconds after which the device is gone.
    """

    def __init__(self, *, seconds: float = 30) -> None:
        self.talk = Conversation.random(4, seconds, voiced=True)
        self.live = Live("Microphone", self._source)
        self.opened = False
        self.fault: Fault | None = None
        self.lost_at: float | None = None
        self.shown: list[Progress] = []
        self.seen: list[Seen] = []

    @asynccontextmanager
    async def _source(self, post: Post) -> AsyncIterator[None]:
        if self.fault is not None:
            raise FaultError(self.fault)
        self.opened = True
        speaking = asyncio.ensure_future(self._speak(post))
        try:
            yield
        finally:
            self.opened = False
            speaking.cancel()
            await asyncio.wait({speaking})

    async def _speak(self, post: Post) -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        sound = (self.talk.sound / 32768).astype(np.float32)[:, None]
        for start in range(0, len(sound), FRAME):
            block = sound[start : start + FRAME]
            await asyncio.sleep(began + (start + len(block)) / RATE - loop.time())
            if self.lost_at is not None and start >= self.lost_at * RATE:
                post(SourceEnded(Fault(FaultKind.DEVICE_LOST)))
            post(AudioBlock(block, RATE, start, loop.time()))

    @asynccontextmanager
    async def _service(self, take: Take | Live) -> AsyncIterator[Dial]:
        def dial(post: Callable[[News], None]) -> Line:
            return FakeLine(FakeService(self.talk), post)

        yield dial

    def run(self, do: Callable[[Runs], None], *, at: float = 25) -> Runs:
        """Run it; after `at` seconds something is done."""

        async def whole() -> Runs:
            loop = asyncio.get_running_loop()
            service, progress = self._service, self.shown.append
            runs = Runs([self.live], WAYS, 1, Settings(), service, progress, clock=loop.time, watch=self.seen.append)
            loop.call_later(at, do, runs)
            await runs.run()
            return runs

        return run_virtual(whole())

    def finish(self, runs: Runs) -> None:
        self.live.finish()


def texts(run: WayRun) -> str:
    return " ".join(final.caption.text for final in run.finals)


def test_all_ways_hear_the_same_microphone_until_somebody_has_heard_enough() -> None:
    room = Room()
    runs = room.run(room.finish)
    assert not room.opened
    assert not runs.stopped
    assert [run.way for run in runs.done] == list(WAYS)
    said = [word.text for word in room.talk.words if word.stop <= 24 * RATE]
    for run in runs.done:
        assert (run.complete, run.fault) == (True, None)
        assert run.played == room.live.recording.length == pytest.approx(25 * RATE, abs=2 * FRAME)
        assert texts(run).split()[: len(said)] == said


def test_its_utterances_are_those_that_would_be_found_in_a_file_of_it() -> None:
    room = Room()
    room.run(room.finish)
    recording = room.live.recording
    sound = room.talk.sound[: recording.length]
    frames = (Frame(start, sound[start : start + FRAME]) for start in range(0, len(sound), FRAME))
    assert recording.anchors == find_anchors(frames)
    assert len(recording.anchors) > 3


def test_it_is_judged_like_a_file() -> None:
    room = Room()
    runs = room.run(room.finish)
    analysis = analyse(Comparison((room.live.recording,), WAYS, 1, tuple(runs.done), TIMEOUT))
    assert len(analysis.rows) == 2 * len(room.live.recording.anchors)
    assert {row.match.outcome for row in analysis.rows}.isdisjoint({Outcome.LOST, Outcome.TIMEOUT})


def test_every_update_of_every_way_is_seen_while_it_comes() -> None:
    room = Room()
    runs = room.run(room.finish)
    for run in runs.done:
        mine = [seen.update for seen in room.seen if seen.way is run.way]
        finals = [update.caption for update in mine if isinstance(update, FinalShown)]
        assert finals == [heard.caption for heard in run.finals]
    assert any(isinstance(seen.update, InterimShown) and seen.way is Way.STREAMING for seen in room.seen)
    assert {(seen.take, seen.repeat) for seen in room.seen} == {(0, 1)}


def test_who_cancels_keeps_what_was_heard() -> None:
    room = Room()
    runs = room.run(Runs.stop, at=15)
    assert runs.stopped
    assert not room.opened
    for run in runs.done:
        assert run.played == pytest.approx(15 * RATE, abs=2 * FRAME)
        assert run.finals


def test_it_ends_by_itself_after_the_longest_time() -> None:
    room = Room()
    room.live.limit = 10.0
    runs = room.run(lambda _: None, at=0)
    assert room.live.recording.length == 10 * RATE
    assert all(run.complete for run in runs.done)
    assert room.shown[-1].total == 10


def test_a_microphone_that_is_lost_ends_it_and_what_was_heard_is_kept() -> None:
    room = Room()
    room.lost_at = 12.0
    runs = room.run(lambda _: None, at=0)
    assert [run.fault and run.fault.kind for run in runs.done] == [FaultKind.DEVICE_LOST] * 2
    assert room.live.recording.length == 12 * RATE
    assert all(run.finals for run in runs.done)
    assert runs.hopeless is None


def test_a_microphone_that_cannot_be_opened_says_why() -> None:
    room = Room()
    room.fault = Fault(FaultKind.DEVICE_BUSY)
    runs = room.run(lambda _: None, at=0)
    assert {run.fault for run in runs.done} == {room.fault}
    assert room.live.recording.length == 0


def test_a_microphone_cannot_be_heard_twice() -> None:
    room = Room()
    for ways, repeats in ((tuple(Way), 1), (WAYS, 2)):
        with pytest.raises(Misuse):
            Runs([room.live], ways, repeats, Settings(), room._service, room.shown.append)


def test_enough_is_enough_only_once_it_is_heard() -> None:
    room = Room()
    room.live.finish()
    runs = room.run(room.finish, at=5)
    assert all(run.played == pytest.approx(5 * RATE, abs=2 * FRAME) for run in runs.done)
