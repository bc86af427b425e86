from __future__ import annotations

import sys

import pytest

from tests.helpers.program import Program

FIRST = "감사합니다 한빛카드 상담원 김서연입니다 무엇을 도와드릴까요"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no polite signal for another process")
def test_the_demo_says_that_it_is_one_captions_the_sample_call_and_ends_with_the_table() -> None:
    with Program(["-m", "captioner", "demo", "--headless"], env={"LANG": "ko_KR.UTF-8"}) as program:
        program.wait_for(FIRST)
        program.interrupt()
        assert program.finish() == 1
    assert program.lines[0] == FIRST
    assert "에뮬레이터" in program.errors[0]
    assert any("인식" in line and " 1 " in line for line in program.errors)
    assert [line for line in program.errors if "Traceback" in line] == []


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere there always is a display")
def test_the_demo_takes_the_terminal_where_there_is_no_display() -> None:
    nowhere = {"DISPLAY": "", "WAYLAND_DISPLAY": "", "QT_QPA_PLATFORM": ""}
    with Program(["-m", "captioner", "demo", "--fault", "refuse:400"], env=nowhere) as program:
        assert program.finish() == 2
    assert program.lines == []
    assert "The service refused the recognition settings." in program.errors[-1]
