"""What a window said survives a crash, sealed; and nothing is left of a window that ended in order."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from captioner import recovery
from captioner.blocks import create, create_sealed
from captioner.errors import Fault, FaultKind
from captioner.events import Caption, FinalShown, GapShown, LossReason, Measured, Stages, Word
from captioner.recovery import KEPT_FOR, KIND, Session, leftovers
from captioner.saving import Said, Saved
from tests.helpers.memory_keyring import MemoryKeyring
from tests.helpers.ui import final, gap

NOW = datetime(2026, 3, 4, 14, 3, tzinfo=UTC)
SOON = datetime.now(UTC)
STAGES = Stages(0.01, 0.002, 0.0, 0.0, 0.0, 0.001, 0.5, None, 0.513)


def session(folder: Path, told: list[Fault] | None = None) -> Session:
    return Session(folder, (told if told is not None else []).append)


def crash(folder: Path, *lanes: list[Saved | Measured]) -> None:
    """A window that says something and does not end in order."""
    mine = session(folder)
    for number, lane in enumerate(lanes):
        mine.begin(NOW + timedelta(minutes=number))
        for each in lane:
            if isinstance(each, Measured):
                mine.measure(each)
            else:
                mine.add(each)
    mine.close(in_order=False)


def found(folder: Path, now: datetime = SOON) -> list[list[Said]]:
    """What is offered; it is left where it is."""
    result = leftovers(folder, now)
    for each in result:
        each.release()
    return [list(each.lanes) for each in result]


def test_what_was_said_is_found_after_a_crash(tmp_path: Path, memory_keyring: MemoryKeyring) -> None:
    said: list[Saved] = [final(1, "안녕하세요", 1), gap(16000, 24000), final(2, "주문번호는 팔이칠", 4)]
    crash(tmp_path, [*said, Measured(0.5, 2, STAGES)], [final(1, "다음 통화", 1)])
    (lanes,) = found(tmp_path)
    assert [each.started_at for each in lanes] == [NOW, NOW + timedelta(minutes=1)]
    last = said[2]
    assert isinstance(last, FinalShown)
    assert lanes[0].updates == [*said[:2], replace(last, stages=STAGES)]
    assert lanes[1].updates == [final(1, "다음 통화", 1)]


words = st.builds(Word, st.text(), st.integers(0, 2**40), st.integers(0, 2**40))
captions = st.builds(
    Caption,
    st.integers(1, 2**30),
    st.integers(-17, 2**40),
    st.integers(-17, 2**40),
    st.text(),
    st.lists(words, max_size=3).map(tuple),
    st.just(True),
    st.just(False),
    st.integers(0, 2**30),
)
seconds = st.floats(0, 1e6)
stages = st.builds(Stages, *[seconds] * 7, st.none() | seconds, seconds)
updates = st.one_of(
    st.builds(FinalShown, seconds, captions, st.none() | stages),
    st.builds(GapShown, seconds, st.integers(0, 2**40), st.integers(0, 2**40), st.sampled_from(LossReason)),
)


@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(said=st.lists(updates, min_size=1, max_size=5))
def test_any_caption_and_any_gap_come_back(
    said: list[Saved], tmp_path_factory: pytest.TempPathFactory, memory_keyring: MemoryKeyring
) -> None:
    folder = tmp_path_factory.mktemp("unsaved")
    crash(folder, [*said])
    lanes = found(folder)
    if any(isinstance(each, FinalShown) for each in said):
        assert [each.updates for each in lanes[0]] == [said]
    else:
        assert lanes == []


def test_nothing_is_left_of_a_window_that_ended_in_order(tmp_path: Path, memory_keyring: MemoryKeyring) -> None:
    mine = session(tmp_path / "unsaved")
    mine.begin(NOW)
    mine.add(final(1, "안녕하세요", 1))
    mine.close(in_order=True)
    assert list((tmp_path / "unsaved").iterdir()) == []
    assert memory_keyring.passwords == {}


def test_where_nothing_was_said_nothing_is_written_and_no_keyring_asked(
    tmp_path: Path, memory_keyring: MemoryKeyring
) -> None:
    mine = session(tmp_path / "unsaved")
    mine.begin(NOW)
    mine.add(gap(0, 8000))
    mine.close(in_order=False)
    assert not (tmp_path / "unsaved").exists()
    assert found(tmp_path / "unsaved") == []
    assert memory_keyring.passwords == {}


def test_no_word_is_on_the_disk_in_the_clear(tmp_path: Path, memory_keyring: MemoryKeyring) -> None:
    crash(tmp_path, [final(1, "card 4111 1111", 1), final(2, "카드", 2)])
    (path,) = tmp_path.iterdir()
    content = path.read_bytes()
    assert not any(word in content for word in (b"card", b"4111", "카드".encode(), b"final", b"lane"))


def test_the_captions_of_a_window_that_still_stands_are_not_offered(
    tmp_path: Path, memory_keyring: MemoryKeyring
) -> None:
    mine = session(tmp_path)
    mine.begin(NOW)
    mine.add(final(1, "안녕하세요", 1))
    mine.close(in_order=False)
    standing = create_sealed(tmp_path, KIND, recovery.VERSION, NOW)
    standing.append(b'["lane","2026-03-04T14:03:00+00:00"]')
    standing.append(b'["final",0.0,1,0,8000,"one",[],1,null]')
    offered = [lane[0].updates for lane in found(tmp_path)]
    standing.close()
    assert offered == [[final(1, "안녕하세요", 1)]]
    assert len(found(tmp_path)) == 2


def test_what_one_window_offers_another_does_not(tmp_path: Path, memory_keyring: MemoryKeyring) -> None:
    crash(tmp_path, [final(1, "하나", 1)])
    (mine,) = leftovers(tmp_path, SOON)
    assert leftovers(tmp_path, SOON) == []
    mine.release()
    (mine,) = leftovers(tmp_path, SOON)
    mine.discard()
    assert leftovers(tmp_path, SOON) == []
    assert list(tmp_path.iterdir()) == []
    assert memory_keyring.passwords == {}


def test_what_nobody_decided_about_is_removed_earlier_where_that_is_wanted(
    tmp_path: Path, memory_keyring: MemoryKeyring
) -> None:
    crash(tmp_path, [final(1, "하나", 1)])
    (path,) = tmp_path.iterdir()
    os.utime(path, (SOON.timestamp(),) * 2)
    day = timedelta(days=1)
    (mine,) = leftovers(tmp_path, SOON + day, day)
    mine.release()
    assert leftovers(tmp_path, SOON + day + timedelta(hours=1), day) == []
    assert list(tmp_path.iterdir()) == []


def test_what_nobody_decided_about_is_removed_after_a_week(tmp_path: Path, memory_keyring: MemoryKeyring) -> None:
    crash(tmp_path, [final(1, "하나", 1)])
    (path,) = tmp_path.iterdir()
    os.utime(path, (SOON.timestamp(),) * 2)
    assert len(found(tmp_path, SOON + KEPT_FOR - timedelta(hours=1))) == 1
    assert found(tmp_path, SOON + KEPT_FOR + timedelta(hours=1)) == []
    assert list(tmp_path.iterdir()) == []
    assert memory_keyring.passwords == {}


def test_what_cannot_be_opened_waits_for_its_key(tmp_path: Path, memory_keyring: MemoryKeyring) -> None:
    crash(tmp_path, [final(1, "하나", 1)])
    keys, memory_keyring.passwords = memory_keyring.passwords, {}
    assert found(tmp_path) == []
    memory_keyring.passwords = keys
    assert len(found(tmp_path)) == 1


def test_a_file_cut_by_a_crash_gives_what_is_whole(tmp_path: Path, memory_keyring: MemoryKeyring) -> None:
    crash(tmp_path, [final(1, "하나", 1), final(2, "둘", 2), final(3, "셋", 3)])
    (path,) = tmp_path.iterdir()
    path.write_bytes(path.read_bytes()[:-5])
    assert [lane[0].updates for lane in found(tmp_path)] == [[final(1, "하나", 1), final(2, "둘", 2)]]


def strange(folder: Path) -> None:
    (folder / "20260304-140300-aaaaaa.session").write_bytes(b"\x00" * 100)


def newer(folder: Path) -> None:
    create_sealed(folder, KIND, recovery.VERSION + 1, NOW).close()


def other(folder: Path) -> None:
    create(folder / "20260304-140300-aaaaaa.session", "recording", 1).close()


def subfolder(folder: Path) -> None:
    (folder / "20260304-140300-aaaaaa.session").mkdir()


@pytest.mark.parametrize("make", [strange, newer, other, subfolder])
def test_what_is_none_of_ours_is_left_alone(
    make: Callable[[Path], None], tmp_path: Path, memory_keyring: MemoryKeyring
) -> None:
    make(tmp_path)
    assert found(tmp_path) == []
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"[",
        b"[[[" * 100_000,
        b"{}",
        b'["lane","yesterday"]',
        b'["final",1.0,1,0,8000,"x",[],1,null]',
        b'["measured",1.0,5,[0,0,0,0,0,0,0,null,0]]',
        b'["measured",1.0,1,[0,0]]',
        b'["measured",1.0,1,["x",0,0,0,0,0,0,null,0]]',
        b'["gap",1.0,0,8000,"boredom"]',
        b'["final",1.0,1,0,8000,"x",[["y"]],1,null]',
    ],
)
def test_a_session_of_nonsense_gives_what_came_before_it(
    payload: bytes, tmp_path: Path, memory_keyring: MemoryKeyring
) -> None:
    first = payload.startswith(b'["final",1.0,1,0')
    file = create_sealed(tmp_path, KIND, recovery.VERSION, NOW)
    if not first or b'"y"' in payload:
        file.append(b'["lane","2026-03-04T14:03:00+00:00"]')
        file.append(b'["final",0.0,1,0,8000,"one",[],1,null]')
    file.append(payload)
    file.close()
    lanes = found(tmp_path)
    texts = [each.caption.text for lane in lanes for each in lane[0].updates if isinstance(each, FinalShown)]
    assert texts == ([] if first and b'"y"' not in payload else ["one"])


def test_without_a_keyring_nothing_is_kept_and_that_is_told_once(tmp_path: Path) -> None:
    told: list[Fault] = []
    mine = session(tmp_path / "unsaved", told)
    mine.begin(NOW)
    for number in range(1, 20):
        mine.add(final(number, "안녕하세요", number))
    mine.close(in_order=False)
    assert told == [Fault(FaultKind.NO_KEYRING)]
    assert not (tmp_path / "unsaved").exists()


def test_a_folder_that_cannot_be_written_is_told_once(tmp_path: Path, memory_keyring: MemoryKeyring) -> None:
    (tmp_path / "unsaved").write_text("a file")
    told: list[Fault] = []
    mine = session(tmp_path / "unsaved", told)
    mine.begin(NOW)
    for number in range(1, 20):
        mine.add(final(number, "안녕하세요", number))
    mine.close(in_order=True)
    assert [each.kind for each in told] == [FaultKind.FILE_UNWRITABLE]
    assert memory_keyring.passwords == {}
    assert leftovers(tmp_path / "unsaved", SOON) == []
