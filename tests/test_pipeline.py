"""The way from a block of sound to a line of text: whole conversations in virtual time."""

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import astuple, replace
from functools import partial
from random import Random

import numpy as np
import pytest

from captioner.errors import Fault, FaultKind
from captioner.events import (
    RATE,
    AudioBlock,
    Close,
    Closed,
    Finished,
    Frame,
    GetToken,
    LossReason,
    Measured,
    Mute,
    Open,
    Opened,
    OpenRefused,
    Painted,
    Phase,
    Reconfigure,
    Resumed,
    SourceEnded,
    SourceLost,
    SourceOpened,
    StateChanged,
    Stop,
    StopNow,
    Tick,
    Withdrawn,
    Write,
)
from captioner.pipeline import BRIDGE, FAST_AHEAD, Lane, Pace, Pipeline
from captioner.settings import Mode, Settings
from captioner.stt.modes import Decision, EndUtterance, Send, Streaming
from captioner.stt.rtzr import FINALIZE
from tests.helpers.chaos import Trouble
from tests.helpers.lane import BROKEN, BUSY, DOWN, REFUSED, Bench, Conversation, FakeService, Spoken, block, said

SILENCE = Conversation([], 30 * RATE)


def spoken(seed: int = 1, seconds: float = 20, *, blocks_ms: int = 20, **options: object) -> Bench:
    """A bench on which a conversation is about to be played."""
    conversation = Conversation.random(seed, seconds)
    bench = Bench(conversation, **options)  # type: ignore[arg-type]
    bench.play(conversation.blocks(blocks_ms))
    bench.start()
    return bench


def quiet(seconds: float = 30, **options: object) -> Bench:
    """A bench with a connection on which nobody speaks; the source goes on."""
    conversation = Conversation([], round(seconds * RATE))
    bench = Bench(conversation, **options)  # type: ignore[arg-type]
    bench.play(conversation.blocks(), end=False)
    bench.start()
    return bench


def phases(bench: Bench) -> list[tuple[str, int]]:
    return [(str(each.phase), each.epoch) for each in bench.updates if isinstance(each, StateChanged)]


def assert_complete(bench: Bench) -> None:
    bench.check_captions()
    assert bench.missing() == set()
    assert bench.doubled() == set()
    summary = bench.summary
    assert summary.complete
    assert bench.finish.fault is None
    assert (summary.captured, summary.recognised, summary.lost) == (
        len(bench.service.conversation.sound),
        len(bench.service.conversation.sound),
        0,
    )
    assert summary.utterances == len(bench.finals)


# ---------------------------------------------------------------- a plain conversation


@pytest.mark.parametrize("blocks_ms", [10, 20, 100, 1000])
def test_every_word_of_a_conversation_comes_out_once(blocks_ms: int) -> None:
    bench = spoken(blocks_ms=blocks_ms)
    bench.run()
    assert_complete(bench)
    assert (bench.summary.connections, bench.summary.tokens, bench.summary.unreadable) == (1, 1, 0)
    assert phases(bench) == [("connecting", 0), ("live", 1), ("draining", 1), ("stopped", 1)]
    assert [each.data for _, each in bench.actions if isinstance(each, Write) and each.data == "EOS"] == ["EOS"]
    assert isinstance(bench.updates[-1], Finished)


def test_interims_come_while_somebody_speaks_and_finals_have_the_words_at_their_places() -> None:
    bench = spoken()
    bench.run()
    assert len(bench.interims) > len(bench.finals)
    spoken_at = {word.text: (word.start, word.stop) for word in bench.service.conversation.words}
    for each in bench.finals:
        caption = each.caption
        assert [(word.start, word.stop) for word in caption.words] == [spoken_at[word.text] for word in caption.words]
        assert (caption.start, caption.stop) == (caption.words[0].start, caption.words[-1].stop)


@pytest.mark.parametrize("rate", [8000, 16_000, 44_100, 48_000])
def test_any_rate_becomes_the_same_length_of_sound(rate: int) -> None:
    bench = Bench(SILENCE)
    bench.play(block(at, np.zeros(rate // 50, np.int16), rate=rate) for at in range(0, rate * 3, rate // 50))
    bench.start()
    bench.run()
    assert bench.summary.captured == bench.summary.recognised == 3 * RATE


def test_a_delay_is_the_difference_of_the_printed_moments_and_its_stages_add_up() -> None:
    bench = spoken(seconds=30)
    bench.run()
    for each in bench.finals:
        assert each.stages is not None
        *parts, total = astuple(each.stages)
        assert total == pytest.approx(each.at - each.caption.stop / RATE, abs=1e-9)
        assert sum(part for part in parts if part is not None) == pytest.approx(total, abs=1e-9)
        assert min(part for part in parts if part is not None) >= 0
        assert each.stages.render is None
        assert 0.8 - 1e-9 <= total <= 0.85, "half a second of end-pointing and 300 ms of the service"
    assert bench.pipeline.finals.table()["total"].n == len(bench.finals)
    assert bench.pipeline.interims.table()["total"].n == 0


def say_final(bench: Bench, seq: int) -> None:
    """A final of the last half second."""
    bench.say(said(seq, 1000 * (bench.now - bench.began) - 500, "말", final=True, duration_ms=100))


def test_a_clock_that_is_corrected_never_lets_the_printed_time_go_back() -> None:
    bench = Bench(SILENCE)
    for number in range(1500):  # ten seconds into the call blocks begin to come 40 ms later
        late = 0.0 if number < 200 else 0.04
        each = block(number * 160, np.zeros(160, np.int16))
        bench.at(each.arrived + late, replace(each, arrived=bench.began + each.arrived + late))
    for number in range(1100):
        bench.at(9.0 + number * 0.013, partial(say_final, bench, number))
    bench.start()
    bench.run(25)
    assert len(bench.finals) > 1000
    for shown in bench.finals:
        assert shown.stages is not None
        assert shown.stages.total == pytest.approx(shown.at - shown.caption.stop / RATE, abs=1e-9)


def test_the_first_word_pays_nothing_for_token_and_connection_made_ahead() -> None:
    bench = Bench(Conversation([Spoken("네", 2 * RATE, 3 * RATE)], 6 * RATE))
    bench.play(bench.service.conversation.blocks())
    bench.start()
    bench.run()
    (only,) = bench.finals
    assert only.stages is not None
    assert (only.stages.token, only.stages.connect) == (0, 0)


def test_a_word_spoken_while_connecting_is_not_lost_and_its_wait_has_its_stages() -> None:
    conversation = Conversation([Spoken("여보세요", 80, 4000)], 6 * RATE)
    bench = Bench(conversation, service=FakeService(conversation, token=1.0, connect=0.5))
    bench.play(conversation.blocks())
    bench.start()
    bench.run()
    assert_complete(bench)
    stages = bench.finals[0].stages
    assert stages is not None
    assert stages.token == pytest.approx(0.5, abs=0.021), "half of the token's second passed after the word"
    assert stages.connect == pytest.approx(0.5)


# ---------------------------------------------------------------- an hour


def sizes(pipeline: Pipeline) -> dict[str, int]:
    """What could grow with the length of a call."""
    trace, outbox, captions = pipeline.trace, pipeline.session.outbox, pipeline.captions
    return {
        "steps": max(len(each._positions) for each in (trace.arrived, trace.framed, trace.released, trace.written)),
        "sound": sum(len(each.pcm) for each in pipeline.ledger._stretches),
        "plan": len(outbox._plan),
        "flight": len(outbox._flight),
        "tail": len(captions.tail),
        "unpainted": len(pipeline._unpainted),
    }


def test_a_long_call_grows_nothing_but_its_captions() -> None:
    bench = spoken(seconds=600, blocks_ms=100, settings=Settings(chunk_ms=100))
    seen: list[dict[str, int]] = []
    for minute in (4, 7, 10):
        bench.run(minute * 60.0)
        seen.append(sizes(bench.pipeline))
    bench.run()
    assert_complete(bench)
    assert len(bench.finals) > 150
    for name, size in seen[-1].items():
        assert size <= 1.3 * seen[0][name] + 200, name


# ---------------------------------------------------------------- stopping, muting, devices


def test_a_person_who_stops_early_gets_the_last_words_and_an_incomplete_run() -> None:
    bench = spoken()
    bench.at(10.0, Stop(early=True))
    bench.run()
    assert not bench.summary.complete
    assert bench.finish.fault is None
    assert bench.summary.lost == 0
    heard = [word.text for word in bench.service.conversation.words if word.stop <= 10 * RATE]
    assert [word for word in bench.said if word in heard] == heard
    assert bench.summary.captured <= 10 * RATE


def test_stopping_a_microphone_is_complete() -> None:
    bench = spoken()
    bench.at(10.0, Stop())
    bench.run()
    assert bench.summary.complete


def test_stopping_after_the_end_of_the_source_cuts_nothing_short() -> None:
    bench = spoken()
    bench.at(20.1, Stop(early=True))
    bench.run()
    assert_complete(bench)


def test_stopping_now_loses_what_is_not_recognised_and_says_so() -> None:
    bench = spoken()
    bench.at(10.0, StopNow())
    bench.at(10.0, StopNow())
    bench.run()
    summary = bench.summary
    assert not summary.complete
    assert summary.captured == summary.recognised + summary.lost
    assert [(each.reason, each.stop) for each in bench.gaps] == [(LossReason.STOPPED, summary.captured)]
    assert bench.gaps[0].stop - bench.gaps[0].start == summary.lost > 0
    assert phases(bench)[-1] == ("stopped", 1)


def test_while_muted_silence_is_sent_and_the_meter_still_shows_the_microphone() -> None:
    bench = spoken(seconds=30)
    bench.at(10.0, Mute(True))
    bench.at(20.0, Mute(False))
    bench.run(15)
    status = bench.pipeline.status(bench.now)
    assert status.muted
    bench.run()
    words = bench.service.conversation.words
    hidden = {word.text for word in words if 10.1 * RATE < (word.start + word.stop) / 2 < 19.9 * RATE}
    assert hidden
    assert not hidden & set(bench.said)
    assert {word.text for word in words if word.stop < 10 * RATE or word.start > 20 * RATE} <= set(bench.said)
    assert bench.summary.complete
    assert bench.summary.recognised == 30 * RATE


def test_a_lane_that_nobody_looks_at_hears_the_last_two_seconds_when_asked() -> None:
    bench = quiet()
    bench.run(30)
    assert bench.pipeline.status(bench.now).quiet_for == pytest.approx(2.0)


def test_the_meter_shows_what_is_heard() -> None:
    bench = quiet()
    status = bench.pipeline.status(bench.now)
    for second in range(1, 6):  # a window asks all the time
        bench.run(second)
        status = bench.pipeline.status(bench.now, longest_turn=0.25)
    assert (status.level, status.speech, status.muted) == (-math.inf, False, False)
    assert status.quiet_for == pytest.approx(5.0)
    assert (status.phase, status.epoch, status.connections, status.tokens) == (Phase.LIVE, 1, 1, 1)
    assert status.longest_turn == 0.25
    assert status.elapsed == pytest.approx(5.0)
    assert status.captured == 5 * RATE == status.recognised + status.held + status.lost
    assert status.behind <= 0.02
    assert (status.fault, status.retry_in, status.drain_left) == (None, None, None)
    assert not status.pending_settings


def test_the_time_of_a_lane_stands_still_when_it_has_ended() -> None:
    bench = quiet()
    bench.at(5.0, Stop())
    bench.run(4.9)
    assert not bench.pipeline.status(bench.now).finishing
    bench.run(5.0)
    assert bench.pipeline.status(bench.now).finishing
    bench.run()
    assert not bench.pipeline.status(bench.now).finishing
    ended = bench.pipeline.status(bench.now).elapsed
    assert ended >= 5.0
    assert bench.pipeline.status(bench.now + 100).elapsed == ended


def test_before_the_start_there_is_a_status_too() -> None:
    status = Pipeline(Settings()).status(5.0)
    assert (status.phase, status.epoch, status.elapsed, status.captured) == (Phase.CONNECTING, 0, 0.0, 0)


def test_what_the_driver_dropped_is_lost_and_its_gap_stands_at_its_place() -> None:
    conversation = Conversation.random(4, 20)
    bench = Bench(conversation)
    whole = list(conversation.blocks())
    kept = [each for each in whole if not 8 * RATE <= each.position < round(8.333 * RATE)]
    bench.play(replace(each, overflowed=each.position == kept[400].position) for each in kept)
    bench.start()
    bench.run()
    (gap,) = bench.gaps
    assert (gap.start, gap.reason) == (8 * RATE, LossReason.OVERFLOW)
    lost = kept[400].position - 8 * RATE
    assert gap.stop - gap.start == lost == bench.summary.lost
    assert bench.summary.captured == 20 * RATE == bench.summary.recognised + lost
    assert not bench.summary.complete
    assert bench.pipeline.status(bench.now).overflows == 1
    touched = {word.text for word in conversation.words if word.start < gap.stop and gap.start < word.stop}
    assert bench.missing() <= touched
    bench.check_captions()


def test_a_loss_is_counted_whole_where_its_last_samples_fill_no_frame_yet() -> None:
    bench = Bench(SILENCE)
    bench.play(
        [block(0, np.zeros(400, np.int16)), block(900, np.zeros(30, np.int16)), block(930, np.zeros(70, np.int16))]
    )
    bench.start()
    bench.run()
    assert [(each.start, each.stop) for each in bench.gaps] == [(400, 900)]
    assert (bench.summary.captured, bench.summary.lost) == (1000, 500)


def test_a_device_that_failed_ends_the_lane_with_its_fault_after_the_last_words() -> None:
    fault = Fault(FaultKind.DEVICE_LOST, "unplugged")
    conversation = Conversation.random(2, 10)
    bench = Bench(conversation)
    bench.play(conversation.blocks(), end=False)
    bench.at(10.0, SourceEnded(fault))
    bench.start()
    bench.run(10.01)
    assert bench.pipeline.status(bench.now).fault == fault
    bench.run()
    assert bench.missing() == set()
    assert bench.finish.fault == fault
    assert not bench.summary.complete
    assert bench.summary.lost == 0


def test_a_source_without_any_sound_is_complete_and_empty() -> None:
    for after in (0.0, 5.0):
        bench = Bench(SILENCE)
        bench.at(after, SourceEnded())
        bench.start()
        bench.run()
        assert bench.summary.complete
        assert (bench.summary.captured, bench.summary.utterances) == (0, 0)


@pytest.mark.parametrize(("away", "rate"), [(0.0, 8000), (0.7, 8000), (0.7, 48_000), (5.0, 44_100), (3600.0, 48_000)])
def test_another_source_goes_on_in_the_same_lane_after_a_gap_of_its_absence(away: float, rate: int) -> None:
    bench = Bench(SILENCE)
    bench.play((block(at, np.zeros(160, np.int16)) for at in range(0, 5 * RATE, 160)), end=False)
    bench.at(5.001, SourceOpened())
    bench.at(5.001, SourceOpened())  # opened in vain, and then opened
    step = rate // 50
    bench.play((block(at, np.zeros(step, np.int16), rate=rate) for at in range(0, 5 * rate, step)), after=5.0 + away)
    bench.start()
    bench.run()
    summary = bench.summary
    assert summary.captured == pytest.approx((10 + away) * RATE, abs=400)
    assert summary.lost == pytest.approx(away * RATE, abs=400)
    assert [each.reason for each in bench.gaps] == ([LossReason.DEVICE] if away else [])
    assert sum(each.stop - each.start for each in bench.gaps) == summary.lost
    assert summary.connections == 1
    sent = sum(len(each.data) // 2 for _, each in bench.actions if isinstance(each, Write) and each.data != "EOS")
    assert sent <= (10 + min(away, 1.0)) * RATE + 400, "nobody waits for an hour of silence"


def test_what_the_resampler_holds_when_another_source_comes_is_not_lost() -> None:
    bench = Bench(SILENCE)
    bench.play((block(at, np.full(490, 50, np.int16), rate=48_000) for at in range(0, 48_000, 490)), end=False)
    bench.at(1.1, SourceOpened())
    bench.play([block(0, np.full(1600, 60, np.int16))], after=1.1)
    bench.start()
    bench.run()
    sound = b"".join(each.data for _, each in bench.actions if isinstance(each, Write) and isinstance(each.data, bytes))
    values = np.frombuffer(sound, "<i2").tolist()
    assert values.count(50) > 7800
    assert values.count(60) == 1600
    assert len(values) % 160 in (0, 1600 % 160)


def test_a_word_after_a_long_absence_has_its_place_and_its_delay() -> None:
    conversation = Conversation([Spoken("앞", RATE, 2 * RATE), Spoken("뒤", 4 * RATE, 5 * RATE)], 8 * RATE)
    bench = Bench(conversation)
    first, second = conversation.sound[: 3 * RATE], conversation.sound[3 * RATE :]
    bench.play((block(at, first[at : at + 160]) for at in range(0, len(first), 160)), end=False)
    bench.at(3.0, SourceOpened())
    bench.play((block(at, second[at : at + 160]) for at in range(0, len(second), 160)), after=603.0)
    bench.start()
    bench.run()
    assert bench.said == ["앞", "뒤"]
    after = bench.finals[1]
    assert after.caption.start == pytest.approx(604 * RATE, abs=FRAME_AND_A_BIT)
    assert after.stages is not None
    assert after.stages.total == pytest.approx(0.8, abs=0.05)
    assert bench.summary.lost == pytest.approx(600 * RATE, abs=FRAME_AND_A_BIT)
    assert BRIDGE * 160 < 2 * RATE


FRAME_AND_A_BIT = 200


def test_another_source_after_the_end_is_not_heard() -> None:
    bench = spoken(seconds=5)
    bench.run()
    captured = bench.summary.captured
    bench.feed(SourceOpened())
    bench.feed(block(0, np.full(160, 99, np.int16), arrived=bench.now))
    assert bench.pipeline.ledger.captured == captured


# ---------------------------------------------------------------- a source that is away

UNPLUGGED = Fault(FaultKind.DEVICE_LOST)


def parted(
    first: float, away: float, *, after: float, slept: Resumed | None = None, settings: Settings | None = None
) -> Bench:
    """A bench whose source is lost `first` seconds into a conversation, and comes back after `away` seconds.

    The conversation goes on where it stopped. With `slept` the computer sleeps at that moment instead; where the clock
    stands still meanwhile, `away` takes no time of the bench.
    """
    conversation = Conversation.random(5, first + after, voiced=True)
    bench = Bench(conversation, settings=settings)
    cut = round(first * RATE)
    bench.play((each for each in conversation.blocks() if each.position < cut), end=False)
    passed = 0.3 if slept is not None and slept.clock_stopped else away
    bench.at(first + (0.001 if slept is None or slept.clock_stopped else away), slept or SourceLost(UNPLUGGED))
    bench.at(first + passed, SourceOpened())
    rest = conversation.sound[cut:]
    bench.play((block(at, rest[at : at + 160]) for at in range(0, len(rest), 160)), after=first + passed)
    bench.start()
    return bench


@pytest.mark.parametrize("mode", list(Mode))
def test_what_was_said_when_the_microphone_is_lost_is_text_at_once(mode: Mode) -> None:
    conversation = Conversation([Spoken("끝", RATE, 2 * RATE)], 10 * RATE, voiced=True)
    bench = Bench(conversation, settings=Settings(mode=mode))
    bench.play((each for each in conversation.blocks() if each.position < 2.2 * RATE), end=False)
    bench.at(2.2, SourceLost(UNPLUGGED))
    bench.start()
    bench.run(3.0)
    assert bench.said == ["끝"]
    status = bench.pipeline.status(bench.now)
    assert (status.fault, status.source_fault) == (None, UNPLUGGED)
    assert status.away == pytest.approx(0.8, abs=0.03)


@pytest.mark.parametrize("mode", list(Mode))
def test_every_word_before_and_after_an_absence_is_there_and_the_gap_has_its_length(mode: Mode) -> None:
    bench = parted(12.0, 45.0, after=15.0, settings=Settings(mode=mode))
    bench.run()
    cut = 12 * RATE
    torn = {word.text for word in bench.service.conversation.words if word.start < cut < word.stop}
    assert bench.missing() <= torn
    assert bench.doubled() == set()
    bench.check_captions()
    (gap,) = bench.gaps
    assert gap.reason is LossReason.DEVICE
    assert gap.start == pytest.approx(cut, abs=FRAME_AND_A_BIT)
    assert gap.stop - gap.start == bench.summary.lost == pytest.approx(45 * RATE, abs=FRAME_AND_A_BIT)
    assert bench.summary.connections == 1
    assert bench.finish.fault is None, "it is back"
    after = [each for each in bench.finals if each.caption.start > gap.stop]
    assert after
    assert all(each.stages is not None and 0 < each.stages.total < 2.5 for each in after)


def test_a_connection_without_a_source_gets_a_sign_of_life_every_ten_seconds() -> None:
    for first in (0.0, 5.0):  # a microphone that never came, and one that went
        bench = Bench(SILENCE)
        bench.play((block(at, np.zeros(160, np.int16)) for at in range(0, round(first * RATE), 160)), end=False)
        bench.at(first, SourceLost(UNPLUGGED))
        bench.start()
        bench.run(600.0)
        sent = [at - bench.began for at, each in bench.actions if isinstance(each, Write) and each.data != FINALIZE]
        assert max(later - earlier for earlier, later in itertools.pairwise([first, *sent, 600.0])) < 10.5
        assert bench.pipeline.status(bench.now).connections == 1
        assert bench.pipeline.ledger.captured == first * RATE


def test_a_lane_that_is_stopped_without_its_source_counts_the_absence_as_lost() -> None:
    conversation = Conversation.random(3, 10)
    bench = Bench(conversation)
    bench.play(conversation.blocks(), end=False)
    bench.at(10.0, SourceLost(UNPLUGGED))
    bench.at(12.0, SourceLost(Fault(FaultKind.DEVICE_BUSY)))
    bench.at(40.0, Stop())
    bench.start()
    bench.run()
    assert [each.reason for each in bench.gaps] == [LossReason.DEVICE]
    assert bench.summary.lost == pytest.approx(30 * RATE, abs=FRAME_AND_A_BIT)
    assert bench.summary.captured == pytest.approx(40 * RATE, abs=FRAME_AND_A_BIT)
    assert bench.finish.fault == Fault(FaultKind.DEVICE_BUSY)
    assert not bench.summary.complete
    assert bench.missing() == set()


def test_a_lane_whose_source_never_came_has_lost_nothing_and_is_not_complete() -> None:
    bench = Bench(SILENCE)
    bench.at(0.1, SourceLost(Fault(FaultKind.NO_DEVICE)))
    bench.at(5.0, Stop())
    bench.start()
    bench.run(4.0)
    assert bench.pipeline.status(bench.now).away == 0.0
    bench.run()
    assert (bench.summary.captured, bench.summary.lost, bench.summary.complete) == (0, 0, False)


def test_sound_that_is_missing_without_a_word_of_the_driver_is_the_devices_fault() -> None:
    bench = Bench(SILENCE)
    bench.play([block(0, np.zeros(400, np.int16)), block(1200, np.zeros(400, np.int16))])
    bench.start()
    bench.run()
    assert [(each.start, each.stop, each.reason) for each in bench.gaps] == [(400, 1200, LossReason.DEVICE)]


def test_a_source_is_silent_or_too_loud_only_while_it_is() -> None:
    bench = Bench(SILENCE)
    loud = np.tile(np.array([32_700, -32_700], np.int16), 80)
    parts = [(0.0, np.zeros(160, np.int16))] * 150 + [(0.0, loud)] * 50 + [(0.0, (loud // 100).astype(np.int16))] * 150
    bench.play((block(160 * number, sound) for number, (_, sound) in enumerate(parts)), end=False)
    bench.start()
    seen = []
    for tenth in range(1, 71):
        bench.run(tenth / 10)
        status = bench.pipeline.status(bench.now)
        seen.append((status.never_heard, status.clipping))
    assert seen[5:29] == [(True, False)] * 24
    assert seen[34:48] == [(False, True)] * 14
    assert seen[62:] == [(False, False)] * 8


def test_a_source_that_is_opened_again_is_listened_to_afresh() -> None:
    bench = Bench(SILENCE)
    bench.start()
    for value in (0, 900, 0):
        bench.feed(SourceOpened())
        for at in range(0, RATE, 160):
            bench.now += 0.02
            sound = np.zeros(160, np.int16)
            sound[80:] = value
            if not at:
                sound[:] = 5000  # it clicks
            bench.feed(block(at, sound, arrived=bench.now))
            early = bench.pipeline.status(bench.now).never_heard
            assert not early or at >= 1600
        assert bench.pipeline.status(bench.now).never_heard == (value == 0)


@pytest.mark.parametrize("seed", range(20))
def test_whatever_becomes_of_source_and_connection_no_word_is_lost_that_was_heard(seed: int) -> None:
    random = Random(seed)
    mode = random.choice(list(Mode))
    conversation = Conversation.random(seed, 90.0, voiced=True)
    bench = Bench(conversation, settings=Settings(mode=mode))
    heard_from, holes = 0.0, []
    while (lost := heard_from + random.uniform(0.5, 20.0)) < 75.0:
        back = lost + random.choice((0.1, 1.0, 5.0, 15.0))
        holes.append((lost, back))
        for _ in range(random.randint(1, 3)):
            bench.at(random.uniform(lost, back), SourceLost(UNPLUGGED))
        if random.random() < 0.3:
            bench.at(random.uniform(lost, back), Resumed(1.5, clock_stopped=False))
        heard_from = back
    for _ in range(random.randint(0, 3)):
        bench.at(random.uniform(2.0, 70.0), bench.break_off)
    at = 0.0
    for lost, back in [*holes, (90.0, 90.0)]:
        heard = conversation.sound[round(at * RATE) : round(lost * RATE)]
        bench.at(at, SourceOpened())
        bench.play((block(i, heard[i : i + 160]) for i in range(0, len(heard), 160)), after=at, end=lost == 90.0)
        at = back
    bench.start()
    bench.run()
    margin = 0.35  # a word at an edge may be heard, or not
    touched = {
        word.text
        for word in conversation.words
        for lost, back in holes
        if word.start < (back + margin) * RATE and word.stop > (lost - margin) * RATE
    }
    assert bench.missing() <= touched
    assert bench.doubled() == set()
    bench.check_captions()
    assert sum(each.stop - each.start for each in bench.gaps) == bench.summary.lost
    assert bench.summary.captured == pytest.approx(90 * RATE, abs=3 * FRAME_AND_A_BIT)
    assert bench.summary.lost == pytest.approx(
        sum(back - lost for lost, back in holes) * RATE, abs=FRAME_AND_A_BIT * len(holes)
    )


# ---------------------------------------------------------------- sleep


@pytest.mark.parametrize("stopped", [True, False])
def test_the_time_slept_is_a_gap_and_not_a_replay(stopped: bool) -> None:
    bench = parted(12.0, 3600.0, after=15.0, slept=Resumed(3599.7, stopped))
    bench.run()
    torn = {word.text for word in bench.service.conversation.words if word.start < 12 * RATE < word.stop}
    assert bench.missing() <= torn
    assert bench.doubled() == set()
    bench.check_captions()
    (gap,) = bench.gaps
    assert gap.reason is LossReason.SLEEP
    assert gap.stop - gap.start == pytest.approx(3600 * RATE, abs=FRAME_AND_A_BIT)
    assert bench.summary.lost == gap.stop - gap.start
    assert bench.summary.connections == 2
    sent = sum(len(each.data) // 2 for _, each in bench.actions if isinstance(each, Write) and each.data != "EOS")
    assert sent < (27 + 12 + 2) * RATE
    after = [each for each in bench.finals if each.caption.start > gap.stop]
    assert after
    assert all(each.stages is not None and 0 < each.stages.total < 2.5 for each in after)
    assert bench.finish.at == pytest.approx(3627.0, abs=2.0)


def test_a_delay_after_a_sleep_ends_with_the_paint_on_the_clock_that_stood_still() -> None:
    conversation = Conversation([Spoken("뒤", 2 * RATE, 3 * RATE)], 6 * RATE)
    bench = Bench(conversation, lane=Lane(painted=True, seed=1))
    bench.at(0.5, Resumed(7200.0, clock_stopped=True))
    bench.at(0.6, SourceOpened())
    bench.play(conversation.blocks(), after=0.7)
    bench.start()
    bench.run(0.7 + 5.5)
    (final,) = bench.finals
    heard = bench.began + final.at
    updates = bench.feed(Painted(final.caption.revision, bench.now))
    (measured,) = [each for each in updates if isinstance(each, Measured)]
    assert measured.stages.render is not None
    assert 0 < measured.stages.render < 3.0, heard


def test_a_computer_that_sleeps_while_nothing_stands_tries_again_at_once() -> None:
    bench = quiet(30)
    bench.run(1.0)
    bench.service.unreachable_until = bench.began + 8.0
    bench.break_off()
    bench.at(8.0, Resumed(600.0, clock_stopped=True))
    bench.run(8.5)
    assert bench.pipeline.status(bench.now).phase is Phase.LIVE


def test_a_token_that_ran_out_while_the_computer_slept_is_not_used_again() -> None:
    bench = quiet(30)
    bench.run(5.0)
    bench.feed(Resumed(8 * 3600.0, clock_stopped=True))
    asked = sum(isinstance(each, GetToken) for _, each in bench.actions)
    assert asked == 2
    bench.run(6.0)
    assert bench.pipeline.status(bench.now).connections == 2


# ---------------------------------------------------------------- faults


def test_after_a_break_every_word_comes_once_under_the_number_it_had() -> None:
    bench = spoken(seconds=30, seed=3)
    bench.at(12.3, bench.break_off)
    bench.at(21.0, lambda: bench.break_off(1000))
    bench.run()
    assert_complete(bench)
    assert bench.summary.connections == 3
    provisional = [each.caption for each in bench.interims if each.caption.provisional]
    assert provisional
    settled = {each.caption.utterance for each in bench.finals}
    assert {each.utterance for each in provisional} <= settled
    assert ("reconnecting", 1) in phases(bench)


def test_an_outage_is_caught_up_with_and_told() -> None:
    bench = spoken(seconds=40, blocks_ms=100)

    def outage() -> None:
        bench.service.unreachable_until = bench.now + 20
        bench.break_off()

    bench.at(15.0, outage)
    bench.run(15.01)
    fresh = bench.pipeline.status(bench.now)
    assert fresh.phase is Phase.RECONNECTING
    assert fresh.behind >= fresh.held / RATE - 0.3, "from its first moment on"
    bench.run(30.0)
    status = bench.pipeline.status(bench.now)
    assert status.phase is Phase.RECONNECTING
    assert status.behind == pytest.approx(status.held / RATE, abs=0.3), "all that will be sent again"
    assert status.behind > 15
    assert status.fault == REFUSED
    assert status.retry_in is None or 0 <= status.retry_in <= 2
    bench.run()
    assert_complete(bench)


@pytest.mark.parametrize("mode", list(Mode))
def test_a_new_connection_wanted_at_any_moment_cuts_no_word(mode: Mode) -> None:
    words = [Spoken(f"낱말{number}", at, at + 3200) for number, at in enumerate((8000, 12000, 32000, 36000, 56000))]
    for moment in range(900, 5600, 20):  # silence and words, starts and ends of them
        conversation = Conversation(words, 9 * RATE, voiced=True)
        bench = Bench(conversation, settings=Settings(mode=mode))
        bench.at(moment / 1000, lambda bench=bench: bench.pipeline.session.rotate(bench.now))  # type: ignore[misc]
        bench.play(conversation.blocks())
        bench.start()
        bench.run()
        assert bench.said == [each.text for each in words], moment
        assert (bench.summary.complete, bench.summary.lost, bench.summary.connections) == (True, 0, 2)
        bench.check_captions()


@pytest.mark.parametrize("mode", list(Mode))
@pytest.mark.parametrize("after", [0.02, 0.3, 0.7])
def test_a_new_connection_wanted_just_before_the_end_cuts_no_word(mode: Mode, after: float) -> None:
    words = [Spoken(f"낱말{number}", at, at + 2400) for number, at in enumerate((8000, 11040, 20000, 23040))]
    for moment in range(900, 3800, 40):
        conversation = Conversation(words, 5 * RATE, voiced=True)
        bench = Bench(conversation, settings=Settings(mode=mode))
        bench.at(moment / 1000, lambda bench=bench: bench.pipeline.session.rotate(bench.now))  # type: ignore[misc]
        end = moment / 1000 + after
        bench.play([each for each in conversation.blocks() if each.arrived <= end])
        bench.start()
        bench.run()
        heard = [each.text for each in words if each.stop / RATE <= end - 0.1]
        assert bench.said[: len(heard)] == heard, moment
        assert len(bench.said) <= sum(each.start / RATE < end for each in words), "the last one may be cut"
        assert (bench.summary.complete, bench.summary.lost) == (True, 0)


def test_an_outage_at_the_end_is_waited_for() -> None:
    bench = spoken(seconds=20)

    def outage() -> None:
        bench.service.unreachable_until = bench.now + 40
        bench.break_off()

    bench.at(19.0, outage)
    bench.run(30.0)
    assert bench.pipeline.status(bench.now).drain_left == pytest.approx(50.0, abs=0.1)
    bench.run()
    assert_complete(bench)


def test_an_outage_longer_than_the_ring_leaves_one_gap_and_the_rest_is_complete() -> None:
    conversation = Conversation.random(6, 110)
    bench = Bench(conversation, settings=Settings(hold=30, chunk_ms=100))
    bench.play(conversation.blocks(100))

    def outage() -> None:
        bench.service.unreachable_until = bench.now + 60
        bench.break_off()

    bench.at(40.0, outage)
    bench.start()
    bench.run()
    (gap,) = bench.gaps
    assert gap.reason is LossReason.OUTAGE
    assert gap.stop - gap.start == bench.summary.lost == pytest.approx(30 * RATE, abs=3 * RATE)
    assert not bench.summary.complete
    assert bench.finish.fault is None
    bench.check_captions()
    assert bench.doubled() == set()
    touched = {word.text for word in conversation.words if word.start < gap.stop and gap.start < word.stop}
    assert bench.missing() <= touched


def test_a_driver_that_drops_sound_during_an_outage_doubles_nothing() -> None:
    conversation = Conversation([Spoken("안녕", RATE, 2 * RATE), Spoken("하세요", 18_400, 3 * RATE)], 8 * RATE)
    bench = Bench(conversation)
    bench.play(each for each in conversation.blocks() if not 4 * RATE <= each.position < 5 * RATE)

    def outage() -> None:
        bench.service.unreachable_until = bench.now + 3
        bench.break_off()

    bench.at(2.9, outage)
    bench.start()
    bench.run()
    assert bench.said == ["안녕", "하세요"]
    assert [(each.start, each.stop) for each in bench.gaps] == [(4 * RATE, 5 * RATE)]


def test_credentials_that_are_refused_end_the_lane_at_once() -> None:
    fault = Fault(FaultKind.CREDENTIALS_REFUSED, "H0002")
    bench = Bench(SILENCE)
    bench.service.token_faults.append(fault)
    bench.play(SILENCE.blocks())
    bench.start()
    bench.run()
    assert bench.finish.fault == fault
    assert bench.finish.at < 1
    assert bench.summary.connections == 0
    assert bench.summary.captured == bench.summary.lost < RATE
    assert phases(bench) == [("connecting", 0), ("stopped", 0)]
    assert bench.pipeline.ledger.captured == bench.summary.captured, "what is heard after the end is nobody's"


def test_a_service_that_is_down_is_given_up_and_what_was_captured_is_lost() -> None:
    bench = spoken(seconds=60)
    bench.service.refusals.extend([DOWN] * 1000)
    bench.run()
    assert bench.finish.fault == DOWN
    assert bench.finish.at == pytest.approx(30.0, abs=0.1)
    assert bench.summary.captured == bench.summary.lost
    assert [each.reason for each in bench.gaps] == [LossReason.OUTAGE]
    assert not bench.finals


def test_the_printed_epoch_counts_connections_not_attempts() -> None:
    bench = spoken(seconds=20)
    bench.service.refusals.extend([BUSY, BUSY])
    bench.run()
    assert_complete(bench)
    assert phases(bench) == [("connecting", 0), ("live", 1), ("draining", 1), ("stopped", 1)]
    assert [each.epoch for _, each in bench.actions if isinstance(each, Open)] == [1, 2, 3]


def test_what_never_got_its_final_is_kept_as_it_was_read() -> None:
    bench = Bench(SILENCE)
    bench.service.mute = True
    bench.play(SILENCE.blocks())
    bench.at(2.0, lambda: bench.say(said(0, 500, "듣고 계")))
    bench.start()
    bench.run()
    (only,) = bench.finals
    assert (only.caption.text, only.caption.words) == ("듣고 계", ())
    assert bench.summary.complete, "the service closed after EOS: it had nothing more to say"


def test_without_a_close_after_eos_the_rest_is_lost_as_unfinished() -> None:
    bench = Bench(SILENCE)
    bench.service.close_after = 3600.0
    bench.play(SILENCE.blocks())
    bench.at(10.0, lambda: bench.say(said(0, 8000, "네", final=True, duration_ms=1000)))
    bench.start()
    bench.run(3000)
    assert bench.finish.at == pytest.approx(35.0, abs=0.01)
    (gap,) = bench.gaps
    assert (gap.stop, gap.reason) == (30 * RATE, LossReason.UNFINISHED)
    assert bench.summary.lost == gap.stop - gap.start
    assert not bench.summary.complete


def test_a_final_that_comes_two_seconds_after_eos_with_another_behind_it_is_heard() -> None:
    conversation = Conversation(
        [Spoken("끝", 8 * RATE, 9 * RATE), Spoken("정말", 149 * RATE // 16, 10 * RATE)], 10 * RATE
    )
    bench = Bench(conversation, service=FakeService(conversation, say=2.0))
    bench.service.close_after = 1.5
    bench.play(conversation.blocks())
    bench.start()
    bench.run()
    assert_complete(bench)
    assert bench.finish.at > 13


def test_an_utterance_that_the_service_forgot_does_not_hold_up_the_others_for_ever() -> None:
    bench = quiet(40)
    bench.at(2.0, lambda: bench.say(said(0, 500, "잊힌 말")))
    bench.at(4.0, lambda: bench.say(said(1, 2500, "다음 말", final=True, duration_ms=800)))
    bench.run(16.9)
    assert not bench.finals
    assert bench.interims[-1].caption.text == "다음 말"
    bench.run(17.1)
    assert [each.caption.text for each in bench.finals] == ["잊힌 말", "다음 말"]


def test_an_interim_without_words_after_all_is_withdrawn() -> None:
    bench = quiet(10)
    bench.at(2.0, lambda: bench.say(said(0, 500, "음")))
    bench.at(3.0, lambda: bench.say(said(0, 500, "", final=True, duration_ms=900)))
    bench.run(5)
    assert [each.utterance for each in bench.updates if isinstance(each, Withdrawn)] == [1]
    assert not bench.finals


def test_rubbish_is_counted_in_the_summary() -> None:
    bench = spoken(seconds=10)
    for number in range(3):
        bench.at(3.0 + number, lambda: bench.say("not JSON"))
    bench.run()
    assert_complete(bench)
    assert bench.summary.unreadable == 3


def test_a_connection_that_opens_after_the_end_is_closed_and_nothing_else_happens() -> None:
    bench = Bench(SILENCE, service=FakeService(SILENCE, connect=5.0))
    bench.start()
    bench.at(1.0, StopNow())
    bench.run()
    assert bench.actions[-1][1] == Close(1, abort=True)
    count = len(bench.updates)
    out = bench.pipeline.feed(Opened(1), bench.now)
    assert out == [Close(1, abort=True)]
    for news in (Tick(), Closed(1, 1000), OpenRefused(1, BROKEN), Mute(True), Stop(), StopNow(), SourceEnded()):
        assert bench.feed(news) == []
    assert len(bench.updates) == count
    assert bench.pipeline.deadline == math.inf
    assert bench.pipeline.finished


class EndsEverySecond(Streaming):
    """A way of sending that ends an utterance every second, whatever is said."""

    def push(self, frame: Frame) -> Sequence[Decision]:
        """Let the frame leave, and now and then the end of an utterance after it."""
        return [Send(frame.start, frame.stop), *([EndUtterance(frame.stop)] if frame.stop % RATE == 0 else [])]


def test_the_ends_of_utterances_go_out_in_their_places_after_a_break_too() -> None:
    bench = Bench(Conversation([Spoken(f"말{n}", n * RATE + 800, n * RATE + 4000) for n in range(10)], 10 * RATE))
    bench.pipeline._mode = EndsEverySecond()
    bench.play(bench.service.conversation.blocks())
    bench.at(5.05, bench.break_off)
    bench.start()
    bench.run()
    assert_complete(bench)
    ends = [each.stop for _, each in bench.actions if isinstance(each, Write) and each.data == FINALIZE]
    assert set(ends) == {n * RATE for n in range(1, 11)}


# ---------------------------------------------------------------- settings in the middle of a call


def test_new_settings_take_a_new_connection_at_a_quiet_moment_and_no_word_is_lost() -> None:
    bench = spoken(seconds=40)
    bench.at(7.0, Reconfigure(Settings(punctuation=True)))
    bench.at(20.0, Reconfigure(Settings(punctuation=True, chunk_ms=100, hold=300)))
    bench.at(30.0, Reconfigure(Settings(punctuation=True, chunk_ms=100, hold=300), reconnect=True))
    bench.run()
    assert_complete(bench)
    assert bench.summary.connections == 3
    queries = [each.query for _, each in bench.actions if isinstance(each, Open)]
    assert ["use_punctuation=true" in query for query in queries] == [False, True, True]
    assert bench.pipeline.ledger.capacity == 300 * RATE
    assert bench.pipeline.trace.arrived.keep == 330 * RATE


# ---------------------------------------------------------------- files as fast as they go


def deliver_fast(bench: Bench) -> Callable[[], None]:
    """Deliver the conversation as fast as the pipeline has room."""
    blocks = bench.service.conversation.blocks(100)

    def more() -> None:
        while bench.pipeline.room and not bench.pipeline.finished:
            each = next(blocks, None)
            if each is None:
                bench.feed(SourceEnded())
                return
            bench.feed(AudioBlock(each.samples, each.rate, each.position, bench.now))
            ahead = bench.pipeline.ledger.captured - bench.pipeline.session.outbox.written
            assert ahead <= FAST_AHEAD + RATE
        bench.at(bench.now - bench.began + 0.01, more)

    return more


def test_a_file_goes_as_fast_as_the_service_takes_it_and_its_delays_mean_nothing() -> None:
    bench = Bench(Conversation.random(5, 120), lane=Lane(pace=Pace.FAST, seed=1))
    bench.start()
    bench.at(0.0, deliver_fast(bench))
    bench.run()
    assert_complete(bench)
    assert bench.finish.at < 20, "wall time"
    assert all(each.stages is None for each in bench.finals)
    assert bench.pipeline.finals.table()["total"].n == 0


def test_a_file_with_minutes_of_silence_goes_on_by_itself() -> None:
    bench = Bench(Conversation([Spoken("끝", 199 * RATE, 200 * RATE)], 202 * RATE), lane=Lane(pace=Pace.FAST, seed=1))
    bench.start()
    bench.at(0.0, deliver_fast(bench))
    bench.run()
    assert_complete(bench)


# ---------------------------------------------------------------- up to the painted pixel


def painted_bench(seconds: float = 20) -> Bench:
    return spoken(seconds=seconds, lane=Lane(painted=True, seed=1))


def paint(bench: Bench, *, out_of_sight: bool = False) -> list[Measured]:
    """Paint everything that is shown so far, 16 ms after it came."""
    updates = bench.feed(Painted(bench.pipeline.captions.revision, None if out_of_sight else bench.now))
    return [each for each in updates if isinstance(each, Measured)]


def test_with_a_window_a_delay_is_known_only_when_its_text_is_painted() -> None:
    bench = painted_bench()
    measured: list[Measured] = []
    shown = 0
    while not bench.ended:
        bench.run(bench.now - bench.began + 0.016)
        if len(bench.updates) > shown:
            bench.now += 0.004
            measured += paint(bench)
            shown = len(bench.updates)
    measured += paint(bench)
    assert_complete(bench)
    assert all(each.stages is None for each in bench.finals)
    assert [each.utterance for each in measured] == [each.caption.utterance for each in bench.finals]
    for each, final in zip(measured, bench.finals, strict=True):
        assert each.stages.render is not None
        assert 0 < each.stages.render <= 0.02 + 1e-9
        *parts, total = astuple(each.stages)
        assert sum(parts) == pytest.approx(total)
        assert total == pytest.approx(final.at - final.caption.stop / RATE + each.stages.render)
    finals, interims = bench.pipeline.finals.table()["total"], bench.pipeline.interims.table()["total"]
    assert finals.n == len(bench.finals)
    assert 0 < interims.n <= len(bench.interims)
    assert interims.max is not None
    assert finals.p50 is not None
    assert interims.max < finals.p50, "an interim's delay counts from the last sample written: they never mix"


def test_what_is_out_of_sight_when_it_is_shown_has_no_delay() -> None:
    bench = painted_bench()
    bench.run(10)
    assert paint(bench, out_of_sight=True) == []
    assert paint(bench) == [], "nobody can say when it will be seen"
    assert bench.pipeline.finals.table()["total"].n == 0


def test_an_interim_that_was_replaced_before_it_was_painted_has_no_delay() -> None:
    bench = quiet(lane=Lane(painted=True))
    bench.run(2)
    bench.say(said(0, 500, "가"))
    bench.say(said(0, 500, "가나"))
    bench.say(said(1, 1200, "다"))
    paint(bench)
    assert bench.pipeline.interims.table()["total"].n == 2, "one of each utterance"
    bench.say(said(1, 1200, "", final=True, duration_ms=300))
    bench.say(said(0, 500, "가나다"))
    bench.break_off()
    bench.run(2.0)
    assert any(each.caption.provisional for each in bench.interims)
    paint(bench)
    assert bench.pipeline.interims.table()["total"].n == 2, "text that became provisional is no new text"


def test_a_revision_is_painted_with_all_before_it_and_none_after_it() -> None:
    bench = quiet(lane=Lane(painted=True))
    bench.run(5)
    for number in range(3):
        bench.say(said(number, 1000 * number, "말", final=True, duration_ms=500))
    revisions = [each.caption.revision for each in bench.finals]
    (measured, *_), rest = (
        [each for each in bench.feed(Painted(revisions[1], bench.now)) if isinstance(each, Measured)],
        bench.feed(Painted(revisions[2], bench.now)),
    )
    assert measured.utterance == 1
    assert [each.utterance for each in rest if isinstance(each, Measured)] == [3]


def test_what_is_painted_after_the_end_still_counts() -> None:
    bench = painted_bench(5)
    bench.run()
    assert [each.utterance for each in paint(bench)] == [each.caption.utterance for each in bench.finals]


# ---------------------------------------------------------------- chaos


@pytest.mark.parametrize("seed", range(60))
def test_whatever_goes_wrong_no_word_is_lost_and_none_comes_twice(seed: int) -> None:
    trouble = Trouble(seed, seconds=12)
    bench = trouble.bench
    bench.start()
    bench.run(1500)
    assert bench.ended, f"still going: {trouble.log}"
    assert not bench.missing() | bench.doubled(), trouble.log
    assert_complete(bench)
    assert bench.pipeline.ledger.held == 0
    assert not bench.service.standing.keys() - bench.service.draining


def test_the_checks_of_chaos_can_fail() -> None:
    bench = Trouble(0, seconds=12).bench
    bench.service.conversation.words.append(Spoken("never said", 0, 100))
    bench.start()
    bench.run(1500)
    assert bench.missing() == {"never said"}
    bench.updates.append(bench.finals[0])
    assert bench.doubled()
    with pytest.raises(AssertionError):
        bench.check_captions()


def test_long_numbers_are_hidden_from_when_the_setting_says_so() -> None:
    pipeline = Pipeline(Settings(mask_numbers=True))
    masked = [pipeline.captions.masked]
    pipeline.start(0.0)
    for now in (False, True):
        pipeline.feed(Reconfigure(Settings(mask_numbers=now)), 0.0)
        masked.append(pipeline.captions.masked)
    assert masked == [True, False, True]
