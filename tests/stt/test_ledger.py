"""The ledger: every captured sample is recognised, held or lost, whatever happens."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from captioner.errors import Misuse
from captioner.events import FRAME, RATE, Frame, LossReason
from captioner.stt.ledger import REPLAY_MARGIN, Ledger, Loss
from tests.helpers.lane import frame

OUTAGE, OVERFLOW, DEVICE = LossReason.OUTAGE, LossReason.OVERFLOW, LossReason.DEVICE


def ledger_with(frames: int, *, capacity: int = 90 * RATE, start: int = 0) -> Ledger:
    ledger = Ledger(capacity)
    for number in range(frames):
        ledger.push(frame(start + number * FRAME, number % 1000))
    return ledger


def account(ledger: Ledger) -> tuple[int, int, int]:
    return ledger.recognised, ledger.held, ledger.lost


def test_an_empty_ledger_has_nothing() -> None:
    ledger = Ledger(RATE)
    assert (ledger.captured, ledger.end, ledger.first, ledger.settled) == (0, 0, 0, 0)
    assert account(ledger) == (0, 0, 0)
    assert ledger.take_losses() == []


def test_what_is_pushed_is_held_until_it_is_settled() -> None:
    ledger = ledger_with(10)
    assert account(ledger) == (0, 1600, 0)
    ledger.settle(500)
    assert account(ledger) == (500, 1100, 0)
    ledger.settle(400)  # never back
    assert ledger.settled == 500
    ledger.settle(10**9)  # never beyond what was captured
    assert account(ledger) == (1600, 0, 0)


def test_the_first_frame_may_start_before_zero_and_does_not_count_there() -> None:
    ledger = ledger_with(1, start=-20)
    assert (ledger.first, ledger.end, ledger.captured) == (-20, 140, 140)
    assert len(ledger.read(-20, 140)) == 320
    negative = Ledger(RATE)
    negative.push(Frame(-20, np.zeros(10, np.int16)))
    assert (negative.end, negative.captured) == (-10, 0)


def test_a_frame_that_does_not_follow_the_last_one_is_misuse() -> None:
    ledger = ledger_with(1)
    with pytest.raises(Misuse, match="frame at 320 after sound up to 160"):
        ledger.push(frame(320))


def test_sound_is_read_back_as_little_endian_int16() -> None:
    ledger = ledger_with(3)
    assert np.frombuffer(ledger.read(159, 161), "<i2").tolist() == [0, 1]
    assert ledger.read(200, 200) == b""
    for start, stop in [(-1, 10), (0, 481), (20, 10)]:
        with pytest.raises(Misuse):
            ledger.read(start, stop)


def test_settled_sound_is_forgotten_but_for_the_margin_of_a_replay() -> None:
    ledger = ledger_with(500)
    ledger.settle(50_001)
    assert 50_001 - REPLAY_MARGIN - FRAME - RATE < ledger.first <= 50_001 - REPLAY_MARGIN - FRAME
    assert ledger.first % FRAME == 0
    assert len(ledger.read(ledger.first, 80_000)) == 2 * (80_000 - ledger.first)


def test_what_does_not_fit_is_lost_oldest_first() -> None:
    ledger = ledger_with(150, capacity=100 * FRAME)
    assert account(ledger) == (0, 100 * FRAME, 50 * FRAME)
    assert ledger.take_losses() == [Loss(0, 50 * FRAME, OUTAGE)]
    assert ledger.take_losses() == []


def test_what_the_service_has_takes_no_room_while_its_connection_stands() -> None:
    ledger = ledger_with(100, capacity=100 * FRAME)
    ledger.deliver(60 * FRAME)
    for number in range(100, 150):
        ledger.push(frame(number * FRAME))
    assert ledger.lost == 0
    ledger.deliver(0)
    ledger.push(frame(150 * FRAME))
    assert account(ledger) == (0, 100 * FRAME, 51 * FRAME)


def test_what_the_service_has_takes_room_where_it_is_more_than_the_capacity() -> None:
    ledger = Ledger(10 * FRAME)
    for number in range(30):
        ledger.push(frame(number * FRAME))
        ledger.deliver((number + 1) * FRAME)
    assert account(ledger) == (0, 20 * FRAME, 10 * FRAME)


def test_losing_takes_everything_not_settled_and_reports_it_once() -> None:
    ledger = ledger_with(10)
    ledger.settle(300)
    ledger.lose(1000, OUTAGE)
    ledger.lose(900, OUTAGE)
    ledger.lose(10**9, LossReason.UNFINISHED)
    assert account(ledger) == (300, 0, 1300)
    assert ledger.take_losses() == [Loss(300, 1000, OUTAGE), Loss(1000, 1600, LossReason.UNFINISHED)]


def test_adjacent_losses_of_one_reason_are_one_loss() -> None:
    ledger = ledger_with(10)
    ledger.lose(300, OUTAGE)
    ledger.lose(500, OUTAGE)
    assert ledger.take_losses() == [Loss(0, 500, OUTAGE)]


def test_what_the_source_lost_is_lost_at_once_and_never_recognised() -> None:
    ledger = ledger_with(10)
    ledger.lose_at_source(320, 480, OVERFLOW)
    assert account(ledger) == (0, 1440, 160)
    ledger.settle(400)
    assert account(ledger) == (320, 1120, 160)
    ledger.settle(1600)
    assert account(ledger) == (1440, 0, 160)
    assert ledger.take_losses() == [Loss(320, 480, OVERFLOW)]


def test_a_loss_at_the_source_ahead_of_the_last_frame_counts_as_it_is_captured() -> None:
    ledger = ledger_with(2)
    ledger.lose_at_source(300, 400, OVERFLOW)
    assert account(ledger) == (0, 300, 20)
    ledger.push(frame(320))
    assert account(ledger) == (0, 380, 100)
    ledger.lose_at_source(100, 50, OVERFLOW)  # nothing
    assert ledger.take_losses() == [Loss(300, 400, OVERFLOW)]


def test_what_the_source_lost_is_not_reported_again_when_its_surroundings_are_lost() -> None:
    ledger = ledger_with(10)
    ledger.lose_at_source(320, 480, OVERFLOW)
    ledger.lose_at_source(1500, 1600, OVERFLOW)
    ledger.take_losses()
    ledger.lose(1550, OUTAGE)
    assert ledger.take_losses() == [Loss(0, 320, OUTAGE), Loss(480, 1500, OUTAGE)]
    assert account(ledger) == (0, 0, 1600)


def test_a_long_hole_takes_no_room_and_no_sound_stands_in_it() -> None:
    ledger = ledger_with(50, capacity=100 * FRAME)
    ledger.skip(3600 * RATE, DEVICE)
    after = 50 * FRAME + 3600 * RATE
    for number in range(50):
        ledger.push(frame(after + number * FRAME, 7))
    assert account(ledger) == (0, 100 * FRAME, 3600 * RATE)
    assert ledger.first == 0
    with pytest.raises(Misuse):
        ledger.read(49 * FRAME, after + FRAME)
    assert np.frombuffer(ledger.read(after, after + 1), "<i2").tolist() == [7]
    ledger.push(frame(ledger.end))
    assert account(ledger) == (0, 100 * FRAME, 3600 * RATE + FRAME)
    ledger.settle(ledger.captured)
    assert ledger.first >= after
    assert [each.reason for each in ledger.take_losses()] == [DEVICE, OUTAGE]


def test_room_is_made_on_both_sides_of_a_hole() -> None:
    ledger = ledger_with(50, capacity=20 * FRAME)
    ledger.skip(10 * FRAME, DEVICE)
    for _ in range(30):
        ledger.push(frame(ledger.end))
    assert ledger.held == 20 * FRAME
    assert ledger.settled == 70 * FRAME
    assert ledger.lost == 60 * FRAME + 10 * FRAME


def test_a_smaller_capacity_takes_effect_with_the_next_frame() -> None:
    ledger = ledger_with(10)
    ledger.skip(10 * FRAME, DEVICE)
    for _ in range(30):
        ledger.push(frame(ledger.end))
    ledger.capacity = 20 * FRAME
    ledger.push(frame(ledger.end))
    assert account(ledger) == (0, 20 * FRAME, (10 + 10 + 11) * FRAME)


OPERATIONS = st.lists(
    st.one_of(
        st.tuples(st.just("push"), st.integers(1, 40)),
        st.tuples(st.just("settle"), st.integers(-100, 12_000)),
        st.tuples(st.just("lose"), st.integers(-100, 12_000)),
        st.tuples(st.just("deliver"), st.integers(0, 12_000)),
        st.tuples(st.just("source"), st.integers(1, 900)),
        st.tuples(st.just("skip"), st.integers(1, 40)),
        st.tuples(st.just("capacity"), st.integers(1, 50)),
    ),
    max_size=60,
)


@given(OPERATIONS, st.integers(1, 30), st.sampled_from([0, -20]))
def test_every_captured_sample_is_recognised_held_or_lost_whatever_happens(
    operations: list[tuple[str, int]], capacity: int, start: int
) -> None:
    ledger = Ledger(capacity * FRAME)
    ledger.push(frame(start))
    losses: list[Loss] = []
    pushed = [ledger.end]
    recognised = lost = 0
    ahead = 0  # what the source lost is told in order
    for what, number in operations:
        match what:
            case "push":
                for _ in range(number):
                    ledger.push(frame(ledger.end))
                    pushed.append(ledger.end)
                assert ledger.held <= 2 * ledger.capacity
            case "settle":
                ledger.settle(number)
            case "lose":
                ledger.lose(number, OUTAGE)
            case "deliver":
                ledger.deliver(number)
            case "source":
                begin = max(ahead, ledger.captured - 2 * FRAME)
                ahead = min(begin + number, ledger.captured + FRAME)
                ledger.lose_at_source(begin, ahead, OVERFLOW)
            case "skip":
                ahead = ledger.end + number * FRAME
                ledger.skip(number * FRAME, DEVICE)
            case _:
                ledger.capacity = number * FRAME
        losses += ledger.take_losses()
        assert ledger.captured == ledger.recognised + ledger.held + ledger.lost
        assert ledger.recognised >= recognised, "what is recognised stays so"
        assert ledger.lost >= lost, "what is lost stays lost"
        assert ledger.held >= 0
        recognised, lost = ledger.recognised, ledger.lost
        for position in pushed:
            if position > ledger.settled - REPLAY_MARGIN:
                assert len(ledger.read(position - FRAME, position)) == 2 * FRAME
        assert (ledger.first - start) % FRAME == 0
    spans = sorted((loss.start, loss.stop) for loss in losses)
    assert all(before[1] <= after[0] for before, after in itertools.pairwise(spans)), "told twice"
    assert sum(min(stop, ledger.captured) - min(begin, ledger.captured) for begin, stop in spans) == ledger.lost


# ---------------------------------------------------------------- what a mode withholds


def test_what_is_withheld_is_recognised_and_its_sound_is_not_kept() -> None:
    ledger = ledger_with(100)
    ledger.withhold(0, 50 * FRAME)
    assert account(ledger) == (50 * FRAME, 50 * FRAME, 0)
    assert (ledger.settled, ledger.first) == (50 * FRAME, 50 * FRAME)


def test_what_is_withheld_behind_sound_that_is_held_is_passed_when_that_is_settled() -> None:
    ledger = ledger_with(100)
    ledger.withhold(20 * FRAME, 50 * FRAME)
    ledger.withhold(50 * FRAME, 60 * FRAME)
    assert account(ledger) == (40 * FRAME, 60 * FRAME, 0)
    assert len(ledger.read(10 * FRAME, 20 * FRAME)) == len(ledger.read(60 * FRAME, 70 * FRAME)) == 20 * FRAME
    with pytest.raises(Misuse):
        ledger.read(10 * FRAME, 21 * FRAME)
    ledger.settle(19 * FRAME)
    assert (ledger.settled, ledger.held) == (19 * FRAME, 41 * FRAME)
    ledger.settle(20 * FRAME)
    assert ledger.settled == 60 * FRAME
    assert account(ledger) == (60 * FRAME, 40 * FRAME, 0)


def test_what_is_withheld_takes_no_room() -> None:
    ledger = ledger_with(10, capacity=RATE)
    at = ledger.end
    for _ in range(3600 * 50):  # an hour
        ledger.push(frame(ledger.end))
        ledger.withhold(at, ledger.end)
        at = ledger.end
    assert account(ledger) == (3600 * RATE, 10 * FRAME, 0)
    assert sum(len(each.pcm) for each in ledger._stretches) <= 2 * RATE
    assert len(ledger._withheld) == 1
    assert ledger.read(0, 10 * FRAME)


def test_what_does_not_fit_is_lost_but_not_the_silence_between() -> None:
    ledger = ledger_with(20, capacity=20 * FRAME)
    ledger.withhold(10 * FRAME, 20 * FRAME)
    for number in range(20, 35):
        ledger.push(frame(number * FRAME))
    assert account(ledger) == (10 * FRAME, 20 * FRAME, 5 * FRAME)
    assert ledger.take_losses() == [Loss(0, 5 * FRAME, OUTAGE)]


def test_what_is_withheld_before_a_hole_is_dropped_there() -> None:
    ledger = ledger_with(30)
    ledger.skip(50 * FRAME, DEVICE)
    ledger.push(frame(ledger.end))
    ledger.withhold(20 * FRAME, 30 * FRAME)
    assert sum(len(each.pcm) for each in ledger._stretches) == 2 * 21 * FRAME
    assert account(ledger) == (10 * FRAME, 21 * FRAME, 50 * FRAME)
    assert ledger.read(80 * FRAME, 81 * FRAME)


def test_what_is_lost_already_is_not_withheld() -> None:
    ledger = ledger_with(30)
    ledger.lose(20 * FRAME, OUTAGE)
    ledger.withhold(10 * FRAME, 15 * FRAME)
    assert account(ledger) == (0, 10 * FRAME, 20 * FRAME)
    ledger.withhold(15 * FRAME, 25 * FRAME)
    assert account(ledger) == (5 * FRAME, 5 * FRAME, 20 * FRAME)


def test_silence_between_is_not_lost_with_the_sound_around_it() -> None:
    ledger = ledger_with(30)
    ledger.withhold(10 * FRAME, 20 * FRAME)
    ledger.lose(25 * FRAME, OUTAGE)
    assert account(ledger) == (10 * FRAME, 5 * FRAME, 15 * FRAME)
    assert ledger.take_losses() == [Loss(0, 10 * FRAME, OUTAGE), Loss(20 * FRAME, 25 * FRAME, OUTAGE)]


def test_what_the_source_lost_stays_lost_though_silence_in_its_place_is_withheld() -> None:
    ledger = ledger_with(30)
    ledger.lose_at_source(12 * FRAME, 14 * FRAME, OVERFLOW)
    ledger.withhold(10 * FRAME, 20 * FRAME)
    assert account(ledger) == (8 * FRAME, 20 * FRAME, 2 * FRAME)
    ledger.settle(10 * FRAME)
    assert account(ledger) == (18 * FRAME, 10 * FRAME, 2 * FRAME)


@given(
    st.lists(st.tuples(st.sampled_from(["push", "withhold", "settle", "lose", "source"]), st.integers(1, 60))),
    st.integers(5, 40),
)
def test_the_account_balances_whatever_is_withheld(steps: list[tuple[str, int]], capacity: int) -> None:
    ledger = Ledger(capacity * FRAME)
    decided, lost, told = 0, 0, 0
    for step, number in [("push", 3), *steps]:
        match step:
            case "push":
                for _ in range(number):
                    ledger.push(frame(ledger.end))
            case "withhold":
                start = min(max(decided, ledger.end - number * FRAME), ledger.end)
                decided = min(start + number * FRAME // 2 // FRAME * FRAME, ledger.end)
                if start < decided:
                    ledger.withhold(start, decided)
            case "settle":
                ledger.settle(min(number * FRAME, ledger.captured))
            case "lose":
                ledger.lose(number * FRAME, OUTAGE)
            case _:
                ledger.lose_at_source(max(0, ledger.captured - number * 10), ledger.captured, OVERFLOW)
        told += sum(loss.stop - loss.start for loss in ledger.take_losses())
        assert ledger.captured == ledger.recognised + ledger.held + ledger.lost
        assert ledger.held >= 0
        assert ledger.lost == told, "every loss is told, and told once"
        assert ledger.lost >= lost
        lost = ledger.lost
    ledger.settle(ledger.captured)
    assert (ledger.held, ledger.lost) == (0, lost)


def test_what_is_still_kept_is_given_without_its_holes() -> None:
    ledger = ledger_with(10)
    ledger.withhold(3 * FRAME, 5 * FRAME)
    kept = np.frombuffer(ledger.kept(FRAME, 7 * FRAME), "<i2")
    assert kept[::FRAME].tolist() == [1, 2, 5, 6]
    assert ledger.kept(3 * FRAME, 5 * FRAME) == ledger.kept(-FRAME, 0) == ledger.kept(99 * FRAME, 100 * FRAME) == b""
