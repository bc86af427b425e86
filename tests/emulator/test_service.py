import json
from collections.abc import Iterable
from dataclasses import replace
from urllib.parse import urlencode

import pytest

from captioner.emulator.faults import parse_fault
from captioner.emulator.profiles import PROFILES, Profile
from captioner.emulator.service import Action, Close, Drop, Reply, Send, Service, Session
from tests.emulator.speech import pcm16, sample_call, sample_recording, seconds, silence

DESIGN = PROFILES["design"]
FORM = {"client_id": "id", "client_secret": "secret"}
QUERY = {"sample_rate": "8000", "encoding": "LINEAR16", "epd_time": "0.5"}


class World:
    """A service in virtual time, with one client."""

    def __init__(self, profile: Profile = DESIGN, *faults: str) -> None:
        self.service = Service(profile, sample_recording(), faults=[parse_fault(fault) for fault in faults])
        self.now = 0.0
        self.got: list[tuple[float, Action]] = []
        self.sessions: list[Session] = []

    def token(self) -> str:
        reply = self.service.authenticate(FORM, self.now, 1_700_000_000 + self.now)
        assert reply.status == 200
        return str(reply.body["access_token"])

    def open(self, token: str | None = None, **query: str) -> Session | Reply:
        token = self.token() if token is None else token
        target = f"/v1/transcribe:streaming?{urlencode(QUERY | query)}"
        answer = self.service.open(target, f"Bearer {token}", self.now)
        if isinstance(answer, Session):
            answer.begin(self.now)
            self.sessions.append(answer)
        return answer

    def session(self, **query: str) -> Session:
        answer = self.open(**query)
        assert isinstance(answer, Session)
        return answer

    def refusal(self, token: str | None = None, **query: str) -> tuple[int, str, str]:
        answer = self.open(token, **query)
        assert isinstance(answer, Reply)
        return answer.status, answer.body["code"], answer.body["msg"]

    def wait(self, length: float) -> "World":
        until = self.now + length
        while True:
            deadlines = [self.service.deadline, *(session.deadline for session in self.sessions)]
            nearest = min((each for each in deadlines if each is not None), default=until)
            if nearest > until or (nearest == until and all(each is None for each in deadlines)):
                break
            self.now = max(self.now, nearest)
            self.service.due(self.now)
            for session in self.sessions:
                self.got += [(self.now, action) for action in session.due(self.now)]
            if self.now >= until:
                break
        self.now = until
        return self

    def play(self, session: Session, start: float, stop: float) -> "World":
        data = pcm16(seconds(sample_call(), start, stop))
        for at in range(0, len(data), 320):
            self.wait(0.02)
            session.hear(data[at : at + 320], self.now)
        return self

    @property
    def texts(self) -> list[str]:
        return [action.text for _, action in self.got if isinstance(action, Send)]

    @property
    def results(self) -> list[dict[str, object]]:
        return [json.loads(text) for text in self.texts]

    @property
    def finals(self) -> list[dict[str, object]]:
        return [result for result in self.results if result.get("final")]

    @property
    def ends(self) -> list[tuple[float, Action]]:
        return [(round(at, 3), action) for at, action in self.got if not isinstance(action, Send)]


def test_a_token_request_gets_an_opaque_token_and_its_end_in_unix_seconds() -> None:
    reply = World().service.authenticate(FORM, 5.0, 1_700_000_000.9)
    assert reply.status == 200
    assert reply.body["expire_at"] == 1_700_021_600
    assert reply.delay == 0.120
    assert str(reply.body["access_token"]).count(".") == 2
    assert str(reply.body["access_token"]) not in repr(reply)


@pytest.mark.parametrize("form", [None, {}, {"client_id": "a"}, {"client_id": "a", "client_secret": ""}])
def test_a_token_request_without_both_fields_is_a_bad_request(form: dict[str, str] | None) -> None:
    reply = World().service.authenticate(form, 0, 0)
    assert (reply.status, reply.body["code"]) == (400, "H0001")


def test_only_the_given_credentials_get_a_token() -> None:
    service = Service(DESIGN, sample_recording(), credentials=("id", "secret"))
    assert service.authenticate(FORM, 0, 0).status == 200
    reply = service.authenticate({"client_id": "id", "client_secret": "other"}, 0, 0)
    assert (reply.status, dict(reply.body)) == (401, {"code": "H0002", "msg": "invalid credential"})
    assert service.log.tokens_issued == 1
    assert service.log.tokens_refused == [401]


def test_a_token_opens_streams_until_it_expires() -> None:
    world = World(replace(DESIGN, token_lifetime=10))
    token = world.token()
    assert isinstance(world.open(token), Session)
    world.wait(10)
    assert world.refusal(token)[:2] == (401, "H0002")


def test_a_new_token_may_end_the_old_one() -> None:
    world = World(replace(DESIGN, old_tokens_stay_valid=False))
    old = world.token()
    new = world.token()
    assert world.refusal(old)[0] == 401
    assert isinstance(world.open(new), Session)


def test_token_requests_may_be_limited() -> None:
    world = World(replace(DESIGN, token_requests_per_minute=1))
    world.token()
    assert world.service.authenticate(FORM, 1, 1).status == 429
    assert world.service.authenticate(FORM, 61, 61).status == 200


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer wrong", "Basic {}", "{}"])
def test_a_handshake_without_a_good_token_is_refused(header: str | None) -> None:
    world = World()
    token = world.token()
    header = header.format(token) if header else header
    answer = world.service.open(f"/v1/transcribe:streaming?{urlencode(QUERY)}", header, 0)
    assert isinstance(answer, Reply)
    assert (answer.status, answer.body["code"]) == (401, "H0002")


def test_the_scheme_may_be_in_small_letters() -> None:
    world = World()
    answer = world.service.open(f"/v1/transcribe:streaming?{urlencode(QUERY)}", f"bearer {world.token()}", 0)
    assert isinstance(answer, Session)


def test_a_handshake_is_checked_for_path_then_token_then_parameters_then_channels() -> None:
    world = World(replace(DESIGN, channel_limit=0))
    token = f"Bearer {world.token()}"
    statuses = []
    for target, header in (
        ("/v1/other?sample_rate=1", None),
        ("/v1/transcribe:streaming?sample_rate=1", None),
        ("/v1/transcribe:streaming?sample_rate=1", token),
        (f"/v1/transcribe:streaming?{urlencode(QUERY)}", token),
    ):
        answer = world.service.open(target, header, 0)
        assert isinstance(answer, Reply)
        statuses.append(answer.status)
    assert statuses == [404, 401, 400, 429]
    assert world.service.log.handshakes_refused == statuses


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *[("sample_rate", value) for value in ("", "7999", "48001", "8000.0", "8k", "-8000")],
        *[("encoding", value) for value in ("", "WAV", "linear16", "FLAC", "OGG_OPUS", "OPUS", "AMR", "AMR_WB")],
        *[("model_name", value) for value in ("", "sommers_en", "default")],
        *[("domain", value) for value in ("", "call", "GENERAL")],
        *[("language", value) for value in ("", "korean")],
        *[("use_itn", value) for value in ("", "True", "1", "maybe")],
        *[("use_disfluency_filter", "yes"), ("use_profanity_filter", "no"), ("use_punctuation", "TRUE")],
        *[
            ("keywords", value)
            for value in ("", "word", "낱말:6", "낱말:x", "낱말,", "가" * 21, ",".join(["가"] * 101))
        ],
        *[("epd_time", value) for value in ("", "0", "-1", "nan", "long", "1e9")],
        *[("max_utter_duration", value) for value in ("", "0", "2.5", "x")],
        *[("noise_threshold", value) for value in ("", "1.1", "-0.1")],
        *[("active_threshold", value) for value in ("", "2", "x")],
    ],
)
def test_a_bad_parameter_is_refused_by_its_name(name: str, value: str) -> None:
    status, code, message = World().refusal(**{name: value})
    assert (status, code) == (400, "H0001")
    assert message.startswith(f"{name}: ")


def test_every_documented_parameter_is_accepted() -> None:
    query = {
        "sample_rate": "48000",
        "encoding": "MULAW",
        "model_name": "whisper",
        "domain": "MEETING",
        "language": "ko",
        "use_itn": "false",
        "use_disfluency_filter": "true",
        "use_profanity_filter": "true",
        "use_punctuation": "true",
        "keywords": "부스팅,리턴제로:3.5,에스티티:-1",
        "epd_time": "0.8",
        "max_utter_duration": "12",
        "noise_threshold": "0.6",
        "active_threshold": ".8",
    }
    assert World().session(**query).record.parameters == query


def test_unknown_parameters_are_recorded_and_may_be_refused() -> None:
    assert World().session(foo="1").record.parameters["foo"] == "1"
    assert World(replace(DESIGN, unknown_parameters="refuse")).refusal(foo="1")[2].startswith("foo: ")


def test_one_stream_more_than_the_channels_is_refused_until_one_ends() -> None:
    world = World()
    sessions = [world.session() for _ in range(5)]
    assert world.refusal()[:2] == (429, "A0002")
    sessions[0].leave(1000, world.now)
    world.session()
    assert World(replace(DESIGN, channel_limit=0, channel_code="A0001")).refusal()[1] == "A0001"


def test_an_ended_stream_may_count_a_while_longer() -> None:
    world = World(replace(DESIGN, channel_limit=1, channel_linger=2))
    world.session().leave(1000, 0)
    assert world.refusal()[0] == 429
    world.wait(2)
    world.session()


def test_a_session_speaks_json_and_ends_with_close_1000_after_eos() -> None:
    world = World()
    session = world.session()
    world.play(session, 0, 5.5)
    session.command("EOS", world.now)
    world.wait(5)
    assert [result["final"] for result in world.results][-1] is True
    assert [action for _, action in world.ends] == [Close(1000)]
    assert session.over
    assert session.record.close_code == 1000
    assert session.record.commands == ["EOS"]
    assert session.record.finals == len(session.record.said) == 1
    assert session.record.said[0] not in repr(session.record)


def test_the_record_counts_what_was_sent() -> None:
    world = World()
    session = world.session()
    for size in (1600, 320, 320):
        session.hear(bytes(size), world.now)
    session.command("hello", world.now)
    record = session.record
    assert (record.first_message_bytes, record.audio_bytes) == (1600, 2240)
    assert dict(record.message_sizes) == {1600: 1, 320: 2}
    assert record.commands == ["hello"]
    assert world.service.log.connections == [record]
    assert world.service.log.summary() == "tokens 1, connections 1, refused 0, finals 0, audio 2240 bytes"


@pytest.mark.parametrize("text", ["", "eos", "{", "[]", '{"type": "KeepAlive"}', "[" * 100_000])
def test_other_texts_are_ignored(text: str) -> None:
    world = World()
    session = world.session()
    session.command(text, 0)
    world.wait(1)
    assert world.got == []
    assert not session.over


def test_a_stream_without_audio_for_60_s_is_closed_pings_or_not() -> None:
    world = World()
    session = world.session()
    world.wait(30)
    session.hear(pcm16(silence(0.1)), world.now)
    world.wait(59)
    session.pinged(world.now)
    world.wait(2)
    assert world.ends == [(90.0, Close(1000, "no audio"))]


def test_pings_may_count_as_audio() -> None:
    world = World(replace(DESIGN, pings_count_as_audio=True, idle_code=1001))
    session = world.session()
    world.wait(59)
    session.pinged(world.now)
    world.wait(59)
    assert world.ends == []
    world.wait(2)
    assert world.ends == [(119.0, Close(1001, "no audio"))]


def test_a_session_may_have_an_end_of_its_own() -> None:
    world = World(replace(DESIGN, session_limit=10, session_code=1012))
    world.session()
    world.wait(11)
    assert world.ends == [(10.0, Close(1012, "session too long"))]


def test_a_token_s_end_may_close_its_stream() -> None:
    world = World(replace(DESIGN, token_lifetime=10, expiry_closes_streams=True))
    world.session()
    world.wait(11)
    assert world.ends == [(10.0, Close(1008, "token expired"))]


def test_a_first_message_that_is_too_small_may_be_an_error() -> None:
    world = World(replace(DESIGN, min_first_payload_ms=100))
    small, large = world.session(), world.session()
    small.hear(bytes(1598), 0)
    large.hear(bytes(1600), 0)
    large.hear(bytes(2), 0)
    world.wait(1)
    assert small.over
    assert not large.over
    assert world.results == [{"type": "error", "message": "the first message must hold at least 100 ms of audio"}]


def spoilt(*faults: str, profile: Profile = DESIGN, stop: float = 5.5) -> World:
    world = World(profile, *faults)
    session = world.session()
    world.play(session, 0, stop)
    if not session.over:
        session.command("EOS", world.now)
    return world.wait(10)


def test_drop_resets_every_connection() -> None:
    assert spoilt("drop@2s").ends == [(2.0, Drop(reset=True))]


def test_close_closes_every_connection_with_its_code() -> None:
    assert spoilt("close:1011@2s").ends == [(2.0, Close(1011))]
    assert spoilt("close:1006@2s").ends == [(2.0, Drop(reset=False))]


def test_an_event_with_a_count_happens_again() -> None:
    world = World(DESIGN, "dropx2@2s")
    world.session()
    world.wait(3)
    world.session()
    world.wait(3)
    assert [at for at, _ in world.ends] == [2.0, 4.0]


def test_an_error_object_comes_in_either_shape_before_the_close() -> None:
    world = spoilt("error-object@2s")
    assert world.results[-1] == {"type": "error", "message": "error on request"}
    assert world.ends == [(2.0, Close(1011))]
    assert spoilt("error-object@2s", profile=replace(DESIGN, error_shape="error")).results[-1] == {
        "error": "error on request"
    }


def test_blackhole_makes_a_connection_deaf_and_dumb() -> None:
    world = spoilt("blackhole@2s")
    assert world.ends == []
    assert all(at < 2 for at, _ in world.got)
    assert world.sessions[0].deaf
    assert not world.service.deaf(world.now)


def test_blackhole_with_a_length_holds_for_new_connections_too() -> None:
    world = World(DESIGN, "blackhole@2s+3s")
    world.session()
    world.wait(2.5)
    assert world.service.deaf(world.now)
    assert world.service.deadline == 5.0, "who waits is woken"
    world.wait(3)
    assert not world.service.deaf(world.now)
    assert world.service.deadline is None


def test_an_outage_resets_connections_and_shuts_the_port_for_its_length() -> None:
    world = World(DESIGN, "outage@2s+3s")
    world.session()
    reachable = [world.service.reachable]
    world.wait(2.1)
    reachable.append(world.service.reachable)
    world.wait(3)
    reachable.append(world.service.reachable)
    assert reachable == [True, False, True]
    assert world.ends == [(2.0, Drop(reset=True))]


def test_expire_token_refuses_tokens_issued_before() -> None:
    world = World(DESIGN, "expire-token@2s")
    token = world.token()
    world.open(token)
    world.wait(3)
    assert world.refusal(token)[:2] == (401, "H0002")
    assert isinstance(world.open(world.token()), Session)


def test_refuse_refuses_so_many_handshakes() -> None:
    world = World(DESIGN, "refuse:500x2")
    assert [world.refusal()[:2] for _ in range(2)] == [(500, "E500"), (500, "E500")]
    world.session()


def test_refuse_token_refuses_so_many_token_requests() -> None:
    world = World(DESIGN, "refuse-token:401x1")
    assert world.service.authenticate(FORM, 0, 0).status == 401
    world.token()


def test_slow_delays_everything_that_is_said() -> None:
    prompt, slow = spoilt(), spoilt("slow:800ms")
    assert slow.texts == prompt.texts
    late = [there - here for (here, _), (there, _) in zip(prompt.got, slow.got, strict=True)]
    assert late == pytest.approx([0.8] * len(late))
    assert slow.service.authenticate(FORM, 0, 0).delay == pytest.approx(0.92)


def test_stall_holds_back_what_is_said_until_its_end() -> None:
    prompt, stalled = spoilt(), spoilt("stall@2s+5s")
    assert stalled.texts == prompt.texts
    assert not [at for at, _ in stalled.got if 2 <= at < 7]
    assert len([at for at, _ in stalled.got if at == 7]) > 3


def test_garbage_comes_between_results_and_replaces_none() -> None:
    texts = spoilt("garbage").texts
    clean = [text for text in texts if text.startswith('{"')]
    assert clean == spoilt().texts
    assert len(texts) == 2 * len(clean)
    for text in set(texts) - set(clean):
        with pytest.raises(ValueError, match="Expecting value"):
            json.loads(text)


def test_empty_results_come_between_results_and_replace_none() -> None:
    results = spoilt("emptyx1").results
    assert results[0]["alternatives"] == []
    assert results[1]["alternatives"] == [{"text": "", "confidence": 0}]
    assert results[2:] == spoilt().results


def test_a_duplicate_final_comes_twice() -> None:
    finals = spoilt("duplicate-final").finals
    assert len(finals) == 2
    assert finals[0] == finals[1]


def test_reorder_lets_an_interim_come_after_its_final() -> None:
    results = spoilt("reorder").results
    assert sorted(map(str, results)) == sorted(map(str, spoilt().results))
    assert results != spoilt().results
    late = [
        result for result in results[[bool(each["final"]) for each in results].index(True) :] if not result["final"]
    ]
    assert len(late) <= 1


def test_unknown_keys_leave_the_known_ones_alone() -> None:
    def known(results: Iterable[dict[str, object]]) -> list[dict[str, object]]:
        return [{key: each[key] for key in ("seq", "start_at", "duration", "final")} for each in results]

    strange, plain = spoilt("unknown-keys"), spoilt()
    assert known(strange.results) == known(plain.results)
    assert all("x_trace" in result for result in strange.results)


@pytest.mark.parametrize("seed", range(20))
def test_chaos_ends_and_leaves_a_service_that_works(seed: int) -> None:
    world = World(DESIGN, f"chaos:{seed}@0s+20s")
    world.session()
    world.wait(21)
    for _ in range(5):
        # Refusals that nobody met while it lasted are still to come.
        if world.service.authenticate(FORM, world.now, 0).status == 200 and isinstance(world.open(), Session):
            break
    session = world.sessions[-1]
    world.play(session, 0, 5.5)
    session.command("EOS", world.now)
    world.wait(5)
    assert session.record.said == [" ".join(word.text for word in sample_recording().script.words[:6])]
