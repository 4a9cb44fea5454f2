"""select: what it finds, how long it waits, and what goes on meanwhile."""

from __future__ import annotations

import errno
import os
import resource
import signal
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support.calls import fails, until
from support.features import require

from prx_actors import NoProcess, TermSig, prx, receive
from prx_actors.system.constants import lookup

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from prx_actors import Task

WAIT = 30.0
NEVER = 1000.0
"""A killdelay that is not waited for."""
WAITS = {str(lookup("syscall", name)) for name in ("sys_select", "sys_pselect6")}


def is_selecting(task: Task) -> bool:
    """Say whether a driver sleeps in select(2)."""
    with open(f"/proc/{task.host_pid}/syscall") as file:  # noqa: PTH123 -- procfs
        return file.read().split()[0] in WAITS


@contextmanager
def once_it_selects(task: Task, act: Callable[[], object]) -> Iterator[None]:
    """Have another thread act when the task waits; it has done so at the end of the block."""

    def run() -> None:
        until(lambda: is_selecting(task), "the driver waits in select")
        act()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        thread.join(WAIT)


def a_fifo(task: Task, tmp_path: Path) -> tuple[Path, int]:
    """Make a fifo in which there is nothing, and open it."""
    path = tmp_path / "fifo"
    os.mkfifo(path)
    return path, prx.open(task, path, ["o_rdwr", "o_nonblock"])


def test_select_finds_what_is_ready_and_nothing_else(tmp_path: Path) -> None:
    """In the order of each list, and as often as it stands there."""
    with prx.fork() as task:
        path, empty = a_fifo(task, tmp_path)
        null = prx.open(task, "/dev/null", "o_rdwr")
        found = prx.select(task, [null, empty, null], [empty, null], [null, empty], 0)
        assert found == ([null, null], [empty, null], [])
        path.write_bytes(b"x")
        assert prx.select(task, [empty], [], []).readfds == [empty]


def test_select_without_fds_is_a_sleep() -> None:
    """As long as it says; 0 looks and returns."""
    with prx.fork() as task:
        for seconds in (0, 0.2):
            began = time.monotonic()
            assert prx.select(task, [], [], [], seconds) == ([], [], [])
            assert seconds <= time.monotonic() - began < seconds + WAIT


def test_select_waits_until_there_is_something(tmp_path: Path) -> None:
    """Without a time-out for ever, and with one no longer than needed."""
    with prx.fork() as task:
        path, fd = a_fifo(task, tmp_path)
        for timeout in (None, NEVER):
            with once_it_selects(task, lambda: path.write_bytes(b"x")):
                assert prx.select(task, [fd], [], [], timeout).readfds == [fd]
            assert prx.read(task, fd, 10) == b"x"


def test_select_takes_fds_of_any_number() -> None:
    """Beyond the 1,024 of C's fd_set."""
    with prx.fork() as task:
        limit = resource.prlimit(task.host_pid or 0, resource.RLIMIT_NOFILE)[0]
        require(limit > 5000, "a hard limit of more than 5,000 fds")
        null = prx.open(task, "/dev/null", "o_rdwr")
        fds = [prx.fcntl(task, null, "f_dupfd", least) for least in (1023, 1024, 5000)]
        assert fds == [1023, 1024, 5000]
        assert prx.select(task, fds, fds[1:], fds, 0) == (fds, fds[1:], [])


def test_select_works_whatever_the_limit_of_fds_is() -> None:
    """With more of them than RLIMIT_NOFILE, when that was lowered from outside."""
    with prx.fork() as task:
        fds = [prx.open(task, "/dev/null", "o_rdonly") for _ in range(50)]
        assert task.host_pid
        resource.prlimit(task.host_pid, resource.RLIMIT_NOFILE, (4, 4))
        assert prx.select(task, fds, [], fds, 0) == (fds, [], [])


@pytest.mark.parametrize("fd", [99, 100000, 1 << 29, -1])
def test_select_of_an_fd_that_is_not_open_fails(fd: int) -> None:
    """`EBADF`, however far beyond what is open it is."""
    with prx.fork() as task, fails(errno.EBADF, note=f"of {task}"):
        prx.select(task, [0], [fd], [], 0)


def test_select_takes_many_fds_many_times() -> None:
    """A hundred thousand entries."""
    with prx.fork() as task:
        fd = prx.open(task, "/dev/null", "o_rdonly")
        assert prx.select(task, [fd] * 100_000, [], [], 0).readfds == [fd] * 100_000


@pytest.mark.parametrize("timeout", [-1, -0.001, float("nan")])
def test_select_takes_no_time_below_zero(timeout: float) -> None:
    """It is told before anything is sent."""
    with prx.fork() as task, pytest.raises(ValueError, match="seconds"):
        prx.select(task, [], [], [], timeout)


def test_a_task_that_selects_reaps_its_children(tmp_path: Path) -> None:
    """And waits on: the end of a child does not cut it short."""
    with prx.fork() as task:
        path, fd = a_fifo(task, tmp_path)
        child = prx.fork(task)
        prx.execvp(child, ["cat"])
        pid = child.host_pid
        assert pid

        def end_child() -> None:
            os.kill(pid, signal.SIGKILL)
            until(lambda: not Path(f"/proc/{pid}").exists(), "the child is reaped")
            until(lambda: is_selecting(task), "the driver still waits in select")
            path.write_bytes(b"x")

        with once_it_selects(task, end_child):
            assert prx.select(task, [fd], [], [], NEVER).readfds == [fd]
        assert receive(TermSig, task=child, timeout=WAIT).signal is signal.SIGKILL


def test_a_signal_does_not_cut_a_select_short(tmp_path: Path) -> None:
    """It is reported afterwards, as with any call."""
    with prx.fork() as task:
        path, fd = a_fifo(task, tmp_path)
        pid = task.host_pid
        assert pid

        def act() -> None:
            os.kill(pid, signal.SIGUSR1)
            path.write_bytes(b"x")

        with once_it_selects(task, act):
            assert prx.select(task, [fd], [], []).readfds == [fd]
        assert receive(task=task, timeout=WAIT).signal is signal.SIGUSR1


def test_a_select_can_be_given_up(tmp_path: Path) -> None:
    """With `prx.timeout`; the task obeys again as soon as it returns."""
    with prx.fork() as task:
        path, fd = a_fifo(task, tmp_path)
        with pytest.raises(TimeoutError), prx.timeout(0.1):
            prx.select(task, [fd], [], [])
        until(lambda: is_selecting(task), "the driver waits in select")
        path.write_bytes(b"x")
        assert prx.getpid(task) == task.host_pid


@pytest.mark.parametrize("level", [0, 1, 2], ids=["itself", "its parent", "the root"])
def test_a_task_that_selects_ends_at_once(level: int) -> None:
    """When it, or a task above it, is stopped: it does not wait for `killdelay`, and the caller's call raises."""
    with prx.fork(killdelay=NEVER) as root:
        parent = prx.fork(root)
        task = prx.fork(parent)
        with once_it_selects(task, (task, parent, root)[level].stop), pytest.raises(NoProcess):
            prx.select(task, [], [], [])
        assert not task.is_alive()


def test_a_task_that_selects_ends_with_a_parent_that_is_killed() -> None:
    """Without a word from anybody."""
    with prx.fork(killdelay=NEVER) as root:
        parent = prx.fork(root)
        task = prx.fork(parent)
        pid = parent.host_pid
        assert pid
        with once_it_selects(task, lambda: os.kill(pid, signal.SIGKILL)):
            with pytest.raises((NoProcess, InterruptedError)):
                prx.select(task, [], [], [])
            until(lambda: not task.is_alive(), "the task has ended")
