from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from captioner.emulator.sound import Activity, Resampler, decode
from tests.emulator.speech import noise, sample_call, sample_words


def tone(frequency: float, rate: int, length: float = 1.0) -> np.ndarray:
    return np.sin(2 * np.pi * frequency * np.arange(round(rate * length)) / rate).astype(np.float32)


def test_linear16_is_little_endian_and_signed() -> None:
    assert decode(b"\x00\x40\x00\xc0\xff\x7f", "LINEAR16").tolist() == [0.5, -0.5, 32767 / 32768]


def test_companded_samples_are_those_of_g711() -> None:
    # Code words and linear values of ITU-T G.711, tables 1a and 2a (16-bit scale).
    mulaw = decode(bytes([0x00, 0x80, 0xFF, 0x7F, 0xF0]), "MULAW") * 32768
    assert mulaw.tolist() == [-32124, 32124, 0, 0, 120]
    alaw = decode(bytes([0x2A, 0xAA, 0xD5, 0x55, 0x80]), "ALAW") * 32768
    assert alaw.tolist() == [-32256, 32256, 8, -8, 5504]


@pytest.mark.parametrize("rate", [8000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000])
def test_resampling_keeps_a_tone_in_its_place(rate: int) -> None:
    resampler = Resampler(rate)
    given_samples = np.concatenate([resampler.push(tone(1000, rate)), resampler.tail()])
    assert len(given_samples) == 8000
    assert np.max(np.abs(given_samples - tone(1000, 8000))[200:-200]) < 1e-3


@settings(max_examples=40)
@given(st.lists(st.integers(0, 700), max_size=20), st.sampled_from([8000, 11_025, 44_100, 48_000]))
def test_blocks_of_any_size_give_the_same_samples(sizes: list[int], rate: int) -> None:
    sound = noise(0.1, sum(sizes)).astype(np.float32)
    whole, parts = Resampler(rate), Resampler(rate)
    once = np.concatenate([whole.push(sound), whole.tail()])
    edges = np.cumsum([0, *sizes])
    several = [parts.push(sound[start:stop]) for start, stop in pairwise(edges)]
    assert np.allclose(once, np.concatenate([*several, parts.tail()]), atol=1e-6)


def test_steady_noise_counts_as_silence_and_speech_above_it_does_not() -> None:
    activity = Activity()
    activity.push(noise(0.01, 40_000).astype(np.float32))
    assert activity.active == 0
    activity.push(noise(0.2, 8000).astype(np.float32))
    assert activity.start == 40_000
    assert activity.stop == 48_000


def test_activity_of_the_sample_call_covers_its_words() -> None:
    activity, resampler = Activity(), Resampler(8000)
    call = sample_call().astype(np.float32)
    stops = []
    for at in range(0, len(call), 160):
        activity.push(resampler.push(call[at : at + 160]))
        stops.append((at, activity.stop))
    for word in sample_words():
        reached = next(stop for at, stop in stops if at >= word.stop * 8000 + 400)
        assert reached > word.stop * 8000 - 800
