"""What the service says on one connection: positions, what it settles, and what is left of it after a break."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from captioner.events import FRAME, RATE, Hypothesis, Word
from captioner.stt.hearing import Hearing
from captioner.stt.ledger import REPLAY_MARGIN, Ledger
from captioner.stt.modes import Send
from captioner.stt.outbox import Outbox
from captioner.stt.rtzr import UNNUMBERED
from tests.helpers.lane import frame

LONG_AGO = 15.0


class Ear:
    """A hearing on a connection that has got `seconds` of sound, `settled` of it on an earlier connection."""

    def __init__(self, seconds: float = 10, settled: int = 0) -> None:
        self.ledger = Ledger(90 * RATE)
        self.outbox = Outbox(self.ledger, chunk=FRAME, pace=math.inf)
        self.push(seconds)
        self.ledger.settle(settled)
        self.outbox.restart(settled - REPLAY_MARGIN, 0.0)
        self.hearing = Hearing(self.ledger, self.outbox, LONG_AGO)
        self.write(0.0)

    def push(self, seconds: float) -> None:
        for _ in range(round(seconds * RATE / FRAME)):
            self.outbox.add(Send(self.ledger.end, self.ledger.end + FRAME))
            self.ledger.push(frame(self.ledger.end))

    def write(self, now: float) -> None:
        while self.outbox.take(now, ending=False):
            self.outbox.wrote(self.outbox.sent)
        self.hearing.wrote(self.outbox.written, now)

    def answered(self) -> bool:
        return self.hearing.answered

    def hear(self, hypothesis: Hypothesis, now: float = 0.0) -> Hypothesis:
        heard = self.hearing.hear(hypothesis, now)
        assert heard is not None
        return heard


def interim(seq: int, start: int, text: str = "말") -> Hypothesis:
    return Hypothesis(seq, start, start, text, final=False)


def final(seq: int, start: int, stop: int, text: str = "말", *words: tuple[str, int, int]) -> Hypothesis:
    return Hypothesis(seq, start, stop, text, final=True, words=tuple(Word(*word) for word in words))


# ---------------------------------------------------------------- what the service leaves out


def test_utterances_without_a_number_are_told_apart_by_their_finals() -> None:
    ear = Ear()
    first = [ear.hear(interim(UNNUMBERED, 0)), ear.hear(final(UNNUMBERED, 0, RATE))]
    second = [ear.hear(interim(UNNUMBERED, 2 * RATE)), ear.hear(final(UNNUMBERED, 2 * RATE, 3 * RATE))]
    numbered = ear.hear(final(1, 4 * RATE, 5 * RATE))
    assert len({each.seq for each in first}) == len({each.seq for each in second}) == 1
    assert len({first[0].seq, second[0].seq, numbered.seq}) == 3
    assert not ear.hearing.open


def test_a_final_without_a_number_that_comes_twice_is_heard_once() -> None:
    ear = Ear()
    ear.hear(final(UNNUMBERED, 0, RATE))
    assert ear.hearing.hear(final(UNNUMBERED, 0, RATE), 0.0) is None
    assert ear.hear(final(UNNUMBERED, 2 * RATE, 3 * RATE)).text == "말"


def test_a_first_utterance_without_a_place_starts_at_0() -> None:
    ear = Ear()
    heard = ear.hear(replace(final(0, 0, RATE, "말", ("말", 0, RATE)), placed=False))
    assert (heard.start, heard.stop, len(heard.words)) == (0, RATE, 1)
    assert ear.ledger.settled == RATE


def test_a_later_utterance_without_a_place_starts_after_all_that_was_sent_when_the_last_final_came() -> None:
    ear = Ear(4)
    ear.hear(final(0, 0, RATE))
    ear.push(4)
    ear.write(4.0)
    assert ear.hear(replace(interim(1, 0), placed=False)).start == 4 * RATE
    heard = ear.hear(replace(final(1, 0, RATE, "말", ("말", 0, RATE)), placed=False))
    assert (heard.start, heard.stop, heard.words) == (4 * RATE, 8 * RATE, ())
    assert ear.ledger.settled == 4 * RATE


# ---------------------------------------------------------------- positions


def test_an_interim_covers_what_was_written_when_it_came() -> None:
    ear = Ear(2)
    heard = ear.hear(interim(0, 4000, "안녕"))
    assert (heard.start, heard.stop, heard.text, heard.words) == (4000, 16_000, "안녕", ())


def test_an_interim_from_beyond_the_sound_is_at_its_end() -> None:
    heard = Ear(2).hear(interim(0, 10**9))
    assert heard.start == heard.stop == 16_000


def test_a_hypothesis_before_any_sound_is_at_the_start() -> None:
    assert Ear(0).hear(interim(0, 500)).start == 0
    assert Ear(0).hear(final(0, 500, 900)).stop == 0


def test_positions_count_from_where_the_connection_started() -> None:
    ear = Ear(10, settled=40_000)
    assert ear.hear(final(0, 8000, 16_000)).start == 40_000 - REPLAY_MARGIN + 8000
    words = ear.hear(final(1, 20_000, 30_000, "가 나", ("가", 20_000, 24_000), ("나", 25_000, 30_000))).words
    assert [(word.start, word.stop) for word in words] == [(58_400, 62_400), (63_400, 68_400)]


def test_a_final_beyond_the_sound_ends_where_the_sound_does() -> None:
    heard = Ear(2).hear(final(0, 8000, 10**6, "가", ("가", 8000, 10**6)))
    assert (heard.stop, heard.words[0].stop) == (16_000, 16_000)


def test_a_final_without_a_duration_covers_what_was_written_and_settles_nothing_after_its_start() -> None:
    ear = Ear(2)
    heard = ear.hear(final(0, 4000, 4000))
    assert (heard.start, heard.stop) == (4000, 16_000)
    assert ear.ledger.settled == 4000


# ---------------------------------------------------------------- what is settled


def test_a_final_settles_the_sound_up_to_its_end() -> None:
    ear = Ear(5)
    ear.hear(final(0, 8000, 16_000))
    assert ear.ledger.settled == 16_000
    assert not ear.hearing.open


def test_a_final_settles_nothing_after_the_start_of_an_open_utterance() -> None:
    ear = Ear(8)
    ear.hear(interim(0, 8000))
    assert ear.ledger.settled == 8000, "what lies before the first words was passed"
    ear.hear(interim(1, 24_000))
    ear.hear(final(1, 24_000, 32_000))
    assert ear.ledger.settled == 8000
    ear.hear(final(0, 8000, 20_000))
    assert ear.ledger.settled == 32_000
    assert not ear.hearing.open


def test_an_utterance_that_moves_later_is_replayed_from_its_earliest_start() -> None:
    ear = Ear(8)
    ear.hear(interim(0, 8000))
    ear.hear(interim(0, 12_000))
    assert ear.ledger.settled == 8000


def test_an_empty_interim_opens_nothing() -> None:
    ear = Ear(8)
    assert ear.hear(interim(0, 8000, "")).text == ""
    assert not ear.hearing.open
    ear.hear(interim(0, 8000, "아"))
    ear.hear(interim(0, 8000, ""))
    assert ear.hearing.open, "a moment without words is not the end"


def test_an_empty_final_settles_its_sound_too() -> None:
    ear = Ear(8)
    ear.hear(interim(0, 8000))
    assert ear.hear(final(0, 8000, 12_000, "")).text == ""
    assert ear.ledger.settled == 12_000


def test_a_final_without_text_leaves_its_number_to_what_is_said_later() -> None:
    ear = Ear(8)
    ear.hear(interim(1, 8000))
    ear.hear(final(1, 8000, 12_000, ""))
    assert ear.hearing.hear(interim(1, 8000), 1.0) is None, "it came late"
    assert ear.hear(interim(1, 16_000)).text == "말"
    assert ear.hear(final(1, 16_000, 24_000)).text == "말"
    assert ear.hearing.hear(final(1, 16_000, 24_000), 2.0) is None


def test_what_was_written_since_the_last_word_is_unheard() -> None:
    ear = Ear(4)
    assert ear.hearing.unheard == (0, 4 * RATE)
    ear.hear(interim(0, 8000))
    assert ear.hearing.unheard == (4 * RATE, 4 * RATE)
    ear.push(2)
    ear.write(1.0)
    assert ear.hearing.unheard == (4 * RATE, 6 * RATE)
    ear.ledger.settle(5 * RATE)
    assert ear.hearing.unheard == (5 * RATE, 6 * RATE)


def test_what_was_written_long_before_a_final_came_is_unheard_where_it_ends_before_it() -> None:
    ear = Ear(10)
    ear.hear(final(0, 8000, 16_000))
    assert ear.hearing.unheard == (24_000, 80_000), "its last word may trail off for a second"
    ear.hear(final(1, 76_000, 78_000))
    assert ear.hearing.unheard == (80_000, 80_000)
    ear.hear(final(2, 79_000, 79_000))
    assert ear.hearing.unheard == (80_000, 80_000), "it has no length, so nobody knows"


def test_nothing_more_is_heard_of_an_utterance_after_its_final() -> None:
    ear = Ear(8)
    ear.hear(final(1, 8000, 12_000))
    assert ear.hearing.hear(final(1, 8000, 60_000, "딴말"), 1.0) is None
    assert ear.hearing.hear(interim(1, 8000), 1.0) is None
    assert ear.ledger.settled == 12_000


# ---------------------------------------------------------------- the seam after a break


def test_words_whose_middle_lies_before_the_settled_position_are_dropped() -> None:
    ear = Ear(10, settled=40_000)
    start = REPLAY_MARGIN  # of the settled position, as the service counts
    words = [("앞", start - 1500, start - 400), ("걸", start - 99, start + 100), ("뒤", start + 1000, start + 4000)]
    heard = ear.hear(final(0, start - 1500, start + 4000, "앞 걸 뒤", *words))
    assert heard.text == "걸 뒤"
    assert heard.start == 39_901
    assert heard.stop == 44_000


def test_a_final_with_all_of_its_words_before_the_seam_says_nothing() -> None:
    ear = Ear(10, settled=40_000)
    heard = ear.hear(final(0, 0, 1650, "앞", ("앞", 0, 1650)))
    assert (heard.text, heard.words, heard.start, heard.stop) == ("", (), 40_000, 40_000)
    assert ear.ledger.settled == 40_050


def test_words_after_the_seam_keep_their_text_as_the_service_wrote_it() -> None:
    ear = Ear(10, settled=40_000)
    heard = ear.hear(final(0, 1550, 9000, "가, 나.", ("가", 1550, 5000), ("나", 5500, 9000)))
    assert heard.text == "가, 나."
    assert heard.start == 39_950


@pytest.mark.parametrize(("stop", "text"), [(3100, ""), (3300, "말")])
def test_without_words_the_middle_of_the_utterance_decides(stop: int, text: str) -> None:
    ear = Ear(10, settled=40_000)
    heard = ear.hear(final(0, 0, stop))
    assert heard.text == text
    assert heard.start == 40_000


def test_the_tail_of_a_word_that_is_heard_again_is_not_shown_as_something_new() -> None:
    ear = Ear(5.5, settled=40_000)
    assert ear.hear(interim(0, 0)).text == ""
    assert ear.hearing.open
    ear.push(1.0)
    ear.write(1.0)
    assert ear.hear(interim(0, 0)).text == "말", "it is more than a tail"


def test_what_begins_after_the_seam_is_shown_at_once() -> None:
    ear = Ear(5.5, settled=40_000)
    assert ear.hear(interim(0, REPLAY_MARGIN)).text == "말"


# ---------------------------------------------------------------- silence, and what is never finished


def test_sound_of_which_nothing_was_said_was_silence() -> None:
    ear = Ear(0)
    for second in range(40):
        ear.push(1)
        ear.write(float(second))
        assert ear.hearing.deadline > second - 1.0
        ear.hearing.pass_silence(float(second))
        assert ear.ledger.settled == (0 if second < 16 else second - 14) * RATE


def test_nothing_is_passed_while_an_utterance_is_open() -> None:
    ear = Ear(1)
    ear.hear(interim(0, 4000))
    assert ear.hearing.deadline == math.inf
    for second in range(1, 60):
        ear.push(1)
        ear.write(float(second))
        ear.hearing.pass_silence(float(second))
    assert ear.ledger.settled == 4000
    ear.hear(final(0, 4000, 9000), 60.0)
    ear.hearing.pass_silence(60.0)
    assert ear.ledger.settled == (60 - 15) * RATE


def test_a_backlog_that_was_sent_in_a_moment_is_not_passed_as_a_whole() -> None:
    ear = Ear(60)
    ear.hearing.pass_silence(14.9)
    assert ear.ledger.settled == 0
    assert ear.hearing.deadline == 15.0
    ear.hearing.pass_silence(15.0)
    assert ear.ledger.settled == 45 * RATE


def test_an_utterance_that_the_service_left_behind_is_given_up_in_the_end() -> None:
    ear = Ear(8)
    ear.hear(interim(0, 8000), 1.0)
    ear.hear(interim(0, 8000), 2.0)
    ear.hear(interim(1, 24_000), 3.0)
    assert ear.hearing.deadline == math.inf, "nothing has passed it yet"
    ear.hear(final(1, 24_000, 32_000), 5.0)
    assert ear.hearing.deadline == 2.0 + LONG_AGO
    assert ear.hearing.abandoned(16.9) == []
    assert ear.hearing.abandoned(17.0) == [0]
    assert ear.ledger.settled == 32_000
    assert ear.hearing.hear(final(0, 8000, 20_000), 18.0) is None, "too late"
    assert not ear.hearing.open


def test_an_utterance_that_goes_on_is_never_given_up() -> None:
    ear = Ear(8)
    ear.hear(interim(0, 8000), 1.0)
    assert ear.hearing.abandoned(500.0) == []
    ear.hear(final(1, 24_000, 32_000), 500.0)
    ear.hear(interim(0, 8000), 510.0)
    assert ear.hearing.abandoned(520.0) == []


# ---------------------------------------------------------------- whatever comes

SAYINGS = st.lists(
    st.builds(
        Hypothesis,
        seq=st.integers(0, 6),
        start=st.integers(-100, 90_000),
        stop=st.integers(-100, 90_000),
        text=st.sampled_from(["", "가", "나 다"]),
        final=st.booleans(),
        words=st.just(()),
    ),
    max_size=40,
)


@given(SAYINGS, st.sampled_from([0, 8000, 20_001, 80_000]), st.none() | st.integers(0, 80_000))
def test_whatever_comes_stays_inside_the_sound_and_never_unsettles_anything(
    sayings: list[Hypothesis], settled: int, cut: int | None
) -> None:
    ear = Ear(10, settled=settled)
    if cut is not None:
        ear.hearing.cut(cut)
    over: set[int] = set()
    emptied = -1
    before = ear.ledger.settled
    for number, each in enumerate(sayings):
        heard = ear.hearing.hear(each, float(number))
        if each.seq in over:
            assert heard is None
            continue
        if heard is None:
            assert not each.final
            assert each.seq == emptied
            continue
        assert 0 <= heard.start <= heard.stop <= 80_000
        assert before <= ear.ledger.settled <= 80_000
        before = ear.ledger.settled
        if heard.final and each.text:
            over.add(each.seq)
        elif heard.final:
            emptied = each.seq
        over.update(ear.hearing.abandoned(float(number)))
        ear.hearing.pass_silence(float(number))


def test_what_nothing_was_said_of_long_after_we_ended_the_utterance_was_silence() -> None:
    ear = Ear(2)
    ear.hearing.ended(2 * RATE, 1.0)
    assert ear.hearing.deadline <= 1.0 + LONG_AGO
    ear.hearing.pass_silence(0.99 + LONG_AGO)
    assert ear.ledger.settled == 0
    ear.hearing.pass_silence(1.0 + LONG_AGO)
    assert ear.ledger.settled == 2 * RATE


def test_what_is_open_is_not_passed_though_we_ended_the_utterance() -> None:
    ear = Ear(2)
    ear.hear(Hypothesis(0, 0, 0, "네", final=False))
    ear.hearing.ended(2 * RATE, 1.0)
    ear.hearing.pass_silence(100.0)
    assert ear.ledger.settled == 0
    assert not ear.answered()
    ear.hear(Hypothesis(0, 0, RATE, "네", final=True))
    assert ear.answered()
    ear.hearing.pass_silence(100.0)
    assert ear.ledger.settled == 2 * RATE


def test_in_a_call_of_many_hours_what_is_over_stays_over_and_takes_no_more_room() -> None:
    ear = Ear(10)
    for seq in range(5000):
        ear.hear(final(seq, 0, 8, "말"))
    assert len(ear.hearing._closed) <= 1001
    for seq in (0, 1, 2500, 4998, 4999):
        assert ear.hearing.hear(interim(seq, 0), 0.0) is None
    ear.hear(interim(5000, 16))


# ---------------------------------------------------------------- what was not answered


def test_sound_is_unanswered_until_anything_is_said() -> None:
    ear = Ear(10)
    assert ear.hearing.unanswered(-1.0) is None
    ear.push(1)
    ear.write(3.0)
    assert ear.hearing.unanswered(2.0) == (0, 10 * RATE)
    assert ear.hearing.unanswered(3.0) == (0, 11 * RATE)
    ear.push(1)
    ear.write(5.0)
    assert ear.hearing.unanswered(4.0) == (0, 11 * RATE)
    ear.hear(interim(0, 0), 5.5)
    assert ear.hearing.unanswered(99.0) is None
    ear.push(1)
    ear.write(7.0)
    assert ear.hearing.unanswered(7.0) == (12 * RATE, 13 * RATE)


def test_of_a_long_silence_only_the_last_of_it_is_named() -> None:
    ear = Ear(1)
    for second in range(100):
        ear.push(1)
        ear.write(float(second))
        ear.hearing.unanswered(second - 8.0)
    start, stop = ear.hearing.unanswered(99.0) or (0, 0)
    assert stop == 101 * RATE
    assert stop - start <= 12 * RATE


def test_no_sound_passes_as_silence_before_it_may() -> None:
    ear = Ear(60)
    ear.hearing.wait_for(30.0)
    ear.hearing.pass_silence(29.9)
    assert ear.ledger.settled == 0
    ear.hearing.pass_silence(30.0)
    assert ear.ledger.settled == 30 * RATE
    ear.hearing.wait_for(1.0)
    assert ear.hearing.deadline == math.inf, "and no sooner than the longest utterance allows"


# ---------------------------------------------------------------- ended in the midst of the sound


def test_of_a_final_that_the_end_of_the_connection_cut_only_the_whole_words_count() -> None:
    ear = Ear()
    ear.hearing.cut(8 * RATE)
    heard = ear.hear(
        final(0, 5 * RATE, 10 * RATE, "한 두 세", ("한", 0, 0), ("두", 6 * RATE, 7 * RATE), ("세", 7 * RATE, 9 * RATE))
    )
    assert (heard.final, heard.text, heard.stop) == (True, "한 두", 7 * RATE)
    ear.hearing.conclude()
    assert ear.ledger.settled == 7 * RATE, "the third is heard on the next connection"


def test_a_final_of_nothing_but_a_cut_word_is_none() -> None:
    for words in ((), (("말", 8 * RATE, 9 * RATE),)):
        ear = Ear()
        ear.hearing.cut(7 * RATE)
        heard = ear.hear(final(0, 8 * RATE, 9 * RATE, "말", *words))
        assert (heard.final, heard.text) == (False, "말")
        assert ear.hearing.open
        ear.hearing.conclude()
        assert ear.ledger.settled == 8 * RATE, "it is heard as a whole on the next connection"
