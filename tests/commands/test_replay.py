"""`captioner replay`: the same text and the same delays, to the byte; and every file that is no recording."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
import soundfile

from captioner import __version__, recording
from captioner.blocks import BlockReader, create, create_sealed
from captioner.cli import main
from captioner.events import Received, SourceEnded
from captioner.pipeline import Lane
from captioner.places import resource
from captioner.recording import Ended, Header, Heard, Item, Started, encode
from captioner.settings import Settings
from tests.helpers.emulated import EmulatedService
from tests.helpers.memory_keyring import MemoryKeyring
from tests.helpers.program import Program

Captured = pytest.CaptureFixture[str]
FIRST = "감사합니다 한빛카드 상담원 김서연입니다 무엇을 도와드릴까요"
KEPT = Path(__file__).parents[1] / "recordings"
AT = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RTZR_CLIENT_ID", "somebody")
    monkeypatch.setenv("RTZR_CLIENT_SECRET", "something")


@pytest.fixture(scope="module")
def opening(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first six seconds of the sample call: one utterance."""
    path = tmp_path_factory.mktemp("sound") / "opening.wav"
    samples, rate = soundfile.read(resource("sample", "sample_call.flac"), frames=6 * 48_000, dtype="int16")
    soundfile.write(path, samples, rate)
    return path


def replay(*arguments: object) -> int:
    return main(["replay", *map(str, arguments)])


def one_line(text: str) -> str:
    assert text.endswith("\n")
    assert text.count("\n") == 1
    return text[:-1]


def write(path: Path, items: Sequence[Item], version: int = recording.VERSION) -> Path:
    file = create(path, recording.KIND, version)
    for each in items:
        file.append(encode(each))
    file.close()
    return path


HEADER = Header(__version__, AT, Settings(), Lane(seed=1))
EMPTY_RUN: list[Item] = [HEADER, Started(1.0), Heard(SourceEnded(), 2.0), Ended(3.0)]


# ---------------------------------------------------------------- a run again


@pytest.mark.parametrize("fault", ["drop@2s", "outage@3s+2s"])
def test_a_run_with_an_outage_is_replayed_to_the_byte(
    fault: str, opening: Path, tmp_path: Path, keys: None, capfd: pytest.CaptureFixture[str]
) -> None:
    record = tmp_path / "run.rec"
    with EmulatedService(fault) as service:
        arguments = ["--endpoint", service.url, "--format", "jsonl", "--latency", "--record", str(record)]
        code = main(["transcribe", str(opening), *arguments])
    live = capfd.readouterr()
    lines = [json.loads(line) for line in live.out.splitlines()]
    assert code == 0
    assert [line["text"] for line in lines if line["type"] == "final"] == [FIRST]
    assert lines[-1]["connections"] >= 2
    assert replay(record, "--format", "jsonl", "--latency") == 0
    assert capfd.readouterr() == live


def test_other_formats_and_a_file_are_as_a_run_has_them(
    opening: Path, tmp_path: Path, keys: None, capsys: Captured
) -> None:
    record, out = tmp_path / "run.rec", tmp_path / "run.srt"
    with EmulatedService() as service:
        code = main(["transcribe", str(opening), "--endpoint", service.url, "--pace", "fast", "--record", str(record)])
    assert code == 0
    assert capsys.readouterr().out == f"{FIRST}\n"
    assert replay(record) == 0
    assert capsys.readouterr().out == f"{FIRST}\n"
    assert replay(record, "--format", "srt", "--out", out) == 0
    assert FIRST.split()[0] in out.read_text(encoding="utf-8")
    assert capsys.readouterr().out == ""


def test_a_run_that_gave_up_gives_up_again_with_its_sentence_and_its_code(
    opening: Path, tmp_path: Path, keys: None, capsys: Captured
) -> None:
    record = tmp_path / "run.rec"
    with EmulatedService(credentials=("other", "keys")) as service:
        code = main(["transcribe", str(opening), "--endpoint", service.url, "--record", str(record)])
    live = capsys.readouterr()
    assert code == 3
    assert replay(record) == 3
    assert capsys.readouterr() == live


# ---------------------------------------------------------------- recordings that are kept


@pytest.mark.parametrize("path", sorted(KEPT.glob("*.rec")), ids=lambda path: path.stem)
def test_a_kept_recording_says_what_it_said(path: Path, capsys: Captured) -> None:
    """Made by `transcribe --record` once; beside each is what it printed then."""
    assert replay(path, "--format", "jsonl") == 0
    assert capsys.readouterr().out == path.with_suffix(".jsonl").read_text(encoding="utf-8")


# ---------------------------------------------------------------- cut and damaged


def test_a_recording_cut_anywhere_is_replayed_as_far_as_it_goes(tmp_path: Path, capsys: Captured) -> None:
    whole = next(iter(sorted(KEPT.glob("*.rec")))).read_bytes()
    expected = next(iter(sorted(KEPT.glob("*.rec")))).with_suffix(".jsonl").read_text(encoding="utf-8")
    path = tmp_path / "cut.rec"
    lengths = [*range(len(whole) // 12, len(whole) - 1, len(whole) // 12), len(whole) - 1]
    last = -1
    for length in lengths:
        path.write_bytes(whole[:length])
        assert replay(path, "--format", "jsonl") == 1
        out, err = capsys.readouterr()
        assert one_line(err) == f"{path} is cut or damaged: it was replayed as far as it goes."
        assert expected.startswith(out)
        assert len(out) >= last
        last = len(out)
    assert last > len(expected) // 2


def test_a_damaged_recording_is_replayed_up_to_the_damage(tmp_path: Path, capsys: Captured) -> None:
    whole = bytearray(next(iter(sorted(KEPT.glob("*.rec")))).read_bytes())
    whole[len(whole) // 2] ^= 1
    path = tmp_path / "damaged.rec"
    path.write_bytes(whole)
    assert replay(path) == 1
    assert "cut or damaged" in one_line(capsys.readouterr().err)


def test_a_recording_that_was_not_closed_is_cut(tmp_path: Path, capsys: Captured) -> None:
    path = write(tmp_path / "crash.rec", EMPTY_RUN[:-1])
    assert replay(path) == 1
    assert "is cut" in capsys.readouterr().err.splitlines()[0]
    assert replay(write(tmp_path / "whole.rec", EMPTY_RUN)) == 0


# ---------------------------------------------------------------- what is no recording


def missing(path: Path) -> None:
    pass


def folder(path: Path) -> None:
    path.mkdir()


def empty(path: Path) -> None:
    path.touch()


def sound(path: Path) -> None:
    soundfile.write(path, np.zeros(800, np.int16), 8000, format="WAV")


def other_kind(path: Path) -> None:
    create(path, "session", 1).close()


def only_a_head(path: Path) -> None:
    create(path, recording.KIND, recording.VERSION).close()


def no_header(path: Path) -> None:
    write(path, EMPTY_RUN[1:])


def newer(path: Path) -> None:
    write(path, EMPTY_RUN, version=recording.VERSION + 1)


BAD_FILES: dict[Callable[[Path], None], str] = {
    missing: "The file does not exist.",
    folder: "The file cannot be read.",
    empty: "is no recording. Make one with",
    sound: "is no recording. Make one with",
    other_kind: "is no recording. Make one with",
    only_a_head: "holds no recording that can be replayed.",
    no_header: "holds no recording that can be replayed.",
    newer: "is the recording of another version of captioner",
}


@pytest.mark.parametrize("make", BAD_FILES, ids=lambda make: make.__name__)
def test_what_is_no_recording_is_one_sentence(make: Callable[[Path], None], tmp_path: Path, capsys: Captured) -> None:
    path = tmp_path / "some.rec"
    make(path)
    assert replay(path) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert BAD_FILES[make] in one_line(err)
    assert str(path) in err


@pytest.mark.parametrize("name", ["no\0name", "x" * 5000])
def test_a_name_that_no_file_can_have_is_one_sentence(name: str, capsys: Captured) -> None:
    assert replay(name) == 2
    one_line(capsys.readouterr().err)


@pytest.mark.parametrize("option", ["--out", "--record"])
def test_the_recording_itself_is_not_written_to(option: str, tmp_path: Path, capsys: Captured) -> None:
    path = write(tmp_path / "some.rec", EMPTY_RUN)
    before = path.read_bytes()
    assert replay(path, option, path) == 2
    assert option in one_line(capsys.readouterr().err)
    assert path.read_bytes() == before


def test_two_results_in_one_file_are_bad_input(tmp_path: Path, capsys: Captured) -> None:
    path = write(tmp_path / "some.rec", EMPTY_RUN)
    assert replay(path, "--out", tmp_path / "new", "--record", tmp_path / "new") == 2
    one_line(capsys.readouterr().err)
    assert not (tmp_path / "new").exists()


def test_a_recording_of_nonsense_ends_without_a_traceback(tmp_path: Path, capsys: Captured) -> None:
    told: list[Item] = [
        HEADER,
        Started(1.0),
        Heard(Received(99, "nobody"), 2.0),
        Heard(Received(-1, "{}"), 2.0),
        Ended(2.0),
    ]
    assert replay(write(tmp_path / "some.rec", told)) == 1
    assert "Traceback" not in "".join(capsys.readouterr())


# ---------------------------------------------------------------- encrypted recordings


def sealed(folder: Path) -> Path:
    file = create_sealed(folder, recording.KIND, recording.VERSION, AT)
    for each in EMPTY_RUN:
        file.append(encode(each))
    file.close()
    return file.path


def test_an_encrypted_recording_opens_where_its_key_is_and_a_copy_opens_everywhere(
    tmp_path: Path, memory_keyring: MemoryKeyring, capsys: Captured
) -> None:
    path, copy = sealed(tmp_path), tmp_path / "copy.rec"
    assert replay(path, "--format", "jsonl", "--record", copy) == 0
    first = capsys.readouterr().out
    assert '"type":"summary"' in first
    memory_keyring.passwords.clear()
    assert replay(path) == 2
    assert "does not hold its key" in one_line(capsys.readouterr().err)
    assert replay(copy, "--format", "jsonl") == 0
    assert capsys.readouterr().out == first
    with BlockReader(copy) as reader:
        assert not reader.sealed


# ---------------------------------------------------------------- making one


def test_a_recording_must_not_replace_the_source_or_the_result(
    opening: Path, tmp_path: Path, keys: None, capsys: Captured
) -> None:
    before = opening.read_bytes()
    assert main(["transcribe", str(opening), "--record", str(opening)]) == 2
    assert "--record is the source itself" in one_line(capsys.readouterr().err)
    assert opening.read_bytes() == before
    out = tmp_path / "out"
    assert main(["transcribe", str(opening), "--record", str(out), "--out", str(out)]) == 2
    assert "--record and --out" in one_line(capsys.readouterr().err)
    assert not out.exists()


def test_a_recording_that_cannot_be_written_is_bad_input_before_anything_is_opened(
    opening: Path, tmp_path: Path, keys: None, capsys: Captured
) -> None:
    out = tmp_path / "out.txt"
    assert main(["transcribe", str(opening), "--out", str(out), "--record", str(tmp_path / "no" / "such")]) == 2
    assert "The file cannot be written." in one_line(capsys.readouterr().err)
    assert not out.exists()


@pytest.mark.skipif(sys.platform == "win32", reason="no limit on a file's size there")
def test_a_full_disk_ends_the_recording_and_not_the_captions(opening: Path, tmp_path: Path, keys: None) -> None:
    record = tmp_path / "run.rec"
    limited = (
        "import resource, sys; from captioner.cli import main; "
        "resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000)); sys.exit(main(sys.argv[1:]))"
    )
    with EmulatedService() as service:
        arguments = ["transcribe", str(opening), "--endpoint", service.url, "--record", str(record)]
        with Program(["-c", limited, *arguments]) as program:
            assert program.finish() == 1
    assert program.lines == [FIRST]
    (sentence,) = program.errors
    assert sentence.startswith(f"{record}: the recording ended early. The file cannot be written.")
    assert 50_000 < record.stat().st_size <= 60_000
    assert replay(record) == 1
