"""What the tasks of one root have in common."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Drv"]


@dataclass(frozen=True, slots=True)
class Drv:
    """A tree of tasks: equal for all tasks of one root, and for no others, whatever has ended."""

    _root: int
