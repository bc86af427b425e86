"""`captioner compare`: the same recordings through several ways at once, with a report of what each is worth.

Everything that can be wrong with the command line, the files and the account is found out before anything is opened.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from captioner.account import ANYBODY
from captioner.audio.wav import open_sound
from captioner.commands.ending import CommandError, ExitCode, failed
from captioner.commands.output import complain, terminal
from captioner.commands.transcribe import Interrupts, account_for, settings_for
from captioner.compare.analysis import analyse
from captioner.compare.outcome import Comparison, Reference, Way
from captioner.compare.reference import read_reference, references_for
from captioner.compare.report import table, write_report
from captioner.compare.run import TIMEOUT, Progress, Runs
from captioner.compare.services import Emulated, NotStarted, Service, Standing, design
from captioner.compare.takes import Take, listen
from captioner.compare.ways import allowed, groups
from captioner.compare.wording import recording_name, way_name
from captioner.errors import Fault, FaultError
from captioner.language import Sentences
from captioner.places import FileProblem
from captioner.policy import Policy
from captioner.settings import Settings
from captioner.ui.viewstate import fault_sentence

if TYPE_CHECKING:
    from rich import progress as rich

_WIDTH = 160
"""Columns of the table where no terminal says how many there are."""


@dataclass(frozen=True, slots=True)
class Request:
    """What the command line asks for.

    Attributes:
        ways: by name; empty is all of them.
        profile: of the emulator; empty is the real service, or whatever stands at the endpoint.
        endpoint: "" is the environment's, else the settings'.
    """

    files: Sequence[Path]
    references: Sequence[Path]
    ways: Sequence[str]
    per_channel: bool
    repeats: int
    profile: str
    out: Path | None
    endpoint: str


def compare(request: Request, environment: Mapping[str, str], policy: Policy, say: Sentences) -> int:
    """Check everything, run the comparison, write the report; return the exit code.

    Raises:
        CommandError: with one of the codes from 2 to 4; or nothing was heard before somebody stopped it.
    """
    ways = _ways(request.ways, None if request.profile else policy, say)
    left_out = "" if request.ways else ", ".join(way for way in Way if way not in ways)
    if request.profile and request.endpoint:
        sentence = say("--profile starts a service of its own: leave --endpoint out, or --profile.")
        raise CommandError(ExitCode.BAD_INPUT, sentence)
    settings = Settings() if request.profile else settings_for({}, request.endpoint, environment, policy, say)
    sources = _sources(request, say)
    account = ANYBODY if request.profile else account_for(policy, say)
    made = _make_folder(request.out, say)
    written = False
    try:
        takes = [asyncio.run(_listen(source, settings, say)) for source in sources]
        if not any(take.recording.anchors for take in takes):
            names = ", ".join(recording_name(take.recording, say) for take in takes)
            sentence = say("{name}: no speech was found, so there is nothing to compare.", name=names)
            raise CommandError(ExitCode.BAD_INPUT, sentence)
        started = datetime.now().astimezone().strftime("%Y-%m-%d %H:%M")
        with _Display(takes, request.repeats, say) as display:
            scripts = {source.path: source.script for source in sources if source.script is not None}
            service: Service = (
                Emulated(request.profile, max(map(len, groups(ways))), scripts, say)
                if request.profile
                else Standing(settings, account)
            )
            runs = Runs(takes, ways, request.repeats, settings, service.of, display.show)
            trouble = asyncio.run(_run(runs, say))
        if runs.hopeless is not None:
            raise failed(runs.hopeless, say)
        if not runs.done:
            raise trouble or CommandError(ExitCode.INCOMPLETE, say("The comparison was stopped before its first run."))
        comparison = Comparison(
            recordings=tuple(take.recording for take in takes),
            ways=ways,
            repeats=request.repeats,
            runs=tuple(runs.done),
            timeout=TIMEOUT,
            silence=settings.silence,
            service=service.name,
            started=started,
            design=design(request.profile, settings.silence) if request.profile else None,
            stopped=runs.stopped,
            emulated=bool(request.profile),
        )
        problem = _report(comparison, request.out, say)
        written = problem is None
    finally:
        if made is not None and not written:
            with suppress(OSError):  # something is in it
                made.rmdir()
    _print(comparison, say)
    for sentence in (
        say("Your company does not allow these ways, so they were left out: {names}.", names=left_out)
        if left_out
        else "",
        trouble.sentence if trouble else "",
        say(problem.sentence, **problem.values) if problem else "",
    ):
        if sentence:
            complain(sentence)
    if request.out is not None and written:
        print(say("The report is in {path}.", path=request.out), flush=True)
    complete = _is_complete(comparison) and trouble is None and problem is None
    return ExitCode.COMPLETE if complete else ExitCode.INCOMPLETE


# ---------------------------------------------------------------- before anything is opened


def _ways(names: Sequence[str], policy: Policy | None, say: Sentences) -> tuple[Way, ...]:
    """Return the ways in the order of the report.

    Args:
        names: of those that are wanted; none is all that there may be.
        policy: limits them; None where nothing leaves this computer.
        say: the person's language.
    """
    there_may_be = tuple(Way) if policy is None else allowed(policy)
    for name in names:
        if name not in tuple(Way):
            sentence = say("There is no way {name}; there are {names}.", name=name, names=", ".join(Way))
            raise CommandError(ExitCode.BAD_INPUT, sentence)
        if name not in there_may_be:
            sentence = say(
                "Your company does not allow the way {name}; it allows {names}.",
                name=name,
                names=", ".join(there_may_be),
            )
            raise CommandError(ExitCode.BAD_INPUT, sentence)
    return tuple(way for way in there_may_be if not names or way in names)


@dataclass(frozen=True, slots=True)
class _Source:
    """A lane of a file that was found good.

    Attributes:
        name: that the report calls the file.
        script: the reference's own file.
    """

    path: Path
    name: str
    channel: int | None
    reference: Reference | None
    script: Path | None


def _sources(request: Request, say: Sentences) -> list[_Source]:
    """Check the files and their references; return what is to be heard.

    Raises:
        CommandError: one of them cannot be used.
    """
    channels = list[int]()
    for path in request.files:
        try:
            sound = open_sound(path)
        except FaultError as error:
            raise failed(error.fault, say, about=str(path)) from error
        sound.close()
        channels.append(sound.channels)
    resolved = [path.resolve() for path in request.files]
    twice = next((path for path, real in zip(request.files, resolved, strict=True) if resolved.count(real) > 1), None)
    if twice is not None:
        sentence = say("{file} is given twice; use --repeat to hear it more often.", file=twice)
        raise CommandError(ExitCode.BAD_INPUT, sentence)
    paths = references_for(request.files, request.references)
    if isinstance(paths, FileProblem):
        raise CommandError(ExitCode.BAD_INPUT, say(paths.sentence, **paths.values))
    names = Counter(path.name for path in request.files)
    sources = list[_Source]()
    for path, count, given in zip(request.files, channels, paths, strict=True):
        reference = None if given is None else read_reference(given)
        if isinstance(reference, FileProblem):
            raise CommandError(ExitCode.BAD_INPUT, say(reference.sentence, **reference.values))
        name = path.name if names[path.name] == 1 else str(path)
        split = range(1, count + 1) if request.per_channel and count > 1 else [None]
        sources += [_Source(path, name, channel, reference, given) for channel in split]
    return sources


async def _listen(source: _Source, settings: Settings, say: Sentences) -> Take:
    try:
        return await listen(
            source.path,
            source.name,
            source.channel,
            source.reference,
            silence=settings.silence,
            masked=settings.mask_numbers,
        )
    except FaultError as error:
        raise failed(error.fault, say, about=str(source.path)) from error


def _make_folder(out: Path | None, say: Sentences) -> Path | None:
    """Make sure that the report can be written; return the folder where it was made for it."""
    if out is None:
        return None
    try:
        made = not out.exists()
        out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=out):
            pass
    except (OSError, ValueError) as error:  # ValueError: a name that no folder can have
        detail = (error.strerror if isinstance(error, OSError) else None) or str(error)
        sentence = say("The report cannot be written to {path} ({detail}).", path=out, detail=detail)
        raise CommandError(ExitCode.BAD_INPUT, sentence) from error
    return out if made else None


# ---------------------------------------------------------------- the runs


async def _run(runs: Runs, say: Sentences) -> CommandError | None:
    """Run them; return what ended them before their time."""
    with Interrupts(runs.stop, runs.stop_now):
        try:
            await runs.run()
        except NotStarted as error:
            return CommandError(ExitCode.UNREACHABLE, say("The emulator did not start ({detail}).", detail=error))
    return None


class _Display:
    """How far the comparison is, on standard error: a bar on a terminal, else a line for each group that is done."""

    def __init__(self, takes: Sequence[Take], repeats: int, say: Sentences) -> None:
        self._takes, self._repeats, self._say = takes, repeats, say
        self._bar: rich.Progress | None = None
        self._task: rich.TaskID | None = None

    def __enter__(self) -> _Display:
        if sys.stderr.isatty():
            from rich.progress import BarColumn, Progress, TextColumn

            columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[left]}"))
            # drawn when there is news: a thread of its own would show in the delays
            self._bar = Progress(*columns, console=terminal(), auto_refresh=False, transient=True)
            self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()

    def show(self, progress: Progress) -> None:
        """Show it."""
        say = self._say
        name = recording_name(self._takes[progress.take].recording, say)
        what = say("{name}, run {repeat} of {repeats}", name=name, repeat=progress.repeat, repeats=self._repeats)
        seconds = max(0, round(progress.total - progress.done))
        left = say("{time} left", time=f"{seconds // 60}:{seconds % 60:02}")
        if self._bar is None:
            if progress.over:
                ways = ", ".join(way_name(way, say) for way in progress.ways)
                complain(f"{what}: {ways}. {left}.")
            return
        if self._task is None:
            self._task = self._bar.add_task(what, total=progress.total, left=left)
        self._bar.update(self._task, description=what, completed=progress.done, left=left, refresh=True)


# ---------------------------------------------------------------- what came of it


def _words(say: Sentences) -> Callable[[Fault], str]:
    return lambda fault: fault_sentence(fault, say)


def _report(comparison: Comparison, out: Path | None, say: Sentences) -> FileProblem | None:
    if out is None:
        return None
    written = write_report(comparison, out, say, _words(say))
    return written if isinstance(written, FileProblem) else None


def _print(comparison: Comparison, say: Sentences) -> None:
    """Print the table."""
    from rich.console import Console

    width = None if sys.stdout.isatty() else _WIDTH
    console = Console(highlight=False, markup=False, emoji=False, width=width)
    console.print(table(analyse(comparison), say, _words(say)))


def _is_complete(comparison: Comparison) -> bool:
    """Whether every recording was heard to its end by every way, and nothing was lost.

    A channel on which nobody speaks, while somebody does on another one of its file, is nothing that is missing.
    """
    spoken = {each.name for each in comparison.recordings if each.anchors}
    due = sum(bool(each.anchors) or each.name not in spoken for each in comparison.recordings)
    due *= len(comparison.ways) * comparison.repeats
    whole = sum(run.complete and run.fault is None for run in comparison.runs)
    return not comparison.stopped and whole == due
