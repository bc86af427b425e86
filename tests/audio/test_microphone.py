from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from captioner.audio.microphone import CHECK, DEAD, FROZEN, RETRIES, SLOW, Microphone, Pace, SourceNews
from captioner.engine import Engine
from captioner.errors import Fault, FaultError, FaultKind
from captioner.events import (
    RATE,
    Action,
    AudioBlock,
    FinalShown,
    GapShown,
    LossReason,
    News,
    Phase,
    SourceLost,
    SourceOpened,
    StateChanged,
    Stop,
    Update,
)
from captioner.language import Sentences
from captioner.pipeline import Lane, Pipeline
from captioner.settings import Settings
from captioner.sleep import CLOCK_STOPS
from captioner.ui.viewstate import Tone, view_state
from tests.helpers.fake_card import FakeCard, FakeStream, listed
from tests.helpers.lane import Conversation, FakeService
from tests.helpers.program import Program
from tests.helpers.virtual_loop import run_virtual

JABRA = listed(0, "Jabra", channels=1, default=True)


class Scene:
    """A microphone on a fake card, in virtual time: whatever stream runs says `value`, a block every 20 ms.

    Attributes:
        news: what the microphone told, each with its time.
        silent: streams deliver nothing.
        asleep: seconds that the computer has slept.
    """

    def __init__(self, card: FakeCard, name: str = "ALSA: Jabra", *, patient: bool = True) -> None:
        self.card = card
        self.news: list[tuple[float, SourceNews]] = []
        self.value: float | NDArray[np.float32] = 0.25
        self.silent = False
        self.asleep = 0.0
        self.stalled = 0.0  # the clock of the card is ahead of the loop's by so much
        self.loop = asyncio.get_running_loop()
        self.hear: Callable[[SourceNews], None] = lambda _: None
        self.microphone = Microphone(
            name, block_ms=20, post=self._take, clock=self.clock, driver=card, asleep=lambda: self.asleep
        )
        self.task = asyncio.ensure_future(self.microphone.run(patient=patient))
        self.talking = asyncio.ensure_future(self._talk())

    def clock(self) -> float:
        return self.loop.time() + self.stalled

    def _take(self, news: SourceNews) -> None:
        self.news.append((self.loop.time(), news))
        self.hear(news)

    async def _talk(self) -> None:
        began = self.loop.time()
        for block in range(1, 10**9):
            await asyncio.sleep(began + 0.02 * block - self.loop.time())
            self.speak()

    def speak(self) -> None:
        for stream in self.card.streams:
            if stream.running and not self.silent:
                stream.say(self.value)

    async def __aenter__(self) -> Scene:
        await asyncio.sleep(3.0)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.end()

    async def end(self) -> None:
        self.talking.cancel()
        self.task.cancel()
        await asyncio.gather(self.talking, self.task, return_exceptions=True)

    @property
    def stream(self) -> FakeStream:
        (stream,) = self.card.open_streams
        return stream

    def told(self, kind: type[SourceLost | SourceOpened], after: float = 0.0) -> list[float]:
        return [at for at, each in self.news if isinstance(each, kind) and at > after]

    @property
    def faults(self) -> list[FaultKind]:
        return [each.fault.kind for _, each in self.news if isinstance(each, SourceLost)]

    def blocks(self, after: float = 0.0) -> list[AudioBlock]:
        return [each for at, each in self.news if isinstance(each, AudioBlock) and at > after]

    def unplug(self) -> None:
        self.card.plugged = []
        stream = self.stream
        stream.running = False
        stream.ended()


def play(act: Callable[[], Awaitable[None]]) -> None:
    async def main() -> None:
        await act()

    run_virtual(main())


# ---------------------------------------------------------------- what is heard


def test_the_source_is_open_before_its_first_block_and_the_blocks_follow_without_a_hole() -> None:
    async def main() -> None:
        async with Scene(FakeCard([JABRA])) as scene:
            kinds = [type(each) for _, each in scene.news]
            assert kinds[:2] == [SourceOpened, AudioBlock]
            assert set(kinds[1:]) == {AudioBlock}
            positions = [each.position for each in scene.blocks()]
            assert positions == list(range(0, len(positions) * 960, 960))
            assert len(positions) >= 149
            assert scene.microphone.device is not None
            assert scene.microphone.device.name == "Jabra"
        assert scene.card.open_streams == []

    play(main)


def test_nothing_is_heard_any_more_of_a_microphone_that_is_let_go() -> None:
    async def main() -> None:
        async with Scene(FakeCard([JABRA])) as scene:
            stream = scene.stream
            stream.say(0.5)  # and its hop to the loop is not done when it is let go
            heard = len(scene.news)
            await scene.end()
            stream.heard(np.zeros((960, 1), np.float32), False)
            await asyncio.sleep(1.0)
            assert len(scene.news) == heard

    play(main)


# ---------------------------------------------------------------- what happens to devices


def unplug(scene: Scene) -> None:
    scene.unplug()


def freeze(scene: Scene) -> None:
    scene.silent = True


def break_driver(scene: Scene) -> None:
    scene.card.faults = dict.fromkeys((48_000, 44_100), Fault(FaultKind.DEVICE_FAILED, "Input/output error"))
    scene.stream.ended()


def lend(scene: Scene) -> None:
    scene.card.faults = dict.fromkeys((48_000, 44_100), Fault(FaultKind.DEVICE_BUSY, "exclusive"))
    scene.stream.ended()


def mend(scene: Scene) -> None:
    scene.card.plugged = [JABRA]
    scene.card.faults = {}
    scene.silent = False


@pytest.mark.parametrize(
    ("trouble", "faults"),
    [
        (unplug, [FaultKind.DEVICE_LOST]),
        (freeze, [FaultKind.DEVICE_STALLED]),
        (break_driver, [FaultKind.DEVICE_LOST]),
        (lend, [FaultKind.DEVICE_LOST, FaultKind.DEVICE_BUSY]),
    ],
)
@pytest.mark.parametrize("away", [0.3, 4.0, 120.0])
def test_a_device_that_has_trouble_is_said_within_two_seconds_and_heard_again_two_seconds_after_it_is_well(
    trouble: Callable[[Scene], None], faults: list[FaultKind], away: float
) -> None:
    async def main() -> None:
        async with Scene(FakeCard([JABRA])) as scene:
            began = scene.loop.time()
            trouble(scene)
            await asyncio.sleep(away)
            mend(scene)
            well = scene.loop.time()
            if trouble is freeze and away < FROZEN:
                await asyncio.sleep(2.0)
                assert scene.faults == [], "it came back by itself"
                return
            longest = DEAD if trouble is freeze else 0.0  # an opened stream without a block is waited for
            await asyncio.sleep(2.0 + longest)
            (lost,) = scene.told(SourceLost)[:1]
            (opened,) = scene.told(SourceOpened, began)
            assert scene.faults == faults
            assert lost - began < 2.0
            assert opened - well < 2.0
            assert scene.blocks(opened - 0.001)[0].position == 0, "a new stream counts from 0"
            assert len(scene.card.open_streams) == 1

    play(main)


def test_a_stream_that_never_begins_is_said_and_then_opened_anew() -> None:
    async def main() -> None:
        card = FakeCard([JABRA])
        scene = Scene(card)
        scene.silent = True
        await asyncio.sleep(SLOW + 2 * CHECK)
        assert scene.faults == [FaultKind.DEVICE_STALLED]
        assert len(card.streams) == 1, "a wireless headset takes its time"
        await asyncio.sleep(DEAD)
        assert len(card.streams) == 2
        scene.silent = False
        await asyncio.sleep(0.1)
        assert len(scene.told(SourceOpened)) == 1
        assert scene.faults == [FaultKind.DEVICE_STALLED]
        await scene.end()

    play(main)


def test_a_device_comes_back_under_another_number_and_at_another_rate() -> None:
    async def main() -> None:
        async with Scene(FakeCard([listed(0, "Other"), listed(3, "Jabra", default=True)])) as scene:
            scene.unplug()
            scene.card.plugged = [listed(0, "Other")]
            await asyncio.sleep(5.0)
            assert scene.card.open_streams == [], "the other one is nobody's wish"
            scene.card.plugged = [listed(0, "New"), listed(1, "Other"), listed(2, "Jabra", rates=(16_000,))]
            back = scene.loop.time()
            await asyncio.sleep(2.0)
            assert scene.stream.index == 2
            assert {each.rate for each in scene.blocks(back)} == {16_000}

    play(main)


def test_the_default_device_is_the_one_of_the_moment_of_opening() -> None:
    async def main() -> None:
        async with Scene(FakeCard([JABRA, listed(1, "Built-in")]), "") as scene:
            scene.unplug()
            scene.card.plugged = [listed(0, "Built-in", default=True)]
            await asyncio.sleep(2.0)
            assert scene.microphone.device is not None
            assert scene.microphone.device.name == "Built-in"

    play(main)


@pytest.mark.parametrize(
    ("name", "told", "heard"), [("", True, "Headset"), ("", False, "Jabra"), ("ALSA: Jabra", True, "Jabra")]
)
def test_another_default_device_is_heard_where_it_is_told_and_wanted(name: str, told: bool, heard: str) -> None:
    async def main() -> None:
        card = FakeCard([JABRA, listed(1, "Headset")], says_default=told)
        async with Scene(card, name) as scene:
            card.plugged = [listed(0, "Jabra", channels=1), listed(1, "Headset", default=True)]
            await asyncio.sleep(2.0)
            assert scene.microphone.device is not None
            assert scene.microphone.device.name == heard
            assert len(card.streams) == (1 if heard == "Jabra" else 2)
            assert scene.faults == []
            assert scene.blocks(scene.loop.time() - 0.1)
            card.plugged = [listed(0, "Jabra", channels=1), listed(1, "Headset")]  # for a moment there is none
            await asyncio.sleep(2.0)
            assert len(card.streams) == (1 if heard == "Jabra" else 2)

    play(main)


def test_the_same_headset_in_another_socket_is_taken_and_its_neighbour_is_not() -> None:
    async def main() -> None:
        mine, beside = listed(0, "Headset (Jabra)"), listed(1, "Headset (2- Jabra)")
        async with Scene(FakeCard([mine, beside]), "ALSA: Headset (Jabra)") as scene:
            scene.unplug()
            scene.card.plugged = [beside]
            await asyncio.sleep(5.0)
            assert scene.card.open_streams == []
            scene.card.plugged = [beside, listed(2, "Headset (3- Jabra)")]
            await asyncio.sleep(2.0)
            assert scene.stream.index == 2

    play(main)


def test_a_device_that_is_away_is_asked_for_about_once_a_second_from_a_new_list() -> None:
    async def main() -> None:
        async with Scene(FakeCard([JABRA])) as scene:
            looks = scene.card.looks
            scene.unplug()
            await asyncio.sleep(600.0)
            tries = scene.card.looks - looks
            assert 590 <= tries <= 600 / RETRIES[-1] + len(RETRIES)
            assert scene.faults == [FaultKind.DEVICE_LOST], "it is said once"

    play(main)


def test_a_device_that_fails_again_and_again_is_not_opened_in_a_storm() -> None:
    async def main() -> None:
        card = FakeCard([JABRA])
        async with Scene(card) as scene:

            def die_soon(stream: FakeStream) -> None:
                scene.loop.call_later(0.1, stream.ended)

            card.started = die_soon
            scene.stream.ended()
            await asyncio.sleep(60.0)
            assert len(card.streams) < 60

    play(main)


# ---------------------------------------------------------------- what is no trouble


def test_a_stalled_loop_accuses_no_device_and_loses_no_block() -> None:
    async def main() -> None:
        async with Scene(FakeCard([JABRA])) as scene:
            before = len(scene.blocks())
            scene.talking.cancel()
            for _ in range(75):  # the callback goes on for a second and a half in which the loop does nothing
                scene.stalled += 0.02
                scene.speak()
            await asyncio.sleep(0.0)
            assert len(scene.blocks()) == before + 75
            scene.stalled += 3.0  # and then not even the callback gets a turn
            await asyncio.sleep(CHECK)
            scene.talking = asyncio.ensure_future(scene._talk())
            await asyncio.sleep(1.0)
            assert scene.faults == []
            assert len(scene.card.streams) == 1

    play(main)


def test_quiet_is_no_trouble_of_the_device() -> None:
    async def main() -> None:
        async with Scene(FakeCard([JABRA])) as scene:
            scene.value = 0.0
            await asyncio.sleep(3600.0)
            assert scene.faults == []
            assert len(scene.card.streams) == 1

    play(main)


# ---------------------------------------------------------------- sleep


@pytest.mark.parametrize("survives", [True, False])
def test_after_a_sleep_the_device_is_opened_anew_at_once(survives: bool) -> None:
    async def main() -> None:
        async with Scene(FakeCard([JABRA])) as scene:
            scene.asleep = 3600.0
            scene.silent = not survives
            woke = scene.loop.time()
            await asyncio.sleep(CHECK + 0.05)
            assert len(scene.card.streams) == 2
            scene.silent = False
            await asyncio.sleep(0.1)
            (opened,) = scene.told(SourceOpened, woke)
            assert scene.blocks(woke)[0].position == 0
            assert opened - woke < 0.5
            assert scene.faults == []

    play(main)


# ---------------------------------------------------------------- the beginning and the end


def test_a_device_that_is_not_there_is_waited_for_or_refused_as_wanted() -> None:
    async def main() -> None:
        scene = Scene(FakeCard([]), patient=False)
        with pytest.raises(FaultError) as caught:
            await scene.task
        assert caught.value.fault.kind is FaultKind.NO_DEVICE
        await scene.end()
        assert scene.news == []
        patient = Scene(FakeCard([]))
        await asyncio.sleep(60.0)
        assert patient.faults == [FaultKind.NO_DEVICE]
        patient.card.plugged = [JABRA]
        await asyncio.sleep(2.0)
        assert patient.blocks()
        await patient.end()

    play(main)


def test_what_no_waiting_mends_is_not_waited_for() -> None:
    async def main() -> None:
        card = FakeCard([JABRA])
        microphone = Microphone("", block_ms=20, post=lambda _: None, channel=9, driver=card)
        with pytest.raises(FaultError) as caught:
            await microphone.run()
        assert caught.value.fault == Fault(FaultKind.NO_SUCH_CHANNEL, "1")

    play(main)


HANG = """
import asyncio, sys, threading
from captioner.audio.microphone import Microphone
from tests.helpers.fake_card import FakeCard, FakeStream, listed

def hang(stream):
    threading.Event().wait()

setattr(FakeStream, sys.argv[1], hang)
card = FakeCard([listed(0, "Jabra", default=True)])

async def main():
    task = asyncio.create_task(Microphone("", block_ms=20, post=print, driver=card).run())
    while not card.streams:
        await asyncio.sleep(0.01)
    task.cancel()
    await asyncio.wait({task})
    print("let go", flush=True)

asyncio.run(main())
"""


@pytest.mark.parametrize("call", ["start", "close"])
def test_a_device_that_hangs_does_not_keep_the_process_from_ending(call: str) -> None:
    with Program(["-c", HANG, call]) as program:
        program.wait_for("let go")
        assert program.finish() == 0
        assert program.errors == []


# ---------------------------------------------------------------- in a lane


class Lines:
    """A lane that hears a microphone, and a service that answers it, in virtual time."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.updates: list[Update] = []
        self.service = FakeService(Conversation([], RATE))
        self.engine = Engine(
            Pipeline(Settings(), Lane(seed=1)), self.updates.append, clock=scene.clock, asleep=lambda: scene.asleep
        )
        scene.hear = self.engine.post
        self.timers: list[asyncio.TimerHandle] = []
        self.engine.start(self)

    def perform(self, action: Action) -> None:
        for at, news in self.service.perform(action, self.scene.clock()):
            self.timers.append(self.scene.loop.call_later(at - self.scene.clock(), self._post, news))

    def _post(self, news: News) -> None:
        self.service.confirmed.update(self.service.standing)
        self.engine.post(news)

    async def end(self) -> None:
        self.engine.post(Stop())
        await self.engine.wait()
        self.engine.close()
        for each in self.timers:
            each.cancel()

    @property
    def gaps(self) -> list[GapShown]:
        return [each for each in self.updates if isinstance(each, GapShown)]


def test_the_time_without_a_device_is_a_gap_of_its_length_and_the_connection_outlives_it() -> None:
    async def main() -> None:
        scene = Scene(FakeCard([JABRA]))
        lane = Lines(scene)
        await asyncio.sleep(3.0)
        scene.unplug()
        await asyncio.sleep(90.0)
        away = lane.engine.status()
        assert away.phase is Phase.LIVE
        assert away.source_fault == Fault(FaultKind.DEVICE_LOST)
        assert away.away == pytest.approx(90.0, abs=0.1)
        mend(scene)
        await asyncio.sleep(4.0)
        back = lane.engine.status()
        assert back.source_fault is None
        assert back.away == 0.0
        await lane.end()
        (gap,) = lane.gaps
        assert gap.reason is LossReason.DEVICE
        assert (gap.stop - gap.start) / RATE == pytest.approx(90.5, abs=0.6)
        summary = lane.engine.finished
        assert summary is not None
        assert summary.summary.lost == gap.stop - gap.start
        assert summary.summary.captured == pytest.approx(97 * RATE, abs=0.1 * RATE)
        assert summary.summary.connections == 1
        assert not summary.summary.complete
        await scene.end()

    play(main)


TONE = np.sin(2 * np.pi * 500 * np.arange(960) / 48_000, dtype=np.float32)[:, None]
ROOM = np.random.default_rng(1).normal(0, 10 ** (-65 / 20), (960, 1)).astype(np.float32)


@pytest.mark.parametrize(
    ("value", "tone", "headline"),
    [
        (0.0, Tone.BAD, "No sound from Jabra"),
        (0.3, Tone.BAD, "No sound from Jabra"),
        (np.clip(5 * TONE, -1, 1), Tone.WARN, "Listening · too loud"),
        (ROOM, Tone.GOOD, "Listening"),
        (0.7 * TONE, Tone.GOOD, "Listening"),
    ],
    ids=["zeros", "flat", "clipped", "a quiet room", "a loud voice"],
)
def test_sound_that_is_none_or_too_much_is_said_within_two_seconds_and_quiet_is_not(
    value: float | NDArray[np.float32], tone: Tone, headline: str
) -> None:
    async def main() -> None:
        scene = Scene(FakeCard([JABRA]))
        scene.value = value
        lane = Lines(scene)
        for _ in range(30):  # as often as a window looks, and two seconds long
            await asyncio.sleep(0.0666)
            lane.engine.status()
        shown = view_state(lane.engine.status(), source="Jabra", settings=Settings(), demo=False, say=Sentences())
        assert (shown.tone, shown.headline) == (tone, headline)
        await lane.end()
        await scene.end()

    play(main)


def test_a_stall_of_the_window_loses_nothing_and_its_length_is_in_the_trace() -> None:
    async def main() -> None:
        scene = Scene(FakeCard([JABRA]))
        lane = Lines(scene)
        await asyncio.sleep(3.0)
        at = lane.engine.pipeline.ledger.captured
        scene.talking.cancel()
        for _ in range(75):
            scene.stalled += 0.02
            scene.speak()
        await asyncio.sleep(0.0)
        trace = lane.engine.pipeline.trace
        arrived, framed = trace.arrived.passed(at + RATE // 10), trace.framed.passed(at + RATE // 10)
        assert arrived is not None
        assert framed is not None
        assert framed - arrived == pytest.approx(1.4, abs=0.05)
        assert lane.engine.pipeline.ledger.captured == pytest.approx(at + 1.5 * RATE, abs=200)
        await lane.end()
        assert lane.gaps == []
        await scene.end()

    play(main)


def test_the_slept_time_is_a_gap_and_connection_and_device_are_made_anew() -> None:
    async def main() -> None:
        scene = Scene(FakeCard([JABRA]))
        lane = Lines(scene)
        await asyncio.sleep(3.0)
        scene.asleep = 3600.0
        if not CLOCK_STOPS:
            scene.stalled += 3600.0
        await asyncio.sleep(3.0)
        assert len(scene.card.streams) == 2
        status = lane.engine.status()
        assert status.phase is Phase.LIVE
        assert status.elapsed == pytest.approx(3606.0, abs=0.1)
        await lane.end()
        (gap,) = lane.gaps
        assert gap.reason is LossReason.SLEEP
        assert (gap.stop - gap.start) / RATE == pytest.approx(3600.0, abs=0.3)
        finished = lane.engine.finished
        assert finished is not None
        assert finished.summary.connections == 2
        phases = [each.phase for each in lane.updates if isinstance(each, StateChanged)]
        assert phases == [
            Phase.CONNECTING,
            Phase.LIVE,
            Phase.RECONNECTING,
            Phase.LIVE,
            Phase.DRAINING,
            Phase.STOPPED,
        ]
        assert not [each for each in lane.updates if isinstance(each, FinalShown)]
        await scene.end()

    play(main)


# ---------------------------------------------------------------- sound that was dropped


class Drip:
    """Blocks of 20 ms at 48 kHz, as a device with a clock of its own delivers them."""

    def __init__(self, *, drift: float = 0.0) -> None:
        self.now = 100.0  # of the device's sound
        self.position = 0
        self.pace = Pace()
        self._drift = drift

    def block(self, *, late: float = 0.0, overflowed: bool = False) -> int:
        self.now += 0.02 * (1 + self._drift)
        samples = np.zeros((960, 1), np.float32)
        block = AudioBlock(samples, 48_000, self.position, self.now + late, overflowed)
        self.position += 960
        return self.pace.dropped(block)

    def seconds(self, seconds: float) -> int:
        return [self.block() for _ in range(round(seconds / 0.02))][-1]

    def drop(self, seconds: float) -> None:
        self.now += seconds


@pytest.mark.parametrize("dropped", [0.02, 0.06, 0.3, 2.0])
def test_what_the_driver_says_it_dropped_is_counted_by_its_length(dropped: float) -> None:
    drip = Drip()
    assert drip.seconds(3.0) == 0
    drip.drop(dropped)
    drip.block(overflowed=True)
    assert drip.seconds(1.2) == pytest.approx(dropped * 48_000, abs=48)
    assert drip.seconds(60.0) == pytest.approx(dropped * 48_000, abs=48), "once"


@pytest.mark.parametrize("dropped", [0.15, 0.6])
def test_what_is_dropped_without_a_word_is_counted_too(dropped: float) -> None:
    drip = Drip()
    drip.seconds(3.0)
    drip.drop(dropped)
    assert drip.seconds(2.5) == pytest.approx(dropped * 48_000, abs=200)
    drip.drop(dropped)
    assert drip.seconds(2.5) == pytest.approx(2 * dropped * 48_000, abs=400)


def test_a_burst_after_a_stall_is_no_loss() -> None:
    drip = Drip()
    drip.seconds(1.5)
    for block in range(100):  # two seconds that come at once
        assert drip.block(late=0.02 * (100 - block)) == 0
    assert drip.seconds(10.0) == 0


@given(st.integers(0, 10**6), st.floats(-0.0005, 0.0005))
def test_jitter_and_drift_are_no_loss(seed: int, drift: float) -> None:
    random, drip = Random(seed), Drip(drift=drift)
    assert not any(drip.block(late=random.choice((0.0, 0.0, 0.005, 0.09))) for _ in range(1500))


def test_what_was_dropped_moves_the_positions_of_what_follows() -> None:
    async def main() -> None:
        async with Scene(FakeCard([JABRA])) as scene:
            scene.silent = True
            await asyncio.sleep(0.5)
            scene.silent = False
            before = scene.blocks()[-1]
            await asyncio.sleep(2.0)
            after = scene.blocks()[-1]
            elapsed = after.arrived - before.arrived
            assert (after.position - before.position) / 48_000 == pytest.approx(elapsed, abs=0.03)
            assert len(scene.card.streams) == 1

    play(main)
