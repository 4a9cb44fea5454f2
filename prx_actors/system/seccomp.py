"""Seccomp filters: which system calls a process and all that it starts may make, seccomp(2)."""

from __future__ import annotations

import errno
import struct
from dataclasses import dataclass
from enum import IntEnum
from itertools import count
from typing import TYPE_CHECKING

from prx_actors.system.bpf import And, Instruction, Jump, JumpIf, Label, Load, Return, assemble
from prx_actors.system.machine import SYSCALLS, machine, number
from prx_actors.system.structures import Ptr

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from prx_actors.system.bpf import Program
    from prx_actors.system.machine import Machine

__all__ = [
    "DRIVER_CALLS",
    "Action",
    "Argument",
    "Rule",
    "allow",
    "data",
    "deny",
    "fail",
    "filter_program",
]

NUMBER = 0
ARCHITECTURE = 4
ARGUMENTS = 16
"""Where the fields of `struct seccomp_data` are."""

WORD = 0xFFFF_FFFF
ALL = 0xFFFF_FFFF_FFFF_FFFF
DATA = struct.Struct("=iIQ6Q")
LENGTH = struct.Struct("@H0P")

LINEAR = 4
"""So many numbers are compared one after the other; of more, half is left out by one comparison."""


class Action(IntEnum):
    """What becomes of a system call. The most severe of all filters of a process counts."""

    KILL_PROCESS = 0x8000_0000
    """The process dies of SIGSYS."""
    KILL_THREAD = 0x0000_0000
    """The thread dies of it, the others go on."""
    TRAP = 0x0003_0000
    """It is sent SIGSYS, which it may handle."""
    ERRNO = 0x0005_0000
    """The call fails with the errno in the lower 16 bits, see `fail`."""
    TRACE = 0x7FF0_0000
    """A ptrace(2) tracer decides, `ENOSYS` without one."""
    LOG = 0x7FFC_0000
    """It is performed and logged."""
    ALLOW = 0x7FFF_0000
    """It is performed."""


def fail(number: int) -> int:
    """Return the action that fails a system call with an errno.

    Args:
        number: the errno, 0 to 4095; 0 makes the call a success that does
            nothing

    Raises:
        ValueError: it is no errno

    Example:
        >>> import errno
        >>> from prx_actors.system import seccomp
        >>> hex(seccomp.fail(errno.EPERM))
        '0x50001'

    """
    if not 0 <= number < 4096:  # noqa: PLR2004 -- the kernel's MAX_ERRNO
        msg = f"{number} is no errno"
        raise ValueError(msg)
    return Action.ERRNO | number


@dataclass(frozen=True, slots=True)
class Argument:
    """A comparison of an argument of a system call: of all 64 bits, or of those in a mask.

    An `int` of C has 32 bits, and the kernel ignores what is above them: compare it with the mask `0xffffffff`.
    What a pointer points to cannot be looked at.

    Args:
        index: 0 to 5
        value: what the argument must be equal to, after the mask; below 0 for
            a signed one
        mask: the bits that count

    Raises:
        ValueError: there is no such argument, the value does not fit into 64
            bits, or it has bits that the mask lacks, so that it is never equal

    """

    index: int
    value: int
    mask: int = ALL

    def __post_init__(self) -> None:
        if not 0 <= self.index < 6:  # noqa: PLR2004 -- registers
            msg = f"no argument {self.index}: they are 0 to 5"
            raise ValueError(msg)
        if not -(1 << 63) <= self.value <= ALL or not 0 < self.mask <= ALL:
            msg = f"{self}: more than 64 bits, or a mask of none"
            raise ValueError(msg)
        if self.unsigned & ~self.mask:
            msg = f"{self}: never equal, the value has bits that the mask lacks"
            raise ValueError(msg)

    @property
    def unsigned(self) -> int:
        """The value as the register has it; below 0, as wide as the mask."""
        return self.value & (self.mask if self.value < 0 else ALL)


@dataclass(frozen=True, slots=True)
class Rule:
    """A system call with arguments that must all compare equal. Of several rules for one call, one has to hold.

    Args:
        name: the system call
        arguments: comparisons, `Argument`

    Example:
        >>> import socket
        >>> from prx_actors.system.seccomp import Argument, Rule
        >>> rule = Rule("socket", (Argument(0, socket.AF_UNIX, 0xffffffff),))

    """

    name: str
    arguments: tuple[Argument, ...]


# What is not on all machines, or not needed by all kernels and C libraries, stands here too: clone and clock_gettime
# are fallbacks, one of fstat and newfstatat is used, and AArch64 has neither dup2, poll nor readlink. restart_syscall
# goes on with a wait after SIGCONT.
NEEDED = """
    arch_prctl brk clock_gettime clone clone3 close close_range dup2 dup3 epoll_create1 epoll_ctl epoll_pwait eventfd2
    execve exit_group fchmod fcntl fstat ftruncate getdents64 getpid getrandom getsockopt kill madvise memfd_create
    mmap mprotect mremap munmap newfstatat openat pidfd_open pidfd_send_signal poll ppoll prctl prlimit64 read
    readlink readlinkat recvmsg restart_syscall rseq rt_sigaction rt_sigprocmask rt_sigreturn sched_getaffinity
    sched_yield sendmsg sendto set_robust_list set_tid_address setsid wait4 waitid write
"""

PTRACE_DETACH = 17

DRIVER_CALLS: tuple[str | Rule, ...] = (
    *(name for name in NEEDED.split() if name in SYSCALLS),
    # A child that the user's ptrace(2) holds is let go before it is ended; nothing else of that call is needed.
    Rule("ptrace", (Argument(0, PTRACE_DETACH),)),
)
"""What the driver needs to start, fork, turn into a program, and end with all that is below it.

A filter that is in force in a task before it forks or becomes a program lets at least these through. They are enough
for the calls `fork`, `execvp`, `execve`, `exit`, `getpid`, `kill`, `read` and `write` of prx. What other calls are made
of is not among them, nor what a program needs.
"""


def allow(
    names: Iterable[str | Rule],
    default: int = Action.KILL_PROCESS,
    *,
    foreign: int = Action.KILL_PROCESS,
    on: Machine | None = None,
) -> list[Instruction]:
    """Make a filter that lets these system calls through, and no other.

    Args:
        names: names of system calls, and rules for their arguments
        default: what becomes of all others: an `Action`, or `fail(errno)`
        foreign: what becomes of the calls of other architectures, i386 and x32
            on x86-64, whose numbers mean something else
        on: the architecture, this program's if it is not given

    Returns:
        a program for `bpf.assemble`

    Raises:
        OSError: `ENOTSUP`, there is no such system call here
        NotImplementedError: on an architecture that is not supported

    Example:
        >>> import errno
        >>> from prx_actors.system import bpf, seccomp
        >>> program = seccomp.allow(["read", "write", "exit_group"], seccomp.fail(errno.EPERM))
        >>> bpf.run(program, seccomp.data("read")) == seccomp.Action.ALLOW
        True
        >>> bpf.run(program, seccomp.data("mkdir")) == seccomp.fail(errno.EPERM)
        True

    """
    return _filter(names, Action.ALLOW, default, foreign, on or machine())


def deny(
    names: Iterable[str | Rule],
    errno: int = errno.EPERM,
    *,
    action: int | None = None,
    foreign: int = Action.KILL_PROCESS,
    on: Machine | None = None,
) -> list[Instruction]:
    """Make a filter that fails these system calls and lets all others through.

    A list of what is forbidden has gaps: `openat` does what `open` does. Where it is to protect, use `allow`.

    Args:
        names: names of system calls, and rules for their arguments
        errno: what they fail with
        action: what becomes of them instead, an `Action`
        foreign: what becomes of the calls of other architectures
        on: the architecture, this program's if it is not given

    Returns:
        a program for `bpf.assemble`

    Raises:
        OSError: `ENOTSUP`, there is no such system call here
        ValueError: it is no errno
        NotImplementedError: on an architecture that is not supported

    Example:
        >>> import errno
        >>> from prx_actors.system import bpf, seccomp
        >>> program = seccomp.deny(["mkdirat"], errno.EACCES)
        >>> bpf.run(program, seccomp.data("mkdirat")) == seccomp.fail(errno.EACCES)
        True

    """
    return _filter(names, fail(errno) if action is None else action, Action.ALLOW, foreign, on or machine())


def data(name: str | int, *args: int, audit: int | None = None) -> bytes:
    """Make what a filter gets to see, a `struct seccomp_data`, for `bpf.run`.

    Args:
        name: a system call, or its number
        args: its arguments
        audit: the number of the architecture, this program's if it is not given

    Raises:
        OSError: `ENOTSUP`, there is no such system call here
        NotImplementedError: on an architecture that is not supported

    Example:
        >>> from prx_actors.system import seccomp
        >>> len(seccomp.data("kill", 1, 15))
        64

    """
    here = machine()
    nr = number(name, here) if isinstance(name, str) else name
    registers = [arg & ALL for arg in args] + [0] * (6 - len(args))
    return DATA.pack(nr, here.audit if audit is None else audit, 0, *registers)


def filter_program(program: Program) -> list[bytes | Ptr]:
    """Make the `struct sock_fprog` that prctl(2) and seccomp(2) take.

    Args:
        program: what `allow` or `deny` made

    Returns:
        a C structure, the length with the padding after it, and a pointer to
        the assembled program

    Raises:
        ValueError: what `assemble` refuses

    Example:
        >>> from prx_actors import prx
        >>> from prx_actors.system import seccomp
        >>> program = seccomp.filter_program(seccomp.deny(["chdir"]))
        >>> with prx.fork() as task:
        ...     _ = prx.prctl(task, "pr_set_no_new_privs", 1)
        ...     prx.seccomp(task, "seccomp_set_mode_filter", 0, program)
        ...     prx.prctl(task, "pr_get_seccomp").value
        2

    """
    code = assemble(program)
    return [LENGTH.pack(len(code) // 8), Ptr(code)]


def _filter(names: Iterable[str | Rule], match: int, default: int, foreign: int, machine: Machine) -> list[Instruction]:
    rules = _by_number(names, machine)
    program: list[Instruction] = [
        Load(ARCHITECTURE),
        JumpIf("eq", machine.audit, otherwise="foreign"),
        Load(NUMBER),
    ]
    if machine.x32:
        program.append(JumpIf("set", machine.x32, "foreign"))
    program += _search(sorted(rules), {nr: f"rules {nr}" if listed else "match" for nr, listed in rules.items()})
    for nr, listed in rules.items():
        if listed:
            program += _rules(nr, listed)
    program += [Label("match"), Return(match), Label("default"), Return(default), Label("foreign"), Return(foreign)]
    return program


def _by_number(names: Iterable[str | Rule], machine: Machine) -> dict[int, list[Rule]]:
    """Return the rules of each system call, none where its name alone says all."""
    if isinstance(names, str):
        msg = f"expected system calls, not {names!r}"
        raise TypeError(msg)
    rules: dict[int, list[Rule]] = {}
    always: set[int] = set()
    for one in names:
        nr = number(one if isinstance(one, str) else one.name, machine)
        listed = rules.setdefault(nr, [])
        if isinstance(one, str) or not one.arguments:
            always.add(nr)
        else:
            listed.append(one)
    return {nr: [] if nr in always else listed for nr, listed in rules.items()}


def _search(numbers: list[int], labels: dict[int, str]) -> Iterator[Instruction]:
    """Look for the number in the accumulator and go on at its label, or at `default`."""
    if len(numbers) <= LINEAR:
        yield from (JumpIf("eq", nr, labels[nr]) for nr in numbers)
        yield Jump("default")
        return
    middle = len(numbers) // 2
    upper = f"from {numbers[middle]}"
    yield JumpIf("ge", numbers[middle], upper)
    yield from _search(numbers[:middle], labels)
    yield Label(upper)
    yield from _search(numbers[middle:], labels)


def _rules(nr: int, rules: list[Rule]) -> Iterator[Instruction]:
    yield Label(f"rules {nr}")
    for i, rule in zip(count(), rules):
        following = f"rules {nr} {i}"
        for argument in rule.arguments:
            yield from _compare(argument, following)
        yield Jump("match")
        yield Label(following)
    yield Jump("default")


def _compare(argument: Argument, otherwise: str) -> Iterator[Instruction]:
    """Compare the two words of an argument. Both machines have the lower one first."""
    for shift in (0, 32):
        mask = argument.mask >> shift & WORD
        if not mask:
            continue
        yield Load(ARGUMENTS + 8 * argument.index + shift // 8)
        if mask != WORD:
            yield And(mask)
        yield JumpIf("eq", argument.unsigned >> shift & WORD, otherwise=otherwise)
