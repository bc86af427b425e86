"""The licences of the program and of everything it is made of.

A frozen program brings the notices of its components as one file, which its build writes with `collect`. Where the
components are packages of an environment, their own metadata is read when somebody asks
(https://packaging.python.org/specifications/core-metadata/).
"""

from __future__ import annotations

import re
import sys
import sysconfig
from collections.abc import Iterable, Mapping
from importlib.metadata import Distribution, PackageNotFoundError, distribution, packages_distributions
from pathlib import Path

from captioner.places import resource

_RULE = "=" * 80
_TEXT_OF_A_LICENCE = re.compile(r"(licen[cs]e|copying|notice)[^/]*$", re.IGNORECASE)


def read() -> str:
    """Return the notices as one text: ours, that of Qt with how to replace it, then one component after another.

    Reads up to a hundred files; call it in a worker thread.
    """
    folder = resource("licences")
    components = folder / "components.txt"
    parts = [_read(folder / "notice.txt"), _section("captioner", _read(resource("LICENSE")))]
    parts.append(_read(components) if components.is_file() else collect(_installed("captioner"), {}))
    parts.append(_section("PortAudio", _read(folder / "portaudio.txt")))
    parts.append(_section("Pretendard (font)", _read(resource("fonts", "LICENSE.txt"))))
    names = {"LGPL-3.0.txt": "LGPL 3", "GPL-3.0.txt": "GPL 3", "LGPL-2.1.txt": "LGPL 2.1"}
    parts += [_section(f"GNU {name}", _read(folder / file)) for file, name in names.items()]
    return "\n\n".join(part for part in parts if part)


def collect(distributions: Iterable[Distribution], others: Mapping[str, str]) -> str:
    """Return the notices of Python, of packages, and of whatever else, by name.

    Args:
        distributions: the packages.
        others: notices of other components by their names.
    """
    sections = [_section(f"Python {sys.version.split()[0]}", _read(_python_licence()))]
    for each in sorted(distributions, key=lambda each: each.metadata["Name"].lower()):
        name = _named(each)
        title = " ".join(filter(None, (each.metadata["Name"], each.version, name and f"({name})")))
        files = [file for file in each.files or () if _belongs(str(file))]
        sections.append(_section(title, "\n\n".join(_read(Path(str(each.locate_file(file)))) for file in files)))
    sections += [_section(name, text) for name, text in sorted(others.items())]
    return "\n\n".join(sections)


def distributions_of(modules: Iterable[str]) -> list[Distribution]:
    """Return the installed packages to which top-level modules belong."""
    owners = packages_distributions()
    names = {name for module in modules for name in owners.get(module, ())}
    return [distribution(name) for name in names if name.lower() != "captioner"]


def _installed(name: str) -> list[Distribution]:
    """Return what a package needs, and what that needs, as far as it is installed."""
    found: dict[str, Distribution] = {}
    waiting = [name]
    while waiting:
        try:
            one = distribution(waiting.pop())
        except PackageNotFoundError:
            continue  # needed on another system, or by an extra
        key = one.metadata["Name"].lower()
        if key not in found:
            found[key] = one
            needs = [each for each in one.requires or () if "extra ==" not in each]
            waiting += [match[0] for each in needs if (match := re.match(r"[\w.-]+", each))]
    found.pop(name, None)
    return list(found.values())


def _belongs(file: str) -> bool:
    return ".dist-info/" in file and _TEXT_OF_A_LICENCE.search(file) is not None


def _python_licence() -> Path:
    """Return where Python keeps its licence; the place differs between systems."""
    base = Path(sys.base_prefix)
    places = (Path(sysconfig.get_path("stdlib")) / "LICENSE.txt", base / "LICENSE.txt", base / "LICENSE")
    return next((each for each in places if each.is_file()), places[0])


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""


def _named(package: Distribution) -> str:
    """Return the name of a package's licence; "" where the metadata have none, or its whole text."""
    for key in ("License-Expression", "License"):
        if key in package.metadata:
            text = package.metadata[key]
            return text if len(text) < 60 and "\n" not in text else ""
    return ""


def _section(title: str, text: str) -> str:
    return f"{_RULE}\n{title}\n{_RULE}\n\n{text}".rstrip()
