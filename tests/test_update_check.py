"""Whether there is a new version is asked rarely and quietly, and whatever is answered disturbs nobody."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from captioner.places import update_file
from captioner.releases import DAY, Memory, Release, Trouble, UpdateState
from captioner.settings import SettingError, Settings
from captioner.stt.network import Network
from captioner.update_check import MAX_ANSWER, UpdateCheck, ask
from tests.helpers.virtual_loop import run_virtual
from tests.stt.loopback import CA_FILE, Request, Service, http

PAGE = "https://www.example.com/captioner/v9.9.9"
NEWEST = json.dumps({"version": "9.9.9", "url": PAGE})
HERE = "https://www.example.com/latest.json"
SERVICE = Network("https://service.example")


def answered(
    answer: Callable[[Request, str], bytes], *, tls: bool = False, target: str = "/latest.json"
) -> tuple[Release | Trouble, list[Request]]:
    """Ask a server that answers so (it gets the request and its own URL); return what came of it."""

    async def run() -> tuple[Release | Trouble, list[Request]]:
        async with Service(tls=tls) as server:

            async def give(request: Request) -> bytes:
                return answer(request, server.url)

            server.answer_handshake = give
            return await ask(replace(SERVICE, ca_file=CA_FILE if tls else ""), server.url + target), server.requests

    return asyncio.run(run())


@pytest.mark.parametrize("tls", [False, True])
def test_the_newest_release_is_asked_for_with_the_authorities_of_the_service(tls: bool) -> None:
    found, [request] = answered(lambda _, __: http(200, NEWEST), tls=tls)
    assert found == Release("9.9.9", PAGE)
    assert (request.method, request.target, request.body) == ("GET", "/latest.json", b"")


def test_the_request_says_nothing_about_this_computer() -> None:
    _, [request] = answered(lambda _, __: http(200, NEWEST, Set_Cookie="id=1"))
    host = request.headers.pop("host")
    assert host.startswith("127.0.0.1:")
    assert request.headers == {
        "accept": "application/json",
        "accept-encoding": "identity",
        "connection": "keep-alive",
        "user-agent": "captioner",
    }


def test_a_download_that_is_somewhere_else_is_followed() -> None:
    def answer(request: Request, url: str) -> bytes:
        match request.target:
            case "/latest.json":
                return http(302, Location="/1.2.3/latest.json")
            case "/1.2.3/latest.json":
                return http(302, Location=f"{url}/file?signature=%3D&part=1")
            case _:
                return http(200, NEWEST)

    found, requests = answered(answer)
    assert found == Release("9.9.9", PAGE)
    assert [each.target for each in requests] == ["/latest.json", "/1.2.3/latest.json", "/file?signature=%3D&part=1"]


@pytest.mark.parametrize(
    "place",
    [
        *("http://www.example.com/latest.json", "ftp://127.0.0.1/", "https://me@127.0.0.1/", "https://[::1/", ""),
        *("file:///etc/hostname", "https://127.0.0.1:port/", "http://10.0.0.1/latest.json"),
    ],
)
def test_nobody_is_led_to_where_it_is_not_safe(place: str) -> None:
    found, requests = answered(lambda _, __: http(302, Location=place))
    assert found is Trouble.NO_ANSWER
    assert len(requests) == 1


def test_over_tls_nobody_is_led_away_from_it() -> None:
    found, _ = answered(lambda _, url: http(302, Location=url.replace("https", "http")), tls=True)
    assert found is Trouble.NO_ANSWER


def test_running_in_circles_ends() -> None:
    found, requests = answered(lambda _, __: http(302, Location="/latest.json"))
    assert found is Trouble.NO_ANSWER
    assert len(requests) == 6


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        (http(404, "{}"), Trouble.NO_ANSWER),
        (http(304), Trouble.NO_ANSWER),
        (http(500, NEWEST), Trouble.NO_ANSWER),
        (b"", Trouble.NO_ANSWER),
        (b"SSH-2.0-OpenSSH_9.2\r\n", Trouble.NO_ANSWER),
        (http(200, NEWEST)[:-4], Trouble.NO_ANSWER),
        (http(200, NEWEST + " " * MAX_ANSWER), Trouble.NO_ANSWER),
        (http(200, "<html>"), Trouble.UNREADABLE),
        (http(200, '{"version": "9.9.9", "url": "http://www.example.com"}'), Trouble.UNREADABLE),
    ],
)
def test_another_answer_is_no_release(answer: bytes, found: Trouble) -> None:
    assert answered(lambda _, __: answer)[0] is found


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:9/latest.json", "https://localhost:9/", "https://no-such-host.invalid/latest.json"]
)
def test_where_nobody_is_there_is_no_answer(address: str) -> None:
    assert asyncio.run(ask(SERVICE, address)) is Trouble.NO_ANSWER


def test_a_server_that_nobody_trusts_is_not_heard() -> None:
    async def run() -> None:
        async with Service(tls=True, stream=http(200, NEWEST)) as server:
            assert await ask(SERVICE, f"{server.url}/latest.json") is Trouble.NO_ANSWER
            assert await ask(replace(SERVICE, ca_file=CA_FILE), f"{server.url}/latest.json") == Release("9.9.9", PAGE)

    asyncio.run(run())


def test_what_is_wrong_with_the_program_itself_is_not_taken_for_the_worlds() -> None:
    with pytest.raises(AttributeError):
        asyncio.run(ask(SERVICE, 5))  # type: ignore[arg-type]


class Day:
    """A check in virtual time, with a file of its own, and what it asked and showed."""

    def __init__(self, file: Path, *answers: Release | Trouble, address: str = HERE, wall: float = 1e9) -> None:
        self.settings = Settings(update_url=address)
        self.calm = True
        self.shown: list[UpdateState] = []
        self.asked: list[tuple[float, str]] = []
        self.answers = list(answers) or [Release("9.9.9", PAGE)]
        self.wall = wall
        self.check = UpdateCheck(
            settings=lambda: self.settings,
            calm=lambda: self.calm,
            show=self.shown.append,
            blocking=self.blocking,
            file=file,
            asking=self.asking,
            wall=lambda: self.wall + self.now,
            own="1.0",
        )

    @property
    def now(self) -> float:
        return asyncio.get_running_loop().time()

    async def blocking(self, call: Callable[..., Any], *arguments: Any) -> Any:
        return call(*arguments)

    async def asking(self, network: Network, address: str) -> Release | Trouble:
        assert network == Network.of(self.settings)
        self.asked.append((self.now, address))
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    def live(self, what: Callable[[], Awaitable[None]]) -> None:
        async def whole() -> None:
            running = asyncio.ensure_future(self.check.run())
            try:
                await what()
            finally:
                running.cancel()
                await asyncio.gather(running, return_exceptions=True)

        run_virtual(whole())


def test_nothing_is_asked_in_the_first_half_minute_and_then_once_a_day(tmp_path: Path) -> None:
    day = Day(tmp_path / "update.json", Trouble.NO_ANSWER, Release("9.9.9", PAGE))

    async def three_days() -> None:
        await asyncio.sleep(2.5 * DAY)

    day.live(three_days)
    assert [round(at) for at, _ in day.asked] == [30, 30 + DAY, 30 + 2 * DAY]
    assert [state.asked.found if state.asked else None for state in day.shown] == [
        Trouble.NO_ANSWER,
        Release("9.9.9", PAGE),
        Release("9.9.9", PAGE),
    ]


def test_without_an_address_nothing_is_ever_asked_and_one_that_is_set_is_asked_soon(tmp_path: Path) -> None:
    day = Day(tmp_path / "update.json", address="")

    async def late() -> None:
        await asyncio.sleep(10 * DAY)
        assert not day.asked
        day.settings = Settings(update_url=HERE)
        day.check.settings_changed()
        await asyncio.sleep(1.0)

    day.live(late)
    assert day.asked == [(10 * DAY, HERE)]
    assert day.shown[-1].offered


def test_the_first_seconds_of_a_call_are_waited_for(tmp_path: Path) -> None:
    day = Day(tmp_path / "update.json")
    day.calm = False

    async def a_call() -> None:
        await asyncio.sleep(100.0)
        assert not day.asked
        day.calm = True
        await asyncio.sleep(60.0)

    day.live(a_call)
    assert len(day.asked) == 1


def test_a_start_on_the_same_day_asks_nothing_and_still_knows(tmp_path: Path) -> None:
    file = tmp_path / "new folder" / "update.json"

    async def an_hour() -> None:
        await asyncio.sleep(3600.0)

    Day(file).live(an_hour)
    again = Day(file, wall=1e9 + 7200.0)
    again.live(an_hour)
    assert again.asked == []
    assert [state.offered for state in again.shown] == [True]


def test_of_two_windows_one_asks_and_both_know(tmp_path: Path) -> None:
    one, other = Day(tmp_path / "update.json"), Day(tmp_path / "update.json")

    async def both() -> None:
        await asyncio.sleep(10.0)
        second = asyncio.ensure_future(other.check.run())
        await asyncio.sleep(100.0)
        second.cancel()
        await asyncio.gather(second, return_exceptions=True)

    one.live(both)
    assert (len(one.asked), len(other.asked)) == (1, 0)
    assert one.shown[-1] == other.shown[-1]
    assert other.shown[-1].offered


def test_what_was_dismissed_is_not_offered_again_until_there_is_another(tmp_path: Path) -> None:
    day = Day(tmp_path / "update.json", Release("9.9.9", PAGE), Release("9.9.9", PAGE), Release("10", PAGE))

    offered: list[bool] = []

    async def dismiss() -> None:
        await asyncio.sleep(60.0)
        offered.append(day.shown[-1].offered)
        await day.check.dismiss()
        offered.append(day.shown[-1].offered)
        for _ in range(2):
            await asyncio.sleep(DAY)
            offered.append(day.shown[-1].offered)

    day.live(dismiss)
    assert len(day.asked) == 3
    assert offered == [True, False, False, True]
    assert Memory.from_json((tmp_path / "update.json").read_text(encoding="utf-8")).dismissed == "9.9.9"


def test_where_nothing_can_be_kept_it_is_asked_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "update.json").mkdir()
    day = Day(tmp_path / "update.json")

    async def a_day() -> None:
        await asyncio.sleep(1.5 * DAY)

    day.live(a_day)
    assert len(day.asked) == 2
    assert day.shown[-1].offered


def test_nothing_to_dismiss_is_no_trouble(tmp_path: Path) -> None:
    day = Day(tmp_path / "update.json", Trouble.NO_ANSWER)
    day.live(day.check.dismiss)
    assert not (tmp_path / "update.json").exists()


def test_an_address_is_checked_like_every_other() -> None:
    assert Settings(update_url="https://www.example.com/captioner/latest.json").update_url
    assert update_file().name == "update.json"
    for address in (
        "http://www.example.com/latest.json",
        "www.example.com",
        "https://me:pw@example.com/",
        "https://a b",
    ):
        with pytest.raises(SettingError) as caught:
            Settings(update_url=address)
        assert caught.value.name == "update_url"
