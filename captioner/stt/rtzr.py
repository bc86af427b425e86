"""RTZR on the wire: settings into a query, messages into hypotheses, answers into faults.

    connecting   GET {base}/v1/transcribe:streaming?{query}   The query is the whole configuration.
    sending      binary messages: signed 16-bit little-endian samples, 8 kHz, mono, no header
                 FINALIZE         ends the utterance; the connection stays, and nothing acknowledges it
                 EOS              ends the session: the service sends what finals are left, then its Close
    receiving    text messages: {"seq", "start_at", "duration", "final", "alternatives": [{"text", "words"}]}

The service counts milliseconds of the audio that it got on this connection; here they become samples of the same audio
(`Session` turns them into positions of the lane). Nothing in this module raises because of what the service sent, and
nothing that it returns beside a `Hypothesis` holds what was spoken.

Sources: https://developers.rtzr.ai/docs/en/stt-streaming (parameters), https://developers.rtzr.ai/docs/stt-streaming/websocket
(messages), https://developers.rtzr.ai/docs/en/authentications (token, error bodies).
"""

from __future__ import annotations

import json
import math
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal
from urllib.parse import urlencode

from captioner.errors import Fault, FaultKind
from captioner.events import RATE, Hypothesis, Word
from captioner.settings import Model, Settings

EOS: Final = "EOS"
"""Ends the session: the service flushes its finals and closes. There is no way back."""

FINALIZE: Final = '{"type":"Finalize"}'
"""Ends the utterance and keeps the connection. Where no utterance is open, nothing at all comes back."""

UNNUMBERED: Final = -(2**60)
"""The `seq` of a hypothesis whose message has none. What is 0 may be left out by whoever writes JSON, as Go's
`omitempty` and protobuf do (https://protobuf.dev/programming-guides/json/)."""

PATH_TOKEN: Final = "/v1/authenticate"
PATH_STREAM: Final = "/v1/transcribe:streaming"

_MAX_MS = 10 * 24 * 3600 * 1000  # a position beyond ten days of audio is no position
_MAX_SEQ = 2**53
_MAX_WORDS = 10_000
_LAST_SECOND = 1e11  # no Unix time in seconds is as late (the year 5138), and any in milliseconds is later (1973)
_BEARER = re.compile(r"[\x21-\x7e]{1,8192}")  # what may stand in a header
_SPILL_MS = 100  # by which a last word may pass the end of its utterance without being suspected
_STRAY_MS = 1000  # by which words may leave their utterance before their times are not believed
_DETAIL = 200  # characters


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A message that means nothing to us: to be counted and dropped.

    Attributes:
        reason: which part of it could not be read; never any of its text.
    """

    reason: str


@dataclass(frozen=True, slots=True)
class Token:
    """What the service grants for an account.

    Attributes:
        bearer: the secret itself, printable ASCII; left out of the repr.
        expire_at: Unix seconds by the service's clock; 0 where it did not say.
    """

    bearer: str = field(repr=False)
    expire_at: float


# ---------------------------------------------------------------- to the service


def query(settings: Settings) -> str:
    """Return the configuration of a connection as an encoded query, without the question mark.

    Every documented parameter is sent, its default included, so that a changed default of the service changes nothing
    here. `epd_time` and `max_utter_duration` are not in the table of the WebSocket's parameters, but in the interface
    description of the same recogniser
    (https://github.com/vito-ai/openapi-grpc/blob/main/protos/vito-stt-client.proto), and clients send them.
    """
    parameters = {
        "sample_rate": str(RATE),
        "encoding": "LINEAR16",
        "model_name": settings.model.value,
        "domain": settings.domain.value,
        "use_itn": _boolean(settings.itn),
        "use_disfluency_filter": _boolean(settings.disfluency_filter),
        "use_profanity_filter": _boolean(settings.profanity_filter),
        "use_punctuation": _boolean(settings.punctuation),
        "epd_time": f"{settings.epd:g}",
        "max_utter_duration": str(settings.max_utterance),
    }
    if settings.model is Model.WHISPER:
        parameters["language"] = settings.language
    if settings.keywords:
        parameters["keywords"] = ",".join(unicodedata.normalize("NFC", word) for word in settings.keywords)
    return urlencode(parameters)


def _boolean(value: bool) -> str:
    return "true" if value else "false"


# ---------------------------------------------------------------- messages of the stream


def decode(message: str) -> Hypothesis | Fault | Unreadable:
    """Read one text message of the service.

    Unknown keys are passed over, what is missing is taken as 0 or empty, and a number or truth value may be written as
    a string: a text that can be read is never thrown away because of its wrapping. A message that holds neither
    alternatives nor `final` is no hypothesis without its `seq` and `start_at`.

    Returns:
        A hypothesis (its positions: samples from the first one sent on this connection), a fault where the message is
        explicitly an error, or else why it could not be read.
    """
    try:
        parsed = json.loads(message)
    except (ValueError, RecursionError):  # RecursionError: nested too deeply; ValueError: also a number of 5,000 digits
        return Unreadable("not JSON")
    if not isinstance(parsed, dict):
        return Unreadable("not an object")
    if parsed.get("error") or parsed.get("type") == "error":
        return Fault(FaultKind.SERVICE_ERROR, _error_detail(parsed))
    try:
        return _hypothesis(parsed)
    except _Odd as odd:
        return Unreadable(str(odd))


class _Odd(ValueError):
    """Part of a message is not what it should be; its text says which part."""


def _hypothesis(parsed: Mapping[str, object]) -> Hypothesis:
    may_be_missing = "alternatives" in parsed or "final" in parsed
    seq = _number(parsed, "seq", missing=UNNUMBERED if may_be_missing else None)
    if seq != UNNUMBERED and not (seq.is_integer() and abs(seq) <= _MAX_SEQ):
        raise _Odd("seq")
    start_ms = _milliseconds(parsed, "start_at", missing=0.0 if may_be_missing else None)
    duration_ms = _milliseconds(parsed, "duration", missing=0.0)
    final = _truth(parsed, "final")
    text, words = "", tuple[Word, ...]()
    match parsed.get("alternatives"):
        case None | []:
            pass
        case [{} as best, *_]:
            text = _text(best.get("text"))
            if final:
                words = _words(best.get("words"), start_ms, duration_ms)
        case _:
            raise _Odd("alternatives")
    start, stop = _samples(start_ms), _samples(start_ms + duration_ms)
    if words:
        start, stop = min(word.start for word in words), max(word.stop for word in words)
    return Hypothesis(int(seq), start, stop, text, final, words, placed=parsed.get("start_at") is not None)


def _words(given: object, start_ms: float, duration_ms: float) -> tuple[Word, ...]:
    """Return the words of a final, or none at all where any of them is odd.

    Half a list would be a wrong text, and a time far from the utterance would mark sound as recognised that was not.

    Their times are relative to the utterance by the documentation of the messages; the interface description says that
    they are absolute. So they count as absolute where they fit no other way: none begins before the utterance's own
    start, and the last one ends beyond its duration.
    """
    if not isinstance(given, list) or len(given) > _MAX_WORDS:
        return ()
    pieces = list[tuple[str, float, float]]()
    for each in given:
        if not isinstance(each, dict):
            return ()
        try:
            begin = _milliseconds(each, "start_at", missing=None if pieces else 0.0)  # a first one starts at 0
            length = _milliseconds(each, "duration", missing=0.0)
            pieces.append((_text(each.get("text")), begin, begin + length))
        except _Odd:
            return ()
    pieces = _join_at_bars(pieces)
    if all(begin == end for _, begin, end in pieces):  # none at all, or none that has a length: they tell no end
        return ()
    first, last = min(begin for _, begin, _ in pieces), max(end for _, _, end in pieces)
    offset = 0.0 if first >= start_ms and last > duration_ms + _SPILL_MS else start_ms
    if (
        duration_ms
        and not start_ms - _STRAY_MS <= offset + first <= offset + last <= start_ms + duration_ms + _STRAY_MS
    ):
        return ()
    return tuple(Word(text, _samples(offset + begin), _samples(offset + end)) for text, begin, end in pieces)


def _join_at_bars(pieces: list[tuple[str, float, float]]) -> list[tuple[str, float, float]]:
    """Undo the notation of older models, where a `|` marks each space and the pieces between belong together."""
    if not any("|" in text for text, _, _ in pieces):
        return [piece for piece in pieces if piece[0]]
    joined, open_ = list[tuple[str, float, float]](), False
    for text, begin, end in pieces:
        if text.startswith("|"):
            open_ = False
        bare = text.replace("|", "").strip()
        if bare and open_:
            before, earlier, later = joined[-1]
            joined[-1] = (before + bare, min(earlier, begin), max(later, end))
        elif bare:
            joined.append((bare, begin, end))
        if text.endswith("|"):
            open_ = False
        elif bare:
            open_ = True
    return joined


def _text(given: object) -> str:
    """Clean a text for a line of its own: NFC, no lone surrogates (UTF-8 has none), no control characters."""
    if given is None:
        return ""
    if not isinstance(given, str):
        raise _Odd("text")
    return " ".join(_CONTROL.sub(" ", unicodedata.normalize("NFC", _SURROGATE.sub("\ufffd", given))).split())


_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")


_TRUTHS: Final[Mapping[object, bool]] = {None: False, 0: False, 1: True, "false": False, "true": True}
"""0 and 1 stand for `False` and `True` as well, which are equal to them."""

_DIGITS = re.compile(r"-?[0-9]{1,20}(\.[0-9]{1,20})?")


def _truth(parsed: Mapping[str, object], key: str) -> bool:
    value = parsed.get(key)
    value = value.lower() if isinstance(value, str) else value
    if not isinstance(value, str | int | float | None) or value not in _TRUTHS:
        raise _Odd(key)
    return _TRUTHS[value]


def _number(parsed: Mapping[str, object], key: str, missing: float | None = None) -> float:
    value = parsed.get(key, missing)
    if value is None and missing is not None:
        return missing
    if isinstance(value, str) and _DIGITS.fullmatch(value):
        return float(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _Odd(key)
    try:
        number = float(value)
    except OverflowError:
        raise _Odd(key) from None
    if not math.isfinite(number):
        raise _Odd(key)
    return number


def _milliseconds(parsed: Mapping[str, object], key: str, missing: float | None = None) -> float:
    """Read a time; what lies before the start counts as the start."""
    value = _number(parsed, key, missing)
    if value > _MAX_MS:
        raise _Odd(key)
    return max(value, 0.0)


def _samples(ms: float) -> int:
    return round(ms * (RATE // 1000))


# ---------------------------------------------------------------- answers over HTTP, and closes


def fault_of_response(status: int, body: bytes, *, at: Literal["token", "handshake"]) -> Fault:
    """Say what an HTTP answer means that is neither a token (`at="token"`) nor an open connection (`at="handshake"`).

    The kind follows the status; of the body (`{"code", "msg"}`) only A0001, the used-up quota, is told apart.
    """
    code, detail = _error_body(body)
    detail = detail or f"HTTP {status}"
    if status == 400:
        return Fault(FaultKind.BAD_REQUEST, detail)
    if status == 401 and at == "handshake":
        return Fault(FaultKind.TOKEN_EXPIRED, detail)
    if status in (401, 403):
        return Fault(FaultKind.CREDENTIALS_REFUSED, detail)
    if status == 402 or (status == 429 and code == "A0001"):
        return Fault(FaultKind.QUOTA, detail)
    if status == 429:
        return Fault(FaultKind.BUSY, detail)
    if status == 407:
        return Fault(FaultKind.PROXY, "HTTP 407")
    if 500 <= status <= 599:
        return Fault(FaultKind.SERVICE_DOWN, detail)
    return Fault(FaultKind.NOT_THE_SERVICE, f"HTTP {status}")


def fault_of_close(code: int | None, reason: str) -> Fault:
    """Say what the end of a connection means that we did not ask for.

    Args:
        code: of the service's Close; None where the connection broke without one.
        reason: what the service or the system said of it; it becomes the detail.
    """
    detail = one_line(f"{code} {reason}" if code is not None else reason)
    if code in (1012, 1013):  # restarting, overloaded: https://www.iana.org/assignments/websocket
        return Fault(FaultKind.SERVICE_DOWN, detail)
    return Fault(FaultKind.BROKEN, detail)


def parse_token(body: bytes) -> Token | Fault:
    """Read the body of a 200 answer to the token request; anything but a token is not the service's.

    A time of expiry that cannot be read is 0, as if it were unknown; one in milliseconds is told by its size.
    """
    parsed = _object(body)
    bearer = parsed.get("access_token")
    if not isinstance(bearer, str) or not _BEARER.fullmatch(bearer):
        return Fault(FaultKind.NOT_THE_SERVICE, "an answer without a token")
    try:
        expire_at = _number(parsed, "expire_at", missing=0.0)
    except _Odd:
        expire_at = 0.0
    return Token(bearer, expire_at / 1000 if expire_at > _LAST_SECOND else expire_at)


def _object(body: bytes) -> dict[str, object]:
    try:
        parsed = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return parsed if isinstance(parsed, dict) else {}


def _error_body(body: bytes) -> tuple[str, str]:
    """Return the service's code ("" where there is none) and the detail made of its code and message."""
    parsed = _object(body)
    code = parsed.get("code")
    return (code if isinstance(code, str) else ""), _code_and_message(parsed)


def _error_detail(parsed: Mapping[str, object]) -> str:
    error = parsed.get("error")
    if isinstance(error, dict):
        return _code_and_message(error) or _code_and_message(parsed)
    detail = _code_and_message(parsed)
    return one_line(f"{error} {detail}") if isinstance(error, str) else detail


def _code_and_message(parsed: Mapping[str, object]) -> str:
    message = parsed.get("msg") or parsed.get("message") or parsed.get("detail")
    parts = [part for part in (parsed.get("code"), message) if isinstance(part, str | int)]
    return one_line(" ".join(str(part)[: 4 * _DETAIL] for part in parts))


_SECRET = re.compile(
    r"(?i:bearer)\s+\S+"  # Authorization: Bearer …
    r"|eyJ[\w-]+(\.[\w-]*)*"  # a JSON Web Token
    r"|(?i:(?:access_token|client_id|client_secret|authorization)[\"']?\s*[:=]\s*)\S+"
)


def one_line(text: str) -> str:
    """Make a foreign text fit for a detail: one printable line of at most 200 characters, without tokens."""
    text = _SECRET.sub("[…]", _text(text[: 20 * _DETAIL]))
    text = "".join(character if character.isprintable() else " " for character in text)
    text = " ".join(text.split())
    return text if len(text) <= _DETAIL else text[: _DETAIL - 1] + "…"
