"""Enums of the kernel's constants, for who likes an editor to complete them.

Wherever a call takes a constant, it takes a member of these, too: `prx.open(task, "/", Open.O_DIRECTORY)`. Their
values come from the system's headers. Python's `signal.Signals` and `errno` serve for those two families.
"""

from __future__ import annotations

from prx_actors.system.families.capability import Capability
from prx_actors.system.families.clone import Clone
from prx_actors.system.families.fcntl import Fcntl, FdFlags, LockType, Notify, Seals, WriteLife
from prx_actors.system.families.file import Open
from prx_actors.system.families.ioctl_files import BlockIoctl, FileIoctl, NamespaceIoctl, RandomIoctl
from prx_actors.system.families.ioctl_network import InterfaceFlags, SocketIoctl, TunFlags, TunIoctl
from prx_actors.system.families.ioctl_terminals import FdIoctl, ModemLines, TerminalIoctl
from prx_actors.system.families.landlock import (
    LandlockCreate,
    LandlockFs,
    LandlockNet,
    LandlockRestrict,
    LandlockRule,
    LandlockScope,
)
from prx_actors.system.families.mount import Mount, MountAttr, MoveMount, OpenTree, Umount
from prx_actors.system.families.poll import Poll
from prx_actors.system.families.prctl import Prctl, PrctlArgument
from prx_actors.system.families.priority import Priority
from prx_actors.system.families.ptrace import Ptrace, PtraceEvent, PtraceOption, PtraceSyscallInfo
from prx_actors.system.families.rlimit import Resource
from prx_actors.system.families.seccomp import (
    Seccomp,
    SeccompFilter,
    SeccompIoctl,
    SeccompMode,
    SeccompNotify,
    SeccompRet,
)
from prx_actors.system.families.socket_families import (
    AddressFamily,
    Protocol,
    ProtocolFamily,
    Shutdown,
    SocketFlags,
    SocketType,
)
from prx_actors.system.families.socket_options import ControlMessage, MessageFlags, SocketLevel, SocketOption
from prx_actors.system.families.syscall import Syscall
from prx_actors.system.families.wait import Wait, WaitId
from prx_actors.system.families.whence import Whence

__all__ = [
    "AddressFamily",
    "BlockIoctl",
    "Capability",
    "Clone",
    "ControlMessage",
    "Fcntl",
    "FdFlags",
    "FdIoctl",
    "FileIoctl",
    "InterfaceFlags",
    "LandlockCreate",
    "LandlockFs",
    "LandlockNet",
    "LandlockRestrict",
    "LandlockRule",
    "LandlockScope",
    "LockType",
    "MessageFlags",
    "ModemLines",
    "Mount",
    "MountAttr",
    "MoveMount",
    "NamespaceIoctl",
    "Notify",
    "Open",
    "OpenTree",
    "Poll",
    "Prctl",
    "PrctlArgument",
    "Priority",
    "Protocol",
    "ProtocolFamily",
    "Ptrace",
    "PtraceEvent",
    "PtraceOption",
    "PtraceSyscallInfo",
    "RandomIoctl",
    "Resource",
    "Seals",
    "Seccomp",
    "SeccompFilter",
    "SeccompIoctl",
    "SeccompMode",
    "SeccompNotify",
    "SeccompRet",
    "Shutdown",
    "SocketFlags",
    "SocketIoctl",
    "SocketLevel",
    "SocketOption",
    "SocketType",
    "Syscall",
    "TerminalIoctl",
    "TunFlags",
    "TunIoctl",
    "Umount",
    "Wait",
    "WaitId",
    "Whence",
    "WriteLife",
]
