"""The design's own table: the arithmetic, and which stage had what is over it."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from rich.console import Console

from captioner.bench.design import designed, excess, render
from captioner.compare.analysis import analyse
from captioner.compare.outcome import Way
from captioner.latency.statistics import STAGES
from tests.compare import made_up

HANGOVER = 0.25


@pytest.mark.parametrize(
    ("way", "totals"),
    [
        (Way.BASELINE, (2650, 2650)),
        (Way.TOKEN_CACHED, (2650, 2530)),
        (Way.CONNECTION_KEPT, (2650, 2450)),
        (Way.STREAMING, (1950, 1950)),
        (Way.STREAMING_FINALIZE, (2200, 2200)),
    ],
)
def test_the_designs_delays_add_up_to_its_own_table(way: Way, totals: tuple[float, float]) -> None:
    sums = tuple(sum(designed(way, utterance, made_up.DESIGN, HANGOVER).values()) for utterance in (1, 2))
    assert sums == pytest.approx(totals)


def test_what_is_over_is_said_of_the_stage_in_which_it_was_spent() -> None:
    row = next(row for row in analyse(made_up.designed((Way.BASELINE,))).rows if row.match.utterance == 2)
    assert excess(row, made_up.DESIGN, HANGOVER) == dict.fromkeys(
        ("release", "token", "connect", "queue", "recognise"), 0
    )
    late = dict(row.ms) | {"capture": 20.0, "silence_wait": 490.0, "token": 150.0, "queue": 1.5}
    assert late.keys() == set(STAGES)
    assert excess(replace(row, ms=late), made_up.DESIGN, HANGOVER) == {
        "release": 10.0,
        "token": 30.0,
        "connect": 0.0,
        "queue": 1.5,
        "recognise": 0.0,
    }


def test_the_worst_utterance_is_printed_with_its_stages() -> None:
    spread = {"n": 1, "p50": 2690.0, "p95": 2690.0, "max": 2690.0}
    cell = {"way": "baseline", "utterance": 3, "designed_ms": 2650.0, "total_ms": spread, "over_ms": spread}
    worst = {"way": "baseline", "utterance": 3, "repeat": 2, "over_ms": 40.0, "stages_over_ms": {"token": 40.0}}
    file = io.StringIO()
    render({"cells": [cell], "worst": worst}, Console(file=file, width=200))
    assert "baseline, utterance 3, run 2: 40.0 ms over, of which token +40.0" in file.getvalue()
