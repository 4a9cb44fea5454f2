"""What a parent knows of its children."""

from __future__ import annotations

import operator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from prx_actors.tasks.calls.base import Calls

if TYPE_CHECKING:
    from prx_actors.tasks.process import TaskProcess

__all__ = ["Child", "child_pid"]


@dataclass(frozen=True, slots=True)
class Child:
    """A child as its parent knows it; the fds are the runtime's, -1 once closed."""

    pid: int
    exec: bool
    flowcontrol: int
    signaloneof: int
    stdin: int
    stdout: int
    stderr: int


def child_pid(child: Any, parent: TaskProcess) -> int:
    """Return the pid of a child, 0 for a task that is none of the parent's.

    Args:
        child: a task, a pid as `pidof` returns it, or what `cpid` returns
        parent: whose child it is

    Raises:
        TypeError: it is none of those

    """
    if isinstance(child, Child):
        return child.pid
    if isinstance(child, Calls):
        process = child._process
        return (process.pid() or 0) if process.parent is parent else 0
    return operator.index(child)
