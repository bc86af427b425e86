"""The workflows use actions as they were when somebody looked, and every script that they name is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from resources.packaging import bundle

WORKFLOWS = sorted((bundle.ROOT / ".github" / "workflows").glob("*.yml"))

pytestmark = pytest.mark.skipif(not WORKFLOWS, reason="a source archive has no .github/")


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_every_action_is_pinned_by_its_commit_with_its_version_beside_it(path: Path) -> None:
    used = re.findall(r"uses: (.*)", path.read_text(encoding="utf-8"))
    assert used
    assert [use for use in used if not re.fullmatch(r"[\w.-]+/[\w.-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", use)] == []


def test_an_action_has_the_same_commit_everywhere() -> None:
    used = {use for path in WORKFLOWS for use in re.findall(r"uses: (\S+)", path.read_text(encoding="utf-8"))}
    assert len({use.partition("@")[0] for use in used}) == len(used)


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_every_file_that_a_workflow_names_is_there(path: Path) -> None:
    named = re.findall(r"\b(?:resources|tests)/[\w./-]+\b", path.read_text(encoding="utf-8"))
    assert named
    assert [name for name in named if not (bundle.ROOT / name).exists()] == []


def test_a_workflow_may_read_and_only_the_release_may_write() -> None:
    for path in WORKFLOWS:
        text = path.read_text(encoding="utf-8")
        assert re.search(r"^permissions:\n  contents: read$", text, re.MULTILINE), path.name
        assert text.count("contents: write") == (path.name == "release.yml"), path.name
