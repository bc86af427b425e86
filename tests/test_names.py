"""What modes and stages are called."""

from __future__ import annotations

import pytest

from captioner.language import Sentences
from captioner.latency.statistics import STAGES
from captioner.names import mode_name, stage_name
from captioner.settings import Language, Mode

LANGUAGES = [Language.ENGLISH, Language.KOREAN]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_mode_has_a_name_of_its_own(language: Language) -> None:
    say = Sentences.load(language)
    assert len({mode_name(each, say) for each in Mode}) == len(Mode)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_stage_has_a_name_of_its_own(language: Language) -> None:
    say = Sentences.load(language)
    assert len({stage_name(each, say) for each in STAGES}) == len(STAGES)


def test_the_mode_and_the_stage_that_wait_for_silence_are_one_word_in_korean() -> None:
    say = Sentences.load(Language.KOREAN)
    assert mode_name(Mode.SILENCE_WAIT, say) == stage_name("silence_wait", say) == "무음 대기"
