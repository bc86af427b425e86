"""The files that this program reads and keeps: where they are, and the settings among them.

Resources (icons, fonts, translations, the sample call) come with the program; settings and crash notes belong to the
person and lie where the operating system wants them (https://platformdirs.readthedocs.io). A policy belongs to the
company: it lies where the person cannot write, and no variable of the environment leads elsewhere.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import platformdirs

from captioner.policy import Policy, PolicyProblem, read_policy
from captioner.settings import SettingError, Settings

_NAME = "captioner"
_POLICY = "policy.json"
_PACKAGE = Path(__file__).resolve().parent


@dataclass(frozen=True, slots=True)
class FileProblem:
    """What is wrong with a file that the program keeps.

    Attributes:
        sentence: English, with `{placeholders}`, to be translated and then filled from `values`, as in `SettingError`.
    """

    sentence: str
    values: Mapping[str, object] = field(default_factory=dict)


def resource(*parts: str) -> Path:
    """Return the path of something that came with the program, for instance `resource("fonts", "LICENSE.txt")`.

    An installed or frozen program has its resources inside the package, a source tree beside it.
    """
    inside = _PACKAGE / "resources"
    return (inside if inside.is_dir() else _PACKAGE.parent / "resources").joinpath(*parts)


def settings_file() -> Path:
    """Return where the settings are kept; the file need not exist."""
    return platformdirs.user_config_path(_NAME, appauthor=False) / "settings.json"


def data_dir() -> Path:
    """Return the folder of what the program keeps for the person; it need not exist."""
    return platformdirs.user_data_path(_NAME, appauthor=False)


def recordings_dir() -> Path:
    """Return the folder of what the window's lanes recorded; it need not exist."""
    return data_dir() / "recordings"


def unsaved_dir() -> Path:
    """Return the folder of what windows keep until they end in order; it need not exist."""
    return data_dir() / "unsaved"


def update_file() -> Path:
    """Return where it is kept what is known of new versions; the file need not exist."""
    return data_dir() / "update.json"


def crash_dir() -> Path:
    """Return the folder of the notes that a crash leaves behind; it need not exist."""
    return platformdirs.user_log_path(_NAME, appauthor=False) / "crashes"


def load_settings(path: Path | None = None) -> tuple[Settings, tuple[FileProblem | SettingError, ...]]:
    """Read the stored settings, and say what could not be used of them.

    A file that cannot be read at all is renamed to `settings.json.bad`, so that the next save does not destroy what may
    still be mended by hand; the defaults are used. A single value that cannot be used is left at its default.

    Args:
        path: another file than `settings_file()`.
    """
    path = path or settings_file()
    try:
        return Settings.from_json(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        return Settings(), ()
    except (OSError, ValueError, RecursionError) as error:
        return Settings(), (_set_aside(path, error),)


def save_settings(settings: Settings, path: Path | None = None, *, without: Container[str] = ()) -> FileProblem | None:
    """Store the settings so that a crash at any instant leaves the old file or the new one, for its owner's eyes only.

    Args:
        settings: what to store.
        path: another file than `settings_file()`.
        without: names of the settings that are the company's, not the person's.

    Returns:
        What is wrong where they could not be stored; the old file is untouched then.
    """
    path = path or settings_file()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, settings.to_json(without) + "\n")
    except OSError as error:
        return FileProblem(
            "The settings could not be saved in {path}: {detail}", {"path": path, "detail": _detail(error)}
        )
    return None


def policy_file() -> Path:
    """Return where a company puts its policy for all users of a computer; the file need not exist."""
    if sys.platform == "win32":
        return _program_data() / _NAME / _POLICY
    if sys.platform == "darwin":
        return Path("/Library/Application Support") / _NAME / _POLICY
    return Path("/etc") / _NAME / _POLICY


def policy_beside_program() -> Path | None:
    """Return where a frozen program may bring its policy along; None where it is not frozen.

    And on macOS, where a file beside the executable lies inside the application and breaks its signature.
    """
    frozen = getattr(sys, "frozen", False) and sys.platform != "darwin"
    return Path(sys.executable).parent / _POLICY if frozen else None


def load_policy(system: Path | None = None, beside: Path | None = None) -> Policy | PolicyProblem:
    """Read the company's policy: the system's file, else the one beside a frozen program, else none.

    The two are not mixed. The one beside the program counts only where the person can change neither it nor its folder:
    else it would lock nothing, so it is said to be no policy in place of being passed over.

    Args:
        system: another file than `policy_file()`.
        beside: another file than `policy_beside_program()`.

    Returns:
        The policy, empty where there is no file; or why it cannot be known what it is.
    """
    system, beside = system or policy_file(), beside or policy_beside_program()
    for path in (system, beside):
        if path is None:
            continue
        try:
            text = path.read_text(encoding="utf-8-sig")
        except FileNotFoundError:
            continue
        except OSError as error:
            return PolicyProblem(path, SettingError("", "It cannot be read ({detail}).", detail=_detail(error)))
        except ValueError:
            return PolicyProblem(path, SettingError("", "It is not UTF-8 text."))
        if path == beside and (_changeable(path) or _changeable(path.parent)):
            return PolicyProblem(
                path,
                SettingError(
                    "", "You can change it yourself, so it is no policy; it belongs into {system}.", system=system
                ),
            )
        try:
            return read_policy(text)
        except SettingError as error:
            return PolicyProblem(path, error)
    return Policy()


def _program_data() -> Path:
    """Ask Windows itself: whoever starts a program chooses the variable ProgramData."""
    import ctypes

    path = ctypes.create_unicode_buffer(260)
    # https://learn.microsoft.com/windows/win32/shell/csidl: CSIDL_COMMON_APPDATA
    ctypes.windll.shell32.SHGetFolderPathW(None, 0x23, None, 0, path)  # type: ignore[attr-defined, unused-ignore]  # typed there
    return Path(path.value or r"C:\ProgramData")


def _changeable(path: Path) -> bool:
    """Whether the person can change a file, or what a folder holds."""
    if sys.platform == "win32":  # os.access knows nothing of its access control lists
        try:
            if path.is_dir():
                tempfile.TemporaryFile(dir=path).close()
            else:
                path.open("r+b").close()
        except OSError:
            return False
        return True
    try:
        about = path.stat()  # os.access would say that root, who is the administrator, can
    except OSError:  # it has just gone
        return True
    return about.st_uid != 0 or bool(about.st_mode & 0o022)


def write_whole(path: Path, text: str) -> None:
    """Write a file so that a crash at any instant leaves the old one or the new one; only its owner can read it.

    Raises:
        OSError: it cannot be written; the old file is untouched then, and nothing else is left behind.
    """
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)  # with mode 0600
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _set_aside(path: Path, error: Exception) -> FileProblem:
    bad = path.with_name(f"{path.name}.bad")
    try:
        path.replace(bad)
    except OSError:
        return FileProblem(
            "The settings in {path} cannot be read ({detail}); the defaults are used.",
            {"path": path, "detail": _detail(error)},
        )
    return FileProblem(
        "The stored settings cannot be read ({detail}); they were put aside as {path}, and the defaults are used.",
        {"path": bad, "detail": _detail(error)},
    )


def _detail(error: Exception) -> str:
    """Say in a word or two what is wrong, without the path: what the system says, or which format it is not."""
    if isinstance(error, OSError):
        return error.strerror or type(error).__name__
    if isinstance(error, json.JSONDecodeError):
        return f"JSON: {error.lineno}:{error.colno}"
    return "UTF-8" if isinstance(error, UnicodeError) else "JSON"
