"""Standard error, shut for the moment in which a C library talks to itself."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_ONE_AT_A_TIME = threading.RLock()


@contextmanager
def shut_stderr() -> Iterator[None]:
    """Send what is written to file descriptor 2 nowhere.

    PortAudio, ALSA and libmpg123 print there whatever they stumble upon, from C, where Python cannot reach it; the same
    failure reaches us as a value. It holds for the whole process, so it is meant for the few milliseconds of one call.
    Where there is no standard error (a window without a console on Windows) there is nothing to shut.
    """
    with _ONE_AT_A_TIME:
        try:
            kept = os.dup(2)
        except OSError:
            yield
            return
        try:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            try:
                os.dup2(nowhere, 2)
            finally:
                os.close(nowhere)
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)
