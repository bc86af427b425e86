from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from captioner.compare.analysis import analyse
from captioner.compare.matching import Outcome
from captioner.compare.outcome import Way
from captioner.compare.scoring import Mark, Piece
from captioner.compare.sidebyside import Cell, SideRow
from captioner.errors import Fault, FaultKind
from captioner.events import RATE, GapShown, LossReason
from captioner.language import Sentences
from captioner.places import FileProblem
from captioner.settings import Language
from captioner.ui.comparison_view import (
    NOTHING,
    ChosenFile,
    Plan,
    RunState,
    SetupView,
    Stage,
    mark_name,
    result_view,
    row_views,
    run_view,
    setup_view,
    streams,
)
from captioner.ui.viewstate import Tone
from tests.compare.made_up import designed, lively

SAY = Sentences()
GOOD = ChosenFile(Path("call.wav"), channels=2, seconds=62.0)


def setup(plan: Plan | None = None, *files: ChosenFile, **other: Any) -> SetupView:
    facts: dict[str, Any] = {"captions": False, "account": True, "service": "https://x.example", "limit": 1800.0}
    return setup_view(plan or Plan(), files or (GOOD,), **{**facts, **other}, say=SAY)


# ---------------------------------------------------------------- what is chosen


def test_how_many_connections_are_billed_is_said_before_the_start() -> None:
    view = setup(Plan(ways=(Way.CONNECTION_KEPT, Way.STREAMING)))
    assert view.can_start
    assert "https://x.example" in view.cost
    assert "up to 2 at the same time" in view.cost
    assert "billed" in view.cost
    five = setup(Plan(ways=(Way.BASELINE, Way.TOKEN_CACHED, Way.STREAMING))).cost
    assert "up to 5 at the same time" in five
    assert "One connection" in setup(Plan(ways=(Way.STREAMING,))).cost


def test_no_more_connections_are_announced_than_the_ways_may_hold() -> None:
    assert streams((Way.BASELINE,)) == 2  # one that closes, and its successor
    assert streams((Way.TOKEN_CACHED, Way.STREAMING)) == 3
    assert streams(tuple(Way)) <= 5
    assert streams(()) == 0


def test_an_emulator_says_that_it_is_one_and_needs_no_keys() -> None:
    view = setup(Plan(profile="design"), account=False)
    assert view.can_start
    assert "emulator on this computer" in view.cost
    assert "https" not in view.cost


def test_a_way_that_is_not_allowed_with_the_service_goes_through_an_emulator() -> None:
    assert setup(Plan(ways=tuple(Way), profile="design"), allowed=(Way.STREAMING,)).can_start
    assert setup(Plan(ways=(Way.STREAMING,)), allowed=(Way.STREAMING,)).can_start


def test_the_time_it_takes_counts_runs_groups_and_channels() -> None:
    assert "about 2 min" in setup(Plan()).cost
    assert "about 7 min" in setup(Plan(ways=tuple(Way), repeats=3)).cost
    assert "about 3 min" in setup(Plan(per_channel=True)).cost


def test_a_microphone_has_a_limit_and_its_sound_is_not_kept() -> None:
    cost = setup(Plan(live=True)).cost
    assert "30 minutes at most" in cost
    assert "not kept" in cost


OBSTACLES: dict[str, tuple[SetupView, str]] = {
    "captions run": (setup(captions=True), "Captions are running"),
    "no way": (setup(Plan(ways=())), "Choose a way."),
    "too many for a microphone": (setup(Plan(live=True, ways=tuple(Way))), "need 7 connections"),
    "not allowed": (
        setup(Plan(ways=(Way.CONNECTION_KEPT, Way.STREAMING)), allowed=(Way.STREAMING,)),
        "does not allow Connection kept with the service",
    ),
    "no keys": (setup(account=False), "keys are missing"),
    "no desk key": (setup(account=False, missing=FaultKind.DESK_KEY_MISSING), "desk key is missing"),
    "nothing to hear": (
        setup_view(Plan(), (), captions=False, account=True, service="", limit=1.0, say=SAY),
        "Add a recording",
    ),
    "still looking": (setup(Plan(), ChosenFile(Path("a.wav"))), "still being looked at"),
    "no good file": (
        setup(Plan(), ChosenFile(Path("a.wav"), fault=Fault(FaultKind.FILE_EMPTY))),
        "None of these files",
    ),
}


@pytest.mark.parametrize("name", OBSTACLES)
def test_what_stands_in_the_way_is_said_in_one_sentence(name: str) -> None:
    view, words = OBSTACLES[name]
    assert words in view.obstacle
    assert not view.can_start


def test_a_bad_file_does_not_hold_up_a_good_one() -> None:
    assert setup(Plan(), ChosenFile(Path("a.png"), fault=Fault(FaultKind.FILE_NOT_SOUND)), GOOD).can_start


def test_a_file_says_what_it_is_or_what_is_wrong_with_it() -> None:
    problem = FileProblem("The reference {path} holds no words.", {"path": "a.txt"})
    view = setup(
        Plan(),
        GOOD,
        replace(GOOD, channels=1, reference=Path("call.json")),
        ChosenFile(Path("x.wav"), fault=Fault(FaultKind.FILE_NOT_SOUND)),
        replace(GOOD, silent=True),
        replace(GOOD, reference=Path("a.txt"), problem=problem),
        ChosenFile(Path("y.wav")),
    )
    assert [(line.detail.split(" (")[0], line.bad) for line in view.files] == [
        ("1:02.0 · 2 channels · no reference", False),
        ("1:02.0 · 1 channel · reference: call.json", False),
        ("The file is no sound that can be read. Use a WAV or FLAC file.", True),
        ("No speech was found, so there is nothing to compare.", True),
        ("1:02.0 · 2 channels · The reference a.txt holds no words.", True),
        ("The file is being looked at.", False),
    ]


# ---------------------------------------------------------------- how far it is


def test_a_comparison_tells_how_far_it_is() -> None:
    state = RunState(Stage.RUNNING, name="call.wav", ways=(Way.BASELINE, Way.STREAMING), done=30, total=120)
    view = run_view(state, SAY)
    assert (view.headline, view.detail, view.progress) == (
        "call.wav · 1:30 left",
        "Heard by: Baseline, Streaming",
        0.25,
    )
    assert (view.can_cancel, view.can_finish, view.can_save) == (True, False, False)
    assert run_view(replace(state, repeat=2, repeats=3), SAY).headline == "call.wav, run 2 of 3 · 1:30 left"
    live = run_view(replace(state, live=True, name="Microphone", total=1800), SAY)
    assert (live.headline, live.can_finish) == ("Microphone · 0:30 of at most 30:00", True)


def test_the_end_says_whether_it_was_cancelled_and_why_it_came_early() -> None:
    done = RunState(Stage.DONE, reportable=True)
    assert (run_view(done, SAY).tone, run_view(done, SAY).can_save) == (Tone.GOOD, True)
    assert run_view(replace(done, stopped=True), SAY).headline == "Cancelled; what was done is kept"
    early = run_view(replace(done, complaint="The emulator did not start (no room)."), SAY)
    assert (early.tone, early.complaint) == (Tone.BAD, "The emulator did not start (no room).")
    assert not any((early.running, early.can_cancel, early.can_finish))


@pytest.mark.parametrize("stage", [Stage.PREPARING, Stage.RUNNING, Stage.FINISHING])
def test_what_runs_can_be_cancelled(stage: Stage) -> None:
    view = run_view(RunState(stage, name="call.wav"), SAY)
    assert (view.running, view.can_cancel) == (True, True)


# ---------------------------------------------------------------- the texts


def side(cell: Cell | None) -> SideRow:
    return SideRow(1, 4 * RATE, cell, None)


def test_a_row_has_its_time_its_texts_and_their_totals() -> None:
    pieces = (Piece("안녕하세요", Mark.SAME),)
    (row,) = row_views([side(Cell(0, RATE, pieces, True, 634.2))], SAY)
    assert (row.time, row.left.total, row.left.pieces, row.right) == ("0:04.0", "634 ms", pieces, NOTHING)


CELLS: dict[str, tuple[Cell, str, str]] = {
    "split": (Cell(0, 1, (Piece("네", Mark.SAME),), True, 700.0, outcome=Outcome.SPLIT), "split", "700 ms"),
    "lost": (Cell(0, 1, (), True, 30_000.0, True, Outcome.LOST), "lost", "≥ 30,000 ms"),
    "merged": (
        Cell(0, 1, (), True, 900.0, outcome=Outcome.MERGED, with_utterances=(2, 3)),
        "its text stands with utterance 2, 3",
        "900 ms",
    ),
    "empty": (Cell(0, 1, (), True, 900.0, outcome=Outcome.FINAL), "no text", "900 ms"),
    "gap": (
        Cell(0, 1, (), True, gap=GapShown(0, 0, 2 * RATE, LossReason.OUTAGE)),
        "⚠ 2.0 s missing: no connection for too long",
        "",
    ),
    "interim": (Cell(0, 1, (Piece("네", Mark.SAME),), False), "", ""),
}


@pytest.mark.parametrize("name", CELLS)
def test_what_became_of_an_utterance_is_said(name: str) -> None:
    cell, note, total = CELLS[name]
    (row,) = row_views([side(cell)], SAY)
    assert (row.left.note, row.left.total, row.left.settled) == (note, total, cell.final)


def test_every_mark_has_a_name_but_that_of_the_same() -> None:
    names = [mark_name(mark, SAY) for mark in Mark if mark is not Mark.SAME]
    assert all(names)
    assert len(set(names)) == len(names)
    assert mark_name(Mark.SAME, SAY) == ""


# ---------------------------------------------------------------- what came of it


@pytest.mark.parametrize("language", [Language.ENGLISH, Language.KOREAN])
def test_the_results_are_those_of_the_report(language: Language) -> None:
    view = result_view(analyse(lively()), Sentences.load(language))
    assert len(view.tables) == 1
    assert len(view.charts) == 2
    assert len(view.after) == 2
    assert len(view.findings) > 5


def test_without_a_reference_there_is_no_accuracy_and_without_rows_no_chart() -> None:
    comparison = designed()
    assert len(result_view(analyse(comparison), SAY).after) == 1
    nothing = replace(comparison, runs=tuple(replace(run, played=0, finals=()) for run in comparison.runs))
    assert result_view(analyse(nothing), SAY).charts == ()
