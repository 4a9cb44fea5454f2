"""Control groups of both versions, in this program or in any task: cgroups(7).

In a hybrid layout the controllers are spread over hierarchies of version 1, with a tree of version 2 beside them. A
group here is a name that may stand in several hierarchies.
"""

from __future__ import annotations

import errno
import os
import time
from typing import TYPE_CHECKING

from prx_actors.system.files import LocalFiles, read_file, write_file
from prx_actors.system.hierarchies import V2, hierarchies, own_groups

if TYPE_CHECKING:
    from collections.abc import Iterable

    from prx_actors.system.files import Files
    from prx_actors.system.hierarchies import Hierarchy

__all__ = ["Cgroups"]

PAUSE = 0.01


class Cgroups:
    """The groups that a program or a task can see.

    Names are relative to where a hierarchy is mounted, as `jobs/17`.

    Args:
        files: a task in call state; this program, if it is not given

    Example:
        >>> from prx_actors.system.cgroups import Cgroups
        >>> groups = Cgroups()
        >>> isinstance(groups.supported(), bool)
        True

    """

    def __init__(self, files: Files | None = None) -> None:
        self._files: Files = files or LocalFiles()

    def hierarchies(self) -> list[Hierarchy]:
        """Return the hierarchies that are mounted, each once.

        Raises:
            OSError: /proc cannot be read

        """
        return hierarchies(self._files)

    def supported(self) -> bool:
        """Say whether a hierarchy is mounted and can be read."""
        try:
            return bool(self.hierarchies())
        except OSError:
            return False

    def own(self) -> dict[str, str]:
        """Return the group that the program or the task is in.

        Returns:
            its name by controller, empty for the root that is mounted; without
            the controllers whose group is not below what is mounted

        Raises:
            OSError: /proc cannot be read

        """
        return own_groups(self._files)

    def create(self, name: str, controllers: Iterable[str] | None = None) -> None:
        """Make a group, and those above it. One that is there already is fine; what fails leaves nothing new.

        In version 2, the controllers are turned on for it in every group above. A new group of cpuset in version 1
        may use what the one above it may, because no process could join it otherwise.

        Args:
            name: as `jobs/17`
            controllers: in the hierarchies that have these; if none are given
                in all that are no service manager's own, with nothing turned on

        Raises:
            OSError: `ENODEV`, no hierarchy has the controller; `EACCES`,
                `EPERM`, `EROFS`, `ENOSPC`; in version 2, `EBUSY` while a
                process is in a group above
            ValueError: the name is empty, or is no relative path without `..`; no
                controllers are listed

        """
        parts = _parts(name)
        wanted = None if controllers is None else _listed(controllers)
        made: list[str] = []
        try:
            for hierarchy in self._choose(wanted):
                self._create_in(hierarchy, parts, wanted or [], made)
        except BaseException:
            for path in reversed(made):
                self._files.rmdir(path)
            raise

    def _create_in(self, hierarchy: Hierarchy, parts: list[str], wanted: list[str], made: list[str]) -> None:
        above = hierarchy.path
        for part in parts:
            if hierarchy.version == 2:  # noqa: PLR2004
                self._turn_on(above, [name for name in wanted if name in hierarchy.controllers[1:]])
            path = f"{above}/{part}"
            if self._make(path):
                made.append(path)
                if "cpuset" in hierarchy.controllers and hierarchy.version == 1:
                    self._inherit_cpuset(above, path)
            above = path

    def _make(self, path: str) -> bool:
        try:
            self._files.mkdir(path, 0o755)
        except FileExistsError:
            # A file of a group's own is not a group.
            self._files.readdir(path)
            return False
        return True

    def _turn_on(self, path: str, controllers: list[str]) -> None:
        file = f"{path}/cgroup.subtree_control"
        missing = set(controllers) - set(self._text(file).split()) if controllers else set()
        if missing:
            self._write(file, " ".join(f"+{name}" for name in sorted(missing)).encode())

    def _inherit_cpuset(self, above: str, path: str) -> None:
        for file in ("cpuset.cpus", "cpuset.mems"):
            if not self._read(f"{path}/{file}").strip():
                self._write(f"{path}/{file}", self._read(f"{above}/{file}"))

    def destroy(self, name: str, timeout: float = 5.0) -> None:
        """Remove a group in every hierarchy, once it is empty. One that is not there is fine.

        Groups below it are not removed. Those above it stay.

        Args:
            name: as `jobs/17`
            timeout: seconds to wait for its processes to end; 0 for none

        Raises:
            OSError: `EBUSY`, processes or groups are still in it; `EACCES`,
                `EPERM`, `EROFS`
            ValueError: the name is empty, or is no relative path without `..`

        """
        path = "/".join(_parts(name))
        deadline = time.monotonic() + timeout
        for hierarchy in self.hierarchies():
            self._remove(f"{hierarchy.path}/{path}", deadline)

    def _remove(self, path: str, deadline: float) -> None:
        # Version 1 tells nobody when a group becomes empty, so the removal is tried again.
        while True:
            try:
                return self._files.rmdir(path)
            except FileNotFoundError:
                return None
            except OSError as error:
                if error.errno != errno.EBUSY or time.monotonic() >= deadline:
                    raise
            time.sleep(PAUSE)

    def get(self, controller: str, name: str, key: str) -> bytes:
        """Read a file of a group.

        Args:
            controller: any name of the hierarchy: a controller, or `cgroup2`
            name: the group, as `jobs/17`; `""` for the root that is mounted
            key: the file, as `memory.max`

        Returns:
            what is in it

        Raises:
            OSError: `ENODEV`, no hierarchy has the controller; `ENOENT`, there
                is no such group or file; `EACCES`
            ValueError: the name is no relative path without `..`, or the key no
                name of a file

        """
        return self._read(self._path(controller, name, key))

    def set(self, controller: str, name: str, key: str, value: str | bytes | int) -> None:
        """Write a file of a group.

        Args:
            controller: any name of the hierarchy: a controller, or `cgroup2`
            name: the group, as `jobs/17`; `""` for the root that is mounted
            key: the file, as `memory.max`
            value: as the kernel wants it; an int as a decimal number

        Raises:
            OSError: as `get`, and `EINVAL`, `EBUSY`, `ERANGE`, `EROFS`
            ValueError: as `get`

        """
        data = value if isinstance(value, bytes) else str(value).encode()
        self._write(self._path(controller, name, key), data)

    def join(self, name: str, pid: int = 0, controllers: Iterable[str] | None = None) -> None:
        """Move a process into a group. What it starts from then on is in it, too.

        Args:
            name: the group, as `jobs/17`; `""` for the root that is mounted
            pid: the process, as the one who writes sees it; 0 for itself: this
                program, or the task
            controllers: in the hierarchies that have these; in all that have
                the group, if none are given

        Raises:
            OSError: `ENOENT`, there is no such group; `ENODEV`, no hierarchy
                has the controller; `ESRCH`, no such process; `EACCES`, `EPERM`,
                `EAGAIN`; `EBUSY` in version 2, where controllers are turned on
                for groups below it
            ValueError: the name is no relative path without `..`, or the pid is
                below 0

        """
        if pid < 0:
            msg = f"no process: {pid}"
            raise ValueError(msg)
        path = _relative(name)
        for hierarchy in self._having(name, controllers):
            self._write(f"{hierarchy.path}{path}/cgroup.procs", str(pid).encode())

    def processes(self, name: str) -> list[int]:
        """Return the pids in a group, in any hierarchy, as the one who reads sees them; 0 for one out of sight.

        Raises:
            OSError: `ENOENT`, there is no such group; `EACCES`
            ValueError: the name is no relative path without `..`

        """
        path = _relative(name)
        files = [f"{hierarchy.path}{path}/cgroup.procs" for hierarchy in self._having(name, None)]
        return sorted({int(pid) for file in files for pid in self._text(file).split()})

    def kill(self, name: str) -> None:
        """Kill all processes in a group and below it at once, where the kernel does that: `cgroup.kill` of version 2.

        Raises:
            OSError: `ENOENT`, there is no such group in a hierarchy of version
                2, or the kernel is older than 5.14; `ENODEV`, there is no such
                hierarchy; `EACCES`
            ValueError: the name is empty, or is no relative path without `..`

        """
        _parts(name)
        self.set(V2, name, "cgroup.kill", 1)

    def _choose(self, controllers: list[str] | None) -> list[Hierarchy]:
        """Return the hierarchies that have the controllers."""
        all_there_are = self.hierarchies()
        if controllers is None:
            return [hierarchy for hierarchy in all_there_are if not hierarchy.named]
        known = {name for hierarchy in all_there_are for name in hierarchy.controllers}
        for name in controllers:
            if name not in known:
                raise OSError(errno.ENODEV, f"{os.strerror(errno.ENODEV)}: no hierarchy has the controller", name)
        return [hierarchy for hierarchy in all_there_are if not set(hierarchy.controllers).isdisjoint(controllers)]

    def _having(self, name: str, controllers: Iterable[str] | None) -> list[Hierarchy]:
        """Return the hierarchies that have the group."""
        if controllers is not None:
            return self._choose(_listed(controllers))
        path = _relative(name)
        found = [hierarchy for hierarchy in self.hierarchies() if self._is_there(hierarchy.path + path)]
        if not found:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), name)
        return found

    def _is_there(self, path: str) -> bool:
        try:
            self._files.readdir(path)
        except FileNotFoundError:
            return False
        return True

    def _path(self, controller: str, name: str, key: str) -> str:
        if len(_parts(key)) != 1:
            msg = f"no name of a file: {key!r}"
            raise ValueError(msg)
        relative = _relative(name)
        return f"{self._choose([controller])[0].path}{relative}/{key}"

    def _text(self, path: str) -> str:
        return os.fsdecode(self._read(path))

    def _read(self, path: str) -> bytes:
        return read_file(self._files, path)

    def _write(self, path: str, data: bytes) -> None:
        write_file(self._files, path, data)


def _listed(controllers: Iterable[str]) -> list[str]:
    if isinstance(controllers, str):
        msg = f"expected controllers, not {controllers!r}"
        raise TypeError(msg)
    listed = list(controllers)
    if not listed:
        msg = "no controllers: without a list all hierarchies are meant"
        raise ValueError(msg)
    return listed


def _relative(name: str) -> str:
    """Return what is appended to where a hierarchy is mounted."""
    return f"/{'/'.join(_parts(name))}" if name else ""


def _parts(name: str) -> list[str]:
    parts = name.split("/")
    if any(part in {"", ".", ".."} or "\0" in part or "\n" in part for part in parts):
        msg = f"no relative path without '..': {name!r}"
        raise ValueError(msg)
    return parts
