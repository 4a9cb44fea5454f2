"""A driver started by hand, and its channels: bytes in, bytes out, without the runtime."""

from __future__ import annotations

import array
import os
import socket
import subprocess
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, Self

from prx_actors.driver.keeper import driver_path
from prx_actors.driver.protocol import CALLS, codec, frame
from prx_actors.system.native import lib

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import TracebackType

__all__ = ["Channel", "Wire", "hello", "keeper", "start"]

WAIT = 30.0


class Channel:
    """Our end of a socket on which frames go both ways."""

    def __init__(self, near: socket.socket) -> None:
        near.settimeout(WAIT)
        self.socket = near
        self.received = b""
        self.fds: list[int] = []

    def send(self, data: bytes, fds: Sequence[int] = ()) -> None:
        """Send bytes, and fds with the first of them."""
        sent = socket.send_fds(self.socket, [data], list(fds)) if fds else self.socket.send(data)
        if sent < len(data):
            self.socket.sendall(data[sent:])

    def receive(self) -> list[Any]:
        """Wait for a whole frame.

        Raises:
            EOFError: the driver has closed its end
        """
        while len(self.received) < 4 or len(self.received) < 4 + int.from_bytes(self.received[:4], "big"):
            self._receive_some()
        end = 4 + int.from_bytes(self.received[:4], "big")
        message, self.received = codec().decode(self.received[4:end]), self.received[end:]
        return message

    def _receive_some(self) -> None:
        fds = array.array("i")
        try:
            data, control, _, _ = self.socket.recvmsg(1 << 20, socket.CMSG_SPACE(4), socket.MSG_CMSG_CLOEXEC)
        except ConnectionResetError:
            data, control = b"", []
        for _, _, content in control:
            fds.frombytes(content)
        self.fds += fds
        if not data:
            raise EOFError
        self.received += data


class Wire:
    """The channels of one driver, to be closed by `with`."""

    def __init__(self, call: socket.socket, event: socket.socket) -> None:
        self.call = Channel(call)
        self.event = Channel(event)
        self.pidfd = -1
        self._numbers = iter(range(1, 1 << 30))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for channel in (self.call, self.event):
            channel.socket.close()
            for fd in channel.fds:
                os.close(fd)

    def request(self, name: str, *args: object, fds: Sequence[int] = ()) -> list[Any]:
        """Make a call and return errno and value."""
        number = next(self._numbers)
        self.call.send(frame(number, CALLS[name].number, *args), fds)
        answered, *rest = self.call.receive()
        assert answered == number
        return rest

    def fork(self, id: int) -> Wire:
        """Have the driver fork, with channels of which all but the sockets are /dev/null."""
        with ExitStack() as far_ends:
            pairs = [socket.socketpair() for _ in range(2)]
            for _, far in pairs:
                far_ends.enter_context(far)
            null = os.open(os.devnull, os.O_RDWR)
            far_ends.callback(os.close, null)
            child = Wire(pairs[0][0], pairs[1][0])
            error, _ = self.request("fork", id, [], fds=[*(far.fileno() for _, far in pairs), null, null, null])
        assert error == 0
        return child

    def is_alive(self) -> bool:
        """Say whether the driver answers."""
        return self.request("getopt", b"termsig") == [0, 1]


def start(stdin: int, cwd: str = "/") -> subprocess.Popen[bytes]:
    """Start a driver on an fd 0 of one's choice."""
    return subprocess.Popen([driver_path()], stdin=stdin, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, cwd=cwd)


def hello(*changed: object) -> bytes:
    """Return the first frame of a runtime: version, no mark, limits; or another one."""
    return frame(*(changed or (lib.PRX_PROTOCOL_VERSION, 0, 1024, 1024)))


@contextmanager
def keeper(cwd: str = "/", run_id: int = 0) -> Iterator[tuple[Wire, subprocess.Popen[bytes]]]:
    """Start a driver as the runtime does, greet it, and wait for its end at the end.

    Args:
        cwd: its working directory
        run_id: what marks its tasks; 0 for no mark
    """
    near, far = socket.socketpair()
    events, far_events = socket.socketpair()
    with far, far_events, start(far.fileno(), cwd) as process, Wire(near, events) as wire:
        far.close()
        us = os.pidfd_open(os.getpid())
        wire.call.send(hello(lib.PRX_PROTOCOL_VERSION, run_id, 1024, 1024), [far_events.fileno(), us])
        os.close(us)
        far_events.close()
        assert wire.call.receive() == [0, 0, process.pid]
        yield wire, process
