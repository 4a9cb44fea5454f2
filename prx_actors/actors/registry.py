"""Names for processes, as Erlang's `register` gives them.

An entry of the table is made and removed only under the lock of the process that
it names, so that a name and the life of its process cannot disagree: what is in
the table runs. No other lock is needed, since each step on the table is atomic.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pykka

from prx_actors.actors.pid import Pid
from prx_actors.actors.table import process_of

if TYPE_CHECKING:
    from prx_actors.actors.process import Process

__all__ = [
    "check_pid",
    "name_of",
    "pid_of",
    "register",
    "registered",
    "release_name",
    "reset_names",
    "unregister",
    "whereis",
    "wrong_address",
]

_pids: dict[str, Pid] = {}


def register(name: str, pid: Pid) -> None:
    """Give a process a name, under which it can be sent to and watched.

    The name is free again when the process ends, before anybody is told of that.

    Args:
        name: any string
        pid: the process

    Raises:
        ValueError: when the name is taken, when the process has a name, or when
            it has ended
        TypeError: when the name is not a string, or the pid is none

    Example:
        >>> from prx_actors.actors import current, receive, register, send, unregister
        >>> register("me", current())
        >>> send("me", "hello")
        >>> receive(str)
        'hello'
        >>> unregister("me")

    """
    if not isinstance(name, str):
        msg = f"a name is a string, not {name!r}"
        raise TypeError(msg)
    process = process_of(check_pid(pid))
    if process is None:
        raise _not_alive(pid)
    with process._prx_lock:
        if not process._prx_running:
            raise _not_alive(pid)
        if (other := name_of(process)) is not None:
            msg = f"{pid!r} is registered as {other!r}"
            raise ValueError(msg)
        # Noted first: an entry that nobody knew of would outlive the process.
        process._prx_name = name
        if (holder := _pids.setdefault(name, pid)) is not pid:
            msg = f"the name {name!r} is taken by {holder!r}"
            raise ValueError(msg)


def _not_alive(pid: Pid) -> ValueError:
    return ValueError(f"{pid!r} is not alive")


def unregister(name: str) -> None:
    """Take the name from a process.

    Args:
        name: what was given to `register`

    Raises:
        ValueError: when no process has that name

    Example:
        >>> from prx_actors.actors import current, register, unregister, whereis
        >>> register("me", current())
        >>> unregister("me")
        >>> whereis("me")

    """
    process = process_of(pid_of(name))
    if process is not None:
        with process._prx_lock:
            if process._prx_name == name:
                release_name(process)
                return
    raise _unknown(name)


def whereis(name: str) -> Pid | None:
    """Return the process that has a name.

    Args:
        name: what was given to `register`

    Returns:
        its pid, or None when there is none

    Example:
        >>> from prx_actors.actors import whereis
        >>> whereis("nobody") is None
        True

    """
    return _pids.get(name)


def registered() -> list[str]:
    """Return all names that are in use.

    Returns:
        the names, in the order in which they were given

    Example:
        >>> from prx_actors.actors import current, register, registered, unregister
        >>> register("me", current())
        >>> "me" in registered()
        True
        >>> unregister("me")

    """
    return list(_pids)


def pid_of(pid_or_name: Any) -> Pid:
    """Return the pid that is meant.

    Args:
        pid_or_name: a pid, which is returned, or a name

    Raises:
        ValueError: when no process has that name
        TypeError: when it is neither

    """
    if isinstance(pid_or_name, Pid):
        return pid_or_name
    if not isinstance(pid_or_name, str):
        raise wrong_address(pid_or_name)
    pid = _pids.get(pid_or_name)
    if pid is None:
        raise _unknown(pid_or_name)
    return pid


def check_pid(pid: Any) -> Pid:
    """Return a pid.

    Raises:
        TypeError: when it is none

    """
    if not isinstance(pid, Pid):
        raise wrong_address(pid)
    return pid


def wrong_address(value: object) -> TypeError:
    """Return the error of what is no process, and not its name either."""
    msg = f"expected a pid, or a name where one may stand for it, not {value!r}"
    if isinstance(value, pykka.ActorRef):
        msg += ": an actor of Pykka's own can only be sent to; make it a Process"
    return TypeError(msg)


def _unknown(name: object) -> ValueError:
    return ValueError(f"no process is registered as {name!r}")


def name_of(process: Process) -> str | None:
    """Return the name that a process has."""
    name = process._prx_name
    return name if name is not None and _pids.get(name) is process.actor_ref else None


def release_name(process: Process) -> None:
    """Free the name that a process has; called under its lock."""
    if (name := name_of(process)) is not None:
        _pids.pop(name, None)


def reset_names() -> None:
    """Forget all names, in the child of a fork."""
    _pids.clear()
