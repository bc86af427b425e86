"""Distributions of the stages' delays: n, median, 95th percentile and maximum, over the values as they are printed.

A delay is printed in milliseconds to the microsecond. Percentiles interpolate linearly between order statistics, as
numpy's default does (https://numpy.org/doc/stable/reference/generated/numpy.percentile.html, method "linear"), so that
whoever reads the printed values can compute the printed percentiles.

For comparisons there are spreads that count what never came (censored values), shares of what came in time (ECDF), and
paired differences whose interval is bootstrapped by whole clusters, because the utterances of one call are alike
(Z. Liu & F. Peng, Statistical testing on ASR performance via blockwise bootstrap, https://arxiv.org/abs/1912.09508).
"""

from __future__ import annotations

import math
from array import array
from bisect import bisect_left, insort
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields

import numpy as np
from numpy.typing import NDArray

from captioner.errors import Misuse
from captioner.events import Stages

STAGES = tuple(each.name for each in fields(Stages))
"""The stages' names in the order in which sound passes them: capture, condition, …, render; and their sum, total."""

CAPACITY = 20_000
"""Utterances that a table remembers: more than a shift of ten hours holds."""

LONGEST = 2**32 - 2
"""Microseconds that a table can hold, 71 minutes: what takes longer counts as that."""

_NONE = LONGEST + 1


@dataclass(frozen=True, slots=True)
class Distribution:
    """How the delays of a stage are spread.

    Attributes:
        n: number of values; with none the others are None.
        p50, p95, max: milliseconds.
    """

    n: int
    p50: float | None
    p95: float | None
    max: float | None


def percentile(ordered: Sequence[float], percent: float) -> float:
    """Return a percentile by linear interpolation.

    Args:
        ordered: at least one value, in ascending order.
        percent: 0 to 100.
    """
    place = percent / 100 * (len(ordered) - 1)
    index = min(int(place), len(ordered) - 2) if len(ordered) > 1 else 0
    low, high, share = ordered[index], ordered[min(index + 1, len(ordered) - 1)], place - index
    # From the nearer end, so that rounding never leaves [low, high].
    return low + (high - low) * share if share < 0.5 else high - (high - low) * (1 - share)


def milliseconds(stages: Stages | None) -> dict[str, float | None]:
    """Return the stages as they are printed: milliseconds, whole microseconds, which still add up to the total exactly.

    Each stage is the difference of two rounded sums, so none is off by more than a microsecond, and 0 stays 0.

    Args:
        stages: None where the delay has no meaning; every value is None then.
    """
    if stages is None:
        return dict.fromkeys(STAGES)
    return _in_milliseconds(_microseconds(stages))


def _in_milliseconds(parts: Mapping[str, int | None]) -> dict[str, float | None]:
    return {name: None if part is None else part / 1000 for name, part in parts.items()}


def _microseconds(stages: Stages) -> dict[str, int | None]:
    total = round(stages.total * 1e6)
    passed, counted = 0.0, 0
    parts = dict[str, int | None]()
    for name in STAGES[:-1]:
        seconds: float | None = getattr(stages, name)
        if seconds is None:
            parts[name] = None
            continue
        passed += seconds
        parts[name] = step = round(passed * 1e6) - counted
        counted += step
    # The sum of the floats may round to a neighbour of the total; a stage that took no time stays so.
    last = next((name for name in reversed(parts) if parts[name]), "recognise")
    parts[last] = (parts[last] or 0) + total - counted
    parts["total"] = total
    return parts


class StageTable:
    """The delays of utterances, stage by stage.

    Finals and interims have a table each, because a final's delay counts from the end of speech and an interim's from
    the last sample written: they never mix in one number. Beyond `capacity` the oldest utterance makes room for the
    newest, so memory and cost stay as they are, however long the call.

    Attributes:
        last: the newest utterance's stages as printed; all None before the first.
    """

    def __init__(self, capacity: int = CAPACITY) -> None:
        self.last: Mapping[str, float | None] = milliseconds(None)
        self._rows = np.empty((capacity, len(STAGES)), np.uint32)  # µs, in order of arrival, round and round
        self._ordered = [array("I") for _ in STAGES]  # µs, each stage's in its own order
        self._added = 0

    def add(self, stages: Stages) -> None:
        """Count one more utterance."""
        parts = _microseconds(stages)
        self.last = _in_milliseconds(parts)
        row = self._rows[self._added % len(self._rows)]
        if self._added >= len(self._rows):
            for ordered, part in zip(self._ordered, row.tolist(), strict=True):
                if part != _NONE:
                    del ordered[bisect_left(ordered, part)]
        self._added += 1
        for column, (ordered, each) in enumerate(zip(self._ordered, parts.values(), strict=True)):
            row[column] = part = _NONE if each is None else max(0, min(each, LONGEST))
            if part != _NONE:
                insort(ordered, part)

    def table(self) -> dict[str, Distribution]:
        """Return the distribution of every stage, in the order of `STAGES`."""
        return {name: _distribution(ordered) for name, ordered in zip(STAGES, self._ordered, strict=True)}

    def summary(self) -> dict[str, dict[str, float | None]]:
        """Return the table as plain values, ready to be printed as JSON."""
        return {name: asdict(distribution) for name, distribution in self.table().items()}


def _distribution(ordered: Sequence[int]) -> Distribution:
    if not ordered:
        return Distribution(0, None, None, None)
    # Five decimals hold a twentieth of a microsecond: exact, without the noise of binary fractions.
    p50, p95 = (round(percentile(ordered, percent) / 1000, 5) for percent in (50, 95))
    return Distribution(len(ordered), p50, p95, ordered[-1] / 1000)


# ---------------------------------------------------------------- comparisons


@dataclass(frozen=True, slots=True)
class Spread:
    """How values are spread of which some were waited for in vain.

    A value that never came is censored: it enters at the time for which it was waited, as a lower bound of what it
    would have been. Nothing is dropped.

    Attributes:
        n: all values, the censored ones among them; with none the others are None.
        censored: how many never came.
        mean, p50, p95, max: in the values' own unit.
        p50_bound, p95_bound: the percentile rests on a censored value, or lies above one: it is at least so much. The
            mean and the maximum are lower bounds as soon as one value is censored.
    """

    n: int
    censored: int
    mean: float | None
    p50: float | None
    p95: float | None
    max: float | None
    p50_bound: bool
    p95_bound: bool


def spread(observed: Sequence[float], censored: Sequence[float] = ()) -> Spread:
    """Describe values.

    Args:
        observed: those that came, in any order.
        censored: for each that did not come, how long it was waited for.
    """
    n = len(observed) + len(censored)
    if not n:
        return Spread(0, 0, None, None, None, None, p50_bound=False, p95_bound=False)
    ordered = sorted([*observed, *censored])
    # What was longer than a censored value may have been shorter than what that would have become, and so on upwards.
    exact = bisect_left(ordered, min(censored)) if censored else n

    def bound(percent: float) -> bool:
        return math.ceil(round(percent / 100 * (n - 1), 9)) >= exact

    mean, p50, p95 = (round(each, 5) for each in (math.fsum(ordered) / n, *(percentile(ordered, p) for p in (50, 95))))
    return Spread(n, len(censored), mean, p50, p95, ordered[-1], p50_bound=bound(50), p95_bound=bound(95))


def ecdf(observed: Sequence[float], n: int) -> tuple[tuple[float, float], ...]:
    """Return the share of values that were there by a time: the steps of the empirical distribution function.

    Args:
        observed: the values that came, in any order.
        n: all values; those that never came keep the last share below 1.

    Returns:
        (value, share of all values up to and including it), by growing value, each value once.
    """
    if n < len(observed):
        raise Misuse(f"{len(observed)} of {n} values came")
    values, counts = np.unique(np.asarray(observed, np.float64), return_counts=True)
    shares = np.cumsum(counts) / max(n, 1)
    return tuple(zip(values.tolist(), shares.tolist(), strict=True))


RESAMPLES = 10_000
"""Resamples of a bootstrap: the ends of a 95 % interval rest on 250 of them each."""

_CELLS = 4_000_000
"""Weights that a bootstrap holds at once: 32 MB."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A median with its 95 % interval.

    Attributes:
        low, high: 2.5th and 97.5th percentile of the medians of the resamples.
        n: values.
        clusters: what was resampled, whole; with one, the interval says nothing.
    """

    median: float
    low: float
    high: float
    n: int
    clusters: int


def bootstrap_median(clusters: Sequence[Sequence[float]], *, seed: int, resamples: int = RESAMPLES) -> Interval:
    """Return the median of all values with its percentile-bootstrap interval, resampling whole clusters.

    The same clusters in the same order and the same seed give the same interval.

    Args:
        clusters: values that belong together, for instance the differences of one recording; empty ones do not count.
        seed: of the random numbers.
        resamples: how often as many clusters are drawn as there are, with replacement.

    Raises:
        Misuse: there is no value.
    """
    clusters = [each for each in clusters if len(each)]
    if not clusters:
        raise Misuse("a median of nothing")
    values = np.concatenate([np.asarray(each, np.float64) for each in clusters])
    owner = np.repeat(np.arange(len(clusters)), [len(each) for each in clusters])
    order = np.argsort(values, kind="stable")
    values, owner = values[order], owner[order]
    generator = np.random.default_rng(seed)
    medians, step = list[NDArray[np.float64]](), max(1, _CELLS // len(values))
    for first in range(0, resamples, step):
        rows = min(step, resamples - first)
        drawn = generator.integers(0, len(clusters), (rows, len(clusters)))
        places = drawn + np.arange(rows)[:, None] * len(clusters)
        counts = np.bincount(places.ravel(), minlength=rows * len(clusters)).reshape(rows, len(clusters))
        # How often each value stands in the sorted resample; the middle one (or two) is found by counting.
        passed = np.cumsum(counts[:, owner], axis=1)
        total = passed[:, -1:]
        middle = [values[(passed <= (total - odd) // 2).sum(axis=1)] for odd in (0, 1)]
        medians.append((middle[0] + middle[1]) / 2)
    low, high = np.percentile(np.concatenate(medians), (2.5, 97.5))
    return Interval(
        median=round(float(np.median(values)), 5),
        low=round(float(low), 5),
        high=round(float(high), 5),
        n=len(values),
        clusters=len(clusters),
    )
