"""The three user ids and the three group ids of a process."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["Resgid", "Resuid"]


class Resuid(NamedTuple):
    """User ids: credentials(7)."""

    ruid: int
    """The real one, of who started it."""
    euid: int
    """The effective one, which says what it may do."""
    suid: int
    """The saved one, which it may become again."""


class Resgid(NamedTuple):
    """Group ids: credentials(7)."""

    rgid: int
    """The real one."""
    egid: int
    """The effective one."""
    sgid: int
    """The saved one."""
