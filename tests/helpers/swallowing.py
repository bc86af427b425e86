"""A network that can be made to swallow everything: this machine's own, in three network namespaces of Linux.

    service's namespace ─── router ─── client's namespace

While the router forwards nothing, packets vanish without a sign, as behind a pulled cable or a lost Wi-Fi: no reset, no
refusal, no ICMP, and TCP repeats itself at growing intervals. 127.0.0.1 leads to the service in all three, so that the
programs run as they are. Needs root and iproute2.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.helpers.program import Program

IP = Path(shutil.which("ip") or "ip")

_SWITCH = """
import sys, time
def forward(on):
    with open("/proc/sys/net/ipv4/ip_forward", "w") as file:
        file.write(on)
for line in sys.stdin:
    forward("0")
    time.sleep(float(line))
    forward("1")
    print(flush=True)
"""


class SwallowingNetwork:
    """The network; use as a context manager. It works at first."""

    def __init__(self) -> None:
        name = f"captioner{os.getpid()}"
        self.client, self.router, self.service = (f"{name}{each}" for each in "crs")
        self._switch: subprocess.Popen[str] | None = None

    @classmethod
    def missing(cls) -> str:
        """Say why this machine cannot have one; "" where it can."""
        if sys.platform != "linux" or not IP.is_file():
            return "this machine has no network namespaces"
        try:
            with cls():
                return ""
        except (OSError, subprocess.CalledProcessError):
            return "this user may make no network namespaces"

    def swallow(self, seconds: float) -> None:
        """Swallow everything for so long; when it returns, packets pass again."""
        assert self._switch is not None
        assert self._switch.stdin is not None
        assert self._switch.stdout is not None
        self._switch.stdin.write(f"{seconds}\n")
        self._switch.stdin.flush()
        if not self._switch.stdout.readline():
            raise OSError("the router's switch has ended")

    @staticmethod
    def run(namespace: str, arguments: Sequence[str | Path], env: Mapping[str, str] | None = None) -> Program:
        """Start `python *arguments` in one of the namespaces."""
        return Program(["netns", "exec", namespace, sys.executable, "-X", "utf8", *arguments], env=env, executable=IP)

    def __enter__(self) -> Self:
        """Build it."""
        try:
            self._build()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take it down, and end what still runs the switch."""
        if self._switch is not None:
            self._switch.communicate()
            self._switch = None
        for each in (self.client, self.router, self.service):
            if Path("/run/netns", each).exists():
                _ip("netns", "delete", each)

    def _build(self) -> None:
        for each in (self.client, self.router, self.service):
            _ip("netns", "add", each)
        for end, net in ((self.client, 1), (self.service, 2)):
            _ip("link", "add", "here", "netns", end, "type", "veth", "peer", "name", f"to{net}", "netns", self.router)
            _ip("-n", end, "address", "add", f"10.77.{net}.1/24", "dev", "here")
            _ip("-n", self.router, "address", "add", f"10.77.{net}.254/24", "dev", f"to{net}")
            _ip("-n", end, "link", "set", "dev", "here", "up")
            _ip("-n", self.router, "link", "set", "dev", f"to{net}", "up")
            _ip("-n", end, "route", "add", "default", "via", f"10.77.{net}.254")
        _ip(
            "-n", self.service, "link", "set", "dev", "lo", "up"
        )  # the others have no lo, so 127.0.0.1 is a way for them
        _ip("-n", self.client, "route", "add", "127.0.0.0/8", "via", "10.77.1.254")
        _ip("-n", self.router, "route", "add", "127.0.0.0/8", "via", "10.77.2.1")
        for each in (self.client, self.router, self.service):
            _ip("netns", "exec", each, "sysctl", "-qw", "net.ipv4.conf.all.route_localnet=1")
        self._switch = subprocess.Popen(
            [IP, "netns", "exec", self.router, sys.executable, "-c", _SWITCH],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="ascii",
        )
        self.swallow(0.0)


def _ip(*arguments: str) -> None:
    subprocess.run([IP, *arguments], check=True, capture_output=True)
