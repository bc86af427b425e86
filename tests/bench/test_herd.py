"""Five hundred desks and a service that is ill, in virtual time."""

from __future__ import annotations

import io
import json

import pytest
from rich.console import Console

from captioner.bench import herd
from captioner.bench.herd import ILLNESSES, RESET, Crowd, simulate

SIGNALS = [each for each in ILLNESSES if each.started]


@pytest.mark.parametrize("illness", SIGNALS, ids=[each.name for each in SIGNALS])
def test_after_a_signal_no_second_sees_more_than_a_tenth_of_the_floor(illness: herd.Illness) -> None:
    crowd = simulate(illness, 0)
    assert crowd.peak <= herd.DESKS / 10
    assert crowd.attempts >= herd.DESKS
    assert crowd.back <= 31.0, "and all are back half a minute after it is well"
    assert (crowd.lost, crowd.gone) == (0, 0), "with everything that was said"


def test_while_calls_begin_nobody_comes_in_step_either() -> None:
    (illness,) = [each for each in ILLNESSES if not each.started]
    crowd = simulate(illness, 0)
    assert crowd.peak <= herd.DESKS / 10
    assert crowd.gone > 0, "half a minute is enough for a command to give up"


def test_after_a_break_of_the_network_everybody_is_back_at_once() -> None:
    crowd = simulate(RESET, 0, desks=50)
    assert crowd == Crowd(attempts=50, peak=50, back=crowd.back, lost=0.0, gone=0)
    assert crowd.back <= 0.5


def test_the_table_and_the_json_hold_every_illness() -> None:
    figures = {
        "floors": 1,
        "attempts": 2.5,
        "peak_p50": 3,
        "peak_max": 4,
        "back_max": 5.5,
        "lost_max": 0.0,
        "gone_max": 0,
    }
    result: dict[str, object] = {"desks": 500, "bound": 50.0, **{each.name: figures for each in (*ILLNESSES, RESET)}}
    console = Console(width=200, record=True, file=io.StringIO())
    herd.render(result, console)
    text = console.export_text()
    assert all(each.name in text for each in (*ILLNESSES, RESET))
    assert json.loads(json.dumps(result)) == result
