"""A lane in virtual time: sound whose words can be told apart, a service that hears them, and a bench that joins both.

Every word of a `Conversation` has a sample value of its own, so that the fake service knows what it hears and says a
word only when it got nearly all of its sound; where it has to be heard as speech, the value is what is left of a
voice's samples when they are divided by `STEP`. `Bench` feeds a `Pipeline`, performs its actions on a `FakeService`,
lets time jump from event to event, and checks after every turn what must hold at every moment.
"""

from __future__ import annotations

import heapq
import itertools
import json
import math
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import assert_never

import numpy as np
from numpy.typing import NDArray

from captioner.errors import Fault, FaultKind
from captioner.events import (
    RATE,
    Action,
    AudioBlock,
    Close,
    Closed,
    FinalShown,
    Finished,
    Frame,
    GapShown,
    GetToken,
    InterimShown,
    News,
    Open,
    Opened,
    OpenRefused,
    Received,
    SourceEnded,
    StateChanged,
    Summary,
    Tick,
    TokenGranted,
    TokenRefused,
    Update,
    Write,
    Written,
)
from captioner.pipeline import Lane, Pipeline
from captioner.settings import Settings
from captioner.stt.outbox import HELD_MESSAGE, IN_FLIGHT
from tests.audio.voices import syllable

MS = RATE // 1000
"""Samples in a millisecond of the lane."""

STEP = 1024
"""Of a voice's samples; more words than that cannot be told apart in it."""

FRAGMENT = "반말"
"""What a service makes of half a word."""

REFUSED = Fault(FaultKind.UNREACHABLE, "refused")
BROKEN = Fault(FaultKind.BROKEN, "reset")
BUSY = Fault(FaultKind.BUSY, "A0002 too many")
DOWN = Fault(FaultKind.SERVICE_DOWN, "E500")


# ---------------------------------------------------------------- builders


def frame(start: int, value: int = 0, samples: int = 160) -> Frame:
    return Frame(start, np.full(samples, value, np.int16))


def block(position: int, samples: NDArray[np.int16], *, rate: int = RATE, arrived: float | None = None) -> AudioBlock:
    """A mono block, delivered when its last sample was due where `arrived` is not given."""
    due = (position + len(samples)) / rate if arrived is None else arrived
    return AudioBlock((samples / 32768).astype(np.float32)[:, None], rate, position, due)


def said(
    seq: int,
    start_ms: float,
    text: str,
    *,
    final: bool = False,
    duration_ms: float = 0,
    words: Sequence[tuple[str, float, float]] = (),
) -> str:
    """A message of the service; times of `words` are (text, start in ms from the utterance's, duration in ms)."""
    best: dict[str, object] = {"text": text, "confidence": 0}
    if words:
        best["words"] = [{"text": word, "start_at": at, "duration": length} for word, at, length in words]
    return json.dumps(
        {"seq": seq, "start_at": start_ms, "duration": duration_ms, "final": final, "alternatives": [best]}
    )


# ---------------------------------------------------------------- what is spoken


@dataclass(frozen=True, slots=True)
class Spoken:
    """A word, and where it is."""

    text: str
    start: int
    stop: int


class Conversation:
    """Sound at 8 kHz in which word number n has the sample value 100 + n.

    Args:
        words: in order.
        length: samples.
        voiced: a voice speaks them, loud enough for end-pointing; the value is the rest of each sample.
    """

    def __init__(self, words: Sequence[Spoken], length: int, *, voiced: bool = False) -> None:
        self.words = list(words)
        self.voiced = voiced
        self.sound = np.zeros(length, np.int16)
        assert not voiced or 100 + len(self.words) <= STEP
        for number, word in enumerate(self.words):
            voice = _voice(number, word.stop - word.start) if voiced else 0
            self.sound[word.start : word.stop] = 100 + number + voice

    @classmethod
    def random(cls, seed: int, seconds: float, *, voiced: bool = False) -> Conversation:
        """Utterances of one to eight words with pauses between them, and silence at the end."""
        random = Random(seed)
        words: list[Spoken] = []
        at, last = RATE // 5, round((seconds - 1.5) * RATE)
        while True:
            for _ in range(random.randint(1, 8)):
                length = random.randint(15, 50) * 10 * MS
                if at + length > last:
                    return cls(words, round(seconds * RATE), voiced=voiced)
                words.append(Spoken(f"낱말{len(words)}", at, at + length))
                at += length + random.randint(3, 15) * 10 * MS
            at += random.randint(70, 200) * 10 * MS

    def blocks(self, ms: int = 20) -> Iterator[AudioBlock]:
        for at in range(0, len(self.sound), ms * MS):
            yield block(at, self.sound[at : at + ms * MS])


def _voice(seed: int, length: int) -> NDArray[np.int16]:
    """Syllables in whole steps."""
    random = np.random.default_rng(seed)
    count = max(1, round(length / (0.15 * RATE)))
    sound = np.concatenate([syllable(random, (length / count + 1) / RATE) for _ in range(count)])[:length]
    return np.asarray(np.clip(np.rint(0.1 * 32768 * sound / STEP), -30, 30) * STEP, dtype=np.int16)


# ---------------------------------------------------------------- who hears it


@dataclass(slots=True)
class _Heard:
    text: str
    start: int
    stop: int


class Recogniser:
    """One connection's ear: takes sound, gives messages. Its positions count from the first sample that it got."""

    SILENCE = RATE // 2

    def __init__(self, conversation: Conversation, first_seq: int = 0) -> None:
        self._conversation = conversation
        self._seq = first_seq
        self._got = 0
        self._run = (0, 0)  # value and start of the sound that goes on
        self._words: list[_Heard] = []
        self._last_word = 0
        self.sound = bytearray()

    def hear(self, data: bytes) -> list[str]:
        """Take sound; say what it was."""
        self.sound += data
        samples = np.frombuffer(data, "<i2")
        if self._conversation.voiced:
            samples = samples % STEP
        edges = [0, *(np.flatnonzero(np.diff(samples)) + 1).tolist(), len(samples)]
        messages: list[str] = []
        for start, stop in itertools.pairwise(edges):
            if start == stop:
                continue
            value = int(samples[start])
            if value != self._run[0]:
                messages += self._end_run(self._got)
                self._run = (value, self._got)
            self._got += stop - start
            if value == 0 and self._words and self._got - self._last_word >= self.SILENCE:
                messages += self.finalize()
        return messages

    def finalize(self) -> list[str]:
        """End the utterance."""
        if not self._words:
            return []
        start = self._words[0].start
        message = said(
            self._seq,
            start / MS,
            " ".join(word.text for word in self._words),
            final=True,
            duration_ms=(self._words[-1].stop - start) / MS,
            words=[(word.text, (word.start - start) / MS, (word.stop - word.start) / MS) for word in self._words],
        )
        self._words.clear()
        self._seq += 1
        return [message]

    def end(self) -> list[str]:
        """EOS: say what is left, be it half a word."""
        value, start = self._run
        messages = self._end_run(self._got)
        if not messages and value and self._got - start >= 20 * MS:
            self._words.append(_Heard(FRAGMENT, start, self._got))
        self._run = (0, self._got)
        return messages + self.finalize()

    def _end_run(self, at: int) -> list[str]:
        value, start = self._run
        number = value - 100
        if not 0 <= number < len(self._conversation.words):
            return []
        word = self._conversation.words[number]
        if at - start < 0.9 * (word.stop - word.start):
            return []
        self._words.append(_Heard(word.text, start, at))
        self._last_word = at
        return [said(self._seq, self._words[0].start / MS, " ".join(each.text for each in self._words))]


class FakeService:
    """What answers the actions. Times are seconds; faults are set from outside, at any moment.

    Attributes:
        refusals: what the next openings are refused with.
        token_faults: what the next token requests are refused with.
        unreachable_until: before it nothing gets through.
        stalled_until: before it sound is taken, and nothing is said; then it all comes.
        standing: the connections that stand or are being opened.
        confirmed: those whose opening was told.
        draining: those that were sent EOS.
    """

    token_life = 21_600.0

    def __init__(self, conversation: Conversation, *, token: float = 0.12, connect: float = 0.08, say: float = 0.3):
        self.conversation = conversation
        self.token, self.connect, self.say = token, connect, say
        self.close_after = 0.05
        self.close_code: int | None = 1000
        self.first_seq = 0
        self.refusals: deque[Fault] = deque()
        self.token_faults: deque[Fault] = deque()
        self.unreachable_until = -math.inf
        self.stalled_until = -math.inf
        self.standing: dict[int, Recogniser] = {}
        self.draining: set[int] = set()
        self.confirmed: set[int] = set()
        self.tokens = 0
        self.fresh_tokens = 0
        self.mute = False  # it accepts and says nothing
        self.jitter: Callable[[], float] = lambda: 0.0
        self._quiet_until = 0.0  # messages keep their order

    def perform(self, action: Action, now: float) -> list[tuple[float, News]]:
        """Do it; return what comes of it, and when."""
        match action:
            case GetToken():
                if self.unreachable_until > now:
                    return [(now + 0.01, TokenRefused(REFUSED))]
                if self.token_faults:
                    return [(now + self.token, TokenRefused(self.token_faults.popleft()))]
                cached = self.tokens > 0 and not action.fresh
                if cached:
                    return [(now, TokenGranted(self.token_life, requested=False))]
                self.tokens += 1
                self.fresh_tokens += action.fresh
                return [(now + self.token, TokenGranted(self.token_life, requested=True))]
            case Open():
                if self.unreachable_until > now:
                    return [(now + 0.01, OpenRefused(action.epoch, REFUSED))]
                if self.refusals:
                    return [(now + self.connect, OpenRefused(action.epoch, self.refusals.popleft()))]
                self.standing[action.epoch] = Recogniser(self.conversation, self.first_seq)
                return [(now + self.connect, Opened(action.epoch))]
            case Write():
                return self._write(action, now)
            case Close():
                if action.epoch not in self.standing:
                    return []
                return self.break_off(action.epoch, now)
            case _:
                assert_never(action)

    def _write(self, action: Write, now: float) -> list[tuple[float, News]]:
        ear = self.standing.get(action.epoch)
        if ear is None:
            return []
        written: list[tuple[float, News]] = [(now, Written(action.epoch, action.stop))]
        if self.unreachable_until > now:
            return written
        if isinstance(action.data, bytes):
            assert action.epoch not in self.draining, "sound after EOS"
            return written + self._say(action.epoch, ear.hear(action.data), now)
        if action.data != "EOS":
            return written + self._say(action.epoch, ear.finalize(), now)
        self.draining.add(action.epoch)
        news = written + self._say(action.epoch, ear.end(), now)
        at = max(now, self._quiet_until, self.stalled_until) + self.close_after
        return [*news, (at, Closed(action.epoch, self.close_code))]

    def _say(self, epoch: int, messages: Iterable[str], now: float) -> list[tuple[float, News]]:
        if self.mute:
            return []
        news: list[tuple[float, News]] = []
        for message in messages:
            self._quiet_until = max(now + self.say + self.jitter(), self._quiet_until, self.stalled_until)
            news.append((self._quiet_until, Received(epoch, message)))
        return news

    def break_off(self, epoch: int, now: float, code: int | None = None) -> list[tuple[float, News]]:
        """End a connection; one that is still being opened will not be."""
        del self.standing[epoch]
        return [(now, Closed(epoch, code, "broken"))] if epoch in self.confirmed else []


# ---------------------------------------------------------------- the bench


def assert_bounded(pipeline: Pipeline) -> None:
    """Nothing that is kept may grow with the length of a call: the bounds follow from what the lane may hold."""
    session, ledger = pipeline.session, pipeline.ledger
    outbox, hearing = session.outbox, session._hearing
    seconds = ledger.capacity / RATE
    assert ledger.held <= 2 * ledger.capacity + RATE, "no more than the ring, and what the service has as well"
    assert outbox._in_flight <= IN_FLIGHT + max(HELD_MESSAGE, RATE // 5)
    assert len(outbox._flight) <= 2 * IN_FLIGHT // 160
    assert len(outbox._plan) <= 4 * seconds + 10, "at most some decisions a second of what is held"
    assert len(outbox._pieces) <= 2100
    assert not session._actions + session._outputs, "all is handed on at once"
    assert len(ledger._stretches) + len(ledger._ahead) + len(ledger._withheld) <= 6 * seconds + 10
    if hearing is not None:
        assert len(hearing._written) <= 2 * seconds + 5
        assert len(hearing._asked) <= 120
        assert len(hearing._ended) <= 4 * seconds + 5
        assert len(hearing._closed) <= 1001
        assert len(hearing._open) <= 300
    assert len(pipeline.captions._done) <= 1001
    assert len(pipeline.captions.tail) <= 300
    for steps in (pipeline.trace.arrived, pipeline.trace.framed, pipeline.trace.released, pipeline.trace.written):
        assert len(steps._positions) <= 4098 + steps.keep // 80 + 10


class Bench:
    """Runs a pipeline against a fake service, and checks the laws at every turn.

    Attributes:
        updates: all of them, in order.
        writes: every action, with its time.
    """

    def __init__(
        self,
        conversation: Conversation,
        *,
        service: FakeService | None = None,
        settings: Settings | None = None,
        lane: Lane | None = None,
        start: float = 1000.0,
    ) -> None:
        self.service = service or FakeService(conversation)
        self.pipeline = Pipeline(settings or Settings(), lane or Lane(seed=1))
        self.now = self.began = start
        self.updates: list[Update] = []
        self.actions: list[tuple[float, Action]] = []
        self.turns = 0
        self._events: list[tuple[float, int, News | Callable[[], None]]] = []
        self._order = itertools.count()
        self._last_at = 0.0
        self._alive: set[int] = set()  # connections from Opened to Closed, as the lane sees them

    # ------------------------------------------------------------ what happens when

    def at(self, seconds: float, event: News | Callable[[], None]) -> None:
        """Let something happen `seconds` after the start."""
        heapq.heappush(self._events, (self.began + seconds, next(self._order), event))

    def play(self, blocks: Iterable[AudioBlock], *, after: float = 0.0, end: bool = True) -> None:
        """Deliver blocks as they are due, and then the source's end."""
        last = 0.0
        for each in blocks:
            moved = AudioBlock(
                each.samples, each.rate, each.position, self.began + after + each.arrived, each.overflowed
            )
            self.at(after + each.arrived, moved)
            last = after + each.arrived
        if end:
            self.at(last, SourceEnded())

    def break_off(self, code: int | None = None) -> None:
        """The service ends every connection that stands, now."""
        for epoch in list(self.service.standing):
            self._schedule(self.service.break_off(epoch, self.now, code))

    def say(self, message: str) -> None:
        """The service says something on the newest connection, now."""
        self.feed(Received(self.pipeline.session.epoch, message))

    def start(self) -> None:
        self._take(self.pipeline.start(self.now))

    def run(self, until: float = math.inf) -> None:
        """Let time pass until nothing happens any more, or `until` seconds after the start."""
        limit = self.began + until
        while True:
            due = min(self._events[0][0] if self._events else math.inf, self.pipeline.deadline)
            if due > limit or due == math.inf:
                break
            self.now = max(self.now, due)
            if self._events and self._events[0][0] <= self.now:
                _, _, event = heapq.heappop(self._events)
                if callable(event):
                    event()
                else:
                    self.feed(event)
            else:
                self.feed(Tick())
        if limit < math.inf:
            self.now = max(self.now, limit)

    def feed(self, news: News) -> list[Update]:
        """One turn, now; return its updates."""
        match news:
            case Opened() if news.epoch not in self.service.standing:
                news = OpenRefused(news.epoch, BROKEN)
            case Opened():
                self.service.confirmed.add(news.epoch)
                self._alive.add(news.epoch)
            case Closed():
                self._alive.discard(news.epoch)
            case _:
                pass
        before = len(self.updates)
        self._take(self.pipeline.feed(news, self.now))
        return self.updates[before:]

    def _take(self, outcomes: Iterable[Action | Update]) -> None:
        self.turns += 1
        for outcome in outcomes:
            match outcome:
                case GetToken() | Open() | Write() | Close():
                    self.actions.append((self.now, outcome))
                    self._schedule(self.service.perform(outcome, self.now))
                case _:
                    assert outcome.at >= self._last_at, "the printed time went back"
                    assert not isinstance(outcome, StateChanged | FinalShown) or not self.ended, "after the end"
                    self._last_at = outcome.at
                    self.updates.append(outcome)
        ledger = self.pipeline.ledger
        assert ledger.captured == ledger.recognised + ledger.held + ledger.lost
        assert min(ledger.recognised, ledger.held, ledger.lost) >= 0
        assert self.pipeline.deadline > self.now, "a deadline that has passed"
        session = self.pipeline.session
        due = math.inf if self.pipeline.finished else min(session.deadline, session.listen_at)
        assert self.pipeline.deadline <= due, "a deadline that comes too late"
        assert len(self._alive - self.service.draining) <= 1, "two connections"
        assert_bounded(self.pipeline)

    def _schedule(self, news: Iterable[tuple[float, News]]) -> None:
        for at, each in news:
            heapq.heappush(self._events, (at, next(self._order), each))

    # ------------------------------------------------------------ what came of it

    @property
    def ended(self) -> bool:
        return any(isinstance(each, Finished) for each in self.updates)

    @property
    def finals(self) -> list[FinalShown]:
        return [each for each in self.updates if isinstance(each, FinalShown)]

    @property
    def interims(self) -> list[InterimShown]:
        return [each for each in self.updates if isinstance(each, InterimShown)]

    @property
    def gaps(self) -> list[GapShown]:
        return [each for each in self.updates if isinstance(each, GapShown)]

    @property
    def summary(self) -> Summary:
        return self.finish.summary

    @property
    def finish(self) -> Finished:
        (finished,) = [each for each in self.updates if isinstance(each, Finished)]
        return finished

    @property
    def said(self) -> list[str]:
        """The words of all finals."""
        return [word for each in self.finals for word in each.caption.text.split()]

    def missing(self) -> set[str]:
        return {word.text for word in self.service.conversation.words} - set(self.said)

    def doubled(self) -> set[str]:
        return {word for word, times in Counter(self.said).items() if times > 1}

    def check_captions(self) -> None:
        """The contract of the captions: numbers, one final each, nothing after it, in order of the sound."""
        settled: set[int] = set()
        seen: list[int] = []
        starts: list[int] = []
        for each in self.updates:
            if isinstance(each, InterimShown | FinalShown):
                number = each.caption.utterance
                assert number not in settled, "something after the final"
                if number not in seen:
                    seen.append(number)
                if isinstance(each, FinalShown):
                    settled.add(number)
                    starts.append(each.caption.start)
        assert seen == sorted(seen), "numbers in order of first appearance"
        assert starts == sorted(starts), "finals in order of the sound"
