"""The other end of a message queue: what a program sends."""

from __future__ import annotations

import errno
import os
from typing import Final

import posix_ipc

__all__ = ["VARIABLE", "send_message"]

VARIABLE: Final = "PRX_MAILBOX"
"""The environment variable by which a program learns the name of its queue."""


def send_message(data: bytes, priority: int = 0, *, name: str | None = None, timeout: float | None = None) -> None:
    """Send a message to a queue, as a program below an actor does.

    Args:
        data: of the message
        priority: 0 to 32767; the highest is read first
        name: of the queue; that in `PRX_MAILBOX` when none is given
        timeout: seconds to wait while the queue is full; None waits for ever, 0
            not at all

    Raises:
        LookupError: no name is given, and there is no `PRX_MAILBOX`
        FileNotFoundError: there is no such queue: its owner may have ended
        PermissionError: this user may not write to it
        BlockingIOError: it is full, and stays so
        OSError: `EMSGSIZE`, when the message is longer than the queue takes
        ValueError: the priority or the name is none; mq_send(3)

    Example:
        >>> from prx_actors.programs.mailbox import MessageQueue, send_message
        >>> with MessageQueue(max_size=8) as queue:
        ...     send_message(b"123456789", name=queue.name)
        Traceback (most recent call last):
            ...
        OSError: [Errno 90] the message has 9 bytes, and the queue takes 8

    """
    queue = _opened(_named(name))
    try:
        if len(data) > queue.max_message_size:
            msg = f"the message has {len(data)} bytes, and the queue takes {queue.max_message_size}"
            raise OSError(errno.EMSGSIZE, msg)
        queue.send(data, timeout=timeout, priority=priority)
    except posix_ipc.BusyError:
        msg = f"the queue is full: {queue.max_messages} messages wait"
        raise BlockingIOError(errno.EAGAIN, msg) from None
    finally:
        queue.close()


def _named(name: str | None) -> str:
    name = os.environ.get(VARIABLE) if name is None else name
    if name is None:
        msg = f"there is no {VARIABLE} in the environment: no queue to send to"
        raise LookupError(msg)
    return name


def _opened(name: str) -> posix_ipc.MessageQueue:
    try:
        return posix_ipc.MessageQueue(name, read=False, write=True)
    except posix_ipc.ExistentialError:
        raise FileNotFoundError(errno.ENOENT, "there is no such queue; its owner may have ended", name) from None
    except posix_ipc.PermissionsError:
        raise PermissionError(errno.EACCES, "this user may not write to the queue", name) from None
    except ValueError:
        msg = f"{name!r} is no name of a queue"
        raise ValueError(msg) from None
