"""The keeper searches all processes for the marks of tasks: what came away from the drivers above it is gone, too."""

from __future__ import annotations

import os
import re
import resource
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support.calls import until
from support.ends import WAIT, OsProcesses, down_of, idle, keeper_of, own, run_program
from support.features import require
from support.marks import DAEMON, DEAF, daemon_of, lives, mark

from prx_actors import Stdout, Task, exit_signal, monitor, prx, receive, shutdown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

KILLDELAY = 0.5


def kill_at_once(*pids: int | None) -> None:
    """Kill processes so that none can act on the end of another."""
    for number in (signal.SIGSTOP, signal.SIGKILL):
        for pid in pids:
            assert pid
            os.kill(pid, number)


# What came away.


@pytest.mark.parametrize("start", [DAEMON, DEAF], ids=["daemon", "deaf"])
def test_what_a_root_s_program_has_left_goes_with_the_keeper(start: str) -> None:
    """Above it was the keeper alone, so it falls to init; a successor of the keeper finds it."""
    task = prx.fork(killdelay=KILLDELAY)
    daemon = daemon_of(task, start)
    ref = monitor(task)
    os.kill(keeper_of(task), signal.SIGKILL)
    assert down_of(ref) == "shutdown"
    assert not lives(daemon)


@pytest.mark.parametrize("start", [DAEMON, DEAF], ids=["daemon", "deaf"])
def test_what_all_drivers_above_have_left_that_were_killed_at_once_is_gone(start: str) -> None:
    """Keeper, root and the driver between: nobody below them is left to sweep."""
    root = prx.fork(killdelay=KILLDELAY)
    middle = prx.fork(root)
    task = prx.fork(middle)
    daemon = daemon_of(task, start)
    refs = [monitor(one) for one in (task, middle, root)]
    kill_at_once(keeper_of(root), root.host_pid, middle.host_pid)
    for ref in refs:
        down_of(ref)
    assert not lives(daemon)


def test_the_next_root_has_a_keeper_of_its_own() -> None:
    """The successor only searches, and goes."""
    task = prx.fork(killdelay=KILLDELAY)
    daemon_of(task, DAEMON)
    ref = monitor(task)
    os.kill(keeper_of(task), signal.SIGKILL)
    down_of(ref)
    with prx.fork() as root:
        assert prx.getpid(root) == root.host_pid


@contextmanager
def container() -> Iterator[int]:
    """Run a process that is the first one of a pid namespace, and none of ours; return its pid."""
    require(os.geteuid() == 0, "root")
    with subprocess.Popen(
        ["unshare", "--pid", "--fork", "--kill-child", "sh", "-c", "echo ready; read line"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as outer:
        assert outer.stdin
        assert outer.stdout
        assert outer.stdout.readline() == b"ready\n"
        yield int(Path(f"/proc/{outer.pid}/task/{outer.pid}/children").read_text())
        outer.stdin.write(b"\n")


def enter(task: Task, init: int) -> None:
    """Have what a task forks from now on live in the pid namespace of another process."""
    prx.setns(task, prx.open(task, f"/proc/{init}/ns/pid", ["o_rdonly", "o_cloexec"]), "clone_newpid")


def daemon_in(init: int) -> int:
    """Wait for a daemon that has fallen to the first process of a namespace; return its pid."""
    children = Path(f"/proc/{init}/task/{init}/children")
    until(lambda: children.read_text().split(), "the daemon falls to the namespace's first process")
    return int(children.read_text().split()[0])


@pytest.mark.root
@pytest.mark.parametrize("start", [DAEMON, DEAF], ids=["daemon", "deaf"])
def test_what_falls_to_the_first_process_of_a_namespace_goes_with_its_task(start: str) -> None:
    """After setns(2) a daemon's parent is a stranger, whom its end leaves alone."""
    with container() as init, prx.fork(killdelay=KILLDELAY) as root:
        task = prx.fork(root)
        enter(task, init)
        daemon_of(task, f"({start});")
        daemon = daemon_in(init)
        ref = monitor(task)
        prx.stdin(task, "\n")
        assert down_of(ref) == "shutdown"
        assert not lives(daemon)
        assert lives(init)


RUNTIME = """
import os, signal, sys
from prx_actors import Stdout, prx, receive

with prx.fork(killdelay=0.5) as task:
    init = sys.argv[1]
    prx.setns(task, prx.open(task, f"/proc/{init}/ns/pid", ["o_rdonly", "o_cloexec"]), "clone_newpid")
    prx.execvp(task, ["sh", "-c", "(setsid sh -c 'echo $$; exec sleep 1000 >/dev/null 2>&1' &); read line"])
    receive(Stdout, task=task, timeout=30)
    print("ready", flush=True)
    if sys.stdin.readline() == "die\\n":
        os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.root
@pytest.mark.parametrize("end", ["die", "exit"])
def test_what_a_runtime_has_left_anywhere_goes_with_it(end: str) -> None:
    """The keeper looks last of all, also when nobody asks it to any more."""
    with container() as init:
        with subprocess.Popen(
            [sys.executable, "-c", RUNTIME, str(init)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as runtime:
            assert runtime.stdin
            assert runtime.stdout
            assert runtime.stdout.readline() == "ready\n"
            with OsProcesses([daemon_in(init)]) as daemon:
                runtime.stdin.write(f"{end}\n")
                runtime.stdin.flush()
                runtime.wait(WAIT)
                until(lambda: not [pid for pid in daemon.left() if lives(pid)], "the daemon goes")
        assert lives(init)


# What is nobody's business.


@contextmanager
def stranger(soft: int) -> Iterator[int]:
    """Run a process with that limit, in a session of its own and with init as its parent."""
    script = "setsid sh -c 'echo $$; exec sleep 1000 >/dev/null 2>&1' &"

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_RTTIME, (soft, resource.RLIM_INFINITY))

    done = subprocess.run(["sh", "-c", script], preexec_fn=limit, capture_output=True, check=True, timeout=WAIT)
    pid = int(done.stdout)
    with OsProcesses([pid]) as process:
        yield pid
        if lives(pid):
            os.kill(pid, signal.SIGKILL)
        assert process.wait_gone(WAIT) == []


STRANGERS: dict[str, Callable[[int], int]] = {
    "of another run": lambda number: mark(number) ^ 1 << 30,
    "of a living sibling": lambda number: mark(number + 1),
    "of a user": lambda _number: 1_000_000,
    "of a user, high": lambda number: (1 << 61) + number,
}
"""Soft limits that are no marks of the task that ends."""


@pytest.mark.parametrize("kind", STRANGERS)
def test_a_stranger_is_not_harmed(kind: str) -> None:
    """Whatever it bears that is not the mark of the task for which the keeper searches."""
    with prx.fork(killdelay=KILLDELAY) as root:
        task = prx.fork(root)
        sibling = run_program(root)
        with stranger(STRANGERS[kind](task._process.driver.id)) as pid:
            ref = monitor(task)
            assert task.host_pid
            os.kill(task.host_pid, signal.SIGKILL)  # a driver that was killed is what the keeper searches for
            assert down_of(ref) == ("termsig", signal.SIGKILL)
            assert lives(pid)
            assert sibling.is_alive()


def test_the_same_mark_on_a_process_that_is_no_stranger_is_what_it_looks_for() -> None:
    """So the test above does not pass for want of a search."""
    with prx.fork(killdelay=KILLDELAY) as root:
        task = prx.fork(root)
        with stranger(mark(task._process.driver.id)) as pid:
            ref = monitor(task)
            assert task.host_pid
            os.kill(task.host_pid, signal.SIGKILL)
            assert down_of(ref) == ("termsig", signal.SIGKILL)
            assert not lives(pid)


FORGER = """
import os, resource, signal, sys
from prx_actors import Down, monitor, prx, receive
from prx_actors.driver.keeper import driver_path, keeper_for

with prx.fork(killdelay=0.5) as root:
    task = prx.fork(root)
    assert prx.getpid(task)
    forged = 1 << 62 | keeper_for((), driver_path()).run_id << 26 | task._process.driver.id
    resource.prlimit(int(sys.argv[1]), resource.RLIMIT_RTTIME, (forged, resource.RLIM_INFINITY))
    ref = monitor(task)
    os.kill(task.host_pid, signal.SIGKILL)
    print(receive(Down, ref=ref, timeout=30).reason)
"""


def test_what_is_older_than_the_runtime_is_not_harmed_though_it_bears_the_very_mark() -> None:
    """A program may write its mark on another process of the same user: on the editor, on the runtime."""
    with subprocess.Popen(["sleep", "1000"]) as older:
        time.sleep(0.05)  # age is told in ticks of a hundredth of a second
        done = subprocess.run(
            [sys.executable, "-c", FORGER, str(older.pid)], capture_output=True, text=True, check=False, timeout=WAIT
        )
        assert (done.returncode, done.stderr) == (0, "")
        assert "termsig" in done.stdout
        assert older.poll() is None
        older.kill()


NESTED = """
import sys
from prx_actors import Stdout, prx, receive

with prx.fork() as task:
    prx.execvp(task, ["sh", "-c", "setsid sh -c 'echo $$; exec sleep 1000 >/dev/null 2>&1' & read line"])
    print(int(receive(Stdout, task=task, timeout=30).data), flush=True)
    sys.stdin.readline()
"""


def test_a_runtime_within_a_task_goes_on_while_the_task_does_and_ends_with_it() -> None:
    """Its processes have the outer task's mark."""
    with prx.fork(killdelay=KILLDELAY, drain=0.1) as root:
        nested, other = prx.fork(root), prx.fork(root)
        prx.execvp(nested, [sys.executable, "-c", NESTED])
        found = re.match(rb"(\d+)\n", receive(Stdout, task=nested, timeout=WAIT).data)
        assert found
        daemon = int(found[1])
        ref = monitor(other)
        assert other.host_pid
        os.kill(other.host_pid, signal.SIGKILL)
        down_of(ref)
        assert lives(daemon)
        ref = monitor(nested)
        exit_signal(nested, "kill")
        assert down_of(ref) == "killed"
        assert not lives(daemon)


def test_a_keeper_that_ends_leaves_the_tasks_of_another_one_alone() -> None:
    """Each has a run of its own."""
    with prx.fork(exec="env") as root:
        daemon = daemon_of(prx.fork(root), DAEMON)
        other = prx.fork(exec="nice")
        ref = monitor(other)
        os.kill(keeper_of(other), signal.SIGKILL)
        down_of(ref)
        assert lives(daemon)
        assert prx.getpid(root) == root.host_pid
    shutdown()
    assert not lives(daemon)


def test_many_searches_at_once() -> None:
    """Each driver that is killed asks for one; the keeper looks once for all that wait."""
    with prx.fork(killdelay=KILLDELAY, maxchild=100) as root:
        tasks = [prx.fork(root) for _ in range(50)]
        refs = [monitor(task) for task in tasks]
        with OsProcesses(task.host_pid for task in tasks) as processes:
            kill_at_once(*(task.host_pid for task in tasks))
            assert {down_of(ref) for ref in refs} == {("termsig", signal.SIGKILL)}
            assert processes.left() == []
        assert prx.getpid(root)


def test_the_owner_of_what_came_away_is_told_after_it_is_gone() -> None:
    """Its `Down` waits as those of its tasks do."""
    owner = own(lambda: (task := prx.fork(killdelay=KILLDELAY), daemon_of(task, DEAF)), idle)
    task, daemon = owner.what
    os.kill(keeper_of(task), signal.SIGKILL)
    exit_signal(owner.pid, "died")
    assert down_of(owner.ref) == "died"
    assert not lives(daemon)
