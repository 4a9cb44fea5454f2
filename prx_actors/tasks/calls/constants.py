"""Constants by name.

They are answered here: the driver is of the same build, so that its system's values are known without a question.
The task must all the same be in call state and belong to the caller, as for any call.
"""

from __future__ import annotations

import errno
import operator

from prx_actors.system.constants import lookup, table
from prx_actors.tasks.calls.base import Calls
from prx_actors.tasks.errors import UndefinedCall

__all__ = ["CONSTANT_CALLS", "ConstantCalls"]


class ConstantCalls(Calls):
    """A function for each family of constants."""

    __slots__ = ()

    def _constant(self, family: str, name: str) -> int | None:
        call = f"{family}_constant"
        self._process.check_owner(call)
        self._process.check_call_state(call)
        if not isinstance(name, str):
            msg = f"the name of a constant is a str, not {name!r}"
            raise TypeError(msg)
        if not table()[family]:
            raise UndefinedCall(call)
        return lookup(family, name)

    def file_constant(self, name: str) -> int | None:
        """Return a constant of flags of open(2).

        Args:
            name: its name, in either case

        Returns:
            its value, none when it is unknown

        Raises:
            NotOwner: the caller does not own the task
            NotInCallState: the task has called exec
            NoProcess: the task has ended

        Example:
            >>> from prx_actors import prx
            >>> with prx.fork() as task:
            ...     prx.file_constant(task, "o_rdonly")
            0

        """
        return self._constant("file", name)

    def fcntl_constant(self, name: str) -> int | None:
        """Return a constant of fcntl(2).

        Args:
            name: its name, in either case

        Returns:
            its value, none when it is unknown

        Raises:
            NotOwner: the caller does not own the task
            NotInCallState: the task has called exec
            NoProcess: the task has ended

        Example:
            >>> from prx_actors import prx
            >>> with prx.fork() as task:
            ...     prx.fcntl_constant(task, "f_setfd")
            2

        """
        return self._constant("fcntl", name)

    def clone_constant(self, name: str) -> int | None:
        """Return a constant of clone(2), unshare(2) and setns(2).

        Args:
            name: its name, in either case

        Returns:
            its value, none when it is unknown

        Raises:
            NotOwner: the caller does not own the task
            NotInCallState: the task has called exec
            NoProcess: the task has ended

        Example:
            >>> from prx_actors import prx
            >>> with prx.fork() as task:
            ...     prx.clone_constant(task, "clone_newns")
            131072

        """
        return self._constant("clone", name)

    def mount_constant(self, name: str) -> int | None:
        """Return a constant of mount(2) and umount2(2).

        Args:
            name: its name, in either case

        Returns:
            its value, none when it is unknown

        Raises:
            NotOwner: the caller does not own the task
            NotInCallState: the task has called exec
            NoProcess: the task has ended

        Example:
            >>> from prx_actors import prx
            >>> with prx.fork() as task:
            ...     prx.mount_constant(task, "ms_rdonly")
            1

        """
        return self._constant("mount", name)

    def rlimit_constant(self, name: str) -> int | None:
        """Return a constant of getrlimit(2).

        Args:
            name: its name, in either case

        Returns:
            its value, none when it is unknown

        Raises:
            NotOwner: the caller does not own the task
            NotInCallState: the task has called exec
            NoProcess: the task has ended

        Example:
            >>> from prx_actors import prx
            >>> with prx.fork() as task:
            ...     prx.rlimit_constant(task, "rlimit_nofile")
            7

        """
        return self._constant("rlimit", name)

    def prctl_constant(self, name: str) -> int | None:
        """Return a constant of prctl(2).

        Args:
            name: its name, in either case

        Returns:
            its value, none when it is unknown

        Raises:
            NotOwner: the caller does not own the task
            NotInCallState: the task has called exec
            NoProcess: the task has ended

        Example:
            >>> from prx_actors import prx
            >>> with prx.fork() as task:
            ...     prx.prctl_constant(task, "pr_set_name")
            15

        """
        return self._constant("prctl", name)

    def ptrace_constant(self, name: str) -> int | None:
        """Return a constant of ptrace(2).

        Args:
            name: its name, in either case

        Returns:
            its value, none when it is unknown

        Raises:
            NotOwner: the caller does not own the task
            NotInCallState: the task has called exec
            NoProcess: the task has ended

        Example:
            >>> from prx_actors import prx
            >>> with prx.fork() as task:
            ...     prx.ptrace_constant(task, "ptrace_traceme")
            0

        """
        return self._constant("ptrace", name)

    def ioctl_constant(self, name: str) -> int | None:
        """Return a constant of ioctl(2).

        Args:
            name: its name, in either case

        Returns:
            its value, none when it is unknown

        Raises:
            NotOwner: the caller does not own the task
            NotInCallState: the task has called exec
            NoProcess: the task has ended

        Example:
            >>> from prx_actors import prx
            >>> with prx.fork() as task:
            ...     prx.ioctl_constant(task, "tiocgwinsz")
            21523

        """
        return self._constant("ioctl", name)

    def socket_constant(self, name: str) -> int | None:
        """Return a constant of socket(2), socket(7) and ip(7).

        Args:
            name: its name, in either case

        Returns:
            its value, none when it is unknown

        Raises:
            NotOwner: the caller does not own the task
            NotInCallState: the task has called exec
            NoProcess: the task has ended

        Example:
            >>> from prx_actors import prx
            >>> with prx.fork() as task:
            ...     prx.socket_constant(task, "af_unix")
            1

        """
        return self._constant("socket", name)

    def signal_constant(self, name: str) -> int | None:
        """Return a constant of signal(7).

        Args:
            name: its name, in either case

        Returns:
            its value, none when it is unknown

        Raises:
            NotOwner: the caller does not own the task
            NotInCallState: the task has called exec
            NoProcess: the task has ended

        Example:
            >>> from prx_actors import prx
            >>> with prx.fork() as task:
            ...     prx.signal_constant(task, "sighup")
            1

        """
        return self._constant("signal", name)

    def syscall_constant(self, name: str) -> int | None:
        """Return a constant of syscalls(2), and `audit_arch_x86_64` and its like.

        Args:
            name: its name, in either case

        Returns:
            its value, none when it is unknown

        Raises:
            NotOwner: the caller does not own the task
            NotInCallState: the task has called exec
            NoProcess: the task has ended

        Example:
            >>> from prx_actors import prx
            >>> with prx.fork() as task:
            ...     prx.syscall_constant(task, "sys_getpid") is not None
            True

        """
        return self._constant("syscall", name)

    def seccomp_constant(self, name: str) -> int | None:
        """Return a constant of seccomp(2).

        Args:
            name: its name, in either case

        Returns:
            its value, none when it is unknown

        Raises:
            NotOwner: the caller does not own the task
            NotInCallState: the task has called exec
            NoProcess: the task has ended

        Example:
            >>> from prx_actors import prx
            >>> with prx.fork() as task:
            ...     prx.seccomp_constant(task, "seccomp_ret_allow")
            2147418112

        """
        return self._constant("seccomp", name)

    def cap_constant(self, name: str) -> int | None:
        """Return a constant of Capsicum, which FreeBSD has: `cap_rights_limit(2)`.

        Args:
            name: its name, in either case

        Returns:
            its value, none when it is unknown

        Raises:
            UndefinedCall: this system has no Capsicum
            NotOwner: the caller does not own the task
            NotInCallState: the task has called exec
            NoProcess: the task has ended

        Example:
            >>> from prx_actors import UndefinedCall, prx
            >>> with prx.fork() as task:
            ...     try:
            ...         prx.cap_constant(task, "cap_fcntl_setfl")
            ...     except UndefinedCall as error:
            ...         print(error)
            cap_constant

        """
        return self._constant("cap", name)

    def errno_id(self, number: int) -> str | None:
        """Return the name of an error: errno(3).

        Args:
            number: the error

        Returns:
            the name in small letters, as it is in Erlang, none when there is no
            such error

        Raises:
            NotOwner: the caller does not own the task
            NotInCallState: the task has called exec
            NoProcess: the task has ended

        Example:
            >>> from prx_actors import prx
            >>> with prx.fork() as task:
            ...     prx.errno_id(task, 1)
            'eperm'

        """
        self._process.check_owner("errno_id")
        self._process.check_call_state("errno_id")
        name = errno.errorcode.get(operator.index(number))
        return None if name is None else name.lower()


CONSTANT_CALLS = frozenset(name for name in vars(ConstantCalls) if not name.startswith("_"))
"""The names of these calls, which the table of the driver does not have."""
