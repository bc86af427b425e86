"""Runtime hook of Linux: sounddevice finds the PortAudio that is inside the program.

sounddevice asks `ctypes.util.find_library`, which asks the system alone and never looks into the program's folder
(https://github.com/spatialaudio/python-sounddevice, sounddevice.py, at its top). Where the library inside cannot be
loaded (it links to the system's ALSA and JACK), the system's own is used, if there is one.
"""

import ctypes
import ctypes.util
import os
import sys

_find_on_the_system = ctypes.util.find_library


def _find_library(name: str) -> str | None:
    inside = os.path.join(getattr(sys, "_MEIPASS", ""), "libportaudio.so.2")  # noqa: PTH118 - pathlib is slow to load
    if name == "portaudio" and os.path.exists(inside):  # noqa: PTH110
        try:
            ctypes.CDLL(inside)
        except OSError:
            pass
        else:
            return inside
    return _find_on_the_system(name)


ctypes.util.find_library = _find_library
