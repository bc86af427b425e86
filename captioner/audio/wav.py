"""A sound file as a source: WAV, FLAC and whatever else libsndfile reads, at the pace of speech or as fast as it goes.

A file is checked completely before anything else is opened. A file that was cut off in its data is played as far as it
goes and then says so. libsndfile quietly repairs the headers of such files, so what a header promises is read here.
"""

from __future__ import annotations

import asyncio
import os
import stat
import struct
from collections.abc import Awaitable, Callable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import BinaryIO, TypeAlias

import numpy as np
import soundfile
from numpy.typing import NDArray

from captioner.audio.conditioning import HIGHEST_RATE, LOWEST_RATE
from captioner.audio.stderr import shut_stderr
from captioner.errors import Fault, FaultError, FaultKind, Misuse
from captioner.events import AudioBlock, SourceEnded

MOST_CHANNELS = 8

_AHEAD = 96_000
"""Samples of all channels that are read at once, between two blocks; at 48 kHz, stereo, they are a second. Of FLAC they
take less than a millisecond."""

_UNKNOWN_FRAMES = 2**62
"""libsndfile says 2^63 - 1 frames where a header does not say how many there are."""


class SoundFile:
    """A file that was found good, to be played once; made by `open_sound`.

    Attributes:
        name: of the file, without its folder.
        rate: Hz.
        channels: of the file; all of them are in its blocks.
        channel: the one that was asked for, from 1; None is the mean of all.
        frames: how many it has; a damaged file may turn out to have fewer.
        cut: its data end before its header says so, as far as is known yet.
    """

    def __init__(self, name: str, source: _Source, channel: int | None) -> None:
        """Read the header.

        Raises:
            FaultError, soundfile.LibsndfileError: `open_sound` has them in its own terms.
        """
        self.name, self.channel = name, channel
        self.cut = _mend_and_tell_cut(source)
        self._source, self._sound = source, _decoder(source)
        self.rate: int = self._sound.samplerate
        self.channels: int = self._sound.channels
        self.frames: int = self._sound.frames
        self._fault: Fault | None = None
        self._read_frames = 0
        self._ahead = np.empty((0, self.channels), np.float32)  # read and not delivered yet
        self._played = False

    def check(self) -> None:
        """Check format and channel, and that there is sound.

        Raises:
            FaultError: as in `open_sound`.
        """
        if not (LOWEST_RATE <= self.rate <= HIGHEST_RATE and self.channels <= MOST_CHANNELS):
            raise FaultError(Fault(FaultKind.FILE_FORMAT, f"{self.rate} Hz, {self.channels} channels"))
        if self.channel is not None and not 1 <= self.channel <= self.channels:
            raise FaultError(Fault(FaultKind.NO_SUCH_CHANNEL, str(self.channels)))
        if self.frames >= _UNKNOWN_FRAMES:
            # A stream that was written to a pipe. What it holds is counted once, decoding all of it.
            while len(self._read()):
                pass
            self.frames, self._read_frames, self._fault, self.cut = self._read_frames, 0, None, False
            self._sound = _decoder(self._source)
        self._ahead = self._read()
        if self._source.error is not None:
            raise FaultError(Fault(FaultKind.FILE_UNREADABLE, _reason(self._source.error)))
        if not len(self._ahead):
            raise FaultError(Fault(FaultKind.FILE_EMPTY))

    @property
    def seconds(self) -> float:
        """Length of the sound."""
        return self.frames / self.rate

    def close(self) -> None:
        """Let go of the file; more than once is harmless."""
        self._sound.close()
        self._source.close()

    async def play(
        self,
        post: Callable[[AudioBlock | SourceEnded], None],
        *,
        clock: Callable[[], float],
        room: Callable[[], Awaitable[None]] | None = None,
        block_ms: int = 20,
    ) -> None:
        """Deliver the sound in blocks, then `SourceEnded`, and close the file.

        At the pace of speech a block comes when its last frame is due, counted from the call on an absolute schedule:
        what is late once makes nothing after it late. The source ends with its last frame.

        Args:
            post: takes what is delivered; called on the loop's own thread.
            clock: seconds that only grow; the schedule is kept by it, and it stamps the blocks.
            room: None plays at the pace of speech. Otherwise as fast as it goes: it is awaited before every block and
                returns when there is room for one.
            block_ms: length of a block in ms; the last one may be shorter.

        Raises:
            Misuse: it was played before.
        """
        if self._played:
            raise Misuse("a sound file is played once")
        self._played = True
        try:
            if room is None:
                await _Schedule(self._blocks(block_ms, clock), self.rate, post, clock).keep()
            else:
                for samples, position, _ in self._blocks(block_ms, clock):
                    await room()
                    post(AudioBlock(samples, self.rate, position, clock()))
        finally:
            self.close()
        post(SourceEnded(self._fault or (Fault(FaultKind.FILE_CUT) if self.cut else None)))

    def _blocks(self, block_ms: int, clock: Callable[[], float]) -> Iterator[_Due]:
        """The sound in blocks: samples, position, and the time at which the last frame is due."""
        began = clock()
        position, number = 0, 0
        while True:
            number += 1
            samples = self._take(number * self.rate * block_ms // 1000 - position)
            if not len(samples):
                return
            yield samples, position, began + (position + len(samples)) / self.rate
            position += len(samples)

    def _take(self, count: int) -> NDArray[np.float32]:
        """The next frames: `count`, or fewer at the end."""
        while len(self._ahead) < count and len(more := self._read()):
            self._ahead = np.concatenate((self._ahead, more))
        taken, self._ahead = self._ahead[:count], self._ahead[count:]
        return taken

    def _read(self) -> NDArray[np.float32]:
        """Read some, or what there is; note in `cut` and `_fault` why there is no more."""
        count = min(_AHEAD // self.channels, self.frames - self._read_frames)
        if count <= 0 or self._fault is not None:
            return np.empty((0, self.channels), np.float32)
        buffer = np.full((count, self.channels), np.nan, np.float32)
        try:
            with shut_stderr() if self._sound.format == "MP3" else nullcontext():
                read = len(self._sound.read(out=buffer))
        except soundfile.LibsndfileError as error:
            # A decoder that gave up does not say how far it came, but it leaves what it did not reach as it was.
            reached = np.flatnonzero(~np.isnan(buffer[:, 0]))
            read = int(reached[-1]) + 1 if len(reached) else 0
            if read < count:
                self._fault = Fault(FaultKind.FILE_CUT, _words(error))
        if self._source.error is not None:
            self._fault = Fault(FaultKind.FILE_UNREADABLE, _reason(self._source.error))
        self.cut |= read < count
        self._read_frames += read
        return buffer[:read]


def open_sound(path: Path, channel: int | None = None) -> SoundFile:
    """Open a sound file and check it completely.

    Args:
        path: of the file; what it holds is told by its content, never by its name.
        channel: from 1; None is the mean of all.

    Raises:
        FaultError: FILE_MISSING, FILE_UNREADABLE (a folder, no permission, a disk error), FILE_NOT_SOUND (anything else
            that is no sound, a header cut short), FILE_EMPTY (no frames), FILE_FORMAT (a rate or a channel count that
            is not taken; the detail says which), NO_SUCH_CHANNEL (the detail is the number of channels).
    """
    try:
        source = _Source(path)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise FaultError(Fault(FaultKind.FILE_MISSING, _reason(error))) from error
    except (OSError, ValueError) as error:  # ValueError: a name that no file can have
        raise FaultError(Fault(FaultKind.FILE_UNREADABLE, _reason(error))) from error
    try:
        if not source.size:
            raise FaultError(Fault(FaultKind.FILE_EMPTY))
        try:
            file = SoundFile(path.name, source, channel)
        except soundfile.LibsndfileError as error:
            if source.error is not None:
                raise FaultError(Fault(FaultKind.FILE_UNREADABLE, _reason(source.error))) from error
            raise FaultError(Fault(FaultKind.FILE_NOT_SOUND, _words(error))) from error
        file.check()
    except BaseException:
        source.close()
        raise
    return file


_Due: TypeAlias = tuple[NDArray[np.float32], int, float]


class _Schedule:
    """Delivers blocks when they are due, straight from a timer: a task that sleeps takes one more turn of the loop."""

    def __init__(
        self, blocks: Iterator[_Due], rate: int, post: Callable[[AudioBlock], None], clock: Callable[[], float]
    ) -> None:
        self._blocks, self._rate, self._post, self._clock = blocks, rate, post, clock
        self._next: _Due | None = None
        self._timer: asyncio.Handle | None = None
        self._loop = asyncio.get_running_loop()
        self._done: asyncio.Future[None] = self._loop.create_future()

    async def keep(self) -> None:
        """Return when the last block is delivered; what `post` raises is raised here."""
        self._go_on()
        try:
            await self._done
        finally:
            if self._timer is not None:
                self._timer.cancel()

    def _go_on(self) -> None:
        """Wait for the next block's time, at least for one turn of the loop."""
        self._next = next(self._blocks, None)
        if self._next is None:
            self._done.set_result(None)
        else:
            self._timer = self._loop.call_later(max(self._next[2] - self._clock(), 0), self._deliver)

    def _deliver(self) -> None:
        now = self._clock()
        assert self._next is not None
        samples, position, due = self._next
        left = due - now
        if left > 1e-9:  # timers may fire early; Qt's know whole milliseconds only, and one of 0 would come at once
            self._timer = self._loop.call_later(max(left, 1e-3), self._deliver)
            return
        try:
            self._post(AudioBlock(samples, self._rate, position, now))
            self._go_on()
        except BaseException as error:
            if not self._done.done():
                self._done.set_exception(error)


# ---------------------------------------------------------------- the bytes


class _Source:
    """The bytes of a file, as libsndfile reads them through callbacks, in which nothing may be raised.

    Attributes:
        size: bytes.
        error: what the system said when it could not read; to libsndfile the file ends there.
        mended: bytes that are read in place of what the file holds at a place.
    """

    def __init__(self, path: Path) -> None:
        mode = path.stat().st_mode  # before opening it: opening a pipe would wait for its writer
        if stat.S_ISDIR(mode):
            raise OSError(0, "it is a folder")
        if not stat.S_ISREG(mode):
            raise OSError(0, "it is no regular file")
        self._file: BinaryIO = path.open("rb")
        self.size = os.fstat(self._file.fileno()).st_size
        self.error: OSError | None = None
        self.mended: tuple[int, bytes] | None = None

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        try:
            return self._file.seek(offset, whence)
        except (OSError, ValueError):  # to before the start, which broken headers ask for
            return self._file.tell()

    def tell(self) -> int:
        return self._file.tell()

    def readinto(self, buffer: bytearray) -> int:
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def read(self, count: int) -> bytes:
        at = self._file.tell()
        try:
            data = self._file.read(count)
        except OSError as error:
            self.error = error
            return b""
        if self.mended is not None:
            place, instead = self.mended
            if at < place + len(instead) and place < at + len(data):
                whole = bytearray(data)
                for number, byte in enumerate(instead, place - at):
                    if 0 <= number < len(whole):
                        whole[number] = byte
                data = bytes(whole)
        return data

    def read_at(self, place: int, count: int) -> bytes:
        self.seek(place)
        return self.read(count)

    def close(self) -> None:
        self._file.close()


def _decoder(source: _Source) -> soundfile.SoundFile:
    source.seek(0)
    with shut_stderr():  # the MP3 decoder says there what it thinks of a file, whoever asks
        return soundfile.SoundFile(source)


def _mend_and_tell_cut(source: _Source) -> bool:
    """Whether a header promises more data than the file has, for the formats whose headers libsndfile repairs.

    A WAV whose size was never filled in (a recorder that was killed) is mended, as libsndfile takes it for empty.

    The formats: http://soundfile.sapp.org/doc/WaveFormat/, EBU Tech 3306 (RF64), https://www.rfc-editor.org/rfc/rfc3533
    (Ogg), AIFF-C (Apple, 1991) and the Sony Wave64 specification.
    """
    head = source.read_at(0, 40)
    if head[:4] in (b"RIFF", b"RIFX", b"RF64", b"BW64"):
        return _is_wav_cut(source, ">I" if head[:4] == b"RIFX" else "<I")
    if head[:4] == b"FORM":
        return any(name == b"SSND" and start + size > source.size for name, start, size in _chunks(source, 12, 4, ">I"))
    if head[:4] == b"riff":  # Wave64: names of 16 bytes, sizes that include the header, padding to 8
        for name, start, size in _chunks(source, 40, 16, "<Q", own=24, pad=8):
            if name[:4] == b"data":
                return 0 < size < 2**63 and start + size > source.size
    if head[:4] == b".snd" and len(head) >= 12:
        start, size = struct.unpack(">II", head[4:12])
        return bool(size != 0xFFFFFFFF and start + size > source.size)
    if head[:4] == b"OggS":
        return _is_ogg_cut(source)
    return False


def _is_wav_cut(source: _Source, size_format: str) -> bool:
    long_size = 0
    for name, start, size in _chunks(source, 12, 4, size_format):
        if name == b"ds64":
            long_size = int.from_bytes(source.read_at(start + 8, 8), "little")
        elif name == b"data":
            if size == 0xFFFFFFFF and 0 < long_size < 2**63:
                size = long_size
            if size == 0 and start < source.size and not _is_chunk_chain(source, start, size_format):
                source.mended = (start - 4, b"\xff\xff\xff\xff")
            return not _is_placeholder(size) and start + size > source.size
    return False


def _is_placeholder(size: int) -> bool:
    """Whether a writer that could not go back (into a pipe, or killed) left this as the size of its data.

    0 and 2^32 - 1 are common; SoX writes 0x7FFFF000, arecord 0x80000000, some less the header or rounded to a frame.
    """
    return size == 0 or 0x7FFFEF00 <= size <= 0x80000000 or 0xFFFFFF00 <= size <= 0xFFFFFFFF


def _is_chunk_chain(source: _Source, start: int, size_format: str) -> bool:
    """Whether what follows are chunks up to the file's very end, so that data of size 0 are what they say."""
    end = start
    for name, at, size in _chunks(source, start, 4, size_format):
        if not name.isascii() or not name.decode().isprintable():
            return False
        end = at + size + size % 2
    return end in (source.size, source.size + 1)


def _is_ogg_cut(source: _Source) -> bool:
    """Whether the last page is incomplete, or does not say that it is the last."""
    tail = source.read_at(max(source.size - 2 * 65_307, 0), 2 * 65_307)  # two pages of the greatest size
    page = tail[tail.rfind(b"OggS") :]
    if len(page) < 27 or len(page) < 27 + page[26]:
        return True
    return not page[5] & 4 or len(page) < 27 + page[26] + sum(page[27 : 27 + page[26]])


def _chunks(
    source: _Source, at: int, name_length: int, size_format: str, own: int = 0, pad: int = 2
) -> Iterator[tuple[bytes, int, int]]:
    """Walk the chunks of a file: name, place of the content, its size as the header has it."""
    header = name_length + struct.calcsize(size_format)
    for _ in range(1000):  # a broken file may hold millions of empty ones
        data = source.read_at(at, header)
        if len(data) < header:
            return
        size = struct.unpack(size_format, data[name_length:])[0] - own
        yield data[:name_length], at + header, size
        at += header + -(-max(size, 0) // pad) * pad


# ---------------------------------------------------------------- words for a fault's detail


def _words(error: soundfile.LibsndfileError) -> str:
    return str(error.error_string).strip().rstrip(".")


def _reason(error: OSError | ValueError) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
