from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from captioner.bench.utterances import write_utterances
from captioner.compare.outcome import Reference
from captioner.compare.reference import read_reference
from captioner.emulator.recording import load_recording, read_recording
from captioner.emulator.script import read_script
from captioner.events import RATE


def test_utterances_stand_as_far_apart_as_is_asked_and_the_script_says_where(tmp_path: Path) -> None:
    wav, script = write_utterances(tmp_path, 3, 4.0)
    reference = read_reference(script)
    assert isinstance(reference, Reference)
    assert reference.exact
    spans = [(each.start or 0, each.stop or 0) for each in reference.spoken]
    assert len(spans) == 3
    assert spans[0][0] == 4 * RATE
    assert all(later[0] - before[1] == pytest.approx(4 * RATE, abs=2) for before, later in pairwise(spans))
    sound, rate = read_recording(wav)
    assert len(sound) / rate == pytest.approx(spans[-1][1] / RATE + 4, abs=0.01)
    for start, stop in spans:
        assert np.any(sound[start * rate // RATE : stop * rate // RATE])
    assert not np.any(sound[: 4 * rate - 1])


def test_the_emulator_can_use_both_files(tmp_path: Path) -> None:
    wav, script = write_utterances(tmp_path, 2, 1.0)
    load_recording(wav, script)
    assert {word.channel for word in read_script(script).words} == {None}, "of one voice at a time"
