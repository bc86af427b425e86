"""The shell around a lane: one inbox, one consumer, one timer, on a loop whose clock jumps."""

import asyncio
import math
import sys
from collections.abc import Callable

import pytest

from captioner.engine import LONGEST_TIMER, Engine, defect_of
from captioner.events import (
    RATE,
    Action,
    AudioBlock,
    Close,
    Closed,
    FinalShown,
    Finished,
    GetToken,
    Mute,
    News,
    Opened,
    OpenRefused,
    Phase,
    Resumed,
    SourceEnded,
    StateChanged,
    Stop,
    StopNow,
    Tick,
    TokenGranted,
    TokenRefused,
    Update,
)
from captioner.pipeline import Lane, Outcome, Pace, Pipeline
from captioner.settings import Settings
from captioner.sleep import CLOCK_STOPS
from captioner.stt.policy import Patience
from tests.helpers.lane import REFUSED, Conversation, FakeService
from tests.helpers.virtual_loop import run_virtual


class FakeLink:
    """Performs actions on a fake service; what comes at once is posted before `perform` returns."""

    def __init__(self, service: FakeService, post: Callable[[News], None]) -> None:
        self.service, self.post = service, post
        self.actions: list[Action] = []
        self._loop = asyncio.get_running_loop()
        self._timers: list[asyncio.TimerHandle] = []

    def perform(self, action: Action) -> None:
        self.actions.append(action)
        now = self._loop.time()
        for at, news in self.service.perform(action, now):
            if at <= now:
                self.post(news)
            else:
                self._timers.append(self._loop.call_later(at - now, self.post, news))

    def close(self) -> None:
        for each in self._timers:
            each.cancel()


class Idle:
    """A link that never answers."""

    def __init__(self) -> None:
        self.actions: list[Action] = []

    def perform(self, action: Action) -> None:
        self.actions.append(action)


def clock() -> float:
    return asyncio.get_running_loop().time()


async def deliver(engine: Engine, conversation: Conversation, ms: int = 20) -> None:
    """Play a conversation at the pace of speech, on an absolute schedule."""
    began = clock()
    for each in conversation.blocks(ms):
        await asyncio.sleep(began + each.arrived - clock())
        engine.post(AudioBlock(each.samples, each.rate, each.position, clock()))
    engine.post(SourceEnded())


async def caption(conversation: Conversation, service: FakeService) -> list[Update]:
    updates: list[Update] = []
    engine = Engine(Pipeline(Settings(), Lane(seed=1)), updates.append, clock=clock)
    link = FakeLink(service, engine.post)
    engine.start(link)
    playing = asyncio.create_task(deliver(engine, conversation))
    finished = await engine.wait()
    await playing
    assert updates[-1] is finished is engine.finished
    engine.close()
    link.close()
    return updates


def test_a_conversation_is_captioned_on_a_loop() -> None:
    conversation = Conversation.random(1, 20)
    updates = run_virtual(caption(conversation, FakeService(conversation)), start=500.0)
    words = [word for each in updates if isinstance(each, FinalShown) for word in each.caption.text.split()]
    assert words == [word.text for word in conversation.words]


def test_deadlines_are_kept_without_any_news() -> None:
    conversation = Conversation.random(1, 20)
    service = FakeService(conversation)
    service.unreachable_until = 504.0
    updates = run_virtual(caption(conversation, service), start=500.0)
    words = [word for each in updates if isinstance(each, FinalShown) for word in each.caption.text.split()]
    assert words == [word.text for word in conversation.words]
    live = next(each for each in updates if isinstance(each, StateChanged) and each.phase is Phase.LIVE)
    assert 3.9 <= live.at <= 7


class Recorder(Pipeline):
    """A pipeline that records what it is fed, and when; optionally with a deadline of its own."""

    def __init__(self, patience: Patience | None = None) -> None:
        super().__init__(Settings(), Lane(patience=patience or Patience(), seed=1))
        self.fed: list[tuple[float, News]] = []
        self.depth = 0

    def feed(self, news: News, now: float) -> list[Outcome]:
        self.depth += 1
        assert self.depth == 1, "a turn within a turn"
        self.fed.append((now, news))
        outcomes = super().feed(news, now)
        self.depth -= 1
        return outcomes


def test_news_that_come_in_a_turn_are_consumed_after_it_in_order() -> None:
    async def main() -> None:
        pipeline = Recorder()
        order: list[str] = []

        def listen(update: Update) -> None:
            order.append(type(update).__name__)
            if isinstance(update, StateChanged) and update.phase is Phase.CONNECTING:
                engine.post(Tick())
                engine.post(Stop())

        class Answers(Idle):
            def perform(self, action: Action) -> None:
                super().perform(action)
                order.append(type(action).__name__)
                if isinstance(action, GetToken):
                    engine.post(TokenGranted(1000, requested=True))
                    engine.post(TokenRefused(REFUSED))

        link = Answers()
        engine = Engine(pipeline, listen, clock=clock)
        engine.start(link)
        assert [type(news).__name__ for _, news in pipeline.fed] == ["Tick", "Stop", "TokenGranted", "TokenRefused"]
        assert order == ["StateChanged", "GetToken", "StateChanged", "Finished"]
        engine.close()

    run_virtual(main())


def test_actions_are_performed_and_updates_told_in_the_order_of_the_turn() -> None:
    async def main() -> None:
        told: list[str] = []
        link = Idle()
        engine = Engine(
            Recorder(), lambda update: told.append(f"{type(update).__name__} {len(link.actions)}"), clock=clock
        )
        engine.start(link)
        engine.post(TokenGranted(1000, requested=True))
        engine.post(Opened(1))
        engine.post(StopNow())
        assert link.actions[0] == GetToken()
        assert link.actions[-1] == Close(1, abort=True)
        assert told[0] == "StateChanged 0"
        assert told[-1] == "Finished 2"
        assert (await engine.wait()).summary.connections == 1
        engine.close()

    run_virtual(main())


def test_a_timer_that_fires_early_only_looks_at_the_deadline_again() -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        slow = [0.0]  # the engine's clock goes slower than the loop's timers, as some timers fire early
        pipeline = Recorder(Patience(unreachable=10.0, service=10.0))
        engine = Engine(pipeline, lambda _: None, clock=lambda: loop.time() * 0.97 + slow[0])
        engine.start(Idle())
        await engine.wait()
        assert loop.time() * 0.97 >= 10.0
        ticks = [now for now, news in pipeline.fed if isinstance(news, Tick)]
        assert len(ticks) > 1, "the first one came too early"
        assert len(ticks) < 30, "but it does not spin"
        engine.close()

    run_virtual(main())


def test_a_timer_that_fires_late_does_what_was_due() -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        pipeline = Recorder(Patience(unreachable=0.8 * LONGEST_TIMER, service=0.8 * LONGEST_TIMER))
        engine = Engine(pipeline, lambda _: None, clock=lambda: loop.time() * 1.5)
        engine.start(Idle())
        finished = await engine.wait()
        assert finished.fault is not None
        assert len([news for _, news in pipeline.fed if isinstance(news, Tick)]) == 1
        engine.close()

    run_virtual(main())


def test_no_timer_is_longer_than_a_second() -> None:
    async def main() -> None:
        pipeline = Recorder(Patience(unreachable=200.0, service=200.0))
        engine = Engine(pipeline, lambda _: None, clock=clock)
        engine.start(Idle())
        await engine.wait()
        ticks = [now for now, news in pipeline.fed if isinstance(news, Tick)]
        assert ticks == [LONGEST_TIMER * n for n in range(1, 200)] + [200.0]
        engine.close()

    run_virtual(main())


def test_a_sleep_is_the_first_thing_that_the_lane_hears_of_afterwards() -> None:
    async def main() -> None:
        slept = 0.0
        pipeline = Recorder(Patience(unreachable=200.0, service=200.0))
        engine = Engine(pipeline, lambda _: None, clock=clock, asleep=lambda: slept)
        engine.start(Idle())
        slept = 0.9  # the clocks are not read at once
        engine.post(TokenGranted(600.0, requested=True))
        slept = 3600.9
        engine.post(Mute(True))
        engine.post(Mute(False))
        await asyncio.sleep(0)
        assert [news for _, news in pipeline.fed] == [
            TokenGranted(600.0, requested=True),
            Resumed(3600.9, CLOCK_STOPS),
            Mute(True),
            Mute(False),
        ]
        engine.close()

    run_virtual(main())


def test_a_sleep_is_noticed_within_a_second_where_nothing_else_happens() -> None:
    async def main() -> None:
        slept = 0.0
        pipeline = Recorder(Patience(unreachable=200.0, service=200.0))
        engine = Engine(pipeline, lambda _: None, clock=clock, asleep=lambda: slept)
        engine.start(Idle())
        slept = 60.0
        await asyncio.sleep(1.1)
        assert [news for _, news in pipeline.fed] == [Resumed(60.0, CLOCK_STOPS), Tick()]
        engine.close()

    run_virtual(main())


def test_an_earlier_deadline_replaces_the_timer_and_only_one_is_armed() -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        pipeline = Recorder(Patience(unreachable=25.0, service=25.0))
        engine = Engine(pipeline, lambda _: None, clock=clock)
        engine.start(Idle())
        engine.post(TokenRefused(REFUSED))
        due = pipeline.deadline
        assert due < 0.3
        assert len([each for each in loop._scheduled if not each.cancelled()]) == 1  # type: ignore[attr-defined]
        await asyncio.sleep(0.31)
        woken, news = pipeline.fed[-1]
        assert isinstance(news, Tick)
        assert woken == pytest.approx(due)
        engine.close()

    run_virtual(main())


def test_after_close_no_deadline_wakes_the_lane_but_its_news_are_heard() -> None:
    async def main() -> None:
        pipeline = Recorder(Patience(math.inf, math.inf, math.inf))
        link = Idle()
        engine = Engine(pipeline, lambda _: None, clock=clock)
        engine.start(link)
        engine.post(TokenGranted(1000, requested=True))
        engine.post(Opened(1))
        engine.close()
        engine.close()
        engine.post(Closed(1, None))  # what the link says while it ends
        assert pipeline.status(clock()).phase is Phase.RECONNECTING
        assert pipeline.deadline < math.inf
        fed = len(pipeline.fed)
        await asyncio.sleep(100)
        assert len(pipeline.fed) == fed

    run_virtual(main())


def test_a_fast_source_waits_for_room_and_is_let_go_at_the_end() -> None:
    async def main() -> None:
        conversation = Conversation.random(3, 60)
        engine = Engine(Pipeline(Settings(), Lane(pace=Pace.FAST, seed=1)), lambda _: None, clock=clock)
        link = FakeLink(FakeService(conversation), engine.post)
        engine.start(link)
        for each in conversation.blocks(100):
            await engine.room()
            assert engine.pipeline.room
            engine.post(AudioBlock(each.samples, each.rate, each.position, clock()))
        engine.post(SourceEnded())
        finished = await engine.wait()
        assert finished.summary.complete
        assert finished.summary.captured == 60 * RATE
        await engine.room()
        engine.close()
        link.close()

    run_virtual(main())


def test_a_source_that_waits_for_room_is_let_go_when_the_lane_ends_before_its_time() -> None:
    async def main() -> None:
        engine = Engine(Pipeline(Settings(), Lane(pace=Pace.FAST, seed=1)), lambda _: None, clock=clock)
        engine.start(Idle())
        blocks = Conversation([], 10 * RATE).blocks(100)

        async def source() -> int:
            sent = 0
            for each in blocks:
                await engine.room()
                if engine.pipeline.finished:
                    break
                engine.post(each)
                sent += 1
            return sent

        playing = asyncio.create_task(source())
        await asyncio.sleep(1)
        assert not playing.done()
        engine.post(StopNow())
        assert await playing == 20
        engine.close()

    run_virtual(main())


def test_a_mistake_in_a_listener_is_not_hidden_and_does_not_stop_the_lane() -> None:
    async def main() -> None:
        told: list[Update] = []

        def listen(update: Update) -> None:
            told.append(update)
            if len(told) == 2:
                raise ZeroDivisionError

        pipeline = Recorder()
        engine = Engine(pipeline, listen, clock=clock)
        engine.start(Idle())
        engine.post(TokenGranted(1000, requested=True))
        engine.post(OpenRefused(1, REFUSED))
        with pytest.raises(ZeroDivisionError):
            engine.post(StopNow())
        engine.post(Tick())
        assert isinstance(told[-1], StateChanged | Finished)
        assert isinstance(pipeline.fed[-1][1], Tick)
        engine.close()

    run_virtual(main())


def test_the_status_knows_the_longest_turn() -> None:
    async def main() -> None:
        at, takes = [0.0], iter([0.001, 0.009, 0.002])

        class Slow(Recorder):
            def feed(self, news: News, now: float) -> list[Outcome]:
                at[0] += next(takes)
                return super().feed(news, now)

        engine = Engine(Slow(), lambda _: None, clock=lambda: at[0])
        engine.start(Idle())
        for _ in range(3):
            engine.post(Tick())
        assert engine.status().longest_turn == engine.longest_turn == pytest.approx(0.009)
        engine.close()

    run_virtual(main())


@pytest.mark.skipif(sys.platform == "win32", reason="the transports of its loop do not")
def test_asyncio_ending_a_transport_twice_is_told_from_a_defect() -> None:
    async def scenario() -> None:
        raised: asyncio.Future[dict[str, object]] = asyncio.get_running_loop().create_future()
        asyncio.get_running_loop().set_exception_handler(lambda _, context: raised.set_result(context))
        gone = asyncio.Event()

        async def peer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            while await reader.read(1 << 20):
                pass
            writer.close()
            await writer.wait_closed()
            gone.set()

        class Breaking(asyncio.Protocol):
            def resume_writing(self) -> None:
                transport.abort()  # as a write does that fails in here

        server = await asyncio.start_server(peer, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        transport, _ = await asyncio.get_running_loop().create_connection(Breaking, "127.0.0.1", port)
        transport.write(bytes(20_000_000))
        context = await raised
        assert isinstance(context["exception"], AttributeError)
        assert defect_of(context) is None
        await gone.wait()
        server.close()
        await server.wait_closed()

    asyncio.run(asyncio.wait_for(scenario(), 10))
    ours = AttributeError("connection_lost")
    assert defect_of({"exception": ours}) is ours
    assert defect_of({"message": "nothing was raised"}) is None
