from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from captioner.account import Account
from captioner.compare.outcome import Design, Reference
from captioner.compare.reference import read_reference
from captioner.compare.services import Emulated, NotStarted, Standing, design
from captioner.compare.takes import Take, listen
from captioner.language import Sentences
from captioner.settings import Settings
from tests.helpers.three_utterances import write_three_utterances


def heard(wav: Path, script: Path | None) -> Take:
    reference = None if script is None else read_reference(script)
    assert reference is None or isinstance(reference, Reference)
    return asyncio.run(listen(wav, wav.name, None, reference))


def known(wav: Path, script: Path | None, folder: Path) -> tuple[Path, Path] | None:
    scripts = {} if script is None else {wav: script}
    return Emulated("design", 1, scripts, Sentences())._known(heard(wav, script), folder)


def test_an_emulator_knows_a_recording_whose_reference_tells_when(tmp_path: Path) -> None:
    wav, script = write_three_utterances(tmp_path)
    assert known(wav, script, tmp_path) == (wav, script)
    assert known(wav, None, tmp_path) is None


def test_a_script_in_another_encoding_is_written_anew(tmp_path: Path) -> None:
    wav, script = write_three_utterances(tmp_path)
    script.write_text(script.read_text(encoding="utf-8"), encoding="cp949")
    found = known(wav, script, tmp_path)
    assert found is not None
    assert found[1] != script
    assert "무엇을" in found[1].read_text(encoding="utf-8")


def test_an_emulator_that_does_not_start_says_why(tmp_path: Path) -> None:
    wav, _ = write_three_utterances(tmp_path)

    async def reach() -> None:
        async with Emulated("no such profile", 2, {}, Sentences()).of(take):
            pytest.fail("it started")

    take = heard(wav, None)
    with pytest.raises(NotStarted, match="no such profile"):
        asyncio.run(reach())


def test_the_service_is_called_by_its_address() -> None:
    assert Standing(Settings(), Account("id", "secret")).name == "https://openapi.vito.ai"
    assert "design" in Emulated("design", 1, {}, Sentences()).name


def test_only_a_profile_without_chance_has_a_design() -> None:
    assert design("design", 0.5) == Design(silence=0.5, token=0.12, connect=0.08, text=1.95)
    assert design("measured", 0.5) is None
