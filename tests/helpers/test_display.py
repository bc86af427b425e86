"""A real window on the virtual display can be looked at from outside."""

import os
import signal
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import pytest

from tests.helpers.display import VirtualDisplay
from tests.helpers.program import Program

ORANGE_WINDOW = """
import sys
from PySide6.QtCore import QTimer
from PySide6.QtGui import QColor, QGuiApplication, QRasterWindow, QPainter

class Window(QRasterWindow):
    def paintEvent(self, event):
        painter = QPainter(self)
        painter.fillRect(0, 0, 300, 200, QColor(255, 128, 0))
        painter.end()
        QTimer.singleShot(0, application.sync)
        QTimer.singleShot(0, lambda: print("painted", flush=True))

application = QGuiApplication(sys.argv)
window = Window()
window.setGeometry(100, 50, 300, 200)
window.show()
application.exec()
"""


@pytest.mark.display
def test_a_picture_shows_what_a_window_in_another_process_painted(
    virtual_display: VirtualDisplay, tmp_path: Path
) -> None:
    with Program(["-c", ORANGE_WINDOW], env=virtual_display.env) as window:
        window.wait_for("painted")
        picture = virtual_display.picture()
        virtual_display.save_picture(tmp_path / "screen.png")
    assert picture.shape == (1200, 1600, 3)
    assert picture[51, 101].tolist() == [255, 128, 0]
    assert picture[249, 399].tolist() == [255, 128, 0]
    assert picture[260, 410].tolist() == [0, 0, 0]
    assert (tmp_path / "screen.png").read_bytes().startswith(b"\x89PNG")


OWNER = """
import threading
from tests.helpers.display import VirtualDisplay
from tests.helpers.soundcard import VirtualMicrophone

with VirtualDisplay(), VirtualMicrophone():
    print("ready", flush=True)
    threading.Event().wait()
"""


@pytest.mark.display
@pytest.mark.soundcard
def test_neither_display_nor_sound_card_outlives_a_process_that_was_killed(tmp_path: Path) -> None:
    with Program(["-c", OWNER], env={"TMPDIR": str(tmp_path)}) as owner:
        owner.wait_for("ready")
        servers = psutil.Process(owner.pid).children()
        assert sorted(each.name() for each in servers) == ["Xvfb", "pulseaudio"]
        os.kill(owner.pid, signal.SIGKILL)
        owner.finish()
    _, alive = psutil.wait_procs(servers, timeout=30.0)
    assert alive == []
