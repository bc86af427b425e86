"""The emulator on a loopback port: token requests by HTTP, streams by WebSocket, one port for both.

`websockets`' own server answers nothing but GET, so the port is an asyncio server whose connections are read by h11
(token requests) or by `websockets.server.ServerProtocol`; both contain no I/O. All behaviour is in `Service`.
"""

from __future__ import annotations

import asyncio
import errno
import json
import signal
import socket
import struct
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, TypeAlias
from urllib.parse import parse_qsl

import h11
from websockets.extensions.permessage_deflate import ServerPerMessageDeflateFactory
from websockets.frames import Frame, Opcode
from websockets.http11 import Request
from websockets.protocol import State
from websockets.server import ServerProtocol

from captioner.emulator.faults import Fault
from captioner.emulator.listening import Recording
from captioner.emulator.profiles import Profile
from captioner.emulator.recording import load_recording
from captioner.emulator.service import (
    STREAM_PATH,
    TOKEN_PATH,
    Close,
    Drop,
    Reply,
    Send,
    Service,
    ServiceLog,
    Session,
)

HOST = "127.0.0.1"
_HEADER_LIMIT = 65_536
_BODY_LIMIT = 65_536
_CLOSING = 5.0  # seconds for the peer to answer a Close


class PortError(Exception):
    """The port cannot be opened; the text says why in one sentence."""


class Emulator:
    """A local RTZR, as an asynchronous context manager; it runs under any asyncio loop.

    Leaving it ends every task and socket. It never prints; `log` says what happened.
    """

    def __init__(
        self,
        profile: Profile,
        *,
        recording: Path | Recording | None = None,
        script: Path | None = None,
        faults: Iterable[Fault] = (),
        port: int = 0,
        credentials: tuple[str, str] | None = None,
        seed: int = 0,
    ) -> None:
        """Make one; nothing is read or opened yet.

        Args:
            profile: How it behaves.
            recording: The recording that it knows, or one already prepared; None takes the bundled sample call.
            script: The recording's script.
            faults: What goes wrong, and when.
            port: Of loopback; 0 takes a free one.
            credentials: Id and secret that get a token; None grants it to any that are not empty.
            seed: Of everything random.
        """
        self._profile = profile
        self._recording = recording
        self._script = script
        self._faults = tuple(faults)
        self._port = port
        self._credentials = credentials
        self._seed = seed
        self._service: Service | None = None
        self._server: asyncio.Server | None = None
        self._connections: dict[asyncio.Task[None], _Connection] = {}
        self._keeper: asyncio.Task[None] | None = None
        self._wake = asyncio.Event()
        self._ear = asyncio.Lock()

    @property
    def url(self) -> str:
        """Base address, ``http://127.0.0.1:PORT``."""
        return f"http://{HOST}:{self._port}"

    @property
    def service(self) -> Service:
        """The service behind the port; there is none before the emulator was entered."""
        if self._service is None:
            raise RuntimeError("the emulator has not been entered")
        return self._service

    @property
    def log(self) -> ServiceLog:
        """What happened so far."""
        return self.service.log

    async def __aenter__(self) -> Emulator:
        """Read the recording and open the port.

        Raises:
            ScriptError: The recording or its script cannot be used.
            PortError: The port cannot be opened.
        """
        recording = self._recording
        if not isinstance(recording, Recording):
            with ThreadPoolExecutor(1) as pool:
                recording = await asyncio.get_running_loop().run_in_executor(
                    pool, load_recording, recording, self._script
                )
        self._service = Service(
            self._profile, recording, faults=self._faults, credentials=self._credentials, seed=self._seed
        )
        try:
            await self._listen()
        except OSError as error:
            raise PortError(_port_problem(self._port, error)) from None
        await self._rehearse()
        self._keeper = asyncio.create_task(self._keep(self._service), name="emulator faults")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """End every connection and close the port."""
        self._stop_listening()
        tasks = [*self._connections, *([self._keeper] if self._keeper else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._accept, HOST, self._port, limit=_HEADER_LIMIT)
        self._port = int(self._server.sockets[0].getsockname()[1])

    async def _rehearse(self) -> None:
        """Answer a request of our own: the first one in a program's life takes 6 ms longer, which is no delay of ours.

        It is for a path that there is not, so the service never hears of it.
        """
        reader, writer = await asyncio.open_connection(HOST, self._port)
        try:
            writer.write(_REHEARSAL)
            await reader.read()
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()
        protocol = ServerProtocol()
        protocol.receive_data(_HANDSHAKE)
        for event in protocol.events_received():
            assert isinstance(event, Request)
            protocol.send_response(protocol.accept(event))
        protocol.data_to_send()

    def _stop_listening(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = _Connection(self.service, reader, writer, self._wake.set, self._ear)
        task = asyncio.get_running_loop().create_task(connection.run(), name="emulator connection")
        self._connections[task] = connection
        task.add_done_callback(lambda done: self._connections.pop(done, None))

    async def _keep(self, service: Service) -> None:
        """Let faults happen at their times, and open and close the port as they say."""
        while True:
            self._wake.clear()
            await _wait(self._wake, service.deadline)
            service.due(time.perf_counter())
            for connection in list(self._connections.values()):
                connection.wake()
            if not service.reachable:
                self._stop_listening()
            elif self._server is None:
                try:
                    await self._listen()
                except OSError:  # taken by someone else for a moment
                    await asyncio.sleep(0.05)
                    self._wake.set()


async def serve(
    profile: Profile,
    *,
    recording: Path | None = None,
    script: Path | None = None,
    faults: Iterable[Fault] = (),
    port: int = 0,
    credentials: tuple[str, str] | None = None,
    seed: int = 0,
    announce: Callable[[str], None],
) -> ServiceLog:
    """Run an emulator until SIGINT or SIGTERM; return what happened.

    Args:
        profile: As for `Emulator`, like all others but the last.
        recording: See `Emulator`.
        script: See `Emulator`.
        faults: See `Emulator`.
        port: See `Emulator`.
        credentials: See `Emulator`.
        seed: See `Emulator`.
        announce: Called with the one line ``listening on http://127.0.0.1:PORT`` when it is ready.

    Raises:
        ScriptError: The recording or its script cannot be used.
        PortError: The port cannot be opened.
    """
    async with _stop_signals() as stop:
        emulator = Emulator(
            profile,
            recording=recording,
            script=script,
            faults=faults,
            port=port,
            credentials=credentials,
            seed=seed,
        )
        async with emulator:
            announce(f"listening on {emulator.url}")
            await stop.wait()
        return emulator.log


@asynccontextmanager
async def _stop_signals() -> AsyncIterator[asyncio.Event]:
    """Give an event that SIGINT and SIGTERM set."""
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    before: dict[int, Any] = {}
    for number in (signal.SIGINT, signal.SIGTERM):
        try:
            loop.add_signal_handler(number, stop.set)
        except NotImplementedError:  # Windows
            before[number] = signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop.set))
    try:
        yield stop
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            if number in before:
                signal.signal(number, before[number])
            else:
                loop.remove_signal_handler(number)


def _port_problem(port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} is in use; choose another, or 0 for a free one."
    if error.errno == errno.EACCES:
        return f"Port {port} may not be opened by this user; choose one from 1024 up."
    return f"Port {port} cannot be opened: {error.strerror or error}."


async def _wait(event: asyncio.Event, deadline: float | None) -> None:
    """Wait for the event, or for the deadline of time.perf_counter()."""
    if deadline is None:
        await event.wait()
        return
    with suppress(TimeoutError):
        await asyncio.wait_for(event.wait(), max(0.0, deadline - time.perf_counter()))


_Inbox: TypeAlias = "asyncio.Queue[tuple[Opcode, bytes, float]]"
"""Messages that came and are not heard yet: kind, content, and the time of time.perf_counter() at which each came."""

_UNHEARD = 256
"""So many of them at most; then the peer has to wait."""


class _Gone(Exception):
    """The peer has gone."""


class _Connection:
    """One TCP connection."""

    def __init__(
        self,
        service: Service,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        on_fault_times: Callable[[], None],
        ear: asyncio.Lock,
    ) -> None:
        self._service = service
        self._reader = reader
        self._writer = writer
        self._on_fault_times = on_fault_times
        self._ear = ear
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """Something may have become due."""
        self._woken.set()

    async def run(self) -> None:
        """Serve it to its end."""
        try:
            asked = b""
            if self._service.deaf(time.perf_counter()):
                await self._hear_again()
                asked = await self._reader.read(65_536)
                if self._reader.at_eof():
                    return  # the peer has given up meanwhile
            await self._answer(asked)
        except (OSError, _Gone):
            pass
        finally:
            self._writer.close()
            with suppress(OSError):
                await self._writer.wait_closed()

    async def _hear_again(self) -> None:
        """Wait for the end of a blackhole, where there is one: what waited in it is answered then."""
        while self._service.deaf(time.perf_counter()):
            self._woken.clear()
            await _wait(self._woken, None)

    async def _answer(self, asked: bytes) -> None:
        """Answer HTTP requests until the peer has no more, or asks for a stream, which may follow other requests.

        Args:
            asked: what was read already.
        """
        http = h11.Connection(h11.SERVER, max_incomplete_event_size=_HEADER_LIMIT)
        try:
            if asked:
                http.receive_data(asked)
            while True:
                request = await self._next_event(http)
                if not isinstance(request, h11.Request):
                    return
                if _asks_for_stream(request):
                    await self._next_event(http)
                    await self._stream(_head(request) + http.trailing_data[0])
                    return
                body = b""
                while isinstance(event := await self._next_event(http), h11.Data):
                    body += bytes(event.data)
                    if len(body) > _BODY_LIMIT:
                        await self._reply(http, Reply(413, {"code": "H0005", "msg": "body too long"}))
                        return
                await self._reply(http, self._http(request, body))
                if http.our_state is not h11.DONE:
                    return
                http.start_next_cycle()
        except h11.RemoteProtocolError as error:
            if http.our_state in (h11.IDLE, h11.SEND_RESPONSE):
                await self._reply(http, Reply(error.error_status_hint, {"code": "H0001", "msg": "not HTTP/1.1"}))

    async def _next_event(self, http: h11.Connection) -> object:
        while (event := http.next_event()) is h11.NEED_DATA:
            if http.they_are_waiting_for_100_continue:
                self._writer.write(http.send(h11.InformationalResponse(status_code=100, headers=[])) or b"")
            http.receive_data(await self._reader.read(65_536))
        return event

    def _http(self, request: h11.Request, body: bytes) -> Reply:
        path = request.target.decode("ascii", "replace").partition("?")[0]
        if path not in (TOKEN_PATH, STREAM_PATH):
            return Reply(404, {"code": "H0004", "msg": "no such path"})
        if request.method != (b"POST" if path == TOKEN_PATH else b"GET"):
            return Reply(405, {"code": "H0001", "msg": "method not allowed"})
        if path == STREAM_PATH:
            return Reply(400, {"code": "H0001", "msg": "a WebSocket handshake is required"})
        headers = dict(request.headers)
        form = None
        if headers.get(b"content-type", b"").partition(b";")[0].strip().lower() == b"application/x-www-form-urlencoded":
            form = dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
        return self._service.authenticate(form, time.perf_counter(), time.time())

    async def _reply(self, http: h11.Connection, reply: Reply) -> None:
        await asyncio.sleep(reply.delay)
        await self._hear_again()
        body = json.dumps(reply.body).encode()
        headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
        if reply.status == 405:
            headers.append(("Allow", "POST, GET"))
        self._writer.write(http.send(h11.Response(status_code=reply.status, headers=headers)) or b"")
        self._writer.write((http.send(h11.Data(data=body)) or b"") + (http.send(h11.EndOfMessage()) or b""))
        await self._writer.drain()

    async def _stream(self, head: bytes) -> None:
        profile = self._service.profile
        protocol = ServerProtocol(
            max_size=profile.max_message_bytes,
            extensions=[ServerPerMessageDeflateFactory()] if profile.deflate else None,
        )
        protocol.receive_data(head)
        request = next((event for event in protocol.events_received() if isinstance(event, Request)), None)
        if request is None:
            self._flush(protocol)
            return
        answer = self._service.open(request.path, request.headers.get("Authorization"), time.perf_counter())
        if isinstance(answer, Reply):
            await asyncio.sleep(answer.delay)
            response = protocol.reject(answer.status, json.dumps(answer.body))
            del response.headers["Content-Type"]
            response.headers["Content-Type"] = "application/json"
            protocol.send_response(response)
            self._flush(protocol)
            return
        session = answer
        try:
            await asyncio.sleep(session.delay)
            protocol.send_response(protocol.accept(request))
            self._flush(protocol)
            if protocol.state is not State.OPEN:
                return
            session.begin(time.perf_counter())
            self._on_fault_times()
            await self._converse(protocol, session)
        finally:
            session.leave(None, time.perf_counter())

    async def _converse(self, protocol: ServerProtocol, session: Session) -> None:
        """Carry messages both ways until either side ends it."""
        inbox: _Inbox = asyncio.Queue(_UNHEARD)
        reading = asyncio.create_task(self._read(protocol, session, inbox), name="emulator reading")
        hearing = asyncio.create_task(self._hear(protocol, session, inbox), name="emulator hearing")
        speaking = asyncio.create_task(self._speak(protocol, session), name="emulator speaking")
        try:
            await asyncio.wait((reading, hearing, speaking), return_when=asyncio.FIRST_COMPLETED)
            if speaking.done() and not reading.done() and protocol.state is not State.CLOSED:
                # Our Close is out; the peer has a while to answer it.
                await asyncio.wait((reading,), timeout=_CLOSING)
        finally:
            for each in (reading, hearing, speaking):
                each.cancel()
            results = await asyncio.gather(reading, hearing, speaking, return_exceptions=True)
        for result in results:
            if isinstance(result, Exception):
                raise result

    async def _read(self, protocol: ServerProtocol, session: Session, inbox: _Inbox) -> None:
        kind = Opcode.BINARY
        parts: list[bytes] = []
        while True:
            data = await self._reader.read(65_536)
            if session.deaf:
                await asyncio.Event().wait()
            if data:
                protocol.receive_data(data)
            else:
                protocol.receive_eof()
            for event in protocol.events_received():
                assert isinstance(event, Frame)
                now = time.perf_counter()
                match event.opcode:
                    case Opcode.PING:
                        session.pinged(now)
                    case Opcode.BINARY | Opcode.TEXT | Opcode.CONT:
                        if event.opcode is not Opcode.CONT:
                            kind, parts = event.opcode, []
                        parts.append(bytes(event.data))
                        if event.fin:
                            await inbox.put((kind, b"".join(parts), now))
                    case _:
                        pass
            self._flush(protocol)
            await self._writer.drain()
            if protocol.state is not State.OPEN and not session.over:
                await inbox.join()
                close = protocol.close_rcvd or protocol.close_sent
                by_peer = protocol.close_sent is None or protocol.close_rcvd is not None
                session.leave(None if close is None else close.code, time.perf_counter(), by_peer=by_peer)
                self._woken.set()
            if not data or protocol.state is State.CLOSED or protocol.close_expected():
                return

    async def _hear(self, protocol: ServerProtocol, session: Session, inbox: _Inbox) -> None:
        """Take the messages, each as of when it came: the work of listening is no part of the service's delays."""
        while True:
            kind, message, now = await inbox.get()
            if kind is Opcode.TEXT:
                try:
                    session.command(message.decode(), now)
                except UnicodeDecodeError:
                    protocol.fail(1007)
                    self._flush(protocol)
                self._woken.set()
            else:
                async with self._ear:  # one after another, so that whoever waits for an answer waits for one at most
                    for _ in session.hearing(message, now):
                        self._woken.set()
                        await asyncio.sleep(0)
            inbox.task_done()

    async def _speak(self, protocol: ServerProtocol, session: Session) -> None:
        while not session.over:
            self._woken.clear()
            for action in session.due(time.perf_counter()):
                match action:
                    case Send(text):
                        if protocol.state is State.OPEN:
                            protocol.send_text(text.encode())
                    case Close(code, reason):
                        if protocol.state is State.OPEN:
                            protocol.send_close(code, reason)
                    case Drop(reset):
                        self._drop(reset)
                        raise _Gone
            if session.deaf:
                await asyncio.Event().wait()
            self._flush(protocol)
            await self._writer.drain()
            if not session.over:
                await _wait(self._woken, session.deadline)

    def _flush(self, protocol: ServerProtocol) -> None:
        for data in protocol.data_to_send():
            if data:
                self._writer.write(data)
            elif self._writer.can_write_eof():
                self._writer.write_eof()

    def _drop(self, reset: bool) -> None:
        if reset:
            connection = self._writer.get_extra_info("socket")
            # Lingering for 0 s makes the close a reset.
            linger = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self._writer.transport.abort()


_REHEARSAL = (
    b"POST / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    b"Content-Length: 3\r\n\r\na=b"
)
_HANDSHAKE = (
    b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)


def _asks_for_stream(request: h11.Request) -> bool:
    headers = dict(request.headers)
    return request.method == b"GET" and headers.get(b"upgrade", b"").strip().lower() == b"websocket"


def _head(request: h11.Request) -> bytes:
    """Return the request as it was on the wire, for the WebSocket protocol to read."""
    lines = [b"GET " + request.target + b" HTTP/" + request.http_version]
    lines += [name + b": " + value for name, value in request.headers]
    return b"\r\n".join([*lines, b"", b""])
