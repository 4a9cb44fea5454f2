"""reexec that fails, is late, or is cut short: the task is as before, or gone."""

from __future__ import annotations

import errno
import os
import resource
import signal
import threading

import pytest
from support.calls import fails, program
from support.images import caught, fds, layout, of, stopped

from prx_actors import Down, ExitStatus, monitor, prx, receive

pytestmark = [pytest.mark.static]


LIMITS = [
    (resource.RLIMIT_NOFILE, 3, errno.EMFILE),
    (resource.RLIMIT_FSIZE, 1, errno.EFBIG),
]


@pytest.mark.parametrize(("limit", "value", "number"), LIMITS, ids=["fds", "file size"])
def test_a_reexec_that_fails_changes_nothing(limit: int, value: int, number: int) -> None:
    """Neither image nor fds, children or signals; without the limit it goes through."""
    with prx.fork() as task:
        child = prx.fork(task)
        prx.execvp(child, ["cat"])
        kept = prx.open(task, "/dev/null", ["o_rdonly", "o_cloexec"])
        pid = task.host_pid
        assert pid is not None
        old = resource.prlimit(pid, limit, (value, resource.prlimit(pid, limit)[1]))
        before = layout(task), fds(task), caught(task)
        for _ in range(2):
            with fails(number, note=f"of {task}"):
                prx.reexec(task)
        assert (layout(task), fds(task), caught(task)) == before
        assert kept in fds(task)
        prx.eof(child)
        assert receive(ExitStatus, task=child, timeout=30).status == 0
        resource.prlimit(pid, limit, old)
        prx.reexec(task)
        assert fds(task) == before[1] - {kept}


def test_too_long_a_title_is_refused() -> None:
    """`E2BIG`, and the environment is the old one."""
    with prx.fork() as task:
        before = prx.environ(task)
        with fails(errno.E2BIG, note=f"of {task}"):
            prx.reexec(task, ["x" * 131072], [])
        assert prx.environ(task) == before
        assert program(prx.fork(task), ["echo", "fine"]) == b"fine\n"


def test_a_small_file_size_limit_lets_fork_work() -> None:
    """The page that parent and child share needs no file then; the child cannot reexec, and says so."""
    with prx.fork() as task:
        pid = task.host_pid
        assert pid is not None
        old = resource.prlimit(pid, resource.RLIMIT_FSIZE, (1, resource.prlimit(pid, resource.RLIMIT_FSIZE)[1]))
        child = prx.fork(task)
        assert child.host_pid is not None
        for number in (pid, child.host_pid):
            resource.prlimit(number, resource.RLIMIT_FSIZE, old)
        for one in (task, child):
            with fails(errno.EFBIG, note=f"of {one}"):
                prx.reexec(one)
        assert program(child, ["echo", "fine"]) == b"fine\n"


def test_a_timeout_leaves_the_reexec_to_itself() -> None:
    """The late reply is dropped, and the task goes on with the new image."""
    with prx.fork() as task:
        with stopped(task), pytest.raises(TimeoutError), prx.timeout(0.05):
            prx.reexec(task, ["late"])
        assert prx.getpid(task) == task.host_pid
        assert of(task, "cmdline").read_bytes() == b"late\0"


def test_an_interrupt_leaves_the_reexec_to_itself() -> None:
    """As for any call."""
    with prx.fork() as task:
        prx.reexec(task)  # the image is filled: the next one waits for the task alone
        with stopped(task):
            timer = threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT))
            timer.start()
            with pytest.raises(KeyboardInterrupt):
                prx.reexec(task, ["late"])
            timer.join()
        assert prx.getpid(task) == task.host_pid
        assert of(task, "cmdline").read_bytes() == b"late\0"


def test_a_task_that_is_killed_meanwhile_is_gone() -> None:
    """It does not come back, nor does the call hang."""
    with prx.fork() as root:
        task = prx.fork(root)
        ref = monitor(task)
        with stopped(task), pytest.raises(TimeoutError), prx.timeout(0.05):
            prx.reexec(task)
        os.kill(task.host_pid or 0, signal.SIGKILL)
        assert receive(Down, ref=ref, timeout=30).pid is task
        assert prx.getpid(root)
