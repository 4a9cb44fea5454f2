"""What the runtime knows of a task without asking its driver."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from prx_actors.tasks.process import TaskProcess

__all__ = ["TaskStatistics", "statistics_of"]


@dataclass(frozen=True, slots=True)
class TaskStatistics:
    """A task in figures, at one moment; the sizes are in bytes."""

    state: str
    """`call`, `executing`, `exec`, `gone` or `forked`."""
    uptime: float
    """Seconds since the task was asked for, until now or the end of its OS process."""
    calls: int
    """Requests that were sent to its driver, forks and the exec among them."""
    children: int
    """Tasks that it has forked and that have not ended."""
    messages: int
    """Messages that were sent to the owner, or to whom `stdio` names, output included."""
    stdout: int
    """Read of its standard output and sent on."""
    stderr: int
    """Read of its standard error and sent on."""
    unread: int
    """Output that waits in the reader's mailbox, of what the reader has got since it became the reader."""
    stdin: int
    """Written to its standard input, and taken by the pipe."""
    queued: int
    """Given for its standard input, and not taken by the pipe yet."""


def statistics_of(process: TaskProcess) -> TaskStatistics:
    """Gather the figures of a task.

    Args:
        process: its process

    """
    driver, output = process.driver, process.output
    written, queued = driver.stdin.sizes()
    ended = time.monotonic() if process.ended_at is None else process.ended_at
    return TaskStatistics(
        state=driver.state.value,
        uptime=ended - process.begun_at,
        calls=driver.turns.calls,
        children=len(driver.children),
        messages=output.messages,
        stdout=output.delivered["stdout"],
        stderr=output.delivered["stderr"],
        unread=output.unread,
        stdin=written,
        queued=queued,
    )
