"""The way to the service: proxy, address, TLS, and what is wrong where there is none.

Everything that the system may take its time over is looked up in a daemon thread of our own. A resolver without a
network hangs for up to a minute, and asyncio's executor, which the libraries would use for it, holds up the end of the
program until it is done; so the libraries get numeric addresses.

TLS is verified always, by the authorities of the operating system (on Windows and macOS through
https://truststore.readthedocs.io) and, beside them, by those of `ca_file`.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import re
import socket
import ssl
import sys
import threading
import urllib.request
from base64 import b64encode
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar
from urllib.parse import unquote, urlsplit, urlunsplit

from captioner.errors import Fault, FaultError, FaultKind
from captioner.settings import Settings, is_loopback
from captioner.stt import rtzr

if TYPE_CHECKING:
    import httpx

T = TypeVar("T")

Resolve: TypeAlias = Callable[[str, int], tuple[str, ...]]
"""Turns a name into numeric addresses, to be tried in that order; OSError where it cannot."""

_log = logging.getLogger(__name__)

OPEN_TIMEOUT = 10.0  # seconds for a name, a TCP connection, TLS and the answer, together
NEXT_ADDRESS = 3.0  # seconds after which another address of the same name is tried
KNOCK_AGAIN = 1.0  # seconds after which another socket tries beside those that nobody has answered
LOOK_UP = 1.0  # seconds after which an address that is known stands in for the one that is being looked up


def quiet_libraries() -> None:
    """Keep the libraries' own logs to warnings: their debug lines hold headers, tokens and speech."""
    for name in ("httpx", "httpcore", "websockets"):
        logging.getLogger(name).setLevel(logging.WARNING)


def load_httpx() -> None:
    """Import httpx without its command line, which takes half as long again where click happens to be installed."""
    if "httpx" not in sys.modules:
        sys.modules["httpx._main"] = None  # type: ignore[assignment]  # not to be found: httpx is prepared for that
        try:
            import httpx  # noqa: F401 - for whoever imports it next
        finally:
            sys.modules.pop("httpx._main", None)


@dataclass(frozen=True, slots=True)
class Network:
    """The way to the service, as it is set.

    Attributes:
        base_url: without a trailing slash.
        proxy: its URL; "" is the system's own setting. Never used for this computer.
        ca_file: path of a PEM file to be trusted beside the system's authorities; "" is none.
    """

    base_url: str
    proxy: str = ""
    ca_file: str = ""

    @classmethod
    def of(cls, settings: Settings) -> Network:
        """The part of the settings that this module needs."""
        return cls(settings.base_url, settings.proxy, settings.ca_file)


@dataclass(frozen=True, slots=True)
class Route:
    """Where the next connection goes.

    Attributes:
        url: the base URL, its host in ASCII.
        netloc: the service's host, and port where one is given.
        addresses: numeric, to be tried in this order; behind a proxy just the service's name.
        proxy: with its numeric address, and maybe a password.
    """

    url: str
    netloc: str
    host: str
    addresses: tuple[str, ...]
    port: int
    proxy: str | None
    tls: ssl.SSLContext | None
    user_agent: str


class Way:
    """Finds the route to one network.

    It keeps the TLS context, which is costly (20 ms), and the last route: a resolver that asked while the network was
    gone asks again after 5 s, and until then the service may be where it was.

    Args:
        network: where to.
        resolve: None asks the system.
    """

    def __init__(self, network: Network, resolve: Resolve | None = None) -> None:
        self.network = network
        self._resolve = resolve or look_up
        self._tls: ssl.SSLContext | None = None
        self._lock = threading.Lock()
        self._known: Route | None = None

    async def find(self) -> Route:
        """Look up what the system knows: proxy, addresses, authorities.

        Raises:
            FaultError: there is no way.
        """
        parts = urlsplit(self.network.base_url)
        if parts.scheme == "http" and is_loopback(parts.hostname or "") and "httpx" in sys.modules:
            return self._find()  # nothing is looked up or loaded, and a thread takes 5 ms where the loop is busy
        known = self._known
        try:
            async with asyncio.timeout(None if known is None else LOOK_UP):
                self._known = known = await _in_daemon_thread(self._find)
        except FaultError as error:
            if known is None or error.fault.kind not in (FaultKind.UNREACHABLE, FaultKind.PROXY):
                raise
        except TimeoutError:
            assert known is not None
        return known

    def _find(self) -> Route:
        load_httpx()  # which takes 80 ms that the loop need not stand still for
        from captioner import __version__

        parts = urlsplit(self.network.base_url)
        host, secure = _ascii(parts.hostname or ""), parts.scheme == "https"
        port = parts.port or (443 if secure else 80)
        proxy, addresses = "", tuple[str, ...]([host])
        if not is_loopback(host):
            proxy = self.network.proxy or _system_proxy(host, port)
            if proxy:
                proxy = self._with_address(proxy)
            else:
                addresses = self._addresses(host, port, FaultKind.UNREACHABLE)
        netloc = _bracketed(host) + (f":{parts.port}" if parts.port else "")
        url = urlunsplit((parts.scheme, netloc, parts.path, "", ""))
        tls = self._context() if secure else None
        return Route(url, netloc, host, addresses, port, proxy or None, tls, f"captioner/{__version__}")

    def _addresses(self, host: str, port: int, kind: FaultKind) -> tuple[str, ...]:
        try:
            return self._resolve(host, port)
        except OSError as error:
            raise FaultError(Fault(kind, rtzr.one_line(f"no such host: {host}"))) from error

    def _with_address(self, proxy: str) -> str:
        """Put the proxy's address in the place of its name, so that the libraries need not look it up."""
        try:
            parts = urlsplit(proxy)
            host, port = parts.hostname, parts.port
        except ValueError:
            host, port, parts = None, None, urlsplit("")
        if not host:
            raise FaultError(Fault(FaultKind.PROXY, "its address cannot be read"))
        if parts.scheme != "http":
            raise FaultError(Fault(FaultKind.PROXY, rtzr.one_line(f"{parts.scheme} proxies are not supported")))
        address = "127.0.0.1" if host == "localhost" else self._addresses(host, port or 80, FaultKind.PROXY)[0]
        user, at, _ = parts.netloc.rpartition("@")
        return urlunsplit((parts.scheme, f"{user}{at}{_bracketed(address)}:{port or 80}", "", "", ""))

    def _context(self) -> ssl.SSLContext:
        with self._lock:
            if self._tls is None:
                context = _system_authorities()
                if self.network.ca_file:
                    try:
                        context.load_verify_locations(cafile=self.network.ca_file)
                    except ssl.SSLError as error:
                        raise self._bad_ca_file("no certificates in it") from error
                    except (OSError, ValueError) as error:
                        raise self._bad_ca_file(getattr(error, "strerror", None) or "no file name") from error
                self._tls = context
            return self._tls

    def _bad_ca_file(self, what: str) -> FaultError:
        return FaultError(Fault(FaultKind.CERTIFICATE, rtzr.one_line(f"{self.network.ca_file}: {what}")))


def _system_authorities() -> ssl.SSLContext:
    """Return a context that trusts whom the operating system trusts.

    Elsewhere than on Windows and macOS that is a file, which truststore would read anew for every connection, on the
    loop, in 50 ms.
    """
    if sys.platform in ("win32", "darwin"):
        import truststore

        return truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context = ssl.create_default_context()
    known = ssl.get_default_verify_paths()
    if not known.cafile and not (known.capath and any(Path(known.capath).glob("*.0"))):
        # A frozen program knows the paths of the machine that built it.
        for bundle in filter(os.path.isfile, _BUNDLES):
            context.load_verify_locations(cafile=bundle)
            break
    return context


# Debian, Ubuntu, Arch; Fedora, RHEL; openSUSE; Alpine
_BUNDLES = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
)


def _ascii(host: str) -> str:
    try:
        return host.encode("idna").decode("ascii")
    except UnicodeError as error:
        raise FaultError(Fault(FaultKind.UNREACHABLE, rtzr.one_line(f"no such host: {host}"))) from error


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def look_up(host: str, port: int) -> tuple[str, ...]:
    """Return at most two numeric addresses: the system's first choice, and the first of the other family if any.

    Raises:
        OSError: there is no such name, or nobody to ask.
    """
    # AI_ADDRCONFIG: no IPv6 addresses where this machine has none.
    found = socket.getaddrinfo(_ascii(host), port, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG)
    addresses = list(dict.fromkeys((family, str(address[0])) for family, _, _, _, address in found))
    others = [each for each in addresses if each[0] != addresses[0][0]] or addresses[1:]
    return tuple(address for _, address in addresses[:1] + others[:1])


def _system_proxy(host: str, port: int) -> str:
    """Return the proxy of the environment or of the operating system, "" where there is none for this host."""
    if urllib.request.proxy_bypass(f"{host}:{port}"):
        return ""
    proxies = urllib.request.getproxies()
    proxy = proxies.get("https") or proxies.get("all") or ""
    return proxy if not proxy or "://" in proxy else f"http://{proxy}"


def http_client(route: Route, timeout: float) -> httpx.AsyncClient:
    """Make a client for one route, which asks nobody but the route for the way and keeps no connection.

    Args:
        route: from `Way.find`, which has loaded the library.
        timeout: seconds for each part of an exchange.
    """
    import httpx  # here, because it takes 80 ms; `Way.find` has loaded it, in its own thread

    return httpx.AsyncClient(
        verify=route.tls or ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT),  # without TLS: one that trusts nobody
        proxy=route.proxy,
        trust_env=False,
        timeout=timeout,
        limits=httpx.Limits(max_keepalive_connections=0),
    )


async def _in_daemon_thread(call: Callable[[], T]) -> T:
    """Run a blocking call in a thread that the program's end does not wait for."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()

    def settle(outcome: Callable[[], None]) -> None:
        if not future.done():
            outcome()

    def run() -> None:
        try:
            outcome = partial(future.set_result, call())
        except Exception as error:
            outcome = partial(future.set_exception, error)
        try:
            loop.call_soon_threadsafe(settle, outcome)
        except RuntimeError:
            pass  # the loop is closed: nobody waits any more

    threading.Thread(target=run, name="captioner-lookup", daemon=True).start()
    return await future


async def first_that_answers(addresses: tuple[str, ...], attempt: Callable[[str], Awaitable[T]]) -> T:
    """Try one address after the other; the last one's failure is the failure."""
    for address in addresses[:-1]:
        try:
            async with asyncio.timeout(NEXT_ADDRESS):
                return await attempt(address)
        except OSError:  # TimeoutError among them
            _log.debug("! no answer from one address; trying the next")
    return await attempt(addresses[-1])


async def staggered(
    attempt: Callable[[Callable[[], None]], Coroutine[Any, Any, T]], drop: Callable[[T], None] | None = None
) -> T:
    """Make an attempt, and another beside it every second, until one of them is through; that one goes on alone.

    Where the network swallows packets nobody answers, and TCP asks again after 1, 3 and 7 s (or 3 and 9): a network
    that is back would be waited for. A new socket asks at once. None is given up for it, so a network whose round trip
    takes seconds is no worse off; and as the others have no connection, what the attempt sends is sent once.

    Args:
        attempt: calls what it is given once its connection stands, before it sends anything.
        drop: ends what came of it where that comes in the same moment as our own cancellation.
    """
    result: T | None = None
    through: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
    attempts: set[asyncio.Task[T]] = set()

    def enter() -> None:
        me = asyncio.current_task()
        if not through.done():
            through.set_result(me)
        elif through.result() is not me:
            raise asyncio.CancelledError  # another was faster, by less than a turn of the loop

    try:
        done = set[asyncio.Future[Any]]()
        while not done:
            attempts.add(asyncio.create_task(attempt(enter)))
            done, _ = await asyncio.wait({*attempts, through}, timeout=KNOCK_AGAIN, return_when=asyncio.FIRST_COMPLETED)
        chosen: asyncio.Task[T] = through.result() if through.done() else next(filter(asyncio.Task.done, attempts))
        for other in attempts - {chosen}:
            other.cancel()
        result = await chosen
        return result
    finally:
        for each in attempts:
            each.cancel()
        for left in await asyncio.gather(*attempts, return_exceptions=True):
            if drop is not None and left is not result and not isinstance(left, BaseException):
                drop(left)


async def connect(address: str, port: int) -> socket.socket:
    """Connect over TCP to a numeric address.

    Raises:
        OSError: nobody is there.
    """
    opened = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
    try:
        opened.setblocking(False)
        await asyncio.get_running_loop().sock_connect(opened, (address, port))
    except BaseException:
        opened.close()
        raise
    return opened


async def open_tunnel(route: Route, enter: Callable[[], None]) -> socket.socket:
    """Connect to the route's proxy and have it connect to the service.

    Not left to the WebSocket library (seen in 15 to 17): where a proxy hangs up, its own tunnel raises in callbacks,
    which asyncio logs with tracebacks, or fails an assertion.

    Args:
        route: with a proxy.
        enter: called once the proxy is reached.

    Raises:
        FaultError: the proxy refuses, or does not speak HTTP.
        OSError: it cannot be reached.
    """
    loop, parts = asyncio.get_running_loop(), urlsplit(route.proxy or "")
    address, target = parts.hostname or "", f"{_bracketed(route.host)}:{route.port}"
    lines = [f"CONNECT {target} HTTP/1.1", f"Host: {target}", f"User-Agent: {route.user_agent}"]
    if parts.username is not None:
        password = f"{unquote(parts.username)}:{unquote(parts.password or '')}".encode()
        lines.append(f"Proxy-Authorization: Basic {b64encode(password).decode('ascii')}")
    tunnel = await connect(address, parts.port or 80)
    try:
        enter()
        await loop.sock_sendall(tunnel, "\r\n".join([*lines, "", ""]).encode("ascii"))
        answer = b""
        while b"\r\n\r\n" not in answer and len(answer) < 16_384:
            part = await loop.sock_recv(tunnel, 4096)
            if not part:
                break
            answer += part
        match = re.match(rb"HTTP/1\.[01] (\d{3})\b", answer)
        if match is None:
            raise FaultError(Fault(FaultKind.PROXY, "no valid HTTP" if answer else "closed without an answer"))
        if not match[1].startswith(b"2"):
            raise FaultError(Fault(FaultKind.PROXY, f"HTTP {match[1].decode('ascii')}"))
    except BaseException:
        tunnel.close()
        raise
    return tunnel


# TLS errors that say that nothing came (yet), not that something wrong came
_NO_WORD = (ssl.SSLEOFError, ssl.SSLZeroReturnError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


def fault_of_system(error: BaseException, *, proxied: bool) -> Fault:
    """Translate what the system or TLS said, wherever in the chain of causes it is."""
    causes = list(causes_of(error))
    for each in causes:
        if isinstance(each, ssl.SSLCertVerificationError):
            return Fault(FaultKind.CERTIFICATE, rtzr.one_line(each.verify_message or "not verified"))
    if any(isinstance(each, ssl.SSLError) and not isinstance(each, _NO_WORD) for each in causes):
        return Fault(FaultKind.NOT_THE_SERVICE, "no valid TLS")
    return Fault(FaultKind.PROXY if proxied else FaultKind.UNREACHABLE, _detail(causes))


def _detail(causes: list[BaseException]) -> str:
    """Say in a few words what the system said."""
    refused = f"[Errno {errno.ECONNREFUSED}]"  # within asyncio's one OSError for several addresses
    if any(isinstance(each, ConnectionRefusedError) or refused in str(each) for each in causes):
        return "connection refused"
    if any(isinstance(each, TimeoutError) or "Timeout" in type(each).__name__ for each in causes):
        return "timed out"
    for each in causes:
        if isinstance(each, OSError) and not isinstance(each, ssl.SSLError) and each.errno is not None:
            return rtzr.one_line(os.strerror(each.errno).lower())
    return "closed without an answer"


def causes_of(error: BaseException) -> Iterator[BaseException]:
    """Yield an exception and all that led to it, each once."""
    waiting, seen = deque([error]), set[int]()
    while waiting:
        each = waiting.popleft()
        if id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        if isinstance(each, BaseExceptionGroup):
            waiting.extend(each.exceptions)
        waiting.extend(cause for cause in (each.__cause__, each.__context__) if cause is not None)
