from __future__ import annotations

from dataclasses import astuple, replace
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from captioner.compare.matching import (
    Outcome,
    anchor_error,
    anchored,
    anchors_of,
    match_run,
    nearest_anchor,
)
from captioner.compare.outcome import Anchor, AnchorError, Heard, Spoken, Way, WayRun
from captioner.errors import Misuse
from captioner.events import FRAME, RATE, Frame, GapShown, LossReason, Stages
from tests.audio.voices import call, int16
from tests.compare.made_up import anchors, caption, find_anchors, heard, run, stages, three_apart

THREE = three_apart()  # seconds 1 to 3, 7 to 9, 13 to 15


def outcomes(finals: list[Heard], way: Way = Way.STREAMING) -> list[str]:
    return [str(each.outcome) for each in match_run(run(way, finals), THREE).matches]


def totals(finals: list[Heard], way: Way = Way.STREAMING) -> list[float | None]:
    matches = match_run(run(way, finals), THREE).matches
    return [None if each.total is None else round(each.total, 6) for each in matches]


# ---------------------------------------------------------------- anchors


def test_the_utterances_of_a_recording_are_found_in_its_sound() -> None:
    said = call(6, seed=3)
    sound = int16(said.sound)
    frames = [Frame(at, sound[at : at + FRAME]) for at in range(0, len(sound), FRAME)]
    found = find_anchors(frames)
    true = [Anchor(start, stop) for start, stop in said.speech]
    assert len(found) == len(true)
    error = anchor_error(found, true)
    assert error is not None
    assert error.n == 6
    assert error.p95_ms <= 60
    assert error.here


def test_a_recording_that_begins_and_ends_in_speech_has_anchors_inside_it() -> None:
    said = call(2, seed=1)
    start, stop = said.speech[0][0], said.speech[-1][1]
    sound = int16(said.sound)[start + 4000 : stop - 400]
    frames = [Frame(at - 20, sound[at : at + FRAME]) for at in range(0, len(sound), FRAME)]
    found = find_anchors(frames)
    assert found
    assert all(0 <= each.start < each.stop <= len(sound) for each in found)


def test_silence_has_no_utterances() -> None:
    assert find_anchors(Frame(at, np.zeros(FRAME, np.int16)) for at in range(0, RATE * 3, FRAME)) == ()
    assert find_anchors([]) == ()


def test_a_reference_with_times_has_anchors_and_what_overlaps_is_one() -> None:
    spoken = [Spoken("나", 8000, 9000), Spoken("가", 0, 4000), Spoken("다", 8500, 8800), Spoken("라", 9000, 9000)]
    assert anchors_of(spoken) == (Anchor(0, 4000), Anchor(8000, 9000), Anchor(9000, 9001))


def test_a_reference_without_times_has_no_anchors() -> None:
    with pytest.raises(Misuse):
        anchors_of([Spoken("가")])


def test_the_error_of_the_anchors_counts_what_was_found_whole() -> None:
    true = anchors((1, 3), (7, 9), (13, 15), (20, 21))
    error = anchor_error(anchors((1, 3.02), (6.9, 8), (8.5, 9), (13.1, 14.99)), true)
    assert error == AnchorError(p50_ms=15.0, p95_ms=19.5, n=2, here=True)
    assert anchor_error([], true) is None
    assert anchor_error(anchors((0, 30)), true) is None


# ---------------------------------------------------------------- matching


def test_a_final_for_each_utterance() -> None:
    finals = [heard(1, 3, 3.5), heard(7, 9, 9.6), heard(13, 15, 15.7)]
    assert outcomes(finals) == ["final"] * 3
    assert totals(finals) == [0.5, 0.6, 0.7]


def test_a_lost_utterance_does_not_move_those_after_it() -> None:
    finals = [heard(1, 3, 3.5), heard(13, 15, 15.7)]
    assert outcomes(finals) == ["final", "lost", "final"]
    assert totals(finals) == [0.5, None, 0.7]


def test_an_utterance_in_several_finals_took_as_long_as_the_last_of_them() -> None:
    finals = [heard(1, 1.8, 2.4, "감사합니다"), heard(2, 3, 3.9, "고객님"), heard(7, 9, 9.5)]
    first = match_run(run(Way.STREAMING, finals), THREE).matches[0]
    assert (first.outcome, first.text) == (Outcome.SPLIT, "감사합니다 고객님")
    assert first.total == pytest.approx(0.9)


def test_the_last_final_of_a_split_is_the_one_that_came_last() -> None:
    finals = [heard(1, 1.8, 4.4, "감사합니다"), heard(2, 3, 3.9, "고객님")]
    first = match_run(run(Way.STREAMING, finals), THREE).matches[0]
    assert first.text == "감사합니다 고객님"
    assert first.total == pytest.approx(1.4)


def test_a_final_over_several_utterances_counts_for_each_from_its_own_last_sample() -> None:
    finals = [heard(1, 9, 9.5, "네 맞아요"), heard(13, 15, 15.5)]
    one, other, third = match_run(run(Way.STREAMING, finals), THREE).matches
    assert (one.outcome, other.outcome, third.outcome) == (Outcome.MERGED, Outcome.MERGED, Outcome.FINAL)
    assert [one.total, other.total] == pytest.approx([6.5, 0.5])
    assert (one.text, other.text) == ("네 맞아요", "")
    assert (one.with_utterances, other.with_utterances) == ((2,), (1,))


def test_words_tell_which_part_of_a_merged_final_belongs_where() -> None:
    both = replace(caption(1, 3, "네 맞아요", words=True), stop=9 * RATE, text="네 맞아요, 그럼요")
    both = replace(both, words=both.words + caption(7, 9, "그럼요", words=True).words)
    one, other, _ = match_run(run(Way.STREAMING, [Heard(both, 9.5, None)]), THREE).matches
    assert (one.text, other.text) == ("네 맞아요", "그럼요")
    assert (one.outcome, other.outcome) == (Outcome.MERGED, Outcome.MERGED)


def test_an_utterance_cut_in_the_wrong_place_is_split_and_its_neighbour_merged() -> None:
    first = heard(1, 2, 2.5, "감사합니다")
    rest = caption(2, 9, "고객님 네 네", words=False)
    assert outcomes([first, Heard(rest, 9.5, None)]) == ["split", "merged", "lost"]


def test_silence_around_a_final_does_not_reach_the_next_utterance() -> None:
    assert outcomes([heard(0.5, 7.2, 7.5), heard(7, 9, 9.5)]) == ["final", "final", "lost"]


def test_a_short_answer_whose_times_are_a_little_off_is_not_lost() -> None:
    lane = anchors((1, 3), (4, 4.24), (6, 8))
    finals = [heard(1, 3, 3.5), heard(4.3, 4.5, 5, "네"), heard(6, 8, 8.5)]
    assert [each.outcome for each in match_run(run(Way.STREAMING, finals), lane).matches] == [Outcome.FINAL] * 3


def test_text_where_nobody_spoke_is_extra_and_belongs_to_nobody() -> None:
    music = heard(10, 11.5, 12, "음악")
    nothing = heard(10, 10, 12, "")
    matched = match_run(run(Way.STREAMING, [heard(1, 3, 3.5), music, nothing]), THREE)
    assert matched.extra == (music,)
    assert [each.outcome for each in matched.matches] == [Outcome.FINAL, Outcome.LOST, Outcome.LOST]


def test_words_where_nobody_spoke_are_left_out() -> None:
    said = replace(caption(1, 3, "네", words=True), text="네 음", stop=12 * RATE)
    said = replace(said, words=said.words + caption(11, 12, "음", words=True).words)
    first, *_ = match_run(run(Way.STREAMING, [Heard(said, 12.5, None)]), THREE).matches
    assert first.outcome is Outcome.FINAL


def test_what_the_service_did_not_finish_timed_out_even_where_some_text_was_read() -> None:
    gap = GapShown(20, 7 * RATE, 10 * RATE, LossReason.UNFINISHED)
    each = replace(run(Way.STREAMING, [heard(1, 3, 3.5), heard(7, 9, 20, "네 맞")]), gaps=(gap,))
    _, second, third = match_run(each, THREE).matches
    assert (second.outcome, second.text, second.total) == (Outcome.TIMEOUT, "네 맞", None)
    assert third.outcome is Outcome.LOST


def test_a_gap_that_touches_an_utterance_with_a_final_changes_nothing() -> None:
    gap = GapShown(20, round(2.9 * RATE), 6 * RATE, LossReason.UNFINISHED)
    each = replace(run(Way.STREAMING, [heard(1, 2.9, 3.5)]), gaps=(gap,))
    assert match_run(each, THREE).matches[0].outcome is Outcome.FINAL
    assert match_run(replace(each, finals=()), THREE).matches[0].outcome is Outcome.TIMEOUT
    outage = replace(gap, start=RATE, reason=LossReason.OUTAGE)
    assert match_run(replace(each, finals=(), gaps=(outage,)), THREE).matches[0].outcome is Outcome.LOST


def test_utterances_that_were_not_played_to_their_end_are_not_lost() -> None:
    each = replace(run(Way.STREAMING, [heard(1, 3, 3.5)]), played=8 * RATE)
    assert [match.outcome for match in match_run(each, THREE).matches] == [Outcome.FINAL]


def test_a_text_that_came_before_the_end_of_speech_took_no_time() -> None:
    first = match_run(run(Way.STREAMING_FINALIZE, [heard(1, 2, 2.5)]), THREE).matches[0]
    assert first.total == 0
    assert first.stages == stages()


def test_the_first_interim_counts_from_the_first_sample_of_speech() -> None:
    said = replace(heard(1, 3, 3.5), interims=((1.2, " "), (1.7, "네"), (2, "네 네")))
    early = replace(heard(7, 9, 9.5), interims=((6.9, "네"),))
    matches = match_run(run(Way.STREAMING, [said, early, heard(13, 15, 16)]), THREE).matches
    assert [each.first_interim for each in matches] == [pytest.approx(0.7), 0, None]


def test_a_merged_final_tells_the_first_interim_of_its_first_utterance_only() -> None:
    both = replace(heard(1, 9, 9.5), interims=((1.5, "네"), (7.5, "네 네")))
    one, other, _ = match_run(run(Way.STREAMING, [both]), THREE).matches
    assert one.first_interim == pytest.approx(0.5)
    assert other.first_interim is None


def test_a_recording_without_speech_makes_everything_extra() -> None:
    matched = match_run(run(Way.STREAMING, [heard(1, 3, 3.5)]), ())
    assert (matched.matches, len(matched.extra)) == ((), 1)
    assert nearest_anchor(0, 1, ()) is None


spans = st.lists(st.tuples(st.integers(0, 400), st.integers(1, 60), st.booleans()), max_size=9)


@st.composite
def lanes(draw: st.DrawFn) -> tuple[Anchor, ...]:
    """Utterances that are at least half a second apart."""
    position, lane = 0, list[Anchor]()
    for gap, length in draw(st.lists(st.tuples(st.integers(4000, 20_000), st.integers(800, 40_000)), max_size=7)):
        lane.append(Anchor(position + gap, position + gap + length))
        position += gap + length
    return tuple(lane)


@given(lanes(), spans, st.integers(0, 9))
def test_every_utterance_has_one_outcome_and_the_order_of_the_finals_does_not_matter(
    lane: tuple[Anchor, ...], said: list[tuple[int, int, bool]], seed: int
) -> None:
    finals = [
        Heard(
            caption(start / 10, (start + length) / 10, f"말{n} 둘", words=words), (start + length) / 10 + 0.1 + n, None
        )
        for n, (start, length, words) in enumerate(said)
    ]
    matched = match_run(run(Way.STREAMING, finals), lane)
    shuffled = list(finals)
    Random(seed).shuffle(shuffled)
    assert match_run(run(Way.STREAMING, shuffled), lane) == matched
    assert [each.utterance for each in matched.matches] == list(range(1, len(lane) + 1))
    texts = " ".join(each.text for each in matched.matches).split()
    extra = [word for each in matched.extra for word in each.caption.text.split()]
    assert len(texts) + len(extra) <= 2 * len(finals)  # no word counts twice
    for each in matched.matches:
        assert (each.total is None) == (each.outcome is Outcome.LOST)


@given(lanes())
def test_the_true_text_at_the_true_times_is_final_everywhere(lane: tuple[Anchor, ...]) -> None:
    finals = [heard(each.start / RATE, each.stop / RATE, each.stop / RATE + 0.3) for each in lane]
    matches = match_run(run(Way.STREAMING, finals), lane).matches
    assert [each.outcome for each in matches] == [Outcome.FINAL] * len(lane)
    assert all(each.total == pytest.approx(0.3) for each in matches)


# ---------------------------------------------------------------- stages

durations = st.floats(0, 5)


@given(
    st.tuples(durations, durations, durations, durations, durations, durations, durations),
    st.none() | durations,
    st.floats(0, 40),
    st.booleans(),
)
def test_stages_counted_from_another_sample_are_not_negative_and_add_up(
    parts: tuple[float, ...], render: float | None, total: float, waits: bool
) -> None:
    shown = sum(parts) + (render or 0.0)
    each = anchored(Stages(*parts, render=render, total=shown), total, waits=waits)  # type: ignore[misc]
    assert each is not None
    *moved, _ = astuple(each)
    assert all(part is None or part >= 0 for part in moved)
    assert sum(part or 0.0 for part in moved) == pytest.approx(total, abs=1e-9)
    assert each.total == total
    assert (each.render is None) == (render is None)


def test_where_the_ends_differ_a_waiting_way_waited_and_a_streaming_one_was_recognised() -> None:
    before = stages(capture=0.002, silence_wait=0.5, recognise=0.3)

    def moved(total: float, *, waits: bool) -> list[float]:
        after = anchored(before, total, waits=waits)
        assert after is not None
        return [after.capture, after.silence_wait, after.recognise, after.total]

    assert moved(0.902, waits=True) == pytest.approx([0.002, 0.6, 0.3, 0.902])
    assert moved(0.902, waits=False) == pytest.approx([0.002, 0.5, 0.4, 0.902])
    assert moved(0.702, waits=True) == pytest.approx([0.002, 0.4, 0.3, 0.702])


def test_what_this_computer_took_gives_way_last() -> None:
    before = stages(capture=0.002, condition=0.01, silence_wait=0.5, queue=0.1, recognise=0.3, render=0.01)
    after = anchored(before, 0.022, waits=True)
    assert after is not None
    assert (after.silence_wait, after.recognise, after.queue) == (0, 0, 0)
    assert [after.capture, after.condition, after.render] == pytest.approx([0.002, 0.01, 0.01])


def test_stages_that_are_not_known_stay_so() -> None:
    assert anchored(None, 1.0, waits=True) is None
    unknown = match_run(WayRun(0, Way.STREAMING, 1, 600 * RATE, (Heard(caption(1, 3, "네"), 3.5, None),)), THREE)
    assert (unknown.matches[0].stages, unknown.matches[0].total) == (None, 0.5)
