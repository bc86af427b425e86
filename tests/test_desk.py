"""The desk behind the window: from start to the orderly end, with a service that the test plays."""

from __future__ import annotations

import asyncio
import itertools
import json
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import qasync
from PySide6.QtWidgets import QApplication, QLabel

from captioner import account
from captioner.account import Account, DeskKey
from captioner.account_desk import try_account
from captioner.audio.capture import Driver
from captioner.compare.outcome import Way
from captioner.desk import Demo, Desk, Wiring
from captioner.errors import Fault, FaultKind
from captioner.events import (
    RATE,
    Action,
    Close,
    Closed,
    FinalShown,
    GetToken,
    News,
    Open,
    Opened,
    Received,
    TokenGranted,
    Write,
    Written,
)
from captioner.language import Sentences
from captioner.places import settings_file
from captioner.policy import Policy
from captioner.settings import Language, Mode, Settings
from captioner.stt.link import Tokens
from captioner.ui.about import About
from captioner.ui.bars import Message
from captioner.ui.new_version import NewVersion
from captioner.ui.settings_dialog import SettingsDialog
from captioner.ui.source_picker import SourcePicker
from tests.helpers.emulated import EmulatedService
from tests.helpers.fake_card import FakeCard, listed
from tests.helpers.memory_keyring import MemoryKeyring
from tests.helpers.token_server import KEY, TokenServer
from tests.helpers.ui import lines, undressed
from tests.stt.loopback import Service as LoopbackService
from tests.stt.loopback import http

NOWHERE = Demo(url="http://127.0.0.1:9")
"""A demo whose service is played by the test: it plays the sample call, and needs no account."""


class Service:
    """What the test says, the lane hears. `closes`: it answers EOS with its Close."""

    def __init__(self, post: Callable[[News], None], *, closes: bool = True) -> None:
        self.post, self.closes = post, closes
        self.actions: list[Action] = []
        self._seq = 0

    def perform(self, action: Action) -> None:
        self.actions.append(action)
        match action:
            case GetToken():
                self.post(TokenGranted(21600.0, requested=True))
            case Open():
                self.post(Opened(action.epoch))
            case Write():
                self.post(Written(action.epoch, action.stop))
                if action.data == "EOS" and self.closes:
                    self.post(Closed(action.epoch, 1000))
            case Close():
                pass

    def say(self, text: str, *, final: bool = True) -> None:
        best = {"text": text, "words": [{"text": text, "start_at": 0, "duration": 40}] if final else []}
        message = {"seq": self._seq, "start_at": 20, "duration": 40, "final": final, "alternatives": [best]}
        self._seq += final
        self.post(Received(1, json.dumps(message)))

    @property
    def written(self) -> int:
        return max((action.stop for action in self.actions if isinstance(action, Write)), default=0)


class Sitting:
    """A desk that runs, and what has become of it."""

    def __init__(
        self,
        app: QApplication,
        settings: Settings,
        demo: Demo | None,
        *,
        closes: bool,
        real: bool,
        driver: Driver | None = None,
        policy: Policy | None = None,
    ) -> None:
        self.services: list[Service] = []
        self.milestones: list[str] = []
        self._changed = asyncio.Event()

        def make_link(_: Tokens, post: Callable[[News], None]) -> Service:
            self.services.append(Service(post, closes=closes))
            return self.services[-1]

        wiring = Wiring(observe=self._observe, driver=driver, settle=0.0)
        if not real:
            wiring = replace(wiring, make_link=make_link)
        self.desk = Desk(app, settings, demo=demo, wiring=wiring, policy=policy)

    def _observe(self, _: Desk, milestone: str) -> None:
        self.milestones.append(milestone)
        self._changed.set()

    async def reach(self, milestone: str, times: int = 1) -> None:
        async with asyncio.timeout(20):
            while self.milestones.count(milestone) < times:
                self._changed.clear()
                await self._changed.wait()

    async def until(self, true: Callable[[], bool]) -> None:
        """Wait for something that no milestone tells, a turn of the loop at a time."""
        async with asyncio.timeout(20):
            for _ in itertools.count():
                if true():
                    return
                await asyncio.sleep(0)


@asynccontextmanager
async def sitting(
    app: QApplication,
    settings: Settings | None = None,
    demo: Demo | None = NOWHERE,
    *,
    closes: bool = True,
    real: bool = False,
    driver: Driver | None = None,
    policy: Policy | None = None,
) -> AsyncIterator[Sitting]:
    each = Sitting(app, settings or Settings(), demo, closes=closes, real=real, driver=driver, policy=policy)
    running = asyncio.ensure_future(each.desk.run())
    try:
        yield each
        each.desk.window.close()
        async with asyncio.timeout(20):
            await running
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        each.desk._translation.use(Sentences())
        each.desk.window.deleteLater()


@pytest.fixture
def loop(qt_loop: qasync.QEventLoop, qapp: QApplication) -> Iterator[qasync.QEventLoop]:
    """Qt's loop, and an application that looks and speaks afterwards as it did before."""
    with undressed(qapp):
        yield qt_loop


def test_a_final_is_painted_measured_and_kept_for_saving(loop: qasync.QEventLoop, qapp: QApplication) -> None:
    async def scenario() -> None:
        async with sitting(qapp) as here:
            await here.reach("listening")
            await here.until(lambda: here.services[0].written > RATE // 5)
            here.services[0].say("안녕하", final=False)
            here.services[0].say("안녕하세요")
            await here.reach("measured")
            (final,) = here.desk.said[0].updates
            assert isinstance(final, FinalShown)
            assert final.stages is not None
            assert final.stages.render is not None
            assert lines(here.desk.window.captions)[0] == "안녕하세요"
        assert here.milestones[:2] == ["shown", "listening"]
        assert here.milestones[-1] == "finished"

    loop.run_until_complete(scenario())


def test_closing_during_a_call_waits_for_the_last_words(loop: qasync.QEventLoop, qapp: QApplication) -> None:
    async def scenario() -> None:
        async with sitting(qapp, closes=False) as here:
            await here.reach("listening")
            service = here.services[0]
            await here.until(lambda: service.written > RATE // 5)
            here.desk.window.close()
            await here.until(lambda: any(isinstance(a, Write) and a.data == "EOS" for a in service.actions))
            service.say("마지막 말")
            service.post(Closed(1, 1000))
            await here.reach("finished")
        (final,) = here.desk.said[0].updates
        assert isinstance(final, FinalShown)
        assert final.caption.text == "마지막 말"
        assert here.desk.engine is not None
        assert here.desk.engine.finished is not None
        assert here.desk.engine.finished.summary.complete

    loop.run_until_complete(scenario())


def test_closing_twice_waits_for_nothing(loop: qasync.QEventLoop, qapp: QApplication) -> None:
    async def scenario() -> None:
        async with sitting(qapp, closes=False) as here:
            await here.reach("listening")
            await here.until(lambda: here.services[0].written > RATE // 5)
            here.desk.window.close()
            here.desk.window.close()
            await here.reach("finished")
        assert here.desk.engine is not None
        assert here.desk.engine.finished is not None
        assert not here.desk.engine.finished.summary.complete

    loop.run_until_complete(scenario())


def test_two_starts_at_once_are_one(loop: qasync.QEventLoop, qapp: QApplication) -> None:
    async def scenario() -> None:
        async with sitting(qapp) as here:
            await here.reach("listening")
            here.desk.window.stop_requested.emit()
            await here.reach("finished")
            here.desk.window.start_requested.emit()
            here.desk.window.start_requested.emit()
            await here.reach("listening", 2)
            assert len(here.services) == 2

    loop.run_until_complete(scenario())


def test_a_second_start_goes_on_below_and_both_are_saved(
    loop: qasync.QEventLoop, qapp: QApplication, tmp_path: Path
) -> None:
    async def scenario() -> None:
        async with sitting(qapp) as here:
            for number, text in enumerate(("첫 통화", "둘째 통화")):
                if number:
                    here.desk.window.start_requested.emit()
                await here.reach("listening", number + 1)
                assert "n 1" not in here.desk.window.overlay.accessibleDescription(), "of another call"
                service = here.services[number]
                await here.until(lambda service=service: service.written > RATE // 5)  # type: ignore[misc]
                service.say(text)
                await here.reach("measured", number + 1)
                here.desk.window.stop_requested.emit()
                await here.reach("finished", number + 1)
            assert [line for line in lines(here.desk.window.captions) if line] == ["첫 통화", "둘째 통화"]
            here.desk.window.save_requested.emit("text", tmp_path / "calls.txt")
            await here.until((tmp_path / "calls.txt").exists)
        assert (tmp_path / "calls.txt").read_text(encoding="utf-8").split("\n") == ["첫 통화", "둘째 통화", ""]

    loop.run_until_complete(scenario())


def test_a_file_that_cannot_be_written_is_told_and_the_call_goes_on(
    loop: qasync.QEventLoop, qapp: QApplication, tmp_path: Path
) -> None:
    async def scenario() -> None:
        async with sitting(qapp) as here:
            await here.reach("listening")
            here.desk.window.save_requested.emit("srt", tmp_path / "no such folder" / "call.srt")
            notice = here.desk.window._notices
            await here.until(lambda: "could not be written" in notice.text)
            assert here.desk.engine is not None
            assert not here.desk.engine.pipeline.finished

    loop.run_until_complete(scenario())


def test_a_source_that_takes_its_time_to_close_is_waited_for_at_the_end_too(
    loop: qasync.QEventLoop, qapp: QApplication, memory_keyring: MemoryKeyring
) -> None:
    async def scenario() -> None:
        account.store(Account("id", "secret"))
        released = threading.Event()
        card = FakeCard([listed(0, "Jabra", default=True)], closing=lambda: released.wait(20.0))
        async with sitting(qapp, Settings(), None, driver=card) as here:
            await here.until(lambda: any(stream.running for stream in card.streams))
            source = here.desk._source
            assert source is not None
            stopping = asyncio.ensure_future(here.desk._close_source())
            await here.until(lambda: source.cancelling() > 0)
            stopping.cancel()  # as the end cancels what the stop button began
            await asyncio.wait({stopping})
            released.set()
            await here.desk._leave_lane()
            assert source.done()
            assert card.open_streams == []

    loop.run_until_complete(scenario())


def test_a_microphone_that_goes_and_comes_is_heard_again_without_a_click(
    loop: qasync.QEventLoop, qapp: QApplication, memory_keyring: MemoryKeyring
) -> None:
    async def scenario() -> None:
        account.store(Account("id", "secret"))
        jabra, line = listed(0, "Jabra"), listed(1, "Line", default=True)
        card = FakeCard([line])
        settings = Settings(device="ALSA: Jabra", ui_language=Language.ENGLISH)
        async with sitting(qapp, settings, None, driver=card) as here:
            await here.reach("listening")
            engine, picker = here.desk.engine, here.desk.window.findChild(SourcePicker)
            assert engine is not None
            assert isinstance(picker, SourcePicker)
            await here.until(lambda: engine.status().source_fault is not None)
            assert "not connected" in picker.currentText()
            card.plugged = [line, jabra]
            await here.until(lambda: any(stream.running for stream in card.streams))
            speak(card, 50)
            await here.until(lambda: engine.status().captured > RATE // 2)
            assert engine.status().source_fault is None
            await here.until(lambda: picker.currentText() == "Jabra")
            card.plugged = [line]
            card.streams[-1].ended()
            await here.until(lambda: engine.status().source_fault == Fault(FaultKind.DEVICE_LOST))
            await here.until(lambda: "not connected" in picker.currentText())
            card.plugged = [line, jabra]
            await here.until(lambda: bool(card.open_streams))
            speak(card, 50)
            await here.until(lambda: engine.status().source_fault is None)
            assert len(card.streams) == 2
            assert {stream.index for stream in card.streams} == {0}
        assert card.open_streams == []

    loop.run_until_complete(scenario())


def test_another_device_is_heard_in_the_same_lane_as_soon_as_it_is_chosen(
    loop: qasync.QEventLoop, qapp: QApplication, memory_keyring: MemoryKeyring
) -> None:
    async def scenario() -> None:
        account.store(Account("id", "secret"))
        card = FakeCard([listed(0, "Jabra"), listed(1, "Line", default=True)])
        async with sitting(qapp, Settings(), None, driver=card) as here:
            await here.until(lambda: any(stream.running for stream in card.streams))
            engine = here.desk.engine
            speak(card, 10)
            here.desk.window.source_chosen.emit("ALSA: nobody")
            here.desk.window.source_chosen.emit("ALSA: Jabra")
            await here.until(lambda: [stream.index for stream in card.open_streams if stream.running] == [0])
            speak(card, 10)
            assert here.desk.engine is engine
            await here.until(lambda: engine is not None and engine.status().captured > 0)
            assert len([stream for stream in card.streams if not stream.closed]) == 1

    loop.run_until_complete(scenario())


def test_a_default_device_that_is_another_one_now_is_named(
    loop: qasync.QEventLoop, qapp: QApplication, memory_keyring: MemoryKeyring
) -> None:
    async def scenario() -> None:
        account.store(Account("id", "secret"))
        card = FakeCard([listed(0, "Jabra", default=True), listed(1, "Line")])
        async with sitting(qapp, Settings(ui_language=Language.ENGLISH), None, driver=card) as here:
            await here.until(lambda: any(stream.running for stream in card.streams))
            speak(card, 10)
            await here.reach("source opened")
            card.plugged = [listed(0, "Line", default=True)]
            card.streams[0].ended()
            await here.until(lambda: len(card.streams) == 2 and card.streams[1].running)
            speak(card, 10)
            await here.until(
                lambda: "Now listening to Line." in [each.text for each in here.desk.window.findChildren(Message)]
            )

    loop.run_until_complete(scenario())


def source_fault(here: Sitting) -> Fault | None:
    assert here.desk.engine is not None
    return here.desk.engine.status().source_fault


def speak(card: FakeCard, blocks: int) -> None:
    for _ in range(blocks):
        for stream in card.open_streams:
            stream.say(0.1)


def test_a_changed_setting_is_used_at_once_and_stored(loop: qasync.QEventLoop, qapp: QApplication) -> None:
    async def scenario() -> None:
        async with sitting(qapp, replace(Settings(), ui_language=Language.ENGLISH)) as here:
            await here.reach("listening")
            window = here.desk.window
            assert window._main.action.text() == "Stop"
            window.settings_changed.emit(replace(here.desk.settings, ui_language=Language.KOREAN, font_size=30))
            await here.until(lambda: window._main.action.text() == "중지")
            await here.until(settings_file().exists)
        stored, wrong = Settings.from_json(settings_file().read_text(encoding="utf-8"))
        assert (stored.ui_language, stored.font_size, wrong) == (Language.KOREAN, 30, ())
        assert stored.endpoint == Settings().endpoint  # the demo's is nobody's setting

    loop.run_until_complete(scenario())


def test_a_network_that_hangs_does_not_hold_up_the_end(loop: qasync.QEventLoop, qapp: QApplication) -> None:
    """A server that accepts connections and never answers: the end does not wait for it."""

    async def scenario(url: str) -> None:
        async with sitting(qapp, demo=Demo(url=url), real=True) as here:
            await here.until(lambda: here.desk.engine is not None)
            here.desk.window.close()
            here.desk.window.close()
            await here.reach("finished")

    with socket.create_server(("127.0.0.1", 0)) as silent:
        loop.run_until_complete(scenario(f"http://127.0.0.1:{silent.getsockname()[1]}"))


# ---------------------------------------------------------------- a company's desk

COMPANY = Policy(
    {"font_size": 20, "device": "USB headset"}, modes=(Mode.STREAMING,), token_url="https://tokens.example/token"
)
MANAGED = replace(COMPANY.apply(Settings()), ui_language=Language.ENGLISH)


def test_what_the_company_has_settled_stays_and_is_not_stored(loop: qasync.QEventLoop, qapp: QApplication) -> None:
    async def scenario() -> None:
        async with sitting(qapp, MANAGED, policy=COMPANY) as here:
            await here.reach("listening")
            window = here.desk.window
            asked = replace(here.desk.settings, font_size=40, mode=Mode.SILENCE_WAIT, punctuation=True)
            window.settings_changed.emit(asked)
            assert here.desk.settings == replace(MANAGED, punctuation=True)
            assert window.captions.font().pointSize() == 20
            window.source_chosen.emit("another microphone")
            assert here.desk.settings.device == "USB headset"
            assert window._notices.text == "Input device: Your company has settled this; leave it out."
            await here.until(settings_file().exists)
        stored = json.loads(settings_file().read_text(encoding="utf-8"))
        assert {"font_size", "device"} & stored.keys() == set()
        assert stored["punctuation"]

    loop.run_until_complete(scenario())


def test_the_environments_endpoint_is_used_and_the_persons_own_stays_stored(
    loop: qasync.QEventLoop, qapp: QApplication
) -> None:
    mine = Settings(endpoint="https://mine.example", ui_language=Language.ENGLISH)
    policy = Policy().lend(mine, "http://127.0.0.1:9")

    async def scenario() -> None:
        async with sitting(qapp, policy.apply(mine), policy=policy) as here:
            await here.reach("listening")
            assert here.desk.settings.endpoint == "http://127.0.0.1:9"
            here.desk.window.settings_requested.emit()
            assert here.desk._dialog is not None
            assert any("Set by RTZR_ENDPOINT" in each.text() for each in here.desk._dialog.findChildren(QLabel))
            here.desk.window.settings_changed.emit(replace(here.desk.settings, font_size=20))
            await here.until(settings_file().exists)
        stored = json.loads(settings_file().read_text(encoding="utf-8"))
        assert (stored["endpoint"], stored["font_size"]) == ("https://mine.example", 20)

    loop.run_until_complete(scenario())


def test_the_comparison_of_a_companys_desk_asks_for_its_key_too(loop: qasync.QEventLoop, qapp: QApplication) -> None:
    async def scenario() -> None:
        async with sitting(qapp, Settings(ui_language=Language.ENGLISH), policy=COMPANY) as here:
            here.desk.window.comparison_requested.emit()
            comparison = here.desk._comparison
            assert comparison is not None
            assert comparison._around.missing is FaultKind.DESK_KEY_MISSING

    loop.run_until_complete(scenario())


@pytest.mark.parametrize(
    ("modes", "ways"),
    [
        (("streaming",), (Way.STREAMING,)),
        (("streaming-finalize",), (Way.STREAMING_FINALIZE,)),
        (tuple(Mode), (Way.CONNECTION_KEPT, Way.STREAMING)),
    ],
)
def test_the_comparison_proposes_no_way_that_the_company_does_not_allow(
    loop: qasync.QEventLoop, qapp: QApplication, modes: tuple[str, ...], ways: tuple[Way, ...]
) -> None:
    async def scenario() -> None:
        policy = Policy(modes=tuple(map(Mode, modes)))
        async with sitting(qapp, Settings(ui_language=Language.ENGLISH), policy=policy) as here:
            here.desk.window.comparison_requested.emit()
            comparison = here.desk._comparison
            assert comparison is not None
            assert comparison._plan.ways == ways

    loop.run_until_complete(scenario())


def test_the_licences_are_read_beside_the_loop_and_shown(loop: qasync.QEventLoop, qapp: QApplication) -> None:
    async def scenario() -> None:
        async with sitting(qapp) as here:
            here.desk.window.settings_requested.emit()
            (settings,) = here.desk.window.findChildren(SettingsDialog)
            settings.about_requested.emit()
            (about,) = here.desk.window.findChildren(About)
            about.licences_requested.emit()
            await here.until(lambda: about.licences.isVisible())
            assert "GNU LESSER GENERAL PUBLIC LICENSE" in about.licences.toPlainText()
            settings.about_requested.emit()
            assert here.desk.window.findChildren(About) == [about]

    loop.run_until_complete(scenario())


def test_a_new_version_is_said_in_a_quiet_line_until_it_is_dismissed(
    loop: qasync.QEventLoop, qapp: QApplication, memory_keyring: MemoryKeyring
) -> None:
    newest = http(200, '{"version": "999.0", "url": "https://www.example.com/captioner"}')

    async def scenario() -> None:
        async with LoopbackService(stream=newest) as server:
            settings = Settings(ui_language=Language.ENGLISH, update_url=f"{server.url}/latest.json")
            async with sitting(qapp, settings, None) as here:
                window = here.desk.window
                (line,) = window.findChildren(NewVersion)
                await here.until(line.isVisible)
                assert line.text.startswith("Version 999.0 has been released; ")
                window.settings_requested.emit()
                (dialog,) = window.findChildren(SettingsDialog)
                dialog.about_requested.emit()
                (about,) = window.findChildren(About)
                assert any(label.text().endswith(": there is 999.0.") for label in about.findChildren(QLabel))
                window.settings_changed.emit(replace(settings, ui_language=Language.KOREAN))
                assert line.text.startswith("새 버전 999.0")
                window.release_dismissed.emit()
                await here.until(line.isHidden)
            assert len(server.requests) == 1
            async with sitting(qapp, settings, None) as here:  # the next start, on the same day
                (line,) = here.desk.window.findChildren(NewVersion)
                await here.until(lambda: here.desk._updates.state.newer is not None)
                assert line.isHidden()
            assert len(server.requests) == 1

    loop.run_until_complete(scenario())


def test_a_demo_asks_for_no_new_version(loop: qasync.QEventLoop, qapp: QApplication) -> None:
    async def scenario() -> None:
        async with LoopbackService(stream=http(404)) as server:
            settings = Settings(update_url=f"{server.url}/latest.json")
            async with sitting(qapp, settings) as here:
                await here.reach("listening")
                await here.until(lambda: here.services[0].written > RATE // 5)
            assert server.requests == []

    loop.run_until_complete(scenario())


def test_a_companys_desk_listens_with_a_token_of_the_company(
    loop: qasync.QEventLoop, qapp: QApplication, memory_keyring: MemoryKeyring
) -> None:
    keys = ("the-id", "the-secret")
    with EmulatedService(credentials=keys) as service, TokenServer(service.url, keys) as company:
        policy = Policy({"endpoint": service.url}, token_url=company.url)
        account.store(DeskKey(company.url, KEY))

        async def scenario() -> None:
            card = FakeCard([listed(0, "Jabra", default=True)])
            settings = policy.apply(Settings())
            assert await try_account(settings, DeskKey(company.url, KEY)) is None
            async with sitting(qapp, settings, None, driver=card, real=True, policy=policy) as here:
                await here.until(lambda: any(stream.running for stream in card.streams))
                speak(card, 10)
                await here.reach("listening")

        loop.run_until_complete(scenario())
    assert company.log == ["127.0.0.1 desk-1 200 new", "127.0.0.1 desk-1 200"]
