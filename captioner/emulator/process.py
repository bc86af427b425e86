"""The emulator in a process of its own, so that its work does not show in the delays that are measured beside it.

The child runs `captioner emulate` with a pipe as its standard input and ends when that pipe does: it cannot outlive a
parent that was killed. It is in a process group of its own, because Ctrl+C in a terminal reaches the whole group, and
the last words are to be heard before the service goes away.
"""

from __future__ import annotations

import contextlib
import os
import queue
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

START_TIMEOUT = 20.0
"""Seconds for the child to say that it listens; it takes about one."""

STOP_TIMEOUT = 3.0

_READY = re.compile(r"listening on (http://\S+)")
_CREDENTIALS = ("RTZR_CLIENT_ID", "RTZR_CLIENT_SECRET")


class EmulatorProcess:
    """A running emulator. All methods block, and may be called from any one thread."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None
        self._reader: threading.Thread | None = None

    def start(
        self,
        profile: str = "measured",
        faults: Sequence[str] = (),
        *,
        known: tuple[Path, Path] | None = None,
        journal: Path | None = None,
        seed: int = 0,
    ) -> str:
        """Start it on a free port; return its URL. It takes any credentials.

        Args:
            profile: how it behaves.
            faults: what goes wrong, as the command line writes them.
            known: the recording that it knows, and its script; None is the bundled sample call.
            journal: a file that it writes at its end: `ServiceLog.journal` as JSON.
            seed: of everything random in it.

        Raises:
            OSError: it could not be started, ended at once, or said nothing in time (TimeoutError).
        """
        arguments = ["--port", "0", "--profile", profile, "--with-parent"]
        arguments += [f"--seed={seed}"]
        if journal is not None:
            arguments += [f"--journal={journal.absolute()}"]
        for fault in faults:
            arguments += ["--fault", fault]
        if known is not None:
            arguments += [f"--recording={known[0].absolute()}", f"--script={known[1].absolute()}"]
        said: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._process = subprocess.Popen(
            [*program(), "emulate", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            env=_environment(os.environ),
            **_apart(),
        )
        assert self._process.stdout is not None
        self._reader = threading.Thread(
            target=_read, args=(self._process.stdout, said), name="captioner-emulator", daemon=True
        )
        self._reader.start()
        try:
            return _await_url(said)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End it; harmless where it does not run."""
        process, self._process = self._process, None
        if process is None:
            return
        assert process.stdin is not None
        with contextlib.suppress(OSError):
            process.stdin.close()
        for end in (process.terminate, process.kill):
            try:
                process.wait(STOP_TIMEOUT)
                break
            except subprocess.TimeoutExpired:
                end()
        process.wait()
        if self._reader is not None:
            self._reader.join()

    def __enter__(self) -> Self:
        """Return it, to be started."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End it."""
        self.stop()


def end_with_parent(end: Callable[[], object]) -> None:
    """Call `end`, in a thread of its own, once standard input has ended: the child's side of the pipe."""

    def watch() -> None:
        # Not through sys.stdin: its lock, held by a daemon thread, is fatal to an interpreter that ends.
        with contextlib.suppress(OSError):
            while os.read(0, 256):
                pass
        end()

    threading.Thread(target=watch, name="captioner-parent", daemon=True).start()


def program() -> list[str]:
    """Return how this very program is started as a command; frozen, it is its own interpreter.

    Frozen for Windows it is two: the one for the desktop has no standard streams, so the one beside it is started.
    """
    if not getattr(sys, "frozen", False):
        return [sys.executable, "-m", "captioner"]
    path = Path(sys.executable)
    return [str(path.with_name("captioner.exe") if path.name.lower() == "captionerw.exe" else path)]


def _environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Leave the person's credentials out: the child would accept no others, and it has no business with them."""
    return {name: value for name, value in environment.items() if name.upper() not in _CREDENTIALS}


def _apart() -> dict[str, Any]:
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NO_WINDOW | subprocess.CREATE_NEW_PROCESS_GROUP}
    return {"start_new_session": True}


def _read(output: IO[str], said: queue.SimpleQueue[str | None]) -> None:
    with output:
        for line in output:
            said.put(line.strip())
    said.put(None)


def _await_url(said: queue.SimpleQueue[str | None]) -> str:
    """Wait for the line that names the URL; what comes before it says why there is none."""
    last = ""
    while True:
        try:
            line = said.get(timeout=START_TIMEOUT)
        except queue.Empty:
            raise TimeoutError(0, "it does not answer") from None
        if line is None:
            raise ChildProcessError(0, last or "it ended at once")
        if match := _READY.search(line):
            return match[1]
        last = line or last
