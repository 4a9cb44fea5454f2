"""Call filters: what a caller may write, and what the runtime knows of a task's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from prx_actors.driver.protocol import CALLS

__all__ = ["Calls", "Filter", "refused"]

Calls = Iterable[str] | Mapping[str, Iterable[str]]
"""Names of calls to deny, or `{"deny": names}`, or `{"allow": names}`, which denies all others."""

OF_THE_RUNTIME = frozenset({"cpid"})
"""Calls that the driver makes in Erlang prx, and the runtime here."""

ELSEWHERE = frozenset(
    {"alloc", "errno_id", "iolist_to_bin"}
    | {"cap_enter", "cap_fcntls_get", "cap_fcntls_limit", "cap_getmode", "cap_ioctls_limit", "cap_rights_limit"}
    | {"jail", "jail_attach", "jail_remove", "pledge", "procctl", "unveil"}
    | {f"{family}_constant" for family in ("cap", "clone", "fcntl", "file", "ioctl", "mount", "prctl")}
    | {f"{family}_constant" for family in ("ptrace", "rlimit", "seccomp", "signal", "socket", "syscall")}
)
"""Calls of Erlang prx that reach no driver on this system, or change nothing: there is nothing to refuse."""

ALIASES = {"getcpid": "cpid", "replace_process_image": "reexec"}
"""Calls that are made of another one."""

MADE_OF = dict.fromkeys(("clone", "execve", "execvp", "fexecve", "fork", "reexec"), ("cpid",))
"""What a call needs that is allowed: these look whether the task has children, or make one."""


class Filter:
    """The names of the calls that a driver refuses: it enforces it, this says why.

    Args:
        refused: what it starts with

    """

    __slots__ = ("_refused",)

    def __init__(self, refused: frozenset[str] = frozenset()) -> None:
        self._refused = refused

    def refuses(self, name: str) -> bool:
        """Say whether a call is refused."""
        return ALIASES.get(name, name) in self._refused

    def add(self, names: frozenset[str]) -> None:
        """Refuse more; nothing is ever taken away."""
        self._refused |= names

    def copy(self) -> Filter:
        """Return what a fork starts with."""
        return Filter(self._refused)


def refused(calls: Calls) -> frozenset[str]:
    """Return the names that a filter refuses.

    Raises:
        TypeError: it is neither a list of names nor one in a mapping
        ValueError: there is no such call; the mapping has another key

    """
    if not isinstance(calls, Mapping):
        return _names(calls)
    if set(calls) == {"deny"}:
        return _names(calls["deny"])
    if set(calls) == {"allow"}:
        allowed = _names(calls["allow"])
        implied = {part for name in allowed for part in MADE_OF.get(name, ())}
        return (frozenset(CALLS) | OF_THE_RUNTIME) - allowed - implied
    msg = f'expected {{"allow": names}} or {{"deny": names}}, not {calls!r}'
    raise ValueError(msg)


def _names(calls: Iterable[str]) -> frozenset[str]:
    if isinstance(calls, (str, bytes)):
        msg = f"expected a list of names, not {calls!r}"
        raise TypeError(msg)
    return frozenset(_name(call) for call in calls)


def _name(call: object) -> str:
    if not isinstance(call, str):
        msg = f"the name of a call is a str, not {call!r}"
        raise TypeError(msg)
    name = ALIASES.get(call, call)
    if name not in CALLS and name not in OF_THE_RUNTIME and name not in ELSEWHERE and call not in ALIASES:
        msg = f"no call {call!r}"
        raise ValueError(msg)
    return name
