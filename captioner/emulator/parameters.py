"""A stream's query, read as the service reads it: what it understands, and what it refuses."""

from __future__ import annotations

import re
from collections.abc import Mapping

from captioner.emulator.profiles import Profile
from captioner.emulator.recognition import StreamConfig
from captioner.emulator.sound import BYTES_PER_SAMPLE

_ENCODINGS = ("LINEAR16", "FLAC", "MULAW", "ALAW", "AMR", "AMR_WB", "OGG_OPUS", "OPUS")
_MODELS = ("sommers_ko", "sommers_ja", "whisper")
_PARAMETERS = frozenset(
    {
        "sample_rate",
        "encoding",
        "model_name",
        "domain",
        "language",
        "use_itn",
        "use_disfluency_filter",
        "use_profanity_filter",
        "use_punctuation",
        "keywords",
        "epd_time",
        "max_utter_duration",
        "noise_threshold",
        "active_threshold",
    }
)


def read_parameters(parameters: Mapping[str, str], profile: Profile) -> StreamConfig | str:
    """Check a stream's query; return what is wrong as a sentence.

    The parameters are those of https://developers.rtzr.ai/docs/en/stt-streaming, with the end-pointing of the gRPC
    interface (https://github.com/vito-ai/openapi-grpc) and the thresholds that RTZR's own plugin sends.
    """
    rate = _whole(parameters.get("sample_rate"))
    if rate is None or not 8000 <= rate <= 48000:
        return "sample_rate: a whole number from 8000 to 48000 is required"
    encoding = parameters.get("encoding")
    if encoding not in _ENCODINGS:
        return f"encoding: one of {', '.join(_ENCODINGS)} is required"
    if encoding not in BYTES_PER_SAMPLE:
        return f"encoding: this emulator does not decode {encoding}"
    model = parameters.get("model_name", "sommers_ko")
    if model not in _MODELS:
        return f"model_name: must be one of {', '.join(_MODELS)}"
    if parameters.get("domain", "CALL") not in ("CALL", "MEETING"):
        return "domain: must be CALL or MEETING"
    if not re.fullmatch("[a-z]{2}(-[A-Za-z]{2,4})?|detect|multi", parameters.get("language", "ko")):
        return "language: must be a language code"
    for name in ("use_itn", "use_disfluency_filter", "use_profanity_filter", "use_punctuation"):
        if parameters.get(name, "true") not in ("true", "false"):
            return f"{name}: must be true or false"
    wrong = _wrong_keywords(parameters.get("keywords"), model, parameters.get("language", "ko"))
    if wrong is not None:
        return f"keywords: {wrong}"
    epd_time = _number(parameters.get("epd_time", str(profile.epd_time)))
    if epd_time is None or not 0 < epd_time <= 60:
        return "epd_time: must be a number of seconds above 0"
    longest = _whole(parameters.get("max_utter_duration", str(profile.max_utter_duration)))
    if longest is None or not 1 <= longest <= 3600:
        return "max_utter_duration: must be a whole number of seconds from 1"
    for name in ("noise_threshold", "active_threshold"):
        threshold = _number(parameters.get(name, "0.5"))
        if threshold is None or not 0 <= threshold <= 1:
            return f"{name}: must be a number from 0 to 1"
    if profile.unknown_parameters == "refuse":
        unknown = sorted(set(parameters) - _PARAMETERS)
        if unknown:
            return f"{unknown[0]}: unknown parameter"
    return StreamConfig(rate, encoding, epd_time, longest)


def _whole(text: str | None) -> int | None:
    return int(text) if text is not None and re.fullmatch("[0-9]{1,9}", text) else None


def _number(text: str) -> float | None:
    return float(text) if re.fullmatch(r"[0-9]{1,9}(\.[0-9]*)?|\.[0-9]+", text) else None


def _wrong_keywords(text: str | None, model: str, language: str) -> str | None:
    """Return what is wrong with ``word[:score],...``, or None."""
    if text is None:
        return None
    if model != "sommers_ko" and not (model == "whisper" and language == "ko"):
        return f"not available with {model}"
    entries = text.split(",")
    if len(entries) > 100:
        return "more than 100 words"
    for entry in entries:
        word, colon, score = entry.partition(":")
        if not re.fullmatch("[가-힣 ]{1,20}", word) or not word.strip():
            return "words must be 1 to 20 Hangul syllables and spaces"
        value = _number(score.removeprefix("-")) if colon else 0.0
        if value is None or value > 5:
            return "scores must be numbers from -5 to 5"
    return None
