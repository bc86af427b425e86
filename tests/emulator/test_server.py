"""The emulator over real sockets, met by plain `httpx` and `websockets` clients."""

import asyncio
import json
import os
import re
import signal
import socket
import struct
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, ConnectionClosedError, InvalidStatus

from captioner.emulator.faults import parse_fault
from captioner.emulator.profiles import PROFILES, Profile
from captioner.emulator.server import Emulator, PortError, serve
from tests.emulator.speech import pcm16, sample_call, sample_recording, sample_words, seconds

QUICK = replace(
    PROFILES["design"],
    token_delay=(0.0, 0.0),
    connect_delay=(0.0, 0.0),
    speech_final_delay=(0.0, 0.0),
    finalize_final_delay=(0.0, 0.0),
    eos_final_delay=(0.0, 0.0),
    interim_delay=(0.0, 0.0),
    settle_delay=(0.0, 0.0),
)
CREDENTIALS = {"client_id": "id", "client_secret": "secret"}


def emulator(*faults: str, profile: Profile = QUICK, **options: Any) -> Emulator:
    return Emulator(profile, recording=sample_recording(), faults=[parse_fault(fault) for fault in faults], **options)


async def post(url: str, **options: Any) -> httpx.Response:
    async with httpx.AsyncClient(trust_env=False) as client:
        return await client.post(f"{url}/v1/authenticate", **options)


async def token(url: str) -> str:
    reply = await post(url, data=CREDENTIALS)
    return str(reply.json()["access_token"])


@asynccontextmanager
async def stream(
    url: str, query: str = "sample_rate=8000&encoding=LINEAR16", *, access: str | None = None, **options: Any
) -> AsyncIterator[ClientConnection]:
    async with connect(
        f"{url.replace('http', 'ws', 1)}/v1/transcribe:streaming?{query}",
        additional_headers={"Authorization": f"Bearer {access or await token(url)}"},
        proxy=None,
        **({"compression": None} | options),
    ) as connection:
        yield connection


async def refusal(url: str, **options: Any) -> tuple[int, dict[str, str]]:
    with pytest.raises(InvalidStatus) as caught:
        async with stream(url, **options):
            pass
    response = caught.value.response
    assert response.headers["Content-Type"] == "application/json"
    assert response.body is not None
    return response.status_code, json.loads(response.body)


async def finals(connection: ClientConnection) -> list[str]:
    """Read to the close; return the finals' texts."""
    texts = []
    async for message in connection:
        result = json.loads(message)
        if result["final"]:
            texts.append(result["alternatives"][0]["text"])
    return texts


async def send(connection: ClientConnection, start: float, stop: float, chunk: int = 3200) -> None:
    data = pcm16(seconds(sample_call(), start, stop))
    for at in range(0, len(data), chunk):
        await connection.send(data[at : at + chunk])


def run(main: Callable[[], Coroutine[Any, Any, None]]) -> None:
    async def limited() -> None:
        before = asyncio.all_tasks()
        async with asyncio.timeout(30):
            await main()
        assert asyncio.all_tasks() == before

    asyncio.run(limited())


def test_the_sample_call_goes_through_one_stream_whole() -> None:
    async def main() -> None:
        async with emulator() as server, stream(server.url) as connection:
            sending = asyncio.create_task(send(connection, 0, 64, 1600))
            sending.add_done_callback(lambda _: asyncio.ensure_future(connection.send("EOS")))
            texts = await finals(connection)
            assert " ".join(texts) == " ".join(word.text for word in sample_words())
            assert connection.close_code == 1000
            record = server.log.connections[0]
            assert record.first_message_bytes == 1600
            assert record.audio_bytes == len(pcm16(sample_call()))
            assert record.commands == ["EOS"]
            assert record.close_code == 1000
            assert not record.closed_by_peer
            assert record.said == texts

    run(main)


def test_the_bundled_call_is_known_without_being_given() -> None:
    async def main() -> None:
        async with Emulator(QUICK) as server, stream(server.url) as connection:
            await send(connection, 0, 5.5)
            await connection.send("EOS")
            assert len(await finals(connection)) == 1

    run(main)


def test_finalize_gives_a_final_and_keeps_the_stream() -> None:
    async def main() -> None:
        async with emulator() as server, stream(server.url) as connection:
            for start, stop in ((0, 5.0), (5.0, 9.2)):
                await send(connection, start, stop)
                await connection.send('{"type":"Finalize"}')
                async for message in connection:
                    if json.loads(message)["final"]:
                        break
            await connection.send("EOS")
            assert await finals(connection) == []
            assert server.log.handshakes_accepted == 1
            assert server.log.connections[0].finals == 2

    run(main)


def test_a_token_comes_as_json_after_its_delay() -> None:
    async def main() -> None:
        async with emulator(profile=replace(QUICK, token_delay=(0.05, 0.05))) as server:
            reply = await post(server.url, data=CREDENTIALS)
            assert reply.status_code == 200
            assert reply.headers["Content-Type"] == "application/json"
            assert set(reply.json()) == {"access_token", "expire_at"}
            assert reply.elapsed.total_seconds() >= 0.05

    run(main)


@pytest.mark.parametrize(
    ("options", "status", "code"),
    [
        ({"data": {"client_id": "id"}}, 400, "H0001"),
        ({"json": CREDENTIALS}, 400, "H0001"),
        ({}, 400, "H0001"),
        ({"data": CREDENTIALS | {"client_secret": "wrong"}}, 401, "H0002"),
        ({"data": CREDENTIALS | {"x": "x" * 70_000}}, 413, "H0005"),
    ],
)
def test_a_bad_token_request_is_refused_in_json(options: dict[str, Any], status: int, code: str) -> None:
    async def main() -> None:
        async with emulator(credentials=("id", "secret")) as server:
            reply = await post(server.url, **options)
            assert (reply.status_code, reply.json()["code"]) == (status, code)

    run(main)


def test_other_requests_are_refused_in_json_on_one_connection() -> None:
    async def main() -> None:
        async with emulator() as server, httpx.AsyncClient(trust_env=False, base_url=server.url) as client:
            for method, path, status in (
                ("GET", "/", 404),
                ("POST", "/v1/transcribe", 404),
                ("GET", "/v1/authenticate", 405),
                ("POST", "/v1/transcribe:streaming", 405),
                ("GET", "/v1/transcribe:streaming", 400),
            ):
                reply = await client.request(method, path)
                assert reply.status_code == status
                assert set(reply.json()) == {"code", "msg"}

    run(main)


def test_a_stream_may_be_asked_for_on_a_connection_that_was_used_before() -> None:
    async def main() -> None:
        async with emulator() as server:
            reader, writer = await asyncio.open_connection("127.0.0.1", int(server.url.rpartition(":")[2]))
            form = b"client_id=id&client_secret=secret"
            writer.write(
                b"POST /v1/authenticate HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n"
                b"Content-Length: %d\r\n\r\n%s" % (len(form), form)
            )
            head = await reader.readuntil(b"\r\n\r\n")
            size = re.search(rb"content-length: ([0-9]+)", head.lower())
            assert size is not None
            access = json.loads(await reader.readexactly(int(size[1])))["access_token"]
            writer.write(
                b"GET /v1/transcribe:streaming?sample_rate=8000&encoding=LINEAR16 HTTP/1.1\r\nHost: x\r\n"
                b"Authorization: bearer %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n" % access.encode()
            )
            assert (await reader.readline()) == b"HTTP/1.1 101 Switching Protocols\r\n"
            writer.close()
            await writer.wait_closed()

    run(main)


def test_what_is_not_http_is_answered_or_dropped() -> None:
    async def main() -> None:
        async with emulator() as server:
            port = int(server.url.rpartition(":")[2])
            for sent, expected in (
                (b"\x16\x03\x01 hello\r\n\r\n", b"HTTP/1.1 400"),
                (b"GET / HTTP/1.1\r\nHost: x\r\n", b""),
                (b"GET /v1/transcribe:streaming HTTP/1.1\r\nUpgrade: websocket\r\nbroken\r\n\r\n", b""),
                (b"x" * 200_000, b""),
            ):
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.write(sent)
                writer.write_eof()
                try:
                    answer = await reader.read()
                except ConnectionError:
                    answer = b""
                assert answer.startswith(expected)
                writer.close()
            assert (await post(server.url, data=CREDENTIALS)).status_code == 200

    run(main)


def test_a_refused_handshake_says_why_in_json() -> None:
    async def main() -> None:
        async with emulator("refuse:500x1", profile=replace(QUICK, channel_limit=1)) as server:
            assert await refusal(server.url) == (500, {"code": "E500", "msg": "refused on request"})
            status, body = await refusal(server.url, query="sample_rate=7000&encoding=LINEAR16")
            assert (status, body["code"]) == (400, "H0001")
            assert body["msg"].startswith("sample_rate: ")
            async with stream(server.url):
                assert (await refusal(server.url))[0] == 429
            async with stream(server.url):
                pass
            assert server.log.handshakes_refused == [500, 400, 429]

    run(main)


def test_a_ping_is_answered_and_recorded() -> None:
    async def main() -> None:
        async with emulator() as server, stream(server.url) as connection:
            await (await connection.ping())
            assert server.log.connections[0].pings == 1

    run(main)


def test_a_peer_that_closes_is_recorded_and_gives_its_channel_back() -> None:
    async def main() -> None:
        async with emulator(profile=replace(QUICK, channel_limit=1)) as server:
            async with stream(server.url) as connection:
                await connection.close(4000)
            async with stream(server.url) as connection:
                connection.transport.abort()
            async with stream(server.url):
                pass
            codes = [(record.close_code, record.closed_by_peer) for record in server.log.connections]
            assert codes[:2] == [(4000, True), (None, True)]

    run(main)


def test_a_message_too_long_is_closed_with_1009() -> None:
    async def main() -> None:
        async with emulator(profile=replace(QUICK, max_message_bytes=1000)) as server, stream(server.url) as connection:
            await connection.send(bytes(2000))
            with pytest.raises(ConnectionClosed):
                await connection.recv()
            assert connection.close_code == 1009

    run(main)


def test_a_text_that_is_no_utf8_is_closed_with_1007() -> None:
    async def main() -> None:
        async with emulator() as server, stream(server.url) as connection:
            await connection.send(b"\xff", text=True)
            with pytest.raises(ConnectionClosed):
                await connection.recv()
            assert connection.close_code == 1007

    run(main)


def test_fragments_are_one_message() -> None:
    async def main() -> None:
        async with emulator() as server, stream(server.url) as connection:
            await connection.send([bytes(1000), bytes(600)])
            await connection.send(["EO", "S"])
            await connection.wait_closed()
            assert dict(server.log.connections[0].message_sizes) == {1600: 1}

    run(main)


def test_compression_is_negotiated_only_where_the_profile_has_it() -> None:
    async def main() -> None:
        for deflate in (False, True):
            profile = replace(QUICK, deflate=deflate)
            async with emulator(profile=profile) as server, stream(server.url, compression="deflate") as connection:
                assert connection.response is not None
                assert ("permessage-deflate" in str(connection.response.headers)) is deflate
                await send(connection, 0, 5.5)
                await connection.send("EOS")
                assert len(await finals(connection)) == 1

    run(main)


def test_drop_is_a_reset() -> None:
    async def main() -> None:
        async with emulator("drop@50ms") as server, stream(server.url) as connection:
            with pytest.raises(ConnectionClosedError) as caught:
                await connection.recv()
            assert isinstance(caught.value.__cause__, ConnectionResetError)

    run(main)


@pytest.mark.parametrize("code", [1000, 1011, 1012])
def test_close_closes_with_its_code(code: int) -> None:
    async def main() -> None:
        async with emulator(f"close:{code}@50ms") as server, stream(server.url) as connection:
            with pytest.raises(ConnectionClosed):
                await connection.recv()
            assert connection.close_code == code

    run(main)


def test_an_end_without_a_close_frame_is_1006() -> None:
    async def main() -> None:
        async with emulator("close:1006@50ms") as server, stream(server.url) as connection:
            with pytest.raises(ConnectionClosedError):
                await connection.recv()
            assert connection.close_code == 1006

    run(main)


def test_an_error_object_comes_before_its_close() -> None:
    async def main() -> None:
        async with emulator("error-object@50ms") as server, stream(server.url) as connection:
            assert json.loads(await connection.recv())["type"] == "error"
            with pytest.raises(ConnectionClosedError):
                await connection.recv()
            assert connection.close_code == 1011

    run(main)


def test_in_a_blackhole_no_ping_is_answered() -> None:
    async def main() -> None:
        async with (
            emulator("blackhole@0s") as server,
            stream(server.url, ping_interval=0.1, ping_timeout=0.2, close_timeout=0.1) as connection,
        ):
            with pytest.raises(ConnectionClosedError) as caught:
                await connection.recv()
            assert caught.value.rcvd is None
            assert caught.value.sent is not None
            assert caught.value.sent.reason == "keepalive ping timeout"

    run(main)


def test_what_waited_in_a_blackhole_is_answered_at_its_end() -> None:
    async def main() -> None:
        async with (
            emulator("blackhole@0s+400ms", "drop@100ms") as server,
            stream(server.url),
            stream(server.url) as connection,
        ):
            await (await connection.ping())

    run(main)


def test_who_gave_up_in_a_blackhole_gets_no_connection() -> None:
    async def main() -> None:
        async with emulator("blackhole@0s+2s") as server:
            access = await token(server.url)
            async with stream(server.url, access=access):
                for _ in range(3):
                    with pytest.raises(TimeoutError):
                        async with stream(server.url, access=access, open_timeout=0.05):
                            pass
                async with stream(server.url, access=access) as connection:
                    await (await connection.ping())
            assert len(server.log.connections) == 2

    run(main)


def test_in_a_stall_pings_are_answered_and_results_come_later() -> None:
    async def main() -> None:
        async with emulator("stall@0s+500ms") as server, stream(server.url) as connection:
            await send(connection, 0, 5.5)
            await connection.send("EOS")
            await (await connection.ping())
            assert server.log.connections[0].close_code is None
            assert len(await finals(connection)) == 1
            assert connection.close_code == 1000

    run(main)


def test_in_an_outage_the_port_refuses_connections_until_it_is_over() -> None:
    async def main() -> None:
        async with emulator("outage@0s+300ms") as server:
            async with stream(server.url) as connection:
                with pytest.raises(ConnectionClosedError):
                    await connection.recv()
            refused = 0
            while True:
                try:
                    async with stream(server.url):
                        break
                except (httpx.ConnectError, ConnectionRefusedError):
                    refused += 1
            assert refused > 0
            assert server.log.handshakes_accepted == 2

    run(main)


def test_after_several_faults_at_once_a_new_stream_is_served_whole() -> None:
    several = ["drop@100ms", "close:1012@300ms", "outage@500ms+100ms", "close:1011@800ms", "refuse:503x1@100ms"]

    async def main() -> None:
        async with emulator(*several, "garbage", "duplicate-final", "unknown-keys") as server:
            access, broken = await token(server.url), 0
            while server.log.handshakes_accepted == 0 or server.service.faults.deadline is not None:
                try:
                    async with stream(server.url, access=access) as connection:
                        await finals(connection)
                except (OSError, httpx.HTTPError, ConnectionClosed, InvalidStatus):
                    broken += 1
            assert server.log.handshakes_accepted >= 4
            assert set(server.log.handshakes_refused) >= {503}
            assert broken >= 3
            async with stream(server.url) as connection:
                await send(connection, 0, 5.5)
                await connection.send("EOS")
                messages = [str(message) async for message in connection]
            assert sum('"final":true' in message for message in messages) == 2
            assert server.log.connections[-1].close_code == 1000

    run(main)


def test_leaving_ends_open_connections() -> None:
    async def main() -> None:
        async with emulator() as server:
            context = stream(server.url)
            connection = await context.__aenter__()
            idle = socket.create_connection(("127.0.0.1", int(server.url.rpartition(":")[2])))
        with pytest.raises(ConnectionClosed):
            await connection.recv()
        await context.__aexit__(None, None, None)
        idle.close()
        with pytest.raises(httpx.ConnectError):
            await post(server.url, data=CREDENTIALS)

    run(main)


def test_a_port_in_use_is_said_in_one_sentence() -> None:
    async def main() -> None:
        async with emulator() as server:
            port = int(server.url.rpartition(":")[2])
            with pytest.raises(PortError, match=f"Port {port} is in use"):
                async with emulator(port=port):
                    pass

    run(main)


def test_a_peer_that_resets_in_the_middle_of_the_handshake_harms_nothing() -> None:
    async def main() -> None:
        async with emulator(profile=replace(QUICK, connect_delay=(0.05, 0.05))) as server:
            head = (
                f"GET /v1/transcribe:streaming?sample_rate=8000&encoding=LINEAR16 HTTP/1.1\r\nHost: x\r\n"
                f"Authorization: Bearer {await token(server.url)}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
            )
            peer = socket.create_connection(("127.0.0.1", int(server.url.rpartition(":")[2])))
            peer.sendall(head.encode())
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            peer.close()
            async with stream(server.url):
                pass

    run(main)


@pytest.mark.skipif(sys.platform == "win32", reason="a process cannot send itself SIGTERM there")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_command_s_coroutine_announces_its_address_and_ends_on_a_signal(number: int) -> None:
    async def main() -> None:
        lines: list[str] = []

        def announced(line: str) -> None:
            lines.append(line)
            asyncio.get_running_loop().call_soon(os.kill, os.getpid(), number)

        log = await serve(QUICK, announce=announced)
        assert len(lines) == 1
        assert re.fullmatch(r"listening on http://127\.0\.0\.1:[0-9]+", lines[0])
        assert log.tokens_issued == 0

    run(main)
