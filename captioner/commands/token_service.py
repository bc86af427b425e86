"""`captioner token-service`: the tokens of one RTZR account for the desks of a company, each with a key of its own.

    desk      POST /token, Authorization: Bearer DESK-KEY
    service   200 {"access_token", "expire_at"}     expire_at: Unix seconds by this computer's clock (its Date header)
              401 unknown key · 429 too many requests · 502 RTZR refuses the account · 503 RTZR cannot be reached

No desk holds the account's secret then: it lies here, in the environment or the keyring, and a desk that is lost costs
its own key. All desks share one token, which is asked for by the very code that a desk without a service uses, so it is
cached, renewed in time, and requested once however many ask at the same time. A desk whose token was refused by RTZR
says `Cache-Control: no-cache`, and gets another one, unless the one at hand is only seconds old.

The file of the desks holds names and hashes, a desk a line. A key is 32 random bytes, so a plain SHA-256 of it tells
nobody anything: there is no list of likely keys to try. Neither keys nor tokens are ever printed or logged, but for the
one time at which a key is made. Whoever can use a key can use the account: it is worth as much care as a password.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import math
import os
import re
import secrets
import ssl
import sys
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import formatdate
from pathlib import Path
from typing import Final

import h11

from captioner.commands.ending import CommandError, ExitCode
from captioner.commands.transcribe import Interrupts, account_for, settings_for
from captioner.errors import FaultKind
from captioner.events import TokenGranted
from captioner.language import Sentences
from captioner.places import FileProblem, write_whole
from captioner.policy import Policy
from captioner.settings import is_loopback
from captioner.stt.network import Network
from captioner.stt.tokens import Tokens

PATH: Final = "/token"

YOUNG: Final = 10.0
"""Seconds for which a token is good enough even for a desk that wants another one: five hundred desks may want that."""

PATIENCE: Final = 15.0
"""Seconds for TLS, for a request to come in whole, and for the next one on the same connection."""

CONNECTIONS: Final = 1000
"""Connections at a time; further ones are closed at once."""

_BODY_LIMIT = 64 * 1024
_NAME = re.compile(r"[\w.@-]{1,64}")
_LINE = re.compile(r"(?P<name>\S+)\s+sha256:(?P<hash>[0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class Request:
    """What the command line asks for.

    Attributes:
        desks: the file of the desks.
        cert, key: of TLS, both or neither.
        behind_proxy: somebody else encrypts.
        limit: requests a minute that a desk may make.
        endpoint: "" is the environment's, else the settings'.
    """

    desks: Path
    host: str
    port: int
    cert: Path | None
    key: Path | None
    behind_proxy: bool
    limit: int
    endpoint: str


# ---------------------------------------------------------------- the desks and their keys


class Desks:
    """Who may ask: names and hashes of keys, from a file that may change at any time.

    Args:
        path: of the file.
        hashes: by the names of the desks, as `read_desks` has just read them.
    """

    def __init__(self, path: Path, hashes: Mapping[str, str]) -> None:
        self._path, self._hashes = path, hashes
        self._stamp = _stamp(path)

    def find(self, key: str) -> str | None:
        """Return the name of the desk whose key this is; all are compared, each in constant time."""
        asked = _hash(key)
        found = None
        for name, known in self._hashes.items():
            if hmac.compare_digest(known, asked):
                found = name
        return found

    def refresh(self) -> FileProblem | None:
        """Read the file again where it has changed; where it cannot be used, say why, once, and keep the old one."""
        stamp = _stamp(self._path)
        if stamp == self._stamp:
            return None
        self._stamp = stamp
        read = read_desks(self._path)
        if isinstance(read, FileProblem):
            return read
        self._hashes = read
        return None


def read_desks(path: Path) -> dict[str, str] | FileProblem:
    """Return the hashes by the names of the desks; empty lines and those that begin with # are passed over."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except FileNotFoundError:
        return FileProblem("{path} does not exist. Make a first key with --add NAME.", {"path": path})
    except (OSError, ValueError) as error:
        detail = (error.strerror if isinstance(error, OSError) else None) or "not UTF-8"
        return FileProblem("{path} cannot be read ({detail}).", {"path": path, "detail": detail})
    desks = dict[str, str]()
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        match = _LINE.fullmatch(line.strip())
        if match is None or not _NAME.fullmatch(match["name"]) or match["name"] in desks:
            return FileProblem(
                "{path}, line {number}: this is no new name followed by sha256: and a hash. See --add.",
                {"path": path, "number": number},
            )
        desks[match["name"]] = match["hash"]
    return desks


def change_desks(path: Path, add: str, remove: str, say: Sentences) -> int:
    """Add a desk and print its key, or take one away; return the exit code.

    Raises:
        CommandError: that cannot be done.
    """
    name = add or remove
    if add and remove:
        raise CommandError(ExitCode.BAD_INPUT, say("--add and --remove are two commands: give one of them."))
    if not _NAME.fullmatch(name):
        sentence = say("{name} is no name of a desk: up to 64 letters, digits and the signs . _ - @.", name=name)
        raise CommandError(ExitCode.BAD_INPUT, sentence)
    desks = read_desks(path) if remove or path.exists() else {}
    if isinstance(desks, FileProblem):
        raise CommandError(ExitCode.BAD_INPUT, say(desks.sentence, **desks.values))
    if remove and name not in desks:
        raise CommandError(ExitCode.BAD_INPUT, say("There is no desk {name} in {path}.", name=name, path=path))
    if add and name in desks:
        sentence = say("There is a desk {name} in {path} already; take it away first.", name=name, path=path)
        raise CommandError(ExitCode.BAD_INPUT, sentence)
    key = secrets.token_urlsafe(32)
    try:
        if add:
            _append(path, f"{name} sha256:{_hash(key)}\n")
        else:
            lines = path.read_text(encoding="utf-8-sig").splitlines(keepends=True)
            _replace(path, "".join(line for line in lines if line.split()[:1] != [name]))
    except OSError as error:
        detail = error.strerror or type(error).__name__
        sentence = say("{path} could not be written ({detail}).", path=path, detail=detail)
        raise CommandError(ExitCode.BAD_INPUT, sentence) from error
    if add:
        print(key, flush=True)
    return ExitCode.COMPLETE


def _append(path: Path, line: str) -> None:
    """Add a line in one piece, for a service that may be reading."""
    with path.open("a+b") as file:
        file.seek(0, os.SEEK_END)
        size = file.tell()
        if size:
            file.seek(size - 1)
            line = line if file.read(1) == b"\n" else f"\n{line}"
        file.write(line.encode())


def _replace(path: Path, text: str) -> None:
    """Write the file anew, for those who could read the old one."""
    before = path.stat()
    write_whole(path, text)
    if sys.platform != "win32":
        os.chown(path, before.st_uid, before.st_gid)
    path.chmod(before.st_mode & 0o7777)


def _hash(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).hexdigest()


def _stamp(path: Path) -> tuple[int, int, int]:
    try:
        about = path.stat()
    except OSError:
        return 0, 0, 0
    return about.st_mtime_ns, about.st_size, about.st_ino


class Allowance:
    """How often each desk may ask: a minute's requests at once, then as they grow back.

    Args:
        limit: requests a minute.
    """

    def __init__(self, limit: int) -> None:
        self._step = 60.0 / limit
        self._full_at = dict[str, float]()  # when the whole allowance is there again

    def take(self, desk: str, now: float) -> float:
        """Take one request; return 0, or the seconds after which the desk may ask again.

        Args:
            desk: its name.
            now: seconds of a clock that only grows.
        """
        full_at = max(self._full_at.get(desk, now), now) + self._step
        if full_at - now > 60.0 + self._step / 2:
            return full_at - now - 60.0
        self._full_at[desk] = full_at
        return 0.0


# ---------------------------------------------------------------- what is answered


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer.

    Attributes:
        body: JSON; it may hold a token, so it is left out of the repr.
        log: what is noted of it; holds no secret.
    """

    status: int
    body: Mapping[str, object] = field(repr=False)
    log: str
    headers: Mapping[str, str] = field(default_factory=dict)


class TokenService:
    """Answers requests for tokens.

    Args:
        tokens: of the account.
        desks: who may ask.
        allowance: how often.
        clock: seconds that only grow.
        wall: Unix seconds.
        note: takes the lines of the log.
    """

    def __init__(
        self,
        tokens: Tokens,
        desks: Desks,
        allowance: Allowance,
        *,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
        note: Callable[[str], None],
    ) -> None:
        self._tokens, self._desks, self._allowance = tokens, desks, allowance
        self._clock, self._wall, self.note = clock, wall, note
        self._granted_at = -math.inf  # when the newest token came

    async def answer(self, method: str, target: str, headers: Mapping[str, str]) -> Reply:
        """Answer a request.

        Args:
            method: as it came.
            target: as it came.
            headers: names in lower case.
        """
        if target.partition("?")[0] != PATH:
            return _refusal(404, "path", "tokens are at /token", "-")
        if method != "POST":
            return _refusal(405, "method", "only POST", "-", Allow="POST")
        problem = self._desks.refresh()
        if problem is not None:
            self.note(f"{problem.sentence.format(**problem.values)} What was read before counts.")
        scheme, _, key = headers.get("authorization", "").partition(" ")
        desk = self._desks.find(key.strip()) if scheme.lower() == "bearer" else None
        if desk is None:
            return _refusal(401, "desk-key", "unknown desk key", "-", **{"WWW-Authenticate": "Bearer"})
        wait = self._allowance.take(desk, self._clock())
        if wait:
            retry = str(math.ceil(wait))
            return _refusal(429, "rate", "too many requests", desk, **{"Retry-After": retry})
        return await self._grant(desk, "no-cache" in headers.get("cache-control", "").lower())

    async def _grant(self, desk: str, another: bool) -> Reply:
        another = another and self._clock() - self._granted_at >= YOUNG
        answer = await self._tokens.get(fresh=another)
        bearer = self._tokens.bearer
        while isinstance(answer, TokenGranted) and bearer is None:  # dropped in the same moment, for another desk
            answer = await self._tokens.get()
            bearer = self._tokens.bearer
        if isinstance(answer, TokenGranted):
            if answer.requested:
                self._granted_at = self._clock()
            expire_at = math.floor(self._wall() + answer.expires_in)
            log = f"{desk} 200{' new' if answer.requested else ''}"
            return Reply(200, {"access_token": bearer, "expire_at": expire_at}, log)
        fault = answer.fault
        refused = fault.kind in (FaultKind.CREDENTIALS_REFUSED, FaultKind.CREDENTIALS_MISSING, FaultKind.QUOTA)
        return _refusal(502 if refused else 503, fault.kind, fault.detail, desk)


def _refusal(status: int, code: str, message: str, desk: str, **headers: str) -> Reply:
    return Reply(status, {"code": code, "msg": message}, f"{desk} {status} {code} {message}".rstrip(), headers)


# ---------------------------------------------------------------- the port


def token_service(request: Request, environment: Mapping[str, str], policy: Policy, say: Sentences) -> int:
    """Check everything, then serve until SIGINT or SIGTERM; return the exit code.

    Raises:
        CommandError: with code 2 or 3.
    """
    settings = settings_for({}, request.endpoint, environment, policy, say)
    tls = _tls(request, say)
    hashes = read_desks(request.desks)
    if isinstance(hashes, FileProblem):
        raise CommandError(ExitCode.BAD_INPUT, say(hashes.sentence, **hashes.values))
    account = account_for(Policy(), say)  # a service that asks itself would wait for ever
    desks = Desks(request.desks, hashes)
    return asyncio.run(_serve(request, Tokens(Network.of(settings), account), desks, tls, say))


def _tls(request: Request, say: Sentences) -> ssl.SSLContext | None:
    cert, key = request.cert, request.key
    if (cert is None) != (key is None):
        raise CommandError(ExitCode.BAD_INPUT, say("--cert and --key need each other."))
    if cert is None or key is None:
        if not is_loopback(request.host) and not request.behind_proxy:
            sentence = say(
                "{host} is not this computer alone: give --cert and --key, or --behind-proxy where a proxy encrypts.",
                host=request.host,
            )
            raise CommandError(ExitCode.BAD_INPUT, sentence)
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        # nobody is asked for a password: a service starts by itself
        context.load_cert_chain(cert, key, password=lambda: "")
    except (OSError, ValueError) as error:  # ssl.SSLError among them
        detail = error.strerror if isinstance(error, OSError) and not isinstance(error, ssl.SSLError) else None
        sentence = say(
            "{cert} and {key} are no certificate with its key, PEM, without a password. ({detail})",
            cert=cert,
            key=key,
            detail=detail or getattr(error, "reason", None) or "?",
        )
        raise CommandError(ExitCode.BAD_INPUT, sentence) from error
    return context


async def _serve(request: Request, tokens: Tokens, desks: Desks, tls: ssl.SSLContext | None, say: Sentences) -> int:
    service = TokenService(tokens, desks, Allowance(request.limit), note=_note)
    stop = asyncio.Event()
    try:
        with Interrupts(stop.set, stop.set):
            async with serving(service, request.host, request.port, tls) as url:
                print(f"listening on {url}", flush=True)
                await stop.wait()
    except NotOpened as error:
        sentence = say(
            "Port {port} of {host} cannot be opened; choose another one. ({detail})",
            port=request.port,
            host=request.host,
            detail=error,
        )
        raise CommandError(ExitCode.BAD_INPUT, sentence) from error
    finally:
        await tokens.aclose()
    return ExitCode.COMPLETE


class NotOpened(Exception):
    """The port cannot be opened; the text is what the system said."""


@asynccontextmanager
async def serving(service: TokenService, host: str, port: int, tls: ssl.SSLContext | None) -> AsyncIterator[str]:
    """Listen for the length of a `with`; give the URL at which tokens are asked for.

    Raises:
        NotOpened: the port cannot be opened.
    """
    connections = set[asyncio.Task[None]]()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(connections) >= CONNECTIONS:
            writer.transport.abort()
            return
        task = asyncio.get_running_loop().create_task(_Connection(service, reader, writer).run())
        connections.add(task)
        task.add_done_callback(connections.discard)

    host = "127.0.0.1" if host == "localhost" else host  # two addresses would be two ports
    try:
        handshake = None if tls is None else PATIENCE
        server = await asyncio.start_server(
            accept, host, port, ssl=tls, ssl_handshake_timeout=handshake, limit=_BODY_LIMIT
        )
    except OSError as error:
        raise NotOpened(error.strerror or type(error).__name__) from error
    try:
        port = server.sockets[0].getsockname()[1]
        yield f"{'http' if tls is None else 'https'}://{f'[{host}]' if ':' in host else host}:{port}{PATH}"
    finally:
        server.close()
        for task in connections:
            task.cancel()
        if connections:
            await asyncio.wait(set(connections))


class _Connection:
    """One TCP connection."""

    def __init__(self, service: TokenService, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._service, self._reader, self._writer = service, reader, writer
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=_BODY_LIMIT)
        self._peer = str((writer.get_extra_info("peername") or ("?",))[0])

    async def run(self) -> None:
        """Answer request after request, to the end of the connection."""
        try:
            while await self._answer():
                self._http.start_next_cycle()
        except h11.RemoteProtocolError as error:
            with suppress(OSError, h11.LocalProtocolError):
                await self._send(_refusal(error.error_status_hint, "http", "not HTTP/1.1", "-"))
        except (OSError, TimeoutError):
            pass
        except asyncio.CancelledError:
            self._writer.transport.abort()  # a peer that does not answer TLS's goodbye holds up no end
            raise
        finally:
            self._writer.close()
            with suppress(OSError, asyncio.CancelledError):
                await self._writer.wait_closed()

    async def _answer(self) -> bool:
        """Answer one request; return whether there may be another one."""
        async with asyncio.timeout(PATIENCE):
            request = await self._next()
            if not isinstance(request, h11.Request):
                return False
            size = 0
            while isinstance(part := await self._next(), h11.Data):
                size += len(part.data)
                if size > _BODY_LIMIT:
                    await self._send(_refusal(413, "body", "too long", "-"))
                    return False
        headers = {name.decode("ascii"): value.decode("latin-1") for name, value in request.headers}
        method, target = request.method.decode("ascii"), request.target.decode("ascii", "replace")
        await self._send(await self._service.answer(method, target, headers))
        return self._http.our_state is h11.DONE and self._http.their_state is h11.DONE

    async def _next(self) -> object:
        while (event := self._http.next_event()) is h11.NEED_DATA:
            if self._http.they_are_waiting_for_100_continue:
                self._writer.write(self._http.send(h11.InformationalResponse(status_code=100, headers=[])) or b"")
            self._http.receive_data(await self._reader.read(65_536))
        return event

    async def _send(self, reply: Reply) -> None:
        self._service.note(f"{self._peer} {reply.log}")
        body = json.dumps(reply.body).encode()
        headers = {
            "Date": formatdate(usegmt=True),
            "Content-Type": "application/json",
            "Content-Length": str(len(body)),
            "Cache-Control": "no-store",
            **reply.headers,
        }
        sent = (
            h11.Response(status_code=reply.status, headers=list(headers.items())),
            h11.Data(data=body),
            h11.EndOfMessage(),
        )
        self._writer.write(b"".join(self._http.send(each) or b"" for each in sent))
        async with asyncio.timeout(PATIENCE):
            await self._writer.drain()


def _note(line: str) -> None:
    """Write a line of the log."""
    with suppress(OSError, ValueError):  # nobody reads it any more
        print(f"{datetime.now().astimezone():%Y-%m-%dT%H:%M:%S%z} {line}", file=sys.stderr, flush=True)
