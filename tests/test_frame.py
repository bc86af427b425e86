"""The frame holds: what is imported when, what lies where, and that Qt's binding counts its references."""

import fnmatch
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from PySide6.QtCore import QObject
from PySide6.QtGui import QRawFont
from PySide6.QtWidgets import QApplication

import captioner

ROOT = Path(__file__).parents[1]
TOP = {"README.md", "captioner", "captioner.spec", "pyproject.toml", "resources", "tests"}
FONTS = ["Pretendard-Regular.otf", "Pretendard-SemiBold.otf"]


def imported_by(statement: str) -> set[str]:
    """Return the top-level modules that a fresh interpreter has loaded after `statement`."""
    code = f"import sys\n{statement}\nprint(*sorted({{name.partition('.')[0] for name in sys.modules}}))"
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, encoding="utf-8", check=True)
    return set(result.stdout.split())


def project() -> dict[str, str]:
    table: dict[str, str] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return table


def test_importing_the_package_loads_neither_qt_nor_numpy_nor_audio() -> None:
    heavy = {
        "PySide6",
        "httpx",
        "keyring",
        "numpy",
        "qasync",
        "rich",
        "sounddevice",
        "soundfile",
        "typer",
        "websockets",
    }
    assert heavy & imported_by("import captioner") == set()
    assert "numpy" in imported_by("import captioner, numpy")


def test_importing_the_commands_loads_neither_qt_nor_portaudio() -> None:
    assert {"PySide6", "qasync", "sounddevice"} & imported_by("import captioner.cli") == set()


def test_the_version_is_looked_up_once() -> None:
    assert captioner.__version__ is vars(captioner)["__version__"]


def test_the_version_is_written_in_one_place() -> None:
    version = project()["version"]
    assert captioner.__version__ == version
    written = re.compile(rf"(?<![\d.]){re.escape(version)}(?![\d.])")
    assert [p for p in (ROOT / "captioner").rglob("*.py") if written.search(p.read_text(encoding="utf-8"))] == []


def test_the_top_of_the_tree_holds_the_agreed_names_only() -> None:
    lines = (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    ignored = [line.rstrip("/") for line in lines if line and line[0] != "#"]
    names = [
        path.name for path in ROOT.iterdir() if not any(fnmatch.fnmatch(path.name, pattern) for pattern in ignored)
    ]
    assert {name for name in names if name[0] != "."} - TOP == set()


def test_the_build_script_runs_the_tests_and_nothing_else() -> None:
    script = ROOT / ".ci" / "run"
    if not script.exists():
        pytest.skip("a source archive has no .ci/")
    assert script.read_text(encoding="utf-8").splitlines() == ["#!/usr/bin/env bash", "bash tests/run"]


def test_qt_gives_back_every_reference_to_none_that_it_takes(qapp: QApplication) -> None:
    # PySide6 6.12.0 on Python 3.11 loses one per call and aborts when none are left: "none_dealloc".
    thing = QObject()

    def lost(calls: int) -> int:
        before = sys.getrefcount(None)
        for _ in range(calls):
            thing.killTimer(thing.startTimer(1000))
        return before - sys.getrefcount(None)

    lost(10)  # the first calls fill caches, which moves the count by a hundred either way
    assert abs(lost(300)) < 30


@pytest.mark.parametrize("name", FONTS)
def test_the_bundled_font_has_every_hangul_syllable(name: str, qapp: QApplication) -> None:
    font = QRawFont(str(ROOT / "resources" / "fonts" / name), 12)
    assert [chr(code) for code in range(0xAC00, 0xD7A4) if not font.supportsCharacter(code)] == []
    assert not font.supportsCharacter(0x6F22)  # hanja it has none, so the question above can be answered with no


def test_the_fonts_come_with_their_licence() -> None:
    text = (ROOT / "resources" / "fonts" / "LICENSE.txt").read_text(encoding="utf-8")
    assert "SIL Open Font License, Version 1.1" in text
    assert "with Reserved Font Name Pretendard" in text
