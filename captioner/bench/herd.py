"""What five hundred desks do to a service that is ill: openings a second, in virtual time.

Every desk of a floor is in a call when the service gives its signal to all of them in the same moment, and goes on
refusing for a minute. The desks run the program's own sessions; what is counted is every attempt that reaches the
service. The most that may come in any one second is a tenth of the floor. The desks know nothing of each other and
begin to try over 15 s, so the peak of a single floor is a matter of chance: of 500 independent moments in 15 s the
fullest second, wherever it begins, holds 48 in the median and more than 50 in a fifth of all floors (of the clock's own
seconds one holds more than 50 in 3 % of them; 20,000 floors each).

A plain break of the network stands beside the signals: there everybody is to be back at once, and is.
"""

from __future__ import annotations

import heapq
import itertools
import math
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Final, assert_never

import numpy as np
from rich.console import Console
from rich.table import Table

from captioner.events import (
    RATE,
    Action,
    Close,
    Closed,
    Frame,
    GetToken,
    News,
    Open,
    Opened,
    OpenRefused,
    TokenGranted,
    TokenRefused,
    Write,
    Written,
)
from captioner.settings import Settings
from captioner.stt import rtzr
from captioner.stt.ledger import Ledger
from captioner.stt.modes import Send
from captioner.stt.policy import REPLAY_PACE, Patience
from captioner.stt.session import Options, Session

DESKS: Final = 500
ILL: Final = 60.0
"""Seconds for which the service refuses."""

HANDSHAKE: Final = 0.1
"""Seconds from an opening to its answer."""

CALM: Final = 120.0
"""Seconds that are watched after it is well again; every desk is back long before."""

FLOORS: Final = 5
"""Floors that are simulated for each signal, each with random numbers of its own."""


@dataclass(frozen=True, slots=True)
class Illness:
    """What the service does.

    Attributes:
        name: for people.
        code: every connection is closed with it at the start; None is a reset.
        status: openings are answered with it while the service is ill; 0 lets them in.
        tokens: token requests are answered with it, too, and no token is at hand.
        started: the desks were in a call before; else each begins one at any moment of five minutes around the illness.
    """

    name: str
    code: int | None
    status: int = 0
    tokens: bool = False
    started: bool = True


ILLNESSES: Final = (
    Illness("1012 to all", 1012),
    Illness("1013 to all", 1013),
    Illness("1012 to all, then 503 for 60 s", 1012, 503),
    Illness("1013 to all, then 429 for 60 s", 1013, 429),
    Illness("1012 to all, then no token (503) for 60 s", 1012, 503, tokens=True),
    Illness("429 for 60 s, while calls begin", None, 429, started=False),
)
RESET: Final = Illness("a break of the network", None)


@dataclass(frozen=True, slots=True)
class Crowd:
    """What reached the service of one floor.

    Attributes:
        attempts: openings, and token requests that it had to answer.
        peak: the most of either in any one second, wherever it begins.
        back: seconds from the service's recovery until every desk is connected; 0 where calls go on beginning.
        lost: seconds of sound that the desks lost, all together.
        gone: desks that gave up.
    """

    attempts: int
    peak: int
    back: float
    lost: float
    gone: int


def measure() -> dict[str, object]:
    """Simulate every illness on several floors; return the median and the largest peak of each."""
    return {
        "desks": DESKS,
        "bound": DESKS / 10,
        **{illness.name: _summary([simulate(illness, seed) for seed in range(FLOORS)]) for illness in ILLNESSES},
        RESET.name: _summary([simulate(RESET, seed) for seed in range(FLOORS)]),
    }


def _summary(crowds: list[Crowd]) -> dict[str, float]:
    peaks = sorted(each.peak for each in crowds)
    return {
        "floors": len(crowds),
        "attempts": sum(each.attempts for each in crowds) / len(crowds),
        "peak_p50": peaks[len(peaks) // 2],
        "peak_max": peaks[-1],
        "back_max": max(each.back for each in crowds),
        "lost_max": max(each.lost for each in crowds),
        "gone_max": max(each.gone for each in crowds),
    }


def simulate(illness: Illness, seed: int, *, desks: int = DESKS) -> Crowd:
    """Let one floor live through an illness, in virtual time."""
    return _Floor(illness, Random(seed), desks).run()


class _Floor:
    """Sessions, the service that they talk to, and the clock of both; the illness begins at 0."""

    def __init__(self, illness: Illness, random: Random, desks: int) -> None:
        self._illness = illness
        self._random = random
        self._openings: list[float] = []
        self._requests: list[float] = []
        self._events: list[tuple[float, int, int, Callable[[Session, float], None]]] = []
        self._order = itertools.count()
        self._now = -60.0
        self._alarm = [math.inf] * desks  # when each desk is woken next
        self._up: dict[int, float] = {}  # when each desk was connected for the last time
        settings = Settings()
        options = Options(
            query=rtzr.query(settings),
            chunk=RATE,
            max_utterance=settings.max_utterance,
            replay_pace=REPLAY_PACE,
            patience=Patience(),
        )
        self._desks = [Session(Ledger(settings.hold * RATE), options, Random(random.random())) for _ in range(desks)]

    def run(self) -> Crowd:
        """Let everything happen."""
        for desk in range(len(self._desks)):
            # callers do not speak in step: what the service has said something about ends anywhere in the last seconds
            begin = self._random.uniform(-30.0, -15.0) if self._illness.started else self._random.uniform(-120.0, 180.0)
            self._at(begin, desk, self._start)
            self._speak(desk, begin)
            if self._illness.started:
                self._at(0.0, desk, self._cut)
        while self._events:
            self._now, _, desk, event = heapq.heappop(self._events)
            self._turn(desk, event)
        well = 0.0 if not self._illness.status else ILL
        return Crowd(
            attempts=len(self._openings) + len(self._requests),
            peak=max(_peak(self._openings), _peak(self._requests)),
            back=max(0.0, max(self._up.values(), default=well) - well) if self._illness.started else 0.0,
            lost=sum(each.ledger.lost for each in self._desks) / RATE,
            gone=sum(each.ended for each in self._desks),
        )

    def _at(self, at: float, desk: int, event: Callable[[Session, float], None]) -> None:
        if at <= ILL + CALM:
            heapq.heappush(self._events, (at, next(self._order), desk, event))

    def _turn(self, desk: int, event: Callable[[Session, float], None]) -> None:
        session = self._desks[desk]
        if session.ended:
            return
        event(session, self._now)
        session.advance(self._now, speaking=False)
        for action in session.actions():
            self._perform(desk, action)
        session.outputs()
        session.ledger.take_losses()
        if session.deadline < self._alarm[desk]:
            self._alarm[desk] = session.deadline
            self._at(session.deadline, desk, self._wake(desk))

    def _wake(self, desk: int) -> Callable[[Session, float], None]:
        """Let a deadline pass; `_turn` does what is due, and sets the next alarm."""

        def event(session: Session, now: float) -> None:
            del session
            if now >= self._alarm[desk]:
                self._alarm[desk] = math.inf

        return event

    def _start(self, session: Session, now: float) -> None:
        session.start(now)

    def _cut(self, session: Session, now: float) -> None:
        session.feed(Closed(session.epoch, self._illness.code, "the service is ill"), now)

    def _speak(self, desk: int, begin: float) -> None:
        """A second of sound each second until the desk is back, and text that follows it before the illness."""
        sound = np.zeros(RATE, np.int16)

        def hear(number: int) -> Callable[[Session, float], None]:
            def event(session: Session, now: float) -> None:
                frame = Frame(number * RATE, sound)
                session.ledger.push(frame)
                session.release(Send(frame.start, frame.stop), now)
                if now < 0.0:
                    session.ledger.settle(frame.start)
                if desk not in self._up or self._up[desk] < 0.0:
                    self._at(now + 1.0, desk, hear(number + 1))

            return event

        self._at(begin + 1.0, desk, hear(0))

    def _perform(self, desk: int, action: Action) -> None:
        illness, now = self._illness, self._now
        ill = 0.0 <= now < ILL and illness.status > 0
        match action:
            case GetToken():
                if illness.tokens and now >= 0.0:
                    self._requests.append(now)
                    if ill:
                        fault = rtzr.fault_of_response(illness.status, b"", at="token")
                        self._answer(desk, TokenRefused(fault))
                        return
                self._at(now, desk, _news(TokenGranted(20_000.0, requested=False)))
            case Open(epoch):
                if now >= 0.0:
                    self._openings.append(now)
                if ill:
                    fault = rtzr.fault_of_response(illness.status, b"", at="handshake")
                    self._answer(desk, OpenRefused(epoch, fault))
                else:
                    self._up[desk] = now + HANDSHAKE
                    self._answer(desk, Opened(epoch))
            case Write(epoch, _, stop):
                self._at(now, desk, _news(Written(epoch, stop)))
            case Close():
                pass
            case _:
                assert_never(action)

    def _answer(self, desk: int, news: News) -> None:
        self._at(self._now + HANDSHAKE, desk, _news(news))


def _peak(times: list[float]) -> int:
    """The most of these in any one second; they are in order."""
    return max((bisect_left(times, at + 1.0) - number for number, at in enumerate(times)), default=0)


def _news(news: News) -> Callable[[Session, float], None]:
    def event(session: Session, now: float) -> None:
        match news:
            case TokenGranted() | TokenRefused() | Opened() | OpenRefused() | Written():
                session.feed(news, now)
            case _:
                raise AssertionError(news)

    return event


def render(result: dict[str, object], console: Console) -> None:
    """Print the table."""
    table = Table(title=f"{result['desks']} desks: what reaches the service (bound: {result['bound']:.0f} a second)")
    heads = ("", "floors", "attempts", "most a second: median", "largest", "last one back (s)", "lost (s)", "gone")
    for name in heads:
        table.add_column(name, justify="left" if not name else "right")
    for name, figures in result.items():
        if isinstance(figures, dict):
            table.add_row(name, *(f"{value:.0f}" for value in figures.values()))
    console.print(table)
