from __future__ import annotations

import asyncio
import gc
import os
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import groupby
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from captioner.compare.analysis import analyse
from captioner.compare.matching import Outcome
from captioner.compare.outcome import Comparison, Way
from captioner.compare.report import report_json, write_report
from captioner.compare.run import TIMEOUT, Dial, Line, Progress, Runs
from captioner.compare.takes import Live, Take
from captioner.compare.ways import APART, RECIPES, STREAMS, groups, offsets
from captioner.errors import Fault, FaultKind
from captioner.events import FRAME, RATE, Action, News, Opened, OpenRefused
from captioner.language import Sentences
from captioner.settings import Settings
from tests.compare.test_takes import heard, write
from tests.helpers.lane import BROKEN, REFUSED, Conversation, FakeService
from tests.helpers.virtual_loop import run_virtual

ALL = tuple(Way)
ORDER = [way for group in groups(ALL) for way in group]
"""In which they run."""


# ---------------------------------------------------------------- who runs beside whom


@given(st.sets(st.sampled_from(ALL), min_size=1), st.integers(1, 4))
def test_no_group_holds_more_streams_than_an_account_has_and_every_way_runs_once(ways: set[Way], repeat: int) -> None:
    chosen = [way for way in Way if way in ways]
    packed = groups(chosen, repeat)
    assert all(sum(RECIPES[way].streams for way in group) <= STREAMS for group in packed)
    assert sorted(way for group in packed for way in group) == sorted(chosen)
    turned = tuple(group[::-1] for group in packed[::-1])
    assert turned == groups(chosen, repeat + 1)


def test_all_five_ways_need_two_groups_and_those_that_connect_anew_each_time_are_not_in_the_same() -> None:
    first, second = groups(ALL)
    assert first == (Way.BASELINE, Way.CONNECTION_KEPT, Way.STREAMING_FINALIZE)
    assert second == (Way.TOKEN_CACHED, Way.STREAMING)


def test_ways_that_wait_for_the_end_of_an_utterance_do_not_hear_it_at_the_same_moment() -> None:
    assert offsets(groups(ALL)[0]) == {Way.BASELINE: 0, Way.CONNECTION_KEPT: APART, Way.STREAMING_FINALIZE: 0}
    assert offsets((Way.STREAMING, Way.CONNECTION_KEPT)) == {Way.STREAMING: 0, Way.CONNECTION_KEPT: 0}


# ---------------------------------------------------------------- the runs, in virtual time


class FakeLine:
    """A line to a service in virtual time."""

    def __init__(self, service: FakeService, post: Callable[[News], None]) -> None:
        self.service, self._post = service, post
        self.closed = False
        self._loop = asyncio.get_running_loop()

    def perform(self, action: Action) -> None:
        for at, news in self.service.perform(action, self._loop.time()):
            self._loop.call_at(at, self._come, news)

    def _come(self, news: News) -> None:
        if self.closed:
            return
        if isinstance(news, Opened):
            if news.epoch not in self.service.standing:
                news = OpenRefused(news.epoch, BROKEN)
            else:
                self.service.confirmed.add(news.epoch)
        self._post(news)

    async def prepare(self) -> None:
        """Nothing has to be loaded."""

    async def aclose(self) -> None:
        self.closed = True


class Stage:
    """A recording on disk, and a service of its own for every lane that is run on it.

    Attributes:
        services: in the order in which the lanes were made.
        shown: all progress.
    """

    def __init__(self, folder: Path, *, seed: int = 4, seconds: float = 30) -> None:
        self.talk = Conversation.random(seed, seconds, voiced=True)
        self.path = folder / "talk.wav"
        soundfile.write(self.path, self.talk.sound, RATE, subtype="PCM_16")
        self.take = heard(self.path)
        self.services: list[FakeService] = []
        self.shown: list[Progress] = []
        self.make: Callable[[int], FakeService] = lambda _: FakeService(self.talk)
        self.taken = 0

    def _dial(self, post: Callable[[News], None]) -> Line:
        self.services.append(self.make(len(self.services)))
        return FakeLine(self.services[-1], post)

    @asynccontextmanager
    async def _service(self, take: Take | Live) -> AsyncIterator[Dial]:
        self.taken += 1
        yield self._dial

    def run(
        self,
        ways: tuple[Way, ...] = ALL,
        repeats: int = 1,
        *,
        takes: Sequence[Take] = (),
        do: Callable[[Runs], None] | None = None,
        at: float = 0,
    ) -> Runs:
        async def whole() -> Runs:
            loop = asyncio.get_running_loop()
            runs = Runs(
                takes or [self.take], ways, repeats, Settings(), self._service, self.shown.append, clock=loop.time
            )
            if do is not None:
                loop.call_later(at, do, runs)
            await runs.run()
            return runs

        return run_virtual(whole())

    def comparison(self, runs: Runs, ways: tuple[Way, ...] = ALL, repeats: int = 1) -> Comparison:
        return Comparison((self.take.recording,), ways, repeats, tuple(runs.done), TIMEOUT, stopped=runs.stopped)


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


def test_every_way_hears_every_word_of_the_same_sound(stage: Stage) -> None:
    runs = stage.run()
    words = [word.text for word in stage.talk.words]
    assert [run.way for run in runs.done] == ORDER
    for run in runs.done:
        assert [word for final in run.finals for word in final.caption.text.split()] == words
        assert (run.complete, run.fault, run.gaps) == (True, None, ())
        assert run.played == stage.take.recording.length
    outcomes = {row.match.outcome for row in analyse(stage.comparison(runs)).rows}
    assert Outcome.LOST not in outcomes
    assert Outcome.TIMEOUT not in outcomes


def test_each_way_has_its_own_bill(stage: Stage) -> None:
    bills = {run.way: run for run in stage.run().done}
    utterances = len(stage.services[ORDER.index(Way.BASELINE)].confirmed)
    assert utterances > 3
    assert {way: (run.connections, run.tokens) for way, run in bills.items()} == {
        Way.BASELINE: (utterances, utterances),
        Way.TOKEN_CACHED: (utterances, 1),
        Way.CONNECTION_KEPT: (1, 1),
        Way.STREAMING: (1, 1),
        Way.STREAMING_FINALIZE: (1, 1),
    }
    length = stage.take.recording.length / RATE
    assert bills[Way.STREAMING].seconds_sent == pytest.approx(length, abs=0.02)
    assert bills[Way.BASELINE].seconds_sent < 0.9 * length
    assert [each.tokens for each in stage.services] == [run.tokens for run in bills.values()]


def test_interims_are_kept_with_their_times_for_their_final(stage: Stage) -> None:
    (run,) = stage.run((Way.STREAMING,)).done
    for final in run.finals:
        times = [at for at, _ in final.interims]
        assert times == sorted(times)
        assert times[-1] <= final.at
        assert final.caption.text.startswith(final.interims[0][1])


def test_groups_take_turns_and_repeats_turn_them_round(stage: Stage) -> None:
    runs = stage.run(repeats=2)
    assert [(run.repeat, run.way) for run in runs.done] == [(1, way) for way in ORDER] + [
        (2, way) for way in ORDER[::-1]
    ]
    ended = [(each.repeat, each.ways) for each in stage.shown if each.over]
    assert ended == [(repeat, group) for repeat in (1, 2) for group in groups(ALL, repeat)]
    done = [each.done for each in stage.shown]
    assert done == sorted(done)
    assert done[-1] == stage.shown[-1].total == pytest.approx(4 * stage.take.recording.length / RATE)
    assert all(each.total == done[-1] for each in stage.shown)


def test_the_same_sound_and_service_give_the_same_report_byte_for_byte(stage: Stage) -> None:
    one, other = (report_json(analyse(stage.comparison(stage.run(repeats=2), repeats=2))) for _ in range(2))
    assert one == other


@pytest.mark.parametrize(
    "minutes",
    [
        2,
        pytest.param(
            60, marks=pytest.mark.skipif(not os.environ.get("CAPTIONER_LONG_TESTS"), reason="five minutes of work")
        ),
    ],
)
def test_the_same_recordings_give_the_same_report_byte_for_byte_in_all_of_its_files(
    tmp_path: Path, minutes: int
) -> None:
    def report(folder: Path) -> dict[str, bytes]:
        stage = Stage(tmp_path, seconds=60)
        takes = [
            Take(stage.path, replace(stage.take.recording, name=f"talk {number}.wav")) for number in range(minutes)
        ]
        runs = stage.run(takes=takes)
        assert len(runs.done) == len(ALL) * minutes
        recordings = tuple(take.recording for take in takes)
        written = write_report(
            Comparison(recordings, ALL, 1, tuple(runs.done), TIMEOUT, seed=1), folder, Sentences(), str
        )
        assert isinstance(written, tuple)
        return {path.name: path.read_bytes() for path in written}

    one, other = report(tmp_path / "one"), report(tmp_path / "other")
    assert set(one) == {"report.html", "report.json", "utterances.csv"}
    assert one == other
    assert one["utterances.csv"].count(b"\r\n") > 50 * minutes


def test_a_way_that_fails_says_why_and_the_others_go_on(stage: Stage) -> None:
    refused = Fault(FaultKind.CREDENTIALS_REFUSED)

    def make(number: int) -> FakeService:
        service = FakeService(stage.talk)
        if number == ORDER.index(Way.TOKEN_CACHED):
            service.token_faults.append(refused)
        return service

    stage.make = make
    runs = stage.run()
    assert {run.way: run.fault for run in runs.done if run.fault} == {Way.TOKEN_CACHED: refused}
    assert runs.hopeless is None
    rows = [row for row in analyse(stage.comparison(runs)).rows if row.way is Way.TOKEN_CACHED]
    assert len(rows) == len(stage.take.recording.anchors)
    assert all(row.censored and row.total_ms == 1000 * TIMEOUT for row in rows)


def test_where_nothing_connects_the_first_group_is_the_last(stage: Stage) -> None:
    def make(number: int) -> FakeService:
        service = FakeService(stage.talk)
        service.unreachable_until = 1e9
        return service

    stage.make = make
    runs = stage.run()
    assert runs.hopeless == REFUSED
    assert len(runs.done) == 3
    assert not any(each.over for each in stage.shown)


@pytest.mark.parametrize("now", [False, True])
def test_who_stops_keeps_what_was_heard_until_then(stage: Stage, now: bool) -> None:
    runs = stage.run(do=Runs.stop_now if now else Runs.stop, at=12)
    assert runs.stopped
    assert [run.way for run in runs.done] == ORDER[:3]
    for run in runs.done:
        assert run.played == pytest.approx((12 - offsets(ORDER[:3])[run.way]) * RATE, abs=FRAME)
        assert run.finals
    rows = analyse(stage.comparison(runs)).rows
    whole = [anchor for anchor in stage.take.recording.anchors if anchor.stop <= runs.done[0].played]
    assert [len(list(group)) for _, group in groupby(rows, lambda row: row.match.utterance)] == [3] * len(whole)


def test_a_file_that_is_gone_by_then_is_the_fault_of_its_runs(stage: Stage) -> None:
    stage.path.unlink()
    runs = stage.run((Way.STREAMING,))
    assert [run.fault and run.fault.kind for run in runs.done] == [FaultKind.FILE_MISSING]


def test_a_recording_without_speech_asks_nobody(stage: Stage, tmp_path: Path) -> None:
    stage.take = heard(write(tmp_path / "quiet.wav", np.zeros(5 * RATE)))
    assert stage.run().done == []
    assert stage.taken == 0


def test_what_stands_before_the_sound_is_not_looked_at_for_garbage_while_it_is_heard(stage: Stage) -> None:
    before, frozen = gc.get_freeze_count(), list[int]()
    stage.run((Way.STREAMING,), do=lambda _: frozen.append(gc.get_freeze_count()), at=5)
    assert frozen[0] > before
    assert gc.get_freeze_count() == 0


def test_a_defect_of_ours_ends_it_and_is_raised(stage: Stage) -> None:
    def break_down(runs: Runs) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        stage.run((Way.STREAMING,), do=break_down, at=3)
