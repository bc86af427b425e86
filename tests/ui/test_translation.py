from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot
from typing_extensions import override

from captioner.language import Sentences
from captioner.settings import Language
from captioner.ui.translation import Translation, installed_sentences


class Greeting(QLabel):
    """A widget as all of ours are: it says its words again when the language changes."""

    def __init__(self) -> None:
        super().__init__()
        self.setText(self.tr("Stop"))

    @override
    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.setText(self.tr("Stop"))


def test_the_language_changes_while_the_window_stands(
    qapp: QApplication, qtbot: QtBot, translation: Translation
) -> None:
    label = Greeting()
    qtbot.addWidget(label)
    assert label.text() == "Stop"
    translation.use(Sentences.load(Language.KOREAN))
    QApplication.processEvents()
    assert label.text() == "중지"
    translation.use(Sentences.load(Language.ENGLISH))
    QApplication.processEvents()
    assert label.text() == "Stop"


def test_qts_own_words_are_translated_too(translation: Translation) -> None:
    before = QCoreApplication.translate("QPlatformTheme", "Cancel")
    translation.use(Sentences.load(Language.KOREAN))
    assert before == "Cancel"
    assert QCoreApplication.translate("QPlatformTheme", "Cancel") == "취소"


def test_the_catalog_comes_before_qts_own_words(translation: Translation) -> None:
    translation.use(Sentences(Language.KOREAN, {"Cancel": "그만"}))
    assert QCoreApplication.translate("QPlatformTheme", "Cancel") == "그만"


def test_a_sentence_that_the_catalog_lacks_stays_english(translation: Translation) -> None:
    translation.use(Sentences(Language.KOREAN, {}))
    assert QCoreApplication.translate("", "Nobody wrote this.") == "Nobody wrote this."


def test_pure_modules_speak_the_windows_language(translation: Translation) -> None:
    say = installed_sentences()
    assert say("{count} connections", count=3) == "3 connections"
    translation.use(Sentences.load(Language.KOREAN))
    assert say("{count} connections", count=3) == "연결 3회"
    assert translation.sentences.language is Language.KOREAN
