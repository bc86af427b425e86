"""Colours, fonts and icons of the window: light, dark and high contrast.

The system's own scheme is followed unless the person chose one. What a widget paints itself it takes from
`colours(self.palette())`, so a palette change is all that it has to listen to. Every colour of text, interim grey
included, keeps at least 4.5:1 against what it stands on (https://www.w3.org/TR/WCAG22/#contrast-minimum).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QByteArray, QObject, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontDatabase, QIcon, QPainter, QPalette, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QApplication, QWidget

from captioner.places import resource
from captioner.settings import Theme

FALLBACK_FAMILIES = ("Malgun Gothic", "Apple SD Gothic Neo", "Noto Sans CJK KR", "NanumGothic")
"""For what the bundled font lacks (hanja), on Windows, macOS and Linux."""


@dataclass(frozen=True, slots=True)
class Colours:
    """One theme, as #rrggbb.

    Attributes:
        window: behind the bars; `base`: behind the captions; `raised`: buttons and the overlay.
        text: finals and everything else that is read; `interim`: text that may still change; `faint`: times.
        line: thin borders, which carry no meaning.
        accent: what can be done now; `on_accent`: text on it.
        good, busy, warn, bad, idle: the tones of a state, as text and icon on `window`, `base` and `raised`.
    """

    dark: bool
    window: str
    base: str
    raised: str
    text: str
    interim: str
    faint: str
    line: str
    accent: str
    on_accent: str
    good: str
    busy: str
    warn: str
    bad: str
    idle: str


LIGHT = Colours(
    dark=False,
    window="#f5f6f8",
    base="#ffffff",
    raised="#fdfdfe",
    text="#14171c",
    interim="#6b7280",
    faint="#676e7b",
    line="#dcdfe5",
    accent="#2450d8",
    on_accent="#ffffff",
    good="#12743a",
    busy="#2450d8",
    warn="#96500a",
    bad="#b42318",
    idle="#5d6470",
)
DARK = Colours(
    dark=True,
    window="#1c1f25",
    base="#15171c",
    raised="#262a32",
    text="#eceef2",
    interim="#969eac",
    faint="#959dab",
    line="#383d48",
    accent="#9db6ff",
    on_accent="#101828",
    good="#5fd18c",
    busy="#9db6ff",
    warn="#f4b860",
    bad="#ff9a8f",
    idle="#a3abb8",
)
LIGHT_CONTRAST = Colours(
    dark=False,
    window="#ffffff",
    base="#fefefe",
    raised="#fdfdfd",
    text="#000000",
    interim="#4a4f58",
    faint="#3f444d",
    line="#3f444d",
    accent="#0a2fa8",
    on_accent="#ffffff",
    good="#0a4f26",
    busy="#0a2fa8",
    warn="#6b3600",
    bad="#8c0f08",
    idle="#3f444d",
)
DARK_CONTRAST = Colours(
    dark=True,
    window="#000000",
    base="#010101",
    raised="#101010",
    text="#ffffff",
    interim="#b4bac4",
    faint="#c4c9d2",
    line="#c4c9d2",
    accent="#c4d3ff",
    on_accent="#000000",
    good="#8dedb2",
    busy="#c4d3ff",
    warn="#ffd591",
    bad="#ffc1ba",
    idle="#c4c9d2",
)
_FRAME, _TITLE = 8, 32  # pixels around a window that a system may take for its frame

ICON_SIDES = (18, 23, 27, 36, 54)
"""18 pixels at scales from 1 to 3."""

INKS = ("text", "faint", "accent", "good", "busy", "warn", "bad", "idle")
"""What `ink` can colour words with."""

_SCHEMES = {
    Theme.SYSTEM: Qt.ColorScheme.Unknown,
    Theme.LIGHT: Qt.ColorScheme.Light,
    Theme.DARK: Qt.ColorScheme.Dark,
}
ALL = (LIGHT, DARK, LIGHT_CONTRAST, DARK_CONTRAST)


def colours(palette: QPalette) -> Colours:
    """Return the theme that a palette belongs to; of a foreign palette, the one of the same lightness."""
    base = palette.color(QPalette.ColorRole.Base)
    return next((each for each in ALL if QColor(each.base) == base), DARK if base.lightness() < 128 else LIGHT)


def blend(over: str, under: str, share: float) -> str:
    """Mix two colours: `share` of the first over the second."""
    a, b = QColor(over), QColor(under)
    pairs = (a.red(), b.red()), (a.green(), b.green()), (a.blue(), b.blue())
    return "#" + "".join(f"{round(x * share + y * (1 - share)):02x}" for x, y in pairs)


def palette_of(theme: Colours) -> QPalette:
    """Make the palette that all of Qt's own widgets paint with."""
    role, group = QPalette.ColorRole, QPalette.ColorGroup
    palette = QPalette()
    for which, name in (
        (role.Window, theme.window),
        (role.WindowText, theme.text),
        (role.Base, theme.base),
        (role.AlternateBase, theme.window),
        (role.Text, theme.text),
        (role.PlaceholderText, theme.interim),
        (role.Button, theme.raised),
        (role.ButtonText, theme.text),
        (role.BrightText, theme.bad),
        (role.ToolTipBase, theme.raised),
        (role.ToolTipText, theme.text),
        (role.Highlight, theme.accent),
        (role.HighlightedText, theme.on_accent),
        (role.Accent, theme.accent),
        (role.Link, theme.accent),
        (role.LinkVisited, theme.accent),
        (role.Light, blend("#ffffff", theme.raised, 0.08 if theme.dark else 0.8)),
        (role.Midlight, theme.line),
        (role.Mid, theme.line),
        (role.Dark, blend("#000000", theme.line, 0.3)),
        (role.Shadow, "#000000"),
    ):
        palette.setColor(which, QColor(name))
    for which in (role.WindowText, role.Text, role.ButtonText, role.HighlightedText):
        palette.setColor(group.Disabled, which, QColor(blend(theme.text, theme.window, 0.42)))
    palette.setColor(group.Disabled, role.Highlight, QColor(theme.line))
    return palette


def stylesheet(theme: Colours) -> str:
    """Round and flatten what Fusion draws with old bevels: buttons, menus, fields and scroll bars."""
    hover, pressed = blend(theme.text, theme.raised, 0.07), blend(theme.text, theme.raised, 0.14)
    checked = blend(theme.accent, theme.raised, 0.16)
    strong_hover = blend(theme.text if theme.dark else "#000000", theme.accent, 0.14)
    off = blend(theme.text, theme.window, 0.42)
    scroll, scroll_hover = blend(theme.text, theme.base, 0.24), blend(theme.text, theme.base, 0.45)
    images = resource("icons").as_posix()
    inks = "".join(f'*[ink="{name}"] {{ color: {getattr(theme, name)}; }}\n' for name in INKS)
    tints = "".join(
        f'QFrame[tint="{name}"] {{ background: {blend(getattr(theme, name), theme.window, 0.1)}; }}\n' for name in INKS
    )
    return f"""
    {inks}{tints}
    QPushButton, QToolButton {{
        background: {theme.raised}; color: {theme.text}; border: 1px solid {theme.line}; border-radius: 7px;
        padding: 5px 11px; min-height: 18px;
    }}
    QToolButton {{ padding: 5px 8px; }}
    QPushButton:hover, QToolButton:hover {{ background: {hover}; }}
    QPushButton:pressed, QToolButton:pressed, QToolButton:open {{ background: {pressed}; }}
    QPushButton:checked, QToolButton:checked {{ background: {checked}; border-color: {theme.accent}; }}
    QPushButton:focus, QToolButton:focus {{ border: 2px solid {theme.accent}; padding: 4px 10px; }}
    QToolButton:focus {{ padding: 4px 7px; }}
    QPushButton:disabled, QToolButton:disabled {{ color: {off}; background: {theme.window}; }}
    QPushButton:default, *[strong="true"] {{
        background: {theme.accent}; color: {theme.on_accent}; border-color: {theme.accent};
    }}
    QPushButton:default:hover, *[strong="true"]:hover {{ background: {strong_hover}; }}
    QPushButton:default:focus, *[strong="true"]:focus {{ border-color: {theme.text}; }}
    QPushButton:default:disabled, *[strong="true"]:disabled {{
        background: {theme.window}; color: {off}; border-color: {theme.line};
    }}
    QToolButton[flat="true"] {{ background: transparent; border-color: transparent; }}
    QToolButton[flat="true"]:hover {{ background: {hover}; }}
    QToolButton[flat="true"]:focus {{ border-color: {theme.accent}; }}
    QToolButton[flat="true"]:checked {{ background: {checked}; border-color: {theme.accent}; }}
    QToolButton[small="true"], QToolButton[small="true"]:focus {{ padding: 2px; min-height: 0; }}
    QToolButton[menu="true"] {{ padding-right: 19px; }}
    QToolButton::menu-indicator {{
        image: url("{images}/drop-down.svg"); width: 10px;
        subcontrol-origin: border; subcontrol-position: right center; right: 6px;
    }}
    QComboBox, QLineEdit, QAbstractSpinBox, QPlainTextEdit[framed="true"] {{
        background: {theme.raised}; color: {theme.text}; border: 1px solid {theme.line}; border-radius: 7px;
        padding: 4px 9px; min-height: 20px;
        selection-background-color: {theme.accent}; selection-color: {theme.on_accent};
    }}
    QComboBox:hover {{ background: {hover}; }}
    QComboBox:focus, QLineEdit:focus, QAbstractSpinBox:focus, QPlainTextEdit[framed="true"]:focus {{
        border: 2px solid {theme.accent}; padding: 3px 8px;
    }}
    QComboBox:disabled, QLineEdit:disabled, QAbstractSpinBox:disabled {{ color: {off}; background: {theme.window}; }}
    QLineEdit[wrong="true"], QAbstractSpinBox[wrong="true"], QPlainTextEdit[wrong="true"] {{
        border-color: {theme.bad};
    }}
    QComboBox::drop-down {{ border: none; width: 22px; }}
    QComboBox::down-arrow {{ image: url("{images}/drop-down.svg"); width: 10px; }}
    QComboBox QAbstractItemView {{
        background: {theme.raised}; border: 1px solid {theme.line}; padding: 4px; outline: none;
        selection-background-color: {theme.accent}; selection-color: {theme.on_accent};
    }}
    QAbstractSpinBox QLineEdit {{ border: none; background: transparent; padding: 0 0 0 6px; min-height: 0; }}
    QAbstractSpinBox::up-button, QAbstractSpinBox::down-button {{
        subcontrol-origin: border; width: 22px; border: none; background: transparent;
    }}
    QAbstractSpinBox::up-button {{ subcontrol-position: top right; top: 2px; }}
    QAbstractSpinBox::down-button {{ subcontrol-position: bottom right; bottom: 2px; }}
    QAbstractSpinBox::up-arrow {{ image: url("{images}/drop-up.svg"); width: 9px; height: 9px; }}
    QAbstractSpinBox::down-arrow {{ image: url("{images}/drop-down.svg"); width: 9px; height: 9px; }}
    QListWidget[framed="true"] {{
        background: {theme.raised}; border: 1px solid {theme.line}; border-radius: 7px; padding: 4px; outline: none;
    }}
    QListWidget[framed="true"]:focus {{ border: 2px solid {theme.accent}; padding: 3px; }}
    QListWidget[framed="true"]::item {{ padding: 5px 7px; border-radius: 5px; }}
    QListWidget[framed="true"]::item:selected {{ background: {checked}; color: {theme.text}; }}
    QTableView {{ background: {theme.base}; border: none; border-top: 1px solid {theme.line}; outline: none; }}
    QProgressBar {{ background: {theme.line}; border: none; }}
    QProgressBar::chunk {{ background: {theme.accent}; }}
    QCheckBox, QRadioButton {{ spacing: 9px; }}
    QCheckBox::indicator {{
        width: 14px; height: 14px; border: 1px solid {theme.idle}; border-radius: 4px; background: {theme.raised};
    }}
    QCheckBox::indicator:checked {{
        border-color: {theme.accent}; background: {theme.accent};
        image: url("{images}/tick-{"dark" if theme.dark else "light"}.svg");
    }}
    QRadioButton::indicator {{
        width: 12px; height: 12px; border: 2px solid {theme.idle}; border-radius: 8px; background: {theme.raised};
    }}
    QRadioButton::indicator:checked {{
        width: 6px; height: 6px; border: 5px solid {theme.accent}; background: {theme.on_accent};
    }}
    QRadioButton::indicator:focus {{ border-color: {theme.accent}; }}
    QRadioButton::indicator:checked:focus {{ border-color: {theme.text}; }}
    QCheckBox::indicator:focus {{ border: 2px solid {theme.accent}; width: 12px; height: 12px; }}
    QCheckBox::indicator:checked:focus {{ border-color: {theme.text}; }}
    QListWidget[pages="true"] {{
        background: {theme.window}; border: none; border-right: 1px solid {theme.line};
        padding: 10px 8px; outline: none;
    }}
    QListWidget[pages="true"]::item {{ padding: 7px 10px; margin: 1px 0; border-radius: 6px; color: {theme.text}; }}
    QListWidget[pages="true"]::item:hover {{ background: {hover}; }}
    QListWidget[pages="true"]::item:selected {{ background: {checked}; color: {theme.accent}; }}
    QListWidget[pages="true"]::item:selected:active:focus {{ border: 1px solid {theme.accent}; }}
    QDialogButtonBox {{ dialogbuttonbox-buttons-have-icons: 0; }}
    QFrame[line="true"] {{ background: {theme.line}; border: none; max-height: 1px; min-height: 1px; }}
    QScrollBar:vertical {{ background: transparent; width: 12px; margin: 0; }}
    QScrollBar::handle:vertical {{ background: {scroll}; border-radius: 4px; margin: 2px; min-height: 36px; }}
    QScrollBar::handle:vertical:hover {{ background: {scroll_hover}; }}
    QScrollBar::add-line, QScrollBar::sub-line {{ height: 0; }}
    QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}
    QMenu {{
        background: {theme.raised}; color: {theme.text}; border: 1px solid {theme.line}; padding: 5px;
    }}
    QMenu::item {{ padding: 6px 22px 6px 12px; border-radius: 5px; }}
    QMenu::item:selected {{ background: {theme.accent}; color: {theme.on_accent}; }}
    QMenu::item:disabled {{ color: {off}; background: transparent; }}
    QMenu::separator {{ height: 1px; background: {theme.line}; margin: 5px 8px; }}
    """


def picture(name: str, colour: str, side: int, ratio: float = 1.0) -> QPixmap:
    """Draw `resources/icons/{name}.svg` in a colour, for a place of so many pixels on a screen of such a scale.

    Raises:
        FileNotFoundError: there is no such drawing.
    """
    drawing = resource("icons", f"{name}.svg").read_text(encoding="utf-8")
    renderer = QSvgRenderer(QByteArray(drawing.replace("currentColor", colour).encode()))
    return _drawn(renderer, round(side * ratio), ratio)


def icon(name: str, colour: str, disabled: str | None = None, sides: Sequence[int] = ICON_SIDES) -> QIcon:
    """Make an icon of such a drawing for buttons, crisp at every usual scale.

    Args:
        name: of the drawing.
        colour: as #rrggbb.
        disabled: colour while the button cannot be pressed; the same one where it never happens.
        sides: in pixels of the screen.
    """
    drawing = resource("icons", f"{name}.svg").read_text(encoding="utf-8")
    result = QIcon()
    for mode, ink in ((QIcon.Mode.Normal, colour), (QIcon.Mode.Disabled, disabled)):
        if ink is not None:
            renderer = QSvgRenderer(QByteArray(drawing.replace("currentColor", ink).encode()))
            for side in sides:
                result.addPixmap(_drawn(renderer, side), mode)
    return result


def _drawn(renderer: QSvgRenderer, side: int, ratio: float = 1.0) -> QPixmap:
    pixmap = QPixmap(side, side)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    renderer.render(painter, QRectF(0, 0, side, side))
    painter.end()
    pixmap.setDevicePixelRatio(ratio)
    return pixmap


def tabular(font: QFont) -> QFont:
    """Return the font with digits of one width, so that a running clock does not tremble."""
    result = QFont(font)
    result.setFeature(QFont.Tag("tnum"), 1)
    return result


def mark(widget: QWidget, name: str, value: object) -> None:
    """Set a property that the style sheet asks for, and make the widget look it up again."""
    if widget.property(name) != value:
        widget.setProperty(name, value)
        widget.style().unpolish(widget)
        widget.style().polish(widget)
        widget.update()


def resize_within_screen(window: QWidget, width: int, height: int) -> None:
    """Give a window its size, or as much of it as there is beside the task bar: large scales make small screens.

    Args:
        window: not shown yet, or shown.
        width: in pixels of Qt, without the frame.
        height: likewise.
    """
    room = window.screen().availableGeometry().adjusted(_FRAME, _FRAME + _TITLE, -_FRAME, -_FRAME)
    window.resize(min(width, room.width()), min(height, room.height()))


def ink(widget: QWidget, name: str) -> None:
    """Colour a widget's words with one of `INKS`, in this theme and in every one that follows."""
    mark(widget, "ink", name)


class Appearance(QObject):
    """Gives the application its style, fonts and palette, and keeps them as the system or the person wants them."""

    changed = Signal()

    def __init__(self, app: QApplication) -> None:
        super().__init__(app)
        self._app = app
        self._wanted = Qt.ColorScheme.Unknown
        app.setStyle("Fusion")
        app.setFont(self._font(app.font()))
        app.setWindowIcon(icon("captioner", "", sides=(16, 24, 32, 48, 64, 128, 256)))
        hints = app.styleHints()
        hints.colorSchemeChanged.connect(self._apply)
        hints.accessibility().contrastPreferenceChanged.connect(self._apply)
        self._apply()

    def use(self, theme: Theme) -> None:
        """Show a theme; `SYSTEM` follows the system's, also when it changes. Title bars follow where they can."""
        self._wanted = _SCHEMES[theme]
        self._app.styleHints().setColorScheme(self._wanted)
        self._apply()

    def _apply(self) -> None:
        hints = self._app.styleHints()
        # A platform without schemes ignores what is asked of it, so the wish itself comes first.
        scheme = hints.colorScheme() if self._wanted is Qt.ColorScheme.Unknown else self._wanted
        dark = scheme == Qt.ColorScheme.Dark
        if hints.accessibility().contrastPreference() == Qt.ContrastPreference.HighContrast:
            theme = DARK_CONTRAST if dark else LIGHT_CONTRAST
        else:
            theme = DARK if dark else LIGHT
        palette = palette_of(theme)
        if palette != self._app.palette():
            self._app.setPalette(palette)
            self._app.setStyleSheet(stylesheet(theme))  # makes every widget take the palette at once
            self.changed.emit()

    @staticmethod
    def _font(font: QFont) -> QFont:
        families = list[str]()
        for name in ("Pretendard-Regular.otf", "Pretendard-SemiBold.otf"):
            number = QFontDatabase.addApplicationFont(str(resource("fonts", name)))
            families += [each for each in QFontDatabase.applicationFontFamilies(number) if each not in families]
        result = QFont(font)
        result.setFamilies([*families, *FALLBACK_FAMILIES, *font.families()])
        result.setPointSizeF(max(10.0, font.pointSizeF()))
        return result
