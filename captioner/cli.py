"""The command line: arguments in, a command run, an exit code out.

Every command imports what it needs when it runs: Qt is the window's alone, PortAudio capture's, and neither `--version`
nor `--help` loads them or numpy. Whatever goes wrong becomes one line on standard error, in the person's language.

    main        the ends of the program: streams, signals, the sentence and the code of whatever failed
    _parse      the commands and their options; the answer is what is to be run
    _window …   the commands
"""

from __future__ import annotations

import argparse
import gc
import io
import logging
import math
import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import fields
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from captioner.commands.arguments import Job, Parser, add_choice, listed, number, whole
from captioner.commands.ending import CommandError, ExitCode
from captioner.language import Sentences, system_language
from captioner.places import load_policy, load_settings
from captioner.policy import Policy, PolicyProblem
from captioner.settings import Domain, Mode, Model, Settings, option_of

if TYPE_CHECKING:
    from captioner.emulator.faults import Fault
    from captioner.emulator.profiles import Profile

BENCHES = {
    "conditioning": "captioner.bench.conditioning",
    "way-out": "captioner.bench.way_out",
    "screen": "captioner.bench.screen",
    "footprint": "captioner.bench.footprint",
    "startup": "captioner.bench.startup",
    "herd": "captioner.bench.herd",
    "shift": "captioner.bench.shift",
    "design": "captioner.bench.design",
    "honesty": "captioner.bench.honesty",
    "endpointing": "captioner.bench.endpointing",
}
"""The benchmarks and their modules, in the order in which they run."""

DISPLAYS = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
"""One of these variables is set where Linux has a display, or where somebody means to do without."""


FindPolicy: TypeAlias = Callable[[], Policy | PolicyProblem]


def main(arguments: Sequence[str] | None = None, *, policy: FindPolicy = load_policy) -> int:
    """Run the program; return its exit code.

    Args:
        arguments: without the program's name; None takes those of the process.
        policy: finds what the company has settled; asked by the commands that caption for real.
    """
    gc.set_threshold(10_000)  # a start makes fifty thousand objects, and all of them stay: no need to look so often
    _prepare_streams()
    if arguments is None:
        arguments = sys.argv[1:]
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, signal.default_int_handler)  # as Ctrl+C, until a command has its own
    if list(arguments) == ["--version"]:
        return _version()
    if not logging.getLogger().handlers:
        logging.getLogger().addHandler(logging.NullHandler())  # else the libraries' warnings go to standard error
    say = Sentences.load(system_language())
    try:
        return _parse(arguments, policy, say)()
    except CommandError as error:
        _complain(error.sentence)
        return error.code
    except KeyboardInterrupt:
        return ExitCode.INCOMPLETE
    except BrokenPipeError:
        return _reader_left()
    except Exception as error:
        _complain(_defect(error, say))
        return ExitCode.INCOMPLETE


def _version() -> int:
    from captioner import __version__

    try:
        print(f"captioner {__version__}", flush=True)
    except BrokenPipeError:
        return _reader_left()
    return ExitCode.COMPLETE


def _prepare_streams() -> None:
    """Make both streams UTF-8, whatever the console's code page; give a program without a console silent ones."""
    if sys.stdout is None:
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115 - it stands for the stream
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="replace", newline="\n")


def _complain(sentence: str) -> None:
    from captioner.commands.output import complain

    complain(sentence)


def _reader_left() -> int:
    from captioner.commands.output import drop_output

    drop_output()
    return ExitCode.INCOMPLETE


def _defect(error: Exception, say: Sentences) -> str:
    """Leave a note about a defect of our own, and say where it is."""
    from captioner.crash import CrashNotes
    from captioner.places import crash_dir

    note = CrashNotes(crash_dir()).note(error)
    name = type(error).__name__
    if note is None:
        return say("captioner stopped because of a defect of its own ({name}). Please report it.", name=name)
    return say(
        "captioner stopped because of a defect of its own ({name}). Please report it with the note {path}, "
        "which holds nothing that was spoken.",
        name=name,
        path=note,
    )


# ---------------------------------------------------------------- arguments


def _parse(arguments: Sequence[str], policy: FindPolicy, say: Sentences) -> Job:
    """Read the arguments; return what is to be run.

    Raises:
        CommandError: they cannot be understood.
    """
    commands: dict[str, Callable[[], Parser]] = {
        "demo": lambda: _demo_options(policy, say),
        "transcribe": lambda: _transcribe_options(policy, say),
        "replay": lambda: _replay_options(policy, say),
        "compare": lambda: _compare_options(policy, say),
        "emulate": lambda: _emulate_options(say),
        "devices": lambda: _devices_options(say),
        "check": lambda: _check_options(policy, say),
        "token-service": lambda: _token_service_options(policy, say),
        "self-test": lambda: _self_test_options(say),
        "bench": lambda: _bench_options(say),
    }
    first = arguments[0] if arguments else ""
    if first in commands:
        return commands[first]().read(arguments[1:])
    if first and not first.startswith("-"):
        sentence = say("There is no command {command}; there are {commands}.", command=first, commands=listed(commands))
        raise CommandError(ExitCode.BAD_INPUT, sentence)
    parser = Parser(
        "",
        say("Live captions of phone and microphone audio. Without a command, the window opens."),
        say,
        partial(_window, policy),
    )
    parser.options.add_argument("--version", action="store_true", help=say("Print the version."))
    if first in ("-h", "--help"):  # argparse only lists them here
        summary = parser.add_subparsers(
            title=say("Commands"), metavar=say("COMMAND"), parser_class=argparse.ArgumentParser
        )
        for name, make in commands.items():
            summary.add_parser(name, help=make().description, add_help=False)
    job = parser.read(arguments)
    return _version if "--version" in arguments else job


def _demo_options(policy: FindPolicy, say: Sentences) -> Parser:
    parser = Parser(
        "demo", say("Caption the bundled sample call with an emulated recogniser."), say, partial(_demo, policy)
    )
    parser.options.add_argument(
        "--headless", action="store_true", help=say("In the terminal, though there may be a display.")
    )
    _add_emulator(parser.options, say)
    return parser


def _transcribe_options(policy: FindPolicy, say: Sentences) -> Parser:
    parser = Parser(
        "transcribe", say("Recognise a file or a microphone and print its text."), say, partial(_transcribe, policy)
    )
    parser.arguments.add_argument(
        "source", metavar="SOURCE", help=say("A WAV or FLAC file, mic, or a device's name as `devices` prints it.")
    )
    add = parser.options.add_argument
    choice = partial(add_choice, parser.options, say)
    add(
        "--channel",
        metavar="N",
        type=whole("--channel", 1, math.inf, say),
        help=say("Channel, from 1; without it the mean of all."),
    )
    choice("--pace", ("realtime", "fast"), say("As it is spoken (the default), or as fast as the service takes it."))
    choice("--format", ("text", "jsonl", "srt", "vtt"), say("What the result looks like; text is the default."))
    add("--out", metavar="FILE", type=Path, help=say("Write the result there, as it comes."))
    add("--latency", action="store_true", help=say("End with the delays of every stage, on standard error."))
    add(
        "--record",
        metavar="FILE",
        type=Path,
        help=say(
            "Write down there everything that the run hears, for `captioner replay`. The file holds the speech itself, "
            "not encrypted; only you can open it."
        ),
    )
    _add_endpoint(parser.options, say)
    about = partial(_about, say)
    choice("--mode", tuple(Mode), about("mode"), Mode)
    add("--silence", metavar="SECONDS", type=number("--silence", say), help=about("silence"))
    add("--hangover", metavar="SECONDS", type=number("--hangover", say), help=about("hangover"))
    choice("--model", tuple(Model), about("model"), Model)
    choice("--domain", tuple(Domain), about("domain"), Domain)
    add("--itn", action="store_true", default=None, help=about("itn"))
    add("--no-itn", dest="itn", action="store_false", default=None, help=say("Leaves them as spoken."))
    add("--disfluency-filter", action="store_true", default=None, help=about("disfluency_filter"))
    add("--profanity-filter", action="store_true", default=None, help=about("profanity_filter"))
    add("--punctuation", action="store_true", default=None, help=about("punctuation"))
    add("--keyword", metavar="WORD[:SCORE]", action="append", help=f"{about('keywords')} {say('Repeatable.')}")
    add("--epd", metavar="SECONDS", type=number("--epd", say), help=about("epd"))
    add(
        "--max-utterance",
        metavar="SECONDS",
        type=whole("--max-utterance", 0, math.inf, say),
        help=about("max_utterance"),
    )
    return parser


def _replay_options(policy: FindPolicy, say: Sentences) -> Parser:
    parser = Parser(
        "replay",
        say("Live through a recording again, at once and without a network: the same text, the same delays."),
        say,
        partial(_replay, policy),
    )
    add = parser.options.add_argument
    parser.arguments.add_argument(
        "file", metavar="FILE", type=Path, help=say("What `transcribe --record` or the window has recorded.")
    )
    add_choice(
        parser.options,
        say,
        "--format",
        ("text", "jsonl", "srt", "vtt"),
        say("What the result looks like; text is the default."),
    )
    add("--out", metavar="FILE", type=Path, help=say("Write the result there, as it comes."))
    add("--latency", action="store_true", help=say("End with the delays of every stage, on standard error."))
    add(
        "--record",
        metavar="FILE",
        type=Path,
        help=say("Write the recording there, not encrypted, so that another computer can replay it."),
    )
    return parser


def _compare_options(policy: FindPolicy, say: Sentences) -> Parser:
    parser = Parser(
        "compare",
        say("Compare ways of getting from speech to text on the same recordings."),
        say,
        partial(_compare, policy),
    )
    parser.arguments.add_argument(
        "files", metavar="FILE", nargs="+", type=Path, help=say("WAV or FLAC files, heard one after another.")
    )
    add = parser.options.add_argument
    add(
        "--reference",
        metavar="FILE",
        dest="references",
        nargs="+",
        action="extend",
        type=Path,
        default=[],
        help=say("What is said in them: .txt, .json or .srt, named like its recording or in their order."),
    )
    add(
        "--ways",
        metavar="A,B,…",
        type=lambda text: tuple(each.strip() for each in text.split(",")),
        default=(),
        help=say(
            "Which of baseline, token-cached, connection-kept, streaming, streaming-finalize; all of them without it."
        ),
    )
    add("--per-channel", action="store_true", help=say("Each channel is a recording of its own; else their mean."))
    add(
        "--repeat",
        metavar="N",
        dest="repeats",
        type=whole("--repeat", 1, 1000, say),
        default=1,
        help=say("How often each way hears each recording."),
    )
    add(
        "--profile",
        metavar="NAME",
        default="",
        help=say("Start an emulator that behaves like this, in place of the service: measured, design."),
    )
    add("--out", metavar="DIR", type=Path, help=say("Write report.html, utterances.csv and report.json there."))
    _add_endpoint(parser.options, say)
    return parser


def _emulate_options(say: Sentences) -> Parser:
    parser = Parser("emulate", say("Be a local RTZR that recognises by listening."), say, _emulate)
    add = parser.options.add_argument
    add(
        "--port",
        metavar="N",
        type=whole("--port", 0, 65535, say),
        default=0,
        help=say("Port of this computer; 0, the default, takes a free one."),
    )
    add("--recording", metavar="FILE", type=Path, help=say("The recording to know in place of the sample call."))
    add("--script", metavar="FILE", type=Path, help=say("What is said in it, and when."))
    _add_emulator(parser.options, say)
    # for `EmulatorProcess`
    add("--with-parent", action="store_true", help=argparse.SUPPRESS)
    add("--seed", type=int, default=0, help=argparse.SUPPRESS)
    add("--journal", type=Path, default=None, help=argparse.SUPPRESS)
    return parser


def _devices_options(say: Sentences) -> Parser:
    parser = Parser("devices", say("List the input devices."), say, _devices)
    _add_json(parser.options, say)
    return parser


def _check_options(policy: FindPolicy, say: Sentences) -> Parser:
    parser = Parser("check", say("Prove an account and a network, step by step."), say, partial(_check, policy))
    parser.options.add_argument(
        "--full", action="store_true", help=say("Settle what the service's documents leave open; takes two minutes.")
    )
    _add_endpoint(parser.options, say)
    return parser


def _token_service_options(policy: FindPolicy, say: Sentences) -> Parser:
    parser = Parser(
        "token-service",
        say(
            "Give the tokens of one RTZR account to the desks of a company, each with a key of its own. Their policy "
            "names it: {policy}",
            policy='{"token_url": "https://…/token"}',
        ),
        say,
        partial(_token_service, policy),
    )
    add = parser.options.add_argument
    add(
        "--desks",
        metavar="FILE",
        type=Path,
        help=say("The desks and the hashes of their keys. A change counts at once."),
    )
    add("--add", metavar="NAME", default="", help=say("Make a key for a desk, print it this once, and end."))
    add("--remove", metavar="NAME", default="", help=say("Take a desk's key away, and end."))
    add("--host", metavar="ADDRESS", default="127.0.0.1", help=say("Address to listen on; else this computer only."))
    add(
        "--port",
        metavar="N",
        type=whole("--port", 0, 65535, say),
        default=0,
        help=say("Port of this computer; 0, the default, takes a free one."),
    )
    add("--cert", metavar="FILE", type=Path, help=say("Certificate chain for TLS, PEM."))
    add("--key", metavar="FILE", type=Path, help=say("Private key of the certificate, PEM, without a password."))
    add(
        "--behind-proxy",
        action="store_true",
        help=say("Another address than this computer's without TLS: a proxy in front of it encrypts."),
    )
    add(
        "--limit",
        metavar="N",
        type=whole("--limit", 1, 6000, say),
        default=60,
        help=say("Requests a minute that a desk may make; 60 is the default."),
    )
    _add_endpoint(parser.options, say)
    return parser


def _self_test_options(say: Sentences) -> Parser:
    return Parser("self-test", say("Boot everything, wait for a painted caption, print the trace."), say, _self_test)


def _bench_options(say: Sentences) -> Parser:
    parser = Parser("bench", say("Measure speed and size."), say, _bench)
    parser.arguments.add_argument(
        "name", metavar="NAME", nargs="?", default="", help=say("One of {names}; else all.", names=listed(BENCHES))
    )
    _add_json(parser.options, say)
    parser.options.add_argument("--part", nargs="+", help=argparse.SUPPRESS)  # for `bench.process.part`
    return parser


def _add_endpoint(options: argparse._ArgumentGroup, say: Sentences) -> None:
    options.add_argument(
        "--endpoint",
        metavar="URL",
        default="",
        help=say("Address of the service; else RTZR_ENDPOINT, else the settings. Plain http for this computer only."),
    )


def _add_json(options: argparse._ArgumentGroup, say: Sentences) -> None:
    options.add_argument("--json", dest="as_json", action="store_true", help=say("Print JSON."))


def _add_emulator(options: argparse._ArgumentGroup, say: Sentences) -> None:
    options.add_argument(
        "--profile", metavar="NAME", default="measured", help=say("How the emulated service behaves: measured, design.")
    )
    options.add_argument(
        "--fault",
        metavar="SPEC",
        dest="faults",
        action="append",
        default=[],
        help=say("What goes wrong: NAME[:ARGUMENT][xCOUNT][@START[+LENGTH]], for instance drop@12s. Repeatable."),
    )


def _about(say: Sentences, setting: str) -> str:
    """Return a setting's own sentence of help."""
    return say(next(option_of(each).help for each in fields(Settings) if each.name == setting)).replace("%", "%%")


# ---------------------------------------------------------------- commands


def _settled(find: FindPolicy, say: Sentences, *, window: bool = False) -> Policy:
    """Return what the company has settled.

    Args:
        find: reads it.
        say: the person's language.
        window: whoever opens a window may see no standard error.

    Raises:
        CommandError: that cannot be known, so nothing may be captioned.
    """
    found = find()
    if isinstance(found, Policy):
        return found
    from captioner.ui.viewstate import policy_sentence

    sentence = policy_sentence(found, say)
    if window:
        from captioner.app import refuse

        refuse(sentence)
    raise CommandError(ExitCode.BAD_INPUT, sentence)


def _window(find: FindPolicy, *, say: Sentences) -> int:
    problem = _no_window(say)
    if problem:
        raise CommandError(ExitCode.BAD_INPUT, problem)
    from captioner.app import run_window

    policy = _settled(find, say, window=True)
    settings, problems = load_settings()
    return run_window(settings=policy.apply(settings), problems=problems, policy=policy)


def _no_window(say: Sentences) -> str:
    """Say why no window can be opened; "" where one can."""
    if sys.platform.startswith("linux") and not any(os.environ.get(name) for name in DISPLAYS):
        return say("There is no display to open a window on. Use captioner transcribe, or captioner demo --headless.")
    try:
        from PySide6 import QtWidgets  # noqa: F401
    except ImportError as error:
        return say("Qt cannot be loaded ({detail}). Use captioner transcribe.", detail=error)
    return ""


def _demo(find: FindPolicy, *, headless: bool, profile: str, faults: Sequence[str], say: Sentences) -> int:
    _profile(profile, say)
    for each in faults:
        _fault(each, say)
    if not headless and not _no_window(say):
        from captioner.app import run_window
        from captioner.desk import Demo

        policy = _settled(find, say, window=True)
        settings, problems = load_settings()
        demonstrated = Demo(profile, tuple(faults))
        return run_window(settings=policy.apply(settings), problems=problems, demo=demonstrated, policy=policy)
    from captioner.commands import demo

    return demo.demo(profile, faults, say)


def _transcribe(
    find: FindPolicy,
    *,
    source: str,
    channel: int | None,
    pace: str | None,
    format: str | None,
    out: Path | None,
    latency: bool,
    record: Path | None,
    endpoint: str,
    keyword: list[str] | None,
    say: Sentences,
    **options: object,
) -> int:
    from captioner.commands import transcribe
    from captioner.commands.output import Format
    from captioner.pipeline import Pace

    changes = {name: value for name, value in options.items() if value is not None}
    if keyword is not None:
        changes["keywords"] = tuple(keyword)
    request = transcribe.Request(
        source=source,
        channel=channel,
        pace=Pace(pace or Pace.REALTIME),
        format=Format(format or Format.TEXT),
        out=out,
        latency=latency,
        changes=changes,
        endpoint=endpoint,
        record=record,
    )
    return transcribe.transcribe(request, os.environ, _settled(find, say), say)


def _replay(
    find: FindPolicy,
    *,
    file: Path,
    format: str | None,
    out: Path | None,
    latency: bool,
    record: Path | None,
    say: Sentences,
) -> int:
    from captioner.commands.output import Format
    from captioner.commands.replay import Request, replay

    request = Request(file, Format(format or Format.TEXT), out, latency, record)
    return replay(request, _settled(find, say), say)


def _compare(
    find: FindPolicy,
    *,
    files: list[Path],
    references: list[Path],
    ways: tuple[str, ...],
    per_channel: bool,
    repeats: int,
    profile: str,
    out: Path | None,
    endpoint: str,
    say: Sentences,
) -> int:
    if profile:
        _profile(profile, say)
    from captioner.commands import compare

    request = compare.Request(files, references, ways, per_channel, repeats, profile, out, endpoint)
    return compare.compare(request, os.environ, _settled(find, say), say)


def _emulate(
    *,
    port: int,
    profile: str,
    recording: Path | None,
    script: Path | None,
    faults: Sequence[str],
    with_parent: bool,
    seed: int,
    journal: Path | None,
    say: Sentences,
) -> int:
    import asyncio
    import json

    from captioner.emulator.process import end_with_parent
    from captioner.emulator.profiles import UNOFFERED
    from captioner.emulator.script import ScriptError
    from captioner.emulator.server import PortError, serve

    knobs = UNOFFERED.get(profile) or _profile(profile, say)
    wrong = [_fault(each, say) for each in faults]
    if (recording is None) != (script is None):
        raise CommandError(ExitCode.BAD_INPUT, say("--recording and --script need each other."))
    client_id, client_secret = (os.environ.get(f"RTZR_CLIENT_{name}", "").strip() for name in ("ID", "SECRET"))
    if bool(client_id) != bool(client_secret):
        raise CommandError(ExitCode.BAD_INPUT, say("Set both RTZR_CLIENT_ID and RTZR_CLIENT_SECRET, or neither."))
    if with_parent:
        end_with_parent(lambda: os.kill(os.getpid(), signal.SIGTERM))
    try:
        log = asyncio.run(
            serve(
                knobs,
                recording=recording,
                script=script,
                faults=wrong,
                port=port,
                credentials=(client_id, client_secret) if client_id else None,
                seed=seed,
                announce=lambda line: print(line, flush=True),
            )
        )
        if journal is not None:
            _write_journal(journal, json.dumps(log.journal()), say)
    except ScriptError as error:
        raise CommandError(
            ExitCode.BAD_INPUT, say("The recording and its script cannot be used: {detail}", detail=error)
        ) from error
    except PortError as error:
        raise CommandError(
            ExitCode.BAD_INPUT,
            say("Port {port} cannot be opened; choose another one. ({detail})", port=port, detail=error),
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


def _profile(name: str, say: Sentences) -> Profile:
    from captioner.emulator.profiles import PROFILES

    if name not in PROFILES:
        sentence = say("There is no profile {name}; there are {names}.", name=name, names=", ".join(PROFILES))
        raise CommandError(ExitCode.BAD_INPUT, sentence)
    return PROFILES[name]


def _fault(text: str, say: Sentences) -> Fault:
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


def _devices(*, as_json: bool, say: Sentences) -> int:
    from captioner.commands.devices import devices

    return devices(as_json, say)


def _check(find: FindPolicy, *, full: bool, endpoint: str, say: Sentences) -> int:
    from captioner.commands.check import check

    return check(full, endpoint, os.environ, _settled(find, say), say)


def _token_service(
    find: FindPolicy,
    *,
    desks: Path | None,
    add: str,
    remove: str,
    host: str,
    port: int,
    cert: Path | None,
    key: Path | None,
    behind_proxy: bool,
    limit: int,
    endpoint: str,
    say: Sentences,
) -> int:
    from captioner.commands import token_service

    if desks is None:
        command = "captioner token-service"
        sentence = say("{name} is missing. See: {command} --help", name="--desks", command=command)
        raise CommandError(ExitCode.BAD_INPUT, sentence)
    if add or remove:
        return token_service.change_desks(desks, add, remove, say)
    request = token_service.Request(desks, host, port, cert, key, behind_proxy, limit, endpoint)
    return token_service.token_service(request, os.environ, _settled(find, say), say)


def _self_test(*, say: Sentences) -> int:
    if sys.platform.startswith("linux") and not any(os.environ.get(name) for name in DISPLAYS):
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
    problem = _no_window(say)
    if problem:
        raise CommandError(ExitCode.BAD_INPUT, problem)
    from rich.console import Console

    from captioner.app import self_test
    from captioner.commands.output import print_latency
    from captioner.desk import Demo

    painted, table = self_test(Settings(), Demo())
    if not painted:
        raise CommandError(ExitCode.INCOMPLETE, say("No caption was painted. Start `captioner demo` to see why."))
    print_latency(table, Console(highlight=False), say)
    print(say("Captions painted: {count}", count=painted), flush=True)
    return ExitCode.COMPLETE


def _bench(*, name: str, as_json: bool, part: list[str] | None, say: Sentences) -> int:
    import json

    if part:
        import_module(f"captioner.bench.{part[0]}").main(part[1:])
        return ExitCode.COMPLETE
    if name and name not in BENCHES:
        sentence = say("There is no benchmark {name}; there are {names}.", name=name, names=", ".join(BENCHES))
        raise CommandError(ExitCode.BAD_INPUT, sentence)
    results = {}
    for each in [name] if name else BENCHES:
        bench = import_module(BENCHES[each])
        results[each] = bench.measure()
        if not as_json:
            from rich.console import Console

            bench.render(results[each], Console(highlight=False, width=None if sys.stdout.isatty() else 160))
    if as_json:
        print(json.dumps(results, ensure_ascii=False, indent=2))
    return ExitCode.COMPLETE
