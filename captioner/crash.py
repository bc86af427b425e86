"""Notes that a crash leaves behind: where it happened, and nothing of what was said.

An exception's message may quote what it choked on, and local variables hold captions; neither is written. A note holds
the time, the versions, the exception's type, and the lines of code that led there.
"""

from __future__ import annotations

import faulthandler
import platform
import sys
import traceback
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import IO


class CrashNotes:
    """Writes a note for every exception that nobody handled, and for crashes below Python.

    Args:
        folder: made when the first note is written.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.written = 0
        self._native: IO[str] | None = None

    def install(self) -> None:
        """Become the process's handler of unhandled exceptions and of fatal signals."""
        sys.excepthook = self._unhandled
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._native = (self.folder / "native.txt").open("a", encoding="utf-8")
            faulthandler.enable(self._native)
        except OSError:
            pass  # no notes, then; the program goes on

    def close(self) -> None:
        """Hand the hooks back."""
        sys.excepthook = sys.__excepthook__
        if self._native is not None:
            faulthandler.disable()
            self._native.close()
            self._native = None

    def note(self, error: BaseException) -> Path | None:
        """Write a note; None where that is not possible, or where there are many already."""
        self.written += 1
        if self.written > 20:
            return None
        now = datetime.now(UTC)
        path = self.folder / f"{now:%Y%m%d-%H%M%S}-{self.written}.txt"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            path.write_text(f"{now:%Y-%m-%d %H:%M:%S} UTC\n{describe(error)}", encoding="utf-8")
        except OSError:
            return None
        return path

    def _unhandled(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            return
        self.note(error.with_traceback(trace))


def describe(error: BaseException) -> str:
    """Say what happened and where, without a word of what the program was handling.

    Returns:
        Versions, then for the exception and each of its causes its type and the lines of code, innermost last.
    """
    from captioner import __version__

    lines = [f"captioner {__version__}, Python {platform.python_version()}, {platform.platform()}"]
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        lines.append(f"{type(current).__module__}.{type(current).__qualname__}")
        for frame in traceback.extract_tb(current.__traceback__):
            lines.append(f"  {Path(frame.filename).name}:{frame.lineno} in {frame.name}")
        current = current.__cause__ or current.__context__
    return "\n".join(lines) + "\n"
