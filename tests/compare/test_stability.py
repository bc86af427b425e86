from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from captioner.compare.stability import Stability, stability

texts = st.text(alphabet="가나다 .", max_size=12)

GROWING = [
    "안녕",
    "안녕하세",
    "안녕하세요 고개",
    "안녕하세요 고객님",
    "안녕하세요 고객님 무엇",
    "안녕하세요 고객님 무엇을",
]


def test_growing_korean_is_stable_in_syllables() -> None:
    each = stability(GROWING, "안녕하세요 고객님 무엇을 도와드릴까요")
    assert each.erasure == pytest.approx(1 / 17)
    assert each.upwr == 0.25
    assert each.upsr == 1
    assert (each.interims, each.with_interims, each.finals) == (6, 1, 1)


def test_a_last_word_that_grows_did_not_change_but_one_that_is_replaced_did() -> None:
    assert stability(["some"], "something else").unstable == 0
    assert stability(["some"], "any").unstable == 1
    assert stability(["one two three"], "one too three").unstable == 2
    assert stability(["one two"], "one").unstable == 1


def test_spaces_and_punctuation_are_nothing_that_changes() -> None:
    each = stability(["네 맞아요", "네, 맞아요"], "네, 맞아요.")
    assert (each.erased, each.unstable, each.revisions) == (0, 0, 0)


def test_without_interims_there_is_nothing_to_say() -> None:
    each = stability(["", "  "], "네")
    assert (each.finals, each.with_interims, each.interims) == (1, 0, 0)
    assert (each.erasure, each.upwr, each.upsr) == (None, None, None)


def test_a_final_without_words_has_no_rates() -> None:
    each = stability(["음"], "…")
    assert (each.erasure, each.upwr, each.upsr) == (None, None, 1)


def test_several_finals_are_added_not_averaged() -> None:
    both = stability(["가나"], "나가나다") + stability([], "가")
    assert both == Stability(2, 1, 1, erased=2, syllables=5, unstable=1, words=2, revisions=1)
    assert both.erasure == 0.4
    assert both.upsr == 0.5


@given(st.lists(texts, max_size=8), texts)
def test_no_more_can_be_taken_back_than_was_shown(interims: list[str], final: str) -> None:
    each = stability(interims, final)
    assert 0 <= each.erased <= sum(len(text) for text in interims)
    assert (each.revisions > 0) == (each.unstable > 0)
    assert each.revisions <= each.interims


@given(texts, st.integers(1, 12))
def test_text_that_only_grows_is_never_taken_back(final: str, step: int) -> None:
    interims = [final[:end] for end in range(1, len(final), step)]
    assert stability(interims, final).erased == stability(interims, final).unstable == 0
