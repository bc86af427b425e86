from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from captioner.compare import charts
from captioner.compare.analysis import analyse
from captioner.compare.outcome import Way
from captioner.compare.picture import picture
from captioner.compare.style import STYLE
from captioner.language import Sentences
from captioner.settings import Language
from tests.compare.made_up import lively

WAYS = analyse(lively()).ways
KOREAN = Sentences.load(Language.KOREAN)
CHARTS = {
    "waterfall": (charts.waterfall(WAYS, KOREAN), charts.stage_legend(KOREAN)),
    "distribution": (charts.distribution(WAYS, KOREAN), charts.way_legend(WAYS, KOREAN)),
}
SVG = "{http://www.w3.org/2000/svg}"


def root_colour(name: str, *, dark: bool) -> str:
    return str(re.findall(rf"--{name}: (#\w+);", STYLE)[dark])


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("name", CHARTS)
def test_nothing_in_a_picture_needs_the_page_around_it(name: str, dark: bool) -> None:
    drawing = picture(*CHARTS[name], dark=dark)
    text = drawing.decode("utf-8")
    assert "var(" not in text
    assert "class=" not in text
    assert "none" not in re.findall(r'(?<!fill=)"(none)"', text)
    for element in ElementTree.fromstring(drawing).iter():
        if element.tag == f"{SVG}text":
            assert element.attrib["fill"].startswith("#")
        if element.tag == f"{SVG}path":
            assert (element.attrib["fill"], element.attrib["stroke"][0]) == ("none", "#")


@pytest.mark.parametrize("dark", [False, True])
def test_ways_and_stages_have_the_reports_colours(dark: bool) -> None:
    lines = picture(*CHARTS["distribution"], dark=dark).decode("utf-8")
    for way in Way:
        colour = root_colour(f"way-{way}", dark=dark)
        assert lines.count(f'stroke="{colour}"') >= 2  # the line and its key
    bars = picture(*CHARTS["waterfall"], dark=dark).decode("utf-8")
    assert f'fill="{root_colour("stage-recognise", dark=dark)}"' in bars


def test_the_key_stands_above_the_chart_in_words() -> None:
    chart, key = CHARTS["distribution"]
    with_key, without = (ElementTree.fromstring(picture(chart, each, dark=False)) for each in (key, ""))
    heights = [float(each.attrib["viewBox"].split()[3]) for each in (with_key, without)]
    assert heights[0] > heights[1]
    words = [element.text for element in with_key.iter(f"{SVG}text")]
    assert any(word is not None and word.startswith("스트리밍, 빠른 확정 n 36") for word in words)
    dashes = [element.get("stroke-dasharray") for element in with_key.iter(f"{SVG}line")]
    assert "9 4" in dashes  # a way is told by its dash as well as by its colour
