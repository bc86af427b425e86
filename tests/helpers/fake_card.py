"""A sound card that the test plays: which devices are plugged in, what they say, and what becomes of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from captioner.audio.capture import Listed, OpenStream
from captioner.errors import Fault, FaultError, FaultKind


@dataclass
class FakeStream:
    """A stream of the fake sound card; the test says what it hears."""

    driver: FakeCard
    index: int
    rate: int
    channels: int
    frames: int
    asked_latency: float | None
    heard: Callable[[NDArray[np.float32], bool], bool]
    ended: Callable[[], None]
    latency: float = 0.04
    running: bool = False
    closed: int = 0

    def start(self) -> None:
        if self.driver.start_fault is not None:
            raise FaultError(self.driver.start_fault)
        self.running = True
        self.driver.started(self)

    def close(self) -> None:
        self.driver.closing()
        self.closed += 1
        self.running = False
        self.ended()  # PortAudio tells of the end that was asked for, too

    def say(self, value: float | NDArray[np.float32], *, overflowed: bool = False) -> bool:
        """Deliver a block out of the one buffer that PortAudio uses again and again; `value` is (frames, 1) or one."""
        buffer = np.empty((self.frames, self.channels), np.float32)
        buffer[:] = value
        go_on = self.heard(buffer, overflowed)
        buffer[:] = np.nan
        return go_on


@dataclass
class FakeCard:
    """PortAudio's place: devices that are plugged in, and those that the list still shows.

    Attributes:
        faults: what opening is refused with, by rate.
        started: is told of every stream that begins.
        closing: is called in the device thread before a stream closes.
        says_default: the system tells beside an open stream which device is the default one.
        looks: how often the list was made anew.
    """

    plugged: list[Listed]
    listed: list[Listed] = field(default_factory=list)
    faults: dict[int, Fault] = field(default_factory=dict)
    start_fault: Fault | None = None
    streams: list[FakeStream] = field(default_factory=list)
    looks: int = 0
    started: Callable[[FakeStream], None] = lambda _: None
    closing: Callable[[], object] = lambda: None
    says_default: bool = False

    def __post_init__(self) -> None:
        self.listed = list(self.plugged)

    @property
    def open_streams(self) -> list[FakeStream]:
        return [each for each in self.streams if not each.closed]

    def devices(self, *, fresh: bool) -> Sequence[Listed]:
        if fresh:
            self.looks += 1
            if not self.open_streams:  # else it would end them
                self.listed = list(self.plugged)
        return self.listed

    def default_input(self) -> str | None:
        chosen = [each.name for each in self.plugged if each.default]
        return chosen[0] if self.says_default and chosen else None

    def open(
        self,
        index: int,
        *,
        rate: int,
        channels: int,
        frames: int,
        latency: float | None,
        heard: Callable[[NDArray[np.float32], bool], bool],
        ended: Callable[[], None],
    ) -> OpenStream:
        if rate in self.faults:
            raise FaultError(self.faults[rate])
        if index not in [each.index for each in self.plugged]:
            raise FaultError(Fault(FaultKind.DEVICE_FAILED, "gone"))
        self.streams.append(FakeStream(self, index, rate, channels, frames, latency, heard, ended))
        return self.streams[-1]


def listed(
    index: int,
    name: str,
    *,
    host_api: str = "ALSA",
    channels: int = 2,
    rates: tuple[int, ...] = (48_000, 44_100),
    default: bool = False,
) -> Listed:
    return Listed(index, name, host_api, channels, rates, default)


def microphone() -> FakeCard:
    return FakeCard([listed(0, "Jabra", channels=1), listed(3, "Line", default=True)])
