"""What a process may do and how it is treated: prctl and seccomp."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from prx_actors.system.constants import resolve
from prx_actors.tasks.arguments import from_wire
from prx_actors.tasks.calls.base import Calls

if TYPE_CHECKING:
    from prx_actors.system.constants import Constant
    from prx_actors.tasks.arguments import Argument

__all__ = ["ControlCalls", "Prctl"]


class Prctl(NamedTuple):
    """What `prctl` gives."""

    value: int
    """What prctl(2) returned."""

    a2: Argument
    """The argument as the kernel left it, in the shape it had."""

    a3: Argument
    """The same."""

    a4: Argument
    """The same."""

    a5: Argument
    """The same."""


def _argument(value: Argument | str) -> Argument:
    return resolve("prctl", value) if isinstance(value, str) else value


class ControlCalls(Calls):
    """prctl(2), seccomp(2)."""

    __slots__ = ()

    def prctl(
        self,
        option: Constant,
        a2: Argument | str = 0,
        a3: Argument | str = 0,
        a4: Argument | str = 0,
        a5: Argument | str = 0,
    ) -> Prctl:
        r"""Operate on the process: prctl(2).

        Two attributes are what the end of a subtree rests on, so the driver keeps
        its own and remembers the user's, which the `pr_get_...` options give:
        `pr_set_child_subreaper` (0 at first) holds for the program that the task
        turns into; `pr_set_pdeathsig` has no effect: a driver ends with its
        parent whatever it says, and a program gets SIGKILL. Neither is inherited
        by a fork.

        Args:
            option: a number or a name, as `pr_set_name`
            a2: an integer; a name of prctl's; bytes; or a C structure: a sequence
                of bytes and of `Ptr(n)` and `Ptr(b"...")`
            a3: the same
            a4: the same
            a5: the same

        Returns:
            the return value, and the arguments as the kernel left them

        Raises:
            OSError: what prctl(2) says; `ENOTSUP` for an unknown name, `EFAULT`
                for an integer of more than 32 bits, `E2BIG` beyond 8 MiB
            NotOwner: the caller does not own the task
            NotInCallState: the task has called exec
            NoProcess: the task has ended

        Example:
            >>> from prx_actors import prx
            >>> with prx.fork() as task:
            ...     _ = prx.prctl(task, "pr_set_name", b"worker\0")
            ...     prx.prctl(task, "pr_get_name", bytes(16)).a2.rstrip(b"\0")
            b'worker'

        """
        args = [_argument(value) for value in (a2, a3, a4, a5)]
        value, *changed = self._call("prctl", resolve("prctl", option), *args)
        return Prctl(value, *(from_wire(one) for one in changed))

    def seccomp(self, operation: Constant, flags: Constant = 0, prog: Argument = 0) -> int | None:
        """Restrict the system calls of the process: seccomp(2).

        A filter that forbids what the driver itself needs ends the task; all that
        is below it ends with it.

        Args:
            operation: a number or a name, as `seccomp_set_mode_filter`
            flags: numbers or names, as `seccomp_filter_flag_log`
            prog: a `struct sock_fprog`: the number of instructions as an
                `unsigned short`, six bytes of padding, and a `Ptr` to them

        Returns:
            none; the fd, for `seccomp_filter_flag_new_listener`

        Raises:
            OSError: `EACCES`, neither `pr_set_no_new_privs` nor privilege;
                `EINVAL`, `EFAULT`, ...; `ENOTSUP` for an unknown name
            NotOwner: the caller does not own the task
            NotInCallState: the task has called exec
            NoProcess: the task has ended

        Example:
            >>> import struct
            >>> from prx_actors import Ptr, prx
            >>> allow = struct.pack("HBBI", 0x06, 0, 0, 0x7FFF0000)  # BPF_RET | BPF_K, SECCOMP_RET_ALLOW
            >>> with prx.fork() as task:
            ...     _ = prx.prctl(task, "pr_set_no_new_privs", 1)
            ...     prx.seccomp(task, "seccomp_set_mode_filter", 0, [struct.pack("H6x", 1), Ptr(allow)])
            ...     prx.prctl(task, "pr_get_seccomp").value
            2

        """
        result = self._call("seccomp", resolve("seccomp", operation), resolve("seccomp", flags), prog)
        return None if result is None else int(result)
