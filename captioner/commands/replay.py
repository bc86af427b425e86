"""`captioner replay`: a recording lived through again, at once and with no network.

The recorded news go into the same pipeline, at their recorded times, and what comes of them is printed as `transcribe`
prints it. What the pipeline wants done about the service has been done already, and is dropped. A recording that is cut
is replayed as far as it goes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import assert_never

from captioner import recording
from captioner.blocks import BlockFile, BlockReader, ForeignFile
from captioner.commands.ending import CommandError, ExitCode, failed
from captioner.commands.output import Format, Printer, Sink
from captioner.commands.transcribe import Display, check_fault, conclude, record_to, same_file
from captioner.errors import Fault, FaultKind
from captioner.events import Close, Finished, GetToken, Open, Write
from captioner.language import Sentences
from captioner.pipeline import Outcome, Pipeline
from captioner.policy import Policy
from captioner.recording import Ended, Header, Heard, Item, Looked, Started, Unreadable
from captioner.ui.viewstate import named_setting_sentence, recording_sentence


@dataclass(frozen=True, slots=True)
class Request:
    """What the command line asks for.

    Attributes:
        record: where the recording goes once more, in the clear.
    """

    file: Path
    format: Format
    out: Path | None
    latency: bool
    record: Path | None


def replay(request: Request, policy: Policy, say: Sentences) -> int:
    """Check the recording, then live through it to its end; return the exit code.

    Raises:
        CommandError: it is none, or nothing was recognised in it, with the code of the run that was recorded.
    """
    refusal = None if request.record is None else policy.forbids("record", True)
    if refusal is not None:
        raise CommandError(ExitCode.BAD_INPUT, named_setting_sentence(refusal, say))
    file = request.file
    for other, sentence in (
        (request.out, say("--out is the recording itself; choose another file.")),
        (request.record, say("--record is the recording itself; choose another file.")),
    ):
        if other is not None and same_file(other, file):
            raise CommandError(ExitCode.BAD_INPUT, sentence)
    if request.out is not None and request.record is not None and same_file(request.out, request.record):
        raise CommandError(ExitCode.BAD_INPUT, say("--record and --out are the same file; choose another one."))
    with _open(file, say) as reader:
        tape = Tape(reader)
        header = tape.header
        if header is None:
            raise CommandError(ExitCode.BAD_INPUT, say("{path} holds no recording that can be replayed.", path=file))
        sink = Sink(request.out, say)
        sink.open()
        keep = False
        try:
            if request.record is not None:
                tape.copy = record_to(request.record, say)
            display = Display(sink, request.format, live=False, latency=request.latency)
            masked = policy.locked.get("mask_numbers", header.settings.mask_numbers)
            pipeline = Pipeline(replace(header.settings, mask_numbers=masked), header.lane)
            finished = _live_through(tape, pipeline, Printer(request.format, sink, lambda: pipeline.finals, say), sink)
            keep = finished is None or finished.fault is None or bool(finished.summary.connections)
            if finished is not None:
                check_fault(finished, str(file), say)
        finally:
            sink.close(keep=keep)
            tape.close()
    troubles = list[str]()
    if not tape.whole:
        troubles.append(say("{path} is cut or damaged: it was replayed as far as it goes.", path=file))
    if tape.trouble is not None:
        troubles.append(recording_sentence(str(request.record), tape.trouble, say))
    return conclude(finished, pipeline, display, say, troubles)


class Tape:
    """The items of a recording, as far as they can be read; a copy in the clear is made on the way.

    Attributes:
        header: None where there is none that this version can read.
        whole: the recording was closed in order, and all of it was read.
        copy: gets every payload that was read.
        trouble: what ended the copy.
    """

    def __init__(self, reader: BlockReader) -> None:
        self.whole = False
        self.copy: BlockFile | None = None
        self.trouble: Fault | None = None
        self._payload = b""  # the newest one; it is copied when the next one is read
        self._items = recording.read(self._payloads(reader))
        first = self._next()
        self.header = first if isinstance(first, Header) else None

    def items(self) -> Iterator[Started | Heard | Looked]:
        """Read what follows the header."""
        while (item := self._next()) is not None:
            match item:
                case Ended():
                    self.whole = True
                case Header():
                    pass  # `recording.read` lets no second one pass
                case Started() | Heard() | Looked():
                    self.whole = False
                    yield item
                case _:
                    assert_never(item)

    def close(self) -> None:
        """Write the rest of the copy."""
        self._copy()
        if self.copy is not None:
            self.copy.close()

    def _next(self) -> Item | None:
        try:
            return next(self._items, None)
        except (Unreadable, OSError):
            self.whole = False
            return None

    def _payloads(self, reader: BlockReader) -> Iterator[bytes]:
        for payload in reader.payloads():
            self._copy()
            self._payload = payload
            yield payload
        self.whole &= reader.whole

    def _copy(self) -> None:
        if self.copy is not None and self._payload and self.trouble is None:
            try:
                self.copy.append(self._payload)
            except OSError as error:
                self.trouble = Fault(FaultKind.FILE_UNWRITABLE, error.strerror or type(error).__name__)
        if self.copy is not None:
            self._payload = b""


def _live_through(tape: Tape, pipeline: Pipeline, printer: Printer, sink: Sink) -> Finished | None:
    """Feed what was recorded; return how the lane ended, None where the recording ends before it."""
    finished: Finished | None = None
    for item in tape.items():
        outcomes: list[Outcome] = []
        match item:
            case Started():
                outcomes = pipeline.start(item.now)
            case Heard():
                outcomes = pipeline.feed(item.news, item.now)
            case Looked():
                pipeline.status(item.now)
            case _:
                assert_never(item)
        for outcome in outcomes:
            if isinstance(outcome, GetToken | Open | Write | Close):
                continue
            if isinstance(outcome, Finished):
                finished = outcome
            printer.print(outcome)
        if sink.gone:
            break  # nobody is left to read it
    return finished


def _open(path: Path, say: Sentences) -> BlockReader:
    try:
        reader = BlockReader(path)
    except FileNotFoundError as error:
        raise failed(Fault(FaultKind.FILE_MISSING), say, about=str(path)) from error
    except ForeignFile as error:
        sentence = say("{path} is no recording. Make one with captioner transcribe --record FILE.", path=path)
        raise CommandError(ExitCode.BAD_INPUT, sentence) from error
    except (OSError, ValueError) as error:  # ValueError: a name that no file can have
        detail = (error.strerror if isinstance(error, OSError) else None) or str(error)
        raise failed(Fault(FaultKind.FILE_UNREADABLE, detail), say, about=str(path)) from error
    try:
        if reader.kind != recording.KIND:
            sentence = say("{path} is no recording. Make one with captioner transcribe --record FILE.", path=path)
            raise CommandError(ExitCode.BAD_INPUT, sentence)
        if reader.version != recording.VERSION:
            sentence = say("{path} is the recording of another version of captioner; replay it with that.", path=path)
            raise CommandError(ExitCode.BAD_INPUT, sentence)
        if reader.sealed and not reader.unlock():
            sentence = say(
                "{path} is encrypted, and this computer's keyring does not hold its key. Replay it where it was "
                "recorded; there, --record makes a copy that opens everywhere.",
                path=path,
            )
            raise CommandError(ExitCode.BAD_INPUT, sentence)
    except BaseException:
        reader.close()
        raise
    return reader
