from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from captioner.compare.outcome import Reference, Spoken
from captioner.compare.reference import parse_reference, read_reference, references_for
from captioner.places import FileProblem, resource

TEXT = "안녕하세요, 무엇을 도와드릴까요?\r\n\r\n네  맞아요\n"
SAID = (Spoken("안녕하세요, 무엇을 도와드릴까요?"), Spoken("네 맞아요"))


def good(data: bytes | str, name: str) -> Reference:
    found = parse_reference(data.encode() if isinstance(data, str) else data, Path(name))
    assert isinstance(found, Reference)
    return found


def bad(data: bytes | str, name: str) -> str:
    """The sentence that a reference is refused with, filled in."""
    found = parse_reference(data.encode() if isinstance(data, str) else data, Path(name))
    assert isinstance(found, FileProblem)
    return found.sentence.format(**found.values)


def script(*items: Any) -> str:
    return json.dumps({"utterances": items}, ensure_ascii=False)


# ---------------------------------------------------------------- encodings


@pytest.mark.parametrize(
    "data",
    [
        TEXT.encode("utf-8"),
        TEXT.encode("utf-8-sig"),
        TEXT.encode("utf-16"),
        b"\xff\xfe" + TEXT.encode("utf-16-le"),
        b"\xfe\xff" + TEXT.encode("utf-16-be"),
        TEXT.encode("cp949"),
    ],
    ids=["utf-8", "utf-8 with bom", "utf-16", "utf-16-le", "utf-16-be", "cp949"],
)
def test_text_is_read_in_every_encoding_that_it_is_saved_in(data: bytes) -> None:
    assert good(data, "call.txt") == Reference("call.txt", SAID)


@pytest.mark.parametrize(
    "data",
    [b"\x89PNG\r\n\x1a\n\0\0\0", b"\xff\xfe\x00", b"\x80\xff\xff", "네".encode("utf-16-le"), b"RIFF\x04\0\0\0WAVE"],
    ids=["a picture", "half a character", "no encoding", "utf-16 without its mark", "sound"],
)
def test_what_is_no_text_is_refused(data: bytes) -> None:
    assert bad(data, "call.txt") == (
        "The reference call.txt is no text that can be read. Save it as UTF-8, UTF-16 or CP949."
    )


@given(st.binary(max_size=60), st.sampled_from(["a.txt", "a.json", "a.srt", "a.doc", "a"]))
def test_no_bytes_break_the_reader(data: bytes, name: str) -> None:
    found = parse_reference(data, Path(name))
    if isinstance(found, FileProblem):
        assert found.sentence.format(**found.values)


@pytest.mark.parametrize("data", ["", "\n \n", "… - ?!", "\ufeff"])
def test_a_reference_without_words_is_refused(data: str) -> None:
    assert bad(data, "call.txt") == "The reference call.txt holds no words."


def test_the_form_is_told_by_the_name() -> None:
    assert bad(TEXT, "call.docx") == "The reference call.docx is none of .txt, .json and .srt."
    assert good(TEXT, "CALL.TXT").spoken == SAID


# ---------------------------------------------------------------- scripts


def test_the_bundled_script_is_a_reference_with_exact_times_and_channels() -> None:
    found = read_reference(resource("sample", "sample_call.json"))
    assert isinstance(found, Reference)
    assert (len(found.spoken), found.exact, found.has_channels) == (16, True, True)
    assert found.spoken[0] == Spoken("감사합니다 한빛카드 상담원 김서연입니다 무엇을 도와드릴까요", 6400, 38640, 1)
    assert {each.channel for each in found.of_channel(2)} == {2}
    assert found.of_channel(None) == found.spoken


def test_words_know_better_when_an_utterance_was_said() -> None:
    words = [{"text": "네", "start": 1.1, "stop": 1.3}, {"text": "네", "start": 1.5, "stop": 1.9}]
    found = good(script({"text": "네, 네.", "start": 1, "stop": 2.5, "words": words}), "a.json")
    assert found.spoken == (Spoken("네, 네.", 8800, 15200),)


def test_without_its_own_text_an_utterance_is_its_words() -> None:
    words = [{"word": "네"}, {"text": "|"}, {"text": "맞아요"}]
    found = good(script({"words": words}), "a.json")
    assert (found.spoken, found.exact) == ((Spoken("네 맞아요"),), False)


def test_a_bare_list_of_words_is_cut_at_pauses_on_each_channel() -> None:
    words = [
        {"text": "네", "start": 1, "stop": 1.2, "channel": 2},
        {"text": "나", "start": 0.5, "stop": 1, "channel": 1},
        {"text": "저", "start": 0, "stop": 0.4, "channel": 1},
        {"text": "음", "start": 1.5, "end": 1.7, "channel": 1},
    ]
    found = good(json.dumps({"words": words}), "a.json")
    assert found.spoken == (Spoken("저 나", 0, 8000, 1), Spoken("네", 8000, 9600, 2), Spoken("음", 12000, 13600, 1))
    assert good(json.dumps(words), "a.json").spoken == found.spoken
    assert [each.text for each in good(json.dumps([{"text": "네"}, {"text": "아니요"}]), "a.json").spoken] == [
        "네",
        "아니요",
    ]


def test_the_services_own_results_are_a_reference() -> None:
    words = [{"text": "네", "start_at": 100, "duration": 200}, {"text": "|", "start_at": 300, "duration": 0}]
    utterance = {"msg": "네", "start_at": 1000, "duration": 500, "words": [words[0], {**words[1], "duration": 1}]}
    found = good(json.dumps({"results": {"utterances": [utterance]}}), "a.json")
    assert found.spoken == (Spoken("네", 8800, 10400),)


def test_milliseconds_of_a_word_that_can_only_count_from_the_beginning_do() -> None:
    words = [{"text": "네", "start_at": 1100, "duration": 200}]
    found = good(script({"msg": "네", "start_at": 1000, "duration": 500, "words": words}), "a.json")
    assert found.spoken == (Spoken("네", 8800, 10400),)


def test_what_was_transcribed_before_is_a_reference_line_by_line() -> None:
    lines = [
        {"type": "state", "at": 0.1, "state": "live"},
        {"type": "interim", "text": "네"},
        {"type": "final", "at": 2, "start": 1, "stop": 1.5, "text": "네 맞아요"},
    ]
    found = good("\n".join(json.dumps(line, ensure_ascii=False) for line in lines) + "\n", "a.jsonl")
    assert found.spoken == (Spoken("네 맞아요", 8000, 12000),)


def test_one_utterance_alone_is_a_script() -> None:
    assert good('{"text": "네 맞아요"}', "a.json").spoken == (Spoken("네 맞아요"),)


def test_utterances_stand_in_the_order_of_their_sound() -> None:
    items = [{"text": "둘", "start": 2, "stop": 3}, {"text": "하나", "start": 0, "stop": 1}]
    assert [each.text for each in good(script(*items), "a.json").spoken] == ["하나", "둘"]


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ("네 맞아요", "The reference a.json is not JSON. Save plain text as .txt."),
        ("{}\n{", "The reference a.json is not JSON. Save plain text as .txt."),
        ("[" * 100_000, "The reference a.json is not JSON. Save plain text as .txt."),
        ("5", "Entry 1 of the reference a.json is neither a word nor an utterance."),
        ('[{"text": "네"}, "네"]', "Entry 2 of the reference a.json is neither a word nor an utterance."),
        ('{"title": "네"}', "Entry 1 of the reference a.json is neither a word nor an utterance."),
        (script({"words": ["네"]}), "Entry 1 of the reference a.json is neither a word nor an utterance."),
        (script({"text": "네", "words": [{}]}), "Entry 1 of the reference a.json is neither a word nor an utterance."),
        (script(), "The reference a.json holds no words."),
        (script({"text": "?"}), "The reference a.json holds no words."),
    ],
)
def test_what_is_no_script_is_refused(data: str, sentence: str) -> None:
    assert bad(data, "a.json") == sentence


TIMES = [
    {"start": 1},
    {"stop": 1},
    {"start": 2, "stop": 1},
    {"start": 1, "stop": 1},
    {"start": -1, "stop": 1},
    {"start": "0", "stop": "1"},
    {"start": True, "stop": 2},
    {"start": 0, "stop": 1e12},
    {"start": 0, "stop": 10**400},
    {"start": 0, "stop": float("nan")},
    {"start_at": 5},
    {"start_at": 5, "duration": None, "stop": None},
    {"start_at": 10**400, "duration": 1.5},
]


@pytest.mark.parametrize("times", TIMES)
def test_times_that_mean_nothing_are_refused(times: dict[str, object]) -> None:
    sentence = "The times of entry 1 in the reference a.json cannot be used. Give start and stop in seconds."
    assert bad(script({"text": "네", **times}), "a.json") == sentence


@pytest.mark.parametrize("channel", [0, -1, 1.0, "1", True])
def test_channels_count_from_one(channel: object) -> None:
    sentence = "The channel of entry 2 in the reference a.json is not a whole number from 1."
    assert bad(script({"text": "네", "channel": 1}, {"text": "네", "channel": channel}), "a.json") == sentence


def test_a_reference_that_tells_the_channel_of_some_only_does_not_tell_them_apart() -> None:
    found = good(script({"text": "네", "channel": 1}, {"text": "예"}), "a.json")
    assert not found.has_channels
    assert found.of_channel(1) == found.spoken
    assert found.text == "네 예"


# ---------------------------------------------------------------- subtitles

SRT = """\ufeff1
00:00:01,000 --> 00:00:02,500
<i>안녕하세요</i>,
{\\an8}무엇을 도와드릴까요?

2
00:01:00.5 --> 00:01:01,5  X1:10
2025

3
01:00:00,000 --> 01:00:00,000
네
"""


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_subtitles_are_read_with_their_times_and_without_their_markup(end: str) -> None:
    found = good(SRT.replace("\n", end), "a.srt")
    assert found.spoken == (
        Spoken("안녕하세요, 무엇을 도와드릴까요?", 8000, 20_000),
        Spoken("2025", 484_000, 492_000),
        Spoken("네", 28_800_000, 28_800_001),
    )
    assert not found.exact


def test_subtitles_without_numbers_or_empty_lines_are_read_too() -> None:
    text = "00:00:01,000 --> 00:00:02,000\n네\n\n00:00:03,000 --> 00:00:04,000\n셋\n00:00:05,000 --> 00:00:06,000\n예"
    assert [each.text for each in good(text, "a.srt").spoken] == ["네", "셋", "예"]


def test_a_number_alone_before_a_time_is_the_next_subtitles_number() -> None:
    text = "1\n00:00:01,000 --> 00:00:02,000\n2\n00:00:03,000 --> 00:00:04,000\n네\n"
    assert [each.text for each in good(text, "a.srt").spoken] == ["네"]


def test_what_is_no_subtitles_is_refused() -> None:
    assert bad("네 맞아요", "a.srt") == "The reference a.srt holds no subtitle with its times."


# ---------------------------------------------------------------- files


def test_a_file_that_is_not_there_or_is_a_folder_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "none.txt", tmp_path):
        found = read_reference(path)
        assert isinstance(found, FileProblem)
        assert found.sentence == "The reference {path} cannot be read ({detail})."
        assert found.values["path"] == path
        assert found.values["detail"]


def test_a_path_that_no_system_takes_is_refused() -> None:
    found = read_reference(Path("a\0.txt"))
    assert isinstance(found, FileProblem)
    assert found.values["detail"] == "ValueError"


def test_a_file_too_large_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    with path.open("wb") as file:
        file.truncate(32_000_001)
    found = read_reference(path)
    assert isinstance(found, FileProblem)
    assert found.sentence == "The reference {path} is too large to be the text of a recording."


def paths(*names: str) -> list[Path]:
    return [Path(name) for name in names]


def test_a_reference_belongs_to_the_recording_that_it_is_named_like() -> None:
    found = references_for(paths("x/a.wav", "b.flac", "c.wav"), paths("B.txt", "y/a.json"))
    assert found == (Path("y/a.json"), Path("B.txt"), None)
    assert references_for(paths("a.wav"), []) == (None,)


def test_references_named_otherwise_are_taken_in_order() -> None:
    assert references_for(paths("a.wav", "b.wav"), paths("one.txt", "a.txt")) == tuple(paths("one.txt", "a.txt"))


def test_a_reference_that_belongs_to_no_recording_is_refused() -> None:
    found = references_for(paths("a.wav", "b.wav"), paths("a.txt", "b.txt", "c.txt"))
    assert isinstance(found, FileProblem)
    assert found.values["path"] == Path("c.txt")
