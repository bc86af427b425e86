from __future__ import annotations

import unicodedata
from itertools import pairwise
from random import Random

import jiwer
import pytest
from hypothesis import given
from hypothesis import strategies as st

from captioner.compare.scoring import (
    Accuracy,
    Edit,
    ErrorRate,
    Mark,
    Piece,
    align,
    differences,
    error_rate,
    score,
    syllables,
    words,
)

few = st.text(alphabet="가나다라", max_size=14)
korean = st.text(alphabet="가나다 3세개원만,.?", max_size=24)


def check(reference: str, other: str, edits: list[Edit]) -> None:
    """Walk an alignment: it must turn the one into the other."""
    row = column = 0
    for edit in edits:
        if edit in (Edit.SAME, Edit.SUBSTITUTED):
            assert (reference[row] == other[column]) == (edit is Edit.SAME)
        row += edit is not Edit.INSERTED
        column += edit is not Edit.DELETED
    assert (row, column) == (len(reference), len(other))


@given(few, few)
def test_an_alignment_turns_the_reference_into_the_text_with_the_fewest_edits(reference: str, other: str) -> None:
    edits = align(reference, other)
    check(reference, other, edits)
    errors = sum(edit is not Edit.SAME for edit in edits)
    if reference:
        oracle = jiwer.process_characters(reference, other)
        assert errors == oracle.substitutions + oracle.deletions + oracle.insertions
    else:
        assert errors == len(other)


@given(few, few, few)
def test_the_distance_of_texts_is_a_metric(one: str, other: str, third: str) -> None:
    def distance(left: str, right: str) -> int:
        return error_rate(left, right).errors

    assert distance(one, other) == distance(other, one)
    assert (distance(one, other) == 0) == (one == other)
    assert distance(one, third) <= distance(one, other) + distance(other, third)


def test_long_texts_are_halved_and_their_alignment_is_as_short() -> None:
    random = Random(1)
    reference = "".join(chr(0xAC00 + random.randrange(900)) for _ in range(9_000))  # 81 million cells: more than one go
    kept = [character for character in reference if random.random() > 0.02]
    other = "".join(character if random.random() > 0.03 else "A" for character in kept) + "끝났어요"
    edits = align("처" + reference, other)
    check("처" + reference, other, edits)
    oracle = jiwer.process_characters("처" + reference, other)
    assert sum(edit is not Edit.SAME for edit in edits) == oracle.substitutions + oracle.deletions + oracle.insertions


def test_only_letters_and_digits_count() -> None:
    assert syllables("네, 맞아요!  3개(세 개)요…\u200b") == "네맞아요3개세개요"
    assert words("네, 맞아요!  - 3개요") == ["네", "맞아요", "3개요"]


def test_decomposed_letters_are_the_same_letters() -> None:
    assert score("안녕하세요", unicodedata.normalize("NFD", "안녕하세요")).cer.errors == 0


def test_spacing_counts_in_wer_alone() -> None:
    accuracy = score("안녕하세요 저는 상담원 입니다", "안녕하세요 저는 상담원입니다.")
    assert accuracy.wer.rate == 0.5
    assert accuracy.cer.rate == 0


def test_a_number_in_digits_is_an_error_in_cer_and_none_once_numbers_are_alike() -> None:
    accuracy = score("사과 세 개 주세요", "사과 3개 주세요")
    assert accuracy.cer == ErrorRate(substitutions=1, length=7)
    assert accuracy.cer_numbers == ErrorRate(length=7)


def test_an_empty_text_has_lost_everything_and_an_empty_reference_has_no_rate() -> None:
    assert score("네 네", "").cer == ErrorRate(deletions=2, length=2)
    assert score("", "네").cer == ErrorRate(insertions=1)
    assert score("", "네").cer.rate is None


def test_rates_of_several_texts_are_weighed_by_their_length() -> None:
    both = score("가나다라", "가나다") + score("가", "나")
    assert both.cer == ErrorRate(1, 1, 0, 5)
    assert both.cer.rate == 0.4
    assert Accuracy() + both == both


# ---------------------------------------------------------------- differences


def test_what_differs_is_marked_and_what_is_missing_stands_in_its_place() -> None:
    assert differences("네 정말 고맙습니다", "네 고맙슴니다, 또") == (
        Piece("네", Mark.SAME),
        Piece(" 정말", Mark.DELETED),
        Piece(" 고맙", Mark.SAME),
        Piece("슴", Mark.SUBSTITUTED),
        Piece("니다, ", Mark.SAME),
        Piece("또", Mark.INSERTED),
    )


def test_a_word_missing_at_the_beginning_is_set_apart() -> None:
    assert differences("그럼 네", "네") == (Piece("그럼 ", Mark.DELETED), Piece("네", Mark.SAME))
    assert differences("네 그럼", "네") == (Piece("네", Mark.SAME), Piece(" 그럼", Mark.DELETED))
    assert differences("네", "") == (Piece("네", Mark.DELETED),)


@pytest.mark.parametrize(
    ("reference", "text"),
    [("이만 오천 원을", "25,000원을"), ("세 개를 주세요", "3개를 주세요"), ("7시 42분", "일곱 시 사십이 분")],
)
def test_a_number_written_differently_is_no_mistake(reference: str, text: str) -> None:
    marks = {piece.mark for piece in differences(reference, text)}
    assert marks == {Mark.SAME, Mark.NOTATION}


def test_a_number_that_is_another_one_is_a_mistake() -> None:
    assert Mark.SUBSTITUTED in {piece.mark for piece in differences("세 개 주세요", "4개 주세요")}


@given(korean, korean)
def test_without_what_is_missing_the_pieces_are_the_text(reference: str, text: str) -> None:
    pieces = differences(reference, text)
    kept = "".join(piece.text for piece in pieces if piece.mark is not Mark.DELETED)
    assert kept == unicodedata.normalize("NFC", text)
    assert all(one.mark is not other.mark for one, other in pairwise(pieces))
    missing = syllables("".join(piece.text for piece in pieces if piece.mark is Mark.DELETED))
    if not any(piece.mark is Mark.NOTATION for piece in pieces):
        assert len(missing) <= score(reference, text).cer.deletions


@given(korean)
def test_a_text_does_not_differ_from_itself(text: str) -> None:
    assert {piece.mark for piece in differences(text, text)} <= {Mark.SAME}
