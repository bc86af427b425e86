"""Pictures of a comparison as SVG: stage waterfalls, distributions and paired differences.

Colours come from the page's custom properties (`--way-…`, `--stage-…`), so that light and dark need one drawing. Ways
differ in the dash of their line as well as in colour. Every number in a picture stands in a table beside it too.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from html import escape

from captioner.compare.analysis import PARTS, Pair, WayResult
from captioner.compare.outcome import Way
from captioner.compare.wording import milliseconds, pair_name, way_name
from captioner.language import Sentences
from captioner.names import stage_name

_WIDTH = 960
_DASHES = {
    Way.BASELINE: "",
    Way.TOKEN_CACHED: "9 4",
    Way.CONNECTION_KEPT: "2.5 3.5",
    Way.STREAMING: "",
    Way.STREAMING_FINALIZE: "12 4 2.5 4",
}


def ticks(high: float, low: float = 0.0, count: int = 7) -> list[float]:
    """Return about so many round numbers from `low` to `high` and no further."""
    step = max(high - low, 1e-9) / count
    power = 10.0 ** math.floor(math.log10(step))
    step = next(round_step * power for round_step in (1, 2, 2.5, 5, 10) if round_step * power >= step * (1 - 1e-9))
    return [step * index for index in range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1)]


# ---------------------------------------------------------------- waterfalls


def waterfall(ways: Sequence[WayResult], say: Sentences) -> str:
    """Draw the stages of every way at p50 and at p95, on one scale."""
    ways = [each for each in ways if each.waterfalls]
    left, right, bar, gap, top = 190, 90, 22, 5, 8
    block = 2 * bar + gap + 20
    height = top + block * len(ways) + 24
    # What never came would squeeze everything else: it is as long as the longest bar that is known, and torn.
    bars = [each for way in ways for each in way.waterfalls]
    longest = max((each.total_ms for each in bars if each.stages_ms), default=0.0)
    longest = longest or max((each.total_ms for each in bars), default=0.0) or 1.0
    x = _scale(0, longest, left, _WIDTH - right)
    parts = _grid(ticks(longest), x, top, height - 24)
    for index, way in enumerate(ways):
        y = top + index * block
        parts.append(_text(0, y + bar - 3, way_name(way.way, say), "name"))
        parts.append(_text(0, y + bar + 16, f"{way.way} · n {way.total.n}", "faint"))
        for number, each in enumerate(way.waterfalls):
            level = y + number * (bar + gap)
            parts.append(_text(left - 10, level + bar / 2 + 5, f"p{each.percent}", "faint end"))
            parts += _stack(each.stages_ms, min(each.total_ms, longest), x, level, bar, say)
            end = x(min(each.total_ms, longest))
            if each.total_ms > longest:
                parts += [_line(end - at - 5, end - at, level + bar + 2, level - 2, "tear") for at in (18, 26)]
            value = f"{milliseconds(each.total_ms, bound=each.bound)} ms"
            parts.append(_text(end + 8, level + bar / 2 + 5, value, "strong"))
    return _svg(height, say("Stage waterfall of every way at p50 and p95"), parts)


def _stack(
    stages: Mapping[str, float], total: float, x: Callable[[float], float], y: float, bar: float, say: Sentences
) -> list[str]:
    parts = list[str]()
    if not stages:
        return [_rect(x(0), y, x(total) - x(0), bar, "unknown", say("Total"))]
    passed = 0.0
    for name in PARTS:
        ms = stages[name]
        start, stop = x(passed), x(passed + ms)
        passed += ms
        if stop - start < 0.05:
            continue
        parts.append(
            _rect(start, y, stop - start, bar, f"stage-{name}", f"{stage_name(name, say)} {milliseconds(ms)} ms")
        )
        label = milliseconds(ms)
        if stop - start > 9 * len(label) + 8:
            parts.append(_text((start + stop) / 2, y + bar / 2 + 4.5, label, "inside"))
    return parts


def stage_legend(say: Sentences) -> str:
    """Return the key to the colours of the stages, as HTML."""
    items = "".join(
        f'<li><span class="swatch stage-{name}"></span>{escape(stage_name(name, say))}</li>' for name in PARTS
    )
    return f'<ul class="legend">{items}</ul>'


# ---------------------------------------------------------------- distributions


def distribution(ways: Sequence[WayResult], say: Sentences) -> str:
    """Draw the share of utterances whose final was there within a time, all ways in one picture."""
    ways = [each for each in ways if each.total.n]
    left, right, top, height, bottom = 56, 24, 12, 400, 44
    longest = max((steps[-1][0] for way in ways if (steps := way.steps)), default=1.0)
    high = longest * 1.04 or 1.0
    x, y = _scale(0, high, left, _WIDTH - right), _scale(0, 1, height - bottom, top)
    parts = _grid(ticks(high), x, top, height - bottom)
    for share in (0.0, 0.25, 0.5, 0.75, 0.95, 1.0):
        parts.append(_line(left, _WIDTH - right, y(share), y(share), "guide" if share in (0.5, 0.95) else "grid"))
        parts.append(_text(left - 8, y(share) + 4, f"{share:.0%}".replace("%", " %"), "faint end"))
    parts.append(_text(_WIDTH - right, height - 4, say("from the end of speech to the final text, ms"), "faint end"))
    for way in ways:
        path = [f"M{_n(x(0))} {_n(y(0))}"]
        for value, share in way.steps:
            path.append(f"H{_n(x(value))}V{_n(y(share))}")
        path.append(f"H{_n(x(high))}")
        title = escape(way_name(way.way, say))
        dash = f' stroke-dasharray="{_DASHES[way.way]}"' if _DASHES[way.way] else ""
        parts.append(f'<path class="line way-{way.way}"{dash} d="{"".join(path)}"><title>{title}</title></path>')
    return _svg(height, say("Distribution of the totals of every way"), parts)


def way_legend(ways: Sequence[WayResult], say: Sentences) -> str:
    """Return the key to the lines of the ways, as HTML: with n and what never came."""
    items = list[str]()
    for way in ways:
        dash = f' stroke-dasharray="{_DASHES[way.way]}"' if _DASHES[way.way] else ""
        line = f'<line class="line way-{way.way}"{dash} x1="1" x2="35" y1="7" y2="7"/>'
        count = f"n {way.total.n}"
        if way.total.censored:
            count = say("n {n}, {count} without a final", n=way.total.n, count=way.total.censored)
        items.append(
            f'<li><svg class="key" viewBox="0 0 36 14" aria-hidden="true">{line}</svg>'
            f"{escape(way_name(way.way, say))} <small>{escape(count)}</small></li>"
        )
    return f'<ul class="legend">{"".join(items)}</ul>'


# ---------------------------------------------------------------- pairs


def differences(pairs: Sequence[Pair], say: Sentences) -> str:
    """Draw the median paired differences with their intervals about zero."""
    drawn = [(pair, pair.difference) for pair in pairs if pair.difference is not None]
    left, right, row, top = 300, 30, 46, 10
    height = top + row * len(drawn) + 44
    low = min([0.0, *(each.low for _, each in drawn)])
    high = max([0.0, *(each.high for _, each in drawn)])
    margin = max(high - low, 1.0) * 0.06
    x = _scale(low - margin, high + margin, left, _WIDTH - right)
    parts = _grid(ticks(high + margin, low - margin), x, top, height - 44, signed=True)
    parts.append(_line(x(0), x(0), top, height - 44, "zero"))
    parts.append(_text(left, height - 4, say("← faster"), "faint"))
    parts.append(_text(_WIDTH - right, height - 4, say("slower →"), "faint end"))
    for index, (pair, each) in enumerate(drawn):
        y = top + index * row + row / 2
        parts.append(_text(0, y - 2, pair_name(pair, say), "name"))
        parts.append(_text(0, y + 15, f"n {each.n}", "faint"))
        colour = f"way-{pair.way}"
        parts.append(_line(x(each.low), x(each.high), y, y, f"whisker {colour}"))
        parts += [_line(x(end), x(end), y - 6, y + 6, f"whisker {colour}") for end in (each.low, each.high)]
        parts.append(f'<circle class="dot {colour}" cx="{_n(x(each.median))}" cy="{_n(y)}" r="6"/>')
        value = f"{milliseconds(each.median, signed=True)} ms"
        parts.append(_text(x(each.median), y - 11, value, "strong middle"))
    return _svg(height, say("Median paired differences with their 95 % intervals"), parts)


# ---------------------------------------------------------------- drawing


def _scale(low: float, high: float, start: float, stop: float) -> Callable[[float], float]:
    return lambda value: start + (value - low) / (high - low) * (stop - start)


def _n(value: float) -> str:
    """Format a coordinate: two decimals at most, so that the bytes stay the same."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _grid(
    at: Sequence[float], x: Callable[[float], float], top: float, bottom: float, *, signed: bool = False
) -> list[str]:
    parts = list[str]()
    for value in at:
        parts.append(_line(x(value), x(value), top, bottom, "grid"))
        parts.append(_text(x(value), bottom + 17, milliseconds(value, signed=signed), "faint middle"))
    return parts


def _line(x1: float, x2: float, y1: float, y2: float, classes: str) -> str:
    return f'<line class="{classes}" x1="{_n(x1)}" x2="{_n(x2)}" y1="{_n(y1)}" y2="{_n(y2)}"/>'


def _text(x: float, y: float, text: str, classes: str) -> str:
    return f'<text class="{classes}" x="{_n(x)}" y="{_n(y)}">{escape(text)}</text>'


def _rect(x: float, y: float, width: float, height: float, classes: str, title: str) -> str:
    return (
        f'<rect class="{classes}" x="{_n(x)}" y="{_n(y)}" width="{_n(width)}" height="{_n(height)}">'
        f"<title>{escape(title)}</title></rect>"
    )


def _svg(height: float, label: str, parts: Sequence[str]) -> str:
    return (
        f'<svg class="chart" viewBox="0 0 {_WIDTH} {_n(height)}" role="img" aria-label="{escape(label)}">'
        f"{''.join(parts)}</svg>"
    )
