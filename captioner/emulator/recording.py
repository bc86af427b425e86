"""Files of a known recording: its sound and its script."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from captioner.emulator.listening import Recording
from captioner.emulator.script import ScriptError, bundled_sample, read_script


def load_recording(recording: Path | None = None, script: Path | None = None) -> Recording:
    """Read and prepare a recording with its script; the bundled sample call where neither is given.

    Raises:
        ScriptError: Only one is given, or one of them cannot be used.
    """
    if recording is None and script is None:
        recording, script = bundled_sample()
    if recording is None or script is None:
        raise ScriptError("A recording and its script are only of use together.")
    words = read_script(script)
    samples, rate = read_recording(recording)
    return Recording(samples, rate, words)


def read_recording(path: Path) -> tuple[NDArray[np.float32], int]:
    """Return the sound at ``path`` as float32 (frames, channels) in [-1, 1], and its rate in Hz.

    Raises:
        ScriptError: The file cannot be read, is no sound, holds none, or has a rate below 8 kHz.
    """
    try:
        with path.open("rb") as file:
            samples, rate = soundfile.read(file, dtype="float32", always_2d=True)
    except OSError as error:
        raise ScriptError(f"The recording {path} cannot be read: {error.strerror or error}.") from None
    except soundfile.SoundFileError:
        raise ScriptError(f"The recording {path} is not a sound file.") from None
    if len(samples) == 0:
        raise ScriptError(f"The recording {path} holds no sound.")
    if rate < 8000:
        raise ScriptError(f"The recording {path} has a rate of {rate} Hz; at least 8000 Hz are needed.")
    return samples, int(rate)
