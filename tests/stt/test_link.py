"""The link against real sockets: what it posts for every action, whatever the other end does."""

import asyncio
import json
import logging
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from socket import IPPROTO_TCP, SHUT_WR, SO_SNDBUF, SOL_SOCKET, TCP_NODELAY
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import pytest
import soundfile

from captioner.account import Account
from captioner.emulator.profiles import PROFILES
from captioner.emulator.server import Emulator
from captioner.errors import Fault, FaultKind, Misuse
from captioner.events import (
    RATE,
    Action,
    Close,
    Closed,
    GetToken,
    Hypothesis,
    News,
    Open,
    Opened,
    OpenRefused,
    Received,
    TokenGranted,
    TokenRefused,
    Write,
    Written,
)
from captioner.settings import Settings
from captioner.stt import rtzr
from captioner.stt.link import Link, Network, Tokens, abort, quiet_libraries
from captioner.stt.network import KNOCK_AGAIN
from tests.stt.loopback import CA_FILE, Answer, Peer, Proxy, Request, Service, http, listen, token

if TYPE_CHECKING:
    import qasync

ACCOUNT = Account("an-id", "a-secret")
QUERY = rtzr.query(Settings())
PATIENCE = 10.0  # seconds after which a test gives up
N = TypeVar("N")


class Lane:
    """A link, and all that it posted."""

    def __init__(
        self, tokens: Tokens, *, ping_interval: float = 3.0, ping_timeout: float = 3.0, answer: float = 3.0
    ) -> None:
        self.tokens = tokens
        self.news: list[News] = []
        self._arrival = asyncio.Event()
        self.link = Link(tokens, self._post, ping_interval=ping_interval, ping_timeout=ping_timeout, answer=answer)

    def _post(self, news: News) -> None:
        self.news.append(news)
        self._arrival.set()

    def perform(self, *actions: Action) -> None:
        for action in actions:
            self.link.perform(action)

    def of(self, kind: type[N]) -> list[N]:
        return [each for each in self.news if isinstance(each, kind)]

    async def until(self, kind: type[N], count: int = 1) -> N:
        """Wait for the `count`th news of a kind, and return it."""
        async with asyncio.timeout(PATIENCE):
            while len(self.of(kind)) < count:
                await self.anything()
        return self.of(kind)[count - 1]

    async def anything(self) -> None:
        """Wait for any news."""
        self._arrival.clear()
        async with asyncio.timeout(PATIENCE):
            await self._arrival.wait()

    async def open(self, epoch: int = 1) -> None:
        """Get a token and a connection."""
        self.perform(GetToken())
        await self.until(TokenGranted)
        self.perform(Open(epoch, QUERY))
        await self.until(Opened)


@asynccontextmanager
async def lane_to(
    network: Network, *, ping_interval: float = 3.0, ping_timeout: float = 3.0, answer: float = 3.0
) -> AsyncIterator[Lane]:
    tokens = Tokens(network, ACCOUNT)
    lane = Lane(tokens, ping_interval=ping_interval, ping_timeout=ping_timeout, answer=answer)
    try:
        yield lane
    finally:
        await lane.link.aclose(within=0.2)
        await tokens.aclose()


def with_service(
    test: Callable[[Service, Lane], Awaitable[None]],
    stream: bytes | Callable[[Peer], Awaitable[None]] = listen,
    *answers: Answer,
    small: bool = False,
    ping: tuple[float, float] = (3.0, 3.0),
) -> None:
    """Run `test` with a service and a lane to it."""

    async def run() -> None:
        async with (
            Service(*answers, stream=stream, small=small) as service,
            lane_to(Network(service.url), ping_interval=ping[0], ping_timeout=ping[1]) as lane,
        ):
            await test(service, lane)

    asyncio.run(run())


# ---------------------------------------------------------------- opening


def test_a_connection_is_opened_with_the_token_and_the_query() -> None:
    async def test(service: Service, lane: Lane) -> None:
        await lane.open(epoch=7)
        assert lane.news[1:] == [Opened(7)]
        [request] = service.handshakes
        assert request.target == f"/v1/transcribe:streaming?{QUERY}"
        assert request.headers["authorization"] == "Bearer token-1"
        assert request.headers["user-agent"].startswith("captioner/")
        assert "sec-websocket-extensions" not in request.headers

    with_service(test)


def test_a_socket_sends_small_messages_at_once_and_hides_little() -> None:
    async def test(service: Service, lane: Lane) -> None:
        await lane.open()
        [connection] = lane.link._connections.values()
        assert connection.socket is not None
        raw = connection.socket.transport.get_extra_info("socket")
        assert raw.getsockopt(IPPROTO_TCP, TCP_NODELAY)
        assert raw.getsockopt(SOL_SOCKET, SO_SNDBUF) <= 2 * 32 * 1024

    with_service(test)


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        (http(400, '{"code":"H0001","msg":"epd_time"}'), Fault(FaultKind.BAD_REQUEST, "H0001 epd_time")),
        (http(401, '{"code":"H0002","msg":"expired"}'), Fault(FaultKind.TOKEN_EXPIRED, "H0002 expired")),
        (http(403), Fault(FaultKind.CREDENTIALS_REFUSED, "HTTP 403")),
        (http(429, '{"code":"A0001","msg":"quota"}'), Fault(FaultKind.QUOTA, "A0001 quota")),
        (http(429, '{"code":"A0002","msg":"streams"}'), Fault(FaultKind.BUSY, "A0002 streams")),
        (http(500, '{"code":"E500","msg":"oops"}'), Fault(FaultKind.SERVICE_DOWN, "E500 oops")),
        (http(503), Fault(FaultKind.SERVICE_DOWN, "HTTP 503")),
        (http(200, "<html>please sign in</html>"), Fault(FaultKind.NOT_THE_SERVICE, "HTTP 200")),
        (http(302, Location="/v1/transcribe:streaming"), Fault(FaultKind.NOT_THE_SERVICE, "HTTP 302")),
        (http(307, Location="ws://127.0.0.1:9/"), Fault(FaultKind.NOT_THE_SERVICE, "HTTP 307")),
        (http(404), Fault(FaultKind.NOT_THE_SERVICE, "HTTP 404")),
        (b"HTTP/1.1 101 Hm\r\n\r\n", Fault(FaultKind.NOT_THE_SERVICE, "no WebSocket")),
        (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", Fault(FaultKind.NOT_THE_SERVICE, "no WebSocket")),
        (b"", Fault(FaultKind.UNREACHABLE, "closed without an answer")),
    ],
)
def test_each_refused_handshake_has_its_fault(answer: bytes, fault: Fault) -> None:
    async def test(service: Service, lane: Lane) -> None:
        lane.perform(GetToken())
        await lane.until(TokenGranted)
        lane.perform(Open(1, QUERY))
        assert await lane.until(OpenRefused) == OpenRefused(1, fault)
        assert len(service.handshakes) == 1
        lane.perform(Write(1, b"late", 4), Close(1))
        assert lane.of(Opened) + lane.of(Closed) == []

    with_service(test, answer)


def test_a_port_that_nobody_listens_on_is_unreachable() -> None:
    async def test(service: Service, lane: Lane) -> None:
        lane.perform(GetToken())
        await lane.until(TokenGranted)
        service.shut()
        lane.perform(Open(1, QUERY))
        assert await lane.until(OpenRefused) == OpenRefused(1, Fault(FaultKind.UNREACHABLE, "connection refused"))

    with_service(test)


def test_without_a_token_nothing_is_opened() -> None:
    async def test(service: Service, lane: Lane) -> None:
        lane.perform(Open(1, QUERY))
        assert await lane.until(OpenRefused) == OpenRefused(1, Fault(FaultKind.TOKEN_EXPIRED, "no token"))
        assert service.requests == []

    with_service(test)


def test_a_refused_token_is_posted() -> None:
    async def test(_: Service, lane: Lane) -> None:
        lane.perform(GetToken())
        assert await lane.until(TokenRefused) == TokenRefused(Fault(FaultKind.CREDENTIALS_REFUSED, "HTTP 401"))

    with_service(test, listen, http(401))


def test_an_epoch_that_is_open_cannot_be_opened_again() -> None:
    async def test(_: Service, lane: Lane) -> None:
        await lane.open()
        with pytest.raises(Misuse):
            lane.perform(Open(1, QUERY))

    with_service(test)


def test_an_opening_that_is_given_up_is_refused_once() -> None:
    asked = asyncio.Event()

    async def hang(_: object) -> bytes:
        asked.set()
        await asyncio.Event().wait()
        return b""

    async def silent(peer: Peer) -> None:
        raise AssertionError("accepted")

    async def test(service: Service, lane: Lane) -> None:
        lane.perform(GetToken())
        await lane.until(TokenGranted)
        lane.perform(Open(1, QUERY), Write(1, b"early", 5), Close(1))  # before its first step
        assert await lane.until(OpenRefused) == OpenRefused(1, Fault(FaultKind.BROKEN, "given up"))
        service.answer_handshake = hang
        lane.perform(Open(2, QUERY))
        async with asyncio.timeout(PATIENCE):
            await asked.wait()
        lane.perform(Close(2, abort=True), Close(2))
        assert await lane.until(OpenRefused, 2) == OpenRefused(2, Fault(FaultKind.BROKEN, "given up"))
        await lane.link.aclose()
        assert len(lane.news) == 3

    with_service(test, silent)


def test_a_lane_does_not_replace_a_token_that_another_lane_has_replaced() -> None:
    async def test(service: Service, lane: Lane) -> None:
        other = Lane(lane.tokens)
        for each in (lane, other):
            each.perform(GetToken())
            await each.until(TokenGranted)
            each.perform(Open(1, QUERY))
            await each.until(OpenRefused)
        for each in (lane, other):
            each.perform(GetToken(fresh=True))
            await each.until(TokenGranted, 2)
        assert [granted.requested for granted in other.of(TokenGranted)] == [False, False]
        assert [request.method for request in service.requests].count("POST") == 2
        lane.perform(Open(2, QUERY))
        await lane.until(OpenRefused, 2)
        assert service.handshakes[-1].headers["authorization"] == "Bearer token-2"
        await other.link.aclose()

    with_service(test, http(401), token("token-1"), token("token-2"))


def test_asking_again_for_a_token_that_has_not_come_is_answered_once() -> None:
    asked, answer = asyncio.Event(), asyncio.Event()

    async def slow(_: Request) -> bytes:
        asked.set()
        await answer.wait()
        return token()

    async def test(service: Service, lane: Lane) -> None:
        lane.perform(GetToken())
        await asked.wait()
        lane.perform(GetToken(), GetToken())
        answer.set()
        await lane.until(TokenGranted)
        lane.perform(Open(1, QUERY))
        await lane.until(Opened)
        assert len(lane.of(TokenGranted)) == 1
        assert [request.method for request in service.requests].count("POST") == 1

    with_service(test, listen, slow)


@pytest.mark.parametrize("proxied", [False, True])
def test_a_handshake_that_takes_its_time_is_made_once(proxied: bool) -> None:
    async def slow(_: Request) -> bytes:
        await asyncio.sleep(KNOCK_AGAIN * 1.5)
        return http(503)

    async def run() -> None:
        async with Service(tls=proxied) as service, Proxy(service.port) as proxy:
            service.answer_handshake = slow
            network = Network("https://service.test", proxy=proxy.url, ca_file=CA_FILE)
            async with lane_to(network if proxied else Network(service.url)) as lane:
                lane.perform(GetToken())
                await lane.until(TokenGranted)
                lane.perform(Open(1, QUERY))
                assert (await lane.until(OpenRefused)).fault.kind is FaultKind.SERVICE_DOWN
                assert len(service.handshakes) == 1
                assert len(proxy.targets) == (2 if proxied else 0)

    asyncio.run(run())


def test_after_a_break_a_handshake_that_hangs_is_not_waited_for_as_long_as_the_first_one() -> None:
    async def reset(peer: Peer) -> None:
        peer.reset()

    async def slow(_: Request) -> bytes:
        await asyncio.sleep(KNOCK_AGAIN * 1.5)
        return http(503)

    async def never(_: Request) -> bytes:
        await asyncio.Event().wait()
        return b""

    async def run() -> None:
        async with Service(stream=reset) as service, lane_to(Network(service.url), answer=0.2) as lane:
            service.answer_handshake = slow
            lane.perform(GetToken())
            await lane.until(TokenGranted)
            lane.perform(Open(1, QUERY))
            assert (await lane.until(OpenRefused)).fault.kind is FaultKind.SERVICE_DOWN, "it had its time"
            service.answer_handshake = None
            lane.perform(Open(2, QUERY))
            await lane.until(Closed)
            service.answer_handshake = never
            lane.perform(Open(3, QUERY))
            hung = await lane.until(OpenRefused, 2)
            assert hung == OpenRefused(3, Fault(FaultKind.UNREACHABLE, "timed out"))

    asyncio.run(run())


def test_a_new_network_is_used_from_the_next_open_on() -> None:
    async def run() -> None:
        async with Service() as before, Service(token("token-9")) as after, lane_to(Network(before.url)) as lane:
            await lane.open()
            lane.link.use(Network(after.url), ACCOUNT)
            lane.perform(Open(2, QUERY))
            assert await lane.until(OpenRefused) == OpenRefused(2, Fault(FaultKind.TOKEN_EXPIRED, "no token"))
            lane.perform(GetToken(), Write(1, b"still there", 1))
            await lane.until(TokenGranted, 2)
            lane.perform(Open(3, QUERY))
            await lane.until(Opened, 2)
            assert after.handshakes[0].headers["authorization"] == "Bearer token-9"
            assert lane.of(Written) == [Written(1, 1)]

    asyncio.run(run())


# ---------------------------------------------------------------- writing and receiving


def test_messages_are_with_the_socket_before_perform_returns() -> None:
    heard: list[bytes | str] = []

    async def hear(peer: Peer) -> None:
        async for message in peer.messages():
            heard.append(message)
            if message == "EOS":
                peer.close(1000)

    async def test(_: Service, lane: Lane) -> None:
        await lane.open()
        for number in range(50):
            lane.perform(Write(1, bytes([number]) * 320, (number + 1) * 160))
            assert lane.news[-1] == Written(1, (number + 1) * 160)
        lane.perform(Write(1, rtzr.EOS, 8000))
        assert await lane.until(Closed) == Closed(1, 1000, "")
        assert heard == [*(bytes([number]) * 320 for number in range(50)), "EOS"]

    with_service(test, hear)


def test_what_is_written_while_a_connection_opens_goes_out_first() -> None:
    heard: list[bytes | str] = []

    async def hear(peer: Peer) -> None:
        heard.extend([message async for message in peer.messages()])

    async def test(_: Service, lane: Lane) -> None:
        lane.perform(GetToken())
        await lane.until(TokenGranted)
        lane.perform(Open(1, QUERY), Write(1, b"one", 1), Write(1, b"two", 2))
        await lane.until(Opened)
        lane.perform(Write(1, b"three", 3), Close(1))
        await lane.until(Closed)
        assert heard == [b"one", b"two", b"three"]
        assert [written.stop for written in lane.of(Written)][-1] == 3
        assert lane.news.index(Opened(1)) < lane.news.index(lane.of(Written)[0])

    with_service(test, hear)


def test_nothing_counts_as_written_while_the_socket_has_no_room() -> None:
    read_on = asyncio.Event()
    heard: list[bytes | str] = []

    async def stall(peer: Peer) -> None:
        peer.writer.transport.pause_reading()  # type: ignore[attr-defined]
        await read_on.wait()
        peer.writer.transport.resume_reading()  # type: ignore[attr-defined]
        async for message in peer.messages():
            heard.append(message)
            if message == "EOS":
                peer.close(1000)

    async def test(_: Service, lane: Lane) -> None:
        await lane.open()
        chunk, stop = bytes(64_000), 0
        while lane.of(Written)[-1:] == [Written(1, stop)] or not stop:
            stop += 1
            lane.perform(Write(1, chunk, stop))
        kept = stop - 1
        for _number in range(20):
            stop += 1
            lane.perform(Write(1, bytes([stop % 251]), stop))
        lane.perform(Write(1, rtzr.EOS, stop + 1))
        assert lane.of(Written)[-1:] == ([Written(1, kept)] if kept else [])
        read_on.set()
        await lane.until(Closed)
        assert lane.of(Written)[-1] == Written(1, stop + 1)
        assert [len(message) for message in heard[: kept + 1]] == [64_000] * (kept + 1)
        assert heard[kept + 1 :] == [*(bytes([each % 251]) for each in range(kept + 2, stop + 1)), "EOS"]

    with_service(test, stall, small=True)


def test_messages_are_posted_in_order_and_the_last_ones_before_the_close() -> None:
    messages = [f'{{"seq":{number}}}' for number in range(200)]

    async def talk(peer: Peer) -> None:
        peer.send(*messages)
        peer.close(1000, "bye")

    async def test(_: Service, lane: Lane) -> None:
        await lane.open()
        await lane.until(Closed)
        assert [received.message for received in lane.of(Received)] == messages
        assert lane.news[-1] == Closed(1, 1000, "bye")

    with_service(test, talk)


def test_messages_that_are_no_text_end_nothing() -> None:
    async def talk(peer: Peer) -> None:
        peer.send(b"\x00\xff")
        peer.send_text(b'{"text":"\xff"}')
        peer.send('{"seq":1}')
        await listen(peer)

    async def test(_: Service, lane: Lane) -> None:
        await lane.open()
        await lane.until(Received, 3)
        assert [received.message for received in lane.of(Received)] == ["\0\ufffd", '{"text":"\ufffd"}', '{"seq":1}']
        assert lane.of(Closed) == []

    with_service(test, talk)


# ---------------------------------------------------------------- ends


@pytest.mark.parametrize("code", [1000, 1001, 1008, 1011, 1012, 1013, 4000])
def test_the_code_of_the_services_close_is_posted(code: int) -> None:
    async def end(peer: Peer) -> None:
        peer.close(code, "말\n끝")

    async def test(_: Service, lane: Lane) -> None:
        await lane.open()
        assert await lane.until(Closed) == Closed(1, code, "말 끝")

    with_service(test, end)


def test_a_close_without_a_code_is_a_close() -> None:
    async def end(peer: Peer) -> None:
        peer.close(None)

    async def test(_: Service, lane: Lane) -> None:
        await lane.open()
        assert (await lane.until(Closed)).code == 1005

    with_service(test, end)


def test_a_service_that_says_close_and_does_not_hang_up_is_not_waited_for() -> None:
    async def linger(peer: Peer) -> None:
        peer.send("last words")
        peer.protocol.send_close(1000)
        [frame, *_] = peer.protocol.data_to_send()
        peer.writer.write(frame)
        await peer.silence()

    async def test(_: Service, lane: Lane) -> None:
        await lane.open()
        assert await lane.until(Closed) == Closed(1, 1000, "")
        assert lane.of(Received) == [Received(1, "last words")]

    with_service(test, linger)


def test_a_reset_is_posted_without_a_code() -> None:
    async def break_off(peer: Peer) -> None:
        peer.reset()

    async def test(_: Service, lane: Lane) -> None:
        await lane.open()
        assert await lane.until(Closed) == Closed(1, None, "connection reset by peer")

    with_service(test, break_off)


def test_what_is_written_in_the_turn_of_a_break_is_nothing_to_be_logged() -> None:
    async def test(_: Service, lane: Lane) -> None:
        await lane.open()
        opened = lane.link._connections[1].socket
        assert opened is not None
        opened.transport.get_extra_info("socket").shutdown(SHUT_WR)
        lane.perform(*(Write(1, bytes(320), 160 * number) for number in range(1, 12)))
        assert (await lane.until(Closed)).code is None

    with_service(test)


def test_a_transport_that_has_closed_itself_after_its_last_bytes_is_not_ended_again() -> None:
    async def scenario() -> None:
        complaints: list[dict[str, object]] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))
        met, read = asyncio.Event(), asyncio.Event()

        async def peer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write_eof()  # it says that it has said all, while much is still to be read
            met.set()
            await read.wait()
            await reader.read()
            writer.close()
            await writer.wait_closed()
            gone.set()

        server = await asyncio.start_server(peer, "127.0.0.1", 0)
        ending, ended, gone = asyncio.Event(), asyncio.Event(), asyncio.Event()

        class Ending(asyncio.Protocol):
            def eof_received(self) -> None:
                ending.set()

            def connection_lost(self, exc: Exception | None) -> None:
                ended.set()

        port = server.sockets[0].getsockname()[1]
        transport, _ = await asyncio.get_running_loop().create_connection(Ending, "127.0.0.1", port)
        transport.write(bytes(20_000_000))
        await met.wait()
        await ending.wait()
        assert transport.is_closing()
        assert transport.get_write_buffer_size(), "the end is to come with bytes that wait"
        read.set()
        await ended.wait()
        abort(transport)
        for _ in range(3):
            await asyncio.sleep(0)
        assert complaints == []
        await gone.wait()
        server.close()
        await server.wait_closed()

    asyncio.run(asyncio.wait_for(scenario(), PATIENCE))


def test_nothing_is_written_in_the_middle_of_getting_room() -> None:
    async def test(_: Service, lane: Lane) -> None:
        await lane.open()
        opened = lane.link._connections[1].socket
        assert opened is not None
        calls: list[bool] = []
        opened.on_room = lambda: calls.append(True)
        opened.pause_writing()
        opened.resume_writing()
        assert calls == []
        await asyncio.sleep(0)
        assert calls == [True]

    with_service(test)


def test_an_end_of_tcp_is_posted_without_a_code() -> None:
    async def leave(peer: Peer) -> None:
        peer.writer.close()

    async def test(_: Service, lane: Lane) -> None:
        await lane.open()
        assert await lane.until(Closed) == Closed(1, None, "closed without a Close frame")

    with_service(test, leave)


@pytest.mark.parametrize(
    ("frame", "detail"),
    [
        (b"\xff\x00", "closed by us with 1002"),
        (b"\x81\x7f" + struct.pack("!Q", 2**30), "closed by us with 1009"),
    ],
)
def test_a_frame_against_the_rules_ends_the_connection_without_a_code(frame: bytes, detail: str) -> None:
    async def misbehave(peer: Peer) -> None:
        peer.writer.write(frame)
        await peer.reader.read(1)

    async def test(_: Service, lane: Lane) -> None:
        await lane.open()
        closed = await lane.until(Closed)
        assert closed.code is None
        assert closed.detail.startswith(detail)

    with_service(test, misbehave)


@pytest.mark.parametrize(("abort", "code"), [(False, 1000), (True, None)])
def test_a_connection_that_is_given_up_ends_once(abort: bool, code: int | None) -> None:
    async def test(_: Service, lane: Lane) -> None:
        await lane.open()
        lane.perform(Close(1, abort=abort), Write(1, b"late", 9), Close(1, abort=abort))
        assert await lane.until(Closed) == Closed(1, code, "given up")
        lane.perform(Write(1, b"later", 10), Close(1), Close(1, abort=True), Close(99), Write(99, b"", 1))
        await lane.link.aclose()
        assert len(lane.of(Closed)) == 1
        assert lane.of(Written) == []

    with_service(test)


def test_a_closing_handshake_that_is_not_answered_can_be_cut_short() -> None:
    async def ignore(peer: Peer) -> None:
        await peer.silence()

    async def test(_: Service, lane: Lane) -> None:
        await lane.open()
        lane.perform(Close(1), Close(1, abort=True))
        assert await lane.until(Closed) == Closed(1, None, "given up")

    with_service(test, ignore)


def test_a_connection_that_answers_no_ping_is_ended() -> None:
    async def dead(peer: Peer) -> None:
        await peer.silence()

    async def test(_: Service, lane: Lane) -> None:
        await lane.open()
        assert await lane.until(Closed) == Closed(1, None, "no answer to a ping")
        assert lane.link.round_trip is None

    with_service(test, dead, ping=(0.02, 0.05))


def test_after_eos_it_is_known_at_once_whether_anybody_is_there() -> None:
    async def dead(peer: Peer) -> None:
        await peer.silence()

    async def test(_: Service, lane: Lane) -> None:
        await lane.open()
        lane.perform(Write(1, "EOS", 0))
        assert await lane.until(Closed) == Closed(1, None, "no answer to a ping")

    with_service(test, dead, ping=(3600.0, 0.05))


def test_a_connection_that_takes_nothing_is_ended() -> None:
    async def stall(peer: Peer) -> None:
        peer.writer.transport.pause_reading()  # type: ignore[attr-defined]
        await peer.silence()

    async def test(_: Service, lane: Lane) -> None:
        await lane.open()
        for stop in range(1, 200):
            lane.perform(Write(1, bytes(64_000), stop))
        assert await lane.until(Closed) == Closed(1, None, "no answer to a ping")

    with_service(test, stall, small=True, ping=(0.02, 0.05))


def test_pings_that_are_answered_keep_a_connection_and_measure_it() -> None:
    async def count(peer: Peer) -> None:
        while peer.pings < 3 and await peer.turn():
            pass
        peer.send("three")
        await listen(peer)

    async def test(_: Service, lane: Lane) -> None:
        await lane.open()
        await lane.until(Received)
        assert lane.link.round_trip is not None
        assert lane.link.round_trip > 0
        assert lane.of(Closed) == []

    with_service(test, count, ping=(0.01, 5.0))


def test_any_frame_counts_as_life() -> None:
    async def deaf(peer: Peer) -> None:
        peer.send("go on")
        while peer.pings < 2 and await peer.turn(deaf=True):  # the second ping says that the first one's time is over
            peer.frames.clear()
            peer.send("go on")
        peer.close(1000)

    async def test(_: Service, lane: Lane) -> None:
        await lane.open()
        seen = 0
        while not lane.of(Closed):
            while len(lane.of(Received)) == seen and not lane.of(Closed):
                await lane.anything()
            seen += 1
            lane.perform(Write(1, b"more", seen))
        assert lane.of(Closed) == [Closed(1, 1000, "")]

    with_service(test, deaf, ping=(0.01, 0.3))


# ---------------------------------------------------------------- shutting down


def test_aclose_ends_whatever_hangs_and_says_so() -> None:
    asked = asyncio.Event()

    async def hang(_: object) -> bytes:
        asked.set()
        await asyncio.Event().wait()
        return b""

    async def ignore(peer: Peer) -> None:
        peer.writer.transport.pause_reading()  # type: ignore[attr-defined]
        await peer.silence()

    async def test(service: Service, lane: Lane) -> None:
        await lane.open(1)
        lane.perform(Open(2, QUERY))
        await lane.until(Opened, 2)
        for stop in range(1, 100):
            lane.perform(Write(2, bytes(64_000), stop))
        service.tokens, service.answer_handshake = [hang], hang
        lane.perform(Open(3, QUERY), GetToken(fresh=True), Close(1))
        async with asyncio.timeout(PATIENCE):
            await asked.wait()
        await lane.link.aclose(within=0.1)
        assert sorted(closed.epoch for closed in lane.of(Closed)) == [1, 2]
        assert lane.of(OpenRefused) == [OpenRefused(3, Fault(FaultKind.BROKEN, "given up"))]
        count = len(lane.news)
        lane.perform(GetToken(), Open(4, QUERY), Write(2, b"", 1), Close(2))
        await lane.link.aclose()
        assert len(lane.news) == count

    with_service(test, ignore, small=True)


def test_aclose_closes_a_healthy_connection_properly() -> None:
    closes: list[int | None] = []

    async def hear(peer: Peer) -> None:
        await listen(peer)
        closes.append(peer.protocol.close_rcvd.code if peer.protocol.close_rcvd else None)

    async def test(_: Service, lane: Lane) -> None:
        await lane.open()
        await lane.link.aclose()
        assert lane.of(Closed) == [Closed(1, 1000, "given up")]
        assert closes == [1000]

    with_service(test, hear)


def test_a_cancelled_aclose_leaves_nothing_open() -> None:
    async def ignore(peer: Peer) -> None:
        await peer.silence()

    async def test(_: Service, lane: Lane) -> None:
        await lane.open()
        closing = asyncio.create_task(lane.link.aclose(within=60))
        await asyncio.sleep(0)
        closing.cancel()
        await asyncio.wait({closing})
        await lane.until(Closed)

    with_service(test, ignore)


# ---------------------------------------------------------------- TLS, proxies, other loops, the emulator


def test_speech_and_text_go_through_tls() -> None:
    async def echo(peer: Peer) -> None:
        async for message in peer.messages():
            peer.send(str(len(message)))

    async def run() -> None:
        async with (
            Service(stream=echo, tls=True) as service,
            lane_to(Network(service.url, ca_file=CA_FILE)) as lane,
        ):
            await lane.open()
            for number in range(1, 6):
                lane.perform(Write(1, bytes(number), number))
            await lane.until(Received, 5)
            assert [received.message for received in lane.of(Received)] == ["1", "2", "3", "4", "5"]
            assert lane.of(Written)[-1] == Written(1, 5)
            lane.perform(Close(1))
            assert await lane.until(Closed) == Closed(1, 1000, "given up")

    asyncio.run(run())


def test_a_certificate_that_cannot_be_verified_opens_nothing() -> None:
    async def run() -> None:
        async with Service(tls=True) as service, lane_to(Network(service.url, ca_file=CA_FILE)) as lane:
            lane.perform(GetToken())
            await lane.until(TokenGranted)
            lane.link.use(Network(service.url), ACCOUNT)
            lane.perform(Open(1, QUERY))
            refused = await lane.until(OpenRefused)
            assert refused.fault.kind is FaultKind.CERTIFICATE
            assert service.handshakes == []

    asyncio.run(run())


def test_a_stream_goes_through_a_proxy() -> None:
    async def run() -> None:
        async with Service(tls=True) as service, Proxy(service.port) as proxy:
            network = Network("https://service.test", proxy=proxy.url, ca_file=CA_FILE)
            async with lane_to(network) as lane:
                await lane.open()
                lane.perform(Write(1, b"through", 7))
                await lane.until(Written)
                assert proxy.targets == ["service.test:443"] * 2
                assert service.handshakes[0].headers["host"] == "service.test"

    asyncio.run(run())


@pytest.mark.parametrize(
    ("answer", "detail"),
    [
        (http(407), "HTTP 407"),
        (http(502), "HTTP 502"),
        (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", "no valid HTTP"),
        (b"", "closed without an answer"),
        (b"HTTP/1.1 200 OK\r\n\r\n", "closed without an answer"),
    ],
)
def test_a_proxy_that_lets_nothing_through_is_said(answer: bytes, detail: str) -> None:
    async def run() -> None:
        async with Service(tls=True) as service, Proxy(service.port) as proxy:
            network = Network("https://service.test", proxy=proxy.url, ca_file=CA_FILE)
            async with lane_to(network) as lane:
                lane.perform(GetToken())
                await lane.until(TokenGranted)
                proxy.answer = answer
                lane.perform(Open(1, QUERY))
                assert await lane.until(OpenRefused) == OpenRefused(1, Fault(FaultKind.PROXY, detail))
                assert service.handshakes == []

    asyncio.run(run())


def test_a_proxy_with_a_password_gets_it() -> None:
    async def run() -> None:
        async with Service(tls=True) as service, Proxy(service.port) as proxy:
            network = Network("https://service.test", proxy=f"http://per%40son:pass@{proxy.address}", ca_file=CA_FILE)
            async with lane_to(network) as lane:
                await lane.open()
                assert proxy.authorizations == ["Basic cGVyQHNvbjpwYXNz"] * 2

    asyncio.run(run())


def test_it_runs_on_the_windows_loop(qt_loop: "qasync.QEventLoop") -> None:
    async def echo(peer: Peer) -> None:
        async for message in peer.messages():
            peer.send(str(len(message)))

    async def run() -> None:
        async with Service(stream=echo) as service, lane_to(Network(service.url)) as lane:
            await lane.open()
            for number in range(1, 101):
                lane.perform(Write(1, bytes(320), number))
            await lane.until(Received, 100)
            assert lane.of(Written)[-1] == Written(1, 100)
            lane.perform(Close(1))
            assert await lane.until(Closed) == Closed(1, 1000, "given up")

    qt_loop.run_until_complete(run())


def test_what_the_emulator_says_is_understood() -> None:
    sample = Path(__file__).parents[2] / "resources" / "sample"
    script = json.loads((sample / "sample_call.json").read_text(encoding="utf-8"))
    spoken = [word for utterance in script["utterances"][:3] for word in utterance["words"]]
    sound, rate = soundfile.read(sample / "sample_call.flac", frames=int(48_000 * (spoken[-1]["stop"] + 1)))
    mono = sound.mean(axis=1).reshape(-1, rate // RATE).mean(axis=1)
    speech = np.round(mono * 32767).astype("<i2").tobytes()

    async def run() -> list[Hypothesis]:
        async with Emulator(PROFILES["measured"]) as emulator, lane_to(Network(emulator.url)) as lane:
            await lane.open()
            for start in range(0, len(speech), 3200):
                lane.perform(Write(1, speech[start : start + 3200], (start + 3200) // 2))
            lane.perform(Write(1, rtzr.EOS, len(speech) // 2))
            assert (await lane.until(Closed)).code == 1000
            return [
                each
                for each in map(rtzr.decode, [r.message for r in lane.of(Received)])
                if isinstance(each, Hypothesis)
            ]

    hypotheses = asyncio.run(run())
    heard = [word for each in hypotheses if each.final for word in each.words]
    assert [word.text for word in heard] == [word["text"] for word in spoken]
    assert max(abs(h.start / RATE - s["start"]) for h, s in zip(heard, spoken, strict=True)) < 0.1
    assert any(not each.final and each.text for each in hypotheses)


# ---------------------------------------------------------------- what may be seen


def test_neither_speech_nor_token_is_ever_logged(caplog: pytest.LogCaptureFixture) -> None:
    async def talk(peer: Peer) -> None:
        async for message in peer.messages():
            peer.send('{"text":"비밀입니다"}')
            if message == "EOS":
                peer.close(1000)

    async def test(_: Service, lane: Lane) -> None:
        await lane.open()
        lane.perform(Write(1, b"PCMPCMPCM", 1), Write(1, rtzr.EOS, 1))
        await lane.until(Closed)

    quiet_libraries()
    with caplog.at_level(logging.DEBUG):
        with_service(test, talk)
    ours = [record for record in caplog.records if record.name.startswith("captioner.")]
    assert {record.getMessage()[0] for record in ours} == {"<", ">", "="}
    for secret in ("비밀", "PCM", "token-1", "an-id", "a-secret"):
        assert secret not in caplog.text
