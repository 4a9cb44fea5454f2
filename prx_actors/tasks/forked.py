"""What a function has forked, should it be cut short."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from prx_actors.actors.table import process_table
from prx_actors.actors.threads import current_process

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prx_actors.actors import Process
    from prx_actors.tasks.task import Task

__all__ = ["Forked", "forked_here", "kill"]


def kill(task: Task) -> None:
    """Kill a task with all below it, and wait until it is gone, whatever `prx.timeout` says."""
    task._process._terminate("killed")
    task._process._exit_future(was_alive=True).get()


class Forked:
    """What a process has forked since, known even where an interrupt came before one had its name."""

    def __init__(self, owner: Process, kind: type[Task]) -> None:
        self._owner = owner
        self._kind = kind
        self._since = next(process_table.numbers)

    def spare(self) -> None:
        """Leave what there is to somebody else."""
        self._since = next(process_table.numbers)

    def kill(self) -> None:
        """Kill them, and wait until they are gone."""
        dependents = [pid for pid in list(self._owner._prx_dependents) if isinstance(pid, self._kind)]
        for task in dependents:
            if task.number > self._since:
                kill(task)


@contextmanager
def forked_here(task: Task) -> Iterator[Forked]:
    """Kill what the caller forks in the block if the block is left by an exception.

    Args:
        task: any

    """
    forked = Forked(current_process(), type(task))
    try:
        yield forked
    except BaseException:
        forked.kill()
        raise
