"""A keyring for programs under test that outlives them: PYTHON_KEYRING_BACKEND names it, FILE_KEYRING its file."""

import json
import os
from pathlib import Path

from tests.helpers.memory_keyring import MemoryKeyring

ENVIRONMENT = {"PYTHON_KEYRING_BACKEND": "tests.helpers.file_keyring.FileKeyring"}


class FileKeyring(MemoryKeyring):
    """Keeps passwords in a file."""

    def __init__(self) -> None:
        super().__init__()
        self._path = Path(os.environ["FILE_KEYRING"])
        if self._path.exists():
            for service, username, password in json.loads(self._path.read_text(encoding="utf-8")):
                self.passwords[service, username] = password

    def set_password(self, service: str, username: str, password: str) -> None:
        super().set_password(service, username, password)
        self._store()

    def delete_password(self, service: str, username: str) -> None:
        super().delete_password(service, username)
        self._store()

    def _store(self) -> None:
        rows = [[*entry, password] for entry, password in self.passwords.items()]
        self._path.write_text(json.dumps(rows), encoding="utf-8")
