from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from captioner.compare.numerals import spelled_out

ALIKE = [
    ("사과 세 개 주세요", "사과 3개 주세요"),
    ("이만 오천 원을 결제했어요", "25,000원을 결제했어요"),
    ("이만 오천 원을 결제했어요", "2만 5천 원을 결제했어요"),
    ("천구백팔십오 년 삼월 이십일 일입니다", "1985년 3월 21일입니다"),
    ("오후 일곱 시 사십이 분 내역", "오후 7시 42분 내역"),
    ("공일공 일이삼사 오육칠팔", "010-1234-5678"),
    ("유월 십 일", "6월 10일"),
    ("시월", "10월"),
    ("스물다섯 명", "25명"),
    ("스물 다섯 명", "25명"),
    ("스무 살", "20살"),
    ("열두시 반", "12시 반"),
    ("열한 시", "11시"),
    ("하나 둘 셋", "1 2 3"),
    ("다섯이요", "5이요"),
    ("삼 점 오 퍼센트", "3.5%"),
    ("오십 프로", "50%"),
    ("영 점 오", "0.5"),
    ("한두 개", "1, 2개"),
    ("만 원", "10,000원"),
    ("만 원", "1만 원"),
    ("천 원", "1천 원"),
    ("일억 이천만 원", "1억 2천만 원"),
    ("일억이천만 원", "120,000,000원"),
    ("네 번째", "4번째"),
    ("제 오 조", "제5조"),
    ("백이십삼 개", "123개"),
    ("번호는 일구팔오입니다", "번호는 1985입니다"),
    ("주문번호 공공일칠", "주문번호 0017"),
    ("이천이십육 년", "2026년"),
    ("영", "0"),
    ("일경 이천조", "12,000,000,000,000,000"),
]


def letters(text: str) -> str:
    return "".join(character for character in spelled_out(text) if character.isalnum())


@pytest.mark.parametrize(("said", "written"), ALIKE)
def test_a_number_is_the_same_however_it_is_written(said: str, written: str) -> None:
    assert letters(said) == letters(written)


@pytest.mark.parametrize(
    "text",
    [
        "네, 맞아요",
        "열이 나요",
        "한국 사람",
        "두고 갔어요",
        "조사했어요",
        "만일 이사",
        "하나은행",
        "프로그램",
        "석유",
        "한 잎",
    ],
)
def test_words_that_look_like_numerals_stay_as_they_are(text: str) -> None:
    assert spelled_out(text) == text


@pytest.mark.parametrize(("one", "other"), [("세 개", "4개"), ("일곱 시", "8시"), ("만 원", "11만 원"), ("3.5", "35")])
def test_different_numbers_stay_different(one: str, other: str) -> None:
    assert letters(one) != letters(other)


def test_a_number_too_long_to_be_one_is_read_digit_by_digit() -> None:
    assert spelled_out("1" * 21) == "일" * 21


def test_text_in_decomposed_letters_is_read_all_the_same() -> None:
    assert spelled_out(unicodedata.normalize("NFD", "세 개")) == "삼 개"


UNITS = {"십": 10, "백": 100, "천": 1000}


def value(read: str) -> int:
    """The number that a Sino-Korean reading stands for, worked out the other way round."""
    total = 0
    for power, myriad in enumerate(("경", "조", "억", "만", "")):
        group, found, rest = read.partition(myriad) if myriad else (read, "x", "")
        if not found:
            continue
        read, four = rest, 0
        for digit, unit in re.findall("([일이삼사오육칠팔구]?)([십백천]?)", group):
            if digit or unit:
                four += ("영일이삼사오육칠팔구".index(digit) if digit else 1) * UNITS.get(unit, 1)
        total += (four or (1 if myriad else 0)) * 10 ** (4 * (4 - power))
    return total


@given(st.integers(1, 10**20 - 1))
def test_every_number_is_read_as_what_it_is(number: int) -> None:
    assert value(spelled_out(str(number))) == value(spelled_out(f"{number:,}")) == number


@given(st.text(alphabet="한두세네열스물일이삼사오만천백십공영시개원월 0123456789%가나다은", max_size=40))
def test_what_is_spelled_out_has_no_digits_left(text: str) -> None:
    assert not re.search("[0-9%]", spelled_out(text))
