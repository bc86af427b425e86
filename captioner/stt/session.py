"""One lane's way to the service: token, connect, hold, send, finish, and all of it again after a break.

Theory of operation
-------------------
The session is a value machine. News of the service go in (`feed`), releases of the mode go in (`release`), time goes in
with each of them; actions and outputs are drained afterwards. It owns no clock, no socket and no task.

    state      what it waits for
    IDLE       the start; or sound, where a connection is made only for sound (`policy.Connecting`)
    TOKEN      a token (from the link's cache, or asked for)
    OPENING    the handshake
    LIVE       anything: sound flows, hypotheses come back
    DRAINING   the service's Close after our EOS
    WAITING    the moment of the next attempt
    ENDED      nothing any more

`TRANSITIONS` below is the whole machine; what is not in it cannot happen, and raises `Misuse` if it does.

Two laws hold at every moment:

1. What is released is kept in the ledger until it is settled, that is recognised, passed over by the service in
   silence, or lost with a reason. A connection that ends therefore loses nothing: the next one starts at the settled
   position (a little before it, for the word at the seam), and words before that position are not heard twice.
2. Connections carry an epoch that only grows. News of an older epoch change nothing.

The service counts milliseconds of sound *sent on this connection*, from 0
(https://developers.rtzr.ai/docs/stt-streaming/websocket); here they become the lane's positions. `EOS` ends the
service's session, so it is sent once, at the end, or where a new connection is wanted at a quiet moment (new settings,
a token near its end); and after each utterance, where each has a connection of its own.

A service may take speech, answer pings, and say nothing. Whoever can tell speech from silence looks at what is
`overdue`, and raises a `doubt`: then `EOS` is a question. A service that is there answers with its Close. Where none
comes the connection is broken, like any other; where one comes without a word, what was said is sent once more, and if
the next session has no word for it either, there was none: hold music, say. Each doubt waits for twice as long. So it
is at the very end, and at the end of an utterance that has a connection of its own, where a Close may cross our `EOS`:
speech that came after the service's last word is sent once more.

What is sent, and when, is the outbox's; what the service says on a connection becomes positions and settles sound in
`hearing.py`; how long and how often something is tried stands in `policy.py`. What is left here is one machine, some
nine hundred lines: to cut it further would cut its table.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from random import Random
from typing import Final, TypeAlias, assert_never

from captioner.errors import Fault, FaultKind, Misuse
from captioner.events import (
    RATE,
    Action,
    Close,
    Closed,
    GetToken,
    Hypothesis,
    LossReason,
    Open,
    Opened,
    OpenRefused,
    Phase,
    Received,
    TokenGranted,
    TokenRefused,
    Write,
    Written,
)
from captioner.stt import rtzr
from captioner.stt.hearing import Hearing
from captioner.stt.ledger import REPLAY_MARGIN, Ledger
from captioner.stt.modes import Decision, EndUtterance, Send, Silence, Withhold
from captioner.stt.outbox import IN_FLIGHT, Outbox
from captioner.stt.policy import (
    ABANDONED,
    ABNORMAL,
    ASKED,
    BEGUN,
    CUT,
    DRAIN,
    ENDS,
    FATAL,
    HEALTHY,
    HOPELESS_AT_FIRST,
    KEPT_AHEAD,
    LAST_CHANCE,
    LISTEN_EVERY,
    LONGEST_DOUBT,
    QUIET,
    SIGNALS,
    TOKEN_REFUSALS,
    TOKEN_RETRY,
    UNANSWERED,
    Connecting,
    Patience,
    Retries,
)

# ---------------------------------------------------------------- the machine


class State(Enum):
    """Where the session is; the table above says what each state waits for."""

    IDLE = auto()
    TOKEN = auto()
    OPENING = auto()
    LIVE = auto()
    DRAINING = auto()
    WAITING = auto()
    ENDED = auto()


class Event(Enum):
    """What moves it on."""

    START = auto()
    GRANTED = auto()
    OPENED = auto()
    EXPIRED = auto()  # the token was refused at the handshake, for the first time
    FAILED = auto()  # worth another attempt
    FLUSHED = auto()  # everything is with the socket: EOS goes out
    RESTED = auto()  # this connection is over, and the next one waits for sound
    FINISHED = auto()  # the service closed after our EOS, or nothing is left to wait for
    ROTATED = auto()  # this connection is over by our own wish, and more is to come
    DUE = auto()  # the moment of the next attempt has come
    GIVEN_UP = auto()


TRANSITIONS: Final[Mapping[tuple[State, Event], State]] = {
    (State.IDLE, Event.START): State.TOKEN,
    (State.IDLE, Event.GIVEN_UP): State.ENDED,
    (State.TOKEN, Event.GRANTED): State.OPENING,
    (State.TOKEN, Event.FAILED): State.WAITING,
    (State.TOKEN, Event.GIVEN_UP): State.ENDED,
    (State.TOKEN, Event.FINISHED): State.ENDED,
    (State.OPENING, Event.OPENED): State.LIVE,
    (State.OPENING, Event.EXPIRED): State.TOKEN,
    (State.OPENING, Event.FAILED): State.WAITING,
    (State.OPENING, Event.GIVEN_UP): State.ENDED,
    (State.OPENING, Event.FINISHED): State.ENDED,
    (State.LIVE, Event.FLUSHED): State.DRAINING,
    (State.LIVE, Event.ROTATED): State.TOKEN,
    (State.LIVE, Event.RESTED): State.IDLE,
    (State.LIVE, Event.FAILED): State.WAITING,
    (State.LIVE, Event.FINISHED): State.ENDED,
    (State.LIVE, Event.GIVEN_UP): State.ENDED,
    (State.DRAINING, Event.FINISHED): State.ENDED,
    (State.DRAINING, Event.ROTATED): State.TOKEN,
    (State.DRAINING, Event.RESTED): State.IDLE,
    (State.DRAINING, Event.FAILED): State.WAITING,
    (State.DRAINING, Event.GIVEN_UP): State.ENDED,
    (State.WAITING, Event.DUE): State.TOKEN,
    (State.WAITING, Event.FINISHED): State.ENDED,
    (State.WAITING, Event.GIVEN_UP): State.ENDED,
}

# ---------------------------------------------------------------- what it needs, and what comes of it


@dataclass(frozen=True, slots=True)
class Options:
    """What the session needs of the settings.

    Attributes:
        query: the encoded configuration of a connection.
        chunk: samples in a message.
        max_utterance: seconds; sound that is older, and about which nothing was said, was silence.
        replay_pace: multiple of real time for a backlog; infinity for a file that need not be paced.
    """

    query: str
    chunk: int
    max_utterance: float
    replay_pace: float
    patience: Patience
    connecting: Connecting = KEPT_AHEAD


@dataclass(frozen=True, slots=True)
class Heard:
    """A hypothesis in the lane's positions."""

    epoch: int
    hypothesis: Hypothesis


@dataclass(frozen=True, slots=True)
class Dropped:
    """The service moved on without a final for utterance `seq` of connection `epoch`; none is waited for any more."""

    epoch: int
    seq: int


@dataclass(frozen=True, slots=True)
class ConnectionEnded:
    """Connection `epoch` is over. What lies after the `settled` position will be heard again, on the next one."""

    epoch: int
    settled: int


@dataclass(frozen=True, slots=True)
class Stood:
    """Connection `epoch` stands: the moments at which a token was asked for, granted, and the handshake done.

    Attributes:
        wanted: the moment from which nothing stood in the connection's way: the start, or the last one's end.
    """

    epoch: int
    asked: float
    granted: float
    opened: float
    wanted: float


Output: TypeAlias = Heard | Dropped | ConnectionEnded | Stood


# ---------------------------------------------------------------- the session


class Session:
    """See the theory of operation above.

    Args:
        ledger: the lane's account; the session settles it, the pipeline fills it.
        options: of the first connection; `reconfigure` changes them.
        random: for jitter alone.
        spoken: whether somebody speaks in a stretch of the lane's sound, as far as it is kept.
    """

    def __init__(
        self,
        ledger: Ledger,
        options: Options,
        random: Random,
        spoken: Callable[[int, int], bool] = lambda _start, _stop: False,
    ) -> None:
        self.ledger = ledger
        self.options = options
        self._spoken = spoken
        self.outbox = Outbox(ledger, chunk=options.chunk, pace=options.replay_pace)
        self.state = State.IDLE
        self.epoch = 0
        self.fault: Fault | None = None  # what is wrong now, or what ended the session
        self.connections = 0
        self.tokens = 0
        self.unreadable = 0
        self._retries = Retries(random)
        self._actions: list[Action] = []
        self._outputs: list[Output] = []
        self._finishing = False
        self._finished_at = math.inf
        self._hurried = False
        # this connection
        self._hearing: Hearing | None = None  # None where no connection stands
        self._opened = 0.0
        self._wrote_at = 0.0
        self._eos_at = 0
        self._drain_until = math.inf
        self._late = -1  # where the last EOS lay after which no Close came in time
        self._wordless = -1  # where the last EOS lay after which a session ended without a word for what was said last
        self._ends = 0  # sessions in a row that got everything, and ended after EOS as none should
        # what it says nothing about
        self.listen_at = math.inf  # when `overdue` is to be asked
        self._doubts = 0  # in a row, without a word between them
        self._asking = False  # EOS was sent to learn whether the service is there
        self._opened_in_doubt = False  # this connection
        self._interims = False  # it gives them
        self._slow = 0.0  # seconds that it took at least to say something, where that was longer than expected
        # attempts
        self._started = 0.0
        self._retry_at = math.inf
        self._fresh = False  # the token to be asked for must not be the one that was refused
        self._renewed = False  # the token at hand replaced a refused one, and has not opened a connection yet
        self._asked = self._granted = 0.0
        self._wanted: float | None = None
        # the token's end, and rotation
        self._token_dies = self._token_ends = math.inf
        self._renew_at = math.inf
        self._newer = False  # a token is at hand that lives longer than the one in use
        self._rotate_since: float | None = None

    # ------------------------------------------------------------ what comes in

    def start(self, now: float) -> None:
        """Get a token and a connection ahead of the first sound, where they are to be made ahead."""
        if self.options.connecting.ahead:
            self._begin(now)

    def release(self, decision: Decision, now: float) -> None:
        """The mode has decided about some sound."""
        match decision:
            case Withhold(start, stop):
                self.ledger.withhold(start, stop)
                return
            case Silence() if self.state is not State.LIVE:
                return  # there is nothing to be kept alive
            case Send() | Silence() | EndUtterance():
                self.outbox.add(decision)
            case _:
                assert_never(decision)
        if self.state is State.IDLE and not self.options.connecting.ahead and self.outbox.unsettled:
            self._begin(now)
        self._pump(now)

    def _begin(self, now: float) -> None:
        if not self.connections:
            self._started = now
        self._move(Event.START)
        self._ask(now)

    def finish(self, now: float) -> None:
        """No more sound comes: send what is left, then EOS, and wait for the last words."""
        if self._finishing or self.ended:
            return
        self._finishing, self._finished_at = True, now
        match self.state:
            case State.IDLE:
                self._give_up(None, LossReason.STOPPED)
            case State.LIVE:
                self._pump(now)
            case State.TOKEN | State.OPENING | State.WAITING if not self.ledger.held:
                self._complete()  # nothing is left to connect for
            case _:
                pass

    def hurry(self) -> None:
        """Somebody waits for the end: where no connection has stood yet, the next attempt that fails is the last."""
        self._hurried = True
        if self.state is State.WAITING and not self.connections:
            self.stop_now()

    def stop_now(self) -> None:
        """End without the last words."""
        if not self.ended:
            self._give_up(None, LossReason.STOPPED)

    def reconfigure(self, options: Options, now: float) -> None:
        """Take new options; where the query differs, a new connection is made at the next quiet moment."""
        if options.query != self.options.query:
            self.rotate(now)
        self.options = options
        self.outbox.chunk = options.chunk

    def rotate(self, now: float) -> None:
        """Make a new connection at the next quiet moment: the way to the service has changed."""
        if self.state in (State.OPENING, State.LIVE) and self._rotate_since is None:
            self._rotate_since = now

    def resumed(self, now: float) -> None:
        """The computer slept: what stood is dead or dying, and is made anew at once."""
        match self.state:
            case State.LIVE | State.DRAINING:
                self._actions.append(Close(self.epoch, abort=True))
                if self._finishing and not self.ledger.held:
                    self._leave()
                    self._complete()
                else:
                    self._rotated(now)
            case State.OPENING:
                self._actions.append(Close(self.epoch, abort=True))
                self._move(Event.FAILED)
                self._retry_at = now
            case State.WAITING:
                self._retry_at = now
            case State.TOKEN:
                self._ask(now)
            case State.IDLE | State.ENDED:
                pass
            case _:
                assert_never(self.state)

    def feed(
        self, news: TokenGranted | TokenRefused | Opened | OpenRefused | Written | Received | Closed, now: float
    ) -> None:
        """Take news of the service."""
        match news:  # the commonest first
            case Written():
                if self._stands_as(news.epoch):
                    self._wrote(news.stop, now)
            case Received():
                if self._stands_as(news.epoch):
                    self._received(news.message, now)
            case Closed():
                if self._stands_as(news.epoch):
                    self._parted(news, now)
            case Opened():
                if self._opening(news.epoch):
                    self._stands(now)
                else:
                    self._actions.append(Close(news.epoch, abort=True))
            case OpenRefused():
                if self._opening(news.epoch):
                    self._refused(news.fault, now)
            case TokenGranted():
                self._token_granted(news, now)
            case TokenRefused():
                self._token_refused(news, now)
            case _:
                assert_never(news)

    def advance(self, now: float, *, speaking: bool) -> None:
        """Do what is due. `speaking`: somebody speaks right now, so that a rotation had better wait."""
        if self._patience_ends and now >= self._give_up_at():
            first = Fault(FaultKind.UNREACHABLE, "no answer") if self.fault is None else self.fault
            reason = LossReason.UNFINISHED if self.state is State.LIVE else LossReason.OUTAGE
            self._give_up(None if self.connections else first, reason)
        match self.state:
            case State.WAITING if now >= self._retry_at:
                self._move(Event.DUE)
                self._ask(now)
            case State.DRAINING if now >= self._drain_until:
                self._drained_late(now)
            case State.LIVE:
                if now >= self._renew_at:
                    self._renew_at = now + TOKEN_RETRY
                    self._actions.append(GetToken())
                if self._newer and now >= self._token_ends:
                    self.rotate(now)
                assert self._hearing is not None
                for seq in self._hearing.abandoned(now):
                    self._outputs.append(Dropped(self.epoch, seq))
                self._hearing.pass_silence(now)
                if now >= self.pump_at:
                    self._pump(now)
                self._rotate_if_quiet(now, speaking)
            case _:
                pass

    def overdue(self, now: float) -> tuple[int, int] | None:
        """Return the stretch of sound that the service has had for too long without a word, if there is one.

        To be asked when `listen_at` has come. Where anything was said in it, that is a `doubt`.
        """
        self.listen_at = math.inf
        if self.state is not State.LIVE or self._finishing or not self._doubtful:
            return None
        assert self._hearing is not None
        self.listen_at = now + LISTEN_EVERY
        return self._hearing.unanswered(now - self._expected)

    def doubt(self, now: float) -> None:
        """Somebody spoke in what is `overdue`: ask the service whether it is there."""
        if self.state is State.LIVE and not self._finishing:
            self._doubts += 1
            self._asking = True
            self._send_eos(now, cut=CUT)

    @property
    def _doubtful(self) -> bool:
        """Sound goes out as it is spoken, on a connection that is there to stay, so that text is to be expected."""
        return math.isfinite(self.options.replay_pace) and not self.options.connecting.per_utterance

    @property
    def _expected(self) -> float:
        """Seconds within which something is said about speech."""
        usual = max(self._slow, UNANSWERED if self._interims else self.options.max_utterance + ABANDONED)
        longest = max(usual, min(LONGEST_DOUBT, self.ledger.capacity / RATE / 2))
        return min(usual * 2.0 ** min(self._doubts, 10), longest)

    # ------------------------------------------------------------ what goes out

    def actions(self) -> list[Action]:
        """Drain what is to be done."""
        actions, self._actions = self._actions, []
        return actions

    def outputs(self) -> list[Output]:
        """Drain what was heard and what became of connections, in order."""
        outputs, self._outputs = self._outputs, []
        return outputs

    @property
    def eventful(self) -> bool:
        """Something is to be done or was heard that nobody has taken yet."""
        return bool(self._actions or self._outputs)

    @property
    def calm(self) -> bool:
        """A connection stands, takes sound, and has said nothing that nobody has taken yet.

        Sound alone then makes nothing due that is not due at `pump_at`, or known by its `deadline` seconds ahead.
        """
        return self.state is State.LIVE and self._rotate_since is None and not self._outputs

    @property
    def pump_at(self) -> float:
        """When the next message may go; infinity where none waits for its time alone."""
        return self.outbox.next_at if self.state is State.LIVE else math.inf

    @property
    def deadline(self) -> float:
        """When `advance` is to be called at the latest; infinity for never."""
        due = [self._give_up_at()] if self._patience_ends else []
        match self.state:
            case State.WAITING:
                due.append(self._retry_at)
            case State.DRAINING:
                due.append(self._drain_until)
            case State.LIVE:
                assert self._hearing is not None
                due += (self._renew_at, self.pump_at, self._hearing.deadline)
                if self._newer and self._rotate_since is None:
                    due.append(self._token_ends)
                if self._rotate_since is not None and not self._hearing.open and not self._finishing:
                    due.append(self._rotate_since + QUIET)
            case _:
                pass
        return min(due, default=math.inf)

    @property
    def phase(self) -> Phase:
        """The state in a person's terms."""
        if self.state is State.LIVE or self._at_ease:
            return Phase.LIVE
        match self.state:
            case State.IDLE | State.TOKEN | State.OPENING | State.WAITING:
                return Phase.RECONNECTING if self.connections else Phase.CONNECTING
            case State.DRAINING:
                return Phase.DRAINING if self._finishing else Phase.RECONNECTING
            case State.ENDED:
                return Phase.STOPPED
            case _:
                assert_never(self.state)

    @property
    def _at_ease(self) -> bool:
        """Connections come and go with the utterances, or the first one waits for sound, and nothing is amiss."""
        connecting = self.options.connecting
        if connecting.ahead or self.fault is not None or self._finishing or self.ended:
            return False
        return self.state is State.IDLE or (connecting.per_utterance and self.connections > 0)

    @property
    def retry_at(self) -> float | None:
        """The moment of the next attempt, where one is waited for."""
        return self._retry_at if self.state is State.WAITING else None

    @property
    def ends_by(self) -> float | None:
        """When a finishing session ends at the latest; None where that is not known (yet)."""
        if not self._finishing or self.state in (State.LIVE, State.ENDED):
            return None
        at = self._drain_until if self.state is State.DRAINING else self._give_up_at()
        return at if math.isfinite(at) else None

    @property
    def behind(self) -> int:
        """Samples that are to be sent before the sound of this moment; after a break, again."""
        return self.outbox.waiting if self._standing else self.outbox.unsettled

    @property
    def rotating(self) -> bool:
        """A new connection is wanted at the next quiet moment."""
        return self._rotate_since is not None

    @property
    def open(self) -> bool:
        """The service is in the middle of an utterance."""
        return self._hearing is not None and self._hearing.open

    @property
    def ended(self) -> bool:
        """Nothing comes any more."""
        return self.state is State.ENDED

    @property
    def _standing(self) -> bool:
        return self._hearing is not None

    def _stands_as(self, epoch: int) -> bool:
        return epoch == self.epoch and self._hearing is not None

    def _opening(self, epoch: int) -> bool:
        return epoch == self.epoch and self.state is State.OPENING

    @property
    def _patience_ends(self) -> bool:
        """A moment may come in which trying ends: never on a connection that stands before the sound has ended."""
        return self._finishing or self.state is not State.LIVE

    # ------------------------------------------------------------ token and connection

    def _move(self, event: Event) -> None:
        try:
            self.state = TRANSITIONS[self.state, event]
        except KeyError:
            raise Misuse(f"{event.name} in {self.state.name}") from None

    def _ask(self, now: float) -> None:
        self._asked = now
        self._wanted = now if self._wanted is None else self._wanted
        self._actions.append(GetToken(fresh=self._fresh or self.options.connecting.fresh_token))

    def _token_granted(self, news: TokenGranted, now: float) -> None:
        self.tokens += news.requested
        # ahead of its end by min(5 minutes, a quarter of what is left), but at most once a minute
        ahead = min(300.0, news.expires_in / 4)
        self._renew_at = now + max(news.expires_in - ahead, TOKEN_RETRY)
        if self.state is State.TOKEN:
            self._renewed = self._renewed and (self._fresh or not news.requested)
            self._fresh = self._newer = False
            self._token_dies = now + news.expires_in
            # a connection is left before the token that opened it dies: the service may cut it then
            self._token_ends = now + max(news.expires_in - ahead / 2, TOKEN_RETRY)
            self._rotate_since = None
            self._granted = now
            self.epoch += 1
            self._move(Event.GRANTED)
            self._actions.append(Open(self.epoch, self.options.query))
        elif now + news.expires_in > self._token_dies + 1.0:
            self._newer = True

    def _token_refused(self, news: TokenRefused, now: float) -> None:
        if self.state is State.TOKEN:
            self._failed(news.fault, now)
        else:  # a renewal ahead of time; the old one still serves
            self._renew_at = now + TOKEN_RETRY

    def _refused(self, fault: Fault, now: float) -> None:
        if fault.kind in TOKEN_REFUSALS and not self._renewed:
            self._renewed = self._fresh = True
            self._move(Event.EXPIRED)
            self._ask(now)
        elif fault.kind is FaultKind.TOKEN_EXPIRED:
            self._failed(Fault(FaultKind.CREDENTIALS_REFUSED, fault.detail), now)
        else:
            self._failed(fault, now)

    def _failed(self, fault: Fault, now: float) -> None:
        """An attempt or a connection failed: try again later, or end."""
        if self._finishing and not self.ledger.held:
            self._complete()  # nothing is left to connect for
            return
        if self.state in (State.LIVE, State.DRAINING):
            self._wanted = now
            if self.options.connecting.per_utterance and not self.outbox.unsettled and not self._finishing:
                self._move(Event.RESTED)  # all of it was heard
                return
        patient = self.connections or math.isinf(self.options.patience.service)
        if fault.kind in FATAL or (fault.kind in HOPELESS_AT_FIRST and not patient):
            self._give_up(fault, LossReason.OUTAGE)
            return
        if self._hurried and not self.connections:
            self._give_up(None, LossReason.STOPPED)
            return
        self.fault = fault
        took = now - self._asked
        if self.state in (State.LIVE, State.DRAINING):
            took = 0.0
            if now - self._opened >= HEALTHY:
                self._retries.forget()
        room = (self.ledger.capacity - self.ledger.held) / RATE
        self._retry_at = now + self._retries.after(fault, first=not self.connections, room=room, took=took)
        self._move(Event.FAILED)
        last_chance = self._give_up_at() - LAST_CHANCE
        if self._finishing and now < last_chance:
            self._retry_at = min(self._retry_at, last_chance)

    def _stands(self, now: float) -> None:
        self._move(Event.OPENED)
        self.connections += 1
        # that no text came is not mended by a connection that stands
        self.fault = self.fault if self._doubts and self.fault and self.fault.kind is FaultKind.SPEECHLESS else None
        self._renewed = False
        self._opened = self._wrote_at = now
        self.outbox.restart(self.ledger.settled - REPLAY_MARGIN, now, broken=self._retries.failed)
        self.ledger.deliver(self.outbox.written + IN_FLIGHT)
        self._hearing = Hearing(self.ledger, self.outbox, self.options.max_utterance + ABANDONED)
        self._opened_in_doubt = self._doubts > 0
        self._expect(now)
        assert self._wanted is not None
        self._outputs.append(Stood(self.epoch, self._asked, self._granted, now, self._wanted))
        self._wanted = None
        self._pump(now)

    def _parted(self, news: Closed, now: float) -> None:
        """The connection is no more."""
        finished = self.state is State.DRAINING and self._finished_by(news.code)
        ends = self._finishing or self.options.connecting.per_utterance  # and not only this connection
        if not finished or (ends and self._has_no_word()):
            self._leave()
            self._failed(rtzr.fault_of_close(news.code, news.detail), now)
            return
        assert self._hearing is not None
        if not self._hearing.is_cut:
            self.ledger.settle(self._eos_at)
        elif not self._asking or self._doubts > 1:  # two sessions had no word for it
            self._hearing.conclude()
        again = self.outbox.left() or self._asking or self._hearing.left
        if self._finishing and not again:
            self.ledger.settle(self.ledger.captured)  # what the mode kept back was silence
            self._leave()
            self._complete()
        else:
            self._rotated(now)

    def _finished_by(self, code: int | None) -> bool:
        """Whether the service has finished its session after our EOS: by an ordinary Close, or as it always does.

        A Close that leaves an utterance open may have been sent before the EOS was read, for a reason of its own.
        """
        assert self._hearing is not None
        ordinary = code is not None and code not in ABNORMAL
        if ordinary and (self._hearing.is_cut or not (self._finishing and self._hearing.open)):
            self._ends = 0
            return True
        had_all = self.outbox.written >= self._eos_at
        if self._hearing.is_cut or not had_all or (self._hearing.open and not ordinary):
            return False
        self._ends += 1
        return self._ends >= ENDS

    def _has_no_word(self) -> bool:
        """Whether, for the first time, a session ends with no word for speech that came after its last one.

        Its Close may have been sent before it had heard that. So it is sent once more, and believed then.
        """
        assert self._hearing is not None
        if self._eos_at == self._wordless or self._hearing.is_cut or not self._spoken(*self._hearing.unheard):
            return False
        self._wordless = self._eos_at
        return True

    def _leave(self) -> None:
        """This connection is over, whoever ended it."""
        self._hearing = None
        self._asking = False
        self.listen_at = math.inf
        self.ledger.deliver(0)
        self._outputs.append(ConnectionEnded(self.epoch, self.ledger.settled))

    def _drained_late(self, now: float) -> None:
        """No Close came after our EOS. What is not settled by then is lost; after a rotation it is sent again."""
        self._actions.append(Close(self.epoch))
        asking = self._asking
        assert self._hearing is not None
        if self._finishing and not self.outbox.left() and not self._hearing.is_cut:
            self.ledger.lose(self.ledger.captured, LossReason.UNFINISHED)
        elif self.options.connecting.per_utterance:
            self._settle_late(self._hearing)
        self._leave()
        self._failed(Fault(FaultKind.SPEECHLESS) if asking else Fault(FaultKind.BROKEN, "no Close after EOS"), now)

    def _settle_late(self, hearing: Hearing) -> None:
        """No Close came for an utterance that had a connection of its own, and others wait behind it.

        The text that came would only come again. Where a second such end leaves the same open, so would a third.
        """
        again, self._late = self._late == self._eos_at, self._eos_at
        wordless = self._spoken(*hearing.unheard)
        if hearing.is_cut:
            if hearing.answered and not wordless:
                hearing.conclude()
        elif again and wordless:
            self.ledger.lose(self._eos_at, LossReason.UNFINISHED)
        elif again or (hearing.answered and not wordless):
            self.ledger.settle(self._eos_at)

    def _give_up_at(self) -> float:
        """When trying ends, as things stand."""
        patience = self.options.patience
        match self.state:
            case State.IDLE | State.DRAINING | State.ENDED:
                return math.inf
            case State.LIVE:  # a connection that takes no sound any more
                return max(self._finished_at, self._wrote_at) + patience.tail
            case State.TOKEN | State.OPENING | State.WAITING if self.connections:
                return self._finished_at + patience.tail
            case State.TOKEN | State.OPENING | State.WAITING:
                # an attempt that has not failed yet may still be answered: the link says when it was not
                answered = self.fault is None or self.fault.kind in SIGNALS
                trying = self._started + (patience.service if answered else patience.unreachable)
                return min(trying, self._finished_at + patience.tail)
            case _:
                assert_never(self.state)

    def _give_up(self, fault: Fault | None, reason: LossReason) -> None:
        self.fault = fault
        self._end(reason, Event.GIVEN_UP)

    def _complete(self) -> None:
        """Nothing is left to be done."""
        self.fault = None
        self._end(LossReason.STOPPED, Event.FINISHED)

    def _end(self, reason: LossReason, event: Event) -> None:
        """End, whatever the state; what is still held is lost."""
        self.ledger.lose(self.ledger.captured, reason)
        if self.state is State.OPENING or self._standing:
            self._actions.append(Close(self.epoch, abort=True))
        if self._standing:
            self._leave()
        self._move(event)

    # ------------------------------------------------------------ sending

    def _pump(self, now: float) -> None:
        """Hand to the socket what may go; then, at the very end, EOS."""
        if self.state is not State.LIVE:
            return
        assert self._hearing is not None
        more = True
        while more:
            more = False
            for message in self.outbox.take(now, ending=self._finishing):
                match message:
                    case Send(start, stop):
                        self._actions.append(Write(self.epoch, self.ledger.read(start, stop), stop))
                    case Silence(position, samples):
                        self._actions.append(Write(self.epoch, bytes(2 * samples), position))
                    case EndUtterance() if self.options.connecting.per_utterance:
                        self._send_eos(now)
                        return
                    case EndUtterance(position):
                        self._actions.append(Write(self.epoch, rtzr.FINALIZE, position))
                        self._hearing.ended(position, now)
                        more = True  # what comes after it has not been asked for yet
                    case _:
                        assert_never(message)
        if self._finishing and not self.outbox.left():
            self._send_eos(now)

    def _wrote(self, position: int, now: float) -> None:
        self._wrote_at = now
        full = self.outbox.full
        self.outbox.wrote(position)
        written = self.outbox.written
        self.ledger.deliver(written + IN_FLIGHT)
        if self.state is State.DRAINING:
            self._drain_until = now + self._drain  # a slow socket has only now taken the EOS
        assert self._hearing is not None
        self._hearing.wrote(written, now)
        if full:
            self._pump(now)

    def _send_eos(self, now: float, *, cut: int = 0) -> None:
        """End the service's session.

        Args:
            now: perf_counter seconds.
            cut: samples before its end in which the service may cut a word; 0 where an utterance or the sound is over.
        """
        assert self._hearing is not None
        self._eos_at = max(self.outbox.sent, self.ledger.settled)
        if cut:
            self._hearing.cut(self._eos_at if self.outbox.at_an_end else self._eos_at - cut)
        self._actions.append(Write(self.epoch, rtzr.EOS, self._eos_at))
        self._drain_until = now + self._drain
        self._move(Event.FLUSHED)

    @property
    def _drain(self) -> float:
        """Seconds that the Close after EOS is waited for."""
        return ASKED if self._asking else DRAIN

    def _rotate_if_quiet(self, now: float, speaking: bool) -> None:
        """Leave the connection for a new one, where that cuts no word."""
        assert self._hearing is not None
        if self.state is not State.LIVE or self._rotate_since is None or self._finishing or self._hearing.open:
            return  # where an utterance has just ended, so has its connection
        backlog = self.outbox.waiting >= RATE // 2
        if not speaking and not backlog:
            self._send_eos(now, cut=BEGUN)
        elif now - self._rotate_since >= QUIET:
            # somebody never stops speaking: what has no final yet is heard again as a whole
            self._actions.append(Close(self.epoch))
            self._rotated(now)

    def _rotated(self, now: float) -> None:
        self._leave()
        self._retries.forget()
        if self.options.connecting.per_utterance and not self.outbox.unsettled and not self._finishing:
            self._move(Event.RESTED)
        else:
            self._move(Event.ROTATED)
            self._ask(now)

    # ------------------------------------------------------------ what comes back

    def _received(self, message: str, now: float) -> None:
        decoded = rtzr.decode(message)
        match decoded:
            case Hypothesis():
                assert self._hearing is not None
                heard = self._hearing.hear(decoded, now)
                self._was_answered(decoded, now)
                if heard is not None:
                    self._outputs.append(Heard(self.epoch, heard))
            case Fault():
                self._actions.append(Close(self.epoch, abort=True))
                self._leave()
                self._failed(decoded, now)
            case rtzr.Unreadable():
                self.unreadable += 1
            case _:
                assert_never(decoded)

    def _was_answered(self, hypothesis: Hypothesis, now: float) -> None:
        """The service has said something, so it is there."""
        if self._doubts and hypothesis.text:
            if self._opened_in_doubt and now - self._opened > UNANSWERED:  # it is there, but slow
                self._slow = max(self._slow, min(now - self._opened + ASKED, LONGEST_DOUBT))
            self._doubts, self._opened_in_doubt = 0, False
            if self.fault is not None and self.fault.kind is FaultKind.SPEECHLESS:
                self.fault = None
        self._interims = self._interims or (bool(hypothesis.text) and not hypothesis.final)
        self._expect(now)

    def _expect(self, now: float) -> None:
        """From now on something is to be said about speech; nothing passes as silence before that is looked into."""
        assert self._hearing is not None
        if self._doubtful:
            expected = self._expected
            self.listen_at = now + expected
            self._hearing.wait_for(expected + 2 * LISTEN_EVERY)
