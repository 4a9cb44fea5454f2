"""Levels and options of sockets, flags of messages: socket(7)."""

from __future__ import annotations

from enum import auto

from prx_actors.system.families.base import Flags, Number

__all__ = ["ControlMessage", "MessageFlags", "SocketLevel", "SocketOption"]

FAMILY = "socket"


class SocketLevel(Number):
    """Levels of options: getsockopt(2)."""

    SOL_IP = auto()
    SOL_SOCKET = auto()
    SOL_TCP = auto()
    SOL_UDP = auto()
    SOL_IPV6 = auto()
    SOL_ICMPV6 = auto()
    SOL_RAW = auto()
    SOL_DECNET = auto()
    SOL_X25 = auto()
    SOL_PACKET = auto()
    SOL_ATM = auto()
    SOL_AAL = auto()
    SOL_IRDA = auto()
    SOL_NETBEUI = auto()
    SOL_LLC = auto()
    SOL_DCCP = auto()
    SOL_NETLINK = auto()
    SOL_TIPC = auto()
    SOL_RXRPC = auto()
    SOL_PPPOL2TP = auto()
    SOL_BLUETOOTH = auto()
    SOL_PNPIPE = auto()
    SOL_RDS = auto()
    SOL_IUCV = auto()
    SOL_CAIF = auto()
    SOL_ALG = auto()
    SOL_NFC = auto()
    SOL_KCM = auto()
    SOL_TLS = auto()
    SOL_XDP = auto()
    SOL_MPTCP = auto()
    SOL_MCTP = auto()
    SOL_SMC = auto()
    SOL_VSOCK = auto()


class SocketOption(Number):
    """Options: socket(7)."""

    SO_DEBUG = auto()
    SO_REUSEADDR = auto()
    SO_TYPE = auto()
    SO_ERROR = auto()
    SO_DONTROUTE = auto()
    SO_BROADCAST = auto()
    SO_SNDBUF = auto()
    SO_RCVBUF = auto()
    SO_KEEPALIVE = auto()
    SO_OOBINLINE = auto()
    SO_NO_CHECK = auto()
    SO_PRIORITY = auto()
    SO_LINGER = auto()
    SO_BSDCOMPAT = auto()
    SO_REUSEPORT = auto()
    SO_PASSCRED = auto()
    SO_PEERCRED = auto()
    SO_RCVLOWAT = auto()
    SO_SNDLOWAT = auto()
    SO_RCVTIMEO = auto()
    SO_RCVTIMEO_OLD = auto()
    SO_SNDTIMEO = auto()
    SO_SNDTIMEO_OLD = auto()
    SO_SECURITY_AUTHENTICATION = auto()
    SO_SECURITY_ENCRYPTION_TRANSPORT = auto()
    SO_SECURITY_ENCRYPTION_NETWORK = auto()
    SO_BINDTODEVICE = auto()
    SO_ATTACH_FILTER = auto()
    SO_GET_FILTER = auto()
    SO_DETACH_BPF = auto()
    SO_DETACH_FILTER = auto()
    SO_PEERNAME = auto()
    SO_TIMESTAMP = auto()
    SO_TIMESTAMP_OLD = auto()
    SO_ACCEPTCONN = auto()
    SO_PEERSEC = auto()
    SO_SNDBUFFORCE = auto()
    SO_RCVBUFFORCE = auto()
    SO_PASSSEC = auto()
    SO_TIMESTAMPNS = auto()
    SO_TIMESTAMPNS_OLD = auto()
    SO_MARK = auto()
    SO_TIMESTAMPING = auto()
    SO_TIMESTAMPING_OLD = auto()
    SO_PROTOCOL = auto()
    SO_DOMAIN = auto()
    SO_RXQ_OVFL = auto()
    SO_WIFI_STATUS = auto()
    SO_PEEK_OFF = auto()
    SO_NOFCS = auto()
    SO_LOCK_FILTER = auto()
    SO_SELECT_ERR_QUEUE = auto()
    SO_BUSY_POLL = auto()
    SO_MAX_PACING_RATE = auto()
    SO_BPF_EXTENSIONS = auto()
    SO_INCOMING_CPU = auto()
    SO_ATTACH_BPF = auto()
    SO_ATTACH_REUSEPORT_CBPF = auto()
    SO_ATTACH_REUSEPORT_EBPF = auto()
    SO_CNX_ADVICE = auto()
    SO_MEMINFO = auto()
    SO_INCOMING_NAPI_ID = auto()
    SO_COOKIE = auto()
    SO_PEERGROUPS = auto()
    SO_ZEROCOPY = auto()
    SO_TXTIME = auto()
    SO_BINDTOIFINDEX = auto()
    SO_TIMESTAMP_NEW = auto()
    SO_TIMESTAMPNS_NEW = auto()
    SO_TIMESTAMPING_NEW = auto()
    SO_RCVTIMEO_NEW = auto()
    SO_SNDTIMEO_NEW = auto()
    SO_DETACH_REUSEPORT_BPF = auto()
    SO_PREFER_BUSY_POLL = auto()
    SO_BUSY_POLL_BUDGET = auto()
    SO_NETNS_COOKIE = auto()
    SO_BUF_LOCK = auto()
    SO_RESERVE_MEM = auto()
    SO_TXREHASH = auto()
    SO_RCVMARK = auto()


class MessageFlags(Flags):
    """Flags of send(2) and recv(2)."""

    MSG_OOB = auto()
    MSG_PEEK = auto()
    MSG_DONTROUTE = auto()
    MSG_TRYHARD = auto()
    MSG_CTRUNC = auto()
    MSG_PROXY = auto()
    MSG_TRUNC = auto()
    MSG_DONTWAIT = auto()
    MSG_EOR = auto()
    MSG_WAITALL = auto()
    MSG_FIN = auto()
    MSG_SYN = auto()
    MSG_CONFIRM = auto()
    MSG_RST = auto()
    MSG_ERRQUEUE = auto()
    MSG_NOSIGNAL = auto()
    MSG_MORE = auto()
    MSG_WAITFORONE = auto()
    MSG_BATCH = auto()
    MSG_ZEROCOPY = auto()
    MSG_FASTOPEN = auto()
    MSG_CMSG_CLOEXEC = auto()


class ControlMessage(Number):
    """Types of control messages: unix(7)."""

    SCM_RIGHTS = auto()
    SCM_CREDENTIALS = auto()
    SCM_SECURITY = auto()
    SCM_PIDFD = auto()


OTHERS = """
SO_PASSPIDFD SO_PEERPIDFD SO_DEVMEM_LINEAR SO_DEVMEM_DMABUF SO_DEVMEM_DONTNEED SO_RCVPRIORITY SO_PASSRIGHTS
SO_INQ SCM_TIMESTAMP SCM_TIMESTAMPING SCM_TIMESTAMPNS SCM_TXTIME SCM_WIFI_STATUS
"""
"""Names without a member: other systems' and architectures', and what stands in an enum already."""


FALLBACKS = {
    "SCM_RIGHTS": "1",
    "SCM_CREDENTIALS": "2",
    "SCM_SECURITY": "3",
    "SCM_PIDFD": "4",
}
"""What the kernel may know although the headers are older."""
