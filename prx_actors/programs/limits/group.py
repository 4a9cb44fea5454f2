"""LimitGroup: the control groups that hold a program to its limits."""

from __future__ import annotations

import errno
import re
import threading
from contextlib import suppress
from itertools import chain
from typing import TYPE_CHECKING, Final

from prx_actors.programs.limits.place import make_group, remove_group
from prx_actors.programs.runtime_names import new_name
from prx_actors.system.cgroups import Cgroups
from prx_actors.system.exits import Stage, at_exit

if TYPE_CHECKING:
    from pathlib import Path

    from prx_actors.programs.limits.limits import Limits
    from prx_actors.system.hierarchies import Hierarchy
    from prx_actors.tasks.task import Task

__all__ = ["LimitGroup"]

EVENTS: Final = {1: "memory.oom_control", 2: "memory.events"}
"""Where the kernel counts whom it has killed, by version."""
OPTIONAL: Final = {"memory.memsw.limit_in_bytes", "memory.swap.max"}
"""They are missing where swapped memory is not counted."""
OOM_KILL: Final = re.compile(r"^oom_kill (\d+)$", re.MULTILINE)

_left: set[Path] = set()
"""Groups that were not empty when their programs had ended."""


class LimitGroup:
    """The control groups of one program, one in each hierarchy that its limits need.

    Args:
        limits: they are set at once

    Raises:
        OSError: `ENODEV`, there is no such controller; `EACCES`, `EPERM`,
            `EROFS`, `EBUSY`, no group may be made; `EINVAL`, the kernel does not
            take a limit

    """

    def __init__(self, limits: Limits) -> None:
        remove_left()
        self._lock = threading.Lock()
        self._folders: list[Path] = []
        self._events: Path | None = None
        self._oom_killed = False
        name = new_name()
        try:
            for hierarchy, controllers in _hierarchies(limits):
                self._add(hierarchy, controllers, limits, name)
        except BaseException:
            self.remove()
            raise

    def _add(self, hierarchy: Hierarchy, controllers: list[str], limits: Limits, name: str) -> None:
        folder = make_group(hierarchy, controllers, name)
        self._folders.append(folder)
        for file, value in chain.from_iterable(limits.files(one, hierarchy.version) for one in controllers):
            _write(folder / file, value)
        if "memory" in controllers:
            self._events = folder / EVENTS[hierarchy.version]

    def hold(self, task: Task) -> None:
        """Take a task in: it and what it starts is limited from here on, until nothing of it is left.

        Raises:
            OSError: the kernel refuses

        """
        task._process.group = self
        pid = task.host_pid
        if pid is not None:
            for folder in self._folders:
                with suppress(ProcessLookupError):  # whoever waits for it is told
                    (folder / "cgroup.procs").write_text(str(pid))

    def oom_killed(self) -> bool:
        """Say whether the out-of-memory killer has killed one of its processes."""
        with self._lock, suppress(OSError):
            if self._folders and self._events is not None:
                found = OOM_KILL.search(self._events.read_text())
                self._oom_killed = found is not None and found[1] != "0"
        return self._oom_killed

    def remove(self) -> None:
        """Remove the groups; those that are not empty later."""
        self.oom_killed()
        with self._lock:
            folders, self._folders = self._folders, []
        _left.update(folder for folder in folders if not remove_group(folder))


def _hierarchies(limits: Limits) -> list[tuple[Hierarchy, list[str]]]:
    """Return the hierarchies that have the controllers, with those."""
    wanted = set(limits.controllers)
    found = [(one, sorted(wanted.intersection(one.controllers))) for one in Cgroups().hierarchies()]
    missing = wanted.difference(*(controllers for _, controllers in found))
    if missing:
        message = f"no hierarchy of control groups has {', '.join(sorted(missing))}: cgroups(7)"
        raise OSError(errno.ENODEV, message)
    return [(one, controllers) for one, controllers in found if controllers]


def _write(file: Path, value: str) -> None:
    try:
        file.write_text(value)
    except FileNotFoundError:
        if file.name not in OPTIONAL:
            raise
    except OSError as error:
        raise OSError(error.errno, f"{error.strerror}: {value} for {file.name}", str(file.parent)) from None


def remove_left() -> None:
    """Try once more to remove the groups that were not empty."""
    for folder in list(_left):
        if remove_group(folder):
            _left.discard(folder)


at_exit(Stage.LEFTOVERS, remove_left)
