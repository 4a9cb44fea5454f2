"""The hierarchies of control groups that are mounted, and where in them a process is: cgroups(7)."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from prx_actors.system.files import read_file
from prx_actors.system.mounts import parse_mountinfo

if TYPE_CHECKING:
    from prx_actors.system.files import Files

__all__ = ["V2", "Hierarchy", "hierarchies", "own_groups"]

V2 = "cgroup2"
"""What stands for the tree of version 2 where a controller is asked for."""

# Options of a mount of version 1 that are no controllers.
OPTIONS = {"rw", "ro", "clone_children", "cpuset_v2_mode", "favordynmods", "noprefix", "xattr"}


def _is_controller(option: str) -> bool:
    return option not in OPTIONS and not option.startswith("release_agent=")


@dataclass(frozen=True, slots=True)
class Hierarchy:
    """A tree of groups.

    Args:
        version: 1 or 2
        path: where it is mounted
        root: the group that is mounted there, `/` if it is the tree's own root
        controllers: their names; `name=systemd` and the like for a named one
            without any; in version 2 `cgroup2` and the controllers that groups
            may use

    """

    version: int
    path: str
    root: str
    controllers: tuple[str, ...]

    @property
    def named(self) -> bool:
        """Whether it is a service manager's own, with a name and no controllers."""
        return any(name.startswith("name=") for name in self.controllers)


def hierarchies(files: Files) -> list[Hierarchy]:
    """Return the hierarchies that are mounted, each once.

    Args:
        files: who looks

    Raises:
        OSError: /proc cannot be read

    """
    found: dict[tuple[str, ...], Hierarchy] = {}
    for mount in parse_mountinfo(_text(files, "/proc/self/mountinfo")):
        if mount.type == V2:
            usable = _text(files, f"{mount.target}/cgroup.controllers").split()
            found.setdefault((V2,), Hierarchy(2, mount.target, mount.root, (V2, *usable)))
        elif mount.type == "cgroup":
            names = tuple(option for option in mount.options if _is_controller(option))
            found.setdefault(names, Hierarchy(1, mount.target, mount.root, names))
    return list(found.values())


def own_groups(files: Files) -> dict[str, str]:
    """Return the groups that the one who looks is in, by controller.

    Args:
        files: who looks

    Raises:
        OSError: /proc cannot be read

    """
    groups: dict[str, str] = {}
    for line in _text(files, "/proc/self/cgroup").rstrip("\n").split("\n"):
        _, controllers, path = line.split(":", 2)
        groups |= dict.fromkeys(controllers.split(",") if controllers else [V2], path)
    return {
        controller: name
        for hierarchy in hierarchies(files)
        for controller in hierarchy.controllers
        if (name := _below(hierarchy.root, groups.get(_entry(hierarchy, controller)))) is not None
    }


def _text(files: Files, path: str) -> str:
    return os.fsdecode(read_file(files, path))


def _entry(hierarchy: Hierarchy, controller: str) -> str:
    """Return what a controller's line in /proc/self/cgroup is called."""
    return V2 if hierarchy.version == 2 else controller  # noqa: PLR2004


def _below(root: str, path: str | None) -> str | None:
    """Return a group's name below the one that is mounted."""
    if path is None or (path != root and not path.startswith(root.rstrip("/") + "/")):
        return None
    return path[len(root) :].strip("/")
