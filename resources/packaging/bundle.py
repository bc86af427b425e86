"""What the frozen program is made of: names, versions, and what of the libraries stays out, with the reason.

`captioner.spec` builds with these values and the tests read them, because the products of Windows and macOS can be made
on Windows and macOS alone. Nothing here knows PyInstaller.
"""

from __future__ import annotations

import plistlib
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterable, Mapping
from importlib.util import find_spec
from pathlib import Path, PurePosixPath
from shutil import which
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent

PROJECT: Mapping[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
VERSION: str = PROJECT["version"]
"""Written in pyproject.toml alone."""

IDENTIFIER = "org.captioner.Captioner"
MICROPHONE = {
    "en": "Captioner listens to the microphone or the line input to show live captions of your calls.",
    "ko": "통화를 실시간 자막으로 보여 주기 위해 마이크나 라인 입력의 소리를 듣습니다.",
}
"""What macOS says when it asks for the microphone; without it the program is ended instead of asked about."""

ENTITLEMENTS = HERE / "entitlements.plist"
MANIFEST = HERE / "captioner.manifest"

BACKENDS = {"linux": ["SecretService", "kwallet"], "darwin": ["macOS"], "win32": ["Windows"]}
"""keyring finds its backends by name at run time, so no import tells that they are needed."""

OPTIONAL = ("samplerate", "soxr")
"""The extra `bench`: inside where it is installed in the environment of the build."""

EXCLUDED = (
    # parts of the standard library that a program without a terminal, a compiler and tests has no use for
    *("tkinter", "_tkinter", "idlelib", "lib2to3", "turtledemo", "ensurepip", "venv", "pydoc_data", "test"),
    *("unittest", "doctest", "pdb", "distutils", "setuptools", "pkg_resources", "_distutils_hack", "curses", "sqlite3"),
    *("readline",),
    # of numpy: its compiler of Fortran and its tests
    *("numpy.f2py", "numpy.testing", "numpy._pyinstaller"),
    # rich colours source code with these, and the tables here hold none; httpx has a command line of its own
    *("pygments", "markdown_it", "mdurl", "click"),
    # bindings of PySide6 that nothing here imports, should a hook want one
    *("PySide6.QtDBus", "PySide6.QtDesigner", "PySide6.QtHelp", "PySide6.QtNetwork", "PySide6.QtOpenGL"),
    *("PySide6.QtOpenGLWidgets", "PySide6.QtPrintSupport", "PySide6.QtQml", "PySide6.QtQuick", "PySide6.QtSql"),
    *("PySide6.QtSvgWidgets", "PySide6.QtTest", "PySide6.QtUiTools", "PySide6.QtXml", "PySide6.QtConcurrent"),
)

QT_PLUGINS: Mapping[str, tuple[str, ...] | None] = {
    # The window on each system, and `offscreen` for the self-test; the others drive bare screens.
    "platforms": ("qxcb", "qwayland", "qwindows", "qcocoa", "qoffscreen"),
    # The style sheet names its arrows and ticks as SVG; photographs are nowhere shown.
    "imageformats": ("qsvg",),
    "iconengines": ("qsvgicon",),
    "styles": None,
    # Hangul is typed through these; the third one is a keyboard on the screen, made with QtQuick.
    "platforminputcontexts": ("ibus", "compose"),
    # The desktop's own file dialogs; the other theme is GTK's and brings GTK along.
    "platformthemes": ("xdgdesktopportal",),
    "wayland-shell-integration": ("xdg-shell",),
    "wayland-decoration-client": None,
}
"""Which plugins of Qt stay, by folder and by a part of the name; None is all of a folder, and a folder that is not
here stays out: no databases, no printing, no OpenGL (the window is painted by the processor), no network of Qt's."""

QT_TRANSLATIONS = ("qtbase_ko.qm",)
"""Qt's own words in Korean; English is in the program text."""

OF_THE_SYSTEM = (
    # They read configuration, plugins or sockets of the very system they came with.
    *("libasound.so", "libjack.so", "libdbus-1.so", "libfontconfig.so", "libfreetype.so"),
    # Older ones than the system's would break what the system loads into the program.
    *("libstdc++.so", "libgcc_s.so", "libmvec.so", "libdrm.so", "libexpat.so", "libwayland-"),
)
"""Libraries of Linux that must be the system's own."""


def hidden_imports(platform: str, submodules: Iterable[str]) -> list[str]:
    """Return what no import statement names.

    Args:
        platform: as `sys.platform`.
        submodules: all modules of captioner, because the commands name the benchmarks as text.
    """
    backends = [f"keyring.backends.{name}" for name in BACKENDS.get(platform, [])]
    return [*submodules, *backends, *(name for name in OPTIONAL if find_spec(name) is not None)]


def keep(name: str, platform: str) -> bool:
    """Return whether a collected file goes into the program.

    Args:
        name: its place in the program's folder, with either slash.
        platform: as `sys.platform`.
    """
    path = PurePosixPath(name.replace("\\", "/"))
    parts = path.parts
    if "PySide6" in parts and "translations" in parts:
        return path.name in QT_TRANSLATIONS
    if "PySide6" in parts and "plugins" in parts:
        folder, *rest = parts[parts.index("plugins") + 1 :]
        kept = QT_PLUGINS.get(folder, ())
        return bool(rest) and (kept is None or any(each in path.name for each in kept))
    if "portaudio-binaries" in parts:
        # The wheel of Windows holds PortAudio for every processor, and with ASIO, whose licence is Steinberg's.
        variants = {"win32": r"libportaudio64bit\.dll", "darwin": r"libportaudio\.dylib"}
        return re.fullmatch(variants.get(platform, r"$^"), path.name) is not None
    if platform == "win32":
        return path.name.lower() != "opengl32sw.dll"  # 20 MB of OpenGL in software, for a window without OpenGL
    return not (platform.startswith("linux") and path.name.startswith(OF_THE_SYSTEM))


def unreachable(binaries: Iterable[tuple[str, str, str]], imports: Callable[[str], Iterable[str]]) -> set[str]:
    """Return the places of the libraries that nothing in the program needs any more, after what `keep` left out.

    Args:
        binaries: place, source and kind ("EXTENSION" or "BINARY") of each.
        imports: the file names of the libraries that the library at a path links to.
    """
    by_name = {PurePosixPath(place).name: (place, source) for place, source, _ in binaries}
    # Needed for themselves: extensions of Python, plugins of Qt, and what is loaded by name.
    needed = {
        PurePosixPath(place).name
        for place, _, kind in binaries
        if kind == "EXTENSION" or "/plugins/" in place or re.search(r"portaudio|sndfile|libpython", place)
    }
    waiting = list(needed)
    while waiting:
        for name in imports(by_name[waiting.pop()][1]):
            if name in by_name and name not in needed:
                needed.add(name)
                waiting.append(name)
    return {place for name, (place, _) in by_name.items() if name not in needed}


def lacking(
    binaries: Iterable[tuple[str, str, str]],
    imports: Callable[[str], Iterable[str]],
    known: Callable[[], Iterable[str]],
) -> list[str]:
    """Return the libraries that the program needs and this machine has not.

    PyInstaller only warns of them, and what it makes without them opens no window.

    Args:
        binaries: place, source and kind of each that goes into the program.
        imports: the file names of the libraries that the library at a path links to.
        known: gives the file names of the libraries that this machine has.
    """
    entries = list(binaries)
    wanted = {name for _, source, kind in entries if kind != "SYMLINK" for name in imports(source)}
    wanted -= {PurePosixPath(place).name for place, _, _ in entries}
    # without Wayland's there are windows all the same
    outside = {name for name in wanted if not name.startswith("libwayland-")}
    return sorted(outside.difference(known())) if outside else []


def known_libraries() -> set[str]:
    """Return the file names of the libraries that the loader of this Linux finds by itself."""
    said = subprocess.run(
        [which("ldconfig", path="/sbin:/usr/sbin:/bin:/usr/bin") or "ldconfig", "-p"],
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        check=True,
    )
    return set(re.findall(r"^\s+(\S+) \(", said.stdout, re.MULTILINE))


def links(library: str) -> list[str]:
    """Return the file names that an ELF library itself asks for; those of its libraries are their own.

    Raises:
        OSError: binutils, which PyInstaller needs too, is not installed.
        subprocess.CalledProcessError: it is no ELF file.
    """
    said = subprocess.run(
        ["objdump", "-p", library], capture_output=True, encoding="utf-8", errors="replace", check=True
    )
    return re.findall(r"NEEDED\s+(\S+)", said.stdout)


def info_plist() -> dict[str, object]:
    """Return what the Info.plist of macOS says beyond PyInstaller's own entries."""
    return {
        "CFBundleDevelopmentRegion": "en",
        "CFBundleDisplayName": "Captioner",
        "CFBundleLocalizations": ["en", "ko"],
        "CFBundleShortVersionString": VERSION,
        "CFBundleVersion": VERSION,
        "LSApplicationCategoryType": "public.app-category.productivity",
        "LSMinimumSystemVersion": "13.0",  # of Qt 6.11
        "NSHighResolutionCapable": True,
        "NSMicrophoneUsageDescription": MICROPHONE["en"],
        "NSPrincipalClass": "NSApplication",
        "NSSupportsAutomaticGraphicsSwitching": True,
    }


def entitlements() -> dict[str, object]:
    """Return what the hardened runtime of macOS is to allow."""
    with ENTITLEMENTS.open("rb") as file:
        allowed: dict[str, object] = plistlib.load(file)
    return allowed


def localized_strings() -> dict[str, str]:
    """Return the InfoPlist.strings of each language, by folder."""
    return {
        f"{language}.lproj": f'CFBundleDisplayName = "Captioner";\nNSMicrophoneUsageDescription = "{sentence}";\n'
        for language, sentence in MICROPHONE.items()
    }


def version_resource(name: str) -> str:
    """Return the version resource of a Windows program as PyInstaller reads it.

    Args:
        name: of the program's file, without its suffix.
    """
    numbers = tuple((*map(int, re.findall(r"\d+", VERSION)[:3]), 0, 0, 0, 0)[:4])
    words = {
        "CompanyName": "The captioner authors",
        "FileDescription": "Captioner",
        "FileVersion": VERSION,
        "InternalName": name,
        "LegalCopyright": "MIT licence",
        "OriginalFilename": f"{name}.exe",
        "ProductName": "Captioner",
        "ProductVersion": VERSION,
    }
    structs = ", ".join(f"StringStruct({key!r}, {value!r})" for key, value in words.items())
    return (
        f"VSVersionInfo(ffi=FixedFileInfo(filevers={numbers}, prodvers={numbers}, mask=0x3f, flags=0x0, OS=0x40004, "
        "fileType=0x1, subtype=0x0, date=(0, 0)), "
        # 0x412 is Korean, 0x409 English, 1200 Unicode
        f"kids=[StringFileInfo([StringTable('040904B0', [{structs}])]), "
        "VarFileInfo([VarStruct('Translation', [0x409, 1200])])])"
    )


def write_metadata(folder: Path) -> tuple[Path, str]:
    """Write the metadata in which the program finds its version; return the folder, and its place in the program.

    It is made here, and not copied from the environment: that may hold another version, and the path of this tree.
    """
    made = folder / f"captioner-{VERSION}.dist-info"
    made.mkdir(parents=True, exist_ok=True)
    text = f"Metadata-Version: 2.4\nName: captioner\nVersion: {VERSION}\nLicense-Expression: MIT\n"
    (made / "METADATA").write_text(text, encoding="utf-8")
    return made, made.name


def write_localized_strings(folder: Path) -> list[tuple[str, str]]:
    """Write the InfoPlist.strings; return path and place of each."""
    written = []
    for place, text in localized_strings().items():
        path = folder / place / "InfoPlist.strings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        written.append((str(path), place))
    return written


def debian_copyrights(libraries: Iterable[str]) -> dict[str, str]:
    """Return the copyright notices of Debian packages by package, for the libraries that came from them.

    Args:
        libraries: paths; those that no package knows (another distribution, a wheel) are passed over.
    """
    notices: dict[str, str] = {}
    if sys.platform != "linux" or which("dpkg") is None:
        return notices
    for path in sorted({each for each in libraries if each.startswith(("/lib/", "/usr/lib/"))}):
        # Since /lib became a link to /usr/lib, packages may know a file under either name.
        short = path.removeprefix("/usr")
        for known in (f"/usr{short}", short):
            found = subprocess.run(["dpkg", "-S", known], capture_output=True, encoding="utf-8", check=False)
            package = found.stdout.partition(":")[0]
            notice = Path("/usr/share/doc", package, "copyright")
            if found.returncode == 0 and notice.is_file():
                notices[package] = notice.read_text(encoding="utf-8", errors="replace")
                break
    return notices
