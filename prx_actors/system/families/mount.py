"""Flags of mount(2) and umount2(2), and of the calls that came after them."""

from __future__ import annotations

from enum import auto

from prx_actors.system.families.base import Flags

__all__ = ["Mount", "MountAttr", "MoveMount", "OpenTree", "Umount"]

FAMILY = "mount"


class Mount(Flags):
    """How a file system is mounted: mount(2)."""

    MS_RDONLY = auto()
    MS_NOSUID = auto()
    MS_NODEV = auto()
    MS_NOEXEC = auto()
    MS_SYNCHRONOUS = auto()
    MS_REMOUNT = auto()
    MS_MANDLOCK = auto()
    MS_DIRSYNC = auto()
    MS_NOSYMFOLLOW = auto()
    MS_NOATIME = auto()
    MS_NODIRATIME = auto()
    MS_BIND = auto()
    MS_MOVE = auto()
    MS_REC = auto()
    MS_SILENT = auto()
    MS_VERBOSE = auto()
    MS_POSIXACL = auto()
    MS_UNBINDABLE = auto()
    MS_PRIVATE = auto()
    MS_SLAVE = auto()
    MS_SHARED = auto()
    MS_RELATIME = auto()
    MS_KERNMOUNT = auto()
    MS_I_VERSION = auto()
    MS_STRICTATIME = auto()
    MS_LAZYTIME = auto()
    MS_RMT_MASK = auto()
    MS_SUBMOUNT = auto()
    MS_NOREMOTELOCK = auto()
    MS_NOSEC = auto()
    MS_BORN = auto()
    MS_ACTIVE = auto()
    MS_NOUSER = auto()
    MS_MGC_VAL = auto()
    MS_MGC_MSK = auto()


class Umount(Flags):
    """How it is unmounted: umount2(2)."""

    MNT_FORCE = auto()
    MNT_DETACH = auto()
    MNT_EXPIRE = auto()
    UMOUNT_NOFOLLOW = auto()


class MountAttr(Flags):
    """Attributes of a mount: mount_setattr(2)."""

    MOUNT_ATTR_RELATIME = auto()
    MOUNT_ATTR_RDONLY = auto()
    MOUNT_ATTR_NOSUID = auto()
    MOUNT_ATTR_NODEV = auto()
    MOUNT_ATTR_NOEXEC = auto()
    MOUNT_ATTR_NOATIME = auto()
    MOUNT_ATTR_STRICTATIME = auto()
    MOUNT_ATTR_NODIRATIME = auto()
    MOUNT_ATTR_IDMAP = auto()
    MOUNT_ATTR_NOSYMFOLLOW = auto()


class MoveMount(Flags):
    """How a mount is moved: move_mount(2)."""

    MOVE_MOUNT_F_SYMLINKS = auto()
    MOVE_MOUNT_F_AUTOMOUNTS = auto()
    MOVE_MOUNT_F_EMPTY_PATH = auto()
    MOVE_MOUNT_T_SYMLINKS = auto()
    MOVE_MOUNT_T_AUTOMOUNTS = auto()
    MOVE_MOUNT_T_EMPTY_PATH = auto()
    MOVE_MOUNT_SET_GROUP = auto()
    MOVE_MOUNT_BENEATH = auto()


class OpenTree(Flags):
    """How a mount is picked up: open_tree(2)."""

    OPEN_TREE_CLONE = auto()
    OPEN_TREE_CLOEXEC = auto()


OTHERS = """
MNT_NOATIME MNT_NOEXEC MNT_NOSUID MNT_RDONLY MS_DATA MS_FORCE MS_FSS MS_GLOBAL MS_MASK MS_NOCHECK MS_NOMNTTAB
MS_NOSPLICE MS_NOTRUNC MS_OPTIONSTR MS_OVERLAY MS_SYSSPACE MS_UMOUNT_MASK FSPICK_SYMLINK_NOFOLLOW
FSOPEN_CLOEXEC FSPICK_NO_AUTOMOUNT FSPICK_EMPTY_PATH FSPICK_CLOEXEC FSMOUNT_CLOEXEC
"""
"""Names without a member: other systems' and architectures', and what stands in an enum already."""


FALLBACKS = {
    "MNT_FORCE": "1",
    "MNT_DETACH": "2",
    "MNT_EXPIRE": "4",
    "UMOUNT_NOFOLLOW": "8",
    "MS_NOSYMFOLLOW": "256",
    "MOVE_MOUNT_BENEATH": "0x00000200",
}
"""What the kernel may know although the headers are older."""
