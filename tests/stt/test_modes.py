"""The ways of sending: what leaves, when, and where an utterance ends."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from captioner.events import FRAME, RATE, Frame
from captioner.settings import Mode, Settings
from captioner.stt.modes import (
    IDLE,
    PADDING,
    SIGN_OF_LIFE,
    Decision,
    EndUtterance,
    Send,
    SendingMode,
    Silence,
    SilenceWait,
    Streaming,
    StreamingFinalize,
    Withhold,
    changes_mode,
    sending,
)
from tests.audio.voices import Call, Sound, call, hold_music, int16, syllable
from tests.helpers.lane import frame

FIRST = -20
"""Where the first frame of a lane may start."""


def hear(mode: SendingMode, sound: Sound, first: int = FIRST) -> list[tuple[int, Decision]]:
    """Every decision, after the position up to which the mode had heard; not yet finished."""
    samples = int16(sound)
    decisions: list[tuple[int, Decision]] = []
    for at in range(0, len(samples), FRAME):
        each = Frame(first + at, samples[at : at + FRAME])
        decisions += [(each.stop, decision) for decision in mode.push(each)]
    return decisions


def whole(mode: SendingMode, sound: Sound) -> list[Decision]:
    """Every decision, to the end."""
    decisions = [decision for _, decision in hear(mode, sound)]
    return [*decisions, *mode.finish()]


def sent(decisions: Sequence[Decision]) -> list[tuple[int, int]]:
    return [(each.start, each.stop) for each in decisions if isinstance(each, Send)]


def is_quiet(mode: SendingMode) -> bool:
    return mode.quiet


def ends(decisions: Sequence[Decision]) -> list[int]:
    return [each.position for each in decisions if isinstance(each, EndUtterance)]


def assert_every_sample_is_decided_once(decisions: Sequence[Decision], length: int, first: int = FIRST) -> None:
    spans = [(each.start, each.stop) for each in decisions if isinstance(each, Send | Withhold)]
    assert spans[0][0] == first
    assert all(before[1] == after[0] for before, after in pairwise(spans))
    assert spans[-1][1] == first + length


def without_a_pause(seconds: float) -> Sound:
    """Syllables, 40 ms apart."""
    rng = np.random.default_rng(1)
    syllables = [np.concatenate([0.05 * syllable(rng, 0.16), np.zeros(RATE // 25)]) for _ in range(round(seconds * 5))]
    return np.concatenate(syllables)


def spoken_from(said: Call) -> list[tuple[int, int]]:
    return [(start + FIRST, stop + FIRST) for start, stop in said.speech]


# ---------------------------------------------------------------- streaming


def test_streaming_lets_every_frame_leave_at_once_silence_too() -> None:
    mode = sending(Settings(mode=Mode.STREAMING))
    assert isinstance(mode, Streaming)
    assert [*mode.push(frame(-20)), *mode.push(frame(140, 9)), *mode.push(frame(300, samples=33))] == [
        Send(-20, 140),
        Send(140, 300),
        Send(300, 333),
    ]
    assert is_quiet(mode)
    assert list(mode.finish()) == []


@pytest.mark.parametrize("hangover", [0.1, 0.25, 1.0])
def test_faster_finals_let_everything_leave_and_end_an_utterance_after_the_hangover(hangover: float) -> None:
    said = call(5, pause=(1.4, 2.5))
    heard = hear(StreamingFinalize(hangover), said.sound)
    decisions = [decision for _, decision in heard]
    assert_every_sample_is_decided_once(decisions, len(said.sound))
    assert not any(isinstance(each, Withhold | Silence) for each in decisions)
    assert all(each.stop == now for now, each in heard if isinstance(each, Send)), "nothing is kept back"
    assert all(each.position == now for now, each in heard if isinstance(each, EndUtterance)), "after its sound"
    for position, (_, stop) in zip(ends(decisions), spoken_from(said), strict=True):
        assert abs(position - stop - hangover * RATE) <= 0.04 * RATE


def test_faster_finals_end_the_utterance_that_goes_on_when_another_mode_takes_over() -> None:
    said = call(1)
    mode = StreamingFinalize(0.25)
    hear(mode, said.sound[: said.speech[0][1] // FRAME * FRAME])
    assert not is_quiet(mode)
    assert list(mode.finish()) == [EndUtterance(said.speech[0][1] // FRAME * FRAME + FIRST)]
    assert is_quiet(mode)
    assert list(mode.finish()) == []


def test_sound_that_is_missing_ends_the_utterance_and_the_mode_goes_on_after_it() -> None:
    said = call(1)
    half = said.speech[0][1] // FRAME * FRAME
    mode = StreamingFinalize(0.25)
    hear(mode, said.sound[:half])
    later = hear(mode, said.sound, first=10 * RATE)
    assert later[0][1] == EndUtterance(half + FIRST)
    assert len(ends([decision for _, decision in later])) == 2


# ---------------------------------------------------------------- silence-wait


@pytest.mark.parametrize("silence", [0.2, 0.5, 0.85])
def test_silence_wait_releases_each_utterance_when_it_is_over_with_its_pre_roll(silence: float) -> None:
    said = call(6, pause=(1.5, 2.5))
    heard = hear(SilenceWait(silence, 12), said.sound)
    decisions = [decision for _, decision in heard]
    assert_every_sample_is_decided_once([*decisions], decided(decisions))
    released = [(now, each) for now, each in heard if isinstance(each, Send)]
    for (now, each), (start, stop) in zip(released, spoken_from(said), strict=True):
        assert each.held
        assert start - PADDING - FRAME - 0.02 * RATE <= each.start <= start - PADDING + 0.02 * RATE
        assert stop <= each.stop <= stop + PADDING + FRAME + 0.02 * RATE
        assert abs(now - stop - silence * RATE) <= 0.04 * RATE, "when the silence has passed"
        assert (each.start - FIRST) % FRAME == (each.stop - FIRST) % FRAME == 0
    assert ends(decisions) == [each.stop for _, each in released]


def decided(decisions: Sequence[Decision]) -> int:
    return max(each.stop for each in decisions if isinstance(each, Send | Withhold)) - FIRST


def test_nothing_leaves_while_somebody_speaks() -> None:
    said = call(1)
    start, stop = spoken_from(said)[0]
    mode = SilenceWait(0.5, 60)
    heard = hear(mode, said.sound)
    assert not [each for now, each in heard if start <= now < stop and isinstance(each, Send | EndUtterance)]


def test_what_nobody_spoke_in_is_withheld_and_little_of_it_is_kept_back() -> None:
    mode = SilenceWait(0.5, 12)
    at = FIRST
    kept: list[int] = []
    for _ in range(500):
        decisions = [each for each in mode.push(frame(at)) if isinstance(each, Send | Withhold)]
        assert not any(isinstance(each, Send) for each in decisions)
        at += FRAME
        kept += [at - each.stop for each in decisions]
    assert kept
    assert max(kept) < RATE
    assert is_quiet(mode)
    assert list(mode.finish()) == [Withhold(at - kept[-1], at)]


def test_a_pause_shorter_than_the_padding_leaves_no_hole_and_doubles_nothing() -> None:
    said = call(8, pause=(0.3, 0.55))
    decisions = whole(SilenceWait(0.2, 12), said.sound)
    assert_every_sample_is_decided_once(decisions, len(said.sound))
    assert len(ends(decisions)) == 8


@pytest.mark.parametrize("cut", [0.06, 0.1, 0.3, 1.0])
def test_what_is_held_leaves_when_the_source_ends_in_mid_utterance(cut: float) -> None:
    said = call(1)
    begin = said.speech[0][0]
    length = (begin + round(cut * RATE)) // FRAME * FRAME
    decisions = whole(SilenceWait(0.5, 12), said.sound[:length])
    assert_every_sample_is_decided_once(decisions, length)
    ((start, stop),) = sent(decisions)
    assert start <= begin + FIRST
    assert (stop, ends(decisions)) == (length + FIRST, [length + FIRST])


def test_an_utterance_that_becomes_too_long_is_waited_for_no_more() -> None:
    sound = np.concatenate([np.zeros(RATE), without_a_pause(10), np.zeros(RATE)])
    mode = SilenceWait(0.5, longest=4)
    heard = hear(mode, sound)
    released = [(now, each) for now, each in heard if isinstance(each, Send)]
    now, first = released[0]
    assert first.held
    assert 4 * RATE <= first.stop - first.start < 4 * RATE + FRAME
    assert now == first.stop
    assert all(now == each.stop and not each.held for now, each in released[1:]), "the rest as it comes"
    (end,) = ends([decision for _, decision in heard])
    assert abs(end - (11 * RATE - RATE // 25 + RATE // 2)) < 0.06 * RATE
    assert_every_sample_is_decided_once([*[each for _, each in heard], *mode.finish()], len(sound))


def test_after_ten_seconds_of_nothing_some_silence_is_sent() -> None:
    mode = SilenceWait(0.5, 12)
    heard = hear(mode, np.zeros(60 * RATE))
    signs = [(now, each) for now, each in heard if isinstance(each, Silence)]
    assert [now - FIRST for now, _ in signs] == [IDLE * number for number in range(1, 7)]
    assert {each.samples for _, each in signs} == {SIGN_OF_LIFE}
    assert all(now - RATE < each.position <= now for now, each in signs)


def test_the_ten_seconds_count_from_the_last_sound_that_left_and_while_an_utterance_is_held_too() -> None:
    sound = np.concatenate([np.zeros(5 * RATE), without_a_pause(10), np.zeros(12 * RATE)])
    heard = hear(SilenceWait(0.5, 60), sound)
    (sending_at,) = [now for now, each in heard if isinstance(each, Send)]
    during, after = [(now, each) for now, each in heard if isinstance(each, Silence)]
    assert during[0] == IDLE + FIRST
    assert isinstance(during[1], Silence)
    assert during[1].position < 5 * RATE, "before the utterance that is held"
    assert after[0] == sending_at + IDLE


def test_hold_music_is_bounded_whatever_it_is_taken_for() -> None:
    music = hold_music(60 * RATE, -26)
    heard = hear(SilenceWait(0.5, 12), music)
    last = FIRST
    for now, each in heard:
        if isinstance(each, Send | Withhold):
            last = each.stop
        assert now - last <= 13 * RATE
    assert len(ends([decision for _, decision in heard])) <= 12, "no utterance a second"


def test_sound_that_is_missing_lets_leave_what_was_held() -> None:
    said = call(1)
    half = (said.speech[0][0] + RATE // 2) // FRAME * FRAME
    mode = SilenceWait(0.5, 12)
    hear(mode, said.sound[:half])
    assert not is_quiet(mode)
    later = [decision for _, decision in hear(mode, said.sound, first=10 * RATE)]
    assert isinstance(later[0], Send)
    assert (later[0].stop, later[1]) == (half + FIRST, EndUtterance(half + FIRST))
    assert len(ends(later)) == 2
    spans = [(each.start, each.stop) for each in later[2:] if isinstance(each, Send | Withhold)]
    assert spans[0][0] == 10 * RATE


def test_the_same_sound_gives_the_same_decisions() -> None:
    said = call(3)
    assert whole(SilenceWait(0.5, 12), said.sound) == whole(SilenceWait(0.5, 12), said.sound)


def test_a_last_frame_that_is_short_is_decided_too() -> None:
    said = call(2)
    length = len(said.sound) // FRAME * FRAME - 33
    assert_every_sample_is_decided_once(whole(SilenceWait(0.5, 12), said.sound[:length]), length)


def test_nothing_was_heard_at_all() -> None:
    assert list(SilenceWait(0.5, 12).finish()) == []


# ---------------------------------------------------------------- which


@pytest.mark.parametrize(
    ("mode", "kind"),
    [(Mode.STREAMING, Streaming), (Mode.STREAMING_FINALIZE, StreamingFinalize), (Mode.SILENCE_WAIT, SilenceWait)],
)
def test_each_mode_has_its_way_of_sending(mode: Mode, kind: type) -> None:
    assert type(sending(Settings(mode=mode))) is kind


def test_what_is_held_leaves_room_for_an_outage() -> None:
    mode = sending(Settings(mode=Mode.SILENCE_WAIT, max_utterance=60, hold=30))
    heard = hear(mode, without_a_pause(20))
    first = next(each for _, each in heard if isinstance(each, Send))
    assert first.stop - first.start <= 15 * RATE + FRAME


@pytest.mark.parametrize(
    ("mode", "changed", "changes"),
    [
        (Mode.STREAMING, {"silence": 1.0, "hangover": 1.0, "hold": 60}, False),
        (Mode.STREAMING, {"mode": Mode.SILENCE_WAIT}, True),
        (Mode.SILENCE_WAIT, {"silence": 1.0}, True),
        (Mode.SILENCE_WAIT, {"hangover": 1.0}, False),
        (Mode.STREAMING_FINALIZE, {"hangover": 1.0}, True),
        (Mode.STREAMING_FINALIZE, {"font_size": 30}, False),
    ],
)
def test_only_what_a_mode_uses_changes_it(mode: Mode, changed: dict[str, object], changes: bool) -> None:
    before = Settings(mode=mode)
    assert changes_mode(before, replace(before, **changed)) is changes  # type: ignore[arg-type]
