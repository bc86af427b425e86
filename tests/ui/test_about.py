from __future__ import annotations

import pytest
from PySide6.QtWidgets import QApplication, QLabel, QPushButton
from pytestqt.qtbot import QtBot

from captioner.language import Sentences
from captioner.settings import Language
from captioner.ui.about import About
from captioner.ui.theme import Appearance
from captioner.ui.translation import Translation


@pytest.fixture
def about(qtbot: QtBot, appearance: Appearance) -> About:
    dialog = About("1.2.3")
    qtbot.addWidget(dialog)
    with qtbot.waitExposed(dialog):
        dialog.show()
    return dialog


def words(dialog: About) -> str:
    return "\n".join(label.text() for label in dialog.findChildren(QLabel))


def button(dialog: About, text: str) -> QPushButton:
    return next(each for each in dialog.findChildren(QPushButton) if each.text() == text)


def test_it_says_the_version_and_what_it_is_made_with(about: About) -> None:
    assert "Version 1.2.3" in words(about)
    assert "Qt and PySide6 under the LGPL" in words(about)
    assert not about.isModal()


def test_the_licences_come_when_they_are_asked_for(qtbot: QtBot, about: About) -> None:
    assert about.licences.isHidden()
    with qtbot.waitSignal(about.licences_requested):
        button(about, "Licences").click()
    about.show_licences("First line\n" + "More\n" * 500)
    assert about.licences.isVisible()
    assert about.licences.toPlainText().startswith("First line")
    assert about.licences.verticalScrollBar().value() == 0
    assert about.licences.isReadOnly()
    assert not button(about, "Licences").isEnabled()


def test_it_says_what_is_known_of_new_versions_and_leads_to_their_page(qtbot: QtBot, about: About) -> None:
    assert button(about, "What is new").isHidden()
    about.show_update("Last asked: no answer.")
    assert "Last asked: no answer." in words(about)
    assert button(about, "What is new").isHidden()
    about.show_update("There is 1.3.", "https://www.example.com/1.3")
    assert button(about, "What is new").toolTip() == "https://www.example.com/1.3"
    with qtbot.waitSignal(about.page_requested):
        button(about, "What is new").click()
    about.show_update("")
    assert [label for label in about.findChildren(QLabel) if label.isVisible() and label.text() == ""] == [
        about.findChildren(QLabel)[0]  # the picture
    ]


def test_it_closes_with_its_button(about: About) -> None:
    button(about, "Close").click()
    assert about.isHidden()


def test_it_speaks_the_persons_language(about: About, translation: Translation) -> None:
    translation.use(Sentences.load(Language.KOREAN))
    QApplication.processEvents()
    assert about.windowTitle() == "Captioner 정보"
    assert "버전 1.2.3" in words(about)
    assert button(about, "라이선스").isEnabled()


def test_nothing_is_cut_at_its_smallest(about: About, translation: Translation) -> None:
    about.show_update("Last asked for a new version on 2026-03-04 14:03: the answer was not understood.", "https://a/b")
    for language in (Language.ENGLISH, Language.KOREAN):
        translation.use(Sentences.load(language))
        about.resize(about.minimumSizeHint())
        QApplication.processEvents()
        for label in about.findChildren(QLabel):
            assert label.height() >= label.heightForWidth(label.width()), label.text()
