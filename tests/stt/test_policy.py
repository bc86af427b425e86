"""How soon something is tried again."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from captioner.errors import Fault, FaultKind
from captioner.stt.policy import FATAL, HOPELESS_AT_FIRST, SIGNALS, retry_delay

NETWORK = [FaultKind.UNREACHABLE, FaultKind.BROKEN, FaultKind.PROXY, FaultKind.SERVICE_ERROR]


def delays(kind: FaultKind, failures: int, *, first: bool, n: int = 2000) -> list[float]:
    random = Random(5)
    return [retry_delay(random, Fault(kind), failures, first=first) for _ in range(n)]


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("kind", NETWORK)
@pytest.mark.parametrize(("failures", "longest"), [(1, 0.3), (2, 0.5), (3, 1.0), (4, 2.0), (5, 2.0), (50_000, 2.0)])
def test_a_break_of_the_network_is_tried_again_soon(
    kind: FaultKind, failures: int, longest: float, first: bool
) -> None:
    seen = delays(kind, failures, first=first)
    assert min(seen) >= 0
    assert 0.98 * longest < max(seen) <= longest


@pytest.mark.parametrize("kind", sorted(SIGNALS))
@pytest.mark.parametrize(("failures", "longest"), [(1, 15.0), (2, 30.0), (3, 30.0), (50_000, 30.0)])
def test_a_signal_of_the_service_spreads_five_hundred_desks_over_time(
    kind: FaultKind, failures: int, longest: float
) -> None:
    seen = delays(kind, failures, first=False)
    assert 0.98 * longest < max(seen) <= longest
    assert sum(seen) / len(seen) == pytest.approx(longest / 2, rel=0.05), "uniform, not bunched"


@pytest.mark.parametrize("kind", sorted(SIGNALS))
def test_before_the_first_connection_a_signal_is_tried_again_within_five_seconds(kind: FaultKind) -> None:
    for failures in (1, 2, 9):
        assert 4.9 < max(delays(kind, failures, first=True)) <= 5.0


@given(st.sampled_from(sorted(FaultKind)), st.integers(1, 10**7), st.booleans(), st.integers())
def test_no_number_of_failures_breaks_the_arithmetic(kind: FaultKind, failures: int, first: bool, seed: int) -> None:
    assert 0 <= retry_delay(Random(seed), Fault(kind), failures, first=first) <= 30.0


def test_the_sets_of_faults_do_not_overlap() -> None:
    assert not FATAL & SIGNALS
    assert not FATAL & HOPELESS_AT_FIRST
    assert not SIGNALS & HOPELESS_AT_FIRST
