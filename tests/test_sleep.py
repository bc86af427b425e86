import pytest

from captioner.sleep import SLEPT, STOOD_STILL, Lived, slept


def test_a_computer_that_does_not_sleep_has_slept_no_longer_a_moment_later() -> None:
    before = slept()
    moments = [slept() for _ in range(1000)]
    assert before >= -SLEPT
    assert max(abs(each - before) for each in moments) < SLEPT / 10


def test_what_a_process_was_stopped_for_it_did_not_live_through() -> None:
    at = [100.0]
    lived = Lived(lambda: at[0])
    began = lived()
    for seconds, passes in (
        (0.02, 0.02),
        (STOOD_STILL - 0.01, STOOD_STILL - 0.01),
        (150.0, 0.0),
        (1.0, 1.0),
        (3600.0, 0.0),
    ):
        before = lived()
        at[0] += seconds
        assert lived() - before == pytest.approx(passes)
    assert lived() - began == pytest.approx(1.02 + STOOD_STILL - 0.01)
