"""Capture through PortAudio itself, from a sound card that says what the test says."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.helpers.program import Program
from tests.helpers.soundcard import VirtualMicrophone

CAPTURE = """
import queue, sys
import numpy
from captioner.audio.capture import Capture, devices
from captioner.errors import FaultError
from captioner.events import AudioBlock

name, wanted, block_ms, path = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
news = queue.SimpleQueue()
capture = Capture(name, block_ms=block_ms, post=news.put)
try:
    capture.start()
except FaultError as error:
    print("fault", error.fault.kind, flush=True)
    sys.exit()
blocks = []
while sum(len(block.samples) for block in blocks) < wanted:
    each = news.get()
    if not isinstance(each, AudioBlock):
        print("ended", each.fault.kind, flush=True)
        break
    if not blocks:
        print("hearing", capture.info.device.name, capture.info.rate, capture.info.channels, flush=True)
    blocks.append(each)
capture.close()
numpy.savez(
    path,
    samples=numpy.concatenate([block.samples for block in blocks]),
    positions=[block.position for block in blocks],
    lengths=[len(block.samples) for block in blocks],
    arrived=[block.arrived for block in blocks],
)
"""

DEVICES = """
import json
import sys
from dataclasses import asdict
from captioner.audio.capture import devices, find
from captioner.errors import FaultError

try:
    devices()
    print(json.dumps([asdict(each) for each in devices()]), flush=True)
    find("nothing")
except FaultError as error:
    print(error.fault.kind, flush=True)
"""


@pytest.mark.soundcard
@pytest.mark.portaudio
@pytest.mark.parametrize("block_ms", [10, 20])
def test_every_sample_is_captured_bit_for_bit_in_blocks_of_the_asked_length(
    virtual_microphone: VirtualMicrophone, tmp_path: Path, block_ms: int
) -> None:
    speech = np.random.default_rng(3).integers(-32768, 32768, 48_000).astype(np.int16)
    path = tmp_path / "heard.npz"
    with Program(["-c", CAPTURE, "", str(2 * 48_000), str(block_ms), path], env=virtual_microphone.env) as program:
        assert program.wait_for("hearing .*")[0] == "hearing default 48000 1"
        virtual_microphone.play(speech)
        virtual_microphone.wait_until_said(within=20.0)
        assert program.finish() == 0
        assert program.errors == []
    with np.load(path) as heard:
        steps = heard["samples"][:, 0] * 32768
        start = int(np.flatnonzero(steps)[0]) - int(np.flatnonzero(speech)[0])
        assert np.array_equal(steps[start : start + len(speech)], speech)
        assert set(heard["lengths"]) == {48 * block_ms}
        assert np.array_equal(heard["positions"], np.arange(len(heard["positions"])) * 48 * block_ms)
        assert (np.diff(heard["arrived"]) > 0).all()


@pytest.mark.soundcard
@pytest.mark.portaudio
def test_a_microphone_that_is_unplugged_ends_the_source_and_can_be_captured_again(
    virtual_microphone: VirtualMicrophone, tmp_path: Path
) -> None:
    name = "ALSA: virtual_microphone"
    with Program(["-c", CAPTURE, name, str(10**9), "20", tmp_path / "a"], env=virtual_microphone.env) as program:
        program.wait_for("hearing virtual_microphone")
        virtual_microphone.unplug()
        assert program.wait_for("ended .*")[0] == "ended device-lost"
        assert program.finish() == 0
        # PortAudio's own thread says at any time what it stumbled upon; nothing else is there.
        assert [line for line in program.errors if not line.startswith("Expression '")] == []
    virtual_microphone.replug()
    with Program(["-c", CAPTURE, name, "9600", "20", tmp_path / "b"], env=virtual_microphone.env) as program:
        program.wait_for("hearing virtual_microphone")
        assert program.finish() == 0


@pytest.mark.soundcard
@pytest.mark.portaudio
def test_devices_are_listed_again_and_again_without_a_word_on_standard_error(
    virtual_microphone: VirtualMicrophone,
) -> None:
    with Program(["-c", DEVICES], env=virtual_microphone.env) as program:
        assert program.finish() == 0
        assert program.errors == []
        listed = json.loads(program.lines[0])
        assert program.lines[1] == "no-device"
    by_name = {each["name"]: each for each in listed}
    assert by_name["virtual_microphone"]["id"] == "ALSA: virtual_microphone"
    assert by_name["virtual_microphone"]["rate"] == 48_000
    assert [each["name"] for each in listed if each["default"]] == ["default"]


@pytest.mark.portaudio
@pytest.mark.skipif(sys.platform != "linux" or Path("/proc/asound").exists(), reason="this computer has a sound card")
def test_a_computer_without_a_sound_card_has_no_device(tmp_path: Path) -> None:
    bare = tmp_path / "alsa.conf"  # ALSA as it comes, without anybody's plugins
    bare.write_text("</usr/share/alsa/alsa.conf>\n", encoding="utf-8")
    with Program(["-c", DEVICES], env={"ALSA_CONFIG_PATH": str(bare)}) as program:
        assert program.finish() == 0
        assert program.errors == []
        assert program.lines == ["[]", "no-device"]


@pytest.mark.soundcard
@pytest.mark.portaudio
def test_a_device_that_cannot_be_opened_is_a_fault_without_a_word_on_standard_error(
    virtual_microphone: VirtualMicrophone, tmp_path: Path
) -> None:
    environment = {**virtual_microphone.env, "PULSE_SERVER": f"unix:{tmp_path}/nobody"}
    with Program(["-c", CAPTURE, "", "1", "20", tmp_path / "a"], env=environment) as program:
        assert program.wait_for("fault .*")[0] in ("fault no-device", "fault device-failed")
        assert program.finish() == 0
        assert program.errors == []


def test_a_computer_without_portaudio_says_so(tmp_path: Path) -> None:
    (tmp_path / "sounddevice.py").write_text("raise OSError('PortAudio library not found')\n", encoding="utf-8")
    with Program(["-c", DEVICES], env={"PYTHONPATH": str(tmp_path)}) as program:
        assert program.finish() == 0
        assert program.errors == []
        assert program.lines == ["no-portaudio"]
