"""The socket behind NOTIFY_SOCKET: datagrams with the credentials of who has sent them."""

from __future__ import annotations

import os
import select
import socket
import struct
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from prx_actors.driver.reactor import reactor

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Datagram", "NotifySocket"]

LONGEST: Final = 4096
"""Bytes of a datagram: more than systemd takes."""
FDS: Final = 253
"""The fds that one datagram may carry: `SCM_MAX_FD`, unix(7)."""
CREDENTIALS: Final = struct.Struct("iII")
"""A `struct ucred`: pid, uid and gid, unix(7)."""
ROOM: Final = socket.CMSG_SPACE(CREDENTIALS.size) + socket.CMSG_SPACE(FDS * 4)
BATCH: Final = 16
"""Datagrams that are read in one go, before the reactor turns to others."""


@dataclass(frozen=True, slots=True)
class Datagram:
    """What was sent, and by whom."""

    pid: int
    """The sender's, as this program sees it; 0 for one that it cannot see."""

    lines: tuple[bytes, ...]
    """Of the form `NAME=value`."""


class NotifySocket:
    """A datagram socket at an abstract address, which leaves no file and needs no rights: unix(7)."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        self._lock = threading.Lock()
        self._open = True
        self._registered = False
        try:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
            self._socket.bind("")  # the kernel chooses an address
            self.address = "@" + os.fsdecode(self._socket.getsockname()[1:])
        except BaseException:
            self._socket.close()
            raise

    def read(self, handler: Callable[[Datagram], None]) -> None:
        """Have the reactor hand over what comes, until it is closed.

        Args:
            handler: called on the reactor's thread

        """
        self._handler = handler
        reactor.start()
        with self._lock:
            if self._open:
                self._registered = True
                reactor.register(self._socket.fileno(), select.EPOLLIN, self._on_readable)

    def close(self) -> None:
        """Close it; from any thread, and more than once."""
        with self._lock:
            was_open, self._open = self._open, False
        if was_open and self._registered:
            reactor.call_soon(self._close)
        elif was_open:
            self._socket.close()

    def _close(self) -> None:
        reactor.unregister(self._socket.fileno())
        self._socket.close()

    def _on_readable(self, _events: int) -> None:
        for _ in range(BATCH):
            if not self._open:
                return
            try:
                data, ancillary, flags, _ = self._socket.recvmsg(LONGEST, ROOM, socket.MSG_CMSG_CLOEXEC)
            except BlockingIOError:
                return
            pid = _take(ancillary)
            if not flags & socket.MSG_TRUNC:
                self._handler(Datagram(pid, tuple(data.split(b"\n"))))


def _take(ancillary: list[tuple[int, int, bytes]]) -> int:
    """Return the pid of the sender, and close the fds that came along: BARRIER=1 waits for that."""
    pid = 0
    for _, kind, data in ancillary:
        if kind == socket.SCM_CREDENTIALS:
            pid = CREDENTIALS.unpack_from(data)[0]
        elif kind == socket.SCM_RIGHTS:
            for (fd,) in struct.iter_unpack("i", data[: len(data) // 4 * 4]):
                os.close(fd)
    return pid
