"""What a test needs of the machine, and what becomes of it where that is missing."""

import ctypes.util
import functools
import os
import re
import shutil
import sys
from pathlib import Path
from typing import Literal

import pytest

Use = Literal["qt", "display", "portaudio", "soundcard", "release"]

LIST = Path(__file__).parents[1] / "system_packages.txt"
PLUGIN_PLACES = ["usr/lib/*/alsa-lib", "usr/lib/alsa-lib", "usr/lib64/alsa-lib"]


def missing(*uses: Use) -> list[str]:
    """Return the Debian packages that hold what the machine lacks for these uses, in the order of the list.

    Outside Linux the wheels carry their libraries, and neither Xvfb nor PulseAudio is to be had: there "display" and
    "soundcard" are missing as a whole, and nothing else is.
    """
    if sys.platform != "linux":
        return [use for use in uses if use in ("display", "soundcard")]
    if "display" in uses:
        uses = ("qt", *uses)  # a window needs both
    lines = [line.split() for line in LIST.read_text(encoding="utf-8").splitlines() if line and line[0] != "#"]
    return [package for use, name, package in lines if use in uses and not _present(name)]


@functools.cache
def _present(name: str) -> bool:
    if name.startswith("libasound_module_"):
        return any(True for place in PLUGIN_PLACES for _ in Path("/").glob(f"{place}/{name}"))
    library = re.fullmatch(r"lib(.+)\.so\.(.+)", name)
    if library is None:
        return shutil.which(name) is not None
    return ctypes.util.find_library(library[1]) is not None


def require(*uses: Use) -> None:
    """Skip the running test where the machine lacks something for these uses; with CI=true, fail it."""
    lacking = missing(*uses)
    if not lacking:
        return
    reason = f"this machine lacks {', '.join(lacking)}"
    if os.environ.get("CI") == "true":
        pytest.fail(f"{reason}; with CI=true that is a failure", pytrace=False)
    pytest.skip(reason)
