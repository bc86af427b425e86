"""The runs of a comparison: the same sound into several lanes at once, and what came of each.

Theory of operation
-------------------
A take is one lane of sound, to be heard by every way. A reader of its file posts each block to the lanes of a group at
the pace of speech, so they hear the same samples on one absolute schedule; blocks are never written to, so they are
shared. Lanes that would do their work at the same moments hear it a little apart, each by a reader of its own
(`ways.offsets`). Apart from that a lane knows nothing of the others: each has its own pipeline, engine, connection and
token, so that delays and bill are its own. Groups are as large as the service allows, and run one after another.

    takes ──► repeats ──► groups ──► lanes, side by side ──► WayRun

A lane that fails has ended, and the others go on. Where nothing connects at all, the first group ends it (`hopeless`).

A microphone is heard once, as it comes: one group, one repeat. Whoever wants to see more than the end of it watches the
updates of every lane (`Seen`) while they come.
"""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Callable, Coroutine, Sequence
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final, Protocol, TypeAlias, assert_never

from captioner.account import Account, Credentials
from captioner.audio.wav import open_sound
from captioner.compare.outcome import Heard, Way, WayRun
from captioner.compare.takes import Live, Post, Take
from captioner.compare.ways import RECIPES, groups, offsets
from captioner.engine import Engine, Performer, defects
from captioner.errors import Fault, FaultError, Misuse
from captioner.events import (
    RATE,
    Action,
    AudioBlock,
    FinalShown,
    Finished,
    GapShown,
    GetToken,
    InterimShown,
    Measured,
    News,
    Open,
    SourceEnded,
    StateChanged,
    Stop,
    StopNow,
    Update,
    Withdrawn,
    Write,
)
from captioner.pipeline import Lane, Pipeline
from captioner.settings import Settings
from captioner.sleep import Lived, awake, slept
from captioner.stt.link import Link, Network, Tokens
from captioner.stt.policy import Patience

TIMEOUT: Final = 30.0
"""Seconds after an utterance at which a final that never came is entered; sound without a connection is kept for it as
long after the recording's end."""

_BYTES_A_SECOND = 2 * RATE


# ---------------------------------------------------------------- who recognises it


class Line(Performer, Protocol):
    """One lane's own way to a service."""

    async def prepare(self) -> None:
        """Do what is to be done once in a program's life, so that it shows in no delay."""
        ...

    async def aclose(self) -> None:
        """End everything; news of the ends are still posted."""
        ...


Dial: TypeAlias = Callable[[Callable[[News], None]], Line]
"""Makes a line, which posts its news there."""


class ServiceLine:
    """A line to a service over sockets, with a token of its own.

    Args:
        network: where the service is.
        account: what it knows us by.
        post: takes the news, on the loop's thread.
    """

    def __init__(self, network: Network, account: Credentials, post: Callable[[News], None]) -> None:
        self._tokens = Tokens(network, account)
        self._link = Link(self._tokens, post)

    def perform(self, action: Action) -> None:
        """See `Link.perform`."""
        self._link.perform(action)

    async def prepare(self) -> None:
        """Learn what the system knows of the way, and load every library; what is wrong, the lane finds out."""
        with suppress(FaultError):
            await self._tokens.prepare()
        await _rehearse()

    async def aclose(self) -> None:
        """See `Link.aclose`."""
        await self._link.aclose()
        await self._tokens.aclose()


async def _rehearse() -> None:
    """Ask a service that knows nobody for a token and a connection: the first time in a program's life loads code."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(_ANSWER)
            await writer.drain()
        writer.close()

    done = asyncio.Event()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        tokens = Tokens(Network.of(Settings(endpoint=url)), Account("nobody", "nobody"))
        link = Link(tokens, lambda _: done.set())
        for action in (GetToken(), Open(1, "")):
            done.clear()
            link.perform(action)
            await done.wait()
        await link.aclose()
        await tokens.aclose()


_TOKEN = b'{"access_token": "none", "expire_at": 4000000000}'
_ANSWER = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s" % (len(_TOKEN), _TOKEN)
"""A token to whoever asks for one, and no stream to whoever asks for that."""


# ---------------------------------------------------------------- a lane


class _Lane:
    """One way through one take: its engine, its line, and what it brought so far."""

    def __init__(
        self,
        way: Way,
        channel: int | None,
        settings: Settings,
        dial: Dial,
        clock: Callable[[], float],
        asleep: Callable[[], float],
        watch: Callable[[Way, Update], None],
    ) -> None:
        recipe = RECIPES[way]
        lane = Lane(channel=channel, patience=Patience(tail=TIMEOUT), connecting=recipe.connecting)
        self.way, self._watch = way, watch
        pipeline = Pipeline(replace(settings, mode=recipe.mode), lane)
        self.engine = Engine(pipeline, self._show, clock=clock, asleep=asleep)
        self.line = dial(self.engine.post)
        self._sent = 0  # bytes of sound
        self._finals: list[Heard] = []
        self._gaps: list[GapShown] = []
        self._interims: dict[int, list[tuple[float, str]]] = {}

    def perform(self, action: Action) -> None:
        """Do what the lane wants, and keep the account of the sound that it sends."""
        if isinstance(action, Write) and isinstance(action.data, bytes):
            self._sent += len(action.data)
        self.line.perform(action)

    async def close(self) -> None:
        self.engine.close()
        await self.line.aclose()

    def _show(self, update: Update) -> None:
        match update:
            case InterimShown(at, caption):
                if not caption.provisional:  # which is no new text
                    self._interims.setdefault(caption.utterance, []).append((at, caption.text))
            case FinalShown(at, caption, stages):
                shown = tuple(self._interims.pop(caption.utterance, ()))
                behind = self.engine.pipeline.trace.behind(caption.stop)
                self._finals.append(Heard(caption, at, stages, shown, behind))
            case Withdrawn():
                self._interims.pop(update.utterance, None)
            case GapShown():
                self._gaps.append(update)
            case StateChanged() | Measured() | Finished():
                pass
            case _:
                assert_never(update)
        self._watch(self.way, update)

    def run(self, recording: int, repeat: int, played: int) -> WayRun:
        """Say what came of it; the lane has ended."""
        finished = self.engine.finished
        assert finished is not None
        summary = finished.summary
        return WayRun(
            recording=recording,
            way=self.way,
            repeat=repeat,
            played=played,
            finals=tuple(self._finals),
            gaps=tuple(self._gaps),
            seconds_sent=self._sent / _BYTES_A_SECOND,
            connections=summary.connections,
            tokens=summary.tokens,
            complete=summary.complete,
            fault=finished.fault,
        )


# ---------------------------------------------------------------- all of them


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a comparison is.

    Attributes:
        take: the index of what is being heard.
        ways: that hear it just now.
        done, total: seconds of sound; a take counts once for every group and repeat.
        over: the group has just ended.
    """

    take: int
    repeat: int
    ways: tuple[Way, ...]
    done: float
    total: float
    over: bool


@dataclass(frozen=True, slots=True)
class Seen:
    """What came of a way while it hears a take."""

    take: int
    repeat: int
    way: Way
    update: Update


_PostTo: TypeAlias = Callable[[Sequence[_Lane], AudioBlock | SourceEnded], None]


class Runs:
    """The runs of a comparison, to be made once.

    Args:
        takes: files in which nobody speaks are left out.
        ways: in the order of the report.
        repeats: how often each way goes through each take.
        settings: of every lane, but for its mode.
        service: who recognises a take, for as long as its runs last.
        progress: called before every group, about once a second, and after every group.
        clock: seconds that only grow.
        watch: called with every update of every way, in a turn of its engine.

    Attributes:
        done: the runs, in the order in which they ended.
        stopped: a person did not want to wait for the rest.
        hopeless: why nothing connected at all, so that there is no rest; None where it did.

    Raises:
        Misuse: a microphone cannot be heard twice.
    """

    def __init__(
        self,
        takes: Sequence[Take | Live],
        ways: Sequence[Way],
        repeats: int,
        settings: Settings,
        service: Callable[[Take | Live], AbstractAsyncContextManager[Dial]],
        progress: Callable[[Progress], None],
        *,
        clock: Callable[[], float] = time.perf_counter,
        watch: Callable[[Seen], None] = lambda _: None,
    ) -> None:
        if any(isinstance(take, Live) for take in takes) and len(groups(ways)) * repeats > 1:
            raise Misuse("a microphone is heard once")
        self.done: list[WayRun] = []
        self.stopped = False
        self.hopeless: Fault | None = None
        self._takes, self._ways, self._repeats = takes, ways, repeats
        self._settings, self._service, self._progress, self._clock = settings, service, progress, clock
        self._watch = watch
        seconds = sum(
            take.limit if isinstance(take, Live) else take.recording.length / RATE for take in takes if _speaks(take)
        )
        self._total = seconds * len(groups(ways)) * repeats
        self._before = 0.0  # seconds of the groups that are done
        self._lanes: list[_Lane] = []
        self._playing: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """Make them all, or as many as there is time for.

        Raises:
            BaseException: a defect of this program, from whatever part of it; or what `service` raised.
        """
        with defects() as defect:
            try:
                for index, take in enumerate(self._takes):
                    if _speaks(take) and not self._over():
                        async with self._service(take) as dial:
                            for repeat in range(1, self._repeats + 1):
                                for ways in groups(self._ways, repeat):
                                    await self._group(index, repeat, ways, dial, defect)
                if defect.done():
                    defect.result()
            finally:
                gc.unfreeze()

    def stop(self) -> None:
        """Take no more sound, and wait for the last words."""
        self.stopped = True
        for lane in self._lanes:
            lane.engine.post(Stop(early=True))
        if self._playing is not None:
            self._playing.cancel()

    def stop_now(self) -> None:
        """Wait no longer."""
        self.stop()
        for lane in self._lanes:
            lane.engine.post(StopNow())

    def _over(self) -> bool:
        return self.stopped or self.hopeless is not None

    async def _group(
        self, index: int, repeat: int, ways: tuple[Way, ...], dial: Dial, defect: asyncio.Future[None]
    ) -> None:
        """Let some ways hear a take side by side."""
        if self._over():
            return
        take = self._takes[index]
        recording = take.recording
        heard = dict.fromkeys(ways, 0.0)

        def post(to: Sequence[_Lane], news: AudioBlock | SourceEnded) -> None:
            for lane in to:
                lane.engine.post(news)
            if isinstance(news, AudioBlock):
                before, now = heard[to[0].way], (news.position + len(news.samples)) / news.rate
                heard.update((lane.way, now) for lane in to)
                if lanes[0] in to and int(now) > int(before):
                    self._progress(Progress(index, repeat, ways, self._before + now, self._total, over=False))

        def watch(way: Way, update: Update) -> None:
            self._watch(Seen(index, repeat, way, update))

        # a file waits while this process is stopped or the computer sleeps
        clock, asleep = (self._clock, slept) if isinstance(take, Live) else (Lived(self._clock), awake)
        lanes = [_Lane(way, recording.channel, self._settings, dial, clock, asleep, watch) for way in ways]
        self._progress(Progress(index, repeat, ways, self._before, self._total, over=False))
        try:
            await asyncio.gather(*(lane.line.prepare() for lane in lanes))
            if self._over():
                return
            # What stands by now is looked at no more: a collection in mid-utterance would show as 30 ms of some stage.
            gc.collect()
            gc.freeze()
            self._lanes = lanes
            for lane in lanes:
                lane.engine.start(lane)
            await self._until_all_ended(lanes, self._play(take, lanes, post), defect)
        finally:
            self._lanes = []
            await asyncio.gather(*(lane.close() for lane in lanes))
        recording = take.recording  # a microphone's has grown
        played = {way: min(recording.length, round(heard[way] * RATE)) for way in ways}
        runs = [lane.run(index, repeat, played[lane.way] if self.stopped else recording.length) for lane in lanes]
        self.done += runs
        self._before += recording.length / RATE
        if all(run.fault is not None and not run.connections for run in self.done):
            self.hopeless = runs[0].fault
        else:
            self._progress(Progress(index, repeat, ways, self._before, self._total, over=True))

    async def _play(self, take: Take | Live, lanes: Sequence[_Lane], post: _PostTo) -> None:
        """Let a take speak to all lanes: a microphone at once, a file to each as late as it is to hear it."""
        if isinstance(take, Live):
            await take.play(partial(post, lanes))
            return
        late = offsets(lane.way for lane in lanes)
        playing = list[asyncio.Task[None]]()
        for seconds in sorted(set(late.values())):
            to = [lane for lane in lanes if late[lane.way] == seconds]
            playing.append(asyncio.create_task(_play(take, seconds, partial(post, to), to[0].engine.clock)))
        try:
            await asyncio.gather(*playing)
        finally:
            for each in playing:
                each.cancel()
            await asyncio.wait(playing)

    async def _until_all_ended(
        self, lanes: Sequence[_Lane], playing: Coroutine[None, None, None], defect: asyncio.Future[None]
    ) -> None:
        sound = self._playing = asyncio.create_task(playing)
        ends = asyncio.create_task(_end(lanes))
        try:
            waiting: set[asyncio.Future[Any]] = {ends, defect, sound}
            while not ends.done():
                done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
                for each in done:
                    if not each.cancelled():
                        each.result()
        finally:
            self._playing = None
            sound.cancel()
            ends.cancel()
            await asyncio.wait((sound, ends))


async def _end(lanes: Sequence[_Lane]) -> None:
    for lane in lanes:
        await lane.engine.wait()


def _speaks(take: Take | Live) -> bool:
    return isinstance(take, Live) or bool(take.recording.anchors)


async def _play(take: Take, late: float, post: Post, clock: Callable[[], float]) -> None:
    """Let a file speak, `late` seconds from now; it may be gone by then."""
    await asyncio.sleep(late)
    try:
        sound = open_sound(take.path, take.recording.channel)
    except FaultError as error:
        post(SourceEnded(error.fault))
        return
    try:
        await sound.play(post, clock=clock)
    finally:
        sound.close()
