"""A command's options: argparse, with every misuse as one sentence in the person's language.

argparse, because each of its errors can be told apart by what it carries: typer 0.29 brings click under a private name,
and pydantic with it, which cost 16 MB and a tenth of a second at every start.
"""

from __future__ import annotations

import argparse
import difflib
import itertools
import math
import re
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import NoReturn, TypeAlias

from captioner.commands.ending import CommandError, ExitCode
from captioner.language import Sentences

Job: TypeAlias = Callable[[], int]
"""A command with its arguments, ready to run; it returns the exit code, or raises CommandError."""

Run: TypeAlias = Callable[..., int]
"""A command: called with its arguments and options by their names, and `say`, the person's language."""


class Parser(argparse.ArgumentParser):
    """The options of a command; what it does not understand becomes a CommandError.

    Args:
        name: of the command; "" for the program without one.
        run: the command.
    """

    def __init__(self, name: str, description: str, say: Sentences, run: Run) -> None:
        super().__init__(
            prog=f"captioner {name}".strip(),
            description=description,
            add_help=False,
            allow_abbrev=False,
            exit_on_error=False,
            formatter_class=partial(_Help, prefix=say("Usage: ")),
        )
        self.arguments = self.add_argument_group(say("Arguments"))
        self.options = self.add_argument_group(say("Options"))
        self.options.add_argument("-h", "--help", action="store_true", help=say("Print this help."))
        self._say, self._run = say, run

    def read(self, arguments: Sequence[str]) -> Job:
        """Read the arguments that follow the command's name; return what is to be run.

        Raises:
            CommandError: they cannot be understood.
        """
        before = list(itertools.takewhile(lambda each: each != "--", arguments))
        if "-h" in before or "--help" in before:
            return self._help
        # after `--` there are no options, but Python 3.11 forgets that where arguments and options may be mixed
        parse = self.parse_known_intermixed_args if before == list(arguments) else self.parse_known_args
        try:
            values, unknown = parse(list(arguments))
        except argparse.ArgumentError as error:
            raise self._misused(error.argument_name, arguments) from error
        if unknown:
            raise self._unknown(unknown[0])
        given = vars(values)
        del given["help"]
        given.pop("version", None)
        return partial(self._run, **given, say=self._say)

    def error(self, message: str) -> NoReturn:
        """Say that an argument is missing: that is all for which argparse still comes here."""
        del message
        raise self._misused(None, ()) from None

    def _help(self) -> int:
        print(self.format_help(), end="", flush=True)
        return ExitCode.COMPLETE

    def _misused(self, option: str | None, arguments: Sequence[str]) -> CommandError:
        say, command = self._say, self.prog
        if option is None:
            names = listed(str(each.metavar or each.dest) for each in self._get_positional_actions())
            sentence = say("{name} is missing. See: {command} --help", name=names, command=command)
        elif any(each.startswith(f"{name}=") for each in arguments for name in option.split("/")):
            sentence = say("The option {option} takes no value. See: {command} --help", option=option, command=command)
        else:
            sentence = say("The option {option} needs a value. See: {command} --help", option=option, command=command)
        return CommandError(ExitCode.BAD_INPUT, sentence)

    def _unknown(self, argument: str) -> CommandError:
        say, command = self._say, self.prog
        if not argument.startswith("-"):
            sentence = say(
                "{argument} is one argument too many. See: {command} --help", argument=argument, command=command
            )
            return CommandError(ExitCode.BAD_INPUT, sentence)
        option = argument.partition("=")[0]
        near = difflib.get_close_matches(option, [each for each in self._option_string_actions if each != "-h"], 1)
        if near:
            sentence = say(
                "There is no option {option}; did you mean {near}? See: {command} --help",
                option=option,
                near=near[0],
                command=command,
            )
        else:
            sentence = say("There is no option {option}. See: {command} --help", option=option, command=command)
        return CommandError(ExitCode.BAD_INPUT, sentence)


class _Help(argparse.HelpFormatter):
    """argparse's help, with its one fixed word in the person's language."""

    def __init__(self, prog: str, *, prefix: str) -> None:
        super().__init__(prog, max_help_position=30)
        self._prefix = prefix

    def add_usage(
        self,
        usage: str | None,
        actions: Iterable[argparse.Action],
        groups: Iterable[argparse._MutuallyExclusiveGroup],
        prefix: str | None = None,
    ) -> None:
        super().add_usage(usage, actions, groups, self._prefix if prefix is None else prefix)


def listed(names: Iterable[str]) -> str:
    """Join names for a sentence."""
    return ", ".join(names)


def add_choice(
    options: argparse._ArgumentGroup,
    say: Sentences,
    name: str,
    choices: Sequence[str],
    help: str,
    make: Callable[[str], object] = str,
) -> None:
    """Add an option that takes one of a few words.

    Args:
        options: where it is added.
        say: the person's language.
        name: with its dashes.
        choices: the words.
        help: one sentence.
        make: turns the word into the option's value.
    """

    def read(text: str) -> object:
        if text not in choices:
            sentence = say("{option}: {value} is none of {choices}.", option=name, value=text, choices=listed(choices))
            raise CommandError(ExitCode.BAD_INPUT, sentence)
        return make(text)

    options.add_argument(name, metavar="|".join(choices), type=read, help=help)


def whole(option: str, low: int, high: float, say: Sentences) -> Callable[[str], int]:
    """Make the reader of a whole number in `[low, high]`."""

    def read(text: str) -> int:
        value = int(text) if re.fullmatch(r"[+-]?\d{1,18}", text.strip()) else None
        if value is not None and low <= value <= high:
            return value
        if high == math.inf:
            sentence = say("{option}: {value} is not a whole number from {low} on.", option=option, value=text, low=low)
        else:
            sentence = say(
                "{option}: {value} is not a whole number from {low} to {high}.",
                option=option,
                value=text,
                low=low,
                high=high,
            )
        raise CommandError(ExitCode.BAD_INPUT, sentence)

    return read


def number(option: str, say: Sentences) -> Callable[[str], float]:
    """Make the reader of a number."""

    def read(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            sentence = say("{option}: {value} is not a number.", option=option, value=text)
            raise CommandError(ExitCode.BAD_INPUT, sentence)
        return value

    return read
