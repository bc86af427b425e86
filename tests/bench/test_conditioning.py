from __future__ import annotations

import io
import json

import pytest
from rich.console import Console

from captioner.bench import conditioning


@pytest.fixture(scope="module")
def result() -> dict[str, object]:
    return conditioning.measure()


def of(result: dict[str, object], rate: str, name: str) -> dict[str, object]:
    resamplers = result[rate]
    assert isinstance(resamplers, dict)
    figures = resamplers[name]
    assert isinstance(figures, dict)
    return figures


def number(figures: dict[str, object], *path: str) -> float:
    value: object = figures
    for name in path:
        assert isinstance(value, dict)
        value = value[name]
    assert isinstance(value, int | float)
    return value


def test_what_is_measured_keeps_what_is_promised(result: dict[str, object]) -> None:
    assert {"44100", "48000"} <= set(result)
    for rate in result:
        ours = of(result, rate, "captioner")
        assert number(ours, "flatness_db") < 0.1
        removed = ours["attenuation_db"]
        assert isinstance(removed, dict)
        assert set(removed) == {str(hz) for hz in (5000, 6500, 10_000, 15_000) if hz < int(rate) / 2}
        assert all(down > 75 for down in removed.values())
        assert number(ours, "delay_ms") == pytest.approx(2.125, abs=0.1)
        assert number(ours, "lag_ms", "max") < 4.0
        assert number(ours, "cpu_ratio") == 1.0


def test_a_resampler_that_waits_is_seen_to_wait(result: dict[str, object]) -> None:
    pytest.importorskip("soxr")
    soxr = of(result, "48000", "soxr HQ")
    assert number(soxr, "lag_ms", "max") > 100
    assert number(soxr, "delay_ms") == pytest.approx(0.0, abs=0.1)
    assert number(soxr, "flatness_db") < 0.1


def test_the_result_can_be_written_as_json(result: dict[str, object]) -> None:
    assert json.loads(json.dumps(result, allow_nan=False)) == result


def test_the_table_shows_every_rate_and_resampler(result: dict[str, object]) -> None:
    console = Console(width=200, record=True, file=io.StringIO())
    conditioning.render(result, console)
    text = console.export_text()
    for rate, resamplers in result.items():
        assert rate in text
        assert isinstance(resamplers, dict)
        assert all(name in text for name in resamplers)
