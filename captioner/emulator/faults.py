"""Faults that the emulator is told to have, and when they happen.

A fault is written ``NAME[:ARGUMENT][xCOUNT][@START[+LENGTH]]``, times as ``12s`` or ``800ms``. START counts from the
reply to the first accepted handshake. Events happen once at START, or with a COUNT at START, 2 START, 3 START and so
on; without START at once. Conditions hold from START for LENGTH, without START from the very beginning, without LENGTH
to the end, or until they have happened COUNT times.

===================  =========  ==================================================================================
drop                 event      every open connection is reset (TCP RST)
blackhole            event      nothing is read, sent or answered any more; with LENGTH, on new connections too
close:CODE           event      every open connection is closed; 1006 is an end without a close frame
error-object         event      an error object inside the stream, then the close that the profile says
expire-token         event      every token issued so far is refused from now on
outage               event      connections are reset, and for LENGTH (10 s) the port refuses connections
refuse:STATUS        condition  handshakes are refused
refuse-token:STATUS  condition  token requests are refused
slow:DELAY           condition  everything the service says comes later by DELAY
stall                condition  audio is taken, pings are answered, but nothing is said; afterwards it all comes
garbage              condition  a text that is not JSON comes before each result
empty                condition  results with no alternative and with an empty text come before each result
duplicate-final      condition  finals come twice
reorder              condition  an interim result changes places with the message after it
unknown-keys         condition  results carry keys that no document mentions
chaos:SEED           events     a random sequence of the others, LENGTH (60 s) long, the same for the same seed
===================  =========  ==================================================================================
"""

from __future__ import annotations

import math
import re
from collections.abc import Container, Iterable
from dataclasses import dataclass, replace
from http import HTTPStatus
from random import Random
from typing import Final

_EVENTS: Final = frozenset({"drop", "blackhole", "close", "error-object", "expire-token", "outage"})
_CONDITIONS: Final = frozenset(
    {"refuse", "refuse-token", "slow", "stall", "garbage", "empty", "duplicate-final", "reorder", "unknown-keys"}
)
_WITH_LENGTH: Final = _CONDITIONS | {"blackhole", "outage", "chaos"}
_WITHOUT_COUNT: Final = frozenset({"slow", "stall", "chaos"})
NAMES: Final = tuple(sorted(_EVENTS | _CONDITIONS | {"chaos"}))
"""The faults there are."""

# 1006 is never sent: it stands for an end without a close frame. https://www.iana.org/assignments/websocket
_CLOSE_CODES: Final = frozenset({1000, 1001, 1002, 1003, *range(1006, 1015), *range(3000, 5000)})
_STATUSES: Final = frozenset(status.value for status in HTTPStatus if status >= 400)

_GRAMMAR: Final = re.compile(r"([a-z]+(?:-[a-z]+)*?)(?::([^@x+]*))?(?:x([0-9]+))?(?:@([^@+]*)(?:\+([^@+]*))?)?")
_DURATION: Final = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ms|s)")


class FaultError(Exception):
    """A fault is not written as it should be; the text says how in one sentence."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault.

    Attributes:
        name: One of `NAMES`.
        value: Its argument: a close code, an HTTP status, a seed, or a delay in seconds; 0 where it takes none.
        count: How many times; None without limit for a condition, once for an event.
        start: Seconds after the first accepted handshake; None where none is given.
        length: Seconds; None where none is given.
    """

    name: str
    value: float = 0
    count: int | None = None
    start: float | None = None
    length: float | None = None


def parse_fault(text: str) -> Fault:
    """Read one fault; the module's docstring has the grammar.

    Raises:
        FaultError: It is not written that way.
    """
    match = _GRAMMAR.fullmatch(text.strip())
    if match is None:
        raise FaultError(f"{text!r} is not a fault; write NAME[:ARGUMENT][xCOUNT][@START[+LENGTH]], like drop@12s.")
    name, argument, count, start, length = match.groups()
    if name not in NAMES:
        raise FaultError(f"There is no fault {name!r}; there are {', '.join(NAMES)}.")
    if count is not None and (name in _WITHOUT_COUNT or int(count) == 0):
        wrong = f"{name} takes no count" if int(count) else "the count must be at least 1"
        raise FaultError(f"{text!r}: {wrong}.")
    if length is not None and name not in _WITH_LENGTH:
        raise FaultError(f"{text!r}: {name} takes no length.")
    return Fault(
        name,
        _argument(text, name, argument),
        None if count is None else int(count),
        None if start is None else _seconds(text, start),
        None if length is None else _seconds(text, length),
    )


def _seconds(text: str, duration: str) -> float:
    match = _DURATION.fullmatch(duration)
    if match is None:
        raise FaultError(f"{text!r}: {duration!r} is not a time; write seconds as 12s or 1.5s, or 800ms.")
    return float(match[1]) / (1000 if match[2] == "ms" else 1)


def _argument(text: str, name: str, argument: str | None) -> float:
    match name:
        case "slow":
            if argument is None:
                raise FaultError(f"{text!r}: slow needs a delay, like slow:800ms.")
            return _seconds(text, argument)
        case "close":
            return _one_of(text, "1011" if argument is None else argument, _CLOSE_CODES, "a close code")
        case "refuse" | "refuse-token":
            return _one_of(text, "503" if argument is None else argument, _STATUSES, "an HTTP status of an error")
        case "chaos":
            if argument is None:
                raise FaultError(f"{text!r}: chaos needs a seed, like chaos:42.")
            return _one_of(text, argument, range(2**53), "a whole number")
        case _:
            if argument is not None:
                raise FaultError(f"{text!r}: {name} takes no argument.")
            return 0


def _one_of(text: str, argument: str, allowed: Container[int], what: str) -> int:
    if not re.fullmatch("[0-9]{1,16}", argument) or int(argument) not in allowed:
        raise FaultError(f"{text!r}: {argument!r} is not {what}.")
    return int(argument)


def expand_chaos(fault: Fault) -> list[Fault]:
    """Return the faults that a ``chaos`` stands for: none that no client could recover from."""
    random = Random(int(fault.value))
    begin = fault.start or 0.0
    end = begin + (60.0 if fault.length is None else fault.length)
    faults: list[Fault] = []
    at = begin + random.uniform(1.0, 6.0)
    while at < end:
        left = end - at
        start = round(at, 3)
        length = round(min(random.uniform(0.5, 8.0), left), 3)
        name = random.choice([*sorted(_EVENTS), *sorted(_CONDITIONS)])
        fault = Fault(name, start=start, length=length if name in _WITH_LENGTH and name != "blackhole" else None)
        match name:
            case "close":
                fault = replace(fault, value=random.choice((1000, 1001, 1006, 1011, 1012)))
            case "refuse" | "refuse-token":
                fault = replace(fault, value=random.choice((500, 503)), count=random.randint(1, 2), length=None)
                # A refusal is only seen by who connects.
                faults.append(Fault("drop", start=start))
            case "slow":
                fault = replace(fault, value=round(random.uniform(0.1, 0.8), 3))
            case _:
                pass
        faults.append(fault)
        at += random.uniform(3.0, 10.0)
    return faults


class FaultSchedule:
    """What is wrong at a moment; times are seconds of the caller's clock."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        """Take the faults; START is not known before `begin`."""
        self._faults: list[Fault] = []
        for fault in faults:
            self._faults += expand_chaos(fault) if fault.name == "chaos" else [fault]
        self._left = [math.inf if fault.count is None else fault.count for fault in self._faults]
        self._origin: float | None = None
        self._events: list[tuple[float, Fault]] = []

    def begin(self, now: float) -> None:
        """The first handshake was accepted; later calls change nothing."""
        if self._origin is not None:
            return
        self._origin = now
        for fault in self._faults:
            if fault.name in _EVENTS:
                start = fault.start or 0.0
                self._events += [(now + start * turn, fault) for turn in range(1, (fault.count or 1) + 1)]
        self._events.sort(key=lambda event: event[0])

    @property
    def deadline(self) -> float | None:
        """When the next event happens."""
        return self._events[0][0] if self._events else None

    def due(self, now: float) -> list[Fault]:
        """Return the events that have come, each once."""
        come = [fault for at, fault in self._events if at <= now]
        self._events = [(at, fault) for at, fault in self._events if at > now]
        return come

    def happens(self, name: str, now: float) -> Fault | None:
        """Return the condition that holds now, counting that it has happened once more; else None."""
        for index, fault in enumerate(self._faults):
            if fault.name == name and self._left[index] > 0 and self._holds(fault, now):
                self._left[index] -= 1
                return fault
        return None

    def delay(self, now: float) -> float:
        """Return by how much the service is slow now."""
        return sum(fault.value for fault in self._faults if fault.name == "slow" and self._holds(fault, now))

    def stalled_until(self, now: float) -> float | None:
        """Return when the service speaks again (infinity: never), or None where it is not stalled."""
        ends = [self._end(fault) for fault in self._faults if fault.name == "stall" and self._holds(fault, now)]
        return max(ends, default=None)

    def _end(self, fault: Fault) -> float:
        if fault.length is None:
            return math.inf
        if self._origin is None:
            # A length without a beginning is counted once there is one.
            return math.inf
        return self._origin + (fault.start or 0.0) + fault.length

    def _holds(self, fault: Fault, now: float) -> bool:
        if self._origin is None:
            return fault.start is None
        return self._origin + (fault.start or 0.0) <= now < self._end(fault)
