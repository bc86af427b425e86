"""The command line: arguments in, a command run, an exit code out.

Every command imports what it needs when it runs: Qt is the window's alone, PortAudio capture's, and neither `--version`
nor `--help` loads them or numpy. Whatever goes wrong becomes one line on standard error, in the person's language.

    main        the ends of the program: streams, signals, the sentence and the code of whatever failed
    _parse      each command with what it is given (`commands/options.py`); the answer is what is to be run
    _window …   from what was given to what is done (`commands/`, and the window's `app.py`)
"""

from __future__ import annotations

import gc
import io
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from captioner.commands.ending import CommandError, ExitCode
from captioner.language import Sentences, system_language
from captioner.places import load_policy, load_settings
from captioner.policy import Policy, PolicyProblem
from captioner.settings import SettingError, Settings

if TYPE_CHECKING:
    from captioner.commands.arguments import Job, Parser, Run
    from captioner.desk import Demo

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
        code = _parse(arguments, policy, say)()
        sys.stdout.flush()
        return code
    except CommandError as error:
        _complain(error.sentence)
        return error.code
    except KeyboardInterrupt:
        return ExitCode.INCOMPLETE
    except Exception as error:
        if _is_output_failure(error):
            return _output_failed(error, say)
        _complain(_defect(error, say))
        return ExitCode.INCOMPLETE


def _version() -> int:
    from captioner import __version__

    try:
        print(f"captioner {__version__}", flush=True)
    except OSError as error:
        return _output_failed(error, Sentences.load(system_language()))
    return ExitCode.COMPLETE


def _prepare_streams() -> None:
    """Make both streams UTF-8, whatever the console's code page; give a program without a console silent ones.

    Where a number of the three streams is free, the next file to be opened would get it, and be taken for the stream.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest number that is free
    if sys.stdout is None:
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115 - it stays open in the stream's place
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115 - as above
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="replace", newline="\n")


def _complain(sentence: str) -> None:
    from captioner.commands.output import complain

    complain(sentence)


def _is_output_failure(error: Exception) -> bool:
    from captioner.commands.output import is_output_failure

    return is_output_failure(error)


def _output_failed(error: Exception, say: Sentences) -> int:
    """End because standard output takes nothing any more; a reader that went away, as `head` does, has seen enough."""
    from captioner.commands.output import drop_output, is_broken_pipe, output_sentence

    drop_output()
    if isinstance(error, OSError) and not is_broken_pipe(error):
        _complain(output_sentence(error, say))
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
    import argparse  # all of it here, because `--version` does without

    from captioner.commands import options
    from captioner.commands.arguments import Parser, listed

    commands: dict[str, tuple[Callable[[Sentences, Run], Parser], Run]] = {
        "demo": (options.demo, partial(_demo, policy)),
        "transcribe": (options.transcribe, partial(_transcribe, policy)),
        "replay": (options.replay, partial(_replay, policy)),
        "compare": (options.compare, partial(_compare, policy)),
        "emulate": (options.emulate, _emulate),
        "devices": (options.devices, _devices),
        "check": (options.check, partial(_check, policy)),
        "token-service": (options.token_service, partial(_token_service, policy)),
        "self-test": (options.self_test, _self_test),
        "bench": (partial(options.bench, BENCHES), _bench),
    }

    def parser_of(command: str) -> Parser:
        read, run = commands[command]
        return read(say, run)

    first = arguments[0] if arguments else ""
    if first in commands:
        return parser_of(first).read(arguments[1:])
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
        for name in commands:
            summary.add_parser(name, help=parser_of(name).description, add_help=False)
    job = parser.read(arguments)
    return _version if "--version" in arguments else job


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

        refuse(sentence, say)
    raise CommandError(ExitCode.BAD_INPUT, sentence)


def _window(find: FindPolicy, *, say: Sentences) -> int:
    problem = _no_window(say)
    if problem:
        raise CommandError(ExitCode.BAD_INPUT, problem)
    return _open_window(find, None, say)


def _open_window(find: FindPolicy, demo: Demo | None, say: Sentences) -> int:
    from captioner.app import refuse, run_window
    from captioner.ui.viewstate import named_setting_sentence

    policy = _settled(find, say, window=True)
    settings, problems = load_settings()
    if demo is None:
        try:
            policy = policy.lend(settings, os.environ.get("RTZR_ENDPOINT", "").strip())
        except SettingError as error:
            sentence = named_setting_sentence(error, say)
            refuse(sentence, say)
            raise CommandError(ExitCode.BAD_INPUT, sentence) from error
    return run_window(settings=policy.apply(settings), problems=problems, demo=demo, policy=policy)


def _no_window(say: Sentences) -> str:
    """Say why no window can be opened; "" where one can."""
    if sys.platform.startswith("linux") and not any(os.environ.get(name) for name in DISPLAYS):
        return say("There is no display to open a window on. Use captioner transcribe, or captioner demo --headless.")
    try:
        from PySide6 import QtWidgets  # noqa: F401 - only whether it loads
    except ImportError as error:
        return say("Qt cannot be loaded ({detail}). Use captioner transcribe.", detail=error)
    return ""


def _demo(find: FindPolicy, *, headless: bool, profile: str, faults: Sequence[str], say: Sentences) -> int:
    from captioner.commands.emulate import fault_written, profile_named

    profile_named(profile, say)
    for each in faults:
        fault_written(each, say)
    if not headless and not _no_window(say):
        from captioner.desk import Demo

        return _open_window(find, Demo(profile, tuple(faults)), say)
    from captioner.commands.demo import demo

    return demo(profile, faults, say)


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


def _replay(find: FindPolicy, *, format: str | None, say: Sentences, **options: Any) -> int:
    from captioner.commands.output import Format
    from captioner.commands.replay import Request, replay

    return replay(Request(format=Format(format or Format.TEXT), **options), _settled(find, say), say)


def _compare(find: FindPolicy, *, profile: str, say: Sentences, **options: Any) -> int:
    if profile:
        from captioner.commands.emulate import profile_named

        profile_named(profile, say)
    from captioner.commands.compare import Request, compare

    return compare(Request(profile=profile, **options), os.environ, _settled(find, say), say)


def _emulate(*, say: Sentences, **options: Any) -> int:
    from captioner.commands.emulate import Request, emulate

    return emulate(Request(**options), say)


def _devices(*, as_json: bool, say: Sentences) -> int:
    from captioner.commands.devices import devices

    return devices(as_json, say)


def _check(find: FindPolicy, *, full: bool, endpoint: str, say: Sentences) -> int:
    from captioner.commands.check import check

    return check(full, endpoint, os.environ, _settled(find, say), say)


def _token_service(
    find: FindPolicy, *, desks: Path | None, add: str, remove: str, say: Sentences, **options: Any
) -> int:
    from captioner.commands.token_service import Request, change_desks, token_service

    if desks is None:
        command = "captioner token-service"
        sentence = say("{name} is missing. See: {command} --help", name="--desks", command=command)
        raise CommandError(ExitCode.BAD_INPUT, sentence)
    if add or remove:
        return change_desks(desks, add, remove, say)
    return token_service(Request(desks=desks, **options), os.environ, _settled(find, say), say)


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
