"""What the service says on one connection: its hypotheses at the lane's positions, and the sound that they settle.

A final settles the sound up to its end, but nothing after the start of an utterance that is still open: that one is
heard again if the connection breaks. Sound of which nothing was said for as long as an utterance may take, and some
seconds more, was silence, and so was sound of which nothing was said for as long after we ended the utterance; and an
utterance that the service has left behind for as long gets no final any more.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace

from captioner.events import RATE, Hypothesis, Word
from captioner.stt.ledger import Ledger
from captioner.stt.outbox import Outbox


@dataclass(slots=True)
class _Utterance:
    """An utterance that is open: its first position so far, and when it was last heard of."""

    start: int
    heard: float


class Hearing:
    """See above.

    Args:
        ledger: settled by what is heard.
        outbox: knows what was sent and written on this connection, which has just been made.
        long_ago: seconds after which the service says nothing more about sound that it has.
    """

    def __init__(self, ledger: Ledger, outbox: Outbox, long_ago: float) -> None:
        self._ledger, self._outbox = ledger, outbox
        self._long_ago = long_ago
        self._floor = ledger.settled  # words before it were heard on an earlier connection
        self._open: dict[int, _Utterance] = {}  # by seq
        self._answered = False
        self._closed: set[int] = set()  # seqs of which nothing more is heard
        self._last_start = self._last_stop = self._floor  # how far finals have come
        self._written: deque[tuple[float, int]] = deque()  # (when, position), about one a second
        self._ended: deque[tuple[float, int]] = deque()  # (when, position), one an utterance that we ended

    @property
    def answered(self) -> bool:
        """A final came on this connection, and nothing is open: the service may have said all that it has to say."""
        return self._answered and not self._open

    @property
    def open(self) -> bool:
        """The service is in the middle of an utterance."""
        return bool(self._open)

    @property
    def deadline(self) -> float:
        """When `pass_silence` or `abandoned` is to be called at the latest, perf_counter seconds."""
        due = [each.heard for each in self._left_behind().values()]
        if self._written and not self._open:
            due.append(self._written[0][0])
        if self._ended and not self._open:
            due.append(self._ended[0][0])
        return min(due, default=float("inf")) + self._long_ago

    def hear(self, counted: Hypothesis, now: float) -> Hypothesis | None:
        """Take what the codec read; return it at the lane's positions, or None where nothing more is to be heard of it.

        Words that an earlier connection settled are left out.
        """
        if counted.seq in self._closed:
            return None
        if counted.final:
            heard = self._final(counted)
            self._answered = True
            self._closed.add(heard.seq)
            self._open.pop(heard.seq, None)
        else:
            heard = self._interim(counted)
        if not heard.final and heard.text:
            known = self._open.get(heard.seq)
            self._open[heard.seq] = _Utterance(heard.start if known is None else min(heard.start, known.start), now)
        self._settle()
        return heard

    def wrote(self, position: int, now: float) -> None:
        """Sound before `position` is with the socket."""
        if not self._written or now - self._written[-1][0] >= 1.0:
            self._written.append((now, position))

    def ended(self, position: int, now: float) -> None:
        """The service was told that the utterance ends at `position`."""
        self._ended.append((now, position))

    def pass_silence(self, now: float) -> None:
        """Settle sound that was written long ago, and of which nothing was said although nothing is open."""
        while self._ended and not self._open and now >= self._ended[0][0] + self._long_ago:
            self._ledger.settle(self._ended.popleft()[1])
        while self._written and not self._open and now >= self._written[0][0] + self._long_ago:
            _, position = self._written.popleft()
            self._ledger.settle(min(position, self._outbox.written - round(self._long_ago * RATE)))

    def abandoned(self, now: float) -> list[int]:
        """Return the seqs of open utterances that the service left behind long ago; they are open no longer."""
        seqs = [seq for seq, each in self._left_behind().items() if now >= each.heard + self._long_ago]
        for seq in seqs:
            del self._open[seq]
            self._closed.add(seq)
            self._settle()
        return seqs

    def _left_behind(self) -> dict[int, _Utterance]:
        """Open utterances that a later final has passed: their own may still come, but not for ever."""
        return {seq: each for seq, each in self._open.items() if each.start <= self._last_start}

    def _settle(self) -> None:
        """What lies before the first open utterance is done with."""
        self._ledger.settle(min((each.start for each in self._open.values()), default=self._last_stop))

    def _interim(self, counted: Hypothesis) -> Hypothesis:
        """The service gives no end to an interim: it covers at most what was written."""
        written = self._outbox.written
        start = max(0, min(self._outbox.lane(counted.start), written))
        return replace(counted, start=start, stop=written, words=())

    def _final(self, counted: Hypothesis) -> Hypothesis:
        start, stop = self._place(counted)
        self._last_start, self._last_stop = max(self._last_start, start), max(self._last_stop, stop)
        if start == stop:  # without a duration: nothing is settled by it, and nothing was said after what was written
            stop = max(start, self._outbox.written)
        text, words = counted.text, tuple(Word(word.text, *self._place(word)) for word in counted.words)
        floor = self._floor
        if start < floor:
            fresh = tuple(word for word in words if word.start + word.stop >= 2 * floor)
            if len(fresh) < len(words):
                words, text = fresh, " ".join(word.text for word in fresh)
            elif not words and start + stop < 2 * floor:
                text = ""
            start = words[0].start if words else floor
            stop = max(start, stop) if text else start
        return replace(counted, start=start, stop=stop, text=text, words=words)

    def _place(self, counted: Hypothesis | Word) -> tuple[int, int]:
        start = max(0, self._outbox.lane(counted.start))
        return start, max(start, self._outbox.lane(counted.stop, stop=True))
