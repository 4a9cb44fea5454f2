"""Priorities."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prx_actors.system.constants import resolve
from prx_actors.tasks.calls.base import Calls

if TYPE_CHECKING:
    from prx_actors.system.constants import Constant

__all__ = ["SchedulingCalls"]


class SchedulingCalls(Calls):
    """getpriority(2) and setpriority(2)."""

    __slots__ = ()

    def getpriority(self, which: Constant, who: int) -> int:
        """Return a nice value: getpriority(2).

        Args:
            which: `prio_process`, `prio_pgrp` or `prio_user`
            who: the process, group or user; 0 for the caller's

        Returns:
            -20, the most favourable, to 19; of a group or user, that of its most
            favoured process

        Raises:
            OSError: `ESRCH`, `EINVAL`; `ENOTSUP` for an unknown name
            NotOwner: the caller does not own the task
            NotInCallState: the task has called exec
            NoProcess: the task has ended

        Example:
            >>> import os
            >>> from prx_actors import prx
            >>> with prx.fork() as task:
            ...     mine = os.getpriority(os.PRIO_PROCESS, 0)
            ...     prx.getpriority(task, "prio_process", 0) == mine
            True

        """
        return int(self._call("getpriority", resolve("priority", which), who))

    def setpriority(self, which: Constant, who: int, prio: int) -> None:
        """Set a nice value: setpriority(2).

        Args:
            which: `prio_process`, `prio_pgrp` or `prio_user`
            who: the process, group or user; 0 for the caller's
            prio: -20, the most favourable, to 19

        Raises:
            OSError: `EACCES`, `EPERM`, `ESRCH`, `EINVAL`; `ENOTSUP` for an
                unknown name
            NotOwner: the caller does not own the task
            NotInCallState: the task has called exec
            NoProcess: the task has ended

        Example:
            >>> import os
            >>> from prx_actors import prx
            >>> with prx.fork() as task:
            ...     prx.setpriority(task, "prio_process", 0, 19)
            ...     os.getpriority(os.PRIO_PROCESS, task.host_pid)
            19

        """
        self._call("setpriority", resolve("priority", which), who, prio)
