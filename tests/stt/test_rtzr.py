"""The codec: what it says to the service, and what it makes of whatever comes back."""

import json
import math
from dataclasses import replace
from random import Random
from typing import Literal
from urllib.parse import parse_qs, parse_qsl

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from captioner.errors import Fault, FaultKind
from captioner.events import Hypothesis, Word
from captioner.settings import Domain, Model, Settings
from captioner.stt.rtzr import (
    EOS,
    FINALIZE,
    UNNUMBERED,
    Token,
    Unreadable,
    decode,
    fault_of_close,
    fault_of_response,
    one_line,
    parse_token,
    query,
)


def message(**changes: object) -> str:
    """A final as the service sends it, with changes; a change to `...` takes the key out."""
    whole: dict[str, object] = {
        "seq": 0,
        "start_at": 1480,
        "duration": 1680,
        "final": True,
        "alternatives": [
            {
                "text": "오늘 뭐 했는지 아세요",
                "confidence": 0.41,
                "words": [
                    {"text": "오늘", "start_at": 280, "duration": 220, "confidence": 0},
                    {"text": "뭐", "start_at": 560, "duration": 100, "confidence": 0},
                    {"text": "했는지", "start_at": 720, "duration": 340, "confidence": 0},
                    {"text": "아세요", "start_at": 1120, "duration": 540, "confidence": 0},
                ],
            }
        ],
    }
    whole |= changes
    return json.dumps({key: value for key, value in whole.items() if value is not ...})


def final(words: list[object], *, start_at: float = 5000, duration: float = 2000) -> Hypothesis:
    """Decode a final with these words."""
    hypothesis = decode(message(start_at=start_at, duration=duration, alternatives=[{"text": "말", "words": words}]))
    assert isinstance(hypothesis, Hypothesis)
    return hypothesis


def word(text: object, start_at: object, duration: object = 100) -> dict[str, object]:
    return {"text": text, "start_at": start_at, "duration": duration}


# ---------------------------------------------------------------- the query


def test_the_query_holds_every_parameter_whatever_its_default() -> None:
    assert dict(parse_qsl(query(Settings()))) == {
        "sample_rate": "8000",
        "encoding": "LINEAR16",
        "model_name": "sommers_ko",
        "domain": "CALL",
        "use_itn": "true",
        "use_disfluency_filter": "false",
        "use_profanity_filter": "false",
        "use_punctuation": "false",
        "epd_time": "0.5",
        "max_utter_duration": "12",
    }


def test_every_recognition_setting_reaches_the_query() -> None:
    changed = Settings(
        model=Model.SOMMERS_JA,
        domain=Domain.MEETING,
        itn=False,
        disfluency_filter=True,
        profanity_filter=True,
        punctuation=True,
        epd=0.8,
        max_utterance=5,
    )
    sent, default = parse_qs(query(changed)), parse_qs(query(Settings()))
    assert sent.keys() == default.keys()
    assert [key for key in sent if sent[key] == default[key]] == ["sample_rate", "encoding"]


def test_the_language_is_sent_with_whisper_only() -> None:
    assert parse_qs(query(Settings(model=Model.WHISPER, language="en")))["language"] == ["en"]
    assert "language" not in parse_qs(query(Settings(language="en")))


def test_keywords_are_joined_with_their_weights_and_encoded() -> None:
    encoded = query(Settings(keywords=("부스팅", "리턴제로:3.5", "에스 티티:-1")))
    assert encoded.isascii()
    assert " " not in encoded
    assert parse_qs(encoded)["keywords"] == ["부스팅,리턴제로:3.5,에스 티티:-1"]


def test_no_keywords_are_no_parameter() -> None:
    assert "keywords" not in query(Settings())


@given(st.floats(0.2, 5.0))
def test_the_end_pointing_time_is_a_plain_number(epd: float) -> None:
    sent = parse_qs(query(replace(Settings(), epd=epd)))["epd_time"][0]
    assert "e" not in sent
    assert float(sent) == pytest.approx(epd, rel=1e-5)


def test_the_commands_are_what_the_service_knows() -> None:
    assert EOS == "EOS"
    assert json.loads(FINALIZE) == {"type": "Finalize"}


# ---------------------------------------------------------------- results


def test_an_interim_is_placed_by_milliseconds_of_this_connection() -> None:
    text = '{"seq":3,"start_at":1480,"duration":0,"final":false,"alternatives":[{"text":"안녕하세","confidence":0}]}'
    assert decode(text) == Hypothesis(3, 11_840, 11_840, "안녕하세", False)


def test_a_final_reaches_from_its_first_word_to_its_last() -> None:
    assert decode(message()) == Hypothesis(
        0,
        (1480 + 280) * 8,
        (1480 + 1120 + 540) * 8,
        "오늘 뭐 했는지 아세요",
        True,
        (
            Word("오늘", 1760 * 8, 1980 * 8),
            Word("뭐", 2040 * 8, 2140 * 8),
            Word("했는지", 2200 * 8, 2540 * 8),
            Word("아세요", 2600 * 8, 3140 * 8),
        ),
    )


def test_a_final_without_words_reaches_as_far_as_its_duration() -> None:
    assert decode(message(alternatives=[{"text": "네"}])) == Hypothesis(0, 11_840, 3160 * 8, "네", True)


def test_words_of_an_interim_are_not_believed() -> None:
    hypothesis = decode(message(final=False))
    assert isinstance(hypothesis, Hypothesis)
    assert hypothesis.words == ()


@pytest.mark.parametrize("alternatives", [[], None, ..., [{}], [{"text": None}], [{"text": " \n"}]])
def test_a_result_without_words_is_an_empty_text(alternatives: object) -> None:
    hypothesis = decode(message(alternatives=alternatives))
    assert isinstance(hypothesis, Hypothesis)
    assert (hypothesis.text, hypothesis.words) == ("", ())


def test_unknown_keys_are_passed_over() -> None:
    assert decode(message(stability=0.5, speaker={"tag": [1, 2]}, error=None, type="result")) == decode(message())


def test_numbers_may_be_floats() -> None:
    hypothesis = decode(message(seq=4.0, start_at=1000.06, duration=20.25, alternatives=[{"text": "네"}]))
    assert hypothesis == Hypothesis(4, 8000, 8162, "네", True)


@pytest.mark.parametrize("duration", [..., None])
def test_a_missing_duration_is_none_at_all(duration: object) -> None:
    assert decode(message(duration=duration, alternatives=[{"text": "네"}])) == Hypothesis(
        0, 11_840, 11_840, "네", True
    )


def test_a_time_before_the_start_is_the_start() -> None:
    assert decode(message(start_at=-30, duration=-5, alternatives=[])) == Hypothesis(0, 0, 0, "", True)


@pytest.mark.parametrize("final", [True, 1, 1.0, "true", "True", "TRUE"])
def test_a_final_is_one_however_truth_is_written(final: object) -> None:
    assert decode(message(final=final)) == decode(message())


@pytest.mark.parametrize("final", [..., None, False, 0, "false", "False"])
def test_an_interim_is_one_however_falsehood_is_written(final: object) -> None:
    hypothesis = decode(message(final=final))
    assert isinstance(hypothesis, Hypothesis)
    assert (hypothesis.final, hypothesis.text) == (False, "오늘 뭐 했는지 아세요")


def test_numbers_may_be_strings_as_protobuf_writes_long_ones() -> None:
    words = [{"text": "네", "start_at": "100", "duration": "200"}]
    written = message(seq="4", start_at="1000", duration="500.5", alternatives=[{"text": "네", "words": words}])
    numbers = [{"text": "네", "start_at": 100, "duration": 200}]
    assert decode(written) == decode(
        message(seq=4, start_at=1000, duration=500.5, alternatives=[{"text": "네", "words": numbers}])
    )


@pytest.mark.parametrize("missing", [..., None])
def test_a_text_without_a_number_or_a_place_is_read(missing: object) -> None:
    hypothesis = decode(message(seq=missing, start_at=missing, duration=400, alternatives=[{"text": "네"}]))
    assert hypothesis == Hypothesis(UNNUMBERED, 0, 3200, "네", True, placed=False)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"seq": ..., "final": ..., "alternatives": ...}, "seq"),
        ({"start_at": ..., "final": ..., "alternatives": ...}, "start_at"),
        ({"seq": "first"}, "seq"),
        ({"seq": "1e2"}, "seq"),
        ({"seq": True}, "seq"),
        ({"seq": 0.5}, "seq"),
        ({"seq": 10**400}, "seq"),
        ({"start_at": ""}, "start_at"),
        ({"start_at": math.nan}, "start_at"),
        ({"start_at": math.inf}, "start_at"),
        ({"start_at": 1e12}, "start_at"),
        ({"duration": "9" * 20}, "duration"),
        ({"duration": "20 ms"}, "duration"),
        ({"duration": 10**30}, "duration"),
        ({"final": "yes"}, "final"),
        ({"final": 2}, "final"),
        ({"final": [True]}, "final"),
        ({"final": {}}, "final"),
        ({"alternatives": {}}, "alternatives"),
        ({"alternatives": ["말"]}, "alternatives"),
        ({"alternatives": "말"}, "alternatives"),
        ({"alternatives": [{"text": 5}]}, "text"),
        ({"alternatives": [{"text": ["말"]}]}, "text"),
    ],
)
def test_what_has_no_place_or_no_meaning_is_unreadable_and_says_why(change: dict[str, object], reason: str) -> None:
    assert decode(message(**change)) == Unreadable(reason)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "not JSON"),
        ("EOS", "not JSON"),
        ("{", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ('{"seq":' + "9" * 5000 + "}", "not JSON"),
        ("\ufeff{}", "not JSON"),
        ("null", "not an object"),
        ("[1, 2]", "not an object"),
        ('"말"', "not an object"),
        ("{}", "seq"),
    ],
)
def test_what_is_no_result_is_unreadable(text: str, reason: str) -> None:
    assert decode(text) == Unreadable(reason)


# ---------------------------------------------------------------- words


def test_word_times_count_from_the_utterance() -> None:
    assert [w.start for w in final([word("가", 0), word("나", 900)]).words] == [40_000, 47_200]


def test_word_times_that_only_fit_the_connection_count_from_its_start() -> None:
    hypothesis = final([word("가", 5100), word("나", 6800)])
    assert [w.start for w in hypothesis.words] == [40_800, 54_400]
    assert (hypothesis.start, hypothesis.stop) == (40_800, 55_200)


def test_relative_times_stay_relative_where_the_utterance_began_at_once() -> None:
    assert [w.start for w in final([word("가", 300), word("나", 1900)], start_at=200).words] == [4000, 16_800]


def test_a_last_word_that_spills_over_a_little_is_still_relative() -> None:
    assert [w.start for w in final([word("가", 200), word("나", 1950)], start_at=200).words] == [3200, 17_200]


@pytest.mark.parametrize("begin", [9000, 900_000_000])
def test_words_that_are_nowhere_near_their_utterance_are_not_believed(begin: int) -> None:
    hypothesis = final([word("가", 100), word("나", begin)])
    assert hypothesis.words == ()
    assert (hypothesis.start, hypothesis.stop) == (40_000, 56_000)


@pytest.mark.parametrize(
    "odd",
    [None, "나", {}, word("나", None), word("나", "nine"), word("나", math.nan), word(7, 900), word("나", 900, [])],
)
def test_one_odd_word_takes_the_others_with_it_but_not_the_text(odd: object) -> None:
    hypothesis = final([word("가", 0), odd])
    assert (hypothesis.text, hypothesis.words) == ("말", ())


@pytest.mark.parametrize(
    "words",
    [
        [{"text": "말"}],
        [word("말", 0, 0)],
        [word("가", 0, 0), word("나", 0, 0)],
        [word("가", 0, 0), word("나", 500, 0)],
    ],
)
def test_words_without_any_length_tell_no_end(words: list[object]) -> None:
    hypothesis = final(words)
    assert (hypothesis.words, hypothesis.start, hypothesis.stop) == ((), 40_000, 56_000)


def test_words_that_are_no_list_are_no_words() -> None:
    no_lists: list[object] = [{}, "말", 5, True]
    for words in no_lists:
        assert decode(message(alternatives=[{"text": "말", "words": words}])) == Hypothesis(
            0, 11_840, 3160 * 8, "말", True
        )


def test_empty_words_are_left_out() -> None:
    assert [w.text for w in final([word("가", 0), word(" ", 300), word(None, 400), word("나", 900)]).words] == [
        "가",
        "나",
    ]


def test_nothing_but_empty_words_is_no_words() -> None:
    assert final([word(" ", 0), word("|", 10)]).words == ()
    assert final([word("", 0)]).words == ()


def test_spacing_marks_of_older_models_separate_words_and_vanish() -> None:
    marked = [word("안녕", 0), word("하세요", 100), word("|", 200, 0), word("네", 400), word("|", 500, 0)]
    assert final(list(marked)).words == (Word("안녕하세요", 40_000, 41_600), Word("네", 43_200, 44_000))
    glued = [word("안녕|", 0), word("", 50), word("하세요", 100), word("|네", 400)]
    assert [w.text for w in final(list(glued)).words] == ["안녕", "하세요", "네"]


def test_a_first_word_may_leave_out_that_it_starts_at_0() -> None:
    first = {"text": "가", "duration": 100}
    assert final([first, word("나", 900)]).words == final([word("가", 0), word("나", 900)]).words


# ---------------------------------------------------------------- texts


def test_texts_are_composed_hangul_on_one_line() -> None:
    decomposed = "\u1112\u1161\u11ab\u1100\u1173\u11af"
    hypothesis = decode(message(alternatives=[{"text": f" {decomposed}\r\n\x1b[31m가\x00나\u2028 "}]))
    assert isinstance(hypothesis, Hypothesis)
    assert hypothesis.text == "한글 [31m가 나"


def test_lone_surrogates_become_something_that_can_be_written() -> None:
    hypothesis = decode('{"seq":0,"start_at":0,"final":false,"alternatives":[{"text":"\\ud83d 가 \\ud83d\\ude00"}]}')
    assert isinstance(hypothesis, Hypothesis)
    assert hypothesis.text == "\ufffd 가 😀"
    hypothesis.text.encode("utf-8")


# ---------------------------------------------------------------- errors inside the stream


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        ('{"error":"too long"}', "too long"),
        ('{"error":true,"msg":"decoder died"}', "decoder died"),
        ('{"error":{"code":"E500","message":"decoder died"}}', "E500 decoder died"),
        ('{"type":"error","message":"decoder died","code":"E500"}', "E500 decoder died"),
        ('{"type":"error"}', ""),
        ('{"error":[[]]}', ""),
        ('{"error":"no","seq":0,"start_at":0,"final":true,"alternatives":[{"text":"비밀"}]}', "no"),
    ],
)
def test_an_explicit_error_object_is_a_fault(text: str, detail: str) -> None:
    assert decode(text) == Fault(FaultKind.SERVICE_ERROR, detail)


@pytest.mark.parametrize("nothing", [False, None, "", {}, [], 0])
def test_an_error_that_is_none_changes_nothing(nothing: object) -> None:
    assert decode(message(error=nothing)) == decode(message())


# ---------------------------------------------------------------- answers and closes


@pytest.mark.parametrize(
    ("status", "body", "at", "kind", "detail"),
    [
        (400, b'{"code":"H0001","msg":"bad sample_rate"}', "handshake", FaultKind.BAD_REQUEST, "H0001 bad sample_rate"),
        (400, b'{"code":"H0001","msg":"client_id"}', "token", FaultKind.BAD_REQUEST, "H0001 client_id"),
        (401, b'{"code":"H0002"}', "handshake", FaultKind.TOKEN_EXPIRED, "H0002"),
        (401, b'{"code":"H0002"}', "token", FaultKind.CREDENTIALS_REFUSED, "H0002"),
        (403, b"", "handshake", FaultKind.CREDENTIALS_REFUSED, "HTTP 403"),
        (403, b"", "token", FaultKind.CREDENTIALS_REFUSED, "HTTP 403"),
        (402, b"", "handshake", FaultKind.QUOTA, "HTTP 402"),
        (429, b'{"code":"A0001","msg":"quota"}', "handshake", FaultKind.QUOTA, "A0001 quota"),
        (429, b'{"code":"A0002","msg":"streams"}', "handshake", FaultKind.BUSY, "A0002 streams"),
        (429, b"<html>", "token", FaultKind.BUSY, "HTTP 429"),
        (407, b"", "handshake", FaultKind.PROXY, "HTTP 407"),
        (500, b'{"code":"E500","msg":"oops"}', "token", FaultKind.SERVICE_DOWN, "E500 oops"),
        (503, b"", "handshake", FaultKind.SERVICE_DOWN, "HTTP 503"),
        (200, b'{"msg":"welcome to the hotel"}', "handshake", FaultKind.NOT_THE_SERVICE, "HTTP 200"),
        (302, b"", "token", FaultKind.NOT_THE_SERVICE, "HTTP 302"),
        (404, b'{"code":"H0004","msg":"x"}', "token", FaultKind.NOT_THE_SERVICE, "HTTP 404"),
    ],
)
def test_each_answer_has_its_fault(
    status: int, body: bytes, at: Literal["token", "handshake"], kind: FaultKind, detail: str
) -> None:
    assert fault_of_response(status, body, at=at) == Fault(kind, detail)


@pytest.mark.parametrize(
    ("code", "kind"),
    [(1012, FaultKind.SERVICE_DOWN), (1013, FaultKind.SERVICE_DOWN)]
    + [(code, FaultKind.BROKEN) for code in (None, 1000, 1001, 1005, 1006, 1008, 1011, 4000)],
)
def test_each_close_has_its_fault(code: int | None, kind: FaultKind) -> None:
    assert fault_of_close(code, "so long") == Fault(kind, "so long" if code is None else f"{code} so long")


def test_a_token_is_read_and_does_not_show() -> None:
    token = parse_token(b'{"access_token":"eyJhbGciOi.J9.x","expire_at":1690377931}')
    assert token == Token("eyJhbGciOi.J9.x", 1690377931.0)
    assert "eyJ" not in repr(token)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>sign in</html>",
        b"[]",
        b"\xff\xfe",
        b"{}",
        b'{"access_token":"","expire_at":1}',
        b'{"access_token":5,"expire_at":1}',
        b'{"access_token":"a\\r\\nX-Evil: 1","expire_at":1}',
        '{"access_token":"토큰","expire_at":1}'.encode(),
        b'{"access_token":"' + b"a" * 9000 + b'","expire_at":1}',
    ],
)
def test_what_is_no_token_is_not_the_service(body: bytes) -> None:
    fault = parse_token(body)
    assert isinstance(fault, Fault)
    assert fault.kind is FaultKind.NOT_THE_SERVICE
    assert "abc" not in fault.detail


@pytest.mark.parametrize(
    ("expire_at", "seconds"),
    [
        ("1690377931", 1690377931.0),
        ('"1690377931"', 1690377931.0),
        ("1690377931000", 1690377931.0),
        ("null", 0.0),
        ('"soon"', 0.0),
        ("NaN", 0.0),
        ("true", 0.0),
    ],
)
def test_a_token_counts_whatever_is_said_of_its_end(expire_at: str, seconds: float) -> None:
    assert parse_token(b'{"access_token":"abc","expire_at":%s}' % expire_at.encode()) == Token("abc", seconds)


def test_a_token_whose_end_is_not_said_counts_all_the_same() -> None:
    assert parse_token(b'{"access_token":"abc"}') == Token("abc", 0.0)


@pytest.mark.parametrize(
    "text",
    [
        "Bearer abc.def-123",
        "bearer   abc.def-123",
        "token eyJhbc.def-123.ghi is old",
        '{"access_token": "abc.def-123"}',
        "client_secret=abc.def-123",
        "Authorization:abc.def-123",
    ],
)
def test_tokens_and_secrets_leave_a_detail(text: str) -> None:
    assert "def-123" not in one_line(text)


def test_a_detail_is_one_printable_line() -> None:
    detail = fault_of_response(400, json.dumps({"msg": "a\r\nb\x1b[2J\u202e" + "c" * 500}).encode(), at="token").detail
    assert detail.isprintable()
    assert len(detail) == 200


# ---------------------------------------------------------------- anything at all

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters())
    | st.sampled_from(["|", "가|", "\ud800", "EOS", "error", 10**400, -(10**400), 1e308, 4_000_000]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["seq", "start_at", "duration", "final", "alternatives", "text", "words", "error", "msg"]),
            inner,
        )
    ),
    max_leaves=12,
)
numbers = st.integers(0, 100_000) | st.floats() | json_values
words_of_any_kind = st.lists(
    st.fixed_dictionaries({"text": st.text() | json_values, "start_at": numbers, "duration": numbers}) | json_values,
    max_size=5,
)
results_of_any_kind = st.fixed_dictionaries(
    {"seq": numbers, "start_at": numbers},
    optional={
        "duration": numbers,
        "final": st.booleans() | json_values,
        "alternatives": st.lists(
            st.fixed_dictionaries(
                {"text": st.text() | json_values}, optional={"words": words_of_any_kind | json_values}
            )
            | json_values,
            max_size=2,
        ),
        "error": json_values,
        "type": st.sampled_from(["error", "result"]) | json_values,
    },
)


def check_anything(text: str) -> None:
    """Decode `text`, and check what holds for whatever the service may send."""
    match decode(text):
        case Hypothesis() as hypothesis:
            assert 0 <= hypothesis.start <= hypothesis.stop
            assert hypothesis.text == " ".join(hypothesis.text.split())
            hypothesis.text.encode("utf-8")
            for each in hypothesis.words:
                assert hypothesis.final
                assert hypothesis.start <= each.start <= each.stop <= hypothesis.stop
                assert each.text
        case Fault() as fault:
            assert fault.kind is FaultKind.SERVICE_ERROR
            assert len(fault.detail) <= 200
            assert not fault.detail or fault.detail.isprintable()
        case Unreadable() as unreadable:
            assert unreadable.reason in {
                *["not JSON", "not an object", "seq", "start_at", "duration", "final", "alternatives", "text"]
            }


@settings(max_examples=300)
@given(st.text(st.characters()) | results_of_any_kind.map(json.dumps) | json_values.map(json.dumps))
@example('{"seq":0,"start_at":0,"alternatives":[{"text":"\\udc80"}],"final":true}')
def test_whatever_comes_is_a_hypothesis_a_fault_or_unreadable(text: str) -> None:
    check_anything(text)


PIECES = [*'{}[]",:|0-.eE\\', "null", "NaN", "1e999", "-7", "9" * 30, "true", '"error":1,', "\\ud800", "\x00", "가"]


@settings(max_examples=20)
@given(st.integers(0, 2**32))
def test_a_thousand_damaged_messages_at_a_time_never_raise(seed: int) -> None:
    random, whole = Random(seed), message(type="result")
    for _ in range(1000):
        damaged = whole
        for _ in range(random.randint(1, 4)):
            at = random.randrange(len(damaged) + 1)
            damaged = damaged[:at] + random.choice(["", *PIECES]) + damaged[at + random.choice([0, 1, 1, 3, 40]) :]
        check_anything(damaged)


@given(
    st.integers(0, 10**6),
    st.integers(0, 86_400_000),
    st.integers(0, 60_000),
    st.booleans(),
    st.text(st.characters(categories=["Lo", "Nd"]), min_size=1),
)
def test_what_is_well_formed_always_comes_through(seq: int, start: int, duration: int, final: bool, text: str) -> None:
    hypothesis = decode(message(seq=seq, start_at=start, duration=duration, final=final, alternatives=[{"text": text}]))
    assert isinstance(hypothesis, Hypothesis)
    assert (hypothesis.seq, hypothesis.start, hypothesis.stop) == (seq, start * 8, (start + duration) * 8)
    assert hypothesis.final is final


@settings(max_examples=200)
@given(st.binary() | json_values.map(lambda value: json.dumps(value).encode()), st.integers(100, 999))
def test_whatever_an_answer_holds_is_a_token_or_a_fault(body: bytes, status: int) -> None:
    assert isinstance(parse_token(body), Token | Fault)
    for at in ("token", "handshake"):
        fault = fault_of_response(status, body, at="token" if at == "token" else "handshake")
        assert len(fault.detail) <= 200
        assert fault.detail.isprintable()


@settings(max_examples=20)
@given(st.integers(0, 2**32))
def test_five_hundred_damaged_answers_at_a_time_never_raise(seed: int) -> None:
    random, whole = Random(seed), json.dumps({"access_token": "a.b-c_d", "expire_at": 1_800_000_000})
    for _ in range(500):
        damaged = whole
        for _ in range(random.randint(1, 4)):
            at = random.randrange(len(damaged) + 1)
            damaged = damaged[:at] + random.choice(["", *PIECES]) + damaged[at + random.choice([0, 1, 1, 3, 40]) :]
        body = damaged.encode("utf-8", "surrogatepass")[: random.choice([-1, -2, None])]
        match parse_token(body):
            case Token(bearer, expires):
                assert bearer.isprintable()
                assert bearer.isascii()
                assert math.isfinite(expires)
            case Fault(kind):
                assert kind is FaultKind.NOT_THE_SERVICE


@given(st.text(st.characters()))
def test_whatever_a_close_says_is_one_line(reason: str) -> None:
    detail = fault_of_close(1011, reason).detail
    assert detail.isprintable()
    assert len(detail) <= 200
