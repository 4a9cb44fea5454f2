"""Requests of ioctl(2) for terminals and for any fd: ioctl_tty(2)."""

from __future__ import annotations

from enum import auto

from prx_actors.system.families.base import Flags, Number

__all__ = ["FdIoctl", "ModemLines", "TerminalIoctl"]

FAMILY = "ioctl"


class TerminalIoctl(Number):
    """Requests for terminals: ioctl_tty(2)."""

    TIOCPKT_DATA = auto()
    TIOCPKT_FLUSHREAD = auto()
    TIOCSER_TEMT = auto()
    TIOCPKT_FLUSHWRITE = auto()
    TIOCPKT_STOP = auto()
    TIOCPKT_START = auto()
    TIOCPKT_NOSTOP = auto()
    TIOCPKT_DOSTOP = auto()
    TIOCPKT_IOCTL = auto()
    TCGETS = auto()
    TCSETS = auto()
    TCSETSW = auto()
    TCSETSF = auto()
    TCGETA = auto()
    TCSETA = auto()
    TCSETAW = auto()
    TCSETAF = auto()
    TCSBRK = auto()
    TCXONC = auto()
    TCFLSH = auto()
    TIOCEXCL = auto()
    TIOCNXCL = auto()
    TIOCSCTTY = auto()
    TIOCGPGRP = auto()
    TIOCSPGRP = auto()
    TIOCOUTQ = auto()
    TIOCSTI = auto()
    TIOCGWINSZ = auto()
    TIOCSWINSZ = auto()
    TIOCMGET = auto()
    TIOCMBIS = auto()
    TIOCMBIC = auto()
    TIOCMSET = auto()
    TIOCGSOFTCAR = auto()
    TIOCSSOFTCAR = auto()
    TIOCINQ = auto()
    TIOCLINUX = auto()
    TIOCCONS = auto()
    TIOCGSERIAL = auto()
    TIOCSSERIAL = auto()
    TIOCPKT = auto()
    TIOCNOTTY = auto()
    TIOCSETD = auto()
    TIOCGETD = auto()
    TCSBRKP = auto()
    TIOCSBRK = auto()
    TIOCCBRK = auto()
    TIOCGSID = auto()
    TIOCGRS485 = auto()
    TIOCSRS485 = auto()
    TCGETX = auto()
    TCSETX = auto()
    TCSETXF = auto()
    TCSETXW = auto()
    TIOCVHANGUP = auto()
    TIOCGPTPEER = auto()
    TIOCSERCONFIG = auto()
    TIOCSERGWILD = auto()
    TIOCSERSWILD = auto()
    TIOCGLCKTRMIOS = auto()
    TIOCSLCKTRMIOS = auto()
    TIOCSERGSTRUCT = auto()
    TIOCSERGETLSR = auto()
    TIOCSERGETMULTI = auto()
    TIOCSERSETMULTI = auto()
    TIOCMIWAIT = auto()
    TIOCGICOUNT = auto()
    TIOCSPTLCK = auto()
    TIOCSIG = auto()
    TIOCGPTN = auto()
    TIOCGDEV = auto()
    TIOCGPKT = auto()
    TIOCGPTLCK = auto()
    TIOCGEXCL = auto()
    TIOCGISO7816 = auto()
    TIOCSISO7816 = auto()


class ModemLines(Flags):
    """Lines of a modem: `TIOCMGET`."""

    TIOCM_LE = auto()
    TIOCM_DTR = auto()
    TIOCM_RTS = auto()
    TIOCM_ST = auto()
    TIOCM_SR = auto()
    TIOCM_CTS = auto()
    TIOCM_CAR = auto()
    TIOCM_CD = auto()
    TIOCM_RI = auto()
    TIOCM_RNG = auto()
    TIOCM_DSR = auto()


class FdIoctl(Number):
    """Requests for any fd."""

    FIONREAD = auto()
    FIONBIO = auto()
    FIONCLEX = auto()
    FIOCLEX = auto()
    FIOASYNC = auto()
    FIOQSIZE = auto()
    FIOSETOWN = auto()
    FIOGETOWN = auto()


OTHERS = """
TIOCFLUSH
"""
"""Names without a member: other systems' and architectures', and what stands in an enum already."""
