"""Options of waitpid(2) and waitid(2)."""

from __future__ import annotations

from enum import auto

from prx_actors.system.families.base import Flags, Number

__all__ = ["Wait", "WaitId"]

FAMILY = "wait"


class Wait(Flags):
    """What is waited for: waitpid(2)."""

    WNOHANG = auto()
    WSTOPPED = auto()
    WUNTRACED = auto()
    WEXITED = auto()
    WCONTINUED = auto()
    WNOWAIT = auto()


class WaitId(Number):
    """Whom an id names: waitid(2)."""

    P_ALL = auto()
    P_PID = auto()
    P_PGID = auto()
    P_PIDFD = auto()


OTHERS = """
__WNOTHREAD __WALL __WCLONE
"""
"""Names without a member: other systems' and architectures', and what stands in an enum already."""


FALLBACKS = {
    "P_ALL": "0",
    "P_PID": "1",
    "P_PGID": "2",
    "P_PIDFD": "3",
    "__WNOTHREAD": "0x20000000",
    "__WALL": "0x40000000",
    "__WCLONE": "0x80000000U",
}
"""What the kernel may know although the headers are older."""
