"""Long numbers in a text, hidden digit by digit.

A number counts as long from ten digits on: cards have 14 to 16, resident registration numbers 13, accounts 10 to 14,
mobile telephones 10 or 11. Nothing is told from a check digit: resident numbers given out since October 2020 have
none. The digits may be written (1234-5678) or, where the service leaves them as spoken, Korean words (일이삼사
오육칠팔), with spaces, hyphens or what is said in place of a hyphen (다시, 에) between them. The two kinds are never
taken together: 이, 일 and 사 are particles and syllables as well, and a number before them would take them in.

It is best effort: what is said in two utterances, or with other words in between, is not found.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import partial
from typing import Final

from captioner.events import Word

LONG: Final = 10
"""Digits from which a number is hidden."""

HIDDEN: Final = "●"
"""What stands for a digit. One for one, so that no word changes its place."""

_BETWEEN = r"(?:[\s.\-–]|다시|에)*"  # `에` in 1234에 5678
_DIGITS = (re.compile(r"\d"), re.compile("[공영일이삼사오육륙칠팔구]"))
_LONG_NUMBERS = tuple(re.compile(f"{each.pattern}(?:{_BETWEEN}{each.pattern}){{{LONG - 1},}}") for each in _DIGITS)


def mask(text: str) -> str:
    """Return the text with its long numbers hidden; its length does not change."""
    for number, digit in zip(_LONG_NUMBERS, _DIGITS, strict=True):
        text = number.sub(partial(_hide, digit), text)
    return text


def _hide(digit: re.Pattern[str], found: re.Match[str]) -> str:
    return digit.sub(HIDDEN, found[0])


def mask_words(text: str, words: tuple[Word, ...]) -> tuple[Word, ...]:
    """Return the words of a text with its long numbers hidden, those that run over several words too.

    A word that is not in the text at its turn loses all its digits where anything in the text is hidden.
    """
    masked = mask(text)
    if masked == text:
        return words
    hidden, at = list[Word](), 0
    for word in words:
        found = text.find(word.text, at)
        if found < 0:
            hidden.append(replace(word, text=re.sub(r"\d", HIDDEN, word.text)))
        else:
            at = found + len(word.text)
            hidden.append(replace(word, text=masked[found:at]))
    return tuple(hidden)
