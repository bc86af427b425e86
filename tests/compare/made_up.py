"""Made-up runs whose truth is known: what a comparison would bring, without sound, sockets or clocks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from random import Random

from captioner.compare.matching import AnchorFinder
from captioner.compare.outcome import (
    Anchor,
    AnchorError,
    AnchorSource,
    Comparison,
    Design,
    Heard,
    Recording,
    Reference,
    Spoken,
    Way,
    WayRun,
)
from captioner.errors import Fault
from captioner.events import RATE, Caption, Frame, GapShown, LossReason, Stages, Word

DESIGN = Design(silence=0.5, token=0.12, connect=0.08, text=1.95)

SENTENCES = (
    "감사합니다 한빛카드 상담원 김서연입니다 무엇을 도와드릴까요",
    "안녕하세요 지갑을 잃어버려서 전화드렸어요",
    "네",
    "이름은 박지훈이고요 천구백팔십오 년 삼월 이십일 일입니다",
    "어제 저녁 편의점에서 이만 오천 원을 결제했어요",
    "오후 일곱 시 사십이 분 내역이 보이네요",
)


def anchors(*spans: tuple[float, float]) -> tuple[Anchor, ...]:
    """Build anchors from seconds."""
    return tuple(Anchor(round(start * RATE), round(stop * RATE)) for start, stop in spans)


def find_anchors(frames: Iterable[Frame]) -> tuple[Anchor, ...]:
    """Find the utterances of a whole lane in its sound."""
    finder = AnchorFinder()
    for frame in frames:
        finder.push(frame)
    finder.flush()
    return tuple(finder.anchors)


def three_apart(count: int = 3) -> tuple[Anchor, ...]:
    """Utterances of two seconds, four seconds apart."""
    return anchors(*((1 + 6 * index, 3 + 6 * index) for index in range(count)))


def caption(start: float, stop: float, text: str, *, words: bool = False, utterance: int = 1) -> Caption:
    """Build a final from seconds; its words, where wanted, share its time."""
    first, last = round(start * RATE), round(stop * RATE)
    pieces = text.split()
    edges = [first + (last - first) * index // len(pieces) for index in range(len(pieces) + 1)] if pieces else []
    said = tuple(Word(piece, *edges[index : index + 2]) for index, piece in enumerate(pieces)) if words else ()
    return Caption(utterance, first, last, text, said, final=True, provisional=False, revision=utterance)


def stages(**parts: float | None) -> Stages:
    """Build stages that are 0 but for `parts`; the total is their sum."""
    values: dict[str, float | None] = dict.fromkeys(
        ("capture", "condition", "silence_wait", "token", "connect", "queue", "recognise"), 0.0
    )
    values.update(render=None, **parts) if "render" not in parts else values.update(parts)
    total = sum(part for part in values.values() if part is not None)
    return Stages(**values, total=total)  # type: ignore[arg-type]  # only render may be None


def heard(start: float, stop: float, at: float, text: str = "네", **parts: float | None) -> Heard:
    """Build a final without words that came at `at`; what its stages leave open is recognition."""
    rest = at - stop - sum(part for part in parts.values() if part is not None)
    return Heard(caption(start, stop, text), at, stages(**parts, recognise=rest))


def run(way: Way, finals: Sequence[Heard], *, seconds: float = 600, recording: int = 0, repeat: int = 1) -> WayRun:
    """Build a complete run."""
    return WayRun(recording, way, repeat, round(seconds * RATE), tuple(finals), (), seconds, 1, 1)


def designed_stages(way: Way, utterance: int, design: Design = DESIGN) -> Stages:
    """The stages that the design promises for an utterance, from 1."""
    pays_token = utterance == 1 or way is Way.BASELINE
    pays_connection = utterance == 1 or way in (Way.BASELINE, Way.TOKEN_CACHED)
    return stages(
        silence_wait=design.silence if way.waits else 0.0,
        token=design.token if way.waits and pays_token else 0.0,
        connect=design.connect if way.waits and pays_connection else 0.0,
        recognise=design.text,
    )


def designed(ways: Sequence[Way] = tuple(Way), count: int = 3) -> Comparison:
    """The design's own table: exactly its delays on utterances that are far enough apart."""
    lane = three_apart(count)
    runs = list[WayRun]()
    for way in ways:
        finals = list[Heard]()
        for number, anchor in enumerate(lane, 1):
            each, stop = designed_stages(way, number), anchor.stop / RATE
            text = SENTENCES[(number - 1) % len(SENTENCES)]
            finals.append(Heard(caption(anchor.start / RATE, stop, text, utterance=number), stop + each.total, each))
        runs.append(run(way, finals))
    recording = Recording("three.wav", None, 600 * RATE, lane)
    return Comparison((recording,), tuple(ways), 1, tuple(runs), timeout=10.0, service="emulator", design=DESIGN)


def lively(calls: int = 3, repeats: int = 2, seed: int = 7) -> Comparison:
    """A comparison as it might be: several calls, delays that vary, texts with mistakes, and every outcome."""
    random = Random(seed)
    recordings, runs = list[Recording](), list[WayRun]()
    for index in range(calls):
        lane, spoken, position = list[Anchor](), list[Spoken](), 1.0
        for text in SENTENCES:
            length = 0.25 + 0.14 * len(text.replace(" ", ""))
            lane.append(Anchor(round(position * RATE), round((position + length) * RATE)))
            spoken.append(Spoken(text, lane[-1].start, lane[-1].stop))
            position += length + random.uniform(0.9, 3.0)
        reference = Reference(f"call-{index + 1}.json", tuple(spoken), exact=True)
        error = AnchorError(p50_ms=8.125, p95_ms=31.25, n=len(lane), here=True)
        length = round(position * RATE)
        recordings.append(
            Recording(f"call-{index + 1}.wav", None, length, tuple(lane), AnchorSource.REFERENCE, error, reference)
        )
        slow = random.gauss(0, 0.06)
        for repeat in range(1, repeats + 1):
            for way in Way:
                runs.append(_lively_run(random, way, index, repeat, recordings[-1], slow))
    return Comparison(
        tuple(recordings),
        tuple(Way),
        repeats,
        tuple(runs),
        timeout=10.0,
        service="emulator, profile measured",
        started="2030-01-02 03:04",
    )


def _lively_run(random: Random, way: Way, index: int, repeat: int, recording: Recording, slow: float) -> WayRun:
    finals, gaps = list[Heard](), list[GapShown]()
    for number, anchor in enumerate(recording.anchors, 1):
        text = SENTENCES[number - 1]
        if random.random() < 0.4:
            text = text.replace("이만 오천 원", "25,000원").replace("일곱 시 사십이 분", "7시 42분")
        if random.random() < 0.15:
            text = text.replace("지갑을", "지갑이").replace("결제", "결재").replace("도와", "도아")
        recognise = max(0.1, random.gauss(0.25 if way.waits else 0.75, 0.07) + slow)
        if way is Way.STREAMING_FINALIZE:
            recognise -= 0.22
        first = number == 1
        each = stages(
            capture=random.uniform(0.0001, 0.004),
            condition=random.uniform(0.003, 0.011),
            silence_wait=random.uniform(0.5, 0.52) if way.waits else 0.0,
            token=random.uniform(0.095, 0.123) if way is Way.BASELINE or (way.waits and first) else 0.0,
            connect=random.uniform(0.075, 0.099)
            if way in (Way.BASELINE, Way.TOKEN_CACHED) or (way.waits and first)
            else 0.0,
            queue=random.uniform(0.0002, 0.003),
            recognise=recognise,
            render=random.uniform(0.001, 0.012),
        )
        start, stop = anchor.start / RATE, anchor.stop / RATE
        said = caption(start, stop, text, words=True, utterance=number)
        interims = list[tuple[float, str]]()
        if not way.waits:
            letters = [*range(2, len(text), 4)]
            interims = [(start + 0.6 + 0.14 * 4 * place, text[:end]) for place, end in enumerate(letters)]
            if random.random() < 0.3 and interims:
                interims[-1] = (interims[-1][0], interims[-1][1][:-1] + "고")
        final = Heard(said, stop + each.total, each, tuple(interims))
        chance = random.random()
        if chance < 0.02:
            continue
        if chance < 0.03:
            gaps.append(GapShown(stop + 5, anchor.start, anchor.stop, LossReason.UNFINISHED))
            continue
        if chance < 0.06 and way is Way.STREAMING_FINALIZE and len(text.split()) > 2:
            middle, words = (start + stop) / 2, text.split()
            half = len(words) // 2
            finals.append(Heard(caption(start, middle, " ".join(words[:half]), words=True), middle + 0.6, each))
            final = replace(final, caption=caption(middle, stop, " ".join(words[half:]), words=True))
        finals.append(final)
    for place in range(len(finals) - 1, 0, -1):
        one, other = finals[place - 1], finals[place]
        apart = other.caption.start - one.caption.stop
        if way is Way.STREAMING and apart < 1.3 * RATE and random.random() < 0.3:
            joined = replace(
                other.caption,
                start=one.caption.start,
                text=f"{one.caption.text} {other.caption.text}",
                words=one.caption.words + other.caption.words,
            )
            finals[place - 1 : place + 1] = [replace(other, caption=joined, interims=one.interims + other.interims)]
    seconds = recording.length / RATE
    sent = sum(final.caption.stop - final.caption.start for final in finals) / RATE + 0.8 * len(finals)
    count = len(finals) if way in (Way.BASELINE, Way.TOKEN_CACHED) else 1
    return WayRun(
        index,
        way,
        repeat,
        recording.length,
        tuple(finals),
        tuple(gaps),
        seconds_sent=round(sent if way.waits else seconds, 2),
        connections=count,
        tokens=count if way is Way.BASELINE else 1,
        complete=not gaps,
    )


def fault_words(fault: Fault) -> str:
    """Put a fault into words, as the window's sentences do."""
    return f"({fault.kind})"
