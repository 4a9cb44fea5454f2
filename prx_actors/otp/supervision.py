"""Supervision: what supervisors of all strategies have in common.

Any method that finds that the supervisor must end raises ProcessExit("shutdown").
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING, Any

from prx_actors.actors import Pid, ProcessExit, send, send_after
from prx_actors.otp.children import Restarting, shut_down
from prx_actors.otp.restarts import RestartWindow, must_report, must_restart
from prx_actors.otp.results import NOTHING
from prx_actors.otp.supervisor_reports import report_error

if TYPE_CHECKING:
    from collections.abc import Hashable

    from prx_actors.actors import Process
    from prx_actors.otp.child_spec import ChildSpec
    from prx_actors.otp.children import Child, ChildCounts, ChildInfo
    from prx_actors.otp.starting import StartError
    from prx_actors.otp.supervisor_flags import SupervisorFlags

__all__ = ["Supervision", "TryAgain"]


@dataclass(frozen=True, slots=True)
class TryAgain:
    """A supervisor's message to itself: restart a child, once others have had their turn."""

    child: Child
    token: Restarting
    """The child's pid, unless something has happened to it meanwhile."""
    counted: bool
    """Whether the restart is in the restart window already."""


class Supervision(ABC):
    """The children of one supervisor.

    Args:
        supervisor: the process
        flags: of the supervisor

    """

    def __init__(self, supervisor: Process, flags: SupervisorFlags) -> None:
        self.supervisor = supervisor
        self.pid = supervisor.actor_ref
        self.flags = flags
        self._window = RestartWindow()

    # What the strategies do.

    @abstractmethod
    def start_all(self) -> None:
        """Start the children that the specifications name; raises the end when one fails."""

    @abstractmethod
    def stop_all(self) -> None:
        """Stop all children; nothing raises."""

    @abstractmethod
    def start_child(self, *child: Any) -> Pid | tuple[Pid, Any] | None:
        """Do the management call of that name."""

    @abstractmethod
    def restart_child(self, id: Hashable) -> Pid | tuple[Pid, Any] | None:
        """Do the management call of that name."""

    @abstractmethod
    def terminate_child(self, id: object) -> None:
        """Do the management call of that name."""

    @abstractmethod
    def delete_child(self, id: Hashable) -> None:
        """Do the management call of that name."""

    @abstractmethod
    def get_childspec(self, id: object) -> ChildSpec:
        """Do the management call of that name."""

    @abstractmethod
    def which_children(self) -> list[ChildInfo]:
        """Do the management call of that name."""

    @abstractmethod
    def count_children(self) -> ChildCounts:
        """Do the management call of that name."""

    @abstractmethod
    def _of_pid(self, pid: Pid | None) -> Child | None:
        """Return the child that runs as this process."""

    @abstractmethod
    def _remove(self, child: Child) -> None:
        """Take note that a child does not run; forget it when it never will."""

    @abstractmethod
    def _significant_left(self) -> bool:
        """Say whether a significant child runs, is restarting or is to come back with one that is."""

    @abstractmethod
    def _stop_bystanders(self, child: Child) -> None:
        """Stop the siblings that are to be restarted with a child."""

    @abstractmethod
    def _attempt(self, child: Child) -> None:
        """Restart a child, and its siblings as the strategy says."""

    @abstractmethod
    def _set_pid(self, child: Child, pid: Restarting) -> None:
        """Give a child that does not run a token in place of its pid."""

    # What they have in common.

    def exited(self, pid: Pid | None, reason: object) -> None:
        """Deal with the end of a process, which may be none of ours."""
        child = self._of_pid(pid)
        if child is None:
            return
        restart = child.spec.restart
        if must_report(restart, reason):
            self._report("child_terminated", reason, child)
        if must_restart(restart, reason):
            self._restart(child)
            return
        self._remove(child)
        if self._must_end_after(child):
            raise ProcessExit("shutdown")  # noqa: EM101 -- an exit reason

    def try_again(self, message: TryAgain) -> None:
        """Restart a child, unless something has happened to it meanwhile."""
        if message.child.pid is not message.token:
            return
        if message.counted:
            self._attempt(message.child)
        else:
            self._restart(message.child)

    def _must_end_after(self, child: Child) -> bool:
        auto_shutdown = self.flags.auto_shutdown
        if auto_shutdown == "never" or not child.spec.significant:
            return False
        return auto_shutdown == "any_significant" or not self._significant_left()

    def _restart(self, child: Child) -> None:
        """Restart a child now or, with back-off, later, if there were not too many restarts."""
        if not self._window.add(monotonic(), self.flags.intensity, self.flags.period):
            self._report("shutdown", "reached_max_restart_intensity", child)
            self._remove(child)
            raise ProcessExit("shutdown")  # noqa: EM101 -- an exit reason
        backoff = self.flags.backoff
        if backoff is None:
            self._attempt(child)
            return
        delay = child.delay(backoff)
        self._set_pid(child, Restarting(child.pid))
        self._stop_bystanders(child)
        self._send_try_again(child, delay)

    def _failed(self, child: Child, old: Pid | Restarting | None, error: StartError) -> None:
        """Try again to restart a child, after what waits in the mailbox."""
        self._set_pid(child, Restarting(old))
        self._report("start_error", error.reason, child)
        self._send_try_again(child)

    def _send_try_again(self, child: Child, delay: float | None = None) -> None:
        token = child.pid
        if not isinstance(token, Restarting):
            return
        message = TryAgain(child, token, counted=delay is not None)
        if delay is None:
            send(self.pid, message)
        else:
            send_after(delay, self.pid, message)

    def _stop(self, child: Child) -> None:
        """Stop a child, or the attempts to restart it."""
        if isinstance(child.pid, Pid):
            reason = shut_down(self.supervisor, child)
            if reason is not NOTHING:
                self._report("shutdown_error", reason, child)
        self._remove(child)

    def _report(self, context: str, reason: object, child: Child, count: int = 1) -> None:
        report_error(self.pid, context, reason, child, count)
