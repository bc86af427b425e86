"""The comparison behind its window: from files and a microphone to the report, over sockets, on Qt's loop."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import qasync
import soundfile
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QApplication

from captioner.account import Account
from captioner.compare.analysis import analyse
from captioner.compare.outcome import Way
from captioner.comparison_desk import ComparisonDesk, Surroundings
from captioner.errors import Fault, FaultError, FaultKind
from captioner.language import Sentences
from captioner.places import resource
from captioner.settings import Language, Settings
from captioner.ui.comparison import RESULTS, ROWS, SETUP
from captioner.ui.comparison_view import Plan, RowView, Stage
from captioner.ui.source_picker import SourceChoice
from captioner.ui.theme import Appearance
from captioner.ui.translation import Translation
from tests.helpers.emulated import EmulatedService
from tests.helpers.fake_card import FakeCard, FakeStream, microphone
from tests.helpers.ui import undressed
from tests.test_desk import sitting as captioning

PAIR = Plan(ways=(Way.CONNECTION_KEPT, Way.STREAMING))
FIRST = "오후 일곱 시 사십이 분 내역이 보이네요"


@pytest.fixture
def loop(qt_loop: qasync.QEventLoop, qapp: QApplication) -> Iterator[qasync.QEventLoop]:
    """Qt's loop, and an application that looks and speaks afterwards as it did before."""
    with undressed(qapp):
        yield qt_loop


def sound(seconds: float) -> tuple[np.ndarray[tuple[int, ...], np.dtype[np.int16]], int]:
    """A piece of the sample call; its first utterance, on the first channel, ends before the third second."""
    path = resource("sample", "sample_call.flac")
    samples, rate = soundfile.read(path, start=round(41.6 * 48_000), frames=round(seconds * 48_000), dtype="int16")
    return samples, rate


@pytest.fixture
def opening(tmp_path: Path) -> Path:
    path = tmp_path / "opening.wav"
    soundfile.write(path, *sound(3.5))
    return path


class Sitting:
    """A comparison with its window, and what the program around it says.

    Attributes:
        slow: what blocks is asked for, and answered only when the test says so.
    """

    def __init__(self, app: QApplication, settings: Settings, *, driver: FakeCard | None) -> None:
        self.settings = settings
        self.account: Account | None = Account("id", "secret")
        self.captions = False
        self.devices: tuple[SourceChoice, ...] | Fault = ()
        self.breaks: Callable[..., Any] | None = None
        self.translation = Translation(app)
        self.appearance = Appearance(app)
        around = Surroundings(
            say=lambda: self.translation.sentences,
            settings=lambda: self.settings,
            account=lambda: self.account,
            captions=lambda: self.captions,
            devices=self._list,
            blocking=self._blocking,
            driver=driver,
        )
        self.desk = ComparisonDesk(None, around)
        self.window = self.desk.window

    async def _list(self) -> tuple[SourceChoice, ...]:
        if isinstance(self.devices, Fault):
            raise FaultError(self.devices)
        return self.devices

    async def _blocking(self, call: Callable[..., Any], *arguments: Any) -> Any:
        if call is self.breaks:
            raise ZeroDivisionError
        return call(*arguments)

    async def until(self, true: Callable[[], object]) -> None:
        """Wait for something, a turn of the loop at a time."""
        async with asyncio.timeout(60):
            for _ in itertools.count():
                if true():
                    return
                await asyncio.sleep(0)

    async def ready(self, plan: Plan, *paths: Path) -> None:
        """Choose files and ways, and wait until it can start."""
        self.desk.add(paths)
        self.window.show_plan(plan)
        self.window.setup.plan_changed.emit(plan)
        await self.until(lambda: not any(each.channels == 0 and each.fault is None for each in self.desk._files.chosen))
        self.desk._refresh()

    async def run(self, plan: Plan, *paths: Path) -> None:
        """Run a whole comparison."""
        await self.ready(plan, *paths)
        self.window.start_requested.emit()
        assert self.desk.running, self.obstacle
        await self.until(lambda: not self.desk.running)

    @property
    def obstacle(self) -> str:
        return self.window._setup_view.obstacle

    @property
    def complaint(self) -> str:
        return self.window._complaint.text

    @property
    def notice(self) -> str:
        return self.window._notice.text

    @property
    def rows(self) -> tuple[RowView, ...]:
        self.desk._refresh()
        return self.window.rows.rows

    @property
    def details(self) -> list[str]:
        self.desk._refresh()
        return [line.detail for line in self.window._setup_view.files]


@asynccontextmanager
async def sitting(
    app: QApplication, settings: Settings | None = None, *, driver: FakeCard | None = None
) -> AsyncIterator[Sitting]:
    each = Sitting(app, settings or Settings(), driver=driver)
    each.desk.open()
    try:
        yield each
    finally:
        await each.desk.aclose()
        each.translation.use(Sentences())
        for thing in (each.window, each.translation, each.appearance):
            thing.deleteLater()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def text(cell: object) -> str:
    return "".join(piece.text for piece in cell.pieces)  # type: ignore[attr-defined]


# ---------------------------------------------------------------- recordings


def test_two_ways_hear_a_recording_side_by_side_and_the_report_says_what_the_window_says(
    loop: qasync.QEventLoop, qapp: QApplication, opening: Path, tmp_path: Path
) -> None:
    async def scenario(url: str) -> None:
        async with sitting(qapp, Settings(endpoint=url)) as here:
            assert here.window.page == SETUP
            await here.ready(PAIR, opening)
            here.window.start_requested.emit()
            await here.until(lambda: here.rows and not here.rows[0].right.settled)  # an interim of the one that streams
            assert here.window.page == ROWS
            assert here.rows[0].left.pieces == ()
            await here.until(lambda: not here.desk.running)
            assert here.window.page == RESULTS
            (row,) = here.rows
            assert (text(row.left), text(row.right)) == (FIRST, FIRST)
            comparison = here.desk.comparison
            assert comparison is not None
            totals = [f"{each.total_ms:,.0f} ms" for each in analyse(comparison).rows]
            assert [row.left.total, row.right.total] == totals
            assert comparison.service == url
            assert not comparison.stopped

            (tmp_path / "out").mkdir()
            for _ in range(2):
                here.window.save_requested.emit(tmp_path / "out")
                await here.until(lambda: "report is in" in here.notice)
                here.window.show_notice("")
        reports = sorted(path.parent for path in (tmp_path / "out").rglob("report.html"))
        assert len(reports) == 2  # the second one beside the first
        for folder in reports:
            assert {path.name for path in folder.iterdir() if path.is_file()} == {
                *("report.html", "utterances.csv", "report.json")
            }

    with EmulatedService() as service:
        loop.run_until_complete(scenario(service.url))
    assert [len(connection.commands) > 0 for connection in service.log.connections] == [True, True]


def test_who_cancels_keeps_what_was_done(loop: qasync.QEventLoop, qapp: QApplication, tmp_path: Path) -> None:
    path = tmp_path / "longer.wav"
    soundfile.write(path, *sound(15.0))

    async def scenario(url: str) -> None:
        async with sitting(qapp, Settings(endpoint=url)) as here:
            await here.ready(PAIR, path)
            here.window.start_requested.emit()
            await here.until(lambda: here.rows and here.rows[0].left.total and here.rows[0].right.total)
            before = here.rows[0]
            here.window.cancel_requested.emit()
            assert here.desk._state.stage is Stage.FINISHING
            await here.until(lambda: not here.desk.running)
            assert here.window.page == RESULTS
            assert here.rows[0] == before
            comparison = here.desk.comparison
            assert comparison is not None
            assert comparison.stopped
            assert [run.played < 15 * 8000 for run in comparison.runs] == [True, True]
            assert "was stopped before its end" in "".join(here.window.results._shown.notices)  # type: ignore[union-attr]

    with EmulatedService() as service:
        loop.run_until_complete(scenario(service.url))


def test_what_cannot_be_used_is_said_for_each_file_and_the_rest_goes_on(
    loop: qasync.QEventLoop, qapp: QApplication, opening: Path, tmp_path: Path
) -> None:
    quiet, picture, empty, text_file = (tmp_path / name for name in ("quiet.wav", "x.png", "empty.wav", "opening.txt"))
    soundfile.write(quiet, np.zeros(16_000, np.int16), 8000)
    picture.write_bytes(b"\x89PNG\r\n\x1a\n" * 40)
    soundfile.write(empty, np.zeros(0, np.int16), 8000)
    text_file.write_bytes(b"\xff\x00\x01")

    async def scenario(url: str) -> None:
        async with sitting(qapp, Settings(endpoint=url)) as here:
            await here.run(
                replace(PAIR, ways=(Way.STREAMING,)), picture, opening, quiet, empty, tmp_path / "gone.wav", text_file
            )
            wrong = here.details
            assert "no sound that can be read" in wrong[0]
            assert "no text that can be read" in wrong[1]
            assert "No speech was found" in wrong[2]
            assert "holds no sound" in wrong[3]
            assert "does not exist" in wrong[4]
            assert text(here.rows[0].left) == FIRST
            assert here.desk.comparison is not None
            assert [each.name for each in here.desk.comparison.recordings] == ["opening.wav", "quiet.wav"]

    with EmulatedService() as service:
        loop.run_until_complete(scenario(service.url))


def test_a_reference_named_like_its_recording_is_used(
    loop: qasync.QEventLoop, qapp: QApplication, opening: Path
) -> None:
    opening.with_suffix(".txt").write_text(FIRST, encoding="cp949")

    async def scenario(url: str) -> None:
        async with sitting(qapp, Settings(endpoint=url)) as here:
            await here.run(Plan(ways=(Way.STREAMING,)), opening, opening.with_suffix(".txt"))
            assert "reference: opening.txt" in here.details[0]
            comparison = here.desk.comparison
            assert comparison is not None
            (way,) = analyse(comparison).ways
            assert way.accuracy is not None
            assert way.accuracy.cer.rate == 0

    with EmulatedService() as service:
        loop.run_until_complete(scenario(service.url))


def test_a_list_of_files_can_be_changed_until_it_starts(
    loop: qasync.QEventLoop, qapp: QApplication, opening: Path, tmp_path: Path
) -> None:
    said, strange = tmp_path / "said.txt", tmp_path / "strange.txt"
    said.write_text("네", encoding="utf-8")
    strange.write_text("네", encoding="utf-8")

    async def scenario() -> None:
        async with sitting(qapp) as here:
            await here.ready(PAIR, opening)
            here.desk.add([tmp_path / ".." / tmp_path.name / "opening.wav"])
            assert "is in the list already" in here.notice
            here.desk.add([said, strange])
            assert "belongs to no recording" in here.notice
            here.window.setup.reference_chosen.emit(0, said)
            assert "reference: said.txt" in here.details[0]
            here.window.setup.reference_chosen.emit(0, None)
            assert "no reference" in here.details[0]
            here.window.setup.file_removed.emit(0)
            assert here.details == []
            assert "Add a recording" in here.obstacle

    loop.run_until_complete(scenario())


def test_files_in_which_nobody_speaks_are_nothing_to_compare(
    loop: qasync.QEventLoop, qapp: QApplication, tmp_path: Path
) -> None:
    quiet = tmp_path / "quiet.wav"
    soundfile.write(quiet, np.zeros(16_000, np.int16), 8000)

    async def scenario() -> None:
        async with sitting(qapp) as here:
            await here.run(PAIR, quiet)
            assert here.complaint == "quiet.wav: no speech was found, so there is nothing to compare."
            assert (here.window.page, here.desk.comparison) == (SETUP, None)
            quiet.unlink()
            await here.run(PAIR)
            assert here.complaint == "None of these files can be used."

    loop.run_until_complete(scenario())


def test_keys_that_are_refused_end_it_with_one_sentence(
    loop: qasync.QEventLoop, qapp: QApplication, opening: Path
) -> None:
    async def scenario(url: str) -> None:
        async with sitting(qapp, Settings(endpoint=url)) as here:
            await here.run(PAIR, opening)
            assert "refused the RTZR keys" in here.complaint
            assert here.desk.comparison is None
            assert not here.window._save.isEnabled()

    with EmulatedService(credentials=("somebody", "else")) as service:
        loop.run_until_complete(scenario(service.url))


def test_each_channel_is_heard_by_itself_and_a_defect_of_ours_is_said(
    loop: qasync.QEventLoop, qapp: QApplication, opening: Path
) -> None:
    async def scenario(url: str) -> None:
        async with sitting(qapp, Settings(endpoint=url)) as here:
            here.breaks = analyse
            await here.ready(Plan(ways=(Way.STREAMING,), per_channel=True), opening)
            here.window.start_requested.emit()
            running = here.desk._running
            assert running is not None
            await here.until(running.done)
            assert isinstance(running.exception(), ZeroDivisionError)
            takes = [take.recording for take in here.desk._takes]
            assert [(each.channel, len(each.anchors)) for each in takes] == [(1, 1), (2, 0)]
            assert "A defect of this program" in here.complaint
            assert not here.desk.running

    with EmulatedService() as service:
        loop.run_until_complete(scenario(service.url))


def test_closing_the_window_ends_what_runs_and_opening_it_shows_what_was_done(
    loop: qasync.QEventLoop, qapp: QApplication, tmp_path: Path
) -> None:
    path = tmp_path / "longer.wav"
    soundfile.write(path, *sound(15.0))

    async def scenario(url: str) -> None:
        async with sitting(qapp, Settings(endpoint=url)) as here:
            await here.ready(PAIR, path)
            here.window.start_requested.emit()
            await here.until(lambda: here.rows and here.rows[0].left.total and here.rows[0].right.total)
            here.window.close()
            await here.until(lambda: not here.desk.running)
            here.desk.open()
            assert here.window.isVisible()
            assert here.window._save.isEnabled()
            assert text(here.rows[0].left) == FIRST

    with EmulatedService() as service:
        loop.run_until_complete(scenario(service.url))


def test_what_is_still_being_prepared_can_be_cancelled(
    loop: qasync.QEventLoop, qapp: QApplication, opening: Path
) -> None:
    async def scenario() -> None:
        async with sitting(qapp) as here:
            await here.ready(PAIR, opening)
            here.window.start_requested.emit()
            assert here.desk._state.stage is Stage.IDLE  # its task has not begun
            await here.until(lambda: here.desk._state.stage is Stage.PREPARING)
            here.window.cancel_requested.emit()
            await here.until(lambda: not here.desk.running)
            assert (here.window.page, here.complaint) == (SETUP, "")

    loop.run_until_complete(scenario())


# ---------------------------------------------------------------- the microphone


def speak(stream: FakeStream, seconds: float) -> None:
    """Say the beginning of the sample call into a stream, at the pace of speech."""
    samples, _ = sound(seconds)
    loud = (samples.mean(axis=1, keepdims=True) / 32768).astype(np.float32).repeat(stream.channels, axis=1)
    loop = asyncio.get_running_loop()
    began = loop.time()

    def deliver(start: int) -> None:
        block = loud[start : start + stream.frames]
        if len(block) == stream.frames and stream.running and stream.heard(block, False):
            due = began + (start + 2 * stream.frames) / stream.rate
            loop.call_later(max(0.0, due - loop.time()), deliver, start + stream.frames)

    loop.call_later(stream.frames / stream.rate, deliver, 0)


def test_all_ways_hear_the_microphone_until_it_is_finished(loop: qasync.QEventLoop, qapp: QApplication) -> None:
    card = microphone()

    async def scenario(url: str) -> None:
        card.started = lambda stream: loop.call_soon_threadsafe(speak, stream, 15.0)
        async with sitting(qapp, Settings(endpoint=url), driver=card) as here:
            await here.ready(replace(PAIR, live=True))
            here.window.start_requested.emit()
            await here.until(lambda: here.window._view is not None and here.window._view.can_finish)
            await here.until(lambda: here.rows and here.rows[0].left.total and here.rows[0].right.total)
            here.window.finish_requested.emit()
            assert here.desk._state.stage is Stage.FINISHING
            await here.until(lambda: not here.desk.running)
            assert card.open_streams == []
            comparison = here.desk.comparison
            assert comparison is not None
            assert not comparison.stopped
            (recording,) = comparison.recordings
            assert (recording.name, recording.channel) == ("Microphone", None)
            assert len(recording.anchors) >= 1
            assert all(run.complete for run in comparison.runs)
            assert text(here.rows[0].right) == FIRST

    with EmulatedService() as service:
        loop.run_until_complete(scenario(service.url))
    assert len(service.log.connections) == 2


def test_a_microphone_that_cannot_be_opened_is_one_sentence(loop: qasync.QEventLoop, qapp: QApplication) -> None:
    card = microphone()
    card.start_fault = Fault(FaultKind.DEVICE_BUSY)

    async def scenario(url: str) -> None:
        async with sitting(qapp, Settings(endpoint=url), driver=card) as here:
            await here.run(replace(PAIR, live=True))
            assert "Another program is using the microphone" in here.complaint
            assert here.desk.comparison is None

    with EmulatedService() as service:
        loop.run_until_complete(scenario(service.url))


def test_a_microphone_that_is_lost_ends_it_and_what_was_heard_is_kept(
    loop: qasync.QEventLoop, qapp: QApplication
) -> None:
    card = microphone()

    async def scenario(url: str) -> None:
        card.started = lambda stream: loop.call_soon_threadsafe(speak, stream, 15.0)
        async with sitting(qapp, Settings(endpoint=url), driver=card) as here:
            await here.ready(replace(PAIR, live=True))
            here.window.start_requested.emit()
            await here.until(lambda: here.rows and here.rows[0].left.total and here.rows[0].right.total)
            card.plugged.clear()
            (stream,) = card.open_streams
            stream.running = False
            stream.ended()
            await here.until(lambda: not here.desk.running)
            comparison = here.desk.comparison
            assert comparison is not None
            assert {run.fault and run.fault.kind for run in comparison.runs} == {FaultKind.DEVICE_LOST}
            assert text(here.rows[0].left) == FIRST

    with EmulatedService() as service:
        loop.run_until_complete(scenario(service.url))


def test_microphones_are_listed_when_they_are_wanted(loop: qasync.QEventLoop, qapp: QApplication) -> None:
    async def scenario() -> None:
        async with sitting(qapp) as here:
            await here.ready(replace(PAIR, live=True))
            here.devices = (SourceChoice("a", "Jabra"),)
            here.window.setup.devices_wanted.emit()
            picker = here.window.setup._picker
            await here.until(lambda: [each.name for each in picker.choices] == ["Jabra"])
            here.devices = Fault(FaultKind.NO_PORTAUDIO)
            here.window.setup.devices_wanted.emit()
            await here.until(lambda: "PortAudio" in here.notice)
            assert picker.choices == ()

    loop.run_until_complete(scenario())


# ---------------------------------------------------------------- beside the captions


def test_it_never_starts_beside_captions(loop: qasync.QEventLoop, qapp: QApplication, opening: Path) -> None:
    async def scenario() -> None:
        async with sitting(qapp) as here:
            await here.ready(PAIR, opening)
            assert here.obstacle == ""
            here.captions = True
            here.window.start_requested.emit()
            assert not here.desk.running
            assert "Captions are running" in here.obstacle

    loop.run_until_complete(scenario())


def test_the_desk_of_the_captions_tells_it_when_they_run(
    loop: qasync.QEventLoop, qapp: QApplication, opening: Path
) -> None:
    async def scenario() -> None:
        async with captioning(qapp) as here:
            await here.reach("listening")
            here.desk.window.comparison_requested.emit()
            comparison = here.desk._comparison
            assert comparison is not None
            assert comparison.window.isVisible()
            obstacle = comparison.window.setup._obstacle
            assert "Captions are running" in obstacle.text
            here.desk.window.stop_requested.emit()
            await here.reach("finished")
            await here.until(lambda: "Captions are running" not in obstacle.text)
            here.desk._change_settings(replace(here.desk.settings, ui_language=Language.KOREAN))
            await here.until(lambda: "녹음을 추가" in obstacle.text)
        assert comparison.window.isHidden()

    loop.run_until_complete(scenario())


def test_it_speaks_another_language_at_once(loop: qasync.QEventLoop, qapp: QApplication, opening: Path) -> None:
    async def scenario() -> None:
        async with sitting(qapp) as here:
            await here.ready(PAIR, opening)
            here.translation.use(Sentences.load(Language.KOREAN))
            here.desk.refresh_words()
            await here.until(lambda: here.window.windowTitle() == "비교")
            assert "정답 없음" in here.details[0]
            assert "요금" in here.window._setup_view.cost

    loop.run_until_complete(scenario())
