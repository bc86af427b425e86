"""Builders of updates, and eyes for widgets: what a view says was painted, what colours are worth."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from PySide6.QtCore import QEvent, QObject
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication, QWidget
from typing_extensions import override

from captioner.events import (
    Caption,
    FinalShown,
    GapShown,
    InterimShown,
    LossReason,
    Painted,
    Phase,
    Status,
    Withdrawn,
)
from captioner.language import Sentences
from captioner.settings import Language, Settings
from captioner.ui.captions import CaptionsView
from captioner.ui.captions_document import CaptionUpdate
from captioner.ui.viewstate import ViewState, view_state

SECOND = 8000


def interim(utterance: int, text: str, revision: int, *, start: int | None = None) -> InterimShown:
    """An interim; utterance n starts at n seconds unless told otherwise."""
    return InterimShown(0.0, _caption(utterance, text, revision, start, final=False))


def final(utterance: int, text: str, revision: int, *, start: int | None = None) -> FinalShown:
    """A final; utterance n starts at n seconds unless told otherwise."""
    return FinalShown(0.0, _caption(utterance, text, revision, start, final=True), None)


def withdrawn(utterance: int, revision: int) -> Withdrawn:
    return Withdrawn(0.0, utterance, revision)


def gap(start: int, stop: int) -> GapShown:
    return GapShown(0.0, start, stop, LossReason.OUTAGE)


def finals(count: int, *, first: int = 1, text: str = "안녕하세요, 무엇을 도와드릴까요?") -> list[CaptionUpdate]:
    """So many finals, numbered from `first`, revisions like utterances."""
    return [final(number, f"{number} {text}", number) for number in range(first, first + count)]


def _caption(utterance: int, text: str, revision: int, start: int | None, *, final: bool) -> Caption:
    begin = utterance * SECOND if start is None else start
    return Caption(utterance, begin, begin + SECOND // 2, text, (), final, False, revision)


def status(**changes: Any) -> Status:
    """A lane that is listening and well, except for `changes`."""
    well = Status(
        phase=Phase.LIVE,
        epoch=1,
        fault=None,
        retry_in=None,
        drain_left=None,
        elapsed=751.0,
        captured=6_008_000,
        recognised=6_000_000,
        held=8000,
        lost=0,
        behind=0.02,
        level=-20.0,
        speech=True,
        quiet_for=0.0,
        muted=False,
        pending_settings=False,
        connections=1,
        tokens=1,
        overflows=0,
        longest_turn=0.003,
    )
    return replace(well, **changes)


def state(language: Language = Language.ENGLISH, *, demo: bool = False, **changes: Any) -> ViewState:
    """What the window is told of such a lane."""
    say = Sentences.load(language)
    return view_state(status(**changes), source="Jabra Evolve2 65", settings=Settings(), demo=demo, say=say)


def not_started(language: Language = Language.ENGLISH) -> ViewState:
    """What the window is told before anything was started."""
    return view_state(None, source="", settings=Settings(), demo=False, say=Sentences.load(language))


class PaintWitness:
    """Collects what a view reports as painted."""

    def __init__(self, view: CaptionsView) -> None:
        """Start to collect."""
        self.reports = list[Painted]()
        view.painted.connect(self.reports.append)

    @property
    def revisions(self) -> list[tuple[int, bool]]:
        """The reported revisions, each with whether it was seen."""
        return [(each.revision, each.at is not None) for each in self.reports]


class PaintCounter(QObject):
    """Counts the paint events of a widget."""

    def __init__(self, widget: QWidget) -> None:
        """Start to count."""
        super().__init__(widget)
        self.count = 0
        widget.installEventFilter(self)

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Count, and let it pass."""
        if event.type() == QEvent.Type.Paint:
            self.count += 1
        return super().eventFilter(watched, event)


def lines(view: CaptionsView) -> list[str]:
    """The text of every block; none where nothing is shown."""
    text = view.toPlainText()
    return text.split("\n") if text else []


def line_colours(view: CaptionsView) -> list[str]:
    """The colour of every block's text; empty where it is the palette's own."""
    found = list[str]()
    block = view.document().firstBlock()
    while block.isValid():
        brush = block.begin().fragment().charFormat().foreground() if block.text() else None
        found.append(brush.color().name() if brush is not None and brush.style().value else "")
        block = block.next()
    return found


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours, 1 to 21 (https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio)."""
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def _luminance(name: str) -> float:
    colour = QColor(name)
    parts = (colour.redF(), colour.greenF(), colour.blueF())
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def overlapping(widgets: Sequence[QWidget]) -> list[tuple[str, str]]:
    """Name the pairs of visible widgets of one parent that cover each other."""
    shown = [each for each in widgets if each.isVisible()]
    return [
        (repr(one), repr(other))
        for at, one in enumerate(shown)
        for other in shown[at + 1 :]
        if one.geometry().intersects(other.geometry())
    ]


@contextmanager
def undressed(app: QApplication) -> Iterator[None]:
    """Give the application its looks back afterwards."""
    style, palette, sheet, font, sign = (
        app.style().name(),
        app.palette(),
        app.styleSheet(),
        app.font(),
        app.windowIcon(),
    )
    try:
        yield
    finally:
        app.setStyleSheet(sheet)
        app.setStyle(style)
        app.setPalette(palette)
        app.setFont(font)
        app.setWindowIcon(sign)
