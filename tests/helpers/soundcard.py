"""A sound card without hardware: a private PulseAudio whose microphone says what the test says.

PulseAudio's module-pipe-source hands on, bit for bit and in order, what is written into a FIFO; ALSA's "pulse" plugin
makes it a device that PortAudio lists. The writer paces it, as
https://www.freedesktop.org/wiki/Software/PulseAudio/Documentation/User/Modules/#module-pipe-source describes.
"""

import array
import fcntl
import os
import shutil
import subprocess
import tempfile
import termios
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import numpy as np
import numpy.typing as npt

DEVICE_NAME: Final = "Virtual microphone"
"""What the description of the microphone's ALSA device begins with; PortAudio names it `virtual_microphone`."""

BLOCK_MS: Final = 10


class VirtualMicrophone:
    """A private sound server with one microphone, which is also the default device of ALSA programs.

    From the start a thread delivers 10 ms at a time on an absolute schedule: silence (zeros), or what `play` gave it.
    PortAudio reads its environment once, so a program under test runs in a subprocess with `env`.

    Attributes:
        env: what a subprocess needs in its environment to hear this microphone.
        rate: in Hz.
        channels: how many.
    """

    def __init__(self, rate: int = 48_000, channels: int = 1) -> None:
        """Start the server and wait until the microphone is there.

        Raises:
            RuntimeError: it did not start; the text is what it said.
        """
        assert 2 * channels * rate * BLOCK_MS // 1000 <= 4096, "more than a pipe takes whole"
        self.rate, self.channels = rate, channels
        self._folder = Path(tempfile.mkdtemp(prefix="captioner-sound-"))
        self._fifo = self._folder / "microphone"
        self._module = ""
        self._frame = 2 * channels  # bytes
        self._to_say = bytearray()
        self._said = threading.Condition()
        self._plugged = False
        self._closing = threading.Event()
        self.env = self._write_configuration()
        self._log = self._folder / "log"
        with self._log.open("wb") as output:
            self._server = subprocess.Popen(
                [
                    *["setpriv", "--pdeathsig", "TERM"],  # or it would outlive a test process that was killed
                    *[
                        "pulseaudio",
                        "-n",
                        "-F",
                        str(self._folder / "server.pa"),
                        "--daemonize=no",
                        "--log-target=stderr",
                    ],
                    *["--exit-idle-time=-1", "--disable-shm=yes", "--use-pid-file=no"],
                    *["--realtime=no", "--high-priority=no"],
                ],
                env={**os.environ, **self.env},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        self._pacer = threading.Thread(target=self._pace, name="virtual microphone", daemon=True)
        try:
            self._wait_until_ready()
            self.replug()
        except BaseException:
            self.stop()
            raise
        self._pacer.start()

    def _write_configuration(self) -> dict[str, str]:
        folder = self._folder
        runtime = folder / "runtime"
        runtime.mkdir(mode=0o700)
        (folder / "server.pa").write_text(
            f".fail\nload-module module-native-protocol-unix auth-anonymous=1 socket={folder}/socket\n",
            encoding="utf-8",
        )
        (folder / "asoundrc").write_text(
            "pcm.!default { type pulse }\n"
            "ctl.!default { type pulse }\n"
            # PortAudio lists only what has a hint.
            f'pcm.virtual_microphone {{ type pulse hint {{ show on description "{DEVICE_NAME}" }} }}\n',
            encoding="utf-8",
        )
        (folder / "alsa.conf").write_text(f"</usr/share/alsa/alsa.conf>\n<{folder}/asoundrc>\n", encoding="utf-8")
        return {
            "ALSA_CONFIG_PATH": str(folder / "alsa.conf"),
            "PULSE_COOKIE": str(folder / "cookie"),
            "PULSE_RUNTIME_PATH": str(runtime),
            "PULSE_SERVER": f"unix:{folder}/socket",
            "PULSE_STATE_PATH": str(folder),
            "XDG_RUNTIME_DIR": str(runtime),
        }

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + 20.0
        while self._control("info").returncode != 0:
            if self._server.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(
                    f"PulseAudio did not start: {self._log.read_text(encoding='utf-8', errors='replace')}"
                )
            self._closing.wait(0.02)

    def _control(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["pactl", *arguments], env={**os.environ, **self.env}, capture_output=True, encoding="utf-8", check=False
        )

    def _order(self, *arguments: str) -> str:
        result = self._control(*arguments)
        if result.returncode != 0:
            raise RuntimeError(f"pactl {' '.join(arguments)}: {result.stderr.strip()}")
        return result.stdout.strip()

    def play(self, samples: npt.NDArray[np.int16]) -> None:
        """Say `samples` after what is still being said, at the pace of speech; return at once.

        Args:
            samples: int16 (frames,) or (frames, channels) at `rate` Hz; copied.

        What is said waits for a listener: with no program recording, it stays unsaid (see `wait_until_said`).
        """
        frames = np.ascontiguousarray(samples, dtype="<i2").reshape(-1, self.channels)
        with self._said:
            self._to_say += frames.tobytes()

    def wait_until_said(self, within: float) -> None:
        """Wait until everything given to `play` is on its way to the listener.

        Raises:
            AssertionError: `within` seconds passed first, because nobody records or because there was more to say.
        """
        with self._said:
            if not self._said.wait_for(lambda: not self._to_say, within):
                left = len(self._to_say) // self._frame
                raise AssertionError(f"{left / self.rate:.2f} s were still unsaid after {within} s")

    def unplug(self) -> None:
        """Take the microphone away, as pulling its cable does; what was not yet said stays for the next one."""
        self._plugged = False
        self._order("unload-module", self._module)

    def replug(self) -> None:
        """Bring the microphone back under the same name."""
        self._module = self._order(
            *["load-module", "module-pipe-source", "source_name=virtual_microphone", f"file={self._fifo}"],
            *["format=s16le", f"rate={self.rate}", f"channels={self.channels}"],
            "source_properties=device.description=VirtualMicrophone",
        )
        self._order("set-default-source", "virtual_microphone")
        self._plugged = True

    def is_recorded(self) -> bool:
        """Return whether a program records from the microphone now."""
        return bool(self._order("list", "short", "source-outputs"))

    def _pace(self) -> None:
        """Write a block whenever the schedule has one due, until `stop`."""
        block = self.rate * BLOCK_MS // 1000 * self._frame
        pipe = -1
        inode = 0
        start = time.monotonic()
        turn = 0
        while not self._closing.wait(max(0.0, start + turn * BLOCK_MS / 1000 - time.monotonic())):
            turn += 1
            try:
                if self._plugged and inode != (now := self._fifo.stat().st_ino):
                    if pipe >= 0:
                        os.close(pipe)
                    pipe, inode = os.open(self._fifo, os.O_RDWR | os.O_NONBLOCK), now
                if self._plugged and pipe >= 0:
                    self._say(pipe, block)
            except FileNotFoundError:
                pass  # unplugged between the question and the act
        if pipe >= 0:
            os.close(pipe)

    def _say(self, pipe: int, block: int) -> None:
        unread = array.array("i", [0])
        fcntl.ioctl(pipe, termios.FIONREAD, unread)
        with self._said:
            if not self._to_say:
                # Silence that nobody takes is not kept: a program that starts to record hears now, not before.
                if unread[0] < 2 * block:
                    os.write(pipe, bytes(block))
                return
            try:
                # Up to 4096 bytes are written whole or not at all, so a frame is never torn.
                os.write(pipe, self._to_say[:block].ljust(block, b"\0"))
            except BlockingIOError:
                return
            del self._to_say[:block]
            if not self._to_say:
                self._said.notify_all()

    def stop(self) -> None:
        """End the server and remove its files."""
        self._closing.set()
        if self._pacer.is_alive():
            self._pacer.join()
        self._server.terminate()
        try:
            self._server.wait(5.0)
        except subprocess.TimeoutExpired:
            self._server.kill()
            self._server.wait()
        shutil.rmtree(self._folder, ignore_errors=True)

    def __enter__(self) -> Self:
        """Return the microphone, which is plugged in."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop it."""
        self.stop()
