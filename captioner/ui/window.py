"""The main window: state, source and buttons above, the captions, figures and tools below.

It is fed with values (`show_state`, `show_updates`, …) and answers with signals; it knows neither the engine nor any
device. Everything has a shortcut, which its tooltip names.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from functools import partial
from itertools import pairwise
from pathlib import Path

from PySide6.QtCore import QByteArray, QEvent, QPoint, QSize, Qt, Signal
from PySide6.QtGui import (
    QAccessible,
    QAccessibleAnnouncementEvent,
    QAction,
    QCloseEvent,
    QFont,
    QKeySequence,
    QMouseEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import QFileDialog, QLabel, QMainWindow, QMenu, QSizePolicy, QToolButton, QVBoxLayout, QWidget
from typing_extensions import override

from captioner.events import FinalShown, GapShown, InterimShown, Update, Withdrawn
from captioner.settings import Settings, option_of
from captioner.ui.bars import ICON, ElidedLabel, Message, Notices, RecoveryOffer, ShrinkingBar, tone_colour
from captioner.ui.captions import CaptionsView
from captioner.ui.meter import LevelMeter
from captioner.ui.new_version import NewVersion
from captioner.ui.overlay import LatencyOverlay
from captioner.ui.source_picker import SourceChoice, SourcePicker
from captioner.ui.theme import colours, icon, ink, mark, picture, resize_within_screen, tabular
from captioner.ui.viewstate import Icon, LatencyRow, Tone, ViewState

_LOW = 400
"""Height in pixels below which messages are cut, so that captions keep the room."""

_FONT_SIZE = option_of(next(each for each in fields(Settings) if each.name == "font_size"))
_SMALLEST, _LARGEST = int(_FONT_SIZE.low or 1), int(_FONT_SIZE.high or 100)
_SOURCE_WIDTHS = (250, 130, 64)
_SUFFIXES = {"text": ".txt", "srt": ".srt", "vtt": ".vtt", "jsonl": ".jsonl"}


@dataclass(frozen=True, slots=True)
class _Tool:
    """An action with its button."""

    action: QAction
    button: QToolButton
    sign: str


class _Once(QToolButton):
    """A button that changes what it does: a double click, a habit of many, does it once and not both."""

    @override
    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        event.accept()


class MainWindow(QMainWindow):
    """The window of one lane."""

    start_requested = Signal()
    stop_requested = Signal()
    stop_now_requested = Signal()
    mute_requested = Signal(bool)
    source_chosen = Signal(str)
    devices_wanted = Signal()
    """The source picker is about to be opened."""
    settings_changed = Signal(object)
    """`Settings`, whole, after the person changed something in the window itself."""
    settings_requested = Signal()
    """The person wants the settings dialog."""
    comparison_requested = Signal()
    """The person wants the comparison window."""
    save_requested = Signal(str, object)
    """Format ("text", "srt", "vtt", "jsonl") and `Path`."""
    recovered_view_requested = Signal()
    recovered_save_requested = Signal(str, object)
    """As `save_requested`, of the captions that are offered."""
    recovered_delete_requested = Signal()
    recovered_later_requested = Signal()
    release_page_requested = Signal()
    """The person wants to see the page of the new version."""
    release_dismissed = Signal()
    """The person has seen that there is a new version."""
    close_requested = Signal()
    painted = Signal(object)
    """`Painted`, as of `CaptionsView.painted`."""

    def __init__(self) -> None:
        super().__init__()
        self._state: ViewState | None = None
        self._settings = Settings()
        self._placed = self._closing = self._may_close = False
        self._started_at: datetime | None = None
        self._offered_at: datetime | None = None
        self._said = ""
        self.captions = CaptionsView()
        self.overlay = LatencyOverlay(self.captions)

        self._make_top()
        self._make_foot()
        self._banner = Message(Tone.BUSY)
        self._detail = Message(Tone.WARN)
        self._notices = Notices()
        self._offer = RecoveryOffer()
        self._offer.view_requested.connect(self.recovered_view_requested)
        self._offer.save_requested.connect(
            lambda: self._ask_for_file("text", self._offered_at, self.recovered_save_requested.emit)
        )
        self._offer.delete_requested.connect(self.recovered_delete_requested)
        self._offer.later_requested.connect(self.recovered_later_requested)
        self._release = NewVersion()
        self._release.page_requested.connect(self.release_page_requested)
        self._release.dismissed.connect(self.release_dismissed)
        centre = QWidget()
        column = QVBoxLayout(centre)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for each in (self._top, self._banner, self._detail, self._notices, self._offer, self._release):
            column.addWidget(each)
        column.addWidget(self.captions, 1)
        column.addWidget(self._foot)
        self.setCentralWidget(centre)
        self.setMinimumSize(380, 240)
        resize_within_screen(self, 960, 640)

        self.captions.painted.connect(self.painted)
        self.captions.font_step_requested.connect(self._step_font)
        self.overlay.placed.connect(self._on_overlay_placed)
        self._make_shortcuts()
        self._refresh_words()
        self._refresh_colours()
        self._top.set_steps(
            (
                self._mode.setHidden,
                partial(self._icon_only, self._mute),
                partial(self._narrow_source, _SOURCE_WIDTHS[1]),
                partial(self._icon_only, self._main),
                self._elapsed.setHidden,
                partial(self._narrow_source, _SOURCE_WIDTHS[2]),
                self._meter.setHidden,
                self._source.setHidden,
            )
        )
        self._foot.set_steps(
            (
                partial(self._icon_only, self._compare),
                partial(self._icon_only, self._latency),
                partial(self._icon_only, self._preferences),
                partial(self._icon_only, self._save),
                partial(self._icon_only, self._copy),
            )
        )
        self._order_tabs()
        self.captions.setFocus()

    # ------------------------------------------------------------ values in

    def begin(self, started_at: datetime) -> None:
        """Start a new lane below the captions that are there.

        Args:
            started_at: wall-clock time of its first sample.
        """
        self._started_at = started_at
        self.captions.begin(started_at)

    def show_state(self, state: ViewState) -> None:
        """Show how the lane is."""
        before, self._state = self._state, state
        self._meter.show_level(state.meter, no_signal=state.no_signal, active=state.can_mute and not state.muted)
        if state == before:
            return
        self._headline.show_text(state.headline)
        self._elapsed.setText(state.elapsed)
        self._mode.setText(state.mode)
        self._banner.show_text(state.banner)
        self._detail.show_text(state.detail, state.tone if state.tone in (Tone.WARN, Tone.BAD) else Tone.BUSY)
        self._figures.show_text(state.foot)
        self._mute.action.setEnabled(state.can_mute)
        self._mute.action.setChecked(state.muted)
        if before is None or _looks(before) != _looks(state):
            self._refresh_state()
        if before is None or len(state.headline) != len(before.headline) or len(state.foot) != len(before.foot):
            self._top.fit()
            self._foot.fit()

    def show_updates(self, updates: Sequence[Update]) -> None:
        """Show what changed in the captions; updates of other kinds are not the captions' business."""
        mine = [each for each in updates if isinstance(each, InterimShown | FinalShown | Withdrawn | GapShown)]
        if mine:
            self.captions.show_updates(mine)
            self._save.button.setEnabled(True)

    def show_latency(self, rows: Sequence[LatencyRow], note: str = "") -> None:
        """Show the delays of the stages, and a line about them."""
        self.overlay.show_latency(rows, note)

    def show_sources(self, sources: Sequence[SourceChoice], current: str) -> None:
        """Show what can be listened to, and what is."""
        self._source.show_sources(sources, current)

    def show_settings(self, settings: Settings) -> None:
        """Use the settings that concern the window itself; language and theme are the application's."""
        self._settings = settings
        self.captions.set_font_size(settings.font_size)
        self.captions.set_interims(settings.interims)
        self.overlay.set_place(QPoint(*settings.overlay_place) if settings.overlay_place else None)
        self._latency.action.setChecked(settings.overlay)
        self.overlay.setVisible(settings.overlay)
        self._smaller.action.setEnabled(settings.font_size > _SMALLEST)
        self._larger.action.setEnabled(settings.font_size < _LARGEST)
        if not self._placed:
            self._placed = True
            if settings.window_geometry:
                self.restoreGeometry(QByteArray.fromBase64(settings.window_geometry.encode("ascii", "replace")))

    def show_notice(self, text: str, *, stays: bool = False) -> None:
        """Say something for a few seconds, for instance where a file was saved.

        Args:
            text: for people.
            stays: until the person closes it, for instance where a file could not be saved.
        """
        self._notices.say(text, stays=stays)
        self._announce(text)

    def show_recovered(self, text: str, started_at: datetime | None) -> None:
        """Offer captions that a crash has left behind; an empty text takes the offer away.

        Args:
            text: what is offered.
            started_at: wall-clock time of their first sample.
        """
        self._offered_at = started_at
        self._offer.show_text(text)
        self._announce(text)

    def show_release(self, text: str, url: str) -> None:
        """Say quietly that there is a new version, and where its page is; an empty text takes that away."""
        self._release.show_text(text, url)

    def allow_close(self) -> None:
        """Close without further questions: everything behind the window has ended."""
        self._may_close = True
        self.close()

    # ------------------------------------------------------------ how it is made

    def _make_top(self) -> None:
        self._top = ShrinkingBar((16, 9, 12, 9), line_below=True)
        self._sign = QLabel()
        self._sign.setFixedSize(ICON + 4, ICON + 4)
        self._headline, self._elapsed, self._mode = ElidedLabel(), QLabel(), QLabel()
        self._headline.setFont(_weighted(self._headline.font(), QFont.Weight.DemiBold))
        self._elapsed.setFont(tabular(self._elapsed.font()))
        ink(self._elapsed, "faint")
        ink(self._mode, "faint")
        self._source, self._meter = SourcePicker(), LevelMeter()
        self._source.setMaximumWidth(300)
        self._source.source_chosen.connect(self.source_chosen)
        self._source.devices_wanted.connect(self.devices_wanted)
        self._mute = self._tool("microphone", self._on_mute, "Ctrl+M", checkable=True, once=True)
        self._main = self._tool("play", self._on_main, "F5", "Ctrl+Return", "Ctrl+Enter", once=True)
        row = self._top.row
        for widget in (self._sign, self._headline, self._elapsed):
            row.addWidget(widget)
        row.addStretch(1)
        row.addWidget(self._source, 2)
        row.addWidget(self._meter)
        row.addWidget(self._mode)
        row.addSpacing(4)
        row.addWidget(self._mute.button)
        row.addWidget(self._main.button)

    def _make_foot(self) -> None:
        self._foot = ShrinkingBar((10, 6, 16, 6), line_below=False)
        self._foot.row.setSpacing(2)
        self._smaller = self._tool("text-smaller", partial(self._step_font, -1), "Ctrl+-", flat=True)
        self._larger = self._tool("text-larger", partial(self._step_font, 1), "Ctrl++", "Ctrl+=", flat=True)
        self._copy = self._tool("copy", self.captions.copy_text, flat=True)
        self._save = self._tool("save", partial(self._ask_to_save, "text"), "Ctrl+S", flat=True)
        self._latency = self._tool("latency", self._on_latency, "Ctrl+L", checkable=True, flat=True)
        self._compare = self._tool("compare", self.comparison_requested.emit, "Ctrl+Shift+K", flat=True)
        self._preferences = self._tool("settings", self.settings_requested.emit, "Ctrl+,", flat=True)
        self._foot_tools = (
            *(self._smaller, self._larger, self._copy, self._save),
            *(self._latency, self._compare, self._preferences),
        )
        self._save_menu = QMenu(self)
        self._formats = {name: self._save_menu.addAction("", partial(self._ask_to_save, name)) for name in _SUFFIXES}
        self._save.button.setMenu(self._save_menu)
        self._save.button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._save.button.setProperty("menu", True)
        self._figures = ElidedLabel()
        self._figures.setAlignment(Qt.AlignmentFlag.AlignRight)
        self._figures.setFont(tabular(self._figures.font()))
        row = self._foot.row
        for tool in (self._smaller, self._larger):
            tool.button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)
        for tool in self._foot_tools:
            row.addWidget(tool.button)
        row.addSpacing(10)
        row.addStretch(1)
        row.addWidget(self._figures, 1000)

    def _tool(
        self,
        sign: str,
        what: Callable[..., object],
        *shortcuts: str,
        checkable: bool = False,
        flat: bool = False,
        once: bool = False,
    ) -> _Tool:
        action, button = QAction(self), _Once() if once else QToolButton()
        action.setAutoRepeat(not once)
        action.setCheckable(checkable)
        action.setShortcuts([QKeySequence(each) for each in shortcuts])
        action.triggered.connect(what)
        self.addAction(action)
        button.setDefaultAction(action)
        button.setIconSize(QSize(ICON, ICON))
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # a click leaves the keys with the captions
        button.setProperty("flat", flat)
        button.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        return _Tool(action, button, sign)

    def _make_shortcuts(self) -> None:
        for keys, what in (
            ("Ctrl+0", partial(self._set_font, Settings().font_size)),
            ("Ctrl+Shift+L", self.captions.copy_last),
            ("Ctrl+End", self.captions.follow),
            ("Esc", self._notices.dismiss),
            ("Ctrl+Q", self.close),
        ):
            action = QAction(self)
            action.setShortcut(QKeySequence(keys))
            action.triggered.connect(what)
            self.addAction(action)

    def _order_tabs(self) -> None:
        """Lead the Tab key through the window as it is read, from above."""
        stops = list[QWidget]()
        for part in (self._top, self._notices, self._offer, self._release):
            mine = (each for each in part.findChildren(QWidget) if each.window() is self)  # a list that pops up is not
            stops += [each for each in mine if each.focusPolicy() & Qt.FocusPolicy.TabFocus]
        stops += [self.captions, *(tool.button for tool in self._foot_tools)]
        for before, after in pairwise(stops):
            self.setTabOrder(before, after)

    @staticmethod
    def _icon_only(tool: _Tool, yes: bool) -> None:
        style = Qt.ToolButtonStyle
        tool.button.setToolButtonStyle(style.ToolButtonIconOnly if yes else style.ToolButtonTextBesideIcon)

    def _narrow_source(self, width: int, yes: bool) -> None:
        if yes or width == _SOURCE_WIDTHS[1]:  # undoing the second step leaves the first to say
            self._source.set_natural_width(width if yes else _SOURCE_WIDTHS[0])

    # ------------------------------------------------------------ what the person does

    def _on_main(self) -> None:
        if self._state is None or self._state.can_start:
            self.start_requested.emit()
        elif self._state.can_stop:
            self.stop_requested.emit()
        elif self._state.can_stop_now:
            self.stop_now_requested.emit()

    def _on_mute(self, on: bool) -> None:
        self._refresh_state()
        self.mute_requested.emit(on)

    def _on_latency(self, on: bool) -> None:
        self._change(replace(self._settings, overlay=on))

    def _on_overlay_placed(self, place: QPoint) -> None:
        self._change(replace(self._settings, overlay_place=(place.x(), place.y())))

    def _step_font(self, step: int) -> None:
        self._set_font(self._settings.font_size + step)

    def _set_font(self, points: int) -> None:
        self._change(replace(self._settings, font_size=min(max(points, _SMALLEST), _LARGEST)))

    def _change(self, settings: Settings) -> None:
        if settings != self._settings:
            self.show_settings(settings)
            self.settings_changed.emit(settings)

    def _ask_to_save(self, chosen: str) -> None:
        self._ask_for_file(chosen, self._started_at, self.save_requested.emit)

    def _ask_for_file(self, chosen: str, started_at: datetime | None, then: Callable[[str, Path], object]) -> None:
        dialog = QFileDialog(self, self.tr("Save captions"))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        for label, words in (  # what Qt's own Korean leaves out; a system's own dialog has its own words
            (QFileDialog.DialogLabel.LookIn, self.tr("Folder:")),
            (QFileDialog.DialogLabel.FileType, self.tr("Format:")),
        ):
            dialog.setLabelText(label, words)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        filters = {name: f"{self._format_name(name)} (*{suffix})" for name, suffix in _SUFFIXES.items()}
        dialog.setNameFilters(list(filters.values()))
        dialog.filterSelected.connect(
            lambda text: dialog.setDefaultSuffix(next(_SUFFIXES[n] for n in filters if filters[n] == text))
        )
        dialog.selectNameFilter(filters[chosen])
        dialog.setDefaultSuffix(_SUFFIXES[chosen])
        name = self.tr("Captions")
        dialog.selectFile(f"{name} {started_at:%Y-%m-%d %H%M}" if started_at else name)

        def save() -> None:
            path = Path(dialog.selectedFiles()[0])
            selected = next((n for n in filters if filters[n] == dialog.selectedNameFilter()), chosen)
            named = next((n for n, suffix in _SUFFIXES.items() if suffix == path.suffix.lower()), selected)
            then(named, path)

        dialog.accepted.connect(save)
        dialog.open()

    @override
    def closeEvent(self, event: QCloseEvent) -> None:
        """Ask for an orderly end; asked a second time, for a quick one."""
        if self._may_close:
            event.accept()
            return
        event.ignore()
        if self._closing:
            self.stop_now_requested.emit()
            return
        self._closing = True
        geometry = bytes(self.saveGeometry().toBase64().data()).decode("ascii")
        self._change(replace(self._settings, window_geometry=geometry))
        self.close_requested.emit()

    # ------------------------------------------------------------ looks

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        low = event.size().height() < _LOW
        self._banner.set_lines(1 if low else 0)
        self._detail.set_lines(2 if low else 0)
        self._notices.set_lines(1 if low else 0)

    @override
    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._refresh_words()
            self._top.fit()
            self._foot.fit()
        elif event.type() == QEvent.Type.PaletteChange and hasattr(self, "_figures"):
            self._refresh_colours()

    def _refresh_words(self) -> None:
        self.setWindowTitle(self.tr("Captioner"))
        for tool, text, tip in (
            (self._smaller, self.tr("Smaller text"), ""),
            (self._larger, self.tr("Larger text"), ""),
            (self._copy, self.tr("Copy"), self.tr("Copy the selection, or all captions")),
            (self._save, self.tr("Save"), self.tr("Save the captions")),
            (self._latency, self.tr("Latency"), self.tr("Show the latency of every stage")),
            (self._compare, self.tr("Compare"), self.tr("Compare ways from speech to text")),
            (self._preferences, self.tr("Settings"), ""),
        ):
            self._name(tool, text, tip)
        for name, action in self._formats.items():
            action.setText(self._format_name(name))
        self._sign.setAccessibleName(self.tr("State"))
        self._elapsed.setAccessibleName(self.tr("Elapsed time"))
        self._refresh_state()

    def _format_name(self, name: str) -> str:
        return {
            "text": self.tr("Text (TXT)"),
            "srt": self.tr("Subtitles (SRT)"),
            "vtt": self.tr("Web subtitles (VTT)"),
            "jsonl": self.tr("Data (JSON lines)"),
        }[name]

    @staticmethod
    def _name(tool: _Tool, text: str, tip: str = "") -> None:
        """Name an action; its tooltip names its first shortcut too."""
        tool.action.setText(text)
        keys = tool.action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
        tool.action.setToolTip(f"{tip or text} ({keys})" if keys else tip or text)
        tool.button.setAccessibleName(text)

    def _refresh_state(self) -> None:
        """Draw what depends on the state's kind: its sign and colour, and what the buttons do now."""
        state, palette = self._state, self.palette()
        tone = state.tone if state else Tone.IDLE
        name, colour = state.icon if state else Icon.READY, tone_colour(tone, palette)
        self._sign.setPixmap(picture(name, colour, self._sign.width(), self.devicePixelRatioF()))
        ink(self._headline, str(tone))
        ink(self._figures, "bad" if state and state.lossy else "idle")
        muted = self._mute.action.isChecked()
        self._name(self._mute, self.tr("Unmute") if muted else self.tr("Mute"))
        if state is None or state.can_start:
            what, words = "play", self.tr("Start")
        elif state.can_stop_now:
            what, words = "stop-now", self.tr("Stop now")
        else:
            what, words = "stop", self.tr("Stop")
        self._name(self._main, words)
        self._main.action.setEnabled(state is None or state.can_start or state.can_stop or state.can_stop_now)
        theme, strong = colours(palette), state is None or state.can_start
        self._main.action.setIcon(icon(what, theme.on_accent if strong else theme.text, theme.faint))
        self._mute.action.setIcon(icon("muted" if muted else "microphone", theme.text, theme.faint))
        mark(self._main.button, "strong", strong)
        if state is not None and state.icon != self._said:
            self._said = state.icon
            self._announce(f"{state.headline}. {state.detail}" if state.detail else state.headline)

    def _refresh_colours(self) -> None:
        theme = colours(self.palette())
        for tool in self._foot_tools:
            tool.action.setIcon(icon(tool.sign, theme.text, theme.line))
        self._refresh_state()

    def _announce(self, text: str) -> None:
        if QAccessible.isActive() and text:
            QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, text))


def _looks(state: ViewState) -> tuple[object, ...]:
    """Return what of a state changes signs and colours, not only words."""
    return (
        state.tone,
        state.icon,
        state.lossy,
        state.muted,
        state.can_start,
        state.can_stop,
        state.can_stop_now,
        state.can_mute,
    )


def _weighted(font: QFont, weight: QFont.Weight) -> QFont:
    result = QFont(font)
    result.setWeight(weight)
    return result
