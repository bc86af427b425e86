"""Captions of phone and microphone audio in real time, with the latency of every stage."""

from __future__ import annotations


def __getattr__(name: str) -> str:
    """Give `__version__` from the installed metadata (written in pyproject.toml alone), and only when somebody asks.

    It is looked up once: every connection tells the service which version it is of, and the lookup reads and parses a
    file.
    """
    if name == "__version__":
        from importlib.metadata import version

        found = globals()["__version__"] = version("captioner")
        return found
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
