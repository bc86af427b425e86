"""Who recognises in a comparison: the service at an endpoint, or emulators on this computer.

A service is asked for each take how it is reached, for as long as the take's runs last.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from functools import partial
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from captioner.account import ANYBODY, Credentials
from captioner.compare.outcome import AnchorSource, Design
from captioner.compare.run import Dial, ServiceLine
from captioner.compare.takes import Live, Take
from captioner.emulator.process import EmulatorProcess
from captioner.emulator.profiles import PROFILES
from captioner.emulator.recording import load_recording
from captioner.emulator.script import ScriptError
from captioner.events import RATE
from captioner.language import Sentences
from captioner.settings import Settings
from captioner.stt.link import Network

if TYPE_CHECKING:
    from captioner.worker import Blocking


class Service(Protocol):
    """Who recognises.

    Attributes:
        name: for the report.
    """

    name: str

    def of(self, take: Take | Live) -> AbstractAsyncContextManager[Dial]:
        """Return how it is reached while a take is heard.

        Raises:
            NotStarted: it is on this computer, and did not start.
        """
        ...


class NotStarted(Exception):
    """An emulator did not start. Its text is the system's or the emulator's own word for why."""


class Standing:
    """The service at the endpoint, the same for all takes."""

    def __init__(self, settings: Settings, account: Credentials) -> None:
        self.name = settings.endpoint
        self._network, self._account = Network.of(settings), account

    @asynccontextmanager
    async def of(self, take: Take | Live) -> AsyncIterator[Dial]:
        """See `Service`."""
        del take
        yield partial(ServiceLine, self._network, self._account)


async def _at_once(call: Callable[..., Any], *arguments: Any) -> Any:
    return call(*arguments)


class Emulated:
    """Emulators for each take, which know what is said in it where a reference tells when.

    Without one they know the bundled sample call, and say of any other sound that they heard something. Every way of a
    group has an emulator to itself: what one of them is listening to must not delay its answer to another way.

    Args:
        profile: by name.
        count: of emulators, as many as ways run side by side.
        scripts: the references' files, by their recordings'.
        say: the person's language.
        blocking: runs what waits for a process; at once, where nothing else is to go on meanwhile.
    """

    def __init__(
        self, profile: str, count: int, scripts: Mapping[Path, Path], say: Sentences, *, blocking: Blocking = _at_once
    ) -> None:
        self.name = say("an emulator on this computer, profile {profile}", profile=profile)
        self._profile, self._count, self._scripts, self._blocking = profile, count, scripts, blocking

    @asynccontextmanager
    async def of(self, take: Take | Live) -> AsyncIterator[Dial]:
        """Start them; see `Service`. They are reached in turn."""
        async with AsyncExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="captioner-")))
            known = await self._blocking(self._known, take, folder)
            networks = list[Network]()
            for _ in range(self._count):
                emulator = EmulatorProcess()
                stack.push_async_callback(self._blocking, emulator.stop)
                try:
                    url = await self._blocking(partial(emulator.start, self._profile, known=known))
                except OSError as error:
                    raise NotStarted(error.strerror or type(error).__name__) from error
                networks.append(Network.of(Settings(endpoint=url)))
            in_turn = cycle(networks)
            yield lambda post: ServiceLine(next(in_turn), ANYBODY, post)

    def _known(self, take: Take | Live, folder: Path) -> tuple[Path, Path] | None:
        """Return the recording and its script; None where nothing tells when something is said in it."""
        if isinstance(take, Live):
            return None
        reference, script = take.recording.reference, self._scripts.get(take.path)
        if reference is None or script is None or take.recording.anchored_by is not AnchorSource.REFERENCE:
            return None
        try:
            load_recording(take.path, script)
        except ScriptError:
            # Another encoding, or a form that the emulator does not read: it is written anew.
            script = folder / "script.json"
            spoken = [
                {"text": each.text, "start": (each.start or 0) / RATE, "stop": (each.stop or 0) / RATE}
                for each in reference.spoken
            ]
            script.write_text(json.dumps({"utterances": spoken}, ensure_ascii=False), encoding="utf-8")
        return take.path, script


def design(profile: str, silence: float) -> Design | None:
    """Return the delays of an emulator's profile that has no chance in them.

    Args:
        profile: by name.
        silence: seconds after which the waiting ways take an utterance to be over.
    """
    knobs = PROFILES[profile]
    ranges = (knobs.token_delay, knobs.connect_delay, knobs.speech_final_delay, knobs.finalize_final_delay)
    if any(low != high for low, high in ranges):
        return None
    token, connect, text, ended = (low for low, _ in ranges)
    return Design(silence, token, connect, text) if text == ended == knobs.eos_final_delay[0] else None
