"""Resources of getrlimit(2)."""

from __future__ import annotations

from enum import auto

from prx_actors.system.families.base import Number

__all__ = ["Resource"]

FAMILY = "rlimit"


class Resource(Number):
    """What is limited: getrlimit(2)."""

    RLIMIT_CPU = auto()
    RLIMIT_FSIZE = auto()
    RLIMIT_DATA = auto()
    RLIMIT_STACK = auto()
    RLIMIT_CORE = auto()
    RLIMIT_RSS = auto()
    RLIMIT_NPROC = auto()
    RLIMIT_NOFILE = auto()
    RLIMIT_MEMLOCK = auto()
    RLIMIT_AS = auto()
    RLIMIT_LOCKS = auto()
    RLIMIT_SIGPENDING = auto()
    RLIMIT_MSGQUEUE = auto()
    RLIMIT_NICE = auto()
    RLIMIT_RTPRIO = auto()
    RLIMIT_RTTIME = auto()


OTHERS = """
RLIMIT_OFILE RLIMIT_NLIMITS RLIM_NLIMITS RLIM_INFINITY RLIM_SAVED_CUR RLIM_SAVED_MAX
"""
"""Names without a member: other systems' and architectures', and what stands in an enum already."""
