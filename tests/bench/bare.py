"""Drivers used by bare sockets: what their runtime's operations take without the runtime, its threads and its actors.

It is the least that this division of work can cost: the kernel, the drivers, and as little Python as sends the same
requests and waits for the same answers, in the thread that wants them.
"""

from __future__ import annotations

import array
import os
import socket
import subprocess
from contextlib import contextmanager
from functools import partial
from itertools import count
from typing import TYPE_CHECKING

from prx_actors.driver.keeper import driver_path
from prx_actors.driver.protocol import CALLS, codec, frame
from prx_actors.system.native import lib

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["BareDriver", "bare_first_root", "bare_keeper", "bare_root"]

STDOUT = 1
CHUNK = 1 << 16
LIMIT = 1024
REPLY_MAX = 256
_ids = count(1)


class BareDriver:
    """Our ends of the channels of a driver."""

    def __init__(self, call: socket.socket, event: socket.socket, fds: list[int]) -> None:
        self.call = call
        self.event = event
        self.fds = fds

    def fork(self, batch: bytes = b"") -> BareDriver:
        """Have it fork, and wait for the reply.

        Args:
            batch: what the child finds in its channel when it is born

        """
        (call, far_call), (event, far_event) = socket.socketpair(), socket.socketpair()
        (far_in, stdin), (stdout, far_out), (stderr, far_err) = os.pipe(), os.pipe(), os.pipe()
        if batch:
            call.send(batch)
        far = [far_call.fileno(), far_event.fileno(), far_in, far_out, far_err]
        socket.send_fds(self.call, [frame(1, CALLS["fork"].number, next(_ids), [])], far)
        far_call.close()
        far_event.close()
        for fd in far[2:]:
            os.close(fd)
        reply, control, _, _ = self.call.recvmsg(REPLY_MAX, socket.CMSG_SPACE(4), socket.MSG_CMSG_CLOEXEC)
        assert reply
        pidfd = array.array("i", control[0][2])[0]
        return BareDriver(call, event, [stdin, stdout, stderr, pidfd])

    def close(self) -> None:
        """Close all channels, which orders it to end."""
        self.call.close()
        self.event.close()
        for fd in self.fds:
            os.close(fd)

    def fork_and_stop(self) -> None:
        """Have it fork, end the child, and wait until it says that the child is gone."""
        self.fork().close()
        assert self.event.recv(REPLY_MAX)

    def program(self, argv: list[str]) -> bytes:
        """Have it fork, make a program of the child, and wait for its output and its end."""
        child = self.fork()
        child.call.send(frame(1, CALLS["execvp"].number, argv[0], argv))
        return self._finish(child)

    def program_at_once(self, argv: list[str]) -> bytes:
        """Do the same with an exec that is sent before the fork is asked for."""
        execvp = codec().encode((CALLS["execvp"].number, argv[0], argv))
        return self._finish(self.fork(frame(1, lib.PRX_BATCH, execvp)))

    def _finish(self, child: BareDriver) -> bytes:
        assert not child.call.recv(REPLY_MAX), "the exec has failed"
        output = b"".join(iter(partial(os.read, child.fds[STDOUT], CHUNK), b""))
        assert self.event.recv(REPLY_MAX)
        child.close()
        return output


@contextmanager
def bare_keeper() -> Iterator[BareDriver]:
    """Start a driver, greet it, and wait for its end at the end."""
    (call, far_call), (event, far_event) = socket.socketpair(), socket.socketpair()
    with subprocess.Popen(
        [driver_path()], stdin=far_call.fileno(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ):
        us = os.pidfd_open(os.getpid())
        socket.send_fds(call, [frame(lib.PRX_PROTOCOL_VERSION, 0, LIMIT, LIMIT)], [far_event.fileno(), us])
        for fd in (far_call, far_event):
            fd.close()
        assert call.recv(REPLY_MAX)
        keeper = BareDriver(call, event, [us])
        try:
            yield keeper
        finally:
            keeper.close()


@contextmanager
def bare_root(keeper: BareDriver) -> Iterator[BareDriver]:
    """Have the keeper fork a root, which is ended at the end."""
    root = keeper.fork()
    try:
        yield root
    finally:
        root.close()
    assert keeper.event.recv(REPLY_MAX)


def bare_first_root() -> None:
    """Start and end a keeper and a root."""
    with bare_keeper() as keeper, bare_root(keeper):
        pass
