"""How long this computer has slept.

Every system has a clock that goes on while the computer sleeps and one that does not; what lies between them is time
slept, and neither a corrected wall clock nor a busy processor changes it.

    Linux     CLOCK_BOOTTIME − CLOCK_MONOTONIC          (https://man7.org/linux/man-pages/man2/clock_gettime.2.html)
    macOS     CLOCK_MONOTONIC − CLOCK_UPTIME_RAW        (clock_gettime(3) of macOS)
    Windows   GetTickCount64 − QueryUnbiasedInterruptTime
              (https://learn.microsoft.com/windows/win32/sysinfo/interrupt-time)

macOS and Windows are untried.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Final

CLOCK_STOPS: Final = sys.platform != "win32"
"""Whether `time.perf_counter()` stands still while the computer sleeps: it does on Linux and macOS."""

SLEPT: Final = 1.0
"""Seconds that count as having slept; the clocks are read one after the other, and Windows' tick is 16 ms."""

STOOD_STILL: Final = 5.0
"""Seconds without a look at the clock that a process cannot have lived through: a lane looks every second at least."""


class Lived:
    """A clock of what this process lives through: while it is stopped (or sleeps), nothing passes.

    For sound that waits, as a file's does: it goes on where it stood, at its own pace, and no delay holds the pause. A
    microphone's sound does not wait.

    Args:
        clock: seconds that only grow.
    """

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock = clock
        self._last, self._left_out = clock(), 0.0

    def __call__(self) -> float:
        """Return the seconds."""
        now = self._clock()
        if now - self._last >= STOOD_STILL:
            self._left_out += now - self._last
        self._last = now
        return now - self._left_out


def awake() -> float:
    """Return no seconds of sleep: for sound that waits while the computer sleeps."""
    return 0.0


if sys.platform == "win32":

    def slept() -> float:
        """Return the seconds that this computer has slept since it was started."""
        import ctypes

        awake = ctypes.c_ulonglong()
        kernel = ctypes.WinDLL("kernel32")
        kernel.GetTickCount64.restype = ctypes.c_ulonglong
        kernel.QueryUnbiasedInterruptTime(ctypes.byref(awake))
        return float(kernel.GetTickCount64() / 1e3 - awake.value / 1e7)

elif sys.platform == "darwin":

    def slept() -> float:
        """Return the seconds that this computer has slept since it was started."""
        return time.clock_gettime(time.CLOCK_MONOTONIC) - time.clock_gettime(time.CLOCK_UPTIME_RAW)

else:

    def slept() -> float:
        """Return the seconds that this computer has slept since it was started."""
        return time.clock_gettime(time.CLOCK_BOOTTIME) - time.clock_gettime(time.CLOCK_MONOTONIC)
