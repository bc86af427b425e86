"""The few letters of the bundled font that a page needs, so that Hangul is never shown as boxes on any computer.

The glyphs that are not needed are emptied where they stand, which leaves every offset of the font as it was; compressed
as WOFF (https://www.w3.org/TR/WOFF/), nothing is left of them. What is read of the font: its tables and character map
(https://learn.microsoft.com/typography/opentype/spec/otff), and the charstrings of its CFF table (Adobe Technical Note
5176, https://adobe-type-tools.github.io/font-tech-notes/pdfs/5176.CFF.pdf). The font's licence reserves its name for
the whole font, so the excerpt has another one.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Collection
from itertools import pairwise

_KEPT = ("OS/2", "cmap", "head", "hhea", "hmtx", "maxp", "post")
_CHARSTRINGS = 17
"""The operator of CFF before which the place of the glyphs stands."""


def excerpt(font: bytes, characters: Collection[str]) -> bytes:
    """Return a WOFF font with these characters, without kerning and ligatures.

    Args:
        font: an OpenType font with CFF outlines, and a character map of format 12.
        characters: those that it does not have are passed over.
    """
    tables = _tables(font)
    mapping = _mapping(tables["cmap"])
    glyphs = {mapping.get(ord(character), 0) for character in characters}
    kept = {name: tables[name] for name in _KEPT}
    kept["CFF "] = _outlines(tables["CFF "], glyphs | {0})
    kept["name"] = struct.pack(">HHH", 0, 0, 6)  # no names at all
    return _woff(font[:4], kept)


def _tables(font: bytes) -> dict[str, bytes]:
    (count,) = struct.unpack_from(">H", font, 4)
    entries = (struct.unpack_from(">4sIII", font, 12 + 16 * number) for number in range(count))
    return {tag.decode("ascii"): font[offset : offset + length] for tag, _, offset, length in entries}


def _mapping(cmap: bytes) -> dict[int, int]:
    """Return the glyph of each character."""
    (count,) = struct.unpack_from(">H", cmap, 2)
    places = [struct.unpack_from(">I", cmap, 8 + 8 * number)[0] for number in range(count)]
    place = next(each for each in places if struct.unpack_from(">H", cmap, each)[0] == 12)
    (groups,) = struct.unpack_from(">I", cmap, place + 12)
    found: dict[int, int] = {}
    for group in range(groups):
        first, last, glyph = struct.unpack_from(">III", cmap, place + 16 + 12 * group)
        found.update(zip(range(first, last + 1), range(glyph, glyph + last - first + 1), strict=True))
    return found


def _outlines(cff: bytes, glyphs: Collection[int]) -> bytes:
    """Empty every other glyph where it stands, and rename the font."""
    names, after = _index(cff, cff[2])
    tops, _ = _index(cff, after)
    charstrings, _ = _index(cff, _offset_of_charstrings(cff[slice(*tops[0])]))
    new = bytearray(cff)
    start, stop = names[0]
    new[start:stop] = b"excerpt".ljust(stop - start, b"-")[: stop - start]
    for glyph, (start, stop) in enumerate(charstrings):
        if glyph not in glyphs:
            new[start:stop] = _nothing(stop - start)
    return bytes(new)


def _nothing(length: int) -> bytes:
    """Return a glyph of that many bytes that draws nothing and ends with its last byte."""
    if length < 3:
        return b"\x8b\x0e"[-length:]
    still = b"\x8b\x16" * ((length - 1) // 2)  # 0 hmoveto
    return still + b"\x0e" if length % 2 else b"\x8b\x8b\x15" + still[2:] + b"\x0e"  # 0 0 rmoveto


def _index(cff: bytes, place: int) -> tuple[list[tuple[int, int]], int]:
    """Return where each element of an INDEX, which has some, is; and where the INDEX ends."""
    (count,) = struct.unpack_from(">H", cff, place)
    size, first = cff[place + 2], place + 3
    stop = first + size * (count + 1)
    offsets = [int.from_bytes(cff[at : at + size], "big") + stop - 1 for at in range(first, stop, size)]
    return list(pairwise(offsets)), offsets[-1]


def _offset_of_charstrings(top: bytes) -> int:
    """Find an operator's operand in the font's dictionary."""
    place = operand = 0
    while top[place] != _CHARSTRINGS:
        byte = top[place]
        if byte <= 21:  # another operator
            place += 2 if byte == 12 else 1
        elif byte in (28, 29):
            stop = place + (3 if byte == 28 else 5)
            operand, place = int.from_bytes(top[place + 1 : stop], "big", signed=True), stop
        elif byte == 30:  # a decimal number, which ends with the nibble f
            while top[place] & 0xF != 0xF:
                place += 1
            place += 1
        elif byte <= 246:
            operand, place = byte - 139, place + 1
        else:  # up to 250; those above are negative, which no offset is
            operand, place = (byte - 247) * 256 + top[place + 1] + 108, place + 2
    return operand


def _woff(flavour: bytes, tables: dict[str, bytes]) -> bytes:
    directory, body = b"", b""
    start = 44 + 20 * len(tables)
    for name in sorted(tables):
        data = tables[name]
        packed = min(data, zlib.compress(data, 9), key=len)  # as it is, unless that is shorter
        entry = struct.pack(">IIII", start + len(body), len(packed), len(data), _checksum(data, name))
        directory += name.encode("ascii") + entry
        body += packed + bytes(-len(packed) % 4)
    whole = 12 + 16 * len(tables) + sum(len(data) + -len(data) % 4 for data in tables.values())
    head = b"wOFF" + flavour + struct.pack(">IHHIHH", start + len(body), len(tables), 0, whole, 1, 0)
    return head + bytes(20) + directory + body


def _checksum(data: bytes, name: str) -> int:
    if name == "head":
        data = data[:8] + bytes(4) + data[12:]  # its adjustment of the whole font does not count
    words: tuple[int, ...] = struct.unpack(f">{(len(data) + 3) // 4}I", data + bytes(-len(data) % 4))
    return sum(words) & 0xFFFFFFFF
