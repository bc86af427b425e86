"""How a command ends: its exit code, and the one sentence that says what is wrong."""

from __future__ import annotations

from enum import IntEnum
from typing import assert_never

from captioner.errors import Fault, FaultKind
from captioner.language import Sentences


class ExitCode(IntEnum):
    """What a script learns from a command."""

    COMPLETE = 0
    INCOMPLETE = 1  # what was recognised is printed and saved all the same
    BAD_INPUT = 2
    CREDENTIALS = 3
    UNREACHABLE = 4
    DEVICE = 5


class CommandError(Exception):
    """A command cannot go on.

    Attributes:
        code: what it exits with.
        sentence: what is wrong and what to do, in the person's language; the only line on standard error.
    """

    def __init__(self, code: ExitCode, sentence: str) -> None:
        super().__init__(sentence)
        self.code, self.sentence = code, sentence


def exit_code(kind: FaultKind) -> ExitCode:
    """Return what a command exits with that a fault has ended before anything was recognised."""
    match kind:
        case (
            FaultKind.UNREACHABLE
            | FaultKind.CERTIFICATE
            | FaultKind.PROXY
            | FaultKind.NOT_THE_SERVICE
            | FaultKind.BROKEN
            | FaultKind.SPEECHLESS
            | FaultKind.QUOTA
            | FaultKind.BUSY
            | FaultKind.SERVICE_DOWN
            | FaultKind.SERVICE_ERROR
            | FaultKind.TOKEN_SERVICE
        ):
            return ExitCode.UNREACHABLE
        case (
            FaultKind.CREDENTIALS_MISSING
            | FaultKind.CREDENTIALS_REFUSED
            | FaultKind.DESK_KEY_MISSING
            | FaultKind.DESK_KEY_REFUSED
            | FaultKind.DESK_TOKEN_REFUSED
            | FaultKind.TOKEN_EXPIRED
        ):
            return ExitCode.CREDENTIALS
        case (
            FaultKind.NO_PORTAUDIO
            | FaultKind.NO_DEVICE
            | FaultKind.DEVICE_BUSY
            | FaultKind.DEVICE_DENIED
            | FaultKind.DEVICE_LOST
            | FaultKind.DEVICE_STALLED
            | FaultKind.DEVICE_FAILED
        ):
            return ExitCode.DEVICE
        case (
            FaultKind.BAD_REQUEST
            | FaultKind.FILE_MISSING
            | FaultKind.FILE_UNREADABLE
            | FaultKind.FILE_NOT_SOUND
            | FaultKind.FILE_EMPTY
            | FaultKind.FILE_FORMAT
            | FaultKind.NO_SUCH_CHANNEL
            | FaultKind.FILE_UNWRITABLE
            | FaultKind.NO_KEYRING
        ):
            return ExitCode.BAD_INPUT
        case FaultKind.FILE_CUT | FaultKind.FILE_FULL | FaultKind.DISK_SLOW:
            return ExitCode.INCOMPLETE
        case _:
            assert_never(kind)


def failed(fault: Fault, say: Sentences, *, about: str = "") -> CommandError:
    """Make the error that ends a command because of a fault.

    Args:
        fault: what went wrong.
        say: the person's language.
        about: the file or device that it happened to; it stands before the sentence.
    """
    from captioner.ui.viewstate import fault_sentence  # here, because it needs numpy, which `--help` does without

    sentence = fault_sentence(fault, say)
    return CommandError(exit_code(fault.kind), f"{about}: {sentence}" if about else sentence)
