"""Distributions of the stages' delays: n, median, 95th percentile and maximum, over the values as they are printed.

A delay is printed in milliseconds to the microsecond. Percentiles interpolate linearly between order statistics, as
numpy's default does (https://numpy.org/doc/stable/reference/generated/numpy.percentile.html, method "linear"), so that
whoever reads the printed values can compute the printed percentiles.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, insort
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields

import numpy as np

from captioner.events import Stages

STAGES = tuple(each.name for each in fields(Stages))
"""The stages' names in the order in which sound passes them: capture, condition, …, render; and their sum, total."""

CAPACITY = 20_000
"""Utterances that a table remembers: more than a shift of ten hours holds."""


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
    return {name: None if part is None else part / 1000 for name, part in parts.items()}


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
        self._rows = np.empty((capacity, len(STAGES)))  # float64 ms, in order of arrival, round and round; NaN is None
        self._ordered = [array("d") for _ in STAGES]
        self._added = 0

    def add(self, stages: Stages) -> None:
        """Count one more utterance."""
        self.last = milliseconds(stages)
        row = self._rows[self._added % len(self._rows)]
        if self._added >= len(self._rows):
            for ordered, value in zip(self._ordered, row.tolist(), strict=True):
                if value == value:
                    del ordered[bisect_left(ordered, value)]
        self._added += 1
        for column, (ordered, each) in enumerate(zip(self._ordered, self.last.values(), strict=True)):
            row[column] = np.nan if each is None else each
            if each is not None:
                insort(ordered, each)

    def table(self) -> dict[str, Distribution]:
        """Return the distribution of every stage, in the order of `STAGES`."""
        return {name: _distribution(ordered) for name, ordered in zip(STAGES, self._ordered, strict=True)}

    def summary(self) -> dict[str, dict[str, float | None]]:
        """Return the table as plain values, ready to be printed as JSON."""
        return {name: asdict(distribution) for name, distribution in self.table().items()}


def _distribution(ordered: Sequence[float]) -> Distribution:
    if not ordered:
        return Distribution(0, None, None, None)
    # Five decimals hold a twentieth of a microsecond: exact, without the noise of binary fractions.
    return Distribution(len(ordered), round(percentile(ordered, 50), 5), round(percentile(ordered, 95), 5), ordered[-1])
