"""What the virtual microphone says arrives bit for bit, and unplugging it is noticed."""

from pathlib import Path

import numpy as np
import pytest

from tests.helpers.program import Program
from tests.helpers.soundcard import VirtualMicrophone

RECORD = """
import sys, threading
import numpy, sounddevice

wanted, path = int(sys.argv[1]), sys.argv[2]
blocks, ended = [], threading.Event()

def take(block, frames, moment, status):
    if not blocks:
        print("hearing", flush=True)
    blocks.append(block.copy())
    if sum(map(len, blocks)) >= wanted:
        raise sounddevice.CallbackStop

device = next(i for i, d in enumerate(sounddevice.query_devices()) if d["name"] == "virtual_microphone")
stream = sounddevice.InputStream(
    device=device, samplerate=48000, channels=1, dtype="int16", blocksize=960,
    callback=take, finished_callback=ended.set,
)
stream.start()
ended.wait()
print("ended", flush=True)
stream.abort()
stream.close()
numpy.save(path, numpy.concatenate(blocks)[:, 0])
"""


@pytest.mark.soundcard
@pytest.mark.portaudio
def test_what_is_played_is_captured_bit_for_bit(virtual_microphone: VirtualMicrophone, tmp_path: Path) -> None:
    speech = np.random.default_rng(7).integers(-32768, 32768, 48_000).astype(np.int16)
    path = tmp_path / "heard.npy"
    with Program(["-c", RECORD, str(2 * 48_000), path], env=virtual_microphone.env) as recorder:
        recorder.wait_for("hearing")
        virtual_microphone.play(speech)
        virtual_microphone.wait_until_said(within=20.0)
        assert recorder.finish() == 0
    heard = np.load(path)
    start = int(np.flatnonzero(heard)[0]) - int(np.flatnonzero(speech)[0])
    assert np.array_equal(heard[start : start + len(speech)], speech)
    assert not heard[start + len(speech) :].any()


@pytest.mark.soundcard
@pytest.mark.portaudio
def test_unplugging_ends_the_recording_and_replugging_allows_another(
    virtual_microphone: VirtualMicrophone, tmp_path: Path
) -> None:
    with Program(["-c", RECORD, "1000000000", tmp_path / "a.npy"], env=virtual_microphone.env) as recorder:
        recorder.wait_for("hearing")
        assert virtual_microphone.is_recorded()
        virtual_microphone.unplug()
        recorder.wait_for("ended")
        assert recorder.finish() == 0
    virtual_microphone.replug()
    with Program(["-c", RECORD, "9600", tmp_path / "b.npy"], env=virtual_microphone.env) as recorder:
        assert recorder.finish() == 0
    assert len(np.load(tmp_path / "b.npy")) == 9600


@pytest.mark.soundcard
def test_speech_that_nobody_records_stays_unsaid(virtual_microphone: VirtualMicrophone) -> None:
    assert not virtual_microphone.is_recorded()
    virtual_microphone.play(np.ones(48_000, np.int16))
    with pytest.raises(AssertionError, match="still unsaid"):
        virtual_microphone.wait_until_said(within=1.5)
