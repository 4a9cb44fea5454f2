"""Programs that leave daemons, and the marks of processes."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from chaos.processes import process
from support.ends import WAIT

from prx_actors import Stdout, prx, receive
from prx_actors.driver.keeper import driver_path, keeper_for

if TYPE_CHECKING:
    from prx_actors import Task

__all__ = ["DAEMON", "DEAF", "daemon_of", "lives", "mark"]

DAEMON = "setsid sh -c 'echo $$; exec sleep 1000 >/dev/null 2>&1' &"
DEAF = "setsid sh -c 'trap \"\" TERM; echo $$; exec sleep 1000 >/dev/null 2>&1' &"
"""Shell commands that put a process into the background, which writes its pid to stdout."""


def daemon_of(task: Task, start: str, then: str = "read line; exit 3") -> int:
    """Turn a task into a program that leaves a daemon behind.

    Args:
        task: a driver
        start: a shell command that writes the daemon's pid
        then: what the program does then

    Returns:
        the daemon's pid
    """
    prx.execvp(task, ["sh", "-c", f"{start} {then}"])
    found = re.match(rb"(\d+)\n", receive(Stdout, task=task, timeout=WAIT).data)
    assert found
    return int(found[1])


def lives(pid: int) -> bool:
    """Say whether a process is there, and not a zombie that nobody has reaped yet."""
    found = process(pid)
    return found is not None and found.state != "Z"


def mark(number: int, run_id: int | None = None) -> int:
    """Return the mark of a task.

    Args:
        number: the task's
        run_id: that of a keeper; without it, of the one that serves roots without a launcher
    """
    if run_id is None:
        launcher = tuple(os.environ.get("PRX_TEST_EXEC", "").split())
        run_id = keeper_for(launcher, driver_path()).run_id
    return 1 << 62 | run_id << 26 | number
