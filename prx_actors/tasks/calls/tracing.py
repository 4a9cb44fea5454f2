"""Tracing other processes."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from prx_actors.system.constants import resolve
from prx_actors.tasks.arguments import from_wire
from prx_actors.tasks.calls.base import Calls

if TYPE_CHECKING:
    from prx_actors.system.constants import Constant
    from prx_actors.tasks.arguments import Argument

__all__ = ["Ptrace", "TracingCalls"]


class Ptrace(NamedTuple):
    """What `ptrace` gives."""

    value: int
    """What ptrace(2) returned, which is the word for a request that reads one."""

    addr: Argument
    """The argument as the kernel left it."""

    data: Argument
    """The argument as the kernel left it."""


class TracingCalls(Calls):
    """ptrace(2)."""

    __slots__ = ()

    def ptrace(self, request: Constant, pid: int, addr: Argument = 0, data: Argument = 0) -> Ptrace:
        """Trace a process: ptrace(2).

        `waitpid` waits for a traced process to stop. With SIGCHLD taken over by
        `sigaction(task, "sigchld", "sig_info")` it is also told of by a `Signal`
        message from the tracing task, whose `si_status` has the signal, and a
        `ptrace_event_...` in its second byte. A task that is to end goes on
        untraced, so that a tracer cannot keep it; a root task, whose parent
        obeys no calls, goes on at once.

        Args:
            request: a number or a name, as `ptrace_traceme`, `ptrace_cont`
            pid: the traced process, as the tracing one sees it
            addr: an address in the traced process; or bytes or a C structure
            data: a signal or a word; or bytes or a C structure, such as
                `bytes(128)` for `ptrace_getsiginfo`

        Returns:
            the return value, and both arguments as the kernel left them

        Raises:
            OSError: `EPERM`, `ESRCH`, `EIO`, ...; `ENOTSUP` for an unknown name,
                `EFAULT` for an integer of more than 32 bits where the kernel
                takes a pointer
            NotOwner: the caller does not own the task
            NotInCallState: the task has called exec
            NoProcess: the task has ended

        Example:
            >>> from prx_actors import prx
            >>> with prx.fork() as task:
            ...     child = prx.fork(task)
            ...     pid = prx.getpid(child)
            ...     _ = prx.ptrace(child, "ptrace_traceme", 0)
            ...     prx.execvp(child, ["true"])
            ...     prx.waitpid(task, pid).decoded
            [('stopsig', <Signals.SIGTRAP: 5>)]

        """
        number = resolve("ptrace", request)
        self._process.check_owner("ptrace")
        self._process.driver.ptrace_called = True
        value, changed_addr, changed_data = self._call("ptrace", number, pid, addr, data)
        return Ptrace(value, from_wire(changed_addr), from_wire(changed_data))
