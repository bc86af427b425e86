"""The spec, run for each system with stand-ins for PyInstaller's own words: what it asks PyInstaller to make."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from resources.packaging import bundle

Made = dict[str, list[SimpleNamespace]]
"""What was asked for, by the word of the spec: `args` and `kwargs` of each call."""

BINARIES = {
    "win32": [
        (r"PySide6\plugins\platforms\qwindows.dll", "qwindows.dll", "BINARY"),
        (r"PySide6\plugins\platforms\qminimal.dll", "qminimal.dll", "BINARY"),
        (r"_sounddevice_data\portaudio-binaries\libportaudio64bit.dll", "p.dll", "BINARY"),
        (r"_sounddevice_data\portaudio-binaries\libportaudio64bit-asio.dll", "p.dll", "BINARY"),
    ],
    "darwin": [("PySide6/Qt/plugins/platforms/libqcocoa.dylib", "libqcocoa.dylib", "BINARY")],
    "linux": [],
}


@pytest.fixture
def run_spec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Made]:
    """Run captioner.spec as on another system."""
    hooks = ModuleType("PyInstaller.utils.hooks")
    hooks.collect_submodules = lambda package: [package, f"{package}.cli"]  # type: ignore[attr-defined]
    for name in ("PyInstaller", "PyInstaller.utils"):
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    monkeypatch.setitem(sys.modules, "PyInstaller.utils.hooks", hooks)
    monkeypatch.syspath_prepend(str(bundle.ROOT))

    def run(platform: str) -> Made:
        made: Made = {}

        def word(name: str, **parts: Any) -> Callable[..., SimpleNamespace]:
            def make(*args: Any, **kwargs: Any) -> SimpleNamespace:
                result = SimpleNamespace(args=args, kwargs=kwargs, **parts)
                made.setdefault(name, []).append(result)
                return result

            return make

        pure = [("captioner.cli", "cli.py", "PYMODULE"), ("websockets.client", "client.py", "PYMODULE")]
        names = {
            "Analysis": word("Analysis", datas=[], binaries=BINARIES[platform], pure=pure, scripts=[]),
            **{name: word(name) for name in ("PYZ", "EXE", "COLLECT", "BUNDLE")},
        }
        spec = bundle.ROOT / "captioner.spec"
        with monkeypatch.context() as system:
            system.setattr(sys, "platform", platform)
            code = compile(spec.read_text(encoding="utf-8"), str(spec), "exec")
            exec(code, {**names, "SPECPATH": str(bundle.ROOT), "workpath": str(tmp_path)})
        return made

    return run


def test_macos_gets_a_bundle_that_asks_for_the_microphone(
    run_spec: Callable[[str], Made], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CAPTIONER_TARGET_ARCH", "x86_64")
    monkeypatch.setenv("MACOS_IDENTITY", "Developer ID Application: Somebody")
    made = run_spec("darwin")
    (app,), (program,) = made["BUNDLE"], made["EXE"]
    assert app.kwargs["info_plist"]["NSMicrophoneUsageDescription"]
    assert (app.kwargs["name"], app.kwargs["version"]) == ("Captioner.app", bundle.VERSION)
    assert program.kwargs["entitlements_file"] == str(bundle.ENTITLEMENTS)
    assert program.kwargs["codesign_identity"] == "Developer ID Application: Somebody"
    assert program.kwargs["target_arch"] == "x86_64"
    assert program.kwargs["console"] is False
    places = {place for path, place in made["Analysis"][0].kwargs["datas"] if path.endswith("InfoPlist.strings")}
    assert places == {"en.lproj", "ko.lproj"}


def test_windows_gets_a_program_for_the_desktop_and_one_for_the_terminal(run_spec: Callable[[str], Made]) -> None:
    made = run_spec("win32")
    assert {each.kwargs["name"]: each.kwargs["console"] for each in made["EXE"]} == {
        "captioner": True,
        "captionerw": False,
    }
    for program in made["EXE"]:
        assert program.kwargs["manifest"] == str(bundle.MANIFEST)
        assert program.kwargs["icon"].endswith("captioner.ico")
        assert f"'{program.kwargs['name']}.exe'" in Path(program.kwargs["version"]).read_text(encoding="utf-8")
    assert "BUNDLE" not in made
    (folder,) = made["COLLECT"]
    assert folder.args[:2] == tuple(made["EXE"])
    places = {place for place, _, _ in folder.args[2]}
    assert any("qwindows" in place for place in places)
    assert not any("qminimal" in place or "asio" in place for place in places)


def test_linux_gets_one_program_and_the_hook_that_finds_portaudio(run_spec: Callable[[str], Made]) -> None:
    made = run_spec("linux")
    (analysis,), (program,) = made["Analysis"], made["EXE"]
    assert [Path(each).name for each in analysis.kwargs["runtime_hooks"]] == ["hook_portaudio.py"]
    assert (program.kwargs["name"], program.kwargs["console"]) == ("captioner", True)
    assert "BUNDLE" not in made


@pytest.mark.parametrize("platform", BINARIES)
def test_every_program_holds_what_it_reads_and_is_never_stripped(
    platform: str, run_spec: Callable[[str], Made], tmp_path: Path
) -> None:
    made = run_spec(platform)
    (analysis,), (folder,) = made["Analysis"], made["COLLECT"]
    datas = {f"{place}/{Path(path).name}" for path, place in analysis.kwargs["datas"]}
    for name in ("fonts/Pretendard-Regular.otf", "sample/sample_call.flac", "translations/captioner_ko.ts", "LICENSE"):
        assert f"captioner/resources/{name}" in datas
    assert not any(name.endswith(".py") for name in datas)
    assert f"captioner-{bundle.VERSION}.dist-info/captioner-{bundle.VERSION}.dist-info" in datas
    assert {"captioner", "captioner.cli"} <= set(analysis.kwargs["hiddenimports"])
    assert all(each.kwargs["strip"] is False and each.kwargs["upx"] is False for each in [*made["EXE"], folder])
    components = next(path for place, path, _ in folder.args[-1] if place.endswith("components.txt"))
    text = Path(components).read_text(encoding="utf-8")
    assert "\nwebsockets " in text
    assert "\nPython 3" in text
