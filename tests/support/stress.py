"""What tests under load share: how long they go on, threads whose failures count, and fds to be counted."""

from __future__ import annotations

import gc
import os
import signal
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

from support.calls import until
from support.leaks import descendants

from prx_actors import prx

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from prx_actors import Task
    from prx_actors.tasks.children import Child

__all__ = [
    "WAIT",
    "children_of",
    "end_nameless_children",
    "fds_return_to",
    "in_threads",
    "no_children",
    "open_fds",
    "shorter",
]

WAIT = 30.0
"""Seconds for what comes at once, on a busy machine."""


def shorter(local: int, ci: int) -> int:
    """Return the second where CI is set."""
    return ci if os.environ.get("CI") else local


def open_fds() -> int:
    """Count the fds of this process."""
    return len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - the number only


def fds_return_to(count: int) -> None:
    """Wait until no more fds are open than before.

    Args:
        count: how many there were
    """

    def so_few() -> bool:
        gc.collect()  # what an interrupt has left half made may be part of a cycle
        return open_fds() <= count

    until(so_few, f"{count} fds are open, as before")


def children_of(task: Task) -> list[Child]:
    """List what a task knows of its children."""
    children = prx.cpid(task)
    assert isinstance(children, list)
    return children


def end_nameless_children(task: Task) -> None:
    """Kill children that have come to be, but were lost to an interrupt on the way to the caller's next line."""
    for nameless in children_of(task):
        with suppress(ProcessLookupError):  # it is ending already
            os.kill(nameless.pid, signal.SIGKILL)
    no_children(task)


def no_children(task: Task) -> None:
    """Wait until a task's process has no children."""
    pid = task.host_pid
    assert pid is not None
    until(lambda: not descendants(pid), f"{task} has no children")


def in_threads(functions: Iterable[Callable[[], object]], seconds: float = WAIT) -> None:
    """Run functions at the same time, a thread each, and raise what the first of them raised.

    Args:
        functions: what to run
        seconds: how long all of it may take
    """
    failures: list[BaseException] = []

    def guarded(function: Callable[[], object]) -> None:
        try:
            function()
        except BaseException as failure:  # noqa: BLE001 - the caller gets it
            failures.append(failure)

    threads = [threading.Thread(target=guarded, args=(function,), daemon=True) for function in functions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(seconds)
        if failures:
            raise failures[0]
        assert not thread.is_alive(), f"{thread} hangs"
