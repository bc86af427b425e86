from __future__ import annotations

import math
import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from captioner.errors import Fault, FaultKind
from captioner.events import RATE, GapShown, LossReason, Phase, Stages, Status, Summary
from captioner.language import Sentences
from captioner.latency.statistics import STAGES, Distribution, StageTable
from captioner.places import FileProblem
from captioner.settings import Language, Mode, SettingError, Settings
from captioner.ui.viewstate import (
    Icon,
    Tone,
    ViewState,
    duration,
    fault_sentence,
    gap_sentence,
    latency_rows,
    named_setting_sentence,
    outcome_sentence,
    recognition_note,
    setting_sentence,
    stored_sentence,
    view_state,
)

KOREAN = Sentences.load(Language.KOREAN)
ENGLISH = Sentences()
UNPLUGGED = Fault(FaultKind.DEVICE_LOST)
NO_NETWORK = Fault(FaultKind.UNREACHABLE, "connection refused")

LIVE = Status(
    phase=Phase.LIVE,
    epoch=1,
    fault=None,
    retry_in=None,
    drain_left=None,
    elapsed=751.9,
    captured=6_015_200,
    recognised=6_000_000,
    held=15_200,
    lost=0,
    behind=0.02,
    level=-30.0,
    speech=True,
    quiet_for=0.0,
    muted=False,
    pending_settings=False,
    connections=1,
    tokens=1,
    overflows=0,
    longest_turn=0.004,
)
CONNECTING = replace(LIVE, phase=Phase.CONNECTING, behind=0.2, connections=0)
RECONNECTING = replace(LIVE, phase=Phase.RECONNECTING, behind=4.2, fault=NO_NETWORK, retry_in=1.2)
DRAINING = replace(LIVE, phase=Phase.DRAINING, drain_left=4.1)
STOPPED = replace(LIVE, phase=Phase.STOPPED, recognised=6_015_200, held=0)
RING_FULL = 90 * 8000


def view(
    status: Status | None, say: Sentences = KOREAN, demo: bool = False, latency: Distribution | None = None
) -> ViewState:
    return view_state(status, source="Jabra", settings=Settings(), demo=demo, say=say, latency=latency)


# ---------------------------------------------------------------- the state at a glance


@pytest.mark.parametrize(
    ("status", "tone", "icon", "headline"),
    [
        (None, Tone.IDLE, Icon.READY, "준비됨"),
        (CONNECTING, Tone.BUSY, Icon.CONNECTING, "연결 중"),
        (replace(CONNECTING, behind=3.0), Tone.BUSY, Icon.CONNECTING, "연결 중 · 3.0초 보관됨"),
        (replace(CONNECTING, fault=NO_NETWORK), Tone.WARN, Icon.CONNECTING, "연결 중"),
        (
            replace(CONNECTING, behind=95.0, held=RING_FULL),
            Tone.BAD,
            Icon.CONNECTING,
            "연결 중 · 95.0초 밀림, 소리가 누락되고 있음",
        ),
        (
            replace(CONNECTING, fault=NO_NETWORK, behind=63.2, drain_left=58.3),
            Tone.WARN,
            Icon.CONNECTING,
            "마무리 중 · 마지막 말을 위해 연결 중 (59초)",
        ),
        (LIVE, Tone.GOOD, Icon.LISTENING, "듣는 중"),
        (replace(LIVE, behind=4.2), Tone.BUSY, Icon.CATCHING_UP, "듣는 중 · 4.2초 밀림, 따라잡는 중"),
        (replace(LIVE, muted=True), Tone.WARN, Icon.MUTED, "음소거"),
        (replace(LIVE, quiet_for=2.0, never_heard=True), Tone.BAD, Icon.NO_SIGNAL, "Jabra에서 소리가 들리지 않음"),
        (replace(LIVE, quiet_for=2.0), Tone.WARN, Icon.NO_SIGNAL, "Jabra에서 소리가 들리지 않음"),
        (replace(LIVE, quiet_for=1.8, never_heard=True), Tone.GOOD, Icon.LISTENING, "듣는 중"),
        (replace(LIVE, clipping=True), Tone.WARN, Icon.LISTENING, "듣는 중 · 소리가 너무 큼"),
        (replace(LIVE, source_fault=UNPLUGGED), Tone.BAD, Icon.NO_SIGNAL, "Jabra에서 소리가 들리지 않음"),
        (
            replace(LIVE, source_fault=UNPLUGGED, away=12.7),
            Tone.BAD,
            Icon.NO_SIGNAL,
            "Jabra에서 13초째 소리가 들리지 않음",
        ),
        (RECONNECTING, Tone.WARN, Icon.RECONNECTING, "재연결 중 · 4.2초 밀림, 곧 따라잡음"),
        (
            replace(RECONNECTING, behind=95.0, held=RING_FULL),
            Tone.BAD,
            Icon.RECONNECTING,
            "재연결 중 · 95.0초 밀림, 소리가 누락되고 있음",
        ),
        (DRAINING, Tone.BUSY, Icon.FINISHING, "마무리 중 (5초)"),
        (replace(DRAINING, drain_left=None), Tone.BUSY, Icon.FINISHING, "마무리 중"),
        (replace(LIVE, finishing=True), Tone.BUSY, Icon.FINISHING, "마무리 중"),
        (
            replace(LIVE, finishing=True, behind=12.34),
            Tone.BUSY,
            Icon.FINISHING,
            "마무리 중 · 아직 12.3초를 보내는 중",
        ),
        (
            replace(RECONNECTING, drain_left=40.0),
            Tone.WARN,
            Icon.RECONNECTING,
            "마무리 중 · 마지막 말을 위해 재연결 중 (40초)",
        ),
        (STOPPED, Tone.IDLE, Icon.COMPLETE, "중지됨 · 완료"),
        (replace(STOPPED, lost=20_000), Tone.BAD, Icon.INCOMPLETE, "중지됨 · 2.5초 누락"),
        (replace(STOPPED, fault=NO_NETWORK), Tone.BAD, Icon.INCOMPLETE, "중지됨 · 미완료"),
    ],
)
def test_the_state_is_one_glance(status: Status | None, tone: Tone, icon: Icon, headline: str) -> None:
    shown = view(status)
    assert (shown.tone, shown.icon, shown.headline) == (tone, icon, headline)


@pytest.mark.parametrize("status", [CONNECTING, RECONNECTING, replace(LIVE, behind=4.2)])
def test_a_mute_is_told_in_every_running_state(status: Status) -> None:
    assert view(replace(status, muted=True)).headline.endswith(" · 음소거")


def test_a_muted_microphone_is_not_called_broken() -> None:
    shown = view(replace(LIVE, muted=True, quiet_for=60.0))
    assert (shown.icon, shown.no_signal) == (Icon.MUTED, False)


def test_a_dead_microphone_is_told_what_to_do_about() -> None:
    shown = view(replace(LIVE, quiet_for=10.0), ENGLISH)
    assert shown.no_signal
    assert shown.detail == "Check that it is plugged in, switched on and not muted, or choose another one."


def test_silence_from_the_very_start_is_a_matter_of_permission_on_a_mac_alone() -> None:
    silent = replace(LIVE, quiet_for=2.0, never_heard=True)

    def detail(status: Status, *, macos: bool) -> str:
        return view_state(status, source="Jabra", settings=Settings(), demo=False, say=ENGLISH, macos=macos).detail

    assert detail(silent, macos=True).startswith("macOS gives silence")
    assert detail(silent, macos=False).startswith("Check that it is plugged in")
    assert detail(replace(silent, never_heard=False), macos=True).startswith("Check that it is plugged in")


@pytest.mark.parametrize("status", [LIVE, CONNECTING, RECONNECTING])
def test_a_source_that_is_away_is_explained_whatever_the_connection_does(status: Status) -> None:
    shown = view(replace(status, source_fault=UNPLUGGED, away=2.5), ENGLISH)
    assert "The microphone was disconnected." in shown.detail
    assert "Captions go on by themselves as soon as it is back." in shown.detail
    assert "is kept" not in shown.detail, "nothing is said into it"
    assert shown.foot.startswith("Lost 2.5 s")
    assert shown.lossy


def test_a_microphone_that_is_waited_for_need_not_be_tried_again() -> None:
    shown = view(replace(LIVE, source_fault=Fault(FaultKind.NO_DEVICE, "ALSA: Jabra")), ENGLISH)
    assert shown.detail == (
        "The microphone was not found. Plug it in, or choose another one. "
        "Captions go on by themselves as soon as it is back."
    )


def test_a_microphone_that_is_too_loud_is_to_be_turned_down() -> None:
    shown = view(replace(LIVE, clipping=True), ENGLISH)
    assert shown.detail == "The sound is cut off, and words may be misheard. Turn the microphone down."
    assert view(replace(LIVE, clipping=True, muted=True)).icon is Icon.MUTED


def test_a_fault_says_what_happened_what_is_done_and_what_to_do() -> None:
    assert view(RECONNECTING).detail == (
        "서비스에 연결할 수 없습니다. 네트워크, 프록시, 서비스 주소를 확인하세요. (연결이 거부됨) "
        "2초 뒤에 다시 시도합니다. 그동안의 말은 90초까지 보관했다가 이어서 받아 적습니다."
    )


def test_a_full_store_is_told_where_the_loss_begins() -> None:
    shown = view(replace(RECONNECTING, retry_in=None, fault=None, held=RING_FULL), ENGLISH)
    assert shown.detail == "What was said more than 90 s ago is lost."


def test_a_first_connection_without_trouble_needs_no_detail() -> None:
    assert view(CONNECTING).detail == ""
    assert view(None).detail == ""
    assert view(LIVE).detail == ""


def test_a_retry_is_never_announced_in_no_time() -> None:
    assert "Trying again in 1 s." in view(replace(RECONNECTING, retry_in=0.0), ENGLISH).detail


def test_a_countdown_never_runs_below_nought() -> None:
    assert view(replace(DRAINING, drain_left=-0.3), ENGLISH).headline == "Finishing (0 s)"


def test_finishing_says_what_is_waited_for() -> None:
    assert view(DRAINING, ENGLISH).detail == "Waiting for the last words."


def test_a_lane_that_stopped_says_why() -> None:
    shown = view(replace(STOPPED, fault=Fault(FaultKind.CREDENTIALS_REFUSED)), ENGLISH)
    assert shown.detail == "The service refused the RTZR keys. Check the client id and the secret."


def test_what_mute_does_and_when_settings_apply_is_said() -> None:
    assert view(replace(LIVE, muted=True, pending_settings=True), ENGLISH).detail == (
        "Silence is sent in place of what is heard. The new settings apply at the next pause."
    )


@given(st.integers(0, 10**8), st.integers(0, 10**6), st.integers(0, 10**6), st.floats(0, 100))
def test_the_account_that_is_read_adds_up(recognised: int, held: int, lost: int, away: float) -> None:
    status = replace(LIVE, captured=recognised + held + lost, recognised=recognised, held=held, lost=lost, away=away)
    foot = view(status, ENGLISH).foot
    read = re.match(r"Lost (.+) s \+ recognised (.+) s \+ held (.+) s = (.+) s · ", foot)
    assert read is not None
    lost_read, recognised_read, held_read, heard_read = (round(10 * float(each)) for each in read.groups())
    assert lost_read + recognised_read + held_read == heard_read
    assert recognised_read >= 0
    assert (lost_read > 0) == (lost + round(away * RATE) > 0), "a loss is never shown as none"
    for mine, true in ((lost_read, lost + away * RATE), (recognised_read, recognised), (held_read, held)):
        assert abs(mine - true / (RATE / 10)) <= 2.01


def test_a_service_that_gives_no_text_is_said_to() -> None:
    shown = view(replace(LIVE, fault=Fault(FaultKind.SPEECHLESS)), ENGLISH)
    assert (shown.tone, shown.headline) == (Tone.WARN, "Listening · no text comes")
    assert shown.detail == "The service hears us, but gives no text. What is said is kept, and sent again."


def test_the_foot_is_the_account() -> None:
    latency = Distribution(14, 618.2, 701.9, 733.0)
    korean, english = (
        "손실 0.0초 + 인식 750.0초 + 보관 1.9초 = 751.9초",
        "Lost 0.0 s + recognised 750.0 s + held 1.9 s = 751.9 s",
    )
    assert view(LIVE, latency=latency).foot == f"{korean} · 연결 1회 · p95 702 ms (n 14)"
    assert view(replace(LIVE, connections=3), ENGLISH).foot == f"{english} · 3 connections"
    assert view(LIVE, ENGLISH, latency=Distribution(0, None, None, None)).foot == f"{english} · 1 connection"
    assert view(None).foot == ""


@given(st.integers(1, 8000 * 36_000))
def test_a_loss_is_never_shown_as_none(lost: int) -> None:
    shown = view(replace(LIVE, lost=lost), ENGLISH)
    assert shown.lossy
    seconds = float(shown.foot.split()[1])
    assert seconds > 0
    assert lost / 8000 <= seconds + 1e-9 <= lost / 8000 + 0.1 + 1e-6


def test_sound_that_the_driver_dropped_is_told() -> None:
    assert "드라이버 넘침 3회" in view(replace(LIVE, overflows=3)).foot


def test_a_lane_that_stopped_with_sound_unaccounted_for_is_not_called_complete() -> None:
    assert view(replace(STOPPED, held=80), ENGLISH).headline == "Stopped · 0.1 s lost"


@pytest.mark.parametrize(
    ("status", "buttons"),
    [
        (None, (True, False, False, False)),
        (CONNECTING, (False, True, False, True)),
        (LIVE, (False, True, False, True)),
        (RECONNECTING, (False, True, False, True)),
        (DRAINING, (False, False, True, False)),
        (replace(RECONNECTING, drain_left=40.0), (False, False, True, False)),
        (replace(LIVE, finishing=True, behind=12.0), (False, False, True, False)),
        (STOPPED, (True, False, False, False)),
    ],
)
def test_only_the_buttons_that_do_something_are_offered(
    status: Status | None, buttons: tuple[bool, bool, bool, bool]
) -> None:
    shown = view(status)
    assert (shown.can_start, shown.can_stop, shown.can_stop_now, shown.can_mute) == buttons


@pytest.mark.parametrize(
    ("level", "meter"), [(-math.inf, 0.0), (-90.0, 0.0), (-60.0, 0.0), (-30.0, 0.5), (0.0, 1.0), (3.0, 1.0)]
)
def test_the_meter_follows_the_level(level: float, meter: float) -> None:
    assert view(replace(LIVE, level=level)).meter == pytest.approx(meter)


def test_a_lane_that_stopped_has_a_still_meter() -> None:
    shown = view(STOPPED)
    assert (shown.meter, shown.speech) == (0.0, False)


def test_an_emulator_is_called_one_all_the_time() -> None:
    assert view(None, demo=True).banner == view(LIVE, demo=True).banner
    assert "에뮬레이터" in view(LIVE, demo=True).banner
    assert view(LIVE).banner == ""


def test_the_mode_and_the_time_are_shown() -> None:
    assert (view(LIVE).mode, view(LIVE).elapsed) == ("스트리밍", "00:12:31")
    assert view(None).elapsed == "00:00:00"


@pytest.mark.parametrize(
    ("seconds", "shown"), [(-0.5, "00:00:00"), (59.99, "00:00:59"), (3661, "01:01:01"), (360_000, "100:00:00")]
)
def test_durations(seconds: float, shown: str) -> None:
    assert duration(seconds) == shown


@given(
    st.sampled_from(Phase),
    st.none() | st.builds(Fault, st.sampled_from(FaultKind), st.text(max_size=300)),
    st.floats(0, 200),
    st.integers(0, 800_000),
    st.booleans(),
)
def test_every_state_has_its_words_in_both_languages(
    phase: Phase, fault: Fault | None, behind: float, held: int, muted: bool
) -> None:
    status = replace(LIVE, phase=phase, fault=fault, behind=behind, held=held, muted=muted, retry_in=behind)
    for say in (KOREAN, ENGLISH):
        shown = view(status, say)
        assert shown.headline
        assert len((shown.headline + shown.detail).splitlines()) == 1
        assert bool(shown.detail) >= (fault is not None)


# ---------------------------------------------------------------- faults and settings


@pytest.mark.parametrize("kind", FaultKind)
def test_every_fault_says_what_happened_and_what_to_do(kind: FaultKind) -> None:
    english, korean = fault_sentence(Fault(kind), ENGLISH), fault_sentence(Fault(kind), KOREAN)
    assert english.endswith((".", ")."))
    assert len(english.replace(";", ".").split(". ")) >= 2
    assert any("가" <= character <= "힣" for character in korean)
    assert "\n" not in english + korean


@pytest.mark.parametrize(
    ("detail", "korean"),
    [
        ("connection refused", "연결이 거부됨"),
        ("timed out", "시간 초과"),
        ("closed without an answer", "응답 없이 연결이 끊김"),
        ("no answer", "응답 없음"),
        ("no answer to a ping", "연결 확인에 응답 없음"),
        ("no Close after EOS", "끝맺음 없음"),
        ("no valid HTTP", "올바른 HTTP 응답이 아님"),
        ("no valid TLS", "올바른 TLS 응답이 아님"),
        ("no such host: stt.example", "찾을 수 없는 주소: stt.example"),
        ("Internal server error", "Internal server error"),
    ],
)
def test_what_this_program_says_of_a_fault_is_in_the_persons_language(detail: str, korean: str) -> None:
    fault = Fault(FaultKind.UNREACHABLE, detail)
    assert fault_sentence(fault, Sentences.load(Language.KOREAN)).endswith(f"({korean})")
    assert fault_sentence(fault, Sentences()).endswith(f"({detail})")


def test_every_fault_has_a_sentence_of_its_own() -> None:
    for say in (KOREAN, ENGLISH):
        assert len({fault_sentence(Fault(kind), say) for kind in FaultKind}) == len(FaultKind)


def test_what_the_service_said_stands_in_brackets_on_the_same_line() -> None:
    assert fault_sentence(Fault(FaultKind.SERVICE_DOWN, "HTTP 503\nplease {wait}"), ENGLISH) == (
        "The service is not working at the moment. Try again later. (HTTP 503 please {wait})"
    )


def test_a_long_detail_is_cut() -> None:
    sentence = fault_sentence(Fault(FaultKind.SERVICE_DOWN, "x" * 5_000), ENGLISH)
    assert len(sentence) < 300
    assert sentence.endswith("…)")


def test_a_wrong_setting_is_told_with_and_without_its_name() -> None:
    with pytest.raises(SettingError) as caught:
        Settings(epd=9.0)
    assert setting_sentence(caught.value, ENGLISH) == "9.0 is not between 0.2 and 5 s."
    assert named_setting_sentence(caught.value, KOREAN) == ("발화 끝 판단: 0.2~5 s 사이의 값이어야 합니다. (입력: 9.0)")


def test_stored_settings_that_cannot_be_used_are_told() -> None:
    wrong = SettingError("font_size", "{value} is not a value that it can take.", value="true")
    assert stored_sentence(wrong, ENGLISH) == ("Font size: true is not a value that it can take. The default is used.")
    lost = FileProblem("The settings could not be saved in {path}: {detail}", {"path": "/x", "detail": "disk full"})
    assert stored_sentence(lost, KOREAN) == "설정을 저장하지 못했습니다: /x (disk full)"


# ---------------------------------------------------------------- losses and the end


@pytest.mark.parametrize("reason", LossReason)
def test_every_gap_says_how_long_it_is_and_why(reason: LossReason) -> None:
    gap = GapShown(40.1, 8000, 8000 + 98_400, reason)
    assert gap_sentence(gap, KOREAN).startswith("⚠ 12.3초 누락: ")
    assert gap_sentence(gap, ENGLISH).startswith("⚠ 12.3 s missing: ")
    assert len({gap_sentence(replace(gap, reason=each), KOREAN) for each in LossReason}) == len(LossReason)


def test_a_gap_of_a_communication_failure() -> None:
    assert gap_sentence(GapShown(40.1, 0, 98_400, LossReason.OUTAGE), KOREAN) == "⚠ 12.3초 누락: 통신 장애"


@pytest.mark.parametrize(
    ("complete", "lost", "sentence"),
    [
        (True, 0, "완료: 소리 61.0초를 빠짐없이 인식했습니다."),
        (False, 20_000, "미완료: 소리 61.0초 가운데 2.5초가 누락되었습니다."),
        (False, 0, "미완료: 소리 61.0초에서 일찍 끝났습니다."),
    ],
)
def test_the_end_says_complete_or_incomplete(complete: bool, lost: int, sentence: str) -> None:
    summary = Summary(complete, 14, 488_000, 488_000 - lost, lost, connections=1, tokens=1, unreadable=0)
    assert outcome_sentence(summary, KOREAN) == sentence


# ---------------------------------------------------------------- figures


def test_the_latency_table_has_a_row_for_every_stage() -> None:
    table = StageTable()
    table.add(Stages(0.0124, 0.004, 0, 0, 0, 0.002, 0.61, None, 0.6284))
    table.add(Stages(0.0124, 0.004, 0, 0, 0, 0.002, 0.71, 0.006, 0.7344))
    rows = latency_rows(table, KOREAN)
    assert [row.stage for row in rows] == list(STAGES)
    assert [row.name for row in rows] == [
        "캡처", "변환", "무음 대기", "토큰", "연결", "대기열", "인식", "표시", "합계"
    ]  # fmt: skip
    capture, render, total = rows[0], rows[-2], rows[-1]
    assert (capture.last, capture.p50, capture.p95, capture.max, capture.n) == ("12", "12", "12", "12", "2")
    assert (render.last, render.p50, render.n, render.last_ms) == ("6.0", "6.0", "1", 6.0)
    assert (total.last, total.p50, total.p95, total.max) == ("734", "681", "729", "734")
    assert rows[2].last == "0"


def test_a_stage_without_values_shows_none() -> None:
    for row in latency_rows(StageTable(), ENGLISH):
        assert (row.last, row.p50, row.p95, row.max, row.n, row.last_ms) == ("–", "–", "–", "–", "0", None)


def test_what_is_inside_the_recognition_is_said_as_far_as_it_is_known() -> None:
    streaming, finalizing = Settings(epd=0.8), Settings(mode=Mode.STREAMING_FINALIZE, hangover=0.25)
    assert recognition_note(None, streaming, ENGLISH) == "Recognition includes: end-pointing 800 ms"
    assert recognition_note(0.0124, streaming, KOREAN) == "인식에 포함: 네트워크 왕복 12 ms(핑) · 발화 끝 판정 800 ms"
    assert recognition_note(None, finalizing, ENGLISH) == "Recognition includes: end-pointing 250 ms"
    waiting = Settings(mode=Mode.SILENCE_WAIT)
    assert recognition_note(0.0035, waiting, ENGLISH) == "Recognition includes: network 3.5 ms (ping)"
    assert recognition_note(None, waiting, ENGLISH) == ""
