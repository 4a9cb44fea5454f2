"""Waiting for fds."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from prx_actors.tasks.calls.base import Calls

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Ready", "SelectCalls"]


class Ready(NamedTuple):
    """The fds that `select` has found, in the order in which it was given them."""

    readfds: list[int]
    """Those that can be read, or are at their end."""
    writefds: list[int]
    """Those that can be written."""
    exceptfds: list[int]
    """Those with urgent data, or another exceptional condition."""


class SelectCalls(Calls):
    """select(2)."""

    __slots__ = ()

    def select(
        self, readfds: Iterable[int], writefds: Iterable[int], exceptfds: Iterable[int], timeout: float | None = None
    ) -> Ready:
        """Wait until an fd of the process is ready: select(2).

        The process obeys no other call meanwhile; it reaps its children and can be
        stopped.

        Args:
            readfds: fds that are to be read, of any number
            writefds: fds that are to be written
            exceptfds: fds that may have urgent data
            timeout: seconds at the most; 0 only looks, none waits for ever

        Returns:
            the fds that are ready, none when the time is over

        Raises:
            OSError: `EBADF`, one of them is not open; `EINTR`, the task is to end
            ValueError: a time below 0
            NotOwner: the caller does not own the task
            NotInCallState: the task has called exec
            NoProcess: the task has ended

        Example:
            >>> from prx_actors import prx
            >>> with prx.fork() as task:
            ...     fd = prx.open(task, "/dev/null", "o_rdwr")
            ...     prx.select(task, [fd], [fd], [fd], 1) == ([fd], [fd], [])
            True

        """
        usec = _microseconds(timeout)
        return Ready(*self._call("select", readfds, writefds, exceptfds, usec))


def _microseconds(seconds: float | None) -> int:
    if seconds is None:
        return -1
    if not seconds >= 0:
        msg = f"a time of {seconds} seconds"
        raise ValueError(msg)
    # Not less than it says.
    return math.ceil(seconds * 1_000_000)
