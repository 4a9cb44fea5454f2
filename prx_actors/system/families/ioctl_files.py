"""Requests of ioctl(2) for files, block devices, namespaces and random numbers."""

from __future__ import annotations

from enum import auto

from prx_actors.system.families.base import Number

__all__ = ["BlockIoctl", "FileIoctl", "NamespaceIoctl", "RandomIoctl"]

FAMILY = "ioctl"


class FileIoctl(Number):
    """Requests for files and file systems."""

    FIBMAP = auto()
    FIGETBSZ = auto()
    FICLONE = auto()
    FS_IOC_SETFLAGS = auto()
    FS_IOC_SETVERSION = auto()
    FS_IOC_GET_ENCRYPTION_POLICY = auto()
    FS_IOC_GET_ENCRYPTION_PWSALT = auto()
    FS_IOC_FSSETXATTR = auto()
    FICLONERANGE = auto()
    FS_IOC_SETFSLABEL = auto()
    FS_IOC_GETFLAGS = auto()
    FS_IOC_GETVERSION = auto()
    FS_IOC_SET_ENCRYPTION_POLICY = auto()
    FS_IOC_GET_ENCRYPTION_NONCE = auto()
    FS_IOC_FSGETXATTR = auto()
    FS_IOC_GETFSLABEL = auto()
    FIFREEZE = auto()
    FITHAW = auto()
    FS_IOC_GET_ENCRYPTION_POLICY_EX = auto()
    FITRIM = auto()
    FIDEDUPERANGE = auto()
    FS_IOC_FIEMAP = auto()
    FS_IOC_REMOVE_ENCRYPTION_KEY = auto()
    FS_IOC_REMOVE_ENCRYPTION_KEY_ALL_USERS = auto()
    FS_IOC_ADD_ENCRYPTION_KEY = auto()
    FS_IOC_GET_ENCRYPTION_KEY_STATUS = auto()


class BlockIoctl(Number):
    """Requests for block devices."""

    BLKROSET = auto()
    BLKROGET = auto()
    BLKRRPART = auto()
    BLKGETSIZE = auto()
    BLKFLSBUF = auto()
    BLKRASET = auto()
    BLKRAGET = auto()
    BLKFRASET = auto()
    BLKFRAGET = auto()
    BLKSECTSET = auto()
    BLKSECTGET = auto()
    BLKSSZGET = auto()
    BLKTRACESTART = auto()
    BLKTRACESTOP = auto()
    BLKTRACETEARDOWN = auto()
    BLKDISCARD = auto()
    BLKIOMIN = auto()
    BLKIOOPT = auto()
    BLKALIGNOFF = auto()
    BLKPBSZGET = auto()
    BLKDISCARDZEROES = auto()
    BLKSECDISCARD = auto()
    BLKROTATIONAL = auto()
    BLKZEROOUT = auto()
    BLKBSZSET = auto()
    BLKBSZGET = auto()
    BLKGETSIZE64 = auto()
    BLKGETDISKSEQ = auto()
    BLKTRACESETUP = auto()


class NamespaceIoctl(Number):
    """Requests for namespaces: ioctl_ns(2)."""

    NS_GET_USERNS = auto()
    NS_GET_PARENT = auto()
    NS_GET_NSTYPE = auto()
    NS_GET_OWNER_UID = auto()
    NS_GET_MNTNS_ID = auto()
    NS_GET_PID_FROM_PIDNS = auto()
    NS_GET_PID_IN_PIDNS = auto()
    NS_GET_TGID_FROM_PIDNS = auto()
    NS_GET_TGID_IN_PIDNS = auto()


class RandomIoctl(Number):
    """Requests for /dev/random: random(4)."""

    RNDZAPENTCNT = auto()
    RNDCLEARPOOL = auto()
    RNDRESEEDCRNG = auto()
    RNDADDTOENTCNT = auto()
    RNDADDENTROPY = auto()
    RNDGETENTCNT = auto()
    RNDGETPOOL = auto()


FALLBACKS = {
    "NS_GET_MNTNS_ID": "_IOR(0xb7, 0x5, __u64)",
    "NS_GET_PID_FROM_PIDNS": "_IOR(0xb7, 0x6, int)",
    "NS_GET_TGID_FROM_PIDNS": "_IOR(0xb7, 0x7, int)",
    "NS_GET_PID_IN_PIDNS": "_IOR(0xb7, 0x8, int)",
    "NS_GET_TGID_IN_PIDNS": "_IOR(0xb7, 0x9, int)",
}
"""What the kernel may know although the headers are older."""
