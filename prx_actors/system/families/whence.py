"""Where lseek(2) counts from."""

from __future__ import annotations

from enum import auto

from prx_actors.system.families.base import Number

__all__ = ["Whence"]

FAMILY = "whence"


class Whence(Number):
    """Where an offset counts from: lseek(2)."""

    SEEK_SET = auto()
    SEEK_CUR = auto()
    SEEK_END = auto()
    SEEK_DATA = auto()
    SEEK_HOLE = auto()
