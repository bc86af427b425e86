from __future__ import annotations

import math
from dataclasses import astuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from captioner.events import Stages
from captioner.latency.statistics import STAGES, Distribution, StageTable, milliseconds, percentile

delays = st.floats(0, 100) | st.just(0.0)


def stages(**parts: float | None) -> Stages:
    """Build stages that are 0 but for `parts`; the total is their sum."""
    total = math.fsum(part for part in parts.values() if part is not None)
    values: dict[str, float | None] = {**dict.fromkeys(STAGES, 0.0), "render": None, **parts, "total": total}
    return Stages(**values)  # type: ignore[arg-type]  # only render may be None


@st.composite
def any_stages(draw: st.DrawFn) -> Stages:
    parts = draw(st.fixed_dictionaries(dict.fromkeys(STAGES[:-2], delays)))
    return stages(**parts, render=draw(delays | st.none()))


@given(any_stages())
def test_printed_stages_add_up_to_the_printed_total_exactly(each: Stages) -> None:
    printed = milliseconds(each)
    microseconds = [round(ms * 1000) for ms in printed.values() if ms is not None]
    assert sum(microseconds[:-1]) == microseconds[-1] == round(each.total * 1e6)
    assert min(microseconds) >= 0


@given(any_stages())
def test_printed_stages_are_true_to_a_microsecond_and_nothing_stays_nothing(each: Stages) -> None:
    for name, seconds, ms in zip(STAGES, astuple(each), milliseconds(each).values(), strict=True):
        if seconds is None:
            assert (name, ms) == ("render", None)
        elif seconds == 0:
            assert ms == 0
        else:
            assert ms == pytest.approx(seconds * 1000, abs=0.0021)


def test_stages_are_printed_in_milliseconds_in_their_order() -> None:
    printed = milliseconds(stages(capture=0.0004, condition=0.0074, queue=0.0002, recognise=0.612))
    assert list(printed) == [
        "capture", "condition", "silence_wait", "token", "connect", "queue", "recognise", "render", "total"
    ]  # fmt: skip
    assert list(printed.values()) == [0.4, 7.4, 0, 0, 0, 0.2, 612.0, None, 620.0]


def test_a_rest_of_rounding_goes_to_a_stage_that_took_time() -> None:
    # Sums that miss the total by their last bits may round to its neighbour.
    each = Stages(0, 0, 0, 0, 0, 0.002, 0.0010004, 0, 0.0030006)
    assert list(milliseconds(each).values())[5:] == [2.0, 1.001, 0, 3.001]
    tiny = Stages(0, 0, 0, 0, 0, 0, 0.49e-6, 0, 0.51e-6)
    assert list(milliseconds(tiny).values())[5:] == [0, 0.001, 0, 0.001]


def test_a_delay_without_meaning_is_printed_as_nulls() -> None:
    assert milliseconds(None) == dict.fromkeys(STAGES)


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=60), st.floats(0, 100))
def test_percentiles_are_numpys(values: list[float], percent: float) -> None:
    mine = percentile(sorted(values), percent)
    assert mine == pytest.approx(float(np.percentile(values, percent)), rel=1e-9, abs=1e-9)
    assert min(values) <= mine <= max(values)


@given(st.lists(any_stages(), max_size=40))
def test_the_table_holds_the_percentiles_of_the_printed_values(utterances: list[Stages]) -> None:
    table = StageTable()
    for each in utterances:
        table.add(each)
    printed = [milliseconds(each) for each in utterances]
    for name, distribution in table.table().items():
        values = [value for row in printed if (value := row[name]) is not None]
        if not values:
            assert distribution == Distribution(0, None, None, None)
            continue
        assert distribution.n == len(values)
        assert distribution.p50 == pytest.approx(float(np.percentile(values, 50)), abs=1e-5)
        assert distribution.p95 == pytest.approx(float(np.percentile(values, 95)), abs=1e-5)
        assert distribution.max == max(values)


def test_percentiles_are_printed_without_the_noise_of_binary_fractions() -> None:
    table = StageTable()
    for ms in (0.1, 0.2, 0.3, 0.7):
        table.add(stages(recognise=ms / 1000))
    assert table.table()["recognise"] == Distribution(4, 0.25, 0.64, 0.7)


def test_text_that_was_never_painted_is_left_out_of_renders_n() -> None:
    table = StageTable()
    table.add(stages(recognise=0.5, render=0.006))
    table.add(stages(recognise=0.7))
    assert (table.table()["render"].n, table.table()["total"].n) == (1, 2)
    assert table.table()["render"].max == 6.0


def test_the_last_utterance_is_at_hand() -> None:
    table = StageTable()
    assert table.last == milliseconds(None)
    table.add(stages(recognise=0.5))
    table.add(stages(recognise=0.7))
    assert table.last["recognise"] == 700.0


@given(st.lists(any_stages(), max_size=30), st.integers(1, 8))
def test_a_full_table_holds_the_newest_utterances(utterances: list[Stages], capacity: int) -> None:
    small, fresh = StageTable(capacity), StageTable()
    for each in utterances:
        small.add(each)
    for each in utterances[-capacity:]:
        fresh.add(each)
    assert small.table() == fresh.table()


def test_a_shift_of_ten_hours_is_exact() -> None:
    table, values = StageTable(), np.random.default_rng(1).gamma(4, 200, 20_000).round(3)
    for ms in values:
        table.add(stages(recognise=float(ms) / 1000))
    total = table.table()["total"]
    assert total.n == 20_000
    assert total.p95 == pytest.approx(float(np.percentile(values, 95)), abs=1e-5)


def test_the_summary_is_plain_values() -> None:
    table = StageTable()
    table.add(stages(recognise=0.62))
    summary = table.summary()
    assert list(summary) == list(STAGES)
    assert summary["total"] == {"n": 1, "p50": 620.0, "p95": 620.0, "max": 620.0}
    assert summary["render"] == {"n": 0, "p50": None, "p95": None, "max": None}
