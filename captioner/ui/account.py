"""The account's keys: two fields, a test, and an honest word about where they are kept.

Where a company's own token service gives the tokens, there is one field: the key of the desk.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtWidgets import QFormLayout, QHBoxLayout, QLabel, QLineEdit, QVBoxLayout, QWidget
from typing_extensions import override

from captioner.policy import Policy
from captioner.ui.bars import Button
from captioner.ui.theme import ink


class AccountForm(QWidget):
    """Takes a client id and a secret, and shows what a test of them said. It never gets to see the keys in use."""

    test_requested = Signal(str, str)
    """Client id and secret; or "" and the desk's key."""

    edited = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._known = self._kept = self._testing = False
        self._host = ""  # of the company's token service
        self._client_id, self._secret = QLineEdit(), QLineEdit()
        self._secret.setEchoMode(QLineEdit.EchoMode.Password)
        self._secret.setInputMethodHints(
            Qt.InputMethodHint.ImhHiddenText
            | Qt.InputMethodHint.ImhSensitiveData
            | Qt.InputMethodHint.ImhNoPredictiveText
        )
        self._client_id_label, self._secret_label = QLabel(), QLabel()
        self._client_id_label.setBuddy(self._client_id)
        self._secret_label.setBuddy(self._secret)
        for label in (self._client_id_label, self._secret_label):
            label.setMinimumHeight(self._secret.sizeHint().height())  # else it stands higher than its field
        self._test, self._result, self._note = Button(), QLabel(), QLabel()
        for label in (self._result, self._note):
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)
        self._result.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)

        ink(self._note, "faint")

        form = self._rows = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.ExpandingFieldsGrow)
        form.setLabelAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        form.setHorizontalSpacing(14)
        form.setVerticalSpacing(10)
        form.addRow(self._client_id_label, self._client_id)
        form.addRow(self._secret_label, self._secret)
        test = QHBoxLayout()
        test.setSpacing(12)
        test.addWidget(self._test, 0, Qt.AlignmentFlag.AlignTop)
        test.addWidget(self._result, 1, Qt.AlignmentFlag.AlignVCenter)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(14)
        column.addLayout(form)
        column.addLayout(test)
        column.addWidget(self._note)

        self._client_id.textEdited.connect(self._on_edit)
        self._secret.textEdited.connect(self._on_edit)
        self._test.clicked.connect(self._on_test)
        self._refresh_words()
        self._show_result(None, "")
        self._refresh_buttons()

    @property
    def credentials(self) -> tuple[str, str]:
        """Client id and secret as they are typed; or "" and the desk's key."""
        return self._client_id.text().strip(), self._secret.text().strip()

    @property
    def complete(self) -> bool:
        """Whether both keys are typed, or the desk's one."""
        client_id, secret = self.credentials
        return bool(secret and (client_id or self.desk))

    @property
    def desk(self) -> bool:
        """Whether it takes the key of a desk."""
        return bool(self._host)

    @property
    def empty(self) -> bool:
        """Whether nothing is typed."""
        return not any(self.credentials)

    def show_account(self, *, known: bool, kept: bool) -> None:
        """Say whether there are keys; typed ones are forgotten.

        Args:
            known: the program has keys.
            kept: they outlive the program.
        """
        self._known, self._kept = known, kept
        self.forget_typed()
        self._refresh_words()

    def forget_typed(self) -> None:
        """Forget the keys that are typed, and what a test of them said."""
        self._testing = False
        self._client_id.clear()
        self._secret.clear()
        self._show_result(None, "")
        self._refresh_buttons()

    def show_policy(self, policy: Policy) -> None:
        """Take the key of a desk where the company has a token service of its own."""
        self._host = urlsplit(policy.token_url).hostname or ""
        self._rows.setRowVisible(self._client_id, not self.desk)
        self._client_id.clear()
        self._refresh_words()
        self._refresh_buttons()

    def show_test_result(self, passed: bool, text: str) -> None:
        """Say what the test came to; an answer to keys that were changed meanwhile is dropped."""
        if self._testing:
            self._testing = False
            self._show_result(passed, text)
            self._refresh_buttons()

    def _on_edit(self) -> None:
        self._testing = False
        self._show_result(None, "")
        self._refresh_buttons()
        self.edited.emit()

    def _on_test(self) -> None:
        self._testing = True
        self._show_result(None, self.tr("Testing…"))
        self._refresh_buttons()
        self.test_requested.emit(*self.credentials)

    def _refresh_buttons(self) -> None:
        self._test.setEnabled(self.complete and not self._testing)

    def _show_result(self, passed: bool | None, text: str) -> None:
        mark = "" if passed is None else "✓ " if passed else "✗ "
        self._result.setText(mark + text)
        ink(self._result, "idle" if passed is None else "good" if passed else "bad")

    def _refresh_words(self) -> None:
        for label, field, words in (
            (self._client_id_label, self._client_id, self.tr("Client id")),
            (self._secret_label, self._secret, self.tr("Desk key") if self.desk else self.tr("Client secret")),
        ):
            label.setText(words)
            field.setAccessibleName(words)
            field.setPlaceholderText(self.tr("known, not shown") if self._known else "")
        self._test.setText(self.tr("Test"))
        self._test.setToolTip(self.tr("Log in to the service with these keys"))
        if self.desk and not self._known:
            kept = self.tr(
                "Your company's token service {host} lets this computer in by its desk key. The key is kept in this "
                "computer's keyring, never in a file; where there is no keyring, until the program ends."
            ).format(host=self._host)
        elif self.desk and self._kept:
            kept = self.tr("The desk key in use comes from this computer's keyring or the environment.")
        elif self.desk:
            kept = self.tr("This computer has no keyring: the desk key is kept until the program ends.")
        elif not self._known:
            kept = self.tr(
                "The keys are kept in this computer's keyring, never in a file; "
                "where there is no keyring, until the program ends."
            )
        elif self._kept:
            kept = self.tr("The keys in use come from this computer's keyring or the environment, never from a file.")
        else:
            kept = self.tr("This computer has no keyring: the keys are kept until the program ends.")
        self._note.setText(kept)

    @override
    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._refresh_words()
