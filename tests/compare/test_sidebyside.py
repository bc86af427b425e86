from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from captioner.compare.matching import Outcome
from captioner.compare.outcome import Anchor, Heard, Way
from captioner.compare.scoring import Mark
from captioner.compare.sidebyside import Cell, SideBySide, SideRow
from captioner.events import RATE, FinalShown, GapShown, InterimShown, LossReason, Withdrawn
from tests.compare.made_up import anchors, caption, run

LEFT, RIGHT = Way.CONNECTION_KEPT, Way.STREAMING
TWO = anchors((1, 3), (6, 8))


def final(start: float, stop: float, text: str, *, at: float = 0.0, utterance: int = 1) -> FinalShown:
    return FinalShown(at, caption(start, stop, text, utterance=utterance), None)


def interim(start: float, stop: float, text: str, *, utterance: int = 1) -> InterimShown:
    said = replace(caption(start, stop, text, utterance=utterance), final=False)
    return InterimShown(stop, said)


def cell(row: SideRow, side: str = "left") -> Cell:
    found: Cell | None = getattr(row, side)
    assert found is not None
    return found


@pytest.fixture
def sides() -> SideBySide:
    return SideBySide(timeout=30.0)


def test_an_interim_is_replaced_in_its_place_and_then_settles(sides: SideBySide) -> None:
    for update, text, settled in (
        (interim(1, 2, "안녕"), "안녕", False),
        (interim(1, 2.8, "안녕하"), "안녕하", False),
        (final(1, 3, "안녕하세요", at=3.5), "안녕하세요", True),
    ):
        sides.add(LEFT, update)
        (row,) = sides.rows(LEFT, RIGHT, TWO)
        assert (row.number, row.right) == (1, None)
        assert (cell(row).text, cell(row).final) == (text, settled)


def test_a_total_counts_from_the_last_sample_of_speech_and_not_from_the_texts_own_end(sides: SideBySide) -> None:
    sides.add(LEFT, final(1, 2.9, "네", at=3.62))
    sides.add(RIGHT, final(1, 3.1, "네", at=3.5))
    (row,) = sides.rows(LEFT, RIGHT, TWO)
    assert cell(row, "left").total_ms == pytest.approx(620)
    assert cell(row, "right").total_ms == pytest.approx(500)


def test_no_total_stands_beside_what_may_still_change_or_has_no_known_end(sides: SideBySide) -> None:
    sides.add(LEFT, interim(1, 2, "안녕"))
    sides.add(RIGHT, final(1, 3, "안녕", at=4.0))
    (row,) = sides.rows(LEFT, RIGHT, ())
    assert (row.number, cell(row).total_ms, cell(row, "right").total_ms) == (None, None, None)
    (row,) = sides.rows(LEFT, RIGHT, TWO)
    assert (row.number, cell(row).total_ms) == (1, None)
    assert cell(row, "right").total_ms == pytest.approx(1000)


def test_texts_are_paired_by_the_time_of_their_sound_and_never_by_their_order(sides: SideBySide) -> None:
    sides.add(LEFT, final(6, 8, "둘", utterance=1))
    sides.add(RIGHT, final(1, 3, "하나", utterance=1))
    sides.add(RIGHT, final(6, 8, "둘", utterance=2))
    for known in (TWO, ()):
        first, second = sides.rows(LEFT, RIGHT, known)
        assert (first.left, cell(first, "right").text) == (None, "하나")
        assert (cell(second).text, cell(second, "right").text) == ("둘", "둘")


def test_what_one_way_splits_stands_beside_what_the_other_has_in_one(sides: SideBySide) -> None:
    sides.add(LEFT, final(1, 1.9, "감사", utterance=1, at=2.5))
    sides.add(LEFT, final(2, 3, "합니다", utterance=2, at=3.9))
    sides.add(RIGHT, final(1, 3, "감사 합니다", at=3.2))
    for known in (TWO, ()):
        (row,) = sides.rows(LEFT, RIGHT, known)
        assert cell(row).text == cell(row, "right").text == "감사 합니다"
    assert cell(sides.rows(LEFT, RIGHT, TWO)[0]).total_ms == pytest.approx(900)


def test_differences_are_marked_on_both_sides_once_both_have_settled(sides: SideBySide) -> None:
    sides.add(LEFT, final(1, 3, "지갑을 잃어버려서요"))
    sides.add(RIGHT, interim(1, 2.5, "지갑이 잃어"))
    (row,) = sides.rows(LEFT, RIGHT, TWO)
    assert {piece.mark for piece in (*cell(row).pieces, *cell(row, "right").pieces)} == {Mark.SAME}
    sides.add(RIGHT, final(1, 3, "지갑이 잃어버려서"))
    (row,) = sides.rows(LEFT, RIGHT, TWO)
    marked = [(piece.text, piece.mark) for piece in cell(row).pieces if piece.mark is not Mark.SAME]
    assert marked == [("을", Mark.SUBSTITUTED), ("요", Mark.INSERTED)]
    marked = [(piece.text, piece.mark) for piece in cell(row, "right").pieces if piece.mark is not Mark.SAME]
    assert marked == [("이", Mark.SUBSTITUTED)]
    assert (cell(row).text, cell(row, "right").text) == ("지갑을 잃어버려서요", "지갑이 잃어버려서")


def test_a_withdrawn_interim_leaves_and_a_gap_stands_at_its_place(sides: SideBySide) -> None:
    sides.add(LEFT, interim(1, 2, "어"))
    sides.add(LEFT, Withdrawn(2.0, 1, 2))
    lost = GapShown(9.0, 4 * RATE, 5 * RATE, LossReason.OUTAGE)
    sides.add(LEFT, lost)
    (row,) = sides.rows(LEFT, RIGHT, TWO)
    assert (row.start, cell(row).gap, row.right) == (4 * RATE, lost, None)


def test_a_way_that_has_ended_says_what_the_report_says(sides: SideBySide) -> None:
    sides.add(LEFT, interim(6, 7, "둘"))
    joined = Heard(caption(1, 8, "하나 둘"), 9.5, None)
    sides.end(run(LEFT, [joined]))
    sides.end(run(RIGHT, []))
    first, second = sides.rows(LEFT, RIGHT, TWO)
    assert (cell(first).text, cell(first).outcome, cell(first).with_utterances) == ("하나 둘", Outcome.MERGED, (2,))
    assert (cell(second).text, cell(second).bound) == ("", False)
    assert cell(second).total_ms == pytest.approx(1500)
    lost = cell(first, "right")
    assert (lost.outcome, lost.total_ms, lost.bound, lost.pieces) == (Outcome.LOST, 30_000, True, ())


def test_what_nobody_said_has_a_row_of_its_own(sides: SideBySide) -> None:
    sides.end(run(LEFT, [Heard(caption(20, 21, "아무도"), 22.0, None)]))
    rows = sides.rows(LEFT, None, TWO)
    assert [(row.number, cell(row).text) for row in rows] == [(1, ""), (2, ""), (None, "아무도")]
    assert all(row.right is None for row in rows)


@given(
    st.lists(st.tuples(st.integers(0, 40), st.integers(1, 12), st.booleans()), max_size=12),
    st.lists(st.tuples(st.integers(0, 40), st.integers(1, 12), st.booleans()), max_size=12),
    st.lists(st.integers(1, 9), max_size=4),
)
def test_no_text_is_ever_missing_and_rows_are_in_the_order_of_sound(
    left: list[tuple[int, int, bool]], right: list[tuple[int, int, bool]], pauses: list[int]
) -> None:
    known, at = list[Anchor](), 0
    for pause in pauses:
        known.append(Anchor((at + pause) * RATE, (at + pause + 3) * RATE))
        at += pause + 3
    sides = SideBySide(30.0)
    for way, spans in ((LEFT, left), (RIGHT, right)):
        for number, (start, length, settled) in enumerate(spans, 1):
            update = final if settled else interim
            sides.add(way, update(start, start + length, f"말{number}", utterance=number))
    rows = sides.rows(LEFT, RIGHT, known)
    assert [row.start for row in rows] == sorted(row.start for row in rows)
    for side, spans in (("left", left), ("right", right)):
        cells = [found for row in rows if (found := getattr(row, side)) is not None]
        said = sorted(word for each in cells for word in each.text.split())
        assert said == sorted(f"말{number}" for number in range(1, len(spans) + 1))


def test_nothing_is_shown_before_anything_came(sides: SideBySide) -> None:
    assert sides.rows(LEFT, RIGHT, TWO) == ()
    assert sides.rows(None, None, TWO) == ()
