from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from captioner.audio.endpointing import (
    LOOK_BACK,
    Endpointer,
    Meter,
    SpeechEvent,
    SpeechStarted,
    SpeechStopped,
    anything_said,
)
from captioner.bench import endpointing
from captioner.errors import Misuse
from captioner.events import FRAME, RATE, Frame
from tests.audio.voices import Call, Sound, call, hold_music, hum, int16, pink, syllable, white

Noise = Callable[[int, float], Sound]


def frames(samples: NDArray[np.int16], first: int = 0) -> list[Frame]:
    return [Frame(first + at, samples[at : at + FRAME]) for at in range(0, len(samples), FRAME)]


def hear(sound: Sound, *, hangover: float = 0.5, first: int = 0) -> list[tuple[int, int]]:
    """The stretches of speech that are found; checks that the events alternate and that `speech` agrees with them."""
    endpointer, events = Endpointer(hangover=hangover), list[SpeechEvent]()
    for frame in frames(int16(sound), first):
        events += endpointer.push(frame)
        assert endpointer.speech == (bool(events) and isinstance(events[-1], SpeechStarted))
    events += endpointer.flush()
    assert [type(event) for event in events] == [SpeechStarted, SpeechStopped] * (len(events) // 2)
    positions = [event.position for event in events]
    assert all(before <= after for before, after in pairwise(positions))
    return list(zip(positions[::2], positions[1::2], strict=True))


def errors_ms(found: list[tuple[int, int]], speech: list[tuple[int, int]]) -> tuple[list[float], list[float]]:
    """Errors of starts and ends in ms, where every utterance was found once and nothing else."""
    assert len(found) == len(speech)
    pairs = list(zip(found, speech, strict=True))
    return [(a - b) / 8 for (a, _), (b, _) in pairs], [(a - b) / 8 for (_, a), (_, b) in pairs]


def assert_close(found: list[tuple[int, int]], speech: list[tuple[int, int]], within_ms: float) -> None:
    starts, ends = errors_ms(found, speech)
    assert np.percentile(np.abs(starts), 95) <= within_ms
    assert np.percentile(np.abs(ends), 95) <= within_ms


def overlapping(found: list[tuple[int, int]], speech: list[tuple[int, int]]) -> list[int]:
    """How many findings each utterance has."""
    return [sum(start < b and a < stop for a, b in found) for start, stop in speech]


# ---------------------------------------------------------------- where speech is


@pytest.mark.parametrize("seed", range(4))
def test_on_a_clean_line_start_and_end_are_right_to_60_ms(seed: int) -> None:
    said = call(8, seed=seed)
    assert_close(hear(said.sound), said.speech, 15)
    assert_close(hear(said.sound + white(len(said.sound), -75)), said.speech, 15)


def test_the_end_of_speech_is_known_finer_than_a_frame() -> None:
    said = [call(8, seed=seed) for seed in range(6)]
    errors = [error for each in said for error in errors_ms(hear(each.sound), each.speech)[1]]
    assert np.ptp(errors) < 15


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("noise", [white, pink])
def test_at_20_db_over_noise_every_utterance_is_found_once(seed: int, noise: Noise) -> None:
    said = call(8, seed=seed)
    assert_close(hear(said.sound + noise(len(said.sound), -46)), said.speech, 80)


@pytest.mark.parametrize("seed", range(4))
def test_at_10_db_over_noise_no_utterance_is_missed_and_none_invented(seed: int) -> None:
    said = call(8, seed=seed)
    found = hear(said.sound + white(len(said.sound), -36))
    assert overlapping(found, said.speech) == [1] * 8
    assert len(found) == 8


@pytest.mark.parametrize("seed", range(4))
def test_a_tiny_signal_is_heard(seed: int) -> None:
    said = call(8, seed=seed, level=-55)
    assert_close(hear(said.sound + white(len(said.sound), -85)), said.speech, 60)


def test_an_echo_far_below_the_voice_is_no_speech_any_more() -> None:
    said = call(6)
    echo = white(4000, -26 - 45) * np.exp(-np.arange(4000) / 8000)
    whole = said.sound.copy()
    for _, stop in said.speech:
        whole[stop : stop + len(echo)] += echo
    assert_close(hear(whole + white(len(whole), -95)), said.speech, 15)


def test_a_soft_end_well_above_the_noise_is_speech_still() -> None:
    said = call(1)
    start, stop = said.speech[0]
    soft = said.sound[start : start + 2400] * 10 ** (-28 / 20)
    whole = np.concatenate([said.sound[:stop], soft, np.zeros(RATE)])
    assert_close(hear(whole + white(len(whole), -85)), [(start, stop + 2400)], 40)


def test_knocks_are_no_speech() -> None:
    rng = np.random.default_rng(2)
    sound = white(20 * RATE, -70)
    for at in range(RATE, 19 * RATE, 2400):
        sound[at : at + 60] += rng.uniform(-0.5, 0.5, 60)
    assert hear(sound) == []


def test_hum_and_offset_are_no_speech_and_hide_none() -> None:
    said = call(6)
    assert_close(hear(said.sound + hum(len(said.sound), -35) + 0.05 + white(len(said.sound), -70)), said.speech, 60)


@pytest.mark.parametrize("level", [-90, -60, -40, -20])
def test_steady_noise_is_never_speech(level: float) -> None:
    for noise in (white, pink):
        assert hear(noise(30 * RATE, level)) == []


def test_noise_that_becomes_louder_is_learned_again() -> None:
    noise = np.concatenate([white(10 * RATE, -70), white(20 * RATE, -40, seed=2)])
    assert all(stop - start < 4 * RATE for start, stop in hear(noise))
    said = call(4, seed=3)
    later = 14 * RATE
    found = hear(np.concatenate([noise[:later], white(len(said.sound), -50) + said.sound]))
    assert overlapping(found, [(a + later, b + later) for a, b in said.speech]) == [1] * 4


def test_hold_music_invents_no_utterance_a_second() -> None:
    found = [part for seed in range(4) for part in hear(hold_music(60 * RATE, -26, seed))]
    assert len(found) < 4 * 12


def tones(*hz: float, seconds: float, level: float = -26) -> Sound:
    t = np.arange(int(seconds * RATE)) / RATE
    return np.asarray(10 ** (level / 20) * sum(np.sin(2 * np.pi * each * t) for each in hz))


@pytest.mark.parametrize("hz", [(440.0, 480.0), (1000.0,), (770.0, 1336.0), (350.0, 440.0), (2100.0,)])
@pytest.mark.parametrize("seconds", [0.1, 0.2, 1.0])
def test_a_telephone_that_rings_beeps_or_dials_does_not_speak(hz: tuple[float, ...], seconds: float) -> None:
    rings = [np.concatenate([tones(*hz, seconds=seconds), np.zeros(int(0.7 * RATE))]) for _ in range(8)]
    sound = np.concatenate([np.zeros(RATE), *rings])
    assert hear(sound + white(len(sound), -75)) == []


def test_a_voice_over_a_tone_that_rings_is_heard_from_its_start() -> None:
    said = call(1, lead=1.0)
    ringing = tones(440, 480, seconds=len(said.sound) / RATE, level=-40)
    (found,) = hear(said.sound + ringing + white(len(said.sound), -75), hangover=0.8)
    assert abs(found[0] - said.speech[0][0]) <= 0.32 * RATE


@pytest.mark.parametrize("seed", range(12))
def test_a_single_vowel_is_speech_however_steadily_it_is_said(seed: int) -> None:
    rng = np.random.default_rng(seed)
    sound = np.concatenate([np.zeros(RATE), 0.05 * syllable(rng, rng.uniform(0.12, 0.35)), np.zeros(RATE)])
    assert len(hear(sound + white(len(sound), -75, seed))) == 1


def test_in_a_room_as_loud_as_the_voice_most_utterances_are_still_heard() -> None:
    heard = endpointing.judge(endpointing.EARS["captioner"], [endpointing.noisy(endpointing.spoken(1), 0, 1)])
    assert isinstance(heard["hits"], float)
    assert heard["hits"] >= 0.85
    assert heard["false_a_minute"] == 0


def test_after_hold_music_speech_is_found_where_it_is() -> None:
    said = call(6, lead=3.0)
    music = hold_music(20 * RATE, -26)
    whole = np.concatenate([music, said.sound])
    found = [part for part in hear(whole + white(len(whole), -75)) if part[0] > len(music) + RATE]
    assert_close(found, [(a + len(music), b + len(music)) for a, b in said.speech], 30)


def test_speech_that_begins_with_the_recording_is_found_from_its_start() -> None:
    said = call(3, lead=0.0)
    found = hear(said.sound + white(len(said.sound), -70))
    assert overlapping(found, said.speech) == [1] * 3
    assert found[0][0] <= 0.1 * RATE


def test_silence_holds_nothing() -> None:
    assert hear(np.zeros(30 * RATE)) == []


# ---------------------------------------------------------------- when it is told


def two_words(gap: float) -> Call:
    first, second = call(1, seed=5), call(1, seed=6, lead=0.0)
    (start, stop), (_, length) = first.speech[0], second.speech[0]
    sound = np.concatenate([first.sound[:stop], np.zeros(int(gap * RATE)), second.sound[:length], np.zeros(2 * RATE)])
    return Call(sound, [(start, stop), (stop + int(gap * RATE), stop + int(gap * RATE) + length)])


@pytest.mark.parametrize("hangover", [0.2, 0.5, 1.0])
def test_speech_stops_at_the_end_of_the_frame_that_is_nearest_to_the_hangovers_end(hangover: float) -> None:
    said = two_words(0.01)
    endpointer = Endpointer(hangover=hangover)
    for frame in frames(int16(said.sound)):
        for event in endpointer.push(frame):
            if isinstance(event, SpeechStopped):
                assert abs(frame.stop - event.position - hangover * RATE) <= FRAME // 2
                return
    pytest.fail("speech never stopped")


def test_a_pause_shorter_than_the_hangover_does_not_end_the_utterance() -> None:
    assert len(hear(two_words(0.35).sound, hangover=0.5)) == 1
    assert len(hear(two_words(0.35).sound, hangover=0.2)) == 2


@pytest.mark.parametrize("hangover", [0.05, 0.06, 0.1])
def test_with_a_hangover_as_short_as_a_plosive_findings_never_overlap(hangover: float) -> None:
    rng = np.random.default_rng(4)
    parts = [np.zeros(RATE // 2)]
    for _ in range(60):
        parts += [0.05 * syllable(rng, rng.uniform(0.08, 0.2)), np.zeros(int(rng.uniform(0.03, 0.16) * RATE))]
    found = hear(np.concatenate(parts), hangover=hangover)
    assert len(found) > 10
    assert all(start < stop for start, stop in found)
    assert all(stop <= start for (_, stop), (start, _) in pairwise(found))


def test_a_start_is_told_within_a_fifth_of_a_second_of_speech() -> None:
    said = call(6)
    endpointer = Endpointer()
    told = [
        frame.stop
        for frame in frames(int16(said.sound))
        for event in endpointer.push(frame)
        if isinstance(event, SpeechStarted)
    ]
    assert all(at - start < 0.2 * RATE for at, (start, _) in zip(told, said.speech, strict=True))


def test_what_may_be_the_beginning_of_speech_is_told_before_it_is_certain() -> None:
    said = call(1)
    endpointer, suspected = Endpointer(), list[int]()
    for frame in frames(int16(said.sound)):
        started = bool(endpointer.push(frame))
        if endpointer.beginning:
            suspected.append(frame.stop)
        if started:
            break
    start, _ = said.speech[0]
    assert suspected
    assert 0 < suspected[0] - start < 0.1 * RATE
    assert endpointer.speech
    assert not endpointer.beginning


def test_a_start_lies_no_further_back_than_is_looked_back() -> None:
    for seed in range(6):
        said = call(8, seed=seed)
        endpointer = Endpointer()
        for frame in frames(int16(said.sound + white(len(said.sound), -40))):
            for event in endpointer.push(frame):
                if isinstance(event, SpeechStarted):
                    assert 0 <= frame.stop - event.position <= LOOK_BACK


def test_speech_that_goes_on_at_the_end_stops_where_it_was_last_heard() -> None:
    said = call(1)
    start, stop = said.speech[0]
    found = hear(said.sound[: stop + 300])
    assert_close(found, [(start, stop)], 40)


@pytest.mark.parametrize("missing", [1, 79, 80, 81, 159])
def test_a_short_last_frame_is_heard_like_one_with_silence_after_it(missing: int) -> None:
    said = call(1)
    whole = len(said.sound) // FRAME * FRAME
    assert hear(said.sound[: whole - missing]) == hear(said.sound[:whole])


@given(shift=st.integers(-(10**9), 10**12), seed=st.integers(0, 5))
@settings(max_examples=10, deadline=None)
def test_positions_move_with_the_frames_and_nothing_else_changes(shift: int, seed: int) -> None:
    sound = call(2, seed=seed).sound
    assert hear(sound, first=shift) == [(a + shift, b + shift) for a, b in hear(sound)]


def test_a_frame_out_of_order_is_a_misuse() -> None:
    endpointer = Endpointer()
    endpointer.push(Frame(-20, np.zeros(FRAME, np.int16)))
    with pytest.raises(Misuse):
        endpointer.push(Frame(160, np.zeros(FRAME, np.int16)))


@pytest.mark.parametrize("hangover", [0.0, -1.0, 61.0, float("nan")])
def test_a_hangover_out_of_bounds_is_a_misuse(hangover: float) -> None:
    with pytest.raises(Misuse):
        Endpointer(hangover=hangover)


# ---------------------------------------------------------------- the meter


def metered(samples: NDArray[np.int16]) -> Meter:
    meter = Meter()
    for frame in frames(samples):
        meter.push(frame)
    return meter


def test_the_level_is_that_of_the_last_100_ms() -> None:
    t = np.arange(RATE) / RATE
    sine = np.sin(2 * np.pi * 500 * t)
    assert metered(int16(sine)).level == pytest.approx(-3.01, abs=0.01)
    assert metered(int16(np.concatenate([sine, 0.1 * sine[:800]]))).level == pytest.approx(-23.01, abs=0.01)
    assert metered(int16(np.concatenate([sine, np.zeros(400), 0.1 * sine[:400]]))).level == pytest.approx(
        -26.0, abs=0.1
    )


def test_digital_silence_has_no_level_at_all() -> None:
    assert Meter().level == -np.inf
    assert metered(np.zeros(RATE, np.int16)).level == -np.inf
    assert metered(np.full(RATE, 1234, np.int16)).level == -np.inf


def test_quiet_counts_since_the_last_signal() -> None:
    speech = int16(0.1 * np.sin(np.arange(RATE)))
    silence = np.zeros(2 * RATE, np.int16)
    assert metered(silence).quiet_for == 2.0
    assert metered(np.concatenate([silence, speech])).quiet_for == 0.0
    assert metered(np.concatenate([speech, silence])).quiet_for == 2.0


def test_an_open_microphone_in_a_quiet_room_is_a_signal_and_a_dead_one_with_an_offset_is_none() -> None:
    assert metered(int16(white(RATE, -78))).quiet_for < 0.1
    assert metered(int16(white(RATE, -95) + 0.02)).quiet_for == 1.0


@pytest.mark.parametrize(("gain", "clipping"), [(0.9, False), (1.02, True), (8.0, True)])
def test_sound_that_is_cut_off_is_clipping_and_loud_sound_is_not(gain: float, clipping: bool) -> None:
    sine = np.sin(2 * np.pi * 220 * np.arange(2 * RATE) / RATE)
    assert metered(int16(np.clip(gain * sine, -1, 32767 / 32768))).clipping == clipping


def test_a_single_knock_is_no_clipping_and_clipping_is_over_two_seconds_after_it() -> None:
    loud = np.tile(int16(np.array([0.999, -0.999])), RATE // 4)
    quiet = int16(0.1 * np.sin(np.arange(2 * RATE)))
    assert not metered(np.concatenate([quiet, loud[:800], quiet[:RATE]])).clipping
    assert metered(np.concatenate([loud, quiet[:RATE]])).clipping
    assert not metered(np.concatenate([loud, quiet])).clipping


def test_an_empty_frame_changes_no_meter() -> None:
    meter = metered(int16(0.1 * np.sin(np.arange(RATE))))
    before = meter.level
    meter.push(Frame(RATE, np.zeros(0, np.int16)))
    assert meter.level == before


# ---------------------------------------------------------------- whether anything was said


@pytest.mark.parametrize("level", [-20, -30, -45])
def test_whoever_speaks_has_said_something(level: float) -> None:
    for seed in range(5):
        said = call(3, seed=seed, level=level, lead=0.5)
        assert anything_said(int16(said.sound + white(len(said.sound), level - 30)))


@pytest.mark.parametrize("level", [-80, -50, -30, -15])
def test_a_room_in_which_nobody_speaks_says_nothing(level: float) -> None:
    for sound in (white(12 * RATE, level), pink(12 * RATE, level), hum(12 * RATE, level), np.zeros(12 * RATE)):
        assert not anything_said(int16(sound))


def test_a_click_or_a_moment_of_sound_says_nothing() -> None:
    clicks = white(12 * RATE, -60)
    clicks[:: RATE // 2] += 0.5
    assert not anything_said(int16(clicks))
    assert not anything_said(int16(call(1).sound)[:2000])
    assert not anything_said(np.zeros(0, np.int16))
