"""An OS process ends: messages go to the owner, and the actor ends for the reason that the design says."""

from __future__ import annotations

import os
import signal
import threading
from typing import TYPE_CHECKING

import pytest
from support.calls import until
from support.ends import WAIT, OsProcesses, Tree, down_of, own, run_program

from prx_actors import (
    Down,
    Exit,
    ExitStatus,
    NoProcess,
    TermSig,
    current,
    demonitor,
    exit_signal,
    link,
    monitor,
    prx,
    receive,
    send,
    spawn_monitor,
    trap_exit,
    unlink,
)

if TYPE_CHECKING:
    from pathlib import Path

    from prx_actors import Task

KILLED = ("termsig", signal.SIGKILL)


def kill(task: Task) -> None:
    """Kill its process from outside, as a stranger does."""
    assert task.host_pid
    os.kill(task.host_pid, signal.SIGKILL)


ENDS: dict[str, tuple[str, type, int]] = {
    "with 0": ("exit 0", ExitStatus, 0),
    "with 3": ("exit 3", ExitStatus, 3),
    "by SIGTERM": ("kill -TERM $$", TermSig, signal.SIGTERM),
    "by SIGKILL": ("kill -KILL $$", TermSig, signal.SIGKILL),
}


@pytest.mark.parametrize("how", ENDS)
def test_the_end_of_a_program_is_a_message_and_then_a_normal_end(how: str) -> None:
    """`normal` for a root, `shutdown` for a child; the message comes first."""
    command, kind, value = ENDS[how]
    with prx.fork() as parent:
        for above, reason in ((None, "normal"), (parent, "shutdown")):
            task = prx.fork(above)
            ref = monitor(task)
            with OsProcesses.below(task) as processes:
                prx.execvp(task, ["sh", "-c", command])
                first = receive(ExitStatus, TermSig, Down, timeout=WAIT)
                assert first == kind(task, value)
                assert receive(Down, timeout=WAIT) == Down(ref, task, reason)
                assert processes.left() == []
            assert not task.is_alive()
        assert prx.getpid(parent) == parent.pidof()


def test_a_program_that_ends_with_0_in_a_root_does_not_harm_who_has_forked_it() -> None:
    """The thread goes on, be it linked or not."""

    def run() -> None:
        for linked in (False, True):
            task = prx.fork(link=linked)
            ref = monitor(task)
            prx.execvp(task, ["true"])
            assert receive(ExitStatus, timeout=WAIT) == ExitStatus(task, 0)
            assert down_of(ref) == "normal"
        with prx.fork() as after:
            ran.append(prx.getpid(after) == after.pidof())

    ran: list[object] = []
    thread = threading.Thread(target=run)
    thread.start()
    thread.join(WAIT)
    assert ran == [True]


def test_a_driver_that_is_killed_ends_its_task_with_the_signal() -> None:
    """In call state an end that nobody asked for is a fault; the owner is told, not harmed."""
    with prx.fork() as parent:
        for above in (None, parent):
            task = prx.fork(above)
            ref = monitor(task)
            kill(task)
            assert receive(TermSig, Down, timeout=WAIT) == TermSig(task, signal.SIGKILL)
            assert receive(Down, timeout=WAIT) == Down(ref, task, KILLED)


def test_a_driver_that_is_killed_ends_who_is_linked() -> None:
    """The reason goes through the link; it is a message for a process that traps exits."""
    owner = own(lambda: prx.fork(link=True))
    kill(owner.what)
    assert down_of(owner.ref) == KILLED

    def trap() -> Task:
        trap_exit(True)
        return prx.fork(link=True)

    heard: list[object] = []
    trapping = own(trap, lambda: heard.append(receive(Exit, timeout=WAIT)))
    kill(trapping.what)
    assert down_of(trapping.ref) == "normal"
    assert heard == [Exit(trapping.what, KILLED)]


def test_exit_ends_a_task_normally_with_its_status() -> None:
    """`prx.exit` is an end that was asked for; what is below goes first."""
    with prx.fork() as parent:
        for above, reason in ((None, "normal"), (parent, "shutdown")):
            task = prx.fork(above)
            below = run_program(task)
            ref = monitor(task)
            with OsProcesses.below(task) as processes:
                assert len(processes) == 2
                prx.exit(task, 7)
                assert receive(ExitStatus, task=task, timeout=WAIT).status == 7
                assert down_of(ref) == reason
                assert processes.left() == []
            assert not below.is_alive()


def test_who_comes_too_late_hears_noproc() -> None:
    """To link to or monitor a task that has ended is answered as in Erlang."""
    task = prx.fork()
    prx.stop(task)
    assert down_of(monitor(task)) == "noproc"
    _, ref = spawn_monitor(link, task)
    assert down_of(ref) == "noproc"
    with pytest.raises(NoProcess):
        prx.getpid(task)
    send(task, "nobody hears this")


def test_an_end_is_not_told_to_who_has_stopped_listening() -> None:
    """`demonitor` and `unlink` undo what they name, `flush` takes back what has come."""
    task = prx.fork(link=True)
    refs = [monitor(task) for _ in range(3)]
    demonitor(refs[0])
    unlink(task)
    kill(task)
    assert down_of(refs[2]) == KILLED
    demonitor(refs[1], flush=True)
    with pytest.raises(TimeoutError):
        receive(Down, timeout=0)


def test_a_driver_killed_in_mid_call_raises_in_its_caller_at_once(tmp_path: Path) -> None:
    """The caller sits in a read that never returns; siblings do not notice."""
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    with prx.fork() as root:
        task, sibling = prx.fork(root), prx.fork(root)
        fd = prx.open(task, fifo, "o_rdwr")

        def kill_reading() -> None:
            until(lambda: is_reading(task), "it reads")
            kill(task)

        killer = threading.Thread(target=kill_reading)
        killer.start()
        with pytest.raises(NoProcess, match="read"):
            prx.read(task, fd, 1)
        assert receive(TermSig, timeout=WAIT) == TermSig(task, signal.SIGKILL)
        killer.join()
        assert prx.getpid(sibling) == sibling.pidof()


def is_reading(task: Task) -> bool:
    """Say whether a driver sleeps in read(2)."""
    with open(f"/proc/{task.host_pid}/syscall") as file:  # noqa: PTH123 - procfs
        return file.read().startswith("0 ")


def test_a_driver_in_a_blocking_call_still_reports_its_children(tmp_path: Path) -> None:
    """Reaping and the message of the end do not wait for the call."""
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    test = current()

    def make() -> tuple[Task, Task]:
        parent = prx.fork(killdelay=0.2)
        return parent, run_program(parent, "cat", stdio=test)

    def block() -> None:
        receive(timeout=WAIT)
        parent, _ = owner.what
        prx.read(parent, prx.open(parent, fifo, "o_rdwr"), 1)

    owner = own(make, block)
    owner.pid.tell("go")
    parent, child = owner.what
    until(lambda: is_reading(parent), "the parent reads")
    ref = monitor(child)
    kill(child)
    assert receive(TermSig, Down, timeout=WAIT) == TermSig(child, signal.SIGKILL)
    assert receive(Down, timeout=WAIT) == Down(ref, child, "shutdown")
    # The handler of SIGCHLD, which has sent the event, may still be on its way back into the call.
    until(lambda: is_reading(parent), "the parent reads on")
    exit_signal(owner.pid, "kill")
    assert down_of(owner.ref) == "killed"


def test_the_end_of_a_middle_driver_takes_its_subtree_and_nothing_else() -> None:
    """Parent and siblings live, and `Down` of the middle one comes when all below is gone."""
    with prx.fork() as root:
        tree = Tree(root, prx.fork(root), run_program(root), root)
        deep = prx.fork(prx.fork(tree.middle))
        program = run_program(deep)
        ref = monitor(tree.middle)
        with OsProcesses.below(tree.middle) as processes:
            assert len(processes) == 4
            kill(tree.middle)
            assert down_of(ref) == KILLED
            assert processes.left() == []
        assert not deep.is_alive()
        assert not program.is_alive()
        assert tree.below_root.is_alive()
        assert prx.getpid(root) == root.pidof()


def test_the_end_of_the_root_takes_the_whole_tree() -> None:
    """All of it goes, a driver that was stopped by a signal too."""
    tree = Tree.grow(killdelay=0.3)
    assert tree.middle.host_pid
    os.kill(tree.middle.host_pid, signal.SIGSTOP)
    ref = monitor(tree.root)
    with OsProcesses.below(tree.root) as processes:
        kill(tree.root)
        assert down_of(ref) == KILLED
        assert processes.left() == []
