"""What does not end when it is told to: SIGKILL comes at the deadline, at any depth."""

from __future__ import annotations

import os
import signal
import threading
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import pytest
from support.calls import until
from support.ends import LAG, WAIT, OsProcesses, down_of, idle, own, run_program, run_stubborn

from prx_actors import NoProcess, Stdout, Task, exit_signal, monitor, prx, receive, spawn_monitor

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DELAY = 0.5
"""The killdelay of these tests."""
BOUND = DELAY + 1.0 + LAG
"""When all is gone, as the design promises."""
NEVER = 1000.0
"""A killdelay that is not waited for."""


@contextmanager
def gone_between(earliest: float, latest: float, *tasks: Task) -> Iterator[None]:
    """Expect that the block takes this long, and that nothing of these tasks is left at its end."""
    with OsProcesses.below(*tasks) as processes:
        began = time.monotonic()
        yield
        took = time.monotonic() - began
        assert processes.left() == []
    assert earliest <= took <= latest, f"{took:.3f} s"


def stop_by_signal(task: Task) -> None:
    """Have the process stand still."""
    assert task.host_pid
    os.kill(task.host_pid, signal.SIGSTOP)


def test_a_program_that_ignores_sigterm_is_killed_at_the_deadline() -> None:
    """Not before, and not much later."""
    task = run_stubborn(None, killdelay=DELAY)
    with gone_between(DELAY, BOUND, task):
        prx.stop(task)


def test_a_program_that_obeys_does_not_wait_for_the_deadline() -> None:
    """The signal comes at once."""
    task = run_program(None, killdelay=NEVER)
    with gone_between(0, WAIT, task):
        prx.stop(task)


def test_a_program_is_asked_by_the_signal_that_the_option_names() -> None:
    """`signaloneof` is what the program gets, and SIGTERM is not."""
    task = prx.fork(killdelay=NEVER, signaloneof=signal.SIGUSR1)
    prx.execvp(task, ["sh", "-c", "trap '' TERM; trap 'exit 0' USR1; echo ready; while :; do read line; done"])
    assert receive(Stdout, task=task, timeout=WAIT).data == b"ready\n"
    with gone_between(0, WAIT, task):
        prx.stop(task)


def test_kill_waits_for_nothing() -> None:
    """The reason `kill` means SIGKILL, also for the programs below."""
    root = prx.fork(killdelay=NEVER)
    program = run_stubborn(root)
    ref = monitor(root)
    with gone_between(0, WAIT, root):
        exit_signal(root, "kill")
        assert down_of(ref) == "killed"
    assert not program.is_alive()


def test_a_stopped_program_is_killed_at_the_deadline() -> None:
    """It cannot take SIGTERM, but SIGKILL."""
    task = run_program(None, killdelay=DELAY)
    stop_by_signal(task)
    with gone_between(0, BOUND, task):
        prx.stop(task)


def test_a_stopped_driver_is_killed_with_all_below_it() -> None:
    """Neither the order nor the end of its children reaches it, and `stop` works all the same."""
    root = prx.fork(killdelay=DELAY)
    middle = prx.fork(root)
    run_program(prx.fork(middle))
    stop_by_signal(middle)
    with gone_between(0, BOUND, middle):
        prx.stop(middle)
    assert prx.getpid(root) == root.pidof()
    prx.stop(root)


def test_a_stopped_root_is_killed_with_all_below_it() -> None:
    """The same at the top."""
    root = prx.fork(killdelay=DELAY)
    run_program(prx.fork(root))
    stop_by_signal(root)
    with gone_between(0, BOUND, root):
        prx.stop(root)


def test_a_driver_in_a_call_that_does_not_return_is_killed_at_the_deadline(tmp_path: Path) -> None:
    """So is what ignores SIGTERM below it; the caller's call raises."""
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    raised = threading.Event()

    def make() -> Task:
        root = prx.fork(killdelay=DELAY)
        run_stubborn(root)
        return root

    def block() -> None:
        try:
            prx.open(owner.what, fifo, "o_rdonly")
        except NoProcess:
            raised.set()

    def begin() -> None:
        receive(timeout=WAIT)
        block()

    owner = own(make, begin)
    owner.pid.tell("go")
    until(lambda: is_opening(owner.what), "the driver opens the fifo")
    with gone_between(DELAY, BOUND, owner.what):
        prx.stop(owner.what)
    assert raised.wait(WAIT)
    assert down_of(owner.ref) == "normal"


def is_opening(task: Task) -> bool:
    """Say whether a driver sleeps in openat(2)."""
    with open(f"/proc/{task.host_pid}/syscall") as file:  # noqa: PTH123 - procfs
        return file.read().startswith("257 ")


def test_depth_adds_nothing_to_the_deadline() -> None:
    """One absolute time holds for all: twelve levels that ignore SIGTERM take no longer than one."""
    root = task = prx.fork(killdelay=DELAY)
    for _ in range(12):
        run_stubborn(task)
        task = prx.fork(task)
    with gone_between(DELAY, BOUND, root):
        prx.stop(root)


def test_depth_adds_nothing_when_the_drivers_end_by_themselves() -> None:
    """`exit` of the topmost one sends the deadline down from driver to driver."""
    root = task = prx.fork(killdelay=DELAY)
    for _ in range(12):
        run_stubborn(task)
        task = prx.fork(task)
    ref = monitor(root)
    with gone_between(DELAY, BOUND, root):
        prx.exit(root, 0)
        assert down_of(ref) == "normal"


def test_each_level_stopped_by_a_signal_adds_nothing_to_the_deadline() -> None:
    """Drivers that stand still are killed by the runtime, all at the same time."""
    root = task = prx.fork(killdelay=DELAY)
    chain = [root]
    for _ in range(6):
        run_program(task)
        task = prx.fork(task)
        chain.append(task)
    for task in chain:
        stop_by_signal(task)
    with gone_between(0, BOUND, root):
        prx.stop(root)


def test_a_task_that_is_stopped_in_the_midst_of_exec_is_asked_once_it_is_a_program() -> None:
    """The driver, which takes signals for itself, has been told to exec but has not done so."""
    tasks: list[Task] = []

    def run() -> None:
        task = prx.fork(killdelay=NEVER)
        stop_by_signal(task)
        tasks.append(task)
        with suppress(NoProcess):  # it may have become the program before its end was told
            prx.execvp(task, ["sleep", "1000"])
        idle()

    pid, ref = spawn_monitor(run)
    until(lambda: tasks and "executing" in repr(tasks[0]), "exec is asked for")
    # The request is in the socket before the caller waits for the reply.
    with gone_between(0, WAIT, tasks[0]):
        stopped = tasks[0].stop(block=False)
        assert tasks[0].host_pid
        os.kill(tasks[0].host_pid, signal.SIGCONT)
        stopped.get(timeout=WAIT)
    exit_signal(pid, "kill")
    assert down_of(ref) == "killed"


def test_stop_returns_in_the_time_it_is_given() -> None:
    """What is not gone by then goes later."""
    task = run_stubborn(None, killdelay=DELAY)
    ref = monitor(task)
    with OsProcesses.below(task) as processes:
        with pytest.raises(TimeoutError), prx.timeout(0.05):
            prx.stop(task)
        assert len(processes.left()) == 1
        assert down_of(ref) == "normal"
        assert processes.left() == []
