"""Stamps joined by sample position: when a sample was captured, and when it passed each stage.

Theory of operation
-------------------
Every stage hands on sound in order, so a stage's history is a list of steps: "everything before position p had passed
at time t". The delay of a text is taken at one sample, the last of its speech: the time at which that sample was
captured, and then the time at which it passed each stage, up to the moment at which its text was painted. Anchoring on
the sound, never on another message, is what makes the numbers mean something: final minus last interim is near 0
however late both are.

    captured → arrived → framed → released → ready → written → heard → painted
           capture  condition  silence   token,  queue  recognise  render
                               wait      connect

A stage's duration is the difference of its stamps, none is negative, and they add up to the total exactly.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import deque

from captioner.events import RATE, Stages


class CaptureClock:
    """When each sample was captured: the lower envelope of `arrived - position / rate`.

    A block can come late, but never before its sound, so the least delayed blocks tell when the first sample was
    captured. The envelope looks back over ten seconds, so that it follows the drift of a sound card (up to 100 ppm).
    PortAudio's own times are absent or wrong on several host APIs, and are not used.
    """

    _BUCKET = 1.0
    _BUCKETS = 10

    def __init__(self) -> None:
        self._lows: deque[tuple[int, float]] = deque(maxlen=self._BUCKETS)
        self._origin = math.nan

    def stamp(self, stop_seconds: float, arrived: float) -> None:
        """Sound up to `stop_seconds` after the first sample arrived at `arrived`."""
        low = arrived - stop_seconds
        bucket = int(arrived // self._BUCKET)
        if self._lows and self._lows[-1][0] == bucket:
            if low < self._lows[-1][1]:
                self._lows[-1] = (bucket, low)
        else:
            self._lows.append((bucket, low))
            self._origin = min(each for _, each in self._lows)
        self._origin = min(self._origin, low)

    @property
    def origin(self) -> float | None:
        """The time at which sample 0 was captured, as far as is known; None before any sound."""
        return None if math.isnan(self._origin) else self._origin


class Steps:
    """A stage's history: times at which positions were passed.

    Attributes:
        keep: only so many of the last samples are remembered.
    """

    def __init__(self, keep: int) -> None:
        self.keep = keep
        self._positions: list[int] = []
        self._times: list[float] = []
        self._start = 0  # entries before this index are forgotten

    def stamp(self, position: int, at: float) -> None:
        """Everything before `position` has passed at `at`."""
        positions = self._positions
        if positions and position <= positions[-1]:
            return
        positions.append(position)
        self._times.append(at)
        while positions[self._start] < position - self.keep:
            self._start += 1
        if self._start > 4096:
            del positions[: self._start - 1], self._times[: self._start - 1]
            self._start = 1

    def passed(self, position: int) -> float | None:
        """When the sample before `position` had passed; None where that is not (or no longer) known."""
        index = bisect_left(self._positions, position, self._start)
        if index == len(self._positions) or (index == self._start and index > 0):
            return None  # not yet, or perhaps in a step that is forgotten
        return self._times[index]


class Trace:
    """The stages of one lane.

    Args:
        keep: samples whose stamps are remembered; at least what the ledger holds.
    """

    def __init__(self, keep: int) -> None:
        self.clock = CaptureClock()
        self.arrived = Steps(keep)
        self.framed = Steps(keep)
        self.released = Steps(keep)
        self.written = Steps(keep)
        self._ready = (-math.inf, -math.inf, -math.inf)  # asked, granted, opened
        self._wanted = -math.inf

    def remember(self, keep: int) -> None:
        """Keep the stamps of so many samples from now on."""
        for each in (self.arrived, self.framed, self.released, self.written):
            each.keep = keep

    def connection(self, asked: float, granted: float, opened: float, *, wanted: float = -math.inf) -> None:
        """A new connection stands; what it writes is stamped afresh, replayed sound too.

        Args:
            asked: when a token was asked for, perf_counter seconds as all times here.
            granted: when it was there.
            opened: when the handshake was done.
            wanted: when nothing stood in its way any more; sound released before that waited for other sound.
        """
        self._ready, self._wanted = (asked, granted, opened), wanted
        self.written = Steps(self.written.keep)

    def captured(self, position: int) -> float | None:
        """When the sample before `position` was captured."""
        origin = self.clock.origin
        return None if origin is None else origin + position / RATE

    def behind(self, stop: int) -> float:
        """Seconds for which the sample before `stop` was released and waited for its lane's own earlier sound.

        They are part of its queue, and no work of this computer: the connection before had not ended.
        """
        released = self.released.passed(stop)
        asked, _, opened = self._ready
        return 0.0 if released is None else max(0.0, min(self._wanted, asked, opened) - released)

    def stages(self, stop: int, heard: float, painted: float | None) -> Stages | None:
        """Where the time went for a text whose last sample of speech is the one before `stop`.

        Args:
            stop: a position of the lane.
            heard: when the text came back, perf_counter seconds as all times here.
            painted: when it was on the screen; None where there is none.

        Returns:
            None where the sample's history is not known any more.
        """
        captured = self.captured(stop)
        arrived, framed, released = (each.passed(stop) for each in (self.arrived, self.framed, self.released))
        written = self.written.passed(stop)
        if captured is None or arrived is None or framed is None or released is None or written is None:
            return None
        asked, granted, opened = self._ready
        heard = max(heard, captured)
        marks = [captured]
        for mark in (arrived, framed, released, opened, written):
            marks.append(min(max(mark, marks[-1]), heard))
        _, arrived, framed, released, ready, written = marks
        token = max(0.0, min(granted, ready) - max(asked, released))
        waited = max(0.0, min(self._wanted, asked, ready) - released)
        painted = None if painted is None else max(painted, heard)
        return Stages(
            capture=arrived - captured,
            condition=framed - arrived,
            silence_wait=released - framed,
            token=token,
            connect=max(0.0, ready - released - token - waited),
            queue=written - ready + waited,
            recognise=heard - written,
            render=None if painted is None else painted - heard,
            total=(heard if painted is None else painted) - captured,
        )
