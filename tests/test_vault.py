"""The keyring by entry: what is kept, what is refused, and that no secret shows."""

import logging
from collections.abc import Iterator

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.backends.fail import Keyring as FailKeyring
from keyring.errors import KeyringLocked

from captioner import vault
from tests.helpers.memory_keyring import MemoryKeyring


@pytest.fixture
def machine_keyring() -> Iterator[None]:
    """Put the machine's keyring back after a test that sets another one."""
    before = keyring.get_keyring()
    yield
    keyring.set_keyring(before)


class Locked(MemoryKeyring):
    """A keyring that the person does not unlock."""

    def get_password(self, service: str, username: str) -> str | None:
        raise KeyringLocked("a-secret")

    def set_password(self, service: str, username: str, password: str) -> None:
        raise RuntimeError(f"the backend's own error: {password}")

    def delete_password(self, service: str, username: str) -> None:
        raise OSError("D-Bus is gone")


class Forgetful(MemoryKeyring):
    """A keyring that takes everything and keeps nothing."""

    def set_password(self, service: str, username: str, password: str) -> None:
        pass


def test_what_is_kept_is_read_again_and_gone_when_it_is_removed(memory_keyring: MemoryKeyring) -> None:
    assert vault.read("key 1") is None
    assert vault.keep("key 1", "a-secret")
    assert vault.keep("key 2", "another")
    assert vault.read("key 1") == "a-secret"
    assert vault.remove("key 1")
    assert vault.read("key 1") is None
    assert vault.read("key 2") == "another"
    assert vault.remove("key 1"), "what is not there is removed"


@pytest.mark.parametrize("backend", [FailKeyring, Locked, Forgetful])
def test_a_keyring_that_keeps_nothing_is_no_keyring(
    backend: type[KeyringBackend], machine_keyring: None, caplog: pytest.LogCaptureFixture
) -> None:
    keyring.set_keyring(backend())
    with caplog.at_level(logging.DEBUG):
        assert not vault.keep("key 1", "a-secret")
        assert vault.read("key 1") is None
    assert "a-secret" not in caplog.text


def test_a_keyring_that_does_not_let_go_says_so(machine_keyring: None) -> None:
    keyring.set_keyring(Locked())
    assert not vault.remove("key 1")
