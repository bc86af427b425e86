"""A lane's flight recording: everything that it was told, each with its `now`, so that it can be lived through again.

A pipeline decides by its settings, its seed, its news and their times alone. A recording holds all of these, so the
same pipeline makes the same captions of it, and the same delays, to the last digit. Beside the news it holds the
moments at which somebody looked at the lane: looking works out level and speech, which a pause is later judged by.

    payload   items, each with its length (4 bytes, little-endian) and its form (1 byte) before it
    text      a JSON array: name, `now`, what belongs to it; the first item of a recording is its header
    sound     a block of sound: `_SOUND`, then the samples, as int16 where that loses nothing, else float32

How payloads become a file is the business of `blocks`. A recording holds speech, and no secret: tokens and keys are in
no news and in no setting.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Final, TypeAlias, assert_never

import numpy as np
from numpy.typing import NDArray

from captioner.audio.conditioning import HIGHEST_RATE, LOWEST_RATE
from captioner.errors import Fault, FaultKind, Misuse
from captioner.events import (
    AudioBlock,
    Closed,
    Mute,
    News,
    Opened,
    OpenRefused,
    Painted,
    Received,
    Reconfigure,
    Resumed,
    SourceEnded,
    SourceLost,
    SourceOpened,
    Stop,
    StopNow,
    Tick,
    TokenGranted,
    TokenRefused,
    Written,
)
from captioner.pipeline import Lane, Pace
from captioner.settings import Settings
from captioner.stt.policy import Connecting, Patience

KIND: Final = "recording"
VERSION: Final = 1
"""Of what is described above; it grows with every change after which an older program could not read it."""

AHEAD: Final = 0.25
"""Seconds of news that a crash may cost: so often payloads are handed over."""

LONGEST_SKIP: Final = 3600.0
"""Seconds of sound that a source may have lost at once: silence takes their place, and a file must not ask for days."""

_ENOUGH = 64 * 1024  # bytes after which a payload is handed over anyway
_PREFIX = struct.Struct("<IB")
_TEXT, _BLOCK = 0, 1
_SOUND = struct.Struct("<ddqIHBB")  # now, arrived, position, rate, channels, overflowed, whether the samples are int16
_INT16, _FLOAT32 = np.dtype("<i2"), np.dtype("<f4")


class Unreadable(ValueError):
    """What was read is no recording, or not one of this version."""


@dataclass(frozen=True, slots=True)
class Header:
    """What a recording begins with.

    Attributes:
        program: the version that made it, for the curious.
        started_at: wall-clock time with its zone.
    """

    program: str
    started_at: datetime
    settings: Settings
    lane: Lane


@dataclass(frozen=True, slots=True)
class Started:
    """The lane began."""

    now: float


@dataclass(frozen=True, slots=True)
class Heard:
    """The lane was told something."""

    news: News
    now: float


@dataclass(frozen=True, slots=True)
class Looked:
    """Somebody asked how the lane is."""

    now: float


@dataclass(frozen=True, slots=True)
class Ended:
    """Nothing is missing: the recording was closed in order."""

    now: float


Item: TypeAlias = Header | Started | Heard | Looked | Ended


class Recorder:
    """Writes down what a lane lives through; the engine tells it, item by item.

    Args:
        append: takes a payload and returns at once.
        header: of the recording.

    Raises:
        Misuse: the lane has no seed; nobody could replay its jitter.
    """

    def __init__(self, append: Callable[[bytes], None], header: Header) -> None:
        if header.lane.seed is None:
            raise Misuse("a recording of a lane without a seed")
        self._append = append
        self._payload = bytearray(encode(header))
        self._handed_at = -math.inf
        self._now = 0.0

    def started(self, now: float) -> None:
        """The lane begins."""
        self._add(Started(now))

    def heard(self, news: News, now: float) -> None:
        """The lane is about to be told something."""
        self._add(Heard(news, now))

    def looked(self, now: float) -> None:
        """Somebody asks how the lane is."""
        self._add(Looked(now))

    def close(self) -> None:
        """Nothing more comes."""
        self._add(Ended(self._now))
        self._hand_over()

    def _add(self, item: Started | Heard | Looked | Ended) -> None:
        self._now = item.now
        self._payload += encode(item)
        if item.now - self._handed_at >= AHEAD or len(self._payload) >= _ENOUGH:
            self._hand_over()

    def _hand_over(self) -> None:
        self._append(bytes(self._payload))
        self._payload.clear()
        self._handed_at = self._now


# ---------------------------------------------------------------- values into bytes


def encode(item: Item) -> bytes:
    """Turn an item into bytes."""
    match item:
        case Header():
            return _text("header", item.program, item.started_at.isoformat(), asdict(item.settings), asdict(item.lane))
        case Started():
            return _text("started", item.now)
        case Heard(news=AudioBlock() as block):
            return _sound(block, item.now)
        case Heard():
            return _news(item.news, item.now)
        case Looked():
            return _text("looked", item.now)
        case Ended():
            return _text("ended", item.now)
        case _:
            assert_never(item)


def _text(*parts: object) -> bytes:
    body = json.dumps(parts, separators=(",", ":")).encode()
    return _PREFIX.pack(len(body), _TEXT) + body


def _sound(block: AudioBlock, now: float) -> bytes:
    samples = np.ascontiguousarray(block.samples, _FLOAT32)
    exact = samples.tobytes()
    with np.errstate(all="ignore"):  # what is no number, or too loud, does not come back the same, and stays float32
        small = np.rint(samples * 32768).astype(_INT16)
    packed = (small.astype(_FLOAT32) / np.float32(32768)).tobytes() == exact
    head = _SOUND.pack(now, block.arrived, block.position, block.rate, samples.shape[1], block.overflowed, packed)
    body = head + (small.tobytes() if packed else exact)
    return _PREFIX.pack(len(body), _BLOCK) + body


def _news(news: News, now: float) -> bytes:
    match news:
        case AudioBlock():
            return _sound(news, now)
        case SourceOpened():
            return _text("source-opened", now)
        case SourceEnded(fault=fault):
            return _text("source-ended", now) if fault is None else _text("source-failed", now, *_fault_out(fault))
        case SourceLost(fault=fault):
            return _text("source-lost", now, *_fault_out(fault))
        case Resumed(slept=slept, clock_stopped=clock_stopped):
            return _text("resumed", now, slept, clock_stopped)
        case Stop(early=early):
            return _text("stop", now, early)
        case StopNow():
            return _text("stop-now", now)
        case Mute(on=on):
            return _text("mute", now, on)
        case Reconfigure(settings=settings, reconnect=reconnect):
            return _text("reconfigure", now, asdict(settings), reconnect)
        case TokenGranted(expires_in=expires_in, requested=requested):
            return _text("token-granted", now, expires_in, requested)
        case TokenRefused(fault=fault):
            return _text("token-refused", now, *_fault_out(fault))
        case Opened(epoch=epoch):
            return _text("opened", now, epoch)
        case OpenRefused(epoch=epoch, fault=fault):
            return _text("open-refused", now, epoch, *_fault_out(fault))
        case Written(epoch=epoch, stop=stop):
            return _text("written", now, epoch, stop)
        case Received(epoch=epoch, message=message):
            return _text("received", now, epoch, message)
        case Closed(epoch=epoch, code=code, detail=detail):
            return _text("closed", now, epoch, code, detail)
        case Painted(revision=revision, at=at):
            return _text("painted", now, revision, at)
        case Tick():
            return _text("tick", now)
        case _:
            assert_never(news)


def _fault_out(fault: Fault) -> tuple[str, str]:
    return fault.kind, fault.detail


# ---------------------------------------------------------------- bytes into values


def read(payloads: Iterable[bytes]) -> Iterator[Item]:
    """Read a recording's items: its header, then the others in their order.

    Raises:
        Unreadable: at the first item that makes no sense; those before it were good.
    """
    last = -math.inf
    begun = False
    reached = 0  # where the source's last block ended
    for payload in payloads:
        for item in _items(payload):
            if isinstance(item, Header) == begun:
                raise Unreadable("the header is not where it belongs")
            begun = True
            if not isinstance(item, Header):
                if not last <= item.now < math.inf:
                    raise Unreadable("time goes back")
                last = item.now
            match item:
                case Heard(news=AudioBlock() as block):
                    if block.position - reached > LONGEST_SKIP * block.rate:
                        raise Unreadable("sound that skips hours")
                    reached = block.position + len(block.samples)
                case Heard(news=SourceOpened()):
                    reached = 0
                case _:
                    pass
            yield item


def _items(payload: bytes) -> Iterator[Item]:
    place = 0
    while place < len(payload):
        if len(payload) - place < _PREFIX.size:
            raise Unreadable("an item is cut")
        length, form = _PREFIX.unpack_from(payload, place)
        place += _PREFIX.size
        body = payload[place : place + length]
        place += length
        if len(body) < length:
            raise Unreadable("an item is cut")
        match form:
            case 0:
                yield _read_text(body)
            case 1:
                yield _read_sound(body)
            case _:
                raise Unreadable(f"an item of form {form}")


def _read_sound(body: bytes) -> Heard:
    if len(body) < _SOUND.size:
        raise Unreadable("a block without its head")
    now, arrived, position, rate, channels, overflowed, packed = _SOUND.unpack_from(body)
    data = body[_SOUND.size :]
    kind = _INT16 if packed else _FLOAT32
    if not channels or len(data) % (channels * kind.itemsize) or not math.isfinite(arrived):
        raise Unreadable("a block of no shape")
    if not LOWEST_RATE <= rate <= HIGHEST_RATE or position < 0:
        raise Unreadable("a block that no source delivers")
    raw = np.frombuffer(data, kind).reshape(-1, channels)
    samples: NDArray[np.float32] = raw.astype(np.float32)
    if packed:
        samples /= np.float32(32768)
    return Heard(AudioBlock(samples, rate, position, arrived, bool(overflowed)), now)


def _read_text(body: bytes) -> Item:
    try:
        parts = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Unreadable("an item is no JSON") from error
    match parts:
        case ["header", str(program), str(started_at), dict(settings), dict(lane)]:
            try:
                return Header(program, datetime.fromisoformat(started_at), _settings_in(settings), _lane_in(lane))
            except ValueError as error:
                raise Unreadable(f"a header of another version ({error})") from error
        case ["started", float(now)]:
            return Started(now)
        case ["looked", float(now)]:
            return Looked(now)
        case ["ended", float(now)]:
            return Ended(now)
        case [str(name), float(now), *rest]:
            return Heard(_news_in(name, rest), now)
        case _:
            raise Unreadable("an item of no shape")


def _news_in(name: str, rest: list[object]) -> News:
    match name, rest:
        case "source-opened", []:
            return SourceOpened()
        case "source-ended", []:
            return SourceEnded()
        case "source-failed", [str(kind), str(detail)]:
            return SourceEnded(_fault_in(kind, detail))
        case "source-lost", [str(kind), str(detail)]:
            return SourceLost(_fault_in(kind, detail))
        case "resumed", [int() | float() as slept, bool(clock_stopped)]:
            return Resumed(slept, clock_stopped)
        case "stop", [bool(early)]:
            return Stop(early)
        case "stop-now", []:
            return StopNow()
        case "mute", [bool(on)]:
            return Mute(on)
        case "reconfigure", [dict(settings), bool(reconnect)]:
            return Reconfigure(_settings_in(settings), reconnect)
        case "token-granted", [int() | float() as expires_in, bool(requested)]:
            return TokenGranted(expires_in, requested)
        case "token-refused", [str(kind), str(detail)]:
            return TokenRefused(_fault_in(kind, detail))
        case "opened", [int(epoch)]:
            return Opened(epoch)
        case "open-refused", [int(epoch), str(kind), str(detail)]:
            return OpenRefused(epoch, _fault_in(kind, detail))
        case "written", [int(epoch), int(stop)]:
            return Written(epoch, stop)
        case "received", [int(epoch), str(message)]:
            return Received(epoch, message)
        case "closed", [int(epoch), int() | None as code, str(detail)]:
            return Closed(epoch, code, detail)
        case "painted", [int(revision), int() | float() | None as at]:
            return Painted(revision, at)
        case "tick", []:
            return Tick()
        case _:
            raise Unreadable(f"news of no kind: {name[:40]}")


def _fault_in(kind: str, detail: str) -> Fault:
    try:
        return Fault(FaultKind(kind), detail)
    except ValueError as error:
        raise Unreadable(f"a fault of no kind: {kind[:40]}") from error


def _settings_in(stored: dict[object, object]) -> Settings:
    settings, wrong = Settings.from_json(json.dumps(stored))
    if wrong:
        raise Unreadable(f"a setting of another version: {wrong[0].name}")
    return settings


def _lane_in(stored: dict[object, object]) -> Lane:
    match stored:
        case {
            "channel": int() | None as channel,
            "pace": str(pace),
            "painted": bool(painted),
            "patience": {
                "unreachable": int() | float() as unreachable,
                "service": int() | float() as service,
                "tail": int() | float() as tail,
            },
            "seed": int(seed),
            "connecting": {"ahead": bool(ahead), "per_utterance": bool(per_utterance), "fresh_token": bool(fresh)},
        }:
            return Lane(
                channel=channel,
                pace=Pace(pace),
                painted=painted,
                patience=Patience(unreachable, service, tail),
                seed=seed,
                connecting=Connecting(ahead, per_utterance, fresh),
            )
        case _:
            raise Unreadable("a lane of no shape")
