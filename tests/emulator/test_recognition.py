from dataclasses import replace
from random import Random
from typing import Any

import numpy as np
import pytest

from captioner.emulator.profiles import PROFILES, Profile
from captioner.emulator.recognition import Recognition, StreamConfig
from tests.emulator.speech import (
    Sound,
    noise,
    pcm16,
    sample_call,
    sample_recording,
    sample_words,
    seconds,
    silence,
    speech_level,
)
from tests.emulator.test_listening import utterances

DESIGN = PROFILES["design"]
MEASURED = PROFILES["measured"]
Said = tuple[float, dict[str, Any]]


class Stream:
    """A recognition in virtual time, fed with sound at the pace of speech."""

    def __init__(self, profile: Profile = DESIGN, *, epd: float = 0.5, longest: float = 12, seed: int = 0) -> None:
        config = StreamConfig(8000, "LINEAR16", epd, longest)
        self.brain = Recognition(profile, sample_recording(), config, Random(seed))
        self.now = 0.0
        self.said: list[Said] = []

    def play(self, sound: Sound, *, frame: float = 0.02, pace: float = 1.0) -> "Stream":
        step = round(frame * 8000)
        for at in range(0, len(sound), step):
            piece = sound[at : at + step]
            self.wait(len(piece) / 8000 * pace)
            self.brain.hear(pcm16(piece), self.now)
        return self

    def wait(self, length: float) -> "Stream":
        until = self.now + length
        while (deadline := self.brain.deadline) is not None and deadline <= until:
            self.now = max(self.now, deadline)
            self.said += [(self.now, message) for message in self.brain.due(self.now)]
        self.now = until
        return self

    def finalize(self) -> "Stream":
        self.brain.finalize(self.now)
        return self

    def end(self) -> "Stream":
        self.brain.end(self.now)
        return self.wait(10)

    @property
    def finals(self) -> list[Said]:
        return [(at, message) for at, message in self.said if message["final"]]

    @property
    def texts(self) -> list[str]:
        return [message["alternatives"][0]["text"] for _, message in self.finals]


def text_of(group: list[int]) -> str:
    return " ".join(sample_words()[index].text for index in group)


SCRIPT = [text_of(group) for group in utterances()]


def test_every_utterance_of_the_sample_call_comes_as_one_final() -> None:
    stream = Stream().play(sample_call()).end()
    assert stream.texts == SCRIPT
    assert [message["seq"] for _, message in stream.finals] == list(range(16))


def test_what_was_given_is_remembered_with_its_times() -> None:
    stream = Stream(MEASURED).play(seconds(sample_call(), 0, 27), frame=0.001).wait(5)
    assert [(each.first, each.last) for each in stream.brain.given] == [
        (min(group), max(group)) for group in utterances()[:6]
    ]
    for given, (at, _), group in zip(stream.brain.given, stream.finals, utterances()[:6], strict=True):
        assert given.heard == pytest.approx(sample_words()[group[-1]].stop, abs=0.0011)
        assert given.ended == pytest.approx(given.heard + 0.5, abs=0.07)
        assert given.ended + 0.150 <= given.due <= given.sent == at
    assert stream.brain.lead == pytest.approx(0.0, abs=1e-9), "the sound began when the stream did"


def test_what_a_command_ended_is_remembered_with_the_moment_of_the_command() -> None:
    sound = seconds(sample_call(), 0.8, sample_words()[utterances()[0][-1]].stop + 0.1)
    stream = Stream().wait(2.0).play(sound, pace=0.0).wait(1.0).finalize().wait(5.0)
    [given] = stream.brain.given
    assert given.heard == pytest.approx(2.0)
    assert given.ended == pytest.approx(3.0)
    assert given.sent == pytest.approx(3.0 + 1.950)


def test_a_design_final_comes_1950_ms_after_its_last_sample_arrived() -> None:
    stream = Stream().play(seconds(sample_call(), 0, 27), frame=0.001).wait(5)
    assert stream.texts == SCRIPT[:6]
    for (at, _), group in zip(stream.finals, utterances()[:6], strict=True):
        arrived = np.ceil(round(sample_words()[group[-1]].stop * 8000) / 8) / 1000
        assert at == pytest.approx(arrived + 1.950, abs=1e-9)


def test_no_final_comes_before_end_pointing_has_seen_its_silence() -> None:
    stream = Stream(epd=3.0).play(np.concatenate([seconds(sample_call(), 0, 5.5), silence(8)]))
    stop = sample_words()[5].stop
    assert stream.texts == SCRIPT[:1]
    assert stop + 3.0 <= stream.finals[0][0] <= stop + 3.1


def test_a_measured_final_comes_150_to_350_ms_after_end_pointing() -> None:
    stream = Stream(MEASURED).play(sample_call()).wait(5)
    for (at, _), group in zip(stream.finals, utterances(), strict=True):
        assert 0.5 + 0.150 <= at - sample_words()[group[-1]].stop <= 0.5 + 0.350 + 0.041


@pytest.mark.parametrize(("profile", "low", "high"), [(DESIGN, 1.950, 1.950), (MEASURED, 0.130, 0.370)])
def test_eos_gives_the_open_utterance_and_then_the_close(profile: Profile, low: float, high: float) -> None:
    stream = Stream(profile).play(seconds(sample_call(), 0, sample_words()[5].stop))
    ended = stream.now
    stream.end()
    assert stream.texts == SCRIPT[:1]
    assert low - 1e-9 <= stream.finals[0][0] - ended <= high + 1e-9
    assert stream.brain.close_at is not None
    assert stream.brain.close_at >= stream.finals[0][0]


def test_eos_with_nothing_open_closes_at_once() -> None:
    stream = Stream().play(silence(1))
    stream.brain.end(stream.now)
    assert stream.brain.close_at == stream.now
    assert stream.brain.deadline is None


def test_audio_after_eos_is_ignored() -> None:
    stream = Stream().end().play(seconds(sample_call(), 0, 10)).wait(10)
    assert stream.said == []


def test_finalize_ends_the_open_utterance_and_the_next_one_follows() -> None:
    stream = Stream().play(seconds(sample_call(), 0, sample_words()[5].stop))
    asked = stream.now
    stream.finalize().play(seconds(sample_call(), sample_words()[5].stop, 11)).end()
    assert stream.texts[:2] == SCRIPT[:2]
    assert stream.finals[0][0] == pytest.approx(asked + 1.950)


def test_finalize_with_nothing_open_gives_nothing() -> None:
    stream = Stream().finalize().play(silence(2)).finalize().finalize().wait(5)
    assert stream.said == []
    stream.play(seconds(sample_call(), 0, 5.5)).finalize().wait(5)
    assert len(stream.finals) == 1


def test_finalize_twice_gives_one_final() -> None:
    stream = Stream().play(seconds(sample_call(), 0, sample_words()[5].stop)).finalize().finalize().wait(5)
    assert stream.texts == SCRIPT[:1]


def test_a_word_underway_at_finalize_is_said_later_and_not_lost() -> None:
    word = sample_words()[3]
    cut = (word.start + word.stop) / 2
    stream = Stream().play(seconds(sample_call(), 0, cut)).finalize().play(seconds(sample_call(), cut, 5.9)).end()
    assert stream.texts == [text_of([0, 1, 2]), text_of([3, 4, 5])]


def test_finalize_may_be_unknown_or_answered_always() -> None:
    spoken = seconds(sample_call(), 0, sample_words()[5].stop)
    assert Stream(replace(DESIGN, finalize_supported=False)).play(spoken).finalize().wait(5).finals == []
    assert Stream(replace(DESIGN, finalize_answers_empty=True)).finalize().wait(5).texts == [""]


def test_an_interim_holds_the_text_so_far_without_duration_and_confidence() -> None:
    stream = Stream(replace(DESIGN, revision_share=0.0)).play(sample_call()).end()
    for at, message in stream.said:
        seq, text = message["seq"], message["alternatives"][0]["text"]
        if message["final"]:
            continue
        assert SCRIPT[seq].startswith(text)
        assert message["duration"] == 0
        assert message["alternatives"] == [{"text": text, "confidence": 0}]
        assert message["start_at"] == round(1000 * sample_words()[utterances()[seq][0]].start)
        assert at >= message["start_at"] / 1000


def test_interims_come_every_400_to_1000_ms_of_speech() -> None:
    stream = Stream(replace(MEASURED, interim_delay=(0.0, 0.0))).play(sample_call()).end()
    times = [at for at, message in stream.said if message["seq"] == 0 and not message["final"]]
    gaps = np.diff([0.8, *times[:-1]])
    assert len(times) >= 5
    assert np.all(gaps >= 0.39)
    assert np.all(gaps <= 1.05)


def test_the_last_interim_has_the_text_of_the_final_and_comes_3_to_11_ms_before() -> None:
    stream = Stream(MEASURED).play(sample_call()).end()
    for index, (at, message) in enumerate(stream.said):
        if message["final"]:
            seq = message["seq"]
            before = [each for each in stream.said[:index] if each[1]["seq"] == seq][-1]
            assert before[1]["alternatives"][0]["text"] == message["alternatives"][0]["text"]
            assert 0.003 - 1e-9 <= at - before[0] <= 0.011 + 1e-9


def test_interims_slip_now_and_then_and_finals_never() -> None:
    slips = 0
    for seed in range(2):
        stream = Stream(seed=seed).play(sample_call()).end()
        assert stream.texts == SCRIPT
        slips += sum(
            not SCRIPT[message["seq"]].startswith(message["alternatives"][0]["text"]) for _, message in stream.said
        )
    assert 5 <= slips <= 150


def test_words_stand_on_the_clock_of_the_received_audio() -> None:
    shift = 2.5
    stream = Stream().play(np.concatenate([silence(shift), sample_call()])).end()
    places = [
        (message["start_at"] + word["start_at"], word["duration"])
        for _, message in stream.finals
        for word in message["alternatives"][0]["words"]
    ]
    for (start, duration), word in zip(places, sample_words(), strict=True):
        assert abs(start - 1000 * (word.start + shift)) <= 1
        assert abs(duration - 1000 * (word.stop - word.start)) <= 2


def test_word_times_may_count_from_the_connection_s_start() -> None:
    stream = Stream(replace(DESIGN, word_times_relative=False)).play(seconds(sample_call(), 0, 11)).end()
    _, message = stream.finals[1]
    assert message["alternatives"][0]["words"][0]["start_at"] == message["start_at"]


def test_an_utterance_too_long_is_split_between_words() -> None:
    stream = Stream(longest=3).play(sample_call()).end()
    assert " ".join(stream.texts) == " ".join(SCRIPT)
    assert all(message["duration"] <= 3000 for _, message in stream.finals)
    assert len(stream.finals) > 16


def test_a_longer_silence_rule_joins_utterances() -> None:
    stream = Stream(epd=1.05).play(sample_call()).end()
    assert " ".join(stream.texts) == " ".join(SCRIPT)
    assert len(stream.finals) < 16


def test_speech_that_is_not_known_is_said_to_be_speech() -> None:
    stranger = np.concatenate([silence(1), seconds(sample_call(), 0.8, 4.4)[::-1], silence(3)])
    stream = Stream().play(stranger).wait(5)
    assert stream.texts == ["[말소리 3.6초]"]
    _, message = stream.finals[0]
    assert abs(message["start_at"] - 1000) <= 50
    assert any(not each["final"] and each["alternatives"][0]["text"].startswith("[말소리") for _, each in stream.said)


def test_silence_and_noise_of_the_line_give_nothing() -> None:
    assert Stream().play(silence(70)).end().said == []
    assert Stream().play(noise(0.01, 80_000)).end().said == []


def test_mild_noise_changes_no_final() -> None:
    call = sample_call()
    stream = Stream().play(call + noise(speech_level() * 10 ** (-15 / 20), len(call))).end()
    assert " ".join(stream.texts) == " ".join(SCRIPT)


@pytest.mark.parametrize("frame", [0.02, 0.1, 1.0])
def test_audio_faster_than_real_time_gives_the_same_finals(frame: float) -> None:
    stream = Stream().play(sample_call(), frame=frame, pace=0.0).end()
    assert stream.texts == SCRIPT


def test_chunks_that_cut_samples_in_two_are_joined() -> None:
    stream = Stream()
    data = pcm16(seconds(sample_call(), 0, 5.5))
    for at in range(0, len(data), 333):
        stream.brain.hear(data[at : at + 333], 0.0)
    assert stream.end().texts == SCRIPT[:1]


def test_the_first_seq_is_a_knob() -> None:
    stream = Stream(replace(DESIGN, first_seq=1)).play(seconds(sample_call(), 0, 5.5)).end()
    assert [message["seq"] for _, message in stream.said] == [1] * len(stream.said)


def test_the_same_seed_says_the_same() -> None:
    first = Stream(MEASURED, seed=5).play(seconds(sample_call(), 0, 12)).end().said
    assert first == Stream(MEASURED, seed=5).play(seconds(sample_call(), 0, 12)).end().said
    assert first != Stream(MEASURED, seed=6).play(seconds(sample_call(), 0, 12)).end().said
