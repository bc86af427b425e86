from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import pytest

from captioner.language import Sentences
from captioner.places import (
    FileProblem,
    crash_dir,
    data_dir,
    load_policy,
    load_settings,
    policy_beside_program,
    policy_file,
    resource,
    save_settings,
    settings_file,
)
from captioner.policy import Policy, PolicyProblem
from captioner.settings import Settings
from captioner.ui.viewstate import policy_sentence, stored_sentence


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
    start = "The stored settings cannot be read ("
    assert said(problem).startswith((f"{start}JSON", f"{start}UTF-8)"))
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


# ---------------------------------------------------------------- the company's policy


def written(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_without_a_policy_nothing_is_settled(tmp_path: Path) -> None:
    assert load_policy(tmp_path / "none.json", tmp_path / "neither.json") == Policy()


def test_the_policy_of_the_system_is_read(tmp_path: Path) -> None:
    system = written(tmp_path / "policy.json", '\ufeff{"itn": false}')
    assert load_policy(system) == Policy({"itn": False})


def test_the_policy_of_the_system_wins_over_the_one_beside_the_program(tmp_path: Path) -> None:
    system = written(tmp_path / "system" / "policy.json", '{"itn": false}')
    beside = written(tmp_path / "program" / "policy.json", '{"itn": true}')
    assert load_policy(system, beside) == Policy({"itn": False})


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() != 0, reason="needs files of an administrator")
def test_a_policy_beside_the_program_counts_where_only_an_administrator_can_change_it(tmp_path: Path) -> None:
    system = tmp_path / "none.json"
    beside = written(tmp_path / "program" / "policy.json", '{"itn": true}')
    beside.parent.chmod(0o755)
    beside.chmod(0o644)
    assert load_policy(system, beside) == Policy({"itn": True})
    for mine in (beside, beside.parent):
        mode = mine.stat().st_mode
        mine.chmod(mode | 0o002)
        assert isinstance(load_policy(system, beside), PolicyProblem)
        mine.chmod(mode)
        os.chown(mine, 65534, -1)
        assert isinstance(load_policy(system, beside), PolicyProblem)
        os.chown(mine, 0, -1)
    assert load_policy(system, beside) == Policy({"itn": True})


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="needs files of a person")
def test_a_policy_that_the_person_can_change_is_none(tmp_path: Path) -> None:
    beside = written(tmp_path / "policy.json", "{}")
    assert isinstance(load_policy(tmp_path / "none.json", beside), PolicyProblem)


def test_a_policy_that_cannot_be_read_is_told_with_its_place_and_its_reason(tmp_path: Path) -> None:
    path = tmp_path / "policy.json"
    wrong = {
        b'{"endpoint": "ftp://x"}': "endpoint: ftp://x is not an address such as https://openapi.vito.ai.",
        b"{": "It is no JSON from line 1 on.",
        b"\xff\xfe": "It is not UTF-8 text.",
    }
    for content, reason in wrong.items():
        path.write_bytes(content)
        problem = load_policy(path)
        assert isinstance(problem, PolicyProblem)
        assert policy_sentence(problem, Sentences()) == (
            f"Your company's policy {path} cannot be used, so nothing is captioned until it is mended. {reason}"
        )
    path.unlink()
    path.mkdir()
    problem = load_policy(path)
    assert isinstance(problem, PolicyProblem)
    assert "It cannot be read (Is a directory)." in policy_sentence(problem, Sentences())


def test_no_variable_leads_to_another_policy(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    before = policy_file()
    for name in ("XDG_CONFIG_DIRS", "XDG_CONFIG_HOME", "ProgramData", "ALLUSERSPROFILE", "HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    assert policy_file() == before
    assert before.is_absolute()
    assert policy_beside_program() is None  # this is no frozen program


def test_what_the_company_has_settled_is_not_stored_as_the_persons(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    assert save_settings(Settings(font_size=30, itn=False), path, without={"itn": False}) is None
    assert load_settings(path) == (Settings(font_size=30), ())
