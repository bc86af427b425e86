from __future__ import annotations

import re
from importlib.metadata import Distribution, PathDistribution
from pathlib import Path

import pytest

from captioner import licences


def package(folder: Path, metadata: str, texts: dict[str, str]) -> Distribution:
    """A package as pip leaves it behind."""
    made = folder / "thing-1.0.dist-info"
    made.mkdir()
    (made / "METADATA").write_text(f"Metadata-Version: 2.1\nVersion: 1.0\n{metadata}", encoding="utf-8")
    for name, text in texts.items():
        (made / name).parent.mkdir(exist_ok=True)
        (made / name).write_text(text, encoding="utf-8")
    record = "".join(f"thing-1.0.dist-info/{name},,\n" for name in texts)
    (made / "RECORD").write_text(f"thing/__init__.py,,\n{record}", encoding="utf-8")
    return PathDistribution(made)


def test_our_own_licence_and_the_way_to_replace_qt_come_first() -> None:
    text = licences.read()
    own, qt = text.index("Permission is hereby granted"), text.index("You may replace them")
    section = re.search(r"^=+\nPySide6", text, re.MULTILINE)
    assert section is not None
    assert max(own, qt) < section.start()


@pytest.mark.parametrize(
    "name", ["Python 3", "PySide6", "numpy", "websockets", "keyring", "PortAudio", "Pretendard", "GNU LGPL 3"]
)
def test_everything_that_the_program_is_made_of_has_its_section(name: str) -> None:
    assert re.search(rf"^=+\n{re.escape(name)}", licences.read(), re.MULTILINE)


def test_what_only_tests_and_builds_need_is_not_part_of_the_program() -> None:
    assert not re.search(r"^=+\n(pytest|mypy|pyinstaller)", licences.read(), re.MULTILINE)


def test_a_package_is_named_with_its_licence_and_the_text_of_it(tmp_path: Path) -> None:
    one = package(tmp_path, "Name: thing\nLicense-Expression: MIT\n", {"licenses/LICENSE.txt": "Do what you like."})
    text = licences.collect([one], {})
    assert "\nthing 1.0 (MIT)\n" in text
    assert text.endswith("Do what you like.")


def test_a_whole_licence_in_the_metadata_is_not_taken_for_its_name(tmp_path: Path) -> None:
    one = package(tmp_path, f"Name: thing\nLicense: {'Whereas ' * 40}\n", {"COPYING": "Whereas."})
    assert "\nthing 1.0\n" in licences.collect([one], {})


def test_a_package_without_any_licence_is_still_named(tmp_path: Path) -> None:
    assert "\nthing 1.0\n" in licences.collect([package(tmp_path, "Name: thing\n", {})], {})


def test_other_components_are_named_too() -> None:
    assert licences.collect([], {"libxcb1": "Copyright Bart Massey"}).endswith("Copyright Bart Massey")


def test_modules_lead_to_their_packages() -> None:
    names = {each.metadata["Name"].lower() for each in licences.distributions_of(["numpy", "websockets", "captioner"])}
    assert names == {"numpy", "websockets"}
