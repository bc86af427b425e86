"""A recording of three utterances of the sample call, far apart, and its script, as files."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import soundfile

from tests.helpers.emulated_lane import three_utterances


def write_three_utterances(folder: Path, *, pause: float = 4.0) -> tuple[Path, Path]:
    """Write `three.wav` (8 kHz, mono) and `three.json` (its words with their times in seconds)."""
    sound, recording = three_utterances(pause)
    wav, script = folder / "three.wav", folder / "three.json"
    soundfile.write(wav, sound.astype(np.float32), 8000, subtype="PCM_16")
    words = [{"text": each.text, "start": each.start, "stop": each.stop} for each in recording.script.words]
    script.write_text(json.dumps({"words": words}, ensure_ascii=False), encoding="utf-8")
    return wav, script
