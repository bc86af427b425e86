"""The comparison window: what is compared, the ways side by side while they hear it, and what came of it.

Like the main window it is fed with values and answers with signals. Closing it ends what runs; what was done is kept
and shown when it is opened again.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QEvent, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QCloseEvent, QDragEnterEvent, QDropEvent, QFont, QKeySequence
from PySide6.QtWidgets import (
    QButtonGroup,
    QFileDialog,
    QProgressBar,
    QSizePolicy,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from captioner.ui.bars import ICON, NOTICE_MS, ElidedLabel, Message, ShrinkingBar
from captioner.ui.comparison_results import ComparisonResults
from captioner.ui.comparison_rows import ComparisonRows
from captioner.ui.comparison_setup import ComparisonSetup
from captioner.ui.comparison_view import Plan, ResultView, RunView, SetupView
from captioner.ui.theme import colours, icon, ink, mark, resize_within_screen, tabular
from captioner.ui.viewstate import Tone

_PAGES = range(3)
SETUP, ROWS, RESULTS = _PAGES
_STEPS = 1000


class ComparisonWindow(QWidget):
    """The window of a comparison; its three pages have their own values and signals."""

    start_requested = Signal()
    finish_requested = Signal()
    """The microphone was heard for long enough."""
    cancel_requested = Signal()
    """Asked a second time: at once."""
    save_requested = Signal(object)
    """The folder for the report, a `Path`."""
    closed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Window)
        self._view: RunView | None = None
        self._setup_view = SetupView((), "", "")
        self.setup, self.rows, self.results = ComparisonSetup(), ComparisonRows(), ComparisonResults()
        self._pages = QStackedWidget()
        for page in (self.setup, self.rows, self.results):
            self._pages.addWidget(page)
        self._make_bar()
        self._make_state()
        self._complaint, self._notice = Message(Tone.BAD), Message(Tone.IDLE)
        self._notice_over = QTimer(self)
        self._notice_over.setSingleShot(True)
        self._notice_over.setInterval(NOTICE_MS)
        self._notice_over.timeout.connect(partial(self._notice.show_text, ""))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for each in (self._bar, self._state, self._progress, self._complaint, self._notice):
            column.addWidget(each)
        column.addWidget(self._pages, 1)
        self.setAcceptDrops(True)
        self.setMinimumSize(640, 420)
        resize_within_screen(self, 960, 640)
        for keys, what in (("Ctrl+W", self.close), ("Ctrl+Return", self._start), ("Ctrl+Enter", self._start)):
            action = QAction(self)
            action.setShortcut(QKeySequence(keys))
            action.triggered.connect(what)
            self.addAction(action)
        self._refresh_words()
        self._refresh_colours()
        self.show_page(SETUP)
        self._bar.set_steps(
            (partial(self._icon_only, self._save), partial(self._icon_only, self._cancel), self._state_words_away)
        )

    # ------------------------------------------------------------ values in

    def show_plan(self, plan: Plan) -> None:
        """Show what is chosen."""
        self.setup.show_plan(plan)

    def show_setup(self, view: SetupView) -> None:
        """Show what the choice means, and whether it can start."""
        before, self._setup_view = self._setup_view, view
        if view != before:
            self.setup.show_setup(view)
            self._refresh_buttons()

    def show_run(self, view: RunView) -> None:
        """Show how far it is."""
        before, self._view = self._view, view
        if view == before:
            return
        self._headline.show_text(view.headline)
        self._detail.show_text(view.detail)
        self._complaint.show_text(view.complaint)
        ink(self._headline, str(view.tone))
        self._progress.setRange(0, 0 if view.running and view.progress is None else _STEPS)
        self._progress.setValue(round(_STEPS * (view.progress or 0.0)))
        self._progress.setVisible(view.running)
        if before is None or before.running != view.running:
            self.setup.show_frozen(view.running)
        if before is None or _buttons(before) != _buttons(view):
            self._refresh_buttons()
        self._state.fit()

    def show_result(self, view: ResultView | None) -> None:
        """Show what came of it."""
        self.results.show_result(view)

    def show_page(self, page: int) -> None:
        """Turn to a page: `SETUP`, `ROWS` or `RESULTS`."""
        self._pages.setCurrentIndex(page)
        self._tabs[page].setChecked(True)
        if not self._main.hasFocus() and not self._cancel.hasFocus():
            (self.setup.first, self.rows.first, self.results)[page].setFocus()

    @property
    def page(self) -> int:
        """The page that is shown."""
        return self._pages.currentIndex()

    def show_notice(self, text: str) -> None:
        """Say something for a few seconds."""
        self._notice.show_text(text)
        self._notice_over.start()

    # ------------------------------------------------------------ how it is made

    def _make_bar(self) -> None:
        self._bar = ShrinkingBar((12, 9, 12, 9), line_below=True)
        self._tabs = [QToolButton() for _ in _PAGES]
        group = QButtonGroup(self)
        for page, button in enumerate(self._tabs):
            button.setCheckable(True)
            button.setProperty("flat", True)
            button.setShortcut(QKeySequence(f"Ctrl+{page + 1}"))
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.clicked.connect(partial(self._pages.setCurrentIndex, page))
            group.addButton(button)
            self._bar.row.addWidget(button)
        self._tabs[SETUP].setChecked(True)
        self._save = self._button(self._ask_for_folder, "Ctrl+S")
        self._cancel = self._button(self.cancel_requested.emit, "Ctrl+.")
        self._main = self._button(self._start, "F5")
        self._bar.row.addStretch(1)
        for button in (self._save, self._cancel, self._main):
            self._bar.row.addWidget(button)

    def _make_state(self) -> None:
        self._state = ShrinkingBar((16, 7, 16, 7), line_below=True)
        self._headline, self._detail = ElidedLabel(), ElidedLabel()
        font = tabular(self._headline.font())
        font.setWeight(QFont.Weight.DemiBold)
        self._headline.setFont(font)
        ink(self._detail, "faint")
        self._state.row.setSpacing(14)
        self._state.row.addWidget(self._headline)
        self._state.row.addWidget(self._detail)
        self._state.row.addStretch(1)
        self._state.set_steps((self._detail.setHidden,))
        self._progress = QProgressBar()
        self._progress.setTextVisible(False)
        self._progress.setFixedHeight(4)

    @staticmethod
    def _button(what: Callable[[], object], keys: str) -> QToolButton:
        button = QToolButton()
        button.setIconSize(QSize(ICON, ICON))
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        button.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        button.setProperty("keys", keys)
        button.clicked.connect(what)
        return button

    @staticmethod
    def _icon_only(button: QToolButton, yes: bool) -> None:
        style = Qt.ToolButtonStyle
        button.setToolButtonStyle(style.ToolButtonIconOnly if yes else style.ToolButtonTextBesideIcon)

    def _state_words_away(self, yes: bool) -> None:
        self._icon_only(self._main, yes)

    # ------------------------------------------------------------ what the person does

    def _start(self) -> None:
        if self._view is not None and self._view.can_finish:
            self.finish_requested.emit()
        elif self._main.isEnabled():
            self.start_requested.emit()

    def _ask_for_folder(self) -> None:
        dialog = QFileDialog(self, self.tr("Folder for the report"))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        dialog.setLabelText(QFileDialog.DialogLabel.Accept, self.tr("Save here"))
        dialog.accepted.connect(lambda: self.save_requested.emit(Path(dialog.selectedFiles()[0])))
        dialog.open()

    @override
    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if self._dropped(event):
            event.acceptProposedAction()

    @override
    def dropEvent(self, event: QDropEvent) -> None:
        """Take files that are dropped anywhere on the window."""
        paths = self._dropped(event)
        if paths:
            event.acceptProposedAction()
            self.show_page(SETUP)
            self.setup.files_added.emit(paths)

    def _dropped(self, event: QDropEvent) -> tuple[Path, ...]:
        if self._view is not None and self._view.running:
            return ()
        return tuple(Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile())

    @override
    def closeEvent(self, event: QCloseEvent) -> None:
        event.accept()
        self.closed.emit()

    # ------------------------------------------------------------ looks

    def _refresh_buttons(self) -> None:
        view = self._view
        running, finishes = view is not None and view.running, view is not None and view.can_finish
        self._name(self._main, self.tr("Finish") if finishes else self.tr("Start"))
        self._main.setEnabled(finishes or (not running and self._setup_view.can_start))
        if not running and self._setup_view.obstacle:
            self._main.setToolTip(self._setup_view.obstacle)
        self._cancel.setEnabled(view is not None and view.can_cancel)
        self._save.setEnabled(view is not None and view.can_save)
        mark(self._main, "strong", True)
        theme = colours(self.palette())
        self._main.setIcon(icon("stop" if finishes else "play", theme.on_accent, theme.faint))
        self._bar.fit()

    def _refresh_words(self) -> None:
        self.setWindowTitle(self.tr("Comparison"))
        for button, text in zip(
            self._tabs, (self.tr("What is compared"), self.tr("Side by side"), self.tr("Results")), strict=True
        ):
            self._name(button, text)
        self._name(self._save, self.tr("Save report…"))
        self._name(self._cancel, self.tr("Cancel"))
        self._progress.setAccessibleName(self.tr("Progress"))
        self._refresh_buttons()

    @staticmethod
    def _name(button: QToolButton, text: str) -> None:
        """Name a button; its tooltip names its shortcut too, which Qt takes away with every new text."""
        keys = QKeySequence(str(button.property("keys"))) if button.property("keys") else button.shortcut()
        button.setText(text)
        button.setShortcut(keys)
        button.setAccessibleName(text)
        button.setToolTip(f"{text} ({keys.toString(QKeySequence.SequenceFormat.NativeText)})")

    def _refresh_colours(self) -> None:
        theme = colours(self.palette())
        self._save.setIcon(icon("save", theme.text, theme.line))
        self._cancel.setIcon(icon("stop-now", theme.text, theme.line))
        self._refresh_buttons()

    @override
    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._refresh_words()
        elif event.type() == QEvent.Type.PaletteChange and hasattr(self, "_progress"):
            self._refresh_colours()


def _buttons(view: RunView) -> tuple[bool, ...]:
    return view.running, view.can_finish, view.can_cancel, view.can_save
