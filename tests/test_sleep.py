from captioner.sleep import SLEPT, slept


def test_a_computer_that_does_not_sleep_has_slept_no_longer_a_moment_later() -> None:
    before = slept()
    moments = [slept() for _ in range(1000)]
    assert before >= -SLEPT
    assert max(abs(each - before) for each in moments) < SLEPT / 10
