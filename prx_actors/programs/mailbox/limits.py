"""Why a message queue cannot be made, in words: posix_ipc tells little and no errno."""

from __future__ import annotations

import errno
import resource
from pathlib import Path
from typing import Final

import posix_ipc

__all__ = ["check_size", "refusal"]

FOLDER: Final = Path("/proc/sys/fs/mqueue")
PER_MESSAGE: Final = 128
"""More than the kernel counts for each message besides its bytes."""


def check_size(max_messages: int, max_size: int) -> None:
    """Check the size of a queue against what the kernel allows.

    Raises:
        ValueError: it allows less

    """
    _check("max_messages", max_messages, "msg_max")
    _check("max_size", max_size, "msgsize_max")


def _check(argument: str, value: int, file: str) -> None:
    limit = int((FOLDER / file).read_text())
    if not 0 < value <= limit:
        msg = f"{argument} is {value}, not from 1 to {limit}, which {FOLDER / file} allows"
        raise ValueError(msg)


def refusal(error: Exception, max_messages: int, max_size: int) -> OSError:
    """Return what to raise in the place of an error of mq_open(3).

    Args:
        error: what posix_ipc has raised
        max_messages: of the queue that was not made
        max_size: of each, in bytes

    """
    if isinstance(error, posix_ipc.PermissionsError):
        return PermissionError(errno.EACCES, "message queues may not be made here")
    soft = resource.getrlimit(resource.RLIMIT_MSGQUEUE)[0]
    queues = int((FOLDER / "queues_max").read_text())
    needed = max_messages * (max_size + PER_MESSAGE)
    hint = (
        f"no room for a message queue of about {needed} bytes: RLIMIT_MSGQUEUE allows this user {soft} bytes in all "
        f"queues, {FOLDER / 'queues_max'} allows {queues} queues in all, and RLIMIT_NOFILE bounds open files"
    )
    return OSError(errno.EMFILE, f"{hint} ({error})")
