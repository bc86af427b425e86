"""One lane's way to the service, in every state and through every fault."""

import itertools
import math
from random import Random

import pytest

from captioner.errors import Fault, FaultKind, Misuse
from captioner.events import (
    FRAME,
    RATE,
    Action,
    Close,
    Closed,
    GetToken,
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
from captioner.stt.ledger import REPLAY_MARGIN, Ledger
from captioner.stt.modes import EndUtterance, Send
from captioner.stt.policy import (
    BEGUN,
    DRAIN,
    FATAL,
    HEALTHY,
    KEPT_AHEAD,
    PER_UTTERANCE,
    QUIET,
    TOKEN_REFUSALS,
    TOKEN_RETRY,
    Connecting,
    Patience,
)
from captioner.stt.session import (
    TRANSITIONS,
    ConnectionEnded,
    Dropped,
    Event,
    Heard,
    Options,
    Output,
    Session,
    State,
    Stood,
)
from tests.helpers.lane import BUSY, DOWN, MS, REFUSED, frame, said

ENDLESS = Patience(unreachable=math.inf, service=math.inf, tail=60)
EXPIRED = Fault(FaultKind.TOKEN_EXPIRED, "H0002")
LIFE = 21_600.0


class Line:
    """A session with its ledger; the socket takes everything at once where `slow` is not set.

    Attributes:
        now: perf_counter seconds.
        log: all actions so far.
        outputs: all outputs so far.
    """

    def __init__(
        self,
        *,
        patience: Patience | None = None,
        chunk: int = FRAME,
        pace: float = 4,
        seed: int = 3,
        connecting: Connecting = KEPT_AHEAD,
    ) -> None:
        self.ledger = Ledger(90 * RATE)
        self.options = Options("a=1", chunk, 12, pace, patience or Patience(), connecting)
        self.words: list[int] = []  # positions at which something is said
        self.session = Session(self.ledger, self.options, Random(seed), self.spoken)
        self.now = 100.0
        self.slow = False
        self.speaking = False
        self.log: list[Action] = []
        self.outputs: list[Output] = []

    def spoken(self, start: int, stop: int) -> bool:
        return any(start <= each < stop for each in self.words)

    def drain(self) -> list[Action]:
        """Take the actions of this turn; the socket writes what it is given."""
        taken: list[Action] = []
        while actions := self.session.actions():
            taken += actions
            if not self.slow:
                for each in actions:
                    if isinstance(each, Write):
                        self.session.feed(Written(each.epoch, each.stop), self.now)
        self.log += taken
        self.outputs += self.session.outputs()
        return taken

    def feed(
        self, news: TokenGranted | TokenRefused | Opened | OpenRefused | Written | Received | Closed
    ) -> list[Action]:
        self.session.feed(news, self.now)
        return self.tick()

    def tick(self, seconds: float = 0.0) -> list[Action]:
        """Let time pass, and do what is due."""
        self.now += seconds
        self.session.advance(self.now, speaking=self.speaking)
        actions = self.drain()
        assert self.ended or self.session.deadline > self.now, "a deadline that has passed"
        return actions

    def wait(self) -> list[Action]:
        """Let time pass to the next deadline."""
        assert self.session.deadline < math.inf
        return self.tick(self.session.deadline - self.now)

    def start(self) -> list[Action]:
        self.session.start(self.now)
        return self.tick()

    def speak(self, seconds: float, *, paced: bool = True) -> list[Action]:
        """Sound comes, as time passes (`paced`) or at once."""
        actions: list[Action] = []
        for _ in range(round(seconds * RATE / FRAME)):
            at = self.ledger.end
            self.ledger.push(frame(at, 5))
            self.session.release(Send(at, at + FRAME), self.now)
            actions += self.tick(0.02 if paced else 0.0)
        return actions

    def finish(self) -> list[Action]:
        self.session.finish(self.now)
        return self.tick()

    def grant(self, life: float = LIFE, *, requested: bool = True) -> list[Action]:
        return self.feed(TokenGranted(life, requested))

    def open(self) -> list[Action]:
        return self.feed(Opened(self.session.epoch))

    def refuse(self, fault: Fault) -> list[Action]:
        return self.feed(OpenRefused(self.session.epoch, fault))

    def hear(self, message: str, epoch: int | None = None) -> list[Action]:
        return self.feed(Received(self.session.epoch if epoch is None else epoch, message))

    def close(self, code: int | None = None) -> list[Action]:
        return self.feed(Closed(self.session.epoch, code))

    def live(self) -> "Line":
        """Start, and get a connection."""
        self.start()
        self.grant()
        self.open()
        assert self.is_in(State.LIVE)
        return self

    def again(self) -> list[Action]:
        """After a break: wait for the next attempt, and let it succeed."""
        assert self.is_in(State.WAITING)
        self.wait()
        self.grant(requested=False)
        return self.open()

    def utter(self) -> None:
        """An utterance of a second, and its end."""
        self.speak(1)
        self.session.release(EndUtterance(self.ledger.end), self.now)

    def connect(self) -> None:
        """Where each utterance has a connection: wait for the next attempt, let it succeed, and all of it go out."""
        if self.is_in(State.WAITING):
            self.wait()
        self.grant(requested=False)
        self.open()
        while self.is_in(State.LIVE):
            self.wait()

    def catch_up(self) -> None:
        """Let the backlog go out."""
        while self.session.outbox.next_at < math.inf:
            self.wait()

    def is_in(self, state: State) -> bool:
        return self.session.state is state

    def rotating(self) -> bool:
        return self.session.rotating

    def fault(self) -> Fault | None:
        return self.session.fault

    def phase(self) -> Phase:
        return self.session.phase

    @property
    def ended(self) -> bool:
        return self.session.ended

    @property
    def account(self) -> tuple[int, int, int]:
        return self.ledger.recognised, self.ledger.held, self.ledger.lost

    @property
    def heard(self) -> list[Heard]:
        return [each for each in self.outputs if isinstance(each, Heard)]


def writes(actions: list[Action]) -> list[Write]:
    return [each for each in actions if isinstance(each, Write)]


def commands(actions: list[Action]) -> list[str]:
    return [each.data for each in writes(actions) if isinstance(each.data, str)]


def sizes(actions: list[Action]) -> list[int]:
    """Samples in each message of sound."""
    return [len(each.data) // 2 for each in writes(actions) if isinstance(each.data, bytes)]


# ---------------------------------------------------------------- the table


@pytest.mark.parametrize(("state", "event"), list(itertools.product(State, Event)))
def test_the_table_is_the_whole_machine(state: State, event: Event) -> None:
    session = Line().session
    session.state = state
    if (state, event) in TRANSITIONS:
        session._move(event)
        assert session.state is TRANSITIONS[state, event]
    else:
        with pytest.raises(Misuse, match=f"{event.name} in {state.name}"):
            session._move(event)
        assert session.state is state


def test_nothing_leads_out_of_the_end_and_everything_leads_there() -> None:
    assert not [state for state, _ in TRANSITIONS if state is State.ENDED]
    for state in set(State) - {State.ENDED}:
        assert TRANSITIONS[state, Event.GIVEN_UP] is State.ENDED


# ---------------------------------------------------------------- token and connection


def test_token_and_connection_are_made_ahead_of_the_first_sound() -> None:
    line = Line()
    assert line.start() == [GetToken()]
    assert line.phase() is Phase.CONNECTING
    assert line.grant() == [Open(1, "a=1")]
    assert line.open() == []
    assert line.phase() is Phase.LIVE
    assert line.outputs == [Stood(1, 100.0, 100.0, 100.0, 100.0)]
    assert (line.session.connections, line.session.tokens) == (1, 1)


def test_a_token_from_the_cache_is_not_counted_as_requested() -> None:
    line = Line()
    line.start()
    line.grant(requested=False)
    assert line.session.tokens == 0


def test_audio_spoken_while_connecting_is_not_lost() -> None:
    line = Line()
    line.start()
    line.speak(0.3)
    line.grant()
    line.speak(0.2)
    actions = line.open() + line.speak(0.5)
    assert sum(sizes(actions)) == RATE
    assert writes(actions)[0].stop == sizes(actions)[0]


def test_a_token_refused_at_the_handshake_is_replaced_once() -> None:
    line = Line()
    line.start()
    line.grant(requested=False)
    assert line.refuse(EXPIRED) == [GetToken(fresh=True)]
    assert line.grant() == [Open(2, "a=1")]
    line.refuse(EXPIRED)
    assert line.ended
    assert line.fault() == Fault(FaultKind.CREDENTIALS_REFUSED, "H0002")


def test_a_companys_token_is_replaced_once_and_then_a_matter_of_the_company() -> None:
    ours = Fault(FaultKind.DESK_TOKEN_REFUSED, "H0002")
    line = Line(patience=ENDLESS)
    line.start()
    line.grant(requested=False)
    assert line.refuse(ours) == [GetToken(fresh=True)]
    line.grant()
    line.refuse(ours)
    assert line.ended
    assert line.fault() == ours


def test_a_replaced_token_that_is_refused_after_another_fault_is_refused_for_good() -> None:
    line = Line()
    line.start()
    line.grant()
    line.refuse(EXPIRED)
    line.grant()
    line.refuse(DOWN)
    assert line.wait() == [GetToken()]
    line.grant(requested=False)
    line.refuse(EXPIRED)
    assert line.fault() == Fault(FaultKind.CREDENTIALS_REFUSED, "H0002")


def test_a_refused_token_is_not_used_again_because_the_new_one_could_not_be_had_at_once() -> None:
    line = Line()
    line.start()
    line.grant()
    line.refuse(EXPIRED)
    line.feed(TokenRefused(REFUSED))
    assert line.wait() == [GetToken(fresh=True)]
    assert line.grant() == [Open(2, "a=1")]


def test_a_token_that_ran_out_much_later_is_replaced_again() -> None:
    line = Line(patience=ENDLESS)
    line.start()
    line.grant()
    line.refuse(EXPIRED)
    line.grant()
    line.refuse(REFUSED)
    line.wait()
    line.grant()  # asked for anew, because the cached one had run out
    assert line.refuse(EXPIRED) == [GetToken(fresh=True)]


def test_after_a_connection_has_stood_a_refused_token_is_replaced_again() -> None:
    line = Line()
    line.start()
    line.grant()
    line.refuse(EXPIRED)
    line.grant()
    line.open()
    line.close()
    line.wait()
    line.grant(requested=False)
    assert line.refuse(EXPIRED) == [GetToken(fresh=True)]


@pytest.mark.parametrize("kind", sorted(FATAL - TOKEN_REFUSALS))
def test_a_fault_that_no_attempt_can_mend_ends_the_session(kind: FaultKind) -> None:
    for at_token in (True, False):
        line = Line(patience=ENDLESS)
        line.start()
        line.speak(1)
        if at_token:
            line.feed(TokenRefused(Fault(kind, "no")))
        else:
            line.grant()
            line.refuse(Fault(kind, "no"))
        assert line.ended
        assert line.phase() is Phase.STOPPED
        assert line.fault() == Fault(kind, "no")
        assert line.account == (0, 0, RATE)


@pytest.mark.parametrize("kind", [FaultKind.CERTIFICATE, FaultKind.NOT_THE_SERVICE])
def test_what_answers_wrongly_is_given_up_by_a_command_but_not_in_a_call(kind: FaultKind) -> None:
    command, window, call = Line(), Line(patience=ENDLESS), Line().live()
    for line in (command, window):
        line.start()
        line.grant()
        line.refuse(Fault(kind))
    call.close()
    call.wait()
    call.grant()
    call.refuse(Fault(kind))
    assert command.ended
    assert command.session.fault == Fault(kind)
    assert window.is_in(State.WAITING)
    assert call.is_in(State.WAITING)


def test_an_unreachable_service_is_given_up_after_ten_seconds() -> None:
    line = Line()
    line.start()
    attempts = 0
    while not line.ended:
        if line.is_in(State.TOKEN):
            attempts += 1
            line.feed(TokenRefused(REFUSED))
        else:
            line.wait()
    assert line.now == pytest.approx(110.0)
    assert line.fault() == REFUSED
    assert 5 < attempts < 40


@pytest.mark.parametrize("fault", [BUSY, DOWN, Fault(FaultKind.QUOTA, "A0001")])
def test_a_service_that_cannot_is_given_up_after_thirty_seconds(fault: Fault) -> None:
    line = Line()
    line.start()
    attempts = 0
    while not line.ended:
        if line.is_in(State.TOKEN):
            line.grant(requested=False)
        elif line.is_in(State.OPENING):
            attempts += 1
            line.refuse(fault)
        else:
            before = line.now
            line.wait()
            assert line.now - before <= 5.0
    assert line.now == pytest.approx(130.0)
    assert line.fault() == fault
    assert 6 <= attempts <= 40


def test_an_attempt_that_is_not_answered_yet_is_waited_for_longer() -> None:
    line = Line()
    line.start()
    line.tick(12.0)
    assert line.is_in(State.TOKEN)
    line.grant()
    line.tick(12.0)
    line.open()
    assert line.is_in(State.LIVE)


def test_no_answer_at_all_is_given_up_in_the_end() -> None:
    line = Line()
    line.start()
    line.grant()
    assert line.wait() == [Close(1, abort=True)]
    assert (line.now, line.fault()) == (130.0, Fault(FaultKind.UNREACHABLE, "no answer"))


def test_twice_busy_and_then_fine_is_fine() -> None:
    line = Line()
    line.start()
    line.grant()
    for _ in range(2):
        line.refuse(BUSY)
        assert line.fault() == BUSY
        assert line.session.retry_at == line.session.deadline
        line.wait()
        line.grant(requested=False)
    line.open()
    assert line.is_in(State.LIVE)
    assert line.fault() is None
    assert line.session.retry_at is None


def test_a_window_tries_for_ever_before_the_first_connection() -> None:
    line = Line(patience=ENDLESS)
    line.start()
    for _ in range(3000):
        line.feed(TokenRefused(REFUSED))
        line.wait()
    assert line.is_in(State.TOKEN)
    assert line.phase() is Phase.CONNECTING


def test_a_window_that_is_stopped_before_the_first_connection_does_not_wait_for_ever() -> None:
    line = Line(patience=ENDLESS)
    line.start()
    line.speak(1)
    line.feed(TokenRefused(REFUSED))
    line.finish()
    stopped = line.now
    while not line.ended:
        assert line.session.ends_by == stopped + 60
        if line.is_in(State.TOKEN):
            line.feed(TokenRefused(REFUSED))
        line.wait()
    assert line.now == pytest.approx(stopped + 60)
    assert line.fault() == REFUSED
    assert line.account == (0, 0, RATE)


# ---------------------------------------------------------------- messages


@pytest.mark.parametrize("chunk_ms", [20, 60, 100])
def test_the_first_message_of_every_connection_holds_100_ms(chunk_ms: int) -> None:
    line = Line(chunk=chunk_ms * MS).live()
    assert sizes(line.speak(0.2))[0] == 800
    line.close()
    actions = line.again()
    assert sizes(actions)[0] == 800
    assert all(size % (chunk_ms * MS) == 0 for size in sizes(actions + line.speak(1))[1:])


def test_messages_after_a_replay_are_whole_frames_and_wait_for_no_other() -> None:
    line = Line().live()
    line.speak(3)
    line.hear(said(0, 333, "가", final=True, duration_ms=1111.125))
    assert line.ledger.settled % FRAME
    line.close()
    line.again()
    line.catch_up()
    line.tick(1.0)
    assert sizes(line.speak(1)) == [FRAME] * 50


def test_no_more_than_a_second_waits_for_the_socket() -> None:
    line = Line(pace=math.inf)
    line.slow = True
    line.live()
    actions = line.speak(5, paced=False)
    assert sum(sizes(actions)) == RATE
    assert sizes(line.feed(Written(1, 800))) == [800]


def test_a_backlog_is_replayed_at_four_times_real_time() -> None:
    line = Line()
    line.start()
    line.speak(9)
    line.grant()
    opened = line.now
    sent = sum(sizes(line.open()))
    while sent < 9 * RATE:
        sent += sum(sizes(line.wait()))
        assert sent <= 800 + 4 * RATE * (line.now - opened) + 1
    assert line.now - opened == pytest.approx((9 * RATE - 800) / (4 * RATE))


def test_the_end_of_an_utterance_is_sent_in_its_place() -> None:
    line = Line().live()
    line.speak(0.4)
    line.session.release(EndUtterance(line.ledger.end), line.now)
    assert line.drain() == [Write(1, '{"type":"Finalize"}', 3200)]


# ---------------------------------------------------------------- the end


def test_eos_goes_out_once_after_everything_and_close_ends_the_session() -> None:
    line = Line(chunk=800).live()
    line.speak(1.02)
    actions = line.finish()
    assert sizes(actions) == [FRAME]
    assert commands(actions) == ["EOS"]
    assert line.phase() is Phase.DRAINING
    assert line.finish() == []
    line.tick(2.0)
    line.hear(said(0, 0, "가", final=True, duration_ms=300))
    line.hear(said(1, 400, "나", final=True, duration_ms=300))
    line.close(1000)
    assert line.ended
    assert line.account == (8160, 0, 0)
    assert [each.hypothesis.text for each in line.heard] == ["가", "나"]
    assert line.outputs[-1] == ConnectionEnded(1, 8160)
    assert commands(line.log) == ["EOS"]


def test_a_backlog_goes_out_before_eos() -> None:
    line = Line()
    line.start()
    line.speak(4)
    line.finish()
    line.grant()
    actions = line.open()
    assert commands(actions) == []
    assert line.session.ends_by is None, "not known while the backlog goes out"
    while not commands(actions):
        actions += line.wait()
    assert sum(sizes(actions)) == 4 * RATE
    assert line.is_in(State.DRAINING)


def test_without_a_close_the_session_ends_five_seconds_after_eos() -> None:
    line = Line().live()
    line.speak(2)
    line.finish()
    at = line.now
    line.tick(2.0)
    line.hear(said(0, 0, "가", final=True, duration_ms=1000))
    assert line.session.ends_by == at + DRAIN
    assert line.wait() == [Close(1)]
    assert line.now == at + DRAIN
    assert line.ended
    assert line.account == (8000, 0, 8000)
    assert [each.reason for each in line.ledger.take_losses()] == [LossReason.UNFINISHED]
    assert line.fault() is None


def test_the_five_seconds_count_from_when_the_socket_took_the_eos() -> None:
    line = Line().live()
    line.speak(1)
    line.slow = True
    line.finish()
    line.tick(4.0)
    line.feed(Written(1, RATE))
    line.tick(4.9)
    assert line.is_in(State.DRAINING)
    line.wait()
    assert line.ended


@pytest.mark.parametrize("code", [1000, 1001, 1005, 3000, 4321])
def test_any_ordinary_close_after_eos_finishes_the_session(code: int) -> None:
    line = Line().live()
    line.speak(1)
    line.finish()
    line.close(code)
    assert line.ended
    assert line.account == (RATE, 0, 0)


@pytest.mark.parametrize("code", [None, 1002, 1008, 1011, 1012, 1013])
def test_a_close_that_says_that_something_went_wrong_finishes_no_session(code: int | None) -> None:
    line = Line().live()
    line.speak(1)
    line.finish()
    line.close(code)
    assert line.phase() is Phase.RECONNECTING
    actions = line.again()
    while not commands(actions):
        actions += line.wait()
    assert sum(sizes(actions)) == RATE
    line.close(1000)
    assert line.ended
    assert line.account == (RATE, 0, 0)
    assert line.fault() is None


@pytest.mark.parametrize("code", [None, 1008, 1011])
def test_a_service_that_always_ends_so_after_eos_is_not_asked_for_ever(code: int | None) -> None:
    line = Line().live()
    line.speak(1)
    line.finish()
    for _ in range(2):
        line.close(code)
        assert line.phase() is Phase.RECONNECTING
        actions = line.again()
        while not commands(actions):
            actions += line.wait()
    assert line.session.connections == 3
    line.close(code)
    assert line.ended
    assert line.account == (RATE, 0, 0)
    assert line.fault() is None


@pytest.mark.parametrize("code", [None, 1008, 1011])
def test_nor_is_each_utterance_sent_for_ever_where_each_has_a_connection(code: int | None) -> None:
    line = Line(connecting=PER_UTTERANCE)
    needed = []
    for number in range(3):
        line.utter()
        before = line.session.connections
        while not line.is_in(State.IDLE) and line.session.connections < before + 10:
            line.connect()
            if line.session.connections == before + 1:  # it has nothing to say about the breath after that
                line.hear(said(0, 100, f"말{number}", final=True, duration_ms=600))
            line.close(code)
        needed.append(line.session.connections - before)
        assert line.account == ((number + 1) * RATE, 0, 0)
    assert needed == [3, 1, 1], "it is learnt once"
    assert line.fault() is None
    assert [each.hypothesis.text for each in line.heard] == ["말0", "말1", "말2"]


def test_where_every_end_is_odd_one_without_a_word_for_what_was_said_is_a_break() -> None:
    line = Line(connecting=PER_UTTERANCE)

    def utterance(*texts: str) -> None:
        line.words.append(line.ledger.end + RATE // 2)
        line.utter()
        for text in texts:
            line.connect()
            if text:
                line.hear(said(0, 100, text, final=True, duration_ms=600))
            line.close(None)
        assert line.is_in(State.IDLE)

    utterance("하나", "", "")
    utterance("", "둘")
    utterance("", "")  # a second silence is believed
    assert line.session.connections == 7
    assert [each.hypothesis.text for each in line.heard] == ["하나", "둘"]
    assert line.account == (3 * RATE, 0, 0)


def test_a_service_that_ends_a_session_as_it_should_is_believed_a_break_after_the_next() -> None:
    line = Line(connecting=PER_UTTERANCE)

    def utterance(*codes: int | None) -> None:
        line.utter()
        for code in codes:
            line.connect()
            line.close(code)
        assert line.is_in(State.IDLE)

    utterance(None, None, 1000)
    utterance(None, None, 1000)
    assert line.session.connections == 6
    assert line.account == (2 * RATE, 0, 0)


@pytest.mark.parametrize("code", [1000, 1001, 1005])
def test_a_close_that_leaves_an_utterance_open_is_asked_about_again_but_not_for_ever(code: int) -> None:
    line = Line().live()
    line.speak(1)
    line.finish()
    for _ in range(2):
        line.hear(said(0, 0, "가"))
        line.close(code)
        assert line.phase() is Phase.RECONNECTING
        actions = line.again()
        while not commands(actions):
            actions += line.wait()
        assert sum(sizes(actions)) == RATE, "all of it is sent again"
    line.hear(said(0, 0, "가"))
    line.close(code)
    assert line.ended
    assert line.account == (RATE, 0, 0)
    assert line.session.connections == 3


def test_an_utterance_that_is_open_at_every_such_end_is_never_taken_for_recognised() -> None:
    line = Line().live()
    line.speak(1)
    line.finish()
    for _ in range(6):
        line.hear(said(0, 0, "가"))
        line.close(1011)
        assert line.phase() is Phase.RECONNECTING
        actions = line.again()
        while not commands(actions):
            actions += line.wait()
    line.hear(said(0, 0, "가나", final=True, duration_ms=1000))
    line.close(1000)
    assert line.account == (RATE, 0, 0)
    assert line.session.connections == 7


def test_a_break_after_everything_is_recognised_needs_no_new_connection() -> None:
    line = Line().live()
    line.speak(1)
    line.finish()
    line.hear(said(0, 0, "가", final=True, duration_ms=1000))
    line.close()
    assert line.ended
    assert line.fault() is None
    assert line.session.connections == 1


def test_the_end_of_the_source_with_nothing_held_needs_no_new_connection() -> None:
    line = Line().live()
    line.speak(1)
    line.hear(said(0, 0, "가", final=True, duration_ms=1000))
    line.close()
    assert line.fault() == Fault(FaultKind.BROKEN)
    line.finish()
    assert line.ended
    assert line.fault() is None, "what was mended is no fault of the session"
    assert line.account == (RATE, 0, 0)


@pytest.mark.parametrize("opening", [False, True])
def test_a_source_without_any_sound_ends_at_once_while_connecting(opening: bool) -> None:
    line = Line()
    line.start()
    if opening:
        line.grant()
    assert line.finish() == ([Close(1, abort=True)] if opening else [])
    assert line.ended
    assert line.fault() is None
    assert line.grant() == []
    assert line.feed(Opened(1)) == [Close(1, abort=True)], "a connection that came too late is given up"


def test_who_waits_for_the_end_does_not_wait_for_a_service_that_never_answered() -> None:
    line = Line()
    line.start()
    line.speak(1)
    line.feed(TokenRefused(Fault(FaultKind.SERVICE_DOWN)))
    assert line.is_in(State.WAITING)
    line.finish()
    assert line.is_in(State.WAITING)
    line.session.hurry()
    assert line.ended
    assert line.fault() is None
    assert line.account == (0, 0, RATE)


def test_an_attempt_that_is_under_way_is_the_last_one_for_who_waits_for_the_end() -> None:
    line = Line()
    line.start()
    line.speak(1)
    line.finish()
    line.session.hurry()
    assert line.is_in(State.TOKEN)
    line.feed(TokenRefused(Fault(FaultKind.UNREACHABLE)))
    assert line.ended
    assert line.account == (0, 0, RATE)


def test_who_waits_for_the_end_still_gets_what_a_service_that_answered_owes() -> None:
    line = Line().live()
    line.speak(1)
    line.close()
    line.finish()
    line.session.hurry()
    assert line.phase() is Phase.RECONNECTING
    actions = line.again()
    while not commands(actions):
        actions += line.wait()
    line.close(1000)
    assert line.account == (RATE, 0, 0)


def test_a_connection_without_any_sound_is_finished_with_eos() -> None:
    line = Line().live()
    assert commands(line.finish()) == ["EOS"]
    line.close(1000)
    assert line.ended


def test_a_session_that_never_started_ends_at_once() -> None:
    line = Line()
    line.speak(1)
    line.finish()
    assert line.ended
    assert line.account == (0, 0, RATE)


def test_the_end_of_the_source_after_the_session_has_ended_changes_nothing() -> None:
    line = Line()
    line.start()
    line.feed(TokenRefused(Fault(FaultKind.CREDENTIALS_REFUSED)))
    assert line.finish() == []
    line.session.stop_now()
    assert line.drain() == []
    assert line.fault() == Fault(FaultKind.CREDENTIALS_REFUSED)


def test_after_the_end_of_the_source_the_lane_reconnects_for_sixty_seconds() -> None:
    line = Line().live()
    line.speak(3)
    line.close()
    line.finish()
    stopped = line.now
    while not line.ended:
        assert line.session.ends_by == stopped + 60
        if line.is_in(State.TOKEN):
            line.feed(TokenRefused(REFUSED))
        else:
            line.wait()
    assert line.now == pytest.approx(stopped + 60)
    assert line.account == (0, 0, 3 * RATE)
    assert line.fault() is None, "what came back is printed, and the rest is a gap"
    assert [each.reason for each in line.ledger.take_losses()] == [LossReason.OUTAGE]


def test_a_connection_that_came_back_in_the_last_moment_is_used_to_the_end() -> None:
    line = Line().live()
    line.speak(10)
    line.close()
    line.finish()
    line.session._retry_at = line.now + 59.9
    line.wait()
    line.grant(requested=False)
    actions = line.open()
    while not commands(actions):
        actions += line.wait()
    line.close(1000)
    assert line.account == (10 * RATE, 0, 0)


def test_an_outage_that_ends_half_a_second_before_trying_does_is_survived() -> None:
    for seed in range(40):
        line = Line(seed=seed).live()
        line.speak(3)
        line.finish()
        line.close()
        stopped = line.now
        while not (line.is_in(State.TOKEN) and line.now >= stopped + 59.4):
            assert not line.ended
            if line.is_in(State.TOKEN):
                line.feed(TokenRefused(REFUSED))
            else:
                line.wait()
        assert line.now <= stopped + 59.6


def test_a_connection_that_takes_no_more_sound_does_not_hold_up_the_end_for_ever() -> None:
    line = Line()
    line.slow = True
    line.live()
    line.speak(5)
    line.finish()
    assert line.is_in(State.LIVE)
    assert line.wait() == [Close(1, abort=True)]
    assert line.ended
    assert [each.reason for each in line.ledger.take_losses()] == [LossReason.UNFINISHED]


@pytest.mark.parametrize("state", [State.IDLE, State.TOKEN, State.OPENING, State.LIVE, State.DRAINING, State.WAITING])
def test_stopping_now_ends_at_once_in_every_state(state: State) -> None:
    line = Line()
    if state is not State.IDLE:
        line.start()
    line.speak(1)
    if state in (State.OPENING, State.LIVE, State.DRAINING):
        line.grant()
    if state in (State.LIVE, State.DRAINING):
        line.open()
        line.tick(1.0)
    if state is State.DRAINING:
        line.finish()
    if state is State.WAITING:
        line.feed(TokenRefused(REFUSED))
    assert line.is_in(state)
    line.session.stop_now()
    actions = line.drain()
    stood = state in (State.LIVE, State.DRAINING)
    assert actions == ([Close(1, abort=True)] if stood or state is State.OPENING else [])
    assert line.ended
    assert line.account == (0, 0, RATE)
    assert [each.reason for each in line.ledger.take_losses()] == [LossReason.STOPPED]
    assert line.outputs[-1:] == ([ConnectionEnded(1, RATE)] if stood else [])
    assert line.session.deadline == math.inf


# ---------------------------------------------------------------- breaks


@pytest.mark.parametrize("code", [None, 1000, 1001, 1005, 1011, 4000])
def test_any_close_before_eos_is_a_break_and_is_reconnected_soon(code: int | None) -> None:
    line = Line().live()
    line.speak(2)
    line.hear(said(0, 0, "가", final=True, duration_ms=1000))
    line.close(code)
    assert line.phase() is Phase.RECONNECTING
    assert line.outputs[-1] == ConnectionEnded(1, 8000)
    assert line.fault() == Fault(FaultKind.BROKEN, "" if code is None else str(code))
    before = line.now
    actions = line.again()
    assert line.now - before <= 0.3
    assert writes(actions)[0].stop == 8000 - REPLAY_MARGIN + 800, "from a little before what is settled"
    assert line.session.connections == 2


@pytest.mark.parametrize("code", [1012, 1013])
def test_a_close_that_asks_for_patience_gets_it(code: int) -> None:
    delays = []
    for seed in range(40):
        line = Line(seed=seed).live()
        line.close(code)
        assert line.fault() == Fault(FaultKind.SERVICE_DOWN, str(code))
        delays.append(line.session.deadline - line.now)
    assert 10 < max(delays) <= 15


def test_a_close_right_after_the_handshake_is_a_break_like_any_other() -> None:
    line = Line().live()
    line.close(1000)
    for _ in range(20):
        assert line.is_in(State.WAITING)
        assert line.session.deadline - line.now <= 2.0
        line.again()
        line.close(1000)
    assert line.session.connections == 21


def test_a_connection_that_stood_for_a_while_makes_the_next_break_the_first() -> None:
    waits: list[float] = []
    for seed in range(40):
        line = Line(seed=seed).live()
        for _ in range(5):
            line.close()
            line.again()
        line.close()
        assert line.session.retry_at is not None
        waits.append(line.session.retry_at - line.now)
        line.again()
        line.speak(HEALTHY + 0.1)
        line.close()
        assert line.session.retry_at is not None
        assert line.session.retry_at - line.now <= 0.3
    assert max(waits) > 1.5, "many breaks in a row are not tried again at once"


def test_an_error_object_is_a_fault_of_the_connection() -> None:
    line = Line().live()
    line.speak(1)
    actions = line.hear('{"error": {"code": "E500", "msg": "decoder died"}}')
    assert actions == [Close(1, abort=True)]
    assert line.fault() == Fault(FaultKind.SERVICE_ERROR, "E500 decoder died")
    assert line.session.deadline - line.now <= 0.3
    assert line.close(1000) == [], "the close that follows is no news"
    line.again()
    assert line.account == (0, RATE, 0)


@pytest.mark.parametrize("message", ["", "[]", "{", '{"seq": 1}', '{"seq": "a", "start_at": 0}', '"EOS"', "0" * 6000])
def test_a_message_that_cannot_be_read_is_counted_and_dropped(message: str) -> None:
    line = Line().live()
    line.speak(1)
    assert line.hear(message) == []
    assert line.session.unreadable == 1
    assert line.is_in(State.LIVE)
    assert line.heard == []


def test_news_of_older_connections_change_nothing() -> None:
    line = Line().live()
    line.speak(2)
    line.close()
    line.again()
    line.speak(1)
    line.drain()
    before = (line.session.state, line.account, line.session.outbox.written, line.session.connections)
    heard = len(line.heard)
    for news in (
        Received(1, said(0, 0, "옛말", final=True, duration_ms=900)),
        Written(1, 10**6),
        Closed(1, 1000),
        OpenRefused(1, BUSY),
    ):
        assert line.feed(news) == []
    assert line.feed(Opened(1)) == [Close(1, abort=True)]
    assert (line.session.state, line.account, line.session.outbox.written, line.session.connections) == before
    assert len(line.heard) == heard


def test_news_of_a_connection_that_has_just_broken_change_nothing() -> None:
    line = Line().live()
    line.speak(2)
    line.close()
    outputs = len(line.outputs)
    line.feed(Received(1, said(0, 0, "늦은 말", final=True, duration_ms=900)))
    line.feed(Closed(1, 1000))
    line.feed(Written(1, 10**6))
    assert len(line.outputs) == outputs
    assert line.account == (0, 2 * RATE, 0)


def test_after_a_replay_no_word_is_heard_twice_and_none_is_missing() -> None:
    line = Line().live()
    line.speak(3)
    line.hear(said(0, 500, "가 나", final=True, duration_ms=800, words=[("가", 0, 300), ("나", 400, 400)]))
    line.hear(said(1, 1500, "다"))
    assert line.ledger.settled == 1500 * MS
    line.close()
    line.again()
    line.catch_up()
    start = 1300  # where the replay starts, in ms of the lane
    line.hear(
        said(
            0, 20, "나 다 라", final=True, duration_ms=1500, words=[("나", 0, 120), ("다", 200, 300), ("라", 900, 600)]
        )
    )
    texts = [each.hypothesis for each in line.heard]
    assert [each.text for each in texts] == ["가 나", "다", "다 라"]
    assert texts[-1].start == (start + 220) * MS
    assert [(word.start, word.stop) for word in texts[-1].words] == [
        ((start + 220) * MS, (start + 520) * MS),
        ((start + 920) * MS, (start + 1520) * MS),
    ]


def test_start_at_may_be_a_fraction_and_seq_may_start_at_one() -> None:
    line = Line().live()
    line.speak(3)
    line.hear(said(1, 512.5, "가"))
    line.hear(said(1, 512.5, "가", final=True, duration_ms=487.5))
    assert [(each.hypothesis.start, each.hypothesis.final) for each in line.heard] == [(4100, False), (4100, True)]
    assert line.ledger.settled == 8000


def test_a_final_that_comes_twice_is_heard_once() -> None:
    line = Line().live()
    line.speak(3)
    for _ in range(2):
        line.hear(said(0, 500, "가", final=True, duration_ms=500))
    line.hear(said(0, 500, "가나"))
    assert [each.hypothesis.text for each in line.heard] == ["가"]


def test_an_utterance_that_is_left_behind_is_dropped_in_the_end() -> None:
    line = Line().live()
    line.speak(3)
    line.hear(said(0, 500, "가"))
    line.hear(said(1, 1500, "나", final=True, duration_ms=500))
    line.speak(16)
    assert [each for each in line.outputs if isinstance(each, Dropped)] == [Dropped(1, 0)]
    assert line.ledger.settled >= 2000 * MS


def test_a_long_silence_is_passed_and_an_outage_after_it_loses_nothing() -> None:
    line = Line().live()
    line.speak(200)
    _, held, lost = line.account
    assert lost == 0
    assert held <= 19 * RATE
    line.close()
    line.speak(60)
    assert line.ledger.lost == 0


def test_an_outage_longer_than_the_ring_loses_exactly_what_fell_out() -> None:
    line = Line().live()
    line.speak(2)
    line.hear(said(0, 0, "가", final=True, duration_ms=2000))
    line.close()
    line.feed(TokenRefused(REFUSED))
    for _ in range(6000):
        at = line.ledger.end
        line.ledger.push(frame(at))
        line.session.release(Send(at, at + FRAME), line.now)
    assert line.account == (2 * RATE, 90 * RATE, 30 * RATE)
    line.again()
    line.speak(10)
    assert line.ledger.lost == 30 * RATE, "what the service has is not lost while it may still come back"
    (loss,) = line.ledger.take_losses()
    assert (loss.start, loss.stop, loss.reason) == (2 * RATE, 32 * RATE, LossReason.OUTAGE)


# ---------------------------------------------------------------- rotation


def test_a_new_configuration_waits_for_a_quiet_moment_and_loses_nothing() -> None:
    line = Line().live()
    line.speak(1)
    line.hear(said(0, 200, "가"))
    line.session.reconfigure(Options("b=2", 320, 12, 4, Patience()), line.now)
    assert line.rotating()
    line.speak(1)
    line.speaking = True
    line.hear(said(0, 200, "가", final=True, duration_ms=500))
    assert line.is_in(State.LIVE), "somebody speaks"
    line.speak(1)
    line.speaking = False
    assert commands(line.tick()) == ["EOS"]
    assert line.phase() is Phase.RECONNECTING
    assert line.rotating()
    line.speak(0.1)
    assert line.close(1000) == [GetToken()]
    assert line.ledger.settled == 3 * RATE - BEGUN, "somebody may just have begun to speak"
    assert line.grant(requested=False) == [Open(2, "b=2")]
    assert not line.rotating()
    actions = line.open() + line.speak(0.3)
    assert writes(actions)[0].stop == 3 * RATE - BEGUN - REPLAY_MARGIN + 800
    assert {size % 320 for size in sizes(actions)[1:]} == {0}
    assert line.account == (3 * RATE - BEGUN, BEGUN + round(0.4 * RATE), 0)
    line.hear(said(0, 0, "가", final=True, duration_ms=190, words=[("가", 0, 190)]))
    assert line.heard[-1].hypothesis.text == "", "nothing is heard twice"


def test_settings_that_need_no_new_connection_make_none() -> None:
    line = Line().live()
    line.session.reconfigure(Options("a=1", 800, 12, 4, Patience()), line.now)
    assert not line.rotating()
    assert sizes(line.speak(0.3)) == [800, 800, 800]


def test_no_rotation_cuts_into_a_backlog() -> None:
    line = Line()
    line.start()
    line.speak(5)
    line.grant()
    line.session.rotate(line.now)
    actions = line.open()
    while line.is_in(State.LIVE):
        actions += line.wait()
    assert sum(sizes(actions)) > 4.4 * RATE


def test_where_somebody_never_stops_speaking_the_connection_is_left_just_after_a_final() -> None:
    line = Line().live()
    line.speaking = True
    line.session.rotate(line.now)
    wanted = line.now
    seq = 0
    while line.is_in(State.LIVE):
        line.hear(said(seq, 1000 * (line.now - wanted), "가"))
        line.speak(3)
        line.hear(said(seq, 1000 * (line.now - wanted) - 3000, "가", final=True, duration_ms=2500))
        seq += 1
    assert line.is_in(State.TOKEN)
    assert QUIET <= line.now - wanted <= QUIET + 3.1
    assert commands(line.log) == [], "no EOS, which would cut a word"
    assert line.log[-2:] == [Close(1), GetToken()]
    assert isinstance(line.outputs[-1], ConnectionEnded)
    assert line.outputs[-1].settled == line.ledger.settled < line.ledger.captured - 0.4 * RATE


def test_the_deadline_of_a_rotation_needs_no_sound_to_pass() -> None:
    line = Line().live()
    line.speaking = True
    line.session.rotate(line.now)
    while line.is_in(State.LIVE):
        line.wait()
    assert line.now == pytest.approx(100 + QUIET)


def test_a_rotation_without_a_close_is_a_break_and_loses_nothing() -> None:
    line = Line().live()
    line.speak(2)
    line.session.rotate(line.now)
    assert commands(line.tick()) == ["EOS"]
    line.speak(4)
    line.wait()
    assert line.is_in(State.WAITING)
    assert line.log[-1] == Close(1)
    line.again()
    assert line.account == (0, 6 * RATE, 0)


def test_a_connection_per_utterance_that_is_left_without_a_close_keeps_what_was_recognised() -> None:
    line = Line(connecting=PER_UTTERANCE)
    line.speak(1)
    line.grant()
    line.open()
    line.catch_up()
    line.speak(2)
    line.session.rotate(line.now)
    assert commands(line.tick()) == ["EOS"]
    line.hear(
        said(0, 100, "네 알겠습니다", final=True, duration_ms=2100, words=[("네", 0, 600), ("알겠습니다", 700, 1400)])
    )
    line.wait()
    assert line.log[-1] == Close(1)
    assert line.is_in(State.WAITING)
    recognised = line.ledger.recognised
    assert recognised == 3 * RATE - BEGUN, "what came after the final was silence, but for a word that had just begun"
    again = line.again()
    assert sum(sizes(again)) > 0
    line.hear(said(0, 0, "다", final=True, duration_ms=150, words=[("다", 0, 150)]))
    assert [each.hypothesis.text for each in line.heard] == ["네 알겠습니다", ""]
    assert line.ledger.recognised == recognised


def test_the_source_may_end_while_a_rotation_is_under_way() -> None:
    for code in (1000, None):
        line = Line().live()
        line.speak(2)
        line.session.rotate(line.now)
        line.tick()
        line.speak(1)
        line.finish()
        if code is None:
            line.wait()
            line.again()
        else:
            line.close(code)
            line.grant(requested=False)
            line.open()
        while line.is_in(State.LIVE):
            line.wait()
        line.close(1000)
        assert line.ended
        assert line.account == (3 * RATE, 0, 0)


def test_the_source_may_end_with_nothing_left_while_a_rotation_is_under_way() -> None:
    line = Line().live()
    line.speak(2)
    line.session.rotate(line.now)
    line.tick()
    line.finish()
    line.close(1000)
    assert line.ended
    assert line.account == (2 * RATE, 0, 0)
    assert line.session.connections == 1


def test_a_rotation_that_is_due_when_a_backlog_ends_its_utterance_sends_no_second_eos() -> None:
    line = Line(connecting=PER_UTTERANCE)
    line.speak(6, paced=False)
    line.session.release(EndUtterance(line.ledger.end), line.now)
    line.grant()
    line.open()
    line.session.rotate(line.now)
    line.speaking = True
    while line.session.outbox.waiting > RATE // 10:
        line.wait()
    line.speaking = False
    line.wait()
    assert line.is_in(State.DRAINING)
    assert commands(line.log) == ["EOS"]


def test_a_rotation_that_nothing_stands_for_is_not_remembered() -> None:
    line = Line()
    line.session.rotate(line.now)
    line.start()
    line.session.rotate(line.now)
    line.grant()
    line.open()
    assert not line.rotating()


def test_a_token_is_renewed_ahead_of_its_end_and_the_connection_follows_at_a_quiet_moment() -> None:
    line = Line().live()
    opened = line.now
    assert line.wait() == [GetToken()]
    assert line.now == opened + LIFE - 300
    assert line.grant() == []
    assert line.session.tokens == 2
    actions = line.wait()
    assert line.now == opened + LIFE - 150
    assert commands(actions) == ["EOS"]
    line.close(1000)
    line.grant(requested=False)
    line.open()
    assert line.session.connections == 2


def test_while_no_new_token_can_be_had_the_connection_is_kept() -> None:
    line = Line().live()
    line.wait()
    for _ in range(20):
        line.feed(TokenRefused(DOWN))
        before = line.now
        assert line.wait() == [GetToken()], "nothing but another attempt"
        assert line.now - before == TOKEN_RETRY
    line.grant()
    assert line.is_in(State.DRAINING), "as soon as there is one"


def test_a_cached_token_that_lives_no_longer_rotates_nothing() -> None:
    line = Line().live()
    line.wait()
    line.grant(300, requested=False)
    assert line.wait() == [GetToken()]
    assert line.is_in(State.LIVE)


def test_short_lived_tokens_are_asked_for_at_most_once_a_minute() -> None:
    line = Line()
    line.start()
    line.grant(20)
    line.open()
    asked = [line.now]
    for _ in range(5):
        while GetToken() not in line.wait():
            pass
        asked.append(line.now)
        line.feed(TokenGranted(20, requested=False))
        if line.is_in(State.DRAINING):
            line.close(1000)
            line.grant(20, requested=False)
            line.open()
    assert min(after - before for before, after in itertools.pairwise(asked)) >= TOKEN_RETRY


# ---------------------------------------------------------------- sentences for whoever asks


def test_the_phase_says_what_a_person_sees() -> None:
    line = Line()
    phases = [line.phase()]
    line.start()
    phases.append(line.phase())
    line.grant()
    line.open()
    phases.append(line.phase())
    line.close()
    phases.append(line.phase())
    line.again()
    line.finish()
    phases.append(line.phase())
    line.close(1000)
    phases.append(line.phase())
    assert phases == [
        Phase.CONNECTING,
        Phase.CONNECTING,
        Phase.LIVE,
        Phase.RECONNECTING,
        Phase.DRAINING,
        Phase.STOPPED,
    ]


def test_a_session_that_tries_for_ever_has_no_end_to_count_down_to() -> None:
    line = Line(patience=Patience(math.inf, math.inf, math.inf)).live()
    line.speak(1)
    line.close()
    assert line.session.ends_by is None, "not finishing"
    line.finish()
    assert line.session.ends_by is None


# ---------------------------------------------------------------- sleep


def test_after_a_sleep_a_standing_connection_is_given_up_and_made_anew_at_once() -> None:
    line = Line(patience=ENDLESS)
    line.live()
    line.speak(1.0)
    line.now += 3600.0
    line.session.resumed(line.now)
    actions = line.drain()
    assert [type(each) for each in actions] == [Close, GetToken]
    assert actions[0] == Close(1, abort=True)
    assert line.session.phase is Phase.RECONNECTING


def test_after_a_sleep_a_handshake_that_hangs_is_begun_again_at_once() -> None:
    line = Line(patience=ENDLESS)
    line.start()
    line.feed(TokenGranted(LIFE, requested=True))
    assert line.session.state is State.OPENING
    line.now += 3600.0
    line.session.resumed(line.now)
    actions = line.tick()
    assert [type(each) for each in actions] == [Close, GetToken]


def test_after_a_sleep_a_token_that_is_waited_for_is_asked_for_again_at_once() -> None:
    line = Line(patience=ENDLESS)
    line.start()
    line.grant()
    line.refuse(EXPIRED)
    assert line.session.state is State.TOKEN
    line.now += 3600.0
    line.session.resumed(line.now)
    assert line.drain() == [GetToken(fresh=True)]
    assert line.grant() == [Open(2, "a=1")]


def test_after_a_sleep_in_the_last_words_nothing_is_connected_for_where_nothing_is_held() -> None:
    line = Line(patience=ENDLESS)
    line.live()
    line.session.finish(line.now)
    line.drain()
    assert line.session.state is State.DRAINING
    line.now += 3600.0
    line.session.resumed(line.now)
    assert line.drain() == [Close(1, abort=True)]
    assert line.ended


def test_after_a_sleep_in_the_last_words_what_is_held_is_sent_again() -> None:
    line = Line(patience=ENDLESS)
    line.live()
    line.speak(1.0)
    line.session.finish(line.now)
    line.drain()
    assert line.session.state is State.DRAINING
    line.session.resumed(line.now)
    assert [type(each) for each in line.drain()] == [Close, GetToken]
    assert not line.ended


def test_a_sleep_before_the_start_or_after_the_end_changes_nothing() -> None:
    line = Line()
    line.session.resumed(line.now)
    assert line.drain() == []
    line.start()
    line.session.stop_now()
    line.drain()
    line.session.resumed(line.now)
    assert line.drain() == []
