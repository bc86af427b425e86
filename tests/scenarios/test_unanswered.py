"""A service that takes sound, answers pings, and says nothing: when that is a fault, and what is done about it."""

from __future__ import annotations

import json
from collections.abc import Iterable

import numpy as np
import pytest

from captioner.errors import FaultKind
from captioner.events import RATE, GapShown, Open, Phase, StateChanged
from captioner.language import Sentences
from captioner.pipeline import Lane
from captioner.settings import Mode, Settings
from captioner.stt.policy import Patience
from captioner.ui.viewstate import view_state
from tests.audio.voices import Sound, hold_music, int16, pink
from tests.helpers.lane import FRAGMENT, Bench, Conversation, FakeService, Spoken

ENGLISH = Sentences()
PATIENT = Lane(patience=Patience(unreachable=600, service=600, tail=600), seed=4)


class OnlyFinals(FakeService):
    """Says nothing about an utterance before it is over."""

    def _say(self, epoch: int, messages: Iterable[str], now: float) -> list[tuple[float, object]]:  # type: ignore[override]
        return super()._say(epoch, [each for each in messages if json.loads(each)["final"]], now)  # type: ignore[return-value]


class Wordless(FakeService):
    """Its first `sessions` take everything, answer EOS with a Close, and have no word for anything."""

    sessions = 1

    def _say(self, epoch: int, messages: Iterable[str], now: float) -> list[tuple[float, object]]:  # type: ignore[override]
        return super()._say(epoch, [] if epoch <= self.sessions else messages, now)  # type: ignore[return-value]


def bench_of(
    conversation: Conversation, service: FakeService | None = None, *, mode: Mode = Mode.STREAMING, end: bool = True
) -> Bench:
    bench = Bench(conversation, service=service, settings=Settings(mode=mode), lane=PATIENT)
    bench.play(conversation.blocks(), end=end)
    bench.start()
    return bench


def talk(seconds: float = 60.0, seed: int = 7) -> Conversation:
    return Conversation.random(seed, seconds, voiced=True)


def stall(bench: Bench, at: float, seconds: float) -> None:
    def begin() -> None:
        bench.service.stalled_until = bench.now + seconds

    bench.at(at, begin)


def openings(bench: Bench) -> list[float]:
    return [at - bench.began for at, each in bench.actions if isinstance(each, Open)]


def assert_whole(bench: Bench) -> None:
    assert not bench.missing() | bench.doubled()
    assert FRAGMENT not in bench.said
    assert bench.summary.complete
    assert (bench.summary.lost, bench.pipeline.ledger.held) == (0, 0)
    bench.check_captions()


# ---------------------------------------------------------------- what is no fault


@pytest.mark.parametrize("say", [0.3, 0.8, 3.0, 5.0])
def test_a_slow_service_is_left_in_peace(say: float) -> None:
    conversation = talk()
    bench = bench_of(conversation, FakeService(conversation, say=say))
    bench.run()
    assert_whole(bench)
    assert bench.summary.connections == 1


def test_a_stall_of_five_seconds_is_waited_for() -> None:
    for at in (3.0, 8.0, 20.3, 41.1):
        bench = bench_of(talk())
        stall(bench, at, 5.0)
        bench.run()
        assert_whole(bench)
        assert bench.summary.connections == 1


def test_a_service_without_interims_is_waited_for() -> None:
    words = [Spoken(f"낱말{number}", at, at + 3000) for number, at in enumerate(range(8000, 8000 + 11 * RATE, 3200))]
    conversation = Conversation(words, 25 * RATE, voiced=True)
    bench = bench_of(conversation, OnlyFinals(conversation, say=1.5))
    bench.run()
    assert_whole(bench)
    assert bench.summary.connections == 1


def noise(seconds: float, sound: Sound, words: Conversation | None = None) -> Conversation:
    """Sound that nobody speaks in, and perhaps words after it."""
    after = [] if words is None else words.words
    shift = round(seconds * RATE)
    conversation = Conversation(
        [Spoken(each.text, each.start + shift, each.stop + shift) for each in after],
        shift + (0 if words is None else len(words.sound)),
        voiced=True,
    )
    # in whole steps: nothing of it is taken for a word
    conversation.sound[:shift] = int16(sound[:shift]) // 1024 * 1024
    return conversation


def test_a_quiet_room_is_healthy() -> None:
    rng = np.random.default_rng(3)
    room = pink(600 * RATE, -32)
    for at in rng.integers(0, 599 * RATE, 200):  # keys of a keyboard
        room[at : at + 40] += 0.3 * rng.standard_normal(40)
    bench = bench_of(noise(600, room, talk(20)))
    bench.run()
    assert_whole(bench)
    assert bench.summary.connections == 1


@pytest.mark.parametrize("mode", list(Mode))
def test_a_caller_on_hold_loses_nothing_and_asks_for_no_storm(mode: Mode) -> None:
    bench = bench_of(noise(300, hold_music(300 * RATE, -20), talk(20)), mode=mode)
    bench.run()
    assert_whole(bench)
    assert bench.summary.connections <= 14
    assert min(np.diff(openings(bench)), default=99.0) > 7.0


def test_after_hold_music_an_outage_of_thirty_seconds_loses_nothing() -> None:
    bench = bench_of(noise(120, hold_music(120 * RATE, -20), talk(60)))

    def outage() -> None:
        bench.service.unreachable_until = bench.now + 30.0
        bench.break_off()

    bench.at(112.0, outage)
    bench.run()
    assert_whole(bench)


# ---------------------------------------------------------------- what is one


@pytest.mark.parametrize("mode", list(Mode))
@pytest.mark.parametrize("at", [0.0, 7.0, 23.0])
@pytest.mark.parametrize("seconds", [15.0, 30.0, 59.0])
def test_what_was_said_into_a_stall_comes_late_but_complete(mode: Mode, at: float, seconds: float) -> None:
    bench = bench_of(talk(90), mode=mode)
    stall(bench, at, seconds)
    bench.run()
    assert_whole(bench)


@pytest.mark.parametrize("at", [10.0, 23.0])
def test_a_stall_that_ends_while_the_service_is_asked_cuts_no_word(at: float) -> None:
    for seconds in np.arange(8.0, 13.0, 0.4):
        bench = bench_of(talk(45))
        stall(bench, at, float(seconds))
        bench.run()
        assert_whole(bench)


@pytest.mark.parametrize("mode", list(Mode))
def test_an_utterance_that_begins_while_the_service_is_asked_takes_no_word_of_the_one_before_it(mode: Mode) -> None:
    words, at = list[Spoken](), RATE
    while at < 20 * RATE:  # utterances of two words of 0.3 s, 0.08 s between the words, 0.78 s between the utterances
        words += [
            Spoken(f"낱말{len(words) + number}", at + start, at + start + 2400) for number, start in ((0, 0), (1, 3040))
        ]
        at += 5440 + 6240
    for moment in range(30, 60):
        bench = bench_of(Conversation(words, at + 2 * RATE, voiced=True), mode=mode)
        stall(bench, moment / 10, 9.0)
        bench.run()
        assert_whole(bench)


def test_it_is_noticed_within_ten_seconds() -> None:
    for seed in range(8):
        bench = bench_of(talk(seed=seed))
        stall(bench, 20.0, 40.0)
        bench.run(40.0)
        spoken = next(each.start / RATE for each in bench.service.conversation.words if each.start > 20.4 * RATE)
        changes = [each for each in bench.updates if isinstance(each, StateChanged) and each.at > 20.0]
        assert changes[0].phase is Phase.RECONNECTING
        assert changes[0].at <= spoken + 10.0


def test_a_service_that_never_says_a_word_is_no_reason_for_a_storm() -> None:
    bench = bench_of(talk(300))
    bench.service.stalled_until = 1e9
    bench.run(100)
    fault = bench.pipeline.status(bench.now).fault
    assert fault is not None
    assert fault.kind is FaultKind.SPEECHLESS
    bench.run(1500)
    gaps = np.diff(openings(bench))
    assert gaps[0] > 15.0
    assert min(gaps[1:8]) > 25.0, "the second time in a row waits longer"
    assert len(gaps) < 12
    assert not bench.summary.complete
    assert bench.summary.lost > 200 * RATE
    assert [each for each in bench.updates if isinstance(each, GapShown)]


def test_that_no_text_comes_is_said_in_words_until_it_does() -> None:
    bench = bench_of(talk(90))
    stall(bench, 10.0, 45.0)
    bench.run(35.0)
    shown = view_state(bench.pipeline.status(bench.now), source="mic", settings=Settings(), demo=False, say=ENGLISH)
    assert "The service hears us, but gives no text." in shown.detail
    bench.run(75.0)
    assert bench.pipeline.status(bench.now).fault is None
    bench.run()
    assert_whole(bench)


@pytest.mark.parametrize("say", [9.0, 12.0])
def test_a_service_slower_than_that_is_waited_for_once_it_is_known(say: float) -> None:
    conversation = talk(120)
    bench = bench_of(conversation, FakeService(conversation, say=say), end=False)
    bench.run(150)
    assert not bench.missing() | bench.doubled()
    assert bench.pipeline.status(bench.now).lost == 0
    assert bench.pipeline.session.connections <= 3


@pytest.mark.parametrize("mode", list(Mode))
def test_a_session_that_closes_without_a_word_is_not_believed_alone(mode: Mode) -> None:
    conversation = talk()
    bench = bench_of(conversation, Wordless(conversation), mode=mode)
    bench.run()
    assert_whole(bench)
    assert bench.summary.connections == 2


@pytest.mark.parametrize("mode", list(Mode))
@pytest.mark.parametrize("length", [3.0, 6.0])
def test_a_session_that_has_no_word_for_what_was_said_last_is_not_believed_alone(mode: Mode, length: float) -> None:
    words = [
        Spoken(f"낱말{number}", at, at + 4000)
        for number, at in enumerate(range(8000, round((length - 1) * RATE), 4800))
    ]
    conversation = Conversation(words, round(length * RATE), voiced=True)
    bench = bench_of(conversation, Wordless(conversation), mode=mode)
    bench.run()
    assert_whole(bench)
    assert bench.summary.connections == 2


@pytest.mark.parametrize("mode", list(Mode))
def test_two_sessions_that_have_no_word_for_what_was_said_last_are_believed(mode: Mode) -> None:
    conversation = Conversation([Spoken("낱말", 8000, 16000)], 3 * RATE, voiced=True)
    service = Wordless(conversation)
    service.sessions = 9
    bench = bench_of(conversation, service, mode=mode)
    bench.run()
    assert (bench.summary.complete, bench.summary.lost, bench.summary.connections, bench.said) == (True, 0, 2, [])


def test_a_quiet_end_is_believed_at_once() -> None:
    conversation = Conversation([], 20 * RATE, voiced=True)
    bench = bench_of(conversation)
    bench.run()
    assert (bench.summary.complete, bench.summary.connections) == (True, 1)


def test_two_sessions_without_a_word_are_believed() -> None:
    conversation = talk(120)
    service = Wordless(conversation)
    service.sessions = 2
    bench = bench_of(conversation, service)
    bench.run()
    assert bench.summary.complete
    assert bench.missing() <= {each.text for each in conversation.words if each.start < 50 * RATE}
    assert not bench.doubled()


def test_the_source_may_end_while_the_service_is_asked() -> None:
    for length in np.arange(14.0, 22.0, 0.5):
        whole = talk(60)
        short = Conversation(
            [each for each in whole.words if each.stop < (length - 1) * RATE], round(length * RATE), voiced=True
        )
        bench = bench_of(short)
        stall(bench, 5.0, 25.0)
        bench.run(400)
        assert bench.ended
        assert not bench.doubled()
        summary = bench.summary
        assert summary.captured == summary.recognised + summary.lost
        assert summary.lost > 0 or not bench.missing(), "what is missing is said to be lost"


def test_settings_may_change_while_the_service_is_asked() -> None:
    bench = bench_of(talk())
    stall(bench, 5.0, 40.0)
    bench.at(16.0, lambda: bench.pipeline.session.rotate(bench.now))
    bench.at(30.0, lambda: bench.pipeline.session.rotate(bench.now))
    bench.run()
    assert_whole(bench)
