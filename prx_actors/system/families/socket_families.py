"""Families and types of sockets: socket(2)."""

from __future__ import annotations

from enum import auto

from prx_actors.system.families.base import Flags, Number

__all__ = ["AddressFamily", "Protocol", "ProtocolFamily", "Shutdown", "SocketFlags", "SocketType"]

FAMILY = "socket"


class AddressFamily(Number):
    """Families of addresses: socket(2)."""

    AF_UNSPEC = auto()
    AF_FILE = auto()
    AF_LOCAL = auto()
    AF_UNIX = auto()
    AF_INET = auto()
    AF_AX25 = auto()
    AF_IPX = auto()
    AF_APPLETALK = auto()
    AF_NETROM = auto()
    AF_BRIDGE = auto()
    AF_ATMPVC = auto()
    AF_X25 = auto()
    AF_INET6 = auto()
    AF_ROSE = auto()
    AF_DECnet = auto()
    AF_NETBEUI = auto()
    AF_SECURITY = auto()
    AF_KEY = auto()
    AF_NETLINK = auto()
    AF_ROUTE = auto()
    AF_PACKET = auto()
    AF_ASH = auto()
    AF_ECONET = auto()
    AF_ATMSVC = auto()
    AF_RDS = auto()
    AF_SNA = auto()
    AF_IRDA = auto()
    AF_PPPOX = auto()
    AF_WANPIPE = auto()
    AF_LLC = auto()
    AF_IB = auto()
    AF_MPLS = auto()
    AF_CAN = auto()
    AF_TIPC = auto()
    AF_BLUETOOTH = auto()
    AF_IUCV = auto()
    AF_RXRPC = auto()
    AF_ISDN = auto()
    AF_PHONET = auto()
    AF_IEEE802154 = auto()
    AF_CAIF = auto()
    AF_ALG = auto()
    AF_NFC = auto()
    AF_VSOCK = auto()
    AF_KCM = auto()
    AF_QIPCRTR = auto()
    AF_SMC = auto()
    AF_XDP = auto()
    AF_MCTP = auto()


class ProtocolFamily(Number):
    """Families of protocols, which have the same numbers."""

    PF_UNSPEC = auto()
    PF_FILE = auto()
    PF_LOCAL = auto()
    PF_UNIX = auto()
    PF_INET = auto()
    PF_AX25 = auto()
    PF_IPX = auto()
    PF_APPLETALK = auto()
    PF_NETROM = auto()
    PF_BRIDGE = auto()
    PF_ATMPVC = auto()
    PF_X25 = auto()
    PF_INET6 = auto()
    PF_ROSE = auto()
    PF_DECnet = auto()
    PF_NETBEUI = auto()
    PF_SECURITY = auto()
    PF_KEY = auto()
    PF_NETLINK = auto()
    PF_ROUTE = auto()
    PF_PACKET = auto()
    PF_ASH = auto()
    PF_ECONET = auto()
    PF_ATMSVC = auto()
    PF_RDS = auto()
    PF_SNA = auto()
    PF_IRDA = auto()
    PF_PPPOX = auto()
    PF_WANPIPE = auto()
    PF_LLC = auto()
    PF_IB = auto()
    PF_MPLS = auto()
    PF_CAN = auto()
    PF_TIPC = auto()
    PF_BLUETOOTH = auto()
    PF_IUCV = auto()
    PF_RXRPC = auto()
    PF_ISDN = auto()
    PF_PHONET = auto()
    PF_IEEE802154 = auto()
    PF_CAIF = auto()
    PF_ALG = auto()
    PF_NFC = auto()
    PF_VSOCK = auto()
    PF_KCM = auto()
    PF_QIPCRTR = auto()
    PF_SMC = auto()
    PF_XDP = auto()
    PF_MCTP = auto()


class SocketType(Number):
    """Types of sockets: socket(2)."""

    SOCK_STREAM = auto()
    SOCK_DGRAM = auto()
    SOCK_RAW = auto()
    SOCK_RDM = auto()
    SOCK_SEQPACKET = auto()
    SOCK_DCCP = auto()
    SOCK_PACKET = auto()


class SocketFlags(Flags):
    """What may be or-ed to the type."""

    SOCK_NONBLOCK = auto()
    SOCK_CLOEXEC = auto()


class Protocol(Number):
    """Protocols of IP: protocols(5)."""

    IPPROTO_HOPOPTS = auto()
    IPPROTO_IP = auto()
    IPPROTO_ICMP = auto()
    IPPROTO_IGMP = auto()
    IPPROTO_IPIP = auto()
    IPPROTO_TCP = auto()
    IPPROTO_EGP = auto()
    IPPROTO_PUP = auto()
    IPPROTO_UDP = auto()
    IPPROTO_IDP = auto()
    IPPROTO_TP = auto()
    IPPROTO_DCCP = auto()
    IPPROTO_IPV6 = auto()
    IPPROTO_ROUTING = auto()
    IPPROTO_FRAGMENT = auto()
    IPPROTO_RSVP = auto()
    IPPROTO_GRE = auto()
    IPPROTO_ESP = auto()
    IPPROTO_AH = auto()
    IPPROTO_ICMPV6 = auto()
    IPPROTO_NONE = auto()
    IPPROTO_DSTOPTS = auto()
    IPPROTO_MTP = auto()
    IPPROTO_BEETPH = auto()
    IPPROTO_ENCAP = auto()
    IPPROTO_PIM = auto()
    IPPROTO_COMP = auto()
    IPPROTO_L2TP = auto()
    IPPROTO_SCTP = auto()
    IPPROTO_MH = auto()
    IPPROTO_UDPLITE = auto()
    IPPROTO_MPLS = auto()
    IPPROTO_ETHERNET = auto()
    IPPROTO_RAW = auto()
    IPPROTO_SMC = auto()
    IPPROTO_MPTCP = auto()


class Shutdown(Number):
    """Which side is shut: shutdown(2)."""

    SHUT_RD = auto()
    SHUT_WR = auto()
    SHUT_RDWR = auto()


OTHERS = """
AF_MAX PF_MAX
"""
"""Names without a member: other systems' and architectures', and what stands in an enum already."""


FALLBACKS = {
    "SHUT_RD": "0",
    "SHUT_WR": "1",
    "SHUT_RDWR": "2",
    "IPPROTO_L2TP": "115",
    "IPPROTO_SMC": "256",
}
"""What the kernel may know although the headers are older."""
