"""The files that this program reads and keeps: where they are, and the settings among them.

Resources (icons, fonts, translations, the sample call) come with the program; settings and crash notes belong to the
person and lie where the operating system wants them (https://platformdirs.readthedocs.io).
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import platformdirs

from captioner.settings import SettingError, Settings

_NAME = "captioner"
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


def save_settings(settings: Settings, path: Path | None = None) -> FileProblem | None:
    """Store the settings so that a crash at any instant leaves the old file or the new one, for its owner's eyes only.

    Args:
        settings: what to store.
        path: another file than `settings_file()`.

    Returns:
        What is wrong where they could not be stored; the old file is untouched then.
    """
    path = path or settings_file()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, settings.to_json() + "\n")
    except OSError as error:
        return FileProblem(
            "The settings could not be saved in {path}: {detail}", {"path": path, "detail": _detail(error)}
        )
    return None


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
    """Say in one line what the system or the parser said, without the path."""
    return (error.strerror or type(error).__name__) if isinstance(error, OSError) else str(error)
