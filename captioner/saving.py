"""What the lanes of a window said, as one file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias, assert_never

from captioner.events import RATE, FinalShown, GapShown, Measured
from captioner.latency.statistics import milliseconds
from captioner.transcript import export

Saved: TypeAlias = FinalShown | GapShown


class Kind(StrEnum):
    """The formats."""

    TEXT = "text"
    SRT = "srt"
    VTT = "vtt"
    JSON_LINES = "jsonl"


@dataclass(slots=True)
class Said:
    """What one lane said: its finals with their delays, and its gaps, in the order of the sound.

    Attributes:
        started_at: wall-clock time of the lane's first sample.
    """

    started_at: datetime
    updates: list[Saved] = field(default_factory=list)
    _finals: dict[int, int] = field(default_factory=dict)  # utterance → its index

    def add(self, update: Saved) -> None:
        """Keep a final or a gap."""
        if isinstance(update, FinalShown):
            self._finals[update.caption.utterance] = len(self.updates)
        self.updates.append(update)

    def measure(self, measured: Measured) -> None:
        """The delay of a final is known up to the painted pixel."""
        index = self._finals[measured.utterance]
        final = self.updates[index]
        assert isinstance(final, FinalShown)
        self.updates[index] = replace(final, stages=measured.stages)


def write(kind: Kind, lanes: Sequence[Said], gap: Callable[[GapShown], str]) -> str:
    """Return a file's text. Later lanes are shifted by how much later they began.

    Args:
        kind: the format.
        lanes: oldest first.
        gap: puts a gap into words.
    """
    said: list[Saved] = []
    for lane in lanes:
        seconds = (lane.started_at - lanes[0].started_at).total_seconds()
        said += [_shifted(update, seconds) for update in lane.updates]
    items = [each.caption if isinstance(each, FinalShown) else each for each in said]
    match kind:
        case Kind.TEXT:
            return export.text(items, gap)
        case Kind.SRT:
            return export.srt(items, gap)
        case Kind.VTT:
            return export.vtt(items, gap)
        case Kind.JSON_LINES:
            lines = (
                export.json_line(each, milliseconds(each.stages) if isinstance(each, FinalShown) else None)
                for each in said
            )
            return "".join(f"{line}\n" for line in lines)
        case _:
            assert_never(kind)


def _shifted(update: Saved, seconds: float) -> Saved:
    samples = round(seconds * RATE)
    if isinstance(update, GapShown):
        return replace(update, at=update.at + seconds, start=update.start + samples, stop=update.stop + samples)
    caption = update.caption
    words = tuple(replace(word, start=word.start + samples, stop=word.stop + samples) for word in caption.words)
    moved = replace(caption, start=caption.start + samples, stop=caption.stop + samples, words=words)
    return replace(update, at=update.at + seconds, caption=moved)
