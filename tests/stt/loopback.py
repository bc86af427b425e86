"""A service on loopback that answers as a test tells it: well, oddly, or not at all; and a proxy in front of it."""

import asyncio
import contextlib
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from socket import SO_LINGER, SO_RCVBUF, SOL_SOCKET
from types import TracebackType
from typing import Self
from urllib.parse import parse_qs, urlsplit

from websockets.frames import Frame, Opcode
from websockets.server import ServerProtocol

CERTS = Path(__file__).parent / "certs"
CA_FILE = str(CERTS / "ca.pem")


@dataclass(frozen=True, slots=True)
class Request:
    """An HTTP request as it came."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    head: bytes = field(repr=False)

    @property
    def form(self) -> dict[str, list[str]]:
        return parse_qs(self.body.decode(), keep_blank_values=True)

    @property
    def query(self) -> dict[str, list[str]]:
        return parse_qs(urlsplit(self.target).query)


def http(status: int, body: bytes | str = b"", **headers: str) -> bytes:
    """An HTTP response, whole; underscores in names of headers become hyphens."""
    body = body.encode() if isinstance(body, str) else body
    lines = [f"HTTP/1.1 {status} Whatever", f"Content-Length: {len(body)}", "Content-Type: application/json"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


def token(bearer: str = "token-1", expire_at: float = 4_000_000_000, **headers: str) -> bytes:
    return http(200, f'{{"access_token":"{bearer}","expire_at":{expire_at}}}', **headers)


class Peer:
    """The service's end of one WebSocket."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: Request) -> None:
        self.request = request
        self.reader, self.writer, self.protocol = reader, writer, ServerProtocol(max_size=None)
        self.protocol.receive_data(request.head)
        [asked] = self.protocol.events_received()
        self.protocol.send_response(self.protocol.accept(asked))  # type: ignore[arg-type]
        self.frames: list[Frame] = []
        self.pings = 0
        self.flush()

    def flush(self) -> None:
        for data in self.protocol.data_to_send():
            if data:
                self.writer.write(data)
            elif self.writer.can_write_eof():
                self.writer.write_eof()

    def send(self, *messages: str | bytes) -> None:
        for message in messages:
            if isinstance(message, str):
                self.protocol.send_text(message.encode())
            else:
                self.protocol.send_binary(message)
        self.flush()

    def send_text(self, data: bytes) -> None:
        """Send a text frame, whether or not its bytes are UTF-8."""
        self.protocol.send_text(data)
        self.flush()

    def close(self, code: int | None, reason: str = "") -> None:
        self.protocol.send_close(code, reason)
        self.flush()

    def reset(self) -> None:
        """Break the connection with a TCP reset."""
        sock = self.writer.get_extra_info("socket")
        sock.setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()

    async def turn(self, *, deaf: bool = False) -> bool:
        """Read once, and answer pings unless deaf; return whether there was anything."""
        data = await self.reader.read(65536)
        self.protocol.receive_data(data)
        frames = [event for event in self.protocol.events_received() if isinstance(event, Frame)]
        self.frames += [frame for frame in frames if frame.opcode is not Opcode.PING]
        self.pings += sum(frame.opcode is Opcode.PING for frame in frames)
        if deaf:
            self.protocol.data_to_send()
        else:
            self.flush()
        return bool(data)

    async def receive(self) -> bytes | str | None:
        """The next message, pings being answered; None: the client's Close, or the end."""
        while self.frames or await self.turn():
            if self.frames:
                frame = self.frames.pop(0)
                if frame.opcode is Opcode.CLOSE:
                    return None
                return bytes(frame.data).decode() if frame.opcode is Opcode.TEXT else bytes(frame.data)
        return None

    async def messages(self) -> AsyncIterator[bytes | str]:
        while (message := await self.receive()) is not None:
            yield message

    async def silence(self) -> None:
        """Read nothing and say nothing until the service is shut down."""
        await asyncio.Event().wait()


async def listen(peer: Peer) -> None:
    """Take everything and say nothing until the client closes."""
    async for _ in peer.messages():
        pass


Answer = bytes | Callable[[Request], Awaitable[bytes]]


class Service:
    """A server on a free port of loopback.

    Args:
        tokens: answers to token requests, one after the other; the last one for all that follow. Without a full
            answer (b"") the connection is closed.
        stream: what happens on each WebSocket; bytes are sent in the place of an accepted handshake.
        tls: speak TLS with the tests' certificate.
        small: keep little of what the client sends in the kernel.
    """

    def __init__(
        self,
        *tokens: Answer,
        stream: bytes | Callable[[Peer], Awaitable[None]] = listen,
        tls: bool = False,
        small: bool = False,
    ) -> None:
        self.tokens = list(tokens) or [token()]
        self.stream = stream
        self.answer_handshake: Callable[[Request], Awaitable[bytes]] | None = None
        self.requests: list[Request] = []
        self.server_names: list[str | None] = []
        self._small = small
        self._tls: ssl.SSLContext | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        if tls:
            self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._tls.load_cert_chain(CERTS / "service.pem")
            self._tls.sni_callback = lambda _socket, name, _context: self.server_names.append(name)

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self._tls)
        [sock] = self._server.sockets
        if self._small:
            sock.setsockopt(SOL_SOCKET, SO_RCVBUF, 4096)
        self.port: int = sock.getsockname()[1]
        # localhost, because the tests' certificate is for names
        self.url = f"https://localhost:{self.port}" if self._tls else f"http://127.0.0.1:{self.port}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(set(self._tasks))

    def shut(self) -> None:
        """Listen no more."""
        self._server.close()

    @property
    def handshakes(self) -> list[Request]:
        return [request for request in self.requests if request.method == "GET"]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        try:
            request = await read_request(reader)
            self.requests.append(request)
            if request.method == "POST":
                answer = self.tokens.pop(0) if len(self.tokens) > 1 else self.tokens[0]
                writer.write(answer if isinstance(answer, bytes) else await answer(request))
            elif self.answer_handshake is not None:
                writer.write(await self.answer_handshake(request))
            elif isinstance(self.stream, bytes):
                writer.write(self.stream)
            else:
                await self.stream(Peer(reader, writer, request))
            await writer.drain()
        except (asyncio.CancelledError, asyncio.IncompleteReadError, ConnectionError):
            pass  # the test is over, or the client is gone
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError, ssl.SSLError, asyncio.CancelledError):
                await writer.wait_closed()


async def read_request(reader: asyncio.StreamReader) -> Request:
    head = await reader.readuntil(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    method, target, _ = first.split(" ")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines if line)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Request(method, target, headers, body, head)


class Proxy:
    """An HTTP proxy on loopback that leads every CONNECT to `to_port` of loopback, or gives `answer` and closes."""

    def __init__(self, to_port: int, answer: bytes | None = None) -> None:
        self.to_port, self.answer = to_port, answer
        self.targets: list[str] = []
        self.authorizations: list[str | None] = []
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.address = f"127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        self.url = f"http://{self.address}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(set(self._tasks))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        writers = [writer]
        try:
            request = await read_request(reader)
            self.targets.append(request.target)
            self.authorizations.append(request.headers.get("proxy-authorization"))
            if self.answer is not None:
                writer.write(self.answer)
                return
            onward, back = await asyncio.open_connection("127.0.0.1", self.to_port)
            writers.append(back)
            writer.write(b"HTTP/1.1 200 Connected\r\n\r\n")
            await asyncio.gather(carry(reader, back), carry(onward, writer))
        except (asyncio.CancelledError, asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            for each in writers:
                each.close()
                with contextlib.suppress(ConnectionError, asyncio.CancelledError):
                    await each.wait_closed()


async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    if writer.can_write_eof():
        writer.write_eof()
