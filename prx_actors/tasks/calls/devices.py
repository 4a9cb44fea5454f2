"""Devices, terminals and network interfaces."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from prx_actors.system.constants import resolve
from prx_actors.tasks.arguments import from_wire
from prx_actors.tasks.calls.base import Calls

if TYPE_CHECKING:
    from prx_actors.system.constants import Constant
    from prx_actors.tasks.arguments import Argument

__all__ = ["DeviceCalls", "Ioctl"]


class Ioctl(NamedTuple):
    """What `ioctl` gives."""

    return_value: int
    """What ioctl(2) returned, mostly 0."""

    arg: Argument
    """The argument as the kernel left it, in the shape it had."""


class DeviceCalls(Calls):
    """ioctl(2)."""

    __slots__ = ()

    def ioctl(self, fd: int, request: Constant, arg: Argument = 0) -> Ioctl:
        """Control a device: ioctl(2).

        Args:
            fd: an fd of the process
            request: a number, or a name as `tiocgwinsz`, `fionread`, `tunsetiff`
            arg: an integer; bytes; or a C structure: a sequence of bytes and of
                `Ptr(n)` and `Ptr(b"...")`. The kernel writes into copies, which
                are returned. Addresses written out as numbers are at the
                caller's own risk

        Returns:
            the return value, and the argument as the kernel left it

        Raises:
            OSError: what ioctl(2) says; `ENOTSUP` for an unknown name, `EFAULT`
                for an integer of more than 32 bits, `E2BIG` beyond 8 MiB
            NotOwner: the caller does not own the task
            NotInCallState: the task has called exec
            NoProcess: the task has ended

        Example:
            >>> import struct
            >>> from prx_actors import prx
            >>> with prx.fork() as task:
            ...     fd = prx.open(task, "/dev/ptmx", ["o_rdwr", "o_noctty"])
            ...     result = prx.ioctl(task, fd, "tiocswinsz", struct.pack("4H", 25, 80, 0, 0))
            ...     prx.ioctl(task, fd, "tiocgwinsz", bytes(8)).arg == result.arg
            True

        """
        value, changed = self._call("ioctl", fd, resolve("ioctl", request), arg)
        return Ioctl(value, from_wire(changed))
