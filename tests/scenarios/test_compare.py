"""The comparison of all five ways, through the command, over real sockets, to the emulator in a process of its own."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import pytest

from captioner.compare.outcome import Way
from captioner.compare.report import COLUMN_NAMES
from captioner.compare.ways import groups
from tests.helpers.program import Program
from tests.helpers.three_utterances import write_three_utterances

pytestmark = pytest.mark.realtime

DESIGN = {
    "baseline": (2650, 2650, 2650),
    "token-cached": (2650, 2530, 2530),
    "connection-kept": (2650, 2450, 2450),
    "streaming": (1950, 1950, 1950),
    "streaming-finalize": (2200, 2200, 2200),
}
"""Milliseconds from the end of speech to the text, with the delays of the profile `design` alone: none is faster."""

PAYS = {
    "baseline": ((120, 80), (120, 80), (120, 80)),
    "token-cached": ((120, 80), (0, 80), (0, 80)),
    "connection-kept": ((120, 80), (0, 0), (0, 0)),
    "streaming": ((0, 0), (0, 0), (0, 0)),
    "streaming-finalize": ((0, 0), (0, 0), (0, 0)),
}
"""Milliseconds of token and connection that each utterance waits for at least; a kept connection costs nothing."""

STAGES = COLUMN_NAMES[8:16]

NEAR = 20.0
"""Milliseconds by which an end of speech that end-pointing finds may differ from the script's."""


def test_each_way_pays_for_what_its_design_has_and_the_report_holds_all_of_it(tmp_path: Path) -> None:
    wav, script = write_three_utterances(tmp_path)
    out = tmp_path / "report"
    arguments: list[str | Path] = ["compare", wav, "--reference", script, "--profile", "design", "--out", out]
    with Program(["-m", "captioner", *arguments]) as program:
        assert program.finish(within=120) == 0
    assert len(program.errors) == 2
    assert "2,183" in "\n".join(program.lines)

    with (out / "utterances.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["outcome"] for row in rows] == ["final"] * 15
    told = json.loads(script.read_text(encoding="utf-8"))["words"]
    for way, expected in DESIGN.items():
        mine = [row for row in rows if row["way"] == way]
        assert " ".join(row["text"] for row in mine) == " ".join(word["text"] for word in told)
        for row, designed, (token, connect) in zip(mine, expected, PAYS[way], strict=True):
            stages = {name: float(value) for name, value in row.items() if name in STAGES and value}
            assert sum(stages.values()) == pytest.approx(float(row["total_ms"]), abs=0.01)
            assert float(row["total_ms"]) > designed - NEAR
            assert stages["token_ms"] >= token
            assert stages["connect_ms"] >= connect
            if way not in ("baseline", "token-cached") and not connect:
                assert (stages["token_ms"], stages["connect_ms"]) == (0, 0)

    report = json.loads((out / "report.json").read_text(encoding="utf-8"))
    assert report["design"] == {"silence": 0.5, "token": 0.12, "connect": 0.08, "text": 1.95}
    bills = {way: report["ways"][way]["bill"] for way in DESIGN}
    assert {way: (each["connections"], each["tokens"]) for way, each in bills.items()} == {
        "baseline": (3, 3),
        "token-cached": (3, 1),
        "connection-kept": (1, 1),
        "streaming": (1, 1),
        "streaming-finalize": (1, 1),
    }
    spoken = sum(word["stop"] - word["start"] for word in told)
    assert all(spoken < bills[way]["sent"] < spoken + 6 for way in list(DESIGN)[:3])
    assert all(abs(bills[way]["sent"] - bills[way]["played"]) < 0.1 for way in list(DESIGN)[3:])
    assert all(report["ways"][way]["accuracy"]["cer"]["rate"] == 0 for way in DESIGN)
    assert (out / "report.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")


def test_ctrl_c_in_the_middle_keeps_what_is_done_and_leaves_nobody_behind(tmp_path: Path) -> None:
    wav, script = write_three_utterances(tmp_path, pause=1.0)
    out = tmp_path / "report"
    arguments: list[str | Path] = ["compare", wav, "--reference", script, "--profile", "measured", "--out", out]
    with Program(["-m", "captioner", *arguments]) as program:
        program.wait_for("left", within=90, errors=True)  # the first group is done, the second one is heard
        emulators = psutil.Process(program.pid).children(recursive=True)
        assert emulators
        program.interrupt()
        assert program.finish(within=60) == 1
    assert not [each for each in emulators if each.is_running() and each.status() != psutil.STATUS_ZOMBIE]
    assert not [line for line in program.errors if "Traceback" in line]
    assert "Baseline" in "\n".join(program.lines)
    assert "The report is in" in "\n".join(program.lines)

    assert sorted(each.name for each in out.iterdir()) == ["report.html", "report.json", "utterances.csv"]
    with (out / "utterances.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    (first, _) = groups(tuple(Way))
    assert [row["outcome"] for row in rows if row["way"] in first] == ["final"] * 3 * len(first)
    report = json.loads((out / "report.json").read_text(encoding="utf-8"))
    assert report["stopped"]
