"""A process that keeps one processor from going to sleep, and gives way to every other process."""

from __future__ import annotations

import os
import sys
import threading
from collections import deque
from collections.abc import Sequence
from itertools import repeat

from captioner.emulator.process import end_with_parent


def main(_: Sequence[str]) -> None:
    """Count, until standard input ends: with the process that started this one, however that ends.

    The loop is in C, so that it takes no room in a cache.
    """
    if sys.platform == "linux":
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    elif sys.platform != "win32":  # where it is started as one that gives way
        os.nice(20)
    alone = threading.Event()
    end_with_parent(alone.set)
    print("busy", flush=True)
    while not alone.is_set():
        deque(repeat(None, 2_000_000), maxlen=0)
