"""The page of the comparison on which is chosen: what is heard, by which ways, and who recognises it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QColor, QFont, QKeySequence
from PySide6.QtWidgets import (
    QButtonGroup,
    QCheckBox,
    QComboBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QRadioButton,
    QScrollArea,
    QSpinBox,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from captioner.compare.outcome import Way
from captioner.compare.wording import way_name, way_story
from captioner.ui.bars import Message
from captioner.ui.comparison_view import MOST_REPEATS, PROFILES, Plan, SetupView
from captioner.ui.source_picker import SourceChoice, SourcePicker
from captioner.ui.theme import colours, ink
from captioner.ui.translation import installed_sentences
from captioner.ui.viewstate import Tone


class ComparisonSetup(QWidget):
    """Shows what is chosen, and says what the person chooses instead."""

    plan_changed = Signal(object)
    """`Plan`, whole."""
    files_added = Signal(object)
    """Paths, as a tuple: recordings, and references that are named like them."""
    file_removed = Signal(int)
    reference_chosen = Signal(int, object)
    """A file's place in the list, and the path of its reference; None: it has none any more."""
    devices_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._plan = Plan()
        self._view = SetupView((), "", "")
        self._frozen = False
        self._sound_title, self._ways_title, self._service_title = QLabel(), QLabel(), QLabel()
        for label in (self._sound_title, self._ways_title, self._service_title):
            font = QFont(label.font())
            font.setWeight(QFont.Weight.DemiBold)
            label.setFont(font)
        self._cost, self._obstacle = Message(Tone.IDLE), Message(Tone.WARN)
        upper = QHBoxLayout()
        upper.setContentsMargins(20, 16, 20, 12)
        upper.setSpacing(28)
        upper.addLayout(self._make_sound(), 5)
        upper.addLayout(self._make_ways(), 4)
        inner = QWidget()
        inner.setLayout(upper)
        area = QScrollArea()
        area.setWidget(inner)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # it scrolls to what has the keyboard
        area.setWidgetResizable(True)
        area.setFrameShape(QScrollArea.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(area, 1)
        column.addWidget(self._cost)
        column.addWidget(self._obstacle)
        self._refresh_words()
        self.show_plan(self._plan)
        self.show_setup(self._view)

    @property
    def first(self) -> QWidget:
        """What has the keyboard when the page is turned to."""
        return self._picker if self._plan.live else self._add

    # ------------------------------------------------------------ values in

    def show_plan(self, plan: Plan) -> None:
        """Show what is chosen."""
        self._plan = plan
        (self._microphone if plan.live else self._recordings).setChecked(True)
        self._sounds.setCurrentIndex(1 if plan.live else 0)
        self._picker.show_sources(self._picker.choices, plan.device)
        self._per_channel.setChecked(plan.per_channel)
        self._repeats.setValue(plan.repeats)
        for way, tick in self._ways.items():
            tick.setChecked(way in plan.ways)
        self._service.setCurrentIndex(self._service.findData(plan.profile))

    def show_setup(self, view: SetupView) -> None:
        """Show the files, what the choice means, and what stands in the way of the start."""
        files, self._view = self._view.files, view
        if view.files != files or self._files.count() != len(view.files):
            self._refresh_files()
        self._cost.show_text(view.cost)
        self._obstacle.show_text(view.obstacle)

    def show_devices(self, devices: Sequence[SourceChoice]) -> None:
        """Show which microphones there are."""
        self._picker.show_sources(devices, self._plan.device)

    def show_frozen(self, frozen: bool) -> None:
        """Let nothing be changed while a comparison runs, or everything again."""
        self._frozen = frozen
        for widget in (
            *(self._recordings, self._microphone, self._sounds, self._service),
            *self._ways.values(),
        ):
            widget.setEnabled(not frozen)

    # ------------------------------------------------------------ what the person does

    def ask_for_files(self) -> None:
        """Let the person pick recordings, and references that are named like them."""
        if self._frozen:
            return
        sound = self.tr("Recordings and references")
        every = self.tr("All files")
        filters = f"{sound} (*.wav *.flac *.ogg *.mp3 *.aiff *.txt *.json *.jsonl *.srt);;{every} (*)"
        dialog = self._dialog(self.tr("Add recordings"), filters)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
        dialog.accepted.connect(lambda: self.files_added.emit(tuple(map(Path, dialog.selectedFiles()))))
        dialog.open()

    def _ask_for_reference(self) -> None:
        row = self._files.currentRow()
        if self._view.files[row].has_reference:
            self.reference_chosen.emit(row, None)
            return
        references, every = self.tr("References"), self.tr("All files")
        dialog = self._dialog(self.tr("What is said in it"), f"{references} (*.txt *.json *.jsonl *.srt);;{every} (*)")
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.accepted.connect(lambda: self.reference_chosen.emit(row, Path(dialog.selectedFiles()[0])))
        dialog.open()

    def _dialog(self, title: str, filters: str) -> QFileDialog:
        dialog = QFileDialog(self, title)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setNameFilters(filters.split(";;"))
        return dialog

    def _on_change(self) -> None:
        plan = replace(
            self._plan,
            live=self._microphone.isChecked(),
            device=self._picker.current_source,
            ways=tuple(way for way, tick in self._ways.items() if tick.isChecked()),
            repeats=self._repeats.value(),
            per_channel=self._per_channel.isChecked(),
            profile=str(self._service.currentData()),
        )
        if plan != self._plan:
            self.show_plan(plan)
            self.plan_changed.emit(plan)

    def _on_remove(self) -> None:
        self.file_removed.emit(self._files.currentRow())

    # ------------------------------------------------------------ how it is made

    def _make_sound(self) -> QVBoxLayout:
        self._recordings, self._microphone = QRadioButton(), QRadioButton()
        group = QButtonGroup(self)
        for each in (self._recordings, self._microphone):
            group.addButton(each)
            each.clicked.connect(self._on_change)
        self._files = QListWidget()
        self._files.setProperty("framed", True)
        self._files.setWordWrap(True)
        self._files.setMinimumHeight(120)
        self._files.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._files.currentRowChanged.connect(self._refresh_buttons)
        self._add, self._reference, self._remove = QPushButton(), QPushButton(), QPushButton()
        self._add.setShortcut(QKeySequence("Ctrl+O"))
        self._add.clicked.connect(self.ask_for_files)
        self._reference.clicked.connect(self._ask_for_reference)
        self._remove.clicked.connect(self._on_remove)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        for button in (self._add, self._reference, self._remove):
            buttons.addWidget(button)
        buttons.addStretch(1)
        self._per_channel, self._repeats, self._repeats_label = QCheckBox(), QSpinBox(), QLabel()
        self._per_channel.clicked.connect(self._on_change)
        self._repeats.setRange(1, MOST_REPEATS)
        self._repeats.valueChanged.connect(self._on_change)
        self._repeats_label.setBuddy(self._repeats)
        options = QHBoxLayout()
        options.setSpacing(8)
        options.addWidget(self._per_channel)
        options.addStretch(1)
        options.addWidget(self._repeats_label)
        options.addWidget(self._repeats)
        files, microphone = QWidget(), QWidget()
        column = QVBoxLayout(files)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(10)
        column.addWidget(self._files, 1)
        column.addLayout(buttons)
        column.addLayout(options)
        self._picker = SourcePicker(labelled=True)
        self._picker.source_chosen.connect(self._on_change)
        self._picker.devices_wanted.connect(self.devices_wanted)
        other = QVBoxLayout(microphone)
        other.setContentsMargins(0, 0, 0, 0)
        other.addWidget(self._picker)
        other.addStretch(1)
        self._sounds = QStackedWidget()
        self._sounds.addWidget(files)
        self._sounds.addWidget(microphone)
        choice = QHBoxLayout()
        choice.setSpacing(18)
        choice.addWidget(self._recordings)
        choice.addWidget(self._microphone)
        choice.addStretch(1)
        whole = QVBoxLayout()
        whole.setSpacing(10)
        whole.addWidget(self._sound_title)
        whole.addLayout(choice)
        whole.addWidget(self._sounds, 1)
        return whole

    def _make_ways(self) -> QVBoxLayout:
        column = QVBoxLayout()
        column.setSpacing(3)
        column.addWidget(self._ways_title)
        column.addSpacing(5)
        self._ways: dict[Way, QCheckBox] = {}
        self._stories: dict[Way, QLabel] = {}
        for way in Way:
            tick, story = QCheckBox(), QLabel()
            tick.clicked.connect(self._on_change)
            story.setWordWrap(True)
            story.setIndent(26)
            ink(story, "faint")
            column.addWidget(tick)
            column.addWidget(story)
            column.addSpacing(5)
            self._ways[way], self._stories[way] = tick, story
        self._service = QComboBox()
        for profile in ("", *PROFILES):
            self._service.addItem("", profile)
        self._service.activated.connect(self._on_change)
        self._service_title.setBuddy(self._service)
        column.addStretch(1)
        column.addWidget(self._service_title)
        column.addSpacing(4)
        column.addWidget(self._service)
        return column

    # ------------------------------------------------------------ looks

    def _refresh_files(self) -> None:
        chosen, theme = self._files.currentRow(), colours(self.palette())
        self._files.clear()
        for line in self._view.files:
            item = QListWidgetItem(f"{line.name}\n{line.detail}")
            item.setToolTip(line.path)
            if line.bad:
                item.setForeground(QColor(theme.bad))
            self._files.addItem(item)
        self._files.setCurrentRow(min(max(chosen, 0), self._files.count() - 1))
        self._refresh_buttons()

    def _refresh_buttons(self) -> None:
        row = self._files.currentRow()
        chosen = 0 <= row < len(self._view.files)
        self._remove.setEnabled(chosen)
        self._reference.setEnabled(chosen)
        has = chosen and self._view.files[row].has_reference
        self._reference.setText(self.tr("Without reference") if has else self.tr("Reference…"))

    def _refresh_words(self) -> None:
        say = installed_sentences()
        self._sound_title.setText(self.tr("What is heard"))
        self._ways_title.setText(self.tr("Ways from speech to text"))
        self._service_title.setText(self.tr("Who recognises"))
        self._recordings.setText(self.tr("Recordings"))
        self._microphone.setText(self.tr("Microphone"))
        self._files.setAccessibleName(self.tr("Recordings"))
        self._picker.setAccessibleName(self.tr("Microphone"))
        self._add.setText(self.tr("Add…"))
        self._add.setToolTip(
            self.tr("Recordings, and references that are named like them; they can be dropped here too")
        )
        self._add.setShortcut(QKeySequence("Ctrl+O"))  # which goes with the text
        self._remove.setText(self.tr("Remove"))
        self._per_channel.setText(self.tr("Each channel by itself"))
        self._repeats_label.setText(self.tr("Runs"))
        self._repeats.setAccessibleName(self.tr("Runs"))
        for way in Way:
            self._ways[way].setText(way_name(way, say))
            self._ways[way].setAccessibleDescription(way_story(way, say))
            self._stories[way].setText(way_story(way, say))
        self._service.setAccessibleName(self.tr("Who recognises"))
        self._service.setItemText(0, self.tr("RTZR, the real service"))
        for at, profile in enumerate(PROFILES, 1):
            self._service.setItemText(at, self.tr("Emulator on this computer: {profile}").format(profile=profile))
        self._refresh_buttons()

    @override
    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._refresh_words()
        elif event.type() == QEvent.Type.PaletteChange and hasattr(self, "_service"):
            self._refresh_files()
