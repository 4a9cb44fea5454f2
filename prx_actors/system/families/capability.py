"""Capabilities: capabilities(7)."""

from __future__ import annotations

from enum import auto

from prx_actors.system.families.base import Number

__all__ = ["Capability"]

FAMILY = "capability"


class Capability(Number):
    """What a process without root's powers may be given: capabilities(7)."""

    CAP_CHOWN = auto()
    CAP_DAC_OVERRIDE = auto()
    CAP_DAC_READ_SEARCH = auto()
    CAP_FOWNER = auto()
    CAP_FSETID = auto()
    CAP_KILL = auto()
    CAP_SETGID = auto()
    CAP_SETUID = auto()
    CAP_SETPCAP = auto()
    CAP_LINUX_IMMUTABLE = auto()
    CAP_NET_BIND_SERVICE = auto()
    CAP_NET_BROADCAST = auto()
    CAP_NET_ADMIN = auto()
    CAP_NET_RAW = auto()
    CAP_IPC_LOCK = auto()
    CAP_IPC_OWNER = auto()
    CAP_SYS_MODULE = auto()
    CAP_SYS_RAWIO = auto()
    CAP_SYS_CHROOT = auto()
    CAP_SYS_PTRACE = auto()
    CAP_SYS_PACCT = auto()
    CAP_SYS_ADMIN = auto()
    CAP_SYS_BOOT = auto()
    CAP_SYS_NICE = auto()
    CAP_SYS_RESOURCE = auto()
    CAP_SYS_TIME = auto()
    CAP_SYS_TTY_CONFIG = auto()
    CAP_MKNOD = auto()
    CAP_LEASE = auto()
    CAP_AUDIT_WRITE = auto()
    CAP_AUDIT_CONTROL = auto()
    CAP_SETFCAP = auto()
    CAP_MAC_OVERRIDE = auto()
    CAP_MAC_ADMIN = auto()
    CAP_SYSLOG = auto()
    CAP_WAKE_ALARM = auto()
    CAP_BLOCK_SUSPEND = auto()
    CAP_AUDIT_READ = auto()
    CAP_PERFMON = auto()
    CAP_BPF = auto()
    CAP_CHECKPOINT_RESTORE = auto()


OTHERS = """
CAP_LAST_CAP
"""
"""Names without a member: other systems' and architectures', and what stands in an enum already."""
