"""Terms for the scripts that real Erlang runs beside ours."""

from __future__ import annotations

from typing import Any

__all__ = ["erlang"]


def erlang(term: Any) -> str:
    """Write a term as Erlang does: tuples, lists, atoms from strings, numbers."""
    if isinstance(term, tuple):
        return "{" + ",".join(map(erlang, term)) + "}"
    if isinstance(term, list):
        return "[" + ",".join(map(erlang, term)) + "]"
    return "'end'" if term == "end" else str(term)
