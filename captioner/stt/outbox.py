"""What is to be sent: in which messages, how fast, and how much at once; and where the service counts it.

The mode's releases wait here in their order. Every connection starts again at the position it is given, and from there
on takes messages of whole frames: the first one longer, because the service may ask for a minimum first payload, the
later ones `chunk` samples, a backlog in longer ones, what was held in still longer ones. No more is under way to the
socket than a second of sound, so that a break finds the rest here; and a backlog goes out at no more than `pace` times
real time, with a second of sound to spare, so that a stall of our own does not cost a delay that grows. What a mode
held back is no backlog, unless it is sent after a break.

The service counts the samples sent on each connection from 0; `lane` turns its numbers into the lane's positions.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections import deque
from typing import assert_never

from captioner.events import FRAME, RATE
from captioner.stt.ledger import REPLAY_MARGIN, Ledger
from captioner.stt.modes import EndUtterance, Release, Send, Silence

FIRST_MESSAGE = RATE // 10
"""Samples that the first message of a connection holds, where there are as many; and the messages of a backlog."""

HELD_MESSAGE = RATE // 2
"""Samples in a message of what was held, which is there all at once: forty small ones keep the loop for 5 ms."""

IN_FLIGHT = RATE
"""Samples that may be under way to the socket."""

PIECES = 1000
"""Places at which the lane's position jumps that are remembered at least."""

SPARE = RATE
"""Samples by which sending may be ahead of its pace."""


class Outbox:
    """Everything released and not sent yet, and what the connection that stands has got of it.

    Args:
        ledger: holds the sound; what it has lost is not sent.
        chunk: samples in a message, whole frames.
        pace: multiple of real time for a backlog; infinity for a file that need not be paced.

    Attributes:
        next_at: when the next message may go, as the last `take` left it; infinity where none waits for its time alone.
    """

    def __init__(self, ledger: Ledger, *, chunk: int, pace: float) -> None:
        self.chunk = chunk
        self._ledger = ledger
        self._rate = RATE * pace  # samples a second
        self._plan: deque[Release] = deque()
        self._ended = 0  # utterances that end before it were recognised on an earlier connection
        self._paced = 0  # what was held, and lies before it, is a backlog
        self._turn = 0  # index of the release whose turn it is; what is before it is sent
        self._sent = 0  # the lane's position up to which sound is sent
        self._written = 0
        self._flight: deque[tuple[int, int]] = deque()  # messages not written yet: the position after each, its samples
        self._in_flight = 0  # samples in them
        self._paid = 0.0  # the time at which what is sent would have been sent at exactly the pace
        self.next_at = math.inf
        self._total = 0  # samples sent on this connection
        self._pieces: list[int] = []  # numbers of samples sent at which the lane's position jumps,
        self._places: list[int] = []  # the positions there,
        self._silent: list[bool] = []  # and whether the samples are no sound of the lane

    @property
    def sent(self) -> int:
        """The lane's position up to which sound is sent on this connection."""
        return self._sent

    @property
    def counted(self) -> int:
        """Samples sent on this connection, as the service counts them."""
        return self._total

    @property
    def written(self) -> int:
        """The lane's position up to which sound is with the socket."""
        return self._written

    def left(self) -> bool:
        """Something waits to be sent, be it too short for a message yet."""
        self._sent = max(self._sent, self._ledger.first)  # what is lost is not sent
        while self._turn < len(self._plan):
            release = self._plan[self._turn]
            match release:
                case Send():
                    due = release.stop > self._sent
                case EndUtterance():
                    due = release.position > self._ended
                case Silence():
                    due = True
                case _:
                    assert_never(release)
            if due:
                return True
            self._turn += 1
        return False

    @property
    def at_an_end(self) -> bool:
        """What was sent ends with the end of an utterance, and nothing waits."""
        return bool(self._plan) and self._turn == len(self._plan) and isinstance(self._plan[-1], EndUtterance)

    @property
    def waiting(self) -> int:
        """Samples released that are not with the socket."""
        return self._beyond(self._written)

    @property
    def unsettled(self) -> int:
        """Samples released that are not settled: what the next connection is sent."""
        return self._beyond(self._ledger.settled)

    def _beyond(self, position: int) -> int:
        samples = 0
        for each in reversed(self._plan):
            if _end(each) <= position:
                break
            if isinstance(each, Send):
                samples += each.stop - max(each.start, position)
        return samples

    def add(self, release: Release) -> None:
        """Take what the mode lets leave, after everything before it."""
        last = self._plan[-1] if self._plan else None
        if (
            isinstance(release, Send)
            and isinstance(last, Send)
            and (last.stop, last.held) == (release.start, release.held)
        ):
            self._plan[-1] = Send(last.start, release.stop, release.held)
            self._turn = min(self._turn, len(self._plan) - 1)
        else:
            self._plan.append(release)
            self._forget()

    def restart(self, position: int, now: float, *, broken: bool = False) -> None:
        """Start again on a new connection, at the frame in which `position` lies or at the oldest sound there is.

        Args:
            position: of the lane.
            now: perf_counter seconds.
            broken: the last connection, or an attempt at one, failed: all that waits is a backlog.
        """
        # what was to keep an earlier connection alive has no place on this one
        self._plan = deque(each for each in self._plan if not isinstance(each, Silence))
        self._ended = self._ledger.settled
        self._paced = _end(self._plan[-1]) if broken and self._plan else 0
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
        self._silent.clear()

    def take(self, now: float, *, ending: bool) -> list[Release]:
        """Take the messages that may go now, up to the end of an utterance; a `Send` is one message.

        Args:
            now: perf_counter seconds.
            ending: nothing more will be added, so that what is left need not fill a message.
        """
        messages: list[Release] = []
        self.next_at = math.inf
        while self._in_flight < IN_FLIGHT:
            message = self._next(ending=ending)
            if message is None:
                break
            due = self._due(message)
            if now < due:
                self.next_at = due
                break
            messages.append(message)
            self._send(message, now)
            if isinstance(message, EndUtterance):
                self.next_at = now
                break
        return messages

    @property
    def full(self) -> bool:
        """As much is on its way to the socket as may be; nothing more goes before some of it is written."""
        return self._in_flight >= IN_FLIGHT

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
        if not self._silent[piece]:
            return self._places[piece] + sent - self._pieces[piece]
        if not stop and piece + 1 < len(self._pieces):
            piece += 1  # nothing starts in that silence
        return self._places[piece]

    # ------------------------------------------------------------ the next message

    def _next(self, *, ending: bool) -> Release | None:
        if self._turn == len(self._plan) or not self.left():
            return None
        release = self._plan[self._turn]
        if not isinstance(release, Send):
            return release
        start = max(release.start, self._sent)
        available = release.stop - start
        first = not self._total
        wanted = max(self.chunk, FIRST_MESSAGE) if first else self.chunk
        if available < wanted:
            whole = ending or self._turn + 1 < len(self._plan)  # no sound comes that would fill it
            return Send(start, release.stop, release.held) if whole else None
        ready = HELD_MESSAGE if release.held and start >= self._paced else FIRST_MESSAGE
        longest = wanted if first else max(wanted, ready)
        samples = wanted if first else min(available, longest) // self.chunk * self.chunk
        return Send(start, start + samples, release.held)

    def _due(self, message: Release) -> float:
        if not isinstance(message, Send) or not self._total or self._unpaced(message):
            return -math.inf
        return self._paid + (message.stop - message.start - SPARE) / self._rate

    def _send(self, message: Release, now: float) -> None:
        match message:
            case Send(start, stop):
                self._sent = stop
                if not self._unpaced(message):
                    self._paid = max(self._paid, now) + (stop - start) / self._rate
                if not self._pieces or self._silent[-1] or start != self._sent_position():
                    self._begin_piece(start, silent=False)
                self._count(stop, stop - start)
            case Silence(position, samples):
                del self._plan[self._turn]  # no other connection gets it, and nothing settles while a source is away
                self._begin_piece(position, silent=True)
                self._count(position, samples)
            case EndUtterance():
                self._turn += 1
            case _:
                assert_never(message)

    def _count(self, position: int, samples: int) -> None:
        self._total += samples
        self._flight.append((position, samples))
        self._in_flight += samples

    def _begin_piece(self, place: int, *, silent: bool) -> None:
        if len(self._pieces) > 2 * PIECES:  # the service does not come back to what is hours old
            for each in (self._pieces, self._places, self._silent):
                del each[:PIECES]
        self._pieces.append(self._total)
        self._places.append(place)
        self._silent.append(silent)

    def _sent_position(self) -> int:
        return self._places[-1] + self._total - self._pieces[-1]

    def _unpaced(self, message: Send) -> bool:
        return message.held and message.stop > self._paced

    def _forget(self) -> None:
        """Forget what will never be sent again, on any connection."""
        keep = self._ledger.settled - REPLAY_MARGIN
        while self._plan and _end(self._plan[0]) <= keep:
            self._plan.popleft()
            self._turn = max(0, self._turn - 1)


def _end(release: Release) -> int:
    return release.stop if isinstance(release, Send) else release.position
