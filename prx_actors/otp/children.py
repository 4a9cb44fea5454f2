"""A child of a supervisor, and how one is started and stopped.

All of it is called by the supervisor process itself.
"""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from prx_actors.actors import Down, Exit, Pid, ProcessExit, exit_signal, monitor, receive, unlink
from prx_actors.actors.table import process_of
from prx_actors.otp.restarts import expected
from prx_actors.otp.results import NOTHING, Ignore
from prx_actors.otp.starting import StartError

if TYPE_CHECKING:
    from collections.abc import Hashable

    from prx_actors.actors import MonitorRef, Process
    from prx_actors.otp.child_spec import ChildSpec
    from prx_actors.otp.restarts import Backoff

__all__ = ["Child", "ChildCounts", "ChildInfo", "Restarting", "end_of", "shut_down"]


@dataclass(frozen=True, slots=True)
class ChildInfo:
    """A child of a supervisor, as `which_children` tells of it.

    Example:
        >>> from prx_actors.otp.supervisor import ChildInfo
        >>> ChildInfo("cat", None, "worker").restarting
        False

    """

    id: Hashable
    """Of its specification; none for a child of `"simple_one_for_one"`."""

    pid: Pid | None
    """The process; none when it is not running."""

    type: str
    """`"worker"` or `"supervisor"`."""

    restarting: bool = False
    """Whether the supervisor is trying to restart it."""


@dataclass(frozen=True, slots=True)
class ChildCounts:
    """How many children a supervisor has, as `count_children` tells.

    Example:
        >>> from prx_actors.otp.supervisor import ChildCounts
        >>> ChildCounts(specs=2, active=1, supervisors=0, workers=2).active
        1

    """

    specs: int
    """Specifications."""

    active: int
    """Children that run."""

    supervisors: int
    """Children of the type `"supervisor"`, running or not."""

    workers: int
    """Children of the type `"worker"`, running or not."""


class Restarting:
    """In the place of a child's pid: its restart is due. Equal only to itself."""

    __slots__ = ("pid",)

    def __init__(self, pid: Pid | Restarting | None) -> None:
        self.pid: Pid | None = pid.pid if isinstance(pid, Restarting) else pid
        """The process that has ended; none when it was stopped for a sibling."""


class Child:
    """One child, running or not.

    Args:
        spec: how to start it
        extra: arguments besides those of the specification

    """

    __slots__ = ("args", "pid", "quick_restarts", "spec", "started_at")

    def __init__(self, spec: ChildSpec, extra: tuple[Any, ...] = ()) -> None:
        self.spec = spec
        self.args: tuple[Any, ...] | None = (*(spec.args() or ()), *extra)
        self.pid: Pid | Restarting | None = None
        self.started_at = 0.0
        self.quick_restarts = 0

    def info(self, id: Hashable) -> ChildInfo:
        """Return what `which_children` tells of it."""
        running = self.pid if isinstance(self.pid, Pid) else None
        return ChildInfo(id, running, self.spec.type, restarting=isinstance(self.pid, Restarting))

    def runs(self) -> bool:
        """Say whether it has a process that is alive."""
        return isinstance(self.pid, Pid) and self.pid.is_alive()

    def start(self, supervisor: Process) -> Pid | tuple[Pid, Any] | None:
        """Start and link a process; a temporary child forgets its arguments.

        Returns:
            what its start function did

        Raises:
            StartError: when it failed
            ProcessExit: when the supervisor has been ended

        """
        result = _call(supervisor, self)
        pid = result[0] if isinstance(result, tuple) else result
        if pid is not None:
            _link(supervisor, pid)
        self.pid = pid
        self.started_at = time.monotonic()
        if self.spec.restart == "temporary":
            self.args = None
        return result

    def delay(self, backoff: Backoff) -> float:
        """Return how long its restart, which is now due, has to wait."""
        ran_long = isinstance(self.pid, Pid) and time.monotonic() - self.started_at >= backoff.maximum
        number = 0 if ran_long else self.quick_restarts
        self.quick_restarts = number + 1
        return backoff.delay(number)


def _call(supervisor: Process, child: Child) -> Pid | tuple[Pid, Any] | None:
    """Call the start function and check what it returns."""
    try:
        result = child.spec.function()(*(child.args or ()))
    except StartError:
        raise
    except BaseException as error:
        supervisor._check_running()
        reason = error.reason if isinstance(error, ProcessExit) else error
        raise StartError(reason) from error
    match result:
        case Pid() | (Pid(), _):
            return result
        case None | Ignore():
            return None
    raise StartError(("bad_return_value", result))


def _link(supervisor: Process, pid: Pid) -> None:
    supervisor._link(pid)
    if not supervisor._prx_running:
        # Killed while the start function ran: nobody else will stop this one.
        process = process_of(pid)
        if process is not None:
            process._exit_signal(supervisor.actor_ref, supervisor._prx_final_reason, linked=False)
        supervisor._check_running()


def shut_down(supervisor: Process, child: Child) -> object:
    """Stop a child as its specification says, and wait until it has ended.

    It is watched by a monitor: one that has unlinked itself cannot hang us.

    Returns:
        why it ended, when that is not as it should; otherwise NOTHING

    """
    pid = child.pid
    if not isinstance(pid, Pid):
        return NOTHING
    how = child.spec.shutdown_of(pid, supervisor._prx_dependents)
    ref = monitor(pid)
    exit_signal(pid, "kill" if how == "brutal_kill" else "shutdown")
    return end_of(supervisor, child, pid, _await_down(pid, ref, how))


def _await_down(pid: Pid, ref: MonitorRef, how: float | str) -> Down:
    try:
        return receive(Down, ref=ref, timeout=None if isinstance(how, str) else how)
    except TimeoutError:
        exit_signal(pid, "kill")
    return receive(Down, ref=ref)


def end_of(supervisor: Process, child: Child, pid: Pid, down: Down) -> object:
    """Return why a child that was stopped has ended, NOTHING when it is as it should.

    Its `Exit`, which has the reason also when it was dead before it was
    monitored, leaves the mailbox.
    """
    reason = down.reason
    with suppress(TimeoutError):
        # A half of the link that is left says that the Exit is on its way.
        on_its_way = down.reason == "noproc" and pid in supervisor._prx_links
        reason = receive(Exit, pid=pid, timeout=1 if on_its_way else 0).reason
    unlink(pid)
    with suppress(TimeoutError):
        reason = receive(Exit, pid=pid, timeout=0).reason
    brutally = child.spec.shutdown == "brutal_kill"
    return NOTHING if expected(child.spec.restart, brutally=brutally, reason=reason) else reason
