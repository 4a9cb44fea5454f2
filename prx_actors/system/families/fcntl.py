"""Commands of fcntl(2), and what they take."""

from __future__ import annotations

from enum import auto

from prx_actors.system.families.base import Flags, Number

__all__ = ["Fcntl", "FdFlags", "LockType", "Notify", "Owner", "Seals", "WriteLife"]

FAMILY = "fcntl"


class Fcntl(Number):
    """What is done: fcntl(2)."""

    F_DUPFD = auto()
    F_GETFD = auto()
    F_SETFD = auto()
    F_GETFL = auto()
    F_SETFL = auto()
    F_GETLK = auto()
    F_SETLK = auto()
    F_SETLKW = auto()
    F_SETOWN = auto()
    F_GETOWN = auto()
    F_SETSIG = auto()
    F_GETSIG = auto()
    F_SETOWN_EX = auto()
    F_GETOWN_EX = auto()
    F_OFD_GETLK = auto()
    F_OFD_SETLK = auto()
    F_OFD_SETLKW = auto()
    F_SETLEASE = auto()
    F_GETLEASE = auto()
    F_NOTIFY = auto()
    F_DUPFD_QUERY = auto()
    F_CREATED_QUERY = auto()
    F_CANCELLK = auto()
    F_DUPFD_CLOEXEC = auto()
    F_SETPIPE_SZ = auto()
    F_GETPIPE_SZ = auto()
    F_ADD_SEALS = auto()
    F_GET_SEALS = auto()
    F_GET_RW_HINT = auto()
    F_SET_RW_HINT = auto()
    F_GET_FILE_RW_HINT = auto()
    F_SET_FILE_RW_HINT = auto()


class FdFlags(Flags):
    """Flags of an fd: `F_SETFD`."""

    FD_CLOEXEC = auto()


class Owner(Number):
    """Who gets the signals of an fd: `F_SETOWN_EX`."""

    F_OWNER_TID = auto()
    F_OWNER_PID = auto()
    F_OWNER_PGRP = auto()


class Seals(Flags):
    """Seals of a file of memory: `F_ADD_SEALS`."""

    F_SEAL_SEAL = auto()
    F_SEAL_SHRINK = auto()
    F_SEAL_GROW = auto()
    F_SEAL_WRITE = auto()
    F_SEAL_FUTURE_WRITE = auto()
    F_SEAL_EXEC = auto()


class LockType(Number):
    """Types of a lock: `struct flock`."""

    F_RDLCK = auto()
    F_WRLCK = auto()
    F_UNLCK = auto()
    F_EXLCK = auto()
    F_SHLCK = auto()


class Notify(Flags):
    """Events in a directory: `F_NOTIFY`."""

    DN_ACCESS = auto()
    DN_MODIFY = auto()
    DN_CREATE = auto()
    DN_DELETE = auto()
    DN_RENAME = auto()
    DN_ATTRIB = auto()
    DN_MULTISHOT = auto()


class WriteLife(Number):
    """How long data lives: `F_SET_RW_HINT`."""

    RWH_WRITE_LIFE_NOT_SET = auto()
    RWH_WRITE_LIFE_NONE = auto()
    RWH_WRITE_LIFE_SHORT = auto()
    RWH_WRITE_LIFE_MEDIUM = auto()
    RWH_WRITE_LIFE_LONG = auto()
    RWH_WRITE_LIFE_EXTREME = auto()


OTHERS = """
F_GETLK64 F_SETLK64 F_SETLKW64
"""
"""Names without a member: other systems' and architectures', and what stands in an enum already."""


FALLBACKS = {
    "F_CANCELLK": "1029",
    "F_CREATED_QUERY": "1028",
    "F_DUPFD_QUERY": "1027",
    "F_SEAL_EXEC": "0x0020",
}
"""What the kernel may know although the headers are older."""
