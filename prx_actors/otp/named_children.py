"""Supervision of children that have ids: one_for_one, one_for_all, rest_for_one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from prx_actors.actors import Pid, ProcessExit
from prx_actors.otp.child_spec import check_spec
from prx_actors.otp.children import Child, ChildCounts, Restarting
from prx_actors.otp.starting import StartError
from prx_actors.otp.supervision import Supervision
from prx_actors.otp.supervisor_errors import SpecError, SupervisorError
from prx_actors.otp.supervisor_reports import report_progress

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable

    from prx_actors.actors import Process
    from prx_actors.otp.child_spec import ChildSpec
    from prx_actors.otp.children import ChildInfo
    from prx_actors.otp.supervisor_flags import SupervisorFlags

__all__ = ["NamedChildren"]


class NamedChildren(Supervision):
    """Children by id, in the order of their start.

    Args:
        supervisor: the process
        flags: of the supervisor
        specs: of the children that it starts with

    """

    def __init__(self, supervisor: Process, flags: SupervisorFlags, specs: Iterable[ChildSpec]) -> None:
        super().__init__(supervisor, flags)
        self._children: dict[Hashable, Child] = {spec.id: Child(spec) for spec in specs}
        self._running: dict[Pid, Child] = {}

    # Start and stop.

    def start_all(self) -> None:
        """Start the children in order; raise the end when one fails."""
        failed = self._start_group(self._in_order())
        if failed is not None:
            child, error = failed
            self._report("start_error", error.reason, child)
            self.stop_all()
            raise ProcessExit(("shutdown", ("failed_to_start_child", child.spec.id, error.reason)))

    def stop_all(self) -> None:
        """Stop all children, the last one first."""
        self._stop_group(self._in_order())

    def _in_order(self) -> list[Child]:
        return list(self._children.values())

    def _start_group(self, children: list[Child]) -> tuple[Child, StartError] | None:
        """Start these in order up to the first that fails, which is returned."""
        for child in children:
            try:
                result = self._start_known(child)
            except StartError as error:
                return child, error
            if result is None:
                self._remove(child)
        return None

    def _start_known(self, child: Child) -> Pid | tuple[Pid, Any] | None:
        result = child.start(self.supervisor)
        if result is not None:
            report_progress(self.pid, child)
        if isinstance(child.pid, Pid):
            self._running[child.pid] = child
        if child.spec.restart == "temporary":
            child.spec = child.spec.without_args()
        return result

    def _stop_group(self, children: list[Child]) -> None:
        """Stop these in reverse order; temporary ones are forgotten."""
        for child in reversed(children):
            self._stop(child)

    # Restarts.

    def _of_pid(self, pid: Pid | None) -> Child | None:
        return None if pid is None else self._running.pop(pid, None)

    def _remove(self, child: Child) -> None:
        if isinstance(child.pid, Pid):
            self._running.pop(child.pid, None)
        child.pid = None
        if child.spec.restart == "temporary":
            self._children.pop(child.spec.id, None)

    def _significant_left(self) -> bool:
        restarting = [child for child in self._children.values() if isinstance(child.pid, Restarting)]
        # Who was stopped for one of them comes back with it: it has not ended.
        due = [member for child in restarting for member in self._group(child)]
        running = [child for child in self._children.values() if child.pid is not None]
        return any(child.spec.significant for child in [*running, *due])

    def _group(self, child: Child) -> list[Child]:
        """Return who is restarted with a child, itself included, in order."""
        if self.flags.strategy == "one_for_one":
            return [child]
        children = self._in_order()
        return children if self.flags.strategy == "one_for_all" else children[children.index(child) :]

    def _stop_bystanders(self, child: Child) -> None:
        self._stop_group([sibling for sibling in self._group(child) if sibling is not child])

    def _attempt(self, child: Child) -> None:
        old, child.pid = child.pid, None
        self._stop_bystanders(child)
        failed = self._start_group(self._group(child))
        if failed is not None:
            culprit, error = failed
            self._failed(culprit, old if culprit is child else None, error)

    def _set_pid(self, child: Child, pid: Restarting) -> None:
        child.pid = pid

    # Management calls.

    def _find(self, id: object) -> Child:
        try:
            return self._children[id]
        except Exception:  # noqa: BLE001 -- comparing ids is code of the user
            reason = "not_found"
            raise SupervisorError(reason) from None

    def _find_stopped(self, id: object) -> Child:
        child = self._find(id)
        if child.pid is not None:
            raise SupervisorError("restarting" if isinstance(child.pid, Restarting) else "running")
        return child

    def start_child(self, *child: Any) -> Pid | tuple[Pid, Any] | None:
        """Add a child and start it."""
        spec = check_spec(child[0] if len(child) == 1 else child, self.flags.auto_shutdown)
        try:
            present = self._children.get(spec.id)
        except Exception as error:  # code of the user, too
            raise SpecError(("invalid_id", spec.id)) from error
        if present is not None:
            taken = isinstance(present.pid, Pid)
            raise SupervisorError(("already_started", present.pid) if taken else "already_present")
        new = Child(spec)
        result = self._start_known(new)
        if result is not None or spec.restart != "temporary":
            self._children[spec.id] = new
        return result

    def restart_child(self, id: Hashable) -> Pid | tuple[Pid, Any] | None:
        """Start a child that does not run."""
        return self._start_known(self._find_stopped(id))

    def terminate_child(self, id: object) -> None:
        """Stop a child, or the attempts to restart it."""
        self._stop(self._find(id))

    def delete_child(self, id: Hashable) -> None:
        """Forget a child that does not run."""
        del self._children[self._find_stopped(id).spec.id]

    def get_childspec(self, id: object) -> ChildSpec:
        """Return how a child is started."""
        return self._find(id).spec

    def which_children(self) -> list[ChildInfo]:
        """Return the children, the last one first, as OTP does."""
        return [child.info(child.spec.id) for child in reversed(self._children.values())]

    def count_children(self) -> ChildCounts:
        """Count the children."""
        children = self._in_order()
        supervisors = sum(child.spec.type == "supervisor" for child in children)
        active = sum(child.runs() for child in children)
        return ChildCounts(len(children), active, supervisors, len(children) - supervisors)
