"""The way to the service while the network swallows what is sent, and right after it is back."""

import asyncio
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from captioner.errors import Fault, FaultError, FaultKind
from captioner.stt.network import KNOCK_AGAIN, LOOK_UP, Network, Way, connect, staggered
from tests.helpers.virtual_loop import run_virtual

SYN_AGAIN = (0.0, 1.0, 3.0, 7.0, 15.0)
"""Seconds at which TCP sends the first packet of one socket."""


class Swallowing:
    """A network that is gone until `back`: a socket's packet that is sent before gets no answer.

    Attributes:
        began: when each attempt was made.
        said: what was sent by those that got through.
        gone: attempts that were cancelled.
    """

    def __init__(self, back: float, *, round_trip: float = 0.1, refuses: bool = False) -> None:
        self.back, self.round_trip, self.refuses = back, round_trip, refuses
        self.began: list[float] = []
        self.said: list[int] = []
        self.gone: list[int] = []

    async def attempt(self, enter: Callable[[], None]) -> int:
        now = asyncio.get_running_loop().time()
        number = len(self.began)
        self.began.append(now)
        try:
            for each in SYN_AGAIN:
                if now + each >= self.back:
                    await asyncio.sleep(each + self.round_trip)
                    if self.refuses:
                        raise ConnectionRefusedError
                    break
            else:
                await asyncio.Event().wait()
            enter()
            self.said.append(number)
            await asyncio.sleep(self.round_trip)
        except asyncio.CancelledError:
            self.gone.append(number)
            raise
        return number


def took(network: Swallowing) -> float:
    async def run() -> float:
        await staggered(network.attempt)
        return asyncio.get_running_loop().time()

    return run_virtual(run())


@pytest.mark.parametrize("back", [0.5, 1.0, 1.1, 3.05, 4.9, 7.1, 9.5, 20.0])
def test_a_network_that_is_back_is_found_within_a_second(back: float) -> None:
    network = Swallowing(back)
    assert took(network) <= back + KNOCK_AGAIN + 2 * network.round_trip + 1e-6


@pytest.mark.parametrize("back", [0.0, 0.5, 3.05, 9.5])
@pytest.mark.parametrize("round_trip", [0.01, 0.9, 2.5])
def test_however_many_knock_only_one_says_something(back: float, round_trip: float) -> None:
    network = Swallowing(back, round_trip=round_trip)
    took(network)
    assert len(network.said) == 1
    assert sorted(network.gone + network.said) == list(range(len(network.began)))


def test_where_somebody_answers_at_once_there_is_one_attempt() -> None:
    network = Swallowing(0.0, round_trip=0.9)
    took(network)
    assert len(network.began) == 1, "though all of it takes longer than a second"


def test_a_network_that_is_slow_is_no_worse_off() -> None:
    assert took(Swallowing(0.0, round_trip=4.0)) == pytest.approx(8.0)


def test_what_refuses_is_not_asked_again() -> None:
    network = Swallowing(2.5, refuses=True)
    with pytest.raises(ConnectionRefusedError):
        took(network)
    assert network.began == [0.0, 1.0, 2.0, 3.0]
    assert network.said == []


def test_whoever_gives_up_leaves_nothing_behind() -> None:
    network = Swallowing(100.0)

    async def run() -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(4.5):
                await staggered(network.attempt)

    run_virtual(run())
    assert len(network.gone) == len(network.began) == 5


def test_two_that_get_through_in_the_same_moment_are_one() -> None:
    said = list[str]()

    async def run() -> str:
        ready = asyncio.Event()

        async def attempt(enter: Callable[[], None]) -> str:
            if not said:
                asyncio.get_running_loop().call_later(1.5, ready.set)
                said.append("asked")
            await ready.wait()
            enter()
            said.append("spoke")
            await asyncio.sleep(1)
            return "answer"

        return await staggered(attempt)

    assert run_virtual(run()) == "answer"
    assert said == ["asked", "spoke"]


def test_what_comes_as_it_is_given_up_is_dropped() -> None:
    dropped = list[str]()

    async def run() -> None:
        answered = asyncio.Event()

        async def attempt(enter: Callable[[], None]) -> str:
            enter()
            answered.set()
            return "a connection"

        waiting = asyncio.create_task(staggered(attempt, dropped.append))
        await answered.wait()
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting

    run_virtual(run())
    assert dropped == ["a connection"]


# ---------------------------------------------------------------- real sockets


@contextmanager
def full() -> Iterator[socket.socket]:
    """Listen, and take no more connections: the next ones get no answer, as if the network had swallowed them."""
    with socket.socket() as listener, socket.socket() as first:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        first.connect(listener.getsockname())
        yield listener


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a full queue refuses")
def test_real_sockets_knock_beside_each_other_and_one_is_taken() -> None:
    async def run() -> None:
        with full() as listener:
            port = listener.getsockname()[1]
            knocks = list[int]()
            enough = asyncio.Event()

            async def attempt(enter: Callable[[], None]) -> socket.socket:
                knocks.append(1)
                if len(knocks) == 2:
                    enough.set()
                opened = await connect("127.0.0.1", port)
                enter()
                return opened

            connecting = asyncio.create_task(staggered(attempt))
            await enough.wait()
            assert not connecting.done()
            listener.setblocking(False)
            listener.accept()[0].close()  # the first one: there is room again
            with await connecting as opened, listener.accept()[0] as accepted:
                assert accepted.getpeername() == opened.getsockname()
            with pytest.raises(BlockingIOError):
                listener.accept()

    asyncio.run(run())


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_a_port_that_nobody_listens_on_raises_at_once(address: str) -> None:
    async def run() -> None:
        with pytest.raises(OSError, match=r"."):
            await connect(address, 9)

    asyncio.run(run())


# ---------------------------------------------------------------- names


class Names:
    """A resolver that a test switches off: it says that there is no such name, or says nothing at all."""

    def __init__(self) -> None:
        self.addresses = ("192.0.2.1",)
        self.works = True
        self.hangs: threading.Event | None = None
        self.asked = 0

    def __call__(self, host: str, port: int) -> tuple[str, ...]:
        self.asked += 1
        if self.hangs is not None:
            self.hangs.wait()
        if not self.works:
            raise socket.gaierror(socket.EAI_AGAIN, "temporary failure in name resolution")
        return self.addresses


@pytest.fixture
def names() -> Iterator[Names]:
    names = Names()
    yield names
    if names.hangs is not None:
        names.hangs.set()


SERVICE = Network("http://service.test")


def test_without_an_answer_the_service_is_where_it_was(names: Names) -> None:
    async def run() -> None:
        way = Way(SERVICE, names)
        known = await way.find()
        assert known.addresses == ("192.0.2.1",)
        names.works = False
        assert await way.find() == known
        names.hangs = threading.Event()
        began = asyncio.get_running_loop().time()
        assert await way.find() == known
        assert asyncio.get_running_loop().time() == began + LOOK_UP
        assert names.asked >= 2

    run_virtual(run())


def test_a_service_that_has_moved_is_found_again(names: Names) -> None:
    async def run() -> None:
        way = Way(SERVICE, names)
        await way.find()
        names.works = False
        await way.find()
        names.works, names.addresses = True, ("192.0.2.2",)
        assert (await way.find()).addresses == ("192.0.2.2",)

    asyncio.run(run())


def test_a_name_that_was_never_known_is_said(names: Names) -> None:
    names.works = False
    with pytest.raises(FaultError) as refused:
        asyncio.run(Way(SERVICE, names).find())
    assert refused.value.fault == Fault(FaultKind.UNREACHABLE, "no such host: service.test")


def test_a_proxy_stays_known_too(names: Names) -> None:
    async def run() -> None:
        way = Way(Network("http://service.test", proxy="http://proxy.test:3128"), names)
        known = await way.find()
        assert known.proxy == "http://192.0.2.1:3128"
        names.works = False
        assert await way.find() == known

    asyncio.run(run())
