from __future__ import annotations

import io
import json
import sys
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from captioner.commands.ending import CommandError
from captioner.commands.output import Format, Printer, Sink, Tail, complain, print_latency
from captioner.events import (
    RATE,
    Caption,
    FinalShown,
    Finished,
    GapShown,
    InterimShown,
    LossReason,
    Phase,
    Stages,
    StateChanged,
    Summary,
    Update,
    Withdrawn,
    Word,
)
from captioner.language import Sentences
from captioner.latency.statistics import StageTable
from captioner.transcript import export
from captioner.ui.viewstate import gap_sentence

SAY = Sentences()
STAGES = Stages(0.001, 0.002, 0.0, 0.0, 0.0, 0.003, 0.5, None, 0.506)
FULL = Path("/dev/full")

full_device = pytest.mark.skipif(not FULL.exists(), reason="the system has no device that is always full")


def caption(utterance: int, start: float, text: str, *, final: bool = True) -> Caption:
    begin = round(start * RATE)
    words = tuple(Word(each, begin + n * 800, begin + n * 800 + 800) for n, each in enumerate(text.split()))
    stop = begin + 800 * max(1, len(words))
    return Caption(utterance, begin, stop, text, words if final else (), final, False, utterance)


def final(utterance: int, start: float, text: str) -> FinalShown:
    return FinalShown(start + 1, caption(utterance, start, text), STAGES)


def finished(at: float = 9.0) -> Finished:
    return Finished(at, Summary(True, 2, 8000, 8000, 0, 1, 1, 0), None)


def printed(format: Format, updates: Sequence[Update], out: Path) -> str:
    table = StageTable()
    sink = Sink(out, SAY)
    sink.open()
    printer = Printer(format, sink, lambda: table, SAY)
    for update in updates:
        if isinstance(update, FinalShown) and update.stages:
            table.add(update.stages)
        printer.print(update)
    sink.close(keep=True)
    return out.read_text(encoding="utf-8")


UPDATES: list[Update] = [
    StateChanged(0.1, Phase.LIVE, 1),
    InterimShown(0.5, caption(1, 0.2, "안녕", final=False)),
    final(1, 0.2, "안녕하세요 반갑습니다"),
    GapShown(3.0, 2 * RATE, 3 * RATE, LossReason.OUTAGE),
    final(2, 4.0, "네"),
    finished(),
]


# ---------------------------------------------------------------- the formats


def test_text_is_one_utterance_a_line_and_nothing_else(tmp_path: Path) -> None:
    assert printed(Format.TEXT, UPDATES, tmp_path / "out") == "안녕하세요 반갑습니다\n네\n"


def test_json_lines_hold_every_update_and_the_delays_of_finals_and_of_all(tmp_path: Path) -> None:
    lines = [json.loads(line) for line in printed(Format.JSONL, UPDATES, tmp_path / "out").splitlines()]
    assert [line["type"] for line in lines] == ["state", "interim", "final", "gap", "final", "summary"]
    assert lines[2]["latency_ms"]["total"] == 506.0
    assert lines[2]["latency_ms"]["render"] is None
    assert lines[5]["latency_ms"]["total"] == {"n": 2, "p50": 506.0, "p95": 506.0, "max": 506.0}


@pytest.mark.parametrize("format", [Format.SRT, Format.VTT])
def test_subtitles_that_are_written_as_they_come_are_those_of_the_whole_file(format: Format, tmp_path: Path) -> None:
    items = [each.caption if isinstance(each, FinalShown) else each for each in UPDATES]
    whole = export.srt if format is Format.SRT else export.vtt
    expected = whole(
        [each for each in items if isinstance(each, Caption | GapShown)], lambda gap: gap_sentence(gap, SAY)
    )
    assert printed(format, UPDATES, tmp_path / "out") == expected


@given(
    st.lists(
        st.tuples(st.floats(0, 3), st.lists(st.sampled_from(["네", "안녕하세요", "고맙습니다"]), min_size=1)),
        min_size=1,
    )
)
def test_subtitles_never_overlap_even_where_utterances_do(said: list[tuple[float, list[str]]]) -> None:
    sink = io.StringIO()
    table = StageTable()

    class Memory(Sink):
        def write(self, text: str) -> None:
            sink.write(text)

    printer = Printer(Format.SRT, Memory(None, SAY), lambda: table, SAY)
    start = 0.0
    for number, (step, words) in enumerate(said, 1):
        start += step
        printer.print(final(number, start, " ".join(words)))
    times = [line.split(" --> ") for line in sink.getvalue().splitlines() if " --> " in line]
    assert all(begin < end for begin, end in times)
    assert all(before[1] <= after[0] for before, after in pairwise(times))
    assert sink.getvalue().split("\n\n")[-1].startswith(f"{len(times)}\n")


def test_a_recording_without_words_is_an_empty_text_and_an_empty_web_vtt(tmp_path: Path) -> None:
    assert printed(Format.TEXT, [finished()], tmp_path / "text") == ""
    assert printed(Format.SRT, [finished()], tmp_path / "srt") == ""
    assert printed(Format.VTT, [finished()], tmp_path / "vtt") == "WEBVTT\n"


# ---------------------------------------------------------------- where it goes


def test_a_file_holds_each_piece_as_soon_as_it_is_written(tmp_path: Path) -> None:
    path = tmp_path / "out.txt"
    path.write_text("old", encoding="utf-8")
    sink = Sink(path, SAY)
    sink.open()
    assert path.read_text(encoding="utf-8") == "old"
    sink.write("새\n")
    assert path.read_bytes() == "새\n".encode()
    sink.close(keep=True)


def test_a_run_without_a_result_leaves_the_file_that_was_there_and_no_new_one(tmp_path: Path) -> None:
    old, new = tmp_path / "old.txt", tmp_path / "new.txt"
    old.write_text("old", encoding="utf-8")
    for path in (old, new):
        sink = Sink(path, SAY)
        sink.open()
        sink.close(keep=False)
    assert old.read_text(encoding="utf-8") == "old"
    assert not new.exists()


def test_a_run_whose_result_is_empty_empties_the_file(tmp_path: Path) -> None:
    path = tmp_path / "out.txt"
    path.write_text("old", encoding="utf-8")
    sink = Sink(path, SAY)
    sink.open()
    sink.close(keep=True)
    assert path.read_text(encoding="utf-8") == ""


@pytest.mark.parametrize("name", ["missing/out.txt", "", "a\0b"])
def test_a_file_that_cannot_be_written_is_bad_input(name: str, tmp_path: Path) -> None:
    with pytest.raises(CommandError) as caught:
        Sink(tmp_path / name, SAY).open()
    assert caught.value.code == 2
    assert "cannot be written" in caught.value.sentence


@full_device
def test_captions_go_on_where_the_disk_is_full(capsys: pytest.CaptureFixture[str]) -> None:
    sink = Sink(FULL, SAY)
    sink.open()
    sink.write("하나\n")
    sink.write("둘\n")
    sink.close(keep=True)
    assert capsys.readouterr().out == "하나\n둘\n"
    assert sink.trouble == f"{FULL} cannot be written: No space left on device."
    assert not sink.gone


class ClosedPipe(io.StringIO):
    def write(self, text: str) -> int:
        raise BrokenPipeError


class FullDisk(io.StringIO):
    def write(self, text: str) -> int:
        raise OSError(28, "No space left on device")


def test_a_reader_that_went_away_is_no_trouble_but_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", ClosedPipe())
    sink = Sink(None, SAY)
    sink.open()
    sink.write("하나\n")
    assert sink.gone
    assert sink.trouble == ""


def test_a_full_disk_behind_standard_output_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", FullDisk())
    sink = Sink(None, SAY)
    sink.write("하나\n")
    assert sink.gone
    assert sink.trouble == "Standard output cannot be written: No space left on device."


def test_a_complaint_is_one_line_whatever_it_holds(capsys: pytest.CaptureFixture[str]) -> None:
    complain("a\nb\x1b[31m\t c")
    assert capsys.readouterr().err == "a b [31m c\n"


# ---------------------------------------------------------------- the terminal


def shown(updates: Sequence[Update], width: int = 40) -> str:
    screen = io.StringIO()
    tail = Tail(Console(file=screen, force_terminal=True, width=width, color_system="standard"))
    for update in updates:
        tail.before(update)
        tail.after(update)
    return screen.getvalue()


def test_the_live_tail_is_grey_and_rewritten_in_place() -> None:
    assert shown([InterimShown(0.5, caption(1, 0.2, "안녕", final=False)), final(1, 0.2, "안녕하세요")]) == (
        "\x1b[90m안녕\x1b[0m\r\x1b[2K"
    )


def test_the_live_tail_keeps_what_is_still_open_and_forgets_what_was_withdrawn() -> None:
    first, second = (InterimShown(0.5, caption(n, n, text, final=False)) for n, text in ((1, "하나"), (2, "둘")))
    assert shown([first, second, final(1, 1, "하나")]).endswith("\x1b[90m둘\x1b[0m")
    assert shown([first, Withdrawn(1.0, 1, 2)]).endswith("\r\x1b[2K")


def test_the_live_tail_never_needs_a_second_line() -> None:
    text = "가나다라마바사아자차카타파하" * 5
    line = shown([InterimShown(0.5, caption(1, 0.2, text, final=False))], width=20)
    visible = line.removeprefix("\x1b[90m").removesuffix("\x1b[0m")
    assert visible.startswith("…")
    assert visible.endswith("파하")
    assert 2 * (len(visible) - 1) + 1 <= 18


def test_the_latency_table_has_a_line_for_every_stage_with_n() -> None:
    table = StageTable()
    table.add(STAGES)
    screen = io.StringIO()
    print_latency(table, Console(file=screen, width=100), SAY)
    rows = [line.split() for line in screen.getvalue().splitlines()]
    assert ["Recognition", "1", "500", "500", "500"] in rows
    assert ["Display", "0", "–", "–", "–"] in rows
    assert ["Total", "1", "506", "506", "506"] in rows
