"""The account of every captured sample, and the sound that is not recognised yet.

    captured = recognised + held + lost        (at every moment; held is 0 at the end)

Sound is kept from the settled position on, and a little before it, so that it can be sent again after a break. What
does not fit into `capacity` is lost, oldest first, and said so; but what the service has on a standing connection is
only given up when that connection breaks, because its text may still come. What a mode withholds, because nobody speaks
in it, counts as recognised, takes no room, and its sound is not kept.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from captioner.errors import Misuse
from captioner.events import FRAME, RATE, Frame, LossReason

REPLAY_MARGIN = RATE // 5
"""Samples before the settled position at which a replay starts, so that a word at the seam is heard whole."""


@dataclass(frozen=True, slots=True)
class Loss:
    """Sound in `[start, stop)` that will never be recognised."""

    start: int
    stop: int
    reason: LossReason


@dataclass(slots=True)
class _Stretch:
    """Sound without a hole: int16 little-endian from `start` on. Deleting at the front of a bytearray is cheap."""

    start: int
    pcm: bytearray = field(default_factory=bytearray)

    @property
    def stop(self) -> int:
        return self.start + len(self.pcm) // 2


class Ledger:
    """Sound held, and what became of the rest.

    Args:
        capacity: samples that are kept for the service at most.
    """

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self._stretches: deque[_Stretch] = deque()  # in order, with holes between them
        self._end = 0
        self._settled = 0
        self._delivered = 0
        self._lost = 0  # samples before the settled position that were never recognised
        self._ahead: deque[Loss] = deque()  # lost at the source and not settled yet, disjoint, in order
        self._withheld: deque[tuple[int, int]] = deque()  # and not settled yet, disjoint, in order
        self._news: list[Loss] = []  # losses that nobody has taken yet, disjoint

    @property
    def first(self) -> int:
        """Position of the oldest sample that can be read: where a frame starts."""
        return self._stretches[0].start if self._stretches else self._end

    @property
    def end(self) -> int:
        """Position after the newest sample; before the resampler's delay has passed it is negative."""
        return self._end

    @property
    def captured(self) -> int:
        """Samples captured; also the position after the newest."""
        return max(0, self._end)

    @property
    def settled(self) -> int:
        """Everything before this position is recognised or lost."""
        return self._settled

    @property
    def lost(self) -> int:
        """Samples that were never recognised, and never will be."""
        return self._lost + self._lost_ahead(self.captured)

    @property
    def held(self) -> int:
        """Samples whose fate is open."""
        return self.captured - self._settled - self._known_ahead(self.captured)

    @property
    def recognised(self) -> int:
        """Samples that a final covers, that the service passed over in silence, or that were withheld from it."""
        withheld = self._known_ahead(self.captured) - self._lost_ahead(self.captured)
        return self._settled - self._lost + withheld

    def push(self, frame: Frame) -> None:
        """Take the next frame.

        Raises:
            Misuse: it does not follow the last one.
        """
        if not self._stretches:
            self._end = frame.start
            self._stretches.append(_Stretch(frame.start))
        if frame.start != self._end:
            raise Misuse(f"frame at {frame.start} after sound up to {self._end}")
        self._stretches[-1].pcm += frame.samples.astype("<i2", copy=False).tobytes()
        self._end = frame.stop
        if self._end - self._settled > self.capacity:  # at most so much is held
            self._make_room()

    def skip(self, samples: int, reason: LossReason) -> None:
        """The source lost the next `samples` (whole frames), so many that no silence is to be sent in their place."""
        start, self._end = self._end, self._end + samples
        self._stretches.append(_Stretch(self._end))
        self.lose_at_source(start, self._end, reason)

    def withhold(self, start: int, stop: int) -> None:
        """`[start, stop)` is silence that the service is not to get; it lies after what was withheld before.

        Args:
            start: where a frame starts.
            stop: where a frame stops.
        """
        self._forget(start, stop)
        start = max(start, self._settled)  # what is lost already stays lost
        if start >= stop:
            return
        if self._withheld and self._withheld[-1][1] == start:
            self._withheld[-1] = (self._withheld[-1][0], stop)
        else:
            self._withheld.append((start, stop))
        if start == self._settled:
            self.settle(stop)

    def deliver(self, position: int) -> None:
        """The service has everything before `position`, or is about to get it; 0 where no connection stands."""
        self._delivered = position

    def read(self, start: int, stop: int) -> bytes:
        """Sound in `[start, stop)` as int16 little-endian.

        Raises:
            Misuse: it is not all here.
        """
        for each in self._stretches:
            if each.start <= start <= stop <= each.stop:
                return self._part(each, start, stop)
        raise Misuse(f"[{start}, {stop}) of [{self.first}, {self._end})")

    @staticmethod
    def _part(stretch: _Stretch, start: int, stop: int) -> bytes:
        return bytes(stretch.pcm[2 * (start - stretch.start) : 2 * (stop - stretch.start)])

    def kept(self, start: int, stop: int) -> bytes:
        """What is still here of the sound in `[start, stop)`, as int16 little-endian, without its holes."""
        each_in = ((each, max(start, each.start), min(stop, each.stop)) for each in self._stretches)
        return b"".join(self._part(each, first, last) for each, first, last in each_in if first < last)

    def settle(self, position: int) -> None:
        """Everything before `position` is recognised (but for what the source lost); it need not be kept."""
        position = min(position, self.captured)
        if position > self._settled:
            position = self._past_withheld(position)
            self._lost += self._lost_ahead(position)
            self._move(position)

    def lose(self, position: int, reason: LossReason) -> None:
        """Everything before `position` that is not settled is lost."""
        position = min(position, self.captured)
        if position <= self._settled:
            return
        at = self._settled
        for start, stop in self._known():
            if start < position:
                self._note(at, start, reason)
                at = stop
        self._note(at, position, reason)
        self._lost += position - self._settled - self._known_ahead(position)
        position = self._past_withheld(position)
        self._lost += self._lost_ahead(position)
        self._move(position)

    def lose_at_source(self, start: int, stop: int, reason: LossReason) -> None:
        """The source lost `[start, stop)`: silence stands in its place, which will be passed, but not recognised.

        Args:
            start: a position; what an earlier such loss holds already is not counted twice.
            stop: may lie ahead of what is captured, where the last samples do not fill a frame yet.
            reason: why.
        """
        start = max(start, self._settled, self._ahead[-1].stop if self._ahead else 0)
        if start < stop:
            self._ahead.append(Loss(start, stop, reason))
            self._note(start, stop, reason)

    @property
    def eventful(self) -> bool:
        """There are losses that nobody has taken yet."""
        return bool(self._news)

    def take_losses(self) -> list[Loss]:
        """Losses since the last call, adjacent ones of the same reason joined."""
        losses, self._news = self._news, []
        return losses

    def _make_room(self) -> None:
        """Lose what does not fit: the oldest sound, as much as is held beyond the capacity."""
        room = self.capacity + min(max(0, self._delivered - self._settled), self.capacity)
        if self.held <= room:
            return
        oldest = self.captured
        for start, stop in reversed(self._known()):  # takes no room
            if oldest - stop >= room:
                break
            room -= oldest - stop
            oldest = start
        self.lose(oldest - room, LossReason.OUTAGE)

    def _lost_ahead(self, position: int) -> int:
        return sum(max(0, min(loss.stop, position) - loss.start) for loss in self._ahead)

    def _known_ahead(self, position: int) -> int:
        return sum(max(0, min(stop, position) - start) for start, stop in self._known())

    def _known(self) -> list[tuple[int, int]]:
        """Stretches after the settled position whose fate is known: withheld or lost, disjoint, in order."""
        lost = [(loss.start, loss.stop) for loss in self._ahead]
        if not self._withheld:
            return lost
        known: list[tuple[int, int]] = []
        for start, stop in sorted([*lost, *self._withheld]):
            if known and start <= known[-1][1]:
                known[-1] = (known[-1][0], max(known[-1][1], stop))
            else:
                known.append((start, stop))
        return known

    def _past_withheld(self, position: int) -> int:
        for start, stop in self._withheld:
            if start > position:
                break
            position = max(position, stop)
        return position

    def _forget(self, start: int, stop: int) -> None:
        """Drop the sound in `[start, stop)`."""
        for number in reversed(range(len(self._stretches))):
            each = self._stretches[number]
            first, last = max(start, each.start), min(stop, each.stop)
            if first >= last:
                continue
            if each.start == first:
                del each.pcm[: 2 * (last - first)]
                each.start = last
            else:
                self._stretches.insert(number + 1, _Stretch(last, each.pcm[2 * (last - each.start) :]))
                del each.pcm[2 * (first - each.start) :]

    def _note(self, start: int, stop: int, reason: LossReason) -> None:
        if start >= stop:
            return
        if self._news and self._news[-1].stop == start and self._news[-1].reason == reason:
            start = self._news.pop().start
        self._news.append(Loss(start, stop, reason))

    def _move(self, position: int) -> None:
        """Everything before `position` is settled; forget what can never be sent again."""
        self._settled = position
        while self._ahead and self._ahead[0].start < position:
            known = self._ahead.popleft()
            if known.stop > position:
                self._ahead.appendleft(Loss(position, known.stop, known.reason))
                break
        while self._withheld and self._withheld[0][0] < position:
            _, stop = self._withheld.popleft()
            if stop > position:
                self._withheld.appendleft((position, stop))
                break
        keep = position - REPLAY_MARGIN - FRAME
        while len(self._stretches) > 1 and self._stretches[0].stop <= keep:
            self._stretches.popleft()
        oldest = self._stretches[0]
        spare = min(keep, oldest.stop) - oldest.start
        if spare >= RATE:  # in steps of a second, so that the front is not moved for every frame
            spare -= spare % FRAME
            del oldest.pcm[: 2 * spare]
            oldest.start += spare
