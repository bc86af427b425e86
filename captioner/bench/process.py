"""Processes of a benchmark: how they are started, and what they used by the operating system's own account."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from captioner.emulator.process import program


def part(name: str, *arguments: object) -> list[str]:
    """Return the command that runs `main` of a module of this package in a process of its own, frozen or not."""
    return [*program(), "bench", "--part", name, *map(str, arguments)]


@contextmanager
def kept_awake() -> Iterator[list[subprocess.Popen[bytes]]]:
    """Let no processor of this computer go to sleep, for the length of a `with`; give the processes that see to it.

    A processor that sleeps forgets: after a pause of 20 ms everything is fetched from memory again, and the host of a
    virtual machine has given the processor to somebody else meanwhile. What a program costs beside busy processors is
    its own.

    Raises:
        CalledProcessError: one of them failed.
    """
    flags = 0
    if sys.platform == "win32":
        flags = subprocess.IDLE_PRIORITY_CLASS
    command, count = part("busy"), os.cpu_count() or 1
    pipe = subprocess.PIPE
    busy = [subprocess.Popen(command, stdin=pipe, stdout=pipe, creationflags=flags) for _ in range(count)]
    try:
        for each in busy:
            assert each.stdout is not None
            if not each.stdout.readline():  # it says when it has begun
                raise subprocess.CalledProcessError(each.wait(), command)
        yield busy
    finally:
        for each in busy:
            each.kill()
            each.communicate()


@dataclass(frozen=True, slots=True)
class Spent:
    """What a process used from its start to its end.

    Attributes:
        seconds: that it ran.
        cpu: processor seconds, user and system; None on Windows, where it is not asked for.
        memory_mb: the most that was resident; None there too.
    """

    seconds: float
    cpu: float | None
    memory_mb: float | None


def run(command: Sequence[str], environment: Mapping[str, str]) -> Spent:
    """Run a command to its end; its results go nowhere, what it complains of to this process's standard error.

    Args:
        command: the program and its arguments.
        environment: its variables, beside those of this process.

    Raises:
        CalledProcessError: it failed.
    """
    began = time.perf_counter()
    process = subprocess.Popen(command, env={**os.environ, **environment}, stdout=subprocess.DEVNULL)
    cpu, memory = None, None
    if sys.platform == "win32":
        process.wait()
    else:
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        cpu, memory = used.ru_utime + used.ru_stime, _megabytes(used.ru_maxrss)
    seconds = time.perf_counter() - began
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return Spent(seconds, cpu, memory)


def most_resident() -> float | None:
    """Return this process's largest resident memory so far in MB; None on Windows, where it is not asked for."""
    if sys.platform == "win32":
        return None
    import resource

    return _megabytes(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


def _megabytes(largest: int) -> float:
    """Translate what `getrusage` says of memory: bytes on macOS, kilobytes elsewhere."""
    return largest / (1e6 if sys.platform == "darwin" else 1e3)
