"""What the lanes of a window said: kept while the window stands, and written as one file."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import astuple, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, TypeAlias, assert_never

from captioner.events import RATE, Caption, FinalShown, GapShown, LossReason, Measured, Stages, Word
from captioner.latency.statistics import milliseconds
from captioner.transcript import export

Saved: TypeAlias = FinalShown | GapShown


class Kind(StrEnum):
    """The formats."""

    TEXT = "text"
    SRT = "srt"
    VTT = "vtt"
    JSON_LINES = "jsonl"


_BUNDLE: Final = 16
"""Finals and gaps that are packed together: enough to pack well, few enough for a turn of the loop (0.5 ms)."""


class Said:
    """What one lane said: its finals with their delays, and its gaps, in the order of the sound.

    A shift says ten thousand captions, and all of them are kept, so that they can be saved. The newest are kept as they
    are, because their delays are still to come; what is older is packed, into a sixth of its size or less.

    Args:
        started_at: wall-clock time of the lane's first sample.
        updates: what was said so far.
    """

    def __init__(self, started_at: datetime, updates: Iterable[Saved] = ()) -> None:
        self.started_at = started_at
        self._packed: list[bytes] = []  # bundles, oldest first
        self._newest: list[Saved] = []  # fewer than two bundles
        for each in updates:
            self.add(each)

    @property
    def updates(self) -> list[Saved]:
        """All of it, made anew: of ten thousand finals in some tenths of a second, so not in a turn of the loop."""
        return [*(each for bundle in self._packed for each in _unpack(bundle)), *self._newest]

    def add(self, update: Saved) -> None:
        """Keep a final or a gap."""
        self._newest.append(update)
        if len(self._newest) == 2 * _BUNDLE:
            self._packed.append(_pack(self._newest[:_BUNDLE]))
            del self._newest[:_BUNDLE]

    def measure(self, measured: Measured) -> None:
        """The delay of a final is known up to the painted pixel.

        Raises:
            LookupError: there is no such final.
        """
        if _measure(self._newest, measured):
            return
        for index in reversed(range(len(self._packed))):
            bundle = _unpack(self._packed[index])
            if _measure(bundle, measured):
                self._packed[index] = _pack(bundle)
                return
        raise LookupError(f"no final {measured.utterance}")

    def copy(self) -> Said:
        """What was said up to now; what comes later changes nothing in it."""
        result = Said(self.started_at)
        result._packed, result._newest = self._packed.copy(), self._newest.copy()
        return result


def _measure(updates: list[Saved], measured: Measured) -> bool:
    for index in reversed(range(len(updates))):
        update = updates[index]
        if isinstance(update, FinalShown) and update.caption.utterance == measured.utterance:
            updates[index] = replace(update, stages=measured.stages)
            return True
    return False


def _pack(updates: Sequence[Saved]) -> bytes:
    return zlib.compress(json.dumps([plain(each) for each in updates], separators=(",", ":")).encode(), 1)


def _unpack(bundle: bytes) -> list[Saved]:
    return [from_plain(each) for each in json.loads(zlib.decompress(bundle))]


# ---------------------------------------------------------------- plain values


def plain(update: Saved) -> list[object]:
    """Return a final or a gap as plain values, ready for JSON."""
    if isinstance(update, GapShown):
        return ["gap", update.at, update.start, update.stop, update.reason]
    caption = update.caption
    words = [(word.text, word.start, word.stop) for word in caption.words]
    said = (caption.utterance, caption.start, caption.stop, caption.text, words, caption.revision)
    return ["final", update.at, *said, None if update.stages is None else astuple(update.stages)]


def from_plain(values: object) -> Saved:
    """Return the final or the gap that `plain` made these of.

    Raises:
        ValueError, TypeError: it made them of nothing.
    """
    match values:
        case ["gap", float() | int() as at, int(start), int(stop), str(reason)]:
            return GapShown(at, start, stop, LossReason(reason))
        case [
            "final",
            float() | int() as at,
            int(utterance),
            int(start),
            int(stop),
            str(text),
            list(words),
            int(revision),
            stages,
        ]:
            said = tuple(Word(word, begin, end) for word, begin, end in words)
            caption = Caption(utterance, start, stop, text, said, True, False, revision)
            return FinalShown(at, caption, None if stages is None else stages_from_plain(stages))
        case _:
            raise ValueError("neither a final nor a gap")


def stages_from_plain(values: Any) -> Stages:
    """Return the delays of which these are the tuple.

    Raises:
        ValueError, TypeError: they are none.
    """
    match values:
        case [*numbers] if all(number is None or isinstance(number, int | float) for number in numbers):
            return Stages(*numbers)
        case _:
            raise ValueError("no delays")


# ---------------------------------------------------------------- a file


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
