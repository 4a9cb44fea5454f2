"""Tasks that wait for their children, and what is done while they wait."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from support.calls import until
from support.leaks import descendants

from prx_actors import Task, prx

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["later", "state", "taken", "waits"]

FD_EPOLL = 59  # where the driver waits, as its `driver.h` says


def state(pid: int | None) -> str:
    """Return the state letter of a process below this one, nothing once it is reaped."""
    return "".join(one.state for one in descendants(os.getpid()) if one.pid == pid)


def waits(task: Task) -> bool:
    """Say whether a task is in the midst of waitpid: it looks for the end of its channel, not for requests."""
    lines = Path(f"/proc/{task.host_pid}/fdinfo/{FD_EPOLL}").read_text().splitlines()
    (events,) = (line.split()[3] for line in lines if line.split()[:2] == ["tfd:", "57"])
    return int(events, 16) & 1 == 0


def later(happened: Callable[[], object], act: Callable[[], object]) -> threading.Thread:
    """Do something, on another thread, as soon as something else is so."""

    def run() -> None:
        until(happened, "what another thread waits for")
        act()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def taken() -> Task:
    """Fork a task whose children are its owner's to reap."""
    task = prx.fork()
    assert prx.sigaction(task, "sigchld", "sig_info") == "sig_dfl"
    return task
