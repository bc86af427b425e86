"""The system's keyring, entry by entry: secrets are kept there or not at all.

A keyring is the Credential Manager of Windows, the Keychain of macOS, the Secret Service or KWallet of Linux. Where
there is none, the functions below say so, and no plain file takes its place.

All of them may take their time, because a keyring may ask the person to unlock it: call them in a worker thread where
something else must go on. They may be called in several threads at once.
"""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

_log = logging.getLogger(__name__)

_SERVICE = "captioner"
_TRUSTWORTHY = 1  # keyring's own bound: what keeps secrets in plain files, or nowhere, has a lower priority
_one_at_a_time = threading.Lock()


def read(entry: str) -> str | None:
    """Return what is kept under a name; None where nothing is, or where the keyring does not let it be seen."""
    with _one_at_a_time:
        try:
            backend = _backend()
            return None if backend is None else backend.get_password(_SERVICE, entry)
        except Exception as error:
            _note("read", error)
            return None


def keep(entry: str, value: str) -> bool:
    """Keep a value under a name; return whether it is kept now. Windows takes 1,280 characters at most."""
    with _one_at_a_time:
        try:
            backend = _backend()
            if backend is None:
                return False
            # Credentials of Windows roam with the domain's profiles otherwise.
            for each in getattr(backend, "backends", [backend]):
                if type(each).__name__ == "WinVaultKeyring":
                    each.persist = "local machine"
            backend.set_password(_SERVICE, entry, value)
            return backend.get_password(_SERVICE, entry) == value
        except Exception as error:
            _note("keep", error)
            return False


def remove(entry: str) -> bool:
    """Remove what is kept under a name; return whether the keyring holds nothing there now."""
    with _one_at_a_time:
        try:
            backend = _backend()
            if backend is None or backend.get_password(_SERVICE, entry) is None:
                return True
            backend.delete_password(_SERVICE, entry)
            return backend.get_password(_SERVICE, entry) is None
        except Exception as error:
            _note("remove", error)
            return False


def _backend() -> KeyringBackend | None:
    """Return the system's keyring, None where there is no real one. What its making raises is its own."""
    import keyring  # here, because it looks for its backends at once, and that is slow

    backend = keyring.get_keyring()
    return backend if backend.priority >= _TRUSTWORTHY else None


def _note(doing: str, error: Exception) -> None:
    """Log that a keyring failed: each backend has errors of its own, and their texts may hold what was to be stored."""
    _log.debug("! %s: the keyring raised %s", doing, type(error).__name__)
