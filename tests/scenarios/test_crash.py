"""The window dies in the middle of a call; the next one offers every caption that was on its screen."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import pytest

from captioner.blocks import BlockReader
from captioner.places import unsaved_dir
from tests.helpers.display import VirtualDisplay
from tests.helpers.file_keyring import ENVIRONMENT
from tests.helpers.program import Program

PROGRAM = ["-m", "tests.scenarios.crash_program"]


@pytest.mark.realtime
@pytest.mark.display
def test_after_kill_9_the_next_start_offers_every_final(virtual_display: VirtualDisplay, tmp_path: Path) -> None:
    env = {**virtual_display.env, **ENVIRONMENT, "FILE_KEYRING": str(tmp_path / "keys.json")}
    with Program(PROGRAM, env=env) as window:
        said = [json.loads(window.wait_for('"text"').string)["text"] for _ in range(2)]
        os.kill(window.pid, signal.SIGKILL)
        window.finish()
    (path,) = unsaved_dir().iterdir()
    assert all(text.encode() not in path.read_bytes() for text in said)
    with Program([*PROGRAM, str(tmp_path / "after")], env=env) as window:
        offer = json.loads(window.wait_for('"offer"').string)["offer"]
        found = [json.loads(window.wait_for('"found"').string)["found"] for _ in range(2)]
        with pytest.raises(BlockingIOError):
            BlockReader(path, hold=True)
        window.terminate()
        assert window.finish() == 0
    assert "저장되지 않았습니다" in offer
    assert found == said
    assert path.exists(), "nobody has decided yet"
    (kept,) = unsaved_dir().iterdir()
    assert kept == path, "the second window ended in order"
    assert window.errors == []
