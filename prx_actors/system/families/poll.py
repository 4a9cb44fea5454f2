"""Events of poll(2)."""

from __future__ import annotations

from enum import auto

from prx_actors.system.families.base import Flags

__all__ = ["Poll"]

FAMILY = "poll"


class Poll(Flags):
    """What an fd is asked for and answers: poll(2)."""

    POLLIN = auto()
    POLLPRI = auto()
    POLLOUT = auto()
    POLLERR = auto()
    POLLHUP = auto()
    POLLNVAL = auto()
    POLLRDNORM = auto()
    POLLRDBAND = auto()
    POLLWRNORM = auto()
    POLLWRBAND = auto()
    POLLMSG = auto()
    POLLREMOVE = auto()
    POLLRDHUP = auto()
