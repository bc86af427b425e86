"""`captioner transcribe`: a file or a microphone into text, and the lane that `demo` runs as well.

Everything that can be wrong with the command line, the file, the device's name and the account is found out before
anything is opened: `prepare` checks, `transcribe` runs.
"""

from __future__ import annotations

import asyncio
import re
import secrets
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeAlias, assert_never

from captioner import __version__
from captioner import account as accounts
from captioner.account import Credentials
from captioner.audio.wav import SoundFile, open_sound
from captioner.commands.ending import CommandError, ExitCode, exit_code, failed
from captioner.commands.output import Format, Printer, Sink, Tail, complain, print_latency, terminal
from captioner.engine import Engine, defects
from captioner.errors import Fault, FaultError
from captioner.events import AudioBlock, Finished, SourceLost, SourceOpened, Stop, StopNow, Update
from captioner.language import Sentences
from captioner.pipeline import Lane, Pace, Pipeline
from captioner.places import load_settings
from captioner.policy import Policy
from captioner.settings import SettingError, Settings
from captioner.sleep import Lived, awake, slept
from captioner.stt.link import Link, Network, Tokens
from captioner.ui.viewstate import (
    MACOS,
    NO_SIGNAL,
    fault_sentence,
    named_setting_sentence,
    outcome_sentence,
    recording_sentence,
    silence_sentence,
    waiting_sentence,
)

if TYPE_CHECKING:
    from captioner.audio.capture import Device
    from captioner.audio.microphone import SourceNews
    from captioner.blocks import BlockFile

MICROPHONE = "mic"
"""The source that is the microphone chosen in the settings, or else the system's default."""

_FILE_NAME = re.compile(r"\.\w{1,5}$")


@dataclass(frozen=True, slots=True)
class Request:
    """What the command line asks for; none of it is checked yet but the numbers' form.

    Attributes:
        source: a path, `mic`, or a device's name.
        changes: the options that are settings, by their names in `Settings`.
        endpoint: "" is the environment's, else the settings'.
        record: where the lane's recording goes.
    """

    source: str
    channel: int | None
    pace: Pace
    format: Format
    out: Path | None
    latency: bool
    changes: Mapping[str, object]
    endpoint: str
    record: Path | None = None


@dataclass(frozen=True, slots=True)
class Microphone:
    """A device that was found."""

    device: Device


Source: TypeAlias = SoundFile | Microphone


# ---------------------------------------------------------------- before anything is opened


def settings_for(
    changes: Mapping[str, object], endpoint: str, environment: Mapping[str, str], policy: Policy, say: Sentences
) -> Settings:
    """Return the stored settings with the environment's endpoint and the options' values, as far as the policy lets.

    Raises:
        CommandError: an option's value is none that the setting can take, or none that the policy lets it take.
    """
    asked: dict[str, Any] = {"endpoint": endpoint, **changes} if endpoint else dict(changes)
    for name, value in asked.items():
        refusal = policy.forbids(name, value)
        if refusal is not None:
            raise CommandError(ExitCode.BAD_INPUT, named_setting_sentence(refusal, say))
    variable = environment.get("RTZR_ENDPOINT", "").strip()
    if variable and "endpoint" not in policy.locked:
        asked.setdefault("endpoint", variable)
    stored, _ = load_settings()  # what is wrong with them is the window's to say
    try:
        return replace(policy.apply(stored), **asked)
    except SettingError as error:
        raise CommandError(ExitCode.BAD_INPUT, named_setting_sentence(error, say)) from error


def account_for(policy: Policy, say: Sentences) -> Credentials:
    """Return the account, or the key of the desk, of the environment or the keyring.

    Raises:
        CommandError: there is none.
    """
    try:
        account = accounts.load(token_url=policy.token_url)
    except FaultError as error:
        raise failed(error.fault, say) from error
    if account is None:
        raise failed(Fault(accounts.missing(policy.token_url)), say)
    return account


def find_source(name: str, channel: int | None, settings: Settings, say: Sentences) -> Source:
    """Find out what a source's name means: a file where there is one or where it is named like one, else a device.

    Raises:
        CommandError: there is no such file or device, or it cannot be used.
    """
    if name != MICROPHONE and (_exists(name) or _FILE_NAME.search(name) or Path(name).is_absolute()):
        return _file(name, channel, say)
    from captioner.audio import capture

    try:
        device = capture.find(settings.device if name == MICROPHONE else name)
    except FaultError as error:
        if "/" in name or "\\" in name:
            return _file(name, channel, say)
        raise failed(error.fault, say) from error
    if channel is not None and channel > device.channels:
        sentence = say(
            "{device} has {count} channels; there is no channel {channel}.",
            device=device.name,
            count=device.channels,
            channel=channel,
        )
        raise CommandError(ExitCode.BAD_INPUT, sentence)
    return Microphone(device)


def _file(name: str, channel: int | None, say: Sentences) -> SoundFile:
    try:
        return open_sound(Path(name), channel)
    except FaultError as error:
        raise failed(error.fault, say, about=name) from error


def _exists(name: str) -> bool:
    try:
        return Path(name).exists()
    except (OSError, ValueError):  # longer than any name, or holding a zero
        return False


# ---------------------------------------------------------------- the command


def transcribe(request: Request, environment: Mapping[str, str], policy: Policy, say: Sentences) -> int:
    """Check everything, then recognise the source to its end; return the exit code.

    Raises:
        CommandError: with one of the codes from 2 to 5.
    """
    settings = settings_for(request.changes, request.endpoint, environment, policy, say)
    refusal = None if request.record is None else policy.forbids("record", True)
    if refusal is not None:
        raise CommandError(ExitCode.BAD_INPUT, named_setting_sentence(refusal, say))
    source = find_source(request.source, request.channel, settings, say)
    try:
        if isinstance(source, Microphone) and request.pace is Pace.FAST:
            sentence = say("--pace fast is for files: a microphone has the pace of speech.")
            raise CommandError(ExitCode.BAD_INPUT, sentence)
        if request.out is not None and _exists(request.source) and same_file(request.out, Path(request.source)):
            raise CommandError(ExitCode.BAD_INPUT, say("--out is the source itself; choose another file."))
        _check_record(request, say)
        account = account_for(policy, say)
        sink = Sink(request.out, say)
        sink.open()
        try:
            record = None if request.record is None else record_to(request.record, say)
        except BaseException:
            sink.close(keep=False)
            raise
    except BaseException:
        if isinstance(source, SoundFile):
            source.close()
        raise
    live = sys.stderr.isatty() and (request.format is not Format.JSONL or request.out is not None)
    lane = Lane(channel=request.channel, pace=request.pace, seed=secrets.randbits(32))
    display = Display(sink, request.format, live, request.latency)
    return caption(source, settings, account, lane, display, say, record)


def _check_record(request: Request, say: Sentences) -> None:
    record = request.record
    if record is None:
        return
    if _exists(request.source) and same_file(record, Path(request.source)):
        raise CommandError(ExitCode.BAD_INPUT, say("--record is the source itself; choose another file."))
    if request.out is not None and same_file(record, request.out):
        raise CommandError(ExitCode.BAD_INPUT, say("--record and --out are the same file; choose another one."))


def record_to(path: Path, say: Sentences) -> BlockFile:
    """Begin the file of a recording that was asked for by its name.

    Raises:
        CommandError: it cannot be written.
    """
    from captioner import recording
    from captioner.blocks import create

    try:
        return create(path, recording.KIND, recording.VERSION)
    except FaultError as error:
        raise failed(error.fault, say, about=str(path)) from error


def same_file(one: Path, other: Path) -> bool:
    """Whether two paths lead to one file, be it one that is not there yet."""
    try:
        return one.absolute() == other.absolute() or one.samefile(other)
    except (OSError, ValueError):
        return False


@dataclass(frozen=True, slots=True)
class Display:
    """How the captions of a lane are shown.

    Attributes:
        sink: open; it is closed at the end.
        live: what is being said is shown on the terminal that standard error is.
        latency: the latency table comes at the end.
    """

    sink: Sink
    format: Format
    live: bool
    latency: bool


def caption(
    source: Source,
    settings: Settings,
    account: Credentials,
    lane: Lane,
    display: Display,
    say: Sentences,
    record: BlockFile | None = None,
) -> int:
    """Run a lane in the terminal, print what comes of it, and return the exit code.

    Args:
        source: checked and not played yet; it is closed at the end.
        settings: of the lane.
        account: what the service knows us by.
        lane: what the lane is made for.
        display: how its captions are shown.
        say: the person's language.
        record: takes the lane's recording, if its seed is known; it is closed at the end.

    Raises:
        CommandError: nothing could be recognised, with one of the codes from 2 to 5.
    """
    clock, asleep = (Lived(), awake) if isinstance(source, SoundFile) else (time.perf_counter, slept)
    engine = Engine(Pipeline(settings, lane), lambda update: show(update), clock=clock, asleep=asleep)
    sink = display.sink
    printer = Printer(display.format, sink, lambda: engine.pipeline.finals, say)
    tail = Tail(terminal()) if display.live else None

    def show(update: Update) -> None:
        if tail is not None:
            tail.before(update)
        printer.print(update)
        if tail is not None:
            tail.after(update)
        if sink.gone and not engine.pipeline.finished:
            engine.post(StopNow())  # nobody is left to read it

    attendant = None if tail is None else Attendant(engine, lambda each: tail.say(f"{_name(source)}: {each}"), say)
    keep = False
    recorded = nullcontext() if record is None else Recorded(engine, record)
    try:
        with recorded:
            finished = asyncio.run(_run(engine, source, Network.of(settings), account, attendant))
        keep = finished.fault is None or bool(finished.summary.connections)
        check_fault(finished, _name(source), say)
    except FaultError as error:  # the device could not be opened
        raise failed(error.fault, say, about=_name(source)) from error
    finally:
        sink.close(keep=keep)
    trouble = recorded.trouble(say) if isinstance(recorded, Recorded) else ""
    return conclude(finished, engine.pipeline, display, say, [trouble])


class Recorded:
    """Lets everything that an engine hears be written down, for the length of a `with`; the file is closed then."""

    def __init__(self, engine: Engine, file: BlockFile) -> None:
        from captioner.blocks import BlockWriter  # here: a lane that is not recorded starts without them
        from captioner.recording import Header, Recorder

        lane = engine.pipeline
        self._path = file.path
        self._writer = BlockWriter(lambda: file)
        header = Header(__version__, datetime.now().astimezone(), lane.settings, lane.lane)
        self._recorder = engine.recorder = Recorder(self._writer.append, header)

    def trouble(self, say: Sentences) -> str:
        """Say why the recording is not whole; "" where it is."""
        fault = self._writer.ended
        return "" if fault is None else recording_sentence(str(self._path), fault, say)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._recorder.close()
        self._writer.close()


def check_fault(finished: Finished, name: str, say: Sentences) -> None:
    """Raise CommandError where a fault ended a lane before anything could be recognised.

    Args:
        finished: the lane's end.
        name: of its source.
        say: the person's language.
    """
    if finished.fault is not None:
        code = exit_code(finished.fault.kind)
        if code is ExitCode.DEVICE and not finished.summary.captured:
            raise failed(finished.fault, say, about=name)
        if code not in (ExitCode.INCOMPLETE, ExitCode.DEVICE) and not finished.summary.connections:
            raise failed(finished.fault, say)


def _name(source: Source) -> str:
    return source.name if isinstance(source, SoundFile) else source.device.name


def conclude(
    finished: Finished | None, pipeline: Pipeline, display: Display, say: Sentences, troubles: Sequence[str]
) -> int:
    """Say how a lane ended that got as far as it could, and return the exit code.

    Args:
        finished: its end; None where it has none.
        pipeline: what it ran in.
        display: how its captions were shown.
        say: the person's language.
        troubles: what else went wrong, if anything; it makes the run incomplete.
    """
    sink = display.sink
    if sink.gone and not sink.trouble:
        return ExitCode.INCOMPLETE  # whoever read it has seen enough
    troubles = [each for each in (sink.trouble, *troubles) if each]
    complete = finished is not None and finished.summary.complete and not troubles
    if display.latency:
        print_latency(pipeline.finals, terminal(), say)
    for each in troubles:
        complain(each)
    if finished is None:
        return ExitCode.INCOMPLETE
    if finished.fault is not None:
        complain(fault_sentence(finished.fault, say))
    if finished.summary.unreadable and not finished.summary.utterances:
        complain(
            say(
                "No text came, and {count} messages of the service could not be read.",
                count=finished.summary.unreadable,
            )
        )
    if (
        finished.summary.lost
        or (not finished.summary.complete and finished.fault is None)
        or (display.live and complete)
    ):
        complain(outcome_sentence(finished.summary, say))
    return ExitCode.COMPLETE if complete else ExitCode.INCOMPLETE


# ---------------------------------------------------------------- the lane


class Attendant:
    """Tells the person at a terminal why a microphone gives no sound: once for each loss, and where it never gives any.

    Args:
        engine: of its lane.
        tell: takes the sentences.
        say: the person's language.
    """

    def __init__(self, engine: Engine, tell: Callable[[str], None], say: Sentences) -> None:
        self._engine, self._tell, self._say = engine, tell, say
        self._opened: float | None = None  # since when it is to be heard whether there is any sound

    def hear(self, news: SourceNews) -> None:
        """Take what the microphone says, after the engine."""
        match news:
            case SourceOpened():
                self._opened = self._engine.clock()
            case SourceLost(fault):
                self._opened = None
                self._tell(waiting_sentence(fault, self._say))
            case AudioBlock() if self._opened is not None and news.arrived >= self._opened + NO_SIGNAL:
                self._opened = None
                if self._engine.status().never_heard:
                    self._tell(silence_sentence(self._say, macos=MACOS))
            case AudioBlock():
                pass
            case _:
                assert_never(news)


async def _run(
    engine: Engine, source: Source, network: Network, account: Credentials, attendant: Attendant | None
) -> Finished:
    """Run a lane to its end: token and connection are asked for at the moment in which the source begins.

    Raises:
        FaultError: the device could not be opened.
        BaseException: a defect of this program, from whatever part of it.
    """
    tokens = Tokens(network, account)
    link = Link(tokens, engine.post)
    engine.start(link)
    sound = asyncio.create_task(_deliver(source, engine, attendant))
    end = asyncio.create_task(engine.wait())
    with defects() as defect, Interrupts(lambda: _stop(engine, sound), lambda: engine.post(StopNow())):
        try:
            waiting: set[asyncio.Future[Any]] = {end, defect, sound}
            while not end.done():
                done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
                for each in done:
                    if each is not sound or not sound.cancelled():
                        each.result()
            return end.result()
        finally:
            sound.cancel()
            end.cancel()
            await asyncio.wait({sound, end})
            _close(source)
            engine.close()
            await link.aclose()
            await tokens.aclose()


async def _deliver(source: Source, engine: Engine, attendant: Attendant | None) -> None:
    """Let the source speak."""
    match source:
        case SoundFile():
            room = engine.room if engine.pipeline.lane.pace is Pace.FAST else None
            await source.play(engine.post, clock=engine.clock, room=room)
        case Microphone():
            from captioner.audio import microphone

            def post(news: SourceNews) -> None:
                engine.post(news)
                if attendant is not None:
                    attendant.hear(news)

            await microphone.Microphone(
                source.device.id,
                block_ms=engine.pipeline.settings.block_ms,
                post=post,
                clock=engine.clock,
                channel=engine.pipeline.lane.channel,
            ).run(patient=False)
        case _:
            assert_never(source)


def _stop(engine: Engine, sound: asyncio.Task[None]) -> None:
    """Finish the utterance: no more sound is taken, the last words are waited for."""
    engine.post(Stop(early=True))
    sound.cancel()


def _close(source: Source) -> None:
    if isinstance(source, SoundFile):
        source.close()


# ---------------------------------------------------------------- Ctrl+C


class Interrupts:
    """What Ctrl+C and a polite end (SIGTERM) do on a running loop, for the length of a `with`.

    Python's own handlers, because not every loop has `add_signal_handler` (Windows); outside the main thread, where
    none can be set, nothing changes.

    Args:
        first: called on the loop at the first of them.
        again: called on the loop at every further one.
    """

    def __init__(self, first: Callable[[], object], again: Callable[[], object]) -> None:
        self._first, self._again = first, again
        self._loop = asyncio.get_running_loop()
        self._came = False
        self._before: dict[int, Any] = {}  # handlers, as `signal` gave them

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            for name in ("SIGINT", "SIGTERM", "SIGBREAK"):
                if number := getattr(signal, name, None):
                    self._before[number] = signal.signal(number, self._come)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _come(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        act, self._came = (self._again if self._came else self._first), True
        with suppress(RuntimeError):  # the loop is closed: it ends anyway
            self._loop.call_soon_threadsafe(act)
