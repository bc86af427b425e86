"""Where the time went: the capture clock, the steps, and stages that add up."""

import math
from dataclasses import astuple
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from captioner.events import RATE, Stages
from captioner.latency.trace import CaptureClock, Steps, Trace

# ---------------------------------------------------------------- the clock


def test_before_any_sound_nothing_was_captured() -> None:
    assert CaptureClock().origin is None
    assert Trace(RATE).captured(5) is None
    assert Trace(RATE).stages(5, 1.0, None) is None


def test_the_least_delayed_block_tells_when_sound_was_captured() -> None:
    clock = CaptureClock()
    random = Random(1)
    for number in range(1, 500):
        delay = 0.001 if number == 250 else random.uniform(0.002, 0.08)
        clock.stamp(number * 0.02, 50.0 + number * 0.02 + delay)
    assert clock.origin == pytest.approx(50.001)


def test_a_late_start_is_corrected_as_soon_as_a_block_comes_in_time() -> None:
    clock = CaptureClock()
    clock.stamp(0.02, 10.6)  # some drivers deliver their first blocks half a second late
    assert clock.origin == pytest.approx(10.58)
    clock.stamp(0.04, 10.06)
    assert clock.origin == pytest.approx(10.02)


@pytest.mark.parametrize("ppm", [-100, 100])
def test_the_clock_follows_the_drift_of_a_sound_card_for_a_whole_shift(ppm: int) -> None:
    clock = CaptureClock()
    random = Random(2)
    for number in range(1, 8 * 3600 * 5):  # blocks of 200 ms
        seconds = number * 0.2
        true = 7.0 + seconds * (1 + ppm * 1e-6)
        clock.stamp(seconds, true + random.uniform(0.0, 0.02))
        if number % 5000 == 0:
            assert clock.origin is not None
            captured = clock.origin + seconds
            assert -0.0015 <= captured - true <= 0.004, "ten seconds of 100 ppm are a millisecond"


def test_a_delay_that_grew_is_believed_after_ten_seconds() -> None:
    clock = CaptureClock()
    for number in range(1, 2000):
        clock.stamp(number * 0.02, number * 0.02 + (0.0 if number < 500 else 0.03))
        if number == 900:
            assert clock.origin == pytest.approx(0.0)
    assert clock.origin == pytest.approx(0.03)


# ---------------------------------------------------------------- steps


def test_a_step_says_when_everything_before_a_position_had_passed() -> None:
    steps = Steps(10**9)
    for position, at in [(0, 1.0), (160, 2.0), (320, 3.0)]:
        steps.stamp(position, at)
    assert [steps.passed(position) for position in (-20, 0, 1, 160, 161, 320, 321)] == [1, 1, 2, 2, 3, 3, None]


def test_a_position_that_passes_again_keeps_its_first_time() -> None:
    steps = Steps(10**9)
    steps.stamp(160, 1.0)
    steps.stamp(160, 2.0)
    steps.stamp(100, 3.0)
    assert (steps.passed(160), steps.passed(161)) == (1.0, None)


def test_only_the_last_samples_are_remembered() -> None:
    steps = Steps(1600)
    for number in range(1, 60_000):
        steps.stamp(number * 160, float(number))
    newest = 59_999
    assert steps.passed(newest * 160) == newest
    assert steps.passed(newest * 160 - 1500) == newest - 9
    assert steps.passed(newest * 160 - 1800) is None
    assert steps.passed(0) is None
    assert len(steps._positions) == len(steps._times) < 4200, "memory does not grow"


def test_after_a_leap_no_more_is_remembered_than_before_it() -> None:
    steps = Steps(1600)
    for number in range(1, 11):
        steps.stamp(number * 160, 1.0)
    steps.stamp(10**6, 2.0)
    assert steps.passed(1600) is None
    assert steps.passed(10**6) is None, "the step may have begun in what is forgotten"
    steps.stamp(10**6 + 160, 3.0)
    assert steps.passed(10**6 + 1) == 3.0


# ---------------------------------------------------------------- stages


def trace_with(**times: float) -> Trace:
    """A trace of one second of sound whose last sample passed the stages at the given times."""
    trace = Trace(90 * RATE)
    trace.clock.stamp(1.0, times.get("captured", 1.0))
    trace.connection(times.get("asked", 0.0), times.get("granted", 0.0), times.get("opened", 0.0))
    for name in ("arrived", "framed", "released", "written"):
        getattr(trace, name).stamp(RATE, times[name])
    return trace


def stages_of(trace: Trace, heard: float, painted: float | None = None) -> Stages:
    stages = trace.stages(RATE, heard, painted)
    assert stages is not None
    return stages


def test_each_stage_is_the_time_between_two_stamps() -> None:
    trace = trace_with(captured=1.0, arrived=1.01, framed=1.03, released=1.07, written=1.15)
    assert astuple(stages_of(trace, 1.5, 1.516)) == pytest.approx((0.01, 0.02, 0.04, 0, 0, 0.08, 0.35, 0.016, 0.516))
    assert stages_of(trace, 1.5).render is None
    assert stages_of(trace, 1.5).total == pytest.approx(0.5)


def test_waiting_for_token_and_connection_has_stages_of_its_own() -> None:
    trace = trace_with(arrived=1, framed=1, released=1, asked=0.9, granted=1.12, opened=1.2, written=1.25)
    stages = stages_of(trace, 2.0)
    assert (stages.token, stages.connect, stages.queue) == pytest.approx((0.12, 0.08, 0.05))


def test_an_outage_counts_as_connecting_but_for_the_token() -> None:
    trace = trace_with(arrived=1, framed=1, released=1, asked=31, granted=31.5, opened=32, written=32.2)
    stages = stages_of(trace, 33)
    assert (stages.token, stages.connect, stages.queue) == pytest.approx((0.5, 30.5, 0.2))


def test_waiting_for_other_sound_is_waiting_in_the_queue() -> None:
    trace = trace_with(arrived=1, framed=1, released=1, written=5.25)
    trace.connection(4.0, 4.5, 5.0, wanted=4.0)
    trace.written.stamp(RATE, 5.25)
    stages = stages_of(trace, 6)
    assert (stages.token, stages.connect, stages.queue) == pytest.approx((0.5, 0.5, 3.25))
    assert trace.behind(RATE) == pytest.approx(3.0), "of the queue; the rest is this computer's"
    assert trace.behind(2 * RATE) == 0, "not released yet"
    trace.connection(4.0, 4.5, 5.0, wanted=0.5)
    assert trace.behind(RATE) == 0, "nothing stood in its way"


def test_a_connection_that_stood_before_the_sound_costs_it_nothing() -> None:
    trace = trace_with(arrived=1, framed=1, released=1, asked=0.1, granted=0.2, opened=0.3, written=1.1)
    stages = stages_of(trace, 2)
    assert (stages.token, stages.connect) == (0, 0)


def test_sound_replayed_on_a_new_connection_is_stamped_afresh() -> None:
    trace = trace_with(arrived=1, framed=1, released=1, written=1.1)
    trace.connection(5.0, 5.1, 5.2)
    assert trace.stages(RATE, 6.0, None) is None, "not written yet"
    trace.written.stamp(RATE, 5.3)
    stages = stages_of(trace, 6.0)
    assert (stages.connect + stages.token, stages.queue) == pytest.approx((4.2, 0.1))


def test_more_can_be_remembered_from_now_on() -> None:
    trace = Trace(RATE)
    trace.remember(100 * RATE)
    trace.clock.stamp(0.0, 0.0)
    trace.connection(0, 0, 0)
    for second in range(1, 60):
        for each in (trace.arrived, trace.framed, trace.released, trace.written):
            each.stamp(second * RATE, float(second))
    assert trace.stages(2 * RATE, 70.0, None) is not None


TIMES = st.floats(0, 100, allow_nan=False)


@given(*[TIMES] * 10, st.none() | TIMES)
def test_no_stage_is_negative_and_they_add_up_whatever_the_stamps(
    captured: float,
    arrived: float,
    framed: float,
    released: float,
    asked: float,
    granted: float,
    opened: float,
    written: float,
    heard: float,
    offset: float,
    painted: float | None,
) -> None:
    trace = trace_with(
        captured=captured + 1,
        arrived=arrived,
        framed=framed,
        released=released,
        asked=min(asked, granted, opened),
        granted=min(granted, opened),
        opened=opened,
        written=written,
    )
    stages = stages_of(trace, heard, None if painted is None else painted + offset)
    *parts, total = astuple(stages)
    assert all(part is None or part >= 0 for part in parts)
    assert math.isclose(sum(part for part in parts if part is not None), total, abs_tol=1e-9)
    when = trace.captured(RATE)
    assert when is not None
    seen = heard if painted is None else max(heard, painted + offset)
    assert total == max(0.0, seen - when)
