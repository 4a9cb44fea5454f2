"""One owner and a few tasks."""

from __future__ import annotations

import errno
import os
import signal
from typing import TYPE_CHECKING

import pytest
from support.calls import fails, outcome, until

from prx_actors import (
    ExitStatus,
    NotInCallState,
    NotOwner,
    StdinBlocked,
    Task,
    TermSig,
    current,
    prx,
    receive,
    send,
    spawn,
)

if TYPE_CHECKING:
    from prx_actors import Pid

WAIT = 20


def test_a_shell_killed_by_its_parent_leaves_a_root_that_answers() -> None:
    """Also while what the shell has started still runs."""
    with prx.fork() as root:
        child = prx.fork(root)
        pid = prx.getpid(child)
        prx.execvp(child, ["sh", "-c", "sleep 300; :"])
        prx.kill(root, pid, "sigterm")
        assert (prx.pidof(root), prx.getpid(root)) == (root.host_pid, root.host_pid)
        assert receive(TermSig, task=child, timeout=WAIT).signal is signal.SIGTERM
        assert prx.getpid(root) == root.host_pid


@pytest.mark.static
def test_a_task_replaces_its_image_with_and_without_an_environment() -> None:
    """One after the other, and what it had is gone when it is told so."""
    with prx.fork() as root:
        again, replaced = prx.fork(root), prx.fork(root)
        for _ in range(2):
            prx.reexec(again)
        prx.reexec(replaced, ["prx"], ["A=1"])
        assert prx.environ(replaced) == [b"A=1"]
        prx.reexec(replaced, ["prx"], [])
        assert prx.environ(replaced) == []
        assert [prx.getpid(task) for task in (again, replaced)] == [again.host_pid, replaced.host_pid]


@pytest.mark.static
def test_a_root_replaces_its_image_after_clearenv() -> None:
    """It needs no variable to be set."""
    with prx.fork() as root:
        prx.clearenv(root)
        prx.reexec(root)
        assert prx.environ(root) == []


@pytest.mark.root
@pytest.mark.static
def test_a_task_replaces_its_image_after_it_has_unmounted_proc() -> None:
    """In which it cannot be found by the pid that its parent knows."""
    with prx.fork() as root:
        task = prx.clone(root, ["clone_newipc", "clone_newnet", "clone_newns", "clone_newpid", "clone_newuts"])
        prx.mount(task, "none", "/", "", ["ms_private", "ms_rec"], b"")
        prx.mount(task, "proc", "/proc", "proc", [], b"")
        path = f"/proc/{prx.pidof(task)}/comm"
        with fails(errno.ENOENT, filename=path):
            prx.open(task, path, ["o_rdonly"])
        prx.umount(task, "/proc")
        for _ in range(2):
            prx.reexec(task)
        assert prx.getpid(task) == 1


@pytest.mark.static
def test_a_root_with_a_new_image_runs_shell_commands() -> None:
    """As the old one did."""
    with prx.fork() as root:
        prx.reexec(root)
        assert prx.sh(root, 'echo "test"') == b"test\n"


def test_commands_return_their_output_also_under_flow_control() -> None:
    """Which lets one message through at a time, and no line is lost."""
    with prx.fork() as root:
        assert prx.cmd(root, ["echo", "test"]) == b"test\n"
        assert prx.sh(root, 'echo "test"') == b"test\n"
        prx.setopt(root, "flowcontrol", 1)
        lines = prx.sh(root, "seq 200 | grep --line-buffered .").split()
        assert lines == [b"%d" % number for number in range(1, 201)]


def test_a_command_that_kills_the_task_that_runs_it_does_not_hang() -> None:
    """By the default of SIGTERM, which the task has asked for."""
    with prx.fork() as root:
        task = prx.fork(root)
        prx.sigaction(task, "sigterm", "sig_dfl")
        try:
            assert prx.sh(task, "kill $PPID; cat") == b""
        except ProcessLookupError:
            until(lambda: not task.is_alive(), "its end is told")
        until(lambda: prx.cpid(root) == [], "the task is gone")


def test_each_task_of_a_chain_is_known_by_its_pid_until_it_exits() -> None:
    """Which the chain's owner is told."""
    with prx.fork() as first:
        second = prx.fork(first)
        third = prx.fork(second)
        for task in (first, second, third):
            assert prx.getpid(task) == prx.pidof(task)
        prx.exit(third, 0)
        assert receive(ExitStatus, task=third, timeout=WAIT).status == 0
        until(lambda: prx.pidof(third) is None, "it has no pid")


def test_options_of_a_child_are_kept_until_it_exits() -> None:
    """By its parent, for whoever names it by task or pid; a root has none."""
    with prx.fork() as root:
        tasks = [prx.fork(root) for _ in range(5)]
        first, fourth = tasks[0], tasks[3]
        pid = prx.pidof(fourth)
        assert pid is not None
        one = prx.cpid(root, pid)
        assert one is not None
        assert not isinstance(one, list)
        assert one == prx.cpid(root, fourth)
        assert one.pid == pid
        assert prx.getopt(root, "flowcontrol") == -1
        prx.setopt(root, "flowcontrol", 1)
        assert prx.getopt(root, "flowcontrol") == 1
        assert [prx.getcpid(first, name) for name in ("flowcontrol", "signaloneof")] == [-1, 15]
        assert prx.setcpid(first, "flowcontrol", 2)
        assert prx.setcpid(root, first, "signaloneof", 9)
        assert [prx.getcpid(root, first, name) for name in ("flowcontrol", "signaloneof")] == [2, 9]
        prx.exit(first, 0)
        assert receive(ExitStatus, task=first, timeout=WAIT).status == 0
        assert prx.getcpid(root, first, "flowcontrol") is None
        assert prx.setcpid(root, first, "flowcontrol", 1) is False
        assert prx.getcpid(root, "flowcontrol") is None
        assert prx.setcpid(root, "flowcontrol", 1) is False


def test_sort_writes_once_its_parent_has_ended_its_input() -> None:
    """All of it, in order."""
    with prx.fork() as root:
        child = prx.fork(root)
        prx.execvp(child, ["sort"])
        for line in ("ccc\n", "bbb\n", "aaa\n"):
            prx.stdin(child, line)
        prx.eof(root, child)
        ended = outcome(child)
        assert (ended.stdout, ended.end) == (b"aaa\nbbb\nccc\n", ExitStatus(child, 0))


def fork_for(owner: Pid, task: Task) -> None:
    """Fork from a task of another process, tell it, and stay."""
    send(owner, prx.fork(task))
    receive(str, timeout=WAIT)


def test_a_task_obeys_its_owner_and_only_until_exec() -> None:
    """Whoever has forked it owns it; a task with children does not exec."""
    with prx.fork() as root:
        other = spawn(fork_for, current(), prx.fork(root))
        foreign = receive(Task, timeout=WAIT)
        with pytest.raises(NotOwner):
            prx.getpid(foreign)
        send(other, "enough")
        program = prx.fork(root)
        prx.execvp(program, ["cat"])
        with pytest.raises(NotInCallState):
            prx.getpid(program)
        with pytest.raises(PermissionError):
            prx.execvp(root, ["cat"])


def test_a_program_that_reads_nothing_blocks_its_stdin() -> None:
    """70,000 bytes are more than its pipe holds, and the owner is told."""
    with prx.fork() as root:
        child = prx.fork(root)
        prx.execvp(child, ["sleep", "60"])
        for _ in range(7):
            prx.stdin(child, b"x" * 10_000)
        assert 70_000 - 2**16 <= receive(StdinBlocked, task=child, timeout=WAIT).queued <= 10_000


def test_a_root_exits_like_any_task() -> None:
    """After its child; the owner, which is not linked, lives on."""
    root = prx.fork()
    child = prx.fork(root)
    for task in (child, root):
        prx.exit(task, 0)
        assert receive(ExitStatus, task=task, timeout=WAIT).status == 0
    with prx.fork() as after:
        assert prx.getpid(after) != os.getpid()
