"""Two ways compared in a real window, with emulators in processes of their own, until it is closed under them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.display import VirtualDisplay
from tests.helpers.program import Program
from tests.helpers.three_utterances import write_three_utterances


def step(program: Program, name: str, *, within: float = 60.0) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(program.wait_for(rf'^{{"step": "{re.escape(name)}".*$', within=within)[0])
    return found


@pytest.mark.realtime
@pytest.mark.display
def test_two_ways_are_watched_judged_and_saved_and_closing_ends_everything(
    virtual_display: VirtualDisplay, tmp_path: Path
) -> None:
    wav, script = write_three_utterances(tmp_path)
    words = json.loads(script.read_text(encoding="utf-8"))["words"]
    before = virtual_display.picture()
    arguments: list[str | Path] = ["-m", "tests.scenarios.comparison_program", wav, script, tmp_path / "report"]
    with Program(arguments, env=virtual_display.env) as program:
        assert "emulator on this computer" in step(program, "ready")["cost"]
        captions = step(program, "captions")
        assert not captions["engine"]
        assert "A comparison is running" in captions["notice"]
        step(program, "running")
        assert (virtual_display.picture() != before).any()
        done = step(program, "done", within=90.0)
        step(program, "saved")
        step(program, "closing", within=90.0)
        step(program, "ended")
        assert program.finish() == 0
    assert program.errors == []
    said = " ".join(word["text"] for word in words)
    assert [" ".join(row[side] for row in done["rows"]) for side in (0, 1)] == [said, said]
    report = json.loads((tmp_path / "report" / "report.json").read_text(encoding="utf-8"))
    assert report["design"] == {"silence": 0.5, "token": 0.12, "connect": 0.08, "text": 1.95}
    assert set(report["ways"]) == {"connection-kept", "streaming"}
    kept, streaming = (report["ways"][way]["total_ms"]["mean"] for way in ("connection-kept", "streaming"))
    assert kept > streaming > 1950 - 20
    assert [total for row in done["totals"] for total in row if not total.endswith(" ms")] == []
    assert (tmp_path / "report" / "utterances.csv").exists()
    assert (tmp_path / "report" / "report.html").exists()
