"""Flags of clone(2), unshare(2) and setns(2)."""

from __future__ import annotations

from enum import auto

from prx_actors.system.families.base import Flags

__all__ = ["Clone"]

FAMILY = "clone"


class Clone(Flags):
    """What a new process shares, and which namespaces are new: clone(2)."""

    CLONE_NEWTIME = auto()
    CLONE_VM = auto()
    CLONE_FS = auto()
    CLONE_FILES = auto()
    CLONE_SIGHAND = auto()
    CLONE_PIDFD = auto()
    CLONE_PTRACE = auto()
    CLONE_VFORK = auto()
    CLONE_PARENT = auto()
    CLONE_THREAD = auto()
    CLONE_NEWNS = auto()
    CLONE_SYSVSEM = auto()
    CLONE_SETTLS = auto()
    CLONE_PARENT_SETTID = auto()
    CLONE_CHILD_CLEARTID = auto()
    CLONE_DETACHED = auto()
    CLONE_UNTRACED = auto()
    CLONE_CHILD_SETTID = auto()
    CLONE_NEWCGROUP = auto()
    CLONE_NEWUTS = auto()
    CLONE_NEWIPC = auto()
    CLONE_NEWUSER = auto()
    CLONE_NEWPID = auto()
    CLONE_NEWNET = auto()
    CLONE_IO = auto()
    CLONE_CLEAR_SIGHAND = auto()
    CLONE_INTO_CGROUP = auto()


FALLBACKS = {
    "CLONE_NEWTIME": "0x00000080",
    "CLONE_NEWCGROUP": "0x02000000",
    "CLONE_PIDFD": "0x00001000",
    "CLONE_CLEAR_SIGHAND": "0x100000000LL",
    "CLONE_INTO_CGROUP": "0x200000000LL",
}
"""What the kernel may know although the headers are older."""
