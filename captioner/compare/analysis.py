"""The comparison's numbers: every run matched and scored, every way described, every pair of ways measured.

Every number rests on rows: one for each utterance, way and repeat. A row whose final never came stays a row: its total
is the timeout, as a lower bound. Milliseconds are those that are printed, to the microsecond, so whoever has the rows
can compute the rest.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from captioner.compare.matching import Match, Matched, Outcome, match_run, nearest_anchor
from captioner.compare.outcome import PAIRS, Comparison, Heard, Recording, Way, WayRun
from captioner.compare.scoring import MISMATCH, Accuracy, score, syllables
from captioner.compare.stability import Stability, stability
from captioner.errors import Fault
from captioner.events import RATE
from captioner.latency.statistics import STAGES, Interval, Spread, bootstrap_median, ecdf, milliseconds, spread

PARTS = STAGES[:-1]
"""The stages that add up to the total."""

OWN = ("capture", "condition", "queue", "render")
"""The stages that are spent in this computer; a queue behind the way's own earlier utterance is not its work."""


@dataclass(frozen=True, slots=True)
class Row:
    """One utterance, one way, one repeat.

    Attributes:
        recording: its index in the comparison.
        ms: the stages and their total; the stages are None where they are not known. The total of a row without a final
            is the timeout.
        censored: there is no final, the total is a lower bound.
        first_interim_ms: from the first sample of speech to the first text.
    """

    recording: int
    way: Way
    repeat: int
    match: Match
    ms: Mapping[str, float | None]
    censored: bool
    first_interim_ms: float | None

    @property
    def total_ms(self) -> float:
        """The total, or the timeout."""
        return self.ms["total"] or 0.0

    @property
    def own_ms(self) -> float:
        """What was spent in this computer; the stages have to be known."""
        return round(max(0.0, sum(self.ms[name] or 0.0 for name in OWN) - 1000 * self.match.behind), 3)


@dataclass(frozen=True, slots=True)
class Waterfall:
    """The stages of the utterances that make a percentile of the totals; they add up to it.

    Attributes:
        percent: 50 or 95.
        total_ms: the percentile.
        bound: it is at least that.
        stages_ms: empty where they are not known.
    """

    percent: int
    n: int
    total_ms: float
    bound: bool
    stages_ms: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Bill:
    """What a way cost.

    Attributes:
        runs, due: runs done, and those that were to be done.
        incomplete: runs that lost something or ended before their time.
        played, sent, lost: seconds of sound.
    """

    runs: int
    due: int
    incomplete: int
    played: float
    sent: float
    lost: float
    connections: int
    tokens: int


@dataclass(frozen=True, slots=True)
class WayResult:
    """Everything about one way.

    Attributes:
        total: of all rows, milliseconds.
        stages: of the rows with a final, stage by stage.
        own: of the rows with a final, what was spent in this computer.
        first_interim: of the rows before whose final something was shown.
        steps: share of all rows whose final was there by a time in milliseconds.
        extra: finals that belong to no utterance.
        accuracy: over all references that match; None where there is none.
        faults: what ended runs, each kind once.
    """

    way: Way
    total: Spread
    stages: Mapping[str, Spread]
    own: Spread
    waterfalls: tuple[Waterfall, ...]
    first_interim: Spread
    steps: tuple[tuple[float, float], ...]
    outcomes: Mapping[Outcome, int]
    extra: int
    stability: Stability
    accuracy: Accuracy | None
    bill: Bill
    faults: tuple[Fault, ...]


@dataclass(frozen=True, slots=True)
class Pair:
    """One way against another: total of `way` minus total of `against`, milliseconds, utterance by utterance.

    Attributes:
        difference: None where no utterance was heard by both.
        by_recording: whole recordings were resampled; else, there being only one, its utterances.
        censored: pairs in which one way, or both, had no final; they enter with the timeout.
    """

    way: Way
    against: Way
    difference: Interval | None
    by_recording: bool
    censored: int


@dataclass(frozen=True, slots=True)
class Transcript:
    """A reference, and what each way made of it in its first run.

    Attributes:
        recordings: the lanes that it is compared with, by index; several where it does not tell its channels apart.
        reference: what was said.
        texts: by way, where the way heard all of it.
        accuracies: by way, over all runs.
        mismatch: no way comes near it, so it is left out of the accuracy.
    """

    recordings: tuple[int, ...]
    reference: str
    texts: Mapping[Way, str]
    accuracies: Mapping[Way, Accuracy]
    mismatch: bool


@dataclass(frozen=True, slots=True)
class Analysis:
    """A comparison with its numbers.

    Attributes:
        rows: by recording, utterance, way and repeat.
        said: for each recording and utterance, what was said; None where no reference tells.
    """

    comparison: Comparison
    rows: tuple[Row, ...]
    ways: tuple[WayResult, ...]
    pairs: tuple[Pair, ...]
    transcripts: tuple[Transcript, ...]
    said: tuple[tuple[str | None, ...], ...]


def analyse(comparison: Comparison) -> Analysis:
    """Compute everything that the report shows; the same comparison gives the same numbers."""
    order = {way: index for index, way in enumerate(comparison.ways)}
    runs = sorted(comparison.runs, key=lambda run: (run.recording, order[run.way], run.repeat))
    matched = [(run, match_run(run, comparison.recordings[run.recording].anchors)) for run in runs]
    rows = [_row(run, match, comparison.timeout) for run, each in matched for match in each.matches]
    rows.sort(key=lambda row: (row.recording, row.match.utterance, order[row.way], row.repeat))
    transcripts = _transcripts(comparison, runs)
    return Analysis(
        comparison=comparison,
        rows=tuple(rows),
        ways=tuple(_way(comparison, way, matched, rows, transcripts) for way in comparison.ways),
        pairs=tuple(_pair(comparison, way, against, rows) for way, against in PAIRS if {way, against} <= order.keys()),
        transcripts=transcripts,
        said=tuple(_said(recording) for recording in comparison.recordings),
    )


def _row(run: WayRun, match: Match, timeout: float) -> Row:
    ms = milliseconds(match.stages)
    ms["total"] = round((timeout if match.total is None else match.total) * 1e6) / 1000
    first = match.first_interim
    return Row(
        recording=run.recording,
        way=run.way,
        repeat=run.repeat,
        match=match,
        ms=ms,
        censored=match.total is None,
        first_interim_ms=None if first is None else round(first * 1e6) / 1000,
    )


def as_designed(analysis: Analysis, utterances: int) -> list[float]:
    """Return the totals in ms that the service's known delays add up to with all improvements; empty where unknown.

    The first utterance pays silence, token and connection, the others nothing but the text's own delay.
    """
    design = analysis.comparison.design
    if design is None:
        return []
    first = design.silence + design.token + design.connect + design.text
    return [1000 * each for each in [first, *[design.text] * (utterances - 1)][:utterances]]


# ---------------------------------------------------------------- ways


def _way(
    comparison: Comparison,
    way: Way,
    matched: Sequence[tuple[WayRun, Matched]],
    all_rows: Sequence[Row],
    transcripts: Sequence[Transcript],
) -> WayResult:
    rows = [row for row in all_rows if row.way is way]
    mine = [(run, each) for run, each in matched if run.way is way]
    runs = [run for run, _ in mine]
    observed = [row.total_ms for row in rows if not row.censored]
    known = [row for row in rows if row.ms["recognise"] is not None]
    total = spread(observed, [row.total_ms for row in rows if row.censored])
    outcomes = Counter(row.match.outcome for row in rows)
    scores = [each.accuracies[way] for each in transcripts if way in each.accuracies and not each.mismatch]
    shown = [
        stability([text for _, text in heard.interims], heard.caption.text) for run in runs for heard in run.finals
    ]
    return WayResult(
        way=way,
        total=total,
        stages={name: spread([value for row in known if (value := row.ms[name]) is not None]) for name in PARTS},
        own=spread([row.own_ms for row in known]),
        waterfalls=tuple(_waterfall(rows, total, percent) for percent in (50, 95)) if rows else (),
        first_interim=spread([row.first_interim_ms for row in rows if row.first_interim_ms is not None]),
        steps=ecdf(observed, len(rows)),
        outcomes={outcome: outcomes[outcome] for outcome in Outcome},
        extra=sum(len(each.extra) for _, each in mine),
        stability=sum(shown, Stability()),
        accuracy=sum(scores, Accuracy()) if scores else None,
        bill=Bill(
            runs=len(runs),
            due=sum(bool(each.anchors) for each in comparison.recordings) * comparison.repeats,
            incomplete=sum(not run.complete or run.fault is not None for run in runs),
            played=sum(run.played for run in runs) / RATE,
            sent=round(sum(run.seconds_sent for run in runs), 6),
            lost=sum(gap.stop - gap.start for run in runs for gap in run.gaps) / RATE,
            connections=sum(run.connections for run in runs),
            tokens=sum(run.tokens for run in runs),
        ),
        faults=tuple({run.fault.kind: run.fault for run in reversed(runs) if run.fault is not None}.values()),
    )


def _waterfall(rows: Sequence[Row], total: Spread, percent: int) -> Waterfall:
    """Interpolate the stages between the two utterances between which the percentile of the totals lies."""
    ordered = sorted(rows, key=lambda row: (row.total_ms, row.recording, row.match.utterance, row.repeat))
    place = percent / 100 * (len(ordered) - 1)
    low, share = int(place), place - int(place)
    # A share this small is the rounding of the place.
    pair = [(ordered[low], 1 - share), (ordered[min(low + 1, len(ordered) - 1)], share)] if share > 1e-9 else []
    weighted = pair or [(ordered[low], 1.0)]
    stages = dict[str, float]()
    if all(row.ms["recognise"] is not None for row, _ in weighted):
        stages = {name: round(sum((row.ms[name] or 0.0) * weight for row, weight in weighted), 5) for name in PARTS}
    value, bound = (total.p50, total.p50_bound) if percent == 50 else (total.p95, total.p95_bound)
    return Waterfall(percent, total.n, value or 0.0, bound, stages)


# ---------------------------------------------------------------- pairs


def _pair(comparison: Comparison, way: Way, against: Way, rows: Sequence[Row]) -> Pair:
    mine, theirs = (
        {(row.recording, row.match.utterance, row.repeat): row for row in rows if row.way is each}
        for each in (way, against)
    )
    both = sorted(mine.keys() & theirs.keys())
    names = [comparison.recordings[recording].name for recording, _, _ in both]
    by_recording = len(set(names)) > 1
    clusters: dict[object, list[float]] = {}
    for key, name in zip(both, names, strict=True):
        difference = round(mine[key].total_ms - theirs[key].total_ms, 3)
        clusters.setdefault(name if by_recording else key[:2], []).append(difference)
    return Pair(
        way=way,
        against=against,
        difference=bootstrap_median(list(clusters.values()), seed=comparison.seed) if both else None,
        by_recording=by_recording,
        censored=sum(mine[key].censored or theirs[key].censored for key in both),
    )


# ---------------------------------------------------------------- texts


def _said(recording: Recording) -> tuple[str | None, ...]:
    """Return what was said in each utterance, where a reference has times and tells the channels apart."""
    reference, pieces = recording.reference, dict[int, list[str]]()
    if reference is None or (recording.channel is not None and not reference.has_channels):
        return (None,) * len(recording.anchors)
    for each in reference.of_channel(recording.channel):
        if each.start is None or each.stop is None:
            return (None,) * len(recording.anchors)
        index = nearest_anchor(each.start, each.stop, recording.anchors)
        if index is not None:
            pieces.setdefault(index, []).append(each.text)
    return tuple(" ".join(pieces[index]) if index in pieces else None for index in range(len(recording.anchors)))


def _transcripts(comparison: Comparison, runs: Sequence[WayRun]) -> tuple[Transcript, ...]:
    """Compare each file with its reference: lane by lane where it tells the channels apart, else all lanes as one."""
    transcripts = list[Transcript]()
    lanes = sorted(enumerate(comparison.recordings), key=lambda each: (each[1].name, each[0]))
    for _, group in groupby(lanes, key=lambda each: each[1].name):
        file = list(group)
        reference = file[0][1].reference
        if reference is None:
            continue
        if reference.has_channels or len(file) == 1:
            for index, lane in file:
                channel = lane.channel if reference.has_channels else None
                said = " ".join(each.text for each in reference.of_channel(channel))
                if said:
                    transcripts.append(_transcript(comparison, runs, (index,), said))
        elif speaking := tuple(index for index, lane in file if lane.anchors):  # nobody hears the others
            transcripts.append(_transcript(comparison, runs, speaking, reference.text))
    return tuple(sorted(transcripts, key=lambda each: each.recordings))


def _transcript(
    comparison: Comparison, runs: Sequence[WayRun], recordings: tuple[int, ...], reference: str
) -> Transcript:
    texts: dict[Way, str] = {}
    accuracies: dict[Way, Accuracy] = {}
    lengths = {index: comparison.recordings[index].length for index in recordings}
    spoke = set[Way]()
    for way in comparison.ways:
        for repeat in range(1, comparison.repeats + 1):
            mine = [run for run in runs if run.way is way and run.repeat == repeat and run.recording in lengths]
            if len(mine) < len(recordings) or any(run.played < lengths[run.recording] for run in mine):
                continue  # it did not hear all of it
            text = _text([heard for run in mine for heard in run.finals])
            texts.setdefault(way, text)
            accuracies[way] = accuracies.get(way, Accuracy()) + score(reference, text)
            if syllables(text):
                spoke.add(way)
    rates = [accuracies[way].cer.rate or 0.0 for way in spoke]
    mismatch = bool(rates) and min(rates) > MISMATCH
    return Transcript(recordings, reference, texts, accuracies, mismatch)


def _text(finals: Sequence[Heard]) -> str:
    ordered = sorted(finals, key=lambda heard: (heard.caption.start, heard.caption.stop, heard.at))
    return " ".join(" ".join(heard.caption.text.split()) for heard in ordered)
