from __future__ import annotations

import sys
import time
from datetime import datetime
from types import FrameType

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QGuiApplication, QImage, QTextCursor, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton
from pytestqt.qtbot import QtBot

from captioner.events import Painted
from captioner.language import Sentences
from captioner.settings import Interims, Language, Theme
from captioner.ui.captions import CaptionsView
from captioner.ui.captions_document import CaptionUpdate
from captioner.ui.theme import DARK, LIGHT, Appearance
from captioner.ui.translation import Translation
from tests.helpers.ui import PaintCounter, PaintWitness, final, finals, gap, interim, line_colours, lines, withdrawn


@pytest.fixture
def view(qtbot: QtBot, appearance: Appearance) -> CaptionsView:
    """An empty view on the screen, tall enough for some ten captions."""
    view = CaptionsView()
    qtbot.addWidget(view)
    view.resize(700, 400)
    with qtbot.waitExposed(view):
        view.show()
    return view


def settle(qtbot: QtBot, witness: PaintWitness, revision: int) -> None:
    """Wait until a revision is reported."""
    qtbot.waitUntil(lambda: bool(witness.reports) and witness.reports[-1].revision >= revision, timeout=60_000)


def wheel(view: CaptionsView, notches: int, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    """Turn the wheel over the text; positive notches go up."""
    spot = QPointF(view.viewport().rect().center())
    event = QWheelEvent(
        spot,
        view.viewport().mapToGlobal(spot),
        QPoint(),
        QPoint(0, 120 * notches),
        Qt.MouseButton.NoButton,
        modifiers,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(view.viewport(), event)


def follows(view: CaptionsView) -> bool:
    return view.following


def button(view: CaptionsView) -> QPushButton:
    """The button that brings back to the newest caption."""
    found = view.findChild(QPushButton)
    assert isinstance(found, QPushButton)
    return found


# ---------------------------------------------------------------- painting


def test_a_painted_revision_is_reported_with_the_time_of_its_painting(qtbot: QtBot, view: CaptionsView) -> None:
    witness = PaintWitness(view)
    before = time.perf_counter()
    view.show_updates([interim(1, "안녕", 1)])
    settle(qtbot, witness, 1)
    [report] = witness.reports
    assert report.revision == 1
    assert report.at is not None
    assert before < report.at < time.perf_counter()


def test_an_interim_is_grey_and_its_final_is_black_in_the_same_place(qtbot: QtBot, view: CaptionsView) -> None:
    witness = PaintWitness(view)
    view.show_updates([interim(1, "안녕하세", 1)])
    settle(qtbot, witness, 1)
    assert (lines(view), line_colours(view)) == (["안녕하세"], [LIGHT.interim])
    view.show_updates([final(1, "안녕하세요", 2)])
    settle(qtbot, witness, 2)
    assert (lines(view), line_colours(view)) == (["안녕하세요"], [""])


def test_what_changes_within_one_turn_is_painted_once_and_only_the_latest_counts(
    qtbot: QtBot, view: CaptionsView
) -> None:
    witness, paints = PaintWitness(view), PaintCounter(view.viewport())
    for revision, text in enumerate(("안", "안녕", "안녕하세요"), 1):
        view.show_updates([interim(1, text, revision)])
    settle(qtbot, witness, 3)
    assert paints.count == 1
    assert witness.revisions == [(2, False), (3, True)]


def test_what_comes_within_the_same_frame_waits_for_its_end(qtbot: QtBot, appearance: Appearance) -> None:
    view = CaptionsView(frame_ms=3_600_000)
    qtbot.addWidget(view)
    with qtbot.waitExposed(view):
        view.show()
    witness = PaintWitness(view)
    view.show_updates([interim(1, "안", 1)])
    settle(qtbot, witness, 1)
    for revision in range(2, 7):
        view.show_updates([interim(1, "안" * revision, revision)])
        QApplication.processEvents()
    assert lines(view) == ["안"]
    view.begin(datetime(2025, 3, 4, 12, 0))  # a new lane waits for no frame
    assert lines(view) == ["안" * 6]
    assert view.isVisible()


def test_the_first_final_of_a_frame_does_not_wait_for_its_end(qtbot: QtBot, appearance: Appearance) -> None:
    view = CaptionsView(frame_ms=3_600_000)
    qtbot.addWidget(view)
    with qtbot.waitExposed(view):
        view.show()
    witness = PaintWitness(view)
    view.show_updates([interim(1, "안녕하세", 1)])
    settle(qtbot, witness, 1)
    view.show_updates([interim(1, "안녕하세요", 2)])
    QApplication.processEvents()
    assert lines(view) == ["안녕하세"]
    view.show_updates([final(1, "안녕하세요.", 3)])
    settle(qtbot, witness, 3)
    assert witness.revisions == [(1, True), (2, False), (3, True)]
    view.show_updates([final(2, "네", 4)])  # one is enough: two paintings in a frame at most
    QApplication.processEvents()
    assert lines(view) == ["안녕하세요."]


def test_after_a_frame_everything_that_waited_is_painted_at_once(qtbot: QtBot, view: CaptionsView) -> None:
    witness = PaintWitness(view)
    view.show_updates([interim(1, "안", 1)])
    settle(qtbot, witness, 1)
    for revision in range(2, 7):
        view.show_updates([interim(1, "안" * revision, revision)])
    settle(qtbot, witness, 6)
    assert lines(view) == ["안" * 6]
    assert witness.revisions == [(1, True), (5, False), (6, True)]


def test_a_revision_that_was_replaced_before_it_was_painted_counts_as_never_seen(
    qtbot: QtBot, view: CaptionsView
) -> None:
    witness = PaintWitness(view)
    view.viewport().setUpdatesEnabled(False)  # the screen is late
    view.show_updates([interim(1, "안녕", 1)])
    qtbot.waitUntil(lambda: lines(view) == ["안녕"])
    view.show_updates([interim(1, "안녕하세요", 2)])
    qtbot.waitUntil(lambda: lines(view) == ["안녕하세요"])
    view.viewport().setUpdatesEnabled(True)
    settle(qtbot, witness, 2)
    assert witness.revisions == [(1, False), (2, True)]


def test_the_same_text_again_is_reported_as_painted_without_painting(qtbot: QtBot, view: CaptionsView) -> None:
    witness = PaintWitness(view)
    view.show_updates([interim(1, "안녕", 1)])
    settle(qtbot, witness, 1)
    QApplication.processEvents()
    paints = PaintCounter(view.viewport())
    view.show_updates([interim(1, "안녕", 2)])
    settle(qtbot, witness, 2)
    assert witness.revisions == [(1, True), (2, True)]
    assert paints.count == 0


def test_the_same_text_again_waits_for_the_painting_of_the_first(qtbot: QtBot, view: CaptionsView) -> None:
    witness = PaintWitness(view)
    view.show_updates([interim(1, "안녕", 1), interim(2, "네", 2)])
    view.show_updates([interim(1, "안녕", 3)])
    settle(qtbot, witness, 3)
    assert witness.revisions == [(1, False), (3, True)]


def test_nothing_is_painted_in_a_hidden_window(qtbot: QtBot, view: CaptionsView) -> None:
    witness = PaintWitness(view)
    view.hide()
    view.show_updates([final(1, "안녕하세요", 1)])
    settle(qtbot, witness, 1)
    assert witness.reports == [Painted(1, None)]
    assert lines(view) == ["안녕하세요"]


def test_nothing_is_painted_in_a_minimised_window(qtbot: QtBot, view: CaptionsView) -> None:
    witness = PaintWitness(view)
    view.showMinimized()
    qtbot.waitUntil(view.isMinimized)
    view.show_updates([final(1, "안녕하세요", 1)])
    settle(qtbot, witness, 1)
    assert witness.reports == [Painted(1, None)]


def test_hiding_the_window_gives_up_what_waits_for_its_painting(qtbot: QtBot, view: CaptionsView) -> None:
    witness = PaintWitness(view)
    view.viewport().setUpdatesEnabled(False)
    view.show_updates([interim(1, "안녕", 1)])
    qtbot.waitUntil(lambda: lines(view) == ["안녕"])
    assert witness.reports == []
    view.hide()
    settle(qtbot, witness, 1)
    assert witness.reports == [Painted(1, None)]


def test_a_caption_below_the_visible_part_was_not_painted(qtbot: QtBot, view: CaptionsView) -> None:
    witness = PaintWitness(view)
    view.show_updates(finals(60))
    settle(qtbot, witness, 60)
    wheel(view, 10)
    view.show_updates([final(61, "안 보이는 말", 61)])
    settle(qtbot, witness, 61)
    assert witness.revisions[-1] == (61, False)


def test_of_sixty_finals_at_once_only_those_in_sight_count_as_painted(qtbot: QtBot, view: CaptionsView) -> None:
    witness = PaintWitness(view)
    view.show_updates(finals(60))
    settle(qtbot, witness, 60)
    [(hidden, seen), last] = witness.revisions
    assert not seen
    assert 40 < hidden < 60
    assert last == (60, True)


def test_a_withdrawal_is_reported_once_the_words_are_gone_from_the_screen(qtbot: QtBot, view: CaptionsView) -> None:
    witness = PaintWitness(view)
    view.show_updates([final(1, "네", 1), interim(2, "어", 2)])
    settle(qtbot, witness, 2)
    view.show_updates([withdrawn(2, 3)])
    settle(qtbot, witness, 3)
    assert lines(view) == ["네"]
    assert witness.revisions[-1] == (3, True)


def test_a_withdrawal_out_of_sight_was_not_painted(qtbot: QtBot, view: CaptionsView) -> None:
    witness = PaintWitness(view)
    view.show_updates([*finals(60), interim(61, "어", 61)])
    settle(qtbot, witness, 61)
    wheel(view, 10)
    view.show_updates([withdrawn(61, 62), withdrawn(99, 63)])
    settle(qtbot, witness, 63)
    assert witness.revisions[-1] == (63, False)


def test_withdrawing_or_changing_nothing_holds_up_no_later_report(qtbot: QtBot, view: CaptionsView) -> None:
    witness = PaintWitness(view)
    view.show_updates([withdrawn(1, 1), interim(2, "", 2), final(3, "네", 3)])
    settle(qtbot, witness, 3)
    assert witness.revisions == [(2, False), (3, True)]


def test_an_interim_that_is_withdrawn_before_its_painting_was_never_seen(qtbot: QtBot, view: CaptionsView) -> None:
    witness = PaintWitness(view)
    view.viewport().setUpdatesEnabled(False)
    view.show_updates([interim(1, "어", 1)])
    qtbot.waitUntil(lambda: lines(view) == ["어"])
    view.show_updates([withdrawn(1, 2)])
    qtbot.waitUntil(lambda: lines(view) == [])
    view.viewport().setUpdatesEnabled(True)
    settle(qtbot, witness, 2)
    assert witness.revisions == [(1, False), (2, True)]


# ---------------------------------------------------------------- following


def test_the_view_follows_the_tail(qtbot: QtBot, view: CaptionsView) -> None:
    witness = PaintWitness(view)
    for number in range(1, 30):
        view.show_updates([final(number, f"{number} 안녕하세요", number)])
        settle(qtbot, witness, number)
        assert witness.revisions[-1] == (number, True)
    assert view.following
    assert button(view).isHidden()


def test_after_scrolling_up_nothing_moves_however_much_arrives(qtbot: QtBot, view: CaptionsView) -> None:
    witness = PaintWitness(view)
    view.show_updates([*finals(60), interim(61, "지금 하는 말", 61)])
    settle(qtbot, witness, 61)
    wheel(view, 8)
    assert not view.following
    QApplication.processEvents()
    before = view.viewport().grab().toImage()
    view.show_updates([final(61, "지금 한 말이 길어져서 한 줄을 넘어갑니다. " * 4, 62), *finals(5, first=63)])
    settle(qtbot, witness, 67)
    assert view.viewport().grab().toImage() == before


def test_the_button_counts_new_captions_and_brings_back(qtbot: QtBot, view: CaptionsView) -> None:
    witness = PaintWitness(view)
    view.show_updates(finals(60))
    settle(qtbot, witness, 60)
    wheel(view, 8)
    assert button(view).text() == "To the newest caption"
    view.show_updates([interim(61, "새", 61)])
    settle(qtbot, witness, 61)
    assert view.new_captions == 0
    view.show_updates([final(61, "새 자막", 62)])
    settle(qtbot, witness, 62)
    assert button(view).text() == "1 new caption"
    view.show_updates(finals(2, first=63))
    settle(qtbot, witness, 64)
    assert (button(view).text(), view.new_captions) == ("3 new captions", 3)
    assert button(view).isVisible()
    QTest.mouseClick(button(view), Qt.MouseButton.LeftButton)
    assert view.following
    assert button(view).isHidden()
    view.show_updates([final(65, "마지막", 65)])
    settle(qtbot, witness, 65)
    assert witness.revisions[-1] == (65, True)


@pytest.mark.parametrize("key", [Qt.Key.Key_Up, Qt.Key.Key_PageUp, Qt.Key.Key_Home])
def test_keys_scroll_away_and_end_brings_back(qtbot: QtBot, view: CaptionsView, key: Qt.Key) -> None:
    view.show_updates(finals(60))
    qtbot.waitUntil(lambda: len(lines(view)) == 60)
    QTest.keyClick(view, key)
    assert not follows(view)
    QTest.keyClick(view, Qt.Key.Key_End)
    assert follows(view)
    assert view.verticalScrollBar().value() == view.verticalScrollBar().maximum()


def test_a_window_in_which_all_captions_find_room_follows_again(qtbot: QtBot, view: CaptionsView) -> None:
    witness = PaintWitness(view)
    view.resize(700, 150)
    view.show_updates(finals(8))
    settle(qtbot, witness, 8)
    QTest.keyClick(view, Qt.Key.Key_PageUp)
    assert not follows(view)
    view.resize(700, 700)
    QApplication.processEvents()
    assert view.verticalScrollBar().maximum() == 0
    assert follows(view)
    view.show_updates(finals(2, first=9))
    settle(qtbot, witness, 10)
    assert button(view).isHidden()


def test_scrolling_down_to_the_tail_follows_again(qtbot: QtBot, view: CaptionsView) -> None:
    view.show_updates(finals(60))
    qtbot.waitUntil(lambda: len(lines(view)) == 60)
    wheel(view, 3)
    assert not follows(view)
    wheel(view, -30)
    assert follows(view)


def below(view: CaptionsView) -> float:
    """Pixels by which the end of the newest caption lies below the view."""
    end = view.blockBoundingGeometry(view.document().lastBlock()).translated(view.contentOffset()).bottom()
    return end - view.viewport().height()


_LONG = "고객님께서 말씀하신 내용을 지금 확인하고 있으니 잠시만 기다려 주시기 바랍니다. " * 4


@pytest.mark.parametrize("points", [16, 26])
@pytest.mark.parametrize("size", [(600, 400), (480, 640), (420, 280), (700, 640)])
def test_no_caption_is_hidden_below_when_long_ones_break_into_more_lines(
    qtbot: QtBot, view: CaptionsView, size: tuple[int, int], points: int
) -> None:
    witness = PaintWitness(view)
    view.set_font_size(points)
    view.resize(1190, 640)
    view.show_updates([final(number, f"{number} {_LONG}", number) for number in range(1, 31)])
    settle(qtbot, witness, 30)
    assert below(view) <= 0
    view.resize(*size)
    QApplication.processEvents()
    assert below(view) <= 0
    assert view.following
    assert button(view).isHidden()
    view.resize(1190, 640)
    QApplication.processEvents()
    assert below(view) <= 0


def test_no_caption_is_hidden_below_when_the_letters_grow(qtbot: QtBot, view: CaptionsView) -> None:
    witness = PaintWitness(view)
    view.show_updates([final(number, f"{number} {_LONG}", number) for number in range(1, 31)])
    settle(qtbot, witness, 30)
    for points in (18, 24, 40, 16):
        view.set_font_size(points)
        QApplication.processEvents()
        assert below(view) <= 0


@pytest.mark.parametrize("count", [2, 3, 4, 6])
def test_no_caption_is_hidden_below_when_several_long_ones_come_at_once(
    qtbot: QtBot, view: CaptionsView, count: int
) -> None:
    witness = PaintWitness(view)
    view.resize(420, 280)
    for batch in range(5):
        first = 1 + batch * count
        view.show_updates([final(number, f"{number} {_LONG}", number) for number in range(first, first + count)])
        settle(qtbot, witness, first + count - 1)
        assert below(view) <= 0


def test_the_tail_stays_in_sight_when_the_window_or_the_font_changes(qtbot: QtBot, view: CaptionsView) -> None:
    witness = PaintWitness(view)
    view.show_updates(finals(60))
    settle(qtbot, witness, 60)
    view.resize(420, 200)
    QApplication.processEvents()
    view.show_updates([final(61, "작은 창", 61)])
    settle(qtbot, witness, 61)
    view.set_font_size(30)
    QApplication.processEvents()
    view.show_updates([final(62, "큰 글자", 62)])
    settle(qtbot, witness, 62)
    assert witness.revisions[-2:] == [(61, True), (62, True)]


def test_the_wheel_with_ctrl_asks_for_another_font_size(qtbot: QtBot, view: CaptionsView) -> None:
    steps = list[int]()
    view.font_step_requested.connect(steps.append)
    wheel(view, 1, Qt.KeyboardModifier.ControlModifier)
    wheel(view, -1, Qt.KeyboardModifier.ControlModifier)
    assert steps == [1, -1]
    assert view.following


# ---------------------------------------------------------------- selecting and copying


def select(view: CaptionsView, start: int, stop: int) -> None:
    cursor = view.textCursor()
    cursor.setPosition(start)
    cursor.setPosition(stop, QTextCursor.MoveMode.KeepAnchor)
    view.setTextCursor(cursor)


def test_a_selection_stays_and_can_be_copied_while_text_arrives(qtbot: QtBot, view: CaptionsView) -> None:
    witness = PaintWitness(view)
    view.show_updates([final(1, "안녕하세요", 1), interim(2, "네", 2)])
    settle(qtbot, witness, 2)
    select(view, 0, 5)
    for revision in range(3, 8):
        view.show_updates([interim(2, "네" * revision, revision)])
        settle(qtbot, witness, revision)
    view.show_updates([final(2, "네, 맞습니다", 8), *finals(40, first=9)])
    settle(qtbot, witness, 48)
    assert view.textCursor().selectedText() == "안녕하세요"
    assert not view.following
    QTest.keyClick(view, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QGuiApplication.clipboard().text() == "안녕하세요"


def test_a_selection_within_the_tail_outlives_its_growth_and_its_settling(qtbot: QtBot, view: CaptionsView) -> None:
    witness = PaintWitness(view)
    view.show_updates([interim(1, "주문번호는", 1)])
    settle(qtbot, witness, 1)
    select(view, 0, 4)
    view.show_updates([interim(1, "주문번호는 일이삼", 2)])
    settle(qtbot, witness, 2)
    view.show_updates([final(1, "주문번호는 123입니다", 3)])
    settle(qtbot, witness, 3)
    assert view.textCursor().selectedText() == "주문번호"


def test_copying_where_nothing_was_said_leaves_the_clipboard_alone(view: CaptionsView) -> None:
    QGuiApplication.clipboard().setText("CRM-12345")
    view.copy_text()
    view.copy_with_times()
    view.copy_last()
    assert QGuiApplication.clipboard().text() == "CRM-12345"


def test_copying_leaves_the_times_out_unless_they_are_wanted(qtbot: QtBot, view: CaptionsView) -> None:
    view.begin(datetime(2025, 3, 4, 23, 59, 58))
    view.show_updates([final(1, "안녕하세요", 1), final(3, "네", 2)])
    qtbot.waitUntil(lambda: len(lines(view)) == 2)
    view.copy_text()
    assert QGuiApplication.clipboard().text() == "안녕하세요\n네"
    view.copy_with_times()
    assert QGuiApplication.clipboard().text() == "23:59:59\t안녕하세요\n00:00:01\t네"
    select(view, 1, 3)
    view.copy_text()
    assert QGuiApplication.clipboard().text() == "녕하"
    view.copy_with_times()
    assert QGuiApplication.clipboard().text() == "23:59:59\t안녕하세요"


def test_the_newest_final_can_be_copied(qtbot: QtBot, view: CaptionsView) -> None:
    QGuiApplication.clipboard().setText("before")
    view.copy_last()
    assert QGuiApplication.clipboard().text() == "before"
    view.show_updates([final(1, "안녕하세요", 1), interim(2, "네", 2)])
    qtbot.waitUntil(lambda: len(lines(view)) == 2)
    view.copy_last()
    assert QGuiApplication.clipboard().text() == "안녕하세요"


def test_shift_and_an_arrow_select_from_where_the_person_looks(qtbot: QtBot, view: CaptionsView) -> None:
    view.show_updates(finals(60))
    qtbot.waitUntil(lambda: len(lines(view)) == 60)
    QApplication.processEvents()
    QTest.keyClick(view, Qt.Key.Key_Up, Qt.KeyboardModifier.ShiftModifier)
    assert view.textCursor().hasSelection()
    assert view.textCursor().blockNumber() >= 57
    one = len(view.textCursor().selectedText())
    QTest.keyClick(view, Qt.Key.Key_Up, Qt.KeyboardModifier.ShiftModifier)
    assert len(view.textCursor().selectedText()) > one
    QTest.keyClick(view, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QGuiApplication.clipboard().text() == view.textCursor().selectedText().replace("\u2029", "\n")


def test_everything_is_selected_and_copied_with_the_keyboard(qtbot: QtBot, view: CaptionsView) -> None:
    view.show_updates(finals(3))
    qtbot.waitUntil(lambda: len(lines(view)) == 3)
    QTest.keyClick(view, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClick(view, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QGuiApplication.clipboard().text().split("\n") == lines(view)


# ---------------------------------------------------------------- the rest


def test_calm_mode_holds_words_back_and_says_so(qtbot: QtBot, view: CaptionsView) -> None:
    view.set_interims(Interims.CALM)
    witness = PaintWitness(view)
    shown = list[list[str]]()
    for revision, text in enumerate(("안녕", "안녕하", "안녕하세", "안영하세", "안영하세"), 1):
        view.show_updates([interim(1, text, revision)])
        settle(qtbot, witness, revision)
        shown.append(lines(view))
    assert shown == [[], ["안녕"], ["안녕하"], ["안"], ["안영하세"]]
    assert witness.revisions == [(1, False), (2, False), (3, False), (4, False), (5, True)]
    view.show_updates([final(1, "안녕하세요", 6)])
    settle(qtbot, witness, 6)
    assert lines(view) == ["안녕하세요"]
    assert witness.revisions[-1] == (6, True)


def test_a_screen_reader_hears_finals_and_never_interims(qtbot: QtBot, view: CaptionsView) -> None:
    heard, witness = list[str](), PaintWitness(view)
    view.announced.connect(heard.append)
    view.show_updates([interim(1, "안녕", 1)])
    settle(qtbot, witness, 1)
    view.show_updates([final(1, "안녕하세요", 2), final(2, "네", 3), interim(3, "주", 4)])
    settle(qtbot, witness, 4)
    assert heard == ["안녕하세요 네"]


def test_a_second_lane_begins_below_the_first(qtbot: QtBot, view: CaptionsView) -> None:
    witness = PaintWitness(view)
    view.begin(datetime(2025, 3, 4, 9, 0, 0))
    view.show_updates([final(1, "하나", 1), interim(2, "둘", 2)])
    settle(qtbot, witness, 2)
    view.begin(datetime(2025, 3, 4, 10, 0, 0))
    view.show_updates([final(1, "셋", 1)])
    settle(qtbot, witness, 1)
    qtbot.waitUntil(lambda: lines(view) == ["하나", "둘", "셋"])
    assert line_colours(view) == ["", "", ""]
    view.copy_with_times()
    assert QGuiApplication.clipboard().text() == "09:00:01\t하나\n09:00:02\t둘\n10:00:01\t셋"


def test_clearing_takes_everything_off_the_screen(qtbot: QtBot, view: CaptionsView) -> None:
    view.show_updates([*finals(60), interim(61, "지금", 61), gap(0, 8000)])
    qtbot.waitUntil(lambda: len(lines(view)) == 62)
    wheel(view, 5)
    view.clear_captions()
    assert lines(view) == []
    assert view.following
    view.show_updates([final(1, "다시", 1)])
    qtbot.waitUntil(lambda: lines(view) == ["다시"])


def test_a_change_of_theme_recolours_interims_and_gaps(
    qtbot: QtBot, view: CaptionsView, appearance: Appearance
) -> None:
    view.show_updates([gap(0, 8000), final(1, "안녕하세요", 1), interim(2, "네", 2), gap(40_000, 48_000)])
    qtbot.waitUntil(lambda: len(lines(view)) == 4)
    assert line_colours(view) == [LIGHT.warn, "", LIGHT.interim, LIGHT.warn]
    appearance.use(Theme.DARK)
    assert line_colours(view) == [DARK.warn, "", DARK.interim, DARK.warn]


def test_a_change_of_language_renames_gaps_and_the_button(
    qtbot: QtBot, view: CaptionsView, translation: Translation
) -> None:
    view.show_updates([*finals(60), gap(8000, 16_000)])
    qtbot.waitUntil(lambda: len(lines(view)) == 61)
    wheel(view, 5)
    view.show_updates(finals(2, first=61))
    qtbot.waitUntil(lambda: view.new_captions == 2)
    english = lines(view)[60]
    translation.use(Sentences.load(Language.KOREAN))
    QApplication.processEvents()
    assert button(view).text() == "새 자막 2개"
    assert view.accessibleName() == "자막"
    assert "1.0초" in lines(view)[60] != english
    translation.use(Sentences())
    QApplication.processEvents()
    assert lines(view)[60] == english


def test_live_text_keeps_its_place_told_by_the_tails_rectangle(qtbot: QtBot, view: CaptionsView) -> None:
    witness = PaintWitness(view)
    view.show_updates([final(1, "하나", 1), interim(2, "둘", 2)])
    settle(qtbot, witness, 2)
    short = view.tail_rect()
    assert 0 < short.top() < short.bottom() < view.height() // 2
    view.show_updates([final(2, "둘", 3), *finals(60, first=4)])
    settle(qtbot, witness, 63)
    assert view.tail_rect().top() > view.height() // 2
    wheel(view, 20)
    assert view.tail_rect().isEmpty()


def calls_of_an_update(qtbot: QtBot, view: CaptionsView, number: int) -> int:
    """Count the calls into Python while a caption grows, settles and is painted."""
    witness, count = PaintWitness(view), 0

    def note(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal count
        count += event == "call"

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        view.show_updates([interim(number, "안녕", number)])
        settle(qtbot, witness, number)
        view.show_updates([final(number, "안녕하세요", number + 1)])
        settle(qtbot, witness, number + 1)
    finally:
        sys.setprofile(before)
    return count


@pytest.mark.parametrize("above", [[], [interim(1, "끝나지 않은 말", 1)]], ids=["all settled", "one never settled"])
def test_an_update_costs_the_same_below_ten_thousand_captions(
    qtbot: QtBot, view: CaptionsView, above: list[CaptionUpdate]
) -> None:
    witness = PaintWitness(view)
    view.show_updates([*above, *finals(40, first=2)])
    settle(qtbot, witness, 41)
    few = min(calls_of_an_update(qtbot, view, number) for number in (100, 102, 104))
    view.show_updates(finals(10_000, first=200))
    settle(qtbot, witness, 10_199)
    many = min(calls_of_an_update(qtbot, view, number) for number in (20_000, 20_002, 20_004))
    assert len(lines(view)) == 10_046 + len(above)
    assert many < 2 * few


@pytest.mark.parametrize("scale", [1.0, 1.25, 1.5, 2.0])
def test_no_caret_stands_in_the_text_at_any_scale(view: CaptionsView, scale: float) -> None:
    view.show_updates([final(1, "안녕하세요", 1), interim(2, "어제 주문한", 2)])
    QApplication.processEvents()

    def drawn() -> QImage:
        image = QImage(view.viewport().size() * scale, QImage.Format.Format_RGB32)
        image.setDevicePixelRatio(scale)
        view.viewport().render(image)
        return image

    view.clearFocus()
    before = drawn()
    view.setFocus()
    assert view.hasFocus()
    assert drawn() == before
