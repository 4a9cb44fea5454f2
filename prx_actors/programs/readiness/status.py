"""What a program says of itself besides that it is ready."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from prx_actors.tasks.task import Task

__all__ = ["Status"]


@dataclass(frozen=True, slots=True)
class Status:
    """A program has described its state in a line: `STATUS=` of sd_notify(3).

    Only the latest is sent: one that replaces another, which the owner has not
    read yet, comes once that has been read.
    """

    task: Task
    """Which program."""

    text: str
    """What it says."""
