"""Ready when a socket accepts: of the Internet, or of this machine."""

from __future__ import annotations

import os
import socket
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from prx_actors.programs.readiness.polling import Polled
from prx_actors.programs.readiness.subtree import is_stranger

if TYPE_CHECKING:
    from prx_actors.tasks.task import Task

__all__ = ["Tcp", "Unix"]

LONGEST_TRY: Final = 1.0
CREDENTIALS: Final = struct.Struct("iII")
"""A `struct ucred`: pid, uid and gid, unix(7)."""


@dataclass(frozen=True)
class Tcp(Polled):
    """Ready when a TCP port accepts a connection, which is closed at once.

    Who listens there is not asked for: a server of somebody else counts, too.

    Example:
        >>> import sys
        >>> from prx_actors import prx
        >>> from prx_actors.programs.readiness import Tcp
        >>> with prx.fork() as task:
        ...     prx.execvp(task, [sys.executable, "-m", "http.server", "--bind", "127.0.0.1", "8765"])
        ...     Tcp(8765).begin().wait_ready(task)

    """

    port: int
    """Its number."""

    host: str = "127.0.0.1"
    """A name or an address, of either family."""

    timeout: float = 30.0
    """Seconds from the start."""

    def is_ready(self, task: Task, left: float) -> bool:  # noqa: ARG002 -- a port tells not whose it is
        """Try to connect."""
        try:
            socket.create_connection((self.host, self.port), timeout=min(left, LONGEST_TRY)).close()
        except OSError:
            return False
        return True


@dataclass(frozen=True)
class Unix(Polled):
    """Ready when the program accepts a connection on a Unix socket, which is closed at once.

    A listener that is not of the program's subtree does not count.

    Example:
        >>> import sys, tempfile
        >>> from prx_actors import prx
        >>> from prx_actors.programs.readiness import Unix
        >>> script = "import socket, sys, time; s = socket.socket(socket.AF_UNIX); s.bind(sys.argv[1]); s.listen(); "
        >>> with tempfile.TemporaryDirectory() as folder, prx.fork() as task:
        ...     prx.execvp(task, [sys.executable, "-c", script + "time.sleep(1000)", f"{folder}/socket"])
        ...     Unix(f"{folder}/socket").begin().wait_ready(task)

    """

    path: str | os.PathLike[str]
    """Where it is; a leading `@` stands for the null byte of an abstract address."""

    timeout: float = 30.0
    """Seconds from the start."""

    def is_ready(self, task: Task, left: float) -> bool:
        """Try to connect."""
        path = os.fspath(self.path)
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(min(left, LONGEST_TRY))
            try:
                client.connect(f"\0{path[1:]}" if path.startswith("@") else path)
            except OSError:
                return False
            peer = client.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, CREDENTIALS.size)
        return not is_stranger(CREDENTIALS.unpack(peer)[0], task)
