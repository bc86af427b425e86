"""What a company has settled for all its desks: settings that nobody there can change, and where tokens come from.

A policy is a JSON object. Its keys are names of `Settings`, each with the value that it is locked to, and

    allowed_modes   the modes that may be chosen, by a way of a comparison too; the first one takes the place of
                    another that was
    token_url       where tokens are asked for with a key of the desk, which then needs no account of its own

A person changes neither of them: not by file, not by a variable of the environment, not by an option. Whoever can read
the memory of the program can do more, so a policy manages desks, and keeps no secret from the people who sit at them.
What cannot be understood is no policy at all: a lock that was misspelt must not become an open door.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import PurePath
from typing import Any, Final

from captioner.settings import Mode, SettingError, Settings, check_address, option_of, revive

ALLOWED_MODES: Final = "allowed_modes"
TOKEN_URL: Final = "token_url"


@dataclass(frozen=True, slots=True)
class Policy:
    """What is settled; an empty one settles nothing.

    Attributes:
        locked: values by the names of their settings.
        modes: those that may be chosen, at least one.
        token_url: of the company's own token service; "" where desks have accounts.
        kept: what stays stored of those among the locked that the environment locks for this start alone.
    """

    locked: Mapping[str, Any] = field(default_factory=dict)
    modes: tuple[Mode, ...] = tuple(Mode)
    token_url: str = ""
    kept: Mapping[str, Any] = field(default_factory=dict)

    def lend(self, stored: Settings, endpoint: str) -> Policy:
        """Lock the endpoint for this start alone, unless the company has locked it or there is none.

        Args:
            stored: the person's settings.
            endpoint: what the environment has.

        Raises:
            SettingError: it is no endpoint.
        """
        if not endpoint or "endpoint" in self.locked:
            return self
        replace(stored, endpoint=endpoint)
        return replace(self, locked={**self.locked, "endpoint": endpoint}, kept={"endpoint": stored.endpoint})

    def apply(self, settings: Settings) -> Settings:
        """Return the settings as the policy has them; what does not go with a locked one takes its default."""
        try:
            return replace(settings, **self._decided(settings))
        except SettingError:
            return self._one_by_one(settings)

    def forbids(self, name: str, value: object) -> SettingError | None:
        """Say why a setting cannot have a value that somebody asks for; None where the policy lets it."""
        if name in self.locked and self.locked[name] != value:
            return SettingError(name, "Your company has settled this; leave it out.")
        if name == "mode" and value not in self.modes:
            modes = ", ".join(self.modes)
            return SettingError(name, "Your company does not allow this; it allows {modes}.", modes=modes)
        return None

    def _decided(self, settings: Settings) -> dict[str, Any]:
        return {"mode": settings.mode if settings.mode in self.modes else self.modes[0], **self.locked}

    def _one_by_one(self, settings: Settings) -> Settings:
        decided = self._decided(settings)
        kept = replace(Settings(), **decided)
        for each in fields(Settings):
            if each.name not in decided:
                try:
                    kept = replace(kept, **{each.name: getattr(settings, each.name)})
                except SettingError:
                    pass
        return kept


@dataclass(frozen=True, slots=True)
class PolicyProblem:
    """Why it cannot be known what a company has settled.

    Attributes:
        path: of its file.
        reason: with the name of the part that is wrong, "" where it is the whole.
    """

    path: PurePath
    reason: SettingError


def read_policy(text: str) -> Policy:
    """Read the text of a policy.

    Raises:
        SettingError: it cannot be understood, or asks for what cannot be.
    """
    parts = _object(text)
    options = {each.name: each for each in fields(Settings) if not option_of(each).hidden}
    locked = dict[str, Any]()
    modes, token_url = tuple(Mode), ""
    for name, value in parts.items():
        if name == ALLOWED_MODES:
            modes = _modes(value)
        elif name == TOKEN_URL:
            token_url = _token_url(value)
        elif name in options:
            locked[name] = revive(options[name], value)
            if name == "ca_file" and value and not PurePath(str(value)).is_absolute():
                raise SettingError(name, "It is no absolute path, so it would depend on where the program is started.")
        else:
            raise SettingError(name, "It is no setting that a policy can hold.")
    if locked.get("mode", modes[0]) not in modes:
        raise SettingError(ALLOWED_MODES, "The mode that is settled is none of them.")
    policy = Policy(locked, modes, token_url)
    replace(Settings(), **policy.locked)  # their bounds, and the rules between them
    return policy


def _object(text: str) -> Mapping[str, object]:
    try:
        parsed = json.loads(text, object_pairs_hook=_once_each)
    except (json.JSONDecodeError, RecursionError) as error:
        line = error.lineno if isinstance(error, json.JSONDecodeError) else 1
        raise SettingError("", "It is no JSON from line {line} on.", line=line) from error
    except SettingError:
        raise
    except ValueError as error:  # a number of five thousand digits
        raise SettingError("", "It is no JSON from line {line} on.", line=1) from error
    if not isinstance(parsed, dict):
        raise SettingError("", "It is no JSON object.")
    return parsed


def _once_each(pairs: Sequence[tuple[str, object]]) -> dict[str, object]:
    """Make an object; of two values for one name nobody knows which is meant."""
    made = dict(pairs)
    if len(made) != len(pairs):
        names = [name for name, _ in pairs]
        raise SettingError(next(each for each in names if names.count(each) > 1), "It is there twice.")
    return made


def _modes(value: object) -> tuple[Mode, ...]:
    known = {each.value: each for each in Mode}
    if not isinstance(value, list) or not value or not all(isinstance(each, str) and each in known for each in value):
        raise SettingError(ALLOWED_MODES, "It is no list of {modes}.", modes=", ".join(Mode))
    return tuple(known[each] for each in dict.fromkeys(value))


def _token_url(value: object) -> str:
    if not isinstance(value, str):
        raise SettingError(TOKEN_URL, "It is no text.")
    check_address(TOKEN_URL, value)
    return value
