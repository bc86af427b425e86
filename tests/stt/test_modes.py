"""The ways of sending."""

from captioner.settings import Mode
from captioner.stt.modes import Send, Streaming, sending
from tests.helpers.lane import frame


def test_streaming_lets_every_frame_leave_at_once_silence_too() -> None:
    mode = sending(Mode.STREAMING)
    assert isinstance(mode, Streaming)
    assert [*mode.push(frame(-20)), *mode.push(frame(140, 9)), *mode.push(frame(300, samples=33))] == [
        Send(-20, 140),
        Send(140, 300),
        Send(300, 333),
    ]
    assert list(mode.finish()) == []
