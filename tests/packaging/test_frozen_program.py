"""The frozen program at work, where `CAPTIONER_FROZEN` names one: what people do with it, from its folder alone."""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from captioner.places import resource
from resources.packaging import bundle
from tests.helpers.program import Program
from tests.helpers.soundcard import VirtualMicrophone

FROZEN = os.environ.get("CAPTIONER_FROZEN", "")

pytestmark = pytest.mark.skipif(not FROZEN, reason="CAPTIONER_FROZEN names no frozen program")

MEGABYTE = 1_000_000


@pytest.fixture
def frozen() -> Path:
    return Path(FROZEN).resolve()


def script() -> list[str]:
    """Every word of the sample call."""
    utterances = json.loads(resource("sample", "sample_call.json").read_text(encoding="utf-8"))["utterances"]
    return " ".join(each["text"] for each in utterances).split()


def test_the_demo_says_every_word(frozen: Path) -> None:
    with Program(["demo", "--headless"], executable=frozen) as program:
        assert program.finish(within=150.0) == 0
    assert " ".join(program.lines).split() == script()


def test_the_comparison_writes_its_report(frozen: Path, tmp_path: Path) -> None:
    sample = resource("sample", "sample_call.flac")
    arguments: list[str | Path] = ["compare", sample, "--profile", "design", "--out", tmp_path / "out"]
    with Program(arguments, executable=frozen) as program:
        assert program.finish(within=300.0) == 0
    assert {path.name for path in (tmp_path / "out").iterdir()} >= {"report.html", "report.json", "utterances.csv"}
    assert len((tmp_path / "out" / "utterances.csv").read_text(encoding="utf-8").splitlines()) > 5 * 10


@pytest.mark.soundcard
def test_a_sound_card_is_heard(frozen: Path, virtual_microphone: VirtualMicrophone) -> None:
    call, rate = soundfile.read(resource("sample", "sample_call.flac"), dtype="int16", always_2d=True)
    keys = {"RTZR_CLIENT_ID": "somebody", "RTZR_CLIENT_SECRET": "secret"}
    with Program(["emulate"], executable=frozen) as service:
        url = service.wait_for(r"^listening on (\S+)$")[1]
        arguments = ["transcribe", "mic", "--format", "jsonl", "--endpoint", url]
        with Program(arguments, executable=frozen, env={**virtual_microphone.env, **keys}) as program:
            program.wait_for('"state":"live"')
            virtual_microphone.play(call.mean(axis=1).astype(np.int16))
            virtual_microphone.wait_until_said(within=len(call) / rate + 30.0)
            program.wait_for(f'"type":"final".*{script()[-1]}')
            program.interrupt()
            program.finish()
    told = [json.loads(line) for line in program.lines]
    assert " ".join(each["text"] for each in told if each["type"] == "final").split() == script()
    assert told[-1]["type"] == "summary"
    assert (told[-1]["connections"], told[-1]["tokens"], told[-1]["lost_samples"]) == (1, 1, 0)


def test_a_benchmark_runs_the_program_itself(frozen: Path) -> None:
    with Program(["bench", "startup", "--json"], executable=frozen, env={"QT_QPA_PLATFORM": "offscreen"}) as program:
        assert program.finish(within=150.0) == 0
    figures = json.loads("\n".join(program.lines))["startup"]
    assert {"captioner --version", "window shown", "listening"} <= figures.keys()
    assert all(each["n"] > 0 for each in figures.values())


@pytest.mark.skipif(sys.platform != "linux", reason="the bound is that of Linux")
def test_it_is_as_small_as_it_is_said_to_be(frozen: Path) -> None:
    files = [path for path in frozen.parent.rglob("*") if path.is_file() and not path.is_symlink()]
    assert sum(path.stat().st_size for path in files) < 215 * MEGABYTE


def test_it_holds_the_licences_of_what_it_is_made_of(frozen: Path) -> None:
    (path,) = frozen.parent.parent.rglob("components.txt")
    text = path.read_text(encoding="utf-8")
    names = ["Python 3", "PySide6", "numpy", "websockets", "soundfile"]
    if sys.platform == "linux":
        names += ["cryptography"]  # for the keyring over D-Bus
    if shutil.which("dpkg"):
        names += ["libglib2.0-0", "libportaudio2", "libxcb-cursor0"]
    for name in names:
        assert f"\n{name}" in text
    assert str(bundle.ROOT) not in text
