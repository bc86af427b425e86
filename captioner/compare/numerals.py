"""Korean numbers in one spelling, so that "세 개" and "3개" are the same words.

A recogniser that turns numbers into digits ("3시 30분") is no worse than one that does not, but a reference in Hangul
counts every digit as an error. So both texts are brought to one form, Hangul read the Sino-Korean way: digits are
spelled out (25,000 → 이만오천), native numerals before what they count are replaced (세 개 → 삼 개), and digits read
one by one become the number that they write (일이삼사 → 천이백삼십사). Sino-Korean numerals in Hangul stay as they
are, so words that only look like numerals (조사, 만일, 이사) come to no harm.

Readings: https://en.wikipedia.org/wiki/Korean_numerals; the months 유월 and 시월 are irregular.
"""

from __future__ import annotations

import re
import unicodedata

_DIGITS = "영일이삼사오육칠팔구"
_UNITS = ("", "십", "백", "천")
_MYRIADS = ("", "만", "억", "조", "경")
_LONGEST = 4 * len(_MYRIADS)
"""Digits of the longest number that is read as one."""

_ONES = {
    "하나": "일", "한": "일", "둘": "이", "두": "이", "셋": "삼", "세": "삼", "석": "삼", "넷": "사", "네": "사",
    "넉": "사", "다섯": "오", "여섯": "육", "일곱": "칠", "여덟": "팔", "아홉": "구",
}  # fmt: skip
_TENS = {
    "열": "십", "스물": "이십", "스무": "이십", "서른": "삼십", "마흔": "사십", "쉰": "오십", "예순": "육십",
    "일흔": "칠십", "여든": "팔십", "아흔": "구십",
}  # fmt: skip
_SHORT = frozenset({"한", "두", "세", "석", "네", "넉", "열", "쉰"})
"""Syllables that are numerals only before what they count: 네 is "yes" as well, 열 a fever, 한 "of"."""

_COUNTED = (
    "개월|개|명|시간|시|분|번째|번|살|마리|권|장|대|잔|병|달|가지|건|곳|군데|채|벌|켤레|송이|그루|자루|봉지|봉|상자|박스|"
    "통|판|줄|쌍|팀|사람|차례|배|주|층|칸|컵|그릇|접시|조각|쪽|페이지|끼|방울|평|필|편|곡|모|단|포기|해|종류|종|군|자리|"
    "글자|마디|문장|단어|학기|학년|점|킬로"
)
"""What is counted with native numerals; years, won or per cent never are."""

_PARTICLE = "은|는|이|가|을|를|에|의|도|로|으로|과|와|이고|이요|요|입니다|이에요|예요|까지|부터|정도|쯤|씩"

_HANGUL = "가-힣"
_NATIVE = re.compile(
    rf"(?<![{_HANGUL}\d])(?:({'|'.join(_TENS)})[ ]?)?({'|'.join(sorted(_ONES, key=len, reverse=True))})?"
    rf"(?:(?=[ ]?(?:{_COUNTED}))|(?=(?:{_PARTICLE})?(?![{_HANGUL}\d])))"
)
_PAIRS = {
    "한두": "일이", "두세": "이삼", "두어": "이", "서너": "삼사", "너댓": "사오", "네댓": "사오",
    "대여섯": "오륙", "예닐곱": "육칠",
}  # fmt: skip
_PAIR = re.compile(rf"(?<![{_HANGUL}\d])({'|'.join(_PAIRS)})(?=[ ]?(?:{_COUNTED}))")
_ONE_BY_ONE = re.compile(rf"(?<![{_HANGUL}\d])([공{_DIGITS}]{{3,}})(?=(?:{_PARTICLE}|번|호)?(?![{_HANGUL}\d]))")
_NUMBER = re.compile(r"(?<![\d.])(\d{1,3}(?:,\d{3})+|\d+)(?:\.(\d+))?(?![\d])")
_PERCENT = re.compile(rf"%|(?<=[{_DIGITS}십백천])[ ]?프로(?!그)")
_MONTHS = {"육월": "유월", "십월": "시월"}
_MONTH = re.compile(rf"(?<![{_HANGUL}])({'|'.join(_MONTHS)})")


def spelled_out(text: str) -> str:
    """Return the text in NFC with its numbers in Sino-Korean Hangul; spaces and punctuation stay."""
    text = unicodedata.normalize("NFC", text)
    text = _PAIR.sub(lambda match: _PAIRS[match[1]], text)
    text = _NATIVE.sub(_sino, text)
    text = _ONE_BY_ONE.sub(lambda match: _read(match[1].translate(_TO_DIGITS)), text)
    text = _PERCENT.sub("퍼센트", _NUMBER.sub(_number, text))
    return _MONTH.sub(lambda match: _MONTHS[match[1]], text)


_TO_DIGITS = str.maketrans("공" + _DIGITS, "00123456789")


def _sino(match: re.Match[str]) -> str:
    tens, ones = match[1], match[2]
    word = match[0].rstrip()
    counted = re.match(rf"[ ]?(?:{_COUNTED})", match.string[match.end() :]) is not None
    if not word or (word in _SHORT and not counted):
        return match[0]
    space = " " if match[0].endswith(" ") else ""
    return (_TENS[tens] if tens else "") + (_ONES[ones] if ones else "") + space


def _number(match: re.Match[str]) -> str:
    whole, fraction = match[1].replace(",", ""), match[2]
    if whole == "1" and fraction is None and match.string[match.end() :].startswith(("십", "백", "천", "만")):
        return ""  # 1만 is read like 10,000: 만
    read = _read(whole)
    if fraction is not None:
        read += "점" + "".join(_DIGITS[int(digit)] for digit in fraction)
    return read


def _read(digits: str) -> str:
    """Read a number; one that begins with a zero or is endlessly long is read digit by digit."""
    if (digits[0] == "0" and len(digits) > 1) or len(digits) > _LONGEST:
        return "".join("공" if digit == "0" else _DIGITS[int(digit)] for digit in digits)
    if digits == "0":
        return "영"
    groups = list[str]()
    for place in range(0, len(digits), 4):
        four = digits[max(0, len(digits) - place - 4) : len(digits) - place]
        said = "".join(
            ("" if digit == "1" and power else _DIGITS[int(digit)]) + _UNITS[power]
            for power, digit in zip(range(len(four) - 1, -1, -1), four, strict=True)
            if digit != "0"
        )
        if said:
            myriad = _MYRIADS[place // 4]
            groups.append(("" if said == "일" and myriad == "만" else said) + myriad)
    return "".join(reversed(groups))
