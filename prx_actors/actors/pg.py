"""Process groups, as in OTP's `pg`: processes that share a name.

A group is any hashable object; it exists while it has members. There are no
scopes: a tuple such as `(scope, group)` is a group too. One lock serialises all
changes, so that every monitor sees them in the same order.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from pykka._envelope import Envelope

from prx_actors.actors.messages import MonitorRef
from prx_actors.actors.pid import Pid
from prx_actors.actors.registry import check_pid
from prx_actors.actors.table import process_of
from prx_actors.actors.threads import current_process

if TYPE_CHECKING:
    from collections.abc import Hashable

    from prx_actors.actors.process import Process

__all__ = [
    "Join",
    "Leave",
    "demonitor",
    "get_members",
    "join",
    "leave",
    "monitor",
    "monitor_scope",
    "which_groups",
]


@dataclass(frozen=True, slots=True)
class Join:
    """Processes have joined a group that is monitored.

    Example:
        >>> from prx_actors.actors import MonitorRef, pg
        >>> pg.Join(MonitorRef(), "workers", ()).group
        'workers'

    """

    ref: MonitorRef
    """What `pg.monitor` returned."""

    group: Hashable
    """The group."""

    pids: tuple[Pid, ...]
    """Who has joined, once for each time."""


@dataclass(frozen=True, slots=True)
class Leave:
    """Processes have left a group that is monitored, by `leave` or by their end.

    Example:
        >>> from prx_actors.actors import MonitorRef, pg
        >>> pg.Leave(MonitorRef(), "workers", ()).pids
        ()

    """

    ref: MonitorRef
    """What `pg.monitor` returned."""

    group: Hashable
    """The group."""

    pids: tuple[Pid, ...]
    """Who has left, once for each time."""


EVERY_GROUP: Final = object()


class _Groups:
    """Who is in which group, and who wants to know.

    An interrupt may cut a change short anywhere: each is a single store, and what the death of a process will look
    at is stored first, and taken back last.
    """

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Begin anew, as in the child of a fork."""
        self.lock = threading.RLock()
        self.members: dict[Hashable, Counter[Pid]] = {}
        self.joined: dict[Pid, Counter[Hashable]] = {}
        self.monitors: dict[Hashable, dict[MonitorRef, Process]] = {}
        self.monitored: dict[MonitorRef, Hashable] = {}

    def join(self, group: Hashable, pid: Pid) -> bool:
        """Enter one member, which must be alive."""
        process = process_of(pid)
        if process is None or not process._when_dead(self, partial(self.remove, pid)):
            return False
        _increment(self.joined, pid, group)
        _increment(self.members, group, pid)
        return True

    def leave(self, group: Hashable, pid: Pid) -> bool:
        """Remove one membership."""
        if not self.members.get(group, Counter())[pid]:
            return False
        _decrement(self.members, group, pid)
        _decrement(self.joined, pid, group)
        return True

    def remove(self, pid: Pid) -> None:
        """Remove a process that has died from all groups."""
        with self.lock:
            for group in list(self.joined.get(pid, ())):
                self._remove_from(group, pid)
            self.joined.pop(pid, None)

    def _remove_from(self, group: Hashable, pid: Pid) -> None:
        for _ in range(self.members.get(group, Counter())[pid]):
            # In this order: who is told twice, after an interrupt, knows as much as who is told once.
            self.notify(Leave, group, (pid,))
            self.leave(group, pid)

    def notify(self, kind: type[Join | Leave], group: Hashable, pids: tuple[Pid, ...]) -> None:
        """Tell who monitors this group, or all of them."""
        if pids:
            for monitored in (EVERY_GROUP, group):
                for ref, process in list(self.monitors.get(monitored, {}).items()):
                    process.actor_inbox.offer(Envelope(kind(ref, group, pids)))

    def monitor(self, group: Hashable, process: Process) -> MonitorRef:
        """Tell a process of changes from now on, while it lives."""
        ref = MonitorRef()
        if process._when_dead(ref, partial(self.demonitor, ref)):
            self.monitored[ref] = group
            refs = self.monitors.get(group, {})
            refs[ref] = process
            self.monitors[group] = refs
        return ref

    def demonitor(self, ref: MonitorRef) -> bool:
        """Undo `monitor`; say whether it was in force."""
        with self.lock:
            if ref not in self.monitored:
                return False
            self._demonitor(self.monitored[ref], ref)
            del self.monitored[ref]
            return True

    def _demonitor(self, group: Hashable, ref: MonitorRef) -> None:
        refs = self.monitors.get(group, {})
        if refs.keys() == {ref}:
            del self.monitors[group]
        else:
            refs.pop(ref, None)


def _increment(table: dict[Any, Counter[Any]], key: Hashable, counted: Hashable) -> None:
    counter = table.get(key, Counter())
    counter[counted] = counter.get(counted, 0) + 1
    table[key] = counter


def _decrement(table: dict[Any, Counter[Any]], key: Hashable, counted: Hashable) -> None:
    counter = table[key]
    if counter[counted] > 1:
        counter[counted] -= 1
    elif len(counter) > 1:
        del counter[counted]
    else:
        del table[key]


groups: Final = _Groups()


def join(group: Hashable, pids: Pid | Iterable[Pid]) -> None:
    """Make processes members of a group.

    A process may join several times, and is a member until it has left as
    often. It leaves by itself when it ends, before anybody is told of that. The
    dead do not join.

    Args:
        group: any hashable object
        pids: a process, or several, the same one also more than once

    Example:
        >>> from prx_actors.actors import current, pg
        >>> pg.join("workers", current())
        >>> pg.get_members("workers") == [current()]
        True
        >>> pg.leave("workers", current())
        True

    """
    with groups.lock:
        joined = tuple(pid for pid in _several(pids) if groups.join(group, pid))
        groups.notify(Join, group, joined)


def leave(group: Hashable, pids: Pid | Iterable[Pid]) -> bool:
    """Undo one `join` of each process.

    Args:
        group: the group
        pids: a process, or several, the same one also more than once

    Returns:
        False when none of them was a member

    Example:
        >>> from prx_actors.actors import current, pg
        >>> pg.leave("nothing", current())
        False

    """
    with groups.lock:
        left = tuple(pid for pid in _several(pids) if groups.leave(group, pid))
        groups.notify(Leave, group, left)
    return bool(left)


def get_members(group: Hashable) -> list[Pid]:
    """Return the members of a group.

    Args:
        group: the group

    Returns:
        the pids, each one as often as it has joined

    Example:
        >>> from prx_actors.actors import pg
        >>> pg.get_members("nobody")
        []

    """
    with groups.lock:
        return list(groups.members.get(group, Counter()).elements())


def which_groups() -> list[Hashable]:
    """Return all groups.

    Returns:
        those that have members

    Example:
        >>> from prx_actors.actors import current, pg
        >>> pg.join("workers", current())
        >>> "workers" in pg.which_groups()
        True
        >>> pg.leave("workers", current())
        True

    """
    with groups.lock:
        return list(groups.members)


def monitor(group: Hashable) -> tuple[MonitorRef, list[Pid]]:
    """Have the caller get a `Join` or a `Leave` at each change of a group.

    Args:
        group: the group, which may be empty

    Returns:
        what the messages carry as `ref`, and the members at this moment

    Raises:
        ProcessExit: when the calling process has been ended

    Example:
        >>> from prx_actors.actors import current, pg, receive
        >>> ref, members = pg.monitor("workers")
        >>> pg.join("workers", current())
        >>> receive(pg.Join, ref=ref).pids == (current(),)
        True
        >>> pg.demonitor(ref), pg.leave("workers", current())
        (True, True)

    """
    process = current_process()
    with groups.lock:
        return groups.monitor(group, process), get_members(group)


def monitor_scope() -> tuple[MonitorRef, dict[Hashable, list[Pid]]]:
    """Have the caller get a `Join` or a `Leave` at each change of any group.

    Returns:
        what the messages carry as `ref`, and the members of all groups

    Raises:
        ProcessExit: when the calling process has been ended

    Example:
        >>> from prx_actors.actors import current, pg, receive
        >>> ref, members = pg.monitor_scope()
        >>> pg.join("any", current())
        >>> receive(pg.Join, ref=ref).group
        'any'
        >>> pg.demonitor(ref), pg.leave("any", current())
        (True, True)

    """
    process = current_process()
    with groups.lock:
        return groups.monitor(EVERY_GROUP, process), {group: get_members(group) for group in groups.members}


def demonitor(ref: MonitorRef) -> bool:
    """Stop a monitor of groups; what it has sent leaves the caller's mailbox.

    Args:
        ref: what `monitor` or `monitor_scope` returned

    Returns:
        False when it was not in force

    Raises:
        ProcessExit: when the calling process has been ended

    Example:
        >>> from prx_actors.actors import MonitorRef, pg
        >>> pg.demonitor(MonitorRef())
        False

    """
    process = current_process()
    if not groups.demonitor(ref):
        return False
    process._forget_when_dead(ref)
    process._flush(Join, Leave, ref=ref)
    return True


def _several(pids: Pid | Iterable[Pid]) -> Iterable[Pid]:
    if isinstance(pids, Pid) or not isinstance(pids, Iterable):
        pids = (pids,)
    return [check_pid(pid) for pid in pids]
