"""The languages of the program: English sentences are the keys, a catalog holds them in Korean.

Code says every sentence in English, as a literal: `say("Trying again in {seconds} s.", seconds=2)` in the terminal,
`self.tr("Start")` in the window. `resources/translations/captioner_ko.ts` (Qt Linguist's format,
https://doc.qt.io/qt-6/linguist-ts-file-format.html) has the Korean of each; contexts are not used. The tests of this
module name every sentence that the catalog lacks, as XML ready to be filled in, and every one that nobody says.

Korean particles change with the sound before them (을/를); translations are worded so that none follows a placeholder
for which that matters.
"""

from __future__ import annotations

import os
import plistlib
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree
from xml.parsers.expat import ExpatError

from captioner.places import resource
from captioner.settings import Language


@dataclass(frozen=True, slots=True)
class Sentences:
    """What the program says, in one language.

    Attributes:
        language: never `SYSTEM`.
        table: English to that language; what is missing in it stays English.
    """

    language: Language = Language.ENGLISH
    table: Mapping[str, str] = field(default_factory=dict, repr=False)

    @classmethod
    def load(cls, language: Language) -> Sentences:
        """Read the catalog of a language; English needs none."""
        if language is Language.SYSTEM:
            language = system_language()
        if language is Language.ENGLISH:
            return cls()
        return cls(language, read_catalog(resource("translations", f"captioner_{language}.ts")))

    def __call__(self, english: str, /, **values: object) -> str:
        """Translate a sentence, then fill its `{placeholders}`; values are not translated."""
        sentence = self.table.get(english, english)
        return sentence.format(**values) if values else sentence

    def find(self, english: str) -> str | None:
        """Return the translation with its placeholders as they are, None where there is none."""
        return self.table.get(english)


def read_catalog(path: Path) -> dict[str, str]:
    """Read a Qt Linguist file: source sentence to translation, of all contexts, finished ones only.

    Raises:
        OSError: the file cannot be read.
        xml.etree.ElementTree.ParseError: it is no XML.
    """
    table = dict[str, str]()
    for message in ElementTree.parse(path).iterfind("./context/message"):
        translation = message.find("translation")
        if translation is not None and "type" not in translation.attrib and translation.text:
            table[message.findtext("source", "")] = translation.text
    return table


def system_language(environ: Mapping[str, str] = os.environ) -> Language:
    """Return the person's language as the system knows it: Korean, or else English.

    The locale's variables come first, in POSIX's order, on every system: whoever sets one means it. Programs that are
    started by a click on Windows or macOS have none; the system's own setting is asked then.

    Args:
        environ: the environment.
    """
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if environ.get(name):
            return language_of(environ[name])
    if sys.platform == "win32":
        import ctypes

        # https://learn.microsoft.com/windows/win32/intl/language-identifiers: the low ten bits, 0x12 is Korean
        korean = ctypes.windll.kernel32.GetUserDefaultUILanguage() & 0x3FF == 0x12
        return Language.KOREAN if korean else Language.ENGLISH
    if sys.platform == "darwin":
        return mac_language(Path.home() / "Library/Preferences/.GlobalPreferences.plist")
    return Language.ENGLISH


def mac_language(preferences: Path) -> Language:
    """Return the first of the preferred languages in a macOS preferences file; English where it cannot be read."""
    try:
        with preferences.open("rb") as file:
            return language_of(str(plistlib.load(file)["AppleLanguages"][0]))
    except (OSError, ValueError, LookupError, TypeError, plistlib.InvalidFileException, ExpatError):
        return Language.ENGLISH


def language_of(code: str) -> Language:
    """Return the language of a locale's name, such as ko_KR.UTF-8, ko-KR or Korean_Korea.949."""
    return Language.KOREAN if re.split(r"[-_.@]", code.lower())[0] in ("ko", "korean") else Language.ENGLISH
