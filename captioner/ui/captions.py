"""The captions on the screen: text that follows the speech, and the stamps of what was really painted.

The text is a `QPlainTextEdit` because its cost does not grow with its length. Neither the person's selection nor the
place that they scrolled to is touched by what arrives.

A revision counts as painted when the last line of its caption lay inside the viewport and inside the region of a paint
event. What was replaced before it could be painted, scrolled away, hidden or held back counts as never seen.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import (
    QAccessible,
    QAccessibleAnnouncementEvent,
    QColor,
    QContextMenuEvent,
    QFocusEvent,
    QFont,
    QFontMetrics,
    QGuiApplication,
    QHideEvent,
    QKeyEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QResizeEvent,
    QTextBlock,
    QWheelEvent,
)
from PySide6.QtWidgets import QAbstractSlider, QMenu, QPlainTextEdit, QPushButton, QWidget
from typing_extensions import override

from captioner.events import FinalShown, Painted
from captioner.settings import Interims
from captioner.ui.captions_document import CaptionDocument, CaptionUpdate, Change, Row, clock, one_line
from captioner.ui.theme import colours, icon, tabular

_BY_MOUSE = Qt.TextInteractionFlag.TextSelectableByMouse

FRAME_MS = 16
"""Changes within one frame of the screen are shown together."""

_COUNTS = 4
"""How often the lines are counted again at most, to find where the text ends; two are enough for most changes."""

_ABOVE = 5  # pixels between the bar and the text that scrolls below it


@dataclass(slots=True)
class _Stamp:
    """What became of a revision on the screen. `row` None: its row is gone; `waiting`: a paint event will tell."""

    revision: int
    row: Row | None
    waiting: bool = True
    at: float | None = None

    def settle(self, at: float | None) -> None:
        self.waiting, self.at = False, at


class CaptionsView(QPlainTextEdit):
    """Shows captions as they come, follows them, and says when each was painted.

    Args:
        frame_ms: after a change, further ones wait for so long and are then shown together.
    """

    painted = Signal(object)
    """`Painted`: up to this revision everything not reported before was on the screen at `at`, or was not (None)."""

    announced = Signal(str)
    """What a screen reader was told: finals only, those of one frame together."""

    tail_moved = Signal()
    """`tail_rect` may have changed."""

    font_step_requested = Signal(int)
    """The person turned the wheel with Ctrl held: +1 or -1."""

    _resolved = Signal(object)
    _due = Signal()

    def __init__(self, parent: QWidget | None = None, *, frame_ms: int = FRAME_MS) -> None:
        super().__init__(parent)
        self._queue = list[CaptionUpdate]()
        self._stamps = deque[_Stamp]()
        self._asked = False  # the end of this turn will show what is queued
        self._hasty = True  # nothing but interims was shown in this frame, so that a final need not wait
        self._following, self._new = True, 0
        self._sticking = False  # the end is being looked for
        self._header = 0
        self._tabbed = False  # the focus came by keyboard, so it has to be shown
        self._text = CaptionDocument(self)
        self.setDocument(self._text)
        self.setReadOnly(True)
        self.setTextInteractionFlags(_BY_MOUSE)
        self.setCursorWidth(0)  # nothing blinks
        self.setTabChangesFocus(True)
        self.setFrameShape(QPlainTextEdit.Shape.NoFrame)
        self.setAcceptDrops(False)
        self.setAutoFillBackground(True)  # the strip above the text is of its colour
        self.setBackgroundRole(QPalette.ColorRole.Base)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)

        self._times = _Times(self)
        self._newest = QPushButton(self)
        self._newest.setCursor(Qt.CursorShape.ArrowCursor)
        self._newest.setProperty("strong", True)
        self._newest.clicked.connect(self.follow)
        self._newest.hide()

        self._frame = QTimer(self)
        self._frame.setSingleShot(True)
        self._frame.setTimerType(Qt.TimerType.PreciseTimer)
        self._frame.setInterval(frame_ms)
        self._frame.timeout.connect(self._flush)

        self._due.connect(self._flush, Qt.ConnectionType.QueuedConnection)
        # Told from the event loop, never from within a paint event: whoever listens may change the text.
        self._resolved.connect(self.painted, Qt.ConnectionType.QueuedConnection)
        self.updateRequest.connect(self._update_times)
        self.selectionChanged.connect(self._on_selection)
        bar = self.verticalScrollBar()
        bar.actionTriggered.connect(self._on_scroll)  # the person's doing alone: wheel, drag, keys
        bar.rangeChanged.connect(self._on_range)
        self._refresh_colours()
        self._refresh_metrics()
        self._refresh_words()

    # ------------------------------------------------------------ what is shown

    def begin(self, started_at: datetime) -> None:
        """Start a new lane below what is there: utterances and revisions count from 1 again.

        Args:
            started_at: wall-clock time of the lane's first sample, for the times at the left.
        """
        self._flush()
        self._give_up()
        self._text.begin_lane(started_at)

    def clear_captions(self) -> None:
        """Take everything off the screen."""
        self._queue.clear()
        self._give_up()
        self._text.forget()
        self.follow()

    def show_updates(self, updates: Sequence[CaptionUpdate]) -> None:
        """Show what changed, at the end of this turn of the loop.

        What follows within the same frame waits for its end and is shown together, the latest winning. Only the first
        final does not wait: it often comes a few milliseconds after its last interim.
        """
        waits = self._frame.isActive() and not (self._hasty and any(isinstance(each, FinalShown) for each in updates))
        if updates and not waits and not self._asked:
            self._asked = True
            self._due.emit()
        self._queue += updates

    def set_interims(self, interims: Interims) -> None:
        """Show every interim, or only what two in a row agree on; from the next interim on."""
        self._text.interims = interims

    def set_font_size(self, points: int) -> None:
        """Set the size of the captions in points."""
        font = QFont(self.font())
        if font.pointSize() != points:
            font.setPointSize(points)
            self.setFont(font)

    def set_header_height(self, height: int) -> None:
        """Keep a strip of so many pixels free above the text."""
        if height != self._header:
            self._header = height
            self.setViewportMargins(self._times_width, height + _ABOVE, 0, 0)
            self._place_children()
            self._stick()

    def follow(self) -> None:
        """Go to the newest caption and stay with the tail."""
        cursor = self.textCursor()
        if cursor.hasSelection():
            cursor.clearSelection()
            self.setTextCursor(cursor)
        self._set_following(True)
        self._stick()

    @property
    def following(self) -> bool:
        """Whether the view stays with the tail."""
        return self._following

    @property
    def new_captions(self) -> int:
        """Finals since the person scrolled away."""
        return self._new

    def copy_text(self) -> None:
        """Put the selection, or else the whole text, if there is any, on the clipboard, without times."""
        selection = self.textCursor().selectedText() or self.toPlainText()
        if selection:
            QGuiApplication.clipboard().setText(selection.replace("\u2029", "\n"))

    def copy_last(self) -> None:
        """Put the newest final on the clipboard."""
        if self._text.last_final:
            QGuiApplication.clipboard().setText(self._text.last_final)

    def copy_with_times(self) -> None:
        """Put the captions that the selection touches (or all) on the clipboard, each after its time."""
        if self._text.isEmpty():
            return
        cursor, block, last = self.textCursor(), self._text.firstBlock(), self._text.lastBlock()
        if cursor.hasSelection():
            block = self._text.findBlock(cursor.selectionStart())
            last = self._text.findBlock(cursor.selectionEnd())
        lines = list[str]()
        while block.isValid() and block.blockNumber() <= last.blockNumber():
            lines.append(f"{clock(block)}\t{block.text()}")
            block = block.next()
        QGuiApplication.clipboard().setText("\n".join(lines))

    def tail_rect(self) -> QRect:
        """Return where live text is or will be next, in this widget's coordinates; empty while it is out of sight."""
        top = self._top(self._text.first_live_block())
        last = self._text.lastBlock()
        bottom = self._top(last) + self.blockBoundingRect(last).height() + 2 * self.fontMetrics().lineSpacing()
        viewport = self.viewport().rect()
        rect = QRectF(0, top, viewport.width(), bottom - top).toAlignedRect()
        return rect.intersected(viewport).translated(self.viewport().pos())

    def _flush(self) -> None:
        queue, self._queue, self._asked = self._queue, [], False
        if not queue:
            return
        finals = [one_line(update.caption.text) for update in queue if isinstance(update, FinalShown)]
        self._hasty = not finals
        self._frame.start()
        changes = self._text.apply(queue)
        self._stick()
        self._judge(changes)
        if finals:
            if not self._following:
                self._new += len(finals)
                self._refresh_words()
            self._announce(" ".join(finals))
        self._times.update()
        self.tail_moved.emit()

    def _announce(self, text: str) -> None:
        if QAccessible.isActive():
            QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, text))
        self.announced.emit(text)

    # ------------------------------------------------------------ what was painted

    def _judge(self, changes: list[Change]) -> None:
        """Decide at once about revisions that no paint event will show, or that are on the screen already."""
        waiting = [each for each in self._stamps if each.waiting]  # few: rows that are in sight
        for change in changes:
            stamp, row = _Stamp(change.revision, change.row), change.row
            if change.visible and row is not None:
                for each in waiting:
                    if each.row is row:
                        each.settle(None)  # it was replaced before anybody saw it
            line = None if row is None else self._last_line(row)
            if row is None:  # gone, or never there
                nothing = not change.visible or self.tail_rect().isEmpty()
            else:
                nothing = line is None
            if nothing or not change.whole or not self._on_screen():
                stamp.settle(None)
            elif row is not None and row.seen:
                stamp.settle(time.perf_counter())  # the very same text is on the screen already
            else:
                waiting.append(stamp)
                self.viewport().update(self.viewport().rect() if line is None else line)
            self._stamps.append(stamp)
        self._report()

    def _report(self) -> None:
        """Report in the order of revisions; one that still waits holds up those after it."""
        last: _Stamp | None = None
        while self._stamps and not self._stamps[0].waiting:
            stamp = self._stamps.popleft()
            if last is not None and last.at != stamp.at:
                self._resolved.emit(Painted(last.revision, last.at))
            last = stamp
        if last is not None:
            self._resolved.emit(Painted(last.revision, last.at))

    def _give_up(self) -> None:
        for stamp in self._stamps:
            if stamp.waiting:
                stamp.settle(None)
        self._report()

    def _on_screen(self) -> bool:
        window = self.window()
        return self.isVisible() and not window.isMinimized() and window.windowHandle().isExposed()

    def _last_line(self, row: Row) -> QRect | None:
        """Return where the end of a row's text is in the viewport; None where it cannot be seen."""
        if row.gone:
            return None
        block = self._text.block_of(row)
        top, layout = self._top(block), block.layout()
        line = layout.lineAt(layout.lineCount() - 1)
        rect = QRectF(0, top + line.y(), self.viewport().width(), line.height()).toAlignedRect()
        return rect if self.viewport().rect().adjusted(0, -1, 0, 1).contains(rect) else None

    def _top(self, block: QTextBlock) -> float:
        return self.blockBoundingGeometry(block).translated(self.contentOffset()).top()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        now, region = time.perf_counter(), event.region()
        for row in self._text.open_rows:
            line = None if row.seen else self._last_line(row)
            row.seen = row.seen or (line is not None and region.intersects(line))
        for stamp in self._stamps:
            if stamp.waiting:
                line = self.viewport().rect() if stamp.row is None else self._last_line(stamp.row)
                if line is None:
                    stamp.settle(None)
                elif region.intersects(line):
                    stamp.settle(now)
        self._report()

    @override
    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._give_up()

    # ------------------------------------------------------------ following

    def _set_following(self, following: bool) -> None:
        if following != self._following:
            self._following, self._new = following, 0
            self._refresh_words()
            self.tail_moved.emit()

    def _on_scroll(self) -> None:
        bar = self.verticalScrollBar()
        self._set_following(bar.sliderPosition() >= bar.maximum())

    def _on_range(self) -> None:
        if not self.verticalScrollBar().maximum() and not self.textCursor().hasSelection():
            self._set_following(True)  # all of it is on the screen
        self._stick()

    def _on_selection(self) -> None:
        bar = self.verticalScrollBar()
        self._set_following(not self.textCursor().hasSelection() and bar.value() >= bar.maximum())

    def _stick(self, *, anew: bool = False) -> None:
        """Show the end of the text.

        Qt counts a caption that it has not laid out yet as one line, and does not count again when it has. So it is
        asked to, until the end is where it says.

        Args:
            anew: everything may have been laid out in another way, be the end where it was.
        """
        bar = self.verticalScrollBar()
        if not self._following or self._sticking or not (anew or bar.value() != bar.maximum()):
            return
        self._sticking = True
        for _ in range(_COUNTS):
            end = bar.maximum()
            bar.setValue(end)
            self._text.count_lines()
            if bar.maximum() == end:
                break
        self._sticking = False

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Scroll with the plain keys; select with Shift, beginning where the person looks."""
        action = QAbstractSlider.SliderAction
        actions = {
            Qt.Key.Key_Up: action.SliderSingleStepSub,
            Qt.Key.Key_Down: action.SliderSingleStepAdd,
            Qt.Key.Key_PageUp: action.SliderPageStepSub,
            Qt.Key.Key_PageDown: action.SliderPageStepAdd,
            Qt.Key.Key_Home: action.SliderToMinimum,
        }
        key, shift = event.key(), bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        if shift and key in (*actions, Qt.Key.Key_End, Qt.Key.Key_Left, Qt.Key.Key_Right):
            self._begin_selection()
            self.setTextInteractionFlags(_BY_MOUSE | Qt.TextInteractionFlag.TextSelectableByKeyboard)
            super().keyPressEvent(event)
            self.setTextInteractionFlags(_BY_MOUSE)  # else there is a caret, a hair wide even at no width
        elif key == Qt.Key.Key_End:
            self.follow()
        elif key in actions:
            self.verticalScrollBar().triggerAction(actions[Qt.Key(key)])
        else:
            super().keyPressEvent(event)

    def _begin_selection(self) -> None:
        cursor = self.textCursor()
        if not cursor.hasSelection():
            cursor.setPosition(self.cursorForPosition(self.viewport().rect().bottomRight()).position())
            self.setTextCursor(cursor)

    @override
    def wheelEvent(self, event: QWheelEvent) -> None:
        """Scroll; with Ctrl, ask for another font size."""
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            if event.angleDelta().y():
                self.font_step_requested.emit(1 if event.angleDelta().y() > 0 else -1)
            event.accept()
        else:
            super().wheelEvent(event)

    # ------------------------------------------------------------ looks

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._stick(anew=True)
        self._place_children()
        self.tail_moved.emit()

    @override
    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if not hasattr(self, "_newest"):
            return  # Qt tells of changes while the widget is still being made
        match event.type():
            case QEvent.Type.PaletteChange:
                self._refresh_colours()
            case QEvent.Type.FontChange:
                self._refresh_metrics()
            case QEvent.Type.LanguageChange:
                self._text.retranslate()
                self._refresh_words()

    @override
    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self._tabbed = event.reason() in (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason)
        self._times.update()

    @override
    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._times.update()

    @override
    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Offer what can be done with the text."""
        menu = QMenu(self)
        copy = menu.addAction(self.tr("Copy"), self.copy_text)
        menu.addAction(self.tr("Copy with times"), self.copy_with_times)
        menu.addSeparator()
        menu.addAction(self.tr("Select all"), self.selectAll)
        copy.setEnabled(self.textCursor().hasSelection())
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(event.globalPos())

    def _refresh_colours(self) -> None:
        theme = colours(self.palette())
        self._text.recolour(theme)
        self._newest.setIcon(icon("down", theme.on_accent))
        self._times.update()

    def _refresh_words(self) -> None:
        if self._new == 0:
            words = self.tr("To the newest caption")
        elif self._new == 1:
            words = self.tr("1 new caption")
        else:
            words = self.tr("{count} new captions").format(count=self._new)
        self._newest.setText(words)
        self._newest.setToolTip(self.tr("Go to the newest caption (End)"))
        self._newest.setVisible(not self._following)
        self.setAccessibleName(self.tr("Captions"))
        self.setPlaceholderText(self.tr("What is said appears here."))
        self._place_children()

    def _refresh_metrics(self) -> None:
        font = tabular(self.font())
        font.setPointSizeF(min(max(9.0, font.pointSizeF() * 0.72), 18.0))
        self._times.setFont(font)
        self._times_width = QFontMetrics(font).horizontalAdvance("00:00:00") + 24
        self._text.layout_with_spacing.spacing = round(self.fontMetrics().height() * 0.42)
        self.setViewportMargins(self._times_width, self._header + _ABOVE, 0, 0)
        self._place_children()
        self._stick(anew=True)

    def _place_children(self) -> None:
        area = self.viewport().geometry()
        self._times.setGeometry(area.left() - self._times_width, area.top(), self._times_width, area.height())
        self._newest.adjustSize()
        self._newest.move(area.center().x() - self._newest.width() // 2, area.bottom() - self._newest.height() - 12)

    def _update_times(self, rect: QRect, dy: int) -> None:
        if dy:
            self._times.scroll(0, dy)
            self.tail_moved.emit()
        else:
            self._times.update(0, rect.y(), self._times.width(), rect.height())

    def _paint_times(self, painter: QPainter, area: QRect) -> None:
        """Draw the time of every visible caption on the base line of its first line, and a mark beside a gap."""
        theme = colours(self.palette())
        painter.fillRect(area, QColor(theme.base))
        if self.hasFocus() and self._tabbed:
            painter.fillRect(QRect(0, 0, 3, self._times.height()), QColor(theme.accent))
        for block, top in self._visible_blocks(area):
            line, gap = block.layout().lineAt(0), self._text.is_gap(block)
            if gap:
                mark = QRectF(6, top + 1, 3, block.layout().boundingRect().height() - 2)
                painter.fillRect(mark, QColor(theme.warn))
            painter.setPen(QColor(theme.warn if gap else theme.faint))
            painter.drawText(QPointF(14, top + line.y() + line.ascent()), clock(block))

    def _visible_blocks(self, area: QRect) -> Iterator[tuple[QTextBlock, float]]:
        block = self.firstVisibleBlock()
        top = self._top(block)
        while block.isValid() and top <= area.bottom():
            height = self.blockBoundingRect(block).height()
            if top + height >= area.top():
                yield block, top
            top += height
            block = block.next()


class _Times(QWidget):
    """The column of times at the left."""

    def __init__(self, view: CaptionsView) -> None:
        super().__init__(view)
        self._view = view
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        self._view._paint_times(painter, event.rect())

    @override
    def wheelEvent(self, event: QWheelEvent) -> None:
        self._view.wheelEvent(event)
