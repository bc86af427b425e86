"""The choice of where sound comes from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import QComboBox, QSizePolicy, QStyle, QStyleOptionComboBox, QStylePainter, QWidget
from typing_extensions import override


@dataclass(frozen=True, slots=True)
class SourceChoice:
    """Something that can be listened to.

    Attributes:
        id: what `source_chosen` carries; empty is the system's default device.
        name: for people; empty is shown as the system's default.
    """

    id: str
    name: str


class SourcePicker(QComboBox):
    """Lists the sources, keeps one that is not there now, and says when it is about to be opened.

    Args:
        labelled: a label beside it says what it is, so it need not say so itself.
    """

    source_chosen = Signal(str)
    devices_wanted = Signal()

    def __init__(self, parent: QWidget | None = None, *, labelled: bool = False) -> None:
        super().__init__(parent)
        self._labelled = labelled
        self._choices: tuple[SourceChoice, ...] = ()
        self._current = ""
        self._width = 250
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.activated.connect(self._on_activated)
        self.show_sources((), "")

    @property
    def current_source(self) -> str:
        """The id of the chosen source."""
        return self._current

    @property
    def choices(self) -> tuple[SourceChoice, ...]:
        """What there is to choose from."""
        return self._choices

    def show_sources(self, choices: Sequence[SourceChoice], current: str) -> None:
        """Show what there is to choose from; a chosen source that is not among it stays, marked."""
        self._choices, self._current = tuple(choices), current
        self._refresh()

    def set_natural_width(self, width: int) -> None:
        """Ask for so many pixels; a name that is longer is cut, and told in full in the list and the tooltip."""
        if width != self._width:
            self._width = width
            self.updateGeometry()

    @override
    def sizeHint(self) -> QSize:
        return QSize(self._width, super().sizeHint().height())

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(48, super().minimumSizeHint().height())

    def _refresh(self) -> None:
        items = [(each.id, each.name or self.tr("System default")) for each in self._choices]
        if self._current not in [each.id for each in self._choices]:
            if self._current:
                items.append((self._current, self.tr("{name} (not connected)").format(name=self._current)))
            else:
                items.insert(0, ("", self.tr("System default")))
        before = self.count()
        if items != [(self.itemData(at), self.itemText(at)) for at in range(before)]:
            self.clear()
            for number, (key, name) in enumerate(items):
                self.addItem(name, key)
                self.setItemData(number, name, Qt.ItemDataRole.ToolTipRole)
        self.setCurrentIndex(self.findData(self._current))
        if self.view().isVisible() and self.count() != before:
            super().showPopup()  # the list that is open was made for as many as there were
        if not self._labelled:
            self.setAccessibleName(self.tr("Sound source"))
        self.setToolTip(self.tr("Sound source: {name}").format(name=self.currentText()))

    def _on_activated(self, index: int) -> None:
        key = self.itemData(index)
        if key != self._current:
            self._current = key
            self._refresh()
            self.source_chosen.emit(key)

    @override
    def showPopup(self) -> None:
        self.devices_wanted.emit()
        self.view().setMinimumWidth(self.view().sizeHintForColumn(0) + 24)  # names are told in full in the list
        super().showPopup()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint as every combo box, but end a name that does not fit with an ellipsis."""
        painter, option = QStylePainter(self), QStyleOptionComboBox()
        self.initStyleOption(option)
        style, field = QStyle.ComplexControl.CC_ComboBox, QStyle.SubControl.SC_ComboBoxEditField
        room = self.style().subControlRect(style, option, field, self).width() - 2
        option.currentText = self.fontMetrics().elidedText(option.currentText, Qt.TextElideMode.ElideRight, room)
        painter.drawComplexControl(style, option)
        painter.drawControl(QStyle.ControlElement.CE_ComboBoxLabel, option)

    @override
    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._refresh()
