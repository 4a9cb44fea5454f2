"""The architecture of this machine as a seccomp filter sees it, and the numbers of its system calls."""

from __future__ import annotations

import errno
import os
import platform
from dataclasses import dataclass

from prx_actors.system.constants import table

__all__ = ["SYSCALLS", "X32", "Machine", "machine", "number"]

X32 = 0x4000_0000
"""The bit in the number of a system call of x86-64 with pointers of 32 bits."""

SYSCALLS = {
    name[len("SYS_") :].lower(): value for name, value in table()["syscall"].items() if name.upper().startswith("SYS_")
}
"""Numbers of system calls by name, on the machine that the package was built for."""


@dataclass(frozen=True, slots=True)
class Machine:
    """An architecture, as the kernel tells a filter of it.

    Args:
        name: as uname(2) has it
        audit: the number of linux/audit.h
        x32: a bit in the number of a system call that makes it foreign, or 0
        syscalls: the numbers of its system calls

    """

    name: str
    audit: int
    x32: int
    syscalls: dict[str, int]


def machine() -> Machine:
    """Return the architecture of this program.

    Raises:
        NotImplementedError: it is neither x86-64 nor AArch64

    Example:
        >>> from prx_actors.system.machine import machine
        >>> machine().name in {"x86_64", "aarch64"}
        True

    """
    name = platform.machine()
    match name:
        case "x86_64":
            return Machine(name, 0xC000_003E, X32, SYSCALLS)
        case "aarch64":
            return Machine(name, 0xC000_00B7, 0, SYSCALLS)
    msg = f"no seccomp filters for {name}: for x86_64 and aarch64"
    raise NotImplementedError(msg)


def number(name: str, machine: Machine) -> int:
    """Return the number of a system call.

    Args:
        name: in either case, with `sys_` before it or without
        machine: the architecture

    Raises:
        OSError: `ENOTSUP`, the architecture has no such call

    """
    try:
        return machine.syscalls[name.lower().removeprefix("sys_")]
    except KeyError:
        raise OSError(errno.ENOTSUP, f"{os.strerror(errno.ENOTSUP)}: no system call of {machine.name}", name) from None
