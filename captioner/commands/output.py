"""What a command writes: the result to standard output or a file, all else to standard error.

Sink       where the result goes; it survives a full disk and a reader that went away
Printer    updates in, text of the chosen format into the sink, as it happens
Tail       the words that are still changing, grey, on a terminal's last line
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from typing import IO, TYPE_CHECKING, TextIO, assert_never

from captioner.commands.ending import CommandError, ExitCode
from captioner.events import (
    Caption,
    FinalShown,
    Finished,
    GapShown,
    InterimShown,
    Measured,
    StateChanged,
    Update,
    Withdrawn,
)
from captioner.language import Sentences
from captioner.latency.statistics import StageTable, milliseconds
from captioner.transcript import export
from captioner.ui.viewstate import gap_sentence, latency_rows

if TYPE_CHECKING:
    from rich.console import Console


class Format(StrEnum):
    """How the result is written."""

    TEXT = "text"
    JSONL = "jsonl"
    SRT = "srt"
    VTT = "vtt"


# ---------------------------------------------------------------- where it goes


class Sink:
    """Takes the result, piece by piece, each of which is out before `write` returns.

    A file is replaced with the first piece, so a run that fails before it leaves what was there. Where the file cannot
    be written any more, the rest goes to standard output.

    Args:
        path: None is standard output.
        say: the person's language.

    Attributes:
        trouble: what is wrong with the file or with standard output, as a sentence; "" where nothing is.
        gone: standard output takes nothing any more.
    """

    def __init__(self, path: Path | None, say: Sentences) -> None:
        self.trouble = ""
        self.gone = False
        self._path, self._say = path, say
        self._file: IO[str] | None = None
        self._made = self._begun = False

    def open(self) -> None:
        """Make sure that the file can be written.

        Raises:
            CommandError: it cannot.
        """
        if self._path is None:
            return
        try:
            self._made = not self._path.exists()
            self._file = self._path.open("a", encoding="utf-8", newline="\n")
        except (OSError, ValueError) as error:  # ValueError: a name that no file can have
            raise CommandError(ExitCode.BAD_INPUT, self._unwritable(error)) from error

    def write(self, text: str) -> None:
        """Write a piece; nothing is raised, see `trouble` and `gone`."""
        if self._file is not None:
            try:
                self._begin(self._file)
                self._file.write(text)
                self._file.flush()
                return
            except OSError as error:
                self.trouble = self._unwritable(error)
                self._let_go()
        if self.gone or not text:
            return
        try:
            sys.stdout.write(text)
            sys.stdout.flush()
        except (OSError, ValueError) as error:  # ValueError: it is closed
            self.gone = True
            if not is_broken_pipe(error):
                self.trouble = output_sentence(error, self._say)
            drop_output()

    def close(self, *, keep: bool) -> None:
        """Let the file go.

        Args:
            keep: the run has a result, if only an empty one; else a file that was made for it is removed.
        """
        if self._file is not None:
            if keep:
                self.write("")
            self._let_go()
            if not keep and self._made and not self._begun and self._path is not None:
                with suppress(OSError):
                    self._path.unlink()

    def _begin(self, file: IO[str]) -> None:
        if not self._begun:
            self._begun = True
            if self._path is not None and self._path.is_file():  # not a device or a pipe
                file.truncate(0)

    def _let_go(self) -> None:
        file, self._file = self._file, None
        if file is not None:
            with suppress(OSError):  # what could not be flushed is tried again
                file.close()

    def _unwritable(self, error: OSError | ValueError) -> str:
        return self._say("{file} cannot be written: {detail}.", file=self._path, detail=_reason(error))


def is_broken_pipe(error: OSError | ValueError) -> bool:
    """Whether the reader of a pipe went away, as `head` does; Windows calls that an invalid argument."""
    return isinstance(error, BrokenPipeError) or (
        sys.platform == "win32" and isinstance(error, OSError) and error.errno == errno.EINVAL
    )


def drop_output(stream: TextIO | None = None) -> None:
    """Let a stream lead nowhere, so that what it still holds cannot fail once more at the program's end.

    Args:
        stream: None is standard output.
    """
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, (stream or sys.stdout).fileno())
        os.close(nowhere)


_TAKES_NOTHING = frozenset(
    getattr(errno, name) for name in ("ENOSPC", "EDQUOT", "EFBIG", "EIO", "EBADF", "EPIPE") if hasattr(errno, name)
)


def is_output_failure(error: BaseException) -> bool:
    """Whether an error is one of printing: whatever else is written has its errors translated, or names its file."""
    return isinstance(error, OSError) and error.filename is None and error.errno in _TAKES_NOTHING


def output_sentence(error: OSError | ValueError, say: Sentences) -> str:
    """Say that standard output takes nothing, and why."""
    return say("Standard output cannot be written: {detail}.", detail=_reason(error))


def _reason(error: OSError | ValueError) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


def complain(sentence: str, stream: TextIO | None = None) -> None:
    """Write one line to standard error, whatever the sentence holds."""
    line = "".join(each if each.isprintable() else " " for each in sentence)
    stream = stream or sys.stderr
    try:
        stream.write(" ".join(line.split()) + "\n")
        stream.flush()
    except (OSError, ValueError):
        drop_output(stream)


# ---------------------------------------------------------------- what is written


class Printer:
    """Writes updates in one format.

    Args:
        table: the delays of the finals so far, for the summary.
    """

    def __init__(self, format: Format, sink: Sink, table: Callable[[], StageTable], say: Sentences) -> None:
        self._format, self._sink, self._table, self._say = format, sink, table, say
        self._cues = 0
        self._last_ms = 0  # where the last subtitle ends

    def print(self, update: Update) -> None:
        """Write what the format has for an update; mostly nothing."""
        if text := self._text(update):
            self._sink.write(text)

    def _text(self, update: Update) -> str:
        match self._format:
            case Format.TEXT:
                return export.text([update.caption]) if isinstance(update, FinalShown) else ""
            case Format.JSONL:
                line = export.json_line(update, self._latency(update))
                return f"{line}\n" if line else ""
            case Format.SRT | Format.VTT:
                return self._subtitles(update)
            case _:
                assert_never(self._format)

    def _latency(self, update: Update) -> dict[str, object] | None:
        match update:
            case FinalShown():
                return dict(milliseconds(update.stages))
            case Finished():
                return dict(self._table().summary())
            case _:
                return None

    def _subtitles(self, update: Update) -> str:
        item: Caption | GapShown
        match update:
            case FinalShown():
                item = update.caption
            case GapShown():
                item = update
            case Finished():
                return export.VTT_HEAD if self._format is Format.VTT and not self._cues else ""
            case StateChanged() | InterimShown() | Withdrawn() | Measured():
                return ""
            case _:
                assert_never(update)
        text = ""
        for cue in export.cues([item], lambda gap: gap_sentence(gap, self._say), after_ms=self._last_ms):
            self._cues += 1
            self._last_ms = cue.stop_ms
            if self._format is Format.SRT:
                text += ("\n" if self._cues > 1 else "") + export.srt_cue(self._cues, cue)
            else:
                text += f"{export.VTT_HEAD if self._cues == 1 else ''}\n{export.vtt_cue(cue)}"
        return text


# ---------------------------------------------------------------- a person in front of it


def terminal() -> Console:
    """Make the console of standard error; where that is no terminal, it writes plain text."""
    from rich.console import Console

    return Console(stderr=True, highlight=False, markup=False, emoji=False)


class Tail:
    """The live tail on a terminal: what is being said, grey, rewritten in place until it settles.

    Args:
        console: of a terminal, on which nothing else is written while the tail is shown.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._open: dict[int, str] = {}
        self._shown = False

    def before(self, update: Update) -> None:
        """Make room for what is written because of an update."""
        del update
        self._erase()

    def after(self, update: Update) -> None:
        """Show what is open now."""
        match update:
            case InterimShown(caption=caption):
                self._open[caption.utterance] = caption.text
            case FinalShown(caption=caption):
                self._open.pop(caption.utterance, None)
            case Withdrawn():
                self._open.pop(update.utterance, None)
            case Finished():
                self._open.clear()
            case StateChanged() | Measured() | GapShown():
                pass
            case _:
                assert_never(update)
        self._show(" ".join(self._open.values()))

    def say(self, sentence: str) -> None:
        """Write a line of another kind above it."""
        self._erase()
        complain(sentence)
        self._show(" ".join(self._open.values()))

    def _show(self, text: str) -> None:
        from rich.cells import cell_len
        from rich.text import Text

        text = " ".join(text.split())
        room = max(1, self._console.width - 2)
        if cell_len(text) > room:  # the newest words matter, and a second line could not be erased
            while cell_len(text) > room - 1:
                text = text[max(1, (cell_len(text) - room) // 2) :]
            text = f"…{text}"
        if text:
            self._console.print(Text(text, style="bright_black"), end="", soft_wrap=True)
            self._shown = True

    def _erase(self) -> None:
        from rich.control import Control
        from rich.segment import ControlType

        if self._shown:
            self._console.control(Control(ControlType.CARRIAGE_RETURN, (ControlType.ERASE_IN_LINE, 2)))
            self._shown = False


def print_latency(table: StageTable, console: Console, say: Sentences) -> None:
    """Write the latency table: a line for each stage, in milliseconds."""
    from rich import box
    from rich.table import Table

    shown = Table(
        title=say("Latency from the end of speech to the text, in milliseconds"), box=box.SIMPLE, title_style="bold"
    )
    shown.add_column(say("Stage"))
    for heading in ("n", "p50", "p95", say("Maximum")):
        shown.add_column(heading, justify="right", no_wrap=True)
    for row in latency_rows(table, say):
        shown.add_row(row.name, row.n, row.p50, row.p95, row.max, style="bold" if row.stage == "total" else None)
    with suppress(OSError):
        console.print(shown)
