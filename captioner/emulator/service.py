"""The emulated service without its sockets: tokens, handshakes, streams and faults, with time as an argument.

`now` is seconds of any clock that never goes back; `wall` is Unix seconds, for ``expire_at`` alone. Whoever runs a
`Service` calls `Service.due` and `Session.due` when their deadlines have come, and does what the actions say. A
deadline may come nearer with every call of anything.
"""

from __future__ import annotations

import base64
import json
import math
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from http import HTTPStatus
from random import Random
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from captioner.emulator.faults import Fault, FaultSchedule
from captioner.emulator.listening import Recording
from captioner.emulator.parameters import read_parameters
from captioner.emulator.profiles import Profile
from captioner.emulator.recognition import Given, Recognition
from captioner.emulator.sound import BYTES_PER_SAMPLE

TOKEN_PATH = "/v1/authenticate"
STREAM_PATH = "/v1/transcribe:streaming"

_CODES = {400: "H0001", 401: "H0002", 403: "H0003", 404: "H0004"}


@dataclass(frozen=True, slots=True)
class Reply:
    """An HTTP reply.

    Attributes:
        status: HTTP status.
        body: A JSON object.
        delay: Seconds to wait before it is sent.
    """

    status: int
    body: Mapping[str, Any] = field(repr=False)
    delay: float = 0.0


@dataclass(frozen=True, slots=True)
class Send:
    """Send this text message."""

    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Close:
    """Close the WebSocket with this code and reason."""

    code: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Drop:
    """End the TCP connection without a close frame: by a reset, or in good order."""

    reset: bool


Action = Send | Close | Drop


@dataclass(slots=True)
class ConnectionRecord:
    """What happened on one accepted connection.

    Attributes:
        parameters: The query, as it was sent.
        opened: When the handshake was answered.
        first_message_bytes: Size of the first binary message; None while there was none.
        message_sizes: How many binary messages there were of each size in bytes.
        audio_bytes: Bytes of audio received, what came after ``EOS`` included.
        commands: Text messages received, in order.
        pings: How many pings were received.
        close_code: Of the Close that the service sent, or that the peer sent first; None for an end without.
        closed_by_peer: Whether the peer ended the connection.
        finals: How many finals were sent.
        said: The texts of the finals that recognition gave.
        given: Those finals with their times, before any fault.
        lead: See `Recognition`; None without any audio.
    """

    parameters: dict[str, str]
    opened: float
    first_message_bytes: int | None = None
    message_sizes: Counter[int] = field(default_factory=Counter)
    audio_bytes: int = 0
    commands: list[str] = field(default_factory=list)
    pings: int = 0
    close_code: int | None = None
    closed_by_peer: bool = False
    finals: int = 0
    said: list[str] = field(default_factory=list, repr=False)
    given: list[Given] = field(default_factory=list)
    lead: float | None = None


@dataclass(slots=True)
class ServiceLog:
    """What happened to the service.

    Attributes:
        tokens_issued: Token requests that were granted.
        tokens_refused: Statuses of those that were not, in order.
        handshakes_refused: Statuses of refused handshakes, in order.
        connections: The accepted connections, in order.
    """

    tokens_issued: int = 0
    tokens_refused: list[int] = field(default_factory=list)
    handshakes_refused: list[int] = field(default_factory=list)
    connections: list[ConnectionRecord] = field(default_factory=list)

    @property
    def handshakes_accepted(self) -> int:
        """How many handshakes were accepted."""
        return len(self.connections)

    def summary(self) -> str:
        """Return one line of counts, without anything that was said."""
        return (
            f"tokens {self.tokens_issued}, connections {len(self.connections)}, "
            f"refused {len(self.tokens_refused) + len(self.handshakes_refused)}, "
            f"finals {sum(each.finals for each in self.connections)}, "
            f"audio {sum(each.audio_bytes for each in self.connections)} bytes"
        )

    def journal(self) -> list[dict[str, Any]]:
        """Return the times of every connection as plain values, ready for JSON, without anything that was said."""
        return [
            {"opened": each.opened, "lead": each.lead, "finals": [asdict(given) for given in each.given]}
            for each in self.connections
        ]


class Service:
    """One RTZR, known to its own recording.

    Attributes:
        profile: How it behaves.
        log: What happened so far.
        reachable: Whether its port accepts connections.
    """

    def __init__(
        self,
        profile: Profile,
        recording: Recording | None,
        *,
        faults: Iterable[Fault] = (),
        credentials: tuple[str, str] | None = None,
        seed: int = 0,
    ) -> None:
        """Make one that grants tokens to ``credentials`` (id and secret), or to any that are not empty."""
        self.profile = profile
        self.log = ServiceLog()
        self.reachable = True
        self._recording = recording
        self._credentials = credentials
        self._random = Random(seed)
        self.faults = FaultSchedule(faults)
        self._tokens: dict[str, float] = {}
        self._token_requests: deque[float] = deque()
        self._sessions: list[Session] = []
        self._lingering: list[float] = []
        self._outage_until = 0.0
        self._deaf_until = -math.inf

    @property
    def deadline(self) -> float | None:
        """When `due` has something to do next."""
        times = [self._outage_until] if not self.reachable else []
        if math.isfinite(self._deaf_until):
            times.append(self._deaf_until)
        if self.faults.deadline is not None:
            times.append(self.faults.deadline)
        return min(times, default=None)

    def deaf(self, now: float) -> bool:
        """Whether a new TCP connection is accepted, but nothing is read from it or sent to it."""
        return now < self._deaf_until

    def due(self, now: float) -> None:
        """Let the faults happen that have come; every session may have something due after it."""
        if not self.reachable and now >= self._outage_until:
            self.reachable = True
        if now >= self._deaf_until:
            self._deaf_until = -math.inf
        for fault in self.faults.due(now):
            match fault.name:
                case "expire-token":
                    self._tokens.clear()
                case "outage":
                    self.reachable = False
                    self._outage_until = now + (10.0 if fault.length is None else fault.length)
                case "blackhole" if fault.length is not None:
                    self._deaf_until = now + fault.length
                case _:
                    pass
            for session in list(self._sessions):
                session.suffer(fault, now)

    def authenticate(self, form: Mapping[str, str] | None, now: float, wall: float) -> Reply:
        """Answer a token request; ``form`` is None where the body was no form."""
        delay = self._draw_delay(self.profile.token_delay, now)
        refused = self.faults.happens("refuse-token", now)
        if refused is not None:
            return self._refuse_token(int(refused.value), delay)
        limit = self.profile.token_requests_per_minute
        if limit is not None:
            while self._token_requests and self._token_requests[0] <= now - 60:
                self._token_requests.popleft()
            if len(self._token_requests) >= limit:
                return self._refuse_token(429, delay)
            self._token_requests.append(now)
        if form is None or not form.get("client_id") or not form.get("client_secret"):
            return self._refuse_token(400, delay)
        if self._credentials not in (None, (form["client_id"], form["client_secret"])):
            return self._refuse_token(401, delay, "invalid credential")
        if not self.profile.old_tokens_stay_valid:
            self._tokens.clear()
        self._tokens = {token: until for token, until in self._tokens.items() if until > now}
        expire_at = int(wall + self.profile.token_lifetime)
        token = self._new_token(int(wall), expire_at)
        self._tokens[token] = now + self.profile.token_lifetime
        self.log.tokens_issued += 1
        return Reply(200, {"access_token": token, "expire_at": expire_at}, delay)

    def open(self, target: str, authorization: str | None, now: float) -> Reply | Session:
        """Answer a WebSocket handshake for ``target``, path and query, with its Authorization header.

        A session holds its channel from now on. It must be told by `Session.begin` when its handshake was answered,
        and by `Session.leave` when its connection has ended.
        """
        delay = self._draw_delay(self.profile.connect_delay, now)
        url = urlsplit(target)
        if url.path != STREAM_PATH:
            return self._refuse(404, "no such path", delay)
        refused = self.faults.happens("refuse", now)
        if refused is not None:
            return self._refuse(int(refused.value), "refused on request", delay)
        scheme, _, token = (authorization or "").strip().partition(" ")
        expires = self._tokens.get(token.strip())
        if scheme.lower() != "bearer" or expires is None or expires <= now:
            return self._refuse(401, "invalid token", delay)
        parameters = dict(parse_qsl(url.query, keep_blank_values=True))
        config = read_parameters(parameters, self.profile)
        if isinstance(config, str):
            return self._refuse(400, config, delay)
        self._lingering = [until for until in self._lingering if until > now]
        if len(self._sessions) + len(self._lingering) >= self.profile.channel_limit:
            return self._refuse(429, "Too many concurrent requests", delay)
        random = Random(self._random.getrandbits(64))
        recognition = Recognition(self.profile, self._recording, config, random)
        step = config.sample_rate * BYTES_PER_SAMPLE[config.encoding] * 12 // 100
        session = Session(self, recognition, parameters, expires=expires, delay=delay, step=step)
        self._sessions.append(session)
        return session

    def release(self, session: Session, now: float) -> None:
        """Give a session's channel back; later calls change nothing."""
        if session in self._sessions:
            self._sessions.remove(session)
            self._lingering.append(now + self.profile.channel_linger)

    def _draw_delay(self, bounds: tuple[float, float], now: float) -> float:
        return self._random.uniform(*bounds) + self.faults.delay(now)

    def _refuse_token(self, status: int, delay: float, message: str | None = None) -> Reply:
        self.log.tokens_refused.append(status)
        return Reply(status, self._error(status, message), delay)

    def _refuse(self, status: int, message: str, delay: float) -> Reply:
        self.log.handshakes_refused.append(status)
        return Reply(status, self._error(status, message), delay)

    def _error(self, status: int, message: str | None) -> dict[str, str]:
        code = self.profile.channel_code if status == 429 else _CODES.get(status, f"E{status}")
        return {"code": code, "msg": message or HTTPStatus(status).phrase}

    def _new_token(self, issued: int, expires: int) -> str:
        def part(value: object) -> str:
            data = value if isinstance(value, bytes) else json.dumps(value, separators=(",", ":")).encode()
            return base64.urlsafe_b64encode(data).rstrip(b"=").decode()

        claims = {"exp": expires, "iat": issued, "jti": self._random.randbytes(12).hex(), "scope": "speech"}
        return f"{part({'alg': 'HS256', 'typ': 'JWT'})}.{part(claims)}.{part(self._random.randbytes(32))}"


class Session:
    """One accepted stream.

    Attributes:
        delay: Seconds from the handshake's request to its reply.
        record: What happened on it; complete once it has ended.
        deaf: Whether the connection is to be read and written no more, though it stays open.
        over: Whether it has ended: nothing is due any more.
    """

    def __init__(
        self,
        service: Service,
        recognition: Recognition,
        parameters: dict[str, str],
        *,
        expires: float,
        delay: float,
        step: int,
    ) -> None:
        """Make one; `begin` starts it."""
        self.delay = delay
        self.record = ConnectionRecord(parameters, 0.0, said=recognition.said, given=recognition.given)
        self.deaf = False
        self.over = False
        self._service = service
        self._profile = service.profile
        self._recognition = recognition
        self._expires = expires
        self._step = step
        self._limit_met = False
        self._last_audio = 0.0
        self._outbox: deque[tuple[float, Action]] = deque()
        self._held_back: str | None = None

    def begin(self, now: float) -> None:
        """The handshake has been answered; faults' times count from the first such moment."""
        self._service.faults.begin(now)
        self.record.opened = self._last_audio = now
        self._service.log.connections.append(self.record)

    @property
    def deadline(self) -> float | None:
        """When `due` has something to say next; None when it is over."""
        if self.over or self.deaf:
            return None
        times = [self._outbox[0][0]] if self._outbox else []
        if self._recognition.deadline is not None:
            times.append(self._recognition.deadline)
        elif self._recognition.close_at is not None:
            times.append(self._recognition.close_at)
        times += [at for at, _ in self._limits()]
        first = min(times, default=math.inf)
        return first if first < math.inf else None

    def hear(self, data: bytes, now: float) -> None:
        """Take one binary message."""
        for _ in self.hearing(data, now):
            pass

    def hearing(self, data: bytes, now: float) -> Iterator[None]:
        """Take one binary message in steps of 120 ms of audio, for those who must not be kept long."""
        record = self.record
        record.audio_bytes += len(data)
        record.message_sizes[len(data)] += 1
        first = record.first_message_bytes is None
        if record.first_message_bytes is None:
            record.first_message_bytes = len(data)
        for at in range(0, len(data), self._step):
            if self.over:
                return
            self._last_audio = max(self._last_audio, now)
            self._recognition.hear(data[at : at + self._step], now)
            record.lead = self._recognition.lead
            yield
        least = self._profile.min_first_payload_ms
        if first and not self.over and self._recognition.received_ms < least:
            self._fail(f"the first message must hold at least {least} ms of audio", now)

    def command(self, text: str, now: float) -> None:
        """Take one text message: ``EOS`` or ``{"type":"Finalize"}``; any other is only recorded."""
        self.record.commands.append(text)
        if self.over:
            return
        if text == "EOS":
            self._recognition.end(now)
            return
        try:
            message = json.loads(text)
        except (ValueError, RecursionError):
            return
        if isinstance(message, dict) and message.get("type") == "Finalize":
            self._recognition.finalize(now)

    def pinged(self, now: float) -> None:
        """A ping was received and answered."""
        self.record.pings += 1
        if self._profile.pings_count_as_audio:
            self._last_audio = now

    def due(self, now: float) -> list[Action]:
        """Return what is to be done now, in order."""
        if self.over or self.deaf:
            return []
        late = self._service.faults.delay(now)
        for message in self._recognition.due(now):
            if message["final"]:
                self.record.finals += 1
            self._outbox.extend((now + late, Send(text)) for text in self._spoilt(message, now))
        close_at = self._recognition.close_at
        if close_at is not None and close_at <= now and self._recognition.deadline is None:
            self._recognition.close_at = None
            self._flush_held(now + late)
            self._outbox.append((now + late, Close(self._profile.close_code)))
        for at, action in self._limits():
            if at <= now:
                self._limit_met = True
                self._outbox.append((now, action))
                break
        until = self._service.faults.stalled_until(now)
        if until is not None:
            dropping: list[Action] = [action for _, action in self._outbox if isinstance(action, Drop)]
            self._outbox = deque((max(at, until), action) for at, action in self._outbox)
            return self._ended(dropping, now)
        actions: list[Action] = []
        while self._outbox and self._outbox[0][0] <= now:
            actions.append(self._outbox.popleft()[1])
        return self._ended(actions, now)

    def leave(self, code: int | None, now: float, *, by_peer: bool = True) -> None:
        """The connection has ended, with a Close of that code or without; later calls change nothing."""
        if not self.over:
            self.over = True
            self.record.close_code = code
            self.record.closed_by_peer = by_peer
        self._service.release(self, now)

    def suffer(self, fault: Fault, now: float) -> None:
        """Let an event happen to this connection."""
        match fault.name:
            case "drop" | "outage":
                self._outbox.appendleft((now, Drop(reset=True)))
            case "close" if fault.value == 1006:
                self._outbox.appendleft((now, Drop(reset=False)))
            case "close":
                self._outbox.appendleft((now, Close(int(fault.value))))
            case "error-object":
                self._fail("error on request", now)
            case "blackhole":
                self.deaf = True
                self._service.release(self, now)
            case _:
                pass

    def _ended(self, actions: list[Action], now: float) -> list[Action]:
        """Cut ``actions`` after the first that ends the connection."""
        for index, action in enumerate(actions):
            if isinstance(action, Send):
                continue
            self.over = True
            self._outbox.clear()
            self.record.close_code = action.code if isinstance(action, Close) else None
            self._service.release(self, now)
            return actions[: index + 1]
        return actions

    def _limits(self) -> list[tuple[float, Action]]:
        profile = self._profile
        limits: list[tuple[float, Action]] = []
        if self._limit_met:
            return limits
        if not self._recognition.ended:
            limits.append((self._last_audio + profile.idle_limit, Close(profile.idle_code, "no audio")))
        if profile.session_limit is not None:
            limits.append((self.record.opened + profile.session_limit, Close(profile.session_code, "session too long")))
        if profile.expiry_closes_streams:
            limits.append((self._expires, Close(profile.expiry_code, "token expired")))
        return limits

    def _fail(self, message: str, now: float) -> None:
        shape = {"type": "error", "message": message} if self._profile.error_shape == "type" else {"error": message}
        self._outbox.append((now, Send(json.dumps(shape))))
        self._outbox.append((now, Close(self._profile.error_code)))

    def _flush_held(self, at: float) -> None:
        if self._held_back is not None:
            self._outbox.append((at, Send(self._held_back)))
            self._held_back = None

    def _spoilt(self, message: dict[str, Any], now: float) -> list[str]:
        """Return one result as the texts that the faults make of it."""
        faults = self._service.faults
        texts: list[str] = []
        if faults.happens("garbage", now):
            texts.append("\x00<html>502 Bad Gateway</html> {")
        if faults.happens("empty", now):
            bare = {**message, "final": False, "duration": 0}
            texts.append(_dump({**bare, "alternatives": []}))
            texts.append(_dump({**bare, "alternatives": [{"text": "", "confidence": 0}]}))
        if faults.happens("unknown-keys", now):
            strange = {"x_trace": {"id": [1, None, "x"]}, "stability": 0.5}
            alternatives = [{**each, **strange} for each in message["alternatives"]]
            message = {**strange, **message, "alternatives": alternatives}
        text = _dump(message)
        if self._held_back is not None:
            texts += [text, self._held_back]
            self._held_back = None
        elif not message["final"] and faults.happens("reorder", now):
            self._held_back = text
        else:
            texts.append(text)
        if message["final"] and faults.happens("duplicate-final", now):
            texts.append(text)
        return texts


def _dump(message: Mapping[str, Any]) -> str:
    return json.dumps(message, ensure_ascii=False, separators=(",", ":"))
