"""An X display without a screen (Xvfb), and pictures of what is on it.

The X server keeps its picture in a file in X's own dump format (`-fbdir`), so a screenshot needs no further program
and no help from the window under test. The format: /usr/include/X11/XWDFile.h, https://www.xfree86.org/current/xwd.1.html
"""

import os
import shutil
import struct
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import numpy.typing as npt

Picture = npt.NDArray[np.uint8]
"""uint8 (height, width, 3), red, green, blue."""


class VirtualDisplay:
    """A private Xvfb on a free display number.

    Attributes:
        env: what a subprocess needs in its environment to show its windows here.
    """

    def __init__(self, width: int = 1600, height: int = 1200) -> None:
        """Start the server and wait until it takes clients; sizes in pixels, 24 bits deep, 96 dpi.

        Raises:
            RuntimeError: it did not start; the text is what it said.
        """
        self._folder = Path(tempfile.mkdtemp(prefix="captioner-display-"))
        self._log = self._folder / "log"
        readable, writable = os.pipe()
        with self._log.open("wb") as output:
            self._server = subprocess.Popen(
                [
                    *["setpriv", "--pdeathsig", "TERM"],  # or it would outlive a test process that was killed
                    *["Xvfb", "-displayfd", str(writable), "-fbdir", str(self._folder), "-nolisten", "tcp"],
                    *["-screen", "0", f"{width}x{height}x24", "-dpi", "96", "-noreset", "-nocursor"],
                ],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                pass_fds=[writable],
            )
        os.close(writable)
        with os.fdopen(readable, encoding="ascii") as pipe:
            number = pipe.readline().strip()  # empty when the server ended before it was ready
        if not number:
            said = self._log.read_text(encoding="utf-8", errors="replace").strip()
            self.stop()
            raise RuntimeError(f"Xvfb did not start: {said}")
        self.env = {
            "DISPLAY": f":{number}",
            "QT_QPA_PLATFORM": "xcb",
            "QT_SCALE_FACTOR": "1",
            "QT_XCB_GL_INTEGRATION": "none",
            "WAYLAND_DISPLAY": "",
            "XAUTHORITY": os.devnull,
        }

    def picture(self) -> Picture:
        """Return what the whole screen shows now."""
        dump = (self._folder / "Xvfb_screen0").read_bytes()
        header = struct.unpack(">25I", dump[:100])
        header_size, depth, width, height = header[0], header[3], header[4], header[5]
        little_endian, bits_per_pixel, bytes_per_line, colours = header[7] == 0, header[11], header[12], header[19]
        assert (depth, bits_per_pixel, little_endian) == (24, 32, True), "not the screen that was asked for"
        pixels = np.frombuffer(dump, np.uint8, bytes_per_line * height, offset=header_size + 12 * colours)
        bgrx = pixels.reshape(height, bytes_per_line // 4, 4)[:, :width]
        return np.ascontiguousarray(bgrx[:, :, 2::-1])

    def save_picture(self, path: Path) -> None:
        """Write what the whole screen shows now to `path`, as PNG."""
        from PySide6.QtGui import QImage

        picture = self.picture()
        height, width, _ = picture.shape
        image = QImage(picture.tobytes(), width, height, 3 * width, QImage.Format.Format_RGB888)
        if not image.save(str(path)):
            raise OSError(f"{path} could not be written")

    def stop(self) -> None:
        """End the server and remove its files."""
        self._server.terminate()
        try:
            self._server.wait(5.0)
        except subprocess.TimeoutExpired:
            self._server.kill()
            self._server.wait()
        shutil.rmtree(self._folder, ignore_errors=True)

    def __enter__(self) -> Self:
        """Return the display, which is ready."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop it."""
        self.stop()
