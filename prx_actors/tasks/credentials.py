"""The three user ids and the three group ids of a process."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["Resgid", "Resuid"]


class Resuid(NamedTuple):
    """User ids: credentials(7)."""

    ruid: int
    """Real: who started it."""
    euid: int
    """Effective: what it may do."""
    suid: int
    """Saved: what it may become again."""


class Resgid(NamedTuple):
    """Group ids: credentials(7)."""

    rgid: int
    """Real."""
    egid: int
    """Effective."""
    sgid: int
    """Saved."""
