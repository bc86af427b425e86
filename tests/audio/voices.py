"""Sounds with known times: a voice made of syllables, noises, and hold music."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from captioner.events import RATE

Sound = NDArray[np.float64]

FORMANTS = [(730, 1090, 2440), (270, 2290, 3010), (300, 870, 2240), (530, 1840, 2480), (570, 840, 2410)]
"""Hz of the vowels a, i, u, e, o: G. E. Peterson and H. L. Barney, J. Acoust. Soc. Am. 24 (1952)."""


def syllable(rng: np.random.Generator, seconds: float) -> Sound:
    """A vowel with harmonics of a gliding pitch, at a level of 1 (RMS) in its middle; it begins and ends abruptly."""
    count = int(seconds * RATE)
    t = np.arange(count) / RATE
    pitch = rng.uniform(100, 220) * (1 + rng.uniform(-0.15, 0.15) * t / seconds)
    phase = 2 * np.pi * np.cumsum(pitch) / RATE
    formants = FORMANTS[rng.integers(len(FORMANTS))]
    voice = np.zeros(count)
    for harmonic in range(1, 30):
        hz = harmonic * float(pitch.mean())
        if hz < 3600:
            gain = sum(1 / (1 + ((hz - formant) / 120) ** 2) for formant in formants)
            voice += gain * np.sin(harmonic * phase + rng.uniform(0, 6)) / harmonic**0.5
    envelope = np.minimum(1, np.minimum(t, seconds - t) / 0.008)
    voice *= envelope
    return voice / float(np.sqrt(np.mean(voice**2)))


@dataclass(frozen=True, slots=True)
class Call:
    """A recording and the stretches of speech in it, as positions at 8 kHz."""

    sound: Sound
    speech: list[tuple[int, int]]


def call(
    utterances: int = 6,
    *,
    seed: int = 0,
    level: float = -26.0,
    lead: float = 1.5,
    pause: tuple[float, float] = (0.9, 2.5),
) -> Call:
    """Utterances with pauses between them and after the last.

    Args:
        level: of the syllables, dBFS RMS.
        lead: seconds before the first.
        pause: seconds, shortest and longest.
    """
    rng = np.random.default_rng(seed)
    parts, speech, position = [np.zeros(int(lead * RATE))], [], int(lead * RATE)
    for _ in range(utterances):
        start = position
        for number in range(rng.integers(2, 12)):
            if number:
                parts.append(np.zeros(int(rng.uniform(0.01, 0.06) * RATE)))
            parts.append(syllable(rng, rng.uniform(0.09, 0.22)) * 10 ** (rng.uniform(-3, 3) / 20))
        position += sum(map(len, parts)) - position
        speech.append((start, position))
        parts.append(np.zeros(int(rng.uniform(*pause) * RATE)))
        position += len(parts[-1])
    return Call(np.concatenate(parts) * 10 ** (level / 20), speech)


def white(count: int, level: float, seed: int = 1) -> Sound:
    return np.random.default_rng(seed).standard_normal(count) * 10 ** (level / 20)


def pink(count: int, level: float, seed: int = 1) -> Sound:
    spectrum = np.fft.rfft(np.random.default_rng(seed).standard_normal(count))
    noise = np.fft.irfft(spectrum / np.sqrt(np.maximum(np.arange(len(spectrum)), 20)), count)
    return np.asarray(noise / np.sqrt(np.mean(noise**2)) * 10 ** (level / 20))


def hum(count: int, level: float) -> Sound:
    t = np.arange(count) / RATE
    return np.asarray(2**0.5 * 10 ** (level / 20) * np.sin(2 * np.pi * 60 * t))


def hold_music(count: int, level: float, seed: int = 1) -> Sound:
    """A tune of plucked notes with chords below it."""
    rng = np.random.default_rng(seed)
    scale = [261.6, 293.7, 329.6, 349.2, 392.0, 440.0, 493.9, 523.3]
    music, position, number = np.zeros(count), 0, 0
    while position < count:
        length = int(RATE * 0.4 * rng.choice([0.5, 1, 1, 2]))
        t = np.arange(min(2 * length, count - position)) / RATE
        pitch = rng.choice(scale) * rng.choice([0.5, 1, 2])
        for harmonic in range(1, 7):
            decay = np.minimum(t / 0.01, 1) * np.exp(-2.5 * t) / harmonic**1.3
            music[position : position + len(t)] += decay * np.sin(2 * np.pi * pitch * harmonic * t)
        if number % 4 == 0:
            t = np.arange(min(2 * RATE, count - position)) / RATE
            for tone in rng.choice(scale, 3, replace=False):
                music[position : position + len(t)] += 0.5 * np.exp(-t) * np.sin(np.pi * tone * t)
        position += length
        number += 1
    return np.asarray(music / np.sqrt(np.mean(music**2)) * 10 ** (level / 20))


def int16(sound: Sound) -> NDArray[np.int16]:
    return np.clip(np.rint(sound * 32768), -32768, 32767).astype(np.int16)
