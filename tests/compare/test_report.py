from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from rich.console import Console

from captioner.compare.analysis import Analysis, analyse, as_designed
from captioner.compare.charts import ticks
from captioner.compare.outcome import (
    AnchorError,
    AnchorSource,
    Comparison,
    Recording,
    Reference,
    Spoken,
    Way,
)
from captioner.compare.page import page
from captioner.compare.report import COLUMN_NAMES, report_json, table, utterances_csv, write_report
from captioner.compare.style import STYLE
from captioner.compare.summary import COLUMNS
from captioner.errors import Fault, FaultKind
from captioner.events import RATE
from captioner.language import Sentences
from captioner.places import FileProblem, resource
from captioner.settings import Language
from tests.compare.made_up import SENTENCES, designed, fault_words, heard, lively, run

ENGLISH, KOREAN = Sentences.load(Language.ENGLISH), Sentences.load(Language.KOREAN)

FONT = resource("fonts", "Pretendard-Regular.otf").read_bytes()

GOLDEN = '''\ufeff\
recording,channel,way,repeat,utterance,audio_start,audio_stop,first_interim_ms,capture_ms,condition_ms,silence_wait_ms,\
token_ms,connect_ms,queue_ms,recognise_ms,render_ms,total_ms,outcome,text\r
three.wav,,baseline,1,1,1.0,3.0,,0.0,0.0,500.0,120.0,80.0,0.0,1950.0,,2650.0,final,\
감사합니다 한빛카드 상담원 김서연입니다 무엇을 도와드릴까요\r
three.wav,,streaming,1,1,1.0,3.0,400.0,0.0,0.0,0.0,0.0,0.0,0.0,1950.0,,1950.0,final,"네, ""맞아요"""\r
three.wav,,baseline,1,2,7.0,9.0,,0.0,0.0,500.0,120.0,80.0,0.0,1950.0,,2650.0,final,\
안녕하세요 지갑을 잃어버려서 전화드렸어요\r
three.wav,,streaming,1,2,7.0,9.0,,,,,,,,,,10000.0,lost,\r
'''


class Page(HTMLParser):
    """A page as a browser reads it: its text, and whether every element is closed where it should be."""

    VOID = frozenset({"meta", "br", "line", "circle"})

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.texts: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.tags: list[str] = []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.texts.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())


def seen(comparison: Comparison, say: Sentences = ENGLISH) -> Page:
    return Page(page(analyse(comparison), say, fault_words))


def two() -> Comparison:
    """Two ways, two utterances; streaming lost the second and has an interim before the first."""
    comparison = designed((Way.BASELINE, Way.STREAMING), count=2)
    streaming = comparison.runs[1]
    first = streaming.finals[0]
    said = replace(first, caption=replace(first.caption, text='네, "맞아요"'), interims=((1.4, "네"),))
    return replace(comparison, runs=(comparison.runs[0], replace(streaming, finals=(said,))))


# ---------------------------------------------------------------- spreadsheet


def test_the_spreadsheet_has_the_agreed_columns_and_a_line_for_each_utterance_way_and_repeat(tmp_path: Path) -> None:
    write_report(two(), tmp_path, ENGLISH, fault_words)
    assert (tmp_path / "utterances.csv").read_bytes() == GOLDEN.encode("utf-8")


def test_a_spreadsheet_reads_back_what_was_said() -> None:
    comparison = lively(repeats=2)
    rows = list(csv.DictReader(io.StringIO(utterances_csv(analyse(comparison)), newline="")))
    assert tuple(rows[0]) == COLUMN_NAMES
    assert len(rows) == 3 * 6 * 5 * 2
    assert {row["outcome"] for row in rows} <= {"final", "split", "merged", "lost", "timeout"}
    assert all(float(row["total_ms"]) == 10_000 for row in rows if row["outcome"] in ("lost", "timeout"))
    assert any(row["text"] == SENTENCES[0] for row in rows)


def test_a_lane_of_one_channel_says_which() -> None:
    comparison = two()
    lane = replace(comparison.recordings[0], channel=2)
    text = utterances_csv(analyse(replace(comparison, recordings=(lane,))))
    assert "three.wav,2,baseline" in text


# ---------------------------------------------------------------- numbers


def test_all_numbers_are_there_as_json() -> None:
    document = json.loads(report_json(analyse(designed())))
    assert document["ways"]["baseline"]["total_ms"]["mean"] == 2650
    assert document["ways"]["streaming"]["stages_ms"]["recognise"]["p95"] == 1950
    assert document["recordings"][0]["as_designed_ms"] == [2650, 1950, 1950]
    pairs = {(each["way"], each["against"]): each for each in document["pairs"]}
    assert pairs["streaming", "baseline"]["difference_ms"]["median"] == -700
    assert pairs["streaming", "baseline"]["resampled"] == "utterances"
    assert set(document["definitions"]) >= {"Total", "Stages", "CER, WER", "Bill"}


def test_the_own_share_follows_from_the_rows_and_from_what_was_queued_behind_the_ways_own_utterance() -> None:
    comparison = two()
    waited = replace(heard(7, 9, 12, queue=2.5, capture=0.01), behind=2.48)
    runs = (run(Way.BASELINE, [heard(1, 3, 5, queue=0.02), waited]), *comparison.runs[1:])
    analysis = analyse(replace(comparison, runs=runs))
    way = json.loads(report_json(analysis))["ways"]["baseline"]
    assert way["queued_behind_itself"] == [
        {"recording": "three.wav", "channel": None, "repeat": 1, "utterance": 2, "ms": 2480.0}
    ]
    assert way["own_ms"]["p95"] == pytest.approx(30, abs=1)


def test_what_is_not_known_is_null() -> None:
    comparison = replace(two(), design=None, runs=(two().runs[0],))
    document = json.loads(report_json(analyse(comparison)))
    assert document["design"] is None
    assert document["recordings"][0]["reference"] is None
    assert document["pairs"][0]["difference_ms"] is None
    assert document["ways"]["streaming"]["accuracy"] is None


def test_accuracy_and_the_anchors_error_are_among_the_numbers() -> None:
    document = json.loads(report_json(analyse(lively())))
    assert document["recordings"][0]["anchor_error"] == {"p50_ms": 8.125, "p95_ms": 31.25, "n": 6, "here": True}
    assert 0 < document["ways"]["streaming"]["accuracy"]["cer"]["rate"] < 0.2
    assert document["references"][0]["mismatch"] is False


@pytest.mark.parametrize("say", [ENGLISH, KOREAN], ids=["english", "korean"])
def test_the_same_comparison_gives_the_same_bytes(tmp_path: Path, say: Sentences) -> None:
    one, other = (write_report(lively(), tmp_path / name, say, fault_words) for name in ("one", "other"))
    assert not isinstance(one, FileProblem)
    assert not isinstance(other, FileProblem)
    assert [path.name for path in one] == ["report.html", "utterances.csv", "report.json"]
    assert [path.read_bytes() for path in one] == [path.read_bytes() for path in other]


def test_a_report_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    found = write_report(two(), tmp_path / "file" / "out", ENGLISH, fault_words)
    assert isinstance(found, FileProblem)
    assert found.sentence == "The report cannot be written to {path} ({detail})."
    assert found.values["detail"]


# ---------------------------------------------------------------- page


@pytest.mark.parametrize("say", [ENGLISH, KOREAN], ids=["english", "korean"])
@pytest.mark.parametrize("comparison", [designed(), two(), lively(repeats=1)], ids=["designed", "two", "lively"])
def test_the_page_is_whole_and_needs_nothing_from_outside(comparison: Comparison, say: Sentences) -> None:
    html = page(analyse(comparison), say, fault_words, FONT)
    shown = Page(html)
    assert html.startswith("<!DOCTYPE html>")
    assert ("lang", "ko" if say is KOREAN else "en") in shown.attributes
    assert not {"script", "link", "img", "iframe"} & set(shown.tags)
    names = {name for name, _ in shown.attributes}
    assert not {"src", "href", "onload", "onclick", "style"} & names
    assert not re.search(r"url\((?!data:)|@import|https?:", html)
    assert html.count("url(") == 1


def test_the_page_shows_the_designs_table_and_the_arithmetic_beside_it() -> None:
    text = seen(designed()).text
    assert "Token cached token-cached 2,650 2,530 2,530 2,570 2,530 2,638 3 0" in text
    assert "All improvements, as designed (arithmetic, no run) 2,650 1,950 1,950 2,183" in text


def test_arithmetic_is_shown_only_where_the_delays_are_known() -> None:
    assert as_designed(analyse(replace(designed(), design=None)), 3) == []
    assert as_designed(analyse(designed()), 0) == []
    assert as_designed(analyse(designed()), 1) == [2650]
    assert "arithmetic" not in seen(replace(designed(), design=None)).text


def test_what_has_no_final_is_a_lower_bound_with_its_reason_wherever_it_is_shown() -> None:
    shown = seen(two())
    assert "≥ 10,000 lost" in shown.text
    assert "lost ≥ 10,000 ms" in shown.text
    assert "Streaming: no final for 1 of 2 utterances; each counts with 10 s, which is a lower bound." in shown.text
    assert "n 2, 1 without a final" in shown.text


def test_every_picture_has_a_name_and_every_pair_its_n() -> None:
    shown = seen(lively(repeats=1))
    labels = [value for name, value in shown.attributes if name == "aria-label"]
    assert labels == [
        "Stage waterfall of every way at p50 and p95",
        "Distribution of the totals of every way",
        "Median paired differences with their 95 % intervals",
    ]
    assert shown.text.count("resampled by recording (3)") == 5


def test_with_one_recording_the_page_says_that_its_utterances_were_resampled() -> None:
    text = seen(designed()).text
    assert "There is only one recording, so its utterances were resampled" in text
    assert "utterance (3, of the only recording)" in text


def test_what_somebody_said_is_text_and_never_markup() -> None:
    comparison = two()
    run_of = comparison.runs[1]
    evil = "<script>alert('&')</script>"
    said = replace(run_of.finals[0], caption=replace(run_of.finals[0].caption, text=evil))
    lane = replace(comparison.recordings[0], name=f"{evil}.wav")
    runs = (comparison.runs[0], replace(run_of, finals=(said,)))
    shown = seen(replace(comparison, recordings=(lane,), runs=runs, service=evil))
    assert "script" not in shown.tags
    assert f"{evil}.wav" in shown.text


def test_differences_are_marked_against_the_reference_where_it_has_times() -> None:
    html = page(analyse(lively()), ENGLISH, fault_words)
    assert '<span class="substituted">' in html
    assert '<span class="notation">7</span>' in html
    assert html.count('<tr class="reference">') == 18


def test_without_a_reference_differences_are_marked_against_the_first_way() -> None:
    html = page(analyse(two()), ENGLISH, fault_words)
    assert "<td>감사합니다 한빛카드" in html
    assert "<del>" in html
    assert '<tr class="reference">' not in html


def test_a_reference_without_times_is_compared_as_a_whole() -> None:
    comparison = two()
    said = Reference("three.txt", (Spoken("감사합니다"), Spoken("네, 맞아요")))
    text = seen(replace(comparison, recordings=(replace(comparison.recordings[0], reference=said),))).text
    assert "Texts against the reference" in text
    assert "CER" in text


def test_lanes_that_share_a_reference_stand_under_the_name_of_their_file() -> None:
    comparison = two()
    said = Reference("three.txt", (Spoken("감사합니다"),))
    lanes = tuple(replace(comparison.recordings[0], channel=channel, reference=said) for channel in (1, 2))
    runs = (*comparison.runs, *(replace(each, recording=1) for each in comparison.runs))
    text = seen(replace(comparison, recordings=lanes, runs=runs)).text
    assert "three.wav, channel 2" in text
    assert "three.wav Reference 감사합니다" in text


def test_a_merged_utterance_says_where_its_text_stands() -> None:
    comparison = two()
    merged = run(Way.STREAMING, [heard(1, 9, 9.5, "네 맞아요")])
    text = seen(replace(comparison, runs=(comparison.runs[0], merged))).text
    assert "its text stands with utterance 1" in text


def test_a_long_recording_has_no_column_for_each_utterance() -> None:
    few, many = (page(analyse(designed(count=count)), ENGLISH, fault_words) for count in (COLUMNS, COLUMNS + 1))
    assert "<br><small>0:03.0</small>" in few
    assert "<br><small>0:03.0</small>" not in many


def test_a_very_long_comparison_folds_its_texts_away() -> None:
    assert "<details open>" in page(analyse(designed(count=60)), ENGLISH, fault_words)
    assert "<details open>" not in page(analyse(designed(count=61)), ENGLISH, fault_words)


def test_what_ended_early_or_was_not_done_is_said_first() -> None:
    comparison = two()
    broken = replace(comparison.runs[1], fault=Fault(FaultKind.BROKEN), complete=False)
    silent = Recording("silent.wav", 1, RATE, ())
    text = seen(
        replace(
            comparison,
            runs=(comparison.runs[0], broken),
            recordings=(comparison.recordings[0], silent),
            repeats=2,
            stopped=True,
        )
    ).text
    for sentence in (
        "The comparison was stopped before its end; it counts what was done until then.",
        "silent.wav, channel 1: no speech was found, so there is nothing to compare.",
        "Streaming ended early: (broken)",
        "Streaming: incomplete runs: 1 of 1; 0.0 s of sound were lost.",
        "Baseline: runs done: 1 of 2.",
    ):
        assert sentence in text


def test_a_reference_that_does_not_match_is_said() -> None:
    comparison = two()
    said = Reference("other.txt", (Spoken("전혀 다른 통화의 대본이라서 하나도 겹치지 않는다"),))
    text = seen(replace(comparison, recordings=(replace(comparison.recordings[0], reference=said),))).text
    assert re.search(
        r"The reference other\.txt does not match three\.wav: no way comes nearer to it than [\d.]+ % CER\.", text
    )
    assert "Errors against the reference" not in text


def test_a_way_that_was_not_run_has_dashes_for_numbers_and_what_is_not_known_is_left_out() -> None:
    comparison = replace(two(), runs=two().runs[:1], service="")
    text = seen(comparison).text
    assert "Streaming streaming – – – – – 0 0" in text
    assert "recognised by" not in text
    assert "Paired differences" not in text


def test_a_page_takes_along_the_letters_that_it_shows() -> None:
    with_font, without = (page(analyse(two()), ENGLISH, fault_words, font) for font in (FONT, b""))
    assert "url(" not in without
    assert "font-src data:" in with_font
    assert 100_000 < len(with_font) - len(without) < 700_000


def test_a_comparison_without_runs_has_a_page_all_the_same() -> None:
    shown = seen(replace(designed(), runs=(), stopped=True))
    assert "stopped before its end" in shown.text
    assert "svg" not in shown.tags
    assert "How each number is defined" in shown.text


@pytest.mark.parametrize(
    ("source", "error", "sentence"),
    [
        (AnchorSource.SOUND, None, "The ends of speech were found in the sound by end-pointing, once for all ways."),
        (AnchorSource.SOUND, AnchorError(12.0, 44.0, 200, here=False),
         "Its error on recordings whose ends are known is 12 ms (p50) and 44 ms (p95), n 200."),
        (AnchorSource.REFERENCE, AnchorError(8.0, 31.0, 3, here=True),
         "End-pointing differs from the reference here by 8.0 ms (p50) and 31 ms (p95), n 3."),
    ],
)  # fmt: skip
def test_the_anchors_error_stands_beside_what_is_anchored(
    source: AnchorSource, error: AnchorError | None, sentence: str
) -> None:
    comparison = two()
    lane = replace(comparison.recordings[0], anchored_by=source, anchor_error=error)
    assert seen(replace(comparison, recordings=(lane,))).text.count(sentence) == 2


# ---------------------------------------------------------------- terminal


def printed(analysis: Analysis, say: Sentences = ENGLISH) -> str:
    console = Console(width=200, record=True, file=io.StringIO(), legacy_windows=False)
    console.print(table(analysis, say, fault_words))
    return " ".join(console.export_text().split())


def test_the_terminal_shows_the_designs_table() -> None:
    text = printed(analyse(designed()))
    assert "Way 1 2 3 mean p50 p95 n no final" in text
    assert "Connection kept 2,650 2,450 2,450 2,517 2,450 2,630 3 0" in text
    assert "All improvements, as designed (arithmetic, no run) 2,650 1,950 1,950 2,183" in text
    assert "Streaming against Baseline: median paired difference −700 ms, n 3, resampled by utterance (3, of" in text


def test_an_interval_of_too_few_is_not_taken_for_certainty() -> None:
    few, enough = analyse(designed(count=5)), analyse(designed(count=6))
    warning = "These are fewer than 6: the 95 % interval, −700 to −700 ms, cannot be relied on."
    sure = "Streaming is 700 ms faster than Baseline: median paired difference, 95 % interval −700 to −700 ms, n 6"
    assert warning in printed(few)
    assert sure not in printed(few)
    assert sure in printed(enough)
    assert warning not in printed(enough)
    assert "Fewer than 6 were resampled" in page(few, ENGLISH, fault_words)
    assert "Fewer than 6 were resampled" not in page(enough, ENGLISH, fault_words)


def test_the_terminal_shows_several_recordings_together() -> None:
    text = printed(analyse(lively()), KOREAN)
    assert "방식 평균 p50 p95 n 확정 없음" in text
    assert "call-3.wav: 말의 끝은 정답에 적힌 단어의 시각입니다." in text
    assert "확정 자막이 없습니다" in text


def test_the_terminal_marks_lower_bounds() -> None:
    assert "Streaming 1,950 ≥ 10,000 ≥ 5,975" in printed(analyse(two()))


def test_a_way_that_is_slower_is_said_to_be() -> None:
    comparison = designed((Way.BASELINE, Way.STREAMING), count=6)
    baseline = comparison.runs[0]
    starts = [1 + 6 * number for number in range(6)]
    slow = run(Way.STREAMING, [heard(start, start + 2, start + 8) for start in starts])
    text = printed(analyse(replace(comparison, runs=(baseline, slow))))
    assert "Streaming is 3,350 ms slower than Baseline" in text
    both = run(Way.STREAMING, [heard(start, start + 2, start + 3.6 + 2 * (start % 4 == 1)) for start in starts])
    text = printed(analyse(replace(comparison, runs=(baseline, both))))
    assert "Streaming and Baseline do not differ with certainty: median paired difference" in text


def test_an_emulator_that_was_told_nothing_of_a_recording_is_said_to_know_nothing() -> None:
    said = Reference("call.txt", (Spoken("전혀 다른 이야기를 하고 있는 통화의 대본이에요"),))
    comparison = designed()
    known = replace(comparison, recordings=(replace(comparison.recordings[0], reference=said),))
    assert "The reference call.txt does not match" in printed(analyse(known))
    assert "does not know" not in printed(analyse(known))
    assert "The emulator does not know what is said in three.wav" in printed(analyse(replace(known, emulated=True)))


# ---------------------------------------------------------------- looks


def test_the_axes_have_round_numbers_within_their_ends() -> None:
    assert ticks(2650) == [0, 500, 1000, 1500, 2000, 2500]
    assert ticks(20, -710) == pytest.approx([-600, -400, -200, 0])
    assert ticks(0) == [0]


def luminance(colour: str) -> float:
    parts = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_every_text_can_be_read_on_what_it_stands_on(dark: bool) -> None:
    light, _, rest = STYLE.partition("@media (prefers-color-scheme: dark)")
    colours = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", (rest if dark else light).partition("* {")[0]))
    backs = {"warn": "warn-back", "bad": "bad-back", "good": "good-back", "note": "note-back"}
    pairs = [("text", "card"), ("text", "page"), ("text", "warn-back"), ("faint", "card"), ("faint", "page")]
    pairs += [("warn", "card"), *backs.items()]
    pairs += [("inside", name) for name in colours if name.startswith("stage-")]
    assert len(pairs) == 18
    for one, other in pairs:
        high, low = sorted((luminance(colours[one]), luminance(colours[other])), reverse=True)
        assert (high + 0.05) / (low + 0.05) >= 4.5, (one, other)


def test_every_way_and_stage_has_its_colour_in_both_schemes() -> None:
    names = [f"way-{way}" for way in Way] + [f"stage-{name}" for name in ("capture", "silence_wait", "render")]
    for name in names:
        assert STYLE.count(f"--{name}: #") == 2
        assert f".{name} {{ --colour: var(--{name}); }}" in STYLE
