"""When token and connection are made, and what is done about what goes wrong: how soon again, and for how long.

A break of the network is nobody's fault, and the next attempt comes at once. A signal of the service is an answer to
everybody, perhaps to five hundred desks at once, so they come back spread over time ("full jitter":
https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from random import Random
from typing import Final

from captioner.errors import Fault, FaultKind
from captioner.events import RATE


@dataclass(frozen=True, slots=True)
class Connecting:
    """When a lane makes token and connection.

    Attributes:
        ahead: before the first sound; else when the first sound is released.
        per_utterance: each utterance has a connection of its own, which `EOS` ends; the next one is made when sound is
            released and the last one is closed.
        fresh_token: each connection has a token of its own.
    """

    ahead: bool = True
    per_utterance: bool = False
    fresh_token: bool = False


KEPT_AHEAD: Final = Connecting()
KEPT_LAZY: Final = Connecting(ahead=False)
PER_UTTERANCE: Final = Connecting(ahead=False, per_utterance=True)
PER_UTTERANCE_FRESH_TOKEN: Final = Connecting(ahead=False, per_utterance=True, fresh_token=True)

FATAL: Final = frozenset(
    {
        FaultKind.CREDENTIALS_MISSING,
        FaultKind.CREDENTIALS_REFUSED,
        FaultKind.DESK_KEY_MISSING,
        FaultKind.DESK_KEY_REFUSED,
        FaultKind.DESK_TOKEN_REFUSED,
        FaultKind.BAD_REQUEST,
    }
)
"""No attempt can mend these."""

TOKEN_REFUSALS: Final = frozenset({FaultKind.TOKEN_EXPIRED, FaultKind.DESK_TOKEN_REFUSED})
"""At a handshake, each is worth one new token."""

HOPELESS_AT_FIRST: Final = frozenset({FaultKind.CERTIFICATE, FaultKind.NOT_THE_SERVICE})
"""Before the first connection a command gives these up at once; in a call they may pass (a captive portal)."""

SIGNALS: Final = frozenset({FaultKind.BUSY, FaultKind.QUOTA, FaultKind.SERVICE_DOWN, FaultKind.TOKEN_SERVICE})
"""The service itself asks for patience, perhaps of five hundred desks at once."""

REPLAY_PACE: Final = 4
"""A backlog is sent at this multiple of real time."""

DRAIN: Final = 5.0
"""Seconds that the service's Close after EOS is waited for."""

ABNORMAL: Final = frozenset({1002, 1003, *range(1006, 1015)})
"""Codes of a Close that says that something went wrong: it finishes no session, even after EOS
(https://www.iana.org/assignments/websocket)."""

ENDS: Final = 3
"""Sessions that got all of the sound and EOS, and ended without an ordinary Close though nothing was open, or by one
though an utterance was: so this service ends them, and nothing more will come of a fourth. The documents name neither
the code of its Close nor all that comes before it."""

LAST_CHANCE: Final = 0.5
"""Seconds before trying ends at which there is one more attempt: an outage of just that length loses nothing."""

HEALTHY: Final = 30.0
"""Seconds that a connection must stand before the next break counts as the first."""

QUIET: Final = 120.0
"""Seconds after which a wanted rotation no longer waits for a quiet moment, only for one with no utterance open."""

ABANDONED: Final = 3.0
"""Seconds beyond the longest utterance: about sound as old as that the service says nothing more."""

UNANSWERED: Final = 7.5
"""Seconds that a service that gives interims may have speech without a word about it: its interims come every second,
and a stall of five seconds is none of our business. One that gives none yet has as long as the longest utterance."""

LONGEST_DOUBT: Final = 30.0
"""The same, at most, where it was waited for longer and longer in vain: so much is kept beside what an outage needs."""

LISTEN_EVERY: Final = 1.0
"""Seconds between two looks at what the service says nothing about: in a quiet room that goes on all day."""

ASKED: Final = 3.0
"""Seconds in which a service that is there answers the EOS by which it is asked whether it is: it takes one at most."""

CUT: Final = 2 * RATE
"""Samples before such an EOS of which nothing is concluded: it does not wait for the end of a word."""

BEGUN: Final = RATE // 2
"""Samples before an EOS in a pause of which nothing is concluded: somebody may just have begun to speak. Our ears are
certain of that 0.31 s later at most (`audio.endpointing.LOOK_BACK`)."""

TOKEN_RETRY: Final = 60.0
"""Seconds between two attempts to renew a token ahead of time."""

SOON: Final = 0.3
"""Seconds after a break within which the first attempt comes."""

LONGEST_BREAK: Final = 2.0
"""Seconds between two attempts, at most, where the network is broken."""

FIRST_SIGNAL: Final = 5.0
"""Seconds within which a service that cannot is asked again before the first connection."""

FIRST_TURN: Final = 15.0
"""Seconds over which everybody's first attempt after a signal of the service is spread."""

LATER_TURNS: Final = 30.0
"""The same for later attempts, at most."""

IN_TIME: Final = 2.0
"""Seconds before sound would be lost at which the last attempt in time comes: a token and a handshake take a while."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a command tries; a window tries as long as the person lets it (infinity).

    Attributes:
        unreachable: seconds without a first connection, where nothing can be reached.
        service: the same, where the service answers that it cannot.
        tail: seconds after the sound's end, while no connection stands and some of it is not recognised.
    """

    unreachable: float = 10.0
    service: float = 30.0
    tail: float = 60.0


class Retries:
    """How soon the next attempt comes, in the light of those before it.

    A break of the network is tried again at once, then with full jitter: anywhere between now and a limit that doubles;
    an attempt to which nobody answered was a pause itself.

    A signal of the service is heard by everybody in the same second. With full jitter alone, second and third attempts
    would come on top of the first ones of others, and the sum is more than a service that is ill should get. So
    everybody takes turns: the first attempt lies anywhere in a turn of 15 s, the later ones in turns of up to 30 s, and
    who was early in one turn waits its rest out before the next begins. `captioner bench herd` counts what comes of it.
    """

    def __init__(self, random: Random) -> None:
        self._random = random
        self.failed = False
        self._breaks = self._signals = 0
        self._turn = self._waited = 0.0  # of the last signal: the turn's length, and when in it the attempt came
        self._hurried = False

    def forget(self) -> None:
        """A connection is healthy: the next failure is the first again."""
        self.failed = self._hurried = False
        self._breaks = self._signals = 0

    def after(self, fault: Fault, *, first: bool, room: float = math.inf, took: float = 0.0) -> float:
        """Return the seconds to the next attempt.

        Args:
            fault: why the last one failed.
            first: no connection has stood yet in this session, so that nobody in a call waits with us.
            room: seconds of sound that can still be kept. Once in an outage an attempt that would come too late for
                what was said comes before that.
            took: seconds until the last one failed. Nobody answered one that took longer than a pause would: it has
                paused already, and while nobody knocks nobody hears that the network is back.
        """
        self.failed = True
        if fault.kind not in SIGNALS:
            self._breaks += 1
            # an outage of a night makes more attempts than a float has powers of 2
            doubled = 0.25 * 2.0 ** min(self._breaks - 1, 10)
            soon = self._breaks == 1 or took >= LONGEST_BREAK
            return self._random.uniform(0.0, SOON if soon else min(LONGEST_BREAK, doubled))
        if first:
            return self._random.uniform(0.0, FIRST_SIGNAL)
        rest = max(0.0, self._turn - self._waited) if self._signals else 0.0
        self._turn = LATER_TURNS if self._signals else FIRST_TURN
        self._signals += 1
        self._waited = self._random.uniform(min(rest, self._turn), self._turn)
        if self._waited > room - IN_TIME > 0 and not self._hurried:
            self._hurried = True
            self._waited = self._random.uniform(0.0, room - IN_TIME)
        return self._waited
