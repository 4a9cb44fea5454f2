"""Requests, options and events of ptrace(2)."""

from __future__ import annotations

from enum import auto

from prx_actors.system.families.base import Flags, Number

__all__ = ["Ptrace", "PtraceEvent", "PtraceOption", "PtraceSyscallInfo"]

FAMILY = "ptrace"


class Ptrace(Number):
    """What is done: ptrace(2)."""

    PTRACE_TRACEME = auto()
    PTRACE_PEEKTEXT = auto()
    PTRACE_PEEKDATA = auto()
    PTRACE_PEEKUSR = auto()
    PTRACE_POKETEXT = auto()
    PTRACE_POKEDATA = auto()
    PTRACE_POKEUSR = auto()
    PTRACE_CONT = auto()
    PTRACE_KILL = auto()
    PTRACE_SINGLESTEP = auto()
    PTRACE_ATTACH = auto()
    PTRACE_DETACH = auto()
    PTRACE_SYSCALL = auto()
    PTRACE_SETOPTIONS = auto()
    PTRACE_GETEVENTMSG = auto()
    PTRACE_GETSIGINFO = auto()
    PTRACE_SETSIGINFO = auto()
    PTRACE_GETREGSET = auto()
    PTRACE_SETREGSET = auto()
    PTRACE_SEIZE = auto()
    PTRACE_INTERRUPT = auto()
    PTRACE_LISTEN = auto()
    PTRACE_PEEKSIGINFO = auto()
    PTRACE_GETSIGMASK = auto()
    PTRACE_SETSIGMASK = auto()
    PTRACE_SECCOMP_GET_FILTER = auto()
    PTRACE_SECCOMP_GET_METADATA = auto()
    PTRACE_GET_SYSCALL_INFO = auto()
    PTRACE_GET_RSEQ_CONFIGURATION = auto()
    PTRACE_SET_SYSCALL_USER_DISPATCH_CONFIG = auto()
    PTRACE_GET_SYSCALL_USER_DISPATCH_CONFIG = auto()
    PTRACE_SET_SYSCALL_INFO = auto()


class PtraceOption(Flags):
    """Options: `PTRACE_SETOPTIONS`."""

    PTRACE_O_TRACESYSGOOD = auto()
    PTRACE_O_TRACEFORK = auto()
    PTRACE_O_TRACEVFORK = auto()
    PTRACE_O_TRACECLONE = auto()
    PTRACE_O_TRACEEXEC = auto()
    PTRACE_O_TRACEVFORKDONE = auto()
    PTRACE_O_TRACEEXIT = auto()
    PTRACE_O_TRACESECCOMP = auto()
    PTRACE_O_EXITKILL = auto()
    PTRACE_O_SUSPEND_SECCOMP = auto()
    PTRACE_O_MASK = auto()


class PtraceEvent(Number):
    """Why a process has stopped."""

    PTRACE_EVENT_FORK = auto()
    PTRACE_EVENT_VFORK = auto()
    PTRACE_EVENT_CLONE = auto()
    PTRACE_EVENT_EXEC = auto()
    PTRACE_EVENT_VFORK_DONE = auto()
    PTRACE_EVENT_EXIT = auto()
    PTRACE_EVENT_SECCOMP = auto()
    PTRACE_EVENT_STOP = auto()


class PtraceSyscallInfo(Number):
    """At which stop of a system call."""

    PTRACE_SYSCALL_INFO_NONE = auto()
    PTRACE_EVENTMSG_SYSCALL_ENTRY = auto()
    PTRACE_SYSCALL_INFO_ENTRY = auto()
    PTRACE_EVENTMSG_SYSCALL_EXIT = auto()
    PTRACE_SYSCALL_INFO_EXIT = auto()
    PTRACE_SYSCALL_INFO_SECCOMP = auto()


OTHERS = """
PTRACE_SETFPREGS PTRACE_SINGLEBLOCK PTRACE_GETFPREGS PTRACE_SETREGS PTRACE_SYSEMU PTRACE_PEEKSIGINFO_SHARED
PTRACE_GETREGS PTRACE_OLDSETOPTIONS PTRACE_ARCH_PRCTL PTRACE_SETFPXREGS PTRACE_GETFPXREGS
PTRACE_GET_THREAD_AREA PTRACE_SYSEMU_SINGLESTEP PTRACE_SET_THREAD_AREA
"""
"""Names without a member: other systems' and architectures', and what stands in an enum already."""


FALLBACKS = {
    "PTRACE_GET_RSEQ_CONFIGURATION": "0x420f",
    "PTRACE_SET_SYSCALL_USER_DISPATCH_CONFIG": "0x4210",
    "PTRACE_GET_SYSCALL_USER_DISPATCH_CONFIG": "0x4211",
    "PTRACE_SET_SYSCALL_INFO": "0x4212",
}
"""What the kernel may know although the headers are older."""
