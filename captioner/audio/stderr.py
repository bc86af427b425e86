"""Standard error, shut for the moment in which a C library talks to itself."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class _Shutter:
    """Shuts file descriptor 2 for as long as anybody wants it shut. It is the process's, so there is one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._wanted = 0  # calls under way that want it shut
        self._kept: int | None = None  # where it led

    def shut(self) -> None:
        with self._lock:
            self._wanted += 1
            if self._wanted > 1:
                return
            try:
                kept = os.dup(2)
            except OSError:
                return
            try:
                nowhere = os.open(os.devnull, os.O_WRONLY)
                try:
                    os.dup2(nowhere, 2)
                finally:
                    os.close(nowhere)
            except OSError:
                os.close(kept)
            else:
                self._kept = kept

    def let_go(self) -> None:
        with self._lock:
            self._wanted -= 1
            if not self._wanted:
                self._open()

    def open(self) -> None:
        with self._lock:
            self._open()

    def _open(self) -> None:
        kept, self._kept = self._kept, None
        if kept is not None:
            os.dup2(kept, 2)
            os.close(kept)


_SHUTTER = _Shutter()


@contextmanager
def shut_stderr() -> Iterator[None]:
    """Send what is written to file descriptor 2 nowhere.

    PortAudio, ALSA and libmpg123 print there whatever they stumble upon, from C, where Python cannot reach it; the same
    failure reaches us as a value. It holds for the whole process, so it is meant for the few milliseconds of one call.
    Where there is no standard error (a window without a console on Windows) there is nothing to shut.
    """
    _SHUTTER.shut()
    try:
        yield
    finally:
        _SHUTTER.let_go()


def open_stderr() -> None:
    """Let everybody be heard again, although a call is under way: it hangs, and that is worth a word."""
    _SHUTTER.open()
