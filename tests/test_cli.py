from __future__ import annotations

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from captioner import __version__
from captioner.cli import BENCHES, main
from tests.helpers.program import ROOT, Program
from tests.helpers.soundcard import VirtualMicrophone

Captured = pytest.CaptureFixture[str]

MISUSES = [
    (
        "nonsense",
        "There is no command nonsense; there are demo, transcribe, replay, compare, emulate, devices, check, "
        "token-service, self-test, bench.",
    ),
    ("--nonsense", "There is no option --nonsense. See: captioner --help"),
    ("--version demo", "demo is one argument too many. See: captioner --help"),
    ("transcribe", "SOURCE is missing. See: captioner transcribe --help"),
    ("transcribe --latency", "SOURCE is missing. See: captioner transcribe --help"),
    ("transcribe a.wav b.wav", "b.wav is one argument too many. See: captioner transcribe --help"),
    (
        "transcribe --formt srt a.wav",
        "There is no option --formt; did you mean --format? See: captioner transcribe --help",
    ),
    ("transcribe a.wav --epd", "The option --epd needs a value. See: captioner transcribe --help"),
    ("transcribe a.wav --latency=yes", "The option --latency takes no value. See: captioner transcribe --help"),
    ("transcribe a.wav --no-itn=yes", "The option --no-itn takes no value. See: captioner transcribe --help"),
    ("transcribe a.wav --channel 0", "--channel: 0 is not a whole number from 1 on."),
    ("transcribe a.wav --channel two", "--channel: two is not a whole number from 1 on."),
    ("transcribe a.wav --epd fast", "--epd: fast is not a number."),
    ("transcribe a.wav --epd nan", "--epd: nan is not a number."),
    ("transcribe a.wav --epd 9", "End of utterance: 9.0 is not between 0.2 and 5 s."),
    ("transcribe a.wav --max-utterance 12.5", "--max-utterance: 12.5 is not a whole number from 0 on."),
    ("transcribe a.wav --format html", "--format: html is none of text, jsonl, srt, vtt."),
    ("transcribe a.wav --pace slow", "--pace: slow is none of realtime, fast."),
    ("transcribe a.wav --mode nonsense", "--mode: nonsense is none of streaming, streaming-finalize, silence-wait."),
    ("transcribe a.wav --model gpt", "--model: gpt is none of sommers_ko, sommers_ja, whisper."),
    ("transcribe a.wav --domain call", "--domain: call is none of CALL, MEETING."),
    (
        "transcribe a.wav --keyword hello",
        "Keywords: The keyword hello is not Hangul with an optional weight, such as 리턴제로:3.5.",
    ),
    (
        "transcribe a.wav --endpoint http://example.com",
        "Endpoint: http://example.com is not encrypted: plain http is for this computer only; use https.",
    ),
    ("compare", "FILE is missing. See: captioner compare --help"),
    (
        "compare a.wav --ways streaming,swift",
        "There is no way swift; there are baseline, token-cached, connection-kept, streaming, streaming-finalize.",
    ),
    ("compare a.wav --profile swift", "There is no profile swift; there are design, measured."),
    ("compare a.wav --repeat 0", "--repeat: 0 is not a whole number from 1 to 1000."),
    (
        "compare a.wav --profile design --endpoint http://127.0.0.1:9",
        "--profile starts a service of its own: leave --endpoint out, or --profile.",
    ),
    ("compare missing.wav", "missing.wav: The file does not exist. Check its name. (No such file or directory)"),
    ("check --endpoint nowhere", "Endpoint: nowhere is not an address such as https://openapi.vito.ai."),
    ("demo --profile swift", "There is no profile swift; there are design, measured."),
    ("emulate --port 70000", "--port: 70000 is not a whole number from 0 to 65535."),
    ("emulate --script a.json", "--recording and --script need each other."),
    ("emulate --recording a.wav", "--recording and --script need each other."),
    ("bench nonsense", f"There is no benchmark nonsense; there are {', '.join(BENCHES)}."),
    ("bench --json nonsense", f"There is no benchmark nonsense; there are {', '.join(BENCHES)}."),
    ("transcribe -- -x.wav", "-x.wav: The file does not exist. Check its name. (No such file or directory)"),
    (
        "transcribe --pace fast -- -x.wav",
        "-x.wav: The file does not exist. Check its name. (No such file or directory)",
    ),
    ("transcribe --", "SOURCE is missing. See: captioner transcribe --help"),
    ("transcribe a.wav -- b.wav", "b.wav is one argument too many. See: captioner transcribe --help"),
    ("devices all", "all is one argument too many. See: captioner devices --help"),
]


@pytest.mark.parametrize(("line", "sentence"), MISUSES, ids=[line for line, _ in MISUSES])
def test_misuse_is_one_sentence_and_exit_code_2(line: str, sentence: str, capsys: Captured) -> None:
    assert main(line.split()) == 2
    assert capsys.readouterr() == ("", f"{sentence}\n")


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("nonsense", "nonsense: 없는 명령입니다."),
        ("transcribe", "SOURCE: 빠진 인수입니다."),
        ("transcribe a.wav --epd 9", "발화 끝"),
        ("transcribe missing.wav", "missing.wav: 파일이 없습니다."),
        ("emulate --fault nonsense", "장애 nonsense: 없는 이름입니다."),
    ],
)
@pytest.mark.parametrize("variable", ["LC_ALL", "LC_MESSAGES", "LANG"])
def test_a_korean_locale_gets_korean_sentences(
    line: str, sentence: str, variable: str, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    monkeypatch.setenv(variable, "ko_KR.UTF-8")
    assert main(line.split()) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert sentence in err


COMMANDS = [
    *["", "demo", "transcribe", "replay", "compare", "emulate", "devices", "check", "token-service", "self-test"],
    "bench",
]


@pytest.mark.parametrize("command", COMMANDS)
def test_help_goes_to_standard_output_and_is_no_error(command: str, capsys: Captured) -> None:
    assert main([*command.split(), "--help"]) == 0
    out, err = capsys.readouterr()
    assert out.startswith(f"Usage: captioner {command}".rstrip())
    assert err == ""


def test_the_help_lists_every_command(capsys: Captured) -> None:
    main(["--help"])
    listed = capsys.readouterr().out
    assert [name for name in COMMANDS if name not in listed] == []


def test_the_help_of_a_korean_is_korean(monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    monkeypatch.setenv("LANG", "ko_KR.UTF-8")
    assert main(["transcribe", "--help"]) == 0
    help = capsys.readouterr().out
    assert help.startswith("사용법: captioner transcribe")
    assert "옵션:" in help


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
@pytest.mark.parametrize("line", ["--version", "--help", "transcribe --help", "devices --json"])
def test_a_standard_output_that_takes_nothing_is_one_sentence(line: str) -> None:
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        command = [sys.executable, "-m", "captioner", *line.split()]
        result = subprocess.run(command, cwd=ROOT, stdout=full, stderr=subprocess.PIPE, encoding="utf-8", check=False)
    assert result.stderr == "Standard output cannot be written: No space left on device.\n"
    assert result.returncode == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
def test_a_standard_error_that_takes_nothing_leaves_the_exit_code_as_it_is() -> None:
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        command = [sys.executable, "-m", "captioner", "transcribe", "missing.wav"]
        result = subprocess.run(command, cwd=ROOT, stderr=full, check=False)
    assert result.returncode == 2


@pytest.mark.skipif(sys.platform == "win32", reason="Windows gives every program its three streams")
def test_a_file_is_never_taken_for_a_stream_that_was_closed() -> None:
    code = (
        "import os, sys; os.closerange(0, 3); from captioner.cli import main; main(['--version']);"
        "sys.exit(os.open(sys.executable, os.O_RDONLY))"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode > 2


def test_the_version_is_printed_without_loading_anything_heavy() -> None:
    code = "import sys; from captioner.cli import main; main(['--version']); print(*sys.modules)"
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, encoding="utf-8", check=True)
    version, modules = result.stdout.splitlines()
    assert version == f"captioner {__version__}"
    assert {"PySide6", "numpy", "asyncio", "httpx", "websockets", "rich", "sounddevice"} & set(modules.split()) == set()


def test_the_help_loads_neither_qt_nor_numpy() -> None:
    code = "import sys; from captioner.cli import main; main(['transcribe', '--help']); print(*sys.modules)"
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, encoding="utf-8", check=True)
    assert {"PySide6", "numpy"} & set(result.stdout.splitlines()[-1].split()) == set()


def test_a_command_without_a_window_loads_neither_qt_nor_portaudio(tmp_path: Path) -> None:
    code = "import sys; from captioner.cli import main; main(['transcribe', 'missing.wav']); print(*sys.modules)"
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, encoding="utf-8", check=True)
    loaded = set(result.stdout.split())
    assert "captioner.pipeline" in loaded
    assert {"PySide6", "qasync", "sounddevice"} & loaded == set()


def test_output_is_utf_8_whatever_the_console_says() -> None:
    with Program(["-m", "captioner", "없는명령"], env={"PYTHONIOENCODING": "cp1252", "LANG": "ko_KR.UTF-8"}) as program:
        assert program.finish() == 2
    assert program.errors[0].startswith("없는명령: 없는 명령입니다.")


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere there always is a display")
def test_the_window_without_a_display_is_one_sentence(monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    assert main([]) == 2
    assert capsys.readouterr().err == (
        "There is no display to open a window on. Use captioner transcribe, or captioner demo --headless.\n"
    )


def test_a_defect_of_ours_is_one_sentence_and_a_note(
    private_home: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    monkeypatch.setitem(BENCHES, "conditioning", "captioner.no_such_module")
    assert main(["bench", "conditioning"]) == 1
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert "defect of its own (ModuleNotFoundError)" in err
    notes = [path for path in private_home.rglob("*.txt") if "crashes" in path.parts]
    assert str(notes[0]) in err
    assert "ModuleNotFoundError" in notes[0].read_text(encoding="utf-8")


@pytest.mark.parametrize("module", BENCHES.values())
def test_every_benchmark_that_is_named_is_there(module: str) -> None:
    assert find_spec(module) is not None


# ---------------------------------------------------------------- devices


@pytest.mark.parametrize("line", [["devices"], ["devices", "--json"], ["transcribe", "mic"]])
def test_a_machine_without_portaudio_is_told_what_to_install(line: list[str], tmp_path: Path) -> None:
    # what sounddevice does at its import where the library is missing
    (tmp_path / "sounddevice.py").write_text("raise OSError('PortAudio library not found')", encoding="utf-8")
    with Program(["-m", "captioner", *line], env={"PYTHONPATH": str(tmp_path)}) as program:
        assert program.finish() == 5
    assert program.lines == []
    assert len(program.errors) == 1
    assert program.errors[0].startswith("The PortAudio library, which hears microphones, is not installed.")


@pytest.mark.portaudio
def test_the_devices_are_a_list_for_scripts(capsys: Captured) -> None:
    assert main(["devices", "--json"]) == 0
    out, err = capsys.readouterr()
    assert all(set(each) == {"id", "name", "host_api", "channels", "rate", "default"} for each in json.loads(out))
    assert err == ""


@pytest.mark.soundcard
def test_the_devices_are_lines_that_name_what_transcribe_takes(virtual_microphone: VirtualMicrophone) -> None:
    env = virtual_microphone.env
    with Program(["-m", "captioner", "devices"], env=env) as program:
        assert program.finish() == 0
    assert program.lines
    assert all(line.count("\t") >= 4 for line in program.lines)
    assert any(line.endswith("\tdefault") for line in program.lines)
