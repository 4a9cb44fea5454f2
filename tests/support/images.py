"""What a driver that executes itself keeps, as `/proc` shows it."""

from __future__ import annotations

import os
import signal
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from support.calls import until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prx_actors import Task

__all__ = ["caught", "fds", "layout", "of", "stopped"]


def of(task: Task, name: str) -> Path:
    """Return the path of a task's file in `/proc`."""
    return Path(f"/proc/{task.host_pid}/{name}")


def fds(task: Task) -> set[int]:
    """Return the fds of a task."""
    return {int(entry.name) for entry in of(task, "fd").iterdir()}


def layout(task: Task) -> str:
    """Return where the program is in a task's memory: by that one image is told from the next."""
    return of(task, "maps").read_text().split("-")[0]


@contextmanager
def stopped(task: Task) -> Iterator[None]:
    """Stop a task's process for the time of the block."""
    assert task.host_pid is not None
    os.kill(task.host_pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(task.host_pid, signal.SIGCONT)


def caught(task: Task) -> list[str]:
    """Return which signals a task ignores and handles, once it waits for calls: it lets all of them in then."""
    until(lambda: f"SigBlk:\t{0:016x}\n" in of(task, "status").read_text(), "the driver waits")
    lines = of(task, "status").read_text().splitlines()
    return [line for line in lines if line.startswith(("SigIgn", "SigCgt"))]
