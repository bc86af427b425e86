"""What the frozen programs of Windows and macOS are made of, read as data: they can be built on their systems alone."""

from __future__ import annotations

import plistlib
import shutil
import struct
import sys
import tomllib
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from captioner.places import resource
from resources.packaging import bundle
from tests.packaging.frozen import check_bundle

QT = "PySide6/Qt/plugins"


def test_the_version_of_every_system_is_that_of_the_project() -> None:
    version = tomllib.loads((bundle.ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    assert bundle.info_plist()["CFBundleShortVersionString"] == version
    assert bundle.info_plist()["CFBundleVersion"] == version
    assert version_resource("captioner")["StringFileInfo"]["ProductVersion"] == version


def test_macos_is_told_what_the_microphone_is_for_in_both_languages() -> None:
    assert bundle.info_plist()["NSMicrophoneUsageDescription"]
    strings = bundle.localized_strings()
    assert set(strings) == {"en.lproj", "ko.lproj"}
    assert "마이크" in strings["ko.lproj"]
    assert all(text.count("NSMicrophoneUsageDescription = ") == 1 for text in strings.values())
    assert bundle.info_plist()["CFBundleLocalizations"] == ["en", "ko"]


def test_the_hardened_runtime_allows_the_microphone_and_cffis_callbacks_and_nothing_more() -> None:
    assert bundle.entitlements() == {
        "com.apple.security.device.audio-input": True,
        "com.apple.security.cs.allow-unsigned-executable-memory": True,
    }


def test_a_bundle_made_of_these_values_is_accepted(tmp_path: Path) -> None:
    check_bundle(fake_app(tmp_path), bundle.VERSION)


@pytest.mark.parametrize("missing", ["Contents/Resources/ko.lproj/InfoPlist.strings", "NSMicrophoneUsageDescription"])
def test_a_bundle_that_does_not_ask_for_the_microphone_is_refused(missing: str, tmp_path: Path) -> None:
    app = fake_app(tmp_path, without=missing)
    with pytest.raises(AssertionError, match=r"microphone|not there"):
        check_bundle(app, bundle.VERSION)


def fake_app(folder: Path, without: str = "") -> Path:
    """A bundle as PyInstaller lays it out, without its program."""
    app = folder / "Captioner.app"
    resources = app / "Contents" / "Resources"
    for path, place in bundle.write_localized_strings(folder / "made"):
        (resources / place).mkdir(parents=True)
        Path(path).rename(resources / place / "InfoPlist.strings")
    plist = {key: value for key, value in bundle.info_plist().items() if key != without}
    (app / "Contents" / "Info.plist").write_bytes(plistlib.dumps(plist))
    if "/" in without:
        (app / without).unlink()
    return app


def version_resource(name: str) -> dict[str, Any]:
    """Read the version resource as PyInstaller does: as calls of the types that it names."""
    found: dict[str, Any] = {}

    def table(_: str, pairs: list[tuple[str, str]]) -> dict[str, str]:
        return dict(pairs)

    def struct_of(name: str, value: object) -> tuple[str, object]:
        return name, value

    names = {
        "FixedFileInfo": lambda **fields: found.update(fixed=fields),
        "StringStruct": struct_of,
        "StringTable": table,
        "StringFileInfo": lambda tables: found.update(StringFileInfo=tables[0]),
        "VarStruct": struct_of,
        "VarFileInfo": lambda pairs: found.update(VarFileInfo=dict(pairs)),
        "VSVersionInfo": lambda **_: None,
    }
    eval(bundle.version_resource(name), names)
    return found


def test_the_version_resource_of_windows_names_its_program() -> None:
    found = version_resource("captionerw")
    assert found["StringFileInfo"]["OriginalFilename"] == "captionerw.exe"
    assert found["fixed"]["filevers"] == found["fixed"]["prodvers"]
    assert len(found["fixed"]["filevers"]) == 4
    assert found["VarFileInfo"]["Translation"] == [0x409, 1200]


def test_the_manifest_of_windows_asks_for_long_paths_sharp_text_and_no_administrator() -> None:
    manifest = ElementTree.parse(bundle.MANIFEST)
    settings = "http://schemas.microsoft.com/SMI/2016/WindowsSettings"
    assert manifest.findtext(f".//{{{settings}}}longPathAware") == "true"
    assert (manifest.findtext(f".//{{{settings}}}dpiAwareness") or "").startswith("PerMonitorV2")
    level = manifest.find(".//{urn:schemas-microsoft-com:asm.v3}requestedExecutionLevel")
    assert level is not None
    assert level.attrib == {"level": "asInvoker", "uiAccess": "false"}


def test_the_icon_of_windows_has_every_size_that_windows_draws() -> None:
    data = (bundle.HERE / "captioner.ico").read_bytes()
    _, kind, count = struct.unpack_from("<HHH", data)
    assert kind == 1
    sizes = []
    for number in range(count):
        width, height, _, _, _, bits, length, start = struct.unpack_from("<BBBBHHII", data, 6 + 16 * number)
        assert (width, bits) == (height, 32)
        assert data[start : start + 8] == b"\x89PNG\r\n\x1a\n"
        assert struct.unpack_from(">II", data, start + 16) == (width or 256, height or 256)
        assert start + length <= len(data)
        sizes.append(width or 256)
    assert {16, 24, 32, 48, 256} <= set(sizes)


def test_the_icon_of_macos_is_whole() -> None:
    data = (bundle.HERE / "captioner.icns").read_bytes()
    assert data[:4] == b"icns"
    assert struct.unpack_from(">I", data, 4)[0] == len(data)
    at, kinds = 8, []
    while at < len(data):
        kinds.append(data[at : at + 4])
        at += struct.unpack_from(">I", data, at + 4)[0]
    assert at == len(data)
    assert {b"ic07", b"ic08", b"ic09", b"ic10"} <= set(kinds)


@pytest.mark.parametrize(
    ("name", "platform", "kept"),
    [
        (f"{QT}/platforms/libqxcb.so", "linux", True),
        (f"{QT}/platforms/libqoffscreen.so", "linux", True),
        (f"{QT}/platforms/libqeglfs.so", "linux", False),
        (r"PySide6\plugins\platforms\qwindows.dll", "win32", True),
        (r"PySide6\plugins\styles\qmodernwindowsstyle.dll", "win32", True),
        (r"PySide6\plugins\tls\qopensslbackend.dll", "win32", False),
        (r"PySide6\opengl32sw.dll", "win32", False),
        (f"{QT}/platforminputcontexts/libibusplatforminputcontextplugin.so", "linux", True),
        (f"{QT}/platforminputcontexts/libqtvirtualkeyboardplugin.so", "linux", False),
        (f"{QT}/sqldrivers/libqsqlite.so", "linux", False),
        ("PySide6/Qt/translations/qtbase_ko.qm", "linux", True),
        ("PySide6/Qt/translations/qtbase_de.qm", "linux", False),
        ("_sounddevice_data/portaudio-binaries/libportaudio64bit.dll", "win32", True),
        ("_sounddevice_data/portaudio-binaries/libportaudio64bit-asio.dll", "win32", False),
        ("_sounddevice_data/portaudio-binaries/libportaudio32bit.dll", "win32", False),
        ("_sounddevice_data/portaudio-binaries/libportaudio.dylib", "darwin", True),
        ("_sounddevice_data/portaudio-binaries/libportaudio64bit.dll", "darwin", False),
        ("libportaudio.so.2", "linux", True),
        ("libasound.so.2", "linux", False),
        ("libstdc++.so.6", "linux", False),
        ("libstdc++.so.6", "darwin", True),
        ("numpy/_core/_multiarray_umath.so", "linux", True),
        ("captioner/resources/translations/captioner_ko.ts", "linux", True),
    ],
)
def test_what_nobody_uses_stays_out(name: str, platform: str, kept: bool) -> None:
    assert bundle.keep(name, platform) is kept


def test_a_library_goes_when_the_last_one_that_needs_it_goes() -> None:
    links = {
        "/w/QtWidgets.abi3.so": ["libQt6Widgets.so.6"],
        "/w/libQt6Widgets.so.6": ["libQt6Gui.so.6", "libc.so.6"],
        "/w/libQt6Gui.so.6": [],
        "/w/libqxcb.so": ["libxcb-icccm.so.4"],
        "/w/libxcb-icccm.so.4": [],
        "/w/libQt6Network.so.6": ["libbrotlidec.so.1"],
        "/w/libbrotlidec.so.1": [],
        "/w/libportaudio.so.2": ["libjack.so.0"],
    }
    places = {
        "/w/QtWidgets.abi3.so": ("PySide6/QtWidgets.abi3.so", "EXTENSION"),
        "/w/libqxcb.so": (f"{QT}/platforms/libqxcb.so", "BINARY"),
    }
    binaries = []
    for path in links:
        place, kind = places.get(path, (Path(path).name, "BINARY"))
        binaries.append((place, path, kind))
    assert bundle.unreachable(binaries, links.__getitem__) == {"libQt6Network.so.6", "libbrotlidec.so.1"}


def test_a_machine_that_lacks_a_library_builds_nothing() -> None:
    links = {
        "/w/libqxcb.so": ["libxcb-cursor.so.0", "libc.so.6", "libQt6Gui.so.6"],
        "/w/libqwayland.so": ["libwayland-cursor.so.0"],
        "/w/libQt6Gui.so.6": ["libGL.so.1"],
    }
    binaries = [(f"PySide6/{Path(path).name}", path, "BINARY") for path in links]
    binaries.append(("libQt6Gui.so.6", "PySide6/Qt/lib/libQt6Gui.so.6", "SYMLINK"))
    assert bundle.lacking(binaries, links.__getitem__, lambda: ["libc.so.6"]) == ["libGL.so.1", "libxcb-cursor.so.0"]
    assert bundle.lacking(binaries, links.__getitem__, lambda: ["libc.so.6", "libGL.so.1", "libxcb-cursor.so.0"]) == []


@pytest.mark.skipif(sys.platform != "linux", reason="the loader of Linux is asked")
def test_this_machine_is_asked_for_its_libraries() -> None:
    assert {"libc.so.6", "libm.so.6"} <= bundle.known_libraries()
    assert not any("/" in name or " " in name for name in bundle.known_libraries())


@pytest.mark.parametrize(
    ("platform", "backend"), [("linux", "SecretService"), ("darwin", "macOS"), ("win32", "Windows")]
)
def test_the_keyring_of_each_system_is_named(platform: str, backend: str) -> None:
    assert f"keyring.backends.{backend}" in bundle.hidden_imports(platform, ())


def test_the_optional_resamplers_come_along_where_they_are_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "soxr.py").touch()
    monkeypatch.syspath_prepend(str(tmp_path))
    assert "soxr" in bundle.hidden_imports("linux", ())
    monkeypatch.setattr(sys, "path", [str(tmp_path / "nothing")])
    sys.path_importer_cache.clear()
    assert "soxr" not in bundle.hidden_imports("linux", ())


@pytest.mark.portaudio
@pytest.mark.skipif(shutil.which("dpkg") is None, reason="packages are those of Debian and Ubuntu")
@pytest.mark.parametrize("folder", ["/lib", "/usr/lib"])
def test_a_library_of_the_system_brings_the_notice_of_its_package(folder: str) -> None:
    library = next(Path(folder).glob("*/libportaudio.so.2"))
    notices = bundle.debian_copyrights([str(library), "/somewhere/else/libwheel.so"])
    assert list(notices) == ["libportaudio2"]
    assert "Ross Bencina" in notices["libportaudio2"]


def test_the_metadata_tell_the_version_and_nothing_of_the_machine_that_built(tmp_path: Path) -> None:
    folder, place = bundle.write_metadata(tmp_path)
    assert place == f"captioner-{bundle.VERSION}.dist-info"
    text = "".join(path.read_text(encoding="utf-8") for path in folder.iterdir())
    assert f"Version: {bundle.VERSION}\n" in text
    assert str(bundle.ROOT) not in text


def test_nothing_that_is_left_out_is_used_by_the_program() -> None:
    lines = [
        line.split()
        for path in (bundle.ROOT / "captioner").rglob("*.py")
        for line in path.read_text(encoding="utf-8").splitlines()
        if line.lstrip().startswith(("import ", "from "))
    ]
    imported = {line[1].rstrip(",") for line in lines}
    wanted = {name for name in imported for out in bundle.EXCLUDED if name == out or name.startswith(f"{out}.")}
    assert wanted == set()


def test_every_picture_of_the_style_sheet_can_be_drawn_by_a_plugin_that_stays() -> None:
    suffixes = {path.suffix for path in resource("icons").iterdir()}
    assert suffixes == {".svg"}
    assert any("svg" in name for name in bundle.QT_PLUGINS["imageformats"] or ())
