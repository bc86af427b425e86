"""The sockets: speech out, text in, over WebSockets.

A `Link` performs the actions of one lane and posts what came of them; it decides nothing.

    GetToken   →  TokenGranted | TokenRefused         one of them, for the last of several that wait
    Open       →  Opened | OpenRefused            one of them, for every Open
    Write      →  Written                         one may stand for several that went out together
               →  Received                        every message, in order
    Close      →  Closed                          one for every Opened, whoever ended the connection

Writing takes no turn of the loop: `perform` puts the bytes into the kernel before it returns, unless the socket has
no room; then they wait here, and `Written` follows them. Under TLS a message counts as written when the TLS layer has
passed it on, which may hold up to 64 KiB more of a stalled connection.

What websockets raises becomes a value in the two functions at the end, and nowhere else; what httpx raises, in
`tokens.py`; what ssl and the system raise, in `network.py`.
"""

from __future__ import annotations

import asyncio
import logging
import math
import os
import socket
from collections import deque
from collections.abc import Callable, Coroutine
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, assert_never

from websockets.asyncio import client as websocket
from websockets.asyncio.server import broadcast
from websockets.exceptions import (
    ConnectionClosed,
    InvalidHandshake,
    InvalidStatus,
    WebSocketException,
)
from websockets.frames import Opcode
from websockets.protocol import State

from captioner.account import Credentials
from captioner.errors import Fault, FaultError, FaultKind, Misuse
from captioner.events import (
    Action,
    Close,
    Closed,
    GetToken,
    News,
    Open,
    Opened,
    OpenRefused,
    Received,
    Write,
    Written,
)
from captioner.stt import rtzr
from captioner.stt.network import (
    OPEN_TIMEOUT,
    Network,
    Route,
    causes_of,
    connect,
    fault_of_system,
    first_that_answers,
    open_tunnel,
    quiet_libraries,
    staggered,
)
from captioner.stt.tokens import Tokens

if TYPE_CHECKING:
    from websockets.protocol import Event

__all__ = ["Link", "Network", "Tokens", "quiet_libraries"]

_log = logging.getLogger(__name__)

PING_INTERVAL = 3.0
PING_TIMEOUT = 3.0
CLOSE_TIMEOUT = 2.0
CLOSE_GRACE = 0.5  # seconds that the service may keep TCP open after its Close frame
ANSWER = 3.0  # seconds for an opening where the service lately took much less: what hangs then will not be answered
LATELY = 60.0  # seconds after a connection's end in which that is so; later it may have become slow, and gets its time
LATE = 0.1  # a timer that is this late says that the loop stood still, not the network

MAX_MESSAGE = 8 * 1024 * 1024  # bytes: beyond it the connection is ended
SEND_BUFFER = 32 * 1024  # bytes; two seconds of audio: a larger one hides for longer that nothing gets through
USER_TIMEOUT_MS = 10_000


class _Connect(websocket.connect):
    """A connection that is not redirected: the bearer goes to the service or to nobody."""

    def process_redirect(self, exc: Exception) -> Exception:
        return exc


class _Socket(websocket.ClientConnection):
    """A connection that says when it has room, and when it last heard anything.

    Attributes:
        full: bytes wait for the kernel to take them.
        heard: loop time of the last frame of any kind.
        on_room: called when nothing waits any more.
    """

    full = False
    heard = 0.0
    on_room: Callable[[], None] | None = None
    _grace: asyncio.TimerHandle | asyncio.Handle | None = None

    def drop(self) -> None:
        """End it at once: nobody wants it any more."""
        abort(self.transport)

    def pause_writing(self) -> None:
        super().pause_writing()
        self.full = True

    def resume_writing(self) -> None:
        super().resume_writing()
        self.full = False
        if self.on_room is not None:
            # Not at once: where writing in here fails, asyncio's transport ends twice, and the second time it raises.
            self.loop.call_soon(self.on_room)

    def process_event(self, event: Event) -> None:
        self.heard = self.loop.time()
        super().process_event(event)
        if getattr(event, "opcode", None) is Opcode.CLOSE and self._grace is None:
            # The service closes TCP after its Close frame; nobody waits for it for long.
            self._grace = self.loop.call_later(CLOSE_GRACE, abort, self.transport)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._grace is not None:
            self._grace.cancel()
        super().connection_lost(exc)


class _Connection:
    """One epoch: what waits to be written, and what is known of its end.

    Attributes:
        task: its life, from the opening to `Closed`.
        fate: why we ended it; "" where we did not.
        in_question: an answer is waited for, so that it had better be known at once whether anybody is there.
    """

    def __init__(self, epoch: int, post: Callable[[News], None]) -> None:
        self.epoch = epoch
        self.task: asyncio.Task[None] | None = None
        self.socket: _Socket | None = None
        self.fate = ""
        self._post = post
        self.in_question = asyncio.Event()
        self._waiting: deque[Write] = deque()
        self._detailed = _log.isEnabledFor(logging.DEBUG)  # asked once, not for each of fifty messages a second
        self._handed: int | None = None  # position of the last message that the socket took, until it is posted

    def attach(self, opened: _Socket) -> None:
        """Take the open socket and say so; what was written before goes out."""
        self.socket = opened
        opened.on_room = self._pump
        self._post(Opened(self.epoch))
        self._pump()

    def write(self, action: Write) -> None:
        """Send, at once where there is room."""
        if not self.fate:
            self._waiting.append(action)
            self._pump()
            if action.data == rtzr.EOS:
                self.in_question.set()

    def end(self, fate: str) -> asyncio.Transport | None:
        """Send nothing more; return the transport, where there is one."""
        self.fate = self.fate or fate
        self._waiting.clear()
        return None if self.socket is None else self.socket.transport

    def abort(self, fate: str) -> None:
        """End without the closing handshake. Before it stands, the opening ends."""
        transport = self.end(fate)
        if transport is not None:
            abort(transport)
        elif self.task is not None:
            self.task.cancel()

    def _pump(self) -> None:
        opened = self.socket
        if opened is None or opened.transport.is_closing():  # it broke in this turn, and nobody was told yet
            return
        while self._waiting and not opened.full and opened.state is State.OPEN:
            action = self._waiting.popleft()
            broadcast((opened,), action.data)  # `send` of a single message without a turn of the loop
            if opened.transport.is_closing():
                return  # it broke
            self._handed = action.stop
            if self._detailed:
                _log.debug("> %d: %s of %d", self.epoch, type(action.data).__name__, len(action.data))
        if self._handed is not None and not opened.full:
            handed, self._handed = self._handed, None
            self._post(Written(self.epoch, handed))


class Link:
    """Performs the actions of one lane.

    Args:
        tokens: shared with the other lanes; closed by whoever made it.
        post: takes the news, on the loop's thread, sometimes before `perform` returns.
        ping_interval, ping_timeout: a dead connection is noticed within their sum.
        answer: seconds that an opening may take after a break, where the last one took less than a quarter of that.
    """

    def __init__(
        self,
        tokens: Tokens,
        post: Callable[[News], None],
        *,
        ping_interval: float = PING_INTERVAL,
        ping_timeout: float = PING_TIMEOUT,
        answer: float = ANSWER,
    ) -> None:
        self._ping_interval, self._ping_timeout, self._answer = ping_interval, ping_timeout, answer
        self._tokens, self._post = tokens, post
        self._connections: dict[int, _Connection] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._asking: asyncio.Task[None] | None = None  # the one of them that waits for a token, or did
        self._used: str | None = None  # the bearer of the last Open
        self._round_trip: float | None = None
        self._took = 0.0  # seconds that the last opening took,
        self._stood = -math.inf  # and the loop's time when its connection ended
        self._ended = False

    @property
    def round_trip(self) -> float | None:
        """Seconds from the last answered ping to its pong; None before there was one."""
        return self._round_trip

    def use(self, network: Network, account: Credentials | None) -> None:
        """Use another network or account for the next token and the next Open, on every lane of these tokens."""
        self._tokens.use(network, account)

    def perform(self, action: Action) -> None:
        """Do what the session wants, and return at once; what comes of it is posted.

        Actions for a connection that is gone do nothing, and after `aclose` nothing is done at all.

        Raises:
            Misuse: Open of an epoch that is open.
        """
        if self._ended:
            return
        match action:
            case GetToken():
                if self._asking is not None:
                    self._asking.cancel()  # its answer would be this one's, and count twice
                self._asking = self._start(self._get_token(action.fresh))
            case Open():
                if action.epoch in self._connections:
                    raise Misuse(f"epoch {action.epoch} is open")
                connection = self._connections[action.epoch] = _Connection(action.epoch, self._post)
                connection.task = self._start(self._live(connection, action.query))
                connection.task.add_done_callback(lambda _: self._settle(connection))
            case Write():
                if action.epoch in self._connections:
                    self._connections[action.epoch].write(action)
            case Close():
                if action.epoch in self._connections:
                    self._close(self._connections[action.epoch], action.abort)
            case _:
                assert_never(action)

    async def aclose(self, within: float = CLOSE_TIMEOUT) -> None:
        """End everything: open connections with their closing handshake, what is not done `within` seconds at once.

        News of the ends are still posted before it returns.
        """
        self._ended = True
        for connection in list(self._connections.values()):
            self._close(connection, abort=False)
        if self._asking is not None:
            self._asking.cancel()
        try:
            if self._tasks:
                await asyncio.wait(set(self._tasks), timeout=0.9 * within)
            for connection in list(self._connections.values()):
                connection.abort("given up")
            if self._tasks:
                await asyncio.wait(set(self._tasks), timeout=0.1 * within)
        finally:
            for connection in list(self._connections.values()):
                connection.abort("given up")
            for task in self._tasks:
                task.cancel()
        if self._tasks:
            await asyncio.wait(set(self._tasks))

    def _start(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _get_token(self, fresh: bool) -> None:
        # The token that was refused may not be the one at hand: another lane may have had it replaced.
        fresh = fresh and self._used in (None, self._tokens.bearer)
        self._post(await self._tokens.get(fresh))

    async def _live(self, connection: _Connection, query: str) -> None:
        epoch = connection.epoch
        opened = await self._open(query)
        if isinstance(opened, Fault):
            self._refuse(connection, opened)
            return
        _log.debug("= %d: open", epoch)
        keeper = self._start(self._keep_alive(connection, opened))
        code, detail = None, ""
        try:
            connection.attach(opened)
            while True:
                message = await opened.recv(decode=False)
                _log.debug("< %d: %d bytes", epoch, len(message))
                self._post(Received(epoch, message.decode("utf-8", "replace")))
        except ConnectionClosed as closed:
            code, detail = _end_of(closed)
        finally:
            keeper.cancel()
            abort(opened.transport)
            self._stood = asyncio.get_running_loop().time()
            del self._connections[epoch]
            _log.debug("= %d: closed, %s", epoch, code)
            self._post(Closed(epoch, code, connection.fate or detail))

    def _refuse(self, connection: _Connection, fault: Fault) -> None:
        del self._connections[connection.epoch]
        _log.debug("! %d: not opened, %s", connection.epoch, fault.kind)
        self._post(OpenRefused(connection.epoch, fault))

    def _settle(self, connection: _Connection) -> None:
        """Answer the Open whose task was cancelled, maybe before its first step."""
        if self._connections.get(connection.epoch) is connection:
            self._refuse(connection, Fault(FaultKind.BROKEN, connection.fate))

    async def _open(self, query: str) -> _Socket | Fault:
        bearer = self._used = self._tokens.bearer
        if bearer is None:
            return self._tokens.refused(Fault(FaultKind.TOKEN_EXPIRED, "no token"))
        route, clock = None, asyncio.get_running_loop().time
        began = clock()
        within = max(self._answer, 4 * self._took) if began - self._stood < LATELY else OPEN_TIMEOUT
        try:
            async with asyncio.timeout(OPEN_TIMEOUT):
                route = await self._tokens.way.find()
                dial = partial(_dial, route, query, bearer)

                async def attempt(address: str) -> _Socket:
                    async with asyncio.timeout(within):
                        return await staggered(partial(dial, address), _Socket.drop)

                opened = await first_that_answers(route.addresses, attempt)
                self._took = clock() - began
                return opened
        except Exception as error:
            fault = _fault_of_websocket(error, proxied=route is not None and route.proxy is not None)
            return self._tokens.refused(fault)

    async def _keep_alive(self, connection: _Connection, opened: _Socket) -> None:
        """Ping, and end a connection on which nothing at all has come back in time.

        Not the library's own: its ping waits for room in the socket without any limit, which a dead connection never
        has, and it counts nothing but pongs as life. After EOS one goes out at once: a connection that is dead must not
        be taken for a service that takes its time.
        """
        clock = asyncio.get_running_loop().time
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._ping_interval):
                    await connection.in_question.wait()
                    connection.in_question.clear()
            asked, pong = clock(), None
            try:
                async with asyncio.timeout(self._ping_timeout):
                    pong = await opened.ping()
                    await asyncio.wait({asyncio.ensure_future(pong)})
                self._round_trip = opened.latency or self._round_trip
            except TimeoutError:
                stood_still = clock() - asked > self._ping_timeout + LATE  # what came meanwhile is not read yet
                if (pong is None or opened.heard < asked) and not stood_still:  # None: no room for it in all that time
                    _log.debug("! %d: no answer to a ping", connection.epoch)
                    connection.abort("no answer to a ping")
                    return
            except ConnectionClosed:
                return

    def _close(self, connection: _Connection, abort: bool) -> None:
        if abort or connection.socket is None:
            connection.abort("given up")
        elif not connection.fate:
            connection.end("given up")
            self._start(_say_goodbye(connection.socket))


async def _dial(route: Route, query: str, bearer: str, address: str, enter: Callable[[], None]) -> _Socket:
    """Open one connection; `enter` is called once there is a way for what is said on it."""
    where: dict[str, Any] = {} if route.tls is None else {"ssl": route.tls}
    if route.proxy is not None:
        where["sock"] = await open_tunnel(route, enter)
    elif address == "localhost":  # which may be of either family, and swallows nothing
        enter()
        where |= {"host": address, "port": route.port}
    else:
        where["sock"] = await connect(address, route.port)
        try:
            enter()
        except BaseException:
            where["sock"].close()
            raise
    opened = await _Connect(
        f"{route.url.replace('http', 'ws', 1)}{rtzr.PATH_STREAM}?{query}",
        additional_headers={"Authorization": f"Bearer {bearer}"},
        user_agent_header=route.user_agent,
        proxy=None,
        compression=None,  # sound does not get smaller
        open_timeout=None,
        ping_interval=None,
        close_timeout=CLOSE_TIMEOUT,
        max_queue=64,
        max_size=MAX_MESSAGE,
        write_limit=1,  # full as soon as a byte waits; 0 would be full without one, under TLS
        create_connection=_Socket,
        **where,
    )
    assert isinstance(opened, _Socket)
    _tune(opened.transport)
    return opened


def abort(transport: asyncio.Transport) -> None:
    """End it at once; one that has ended is left alone.

    asyncio may end that once more, and raise: `_force_close` after the last bytes of a transport that was closed
    (https://github.com/python/cpython/blob/3.11/Lib/asyncio/selector_events.py).
    """
    if transport.get_protocol() is not None:
        transport.abort()


def _tune(transport: asyncio.Transport) -> None:
    """Let small messages go at once, and keep what has not got through small and visible."""
    raw = transport.get_extra_info("socket")
    options = [
        (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),
        (socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER),
    ]
    user_timeout = getattr(socket, "TCP_USER_TIMEOUT", None)
    if user_timeout is not None:
        options.append((socket.IPPROTO_TCP, user_timeout, USER_TIMEOUT_MS))
    for level, option, value in options:
        try:
            raw.setsockopt(level, option, value)
        except OSError:
            _log.debug("! socket option %d of %d not set", option, level)


async def _say_goodbye(opened: _Socket) -> None:
    """Do the closing handshake, within its time: the library waits without a limit for room to send its Close."""
    try:
        async with asyncio.timeout(CLOSE_TIMEOUT):
            await opened.close()
    except TimeoutError:
        pass
    finally:
        abort(opened.transport)


def _fault_of_websocket(error: Exception, *, proxied: bool) -> Fault:
    """Translate what an opening raised; what is none of the world's doing is raised again."""
    match error:
        case FaultError():
            return error.fault
        case InvalidStatus():
            return rtzr.fault_of_response(error.response.status_code, bytes(error.response.body or b""), at="handshake")
        case InvalidHandshake() if not any(isinstance(each, EOFError | OSError) for each in causes_of(error)):
            return Fault(FaultKind.NOT_THE_SERVICE, "no WebSocket")
        case WebSocketException() | OSError() | EOFError():
            return fault_of_system(error, proxied=proxied)
    raise error


def _end_of(closed: ConnectionClosed) -> tuple[int | None, str]:
    """Return the code of the service's Close frame, if it sent one, and what there is to say of the end."""
    if closed.rcvd is not None:
        return closed.rcvd.code, rtzr.one_line(closed.rcvd.reason)
    if closed.sent is not None:  # a frame that the protocol forbids, or too large a one
        return None, rtzr.one_line(f"closed by us with {closed.sent.code} {closed.sent.reason}")
    for each in causes_of(closed):
        if isinstance(each, OSError) and each.errno is not None:
            return None, os.strerror(each.errno).lower()
    return None, "closed without a Close frame"
