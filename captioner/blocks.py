"""Files of blocks: appended to by a thread of their own, cut anywhere without harm, sealed where speech lies for long.

    head     one line of text: "captioner KIND VERSION", and of a sealed file the number of its key
    block    length (4 bytes, little-endian), then the payload: compressed (zlib), and with its CRC-32 before it, or
             sealed with AES-256-GCM

A sealed file has a key of its own, which lies in the system's keyring and dies with the file. So a block's number can
be its nonce (no key ever meets one twice), and a block that was moved, dropped or changed does not open. What a crash
cuts off is the last block; what lies before it is whole. Nothing of a sealed file is ever on the disk in the clear.

A file that is being written is locked, so that another process can tell it from one that a crash has left behind.
"""

from __future__ import annotations

import base64
import binascii
import math
import os
import queue
import re
import secrets
import stat
import struct
import sys
import threading
import zlib
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Self

from captioner import vault
from captioner.errors import Fault, FaultError, FaultKind

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

LARGEST = 16 << 20
"""Bytes of a payload at most; no file makes its reader take more at once."""

PATIENCE = 2.0
"""Seconds that closing waits for the disk at most."""

_HEAD = re.compile(rb"captioner ([a-z]{1,20}) (\d{1,6})(?: ([0-9a-f]{16}))?\n")
_LONGEST_HEAD = 64
_LENGTH = struct.Struct("<I")
_LOCKED = 0x7FFF_FF00  # the byte that is locked on Windows, where a locked byte cannot be read: far behind all blocks


class ForeignFile(Exception):
    """The file is none of ours, or its head is damaged."""


# ---------------------------------------------------------------- writing


class BlockFile:
    """A file that is open to be appended to. Made by `create` and `create_sealed`; everything here may block."""

    def __init__(self, path: Path, file: IO[bytes], head: bytes, *, entry: str = "", key: bytes = b"") -> None:
        self.path = path
        self.size = len(head)
        self._file, self._head, self._entry = file, head, entry
        self._cipher = _cipher(key) if key else None
        self._number = 0
        lock(file.fileno())
        file.write(head)
        file.flush()

    def append(self, payload: bytes, *, sync: bool = False) -> None:
        """Write a block; with `sync` it also survives the loss of power.

        Raises:
            OSError: it could not be written; nothing more should be.
        """
        body = zlib.compress(payload, 1)
        if self._cipher is None:
            body = _LENGTH.pack(zlib.crc32(body)) + body
        else:
            body = self._cipher.encrypt(_nonce(self._number), body, self._head)
        self._file.write(_LENGTH.pack(len(body)) + body)
        self._file.flush()
        if sync:
            os.fsync(self._file.fileno())
        self._number += 1
        self.size += _LENGTH.size + len(body)

    def close(self) -> None:
        """Let it go."""
        _close(self._file)

    def discard(self) -> None:
        """Remove the file and its key."""
        self.close()
        _remove(self.path, self._entry)


def create(path: Path, kind: str, version: int) -> BlockFile:
    """Begin a file in the clear, which only its owner may open; one that is there is replaced.

    Raises:
        FaultError: it cannot be written.
    """
    try:
        return _create(path, f"captioner {kind} {version}\n".encode())
    except (OSError, ValueError) as error:  # ValueError: a name that no file can have
        raise FaultError(_fault(error)) from error


def _create(path: Path, head: bytes) -> BlockFile:
    file = os.fdopen(os.open(path, _flags(), 0o600), "wb")
    try:
        result = BlockFile(path, file, head)
        if stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            file.truncate()  # what was there is replaced only now that it is known to be nobody else's
            if sys.platform != "win32":
                os.fchmod(file.fileno(), 0o600)
    except BaseException:
        _close(file)
        raise
    return result


def create_sealed(folder: Path, kind: str, version: int, now: datetime) -> BlockFile:
    """Begin a sealed file named by the time; its key is in the keyring before the first byte is on the disk.

    Args:
        folder: made where it is not there.
        kind: of what it holds; files of a kind end with it.
        version: of what is in the blocks.
        now: wall-clock time.

    Raises:
        FaultError: there is nowhere to keep the key, or it cannot be written.
    """
    number, key = secrets.token_hex(8), secrets.token_bytes(32)
    entry = f"{kind} {number}"
    path = folder / f"{now:%Y%m%d-%H%M%S}-{number[:6]}.{kind}"
    if not vault.keep(entry, base64.b64encode(key).decode()):
        raise FaultError(Fault(FaultKind.NO_KEYRING))
    head = f"captioner {kind} {version} {number}\n".encode()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = os.fdopen(os.open(path, _flags() | os.O_EXCL, 0o600), "wb")
        try:
            return BlockFile(path, file, head, entry=entry, key=key)
        except BaseException:
            _close(file)
            raise
    except OSError as error:
        _remove(path, entry)
        raise FaultError(_fault(error)) from error


class BlockWriter:
    """Appends to a file in a thread of its own: whoever has something to say never waits for a disk or a keyring.

    Args:
        begin: makes the file, in that thread.
        trouble: called in that thread, once, when the file takes no more.
        sync: every block survives the loss of power.
        limit: bytes after which the file ends.
        backlog: bytes that may wait for the disk; one that is further behind is given up.

    Attributes:
        ended: what ended it before it was closed.
    """

    def __init__(
        self,
        begin: Callable[[], BlockFile],
        *,
        trouble: Callable[[Fault], None] = lambda _: None,
        sync: bool = False,
        limit: float = math.inf,
        backlog: int = 64 << 20,
    ) -> None:
        self.ended: Fault | None = None
        self._begin, self._trouble, self._sync, self._limit, self._backlog = begin, trouble, sync, limit, backlog
        self._queue: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._waiting = 0  # bytes; each thread only adds to its own of the two
        self._written = 0
        self._overrun = self._discard = False
        self._thread = threading.Thread(target=self._run, name="captioner-blocks", daemon=True)
        self._thread.start()

    def append(self, payload: bytes) -> None:
        """Take a payload of at most `LARGEST` bytes; returns at once."""
        if self.ended is None and not self._overrun:
            self._waiting += len(payload)
            self._overrun = self._waiting - self._written > self._backlog
            self._queue.put(payload)

    def close(self, *, discard: bool = False) -> None:
        """Write what still waits, and end; a disk that hangs is not waited for.

        Args:
            discard: remove the file and its key.
        """
        self._discard = discard
        self._queue.put(None)
        self._thread.join(PATIENCE)

    def _run(self) -> None:
        try:
            file = self._begin()
        except FaultError as error:
            self._end(error.fault)
            return
        try:
            while (payload := self._queue.get()) is not None:
                if self._overrun:
                    self._end(Fault(FaultKind.DISK_SLOW))
                    break
                file.append(payload, sync=self._sync)
                self._written += len(payload)
                if file.size >= self._limit:
                    self._end(Fault(FaultKind.FILE_FULL))
                    break
        except OSError as error:
            self._end(_fault(error))
        if self.ended is not None:  # the file stays locked until it is closed: it is nobody's to find yet
            while self._queue.get() is not None:
                pass
        if self._discard:
            file.discard()
        else:
            file.close()

    def _end(self, fault: Fault) -> None:
        self.ended = fault
        self._trouble(fault)


# ---------------------------------------------------------------- reading


class BlockReader:
    """The payloads of a file, as far as it is whole.

    Args:
        path: of the file.
        hold: lock it too, so that no other process takes it for its own to offer.

    Attributes:
        kind, version: as its head has them.
        sealed: it opens only with its key, see `unlock`.
        whole: known when all payloads were read: the last block was not cut, and none was damaged.

    Raises:
        ForeignFile: it is no file of blocks.
        BlockingIOError: it is being written, or somebody holds it.
        OSError: it cannot be read.
    """

    def __init__(self, path: Path, *, hold: bool = False) -> None:
        self.path = path
        self.whole = True
        self._cipher: AESGCM | None = None
        self._file = path.open("r+b" if hold else "rb")
        try:
            if hold:
                lock(self._file.fileno())
            head = self._file.readline(_LONGEST_HEAD)
            match = _HEAD.fullmatch(head)
            if match is None:
                raise ForeignFile
        except BaseException:
            self._file.close()
            raise
        self._head = head
        self.kind, self.version = match[1].decode(), int(match[2])
        self.sealed = match[3] is not None
        self._entry = f"{self.kind} {match[3].decode()}" if self.sealed else ""

    def unlock(self) -> bool:
        """Get the key of a sealed file from the keyring; return whether it is there."""
        try:
            key = base64.b64decode(vault.read(self._entry) or "", validate=True)
        except (ValueError, binascii.Error):
            return False
        if len(key) != 32:
            return False
        self._cipher = _cipher(key)
        return True

    def payloads(self) -> Iterator[bytes]:
        """Read them, oldest first, up to the first that is cut or damaged.

        Raises:
            OSError: the disk fails.
        """
        number = 0
        while True:
            payload = self._next(number)
            if payload is None:
                return
            yield payload
            number += 1

    def _next(self, number: int) -> bytes | None:
        prefix = self._file.read(_LENGTH.size)
        if not prefix:
            return None
        self.whole = False
        if len(prefix) < _LENGTH.size:
            return None
        (length,) = _LENGTH.unpack(prefix)
        if length > LARGEST:
            return None
        body = self._file.read(length)
        if len(body) < length:
            return None
        opened = self._opened(number, body)
        if opened is None:
            return None
        inflate = zlib.decompressobj()
        try:
            payload = inflate.decompress(opened, LARGEST)
        except zlib.error:
            return None
        if not inflate.eof or inflate.unused_data:
            return None
        self.whole = True
        return payload

    def _opened(self, number: int, body: bytes) -> bytes | None:
        if not self.sealed:
            if len(body) < _LENGTH.size or zlib.crc32(body[_LENGTH.size :]) != _LENGTH.unpack(body[: _LENGTH.size])[0]:
                return None
            return body[_LENGTH.size :]
        assert self._cipher is not None, "a sealed file is unlocked before it is read"
        from cryptography.exceptions import InvalidTag

        try:
            return self._cipher.decrypt(_nonce(number), body, self._head)
        except InvalidTag:
            return None

    def close(self) -> None:
        """Let it go."""
        self._file.close()

    def discard(self) -> None:
        """Remove the file and its key."""
        self.close()
        _remove(self.path, self._entry)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def prune(folder: Path, kind: str, *, keep: int, since: datetime) -> None:
    """Remove old files and their keys; those that are being written stay.

    Args:
        folder: it need not exist.
        kind: of the files; others are not touched.
        keep: how many may stay, the newest.
        since: wall-clock time with its zone; what was written before it goes in any case.
    """
    try:
        paths = sorted(folder.glob(f"*.{kind}"), reverse=True)
    except OSError:
        return
    for number, path in enumerate(paths):
        try:
            if number >= keep or path.stat().st_mtime < since.timestamp():
                BlockReader(path, hold=True).discard()
        except (OSError, ForeignFile):
            pass  # somebody writes it, or it is none of ours


# ---------------------------------------------------------------- ground


def lock(handle: int) -> None:
    """Lock an open file until it is closed, or its process dies, however it dies.

    Raises:
        BlockingIOError: another process (or another opening in this one) has it.
    """
    if sys.platform == "win32":
        import msvcrt

        os.lseek(handle, _LOCKED, os.SEEK_SET)
        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except OSError as error:
            raise BlockingIOError(*error.args) from error
        finally:
            os.lseek(handle, 0, os.SEEK_SET)
    else:
        import errno
        import fcntl

        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise
        except OSError as error:  # a file system without locks: there, two processes are told apart by nothing
            if error.errno not in (errno.ENOTSUP, errno.ENOLCK, errno.EINVAL, errno.ENOSYS):
                raise


def _flags() -> int:
    return os.O_WRONLY | os.O_CREAT | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)


def _cipher(key: bytes) -> AESGCM:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # here, because only sealed files need it

    return AESGCM(key)


def _nonce(number: int) -> bytes:
    return number.to_bytes(12, "big")


def _remove(path: Path, entry: str) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError:
        pass  # without its key it is noise
    if entry:
        vault.remove(entry)


def _close(file: IO[bytes]) -> None:
    try:
        file.close()
    except OSError:
        pass  # what was still to be written has failed before


def _fault(error: OSError | ValueError) -> Fault:
    words = (error.strerror if isinstance(error, OSError) else None) or type(error).__name__
    return Fault(FaultKind.FILE_UNWRITABLE, words)
