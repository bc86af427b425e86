"""The live tail of the captions: what is open, and how it settles; only the tail ever changes.

Hypotheses come in keyed by (epoch, seq). The first one of an utterance gives it its number, which it keeps through
reconnects: what a broken connection left open stays in the tail as provisional text until the hypothesis of the next
connection that covers the same sound takes its number over. Finals settle in the order of the sound: a final before
which an utterance is still open waits for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from captioner.events import Caption, Hypothesis, Word
from captioner.transcript.masking import mask, mask_words

Key: TypeAlias = tuple[int, int]

_REMEMBERED = 1000
"""Utterances that are over and told apart from new ones."""


@dataclass(frozen=True, slots=True)
class Changed:
    """The tail changed: a new interim, or text that became provisional."""

    caption: Caption


@dataclass(frozen=True, slots=True)
class Settled:
    """A caption is final."""

    caption: Caption


@dataclass(frozen=True, slots=True)
class Gone:
    """An utterance left the tail without words."""

    utterance: int
    revision: int


Change: TypeAlias = Changed | Settled | Gone


@dataclass(slots=True)
class _Open:
    """An utterance in the tail."""

    utterance: int
    start: int
    stop: int
    text: str = ""
    words: tuple[Word, ...] = ()
    final: bool = False  # its final is here, but waits for an earlier utterance
    provisional: bool = False


class Captions:
    """The captions of a lane.

    Attributes:
        revision: grows with every change.
        utterances: how many have settled.
        masked: long numbers are hidden in what changes from now on.
    """

    def __init__(self, *, masked: bool = False) -> None:
        self.masked = masked
        self.revision = 0
        self.utterances = 0
        self._numbered = 0
        self._tail: dict[Key, _Open] = {}
        self._ended = 0  # the newest epoch that is over
        self._done: dict[Key, None] = {}  # of which nothing more is heard, since then; the last thousand, in order
        self._changes: list[Change] = []

    @property
    def tail(self) -> tuple[Caption, ...]:
        """What is open, in the order of the sound."""
        return tuple(self._caption(self._tail[key], final=False) for key in self._in_order())

    def hear(self, epoch: int, hypothesis: Hypothesis) -> list[Change]:
        """Take a hypothesis (positions of the lane); return what changed, in order."""
        key = (epoch, hypothesis.seq)
        known = self._tail.get(key)
        if epoch <= self._ended or key in self._done or not (hypothesis.text or hypothesis.final):
            return []
        if known is None:
            self._settle_passed(hypothesis.start)
            known = self._adopt(key, hypothesis)
        elif known.final:
            return []
        if hypothesis.text:
            if known is None:
                self._numbered += 1
                known = self._tail[key] = _Open(self._numbered, hypothesis.start, hypothesis.stop)
            known.start, known.stop, known.text = hypothesis.start, hypothesis.stop, hypothesis.text
            known.words, known.final, known.provisional = hypothesis.words, hypothesis.final, False
            if known.final:
                self._withdraw_covered(hypothesis)
            if not known.final or self._in_order()[0] != key:
                self._change(known)
        elif known is not None:
            self._withdraw(key)  # and no more than that: what was said may still come under its number
        return self._drain()

    def drop(self, epoch: int, seq: int) -> list[Change]:
        """No final comes for an utterance: it is settled as it was read, in its turn."""
        known = self._tail.get((epoch, seq))
        if known is not None:
            known.final = True
        return self._drain()

    def broke(self, epoch: int, settled: int) -> list[Change]:
        """Connection `epoch` is over, and only sound after `settled` is heard again.

        What it left open there stays readable, as provisional text; what lies before is settled as it was read.
        """
        self._ended = epoch
        self._done.clear()
        for key in self._in_order():
            known = self._tail[key]
            if known.provisional or known.stop <= settled:
                continue
            # a final that waited for an earlier utterance is heard again as well
            known.provisional, known.final, known.words = True, False, ()
            self._change(known)
        return self.pass_over(settled)

    def pass_over(self, settled: int) -> list[Change]:
        """Sound before `settled` is not heard again: text of an ended connection there is settled as it was read."""
        for (epoch, _), known in self._tail.items():
            known.final = known.final or (epoch <= self._ended and known.stop <= settled)
        return self._drain()

    def finish(self) -> list[Change]:
        """Nothing more comes: what is in the tail was read, and is kept as it is."""
        for known in self._tail.values():
            known.final = True
        return self._drain()

    def _settle_passed(self, position: int) -> None:
        """Provisional text that the next connection passed without covering it: nothing was heard there again."""
        for known in self._tail.values():
            known.final = known.final or (known.provisional and known.stop <= position)
        self._settle_ready()

    def _adopt(self, key: Key, hypothesis: Hypothesis) -> _Open | None:
        """Provisional text of the same sound gives its number to its successor."""
        for old in self._in_order():
            known = self._tail[old]
            overlap = known.start < hypothesis.stop and hypothesis.start < known.stop
            if overlap and known.provisional and not known.final:
                self._tail[key] = self._tail.pop(old)
                self._close(old)
                return known
        return None

    def _withdraw_covered(self, final: Hypothesis) -> None:
        """Provisional text that begins inside a final of the next connection: its words are in there."""
        for key, known in list(self._tail.items()):
            if known.provisional and not known.final and final.start <= known.start < final.stop:
                self._withdraw(key)
                self._close(key)

    def _close(self, key: Key) -> None:
        """Hear no more of it; the service does not come back to what is a thousand utterances old."""
        self._done[key] = None
        if len(self._done) > _REMEMBERED:
            del self._done[next(iter(self._done))]

    def _withdraw(self, key: Key) -> None:
        known = self._tail.pop(key)
        if known.utterance == self._numbered:
            self._numbered -= 1  # the next one takes its number, so that a number which was shown gets its final
        self.revision += 1
        self._changes.append(Gone(known.utterance, self.revision))

    def _change(self, known: _Open) -> None:
        self.revision += 1
        self._changes.append(Changed(self._caption(known, final=False)))

    def _settle_ready(self) -> None:
        """Settle what nothing open stands before."""
        for key in self._in_order():
            known = self._tail[key]
            if not known.final:
                return
            del self._tail[key]
            self._close(key)
            self.revision += 1
            self.utterances += 1
            self._changes.append(Settled(self._caption(known, final=True)))

    def _drain(self) -> list[Change]:
        """Settle what can be settled; return all changes since the last call."""
        self._settle_ready()
        changes, self._changes = self._changes, []
        return changes

    def _in_order(self) -> list[Key]:
        """Return the keys of the tail in the order of the sound."""
        return sorted(self._tail, key=lambda key: (self._tail[key].start, self._tail[key].utterance))

    def _caption(self, known: _Open, *, final: bool) -> Caption:
        return Caption(
            utterance=known.utterance,
            start=known.start,
            stop=known.stop,
            text=mask(known.text) if self.masked else known.text,
            words=mask_words(known.text, known.words) if self.masked else known.words,
            final=final,
            provisional=known.provisional and not final,
            revision=self.revision,
        )
