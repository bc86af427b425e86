"""Scripts: which words a recording holds, and when they are said.

The bundled script, ``resources/sample/sample_call.json``, is one JSON object. Times are seconds from the start of the
recording, channels count from 1::

    {"title": "...", "channels": [{"speaker": "..."}, ...],
     "utterances": [{"channel": 1, "text": "...", "start": 0.8, "stop": 4.2,
                     "words": [{"text": "...", "start": 0.8, "stop": 1.5}, ...]}, ...]}

People bring their own, so `parse_script` also reads a JSON list of words, ``{"words": [...]}``, ``{"utterances":
[...]}`` with or without channels, and JSON lines of such objects, of which those with another ``type`` than ``final``
are passed over. A word or an utterance has its text under ``text``, ``word`` or ``msg``, and its times as ``start``
and ``stop`` (or ``end``) in seconds, or as ``start_at`` and ``duration`` in milliseconds. Milliseconds of a word
inside an utterance count from the utterance's start, unless they can only be meant from the recording's. An utterance
without words has them spread over its time in proportion to their syllables.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

SAMPLE_NAME = "sample_call"


class ScriptError(Exception):
    """A script or its recording cannot be used; the text says why in one sentence."""


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a script.

    Attributes:
        text: The word, without spaces.
        start: Seconds from the recording's start.
        stop: Seconds from the recording's start, after ``start``.
        channel: The channel, from 1, that it is said on; None where the script does not tell.
    """

    text: str
    start: float
    stop: float
    channel: int | None = None


@dataclass(frozen=True, slots=True)
class Script:
    """The words of a recording, in order of their start.

    Attributes:
        words: At least one.
        title: What the recording is called; may be empty.
    """

    words: tuple[Word, ...]
    title: str = ""


def bundled_sample() -> tuple[Path, Path]:
    """Return the paths of the bundled sample call's recording and script.

    They stand in ``resources/sample`` beside the package in a source tree, and inside the package once installed.

    Raises:
        ScriptError: Neither place has them.
    """
    package = Path(__file__).resolve().parent.parent
    for folder in (package / "resources" / "sample", package.parent / "resources" / "sample"):
        recording, script = folder / f"{SAMPLE_NAME}.flac", folder / f"{SAMPLE_NAME}.json"
        if recording.is_file() and script.is_file():
            return recording, script
    raise ScriptError("The bundled sample call is missing from this installation.")


def read_script(path: Path) -> Script:
    """Read the script at ``path``: UTF-8, with or without a byte order mark.

    Raises:
        ScriptError: The file cannot be read, or is no script.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise ScriptError(f"The script {path} cannot be read: {error.strerror or error}.") from None
    except UnicodeDecodeError:
        raise ScriptError(f"The script {path} is not UTF-8 text.") from None
    try:
        return parse_script(text)
    except ScriptError as error:
        raise ScriptError(f"The script {path} is not usable: {error}") from None


def parse_script(text: str) -> Script:
    """Read a script from its text; the module's docstring has the forms.

    Raises:
        ScriptError: It is none of these forms, or holds no word.
    """
    document = _json(text.removeprefix("\ufeff"))
    title = ""
    items: Iterable[Any]
    if isinstance(document, Mapping):
        title = document["title"] if isinstance(document.get("title"), str) else ""
        if isinstance(document.get("utterances"), list):
            items = document["utterances"]
        elif isinstance(document.get("words"), list) and _text(document) is None:
            items = document["words"]
        else:
            items = [document]
    elif isinstance(document, list):
        items = document
    else:
        raise ScriptError("it holds neither words nor utterances.")
    words: list[Word] = []
    for item in items:
        if not isinstance(item, Mapping):
            raise ScriptError(f"{_short(item)} is neither a word nor an utterance.")
        if "type" in item and item["type"] != "final":
            continue
        words.extend(_words(item))
    if not words:
        raise ScriptError("it holds no word.")
    return Script(tuple(sorted(words, key=lambda word: (word.start, word.stop))), title)


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        first = error
    values = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            values.append(json.loads(line))
        except (ValueError, RecursionError):
            if values:
                raise ScriptError(f"line {number} is not JSON.") from None
            reason = first.msg if isinstance(first, json.JSONDecodeError) else "it is nested too deeply"
            raise ScriptError(f"it is not JSON ({reason}).") from None
    return values


def _short(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 40 else text[:37] + "..."


def _text(item: Mapping[str, Any]) -> str | None:
    return next((item[key].strip() for key in ("text", "word", "msg") if isinstance(item.get(key), str)), None)


def _number(item: Mapping[str, Any], key: str) -> float | None:
    value = item.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value < 0:
        raise ScriptError(f"{key!r} must be a number of at least 0, not {_short(value)}.")
    return float(value)


def _span(item: Mapping[str, Any]) -> tuple[float, float] | None:
    """Return start and stop in seconds as they stand, or None where there are none."""
    start, stop = _number(item, "start"), _number(item, "stop")
    stop = _number(item, "end") if stop is None else stop
    if start is not None or stop is not None:
        if start is None or stop is None:
            raise ScriptError(f"{_short(item)} has no {'start' if start is None else 'stop'}.")
        return start, stop
    start_ms, duration_ms = _number(item, "start_at"), _number(item, "duration")
    if start_ms is None and duration_ms is None:
        return None
    if start_ms is None or duration_ms is None:
        raise ScriptError(f"{_short(item)} has no {'start_at' if start_ms is None else 'duration'}.")
    return start_ms / 1000, (start_ms + duration_ms) / 1000


def _channel(item: Mapping[str, Any]) -> int | None:
    value = item.get("channel")
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ScriptError(f"'channel' must be a whole number from 1, not {_short(value)}.")
    return value


def _words(item: Mapping[str, Any]) -> list[Word]:
    """Return the words of one utterance, or the one word that ``item`` is."""
    channel, text, span = _channel(item), _text(item), _span(item)
    parts = item.get("words")
    if parts is not None and not isinstance(parts, list):
        raise ScriptError("'words' must be a list.")
    if parts:
        words = [_nested(part, channel, span) for part in parts]
        return [word for word in words if word.text not in ("", "|")]  # "|" marks spacing in older results
    if text is None:
        raise ScriptError(f"{_short(item)} has no text.")
    if not text:
        return []
    if span is None:
        raise ScriptError(f"{_short(text)} has no start and stop.")
    start, stop = _ordered(span, text)
    pieces = text.split()
    edges = np.cumsum([0, *(sum(character.isalnum() for character in piece) or 1 for piece in pieces)], dtype=float)
    edges = start + edges / edges[-1] * (stop - start)
    return [Word(piece, float(edges[i]), float(edges[i + 1]), channel) for i, piece in enumerate(pieces)]


def _nested(part: object, channel: int | None, utterance: tuple[float, float] | None) -> Word:
    if not isinstance(part, Mapping):
        raise ScriptError(f"{_short(part)} is not a word.")
    text, span = _text(part), _span(part)
    if text is None:
        raise ScriptError(f"{_short(part)} has no text.")
    if span is None:
        raise ScriptError(f"{_short(text)} has no start and stop.")
    if "start_at" in part and "start" not in part and utterance is not None:
        # Relative to the utterance by the streaming documentation, absolute in results for files.
        start, stop = utterance
        absolute = span[0] >= start and span[0] > stop - start
        if not absolute:
            span = span[0] + start, span[1] + start
    start, stop = _ordered(span, text)
    own = _channel(part)
    return Word("".join(text.split()), start, stop, channel if own is None else own)


def _ordered(span: tuple[float, float], text: str) -> tuple[float, float]:
    if span[1] <= span[0]:
        raise ScriptError(f"{_short(text)} stops at {span[1]:g} s, not after its start at {span[0]:g} s.")
    return span
