"""The check of a frozen program: it starts, hears, paints and says nothing fatal, on a machine without Python.

    python tests/packaging/frozen.py dist/captioner/captioner [--root DIR] [--log FILE]

Runs on Linux, Windows and macOS with the standard library alone. The program gets an empty PATH, a new home and none of
this environment's variables. With `--root` it runs in another system's root (Linux, as root: see debian_root.sh), into
which its folder is copied; the X server stays outside, and is met through its abstract socket.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import plistlib
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from xml.parsers.expat import ExpatError

PROJECT = Path(__file__).resolve().parents[2]

FATAL = (
    *("Traceback (most recent call last)", "ModuleNotFoundError", "ImportError", "No module named"),
    *("Fatal Python error", "Segmentation fault", "core dumped", "Failed to execute script", "defect of its own"),
    *("Could not load the Qt platform plugin", "Could not find the Qt platform plugin", "no Qt platform plugin"),
    *("cannot open shared object file", "DLL load failed", "Library not loaded", "image not found", "GLIBC_"),
    *("PortAudio library", "PackageNotFoundError", "No such file or directory", "cannot be loaded"),
)
"""What no line of any output may hold, for a program that is whole."""

TIMEOUT = 180.0
"""Seconds for each command; the self-test takes about fifteen."""


@dataclass(frozen=True)
class Frozen:
    """A frozen program, and where it runs.

    Attributes:
        program: its file, inside `root` where there is one.
        root: of another system; None is this one.
        home: of the person, inside `root` likewise.
        said: everything that it said so far.
    """

    program: Path
    home: Path
    root: Path | None = None
    said: list[str] = field(default_factory=list)

    def environment(self, more: Mapping[str, str]) -> dict[str, str]:
        """Return the whole environment of the program."""
        home = str(self.home)
        result = {"HOME": home, "LANG": "C.UTF-8", "PATH": ""}
        if sys.platform == "win32":
            # Without these two neither sockets nor temporary files work.
            result |= {name: os.environ[name] for name in ("SYSTEMROOT", "WINDIR") if name in os.environ}
            result |= dict.fromkeys(("USERPROFILE", "APPDATA", "LOCALAPPDATA", "TEMP", "TMP"), home)
        return {**result, **more}

    def run(self, *arguments: str, **more: str) -> str:
        """Run a command; return what it wrote to standard output.

        Args:
            arguments: of the program.
            more: variables of the environment.

        Raises:
            AssertionError: it failed, took too long, or said something fatal.
        """
        inside = [str(self.program), *arguments]
        command = inside if self.root is None else ["chroot", str(self.root), *inside]
        try:
            done = subprocess.run(
                command,
                env=self.environment(more),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                encoding="utf-8",
                errors="replace",
                timeout=TIMEOUT,
                check=False,
                # a program is not to find its parts by where it was started
                cwd=None if self.root is not None else self.home,
                executable=shutil.which(command[0]) if self.root is not None else None,
            )
        except subprocess.TimeoutExpired as error:
            raise AssertionError(f"{' '.join(arguments)}: still running after {TIMEOUT:.0f} s") from error
        self.said.append(f"$ captioner {' '.join(arguments)}\n{done.stdout}{done.stderr}")
        assert done.returncode == 0, f"{' '.join(arguments)}: exit code {done.returncode}\n{self.said[-1]}"
        assert not (found := fatal(self.said[-1])), f"{' '.join(arguments)}: {found}\n{self.said[-1]}"
        return done.stdout

    def crash_notes(self) -> list[str]:
        """Return what the program noted of crashes."""
        folders = [self.home if self.root is None else self.root / self.home.relative_to("/")]
        if sys.platform == "win32" and "LOCALAPPDATA" in os.environ:
            # Windows says itself where a person's files are, whatever the environment says.
            folders.append(Path(os.environ["LOCALAPPDATA"], "captioner"))
        notes = [path for folder in folders for path in folder.rglob("*.txt") if "crashes" in path.parts]
        return [text for path in notes if (text := path.read_text(encoding="utf-8", errors="replace"))]


def fatal(text: str) -> list[str]:
    """Return the lines of a log that no whole program writes."""
    return [line for line in text.splitlines() if any(marker.lower() in line.lower() for marker in FATAL)]


def check(frozen: Frozen) -> None:
    """Prove a frozen program.

    Raises:
        AssertionError: it is not whole; the text says why.
    """
    version = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    said = frozen.run("--version").strip()
    assert said == f"captioner {version}", f"--version says {said!r}, pyproject.toml {version!r}"
    if frozen.program.parent.name == "MacOS":
        check_bundle(frozen.program.parents[2], version)
        check_signature(frozen.program.parents[2])
    listed = frozen.run("devices", "--json")  # loads PortAudio; an empty list is a machine without a microphone
    assert listed.lstrip().startswith("["), f"devices: {listed!r}"
    painted(frozen.run("self-test", QT_QPA_PLATFORM="offscreen"))
    if sys.platform.startswith("linux"):
        with display() as number:
            if number:
                painted(frozen.run("self-test", DISPLAY=f":{number}", QT_QPA_PLATFORM="xcb"))
            else:
                print("There is no Xvfb on this machine: a real window is not proved.")
    else:
        painted(frozen.run("self-test"))
    assert not (notes := frozen.crash_notes()), "crash notes:\n" + "\n".join(notes)


def check_bundle(app: Path, version: str) -> None:
    """Prove what macOS reads of a bundle before it starts it.

    Raises:
        AssertionError: it would not be asked for the microphone, or not in the person's language.
    """
    plist = plistlib.loads((app / "Contents" / "Info.plist").read_bytes())
    assert plist["CFBundleShortVersionString"] == version, f"Info.plist says {plist['CFBundleShortVersionString']}"
    assert plist.get("NSMicrophoneUsageDescription"), "Info.plist does not say what the microphone is for"
    for language in ("en", "ko"):
        strings = app / "Contents" / "Resources" / f"{language}.lproj" / "InfoPlist.strings"
        assert strings.is_file(), f"{strings.relative_to(app)} is not there"
        words = strings.read_text(encoding="utf-8")
        assert "NSMicrophoneUsageDescription" in words, f"{strings.relative_to(app)} does not speak of the microphone"


def check_signature(app: Path) -> None:
    """Prove that the signature of a bundle still holds what the hardened runtime of macOS is to allow.

    Raises:
        AssertionError: it would hear silence for ever; a second signature that drops this looks valid.
    """
    codesign = shutil.which("codesign")
    assert codesign, "codesign is not on this machine"
    signed = subprocess.run(
        [codesign, "--display", "--entitlements", "-", "--xml", str(app)], capture_output=True, check=False
    )
    try:
        entitled = plistlib.loads(signed.stdout)
    except (plistlib.InvalidFileException, ExpatError):
        entitled = {}
    wanted = plistlib.loads((PROJECT / "resources" / "packaging" / "entitlements.plist").read_bytes())
    lost = [key for key, value in wanted.items() if entitled.get(key) != value]
    assert not lost, f"the signature does not hold {', '.join(lost)}"


def painted(said: str) -> None:
    """Look for the captions of a self-test."""
    match = re.search(r"^Captions painted: (\d+)$", said, re.MULTILINE)
    assert match, f"the self-test painted nothing:\n{said}"
    assert int(match[1]) >= 3, f"the self-test painted {match[1]} captions, not 3"


@contextlib.contextmanager
def display() -> Iterator[str]:
    """Run an X server without a screen; give its number, "" where there is none."""
    if shutil.which("Xvfb") is None:
        yield ""
        return
    readable, writable = os.pipe()
    command = ["Xvfb", "-displayfd", str(writable), "-screen", "0", "1280x1024x24", "-nolisten", "tcp", "-ac"]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, pass_fds=[writable])
    os.close(writable)
    with os.fdopen(readable, encoding="ascii") as pipe:
        number = pipe.readline().strip()
    try:
        yield number
    finally:
        server.terminate()
        server.wait()


def main(arguments: Sequence[str] | None = None) -> int:
    """Check the program that the arguments name; return the exit code."""
    parser = argparse.ArgumentParser(description="Check a frozen captioner.")
    parser.add_argument("program", type=Path, help="the program's file")
    parser.add_argument("--root", type=Path, help="run it in the root of another system")
    parser.add_argument("--log", type=Path, help="write everything that it said there")
    options = parser.parse_args(arguments)
    program = options.program.resolve()
    if not program.is_file():
        print(f"{program} is no file: build it with pyinstaller captioner.spec", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        if options.root is None:
            frozen = Frozen(program, Path(folder))
        else:
            inside = options.root / "opt" / "captioner"
            shutil.rmtree(inside, ignore_errors=True)
            shutil.copytree(program.parent, inside, symlinks=True)
            home = options.root / "home" / "somebody"
            shutil.rmtree(home, ignore_errors=True)
            home.mkdir(parents=True)
            frozen = Frozen(Path("/opt/captioner", program.name), Path("/home/somebody"), options.root)
        try:
            check(frozen)
        except (AssertionError, OSError) as error:
            print(error, file=sys.stderr)
            return 1
        finally:
            if options.log is not None:
                options.log.write_text("\n".join(frozen.said), encoding="utf-8")
    print(f"{program} is whole.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
