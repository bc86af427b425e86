"""A short shift in virtual time: what eight hours would show is already to be seen in it."""

from __future__ import annotations

import io
import json

import pytest
from rich.console import Console

from captioner.bench import shift
from captioner.bench.shift import Outcome, Shift, live
from captioner.latency.statistics import STAGES

SHORT = Shift(seconds=1500, captions=260, outage_every=300, token_life=700)


@pytest.fixture(scope="module")
def outcome() -> Outcome:
    return live(SHORT, (500, 1000, 1500))


def test_every_caption_of_a_shift_comes_once(outcome: Outcome) -> None:
    assert (outcome.missing, outcome.doubled) == (0, 0)
    assert outcome.complete
    assert outcome.readings[-1].captions >= 2 * SHORT.captions
    assert outcome.readings[-1].lost == 0
    assert outcome.readings[-1].connections >= 2 * 4, "the outages did happen"
    assert outcome.readings[-1].tokens >= 2, "and a token ran out"


def test_nothing_is_left_behind(outcome: Outcome) -> None:
    assert outcome.left == 0


def test_what_is_kept_does_not_grow_with_the_shift(outcome: Outcome) -> None:
    first, second, last = outcome.readings
    assert max(second.kept, last.kept) <= 1.1 * first.kept


def test_what_is_kept_of_the_captions_is_counted_and_is_little() -> None:
    first, last = live(Shift(seconds=630, captions=420, outage_every=1000), (150, 630)).readings
    growth = 1e6 * (last.captions_mb - first.captions_mb) / (last.captions - first.captions)
    assert 2 * 4 * len(STAGES) < growth < 500


def test_what_is_lived_through_before_the_shift_loads_all_that_it_needs() -> None:
    (last,) = live(shift.FIRST, (shift.FIRST.seconds,)).readings
    assert last.connections == shift.FIRST.lanes * 4, (
        "the first one, two after an outage, one for a new token in between"
    )
    assert last.tokens == 2, "which both lanes share"


def test_a_service_that_forgets_a_caption_is_seen_to() -> None:
    missing = live(Shift(seconds=60, captions=12, outage_every=1000), (60,))
    assert missing.missing == 0
    longer = live(Shift(seconds=120, captions=12, outage_every=60, outage=200.0), (120,))
    assert longer.missing > 0
    assert not longer.complete


def test_the_table_and_the_json_show_every_reading(outcome: Outcome) -> None:
    result = shift.plain(SHORT, outcome)
    assert json.loads(json.dumps(result)) == result
    console = Console(width=200, record=True, file=io.StringIO())
    shift.render(result, console)
    text = console.export_text()
    assert "0 missing, 0 doubled, 0 left behind" in text
    assert all(f"{each.captions}" in text for each in outcome.readings)
    last = outcome.readings[-1]
    assert f"{last.memory_mb - last.captions_mb:.1f}" in text
    assert "bytes are kept of a caption" in text
