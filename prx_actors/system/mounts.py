"""What is mounted where, as /proc/self/mountinfo has it: proc_pid_mountinfo(5)."""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["Mount", "parse_mountinfo"]

ESCAPE = re.compile(r"\\([0-7]{3})")
BEFORE = 6
"""Fields before the optional ones, which a dash ends."""


@dataclass(frozen=True, slots=True)
class Mount:
    """One line: what of a file system is mounted, and where.

    Args:
        root: the folder of the file system that is mounted
        target: where it is mounted
        type: the file system's type
        options: those of the file system, not of this mount of it

    """

    root: str
    target: str
    type: str
    options: tuple[str, ...]


def parse_mountinfo(text: str) -> list[Mount]:
    r"""Return the mounts in the order of the file, the later above the earlier.

    Args:
        text: the file, decoded as file names are

    Example:
        >>> from prx_actors.system.mounts import parse_mountinfo
        >>> line = r"41 31 0:38 / /mnt/my\040tree rw shared:7 - cgroup2 none rw,nsdelegate"
        >>> parse_mountinfo(line)
        [Mount(root='/', target='/mnt/my tree', type='cgroup2', options=('rw', 'nsdelegate'))]

    """
    return [mount for mount in map(_parse_line, text.split("\n")) if mount]


def _parse_line(line: str) -> Mount | None:
    fields = line.split(" ")
    if "-" not in fields[BEFORE:]:
        return None
    after = fields[fields.index("-", BEFORE) + 1 :]
    if len(after) < 3:  # noqa: PLR2004 -- type, source and options
        return None
    return Mount(_plain(fields[3]), _plain(fields[4]), after[0], tuple(after[2].split(",")))


def _plain(field: str) -> str:
    return ESCAPE.sub(lambda found: chr(int(found[1], 8)), field)
