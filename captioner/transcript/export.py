"""Captions as files: plain text, SubRip, WebVTT and JSON lines.

A word is never broken across lines or cues. Where the service gives words with times, a long utterance is split into
cues by them; else its time is shared out by syllables. SubRip has no standard; WebVTT has: https://www.w3.org/TR/webvtt1/.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import TypeAlias, assert_never

from captioner.events import (
    RATE,
    Caption,
    FinalShown,
    Finished,
    GapShown,
    InterimShown,
    Measured,
    Stages,
    StateChanged,
    Update,
    Withdrawn,
)

Item: TypeAlias = Caption | GapShown
"""What stands in a transcript: what was said, and what is missing."""

WIDTH = 42
"""Columns of a subtitle's line, of which a Hangul syllable takes two: what is common practice for subtitles."""

_LINES = 2

_UNKNOWN = dict.fromkeys(each.name for each in fields(Stages))


@dataclass(frozen=True, slots=True)
class Cue:
    """A subtitle: one or two lines, shown in `[start_ms, stop_ms)` of the lane's audio."""

    start_ms: int
    stop_ms: int
    lines: tuple[str, ...]


# ---------------------------------------------------------------- whole files


def text(items: Iterable[Item], gap: Callable[[GapShown], str] | None = None) -> str:
    """Write one utterance a line.

    Args:
        items: finals and gaps.
        gap: puts a gap into words; None leaves gaps out.
    """
    lines = list[str]()
    for item in sorted(items, key=_start):
        match item:
            case Caption():
                lines.append(" ".join(item.text.split()))
            case GapShown():
                lines.append(f"[{gap(item)}]" if gap else "")
            case _:
                assert_never(item)
    return "".join(f"{line}\n" for line in lines if line)


def srt(items: Iterable[Item], gap: Callable[[GapShown], str]) -> str:
    """Write a SubRip file.

    Args:
        items: finals and gaps.
        gap: puts a gap into words.
    """
    return "\n".join(srt_cue(number, cue) for number, cue in enumerate(cues(items, gap), 1))


def srt_cue(number: int, cue: Cue) -> str:
    """Write one subtitle of a SubRip file, for who writes them as they come; an empty line stands between two."""
    return f"{number}\n{_time(cue.start_ms, ',')} --> {_time(cue.stop_ms, ',')}\n{_block(cue.lines)}"


def vtt(items: Iterable[Item], gap: Callable[[GapShown], str]) -> str:
    """Write a WebVTT file.

    Args:
        items: finals and gaps.
        gap: puts a gap into words.
    """
    return VTT_HEAD + "".join(f"\n{vtt_cue(cue)}" for cue in cues(items, gap))


VTT_HEAD = "WEBVTT\n"
"""The first line of a WebVTT file; an empty line stands before every subtitle."""


def vtt_cue(cue: Cue) -> str:
    """Write one subtitle of a WebVTT file, for who writes them as they come."""
    lines = _block(_escaped(line) for line in cue.lines)
    return f"{_time(cue.start_ms, '.')} --> {_time(cue.stop_ms, '.')}\n{lines}"


def _block(lines: Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


def _escaped(line: str) -> str:
    return line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _time(ms: int, point: str) -> str:
    return f"{ms // 3_600_000:02}:{ms // 60_000 % 60:02}:{ms // 1000 % 60:02}{point}{ms % 1000:03}"


# ---------------------------------------------------------------- cues


def cues(items: Iterable[Item], gap: Callable[[GapShown], str], *, after_ms: int = 0) -> list[Cue]:
    """Cut captions into subtitles in the order of their audio, which never overlap and last a millisecond at least.

    Where two utterances overlap, the first one's subtitle gives way when the second one's begins.

    Args:
        items: finals and gaps.
        gap: puts a gap into words; it is shown in brackets.
        after_ms: where the last subtitle ends that was written already; none begins before it.
    """
    drafts = list[Cue]()
    for item in sorted(items, key=_start):
        match item:
            case Caption():
                drafts.extend(_caption_cues(item))
            case GapShown():
                words = f"[{gap(item)}]".split()
                drafts.extend(_words_cues(words, _shared([_weight(word) for word in words], item.start, item.stop)))
            case _:
                assert_never(item)
    drafts.sort(key=lambda cue: cue.start_ms)
    result, free = list[Cue](), after_ms
    for index, cue in enumerate(drafts):
        start, stop = max(cue.start_ms, free), cue.stop_ms
        following = drafts[index + 1].start_ms if index + 1 < len(drafts) else stop
        if following > start:
            stop = min(stop, following)
        free = max(stop, start + 1)
        result.append(Cue(start, free, cue.lines))
    return result


def _start(item: Item) -> int:
    return item.start


def _caption_cues(caption: Caption) -> Iterator[Cue]:
    words = caption.text.split()
    return _words_cues(words, _word_times(caption, words))


def _words_cues(words: Sequence[str], times: Sequence[tuple[float, float]]) -> Iterator[Cue]:
    lines = _wrapped(words)
    for first in range(0, len(lines), _LINES):
        shown = lines[first : first + _LINES]
        begin, end = times[shown[0].start][0], times[shown[-1].stop - 1][1]
        yield Cue(_ms(begin), _ms(end), tuple(" ".join(words[each.start : each.stop]) for each in shown))


def _ms(position: float) -> int:
    return max(0, round(position * 1000 / RATE))


def _wrapped(words: Sequence[str]) -> list[range]:
    """Break words into as few lines as will do, and those as even as they can be.

    Returns:
        For each line, the range of its words.
    """
    widths = [_width(word) for word in words]
    lines = _filled(widths, WIDTH)
    narrow, wide = 0, WIDTH  # the least width that needs no more lines
    while narrow < wide:
        width = (narrow + wide) // 2
        if len(_filled(widths, width)) > len(lines):
            narrow = width + 1
        else:
            wide = width
    return _filled(widths, wide)


def _filled(widths: Sequence[int], limit: int) -> list[range]:
    lines = list[range]()
    first, used = 0, 0
    for index, width in enumerate(widths):
        if index > first and used + 1 + width > limit:
            lines.append(range(first, index))
            first, used = index, width
        else:
            used += width + (index > first)
    return [*lines, range(first, len(widths))] if widths else []


def _width(word: str) -> int:
    """Return the columns that a word takes: two for Hangul and other wide characters, none for combining ones."""
    return sum(
        0 if unicodedata.combining(character) else 1 + (unicodedata.east_asian_width(character) in "WF")
        for character in unicodedata.normalize("NFC", word)
    )


def _word_times(caption: Caption, words: Sequence[str]) -> list[tuple[float, float]]:
    """Return when each word of the caption's text was said, in positions.

    The service's words may be cut differently from those of the text; characters bring the two together. Where they are
    other characters altogether, or where there are no words, the caption's time is shared out.
    """
    spoken = ["".join(word.text.split()) for word in caption.words]
    if "".join(spoken) != "".join(words):
        return _shared([_weight(word) for word in words], caption.start, caption.stop)
    characters = list[tuple[float, float]]()
    for word, letters in zip(caption.words, spoken, strict=True):
        characters.extend(_shared([1] * len(letters), word.start, word.stop))
    times, place = list[tuple[float, float]](), 0
    for each in words:
        times.append((characters[place][0], characters[place + len(each) - 1][1]))
        place += len(each)
    return times


def _weight(word: str) -> int:
    """Return how long a word takes to say, in letters and digits: of Hangul, syllables."""
    return max(1, sum(character.isalnum() for character in unicodedata.normalize("NFC", word)))


def _shared(weights: Sequence[int], start: int, stop: int) -> list[tuple[float, float]]:
    """Share `[start, stop)` out by weight."""
    total, passed = sum(weights), 0
    times = list[tuple[float, float]]()
    for weight in weights:
        begin = start + (stop - start) * passed / total
        passed += weight
        times.append((begin, start + (stop - start) * passed / total))
    return times


# ---------------------------------------------------------------- JSON lines


def json_line(update: Update, latency_ms: Mapping[str, object] | None = None) -> str | None:
    """Write an update as one line of JSON without its end; None for an update that has no line of its own.

    Seconds are exact: a position is a whole number of 125 µs, and `at` is given in whole microseconds.

    Args:
        update: what changed.
        latency_ms: of a `FinalShown`, its stages as `latency.statistics.milliseconds` gives them, without which they
            are null; of `Finished`, the summary of a `StageTable`. Other updates have none.
    """
    match update:
        case StateChanged():
            line = {"type": "state", "at": _at(update.at), "state": update.phase, "epoch": update.epoch}
        case InterimShown(at=at, caption=caption):
            line = {"type": "interim", "at": _at(at), **_said(caption)}
        case FinalShown(at=at, caption=caption):
            words = [{"text": each.text, **_span(each.start, each.stop)} for each in caption.words]
            line = {"type": "final", "at": _at(at), **_said(caption), "words": words}
            line["latency_ms"] = latency_ms or _UNKNOWN
        case GapShown():
            line = {"type": "gap", "at": _at(update.at), **_span(update.start, update.stop), "reason": update.reason}
        case Finished(at=at, summary=summary):
            line = {
                "type": "summary",
                "at": _at(at),
                "complete": summary.complete,
                "utterances": summary.utterances,
                "captured_samples": summary.captured,
                "recognised_samples": summary.recognised,
                "lost_samples": summary.lost,
                "connections": summary.connections,
                "tokens": summary.tokens,
                "latency_ms": latency_ms or {},
            }
        case Withdrawn() | Measured():
            return None
        case _:
            assert_never(update)
    return json.dumps(line, ensure_ascii=False, separators=(",", ":"))


def _said(caption: Caption) -> dict[str, object]:
    return {"utterance": caption.utterance, **_span(caption.start, caption.stop), "text": caption.text}


def _span(start: int, stop: int) -> dict[str, float]:
    return {"start": start / RATE, "stop": stop / RATE}


def _at(seconds: float) -> float:
    return round(seconds, 6)
