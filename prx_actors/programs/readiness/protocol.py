"""The two sides of readiness: the description, and the wait of one start."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol, Self, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from prx_actors.tasks.messages import ExitStatus, TermSig
    from prx_actors.tasks.task import Task

__all__ = ["NotReady", "Readiness", "Unprepared", "Waiting"]


class NotReady(Exception):  # noqa: N818 -- as NotOwner and its kin
    """A program has ended before it was ready.

    Args:
        task: which
        end: its `ExitStatus` or `TermSig`; none when the task has ended otherwise

    Example:
        >>> from prx_actors import prx
        >>> from prx_actors.programs.readiness import Line, NotReady
        >>> task = prx.fork()
        >>> prx.execvp(task, ["false"])
        >>> try:
        ...     Line("listening").begin().wait_ready(task)
        ... except NotReady as error:
        ...     error.end.status
        1

    """

    def __init__(self, task: Task, end: ExitStatus | TermSig | None) -> None:
        super().__init__(task, end)
        self.task = task
        self.end = end

    def __str__(self) -> str:
        how = {"status": "exit status", "signal": "signal"}
        told = [f": {words} {getattr(self.end, name)}" for name, words in how.items() if hasattr(self.end, name)]
        return f"{self.task} has ended before it was ready{''.join(told)}"


class Waiting(Protocol):
    """The wait for one start of a program."""

    @property
    def environment(self) -> Mapping[str, str]:
        """What the program is to have in its environment."""

    def wait_ready(self, task: Task) -> None:
        """Wait until a program is ready; called once, by the task's owner.

        Args:
            task: in exec state

        Raises:
            NotReady: it has ended before
            TimeoutError: it is not ready in time

        """

    def close(self) -> None:
        """Give up; called when the program could not be started, and harmless at any other time."""


@runtime_checkable
class Readiness(Protocol):
    """A description of what makes a program ready."""

    def begin(self) -> Waiting:
        """Prepare for a start, before the program is there.

        Raises:
            OSError: there is no room for what that takes

        """


class Unprepared:
    """A kind that needs nothing before the start: the description is the wait, of any number of starts."""

    timeout: float

    def begin(self) -> Self:
        """Prepare nothing."""
        return self

    @property
    def environment(self) -> Mapping[str, str]:
        """Nothing: the program need not know."""
        return MappingProxyType({})

    def close(self) -> None:
        """Do nothing."""

    def late(self, task: Task) -> TimeoutError:
        """Return what says that a program is not ready in time."""
        return TimeoutError(f"{task} was not ready in {self.timeout} s: {self}")
