from __future__ import annotations

import pytest

from captioner.errors import CaptionerError, Fault, FaultError, FaultKind, FormatChanged, Misuse


def test_a_fault_error_carries_its_fault_and_says_it() -> None:
    fault = Fault(FaultKind.QUOTA, "A0001")
    error = FaultError(fault)
    assert error.fault is fault
    assert str(error) == "quota: A0001"
    assert str(FaultError(Fault(FaultKind.QUOTA))) == "quota"


def test_what_the_world_does_and_what_we_do_wrong_are_never_caught_together_by_chance() -> None:
    assert not issubclass(FaultError, Misuse)
    assert not issubclass(Misuse, FaultError)
    assert issubclass(FormatChanged, Misuse)
    with pytest.raises(CaptionerError):
        raise FormatChanged("48000 Hz after 44100 Hz")


def test_faults_are_values() -> None:
    assert Fault(FaultKind.BUSY) == Fault(FaultKind.BUSY, "")
    assert {Fault(FaultKind.BUSY), Fault(FaultKind.BUSY)} == {Fault(FaultKind.BUSY)}
