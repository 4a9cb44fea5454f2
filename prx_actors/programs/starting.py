"""Starting, what says whether a program is ready sees of it: a readiness is any object with a method `wait_ready`.

`wait_ready(starting)` returns when the program is ready, and raises when it is not in time; it runs in the process that
is to be the child of the supervisor. A readiness may also have `prepare(command)`, which is called before the program
starts and returns the command to start, with one more variable in its environment, say.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from prx_actors.actors import receive
from prx_actors.programs.feeder import Failed
from prx_actors.tasks.messages import ExitStatus, Stderr, Stdout, TermSig

if TYPE_CHECKING:
    from collections.abc import Callable

    from prx_actors.programs.command import Command
    from prx_actors.tasks.task import Task

__all__ = ["EndedError", "Readiness", "Starting"]


class Readiness(Protocol):
    """What says whether a program is ready."""

    def wait_ready(self, starting: Starting) -> None:
        """Return when it is ready.

        Raises:
            Exception: it is not, or not in time; the program is ended

        """


class EndedError(Exception):
    """A program has ended before it was ready.

    Args:
        end: its `ExitStatus` or `TermSig`

    """

    def __init__(self, end: object) -> None:
        super().__init__(f"it has ended before it was ready: {end}")
        self.end = end


class Starting:
    """A program that has started and is not ready yet.

    Args:
        command: what is run
        task: as which
        log: takes its output

    """

    def __init__(self, command: Command, task: Task, log: Callable[[Any], object]) -> None:
        self.command = command
        """What is run."""
        self.task = task
        """As which."""
        self._log = log

    def next(self, timeout: float | None = None) -> Stdout | Stderr:
        """Wait for the next output, which goes to the log as well.

        Args:
            timeout: seconds to wait

        Returns:
            what it says

        Raises:
            TimeoutError: nothing has come in time
            EndedError: the program has ended
            BaseException: what the iterable that feeds it has raised

        """
        message = receive(Stdout, Stderr, ExitStatus, TermSig, Failed, timeout=timeout)
        match message:
            case Failed(error):
                raise error
            case ExitStatus() | TermSig():
                raise EndedError(message)
        self._log(message)
        return message  # type: ignore[no-any-return]
