"""ptrace: a task that traces its child, sees its stops, changes its signals, and lets it go; and the ends of both."""

from __future__ import annotations

import errno
import os
import signal
import struct
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support.calls import children, fails, program, until
from support.ends import WAIT, OsProcesses

from prx_actors import Down, ExitStatus, Signal, Stdout, TermSig, monitor, prx, receive
from prx_actors.system.siginfo import siginfo

if TYPE_CHECKING:
    from prx_actors import Task

CLD_TRAPPED = 4
TRAP = [("stopsig", signal.SIGTRAP)]


def state(task_pid: int | None) -> str:
    """Return the state of a process, as /proc has it, or "" when there is none."""
    try:
        text = Path(f"/proc/{task_pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""
    return text.rpartition(")")[2].split()[0]


def traced(task: Task, argv: list[str]) -> tuple[Task, int]:
    """Fork a program that the task traces: it is stopped at its first instruction."""
    child = prx.fork(task)
    pid = prx.getpid(child)
    prx.ptrace(child, "ptrace_traceme", 0)
    prx.execvp(child, argv)
    until(lambda: state(child.host_pid) == "t", "the stop of the exec")
    return child, pid


def stop_by(task: Task, pid: int, name: str) -> None:
    """Send a signal to a traced child, and wait until its tracer is told."""
    prx.kill(task, pid, name)
    assert receive(Signal, task=task, timeout=WAIT).signal is signal.SIGCHLD


def test_a_child_is_traced_its_signals_are_rewritten_and_it_ends() -> None:
    """As the documentation of prx has it."""
    with prx.fork() as root:
        task = prx.fork(root)
        prx.sigaction(task, "sigchld", "sig_info")
        child, pid = traced(task, ["cat"])
        told = receive(Signal, task=task, timeout=WAIT).decoded
        assert (told.si_pid, told.si_status, told.si_code) == (pid, signal.SIGTRAP, CLD_TRAPPED)
        assert prx.waitpid(task, -1, "wnohang").decoded == TRAP
        assert prx.waitpid(task, -1, "wnohang") == (0, 0, [])
        assert prx.ptrace(task, "ptrace_cont", pid) == (0, 0, 0)
        prx.stdin(child, "test\n")
        assert receive(Stdout, task=child, timeout=WAIT).data == b"test\n"
        stop_by(task, pid, "sigterm")
        assert prx.waitpid(task, -1, "wnohang").decoded == [("stopsig", signal.SIGTERM)]
        prx.ptrace(task, "ptrace_cont", pid, 0, signal.SIGWINCH)
        prx.stdin(child, "alive\n")
        assert receive(Stdout, task=child, timeout=WAIT).data == b"alive\n"
        stop_by(task, pid, "sigwinch")
        assert prx.waitpid(task, -1, "wnohang").decoded == [("stopsig", signal.SIGWINCH)]
        prx.ptrace(task, "ptrace_cont", pid, 0, signal.SIGTERM)
        assert prx.waitpid(task, pid).decoded == [("termsig", signal.SIGTERM)]
        assert receive(TermSig, task=child, timeout=WAIT).signal is signal.SIGTERM
        assert children(task) == []


def test_the_siginfo_of_a_stop_is_read_and_a_word_of_memory_too() -> None:
    """Bytes are what the kernel writes to; a word comes as the value."""
    with prx.fork() as task:
        _, pid = traced(task, ["cat"])
        found = prx.ptrace(task, "ptrace_getsiginfo", pid, 0, bytes(128))
        assert isinstance(found.data, bytes)
        assert siginfo(found.data).si_signo == signal.SIGTRAP
        message = prx.ptrace(task, "ptrace_geteventmsg", pid, 0, bytes(8))
        assert message.data == struct.pack("Q", 0)
        start = next(int(one.split("-")[0], 16) for one in Path(f"/proc/{pid}/maps").read_text().splitlines())
        word = prx.ptrace(task, "ptrace_peekdata", pid, start).value
        assert struct.pack("q", word)[:4] == b"\x7fELF"


def test_a_traced_child_that_is_let_go_is_an_ordinary_one() -> None:
    """Its stops are no events, its exit is told."""
    with prx.fork() as task:
        child, pid = traced(task, ["cat"])
        prx.ptrace(task, "ptrace_detach", pid)
        prx.stdin(child, "x")
        assert receive(Stdout, task=child, timeout=WAIT).data == b"x"
        with fails(errno.ESRCH):
            prx.ptrace(task, "ptrace_cont", pid)
        prx.eof(child)
        assert receive(ExitStatus, task=child, timeout=WAIT).status == 0


HANDLING = """
import os, signal, sys
signal.signal(signal.SIGTERM, lambda *_: (open(sys.argv[1], "x"), os._exit(0)))
os.write(1, b"up\\n")
while True:
    signal.pause()
"""


def stopped_on_a_signal(task: Task, path: Path) -> Task:
    """Have a traced child that would write a file on SIGTERM stopped with another signal on its way."""
    child, pid = traced(task, [sys.executable, "-S", "-E", "-c", HANDLING, str(path)])
    assert prx.waitpid(task, pid).decoded == TRAP
    prx.ptrace(task, "ptrace_cont", pid)
    assert receive(Stdout, task=child, timeout=WAIT).data == b"up\n"
    prx.kill(task, pid, "sigusr1")
    assert prx.waitpid(task, pid).decoded == [("stopsig", signal.SIGUSR1)]
    assert state(child.host_pid) == "t"
    return child


@pytest.mark.parametrize("who", ["child", "tracer", "root"])
def test_a_traced_child_that_is_stopped_ends_in_order(who: str, tmp_path: Path) -> None:
    """It goes on untraced and gets the signal that asks it to end, and not the one that had stopped it."""
    with prx.fork(killdelay=5) as root:
        task = prx.fork(root)
        child = stopped_on_a_signal(task, tmp_path / "asked")
        with OsProcesses.below(task) as processes:
            {"child": child, "tracer": task, "root": root}[who].stop()
            assert state(child.host_pid) == ""
            assert (tmp_path / "asked").exists()
            if who != "child":
                assert processes.left() == []


def test_a_traced_child_that_is_stopped_goes_with_a_tracer_that_is_killed(tmp_path: Path) -> None:
    """The kernel lets it go, and its parent's death is its own."""
    with prx.fork() as root:
        task = prx.fork(root)
        stopped_on_a_signal(task, tmp_path / "asked")
        ref = monitor(task)
        with OsProcesses.below(task) as processes:
            assert task.host_pid
            os.kill(task.host_pid, signal.SIGKILL)
            assert receive(Down, ref=ref, timeout=WAIT).reason == ("termsig", signal.SIGKILL)
            assert processes.wait_gone(1) == []
        assert prx.getpid(root) == root.pidof()


def test_a_root_that_asks_to_be_traced_goes_on() -> None:
    """Its parent obeys no calls: nobody could let it go on."""
    with prx.fork() as root:
        prx.ptrace(root, "ptrace_traceme", 0)
        assert program(root, ["echo", "on"]) == b"on\n"


@pytest.mark.parametrize(
    ("request_", "pid", "data", "number"),
    [
        ("ptrace_cont", 1 << 40, 0, errno.EINVAL),
        (1 << 40, 0, 0, errno.EINVAL),
        ("ptrace_cont", 0x3FFFFFFF, 0, errno.ESRCH),
        ("ptrace_cont", -1, 0, errno.ESRCH),
        ("ptrace_getsiginfo", -1, 0x7F0000000000, errno.EFAULT),
    ],
)
def test_ptrace_fails_with_an_errno(request_: str | int, pid: int, data: int, number: int) -> None:
    """Of the kernel's, or for what could be an address of the driver's."""
    with prx.fork() as task:
        with fails(number):
            prx.ptrace(task, request_, pid, 0, data)
        assert prx.getpid(task) == task.pidof()
