from __future__ import annotations

import pytest
from PySide6.QtCore import QSize
from PySide6.QtGui import QColor, QFontInfo, QFontMetrics, QIcon, QPalette
from PySide6.QtWidgets import QApplication, QLabel, QWidget
from pytestqt.qtbot import QtBot

from captioner.places import resource
from captioner.settings import Theme
from captioner.ui.theme import (
    ALL,
    DARK,
    LIGHT,
    Appearance,
    Colours,
    blend,
    colours,
    icon,
    palette_of,
    picture,
    resize_within_screen,
)
from captioner.ui.viewstate import Icon
from tests.helpers.ui import contrast

AA = 4.5
AAA = 7.0
GRAPHICS = 3.0


def test_the_yardstick_knows_black_on_white() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21.0)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize("theme", ALL)
@pytest.mark.parametrize("name", ["text", "interim", "faint", "warn"])
def test_captions_can_be_read_on_their_ground(theme: Colours, name: str) -> None:
    assert contrast(getattr(theme, name), theme.base) >= AA


@pytest.mark.parametrize("theme", ALL)
@pytest.mark.parametrize("ground", ["window", "base", "raised"])
@pytest.mark.parametrize("name", ["text", "faint", "accent", "good", "busy", "warn", "bad", "idle"])
def test_words_and_signs_can_be_read_on_every_ground(theme: Colours, name: str, ground: str) -> None:
    assert contrast(getattr(theme, name), getattr(theme, ground)) >= AA


@pytest.mark.parametrize("theme", ALL)
def test_words_on_the_accent_can_be_read(theme: Colours) -> None:
    assert contrast(theme.on_accent, theme.accent) >= AA


@pytest.mark.parametrize("theme", ALL)
@pytest.mark.parametrize("name", ["busy", "warn", "bad", "idle"])
def test_messages_can_be_read_on_their_tinted_ground(theme: Colours, name: str) -> None:
    tint = blend(getattr(theme, name), theme.window, 0.1)
    assert contrast(theme.text, tint) >= AA
    assert contrast(getattr(theme, name), tint) >= GRAPHICS


@pytest.mark.parametrize("theme", ALL)
def test_interims_differ_from_finals_at_a_glance(theme: Colours) -> None:
    assert contrast(theme.text, theme.base) >= 1.5 * contrast(theme.interim, theme.base)


@pytest.mark.parametrize("theme", [each for each in ALL if each not in (LIGHT, DARK)])
@pytest.mark.parametrize("name", ["text", "interim", "faint", "good", "busy", "warn", "bad", "idle"])
def test_high_contrast_is_high(theme: Colours, name: str) -> None:
    assert contrast(getattr(theme, name), theme.base) >= AAA


@pytest.mark.parametrize("theme", ALL)
def test_a_palette_leads_back_to_its_theme(theme: Colours) -> None:
    assert colours(palette_of(theme)) is theme


@pytest.mark.parametrize(("base", "theme"), [("#f0f0f0", LIGHT), ("#202020", DARK)])
def test_a_foreign_palette_gets_the_theme_of_its_lightness(base: str, theme: Colours) -> None:
    palette = QPalette()
    palette.setColor(QPalette.ColorRole.Base, QColor(base))
    assert colours(palette) is theme


def test_colours_are_mixed_by_their_shares() -> None:
    assert blend("#ffffff", "#000000", 1.0) == "#ffffff"
    assert blend("#ffffff", "#000000", 0.0) == "#000000"
    assert blend("#ff0000", "#0000ff", 0.5) == "#800080"


def test_the_person_chooses_the_theme(qapp: QApplication, qtbot: QtBot, appearance: Appearance) -> None:
    label = QLabel("안녕")
    qtbot.addWidget(label)
    appearance.use(Theme.DARK)
    assert colours(label.palette()) is DARK
    with qtbot.waitSignal(appearance.changed):
        appearance.use(Theme.LIGHT)
    assert colours(label.palette()) is LIGHT
    assert qapp.styleSheet()


def test_the_same_theme_again_changes_nothing(qtbot: QtBot, appearance: Appearance) -> None:
    with qtbot.assertNotEmitted(appearance.changed):
        appearance.use(Theme.LIGHT)


def test_hangul_comes_from_the_bundled_font(qapp: QApplication, appearance: Appearance) -> None:
    assert QFontInfo(qapp.font()).family() == "Pretendard"
    metrics = QFontMetrics(qapp.font())
    assert all(metrics.inFontUcs4(ord(letter)) for letter in "가뷁힣ㄱㅎ")


@pytest.mark.parametrize(
    "name", sorted(path.stem for path in resource("icons").glob("*.svg") if path.stem != "captioner")
)
def test_icons_are_drawn_in_the_colour_that_is_asked_for(qapp: QApplication, name: str) -> None:
    image = picture(name, "#ff0000", 32, 2.0).toImage()
    assert (image.width(), image.devicePixelRatio()) == (64, 2.0)
    inked = [image.pixelColor(x, y) for x in range(64) for y in range(64) if image.pixelColor(x, y).alpha() == 255]
    fixed = name.startswith(("drop-", "tick-"))  # they are used by the style sheet, which cannot colour them
    assert inked
    assert fixed or all(colour.name() == "#ff0000" for colour in inked)


@pytest.mark.parametrize("sign", Icon)
def test_every_state_has_its_sign(sign: Icon) -> None:
    assert resource("icons", f"{sign}.svg").is_file()


def test_the_signs_of_the_states_look_different(qapp: QApplication) -> None:
    pictures = {bytes(picture(sign, "#000000", 24).toImage().constBits()) for sign in Icon}
    assert len(pictures) == len(Icon)


@pytest.mark.parametrize(("mode", "colour"), [(QIcon.Mode.Normal, "#ff0000"), (QIcon.Mode.Disabled, "#0000ff")])
def test_a_button_that_cannot_be_pressed_has_another_colour(qapp: QApplication, mode: QIcon.Mode, colour: str) -> None:
    image = icon("stop", "#ff0000", "#0000ff").pixmap(QSize(18, 18), 2.0, mode).toImage()
    assert (image.width(), image.pixelColor(18, 18).name()) == (36, colour)


@pytest.mark.parametrize("wanted", [(500, 300), (100_000, 100_000)])
def test_a_window_is_no_larger_than_its_screen(qtbot: QtBot, wanted: tuple[int, int]) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    resize_within_screen(window, *wanted)
    room = window.screen().availableGeometry()
    assert window.width() <= room.width()
    assert window.height() <= room.height()
    assert (window.width(), window.height()) == wanted or wanted[0] > room.width()
