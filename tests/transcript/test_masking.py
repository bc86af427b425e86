"""Long numbers are hidden wherever they stand; what is no long number is left as it is."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from captioner.events import Hypothesis, Word
from captioner.transcript.captions import Captions, Changed, Settled
from captioner.transcript.masking import HIDDEN, LONG, mask, mask_words


def words(*texts: str) -> tuple[Word, ...]:
    return tuple(Word(text, at * 100, at * 100 + 80) for at, text in enumerate(texts))


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("주민번호는 971013-4091234 입니다", "주민번호는 ●●●●●●-●●●●●●● 입니다"),
        ("카드는 1234 5678 9012 3456이고요", "카드는 ●●●● ●●●● ●●●● ●●●●이고요"),
        ("1234에 5678에 9012에 3456", "●●●●에 ●●●●에 ●●●●에 ●●●●"),
        ("구칠일공일삼 다시 사공구일이삼사", "●●●●●● 다시 ●●●●●●●"),
        ("공일공 일이삼사 오육칠팔로 전화 주세요", "●●● ●●●● ●●●●로 전화 주세요"),
        ("010.1234.5678", "●●●.●●●●.●●●●"),
        ("1234567890", "●●●●●●●●●●"),
    ],
)
def test_a_long_number_is_hidden_digit_by_digit(text: str, masked: str) -> None:
    assert mask(text) == masked


@pytest.mark.parametrize(
    "text",
    [
        "123456789",
        "2026년 11월 23일 10시 30분",
        "2,000,000,000원",
        "주문번호는 팔이칠입니다",
        "이 일이 사실 이상하고 오해입니다",
        "12345이고요 일이삼사오",  # the two kinds are never taken together
        "",
    ],
)
def test_what_is_no_long_number_stays(text: str) -> None:
    assert mask(text) == text


@given(st.text(st.sampled_from("0123456789 -.공일이삼사가에다시"), max_size=60))
def test_a_text_keeps_its_length_and_hides_every_long_run_of_digits(text: str) -> None:
    masked = mask(text)
    assert len(masked) == len(text)
    assert not re.search(rf"\d{{{LONG},}}", masked)
    assert all(new in (old, HIDDEN) for old, new in zip(text, masked, strict=True))
    assert mask(masked) == masked


def test_a_number_that_runs_over_several_words_is_hidden_in_each() -> None:
    text = "카드 1234 5678 9012 3456 이고 2장"
    hidden = mask_words(text, words("카드", "1234", "5678", "9012", "3456", "이고", "2장"))
    assert [each.text for each in hidden] == ["카드", "●●●●", "●●●●", "●●●●", "●●●●", "이고", "2장"]
    assert [(each.start, each.stop) for each in hidden] == [(at * 100, at * 100 + 80) for at in range(7)]


def test_a_word_that_is_not_in_the_text_loses_its_digits_where_anything_is_hidden() -> None:
    hidden = mask_words("전화 01012345678", words("전화번호", "010", "1234-5678"))
    assert [each.text for each in hidden] == ["전화번호", "●●●", "●●●●-●●●●"]
    plain = words("다른", "말", "12")
    assert mask_words("전화 12", plain) is plain


def said(captions: Captions, text: str, *, final: bool, seq: int = 0) -> str:
    spoken = words(*text.split()) if final else ()
    (change,) = captions.hear(1, Hypothesis(seq, seq * 1000, seq * 1000 + 900, text, final, spoken))
    assert isinstance(change, Changed | Settled)
    assert [each.text for each in change.caption.words] == (change.caption.text.split() if final else [])
    return change.caption.text


def test_captions_hide_long_numbers_in_interims_and_finals_from_when_they_are_told_to() -> None:
    captions = Captions(masked=True)
    assert said(captions, "번호는 010 1234 567", final=False) == "번호는 ●●● ●●●● ●●●"
    assert said(captions, "번호는 010 1234 5678", final=True) == "번호는 ●●● ●●●● ●●●●"
    captions.masked = False
    assert said(captions, "번호는 010 1234 5678", final=True, seq=1) == "번호는 010 1234 5678"
