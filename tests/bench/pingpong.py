"""A bare blocking ping-pong with a C program: the least that a call to another process can cost."""

from __future__ import annotations

import socket
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING

from .compiled import compiled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["ping_pong"]


@contextmanager
def ping_pong(request: int, reply: int, *options: str) -> Iterator[Callable[[], None]]:
    """Run the other end, which is compiled for it.

    Args:
        request: the bytes of a request
        reply: the bytes of a reply
        options: "epoll" for another end that waits by epoll(7)

    Yields:
        a function that sends one request and waits for its reply

    """
    with compiled("pingpong") as program:
        near, far = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        with far:
            peer = subprocess.Popen([program, str(request), str(reply), *options], stdin=far.fileno())
        # The socket is closed first, which ends the peer; then the peer is waited for.
        with peer, near:
            yield _ping(near, bytes(request), reply)


def _ping(near: socket.socket, request: bytes, reply: int) -> Callable[[], None]:
    send, recv = near.send, near.recv

    def ping() -> None:
        send(request)
        if len(recv(reply)) != reply:
            msg = "a short reply"
            raise EOFError(msg)

    return ping
