"""New versions of the program: what a file on the web may say of one, and what is known of it until the next day.

The file is a small JSON object, which every release makes and lays beside its checksums:

    {"version": "1.2.3", "url": "https://…"}

What else stands in it is for others. It is read strictly, because a person is asked to follow its link: the version as
https://packaging.python.org/specifications/version-specifiers writes it in normal form, without a local part; the link
https and nothing but a link. Nothing here asks for the file (see `update_check`).
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final
from urllib.parse import urlsplit

from packaging.version import InvalidVersion, Version

DAY: Final = 24 * 3600.0
"""Seconds between two questions."""

_LONGEST_VERSION: Final = 40
_LONGEST_LINK: Final = 500


class Trouble(StrEnum):
    """Why it is not known which version is the newest."""

    NO_ANSWER = "no answer"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Release:
    """A version that has been released.

    Attributes:
        version: in normal form.
        url: the https page that tells of it.
    """

    version: str
    url: str


@dataclass(frozen=True, slots=True)
class Asked:
    """What came of asking.

    Attributes:
        at: Unix seconds.
        address: where.
        found: the newest release, or why there is none.
    """

    at: float
    address: str
    found: Release | Trouble


@dataclass(frozen=True, slots=True)
class Memory:
    """What outlives the program.

    Attributes:
        asked: None where nothing was asked yet.
        dismissed: the version that the person does not want to be told of again; "" is none.
    """

    asked: Asked | None = None
    dismissed: str = ""

    def of(self, address: str) -> Asked | None:
        """Return what came of asking there; what another address said counts for nothing."""
        return self.asked if self.asked is not None and self.asked.address == address else None

    def due(self, address: str, now: float) -> bool:
        """Whether it is time to ask there (Unix seconds); never where the address is empty."""
        asked = self.of(address)
        return bool(address) and (asked is None or not 0 <= now - asked.at < DAY)

    def to_json(self) -> str:
        """The memory as it is kept."""
        kept: dict[str, object] = {"dismissed": self.dismissed}
        if self.asked is not None:
            kept |= {"at": self.asked.at, "address": self.asked.address}
            match self.asked.found:
                case Release(version, url):
                    kept |= {"version": version, "url": url}
                case Trouble() as trouble:
                    kept |= {"trouble": trouble}
        return json.dumps(kept, ensure_ascii=False, indent=2)

    @classmethod
    def from_json(cls, text: str) -> Memory:
        """Read what was kept; what cannot be read was never known."""
        kept = _object(text)
        if kept is None:
            return cls()
        dismissed = kept.get("dismissed")
        at, address, trouble = kept.get("at"), kept.get("address"), kept.get("trouble")
        asked = None
        if isinstance(at, float | int) and math.isfinite(at) and isinstance(address, str):
            found = Trouble(trouble) if trouble in tuple(Trouble) else _release(kept)
            asked = Asked(float(at), address, found)
        return cls(asked, dismissed if isinstance(dismissed, str) else "")


@dataclass(frozen=True, slots=True)
class UpdateState:
    """What a person is told about new versions.

    Attributes:
        own: the version that runs.
        address: where is asked; "" is nowhere.
        asked: the last time, None where that never was.
        newer: a release that is newer than the one that runs.
        offered: that one is news to the person.
    """

    own: str
    address: str = ""
    asked: Asked | None = None
    newer: Release | None = None
    offered: bool = False

    @classmethod
    def of(cls, own: str, address: str, memory: Memory) -> UpdateState:
        """What is known of the releases of an address."""
        asked = memory.of(address) if address else None
        found = asked.found if asked is not None else None
        newer = found if isinstance(found, Release) and is_newer(found.version, own) else None
        return cls(own, address, asked, newer, newer is not None and newer.version != memory.dismissed)


def read_release(body: bytes) -> Release | Trouble:
    """Read the file of a release."""
    try:
        told = _object(body.decode("utf-8"))
    except UnicodeDecodeError:
        told = None
    return Trouble.UNREADABLE if told is None else _release(told)


def is_newer(version: str, than: str) -> bool:
    """Whether a version comes after another one; False where one of them is no version in normal form."""
    one, other = _version(version), _version(than)
    return one is not None and other is not None and one > other


def _version(text: str) -> Version | None:
    try:
        version = Version(text) if len(text) <= _LONGEST_VERSION else None
    except InvalidVersion:
        return None
    return version if version is not None and str(version) == text and version.local is None else None


def _object(text: str) -> dict[str, Any] | None:
    try:
        told = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return told if isinstance(told, dict) else None


def _release(told: dict[str, Any]) -> Release | Trouble:
    version, url = told.get("version"), told.get("url")
    if isinstance(version, str) and _version(version) is not None and isinstance(url, str) and _is_link(url):
        return Release(version, url)
    return Trouble.UNREADABLE


def _is_link(url: str) -> bool:
    """Whether it leads to a page over https, with nothing hidden in it: no name of a user, no blanks, no controls."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    plain = url.isascii() and url.isprintable() and " " not in url and "@" not in parts.netloc and "\\" not in url
    return plain and len(url) <= _LONGEST_LINK and parts.scheme == "https" and bool(host)
