"""Names for what outlives a runtime, message queues and control groups: they say whose it is."""

from __future__ import annotations

import os
import re
import secrets
from itertools import count
from pathlib import Path
from typing import Final

__all__ = ["is_dead", "new_name", "start_time"]

NAME: Final = re.compile(r"prx-(?P<namespace>\d+)-(?P<pid>\d+)-(?P<start>\d+)-[0-9a-f]{16}-\d+")
START_TIME: Final = 19
"""The place of the start time in /proc/PID/stat, after the name: proc_pid_stat(5)."""

_numbers = count(1)


def new_name() -> str:
    """Return a new name: pid namespace, pid, start time, a number that is its own, a count."""
    pid = os.getpid()
    return f"prx-{_namespace()}-{pid}-{start_time(pid)}-{secrets.token_hex(8)}-{next(_numbers)}"


def is_dead(name: str) -> bool:
    """Say whether a name was made by a runtime of this pid namespace that is no more.

    Args:
        name: any name

    """
    found = NAME.fullmatch(name)
    # Whether a process of another namespace is alive cannot be known here.
    if found is None or int(found["namespace"]) != _namespace():
        return False
    return start_time(int(found["pid"])) != int(found["start"])


def start_time(pid: int) -> int | None:
    """Return when a process started, in clock ticks since boot; none when there is no such process."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return None
    # The name, in parentheses, may hold anything.
    return int(stat.rpartition(b") ")[2].split()[START_TIME])


def _namespace() -> int:
    return Path("/proc/self/ns/pid").stat().st_ino
