import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from captioner.emulator.recording import load_recording, read_recording
from captioner.emulator.script import Script, ScriptError, Word, bundled_sample, parse_script, read_script


def texts(script: Script) -> list[str]:
    return [word.text for word in script.words]


def test_the_bundled_script_holds_a_call_between_two_speakers() -> None:
    recording, path = bundled_sample()
    script = read_script(path)
    samples, rate = read_recording(recording)
    assert rate == 48_000
    assert samples.shape[1] == 2
    assert {word.channel for word in script.words} == {1, 2}
    assert 55 <= len(samples) / rate <= 70
    assert script.title


def test_bundled_words_stand_where_their_sound_is() -> None:
    recording, path = bundled_sample()
    samples, rate = soundfile.read(recording)
    for word in read_script(path).words:
        side = samples[:, (word.channel or 1) - 1]

        def level(start: float, stop: float, side: np.ndarray = side) -> float:
            return float(np.sqrt(np.mean(side[round(start * rate) : round(stop * rate)] ** 2)))

        assert level(word.start, word.stop) > 0.02
        # The closure of a plosive inside an utterance is silent and belongs to its word.
        assert level(word.start, word.start + 0.05) > 1e-3
        assert level(word.stop - 0.02, word.stop) > 1e-3


def test_nothing_is_said_between_bundled_utterances() -> None:
    recording, path = bundled_sample()
    samples, rate = soundfile.read(recording)
    words = read_script(path).words
    gaps = 0
    for before, after in pairwise(words):
        if after.start - before.stop > 0.5:
            gaps += 1
            between = samples[round((before.stop + 0.02) * rate) : round((after.start - 0.02) * rate)]
            assert np.max(np.abs(between)) < 1e-3
    assert gaps == 15


@pytest.mark.parametrize(
    "text",
    [
        '[{"text": "하나", "start": 1, "stop": 1.5}, {"text": "둘", "start": 2, "stop": 2.5}]',
        '{"words": [{"word": "하나", "start": 1, "end": 1.5}, {"word": "둘", "start": 2, "end": 2.5}]}',
        '{"utterances": [{"words": [{"text": "하나", "start": 1, "stop": 1.5}]},'
        ' {"text": "둘", "start": 2, "stop": 2.5}]}',
        '{"utterances": [{"msg": "하나 둘", "start_at": 1000, "duration": 1500, "words": ['
        '{"text": "하나", "start_at": 0, "duration": 500}, {"text": "둘", "start_at": 1000, "duration": 500}]}]}',
        '{"utterances": [{"msg": "하나 둘", "start_at": 1000, "duration": 900, "words": ['
        '{"text": "하나", "start_at": 1000, "duration": 500}, {"text": "둘", "start_at": 2000, "duration": 500}]}]}',
        '{"type": "state", "at": 0, "state": "live"}\n'
        '{"type": "interim", "text": "하", "start": 0, "stop": 1}\n'
        '{"type": "final", "text": "둘", "start": 2, "stop": 2.5, "words": [{"text": "둘", "start": 2, "stop": 2.5}]}\n'
        '{"type": "final", "text": "하나", "start": 1, "stop": 1.5}\n',
    ],
)
def test_every_form_of_script_gives_its_words_in_order(text: str) -> None:
    assert parse_script(text).words == (Word("하나", 1.0, 1.5), Word("둘", 2.0, 2.5))


def test_an_utterance_without_words_has_them_spread_by_syllables() -> None:
    script = parse_script('{"utterances": [{"channel": 2, "text": "네, 알겠어요", "start": 1, "stop": 6}]}')
    assert script.words == (Word("네,", 1.0, 2.0, 2), Word("알겠어요", 2.0, 6.0, 2))


def test_a_byte_order_mark_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "script.json"
    path.write_text('[{"text": "네", "start": 0, "stop": 1}]', encoding="utf-8-sig")
    assert texts(read_script(path)) == ["네"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "holds no word"),
        ("not json", "not JSON"),
        ('{"type": "final", "text": "네", "start": 0, "stop": 1}\nnot json', "line 2 is not JSON"),
        ("[" * 100_000, "not JSON"),
        ("3", "neither words nor utterances"),
        ("[3]", "neither a word nor an utterance"),
        ("[]", "holds no word"),
        ('{"utterances": []}', "holds no word"),
        ('[{"start": 0, "stop": 1}]', "has no text"),
        ('[{"text": "네"}]', "no start and stop"),
        ('[{"text": "네", "start": 1}]', "has no stop"),
        ('[{"text": "네", "stop": 1}]', "has no start"),
        ('[{"text": "네", "start_at": 1}]', "has no duration"),
        ('[{"text": "네", "start": "a", "stop": 1}]', "must be a number"),
        ('[{"text": "네", "start": 2, "stop": 1}]', "not after its start"),
        ('[{"text": "네", "start": 0, "stop": NaN}]', "must be a number"),
        ('[{"text": "네", "start": 0, "stop": 1, "channel": 0}]', "whole number from 1"),
        ('{"utterances": [{"text": "네", "words": 3}]}', "must be a list"),
        ('{"utterances": [{"text": "네", "words": [3]}]}', "is not a word"),
        ('{"utterances": [{"words": [{"start": 0, "stop": 1}]}]}', "has no text"),
        ('{"utterances": [{"words": [{"text": "네"}]}]}', "no start and stop"),
    ],
)
def test_a_bad_script_is_refused_in_one_sentence(text: str, reason: str) -> None:
    with pytest.raises(ScriptError, match=reason) as caught:
        parse_script(text)
    assert "\n" not in str(caught.value)


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(),
        lambda each: (
            st.lists(each)
            | st.dictionaries(
                st.sampled_from(
                    ["text", "words", "utterances", "start", "stop", "start_at", "duration", "channel", "type"]
                ),
                each,
            )
        ),
    )
)
def test_any_json_is_a_script_or_a_script_error(value: object) -> None:
    try:
        script = parse_script(json.dumps(value))
    except ScriptError:
        return
    assert all(word.stop > word.start for word in script.words)


def test_a_script_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(ScriptError, match=r"missing\.json cannot be read"):
        read_script(tmp_path / "missing.json")
    (tmp_path / "latin.json").write_bytes(b"\xff\xfe\xfd")
    with pytest.raises(ScriptError, match="not UTF-8"):
        read_script(tmp_path / "latin.json")


def test_a_recording_that_is_none_is_refused_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "text.wav").write_text("no sound", encoding="utf-8")
    soundfile.write(tmp_path / "empty.wav", np.zeros((0, 1)), 8000)
    soundfile.write(tmp_path / "slow.wav", np.zeros((100, 1)), 4000)
    for name, reason in (
        ("missing.wav", "cannot be read"),
        ("text.wav", "not a sound file"),
        ("empty.wav", "holds no sound"),
        ("slow.wav", "4000 Hz"),
    ):
        with pytest.raises(ScriptError, match=reason):
            read_recording(tmp_path / name)


def test_a_script_that_does_not_belong_to_its_recording_is_refused(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "call.wav", np.zeros((8000, 1)), 8000)
    script = tmp_path / "call.json"
    script.write_text('[{"text": "네", "start": 5, "stop": 6}]', encoding="utf-8")
    with pytest.raises(ScriptError, match=r"goes on to 6\.0 s"):
        load_recording(tmp_path / "call.wav", script)
    script.write_text('[{"text": "네", "start": 0, "stop": 1, "channel": 2}]', encoding="utf-8")
    with pytest.raises(ScriptError, match="channel 2"):
        load_recording(tmp_path / "call.wav", script)
    with pytest.raises(ScriptError, match="together"):
        load_recording(tmp_path / "call.wav")
