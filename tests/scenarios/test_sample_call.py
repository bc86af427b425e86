"""The sample call, through the command, over real sockets, to the emulator in a process of its own."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import jiwer
import numpy as np
import pytest

from captioner.cli import main
from captioner.emulator.process import EmulatorProcess
from captioner.latency.statistics import STAGES
from captioner.places import resource
from tests.helpers.emulated import EmulatedService
from tests.helpers.program import Program

SAMPLE = resource("sample", "sample_call.flac")
SCRIPT: dict[str, Any] = json.loads(resource("sample", "sample_call.json").read_text(encoding="utf-8"))
TEXT = " ".join(each["text"] for each in SCRIPT["utterances"])
KEYS = {"RTZR_CLIENT_ID": "somebody", "RTZR_CLIENT_SECRET": "something"}


def check_words(finals: list[dict[str, Any]]) -> None:
    """Every word, in order, within 100 ms of where the script has it."""
    assert jiwer.cer(TEXT, " ".join(each["text"] for each in finals)) == 0
    expected = [word for each in SCRIPT["utterances"] for word in each["words"]]
    heard = [word for each in finals for word in each["words"]]
    assert [word["text"] for word in heard] == [word["text"] for word in expected]
    late = [
        max(abs(mine["start"] - true["start"]), abs(mine["stop"] - true["stop"]))
        for mine, true in zip(heard, expected, strict=True)
    ]
    assert max(late) <= 0.1


def check_account(summary: dict[str, Any]) -> None:
    assert summary["complete"]
    assert summary["captured_samples"] == summary["recognised_samples"]
    assert summary["lost_samples"] == 0
    assert (summary["connections"], summary["tokens"]) == (1, 1)


@pytest.mark.realtime
def test_every_word_of_the_sample_call_comes_at_the_pace_of_speech(tmp_path: Path) -> None:
    out = tmp_path / "call.jsonl"
    with EmulatorProcess() as emulator:
        arguments: list[str | Path] = ["-m", "captioner", "transcribe", SAMPLE, "--format", "jsonl", "--out", out]
        with Program(arguments, env={**KEYS, "RTZR_ENDPOINT": emulator.start()}) as program:
            assert program.finish(within=120) == 0
    assert (program.lines, program.errors) == ([], [])
    lines = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    finals = [line for line in lines if line["type"] == "final"]
    check_words(finals)
    check_account(lines[-1])
    assert [line["state"] for line in lines if line["type"] == "state"] == ["connecting", "live", "draining", "stopped"]
    assert all(before["at"] <= after["at"] for before, after in itertools.pairwise(lines))
    assert [line["utterance"] for line in finals] == list(range(1, len(finals) + 1))
    for number, line in enumerate(lines):
        if line["type"] == "final":
            assert line["utterance"] not in [each.get("utterance") for each in lines[number + 1 :]]

    for line in finals:
        stages = line["latency_ms"]
        assert list(stages) == list(STAGES)
        assert stages["render"] is None
        parts = [value for name, value in stages.items() if name not in ("total", "render")]
        assert min(parts) >= 0
        assert sum(parts) == pytest.approx(stages["total"], abs=1e-6)
        assert stages["total"] == pytest.approx(1000 * (line["at"] - line["stop"]), abs=0.002)
    for name in set(STAGES) - {"render"}:
        values = [line["latency_ms"][name] for line in finals]
        p50, p95 = np.percentile(values, [50, 95])
        assert lines[-1]["latency_ms"][name] == pytest.approx(
            {"n": len(finals), "p50": p50, "p95": p95, "max": max(values)}, abs=1e-3
        )


@pytest.mark.parametrize("channel", [None, 1, 2])
def test_as_fast_as_it_goes_nothing_is_lost_and_one_eos_is_sent(
    channel: int | None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    with EmulatedService() as service:
        options = [] if channel is None else ["--channel", str(channel)]
        fast = ["--pace", "fast", "--format", "jsonl", "--endpoint", service.url]
        assert main(["transcribe", str(SAMPLE), *fast, *options]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    finals = [line for line in lines if line["type"] == "final"]
    check_account(lines[-1])
    if channel is None:
        check_words(finals)
    else:
        said = [each["text"] for each in SCRIPT["utterances"] if each["channel"] == channel]
        assert [line["text"] for line in finals] == said
    assert service.log.tokens_issued == 1
    assert service.commands == [["EOS"]]
    extra = service.log.connections[0].audio_bytes // 2 - lines[-1]["captured_samples"]
    assert 0 <= extra <= 32  # the resampler's delay, in front
    assert service.log.connections[0].close_code == 1000


@pytest.mark.parametrize(
    ("options", "commands"),
    [
        (["--mode", "silence-wait", "--silence", "0.4"], ["Finalize", "EOS"]),
        (["--mode", "streaming-finalize", "--hangover", "0.3"], ["Finalize", "EOS"]),
    ],
    ids=["silence-wait", "streaming-finalize"],
)
def test_every_word_comes_in_every_mode(
    options: list[str],
    commands: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    with EmulatedService() as service:
        fast = ["--pace", "fast", "--format", "jsonl", "--endpoint", service.url]
        assert main(["transcribe", str(SAMPLE), *fast, *options]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    check_words([line for line in lines if line["type"] == "final"])
    check_account(lines[-1])
    (sent,) = service.commands
    assert list(dict.fromkeys(json.loads(each)["type"] if each != "EOS" else each for each in sent)) == commands
    assert len(sent) > 10
    sound = service.log.connections[0].audio_bytes // 2
    if "silence-wait" in options:
        assert sound < lines[-1]["captured_samples"], "silence did not leave"
    else:
        assert sound >= lines[-1]["captured_samples"]
