"""The runtime, the keeper or the launcher ends, by whatever cause: everything below is gone within the bound."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from support.calls import until
from support.ends import LAG, WAIT, OsProcesses, Tree, down_of, run_stubborn
from support.leaks import descendants

from prx_actors import ExitStatus, monitor, prx, receive, shutdown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LAUNCHER = ["sh", "-c", '"$@"; exit $?', "sh"]
"""One that forks and waits, as sudo does."""
DELAY = 0.5
BOUND = DELAY + 1.0 + LAG

PROGRAM = """
import ctypes, json, os, signal, sys, time
from prx_actors import prx, receive, Stdout

options = json.loads(sys.argv[1])
root = prx.fork(exec=options["launcher"], killdelay=options["killdelay"])
middle = prx.fork(root)
deep = prx.fork(middle)
programs = [prx.fork(root), prx.fork(middle), prx.fork(middle)]
prx.execvp(programs[0], ["sleep", "1000"])
prx.execvp(programs[1], ["cat"])
prx.execvp(programs[2], ["sh", "-c", "trap '' TERM; echo ready; exec sleep 1000"])
receive(Stdout, task=programs[2], timeout=30)
worker = options["worker"]
fork = {"none": lambda: 1, "os.fork": os.fork, "fork(3)": ctypes.PyDLL(None).fork}[worker]
copy = fork()
if copy == 0:
    while True:
        time.sleep(1)
known = [task.host_pid for task in [root, middle, deep, *programs]]
print(json.dumps({"known": known, "worker": copy if worker != "none" else None}), flush=True)
"""

TREE = 6
"""Processes that the program has forked."""

ENDS = {
    "SIGKILL": "os.kill(os.getpid(), signal.SIGKILL)",
    "SIGTERM": "os.kill(os.getpid(), signal.SIGTERM)",
    "os._exit": "os._exit(0)",
    "sys.exit": "sys.exit(0)",
    "an exception": "raise RuntimeError('on purpose')",
    "its last line": "",
    "sys.exit in a thread's midst": (
        "import threading; threading.Thread(target=receive, daemon=True).start(); sys.exit(0)"
    ),
}


@contextmanager
def program_with_tree(end: str, worker: str = "none", launcher: list[str] | None = None) -> Iterator[OsProcesses]:
    """Run a program that forks a tree and then ends, once the block has been entered.

    Args:
        end: its last lines
        worker: how it forks a copy of itself, which lives on
        launcher: of its root
    """
    options = json.dumps({"killdelay": DELAY, "worker": worker, "launcher": launcher or []})
    source = PROGRAM + "sys.stdin.readline()\n" + end
    argv = [sys.executable, "-c", source, options]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as program:
        assert program.stdin
        assert program.stdout
        said = json.loads(program.stdout.readline())
        copy = said["worker"]
        below = {one.pid for one in descendants(program.pid)} - {copy}
        assert below >= set(said["known"])
        with OsProcesses(below) as processes:
            assert len(processes) >= TREE + 1
            program.stdin.write(b"\n")
            program.stdin.flush()
            program.wait(WAIT)
            try:
                yield processes
            finally:
                if copy:
                    os.kill(copy, signal.SIGKILL)


@pytest.mark.parametrize("end", ENDS)
def test_the_end_of_the_runtime_ends_everything(end: str) -> None:
    """A program may end as it likes, without a word to anyone."""
    with program_with_tree(ENDS[end]) as processes:
        assert processes.wait_gone(BOUND) == []


@pytest.mark.parametrize("worker", ["os.fork", "fork(3)"])
@pytest.mark.parametrize("end", ["SIGKILL", "os._exit"])
def test_a_forked_worker_that_lives_on_keeps_nothing_alive(end: str, worker: str) -> None:
    """The copies of the channels that it may hold are not what a keeper lives by."""
    with program_with_tree(ENDS[end], worker) as processes:
        assert processes.wait_gone(BOUND) == []


@pytest.mark.parametrize("end", ["SIGKILL", "its last line"])
def test_a_launcher_is_gone_with_the_runtime(end: str) -> None:
    """The keeper is its child; it ends as the keeper does."""
    with program_with_tree(ENDS[end], launcher=LAUNCHER) as processes:
        assert len(processes) == TREE + 2
        assert processes.wait_gone(BOUND) == []


def test_a_program_waits_at_its_end_until_all_is_gone() -> None:
    """An orderly end leaves nothing, not even for a moment."""
    with program_with_tree("sys.exit(0)") as processes:
        assert processes.left() == []


def kill(pid: int) -> None:
    """End a process of the runtime's own."""
    os.kill(pid, signal.SIGKILL)


def keepers(launcher: list[str]) -> list[int]:
    """Return the pids on the way from the runtime to the drivers that this launcher has started."""
    with prx.fork(exec=launcher) as root:
        assert root.host_pid
        below = descendants(os.getpid())
        parents = {one.pid: one.parent for one in below}
        chain = [parents[root.host_pid]]
        while chain[0] in parents and parents[chain[0]] != os.getpid():
            chain.insert(0, parents[chain[0]])
        return chain


@pytest.mark.parametrize(
    ("launcher", "pick"),
    [([], 0), (LAUNCHER, 0), (LAUNCHER, 1)],
    ids=["the keeper", "the launcher", "the keeper of a launcher"],
)
def test_the_end_of_a_keeper_ends_its_roots_and_no_others(launcher: list[str], pick: int) -> None:
    """`Down` comes when all is gone; another root can be forked at once, and other keepers' roots live."""
    other_launcher = [*LAUNCHER, "env"]
    try:
        with prx.fork(exec=other_launcher) as bystander:
            chain = keepers(launcher)
            tree = Tree.grow(exec=launcher, killdelay=DELAY)
            refs = [monitor(task) for task in tree.tasks]
            with OsProcesses.below(tree.root) as processes, OsProcesses(chain) as above:
                kill(chain[pick])
                for ref in reversed(refs):
                    down_of(ref)
                assert processes.left() == []
                assert above.wait_gone(BOUND) == []
            with prx.fork(exec=launcher) as again:
                assert prx.getpid(again) == again.pidof()
            assert prx.getpid(bystander) == bystander.pidof()
    finally:
        shutdown()


def test_what_ignores_sigterm_goes_with_the_keeper_too() -> None:
    """At the deadline, or at once by the parent-death signal."""
    try:
        root = prx.fork(exec=LAUNCHER, killdelay=DELAY)
        stubborn = run_stubborn(prx.fork(root))
        ref = monitor(root)
        with OsProcesses.below(root) as processes:
            kill(keepers(LAUNCHER)[1])
            down_of(ref, BOUND)
            assert processes.left() == []
        assert not stubborn.is_alive()
    finally:
        shutdown()


def test_after_a_shutdown_tasks_can_be_forked_again() -> None:
    """It ends every task and the keeper itself, and waits for that."""
    for _ in range(3):
        tree = Tree.grow()
        refs = [monitor(task) for task in tree.tasks]
        above = keepers([])
        with OsProcesses.below(tree.root) as processes, OsProcesses(above) as keeper:
            shutdown()
            assert processes.left() == []
            assert keeper.left() == []
        for ref in refs:
            assert down_of(ref) == "shutdown"
    with prx.fork() as task:
        prx.execvp(task, ["true"])
        assert receive(ExitStatus, task=task, timeout=WAIT).status == 0


def test_a_shutdown_without_tasks_does_nothing() -> None:
    """Twice as well as once."""
    shutdown()
    shutdown()
    with prx.fork() as task:
        assert prx.getpid(task) == task.pidof()


def test_an_end_at_any_instant_of_the_start_leaves_nothing() -> None:
    """The runtime is killed while the keeper comes up, roots are forked and programs started."""
    source = """
from prx_actors import prx
print("here", flush=True)
while True:
    root = prx.fork()
    child = prx.fork(root)
    prx.execvp(prx.fork(root), ["sleep", "1000"])
"""
    for number in range(6):
        argv = [sys.executable, "-c", source]
        with subprocess.Popen(argv, stdout=subprocess.PIPE) as program:
            assert program.stdout
            assert program.stdout.readline() == b"here\n"
            until(enough(program.pid, number * 3), "it has forked some")
            with OsProcesses(stopped_below(program.pid)) as processes:
                program.kill()
                program.wait(WAIT)
                assert processes.wait_gone(4 + 1) == []


def enough(pid: int, count: int) -> Callable[[], bool]:
    """Say whether there are as many processes below one."""
    return lambda: len(descendants(pid)) >= count


def stopped_below(pid: int) -> set[int]:
    """Have a runtime stand still, so that none is forked any more, and return what is below it."""
    os.kill(pid, signal.SIGSTOP)
    return {one.pid for one in descendants(pid)}
