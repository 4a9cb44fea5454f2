"""Where the control groups of programs are made: in or beside the group of this program, and no further up.

Elsewhere they would leave what bounds this program itself, and what ends it: its container or its service.
"""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from prx_actors.programs.runtime_names import is_dead
from prx_actors.system.cgroups import Cgroups
from prx_actors.system.reporting import SafeLogger

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prx_actors.system.hierarchies import Hierarchy

__all__ = ["make_group", "remove_group"]

logger = SafeLogger("prx_actors")

REFUSALS: Final = {errno.EACCES, errno.EPERM, errno.EROFS, errno.EBUSY}
HINT: Final = {
    1: "this takes root, or a group of its own for this program: cgroups(7)",
    2: "this takes root, or a group that is delegated, with this program in one below it, as systemd does it with "
    "Delegate= and DelegateSubgroup=: cgroups(7), systemd.resource-control(5)",
}
DELEGATED: Final = ("trusted.delegate", "user.delegate")
"""What systemd sets on a group that it leaves to others."""


def make_group(hierarchy: Hierarchy, controllers: list[str], name: str) -> Path:
    """Make a group, and remove those beside it whose runtimes are dead.

    Args:
        hierarchy: where
        controllers: what it is for, all of this hierarchy
        name: a new one

    Returns:
        its directory

    Raises:
        OSError: no place for it may be used, or the kernel refuses it

    """
    refusals: list[int] = []
    for above in _places(hierarchy):
        try:
            _create(hierarchy, above, name, controllers)
        except OSError as error:
            if error.errno not in REFUSALS:
                raise
            refusals.append(error.errno)
        else:
            with suppress(OSError):  # then another time
                _remove_dead_once(_folder(hierarchy, above))
            return _folder(hierarchy, above) / name
    # What its own group says is told; ENOENT where that is out of sight.
    number = [*refusals, errno.ENOENT][0]
    message = (
        f"no control group for limits of {', '.join(controllers)}: {os.strerror(number)}; {HINT[hierarchy.version]}"
    )
    raise OSError(number, message, hierarchy.path)


def _places(hierarchy: Hierarchy) -> Iterator[str]:
    own = Cgroups().own().get(hierarchy.controllers[0])
    if own is None:
        return
    yield own
    # In version 2, one that has processes cannot have groups with controllers as well.
    above = os.path.dirname(own)  # noqa: PTH120 -- the name of a group
    if own and hierarchy.version > 1 and (not above or _is_delegated(_folder(hierarchy, above))):
        yield above


def _create(hierarchy: Hierarchy, above: str, name: str, controllers: list[str]) -> None:
    if hierarchy.version > 1:
        # To turn them on further up is not for us.
        usable = (_folder(hierarchy, above) / "cgroup.controllers").read_text().split()
        if not set(controllers) <= set(usable):
            raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))
    Cgroups().create(f"{above}/{name}".lstrip("/"), controllers)


def _folder(hierarchy: Hierarchy, group: str) -> Path:
    return Path(hierarchy.path) / group


def _is_delegated(folder: Path) -> bool:
    for name in DELEGATED:
        with suppress(OSError):
            return os.getxattr(folder, name) == b"1"
    return False


@cache
def _remove_dead_once(above: Path) -> None:
    for folder in above.iterdir():
        if is_dead(folder.name) and remove_group(folder):
            logger.info("Removed the control group %s of a runtime that is no more", folder)


def remove_group(folder: Path) -> bool:
    """Remove a group with those that its programs have made in it; return whether it is gone.

    Args:
        folder: its directory

    """
    for path, _, _ in os.walk(folder, topdown=False):
        with suppress(OSError):
            Path(path).rmdir()
    return not folder.exists()
