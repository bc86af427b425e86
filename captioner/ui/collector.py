"""Garbage collection in Qt's thread."""

from __future__ import annotations

import gc

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QWidget


class QtThreadCollector:
    """Collects garbage in Qt's thread alone, between turns.

    Python collects cycles in whichever thread happens to allocate, PortAudio's among them; a QObject that dies there
    stops its timers from the wrong thread, and can take the process with it. What outlives a full collection (the
    program itself, captions of hours) is frozen, so that the next one looks at newer objects only: no collection takes
    longer because the call does.
    """

    INTERVAL_MS = 2000

    def __init__(self, window: QWidget) -> None:
        self._timer = QTimer(window)
        self._timer.setInterval(self.INTERVAL_MS)
        self._timer.timeout.connect(self._collect)

    def start(self) -> None:
        """Take the collection over."""
        gc.disable()
        gc.freeze()
        self._timer.start()

    def stop(self) -> None:
        """Hand it back."""
        self._timer.stop()
        gc.enable()
        gc.unfreeze()

    def _collect(self) -> None:
        for generation, (count, threshold) in reversed(
            list(enumerate(zip(gc.get_count(), gc.get_threshold(), strict=True)))
        ):
            if count > threshold:
                gc.collect(generation)
                if generation == 2:
                    gc.freeze()
                break
