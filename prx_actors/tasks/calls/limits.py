"""Resource limits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prx_actors.system.constants import resolve
from prx_actors.tasks.calls.base import Calls
from prx_actors.tasks.rlimit import Rlimit, from_driver, to_driver

if TYPE_CHECKING:
    from collections.abc import Iterable

    from prx_actors.system.constants import Constant

__all__ = ["LimitCalls"]


class LimitCalls(Calls):
    """getrlimit(2) and setrlimit(2)."""

    __slots__ = ()

    def getrlimit(self, resource: Constant) -> Rlimit:
        """Return a resource limit: getrlimit(2).

        `rlimit_nofile` and `rlimit_rttime` are as described at `setrlimit`.

        Args:
            resource: `rlimit_nofile`, `rlimit_core`, ...

        Returns:
            `cur`, the soft limit, and `max`, the hard one; without a limit,
            `prx_actors.RLIM_INFINITY`, which is above all others

        Raises:
            OSError: `EINVAL`; `ENOTSUP` for an unknown name
            NotOwner: the caller does not own the task
            NotInCallState: the task has called exec
            NoProcess: the task has ended

        Example:
            >>> from prx_actors import prx
            >>> with prx.fork() as task:
            ...     limit = prx.getrlimit(task, "rlimit_nofile")
            ...     limit.cur <= limit.max
            True

        """
        return from_driver(self._call("getrlimit", resolve("rlimit", resource)))

    def setrlimit(self, resource: Constant, limit: Iterable[int | str]) -> None:
        """Set a resource limit: setrlimit(2). Forks and programs inherit it.

        `rlimit_nofile` is what a program gets, and what `getrlimit` shows. The
        driver works under it too, but keeps 64 fds at the least. It lowers
        `maxchild` to a sixth of the soft limit, less one.

        `rlimit_rttime` is kept, shown and inherited by forks, and has no effect:
        the kernel's limit of that name holds the mark by which a task's
        processes are found again, and programs bear it, too.

        Args:
            resource: as for `getrlimit`
            limit: an `Rlimit`, or any pair of the soft and the hard limit;
                `RLIM_INFINITY`, `"rlim_infinity"` or -1 for none

        Raises:
            OSError: `EINVAL`, the soft limit is above the hard one, or
                `rlimit_nofile` is below an fd that is open, below six for the
                task and for each of its children, or its hard limit is below
                64; `EPERM`, the hard limit may not be raised; `ENOTSUP` for an
                unknown name
            OverflowError: a number that 64 bits without a sign do not hold
            TypeError: no pair of numbers
            ValueError: another name than `rlim_infinity`
            NotOwner: the caller does not own the task
            NotInCallState: the task has called exec
            NoProcess: the task has ended

        Example:
            >>> from prx_actors import Rlimit, prx
            >>> with prx.fork() as task:
            ...     prx.setrlimit(task, "rlimit_core", Rlimit(0, 0))
            ...     prx.getrlimit(task, "rlimit_core")
            Rlimit(cur=0, max=0)

        """
        self._call("setrlimit", resolve("rlimit", resource), *to_driver(limit))
