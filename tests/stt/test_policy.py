"""How soon something is tried again."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from captioner.errors import Fault, FaultKind
from captioner.stt.policy import FATAL, HOPELESS_AT_FIRST, SIGNALS, Retries

NETWORK = [FaultKind.UNREACHABLE, FaultKind.BROKEN, FaultKind.PROXY, FaultKind.SERVICE_ERROR]


def delays(kind: FaultKind, failures: int, *, first: bool, n: int = 2000) -> list[float]:
    """The delay after so many failures of this kind, of `n` sessions."""
    random, last = Random(5), list[float]()
    for _ in range(n):
        retries = Retries(random)
        last.append([retries.after(Fault(kind), first=first) for _ in range(failures)][-1])
    return last


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("kind", NETWORK)
@pytest.mark.parametrize(("failures", "longest"), [(1, 0.3), (2, 0.5), (3, 1.0), (4, 2.0), (5, 2.0), (30, 2.0)])
def test_a_break_of_the_network_is_tried_again_soon(
    kind: FaultKind, failures: int, longest: float, first: bool
) -> None:
    seen = delays(kind, failures, first=first)
    assert min(seen) >= 0
    assert 0.98 * longest < max(seen) <= longest


@pytest.mark.parametrize(("took", "longest"), [(0.0, 2.0), (1.9, 2.0), (2.0, 0.3), (10.0, 0.3)])
def test_an_attempt_to_which_nobody_answered_was_a_pause_itself(took: float, longest: float) -> None:
    retries, fault = Retries(Random(6)), Fault(FaultKind.UNREACHABLE)
    seen = [retries.after(fault, first=False, took=took) for _ in range(2000)]
    assert 0.98 * longest < max(seen) <= longest
    signal = [Retries(Random(seed)).after(Fault(FaultKind.SERVICE_DOWN), first=False, took=took) for seed in range(99)]
    assert max(signal) > 14.0, "but a service that asks for patience gets it"


def test_a_night_of_failures_breaks_no_arithmetic() -> None:
    retries = Retries(Random(1))
    assert all(0 <= retries.after(Fault(FaultKind.UNREACHABLE), first=False) <= 2 for _ in range(50_000))


@pytest.mark.parametrize("kind", sorted(SIGNALS))
def test_after_a_signal_of_the_service_the_first_attempts_are_spread_over_fifteen_seconds(kind: FaultKind) -> None:
    seen = delays(kind, 1, first=False)
    assert 0 <= min(seen) < 0.1
    assert 14.9 < max(seen) <= 15.0
    assert sum(seen) / len(seen) == pytest.approx(7.5, rel=0.05), "uniform, not bunched"


@pytest.mark.parametrize("kind", sorted(SIGNALS))
@pytest.mark.parametrize("failures", [2, 3, 9])
def test_after_further_signals_nobody_waits_for_longer_than_thirty_seconds(kind: FaultKind, failures: int) -> None:
    seen = delays(kind, failures, first=False)
    assert min(seen) >= 0
    assert 29.0 < max(seen) <= 30.0
    assert 10 < sum(seen) / len(seen) < 23


def test_nobody_comes_twice_while_others_have_not_come_once() -> None:
    for seed in range(500):
        retries = Retries(Random(seed))
        moment = retries.after(Fault(FaultKind.SERVICE_DOWN), first=False)
        assert moment + retries.after(Fault(FaultKind.SERVICE_DOWN), first=False) >= 15.0


@pytest.mark.parametrize("kind", sorted(SIGNALS))
def test_before_the_first_connection_a_signal_is_tried_again_within_five_seconds(kind: FaultKind) -> None:
    for failures in (1, 2, 9):
        assert 4.9 < max(delays(kind, failures, first=True)) <= 5.0


def test_once_in_an_outage_an_attempt_comes_before_what_was_said_is_lost() -> None:
    for seed in range(200):
        retries = Retries(Random(seed))
        down = Fault(FaultKind.SERVICE_DOWN)
        retries.after(down, first=False)
        free = Retries(Random(seed))
        free.after(down, first=False)
        delay, anyway = retries.after(down, first=False, room=12.0), free.after(down, first=False)
        assert delay <= 10.0, "two seconds before"
        assert delay == anyway or anyway > 10.0, "but no sooner than it has to be"
        assert max(retries.after(down, first=False, room=3.0) for _ in range(9)) > 10.0, "once"


def failed(retries: Retries) -> bool:
    return retries.failed


def test_what_was_healthy_makes_the_next_failure_the_first() -> None:
    retries = Retries(Random(2))
    assert failed(retries) is False
    for _ in range(9):
        retries.after(Fault(FaultKind.SERVICE_DOWN), first=False)
        retries.after(Fault(FaultKind.BROKEN), first=False)
    assert failed(retries)
    retries.forget()
    assert not failed(retries)
    assert retries.after(Fault(FaultKind.BROKEN), first=False) <= 0.3
    assert retries.after(Fault(FaultKind.SERVICE_DOWN), first=False) <= 15.0


def test_a_break_just_before_a_signal_takes_nobody_out_of_turn() -> None:
    for seed in range(200):
        retries = Retries(Random(seed))
        retries.after(Fault(FaultKind.BROKEN), first=False)
        assert retries.after(Fault(FaultKind.SERVICE_DOWN), first=False) <= 15.0


@given(
    st.lists(st.sampled_from(sorted(FaultKind)), min_size=1, max_size=40),
    st.booleans(),
    st.floats(-10, 300),
    st.integers(),
)
def test_no_sequence_of_failures_breaks_the_arithmetic(
    kinds: list[FaultKind], first: bool, room: float, seed: int
) -> None:
    retries = Retries(Random(seed))
    assert all(0.0 <= retries.after(Fault(kind), first=first, room=room) <= 30.0 for kind in kinds)


def test_the_sets_of_faults_do_not_overlap() -> None:
    assert not FATAL & SIGNALS
    assert not FATAL & HOPELESS_AT_FIRST
    assert not SIGNALS & HOPELESS_AT_FIRST
