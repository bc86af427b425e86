"""The system's default input device of this moment, asked of the system itself.

PortAudio knows the one of its last list, and makes no new list beside an open stream. There is nothing to ask on Linux:
sound servers (PulseAudio from version 14 on, PipeWire) move the stream when another default is chosen, within 0.2 s and
without a pause (measured with PulseAudio 16).

    macOS     kAudioHardwarePropertyDefaultInputDevice
              (https://developer.apple.com/documentation/coreaudio/audiohardware-h)
    Windows   DRVM_MAPPER_PREFERRED_GET, the device that WAVE_MAPPER stands for
              (https://learn.microsoft.com/windows-hardware/drivers/audio/preferred-voice-communications-device)

macOS and Windows are untried.
"""

from __future__ import annotations

import sys

if sys.platform == "win32":
    import ctypes
    from ctypes import wintypes

    class _Capabilities(ctypes.Structure):
        """WAVEINCAPSW."""

        _fields_ = [
            ("manufacturer", wintypes.WORD),
            ("product", wintypes.WORD),
            ("driver_version", wintypes.UINT),
            ("name", wintypes.WCHAR * 32),
            ("formats", wintypes.DWORD),
            ("channels", wintypes.WORD),
            ("reserved", wintypes.WORD),
        ]

    def default_input() -> str | None:
        """Return something that changes with the default input device; None where the system does not say."""
        winmm = ctypes.WinDLL("winmm")
        winmm.waveInMessage.argtypes = [ctypes.c_size_t, wintypes.UINT, ctypes.c_void_p, ctypes.c_void_p]
        winmm.waveInGetDevCapsW.argtypes = [ctypes.c_size_t, ctypes.c_void_p, wintypes.UINT]
        wave_mapper, preferred_get = 0xFFFFFFFF, 0x2015
        number, flags, about = wintypes.DWORD(), wintypes.DWORD(), _Capabilities()
        if winmm.waveInMessage(wave_mapper, preferred_get, ctypes.byref(number), ctypes.byref(flags)):
            return None
        if winmm.waveInGetDevCapsW(number.value, ctypes.byref(about), ctypes.sizeof(about)):
            return None
        return str(about.name)

elif sys.platform == "darwin":
    import ctypes

    class _Address(ctypes.Structure):
        """AudioObjectPropertyAddress."""

        _fields_ = [("selector", ctypes.c_uint32), ("scope", ctypes.c_uint32), ("element", ctypes.c_uint32)]

    def default_input() -> str | None:
        """Return something that changes with the default input device; None where the system does not say."""
        audio = ctypes.CDLL("/System/Library/Frameworks/CoreAudio.framework/CoreAudio")
        default_input_device, everywhere, system = 0x64496E20, 0x676C6F62, 1  # 'dIn ', 'glob'
        address = _Address(default_input_device, everywhere, 0)
        device, size = ctypes.c_uint32(), ctypes.c_uint32(4)
        failed = audio.AudioObjectGetPropertyData(
            ctypes.c_uint32(system),
            ctypes.byref(address),
            ctypes.c_uint32(0),
            None,
            ctypes.byref(size),
            ctypes.byref(device),
        )
        return None if failed or not device.value else str(device.value)

else:

    def default_input() -> str | None:
        """Return None: where there is a sound server, it moves the stream itself."""
        return None
