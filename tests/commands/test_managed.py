"""A company's desk, from its policy to its captions: the token service and the emulator stand behind it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path, PurePath
from typing import Any

import pytest
import soundfile
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QMessageBox

from captioner.cli import main
from captioner.places import save_settings
from captioner.policy import Policy, PolicyProblem, read_policy
from captioner.settings import Mode, SettingError, Settings
from tests.helpers.emulated import EmulatedService
from tests.helpers.program import Program
from tests.helpers.token_server import KEY, TokenServer

Captured = pytest.CaptureFixture[str]
SAMPLE = str(Path(__file__).parents[2] / "resources" / "sample" / "sample_call.flac")
KEYS = ("the-id", "the-secret")


def settled(**parts: Any) -> Callable[[], Policy]:
    return lambda: read_policy(json.dumps(parts))


@pytest.fixture
def key(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Hand the desk its key; RTZR's own keys, which are in the environment too, are wrong ones."""
    monkeypatch.setenv("RTZR_CLIENT_ID", "not-used")
    monkeypatch.setenv("RTZR_CLIENT_SECRET", "not-used")
    return lambda text: monkeypatch.setenv("CAPTIONER_DESK_KEY", text)


Hand = Callable[[str], None]


# ---------------------------------------------------------------- captions behind a token service


def test_a_desk_without_an_account_captions_with_its_companys_tokens(
    tmp_path: Path, capsys: Captured, key: Hand
) -> None:
    with EmulatedService(credentials=KEYS) as service, TokenServer(service.url, KEYS) as company:
        key(KEY)
        policy = settled(token_url=company.url, endpoint=service.url)
        assert main(["transcribe", SAMPLE, "--pace", "fast"], policy=policy) == 0
    out, _ = capsys.readouterr()
    assert "안녕하세요 지갑을 잃어버려서 전화드렸어요" in out
    assert company.log == ["127.0.0.1 desk-1 200 new"]
    assert service.log.connections


def test_a_token_that_the_service_of_speech_refuses_is_replaced_by_a_new_one(
    tmp_path: Path, capsys: Captured, key: Hand
) -> None:
    with (
        EmulatedService("refuse:401x1", credentials=KEYS) as service,
        TokenServer(service.url, KEYS) as company,
    ):
        key(KEY)
        policy = settled(token_url=company.url, endpoint=service.url)
        assert main(["transcribe", SAMPLE, "--pace", "fast"], policy=policy) == 0
    assert len(company.log) == 2
    assert service.log.handshakes_refused == [401]


@pytest.mark.parametrize("command", [["transcribe", SAMPLE, "--pace", "fast"], ["check"]])
@pytest.mark.parametrize("status", [401, 403])
def test_tokens_that_the_service_of_speech_refuses_again_are_a_matter_of_the_company(
    tmp_path: Path, capsys: Captured, key: Hand, command: list[str], status: int
) -> None:
    with EmulatedService(f"refuse:{status}", credentials=KEYS) as service, TokenServer(service.url, KEYS) as company:
        key(KEY)
        assert main(command, policy=settled(token_url=company.url, endpoint=service.url)) == 3
    _, err = capsys.readouterr()
    assert "The service refused the token from your company's token service. Tell your administrators" in err
    assert err.count("\n") == 1


@pytest.mark.realtime
def test_tokens_that_live_shortly_are_renewed_by_the_company(tmp_path: Path, capsys: Captured, key: Hand) -> None:
    with (
        EmulatedService(credentials=KEYS, token_lifetime=2.0) as service,
        TokenServer(service.url, KEYS) as company,
    ):
        key(KEY)
        policy = settled(token_url=company.url, endpoint=service.url)
        assert main(["check"], policy=policy) == 0  # it takes longer than a token lives
        assert main(["check"], policy=policy) == 0
    assert company.log == ["127.0.0.1 desk-1 200 new"] * 2


def test_check_says_where_the_token_came_from(tmp_path: Path, capsys: Captured, key: Hand) -> None:
    with EmulatedService(credentials=KEYS) as service, TokenServer(service.url, KEYS) as company:
        key(KEY)
        assert main(["check"], policy=settled(token_url=company.url, endpoint=service.url)) == 0
    out, err = capsys.readouterr()
    assert f", from your company's service, {company.url}" in out
    assert KEY not in out + err


@pytest.mark.parametrize(
    ("given", "code", "sentence"),
    [
        ("wrong", 3, "Your company's token service does not know this desk key."),
        ("", 3, "This computer's desk key is missing."),
    ],
)
def test_a_desk_without_a_good_key_gets_nothing(
    tmp_path: Path, capsys: Captured, key: Hand, given: str, code: int, sentence: str
) -> None:
    with EmulatedService() as service, TokenServer(service.url, KEYS) as company:
        key(given)
        policy = settled(token_url=company.url, endpoint=service.url)
        assert main(["transcribe", SAMPLE, "--pace", "fast"], policy=policy) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(sentence)
    assert err.count("\n") == 1


def test_a_company_service_that_is_down_is_no_matter_of_keys(tmp_path: Path, capsys: Captured, key: Hand) -> None:
    with EmulatedService(credentials=KEYS) as service:
        with TokenServer(service.url, KEYS) as company:
            key(KEY)
        assert main(["check"], policy=settled(token_url=company.url, endpoint=service.url)) == 4
    _, err = capsys.readouterr()
    assert err.startswith("Token: The service cannot be reached.")
    assert err.endswith("(127.0.0.1: connection refused)\n")


def test_a_desk_that_asks_too_often_is_told_to_wait(tmp_path: Path, capsys: Captured, key: Hand) -> None:
    with EmulatedService(credentials=KEYS) as service, TokenServer(service.url, KEYS, limit=1) as company:
        key(KEY)
        policy = settled(token_url=company.url, endpoint=service.url)
        assert main(["check"], policy=policy) == 0
        capsys.readouterr()
        assert main(["check"], policy=policy) == 4
    _, err = capsys.readouterr()
    assert err.startswith("Token: Your company's token service has no token at the moment.")
    assert err.endswith("(127.0.0.1: rate too many requests)\n")


# ---------------------------------------------------------------- what is settled


def test_neither_file_nor_variable_changes_what_is_settled(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: Captured
) -> None:
    monkeypatch.setenv("RTZR_CLIENT_ID", KEYS[0])
    monkeypatch.setenv("RTZR_CLIENT_SECRET", KEYS[1])
    monkeypatch.setenv("RTZR_ENDPOINT", "http://127.0.0.1:9")
    save_settings(Settings(endpoint="http://127.0.0.1:10", mode=Mode.SILENCE_WAIT))
    with EmulatedService(credentials=KEYS) as service:
        policy = settled(endpoint=service.url, mode="streaming")
        assert main(["transcribe", SAMPLE, "--pace", "fast", "--mode", "streaming"], policy=policy) == 0
        assert main(["check", "--endpoint", service.url], policy=policy) == 0
    assert "지갑을" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ("transcribe {sample} --endpoint https://other.example", "Endpoint: Your company has settled this; leave it"),
        ("check --endpoint https://other.example", "Endpoint: Your company has settled this; leave it out."),
        ("compare {sample} --endpoint https://other.example", "Endpoint: Your company has settled this; leave it out."),
        ("token-service --desks {desks} --endpoint https://other.example", "Endpoint: Your company has settled this;"),
        ("transcribe {sample} --mode silence-wait", "Mode: Your company does not allow this; it allows streaming."),
        ("compare {sample} --ways streaming,baseline", "Your company does not allow the way baseline; it allows stre"),
        ("transcribe {sample} --no-itn", "Write numbers as digits: Your company has settled this; leave it out."),
        ("transcribe {sample} --record {out}", "Record for finding faults: Your company has settled this; leave it"),
        ("replay {sample} --record {out}", "Record for finding faults: Your company has settled this; leave it out."),
    ],
)
def test_an_option_that_contradicts_what_is_settled_is_refused(
    tmp_path: Path, capsys: Captured, arguments: str, sentence: str
) -> None:
    policy = settled(endpoint="https://stt.example", allowed_modes=["streaming"], itn=True, record=False)
    (tmp_path / "desks").write_text("", encoding="utf-8")
    filled = arguments.format(sample=SAMPLE, desks=tmp_path / "desks", out=tmp_path / "out")
    assert main(filled.split(), policy=policy) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(sentence)
    assert err.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_a_comparison_opens_no_connection_of_a_way_that_is_not_allowed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: Captured
) -> None:
    monkeypatch.setenv("RTZR_CLIENT_ID", KEYS[0])
    monkeypatch.setenv("RTZR_CLIENT_SECRET", KEYS[1])
    sound = tmp_path / "opening.wav"
    samples, rate = soundfile.read(SAMPLE, frames=round(5.9 * 48_000), dtype="int16")
    soundfile.write(sound, samples, rate)
    with EmulatedService(credentials=KEYS) as service:
        policy = settled(endpoint=service.url, allowed_modes=["streaming"])
        assert main(["compare", str(sound)], policy=policy) == 0
        assert service.log.handshakes_accepted == 1
    left_out = "baseline, token-cached, connection-kept, streaming-finalize"
    _, said = capsys.readouterr()
    assert said.endswith(f"Your company does not allow these ways, so they were left out: {left_out}.\n")


def test_long_numbers_are_hidden_where_the_company_wants_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: Captured
) -> None:
    monkeypatch.setenv("RTZR_CLIENT_ID", KEYS[0])
    monkeypatch.setenv("RTZR_CLIENT_SECRET", KEYS[1])
    record, script = tmp_path / "call.rec", tmp_path / "script.json"
    said = json.loads(Path(SAMPLE).with_suffix(".json").read_text(encoding="utf-8"))
    number = said["utterances"][6]
    number["text"] = "카드 번호는 1234 5678 9012 3456 이고요"
    step = (number["stop"] - number["start"]) / 7
    number["words"] = [
        {"text": word, "start": number["start"] + at * step, "stop": number["start"] + (at + 1) * step}
        for at, word in enumerate(number["text"].split())
    ]
    script.write_text(json.dumps(said), encoding="utf-8")
    with Program(["-m", "captioner", "emulate", "--recording", SAMPLE, "--script", str(script)]) as emulator:
        endpoint = ["--endpoint", emulator.wait_for(r"listening on (\S+)")[1]]
        assert main(["transcribe", SAMPLE, "--pace", "fast", "--record", str(record), *endpoint]) == 0
        plain = capsys.readouterr().out
        policy = settled(mask_numbers=True)
        assert main(["transcribe", SAMPLE, "--pace", "fast", *endpoint], policy=policy) == 0
        hidden = capsys.readouterr().out
    assert main(["replay", str(record)], policy=policy) == 0
    assert capsys.readouterr().out == hidden
    assert "1234 5678 9012 3456" in plain
    assert hidden == plain.replace("1234 5678 9012 3456", "●●●● ●●●● ●●●● ●●●●")


# ---------------------------------------------------------------- a policy that cannot be read


def broken() -> PolicyProblem:
    return PolicyProblem(PurePath("/etc/captioner/policy.json"), SettingError("", "It is no JSON object."))


SENTENCE = (
    "Your company's policy /etc/captioner/policy.json cannot be used, so nothing is captioned until it is mended. "
    "It is no JSON object."
)


@pytest.mark.parametrize(
    "arguments", ["transcribe {sample}", "check", "compare {sample}", "replay {sample}", "token-service --desks x"]
)
def test_nothing_is_captioned_on_an_unknown_policy(capsys: Captured, arguments: str) -> None:
    assert main(arguments.format(sample=SAMPLE).split(), policy=broken) == 2
    assert capsys.readouterr() == ("", f"{SENTENCE}\n")


@pytest.mark.parametrize("arguments", [[], ["demo"]])
def test_a_window_says_that_nothing_is_captioned_on_an_unknown_policy(
    qapp: QApplication, capsys: Captured, arguments: list[str]
) -> None:
    said = list[str]()

    def read() -> None:
        (box,) = [each for each in QApplication.topLevelWidgets() if isinstance(each, QMessageBox)]
        said.append(box.text())
        box.accept()

    QTimer.singleShot(0, read)
    assert main(arguments, policy=broken) == 2
    assert said == [SENTENCE]
    assert capsys.readouterr() == ("", f"{SENTENCE}\n")


def test_what_captions_nothing_runs_on_an_unknown_policy(capsys: Captured) -> None:
    assert main(["--version"], policy=broken) == 0
    assert main(["transcribe", "--help"], policy=broken) == 0
    assert capsys.readouterr().err == ""
