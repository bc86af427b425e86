"""A program of ours in a process of its own, watched line by line and always ended."""

import os
import queue
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Self

ROOT = Path(__file__).parents[2]


class Program:
    """A running subprocess whose output can be waited for.

    Use as a context manager: leaving it kills whatever still runs. Its standard output and standard error are read as
    UTF-8 by daemon threads, so the program never blocks on a full pipe.

    Attributes:
        lines: what it wrote to standard output so far, without line ends.
        errors: what it wrote to standard error so far, without line ends.
    """

    def __init__(
        self,
        arguments: Sequence[str | Path],
        *,
        env: Mapping[str, str] | None = None,
        executable: Path | None = None,
    ) -> None:
        """Start `python *arguments` at the top of the tree.

        Args:
            arguments: what follows the interpreter, for instance ["-m", "captioner", "demo"].
            env: variables set on top of this process's own; None stands for no further ones.
            executable: a program in the interpreter's place.
        """
        self.lines: list[str] = []
        self.errors: list[str] = []
        self._unread: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._unread_errors: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._process = subprocess.Popen(
            [*([executable] if executable else [sys.executable, "-X", "utf8"]), *arguments],
            cwd=ROOT,
            env={**os.environ, **(env or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
        )
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        self._readers = [
            threading.Thread(target=self._read, args=(self._process.stdout, self.lines, self._unread), daemon=True),
            threading.Thread(
                target=self._read, args=(self._process.stderr, self.errors, self._unread_errors), daemon=True
            ),
        ]
        for reader in self._readers:
            reader.start()

    @staticmethod
    def _read(pipe: IO[str], into: list[str], unread: queue.SimpleQueue[str | None]) -> None:
        with pipe:
            for line in pipe:
                into.append(line.rstrip("\r\n"))
                unread.put(into[-1])
        unread.put(None)

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    def wait_for(self, pattern: str, *, within: float = 120.0, errors: bool = False) -> re.Match[str]:
        """Return the first match of `pattern` in a line of standard output not yet looked at.

        Args:
            pattern: a regular expression.
            within: seconds.
            errors: look at standard error instead.

        Raises:
            AssertionError: the program ended, or `within` seconds passed, without such a line.
        """
        deadline = time.monotonic() + within
        while True:
            try:
                line = (self._unread_errors if errors else self._unread).get(
                    timeout=max(0.0, deadline - time.monotonic())
                )
            except queue.Empty:
                raise AssertionError(f"no line matched {pattern!r} within {within} s\n{self._report()}") from None
            if line is None:
                raise AssertionError(f"the program ended before a line matched {pattern!r}\n{self._report()}")
            if match := re.search(pattern, line):
                return match

    def interrupt(self) -> None:
        """Send what Ctrl+C sends."""
        self._process.send_signal(signal.SIGINT)

    def terminate(self) -> None:
        """Ask it to end (SIGTERM)."""
        self._process.terminate()

    def finish(self, *, within: float = 120.0) -> int:
        """Wait until the program ends by itself and all its output is here; return its exit code.

        Raises:
            AssertionError: it still runs after `within` seconds.
        """
        try:
            code = self._process.wait(within)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"still running after {within} s\n{self._report()}") from None
        for reader in self._readers:
            reader.join(within)
        return code

    def _report(self) -> str:
        return "\n".join(["standard output:", *self.lines[-50:], "standard error:", *self.errors[-50:]])

    def __enter__(self) -> Self:
        """Return the program, which already runs."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the program, whatever state it is in."""
        self._process.kill()
        self._process.wait()
        for reader in self._readers:
            reader.join(10.0)
