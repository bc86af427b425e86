"""What can be typed after each command: its arguments and options, each with its sentence of help.

A function a command. They are together, and apart from what the commands do, because help and misuse are answered
before anything heavy is loaded: nothing here needs more than argparse.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterable
from dataclasses import fields
from functools import partial
from pathlib import Path

from captioner.commands.arguments import Parser, Run, add_choice, listed, number, whole
from captioner.language import Sentences
from captioner.settings import Domain, Mode, Model, Settings, option_of


def demo(say: Sentences, run: Run) -> Parser:
    """Read what `captioner demo` is given."""
    parser = Parser("demo", say("Caption the bundled sample call with an emulated recogniser."), say, run)
    parser.options.add_argument(
        "--headless", action="store_true", help=say("In the terminal, though there may be a display.")
    )
    _add_emulator(parser.options, say)
    return parser


def transcribe(say: Sentences, run: Run) -> Parser:
    """Read what `captioner transcribe` is given; options that are settings are None where they were left out."""
    parser = Parser("transcribe", say("Recognise a file or a microphone and print its text."), say, run)
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
    _add_result(parser.options, say)
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


def replay(say: Sentences, run: Run) -> Parser:
    """Read what `captioner replay` is given."""
    parser = Parser(
        "replay",
        say("Live through a recording again, at once and without a network: the same text, the same delays."),
        say,
        run,
    )
    parser.arguments.add_argument(
        "file", metavar="FILE", type=Path, help=say("What `transcribe --record` or the window has recorded.")
    )
    _add_result(parser.options, say)
    parser.options.add_argument(
        "--record",
        metavar="FILE",
        type=Path,
        help=say("Write the recording there, not encrypted, so that another computer can replay it."),
    )
    return parser


def compare(say: Sentences, run: Run) -> Parser:
    """Read what `captioner compare` is given."""
    parser = Parser("compare", say("Compare ways of getting from speech to text on the same recordings."), say, run)
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


def emulate(say: Sentences, run: Run) -> Parser:
    """Read what `captioner emulate` is given, by a person or by `EmulatorProcess`."""
    parser = Parser("emulate", say("Be a local RTZR that recognises by listening."), say, run)
    add = parser.options.add_argument
    _add_port(parser.options, say)
    add("--recording", metavar="FILE", type=Path, help=say("The recording to know in place of the sample call."))
    add("--script", metavar="FILE", type=Path, help=say("What is said in it, and when."))
    _add_emulator(parser.options, say)
    # what `EmulatorProcess` says
    add("--with-parent", action="store_true", help=argparse.SUPPRESS)
    add("--seed", type=int, default=0, help=argparse.SUPPRESS)
    add("--journal", type=Path, default=None, help=argparse.SUPPRESS)
    return parser


def devices(say: Sentences, run: Run) -> Parser:
    """Read what `captioner devices` is given."""
    parser = Parser("devices", say("List the input devices."), say, run)
    _add_json(parser.options, say)
    return parser


def check(say: Sentences, run: Run) -> Parser:
    """Read what `captioner check` is given."""
    parser = Parser("check", say("Prove an account and a network, step by step."), say, run)
    parser.options.add_argument(
        "--full", action="store_true", help=say("Settle what the service's documents leave open; takes two minutes.")
    )
    _add_endpoint(parser.options, say)
    return parser


def token_service(say: Sentences, run: Run) -> Parser:
    """Read what `captioner token-service` is given."""
    parser = Parser(
        "token-service",
        say(
            "Give the tokens of one RTZR account to the desks of a company, each with a key of its own. Their policy "
            "names it: {policy}",
            policy='{"token_url": "https://…/token"}',
        ),
        say,
        run,
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
    _add_port(parser.options, say)
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


def self_test(say: Sentences, run: Run) -> Parser:
    """Read what `captioner self-test` is given: nothing."""
    return Parser("self-test", say("Boot everything, wait for a painted caption, print the trace."), say, run)


def bench(names: Iterable[str], say: Sentences, run: Run) -> Parser:
    """Read what `captioner bench` is given.

    Args:
        names: of the benchmarks.
        say: the person's language.
        run: the command.
    """
    parser = Parser("bench", say("Measure speed and size."), say, run)
    parser.arguments.add_argument(
        "name", metavar="NAME", nargs="?", default="", help=say("One of {names}; else all.", names=listed(names))
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


def _add_result(options: argparse._ArgumentGroup, say: Sentences) -> None:
    help = say("What the result looks like; text is the default.")
    add_choice(options, say, "--format", ("text", "jsonl", "srt", "vtt"), help)
    options.add_argument("--out", metavar="FILE", type=Path, help=say("Write the result there, as it comes."))
    options.add_argument(
        "--latency", action="store_true", help=say("End with the delays of every stage, on standard error.")
    )


def _add_port(options: argparse._ArgumentGroup, say: Sentences) -> None:
    options.add_argument(
        "--port",
        metavar="N",
        type=whole("--port", 0, 65535, say),
        default=0,
        help=say("Port of this computer; 0, the default, takes a free one."),
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
