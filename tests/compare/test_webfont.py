from __future__ import annotations

import re
import struct
import zlib
from base64 import b64decode

import pytest
from PySide6.QtCore import QByteArray
from PySide6.QtGui import QFont, QRawFont
from PySide6.QtWidgets import QApplication

from captioner.compare.page import _font_face
from captioner.compare.webfont import excerpt
from captioner.places import resource

FONTS = ["Pretendard-Regular.otf", "Pretendard-SemiBold.otf"]


def unpacked(woff: bytes) -> bytes:
    """Turn a WOFF font back into OpenType, as its specification says, and check its sums on the way."""
    signature, flavour, length, count, reserved, size = struct.unpack_from(">4s4sIHHI", woff)
    assert (signature, length, reserved) == (b"wOFF", len(woff), 0)
    directory, body, start = b"", b"", 12 + 16 * count
    tags = list[bytes]()
    for number in range(count):
        tag, offset, packed, whole, checksum = struct.unpack_from(">4sIIII", woff, 44 + 20 * number)
        assert offset % 4 == 0
        data = woff[offset : offset + packed]
        data = zlib.decompress(data) if packed < whole else data
        assert len(data) == whole
        padded = data + bytes(-whole % 4)
        summed = padded if tag != b"head" else padded[:8] + bytes(4) + padded[12:]
        assert sum(struct.unpack(f">{len(padded) // 4}I", summed)) & 0xFFFFFFFF == checksum
        directory += struct.pack(">4sIII", tag, checksum, start + len(body), whole)
        body += padded
        tags.append(tag)
    assert tags == sorted(tags)
    font: bytes = flavour + struct.pack(">HHHH", count, 0, 0, 0) + directory + body
    assert len(font) == size
    return font


def raw(font: bytes) -> QRawFont:
    found = QRawFont()
    found.loadFromData(QByteArray(font), 32, QFont.HintingPreference.PreferNoHinting)
    assert found.isValid()
    return found


def outline(font: QRawFont, character: str) -> list[tuple[float, float]]:
    path = font.pathForGlyph(font.glyphIndexesForString(character)[0])
    return [(path.elementAt(index).x, path.elementAt(index).y) for index in range(path.elementCount())]


@pytest.mark.parametrize("name", FONTS)
def test_the_letters_asked_for_are_drawn_as_before_and_no_others_are(name: str, qapp: QApplication) -> None:
    whole = resource("fonts", name).read_bytes()
    wanted = "가힣굵은 글자A1≥−"
    before, after = raw(whole), raw(unpacked(excerpt(whole, set(wanted))))
    for character in wanted:
        assert outline(after, character) == outline(before, character)
    for character in "나뷁B2":
        assert len(outline(before, character)) > 4
        assert len(outline(after, character)) <= 1
    assert after.familyName() != before.familyName()


def test_the_page_embeds_characters_as_they_are_read_not_as_html_writes_them(qapp: QApplication) -> None:
    face = _font_face(resource("fonts", FONTS[0]).read_bytes(), "an utterance&#x27;s end &amp; more")
    embedded = re.search(r"base64,([A-Za-z0-9+/=]+)", face)
    assert embedded is not None
    font = raw(unpacked(b64decode(embedded[1])))
    for character in "'&":
        assert outline(font, character)


def test_an_excerpt_is_a_fraction_of_the_font() -> None:
    whole = resource("fonts", FONTS[0]).read_bytes()
    assert len(excerpt(whole, set("가나다"))) < len(whole) / 4


def test_characters_that_the_font_lacks_are_passed_over() -> None:
    whole = resource("fonts", FONTS[0]).read_bytes()
    assert excerpt(whole, {"漢", "가"}) == excerpt(whole, {"가"})


def test_the_same_letters_give_the_same_bytes() -> None:
    whole = resource("fonts", FONTS[0]).read_bytes()
    assert excerpt(whole, list("다나가")) == excerpt(whole, list("가나다"))
