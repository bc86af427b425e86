from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from captioner.cli import main
from captioner.places import resource
from tests.helpers.emulated import EmulatedService

Captured = pytest.CaptureFixture[str]
SAMPLE = resource("sample", "sample_call.flac")
FIRST = "감사합니다 한빛카드 상담원 김서연입니다 무엇을 도와드릴까요"


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RTZR_CLIENT_ID", "somebody")
    monkeypatch.setenv("RTZR_CLIENT_SECRET", "something")


@pytest.fixture
def opening(tmp_path: Path) -> Path:
    """The first six seconds of the sample call: one utterance, both channels; only the first one speaks."""
    path = tmp_path / "opening.wav"
    samples, rate = soundfile.read(SAMPLE, frames=round(5.9 * 48_000), dtype="int16")
    soundfile.write(path, samples, rate)
    return path


@pytest.fixture
def quiet(tmp_path: Path) -> Path:
    path = tmp_path / "quiet.wav"
    soundfile.write(path, np.zeros(24_000, np.int16), 8000)
    return path


def run(*arguments: object) -> int:
    return main(["compare", *map(str, arguments)])


def one_line(captured: Captured) -> str:
    out, err = captured.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    return err


def rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "utterances.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


# ---------------------------------------------------------------- before anything is opened


def strange_reference(opening: Path) -> list[object]:
    (opening.parent / "one.txt").write_text("네", encoding="utf-8")
    (opening.parent / "two.txt").write_text("네", encoding="utf-8")
    return [opening, "--reference", opening.parent / "one.txt", opening.parent / "two.txt"]


def missing_reference(opening: Path) -> list[object]:
    return [opening, "--reference", opening.with_name("nowhere.txt")]


def wordless_reference(opening: Path) -> list[object]:
    opening.with_suffix(".txt").write_text(" \n", encoding="utf-8")
    return [opening, "--reference", opening.with_suffix(".txt")]


def twice(opening: Path) -> list[object]:
    return [opening, opening.parent / ".." / opening.parent.name / opening.name]


def out_is_a_file(opening: Path) -> list[object]:
    return [opening, "--out", opening]


def no_sound(opening: Path) -> list[object]:
    opening.write_bytes(b"\x89PNG\r\n\x1a\n" * 40)
    return [opening]


def one_bad_among_good(opening: Path) -> list[object]:
    opening.with_name("letter.wav").write_bytes(b"Dear Sir or Madam, " * 40)
    return [opening, opening.with_name("letter.wav")]


MISUSES: dict[Callable[[Path], list[object]], str] = {
    strange_reference: "belongs to no recording",
    missing_reference: "cannot be read",
    wordless_reference: "holds no words",
    twice: "is given twice",
    out_is_a_file: "The report cannot be written",
    no_sound: "The file is no sound",
    one_bad_among_good: "letter.wav",
}


@pytest.mark.parametrize("make", MISUSES, ids=lambda make: make.__name__)
def test_what_cannot_be_used_is_one_sentence(
    make: Callable[[Path], list[object]], opening: Path, keys: None, capsys: Captured
) -> None:
    assert run(*make(opening)) == 2
    assert MISUSES[make] in one_line(capsys)


def test_without_keys_nothing_is_opened_and_no_folder_is_made(opening: Path, tmp_path: Path, capsys: Captured) -> None:
    out = tmp_path / "report"
    assert run(opening, "--out", out) == 3
    assert "keys are missing" in one_line(capsys)
    assert not out.exists()


def test_recordings_in_which_nobody_speaks_are_bad_input(
    quiet: Path, tmp_path: Path, keys: None, capsys: Captured
) -> None:
    out = tmp_path / "report"
    assert run(quiet, "--out", out) == 2
    assert "quiet.wav: no speech was found" in one_line(capsys)
    assert not out.exists()


# ---------------------------------------------------------------- runs


def test_refused_keys_are_one_sentence_and_leave_no_folder(
    opening: Path, tmp_path: Path, keys: None, capsys: Captured
) -> None:
    out = tmp_path / "report"
    with EmulatedService(credentials=("another", "one")) as service:
        assert run(opening, "--out", out, "--endpoint", service.url) == 3
    assert "refused the RTZR keys" in one_line(capsys)
    assert not out.exists()
    assert service.log.handshakes_accepted == 0


def test_the_table_and_three_files_come_of_it_and_a_reference_in_cp949_is_read(
    opening: Path, tmp_path: Path, keys: None, capsys: Captured
) -> None:
    out = tmp_path / "new" / "report"
    reference = opening.with_suffix(".txt")
    reference.write_text(FIRST, encoding="cp949")
    ways = "streaming, baseline"
    with EmulatedService() as service:
        assert run(opening, "--reference", reference, "--ways", ways, "--out", out, "--endpoint", service.url) == 0
    printed, progress = capsys.readouterr()
    assert "Baseline" in printed
    assert "Token cached" not in printed
    assert f"The report is in {out}." in printed.replace("\n", " ")
    assert progress == "opening.wav, run 1 of 1: Baseline, Streaming. 0:00 left.\n"
    assert sorted(each.name for each in out.iterdir()) == ["report.html", "report.json", "utterances.csv"]
    assert [(row["way"], row["channel"], row["text"]) for row in rows(out)] == [
        ("baseline", "", FIRST),
        ("streaming", "", FIRST),
    ]
    report = json.loads((out / "report.json").read_text(encoding="utf-8"))
    assert report["service"] == service.url
    assert report["ways"]["streaming"]["accuracy"]["cer"]["rate"] == 0
    assert report["design"] is None
    assert [list(each) for each in service.commands] == [["EOS"], ["EOS"]]


def test_a_channel_or_a_file_without_speech_is_said_and_the_rest_goes_on(
    opening: Path, quiet: Path, tmp_path: Path, keys: None, capsys: Captured
) -> None:
    out = tmp_path / "report"
    with EmulatedService() as service:
        files = [quiet, opening]
        options = ["--per-channel", "--ways", "streaming", "--out", out, "--endpoint", service.url]
        assert run(*files, *options) == 1
    printed, progress = capsys.readouterr()
    assert "quiet.wav: no speech was found" in printed
    assert "opening.wav, channel 2: no speech was found" in printed
    assert progress == "opening.wav, channel 1, run 1 of 1: Streaming. 0:00 left.\n"
    assert [(row["recording"], row["channel"], row["text"]) for row in rows(out)] == [("opening.wav", "1", FIRST)]


@pytest.mark.realtime
def test_a_reference_of_something_else_is_said_and_files_of_any_length_go_on_with_the_mean_of_their_channels(
    opening: Path, tmp_path: Path, keys: None, capsys: Captured
) -> None:
    shorter = tmp_path / "shorter.wav"
    samples, rate = soundfile.read(opening, dtype="int16")
    soundfile.write(shorter, samples[: round(5.3 * rate), 0], rate)
    opening.with_suffix(".txt").write_text("오늘은 하늘이 맑고 바람이 시원하게 붑니다", encoding="utf-8")
    out = tmp_path / "report"
    with EmulatedService() as service:
        options = ["--reference", opening.with_suffix(".txt"), "--ways", "streaming", "--out", out]
        assert run(opening, shorter, *options, "--endpoint", service.url) == 0
    printed = capsys.readouterr().out
    assert "The reference opening.txt does not match opening.wav" in printed
    assert [(row["recording"], row["channel"], row["text"]) for row in rows(out)] == [
        ("opening.wav", "", FIRST),
        ("shorter.wav", "", FIRST),
    ]
    report = json.loads((out / "report.json").read_text(encoding="utf-8"))
    assert [each["seconds"] for each in report["recordings"]] == pytest.approx([5.9, 5.3], abs=0.01)
    assert report["ways"]["streaming"]["accuracy"] is None


@pytest.mark.realtime
def test_a_file_that_ends_too_early_is_said_and_heard_as_far_as_it_goes(
    opening: Path, tmp_path: Path, keys: None, capsys: Captured
) -> None:
    cut = tmp_path / "cut.wav"
    cut.write_bytes(opening.read_bytes()[:-40_000])
    out = tmp_path / "report"
    with EmulatedService() as service:
        assert run(cut, opening, "--ways", "streaming", "--out", out, "--endpoint", service.url) == 1
    assert "cut" in capsys.readouterr().out
    assert [(row["recording"], row["text"]) for row in rows(out)] == [("cut.wav", FIRST), ("opening.wav", FIRST)]


def test_an_emulator_of_its_own_knows_a_recording_whose_reference_tells_when(
    opening: Path, tmp_path: Path, capsys: Captured
) -> None:
    copy = tmp_path / "a call.wav"
    samples, rate = soundfile.read(opening, dtype="float32")
    soundfile.write(copy, samples[:, 0], rate)
    reference = tmp_path / "a call.json"
    said = [{"text": "여보세요 반갑습니다", "start": 0.8, "stop": 4.83}]
    reference.write_bytes(json.dumps(said, ensure_ascii=False).encode("cp949"))
    out = tmp_path / "report"
    options = ["--ways", "streaming", "--profile", "design", "--out", out]
    assert run(copy, "--reference", reference, *options) == 0
    assert [row["text"] for row in rows(out)] == ["여보세요 반갑습니다"]
    report = json.loads((out / "report.json").read_text(encoding="utf-8"))
    assert report["recordings"][0]["anchored_by"] == "reference"
    assert report["recordings"][0]["as_designed_ms"] == [2650.0]
    assert "design" in report["service"]
    assert "as designed" in capsys.readouterr().out
