"""The runtime hook of Linux finds the PortAudio of the program's own folder, and does without where it must."""

from __future__ import annotations

import ctypes.util
import runpy
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from resources.packaging import bundle

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the wheels carry PortAudio"),
    pytest.mark.portaudio,
]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of a frozen program in which the hook has run."""
    before = ctypes.util.find_library
    monkeypatch.setattr(sys, "_MEIPASS", str(tmp_path), raising=False)
    runpy.run_path(str(bundle.HERE / "hook_portaudio.py"))
    yield tmp_path
    ctypes.util.find_library = before


def installed() -> Path:
    return next(Path("/usr/lib").glob("*/libportaudio.so.2"), Path("/usr/lib/libportaudio.so.2"))


def test_the_library_inside_is_found_before_the_systems(folder: Path) -> None:
    inside = folder / "libportaudio.so.2"
    shutil.copy(installed(), inside)
    assert ctypes.util.find_library("portaudio") == str(inside)


def test_one_that_cannot_be_loaded_leaves_the_systems(folder: Path) -> None:
    (folder / "libportaudio.so.2").write_bytes(b"no library")
    assert ctypes.util.find_library("portaudio") == "libportaudio.so.2"


def test_without_one_the_system_is_asked_as_ever(folder: Path) -> None:
    assert ctypes.util.find_library("portaudio") == "libportaudio.so.2"
    assert ctypes.util.find_library("no-such-library") is None
