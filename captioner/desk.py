"""Everything behind one window: devices, lane, settings and files, wired to widgets.

One loop (qasync) runs everything but PortAudio's callback, one thread for the calls to PortAudio, and one worker thread
for what else blocks: the keyring, the disk, the emulator's process.

    MainWindow  ──signals──▶  Desk  ──news──▶  Engine ──actions──▶ Link
        ▲                      │                 ▲
        └──── show_…(value) ───┴──── updates ────┘ ◀──blocks── source

It is long because it is the one place where the parts of a window meet: each of its methods ties one signal to one deep
module, and what could be told apart (`keeping`, the desks of the keys and of the comparison) lives elsewhere.
"""

from __future__ import annotations

import asyncio
import math
import secrets
import time
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from captioner.account import ANYBODY
from captioner.account_desk import AccountDesk
from captioner.audio.wav import open_sound
from captioner.compare.ways import allowed
from captioner.comparison_desk import ComparisonDesk, Surroundings
from captioner.emulator.process import EmulatorProcess
from captioner.engine import Engine, Performer
from captioner.errors import FaultError, FaultKind
from captioner.events import (
    AudioBlock,
    FinalShown,
    Finished,
    GapShown,
    InterimShown,
    Measured,
    Mute,
    News,
    Painted,
    Phase,
    Reconfigure,
    SourceEnded,
    SourceLost,
    StateChanged,
    Stop,
    StopNow,
    Update,
    Withdrawn,
)
from captioner.keeping import Keeping
from captioner.language import Sentences
from captioner.pipeline import Lane, Pipeline
from captioner.places import FileProblem, resource, save_settings
from captioner.policy import Policy
from captioner.releases import UpdateState
from captioner.saving import Said
from captioner.settings import SettingError, Settings
from captioner.stt.link import Link, Network, Tokens
from captioner.stt.policy import Patience
from captioner.ui import viewstate
from captioner.ui.about import About
from captioner.ui.collector import QtThreadCollector
from captioner.ui.new_version import offer_sentence, open_link, report_sentence
from captioner.ui.settings_dialog import SettingsDialog
from captioner.ui.source_picker import SourceChoice
from captioner.ui.theme import Appearance
from captioner.ui.translation import Translation
from captioner.ui.window import MainWindow
from captioner.update_check import SETTLE, UpdateCheck
from captioner.worker import Worker

if TYPE_CHECKING:
    from captioner.audio.capture import Driver
    from captioner.audio.microphone import Microphone, SourceNews

STATUS_MS = 66
"""How often the bars are brought up to date: about 15 times a second, as a level meter needs."""

ENDLESS = Patience(unreachable=math.inf, service=math.inf)
"""The window tries for as long as the person lets it."""

KEYS_REFUSED = (FaultKind.CREDENTIALS_REFUSED, FaultKind.DESK_KEY_REFUSED)
"""What only other keys mend."""

SAMPLE_CALL = "sample-call"
"""The source that is no device: the bundled call, played to the emulator."""


@dataclass(frozen=True, slots=True)
class Demo:
    """What `captioner demo` asks for.

    Attributes:
        profile, faults: the emulator's, as the command line has them.
        url: of an emulator that runs already; none is started then.
    """

    profile: str = "measured"
    faults: tuple[str, ...] = ()
    url: str = ""


@dataclass(frozen=True, slots=True)
class Wiring:
    """How a desk gets at the world; a test or a benchmark puts its own there.

    Attributes:
        clock: the engine's.
        make_link: makes what performs a lane's actions.
        driver: of the devices; None is PortAudio.
        observe: is told milestones: "shown", "source opened", "source lost", "listening", "painted", "measured",
            "finished".
        settle: seconds of a window, and of captions, in which nothing is done that can wait.
    """

    clock: Callable[[], float] = time.perf_counter
    make_link: Callable[[Tokens, Callable[[News], None]], Performer] = Link
    driver: Driver | None = None
    observe: Callable[[Desk, str], None] = lambda _desk, _milestone: None
    settle: float = SETTLE


class Desk:
    """Everything behind one window: it wires signals to news, and updates to widgets."""

    def __init__(
        self,
        app: QApplication,
        settings: Settings,
        *,
        demo: Demo | None = None,
        problems: Sequence[FileProblem | SettingError] = (),
        wiring: Wiring | None = None,
        policy: Policy | None = None,
    ) -> None:
        self.settings = settings
        self._policy = policy or Policy()
        self.engine: Engine | None = None
        self.said: list[Said] = []
        self._wiring = wiring or Wiring()
        self._demo = demo
        self._problems = problems
        self._emulated = ""  # the endpoint of a demo's emulator
        self._tokens = Tokens(Network.of(settings), None)
        self._link: Performer | None = None
        self._source: asyncio.Task[None] | None = None  # hears the device, or plays the sample call
        self._microphone: Microphone | None = None
        self._emulator: EmulatorProcess | None = None
        self._worker = Worker()
        self._tasks: set[asyncio.Task[None]] = set()
        self._quit = asyncio.Event()
        self._closing = self._starting = False
        self._devices: tuple[SourceChoice, ...] = ()
        self._dialog: SettingsDialog | None = None
        self._about: About | None = None
        self._comparison: ComparisonDesk | None = None
        self._translation = Translation(app)
        self._appearance = Appearance(app)
        self._translation.use(Sentences.load(settings.ui_language))
        self._appearance.use(settings.theme)
        self.window = MainWindow()
        self.window.show_settings(settings)
        self._account = AccountDesk(
            self.window,
            self._policy,
            self._spawn,
            self._worker,
            say=lambda: self._say,
            settings=lambda: self.settings,
            changed=self._change_account,
            entered=self._start,
            demo=lambda: self._spawn(self._start_demo(Demo())),
        )
        self._keeping = Keeping(
            self.window,
            self._spawn,
            self._worker,
            say=lambda: self._say,
            refused=self._recovery_refused,
            days=lambda: self.settings.keep_days,
        )
        self._updates = UpdateCheck(
            settings=lambda: self.settings,
            calm=self._calm,
            show=self._show_update,
            blocking=self._worker,
            settle=self._wiring.settle,
        )
        self._timer = QTimer(self.window)
        self._timer.setInterval(STATUS_MS)
        self._timer.timeout.connect(self._show_status)
        self._collector = QtThreadCollector(self.window)
        self._connect()

    def _connect(self) -> None:
        window = self.window
        window.start_requested.connect(self._start)
        window.stop_requested.connect(self._stop)
        window.stop_now_requested.connect(lambda: self._post(StopNow()))
        window.mute_requested.connect(lambda on: self._post(Mute(on)))
        window.source_chosen.connect(self._choose_source)
        window.devices_wanted.connect(lambda: self._spawn(self._list_devices()))
        window.settings_requested.connect(self._open_settings)
        window.comparison_requested.connect(self._open_comparison)
        window.settings_changed.connect(self._change_settings)
        window.save_requested.connect(lambda kind, path: self._spawn(self._save(kind, path)))
        window.close_requested.connect(self._close)
        window.painted.connect(self._painted)
        window.release_page_requested.connect(self._open_release)
        window.release_dismissed.connect(lambda: self._spawn(self._updates.dismiss()))

    @property
    def _say(self) -> Sentences:
        return self._translation.sentences

    @property
    def _running(self) -> bool:
        return self.engine is not None and not self.engine.pipeline.finished

    # ------------------------------------------------------------ life

    async def run(self) -> None:
        """Show the window; return when it is closed and everything has ended."""
        self.window.show()
        self._show_status()
        self._timer.start()
        self._collector.start()
        self._wiring.observe(self, "shown")
        for problem in self._problems:
            self.window.show_notice(viewstate.stored_sentence(problem, self._say), stays=True)
        try:
            await self._begin()
            self._spawn(self._keeping.find())
            if self._demo is None:
                self._spawn(self._updates.run())
            await self._quit.wait()
        finally:
            await self._end()

    async def _begin(self) -> None:
        if self._demo is not None:
            await self._start_demo(self._demo)
            return
        await self._account.find()
        if self._account.credentials is None:
            self._account.ask()
        elif self.settings.auto_start:
            self._start()
        await self._list_devices()

    def _close(self) -> None:
        """The person closes the window: the last words first (closing it again asks to stop now)."""
        self._closing = True
        if self._running:
            self._stop()
        else:
            self._quit.set()

    async def _end(self) -> None:
        """Steps 2 to 6 of the order in `app.py`."""
        self._timer.stop()
        self._collector.stop()
        self._account.close()
        for dialog in (self._dialog, self._about):
            if dialog is not None:
                dialog.close()
        if self._comparison is not None:
            await self._comparison.aclose()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._leave_lane()
        await self._tokens.aclose()
        if self._emulator is not None:
            await self._worker(self._emulator.stop)
        await self._keeping.end(in_order=self._quit.is_set())
        await self._worker(self._store_settings, self.settings)
        self._worker.close()
        self.window.allow_close()

    # ------------------------------------------------------------ the lane

    def _start(self) -> None:
        if self._comparison is not None and self._comparison.running:
            self.window.show_notice(self._say("A comparison is running: captions start when it is over or cancelled."))
        elif not self._running and not self._starting and not self._closing:
            if self._demo is None and self._account.credentials is None:
                self._account.ask()
            elif self._demo is None or self._emulated:  # an emulator that is about to stand starts the lane itself
                self._starting = True
                self._spawn(self._start_lane())

    async def _start_lane(self) -> None:
        await self._leave_lane()
        self._starting = False  # nothing waits any more until it runs
        if self._closing:
            return
        lane = Lane(painted=True, patience=ENDLESS, seed=secrets.randbits(32))
        pipeline = Pipeline(self._service, lane)
        engine = self.engine = Engine(pipeline, self._show, clock=self._wiring.clock)
        self._link = self._wiring.make_link(self._tokens, engine.post)
        now = datetime.now().astimezone()
        self.said.append(Said(now))
        self._keeping.begin(now)
        self.window.begin(now)
        self._show_latency()  # of this call: none yet
        if self.settings.record:
            self._keeping.record(engine, now)
        engine.start(self._link)
        self._open_source(engine)

    def _open_source(self, engine: Engine) -> None:
        """Hear the chosen source, in the same lane if it was another one until now."""
        self._source = asyncio.ensure_future(self._hear(engine))

    async def _hear(self, engine: Engine) -> None:
        try:
            if self._demo is not None:
                await open_sound(resource("sample", "sample_call.flac")).play(engine.post, clock=engine.clock)
            else:
                await self._hear_device(engine)
        except FaultError as error:
            engine.post(SourceEnded(error.fault))

    async def _hear_device(self, engine: Engine) -> None:
        from captioner.audio.microphone import Microphone

        was_lost, name = False, ""

        def take(news: SourceNews) -> None:
            nonlocal was_lost, name
            engine.post(news)
            if isinstance(news, AudioBlock):
                return
            lost = isinstance(news, SourceLost)
            self._wiring.observe(self, "source lost" if lost else "source opened")
            if lost or was_lost:
                self._spawn(self._list_devices())  # one is gone, or back
            was_lost = lost
            if not lost and microphone.device is not None:
                before, name = name, microphone.device.name
                if before not in ("", name):
                    self.window.show_notice(self._say("Now listening to {device}.", device=name))

        microphone = self._microphone = Microphone(
            self.settings.device,
            block_ms=self.settings.block_ms,
            post=take,
            clock=engine.clock,
            driver=self._wiring.driver,
        )
        await microphone.run()

    async def _close_source(self) -> None:
        source = self._source
        if source is not None:
            if not source.cancelling():  # twice would cut its own closing short
                source.cancel()
            await asyncio.wait({source})
            if self._source is source:  # kept until now, so that the end, too, waits for what is closing
                self._source = None

    async def _leave_lane(self) -> None:
        await self._close_source()
        engine, link = self.engine, self._link
        self._link = None
        if engine is not None:
            engine.close()
        if isinstance(link, Link):
            await link.aclose()
        await self._keeping.end_recording()

    def _stop(self) -> None:
        self._post(Stop())
        self._spawn(self._close_source())

    def _post(self, news: News) -> None:
        if self._running:
            assert self.engine is not None
            self.engine.post(news)

    def _painted(self, painted: Painted) -> None:
        if self.engine is not None:
            self.engine.post(painted)  # after the lane's end too: the delays of its very last captions count
        if painted.at is not None:
            self._wiring.observe(self, "painted")

    # ------------------------------------------------------------ what is shown

    def _show(self, update: Update) -> None:
        """Take an update of the lane; called on the loop, within its turn."""
        match update:
            case InterimShown() | Withdrawn():
                self.window.show_updates((update,))
            case FinalShown() | GapShown():
                self.said[-1].add(update)
                self._keeping.add(update)
                self.window.show_updates((update,))
            case Measured():
                self.said[-1].measure(update)
                self._keeping.measure(update)
                self._show_latency()
                self._wiring.observe(self, "measured")
            case StateChanged():
                self._show_status()
                if update.phase is Phase.LIVE:
                    self._wiring.observe(self, "listening")
            case Finished():
                self._finished(update)

    def _finished(self, finished: Finished) -> None:
        self._show_status()
        self._spawn(self._close_source())
        self._wiring.observe(self, "finished")
        if self._closing:
            self._quit.set()
        elif finished.fault is not None and finished.fault.kind in KEYS_REFUSED and not finished.summary.connections:
            self._open_settings()  # never during a call, where other words matter
            assert self._dialog is not None
            self._dialog.show_account_page()

    def _show_latency(self) -> None:
        if self.engine is not None:
            pipeline, link = self.engine.pipeline, self._link
            round_trip = link.round_trip if isinstance(link, Link) else None
            self.window.show_latency(
                viewstate.latency_rows(pipeline.finals, self._say),
                viewstate.recognition_note(round_trip, pipeline.settings, self._say),
            )

    def _show_status(self) -> None:
        engine = self.engine
        state = viewstate.view_state(
            None if engine is None else engine.status(),
            source=self._source_name(),
            settings=self.settings,
            demo=self._demo is not None,
            say=self._say,
            latency=None if engine is None else engine.pipeline.finals.table()["total"],
        )
        self.window.show_state(state)
        if self._dialog is not None and self._dialog.isVisible():
            self._dialog.show_state(state)

    # ------------------------------------------------------------ sources

    def _source_name(self) -> str:
        if self._demo is not None:
            return self._say("Sample call")
        device = self._microphone.device if self._microphone is not None else None
        if not self.settings.device and device is not None and device.name != "default":
            return device.name
        if not self.settings.device:
            return self._say("System default")
        return next((each.name for each in self._devices if each.id == self.settings.device), self.settings.device)

    async def _list_devices(self) -> None:
        if self._demo is not None:
            self.window.show_sources((SourceChoice(SAMPLE_CALL, self._say("Sample call")),), SAMPLE_CALL)
            return
        try:
            self._devices = await _devices(self._wiring.driver)
        except FaultError as error:
            self._devices = ()
            if not self._running:
                self.window.show_notice(viewstate.fault_sentence(error.fault, self._say))
        self.window.show_sources(self._devices, self.settings.device)
        if self._dialog is not None:
            self._dialog.show_devices(self._devices)

    def _choose_source(self, device: str) -> None:
        if device in (SAMPLE_CALL, self.settings.device):
            return
        refusal = self._policy.forbids("device", device)
        if refusal is not None:
            self.window.show_notice(viewstate.named_setting_sentence(refusal, self._say))
            self.window.show_sources(self._devices, self.settings.device)
            return
        self._change_settings(replace(self.settings, device=device))

    async def _change_source(self) -> None:
        engine = self.engine
        await self._close_source()
        if engine is not None and engine is self.engine and self._source is None and not engine.pipeline.finished:
            self._open_source(engine)

    # ------------------------------------------------------------ settings

    def _change_settings(self, settings: Settings) -> None:
        settings = self._policy.apply(settings)
        before, self.settings = self.settings, settings
        if settings.ui_language != before.ui_language:
            self._translation.use(Sentences.load(settings.ui_language))
            self._keeping.offer()
            self._show_latency()
            if self._demo is not None:
                self._spawn(self._list_devices())  # a device's name is the same in every language
            if self._comparison is not None:
                self._comparison.refresh_words()
        if before.record and not settings.record:
            self._spawn(self._keeping.end_recording())
        if settings.theme != before.theme:
            self._appearance.use(settings.theme)
        self.window.show_settings(settings)
        self._updates.settings_changed()
        self._use_service()
        self._post(Reconfigure(self._service))
        another = (settings.device, settings.block_ms) != (before.device, before.block_ms)
        if another and self._demo is None and self._source is not None and not self._source.cancelling():
            self._spawn(self._change_source())
        self._show_status()
        self._spawn(self._save_settings(settings))

    async def _save_settings(self, settings: Settings) -> None:
        problem = await self._worker(self._store_settings, settings)
        if problem is not None:
            self.window.show_notice(viewstate.stored_sentence(problem, self._say), stays=True)

    def _store_settings(self, settings: Settings) -> FileProblem | None:
        kept = self._policy.kept
        return save_settings(replace(settings, **kept), without=self._policy.locked.keys() - kept.keys())

    def _open_settings(self) -> None:
        if self._dialog is None:
            dialog = self._dialog = SettingsDialog(self.window)
            dialog.show_policy(self._policy)
            dialog.settings_changed.connect(self._change_settings)
            dialog.devices_wanted.connect(lambda: self._spawn(self._list_devices()))
            dialog.about_requested.connect(self._open_about)
            self._account.serve(dialog)
        self._dialog.show_devices(self._devices)
        self._dialog.show_settings(self.settings)
        self._account.show()
        self._dialog.show()
        self._dialog.raise_()
        self._dialog.activateWindow()

    def _open_about(self) -> None:
        if self._about is None:
            from captioner import __version__

            about = self._about = About(__version__, self.window)
            about.licences_requested.connect(lambda: self._spawn(self._show_licences(about)))
            about.page_requested.connect(self._open_release)
            self._show_update(self._updates.state)
        self._about.show()
        self._about.raise_()
        self._about.activateWindow()

    async def _show_licences(self, about: About) -> None:
        from captioner import licences

        about.show_licences(await self._worker(licences.read))

    def _open_comparison(self) -> None:
        if self._comparison is None:
            around = Surroundings(
                say=lambda: self._say,
                settings=lambda: self.settings,
                account=lambda: self._account.credentials,
                captions=lambda: self._running,
                devices=lambda: _devices(self._wiring.driver),
                blocking=self._worker,
                driver=self._wiring.driver,
                clock=self._wiring.clock,
                missing=self._account.missing,
                ways=allowed(self._policy),
            )
            self._comparison = ComparisonDesk(self.window, around)
        self._comparison.open()

    # ------------------------------------------------------------ the service

    @property
    def _service(self) -> Settings:
        """The settings, with the endpoint in use: a demo's is nobody's setting."""
        if self._emulated:
            return replace(self.settings, endpoint=self._emulated, proxy="", ca_file="")
        return self.settings

    def _use_service(self) -> None:
        """Ask for tokens where the service in use gives them, with what it knows us by."""
        self._tokens.use(Network.of(self._service), ANYBODY if self._emulated else self._account.credentials)

    def _change_account(self) -> None:
        self._use_service()
        if not self._emulated:
            self._post(Reconfigure(self._service, reconnect=True))

    # ------------------------------------------------------------ the demo

    async def _start_demo(self, demo: Demo) -> None:
        """Put the emulator in the service's place, and the sample call in the microphone's."""
        if self._running or (self._comparison is not None and self._comparison.running):
            return
        self._demo = demo
        self._show_status()
        url = demo.url
        if not url:
            emulator = EmulatorProcess()
            try:
                url = await self._worker(emulator.start, demo.profile, demo.faults)
            except OSError as error:
                self._demo = None
                detail = error.strerror or type(error).__name__
                self.window.show_notice(self._say("The emulator did not start ({detail}).", detail=detail), stays=True)
                return
            self._emulator = emulator
        self._emulated = url
        self._use_service()
        await self._list_devices()
        self._start()

    # ------------------------------------------------------------ new versions

    def _calm(self) -> bool:
        """Whether nothing is going on that a request could disturb."""
        engine = self.engine if self._running else None
        return self._demo is None and (engine is None or engine.status().elapsed >= self._wiring.settle)

    def _show_update(self, state: UpdateState) -> None:
        url = state.newer.url if state.newer is not None else ""
        self.window.show_release(offer_sentence(state, self._say), url)
        if self._about is not None:
            self._about.show_update(report_sentence(state, self._say), url)

    def _open_release(self) -> None:
        newer = self._updates.state.newer
        if newer is not None and not open_link(newer.url):
            self.window.show_notice(self._say("Nothing on this computer opens {url}.", url=newer.url))

    # ------------------------------------------------------------ files

    async def _save(self, kind: str, path: Path) -> None:
        await self._keeping.save(kind, path, self.said)

    def _recovery_refused(self) -> None:
        """Say once, and never again, that there is no keyring and so no captions after a crash."""
        if not self.settings.recovery_refused and self._demo is None:
            self.window.show_notice(
                self._say("This computer has no keyring: captions that are not saved are lost if the program crashes."),
                stays=True,
            )
            self._change_settings(replace(self.settings, recovery_refused=True))

    # ------------------------------------------------------------ tasks

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def _devices(driver: Driver | None) -> tuple[SourceChoice, ...]:
    from captioner.audio.capture import devices
    from captioner.audio.microphone import in_device_thread

    return tuple(SourceChoice(each.id, each.name) for each in await in_device_thread(lambda: devices(driver)))
