"""What becomes of the signals that a task gets: sigaction, and the messages or functions that follow."""

from __future__ import annotations

import ctypes
import errno
import logging
import os
import resource
import signal
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from support.calls import fails, program
from support.features import require

from prx_actors import (
    Down,
    ExitStatus,
    NoProcess,
    NotInCallState,
    NotOwner,
    Signal,
    Task,
    TermSig,
    current,
    exit,
    monitor,
    prx,
    receive,
    send,
    shutdown,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FAULTS = {signal.SIGABRT, signal.SIGBUS, signal.SIGFPE, signal.SIGILL, signal.SIGSEGV, signal.SIGSYS, signal.SIGTRAP}
FIXED = {signal.SIGKILL, signal.SIGSTOP}
TOLD = sorted(signal.valid_signals() - FAULTS - FIXED - {signal.SIGCHLD})
WAIT = 20


def ignored(status: bytes) -> set[int]:
    """Return the signals that `/proc/PID/status` says are ignored."""
    (line,) = (line for line in status.splitlines() if line.startswith(b"SigIgn:"))
    mask = int(line.split()[1], 16)
    return {number for number in range(1, 65) if mask >> (number - 1) & 1}


def test_signals_start_as_messages_but_for_faults_and_children() -> None:
    """Nothing of it is what the runtime itself has set."""
    with prx.fork() as task:
        for number in TOLD:
            assert prx.sigaction(task, number) == "sig_info"
        for number in sorted(FAULTS | FIXED | {signal.SIGCHLD}):
            assert prx.sigaction(task, number, None) == "sig_dfl"


def test_sigaction_returns_what_was_before() -> None:
    """By its name, whatever it was set by."""
    with prx.fork() as task:
        assert prx.sigaction(task, "sigterm", "sig_ign") == "sig_info"
        assert prx.sigaction(task, "SIGTERM", "SIG_DFL") == "sig_ign"
        assert prx.sigaction(task, signal.SIGTERM, signal.SIG_IGN) == "sig_dfl"
        assert prx.sigaction(task, 15, signal.SIG_DFL) == "sig_ign"
        assert task.sigaction("sigterm", "sig_info") == "sig_dfl"
        assert prx.sigaction(task, "sigterm") == "sig_info"


def test_each_signal_that_can_be_caught_is_told() -> None:
    """Real-time ones, those of faults and that of children too, each with its own siginfo."""
    with prx.fork() as task:
        for number in sorted(FAULTS | {signal.SIGCHLD}):
            prx.sigaction(task, number, "sig_info")
        for number in sorted(signal.valid_signals() - FIXED):
            prx.kill(task, prx.getpid(task), number)
            message = receive(Signal, task=task, timeout=WAIT)
            assert message.signal == number
            assert int.from_bytes(message.info[:4], sys.byteorder) == number


def test_a_signal_ignored_is_no_news() -> None:
    """A later one is the first that is told."""
    with prx.fork() as task:
        prx.sigaction(task, "sigusr1", "sig_ign")
        prx.kill(task, prx.getpid(task), "sigusr1")
        prx.kill(task, prx.getpid(task), "sigusr2")
        assert receive(Signal, task=task, timeout=WAIT).signal is signal.SIGUSR2
        prx.sigaction(task, "sigusr1", "sig_info")
        prx.kill(task, prx.getpid(task), "sigusr1")
        assert receive(Signal, task=task, timeout=WAIT).signal is signal.SIGUSR1


def test_a_default_ends_a_task_even_in_a_call_that_blocks(tmp_path: Path) -> None:
    """SIGTERM is not held back until the read has returned."""
    os.mkfifo(tmp_path / "fifo")
    with prx.fork() as parent:
        task = prx.fork(parent)
        ref = monitor(task)
        prx.sigaction(task, "sigterm", "sig_dfl")
        fd = prx.open(task, tmp_path / "fifo", "o_rdwr")
        with pytest.raises(TimeoutError), prx.timeout(0.1):
            prx.read(task, fd, 1)
        prx.kill(parent, prx.pidof(task) or 0, "sigterm")
        assert receive(TermSig, task=task, timeout=WAIT).signal is signal.SIGTERM
        assert receive(Down, ref=ref, timeout=WAIT).reason == ("termsig", signal.SIGTERM)


@pytest.mark.parametrize("number", sorted(FAULTS))
def test_a_fault_ends_a_task_unless_told_otherwise(number: int) -> None:
    """As a message it does not."""
    with prx.fork() as parent:
        task = prx.fork(parent)
        pid = prx.getpid(task)
        prx.sigaction(task, number, "sig_info")
        prx.kill(parent, pid, number)
        assert receive(Signal, task=task, timeout=WAIT).signal == number
        assert prx.sigaction(task, number, "sig_dfl") == "sig_info"
        prx.kill(parent, pid, number)
        assert receive(TermSig, task=task, timeout=WAIT).signal == number


def test_a_program_ignores_what_the_task_ignored() -> None:
    """As under nohup, SIGCHLD too, and nothing else."""
    with prx.fork() as task:
        child = prx.fork(task)
        for name in ("sighup", "sigint", "sigchld", "sigsegv"):
            prx.sigaction(child, name, "sig_ign")
        prx.sigaction(child, "sigterm", lambda _task, _signal, _info: None)
        expected = {signal.SIGHUP, signal.SIGINT, signal.SIGCHLD, signal.SIGSEGV}
        assert ignored(program(child, ["cat", "/proc/self/status"])) == expected
        other = prx.fork(task)
        assert not ignored(program(other, ["cat", "/proc/self/status"]))


def test_a_program_ignores_nothing_that_its_runtime_was_made_to_ignore() -> None:
    """What posix_spawn(3) starts ignores the C library's own; a shell's background ignores more."""
    spawn = "import os, sys; os.waitpid(os.posix_spawnp(sys.argv[1], sys.argv[1:], os.environ), 0)"
    with prx.fork(exec=["nohup", sys.executable, "-c", spawn]) as task:
        assert not ignored(program(prx.fork(task), ["cat", "/proc/self/status"]))
    shutdown()  # its keeper


def test_a_failed_exec_leaves_what_was_set() -> None:
    """Children are reaped and signals told as before."""
    with prx.fork() as task:
        prx.sigaction(task, "sigchld", "sig_ign")
        prx.sigaction(task, "sighup", "sig_ign")
        with fails(errno.ENOENT, filename=b"/nonexistent"):
            prx.execvp(task, ["/nonexistent"])
        assert [prx.sigaction(task, name) for name in ("sigchld", "sighup", "sigusr1")] == [
            "sig_ign",
            "sig_ign",
            "sig_info",
        ]
        child = prx.fork(task)
        prx.exit(child, 4)
        assert receive(ExitStatus, task=child, timeout=WAIT).status == 4


def test_a_fork_inherits_dispositions_and_gets_messages_for_functions() -> None:
    """A function belongs to the task for which it was set."""
    me = current()
    with prx.fork() as task:
        prx.sigaction(task, "sighup", "sig_ign")
        prx.sigaction(task, "sigint", "sig_dfl")
        prx.sigaction(task, "sigusr1", lambda *_: send(me, "called"))
        child = prx.fork(task)
        found = [prx.sigaction(child, name) for name in ("sighup", "sigint", "sigusr1", "sigsegv")]
        assert found == ["sig_ign", "sig_dfl", "sig_info", "sig_dfl"]
        prx.kill(task, prx.getpid(child), "sigusr1")
        message = receive(timeout=WAIT)
        assert isinstance(message, Signal)
        assert (message.task, message.signal) == (child, signal.SIGUSR1)


def test_a_function_gets_the_signal_instead_of_the_owner() -> None:
    """With the task, the signal and its siginfo; until something else is set."""
    me = current()

    def handler(*args: object) -> None:
        send(me, (args, current(), threading.current_thread().name))

    with prx.fork() as task:
        assert prx.sigaction(task, "sigrtmin", handler) == "sig_info"
        assert prx.sigaction(task, "sigrtmin") is handler
        prx.kill(task, prx.getpid(task), "sigrtmin")
        (about, number, info), process, thread = receive(timeout=WAIT)
        assert about is task is process
        assert number == signal.SIGRTMIN == int.from_bytes(info[:4], sys.byteorder)
        assert thread.startswith("prx-scheduler")
        assert prx.sigaction(task, "sigrtmin", "sig_info") is handler
        prx.kill(task, prx.getpid(task), "sigrtmin")
        assert isinstance(receive(timeout=WAIT), Signal)
        assert prx.sigaction(task, "sigrtmin", "sig_ign") == "sig_info"


def test_a_function_may_call_the_task() -> None:
    """It waits for a call of the owner that is under way, which does not wait for it."""
    me = current()
    with prx.fork() as task:
        prx.sigaction(task, "sigusr1", lambda task, _signal, _info: send(me, prx.getpid(task)))
        for _ in range(50):
            prx.kill(task, prx.getpid(task), "sigusr1")
            assert receive(int, timeout=WAIT) == prx.getpid(task)


def test_functions_run_one_after_the_other_in_order() -> None:
    """On whatever threads."""
    count = 500
    me = current()
    running: list[int] = []

    def handler(_task: Task, number: int, _info: bytes) -> None:
        running.append(number)
        send(me, (number, len(running)))
        running.pop()

    with prx.fork() as task:
        numbers = [signal.SIGRTMIN + index * 5 // count for index in range(count)]
        for number in set(numbers):
            prx.sigaction(task, number, handler)
        for number in numbers:
            prx.kill(task, prx.getpid(task), number)
        assert [receive(tuple, timeout=WAIT) for _ in numbers] == [(number, 1) for number in numbers]


def test_an_exception_in_a_function_is_logged_and_changes_nothing(caplog: pytest.LogCaptureFixture) -> None:
    """The next signal gets to it as well."""
    me = current()

    def handler(_task: Task, _signal: int, _info: bytes) -> None:
        send(me, "called")
        msg = "of the function"
        raise ValueError(msg)

    with caplog.at_level(logging.ERROR, "prx_actors"), prx.fork() as task:
        prx.sigaction(task, "sigusr1", handler)
        for _ in range(2):
            prx.kill(task, prx.getpid(task), "sigusr1")
            assert receive(str, timeout=WAIT) == "called"
        assert prx.getpid(task) == prx.pidof(task)
        # Its turn ends before the task's own: what it logs is there by then.
        task.stop()
    assert caplog.text.count("ValueError: of the function") >= 1


def test_a_function_can_end_its_task() -> None:
    """`exit` is of the process that it runs as."""
    with prx.fork() as task:
        ref = monitor(task)
        prx.sigaction(task, "sigusr1", lambda *_: exit("enough"))
        prx.kill(task, prx.getpid(task), "sigusr1")
        assert receive(Down, ref=ref, timeout=WAIT).reason == "enough"


def test_a_function_that_could_not_be_set_is_not_kept() -> None:
    """`EINVAL` for SIGKILL and SIGSTOP, which can be asked for."""
    with prx.fork() as task:
        for name in ("sigkill", "sigstop"):
            with fails(errno.EINVAL, note=f"of {task}"):
                prx.sigaction(task, name, print)
            assert prx.sigaction(task, name) == "sig_dfl"


@pytest.mark.parametrize("number", [0, -1, 32, 33, 65, 1 << 31, -(1 << 40)])
@pytest.mark.parametrize("handler", [None, "sig_ign"])
def test_sigaction_of_what_is_no_signal_fails(number: int, handler: str | None) -> None:
    """`EINVAL`; the C library keeps two for itself."""
    with prx.fork() as task, fails(errno.EINVAL, note=f"of {task}"):
        prx.sigaction(task, number, handler)


def test_sigaction_refuses_names_it_does_not_know() -> None:
    """`ENOTSUP`, as for any constant."""
    with prx.fork() as task:
        with fails(errno.ENOTSUP, filename="signone"):
            prx.sigaction(task, "signone", "sig_ign")
        for name in ("sig_hold", ""):
            with fails(errno.ENOTSUP, filename=name):
                prx.sigaction(task, "sigterm", name)
        assert prx.sigaction(task, "sigterm") == "sig_info"


@pytest.mark.parametrize("handler", [0, 1, b"sig_ign", True, ["sig_ign"], 1.5])
def test_sigaction_refuses_what_is_no_handler(handler: Any) -> None:
    """Before anything is sent."""
    with prx.fork() as task:
        with pytest.raises(TypeError):
            prx.sigaction(task, "sigterm", handler)
        assert prx.sigaction(task, "sigterm") == "sig_info"


CALLS: dict[str, Callable[[Task], object]] = {
    "set": lambda task: prx.sigaction(task, "sigterm", "sig_ign"),
    "function": lambda task: prx.sigaction(task, "sigterm", print),
    "ask": lambda task: prx.sigaction(task, "sigterm"),
    "kill": lambda task: prx.kill(task, 1, 0),
    "wait": lambda task: prx.waitpid(task, -1, "wnohang"),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_calls_on_signals_are_the_owner_s_in_call_state(call: Callable[[Task], object]) -> None:
    """Another thread, a program and a task that has ended are refused."""
    with prx.fork() as task:
        child = prx.fork(task)
        with ThreadPoolExecutor(1) as other, pytest.raises(NotOwner):
            other.submit(call, child).result()
        prx.execvp(child, ["cat"])
        with pytest.raises(NotInCallState):
            call(child)
        child.stop()
        with pytest.raises(NoProcess):
            call(child)


def test_queued_values_of_a_real_time_signal_come_all_and_in_order() -> None:
    """Far more than there is room for in the driver."""
    count = 4000
    require(resource.getrlimit(resource.RLIMIT_SIGPENDING)[0] > count + 500, f"room for {count} signals")
    sigqueue = ctypes.CDLL(None, use_errno=True).sigqueue
    with prx.fork() as task:
        pid = prx.getpid(task)
        for value in range(count):
            assert sigqueue(pid, int(signal.SIGRTMIN), ctypes.c_void_p(value)) == 0, os.strerror(ctypes.get_errno())
        infos = [receive(Signal, task=task, timeout=WAIT).info for _ in range(count)]
        assert [int.from_bytes(info[24:32], sys.byteorder) for info in infos] == list(range(count))
        assert prx.getpid(task) == pid


def test_a_flood_of_a_standard_signal_does_not_hurt() -> None:
    """The kernel makes one of those that wait; the last is told after the flood as any."""
    with prx.fork() as task:
        pid = prx.getpid(task)
        for _ in range(20_000):
            os.kill(pid, signal.SIGUSR1)
        prx.kill(task, pid, "sigusr2")
        count = 0
        while receive(Signal, task=task, timeout=WAIT).signal is signal.SIGUSR1:
            count += 1
        assert 1 <= count <= 20_000
        assert prx.getpid(task) == pid


def test_a_program_below_a_task_can_end_it_by_a_default(tmp_path: Path) -> None:
    """As a shell does that kills its parent: the parent's end is the program's too."""
    with prx.fork() as root:
        task = prx.fork(root)
        ref = monitor(task)
        prx.sigaction(task, "sigterm", "sig_dfl")
        child = prx.fork(task)
        gone = monitor(child)
        prx.sigaction(child, "sigterm", "sig_dfl")
        prx.execvp(child, ["sh", "-c", "kill $PPID; exec cat"])
        assert receive(Down, ref=ref, timeout=WAIT).reason == ("termsig", signal.SIGTERM)
        receive(Down, ref=gone, timeout=WAIT)
