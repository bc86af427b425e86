"""What the comparison says to people: names of ways and outcomes, findings, and the meaning of every number.

The report and the terminal say the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, assert_never

from captioner.compare.analysis import Analysis, Pair
from captioner.compare.matching import Outcome
from captioner.compare.outcome import AnchorSource, Recording, Way
from captioner.errors import Fault
from captioner.events import RATE
from captioner.language import Sentences
from captioner.names import mode_name
from captioner.settings import Mode

MINUS = "\u2212"

ENOUGH: Final = 6
"""What has to be resampled for a 95 % interval to be relied on: with fewer, not even the sign test, the plainest there
is, can be so sure of a median (2 · ½⁵ is 6 %)."""


# ---------------------------------------------------------------- names


def way_name(way: Way, say: Sentences) -> str:
    """Name a way for people."""
    match way:
        case Way.BASELINE:
            return say("Baseline")
        case Way.TOKEN_CACHED:
            return say("Token cached")
        case Way.CONNECTION_KEPT:
            return say("Connection kept")
        case Way.STREAMING:
            return mode_name(Mode.STREAMING, say)
        case Way.STREAMING_FINALIZE:
            return mode_name(Mode.STREAMING_FINALIZE, say)
        case _:
            assert_never(way)


def way_story(way: Way, say: Sentences) -> str:
    """Say what a way does."""
    match way:
        case Way.BASELINE:
            return say("sends an utterance when it is over, with a new token and a new connection for each")
        case Way.TOKEN_CACHED:
            return say("sends an utterance when it is over, with a new connection for each; the token is kept")
        case Way.CONNECTION_KEPT:
            return say("sends an utterance when it is over; token and connection are kept")
        case Way.STREAMING:
            return say("sends all the time over one connection opened beforehand; the service ends utterances")
        case Way.STREAMING_FINALIZE:
            return say("sends all the time over one connection opened beforehand; this program ends utterances")
        case _:
            assert_never(way)


def outcome_name(outcome: Outcome, say: Sentences) -> str:
    """Name what became of an utterance."""
    match outcome:
        case Outcome.FINAL:
            return say("final")
        case Outcome.SPLIT:
            return say("split")
        case Outcome.MERGED:
            return say("merged")
        case Outcome.LOST:
            return say("lost")
        case Outcome.TIMEOUT:
            return say("timed out")
        case _:
            assert_never(outcome)


def recording_name(recording: Recording, say: Sentences) -> str:
    """Name a lane of sound."""
    if recording.channel is None:
        return recording.name
    return say("{name}, channel {channel}", name=recording.name, channel=recording.channel)


# ---------------------------------------------------------------- figures


def milliseconds(value: float | None, *, bound: bool = False, signed: bool = False) -> str:
    """Format milliseconds without their unit: whole ones, with a decimal where they are few; "–" where there is none.

    Args:
        value: to be formatted.
        bound: it is at least that.
        signed: differences show their sign.
    """
    if value is None:
        return "–"
    size = abs(value)
    number = f"{size:.1f}" if 0 < size < 9.95 else f"{size:,.0f}"
    sign = ""
    if float(number.replace(",", "")):
        sign = MINUS if value < 0 else "+" if signed else ""
    return f"{'≥ ' if bound else ''}{sign}{number}"


def percent(share: float | None) -> str:
    """Format a share as per cent with a decimal."""
    return "–" if share is None else f"{100 * share:.1f} %"


def seconds(value: float) -> str:
    """Format seconds with a decimal."""
    return f"{value:,.1f}"


def clock(position: int) -> str:
    """Format a place in a recording as minutes, seconds and tenths."""
    tenths = round(position * 10 / RATE)
    return f"{tenths // 600}:{tenths // 10 % 60:02}.{tenths % 10}"


# ---------------------------------------------------------------- findings


def pair_name(pair: Pair, say: Sentences) -> str:
    """Name a pair."""
    return say("{way} against {other}", way=way_name(pair.way, say), other=way_name(pair.against, say))


def finding(pair: Pair, say: Sentences) -> str:
    """Say what a pair shows, with its median, interval, n and how it was resampled."""
    difference = pair.difference
    if difference is None:
        return ""
    way, other = way_name(pair.way, say), way_name(pair.against, say)
    median, low, high = (
        milliseconds(each, signed=True) for each in (difference.median, difference.low, difference.high)
    )
    ms, n, clusters = milliseconds(abs(difference.median)), difference.n, resampled_by(pair, say)
    if difference.clusters < ENOUGH:
        return say(
            "{way} against {other}: median paired difference {median} ms, n {n}, resampled by {clusters}. These are "
            "fewer than {enough}: the 95 % interval, {low} to {high} ms, cannot be relied on.",
            way=way, other=other, median=median, low=low, high=high, n=n, clusters=clusters, enough=ENOUGH,
        )  # fmt: skip
    if difference.low <= 0 <= difference.high:
        return say(
            "{way} and {other} do not differ with certainty: median paired difference {median} ms, 95 % interval {low} "
            "to {high} ms, n {n}, resampled by {clusters}.",
            way=way, other=other, median=median, low=low, high=high, n=n, clusters=clusters,
        )  # fmt: skip
    if difference.median < 0:
        return say(
            "{way} is {ms} ms faster than {other}: median paired difference, 95 % interval {low} to {high} ms, n {n}, "
            "resampled by {clusters}.",
            way=way, other=other, ms=ms, low=low, high=high, n=n, clusters=clusters,
        )  # fmt: skip
    return say(
        "{way} is {ms} ms slower than {other}: median paired difference, 95 % interval {low} to {high} ms, n {n}, "
        "resampled by {clusters}.",
        way=way, other=other, ms=ms, low=low, high=high, n=n, clusters=clusters,
    )  # fmt: skip


def resampled_by(pair: Pair, say: Sentences) -> str:
    """Say what the interval of a pair was resampled by."""
    clusters = pair.difference.clusters if pair.difference else 0
    if pair.by_recording:
        return say("recording ({count})", count=clusters)
    return say("utterance ({count}, of the only recording)", count=clusters)


def anchor_sentence(recording: Recording, say: Sentences) -> str:
    """Say what a recording's delays are anchored on, and how far off that may be."""
    error = recording.anchor_error
    match recording.anchored_by:
        case AnchorSource.REFERENCE:
            found = say("The ends of speech are those of the reference's words.")
        case AnchorSource.SOUND:
            found = say("The ends of speech were found in the sound by end-pointing, once for all ways.")
        case _:
            assert_never(recording.anchored_by)
    if error is None:
        return found
    p50, p95 = milliseconds(error.p50_ms), milliseconds(error.p95_ms)
    if error.here:
        measured = say(
            "End-pointing differs from the reference here by {p50} ms (p50) and {p95} ms (p95), n {n}.",
            p50=p50, p95=p95, n=error.n,
        )  # fmt: skip
    else:
        measured = say(
            "Its error on recordings whose ends are known is {p50} ms (p50) and {p95} ms (p95), n {n}.",
            p50=p50, p95=p95, n=error.n,
        )  # fmt: skip
    return f"{found} {measured}"


def notices(analysis: Analysis, say: Sentences, fault: Callable[[Fault], str]) -> Iterator[str]:
    """Say what a reader must know before the numbers: what is missing, and why.

    Args:
        analysis: the comparison.
        say: the person's language.
        fault: puts a fault into words.
    """
    comparison = analysis.comparison
    if comparison.stopped:
        yield say("The comparison was stopped before its end; it counts what was done until then.")
    for recording in comparison.recordings:
        if not recording.anchors:
            yield say(
                "{name}: no speech was found, so there is nothing to compare.", name=recording_name(recording, say)
            )
    for each in analysis.transcripts:
        if each.mismatch:
            first = comparison.recordings[each.recordings[0]]
            assert first.reference is not None
            yield say(
                "The reference {reference} does not match {name}: no way comes nearer to it than {rate} CER. It is "
                "left out of the accuracy.",
                reference=first.reference.name,
                name=first.name,
                rate=percent(min(rate for way in each.accuracies.values() if (rate := way.cer.rate) is not None)),
            )
            if comparison.emulated and first.anchored_by is AnchorSource.SOUND:
                yield say(
                    "The emulator does not know what is said in {name}: only a reference with times (.json) that fit "
                    "the sound tells it.",
                    name=first.name,
                )
    for way in analysis.ways:
        name, bill = way_name(way.way, say), way.bill
        for each_fault in way.faults:
            yield say("{way} ended early: {reason}", way=name, reason=fault(each_fault))
        if bill.incomplete:
            yield say(
                "{way}: incomplete runs: {count} of {runs}; {seconds} s of sound were lost.",
                way=name, count=bill.incomplete, runs=bill.runs, seconds=seconds(bill.lost),
            )  # fmt: skip
        if bill.runs < bill.due:
            yield say("{way}: runs done: {count} of {due}.", way=name, count=bill.runs, due=bill.due)
        without = way.total.censored
        if without:
            yield say(
                "{way}: no final for {count} of {n} utterances; each counts with {timeout} s, which is a lower bound.",
                way=name, count=without, n=way.total.n, timeout=f"{comparison.timeout:g}",
            )  # fmt: skip


# ---------------------------------------------------------------- definitions


@dataclass(frozen=True, slots=True)
class Definition:
    """What a number means."""

    term: str
    meaning: str


def definitions(analysis: Analysis, say: Sentences) -> tuple[Definition, ...]:
    """Say how every number of the report is defined."""
    comparison = analysis.comparison
    timeout, silence = f"{comparison.timeout:g}", f"{comparison.silence:g}"
    return (
        Definition(
            say("Total"),
            say(
                "From the last sample of an utterance's speech being captured to its final text being there (on the "
                "screen, or back in the program where there is no window). The same utterances, with the same last "
                "samples, serve all ways. It is never counted from another text."
            ),
        ),
        Definition(
            say("Stages"),
            say(
                "Capture: until the device or file has handed the sample over. Conditioning: until it is in a frame at "
                "8 kHz. Silence wait: until the way lets it go ({silence} s of silence where it waits). Token and "
                "connection: until they stand, where the sound had to wait for them. Queue: until it is with the "
                "socket. Recognition: network, service and its own end-pointing, until the text is back. Display: "
                "until it is painted. No stage is negative, and they add up to the total. Where a way's text ends "
                "elsewhere than the utterance, the difference goes to the silence wait of a way that waits, and to the "
                "recognition of one that streams.",
                silence=silence,
            ),
        ),
        Definition(
            say("Own share"),
            say(
                "Capture, conditioning, queue and display together: what this computer adds. A queue behind the way's "
                "own earlier utterance is not in it. Over the utterances that have a final."
            ),
        ),
        Definition(
            say("Mean, p50, p95, n"),
            say(
                "Over all utterances and repeats of a way; n is how many. Percentiles interpolate linearly between the "
                "ordered values. An utterance without a final enters with {timeout} s and is counted; a number that "
                "rests on one is a lower bound and is written with ≥. Stages have no value there, so their n is "
                "smaller.",
                timeout=timeout,
            ),
        ),
        Definition(
            say("Stage waterfall"),
            say(
                "The stages of the utterance whose total is the percentile, or between the two around it, so that they "
                "add up to it. The percentiles of single stages, in the table, do not."
            ),
        ),
        Definition(
            say("Distribution"),
            say(
                "The share of all utterances whose final was there within a time (empirical distribution function). A "
                "line that does not reach 100 % has utterances without a final."
            ),
        ),
        Definition(
            say("Median paired difference"),
            say(
                "For each utterance and repeat, the total of one way minus that of the other; of these the median. The "
                "interval holds the middle 95 % of the medians of 10,000 resamples (percentile bootstrap, fixed seed). "
                "Whole recordings are resampled, because the utterances of one call are alike; where there is only one "
                "recording, its utterances, which makes the interval too narrow for other calls. Where fewer than "
                "{enough} are resampled, it cannot be relied on.",
                enough=ENOUGH,
            ),
        ),
        Definition(
            say("Outcomes"),
            say(
                "By the time of the sound, never by order. Final: one final for the utterance. Split: several; its "
                "delay is that of the last. Merged: its final covers other utterances too; each counts from its own "
                "last sample. Lost: no final covers it. Timed out: the service had not finished with it when the way "
                "stopped waiting. Extra: finals where nobody spoke."
            ),
        ),
        Definition(
            say("First interim"),
            say("From the first sample of an utterance's speech to the first text shown for it, where one was shown."),
        ),
        Definition(
            say("CER, WER"),
            say(
                "Substituted, deleted and inserted syllables (CER) or words (WER) for each one of the reference, at "
                "the fewest possible, summed over all recordings and repeats heard to their end. Text is compared in "
                "Unicode NFC, letters and digits only; CER ignores spaces. CER with numbers: after 3개 and 세 개, "
                "25,000원 and 이만 오천 원 are written alike."
            ),
        ),
        Definition(
            say("Erasure, UPWR, UPSR"),
            say(
                "Normalised erasure: syllables that were shown and taken back, for each syllable of the finals "
                "(below 0.2 hardly anything changes). UPWR: shown words that changed, for each word of the finals; a "
                "last word that grows does not count. UPSR: how often shown words changed, for each final. Without "
                "spaces and punctuation; none where nothing is shown before the final."
            ),
        ),
        Definition(
            say("Bill"),
            say(
                "Seconds of sound handed to the service (sent twice counts twice), connections opened and tokens "
                "granted, summed over all runs."
            ),
        ),
    )
