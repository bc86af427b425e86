"""A chart as a picture by itself: its colours and letters from the report's stylesheet, its key above it.

The report's charts get their looks from the page around them. A picture in the window has no page, and Qt's renderer
knows no custom properties (https://doc.qt.io/qt-6/svgrendering.html), so every class becomes attributes here. The rules
are those of the report, so that a chart looks the same in both.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from xml.etree import ElementTree

from captioner.compare.style import STYLE

_SVG = "{http://www.w3.org/2000/svg}"
_WIDTH = 960
_LINE = 24  # height of a line of the key
_TAKEN = ("fill", "stroke", "stroke-width", "stroke-dasharray", "text-anchor", "font-size", "font-weight")
_RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")
_SELECTOR = re.compile(r"(?:\.chart )?(text|rect)?((?:\.[\w-]+)*)")


def picture(chart: str, key: str, *, dark: bool) -> bytes:
    """Return a drawing of its own.

    Args:
        chart: of `charts`.
        key: the list that explains it; empty is none.
        dark: light on dark.
    """
    drawing = ElementTree.fromstring(chart)
    left, top, width, height = (float(each) for each in drawing.attrib["viewBox"].split())
    items = list(ElementTree.fromstring(key)) if key else []
    wide = 320 if any(item.find("svg") is not None for item in items) else 240
    columns = _WIDTH // wide
    head = (len(items) + columns - 1) // columns * _LINE + (10 if items else 0)
    svg = ElementTree.Element("svg", {"xmlns": "http://www.w3.org/2000/svg", "font-family": "Pretendard"})
    svg.set("viewBox", f"{left:g} {top:g} {width:g} {height + head:g}")
    svg.set("font-size", "13")
    for number, item in enumerate(items):
        place = number % columns * wide, number // columns * _LINE
        svg.append(_entry(item, place))
    body = ElementTree.SubElement(svg, "g", {"transform": f"translate(0 {head})"})
    body.extend(list(drawing))
    _resolve(svg, {}, dark)
    return ElementTree.tostring(svg, encoding="unicode").encode("utf-8")


def _entry(item: ElementTree.Element, place: tuple[int, int]) -> ElementTree.Element:
    """Draw a line of the key."""
    entry = ElementTree.Element("g", {"transform": f"translate({place[0]} {place[1]})"})
    line, swatch = item.find("svg"), item.find("span")
    offset = 20
    if line is not None:
        sample = ElementTree.SubElement(entry, "g", {"transform": "translate(0 2)"})
        sample.extend(list(line))
        offset = 44
    elif swatch is not None:
        square = {"class": swatch.attrib["class"], "x": "0", "y": "3", "width": "12", "height": "12", "rx": "3"}
        ElementTree.SubElement(entry, "rect", square)
    words = ElementTree.SubElement(entry, "text", {"x": str(offset), "y": "13.5"})
    words.text = " ".join("".join(item.itertext()).split())
    return entry


def _resolve(element: ElementTree.Element, inherited: Mapping[str, str], dark: bool) -> None:
    """Give an element and all that is in it the attributes of their classes."""
    classes = element.attrib.pop("class", "").split()
    mine, properties = dict(inherited), dict[str, str]()
    for tag, wanted, declared in _rules(dark):
        if tag in ("", element.tag) and wanted <= set(classes):
            for name, value in declared.items():
                (mine if name.startswith("--") else properties)[name] = value
    for name, value in properties.items():
        if name in _TAKEN and name not in element.attrib:
            element.set(name, _value(value, mine).removesuffix("px"))
    for child in list(element):
        if child.tag == "title":
            element.remove(child)  # a still picture shows no tooltip
        else:
            _resolve(child, mine, dark)


def _value(value: str, properties: Mapping[str, str]) -> str:
    while match := re.search(r"var\((--[\w-]+)\)", value):
        value = value.replace(match[0], properties.get(match[1], "none"))
    return value


@cache
def _rules(dark: bool) -> tuple[tuple[str, frozenset[str], dict[str, str]], ...]:
    """Return the rules that concern a chart, in their order: tag, classes, declarations."""
    light_root, dark_root = re.findall(r":root \{([^{}]*)\}", STYLE)
    root = {**_declarations(light_root), **(_declarations(dark_root) if dark else {})}
    rules = [("svg", frozenset[str](), {name: value for name, value in root.items() if name.startswith("--")})]
    for selectors, body in _RULE.findall(STYLE):
        declared = _declarations(body)
        if "paint-order" in declared:
            continue  # Qt would draw the letters' halo over the letters
        for tag, classes in _matches(selectors):
            rules.append((tag, classes, declared))
    return tuple(rules)


def _matches(selectors: str) -> Iterator[tuple[str, frozenset[str]]]:
    for selector in selectors.split(","):
        match = _SELECTOR.fullmatch(selector.strip())
        if match and (match[1] or match[2]):
            yield match[1] or "", frozenset(match[2].split(".")[1:])


def _declarations(body: str) -> dict[str, str]:
    pairs = (each.split(":", 1) for each in body.split(";") if ":" in each)
    return {name.strip(): value.strip() for name, value in pairs}
