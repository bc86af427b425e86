from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QLabel, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from captioner.errors import Fault, FaultKind
from captioner.events import Measured, Painted, Phase, Stages, StateChanged
from captioner.language import Sentences
from captioner.latency.statistics import StageTable
from captioner.settings import Interims, Language, Settings, Theme
from captioner.ui.bars import ElidedLabel, Message, RecoveryOffer, ShrinkingBar
from captioner.ui.source_picker import SourceChoice, SourcePicker
from captioner.ui.theme import DARK, LIGHT, Appearance
from captioner.ui.translation import Translation
from captioner.ui.viewstate import ViewState, latency_rows
from captioner.ui.window import MainWindow
from tests.helpers.ui import final, interim, lines, not_started, overlapping, state

CTRL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier

STATES: dict[str, Callable[[Language], ViewState]] = {
    "not started": not_started,
    "listening": state,
    "muted": lambda language: state(language, muted=True),
    "no signal": lambda language: state(language, quiet_for=9.0, level=float("-inf")),
    "reconnecting": lambda language: state(
        language,
        demo=True,
        phase=Phase.RECONNECTING,
        behind=4.2,
        retry_in=2.0,
        lost=8000,
        fault=Fault(FaultKind.UNREACHABLE, "Connection refused"),
    ),
    "draining": lambda language: state(language, phase=Phase.DRAINING, drain_left=4.2),
    "stopped": lambda language: state(language, phase=Phase.STOPPED, lost=80_000, held=0),
}


@pytest.fixture
def window(qtbot: QtBot, appearance: Appearance) -> MainWindow:
    window = MainWindow()
    qtbot.addWidget(window, before_close_func=lambda each: each.allow_close())
    window.show_settings(Settings())
    with qtbot.waitExposed(window):
        window.show()
    window.activateWindow()
    return window


def tool(window: MainWindow, name: str) -> QToolButton:
    return next(each for each in window.findChildren(QToolButton) if each.accessibleName() == name)


def words(window: MainWindow) -> str:
    """Everything that is written on the window outside of the captions."""
    return "\n".join(each.text() for each in window.findChildren(QLabel) if each.isVisible())


# ---------------------------------------------------------------- what the person does


@pytest.mark.parametrize(
    ("key", "modifier"),
    [(Qt.Key.Key_F5, Qt.KeyboardModifier.NoModifier), (Qt.Key.Key_Return, CTRL), (Qt.Key.Key_Enter, CTRL)],
)
def test_one_key_starts_stops_and_stops_now(
    qtbot: QtBot, window: MainWindow, key: Qt.Key, modifier: Qt.KeyboardModifier
) -> None:
    for view, signal, name in (
        (not_started(), window.start_requested, "Start"),
        (state(), window.stop_requested, "Stop"),
        (state(phase=Phase.DRAINING, drain_left=4.0), window.stop_now_requested, "Stop now"),
        (state(phase=Phase.STOPPED, held=0), window.start_requested, "Start"),
    ):
        window.show_state(view)
        assert "F5" in tool(window, name).toolTip()
        with qtbot.waitSignal(signal):
            QTest.keyClick(window, key, modifier)


def test_a_double_click_starts_and_does_not_stop_at_once(qtbot: QtBot, window: MainWindow) -> None:
    window.show_state(not_started())
    wanted = list[str]()
    window.start_requested.connect(lambda: wanted.append("start"))
    window.start_requested.connect(lambda: window.show_state(state()))
    window.stop_requested.connect(lambda: wanted.append("stop"))
    QTest.mouseClick(tool(window, "Start"), Qt.MouseButton.LeftButton)
    QTest.mouseDClick(tool(window, "Stop"), Qt.MouseButton.LeftButton)  # what the second click of the two is to Qt
    QTest.mouseRelease(tool(window, "Stop"), Qt.MouseButton.LeftButton)
    assert wanted == ["start"]
    QTest.mouseClick(tool(window, "Stop"), Qt.MouseButton.LeftButton)
    assert wanted == ["start", "stop"]


def test_a_key_that_is_held_does_not_start_and_stop_by_turns(window: MainWindow) -> None:
    repeating = [each.text() for each in window.actions() if each.autoRepeat()]
    assert {"Start", "Mute"} & {*repeating} == set()
    assert "Larger text" in repeating


def test_muting_with_the_keyboard_and_back(qtbot: QtBot, window: MainWindow) -> None:
    window.show_state(state())
    with qtbot.waitSignal(window.mute_requested) as muted:
        QTest.keyClick(window, Qt.Key.Key_M, CTRL)
    assert muted.args == [True]
    window.show_state(state(muted=True))
    assert tool(window, "Unmute").isChecked()
    with qtbot.waitSignal(window.mute_requested) as muted:
        QTest.keyClick(window, Qt.Key.Key_M, CTRL)
    assert muted.args == [False]


def test_what_makes_no_sense_now_cannot_be_pressed(qtbot: QtBot, window: MainWindow) -> None:
    window.show_state(not_started())
    assert not tool(window, "Mute").isEnabled()
    with qtbot.assertNotEmitted(window.mute_requested):
        QTest.keyClick(window, Qt.Key.Key_M, CTRL)


def test_the_overlay_comes_and_goes_and_that_is_remembered(qtbot: QtBot, window: MainWindow) -> None:
    with qtbot.waitSignal(window.settings_changed) as changed:
        QTest.keyClick(window, Qt.Key.Key_L, CTRL)
    assert changed.args == [Settings(overlay=True)]
    assert window.overlay.isVisible()
    with qtbot.waitSignal(window.settings_changed) as changed:
        QTest.keyClick(window, Qt.Key.Key_L, CTRL)
    assert changed.args == [Settings(overlay=False)]
    assert window.overlay.isHidden()


def test_the_overlays_place_is_remembered(qtbot: QtBot, window: MainWindow) -> None:
    window.show_settings(Settings(overlay=True))
    with qtbot.waitSignal(window.settings_changed) as changed:
        window.overlay.placed.emit(QPoint(40, 60))
    assert changed.args == [Settings(overlay=True, overlay_place=(40, 60))]


def test_the_font_grows_shrinks_and_comes_back(qtbot: QtBot, window: MainWindow) -> None:
    sizes = list[int]()
    window.settings_changed.connect(lambda settings: sizes.append(settings.font_size))
    for key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal, Qt.Key.Key_Minus, Qt.Key.Key_0):
        QTest.keyClick(window, key, CTRL)
    assert sizes == [17, 18, 17, 16]
    assert window.captions.font().pointSize() == 16


@pytest.mark.parametrize(("size", "name"), [(10, "Smaller text"), (100, "Larger text")])
def test_the_font_stays_within_its_bounds(qtbot: QtBot, window: MainWindow, size: int, name: str) -> None:
    window.show_settings(Settings(font_size=size))
    assert not tool(window, name).isEnabled()
    with qtbot.assertNotEmitted(window.settings_changed):
        window.captions.font_step_requested.emit(-1 if size == 10 else 1)


def test_the_settings_are_asked_for_with_ctrl_comma(qtbot: QtBot, window: MainWindow) -> None:
    with qtbot.waitSignal(window.settings_requested):
        QTest.keyClick(window, Qt.Key.Key_Comma, CTRL)


def test_the_newest_caption_is_copied_with_a_key(qtbot: QtBot, window: MainWindow) -> None:
    window.show_updates([final(1, "하나", 1), final(2, "둘", 2)])
    qtbot.waitUntil(lambda: len(lines(window.captions)) == 2)
    QTest.keyClick(window, Qt.Key.Key_L, CTRL | SHIFT)
    assert QGuiApplication.clipboard().text() == "둘"
    tool(window, "Copy").click()
    assert QGuiApplication.clipboard().text() == "하나\n둘"


def save_dialog(window: MainWindow) -> QFileDialog:
    dialog = window.findChild(QFileDialog)
    assert isinstance(dialog, QFileDialog)
    return dialog


def test_saving_asks_where_to_and_blocks_nothing(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    window.begin(datetime(2025, 3, 4, 12, 1))
    QTest.keyClick(window, Qt.Key.Key_S, CTRL)
    dialog = save_dialog(window)
    assert Path(dialog.selectedFiles()[0]).name == "Captions 2025-03-04 1201.txt"
    dialog.setDirectory(str(tmp_path))
    dialog.selectFile("call")
    with qtbot.waitSignal(window.save_requested) as saved:
        dialog.accept()
    assert saved.args == ["text", tmp_path / "call.txt"]


def test_captions_offered_after_a_crash_are_saved_under_their_own_time(
    qtbot: QtBot, window: MainWindow, tmp_path: Path
) -> None:
    window.begin(datetime(2025, 3, 4, 12, 1))
    window.show_recovered("Captions were not saved.", datetime(2025, 3, 3, 9, 30))
    (offer,) = window.findChildren(RecoveryOffer)
    assert offer.isVisible()
    offer.save_requested.emit()
    dialog = save_dialog(window)
    assert Path(dialog.selectedFiles()[0]).name == "Captions 2025-03-03 0930.txt"
    dialog.setDirectory(str(tmp_path))
    dialog.selectFile("old.srt")
    with qtbot.waitSignal(window.recovered_save_requested) as saved:
        dialog.accept()
    assert saved.args == ["srt", tmp_path / "old.srt"]
    window.show_recovered("", None)
    assert not offer.isVisible()


@pytest.mark.parametrize(
    ("entry", "name", "kind", "path"),
    [
        ("Text (TXT)", "call", "text", "call.txt"),
        ("Subtitles (SRT)", "call", "srt", "call.srt"),
        ("Web subtitles (VTT)", "call.vtt", "vtt", "call.vtt"),
        ("Data (JSON lines)", "call", "jsonl", "call.jsonl"),
        ("Text (TXT)", "call.srt", "srt", "call.srt"),
        ("Subtitles (SRT)", "call.2025", "srt", "call.2025"),
    ],
)
def test_the_format_is_what_the_person_chose_or_wrote(
    qtbot: QtBot, window: MainWindow, tmp_path: Path, entry: str, name: str, kind: str, path: str
) -> None:
    menu = tool(window, "Save").menu()
    next(action for action in menu.actions() if action.text() == entry).trigger()
    dialog = save_dialog(window)
    dialog.setDirectory(str(tmp_path))
    dialog.selectFile(name)
    with qtbot.waitSignal(window.save_requested) as saved:
        dialog.accept()
    assert saved.args == [kind, tmp_path / path]


def test_choosing_a_source_is_passed_on(qtbot: QtBot, window: MainWindow) -> None:
    window.show_sources((SourceChoice("", ""), SourceChoice("jabra", "Jabra")), "")
    picker = window.findChild(SourcePicker)
    assert isinstance(picker, SourcePicker)
    with qtbot.waitSignal(window.source_chosen) as chosen:
        QTest.keyClick(picker, Qt.Key.Key_Down)
    assert chosen.args == ["jabra"]
    with qtbot.waitSignal(window.devices_wanted):
        picker.showPopup()
    picker.hidePopup()


# ---------------------------------------------------------------- closing


def test_closing_asks_first_and_the_second_time_presses(qtbot: QtBot, window: MainWindow) -> None:
    with qtbot.waitSignal(window.close_requested):
        window.close()
    assert window.isVisible()
    with qtbot.assertNotEmitted(window.close_requested), qtbot.waitSignal(window.stop_now_requested):
        window.close()
    assert window.isVisible()
    window.allow_close()
    assert not window.isVisible()


def test_the_windows_place_and_size_are_remembered(qtbot: QtBot, window: MainWindow, appearance: Appearance) -> None:
    window.resize(733, 455)
    with qtbot.waitSignal(window.settings_changed) as changed:
        window.close()
    [settings] = changed.args or [Settings()]
    other = MainWindow()
    qtbot.addWidget(other, before_close_func=lambda each: each.allow_close())
    other.show_settings(settings)
    assert (other.width(), other.height()) == (733, 455)
    other.resize(600, 400)
    other.show_settings(settings)  # only once: later settings leave the window where it is
    assert (other.width(), other.height()) == (600, 400)


def test_a_stored_place_that_is_no_place_is_passed_over(qtbot: QtBot, window: MainWindow) -> None:
    other = MainWindow()
    qtbot.addWidget(other, before_close_func=lambda each: each.allow_close())
    other.show_settings(Settings(window_geometry="not base64 ✗"))
    assert other.size() == window.size()


# ---------------------------------------------------------------- what is shown


@pytest.mark.parametrize("language", [Language.KOREAN, Language.ENGLISH])
@pytest.mark.parametrize("name", STATES)
@pytest.mark.parametrize("size", [(960, 640), (640, 420), (420, 280)])
def test_nothing_is_cut_or_covered(
    window: MainWindow, translation: Translation, size: tuple[int, int], name: str, language: Language
) -> None:
    translation.use(Sentences.load(language))
    view = STATES[name](language)
    window.show_sources((SourceChoice("", ""), SourceChoice("jabra", "Jabra Evolve2 65 Mono")), "jabra")
    window.resize(*size)
    window.show_state(view)
    QApplication.processEvents()
    assert (window.width(), window.height()) == size
    for bar in window.findChildren(ShrinkingBar):
        parts = bar.findChildren(QWidget, options=Qt.FindChildOption.FindDirectChildrenOnly)
        assert overlapping(parts) == []
        assert all(bar.rect().contains(each.geometry()) for each in parts if each.isVisible())
    headline = window.findChildren(ElidedLabel)[0]
    assert headline.text() == view.headline
    if not (size[0] == 420 and name == "no signal"):  # the source's name is as long as it is
        assert headline.toolTip() == ""  # it is there in full
    assert window.captions.height() > 100
    assert view.detail in [each.text for each in window.findChildren(Message)]


def test_the_state_is_told_by_words_and_not_by_colour_alone(window: MainWindow) -> None:
    for build in STATES.values():
        view = build(Language.ENGLISH)
        window.show_state(view)
        assert view.headline in words(window)
        assert view.elapsed in words(window)
        assert view.foot in words(window)


def test_a_fault_is_told_in_a_line_and_never_in_a_dialog(window: MainWindow) -> None:
    window.show_state(STATES["reconnecting"](Language.ENGLISH))
    assert "The service cannot be reached." in words(window)
    assert "What is said meanwhile is kept" in words(window)
    assert QApplication.activeModalWidget() is None
    window.show_state(state())
    assert "cannot be reached" not in words(window)


def test_the_demo_says_all_the_time_that_it_is_an_emulator(window: MainWindow) -> None:
    for changes in ({}, {"muted": True}, {"phase": Phase.STOPPED}):
        window.show_state(state(demo=True, **changes))
        assert "emulator" in words(window)
    window.show_state(state())
    assert "emulator" not in words(window)


def test_a_loss_stands_out(window: MainWindow) -> None:
    window.show_state(state())
    figures = next(each for each in window.findChildren(ElidedLabel) if "Lost 0.0 s" in each.text())
    assert figures.property("ink") == "idle"
    window.show_state(state(lost=8000))
    assert figures.text().startswith("Lost 1.0 s")
    assert figures.property("ink") == "bad"


def test_a_notice_goes_away_by_itself(qtbot: QtBot, window: MainWindow) -> None:
    window.show_notice("Saved: /tmp/call.txt")
    assert "Saved: /tmp/call.txt" in words(window)
    window._notices._over.setInterval(0)
    window.show_notice("Saved: /tmp/call.txt")
    qtbot.waitUntil(lambda: "Saved" not in words(window))


def test_a_notice_that_must_not_be_missed_stays_until_it_is_closed(qtbot: QtBot, window: MainWindow) -> None:
    window._notices._over.setInterval(0)
    window.show_notice("The settings could not be saved.", stays=True)
    window.show_notice("Saved: /tmp/call.txt")
    qtbot.waitUntil(lambda: "Saved" not in words(window))
    assert "The settings could not be saved." in words(window)
    QTest.keyClick(window, Qt.Key.Key_Escape)
    assert "settings could not" not in words(window)
    assert not window._notices.isVisible()


def test_updates_of_other_kinds_are_not_captions(qtbot: QtBot, window: MainWindow) -> None:
    reports = list[Painted]()
    window.painted.connect(reports.append)
    stages = Stages(0.01, 0.0, 0.0, 0.0, 0.0, 0.0, 0.5, 0.0, 0.51)
    window.show_updates([StateChanged(0.0, Phase.LIVE, 1), interim(1, "안녕", 1), Measured(0.5, 1, stages)])
    qtbot.waitUntil(lambda: len(reports) == 1)
    assert reports[0].revision == 1
    assert reports[0].at is not None
    assert lines(window.captions) == ["안녕"]


def test_latency_is_shown_in_the_overlay(window: MainWindow) -> None:
    table = StageTable()
    table.add(Stages(0.012, 0.004, 0.0, 0.0, 0.0, 0.002, 0.610, 0.006, 0.634))
    window.show_latency(latency_rows(table, Sentences()))
    assert "Total: last 634 ms" in window.overlay.accessibleDescription()


def test_settings_reach_the_captions(qtbot: QtBot, window: MainWindow) -> None:
    window.show_settings(Settings(font_size=24, interims=Interims.CALM, overlay=True))
    window.show_updates([interim(1, "안녕", 1), interim(2, "네", 2)])
    QApplication.processEvents()
    assert lines(window.captions) == []
    assert window.captions.font().pointSize() == 24
    assert window.overlay.isVisible()


def test_the_language_changes_while_the_window_stands(window: MainWindow, translation: Translation) -> None:
    window.show_state(state())
    assert tool(window, "Stop").text() == "Stop"
    translation.use(Sentences.load(Language.KOREAN))
    window.show_state(state(Language.KOREAN))
    QApplication.processEvents()
    assert tool(window, "중지").text() == "중지"
    assert "듣는 중" in words(window)
    assert "Ctrl+M" in tool(window, "음소거").toolTip()


def test_the_theme_changes_while_the_window_stands(window: MainWindow, appearance: Appearance) -> None:
    window.show_state(state())
    headline = window.findChildren(ElidedLabel)[0]
    seen = list[tuple[str, str]]()
    for theme in (Theme.LIGHT, Theme.DARK, Theme.LIGHT):
        appearance.use(theme)
        QApplication.processEvents()
        words, ground = headline.palette().color(headline.foregroundRole()), window.grab().toImage()
        seen.append((words.name(), ground.pixelColor(300, 300).name()))
    assert seen == [(each.good, each.base) for each in (LIGHT, DARK, LIGHT)]


# ---------------------------------------------------------------- keyboard and screen reader


def test_the_tab_key_reaches_every_control_and_each_has_a_name(qtbot: QtBot, window: MainWindow) -> None:
    window.show_state(state())
    window.show_settings(replace(Settings(), overlay=True))
    window.show_sources((SourceChoice("", ""),), "")
    qtbot.waitUntil(lambda: QApplication.focusWidget() is window.captions)
    reached = dict[str, QWidget]()
    for _ in range(30):
        focused = QApplication.focusWidget()
        assert focused is not None
        reached[focused.accessibleName()] = focused
        QTest.keyClick(focused, Qt.Key.Key_Tab)
    assert set(reached) == {
        *("Captions", "Latency", "Sound source", "Mute", "Stop"),
        *("Smaller text", "Larger text", "Copy", "Save", "Compare", "Settings"),
    }


def test_every_button_names_its_key_in_the_tooltip(window: MainWindow) -> None:
    window.show_state(state())
    tips = {each.accessibleName(): each.toolTip() for each in window.findChildren(QToolButton) if each.isVisible()}
    keys = {"Mute": "Ctrl+M", "Stop": "F5", "Save": "Ctrl+S", "Latency": "Ctrl+L", "Settings": "Ctrl+,"}
    assert {name: key for name, key in keys.items() if key in tips[name]} == keys
    assert "Ctrl+-" in tips["Smaller text"]
    assert "Ctrl++" in tips["Larger text"]


def test_tab_leads_through_the_window_from_above(window: MainWindow) -> None:
    window.show_state(state())
    window.show_notice("Saved.", stays=True)
    window.show_recovered("Captions were left behind.", datetime(2026, 1, 1))
    window.captions.setFocus()
    names = list[str]()
    for _ in range(16):
        QTest.keyClick(QApplication.focusWidget() or window, Qt.Key.Key_Tab)
        stop = QApplication.focusWidget()
        names.append((stop.accessibleName() or stop.property("text")) if stop is not None else "")
    below = ["Smaller text", "Larger text", "Copy", "Save", "Latency", "Compare", "Settings"]
    above = ["Sound source", "Mute", "Stop", "Close", "View", "Save…", "Delete", "Later"]
    assert names == [*below, *above, "Captions"]
