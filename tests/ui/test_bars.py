from __future__ import annotations

import pytest
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from captioner.language import Sentences
from captioner.settings import Language, Theme
from captioner.ui.bars import ElidedLabel, Message, Notices, RecoveryOffer, ShrinkingBar, tone_colour
from captioner.ui.theme import ALL, DARK, LIGHT, Appearance, blend, palette_of
from captioner.ui.translation import Translation
from captioner.ui.viewstate import Tone


def test_words_that_do_not_fit_are_told_in_the_tooltip(qtbot: QtBot, appearance: Appearance) -> None:
    label = ElidedLabel()
    qtbot.addWidget(label)
    label.resize(400, 20)
    label.show()
    label.show_text("재연결 중 · 4.2초 밀림, 곧 따라잡음")
    assert label.toolTip() == ""
    assert label.accessibleName() == label.text()
    label.resize(60, 20)
    QApplication.processEvents()
    assert label.toolTip() == "재연결 중 · 4.2초 밀림, 곧 따라잡음"


def test_a_bar_gives_up_no_more_than_it_must_and_takes_it_back(qtbot: QtBot, appearance: Appearance) -> None:
    holder = QWidget()
    qtbot.addWidget(holder)
    bar = ShrinkingBar((0, 0, 0, 0), line_below=True, parent=holder)
    parts = [QLabel("x" * 20) for _ in range(3)]
    for part in parts:
        bar.row.addWidget(part)
    one = parts[0].sizeHint().width()
    bar.set_steps([part.setHidden for part in parts[:2]])
    holder.show()
    hidden = list[int]()
    for width in (3 * one + 16, 3 * one + 15, 2 * one, 40, 3 * one + 16):
        bar.resize(width, 30)
        QApplication.processEvents()
        hidden.append(sum(part.isHidden() for part in parts))
    assert hidden == [0, 1, 2, 2, 0]


@pytest.fixture
def message(qtbot: QtBot, appearance: Appearance) -> Message:
    message = Message(Tone.WARN)
    qtbot.addWidget(message)
    message.resize(300, 60)
    return message


def shown(message: Message) -> str:
    """What is on the label, cut or not."""
    return message.findChildren(QLabel)[1].text()


def test_a_message_is_there_only_while_it_has_something_to_say(message: Message) -> None:
    assert message.isHidden()
    message.show_text("Trying again in 2 s.")
    assert message.isVisible()
    message.show_text("")
    assert message.isHidden()


def test_a_long_message_is_cut_to_its_lines_and_whole_in_the_tooltip(message: Message) -> None:
    sentence = "The service cannot be reached. " * 12
    message.show_text(sentence)
    QApplication.processEvents()
    assert shown(message) == sentence
    tall = message.sizeHint().height(), message.heightForWidth(300)
    message.set_lines(2)
    assert message.text == sentence
    assert shown(message).endswith("…")
    assert sentence.startswith(shown(message)[:-1].rstrip())
    assert message.heightForWidth(300) < tall[1]
    assert message.findChildren(QLabel)[1].toolTip() == sentence
    message.set_lines(0)
    assert shown(message) == sentence


def test_a_short_message_is_never_cut(message: Message) -> None:
    message.show_text("네")
    QApplication.processEvents()
    message.set_lines(1)
    assert shown(message) == "네"


def test_a_message_follows_the_theme(message: Message, appearance: Appearance) -> None:
    message.show_text("안녕")
    grounds = [message.grab().toImage().pixelColor(299, 1).name()]
    appearance.use(Theme.DARK)
    grounds.append(message.grab().toImage().pixelColor(299, 1).name())
    assert grounds == [blend(theme.warn, theme.window, 0.1) for theme in (LIGHT, DARK)]


@pytest.mark.parametrize("theme", ALL)
def test_every_tone_has_a_colour_of_its_own(theme: object) -> None:
    assert isinstance(theme, type(DARK))
    assert len({tone_colour(tone, palette_of(theme)) for tone in Tone}) >= len(Tone) - 1


def test_an_offer_is_hidden_while_there_is_nothing_to_decide(qtbot: QtBot, appearance: Appearance) -> None:
    offer = RecoveryOffer()
    qtbot.addWidget(offer)
    assert not offer.isVisible()
    offer.show_text("자막이 저장되지 않았습니다.")
    assert offer.isVisible()
    assert offer.text == "자막이 저장되지 않았습니다."
    offer.show_text("")
    assert not offer.isVisible()


def test_an_offer_deletes_at_the_second_click_and_asks_anew_for_the_next(qtbot: QtBot, appearance: Appearance) -> None:
    offer = RecoveryOffer()
    qtbot.addWidget(offer)
    asked = list[str]()
    offer.view_requested.connect(lambda: asked.append("view"))
    offer.save_requested.connect(lambda: asked.append("save"))
    offer.delete_requested.connect(lambda: asked.append("delete"))
    offer.show_text("one")
    offer.later_requested.connect(lambda: asked.append("later"))
    view, save, delete, later = offer.findChildren(QPushButton)
    view.click()
    save.click()
    delete.click()
    assert asked == ["view", "save"]
    assert delete.text() == "Delete for good"
    offer.show_text("two")
    assert delete.text() == "Delete"
    delete.click()
    delete.click()
    later.click()
    assert asked == ["view", "save", "delete", "later"]


def test_an_offer_speaks_the_other_language_at_once_and_takes_its_colours(qtbot: QtBot, appearance: Appearance) -> None:
    offer = RecoveryOffer()
    qtbot.addWidget(offer)
    offer.show_text("one")
    translation = Translation(QApplication.instance() or QApplication([]))
    translation.use(Sentences.load(Language.KOREAN))
    QApplication.processEvents()
    assert [each.text() for each in offer.findChildren(QPushButton)] == ["보기", "저장…", "삭제", "나중에"]
    translation.use(Sentences())
    appearance.use(Theme.DARK)
    QApplication.processEvents()
    assert offer.palette().color(offer.foregroundRole()).lightness() > 128


@pytest.fixture
def notices(qtbot: QtBot, appearance: Appearance) -> Notices:
    notices = Notices()
    qtbot.addWidget(notices)
    return notices


def test_two_notices_at_once_are_both_read(notices: Notices) -> None:
    notices.say("one", stays=False)
    notices.say("two", stays=False)
    assert notices.text == "one\ntwo"


def test_what_is_said_again_is_said_once_and_the_oldest_make_room(notices: Notices) -> None:
    for text in ("one", "two", "three", "two", "four"):
        notices.say(text, stays=False)
    assert notices.text == "three\ntwo\nfour"


def test_where_room_is_scarce_the_newest_notice_comes_first(notices: Notices) -> None:
    notices.say("one", stays=True)
    notices.say("two", stays=False)
    notices.set_lines(2)
    assert notices.text == "two one"
    notices.set_lines(0)
    assert notices.text == "one\ntwo"


def test_a_notice_that_stays_warns_and_is_closed_by_its_button(notices: Notices) -> None:
    notices.say("one", stays=True)
    notices.say("two", stays=False)
    assert notices.property("tint") == "warn"
    notices.findChildren(QToolButton)[0].click()
    assert notices.isHidden()
    notices.say("three", stays=False)
    assert (notices.text, notices.property("tint")) == ("three", "idle")
