"""Figures of a benchmark: n, median, 95th percentile, maximum."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass

from captioner.latency.statistics import percentile


@dataclass(frozen=True, slots=True)
class Figures:
    """A distribution in the unit of its values; all None where there is none."""

    n: int
    p50: float | None
    p95: float | None
    max: float | None

    @classmethod
    def of(cls, values: Iterable[float]) -> Figures:
        """Summarise values; percentiles interpolate linearly."""
        ordered = sorted(values)
        if not ordered:
            return cls(0, None, None, None)
        return cls(len(ordered), percentile(ordered, 50), percentile(ordered, 95), ordered[-1])

    def plain(self) -> dict[str, float | None]:
        """Return the figures as plain values, ready for JSON."""
        return asdict(self)


def row(figures: object) -> tuple[str, ...]:
    """Format plain figures for a table: n, p50, p95, max."""
    assert isinstance(figures, dict)
    return tuple(
        "–" if figures[name] is None else f"{figures[name]:.0f}" if name == "n" else f"{figures[name]:.2f}"
        for name in ("n", "p50", "p95", "max")
    )
