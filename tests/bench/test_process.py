"""Processes of a benchmark: the ones that keep the processors awake give way, and leave nothing behind."""

from __future__ import annotations

import os
import subprocess
import sys

from captioner.bench.process import kept_awake, part


def test_every_processor_has_one_that_gives_way_to_every_other_process() -> None:
    with kept_awake() as busy:
        assert len(busy) == os.cpu_count()
        assert all(each.poll() is None for each in busy)
        if sys.platform == "linux":
            assert {os.sched_getscheduler(each.pid) for each in busy} == {os.SCHED_IDLE}
    assert all(each.returncode is not None for each in busy)


def test_it_ends_with_the_process_that_started_it() -> None:
    with subprocess.Popen(part("busy"), stdin=subprocess.PIPE, stdout=subprocess.PIPE) as busy:
        assert busy.stdin is not None
        assert busy.stdout is not None
        assert busy.stdout.readline().strip() == b"busy"
        assert busy.poll() is None
        busy.stdin.close()  # as the system does for whoever is killed
        assert busy.wait(60) == 0
