"""What comes with a signal: siginfo_t taken apart."""

from __future__ import annotations

import signal
from dataclasses import dataclass

from prx_actors.system.native import CData, ffi, lib

__all__ = ["Siginfo", "siginfo"]

SI_USER = 0
SI_KERNEL = 0x80
SI_QUEUE = -1
SI_TIMER = -2
SI_MESGQ = -3
SI_SIGIO = -5
SI_TKILL = -6
SI_ASYNCNL = -60

SENDER = ("pid", "uid")
QUEUED = (*SENDER, "value_int", "value_ptr")
FAULT = ("addr", "addr_lsb")
CHILD = (*SENDER, "status", "utime", "stime")

# What a code of a process' own making, or one that means the same for each signal, says of the rest.
BY_CODE = {
    SI_USER: SENDER,
    SI_TKILL: SENDER,
    SI_QUEUE: QUEUED,
    SI_MESGQ: QUEUED,
    SI_TIMER: ("timerid", "overrun", "value_int", "value_ptr"),
    SI_SIGIO: ("band", "fd"),
    SI_ASYNCNL: QUEUED,
    SI_KERNEL: (),
}
# What the kernel's own codes, which are above 0, say for a signal.
BY_SIGNAL = {
    signal.SIGCHLD: CHILD,
    signal.SIGILL: FAULT,
    signal.SIGFPE: FAULT,
    signal.SIGSEGV: FAULT,
    signal.SIGBUS: FAULT,
    signal.SIGTRAP: FAULT,
    signal.SIGIO: ("band", "fd"),
    signal.SIGSYS: ("call_addr", "syscall", "arch"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Siginfo:
    """The fields of a `siginfo_t`: sigaction(2). What does not go with the signal is none."""

    si_signo: int
    """The signal."""

    si_errno: int
    """An errno, mostly 0."""

    si_code: int
    """Who or what has sent it, 0 for kill(2), below 0 for another process' doing, above 0 for the kernel's."""

    si_pid: int | None = None
    """Who has sent it, in the receiver's pid namespace; for SIGCHLD, the child."""

    si_uid: int | None = None
    """That process' real user."""

    si_status: int | None = None
    """For SIGCHLD, the exit status or the signal, as `si_code` tells; a traced child's event in the second byte."""

    si_utime: int | None = None
    """For SIGCHLD, user time in clock ticks."""

    si_stime: int | None = None
    """For SIGCHLD, system time in clock ticks."""

    si_value_int: int | None = None
    """What was given to sigqueue(3), as an int."""

    si_value_ptr: int | None = None
    """The same, as a pointer's bits."""

    si_timerid: int | None = None
    """The kernel's number of the POSIX timer."""

    si_overrun: int | None = None
    """How often the timer has run out since."""

    si_addr: int | None = None
    """The address of a fault."""

    si_addr_lsb: int | None = None
    """For SIGBUS, the least significant bit of that address."""

    si_band: int | None = None
    """For SIGIO, the events, as poll(2) has them."""

    si_fd: int | None = None
    """For SIGIO, the fd."""

    si_call_addr: int | None = None
    """For SIGSYS, the address of the system call."""

    si_syscall: int | None = None
    """For SIGSYS, the number of the system call."""

    si_arch: int | None = None
    """For SIGSYS, the architecture of the system call, `AUDIT_ARCH_...`."""


def _members(info: CData) -> tuple[str, ...]:
    if info.code in BY_CODE:
        return BY_CODE[info.code]
    # A process that calls rt_sigqueueinfo(2) takes what code below 0 it likes.
    return QUEUED if info.code < 0 else BY_SIGNAL.get(info.signo, ())


def siginfo(info: bytes) -> Siginfo:
    """Take a `siginfo_t` apart: sigaction(2).

    Args:
        info: its bytes, as `Signal.info` has them

    Returns:
        the fields that go with the signal and its `si_code`

    Raises:
        ValueError: it has not the size of a `siginfo_t`

    Example:
        >>> from prx_actors import Signal, prx, receive
        >>> from prx_actors.system.siginfo import siginfo
        >>> with prx.fork() as task:
        ...     prx.kill(task, prx.getpid(task), "sigusr1")
        ...     message = receive(Signal, task=task, timeout=5)
        ...     siginfo(message.info).si_pid == prx.getpid(task)
        True

    """
    fields: CData = ffi.new("struct prx_siginfo *")
    if not lib.prx_siginfo_decode(ffi.from_buffer(info), len(info), fields):
        msg = f"{len(info)} bytes are no siginfo_t"
        raise ValueError(msg)
    members = {f"si_{name}": getattr(fields, name) for name in _members(fields)}
    return Siginfo(si_signo=fields.signo, si_errno=fields.error, si_code=fields.code, **members)
