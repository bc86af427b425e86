"""`captioner emulate`: a local RTZR in the foreground, and what may be asked of one.

The names of profiles and faults are looked at before anything is started, here and for the emulators that other
commands start in a process of their own.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from captioner.commands.ending import CommandError, ExitCode
from captioner.language import Sentences

if TYPE_CHECKING:
    from captioner.emulator.faults import Fault
    from captioner.emulator.profiles import Profile


@dataclass(frozen=True, slots=True)
class Request:
    """What the command line asks for.

    Attributes:
        recording, script: what it knows in place of the sample call, both or neither.
        faults: as the command line writes them.
        with_parent: it ends with the process that started it.
        seed: of everything random in it.
        journal: where it writes at its end what it has done, as JSON.
    """

    port: int
    profile: str
    recording: Path | None
    script: Path | None
    faults: Sequence[str]
    with_parent: bool
    seed: int
    journal: Path | None


def emulate(request: Request, say: Sentences) -> int:
    """Serve until a signal comes; return the exit code.

    Raises:
        CommandError: something that was asked for does not exist, or the port cannot be opened; or the journal cannot
            be written.
    """
    import asyncio
    import json

    from captioner.emulator.process import end_with_parent
    from captioner.emulator.profiles import UNOFFERED
    from captioner.emulator.script import ScriptError
    from captioner.emulator.server import PortError, serve

    knobs = UNOFFERED.get(request.profile) or profile_named(request.profile, say)
    faults = [fault_written(each, say) for each in request.faults]
    if (request.recording is None) != (request.script is None):
        raise CommandError(ExitCode.BAD_INPUT, say("--recording and --script need each other."))
    client_id, client_secret = (os.environ.get(f"RTZR_CLIENT_{name}", "").strip() for name in ("ID", "SECRET"))
    if bool(client_id) != bool(client_secret):
        raise CommandError(ExitCode.BAD_INPUT, say("Set both RTZR_CLIENT_ID and RTZR_CLIENT_SECRET, or neither."))
    if request.with_parent:
        end_with_parent(lambda: os.kill(os.getpid(), signal.SIGTERM))
    try:
        log = asyncio.run(
            serve(
                knobs,
                recording=request.recording,
                script=request.script,
                faults=faults,
                port=request.port,
                credentials=(client_id, client_secret) if client_id else None,
                seed=request.seed,
                announce=lambda line: print(line, flush=True),
            )
        )
        if request.journal is not None:
            _write_journal(request.journal, json.dumps(log.journal()), say)
    except ScriptError as error:
        raise CommandError(
            ExitCode.BAD_INPUT, say("The recording and its script cannot be used: {detail}", detail=error)
        ) from error
    except PortError as error:
        raise CommandError(
            ExitCode.BAD_INPUT,
            say("Port {port} cannot be opened; choose another one. ({detail})", port=request.port, detail=error),
        ) from error
    except KeyboardInterrupt:
        pass  # before it had its own handlers
    return ExitCode.COMPLETE


def _write_journal(path: Path, text: str, say: Sentences) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        sentence = say("The report cannot be written to {path} ({detail}).", path=path, detail=error.strerror or error)
        raise CommandError(ExitCode.INCOMPLETE, sentence) from error


def profile_named(name: str, say: Sentences) -> Profile:
    """Return a profile that people may ask for.

    Raises:
        CommandError: there is none of that name.
    """
    from captioner.emulator.profiles import PROFILES

    if name not in PROFILES:
        sentence = say("There is no profile {name}; there are {names}.", name=name, names=", ".join(PROFILES))
        raise CommandError(ExitCode.BAD_INPUT, sentence)
    return PROFILES[name]


def fault_written(text: str, say: Sentences) -> Fault:
    """Return the fault that a text names.

    Raises:
        CommandError: there is none of that name, or it is not written as faults are.
    """
    from captioner.emulator.faults import NAMES, FaultError, parse_fault

    try:
        return parse_fault(text)
    except FaultError as error:
        name = text.partition("@")[0].partition(":")[0]
        if name.rstrip("0123456789").removesuffix("x") not in NAMES and name not in NAMES:
            sentence = say("There is no fault {name}; there are {names}.", name=name, names=", ".join(NAMES))
        else:
            sentence = say(
                "The fault {fault} is not written as NAME[:ARGUMENT][xCOUNT][@START[+LENGTH]], like close:1011@12s. "
                "({detail})",
                fault=text,
                detail=error,
            )
        raise CommandError(ExitCode.BAD_INPUT, sentence) from error
