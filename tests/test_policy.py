"""What a company settles holds, whatever a person has stored or asks for; what cannot be understood is no policy."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from captioner.policy import Policy, read_policy
from captioner.settings import Mode, Model, SettingError, Settings, Theme, option_of

HERE = str(Path(__file__).resolve())


def policy(**parts: Any) -> Policy:
    return read_policy(json.dumps(parts))


def wrong(text: str) -> SettingError:
    with pytest.raises(SettingError) as caught:
        read_policy(text)
    return caught.value


def test_an_empty_policy_settles_nothing() -> None:
    mine = Settings(mode=Mode.SILENCE_WAIT, font_size=30)
    assert read_policy("{}") == Policy()
    assert Policy().apply(mine) == mine
    assert Policy().forbids("mode", Mode.STREAMING) is None
    assert Policy().forbids("endpoint", "https://other.example") is None


def test_a_locked_setting_has_its_value_and_the_others_stay_the_persons() -> None:
    company = policy(endpoint="https://stt.example", theme="dark", epd=1, keep_days=3)
    applied = company.apply(Settings(endpoint="https://mine.example", font_size=30))
    assert applied == Settings(endpoint="https://stt.example", theme=Theme.DARK, epd=1.0, keep_days=3, font_size=30)


def test_every_setting_that_is_shown_can_be_locked_and_no_other() -> None:
    plain = json.loads(json.dumps({each.name: getattr(Settings(), each.name) for each in fields(Settings)}))
    for each in fields(Settings):
        text = json.dumps({each.name: plain[each.name]})
        if option_of(each).hidden:
            assert wrong(text).name == each.name
        else:
            assert read_policy(text).locked == {each.name: getattr(Settings(), each.name)}


def test_asking_for_the_settled_value_is_no_contradiction() -> None:
    company = policy(silence=0.7)
    assert company.forbids("silence", 0.7) is None
    refusal = company.forbids("silence", 0.8)
    assert refusal is not None
    assert (refusal.name, refusal.sentence) == ("silence", "Your company has settled this; leave it out.")


def test_a_mode_that_is_not_allowed_gives_way_to_the_first_that_is() -> None:
    company = policy(allowed_modes=["streaming-finalize", "streaming"])
    assert company.apply(Settings(mode=Mode.SILENCE_WAIT)).mode is Mode.STREAMING_FINALIZE
    assert company.apply(Settings(mode=Mode.STREAMING)).mode is Mode.STREAMING
    assert company.forbids("mode", Mode.STREAMING) is None
    refusal = company.forbids("mode", Mode.SILENCE_WAIT)
    assert refusal is not None
    assert refusal.values == {"modes": "streaming-finalize, streaming"}


def test_a_locked_mode_is_one_of_those_allowed() -> None:
    assert policy(allowed_modes=["streaming", "silence-wait"], mode="silence-wait").apply(Settings()).mode == (
        "silence-wait"
    )
    assert wrong('{"allowed_modes": ["silence-wait"], "mode": "streaming"}').name == "allowed_modes"


def test_what_does_not_go_with_a_locked_setting_takes_its_default_and_the_rest_stays() -> None:
    mine = Settings(keywords=("리턴제로",), font_size=30, ca_file="mine.pem")
    applied = policy(model="sommers_ja").apply(mine)
    assert applied == Settings(model=Model.SOMMERS_JA, font_size=30, ca_file="mine.pem")


@pytest.mark.parametrize(
    ("text", "name", "sentence"),
    [
        ("", "", "It is no JSON from line 1 on."),
        ('{\n"itn": tru}', "", "It is no JSON from line 2 on."),
        ("[" * 100_000, "", "It is no JSON from line 1 on."),
        ('{"epd": ' + "1" * 9_999 + "}", "", "It is no JSON from line 1 on."),
        ("[]", "", "It is no JSON object."),
        ("null", "", "It is no JSON object."),
        ('{"endpiont": "https://x.example"}', "endpiont", "It is no setting that a policy can hold."),
        ('{"itn": true, "itn": false}', "itn", "It is there twice."),
        ('{"itn": 1}', "itn", "1 is not a value that it can take."),
        ('{"silence": NaN}', "silence", "nan is not between 0.2 and 2 s."),
        ('{"keep_days": 0}', "keep_days", "0 is not between 1 and 30."),
        ('{"ca_file": "ca.pem"}', "ca_file", "It is no absolute path, so it would depend on where the program"),
        ('{"allowed_modes": []}', "allowed_modes", "It is no list of streaming, streaming-finalize, silence-wait."),
        ('{"allowed_modes": "streaming"}', "allowed_modes", "It is no list of"),
        ('{"allowed_modes": ["swift"]}', "allowed_modes", "It is no list of"),
        ('{"allowed_modes": [["streaming"]]}', "allowed_modes", "It is no list of"),
        ('{"token_url": 1}', "token_url", "It is no text."),
        ('{"token_url": ""}', "token_url", " is not an address such as https://tokens.example.com/token."),
        ('{"token_url": "http://tokens.example/token"}', "token_url", "http://tokens.example/token is not encrypted"),
        ('{"token_url": "https://me:pw@tokens.example"}', "token_url", "An address must not hold a user name"),
        ('{"proxy": "socks://p:1"}', "proxy", "socks://p:1 is not an address such as http://proxy.example.com:3128."),
        ('{"model": "sommers_ja", "keywords": ["가"]}', "keywords", "Keywords work with Korean only"),
    ],
)
def test_what_cannot_be_understood_is_no_policy(text: str, name: str, sentence: str) -> None:
    error = wrong(text)
    assert error.name == name
    assert error.sentence.format(**error.values).startswith(sentence)


def test_addresses_and_files_of_a_company_are_taken() -> None:
    company = policy(
        token_url="https://tokens.example/a/token", proxy="http://proxy.example:3128", ca_file=HERE, record=False
    )
    assert company.token_url == "https://tokens.example/a/token"
    assert company.apply(Settings(record=True)) == Settings(proxy="http://proxy.example:3128", ca_file=HERE)
    assert policy(token_url="http://127.0.0.1:8000/token", ca_file="").token_url == "http://127.0.0.1:8000/token"


@given(
    st.text(max_size=200)
    | st.dictionaries(
        st.sampled_from(["itn", "allowed_modes", "token_url", "epd", "x"]),
        st.none() | st.booleans() | st.floats() | st.text(max_size=5) | st.lists(st.text(max_size=3), max_size=2),
    ).map(json.dumps)
)
def test_any_text_is_a_policy_or_a_sentence(text: str) -> None:
    try:
        read = read_policy(text)
    except SettingError as error:
        sentence = error.sentence.format(**error.values)
    else:
        sentence = "" if read.apply(read.apply(Settings())) != read.apply(Settings()) else "none is needed"
    assert sentence


def test_the_environments_endpoint_is_used_and_not_kept_unless_the_company_has_its_own() -> None:
    stored = Settings(endpoint="https://mine.example", font_size=20)
    lent = Policy().lend(stored, "http://127.0.0.1:8080")
    assert lent.apply(stored) == replace(stored, endpoint="http://127.0.0.1:8080")
    assert replace(lent.apply(stored), **lent.kept) == stored
    assert Policy().lend(stored, "") == Policy()
    company = Policy({"endpoint": "https://stt.example"})
    assert company.lend(stored, "http://127.0.0.1:8080") == company
    with pytest.raises(SettingError):
        Policy().lend(stored, "http://stt.example")
