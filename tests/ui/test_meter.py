from __future__ import annotations

from functools import partial

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from captioner.language import Sentences
from captioner.settings import Language
from captioner.ui.meter import SEGMENTS, LevelMeter
from captioner.ui.theme import LIGHT, Appearance
from captioner.ui.translation import Translation
from tests.helpers.ui import PaintCounter


@pytest.fixture
def meter(qtbot: QtBot, appearance: Appearance) -> LevelMeter:
    meter = LevelMeter(frame_ms=0)
    qtbot.addWidget(meter)
    with qtbot.waitExposed(meter):
        meter.show()
    QApplication.processEvents()
    return meter


def shows(meter: LevelMeter, segments: int) -> bool:
    return meter.lit == segments


def inks(meter: LevelMeter) -> set[str]:
    """The colours that are on the meter."""
    image = meter.grab().toImage()
    return {image.pixelColor(x, y).name() for x in range(image.width()) for y in range(image.height())}


def test_the_level_lights_segments_from_60_to_0_dbfs(qtbot: QtBot, meter: LevelMeter) -> None:
    lit = list[int]()
    for level in (0.0, 0.5, 1.0):
        meter.show_level(level)
        qtbot.waitUntil(partial(shows, meter, round(level * SEGMENTS)))
        lit.append(meter.lit)
    assert lit == [0, SEGMENTS // 2, SEGMENTS]


def test_quiet_is_green_and_too_loud_is_red(qtbot: QtBot, meter: LevelMeter) -> None:
    meter.show_level(0.5)
    assert LIGHT.good in inks(meter)
    assert LIGHT.bad not in inks(meter)
    meter.show_level(1.0)
    qtbot.waitUntil(lambda: meter.lit == SEGMENTS)
    assert {LIGHT.good, LIGHT.warn, LIGHT.bad} <= inks(meter)


def test_no_signal_is_shown_and_said(meter: LevelMeter) -> None:
    meter.show_level(0.0, no_signal=True)
    assert LIGHT.bad in inks(meter)
    assert meter.accessibleName() == "Input level: no signal"


def test_a_source_that_is_not_heard_has_no_level(meter: LevelMeter) -> None:
    meter.show_level(0.8, active=False)
    assert meter.lit == 0
    assert meter.accessibleName() == "Input level: not listening"


def test_only_a_change_that_can_be_seen_is_painted(qtbot: QtBot, meter: LevelMeter) -> None:
    meter.show_level(0.5)
    qtbot.waitUntil(lambda: meter.lit == SEGMENTS // 2)
    QApplication.processEvents()
    paints = PaintCounter(meter)
    for number in range(50):
        meter.show_level(0.5 + number / 50_000)
        QApplication.processEvents()
    assert paints.count == 0


def test_a_flood_of_levels_is_painted_at_the_meters_own_pace(qtbot: QtBot, appearance: Appearance) -> None:
    meter = LevelMeter(frame_ms=3_600_000)
    qtbot.addWidget(meter)
    with qtbot.waitExposed(meter):
        meter.show()
    QApplication.processEvents()
    paints = PaintCounter(meter)
    for number in range(1, 11):
        meter.show_level(number / 10)
        QApplication.processEvents()
    assert paints.count == 1
    meter.show_level(0.0, no_signal=True)  # this is news at any time
    QApplication.processEvents()
    assert paints.count == 2


def test_a_screen_reader_gets_the_level_in_coarse_steps_and_in_the_persons_language(
    meter: LevelMeter, translation: Translation
) -> None:
    meter.show_level(2 / 3)
    assert meter.accessibleName() == "Input level: -18 dBFS"
    translation.use(Sentences.load(Language.KOREAN))
    QApplication.processEvents()
    assert meter.accessibleName() == "입력 레벨: -18 dBFS"
