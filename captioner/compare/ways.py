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
from captioner.settings import Mode
from captioner.stt.policy import KEPT_AHEAD, KEPT_LAZY, PER_UTTERANCE, PER_UTTERANCE_FRESH_TOKEN, Connecting

STREAMS: Final = 5
"""Streams that an account may have open at once."""


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

    Args:
        ways: at least one.
        repeat: from 1; every other time the order is turned round, so that none is always the first.
    """
    packed = list[list[Way]]()
    room = 0
    for way in ways:
        needed = RECIPES[way].streams
        if needed > room:
            packed.append([])
            room = STREAMS
        packed[-1].append(way)
        room -= needed
    turned = -1 if repeat % 2 == 0 else 1
    return tuple(tuple(group[::turned]) for group in packed[::turned])
