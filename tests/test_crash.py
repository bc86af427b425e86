"""Notes of crashes say where, and never what was said."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from captioner.crash import CrashNotes, describe

SPOKEN = "제 카드 번호는 구칠일공입니다"


def fail(text: str) -> None:
    raise ValueError(f"cannot read {text}")


def caught() -> Exception:
    try:
        try:
            fail(SPOKEN)
        except ValueError as error:
            raise RuntimeError(SPOKEN) from error
    except RuntimeError as error:
        return error
    raise AssertionError


def test_a_note_names_types_and_lines_of_code_but_nothing_that_was_said() -> None:
    text = describe(caught())
    assert "builtins.RuntimeError" in text
    assert "builtins.ValueError" in text
    assert "test_crash.py" in text
    assert "in fail" in text
    assert SPOKEN not in text
    assert "cannot read" not in text


def test_causes_that_go_round_in_a_circle_end() -> None:
    one, two = RuntimeError(), ValueError()
    one.__cause__, two.__cause__ = two, one
    assert describe(one).count("Error") == 2


def test_a_note_is_written_and_its_folder_made(tmp_path: Path) -> None:
    notes = CrashNotes(tmp_path / "deep" / "crashes")
    path = notes.note(caught())
    assert path is not None
    assert SPOKEN not in path.read_text(encoding="utf-8")


def test_an_error_that_comes_back_for_ever_does_not_fill_the_disk(tmp_path: Path) -> None:
    notes = CrashNotes(tmp_path)
    for _ in range(100):
        notes.note(caught())
    assert len(list(tmp_path.iterdir())) == 20


def test_without_a_folder_there_is_no_note_and_no_harm(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    notes = CrashNotes(tmp_path / "file" / "crashes")
    notes.install()
    try:
        assert notes.note(caught()) is None
    finally:
        notes.close()
    assert sys.excepthook is sys.__excepthook__


def test_an_exception_that_nobody_handled_leaves_a_note_and_nothing_on_the_screen(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from captioner.crash import CrashNotes;"
        "CrashNotes(Path(sys.argv[1])).install(); raise RuntimeError(sys.argv[2])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path), SPOKEN], capture_output=True, encoding="utf-8", check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (1, "", "")
    (note,) = (path for path in tmp_path.iterdir() if path.name != "native.txt")
    assert "RuntimeError" in note.read_text(encoding="utf-8")
    assert SPOKEN not in note.read_text(encoding="utf-8")


def test_a_crash_below_python_leaves_its_trace(tmp_path: Path) -> None:
    program = (
        "import sys, faulthandler; from pathlib import Path; from captioner.crash import CrashNotes;"
        "CrashNotes(Path(sys.argv[1])).install(); faulthandler._sigsegv()"
    )
    done = subprocess.run([sys.executable, "-c", program, str(tmp_path)], capture_output=True, check=False)
    assert done.returncode != 0
    assert "Segmentation fault" in (tmp_path / "native.txt").read_text(encoding="utf-8")
