from __future__ import annotations

import os
import threading

import pytest

from captioner.audio.stderr import open_stderr, shut_stderr


def say(text: str) -> None:
    os.write(2, text.encode())


def test_what_c_libraries_print_meanwhile_goes_nowhere(capfd: pytest.CaptureFixture[str]) -> None:
    say("before ")
    with shut_stderr():
        say("meanwhile ")
        with shut_stderr():
            say("inside ")
        say("still ")
    say("after")
    assert capfd.readouterr().err == "before after"


def test_it_is_opened_again_when_the_call_fails(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ValueError, match="the call"), shut_stderr():
        raise ValueError("the call")
    say("after")
    assert capfd.readouterr().err == "after"


def test_a_call_that_hangs_silences_nobody_for_ever(capfd: pytest.CaptureFixture[str]) -> None:
    with shut_stderr():
        say("meanwhile ")
        open_stderr()
        say("a word ")
        with shut_stderr():
            say("and another ")
        open_stderr()
    with shut_stderr():
        say("later ")
    say("after")
    assert capfd.readouterr().err == "a word and another after"


def test_a_call_that_takes_long_keeps_no_other_thread_waiting(capfd: pytest.CaptureFixture[str]) -> None:
    shut, done = threading.Event(), threading.Event()

    def hang() -> None:
        with shut_stderr():
            shut.set()
            done.wait()

    thread = threading.Thread(target=hang)
    thread.start()
    shut.wait()
    with shut_stderr():
        say("inside ")
    say("still ")
    done.set()
    thread.join()
    say("after")
    assert capfd.readouterr().err == "after"


def test_no_descriptor_is_left_behind() -> None:
    probe = os.dup(2)
    os.close(probe)
    for _ in range(10):
        with shut_stderr():
            pass
    again = os.dup(2)
    os.close(again)
    assert again == probe


def test_where_there_is_no_standard_error_the_call_is_made_all_the_same() -> None:
    kept = os.dup(2)
    os.close(2)
    try:
        called = False
        with shut_stderr():
            called = True
        assert called
        with pytest.raises(OSError, match="descriptor"):
            os.fstat(2)
    finally:
        os.dup2(kept, 2)
        os.close(kept)
