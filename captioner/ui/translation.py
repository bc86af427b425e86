"""The catalog of sentences inside Qt, changed while the window stands.

`self.tr("Start")` in a widget and `say("Start")` in the terminal look the same sentence up in the same catalog. Qt's
own words (the buttons of its dialogs) come from the translations that it brings along.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from PySide6.QtCore import QCoreApplication, QLibraryInfo, QObject, QTranslator
from typing_extensions import override

from captioner.language import Sentences
from captioner.settings import Language


class Translation(QObject):
    """Holds the language of the application; every widget gets a `LanguageChange` event when it changes."""

    def __init__(self, app: QCoreApplication) -> None:
        super().__init__(app)
        self._app = app
        self._installed = list[QTranslator]()
        self.sentences = Sentences()

    def use(self, sentences: Sentences) -> None:
        """Speak another language from now on."""
        before, self._installed, self.sentences = self._installed, [], sentences
        for translator in before:
            self._app.removeTranslator(translator)
            translator.deleteLater()
        if sentences.language is not Language.ENGLISH:
            own = QTranslator(self)
            folder = QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)
            if own.load(f"qtbase_{sentences.language}", folder):  # a frozen program may have left it out
                self._install(own)
            self._install(_Catalog(sentences, self))

    def _install(self, translator: QTranslator) -> None:
        self._installed.append(translator)
        self._app.installTranslator(translator)


class _Catalog(QTranslator):
    """A `Sentences` in the shape that Qt asks; contexts are not used."""

    def __init__(self, sentences: Sentences, parent: QObject) -> None:
        super().__init__(parent)
        self._sentences = sentences

    @override
    def translate(self, context: str, sourceText: str, disambiguation: str | None = None, n: int = -1) -> str | None:
        """Find a sentence; None (Qt's null string) passes the question on to the next translator."""
        return self._sentences.find(sourceText)

    @override
    def isEmpty(self) -> bool:
        """Return False: an empty translator would not be installed."""
        return False


class _InstalledCatalog(Mapping[str, str]):
    """Whatever catalog is installed in Qt at the time of asking."""

    def __getitem__(self, english: str) -> str:
        return QCoreApplication.translate("", english)

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


def installed_sentences() -> Sentences:
    """Return sentences in the window's present language, for the pure modules that word what a widget shows."""
    return Sentences(Language.ENGLISH, _InstalledCatalog())
