"""The live tail: numbers, interims, finals in the order of the sound, and what a broken connection leaves."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from captioner.events import Caption, Hypothesis, Word
from captioner.transcript.captions import Captions, Change, Changed, Gone, Settled


def interim(seq: int, start: int, stop: int, text: str = "말") -> Hypothesis:
    return Hypothesis(seq, start, stop, text, final=False)


def final(seq: int, start: int, stop: int, text: str = "말", words: tuple[Word, ...] = ()) -> Hypothesis:
    return Hypothesis(seq, start, stop, text, final=True, words=words)


def shown(changes: Sequence[Change]) -> list[str]:
    """What a person sees: `1?text` is an interim, `1~text` provisional, `1.text` final, `1-` gone."""
    lines: list[str] = []
    for each in changes:
        match each:
            case Changed(caption):
                lines.append(f"{caption.utterance}{'~' if caption.provisional else '?'}{caption.text}")
            case Settled(caption):
                assert caption.final
                assert not caption.provisional
                lines.append(f"{caption.utterance}.{caption.text}")
            case Gone(utterance):
                lines.append(f"{utterance}-")
    return lines


def tail(captions: Captions) -> list[str]:
    return [f"{each.utterance}{'~' if each.provisional else '?'}{each.text}" for each in captions.tail]


def test_interims_replace_each_other_and_the_final_settles() -> None:
    captions = Captions()
    assert shown(captions.hear(1, interim(0, 100, 500, "안녕"))) == ["1?안녕"]
    assert shown(captions.hear(1, interim(0, 100, 700, "안녕하"))) == ["1?안녕하"]
    assert tail(captions) == ["1?안녕하"]
    words = (Word("안녕하세요", 120, 800),)
    (settled,) = captions.hear(1, final(0, 120, 800, "안녕하세요", words))
    assert settled == Settled(Caption(1, 120, 800, "안녕하세요", words, final=True, provisional=False, revision=3))
    assert captions.tail == ()
    assert captions.utterances == 1


def test_a_final_needs_no_interim_before_it() -> None:
    captions = Captions()
    assert shown(captions.hear(1, final(7, 0, 100, "늘 청소했어요"))) == ["1.늘 청소했어요"]


def test_numbers_count_first_appearances_whatever_seq_starts_with() -> None:
    captions = Captions()
    for number, seq in enumerate((1, 2, 40), 1):
        assert shown(captions.hear(1, final(seq, 100 * number, 100 * number + 50))) == [f"{number}.말"]


def test_nothing_comes_under_a_number_after_its_final() -> None:
    captions = Captions()
    captions.hear(1, final(0, 0, 100, "가"))
    for again in (final(0, 0, 100, "가"), interim(0, 0, 200, "가나"), final(0, 0, 100, "")):
        assert captions.hear(1, again) == []
    assert captions.revision == 1


def test_an_empty_interim_changes_nothing() -> None:
    captions = Captions()
    assert captions.hear(1, interim(0, 0, 100, "")) == []
    captions.hear(1, interim(0, 0, 100, "가"))
    assert captions.hear(1, interim(0, 0, 200, "")) == []
    assert tail(captions) == ["1?가"]


def test_an_interim_that_turned_out_to_hold_no_words_is_withdrawn() -> None:
    captions = Captions()
    captions.hear(1, interim(0, 0, 100, "가"))
    assert shown(captions.hear(1, final(0, 0, 100, ""))) == ["1-"]
    assert captions.hear(1, final(3, 0, 100, "")) == [], "of one that never appeared"
    assert captions.utterances == 0


def test_text_that_comes_after_a_final_without_any_is_shown() -> None:
    captions = Captions()
    captions.hear(1, interim(0, 0, 100, "가"))
    captions.hear(1, final(0, 0, 100, ""))
    assert shown(captions.hear(1, final(0, 0, 100, "가나"))) == ["1.가나"]
    assert captions.hear(1, final(0, 0, 100, "가나")) == []


def test_the_number_of_a_withdrawn_utterance_goes_to_the_next_one() -> None:
    captions = Captions()
    captions.hear(1, final(0, 0, 100, "가"))
    captions.hear(1, interim(1, 200, 300, "음"))
    captions.hear(1, final(1, 200, 300, ""))
    assert shown(captions.hear(1, interim(2, 400, 500, "나"))) == ["2?나"]
    assert shown(captions.hear(1, final(2, 400, 600, "나다"))) == ["2.나다"]


def test_a_number_is_not_given_again_while_a_later_one_is_in_use() -> None:
    captions = Captions()
    captions.hear(1, interim(0, 0, 100, "음"))
    captions.hear(1, interim(1, 200, 300, "나"))
    assert shown(captions.hear(1, final(0, 0, 100, ""))) == ["1-"]
    assert shown(captions.hear(1, interim(2, 400, 500, "다"))) == ["3?다"]


def test_a_final_waits_for_an_utterance_that_is_open_before_it() -> None:
    captions = Captions()
    captions.hear(1, interim(0, 0, 100, "가"))
    captions.hear(1, interim(1, 200, 300, "나"))
    assert shown(captions.hear(1, final(1, 200, 400, "나다"))) == ["2?나다"]
    assert captions.hear(1, final(1, 200, 400, "딴말")) == []
    assert shown(captions.hear(1, final(0, 0, 150, "가라"))) == ["1.가라", "2.나다"]


def test_finals_settle_in_the_order_of_the_sound_not_of_their_numbers() -> None:
    captions = Captions()
    captions.hear(1, interim(5, 1000, 1100, "뒤"))
    captions.hear(1, interim(4, 0, 1200, "앞"))
    assert [each.utterance for each in captions.tail] == [2, 1]
    assert shown(captions.hear(1, final(5, 1000, 1300, "뒤"))) == ["1?뒤"]
    assert shown(captions.hear(1, final(4, 0, 500, "앞"))) == ["2.앞", "1.뒤"]


def test_an_open_utterance_that_vanishes_lets_the_final_after_it_settle() -> None:
    captions = Captions()
    captions.hear(1, interim(0, 0, 100, "음"))
    captions.hear(1, final(1, 200, 300, "네"))
    assert shown(captions.hear(1, final(0, 0, 100, ""))) == ["1-", "2.네"]


def test_an_utterance_that_the_service_left_behind_is_settled_as_it_was_read() -> None:
    captions = Captions()
    captions.hear(1, interim(0, 0, 100, "가"))
    captions.hear(1, final(1, 200, 300, "나"))
    assert shown(captions.drop(1, 0)) == ["1.가", "2.나"]
    assert captions.hear(1, final(0, 0, 150, "가나다")) == []
    assert captions.drop(1, 9) == []


# ---------------------------------------------------------------- across connections


def broken(*hypotheses: Hypothesis, settled: int = 0) -> Captions:
    """Captions whose first connection said something, and then broke."""
    captions = Captions()
    for each in hypotheses:
        captions.hear(1, each)
    captions.broke(1, settled)
    return captions


def test_what_a_broken_connection_left_open_stays_readable_as_provisional() -> None:
    captions = Captions()
    captions.hear(1, interim(0, 100, 500, "가나"))
    assert shown(captions.broke(1, 100)) == ["1~가나"]
    assert tail(captions) == ["1~가나"]
    assert captions.broke(2, 100) == [], "provisional already"


def test_the_replayed_hypothesis_takes_the_number_over() -> None:
    captions = broken(interim(3, 100, 500, "가나"))
    assert shown(captions.hear(2, interim(0, 110, 900, "가"))) == ["1?가"]
    assert shown(captions.hear(2, final(0, 110, 600, "가나다"))) == ["1.가나다"]
    assert shown(captions.hear(2, final(1, 700, 800, "라"))) == ["2.라"]


def test_several_breaks_in_a_row_keep_the_number() -> None:
    captions = broken(interim(0, 100, 500, "가"))
    captions.hear(2, interim(0, 100, 600, "가나"))
    captions.broke(2, 100)
    captions.broke(3, 100)
    assert shown(captions.hear(4, final(0, 100, 700, "가나다"))) == ["1.가나다"]


def test_late_news_of_an_ended_connection_change_nothing() -> None:
    captions = broken(interim(0, 100, 500, "가"))
    assert captions.hear(1, final(0, 100, 500, "가나")) == []
    assert captions.hear(1, final(1, 600, 700, "다")) == []
    assert tail(captions) == ["1~가"]


def test_a_replay_that_splits_an_utterance_doubles_nothing() -> None:
    captions = broken(interim(0, 100, 900, "가 나"))
    assert shown(captions.hear(2, final(0, 100, 300, "가"))) == ["1.가"]
    assert shown(captions.hear(2, final(1, 500, 900, "나"))) == ["2.나"]
    assert captions.tail == ()


def test_a_replay_that_merges_utterances_doubles_nothing() -> None:
    captions = broken(interim(0, 100, 400, "가"), interim(1, 500, 900, "나"))
    assert shown(captions.hear(2, interim(0, 100, 950, "가 나"))) == ["1?가 나"]
    assert shown(captions.hear(2, final(0, 100, 900, "가 나"))) == ["2-", "1.가 나"]
    assert captions.tail == ()


def test_a_split_keeps_the_order_of_the_sound() -> None:
    captions = broken(interim(0, 100, 900, "가 나"), interim(1, 1000, 1500, "다"))
    assert shown(captions.hear(2, final(0, 100, 300, "가"))) == ["1.가"]
    assert shown(captions.hear(2, interim(1, 500, 990, "나"))) == ["3?나"]
    assert tail(captions) == ["3?나", "2~다"]
    assert shown(captions.hear(2, final(1, 500, 900, "나"))) == ["3.나"]
    assert shown(captions.hear(2, final(2, 1000, 1400, "다"))) == ["2.다"]


def test_provisional_text_that_the_replay_passed_is_settled_as_it_was_read() -> None:
    captions = broken(interim(0, 100, 400, "가"))
    assert shown(captions.hear(2, final(0, 500, 600, "나"))) == ["1.가", "2.나"]


def test_provisional_text_of_which_the_replay_says_nothing_is_withdrawn() -> None:
    captions = broken(interim(0, 100, 400, "음"))
    assert shown(captions.hear(2, final(0, 100, 400, ""))) == ["1-"]


def test_a_final_that_waited_is_heard_again_after_a_break() -> None:
    captions = broken(interim(0, 100, 400, "가"), final(1, 500, 900, "나"))
    assert tail(captions) == ["1~가", "2~나"]
    assert shown(captions.hear(2, final(0, 100, 400, "가"))) == ["1.가"]
    assert shown(captions.hear(2, final(1, 500, 900, "나"))) == ["2.나"]


def test_where_nothing_is_heard_again_text_is_settled_as_it_was_read() -> None:
    captions = Captions()
    words = (Word("나", 500, 900),)
    captions.hear(1, interim(0, 100, 400, "가"))
    captions.hear(1, final(1, 500, 900, "나", words))
    changes = captions.broke(1, 900)
    assert shown(changes) == ["1.가", "2.나"]
    assert isinstance(changes[1], Settled)
    assert changes[1].caption.words == words, "a final that waited was final"


def test_lost_sound_settles_only_the_text_that_lies_in_it() -> None:
    captions = broken(interim(0, 100, 400, "가"), interim(1, 500, 900, "나"))
    assert captions.pass_over(399) == []
    assert shown(captions.pass_over(400)) == ["1.가"]
    assert tail(captions) == ["2~나"]
    open_ones = Captions()
    open_ones.hear(1, interim(0, 100, 400, "가"))
    assert open_ones.pass_over(10**6) == [], "its own connection still stands"


def test_at_the_end_what_was_read_is_kept() -> None:
    captions = broken(interim(0, 100, 400, "가"), settled=100)
    captions.hear(2, interim(4, 0, 90, "나"))
    assert shown(captions.finish()) == ["2.나", "1.가"]
    assert captions.finish() == []
    assert captions.utterances == 2


# ---------------------------------------------------------------- whatever comes

EVENTS = st.lists(
    st.one_of(
        st.builds(
            Hypothesis,
            seq=st.integers(0, 5),
            start=st.integers(0, 50),
            stop=st.integers(50, 100),
            text=st.sampled_from(["", "가", "나"]),
            final=st.booleans(),
            words=st.just(()),
        ),
        st.tuples(st.just("broke"), st.integers(0, 100)),
        st.tuples(st.just("pass_over"), st.integers(0, 100)),
        st.tuples(st.just("drop"), st.integers(0, 5)),
    ),
    max_size=60,
)


@given(EVENTS)
def test_whatever_comes_every_utterance_settles_once_or_goes_and_nothing_follows(
    events: list[Hypothesis | tuple[str, int]],
) -> None:
    captions = Captions()
    changes: list[Change] = []
    epoch = 1
    for event in events:
        match event:
            case Hypothesis():
                changes += captions.hear(epoch, event)
            case ("broke", position):
                changes += captions.broke(epoch, position)
                epoch += 1
            case ("drop", seq):
                changes += captions.drop(epoch, seq)
            case (_, position):
                changes += captions.pass_over(position)
        assert len(captions.tail) <= 7 + len(events)
        starts = [each.start for each in captions.tail]
        assert starts == sorted(starts)
    changes += captions.finish()
    assert captions.tail == ()
    over: set[int] = set()
    withdrawn: set[int] = set()
    seen: list[int] = []
    revision = 0
    for each in changes:
        number = each.utterance if isinstance(each, Gone) else each.caption.utterance
        current = each.revision if isinstance(each, Gone) else each.caption.revision
        assert number not in over, "something after the end"
        assert current == revision + 1, "revisions grow one by one"
        revision = current
        if number not in seen:
            assert not isinstance(each, Gone)
            seen.append(number)
        if isinstance(each, Gone):
            assert number not in withdrawn
            withdrawn.add(number)
            continue
        assert each.caption.text
        withdrawn.discard(number)
        if isinstance(each, Settled):
            over.add(number)
    assert seen == list(range(1, len(seen) + 1)), "numbers in order of first appearance"
    assert over | withdrawn == set(seen), "all of them ended"
    assert captions.utterances == sum(isinstance(each, Settled) for each in changes)
    assert captions.revision == revision


def test_in_a_call_of_many_hours_what_is_over_stays_over_and_takes_no_more_room() -> None:
    captions = Captions()
    for seq in range(3000):
        captions.hear(1, final(seq, seq * 10, seq * 10 + 5))
    assert len(captions._done) <= 1000
    assert captions.hear(1, final(2500, 25_000, 25_005)) == []
