"""Profiles: how the emulated service behaves, with a knob for everything that its public documents leave open.

What is known comes from https://developers.rtzr.ai/docs/en/stt-streaming, .../authentications and .../rate_limit, from
https://github.com/vito-ai/openapi-grpc, and from what public clients of the service report.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

Range = tuple[float, float]
"""Bounds in seconds, drawn from evenly for each use."""


@dataclass(frozen=True, slots=True)
class Profile:
    """Every knob of the emulated service. Times are seconds.

    Attributes:
        token_delay: From a token request to its reply.
        token_lifetime: How long a token opens streams.
        token_requests_per_minute: More are answered with 429; None sets no limit.
        old_tokens_stay_valid: Whether a token outlives the issue of the next one.
        connect_delay: From a handshake request to its reply.
        channel_limit: Streams at a time; one more is refused with 429.
        channel_code: ``code`` in the body of that refusal, A0002 or A0001.
        channel_linger: How long a closed stream still counts.
        unknown_parameters: What an undocumented query parameter does.
        interim_every: Received audio between two interim results.
        interim_delay: From received audio to its interim result.
        revision_share: Share of words of which an early interim result has a syllable wrong.
        settle_delay: From the last interim result, which has the final's text, to the final.
        speech_final_delay: From the arrival of an utterance's last sample of speech to its final, which never comes
            before end-pointing has seen its silence.
        endpoint_final_delay: From the arrival of the sample that completes that silence to the final; the later counts.
        finalize_final_delay: From ``Finalize`` to the final of the open utterance.
        eos_final_delay: From ``EOS`` to the final of the open utterance.
        close_delay: From the last final to the close after ``EOS``.
        close_code: Of that close.
        first_seq: ``seq`` of a connection's first utterance.
        epd_time: Silence that ends an utterance where the query does not say.
        max_utter_duration: Length at which an utterance is split where the query does not say.
        word_times_relative: Whether words' times count from their utterance; else from the connection's first sample.
        finalize_supported: Whether ``Finalize`` is understood.
        finalize_answers_empty: Whether ``Finalize`` with no utterance open gets a final with an empty text.
        idle_limit: A stream without audio for so long is closed.
        idle_code: Of that close.
        pings_count_as_audio: Whether a ping puts that close off.
        session_limit: A stream of that age is closed; None sets no limit.
        session_code: Of that close.
        expiry_closes_streams: Whether a stream is closed when its token expires.
        expiry_code: Of that close.
        min_first_payload_ms: A first binary message that holds less audio is answered with an error; 0 accepts any.
        max_message_bytes: A longer message closes the connection with 1009.
        deflate: Whether permessage-deflate is negotiated.
        error_shape: Shape of an error inside the stream: ``{"type": "error", "message": ...}`` or ``{"error": ...}``.
        error_code: Of the close that follows such an error.
    """

    token_delay: Range = (0.120, 0.120)
    token_lifetime: float = 21_600.0
    token_requests_per_minute: int | None = None
    old_tokens_stay_valid: bool = True
    connect_delay: Range = (0.080, 0.080)
    channel_limit: int = 5
    channel_code: Literal["A0001", "A0002"] = "A0002"
    channel_linger: float = 0.0
    unknown_parameters: Literal["ignore", "refuse"] = "ignore"
    interim_every: Range = (0.4, 1.0)
    interim_delay: Range = (0.2, 0.2)
    revision_share: float = 0.12
    settle_delay: Range = (0.003, 0.011)
    speech_final_delay: Range = (1.950, 1.950)
    endpoint_final_delay: Range = (0.0, 0.0)
    finalize_final_delay: Range = (1.950, 1.950)
    eos_final_delay: Range = (1.950, 1.950)
    close_delay: Range = (0.0, 0.0)
    close_code: int = 1000
    first_seq: Literal[0, 1] = 0
    epd_time: float = 0.5
    max_utter_duration: int = 12
    word_times_relative: bool = True
    finalize_supported: bool = True
    finalize_answers_empty: bool = False
    idle_limit: float = 60.0
    idle_code: int = 1000
    pings_count_as_audio: bool = False
    session_limit: float | None = None
    session_code: int = 1000
    expiry_closes_streams: bool = False
    expiry_code: int = 1008
    min_first_payload_ms: int = 0
    max_message_bytes: int = 1 << 20
    deflate: bool = False
    error_shape: Literal["type", "error"] = "type"
    error_code: int = 1011


PROFILES: Mapping[str, Profile] = MappingProxyType(
    {
        "design": Profile(),
        "measured": Profile(
            token_delay=(0.095, 0.123),
            connect_delay=(0.075, 0.099),
            interim_delay=(0.1, 0.3),
            speech_final_delay=(0.0, 0.0),
            endpoint_final_delay=(0.150, 0.350),
            finalize_final_delay=(0.130, 0.370),
            eos_final_delay=(0.130, 0.370),
            close_delay=(0.0, 0.3),
        ),
    }
)
"""``design``: the round figures that a client is designed for. ``measured``: what logs of the real service show."""

SPREAD = "spread"
"""Name of `UNOFFERED`'s profile."""

UNOFFERED: Mapping[str, Profile] = MappingProxyType(
    {
        SPREAD: Profile(
            token_delay=(0.040, 0.300),
            connect_delay=(0.030, 0.250),
            interim_delay=(0.05, 0.5),
            speech_final_delay=(0.6, 2.0),
            endpoint_final_delay=(0.0, 0.2),
            finalize_final_delay=(0.1, 1.5),
            eos_final_delay=(0.1, 1.5),
            close_delay=(0.0, 0.2),
        )
    }
)
"""Nobody's service, so nobody is told of it: delays that differ widely from one use to the next, for a benchmark that
checks what a client says of them."""
