"""What a desk keeps on the disk: offers after a crash, recordings where they are wanted, and nothing else."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import qasync
from PySide6.QtWidgets import QApplication, QPushButton

from captioner import recording
from captioner.blocks import BlockReader, create_sealed
from captioner.cli import main
from captioner.events import RATE, FinalShown
from captioner.pipeline import Pipeline
from captioner.places import load_settings, recordings_dir, unsaved_dir
from captioner.recovery import Session, leftovers
from captioner.settings import Language, Settings
from captioner.ui.bars import RecoveryOffer
from captioner.ui.recovered import RecoveredCaptions
from tests.helpers.fake_card import FakeCard
from tests.helpers.memory_keyring import MemoryKeyring
from tests.helpers.ui import final, lines, undressed
from tests.test_desk import NOWHERE, Sitting, sitting
from tests.test_recording import live_through

EARLIER = datetime.now(UTC) - timedelta(minutes=20)
ENGLISH = Settings(ui_language=Language.ENGLISH)


@pytest.fixture
def loop(qt_loop: qasync.QEventLoop, qapp: QApplication) -> Iterator[qasync.QEventLoop]:
    """Qt's loop, and an application that looks and speaks afterwards as it did before."""
    with undressed(qapp):
        yield qt_loop


def crash(*texts: str, at: datetime = EARLIER) -> None:
    """A window that said something, and did not end in order."""
    mine = Session(unsaved_dir(), lambda _: None)
    mine.begin(at)
    for number, text in enumerate(texts, 1):
        mine.add(final(number, text, number))
    mine.close(in_order=False)


def offer_of(here: Sitting) -> RecoveryOffer:
    (offer,) = here.desk.window.findChildren(RecoveryOffer)
    return offer


def buttons(offer: RecoveryOffer) -> dict[str, QPushButton]:
    return {each.text(): each for each in offer.findChildren(QPushButton)}


def notice_of(here: Sitting) -> str:
    return here.desk.window._notices.text


def unsaved() -> list[Path]:
    return sorted(unsaved_dir().glob("*")) if unsaved_dir().exists() else []


# ---------------------------------------------------------------- after a crash


def test_what_a_crash_left_behind_is_offered_viewed_and_kept_until_somebody_decides(
    loop: qasync.QEventLoop, qapp: QApplication, memory_keyring: MemoryKeyring
) -> None:
    crash("첫 번째 말", "두 번째 말")

    async def scenario() -> None:
        async with sitting(qapp, ENGLISH) as here:
            offer = offer_of(here)
            await here.until(offer.isVisible)
            assert f"captions of {EARLIER.astimezone():%H:%M}" in offer.text or "captions of 2" in offer.text
            assert leftovers(unsaved_dir(), EARLIER) == [], "it is held by this window"
            for _ in range(2):
                buttons(offer)["View"].click()
            await here.until(lambda: here.desk.window.findChildren(RecoveredCaptions) != [])
            (shown,) = here.desk.window.findChildren(RecoveredCaptions)
            await here.until(lambda: lines(shown.captions) != [])
            assert lines(shown.captions) == ["첫 번째 말", "두 번째 말"]
            buttons(offer)["View"].click()
            assert len(here.desk.window.findChildren(RecoveredCaptions)) == 1
            here.desk._change_settings(replace(ENGLISH, ui_language=Language.KOREAN))
            assert "저장되지 않았습니다" in offer.text

    loop.run_until_complete(scenario())
    assert len(unsaved()) == 1
    (left,) = leftovers(unsaved_dir(), datetime.now(UTC))
    left.release()


def test_saving_what_was_left_behind_decides_about_it_and_the_next_is_offered(
    loop: qasync.QEventLoop, qapp: QApplication, memory_keyring: MemoryKeyring, tmp_path: Path
) -> None:
    crash("어제의 말", at=EARLIER - timedelta(days=1))
    crash("오늘의 말")

    async def scenario() -> None:
        async with sitting(qapp, ENGLISH) as here:
            offer = offer_of(here)
            await here.until(offer.isVisible)
            first = offer.text
            here.desk.window.recovered_save_requested.emit("text", tmp_path / "no" / "such" / "folder")
            await here.until(lambda: "could not be written" in notice_of(here))
            assert offer.text == first
            here.desk.window.recovered_save_requested.emit("text", tmp_path / "one.txt")
            await here.until(lambda: offer.text != first)
            assert offer.isVisible()
            here.desk.window.recovered_save_requested.emit("jsonl", tmp_path / "two.jsonl")
            await here.until(lambda: not offer.isVisible())

    loop.run_until_complete(scenario())
    texts = {(tmp_path / name).read_text(encoding="utf-8") for name in ("one.txt", "two.jsonl")}
    assert sum("어제의 말" in each for each in texts) == sum("오늘의 말" in each for each in texts) == 1
    assert unsaved() == []
    assert memory_keyring.passwords == {}


def test_deleting_takes_two_clicks_and_leaves_nothing(
    loop: qasync.QEventLoop, qapp: QApplication, memory_keyring: MemoryKeyring
) -> None:
    crash("지울 말")

    async def scenario() -> None:
        async with sitting(qapp, ENGLISH) as here:
            offer = offer_of(here)
            await here.until(offer.isVisible)
            buttons(offer)["View"].click()
            buttons(offer)["Delete"].click()
            assert offer.isVisible()
            buttons(offer)["Delete for good"].click()
            await here.until(lambda: not offer.isVisible())
            assert unsaved() == []
            await here.until(lambda: not here.desk.window.findChildren(RecoveredCaptions))

    loop.run_until_complete(scenario())
    assert memory_keyring.passwords == {}


def test_what_is_put_off_is_offered_again_by_the_next_start(
    loop: qasync.QEventLoop, qapp: QApplication, memory_keyring: MemoryKeyring
) -> None:
    crash("하나")
    crash("둘")

    async def scenario() -> None:
        async with sitting(qapp, ENGLISH) as here:
            offer = offer_of(here)
            await here.until(offer.isVisible)
            buttons(offer)["Later"].click()
            assert not offer.isVisible()
            here.desk._change_settings(replace(ENGLISH, ui_language=Language.KOREAN))
            assert not offer.isVisible()

    loop.run_until_complete(scenario())
    assert len(unsaved()) == 2
    for each in leftovers(unsaved_dir(), datetime.now(UTC)):
        each.discard()
    assert unsaved() == []


def test_a_window_that_ends_in_order_leaves_nothing(
    loop: qasync.QEventLoop, qapp: QApplication, memory_keyring: MemoryKeyring
) -> None:
    async def scenario() -> None:
        async with sitting(qapp, ENGLISH) as here:
            await here.reach("listening")
            await here.until(lambda: here.services[0].written > RATE // 5)
            here.services[0].say("안녕하세요")
            await here.reach("measured")
            await here.until(lambda: len(unsaved()) == 1)
            assert not offer_of(here).isVisible()

    loop.run_until_complete(scenario())
    assert unsaved() == []
    assert memory_keyring.passwords == {}


def test_a_window_that_breaks_leaves_what_it_said(
    loop: qasync.QEventLoop, qapp: QApplication, memory_keyring: MemoryKeyring
) -> None:
    async def scenario() -> None:
        here = Sitting(qapp, ENGLISH, NOWHERE, closes=True, real=False)
        running = asyncio.ensure_future(here.desk.run())
        await here.reach("listening")
        await here.until(lambda: here.services[0].written > RATE // 5)
        here.services[0].say("안녕하세요")
        await here.reach("measured")
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        here.desk.window.deleteLater()

    loop.run_until_complete(scenario())
    (left,) = leftovers(unsaved_dir(), datetime.now(UTC))
    assert [each.caption.text for each in left.lanes[0].updates if isinstance(each, FinalShown)] == ["안녕하세요"]
    left.discard()


def test_without_a_keyring_the_person_is_told_once_and_never_again(
    loop: qasync.QEventLoop, qapp: QApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RTZR_CLIENT_ID", "somebody")
    monkeypatch.setenv("RTZR_CLIENT_SECRET", "something")
    told: list[bool] = []

    async def scenario(settings: Settings) -> None:
        async with sitting(qapp, settings, None, driver=FakeCard([])) as here:
            await here.reach("listening")
            here.services[0].say("안녕하세요")
            await here.until(lambda: bool(here.desk.said[0].updates))
            await here.until(lambda: here.desk._keeping.refused)
            told.append("captions that are not saved are lost" in notice_of(here))
            here.desk.window.stop_now_requested.emit()

    loop.run_until_complete(scenario(ENGLISH))
    assert load_settings()[0].recovery_refused
    loop.run_until_complete(scenario(replace(ENGLISH, recovery_refused=True)))
    assert told == [True, False]
    assert unsaved() == []


def test_a_folder_that_cannot_be_written_is_told_and_captions_go_on(
    loop: qasync.QEventLoop, qapp: QApplication, memory_keyring: MemoryKeyring
) -> None:
    unsaved_dir().parent.mkdir(parents=True)
    unsaved_dir().write_text("a file")

    async def scenario() -> None:
        async with sitting(qapp, ENGLISH) as here:
            await here.reach("listening")
            await here.until(lambda: here.services[0].written > RATE // 5)
            here.services[0].say("하나")
            await here.until(lambda: "not kept for after a crash" in notice_of(here))
            here.services[0].say("둘")
            await here.reach("measured", 2)

    loop.run_until_complete(scenario())


# ---------------------------------------------------------------- recordings


def test_with_the_switch_on_a_lane_is_recorded_encrypted_and_can_be_replayed(
    loop: qasync.QEventLoop, qapp: QApplication, memory_keyring: MemoryKeyring, capsys: pytest.CaptureFixture[str]
) -> None:
    lanes: list[Pipeline] = []

    async def scenario() -> None:
        async with sitting(qapp, replace(ENGLISH, record=True)) as here:
            await here.reach("listening")
            assert str(recordings_dir()) in notice_of(here)
            await here.until(lambda: here.services[0].written > RATE // 5)
            here.services[0].say("안녕하세요")
            await here.reach("measured")
            assert here.desk.engine is not None
            lanes.append(here.desk.engine.pipeline)

    loop.run_until_complete(scenario())
    (path,) = recordings_dir().iterdir()
    assert "안녕하세요".encode() not in path.read_bytes()
    with BlockReader(path) as reader:
        assert reader.sealed
        assert reader.unlock()
        again, _ = live_through(list(reader.payloads()))
    assert again.finals.table() == lanes[0].finals.table(), "painted pixels are in it"
    assert again.ledger.captured == lanes[0].ledger.captured
    main(["replay", str(path), "--latency"])
    out, err = capsys.readouterr()
    assert out == "안녕하세요\n"
    assert "Display" in err


def test_the_switch_turned_off_ends_the_recording_at_once_and_turned_on_waits_for_the_next_start(
    loop: qasync.QEventLoop, qapp: QApplication, memory_keyring: MemoryKeyring
) -> None:
    async def scenario() -> None:
        async with sitting(qapp, replace(ENGLISH, record=True)) as here:
            await here.reach("listening")
            engine = here.desk.engine
            assert engine is not None
            assert engine.recorder is not None
            here.desk._change_settings(ENGLISH)
            await here.until(lambda: engine.recorder is None)
            here.desk._change_settings(replace(ENGLISH, record=True))
            assert engine.recorder is None

    loop.run_until_complete(scenario())
    assert len(list(recordings_dir().iterdir())) == 1


def test_what_is_older_than_the_days_of_keeping_is_removed_when_the_window_opens(
    loop: qasync.QEventLoop, qapp: QApplication, memory_keyring: MemoryKeyring
) -> None:
    now = datetime.now(UTC)
    crash("오래된 말")
    crash("어제의 말")
    for number in range(2):
        create_sealed(recordings_dir(), recording.KIND, recording.VERSION, now - timedelta(minutes=number)).close()
    old, young = unsaved(), sorted(recordings_dir().iterdir())
    for path, days in ((old[0], 3), (old[1], 1), (young[0], 3), (young[1], 1)):
        os.utime(path, ((now - timedelta(days=days)).timestamp(),) * 2)

    async def scenario() -> None:
        async with sitting(qapp, replace(ENGLISH, keep_days=2)) as here:
            offer = offer_of(here)
            await here.until(offer.isVisible)
            assert f"until {(datetime.now().astimezone() + timedelta(days=1)):%Y-%m-%d}" in offer.text

    loop.run_until_complete(scenario())
    assert unsaved() == [old[1]]
    assert list(recordings_dir().iterdir()) == [young[1]]
    for each in leftovers(unsaved_dir(), now):
        each.discard()


def test_without_the_switch_nothing_is_recorded(loop: qasync.QEventLoop, qapp: QApplication) -> None:
    async def scenario() -> None:
        async with sitting(qapp, ENGLISH, NOWHERE) as here:
            await here.reach("listening")

    loop.run_until_complete(scenario())
    assert not recordings_dir().exists()


def test_without_a_keyring_nothing_is_recorded_and_that_is_said(loop: qasync.QEventLoop, qapp: QApplication) -> None:
    async def scenario() -> None:
        async with sitting(qapp, replace(ENGLISH, record=True)) as here:
            await here.until(lambda: "no keyring" in notice_of(here))
            await here.reach("listening")
            assert here.desk.engine is not None
            assert here.desk.engine.recorder is None

    loop.run_until_complete(scenario())
    assert not recordings_dir().exists()
