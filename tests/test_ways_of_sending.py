"""Modes and connections in a whole lane: every word, every delay, every sample, in virtual time."""

import math
from dataclasses import replace

import pytest

from captioner.emulator.profiles import PROFILES
from captioner.errors import Fault, FaultKind
from captioner.events import (
    RATE,
    Close,
    Closed,
    GetToken,
    Mute,
    News,
    Open,
    Phase,
    Reconfigure,
    SourceLost,
    StateChanged,
    Stop,
    Write,
    Written,
)
from captioner.pipeline import Lane, Pace, Pipeline
from captioner.settings import Mode, Settings
from captioner.stt.modes import SilenceWait, Streaming
from captioner.stt.policy import (
    DRAIN,
    KEPT_AHEAD,
    KEPT_LAZY,
    PER_UTTERANCE,
    PER_UTTERANCE_FRESH_TOKEN,
    Connecting,
    Patience,
)
from captioner.stt.rtzr import EOS, FINALIZE
from tests.helpers.chaos import Trouble
from tests.helpers.emulated_lane import EmulatedLane, three_utterances
from tests.helpers.lane import BUSY, DOWN, STEP, Bench, Conversation, FakeService, Spoken

WAIT = Settings(mode=Mode.SILENCE_WAIT)
FASTER = Settings(mode=Mode.STREAMING_FINALIZE)
EVERY_WAY = [
    (mode, connecting)
    for mode in (Mode.SILENCE_WAIT, Mode.STREAMING_FINALIZE)
    for connecting in (KEPT_AHEAD, KEPT_LAZY, PER_UTTERANCE, PER_UTTERANCE_FRESH_TOKEN)
]
NAMES = [
    f"{mode}-{name}"
    for mode in ("silence-wait", "streaming-finalize")
    for name in ("ahead", "lazy", "per-utterance", "fresh")
]


def lane(connecting: Connecting = KEPT_AHEAD, **options: object) -> Lane:
    return Lane(seed=1, connecting=connecting, **options)  # type: ignore[arg-type]


def spoken(
    settings: Settings, connecting: Connecting = KEPT_AHEAD, *, seed: int = 1, seconds: float = 20, **service: float
) -> Bench:
    """A bench on which a voice is about to be heard."""
    conversation = Conversation.random(seed, seconds, voiced=True)
    bench = Bench(conversation, service=FakeService(conversation, **service), settings=settings, lane=lane(connecting))
    bench.play(conversation.blocks())
    bench.start()
    return bench


def utterances(*starts: float, seconds: float = 1.0, length: float = 20.0) -> Conversation:
    """Utterances of one word each."""
    words = [Spoken(f"말{number}", round(at * RATE), round((at + seconds) * RATE)) for number, at in enumerate(starts)]
    return Conversation(words, round(length * RATE), voiced=True)


def run(conversation: Conversation, settings: Settings, connecting: Connecting, **service: float) -> Bench:
    fake = FakeService(conversation, **service)
    bench = Bench(conversation, service=fake, settings=settings, lane=lane(connecting))
    bench.play(conversation.blocks())
    bench.start()
    bench.run()
    return bench


def assert_complete(bench: Bench) -> None:
    bench.check_captions()
    assert bench.missing() == bench.doubled() == set()
    summary = bench.summary
    assert summary.complete
    assert summary.captured == summary.recognised == len(bench.service.conversation.sound)


def commands(bench: Bench) -> list[str]:
    return [each.data for _, each in bench.actions if isinstance(each, Write) and isinstance(each.data, str)]


def sent(bench: Bench) -> float:
    """Seconds of sound."""
    return sum(
        len(each.data) for _, each in bench.actions if isinstance(each, Write) and isinstance(each.data, bytes)
    ) / (2 * RATE)


def count(bench: Bench, kind: type) -> int:
    return sum(isinstance(each, kind) for _, each in bench.actions)


# ---------------------------------------------------------------- every word


@pytest.mark.parametrize(("mode", "connecting"), EVERY_WAY, ids=NAMES)
def test_every_word_comes_once_on_every_way(mode: Mode, connecting: Connecting) -> None:
    bench = spoken(Settings(mode=mode), connecting)
    bench.run()
    assert_complete(bench)
    assert all(each.stages is not None for each in bench.finals), "every delay is known"


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize(("mode", "connecting"), EVERY_WAY, ids=NAMES)
def test_whatever_goes_wrong_no_word_is_lost_on_any_way(mode: Mode, connecting: Connecting, seed: int) -> None:
    trouble = Trouble(seed, seconds=12, mode=mode, connecting=connecting)
    bench = trouble.bench
    bench.start()
    bench.run(1500)
    assert bench.ended, f"still going: {trouble.log}"
    assert not bench.missing() | bench.doubled(), trouble.log
    assert_complete(bench)
    assert bench.pipeline.ledger.held == 0


def test_a_kept_connection_gets_a_finalize_for_each_utterance_and_one_eos() -> None:
    bench = run(utterances(1, 5, 9), WAIT, KEPT_LAZY)
    assert_complete(bench)
    assert commands(bench) == [FINALIZE] * 3 + ["EOS"]
    assert bench.summary.connections == 1


@pytest.mark.parametrize(("connecting", "tokens"), [(PER_UTTERANCE, 1), (PER_UTTERANCE_FRESH_TOKEN, 3)])
def test_a_connection_for_each_utterance_is_ended_by_eos(connecting: Connecting, tokens: int) -> None:
    bench = run(utterances(1, 5, 9), WAIT, connecting)
    assert_complete(bench)
    assert commands(bench) == ["EOS"] * 3
    assert (bench.summary.connections, bench.summary.tokens, count(bench, GetToken)) == (3, tokens, 3)
    assert count(bench, Close) == 0, "the service closes them"


def test_silence_does_not_leave() -> None:
    bench = run(utterances(1, 12, length=16), WAIT, PER_UTTERANCE)
    assert 2 * (1.0 + 0.5) < sent(bench) < 2 * (1.0 + 0.7)


# ---------------------------------------------------------------- delays


DESIGN = {
    "baseline": (WAIT, PER_UTTERANCE_FRESH_TOKEN, (2650, 2650, 2650), (3, 3)),
    "token-cached": (WAIT, PER_UTTERANCE, (2650, 2530, 2530), (3, 1)),
    "connection-kept": (WAIT, KEPT_LAZY, (2650, 2450, 2450), (1, 1)),
    "streaming": (Settings(), KEPT_AHEAD, (1950, 1950, 1950), (1, 1)),
}


@pytest.mark.parametrize("way", DESIGN)
def test_the_delays_of_the_design_are_those_of_its_arithmetic(way: str) -> None:
    settings, connecting, expected, used = DESIGN[way]
    sound, recording = three_utterances()
    emulated = EmulatedLane(sound, recording, PROFILES["design"], settings, lane(connecting))
    emulated.run()
    words = [word for each in emulated.finals for word in each.caption.text.split()]
    assert words == [word.text for word in recording.script.words]
    ends = [recording.script.words[number].stop for number in (5, 11, 18)]
    for final, end, figure in zip(emulated.finals, ends, expected, strict=True):
        over = 1000 * (final.at - end) - figure
        assert -10 <= over <= 30, "frames of 20 ms, of which the nearest ends the silence"
        stages = final.stages
        assert stages is not None
        assert 1000 * (stages.silence_wait + stages.token + stages.connect + stages.recognise) == pytest.approx(
            figure, abs=30
        )
        assert stages.queue == pytest.approx(0, abs=1e-9)
    summary = emulated.finish.summary
    assert summary.complete
    assert (summary.connections, summary.tokens) == used


@pytest.mark.parametrize("silence", [0.2, 0.5, 1.5])
def test_waiting_for_silence_is_a_stage_of_its_own(silence: float) -> None:
    bench = run(utterances(1, 6, 11), replace(WAIT, silence=silence), KEPT_AHEAD, say=0.3)
    for final in bench.finals:
        stages = final.stages
        assert stages is not None
        assert stages.silence_wait == pytest.approx(silence, abs=0.05)
        assert stages.recognise == pytest.approx(0.3)
        assert stages.queue + stages.token + stages.connect == pytest.approx(0, abs=1e-9)


def test_token_and_connection_of_each_utterance_are_stages_of_their_own() -> None:
    bench = run(utterances(1, 6, 11), WAIT, PER_UTTERANCE_FRESH_TOKEN, token=0.12, connect=0.08)
    for final in bench.finals:
        assert final.stages is not None
        assert (final.stages.token, final.stages.connect, final.stages.queue) == pytest.approx((0.12, 0.08, 0))


def test_an_utterance_that_waits_for_the_one_before_it_waits_in_the_queue() -> None:
    dense = utterances(1, 2.8, seconds=1.0, length=10)
    bench = run(dense, WAIT, PER_UTTERANCE, say=3.0, connect=0.08)
    assert_complete(bench)
    first, second = [each.stages for each in bench.finals]
    assert first is not None
    assert second is not None
    assert first.queue == pytest.approx(0)
    assert second.queue == pytest.approx(3.0 + 0.08 + 0.12 + 0.05 - 1.8, abs=0.05)
    assert (second.token, second.connect) == pytest.approx((0, 0.08))
    parts = second.silence_wait + second.queue + second.connect + second.recognise + second.capture + second.condition
    assert parts == pytest.approx(second.total)


def test_faster_finals_come_the_hangover_after_the_end_of_speech() -> None:
    bench = run(utterances(1, 6, 11), replace(FASTER, hangover=0.15), KEPT_AHEAD, say=0.3)
    assert [round(each.stages.total, 2) for each in bench.finals if each.stages] == pytest.approx([0.45] * 3, abs=0.06)


def test_the_service_may_still_end_an_utterance_before_we_do() -> None:
    bench = run(utterances(1, 6, 11), replace(FASTER, hangover=1.5), KEPT_AHEAD, say=0.3)
    assert_complete(bench)
    assert commands(bench).count(FINALIZE) == 3, "and nothing comes of ours"
    assert [round(each.stages.total, 2) for each in bench.finals if each.stages] == pytest.approx([0.8] * 3, abs=0.03)


def test_what_was_held_is_not_slowed_down_by_the_pace_of_a_replay() -> None:
    long = utterances(*(1 + 1.1 * number for number in range(8)), length=14)
    bench = run(long, replace(WAIT, max_utterance=30), KEPT_LAZY, say=0.3)
    (final,) = bench.finals
    assert final.stages is not None
    assert final.stages.queue == pytest.approx(0, abs=1e-9)


# ---------------------------------------------------------------- when connections are made


@pytest.mark.parametrize("connecting", [KEPT_LAZY, PER_UTTERANCE, PER_UTTERANCE_FRESH_TOKEN])
def test_nothing_is_asked_for_before_the_first_utterance_is_released(connecting: Connecting) -> None:
    bench = run(utterances(3, length=8), WAIT, connecting)
    first = next(at for at, each in bench.actions if isinstance(each, GetToken))
    assert 4.45 < first - bench.began < 4.6
    assert_complete(bench)


@pytest.mark.parametrize("connecting", [KEPT_LAZY, PER_UTTERANCE])
def test_where_nobody_speaks_nothing_is_ever_asked_for(connecting: Connecting) -> None:
    bench = run(utterances(length=60), WAIT, connecting)
    assert bench.actions == []
    assert bench.summary.complete
    assert bench.summary.recognised == 60 * RATE


def test_the_first_utterance_is_not_the_first_to_be_waited_for_in_vain() -> None:
    conversation = utterances(60, length=64)
    bench = Bench(conversation, settings=WAIT, lane=lane(KEPT_LAZY, patience=Patience(unreachable=10)))
    bench.service.unreachable_until = bench.began + 65
    bench.play(conversation.blocks())
    bench.start()
    bench.run()
    assert_complete(bench)


def test_connections_that_come_and_go_with_the_utterances_are_no_reconnecting() -> None:
    bench = run(utterances(1, 5, 9), WAIT, PER_UTTERANCE)
    shown = [(each.phase, each.epoch) for each in bench.updates if isinstance(each, StateChanged)]
    assert shown == [
        (Phase.LIVE, 0),
        (Phase.CONNECTING, 0),
        (Phase.LIVE, 1),
        (Phase.LIVE, 2),
        (Phase.LIVE, 3),
        (Phase.STOPPED, 3),
    ]


def test_a_break_replays_the_utterance_whole() -> None:
    conversation = utterances(1, 6)
    for connecting in (KEPT_AHEAD, KEPT_LAZY, PER_UTTERANCE):
        bench = Bench(conversation, settings=WAIT, lane=lane(connecting), service=FakeService(conversation, say=2.0))
        bench.play(conversation.blocks())
        bench.start()
        bench.at(8.5, bench.break_off)
        bench.run()
        assert_complete(bench)
        assert bench.summary.connections == (3 if connecting is PER_UTTERANCE else 2)


def test_a_break_after_everything_was_heard_needs_no_connection_before_the_next_utterance() -> None:
    conversation = utterances(1, 9, length=14)
    bench = Bench(conversation, settings=WAIT, lane=lane(PER_UTTERANCE))
    bench.service.close_after = math.inf
    bench.play(conversation.blocks())
    bench.start()
    bench.at(5.0, lambda: setattr(bench.service, "close_after", 0.05))
    bench.run()
    assert_complete(bench)


def test_a_service_that_never_closes_after_eos_is_left_after_its_final() -> None:
    conversation = utterances(1, 12, 24, length=30)
    bench = Bench(conversation, settings=WAIT, lane=lane(PER_UTTERANCE))
    bench.service.close_after = math.inf
    bench.play(conversation.blocks(), end=False)
    bench.start()
    bench.run(until=40)
    assert (bench.missing(), bench.doubled()) == (set(), set())
    assert (count(bench, Open), count(bench, Close)) == (3, 3), "and not heard again"
    closed = [at - bench.began for at, each in bench.actions if isinstance(each, Close)]
    assert closed[0] == pytest.approx(2.5 + 0.2 + DRAIN, abs=0.1)
    assert bench.pipeline.ledger.lost == 0


def test_refusals_between_utterances_are_waited_out() -> None:
    conversation = utterances(1, 6, 11)
    bench = Bench(conversation, settings=WAIT, lane=lane(PER_UTTERANCE_FRESH_TOKEN))
    bench.service.refusals.extend([BUSY, DOWN])
    bench.play(conversation.blocks())
    bench.start()
    bench.run()
    assert_complete(bench)


def test_settings_that_need_a_connection_reach_the_next_one() -> None:
    conversation = utterances(1, 9, length=14)
    for connecting in (KEPT_AHEAD, KEPT_LAZY, PER_UTTERANCE):
        bench = Bench(conversation, settings=WAIT, lane=lane(connecting))
        bench.play(conversation.blocks())
        bench.start()
        bench.at(5.0, Reconfigure(replace(WAIT, epd=0.9)))
        bench.run()
        assert_complete(bench)
        opened = [each.query for _, each in bench.actions if isinstance(each, Open)]
        assert ["epd_time=0.9" in query for query in opened] == [False, True]


# ---------------------------------------------------------------- a caller on hold


@pytest.mark.parametrize("connecting", [KEPT_AHEAD, KEPT_LAZY, PER_UTTERANCE])
def test_an_hour_on_hold_loses_nothing_and_keeps_nothing(connecting: Connecting) -> None:
    words = [Spoken("전", RATE, 2 * RATE), Spoken("후", 3602 * RATE, 3603 * RATE)]
    conversation = Conversation(words, 3610 * RATE, voiced=True)
    bench = Bench(conversation, settings=WAIT, lane=lane(connecting))
    bench.play(conversation.blocks(100))
    bench.start()
    bench.run(until=3600)
    ledger = bench.pipeline.ledger
    assert ledger.held < RATE
    assert sum(len(each.pcm) for each in ledger._stretches) < 4 * RATE
    assert len(bench.pipeline.session.outbox._plan) < 5
    assert bench.pipeline.status(bench.now).behind == 0
    bench.run()
    assert_complete(bench)
    assert (bench.gaps, bench.summary.lost) == ([], 0)
    assert bench.finals[-1].stages is not None
    if connecting.per_utterance:
        assert sent(bench) < 4
    else:
        assert 36 <= sent(bench) < 40, "100 ms every ten seconds"
        assert bench.summary.connections == 1


def test_an_outage_while_nobody_speaks_loses_nothing_however_long_it_is() -> None:
    words = [Spoken("전", RATE, 2 * RATE), Spoken("후", 602 * RATE, 603 * RATE)]
    conversation = Conversation(words, 610 * RATE, voiced=True)
    bench = Bench(conversation, settings=WAIT, lane=lane(patience=Patience(tail=600)))
    bench.play(conversation.blocks(100))
    bench.start()
    bench.at(2.6, bench.break_off)
    bench.service.unreachable_until = bench.began
    bench.at(2.55, lambda: setattr(bench.service, "unreachable_until", bench.began + 600))
    bench.run()
    assert_complete(bench)


def test_while_muted_nothing_leaves() -> None:
    conversation = utterances(2, 5)
    bench = Bench(conversation, settings=WAIT, lane=lane(KEPT_LAZY))
    bench.play(conversation.blocks())
    bench.start()
    bench.at(0.5, Mute(True))
    bench.run()
    assert bench.actions == []
    assert bench.summary.complete


def test_a_file_as_fast_as_it_goes_is_not_held_up_by_silence() -> None:
    pipeline = Pipeline(WAIT, lane(pace=Pace.FAST))
    pipeline.start(0.0)
    conversation = utterances(length=300)
    for each in conversation.blocks(100):
        assert pipeline.room
        pipeline.feed(each, 0.0)
    assert pipeline.ledger.held < RATE


# ---------------------------------------------------------------- a change of mode


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("modes", [tuple(Mode), tuple(reversed(Mode)), (Mode.SILENCE_WAIT, Mode.SILENCE_WAIT)])
def test_modes_change_in_a_call_without_losing_a_word(modes: tuple[Mode, ...], seed: int) -> None:
    conversation = Conversation.random(seed, 40, voiced=True)
    first, *later = [Settings(mode=mode, silence=0.3 + number / 10) for number, mode in enumerate(modes)]
    bench = Bench(conversation, settings=first, lane=lane())
    bench.play(conversation.blocks())
    bench.start()
    for number, each in enumerate(later):
        bench.at(9.0 + 11 * number, Reconfigure(each))
    bench.run()
    assert_complete(bench)
    assert bench.summary.connections == 1


def test_a_mode_changes_when_nobody_speaks_and_not_before() -> None:
    conversation = utterances(1, 2.1, 3.2, 4.3)  # in one breath
    bench = Bench(conversation, settings=Settings(), lane=lane())
    bench.play(conversation.blocks())
    bench.start()
    bench.run(until=3)
    bench.feed(Reconfigure(WAIT))
    bench.run(until=5.2)
    assert isinstance(bench.pipeline._mode, Streaming)
    assert bench.pipeline.status(bench.now).pending_settings
    bench.run(until=8)
    assert isinstance(bench.pipeline._mode, SilenceWait)
    assert not bench.pipeline.status(bench.now).pending_settings
    bench.run()
    assert_complete(bench)


def test_a_change_of_mode_does_not_wait_for_ever() -> None:
    words = [Spoken(f"말{number}", at, at + RATE) for number, at in enumerate(range(0, 140 * RATE, RATE + 2000))]
    conversation = Conversation(words, 140 * RATE, voiced=True)
    bench = Bench(conversation, settings=Settings(), lane=lane())
    bench.play(conversation.blocks())
    bench.start()
    bench.at(3.0, Reconfigure(FASTER))
    bench.run(until=122)
    assert isinstance(bench.pipeline._mode, Streaming)
    bench.run(until=124)
    assert not isinstance(bench.pipeline._mode, Streaming)


@pytest.mark.parametrize("settings", [WAIT, FASTER])
def test_a_source_that_is_lost_and_ended_in_an_utterance_of_its_own_connection_ends_the_lane(
    settings: Settings,
) -> None:
    for moment in range(100, 320, 5):
        conversation = utterances(1)
        bench = Bench(conversation, service=FakeService(conversation), settings=settings, lane=lane(PER_UTTERANCE))
        lost = moment / 100
        bench.play([each for each in conversation.blocks() if each.arrived <= lost], end=False)
        bench.start()
        bench.at(lost, SourceLost(Fault(FaultKind.DEVICE_LOST)))
        bench.at(lost + 0.05, Stop())
        bench.run()
        assert bench.ended, moment
        assert bench.pipeline.ledger.held == 0


# ---------------------------------------------------------------- a service that ends a connection in its own way


class Crossing(FakeService):
    """Closes the first connection as it should, but before it has read what came before EOS."""

    crosses = True

    def _write(self, action: Write, now: float) -> list[tuple[float, News]]:
        if action.data == EOS and self.crosses:
            self.crosses = False
            self.standing.pop(action.epoch)
            return [(now, Written(action.epoch, action.stop)), (now, Closed(action.epoch, 1000))]
        return super()._write(action, now)


def per_utterance(service: FakeService) -> Bench:
    bench = Bench(service.conversation, service=service, settings=WAIT, lane=lane(PER_UTTERANCE))
    bench.play(service.conversation.blocks())
    bench.start()
    bench.run()
    return bench


def test_a_connection_per_utterance_whose_close_crosses_eos_is_made_again() -> None:
    bench = per_utterance(Crossing(Conversation.random(1, 40, voiced=True)))
    assert bench.missing() == bench.doubled() == set()
    assert bench.summary.complete


def test_a_service_that_closes_too_late_for_each_utterance_loses_no_word() -> None:
    service = FakeService(Conversation.random(1, 40, voiced=True))
    service.close_after = 8.0
    bench = per_utterance(service)
    assert bench.missing() == bench.doubled() == set()
    assert bench.summary.lost < RATE, "the end of the last utterance: nobody has said that nothing more is in it"
    assert bench.summary.connections == bench.summary.utterances


def test_nor_does_an_utterance_without_a_word_hold_up_the_others() -> None:
    conversation = Conversation.random(1, 40, voiced=True)
    first = [word for word in conversation.words if word.stop < 3 * RATE]
    assert first
    for word in first:  # a voice in which the service finds no word
        conversation.sound[word.start : word.stop] //= STEP
        conversation.sound[word.start : word.stop] *= STEP
    service = FakeService(conversation)
    service.close_after = 8.0
    bench = per_utterance(service)
    assert bench.missing() == {word.text for word in first}
    assert bench.doubled() == set()
    assert bench.gaps[0].start == 0
    assert bench.gaps[0].stop < 4 * RATE
