"""The emulator as a command: what it says, how it ends, and what it refuses."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from captioner.cli import main
from tests.helpers.program import Program

Captured = pytest.CaptureFixture[str]


@pytest.mark.parametrize("end", [Program.interrupt, Program.terminate])
def test_the_emulator_says_one_line_and_ends_cleanly(end: Callable[[Program], None]) -> None:
    if sys.platform == "win32":
        pytest.skip("Windows has no polite signal for another process")
    with Program(["-m", "captioner", "emulate"]) as program:
        program.wait_for(r"^listening on http://127\.0\.0\.1:\d+$")
        end(program)
        assert program.finish() == 0
    assert len(program.lines) == 1
    assert program.errors == []


def test_a_port_that_is_taken_is_bad_input(capsys: Captured) -> None:
    with Program(["-m", "captioner", "emulate"]) as program:
        port = program.wait_for(r"^listening on http://127\.0\.0\.1:(\d+)$")[1]
        assert main(["emulate", "--port", port]) == 2
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert f"Port {port} cannot be opened" in err


def test_a_script_that_is_none_is_bad_input(tmp_path: Path, capsys: Captured) -> None:
    script = tmp_path / "script.json"
    script.write_text("{}", encoding="utf-8")
    assert main(["emulate", "--recording", str(tmp_path / "a.wav"), "--script", str(script)]) == 2
    err = capsys.readouterr().err
    assert err.startswith("The recording and its script cannot be used: ")
    assert err.count("\n") == 1


@pytest.mark.parametrize("name", ["RTZR_CLIENT_ID", "RTZR_CLIENT_SECRET"])
def test_half_of_the_emulators_credentials_is_bad_input(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    monkeypatch.setenv(name, "half")
    assert main(["emulate"]) == 2
    assert capsys.readouterr().err == "Set both RTZR_CLIENT_ID and RTZR_CLIENT_SECRET, or neither.\n"


@pytest.mark.parametrize("fault", ["nonsense@3s", "drop@soon", "close:7", "refuse:429x0", "slow", "chaos:"])
@pytest.mark.parametrize("command", ["emulate", "demo"])
def test_a_fault_that_is_none_is_one_sentence_and_exit_code_2(command: str, fault: str, capsys: Captured) -> None:
    assert main([command, "--fault", fault]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert fault.partition("@")[0] in err


def test_an_unknown_fault_lists_those_that_there_are(capsys: Captured) -> None:
    assert main(["emulate", "--fault", "nonsense@3s"]) == 2
    assert capsys.readouterr().err.startswith("There is no fault nonsense; there are blackhole, chaos, close, drop,")


def test_what_serves_the_program_itself_is_not_in_the_help(capsys: Captured) -> None:
    main(["emulate", "--help"])
    assert "--with-parent" not in capsys.readouterr().out


def test_a_journal_that_cannot_be_written_is_said_at_the_end(tmp_path: Path) -> None:
    if sys.platform == "win32":
        pytest.skip("Windows has no polite signal for another process")
    with Program(["-m", "captioner", "emulate", "--journal", str(tmp_path / "nowhere" / "journal.json")]) as program:
        program.wait_for(r"^listening on http://127\.0\.0\.1:\d+$")
        program.terminate()
        assert program.finish() == 1
    assert len(program.errors) == 1
    assert "journal.json (No such file or directory)" in program.errors[0]
