"""A call heard by a sound card, captioned in a real window: every word, over one connection, with one token."""

import json
from collections.abc import Iterator

import numpy as np
import pytest
import soundfile

from captioner.emulator.process import EmulatorProcess
from captioner.places import resource
from tests.helpers.display import VirtualDisplay
from tests.helpers.program import Program
from tests.helpers.soundcard import VirtualMicrophone


@pytest.fixture
def service() -> Iterator[str]:
    with EmulatorProcess() as emulator:
        yield emulator.start("measured")


@pytest.mark.realtime
@pytest.mark.display
@pytest.mark.soundcard
@pytest.mark.portaudio
def test_every_word_said_into_a_sound_card_is_painted(
    service: str, virtual_display: VirtualDisplay, virtual_microphone: VirtualMicrophone
) -> None:
    call, rate = soundfile.read(resource("sample", "sample_call.flac"), dtype="int16", always_2d=True)
    assert rate == virtual_microphone.rate
    script = json.loads(resource("sample", "sample_call.json").read_text(encoding="utf-8"))
    words = " ".join(utterance["text"] for utterance in script["utterances"]).split()
    env = {
        **virtual_display.env,
        **virtual_microphone.env,
        "RTZR_CLIENT_ID": "somebody",
        "RTZR_CLIENT_SECRET": "secret",
    }
    with Program(["-m", "tests.scenarios.window_program", service], env=env) as window:
        window.wait_for('"listening"')
        virtual_microphone.play(call.mean(axis=1).astype(np.int16))
        virtual_microphone.wait_until_said(within=len(call) / rate + 30.0)
        window.wait_for(words[-1])
        window.terminate()
        summary = json.loads(window.wait_for('{"summary": (.*)}$')[1])
        assert window.finish() == 0
    texts = [json.loads(line)["text"] for line in window.lines if line.startswith('{"text"')]
    assert " ".join(texts).split() == words
    assert (summary["connections"], summary["tokens"], summary["lost"]) == (1, 1, 0)
    assert summary["captured"] == summary["recognised"]
    assert summary["complete"]
    assert window.errors == []
