"""A microphone that is really unplugged and plugged in again, under programs that go on by themselves."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from captioner.emulator.process import EmulatorProcess
from captioner.places import resource
from tests.helpers.display import VirtualDisplay
from tests.helpers.program import Program
from tests.helpers.soundcard import VirtualMicrophone

pytestmark = [pytest.mark.realtime, pytest.mark.soundcard, pytest.mark.portaudio]

CALL, CALL_RATE = soundfile.read(resource("sample", "sample_call.flac"), dtype="int16", always_2d=True)
UTTERANCES = json.loads(resource("sample", "sample_call.json").read_text(encoding="utf-8"))["utterances"]

ON_A_TERMINAL = """
import os, signal, subprocess, sys, threading
terminal, end = os.openpty()
process = subprocess.Popen([sys.executable, "-m", "captioner", *sys.argv[1:]], stderr=end)
os.close(end)
signal.signal(signal.SIGINT, lambda *_: process.send_signal(signal.SIGINT))

def copy():
    try:
        while said := os.read(terminal, 4096):
            os.write(2, said)
            os.write(1, said)
    except OSError:  # nobody holds its other end any more
        pass

copying = threading.Thread(target=copy)
copying.start()
code = process.wait()
copying.join()
sys.exit(code)
"""
"""Runs the program with a terminal for its standard error, and copies what it says there."""


@pytest.fixture
def service() -> Iterator[str]:
    with EmulatorProcess() as emulator:
        yield emulator.start("measured")


@pytest.mark.display
def test_a_microphone_that_is_unplugged_and_plugged_in_again_is_heard_again_without_a_click(
    service: str, virtual_display: VirtualDisplay, virtual_microphone: VirtualMicrophone
) -> None:
    first, last = UTTERANCES[1]["stop"] + 0.6, UTTERANCES[5]["stop"] + 1.0
    sound = CALL.mean(axis=1).astype(np.int16)
    before, after = (sound[round(a * CALL_RATE) : round(b * CALL_RATE)] for a, b in ((0.0, first), (first, last)))
    env = {
        **virtual_display.env,
        **virtual_microphone.env,
        "RTZR_CLIENT_ID": "somebody",
        "RTZR_CLIENT_SECRET": "secret",
    }
    device = "ALSA: virtual_microphone"
    with Program(["-m", "tests.scenarios.window_program", service, device], env=env) as window:
        window.wait_for('"source opened"')
        window.wait_for('"listening"')
        virtual_microphone.play(before)
        window.wait_for(UTTERANCES[1]["text"].split()[-1])
        virtual_microphone.unplug()
        unplugged = time.monotonic()
        window.wait_for('"source lost"')
        assert window.lines[-1] == '{"milestone": "source lost"}'
        with pytest.raises(AssertionError):
            window.wait_for('"source opened"', within=3.0)
        virtual_microphone.replug()
        window.wait_for('"source opened"')
        opened = time.monotonic()
        virtual_microphone.play(after)
        window.wait_for(UTTERANCES[5]["text"].split()[-1])
        window.terminate()
        summary = json.loads(window.wait_for('{"summary": (.*)}$')[1])
        assert window.finish() == 0
    texts = [json.loads(line)["text"] for line in window.lines if line.startswith('{"text"')]
    assert " ".join(texts).split() == " ".join(each["text"] for each in UTTERANCES[:6]).split()
    (gap,) = (json.loads(line)["gap"] for line in window.lines if line.startswith('{"gap"'))
    assert gap["reason"] == "device"
    assert (gap["stop"] - gap["start"]) / 8000 == pytest.approx(opened - unplugged, abs=0.3)
    assert summary["lost"] == gap["stop"] - gap["start"]
    assert summary["captured"] == summary["recognised"] + summary["lost"]
    assert (summary["connections"], summary["tokens"], summary["complete"]) == (1, 1, False)
    # PortAudio's own thread says at any time what it stumbled upon; nothing else is there.
    assert [line for line in window.errors if not line.startswith("Expression '")] == []


@pytest.mark.parametrize("back", [True, False])
def test_transcribe_waits_for_its_microphone_and_says_so_once(
    back: bool, service: str, virtual_microphone: VirtualMicrophone, tmp_path: Path
) -> None:
    env = {
        **virtual_microphone.env,
        "RTZR_CLIENT_ID": "somebody",
        "RTZR_CLIENT_SECRET": "secret",
        "RTZR_ENDPOINT": service,
    }
    out = tmp_path / "result"
    arguments = ["transcribe", "mic", "--format", "jsonl", "--out", str(out)]
    first = UTTERANCES[0]
    said = CALL[: round((first["stop"] + 0.8) * CALL_RATE)].mean(axis=1).astype(np.int16)
    with Program(["-c", ON_A_TERMINAL, *arguments], env=env) as program:
        program.wait_for("default: .* plugged in, switched on and not muted", within=60.0)  # it hears silence
        virtual_microphone.unplug()
        program.wait_for("default: The microphone was disconnected.*go on by themselves as soon as it is back")
        if back:
            virtual_microphone.replug()
            virtual_microphone.play(said)
            program.wait_for(first["text"].split()[-1])
            virtual_microphone.wait_until_said(within=30.0)
        else:
            with pytest.raises(AssertionError):
                program.wait_for("default:", within=1.0)  # once is enough
        program.interrupt()
        assert program.finish() == 1
    lines = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    (gap,) = (line for line in lines if line["type"] == "gap")
    assert gap["reason"] == "device"
    summary = lines[-1]
    assert summary["lost_samples"] == round((gap["stop"] - gap["start"]) * 8000) > 0
    assert summary["captured_samples"] == summary["recognised_samples"] + summary["lost_samples"]
    assert summary["connections"] == 1
    assert [line["text"] for line in lines if line["type"] == "final"] == ([first["text"]] if back else [])
    spoken_of = [line for line in program.errors if "was disconnected" in line]
    assert len(spoken_of) == (1 if back else 2), "once when it happens, and once as the reason of the end"
