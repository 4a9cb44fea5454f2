"""What a supervisor logs: error reports and progress reports, as OTP's.

Each record has its report as the attribute `report`.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from prx_actors.system.reporting import SafeLogger, safe_repr

if TYPE_CHECKING:
    from collections.abc import Hashable

    from prx_actors.actors import Pid
    from prx_actors.otp.child_spec import ChildSpec
    from prx_actors.otp.children import Child

__all__ = ["ChildReport", "ProgressReport", "SupervisorReport", "report_error", "report_progress"]

logger = SafeLogger("prx_actors")


@dataclass(frozen=True, slots=True)
class ChildReport:
    """The child that a report is about."""

    id: Hashable
    """Of its specification."""

    pid: Pid | None
    """The process, which may have ended."""

    spec: ChildSpec
    """How it is started, restarted and stopped."""

    count: int = 1
    """How many children this is about; more than one when many are stopped together."""


@dataclass(frozen=True, slots=True)
class SupervisorReport:
    """Something went wrong with a child."""

    supervisor: Pid
    """Who tells."""

    context: str
    """`"start_error"`, `"child_terminated"`, `"shutdown_error"` or `"shutdown"`."""

    reason: object
    """Why, as an exit reason; `"reached_max_restart_intensity"` for `"shutdown"`."""

    offender: ChildReport
    """The child."""


@dataclass(frozen=True, slots=True)
class ProgressReport:
    """A child was started."""

    supervisor: Pid
    """Who tells."""

    started: ChildReport
    """The child."""


def report_error(supervisor: Pid, context: str, reason: object, child: Child, count: int = 1) -> None:
    """Log an error report.

    Args:
        supervisor: who tells
        context: what went wrong
        reason: why
        child: with whom
        count: how many children it is about

    """
    report = SupervisorReport(supervisor, context, reason, _describe(child, count))
    # What a child died of is in its own crash report.
    failure = reason if context == "start_error" and isinstance(reason, BaseException) else None
    logger.error(
        "Supervisor %r: %s of %s: %s",
        supervisor,
        context,
        f"{count} children" if count > 1 else f"child {safe_repr(child.spec.id)} {report.offender.pid!r}",
        safe_repr(reason),
        exc_info=failure,
        extra={"report": report},
    )


def report_progress(supervisor: Pid, child: Child) -> None:
    """Log that a child was started."""
    if logger.isEnabledFor(logging.INFO):
        report = ProgressReport(supervisor, _describe(child, 1))
        message = "Supervisor %r: started child %r %r"
        logger.info(message, supervisor, child.spec.id, report.started.pid, extra={"report": report})


def _describe(child: Child, count: int) -> ChildReport:
    pid: Any = child.pid
    return ChildReport(child.spec.id, getattr(pid, "pid", pid), child.spec, count)
