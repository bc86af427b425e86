from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from itertools import groupby
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from captioner.compare.analysis import analyse
from captioner.compare.matching import Outcome, find_anchors
from captioner.compare.outcome import AnchorSource, Comparison, Reference, Spoken, Way
from captioner.compare.report import report_json
from captioner.compare.run import ON_A_CLEAN_LINE, TIMEOUT, Dial, Line, Progress, Runs, Take, listen
from captioner.compare.ways import RECIPES, STREAMS, groups
from captioner.errors import Fault, FaultError, FaultKind
from captioner.events import FRAME, RATE, Action, Frame, News, Opened, OpenRefused
from captioner.latency.statistics import percentile
from captioner.settings import Settings
from tests.audio.voices import call
from tests.helpers.lane import BROKEN, REFUSED, Conversation, FakeService
from tests.helpers.virtual_loop import run_virtual

ALL = tuple(Way)


# ---------------------------------------------------------------- who runs beside whom


@given(st.sets(st.sampled_from(ALL), min_size=1), st.integers(1, 4))
def test_no_group_holds_more_streams_than_an_account_has_and_every_way_runs_once(ways: set[Way], repeat: int) -> None:
    chosen = [way for way in Way if way in ways]
    packed = groups(chosen, repeat)
    assert all(sum(RECIPES[way].streams for way in group) <= STREAMS for group in packed)
    order = [way for group in packed for way in group]
    assert order == (chosen if repeat % 2 else chosen[::-1])


def test_all_five_ways_need_two_groups() -> None:
    assert groups(ALL) == (ALL[:3], ALL[3:])
    assert groups(ALL, 2) == (ALL[:2:-1], ALL[2::-1])


# ---------------------------------------------------------------- what is heard


def write(path: Path, sound: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> Path:
    soundfile.write(path, np.clip(sound, -1, 1), RATE, subtype="PCM_16")
    return path


def spoken(speech: Sequence[tuple[int, int]], later: int = 0) -> Reference:
    return Reference(
        "call.json", tuple(Spoken("네", start + later, stop + later) for start, stop in speech), exact=True
    )


def heard(path: Path, reference: Reference | None = None, channel: int | None = None) -> Take:
    return asyncio.run(listen(path, path.name, channel, reference))


def test_utterances_are_those_of_a_reference_with_times_and_the_end_pointings_error_is_known(tmp_path: Path) -> None:
    said = call(6, seed=3)
    recording = heard(write(tmp_path / "call.wav", said.sound), spoken(said.speech)).recording
    assert [(each.start, each.stop) for each in recording.anchors] == said.speech
    assert recording.anchored_by is AnchorSource.REFERENCE
    assert recording.anchor_error is not None
    assert recording.anchor_error.here
    assert recording.anchor_error.n == 6
    assert recording.length == len(said.sound)


@pytest.mark.parametrize("later", [RATE, 1000 * RATE])
def test_times_of_a_reference_that_fit_another_recording_are_not_used(tmp_path: Path, later: int) -> None:
    said = call(6, seed=3)
    recording = heard(write(tmp_path / "call.wav", said.sound), spoken(said.speech, later)).recording
    assert recording.anchored_by is AnchorSource.SOUND
    assert recording.anchor_error == ON_A_CLEAN_LINE
    assert len(recording.anchors) == 6


def test_each_channel_has_its_own_utterances_and_the_mean_has_all(tmp_path: Path) -> None:
    left, right = call(3, seed=1, lead=1.5).sound, call(2, seed=2, lead=20.0).sound
    length = max(len(left), len(right))
    path = tmp_path / "call.flac"
    soundfile.write(path, np.stack([np.pad(each, (0, length - len(each))) for each in (left, right)], axis=1), RATE)
    assert [len(heard(path, channel=channel).recording.anchors) for channel in (1, 2, None)] == [3, 2, 5]


def test_silence_holds_no_utterance(tmp_path: Path) -> None:
    assert heard(write(tmp_path / "quiet.wav", np.zeros(5 * RATE))).recording.anchors == ()


def test_a_file_that_is_none_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(FaultError) as caught:
        heard(tmp_path / "missing.wav")
    assert caught.value.fault.kind is FaultKind.FILE_MISSING


def test_the_printed_error_of_end_pointing_is_what_it_is() -> None:
    errors = list[float]()
    for seed in range(50):
        said = call(6, seed=seed)
        sound = np.clip(np.rint(said.sound * 32768), -32768, 32767).astype(np.int16)
        starts = range(0, len(sound) // FRAME * FRAME, FRAME)
        found = find_anchors(Frame(start, sound[start : start + FRAME]) for start in starts)
        assert len(found) == len(said.speech)
        errors += [abs(each.stop - stop) * 1000 / RATE for each, (_, stop) in zip(found, said.speech, strict=True)]
    errors.sort()
    stated = ON_A_CLEAN_LINE
    assert len(errors) == stated.n
    assert percentile(errors, 50) == pytest.approx(stated.p50_ms, abs=1.0)
    assert percentile(errors, 95) == pytest.approx(stated.p95_ms, abs=2.0)


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
    async def _service(self, take: Take) -> AsyncIterator[Dial]:
        self.taken += 1
        yield self._dial

    def run(
        self, ways: tuple[Way, ...] = ALL, repeats: int = 1, *, do: Callable[[Runs], None] | None = None, at: float = 0
    ) -> Runs:
        async def whole() -> Runs:
            loop = asyncio.get_running_loop()
            runs = Runs([self.take], ways, repeats, Settings(), self._service, self.shown.append, clock=loop.time)
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
    assert [run.way for run in runs.done] == list(ALL)
    for run in runs.done:
        assert [word for final in run.finals for word in final.caption.text.split()] == words
        assert (run.complete, run.fault, run.gaps) == (True, None, ())
        assert run.played == stage.take.recording.length
    outcomes = {row.match.outcome for row in analyse(stage.comparison(runs)).rows}
    assert Outcome.LOST not in outcomes
    assert Outcome.TIMEOUT not in outcomes


def test_each_way_has_its_own_bill(stage: Stage) -> None:
    bills = {run.way: run for run in stage.run().done}
    utterances = len(stage.services[0].confirmed)
    assert utterances > 3
    assert [(run.connections, run.tokens) for run in bills.values()] == [
        (utterances, utterances),
        (utterances, 1),
        (1, 1),
        (1, 1),
        (1, 1),
    ]
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
    assert [(run.repeat, run.way) for run in runs.done] == [(1, way) for way in ALL] + [(2, way) for way in ALL[::-1]]
    ended = [(each.repeat, each.ways) for each in stage.shown if each.over]
    assert ended == [(repeat, group) for repeat in (1, 2) for group in groups(ALL, repeat)]
    done = [each.done for each in stage.shown]
    assert done == sorted(done)
    assert done[-1] == stage.shown[-1].total == pytest.approx(4 * stage.take.recording.length / RATE)
    assert all(each.total == done[-1] for each in stage.shown)


def test_the_same_sound_and_service_give_the_same_report_byte_for_byte(stage: Stage) -> None:
    one, other = (report_json(analyse(stage.comparison(stage.run(repeats=2), repeats=2))) for _ in range(2))
    assert one == other


def test_a_way_that_fails_says_why_and_the_others_go_on(stage: Stage) -> None:
    refused = Fault(FaultKind.CREDENTIALS_REFUSED)

    def make(number: int) -> FakeService:
        service = FakeService(stage.talk)
        if number == 1:
            service.token_faults.append(refused)
        return service

    stage.make = make
    runs = stage.run()
    assert [run.fault for run in runs.done] == [None, refused, None, None, None]
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
    assert [run.way for run in runs.done] == list(ALL[:3])
    for run in runs.done:
        assert run.played == pytest.approx(12 * RATE, abs=FRAME)
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


def test_a_defect_of_ours_ends_it_and_is_raised(stage: Stage) -> None:
    def break_down(runs: Runs) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        stage.run((Way.STREAMING,), do=break_down, at=3)
