"""What a window said, as one file, over all its lanes."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from captioner.events import RATE, Caption, FinalShown, GapShown, LossReason, Measured, Stages, Word
from captioner.saving import Kind, Said, Saved, write

BEGAN = datetime(2026, 1, 5, 9, 0, 0, tzinfo=timezone(timedelta(hours=9)))
STAGES = Stages(0.001, 0.002, 0.0, 0.0, 0.0, 0.001, 0.6, 0.004, 0.608)


def final(utterance: int, start: float, stop: float, text: str) -> FinalShown:
    words = (Word(text, round(start * RATE), round(stop * RATE)),)
    caption = Caption(utterance, round(start * RATE), round(stop * RATE), text, words, True, False, utterance)
    return FinalShown(stop + 0.6, caption, None)


def gap_words(gap: GapShown) -> str:
    return f"lost {(gap.stop - gap.start) / RATE:.1f} s"


def two_lanes() -> list[Said]:
    morning, later = Said(BEGAN), Said(BEGAN + timedelta(seconds=100))
    morning.add(final(1, 0.5, 1.5, "안녕하세요"))
    morning.add(GapShown(9.0, 2 * RATE, 5 * RATE, LossReason.OUTAGE))
    later.add(final(1, 1.0, 2.0, "반갑습니다"))
    later.measure(Measured(2.7, 1, STAGES))
    return [morning, later]


def test_later_lanes_stand_as_much_later_as_they_began() -> None:
    lines = [json.loads(line) for line in write(Kind.JSON_LINES, two_lanes(), gap_words).splitlines()]
    assert [line["type"] for line in lines] == ["final", "gap", "final"]
    assert (lines[2]["start"], lines[2]["stop"], lines[2]["at"]) == (101.0, 102.0, 102.6)
    assert lines[2]["words"][0]["start"] == 101.0


def test_a_gap_of_a_later_lane_is_shifted_too() -> None:
    lanes = two_lanes()
    lanes[1].add(GapShown(9.0, 4 * RATE, 5 * RATE, LossReason.OVERFLOW))
    line = json.loads(write(Kind.JSON_LINES, lanes, gap_words).splitlines()[-1])
    assert (line["start"], line["stop"], line["at"]) == (104.0, 105.0, 109.0)


def test_a_delay_that_becomes_known_after_the_text_is_saved_with_it() -> None:
    lines = [json.loads(line) for line in write(Kind.JSON_LINES, two_lanes(), gap_words).splitlines()]
    assert lines[0]["latency_ms"]["total"] is None
    assert lines[2]["latency_ms"]["total"] == 608.0


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (Kind.TEXT, "안녕하세요"),
        (Kind.SRT, "00:00:00,500 --> 00:00:01,500"),
        (Kind.VTT, "00:00:00.500 --> 00:00:01.500"),
    ],
)
def test_every_format_holds_all_lanes_and_the_gap(kind: Kind, expected: str) -> None:
    text = write(kind, two_lanes(), gap_words)
    assert expected in text
    assert "반갑습니다" in text
    assert "lost 3.0 s" in text


def test_what_was_saved_is_a_copy_of_the_captions_not_the_captions() -> None:
    lanes = two_lanes()
    before = replace(lanes[1].updates[0])
    write(Kind.TEXT, lanes, gap_words)
    assert lanes[1].updates[0] == before


@given(count=st.integers(0, 400), late=st.lists(st.tuples(st.integers(0, 399), st.integers(1, 400)), max_size=6))
def test_what_was_said_stays_as_it_was_said_however_much_and_however_late_its_delay_is_known(
    count: int, late: list[tuple[int, int]]
) -> None:
    said, plain = Said(BEGAN), list[Saved]()
    for number in range(count):
        update: Saved = final(number + 1, number, number + 0.5, "안녕하세요")
        if number % 7 == 3:
            update = GapShown(number + 0.25, number * RATE, number * RATE + 100, LossReason.OUTAGE)
        said.add(update)
        plain.append(update)
        for after, utterance in late:
            known = plain[utterance - 1] if after == number and utterance <= len(plain) else None
            if isinstance(known, FinalShown):
                said.measure(Measured(number + 0.7, utterance, STAGES))
                plain[utterance - 1] = replace(known, stages=STAGES)
    assert said.updates == plain


def test_the_delay_of_what_was_never_said_is_a_mistake() -> None:
    said = Said(BEGAN, [final(number, number, number + 0.5, "네") for number in range(1, 300)])
    with pytest.raises(LookupError):
        said.measure(Measured(0.5, 300, STAGES))


def test_what_is_said_later_is_not_in_a_copy() -> None:
    said = Said(BEGAN, [final(number, number, number + 0.5, "네") for number in range(1, 200)])
    before = said.updates
    copy = said.copy()
    for number in range(200, 400):
        said.add(final(number, number, number + 0.5, "네"))
    said.measure(Measured(0.5, 1, STAGES))
    said.measure(Measured(0.5, 199, STAGES))
    assert (copy.started_at, copy.updates) == (BEGAN, before)
