"""Which text belongs to which utterance, how it ended, and how long it took from the utterance's last sample.

Theory of operation
-------------------
The utterances of a recording (its anchors) are found once and are the same for all ways. A final belongs to the
anchors whose sound it covers, never to the one that has its number: so a way that splits, joins or loses utterances is
seen doing it, and what comes after is still matched.

- A final with words: each word belongs to the anchor that it overlaps most, or, where it overlaps none, to the nearest
  one within half a second.
- A final without words: it belongs to every anchor with which it shares at least half of the shorter of the two; else
  to the one that it overlaps most, else to the nearest one within half a second.
- What belongs to no anchor is text that nobody spoke, and is counted as such.

Every anchor then has one outcome: `final` (one final covers it and nothing else), `split` (several finals cover it; the
delay is that of the last), `merged` (its final covers other anchors too; each is anchored on its own last sample),
`lost` (no final covers it), `timeout` (the service had not finished with it when the way stopped waiting).

A delay counts from the anchor's last sample, not from where the way believes that its text ends, so that all ways are
measured from the same moment. The difference of the two is put where the sound waited: a way that holds an utterance
back releases it at a fixed moment, so it goes to the silence wait; a way that streams hands on every sample alike, so
it goes to the recognition. Where that is not enough, the other stages give way, those of the computer last. So the
stages stay non-negative and add up to the total, which is exact; between stages the shift is true to a frame (20 ms).
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import assert_never

from captioner.audio.endpointing import Endpointer, SpeechEvent, SpeechStarted, SpeechStopped
from captioner.compare.outcome import Anchor, AnchorError, Heard, Spoken, WayRun
from captioner.errors import Misuse
from captioner.events import RATE, Frame, GapShown, LossReason, Stages
from captioner.latency.statistics import percentile

_NEAR = RATE // 2
"""Samples between a text and the utterance that it may still belong to; utterances are further apart."""


# ---------------------------------------------------------------- anchors


class AnchorFinder:
    """Finds the utterances of a recording while it is heard.

    Args:
        silence: seconds without speech that part two utterances.

    Attributes:
        anchors: the utterances that are over, in order.
    """

    def __init__(self, *, silence: float = 0.5) -> None:
        self.anchors: list[Anchor] = []
        self._endpointer = Endpointer(hangover=silence)
        self._start = self._length = 0

    def push(self, frame: Frame) -> None:
        """Hear the next frame."""
        self._length = frame.stop
        self._take(self._endpointer.push(frame))

    def flush(self) -> None:
        """There are no more frames: an utterance that is not over ends with them."""
        self._take(self._endpointer.flush())

    def _take(self, events: Iterable[SpeechEvent]) -> None:
        for event in events:
            match event:
                case SpeechStarted():
                    self._start = max(0, event.position)
                case SpeechStopped():
                    stop = max(self._start + 1, min(event.position, self._length))
                    self.anchors.append(Anchor(self._start, stop))
                case _:
                    assert_never(event)


def anchors_of(spoken: Iterable[Spoken]) -> tuple[Anchor, ...]:
    """Return the utterances of a reference with times; those that overlap are one.

    Raises:
        Misuse: it has no times.
    """
    spans = list[tuple[int, int]]()
    for each in spoken:
        if each.start is None or each.stop is None:
            raise Misuse("a reference without times has no anchors")
        spans.append((each.start, max(each.stop, each.start + 1)))
    anchors = list[Anchor]()
    for start, stop in sorted(spans):
        if anchors and start < anchors[-1].stop:
            anchors[-1] = Anchor(anchors[-1].start, max(anchors[-1].stop, stop))
        else:
            anchors.append(Anchor(start, stop))
    return tuple(anchors)


def anchor_error(found: Sequence[Anchor], true: Sequence[Anchor]) -> AnchorError | None:
    """Say how far the found ends of speech are from the true ones, over the utterances that were found whole.

    Args:
        found: by end-pointing.
        true: from a reference with times.

    Returns:
        None where none was found whole: one found utterance over one true one, and nothing else.
    """
    errors = list[float]()
    for anchor in true:
        over = [each for each in found if _overlap(each, anchor)]
        if len(over) == 1 and sum(_overlap(over[0], each) > 0 for each in true) == 1:
            errors.append(abs(over[0].stop - anchor.stop) * 1000 / RATE)
    if not errors:
        return None
    errors.sort()
    p50, p95 = (round(percentile(errors, percent), 3) for percent in (50, 95))
    return AnchorError(p50, p95, len(errors), here=True)


# ---------------------------------------------------------------- matching


class Outcome(StrEnum):
    """What became of an utterance."""

    FINAL = "final"
    SPLIT = "split"
    MERGED = "merged"
    LOST = "lost"
    TIMEOUT = "timeout"


@dataclass(frozen=True, slots=True)
class Match:
    """What a way made of one utterance.

    Attributes:
        utterance: its number, from 1.
        text: the words that belong to it. Where a final covers several utterances and gives no words, its whole text is
            with the first of them.
        with_utterances: the numbers of those that share a final with it.
        first_interim: seconds from the first sample of speech to the first text shown for it; None where nothing was
            shown before the final, or where a merged final does not tell.
        total: seconds from the last sample of speech to the text, not less than 0; None where there is no final.
        stages: of the total; None where they are not known.
        behind: seconds of the queue in which it waited for the way's own earlier utterance.
    """

    utterance: int
    anchor: Anchor
    outcome: Outcome
    text: str
    with_utterances: tuple[int, ...]
    first_interim: float | None
    total: float | None
    stages: Stages | None
    behind: float = 0.0


@dataclass(frozen=True, slots=True)
class Matched:
    """A run, utterance by utterance.

    Attributes:
        matches: one for each anchor that was played to its end.
        extra: finals that belong to no utterance, by the start of their sound.
    """

    matches: tuple[Match, ...]
    extra: tuple[Heard, ...]


def match_run(run: WayRun, anchors: Sequence[Anchor]) -> Matched:
    """Say what a run made of each utterance.

    Args:
        run: one way through one recording.
        anchors: of the recording, in order, not overlapping.
    """
    finals = sorted(run.finals, key=lambda heard: (heard.caption.start, heard.caption.stop, heard.at))
    shares = [_shares(heard, anchors) for heard in finals]
    covering: dict[int, list[int]] = {}
    for number, share in enumerate(shares):
        for index in share:
            covering.setdefault(index, []).append(number)
    matches = list[Match]()
    for index, anchor in enumerate(anchors):
        if anchor.stop > run.played:
            break
        mine = covering.get(index, [])
        pieces = (shares[number][index] for number in mine)
        others = {other for number in mine for other in shares[number]} - {index}
        outcome = _outcome(run, anchor, len(mine), merged=bool(others))
        total, stages, behind = None, None, 0.0
        if outcome in (Outcome.FINAL, Outcome.SPLIT, Outcome.MERGED):
            last = max((finals[number] for number in mine), key=lambda heard: heard.at)
            total = max(0.0, last.at - anchor.stop / RATE)
            stages = anchored(last.stages, total, waits=run.way.waits)
            behind = 0.0 if stages is None else min(last.behind, stages.queue)
        matches.append(
            Match(
                utterance=index + 1,
                anchor=anchor,
                outcome=outcome,
                text=" ".join(piece for piece in pieces if piece),
                with_utterances=tuple(other + 1 for other in sorted(others)),
                first_interim=_first_interim(anchor, [finals[n] for n in mine if min(shares[n]) == index]),
                total=total,
                stages=stages,
                behind=behind,
            )
        )
    extra = tuple(heard for heard, share in zip(finals, shares, strict=True) if not share and heard.caption.text)
    return Matched(tuple(matches), extra)


def _outcome(run: WayRun, anchor: Anchor, finals: int, *, merged: bool) -> Outcome:
    given_up = sum(_overlap(gap, anchor) for gap in run.gaps if gap.reason is LossReason.UNFINISHED)
    if 2 * given_up >= anchor.stop - anchor.start or (given_up and not finals):
        return Outcome.TIMEOUT  # what there is of its text was never final
    if not finals:
        return Outcome.LOST
    if finals > 1:
        return Outcome.SPLIT
    return Outcome.MERGED if merged else Outcome.FINAL


def _shares(heard: Heard, anchors: Sequence[Anchor]) -> Mapping[int, str]:
    """Return the anchors, by index, that a final belongs to, each with its text."""
    caption = heard.caption
    whole = " ".join(caption.text.split())
    if not caption.words:
        final = Anchor(caption.start, caption.stop)
        covered = [index for index in _around(final.start, final.stop, anchors) if _covers(final, anchors[index])]
        if not covered:
            nearest = nearest_anchor(final.start, final.stop, anchors)
            covered = [] if nearest is None else [nearest]
        return {index: whole if index == covered[0] else "" for index in covered}
    words: dict[int, list[str]] = {}
    for word in caption.words:
        index = nearest_anchor(word.start, word.stop, anchors)
        if index is not None:
            words.setdefault(index, []).append(word.text)
    if len(words) == 1:
        return dict.fromkeys(words, whole)
    return {index: " ".join(words[index]) for index in sorted(words)}


def _around(start: int, stop: int, anchors: Sequence[Anchor]) -> range:
    """Return the anchors, by index, that are less than half a second from `[start, stop)`."""
    first = bisect_right(anchors, start - _NEAR, key=lambda anchor: anchor.stop)
    return range(first, max(first, bisect_left(anchors, stop + _NEAR, key=lambda anchor: anchor.start)))


def _covers(final: Anchor, anchor: Anchor) -> bool:
    shorter = min(final.stop - final.start, anchor.stop - anchor.start)
    return 0 < shorter <= 2 * _overlap(final, anchor)


def nearest_anchor(start: int, stop: int, anchors: Sequence[Anchor]) -> int | None:
    """Return the anchor, by index, that `[start, stop)` overlaps most, else the nearest within half a second."""

    def closeness(index: int) -> int:
        """Overlap where there is some, else how far apart they are, as a negative number."""
        return min(stop, anchors[index].stop) - max(start, anchors[index].start)

    return max(_around(start, stop, anchors), key=closeness, default=None)


def _overlap(one: Anchor | GapShown, other: Anchor) -> int:
    """Return how many samples two stretches share."""
    return max(0, min(one.stop, other.stop) - max(one.start, other.start))


def _first_interim(anchor: Anchor, finals: Sequence[Heard]) -> float | None:
    """Return when the first text of an utterance was shown, over the finals whose first utterance it is."""
    shown = [at for heard in finals for at, text in heard.interims if text.strip()]
    return max(0.0, min(shown) - anchor.start / RATE) if shown else None


# ---------------------------------------------------------------- stages


_WHERE_SOUND_WAITS = ("recognise", "queue", "connect", "token", "silence_wait", "condition", "capture", "render")
"""Which stages give way, in turn."""


def anchored(stages: Stages | None, total: float, *, waits: bool) -> Stages | None:
    """Return the stages of the same text counted from another sample: they add up to `total`, none is negative.

    Args:
        stages: counted from the text's own last sample.
        total: seconds from the other sample to the text.
        waits: the way holds an utterance back until it is over.
    """
    if stages is None:
        return None
    order = ("silence_wait", *_WHERE_SOUND_WAITS) if waits else _WHERE_SOUND_WAITS
    parts = {name: getattr(stages, name) for name in _WHERE_SOUND_WAITS}
    missing = total - sum(part for part in parts.values() if part is not None)
    if missing >= 0:
        parts[order[0]] += missing
    else:
        for name in order:
            part = parts[name]
            if part:
                parts[name] = max(0.0, part + missing)
                missing = min(0.0, part + missing)
    return replace(stages, **parts, total=total)
