from __future__ import annotations

from functools import partial

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from captioner.events import Stages
from captioner.language import Sentences
from captioner.latency.statistics import StageTable
from captioner.settings import Language
from captioner.ui.captions import CaptionsView
from captioner.ui.overlay import LatencyOverlay
from captioner.ui.theme import Appearance
from captioner.ui.translation import Translation
from captioner.ui.viewstate import LatencyRow, latency_rows
from tests.helpers.ui import final, finals, interim, lines


def rows(count: int = 40, language: Language = Language.ENGLISH) -> tuple[LatencyRow, ...]:
    """The table of so many utterances of 634 ms."""
    table = StageTable()
    for _ in range(count):
        table.add(Stages(0.012, 0.004, 0.0, 0.0, 0.0, 0.002, 0.610, 0.006, 0.634))
    return latency_rows(table, Sentences.load(language))


@pytest.fixture
def view(qtbot: QtBot, appearance: Appearance) -> CaptionsView:
    view = CaptionsView()
    qtbot.addWidget(view)
    view.resize(900, 560)
    with qtbot.waitExposed(view):
        view.show()
    return view


@pytest.fixture
def overlay(view: CaptionsView) -> LatencyOverlay:
    overlay = LatencyOverlay(view)
    overlay.show_latency(rows())
    overlay.show()
    QApplication.processEvents()
    return overlay


def ends_with(view: CaptionsView, text: str) -> bool:
    return lines(view)[-1] == text


def fill(qtbot: QtBot, view: CaptionsView, count: int) -> None:
    """Show so many finals and an interim below them."""
    view.clear_captions()
    view.show_updates([*finals(count), interim(count + 1, "지금 하는 말이 여기에 있습니다", count + 1)])
    qtbot.waitUntil(lambda: len(lines(view)) == count + 1)
    QApplication.processEvents()


@pytest.mark.parametrize("size", [(900, 560), (700, 380), (640, 300), (420, 190), (380, 120)])
def test_it_covers_no_live_text_whatever_there_is(
    qtbot: QtBot, view: CaptionsView, overlay: LatencyOverlay, size: tuple[int, int]
) -> None:
    view.resize(*size)
    for count in range(0, 24):
        fill(qtbot, view, count)
        assert overlay.isVisible()
        assert not overlay.geometry().intersects(view.tail_rect())
        assert view.rect().contains(overlay.geometry())


def test_a_note_never_costs_the_table(qtbot: QtBot, view: CaptionsView, overlay: LatencyOverlay) -> None:
    for height in range(380, 560, 20):
        view.resize(960, height)
        for count in range(0, 16):
            fill(qtbot, view, count)
            overlay.show_latency(rows())
            docked, bare = overlay.docked, overlay.height()
            overlay.show_latency(rows(), "Recognition includes: network 42 ms (ping)")
            assert (overlay.docked, overlay.height() >= bare) == (docked, True)


def test_it_keeps_clear_of_a_long_interim_as_it_grows(
    qtbot: QtBot, view: CaptionsView, overlay: LatencyOverlay
) -> None:
    fill(qtbot, view, 10)
    for length in range(1, 200, 6):
        text = "길게 이어지는 말 " * length
        view.show_updates([interim(11, text, 11 + length)])
        qtbot.waitUntil(partial(ends_with, view, text))
        QApplication.processEvents()
        assert not overlay.geometry().intersects(view.tail_rect())
    assert overlay.docked  # the words fill the view by now, so room was made above them
    view.show_updates([final(11, "짧게", 999)])
    qtbot.waitUntil(lambda: lines(view)[-1] == "짧게")
    QApplication.processEvents()
    assert not overlay.docked


def test_it_starts_in_the_upper_right_corner(qtbot: QtBot, view: CaptionsView, overlay: LatencyOverlay) -> None:
    fill(qtbot, view, 40)
    assert overlay.geometry().top() < 20
    assert view.viewport().geometry().right() - overlay.geometry().right() < 20


def test_it_can_be_dragged_and_says_where_it_was_put(qtbot: QtBot, view: CaptionsView, overlay: LatencyOverlay) -> None:
    fill(qtbot, view, 40)
    before = overlay.pos()
    with qtbot.waitSignal(overlay.placed) as placed:
        QTest.mousePress(overlay, Qt.MouseButton.LeftButton, pos=QPoint(20, 20))
        QTest.mouseMove(overlay, QPoint(-180, 60))
        QTest.mouseRelease(overlay, Qt.MouseButton.LeftButton, pos=QPoint(20, 20))
    assert placed.args == [overlay.pos()]
    assert overlay.pos() == before + QPoint(-200, 40)


def test_it_can_be_moved_with_the_arrow_keys(qtbot: QtBot, view: CaptionsView, overlay: LatencyOverlay) -> None:
    fill(qtbot, view, 40)
    before = overlay.pos()
    QTest.keyClick(overlay, Qt.Key.Key_Left)
    QTest.keyClick(overlay, Qt.Key.Key_Down)
    assert overlay.pos() == before + QPoint(-16, 16)


def test_it_stays_where_it_was_put_and_comes_back_after_making_way(
    qtbot: QtBot, view: CaptionsView, overlay: LatencyOverlay
) -> None:
    overlay.set_place(QPoint(300, 20))
    fill(qtbot, view, 1)  # the words are at the top now
    assert overlay.pos().x() == 300
    assert overlay.pos().y() > 100
    fill(qtbot, view, 40)
    assert overlay.pos() == QPoint(300, 20)


def test_a_place_outside_of_a_smaller_window_is_moved_inside(view: CaptionsView, overlay: LatencyOverlay) -> None:
    overlay.set_place(QPoint(5000, 4000))
    QApplication.processEvents()
    assert view.rect().contains(overlay.geometry())


def test_hiding_it_gives_the_room_back(qtbot: QtBot, view: CaptionsView, overlay: LatencyOverlay) -> None:
    view.resize(420, 190)
    fill(qtbot, view, 20)
    assert overlay.docked
    with_overlay = view.viewport().height()
    overlay.hide()
    assert view.viewport().height() > with_overlay


def test_a_screen_reader_gets_every_stage(overlay: LatencyOverlay, translation: Translation) -> None:
    assert overlay.accessibleName() == "Latency"
    assert "Recognition: last 610 ms, p50 610 ms, p95 610 ms, n 40" in overlay.accessibleDescription()
    assert overlay.accessibleDescription().count(";") == 8
    translation.use(Sentences.load(Language.KOREAN))
    QApplication.processEvents()
    overlay.show_latency(rows(language=Language.KOREAN))
    assert "인식: 최근 610 ms, p50 610 ms, p95 610 ms, n 40" in overlay.accessibleDescription()


def test_it_grows_with_its_numbers(view: CaptionsView, overlay: LatencyOverlay) -> None:
    before = overlay.width()
    table = StageTable()
    table.add(Stages(0.012, 0.004, 0.0, 0.0, 12345.0, 0.002, 0.610, None, 12345.628))
    overlay.show_latency(latency_rows(table, Sentences()))
    assert overlay.width() > before
    assert view.rect().contains(overlay.geometry())


def test_what_is_inside_the_recognition_stands_below_the_figures(view: CaptionsView, overlay: LatencyOverlay) -> None:
    before, picture = overlay.height(), overlay.grab().toImage()
    overlay.show_latency(rows(), "Recognition includes: network 12 ms (ping) · end-pointing 500 ms")
    QApplication.processEvents()
    assert overlay.accessibleDescription().endswith(
        "; Recognition includes: network 12 ms (ping) · end-pointing 500 ms"
    )
    assert overlay.height() > before
    assert overlay.grab().toImage() != picture
    assert view.rect().contains(overlay.geometry())
    overlay.show_latency(rows())
    QApplication.processEvents()
    assert overlay.height() == before


def test_before_the_first_utterance_there_are_no_figures(overlay: LatencyOverlay) -> None:
    overlay.show_latency(rows(0))
    assert "Total: last – ms, p50 – ms, p95 – ms, n 0" in overlay.accessibleDescription()
    assert not overlay.grab().isNull()
