"""The sample call as sound of any kind, and what a listener hears in it."""

from functools import cache

import numpy as np
import soundfile
from numpy.typing import NDArray

from captioner.emulator.listening import HeardWord, Listener, Recording
from captioner.emulator.recording import load_recording
from captioner.emulator.script import Word, bundled_sample

Sound = NDArray[np.float64]


@cache
def sample_recording() -> Recording:
    return load_recording()


def sample_words() -> tuple[Word, ...]:
    return sample_recording().script.words


@cache
def sample_call(rate: int = 8000, channel: int | None = None) -> Sound:
    """The mean of both sides, or one side from 1; resampled by Fourier, independently of what is tested."""
    samples, original = soundfile.read(bundled_sample()[0])
    sound: Sound = samples.mean(axis=1) if channel is None else samples[:, channel - 1]
    return resampled(sound, original, rate)


def resampled(sound: Sound, original: int, rate: int) -> Sound:
    count = round(len(sound) * rate / original)
    return np.asarray(np.fft.irfft(np.fft.rfft(sound), count) * (count / len(sound)), dtype=np.float64)


def seconds(sound: Sound, start: float, stop: float, rate: int = 8000) -> Sound:
    return sound[round(start * rate) : round(stop * rate)]


def silence(length: float, rate: int = 8000) -> Sound:
    return np.zeros(round(length * rate))


def noise(level: float, count: int, seed: int = 1) -> Sound:
    return np.random.default_rng(seed).standard_normal(count) * level


def speech_level() -> float:
    """RMS of the mean of both sides where somebody speaks."""
    call = sample_call()
    spoken = np.concatenate([seconds(call, word.start, word.stop) for word in sample_words()])
    return float(np.sqrt(np.mean(spoken**2)))


def pcm16(sound: Sound) -> bytes:
    return np.clip(np.rint(sound * 32768), -32768, 32767).astype("<i2").tobytes()


def words_heard(
    sound: Sound, rate: int = 8000, *, recording: Recording | None = None, frame: float = 0.02
) -> list[HeardWord]:
    """What a listener hears that gets ``sound`` as 16-bit samples in frames."""
    listener = Listener(recording or sample_recording(), rate)
    samples = np.frombuffer(pcm16(sound), "<i2").astype(np.float32) / np.float32(32768)
    heard = []
    step = max(1, round(frame * rate))
    for at in range(0, len(samples), step):
        listener.push(samples[at : at + step])
        heard += listener.take()
    listener.flush()
    return heard + listener.take()


def indices(heard: list[HeardWord]) -> list[int]:
    return [word.index for word in heard]
