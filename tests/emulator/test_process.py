from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from captioner.emulator.process import EmulatorProcess, program
from captioner.emulator.profiles import SPREAD

ROOT = Path(__file__).parents[2]


def answers(url: str) -> bool:
    try:
        httpx.post(f"{url}/v1/authenticate", data={"client_id": "a", "client_secret": "b"}, trust_env=False)
    except httpx.TransportError:
        return False
    return True


@pytest.mark.parametrize(
    ("name", "started"),
    [("captioner", "captioner"), ("captioner.exe", "captioner.exe"), ("captionerw.exe", "captioner.exe")],
)
def test_a_frozen_program_starts_itself_or_the_one_beside_it_that_has_streams(
    name: str, started: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / name))
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    assert program() == [str(tmp_path / started)]


def test_it_serves_anybody_and_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RTZR_CLIENT_ID", "the person's own")
    monkeypatch.setenv("RTZR_CLIENT_SECRET", "secret")
    with EmulatorProcess() as emulator:
        url = emulator.start()
        form = {"client_id": "demo", "client_secret": "demo"}
        assert httpx.post(f"{url}/v1/authenticate", data=form, trust_env=False).status_code == 200
    assert not answers(url)
    emulator.stop()


def test_it_takes_a_profile_and_faults() -> None:
    with EmulatorProcess() as emulator:
        url = emulator.start("design", ["refuse-token:503x1"])
        form = {"client_id": "demo", "client_secret": "demo"}
        statuses = [httpx.post(f"{url}/v1/authenticate", data=form, trust_env=False).status_code for _ in range(2)]
    assert statuses == [503, 200]


@pytest.mark.skipif(sys.platform == "win32", reason="there a program that is ended writes nothing more")
def test_it_leaves_a_journal_where_one_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "journal.json"
    with EmulatorProcess() as emulator:
        emulator.start(SPREAD, journal=path, seed=7)
        assert not path.exists()
    assert json.loads(path.read_text(encoding="utf-8")) == []


def test_what_it_complains_of_is_told() -> None:
    with EmulatorProcess() as emulator, pytest.raises(OSError, match="There is no profile swift"):
        emulator.start("swift")


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_it_does_not_outlive_a_parent_that_was_killed() -> None:
    code = "from captioner.emulator.process import EmulatorProcess as E; e = E(); print(e.start(), flush=True); input()"
    parent = subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8"
    )
    with parent:
        assert parent.stdout is not None
        url = parent.stdout.readline().strip()
        assert answers(url)
        os.kill(parent.pid, signal.SIGKILL)
    deadline = time.monotonic() + 20
    while answers(url):
        assert time.monotonic() < deadline
