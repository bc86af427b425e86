"""A token that runs out in the middle of a call, over real sockets: it is replaced before the service cuts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from captioner.places import resource
from tests.helpers.emulated import EmulatedService
from tests.helpers.program import Program

pytestmark = pytest.mark.realtime

SILENCE = 25.0
"""Seconds before the call: a token is used for a minute at least, and the call alone is hardly longer."""

LIFE = 72.0
"""Seconds of a token; nine before its end a new connection is wanted, in the midst of the talk."""


def late_call(folder: Path) -> tuple[Path, Path, list[dict[str, Any]]]:
    """Write the sample call after a silence, and its script; return both, and its words."""
    sound, rate = soundfile.read(resource("sample", "sample_call.flac"), dtype="int16")
    script = json.loads(resource("sample", "sample_call.json").read_text(encoding="utf-8"))

    def later(each: dict[str, Any]) -> dict[str, Any]:
        return {**each, "start": each["start"] + SILENCE, "stop": each["stop"] + SILENCE}

    script["utterances"] = [
        later({**each, "words": [later(word) for word in each["words"]]}) for each in script["utterances"]
    ]
    wav, text = folder / "late.wav", folder / "late.json"
    soundfile.write(wav, np.concatenate([np.zeros((round(SILENCE * rate), *sound.shape[1:]), np.int16), sound]), rate)
    text.write_text(json.dumps(script, ensure_ascii=False), encoding="utf-8")
    return wav, text, [word for each in script["utterances"] for word in each["words"]]


def test_a_token_is_replaced_between_two_utterances_before_the_service_cuts(tmp_path: Path) -> None:
    wav, script, words = late_call(tmp_path)
    with EmulatedService(known=(wav, script), token_lifetime=LIFE, expiry_closes_streams=True) as service:
        env = {"RTZR_CLIENT_ID": "somebody", "RTZR_CLIENT_SECRET": "something", "RTZR_ENDPOINT": service.url}
        with Program(["-m", "captioner", "transcribe", wav, "--format", "jsonl"], env=env) as program:
            code = program.finish(within=240)
    lines = [json.loads(line) for line in program.lines]
    heard = [word for each in lines if each["type"] == "final" for word in each["words"]]
    assert [each["text"] for each in heard] == [each["text"] for each in words]
    assert max(abs(mine["start"] - true["start"]) for mine, true in zip(heard, words, strict=True)) <= 0.1
    assert (code, program.errors, lines[-1]["lost_samples"]) == (0, [], 0)
    assert (lines[-1]["connections"], lines[-1]["tokens"], service.log.tokens_issued) == (2, 2, 2), "replaced once"
    first, second = service.log.connections
    assert (first.commands, first.close_code) == (["EOS"], 1000), "left in good order, not cut"
    assert second.opened - first.opened < LIFE
    # what was said when the first connection was left: nothing
    (left,) = [each["at"] for each in lines if each["type"] == "state" and each["state"] == "reconnecting"]
    assert not [each for each in words if each["start"] + 0.1 < left < each["stop"] - 0.1]
