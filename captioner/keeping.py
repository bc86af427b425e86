"""What a desk keeps on the disk of what was said: where a person wants it, for after a crash, and for finding faults.

Keeping never holds captions up: files are written by threads of their own, the keyring and the folders are asked in the
desk's worker. Where something cannot be kept, captions go on, and the person is told once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final

from captioner import __version__, recording
from captioner.blocks import BlockFile, BlockWriter, create_sealed, prune
from captioner.engine import Engine
from captioner.errors import Fault, FaultKind
from captioner.events import Measured
from captioner.language import Sentences
from captioner.places import recordings_dir, unsaved_dir, write_whole
from captioner.recording import Header, Recorder
from captioner.recovery import KEPT_FOR, Leftover, Session, leftovers
from captioner.saving import Kind, Said, Saved, write
from captioner.ui import viewstate
from captioner.ui.recovered import RecoveredCaptions
from captioner.ui.window import MainWindow
from captioner.worker import Blocking

RECORDINGS: Final = 5
"""Recordings that are kept, the newest."""

LONGEST_RECORDING: Final = 1 << 30
"""Bytes of a recording: some five hours of one microphone."""


class Keeping:
    """Keeps what one desk's lanes say.

    Args:
        window: where it is offered and told.
        spawn: lets something run beside the lane.
        blocking: runs what blocks.
        say: the person's language, as it is now.
        refused: told when there is no keyring, so that nothing can be offered after a crash.
        days: how long recordings are kept, and at most what a crash left behind, as it is set now.

    Attributes:
        refused: that was so.
    """

    def __init__(
        self,
        window: MainWindow,
        spawn: Callable[[Coroutine[Any, Any, None]], None],
        blocking: Blocking,
        *,
        say: Callable[[], Sentences],
        refused: Callable[[], None],
        days: Callable[[], int],
    ) -> None:
        self._days = days
        self._window, self._blocking, self._language, self._tell_refused = window, blocking, say, refused
        self.refused = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._session = Session(unsaved_dir(), self._in_loop(self._session_failed))
        self._recorder: Recorder | None = None
        self._writer: BlockWriter | None = None
        self._engine: Engine | None = None
        self._found: list[Leftover] = []
        self._shown: RecoveredCaptions | None = None
        window.recovered_view_requested.connect(lambda: spawn(self._view()))
        window.recovered_save_requested.connect(lambda kind, path: spawn(self._save_recovered(kind, path)))
        window.recovered_delete_requested.connect(lambda: spawn(self._decided()))
        window.recovered_later_requested.connect(self._put_off)

    # ------------------------------------------------------------ a lane

    def begin(self, started_at: datetime) -> None:
        """A lane begins, at a wall-clock time."""
        self._loop = asyncio.get_running_loop()
        self._session.begin(started_at)

    def add(self, update: Saved) -> None:
        """A final or a gap."""
        self._session.add(update)

    def measure(self, measured: Measured) -> None:
        """The delay of a final is known."""
        self._session.measure(measured)

    def record(self, engine: Engine, started_at: datetime) -> None:
        """Record a lane that has not started yet."""
        pipeline = engine.pipeline
        header = Header(__version__, started_at, pipeline.settings, pipeline.lane)
        self._writer = BlockWriter(
            partial(_begin_recording, recordings_dir(), started_at, self._days()),
            trouble=self._in_loop(self._recording_failed),
            limit=LONGEST_RECORDING,
        )
        self._recorder = engine.recorder = Recorder(self._writer.append, header)
        self._engine = engine
        say = self._language()
        self._window.show_notice(
            say("What is heard is being recorded, encrypted, in {folder}.", folder=recordings_dir())
        )

    async def end_recording(self) -> None:
        """Write what was not written yet, and let the file go."""
        recorder, writer, engine = self._recorder, self._writer, self._engine
        self._recorder = self._writer = self._engine = None
        if recorder is not None and writer is not None and engine is not None:
            engine.recorder = None
            recorder.close()
            await self._blocking(writer.close)

    async def end(self, *, in_order: bool) -> None:
        """The window ends; where it ends `in_order`, nothing is left behind but what it found and nobody decided."""
        await self.end_recording()
        self._put_off()
        await self._blocking(lambda: self._session.close(in_order=in_order))

    # ------------------------------------------------------------ after a crash

    async def find(self) -> None:
        """Look for what was left behind, and offer it; remove what is too old."""
        now = datetime.now().astimezone()
        self._found = await self._blocking(leftovers, unsaved_dir(), now, self._kept_for)
        await self._blocking(_prune, recordings_dir(), now, self._days(), RECORDINGS)
        self.offer()

    @property
    def _kept_for(self) -> timedelta:
        return min(KEPT_FOR, timedelta(days=self._days()))

    async def _save_recovered(self, kind: str, path: Path) -> None:
        if self._found and await self.save(kind, path, self._found[0].lanes):
            await self._decided()

    async def _decided(self) -> None:
        """The offered captions are saved, or not wanted: remove them, and offer the next."""
        if self._found:
            await self._blocking(self._found.pop(0).discard)
        if self._shown is not None:
            self._shown.close()
        self.offer()

    def offer(self) -> None:
        """Offer what was found, in the language that is spoken now; or nothing any more."""
        say = self._language()
        if not self._found:
            self._window.show_recovered("", None)
            return
        left = self._found[0]
        today = datetime.now().astimezone().date()
        day = left.started_at.astimezone()
        text = say(
            "The program ended unexpectedly; its captions of {time} were not saved. They are kept here, encrypted, "
            "until {date}.",
            time=f"{day:%H:%M}" if day.date() == today else f"{day:%Y-%m-%d %H:%M}",
            date=f"{left.left_at.astimezone() + self._kept_for:%Y-%m-%d}",
        )
        self._window.show_recovered(text, left.started_at)

    def _put_off(self) -> None:
        """Leave what was found to the next start."""
        for each in self._found:
            each.release()
        self._found.clear()
        if self._shown is not None:
            self._shown.close()
        self.offer()

    async def _view(self) -> None:
        if not self._found:
            return
        if self._shown is None:
            left = self._found[0]
            said = await self._blocking(lambda: [(each.started_at, each.updates) for each in left.lanes])
            if not self._found or self._found[0] is not left:
                return  # somebody has decided meanwhile
            if self._shown is None:
                self._shown = RecoveredCaptions(said, self._window.captions.font(), self._window)
                self._shown.finished.connect(self._not_shown)
        self._shown.show()
        self._shown.raise_()
        self._shown.activateWindow()

    def _not_shown(self) -> None:
        self._shown = None

    # ------------------------------------------------------------ files that a person asks for

    async def save(self, kind: str, path: Path, lanes: Sequence[Said]) -> bool:
        """Write what lanes said as a file, and say so; return whether that could be done.

        Args:
            kind: a `saving.Kind`.
            path: one that is there is replaced.
            lanes: oldest first.
        """
        say = self._language()
        copies = [each.copy() for each in lanes]
        try:
            await self._blocking(_write, Kind(kind), path, copies, say)
        except OSError as error:
            self._window.show_notice(
                say(
                    "{path} could not be written ({detail}).", path=path, detail=error.strerror or type(error).__name__
                ),
                stays=True,
            )
            return False
        self._window.show_notice(say("Saved: {path}", path=path))
        return True

    # ------------------------------------------------------------ what goes wrong

    def _in_loop(self, call: Callable[[Fault], None]) -> Callable[[Fault], None]:
        """Make what another thread may call; after the loop has ended, nobody is there to hear it."""

        def post(fault: Fault) -> None:
            try:
                if self._loop is not None:
                    self._loop.call_soon_threadsafe(call, fault)
            except RuntimeError:
                pass

        return post

    def _session_failed(self, fault: Fault) -> None:
        if fault.kind is FaultKind.NO_KEYRING:
            self.refused = True
            self._tell_refused()
            return
        say = self._language()
        reason = viewstate.fault_sentence(fault, say)
        self._window.show_notice(say("Captions are not kept for after a crash. {reason}", reason=reason), stays=True)

    def _recording_failed(self, fault: Fault) -> None:
        if self._engine is not None:
            self._engine.recorder = None
        say = self._language()
        self._window.show_notice(viewstate.recording_sentence(str(recordings_dir()), fault, say), stays=True)


def _write(kind: Kind, path: Path, lanes: Sequence[Said], say: Sentences) -> None:
    write_whole(path, write(kind, lanes, lambda gap: viewstate.gap_sentence(gap, say)))


def _begin_recording(folder: Path, now: datetime, days: int) -> BlockFile:
    _prune(folder, now, days, RECORDINGS - 1)
    return create_sealed(folder, recording.KIND, recording.VERSION, now)


def _prune(folder: Path, now: datetime, days: int, keep: int) -> None:
    prune(folder, recording.KIND, keep=keep, since=now - timedelta(days=days))
