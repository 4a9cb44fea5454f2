"""Signals to the main thread while it calls, waits and forks; handlers that call tasks themselves."""

from __future__ import annotations

import errno
import itertools
import math
import os
import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from support.calls import fails
from support.ends import WAIT, rounds
from support.scarce import run_scarce

from prx_actors import ExitStatus, NoProcess, Stdout, prx, receive

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from prx_actors import Task

OFTEN = 0.0007
SOON = 0.05


@contextmanager
def alarms(handler: Callable[[], object], first: float, again: float = 0) -> Iterator[None]:
    """Have a function called in the midst of what the main thread does."""
    before = signal.signal(signal.SIGALRM, lambda _number, _frame: handler())
    try:
        signal.setitimer(signal.ITIMER_REAL, first, again)
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_signals_disturb_no_call(tmp_path: Path) -> None:
    """More than a thousand in a second, and everything is as without: replies, forks, programs, receives."""
    count = itertools.count()
    with alarms(lambda: next(count), OFTEN, OFTEN), prx.fork() as task:
        fd = prx.open(task, tmp_path / "file", ["o_creat", "o_rdwr"], 0o600)
        data = os.urandom(1 << 20)
        for _ in range(rounds(100)):
            assert prx.write(task, fd, data) == len(data)
            prx.lseek(task, fd, 0, 0)
            assert prx.read(task, fd, len(data)) == data
            prx.lseek(task, fd, 0, 0)
            assert prx.select(task, [], [], [], 0.01) == ([], [], [])
            child = prx.fork(task)
            prx.execvp(child, ["echo", "all is well"])
            assert receive(Stdout, task=child, timeout=WAIT).data == b"all is well\n"
            assert receive(ExitStatus, task=child, timeout=WAIT).status == 0
    assert next(count) > 10


def test_a_handler_may_call_another_task() -> None:
    """In the midst of a call."""
    found = []
    with prx.fork() as one, prx.fork() as other:
        pid = prx.getpid(other)
        with alarms(lambda: found.append((prx.getpid(other), prx.getpid(prx.fork(other)) > 0)), SOON):
            assert prx.select(one, [], [], [], 1.0) == ([], [], [])
        assert found == [(pid, True)]


@pytest.mark.parametrize("use", ["getpid", "fork", "execvp"])
@pytest.mark.parametrize("seconds", [math.inf, WAIT], ids=["without a time", "with one"])
def test_a_handler_that_calls_the_same_task_is_refused(use: str, seconds: float) -> None:
    """`EDEADLK`, where it would wait for itself; the call that it has interrupted goes on."""
    uses: dict[str, Callable[[Task], object]] = {
        "getpid": prx.getpid,
        "fork": prx.fork,
        "execvp": lambda task: prx.execvp(task, ["true"]),
    }
    found: list[int | None] = []

    def call() -> None:
        with pytest.raises(OSError) as caught:  # noqa: PT011 -- the errno is looked at below
            uses[use](task)
        found.append(caught.value.errno)

    with prx.fork() as task:
        with prx.timeout(seconds), alarms(call, SOON):
            assert prx.select(task, [], [], [], 1.0) == ([], [], [])
        assert found == [errno.EDEADLK]
        assert prx.getpid(task) > 0
        prx.stop(prx.fork(task))


def test_a_handler_may_stop_the_task_that_is_called() -> None:
    """The call ends with its task."""
    task = prx.fork()
    with alarms(lambda: prx.stop(task), SOON), pytest.raises(NoProcess):
        prx.select(task, [], [], [], WAIT)


def test_an_exception_of_a_handler_leaves_the_task_as_it_was() -> None:
    """Any, not only KeyboardInterrupt; the late reply is dropped."""

    def fail() -> None:
        msg = "on purpose"
        raise ZeroDivisionError(msg)

    with prx.fork() as task:
        with alarms(fail, SOON), pytest.raises(ZeroDivisionError):
            prx.select(task, [], [], [], 0.3)
        assert prx.getpid(task) > 0
        with fails(errno.EBADF, note=str(task)):
            prx.close(task, 1000)


@pytest.mark.parametrize("signals", ["SIGCHLD", "SIGPIPE", "SIGCHLD SIGPIPE SIGHUP SIGINT SIGTERM SIGALRM"])
def test_a_program_may_ignore_signals(signals: str) -> None:
    """SIGCHLD too, after which the kernel reaps the launcher before we can."""
    run_scarce(f"""
import signal
for name in "{signals}".split():
    signal.signal(signal.Signals[name], signal.SIG_IGN)
echo()
with prx.fork() as task:
    echo(task)
shutdown()
wait_for(lambda: not below(os.getpid()), lambda: below(os.getpid()))
echo()
""")


def test_a_program_may_be_stopped_and_continued() -> None:
    """In the midst of everything: what has come meanwhile is there when it goes on."""
    run_scarce("""
import signal, subprocess
with prx.fork() as task:
    for _ in range(5):
        child = prx.fork(task)
        again = subprocess.Popen(["sh", "-c", f"kill -STOP {os.getpid()}; sleep 0.1; kill -CONT {os.getpid()}"])
        prx.execvp(child, ["echo", "hello"])
        assert receive(Stdout, task=child, timeout=PATIENCE).data == b"hello\\n"
        assert receive(ExitStatus, task=child, timeout=PATIENCE).status == 0
        assert again.wait() == 0
    echo(task)
""")
