from __future__ import annotations

import stat
import sys
from pathlib import Path

import pytest

from captioner.language import Sentences
from captioner.places import (
    FileProblem,
    crash_dir,
    data_dir,
    load_settings,
    resource,
    save_settings,
    settings_file,
)
from captioner.settings import Settings
from captioner.ui.viewstate import stored_sentence


def said(problem: FileProblem | None) -> str:
    assert problem is not None
    return stored_sentence(problem, Sentences())


def test_resources_are_found() -> None:
    assert resource("translations", "captioner_ko.ts").is_file()
    assert resource().is_dir()


def test_what_belongs_to_the_person_lies_in_their_home(private_home: Path) -> None:
    for place in (settings_file(), data_dir(), crash_dir()):
        assert "captioner" in place.parts
        assert place.is_relative_to(private_home)
        assert not place.exists()


def test_without_a_file_the_defaults_are_used() -> None:
    assert load_settings() == (Settings(), ())


def test_settings_are_found_again() -> None:
    settings = Settings(font_size=24, keywords=("리턴제로:3.5",), overlay_place=(3, 4))
    assert save_settings(settings) is None
    assert load_settings() == (settings, ())
    assert save_settings(Settings()) is None
    assert load_settings() == (Settings(), ())


def test_a_save_leaves_nothing_but_the_file() -> None:
    save_settings(Settings(font_size=24))
    save_settings(Settings(font_size=25))
    assert [path.name for path in settings_file().parent.iterdir()] == ["settings.json"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no modes")
def test_settings_are_for_their_owners_eyes_only(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    path.touch(0o644)
    assert save_settings(Settings(), path) is None
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[1]", b'{"a": 1', b"\xff\xfe", b"[" * 100_000, b'{"font_size": ' + b"1" * 9_999 + b"}"]
)
def test_a_corrupt_file_is_put_aside_and_told(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "settings.json"
    path.write_bytes(content)
    settings, problems = load_settings(path)
    assert settings == Settings()
    (problem,) = problems
    assert isinstance(problem, FileProblem)
    assert said(problem).startswith("The stored settings cannot be read (")
    assert said(problem).endswith(f"put aside as {path}.bad, and the defaults are used.")
    assert not path.exists()
    assert (tmp_path / "settings.json.bad").read_bytes() == content
    assert load_settings(path) == (Settings(), ())


def test_a_single_wrong_value_costs_only_itself(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    path.write_text('{"font_size": 1000, "chunk_ms": 40}', encoding="utf-8")
    settings, problems = load_settings(path)
    assert settings == Settings(chunk_ms=40)
    assert [stored_sentence(each, Sentences()) for each in problems] == [
        "Font size: 1000 is not between 10 and 100 pt. The default is used."
    ]
    assert path.exists()


def test_a_file_that_a_windows_editor_saved_is_read(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    path.write_text('{"font_size": 24}', encoding="utf-8-sig", newline="\r\n")
    assert load_settings(path) == (Settings(font_size=24), ())


def test_a_folder_in_the_files_place_is_put_aside(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    path.mkdir()
    assert len(load_settings(path)[1]) == 1
    assert (tmp_path / "settings.json.bad").is_dir()
    assert save_settings(Settings(), path) is None


def test_a_file_that_cannot_even_be_put_aside_is_told(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    path.write_text("{", encoding="utf-8")
    (tmp_path / "settings.json.bad" / "occupied").mkdir(parents=True)
    settings, problems = load_settings(path)
    assert settings == Settings()
    (problem,) = problems
    assert isinstance(problem, FileProblem)
    assert said(problem).startswith(f"The settings in {path} cannot be read (")
    assert path.exists()


def test_settings_that_cannot_be_stored_are_told_and_the_old_ones_stay(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    problem = save_settings(Settings(), tmp_path / "file" / "settings.json")
    assert said(problem).startswith(f"The settings could not be saved in {tmp_path / 'file' / 'settings.json'}: ")
    occupied = tmp_path / "settings.json"
    (occupied / "occupied").mkdir(parents=True)
    assert said(save_settings(Settings(), occupied)).startswith("The settings could not be saved")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "settings.json"]
