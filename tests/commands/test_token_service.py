"""The token service: who gets a token, how often, and that nothing secret is seen on the way."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import ssl
import stat
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import pytest

from captioner.account import Account, DeskKey
from captioner.cli import main
from captioner.commands.token_service import (
    YOUNG,
    Allowance,
    Desks,
    NotOpened,
    TokenService,
    read_desks,
    serving,
)
from captioner.errors import Fault, FaultKind
from captioner.events import TokenGranted, TokenRefused
from captioner.places import FileProblem
from captioner.stt.network import Network
from captioner.stt.tokens import Tokens
from tests.helpers.emulated import EmulatedService
from tests.helpers.program import Program
from tests.stt.loopback import CA_FILE, CERTS, Answer, Service, http, token

T = TypeVar("T")
Captured = pytest.CaptureFixture[str]
SECRET = "the-companys-secret"


class Clock:
    """Seconds that a test sets."""

    def __init__(self, now: float = 1_700_000_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def add(path: Path, name: str, capsys: Captured) -> str:
    assert main(["token-service", "--desks", str(path), "--add", name]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    (key,) = out.splitlines()
    return key


def desks_of(path: Path) -> Desks:
    read = read_desks(path)
    assert not isinstance(read, FileProblem)
    return Desks(path, read)


class Company:
    """A token service, the service of speech behind it, and what it noted."""

    def __init__(self, upstream: Service, path: Path, limit: int) -> None:
        self.upstream, self.path = upstream, path
        self.clock, self.wall = Clock(0.0), Clock()
        self.log: list[str] = []
        self.tokens = Tokens(Network(upstream.url), Account("the-id", SECRET), wall=self.wall)
        self.service = TokenService(
            self.tokens, desks_of(path), Allowance(limit), clock=self.clock, wall=self.wall, note=self.log.append
        )

    async def ask(self, key: str, **headers: str) -> tuple[int, dict[str, Any], dict[str, str]]:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        reply = await self.service.answer("POST", "/token", {"authorization": f"Bearer {key}", **named})
        return reply.status, dict(reply.body), dict(reply.headers)


def with_company(test: Callable[[Company], Awaitable[T]], path: Path, *answers: Answer, limit: int = 60) -> T:
    async def run() -> T:
        async with Service(*answers) as upstream:
            company = Company(upstream, path, limit)
            try:
                return await test(company)
            finally:
                await company.tokens.aclose()

    return asyncio.run(run())


def lasting(seconds: float, bearer: str = "token-1") -> bytes:
    return token(bearer, Clock().now + seconds)


# ---------------------------------------------------------------- desks and keys


def test_a_key_is_printed_once_and_kept_as_a_hash(tmp_path: Path, capsys: Captured) -> None:
    path = tmp_path / "desks"
    one, two = add(path, "desk-1", capsys), add(path, "김서연@2층", capsys)
    assert len(one) == 43
    assert one != two
    text = path.read_text(encoding="utf-8")
    assert one not in text
    assert two not in text
    desks = desks_of(path)
    assert (desks.find(one), desks.find(two)) == ("desk-1", "김서연@2층")
    assert desks.find(one[:-1]) is None
    assert desks.find("") is None


def test_a_desk_is_taken_away_and_nothing_else_changes(tmp_path: Path, capsys: Captured) -> None:
    path = tmp_path / "desks"
    path.write_text("# second floor", encoding="utf-8")  # without an end of line
    path.chmod(0o640)
    kept, gone = add(path, "kept", capsys), add(path, "gone", capsys)
    assert main(["token-service", "--desks", str(path), "--remove", "gone"]) == 0
    assert capsys.readouterr() == ("", "")
    desks = desks_of(path)
    assert (desks.find(kept), desks.find(gone)) == ("kept", None)
    assert path.read_text(encoding="utf-8").startswith("# second floor\nkept sha256:")
    if sys.platform != "win32":
        assert stat.S_IMODE(path.stat().st_mode) == 0o640


HASH = "sha256:" + "0" * 64


@pytest.mark.parametrize(
    ("content", "arguments", "sentence"),
    [
        (None, "", "{path} does not exist. Make a first key with --add NAME."),
        (None, "--remove a", "{path} does not exist. Make a first key with --add NAME."),
        (f"a {HASH}", "--remove b", "There is no desk b in {path}."),
        (f"a {HASH}", "--add a", "There is a desk a in {path} already; take it away first."),
        (f"a {HASH}", "--add a/b", "a/b is no name of a desk: up to 64 letters, digits and the signs . _ - @."),
        (f"a {HASH}", "--add a --remove a", "--add and --remove are two commands: give one of them."),
        (f"\na {HASH}\nb", "", "{path}, line 3: this is no new name followed by sha256: and a hash. See --add."),
        (f"a {HASH}\na {HASH}", "", "{path}, line 2: this is no new name followed by"),
        ("a the-key-itself", "", "{path}, line 1: this is no new name followed by"),
        (f"a {HASH}", "--host 0.0.0.0", "0.0.0.0 is not this computer alone: give --cert and --key, or --behind-proxy"),
        (f"a {HASH}", "--cert a.pem", "--cert and --key need each other."),
        (f"a {HASH}", "--cert none.pem --key none.pem", "none.pem and none.pem are no certificate with its key"),
        (f"a {HASH}", f"--cert {CA_FILE} --key {CA_FILE}", f"{CA_FILE} and {CA_FILE} are no certificate with its key"),
        (f"a {HASH}", "--limit 0", "--limit: 0 is not a whole number from 1 to 6000."),
        (f"a {HASH}", "--endpoint http://example.com", "Endpoint: http://example.com is not encrypted"),
    ],
)
def test_what_cannot_be_is_one_sentence(
    tmp_path: Path, capsys: Captured, content: str | None, arguments: str, sentence: str
) -> None:
    path = tmp_path / "desks"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    assert main(["token-service", "--desks", str(path), *arguments.split()]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(sentence.format(path=path))
    assert err.count("\n") == 1


def test_without_the_file_of_the_desks_or_an_account_nothing_starts(tmp_path: Path, capsys: Captured) -> None:
    assert main(["token-service"]) == 2
    assert capsys.readouterr().err == "--desks is missing. See: captioner token-service --help\n"
    path = tmp_path / "desks"
    add(path, "a", capsys)
    assert main(["token-service", "--desks", str(path)]) == 3
    assert capsys.readouterr().err.startswith("The RTZR keys are missing.")


def test_a_change_of_the_file_counts_at_once_and_a_broken_one_not(tmp_path: Path, capsys: Captured) -> None:
    path = tmp_path / "desks"
    first = add(path, "first", capsys)
    second = ""

    async def test(company: Company) -> None:
        nonlocal second
        assert (await company.ask(first))[0] == 200
        second = add(path, "second", capsys)
        assert (await company.ask(second))[0] == 200
        assert main(["token-service", "--desks", str(path), "--remove", "first"]) == 0
        assert (await company.ask(first))[0] == 401
        path.write_text("whatever", encoding="utf-8")
        assert (await company.ask(second))[0] == 200
        assert (await company.ask(second))[0] == 200
        assert company.log == [
            f"{path}, line 1: this is no new name followed by sha256: and a hash. See --add. "
            "What was read before counts."
        ]
        path.unlink()
        assert (await company.ask(second))[0] == 200

    with_company(test, path, lasting(3600))


# ---------------------------------------------------------------- who gets what


def test_all_desks_share_one_token_that_is_asked_for_once(tmp_path: Path, capsys: Captured) -> None:
    path = tmp_path / "desks"
    keys = [add(path, f"desk-{number}", capsys) for number in range(5)]

    async def test(company: Company) -> None:
        replies = await asyncio.gather(*(company.ask(key) for key in keys))
        assert replies == [(200, {"access_token": "token-1", "expire_at": Clock().now + 3600}, {})] * 5
        [request] = company.upstream.requests
        assert request.form == {"client_id": ["the-id"], "client_secret": [SECRET]}

    with_company(test, path, lasting(3600))


def test_a_token_is_renewed_before_it_expires(tmp_path: Path, capsys: Captured) -> None:
    path = tmp_path / "desks"
    key = add(path, "desk", capsys)

    async def test(company: Company) -> None:
        await company.ask(key)
        company.wall.now += 3000
        assert (await company.ask(key))[1] == {"access_token": "token-1", "expire_at": Clock().now + 3600}
        company.wall.now += 400
        assert (await company.ask(key))[1]["access_token"] == "token-2"
        assert len(company.upstream.requests) == 2

    with_company(test, path, lasting(3600), lasting(7200, "token-2"))


def test_a_refused_token_is_replaced_once_for_all_desks(tmp_path: Path, capsys: Captured) -> None:
    path = tmp_path / "desks"
    keys = [add(path, f"desk-{number}", capsys) for number in range(3)]

    async def test(company: Company) -> None:
        await company.ask(keys[0])
        company.clock.now += YOUNG
        replies = [await company.ask(key, cache_control="No-Cache") for key in keys]
        assert [body["access_token"] for _, body, _ in replies] == ["token-2"] * 3
        company.clock.now += YOUNG
        together = await asyncio.gather(*(company.ask(key, cache_control="no-cache") for key in keys))
        assert {body["access_token"] for _, body, _ in together} == {"token-3"}
        assert len(company.upstream.requests) == 3

    with_company(test, path, lasting(3600), lasting(3600, "token-2"), lasting(3600, "token-3"))


@pytest.mark.parametrize(
    "authorization", ["", "Bearer", "Bearer ", "Bearer wrong", "Basic {key}", "{key}", "Bearer {key}x", "Bearer \udcff"]
)
def test_without_a_known_key_there_is_no_token_and_no_request(
    tmp_path: Path, capsys: Captured, authorization: str
) -> None:
    path = tmp_path / "desks"
    key = add(path, "desk", capsys)

    async def test(company: Company) -> None:
        headers = {"authorization": authorization.format(key=key)} if authorization else {}
        reply = await company.service.answer("POST", "/token", headers)
        assert (reply.status, reply.headers) == (401, {"WWW-Authenticate": "Bearer"})
        assert company.upstream.requests == []

    with_company(test, path)


def test_only_post_and_only_its_path_are_answered(tmp_path: Path, capsys: Captured) -> None:
    path = tmp_path / "desks"
    add(path, "desk", capsys)

    async def test(company: Company) -> None:
        assert (await company.service.answer("GET", "/token", {})).status == 405
        assert (await company.service.answer("POST", "/token/", {})).status == 404
        assert (await company.service.answer("POST", "/v1/authenticate", {})).status == 404

    with_company(test, path)


def test_a_desk_that_asks_too_often_waits_and_the_others_do_not(tmp_path: Path, capsys: Captured) -> None:
    path = tmp_path / "desks"
    busy, calm = add(path, "busy", capsys), add(path, "calm", capsys)

    async def test(company: Company) -> None:
        assert [(await company.ask(busy))[0] for _ in range(5)] == [200, 200, 200, 429, 429]
        status, body, headers = await company.ask(busy)
        assert (status, body["code"], headers) == (429, "rate", {"Retry-After": "20"})
        assert (await company.ask(calm))[0] == 200
        company.clock.now += 20
        assert [(await company.ask(busy))[0] for _ in range(2)] == [200, 429]
        company.clock.now += 1000
        assert [(await company.ask(busy))[0] for _ in range(4)] == [200, 200, 200, 429]

    with_company(test, path, lasting(3600), limit=3)


@pytest.mark.parametrize(
    ("upstream", "status", "code"),
    [
        (http(401, '{"code":"H0002","msg":"invalid credential"}'), 502, "credentials-refused"),
        (http(429, '{"code":"A0001","msg":"used up"}'), 502, "quota"),
        (http(429), 503, "busy"),
        (http(500), 503, "service-down"),
        (http(200, "<html>"), 503, "not-the-service"),
        (b"", 503, "unreachable"),
    ],
)
def test_what_the_service_of_speech_refuses_is_passed_on(
    tmp_path: Path, capsys: Captured, upstream: bytes, status: int, code: str
) -> None:
    path = tmp_path / "desks"
    key = add(path, "desk", capsys)

    async def test(company: Company) -> None:
        answered, body, _ = await company.ask(key)
        assert (answered, body["code"]) == (status, code)
        assert SECRET not in json.dumps(body)

    with_company(test, path, upstream)


def test_a_token_that_is_good_is_given_while_the_service_of_speech_is_away(tmp_path: Path, capsys: Captured) -> None:
    path = tmp_path / "desks"
    key = add(path, "desk", capsys)

    async def test(company: Company) -> None:
        await company.ask(key)
        company.upstream.shut()
        company.wall.now += 3500
        assert (await company.ask(key))[1] == {"access_token": "token-1", "expire_at": Clock().now + 3600}
        company.wall.now += 101
        assert (await company.ask(key))[0] == 503

    with_company(test, path, lasting(3600))


# ---------------------------------------------------------------- on the wire


async def connect(url: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_connection("127.0.0.1", urlsplit(url).port)


async def exchange(url: str, *requests: bytes) -> bytes:
    """Send bytes to the port, and return all that comes until it is closed."""
    reader, writer = await connect(url)
    try:
        for each in requests:
            writer.write(each)
        return await reader.read()
    finally:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


def on_the_wire(
    test: Callable[[Company, str], Awaitable[None]], path: Path, tls: ssl.SSLContext | None = None
) -> list[str]:
    async def run(company: Company) -> None:
        async with serving(company.service, "localhost", 0, tls) as url:
            await test(company, url)

    logs = list[str]()

    async def and_log(company: Company) -> None:
        await run(company)
        logs.extend(company.log)

    with_company(and_log, path, lasting(3600))
    return logs


def test_one_connection_takes_several_requests(tmp_path: Path, capsys: Captured) -> None:
    path = tmp_path / "desks"
    key = add(path, "desk", capsys)
    head = f"POST /token HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\n".encode()

    async def test(company: Company, url: str) -> None:
        answer = await exchange(
            url, head + b"Content-Length: 3\r\n\r\nabc", head + b"\r\n", head + b"Connection: close\r\n\r\n"
        )
        assert answer.count(b"HTTP/1.1 200") == answer.count(b'"access_token": "token-1"') == 3
        assert answer.count(b"Cache-Control: no-store") == answer.count(b"\r\nDate: ") == 3

    log = on_the_wire(test, path)
    assert log == ["127.0.0.1 desk 200 new", "127.0.0.1 desk 200", "127.0.0.1 desk 200"]


def test_what_is_no_http_or_too_long_is_refused_and_the_service_goes_on(tmp_path: Path, capsys: Captured) -> None:
    path = tmp_path / "desks"
    add(path, "desk", capsys)

    async def test(company: Company, url: str) -> None:
        assert (await exchange(url, b"junk\r\n\r\n")).startswith(b"HTTP/1.1 400")
        assert (await exchange(url, b"\x16\x03\x01\x02\x00\r\n\r\n")).startswith(b"HTTP/1.1 400")
        assert (await exchange(url, b"GET /" + b"x" * 70_000)).startswith(b"HTTP/1.1 431")
        long = b"POST /token HTTP/1.1\r\nHost: x\r\nContent-Length: 70000\r\n\r\n" + b"x" * 70_000
        assert (await exchange(url, long)).startswith(b"HTTP/1.1 413")
        reader, writer = await connect(url)
        writer.write(b"POST /token HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nExpect: 100-continue\r\n\r\n")
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 100")
        writer.write(b"x")
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 401")
        writer.write(b"POST /token HT")  # and it ends in the middle of a request
        writer.close()
        await writer.wait_closed()

    on_the_wire(test, path)


def test_a_desk_gets_its_token_over_tls(tmp_path: Path, capsys: Captured) -> None:
    path = tmp_path / "desks"
    key = add(path, "desk", capsys)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(CERTS / "service.pem")

    async def test(company: Company, url: str) -> None:
        asked = url.replace("127.0.0.1", "localhost")
        assert asked.startswith("https://")
        tokens = Tokens(Network(company.upstream.url, ca_file=CA_FILE), DeskKey(asked, key), wall=company.wall)
        try:
            # the Date header tells this computer's time, by which the desk corrects its own
            granted = await tokens.get()
            assert isinstance(granted, TokenGranted)
            assert tokens.bearer == "token-1"
            tokens.use(tokens.network, DeskKey(asked, "another"))
            refused = Fault(FaultKind.DESK_KEY_REFUSED, "localhost: desk-key unknown desk key")
            assert await tokens.get() == TokenRefused(refused)
        finally:
            await tokens.aclose()

    on_the_wire(test, path, tls)


def test_a_port_that_is_taken_is_told(tmp_path: Path, capsys: Captured) -> None:
    path = tmp_path / "desks"
    add(path, "desk", capsys)

    async def test(company: Company, url: str) -> None:
        port = urlsplit(url).port
        assert port is not None
        with pytest.raises(NotOpened):
            async with serving(company.service, "127.0.0.1", port, None):
                pass

    on_the_wire(test, path)


# ---------------------------------------------------------------- the program


def test_the_program_says_when_it_is_ready_logs_no_secret_and_ends_in_order(tmp_path: Path, capsys: Captured) -> None:
    path = tmp_path / "desks"
    key = add(path, "desk-017", capsys)
    keys = {"RTZR_CLIENT_ID": "the-id", "RTZR_CLIENT_SECRET": SECRET}
    with EmulatedService(credentials=("the-id", SECRET)) as service:
        command = ["-m", "captioner", "token-service", "--desks", str(path), "--endpoint", service.url]
        with Program(command, env=keys) as program:
            url = program.wait_for(r"listening on (http://127\.0\.0\.1:\d+/token)")[1]
            bearer = asyncio.run(ask(url, key))
            with contextlib.suppress(ConnectionError):
                asyncio.run(ask(url, "wrong-key"))
            if sys.platform == "win32":
                return  # there is no polite end from another program there
            program.terminate()
            assert program.finish() == 0
    said = "\n".join([*program.lines, *program.errors])
    assert "127.0.0.1 desk-017 200 new" in said
    assert "127.0.0.1 - 401 desk-key unknown desk key" in said
    assert len(program.lines) == 1
    assert bearer is not None
    for secret in (key, bearer, SECRET, "wrong-key"):
        assert secret not in said


async def ask(url: str, key: str) -> str | None:
    tokens = Tokens(Network("http://127.0.0.1:9"), DeskKey(url, key))
    try:
        await tokens.get()
        return tokens.bearer
    finally:
        await tokens.aclose()


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="needs a folder that cannot be written")
def test_a_file_that_cannot_be_written_is_told(tmp_path: Path, capsys: Captured) -> None:
    tmp_path.chmod(0o500)
    assert main(["token-service", "--desks", str(tmp_path / "desks"), "--add", "a"]) == 2
    assert "could not be written" in capsys.readouterr().err
