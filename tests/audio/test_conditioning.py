from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable
from itertools import pairwise
from math import ceil, log10

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from captioner.audio.conditioning import DELAY, HIGHEST_RATE, LOWEST_RATE, Conditioner
from captioner.errors import FormatChanged, Misuse
from captioner.events import FRAME, AudioBlock, Frame

Sound = NDArray[np.float32]

COMMON_RATES = [8000, 11025, 12000, 16000, 22050, 24000, 32000, 37800, 44100, 48000, 88200, 96000, 176400, 192000]
AWKWARD_RATES = [8001, 9999, 11111, 44099, 47999, 191999]


def condition(sound: Sound, rate: int, cuts: Iterable[int] = (), channel: int | None = None) -> list[Frame]:
    """All frames of a sound, float32 (frames, channels), that is cut into blocks at the positions in `cuts`."""
    conditioner = Conditioner(rate, sound.shape[1], channel)
    frames: list[Frame] = []
    edges = [0, *sorted(min(cut, len(sound)) for cut in cuts), len(sound)]
    for start, stop in pairwise(edges):
        frames += conditioner.push(AudioBlock(sound[start:stop], rate, start, 0.0))
    return frames + conditioner.flush()


def joined(frames: list[Frame]) -> NDArray[np.int16]:
    return np.concatenate([np.zeros(0, np.int16), *(frame.samples for frame in frames)])


def heard(frames: list[Frame]) -> NDArray[np.int16]:
    """The lane from position 0 on."""
    return joined(frames)[-frames[0].start :]


def mono(samples: NDArray[np.floating]) -> Sound:
    return samples.astype(np.float32)[:, None]


def tone(hz: float, rate: int, seconds: float = 1.0, amplitude: float = 0.5) -> Sound:
    return mono(amplitude * np.sin(2 * np.pi * hz * np.arange(int(rate * seconds)) / rate))


def noise(frames: int, channels: int = 1, seed: int = 0) -> Sound:
    return np.random.default_rng(seed).uniform(-1, 1, (frames, channels)).astype(np.float32)


def gain(hz: float, rate: int) -> float:
    """dB between the middle of a tone that went through and the tone itself."""
    through = heard(condition(tone(hz, rate, 0.5), rate))[1000:3000] / 32768
    return 20 * log10(max(float(np.sqrt(np.mean(through**2))), 1e-9) / (0.5 / 2**0.5))


# ---------------------------------------------------------------- what comes out


@pytest.mark.parametrize("rate", COMMON_RATES + AWKWARD_RATES)
def test_every_sample_is_the_sound_at_its_own_position(rate: int) -> None:
    frames = condition(tone(1234.5, rate), rate)
    positions = np.arange(400, 7600)
    truth = 0.5 * 32768 * np.sin(2 * np.pi * 1234.5 * positions / 8000)
    # Half a step of int16 beside what the filter leaves of the images, 80 dB down.
    assert np.abs(heard(frames)[400:7600] - truth).max() < 0.5 + 0.5 * 32768 * 1e-4


@pytest.mark.parametrize("rate", [rate for rate in COMMON_RATES + AWKWARD_RATES if rate > 8000])
def test_a_click_comes_out_at_its_own_position(rate: int) -> None:
    sound = np.zeros((rate, 1), np.float32)
    sound[rate // 2] = 1.0
    lane = heard(condition(sound, rate)).astype(float)
    middle = float(np.sum(np.arange(len(lane)) * lane) / np.sum(lane))
    assert middle == pytest.approx(rate // 2 * 8000 / rate, abs=0.02)


@pytest.mark.parametrize("rate", [11025, 16000, 44100, 48000, 96000, 44099])
def test_the_band_of_telephones_is_flat(rate: int) -> None:
    for hz in (300, 700, 1500, 2500, 3000, 3300, 3400):
        assert abs(gain(hz, rate)) < 0.02, hz


@pytest.mark.parametrize("rate", [11025, 16000, 44100, 48000, 96000, 192000, 44099])
def test_what_8_khz_cannot_carry_is_kept_out(rate: int) -> None:
    for hz in (4600, 5000, 6500, 10_000, 15_000, 21_000, 39_000):
        if hz < rate / 2:
            assert gain(hz, rate) < -80, hz


@pytest.mark.parametrize("rate", COMMON_RATES + AWKWARD_RATES)
@pytest.mark.parametrize("frames", [1, 7, 959, 12_345])
def test_the_lane_is_as_long_as_its_sound(rate: int, frames: int) -> None:
    out = condition(noise(frames), rate)
    assert out[-1].stop == ceil(frames * 8000 / rate)
    assert sum(len(frame.samples) for frame in out) == out[-1].stop - out[0].start


@given(
    rate=st.one_of(st.sampled_from(COMMON_RATES), st.integers(LOWEST_RATE, HIGHEST_RATE)),
    frames=st.integers(1, 9000),
    data=st.data(),
)
@settings(max_examples=80, deadline=None)
def test_the_size_of_blocks_changes_no_byte(rate: int, frames: int, data: st.DataObject) -> None:
    sound = noise(frames, channels=data.draw(st.integers(1, 3)), seed=frames)
    cuts = data.draw(st.lists(st.integers(0, frames), max_size=30))
    whole, pieces = condition(sound, rate), condition(sound, rate, cuts)
    assert [frame.start for frame in whole] == [frame.start for frame in pieces]
    assert joined(whole).tobytes() == joined(pieces).tobytes()


@pytest.mark.parametrize("rate", [rate for rate in COMMON_RATES + AWKWARD_RATES if rate > 8000])
def test_no_sum_of_the_filter_can_need_more_than_the_53_bits_of_a_float(rate: int) -> None:
    for channels in (1, 2, 3, 8):
        conditioner = Conditioner(rate, channels)
        steps = 2.0**24 / 32768 * conditioner._share  # of a tap, whose unit is a step of int16
        for taps in (conditioner._bank, conditioner._slopes):
            if taps is not None:
                assert (taps * steps == np.rint(taps * steps)).all()
                assert 8 * 2.0**23 * np.abs(taps * steps).sum(axis=1).max() < 2.0**53


@pytest.mark.parametrize("rate", [8000, 16000, 44100, 44099, 48000])
def test_blocks_of_one_frame_change_no_byte(rate: int) -> None:
    sound = noise(2000, channels=2)
    assert joined(condition(sound, rate, range(2000))).tobytes() == joined(condition(sound, rate)).tobytes()


def test_a_block_longer_than_a_minute_changes_no_byte() -> None:
    sound = noise(48_000 * 61)
    assert (
        joined(condition(sound, 48_000)).tobytes()
        == joined(condition(sound, 48_000, range(0, len(sound), 960))).tobytes()
    )


@given(rate=st.integers(LOWEST_RATE, HIGHEST_RATE), frames=st.integers(1, 20_000), data=st.data())
@settings(max_examples=60, deadline=None)
def test_frames_follow_each_other_and_only_the_last_is_shorter(rate: int, frames: int, data: st.DataObject) -> None:
    out = condition(noise(frames), rate, data.draw(st.lists(st.integers(0, frames), max_size=10)))
    assert out[0].start == (0 if rate == 8000 else -DELAY)
    for before, after in pairwise(out):
        assert after.start == before.stop
    assert {len(frame.samples) for frame in out[:-1]} <= {FRAME}
    assert 1 <= len(out[-1].samples) <= FRAME


# ---------------------------------------------------------------- when it comes out


@pytest.mark.parametrize("rate", COMMON_RATES + AWKWARD_RATES)
def test_a_frame_comes_with_the_very_sample_that_completes_it(rate: int) -> None:
    conditioner = Conditioner(rate, 1)
    made = 0
    for position in range(rate // 25 + 2):
        made += len(conditioner.push(AudioBlock(np.zeros((1, 1), np.float32), rate, position, 0.0)))
        # Output j exists once the frame of its own moment, floor(j * rate / 8000), is there.
        assert made == ceil((position + 1) * 8000 / rate) // FRAME


def test_the_delay_is_below_4_ms() -> None:
    assert Conditioner(48_000, 2).delay == DELAY <= 32
    assert Conditioner(8000, 1).delay == 0


def test_the_length_counts_what_was_captured() -> None:
    conditioner = Conditioner(48_000, 1)
    assert conditioner.length == 0
    conditioner.push(AudioBlock(np.zeros((961, 1), np.float32), 48_000, 0, 0.0))
    assert conditioner.length == 161
    conditioner.push(AudioBlock(np.zeros((960, 1), np.float32), 48_000, 1921, 0.0))
    assert conditioner.length == ceil(2881 / 6)


# ---------------------------------------------------------------- channels and levels


def test_8_khz_goes_through_untouched() -> None:
    samples = np.random.default_rng(1).integers(-32768, 32768, 5000).astype(np.int16)
    frames = condition(mono(samples / 32768), 8000)
    assert joined(frames).tobytes() == samples.tobytes()


@given(channels=st.integers(1, 9))
@settings(max_examples=9, deadline=None)
def test_without_a_choice_the_mean_of_all_channels_is_heard(channels: int) -> None:
    sound = noise(1000, channels)
    # Multiples of 2^-15 whose mean is taken in int64 first: no rounding but the last.
    steps = np.rint(sound * 32768).astype(np.int64)
    lane = joined(condition((steps / 32768).astype(np.float32), 8000))
    truth = np.clip(np.rint(steps.sum(axis=1) / channels), -32768, 32767)
    assert np.abs(lane - truth).max() <= (1 if channels & (channels - 1) else 0)


@pytest.mark.parametrize("channel", [1, 2, 3])
def test_a_chosen_channel_is_heard_alone(channel: int) -> None:
    sound = noise(4000, 3)
    alone = condition(sound[:, channel - 1 : channel], 44_100)
    assert joined(condition(sound, 44_100, channel=channel)).tobytes() == joined(alone).tobytes()


@pytest.mark.parametrize("rate", [8000, 44_100, 48_000])
@pytest.mark.parametrize("level", [1.0, 1.5, 40.0, float("inf")])
def test_too_loud_a_sound_saturates_and_never_wraps(rate: int, level: float) -> None:
    sound = np.full((rate // 2, 1), level, np.float32)
    assert heard(condition(sound, rate))[100:-100].tolist() == [32767] * (4000 - 200)
    assert heard(condition(-sound, rate))[100:-100].tolist() == [-32768] * (4000 - 200)


def test_a_square_wave_at_full_scale_keeps_its_sign() -> None:
    square = np.where(np.arange(48_000) // 240 % 2, 1.0, -1.0)
    lane = heard(condition(mono(square), 48_000))
    inner = np.arange(8000) % 40
    kept = (inner > 4) & (inner < 36)
    assert (np.sign(lane[kept]) == np.sign(square[::6][kept])).all()


@pytest.mark.parametrize("rate", [8000, 44_100, 48_000])
def test_what_is_no_number_is_silence_and_no_warning(rate: int) -> None:
    sound = noise(2000, 2)
    clean = sound.copy()
    clean[500:600, 0] = 0.0
    sound[500:600, 0] = np.array([0x7F800001], np.uint32).view(np.float32)  # a signalling NaN
    sound[550:600, 0] = np.nan
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert joined(condition(sound, rate)).tobytes() == joined(condition(clean, rate)).tobytes()


@pytest.mark.parametrize("rate", [8000, 44_100, 44_099, 48_000])
def test_silence_stays_silence_and_ends_where_sound_begins(rate: int) -> None:
    sound = np.concatenate([np.zeros((rate, 1), np.float32), tone(440, rate)])
    frames = condition(sound, rate, range(0, 2 * rate, rate // 50))
    assert not heard(frames)[: 8000 - DELAY].any()
    assert np.abs(heard(frames)[8000:]).max() > 16_000


# ---------------------------------------------------------------- losses


@pytest.mark.parametrize("rate", [8000, 44_100, 44_099, 48_000, 192_000])
def test_frames_that_the_source_lost_become_silence_of_their_length(rate: int) -> None:
    sound = noise(2 * rate)
    lost = slice(rate // 2, rate // 2 + rate // 3)
    conditioner = Conditioner(rate, 1)
    frames = conditioner.push(AudioBlock(sound[: lost.start], rate, 0, 0.0))
    assert conditioner.take_losses() == []
    frames += conditioner.push(AudioBlock(sound[lost.stop :], rate, lost.stop, 0.0))
    losses = conditioner.take_losses()
    frames += conditioner.flush()
    silenced = sound.copy()
    silenced[lost] = 0
    assert joined(frames).tobytes() == joined(condition(silenced, rate)).tobytes()
    assert losses == [(ceil(lost.start * 8000 / rate), ceil(lost.stop * 8000 / rate))]
    assert conditioner.take_losses() == []


def test_frames_lost_before_the_first_block_are_lost_from_position_0() -> None:
    conditioner = Conditioner(48_000, 1)
    conditioner.push(AudioBlock(noise(960), 48_000, 480, 0.0))
    assert conditioner.take_losses() == [(0, 80)]


def test_a_loss_between_two_positions_is_none() -> None:
    conditioner = Conditioner(48_000, 1)
    conditioner.push(AudioBlock(noise(961), 48_000, 0, 0.0))
    conditioner.push(AudioBlock(noise(960), 48_000, 963, 0.0))
    assert conditioner.take_losses() == []
    assert conditioner.length == ceil(1923 / 6)


# ---------------------------------------------------------------- the end, and misuse


def test_no_sound_gives_no_frame() -> None:
    conditioner = Conditioner(48_000, 1)
    assert conditioner.push(AudioBlock(np.zeros((0, 1), np.float32), 48_000, 0, 0.0)) == []
    assert conditioner.flush() == []


def test_a_second_flush_adds_nothing() -> None:
    conditioner = Conditioner(48_000, 1)
    conditioner.push(AudioBlock(noise(500), 48_000, 0, 0.0))
    assert len(conditioner.flush()) == 1
    assert conditioner.flush() == []


def test_frames_do_not_share_memory_with_each_other_or_the_block() -> None:
    block = noise(4800)
    conditioner = Conditioner(8000, 1)
    first, second, *_ = conditioner.push(AudioBlock(block, 8000, 0, 0.0))
    before = second.samples.copy()
    first.samples[:] = 1
    block[:] = 0
    assert (second.samples == before).all()


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: AudioBlock(noise(100, 2), 44_100, 0, 0.0),
        lambda: AudioBlock(noise(100, 1), 48_000, 0, 0.0),
        lambda: AudioBlock(noise(100, 2)[:, 0], 48_000, 0, 0.0),
    ],
    ids=["rate", "channels", "flat"],
)
def test_another_format_is_refused(wrong: Callable[[], AudioBlock]) -> None:
    with pytest.raises(FormatChanged):
        Conditioner(48_000, 2).push(wrong())


@pytest.mark.parametrize(("rate", "channels", "channel"), [(7999, 1, None), (192_001, 1, None), (8000, 0, None)])
def test_a_format_out_of_bounds_is_refused(rate: int, channels: int, channel: int | None) -> None:
    with pytest.raises(Misuse):
        Conditioner(rate, channels, channel)


@pytest.mark.parametrize("channel", [0, 3, -1])
def test_a_channel_that_is_not_there_is_refused(channel: int) -> None:
    with pytest.raises(Misuse):
        Conditioner(48_000, 2, channel)


def test_a_block_from_the_past_is_refused() -> None:
    conditioner = Conditioner(48_000, 1)
    conditioner.push(AudioBlock(noise(960), 48_000, 0, 0.0))
    with pytest.raises(Misuse):
        conditioner.push(AudioBlock(noise(960), 48_000, 959, 0.0))


def test_a_block_after_the_flush_is_refused() -> None:
    conditioner = Conditioner(48_000, 1)
    conditioner.flush()
    with pytest.raises(Misuse):
        conditioner.push(AudioBlock(noise(960), 48_000, 0, 0.0))
