"""What a behaviour was doing when it failed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from prx_actors.system.reporting import SafeLogger, safe_repr

if TYPE_CHECKING:
    from prx_actors.otp.behaviour import Behaviour

__all__ = ["report_termination"]

logger = SafeLogger("prx_actors")


class _Lines:
    """A status as text, made when somebody reads it."""

    def __init__(self, status: dict[str, Any]) -> None:
        self._status = status

    def __str__(self) -> str:
        shown = {name: value for name, value in self._status.items() if name != "log" or value}
        return "\n".join(f"  {self._label(name)}: {safe_repr(value)}" for name, value in shown.items())

    def _label(self, name: str) -> str:
        if name != "message":
            return name
        return "last event" if "postponed" in self._status else "last message"


def report_termination(process: Behaviour, status: dict[str, Any]) -> None:
    """Log that a behaviour terminates.

    Args:
        process: which one
        status: what `crash_status` has returned

    """
    extra = {"pid": process.actor_ref, "status": status}
    logger.error(
        "%s %r is terminating\n%s",
        type(process).__name__,
        process.actor_ref,
        _Lines(status),
        extra=extra,
    )
