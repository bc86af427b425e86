"""Processes of a benchmark: the ones that keep the processors awake give way, and leave nothing behind."""

from __future__ import annotations

import os
import select
import subprocess
import sys

import pytest

from captioner.bench.process import kept_awake, part


def test_every_processor_has_one_that_gives_way_to_every_other_process() -> None:
    with kept_awake() as busy:
        assert len(busy) == os.cpu_count()
        assert all(each.poll() is None for each in busy)
        if sys.platform == "linux":
            assert {os.sched_getscheduler(each.pid) for each in busy} == {os.SCHED_IDLE}
    assert all(each.returncode is not None for each in busy)


@pytest.mark.skipif(sys.platform != "linux", reason="waits for somebody else's process, which is Linux's")
def test_it_ends_with_the_process_that_started_it() -> None:
    script = "import subprocess, sys; print(subprocess.Popen(sys.argv[1:]).pid, flush=True); sys.stdin.read()"
    command = [sys.executable, "-c", script, *part("busy")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as parent:
        assert parent.stdin is not None
        assert parent.stdout is not None
        lines = [parent.stdout.readline(), parent.stdout.readline()]  # its number, and that it has begun
        number = next(int(line) for line in lines if line.strip().isdigit())
        handle = os.pidfd_open(number)
        try:
            assert not select.select([handle], [], [], 0)[0]
            parent.stdin.close()
            assert select.select([handle], [], [], 20)[0], "it goes on without anybody"
        finally:
            os.close(handle)
