"""The ways of sending: which sound leaves, when, and where an utterance ends.

A mode hears every frame of the lane once, in order, and answers with releases, which the session carries out in order.
It neither knows nor cares whether a connection stands: the session keeps what is released until it is recognised, and
sends it again after a break.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias, assert_never

from captioner.events import Frame
from captioner.settings import Mode


@dataclass(frozen=True, slots=True)
class Send:
    """Sound in `[start, stop)` may leave."""

    start: int
    stop: int


@dataclass(frozen=True, slots=True)
class EndUtterance:
    """The utterance ends at `position`; the service need not wait for silence."""

    position: int


Release: TypeAlias = Send | EndUtterance


class SendingMode(Protocol):
    """What every way of sending has in common."""

    def push(self, frame: Frame) -> Sequence[Release]:
        """Hear the next frame; say what may leave now."""
        ...

    def finish(self) -> Sequence[Release]:
        """The sound has ended; say what is still to leave."""
        ...


class Streaming:
    """Everything leaves at once, silence too: the service ends utterances, and its idle rule is never met."""

    def push(self, frame: Frame) -> Sequence[Release]:
        """Let the frame leave."""
        return (Send(frame.start, frame.stop),)

    def finish(self) -> Sequence[Release]:
        """Nothing was kept back."""
        return ()


def sending(mode: Mode) -> SendingMode:
    """Make the way of sending that the settings name."""
    match mode:
        case Mode.STREAMING:
            return Streaming()
        case _:
            assert_never(mode)
