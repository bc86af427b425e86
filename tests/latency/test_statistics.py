from __future__ import annotations

import math
from dataclasses import astuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from captioner.errors import Misuse
from captioner.events import Stages
from captioner.latency.statistics import (
    LONGEST,
    STAGES,
    Distribution,
    Interval,
    Spread,
    StageTable,
    bootstrap_median,
    ecdf,
    milliseconds,
    percentile,
    spread,
)

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


def test_a_delay_of_hours_counts_as_the_longest_and_leaves_with_its_utterance() -> None:
    table = StageTable(1)
    table.add(stages(recognise=1e5))
    assert table.last["recognise"] == 1e8
    assert table.table()["recognise"].max == table.table()["total"].max == LONGEST / 1000
    table.add(stages(recognise=0.5))
    assert table.table()["recognise"] == Distribution(1, 500.0, 500.0, 500.0)


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


# ---------------------------------------------------------------- comparisons

values = st.floats(-1e4, 1e4).map(lambda value: round(value, 3))


def test_a_spread_of_nothing_has_no_values() -> None:
    assert spread([]) == Spread(0, 0, None, None, None, None, p50_bound=False, p95_bound=False)


def test_what_never_came_enters_at_its_timeout_and_bounds_what_lies_above() -> None:
    each = spread([500, 600, 700, 800], [10_000])
    assert (each.n, each.censored, each.mean, each.max) == (5, 1, 2520, 10_000)
    assert (each.p50, each.p50_bound) == (700, False)
    assert (each.p95, each.p95_bound) == (8160, True)


def test_a_value_above_a_timeout_is_a_lower_bound_too() -> None:
    # What was given up after 600 might have come after 900: then the median would be 700, not 600.
    each = spread([500, 700], [600])
    assert (each.p50, each.p50_bound) == (600, True)


@given(st.lists(values, max_size=30), st.lists(values, max_size=5), st.floats(0, 1e6), st.sampled_from([50, 95]))
def test_a_percentile_that_is_no_bound_holds_whatever_the_censored_values_would_have_been(
    observed: list[float], censored: list[float], later: float, percent: int
) -> None:
    if not observed and not censored:
        return
    each = spread(observed, censored)
    if getattr(each, f"p{percent}_bound"):
        return
    would_be = [*observed, *(value + later for value in censored)]
    assert getattr(each, f"p{percent}") == pytest.approx(float(np.percentile(would_be, percent)), abs=1e-4)


@given(st.lists(values, max_size=30), st.lists(values, min_size=1, max_size=5))
def test_every_percentile_is_at_most_what_it_would_have_been(observed: list[float], censored: list[float]) -> None:
    each, would_be = spread(observed, censored), [*observed, *([2e4] * len(censored))]
    assert each.p50 is not None
    assert each.p95 is not None
    assert each.p50 <= float(np.percentile(would_be, 50)) + 1e-4
    assert each.p95 <= float(np.percentile(would_be, 95)) + 1e-4


def test_the_share_that_came_ends_below_one_where_some_never_came() -> None:
    assert ecdf([300, 100, 300], 4) == ((100.0, 0.25), (300.0, 0.75))
    assert ecdf([], 3) == ()
    assert ecdf([], 0) == ()


def test_more_cannot_come_than_there_are() -> None:
    with pytest.raises(Misuse):
        ecdf([1, 2], 1)


@given(st.lists(values, min_size=1, max_size=40))
def test_the_share_at_a_value_is_that_of_the_values_up_to_it(observed: list[float]) -> None:
    for value, share in ecdf(observed, len(observed)):
        assert share == pytest.approx(sum(each <= value for each in observed) / len(observed))


def resampled(clusters: list[list[float]], seed: int, resamples: int) -> list[float]:
    """The medians of a bootstrap, the long way round."""
    drawn = np.random.default_rng(seed).integers(0, len(clusters), (resamples, len(clusters)))
    return [float(np.median(np.concatenate([clusters[index] for index in row]))) for row in drawn.tolist()]


@given(st.lists(st.lists(values, min_size=1, max_size=7), min_size=1, max_size=7), st.integers(0, 9))
def test_the_interval_is_that_of_medians_of_whole_clusters(clusters: list[list[float]], seed: int) -> None:
    mine = bootstrap_median(clusters, seed=seed, resamples=50)
    low, high = np.percentile(resampled(clusters, seed, 50), (2.5, 97.5))
    assert (mine.n, mine.clusters) == (sum(map(len, clusters)), len(clusters))
    assert mine.median == pytest.approx(float(np.median(np.concatenate(clusters))), abs=1e-5)
    assert mine.low == pytest.approx(float(low), abs=1e-5)
    assert mine.high == pytest.approx(float(high), abs=1e-5)


def test_a_long_bootstrap_is_done_in_turns_and_is_the_same() -> None:
    clusters = [np.random.default_rng(seed).normal(-700, 90, 100).tolist() for seed in range(5)]
    mine = bootstrap_median(clusters, seed=3, resamples=10_000)  # 5 million weights: more than are held at once
    low, high = np.percentile(resampled(clusters, 3, 10_000), (2.5, 97.5))
    assert mine.low == pytest.approx(float(low), abs=1e-5)
    assert mine.high == pytest.approx(float(high), abs=1e-5)


def test_the_same_seed_gives_the_same_interval_and_another_one_another() -> None:
    clusters = [np.random.default_rng(seed).normal(-700, 90, 12).tolist() for seed in range(9)]
    assert bootstrap_median(clusters, seed=1) == bootstrap_median(clusters, seed=1)
    assert bootstrap_median(clusters, seed=1) != bootstrap_median(clusters, seed=2)


def test_utterances_that_are_alike_within_a_call_widen_the_interval() -> None:
    random = np.random.default_rng(5)
    calls = [random.normal(random.normal(-700, 60), 40, 10).tolist() for _ in range(12)]
    by_call = bootstrap_median(calls, seed=1)
    by_utterance = bootstrap_median([[value] for call in calls for value in call], seed=1)
    assert by_call.high - by_call.low > 1.3 * (by_utterance.high - by_utterance.low)


def test_a_single_value_is_its_own_interval() -> None:
    assert bootstrap_median([[], [-690.0]], seed=1, resamples=20) == Interval(-690, -690, -690, n=1, clusters=1)


def test_nothing_has_no_median() -> None:
    with pytest.raises(Misuse):
        bootstrap_median([[]], seed=1)
