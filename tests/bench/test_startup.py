from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest
from rich.console import Console

from captioner.bench import startup
from captioner.cli import main


def test_a_frozen_program_is_measured_beside_this_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if sys.platform == "win32":
        pytest.skip("the stand-in is a script")
    program = tmp_path / "captioner"  # stands for a frozen one: the same program, by another name
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m captioner "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("CAPTIONER_FROZEN", str(program))
    monkeypatch.setenv("PYTHONPATH", str(Path.cwd()))
    monkeypatch.setattr(startup, "RUNS", 1)
    result = startup.measure()
    for name in ("captioner --version", "window shown", "listening"):
        for whose in ("", " (frozen)"):
            figures = result[f"{name}{whose}"]
            assert isinstance(figures, dict)
            assert figures["n"] == 1
            assert figures["p50"] > 0
    text = io.StringIO()
    startup.render(result, Console(file=text, width=120))
    assert "window shown (frozen)" in text.getvalue()


def test_a_frozen_program_that_is_not_there_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CAPTIONER_FROZEN", str(tmp_path / "nowhere"))
    assert main(["bench", "startup"]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == f"CAPTIONER_FROZEN names no program that can be started: {tmp_path / 'nowhere'}\n"


def test_what_serves_the_benchmarks_themselves_is_not_in_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    main(["bench", "--help"])
    assert "--part" not in capsys.readouterr().out
