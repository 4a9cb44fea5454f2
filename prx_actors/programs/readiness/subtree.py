"""Which processes speak for a program: it, and those below it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from prx_actors.tasks.task import Task

__all__ = ["is_below", "is_stranger"]


def is_below(pid: int, task: Task) -> bool:
    """Say whether a process is the task's or descends from it.

    One that has ended, or whose parents have, so that it was adopted by another
    process, does not.

    Args:
        pid: as this program sees it; 0 for one that it cannot see
        task: above it

    """
    top = task.host_pid
    while pid and pid != top:
        parent = _parent(pid)
        if parent is None:
            return False
        pid = parent
    return bool(pid)


def is_stranger(pid: int, task: Task) -> bool:
    """Say whether a process is there and does not belong to the task.

    Args:
        pid: as this program sees it; 0 for one that it cannot see
        task: above it

    """
    return not is_below(pid, task) and _parent(pid) is not None


def _parent(pid: int) -> int | None:
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return None
    # The name, in parentheses, may hold anything.
    return int(stat.rpartition(b") ")[2].split()[1])
