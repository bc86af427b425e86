"""The two kinds of failure, and the tree of errors.

What the world does wrong is a value: a `Fault`, with a kind that decides what happens next and a detail for the
curious. It travels like any other value. Where a function cannot go on because of one, it raises `FaultError`, which
carries it. What we do wrong ourselves is a `Misuse`: it is never caught, and the tests see it.

    CaptionerError
    ├── FaultError      the world failed us: carries a Fault
    └── Misuse          we called something wrongly
        └── FormatChanged   a block of another rate or channel count than the first
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class FaultKind(StrEnum):
    """What went wrong, in the terms in which it is answered. The sentences for people are in `ui/viewstate.py`."""

    # the way to the service
    UNREACHABLE = "unreachable"  # refused, no such name, no route, timed out
    CERTIFICATE = "certificate"  # TLS could not be verified
    PROXY = "proxy"  # the proxy refused, or is not there
    NOT_THE_SERVICE = "not-the-service"  # something answered that is not RTZR: a captive portal, a wrong endpoint
    BROKEN = "broken"  # a standing connection ended before its EOS
    SPEECHLESS = "speechless"  # it stands, pings are answered, speech is taken, and no text comes
    # the service's own answers
    CREDENTIALS_MISSING = "credentials-missing"
    CREDENTIALS_REFUSED = "credentials-refused"  # 401 (after a new token), 403
    DESK_KEY_MISSING = "desk-key-missing"  # tokens come from the company's own service, which knows a desk by its key
    DESK_KEY_REFUSED = "desk-key-refused"
    TOKEN_SERVICE = "token-service"  # the company's own service answers that it has no token
    DESK_TOKEN_REFUSED = "desk-token-refused"  # 401 or 403 to a token from there: worth one new token
    TOKEN_EXPIRED = "token-expired"  # 401 at the handshake: worth one new token
    BAD_REQUEST = "bad-request"  # 400: our own configuration
    QUOTA = "quota"  # 429 with A0001
    BUSY = "busy"  # 429: too many streams
    SERVICE_DOWN = "service-down"  # 5xx, close codes 1012 and 1013
    SERVICE_ERROR = "service-error"  # an explicit error object inside the stream
    # sound
    NO_PORTAUDIO = "no-portaudio"
    NO_DEVICE = "no-device"
    DEVICE_BUSY = "device-busy"
    DEVICE_DENIED = "device-denied"
    DEVICE_LOST = "device-lost"
    DEVICE_STALLED = "device-stalled"  # open, and it delivers nothing
    DEVICE_FAILED = "device-failed"
    FILE_MISSING = "file-missing"
    FILE_UNREADABLE = "file-unreadable"  # no permission, a folder, a disk error
    FILE_NOT_SOUND = "file-not-sound"
    FILE_EMPTY = "file-empty"
    FILE_FORMAT = "file-format"  # a rate or a channel count that we do not take
    FILE_CUT = "file-cut"  # its data end before its header says so
    NO_SUCH_CHANNEL = "no-such-channel"
    # what is written while captions go on
    FILE_UNWRITABLE = "file-unwritable"  # no permission, no such folder, a full disk
    FILE_FULL = "file-full"  # it is as long as it may become
    DISK_SLOW = "disk-slow"  # it does not keep up
    NO_KEYRING = "no-keyring"  # what is to be sealed has nowhere to keep its key


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that the world did wrong.

    Attributes:
        kind: decides the policy and the sentence.
        detail: what the service or the system said of it, one line; holds no secret and nothing that was spoken.
    """

    kind: FaultKind
    detail: str = ""


class CaptionerError(Exception):
    """Anything that this package raises on purpose."""


class FaultError(CaptionerError):
    """The world failed us, and the function cannot go on."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(f"{fault.kind}: {fault.detail}" if fault.detail else str(fault.kind))
        self.fault = fault


class Misuse(CaptionerError):
    """We called something wrongly: a defect of this program."""


class FormatChanged(Misuse):
    """A block has another rate or another number of channels than the first block of its source."""
