"""A keyring that lives and dies with a test."""

from keyring.backend import KeyringBackend
from keyring.errors import PasswordDeleteError


class MemoryKeyring(KeyringBackend):
    """Passwords in a dict; nothing of the machine's own keyring is ever touched.

    Attributes:
        passwords: by (service, user name).
    """

    priority = 1.0

    def __init__(self) -> None:
        """Start empty."""
        super().__init__()  # type: ignore[no-untyped-call]
        self.passwords: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        """Return the password, None if there is none."""
        return self.passwords.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        """Keep the password."""
        self.passwords[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        """Forget the password.

        Raises:
            PasswordDeleteError: there is none.
        """
        if self.passwords.pop((service, username), None) is None:
            raise PasswordDeleteError("not found")
