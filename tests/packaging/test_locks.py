"""The locked dependencies of the build are those of the project, each with its hashes."""

from __future__ import annotations

import re
import tomllib

import pytest
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from resources.packaging import bundle

PROJECT = tomllib.loads((bundle.ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
WANTED = {
    "requirements-build.txt": [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["build"]],
    "requirements-release.txt": PROJECT["optional-dependencies"]["release"],
}
SYSTEMS = [
    {"sys_platform": system, "python_full_version": f"{python}.0", "python_version": python}
    for system in ("linux", "win32", "darwin")
    for python in ("3.11", "3.12", "3.13")
]


def pins(file: str) -> list[tuple[str, Version, Marker | None, int]]:
    """Read a lock: name, version, where it applies, and how many hashes it has."""
    text = (bundle.HERE / file).read_text(encoding="utf-8").replace("\\\n", " ")
    found: list[tuple[str, Version, Marker | None, int]] = []
    for line in text.splitlines():
        if line.strip() and not line.startswith("#"):
            requirement = Requirement(re.sub(r"--hash=\S+", "", line).strip())
            (pin,) = requirement.specifier
            assert pin.operator == "=="
            hashes = len(re.findall(r"--hash=sha256:[0-9a-f]{64}\b", line))
            found.append((canonicalize_name(requirement.name), Version(pin.version), requirement.marker, hashes))
    return found


@pytest.mark.parametrize("file", WANTED)
def test_everything_that_the_project_asks_for_is_locked_on_every_system(file: str) -> None:
    locked = pins(file)
    for system in SYSTEMS:
        applying = {name: version for name, version, marker, _ in locked if marker is None or marker.evaluate(system)}
        for text in WANTED[file]:
            requirement = Requirement(text)
            version = applying.get(canonicalize_name(requirement.name))
            assert version is not None, f"{requirement.name} is not in {file}; lock again as README.md says"
            assert version in requirement.specifier, f"{file} has {requirement.name} {version}; lock again"


@pytest.mark.parametrize("file", WANTED)
def test_every_pin_has_a_hash(file: str) -> None:
    assert [name for name, _, _, hashes in pins(file) if not hashes] == []


@pytest.mark.parametrize("file", WANTED)
def test_a_lock_names_no_place_of_its_own(file: str) -> None:
    text = (bundle.HERE / file).read_text(encoding="utf-8")
    assert not re.search(r"^(--|-[a-z]\b)", text, re.MULTILINE)
    assert "://" not in text
