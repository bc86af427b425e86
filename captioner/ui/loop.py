"""asyncio's loop on Qt's."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, TypeAlias

import qasync
from typing_extensions import override

Handler: TypeAlias = Callable[[asyncio.AbstractEventLoop, dict[str, Any]], object]


class QtLoop(qasync.QEventLoop):  # type: ignore[misc]  # qasync has no types
    """qasync's loop, which tells its exception handler, so that whoever takes its place can put it back.

    WORKAROUND https://github.com/CabbageDevelopment/qasync: `get_exception_handler` looks in another place than the one
    in which `set_exception_handler` keeps it (qasync 0.28).
    """

    _handler: Handler | None = None

    @override
    def set_exception_handler(self, handler: Handler | None) -> None:
        """Set what gets the exceptions that nobody else does; None is the default."""
        self._handler = handler
        super().set_exception_handler(handler)

    @override
    def get_exception_handler(self) -> Handler | None:
        """Return it."""
        return self._handler
