"""Nothing said is ever lost: the sample call through the command, real sockets, and a service that fails.

Each run is a process of its own against an emulator in a process of its own. They mostly wait, so they run at once, the
longest first, and every test looks at some of them. OUTAGES_SEED chooses other moments.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import pytest
import soundfile

from captioner.emulator.process import EmulatorProcess
from captioner.places import resource
from tests.helpers.program import Program
from tests.helpers.swallowing import SwallowingNetwork

pytestmark = pytest.mark.realtime

SAMPLE = resource("sample", "sample_call.flac")
SCRIPT: dict[str, Any] = json.loads(resource("sample", "sample_call.json").read_text(encoding="utf-8"))
WORDS: list[dict[str, Any]] = [word for each in SCRIPT["utterances"] for word in each["words"]]
KEYS = {"RTZR_CLIENT_ID": "somebody", "RTZR_CLIENT_SECRET": "something"}
LENGTH = 63.8
"""Seconds of the sample call."""

SEED = int(os.environ.get("OUTAGES_SEED", "7"))
OUTAGES = (59, 30, 5, 1)
CHAOS = range(10)
AT_ONCE = 12
"""Runs at a time: two processors carry as many."""


@dataclass(frozen=True)
class Run:
    """A call, and what goes wrong in it."""

    faults: tuple[str, ...]
    sound: Path = SAMPLE
    known: tuple[Path, Path] | None = None
    profile: str = "measured"
    env: Mapping[str, str] | None = None
    options: tuple[str, ...] = ()


@dataclass(frozen=True)
class Result:
    """What came of it."""

    run: Run
    code: int
    lines: list[dict[str, Any]]
    errors: list[str]

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [each for each in self.lines if each["type"] == kind]

    @property
    def words(self) -> list[dict[str, Any]]:
        return [word for each in self.of("final") for word in each["words"]]

    @property
    def summary(self) -> dict[str, Any]:
        return self.lines[-1]

    def check(self) -> None:
        """The contract of the lines, whatever went wrong."""
        about = f"{self.run.faults}: {self.errors}"
        assert self.lines, about
        assert self.summary["type"] == "summary", about
        assert self.summary["captured_samples"] == self.summary["recognised_samples"] + self.summary["lost_samples"]
        assert [each["at"] for each in self.lines] == sorted(each["at"] for each in self.lines), about
        finals = [each["utterance"] for each in self.of("final")]
        assert len(finals) == len(set(finals)), about
        starts = [each["start"] for each in self.of("final")]
        assert starts == sorted(starts), about
        assert self.summary["complete"] == (not self.of("gap")) == (self.code == 0), about

    def check_complete(self, words: Sequence[dict[str, Any]]) -> None:
        """Every word once, in order, where it was said; nothing lost."""
        about = f"{self.run.faults}: {self.errors}"
        self.check()
        assert [each["text"] for each in self.words] == [each["text"] for each in words], about
        late = max(abs(mine["start"] - true["start"]) for mine, true in zip(self.words, words, strict=True))
        assert late <= 0.1, about
        assert (self.code, self.errors, self.summary["lost_samples"]) == (0, [], 0), about


def call(run: Run) -> Result:
    with EmulatorProcess() as emulator:
        url = emulator.start(run.profile, run.faults, known=run.known)
        arguments: list[str | Path] = ["-m", "captioner", "transcribe", run.sound, "--format", "jsonl", *run.options]
        with Program(arguments, env={**KEYS, "RTZR_ENDPOINT": url, **(run.env or {})}) as program:
            code = program.finish(within=240)
    return Result(run, code, [json.loads(line) for line in program.lines], program.errors)


def excerpt(folder: Path, start: float, stop: float) -> tuple[Path, Path, list[dict[str, Any]]]:
    """Write a part of the sample call, cut between utterances, and its script; return both, and its words."""
    sound, rate = soundfile.read(SAMPLE, dtype="int16")
    utterances = [each for each in SCRIPT["utterances"] if each["start"] >= start and each["stop"] <= stop]
    shifted = [
        {
            **each,
            "start": each["start"] - start,
            "stop": each["stop"] - start,
            "words": [{**word, "start": word["start"] - start, "stop": word["stop"] - start} for word in each["words"]],
        }
        for each in utterances
    ]
    wav, script = folder / "part.wav", folder / "part.json"
    soundfile.write(wav, sound[round(start * rate) : round(stop * rate)], rate)
    script.write_text(json.dumps({**SCRIPT, "utterances": shifted}, ensure_ascii=False), encoding="utf-8")
    return wav, script, [word for each in shifted for word in each["words"]]


@pytest.fixture(scope="module")
def part(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, list[dict[str, Any]]]:
    """The first third of the call."""
    return excerpt(tmp_path_factory.mktemp("part"), 0.0, 20.2)


@pytest.fixture(scope="module")
def results(
    part: tuple[Path, Path, list[dict[str, Any]]], tmp_path_factory: pytest.TempPathFactory
) -> Mapping[str, Result]:
    """All that goes wrong, by name."""
    home = tmp_path_factory.mktemp("home")
    for folder in (home / "captioner", home / "Library" / "Application Support" / "captioner"):
        folder.mkdir(parents=True)
        (folder / "settings.json").write_text(json.dumps({"hold": 30}), encoding="utf-8")
    random = Random(SEED)
    moments = {length: round(random.uniform(1.0, LENGTH - 1.0), 1) for length in OUTAGES}
    print(f"OUTAGES_SEED={SEED}: {', '.join(f'{length} s at {at} s' for length, at in moments.items())}")
    wav, script, _ = part
    runs = {
        "over the end": Run(("outage@61.5s+59s",)),
        **{f"{length} s": Run((f"outage@{at}s+{length}s",)) for length, at in moments.items()},
        "outgrown": Run(("outage@20s+50s",), env={"XDG_CONFIG_HOME": str(home), "HOME": str(home)}),
        "deaf": Run(("blackhole@12s+20s",)),
        "deaf at the end": Run(("blackhole@61.5s+15s",)),
        "silent": Run(("stall@15s+30s",)),
        "slow": Run(("stall@8s+5s", "slow:800ms")),
        "renewed": Run(("expire-token@20s", "drop@30s")),
        **{f"chaos {seed}": Run((f"chaos:{seed}@0s+20s",), sound=wav, known=(wav, script)) for seed in CHAOS},
    }
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return dict(zip(runs, pool.map(call, runs.values()), strict=True))


@pytest.mark.parametrize("name", [f"{length} s" for length in OUTAGES])
def test_an_outage_at_any_moment_costs_no_word(results: Mapping[str, Result], name: str) -> None:
    results[name].check_complete(WORDS)
    assert results[name].summary["connections"] == 2


def test_an_outage_over_the_end_costs_no_word(results: Mapping[str, Result]) -> None:
    results["over the end"].check_complete(WORDS)


@pytest.mark.skipif(sys.platform == "win32", reason="where the settings are is asked of Windows, not of a variable")
def test_an_outage_longer_than_the_ring_leaves_a_gap_of_what_fell_out_and_nothing_else(
    results: Mapping[str, Result],
) -> None:
    result = results["outgrown"]
    result.check()
    assert result.code == 1
    (gap,) = result.of("gap")
    assert gap["reason"] == "outage"
    assert gap["stop"] - gap["start"] == pytest.approx(result.summary["lost_samples"] / 8000, abs=1e-3)
    (broke,) = [each["at"] for each in result.of("state") if each["state"] == "reconnecting"]
    (back,) = [each["at"] for each in result.of("state") if each["state"] == "live" and each["epoch"] == 2]
    assert broke - 13.0 <= gap["start"] <= broke, "from the last word that had its final on"
    sound = min(back, LENGTH)
    assert gap["stop"] == pytest.approx(sound - 30.0, abs=0.3), "all but the last 30 s"
    kept = [each["text"] for each in WORDS if each["stop"] <= gap["start"] or each["start"] >= gap["stop"]]
    heard = [each["text"] for each in result.words]
    assert kept == [text for text in heard if text in kept]
    assert len(heard) <= len(kept) + 2, "a word that an edge cuts may or may not be there"


@pytest.mark.parametrize("name", ["deaf", "deaf at the end"])
def test_a_connection_that_goes_dead_without_a_sign_costs_no_word(results: Mapping[str, Result], name: str) -> None:
    results[name].check_complete(WORDS)


def test_a_dead_connection_is_left_within_ten_seconds(results: Mapping[str, Result]) -> None:
    live, lost = [each["at"] for each in results["deaf"].of("state")][1:3]
    assert lost - (live + 12.0) <= 10.0


def test_a_service_that_answers_again_is_found_within_three_seconds(results: Mapping[str, Result]) -> None:
    result = results["deaf"]
    live = next(each["at"] for each in result.of("state") if each["state"] == "live")
    back = live + 12.0 + 20.0
    heard = [each["at"] for each in result.lines if each["type"] in ("interim", "final") and each["at"] > back]
    assert heard[0] - back <= 3.0


def test_text_that_does_not_come_is_waited_for_and_then_asked_for_again(results: Mapping[str, Result]) -> None:
    results["silent"].check_complete(WORDS)
    assert 2 <= results["silent"].summary["connections"] <= 4


def test_a_slow_service_and_a_short_stall_are_no_break(results: Mapping[str, Result]) -> None:
    results["slow"].check_complete(WORDS)
    assert results["slow"].summary["connections"] == 1


def test_a_token_that_is_no_longer_taken_is_replaced(results: Mapping[str, Result]) -> None:
    results["renewed"].check_complete(WORDS)
    assert results["renewed"].summary["tokens"] == 2


@pytest.mark.parametrize("seed", CHAOS)
def test_a_random_sequence_of_faults_costs_no_word(
    results: Mapping[str, Result], part: tuple[Path, Path, list[dict[str, Any]]], seed: int
) -> None:
    results[f"chaos {seed}"].check_complete(part[2])


# ---------------------------------------------------------------- a network that swallows everything


def test_text_comes_within_three_seconds_after_a_network_that_swallowed_everything_is_back(
    part: tuple[Path, Path, list[dict[str, Any]]],
) -> None:
    """Nothing is reset or refused, so that TCP alone would ask for seconds at a network that is long there."""
    lacking = SwallowingNetwork.missing()
    if lacking:
        pytest.skip(lacking)
    sound, script, words = part
    with SwallowingNetwork() as network:
        emulate: list[str | Path] = ["-m", "captioner", "emulate", "--port", "0"]
        with network.run(network.service, [*emulate, "--recording", sound, "--script", script]) as emulator:
            url = emulator.wait_for(r"listening on (\S+)")[1]
            transcribe: list[str | Path] = ["-m", "captioner", "transcribe", sound, "--format", "jsonl"]
            with network.run(network.client, transcribe, env={**KEYS, "RTZR_ENDPOINT": url}) as program:
                live = float(program.wait_for(r'"at":([\d.]+),"state":"live"')[1])
                began = time.monotonic() - live
                program.wait_for(r'"type":"final"')
                network.swallow(14.0)  # so long that the pauses that TCP makes have become long
                back = time.monotonic() - began
                code = program.finish(within=120)
    result = Result(Run(("swallowed",)), code, [json.loads(line) for line in program.lines], program.errors)
    result.check_complete(words)
    heard = min(each["at"] for each in result.lines if each["type"] in ("interim", "final") and each["at"] > back)
    assert heard - back <= 3.0
