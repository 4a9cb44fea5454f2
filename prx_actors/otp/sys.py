"""Look into and steer a running behaviour, or any other actor, as OTP's `sys`.

All functions work on a suspended process too, and none waits for its callbacks
but the one under way.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from prx_actors.actors.exceptions import ProcessExit
from prx_actors.actors.inspection import SystemRequest
from prx_actors.actors.messages import MonitorRef
from prx_actors.otp.calls import From, reply, request_reply
from prx_actors.otp.debug import Debug, Statistics
from prx_actors.system.reporting import safe_repr

if TYPE_CHECKING:
    from collections.abc import Callable

    from prx_actors.actors.pid import Pid
    from prx_actors.actors.process import Process


__all__ = [
    "CallbackError",
    "Statistics",
    "Status",
    "get_log",
    "get_state",
    "get_status",
    "install",
    "log",
    "remove",
    "replace_state",
    "resume",
    "statistics",
    "suspend",
    "terminate",
    "trace",
]


class CallbackError(Exception):
    """A callback for `sys` failed; the process goes on with what it had.

    The cause is what the callback raised.
    """


@dataclass(frozen=True, slots=True)
class Status:
    """What `get_status` returns."""

    pid: Pid
    module: type[Process]
    state: str
    """`"running"` or `"suspended"`."""
    parent: Pid | None
    log: Any
    """The events that `log` keeps, unless `format_status` has them replaced."""
    data: dict[str, Any] = field(default_factory=dict)
    """What `format_status` lets through."""


@dataclass(frozen=True, slots=True)
class _Request(SystemRequest):
    """A request that has a reply."""

    handle: Callable[[Process], object]
    sender: From

    def obey(self, process: Process) -> None:
        """Handle it, in the process."""
        try:
            answer = self.handle(process)
        except _Terminate:
            reply(self.sender, None)
            raise
        except BaseException as error:  # noqa: BLE001 -- code of the user; to exit is to fail, too
            answer = _Failed(error)
        reply(self.sender, answer)


def get_state(target: Pid | str, timeout: float | None = 5.0) -> Any:
    """Return the state of a process.

    Args:
        target: a pid or a registered name
        timeout: seconds to wait; None waits for ever

    Returns:
        of a `GenServer` a dict of its attributes

    Raises:
        CallError: when the process is not there or ends
        TimeoutError: when it does not answer in time
        CallbackError: when its `system_get_state` fails

    Example:
        >>> from prx_actors.otp import GenServer, sys
        >>> class Counter(GenServer):
        ...     def init(self):
        ...         self.count = 0
        >>> counter = Counter.start()
        >>> sys.get_state(counter)
        {'count': 0}
        >>> GenServer.stop(counter)

    """
    return _request(target, _get_state, timeout)


def replace_state(target: Pid | str, function: Callable[[Any], Any], timeout: float | None = 5.0) -> Any:
    """Replace the state of a process.

    Args:
        target: a pid or a registered name
        function: gets the state, returns the new one
        timeout: seconds to wait; None waits for ever

    Returns:
        the new state

    Raises:
        CallError: when the process is not there or ends
        TimeoutError: when it does not answer in time
        CallbackError: when the function fails, exits or returns no state; the state is as before

    Example:
        >>> from prx_actors.otp import GenServer, sys
        >>> class Counter(GenServer):
        ...     def init(self):
        ...         self.count = 0
        >>> counter = Counter.start()
        >>> sys.replace_state(counter, lambda state: {"count": state["count"] + 1})
        {'count': 1}
        >>> GenServer.stop(counter)

    """
    return _request(target, partial(_replace_state, function), timeout)


def suspend(target: Pid | str, timeout: float | None = 5.0) -> None:
    """Have a process handle system messages only, and exits of its parent.

    A suspended process holds a thread.

    Args:
        target: a pid or a registered name
        timeout: seconds to wait; None waits for ever

    Raises:
        CallError: when the process is not there or ends
        TimeoutError: when it does not answer in time

    """
    _request(target, partial(_set_suspended, True), timeout)


def resume(target: Pid | str, timeout: float | None = 5.0) -> None:
    """Let a suspended process go on with the messages that wait.

    Args:
        target: a pid or a registered name
        timeout: seconds to wait; None waits for ever

    Raises:
        CallError: when the process is not there or ends
        TimeoutError: when it does not answer in time

    """
    _request(target, partial(_set_suspended, False), timeout)


def get_status(target: Pid | str, timeout: float | None = 5.0) -> Status:
    """Return what a process is and does.

    Args:
        target: a pid or a registered name
        timeout: seconds to wait; None waits for ever

    Returns:
        its status; `format_status` decides what is in `data`

    Raises:
        CallError: when the process is not there or ends
        TimeoutError: when it does not answer in time
        CallbackError: when its `format_status` fails

    """
    return _request(target, _get_status, timeout)  # type: ignore[no-any-return]


def terminate(target: Pid | str, reason: object, timeout: float | None = 5.0) -> None:
    """Have a process end with this reason; returns when it has begun to.

    Args:
        target: a pid or a registered name
        reason: the exit reason
        timeout: seconds to wait; None waits for ever

    Raises:
        CallError: when the process is not there or ends
        TimeoutError: when it does not answer in time

    """
    _request(target, partial(_terminate, reason), timeout)


def statistics(target: Pid | str, flag: bool | None = None, timeout: float | None = 5.0) -> Statistics | None:
    """Count the messages of a process, or return what was counted.

    Args:
        target: a pid or a registered name
        flag: True begins anew, False stops, None returns the statistics
        timeout: seconds to wait; None waits for ever

    Returns:
        the statistics, None when they are off or were switched

    Raises:
        CallError: when the process is not there or ends
        TimeoutError: when it does not answer in time

    """
    return _request(target, partial(_statistics, flag), timeout)  # type: ignore[no-any-return]


def trace(target: Pid | str, flag: bool, timeout: float | None = 5.0) -> None:
    """Write each event of a process to the logger `prx_actors.trace`, as INFO.

    Args:
        target: a pid or a registered name
        flag: whether to
        timeout: seconds to wait; None waits for ever

    Raises:
        CallError: when the process is not there or ends
        TimeoutError: when it does not answer in time

    """
    _request(target, lambda process: setattr(_debug(process), "trace", flag), timeout)


def log(target: Pid | str, size: int, timeout: float | None = 5.0) -> None:
    """Keep the last events of a process.

    Args:
        target: a pid or a registered name
        size: how many; 0 keeps none
        timeout: seconds to wait; None waits for ever

    Raises:
        CallError: when the process is not there or ends
        TimeoutError: when it does not answer in time

    """
    _request(target, lambda process: _debug(process).set_log(size), timeout)


def get_log(target: Pid | str, timeout: float | None = 5.0) -> list[tuple[object, ...]]:
    """Return the events that `log` keeps, the oldest first.

    Args:
        target: a pid or a registered name
        timeout: seconds to wait; None waits for ever

    Returns:
        each is a tuple, such as `("in", message)`, `("out", reply, sender)`,
        `("continue", argument)` or `("terminate", reason)`; of a state machine also
        `("consume", event, old_state, state)`, `("postpone", ...)` and `("enter", state)`

    Raises:
        CallError: when the process is not there or ends
        TimeoutError: when it does not answer in time

    """
    return _request(target, lambda process: list(_debug(process).log or ()), timeout)  # type: ignore[no-any-return]


def install(
    target: Pid | str, key: object, function: Callable[[Pid, tuple[object, ...]], Any], timeout: float | None = 5.0
) -> None:
    """Have a function called, in the process, with each of its events.

    Args:
        target: a pid or a registered name
        key: what `remove` takes
        function: gets the pid and the event; it is removed when it returns `"done"` or fails
        timeout: seconds to wait; None waits for ever

    Raises:
        CallError: when the process is not there or ends
        TimeoutError: when it does not answer in time

    """
    _request(target, lambda process: _debug(process).functions.update({key: function}), timeout)


def remove(target: Pid | str, key: object, timeout: float | None = 5.0) -> None:
    """Undo `install`.

    Args:
        target: a pid or a registered name
        key: what `install` got
        timeout: seconds to wait; None waits for ever

    Raises:
        CallError: when the process is not there or ends
        TimeoutError: when it does not answer in time

    """
    _request(target, lambda process: _debug(process).functions.pop(key, None), timeout)


# In the process.


class _Failed:
    """Carries what a callback raised to who asked for it."""

    def __init__(self, error: BaseException) -> None:
        self.error = error


def _request(target: Pid | str, handle: Callable[[Process], object], timeout: float | None) -> Any:
    answer = request_reply(target, partial(_Request, handle), timeout)
    if isinstance(answer, _Failed):
        msg = f"a callback of {target!r} failed: {safe_repr(answer.error)}"
        raise CallbackError(msg) from answer.error
    return answer


def _get_state(process: Process) -> object:
    return process.system_get_state()


def _replace_state(function: Callable[[Any], Any], process: Process) -> object:
    return process.system_replace_state(function)


def _set_suspended(suspended: bool, process: Process) -> None:
    process._prx_suspended = suspended


def _get_status(process: Process) -> Status:
    data = process._shown_status({**process._raw_status(), "log": process._debug_log()})
    return Status(
        process.actor_ref,
        type(process),
        "suspended" if process._prx_suspended else "running",
        process._prx_parent,
        data.pop("log"),
        data,
    )


class _Terminate(ProcessExit):
    """Ends the process as it was asked to."""


def _terminate(reason: object, _process: Process) -> None:
    raise _Terminate(reason)


def termination(reason: object) -> SystemRequest:
    """Return what has a process end; nobody gets a reply."""
    return _Request(partial(_terminate, reason), From(None, MonitorRef()))


def _statistics(flag: bool | None, process: Process) -> Statistics | None:
    debug = _debug(process)
    if flag is None:
        return debug.statistics()
    debug.set_statistics(on=flag)
    return None


def _debug(process: Process) -> Debug:
    debug: Debug | None = process._prx_debug
    if debug is None:
        debug = process._prx_debug = Debug()
    return debug
