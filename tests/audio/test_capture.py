from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from captioner.audio.capture import (
    PLUGIN_CHANNELS,
    Capture,
    Device,
    channels_to_open,
    devices,
    fault_of,
    find,
    latency_to_ask_for,
)
from captioner.errors import Fault, FaultError, FaultKind, Misuse
from captioner.events import AudioBlock, SourceEnded
from tests.helpers.fake_card import FakeCard, listed, microphone


class Listener:
    """Takes what is posted, and stamps with a clock that counts its readings."""

    def __init__(self) -> None:
        self.posted: list[AudioBlock | SourceEnded] = []
        self.now = 0.0

    def clock(self) -> float:
        self.now += 1
        return self.now

    @property
    def blocks(self) -> list[AudioBlock]:
        return [news for news in self.posted if isinstance(news, AudioBlock)]

    @property
    def ends(self) -> list[SourceEnded]:
        return [news for news in self.posted if isinstance(news, SourceEnded)]


def capture(
    card: FakeCard,
    listener: Listener,
    name: str = "",
    *,
    block_ms: int = 20,
    channel: int | None = None,
    strangers: frozenset[str] = frozenset(),
) -> Capture:
    return Capture(
        name,
        block_ms=block_ms,
        post=listener.posted.append,
        clock=listener.clock,
        channel=channel,
        driver=card,
        strangers=strangers,
    )


def fault_when(call: Callable[[], object]) -> Fault:
    with pytest.raises(FaultError) as caught:
        call()
    return caught.value.fault


# ---------------------------------------------------------------- devices


def test_a_device_is_known_by_host_api_and_name() -> None:
    assert devices(microphone()) == (
        Device("ALSA: Jabra", "Jabra", "ALSA", 1, 48_000, default=False),
        Device("ALSA: Line", "Line", "ALSA", 2, 48_000, default=True),
    )


def test_devices_of_one_name_are_told_apart_only_as_far_as_needed() -> None:
    card = FakeCard(
        [
            listed(0, "USB", channels=1),
            listed(1, "USB", channels=2),
            listed(2, "USB", channels=2),
            listed(3, "USB", host_api="JACK"),
        ]
    )
    assert [each.id for each in devices(card)] == [
        "ALSA: USB (1 ch)",
        "ALSA: USB (2 ch) #1",
        "ALSA: USB (2 ch) #2",
        "JACK: USB",
    ]


def test_listing_devices_looks_again() -> None:
    card = microphone()
    card.plugged.append(listed(7, "New"))
    assert [each.name for each in devices(card)] == ["Jabra", "Line", "New"]


@pytest.mark.parametrize("name", ["ALSA: Jabra", "Jabra", "alsa: jabra", "JABRA"])
def test_a_device_is_found_by_id_or_name(name: str) -> None:
    assert find(name, microphone()).id == "ALSA: Jabra"


def test_no_name_is_the_default_device() -> None:
    assert find("", microphone()).name == "Line"


def test_a_name_on_several_host_apis_is_that_of_the_default_one() -> None:
    card = FakeCard(
        [
            listed(0, "Jabra", host_api="MME"),
            listed(1, "Jabra", host_api="Windows WASAPI"),
            listed(2, "Line", host_api="Windows WASAPI", default=True),
        ]
    )
    assert find("Jabra", card).host_api == "Windows WASAPI"
    assert find("MME: Jabra", card).host_api == "MME"


def test_a_device_that_was_plugged_in_since_is_found() -> None:
    card = microphone()
    card.plugged.append(listed(7, "New"))
    assert find("New", card).name == "New"
    assert card.looks == 1


@pytest.mark.parametrize("name", ["Jabr", "ALSA", "0"])
def test_a_device_that_is_not_there_is_named(name: str) -> None:
    assert fault_when(lambda: find(name, microphone())) == Fault(FaultKind.NO_DEVICE, name)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("Headset (Jabra Evolve2)", "Headset (2- Jabra Evolve2)"),
        ("Headset (3- Jabra Evolve2)", "Headset (Jabra Evolve2)"),
        ("USB Audio: - (hw:1,0)", "USB Audio: - (hw:3,0)"),
    ],
)
def test_a_device_that_is_plugged_into_another_socket_is_found_there(before: str, after: str) -> None:
    card = FakeCard([listed(0, before), listed(1, "Line", default=True)])
    capturing = capture(card, Listener(), f"ALSA: {before}")
    capturing.start()
    assert capturing.info is not None
    assert capturing.info.beside == {"ALSA: Line"}
    capturing.close()
    card.plugged = [listed(0, "Line", default=True), listed(1, after)]
    again = capture(card, Listener(), f"ALSA: {before}", strangers=capturing.info.beside)
    again.start(fresh=True)
    assert again.info is not None
    assert again.info.device.name == after


def test_a_second_device_of_the_same_make_is_not_taken_for_the_first() -> None:
    mine, other = "ALSA: Headset (Jabra)", "Headset (2- Jabra)"
    card = FakeCard([listed(0, other)])
    strangers = frozenset({f"ALSA: {other}"})
    assert fault_when(capture(card, Listener(), mine, strangers=strangers).start).kind is FaultKind.NO_DEVICE
    card.plugged = [listed(0, "Headset (3- Jabra)"), listed(1, "Headset (4- Jabra)")]
    assert fault_when(capture(card, Listener(), mine).start).kind is FaultKind.NO_DEVICE, "which of them?"


def test_without_any_device_there_is_no_default() -> None:
    assert devices(FakeCard([])) == ()
    assert fault_when(lambda: find("", FakeCard([]))).kind is FaultKind.NO_DEVICE


# ---------------------------------------------------------------- blocks


@pytest.mark.parametrize(("block_ms", "frames"), [(10, 480), (20, 960)])
def test_blocks_are_copied_stamped_and_numbered(block_ms: int, frames: int) -> None:
    card, listener = microphone(), Listener()
    capturing = capture(card, listener, block_ms=block_ms)
    capturing.start()
    (stream,) = card.streams
    assert all(stream.say(value) for value in (0.25, -0.5, 1.0))
    assert [block.position for block in listener.blocks] == [0, frames, 2 * frames]
    assert [block.arrived for block in listener.blocks] == [1.0, 2.0, 3.0]
    assert capturing.heard == 3.0
    for block, value in zip(listener.blocks, (0.25, -0.5, 1.0), strict=True):
        assert block.rate == 48_000
        assert block.samples.dtype == np.float32
        assert block.samples.shape == (frames, 2)
        assert (block.samples == value).all()


def test_an_overflow_is_counted_and_marks_its_block() -> None:
    card, listener = microphone(), Listener()
    capturing = capture(card, listener)
    capturing.start()
    card.streams[0].say(0.1)
    card.streams[0].say(0.1, overflowed=True)
    assert [block.overflowed for block in listener.blocks] == [False, True]
    assert capturing.overflows == 1


def test_what_was_opened_is_told() -> None:
    card = microphone()
    assert capture(card, Listener()).info is None
    capturing = capture(card, Listener(), "Jabra")
    capturing.start()
    info = capturing.info
    assert info is not None
    assert (info.device.id, info.rate, info.channels, info.latency) == ("ALSA: Jabra", 48_000, 1, 0.04)
    assert card.streams[0].running


def test_a_rate_that_the_device_refuses_is_followed_by_the_next() -> None:
    card, listener = microphone(), Listener()
    card.faults[48_000] = Fault(FaultKind.DEVICE_FAILED, "Invalid sample rate")
    capture(card, listener).start()
    card.streams[0].say(0.0)
    assert (card.streams[0].rate, card.streams[0].frames, listener.blocks[0].rate) == (44_100, 882, 44_100)


def test_a_chosen_channel_is_among_those_that_are_opened() -> None:
    card = FakeCard([listed(0, "Mixer", channels=18, default=True)])
    capture(card, Listener(), channel=7).start()
    capture(card, Listener()).start()
    assert [stream.channels for stream in card.streams] == [7, 2]


# ---------------------------------------------------------------- the end


def test_a_device_that_is_lost_ends_the_source_once() -> None:
    card, listener = microphone(), Listener()
    capturing = capture(card, listener)
    capturing.start()
    card.streams[0].say(0.1)
    card.streams[0].ended()
    capturing.close()
    assert listener.ends == [SourceEnded(Fault(FaultKind.DEVICE_LOST))]
    assert listener.posted[-1] == listener.ends[0]


def test_closing_ends_the_sound_and_says_nothing() -> None:
    card, listener = microphone(), Listener()
    capturing = capture(card, listener)
    capturing.start()
    capturing.close()
    assert not card.streams[0].say(0.1)
    assert listener.posted == []
    assert card.streams[0].closed == 1
    capturing.close()
    assert card.streams[0].closed == 1


def test_what_was_closed_before_its_start_is_not_opened() -> None:
    card = microphone()
    capturing = capture(card, Listener())
    capturing.close()
    capturing.start()
    assert card.streams == []


def test_a_defect_in_the_callback_ends_the_source() -> None:
    card, listener = microphone(), Listener()

    def post(news: AudioBlock | SourceEnded) -> None:
        listener.posted.append(news)
        if isinstance(news, AudioBlock):
            raise KeyError("a secret")

    Capture("", block_ms=20, post=post, clock=listener.clock, driver=card).start()
    assert not card.streams[0].say(0.1)
    card.streams[0].ended()
    assert listener.ends == [SourceEnded(Fault(FaultKind.DEVICE_FAILED, "KeyError"))]


def test_a_capture_is_started_once() -> None:
    capturing = capture(microphone(), Listener())
    capturing.start()
    with pytest.raises(Misuse):
        capturing.start()


# ---------------------------------------------------------------- what cannot be opened


@pytest.mark.parametrize("kind", [FaultKind.DEVICE_BUSY, FaultKind.DEVICE_DENIED])
def test_a_device_that_cannot_be_had_is_asked_once(kind: FaultKind) -> None:
    card = microphone()
    card.faults = {48_000: Fault(kind, "why")}
    assert fault_when(capture(card, Listener()).start) == Fault(kind, "why")
    assert card.looks == 0


def test_a_device_that_fails_at_every_rate_is_tried_again_from_a_new_list() -> None:
    card = microphone()
    fault = Fault(FaultKind.DEVICE_FAILED, "why")
    card.faults = {48_000: fault, 44_100: fault}
    assert fault_when(capture(card, Listener()).start) == fault
    assert card.looks == 1


def test_a_list_that_was_just_made_is_not_made_again() -> None:
    card = microphone()
    card.plugged = []
    assert fault_when(lambda: capture(card, Listener()).start(fresh=True)).kind is FaultKind.NO_DEVICE
    assert card.looks == 1


def test_a_device_that_was_plugged_into_another_place_is_found_there() -> None:
    card = microphone()
    card.plugged = [listed(9, "Jabra", channels=1)]
    capture(card, Listener(), "ALSA: Jabra").start()
    assert card.streams[-1].index == 9


def test_a_device_that_opens_and_does_not_start_is_closed() -> None:
    card, listener = microphone(), Listener()
    card.start_fault = Fault(FaultKind.DEVICE_BUSY, "why")
    capturing = capture(card, listener)
    assert fault_when(capturing.start) == card.start_fault
    assert card.streams[0].closed == 1
    capturing.close()
    assert card.streams[0].closed == 1


def test_a_channel_that_the_device_does_not_have_is_refused() -> None:
    assert fault_when(capture(microphone(), Listener(), channel=3).start) == Fault(FaultKind.NO_SUCH_CHANNEL, "2")


# ---------------------------------------------------------------- decisions


@pytest.mark.parametrize(
    ("host_api", "channels", "channel", "opened"),
    [
        ("ALSA", 1, None, 1),
        ("ALSA", 2, None, 2),
        ("ALSA", 18, None, 2),
        ("ALSA", PLUGIN_CHANNELS, None, 1),
        ("ALSA", 128, 2, 2),
        ("ALSA", 18, 5, 5),
        ("Core Audio", 4, None, 2),
        ("Windows WASAPI", 4, None, 4),
        ("Windows WASAPI", 1, 1, 1),
    ],
)
def test_as_many_channels_are_opened_as_speech_is_on(
    host_api: str, channels: int, channel: int | None, opened: int
) -> None:
    device = Device("id", "name", host_api, channels, 48_000, default=True)
    assert channels_to_open(device, channel) == opened


def test_the_buffer_leaves_the_callbacks_even() -> None:
    assert latency_to_ask_for("ALSA", 20) == pytest.approx(0.06)
    assert latency_to_ask_for("Core Audio", 20) is None
    assert latency_to_ask_for("Windows WASAPI", 10) == latency_to_ask_for("MME", 20) == 0.15


@pytest.mark.parametrize(
    ("code", "host_code", "kind"),
    [
        (-9996, 0, FaultKind.NO_DEVICE),
        (-9985, 0, FaultKind.DEVICE_BUSY),
        (-9999, -16, FaultKind.DEVICE_BUSY),
        (-9999, -13, FaultKind.DEVICE_DENIED),
        (-9999, -19, FaultKind.NO_DEVICE),
        (-9999, -2004287478, FaultKind.DEVICE_BUSY),
        (-9999, -2147024891, FaultKind.DEVICE_DENIED),
        (-9999, -5, FaultKind.DEVICE_FAILED),
        (-9997, 0, FaultKind.DEVICE_FAILED),
        (-9997, -16, FaultKind.DEVICE_FAILED),
    ],
)
def test_errors_of_portaudio_are_told_apart(code: int, host_code: int, kind: FaultKind) -> None:
    fault = fault_of("Error opening InputStream:\nthe reason", code, host_code, "in the host's words\n")
    assert fault == Fault(kind, "Error opening InputStream: the reason: in the host's words")
