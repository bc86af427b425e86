"""Processes of a benchmark: how they are started, and what they used by the operating system's own account."""

from __future__ import annotations

import sys

from captioner.emulator.process import program


def part(name: str, *arguments: object) -> list[str]:
    """Return the command that runs `main` of a module of this package in a process of its own, frozen or not."""
    return [*program(), "bench", "--part", name, *map(str, arguments)]


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
