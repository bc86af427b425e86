from __future__ import annotations

import asyncio
import os
import struct
import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from captioner.audio.wav import SoundFile, open_sound
from captioner.errors import Fault, FaultError, FaultKind, Misuse
from captioner.events import AudioBlock, SourceEnded
from captioner.sleep import Lived
from tests.helpers.virtual_loop import run_virtual

Sound = NDArray[np.float32]


def noise(frames: int, channels: int = 1) -> Sound:
    """Multiples of 2^-15, so that every format with 16 bits or more keeps them."""
    steps = np.random.default_rng(frames).integers(-20_000, 20_000, (frames, channels))
    return (steps / 32768).astype(np.float32)


def write(path: Path, sound: Sound, rate: int = 48_000, subtype: str = "PCM_16", kind: str | None = None) -> Path:
    soundfile.write(path, sound, rate, subtype=subtype, format=kind)
    return path


async def no_room() -> None:
    await asyncio.sleep(0)


def play(
    file: SoundFile, *, fast: bool = True, block_ms: int = 20, start: float = 100.0, stall: float = 0.0
) -> list[tuple[float, AudioBlock | SourceEnded]]:
    """What a file delivers, each with the virtual time of its delivery; the third delivery stalls the loop once."""
    delivered: list[tuple[float, AudioBlock | SourceEnded]] = []

    async def main() -> None:
        loop = asyncio.get_running_loop()
        stalled = 0.0

        def clock() -> float:
            return loop.time() + stalled

        def post(news: AudioBlock | SourceEnded) -> None:
            nonlocal stalled
            delivered.append((clock(), news))
            if len(delivered) == 3:
                stalled = stall

        await file.play(post, clock=clock, room=no_room if fast else None, block_ms=block_ms)

    run_virtual(main(), start=start)
    return delivered


def samples_of(delivered: list[tuple[float, AudioBlock | SourceEnded]]) -> Sound:
    return np.concatenate([news.samples for _, news in delivered if isinstance(news, AudioBlock)])


def end_of(delivered: list[tuple[float, AudioBlock | SourceEnded]]) -> SourceEnded:
    ends = [news for _, news in delivered if isinstance(news, SourceEnded)]
    assert ends == [delivered[-1][1]]
    return ends[0]


def fault_of(call: Callable[[], object]) -> Fault:
    with pytest.raises(FaultError) as caught:
        call()
    return caught.value.fault


# ---------------------------------------------------------------- what is read


@pytest.mark.parametrize(
    ("name", "subtype"),
    [
        ("a.wav", "PCM_16"),
        ("a.wav", "PCM_24"),
        ("a.wav", "PCM_32"),
        ("a.wav", "FLOAT"),
        ("a.wav", "DOUBLE"),
        ("a.flac", "PCM_16"),
        ("a.flac", "PCM_24"),
        ("a.rf64", "PCM_16"),
        ("a.w64", "PCM_16"),
        ("a.aiff", "PCM_16"),
        ("a.au", "PCM_16"),
        ("a.caf", "PCM_16"),
    ],
)
def test_every_sample_of_a_file_is_delivered_as_it_is(tmp_path: Path, name: str, subtype: str) -> None:
    sound = noise(30_011, 2)
    file = open_sound(write(tmp_path / name, sound, subtype=subtype))
    assert (file.name, file.rate, file.channels, file.frames, file.cut) == (name, 48_000, 2, 30_011, False)
    assert file.seconds == pytest.approx(30_011 / 48_000)
    delivered = play(file)
    assert (samples_of(delivered) == sound).all()
    assert end_of(delivered) == SourceEnded()


def test_eight_bits_are_read_too(tmp_path: Path) -> None:
    sound = noise(4000)
    delivered = play(open_sound(write(tmp_path / "a.wav", sound, 8000, "PCM_U8")))
    assert np.abs(samples_of(delivered) - sound).max() <= 1 / 128


@pytest.mark.parametrize("name", ["a.mp3", "a.ogg"])
def test_compressed_sound_is_read_whole(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    soundfile.write(path, noise(48_000) * 0.1, 48_000)
    delivered = play(open_sound(path))
    assert len(samples_of(delivered)) == 48_000
    assert end_of(delivered) == SourceEnded()


@pytest.mark.parametrize("name", ["전화 녹음.wav", "a.raw", "noname", "a.mp3"])
def test_a_name_tells_nothing_about_the_content(tmp_path: Path, name: str) -> None:
    sound = noise(2000)
    assert (samples_of(play(open_sound(write(tmp_path / name, sound, kind="WAV")))) == sound).all()


def test_blocks_are_stamped_numbered_and_as_long_as_asked(tmp_path: Path) -> None:
    file = open_sound(write(tmp_path / "a.wav", noise(11_025), 11_025))
    blocks = [news for _, news in play(file) if isinstance(news, AudioBlock)]
    assert [len(block.samples) for block in blocks[:4]] == [220, 221, 220, 221]
    position = 0
    for block in blocks:
        assert (block.position, block.rate) == (position, 11_025)
        assert block.samples.dtype == np.float32
        assert block.samples.ndim == 2
        position += len(block.samples)
    assert position == 11_025


def test_blocks_longer_than_what_is_read_ahead_are_whole(tmp_path: Path) -> None:
    sound = noise(48_000)
    delivered = play(open_sound(write(tmp_path / "a.wav", sound)), block_ms=700)
    assert [len(news.samples) for _, news in delivered if isinstance(news, AudioBlock)] == [33_600, 14_400]
    assert (samples_of(delivered) == sound).all()


@pytest.mark.parametrize(("rate", "channels"), [(8000, 1), (192_000, 8), (44_099, 3)])
def test_the_bounds_of_rate_and_channels_are_included(tmp_path: Path, rate: int, channels: int) -> None:
    file = open_sound(write(tmp_path / "a.wav", noise(100, channels), rate), channels)
    assert (file.rate, file.channels, file.channel) == (rate, channels, channels)
    file.close()


# ---------------------------------------------------------------- when it is delivered


@pytest.mark.parametrize("rate", [8000, 11_025, 44_100, 48_000])
def test_a_block_comes_when_its_last_sample_is_due(tmp_path: Path, rate: int) -> None:
    delivered = play(open_sound(write(tmp_path / "a.wav", noise(rate * 3 + 7), rate)), fast=False)
    for at, news in delivered[:-1]:
        assert isinstance(news, AudioBlock)
        assert at == news.arrived == pytest.approx(100 + (news.position + len(news.samples)) / rate, abs=1e-8)
    assert delivered[-1][0] == pytest.approx(100 + (rate * 3 + 7) / rate, abs=1e-8)


def test_a_long_file_at_the_pace_of_speech_does_not_drift(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    with soundfile.SoundFile(path, "w", 8000, 1, subtype="PCM_U8") as out:
        for _ in range(20):
            out.write(np.zeros((8000 * 60, 1), np.float32))
    delivered = play(open_sound(path), fast=False, block_ms=100)
    assert delivered[-1][0] == pytest.approx(1300, abs=1e-6)


def test_a_stall_delays_what_was_due_in_it_and_nothing_after(tmp_path: Path) -> None:
    delivered = play(open_sound(write(tmp_path / "a.wav", noise(48_000))), fast=False, stall=0.25)
    times = [at - 100 for at, _ in delivered]
    assert times[:3] == pytest.approx([0.02, 0.04, 0.06])
    assert times[3:15] == pytest.approx([0.31] * 12)  # all that was due during the stall
    assert times[15:] == pytest.approx([*np.arange(0.32, 1.001, 0.02), 1.0])


def test_a_stall_is_made_up_for_one_block_a_turn(tmp_path: Path) -> None:
    file = open_sound(write(tmp_path / "a.wav", noise(48_000)))
    others: list[int] = []
    blocks: list[AudioBlock | SourceEnded] = []

    async def main() -> None:
        loop = asyncio.get_running_loop()
        playing = asyncio.create_task(file.play(blocks.append, clock=lambda: loop.time() + 1e6 * bool(blocks)))
        await asyncio.sleep(0.02)
        while not playing.done():
            others.append(len(blocks))
            await asyncio.sleep(0)  # another task of the loop

    run_virtual(main())
    assert len(blocks) == 51
    assert max(after - before for before, after in pairwise(others)) <= 2


def test_a_fast_file_waits_for_room_before_every_block(tmp_path: Path) -> None:
    file = open_sound(write(tmp_path / "a.wav", noise(48_000)))
    log: list[str] = []

    async def room() -> None:
        await asyncio.sleep(5.0)
        log.append("room")

    async def main() -> float:
        await file.play(
            lambda news: log.append(type(news).__name__),
            clock=asyncio.get_running_loop().time,
            room=room,
            block_ms=100,
        )
        return asyncio.get_running_loop().time()

    assert run_virtual(main()) == pytest.approx(50.0)
    assert log == ["room", "AudioBlock"] * 10 + ["SourceEnded"]


def test_a_file_that_is_no_longer_wanted_is_closed_and_says_nothing(tmp_path: Path) -> None:
    file = open_sound(write(tmp_path / "a.wav", noise(48_000)))
    delivered: list[AudioBlock | SourceEnded] = []

    async def main() -> None:
        clock = asyncio.get_running_loop().time
        playing = asyncio.create_task(file.play(delivered.append, clock=clock))
        await asyncio.sleep(0.05)
        playing.cancel()
        await asyncio.wait([playing])
        assert playing.cancelled()

    run_virtual(main())
    assert len(delivered) == 2
    (tmp_path / "a.wav").unlink()  # on Windows an open file cannot be removed
    file.close()


def test_a_file_is_played_once(tmp_path: Path) -> None:
    file = open_sound(write(tmp_path / "a.wav", noise(100)))
    play(file)
    with pytest.raises(Misuse):
        play(file)


# ---------------------------------------------------------------- what is no good


def test_a_file_that_is_not_there_is_missing(tmp_path: Path) -> None:
    assert fault_of(lambda: open_sound(tmp_path / "none.wav")).kind is FaultKind.FILE_MISSING
    (tmp_path / "file").write_bytes(b"x")
    assert fault_of(lambda: open_sound(tmp_path / "file" / "a.wav")).kind is FaultKind.FILE_MISSING


def test_a_folder_is_unreadable(tmp_path: Path) -> None:
    assert fault_of(lambda: open_sound(tmp_path)) == Fault(FaultKind.FILE_UNREADABLE, "it is a folder")


@pytest.mark.skipif(sys.platform == "win32", reason="named pipes are no files there")
def test_a_pipe_is_unreadable_and_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.wav")
    assert fault_of(lambda: open_sound(tmp_path / "a.wav")).kind is FaultKind.FILE_UNREADABLE


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="nothing is forbidden here")
def test_a_forbidden_file_is_unreadable(tmp_path: Path) -> None:
    path = write(tmp_path / "a.wav", noise(100))
    path.chmod(0)
    assert fault_of(lambda: open_sound(path)).kind is FaultKind.FILE_UNREADABLE


def test_a_name_that_no_file_can_have_is_unreadable() -> None:
    assert fault_of(lambda: open_sound(Path("a\0b.wav"))).kind is FaultKind.FILE_UNREADABLE


@pytest.mark.parametrize(
    "content",
    [
        b"\x89PNG\r\n\x1a\n" + bytes(100),
        b"hello, this is text",
        b"RIFF",
        b"RIFF\x24\0\0\0WAVE" + bytes(40_000),
        b"FORM\0\0\0\x24AIFF" + bytes(100),
        b"riff" + bytes(200),
        b"OggS" + bytes(100),
        b".snd",
        b"fLaC" + bytes(100),
        b"\xff\xfb\x90\x00" + bytes(30),
    ],
)
@pytest.mark.parametrize("name", ["a.wav", "a.mp3", "a.raw", "a.au"])
def test_what_is_no_sound_is_refused_in_silence(
    tmp_path: Path, content: bytes, name: str, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / name).write_bytes(content)
    fault = fault_of(lambda: open_sound(tmp_path / name))
    assert fault.kind is FaultKind.FILE_NOT_SOUND
    assert "\n" not in fault.detail
    assert str(tmp_path) not in fault.detail
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("length", [4, 11, 20, 30, 36, 40])
def test_a_header_that_is_cut_short_is_no_sound(tmp_path: Path, length: int) -> None:
    path = write(tmp_path / "a.wav", noise(1000))
    path.write_bytes(path.read_bytes()[:length])
    assert fault_of(lambda: open_sound(path)).kind is FaultKind.FILE_NOT_SOUND


@pytest.mark.parametrize("name", ["a.wav", "a.flac", "a.aiff", "a.w64"])
def test_a_file_without_frames_is_empty(tmp_path: Path, name: str) -> None:
    assert fault_of(lambda: open_sound(write(tmp_path / name, noise(0)))) == Fault(FaultKind.FILE_EMPTY)


@pytest.mark.parametrize("length", [41, 43, 44, 45])
def test_a_file_that_ends_at_its_data_is_empty(tmp_path: Path, length: int) -> None:
    path = write(tmp_path / "a.wav", noise(1000))
    path.write_bytes(path.read_bytes()[:length])
    assert fault_of(lambda: open_sound(path)).kind is FaultKind.FILE_EMPTY


def test_a_file_without_bytes_is_empty(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(b"")
    assert fault_of(lambda: open_sound(tmp_path / "a.wav")) == Fault(FaultKind.FILE_EMPTY)


@pytest.mark.parametrize("length", [42, 44, 100, 200])
def test_a_flac_that_ends_before_its_first_frame_is_no_good(tmp_path: Path, length: int) -> None:
    path = write(tmp_path / "a.flac", noise(48_000))
    path.write_bytes(path.read_bytes()[:length])
    assert fault_of(lambda: open_sound(path)).kind in (FaultKind.FILE_EMPTY, FaultKind.FILE_NOT_SOUND)


@pytest.mark.parametrize(
    ("rate", "channels", "detail"),
    [(7999, 1, "7999 Hz, 1 channels"), (192_001, 2, "192001 Hz, 2 channels"), (48_000, 9, "48000 Hz, 9 channels")],
)
def test_a_format_that_is_not_taken_is_named(tmp_path: Path, rate: int, channels: int, detail: str) -> None:
    path = write(tmp_path / "a.wav", noise(100, channels), rate)
    assert fault_of(lambda: open_sound(path)) == Fault(FaultKind.FILE_FORMAT, detail)


@pytest.mark.parametrize("channel", [3, 0, -1])
def test_a_channel_that_a_file_does_not_have_is_refused(tmp_path: Path, channel: int) -> None:
    path = write(tmp_path / "a.wav", noise(100, 2))
    assert fault_of(lambda: open_sound(path, channel)) == Fault(FaultKind.NO_SUCH_CHANNEL, "2")


# ---------------------------------------------------------------- what is damaged


def assert_is_played_as_far_as_it_goes(path: Path, sound: Sound, least: int) -> None:
    delivered = play(open_sound(path))
    got = samples_of(delivered)
    assert least <= len(got) < len(sound)
    assert (got == sound[: len(got)]).all()
    fault = end_of(delivered).fault
    assert fault is not None
    assert fault.kind is FaultKind.FILE_CUT


@pytest.mark.parametrize("name", ["a.wav", "a.rf64", "a.w64", "a.aiff", "a.au"])
@pytest.mark.parametrize("missing", [2, 60_001])
def test_a_file_cut_in_its_data_is_played_as_far_as_it_goes(tmp_path: Path, name: str, missing: int) -> None:
    sound = noise(48_000)
    path = write(tmp_path / name, sound)
    path.write_bytes(path.read_bytes()[:-missing])
    file = open_sound(path)
    assert file.cut
    file.close()
    assert_is_played_as_far_as_it_goes(path, sound, 48_000 - missing // 2 - 1)


def test_a_flac_cut_in_its_data_is_played_to_its_last_whole_frame(tmp_path: Path) -> None:
    sound = noise(48_000, 2)
    path = write(tmp_path / "a.flac", sound)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    assert_is_played_as_far_as_it_goes(path, sound, 24_000 - 3 * 4096)


def test_an_ogg_or_mp3_that_was_cut_says_so(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    for name in ("a.ogg", "a.mp3"):  # the MP3 decoder prints what it thinks of it
        path = tmp_path / name
        soundfile.write(path, noise(96_000) * 0.1, 48_000)
        whole = path.read_bytes()
        path.write_bytes(whole[: len(whole) // 2])
        delivered = play(open_sound(path))
        assert 20_000 < len(samples_of(delivered)) < 80_000
        assert end_of(delivered) == SourceEnded(Fault(FaultKind.FILE_CUT))
    assert capfd.readouterr().err == ""


def test_an_ogg_cut_between_two_pages_says_so(tmp_path: Path) -> None:
    path = tmp_path / "a.ogg"
    soundfile.write(path, noise(400_000) * 0.1, 48_000)
    whole = path.read_bytes()
    path.write_bytes(whole[: whole.rindex(b"OggS")])
    assert end_of(play(open_sound(path))) == SourceEnded(Fault(FaultKind.FILE_CUT))


@pytest.mark.parametrize("size", [0, 0xFFFFFFFF, 0x7FFFF000, 0x7FFFFFFF, 0x80000000])
def test_a_recorder_that_never_filled_in_the_size_loses_nothing(tmp_path: Path, size: int) -> None:
    sound = noise(30_000, 2)
    path = write(tmp_path / "a.wav", sound)
    content = bytearray(path.read_bytes())
    content[40:44] = struct.pack("<I", size)
    path.write_bytes(content)
    delivered = play(open_sound(path))
    assert (samples_of(delivered) == sound).all()
    assert end_of(delivered) == SourceEnded()


def test_data_of_size_0_before_other_chunks_are_empty(tmp_path: Path) -> None:
    path = write(tmp_path / "a.wav", noise(0))
    path.write_bytes(path.read_bytes() + b"LIST" + struct.pack("<I", 5) + b"hello\0")
    assert fault_of(lambda: open_sound(path)) == Fault(FaultKind.FILE_EMPTY)


def test_chunks_before_and_after_the_data_are_no_damage(tmp_path: Path) -> None:
    sound = noise(1001)
    path = write(tmp_path / "a.wav", sound)
    content = path.read_bytes()
    junk = b"junk" + struct.pack("<I", 7) + b"1234567\0"
    path.write_bytes(content[:12] + junk + content[12:] + junk)
    delivered = play(open_sound(path))
    assert (samples_of(delivered) == sound).all()
    assert end_of(delivered) == SourceEnded()


def test_a_flac_written_to_a_pipe_is_counted(tmp_path: Path) -> None:
    sound = noise(50_000)
    path = write(tmp_path / "a.flac", sound)
    content = bytearray(path.read_bytes())
    content[21] &= 0xF0  # the total of samples in STREAMINFO, 36 bits: https://www.rfc-editor.org/rfc/rfc9639
    content[22:26] = bytes(4)
    path.write_bytes(content)
    file = open_sound(path)
    assert file.frames == 50_000
    delivered = play(file)
    assert (samples_of(delivered) == sound).all()
    assert end_of(delivered) == SourceEnded()


@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_whatever_is_wrong_with_a_file_is_a_fault(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "damaged"
    kind = data.draw(st.sampled_from(["WAV", "FLAC", "AIFF", "W64", "RF64", "OGG", "AU"]))
    soundfile.write(path, noise(3000, 2), 48_000, format=kind)
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 8))):
        content[data.draw(st.integers(0, min(len(content), 300) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(content[: data.draw(st.integers(0, len(content)))])
    try:
        file = open_sound(path)
    except FaultError:
        return
    fault = end_of(play(file, block_ms=1000)).fault
    assert fault is None or fault.kind is FaultKind.FILE_CUT


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="finds the open file in Linux's /proc")
def test_a_disk_error_in_the_middle_ends_the_source_with_its_reason(tmp_path: Path) -> None:
    path = write(tmp_path / "a.wav", noise(480_000))
    file = open_sound(path)
    # What the file's descriptor stands for is replaced by a folder, of which the system refuses every read.
    (descriptor,) = [fd for fd in Path("/proc/self/fd").iterdir() if fd.is_symlink() and fd.resolve() == path.resolve()]
    folder = os.open(tmp_path, os.O_RDONLY)
    os.dup2(folder, int(descriptor.name))
    os.close(folder)
    delivered = play(file)
    assert 0 < len(samples_of(delivered)) < 480_000
    fault = end_of(delivered).fault
    assert fault is not None
    assert fault.kind is FaultKind.FILE_UNREADABLE
    assert fault.detail == os.strerror(21)


def test_after_a_stop_of_the_process_a_file_goes_on_where_it_stood(tmp_path: Path) -> None:
    arrived: list[tuple[float, int]] = []

    async def main() -> None:
        loop = asyncio.get_running_loop()
        stopped = [0.0]

        def post(news: AudioBlock | SourceEnded) -> None:
            if isinstance(news, AudioBlock):
                arrived.append((loop.time(), news.position))
            if len(arrived) == 50:
                stopped[0] = 150.0

        clock = Lived(lambda: loop.time() + stopped[0])
        await open_sound(write(tmp_path / "a.wav", noise(4 * 8000), 8000)).play(post, clock=clock)

    run_virtual(main())
    began = arrived[0][0]
    assert len(arrived) == 200
    assert max(abs(at - began - position / 8000) for at, position in arrived) < 0.025
