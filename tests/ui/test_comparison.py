"""The comparison window and its pages, fed with values."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QApplication,
    QCheckBox,
    QComboBox,
    QFileDialog,
    QLabel,
    QLineEdit,
    QListWidget,
    QPushButton,
    QRadioButton,
    QScrollArea,
    QTableView,
    QToolButton,
    QWidget,
)
from pytestqt.qtbot import QtBot

from captioner.compare.analysis import analyse
from captioner.compare.outcome import Way
from captioner.compare.scoring import Mark, Piece
from captioner.language import Sentences
from captioner.settings import Language, Theme
from captioner.ui.comparison import RESULTS, ROWS, SETUP, ComparisonWindow
from captioner.ui.comparison_results import ComparisonResults
from captioner.ui.comparison_view import (
    NOTHING,
    CellView,
    FileLine,
    Plan,
    RowView,
    RunState,
    SetupView,
    Stage,
    result_view,
    run_view,
)
from captioner.ui.source_picker import SourceChoice, SourcePicker
from captioner.ui.theme import Appearance
from captioner.ui.translation import Translation
from tests.compare.made_up import lively
from tests.helpers.ui import overlapping

SAY = Sentences()
FILES = (
    FileLine("call.wav", "/calls/call.wav", "1:02.0 · 2 channels · no reference", bad=False, has_reference=False),
    FileLine("x.png", "/calls/x.png", "The file is no sound that can be read.", bad=True, has_reference=False),
    FileLine("b.wav", "/calls/b.wav", "0:10.0 · 1 channel · reference: b.txt", bad=False, has_reference=True),
)
READY = SetupView(FILES, "At least one connection for each way is opened, and what each is sent is billed.", "")
CTRL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def window(qtbot: QtBot, appearance: Appearance) -> ComparisonWindow:
    window = ComparisonWindow()
    qtbot.addWidget(window)
    window.show_run(run_view(RunState(), SAY))
    window.show_setup(READY)
    with qtbot.waitExposed(window):
        window.show()
    window.activateWindow()
    return window


def named(window: QWidget, kind: type[QWidget], name: str) -> QWidget:
    """The visible widget of a kind, by what it says of itself."""
    for each in window.findChildren(kind):
        said = each.text() if isinstance(each, QPushButton | QCheckBox | QRadioButton | QToolButton) else ""
        if each.isVisibleTo(window) and name in (said, each.accessibleName()):
            return each
    raise AssertionError(f"no {kind.__name__} {name}")


def opened(qtbot: QtBot, window: QWidget) -> QFileDialog:
    """The file dialog that was just asked for."""
    qtbot.waitUntil(lambda: window.findChild(QFileDialog) is not None)
    dialog = window.findChild(QFileDialog)
    assert isinstance(dialog, QFileDialog)
    return dialog


def name_file(dialog: QFileDialog, path: Path) -> None:
    """Write a file's name where the dialog has a line for it."""
    dialog.setDirectory(str(path.parent))
    line = dialog.findChild(QLineEdit)
    assert isinstance(line, QLineEdit)
    line.setText(path.name)


def words(window: QWidget) -> str:
    return "\n".join(each.text() for each in window.findChildren(QLabel) if each.isVisible())


def row(second: int, left: str, right: str = "", *, settled: bool = True, total: str = "") -> RowView:
    cells = [CellView((Piece(text, Mark.SAME),) if text else (), "", settled, total) for text in (left, right)]
    return RowView(f"0:{second:02}.0", *cells)


# ---------------------------------------------------------------- what is compared


def test_it_is_a_window_of_its_own_and_not_modal(window: ComparisonWindow) -> None:
    assert window.isWindow()
    assert not window.isModal()


def test_what_is_ticked_is_the_plan(qtbot: QtBot, window: ComparisonWindow) -> None:
    plans = list[Plan]()
    window.setup.plan_changed.connect(plans.append)
    for name, expected in (
        ("Baseline", Plan(ways=(Way.BASELINE, Way.CONNECTION_KEPT, Way.STREAMING))),
        ("Streaming", Plan(ways=(Way.BASELINE, Way.CONNECTION_KEPT))),
        ("Each channel by itself", Plan(ways=(Way.BASELINE, Way.CONNECTION_KEPT), per_channel=True)),
    ):
        named(window, QCheckBox, name).setFocus()
        QTest.keyClick(named(window, QCheckBox, name), Qt.Key.Key_Space)
        assert plans[-1] == expected
    combo = named(window, QComboBox, "Who recognises")
    assert isinstance(combo, QComboBox)
    combo.setFocus()
    QTest.keyClick(combo, Qt.Key.Key_Down)
    assert plans[-1].profile == "design"
    QTest.keyClick(named(window, QRadioButton, "Microphone"), Qt.Key.Key_Space)
    assert plans[-1].live
    assert len(plans) == 5


def test_the_microphone_is_chosen_where_the_recordings_were(qtbot: QtBot, window: ComparisonWindow) -> None:
    window.show_plan(Plan(live=True, device="b"))
    window.setup.show_devices((SourceChoice("", ""), SourceChoice("a", "Jabra"), SourceChoice("b", "Line")))
    picker = window.findChild(SourcePicker)
    assert isinstance(picker, SourcePicker)
    assert (picker.isVisible(), picker.currentText()) == (True, "Line")
    assert not window.findChildren(QListWidget)[0].isVisible()
    with qtbot.waitSignal(window.setup.plan_changed) as changed:
        picker.setFocus()
        QTest.keyClick(picker, Qt.Key.Key_Up)
        picker.activated.emit(picker.currentIndex())
    assert changed.args == [Plan(live=True, device="a")]


def test_files_are_listed_with_what_is_wrong_and_can_leave(qtbot: QtBot, window: ComparisonWindow) -> None:
    files = window.findChildren(QListWidget)[0]
    assert [files.item(at).text().split("\n") for at in range(3)] == [[each.name, each.detail] for each in FILES]
    assert files.item(0).foreground() != files.item(1).foreground()
    files.setCurrentRow(1)
    with qtbot.waitSignal(window.setup.file_removed) as removed:
        QTest.keyClick(named(window, QPushButton, "Remove"), Qt.Key.Key_Space)
    assert removed.args == [1]


def test_a_reference_is_chosen_or_taken_away(qtbot: QtBot, window: ComparisonWindow, tmp_path: Path) -> None:
    (tmp_path / "said.txt").write_text("네", encoding="utf-8")
    files = window.findChildren(QListWidget)[0]
    files.setCurrentRow(2)
    with qtbot.waitSignal(window.setup.reference_chosen) as chosen:
        QTest.keyClick(named(window, QPushButton, "Without reference"), Qt.Key.Key_Space)
    assert chosen.args == [2, None]
    files.setCurrentRow(0)
    QTest.keyClick(named(window, QPushButton, "Reference…"), Qt.Key.Key_Space)
    dialog = opened(qtbot, window)
    name_file(dialog, tmp_path / "said.txt")
    with qtbot.waitSignal(window.setup.reference_chosen) as chosen:
        dialog.accept()
    assert chosen.args == [0, tmp_path / "said.txt"]


def test_files_are_added_by_a_key_and_by_dropping_them(qtbot: QtBot, window: ComparisonWindow, tmp_path: Path) -> None:
    paths = [tmp_path / "a.wav", tmp_path / "a.txt"]
    for path in paths:
        path.write_bytes(b"")
    QTest.keyClick(window, Qt.Key.Key_O, CTRL)
    dialog = opened(qtbot, window)
    name_file(dialog, paths[0])
    with qtbot.waitSignal(window.setup.files_added) as added:
        dialog.accept()
    assert added.args == [(paths[0],)]

    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    action, button = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton
    entered = QDragEnterEvent(QPoint(9, 9), action, data, button, Qt.KeyboardModifier.NoModifier)
    window.dragEnterEvent(entered)
    assert entered.isAccepted()
    with qtbot.waitSignal(window.setup.files_added) as added:
        window.dropEvent(QDropEvent(QPointF(9, 9), action, data, button, Qt.KeyboardModifier.NoModifier))
    assert added.args == [tuple(paths)]


# ---------------------------------------------------------------- start, finish, cancel


def test_it_starts_by_a_key_unless_something_stands_in_the_way(qtbot: QtBot, window: ComparisonWindow) -> None:
    with qtbot.waitSignal(window.start_requested):
        QTest.keyClick(window, Qt.Key.Key_F5)
    with qtbot.waitSignal(window.start_requested):
        QTest.keyClick(window, Qt.Key.Key_Return, CTRL)
    window.show_setup(replace(READY, obstacle="Captions are running."))
    assert "Captions are running." in words(window)
    with qtbot.assertNotEmitted(window.start_requested):
        QTest.keyClick(window, Qt.Key.Key_F5)
        QTest.keyClick(window, Qt.Key.Key_Return, CTRL)


def test_what_runs_can_be_cancelled_and_nothing_else_be_changed(qtbot: QtBot, window: ComparisonWindow) -> None:
    window.show_run(run_view(RunState(Stage.RUNNING, name="call.wav", total=60.0), SAY))
    assert "call.wav · 1:00 left" in words(window)
    with qtbot.assertNotEmitted(window.start_requested):
        QTest.keyClick(window, Qt.Key.Key_F5)
    assert not named(window, QCheckBox, "Baseline").isEnabled()
    with qtbot.waitSignal(window.cancel_requested):
        QTest.keyClick(window, Qt.Key.Key_Period, CTRL)
    window.show_run(run_view(RunState(Stage.DONE, stopped=True), SAY))
    assert named(window, QCheckBox, "Baseline").isEnabled()
    assert "Cancelled; what was done is kept" in words(window)


def test_a_microphone_is_finished_by_the_key_that_started_it(qtbot: QtBot, window: ComparisonWindow) -> None:
    window.show_run(run_view(RunState(Stage.RUNNING, live=True, name="Microphone", total=1800.0), SAY))
    assert named(window, QToolButton, "Finish").isEnabled()
    with qtbot.waitSignal(window.finish_requested):
        QTest.keyClick(window, Qt.Key.Key_F5)


def test_the_report_is_saved_in_a_folder(qtbot: QtBot, window: ComparisonWindow, tmp_path: Path) -> None:
    assert not named(window, QToolButton, "Save report…").isEnabled()
    window.show_run(run_view(RunState(Stage.DONE, reportable=True), SAY))
    QTest.keyClick(window, Qt.Key.Key_S, CTRL)
    dialog = opened(qtbot, window)
    dialog.setDirectory(str(tmp_path))
    with qtbot.waitSignal(window.save_requested) as saved:
        dialog.accept()
    assert saved.args == [tmp_path]


def test_what_ended_it_stays_on_the_window(window: ComparisonWindow) -> None:
    window.show_run(run_view(RunState(Stage.DONE, complaint="The service cannot be reached."), SAY))
    assert "The service cannot be reached." in words(window)
    window.show_run(run_view(RunState(Stage.PREPARING, name="call.wav"), SAY))
    assert "The service cannot be reached." not in words(window)


def test_closing_it_is_told(qtbot: QtBot, window: ComparisonWindow) -> None:
    with qtbot.waitSignal(window.closed):
        QTest.keyClick(window, Qt.Key.Key_W, CTRL)
    assert window.isHidden()


# ---------------------------------------------------------------- the texts


def table(window: ComparisonWindow) -> QTableView:
    found = window.findChild(QTableView)
    assert isinstance(found, QTableView)
    return found


def test_an_interim_grows_in_its_row_and_the_rows_above_stay(window: ComparisonWindow) -> None:
    window.show_page(ROWS)
    first = row(1, "안녕하세요", "안녕하세요", total="620 ms")
    shown = table(window)
    for text in ("어제", "어제 주문한", "어제 주문한 상품이"):
        window.rows.show_rows((first, row(5, text, settled=False)))
        model = shown.model()
        assert [model.index(at, 1).data() for at in range(2)] == ["안녕하세요", text]
        assert [model.index(0, at).data() for at in range(5)] == [
            *("0:01.0", "안녕하세요", "620 ms", "안녕하세요", "620 ms")
        ]
    window.rows.show_rows((first,))
    assert shown.model().rowCount() == 1


def test_interims_are_grey_finals_black_and_differences_in_colour(window: ComparisonWindow) -> None:
    window.show_page(ROWS)
    pieces = (Piece("지갑", Mark.SAME), Piece("을", Mark.SUBSTITUTED))
    darkest, reddest = list[int](), list[int]()
    for cell in (
        CellView(pieces[:1], "", settled=False, total=""),
        CellView(pieces[:1], "", settled=True, total=""),
        CellView(pieces, "", settled=True, total=""),
    ):
        window.rows.show_rows((RowView("0:01.0", cell, NOTHING),))
        shown = table(window)
        area = shown.visualRect(shown.model().index(0, 1))
        image = shown.viewport().grab(area).toImage()
        seen = [image.pixelColor(x, y) for x in range(image.width()) for y in range(image.height())]
        darkest.append(min(each.lightness() for each in seen))
        reddest.append(max(each.red() - each.green() for each in seen))
    interim, final, marked = zip(darkest, reddest, strict=True)
    assert final[0] < 50 < 90 < interim[0]
    assert final[1] < 20
    assert marked[1] > 100


def test_long_texts_wrap_and_rows_are_as_high_as_they_need(window: ComparisonWindow) -> None:
    window.show_page(ROWS)
    window.rows.show_rows((row(1, "네"), row(2, "아주 긴 말입니다 " * 30)))
    shown = table(window)
    short, long = shown.rowHeight(0), shown.rowHeight(1)
    assert long > 3 * short
    window.resize(1500, 640)
    assert short == shown.rowHeight(0)
    assert short < shown.rowHeight(1) < long


def test_the_newest_row_stays_in_sight_until_somebody_scrolls_up(window: ComparisonWindow) -> None:
    window.show_page(ROWS)
    rows = tuple(row(second, f"{second} 번째 말") for second in range(40))
    window.rows.show_rows(rows[:30])
    QApplication.processEvents()
    bar = table(window).verticalScrollBar()
    assert bar.value() == bar.maximum() > 0
    window.rows.show_rows(rows[:35])
    QApplication.processEvents()
    assert bar.value() == bar.maximum()
    bar.setValue(10)
    window.rows.show_rows(rows)
    QApplication.processEvents()
    assert bar.value() == 10


def test_rows_are_copied_with_their_totals(window: ComparisonWindow) -> None:
    window.show_page(ROWS)
    window.rows.show_rows((row(1, "하나", "둘", total="620 ms"), row(2, "셋", "넷")))
    table(window).selectRow(0)
    table(window).setFocus()
    QTest.keyClick(table(window), Qt.Key.Key_C, CTRL)
    assert QGuiApplication.clipboard().text() == "0:01.0\t하나\t620 ms\t둘\t620 ms"


def test_which_ways_stand_side_by_side_is_chosen(qtbot: QtBot, window: ComparisonWindow) -> None:
    window.show_page(ROWS)
    names = [(way, way.value) for way in (Way.BASELINE, Way.STREAMING, Way.CONNECTION_KEPT)]
    window.rows.show_ways(names, Way.BASELINE, Way.STREAMING)
    right = named(window, QComboBox, "Way on the right")
    assert isinstance(right, QComboBox)
    assert right.currentText() == "streaming"
    with qtbot.waitSignal(window.rows.ways_chosen) as chosen:
        right.setCurrentIndex(2)
        right.activated.emit(2)
    assert chosen.args == [Way.BASELINE, Way.CONNECTION_KEPT]
    assert all(isinstance(way, Way) for way in chosen.args)


def test_what_was_heard_is_chosen_where_there_is_more_than_one(qtbot: QtBot, window: ComparisonWindow) -> None:
    window.show_page(ROWS)
    window.rows.show_takes(["a.wav"], 0)
    combo = next(each for each in window.findChildren(QComboBox) if each.accessibleName() == "Recording")
    assert combo.isHidden()
    window.rows.show_takes(["a.wav", "b.wav"], 1)
    assert combo.currentText() == "b.wav"
    with qtbot.waitSignal(window.rows.take_chosen) as chosen:
        combo.activated.emit(0)
    assert chosen.args == [0]


# ---------------------------------------------------------------- what came of it


def test_the_results_hold_tables_findings_and_charts(window: ComparisonWindow) -> None:
    window.show_page(RESULTS)
    assert "when the comparison is over" in words(window)
    view = result_view(analyse(lively()), SAY)
    window.show_result(view)
    said = words(window)
    for piece in (*view.notices, view.tables[0].title, *(table.title for table in view.after), view.findings[0]):
        assert piece in said
    charts = [each for each in window.findChildren(QWidget) if each.accessibleName() == view.charts[0].title]
    assert len(charts) == 1
    assert charts[0].height() == charts[0].heightForWidth(charts[0].width())


def test_a_chart_is_drawn_anew_in_the_dark(window: ComparisonWindow, appearance: Appearance) -> None:
    view = result_view(analyse(lively()), SAY)
    window.show_page(RESULTS)
    window.show_result(view)
    chart = next(each for each in window.findChildren(QWidget) if each.accessibleName() == view.charts[0].title)
    grounds = list[set[str]]()
    for theme in (Theme.LIGHT, Theme.DARK):
        appearance.use(theme)
        QApplication.processEvents()
        image = chart.grab().toImage()
        grounds.append({image.pixelColor(x, y).name() for x in range(0, image.width(), 2) for y in range(40, 120)})
    assert "#2f62d9" in grounds[0]
    assert "#8fb0ff" in grounds[1]


# ---------------------------------------------------------------- looks


def fill(window: ComparisonWindow, say: Sentences) -> None:
    view = result_view(analyse(lively()), say)
    window.show_setup(READY)
    window.show_result(view)
    window.rows.show_rows((row(1, "안녕하세요", "안녕하세요", total="1,620 ms"), row(5, "어제", settled=False)))
    window.rows.show_ways([(Way.BASELINE, "기준 방식"), (Way.STREAMING, "스트리밍")], Way.BASELINE, Way.STREAMING)


@pytest.mark.parametrize("size", [(960, 640), (640, 420)])
@pytest.mark.parametrize("language", [Language.ENGLISH, Language.KOREAN])
@pytest.mark.parametrize("page", [SETUP, ROWS, RESULTS])
def test_nothing_is_cut_and_nothing_overlaps(
    qtbot: QtBot,
    window: ComparisonWindow,
    translation: Translation,
    size: tuple[int, int],
    language: Language,
    page: int,
) -> None:
    say = Sentences.load(language)
    translation.use(say)
    fill(window, say)
    window.show_page(page)
    for state in (
        RunState(),
        RunState(Stage.RUNNING, True, "아주 긴 이름의 녹음 파일입니다.wav", ways=tuple(Way), done=61, total=1800),
        RunState(Stage.DONE, reportable=True, stopped=True),
    ):
        window.show_run(run_view(state, say))
        window.resize(*size)
        QApplication.processEvents()
        assert (window.width(), window.height()) == size
        by_parent = itertools.groupby(
            sorted(window.findChildren(QWidget), key=lambda each: id(each.parent())), key=lambda each: each.parent()
        )
        for parent, children in by_parent:
            shown = [each for each in children if each.isVisible() and not each.isWindow()]
            if isinstance(parent, ComparisonWindow) or (parent is not None and type(parent).__name__ == "ShrinkingBar"):
                assert overlapping(shown) == []
        for button in window.findChildren(QToolButton):
            if button.isVisible():
                assert button.width() >= button.sizeHint().width() - 1
                assert window.rect().contains(button.mapTo(window, button.rect().bottomRight()))
        for area in window.findChildren(QScrollArea):
            inner = area.widget()
            if area.isVisible() and inner is not None:
                assert inner.width() <= area.viewport().width()


def test_another_language_changes_every_word(window: ComparisonWindow, translation: Translation) -> None:
    korean = Sentences.load(Language.KOREAN)
    translation.use(korean)
    QApplication.processEvents()
    for page in (SETUP, ROWS, RESULTS):
        window.show_page(page)
        for each in window.findChildren(QWidget):
            if each.isVisible() and isinstance(each, QPushButton | QCheckBox | QRadioButton | QToolButton):
                assert not each.text().isascii() or not each.text(), each.text()
    assert window.windowTitle() == "비교"
    tips = [each.toolTip() for each in window.findChildren(QToolButton) if each.text() == "보고서 저장…"]
    assert tips == ["보고서 저장… (Ctrl+S)"]


def test_the_tab_key_reaches_every_control_of_the_first_page(window: ComparisonWindow) -> None:
    window.findChildren(QListWidget)[0].setCurrentRow(0)
    reached = set[str]()
    for _ in range(40):
        focused = QApplication.focusWidget()
        assert focused is not None
        text = focused.text() if isinstance(focused, QPushButton | QCheckBox | QRadioButton | QToolButton) else ""
        reached.add(focused.accessibleName() or text)
        QTest.keyClick(focused, Qt.Key.Key_Tab)
    assert reached >= {
        *("What is compared", "Start", "Recordings", "Add…", "Reference…", "Remove"),  # arrows turn the pages
        *("Each channel by itself", "Runs", "Who recognises"),
        *("Baseline", "Token cached", "Connection kept", "Streaming", "Streaming, faster finals"),
    }
    assert "" not in reached


def test_the_results_alone_can_be_shown_again_and_again(qtbot: QtBot, appearance: Appearance) -> None:
    page = ComparisonResults()
    qtbot.addWidget(page)
    view = result_view(analyse(lively()), SAY)
    for shown in (view, None, view):
        page.show_result(shown)
        QApplication.processEvents()
    assert len(page.findChildren(QScrollArea)) == 0
