"""Files of blocks: what is in them comes out again, cut anywhere, and nothing else does."""

from __future__ import annotations

import os
import sys
import threading
import zlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from captioner.blocks import LARGEST, BlockFile, BlockReader, BlockWriter, ForeignFile, create, create_sealed, prune
from captioner.errors import Fault, FaultError, FaultKind
from tests.helpers.memory_keyring import MemoryKeyring

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
PAYLOADS = [b"one", b"", "두 번째 말".encode() * 40, bytes(range(256))]


def read(path: Path) -> tuple[list[bytes], bool]:
    with BlockReader(path) as reader:
        if reader.sealed:
            assert reader.unlock()
        return list(reader.payloads()), reader.whole


def fill(file: BlockFile, payloads: list[bytes]) -> None:
    for each in payloads:
        file.append(each)
    file.close()


Make = Callable[[Path], BlockFile]
MAKERS: list[Make] = [
    lambda folder: create(folder / "some.thing", "thing", 3),
    lambda folder: create_sealed(folder, "thing", 3, NOW),
]
both = pytest.mark.parametrize("make", MAKERS, ids=["plain", "sealed"])


@both
def test_payloads_come_out_as_they_went_in(make: Make, tmp_path: Path, memory_keyring: MemoryKeyring) -> None:
    file = make(tmp_path)
    fill(file, PAYLOADS)
    assert read(file.path) == (PAYLOADS, True)
    with BlockReader(file.path) as reader:
        assert (reader.kind, reader.version) == ("thing", 3)
    assert file.size == file.path.stat().st_size


@both
def test_a_file_cut_anywhere_gives_the_blocks_before_the_cut(
    make: Make, tmp_path: Path, memory_keyring: MemoryKeyring
) -> None:
    file = make(tmp_path)
    starts = [file.size]
    for each in PAYLOADS:
        file.append(each)
        starts.append(file.size)
    file.close()
    whole = file.path.read_bytes()
    for length in range(starts[0], len(whole)):
        file.path.write_bytes(whole[:length])
        expected = sum(start <= length for start in starts[1:])
        assert read(file.path) == (PAYLOADS[:expected], length in starts)


@both
def test_a_changed_byte_ends_the_file_there(make: Make, tmp_path: Path, memory_keyring: MemoryKeyring) -> None:
    file = make(tmp_path)
    fill(file, PAYLOADS)
    whole = bytearray(file.path.read_bytes())
    head = whole.index(b"\n") + 1
    for place in range(head, len(whole)):
        changed = bytearray(whole)
        changed[place] ^= 0x10
        file.path.write_bytes(changed)
        payloads, complete = read(file.path)
        assert not complete
        assert payloads == PAYLOADS[: len(payloads)]
        assert len(payloads) < len(PAYLOADS)


def test_blocks_of_a_sealed_file_cannot_change_places_or_be_left_out(
    tmp_path: Path, memory_keyring: MemoryKeyring
) -> None:
    file = create_sealed(tmp_path, "thing", 1, NOW)
    ends = [file.size]
    for each in (b"first", b"other", b"third"):
        file.append(each)
        ends.append(file.size)
    file.close()
    whole = file.path.read_bytes()
    head, *blocks = (whole[start:stop] for start, stop in zip([0, *ends], ends, strict=False))
    file.path.write_bytes(head + blocks[1] + blocks[0] + blocks[2])
    assert read(file.path) == ([], False)
    file.path.write_bytes(head + blocks[0] + blocks[2])
    assert read(file.path) == ([b"first"], False)


def test_nothing_of_a_sealed_file_can_be_read_on_the_disk(tmp_path: Path, memory_keyring: MemoryKeyring) -> None:
    words = "카드 번호는 공일공입니다".encode()
    file = create_sealed(tmp_path, "thing", 1, NOW)
    fill(file, [words])
    assert words not in file.path.read_bytes()
    assert zlib.compress(words, 1) not in file.path.read_bytes()
    memory_keyring.passwords.clear()
    with BlockReader(file.path) as reader:
        assert not reader.unlock()


def test_every_sealed_file_has_a_key_of_its_own(tmp_path: Path, memory_keyring: MemoryKeyring) -> None:
    files = [create_sealed(tmp_path, "thing", 1, NOW) for _ in range(3)]
    keys = list(memory_keyring.passwords.values())
    assert len(set(keys)) == 3
    for each in files:
        fill(each, [b"word"])
    assert len({each.path.read_bytes()[-20:] for each in files}) == 3


@pytest.mark.parametrize("stored", ["", "no base64", "c2hvcnQ="])
def test_a_key_that_is_none_opens_nothing(stored: str, tmp_path: Path, memory_keyring: MemoryKeyring) -> None:
    file = create_sealed(tmp_path, "thing", 1, NOW)
    fill(file, [b"word"])
    memory_keyring.passwords = dict.fromkeys(memory_keyring.passwords, stored)
    with BlockReader(file.path) as reader:
        assert not reader.unlock()


def test_another_key_opens_no_block(tmp_path: Path, memory_keyring: MemoryKeyring) -> None:
    file = create_sealed(tmp_path, "thing", 1, NOW)
    fill(file, [b"word"])
    create_sealed(tmp_path, "thing", 1, NOW).close()
    other = list(memory_keyring.passwords.values())[1]
    memory_keyring.passwords = dict.fromkeys(memory_keyring.passwords, other)
    assert read(file.path) == ([], False)


@given(rubbish=st.binary(max_size=200))
def test_any_bytes_after_a_head_are_read_without_harm(rubbish: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("rubbish") / "file"
    path.write_bytes(b"captioner thing 1\n" + rubbish)
    payloads, complete = read(path)
    assert complete == (not rubbish)
    assert payloads == []


@given(rubbish=st.binary(max_size=100).filter(lambda each: not each.startswith(b"captioner ")))
def test_what_has_no_head_is_none_of_ours(rubbish: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("rubbish") / "file"
    path.write_bytes(rubbish)
    with pytest.raises(ForeignFile):
        BlockReader(path)


def test_a_small_file_cannot_swell_without_end(tmp_path: Path) -> None:
    file = create(tmp_path / "bomb", "thing", 1)
    file.append(bytes(LARGEST + 1))
    file.close()
    assert read(file.path) == ([], False)


@pytest.mark.skipif(sys.platform == "win32", reason="access lists belong to the folder there")
def test_only_the_owner_can_open_the_files(tmp_path: Path, memory_keyring: MemoryKeyring) -> None:
    before = tmp_path / "old"
    before.write_text("anybody's")
    before.chmod(0o644)
    plain, sealed = create(before, "thing", 1), create_sealed(tmp_path / "new", "thing", 1, NOW)
    plain.close()
    sealed.close()
    assert [path.stat().st_mode & 0o777 for path in (before, sealed.path, sealed.path.parent)] == [0o600, 0o600, 0o700]


def test_a_file_that_was_there_is_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "some.thing"
    path.write_bytes(b"x" * 10_000)
    fill(create(path, "thing", 1), [b"new"])
    assert read(path) == ([b"new"], True)


@pytest.mark.parametrize("path", ["missing/folder/file", "no\0name", "."])
def test_a_file_that_cannot_be_made_is_a_fault(path: str, tmp_path: Path) -> None:
    with pytest.raises(FaultError) as caught:
        create(tmp_path / path, "thing", 1)
    assert caught.value.fault.kind is FaultKind.FILE_UNWRITABLE
    assert caught.value.fault.detail


def test_without_a_keyring_nothing_sealed_is_made(tmp_path: Path) -> None:
    with pytest.raises(FaultError) as caught:
        create_sealed(tmp_path / "folder", "thing", 1, NOW)
    assert caught.value.fault == Fault(FaultKind.NO_KEYRING)
    assert not (tmp_path / "folder").exists()


def test_a_sealed_file_that_cannot_be_made_leaves_no_key_behind(tmp_path: Path, memory_keyring: MemoryKeyring) -> None:
    (tmp_path / "folder").write_text("a file")
    with pytest.raises(FaultError) as caught:
        create_sealed(tmp_path / "folder", "thing", 1, NOW)
    assert caught.value.fault.kind is FaultKind.FILE_UNWRITABLE
    assert memory_keyring.passwords == {}


@both
def test_a_file_that_is_written_is_locked_until_it_is_closed(
    make: Make, tmp_path: Path, memory_keyring: MemoryKeyring
) -> None:
    file = make(tmp_path)
    with pytest.raises(BlockingIOError):
        BlockReader(file.path, hold=True)
    file.close()
    with BlockReader(file.path, hold=True), pytest.raises(BlockingIOError):
        BlockReader(file.path, hold=True)
    BlockReader(file.path, hold=True).discard()
    assert not file.path.exists()
    assert memory_keyring.passwords == {}


def test_a_file_that_somebody_writes_is_not_replaced(tmp_path: Path) -> None:
    first = create(tmp_path / "file", "thing", 1)
    first.append(b"mine")
    with pytest.raises(FaultError):
        create(tmp_path / "file", "thing", 1)
    first.close()
    assert read(first.path) == ([b"mine"], True)


# ---------------------------------------------------------------- the writer


def test_a_writer_writes_everything_before_it_closes(tmp_path: Path) -> None:
    writer = BlockWriter(lambda: create(tmp_path / "file", "thing", 1), sync=True)
    payloads = [str(number).encode() * number for number in range(300)]
    for each in payloads:
        writer.append(each)
    writer.close()
    assert writer.ended is None
    assert read(tmp_path / "file") == (payloads, True)


def test_a_discarded_file_is_gone_with_its_key(tmp_path: Path, memory_keyring: MemoryKeyring) -> None:
    writer = BlockWriter(lambda: create_sealed(tmp_path, "thing", 1, NOW))
    writer.append(b"word")
    writer.close(discard=True)
    assert list(tmp_path.iterdir()) == []
    assert memory_keyring.passwords == {}


def test_a_file_that_cannot_be_made_is_told_once_and_appending_goes_on(tmp_path: Path) -> None:
    told: list[Fault] = []
    writer = BlockWriter(lambda: create(tmp_path / "missing" / "file", "thing", 1), trouble=told.append)
    for _ in range(10):
        writer.append(b"word")
    writer.close()
    assert [each.kind for each in told] == [FaultKind.FILE_UNWRITABLE]
    assert writer.ended == told[0]


def test_a_writer_ends_at_its_limit_and_what_was_written_is_whole(tmp_path: Path) -> None:
    told: list[Fault] = []
    writer = BlockWriter(lambda: create(tmp_path / "file", "thing", 1), trouble=told.append, limit=2000)
    for _ in range(100):
        writer.append(os.urandom(100))
    writer.close()
    payloads, complete = read(tmp_path / "file")
    assert told == [Fault(FaultKind.FILE_FULL)]
    assert complete
    assert 2000 <= (tmp_path / "file").stat().st_size < 2200
    assert 15 <= len(payloads) <= 20


class Stubborn(BlockFile):
    """A disk that does what the test wants."""

    def __init__(self, path: Path, act: Callable[[], None]) -> None:
        super().__init__(path, path.open("wb"), b"captioner thing 1\n")
        self._act = act

    def append(self, payload: bytes, *, sync: bool = False) -> None:
        self._act()
        super().append(payload, sync=sync)


def test_a_disk_that_fails_ends_the_file_and_nothing_else(tmp_path: Path) -> None:
    left = [3]

    def full() -> None:
        left[0] -= 1
        if left[0] < 0:
            raise OSError(28, "No space left on device")

    told: list[Fault] = []
    writer = BlockWriter(lambda: Stubborn(tmp_path / "file", full), trouble=told.append)
    for _ in range(10):
        writer.append(b"word")
    writer.close()
    assert told == [Fault(FaultKind.FILE_UNWRITABLE, "No space left on device")]
    assert read(tmp_path / "file") == ([b"word"] * 3, True)


def test_a_disk_that_hangs_holds_nobody_up_and_is_given_up(tmp_path: Path) -> None:
    hangs = threading.Event()
    told: list[Fault] = []
    writer = BlockWriter(lambda: Stubborn(tmp_path / "file", lambda: _wait(hangs)), trouble=told.append, backlog=1000)
    for _ in range(100):
        writer.append(b"x" * 100)  # returns, though nothing is written
    assert told == []
    hangs.set()
    writer.close()
    assert told == [Fault(FaultKind.DISK_SLOW)]


def _wait(event: threading.Event) -> None:
    assert event.wait(20)


# ---------------------------------------------------------------- pruning


def test_old_files_and_their_keys_go_and_the_newest_stay(tmp_path: Path, memory_keyring: MemoryKeyring) -> None:
    paths = list[Path]()
    for day in range(8):
        file = create_sealed(tmp_path, "thing", 1, NOW + timedelta(days=day))
        fill(file, [b"word"])
        os.utime(file.path, (NOW.timestamp() + 86400 * day,) * 2)
        paths.append(file.path)
    (tmp_path / "other.txt").write_text("not ours")
    (tmp_path / "20250101-000000-abcdef.thing").write_text("named like ours")
    prune(tmp_path, "thing", keep=3, since=NOW + timedelta(days=6))
    assert [path.exists() for path in paths] == [False] * 6 + [True] * 2
    assert len(memory_keyring.passwords) == 2
    assert len(list(tmp_path.iterdir())) == 4
    prune(tmp_path / "missing", "thing", keep=3, since=NOW)


def test_a_file_that_is_being_written_is_not_pruned(tmp_path: Path, memory_keyring: MemoryKeyring) -> None:
    file = create_sealed(tmp_path, "thing", 1, NOW)
    prune(tmp_path, "thing", keep=0, since=NOW + timedelta(days=99))
    file.append(b"word")
    file.close()
    assert read(file.path) == ([b"word"], True)
