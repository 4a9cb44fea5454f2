"""Rights and flags of Landlock: landlock(7)."""

from __future__ import annotations

from enum import auto

from prx_actors.system.families.base import Flags, Number

__all__ = ["LandlockCreate", "LandlockFs", "LandlockNet", "LandlockRestrict", "LandlockRule", "LandlockScope"]

FAMILY = "landlock"


class LandlockFs(Flags):
    """What may be done with files."""

    LANDLOCK_ACCESS_FS_EXECUTE = auto()
    LANDLOCK_ACCESS_FS_WRITE_FILE = auto()
    LANDLOCK_ACCESS_FS_READ_FILE = auto()
    LANDLOCK_ACCESS_FS_READ_DIR = auto()
    LANDLOCK_ACCESS_FS_REMOVE_DIR = auto()
    LANDLOCK_ACCESS_FS_REMOVE_FILE = auto()
    LANDLOCK_ACCESS_FS_MAKE_CHAR = auto()
    LANDLOCK_ACCESS_FS_MAKE_DIR = auto()
    LANDLOCK_ACCESS_FS_MAKE_REG = auto()
    LANDLOCK_ACCESS_FS_MAKE_SOCK = auto()
    LANDLOCK_ACCESS_FS_MAKE_FIFO = auto()
    LANDLOCK_ACCESS_FS_MAKE_BLOCK = auto()
    LANDLOCK_ACCESS_FS_MAKE_SYM = auto()
    LANDLOCK_ACCESS_FS_REFER = auto()
    LANDLOCK_ACCESS_FS_TRUNCATE = auto()
    LANDLOCK_ACCESS_FS_IOCTL_DEV = auto()


class LandlockNet(Flags):
    """What may be done with ports."""

    LANDLOCK_ACCESS_NET_BIND_TCP = auto()
    LANDLOCK_ACCESS_NET_CONNECT_TCP = auto()


class LandlockScope(Flags):
    """What is kept inside."""

    LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET = auto()
    LANDLOCK_SCOPE_SIGNAL = auto()


class LandlockRule(Number):
    """What a rule is about."""

    LANDLOCK_RULE_PATH_BENEATH = auto()
    LANDLOCK_RULE_NET_PORT = auto()


class LandlockCreate(Flags):
    """What a ruleset is asked."""

    LANDLOCK_CREATE_RULESET_VERSION = auto()
    LANDLOCK_CREATE_RULESET_ERRATA = auto()


class LandlockRestrict(Flags):
    """What is logged."""

    LANDLOCK_RESTRICT_SELF_LOG_SAME_EXEC_OFF = auto()
    LANDLOCK_RESTRICT_SELF_LOG_NEW_EXEC_ON = auto()
    LANDLOCK_RESTRICT_SELF_LOG_SUBDOMAINS_OFF = auto()


FALLBACKS = {
    "LANDLOCK_ACCESS_FS_REFER": "(1U << 13)",
    "LANDLOCK_ACCESS_FS_TRUNCATE": "(1U << 14)",
    "LANDLOCK_ACCESS_FS_IOCTL_DEV": "(1U << 15)",
    "LANDLOCK_ACCESS_NET_BIND_TCP": "(1U << 0)",
    "LANDLOCK_ACCESS_NET_CONNECT_TCP": "(1U << 1)",
    "LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET": "(1U << 0)",
    "LANDLOCK_SCOPE_SIGNAL": "(1U << 1)",
    "LANDLOCK_RULE_PATH_BENEATH": "1",
    "LANDLOCK_RULE_NET_PORT": "2",
    "LANDLOCK_CREATE_RULESET_ERRATA": "(1U << 1)",
    "LANDLOCK_RESTRICT_SELF_LOG_SAME_EXEC_OFF": "(1U << 0)",
    "LANDLOCK_RESTRICT_SELF_LOG_NEW_EXEC_ON": "(1U << 1)",
    "LANDLOCK_RESTRICT_SELF_LOG_SUBDOMAINS_OFF": "(1U << 2)",
}
"""What the kernel may know although the headers are older."""
