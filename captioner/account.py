"""What tokens are granted for: from the environment, else from the system's keyring, and never from anywhere else.

That is an RTZR account, or, where the company's policy names a token service, the key by which that knows this desk.
Where there is no keyring, neither is kept at all. All functions may take their time, as those of `vault` do.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias, assert_never

from captioner import vault
from captioner.errors import Fault, FaultError, FaultKind

VARIABLES = ("RTZR_CLIENT_ID", "RTZR_CLIENT_SECRET")
DESK_VARIABLE = "CAPTIONER_DESK_KEY"

_ENTRY, _DESK_ENTRY = "rtzr", "desk-key"


@dataclass(frozen=True, slots=True)
class Account:
    """What the service knows us by; neither part shows in a repr."""

    client_id: str = field(repr=False)
    client_secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class DeskKey:
    """What the company's token service knows this desk by.

    Attributes:
        token_url: where tokens are asked for.
        key: the secret itself; left out of the repr.
    """

    token_url: str
    key: str = field(repr=False)


Credentials: TypeAlias = Account | DeskKey

ANYBODY = Account("demo", "demo")
"""The emulator takes any account."""


def load(environment: Mapping[str, str] | None = None, *, token_url: str = "") -> Credentials | None:
    """Return the credentials of the environment, else those that the keyring keeps, else None.

    Args:
        environment: in place of the process's own.
        token_url: of the company's token service, "" without one. With one, only a desk's key is looked for.

    Raises:
        FaultError: CREDENTIALS_MISSING, only one of the account's two variables is set; the detail names the other one.
    """
    environment = os.environ if environment is None else environment
    if token_url:
        key = environment.get(DESK_VARIABLE, "").strip() or vault.read(_DESK_ENTRY)
        return DeskKey(token_url, key) if key else None
    client_id, client_secret = (environment.get(name, "").strip() for name in VARIABLES)
    if client_id and client_secret:
        return Account(client_id, client_secret)
    if client_id or client_secret:
        raise FaultError(Fault(FaultKind.CREDENTIALS_MISSING, VARIABLES[1] if client_id else VARIABLES[0]))
    return _stored()


def missing(token_url: str) -> FaultKind:
    """Say what is wrong where `load` found nothing."""
    return FaultKind.DESK_KEY_MISSING if token_url else FaultKind.CREDENTIALS_MISSING


def store(credentials: Credentials) -> bool:
    """Keep credentials in the keyring; return whether they are kept now.

    A desk that has a key of its own needs no account any more: one that was kept is removed.
    """
    match credentials:
        case Account(client_id, client_secret):
            return vault.keep(_ENTRY, json.dumps({"client_id": client_id, "client_secret": client_secret}))
        case DeskKey(key=key):
            kept = vault.keep(_DESK_ENTRY, key)
            if kept:
                vault.remove(_ENTRY)
            return kept
        case _:
            assert_never(credentials)


def forget(*, desk: bool = False) -> bool:
    """Remove the account, or the desk's key, from the keyring; return whether the keyring holds none now."""
    return vault.remove(_DESK_ENTRY if desk else _ENTRY)


def _stored() -> Account | None:
    try:
        stored = json.loads(vault.read(_ENTRY) or "null")
    except (ValueError, RecursionError):
        return None
    match stored:
        case {"client_id": str(client_id), "client_secret": str(client_secret)} if client_id and client_secret:
            return Account(client_id, client_secret)
    return None
