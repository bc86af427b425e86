"""A microphone that heals: one device, heard through everything that happens to it.

Theory of operation
-------------------
`Microphone.run` opens the device, hands its blocks on, and watches. A stream can end in four ways, and PortAudio tells
of one of them only:

    its end is told       unplugged, its driver reset, its rate changed by somebody else
    it freezes            no more blocks, no word: a suspended source, a sound server that hangs
    it never begins       opened, and no block ever comes
    the computer slept    a stream may survive that, and nobody can say which sound is missing

Then it is closed, in words (`SourceLost`), and opened again and again, from a list of devices made anew, by the
device's name and never by its number, until its blocks come (`SourceOpened`). The lane bridges what nobody heard. What
looks like sound and is none (zeros, a flat line) is the meter's to see.

What is decided is decided on the loop. All that touches PortAudio runs on one thread of its own, because each of its
calls may hang for ever with a device or a sound server that does; that thread is a daemon, so the process ends all the
same. Blocks are heard on PortAudio's thread, hop to the loop, and count there only while their stream is the one that
is listened to: of a stream that was given up nothing is heard any more, whatever it still says.

PortAudio makes its list of devices when it is initialised, and to do that again would end every stream, so a running
stream knows of no change. Where the default device is to be heard, the system itself is asked which one that is now,
and another one is opened; PulseAudio and PipeWire move the stream themselves.
"""

from __future__ import annotations

import asyncio
import functools
import math
import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Executor, Future
from dataclasses import replace
from typing import Final, Never, ParamSpec, TypeAlias, TypeVar

from captioner.audio.capture import Capture, Device, Driver, default_now
from captioner.audio.stderr import open_stderr
from captioner.errors import Fault, FaultError, FaultKind
from captioner.events import AudioBlock, SourceEnded, SourceLost, SourceOpened
from captioner.sleep import SLEPT, slept

P = ParamSpec("P")
T = TypeVar("T")

CHECK: Final = 0.2
"""Seconds between two looks at a stream."""

FROZEN: Final = 1.0
"""Seconds without a block after which a stream is given up. Callbacks were seen 0.1 s late under load."""

SLOW: Final = 1.5
"""Seconds that the first block may take before it is said that none comes."""

DEAD: Final = 5.0
"""Seconds after which a stream without a first block is given up; a wireless headset takes up to three."""

STEADY: Final = 5.0
"""Seconds that a stream must last before its end is the first one again."""

CHOICE: Final = 1.0
"""Seconds between two questions which device the default one is."""

RETRIES: Final = (0.0, 0.25, 0.5, 1.0)
"""Seconds to the next attempt, the last for all further ones: an attempt takes some 30 ms of another thread."""

CLOSING: Final = 1.0
"""Seconds that the end of a stream is waited for; a hanging one ends with the process."""

_HOPELESS: Final = frozenset({FaultKind.NO_PORTAUDIO, FaultKind.NO_SUCH_CHANNEL})
"""No waiting mends these."""

_UNSAID: Final = frozenset({FaultKind.NO_DEVICE, FaultKind.DEVICE_FAILED})
"""What an attempt says of a device that is gone; that it is gone is the better news."""

SourceNews: TypeAlias = AudioBlock | SourceOpened | SourceLost
"""What a microphone tells: `SourceOpened` before its first block, and again before the first one after a loss."""


class Microphone:
    """One device and everything that happens to it.

    Attributes:
        device: what was opened last; None before.
    """

    def __init__(
        self,
        device_id: str,
        *,
        block_ms: int,
        post: Callable[[SourceNews], None],
        clock: Callable[[], float] = time.perf_counter,
        channel: int | None = None,
        driver: Driver | None = None,
        asleep: Callable[[], float] = slept,
    ) -> None:
        """Name the device; nothing is opened yet.

        Args:
            device_id: as `capture.find` takes it; empty is the default device, whichever that is at each opening.
            block_ms: length of a block in ms.
            post: takes the news, on the loop of `run`.
            clock: stamps the blocks, and times the watch; seconds.
            channel: from 1; None hears what makes the best mean.
            driver: PortAudio, if None.
            asleep: seconds that the computer has slept so far.
        """
        self.device: Device | None = None
        self._device_id, self._block_ms, self._channel = device_id, block_ms, channel
        self._post, self._clock, self._driver, self._asleep = post, clock, driver, asleep
        self._loop: asyncio.AbstractEventLoop | None = None
        self._beside: frozenset[str] | None = None  # what was listed with the device when it was first opened
        self._said: FaultKind | None = None  # since the last block
        # this stream
        self._number = 0
        self._capture: Capture | None = None
        self._over: asyncio.Future[Fault | None] | None = None
        self._since = math.nan  # the first block; NaN before it
        self._pace = Pace()
        self._slept = 0.0

    async def run(self, *, patient: bool = True) -> Never:
        """Hear the device until this is cancelled; closing it then takes up to `CLOSING`.

        Args:
            patient: a device that cannot be opened now is waited for.

        Raises:
            FaultError: it could not be opened, and no waiting mends that or none is wanted: all of `Capture.start`.
        """
        self._loop = asyncio.get_running_loop()
        opened, attempts = False, 0
        while True:
            capture, fault = self._begin(), None
            try:
                await self._start(capture, fresh=opened or attempts > 0)
                opened = True
                fault = await self._watch(capture)
            except FaultError as error:
                if not opened and (not patient or error.fault.kind in _HOPELESS):
                    raise
                fault = error.fault
            finally:
                lasted = self._clock() - self._since  # NaN where no block came
                self._number += 1  # nothing more is heard of it
                closing = asyncio.ensure_future(in_device_thread(capture.close))
                if fault is not None:
                    self._say(fault)  # now, because to close what hangs takes its time
                await _wait(closing)
            if fault is None or lasted >= STEADY:
                attempts = 0
            await asyncio.sleep(RETRIES[min(attempts, len(RETRIES) - 1)])
            attempts += 1

    def _begin(self) -> Capture:
        assert self._loop is not None
        self._over = self._loop.create_future()
        self._since, self._pace, self._slept = math.nan, Pace(), self._asleep()
        self._capture = Capture(
            self._device_id,
            block_ms=self._block_ms,
            post=functools.partial(self._hop, self._number),
            clock=self._clock,
            channel=self._channel,
            driver=self._driver,
            strangers=self._beside or frozenset(),
        )
        return self._capture

    async def _start(self, capture: Capture, *, fresh: bool) -> None:
        starting = asyncio.ensure_future(in_device_thread(functools.partial(capture.start, fresh=fresh)))
        try:
            await asyncio.wait({starting}, timeout=SLOW)
            if not starting.done():
                open_stderr()
                self._say(Fault(FaultKind.DEVICE_STALLED))
            await starting
        finally:
            starting.cancel()
        self._know(capture)

    def _know(self, capture: Capture) -> None:
        if capture.info is not None:
            self.device = capture.info.device
            if self._beside is None:
                self._beside = capture.info.beside

    def _say(self, fault: Fault) -> None:
        """Tell why there is no sound, where that is news."""
        if self._said is None or (fault.kind is not self._said and fault.kind not in _UNSAID):
            self._said = fault.kind
            self._post(SourceLost(fault))

    async def _watch(self, capture: Capture) -> Fault | None:
        """Return what ended the stream; None where it is to be opened anew although nothing is wrong with it."""
        following = None if self._device_id else asyncio.ensure_future(self._follow_default())
        try:
            return await self._look(capture)
        finally:
            if following is not None:
                following.cancel()

    async def _follow_default(self) -> None:
        """End the stream when the system's default device is another one."""
        assert self._over is not None
        over, ask = self._over, functools.partial(default_now, self._driver)
        before = now = await in_device_thread(ask)
        while before is not None and now in (before, None):
            await asyncio.sleep(CHOICE)
            now = await in_device_thread(ask)
        if now != before and not over.done():
            over.set_result(None)

    async def _look(self, capture: Capture) -> Fault | None:
        assert self._over is not None
        looked, heard, still = self._clock(), capture.heard, 0.0
        while True:
            done, _ = await asyncio.wait({self._over}, timeout=CHECK)
            if done:
                return self._over.result()
            if self._has_slept():
                return None
            before, looked = looked, self._clock()
            if capture.heard != heard:
                heard, still = capture.heard, 0.0
                continue
            # A look that comes late says nothing of the device: this process was stalled, and perhaps the callback too.
            still += min(looked - before, 1.5 * CHECK)
            if heard is None and still >= SLOW:
                self._say(Fault(FaultKind.DEVICE_STALLED))
            if still >= (DEAD if heard is None else FROZEN):
                return Fault(FaultKind.DEVICE_STALLED)

    def _has_slept(self) -> bool:
        return self._asleep() - self._slept >= SLEPT

    # ------------------------------------------------------------ what the stream says

    def _hop(self, number: int, news: AudioBlock | SourceEnded) -> None:
        """Called on PortAudio's thread."""
        assert self._loop is not None
        try:
            self._loop.call_soon_threadsafe(self._take, number, news)
        except RuntimeError:
            pass  # the loop is closed: nobody is there to hear it

    def _take(self, number: int, news: AudioBlock | SourceEnded) -> None:
        assert self._over is not None
        assert self._capture is not None
        if number != self._number or self._over.done():
            return
        if isinstance(news, SourceEnded):
            self._over.set_result(news.fault or Fault(FaultKind.DEVICE_LOST))
        elif self._has_slept():
            self._over.set_result(None)
        else:
            if math.isnan(self._since):
                self._know(self._capture)  # its first block may come before its start returns
                self._since, self._said = news.arrived, None
                self._post(SourceOpened())
            dropped = self._pace.dropped(news)
            self._post(replace(news, position=news.position + dropped) if dropped else news)


class Pace:
    """How much sound a stream dropped without a word, by comparing what it delivered with the time that passed.

    A block may come late, but never before its sound. So where even the least delayed block of a whole second is later
    than such blocks used to be, sound is missing. The second begins anew after every pause between two blocks, because
    after a stall what was kept comes in a burst, and is not missing; and where the driver says that it dropped sound
    (it never says how much). So a gap stands about a second behind its place, and has its length.
    """

    SECOND: Final = 1.0

    PAUSE: Final = 0.25
    """Seconds between two blocks that are a stall."""

    MISSING: Final = 0.1
    """Seconds that count as missing: another source under the same device may have another delay."""

    TOLD: Final = 0.01
    """The same, where the driver said that it dropped sound."""

    DRIFT: Final = 0.001
    """Seconds in a second by which a device's clock may differ from ours."""

    def __init__(self) -> None:
        self._dropped = 0  # frames so far
        self._usual = math.nan  # seconds from a stream's zero to its blocks' arrival, at the least
        self._least = math.inf  # the same in this second
        self._began = self._last = math.nan
        self._told = False

    def dropped(self, block: AudioBlock) -> int:
        """Take the next block; return the frames that the stream has dropped before it, since its first block."""
        late = block.arrived - (block.position + self._dropped + len(block.samples)) / block.rate
        if math.isnan(self._usual):
            self._usual, self._began = late, block.arrived
        elif block.overflowed or block.arrived - self._last > self.PAUSE:
            self._began, self._least = block.arrived, math.inf
        self._last = block.arrived
        self._told |= block.overflowed
        self._least = min(self._least, late)
        if block.arrived - self._began >= self.SECOND:
            missing = self._least - self._usual
            if missing >= (self.TOLD if self._told else self.MISSING):
                self._dropped += round(missing * block.rate)
            else:
                self._usual = min(self._least, self._usual + self.DRIFT)
            self._began, self._least, self._told = block.arrived, math.inf, False
        return self._dropped


# ---------------------------------------------------------------- the thread that talks to devices


class _DeviceThread(Executor):
    """Runs calls one after the other on a daemon thread, which a call that hangs may keep for ever."""

    def __init__(self) -> None:
        self._calls: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()

    def submit(self, call: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Run a call after those that wait."""
        future: Future[T] = Future()

        def run() -> None:
            if future.set_running_or_notify_cancel():
                try:
                    result = call(*args, **kwargs)
                except BaseException as error:
                    future.set_exception(error)
                else:
                    future.set_result(result)

        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="captioner-devices", daemon=True)
                self._thread.start()
        self._calls.put(run)
        return future

    def _work(self) -> None:
        while True:
            self._calls.get()()


@functools.cache
def _device_thread() -> _DeviceThread:
    return _DeviceThread()


async def in_device_thread(call: Callable[[], T]) -> T:
    """Run a call that talks to PortAudio where it may hang; a process has one such thread, as it has one PortAudio."""
    return await asyncio.get_running_loop().run_in_executor(_device_thread(), call)


async def _wait(closing: asyncio.Future[None]) -> None:
    """Wait for a stream's end, but not for ever."""
    await asyncio.wait({closing}, timeout=CLOSING)
    if not closing.done():
        open_stderr()
        closing.cancel()
