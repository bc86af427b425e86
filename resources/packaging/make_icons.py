"""The program's icon in the formats of Windows and macOS, made from resources/icons/captioner.svg.

    python resources/packaging/make_icons.py

Both files hold PNG pictures of several sizes, one after another behind a table:
https://learn.microsoft.com/previous-versions/ms997538(v=msdn.10) and https://en.wikipedia.org/wiki/Apple_Icon_Image_format
"""

from __future__ import annotations

import os
import struct
from pathlib import Path

ICO_SIZES = (16, 20, 24, 32, 40, 48, 64, 128, 256)
ICNS_SIZES = {
    b"icp4": 16,
    b"icp5": 32,
    b"ic11": 32,
    b"ic12": 64,
    b"ic07": 128,
    b"ic08": 256,
    b"ic13": 256,
    b"ic09": 512,
    b"ic10": 1024,
}
"""What macOS calls each size; ic11 to ic13 are for screens with two pixels per point, ic10 for 512 points of them."""

HERE = Path(__file__).resolve().parent


def png(svg: Path, size: int) -> bytes:
    """Draw a picture of `size` × `size` pixels; return it as PNG."""
    from PySide6.QtCore import QBuffer, QIODevice, Qt
    from PySide6.QtGui import QImage, QPainter
    from PySide6.QtSvg import QSvgRenderer

    image = QImage(size, size, QImage.Format.Format_ARGB32)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    QSvgRenderer(str(svg)).render(painter)
    painter.end()
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")  # type: ignore[call-overload]  # the stubs want bytes, Qt takes text
    return bytes(buffer.data().data())


def ico(pictures: dict[int, bytes]) -> bytes:
    """Return a Windows icon of PNG pictures by their sizes; 256 is written as 0."""
    head = struct.pack("<HHH", 0, 1, len(pictures))
    start = len(head) + 16 * len(pictures)
    table = b""
    for size, picture in pictures.items():
        table += struct.pack("<BBBBHHII", size % 256, size % 256, 0, 0, 1, 32, len(picture), start)
        start += len(picture)
    return head + table + b"".join(pictures.values())


def icns(pictures: dict[bytes, bytes]) -> bytes:
    """Return a macOS icon of PNG pictures by their types."""
    body = b"".join(kind + struct.pack(">I", 8 + len(picture)) + picture for kind, picture in pictures.items())
    return b"icns" + struct.pack(">I", 8 + len(body)) + body


def main() -> None:
    """Write both icons beside this file."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6.QtGui import QGuiApplication

    application = QGuiApplication([])
    svg = HERE.parent / "icons" / "captioner.svg"
    drawn = {size: png(svg, size) for size in {*ICO_SIZES, *ICNS_SIZES.values()}}
    (HERE / "captioner.ico").write_bytes(ico({size: drawn[size] for size in ICO_SIZES}))
    (HERE / "captioner.icns").write_bytes(icns({kind: drawn[size] for kind, size in ICNS_SIZES.items()}))
    del application


if __name__ == "__main__":
    main()
