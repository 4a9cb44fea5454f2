"""What comes first when a task ends in the midst of something, and is not taken for something else."""

from __future__ import annotations

import os
import signal
from concurrent.futures import ThreadPoolExecutor, wait
from typing import TYPE_CHECKING

import pytest
from support.calls import WAIT, until
from support.leaks import descendants

from prx_actors import Down, ExitStatus, NoProcess, monitor, prx, receive
from prx_actors.driver.state import State

if TYPE_CHECKING:
    from collections.abc import Callable

    from prx_actors import Task

EXECS: dict[str, Callable[[Task], None]] = {
    "execvp": lambda task: prx.execvp(task, ["/bin/true"]),
    "execve": lambda task: prx.execve(task, ["/bin/true"], ["A=b"]),
}


@pytest.mark.parametrize("name", ["execvp", "execve"])
@pytest.mark.parametrize("killed", ["itself", "parent"])
def test_who_ends_before_it_can_exec_was_no_program(killed: str, name: str) -> None:
    """The channel is closed by that end as by an exec; it is taken for no success, and for no status of a program."""
    with prx.fork(killdelay=0.2) as task:
        child = prx.fork(task)
        assert child.host_pid is not None
        os.kill(child.host_pid, signal.SIGSTOP)
        victim = (child if killed == "itself" else task).host_pid
        assert victim is not None

        def kill() -> None:
            until(lambda: child._process.driver.state is State.EXECUTING, "the exec is asked for")
            os.kill(victim, signal.SIGKILL)

        ref = monitor(child)
        with ThreadPoolExecutor(1) as pool:
            killing = pool.submit(kill)
            with pytest.raises(NoProcess, match=r"exec.*has ended"):
                EXECS[name](child)
            killing.result(WAIT)
        # Before Linux 6.15 nobody can tell of an orphan.
        assert receive(Down, ref=ref, timeout=WAIT).reason in {("termsig", signal.SIGKILL), "shutdown"}
        with pytest.raises(TimeoutError):
            receive(ExitStatus, task=child, timeout=0)


def test_who_is_stopped_does_not_end_before_its_parent_knows() -> None:
    """The order to reap it comes too late for who is a zombie already, by the end of its input."""
    with prx.fork() as task, ThreadPoolExecutor(1) as pool:
        prx.sigaction(task, "sigchld", "sig_info")
        child = prx.fork(task)
        prx.execvp(child, ["cat"])
        host_pid = child.host_pid
        with child._process.driver._lock:
            stopped = pool.submit(child.stop)
            wait([stopped], 0.3)  # for what must not happen
            assert [one.state for one in descendants(os.getpid()) if one.pid == host_pid] == ["S"]
        assert stopped.result(WAIT)
