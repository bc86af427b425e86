"""What a person reads in the comparison window: what is chosen, what that means, how far it is, what came of it.

Values in, words out: no widget, no clock.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final, assert_never

from captioner.compare import charts
from captioner.compare.analysis import Analysis
from captioner.compare.matching import Outcome
from captioner.compare.outcome import Way
from captioner.compare.scoring import Mark, Piece
from captioner.compare.sidebyside import Cell, SideRow
from captioner.compare.summary import Table, accuracy, bill, headline
from captioner.compare.ways import RECIPES, STREAMS, groups
from captioner.compare.wording import (
    anchor_sentence,
    clock,
    finding,
    milliseconds,
    notices,
    outcome_name,
    recording_name,
    way_name,
)
from captioner.errors import Fault, FaultKind
from captioner.events import RATE
from captioner.language import Sentences
from captioner.places import FileProblem
from captioner.ui.viewstate import Tone, fault_sentence, gap_sentence

PROFILES: Final = ("design", "measured")
"""The emulator's profiles that are offered; the real service is ""."""

MOST_REPEATS: Final = 20

_MORE = 5.0
"""Seconds that a recording takes beyond its length: for what comes before it, and for the last words."""


# ---------------------------------------------------------------- what is chosen


@dataclass(frozen=True, slots=True)
class Plan:
    """What a person chose, but for the files.

    Attributes:
        live: the microphone is heard, no file.
        device: the microphone's id; empty is the system's default.
        ways: in the order of the report.
        repeats: how often each way hears each file.
        per_channel: each channel of a file is heard by itself.
        profile: of an emulator; empty is the real service.
    """

    live: bool = False
    device: str = ""
    ways: tuple[Way, ...] = (Way.CONNECTION_KEPT, Way.STREAMING)
    repeats: int = 1
    per_channel: bool = False
    profile: str = ""


@dataclass(frozen=True, slots=True)
class ChosenFile:
    """A file that was chosen, and what was found of it.

    Attributes:
        channels, seconds: 0 while it is still looked at, or cannot be used.
        fault: why it cannot be used.
        reference: the file that says what is said in it.
        problem: why that one cannot be used; the recording is compared without it.
        silent: nobody speaks in it.
    """

    path: Path
    channels: int = 0
    seconds: float = 0.0
    fault: Fault | None = None
    reference: Path | None = None
    problem: FileProblem | None = None
    silent: bool = False

    @property
    def usable(self) -> bool:
        """Whether it can be heard."""
        return self.channels > 0 and self.fault is None


@dataclass(frozen=True, slots=True)
class FileLine:
    """A file in the list.

    Attributes:
        detail: its length, channels and reference, or why it cannot be used.
        bad: that is a complaint.
    """

    name: str
    path: str
    detail: str
    bad: bool
    has_reference: bool


@dataclass(frozen=True, slots=True)
class SetupView:
    """The page on which is chosen.

    Attributes:
        cost: connections, their price and the time, to be read before the start.
        obstacle: why it cannot start; empty where it can.
    """

    files: tuple[FileLine, ...]
    cost: str
    obstacle: str

    @property
    def can_start(self) -> bool:
        """Whether nothing stands in the way."""
        return not self.obstacle


def setup_view(
    plan: Plan,
    files: Sequence[ChosenFile],
    *,
    captions: bool,
    account: bool,
    service: str,
    limit: float,
    say: Sentences,
    missing: FaultKind = FaultKind.CREDENTIALS_MISSING,
    allowed: Sequence[Way] = tuple(Way),
) -> SetupView:
    """Say what is chosen, and what that means.

    Args:
        plan: what is chosen.
        files: those to be heard.
        captions: captions run in the main window.
        account: the keys of an account are known.
        service: address of the real one.
        limit: seconds after which a microphone is heard no further.
        say: the person's language.
        missing: what is missing where they are not.
        allowed: ways that the company lets through to the service.
    """
    return SetupView(
        files=tuple(_file_line(each, say) for each in files),
        cost=_cost(plan, files, service, limit, say) if plan.ways else "",
        obstacle=_forbidden(plan, allowed, say)
        or _obstacle(plan, files, captions=captions, missing=None if account else missing, say=say),
    )


def streams(ways: Sequence[Way]) -> int:
    """Return how many connections ways may hold at the same time."""
    return max((sum(RECIPES[way].streams for way in group) for group in groups(ways)), default=0)


def _file_line(file: ChosenFile, say: Sentences) -> FileLine:
    name, path, has = file.path.name, str(file.path), file.reference is not None
    if file.fault is not None:
        return FileLine(name, path, fault_sentence(file.fault, say), True, has)
    if not file.channels:
        return FileLine(name, path, say("The file is being looked at."), False, has)
    if file.silent:
        return FileLine(name, path, say("No speech was found, so there is nothing to compare."), True, has)
    facts = [clock(round(file.seconds * RATE))]
    facts.append(say("1 channel") if file.channels == 1 else say("{count} channels", count=file.channels))
    if file.problem is not None:
        facts.append(say(file.problem.sentence, **file.problem.values))
    elif file.reference is not None:
        facts.append(say("reference: {name}", name=file.reference.name))
    else:
        facts.append(say("no reference"))
    return FileLine(name, path, " · ".join(facts), file.problem is not None, has)


def _cost(plan: Plan, files: Sequence[ChosenFile], service: str, limit: float, say: Sentences) -> str:
    sentences = list[str]()
    count = streams(plan.ways)
    if plan.profile:
        sentences.append(
            say("An emulator on this computer plays the recogniser: nothing leaves it, and nothing is billed.")
        )
    elif count == 1:
        sentences.append(say("One connection is opened to {service}, and what it is sent is billed.", service=service))
    else:
        sentences.append(
            say(
                "At least one connection for each way is opened to {service}, up to {count} at the same time, and what "
                "each of them is sent is billed.",
                service=service,
                count=count,
            )
        )
    if plan.live:
        sentences.append(
            say(
                "All ways hear the microphone at the same time, until you finish, for {minutes} minutes at most. The "
                "sound is not kept.",
                minutes=f"{limit / 60:g}",
            )
        )
    else:
        lanes = [each.seconds * (each.channels if plan.per_channel else 1) for each in files if each.usable]
        seconds = sum(lanes) * len(groups(plan.ways)) * plan.repeats
        if seconds:
            minutes = math.ceil((seconds + _MORE * len(lanes) * plan.repeats) / 60)
            sentences.append(say("It takes about {minutes} min.", minutes=minutes))
    return " ".join(sentences)


def _forbidden(plan: Plan, allowed: Sequence[Way], say: Sentences) -> str:
    ways = [way_name(way, say) for way in plan.ways if way not in allowed]
    if plan.profile or not ways:
        return ""
    return say(
        "Your company does not allow {ways} with the service: leave it out, or let an emulator recognise.",
        ways=", ".join(ways),
    )


def _obstacle(
    plan: Plan, files: Sequence[ChosenFile], *, captions: bool, missing: FaultKind | None, say: Sentences
) -> str:
    if captions:
        return say("Captions are running. Stop them in the main window: a comparison never runs beside them.")
    if not plan.ways:
        return say("Choose a way.")
    if plan.live and len(groups(plan.ways)) > 1:
        return say(
            "All ways hear the microphone at the same time. These need {count} connections, and the service allows "
            "{limit}: leave one out.",
            count=sum(RECIPES[way].streams for way in plan.ways),
            limit=STREAMS,
        )
    if not plan.live and not files:
        return say("Add a recording, or choose the microphone.")
    if not plan.live and any(not each.channels and each.fault is None for each in files):
        return say("The files are still being looked at.")
    if not plan.live and not any(each.usable for each in files):
        return say("None of these files can be used.")
    if not plan.profile and missing is not None:
        return fault_sentence(Fault(missing), say)
    return ""


# ---------------------------------------------------------------- how far it is


class Stage(StrEnum):
    """Where a comparison is."""

    IDLE = "idle"
    PREPARING = "preparing"
    RUNNING = "running"
    FINISHING = "finishing"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class RunState:
    """How far a comparison is.

    Attributes:
        live: it hears the microphone.
        name: of what is being heard.
        repeat, repeats: which time, and of how many.
        ways: that hear it just now.
        done, total: seconds of sound.
        stopped: it was cancelled.
        reportable: something came of it.
        complaint: what ended it before its time; empty where nothing did.
    """

    stage: Stage = Stage.IDLE
    live: bool = False
    name: str = ""
    repeat: int = 1
    repeats: int = 1
    ways: tuple[Way, ...] = ()
    done: float = 0.0
    total: float = 0.0
    stopped: bool = False
    reportable: bool = False
    complaint: str = ""


@dataclass(frozen=True, slots=True)
class RunView:
    """The bar of the window.

    Attributes:
        complaint: what ended it before its time; empty where nothing did.
        progress: 0 to 1; None where nobody can tell.
        can_finish: the microphone can be told that it was enough.
    """

    tone: Tone
    headline: str
    detail: str
    complaint: str
    progress: float | None
    running: bool
    can_finish: bool
    can_cancel: bool
    can_save: bool


def run_view(state: RunState, say: Sentences) -> RunView:
    """Say how far it is."""
    detail, progress = "", None
    running = state.stage in (Stage.PREPARING, Stage.RUNNING, Stage.FINISHING)
    match state.stage:
        case Stage.IDLE:
            tone, headline = Tone.IDLE, say("Choose what is compared")
            tone = Tone.BAD if state.complaint else tone
        case Stage.PREPARING:
            tone, headline = Tone.BUSY, say("Preparing: {name}", name=state.name)
        case Stage.RUNNING:
            tone, headline, progress = (
                Tone.BUSY,
                _hearing(state, say),
                state.done / state.total if state.total else None,
            )
            names = ", ".join(way_name(way, say) for way in state.ways)
            detail = say("Heard by: {ways}", ways=names)
        case Stage.FINISHING:
            tone, headline = Tone.BUSY, say("Waiting for the last words")
        case Stage.DONE:
            tone, headline = Tone.GOOD, say("Done")
            if state.stopped:
                tone, headline = Tone.WARN, say("Cancelled; what was done is kept")
            if state.complaint:
                tone = Tone.BAD
                headline = say("Ended early; what was done is kept")
        case _:
            assert_never(state.stage)
    return RunView(
        tone=tone,
        headline=headline,
        detail=detail,
        complaint=state.complaint,
        progress=progress,
        running=running,
        can_finish=state.live and state.stage is Stage.RUNNING,
        can_cancel=running,
        can_save=state.reportable,
    )


def _hearing(state: RunState, say: Sentences) -> str:
    if state.live:
        return say(
            "{name} · {time} of at most {limit}", name=state.name, time=_short(state.done), limit=_short(state.total)
        )
    left = say("{time} left", time=_short(max(0.0, state.total - state.done)))
    if state.repeats == 1:
        return f"{state.name} · {left}"
    run = say("{name}, run {repeat} of {repeats}", name=state.name, repeat=state.repeat, repeats=state.repeats)
    return f"{run} · {left}"


def _short(seconds: float) -> str:
    whole = round(seconds)
    return f"{whole // 60}:{whole % 60:02}"


# ---------------------------------------------------------------- the texts


@dataclass(frozen=True, slots=True)
class CellView:
    """A text and what stands beside it.

    Attributes:
        pieces: the text, with what differs marked; empty where there is none.
        note: stands in the text's place, or says what became of it.
        settled: the text is final; else it may still change.
        total: "634 ms", or empty.
    """

    pieces: tuple[Piece, ...]
    note: str
    settled: bool
    total: str


@dataclass(frozen=True, slots=True)
class RowView:
    """An utterance as two ways have it."""

    time: str
    left: CellView
    right: CellView


NOTHING: Final = CellView((), "", settled=True, total="")


def row_views(rows: Sequence[SideRow], say: Sentences) -> tuple[RowView, ...]:
    """Say what each row holds."""
    return tuple(RowView(clock(row.start), _cell_view(row.left, say), _cell_view(row.right, say)) for row in rows)


def _cell_view(cell: Cell | None, say: Sentences) -> CellView:
    if cell is None:
        return NOTHING
    total = "" if cell.total_ms is None else f"{milliseconds(cell.total_ms, bound=cell.bound)} ms"
    note = ""
    if cell.gap is not None:
        note = gap_sentence(cell.gap, say)
    elif not cell.pieces and cell.outcome is Outcome.MERGED:
        note = say("its text stands with utterance {others}", others=", ".join(map(str, cell.with_utterances)))
    elif cell.outcome is not None and cell.outcome is not Outcome.FINAL:
        note = outcome_name(cell.outcome, say)
    elif not cell.pieces and cell.final:
        note = say("no text")
    return CellView(cell.pieces, note, cell.final, total)


def mark_name(mark: Mark, say: Sentences) -> str:
    """Name what is marked in a text; empty for what is not."""
    match mark:
        case Mark.SAME:
            return ""
        case Mark.SUBSTITUTED:
            return say("different")
        case Mark.INSERTED:
            return say("only here")
        case Mark.DELETED:
            return say("deleted")
        case Mark.NOTATION:
            return say("number written differently")
        case _:
            assert_never(mark)


# ---------------------------------------------------------------- what came of it


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart of the report, as `compare.picture` takes it, with what is said above it."""

    title: str
    lead: str
    drawing: str
    key: str


@dataclass(frozen=True, slots=True)
class ResultView:
    """The page of results, from top to bottom.

    Attributes:
        notices: what a reader must know before the numbers.
        findings: what the pairs of ways show, and what the delays are anchored on.
    """

    notices: tuple[str, ...]
    tables: tuple[Table, ...]
    findings: tuple[str, ...]
    charts: tuple[Chart, ...]
    after: tuple[Table, ...]


def result_view(analysis: Analysis, say: Sentences) -> ResultView:
    """Say what came of a comparison."""

    def fault(each: Fault) -> str:
        return fault_sentence(each, say)

    anchors = dict.fromkeys(
        f"{recording_name(each, say)}: {anchor_sentence(each, say)}"
        for each in analysis.comparison.recordings
        if each.anchors
    )
    pictures = tuple[Chart, ...]()
    if analysis.rows:
        pictures = (
            Chart(
                say("Stage waterfall"),
                say(
                    "Where the time goes between the last sample of speech and the text, for the utterance at the "
                    "median and at the 95th percentile of each way, in milliseconds. The stages of a bar add up to its "
                    "total."
                ),
                charts.waterfall(analysis.ways, say),
                charts.stage_legend(say),
            ),
            Chart(
                say("Distribution of the totals"),
                say("The share of all utterances whose final text was there within a time after the end of speech."),
                charts.distribution(analysis.ways, say),
                charts.way_legend(analysis.ways, say),
            ),
        )
    scored = accuracy(analysis, say)
    return ResultView(
        notices=tuple(notices(analysis, say, fault)),
        tables=(headline(analysis, say),),
        findings=(*(said for pair in analysis.pairs if (said := finding(pair, say))), *anchors),
        charts=pictures,
        after=(*((scored,) if scored else ()), bill(analysis, say)),
    )
