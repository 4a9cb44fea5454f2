"""The calls that take or return little: identity, environment, signals, priorities, version."""

from __future__ import annotations

import errno
import os
import signal
from importlib.metadata import version
from pathlib import Path

import pytest
from support.calls import fails, program, unprivileged

from prx_actors import Down, ExitStatus, Signal, TermSig, monitor, prx, receive


def test_getpid_getuid_and_getgid_are_the_process_own() -> None:
    """As the kernel shows them from outside."""
    with prx.fork() as task:
        child = prx.fork(task)
        assert prx.getpid(task) != prx.getpid(child)
        for one in (task, child):
            assert prx.getpid(one) == one.host_pid == prx.pidof(one)
            assert (prx.getuid(one), prx.getgid(one)) == (os.getuid(), os.getgid())


@pytest.mark.root
def test_getuid_and_getgid_are_those_of_another_user() -> None:
    """They come from the process and not from the runtime."""
    with unprivileged() as task:
        assert (prx.getuid(task), prx.getgid(task)) == (65534, 65534)


def test_version_is_the_package_s() -> None:
    """The driver was built with it."""
    with prx.fork() as task:
        assert prx.version(task) == version("prx-actors")


def test_environ_is_what_a_program_gets() -> None:
    """Name and value in one piece of bytes each, in order; the runtime's own stays as it is."""
    with prx.fork() as task:
        before = prx.environ(task)
        prx.setenv(task, "PRX_ONE", "1=\udcff\n", True)
        prx.setenv(task, b"PRX_TWO", "", True)
        expected = [*before, b"PRX_ONE=1=\xff\n", b"PRX_TWO="]
        assert prx.environ(task) == expected
        child = prx.fork(task)
        assert program(child, ["env", "-0"]) == b"".join(one + b"\0" for one in expected)
    assert "PRX_ONE" not in os.environ


def test_setenv_overwrites_only_when_told_to() -> None:
    """Any true integer does; a child's environment is its own."""
    with prx.fork() as task:
        prx.setenv(task, "PRX", "first", False)
        prx.setenv(task, "PRX", "second", False)
        assert b"PRX=first" in prx.environ(task)
        child = prx.fork(task)
        prx.setenv(child, "PRX", "third", 1)  # type: ignore[arg-type]
        assert b"PRX=third" in prx.environ(child)
        assert b"PRX=first" in prx.environ(task)


@pytest.mark.parametrize("name", ["", "A=B", "="])
def test_setenv_refuses_what_is_no_name(name: str) -> None:
    """`EINVAL`, as setenv(3) says."""
    with prx.fork() as task, fails(errno.EINVAL, filename=name, note=f"setenv({name!r}, 'x', True) of {task}"):
        prx.setenv(task, name, "x", True)


def test_kill_sends_a_signal_as_the_process() -> None:
    """The siginfo names the sender, and the bytes are a whole `siginfo_t`."""
    with prx.fork() as task:
        child = prx.fork(task)
        prx.kill(child, prx.getpid(task), "sigusr2")
        message = receive(Signal, task=task, timeout=30)
        assert message.signal is signal.SIGUSR2
        assert len(message.info) == 128
        words = [int.from_bytes(message.info[at : at + 4], "little") for at in range(0, 24, 4)]
        assert (words[0], words[4], words[5]) == (signal.SIGUSR2, prx.pidof(child), os.getuid())


def test_kill_ends_a_program() -> None:
    """With the signal that was sent, a real-time one too."""
    for number in (signal.SIGKILL, signal.SIGRTMIN + 3):
        with prx.fork() as task:
            child = prx.fork(task)
            pid = prx.getpid(child)
            prx.execvp(child, ["cat"])
            prx.kill(task, pid, number)
            assert receive(TermSig, ExitStatus, task=child, timeout=30) == TermSig(child, number)


def test_signal_zero_only_looks() -> None:
    """Nothing arrives."""
    with prx.fork() as task:
        prx.kill(task, prx.getpid(task), 0)
        prx.kill(task, prx.getpid(task), "sigusr1")
        assert receive(Signal, task=task, timeout=30).signal is signal.SIGUSR1


def test_kill_fails_with_the_errno_of_its_man_page() -> None:
    """`EINVAL`, `ESRCH`, and numbers that fit no pid_t."""
    with prx.fork() as task:
        with fails(errno.EINVAL, note=f"of {task}"):
            prx.kill(task, prx.getpid(task), 65)
        gone = prx.fork(task)
        pid = prx.getpid(gone)
        prx.stop(gone)
        with fails(errno.ESRCH, note=f"kill({pid}, 15) of {task}"):
            prx.kill(task, pid, "sigterm")
        for wrong in (1 << 31, -1 << 32):
            with fails(errno.EINVAL):
                prx.kill(task, wrong, 0)


def test_kill_is_not_permitted_without_privilege() -> None:
    """`EPERM`, for init."""
    with unprivileged() as task, fails(errno.EPERM, note="kill(1, 0)"):
        prx.kill(task, 1, 0)


def test_setpriority_makes_a_process_nice() -> None:
    """For itself, and for another one by its pid."""
    with prx.fork() as task:
        child = prx.fork(task)
        assert task.host_pid is not None
        assert child.host_pid is not None
        prx.setpriority(task, "prio_process", 0, 7)
        prx.setpriority(task, os.PRIO_PROCESS, prx.getpid(child), 9)
        assert os.getpriority(os.PRIO_PROCESS, task.host_pid) == 7
        assert os.getpriority(os.PRIO_PROCESS, child.host_pid) == 9


def test_setpriority_of_a_group_reaches_all_of_it() -> None:
    """The tree of a root is a process group of its own: the runtime is not in it."""
    mine = os.getpriority(os.PRIO_PROCESS, 0)
    with prx.fork() as task:
        child = prx.fork(task)
        assert child.host_pid is not None
        prx.setpriority(task, "PRIO_PGRP", 0, 11)
        assert os.getpriority(os.PRIO_PROCESS, child.host_pid) == 11
    assert os.getpriority(os.PRIO_PROCESS, 0) == mine


def test_setpriority_fails_with_the_errno_of_its_man_page() -> None:
    """`EINVAL`, `ESRCH`, `EACCES`, `EPERM`, and numbers that fit no id_t."""
    with unprivileged() as task:
        with fails(errno.EINVAL, note=f"setpriority(9, 0, 0) of {task}"):
            prx.setpriority(task, 9, 0, 0)
        with fails(errno.EINVAL):
            prx.setpriority(task, "prio_process", -1, 0)
        with fails(errno.EINVAL):
            prx.setpriority(task, "prio_process", 0, 1 << 40)
        with fails(errno.ESRCH):
            prx.setpriority(task, "prio_process", 1 << 30, 0)
        with fails(errno.EACCES):
            prx.setpriority(task, "prio_process", 0, -20)
        with fails(errno.EPERM):
            prx.setpriority(task, "prio_process", 1, 19)


def test_exit_gives_its_lowest_eight_bits() -> None:
    """As _exit(2)."""
    for status, seen in ((0, 0), (7, 7), (256 + 3, 3), (-1, 255)):
        task = prx.fork()
        ref = monitor(task)
        prx.exit(task, status)
        assert receive(ExitStatus, task=task, timeout=30).status == seen
        assert receive(Down, ref=ref, timeout=30).reason == "normal"


def test_exit_ends_what_runs_below_first(tmp_path: Path) -> None:
    """The status of a driver with a program below it comes when that is gone."""
    task = prx.fork(killdelay=0.2)
    child = prx.fork(task)
    prx.execvp(child, ["sh", "-c", "trap '' TERM; echo up; while :; do sleep 1; done"])
    pid = child.host_pid
    assert receive(task=child, timeout=30).data == b"up\n"
    prx.exit(task, 5)
    assert receive(ExitStatus, task=task, timeout=30).status == 5
    assert not Path(f"/proc/{pid}").exists()
