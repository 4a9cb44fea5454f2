"""A parent driver that is stopped, or in a call, sweeps nothing: the keeper does, and `Down` is not late."""

from __future__ import annotations

import os
import signal
import time
from typing import TYPE_CHECKING, Any

import pytest
from support.ends import WAIT, OsProcesses, Owned, down_of, own
from support.marks import DAEMON, DEAF, daemon_of, lives

from prx_actors import ExitStatus, Task, TermSig, exit_signal, monitor, prx, receive, send

if TYPE_CHECKING:
    from pathlib import Path

KILLDELAY = 0.5
NEVER = 1000.0
"""A killdelay that is not waited for."""


def stand_still(task: Task) -> None:
    """Have a driver stand still."""
    assert task.host_pid
    os.kill(task.host_pid, signal.SIGSTOP)


def go_on(task: Task) -> None:
    """Have it go on."""
    assert task.host_pid
    os.kill(task.host_pid, signal.SIGCONT)


def test_what_is_stopped_below_a_stopped_driver_is_gone_long_before_the_deadline() -> None:
    """The program and its daemon end by the signal that asks; the runtime sees the one, the keeper finds the other."""
    with prx.fork(killdelay=NEVER) as root:
        middle = prx.fork(root)
        task = prx.fork(middle)
        daemon = daemon_of(task, DAEMON)
        ref = monitor(task)
        stand_still(middle)
        prx.stop(task)
        assert down_of(ref) == "normal"
        assert not lives(daemon)
        go_on(middle)
        assert prx.getpid(middle) == middle.host_pid


def test_what_is_deaf_below_a_stopped_driver_is_killed_at_the_deadline() -> None:
    """Not before, and not a second later."""
    with prx.fork(killdelay=KILLDELAY) as root:
        middle = prx.fork(root)
        task = prx.fork(middle)
        daemon = daemon_of(task, DEAF)
        ref = monitor(task)
        stand_still(middle)
        begun = time.monotonic()
        prx.stop(task)
        assert down_of(ref) == "normal"
        assert not lives(daemon)
        assert time.monotonic() - begun >= KILLDELAY
        go_on(middle)
        assert prx.getpid(middle) == middle.host_pid


def test_a_driver_that_goes_on_reaps_and_tells_nothing_twice() -> None:
    """What it learns late was announced already."""
    with prx.fork(killdelay=NEVER) as root:
        middle = prx.fork(root)
        task = prx.fork(middle)
        daemon_of(task, DAEMON)
        ref = monitor(task)
        with OsProcesses.below(task) as processes:
            stand_still(middle)
            prx.stop(task)
            down_of(ref)
            go_on(middle)
            assert processes.wait_gone(WAIT) == []
        assert prx.cpid(middle) == []
        again = prx.fork(middle)
        prx.exit(again, 3)
        assert receive(ExitStatus, TermSig, timeout=WAIT) == ExitStatus(again, 3)


def opens_a_fifo(fifo: Path, start: str, **options: Any) -> Owned:
    """Start a process whose task lets its program end, when it is told to, and blocks in open(2).

    Args:
        fifo: what the task opens
        start: how the program starts a daemon
        options: the task's
    """

    def make() -> tuple[Task, Task, int]:
        middle = prx.fork(prx.fork(killdelay=WAIT), **options)
        task = prx.fork(middle)
        return middle, task, daemon_of(task, start)

    def block() -> None:
        middle, task = receive(tuple, timeout=WAIT)
        prx.stdin(task, "\n")
        prx.open(middle, fifo, "o_rdonly")

    return own(make, block)


@pytest.mark.parametrize("start", [DAEMON, DEAF], ids=["daemon", "deaf"])
def test_what_is_left_below_a_driver_in_a_call_is_gone_when_down_comes(tmp_path: Path, start: str) -> None:
    """The program ends by itself, its parent waits for somebody to open a fifo."""
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    owned = opens_a_fifo(fifo, start, killdelay=KILLDELAY, drain=0.1)
    middle, task, daemon = owned.what
    ref = monitor(task)
    send(owned.pid, (middle, task))
    assert down_of(ref) == "shutdown"
    assert not lives(daemon)
    assert middle.is_alive()
    exit_signal(owned.pid, "kill")
    down_of(owned.ref)
