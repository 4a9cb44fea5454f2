"""Operations, flags and verdicts of seccomp(2)."""

from __future__ import annotations

from enum import auto

from prx_actors.system.families.base import Flags, Number

__all__ = ["Seccomp", "SeccompFilter", "SeccompIoctl", "SeccompMode", "SeccompNotify", "SeccompRet"]

FAMILY = "seccomp"


class Seccomp(Number):
    """What is done: seccomp(2)."""

    SECCOMP_SET_MODE_STRICT = auto()
    SECCOMP_SET_MODE_FILTER = auto()
    SECCOMP_GET_ACTION_AVAIL = auto()
    SECCOMP_GET_NOTIF_SIZES = auto()


class SeccompMode(Number):
    """Modes of a process: prctl(2), `PR_SET_SECCOMP`."""

    SECCOMP_MODE_DISABLED = auto()
    SECCOMP_MODE_STRICT = auto()
    SECCOMP_MODE_FILTER = auto()


class SeccompFilter(Flags):
    """How a filter is loaded."""

    SECCOMP_FILTER_FLAG_TSYNC = auto()
    SECCOMP_FILTER_FLAG_LOG = auto()
    SECCOMP_FILTER_FLAG_SPEC_ALLOW = auto()
    SECCOMP_FILTER_FLAG_NEW_LISTENER = auto()
    SECCOMP_FILTER_FLAG_TSYNC_ESRCH = auto()
    SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV = auto()


class SeccompRet(Number):
    """What a filter answers."""

    SECCOMP_RET_KILL = auto()
    SECCOMP_RET_KILL_THREAD = auto()
    SECCOMP_RET_DATA = auto()
    SECCOMP_RET_TRAP = auto()
    SECCOMP_RET_ERRNO = auto()
    SECCOMP_RET_USER_NOTIF = auto()
    SECCOMP_RET_TRACE = auto()
    SECCOMP_RET_LOG = auto()
    SECCOMP_RET_ACTION = auto()
    SECCOMP_RET_ALLOW = auto()
    SECCOMP_RET_KILL_PROCESS = auto()
    SECCOMP_RET_ACTION_FULL = auto()


class SeccompNotify(Flags):
    """Flags of notifications: seccomp_unotify(2)."""

    SECCOMP_ADDFD_FLAG_SETFD = auto()
    SECCOMP_USER_NOTIF_FLAG_CONTINUE = auto()
    SECCOMP_ADDFD_FLAG_SEND = auto()


class SeccompIoctl(Number):
    """Requests of ioctl(2) for notifications."""

    SECCOMP_IOCTL_NOTIF_ID_VALID = auto()
    SECCOMP_IOCTL_NOTIF_ADDFD = auto()
    SECCOMP_IOCTL_NOTIF_SEND = auto()
    SECCOMP_IOCTL_NOTIF_RECV = auto()
