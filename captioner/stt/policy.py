"""When token and connection are made, and what is done about what goes wrong: how soon again, and for how long.

A break of the network is nobody's fault, and the next attempt comes at once. A signal of the service is an answer to
everybody, perhaps to five hundred desks at once, so they come back spread over time ("full jitter":
https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/).
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Final

from captioner.errors import Fault, FaultKind


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

FATAL: Final = frozenset({FaultKind.CREDENTIALS_MISSING, FaultKind.CREDENTIALS_REFUSED, FaultKind.BAD_REQUEST})
"""No attempt can mend these."""

HOPELESS_AT_FIRST: Final = frozenset({FaultKind.CERTIFICATE, FaultKind.NOT_THE_SERVICE})
"""Before the first connection a command gives these up at once; in a call they may pass (a captive portal)."""

SIGNALS: Final = frozenset({FaultKind.BUSY, FaultKind.QUOTA, FaultKind.SERVICE_DOWN})
"""The service itself asks for patience, perhaps of five hundred desks at once."""

REPLAY_PACE: Final = 4
"""A backlog is sent at this multiple of real time."""

DRAIN: Final = 5.0
"""Seconds that the service's Close after EOS is waited for."""

ABNORMAL: Final = frozenset({1002, 1003, *range(1006, 1015)})
"""Codes of a Close that says that something went wrong: it finishes no session, even after EOS
(https://www.iana.org/assignments/websocket)."""

HEALTHY: Final = 30.0
"""Seconds that a connection must stand before the next break counts as the first."""

QUIET: Final = 120.0
"""Seconds after which a wanted rotation no longer waits for a quiet moment, only for one with no utterance open."""

ABANDONED: Final = 3.0
"""Seconds beyond the longest utterance: about sound as old as that the service says nothing more."""

TOKEN_RETRY: Final = 60.0
"""Seconds between two attempts to renew a token ahead of time."""


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


def retry_delay(random: Random, fault: Fault, failures: int, *, first: bool) -> float:
    """Seconds to the next attempt.

    Args:
        random: uniform in [0, 1).
        fault: why the last attempt failed.
        failures: attempts that failed since the last healthy connection, this one included (≥ 1).
        first: no connection has stood yet in this session.
    """
    doubled = 2.0 ** min(failures - 1, 10)  # an outage of a night makes more attempts than a float has powers of 2
    if fault.kind in SIGNALS:
        longest = 5.0 if first else min(30.0, 15.0 * doubled)
    else:
        longest = 0.3 if failures == 1 else min(2.0, 0.25 * doubled)
    return random.uniform(0.0, longest)
