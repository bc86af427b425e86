"""The token: asked for over HTTPS, kept until shortly before its end, shared by all lanes.

It comes from the service itself, for an account; or, where the company's policy says so, from the company's own token
service, for the key of a desk: `POST {token_url}` with `Authorization: Bearer KEY`, answered by the same body as the
service's own. `Cache-Control: no-cache` asks that for another token than the one that was refused.
"""

from __future__ import annotations

import asyncio
import logging
import re
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime
from functools import partial
from typing import TYPE_CHECKING, assert_never
from urllib.parse import urlsplit

from captioner.account import Account, Credentials, DeskKey
from captioner.errors import Fault, FaultError, FaultKind
from captioner.events import TokenGranted, TokenRefused
from captioner.sleep import SLEPT, slept
from captioner.stt import rtzr
from captioner.stt.network import (
    OPEN_TIMEOUT,
    Network,
    Route,
    Way,
    fault_of_system,
    first_that_answers,
    http_client,
    quiet_libraries,
    staggered,
)

if TYPE_CHECKING:
    import httpx

_log = logging.getLogger(__name__)

MAX_ANSWER = 64 * 1024  # bytes of an answer that are read
_KEY = re.compile(r"[\x21-\x7e]{1,512}")  # what may be the key of a desk

USUAL_LIFE = 6 * 3600.0  # of a token: https://developers.rtzr.ai/docs/en/authentications
AHEAD = 300.0  # seconds before its end from which a token is renewed, if a quarter of its life is not less
AHEAD_INTERVAL = 60.0  # seconds between attempts to renew a token that is still good
SKEW = 60.0  # seconds by which two clocks may differ without being corrected


class Tokens:
    """The token of an account or a desk, shared by all lanes.

    One request at a time: who asks while one is under way gets its answer, unless the computer has slept since: then
    nobody answers any more, and it is asked again. A token is kept until a little before its
    expiry, by the wall clock (which goes on while the machine sleeps), corrected by the service's own clock where the
    two differ by more than a minute.

    Args:
        account: None where there is none yet; every request is refused then.
        wall: Unix seconds.
        asleep: seconds that the computer has slept so far.

    Attributes:
        way: how a connection is made that uses the token.
        bearer: the token itself, None without one; for `Link` alone.
    """

    def __init__(
        self,
        network: Network,
        account: Credentials | None,
        *,
        wall: Callable[[], float] = time.time,
        asleep: Callable[[], float] = slept,
    ) -> None:
        quiet_libraries()
        self._network, self._account, self._wall, self._asleep = network, account, wall, asleep
        self.way = Way(network)
        self._desk_way = self._find_desk_way()
        self._change = 0  # counts changes of network and account, and requests that were given up
        self._flight: asyncio.Task[TokenGranted | TokenRefused] | None = None
        self._flights: set[asyncio.Task[TokenGranted | TokenRefused]] = set()  # those that were given up among them
        self.bearer: str | None = None
        self._expire_at = self._life = 0.0
        self._asked_at: float | None = None
        self._slept = 0.0  # how long the computer had slept when the last request was made
        self._client: httpx.AsyncClient | None = None
        self._client_for: tuple[str | None, ssl.SSLContext | None] = None, None  # proxy and authorities that it has

    @property
    def network(self) -> Network:
        """What the next connection uses."""
        return self._network

    def _find_desk_way(self) -> Way | None:
        """Return the way to the company's token service, where tokens come from there."""
        account = self._account
        return Way(replace(self._network, base_url=account.token_url)) if isinstance(account, DeskKey) else None

    def use(self, network: Network, account: Credentials | None) -> None:
        """Use another network or account from now on. A token of another account or endpoint is dropped."""
        if (network, account) == (self._network, self._account):
            return
        if (network.base_url, account) != (self._network.base_url, self._account):
            self.bearer = None
        if network != self._network:
            self.way = Way(network)
        self._network, self._account = network, account
        self._desk_way = self._find_desk_way()
        self._give_up()

    def _give_up(self) -> None:
        """End the request that is under way, if any; whoever waits for it asks again."""
        self._change += 1
        if self._flight is not None:
            self._flight.cancel()
            self._flight = None

    async def get(self, fresh: bool = False) -> TokenGranted | TokenRefused:
        """Have a token: the one that is kept, or else a new one.

        Args:
            fresh: not the kept one. A request that is under way is shared all the same.
        """
        if fresh:
            self.bearer = None
        if self._flight is not None and not self._flight.done() and self._asleep() - self._slept >= SLEPT:
            self._give_up()
        while True:
            if self._flight is None or self._flight.done():
                kept = None if fresh else self._kept()
                if kept is not None:
                    return kept
                self._slept = self._asleep()
                self._flight = asyncio.get_running_loop().create_task(self._request(fresh))
                self._flights.add(self._flight)
                self._flight.add_done_callback(self._flights.discard)
            change, flight = self._change, self._flight
            await asyncio.wait({flight})
            if change == self._change:  # else it was for another account or network: ask again
                return flight.result()

    def refused(self, fault: Fault) -> Fault:
        """Say of a refused handshake whose token it was, where it came from the company's token service."""
        refusals = FaultKind.TOKEN_EXPIRED, FaultKind.CREDENTIALS_REFUSED
        ours = isinstance(self._account, DeskKey) and fault.kind in refusals
        return Fault(FaultKind.DESK_TOKEN_REFUSED, fault.detail) if ours else fault

    async def prepare(self) -> None:
        """Learn what the system knows of the way, and have the client made, so that the first request need not.

        Raises:
            FaultError: there is no way.
        """
        await self._client_of(await self.way.find())

    async def aclose(self) -> None:
        """End the request that is under way, if any; whoever waits for it gets a CancelledError."""
        for flight in self._flights:
            flight.cancel()
        if self._flights:
            await asyncio.wait(set(self._flights))
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    def _kept(self) -> TokenGranted | None:
        """Return the token at hand where it may be used and need not (or, asked a moment ago, cannot) be renewed."""
        left = self._left()
        if left is None:
            return None
        lately = self._asked_at is not None and 0 <= self._wall() - self._asked_at < AHEAD_INTERVAL
        return TokenGranted(left, requested=False) if lately or left > min(AHEAD, self._life / 4) else None

    def _left(self) -> float | None:
        """Return the seconds that the token at hand has still to live; None without a living one.

        More than it ever had says that the wall clock was set back: then nobody knows.
        """
        left = self._expire_at - self._wall()
        return left if self.bearer is not None and 0 < left <= self._life else None

    async def _request(self, fresh: bool) -> TokenGranted | TokenRefused:
        account = self._account
        if account is None:
            return TokenRefused(Fault(FaultKind.CREDENTIALS_MISSING))
        self._asked_at = self._wall()
        _log.debug("> token request")
        answer = await self._ask(account, fresh)
        now = self._wall()
        if isinstance(answer, Fault):
            _log.debug("! token: %s", answer.kind)
            left = self._left()
            return TokenRefused(answer) if left is None else TokenGranted(left, requested=False)
        token, sent_at = answer
        if sent_at is None or abs(sent_at - now) <= SKEW:
            sent_at = now
        life = token.expire_at - sent_at
        # A token that is new and expired at once is a clock that is wrong: the service knows its own better.
        self._life = life if life > 0 else USUAL_LIFE
        self.bearer, self._expire_at = token.bearer, now + self._life
        _log.debug("< token for %.0f s", self._life)
        return TokenGranted(self._life, requested=True)

    async def _ask(self, account: Credentials, fresh: bool) -> tuple[rtzr.Token, float | None] | Fault:
        """Return a new token and the time at the service, None where it does not say."""
        answer = await self._exchange(account, fresh)
        if isinstance(answer, _Answer) and answer.status == 200:
            token = rtzr.parse_token(answer.body)
            if not isinstance(token, Fault):
                return token, answer.sent_at
            fault = token
        elif isinstance(answer, _Answer):
            fault = rtzr.fault_of_response(answer.status, answer.body, at="token")
        else:
            fault = answer
        match account:
            case Account(client_secret=secret):
                # a request for a token holds nothing but the keys: what it finds fault with are they
                kind = FaultKind.CREDENTIALS_REFUSED if fault.kind is FaultKind.BAD_REQUEST else fault.kind
                return Fault(kind, fault.detail.replace(secret, "[…]"))
            case DeskKey(token_url, key):
                return _fault_at_token_service(fault, token_url, key)
            case _:
                assert_never(account)

    async def _exchange(self, account: Credentials, fresh: bool) -> _Answer | Fault:
        if isinstance(account, DeskKey) and not _KEY.fullmatch(account.key):
            return Fault(FaultKind.CREDENTIALS_REFUSED, "no key looks like this")  # and no header can hold it
        route = None
        try:
            async with asyncio.timeout(OPEN_TIMEOUT):
                route = await (self._desk_way or self.way).find()
                client = await self._client_of(route)
                post = partial(_post, client, route, account, fresh)
                return await first_that_answers(route.addresses, lambda address: staggered(partial(post, address)))
        except Exception as error:
            return _fault_of_http(error, proxied=route is not None and route.proxy is not None)

    async def _client_of(self, route: Route) -> httpx.AsyncClient:
        """Return the client for this route, the same one for as long as its proxy and its authorities are the same.

        It keeps no connection: the next request is hours away, and where a way of a comparison asks for each utterance
        it is to pay for all of it.
        """
        wanted = route.proxy, route.tls
        if self._client is not None and self._client_for != wanted:
            stale, self._client = self._client, None
            await stale.aclose()
        if self._client is None:
            self._client = http_client(route, OPEN_TIMEOUT)
            self._client_for = wanted
        return self._client


@dataclass(frozen=True, slots=True)
class _Answer:
    """An HTTP answer. `sent_at`: Unix seconds by the service's clock, None where it does not say."""

    status: int
    body: bytes
    sent_at: float | None


async def _post(
    client: httpx.AsyncClient,
    route: Route,
    account: Credentials,
    fresh: bool,
    address: str,
    enter: Callable[[], None],
) -> _Answer:
    """Ask for a token; `enter` is called once there is a connection to ask on."""
    import httpx

    async def trace(event: str, _: object) -> None:
        if event == "connection.connect_tcp.complete":  # https://www.encode.io/httpcore/extensions/#trace
            enter()

    headers = {
        "Accept": "application/json",
        "Accept-Encoding": "identity",
        "Host": route.netloc,
        "User-Agent": route.user_agent,
    }
    url, form = route.url, None
    match account:
        case Account():
            url += rtzr.PATH_TOKEN
            form = {"client_id": account.client_id, "client_secret": account.client_secret}
        case DeskKey():
            headers["Authorization"] = f"Bearer {account.key}"
            if fresh:
                headers["Cache-Control"] = "no-cache"
        case _:
            assert_never(account)
    request = client.stream(
        "POST",
        httpx.URL(url).copy_with(host=address),
        data=form,
        headers=headers,
        extensions={"sni_hostname": route.host, "trace": trace},
    )
    try:
        async with request as response:
            body = await _at_most(response, MAX_ANSWER)
            return _Answer(response.status_code, body, _date(response.headers.get("Date")))
    except (httpx.ConnectError, httpx.ConnectTimeout) as error:
        raise ConnectionError from error


def _fault_at_token_service(fault: Fault, token_url: str, key: str) -> Fault:
    """Say of the company's token service what was found of the service: other keys, and other people to turn to."""
    detail = f"{urlsplit(token_url).hostname}: {fault.detail}" if fault.detail else str(urlsplit(token_url).hostname)
    detail = rtzr.one_line(detail.replace(key, "[…]"))
    match fault.kind:
        case FaultKind.CREDENTIALS_REFUSED:
            return Fault(FaultKind.DESK_KEY_REFUSED, detail)
        case FaultKind.UNREACHABLE | FaultKind.CERTIFICATE | FaultKind.PROXY | FaultKind.NOT_THE_SERVICE:
            return Fault(fault.kind, detail)
        case _:
            return Fault(FaultKind.TOKEN_SERVICE, detail)


async def _at_most(response: httpx.Response, size: int) -> bytes:
    """Return the first `size` bytes of an answer, having read it to its end: half-read ones leave tasks behind."""
    body = b""
    async for part in response.aiter_raw():
        body = (body + part)[:size]
    return body


def _date(header: str | None) -> float | None:
    try:
        return parsedate_to_datetime(header).timestamp() if header else None
    except (ValueError, OverflowError, OSError):
        return None


def _fault_of_http(error: Exception, *, proxied: bool) -> Fault:
    """Translate what a token request raised; what is none of the world's doing is raised again."""
    import httpx

    match error:
        case FaultError():
            return error.fault
        case httpx.ProxyError():
            return Fault(FaultKind.PROXY, rtzr.one_line(str(error)))
        case httpx.RemoteProtocolError() if "disconnected" not in str(error):
            return Fault(FaultKind.NOT_THE_SERVICE, "no valid HTTP")
        case httpx.HTTPError() | OSError():
            return fault_of_system(error, proxied=proxied)
    raise error
