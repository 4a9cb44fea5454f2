"""Supervision of many children of one kind: simple_one_for_one."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NoReturn

from prx_actors.actors import Down, Pid, exit_signal, monitor, receive
from prx_actors.otp.children import Child, ChildCounts, Restarting, end_of
from prx_actors.otp.results import NOTHING
from prx_actors.otp.starting import StartError
from prx_actors.otp.supervision import Supervision
from prx_actors.otp.supervisor_errors import SupervisorError
from prx_actors.system.reporting import safe_repr

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator

    from prx_actors.actors import MonitorRef, Process
    from prx_actors.otp.child_spec import ChildSpec
    from prx_actors.otp.children import ChildInfo
    from prx_actors.otp.supervisor_flags import SupervisorFlags

__all__ = ["DynamicChildren"]


class DynamicChildren(Supervision):
    """Children by pid, all started from one specification.

    Args:
        supervisor: the process
        flags: of the supervisor
        spec: of every child

    """

    def __init__(self, supervisor: Process, flags: SupervisorFlags, spec: ChildSpec) -> None:
        super().__init__(supervisor, flags)
        self._spec = spec
        self._running: dict[Pid, Child] = {}
        # By the pid that ended: it names the child until its restart succeeds.
        self._restarting: dict[Pid, Child] = {}

    # Start and stop.

    def start_all(self) -> None:
        """Do nothing: children come by `start_child`."""

    def stop_all(self) -> None:
        """Stop all children at the same time, with one time limit."""
        watched = {monitor(pid): child for pid, child in self._running.items()}
        brutally = self._spec.shutdown == "brutal_kill"
        for pid in self._running:
            exit_signal(pid, "kill" if brutally else "shutdown")
        failures = [(child, reason) for child, reason in self._ends(watched) if reason is not NOTHING]
        self._running.clear()
        self._restarting.clear()
        groups: dict[str, list[tuple[Child, object]]] = {}
        for child, reason in failures:
            groups.setdefault(safe_repr(reason), []).append((child, reason))
        for group in groups.values():
            child, reason = group[0]
            self._report("shutdown_error", reason, child, len(group))

    def _ends(self, watched: dict[MonitorRef, Child]) -> Iterator[tuple[Child, object]]:
        """Wait for the children to end, and kill those that are late."""
        limits = {self._limit(child) for child in watched.values()} - {None}
        deadline = None if not limits else time.monotonic() + max(filter(None, limits), default=0.0)
        while watched:
            try:
                down = receive(Down, timeout=None if deadline is None else max(0.0, deadline - time.monotonic()))
            except TimeoutError:
                self._kill(watched.values())
                deadline = None
                continue
            child = watched.pop(down.ref, None)
            if child is not None and isinstance(child.pid, Pid):
                yield child, end_of(self.supervisor, child, child.pid, down)

    def _limit(self, child: Child) -> float | None:
        """Return the seconds that a child has to end; none when it bounds itself."""
        how = child.spec.shutdown_of(child.pid, self.supervisor._prx_dependents) if isinstance(child.pid, Pid) else 0.0
        return None if isinstance(how, str) else how

    def _kill(self, late: Iterable[Child]) -> None:
        for child in late:
            if isinstance(child.pid, Pid) and self._limit(child) is not None:
                exit_signal(child.pid, "kill")

    # Restarts.

    def _of_pid(self, pid: Pid | None) -> Child | None:
        return None if pid is None else self._running.pop(pid, None)

    def _remove(self, child: Child) -> None:
        if isinstance(child.pid, Pid):
            self._running.pop(child.pid, None)
        elif child.pid is not None and child.pid.pid is not None:
            self._restarting.pop(child.pid.pid, None)
        child.pid = None

    def _significant_left(self) -> bool:
        return bool(self._running or self._restarting)

    def _stop_bystanders(self, child: Child) -> None:
        """Do nothing: nobody is restarted with it."""

    def _attempt(self, child: Child) -> None:
        old = child.pid
        self._remove(child)
        try:
            self._start_one(child)
        except StartError as error:
            self._failed(child, old, error)

    def _set_pid(self, child: Child, pid: Restarting) -> None:
        self._remove(child)
        child.pid = pid
        if pid.pid is not None:
            self._restarting[pid.pid] = child

    # Management calls.

    def start_child(self, *child: Any) -> Pid | tuple[Pid, Any] | None:
        """Start a child with more arguments than the specification has."""
        return self._start_one(Child(self._spec, child))

    def _start_one(self, child: Child) -> Pid | tuple[Pid, Any] | None:
        result = child.start(self.supervisor)  # without a progress report, as in OTP
        if isinstance(child.pid, Pid):
            self._running[child.pid] = child
        return result

    def terminate_child(self, id: object) -> None:
        """Stop a child, which is named by its pid, or the attempts to restart it."""
        if not isinstance(id, Pid):
            _refuse()
        child = self._running.get(id) or self._restarting.get(id)
        if child is not None:
            self._stop(child)
        elif id.is_alive():
            reason = "not_found"
            raise SupervisorError(reason)

    def restart_child(self, id: Hashable) -> NoReturn:  # noqa: ARG002 -- there are no ids
        """Refuse."""
        _refuse()

    def delete_child(self, id: Hashable) -> NoReturn:  # noqa: ARG002 -- there are no ids
        """Refuse."""
        _refuse()

    def get_childspec(self, id: object) -> ChildSpec:
        """Return how every child is started."""
        # Of a dead process nobody knows whose child it was: OTP gives the benefit of the doubt.
        ours = isinstance(id, Pid) and (id in self._running or id in self._restarting or not id.is_alive())
        with suppress(Exception):  # comparing ids is code of the user
            if ours or id == self._spec.id:
                return self._spec
        reason = "not_found"
        raise SupervisorError(reason)

    def which_children(self) -> list[ChildInfo]:
        """Return the children."""
        children = [*self._running.values(), *self._restarting.values()]
        return [child.info(None) for child in children]

    def count_children(self) -> ChildCounts:
        """Count the children."""
        active = len(self._running)
        total = active + len(self._restarting)
        supervisors = total if self._spec.type == "supervisor" else 0
        return ChildCounts(1, active, supervisors, total - supervisors)


def _refuse() -> NoReturn:
    reason = "simple_one_for_one"
    raise SupervisorError(reason)
