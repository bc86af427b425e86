"""Stability of interims: how much of what was shown was taken back.

*Normalised erasure* is the number of tokens that were deleted again, for each token of the final (N. Arivazhagan et
al., Re-translation versus Streaming for Simultaneous Translation, https://arxiv.org/abs/2004.03643): between one text
and the next, everything after their longest common beginning counts. Words are of no use as tokens in Korean, because
they grow by syllables; so the tokens are syllables, without spaces and punctuation.

*UPWR* is the number of shown words that changed, for each word of the finals, and *UPSR* the number of times that shown
words changed, for each final (Y. Shangguan et al., Analyzing the Quality and Stability of a Streaming End-to-End
On-Device Speech Recognizer, https://arxiv.org/abs/2006.01416). The words of a text after its common beginning with the
next one changed, unless the last of them merely grew.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from captioner.compare.scoring import syllables, words


@dataclass(frozen=True, slots=True)
class Stability:
    """What became of the interims before some finals.

    Attributes:
        finals: how many; those before which nothing was shown are `finals - with_interims`.
        interims: texts that were shown before them.
        erased, syllables: of the shown texts, and of the finals.
        unstable, words: shown words that changed, and words of the finals.
        revisions: times that shown words changed.
    """

    finals: int = 0
    with_interims: int = 0
    interims: int = 0
    erased: int = 0
    syllables: int = 0
    unstable: int = 0
    words: int = 0
    revisions: int = 0

    def __add__(self, other: Stability) -> Stability:
        return Stability(
            self.finals + other.finals,
            self.with_interims + other.with_interims,
            self.interims + other.interims,
            self.erased + other.erased,
            self.syllables + other.syllables,
            self.unstable + other.unstable,
            self.words + other.words,
            self.revisions + other.revisions,
        )

    @property
    def erasure(self) -> float | None:
        """Normalised erasure; None where nothing was shown before the finals."""
        return self.erased / self.syllables if self.interims and self.syllables else None

    @property
    def upwr(self) -> float | None:
        """Unstable partial word ratio; None where nothing was shown before the finals."""
        return self.unstable / self.words if self.interims and self.words else None

    @property
    def upsr(self) -> float | None:
        """Unstable partial segment ratio; None where nothing was shown before the finals."""
        return self.revisions / self.finals if self.interims else None


def stability(interims: Iterable[str], final: str) -> Stability:
    """Judge what was shown before a final, oldest first, and the final itself."""
    shown = [each for each in interims if each.strip()]
    texts = [*shown, final]
    erased = sum(_erased(*each) for each in pairwise(map(syllables, texts)))
    changed = [_changed(*each) for each in pairwise(map(words, texts))]
    return Stability(
        finals=1,
        with_interims=1 if shown else 0,
        interims=len(shown),
        erased=erased,
        syllables=len(syllables(final)),
        unstable=sum(changed),
        words=len(words(final)),
        revisions=sum(each > 0 for each in changed),
    )


def _common(before: str | list[str], after: str | list[str]) -> int:
    """Return the length of the longest common beginning."""
    pairs = enumerate(zip(before, after, strict=False))
    return next((index for index, (one, other) in pairs if one != other), min(len(before), len(after)))


def _erased(before: str, after: str) -> int:
    return len(before) - _common(before, after)


def _changed(before: list[str], after: list[str]) -> int:
    common = _common(before, after)
    grew = common == len(before) - 1 and common < len(after) and after[common].startswith(before[common])
    return 0 if grew else len(before) - common
