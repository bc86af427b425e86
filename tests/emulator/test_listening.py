import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from captioner.emulator.listening import Listener, Recording
from captioner.emulator.script import Script, Word
from tests.emulator.speech import (
    Sound,
    indices,
    noise,
    pcm16,
    resampled,
    sample_call,
    sample_recording,
    sample_words,
    seconds,
    silence,
    speech_level,
    words_heard,
)

EVERY_WORD = list(range(80))


def places_are_true(sound: Sound, rate: int = 8000, tolerance: float = 0.001) -> bool:
    return all(
        abs(word.start / 8000 - sample_words()[word.index].start) <= tolerance
        and abs(word.stop / 8000 - sample_words()[word.index].stop) <= tolerance
        for word in words_heard(sound, rate)
    )


@pytest.mark.parametrize("rate", [8000, 11_025, 16_000, 22_050, 44_100, 48_000])
def test_every_word_is_heard_at_its_place_at_any_rate(rate: int) -> None:
    assert indices(words_heard(sample_call(rate), rate)) == EVERY_WORD
    assert places_are_true(sample_call(rate), rate)


@pytest.mark.parametrize("channel", [1, 2])
def test_one_side_of_the_line_gives_that_side_s_words(channel: int) -> None:
    expected = [index for index, word in enumerate(sample_words()) if word.channel == channel]
    assert indices(words_heard(sample_call(8000, channel))) == expected


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda call: call * 10**-1.5, id="30 dB quieter"),
        pytest.param(lambda call: -call, id="polarity"),
        pytest.param(lambda call: call + 0.2, id="direct current"),
        pytest.param(lambda call: np.clip(call * 2.5, -1, 1), id="clipped"),
        pytest.param(lambda _: resampled(sample_call(48_000)[3:], 48_000, 8000), id="half a sample early"),
        pytest.param(lambda call: call + noise(speech_level() * 10 ** (-15 / 20), len(call)), id="15 dB SNR"),
        pytest.param(lambda call: np.rint(call * 128) / 128, id="8 bits"),
    ],
)
def test_what_a_telephone_line_does_loses_no_word(change: object) -> None:
    assert callable(change)
    assert indices(words_heard(change(sample_call()))) == EVERY_WORD


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda call: call + noise(speech_level(), len(call)), id="0 dB SNR"),
        pytest.param(lambda call: call + noise(speech_level() * 3, len(call)), id="-10 dB SNR"),
        pytest.param(lambda call: resampled(call, 8000, 8080), id="1 % slow"),
        pytest.param(lambda call: resampled(call, 8000, 7920), id="1 % fast"),
        pytest.param(lambda call: call[::2], id="twice as fast"),
        pytest.param(lambda call: np.repeat(call, 2), id="half as fast"),
        pytest.param(lambda call: call[::-1], id="reversed"),
        pytest.param(lambda call: np.frombuffer(pcm16(call), ">i2").astype(np.float64) / 32768, id="bytes swapped"),
        pytest.param(lambda call: call.reshape(-1, 80)[:, ::-1].reshape(-1), id="each 10 ms reversed"),
        pytest.param(lambda call: np.abs(call), id="rectified"),
        pytest.param(lambda call: np.zeros_like(call), id="silence"),
    ],
)
def test_what_mangles_sound_loses_every_word(change: object) -> None:
    assert callable(change)
    assert words_heard(change(seconds(sample_call(), 0, 32))) == []


def test_frames_with_a_lost_sample_in_each_lose_words() -> None:
    call = seconds(sample_call(), 0, 32)
    trimmed = call[: len(call) // 160 * 160].reshape(-1, 160)[:, :-1].reshape(-1)
    assert words_heard(trimmed) == []


@pytest.mark.parametrize("first", range(0, 80, 8))
def test_a_word_with_a_piece_cut_out_is_lost_and_no_other(first: int) -> None:
    call, words = sample_call(), sample_words()
    for index in range(first, first + 8):
        word = words[index]
        middle = (word.start + word.stop) / 2
        start = max(0.0, word.start - 2.5)
        stop = word.stop + 2.5
        heard = indices(
            words_heard(np.concatenate([seconds(call, start, middle - 0.02), seconds(call, middle + 0.02, stop)]))
        )
        whole = [at for at, each in enumerate(words) if each.start >= start and each.stop <= stop - 0.001]
        assert heard == [at for at in whole if at != index]


def test_a_silenced_word_is_lost_and_no_other() -> None:
    words = sample_words()
    for index in (0, 33, 79):
        call = sample_call().copy()
        middle = round((words[index].start + words[index].stop) * 4000)
        call[middle - 400 : middle + 400] = 0
        assert indices(words_heard(call)) == [at for at in EVERY_WORD if at != index]


def test_exchanged_frames_lose_the_words_they_are_in() -> None:
    call = sample_call().copy()
    word = sample_words()[40]
    at = round(word.start * 8000) + 800
    call[at : at + 800], call[at + 800 : at + 1600] = call[at + 800 : at + 1600].copy(), call[at : at + 800].copy()
    heard = indices(words_heard(call))
    assert 40 not in heard
    assert len(heard) >= 78


@settings(max_examples=12)
@given(start=st.floats(0, 55), length=st.floats(4, 9))
@example(start=11.09375, length=4.0)  # first placed a period of the voice beside its place
@example(start=41.59375, length=4.0)  # the same: a word is judged again once that is mended, after the next one
def test_sound_from_any_place_gives_exactly_its_whole_words(start: float, length: float) -> None:
    heard = words_heard(seconds(sample_call(), start, start + length))
    whole = [at for at, word in enumerate(sample_words()) if word.start >= start and word.stop <= start + length]
    # A word with its first or last few milliseconds missing may count as whole.
    nearly = [
        at
        for at, word in enumerate(sample_words())
        if word.start >= start - 0.05 and word.stop <= start + length + 0.05
    ]
    assert set(whole) <= set(indices(heard)) <= set(nearly)
    assert indices(sorted(heard, key=lambda word: word.start)) == sorted(indices(heard))
    for word in heard:  # a vowel is placed as well a period of the voice beside its place
        assert abs(word.start / 8000 + start - sample_words()[word.index].start) < 0.015


def utterances() -> list[list[int]]:
    groups: list[list[int]] = []
    for index, word in enumerate(sample_words()):
        if index and word.start - sample_words()[index - 1].stop < 0.5:
            groups[-1].append(index)
        else:
            groups.append([index])
    return groups


def utterance_sound(group: list[int]) -> Sound:
    words = sample_words()
    return seconds(sample_call(), words[group[0]].start - 0.1, words[group[-1]].stop + 0.2)


def test_silence_cut_out_between_utterances_loses_nothing() -> None:
    sound = np.concatenate([utterance_sound(group) for group in utterances()])
    assert indices(words_heard(sound)) == EVERY_WORD


def test_utterances_in_any_order_are_all_heard() -> None:
    groups = utterances()[::-1]
    sound = np.concatenate([np.concatenate([utterance_sound(group), silence(0.6)]) for group in groups])
    assert indices(words_heard(sound)) == [index for group in groups for index in group]


@pytest.mark.parametrize("number", range(16))
def test_an_utterance_alone_is_placed_however_short(number: int) -> None:
    group = utterances()[number]
    assert indices(words_heard(np.concatenate([silence(0.4), utterance_sound(group), silence(0.3)]))) == group


def test_silence_put_in_between_words_loses_nothing() -> None:
    words, call = sample_words(), sample_call()
    cut = words[33].stop
    sound = np.concatenate([silence(7), seconds(call, 0, cut), silence(5), seconds(call, cut, 64)])
    heard = words_heard(sound)
    assert indices(heard) == EVERY_WORD
    assert abs(heard[34].start / 8000 - (words[34].start + 12)) < 0.002


def test_sound_heard_again_is_said_again() -> None:
    call = sample_call()
    heard = indices(words_heard(np.concatenate([seconds(call, 0, 13.5), seconds(call, 10, 18)])))
    assert heard.count(10) == 2
    assert heard.count(5) == 1


def test_the_size_of_frames_does_not_matter() -> None:
    for frame in (0.01, 0.1, 0.5):
        assert indices(words_heard(seconds(sample_call(), 0, 25.8), frame=frame)) == EVERY_WORD[:31]


def test_a_word_is_said_as_soon_as_it_was_heard() -> None:
    listener = Listener(sample_recording(), 8000)
    call = sample_call().astype(np.float32)
    word = sample_words()[2]
    heard = []
    for at in range(0, round((word.stop + 0.04) * 8000), 160):
        listener.push(call[at : at + 160])
        heard += listener.take()
    assert indices(heard) == [0, 1, 2]


def test_the_word_underway_is_told_with_its_share() -> None:
    listener = Listener(sample_recording(), 8000)
    call = sample_call().astype(np.float32)
    word = sample_words()[2]
    for at in range(0, round((word.start + word.stop) * 4000), 160):
        listener.push(call[at : at + 160])
    underway = listener.underway()
    assert underway is not None
    text, start, share = underway
    assert text == word.text
    assert abs(start / 8000 - word.start) < 0.002
    assert 0.3 < share < 0.6


def test_flushing_hears_what_has_just_come_and_changes_nothing_else() -> None:
    listener = Listener(sample_recording(), 8000)
    call = sample_call().astype(np.float32)
    cut = round(sample_words()[1].stop * 8000)
    for at in range(0, cut, 160):
        listener.push(call[at : min(at + 160, cut)])
    listener.flush()
    heard = listener.take()
    assert indices(heard) == [0, 1]
    for at in range(cut, len(call), 160):
        listener.push(call[at : at + 160])
        heard += listener.take()
    assert indices(heard) == EVERY_WORD


def test_without_a_recording_no_word_is_known() -> None:
    listener = Listener(None, 8000)
    listener.push(sample_call()[:80_000].astype(np.float32))
    listener.flush()
    assert listener.take() == []
    assert listener.underway() is None
    assert listener.activity.active > 0


def test_a_place_is_found_in_a_long_recording() -> None:
    # Ten minutes: the call behind nine minutes of another speech-like sound.
    call = sample_call()
    strange = np.concatenate([call[::-1], resampled(call, 8000, 8800), call[::-1] * noise(1, len(call))])
    before = np.concatenate([strange] * 3)[: 9 * 60 * 8000]
    words = tuple(Word(word.text, word.start + 540, word.stop + 540) for word in sample_words())
    recording = Recording(np.concatenate([before, call]).astype(np.float32)[:, None], 8000, Script(words))
    assert indices(words_heard(seconds(call, 0, 30), recording=recording)) == [
        index for index, word in enumerate(words) if word.stop <= 570
    ]
