"""The check of frozen programs finds what is broken: programs that are known to be."""

from __future__ import annotations

import os
import plistlib
import sys
from pathlib import Path

import pytest

from resources.packaging import bundle
from tests.packaging.frozen import Frozen, check, fatal, main

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the stand-ins are shell scripts")

WHOLE = f"""
case $1 in
    --version) echo captioner {bundle.VERSION} ;;
    devices) echo '[]' ;;
    self-test) echo 'Captions painted: 3' ;;
esac
"""


def program(folder: Path, script: str) -> Frozen:
    path = folder / "captioner"
    path.write_text(f"#!/bin/sh\n{script}", encoding="utf-8")
    path.chmod(0o755)
    return Frozen(path, folder)


def test_a_whole_program_is_accepted(tmp_path: Path) -> None:
    frozen = program(tmp_path, WHOLE)
    check(frozen)
    assert any("Captions painted" in said for said in frozen.said)


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("echo captioner 0.0.0", "--version says 'captioner 0.0.0'"),
        ("exit 3", "exit code 3"),
        (WHOLE.replace("echo '[]'", "echo 'The PortAudio library is not installed.' >&2"), "PortAudio library"),
        (WHOLE.replace("echo 'Captions", "echo 'Nothing"), "painted nothing"),
        (WHOLE.replace("painted: 3", "painted: 1"), "painted 1 captions"),
        (WHOLE.replace("echo 'Cap", "echo \"ModuleNotFoundError: No module named 'x'\" >&2; echo 'Cap"), "No module"),
        (WHOLE + "/bin/mkdir -p $HOME/crashes; echo IndexError > $HOME/crashes/note.txt", "crash notes:\nIndexError"),
    ],
)
def test_a_broken_program_is_refused_with_the_reason(script: str, reason: str, tmp_path: Path) -> None:
    with pytest.raises(AssertionError) as error:
        check(program(tmp_path, script))
    assert reason in str(error.value)


@pytest.mark.parametrize(
    "line",
    [
        "Traceback (most recent call last):",
        "ModuleNotFoundError: No module named 'numpy.typing'",
        'qt.qpa.plugin: Could not load the Qt platform plugin "xcb" in "" even though it was found.',
        "./captioner: error while loading shared libraries: libGL.so.1: cannot open shared object file",
        "[PYI-2011:ERROR] Failed to execute script '__main__' due to unhandled exception!",
        "captioner stopped because of a defect of its own (KeyError). Please report it.",
    ],
)
def test_what_broken_builds_say_is_fatal(line: str) -> None:
    assert fatal(f"fine\n{line}\nfine") == [line]


def test_what_whole_builds_say_is_not() -> None:
    assert fatal("Captions painted: 3\nCapture  3  11  20  21\nlistening on http://127.0.0.1:4711") == []


def test_the_program_gets_an_environment_without_python(tmp_path: Path) -> None:
    frozen = program(tmp_path, "/usr/bin/env")
    names = {line.partition("=")[0] for line in frozen.run().splitlines()} - {"PWD", "SHLVL", "_", "OLDPWD", "LC_CTYPE"}
    assert names == {"HOME", "LANG", "PATH"}
    assert "PATH=\n" in frozen.run()


ENTITLED = bundle.ENTITLEMENTS.read_text(encoding="utf-8")


def application(folder: Path, signature: str) -> Frozen:
    """A bundle of macOS, and a codesign beside it that finds this signature."""
    contents = folder / "Captioner.app" / "Contents"
    (contents / "MacOS").mkdir(parents=True)
    (contents / "Info.plist").write_bytes(plistlib.dumps(bundle.info_plist()))
    for place, words in bundle.localized_strings().items():
        strings = contents / "Resources" / place / "InfoPlist.strings"
        strings.parent.mkdir(parents=True)
        strings.write_text(words, encoding="utf-8")
    (folder / "signature").write_text(signature, encoding="utf-8")
    (folder / "codesign").write_text(f"#!/bin/sh\n/bin/cat {folder}/signature\n", encoding="utf-8")
    (folder / "codesign").chmod(0o755)
    return program(contents / "MacOS", WHOLE)


def test_a_bundle_that_is_let_to_the_microphone_is_accepted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    check(application(tmp_path, ENTITLED))


@pytest.mark.parametrize(
    ("signature", "lost"),
    [
        (ENTITLED.replace("device.audio-input", "device.camera"), "com.apple.security.device.audio-input"),
        (ENTITLED.replace("<true/>", "<false/>"), "com.apple.security.device.audio-input, com.apple.security.cs"),
        ("", "com.apple.security.device.audio-input, com.apple.security.cs"),
        ("code object is not signed at all", "com.apple.security.device.audio-input, com.apple.security.cs"),
    ],
)
def test_a_bundle_whose_signature_lost_the_entitlements_is_refused(
    signature: str, lost: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    with pytest.raises(AssertionError, match=f"the signature does not hold {lost}"):
        check(application(tmp_path, signature))


def test_a_program_that_is_not_there_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path / "captioner")]) == 2
    assert "build it with pyinstaller captioner.spec" in capsys.readouterr().err
