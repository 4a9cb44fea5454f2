"""Flags of open(2)."""

from __future__ import annotations

from enum import auto

from prx_actors.system.families.base import Flags

__all__ = ["Open"]

FAMILY = "file"


class Open(Flags):
    """How a file is opened: open(2)."""

    O_LARGEFILE = auto()
    O_RDONLY = auto()
    O_WRONLY = auto()
    O_RDWR = auto()
    O_ACCMODE = auto()
    O_CREAT = auto()
    O_EXCL = auto()
    O_NOCTTY = auto()
    O_TRUNC = auto()
    O_APPEND = auto()
    O_NDELAY = auto()
    O_NONBLOCK = auto()
    O_DSYNC = auto()
    O_ASYNC = auto()
    O_DIRECT = auto()
    O_DIRECTORY = auto()
    O_NOFOLLOW = auto()
    O_NOATIME = auto()
    O_CLOEXEC = auto()
    O_FSYNC = auto()
    O_RSYNC = auto()
    O_SYNC = auto()
    O_PATH = auto()
    O_TMPFILE = auto()


OTHERS = """
__O_SYNC O_EXLOCK O_SHLOCK
"""
"""Names without a member: other systems' and architectures', and what stands in an enum already."""
