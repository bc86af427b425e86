"""What a file says of a release is read strictly, and versions follow each other as Python's packaging has it."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from packaging.version import Version

from captioner.releases import DAY, Asked, Memory, Release, Trouble, UpdateState, is_newer, read_release

PAGE = "https://www.example.com/captioner/v1.2.3"
HERE = "https://www.example.com/latest.json"


def told(**parts: object) -> bytes:
    return json.dumps({"version": "1.2.3", "url": PAGE, **parts}).encode()


numbers = st.integers(0, 30)
versions = st.builds(
    "".join,
    st.tuples(
        st.sampled_from(["", "", "1!"]),
        st.lists(numbers.map(str), min_size=1, max_size=4).map(".".join),
        st.one_of(st.just(""), st.builds("{}{}".format, st.sampled_from(["a", "b", "rc"]), numbers)),
        st.one_of(st.just(""), numbers.map(".post{}".format)),
        st.one_of(st.just(""), numbers.map(".dev{}".format)),
    ),
)


@given(versions, versions)
def test_versions_follow_each_other_as_in_packaging(one: str, other: str) -> None:
    assert is_newer(one, other) == (Version(one) > Version(other))


@given(st.text(max_size=12) | st.from_regex(r"[0-9abrc.!postdev+v]{1,12}", fullmatch=True))
def test_what_is_no_version_in_normal_form_is_never_newer(text: str) -> None:
    assume(not is_newer(text, "0.dev0"))
    assert read_release(told(version=text)) is Trouble.UNREADABLE or Version(text) <= Version("0.dev0")


def test_a_version_and_its_page_are_read_and_what_else_is_told_is_passed_over() -> None:
    assert read_release(told(sha256={"captioner.dmg": "0" * 64})) == Release("1.2.3", PAGE)


@pytest.mark.parametrize("version", ["", "v1.2.3", "1.2.3+local", "1.02", "1.2-1", "1.2.3 ", "1" * 41, "١.٢", 1, None])
def test_another_version_is_not_understood(version: object) -> None:
    assert read_release(told(version=version)) is Trouble.UNREADABLE


@pytest.mark.parametrize(
    "url",
    [
        *("", "http://www.example.com/", "https://", "https:///page", "javascript:alert(1)", "file:///etc/passwd"),
        *("https://somebody@www.example.com/", "https://www.example.com@evil.example/", "https://a.example/b c"),
        *("https://a.example\\@b.example/", "https://a.example/\n", "https://www.ехample.com/", "https://[::1/", 7),
        *("https://a.example:port/", f"https://a.example/{'a' * 500}", "//a.example", None),
    ],
)
def test_another_link_is_not_understood(url: object) -> None:
    assert read_release(told(url=url)) is Trouble.UNREADABLE


@pytest.mark.parametrize(
    "body", [b"", b"null", b"[]", b'{"version": "1.2.3"}', b"<html>", b"\xff\xfe", b"[" * 9_000, b"1" * 9_000]
)
def test_what_is_no_such_object_is_not_understood(body: bytes) -> None:
    assert read_release(body) is Trouble.UNREADABLE


@given(st.binary(max_size=60))
def test_any_bytes_are_read(body: bytes) -> None:
    assert isinstance(read_release(body), Release | Trouble)


def test_it_is_asked_once_a_day_and_never_without_an_address() -> None:
    memory = Memory(Asked(1000.0, HERE, Trouble.NO_ANSWER))
    assert not memory.due(HERE, 1000.0 + DAY - 1)
    assert memory.due(HERE, 1000.0 + DAY)
    assert memory.due(HERE, 999.0)  # a clock that was set back: nobody knows how long ago it was
    assert memory.due("https://other.example/latest.json", 1000.0)
    assert Memory().due(HERE, 0.0)
    assert not Memory().due("", 0.0)


@pytest.mark.parametrize("found", [Release("1.2.3", PAGE), *Trouble])
def test_what_is_known_outlives_the_program(found: Release | Trouble) -> None:
    memory = Memory(Asked(1000.5, HERE, found), "1.2.2")
    assert Memory.from_json(memory.to_json()) == memory
    assert Memory.from_json(Memory().to_json()) == Memory()


@pytest.mark.parametrize(
    "text", ["", "[]", "{", '{"at": "now", "address": 1}', '{"at": NaN, "address": "a"}', '{"at": 1, "dismissed": 2}']
)
def test_a_memory_that_cannot_be_read_was_never_there(text: str) -> None:
    assert Memory.from_json(text) == Memory()


def test_a_link_that_somebody_wrote_into_the_memory_is_not_believed() -> None:
    kept = json.loads(Memory(Asked(1.0, HERE, Release("1.2.3", PAGE))).to_json())
    memory = Memory.from_json(json.dumps({**kept, "url": "file:///bin/sh"}))
    assert memory == Memory(Asked(1.0, HERE, Trouble.UNREADABLE))


def test_a_newer_release_is_offered_until_it_is_dismissed() -> None:
    newer = Release("1.2.3", PAGE)
    memory = Memory(Asked(1.0, HERE, newer))
    assert UpdateState.of("1.2.2", HERE, memory) == UpdateState("1.2.2", HERE, memory.asked, newer, True)
    assert UpdateState.of("1.2.3", HERE, memory).newer is None
    assert UpdateState.of("1.3.0", HERE, memory).newer is None
    assert UpdateState.of("1.2.2", "", memory) == UpdateState("1.2.2")
    assert UpdateState.of("1.2.2", f"{HERE}?", memory).newer is None  # another address has said nothing yet
    seen = UpdateState.of("1.2.2", HERE, replace(memory, dismissed="1.2.3"))
    assert (seen.newer, seen.offered) == (newer, False)
    assert UpdateState.of("1.2.2", HERE, replace(memory, dismissed="1.2.2")).offered
