"""What modes and stages are called, wherever a person meets them: window, terminal, comparison and report."""

from __future__ import annotations

from typing import assert_never

from captioner.language import Sentences
from captioner.settings import Mode


def mode_name(mode: Mode, say: Sentences) -> str:
    """Name a way of sending for people."""
    match mode:
        case Mode.STREAMING:
            return say("Streaming")
        case Mode.STREAMING_FINALIZE:
            return say("Streaming, faster finals")
        case Mode.SILENCE_WAIT:
            return say("Silence-wait")
        case _:
            assert_never(mode)


def stage_name(stage: str, say: Sentences) -> str:
    """Name a stage for people, one of `captioner.latency.statistics.STAGES`: the total is one of them."""
    names = {
        "capture": say("Capture"),
        "condition": say("Conditioning"),
        "silence_wait": say("Silence wait"),
        "token": say("Token"),
        "connect": say("Connection"),
        "queue": say("Queue"),
        "recognise": say("Recognition"),
        "render": say("Display"),
        "total": say("Total"),
    }
    return names[stage]
