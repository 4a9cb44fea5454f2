"""What is known of a process."""

from __future__ import annotations

import sys
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Final, overload

from prx_actors.actors.registry import check_pid, name_of
from prx_actors.actors.table import process_of

if TYPE_CHECKING:
    from types import FrameType

    from prx_actors.actors.pid import Pid
    from prx_actors.actors.process import Process

__all__ = ["ProcessInfo", "process_info"]


@dataclass(frozen=True, slots=True)
class ProcessInfo:
    """A process at one moment, with OTP's names.

    Example:
        >>> from prx_actors.actors import current, process_info
        >>> process_info(current()).status
        'running'

    """

    registered_name: str | None
    """The name given by `register`."""

    status: str
    """`running`, `runnable` (it waits for a thread), `waiting` (for a message) or `exiting`."""

    message_queue_len: int
    """How many messages wait."""

    links: tuple[Pid, ...]
    """The processes that it is linked to."""

    monitors: tuple[Pid | str, ...]
    """What it monitors, once for each monitor; a name when it is monitored by name."""

    monitored_by: tuple[Pid, ...]
    """Who monitors it, once for each monitor."""

    trap_exit: bool
    """Whether it traps exits."""

    parent: Pid | None
    """The process that started it; none when plain code did."""

    ancestors: tuple[Pid, ...]
    """Its parent, the parent of that, and so on; the nearest 32."""

    current_function: str | None
    """The function that it is in; none while it holds no thread."""

    initial_call: str
    """What it runs; a function, the class of an actor, or the name of a plain thread."""


ITEMS: Final = tuple(field.name for field in fields(ProcessInfo))


@overload
def process_info(pid: Pid) -> ProcessInfo | None: ...
@overload
def process_info(pid: Pid, item: str) -> Any: ...
def process_info(pid: Pid, item: str | None = None) -> Any:
    """Look at a process.

    What is returned was so a moment ago: a process that runs goes on meanwhile.

    Args:
        pid: the process
        item: the name of one field of `ProcessInfo`, when the rest is of no interest

    Returns:
        a `ProcessInfo` or, with an item, its value; None when the process has
        ended. One whose end is not complete has the status `exiting`.

    Raises:
        ValueError: when there is no such item
        TypeError: when it is no pid

    Example:
        >>> from prx_actors.actors import current, process_info, register, unregister
        >>> register("me", current())
        >>> process_info(current(), "registered_name")
        'me'
        >>> unregister("me")

    """
    if item is not None and item not in ITEMS:
        msg = f"{item!r} is none of {', '.join(ITEMS)}"
        raise ValueError(msg)
    process = process_of(check_pid(pid))
    if process is None:
        return None
    info = _look_at(process)
    return info if item is None else getattr(info, item)


def _look_at(process: Process) -> ProcessInfo:
    frame = _frame_of(process)
    with process._prx_lock:
        return ProcessInfo(
            registered_name=name_of(process),
            status=_status_of(process),
            message_queue_len=len(process.actor_inbox),
            links=tuple(process._prx_links),
            monitors=tuple(watched for ref, pid in process._prx_monitors.items() if (watched := ref.name or pid)),
            monitored_by=tuple(process._prx_watchers.values()),
            trap_exit=process._prx_trapping,
            parent=process._prx_parent,
            ancestors=process._prx_ancestors,
            current_function=None if frame is None else f"{frame.f_globals['__name__']}.{frame.f_code.co_qualname}",
            initial_call=process._initial_call(),
        )


def _status_of(process: Process) -> str:
    if not process._prx_running:
        return "exiting"
    if process.actor_inbox.blocked:
        return "waiting"
    if process._holds_thread():
        return "running"
    return "runnable" if process.actor_inbox.scheduled else "waiting"


def _frame_of(process: Process) -> FrameType | None:
    """Return the innermost frame of the process that is not of these modules."""
    if not process._holds_thread() or process._prx_thread_id is None:
        return None
    frame = sys._current_frames().get(process._prx_thread_id)
    while frame is not None and _is_ours(frame):
        frame = frame.f_back
    return frame


def _is_ours(frame: FrameType) -> bool:
    return str(frame.f_globals.get("__name__", "")).startswith("prx_actors.actors.")
