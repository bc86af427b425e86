"""Sound from an input device, through PortAudio.

PortAudio's callback is the only foreign thread of the program. It copies the block, stamps it and posts it, and nothing
else: while it waits for the interpreter, the device fills its buffer.

PortAudio itself stands behind `Driver`, the one place that imports sounddevice and knows its exceptions. sounddevice is
imported when a device is first asked for, so that everything else runs where PortAudio is missing.

Windows and macOS are untried: what is said of WASAPI, MME, DirectSound and Core Audio follows PortAudio's sources
(https://github.com/PortAudio/portaudio, v19.7.0). A Mac that was not given permission delivers zeros instead of an
error, which only the meter sees.
"""

from __future__ import annotations

import atexit
import functools
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from captioner.audio.conditioning import HIGHEST_RATE, LOWEST_RATE
from captioner.audio.stderr import shut_stderr
from captioner.audio.system_default import default_input
from captioner.errors import Fault, FaultError, FaultKind, Misuse
from captioner.events import AudioBlock, SourceEnded

ALSA, CORE_AUDIO, WASAPI = "ALSA", "Core Audio", "Windows WASAPI"
"""Host APIs, as PortAudio names them."""

PLUGIN_CHANNELS = 32
"""An ALSA device with so many channels is a plugin (pulse, pipewire, default) that mixes to whatever is asked for."""


@dataclass(frozen=True, slots=True)
class Device:
    """An input device.

    Attributes:
        id: the same as long as the device is there under its name, and printable: "host API: name", with the channels,
            then a number, where two would be the same. PortAudio's own numbers change whenever something is plugged in.
        name: as the host API has it, on one line.
        host_api: as PortAudio names it.
        channels: how many it has; plugins claim dozens.
        rate: Hz; what it is opened at.
        default: what is opened where none is chosen.
    """

    id: str
    name: str
    host_api: str
    channels: int
    rate: int
    default: bool


@dataclass(frozen=True, slots=True)
class CaptureInfo:
    """What a device was opened with.

    Attributes:
        rate: Hz.
        latency: seconds from the microphone to the callback, as PortAudio believes.
        beside: ids of the other devices that were listed with it.
    """

    device: Device
    rate: int
    channels: int
    latency: float
    beside: frozenset[str]


# ---------------------------------------------------------------- the seam to PortAudio


@dataclass(frozen=True, slots=True)
class Listed:
    """An input device as the driver lists it; `index` is its number for the driver until the list is made anew."""

    index: int
    name: str
    host_api: str
    channels: int
    rates: tuple[int, ...]
    default: bool


class OpenStream(Protocol):
    """A stream that was opened and not started."""

    @property
    def latency(self) -> float:
        """Seconds of the input."""
        ...

    def start(self) -> None:
        """Let the callbacks come; raise FaultError where that fails."""
        ...

    def close(self) -> None:
        """End it at once, whatever state it is in; after that no callback comes."""
        ...


class Driver(Protocol):
    """What capture needs of PortAudio; all failures are raised as FaultError."""

    def devices(self, *, fresh: bool) -> Sequence[Listed]:
        """List the input devices. `fresh`: look again, where no open stream forbids it."""
        ...

    def default_input(self) -> str | None:
        """Something that changes with the system's default input, open stream or not; None where nobody can say."""
        ...

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
        """Open a device.

        Args:
            index: from the latest list.
            rate: Hz.
            channels: how many of the device's.
            frames: per callback, exactly.
            latency: seconds to ask for; None asks for the least that the device calls safe.
            heard: gets every block, float32 (frames, channels), which is the driver's and valid during the call only,
                and whether the device dropped sound before it; answers whether to go on. Called on a foreign thread.
            ended: called once after the last block, for whatever reason it was the last. Called on a foreign thread.
        """
        ...


# ---------------------------------------------------------------- devices


def devices(driver: Driver | None = None) -> tuple[Device, ...]:
    """List the input devices that are plugged in now (while a device is open: that were when it was opened).

    Raises:
        FaultError: NO_PORTAUDIO, DEVICE_FAILED.
    """
    return tuple(_identify((driver or _portaudio()).devices(fresh=True)))


def find(name_or_id: str, driver: Driver | None = None) -> Device:
    """Find a device by its id, or by its name (on the host API of the default device, if it is on several).

    Args:
        name_or_id: upper and lower case do not matter; empty is the default device.
        driver: PortAudio, if None.

    Raises:
        FaultError: NO_DEVICE, and those of `devices`.
    """
    return _find(name_or_id, driver or _portaudio(), fresh=False)[1]


def _identify(listed: Sequence[Listed]) -> list[Device]:
    """Make ids; the order of the list decides the numbers, where names and channels do not tell devices apart."""
    plain = Counter(f"{each.host_api}: {each.name}" for each in listed)
    longer = Counter(f"{each.host_api}: {each.name} ({each.channels} ch)" for each in listed)
    seen = Counter[str]()
    found = []
    for each in listed:
        identity = f"{each.host_api}: {each.name}"
        if plain[identity] > 1:
            identity += f" ({each.channels} ch)"
            if longer[identity] > 1:
                seen[identity] += 1
                identity += f" #{seen[identity]}"
        found.append(Device(identity, each.name, each.host_api, each.channels, each.rates[0], each.default))
    return found


def _find(
    name_or_id: str, driver: Driver, *, fresh: bool, strangers: frozenset[str] = frozenset()
) -> tuple[Listed, Device, frozenset[str]]:
    """Find a device, and the ids of the others; none of `strangers` is taken for it under another name."""
    listed = driver.devices(fresh=fresh)
    pairs = list(zip(listed, _identify(listed), strict=True))
    if not name_or_id:
        chosen = [pair for pair in pairs if pair[1].default]
    else:
        wanted = name_or_id.casefold()
        default_api = next((device.host_api for _, device in pairs if device.default), "")
        chosen = [pair for pair in pairs if pair[1].id.casefold() == wanted] or sorted(
            (pair for pair in pairs if pair[1].name.casefold() == wanted),
            key=lambda pair: pair[1].host_api != default_api,
        )
        if not chosen and fresh:
            moved = _unplaced(wanted)
            chosen = [
                pair
                for pair in pairs
                if pair[1].id not in strangers
                and moved in (_unplaced(pair[1].id.casefold()), _unplaced(pair[1].name.casefold()))
            ]
            chosen = chosen if len(chosen) == 1 else []  # which of several it is, nobody can say
    if chosen:
        mine = chosen[0][1].id
        return *chosen[0], frozenset(each.id for _, each in pairs if each.id != mine)
    if not fresh:  # it may have been plugged in since
        return _find(name_or_id, driver, fresh=True, strangers=strangers)
    raise FaultError(Fault(FaultKind.NO_DEVICE, name_or_id))


def _unplaced(name: str) -> str:
    """A device's name without what changes when it is plugged into another place.

    Windows counts the sockets in which it has seen a device ("Headset (2- Jabra)"), ALSA the cards ("(hw:2,0)").
    """
    return re.sub(r"\(hw:\d+,", "(hw:,", re.sub(r"\(\d+- ", "(", name))


# ---------------------------------------------------------------- capture


class Capture:
    """One device that is heard, from `start` to `close`.

    Attributes:
        info: what was opened; None before `start`.
        heard: when the last block came; None before the first.
        overflows: times that the driver said it had dropped sound (it never says how much).
    """

    def __init__(
        self,
        device_id: str,
        *,
        block_ms: int,
        post: Callable[[AudioBlock | SourceEnded], None],
        clock: Callable[[], float] = time.perf_counter,
        channel: int | None = None,
        driver: Driver | None = None,
        strangers: frozenset[str] = frozenset(),
    ) -> None:
        """Name the device; nothing is opened yet.

        Args:
            device_id: as `find` takes it.
            block_ms: length of a block in ms.
            post: takes the blocks, and `SourceEnded` once where the device fails; called on PortAudio's thread.
            clock: stamps the blocks.
            channel: from 1; so many channels are opened at least. None opens what makes the best mean.
            driver: PortAudio, if None.
            strangers: ids of devices that are not the named one, whatever theirs looks like: it may come back under
                a slightly different name when it is plugged into another socket.
        """
        self.info: CaptureInfo | None = None
        self.heard: float | None = None
        self.overflows = 0
        self._device_id, self._block_ms, self._channel, self._strangers = device_id, block_ms, channel, strangers
        self._post, self._clock, self._driver = post, clock, driver
        self._position = 0
        self._lock = threading.Lock()  # between start and close
        self._stream: OpenStream | None = None
        self._closed = self._ended = False

    def start(self, *, fresh: bool = False) -> None:
        """Open the device and let the blocks come. It may take some 100 ms: not on a loop that has a window to paint.

        Args:
            fresh: what is listed is known to be old.

        Raises:
            FaultError: NO_PORTAUDIO, NO_DEVICE, DEVICE_BUSY, DEVICE_DENIED, NO_SUCH_CHANNEL (the detail is the number
                of channels), DEVICE_FAILED (the detail is PortAudio's own words).
        """
        with self._lock:
            if self._closed:
                return
            if self._stream is not None:
                raise Misuse("started twice")
            driver = self._driver or _portaudio()
            try:
                self._stream = self._open(driver, fresh=fresh)
            except FaultError as error:
                if fresh or error.fault.kind not in (FaultKind.NO_DEVICE, FaultKind.DEVICE_FAILED):
                    raise
                # The list of devices may be old: what it names may have been plugged into another place since.
                self._stream = self._open(driver, fresh=True)

    def close(self) -> None:
        """Take no more sound, at once; more than once is harmless, and so is closing what was never started.

        A stream is never stopped in the orderly way, as that waits for ever for a device that has ceased to deliver.
        """
        self._closed = True
        with self._lock:
            stream, self._stream = self._stream, None
            if stream is not None:
                stream.close()

    def _open(self, driver: Driver, *, fresh: bool) -> OpenStream:
        listed, device, beside = _find(self._device_id, driver, fresh=fresh, strangers=self._strangers)
        if self._channel is not None and not 1 <= self._channel <= device.channels:
            raise FaultError(Fault(FaultKind.NO_SUCH_CHANNEL, str(device.channels)))
        channels = channels_to_open(device, self._channel)
        for rate in listed.rates:
            try:
                stream = driver.open(
                    listed.index,
                    rate=rate,
                    channels=channels,
                    frames=round(rate * self._block_ms / 1000),
                    latency=latency_to_ask_for(device.host_api, self._block_ms),
                    heard=functools.partial(self._hear, rate),
                    ended=self._end_unasked,
                )
            except FaultError as error:
                if error.fault.kind is not FaultKind.DEVICE_FAILED or rate == listed.rates[-1]:
                    raise
                continue
            try:
                self.info = CaptureInfo(device, rate, channels, stream.latency, beside)
                stream.start()
            except BaseException:
                stream.close()
                raise
            return stream
        raise Misuse("a device without a rate")

    def _hear(self, rate: int, block: NDArray[np.float32], overflowed: bool) -> bool:
        """The callback."""
        arrived = self._clock()
        if self._closed or self._ended:
            return False
        try:
            self.heard = arrived
            self.overflows += overflowed
            self._post(AudioBlock(block.copy(), rate, self._position, arrived, overflowed))
            self._position += len(block)
        except Exception as error:
            # Nobody would see it: an exception in a callback ends with the callback's thread.
            self._end(Fault(FaultKind.DEVICE_FAILED, type(error).__name__))
            return False
        return True

    def _end_unasked(self) -> None:
        if not self._closed:
            self._end(Fault(FaultKind.DEVICE_LOST))

    def _end(self, fault: Fault) -> None:
        if not self._ended:
            self._ended = True
            self._post(SourceEnded(fault))


def channels_to_open(device: Device, channel: int | None) -> int:
    """How many of a device's channels are opened, for one of them or for the mean of all.

    Two of a device that has two: a headset's or a line's speech may be on either. No more than two of an interface with
    many inputs, as the mean would bury the voice under the noise of empty ones. One of a plugin, which mixes what it
    has into that. All that WASAPI offers, as in shared mode it takes the mixer's own number only.
    """
    if device.host_api == WASAPI:
        return device.channels
    usual = 1 if device.host_api == ALSA and device.channels >= PLUGIN_CHANNELS else min(device.channels, 2)
    return max(usual, channel or 1)


def latency_to_ask_for(host_api: str, block_ms: int) -> float | None:
    """Seconds of buffer to ask the device for: as much as leaves the callbacks evenly `block_ms` apart.

    A buffer bridges the time in which another thread holds the interpreter. On ALSA, PortAudio divides it by four into
    the device's periods, and the callbacks of one period come in a burst: measured with PulseAudio, up to three blocks
    keep the callbacks even (20.0 ms, 95th percentile 21.0), and four come two by two (40.0 ms); a stall of 300 ms
    dropped nothing in either case, as the sound server holds what is not fetched. Core Audio sets its own buffer by it,
    so there it is the least. The Windows APIs have a buffer apart from the callbacks.
    """
    if host_api == CORE_AUDIO:
        return None
    return 0.15 if host_api.startswith(("Windows", "MME")) else 3 * block_ms / 1000


# ---------------------------------------------------------------- PortAudio


class _PortAudio:
    """PortAudio, of which a process has one. Its calls are made one at a time."""

    def __init__(self) -> None:
        with shut_stderr():  # ALSA prints which of its plugins it could not load
            try:
                import sounddevice
            except OSError as error:
                raise FaultError(Fault(FaultKind.NO_PORTAUDIO, _one_line(error))) from error
            except Exception as error:
                # The module failed half-way through, so its own exception has no name that could be imported.
                raise FaultError(Fault(FaultKind.DEVICE_FAILED, _one_line(error))) from error
        self._sd: Any = sounddevice
        # At the end the system takes everything back; PortAudio would wait for a device that hangs.
        atexit.unregister(sounddevice._exit_handler)
        self._lock = threading.RLock()
        self._open_streams = 0
        self._first_list = True

    def devices(self, *, fresh: bool) -> Sequence[Listed]:
        with self._lock:
            try:
                if fresh and not self._open_streams and not self._first_list:
                    # The only way to look again; it would end every open stream.
                    with shut_stderr():
                        self._sd._terminate()
                        self._sd._initialize()
                self._first_list = False
                return self._list()
            except self._sd.PortAudioError as error:
                raise FaultError(self._fault(error)) from error

    def default_input(self) -> str | None:
        try:
            return default_input()
        except (OSError, AttributeError):  # no such library, no such function
            return None

    def _list(self) -> list[Listed]:
        apis = self._sd.query_hostapis()
        defaults = {api["name"]: api["default_input_device"] for api in apis if api["default_input_device"] >= 0}
        # PortAudio's own choice on Windows is MME, with names cut at 31 characters and long buffers.
        own = self._sd.default.hostapi
        first = [WASAPI, *(apis[own]["name"],)] if 0 <= own < len(apis) else [WASAPI]
        default = next((defaults[name] for name in (*first, *defaults) if name in defaults), -1)
        found = []
        for api in apis:
            for index in api["devices"]:
                try:
                    each = self._sd.query_devices(index)
                except UnicodeDecodeError:  # one driver's broken name must not hide the others
                    continue
                if each["max_input_channels"] > 0:
                    name = " ".join(each["name"].split())
                    rates = _rates(api["name"], round(each["default_samplerate"]))
                    found.append(Listed(index, name, api["name"], each["max_input_channels"], rates, index == default))
        return found

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
        def callback(block: NDArray[np.float32], _frames: int, _moment: object, status: Any) -> None:
            if not heard(block, bool(status.input_overflow)):
                raise self._sd.CallbackAbort

        with self._lock:
            try:
                with shut_stderr():
                    # WASAPI's extra settings stay as they are: shared mode, and no conversion by Windows.
                    stream = self._sd.InputStream(
                        device=index,
                        samplerate=rate,
                        channels=channels,
                        dtype="float32",
                        blocksize=frames,
                        latency="low" if latency is None else latency,
                        callback=callback,
                        finished_callback=ended,
                    )
            except self._sd.PortAudioError as error:
                raise FaultError(self._fault(error)) from error
            self._open_streams += 1
            return _Stream(self, stream)

    def start_stream(self, stream: Any) -> None:
        try:
            with self._lock, shut_stderr():
                stream.start()
        except self._sd.PortAudioError as error:
            raise FaultError(self._fault(error)) from error

    def close_stream(self, stream: Any) -> None:
        with self._lock, shut_stderr():
            stream.abort()
            stream.close()
            self._open_streams -= 1

    def _fault(self, error: Exception) -> Fault:
        words, code, *host = error.args if len(error.args) > 1 else (error, 0)
        _, host_code, host_words = host[0] if host else (-1, 0, "")
        return fault_of(str(words), code, host_code, host_words)


class _Stream:
    def __init__(self, portaudio: _PortAudio, stream: Any) -> None:
        self._portaudio, self._stream = portaudio, stream

    @property
    def latency(self) -> float:
        return float(self._stream.latency)

    def start(self) -> None:
        self._portaudio.start_stream(self._stream)

    def close(self) -> None:
        self._portaudio.close_stream(self._stream)


@functools.cache
def _portaudio() -> Driver:
    return _PortAudio()


def default_now(driver: Driver | None = None) -> str | None:
    """Return what changes with the system's default input device; None where the system does not say.

    Raises:
        FaultError: NO_PORTAUDIO, DEVICE_FAILED.
    """
    return (driver or _portaudio()).default_input()


def _rates(host_api: str, own: int) -> tuple[int, ...]:
    """Rates in Hz at which to try a device, the best first.

    Its own; but PortAudio says 44,100 for everything on ALSA that can do that, where sound servers and most devices run
    at 48,000.
    """
    usual = (48_000, own, 44_100) if host_api == ALSA else (own, 48_000, 44_100)
    return tuple(dict.fromkeys(rate for rate in usual if LOWEST_RATE <= rate <= HIGHEST_RATE))


_KINDS = {
    -9996: FaultKind.NO_DEVICE,  # paInvalidDevice
    -9985: FaultKind.DEVICE_BUSY,  # paDeviceUnavailable
}

_HOST_KINDS = {
    # ALSA: errno, negative
    -1: FaultKind.DEVICE_DENIED,  # EPERM
    -2: FaultKind.NO_DEVICE,  # ENOENT
    -6: FaultKind.NO_DEVICE,  # ENXIO
    -13: FaultKind.DEVICE_DENIED,  # EACCES
    -16: FaultKind.DEVICE_BUSY,  # EBUSY
    -19: FaultKind.NO_DEVICE,  # ENODEV
    # WASAPI: HRESULT
    0x88890004: FaultKind.NO_DEVICE,  # AUDCLNT_E_DEVICE_INVALIDATED
    0x8889000A: FaultKind.DEVICE_BUSY,  # AUDCLNT_E_DEVICE_IN_USE
    0x80070005: FaultKind.DEVICE_DENIED,  # E_ACCESSDENIED
    # MME: MMSYSERR
    2: FaultKind.NO_DEVICE,  # BADDEVICEID
    4: FaultKind.DEVICE_BUSY,  # ALLOCATED
    6: FaultKind.NO_DEVICE,  # NODRIVER
}


def fault_of(words: str, code: int, host_code: int = 0, host_words: str = "") -> Fault:
    """Say an error of PortAudio in our own terms.

    Args:
        words: PortAudio's.
        code: PaErrorCode.
        host_code: of the host API, where PortAudio only passes its error on (paUnanticipatedHostError).
        host_words: likewise.
    """
    kind = _KINDS.get(code)
    if kind is None and code == -9999:
        kind = _HOST_KINDS.get(host_code) or _HOST_KINDS.get(host_code & 0xFFFFFFFF)
    detail = ": ".join(part for part in (_one_line(words), _one_line(host_words)) if part)
    return Fault(kind or FaultKind.DEVICE_FAILED, detail)


def _one_line(words: object) -> str:
    return " ".join(str(words).split())
