"""What is done thousands of times costs nothing that stays."""

from __future__ import annotations

import gc
import os
import tracemalloc
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support.calls import until
from support.stress import WAIT, fds_return_to, no_children, open_fds, shorter

from prx_actors import ExitStatus, Stdout, prx, receive

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from prx_actors import Task

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

CYCLES = shorter(3000, 600)
SETS = "*/_weakrefset.py"
ALLOWED = 60
"""Bytes a cycle that memory may seem to grow by: a task that stays is some KiB."""


@pytest.fixture
def task() -> Iterator[Task]:
    """Fork a root."""
    with prx.fork() as root:
        yield root


def run_to_its_end(task: Task) -> None:
    """Fork, exec and see the program end."""
    child = prx.fork(task)
    child.execvp(["true"])
    assert receive(ExitStatus, task=child, timeout=WAIT).status == 0


def run_and_talk(task: Task) -> None:
    """Fork, exec, write, read and stop."""
    with prx.fork(task) as child:
        child.execvp(["cat"])
        child.stdin("x")
        assert receive(Stdout, task=child, timeout=WAIT).data == b"x"


def fork_and_stop(task: Task) -> None:
    """Fork twice deep and stop the upper one."""
    with prx.fork(task) as child:
        prx.fork(child)


def fork_a_root(_task: Task) -> None:
    """Fork a root and stop it."""
    with prx.fork():
        pass


def time_out(task: Task) -> None:
    """Leave late replies, of forks too."""
    with pytest.raises(TimeoutError), prx.timeout(0):
        prx.fork(task)
    assert task.getpid() == task.host_pid


def fail(task: Task) -> None:
    """Fork and fail to exec."""
    with prx.fork(task) as child, pytest.raises(FileNotFoundError):
        child.execvp(["/no/such/program"])


@pytest.mark.parametrize("cycle", [run_to_its_end, run_and_talk, fork_and_stop, fork_a_root, time_out, fail])
def test_cycles_leave_no_memory_and_no_fd_in_the_runtime(task: Task, cycle: Callable[[Task], None]) -> None:
    """As many objects and fds as before, after thousands of tasks."""
    repeat(cycle, task, 50)
    fds, memory = open_fds(), private_kib(os.getpid())
    tracemalloc.start()
    try:
        repeat(cycle, task, CYCLES)  # some 500 objects of the interpreter's come until then, and no more
        before, snapshot = traced(task), tracemalloc.take_snapshot()
        repeat(cycle, task, CYCLES)
        try:
            until(lambda: traced(task) - before < ALLOWED * CYCLES, "memory is as it was")
        except AssertionError as error:
            error.add_note("\n".join(map(str, tracemalloc.take_snapshot().compare_to(snapshot, "lineno")[:12])))
            raise
    finally:
        tracemalloc.stop()
    # What C code has taken too: the buffers of a task's calls alone are more than this a cycle.
    assert private_kib(os.getpid()) - memory < CYCLES * 30
    fds_return_to(fds)


def repeat(cycle: Callable[[Task], None], task: Task, times: int) -> None:
    """Do a cycle again and again."""
    for _ in range(times):
        cycle(task)


def traced(task: Task) -> int:
    """Return the bytes that Python objects take."""
    no_children(task)
    gc.collect()
    # A set keeps its room for all drivers that were there at once, until it has to grow again.
    others = tracemalloc.take_snapshot().filter_traces([tracemalloc.Filter(inclusive=False, filename_pattern=SETS)])
    return sum(trace.size for trace in others.traces)


@pytest.mark.static  # the sanitizers keep what is freed for a while
@pytest.mark.parametrize("cycle", [run_to_its_end, run_and_talk, fork_and_stop, time_out, fail])
def test_cycles_leave_no_memory_and_no_fd_in_the_driver(task: Task, cycle: Callable[[Task], None]) -> None:
    """A driver is as large after thousands of forks as after some."""
    repeat(cycle, task, 100)
    no_children(task)
    before = private_kib(task.host_pid), driver_fds(task)
    repeat(cycle, task, CYCLES)
    no_children(task)
    memory, fds = private_kib(task.host_pid), driver_fds(task)
    assert fds == before[1]
    assert memory <= before[0] + 16


def private_kib(pid: int | None) -> int:
    """Return the memory of a process that is no file's and nobody else's."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("RssAnon:")))


def driver_fds(task: Task) -> int:
    """Count the fds of a driver."""
    return len(os.listdir(f"/proc/{task.host_pid}/fd"))  # noqa: PTH208 - the number only


@pytest.mark.static
def test_calls_with_large_arguments_and_replies_leave_no_memory(task: Task) -> None:
    """Buffers for megabytes go back to what is usual."""
    zero = prx.open(task, "/dev/zero", "o_rdwr")
    before = private_kib(task.host_pid)
    for _ in range(shorter(50, 10)):
        assert prx.write(task, zero, bytes(4_000_000)) == 4_000_000
        assert len(prx.read(task, zero, 4_000_000)) == 4_000_000
        prx.getpid(task)
        prx.getpid(task)
    assert private_kib(task.host_pid) < before + 500
