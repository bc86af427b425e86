"""References: what was really said in a recording, read from plain text, a script or subtitles.

A ``.txt`` file holds text without times. A ``.json`` (or ``.jsonl``) file holds words or utterances: a list of them,
``{"utterances": [...]}``, ``{"words": [...]}``, the service's own ``{"results": {"utterances": [...]}}``, or one object
a line, of which those with another ``type`` than ``final`` are passed over. Each has its text under ``text``, ``word``
or ``msg``, and may have its times as ``start`` and ``stop`` (or ``end``) in seconds, or as ``start_at`` and
``duration`` in milliseconds, and its ``channel``, from 1. A ``.srt`` file holds subtitles, whose times tell where
something was said, but not when it ended.

Text is UTF-8 or UTF-16 (the latter with its byte order mark), or else CP949, in which much of Korea's text still is.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any, TypeGuard

from captioner.compare.outcome import Reference, Spoken
from captioner.events import RATE
from captioner.places import FileProblem

_LARGEST = 32_000_000
"""Bytes: ten times what the script of a day's speech takes."""

_LATEST = 1_000_000.0
"""Seconds: eleven days. What lies beyond is no time of a recording, but milliseconds or a date."""

_PAUSE = RATE // 2
"""Samples between two words of a bare list of words that make them two utterances."""


def read_reference(path: Path) -> Reference | FileProblem:
    """Read a reference, or say what is wrong with it."""
    try:
        with path.open("rb") as file:
            data = file.read(_LARGEST + 1)
    except (OSError, ValueError) as error:
        detail = (error.strerror if isinstance(error, OSError) else None) or type(error).__name__
        return FileProblem("The reference {path} cannot be read ({detail}).", {"path": path, "detail": detail})
    if len(data) > _LARGEST:
        return FileProblem("The reference {path} is too large to be the text of a recording.", {"path": path})
    return parse_reference(data, path)


def parse_reference(data: bytes, path: Path) -> Reference | FileProblem:
    """Read a reference from the bytes of its file; the end of the file's name tells its form."""
    text = _decoded(data)
    if text is None:
        return FileProblem(
            "The reference {path} is no text that can be read. Save it as UTF-8, UTF-16 or CP949.", {"path": path}
        )
    try:
        match path.suffix.lower():
            case ".txt":
                spoken, exact = [Spoken(" ".join(line.split())) for line in text.splitlines()], False
            case ".json" | ".jsonl":
                spoken = _script(text)
                exact = all(each.stop is not None for each in spoken)
            case ".srt":
                spoken, exact = list(_subtitles(text)), False
            case _:
                return FileProblem("The reference {path} is none of .txt, .json and .srt.", {"path": path})
    except _Unusable as error:
        problem = error.problem
        return FileProblem(problem.sentence, {"path": path, **problem.values})
    spoken = [each for each in spoken if any(character.isalnum() for character in each.text)]
    if not spoken:
        return FileProblem("The reference {path} holds no words.", {"path": path})
    if all(each.start is not None for each in spoken):
        spoken.sort(key=lambda each: (each.start or 0, each.stop or 0))
    return Reference(path.name, tuple(spoken), exact)


def references_for(recordings: Sequence[Path], references: Sequence[Path]) -> tuple[Path | None, ...] | FileProblem:
    """Find the reference of each recording: the one that is named like it, else one for each in their order.

    Args:
        recordings: the files.
        references: in any order where they are named like the recordings.

    Returns:
        For each recording its reference, None where it has none; or why one of them has no recording.
    """
    by_name = {_stem(path): path for path in references}
    found = tuple(by_name.get(_stem(path)) for path in recordings)
    strange = [path for path in references if path not in found]
    if not strange:
        return found
    if len(references) == len(recordings):
        return tuple(references)
    return FileProblem(
        "The reference {path} belongs to no recording. Name it like its recording, or give one for each recording in "
        "their order.",
        {"path": strange[0]},
    )


def _stem(path: Path) -> str:
    return path.stem.casefold()


# ---------------------------------------------------------------- encodings


def _decoded(data: bytes) -> str | None:
    """Return the text, None where it is none."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encodings = ["utf-16"]
    else:
        encodings = ["utf-8-sig", "cp949"]
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        # Control characters stand in no text; bytes that are no text soon have them, whatever they are taken for.
        return None if re.search(r"[\0-\x08\x0e-\x19\x7f]", text) else text
    return None


# ---------------------------------------------------------------- scripts


class _Unusable(Exception):
    """A reference that is not what its name says; the problem still lacks its path."""

    def __init__(self, problem: FileProblem) -> None:
        super().__init__(problem.sentence)
        self.problem = problem


def _script(text: str) -> list[Spoken]:
    document = _json(text)
    items: Iterable[Any] = document if isinstance(document, list) else [document]
    bare = isinstance(document, list)
    if isinstance(document, Mapping):
        results = document.get("results")
        holder = results if isinstance(results, Mapping) else document
        if isinstance(holder.get("utterances"), list):
            items = holder["utterances"]
        elif isinstance(holder.get("words"), list) and _text(holder) is None:
            items, bare = holder["words"], True
    spoken = list[Spoken]()
    for number, item in enumerate(items, 1):
        if not isinstance(item, Mapping):
            raise _entry(number)
        if item.get("type", "final") == "final":
            spoken += _utterance(item, number)
    return list(_joined(spoken)) if bare else spoken


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        pass
    try:
        return [json.loads(line) for line in text.splitlines() if line.strip()]
    except (ValueError, RecursionError):
        raise _Unusable(FileProblem("The reference {path} is not JSON. Save plain text as .txt.")) from None


def _entry(number: int) -> _Unusable:
    return _Unusable(
        FileProblem("Entry {number} of the reference {path} is neither a word nor an utterance.", {"number": number})
    )


def _utterance(item: Mapping[str, Any], number: int) -> Iterator[Spoken]:
    """Make one utterance of an entry; its words, where it has them, know better when it was said."""
    channel, span, text = item.get("channel"), _span(item, number), _text(item)
    if channel is not None and (isinstance(channel, bool) or not isinstance(channel, int) or channel < 1):
        problem = FileProblem(
            "The channel of entry {number} in the reference {path} is not a whole number from 1.", {"number": number}
        )
        raise _Unusable(problem)
    parts = item.get("words")
    words = list[tuple[str, tuple[int, int] | None]]()
    for part in parts if isinstance(parts, list) else ():
        word = _text(part) if isinstance(part, Mapping) else None
        if word is None:
            raise _entry(number)
        if word not in ("", "|"):  # "|" marks spaces in older results
            words.append((word, _within(part, span, number)))
    if text is None and not words:
        raise _entry(number)
    spans = [each for _, each in words if each is not None]
    if spans and len(spans) == len(words):
        span = min(start for start, _ in spans), max(stop for _, stop in spans)
    start, stop = span or (None, None)
    yield Spoken(text if text is not None else " ".join(word for word, _ in words), start, stop, channel)


def _text(item: Mapping[str, Any]) -> str | None:
    found = (item[key] for key in ("text", "word", "msg") if isinstance(item.get(key), str))
    return next((" ".join(each.split()) for each in found), None)


def _span(item: Mapping[str, Any], number: int) -> tuple[int, int] | None:
    """Return positions; None where the entry has no times."""
    start, stop = item.get("start"), item.get("stop", item.get("end"))
    scale = 1.0
    if start is None and stop is None:
        start, duration = item.get("start_at"), item.get("duration")
        if start is None and duration is None:
            return None
        scale, stop = 1000.0, start + duration if _is_number(start) and _is_number(duration) else None
    if not (_is_number(start) and _is_number(stop) and 0 <= start < stop <= _LATEST * scale):
        problem = FileProblem(
            "The times of entry {number} in the reference {path} cannot be used. Give start and stop in seconds.",
            {"number": number},
        )
        raise _Unusable(problem)
    return round(start / scale * RATE), round(stop / scale * RATE)


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e15


def _within(part: Mapping[str, Any], utterance: tuple[int, int] | None, number: int) -> tuple[int, int] | None:
    """Return the positions of a word; the service counts the milliseconds of a word from its utterance's start."""
    span = _span(part, number)
    if span is None or utterance is None or "start_at" not in part or "start" in part:
        return span
    start, stop = utterance
    from_the_beginning = span[0] >= start and span[0] > stop - start
    return span if from_the_beginning else (span[0] + start, span[1] + start)


def _joined(words: list[Spoken]) -> Iterator[Spoken]:
    """Join what follows closely on one channel, where all have times: a bare list is one of words."""
    if any(word.start is None for word in words):
        yield from words
        return

    def channel(word: Spoken) -> int:
        return word.channel or 0

    def place(word: Spoken) -> tuple[int, int]:
        return word.start or 0, word.stop or 0

    for _, group in groupby(sorted(words, key=lambda word: (channel(word), place(word))), channel):
        run = list[Spoken]()
        for word in group:
            if run and place(word)[0] - max(place(each)[1] for each in run) >= _PAUSE:
                yield _one(run)
                run = []
            run.append(word)
        yield _one(run)


def _one(words: Sequence[Spoken]) -> Spoken:
    stop = max(word.stop or 0 for word in words)
    return Spoken(" ".join(word.text for word in words), words[0].start, stop, words[0].channel)


# ---------------------------------------------------------------- subtitles

_TIME = r"(\d+):(\d\d?):(\d\d?)[,.](\d{1,3})"
_CUE = re.compile(rf"^[ \t]*{_TIME}[ \t]*-->[ \t]*{_TIME}.*$", re.MULTILINE)


def _subtitles(text: str) -> Iterator[Spoken]:
    """SubRip has no standard: cues are found by their times, what stands between two is text and the next's number."""
    text = "\n".join(text.splitlines())
    cues = list(_CUE.finditer(text))
    if not cues:
        raise _Unusable(FileProblem("The reference {path} holds no subtitle with its times."))
    for index, cue in enumerate(cues):
        last = index + 1 == len(cues)
        lines = text[cue.end() : len(text) if last else cues[index + 1].start()].split("\n")
        while lines and not lines[-1].strip():
            lines.pop()
        if not last and lines and lines[-1].strip().isdigit() and (len(lines) == 1 or not lines[-2].strip()):
            lines.pop()
        said = re.sub(r"<[^<>]*>|\{\\[^{}]*\}", "", " ".join(lines))
        start, stop = (_position(cue.groups()[at : at + 4]) for at in (0, 4))
        yield Spoken(" ".join(said.split()), start, max(stop, start + 1))


def _position(time: Sequence[str]) -> int:
    hours, minutes, seconds, fraction = time
    whole = int(hours) * 3600 + int(minutes) * 60 + int(seconds)
    return round((whole + int(fraction.ljust(3, "0")) / 1000) * RATE)
