"""The release script, with stand-ins in the places of the tools of each system: what is called, and with what."""

from __future__ import annotations

import base64
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from captioner.releases import Release, read_release
from resources.packaging import bundle
from tests.helpers.requirements import require

pytestmark = pytest.mark.skipif(
    sys.platform == "win32" or shutil.which("bash") is None, reason="the stand-ins are scripts of a POSIX shell"
)

VERSION = bundle.VERSION
MAC = {"MACOS_IDENTITY": "Developer ID Application: Somebody"}
NOTARY = {"NOTARY_KEY": base64.b64encode(b"private").decode(), "NOTARY_KEY_ID": "KEY", "NOTARY_ISSUER": "ISSUER"}
WINDOWS = {"WINDOWS_CERTIFICATE": base64.b64encode(b"pfx").decode(), "WINDOWS_CERTIFICATE_PASSWORD": "hunter2"}
ENTITLED = "cat resources/packaging/entitlements.plist"


@dataclass
class Workshop:
    """A tree with a build in it, and tools that write down how they were called."""

    tree: Path
    tools: Path
    journal: Path

    def tool(self, name: str, script: str = "") -> None:
        path = self.tools / name
        path.write_text(f"#!/bin/sh\nprintf '%s\\n' \"{name} $*\" >> {self.journal}\n{script}\n", encoding="utf-8")
        path.chmod(0o755)

    def run(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        environment: Mapping[str, str] = {
            **os.environ,
            "PATH": f"{self.tools}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(self.tree),
            **variables,
        }
        return subprocess.run(
            ["bash", str(self.tree / "resources" / "packaging" / "release.sh"), *arguments],
            env=dict(environment),
            capture_output=True,
            encoding="utf-8",
            check=False,
        )

    @property
    def calls(self) -> list[str]:
        return self.journal.read_text(encoding="utf-8").splitlines() if self.journal.exists() else []


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    tree, tools = tmp_path / "tree", tmp_path / "tools"
    packaging = tree / "resources" / "packaging"
    packaging.mkdir(parents=True)
    tools.mkdir()
    for name in ("release.sh", "entitlements.plist"):
        shutil.copy(bundle.HERE / name, packaging)
    shutil.copy(bundle.ROOT / "pyproject.toml", tree)
    for file in ("captioner/captioner", "captioner/_internal/library", "Captioner.app/Contents/Info.plist"):
        (tree / "dist" / file).parent.mkdir(parents=True, exist_ok=True)
        (tree / "dist" / file).write_text("content", encoding="utf-8")
    return Workshop(tree, tools, tmp_path / "journal")


@pytest.fixture
def mac(workshop: Workshop) -> Workshop:
    workshop.tool("uname", "case $1 in -m) echo arm64 ;; *) echo Darwin ;; esac")
    workshop.tool("codesign", f"case $1 in --display) {ENTITLED} ;; esac")
    for name in ("hdiutil", "xcrun", "security"):
        workshop.tool(name)
    return workshop


@pytest.fixture
def windows(workshop: Workshop) -> Workshop:
    workshop.tool("uname", "case $1 in -m) echo x86_64 ;; *) echo MINGW64_NT-10.0 ;; esac")
    workshop.tool("iscc")
    workshop.tool("signtool")
    return workshop


def test_on_linux_the_folder_becomes_one_archive_of_its_own_name(workshop: Workshop) -> None:
    workshop.tool("uname", "case $1 in -m) echo x86_64 ;; *) echo Linux ;; esac")
    if sys.platform != "linux":
        pytest.skip("the archive is made with GNU tar")
    require("release")
    done = workshop.run("pack")
    assert done.returncode == 0, done.stderr
    archive = workshop.tree / "dist" / "release" / f"captioner-{VERSION}-linux-x86_64.tar.xz"
    listed = subprocess.run(["tar", "-tJf", str(archive)], capture_output=True, encoding="utf-8", check=True).stdout
    assert f"captioner-{VERSION}-linux-x86_64/_internal/library" in listed.splitlines()
    before = archive.read_bytes()
    workshop.run("pack")
    assert archive.read_bytes() == before


def test_without_secrets_macos_packs_and_says_what_is_left_out(mac: Workshop) -> None:
    done = mac.run("pack", MACOS_IDENTITY="")
    assert done.returncode == 0, done.stderr
    assert "Signing for macOS is left out: MACOS_IDENTITY is not set." in done.stdout
    assert any(
        call.startswith("hdiutil create") and f"captioner-{VERSION}-macos-arm64.dmg" in call for call in mac.calls
    )
    assert not any("notarytool" in call or "--sign" in call for call in mac.calls)


@pytest.mark.parametrize(("busy", "code"), [(4, 0), (5, 1)])
def test_an_image_that_is_busy_is_made_again(busy: int, code: int, mac: Workshop) -> None:
    mac.tool("sleep")
    mac.tool("hdiutil", f'[ "$(grep -c ^hdiutil {mac.journal})" -gt {busy} ]')
    done = mac.run("pack")
    assert done.returncode == code
    assert ("hdiutil could not make dist/release/captioner" in done.stderr) == bool(code)
    assert sum(call.startswith("hdiutil") for call in mac.calls) == 5


def test_with_an_identity_alone_the_image_is_signed_and_notarisation_is_left_out(mac: Workshop) -> None:
    done = mac.run("pack", **MAC)
    assert done.returncode == 0, done.stderr
    assert "Notarisation is left out: NOTARY_KEY is not set." in done.stdout
    assert [call for call in mac.calls if "--sign" in call] == [
        f"codesign --sign {MAC['MACOS_IDENTITY']} --timestamp dist/release/captioner-{VERSION}-macos-arm64.dmg"
    ]


def test_with_all_secrets_the_image_is_notarised_and_stapled(mac: Workshop) -> None:
    done = mac.run("pack", **MAC, **NOTARY)
    assert done.returncode == 0, done.stderr
    submitted, stapled = [call for call in mac.calls if call.startswith("xcrun")]
    assert "notarytool submit" in submitted
    assert submitted.endswith("--key-id KEY --issuer ISSUER --wait")
    assert "stapler staple" in stapled
    assert "private" not in "".join(mac.calls)


@pytest.mark.parametrize("script", ["true", f"{ENTITLED} | grep -v audio-input", f"{ENTITLED} | grep -v executable"])
def test_a_signature_that_dropped_the_entitlements_stops_the_release(script: str, mac: Workshop) -> None:
    mac.tool("codesign", f"case $1 in --display) {script} ;; esac")
    done = mac.run("pack", **MAC, **NOTARY)
    assert done.returncode == 1
    assert "does not hold the entitlement com.apple.security." in done.stderr
    assert not any(call.startswith("hdiutil") for call in mac.calls)


def test_the_certificate_of_macos_goes_into_a_keychain_of_its_own(mac: Workshop) -> None:
    certificate = {"MACOS_CERTIFICATE": base64.b64encode(b"p12").decode(), "MACOS_CERTIFICATE_PASSWORD": "hunter2"}
    done = mac.run("keychain", **MAC, **certificate)
    assert done.returncode == 0, done.stderr
    assert any(call.startswith("security import") for call in mac.calls)
    mac.journal.unlink()
    done = mac.run("keychain")
    assert "Signing for macOS is left out: MACOS_CERTIFICATE is not set." in done.stdout
    assert mac.calls == []


def test_without_a_certificate_windows_gets_an_unsigned_installer(windows: Workshop) -> None:
    done = windows.run("pack")
    assert done.returncode == 0, done.stderr
    assert "Signing for Windows is left out: WINDOWS_CERTIFICATE is not set." in done.stdout
    (call,) = [call for call in windows.calls if call.startswith("iscc")]
    assert f"/DVersion={VERSION} /DNumbers={VERSION} " in call
    assert not any(call.startswith("signtool") for call in windows.calls)


def test_with_a_certificate_both_programs_and_the_installer_are_signed(windows: Workshop) -> None:
    done = windows.run("pack", **WINDOWS)
    assert done.returncode == 0, done.stderr
    programs, installer = [call for call in windows.calls if call.startswith("signtool")]
    assert programs.endswith("dist/captioner/captioner.exe dist/captioner/captionerw.exe")
    assert installer.endswith(f"captioner-{VERSION}-windows-x86_64-setup.exe")
    order = [call.split()[0] for call in windows.calls if not call.startswith("uname")]
    assert order == ["signtool", "iscc", "signtool"]


def test_a_release_has_checksums_of_all_its_files(workshop: Workshop, tmp_path: Path) -> None:
    if shutil.which("sha256sum") is None:
        pytest.skip("releases are published from Linux")
    workshop.tool("gh", 'case "$1 $2" in "repo view") echo https://github.com/somebody/captioner ;; esac')
    folder = tmp_path / "release"
    folder.mkdir()
    (folder / "a.dmg").write_bytes(b"a")
    (folder / "b.tar.xz").write_bytes(b"b")
    done = workshop.run("publish", f"v{VERSION}", str(folder))
    assert done.returncode == 0, done.stderr
    subprocess.run(["sha256sum", "--check", "--strict", "SHA256SUMS"], cwd=folder, check=True, capture_output=True)
    assert len((folder / "SHA256SUMS").read_text(encoding="utf-8").splitlines()) == 3
    (call,) = [call for call in workshop.calls if call.startswith("gh release")]
    assert all(name in call for name in ("a.dmg", "b.tar.xz", "latest.json", "SHA256SUMS"))
    assert "--prerelease" not in call
    told = read_release((folder / "latest.json").read_bytes())
    assert told == Release(VERSION, f"https://github.com/somebody/captioner/releases/tag/v{VERSION}")


def test_a_trial_is_no_release_that_everybody_is_told_of(workshop: Workshop, tmp_path: Path) -> None:
    if shutil.which("sha256sum") is None:
        pytest.skip("releases are published from Linux")
    workshop.tool("gh", 'case "$1 $2" in "repo view") echo https://github.com/somebody/captioner ;; esac')
    project = workshop.tree / "pyproject.toml"
    text = project.read_text(encoding="utf-8")
    project.write_text(text.replace(f'version = "{VERSION}"', 'version = "1.0rc1"', 1), encoding="utf-8")
    folder = tmp_path / "release"
    folder.mkdir()
    done = workshop.run("publish", "v1.0rc1", str(folder))
    assert done.returncode == 0, done.stderr
    (call,) = [call for call in workshop.calls if call.startswith("gh release")]
    assert "--prerelease" in call


def test_a_tag_of_another_version_is_no_release(workshop: Workshop, tmp_path: Path) -> None:
    workshop.tool("gh")
    done = workshop.run("publish", "v9.9.9", str(tmp_path))
    assert (done.returncode, done.stderr) == (1, f"The tag is v9.9.9, but pyproject.toml says {VERSION}.\n")
    assert not any(call.startswith("gh ") for call in workshop.calls)


@pytest.mark.parametrize("stub", ["exit 9", "echo Python 2.7.18; exit 1"])
def test_a_python_that_is_none_is_passed_over(stub: str, workshop: Workshop, tmp_path: Path) -> None:
    if sys.platform != "linux":
        pytest.skip("the archive is made with GNU tar")
    require("release")
    workshop.tool("uname", "case $1 in -m) echo x86_64 ;; *) echo Linux ;; esac")
    workshop.tool("python", stub)
    workshop.tool("python3", f'exec {sys.executable} "$@"')
    done = workshop.run("pack")
    assert done.returncode == 0, done.stderr
    assert (workshop.tree / "dist" / "release" / f"captioner-{VERSION}-linux-x86_64.tar.xz").is_file()
    workshop.tool("python3", stub)
    done = workshop.run("pack")
    assert (done.returncode, done.stderr) == (1, "Python 3.11 or newer is not on this machine.\n")


def test_no_secret_outlives_the_script(mac: Workshop, tmp_path: Path) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    mac.run("pack", **MAC, **NOTARY, TMPDIR=str(scratch))
    assert list(scratch.iterdir()) == []
