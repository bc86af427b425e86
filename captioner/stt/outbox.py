"""What is to be sent: in which messages, how fast, and how much at once; and where the service counts it.

The mode's releases wait here in their order. Every connection starts again at the position it is given, and from there
on takes messages of whole frames: the first one longer, because the service may ask for a minimum first payload, the
later ones `chunk` samples, a backlog in longer ones. No more is under way to the socket than a second of sound, so that
a break finds the rest here; and a backlog goes out at no more than `pace` times real time, with a second of sound to
spare, so that a stall of our own does not cost a delay that grows.

The service counts the samples sent on each connection from 0; `lane` turns its numbers into the lane's positions.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections import deque

from captioner.events import FRAME, RATE
from captioner.stt.ledger import REPLAY_MARGIN, Ledger
from captioner.stt.modes import EndUtterance, Release, Send

FIRST_MESSAGE = RATE // 10
"""Samples that the first message of a connection holds, where there are as many; and the messages of a backlog."""

IN_FLIGHT = RATE
"""Samples that may be under way to the socket."""

SPARE = RATE
"""Samples by which sending may be ahead of its pace."""


class Outbox:
    """Everything released and not sent yet, and what the connection that stands has got of it.

    Args:
        ledger: holds the sound; what it has lost is not sent.
        chunk: samples in a message, whole frames.
        pace: multiple of real time for a backlog; infinity for a file that need not be paced.
    """

    def __init__(self, ledger: Ledger, *, chunk: int, pace: float) -> None:
        self.chunk = chunk
        self._ledger = ledger
        self._rate = RATE * pace  # samples a second
        self._plan: deque[Release] = deque()
        self._turn = 0  # index of the release whose turn it is; what is before it is sent
        self._sent = 0  # the lane's position up to which sound is sent
        self._written = 0
        self._flight: deque[tuple[int, int]] = deque()  # messages not written yet: the position after each, its samples
        self._in_flight = 0  # samples in them
        self._paid = 0.0  # the time at which what is sent would have been sent at exactly the pace
        self._total = 0  # samples sent on this connection
        self._pieces: list[int] = []  # numbers of samples sent at which the lane's position jumps,
        self._places: list[int] = []  # and the positions there

    @property
    def sent(self) -> int:
        """The lane's position up to which sound is sent on this connection."""
        return self._sent

    @property
    def written(self) -> int:
        """The lane's position up to which sound is with the socket."""
        return self._written

    def left(self) -> bool:
        """Something waits to be sent, be it too short for a message yet."""
        self._sent = max(self._sent, self._ledger.first)  # what is lost is not sent
        while self._turn < len(self._plan):
            release = self._plan[self._turn]
            if isinstance(release, EndUtterance) or release.stop > self._sent:
                return True
            self._turn += 1
        return False

    def add(self, release: Release) -> None:
        """Take what the mode lets leave, after everything before it."""
        last = self._plan[-1] if self._plan else None
        if isinstance(release, Send) and isinstance(last, Send) and last.stop == release.start:
            self._plan[-1] = Send(last.start, release.stop)
            self._turn = min(self._turn, len(self._plan) - 1)
        else:
            self._plan.append(release)
            self._forget()

    def restart(self, position: int, now: float) -> None:
        """Start again on a new connection, at the frame in which `position` lies or at the oldest sound there is."""
        oldest = self._ledger.first
        self._sent = max(oldest, position - (position - oldest) % FRAME)
        self._written = self._ledger.settled
        self._turn = sum(_end(release) <= self._sent for release in self._plan)
        self._forget()
        self._flight.clear()
        self._in_flight = 0
        self._paid = now + (SPARE - FIRST_MESSAGE) / self._rate
        self._total = 0
        self._pieces.clear()
        self._places.clear()

    def take(self, now: float, *, ending: bool) -> list[Release]:
        """Take the messages that may go now; a `Send` is one message.

        Args:
            now: perf_counter seconds.
            ending: nothing more will be added, so that what is left need not fill a message.
        """
        messages: list[Release] = []
        while self._in_flight < IN_FLIGHT:
            message = self._next(ending=ending)
            if message is None or now < self._due(message):
                break
            messages.append(message)
            self._send(message, now)
        return messages

    def due(self, *, ending: bool) -> float:
        """When the next message may go; infinity where none waits for its time alone. `ending` as for `take`."""
        message = self._next(ending=ending) if self._in_flight < IN_FLIGHT else None
        return math.inf if message is None else self._due(message)

    def wrote(self, position: int) -> None:
        """Everything before `position` is with the socket."""
        while self._flight and self._flight[0][0] <= position:
            stop, samples = self._flight.popleft()
            self._written = max(self._written, stop)
            self._in_flight -= samples
        self._forget()

    def lane(self, sent: int, *, stop: bool = False) -> int:
        """Turn a number of samples sent on this connection into the lane's position.

        Args:
            sent: what lies beyond the sound that was sent counts as its end.
            stop: it is where something ends, not where something starts, which differs where sound was left out.
        """
        if not self._pieces:
            return self._sent
        sent = max(0, min(sent, self._total))
        piece = max(0, (bisect_left if stop else bisect_right)(self._pieces, sent) - 1)
        return self._places[piece] + sent - self._pieces[piece]

    # ------------------------------------------------------------ the next message

    def _next(self, *, ending: bool) -> Release | None:
        if not self.left():
            return None
        release = self._plan[self._turn]
        if isinstance(release, EndUtterance):
            return release
        start = max(release.start, self._sent)
        available = release.stop - start
        first = not self._total
        wanted = max(self.chunk, FIRST_MESSAGE) if first else self.chunk
        if available < wanted:
            whole = ending or self._turn + 1 < len(self._plan)  # no sound comes that would fill it
            return Send(start, release.stop) if whole else None
        longest = wanted if first else max(wanted, FIRST_MESSAGE)
        samples = wanted if first else min(available, longest) // self.chunk * self.chunk
        return Send(start, start + samples)

    def _due(self, message: Release) -> float:
        if isinstance(message, EndUtterance) or not self._total:
            return -math.inf
        return self._paid + (message.stop - message.start - SPARE) / self._rate

    def _send(self, message: Release, now: float) -> None:
        if isinstance(message, EndUtterance):
            self._turn += 1
            return
        samples = message.stop - message.start
        if not self._pieces or message.start != self._sent_position():
            self._pieces.append(self._total)
            self._places.append(message.start)
        self._total += samples
        self._sent = message.stop
        self._flight.append((message.stop, samples))
        self._in_flight += samples
        self._paid = max(self._paid, now) + samples / self._rate

    def _sent_position(self) -> int:
        return self._places[-1] + self._total - self._pieces[-1]

    def _forget(self) -> None:
        """Forget what will never be sent again, on any connection."""
        keep = self._ledger.settled - REPLAY_MARGIN
        while self._plan and _end(self._plan[0]) <= keep:
            self._plan.popleft()
            self._turn = max(0, self._turn - 1)


def _end(release: Release) -> int:
    return release.stop if isinstance(release, Send) else release.position
