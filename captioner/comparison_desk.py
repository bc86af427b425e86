"""Everything behind the comparison window: files, microphone, services and runs, wired to its pages.

It stands beside the desk of the captions and never runs beside captions: each of the two asks the other first. The runs
are those of `captioner compare`, on Qt's loop; what waits for files, devices and processes goes to the worker thread.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Any, assert_never

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QWidget

from captioner.account import Credentials
from captioner.compare.analysis import Analysis, analyse
from captioner.compare.outcome import Comparison, Way
from captioner.compare.report import write_report
from captioner.compare.run import TIMEOUT, Progress, Runs, Seen
from captioner.compare.services import Emulated, NotStarted, Service, Standing, design
from captioner.compare.sidebyside import SideBySide, SideRow
from captioner.compare.takes import LONGEST, Live, Post, Take
from captioner.compare.ways import groups
from captioner.compare.wording import recording_name, way_name
from captioner.comparison_files import ComparisonFiles
from captioner.errors import Fault, FaultError, FaultKind
from captioner.events import AudioBlock, SourceEnded, SourceLost, SourceOpened
from captioner.language import Sentences
from captioner.places import FileProblem
from captioner.settings import Settings
from captioner.ui.comparison import RESULTS, ROWS, SETUP, ComparisonWindow
from captioner.ui.comparison_view import (
    Plan,
    RowView,
    RunState,
    SetupView,
    Stage,
    result_view,
    row_views,
    run_view,
    setup_view,
)
from captioner.ui.source_picker import SourceChoice
from captioner.ui.viewstate import fault_sentence
from captioner.worker import Blocking

if TYPE_CHECKING:
    from captioner.audio.capture import Driver

REFRESH_MS = 100
"""How often the window is brought up to date: the texts of a way come a few times a second."""

REPORT_FILES = ("report.html", "utterances.csv", "report.json")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the comparison knows of the program around it.

    Attributes:
        say: the person's language, now.
        settings: those in use, now.
        account: that of the service, or the key of the desk, as far as it is known.
        captions: whether captions run.
        devices: lists the microphones; raises FaultError.
        blocking: runs what blocks.
        driver: of the devices; None is PortAudio.
        clock: seconds that only grow.
        limit: seconds after which a microphone is heard no further.
        missing: what is said where there is no account.
        ways: that the company lets through to the service.
    """

    say: Callable[[], Sentences]
    settings: Callable[[], Settings]
    account: Callable[[], Credentials | None]
    captions: Callable[[], bool]
    devices: Callable[[], Awaitable[tuple[SourceChoice, ...]]]
    blocking: Blocking
    driver: Driver | None = None
    clock: Callable[[], float] = time.perf_counter
    limit: float = LONGEST
    missing: FaultKind = FaultKind.CREDENTIALS_MISSING
    ways: tuple[Way, ...] = tuple(Way)


class ComparisonDesk:
    """The comparison behind its window.

    Args:
        parent: the window that it was opened from.
        around: the program around it.

    Attributes:
        window: hidden until `open`.
        comparison: what came of the last one; None before.
    """

    def __init__(self, parent: QWidget | None, around: Surroundings) -> None:
        self.comparison: Comparison | None = None
        self._around = around
        usual = tuple(way for way in Plan().ways if way in around.ways)
        self._plan = Plan(device=around.settings().device, ways=usual or around.ways)
        self._state = RunState()
        self._analysis: Analysis | None = None
        self._runs: Runs | None = None
        self._running: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._takes: list[Take | Live] = []
        self._ways: tuple[Way, ...] = ()
        self._sides: dict[tuple[int, int], SideBySide] = {}  # by take and repeat, in the order in which they are heard
        self._shown: tuple[int, int] | None = None
        self._pair: tuple[Way | None, Way | None] = (None, None)
        self._changed = False
        self._worded: tuple[tuple[SideRow, ...], tuple[RowView, ...]] = (), ()  # the rows, and what was said of them
        window = self.window = ComparisonWindow(parent)
        self._files = ComparisonFiles(
            say=around.say,
            blocking=around.blocking,
            notice=window.show_notice,
            changed=self._refresh,
            spawn=self._spawn,
        )
        self._timer = QTimer(window)
        self._timer.setInterval(REFRESH_MS)
        self._timer.timeout.connect(self._refresh)
        window.show_plan(self._plan)
        window.start_requested.connect(self.start)
        window.finish_requested.connect(self.finish)
        window.cancel_requested.connect(self.cancel)
        window.save_requested.connect(lambda folder: self._spawn(self._save(folder)))
        window.closed.connect(self._closed)
        window.setup.plan_changed.connect(self._change_plan)
        window.setup.files_added.connect(self.add)
        window.setup.file_removed.connect(self._remove)
        window.setup.reference_chosen.connect(self._choose_reference)
        window.setup.devices_wanted.connect(lambda: self._spawn(self._list_devices()))
        window.rows.ways_chosen.connect(self._choose_ways)
        window.rows.take_chosen.connect(self._choose_take)

    @property
    def running(self) -> bool:
        """Whether a comparison is being prepared, runs, or waits for its last words."""
        return self._running is not None

    @property
    def _say(self) -> Sentences:
        return self._around.say()

    # ------------------------------------------------------------ life

    def open(self) -> None:
        """Show the window."""
        self._timer.start()
        self.refresh_words()
        self.window.show()
        self.window.raise_()
        self.window.activateWindow()
        self._spawn(self._list_devices())

    def refresh_words(self) -> None:
        """Say everything anew, for instance in another language."""
        self._worded = (), ()
        self._changed = True
        self._show_takes()
        self._show_results()
        self._refresh()

    async def aclose(self) -> None:
        """End everything at once; nothing is waited for but the ends themselves."""
        self._timer.stop()
        tasks = {*self._tasks, *({self._running} if self._running else ())}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self.window.close()

    def _closed(self) -> None:
        self._timer.stop()
        if self._runs is not None:
            self._stop(Runs.stop_now)
        else:
            self.cancel()

    # ------------------------------------------------------------ what is compared

    def add(self, paths: Sequence[Path]) -> None:
        """Take recordings and references, unless a comparison runs."""
        if not self.running:
            self._files.add(paths)

    def _remove(self, row: int) -> None:
        if not self.running:
            self._files.remove(row)

    def _choose_reference(self, row: int, path: Path | None) -> None:
        if not self.running:
            self._files.choose_reference(row, path)

    def _change_plan(self, plan: Plan) -> None:
        self._plan = plan
        self._refresh()

    async def _list_devices(self) -> None:
        try:
            self.window.setup.show_devices(await self._around.devices())
        except FaultError as error:
            self.window.setup.show_devices(())
            if self._plan.live:
                self.window.show_notice(fault_sentence(error.fault, self._say))

    # ------------------------------------------------------------ the runs

    def start(self) -> None:
        """Begin, unless something stands in the way."""
        self._refresh()
        if not self.running and self._obstacle() == "":
            self._running = asyncio.ensure_future(self._run(self._plan, self._around.settings()))

    def finish(self) -> None:
        """The microphone was heard for long enough: wait for the last words."""
        for take in self._takes:
            if isinstance(take, Live):
                take.finish()
        self._change(stage=Stage.FINISHING)

    def cancel(self) -> None:
        """Take no more sound; asked again, do not wait for the last words either. What is done is kept."""
        if self._runs is None:
            if self._running is not None:
                self._running.cancel()
        else:
            self._stop(Runs.stop_now if self._runs.stopped else Runs.stop)

    def _stop(self, how: Callable[[Runs], None]) -> None:
        assert self._runs is not None
        how(self._runs)
        if self._state.stage in (Stage.PREPARING, Stage.RUNNING):
            self._change(stage=Stage.FINISHING)

    def _obstacle(self) -> str:
        return self._setup().obstacle

    async def _run(self, plan: Plan, settings: Settings) -> None:
        """Prepare, run and judge a comparison."""
        self._begin(plan)
        complaint = ""
        try:
            if plan.live:
                self._takes = [self._live(plan, settings)]
            else:
                self._takes = list(await self._files.listen(plan, settings, lambda name: self._change(name=name)))
            if any(isinstance(take, Live) or take.recording.anchors for take in self._takes):
                complaint = await self._hear(plan, settings)
            else:
                complaint = self._silent()
        except asyncio.CancelledError:
            raise
        except Exception:
            complaint = self._say("A defect of this program ended the comparison; what was done is kept.")
            raise
        finally:
            self._runs = self._running = None
            done = self._analysis is not None
            stage = Stage.DONE if done else Stage.IDLE
            self._change(stage=stage, complaint=complaint, reportable=done)
            self.window.show_page(RESULTS if done else SETUP)

    def _begin(self, plan: Plan) -> None:
        self.comparison = self._analysis = None
        self._takes, self._ways = [], plan.ways
        self._sides, self._shown = {}, None
        self._pair = plan.ways[0], (plan.ways[1] if len(plan.ways) > 1 else None)
        self._state = RunState(Stage.PREPARING, live=plan.live, repeats=1 if plan.live else plan.repeats)
        self._show_results()
        self._show_takes()
        self._changed = True
        self._refresh()

    def _live(self, plan: Plan, settings: Settings) -> Live:
        source = partial(self._microphone, plan.device, settings.block_ms)
        return Live(self._say("Microphone"), source, silence=settings.silence, limit=self._around.limit)

    @asynccontextmanager
    async def _microphone(self, device: str, block_ms: int, post: Post) -> AsyncIterator[None]:
        from captioner.audio.microphone import Microphone, SourceNews

        heard = False

        def take(news: SourceNews) -> None:
            nonlocal heard
            match news:
                case AudioBlock():
                    heard = True
                    post(news)
                case SourceLost(fault):
                    if heard or fault.kind is not FaultKind.DEVICE_STALLED:  # some take seconds to begin
                        post(SourceEnded(fault))  # what the ways would make of a hole is not what is compared
                case SourceOpened():
                    pass
                case _:
                    assert_never(news)

        async def hear() -> None:
            try:
                await microphone.run(patient=False)
            except FaultError as error:
                post(SourceEnded(error.fault))

        around = self._around
        microphone = Microphone(device, block_ms=block_ms, post=take, clock=around.clock, driver=around.driver)
        hearing = asyncio.ensure_future(hear())
        try:
            yield
        finally:
            hearing.cancel()
            await asyncio.wait({hearing})

    def _service(self, plan: Plan, settings: Settings) -> Service:
        if not plan.profile:
            account = self._around.account()
            assert account is not None
            return Standing(settings, account)
        side_by_side = max(map(len, groups(plan.ways)))
        return Emulated(plan.profile, side_by_side, self._files.scripts, self._say, blocking=self._around.blocking)

    async def _hear(self, plan: Plan, settings: Settings) -> str:
        """Let the ways hear the takes; return what ended it before its time, else nothing."""
        service, complaint = self._service(plan, settings), ""
        started = datetime.now().astimezone().strftime("%Y-%m-%d %H:%M")
        if plan.profile:
            self._change(name=service.name)
        repeats = self._state.repeats
        runs = self._runs = Runs(
            self._takes,
            plan.ways,
            repeats,
            settings,
            service.of,
            self._progress,
            clock=self._around.clock,
            watch=self._watch,
        )
        try:
            await runs.run()
        except NotStarted as error:
            complaint = self._say("The emulator did not start ({detail}).", detail=error)
        finally:
            self._end_runs()
        self._change(stopped=runs.stopped)
        if runs.hopeless is not None:
            return fault_sentence(runs.hopeless, self._say)
        if not runs.done:
            return complaint or self._say("The comparison was stopped before its first run.")
        recordings = tuple(take.recording for take in self._takes)
        if not any(each.anchors for each in recordings):
            return self._silent()
        comparison = Comparison(
            recordings=recordings,
            ways=plan.ways,
            repeats=repeats,
            runs=tuple(runs.done),
            timeout=TIMEOUT,
            silence=settings.silence,
            service=service.name,
            started=started,
            design=design(plan.profile, settings.silence) if plan.profile else None,
            stopped=runs.stopped,
            emulated=bool(plan.profile),
        )
        self._analysis = await self._around.blocking(analyse, comparison)
        self.comparison = comparison
        self._show_results()
        return complaint

    def _silent(self) -> str:
        names = ", ".join(recording_name(take.recording, self._say) for take in self._takes)
        if not names:
            return self._say("None of these files can be used.")
        return self._say("{name}: no speech was found, so there is nothing to compare.", name=names)

    def _progress(self, progress: Progress) -> None:
        """Take how far it is; called by the runs."""
        place = progress.take, progress.repeat
        if progress.over:
            self._end_runs()
            return
        take = self._takes[progress.take]
        if place not in self._sides:
            self._sides[place] = SideBySide(TIMEOUT)
        if self._state.stage is Stage.PREPARING or self._state.ways != progress.ways or self._shown is None:
            if not set(self._pair) <= set(progress.ways):
                self._pair = self._new_pair(progress.ways)
            if self._state.stage is Stage.PREPARING:
                self.window.show_page(ROWS)
        if self._state.name != recording_name(take.recording, self._say) or self._state.repeat != progress.repeat:
            self._shown = place
        self._shown = self._shown or place
        finishing = self._state.stage is Stage.FINISHING
        self._change(
            stage=Stage.FINISHING if finishing else Stage.RUNNING,
            name=recording_name(take.recording, self._say),
            repeat=progress.repeat,
            ways=progress.ways,
            done=progress.done,
            total=progress.total,
        )
        self._show_takes()

    def _new_pair(self, ways: tuple[Way, ...]) -> tuple[Way | None, Way | None]:
        """Choose whom to watch among those that hear now."""
        if len(ways) > 1:
            return ways[0], ways[-1]
        return ways[0], next((way for way in self._ways if way is not ways[0]), None)

    def _watch(self, seen: Seen) -> None:
        """Take an update of a way; called in a turn of its engine, so that it must be short."""
        self._sides[seen.take, seen.repeat].add(seen.way, seen.update)
        self._changed = self._changed or self._shown == (seen.take, seen.repeat)

    def _end_runs(self) -> None:
        """From now on what has ended shows what the report will say of it."""
        for run in self._runs.done if self._runs else ():
            self._sides[run.recording, run.repeat].end(run)
        self._changed = True

    # ------------------------------------------------------------ what is shown

    def _change(self, **changes: Any) -> None:
        self._state = replace(self._state, **changes)
        self._refresh()

    def _setup(self) -> SetupView:
        settings = self._around.settings()
        return setup_view(
            self._plan,
            self._files.chosen,
            captions=self._around.captions(),
            account=self._around.account() is not None,
            missing=self._around.missing,
            service=settings.endpoint,
            limit=self._around.limit,
            say=self._say,
            allowed=self._around.ways,
        )

    def _refresh(self) -> None:
        """Bring the window up to date: what did not change costs next to nothing."""
        window, say = self.window, self._say
        window.show_setup(self._setup())
        window.show_run(run_view(self._state, say))
        if self._changed:
            self._changed = False
            self._show_rows()

    def _show_rows(self) -> None:
        if self._shown is None:
            self.window.rows.show_rows(())
            return
        anchors = self._takes[self._shown[0]].recording.anchors
        rows = self._sides[self._shown].rows(*self._pair, anchors)
        same = sum(1 for _ in takewhile(lambda pair: pair[0] is pair[1], zip(rows, self._worded[0], strict=False)))
        views = (*self._worded[1][:same], *row_views(rows[same:], self._say))
        self._worded = rows, views
        self.window.rows.show_rows(views)

    def _show_takes(self) -> None:
        say, places = self._say, list(self._sides)
        names = list[str]()
        for take, repeat in places:
            name = recording_name(self._takes[take].recording, say)
            if self._state.repeats > 1:
                name = say("{name}, run {repeat} of {repeats}", name=name, repeat=repeat, repeats=self._state.repeats)
            names.append(name)
        self.window.rows.show_takes(names, places.index(self._shown) if self._shown in places else -1)
        self.window.rows.show_ways([(way, way_name(way, say)) for way in self._ways], *self._pair)

    def _show_results(self) -> None:
        self.window.show_result(None if self._analysis is None else result_view(self._analysis, self._say))

    def _choose_ways(self, left: Way | None, right: Way | None) -> None:
        self._pair = left, right
        self._changed = True
        self._refresh()

    def _choose_take(self, index: int) -> None:
        self._shown = list(self._sides)[index]
        self._changed = True
        self._refresh()

    # ------------------------------------------------------------ the report

    async def _save(self, folder: Path) -> None:
        comparison, say = self.comparison, self._say
        if comparison is None:
            return
        written = await self._around.blocking(_write, comparison, folder, say)
        if isinstance(written, FileProblem):
            self.window.show_notice(say(written.sentence, **written.values))
        else:
            self.window.show_notice(say("The report is in {path}.", path=written))

    # ------------------------------------------------------------ tasks

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _write(comparison: Comparison, folder: Path, say: Sentences) -> Path | FileProblem:
    """Write the report; where another one is there already, beside it. Return where it is."""

    def words(fault: Fault) -> str:
        return fault_sentence(fault, say)

    if any((folder / name).exists() for name in REPORT_FILES):
        folder = folder / f"captioner {comparison.started.replace(':', '')}"
    written = write_report(comparison, folder, say, words)
    return written if isinstance(written, FileProblem) else folder
