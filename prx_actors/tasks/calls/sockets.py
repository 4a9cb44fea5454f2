"""Sockets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prx_actors.system.constants import resolve
from prx_actors.tasks.calls.base import Calls

if TYPE_CHECKING:
    from prx_actors.system.constants import Constant
    from prx_actors.tasks.arguments import Bytes

__all__ = ["SocketCalls"]


class SocketCalls(Calls):
    """socket(2) and connect(2)."""

    __slots__ = ()

    def socket(self, domain: Constant, type: Constant, protocol: Constant) -> int:
        """Make a socket in the process: socket(2).

        Args:
            domain: `af_unix`, `af_inet`, ...
            type: `sock_stream`, `["sock_dgram", "sock_cloexec"]`, ...
            protocol: `ipproto_tcp`, ...; 0 for the usual one

        Returns:
            the fd, which a program inherits unless it has `sock_cloexec`

        Raises:
            OSError: what socket(2) says; `ENOTSUP` for an unknown name
            NotOwner: the caller does not own the task
            NotInCallState: the task has called exec
            NoProcess: the task has ended

        Example:
            >>> from prx_actors import prx
            >>> with prx.fork() as task:
            ...     fd = prx.socket(task, "af_unix", ["sock_stream", "sock_nonblock"], 0)
            ...     prx.close(task, fd)

        """
        return int(
            self._call("socket", resolve("socket", domain), resolve("socket", type), resolve("socket", protocol))
        )

    def connect(self, fd: int, sockaddr: Bytes) -> None:
        """Connect a socket: connect(2).

        Args:
            fd: the socket
            sockaddr: a `struct sockaddr` of its domain, byte by byte

        Raises:
            OSError: what connect(2) says, `EINPROGRESS` with `sock_nonblock`;
                `EINVAL` for more than 128 bytes
            NotOwner: the caller does not own the task
            NotInCallState: the task has called exec
            NoProcess: the task has ended

        Example:
            >>> import socket, struct, tempfile
            >>> from prx_actors import prx
            >>> with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as server:
            ...     server.bind(f"{folder}/socket")
            ...     server.listen()
            ...     with prx.fork() as task:
            ...         fd = prx.socket(task, "af_unix", "sock_stream", 0)
            ...         prx.connect(task, fd, struct.pack("=H", socket.AF_UNIX) + f"{folder}/socket".encode())

        """
        self._call("connect", fd, sockaddr)
