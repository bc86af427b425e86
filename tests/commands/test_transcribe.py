from __future__ import annotations

import json
import os
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from captioner.account import Account
from captioner.audio.wav import open_sound
from captioner.cli import main
from captioner.commands.ending import CommandError
from captioner.commands.output import Format, Sink
from captioner.commands.transcribe import Display, caption, settings_for
from captioner.language import Sentences
from captioner.pipeline import Lane, Pace
from captioner.places import resource, settings_file
from captioner.policy import Policy
from captioner.settings import DEFAULT_ENDPOINT, Domain, Model, Settings
from captioner.stt.policy import Patience
from tests.helpers.emulated import EmulatedService
from tests.helpers.program import Program
from tests.helpers.soundcard import VirtualMicrophone

Captured = pytest.CaptureFixture[str]
SAMPLE = resource("sample", "sample_call.flac")
FIRST = "감사합니다 한빛카드 상담원 김서연입니다 무엇을 도와드릴까요"
SECOND = "안녕하세요 지갑을 잃어버려서 전화드렸어요"


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RTZR_CLIENT_ID", "somebody")
    monkeypatch.setenv("RTZR_CLIENT_SECRET", "something")


@pytest.fixture(scope="module")
def opening(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first ten seconds of the sample call: two utterances, both channels."""
    path = tmp_path_factory.mktemp("sound") / "opening.wav"
    samples, rate = soundfile.read(SAMPLE, frames=10 * 48_000, dtype="int16")
    soundfile.write(path, samples, rate)
    return path


@pytest.fixture
def closed_port() -> Iterator[str]:
    """An address where nobody listens, and nobody will."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}"


def run(*arguments: object) -> int:
    return main(["transcribe", *map(str, arguments)])


def one_line(text: str) -> str:
    assert text.endswith("\n")
    assert text.count("\n") == 1
    return text[:-1]


# ---------------------------------------------------------------- before anything is opened


def not_sound(path: Path) -> None:
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40)


def no_frames(path: Path) -> None:
    soundfile.write(path, np.zeros((0, 1), np.int16), 8000)


def header_cut(path: Path) -> None:
    soundfile.write(path, np.zeros(8000, np.int16), 8000)
    path.write_bytes(path.read_bytes()[:30])


def empty(path: Path) -> None:
    path.touch()


def folder(path: Path) -> None:
    path.mkdir()


def missing(path: Path) -> None:
    pass


def too_slow(path: Path) -> None:
    soundfile.write(path, np.zeros(8000, np.int16), 4000)


BAD_FILES: dict[Callable[[Path], None], str] = {
    not_sound: "The file is no sound that can be read.",
    no_frames: "The file holds no sound.",
    header_cut: "The file is no sound that can be read.",
    empty: "The file holds no sound.",
    folder: "The file cannot be read.",
    missing: "The file does not exist.",
    too_slow: "The file's format is not supported.",
}


@pytest.mark.parametrize("make", BAD_FILES, ids=lambda make: make.__name__)
def test_a_bad_file_is_one_sentence_before_any_credentials_are_looked_for(
    make: Callable[[Path], None], tmp_path: Path, capsys: Captured
) -> None:
    path = tmp_path / "call.wav"
    make(path)
    assert run(path) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert one_line(err).startswith(f"{path}: {BAD_FILES[make]}")


def test_a_channel_that_a_file_does_not_have_is_bad_input(opening: Path, capsys: Captured) -> None:
    assert run(opening, "--channel", 3) == 2
    assert "does not have that channel" in one_line(capsys.readouterr().err)


@pytest.mark.parametrize("name", ["missing.wav", "/nowhere/at/all", "no\0name.wav", "x" * 5000 + ".wav", "folder/call"])
def test_a_name_like_a_files_is_a_file(name: str, capsys: Captured) -> None:
    assert run(name) == 2
    one_line(capsys.readouterr().err)


@pytest.mark.portaudio
def test_any_other_name_is_a_device(capsys: Captured) -> None:
    assert run("No Such Microphone") == 5
    assert "No Such Microphone" in one_line(capsys.readouterr().err)


def test_the_result_must_not_replace_its_source(opening: Path, capsys: Captured) -> None:
    before = opening.read_bytes()
    assert run(opening, "--out", opening) == 2
    assert one_line(capsys.readouterr().err) == "--out is the source itself; choose another file."
    assert opening.read_bytes() == before


def test_a_result_that_cannot_be_written_is_bad_input(
    opening: Path, keys: None, tmp_path: Path, capsys: Captured
) -> None:
    assert run(opening, "--out", tmp_path / "nowhere" / "text.txt") == 2
    assert "cannot be written" in one_line(capsys.readouterr().err)


def test_missing_credentials_are_exit_code_3_and_what_to_do(opening: Path, capsys: Captured) -> None:
    assert run(opening) == 3
    assert one_line(capsys.readouterr().err) == (
        "The RTZR keys are missing. Enter them in the window, or set RTZR_CLIENT_ID and RTZR_CLIENT_SECRET."
    )


def test_half_of_the_credentials_names_the_other_half(
    opening: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    monkeypatch.setenv("RTZR_CLIENT_ID", "somebody")
    assert run(opening) == 3
    assert one_line(capsys.readouterr().err).endswith("(RTZR_CLIENT_SECRET)")


# ---------------------------------------------------------------- settings


def test_an_option_rules_over_the_environment_over_the_settings() -> None:
    say, path = Sentences(), settings_file()
    assert settings_for({}, "", {}, Policy(), say).endpoint == DEFAULT_ENDPOINT
    path.parent.mkdir(parents=True)
    path.write_text('{"endpoint": "https://stored.example", "domain": "MEETING", "epd": 0.9}', encoding="utf-8")
    stored = Settings(endpoint="https://stored.example", domain=Domain.MEETING, epd=0.9)
    assert settings_for({}, "", {}, Policy(), say) == stored
    environment = {"RTZR_ENDPOINT": "https://environment.example"}
    assert settings_for({"epd": 0.3}, "", environment, Policy(), say) == Settings(
        endpoint="https://environment.example", domain=Domain.MEETING, epd=0.3
    )
    assert settings_for({}, "https://option.example", environment, Policy(), say).endpoint == "https://option.example"


def test_settings_that_cannot_be_read_stop_no_command(opening: Path, keys: None, capsys: Captured) -> None:
    path = settings_file()
    path.parent.mkdir(parents=True)
    path.write_text("{ not JSON", encoding="utf-8")
    with EmulatedService() as service:
        assert run(opening, "--pace", "fast", "--endpoint", service.url) == 0
    assert capsys.readouterr() == (f"{FIRST}\n{SECOND}\n", "")


def test_the_options_of_recognition_reach_the_service(opening: Path, keys: None) -> None:
    options = "--model whisper --domain MEETING --no-itn --disfluency-filter --profanity-filter --punctuation"
    more = "--keyword 리턴제로:3.5 --keyword 한빛카드 --epd 0.7 --max-utterance 20"
    with EmulatedService() as service:
        run(opening, "--pace", "fast", "--endpoint", service.url, *options.split(), *more.split())
    assert service.log.connections[0].parameters == {
        "sample_rate": "8000",
        "encoding": "LINEAR16",
        "model_name": Model.WHISPER,
        "language": "ko",
        "domain": "MEETING",
        "use_itn": "false",
        "use_disfluency_filter": "true",
        "use_profanity_filter": "true",
        "use_punctuation": "true",
        "keywords": "리턴제로:3.5,한빛카드",
        "epd_time": "0.7",
        "max_utter_duration": "20",
    }


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ("--mode silence-wait --silence 0.1", "Silence before sending: 0.1 is not between 0.2 and 2 s."),
        ("--silence 2.1", "Silence before sending: 2.1 is not between 0.2 and 2 s."),
        ("--mode streaming-finalize --hangover 0.05", "Pause before a faster final: 0.05 is not between 0.1 and 2 s."),
        ("--hangover soon", "--hangover: soon is not a number."),
        ("--silence nan", "--silence: nan is not a number."),
    ],
)
def test_pauses_have_bounds(options: str, sentence: str, opening: Path, keys: None, capsys: Captured) -> None:
    assert run(opening, *options.split()) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert one_line(err).endswith(sentence)


# ---------------------------------------------------------------- running


def test_text_is_the_finals_and_nothing_else(opening: Path, keys: None, capsys: Captured) -> None:
    with EmulatedService() as service:
        assert run(opening, "--pace", "fast", "--endpoint", service.url) == 0
    assert capsys.readouterr() == (f"{FIRST}\n{SECOND}\n", "")


def test_one_channel_holds_one_speaker(opening: Path, keys: None, capsys: Captured) -> None:
    with EmulatedService() as service:
        assert run(opening, "--channel", 2, "--pace", "fast", "--endpoint", service.url) == 0
    assert capsys.readouterr().out == f"{SECOND}\n"


def test_one_token_one_connection_and_one_eos(
    opening: Path, keys: None, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    with EmulatedService() as service:
        monkeypatch.setenv("RTZR_ENDPOINT", service.url)
        assert run(opening, "--pace", "fast", "--format", "jsonl") == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert service.log.tokens_issued == 1
    assert service.commands == [["EOS"]]
    summary = lines[-1]
    assert (summary["type"], summary["connections"], summary["tokens"]) == ("summary", 1, 1)
    assert summary["captured_samples"] == summary["recognised_samples"] == 80_000
    assert summary["latency_ms"]["total"]["n"] == 0
    assert all(value is None for line in lines if line["type"] == "final" for value in line["latency_ms"].values())


def test_the_result_goes_to_the_file_and_the_table_to_standard_error(
    opening: Path, keys: None, tmp_path: Path, capsys: Captured
) -> None:
    path = tmp_path / "call.srt"
    with EmulatedService() as service:
        options = ["--pace", "fast", "--format", "srt", "--out", path, "--latency"]
        assert run(opening, *options, "--endpoint", service.url) == 0
    out, err = capsys.readouterr()
    assert out == ""
    assert "Recognition" in err
    assert path.read_text(encoding="utf-8").startswith("1\n00:00:00,8")


def test_a_file_that_is_cut_is_recognised_as_far_as_it_goes(
    opening: Path, keys: None, tmp_path: Path, capsys: Captured
) -> None:
    path = tmp_path / "cut.wav"
    path.write_bytes(opening.read_bytes()[: 44 + 48_000 * 4 * 5])  # five seconds of it
    with EmulatedService() as service:
        assert run(path, "--pace", "fast", "--endpoint", service.url) == 1
    out, err = capsys.readouterr()
    assert out == f"{FIRST}\n"
    assert one_line(err).startswith("The file ends before its header says so.")


def test_a_break_in_the_middle_loses_nothing(opening: Path, keys: None, capsys: Captured) -> None:
    with EmulatedService("close:1011@300ms") as service:
        assert run(opening, "--pace", "fast", "--format", "jsonl", "--endpoint", service.url) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["text"] for line in lines if line["type"] == "final"] == [FIRST, SECOND]
    assert lines[-1]["connections"] == 2
    assert lines[-1]["lost_samples"] == 0


# ---------------------------------------------------------------- the service refuses


def refused(
    capsys: Captured, opening: Path, url: str, patience: Patience | None = None, out: Path | None = None
) -> CommandError:
    """Run a lane that ends before anything was recognised, with little patience."""
    sink = Sink(out, Sentences())
    sink.open()
    lane = Lane(pace=Pace.FAST, patience=patience or Patience(unreachable=2.0, service=2.0))
    with pytest.raises(CommandError) as caught:
        caption(
            open_sound(opening),
            Settings(endpoint=url),
            Account("somebody", "something"),
            lane,
            Display(sink, Format.TEXT, live=False, latency=True),
            Sentences(),
        )
    assert capsys.readouterr() == ("", "")
    return caught.value


def test_wrong_keys_are_exit_code_3(opening: Path, keys: None, capsys: Captured) -> None:
    with EmulatedService(credentials=("another", "one")) as service:
        assert run(opening, "--endpoint", service.url) == 3
    out, err = capsys.readouterr()
    assert out == ""
    assert one_line(err).startswith("The service refused the RTZR keys.")
    assert "something" not in err
    assert service.log.tokens_refused == [401]


def test_a_token_that_is_refused_at_the_handshake_is_renewed_once(opening: Path, keys: None, capsys: Captured) -> None:
    with EmulatedService("refuse:401") as service:
        assert run(opening, "--endpoint", service.url) == 3
    one_line(capsys.readouterr().err)
    assert service.log.handshakes_refused == [401, 401]
    assert service.log.tokens_issued == 2


def test_a_refused_configuration_is_bad_input(opening: Path, keys: None, capsys: Captured) -> None:
    with EmulatedService("refuse:400") as service:
        assert run(opening, "--endpoint", service.url) == 2
    assert one_line(capsys.readouterr().err).startswith("The service refused the recognition settings.")
    assert service.log.handshakes_refused == [400]


def test_a_service_that_stays_down_is_exit_code_4(opening: Path, capsys: Captured) -> None:
    with EmulatedService("refuse:503") as service:
        error = refused(capsys, opening, service.url)
    assert error.code == 4
    assert error.sentence.startswith("The service is not working at the moment.")


def test_a_service_that_is_full_is_exit_code_4(opening: Path, capsys: Captured) -> None:
    with EmulatedService("refuse:429") as service:
        error = refused(capsys, opening, service.url)
    assert error.code == 4


def test_nobody_there_is_exit_code_4_and_leaves_no_file(
    opening: Path, closed_port: str, tmp_path: Path, capsys: Captured
) -> None:
    error = refused(capsys, opening, closed_port, out=tmp_path / "text.txt")
    assert error.code == 4
    assert error.sentence.startswith("The service cannot be reached.")
    assert list(tmp_path.iterdir()) == []


def test_something_that_is_not_the_service_is_exit_code_4(opening: Path, capsys: Captured) -> None:
    with EmulatedService("refuse-token:404") as service:
        error = refused(capsys, opening, service.url)
    assert error.code == 4
    assert error.sentence.startswith("Something else than the service answered.")


# ---------------------------------------------------------------- as a process

posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no polite signal for another process")


def transcribing(url: str, *options: str) -> Program:
    env = {"RTZR_CLIENT_ID": "somebody", "RTZR_CLIENT_SECRET": "something", "RTZR_ENDPOINT": url}
    return Program(["-m", "captioner", "transcribe", str(SAMPLE), *options], env=env)


@posix
@pytest.mark.parametrize("end", [Program.interrupt, Program.terminate])
def test_ctrl_c_finishes_the_utterance_and_prints_the_summary(end: Callable[[Program], None]) -> None:
    with EmulatedService() as service, transcribing(service.url, "--format", "jsonl") as program:
        program.wait_for('"type":"interim"')
        end(program)
        assert program.finish() == 1
    lines = [json.loads(line) for line in program.lines]
    assert lines[-1]["type"] == "summary"
    assert not lines[-1]["complete"]
    assert lines[-1]["lost_samples"] == 0
    assert any(line["type"] == "final" for line in lines)
    assert service.commands == [["EOS"]]
    assert len(program.errors) == 1
    assert program.errors[0].startswith("Incomplete: it ended early, after ")


@posix
def test_ctrl_c_twice_ends_at_once() -> None:
    with EmulatedService("stall") as service, transcribing(service.url, "--format", "jsonl") as program:
        program.wait_for('"state":"live"')
        program.interrupt()
        program.wait_for('"state":"draining"')
        program.interrupt()
        assert program.finish() == 1
    summary = json.loads(program.lines[-1])
    assert summary["type"] == "summary"
    assert summary["captured_samples"] == summary["lost_samples"] + summary["recognised_samples"]
    assert [line for line in program.errors if "Traceback" in line] == []


@posix
def test_a_reader_that_goes_away_ends_it_quietly(opening: Path) -> None:
    with EmulatedService() as service:
        read, write = os.pipe()
        os.close(read)
        pid = os.posix_spawn(
            sys.executable,
            [sys.executable, "-m", "captioner", "transcribe", str(opening), "--pace", "fast"],
            {**os.environ, "RTZR_CLIENT_ID": "a", "RTZR_CLIENT_SECRET": "b", "RTZR_ENDPOINT": service.url},
            file_actions=[(os.POSIX_SPAWN_DUP2, write, 1), (os.POSIX_SPAWN_DUP2, write, 2)],
        )
        os.close(write)
        _, status = os.waitpid(pid, 0)
    assert os.waitstatus_to_exitcode(status) == 1


@pytest.mark.realtime
@posix
@pytest.mark.soundcard
@pytest.mark.portaudio
def test_a_microphone_is_heard_until_ctrl_c(virtual_microphone: VirtualMicrophone, opening: Path) -> None:
    samples, _ = soundfile.read(opening, dtype="int16")
    env = {**virtual_microphone.env, "RTZR_CLIENT_ID": "somebody", "RTZR_CLIENT_SECRET": "something"}
    with EmulatedService() as service:
        env["RTZR_ENDPOINT"] = service.url
        with Program(["-m", "captioner", "transcribe", "mic", "--format", "jsonl"], env=env) as program:
            program.wait_for('"state":"live"')
            virtual_microphone.play((samples.sum(axis=1) // 2).astype(np.int16))
            program.wait_for(f'"type":"final".*"text":"{FIRST}"')
            program.wait_for(f'"type":"final".*"text":"{SECOND}"')
            program.interrupt()
            assert program.finish() == 1
    summary = json.loads(program.lines[-1])
    assert (summary["connections"], summary["tokens"], summary["lost_samples"]) == (1, 1, 0)
    assert summary["latency_ms"]["total"]["n"] == 2
    assert len(program.errors) == 1
