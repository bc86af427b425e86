"""`captioner demo` in the terminal: the sample call, recognised by the emulator, at the pace of speech."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from captioner.account import ANYBODY
from captioner.audio.wav import open_sound
from captioner.commands.ending import CommandError, ExitCode, failed
from captioner.commands.output import Format, Sink, complain
from captioner.commands.transcribe import Display, caption
from captioner.emulator.process import EmulatorProcess
from captioner.errors import FaultError
from captioner.language import Sentences
from captioner.pipeline import Lane
from captioner.places import resource
from captioner.settings import Settings


def demo(profile: str, faults: Sequence[str], say: Sentences) -> int:
    """Start the emulator, caption the sample call, show the latency table; return the exit code.

    Raises:
        CommandError: as `transcribe`; or the emulator did not start.
    """
    path = resource("sample", "sample_call.flac")
    try:
        sound = open_sound(path)
    except FaultError as error:
        raise failed(error.fault, say, about=str(path)) from error
    with EmulatorProcess() as emulator:
        settings = Settings(endpoint=start(emulator, profile, faults, say))
        complain(say("Demo: an emulator on this computer plays the recogniser."))
        display = Display(Sink(None, say), Format.TEXT, live=sys.stderr.isatty(), latency=True)
        return caption(sound, settings, ANYBODY, Lane(), display, say)


def start(
    emulator: EmulatorProcess,
    profile: str,
    faults: Sequence[str],
    say: Sentences,
    *,
    known: tuple[Path, Path] | None = None,
) -> str:
    """Start the emulator; return its URL.

    Args:
        emulator: not running yet.
        profile: how it behaves.
        faults: what goes wrong.
        say: the person's language.
        known: see `EmulatorProcess.start`.

    Raises:
        CommandError: it did not start.
    """
    try:
        return emulator.start(profile, faults, known=known)
    except OSError as error:
        detail = error.strerror or type(error).__name__
        raise CommandError(
            ExitCode.UNREACHABLE, say("The emulator did not start ({detail}).", detail=detail)
        ) from error
