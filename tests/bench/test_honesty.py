"""The judge of the honesty benchmark, with journals whose truth is known."""

from __future__ import annotations

import pytest

from captioner.bench.honesty import errors_of
from captioner.compare.outcome import Recording, Way
from captioner.compare.ways import groups, offsets
from captioner.events import RATE
from tests.compare.made_up import heard, run, three_apart

LANE = Recording("three.wav", None, 20 * RATE, three_apart())
BEGAN = 1000.0
"""When the sound began, by the clock that all processes share."""


def journal(way: Way, *finals: tuple[int, float, float]) -> list[dict[str, object]]:
    """One connection, which heard all sound as it was spoken where the way does not wait.

    Args:
        way: whose it is.
        finals: the last word, and when its sound was there and its text was given, in seconds of the lane.
    """
    began = BEGAN + next(offsets(group)[way] for group in groups(tuple(Way)) if way in group)
    return [
        {
            "opened": began,
            "lead": began + (2.0 if way.waits else 0.0),
            "finals": [
                {"first": last, "last": last, "heard": began + there, "ended": 0, "due": 0, "sent": began + given}
                for last, there, given in finals
            ],
        }
    ]


def test_an_error_is_what_was_reported_minus_what_the_emulator_did() -> None:
    stops = [anchor.stop / RATE for anchor in LANE.anchors]
    runs = [run(way, [heard(stop - 2, stop, stop + 0.610, capture=0.010) for stop in stops], seconds=20) for way in Way]
    journals = {
        way: journal(way, *((number, stop + 0.004, stop + 0.600) for number, stop in enumerate(stops))) for way in Way
    }
    errors = errors_of(LANE, runs, journals, range(len(stops)))
    assert [each.way for each in errors] == [way for way in Way for _ in stops]
    assert [each.total for each in errors] == pytest.approx([10.0] * len(errors))
    assert [each.recognise for each in errors] == pytest.approx([4.0] * len(errors))


def test_a_final_that_no_emulator_gave_is_not_judged() -> None:
    anchor = LANE.anchors[0]
    stop = anchor.stop / RATE
    journals = {way: journal(way, (7, stop, stop + 0.5)) for way in Way}
    assert errors_of(LANE, [run(Way.STREAMING, [heard(stop - 2, stop, stop + 0.5)])], journals, [0, 1, 2]) == []
    known = {way: journal(way, (0, stop, stop + 0.5)) for way in Way}
    [error] = errors_of(LANE, [run(Way.STREAMING, [heard(stop - 2, stop, stop + 0.5)])], known, [0, 1, 2])
    assert error.way is Way.STREAMING
    assert (error.recognise, error.total) == pytest.approx((0, 0))
