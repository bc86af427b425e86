"""What a process used: processor seconds and memory, by the operating system's own account."""

from __future__ import annotations

import sys


def usage() -> tuple[float, float]:
    """Return this process's processor seconds (user and system) and its largest resident memory in MB.

    Raises:
        OSError: the operating system does not tell.
    """
    if sys.platform == "win32":
        raise OSError("Windows keeps no such account for a process itself")
    import resource

    used = resource.getrusage(resource.RUSAGE_SELF)
    scale = 1e6 if sys.platform == "darwin" else 1e3  # bytes there, kilobytes elsewhere
    return used.ru_utime + used.ru_stime, used.ru_maxrss / scale
