"""Requests of ioctl(2) for sockets and interfaces: netdevice(7), sockios(4)."""

from __future__ import annotations

from enum import auto

from prx_actors.system.families.base import Flags, Number

__all__ = ["InterfaceFlags", "SocketIoctl", "TunFlags", "TunIoctl"]

FAMILY = "ioctl"


class SocketIoctl(Number):
    """Requests for sockets and interfaces: netdevice(7)."""

    SIOCOUTQ = auto()
    SIOCINQ = auto()
    SIOCSPGRP = auto()
    SIOCGPGRP = auto()
    SIOCATMARK = auto()
    SIOCGSTAMP = auto()
    SIOCGSTAMP_OLD = auto()
    SIOCGSTAMPNS = auto()
    SIOCGSTAMPNS_OLD = auto()
    SIOCADDRT = auto()
    SIOCDELRT = auto()
    SIOCRTMSG = auto()
    SIOCGIFNAME = auto()
    SIOCSIFLINK = auto()
    SIOCGIFCONF = auto()
    SIOCGIFFLAGS = auto()
    SIOCSIFFLAGS = auto()
    SIOCGIFADDR = auto()
    SIOCSIFADDR = auto()
    SIOCGIFDSTADDR = auto()
    SIOCSIFDSTADDR = auto()
    SIOCGIFBRDADDR = auto()
    SIOCSIFBRDADDR = auto()
    SIOCGIFNETMASK = auto()
    SIOCSIFNETMASK = auto()
    SIOCGIFMETRIC = auto()
    SIOCSIFMETRIC = auto()
    SIOCGIFMEM = auto()
    SIOCSIFMEM = auto()
    SIOCGIFMTU = auto()
    SIOCSIFMTU = auto()
    SIOCSIFNAME = auto()
    SIOCSIFHWADDR = auto()
    SIOCGIFENCAP = auto()
    SIOCSIFENCAP = auto()
    SIOCGIFHWADDR = auto()
    SIOCGIFSLAVE = auto()
    SIOCSIFSLAVE = auto()
    SIOCADDMULTI = auto()
    SIOCDELMULTI = auto()
    SIOCGIFINDEX = auto()
    SIOGIFINDEX = auto()
    SIOCSIFPFLAGS = auto()
    SIOCGIFPFLAGS = auto()
    SIOCDIFADDR = auto()
    SIOCSIFHWBROADCAST = auto()
    SIOCGIFCOUNT = auto()
    SIOCGIFBR = auto()
    SIOCSIFBR = auto()
    SIOCGIFTXQLEN = auto()
    SIOCSIFTXQLEN = auto()
    SIOCETHTOOL = auto()
    SIOCGMIIPHY = auto()
    SIOCGMIIREG = auto()
    SIOCSMIIREG = auto()
    SIOCWANDEV = auto()
    SIOCOUTQNSD = auto()
    SIOCGSKNS = auto()
    SIOCDARP = auto()
    SIOCGARP = auto()
    SIOCSARP = auto()
    SIOCDRARP = auto()
    SIOCGRARP = auto()
    SIOCSRARP = auto()
    SIOCGIFMAP = auto()
    SIOCSIFMAP = auto()
    SIOCADDDLCI = auto()
    SIOCDELDLCI = auto()
    SIOCGIFVLAN = auto()
    SIOCSIFVLAN = auto()
    SIOCBONDENSLAVE = auto()
    SIOCBONDRELEASE = auto()
    SIOCBONDSETHWADDR = auto()
    SIOCBONDSLAVEINFOQUERY = auto()
    SIOCBONDINFOQUERY = auto()
    SIOCBONDCHANGEACTIVE = auto()
    SIOCBRADDBR = auto()
    SIOCBRDELBR = auto()
    SIOCBRADDIF = auto()
    SIOCBRDELIF = auto()
    SIOCSHWTSTAMP = auto()
    SIOCGHWTSTAMP = auto()
    SIOCPROTOPRIVATE = auto()
    SIOCDEVPRIVATE = auto()
    SIOCGSTAMP_NEW = auto()
    SIOCGSTAMPNS_NEW = auto()


class TunIoctl(Number):
    """Requests for TUN and TAP."""

    TUNGETDEVNETNS = auto()
    TUNSETNOCSUM = auto()
    TUNSETDEBUG = auto()
    TUNSETIFF = auto()
    TUNSETPERSIST = auto()
    TUNSETOWNER = auto()
    TUNSETLINK = auto()
    TUNSETGROUP = auto()
    TUNSETOFFLOAD = auto()
    TUNSETTXFILTER = auto()
    TUNSETSNDBUF = auto()
    TUNSETVNETHDRSZ = auto()
    TUNSETQUEUE = auto()
    TUNSETIFINDEX = auto()
    TUNSETVNETLE = auto()
    TUNSETVNETBE = auto()
    TUNSETCARRIER = auto()
    TUNATTACHFILTER = auto()
    TUNDETACHFILTER = auto()
    TUNGETFEATURES = auto()
    TUNGETIFF = auto()
    TUNGETSNDBUF = auto()
    TUNGETVNETHDRSZ = auto()
    TUNGETVNETLE = auto()
    TUNGETVNETBE = auto()
    TUNSETSTEERINGEBPF = auto()
    TUNSETFILTEREBPF = auto()
    TUNGETFILTER = auto()


class InterfaceFlags(Flags):
    """Flags of an interface: `SIOCGIFFLAGS`."""

    IFF_UP = auto()
    IFF_BROADCAST = auto()
    IFF_DEBUG = auto()
    IFF_LOOPBACK = auto()
    IFF_POINTOPOINT = auto()
    IFF_NOTRAILERS = auto()
    IFF_RUNNING = auto()
    IFF_NOARP = auto()
    IFF_PROMISC = auto()
    IFF_ALLMULTI = auto()
    IFF_MASTER = auto()
    IFF_SLAVE = auto()
    IFF_MULTICAST = auto()
    IFF_PORTSEL = auto()
    IFF_AUTOMEDIA = auto()
    IFF_DYNAMIC = auto()


class TunFlags(Flags):
    """Flags of a TUN or TAP device: `TUNSETIFF`."""

    IFF_TUN = auto()
    TUN_F_CSUM = auto()
    IFF_TAP = auto()
    TUN_F_TSO4 = auto()
    TUN_F_TSO6 = auto()
    TUN_F_TSO_ECN = auto()
    IFF_NAPI = auto()
    TUN_F_UFO = auto()
    IFF_NAPI_FRAGS = auto()
    IFF_NO_CARRIER = auto()
    IFF_MULTI_QUEUE = auto()
    IFF_ATTACH_QUEUE = auto()
    IFF_DETACH_QUEUE = auto()
    IFF_PERSIST = auto()
    IFF_NOFILTER = auto()
    IFF_NO_PI = auto()
    IFF_ONE_QUEUE = auto()
    IFF_VNET_HDR = auto()
    IFF_TUN_EXCL = auto()


OTHERS = """
TIOCFLUSH
"""
"""Names without a member: other systems' and architectures', and what stands in an enum already."""
