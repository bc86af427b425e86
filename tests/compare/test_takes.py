from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from captioner.bench import endpointing
from captioner.compare.outcome import AnchorSource, Reference, Spoken
from captioner.compare.takes import ON_A_CLEAN_LINE, Take, listen
from captioner.errors import FaultError, FaultKind
from captioner.events import RATE
from tests.audio.voices import call


def write(path: Path, sound: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> Path:
    soundfile.write(path, np.clip(sound, -1, 1), RATE, subtype="PCM_16")
    return path


def spoken(speech: Sequence[tuple[int, int]], later: int = 0) -> Reference:
    return Reference(
        "call.json", tuple(Spoken("네", start + later, stop + later) for start, stop in speech), exact=True
    )


def heard(path: Path, reference: Reference | None = None, channel: int | None = None) -> Take:
    return asyncio.run(listen(path, path.name, channel, reference))


def test_utterances_are_those_of_a_reference_with_times_and_the_end_pointings_error_is_known(tmp_path: Path) -> None:
    said = call(6, seed=3)
    recording = heard(write(tmp_path / "call.wav", said.sound), spoken(said.speech)).recording
    assert [(each.start, each.stop) for each in recording.anchors] == said.speech
    assert recording.anchored_by is AnchorSource.REFERENCE
    assert recording.anchor_error is not None
    assert recording.anchor_error.here
    assert recording.anchor_error.n == 6
    assert recording.length == len(said.sound)


@pytest.mark.parametrize("later", [RATE, 1000 * RATE])
def test_times_of_a_reference_that_fit_another_recording_are_not_used(tmp_path: Path, later: int) -> None:
    said = call(6, seed=3)
    recording = heard(write(tmp_path / "call.wav", said.sound), spoken(said.speech, later)).recording
    assert recording.anchored_by is AnchorSource.SOUND
    assert recording.anchor_error == ON_A_CLEAN_LINE
    assert len(recording.anchors) == 6


def test_each_channel_has_its_own_utterances_and_the_mean_has_all(tmp_path: Path) -> None:
    left, right = call(3, seed=1, lead=1.5).sound, call(2, seed=2, lead=20.0).sound
    length = max(len(left), len(right))
    path = tmp_path / "call.flac"
    soundfile.write(path, np.stack([np.pad(each, (0, length - len(each))) for each in (left, right)], axis=1), RATE)
    assert [len(heard(path, channel=channel).recording.anchors) for channel in (1, 2, None)] == [3, 2, 5]


def test_long_numbers_of_a_reference_are_hidden_where_those_that_are_heard_are(tmp_path: Path) -> None:
    path = write(tmp_path / "call.wav", call(2, seed=3).sound)
    reference = Reference("call.txt", (Spoken("카드는 1234 5678 9012 3456"), Spoken("네")))
    for masked, text in ((True, "카드는 ●●●● ●●●● ●●●● ●●●● 네"), (False, reference.text)):
        take = asyncio.run(listen(path, path.name, None, reference, masked=masked))
        assert take.recording.reference is not None
        assert take.recording.reference.text == text


def test_times_without_channels_are_those_of_the_channel_on_which_somebody_speaks_then(tmp_path: Path) -> None:
    said = call(4, seed=3)
    left, right = np.zeros_like(said.sound), np.zeros_like(said.sound)
    for number, (start, stop) in enumerate(said.speech):
        (right if number % 2 else left)[start - 800 : stop + 800] = said.sound[start - 800 : stop + 800]
    path = write(tmp_path / "both.wav", np.stack((left, right, np.zeros_like(left)), axis=1))
    reference = spoken(said.speech)
    for channel in (1, 2):
        recording = heard(path, reference, channel).recording
        assert recording.anchored_by is AnchorSource.REFERENCE
        mine = [each for number, each in enumerate(said.speech) if number % 2 == channel - 1]
        assert [(each.start, each.stop) for each in recording.anchors] == mine
    assert heard(path, reference, 3).recording.anchors == ()
    too_few = replace(reference, spoken=reference.spoken[2:])  # somebody speaks of whom it knows nothing
    assert heard(path, too_few, 1).recording.anchored_by is AnchorSource.SOUND


def test_silence_holds_no_utterance_whatever_its_reference_says(tmp_path: Path) -> None:
    quiet = write(tmp_path / "quiet.wav", np.zeros(5 * RATE))
    assert heard(quiet, spoken([(RATE, 2 * RATE)])).recording.anchors == ()


def test_silence_holds_no_utterance(tmp_path: Path) -> None:
    assert heard(write(tmp_path / "quiet.wav", np.zeros(5 * RATE))).recording.anchors == ()


def test_a_file_that_is_none_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(FaultError) as caught:
        heard(tmp_path / "missing.wav")
    assert caught.value.fault.kind is FaultKind.FILE_MISSING


def test_the_printed_error_of_end_pointing_is_what_it_is() -> None:
    name, calls = next(endpointing.labelled())
    assert name == "clean"
    ends = endpointing.judge(endpointing.EARS["captioner"], calls)["end_error_ms"]
    assert isinstance(ends, dict)
    stated = ON_A_CLEAN_LINE
    assert ends["n"] == stated.n
    assert ends["p50"] == pytest.approx(stated.p50_ms, abs=1.0)
    assert ends["p95"] == pytest.approx(stated.p95_ms, abs=2.0)
