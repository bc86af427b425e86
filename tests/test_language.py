from __future__ import annotations

import ast
import plistlib
import sys
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from string import Formatter
from xml.etree import ElementTree
from xml.sax.saxutils import escape

import pytest

import captioner
from captioner.language import Sentences, language_of, mac_language, read_catalog, system_language
from captioner.places import resource
from captioner.settings import Language, Section, Settings, option_of

CATALOG = resource("translations", "captioner_ko.ts")

SPOKEN = {"say": 0, "._say": 0, ".tr": 0, ".translate": 1, "SettingError": 1, "FileProblem": 0}
"""The calls whose argument of that number is a sentence for people."""


def called(call: ast.Call) -> str:
    """Return the name of what is called, that of a method with a dot."""
    function = call.func
    return f".{function.attr}" if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def calls() -> Iterator[tuple[str, ast.Call, ast.expr]]:
    """Find where the program says something: place, call and the expression that is said."""
    package = Path(captioner.__file__).parent
    for path in sorted(package.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                name = called(node)
                if name in SPOKEN and len(node.args) > SPOKEN[name]:
                    yield f"{path.relative_to(package)}:{node.lineno}", node, node.args[SPOKEN[name]]


def literals(expression: ast.expr) -> Iterator[str]:
    """Find the sentences of an expression; what is only known at run time has none."""
    if isinstance(expression, ast.IfExp):
        yield from literals(expression.body)
        yield from literals(expression.orelse)
    elif isinstance(expression, ast.Constant) and isinstance(expression.value, str) and expression.value:
        yield expression.value


def spoken() -> set[str]:
    """Collect every sentence of the program."""
    sentences = {sentence for _, _, expression in calls() for sentence in literals(expression)}
    options = [option_of(each) for each in fields(Settings)]
    shown = {sentence for option in options if not option.hidden for sentence in (option.label, option.help)}
    return (sentences | shown | {section.value for section in Section}) - {""}


def placeholders(sentence: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(sentence) if name is not None}


def message(sentence: str) -> str:
    """Write the sentence as the catalog wants it."""
    lines = ("<message>", f"    <source>{escape(sentence)}</source>", "    <translation></translation>", "</message>")
    return "".join(f"    {line}\n" for line in lines)


def test_the_catalog_holds_every_sentence_of_the_program() -> None:
    missing = spoken() - read_catalog(CATALOG).keys()
    assert not missing, "missing in captioner_ko.ts:\n" + "".join(map(message, sorted(missing)))


def test_the_catalog_holds_nothing_that_nobody_says() -> None:
    assert read_catalog(CATALOG).keys() <= spoken()


def test_the_catalog_holds_each_sentence_once_and_finished() -> None:
    messages = list(ElementTree.parse(CATALOG).iterfind("./context/message"))
    assert len({message.findtext("source") for message in messages}) == len(messages) == len(read_catalog(CATALOG))


def test_translations_have_the_placeholders_of_their_sentences() -> None:
    wrong = {
        english: korean
        for english, korean in read_catalog(CATALOG).items()
        if placeholders(english) != placeholders(korean)
    }
    assert not wrong


def test_sentences_are_said_with_the_values_that_they_name() -> None:
    wrong = list[str]()
    for place, call, expression in calls():
        given = {each.arg for each in call.keywords}
        if called(call) in ("say", "._say", "SettingError") and None not in given:
            wrong += [f"{place} {each}" for each in literals(expression) if placeholders(each) != given]
    assert not wrong


def test_sentences_are_literals_not_built_at_run_time() -> None:
    assert not [place for place, _, expression in calls() if isinstance(expression, ast.JoinedStr | ast.BinOp)]


def test_a_sentence_is_translated_and_then_filled() -> None:
    say = Sentences(Language.KOREAN, {"Trying again in {seconds} s.": "{seconds}초 뒤에 다시 시도합니다."})
    assert say("Trying again in {seconds} s.", seconds=2) == "2초 뒤에 다시 시도합니다."
    assert say.find("Trying again in {seconds} s.") == "{seconds}초 뒤에 다시 시도합니다."


def test_values_are_not_translated_and_their_braces_stay() -> None:
    say = Sentences(Language.KOREAN, {"{a}": "<{a}>", "Start": "시작"})
    assert say("{a}", a="Start {b}") == "<Start {b}>"


def test_an_unknown_sentence_stays_english() -> None:
    say = Sentences(Language.KOREAN, {})
    assert say("Nobody {did} this.", did="wrote") == "Nobody wrote this."
    assert say.find("Nobody {did} this.") is None


def test_a_sentence_without_values_keeps_its_braces() -> None:
    assert Sentences()('{"type":"state"}') == '{"type":"state"}'


def test_korean_is_loaded_from_the_catalog_and_english_is_the_code_itself() -> None:
    korean, english = Sentences.load(Language.KOREAN), Sentences.load(Language.ENGLISH)
    assert korean.language is Language.KOREAN
    assert korean("Listening") == "듣는 중"
    assert english.language is Language.ENGLISH
    assert english("Listening") == "Listening"


def test_the_systems_language_is_one_of_the_programs() -> None:
    assert Sentences.load(Language.SYSTEM).language is system_language()


def test_unfinished_and_vanished_messages_of_a_catalog_are_passed_over(tmp_path: Path) -> None:
    catalog = tmp_path / "some.ts"
    catalog.write_text(
        """<?xml version="1.0" encoding="utf-8"?><!DOCTYPE TS><TS version="2.1" language="ko_KR"><context><name>a</name>
        <message><source>One &amp; all</source><translation>모두</translation></message>
        <message><source>Two</source><translation type="unfinished">둘</translation></message>
        <message><source>Three</source><translation type="vanished">셋</translation></message>
        <message><source>Four</source><translation></translation></message>
        <message><source>Five</source></message>
        </context><context><name>b</name>
        <message><source>Six</source><translation>여섯</translation></message></context></TS>""",
        encoding="utf-8",
    )
    assert read_catalog(catalog) == {"One & all": "모두", "Six": "여섯"}


@pytest.mark.parametrize(
    ("environ", "language"),
    [
        ({"LANG": "ko_KR.UTF-8"}, Language.KOREAN),
        ({"LANG": "en_US.UTF-8"}, Language.ENGLISH),
        ({"LANG": "ko_KR.UTF-8", "LC_MESSAGES": "en_GB.UTF-8"}, Language.ENGLISH),
        ({"LANG": "en_US.UTF-8", "LC_ALL": "ko"}, Language.KOREAN),
        ({"LANG": "ko_KR.UTF-8", "LC_MESSAGES": "ko_KR", "LC_ALL": "C.UTF-8"}, Language.ENGLISH),
        ({"LANG": "ko_KR.UTF-8", "LC_ALL": ""}, Language.KOREAN),
    ],
)
def test_the_locales_variables_decide_in_their_order(environ: dict[str, str], language: Language) -> None:
    assert system_language(environ) is language


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="they are asked for their own setting")
def test_without_a_locale_the_program_speaks_english() -> None:
    assert system_language({}) is Language.ENGLISH


@pytest.mark.parametrize(
    ("code", "language"),
    [
        ("ko", Language.KOREAN),
        ("ko-KR", Language.KOREAN),
        ("ko_KR@calendar", Language.KOREAN),
        ("Korean_Korea.949", Language.KOREAN),
        ("kok_IN", Language.ENGLISH),
        ("C", Language.ENGLISH),
        ("ja_JP.UTF-8", Language.ENGLISH),
    ],
)
def test_a_locales_name_tells_its_language(code: str, language: Language) -> None:
    assert language_of(code) is language


@pytest.mark.parametrize("form", [plistlib.FMT_BINARY, plistlib.FMT_XML])
def test_the_first_preferred_language_of_a_mac_decides(tmp_path: Path, form: plistlib.PlistFormat) -> None:
    preferences = tmp_path / "preferences.plist"
    preferences.write_bytes(plistlib.dumps({"AppleLanguages": ["ko-KR", "en-US"]}, fmt=form))
    assert mac_language(preferences) is Language.KOREAN


NOT_PREFERENCES = [
    None,
    b"",
    b"junk",
    b"bplist00junk",
    b"<?xml version='1.0'?><plist><dict>",
    plistlib.dumps({}),
    plistlib.dumps([1]),
    plistlib.dumps({"AppleLanguages": []}),
    plistlib.dumps({"AppleLanguages": 1}),
]


@pytest.mark.parametrize("content", NOT_PREFERENCES)
def test_a_mac_without_readable_preferences_speaks_english(tmp_path: Path, content: bytes | None) -> None:
    preferences = tmp_path / "preferences.plist"
    if content is not None:
        preferences.write_bytes(content)
    assert mac_language(preferences) is Language.ENGLISH
