from __future__ import annotations

import json
import os
import sys
from datetime import datetime
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication, QLabel, QPushButton
from pytestqt.qtbot import QtBot

from captioner.language import Sentences
from captioner.releases import Asked, Memory, Release, Trouble, UpdateState
from captioner.settings import Language, Theme
from captioner.ui.new_version import NewVersion, offer_sentence, outside, report_sentence
from captioner.ui.theme import Appearance
from captioner.ui.translation import Translation
from captioner.ui.window import MainWindow
from tests.helpers.display import VirtualDisplay
from tests.helpers.program import Program

PAGE = "https://www.example.com/captioner/1.3"
HERE = "https://www.example.com/latest.json"
AT = datetime(2026, 3, 4, 14, 3).timestamp()
SAY = Sentences()


def state(found: Release | Trouble | None, *, dismissed: str = "", address: str = HERE, at: float = AT) -> UpdateState:
    """What version 1.2 knows after it was told this."""
    return UpdateState.of("1.2", address, Memory(Asked(at, HERE, found) if found else None, dismissed))


def button(line: NewVersion, text: str) -> QPushButton:
    return next(each for each in line.findChildren(QPushButton) if each.text() == text)


def test_a_newer_version_is_said_once_and_what_was_dismissed_no_more() -> None:
    newer = Release("1.3", PAGE)
    assert offer_sentence(state(newer), SAY) == "Version 1.3 has been released; this is version 1.2."
    assert offer_sentence(state(newer, dismissed="1.3"), SAY) == ""
    assert offer_sentence(state(Release("1.2", PAGE)), SAY) == ""
    assert offer_sentence(state(Trouble.NO_ANSWER), SAY) == ""


@pytest.mark.parametrize(
    ("known", "sentence"),
    [
        (state(None, address=""), ""),
        (state(None), "Not asked for a new version yet."),
        (state(Trouble.NO_ANSWER), "Last asked for a new version on 2026-03-04 14:03: no answer."),
        (state(Trouble.UNREADABLE), "Last asked for a new version on 2026-03-04 14:03: the answer was not understood."),
        (state(Release("1.2", PAGE)), "Last asked for a new version on 2026-03-04 14:03: there is none."),
        (
            state(Release("1.3", PAGE), dismissed="1.3"),
            "Last asked for a new version on 2026-03-04 14:03: there is 1.3.",
        ),
        (state(Trouble.NO_ANSWER, at=1e300), "Last asked for a new version on ?: no answer."),
    ],
)
def test_whoever_looks_for_it_is_told_what_is_known(known: UpdateState, sentence: str) -> None:
    assert report_sentence(known, SAY) == sentence


@pytest.fixture
def line(qtbot: QtBot, appearance: Appearance) -> NewVersion:
    line = NewVersion()
    qtbot.addWidget(line)
    line.resize(600, 40)
    return line


def test_the_line_is_there_only_while_there_is_something_new(qtbot: QtBot, line: NewVersion) -> None:
    assert line.isHidden()
    line.show_text("Version 1.3 has been released.", PAGE)
    assert line.isVisible()
    assert line.text == "Version 1.3 has been released."
    assert button(line, "What is new").toolTip() == PAGE
    with qtbot.waitSignal(line.page_requested):
        button(line, "What is new").click()
    with qtbot.waitSignal(line.dismissed):
        button(line, "Dismiss").click()
    line.show_text("")
    assert line.isHidden()


def test_the_line_speaks_the_persons_language_and_wears_their_colours(
    line: NewVersion, translation: Translation, appearance: Appearance
) -> None:
    line.show_text("1.3", PAGE)
    sign = line.findChildren(QLabel)[0]
    before = sign.pixmap().toImage()
    translation.use(Sentences.load(Language.KOREAN))
    appearance.use(Theme.DARK)
    QApplication.processEvents()
    assert [each.text() for each in line.findChildren(QPushButton)] == ["새로운 점 보기", "닫기"]
    assert sign.pixmap().toImage() != before


def test_the_window_shows_the_line_below_its_bar_and_hands_its_clicks_on(qtbot: QtBot, appearance: Appearance) -> None:
    window = MainWindow()
    qtbot.addWidget(window)
    with qtbot.waitExposed(window):
        window.show()
    window.show_release("Version 1.3 has been released.", PAGE)
    (line,) = window.findChildren(NewVersion)
    assert line.isVisible()
    assert not window.captions.isHidden()
    with qtbot.waitSignal(window.release_page_requested):
        button(line, "What is new").click()
    with qtbot.waitSignal(window.release_dismissed):
        button(line, "Dismiss").click()
    window.show_release("", "")
    assert line.isHidden()
    window.allow_close()


def test_a_program_of_the_system_gets_no_library_and_no_plugin_of_the_bundle() -> None:
    environment = {
        "LD_LIBRARY_PATH": "/opt/captioner/_internal",
        "QT_PLUGIN_PATH": "/opt/captioner/_internal/PySide6/Qt/plugins",
        "XDG_DATA_DIRS": os.pathsep.join(["/usr/share", "/opt/captioner/_internal/share", "/usr/local/share"]),
        "PATH": os.pathsep.join(["/usr/bin", "", "/opt/captioner/_internal_of_another"]),
        "_PYI_ARCHIVE_FILE": "/opt/captioner/captioner",
        "HOME": "/home/somebody",
        "EMPTY": "",
    }
    assert outside(environment, "/opt/captioner/_internal") == {
        "LD_LIBRARY_PATH": None,
        "QT_PLUGIN_PATH": None,
        "XDG_DATA_DIRS": os.pathsep.join(["/usr/share", "/usr/local/share"]),
        "_PYI_ARCHIVE_FILE": None,
    }


def test_what_the_person_had_set_is_what_a_program_of_the_system_gets() -> None:
    environment = {"LD_LIBRARY_PATH": "/opt/captioner/_internal:/home/me/lib", "LD_LIBRARY_PATH_ORIG": "/home/me/lib"}
    assert outside(environment, "/opt/captioner/_internal") == {"LD_LIBRARY_PATH": "/home/me/lib"}


@pytest.mark.display
@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the bundle sets no variables")
def test_a_page_is_opened_by_the_systems_program_in_the_systems_environment(
    virtual_display: VirtualDisplay, tmp_path: Path
) -> None:
    browser, told = tmp_path / "xdg-open", tmp_path / "told"
    browser.write_text(f'#!/bin/sh\n{{ echo "$1"; env; }} > {told}.new\nmv {told}.new {told}\n', encoding="utf-8")
    browser.chmod(0o755)
    bundle = tmp_path / "bundle"
    environment = {
        **virtual_display.env,
        "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}",
        "LD_LIBRARY_PATH": str(bundle),
        "QT_PLUGIN_PATH": str(bundle / "plugins"),
    }
    with Program(["-m", "tests.ui.link_program", bundle, PAGE], env=environment) as program:
        assert program.finish() == 0
    opened, own = program.lines
    assert opened == "True"
    assert {name: json.loads(own)[name] for name in environment} == environment
    while not told.exists():  # the program does not wait for its browser
        assert browser.exists()
    url, *lines = told.read_text(encoding="utf-8").splitlines()
    assert url == PAGE
    names = {line.partition("=")[0] for line in lines}
    assert "DISPLAY" in names
    assert not names & {"LD_LIBRARY_PATH", "QT_PLUGIN_PATH"}
