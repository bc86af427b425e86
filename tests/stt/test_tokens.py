"""Tokens: asked for once, kept as long as they are good, renewed in time, and never shown."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from email.utils import formatdate
from typing import TypeVar

import pytest

from captioner.account import Account, DeskKey
from captioner.errors import Fault, FaultKind
from captioner.events import TokenGranted, TokenRefused
from captioner.settings import Settings
from captioner.stt.network import KNOCK_AGAIN, Network, Route, Way
from captioner.stt.tokens import Tokens
from tests.stt.loopback import CA_FILE, Answer, Proxy, Request, Service, http, token

ACCOUNT = Account("an-id", "a-secret-&=한")
HOUR = 3600.0
T = TypeVar("T")


class Wall:
    """A wall clock that a test sets."""

    def __init__(self, now: float = 1_700_000_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def with_service(
    test: Callable[[Service, Tokens, Wall], Awaitable[T]], *answers: Answer, account: Account | None = ACCOUNT
) -> T:
    """Run `test` with a service that gives these answers and with tokens of it."""

    async def run() -> T:
        async with Service(*answers) as service:
            wall = Wall()
            tokens = Tokens(Network(service.url), account, wall=wall)
            try:
                return await test(service, tokens, wall)
            finally:
                await tokens.aclose()

    return asyncio.run(run())


def lasting(seconds: float, bearer: str = "token-1", **headers: str) -> bytes:
    """A token that lives so long from the beginning of the test."""
    return token(bearer, Wall().now + seconds, **headers)


def test_a_token_is_asked_for_with_a_form() -> None:
    async def test(service: Service, tokens: Tokens, wall: Wall) -> None:
        assert await tokens.get() == TokenGranted(6 * HOUR, requested=True)
        [request] = service.requests
        assert (request.method, request.target) == ("POST", "/v1/authenticate")
        assert request.form == {"client_id": ["an-id"], "client_secret": ["a-secret-&=한"]}
        assert request.headers["content-type"] == "application/x-www-form-urlencoded"
        assert request.headers["accept"] == "application/json"
        assert request.headers["host"] == service.url.removeprefix("http://")
        assert request.headers["user-agent"].startswith("captioner/")
        assert tokens.bearer == "token-1"

    with_service(test, lasting(6 * HOUR))


def test_a_token_is_kept_until_five_minutes_before_its_end() -> None:
    async def test(service: Service, tokens: Tokens, wall: Wall) -> None:
        await tokens.get()
        wall.now += 6 * HOUR - 301
        assert await tokens.get() == TokenGranted(301, requested=False)
        wall.now += 2
        assert await tokens.get() == TokenGranted(6 * HOUR, requested=True)
        assert tokens.bearer == "token-2"
        assert len(service.requests) == 2

    with_service(test, lasting(6 * HOUR), lasting(12 * HOUR - 299, "token-2"))


def test_a_short_lived_token_is_kept_for_three_quarters_of_its_life() -> None:
    async def test(service: Service, tokens: Tokens, wall: Wall) -> None:
        await tokens.get()
        wall.now += 149
        assert await tokens.get() == TokenGranted(51, requested=False)
        wall.now += 2
        assert (await tokens.get()) == TokenGranted(200, requested=True)

    with_service(test, lasting(200), lasting(351))


def test_a_token_is_renewed_ahead_at_most_once_a_minute() -> None:
    async def test(service: Service, tokens: Tokens, wall: Wall) -> None:
        await tokens.get()
        wall.now += 30
        assert await tokens.get() == TokenGranted(10, requested=False)
        wall.now += 10
        assert await tokens.get() == TokenGranted(40, requested=True)

    with_service(test, lasting(40), lasting(80))


def test_a_token_that_cannot_be_renewed_ahead_serves_to_its_end() -> None:
    async def test(service: Service, tokens: Tokens, wall: Wall) -> None:
        await tokens.get()
        wall.now += HOUR - 200
        assert await tokens.get() == TokenGranted(200, requested=False)
        assert await tokens.get() == TokenGranted(200, requested=False)
        assert len(service.requests) == 2
        wall.now += 200
        assert await tokens.get() == TokenRefused(Fault(FaultKind.SERVICE_DOWN, "HTTP 503"))

    with_service(test, lasting(HOUR), http(503))


def test_a_clock_that_was_set_back_makes_a_token_unknown() -> None:
    async def test(service: Service, tokens: Tokens, wall: Wall) -> None:
        await tokens.get()
        wall.now -= 24 * HOUR
        granted = await tokens.get()
        assert isinstance(granted, TokenGranted)
        assert granted.requested

    with_service(test, lasting(HOUR))


def test_the_services_clock_is_believed_where_ours_is_wrong() -> None:
    async def test(service: Service, tokens: Tokens, wall: Wall) -> None:
        assert await tokens.get() == TokenGranted(6 * HOUR, requested=True)
        wall.now += HOUR
        assert await tokens.get() == TokenGranted(5 * HOUR, requested=False)

    ahead = Wall().now + 24 * HOUR  # the service's clock, so that ours is a day slow
    with_service(test, token("token-1", ahead + 6 * HOUR, Date=formatdate(ahead, usegmt=True)))


def test_a_small_difference_of_clocks_is_left_alone() -> None:
    async def test(service: Service, tokens: Tokens, wall: Wall) -> None:
        assert await tokens.get() == TokenGranted(HOUR, requested=True)

    with_service(test, lasting(HOUR, Date=formatdate(Wall().now + 50, usegmt=True)))


@pytest.mark.parametrize("date", ["yesterday", "Mon, 99 Foo 2024 00:00:00 GMT"])
def test_a_new_token_is_good_for_its_usual_life_where_no_clock_can_be_believed(date: str) -> None:
    async def test(service: Service, tokens: Tokens, wall: Wall) -> None:
        assert await tokens.get() == TokenGranted(6 * HOUR, requested=True)
        assert await tokens.get() == TokenGranted(6 * HOUR, requested=False)

    with_service(test, lasting(-24 * HOUR, Date=date))


def test_a_fresh_token_is_never_the_kept_one() -> None:
    async def test(service: Service, tokens: Tokens, wall: Wall) -> None:
        await tokens.get()
        assert await tokens.get(fresh=True) == TokenGranted(HOUR, requested=True)
        assert tokens.bearer == "token-2"

    with_service(test, lasting(HOUR), lasting(HOUR, "token-2"))


def test_no_old_token_is_left_where_a_fresh_one_is_refused() -> None:
    async def test(service: Service, tokens: Tokens, wall: Wall) -> None:
        await tokens.get()
        assert await tokens.get(fresh=True) == TokenRefused(Fault(FaultKind.CREDENTIALS_REFUSED, "H0002 no"))
        assert tokens.bearer is None

    with_service(test, lasting(HOUR), http(401, '{"code":"H0002","msg":"no"}'))


def test_all_who_ask_at_once_share_one_request() -> None:
    async def test(service: Service, tokens: Tokens, wall: Wall) -> None:
        answers = await asyncio.gather(tokens.get(), tokens.get(), tokens.get(fresh=True), tokens.get())
        assert set(answers) == {TokenGranted(HOUR, requested=True)}
        assert len(service.requests) == 1

    with_service(test, lasting(HOUR))


def test_who_stops_waiting_does_not_stop_the_others() -> None:
    asked, answer = asyncio.Event(), asyncio.Event()

    async def slowly(_: Request) -> bytes:
        asked.set()
        await answer.wait()
        return lasting(HOUR)

    async def test(service: Service, tokens: Tokens, wall: Wall) -> None:
        impatient, patient = asyncio.create_task(tokens.get()), asyncio.create_task(tokens.get())
        await asked.wait()
        impatient.cancel()
        await asyncio.wait({impatient})
        answer.set()
        assert await patient == TokenGranted(HOUR, requested=True)

    with_service(test, slowly)


def test_another_account_drops_the_token() -> None:
    async def test(service: Service, tokens: Tokens, wall: Wall) -> None:
        await tokens.get()
        tokens.use(tokens.network, Account("another", "one"))
        assert tokens.bearer is None
        await tokens.get()
        assert [request.form["client_id"] for request in service.requests] == [["an-id"], ["another"]]

    with_service(test, lasting(HOUR))


def test_the_same_account_and_another_way_keep_the_token() -> None:
    async def test(service: Service, tokens: Tokens, wall: Wall) -> None:
        await tokens.get()
        tokens.use(tokens.network, ACCOUNT)
        tokens.use(Network(service.url, proxy="http://127.0.0.1:9"), ACCOUNT)
        assert await tokens.get() == TokenGranted(HOUR, requested=False)

    with_service(test, lasting(HOUR))


def test_a_request_of_another_account_is_asked_again_for_the_new_one() -> None:
    asked, hold = asyncio.Event(), asyncio.Event()

    async def never(_: Request) -> bytes:
        asked.set()
        await hold.wait()
        return b""

    async def test(service: Service, tokens: Tokens, wall: Wall) -> None:
        waiting = asyncio.create_task(tokens.get())
        await asked.wait()
        tokens.use(tokens.network, Account("another", "one"))
        assert await tokens.get() == TokenGranted(HOUR, requested=True)
        assert isinstance(await waiting, TokenGranted)
        assert [request.form["client_id"] for request in service.requests] == [["an-id"], ["another"]]

    with_service(test, never, lasting(HOUR))


def test_a_request_over_which_the_computer_slept_is_made_again_once_for_all_lanes() -> None:
    asked, hold = asyncio.Event(), asyncio.Event()
    slept = [5000.0]  # since it was started

    async def never(_: Request) -> bytes:
        asked.set()
        await hold.wait()
        return b""

    async def run() -> None:
        async with Service(never, lasting(HOUR)) as service:
            tokens = Tokens(Network(service.url), ACCOUNT, wall=Wall(), asleep=lambda: slept[0])
            waiting = asyncio.create_task(tokens.get())
            await asked.wait()
            slept[0] += 3600.0
            for each in await asyncio.gather(tokens.get(), tokens.get()):
                assert each == TokenGranted(HOUR, requested=True)
            assert isinstance(await waiting, TokenGranted)
            assert len(service.requests) == 2
            await tokens.aclose()

    asyncio.run(run())


def test_a_service_that_takes_its_time_is_asked_once() -> None:
    async def slow(_: Request) -> bytes:
        await asyncio.sleep(KNOCK_AGAIN * 1.5)
        return lasting(HOUR)

    async def test(service: Service, tokens: Tokens, wall: Wall) -> None:
        assert await tokens.get() == TokenGranted(HOUR, requested=True)
        assert len(service.requests) == 1

    with_service(test, slow)


def test_a_service_that_takes_its_time_behind_a_proxy_is_asked_once() -> None:
    async def slow(_: Request) -> bytes:
        await asyncio.sleep(KNOCK_AGAIN * 1.5)
        return lasting(HOUR)

    async def run() -> None:
        async with Service(slow, tls=True) as service, Proxy(service.port) as proxy:
            network = Network("https://service.test", proxy=proxy.url, ca_file=CA_FILE)
            tokens = Tokens(network, ACCOUNT, wall=Wall())
            assert await tokens.get() == TokenGranted(HOUR, requested=True)
            assert (len(service.requests), len(proxy.targets)) == (1, 1)
            await tokens.aclose()

    asyncio.run(run())


def test_without_an_account_nothing_is_asked() -> None:
    async def test(service: Service, tokens: Tokens, wall: Wall) -> None:
        assert await tokens.get() == TokenRefused(Fault(FaultKind.CREDENTIALS_MISSING))
        assert service.requests == []

    with_service(test, account=None)


def test_closing_ends_a_request_that_hangs() -> None:
    asked = asyncio.Event()

    async def never(_: Request) -> bytes:
        asked.set()
        await asyncio.Event().wait()
        return b""

    async def test(service: Service, tokens: Tokens, wall: Wall) -> None:
        waiting = asyncio.create_task(tokens.get())
        await asked.wait()
        await tokens.aclose()
        await asyncio.wait({waiting})
        assert waiting.cancelled()

    with_service(test, never)


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        (http(400, '{"code":"H0001","msg":"client_id"}'), Fault(FaultKind.CREDENTIALS_REFUSED, "H0001 client_id")),
        (http(401, '{"code":"H0002","msg":"no"}'), Fault(FaultKind.CREDENTIALS_REFUSED, "H0002 no")),
        (http(429, '{"code":"A0001","msg":"quota"}'), Fault(FaultKind.QUOTA, "A0001 quota")),
        (http(429), Fault(FaultKind.BUSY, "HTTP 429")),
        (http(500, '{"code":"E500","msg":"oops"}'), Fault(FaultKind.SERVICE_DOWN, "E500 oops")),
        (http(200, "<html>please sign in</html>"), Fault(FaultKind.NOT_THE_SERVICE, "an answer without a token")),
        (http(200, "x" * 1_000_000), Fault(FaultKind.NOT_THE_SERVICE, "an answer without a token")),
        (http(302, Location="http://127.0.0.1:9/elsewhere"), Fault(FaultKind.NOT_THE_SERVICE, "HTTP 302")),
        (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", Fault(FaultKind.NOT_THE_SERVICE, "no valid HTTP")),
        (b"", Fault(FaultKind.UNREACHABLE, "closed without an answer")),
        (
            http(401, '{"code":"H0002","msg":"a-secret-&=한 is wrong"}'),
            Fault(FaultKind.CREDENTIALS_REFUSED, "H0002 […] is wrong"),
        ),
    ],
)
def test_each_answer_that_is_no_token_has_its_fault(answer: bytes, fault: Fault) -> None:
    async def test(service: Service, tokens: Tokens, wall: Wall) -> None:
        assert await tokens.get() == TokenRefused(fault)
        assert len(service.requests) == 1

    with_service(test, answer)


def ask(network: Network) -> TokenGranted | Fault:
    """Ask once over `network`."""

    async def run() -> TokenGranted | Fault:
        tokens = Tokens(network, ACCOUNT)
        answer = await tokens.get()
        await tokens.aclose()
        return answer.fault if isinstance(answer, TokenRefused) else answer

    return asyncio.run(run())


def test_a_port_that_nobody_listens_on_is_unreachable() -> None:
    async def free_port() -> int:
        async with Service() as service:
            return service.port

    port = asyncio.run(free_port())
    refused = Fault(FaultKind.UNREACHABLE, "connection refused")
    assert ask(Network(f"http://127.0.0.1:{port}")) == refused
    assert ask(Network(f"http://localhost:{port}")) == refused


def test_a_name_that_cannot_be_is_unreachable() -> None:
    name = "a" * 70 + ".test"
    assert ask(Network(f"https://{name}")) == Fault(FaultKind.UNREACHABLE, f"no such host: {name}")
    assert ask(Network("https://service..test")) == Fault(FaultKind.UNREACHABLE, "no such host: service..test")


# ---------------------------------------------------------------- TLS and proxies


def test_a_certificate_of_an_own_authority_is_trusted_where_it_is_set() -> None:
    async def run() -> None:
        async with Service(tls=True) as service:
            tokens = Tokens(Network(service.url, ca_file=CA_FILE), ACCOUNT)
            assert isinstance(await tokens.get(), TokenGranted)
            tokens.use(Network(service.url), ACCOUNT)
            refused = await tokens.get(fresh=True)
            assert isinstance(refused, TokenRefused)
            assert refused.fault.kind is FaultKind.CERTIFICATE
            assert refused.fault.detail

    asyncio.run(run())


def test_a_certificate_for_another_name_is_refused() -> None:
    async def run() -> None:
        async with Service(tls=True) as service:
            tokens = Tokens(Network(f"https://127.0.0.1:{service.port}", ca_file=CA_FILE), ACCOUNT)
            refused = await tokens.get()
            assert isinstance(refused, TokenRefused)
            assert refused.fault.kind is FaultKind.CERTIFICATE

    asyncio.run(run())


def test_an_authority_that_cannot_be_read_is_said_with_its_file(private_home: object) -> None:
    assert ask(Network("https://localhost:1", ca_file="no/such.pem")) == Fault(
        FaultKind.CERTIFICATE, "no/such.pem: No such file or directory"
    )
    assert ask(Network("https://localhost:1", ca_file=__file__)) == Fault(
        FaultKind.CERTIFICATE, f"{__file__}: no certificates in it"
    )
    assert ask(Network("https://localhost:1", ca_file="a\0b")) == Fault(FaultKind.CERTIFICATE, "a b: no file name")


def test_what_does_not_speak_tls_is_not_the_service() -> None:
    async def hello(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(http(400))
        writer.close()

    async def run() -> None:
        async with await asyncio.start_server(hello, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            tokens = Tokens(Network(f"https://127.0.0.1:{port}"), ACCOUNT)
            assert await tokens.get() == TokenRefused(Fault(FaultKind.NOT_THE_SERVICE, "no valid TLS"))

    asyncio.run(run())


class FixedWay(Way):
    """A way whose addresses a test chooses, as if they had been looked up."""

    def __init__(self, network: Network, *addresses: str) -> None:
        super().__init__(network)
        self.addresses = addresses

    async def find(self) -> Route:
        route = await Way(Network(f"https://localhost:{self.network.base_url}", ca_file=CA_FILE)).find()
        port = route.port
        return Route(
            f"https://service.test:{port}",
            f"service.test:{port}",
            "service.test",
            self.addresses,
            port,
            None,
            route.tls,
            route.user_agent,
        )


def test_a_looked_up_address_is_connected_to_under_the_services_own_name() -> None:
    async def run() -> None:
        async with Service(tls=True) as service:
            tokens = Tokens(Network("unused"), ACCOUNT)
            tokens.way = FixedWay(Network(str(service.port)), "127.0.0.1")
            assert isinstance(await tokens.get(), TokenGranted)
            assert service.requests[0].headers["host"] == f"service.test:{service.port}"
            assert service.server_names == ["service.test"]

    asyncio.run(run())


def test_another_address_is_tried_where_one_does_not_answer() -> None:
    async def run() -> None:
        async with Service(tls=True) as service:
            tokens = Tokens(Network("unused"), ACCOUNT)
            tokens.way = FixedWay(Network(str(service.port)), "::1", "127.0.0.1")
            assert isinstance(await tokens.get(), TokenGranted)

    asyncio.run(run())


def test_a_proxy_of_the_settings_leads_to_the_service() -> None:
    async def run() -> None:
        async with Service(tls=True) as service, Proxy(service.port) as proxy:
            network = Network("https://service.test", proxy=f"http://{proxy.address}", ca_file=CA_FILE)
            tokens = Tokens(network, ACCOUNT)
            assert isinstance(await tokens.get(), TokenGranted)
            assert proxy.targets == ["service.test:443"]
            assert service.requests[0].headers["host"] == "service.test"

    asyncio.run(run())


def test_a_proxy_of_the_environment_is_used_with_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    async def run() -> None:
        async with Service(tls=True) as service, Proxy(service.port) as proxy:
            monkeypatch.setenv("HTTPS_PROXY", f"person:pass@{proxy.address}")
            monkeypatch.setenv("https_proxy", f"person:pass@{proxy.address}")
            tokens = Tokens(Network("https://service.test", ca_file=CA_FILE), ACCOUNT)
            assert isinstance(await tokens.get(), TokenGranted)
            assert proxy.authorizations == ["Basic cGVyc29uOnBhc3M="]

    asyncio.run(run())


def test_no_proxy_is_used_for_this_computer(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")

    async def test(service: Service, tokens: Tokens, wall: Wall) -> None:
        assert isinstance(await tokens.get(), TokenGranted)
        tokens.use(Network(service.url, proxy="http://127.0.0.1:9"), ACCOUNT)
        assert isinstance(await tokens.get(fresh=True), TokenGranted)

    with_service(test, lasting(HOUR))


def test_a_name_is_looked_up_and_may_be_kept_from_the_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "127.1")  # an old way to write 127.0.0.1, which only the system understands

    async def test(service: Service, tokens: Tokens, wall: Wall) -> None:
        tokens.use(Network(f"http://127.1:{service.port}"), ACCOUNT)
        assert isinstance(await tokens.get(), TokenGranted)
        assert service.requests[0].headers["host"] == f"127.1:{service.port}"

    with_service(test, lasting(HOUR))


def test_the_network_is_that_of_the_settings() -> None:
    chosen = Settings(endpoint="https://service.test/", proxy="http://proxy.test:3128", ca_file="own.pem")
    assert Network.of(chosen) == Network("https://service.test", "http://proxy.test:3128", "own.pem")


@pytest.mark.parametrize("status", [407, 502])
def test_a_proxy_that_refuses_is_said(status: int) -> None:
    async def run() -> None:
        async with Proxy(9, http(status)) as proxy:
            tokens = Tokens(Network("https://service.test", proxy=f"http://{proxy.address}"), ACCOUNT)
            refused = await tokens.get()
            assert isinstance(refused, TokenRefused)
            assert refused.fault.kind is FaultKind.PROXY
            assert str(status) in refused.fault.detail

    asyncio.run(run())


@pytest.mark.parametrize(
    ("proxy", "detail"),
    [
        ("http://127.0.0.1:9", "connection refused"),
        ("http://localhost:9", "connection refused"),
        ("https://127.0.0.1:9", "https proxies are not supported"),
        ("socks5://127.0.0.1:9", "socks5 proxies are not supported"),
        ("http://127.0.0.1:nine", "its address cannot be read"),
        ("http://", "its address cannot be read"),
    ],
)
def test_a_proxy_that_is_not_there_or_cannot_be_used_is_said(proxy: str, detail: str) -> None:
    assert ask(Network("https://service.test", proxy=proxy)) == Fault(FaultKind.PROXY, detail)


# ---------------------------------------------------------------- secrets


def test_neither_secret_nor_token_is_ever_logged(caplog: pytest.LogCaptureFixture) -> None:
    async def test(service: Service, tokens: Tokens, wall: Wall) -> None:
        await tokens.get()
        await tokens.get(fresh=True)
        assert "token-1" not in repr(tokens)

    with caplog.at_level(logging.DEBUG):
        with_service(test, lasting(HOUR), http(401, '{"msg":"a-secret-&=한"}'))
    assert "> token request" in caplog.text
    for secret in ("an-id", "a-secret", "token-1"):
        assert secret not in caplog.text


# ---------------------------------------------------------------- tokens of the company's own service


def at_desk(
    test: Callable[[Service, Tokens, Wall], Awaitable[T]], *answers: Answer, key: str = "desk-key-1", tls: bool = False
) -> T:
    """Run `test` with the company's token service, and tokens of a desk; the service of speech gives none."""

    async def run() -> T:
        async with Service(*answers, tls=tls) as company:
            wall = Wall()
            network = Network("http://127.0.0.1:9", ca_file=CA_FILE if tls else "")
            tokens = Tokens(network, DeskKey(f"{company.url}/a/token", key), wall=wall)
            try:
                return await test(company, tokens, wall)
            finally:
                await tokens.aclose()

    return asyncio.run(run())


def test_a_desk_asks_its_companys_service_with_its_key_and_nothing_else() -> None:
    async def test(company: Service, tokens: Tokens, wall: Wall) -> None:
        assert await tokens.get() == TokenGranted(6 * HOUR, requested=True)
        assert await tokens.get() == TokenGranted(6 * HOUR, requested=False)
        assert tokens.bearer == "token-1"
        [request] = company.requests
        assert (request.method, request.target, request.body) == ("POST", "/a/token", b"")
        assert request.headers["authorization"] == "Bearer desk-key-1"
        assert "cache-control" not in request.headers

    at_desk(test, lasting(6 * HOUR))


def test_a_desk_says_that_it_wants_another_token_than_the_one_that_was_refused() -> None:
    async def test(company: Service, tokens: Tokens, wall: Wall) -> None:
        await tokens.get()
        assert await tokens.get(fresh=True) == TokenGranted(HOUR, requested=True)
        assert tokens.bearer == "token-2"
        assert company.requests[1].headers["cache-control"] == "no-cache"

    at_desk(test, lasting(HOUR), lasting(HOUR, "token-2"))


def test_the_companys_service_is_verified_by_its_own_authority() -> None:
    async def test(company: Service, tokens: Tokens, wall: Wall) -> None:
        assert isinstance(await tokens.get(), TokenGranted)
        tokens.use(Network("http://127.0.0.1:9"), DeskKey(f"{company.url}/a/token", "desk-key-1"))
        answer = await tokens.get(fresh=True)
        assert isinstance(answer, TokenRefused)
        assert answer.fault.kind is FaultKind.CERTIFICATE
        assert answer.fault.detail.startswith("localhost: ")

    at_desk(test, lasting(HOUR), tls=True)


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        (http(401, '{"code":"desk-key","msg":"unknown"}'), Fault(FaultKind.DESK_KEY_REFUSED, "desk-key unknown")),
        (http(403), Fault(FaultKind.DESK_KEY_REFUSED, "HTTP 403")),
        (http(429, '{"code":"rate","msg":"too many"}'), Fault(FaultKind.TOKEN_SERVICE, "rate too many")),
        (http(502, '{"msg":"refused"}'), Fault(FaultKind.TOKEN_SERVICE, "refused")),
        (http(400), Fault(FaultKind.TOKEN_SERVICE, "HTTP 400")),
        (http(302, Location="https://elsewhere.example"), Fault(FaultKind.NOT_THE_SERVICE, "HTTP 302")),
        (http(200, "<html>"), Fault(FaultKind.NOT_THE_SERVICE, "an answer without a token")),
        (http(503, '{"msg":"not desk-key-1"}'), Fault(FaultKind.TOKEN_SERVICE, "not […]")),
    ],
)
def test_what_the_companys_service_refuses_is_told_as_its_own(answer: bytes, fault: Fault) -> None:
    async def test(company: Service, tokens: Tokens, wall: Wall) -> None:
        assert await tokens.get() == TokenRefused(Fault(fault.kind, f"127.0.0.1: {fault.detail}"))

    at_desk(test, answer)


def test_a_company_service_that_is_not_there_is_told_with_its_name() -> None:
    async def test(company: Service, tokens: Tokens, wall: Wall) -> None:
        company.shut()
        assert await tokens.get() == TokenRefused(Fault(FaultKind.UNREACHABLE, "127.0.0.1: connection refused"))

    at_desk(test)


@pytest.mark.parametrize("key", ["두 글자", "a b", "a\nX-Other: 1", "x" * 513])
def test_what_no_header_can_hold_is_not_sent(key: str) -> None:
    async def test(company: Service, tokens: Tokens, wall: Wall) -> None:
        answer = await tokens.get()
        assert answer == TokenRefused(Fault(FaultKind.DESK_KEY_REFUSED, "127.0.0.1: no key looks like this"))
        assert company.requests == []

    at_desk(test, key=key)


def test_a_token_of_another_desk_key_is_dropped() -> None:
    async def test(company: Service, tokens: Tokens, wall: Wall) -> None:
        await tokens.get()
        tokens.use(tokens.network, DeskKey(f"{company.url}/a/token", "desk-key-2"))
        assert tokens.bearer is None
        assert await tokens.get() == TokenGranted(HOUR, requested=True)
        assert company.requests[1].headers["authorization"] == "Bearer desk-key-2"
        tokens.use(Network(company.url), ACCOUNT)
        assert isinstance(await tokens.get(), TokenGranted)
        assert company.requests[2].target == "/v1/authenticate"

    at_desk(test, lasting(HOUR))


def test_neither_a_desks_key_nor_its_token_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    async def test(company: Service, tokens: Tokens, wall: Wall) -> None:
        await tokens.get()

    with caplog.at_level(logging.DEBUG):
        at_desk(test, lasting(HOUR))
    assert "token request" in caplog.text
    assert "desk-key-1" not in caplog.text
    assert "token-1" not in caplog.text
