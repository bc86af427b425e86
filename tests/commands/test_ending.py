from __future__ import annotations

import pytest

from captioner.commands.ending import ExitCode, exit_code, failed
from captioner.errors import Fault, FaultKind
from captioner.language import Sentences

CODES = {
    1: "file-cut file-full disk-slow",
    2: "bad-request file-missing file-unreadable file-not-sound file-empty file-format no-such-channel "
    "file-unwritable no-keyring",
    3: "credentials-missing credentials-refused desk-key-missing desk-key-refused desk-token-refused token-expired",
    4: "unreachable certificate proxy not-the-service broken speechless quota busy service-down service-error "
    "token-service",
    5: "no-portaudio no-device device-busy device-denied device-lost device-stalled device-failed",
}


@pytest.mark.parametrize(("code", "kinds"), CODES.items())
def test_a_fault_has_the_exit_code_of_what_has_to_be_done_about_it(code: int, kinds: str) -> None:
    assert {exit_code(FaultKind(kind)) for kind in kinds.split()} == {code}


def test_every_kind_of_fault_is_named_above() -> None:
    assert sorted(" ".join(CODES.values()).split()) == sorted(FaultKind)


def test_the_sentence_names_the_file_and_what_the_system_said() -> None:
    error = failed(Fault(FaultKind.FILE_MISSING, "No such file"), Sentences(), about="call.wav")
    assert error.code is ExitCode.BAD_INPUT
    assert error.sentence == "call.wav: The file does not exist. Check its name. (No such file)"
