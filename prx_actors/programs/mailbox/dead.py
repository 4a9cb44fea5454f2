"""The queues of runtimes that have died without a chance to remove them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

import posix_ipc

from prx_actors import prx
from prx_actors.programs.runtime_names import is_dead
from prx_actors.system.reporting import SafeLogger

__all__ = ["remove_dead_queues"]

logger = SafeLogger("prx_actors")

MOUNT: Final = Path("/dev/mqueue")
"""Where the queues can be listed, as a rule: mq_overview(7)."""


def remove_dead_queues() -> list[str]:
    """Remove the message queues of runtimes of this pid namespace that are no more, and nothing else.

    The first `MessageQueue` of a program does so by itself. Queues can only be
    listed where their file system is mounted on `/dev/mqueue`, or by root.

    Returns:
        the names of the queues that were removed

    Raises:
        OSError: root may not list them either; see `prx.unshare`, `prx.mount`

    Example:
        >>> from prx_actors.programs.mailbox import remove_dead_queues
        >>> remove_dead_queues()
        []

    """
    return [f"/{name}" for name in _names() if is_dead(name) and _remove(f"/{name}")]


def _names() -> list[str]:
    if MOUNT.is_mount():
        return [path.name for path in MOUNT.iterdir()]
    return _names_by_task() if os.geteuid() == 0 else []


def _names_by_task() -> list[str]:
    """List the queues from a mount namespace in which they are mounted for the purpose."""
    with prx.fork() as task:
        task.unshare("clone_newns")
        task.mount(None, "/", None, ["ms_rec", "ms_private"], None)
        task.mount("mqueue", "/dev", "mqueue", 0, None)
        return [os.fsdecode(name) for name in task.readdir("/dev")]


def _remove(name: str) -> bool:
    try:
        posix_ipc.unlink_message_queue(name)
    except posix_ipc.ExistentialError:
        return False  # another runtime was faster
    except posix_ipc.PermissionsError:
        return False  # another user's, whose next runtime removes it
    logger.info("Removed the message queue %s of a runtime that is no more", name)
    return True
