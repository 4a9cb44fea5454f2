"""Waiting for children."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from prx_actors.system.constants import resolve
from prx_actors.tasks.calls.base import Calls
from prx_actors.tasks.messages import signal_number

if TYPE_CHECKING:
    from prx_actors.system.constants import Constant

__all__ = ["Waited", "WaitingCalls"]


class Waited(NamedTuple):
    """What `waitpid` has found."""

    pid: int
    """Whose state has changed; 0 with `wnohang` and no news."""

    status: int
    """The status as the kernel has it."""

    decoded: list[tuple[str, int] | str]
    """That status in words, none with no news.

    `("exit_status", number)`, `("termsig", signal)` and perhaps `"coredump"`,
    `("stopsig", signal)`, or `"continued"`.
    """


class WaitingCalls(Calls):
    """waitpid(2)."""

    __slots__ = ()

    def waitpid(self, pid: int, options: Constant = 0) -> Waited:
        """Wait for a child of the process to change its state: waitpid(2).

        A task reaps its children by itself: to be sure to get their statuses,
        take `SIGCHLD` over first, with `sigaction(task, "sigchld", "sig_info")`.
        A child that is waited for here ends as a task, too: its owner is sent
        its `ExitStatus` or `TermSig`. While nothing happens the task is busy
        with the call; its end, and that of its parent, ends the call.

        Args:
            pid: a child by its pid, -1 for any; 0 and below -1 a process group
            options: `wnohang`, `wuntraced`, `wcontinued`, `__wall`,
                `__wclone`, `__wnothread`

        Returns:
            the child's pid, its status, and what that says

        Raises:
            OSError: `ECHILD` when there is no such child, or it has been reaped;
                `EINVAL`; `ENOTSUP` for an unknown name
            NotOwner: the caller does not own the task
            NotInCallState: the task has called exec
            NoProcess: the task has ended
            TimeoutError: in `prx.timeout`; the task goes on waiting

        Example:
            >>> from prx_actors import prx
            >>> with prx.fork() as task:
            ...     prx.sigaction(task, "sigchld", "sig_info")
            ...     child = prx.fork(task)
            ...     pid = prx.getpid(child)
            ...     prx.exit(child, 2)
            ...     prx.waitpid(task, pid).decoded
            'sig_dfl'
            [('exit_status', 2)]

        """
        found, status = self._call("waitpid", pid, resolve("wait", options))
        return Waited(found, status, _decode(status) if found else [])


def _decode(status: int) -> list[tuple[str, int] | str]:
    if os.WIFEXITED(status):
        return [("exit_status", os.WEXITSTATUS(status))]
    if os.WIFSIGNALED(status):
        killed = ("termsig", signal_number(os.WTERMSIG(status)))
        return [killed, "coredump"] if os.WCOREDUMP(status) else [killed]
    if os.WIFSTOPPED(status):
        return [("stopsig", signal_number(os.WSTOPSIG(status)))]
    return ["continued"]
