from __future__ import annotations

import json
from dataclasses import asdict, fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from captioner.settings import (
    DEFAULT_ENDPOINT,
    Domain,
    Interims,
    Language,
    Mode,
    Model,
    Section,
    SettingError,
    Settings,
    Theme,
    check,
    is_loopback,
    needs_connection,
    option_of,
)


def refused(**values: object) -> SettingError:
    with pytest.raises(SettingError) as caught:
        Settings(**values)  # type: ignore[arg-type]
    return caught.value


words = st.text(st.characters(min_codepoint=0xAC00, max_codepoint=0xD7A3), min_size=1, max_size=20)

any_settings = st.builds(
    Settings,
    device=st.text(max_size=20),
    block_ms=st.sampled_from([10, 20]),
    mode=st.sampled_from(Mode),
    silence=st.floats(0.2, 2.0),
    hangover=st.floats(0.1, 2.0),
    model=st.just(Model.SOMMERS_KO),
    domain=st.sampled_from(Domain),
    itn=st.booleans(),
    keywords=st.lists(words, max_size=5).map(tuple),
    epd=st.floats(0.2, 5.0),
    max_utterance=st.integers(2, 60),
    chunk_ms=st.sampled_from([20, 40, 60, 80, 100]),
    hold=st.integers(30, 300),
    font_size=st.integers(10, 100),
    theme=st.sampled_from(Theme),
    ui_language=st.sampled_from(Language),
    interims=st.sampled_from(Interims),
    overlay=st.booleans(),
    overlay_place=st.none() | st.tuples(st.integers(), st.integers()),
    window_geometry=st.text(max_size=20),
)

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda values: st.lists(values, max_size=3) | st.dictionaries(st.text(max_size=3), values, max_size=2),
    max_leaves=5,
)


@given(any_settings)
def test_settings_are_read_back_as_they_were_stored(settings: Settings) -> None:
    assert Settings.from_json(settings.to_json()) == (settings, ())


def test_only_what_differs_from_the_defaults_is_stored() -> None:
    assert json.loads(Settings().to_json()) == {}
    assert json.loads(Settings(theme=Theme.DARK, epd=0.7).to_json()) == {"theme": "dark", "epd": 0.7}


def test_what_is_stored_is_readable_by_people() -> None:
    assert "리턴제로" in Settings(keywords=("리턴제로",)).to_json()


@given(st.dictionaries(st.sampled_from([each.name for each in fields(Settings)]), json_values))
def test_whatever_is_stored_gives_settings_and_names_what_it_could_not_use(stored: dict[str, object]) -> None:
    settings, wrong = Settings.from_json(json.dumps(stored))
    named = {error.name for error in wrong}
    assert named <= stored.keys()
    for name in set(asdict(settings)) - set(stored) | named:
        assert getattr(settings, name) == getattr(Settings(), name)
    again, still_wrong = Settings.from_json(settings.to_json())
    assert (again, still_wrong) == (settings, ())


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("theme", "purple"),
        ("theme", []),
        ("itn", 1),
        ("itn", "true"),
        ("chunk_ms", True),
        ("chunk_ms", 20.0),
        ("chunk_ms", None),
        ("chunk_ms", 10**400),
        ("epd", "0.5"),
        ("epd", False),
        ("epd", 10**400),
        ("epd", float("nan")),
        ("epd", float("inf")),
        ("device", 3),
        ("device", "half a pair \ud800"),
        ("keywords", "리턴제로"),
        ("keywords", ["리턴제로", 1]),
        ("overlay_place", [1]),
        ("overlay_place", [1, 2.5]),
        ("overlay_place", [True, False]),
        ("overlay_place", "1,2"),
    ],
)
def test_a_stored_value_of_another_kind_is_left_at_its_default(name: str, value: object) -> None:
    settings, wrong = Settings.from_json(json.dumps({name: value, "font_size": 30}))
    assert settings == Settings(font_size=30)
    assert [error.name for error in wrong] == [name]


def test_stored_values_of_the_right_kinds_are_taken() -> None:
    stored = {"epd": 1, "overlay_place": None, "device": "", "keywords": ["네:-5"], "model": "whisper"}
    assert Settings.from_json(json.dumps(stored)) == (
        Settings(epd=1.0, keywords=("네:-5",), model=Model.WHISPER),
        (),
    )


def test_options_of_a_newer_version_are_passed_over() -> None:
    assert Settings.from_json('{"from_the_future": 1}') == (Settings(), ())


@pytest.mark.parametrize("text", ["", "{", "[]", "3", "null"])
def test_what_is_no_json_object_is_refused_whole(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  (the parser's own words)
        Settings.from_json(text)


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [
        ("epd", 0.2, 5.0),
        ("silence", 0.2, 2.0),
        ("hangover", 0.1, 2.0),
        ("max_utterance", 2, 60),
        ("hold", 30, 300),
        ("font_size", 10, 100),
    ],
)
def test_numbers_have_inclusive_bounds(name: str, low: float, high: float) -> None:
    for value in (low, high):
        assert getattr(replace(Settings(), **{name: value}), name) == value  # type: ignore[arg-type]
    for value in (low - 1, high + 1):
        error = refused(**{name: value})
        assert (error.name, error.values["value"]) == (name, value)
        assert error.sentence == "{value} is not between {low} and {high}{unit}."


@pytest.mark.parametrize("value", [15, 50, 90])
def test_a_chunk_is_whole_frames(value: int) -> None:
    assert refused(chunk_ms=value).name == "chunk_ms"


def test_a_block_divides_a_frame() -> None:
    assert str(refused(block_ms=15)) == "block_ms: 15 ms is neither 10 nor 20 ms."


@pytest.mark.parametrize("keyword", ["리턴제로", "리턴 제로", "리턴제로:3.5", "리턴제로:-5", "리턴제로:5.0", "가" * 20])
def test_keywords_that_the_service_takes(keyword: str) -> None:
    assert Settings(keywords=(keyword,)).keywords == (keyword,)


@pytest.mark.parametrize(
    "keyword",
    ["", "RTZR", "리턴제로3", " 리턴제로", "리턴제로:", "리턴제로:x", "리턴제로:5.1", "리턴제로:-6", "가" * 21],
)
def test_keywords_that_the_service_refuses(keyword: str) -> None:
    assert refused(keywords=(keyword,)).name == "keywords"


def test_there_are_at_most_a_hundred_keywords() -> None:
    assert len(Settings(keywords=("가",) * 100).keywords) == 100
    assert refused(keywords=("가",) * 101).values == {"count": 101}


def test_keywords_are_for_korean_only() -> None:
    assert refused(keywords=("네",), model=Model.SOMMERS_JA).name == "keywords"
    assert refused(keywords=("네",), model=Model.WHISPER, language="en").name == "keywords"
    assert Settings(keywords=("네",), model=Model.WHISPER, language="ko").keywords == ("네",)


@pytest.mark.parametrize("code", ["ko", "en", "yue", "zh-TW", "zh-Hant"])
def test_language_codes(code: str) -> None:
    assert Settings(language=code).language == code


@pytest.mark.parametrize("code", ["", "k", "Korean", "ko KR", "ko_KR"])
def test_what_is_no_language_code(code: str) -> None:
    assert refused(language=code).name == "language"


@pytest.mark.parametrize(
    "endpoint",
    [
        DEFAULT_ENDPOINT,
        "https://proxy.example.com/rtzr/",
        "http://localhost:8000",
        "http://127.0.0.1:8000",
        "http://127.1.2.3",
        "http://[::1]:8000",
        "http://LOCALHOST",
    ],
)
def test_endpoints(endpoint: str) -> None:
    assert Settings(endpoint=endpoint).base_url == endpoint.rstrip("/")


@pytest.mark.parametrize(
    "endpoint",
    [
        "",
        "openapi.vito.ai",
        "wss://openapi.vito.ai",
        "https://",
        "https://host:port",
        "https://host:99999",
        "https://[::1",
        "https://host/?a=b",
        "https://host/#a",
        "https://ho st",
        "https://ho\nst",
        "https://host\u200b",
    ],
)
def test_what_is_no_endpoint(endpoint: str) -> None:
    error = refused(endpoint=endpoint)
    assert (error.name, error.values["example"]) == ("endpoint", DEFAULT_ENDPOINT)


@pytest.mark.parametrize("host", ["openapi.vito.ai", "10.0.0.1", "localhost.example.com", "[::2]"])
def test_plain_http_is_for_this_computer_only(host: str) -> None:
    assert refused(endpoint=f"http://{host}").sentence.startswith("{value} is not encrypted")


@pytest.mark.parametrize("name", ["endpoint", "proxy"])
@pytest.mark.parametrize(
    "address",
    [
        "https://name:hunter2@host",
        "https://hunter2@host",
        "ftp://name:hunter2@host",
        "https://name:hunter2@host:99999",
        "http://name:hunter2@[host",
        "name:hunter2@host:3128",
    ],
)
def test_a_password_in_an_address_is_refused_without_repeating_it(name: str, address: str) -> None:
    error = refused(**{name: address})
    assert error.sentence == "An address must not hold a user name or a password."
    assert "hunter2" not in f"{error!r} {error.values}"


def test_proxies() -> None:
    assert Settings(proxy="").proxy == ""
    assert Settings(proxy="http://proxy.example.com:3128").proxy == "http://proxy.example.com:3128"
    assert refused(proxy="socks5://host").values["example"] == "http://proxy.example.com:3128"
    assert refused(proxy="https://proxy.example.com:3128").values["example"] == "http://proxy.example.com:3128"


@pytest.mark.parametrize(
    ("host", "loopback"),
    [("localhost", True), ("127.0.0.1", True), ("::1", True), ("127.0.0.1.example.com", False), ("128.0.0.1", False)],
)
def test_what_is_this_computer(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback


def test_only_what_the_service_is_told_at_the_handshake_needs_a_new_connection() -> None:
    settings = Settings()
    for after in (replace(settings, domain=Domain.MEETING), replace(settings, epd=0.8, font_size=30)):
        assert needs_connection(settings, after)
    for after in (settings, replace(settings, font_size=30, theme=Theme.DARK, chunk_ms=40)):
        assert not needs_connection(settings, after)


def test_every_option_has_what_the_dialog_needs() -> None:
    for each in fields(Settings):
        option = option_of(each)
        assert option.section in Section
        assert option.hidden or (option.label and option.help.endswith((".", ").")))
        assert (option.low is None) == (option.high is None) == (option.step is None)
        check(each, each.default)
