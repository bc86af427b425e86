"""The RTZR account: from the environment, else from the system's keyring, and never from anywhere else.

A keyring is the Credential Manager of Windows, the Keychain of macOS, the Secret Service or KWallet of Linux. Where
there is none, an account is not kept at all: the functions below say so, and no plain file takes its place.

All of them may take their time, because a keyring may ask the person to unlock it: call them in a worker thread where
something else must go on.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from captioner.errors import Fault, FaultError, FaultKind

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

_log = logging.getLogger(__name__)

VARIABLES = ("RTZR_CLIENT_ID", "RTZR_CLIENT_SECRET")

_SERVICE, _ENTRY = "captioner", "rtzr"
_TRUSTWORTHY = 1  # keyring's own bound: what keeps secrets in plain files, or nowhere, has a lower priority


@dataclass(frozen=True, slots=True)
class Account:
    """What the service knows us by; neither part shows in a repr."""

    client_id: str = field(repr=False)
    client_secret: str = field(repr=False)


def load(environment: Mapping[str, str] | None = None) -> Account | None:
    """Return the account of the environment, else the one that the keyring keeps, else None.

    Args:
        environment: in place of the process's own.

    Raises:
        FaultError: CREDENTIALS_MISSING, only one of the two variables is set; the detail names the other one.
    """
    environment = os.environ if environment is None else environment
    client_id, client_secret = (environment.get(name, "").strip() for name in VARIABLES)
    if client_id and client_secret:
        return Account(client_id, client_secret)
    if client_id or client_secret:
        raise FaultError(Fault(FaultKind.CREDENTIALS_MISSING, VARIABLES[1] if client_id else VARIABLES[0]))
    return _stored()


def store(account: Account) -> bool:
    """Keep the account in the keyring; return whether it is kept now."""
    value = json.dumps({"client_id": account.client_id, "client_secret": account.client_secret})
    try:
        backend = _backend()
        if backend is None:
            return False
        # Credentials of Windows roam with the domain's profiles otherwise.
        for each in getattr(backend, "backends", [backend]):
            if type(each).__name__ == "WinVaultKeyring":
                each.persist = "local machine"
        backend.set_password(_SERVICE, _ENTRY, value)
    except Exception as error:
        _note("store", error)
        return False
    return _stored() == account


def forget() -> bool:
    """Remove the account from the keyring; return whether the keyring holds none now."""
    try:
        backend = _backend()
        if backend is None or backend.get_password(_SERVICE, _ENTRY) is None:
            return True
        backend.delete_password(_SERVICE, _ENTRY)
        return backend.get_password(_SERVICE, _ENTRY) is None
    except Exception as error:
        _note("forget", error)
        return False


def _stored() -> Account | None:
    try:
        backend = _backend()
        value = None if backend is None else backend.get_password(_SERVICE, _ENTRY)
    except Exception as error:
        _note("load", error)
        return None
    try:
        stored = json.loads(value or "null")
    except (ValueError, RecursionError):
        return None
    match stored:
        case {"client_id": str(client_id), "client_secret": str(client_secret)} if client_id and client_secret:
            return Account(client_id, client_secret)
    return None


def _backend() -> KeyringBackend | None:
    """Return the system's keyring, None where there is no real one. What its making raises is its own."""
    import keyring  # here, because it looks for its backends at once, and that is slow

    backend = keyring.get_keyring()
    return backend if backend.priority >= _TRUSTWORTHY else None


def _note(doing: str, error: Exception) -> None:
    """Log that a keyring failed: each backend has errors of its own, and their texts may hold what was to be stored."""
    _log.debug("! %s: the keyring raised %s", doing, type(error).__name__)
