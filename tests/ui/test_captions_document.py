from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import hypothesis.strategies as st
import pytest
from hypothesis import given
from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication

from captioner.events import FinalShown, InterimShown, Withdrawn
from captioner.settings import Interims
from captioner.ui.captions_document import CaptionDocument, CaptionUpdate, clock, one_line
from tests.helpers.ui import final, gap, interim, withdrawn


@pytest.fixture
def document(qapp: QApplication) -> Iterator[CaptionDocument]:
    owner = QObject()
    yield CaptionDocument(owner)
    owner.deleteLater()


def texts(document: CaptionDocument) -> list[str]:
    return document.toPlainText().split("\n") if document.toPlainText() else []


def open_rows(document: CaptionDocument) -> list[bool]:
    """Tell of every block whether it is coloured as something that may still change."""
    found = list[bool]()
    block = document.firstBlock()
    while block.isValid():
        brush = block.begin().fragment().charFormat().foreground() if block.text() else None  # Qt crashes without text
        found.append(brush is not None and bool(brush.style().value))
        block = block.next()
    return found


def test_two_utterances_can_be_open_and_each_settles_in_its_place(document: CaptionDocument) -> None:
    document.apply([interim(1, "하나", 1), interim(2, "둘", 2)])
    assert texts(document) == ["하나", "둘"]
    document.apply([interim(2, "둘이", 3), final(1, "하나요", 4)])
    assert (texts(document), open_rows(document)) == (["하나요", "둘이"], [False, True])
    document.apply([final(2, "둘이요", 5)])
    assert (texts(document), open_rows(document)) == (["하나요", "둘이요"], [False, False])


def test_a_final_below_an_open_utterance_settles_in_its_place_too(document: CaptionDocument) -> None:
    document.apply([interim(1, "하나", 1), interim(2, "둘", 2)])
    document.apply([final(2, "둘이요", 3)])
    assert (texts(document), open_rows(document)) == (["하나", "둘이요"], [True, False])
    document.apply([final(1, "하나요", 4), final(3, "셋이요", 5)])
    assert texts(document) == ["하나요", "둘이요", "셋이요"]


def test_an_utterance_heard_late_goes_above_open_ones_that_begin_after_it(document: CaptionDocument) -> None:
    document.apply([final(1, "하나", 1), interim(3, "셋", 2)])
    document.apply([final(2, "둘", 3)])
    assert texts(document) == ["하나", "둘", "셋"]
    document.apply([final(3, "셋이요", 4)])
    assert texts(document) == ["하나", "둘", "셋이요"]


@pytest.mark.parametrize("gone", [1, 2, 3])
def test_a_withdrawn_utterance_leaves_no_trace(document: CaptionDocument, gone: int) -> None:
    words = {1: "하나", 2: "둘", 3: "셋"}
    document.apply([interim(number, text, number) for number, text in words.items()])
    document.apply([withdrawn(gone, 4)])
    left = {number: text for number, text in words.items() if number != gone}
    assert texts(document) == list(left.values())
    document.apply([final(number, text + "이요", 4 + number) for number, text in left.items()])
    assert texts(document) == [text + "이요" for text in left.values()]
    assert not any(open_rows(document))


def test_withdrawing_the_only_utterance_leaves_an_empty_document(document: CaptionDocument) -> None:
    document.apply([interim(1, "어", 1)])
    document.apply([withdrawn(1, 2)])
    assert texts(document) == []
    assert clock(document.firstBlock()) == ""
    document.apply([interim(2, "네", 3)])
    assert texts(document) == ["네"]


def test_withdrawing_what_was_never_shown_changes_nothing(document: CaptionDocument) -> None:
    document.apply([final(1, "하나", 1)])
    [change] = document.apply([withdrawn(2, 2)])
    assert not change.visible
    assert texts(document) == ["하나"]


def test_a_gap_stands_at_its_place_in_the_sound(document: CaptionDocument) -> None:
    document.apply([final(1, "하나", 1), interim(20, "스물", 2)])
    document.apply([gap(40_000, 60_000)])
    document.apply([gap(400_000, 408_000)])
    document.apply([final(20, "스물이요", 3)])
    found = texts(document)
    assert [found[0], found[2]] == ["하나", "스물이요"]
    assert "2.5 s" in found[1]
    assert "1.0 s" in found[3]
    assert [document.is_gap(document.findBlockByNumber(number)) for number in range(4)] == [False, True, False, True]


def test_what_was_said_before_a_gap_and_is_heard_after_it_stands_above_it(document: CaptionDocument) -> None:
    document.apply([final(1, "하나", 1), gap(40_000, 50_000)])
    document.apply([gap(50_000, 60_000)])
    document.apply([interim(2, "둘", 2)])
    assert texts(document)[:2] == ["하나", "둘"]
    document.apply([final(2, "둘이요", 3)])
    document.apply([final(3, "셋이요", 4)])
    document.apply([interim(8, "여덟", 5)])
    document.apply([final(8, "여덟이요", 6), final(9, "아홉", 7)])
    lines = texts(document)
    assert (lines[:3], lines[5:]) == (["하나", "둘이요", "셋이요"], ["여덟이요", "아홉"])
    assert [document.is_gap(document.findBlockByNumber(number)) for number in range(6)] == [
        *[False] * 3,
        True,
        True,
        False,
    ]


def test_a_gap_at_the_end_of_a_lane_stays_above_the_next_one(document: CaptionDocument) -> None:
    document.begin_lane(datetime(2026, 1, 1, 12))
    document.apply([final(1, "하나", 1), gap(40_000, 60_000)])
    document.begin_lane(datetime(2026, 1, 1, 13))
    document.apply([final(1, "다시", 1)])
    assert [texts(document)[0], texts(document)[2]] == ["하나", "다시"]
    assert document.is_gap(document.findBlockByNumber(1))


def test_a_gap_is_known_as_one_while_it_is_in_the_tail(document: CaptionDocument) -> None:
    document.apply([interim(1, "하나", 1), gap(40_000, 60_000)])
    assert document.is_gap(document.lastBlock())
    assert not document.is_gap(document.firstBlock())


def test_every_block_carries_the_time_of_day_of_its_first_sample(document: CaptionDocument) -> None:
    document.begin_lane(datetime(2025, 3, 4, 12, 1, 7, 900_000))
    document.apply([interim(1, "하나", 1, start=800), interim(2, "둘", 2, start=80_000)])
    document.apply([interim(1, "하나요", 3, start=0)])
    assert [clock(document.firstBlock()), clock(document.lastBlock())] == ["12:01:07", "12:01:17"]


def test_without_a_wall_clock_the_time_counts_from_the_lanes_beginning(document: CaptionDocument) -> None:
    document.apply([final(1, "하나", 1, start=-40), final(2, "둘", 2, start=8000 * 3723)])
    assert [clock(document.firstBlock()), clock(document.lastBlock())] == ["00:00:00", "01:02:03"]


def test_letters_outside_the_basic_plane_do_not_shift_what_is_replaced(document: CaptionDocument) -> None:
    document.apply([interim(1, "😀😀 안녕", 1), interim(2, "𠮷", 2)])
    document.apply([interim(1, "😀😀 안경 닦기", 3), interim(2, "𠮷野", 4)])
    document.apply([final(1, "😀 안경", 5)])
    assert texts(document) == ["😀 안경", "𠮷野"]


def test_a_text_with_line_breaks_stays_one_block(document: CaptionDocument) -> None:
    document.apply([final(1, "한\n줄\r두\u2028줄\u2029셋\x00넷", 1), final(2, "둘", 2)])
    assert document.blockCount() == 2
    assert document.firstBlock().text() == "한 줄 두 줄 셋 넷"


def test_decomposed_hangul_is_composed() -> None:
    assert one_line("\u1112\u1161\u11ab\u1100\u1173\u11af") == "한글"
    assert one_line("제어\x07문자\x9f 탭\t끝") == "제어문자 탭\t끝"


def test_an_interim_without_words_has_no_line_yet(document: CaptionDocument) -> None:
    document.apply([interim(1, "", 1), interim(2, "둘", 2)])
    assert texts(document) == ["둘"]
    document.apply([interim(1, "하나", 3)])
    assert texts(document) == ["하나", "둘"]


def test_an_interim_that_loses_its_words_keeps_its_line(document: CaptionDocument) -> None:
    document.apply([interim(1, "하나", 1), interim(2, "둘", 2)])
    document.apply([interim(1, "", 3)])
    assert texts(document) == ["", "둘"]
    document.apply([final(1, "하나", 4)])
    assert (texts(document), open_rows(document)) == (["하나", "둘"], [False, True])


def test_in_calm_mode_an_utterance_without_agreement_has_no_line_yet(document: CaptionDocument) -> None:
    document.interims = Interims.CALM
    [first] = document.apply([interim(1, "안녕", 1)])
    assert (texts(document), first.whole) == ([], False)
    [second] = document.apply([interim(1, "안녕하세", 2)])
    assert (texts(document), second.whole) == (["안녕"], False)
    document.apply([withdrawn(1, 3)])
    assert texts(document) == []


def test_in_calm_mode_interims_of_one_step_agree_with_each_other(document: CaptionDocument) -> None:
    document.interims = Interims.CALM
    changes = document.apply([interim(1, "안녕", 1), interim(1, "안녕하세", 2), interim(1, "안녕하세요", 3)])
    assert texts(document) == ["안녕하세"]
    assert [change.whole for change in changes] == [False, False, False]


def test_a_new_lane_settles_what_the_last_one_left_open(document: CaptionDocument) -> None:
    document.apply([interim(1, "하나", 1), interim(2, "둘", 2)])
    document.begin_lane(datetime(2025, 3, 4, 12, 0))
    assert open_rows(document) == [False, False]
    document.apply([interim(1, "새로 하나", 1)])
    assert (texts(document), open_rows(document)) == (["하나", "둘", "새로 하나"], [False, False, True])


@st.composite
def calls(draw: st.DrawFn) -> list[list[CaptionUpdate]]:
    """A call: utterances that appear in order, change, settle in any order or are withdrawn, in steps of any size."""
    words = st.text("가나다라마 😀", min_size=1, max_size=6)
    updates, living, seen = list[CaptionUpdate](), list[int](), 0
    for revision in range(1, draw(st.integers(1, 25)) + 1):
        if not living or (len(living) < 2 and draw(st.booleans())):
            seen += 1
            living.append(seen)
            utterance = seen
        else:
            utterance = draw(st.sampled_from(living))
        kind = draw(st.sampled_from((interim, interim, final, withdrawn)))
        if kind is withdrawn:
            updates.append(withdrawn(utterance, revision))
        elif kind is final:
            updates.append(final(utterance, draw(words), revision))
        else:
            updates.append(interim(utterance, draw(words), revision))
        if kind is not interim:
            living.remove(utterance)
    steps = list[list[CaptionUpdate]]()
    while updates:
        size = draw(st.integers(1, 4))
        steps.append(updates[:size])
        updates = updates[size:]
    return steps


@given(steps=calls())
def test_the_document_shows_exactly_the_latest_text_of_every_utterance(
    qapp: QApplication, steps: list[list[CaptionUpdate]]
) -> None:
    document = CaptionDocument(qapp)
    rows = dict[int, tuple[str, bool]]()
    reported = list[int]()
    for step in steps:
        for update in step:
            match update:
                case InterimShown(caption=caption) | FinalShown(caption=caption):
                    rows[caption.utterance] = caption.text, caption.final
                case Withdrawn(utterance=utterance):
                    rows.pop(utterance, None)
        reported += [change.revision for change in document.apply(step)]
        expected = [row for _, row in sorted(rows.items())]
        assert texts(document) == [text for text, _ in expected]
        if expected:
            assert open_rows(document) == [not done for _, done in expected]
    document.deleteLater()
    assert reported == list(range(1, len(reported) + 1))
