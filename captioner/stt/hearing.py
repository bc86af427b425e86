"""What the service says on one connection: its hypotheses at the lane's positions, and the sound that they settle.

A final settles the sound up to its end, but nothing after the start of an utterance that is still open: that one is
heard again if the connection breaks. Sound of which nothing was said for as long as an utterance may take, and some
seconds more, was silence, and so was sound of which nothing was said for as long after we ended the utterance; and an
utterance that the service has left behind for as long gets no final any more. Whether it was silence is for others to
hear: `unanswered` names the sound before that.

Where we end a connection before the sound is over, the service makes a final of what it has, be it half a word. Such a
final counts as far as it is whole (`cut`); the rest, and what comes after it, is heard on the next connection.
"""

from __future__ import annotations

import itertools
import math
from collections import deque
from dataclasses import dataclass, replace

from captioner.events import RATE, Hypothesis, Word
from captioner.stt import rtzr
from captioner.stt.ledger import Ledger
from captioner.stt.outbox import Outbox

_REMEMBERED = 1000
"""Closed utterances that are told apart."""

_UNNUMBERED = 2**60
"""Beyond every seq that the codec lets pass; utterances that have none count on from here."""

_ECHO = 3 * RATE // 2
"""Samples beyond what was recognised before a break that an utterance must reach which began in there, to be shown: the
tail of a word that is heard again gets its final, which says nothing new, before that."""

_TRAIL = RATE
"""Samples after a final's end that may still be the breath or the echo of its last word."""

_LISTENED = 12
"""Seconds of unanswered sound that are listened to."""


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
        self._least = self._long_ago = long_ago
        self._floor = ledger.settled  # words before it were heard on an earlier connection
        self._open: dict[int, _Utterance] = {}  # by seq
        self._answered = False
        self._closed: set[int] = set()  # seqs of which nothing more is heard,
        self._closed_below = -1  # and so of every older one
        self._emptied = (_UNNUMBERED, 0)  # seq and end of the last final that had no text
        self._last_start = self._last_stop = self._floor  # how far finals have come
        self._unnumbered = _UNNUMBERED  # stands for the seq of the utterance that has none
        self._unnumbered_final: Hypothesis | None = None  # the last of those, as it came
        self._unplaced = 0  # samples sent on this connection before which no utterance without a place starts
        self._written: deque[tuple[float, int]] = deque()  # (when, position), about one a second
        self._asked: deque[tuple[float, int]] = deque(maxlen=120)  # the same, since the service last said anything
        self._said = outbox.written  # how far that reached, or may have reached
        self._mark = self._overdue = outbox.written  # what was written then, and what of it has been named since
        self._ended: deque[tuple[float, int]] = deque()  # (when, position), one an utterance that we ended
        self._whole: int | None = None  # where words end that the end of the connection may have cut
        self._shortened: int | None = None  # where a final was cut short: from there on all is heard again

    @property
    def answered(self) -> bool:
        """A final came on this connection, and nothing is open: the service may have said all that it has to say."""
        return self._answered and not self._open

    @property
    def open(self) -> bool:
        """The service is in the middle of an utterance."""
        return bool(self._open)

    @property
    def is_cut(self) -> bool:
        """We ended the connection before the sound was over."""
        return self._whole is not None

    @property
    def left(self) -> bool:
        """Of what the service began on a connection that was cut, the next one hears the rest."""
        return self.is_cut and (self.open or self._shortened is not None)

    @property
    def deadline(self) -> float:
        """When `pass_silence` or `abandoned` is to be called at the latest, perf_counter seconds."""
        if self._open:
            since = min((each.heard for each in self._left_behind().values()), default=math.inf)
        else:
            since = min(each[0][0] if each else math.inf for each in (self._written, self._ended))
        return since + self._long_ago

    def hear(self, counted: Hypothesis, now: float) -> Hypothesis | None:
        """Take what the codec read; return it at the lane's positions, or None where nothing more is to be heard of it.

        Words that an earlier connection settled are left out.
        """
        counted = self._completed(counted)
        self._asked.clear()
        self._said = self._mark = self._overdue = written = self._outbox.written
        if counted.seq in self._closed or counted.seq < self._closed_below:
            return None
        heard = self._final(counted) if counted.final else self._interim(counted)
        if heard.final:
            self._answered = True
            self._said = min(written, heard.stop + _TRAIL)
            self._open.pop(heard.seq, None)
            if counted.text:
                self._close(heard.seq)
            else:  # an answer to a command, maybe: what was said may still come under its number
                self._emptied = heard.seq, heard.stop
        elif heard.seq == self._emptied[0] and heard.start < self._emptied[1]:
            return None
        elif heard.text:
            known = self._open.get(heard.seq)
            self._open[heard.seq] = _Utterance(heard.start if known is None else min(heard.start, known.start), now)
            if heard.start < self._floor and heard.stop < self._floor + _ECHO:
                heard = replace(heard, text="")
        self._settle()
        return heard

    def _completed(self, counted: Hypothesis) -> Hypothesis:
        """Say which utterance it is and where it lies, where the service left that out.

        It may leave out what is 0, so the first utterance lies where it seems to. A later one starts after all that had
        been sent when the last final came; where it ends, and where its words are, cannot be told.
        """
        if counted.seq == rtzr.UNNUMBERED:
            again = counted == self._unnumbered_final
            if counted.final and not again:
                self._unnumbered_final = counted
                self._unnumbered += 1
            counted = replace(counted, seq=self._unnumbered - counted.final)
        if not counted.placed and self._answered:
            counted = replace(counted, start=self._unplaced, stop=self._unplaced, words=())
        if counted.final:
            self._unplaced = self._outbox.counted
        return counted

    def wrote(self, position: int, now: float) -> None:
        """Sound before `position` is with the socket."""
        if not self._written or now - self._written[-1][0] >= 1.0:
            self._written.append((now, position))
            for each in (self._written, self._ended):
                while each and each[0][1] <= self._ledger.settled < position:
                    each.popleft()  # that is settled by now
        if not self._asked or now - self._asked[-1][0] >= 1.0:
            self._asked.append((now, position))

    def unanswered(self, before: float) -> tuple[int, int] | None:
        """Return the sound that was written before that moment, and since which nothing at all was said; None for none.

        Sound that was named for a while and was not heard to be speech is not named again.
        """
        while self._asked and self._asked[0][0] <= before:
            self._overdue = self._asked.popleft()[1]
        self._mark = max(self._mark, self._overdue - _LISTENED * RATE)
        return (self._mark, self._overdue) if self._overdue > self._mark else None

    def ended(self, position: int, now: float) -> None:
        """The service was told that the utterance ends at `position`."""
        self._ended.append((now, position))

    def cut(self, position: int) -> None:
        """The connection is ended before the sound is over: a word that ends after `position` may be cut."""
        self._whole = position

    def conclude(self) -> None:
        """All is said on a connection that was cut: what nothing was said of was silence, up to where it was cut."""
        if self._whole is not None:
            self._ledger.settle(min([self._whole, *(each.start for each in self._open.values())]))

    @property
    def unheard(self) -> tuple[int, int]:
        """The sound that the service's last word does not reach; an interim's may reach up to what was written then."""
        return max(self._said, self._ledger.settled), self._outbox.written

    def wait_for(self, seconds: float) -> None:
        """Let no sound pass as silence, and no utterance as left behind, in less than that."""
        self._long_ago = max(self._least, seconds)

    def pass_silence(self, now: float) -> None:
        """Settle sound that was written long ago, and of which nothing was said although nothing is open."""
        while self._ended and not self._open and now >= self._ended[0][0] + self._long_ago:
            self._ledger.settle(self._ended.popleft()[1])
        while self._written and not self._open and now >= self._written[0][0] + self._long_ago:
            _, position = self._written.popleft()
            self._ledger.settle(min(position, self._outbox.written - round(self._long_ago * RATE)))

    def abandoned(self, now: float) -> list[int]:
        """Return the seqs of open utterances that the service left behind long ago; they are open no longer."""
        if not self._open:
            return []
        seqs = [seq for seq, each in self._left_behind().items() if now >= each.heard + self._long_ago]
        for seq in seqs:
            del self._open[seq]
            self._close(seq)
            self._settle()
        return seqs

    def _close(self, seq: int) -> None:
        """Hear no more of it, nor, in a call of many hours, of those hundreds before it."""
        self._closed.add(seq)
        if len(self._closed) > _REMEMBERED:
            self._closed_below = sorted(self._closed)[_REMEMBERED // 2]
            self._closed = {each for each in self._closed if each >= self._closed_below}

    def _left_behind(self) -> dict[int, _Utterance]:
        """Open utterances that a later final has passed: their own may still come, but not for ever."""
        return {seq: each for seq, each in self._open.items() if each.start <= self._last_start}

    def _settle(self) -> None:
        """What lies before the first open utterance is done with."""
        positions = [each.start for each in self._open.values()] or [self._last_stop]
        if self._shortened is not None:
            positions.append(self._shortened)
        self._ledger.settle(min(positions))

    def _interim(self, counted: Hypothesis) -> Hypothesis:
        """The service gives no end to an interim: it covers at most what was written."""
        written = self._outbox.written
        start = max(0, min(self._outbox.lane(counted.start), written))
        return replace(counted, start=start, stop=written, final=False, words=())

    def _final(self, counted: Hypothesis) -> Hypothesis:
        start, stop = self._place(counted)
        settled = stop
        if start == stop:  # without a duration: nothing is settled by it, and nothing was said after what was written
            stop = max(start, self._outbox.written)
        text, words = counted.text, tuple(Word(word.text, *self._place(word)) for word in counted.words)
        limit = self._whole
        if limit is not None and stop > limit:
            whole = tuple(itertools.takewhile(lambda word: word.stop <= limit, words))
            if whole:
                settled = self._whole = stop = whole[-1].stop
                if len(whole) < len(words):
                    text, words, self._shortened = " ".join(word.text for word in whole), whole, stop
            elif words or start >= limit:
                return self._interim(counted)
        self._last_start, self._last_stop = max(self._last_start, start), max(self._last_stop, settled)
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
