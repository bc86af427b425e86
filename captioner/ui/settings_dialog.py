"""The settings dialog, made from the fields of `Settings`: a new option needs no line here.

Every value is checked while it is typed, by the very rules that the settings themselves have, and the reason stands
beneath the field in the person's language. Nothing is applied while something is wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import Field, dataclass, fields, replace
from enum import StrEnum
from typing import Any

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QDoubleSpinBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QPlainTextEdit,
    QPushButton,
    QScrollArea,
    QSpinBox,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from captioner.names import mode_name
from captioner.policy import Policy
from captioner.settings import (
    Domain,
    Interims,
    Language,
    Mode,
    Model,
    Section,
    SettingError,
    Settings,
    Theme,
    check,
    option_of,
)
from captioner.ui.account import AccountForm
from captioner.ui.bars import Button
from captioner.ui.meter import LevelMeter
from captioner.ui.source_picker import SourceChoice, SourcePicker
from captioner.ui.theme import ink, mark, resize_within_screen
from captioner.ui.translation import installed_sentences
from captioner.ui.viewstate import ViewState, setting_sentence

_FAR = 10  # numbers far out of bounds can be typed, so that the sentence can say what the bounds are


@dataclass(frozen=True, slots=True)
class _Editor:
    """A widget that edits a value of some type."""

    widget: QWidget
    get: Callable[[], Any]
    put: Callable[[Any], None]


class _Option(QObject):
    """One setting: its name, its editor, what it means, and what is wrong with it."""

    edited = Signal()

    def __init__(self, field: Field[Any], value: Any, parent: QWidget) -> None:
        super().__init__(parent)
        self.field, self.option = field, option_of(field)
        self._shown = value
        self._locked = self._limited = False  # by the company's policy
        self._lent = False  # by the environment
        self.error: SettingError | None = None
        self.row = QWidget(parent)
        self.note, self.later = QLabel(self.row), QLabel(self.row)
        for label in (self.note, self.later):
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)
        ink(self.later, "busy")
        self.editor = self._make_editor(value)
        self.editor.put(value)
        widget = self.editor.widget
        # A check box is its own label.
        self.label = widget if isinstance(widget, QCheckBox) else QLabel(self.row)

        column = QVBoxLayout(self.row)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.label)
        if isinstance(self.label, QLabel):
            self.label.setBuddy(widget)
            line = QHBoxLayout()
            line.addWidget(widget, 1)
            if isinstance(widget, QComboBox | QSpinBox | QDoubleSpinBox):
                widget.setMinimumWidth(200)
                line.addStretch(1)
            column.addLayout(line)
        column.addWidget(self.note)
        column.addWidget(self.later)
        self.refresh_words()

    @property
    def name(self) -> str:
        return self.field.name

    @property
    def value(self) -> Any:
        return self.editor.get()

    @property
    def changed(self) -> bool:
        return bool(self.value != self._shown)

    def show_value(self, value: Any) -> None:
        """Show the value in use, unless the person is just changing it to another one."""
        if not self.changed:
            self._shown = value
            self.editor.put(value)
        else:
            self._shown = value
        self.refresh_words()

    def forget_change(self) -> None:
        """Show the value in use, whatever the person was changing it to."""
        self.editor.put(self._shown)

    def show_policy(self, policy: Policy) -> None:
        """Show what the company has settled: a value that stays, or fewer to choose from."""
        widget = self.editor.widget
        if self.name in policy.locked:
            self._locked, self._lent = True, self.name in policy.kept
            widget.setEnabled(False)
        elif self.name == "mode" and isinstance(widget, QComboBox) and set(policy.modes) != set(Mode):
            self._limited = True
            mine = self.changed
            for at in reversed(range(widget.count())):
                if widget.itemData(at) not in policy.modes:
                    widget.removeItem(at)
            if not mine:
                self._shown = self.value  # another one took the place of one that went
        self.refresh_words()

    def show_error(self, error: SettingError | None) -> None:
        """Say what is wrong, or that nothing is."""
        self.error = error
        self.refresh_words()

    def refresh_words(self) -> None:
        widget = self.editor.widget
        name = self.tr(self.option.label)
        self.label.setText(name)
        widget.setAccessibleName(name)
        if isinstance(widget, QComboBox) and not isinstance(widget, SourcePicker):
            for at in range(widget.count()):
                widget.setItemText(at, _choice(widget.itemData(at), self))
        words = setting_sentence(self.error, installed_sentences()) if self.error else self.tr(self.option.help)
        if self._lent:
            words = f"{self.tr('Set by RTZR_ENDPOINT until the program ends.')} {words}"
        elif self._locked:
            words = f"{self.tr('Set by your company.')} {words}"
        elif self._limited:
            words = f"{self.tr('Your company allows only these.')} {words}"
        self.note.setText(words)
        widget.setAccessibleDescription(words)
        ink(self.note, "bad" if self.error else "faint")
        self.later.setText(self.tr("A change applies at the next pause, with a new connection."))
        self.later.setVisible(self.option.reconnects and self.changed and self.error is None)
        mark(widget, "wrong", self.error is not None)

    def _make_editor(self, value: Any) -> _Editor:
        """Choose a widget by the type of the value."""
        option = self.option
        if self.name == "device":
            picker = SourcePicker(labelled=True)
            picker.source_chosen.connect(self.edited)
            return _Editor(picker, lambda: picker.current_source, lambda new: picker.show_sources(picker.choices, new))
        if isinstance(value, StrEnum):
            combo = _Combo()
            for each in type(value):
                combo.addItem("", each)
            combo.currentIndexChanged.connect(self.edited)
            kind = type(value)  # Qt hands the member back as a plain string
            return _Editor(
                combo, lambda: kind(combo.currentData()), lambda new: combo.setCurrentIndex(combo.findData(new))
            )
        if isinstance(value, bool):
            tick = QCheckBox()
            tick.toggled.connect(self.edited)
            return _Editor(tick, tick.isChecked, tick.setChecked)
        if isinstance(value, int):
            number = _Spin()
            number.setRange(0, int(option.high or 1000) * _FAR)
            number.setSingleStep(int(option.step or 1))
            number.setSuffix(f" {option.unit}" if option.unit else "")
            number.valueChanged.connect(self.edited)
            return _Editor(number, number.value, number.setValue)
        if isinstance(value, float):
            decimal = _DoubleSpin()
            decimal.setDecimals(2)
            decimal.setRange(0.0, (option.high or 1000.0) * _FAR)
            decimal.setSingleStep(option.step or 0.1)
            decimal.setSuffix(f" {option.unit}" if option.unit else "")
            decimal.valueChanged.connect(self.edited)
            return _Editor(decimal, lambda: round(decimal.value(), 2), decimal.setValue)
        if isinstance(value, tuple):
            words = QPlainTextEdit()
            words.setProperty("framed", True)
            words.setTabChangesFocus(True)
            words.setFixedHeight(words.fontMetrics().lineSpacing() * 5 + 16)
            words.textChanged.connect(self.edited)
            return _Editor(
                words,
                lambda: tuple(line.strip() for line in words.toPlainText().splitlines() if line.strip()),
                lambda new: words.setPlainText("\n".join(new)),
            )
        line = QLineEdit()
        line.textEdited.connect(self.edited)
        return _Editor(line, lambda: line.text().strip(), line.setText)


class SettingsDialog(QDialog):
    """Edits the settings and the account; it is not modal, captions go on behind it."""

    settings_changed = Signal(object)
    """`Settings`, whole."""
    account_changed = Signal(str, str)
    """Client id and secret; or "" and the desk's key."""
    account_forgotten = Signal()
    test_requested = Signal(str, str)
    devices_wanted = Signal()
    about_requested = Signal()
    """The person wants to know what program this is."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        settings = self._settings = Settings()
        self._options = [
            _Option(each, getattr(settings, each.name), self) for each in fields(settings) if not option_of(each).hidden
        ]
        self._form = AccountForm()
        self._form.edited.connect(self._check)
        self._form.test_requested.connect(self.test_requested)
        self._forget = Button()
        self._forget.clicked.connect(self.account_forgotten)

        self._pages, self._list = QStackedWidget(), QListWidget()
        self._list.setProperty("pages", True)
        self._list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._pages.addWidget(self._page([self._form, self._forget]))
        self._list.addItem("")
        for section in Section:
            rows = [each.row for each in self._options if each.option.section is section]
            if section is Section.AUDIO:
                self._hearing = _Hearing()
                rows.insert(1, self._hearing)  # below the device
            self._pages.addWidget(self._page(rows))
            self._list.addItem("")
        self._list.currentRowChanged.connect(self._pages.setCurrentIndex)
        self._list.setCurrentRow(0)
        button = QDialogButtonBox.StandardButton
        self._buttons = QDialogButtonBox(button.Ok | button.Apply | button.Cancel)
        self._about = self._buttons.addButton("", QDialogButtonBox.ButtonRole.HelpRole)
        self._buttons.clicked.connect(self._on_button)

        upper = QHBoxLayout()
        upper.setSpacing(0)
        upper.addWidget(self._list)
        upper.addWidget(self._pages, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 14)
        column.setSpacing(14)
        column.addLayout(upper, 1)
        foot = QHBoxLayout()
        foot.setContentsMargins(16, 0, 18, 0)
        foot.addWidget(self._buttons)
        column.addLayout(foot)
        self._buttons.button(button.Ok).setDefault(True)  # it is in the dialog now
        self.setMinimumSize(400, 260)
        resize_within_screen(self, 700, 560)

        for each in self._options:
            each.edited.connect(self._check)
            if isinstance(each.editor.widget, SourcePicker):
                each.editor.widget.devices_wanted.connect(self.devices_wanted)
        self.show_account(known=False, kept=False)
        self._refresh_words()
        self._check()

    # ------------------------------------------------------------ values in

    def show_settings(self, settings: Settings) -> None:
        """Show the settings in use; what the person is changing stays as it is."""
        self._settings = settings
        for each in self._options:
            each.show_value(getattr(settings, each.name))
        self._check()

    def show_policy(self, policy: Policy) -> None:
        """Show what the company has settled, once and for all."""
        for each in self._options:
            each.show_policy(policy)
        self._form.show_policy(policy)
        self._forget.setText(self._forget_words())

    def show_devices(self, devices: Sequence[SourceChoice]) -> None:
        """Show what can be listened to."""
        for each in self._options:
            if isinstance(each.editor.widget, SourcePicker):
                each.editor.widget.show_sources(devices, each.editor.widget.current_source)

    def show_state(self, state: ViewState) -> None:
        """Show how loud the device in use is, so that it can be seen whether it hears anything."""
        self._hearing.show_state(state)

    def show_account(self, *, known: bool, kept: bool) -> None:
        """Say whether there are keys, and whether they outlive the program; typed ones are forgotten."""
        self._form.show_account(known=known, kept=kept)
        self._forget.setEnabled(known)
        self._check()

    def show_test_result(self, passed: bool, text: str) -> None:
        """Say what the test of the keys came to."""
        self._form.show_test_result(passed, text)

    def show_account_page(self) -> None:
        """Turn to the account, for instance when the keys were refused."""
        self._list.setCurrentRow(0)

    # ------------------------------------------------------------ checking and applying

    @override
    def reject(self) -> None:
        """Close, and forget what was typed and not applied."""
        super().reject()
        for each in self._options:
            each.forget_change()
        self._form.forget_typed()
        self._check()

    def _edited(self) -> Settings | None:
        """Return the settings as they are typed; where something is wrong, say so beside it and return None."""
        wrong = dict[str, SettingError]()
        for each in self._options:
            try:
                check(each.field, each.value)
            except SettingError as error:
                wrong[each.name] = error
        result: Settings | None = None
        if not wrong:
            try:  # rules between several settings
                result = replace(self._settings, **{each.name: each.value for each in self._options})
            except SettingError as error:
                wrong[error.name] = error
        for each in self._options:
            each.show_error(wrong.get(each.name))
        return result

    def _check(self) -> None:
        settings = self._edited()
        account = self._form.empty or self._form.complete
        changed = settings != self._settings or self._form.complete
        button = QDialogButtonBox.StandardButton
        self._buttons.button(button.Ok).setEnabled(settings is not None and account)
        self._buttons.button(button.Apply).setEnabled(settings is not None and account and changed)
        self._refresh_list()

    def _on_button(self, which: QAbstractButton) -> None:
        button = QDialogButtonBox.StandardButton
        if which is self._about:
            self.about_requested.emit()
            return
        if which is self._buttons.button(button.Cancel):
            self.reject()
            return
        self._apply()
        if which is self._buttons.button(button.Ok):
            self.accept()

    def _apply(self) -> None:
        settings = self._edited()
        if settings is not None and settings != self._settings:
            self._settings = settings
            for each in self._options:
                each.show_value(getattr(settings, each.name))
            self.settings_changed.emit(settings)
        if self._form.complete:
            self.account_changed.emit(*self._form.credentials)
        self._check()

    # ------------------------------------------------------------ looks

    def _page(self, rows: Sequence[QWidget]) -> QScrollArea:
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(24, 20, 24, 20)
        column.setSpacing(18)
        for row in rows:
            if isinstance(row, QPushButton):
                column.addWidget(row, 0, Qt.AlignmentFlag.AlignLeft)
            else:
                column.addWidget(row)
        column.addStretch(1)
        area = QScrollArea()
        area.setWidget(inner)
        area.setWidgetResizable(True)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # what is on it has names
        area.setFrameShape(QScrollArea.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        return area

    def _refresh_words(self) -> None:
        self.setWindowTitle(self.tr("Settings"))
        self._list.setAccessibleName(self.tr("Pages"))
        self._forget.setText(self._forget_words())
        button = QDialogButtonBox.StandardButton
        self._about.setText(self.tr("About"))
        self._buttons.button(button.Ok).setText(self.tr("OK"))
        self._buttons.button(button.Apply).setText(self.tr("Apply"))
        self._buttons.button(button.Cancel).setText(self.tr("Cancel"))
        for each in self._options:
            each.refresh_words()
        self._refresh_list()

    def _forget_words(self) -> str:
        return self.tr("Forget the desk key") if self._form.desk else self.tr("Forget the keys")

    def _refresh_list(self) -> None:
        """Name the pages, and mark those on which something is wrong."""
        wrong = {each.option.section for each in self._options if each.error}
        self._list.item(0).setText(self.tr("Account"))
        for at, section in enumerate(Section, 1):
            name = self.tr(section.value)
            self._list.item(at).setText(f"{name}  !" if section in wrong else name)
        bar = self._list.verticalScrollBar().sizeHint().width()  # in a low window
        self._list.setFixedWidth(max(110, self._list.sizeHintForColumn(0) + 30 + bar))

    @override
    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange and hasattr(self, "_buttons"):
            self._refresh_words()


class _Hearing(QWidget):
    """The level of the device in use, as a bar and in words."""

    def __init__(self) -> None:
        super().__init__()
        self._meter, self._words = LevelMeter(), QLabel()
        self._words.setText(self._meter.accessibleName())
        ink(self._words, "faint")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(12)
        row.addWidget(self._meter)
        row.addWidget(self._words, 1)

    def show_state(self, state: ViewState) -> None:
        """Show the level; the words change with every few decibels."""
        self._meter.show_level(state.meter, no_signal=state.no_signal, active=state.can_mute and not state.muted)
        if self._words.text() != self._meter.accessibleName():
            self._words.setText(self._meter.accessibleName())


class _Combo(QComboBox):
    """A combo box that leaves the wheel to the page, so that scrolling changes nothing by accident."""

    @override
    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()


class _Spin(QSpinBox):
    """A number that leaves the wheel to the page."""

    @override
    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()


class _DoubleSpin(QDoubleSpinBox):
    """A number with decimals that leaves the wheel to the page."""

    @override
    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()


def _choice(value: str, owner: QObject) -> str:
    """Name a value of an enumeration; two enumerations may share a word, never with another meaning."""
    names: dict[str, str] = {
        **{mode: mode_name(mode, installed_sentences()) for mode in Mode},
        Model.SOMMERS_KO: "sommers_ko",
        Model.SOMMERS_JA: "sommers_ja",
        Model.WHISPER: "whisper",
        Domain.CALL: owner.tr("Telephone (CALL)"),
        Domain.MEETING: owner.tr("Meeting (MEETING)"),
        Theme.SYSTEM: owner.tr("As the system"),
        Theme.LIGHT: owner.tr("Light"),
        Theme.DARK: owner.tr("Dark"),
        Language.KOREAN: "한국어",
        Language.ENGLISH: "English",
        Interims.FAST: owner.tr("Fast"),
        Interims.CALM: owner.tr("Calm"),
    }
    return names.get(value, value)
