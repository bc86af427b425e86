import pytest
from hypothesis import given
from hypothesis import strategies as st

from captioner.emulator.faults import NAMES, Fault, FaultError, FaultSchedule, expand_chaos, parse_fault


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("drop@12s", Fault("drop", start=12)),
        ("dropx2@12s", Fault("drop", count=2, start=12)),
        ("blackhole@12s+3s", Fault("blackhole", start=12, length=3)),
        ("close:1011@12s", Fault("close", 1011, start=12)),
        ("close@0.5s", Fault("close", 1011, start=0.5)),
        ("refuse:500x3", Fault("refuse", 500, 3)),
        ("refuse:429x2@1s+2s", Fault("refuse", 429, 2, 1, 2)),
        ("refuse-token:401", Fault("refuse-token", 401)),
        ("expire-token@20s", Fault("expire-token", start=20)),
        ("outage@10s+30s", Fault("outage", start=10, length=30)),
        ("slow:800ms", Fault("slow", 0.8)),
        ("slow:1.5s@2s", Fault("slow", 1.5, start=2)),
        ("stall@8s+5s", Fault("stall", start=8, length=5)),
        ("garbage", Fault("garbage")),
        ("emptyx4", Fault("empty", count=4)),
        ("duplicate-finalx2", Fault("duplicate-final", count=2)),
        ("reorder", Fault("reorder")),
        ("unknown-keys", Fault("unknown-keys")),
        ("error-object@3s", Fault("error-object", start=3)),
        ("chaos:42", Fault("chaos", 42)),
        ("chaos:42@5s+20s", Fault("chaos", 42, start=5, length=20)),
    ],
)
def test_a_fault_is_read_as_written(text: str, fault: Fault) -> None:
    assert parse_fault(text) == fault


@pytest.mark.parametrize(
    "text",
    [
        *[
            "",
            "x",
            "drop@",
            "drop@12",
            "drop@12m",
            "drop@1e3s",
            "drop@-1s",
            "drop:3",
            "drop+3s",
            "drop@1s+2s",
            "dropx0",
        ],
        *[
            "earthquake",
            "refuse:200",
            "refuse:abc",
            "refuse:",
            "refuse:599",
            "close:1005",
            "close:1015",
            "close:99",
            "close:5000",
            "slow",
            "slow:8",
            "chaos",
        ],
        *[
            "chaos:x",
            "chaos:1x2",
            "slow:1sx2",
            "stallx2",
            "Drop@1s",
            "drop @1s",
            "drop@1s+",
            "refuse:99999999999999999",
        ],
    ],
)
def test_a_fault_written_wrongly_is_refused_in_one_sentence(text: str) -> None:
    with pytest.raises(FaultError) as caught:
        parse_fault(text)
    assert "\n" not in str(caught.value)
    assert str(caught.value).endswith(".")


@given(st.text(st.sampled_from("dropclseuf:x@+0123s.m-ta ")))
def test_any_text_is_a_fault_or_a_fault_error(text: str) -> None:
    try:
        assert parse_fault(text).name in NAMES
    except FaultError:
        pass


def test_events_happen_at_their_times_after_the_first_handshake() -> None:
    schedule = FaultSchedule([parse_fault("dropx2@3s"), parse_fault("close@4s")])
    assert [schedule.deadline, schedule.due(1000)] == [None, []]
    schedule.begin(100)
    schedule.begin(200)
    assert schedule.deadline == 103
    assert [fault.name for fault in schedule.due(103)] == ["drop"]
    assert schedule.due(103) == []
    assert [fault.name for fault in schedule.due(200)] == ["close", "drop"]
    assert schedule.deadline is None


def test_a_condition_holds_in_its_window_and_as_often_as_it_may() -> None:
    schedule = FaultSchedule([parse_fault("refuse:500x2@1s+5s")])
    assert schedule.happens("refuse", 0) is None
    schedule.begin(10)
    assert schedule.happens("refuse", 10.9) is None
    assert schedule.happens("refuse", 11) is not None
    assert schedule.happens("refuse", 12) is not None
    assert schedule.happens("refuse", 13) is None


def test_a_condition_without_a_start_holds_before_the_first_handshake() -> None:
    schedule = FaultSchedule([parse_fault("refuse:429x1"), parse_fault("slow:800ms")])
    assert schedule.happens("refuse", 0) is not None
    assert schedule.happens("refuse", 0) is None
    assert schedule.delay(0) == 0.8


def test_a_window_ends() -> None:
    schedule = FaultSchedule([parse_fault("stall@8s+5s"), parse_fault("slow:100ms@1s+1s")])
    schedule.begin(0)
    assert [schedule.stalled_until(at) for at in (7.9, 8, 12.9, 13)] == [None, 13, 13, None]
    assert [schedule.delay(at) for at in (0.9, 1, 2)] == [0, 0.1, 0]


@given(st.integers(0, 10_000))
def test_chaos_is_the_same_for_the_same_seed_and_recoverable(seed: int) -> None:
    fault = Fault("chaos", seed)
    faults = expand_chaos(fault)
    assert faults == expand_chaos(fault)
    assert faults
    assert all(0 < (each.start or 0) < 60 and (each.start or 0) + (each.length or 0) <= 60.001 for each in faults)
    assert all(each.name != "chaos" for each in faults)
    assert all(each.value in (500, 503) for each in faults if each.name.startswith("refuse"))


def test_chaos_shows_every_fault_over_many_seeds() -> None:
    names = {fault.name for seed in range(200) for fault in expand_chaos(Fault("chaos", seed))}
    assert names == set(NAMES) - {"chaos"}
