"""End-pointing: how much speech is heard, how much is invented, and how well the end of speech is known.

The labelled set is made here. Its speech is that of the sample call, whose script says when each utterance begins and
ends, cut apart and set into silence with pauses of 0.9 to 2.5 s; to it comes noise at several distances, or it is as
quiet as a bad line makes it. Where nobody speaks there is noise, or hold music of three kinds, made of nothing but
arithmetic: chords, a voice that sings, and what a telephone exchange plays.

Beside this program's end-pointing stands its voice detector alone, in each of its four modes, with the same hysteresis:
three of five frames to start, half a second without any to stop.
"""

from __future__ import annotations

import json
import math
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from captioner.audio.conditioning import Conditioner
from captioner.audio.endpointing import Endpointer, SpeechEvent, SpeechStarted
from captioner.bench.figures import Figures
from captioner.emulator.recording import read_recording
from captioner.emulator.script import bundled_sample
from captioner.events import FRAME, RATE, AudioBlock, Frame

Sound: TypeAlias = NDArray[np.float64]
Stretch: TypeAlias = tuple[int, int]

SPEECH_LEVEL = -26.0
"""dBFS of the speech, over the time in which somebody speaks (ITU-T G.191's usual level)."""
ROUNDS = 4
"""How often the call is cut apart, each time with other pauses and another noise."""
MUSIC_SECONDS = 60
HANGOVER = 0.5
BOUND_MS = 60.0
"""Of the ends of speech on the clean set, at the 95th percentile."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """Sound at 8 kHz, in [-1, 1], and where somebody speaks in it."""

    sound: Sound
    speech: tuple[Stretch, ...]


# ---------------------------------------------------------------- the set


def spoken(seed: int, level: float = SPEECH_LEVEL) -> Labelled:
    """Return the sample call's utterances with pauses of random length between them.

    Args:
        seed: of the pauses.
        level: dBFS.
    """
    random = np.random.default_rng(seed)
    path, script = bundled_sample()
    recorded, rate = read_recording(path)
    lanes = [_conditioned(recorded, rate, channel) for channel in range(1, recorded.shape[1] + 1)]
    parts, speech = [np.zeros(3 * RATE // 2)], list[Stretch]()
    for each in json.loads(script.read_text(encoding="utf-8"))["utterances"]:
        start, stop = round(each["start"] * RATE), round(each["stop"] * RATE)
        voice = lanes[each["channel"] - 1][start:stop]
        position = sum(map(len, parts))
        speech.append((position, position + len(voice)))
        parts += [_at(level, voice), np.zeros(round(random.uniform(0.9, 2.5) * RATE))]
    return Labelled(np.concatenate(parts), tuple(speech))


def _conditioned(recorded: NDArray[np.float32], rate: int, channel: int) -> Sound:
    conditioner = Conditioner(rate, recorded.shape[1], channel)
    frames = [*conditioner.push(AudioBlock(recorded, rate, 0, 0.0)), *conditioner.flush()]
    sound = np.concatenate([frame.samples for frame in frames]) / 32768.0
    return np.asarray(sound[max(0, -frames[0].start) :])


def _at(level: float, sound: Sound) -> Sound:
    return np.asarray(sound * 10 ** (level / 20) / math.sqrt(float(np.mean(sound**2)) or 1.0))


def noisy(call: Labelled, distance: float, seed: int) -> Labelled:
    """Add noise as a room has it (half white, half pink), `distance` dB below the speech."""
    random = np.random.default_rng(seed)
    spectrum = np.fft.rfft(random.standard_normal(len(call.sound)))
    pink = np.fft.irfft(spectrum / np.sqrt(np.maximum(np.arange(len(spectrum)), 20)), len(call.sound))
    room = _at(0.0, pink) + random.standard_normal(len(call.sound))
    return Labelled(call.sound + _at(SPEECH_LEVEL - distance, room), call.speech)


def chords(count: int, random: np.random.Generator) -> Sound:
    """Play a tune of plucked notes with chords below it."""
    scale = np.array([261.6, 293.7, 329.6, 349.2, 392.0, 440.0, 493.9, 523.3])
    music = np.zeros(count + 4 * RATE)
    position, number = 0, 0
    while position < count:
        length = int(0.4 * RATE * random.choice([0.5, 1, 1, 2]))
        _pluck(music, position, 2 * length, float(random.choice(scale) * random.choice([0.5, 1, 2])), 1.0)
        if number % 4 == 0:
            for tone in random.choice(scale, 3, replace=False):
                _pluck(music, position, 2 * RATE, float(tone / 2), 0.5)
        position, number = position + length, number + 1
    return music[:count]


def _pluck(music: Sound, position: int, length: int, hz: float, gain: float) -> None:
    t = np.arange(length) / RATE
    for harmonic in range(1, 7):
        if hz * harmonic < RATE / 2:
            decay = np.minimum(t / 0.01, 1) * np.exp(-2.5 * t) / harmonic**1.3
            music[position : position + length] += gain * decay * np.sin(2 * np.pi * hz * harmonic * t)


def singing(count: int, random: np.random.Generator) -> Sound:
    """Sing vowels on long notes, with vibrato, over soft chords.

    The formants are those of G. E. Peterson and H. L. Barney, J. Acoust. Soc. Am. 24 (1952).
    """
    vowels = [(730, 1090, 2440), (270, 2290, 3010), (300, 870, 2240), (530, 1840, 2480), (570, 840, 2410)]
    music = 0.15 * chords(count, random)
    position = 0
    while position < count:
        length = int(random.uniform(0.35, 1.6) * RATE)
        t = np.arange(min(length, count - position)) / RATE
        pitch = float(random.choice([196.0, 220.0, 246.9, 261.6, 293.7, 329.6]))
        phase = 2 * np.pi * np.cumsum(pitch * (1 + 0.012 * np.sin(2 * np.pi * 5.5 * t))) / RATE
        formants = vowels[random.integers(len(vowels))]
        envelope = np.minimum(1, np.minimum(t, t[-1] - t) / 0.06)
        for harmonic in range(1, int(3600 / pitch)):
            gain = sum(1 / (1 + ((harmonic * pitch - formant) / 120) ** 2) for formant in formants)
            music[position : position + len(t)] += gain * envelope * np.sin(harmonic * phase) / harmonic**0.5
        position += length + int(random.choice([0, 0, 0.15, 0.5]) * RATE)
    return music


def exchange(count: int, random: np.random.Generator) -> Sound:
    """Ring and beep: the Korean ringing tone (440 and 480 Hz, 1 s in 3), queue beeps, dialled digits."""
    sound, position = np.zeros(count), 0
    digits = [(a, b) for a in (697, 770, 852, 941) for b in (1209, 1336, 1477)]
    while position < count:
        kind = random.integers(3)
        tones: list[tuple[tuple[float, ...], float, float]] = [((440.0, 480.0), 1.0, 2.0)]
        if kind == 1:
            tones = [((1000.0,), 0.2, 0.3)] * 3 + [((), 0.0, 1.5)]
        elif kind == 2:
            tones = [(digits[random.integers(len(digits))], 0.1, 0.1) for _ in range(7)] + [((), 0.0, 1.0)]
        for hz, on, off in tones:
            t = np.arange(max(0, min(int(on * RATE), count - position))) / RATE
            for each in hz:
                sound[position : position + len(t)] += np.sin(2 * np.pi * each * t)
            position += int((on + off) * RATE)
    return sound


MUSIC: dict[str, Callable[[int, np.random.Generator], Sound]] = {
    "chords": chords,
    "singing": singing,
    "ringing and beeps": exchange,
}


def music(kind: str, seed: int, level: float = SPEECH_LEVEL) -> Labelled:
    """Return a minute of hold music, in which nobody speaks, on a quiet line."""
    random = np.random.default_rng(seed)
    count = MUSIC_SECONDS * RATE
    return Labelled(_at(level, MUSIC[kind](count, random)) + _at(-75.0, random.standard_normal(count)), ())


def labelled() -> Iterator[tuple[str, list[Labelled]]]:
    """Yield every part of the set with its name."""
    calls = [spoken(seed) for seed in range(ROUNDS)]
    yield "clean", [noisy(call, 60, seed) for seed, call in enumerate(calls)]
    for distance in (20, 10, 0):
        yield f"{distance} dB over noise", [noisy(call, distance, seed) for seed, call in enumerate(calls)]
    tiny = [spoken(seed, -55.0) for seed in range(ROUNDS)]
    yield "-55 dBFS", [noisy(call, 60, seed) for seed, call in enumerate(tiny)]
    yield "steady noise", [noisy(Labelled(np.zeros(60 * RATE), ()), 20, seed) for seed in range(ROUNDS)]
    for kind in MUSIC:
        yield kind, [music(kind, seed) for seed in range(ROUNDS)]


# ---------------------------------------------------------------- who hears it


Ears: TypeAlias = Callable[[], Callable[[Frame], list[Stretch]]]
"""Makes what takes frames and returns the stretches of speech that have ended; an empty frame ends the lane."""


def _ours() -> Callable[[Frame], list[Stretch]]:
    endpointer, started = Endpointer(hangover=HANGOVER), 0

    def take(events: Sequence[SpeechEvent]) -> list[Stretch]:
        nonlocal started
        found = list[Stretch]()
        for event in events:
            if isinstance(event, SpeechStarted):
                started = event.position
            else:
                found.append((started, event.position))
        return found

    return lambda frame: take(endpointer.push(frame) if len(frame.samples) else endpointer.flush())


def _detector(mode: int) -> Ears:
    """Make the voice detector alone, with hysteresis."""

    def make() -> Callable[[Frame], list[Stretch]]:
        import webrtcvad

        detector, recent = webrtcvad.Vad(mode), deque[bool](maxlen=5)
        start, end, speaking = 0, 0, False

        def take(frame: Frame) -> list[Stretch]:
            nonlocal start, end, speaking
            if not len(frame.samples):
                return [(start, end)] if speaking else []
            voice = bool(detector.is_speech(frame.samples.tobytes(), RATE))
            recent.append(voice)
            if not speaking and sum(recent) >= 3:
                speaking, start = True, frame.stop - len(recent) * FRAME
            end = frame.stop if voice else end
            if speaking and frame.stop - end >= HANGOVER * RATE:
                speaking = False
                recent.clear()
                return [(start, end)]
            return []

        return take

    return make


EARS: dict[str, Ears] = {"captioner": _ours, **{f"webrtcvad mode {mode}": _detector(mode) for mode in range(4)}}


def hear(ears: Ears, sound: Sound) -> list[Stretch]:
    """Return the stretches of speech that are heard."""
    samples = np.clip(np.rint(sound * 32768), -32768, 32767).astype(np.int16)
    take, found = ears(), list[Stretch]()
    whole = len(samples) // FRAME * FRAME
    for at in range(0, whole, FRAME):
        found += take(Frame(at, samples[at : at + FRAME]))
    return found + take(Frame(whole, samples[:0]))


# ---------------------------------------------------------------- figures


def measure() -> dict[str, object]:
    """Let everyone hear everything."""
    parts = list(labelled())
    return {name: {part: judge(ears, calls) for part, calls in parts} for name, ears in EARS.items()}


def judge(ears: Ears, calls: Sequence[Labelled]) -> dict[str, object]:
    """Say how many utterances are heard, how much is invented, and how far the ends of speech are from the true ones.

    An utterance is heard where half of it is found; what overlaps none is invented. An end is compared where what was
    found covers no other utterance.
    """
    utterances = heard = false = 0
    seconds = 0.0
    ends = list[float]()
    for call in calls:
        found = hear(ears, call.sound)
        invented = [each for each in found if not any(_overlap(each, speech) for speech in call.speech)]
        false += len(invented)
        seconds += sum(stop - start for start, stop in invented) / RATE
        for speech in call.speech:
            over = [each for each in found if _overlap(each, speech)]
            utterances += 1
            heard += 2 * sum(_overlap(each, speech) for each in over) >= speech[1] - speech[0]
            # only where it was found by itself is there an end to be compared
            if over and not any(_overlap(over[-1], other) for other in call.speech if other != speech):
                ends.append(abs(over[-1][1] - speech[1]) * 1000 / RATE)
    minutes = sum(len(call.sound) for call in calls) / RATE / 60
    return {
        "utterances": utterances,
        "hits": heard / utterances if utterances else None,
        "false_a_minute": false / minutes,
        "false_seconds_a_minute": seconds / minutes,
        "end_error_ms": Figures.of(ends).plain(),
    }


def _overlap(one: Stretch, other: Stretch) -> int:
    return max(0, min(one[1], other[1]) - max(one[0], other[0]))


def render(result: dict[str, object], console: Console) -> None:
    """Print the table."""
    table = Table(title=f"end-pointing (bound: ends of speech on the clean set, p95 {BOUND_MS:g} ms)")
    for name in ("", "heard by", "n", "hits %", "false/min", "false s/min", "ends known", "end ms p50", "p95", "max"):
        table.add_column(name, justify="right" if name not in ("", "heard by") else "left")
    by_part = dict[str, list[tuple[str, dict[str, object]]]]()
    for name, parts in result.items():
        assert isinstance(parts, dict)
        for part, figures in parts.items():
            by_part.setdefault(part, []).append((name, figures))
    for part, rows in by_part.items():
        for number, (name, figures) in enumerate(rows):
            hits, end = figures["hits"], figures["end_error_ms"]
            assert isinstance(end, dict)
            assert hits is None or isinstance(hits, float)
            table.add_row(
                "" if number else part,
                name,
                str(figures["utterances"]),
                "–" if hits is None else f"{100 * hits:.1f}",
                f"{figures['false_a_minute']:.1f}",
                f"{figures['false_seconds_a_minute']:.1f}",
                str(end["n"]),
                *("–" if end[key] is None else f"{end[key]:.1f}" for key in ("p50", "p95", "max")),
                end_section=number == len(rows) - 1,
            )
    console.print(table)
