"""The five ways as they are made: each a mode of sending and a policy of connecting, and nothing else.

Also which of them may run at the same time: an account has a number of streams that may be open at once
(https://developers.rtzr.ai/docs/en/rate_limit).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from captioner.compare.outcome import Way
from captioner.policy import Policy
from captioner.settings import Mode
from captioner.stt.policy import KEPT_AHEAD, KEPT_LAZY, PER_UTTERANCE, PER_UTTERANCE_FRESH_TOKEN, Connecting

STREAMS: Final = 5
"""Streams that an account may have open at once."""

APART: Final = 0.3
"""Seconds between two waiting ways of a group: more than a token and a connection take."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a way is made of.

    Attributes:
        streams: that it may hold at once: one that is closing, and its successor.
    """

    mode: Mode
    connecting: Connecting
    streams: int


RECIPES: Final[Mapping[Way, Recipe]] = MappingProxyType(
    {
        Way.BASELINE: Recipe(Mode.SILENCE_WAIT, PER_UTTERANCE_FRESH_TOKEN, 2),
        Way.TOKEN_CACHED: Recipe(Mode.SILENCE_WAIT, PER_UTTERANCE, 2),
        Way.CONNECTION_KEPT: Recipe(Mode.SILENCE_WAIT, KEPT_LAZY, 1),
        Way.STREAMING: Recipe(Mode.STREAMING, KEPT_AHEAD, 1),
        Way.STREAMING_FINALIZE: Recipe(Mode.STREAMING_FINALIZE, KEPT_AHEAD, 1),
    }
)


def groups(ways: Iterable[Way], repeat: int = 1) -> tuple[tuple[Way, ...], ...]:
    """Return the ways in groups that may run side by side, in the order in which they run.

    No fewer groups would do, and what all of them hold together is spread over them evenly: ways that make connections
    at the end of the same utterance would wait for each other's work on this computer.

    Args:
        ways: at least one.
        repeat: from 1; every other time the order is turned round, so that none is always the first.
    """
    chosen = list(ways)
    packed: list[list[Way]] = []
    while not packed or len(packed) * STREAMS < _streams(chosen):
        packed.append([])
    for way in sorted(chosen, key=lambda way: -RECIPES[way].streams):  # the largest first, so that all of them fit in
        min(packed, key=_streams).append(way)
    turned = -1 if repeat % 2 == 0 else 1
    in_order = [sorted(group, key=chosen.index) for group in packed]
    return tuple(tuple(group[::turned]) for group in in_order[::turned])


def allowed(policy: Policy) -> tuple[Way, ...]:
    """Return the ways that a company's policy lets through to the service: those that send in a mode it allows."""
    return tuple(way for way in Way if policy.forbids("mode", RECIPES[way].mode) is None)


def offsets(ways: Iterable[Way]) -> Mapping[Way, float]:
    """Return how many seconds after the first one each way of a group hears a recording.

    Ways that wait for the end of an utterance would all begin their work for it at the same moment, and find in each
    other's way what is no property of any: 10 to 20 ms where two ask for a token. Ways that stream work all the time.
    """
    waiting = 0
    found = dict[Way, float]()
    for way in ways:
        found[way] = APART * waiting if way.waits else 0.0
        waiting += way.waits
    return found


def _streams(ways: Iterable[Way]) -> int:
    return sum(RECIPES[way].streams for way in ways)
