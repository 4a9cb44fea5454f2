"""An actor ends, by whatever cause: its OS processes end with it, and `Down` comes when they are gone."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

import pytest
from support.calls import until
from support.ends import WAIT, OsProcesses, Owned, Tree, down_of, idle, own, run_program

from prx_actors import (
    Down,
    Exit,
    Pid,
    ProcessExit,
    exit,
    exit_signal,
    link,
    monitor,
    prx,
    receive,
    spawn,
    spawn_monitor,
    trap_exit,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from prx_actors import Task


def crash() -> None:
    """End as a program error does."""
    msg = "on purpose"
    raise RuntimeError(msg)


def leave_linked_to(task: Task) -> None:
    """End as a process that is linked to a task."""
    link(task)
    exit("linked")


WAYS: dict[str, tuple[Callable[[Task], object], object]] = {
    "stop": (prx.stop, "normal"),
    "Pykka's stop": (lambda task: task.stop(block=False), "normal"),
    "exit_signal": (lambda task: exit_signal(task, "enough"), "enough"),
    "kill": (lambda task: exit_signal(task, "kill"), "killed"),
    "link": (lambda task: spawn(leave_linked_to, task), "linked"),
}


@pytest.mark.parametrize("way", WAYS)
def test_the_end_of_a_task_is_told_when_nothing_of_its_subtree_is_left(way: str) -> None:
    """Whoever ends it, and however: the pids are free at the moment the messages arrive."""
    tree = Tree.grow()
    end, reason = WAYS[way]
    refs = {monitor(task): task for task in tree.tasks}
    with OsProcesses.below(tree.root) as processes:
        assert len(processes) == len(refs)
        end(tree.root)
        while refs:
            down = receive(Down, timeout=WAIT)
            task = refs.pop(down.ref)
            assert down.pid is task
            assert down.reason == (reason if task is tree.root or reason != "normal" else "shutdown")
            if task is tree.root:
                assert processes.left() == []
                assert not refs, "the root's Down comes last"


@pytest.mark.parametrize("way", WAYS)
def test_the_end_of_a_program_is_told_when_it_is_gone(way: str) -> None:
    """A task in exec state ends in the same ways."""
    end, reason = WAYS[way]
    with prx.fork() as root:
        program, sibling = run_program(root), prx.fork(root)
        ref = monitor(program)
        with OsProcesses.below(program) as processes:
            end(program)
            assert down_of(ref) == reason
            assert processes.left() == []
        assert prx.getpid(sibling) == sibling.pidof()
        assert prx.pidof(program) is None


def test_a_signal_of_reason_normal_ends_no_task() -> None:
    """As in Erlang, it kills no one else."""
    with prx.fork() as task:
        exit_signal(task, "normal")
        assert prx.getpid(task) == task.pidof()


def wait_then(act: Callable[[], object]) -> Callable[[], object]:
    """Do nothing until a message comes."""
    return lambda: (receive(timeout=WAIT), act())


OWNERS: dict[str, tuple[Callable[[], object], Callable[[Pid], object], object]] = {
    "its function returns": (wait_then(lambda: None), lambda pid: pid.tell("go"), "normal"),
    "it calls exit": (wait_then(lambda: exit("done")), lambda pid: pid.tell("go"), "done"),
    "it is killed in a receive": (idle, lambda pid: exit_signal(pid, "kill"), "killed"),
    "it gets an exit signal": (idle, lambda pid: exit_signal(pid, "leave"), "leave"),
    "Pykka stops it": (idle, lambda pid: pid.stop(block=False), "normal"),
}


def ends_with(owner: Owned, end: Callable[[Pid], object]) -> object:
    """End the owner of a tree and return its reason: nothing may be left when it comes."""
    with OsProcesses.below(owner.what.root) as processes:
        end(owner.pid)
        reason = down_of(owner.ref)
        assert processes.left() == []
    assert not any(task.is_alive() for task in owner.what.tasks)
    return reason


@pytest.mark.parametrize("way", OWNERS)
def test_the_end_of_an_owner_is_told_when_its_tasks_are_gone(way: str) -> None:
    """Whatever ends a process ends what it owns."""
    then, end, reason = OWNERS[way]
    assert ends_with(own(Tree.grow, then), end) == reason


def test_a_crash_of_the_owner_ends_its_tasks() -> None:
    """An exception that nobody catches is such an end, and the reason."""
    reason = ends_with(own(Tree.grow, wait_then(crash)), lambda pid: pid.tell("go"))
    assert isinstance(reason, RuntimeError)


def test_an_owner_that_computes_is_dead_at_once_for_its_tasks() -> None:
    """Its thread cannot be killed, what it owns can."""
    go_on = threading.Event()
    busy = threading.Event()

    def compute() -> None:
        busy.set()
        while not go_on.is_set():
            sum(range(1000))

    owner = own(Tree.grow, compute)
    assert busy.wait(WAIT)
    try:
        assert ends_with(owner, lambda pid: exit_signal(pid, "kill")) == "killed"
    finally:
        go_on.set()


def test_an_owner_that_waits_for_a_call_is_killed_with_its_tasks(tmp_path: Path) -> None:
    """The driver reads a fifo that nobody writes: it is killed when its time is over."""
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    raised: list[object] = []
    tasks: list[Task] = []

    def block() -> None:
        task = prx.fork(killdelay=0.2)
        tasks.append(task)
        fd = prx.open(task, fifo, "o_rdwr")
        try:
            prx.read(task, fd, 1)
        except ProcessExit as end:
            raised.append(end.reason)
            raise

    pid, ref = spawn_monitor(block)
    until(lambda: tasks and tasks[0].host_pid and is_reading(tasks[0].host_pid), "the driver reads")
    with OsProcesses.below(tasks[0]) as processes:
        exit_signal(pid, "kill")
        assert down_of(ref) == "killed"
        assert processes.left() == []
    until(lambda: raised, "the call has raised")
    assert raised == ["killed"]


def is_reading(pid: int) -> bool:
    """Say whether a process sleeps in read(2) of a pipe."""
    with open(f"/proc/{pid}/syscall") as file:  # noqa: PTH123 - procfs
        return file.read().startswith("0 ")


def test_tasks_end_with_the_plain_thread_that_has_forked_them() -> None:
    """The process that a thread has become ends when the thread does."""
    trees: list[Tree] = []
    grown, leave = threading.Event(), threading.Event()

    def work() -> None:
        trees.append(Tree.grow())
        grown.set()
        leave.wait(WAIT)

    thread = threading.Thread(target=work)
    thread.start()
    assert grown.wait(WAIT)
    ref = monitor(trees[0].root)
    with OsProcesses.below(trees[0].root) as processes:
        leave.set()
        thread.join()
        assert down_of(ref) == "shutdown"
        assert processes.left() == []


def test_a_task_forked_from_a_strangers_task_ends_with_the_stranger() -> None:
    """A child ends with its parent, whoever owns either."""
    owner = own(prx.fork)
    child = prx.fork(owner.what)
    ref = monitor(child)
    with OsProcesses.below(child) as processes:
        exit_signal(owner.pid, "kill")
        assert down_of(ref) == "killed"
        assert processes.left() == []


def test_a_child_that_ends_leaves_its_parent_and_siblings_alone() -> None:
    """The link between a child and its parent carries the parent's end only."""
    tree = Tree.grow()
    with tree.root:
        exit_signal(tree.middle, "gone wrong")
        assert down_of(monitor(tree.middle)) in {"gone wrong", "noproc"}
        assert not tree.below_middle.is_alive()
        assert prx.getpid(tree.root) == tree.root.pidof()
        assert tree.below_root.is_alive()


def test_a_linked_task_hears_of_its_owner_and_the_owner_of_it() -> None:
    """`link=True` makes an ordinary link, which a trapping owner gets as a message."""

    def owner() -> None:
        trap_exit(True)
        task = prx.fork(link=True)
        exit_signal(task, "cut")
        assert receive(Exit, timeout=WAIT) == Exit(task, "cut")

    _, ref = spawn_monitor(owner)
    assert down_of(ref) == "normal"


def test_the_end_of_a_linked_task_ends_an_owner_that_does_not_trap() -> None:
    """The reason goes on through the link; `normal` ends no one."""
    owner = own(lambda: prx.fork(link=True))
    exit_signal(owner.what, "cut")
    assert down_of(owner.ref) == "cut"
    other = own(lambda: prx.fork(link=True))
    prx.stop(other.what)
    assert other.pid.is_alive()
    exit_signal(other.pid, "kill")
    assert down_of(other.ref) == "killed"
