"""A task's place in the tree: its parent, its children and what is known of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn, cast

from prx_actors.driver.state import State
from prx_actors.tasks.children import Child
from prx_actors.tasks.signal_handlers import SignalledProcess

if TYPE_CHECKING:
    from prx_actors.tasks.output import Output
    from prx_actors.tasks.process import TaskProcess
    from prx_actors.tasks.statistics import TaskStatistics

__all__ = ["RelatedProcess"]


class RelatedProcess(SignalledProcess):
    """The part of a task's process that knows its relations."""

    parent: TaskProcess | None
    output: Output
    signaloneof: int

    def pid(self) -> int | None:
        """Return the pid as the parent sees it, none when it is gone."""
        gone = self.driver.state in {State.GONE, State.FORKED}
        return None if gone else self.driver.pid

    def pipeline(self) -> list[int]:
        """Return the pids from below the root down to here."""
        if self.parent is None:
            return []
        pid = self.driver.pid
        return [*self.parent.pipeline(), *([] if pid is None else [pid])]

    def child(self, pid: int) -> TaskProcess | None:
        """Return the child of that pid."""
        return next((c for c in self._children() if c.pid() == pid), None)

    def children(self) -> list[Child]:
        """Return what is known of the children."""
        return [child.as_child() for child in self._children()]

    def _children(self) -> list[TaskProcess]:
        listeners = [d.listener for d in list(self.driver.children.values())]
        # There is no other kind.
        return [cast("TaskProcess", one) for one in listeners if isinstance(one, RelatedProcess) and one.pid()]

    def as_child(self) -> Child:
        """Return what a parent knows of this task."""
        channels = self.driver.channels.c
        return Child(
            self.pid() or 0,
            self.driver.execed,
            self.output.messages_left,
            self.signaloneof,
            channels.stdin_fd,
            channels.stdout_fd,
            channels.stderr_fd,
        )

    def _words(self) -> list[str]:
        return super()._words()[1:]  # the class is that of the task itself

    def _state_name(self) -> str:
        if not self._prx_running:
            return super()._state_name()
        return f"{self.driver.state.value} pid={self.pid()}"

    def system_get_state(self) -> TaskStatistics:
        """Return the figures of this moment, for `sys.get_state`."""
        from prx_actors.tasks.statistics import statistics_of

        return statistics_of(cast("TaskProcess", self))

    def system_replace_state(self, function: object) -> NoReturn:  # noqa: ARG002 -- of every process
        """Refuse, for `sys.replace_state`."""
        msg = "the state of an OS process is changed by calls alone"
        raise TypeError(msg)
