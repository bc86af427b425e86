"""Every option of the program: its type, bounds, default and sentence, in one place.

The settings dialog, the stored file, the command line's bounds and the service's query string are all derived from the
fields below. The help sentences are English; `resources/translations` holds them in Korean.
"""

# ruff: noqa: RUF009  (every default is immutable)
from __future__ import annotations

import json
import re
from collections.abc import Container, Mapping
from dataclasses import Field, asdict, dataclass, field, fields, replace
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

DEFAULT_ENDPOINT = "https://openapi.vito.ai"


class Section(StrEnum):
    """The pages of the settings dialog, in their order."""

    AUDIO = "Audio"
    RECOGNITION = "Recognition"
    CAPTIONS = "Captions"
    PRIVACY = "Privacy"
    NETWORK = "Network"


class Mode(StrEnum):
    """How speech gets to the service."""

    STREAMING = "streaming"
    STREAMING_FINALIZE = "streaming-finalize"
    SILENCE_WAIT = "silence-wait"


class Model(StrEnum):
    """The service's models (https://developers.rtzr.ai/docs/en/stt-streaming)."""

    SOMMERS_KO = "sommers_ko"
    SOMMERS_JA = "sommers_ja"
    WHISPER = "whisper"


class Domain(StrEnum):
    """What kind of sound it is: a telephone, or a distant microphone in a room."""

    CALL = "CALL"
    MEETING = "MEETING"


class Theme(StrEnum):
    """The window's colours."""

    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"


class Language(StrEnum):
    """What the program speaks."""

    SYSTEM = "system"
    KOREAN = "ko"
    ENGLISH = "en"


class Interims(StrEnum):
    """`fast` shows every interim as it comes; `calm` shows only what two interims in a row agree on."""

    FAST = "fast"
    CALM = "calm"


@dataclass(frozen=True, slots=True)
class Option:
    """What the dialog and the checks need to know of a field, kept in the field's metadata under "option".

    Attributes:
        label: short name.
        help: one sentence.
        low, high: inclusive bounds of a number.
        step: by which the dialog counts.
        unit: of the number, as it is written.
        reconnects: a change needs a new connection.
        hidden: nobody sets it: the window remembers it.
    """

    section: Section
    label: str
    help: str
    low: float | None = None
    high: float | None = None
    step: float | None = None
    unit: str = ""
    reconnects: bool = False
    hidden: bool = False


def _option(default: Any, option: Option) -> Any:
    return field(default=default, metadata={"option": option})


class SettingError(ValueError):
    """A value that a setting cannot take; `sentence` and `values` make the one sentence that says so.

    Attributes:
        name: the field.
        sentence: English, with `{placeholders}`, to be translated and then filled from `values`.
    """

    def __init__(self, name: str, sentence: str, **values: object) -> None:
        super().__init__(f"{name}: {sentence.format(**values)}")
        self.name, self.sentence, self.values = name, sentence, values


@dataclass(frozen=True, slots=True)
class Settings:
    """All options. A value that is out of bounds raises `SettingError` when it is set, so none is ever in use."""

    # --- audio
    device: str = _option(
        "", Option(Section.AUDIO, "Input device", "Where the sound comes from; empty is the system's default.")
    )
    auto_start: bool = _option(
        True, Option(Section.AUDIO, "Listen at once", "Starts to listen as soon as the window opens.")
    )
    block_ms: int = _option(
        20,
        Option(
            Section.AUDIO,
            "Block length",
            "Length of sound that the device delivers at once, 10 or 20 ms.",
            low=10,
            high=20,
            step=10,
            unit="ms",
        ),
    )
    # --- recognition
    mode: Mode = _option(
        Mode.STREAMING,
        Option(
            Section.RECOGNITION,
            "Mode",
            "Streaming sends sound all the time and shows text while it is spoken. With faster finals a short pause "
            "ends an utterance; a sentence may be cut there. Silence-wait sends an utterance only when it is over, "
            "which takes less sound and more time.",
        ),
    )
    silence: float = _option(
        0.5,
        Option(
            Section.RECOGNITION,
            "Silence before sending",
            "In silence-wait: silence after which an utterance is over and is sent.",
            low=0.2,
            high=2.0,
            step=0.1,
            unit="s",
        ),
    )
    hangover: float = _option(
        0.25,
        Option(
            Section.RECOGNITION,
            "Pause before a faster final",
            "With faster finals: silence after which the final text is asked for; shorter is faster, but cuts "
            "sentences.",
            low=0.1,
            high=2.0,
            step=0.05,
            unit="s",
        ),
    )
    model: Model = _option(
        Model.SOMMERS_KO,
        Option(Section.RECOGNITION, "Model", "Model of the service that recognises the speech.", reconnects=True),
    )
    language: str = _option(
        "ko",
        Option(
            Section.RECOGNITION,
            "Spoken language",
            "Language code for the whisper model; the other models know their own.",
            reconnects=True,
        ),
    )
    domain: Domain = _option(
        Domain.CALL,
        Option(
            Section.RECOGNITION, "Domain", "CALL for telephones, MEETING for a distant microphone.", reconnects=True
        ),
    )
    itn: bool = _option(
        True,
        Option(
            Section.RECOGNITION,
            "Write numbers as digits",
            "Turns spoken numbers and units into digits.",
            reconnects=True,
        ),
    )
    disfluency_filter: bool = _option(
        False,
        Option(Section.RECOGNITION, "Leave out fillers", "Leaves out hesitations such as 음 and 어.", reconnects=True),
    )
    profanity_filter: bool = _option(
        False, Option(Section.RECOGNITION, "Mask profanity", "Masks swear words in the text.", reconnects=True)
    )
    punctuation: bool = _option(
        False,
        Option(Section.RECOGNITION, "Punctuation", "Adds full stops, commas and question marks.", reconnects=True),
    )
    keywords: tuple[str, ...] = _option(
        (),
        Option(
            Section.RECOGNITION,
            "Keywords",
            "Words to listen for, in Hangul as pronounced, each with an optional weight: 리턴제로:3.5 "
            "(-5 to 5, at most 100 words).",
            reconnects=True,
        ),
    )
    epd: float = _option(
        0.5,
        Option(
            Section.RECOGNITION,
            "End of utterance",
            "Silence after which the service ends an utterance; shorter is faster, but cuts sentences.",
            low=0.2,
            high=5.0,
            step=0.1,
            unit="s",
            reconnects=True,
        ),
    )
    max_utterance: int = _option(
        12,
        Option(
            Section.RECOGNITION,
            "Longest utterance",
            "An utterance without a pause is split after this time.",
            low=2,
            high=60,
            step=1,
            unit="s",
            reconnects=True,
        ),
    )
    chunk_ms: int = _option(
        20,
        Option(
            Section.RECOGNITION,
            "Chunk length",
            "Length of sound in one message to the service; longer chunks add half of their length to every delay.",
            low=20,
            high=100,
            step=20,
            unit="ms",
        ),
    )
    hold: int = _option(
        90,
        Option(
            Section.RECOGNITION,
            "Sound kept for outages",
            "Seconds of sound that are kept while there is no connection; older sound is lost and marked.",
            low=30,
            high=300,
            step=10,
            unit="s",
        ),
    )
    # --- captions
    font_size: int = _option(
        16, Option(Section.CAPTIONS, "Font size", "Size of the captions.", low=10, high=100, step=1, unit="pt")
    )
    theme: Theme = _option(Theme.SYSTEM, Option(Section.CAPTIONS, "Theme", "Light, dark, or as the system has it."))
    ui_language: Language = _option(
        Language.SYSTEM, Option(Section.CAPTIONS, "Language", "Language of the program; it changes at once.")
    )
    interims: Interims = _option(
        Interims.FAST,
        Option(
            Section.CAPTIONS,
            "Interim text",
            "Fast shows every guess at once; calm shows only what two guesses in a row agree on.",
        ),
    )
    # --- privacy
    record: bool = _option(
        False,
        Option(
            Section.PRIVACY,
            "Record for finding faults",
            "From the next start on, writes down everything that is heard, for captioner replay. The recordings hold "
            "the speech itself; they stay on this computer, encrypted, and only the newest five are kept.",
        ),
    )
    keep_days: int = _option(
        30,
        Option(
            Section.PRIVACY,
            "Days of keeping",
            "What is older than this is removed when the window opens: recordings, and the captions that a crash left "
            "behind, those after seven days at the latest.",
            low=1,
            high=30,
            step=1,
        ),
    )
    mask_numbers: bool = _option(
        False,
        Option(
            Section.PRIVACY,
            "Hide long numbers",
            "Shows and saves ● in place of the digits of numbers that have ten or more, as those of cards, accounts, "
            "residents and telephones do. A number that is said in parts, with other words between them, is not found.",
        ),
    )
    # --- network
    endpoint: str = _option(
        DEFAULT_ENDPOINT,
        Option(
            Section.NETWORK,
            "Endpoint",
            "Address of the service; plain http only for this computer.",
            reconnects=True,
        ),
    )
    proxy: str = _option(
        "", Option(Section.NETWORK, "Proxy", "Address of a proxy; empty is the system's own setting.", reconnects=True)
    )
    ca_file: str = _option(
        "",
        Option(
            Section.NETWORK,
            "Own certificate authority",
            "A PEM file that is trusted beside the system's authorities.",
            reconnects=True,
        ),
    )
    update_url: str = _option(
        "",
        Option(
            Section.NETWORK,
            "Address for new versions",
            "Where to ask once a day whether there is a new version; empty is never. The request says nothing about "
            "this computer or its version, and nothing is installed: a new version is only told.",
        ),
    )
    # --- what the window remembers
    overlay: bool = _option(False, Option(Section.CAPTIONS, "Latency overlay", "", hidden=True))
    overlay_place: tuple[int, int] | None = _option(None, Option(Section.CAPTIONS, "", "", hidden=True))
    recovery_refused: bool = _option(False, Option(Section.PRIVACY, "", "", hidden=True))
    window_geometry: str = _option("", Option(Section.CAPTIONS, "", "", hidden=True))

    def __post_init__(self) -> None:
        for each in fields(self):
            check(each, getattr(self, each.name))
        if self.chunk_ms % 20:
            raise SettingError("chunk_ms", "{value} ms is not 20, 40, 60, 80 or 100 ms.", value=self.chunk_ms)
        if self.block_ms not in (10, 20):
            raise SettingError("block_ms", "{value} ms is neither 10 nor 20 ms.", value=self.block_ms)
        if self.keywords and not (
            self.model is Model.SOMMERS_KO or (self.model is Model.WHISPER and self.language == "ko")
        ):
            raise SettingError("keywords", "Keywords work with Korean only: the model sommers_ko, or whisper with ko.")

    @property
    def base_url(self) -> str:
        """The endpoint without a trailing slash; below it are `/v1/authenticate` and `/v1/transcribe:streaming`."""
        return self.endpoint.rstrip("/")

    def to_json(self, without: Container[str] = ()) -> str:
        """The settings as stored: only what differs from the defaults, so that a better default reaches everybody.

        Args:
            without: names of those that are not the person's own.
        """
        default = _plain(Settings())
        mine = {k: v for k, v in _plain(self).items() if v != default[k] and k not in without}
        return json.dumps(mine, ensure_ascii=False, indent=2, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> tuple[Settings, tuple[SettingError, ...]]:
        """Read stored settings. What cannot be used is left at its default and named in the second part.

        Raises:
            ValueError: the text is no JSON object at all.
        """
        stored = json.loads(text)
        if not isinstance(stored, Mapping):
            raise ValueError("not a JSON object")
        settings, wrong = cls(), list[SettingError]()
        for each in fields(cls):
            if each.name in stored:
                try:
                    settings = replace(settings, **{each.name: revive(each, stored[each.name])})
                except SettingError as error:
                    wrong.append(error)
        return settings, tuple(wrong)


def option_of(each: Field[Any]) -> Option:
    """What is known of a field of `Settings`."""
    option = each.metadata["option"]
    assert isinstance(option, Option)
    return option


def needs_connection(before: Settings, after: Settings) -> bool:
    """Whether a change takes a new connection to the service."""
    return any(
        option_of(each).reconnects and getattr(before, each.name) != getattr(after, each.name)
        for each in fields(Settings)
    )


def _plain(settings: Settings) -> dict[str, Any]:
    plain: dict[str, Any] = json.loads(json.dumps(asdict(settings)))
    return plain


def revive(each: Field[Any], value: Any) -> Any:
    """Turn a JSON value back into the field's type; raise SettingError where it is another type."""
    default = each.default
    try:
        if isinstance(default, StrEnum):
            return type(default)(value)
        if isinstance(default, bool):
            if isinstance(value, bool):
                return value
        elif isinstance(default, int):
            if isinstance(value, int) and not isinstance(value, bool):
                return value
        elif isinstance(default, float):
            if isinstance(value, int | float) and not isinstance(value, bool):
                return float(value)
        elif isinstance(default, str):
            if isinstance(value, str):
                value.encode()  # half of a surrogate pair could never be stored again
                return value
        elif each.name == "keywords":
            if isinstance(value, list) and all(isinstance(word, str) for word in value):
                return tuple(value)
        elif value is None or (isinstance(value, list) and [type(v) for v in value] == [int, int]):
            return None if value is None else tuple(value)
    except (ValueError, OverflowError):
        pass
    raise SettingError(
        each.name, "{value} is not a value that it can take.", value=json.dumps(value, ensure_ascii=False)[:40]
    )


_KEYWORD = re.compile(r"(?P<word>[가-힣][가-힣 ]*)(:(?P<score>-?\d+(\.\d+)?))?")


def check(each: Field[Any], value: Any) -> None:
    """Raise SettingError where `value` is out of the field's own bounds. The dialog calls it while somebody types."""
    option = option_of(each)
    if option.low is not None and option.high is not None and not option.low <= value <= option.high:
        raise SettingError(
            each.name,
            "{value} is not between {low} and {high}{unit}.",
            value=value,
            low=f"{option.low:g}",
            high=f"{option.high:g}",
            unit=f" {option.unit}" if option.unit else "",
        )
    if each.name == "keywords":
        _check_keywords(value)
    elif each.name in ("endpoint", "proxy", "update_url"):
        check_address(each.name, value)
    elif each.name == "language" and not re.fullmatch(r"[a-z]{2,3}(-[A-Za-z]{2,4})?", value):
        raise SettingError(each.name, "{value} is not a language code such as ko or en.", value=value)


def _check_keywords(words: tuple[str, ...]) -> None:
    """The service's own rules: https://developers.rtzr.ai/docs/en/stt-streaming (keywords)."""
    if len(words) > 100:
        raise SettingError("keywords", "{count} keywords are too many: at most 100 are allowed.", count=len(words))
    for word in words:
        match = _KEYWORD.fullmatch(word)
        if not match:
            raise SettingError(
                "keywords", "The keyword {word} is not Hangul with an optional weight, such as 리턴제로:3.5.", word=word
            )
        if len(match["word"]) > 20:
            raise SettingError("keywords", "The keyword {word} is longer than 20 characters.", word=word)
        if match["score"] and not -5.0 <= float(match["score"]) <= 5.0:
            raise SettingError("keywords", "The weight of {word} is not between -5 and 5.", word=word)


def check_address(name: str, value: str) -> None:
    """Raise SettingError where a value is no address for the setting (or the part of a policy) of that name."""
    if name in ("proxy", "update_url") and not value:
        return
    if "@" in value:  # first of all: the other sentences repeat the value
        raise SettingError(name, "An address must not hold a user name or a password.")
    try:
        parts = urlsplit(value)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host, parts = None, urlsplit("")
    strange = not value.isprintable() or " " in value  # urlsplit drops or keeps them in silence
    schemes = ("http",) if name == "proxy" else ("http", "https")  # what goes through a proxy is encrypted itself
    if strange or not host or parts.scheme not in schemes or parts.query or parts.fragment:
        example = _EXAMPLES.get(name, DEFAULT_ENDPOINT)
        raise SettingError(name, "{value} is not an address such as {example}.", value=value, example=example)
    if name != "proxy" and parts.scheme == "http" and not is_loopback(host):
        raise SettingError(
            name, "{value} is not encrypted: plain http is for this computer only; use https.", value=value
        )


_EXAMPLES = {
    "proxy": "http://proxy.example.com:3128",
    "token_url": "https://tokens.example.com/token",
    "update_url": "https://www.example.com/captioner/latest.json",
}


_LOOPBACK = re.compile(r"localhost|127(\.\d{1,3}){3}|::1")


def is_loopback(host: str) -> bool:
    """Whether a host's name or address is this computer: localhost, 127/8 or ::1."""
    return _LOOPBACK.fullmatch(host.lower()) is not None
