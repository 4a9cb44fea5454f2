"""Programs below a driver: their streams, their ends, what is done to them."""

from __future__ import annotations

import errno
import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support.calls import children, fails, outcome, until
from support.leaks import descendants

from prx_actors import ExitStatus, NotInExecState, Signal, Stderr, Stdout, TermSig, prx, receive

if TYPE_CHECKING:
    from prx_actors import Task

WAIT = 20
SIGWINCH_TO_PASS = int(signal.SIGWINCH)


def chain(task: Task, length: int) -> list[Task]:
    """Fork one from the other."""
    tasks = []
    for _ in range(length):
        task = prx.fork(task)
        tasks.append(task)
    return tasks


def test_a_grandchild_that_has_become_a_program_is_still_a_child() -> None:
    """Marked as one; its parent can end its input."""
    with prx.fork() as root:
        child = prx.fork(root)
        grandchild = prx.fork(child)
        assert [one.exec for one in children(child)] == [False]
        prx.execvp(grandchild, ["cat"])
        assert [one.exec for one in children(child)] == [True]
        prx.eof(child, prx.pidof(grandchild))
        assert receive(ExitStatus, task=grandchild, timeout=WAIT).status == 0


def test_the_end_of_a_child_is_told_and_can_be_waited_for() -> None:
    """As a signal with SIGCHLD taken over, and as a status."""
    with prx.fork() as root:
        prx.sigaction(root, "sigchld", "sig_info")
        child = prx.fork(root)
        pid = prx.getpid(child)
        prx.exit(child, 0)
        assert prx.waitpid(root, -1) == (pid, 0, [("exit_status", 0)])
        assert receive(Signal, task=root, timeout=WAIT).signal is signal.SIGCHLD


def test_shells_obey_what_they_read() -> None:
    """And write to both of their streams."""
    with prx.fork() as root:
        shell = prx.fork(root)
        prx.execvp(shell, ["/bin/sh"])
        prx.stdin(shell, "echo 0123456789\n")
        assert receive(Stdout, task=shell, timeout=WAIT).data == b"0123456789\n"
        prx.stdin(shell, "nonexistent 0123456789\n")
        said = b""
        while not said.endswith(b"\n"):
            said += receive(Stderr, task=shell, timeout=WAIT).data
        assert said.startswith(b"/bin/sh: ")
        assert b"nonexistent" in said


def test_a_shell_that_kills_itself_ended_by_that_signal() -> None:
    """Its owner is told which."""
    with prx.fork() as root:
        shell = prx.fork(root)
        prx.execvp(shell, ["sh", "-c", "kill -9 $$"])
        assert receive(TermSig, task=shell, timeout=WAIT).signal is signal.SIGKILL


def test_an_environment_holds_strings_only() -> None:
    """A wrong one leaves the task in call state."""
    with prx.fork() as root:
        some, none = prx.fork(root), prx.fork(root)
        with pytest.raises(TypeError):
            prx.execve(some, ["/usr/bin/env"], ["A=1", "B=2", "C=3", False])  # type: ignore[list-item]
        prx.execve(some, ["/usr/bin/env"], ["FOO=bar", "BAR=1234567"])
        prx.execve(none, ["/usr/bin/env"], [])
        assert [outcome(task).stdout for task in (some, none)] == [b"FOO=bar\nBAR=1234567\n", b""]


def test_two_megabytes_come_up_from_the_end_of_sixteen_forks() -> None:
    """All of it, though the program ends at once."""
    with prx.fork() as root:
        *_, tip = chain(root, 16)
        prx.sigaction(tip, "sigpipe", "sig_dfl")
        prx.execvp(tip, ["sh", "-c", "yes | head -1048576"])
        assert len(outcome(tip).stdout) == 2 * 1048576


def test_a_chain_of_five_is_gone_with_its_first() -> None:
    """The last one answered before."""
    with prx.fork() as root:
        tasks = chain(root, 5)
        pids = [prx.pidof(task) for task in tasks]
        assert prx.getpid(tasks[-1]) == pids[-1]
        assert prx.pipeline(tasks[-1]) == pids
        prx.exit(tasks[0], 0)
        assert receive(ExitStatus, task=tasks[0], timeout=WAIT).status == 0
        until(lambda: not any(task.is_alive() for task in tasks), "all are gone")


def test_a_task_in_the_middle_of_a_chain_does_not_become_a_program() -> None:
    """The original lets it, and orphans what is below; here it is refused, and those below go on."""
    with prx.fork() as root:
        tasks = chain(root, 8)
        with fails(errno.EACCES, filename=b"cat"):
            prx.execvp(tasks[2], ["cat"])
        assert [prx.getpid(task) for task in tasks] == [prx.pidof(task) for task in tasks]


def test_a_task_that_has_become_a_program_takes_no_second_one() -> None:
    """Neither while it runs nor when it is gone; a pid that is nobody's child is none."""
    with prx.fork() as root:
        child = prx.fork(root)
        prx.execvp(child, ["true"])
        assert receive(ExitStatus, task=child, timeout=WAIT).status == 0
        until(lambda: not child.is_alive(), "it is gone")
        with pytest.raises(ProcessLookupError):
            prx.execvp(child, ["true"])
        assert prx.cpid(root, 0x0AFFFFFF) is None
        with pytest.raises(NotInExecState):
            prx.stdin(root, "for a program")


def test_asking_one_task_to_end_ends_programs_at_every_depth() -> None:
    """Three of them, one two forks further down."""
    with prx.fork() as root:
        child = prx.fork(root)
        prx.setopt(child, "signaloneof", 15)
        sleepers = [chain(child, 3)[-1], prx.fork(child), prx.fork(child)]
        for sleeper in sleepers:
            prx.execvp(sleeper, ["sleep", "60"])
        pids = [sleeper.host_pid for sleeper in sleepers]
        prx.stop(child)
        running = {process.pid for process in descendants(os.getpid())}
        assert running.isdisjoint(pids)
        assert prx.getpid(root) == root.host_pid


def test_a_program_with_nothing_allowed_says_nothing() -> None:
    """And two messages when two are allowed, then nothing again; calls are not held up."""
    with prx.fork() as root:
        child = prx.fork(root)
        assert prx.setcpid(root, child, "flowcontrol", 0)
        assert prx.getcpid(root, child, "flowcontrol") == 0
        assert prx.cpid(child) == []
        prx.execvp(child, ["yes"])
        for allowed in (0, 2):
            if allowed:
                assert prx.setcpid(root, child, "flowcontrol", allowed)
            for _ in range(allowed):
                receive(Stdout, task=child, timeout=WAIT)
            with pytest.raises(TimeoutError):
                receive(Stdout, task=child, timeout=0.3)
            assert prx.getcpid(root, child, "flowcontrol") == 0


def test_ends_are_told_whatever_flow_control_holds_back() -> None:
    """Two programs, one after the other; then the task has no child."""
    with prx.fork() as root:
        prx.setopt(root, "flowcontrol", 1)
        for _ in range(2):
            child = prx.fork(root)
            prx.execvp(child, ["echo", "test"])
            assert outcome(child).end == ExitStatus(child, 0)
        until(lambda: prx.cpid(root) == [], "both are gone")


def test_each_stream_of_a_child_is_closed_once() -> None:
    """A second time it is no file."""
    with prx.fork() as root:
        child = prx.fork(root)
        prx.execvp(child, ["sleep", "60"])
        pid = prx.pidof(child)
        for stream in ("stderr", "stdout", "stdin"):
            prx.eof(root, pid, stream)
            with pytest.raises(OSError, match=os.strerror(errno.EBADF)):
                prx.eof(root, pid, stream)


def stopped_by(tracer: Task, pid: int, number: signal.Signals) -> None:
    """Wait for a traced program to stop by a signal."""
    receive(Signal, task=tracer, signal=signal.SIGCHLD, timeout=WAIT)
    assert prx.waitpid(tracer, -1, "wnohang").decoded == [("stopsig", number)]
    assert prx.waitpid(tracer, pid, "wnohang").pid == 0


def test_a_tracer_rewrites_the_signals_of_a_program() -> None:
    """SIGTERM into one that does no harm, and that one into SIGTERM."""
    with prx.fork() as root:
        tracer = prx.fork(root)
        child = prx.fork(tracer)
        pid = prx.getpid(child)
        prx.sigaction(tracer, "sigchld", "sig_info")
        prx.ptrace(child, "ptrace_traceme", 0)
        prx.execvp(child, ["cat"])
        stopped_by(tracer, pid, signal.SIGTRAP)
        prx.ptrace(tracer, "ptrace_cont", pid)
        prx.stdin(child, "test\n")
        assert receive(Stdout, task=child, timeout=WAIT).data == b"test\n"
        prx.kill(tracer, pid, "sigterm")
        stopped_by(tracer, pid, signal.SIGTERM)
        prx.ptrace(tracer, "ptrace_cont", pid, 0, SIGWINCH_TO_PASS)
        prx.stdin(child, "alive\n")
        assert receive(Stdout, task=child, timeout=WAIT).data == b"alive\n"
        prx.kill(tracer, pid, "sigwinch")
        stopped_by(tracer, pid, signal.SIGWINCH)
        prx.ptrace(tracer, "ptrace_cont", pid, 0, int(signal.SIGTERM))
        assert prx.waitpid(tracer, pid).decoded == [("termsig", signal.SIGTERM)]
        assert receive(TermSig, task=child, timeout=WAIT).signal is signal.SIGTERM


@pytest.mark.static
def test_a_root_with_a_new_image_still_reaps() -> None:
    """A child that exits with a program below it; nothing of them is left."""
    with prx.fork() as root:
        prx.reexec(root)
        child = prx.fork(root)
        program = prx.fork(child)
        prx.execvp(program, ["cat"])
        pid = program.host_pid
        prx.exit(child, 0)
        assert receive(ExitStatus, task=child, timeout=WAIT).status == 0
        until(lambda: prx.cpid(root) == [], "it has no child")
        until(lambda: not Path(f"/proc/{pid}").exists(), "the program is gone")
