"""Crash reports: what is known of a process when an exception ends it.

They go to the logger `prx_actors` as errors, readable as text; the structure is
in the record's `report`.
"""

from __future__ import annotations

import reprlib
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Final

from prx_actors.actors.matching import MISSING
from prx_actors.actors.registry import name_of
from prx_actors.system.reporting import SafeLogger, safe_repr

if TYPE_CHECKING:
    from prx_actors.actors.pid import Pid
    from prx_actors.actors.process import Process

__all__ = ["CrashReport", "crash_status", "is_silent", "name_of_function", "report"]

logger = SafeLogger("prx_actors")

SILENT: Final = ("normal", "shutdown")

_short: Final = reprlib.Repr()
_short.maxstring = _short.maxother = 200


@dataclass(frozen=True, slots=True)
class CrashReport:
    """A process at the moment at which it crashed.

    Its text has a line for each of these.

    Example:
        >>> import logging
        >>> from prx_actors.actors import CrashReport, Down, receive, spawn_monitor
        >>> reports = []
        >>> def keep(record):
        ...     reports.append(record.report)
        ...     return False  # so that it is not printed
        >>> logging.getLogger("prx_actors").addFilter(keep)
        >>> pid, ref = spawn_monitor(int, "no number")
        >>> isinstance(receive(Down, ref=ref, timeout=5).reason, ValueError)
        True
        >>> reports[0].pid is pid, reports[0].message_queue_len
        (True, 0)
        >>> logging.getLogger("prx_actors").removeFilter(keep)

    """

    pid: Pid
    """The process."""

    registered_name: str | None
    """Its name."""

    initial_call: str
    """What it ran; a function, or the class of an actor."""

    reason: object
    """Why it ends, as its `format_status` shows it; of an exception, the log record has the traceback too."""

    last_message: object
    """The message that it was handling, as its `format_status` shows it; none when it handled none."""

    message_queue_len: int
    """How many messages waited."""

    links: tuple[Pid, ...]
    """The processes that it takes along, unless they trap exits."""

    ancestors: tuple[Pid, ...]
    """The process that started it, the one that started that, and so on."""

    trap_exit: bool
    """Whether it trapped exits."""

    def __str__(self) -> str:
        lines = [f"  {field.name}: {safe_repr(getattr(self, field.name), _short.repr)}" for field in fields(self)[1:]]
        return "\n".join([f"Process {self.pid!r} crashed", *lines])


def is_silent(reason: object) -> bool:
    """Say whether a process that ends so has not crashed: normal, shutdown, `("shutdown", x)`."""
    if isinstance(reason, tuple) and len(reason) == 2:  # noqa: PLR2004 -- a pair
        return isinstance(reason[0], str) and reason[0] == "shutdown"
    return isinstance(reason, str) and reason in SILENT


def crash_status(process: Process, reason: object) -> dict[str, Any]:
    """Return what may be seen of a process that crashes, as its `format_status` has it.

    Args:
        process: which one
        reason: why it ends

    Returns:
        `message`, the state, `reason` and `log`; when `format_status` fails, each only says so

    """
    status = {
        "message": process._last_message(),
        **_safe_status(process),
        "reason": reason,
        "log": process._debug_log(),
    }
    try:
        return process._shown_status(status)
    except BaseException as error:  # noqa: BLE001 -- code of the user
        return dict.fromkeys(status, f"format_status failed: {type(error).__name__}")


def _safe_status(process: Process) -> dict[str, Any]:
    try:
        return process._raw_status()
    except BaseException as error:  # noqa: BLE001 -- code of the user
        return {"state": f"system_get_state failed: {type(error).__name__}"}


def report(process: Process, reason: object, status: dict[str, Any] | None = None) -> None:
    """Log that a process crashes, while it still runs.

    Args:
        process: which one
        reason: an exception, or any other exit reason; nothing is logged of a silent one
        status: what `crash_status` has returned, if it was asked already

    """
    if is_silent(reason):
        return
    if status is None:
        status = crash_status(process, reason)
    shown = status["reason"]
    crash = CrashReport(
        pid=process.actor_ref,
        registered_name=name_of(process),
        initial_call=process._initial_call(),
        reason=shown,
        last_message=status["message"],
        message_queue_len=len(process.actor_inbox),
        links=tuple(process._prx_links),
        ancestors=process._prx_ancestors,
        trap_exit=process._prx_trapping,
    )
    error = shown if isinstance(shown, BaseException) else None
    extra = {"report": crash, "pid": crash.pid, "reason": shown}
    logger.error("%s", crash, exc_info=error, extra=extra)


def name_of_function(function: Any) -> str:
    """Return the module and the name of a function, or of what is called as one."""
    name = getattr(function, "__qualname__", MISSING)
    if name is MISSING:
        return name_of_function(type(function))
    return f"{function.__module__}.{name}"
