"""What a window's lanes said, kept sealed while the window stands, and found again by the next one after a crash.

A window that ends in order takes its file with it; what is found in the folder and locked by nobody was left behind. A
file begins with the first final, so that nothing is on the disk, and no keyring is asked, where nothing was said. Its
key lies in the system's keyring: without one nothing is kept. What nobody decides about is removed after a week.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Final

from captioner.blocks import BlockReader, BlockWriter, ForeignFile, create_sealed
from captioner.errors import Fault
from captioner.events import FinalShown, Measured
from captioner.saving import Said, Saved, from_plain, plain, stages_from_plain

KIND: Final = "session"
VERSION: Final = 1

KEPT_FOR: Final = timedelta(days=7)
"""How long what was left behind is offered."""


class Session:
    """Keeps what one window's lanes say. Nothing here waits for the disk.

    Args:
        folder: of all sessions; made when it is needed.
        trouble: called once, in another thread, when nothing can be kept any more.
    """

    def __init__(self, folder: Path, trouble: Callable[[Fault], None]) -> None:
        self._folder, self._trouble = folder, trouble
        self._writer: BlockWriter | None = None
        self._early: list[bytes] = []  # what came before the first final

    def begin(self, started_at: datetime) -> None:
        """Another lane begins."""
        self._add(_encoded("lane", started_at.isoformat()))

    def add(self, update: Saved) -> None:
        """Keep a final or a gap of the newest lane."""
        if isinstance(update, FinalShown) and self._writer is None:
            begin = partial(create_sealed, self._folder, KIND, VERSION, datetime.now().astimezone())
            self._writer = BlockWriter(begin, trouble=self._trouble, sync=True)
            for each in self._early:
                self._writer.append(each)
            self._early.clear()
        self._add(_encoded(*plain(update)))

    def measure(self, measured: Measured) -> None:
        """The delay of a final is known up to the painted pixel."""
        self._add(_encoded("measured", measured.at, measured.utterance, astuple(measured.stages)))

    def close(self, *, in_order: bool) -> None:
        """End; where it is `in_order`, nothing of it is left behind. It may take its time."""
        if self._writer is not None:
            self._writer.close(discard=in_order)

    def _add(self, payload: bytes) -> None:
        if self._writer is None:
            self._early.append(payload)
        else:
            self._writer.append(payload)


@dataclass(frozen=True, slots=True)
class Leftover:
    """What a window said that did not end in order. It is locked until it is released or discarded.

    Attributes:
        lanes: oldest first; at least one final is in them.
        left_at: wall-clock time of the last thing said.
    """

    lanes: Sequence[Said]
    left_at: datetime
    file: BlockReader

    @property
    def started_at(self) -> datetime:
        """Wall-clock time of the first lane's first sample."""
        return self.lanes[0].started_at

    def discard(self) -> None:
        """Remove it and its key, for good."""
        self.file.discard()

    def release(self) -> None:
        """Leave it where it is, to be found again."""
        self.file.close()


def leftovers(folder: Path, now: datetime, kept_for: timedelta = KEPT_FOR) -> list[Leftover]:
    """Find what was left behind, oldest first; what is too old or holds nothing is removed. It may take its time.

    Args:
        folder: of all sessions.
        now: wall-clock time, with its zone.
        kept_for: what is older is removed.
    """
    found = list[Leftover]()
    for path in _files(folder):
        try:
            left_at = datetime.fromtimestamp(path.stat().st_mtime, now.tzinfo)
            file = BlockReader(path, hold=True)
        except (OSError, ForeignFile):
            continue  # a window that still stands, or none of ours
        if file.kind != KIND or file.version != VERSION:
            file.close()
        elif now - left_at > kept_for:
            file.discard()
        elif not file.unlock():
            file.close()  # the keyring may be open the next time
        else:
            lanes = _read(file)
            if lanes:
                found.append(Leftover(lanes, left_at, file))
            else:
                file.discard()
    return found


def _files(folder: Path) -> list[Path]:
    try:
        return sorted(folder.glob(f"*.{KIND}"))
    except OSError:
        return []


# ---------------------------------------------------------------- values and bytes


def _encoded(*parts: object) -> bytes:
    return json.dumps(parts, separators=(",", ":")).encode()


def _read(file: BlockReader) -> list[Said]:
    """Read what was said, as far as it is whole; lanes without a final are left out."""
    lanes = list[Said]()
    try:
        for payload in file.payloads():
            _take(lanes, json.loads(payload))
    except (OSError, ValueError, TypeError, LookupError, RecursionError):
        pass  # what came before it is good
    return [lane for lane in lanes if any(isinstance(each, FinalShown) for each in lane.updates)]


def _take(lanes: list[Said], parts: object) -> None:
    match parts:
        case ["lane", str(started_at)]:
            lanes.append(Said(datetime.fromisoformat(started_at)))
        case ["measured", float(at), int(utterance), list(stages)]:
            lanes[-1].measure(Measured(at, utterance, stages_from_plain(stages)))
        case _:
            lanes[-1].add(from_plain(parts))
