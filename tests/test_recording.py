"""Recordings: every value comes back as it went in, and a lane that is lived through again does the very same."""

from __future__ import annotations

import asyncio
import json
import math
import struct
from collections.abc import Sequence
from dataclasses import fields, replace
from datetime import UTC, datetime
from random import Random
from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from captioner.engine import Engine
from captioner.errors import Fault, FaultKind, Misuse
from captioner.events import (
    AudioBlock,
    FinalShown,
    GapShown,
    Mute,
    News,
    Reconfigure,
    SourceOpened,
    Stop,
    Tick,
    Update,
)
from captioner.pipeline import Lane, Outcome, Pipeline
from captioner.recording import (
    AHEAD,
    Ended,
    Header,
    Heard,
    Item,
    Looked,
    Recorder,
    Started,
    Unreadable,
    encode,
    read,
)
from captioner.settings import DEFAULT_ENDPOINT, Domain, Mode, Settings
from captioner.stt.policy import KEPT_AHEAD, PER_UTTERANCE, Connecting, Patience
from tests.helpers.chaos import Trouble
from tests.helpers.lane import Conversation, FakeService
from tests.helpers.virtual_loop import run_virtual
from tests.test_engine import FakeLink, clock, deliver

AT = datetime(2026, 3, 4, 5, 6, 7, 890000, tzinfo=UTC)
HEADER = Header("0.1.0", AT, Settings(), Lane(seed=7))

# ---------------------------------------------------------------- values

numbers = st.integers(0, 2**53)
times = st.floats(0, 1e9)
samples = arrays.arrays(np.float32, st.tuples(st.integers(0, 40), st.integers(1, 8)), elements=st.floats(width=32))
telephone = arrays.arrays(np.int16, st.tuples(st.integers(0, 40), st.integers(1, 8))).map(
    lambda each: (each / 32768).astype(np.float32)
)
positions = st.integers(0, 8000 * 3600)
blocks = st.builds(
    AudioBlock, st.one_of(samples, telephone), st.integers(8000, 192_000), positions, times, st.booleans()
)
settings = st.builds(
    Settings,
    device=st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
    mode=st.sampled_from(Mode),
    domain=st.sampled_from(Domain),
    epd=st.floats(0.2, 5.0),
    keywords=st.sampled_from([(), ("리턴제로:3.5", "한빛")]),
    endpoint=st.sampled_from([DEFAULT_ENDPOINT, "http://127.0.0.1:8080"]),
    overlay_place=st.none() | st.tuples(st.integers(-9999, 9999), st.integers(-9999, 9999)),
    record=st.booleans(),
)
tries = st.floats(0, 1e9) | st.just(math.inf)
lanes = st.builds(Lane, seed=numbers, patience=st.builds(Patience, tries, tries, tries))
faults = st.builds(Fault, st.sampled_from(FaultKind), st.text())
simple: dict[str, st.SearchStrategy[Any]] = {
    "bool": st.booleans(),
    "int": numbers,
    "float": times,
    "str": st.text(),
    "Fault": faults,
    "Settings": settings,
}
headers = st.builds(Header, st.text(max_size=10), st.datetimes(timezones=st.just(UTC)), settings, lanes)


def news_of(kind: Any) -> st.SearchStrategy[News]:
    """Any news of a kind, by the types of its fields."""
    if kind is AudioBlock:
        return blocks
    values = dict[str, st.SearchStrategy[Any]]()
    for each in fields(kind):
        name, _, optional = str(each.type).partition(" | ")
        values[each.name] = simple[name] | st.none() if optional else simple[name]
    return st.builds(kind, **values)


KINDS: list[Any] = list(get_args(News))
items: st.SearchStrategy[Item] = st.one_of(
    st.builds(Heard, st.one_of(*map(news_of, KINDS)), times),
    st.builds(Looked, times),
    st.builds(Started, times),
    st.builds(Ended, times),
)


def same(one: Item, other: Item) -> bool:
    match one, other:
        case Heard(news=AudioBlock() as a, now=x), Heard(news=AudioBlock() as b, now=y):
            rest = [each.name for each in fields(AudioBlock) if each.name != "samples"]
            equal = all(getattr(a, name) == getattr(b, name) for name in rest) and x == y
            return equal and a.samples.shape == b.samples.shape and a.samples.tobytes() == b.samples.tobytes()
        case _:
            return one == other


@given(header=headers, told=st.lists(items, max_size=8))
def test_whatever_a_lane_is_told_comes_back(header: Header, told: list[Item]) -> None:
    told.sort(key=lambda each: 0.0 if isinstance(each, Header) else each.now)
    written = [encode(header), *map(encode, told)]
    found = list(read([b"".join(written)]))
    assert found[0] == header
    assert len(found) == len(told) + 1
    assert all(same(one, other) for one, other in zip(told, found[1:], strict=True))
    assert [encode(each) for each in found] == written


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
def test_every_kind_of_news_comes_back(data: st.DataObject, kind: Any) -> None:
    told = Heard(data.draw(news_of(kind)), 2.0)
    _, found = read([encode(HEADER), encode(told)])
    assert type(told.news) is kind
    assert same(found, told)


def test_telephone_sound_takes_two_bytes_a_sample_and_any_other_four() -> None:
    ramp = np.arange(-80, 80, dtype=np.float32)[:, None]
    exact = AudioBlock(ramp / np.float32(32768), 8000, 0, 0.0)
    fine = AudioBlock(exact.samples * np.float32(1.1), 8000, 0, 0.0)
    assert len(encode(Heard(fine, 0.0))) - len(encode(Heard(exact, 0.0))) == 2 * 160


def test_a_lane_without_a_seed_cannot_be_recorded() -> None:
    with pytest.raises(Misuse):
        Recorder(lambda _: None, replace(HEADER, lane=Lane()))


def test_payloads_are_handed_over_a_few_times_a_second_and_at_the_end() -> None:
    payloads: list[bytes] = []
    recorder = Recorder(payloads.append, HEADER)
    for turn in range(100):
        recorder.heard(Tick(), turn * 0.02)
    handed = len(payloads)
    assert 2.0 / AHEAD / 2 <= handed <= 2.0 / AHEAD + 1
    recorder.close()
    assert len(payloads) == handed + 1
    found = list(read(payloads))
    assert found == [HEADER, *(Heard(Tick(), turn * 0.02) for turn in range(100)), Ended(99 * 0.02)]


# ---------------------------------------------------------------- what is no recording

GOOD = encode(Started(1.0))
NONSENSE = {
    "no header": [encode(Started(1.0))],
    "two headers": [encode(HEADER) * 2],
    "time goes back": [encode(HEADER) + encode(Started(2.0)) + encode(Looked(1.0))],
    "time is no number": [encode(HEADER) + encode(Looked(math.nan))],
    "a cut item": [encode(HEADER) + GOOD[:-1]],
    "a cut prefix": [encode(HEADER) + GOOD[:3]],
    "another form": [encode(HEADER) + b"\x00\x00\x00\x00\x09"],
    "no JSON": [encode(HEADER) + struct.pack("<IB", 2, 0) + b"[["],
    "no bytes of text": [encode(HEADER) + struct.pack("<IB", 2, 0) + b"\xff\xff"],
    "deep JSON": [encode(HEADER) + struct.pack("<IB", 60_000, 0) + b"[" * 60_000],
    "a block without a head": [encode(HEADER) + struct.pack("<IB", 3, 1) + b"abc"],
    **{
        f"news like {text}": [encode(HEADER) + struct.pack("<IB", len(text.encode()), 0) + text.encode()]
        for text in [
            '{"a": 1}',
            '["unheard-of", 1.0]',
            '["tick", 1.0, 2]',
            '["tick"]',
            '["tick", "1"]',
            '["opened", 1.0, "1"]',
            '["closed", 1.0, 1, "x", ""]',
            '["token-refused", 1.0, "no-such-fault", ""]',
            '["reconfigure", 1.0, {"epd": 99}, false]',
            '["reconfigure", 1.0, {"mode": "telepathy"}, false]',
        ]
    },
}


@pytest.mark.parametrize("payloads", NONSENSE.values(), ids=NONSENSE.keys())
def test_what_makes_no_sense_is_unreadable(payloads: Sequence[bytes]) -> None:
    with pytest.raises(Unreadable):
        list(read(payloads))


def test_what_came_before_nonsense_is_read() -> None:
    found = read([encode(HEADER) + GOOD, b"nonsense"])
    assert [next(found), next(found)] == [HEADER, Started(1.0)]
    with pytest.raises(Unreadable):
        next(found)


@pytest.mark.parametrize(
    "lane", [{}, {"channel": "left"}, {"seed": None}, {"pace": "slow"}, {"patience": {}}, {"connecting": {"ahead": 1}}]
)
def test_a_header_of_another_version_is_unreadable(lane: dict[str, object]) -> None:
    good = json.loads(encode(HEADER)[5:])
    good[4] = {**good[4], **lane} if lane else {}
    body = json.dumps(good).encode()
    with pytest.raises(Unreadable):
        list(read([struct.pack("<IB", len(body), 0) + body]))


@given(
    shape=st.tuples(st.integers(0, 3), st.integers(0, 2**32 - 1), st.integers(-5, 5), st.integers(0, 1)),
    data=st.binary(max_size=9),
)
def test_a_block_of_any_bytes_is_a_block_or_unreadable(shape: tuple[int, int, int, int], data: bytes) -> None:
    channels, rate, position, packed = shape
    body = struct.pack("<ddqIHBB", 1.0, 1.0, position, rate, channels, 0, packed) + data
    try:
        (_, found) = read([encode(HEADER), struct.pack("<IB", len(body), 1) + body])
    except Unreadable:
        return
    assert isinstance(found, Heard)
    assert isinstance(found.news, AudioBlock)
    assert 8000 <= found.news.rate <= 192_000


def test_a_block_that_skips_hours_is_unreadable() -> None:
    def at(position: int) -> bytes:
        return encode(Heard(AudioBlock(np.zeros((160, 1), np.float32), 8000, position, 1.0), 1.0))

    assert len(list(read([encode(HEADER), at(0), at(8000 * 3000)]))) == 3
    assert len(list(read([encode(HEADER), at(0), encode(Heard(SourceOpened(), 1.0)), at(0)]))) == 4
    with pytest.raises(Unreadable):
        list(read([encode(HEADER), at(0), at(8000 * 4000)]))


# ---------------------------------------------------------------- lived through again


def live_through(payloads: Sequence[bytes]) -> tuple[Pipeline, list[Outcome]]:
    """A fresh pipeline that has lived through a recording, and what it made of it."""
    items = read(payloads)
    header = next(items)
    assert isinstance(header, Header)
    pipeline = Pipeline(header.settings, header.lane)
    outcomes: list[Outcome] = []
    for item in items:
        match item:
            case Started():
                outcomes += pipeline.start(item.now)
            case Heard():
                outcomes += pipeline.feed(item.news, item.now)
            case Looked():
                pipeline.status(item.now)
            case Header() | Ended():
                pass
    return pipeline, outcomes


class Taped(Pipeline):
    """A pipeline that writes down what it is fed, and what it makes of it."""

    def __init__(self, settings: Settings, lane: Lane) -> None:
        super().__init__(settings, lane)
        self.payloads: list[bytes] = []
        self.outcomes: list[Outcome] = []
        self.recorder = Recorder(self.payloads.append, Header("0", AT, settings, lane))

    def start(self, now: float) -> list[Outcome]:
        self.recorder.started(now)
        return self._keep(super().start(now))

    def feed(self, news: News, now: float) -> list[Outcome]:
        self.recorder.heard(news, now)
        return self._keep(super().feed(news, now))

    def look(self, now: float) -> None:
        self.recorder.looked(now)
        self.status(now)

    def _keep(self, outcomes: list[Outcome]) -> list[Outcome]:
        self.outcomes += outcomes
        return outcomes


@pytest.mark.parametrize("mode", Mode)
@pytest.mark.parametrize("connecting", [KEPT_AHEAD, PER_UTTERANCE], ids=["kept", "per-utterance"])
@pytest.mark.parametrize("seed", range(2))
def test_any_trouble_is_lived_through_again_to_the_same_actions_and_updates(
    seed: int, mode: Mode, connecting: Connecting
) -> None:
    trouble = Trouble(seed, mode=mode, connecting=connecting)
    bench, random = trouble.bench, Random(seed)
    taped = Taped(bench.pipeline.settings, bench.pipeline.lane)
    bench.pipeline = taped
    for _ in range(60):
        bench.at(random.uniform(0.0, 45.0), lambda: taped.look(bench.now))
    bench.at(random.uniform(5.0, 30.0), Reconfigure(replace(taped.settings, epd=0.9)))
    bench.at(random.uniform(5.0, 30.0), Mute(True))
    bench.at(random.uniform(30.0, 35.0), Mute(False))
    bench.start()
    bench.run()
    taped.recorder.close()
    assert bench.ended
    again, outcomes = live_through(taped.payloads)
    assert outcomes == taped.outcomes
    assert again.finals.table() == taped.finals.table()
    assert again.interims.table() == taped.interims.table()
    assert any(isinstance(each, FinalShown | GapShown) for each in taped.outcomes)


def test_an_engine_tells_its_recorder_everything_in_the_order_of_its_turns() -> None:
    conversation = Conversation.random(1, 12)
    updates: list[Update] = []
    payloads: list[bytes] = []

    async def main() -> list[object]:
        service = FakeService(conversation)
        service.unreachable_until = 502.0
        lane = Lane(seed=1)
        engine = Engine(Pipeline(Settings(), lane), updates.append, clock=clock)
        recorder = engine.recorder = Recorder(payloads.append, Header("0", AT, Settings(), lane))
        link = FakeLink(service, engine.post)
        engine.start(link)
        playing = asyncio.create_task(deliver(engine, conversation))
        for _ in range(20):
            await asyncio.sleep(0.3)
            engine.status()
        engine.post(Stop(early=True))
        await engine.wait()
        playing.cancel()
        engine.close()
        link.close()
        recorder.close()
        return [*link.actions]

    actions = run_virtual(main(), start=500.0)
    _, again = live_through(payloads)
    assert [each for each in again if each in updates] == updates
    assert len(again) == len(updates) + len(actions)
    looks = [each for each in read(payloads) if isinstance(each, Looked)]
    assert len(looks) == 20
