from __future__ import annotations

import socket

import pytest

from captioner.cli import main
from captioner.commands import check
from captioner.commands.check import CLIP, read_clip
from tests.helpers.emulated import EmulatedService

Captured = pytest.CaptureFixture[str]
TEXT = "확인되었습니다 잠시만 기다려 주세요"


@pytest.fixture(autouse=True)
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RTZR_CLIENT_ID", "somebody")
    monkeypatch.setenv("RTZR_CLIENT_SECRET", "something-secret")


def steps(out: str) -> list[tuple[str, str]]:
    """Return mark and name of every line."""
    return [(line[0], line[2:].partition(":")[0]) for line in out.splitlines() if line[:2] in ("✓ ", "✗ ", "• ")]


GOOD = [("✓", name) for name in ("Name", "TLS", "Proxy", "Token", "Handshake", "Sound", "Final", "EOS")]


def test_a_good_account_and_network_pass_every_step(capsys: Captured) -> None:
    with EmulatedService() as service:
        assert main(["check", "--endpoint", service.url]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert steps(out) == GOOD
    assert TEXT in out
    assert "Close 1000" in out
    assert service.commands == [["EOS"]]


@pytest.mark.realtime
def test_a_final_may_come_after_eos_only(capsys: Captured) -> None:
    with EmulatedService("stall@1s+8s") as service:
        assert main(["check", "--endpoint", service.url]) == 0
    out, _ = capsys.readouterr()
    assert steps(out) == GOOD
    assert TEXT in out


@pytest.mark.realtime
def test_a_service_that_ends_without_a_close_after_the_final_is_a_finding_and_no_failure(capsys: Captured) -> None:
    with EmulatedService("drop@7s", close_delay=(60.0, 60.0)) as service:
        assert main(["check", "--endpoint", service.url]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert steps(out) == GOOD
    assert TEXT in out
    assert "an end without a Close" in out


def test_wrong_keys_fail_at_the_token(capsys: Captured) -> None:
    with EmulatedService(credentials=("another", "one")) as service:
        assert main(["check", "--endpoint", service.url]) == 3
    out, err = capsys.readouterr()
    assert steps(out) == [*GOOD[:3], ("✗", "Token")]
    assert err.startswith("Token: The service refused the RTZR keys.")
    assert err.count("\n") == 1
    assert "something-secret" not in out + err


def test_a_refused_handshake_is_not_tried_again(capsys: Captured) -> None:
    with EmulatedService("refuse:503") as service:
        assert main(["check", "--endpoint", service.url]) == 4
    out, err = capsys.readouterr()
    assert steps(out) == [*GOOD[:4], ("✗", "Handshake")]
    assert err.count("\n") == 1
    assert service.log.handshakes_refused == [503]


def test_an_error_of_the_service_fails_where_it_comes(capsys: Captured) -> None:
    with EmulatedService("error-object@1s") as service:
        assert main(["check", "--endpoint", service.url]) == 4
    out, err = capsys.readouterr()
    assert steps(out) == [*GOOD[:5], ("✗", "Sound")]
    assert err.count("\n") == 1


def test_nobody_there_fails_before_any_key_is_sent(capsys: Captured) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        assert main(["check", "--endpoint", f"http://127.0.0.1:{taken.getsockname()[1]}"]) == 4
    out, err = capsys.readouterr()
    assert steps(out) == [GOOD[0], ("✗", "TLS")]
    assert "connection refused" in err
    assert err.count("\n") == 1


def test_a_name_that_nobody_has_fails_at_the_name(capsys: Captured) -> None:
    assert main(["check", "--endpoint", "https://no-such-host.invalid"]) == 4
    out, err = capsys.readouterr()
    assert steps(out) == [("✗", "Name")]
    assert err.count("\n") == 1


def test_missing_keys_are_said_before_anything_is_opened(monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    monkeypatch.delenv("RTZR_CLIENT_ID")
    monkeypatch.delenv("RTZR_CLIENT_SECRET")
    assert main(["check"]) == 3
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1


@pytest.mark.realtime
def test_the_full_check_settles_what_the_documents_leave_open(capsys: Captured) -> None:
    with EmulatedService(close_code=1001, epd_time=0.9, idle_limit=3.0, idle_code=4000) as service:
        assert main(["check", "--full", "--endpoint", service.url]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    found = dict(line[2:].split(": ", 1) for line in out.splitlines() if line.startswith("• "))
    assert list(found) == ["Close after EOS", "Finalize twice", "epd_time left out", "Idle limit"]
    assert found["Close after EOS"].startswith("code 1001 after ")
    assert "the second one nothing" in found["Finalize twice"]
    assert "with epd_time=0.5 it was" in found["epd_time left out"]
    assert found["Idle limit"].startswith("closed with code 4000 after ")
    assert "something-secret" not in out
    assert "somebody" not in out
    assert "epd_time" not in service.log.connections[2].parameters
    assert service.commands[1] == ['{"type":"Finalize"}', '{"type":"Finalize"}']


@pytest.mark.realtime
def test_a_part_of_the_full_check_that_fails_stops_no_other(capsys: Captured) -> None:
    with EmulatedService("refuse:429x1@3500ms", idle_limit=1.0) as service:
        assert main(["check", "--full", "--endpoint", service.url]) == 1
    out, err = capsys.readouterr()
    assert ("✗", "Finalize twice") in steps(out)
    assert ("•", "Idle limit") in steps(out)
    assert err.startswith("Finalize twice: The RTZR account has too many streams open.")


def test_the_clip_is_one_whole_utterance_with_silence_around_it() -> None:
    clip = read_clip()
    assert len(clip.samples) == CLIP * 8000
    assert abs(clip.samples[: 8000 // 10]).max() < 100
    assert abs(clip.samples[-800:]).max() < 100
    assert abs(clip.samples).max() > 2000
    assert 2.0 < clip.speech_stop < CLIP - 0.05


def test_the_idle_limit_is_waited_for_longer_than_it_is_said_to_be() -> None:
    assert check.IDLE > 60
