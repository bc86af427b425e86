"""Utterances of the sample call, far apart: a recording and its script, where each is to be measured by itself."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import soundfile

from captioner.emulator.recording import read_recording
from captioner.emulator.script import bundled_sample, read_script


def write_utterances(folder: Path, count: int, pause: float) -> tuple[Path, Path]:
    """Write the first utterances of the sample call, each with silence before it, and silence at the end.

    Args:
        folder: where the files go.
        count: of utterances, at most as many as there are.
        pause: seconds of each silence.

    Returns:
        A recording (mono, at the sample's rate) and its script, whose times are the true ones.
    """
    path, script = bundled_sample()
    sound, rate = read_recording(path)
    document = json.loads(script.read_text(encoding="utf-8"))
    silence = np.zeros(round(pause * rate), np.float32)
    parts, utterances, position = [silence], list[dict[str, object]](), len(silence)
    for each in document["utterances"][:count]:
        start, stop = round(each["start"] * rate), round(each["stop"] * rate)
        shift = position / rate - each["start"]
        words = [_moved(word, shift) for word in each["words"]]
        utterances.append({**_moved(each, shift), "words": words})
        parts += [sound[start:stop, each["channel"] - 1], silence]
        position += stop - start + len(silence)
    wav, told = folder / "utterances.wav", folder / "utterances.json"
    soundfile.write(wav, np.concatenate(parts), rate, subtype="PCM_16")
    told.write_text(json.dumps({"utterances": utterances}, ensure_ascii=False), encoding="utf-8")
    assert len(read_script(told).words) == sum(len(each["words"]) for each in document["utterances"][:count])
    return wav, told


def _moved(each: dict[str, object], shift: float) -> dict[str, object]:
    start, stop = each["start"], each["stop"]
    assert isinstance(start, float | int)
    assert isinstance(stop, float | int)
    return {"text": each["text"], "start": round(start + shift, 6), "stop": round(stop + shift, 6)}
