from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from random import Random

import pytest

from captioner.compare.analysis import OWN, PARTS, Analysis, Pair, WayResult, analyse
from captioner.compare.matching import Outcome
from captioner.compare.outcome import Comparison, Heard, Recording, Reference, Spoken, Way, WayRun
from captioner.errors import Fault, FaultKind
from captioner.events import RATE, GapShown, LossReason
from captioner.latency.statistics import bootstrap_median
from tests.compare.made_up import caption, designed, heard, lively, run, three_apart

BOTH = (Way.BASELINE, Way.STREAMING)


def lane(name: str = "a.wav", channel: int | None = None, reference: Reference | None = None) -> Recording:
    return Recording(name, channel, 20 * RATE, three_apart(), reference=reference)


def played(way: Way, *delays: float | None, recording: int = 0, repeat: int = 1, text: str = "네") -> WayRun:
    """A run over utterances that end at 3, 9 and 15 s, with these delays; None is lost."""
    finals = [
        heard(stop - 2, stop, stop + delay, text)
        for stop, delay in zip((3, 9, 15), delays, strict=True)
        if delay is not None
    ]
    return run(way, finals, seconds=20, recording=recording, repeat=repeat)


def compared(
    *runs: WayRun, recordings: Sequence[Recording] = (lane(),), repeats: int = 1, stopped: bool = False
) -> Analysis:
    return analyse(Comparison(tuple(recordings), BOTH, repeats, runs, timeout=10.0, stopped=stopped))


def of(analysis: Analysis, way: Way) -> WayResult:
    return next(each for each in analysis.ways if each.way is way)


def pair(analysis: Analysis, way: Way, against: Way = Way.BASELINE) -> Pair:
    return next(each for each in analysis.pairs if (each.way, each.against) == (way, against))


# ---------------------------------------------------------------- delays


@pytest.mark.parametrize(
    ("way", "totals", "mean"),
    [
        (Way.BASELINE, [2650, 2650, 2650], 2650),
        (Way.TOKEN_CACHED, [2650, 2530, 2530], 2570),
        (Way.CONNECTION_KEPT, [2650, 2450, 2450], 2516.66667),
        (Way.STREAMING, [1950, 1950, 1950], 1950),
    ],
)
def test_the_designs_own_delays_give_the_designs_own_table(way: Way, totals: list[float], mean: float) -> None:
    analysis = analyse(designed())
    assert [row.total_ms for row in analysis.rows if row.way is way] == totals
    assert of(analysis, way).total.mean == mean


def test_a_row_stands_for_each_utterance_way_and_repeat() -> None:
    comparison = lively(calls=2, repeats=3)
    rows = analyse(comparison).rows
    keys = [(row.recording, row.match.utterance, row.way, row.repeat) for row in rows]
    assert len(set(keys)) == len(keys) == 2 * 6 * 5 * 3
    order = list(Way)
    assert keys == sorted(keys, key=lambda key: (key[0], key[1], order.index(key[2]), key[3]))


def test_the_stages_of_every_row_add_up_to_its_total() -> None:
    for row in analyse(lively()).rows:
        if not row.censored:
            microseconds = [round((row.ms[name] or 0.0) * 1000) for name in PARTS]
            assert sum(microseconds) == round(row.total_ms * 1000)
            assert min(microseconds) >= 0


def test_a_lost_utterance_counts_with_its_timeout_and_as_a_lower_bound() -> None:
    result = of(compared(played(Way.STREAMING, 0.5, None, 0.7)), Way.STREAMING)
    assert (result.total.n, result.total.censored) == (3, 1)
    assert (result.total.mean, result.total.p50, result.total.p50_bound) == (3733.33333, 700, False)
    assert (result.total.p95_bound, result.total.max) == (True, 10_000)
    assert result.outcomes == {**dict.fromkeys(Outcome, 0), Outcome.FINAL: 2, Outcome.LOST: 1}
    assert result.steps == ((500.0, 1 / 3), (700.0, 2 / 3))
    assert result.stages["recognise"].n == 2


def test_the_waterfall_at_a_percentile_adds_up_to_it() -> None:
    for result in analyse(lively()).ways:
        for each in result.waterfalls:
            assert each.n == result.total.n
            if each.stages_ms:
                assert sum(each.stages_ms.values()) == pytest.approx(each.total_ms, abs=1e-3)
            else:
                assert each.bound
    assert any(each.stages_ms for result in analyse(lively()).ways for each in result.waterfalls)


def test_the_waterfall_of_what_never_came_has_no_stages() -> None:
    fifty, ninety_five = of(compared(played(Way.STREAMING, 0.5, 0.6, None)), Way.STREAMING).waterfalls
    assert (fifty.total_ms, fifty.bound) == (600, False)
    assert fifty.stages_ms["recognise"] == 600
    assert (ninety_five.bound, ninety_five.stages_ms) == (True, {})


def test_stages_that_are_not_known_leave_the_total_known() -> None:
    finals = [Heard(caption(1, 3, "네"), 3.5, None), Heard(caption(7, 9, "네"), 9.5, None)]
    result = of(compared(run(Way.STREAMING, finals, seconds=10)), Way.STREAMING)
    assert (result.total.p50, result.total.n) == (500, 2)
    assert (result.stages["recognise"].n, result.own.n) == (0, 0)
    assert result.waterfalls[0].stages_ms == {}
    assert not result.waterfalls[0].bound


def test_the_computers_own_share_is_what_it_adds_itself() -> None:
    final = heard(1, 3, 3.5, capture=0.002, condition=0.007, queue=0.001, render=0.01, silence_wait=0.3)
    result = of(compared(run(Way.BASELINE, [final], seconds=5)), Way.BASELINE)
    assert result.own.p50 == 20
    assert OWN == ("capture", "condition", "queue", "render")


def test_a_queue_behind_an_earlier_utterance_is_a_stage_but_not_the_computers_own_share() -> None:
    waited = replace(heard(1, 3, 6, queue=2.5, capture=0.010), behind=2.480)
    result = of(compared(run(Way.BASELINE, [waited], seconds=5)), Way.BASELINE)
    assert result.stages["queue"].p50 == 2500
    assert result.own.p50 == 30
    early = replace(heard(1, 2, 3.2, queue=1.1), behind=1.09)  # the utterance ends later, so that the queue gives way
    result = of(compared(run(Way.BASELINE, [early], seconds=5)), Way.BASELINE)
    assert result.stages["queue"].p50 == 200
    assert result.own.p50 == 0


def test_a_way_that_was_not_run_has_no_numbers() -> None:
    result = of(compared(played(Way.STREAMING, 0.5, 0.5, 0.5), repeats=2), Way.BASELINE)
    assert (result.total.n, result.waterfalls, result.steps, result.accuracy) == (0, (), (), None)
    assert (result.bill.runs, result.bill.due) == (0, 2)


def test_the_bill_sums_all_runs() -> None:
    gap = GapShown(9, 6 * RATE, 8 * RATE, LossReason.OUTAGE)
    broken = Fault(FaultKind.BROKEN, "reset")
    runs = [
        replace(played(Way.STREAMING, 0.5, 0.5, 0.5), seconds_sent=20.25, connections=2, tokens=1),
        replace(
            played(Way.STREAMING, 0.5, None, 0.5, repeat=2),
            seconds_sent=19.5, connections=1, tokens=0, gaps=(gap,), complete=False, fault=broken,
        ),
    ]  # fmt: skip
    result = of(compared(*runs, repeats=2), Way.STREAMING)
    bill = result.bill
    assert (bill.runs, bill.due, bill.incomplete, bill.connections, bill.tokens) == (2, 2, 1, 3, 1)
    assert (bill.played, bill.sent, bill.lost) == (40, 39.75, 2)
    assert result.faults == (broken,)


def test_text_where_nobody_spoke_is_counted() -> None:
    each = played(Way.STREAMING, 0.5, 0.5, 0.5)
    each = replace(each, finals=(*each.finals, heard(10.5, 11.5, 12, "음악")))
    assert of(compared(each), Way.STREAMING).extra == 1


# ---------------------------------------------------------------- pairs


def test_the_same_utterances_are_compared_whatever_was_lost_in_between() -> None:
    analysis = compared(played(Way.BASELINE, 1.0, None, 1.2), played(Way.STREAMING, 0.4, 0.5, 0.5))
    each = pair(analysis, Way.STREAMING)
    assert each.difference is not None
    assert (each.difference.median, each.difference.n, each.censored) == (-700, 3, 1)


def test_with_one_recording_its_utterances_are_resampled_repeats_together() -> None:
    runs = [played(way, 1, 1, 1, repeat=repeat) for way in BOTH for repeat in (1, 2)]
    each = pair(compared(*runs, repeats=2), Way.STREAMING)
    assert each.difference is not None
    assert (each.by_recording, each.difference.clusters, each.difference.n) == (False, 3, 6)


def test_with_several_recordings_these_are_resampled_the_lanes_of_a_file_together() -> None:
    lanes = (lane("a.wav", 1), lane("a.wav", 2), lane("b.wav", 1))
    runs = [played(way, 1, 1, 1, recording=index) for way in BOTH for index in range(3)]
    each = pair(compared(*runs, recordings=lanes), Way.STREAMING)
    assert each.difference is not None
    assert (each.by_recording, each.difference.clusters, each.difference.n) == (True, 2, 9)


def test_each_way_is_compared_with_the_baseline_and_streaming_with_the_kept_connection() -> None:
    assert [(each.way, each.against) for each in analyse(designed()).pairs] == [
        (Way.TOKEN_CACHED, Way.BASELINE),
        (Way.CONNECTION_KEPT, Way.BASELINE),
        (Way.STREAMING, Way.BASELINE),
        (Way.STREAMING_FINALIZE, Way.BASELINE),
        (Way.STREAMING, Way.CONNECTION_KEPT),
    ]
    two = analyse(designed((Way.STREAMING, Way.CONNECTION_KEPT)))
    assert [(each.way, each.against) for each in two.pairs] == [(Way.STREAMING, Way.CONNECTION_KEPT)]


def test_ways_that_share_no_utterance_have_no_difference() -> None:
    each = pair(compared(played(Way.STREAMING, 1, 1, 1)), Way.STREAMING)
    assert (each.difference, each.censored) == (None, 0)


def test_the_order_of_the_runs_changes_nothing() -> None:
    comparison = lively(calls=2, repeats=2)
    runs = list(comparison.runs)
    Random(3).shuffle(runs)
    one, other = analyse(comparison), analyse(replace(comparison, runs=tuple(runs)))
    assert replace(one, comparison=comparison) == replace(other, comparison=comparison)


def test_the_interval_is_that_of_the_differences_of_whole_recordings_with_the_comparisons_seed() -> None:
    analysis = analyse(replace(lively(calls=4, repeats=1), seed=11))
    clusters: dict[int, list[float]] = {}
    for mine, theirs in zip(
        [row for row in analysis.rows if row.way is Way.STREAMING],
        [row for row in analysis.rows if row.way is Way.BASELINE],
        strict=True,
    ):
        assert (mine.recording, mine.match.utterance) == (theirs.recording, theirs.match.utterance)
        clusters.setdefault(mine.recording, []).append(mine.total_ms - theirs.total_ms)
    assert pair(analysis, Way.STREAMING).difference == bootstrap_median(list(clusters.values()), seed=11)


# ---------------------------------------------------------------- texts


def reference(*said: str, channels: tuple[int | None, ...] = (), timed: bool = False) -> Reference:
    spoken = [
        Spoken(
            text,
            three_apart()[index].start if timed else None,
            three_apart()[index].stop if timed else None,
            channels[index] if channels else None,
        )
        for index, text in enumerate(said)
    ]
    return Reference("said.txt", tuple(spoken))


def test_accuracy_is_that_of_all_repeats_together() -> None:
    lanes = (lane(reference=reference("네 맞아요 네")),)
    first = played(Way.STREAMING, 0.5, 0.5, None)
    second = played(Way.STREAMING, 0.5, None, None, repeat=2, text="네, 맞아요. 네.")
    accuracy = of(compared(first, second, recordings=lanes, repeats=2), Way.STREAMING).accuracy
    assert accuracy is not None
    assert (accuracy.cer.errors, accuracy.cer.deletions, accuracy.cer.length) == (3, 3, 10)


def test_a_reference_of_another_recording_is_left_out_and_said() -> None:
    lanes = (
        lane(reference=reference("전혀 다른 이야기를 하고 있는 통화의 대본이에요")),
        lane("b.wav", reference=reference("네 네 네")),
    )
    runs = [played(way, 0.5, 0.5, 0.5, recording=index) for way in BOTH for index in range(2)]
    analysis = compared(*runs, recordings=lanes)
    assert [each.mismatch for each in analysis.transcripts] == [True, False]
    accuracy = of(analysis, Way.STREAMING).accuracy
    assert accuracy is not None
    assert (accuracy.cer.rate, accuracy.cer.length) == (0, 3)


def test_one_way_that_hears_well_proves_the_reference_right() -> None:
    lanes = (lane(reference=reference("네 네 네")),)
    runs = [played(Way.BASELINE, 0.5, 0.5, 0.5, text="아니요"), played(Way.STREAMING, 0.5, 0.5, 0.5)]
    assert not compared(*runs, recordings=lanes).transcripts[0].mismatch


def test_ways_that_heard_nothing_prove_nothing_about_the_reference() -> None:
    lanes = (lane(reference=reference("네 네 네")),)
    analysis = compared(played(Way.BASELINE, None, None, None), recordings=lanes)
    assert not analysis.transcripts[0].mismatch
    accuracy = of(analysis, Way.BASELINE).accuracy
    assert accuracy is not None
    assert accuracy.cer.rate == 1


def test_a_run_that_was_stopped_is_not_scored_against_what_it_did_not_hear() -> None:
    lanes = (lane(reference=reference("네 네 네")),)
    stopped = replace(played(Way.STREAMING, 0.5, None, None), played=8 * RATE)
    analysis = compared(stopped, recordings=lanes, stopped=True)
    assert of(analysis, Way.STREAMING).accuracy is None
    assert of(analysis, Way.STREAMING).total.n == 1


def test_each_channel_has_its_own_part_of_the_reference() -> None:
    said = reference("네", "아니요", channels=(1, 2))
    lanes = tuple(lane(channel=channel, reference=said) for channel in (1, 2, 3))
    runs = [
        played(Way.STREAMING, 0.5, None, None, recording=0),
        played(Way.STREAMING, 0.5, None, None, recording=1, text="아니요"),
        played(Way.STREAMING, None, None, None, recording=2),
    ]
    analysis = compared(*runs, recordings=lanes)
    assert [(each.recordings, each.reference) for each in analysis.transcripts] == [((0,), "네"), ((1,), "아니요")]
    accuracy = of(analysis, Way.STREAMING).accuracy
    assert accuracy is not None
    assert (accuracy.cer.errors, accuracy.cer.length) == (0, 4)


def test_a_reference_without_channels_is_compared_with_all_lanes_in_the_order_of_their_sound() -> None:
    said = reference("네", "아니요", "네")
    lanes = tuple(lane(channel=channel, reference=said) for channel in (1, 2))
    runs = [
        played(Way.STREAMING, 0.5, None, 0.5, recording=0),
        played(Way.STREAMING, None, 0.5, None, recording=1, text="아니요"),
        played(Way.BASELINE, None, 0.5, None, recording=1, text="아니요"),  # and nothing from the other lane
    ]
    each = compared(*runs, recordings=lanes).transcripts[0]
    assert (each.recordings, each.texts) == ((0, 1), {Way.STREAMING: "네 아니요 네"})
    assert each.accuracies[Way.STREAMING].cer.errors == 0


def test_a_channel_on_which_nobody_speaks_keeps_no_reference_from_being_compared() -> None:
    said = reference("네", "아니요", "네")
    quiet = replace(lane(channel=2, reference=said), anchors=())
    analysis = compared(played(Way.STREAMING, 0.5, None, 0.5), recordings=(lane(channel=1, reference=said), quiet))
    (each,) = analysis.transcripts
    assert (each.recordings, each.reference) == ((0,), "네 아니요 네")
    assert each.accuracies[Way.STREAMING].cer.errors == 3
    assert compared(recordings=(quiet, replace(quiet, channel=1))).transcripts == ()


def test_times_without_channels_do_not_tell_whose_utterance_it_was() -> None:
    said = reference("네", "아니요", timed=True)
    assert compared(recordings=(lane(channel=1, reference=said),)).said == ((None, None, None),)
    told = reference("네", "아니요", timed=True, channels=(1, 2))
    assert compared(recordings=(lane(channel=2, reference=told),)).said == ((None, "아니요", None),)


def test_a_reference_with_times_tells_what_was_said_in_each_utterance() -> None:
    said = reference("네", "아니요", timed=True)
    far = replace(said, spoken=(*said.spoken, Spoken("음", 19 * RATE, 20 * RATE)))
    analysis = compared(recordings=(lane(reference=far), lane("b.wav", reference=reference("네")), lane("c.wav")))
    assert analysis.said == (("네", "아니요", None), (None, None, None), (None, None, None))


def test_interims_are_judged_way_by_way() -> None:
    first = replace(heard(1, 3, 3.5, "네 맞아요"), interims=((1.5, "네 마"), (2.0, "네 맞아요")))
    analysis = compared(run(Way.STREAMING, [first], seconds=20))
    assert of(analysis, Way.STREAMING).stability.erased == 1
    assert of(analysis, Way.STREAMING).first_interim.p50 == 500
    assert of(analysis, Way.BASELINE).stability.finals == 0
