from __future__ import annotations

import json
import re
import unicodedata
from dataclasses import fields
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from captioner.errors import Fault, FaultKind
from captioner.events import (
    Caption,
    FinalShown,
    Finished,
    GapShown,
    InterimShown,
    LossReason,
    Measured,
    Phase,
    Stages,
    StateChanged,
    Summary,
    Withdrawn,
    Word,
)
from captioner.transcript.export import WIDTH, Cue, Item, cues, json_line, srt, text, vtt

MS = 8  # samples

STAGES = Stages(0.0004, 0.0074, 0, 0, 0, 0.0002, 0.612, None, 0.62)


def caption(start_ms: int, stop_ms: int, said: str, words: tuple[Word, ...] = (), utterance: int = 1) -> Caption:
    return Caption(utterance, start_ms * MS, stop_ms * MS, said, words, final=True, provisional=False, revision=1)


def word(said: str, start_ms: int, stop_ms: int) -> Word:
    return Word(said, start_ms * MS, stop_ms * MS)


def gap(start_ms: int, stop_ms: int) -> GapShown:
    return GapShown(99.0, start_ms * MS, stop_ms * MS, LossReason.OUTAGE)


def say(missing: GapShown) -> str:
    return f"{(missing.stop - missing.start) / 8000:.1f} s missing: {missing.reason}"


def columns(line: str) -> int:
    """Count the columns of a line of the characters that are used here."""
    composed = unicodedata.normalize("NFC", line).replace("\u0301", "")
    return sum(2 if unicodedata.east_asian_width(character) == "W" else 1 for character in composed)


CALL: list[Item] = [
    caption(480, 2160, "안녕하세요, 무엇을 도와드릴까요?"),
    caption(3_000, 4_500, "네 <어제> 주문한 A&B가요"),
    gap(31_000, 33_500),
    caption(3_661_000, 3_662_000, "감사합니다"),
]


# ---------------------------------------------------------------- files


def test_text_is_one_utterance_a_line_and_gaps_only_where_they_are_worded() -> None:
    assert text(CALL) == "안녕하세요, 무엇을 도와드릴까요?\n네 <어제> 주문한 A&B가요\n감사합니다\n"
    assert text(CALL, say) == (
        "안녕하세요, 무엇을 도와드릴까요?\n네 <어제> 주문한 A&B가요\n[2.5 s missing: outage]\n감사합니다\n"
    )


def test_text_stays_one_line_an_utterance_whatever_the_service_sends() -> None:
    assert text([caption(0, 1, " 하나\n둘\u2028셋 "), caption(2, 3, " ")]) == "하나 둘 셋\n"


def test_srt() -> None:
    assert srt(CALL, say) == (
        "1\n00:00:00,480 --> 00:00:02,160\n안녕하세요, 무엇을 도와드릴까요?\n"
        "\n2\n00:00:03,000 --> 00:00:04,500\n네 <어제> 주문한 A&B가요\n"
        "\n3\n00:00:31,000 --> 00:00:33,500\n[2.5 s missing: outage]\n"
        "\n4\n01:01:01,000 --> 01:01:02,000\n감사합니다\n"
    )


def test_vtt_escapes_what_would_be_markup() -> None:
    assert vtt(CALL, say) == (
        "WEBVTT\n"
        "\n00:00:00.480 --> 00:00:02.160\n안녕하세요, 무엇을 도와드릴까요?\n"
        "\n00:00:03.000 --> 00:00:04.500\n네 &lt;어제&gt; 주문한 A&amp;B가요\n"
        "\n00:00:31.000 --> 00:00:33.500\n[2.5 s missing: outage]\n"
        "\n01:01:01.000 --> 01:01:02.000\n감사합니다\n"
    )


def test_nothing_said_is_an_empty_file() -> None:
    assert (text([]), srt([], say), vtt([], say)) == ("", "", "WEBVTT\n")


def test_captions_are_written_in_the_order_of_their_audio() -> None:
    late, early = caption(5_000, 6_000, "둘"), caption(1_000, 2_000, "하나")
    assert text([late, early]) == "하나\n둘\n"
    assert [cue.lines for cue in cues([late, early], say)] == [("하나",), ("둘",)]


# ---------------------------------------------------------------- cues


def test_a_long_utterance_is_cut_into_cues_at_the_times_of_its_words() -> None:
    said = [f"{number}번째낱말" for number in range(10, 20)]  # 10 columns each
    words = tuple(word(each, 1000 * index, 1000 * index + 700) for index, each in enumerate(said))
    assert cues([caption(0, 9_700, " ".join(said), words)], say) == [
        Cue(0, 5_700, ("10번째낱말 11번째낱말 12번째낱말", "13번째낱말 14번째낱말 15번째낱말")),
        Cue(6_000, 9_700, ("16번째낱말 17번째낱말 18번째낱말", "19번째낱말")),
    ]


def test_without_word_times_a_long_utterance_is_shared_out_by_syllables() -> None:
    said = " ".join(["가나다라마바사아자차"] * 8)  # two words fill a line
    assert [(cue.start_ms, cue.stop_ms) for cue in cues([caption(1_000, 9_000, said)], say)] == [
        (1_000, 5_000),
        (5_000, 9_000),
    ]


def test_words_cut_otherwise_than_the_text_still_give_their_times() -> None:
    # The service spaces "주문 번호를" where the text has "주문번호를".
    said = "주문번호를 " + " ".join(["가나다라마바사아자차"] * 4)
    words = (
        word("주문", 0, 400),
        word("번호를", 500, 1_100),
        *(word("가나다라마바사아자차", at, at + 1_500) for at in (2_000, 4_000, 6_000, 8_000)),
    )
    first, second = cues([caption(0, 9_500, said, words)], say)
    assert (first.start_ms, first.stop_ms) == (0, 7_500)
    assert (second.start_ms, second.stop_ms) == (8_000, 9_500)


def test_word_times_of_another_text_are_not_used() -> None:
    said = " ".join(["가나다라마바사아자차"] * 8)
    words = (word("딴소리", 0, 100),)
    assert cues([caption(1_000, 9_000, said, words)], say) == cues([caption(1_000, 9_000, said)], say)


def test_lines_are_as_even_as_they_can_be() -> None:
    assert cues([caption(0, 1000, "a" * 30 + " " + "b" * 11 + " " + "c" * 18)], say)[0].lines == (
        "a" * 30,
        "b" * 11 + " " + "c" * 18,
    )


def test_a_word_longer_than_a_line_is_never_broken() -> None:
    assert cues([caption(0, 1000, "가" * 30 + " 나")], say)[0].lines == ("가" * 30, "나")


def test_decomposed_hangul_is_as_wide_as_composed() -> None:
    said = "가나다라마바사아자차카타파하가나다라마바 사"
    decomposed = unicodedata.normalize("NFD", said)
    assert len(cues([caption(0, 1000, decomposed)], say)[0].lines) == len(cues([caption(0, 1000, said)], say)[0].lines)


def test_combining_marks_take_no_column() -> None:
    assert len(cues([caption(0, 1000, "x\u0338" * 20 + " " + "y\u0338" * 21)], say)[0].lines) == 1


def test_a_cue_gives_way_to_the_next_one() -> None:
    assert [
        (cue.start_ms, cue.stop_ms)
        for cue in cues([caption(0, 5_000, "하나"), caption(4_000, 4_500, "둘"), gap(4_400, 6_000)], say)
    ] == [(0, 4_000), (4_000, 4_400), (4_400, 6_000)]


def test_cues_that_begin_together_follow_each_other() -> None:
    assert [(cue.start_ms, cue.stop_ms) for cue in cues([caption(0, 900, "하나"), caption(0, 2_000, "둘")], say)] == [
        (0, 900),
        (900, 2_000),
    ]


def test_a_caption_of_no_length_is_shown_for_an_instant() -> None:
    assert cues([caption(700, 700, "네")], say) == [Cue(700, 701, ("네",))]


def test_sound_before_the_first_sample_begins_at_nought() -> None:
    assert cues([caption(-2, 300, "네")], say) == [Cue(0, 300, ("네",))]


def test_cues_written_one_after_the_other_never_begin_before_the_last_one_ended() -> None:
    (first,) = cues([caption(0, 5_000, "하나")], say)
    assert cues([caption(4_000, 6_000, "둘"), caption(6_500, 7_000, "셋")], say, after_ms=first.stop_ms) == [
        Cue(5_000, 6_000, ("둘",)),
        Cue(6_500, 7_000, ("셋",)),
    ]
    assert cues([gap(1_000, 2_000)], say, after_ms=7_000) == [Cue(7_000, 7_001, ("[1.0 s missing: outage]",))]


words_of_any_kind = st.text("가힣ac.<&>-\u1100\u1161\u0301", min_size=1, max_size=24)


@st.composite
def items(draw: st.DrawFn) -> Item:
    start = draw(st.integers(-20, 80_000))
    stop = start + draw(st.integers(0, 80_000))
    if draw(st.booleans()):
        return GapShown(99.0, start, stop, LossReason.OVERFLOW)
    said = draw(st.lists(words_of_any_kind, max_size=12))
    timed = tuple(
        Word(each, begin, begin + length)
        for each in said
        for begin, length in [draw(st.tuples(st.integers(start, stop), st.integers(0, 4_000)))]
    )
    return Caption(1, start, stop, " ".join(said), timed if draw(st.booleans()) else (), True, False, 1)


@given(st.lists(items(), max_size=4))
def test_cues_never_overlap_and_hold_every_word_whole(transcript: list[Item]) -> None:
    shown = cues(transcript, say)
    for cue in shown:
        assert 0 <= cue.start_ms < cue.stop_ms
        assert 1 <= len(cue.lines) <= 2
        for line in cue.lines:
            assert columns(line) <= WIDTH or " " not in line
    for cue, following in pairwise(shown):
        assert cue.stop_ms <= following.start_ms
    expected = [
        each for item in transcript for each in (item.text if isinstance(item, Caption) else f"[{say(item)}]").split()
    ]
    assert sorted(each for cue in shown for line in cue.lines for each in line.split()) == sorted(expected)


@given(st.lists(items(), max_size=4))
def test_subtitle_files_can_be_read_back(transcript: list[Item]) -> None:
    clock = r"(\d\d):(\d\d):(\d\d)[,.](\d{3})"
    expected = [(cue.start_ms, cue.stop_ms) for cue in cues(transcript, say)]
    for written in (srt(transcript, say), vtt(transcript, say)):
        times = [
            [int(part) for part in match.groups()] for match in re.finditer(f"^{clock} --> {clock}$", written, re.M)
        ]
        assert [
            tuple(3_600_000 * hours + 60_000 * minutes + 1000 * seconds + ms for hours, minutes, seconds, ms in pair)
            for pair in ((each[:4], each[4:]) for each in times)
        ] == expected


# ---------------------------------------------------------------- JSON lines


def test_a_state_is_a_line() -> None:
    assert json_line(StateChanged(0.21, Phase.LIVE, 1)) == '{"type":"state","at":0.21,"state":"live","epoch":1}'


def test_an_interim_is_a_line() -> None:
    assert json_line(InterimShown(1.92, caption(480, 1_880, "안녕하"))) == (
        '{"type":"interim","at":1.92,"utterance":1,"start":0.48,"stop":1.88,"text":"안녕하"}'
    )


def test_a_final_is_a_line() -> None:
    said = caption(480, 2_160, "안녕하세요", (word("안녕하세요", 480, 2_160),))
    latency = {"capture": 0.4, "recognise": 612.0, "render": None, "total": 620.0}
    assert json_line(FinalShown(2.78, said, STAGES), latency) == (
        '{"type":"final","at":2.78,"utterance":1,"start":0.48,"stop":2.16,"text":"안녕하세요",'
        '"words":[{"text":"안녕하세요","start":0.48,"stop":2.16}],'
        '"latency_ms":{"capture":0.4,"recognise":612.0,"render":null,"total":620.0}}'
    )


def test_a_final_whose_delay_is_unknown_has_nulls() -> None:
    line = json_line(FinalShown(2.78, caption(480, 2_160, "네"), None))
    assert line is not None
    assert json.loads(line)["latency_ms"] == dict.fromkeys(each.name for each in fields(Stages))


def test_a_gap_is_a_line() -> None:
    assert json_line(GapShown(40.1, 31 * 8000, 33 * 8000 + 4000, LossReason.OUTAGE)) == (
        '{"type":"gap","at":40.1,"start":31.0,"stop":33.5,"reason":"outage"}'
    )


def test_the_summary_is_a_line() -> None:
    summary = Summary(False, 14, 488_000, 468_000, 20_000, connections=2, tokens=1, unreadable=0)
    total = {"total": {"n": 14, "p50": 618.2, "p95": 701.9, "max": 733.0}}
    assert json_line(Finished(62.3, summary, Fault(FaultKind.UNREACHABLE)), total) == (
        '{"type":"summary","at":62.3,"complete":false,"utterances":14,"captured_samples":488000,'
        '"recognised_samples":468000,"lost_samples":20000,"connections":2,"tokens":1,'
        '"latency_ms":{"total":{"n":14,"p50":618.2,"p95":701.9,"max":733.0}}}'
    )


@pytest.mark.parametrize("update", [Withdrawn(1.0, 2, 3), Measured(1.0, 2, STAGES)])
def test_what_concerns_the_window_alone_is_no_line(update: Withdrawn | Measured) -> None:
    assert json_line(update) is None


@given(st.integers(-20, 8000 * 36_000), st.floats(0, 36_000))
def test_seconds_are_exact(position: int, at: float) -> None:
    line = json_line(GapShown(at, position, position + 1, LossReason.OUTAGE))
    assert line is not None
    read = json.loads(line)
    assert (read["start"] * 8000, read["stop"] * 8000) == (pytest.approx(position), pytest.approx(position + 1))
    assert read["start"] == position / 8000
    assert read["at"] == pytest.approx(at, abs=5.1e-7)
    assert len(repr(read["at"]).partition(".")[2]) <= 6 or "e" in repr(read["at"])


@given(st.text())
def test_every_line_is_one_line_of_json(said: str) -> None:
    line = json_line(InterimShown(1.0, caption(0, 1, said)))
    assert line is not None
    assert "\n" not in line
    assert json.loads(line)["text"] == said
