"""What is sent, in which messages, how fast; and where the service counts it."""

import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from captioner.events import FRAME, RATE, LossReason
from captioner.stt.ledger import Ledger
from captioner.stt.modes import EndUtterance, Release, Send, Silence
from captioner.stt.outbox import FIRST_MESSAGE, HELD_MESSAGE, IN_FLIGHT, PIECES, SPARE, Outbox
from tests.helpers.lane import frame


def outbox_with(seconds: float, *, chunk: int = FRAME, pace: float = math.inf, start: int = 0) -> Outbox:
    """An outbox on a new connection, with everything released."""
    ledger = Ledger(90 * RATE)
    outbox = Outbox(ledger, chunk=chunk, pace=pace)
    release(outbox, ledger, seconds, start=start)
    outbox.restart(0, 0.0)
    return outbox


def release(outbox: Outbox, ledger: Ledger, seconds: float, *, start: int | None = None) -> None:
    for _ in range(round(seconds * RATE / FRAME)):
        at = ledger.end if start is None or ledger.captured else start
        start = None
        ledger.push(frame(at, 5))
        outbox.add(Send(at, at + FRAME))


def ledger_of(outbox: Outbox) -> Ledger:
    return outbox._ledger


def drain(outbox: Outbox, now: float = 0.0, *, ending: bool = False) -> list[Release]:
    """Take everything, each message written at once."""
    taken: list[Release] = []
    while messages := outbox.take(now, ending=ending):
        taken += messages
        outbox.wrote(max(each.stop if isinstance(each, Send) else each.position for each in messages))
    return taken


def sizes(messages: Sequence[Release]) -> list[int]:
    return [each.stop - each.start for each in messages if isinstance(each, Send)]


@pytest.mark.parametrize("chunk_ms", [20, 40, 60, 80, 100])
def test_the_first_message_holds_100_ms_and_later_ones_a_chunk(chunk_ms: int) -> None:
    chunk = chunk_ms * 8
    outbox = outbox_with(0.08, chunk=chunk)
    assert outbox.take(0.0, ending=False) == [], "not 100 ms yet"
    assert outbox.left()
    release(outbox, ledger_of(outbox), 0.02)
    assert sizes(outbox.take(0.0, ending=False)) == [FIRST_MESSAGE]
    assert not outbox.left()
    for _ in range(10):
        release(outbox, ledger_of(outbox), chunk_ms / 1000 - 0.02)
        assert outbox.take(0.0, ending=False) == []
        release(outbox, ledger_of(outbox), 0.02)
        assert sizes(outbox.take(0.0, ending=False)) == [chunk]
        outbox.wrote(outbox.sent)


def test_a_backlog_goes_out_in_longer_messages_of_whole_chunks() -> None:
    outbox = outbox_with(0.5, chunk=480)
    assert sizes(drain(outbox)) == [800, 480, 480, 480, 480, 480, 480]
    assert outbox.left(), "less than a chunk is left"
    fine = outbox_with(0.5)
    assert sizes(drain(fine)) == [800, 800, 800, 800, 800]


def test_at_the_end_what_is_left_need_not_fill_a_message() -> None:
    outbox = outbox_with(0.06, chunk=800)
    assert sizes(outbox.take(0.0, ending=True)) == [480]
    assert not outbox.left()


def test_what_the_next_release_cannot_fill_goes_out_as_it_is() -> None:
    outbox = outbox_with(0.06, chunk=800)
    outbox.add(EndUtterance(480))
    assert outbox.take(0.0, ending=False) == [Send(0, 480), EndUtterance(480)]
    assert not outbox.left()


@pytest.mark.parametrize("start", [0, -20])
@pytest.mark.parametrize("position", [0, 1, 159, 160, 12_345, 40_000])
def test_after_a_replay_messages_still_end_where_frames_end(start: int, position: int) -> None:
    outbox = outbox_with(6, start=start)
    outbox.restart(position, 0.0)
    first, *later = drain(outbox)
    assert isinstance(first, Send)
    assert position - FRAME < first.start <= position
    assert (first.start - start) % FRAME == 0
    for each in later:
        assert isinstance(each, Send)
        assert (each.stop - start) % FRAME == 0, "a message would wait for part of the next frame"


def test_nothing_is_sent_before_the_oldest_sound_there_is() -> None:
    outbox = outbox_with(1, start=-20)
    outbox.restart(-1600, 0.0)
    (first, *_) = outbox.take(0.0, ending=False)
    assert first == Send(-20, 780)


def test_sound_released_after_everything_was_sent_on_an_earlier_connection_is_sent() -> None:
    outbox = outbox_with(1)
    drain(outbox)
    outbox.restart(RATE, 0.0)
    assert not outbox.left()
    release(outbox, ledger_of(outbox), 0.1)
    assert drain(outbox) == [Send(8000, 8800)]


def test_no_more_than_a_second_is_under_way_to_the_socket() -> None:
    outbox = outbox_with(3)
    assert sum(sizes(outbox.take(0.0, ending=False))) == IN_FLIGHT
    assert outbox.take(0.0, ending=False) == []
    assert outbox.next_at == math.inf, "only a written message makes room"
    assert (outbox.sent, outbox.written) == (8000, 0)
    outbox.wrote(800)
    assert outbox.take(0.0, ending=False) == [Send(8000, 8800)]
    assert outbox.written == 800
    outbox.wrote(799)
    assert outbox.written == 800


def test_a_backlog_is_sent_at_no_more_than_four_times_real_time() -> None:
    outbox = outbox_with(20, pace=4)
    now, sent = 0.0, 0
    while outbox.left():
        for each in drain(outbox, now):
            assert isinstance(each, Send)
            sent += each.stop - each.start
        assert sent <= FIRST_MESSAGE + now * 4 * RATE + 1e-6
        if outbox.left():
            due = outbox.next_at
            assert due > now
            now = due
    assert now == pytest.approx((20 * RATE - FIRST_MESSAGE) / (4 * RATE))


def test_speech_as_it_comes_is_never_held_back_by_the_pace() -> None:
    outbox = outbox_with(0.1, pace=4)
    drain(outbox, 0.0)
    for number in range(200):
        release(outbox, ledger_of(outbox), 0.02)
        assert sizes(drain(outbox, 0.02 + number * 0.02)) == [FRAME]
        assert outbox.next_at == math.inf


def test_a_stall_of_our_own_is_caught_up_with_at_once_up_to_a_second() -> None:
    outbox = outbox_with(0.1, pace=4)
    drain(outbox, 0.0)
    release(outbox, ledger_of(outbox), 3.0)
    caught_up = sum(sizes(drain(outbox, 100.0)))
    assert SPARE - FIRST_MESSAGE <= caught_up <= SPARE, "the pace of an hour is not saved up"
    assert 100.0 < outbox.next_at <= 100.0 + 0.1 / 4


def test_commands_keep_their_place_and_wait_for_nothing() -> None:
    outbox = outbox_with(1, pace=4)
    outbox.add(EndUtterance(8000))
    outbox.add(Send(16_000, 16_160))
    messages: list[Release] = []
    now = 0.0
    ledger = ledger_of(outbox)
    for _ in range(100):
        ledger.push(frame(ledger.end))
    while outbox.left():
        messages += drain(outbox, now, ending=True)
        now = outbox.next_at
    assert messages[-2:] == [EndUtterance(8000), Send(16_000, 16_160)]
    assert outbox.lane(8000, stop=True) == 8000, "where something ends, before the jump"
    assert outbox.lane(8000) == 16_000, "where something starts, after it"
    assert outbox.lane(8010) == 16_010


def test_a_replay_leaves_out_the_ends_of_utterances_that_are_settled() -> None:
    outbox = outbox_with(0.5)
    outbox.add(EndUtterance(4000))
    ledger = ledger_of(outbox)
    release(outbox, ledger, 0.5)
    outbox.add(EndUtterance(8000))
    drain(outbox)
    outbox.restart(4000, 0.0)
    assert drain(outbox)[-1] == EndUtterance(8000)
    outbox.restart(4000, 0.0)
    assert EndUtterance(4000) not in drain(outbox)
    outbox.restart(3999, 0.0)
    assert EndUtterance(4000) in drain(outbox)


def test_the_plan_does_not_grow_with_what_is_settled() -> None:
    outbox = outbox_with(0.1)
    ledger = ledger_of(outbox)
    for _ in range(500):
        release(outbox, ledger, 0.1)
        outbox.add(EndUtterance(ledger.end))
        drain(outbox)
        ledger.settle(ledger.end)
    assert len(outbox._plan) < 10
    assert not outbox.left()


def test_sound_that_was_lost_is_not_sent() -> None:
    outbox = outbox_with(1)
    ledger = ledger_of(outbox)
    outbox.take(0.0, ending=False)
    outbox.restart(0, 0.0)
    release(outbox, ledger, 10)
    ledger.lose(8 * RATE, LossReason.OUTAGE)
    (first, *_) = outbox.take(0.0, ending=False)
    assert isinstance(first, Send)
    assert first.start == ledger.first > 5 * RATE
    assert outbox.lane(0) == first.start


def test_positions_beyond_what_was_sent_are_clamped() -> None:
    outbox = outbox_with(1)
    assert outbox.lane(10**9) == 0, "nothing is sent yet"
    drain(outbox)
    assert outbox.lane(-5) == 0
    assert outbox.lane(10**9) == outbox.lane(10**9, stop=True) == 8000
    assert outbox.lane(0, stop=True) == 0


@given(st.lists(st.tuples(st.integers(1, 30), st.integers(0, 30)), min_size=1, max_size=12), st.integers(1, 5))
def test_what_is_released_is_sent_once_in_order_and_found_again(stretches: list[tuple[int, int]], chunks: int) -> None:
    ledger = Ledger(90 * RATE)
    outbox = Outbox(ledger, chunk=chunks * FRAME, pace=math.inf)
    outbox.restart(0, 0.0)
    released: list[int] = []
    messages: list[Release] = []
    for frames, left_out in stretches:
        for number in range(frames + left_out):
            ledger.push(frame(ledger.end))
            if number < frames:
                outbox.add(Send(ledger.end - FRAME, ledger.end))
                released += range(ledger.end - FRAME, ledger.end)
        messages += drain(outbox)
    messages += drain(outbox, ending=True)
    sent = [position for each in messages if isinstance(each, Send) for position in range(each.start, each.stop)]
    assert sent == released
    assert [outbox.lane(number) for number in range(len(sent))] == sent
    assert [outbox.lane(number + 1, stop=True) for number in range(len(sent))] == (np.array(sent) + 1).tolist()


# ---------------------------------------------------------------- what is held back, and silence


def hold(outbox: Outbox, seconds: float) -> None:
    """Release sound that was held, and its end."""
    ledger = ledger_of(outbox)
    start = ledger.end
    for _ in range(round(seconds * RATE / FRAME)):
        ledger.push(frame(ledger.end, 5))
    outbox.add(Send(start, ledger.end, held=True))
    outbox.add(EndUtterance(ledger.end))


def test_what_was_held_leaves_as_fast_as_the_socket_takes_it() -> None:
    outbox = outbox_with(0.1, pace=4)
    drain(outbox)
    hold(outbox, 10)
    assert sum(sizes(drain(outbox, 5.0))) == 10 * RATE
    release(outbox, ledger_of(outbox), 0.5)
    assert sum(sizes(drain(outbox, 5.0))) > 0, "and it is not charged for"


def test_what_was_held_leaves_in_few_messages_and_a_backlog_in_shorter_ones() -> None:
    outbox = outbox_with(0.0, pace=4)
    hold(outbox, 2)
    assert sizes(drain(outbox, 5.0)) == [FIRST_MESSAGE, HELD_MESSAGE, HELD_MESSAGE, HELD_MESSAGE, 3200]
    outbox.restart(0, 5.0, broken=True)
    assert max(sizes(drain(outbox, 5.0))) == FIRST_MESSAGE


def test_after_a_break_what_was_held_is_a_backlog_like_any_other() -> None:
    outbox = outbox_with(0.0, pace=4)
    hold(outbox, 10)
    outbox.restart(0, 5.0, broken=True)
    assert sum(sizes(drain(outbox, 5.0))) <= RATE
    hold(outbox, 1)
    now = 5.0
    while outbox.left():
        now = max(now, outbox.next_at)
        drain(outbox, now)
    assert now == pytest.approx(5.0 + (10 * RATE - FIRST_MESSAGE) / (4 * RATE), abs=0.03)


def test_what_was_held_for_its_first_connection_is_no_backlog() -> None:
    outbox = outbox_with(0.0, pace=4)
    hold(outbox, 10)
    outbox.restart(0, 5.0)
    assert sum(sizes(drain(outbox, 5.0))) == 10 * RATE


def test_messages_are_taken_up_to_the_end_of_one_utterance() -> None:
    outbox = outbox_with(0.0)
    hold(outbox, 0.2)
    hold(outbox, 0.2)
    assert outbox.take(0.0, ending=False)[-1] == EndUtterance(1600)
    assert outbox.take(0.0, ending=False)[-1] == EndUtterance(3200)
    assert outbox.take(0.0, ending=False) == []


def test_silence_that_is_sent_belongs_to_no_sound_of_the_lane() -> None:
    outbox = outbox_with(0.5)
    outbox.add(Silence(4000, 800))
    ledger = ledger_of(outbox)
    for _ in range(25):
        ledger.push(frame(ledger.end))  # withheld
    release(outbox, ledger, 0.5)
    assert drain(outbox, ending=True)[5:6] == [Silence(4000, 800)]
    assert (outbox.lane(3999), outbox.lane(4000, stop=True)) == (3999, 4000)
    assert [outbox.lane(number, stop=True) for number in (4001, 4400, 4800)] == [4000] * 3, "nothing stops later in it"
    assert [outbox.lane(number) for number in (4000, 4400, 4800)] == [8000] * 3, "what starts in it starts after it"
    assert (outbox.lane(4801), outbox.lane(8800, stop=True)) == (8001, 12_000)


def test_silence_before_sound_that_follows_at_once_moves_nothing_after_it() -> None:
    outbox = outbox_with(0.1)
    outbox.add(Silence(800, 800))
    release(outbox, ledger_of(outbox), 0.1)
    drain(outbox, ending=True)
    assert (outbox.lane(1600), outbox.lane(1700)) == (800, 900)


def test_silence_has_no_place_on_the_next_connection() -> None:
    outbox = outbox_with(0.1)
    outbox.add(Silence(800, 800))
    outbox.restart(0, 0.0)
    assert drain(outbox) == [Send(0, 800)]
    outbox.add(Silence(800, 800))
    assert outbox.lane(10**6) == 800
    assert drain(outbox) == [Silence(800, 800)]


def test_a_night_of_signs_of_life_is_not_remembered() -> None:
    outbox = outbox_with(1.0)
    drain(outbox)
    for _ in range(4000):
        outbox.add(Silence(RATE, 800))
        assert drain(outbox) == [Silence(RATE, 800)]
    assert len(outbox._plan) == 1, "what was said, which nobody has settled"
    assert len(outbox._pieces) <= 2 * PIECES + 1
    release(outbox, ledger_of(outbox), 0.5)
    assert sum(sizes(drain(outbox))) == RATE // 2
    assert outbox.lane(RATE + 4000 * 800 + 8) == RATE + 8, "and is placed rightly"
    outbox.restart(0, 0.0)
    assert sum(sizes(drain(outbox))) == RATE * 3 // 2


def test_an_end_that_an_earlier_connection_has_settled_is_not_told_again() -> None:
    outbox = outbox_with(0.0)
    hold(outbox, 0.5)
    drain(outbox)
    ledger_of(outbox).settle(4000)
    hold(outbox, 0.5)
    outbox.restart(4000 - 1600, 0.0)
    assert [each for each in drain(outbox) if isinstance(each, EndUtterance)] == [EndUtterance(8000)]


def test_what_waits_is_what_was_released_and_is_not_with_the_socket() -> None:
    outbox = outbox_with(0.0)
    ledger = ledger_of(outbox)
    hold(outbox, 0.5)
    for _ in range(50):
        ledger.push(frame(ledger.end))  # withheld
    hold(outbox, 0.4)
    assert (outbox.waiting, bool(outbox.unsettled)) == (7200, True)
    outbox.take(0.0, ending=False)
    assert outbox.waiting == 7200, "under way"
    outbox.wrote(4000)
    assert outbox.waiting == 3200
    drain(outbox)
    assert (outbox.waiting, bool(outbox.unsettled)) == (0, True)
    ledger.settle(ledger.end)
    assert not outbox.unsettled


def test_in_a_call_of_many_hours_old_pieces_are_forgotten() -> None:
    ledger = Ledger(90 * RATE)
    outbox = Outbox(ledger, chunk=FRAME, pace=math.inf)
    outbox.restart(0, 0.0)
    sent = 0
    for _ in range(5000):
        at = ledger.end
        for _ in range(5):
            ledger.push(frame(ledger.end, 5))
        ledger.push(frame(ledger.end, 0))
        outbox.add(Send(at, at + 5 * FRAME))
        ledger.withhold(at + 5 * FRAME, at + 6 * FRAME)
        drain(outbox, ending=True)
        sent += 5 * FRAME
        ledger.settle(at)
    assert len(outbox._pieces) <= 2001
    assert outbox.lane(sent - 5 * FRAME) == ledger.end - 6 * FRAME
    assert outbox.lane(sent, stop=True) == ledger.end - FRAME
