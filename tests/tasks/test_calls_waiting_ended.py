"""waitpid for those that are ended meanwhile: the task's owner stops them, or what they have left is."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import pytest
from support.calls import until
from support.waiting import later, state, taken, waits

from prx_actors import Stdout, prx, receive

if TYPE_CHECKING:
    from pathlib import Path

WAIT = 20


@pytest.mark.parametrize("is_program", [False, True])
def test_who_is_stopped_is_reaped_while_the_parent_is_in_a_call(is_program: bool, tmp_path: Path) -> None:
    """And not only once the call returns."""
    os.mkfifo(tmp_path / "fifo")
    with taken() as task:
        child = prx.fork(task)
        if is_program:
            prx.execvp(child, ["cat"])
        host_pid = child.host_pid
        fd = prx.open(task, tmp_path / "fifo", "o_rdwr")
        with pytest.raises(TimeoutError), prx.timeout(0.1):
            prx.read(task, fd, 1)
        child.stop()
        until(lambda: state(host_pid) == "", "the child is reaped")
        (tmp_path / "fifo").write_bytes(b"\n")
        assert prx.getpid(task) == task.host_pid


def test_an_orphan_below_can_be_waited_for() -> None:
    """It comes back to the task, whose child it never was."""
    with taken() as task:
        child = prx.fork(task)
        pid = prx.getpid(child)
        # What a child has left is asked to end with SIGTERM, which may come first.
        prx.execvp(child, ["sh", "-c", "trap '' TERM; sleep 1000 & echo $!"])
        orphan = int(receive(Stdout, task=child, timeout=WAIT).data)
        assert prx.waitpid(task, pid).decoded == [("exit_status", 0)]
        # The task reaps what it has asked to end, unless a call waits for it.
        killing = later(lambda: waits(task), lambda: os.kill(orphan, signal.SIGUSR1))
        assert prx.waitpid(task, -1) == (orphan, signal.SIGUSR1, [("termsig", signal.SIGUSR1)])
        killing.join()


@pytest.mark.parametrize("which", ["any", "pid", "group"])
def test_who_is_stopped_can_be_waited_for(which: str) -> None:
    """Its status is the call's, which says no `ECHILD`."""
    with taken() as task:
        child = prx.fork(task)
        pid = prx.getpid(child)
        stopping = later(lambda: waits(task), lambda: child.stop(block=False))
        found = prx.waitpid(task, {"any": -1, "pid": pid, "group": 0}[which])
        assert (found.pid, os.WIFEXITED(found.status) or os.WIFSIGNALED(found.status)) == (pid, True)
        stopping.join()


def test_who_is_stopped_is_reaped_while_the_parent_waits_for_another() -> None:
    """And not only once that ends."""
    with taken() as task:
        child, other = prx.fork(task), prx.fork(task)
        host_pid = child.host_pid
        with pytest.raises(TimeoutError), prx.timeout(0.1):
            prx.waitpid(task, prx.getpid(other))
        child.stop()
        until(lambda: state(host_pid) == "", "the child is reaped")
