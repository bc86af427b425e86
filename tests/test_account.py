"""The account: where it comes from, where it is kept, and that it shows nowhere."""

import logging
from collections.abc import Iterator

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.backends.fail import Keyring as FailKeyring
from keyring.errors import KeyringLocked

from captioner.account import Account, DeskKey, forget, load, store
from captioner.errors import FaultError, FaultKind
from tests.helpers.memory_keyring import MemoryKeyring

ACCOUNT = Account("an-id", "a-secret")
OTHER = {"RTZR_CLIENT_ID": "other-id", "RTZR_CLIENT_SECRET": "other-secret"}


@pytest.fixture
def machine_keyring() -> Iterator[None]:
    """Put the machine's keyring back after a test that sets another one."""
    before = keyring.get_keyring()
    yield
    keyring.set_keyring(before)


class PlainFile(MemoryKeyring):
    """A keyring that keeps secrets where anybody can read them, as those of keyrings.alt do."""

    priority = 0.5


class Locked(MemoryKeyring):
    """A keyring that the person does not unlock."""

    def get_password(self, service: str, username: str) -> str | None:
        raise KeyringLocked(f"locked: {service} a-secret")

    def set_password(self, service: str, username: str, password: str) -> None:
        raise RuntimeError(f"the backend's own error: {password}")

    def delete_password(self, service: str, username: str) -> None:
        raise OSError("D-Bus is gone")


class Stubborn(MemoryKeyring):
    """A keyring that does not let go."""

    def delete_password(self, service: str, username: str) -> None:
        raise OSError("D-Bus is gone")


class Forgetful(MemoryKeyring):
    """A keyring that takes everything and keeps nothing."""

    def set_password(self, service: str, username: str, password: str) -> None:
        pass


class WinVaultKeyring(MemoryKeyring):
    """The keyring of Windows, as far as its name and its persistence go."""

    persist = "enterprise"


class Chain(MemoryKeyring):
    """Several keyrings behind one."""

    def __init__(self, *backends: KeyringBackend) -> None:
        super().__init__()
        self.backends = list(backends)


def test_the_environment_comes_first(memory_keyring: MemoryKeyring) -> None:
    assert store(ACCOUNT)
    assert load(OTHER) == Account("other-id", "other-secret")
    assert load({"RTZR_CLIENT_ID": " other-id\n", "RTZR_CLIENT_SECRET": "other-secret"}) == load(OTHER)


def test_the_process_environment_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load() is None
    for name, value in OTHER.items():
        monkeypatch.setenv(name, value)
    assert load() == Account("other-id", "other-secret")


@pytest.mark.parametrize(
    ("environment", "missing"),
    [
        ({"RTZR_CLIENT_ID": "x"}, "RTZR_CLIENT_SECRET"),
        ({"RTZR_CLIENT_ID": "x", "RTZR_CLIENT_SECRET": " "}, "RTZR_CLIENT_SECRET"),
        ({"RTZR_CLIENT_SECRET": "x"}, "RTZR_CLIENT_ID"),
        ({"RTZR_CLIENT_SECRET": "x", "RTZR_CLIENT_ID": ""}, "RTZR_CLIENT_ID"),
    ],
)
def test_half_an_account_names_the_other_half(
    environment: dict[str, str], missing: str, memory_keyring: MemoryKeyring
) -> None:
    assert store(ACCOUNT)  # which must not be mixed with it, nor quietly taken instead
    with pytest.raises(FaultError) as raised:
        load(environment)
    assert raised.value.fault.kind is FaultKind.CREDENTIALS_MISSING
    assert raised.value.fault.detail == missing


def test_an_account_is_kept_in_the_keyring_and_forgotten(memory_keyring: MemoryKeyring) -> None:
    assert load({}) is None
    assert store(ACCOUNT)
    assert load({}) == ACCOUNT
    assert [service for service, _ in memory_keyring.passwords] == ["captioner"]
    assert store(Account("new", "비밀"))
    assert load({}) == Account("new", "비밀")
    assert forget()
    assert memory_keyring.passwords == {}
    assert load({}) is None
    assert forget()


def test_an_entry_fits_into_the_credential_manager(memory_keyring: MemoryKeyring) -> None:
    assert store(Account("i" * 64, "s" * 128))
    [kept] = memory_keyring.passwords.values()
    assert len(kept.encode("utf-16")) <= 2560


@pytest.mark.parametrize(
    "entry", ["", "null", "not JSON", "[]", "[" * 10_000, '{"client_id":"x"}', '{"client_id":"x","client_secret":""}']
)
def test_an_entry_that_is_no_account_is_none(entry: str, memory_keyring: MemoryKeyring) -> None:
    store(ACCOUNT)
    [key] = memory_keyring.passwords
    memory_keyring.passwords[key] = entry
    assert load({}) is None
    assert forget()
    assert memory_keyring.passwords == {}


@pytest.mark.parametrize("backend", [FailKeyring, PlainFile, Forgetful, Locked])
@pytest.mark.usefixtures("machine_keyring")
def test_without_a_real_keyring_nothing_is_kept_and_nothing_raised(
    backend: type[KeyringBackend], caplog: pytest.LogCaptureFixture
) -> None:
    mine = backend()
    keyring.set_keyring(mine)
    with caplog.at_level(logging.DEBUG):
        assert load({}) is None
        assert not store(ACCOUNT)
        assert load({}) is None
        assert forget() == (backend is not Locked)
    assert getattr(mine, "passwords", {}) == {}
    assert "a-secret" not in caplog.text


@pytest.mark.usefixtures("machine_keyring")
def test_what_cannot_be_forgotten_is_said() -> None:
    keyring.set_keyring(Stubborn())
    assert store(ACCOUNT)
    assert not forget()


@pytest.mark.parametrize("chained", [False, True])
@pytest.mark.usefixtures("machine_keyring")
def test_the_credential_manager_keeps_it_on_this_machine(chained: bool) -> None:
    vault = WinVaultKeyring()
    keyring.set_keyring(Chain(MemoryKeyring(), vault) if chained else vault)
    assert store(ACCOUNT)
    assert vault.persist == "local machine"


def test_neither_half_shows_in_a_repr() -> None:
    assert repr(ACCOUNT) == "Account()"


# ---------------------------------------------------------------- the key of a desk

TOKENS = "https://tokens.example/token"
KEY = {"CAPTIONER_DESK_KEY": " some-key\n"}


def test_where_a_company_has_a_token_service_only_the_desks_key_counts(memory_keyring: MemoryKeyring) -> None:
    assert store(ACCOUNT)
    assert load(OTHER, token_url=TOKENS) is None
    assert load({"RTZR_CLIENT_ID": "half"}, token_url=TOKENS) is None
    assert load({**OTHER, **KEY}, token_url=TOKENS) == DeskKey(TOKENS, "some-key")
    assert load({**OTHER, **KEY}) == Account("other-id", "other-secret")


def test_a_desks_key_is_kept_and_the_account_goes(memory_keyring: MemoryKeyring) -> None:
    assert store(ACCOUNT)
    assert store(DeskKey(TOKENS, "kept-key"))
    assert load({}, token_url=TOKENS) == DeskKey(TOKENS, "kept-key")
    assert load(KEY, token_url=TOKENS) == DeskKey(TOKENS, "some-key")
    assert load({}) is None
    assert list(memory_keyring.passwords.values()) == ["kept-key"]
    assert forget(desk=True)
    assert memory_keyring.passwords == {}
    assert load({}, token_url=TOKENS) is None


def test_a_desks_key_that_is_not_kept_leaves_the_account_where_it_is(machine_keyring: None) -> None:
    forgetful = Forgetful()
    keyring.set_keyring(forgetful)
    forgetful.passwords["captioner", "rtzr"] = '{"client_id": "an-id", "client_secret": "a-secret"}'
    assert not store(DeskKey(TOKENS, "some-key"))
    assert load({}) == ACCOUNT


def test_a_desks_key_shows_nowhere(memory_keyring: MemoryKeyring) -> None:
    assert "some-key" not in repr(DeskKey(TOKENS, "some-key"))
    forget()
    assert store(ACCOUNT)
    assert forget(desk=True)
    assert load({}) == ACCOUNT
