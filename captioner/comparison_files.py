"""The files of a comparison: chosen one by one, looked at, and heard once before the ways hear them.

What is wrong with a file is said beside its name, and the others go on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from captioner.audio.wav import open_sound
from captioner.compare.outcome import Reference
from captioner.compare.reference import read_reference, references_for
from captioner.compare.takes import Take, listen
from captioner.errors import FaultError
from captioner.language import Sentences
from captioner.places import FileProblem
from captioner.settings import Settings
from captioner.ui.comparison_view import ChosenFile, Plan
from captioner.worker import Blocking

_REFERENCES: Final = (".txt", ".json", ".jsonl", ".srt")


class ComparisonFiles:
    """The list of files.

    Args:
        say: the person's language, now.
        blocking: runs what reads files.
        notice: says something for a few seconds.
        changed: is told that the list is another one.
        spawn: lets something run beside the rest.

    Attributes:
        chosen: in the order in which they were chosen.
    """

    def __init__(
        self,
        *,
        say: Callable[[], Sentences],
        blocking: Blocking,
        notice: Callable[[str], None],
        changed: Callable[[], None],
        spawn: Callable[[Coroutine[Any, Any, None]], None],
    ) -> None:
        self.chosen: tuple[ChosenFile, ...] = ()
        self._say, self._blocking, self._notice = say, blocking, notice
        self._changed, self._spawn = changed, spawn

    @property
    def scripts(self) -> Mapping[Path, Path]:
        """The references' files, by their recordings'."""
        return {each.path: each.reference for each in self.chosen if each.reference is not None}

    def add(self, paths: Sequence[Path]) -> None:
        """Take recordings, and references that are named like one of them, or one for each of them in their order."""
        say, known = self._say(), {each.path.resolve() for each in self.chosen}
        references = [path for path in paths if path.suffix.lower() in _REFERENCES]
        for path in paths:
            if path in references:
                continue
            if path.resolve() in known:
                self._notice(say("{name} is in the list already.", name=path.name))
                continue
            known.add(path.resolve())
            self.chosen += (ChosenFile(path),)
            self._spawn(self._look_at(path))
        if references:
            self._add_references(references)
        self._changed()

    def remove(self, row: int) -> None:
        """Take a file out of the list."""
        if 0 <= row < len(self.chosen):
            self.chosen = (*self.chosen[:row], *self.chosen[row + 1 :])
            self._changed()

    def choose_reference(self, row: int, path: Path | None) -> None:
        """Give a file another reference, or none."""
        if 0 <= row < len(self.chosen):
            recording = self.chosen[row].path
            self._know(recording, reference=path, problem=None)
            if path is not None:
                self._spawn(self._look_at_reference(recording, path))

    async def listen(self, plan: Plan, settings: Settings, begins: Callable[[str], None]) -> tuple[Take, ...]:
        """Hear every file once, to find its utterances; what cannot be used any more is left out.

        Args:
            plan: tells whether each channel is heard by itself.
            settings: those of the comparison.
            begins: is told the name of each file when its turn comes.
        """
        takes = list[Take]()
        names = Counter(each.path.name for each in self.chosen)
        for file in self.chosen:
            if not file.usable:
                continue
            path = file.path
            begins(path.name)
            reference = None if file.reference is None else await self._read(path, file.reference)
            name = path.name if names[path.name] == 1 else str(path)
            split = range(1, file.channels + 1) if plan.per_channel and file.channels > 1 else [None]
            try:
                mine = [
                    await listen(path, name, channel, reference, silence=settings.silence, masked=settings.mask_numbers)
                    for channel in split
                ]
            except FaultError as error:
                self._know(path, fault=error.fault)
                continue
            self._know(path, silent=not any(take.recording.anchors for take in mine))
            takes += mine
        return tuple(takes)

    def _add_references(self, references: Sequence[Path]) -> None:
        found = references_for([each.path for each in self.chosen], references)
        if isinstance(found, FileProblem):
            say = self._say()
            self._notice(say(found.sentence, **found.values))
            return
        for row, path in enumerate(found):
            if path is not None:
                self.choose_reference(row, path)

    async def _look_at(self, path: Path) -> None:
        """Find out whether a file can be heard."""
        try:
            channels, seconds = await self._blocking(_look, path)
            self._know(path, channels=channels, seconds=seconds)
        except FaultError as error:
            self._know(path, fault=error.fault)

    async def _look_at_reference(self, recording: Path, path: Path) -> None:
        await self._read(recording, path)

    async def _read(self, recording: Path, path: Path) -> Reference | None:
        """Read a reference; where it cannot be used, say so beside its recording."""
        read: Reference | FileProblem = await self._blocking(read_reference, path)
        problem = read if isinstance(read, FileProblem) else None
        if (recording, path) in self.scripts.items():  # it may be another one by now
            self._know(recording, problem=problem)
        return None if isinstance(read, FileProblem) else read

    def _know(self, path: Path, **facts: Any) -> None:
        self.chosen = tuple(replace(each, **facts) if each.path == path else each for each in self.chosen)
        self._changed()


def _look(path: Path) -> tuple[int, float]:
    """Return a file's channels and seconds.

    Raises:
        FaultError: it cannot be heard.
    """
    sound = open_sound(path)
    sound.close()
    return sound.channels, sound.seconds
