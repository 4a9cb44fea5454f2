"""What a task holds while it does nothing: memory on both sides, fds, threads."""

from __future__ import annotations

import gc
import os
import re
import threading
import tracemalloc
from pathlib import Path

import pytest

from prx_actors import Task, prx

pytestmark = pytest.mark.static

TASKS = 50
MORE = 1.2
"""A fifth more is allowed."""

OF_DRIVER = 40
"""KiB that no other process shares: ten pages."""
OF_RUNTIME = 9400
"""Bytes of Python's."""


def private(task: Task) -> int:
    """Return how many KiB of a driver are its own."""
    text = Path(f"/proc/{task.host_pid}/smaps_rollup").read_text()
    return sum(int(size) for size in re.findall(r"^Private_\w+: +(\d+) kB$", text, re.MULTILINE))


def test_an_idle_task_holds_so_many_pages_of_a_driver() -> None:
    """A driver is a fork of its parent, and shares with it what neither has written to."""
    with prx.fork() as root:
        children = [prx.fork(root) for _ in range(TASKS)]
        for child in children:
            prx.getpid(child)
        found = sorted(private(child) for child in children)[TASKS // 2]
    assert found <= OF_DRIVER * MORE, f"{found} KiB of its own, {OF_DRIVER} when this was written"


def test_an_idle_task_holds_six_fds_and_no_thread() -> None:
    """Two sockets, three pipes and a pidfd; whoever waits for them waits for all."""
    with prx.fork() as root:
        prx.getpid(root)
        fds, threads = len(os.listdir("/proc/self/fd")), threading.active_count()  # noqa: PTH208 - it counts
        children = [prx.fork(root) for _ in range(TASKS)]
        more = len(os.listdir("/proc/self/fd")) - fds  # noqa: PTH208
        assert more == 6 * len(children), f"{more / TASKS:g} fds each, 6 when this was written"
        assert threading.active_count() <= threads


def test_an_idle_task_holds_so_many_bytes_of_python() -> None:
    """The objects that stand for it; the buffers of its exchange are C's, and come with the first call."""
    with prx.fork() as root:
        prx.stop(prx.fork(root))
        gc.collect()
        tracemalloc.start()
        children = [prx.fork(root) for _ in range(TASKS)]
        gc.collect()
        found = tracemalloc.get_traced_memory()[0] / len(children)
        tracemalloc.stop()
    assert found <= OF_RUNTIME * MORE, f"{found:.0f} bytes each, {OF_RUNTIME} when this was written"
