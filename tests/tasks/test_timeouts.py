"""Calls that time out: they return by then, what comes late is dropped, and nothing is lost."""

from __future__ import annotations

import os
import random
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import pytest
from support.calls import until
from support.leaks import descendants
from support.stress import WAIT, fds_return_to, in_threads, no_children, open_fds, shorter

from prx_actors import ExitStatus, NotInCallState, Stdout, Task, prx, receive

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SOON = 0.1
MUCH_LATER = 1000.0


@pytest.fixture
def task() -> Iterator[Task]:
    """Fork a root, which must answer correctly at the end."""
    with prx.fork() as root:
        pid = prx.getpid(root)
        yield root
        assert prx.getpid(root) == pid == root.host_pid


@pytest.fixture
def fifo(tmp_path: Path) -> Path:
    """Make a fifo that every user may open."""
    path = tmp_path / "fifo"
    tmp_path.chmod(0o777)
    os.mkfifo(path)
    path.chmod(0o666)
    return path


@contextmanager
def stopped(task: Task) -> Iterator[None]:
    """Stop a task's process for the time of the block, as a debugger does."""
    pid = task.host_pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


@contextmanager
def times_out(seconds: float = SOON) -> Iterator[None]:
    """Expect the block to time out, neither before nor, but for the machine's load, after the time."""
    begin = time.monotonic()
    with prx.timeout(seconds), pytest.raises(TimeoutError):
        yield
    assert seconds <= time.monotonic() - begin < seconds + WAIT / 3


def test_a_blocking_read_times_out_and_the_next_call_is_right(task: Task, fifo: Path) -> None:
    """The driver goes on with the read; its late reply reaches nobody."""
    reader = prx.open(task, fifo, "o_rdwr")
    writer = os.open(fifo, os.O_WRONLY)
    with times_out():
        prx.read(task, reader, 100)
    os.write(writer, b"late")
    assert prx.getpid(task) == task.host_pid
    os.write(writer, b"next")
    os.close(writer)
    assert prx.read(task, reader, 100) == b"next"


def test_a_read_of_its_own_stdin_times_out(task: Task) -> None:
    """A driver's fd 0 is a pipe that nobody writes to."""
    fds = open_fds()
    with times_out():
        prx.read(task, 0, 1)
    with times_out():
        prx.getpid(task)
    task.eof()
    assert prx.read(task, 0, 1) == b""
    assert open_fds() == fds - 1


def test_a_large_reply_that_comes_late_is_dropped_whole(task: Task) -> None:
    """The driver blocks in the midst of sending it until the reactor takes it."""
    zero = prx.open(task, "/dev/zero", "o_rdonly")
    with stopped(task), times_out():
        prx.read(task, zero, 4_000_000)
    assert prx.read(task, zero, 5) == bytes(5)


def test_a_large_request_that_times_out_still_goes_out_whole(task: Task, tmp_path: Path) -> None:
    """What is half sent is finished: the driver would take the next request for the rest of it."""
    tmp_path.chmod(0o777)
    file = tmp_path / "file"
    fd = prx.open(task, file, ["o_wronly", "o_creat"], 0o644)
    data = os.urandom(4_000_000)
    with stopped(task), times_out():
        prx.write(task, fd, data)
    assert prx.getpid(task) == task.host_pid
    assert file.read_bytes() == data


def test_a_late_reply_is_taken_without_a_next_call(task: Task) -> None:
    """The reactor ends the exchange by itself: a fork's reply brings an fd, which it closes."""
    fds = open_fds()
    with stopped(task), times_out():
        prx.fork(task)
    no_children(task)
    fds_return_to(fds)


def test_forks_that_time_out_leave_no_process_and_no_fd(task: Task) -> None:
    """The driver forks when it is continued, and the child, whose channels nobody holds, ends."""
    fds = open_fds()
    for _ in range(shorter(50, 10)):
        with stopped(task), times_out(0.01):
            prx.fork(task)
        with prx.fork(task) as child:
            assert child.getpid() == child.host_pid
        assert prx.cpid(task) == []
    no_children(task)
    fds_return_to(fds)


def test_a_root_fork_that_times_out_leaves_no_process_and_no_fd() -> None:
    """The keeper is as good as any driver."""
    fds = open_fds()
    keeper = next(one.pid for one in descendants(os.getpid()) if one.name == "prx-driver")
    os.kill(keeper, signal.SIGSTOP)
    try:
        with times_out():
            prx.fork()
    finally:
        os.kill(keeper, signal.SIGCONT)
    with prx.fork() as root:
        assert root.getpid() == root.host_pid
    fds_return_to(fds)
    until(lambda: not descendants(keeper), "the keeper has no children")


def test_an_exec_that_times_out_happens_late(task: Task) -> None:
    """Its owner is told of the program's output and end, as of any other."""
    child = prx.fork(task)
    with stopped(child), times_out():
        child.execvp(["echo", "late"])
    assert receive(Stdout, task=child, timeout=WAIT).data == b"late\n"
    assert receive(ExitStatus, task=child, timeout=WAIT).status == 0


def test_an_exec_that_times_out_and_fails_late_leaves_a_driver(task: Task) -> None:
    """Until then it is neither."""
    child = prx.fork(task)
    with stopped(child):
        with times_out():
            child.execvp(["/no/such/program"])
        with pytest.raises(NotInCallState, match="in the midst of an exec"):
            child.getpid()
        assert not child.execed()
    until(lambda: child.statistics().state == "call", "it is a driver again")
    assert child.getpid() == child.host_pid


def test_the_shorter_of_two_nested_times_holds(task: Task) -> None:
    """An inner block may shorten the time, not lengthen it."""
    with prx.timeout(MUCH_LATER), times_out():
        prx.read(task, 0, 1)
    with times_out(), prx.timeout(MUCH_LATER):
        prx.getpid(task)
    task.eof()


def test_after_an_inner_block_the_outer_time_holds_again(task: Task) -> None:
    """And after the outer one none."""
    with times_out(0.3):
        with times_out(0.05):
            prx.read(task, 0, 1)
        prx.getpid(task)
    task.eof()
    assert prx.getpid(task) == task.host_pid


def test_all_calls_of_a_block_share_its_time(task: Task) -> None:
    """It bounds the block, not each call."""
    with times_out(0.3):
        while True:
            prx.getpid(task)


def test_a_time_that_is_over_at_once_sends_nothing(task: Task, fifo: Path) -> None:
    """Nor does it harm the next call."""
    for _ in range(100):
        with prx.timeout(0), pytest.raises(TimeoutError):
            prx.getcwd(task)
        assert prx.getuid(task) == os.geteuid()


def test_a_stop_that_is_late_times_out_and_goes_on(task: Task) -> None:
    """The program ignores the signal and is killed at its deadline."""
    child = prx.fork(task, killdelay=0.5)
    child.execvp(["sh", "-c", "trap '' TERM; echo; exec sleep 1000"])
    receive(Stdout, task=child, timeout=WAIT)
    with times_out():
        child.stop()
    assert not child.is_alive()
    child.stop(timeout=WAIT)
    assert child.host_pid is None


def test_a_turn_that_another_thread_holds_counts(task: Task, fifo: Path) -> None:
    """Who waits for the turn times out; who has it is not disturbed, and who comes later is served."""
    reader = prx.open(task, fifo, "o_rdwr")
    writer = os.open(fifo, os.O_WRONLY)

    def fork_beside_it() -> None:
        until(lambda: task._process.driver.turns.busy, "the owner's read has begun")
        with times_out():
            prx.fork(task)
        os.write(writer, b"x")
        with prx.fork(task) as child:
            assert child.getpid() == child.host_pid

    with ThreadPoolExecutor(1) as pool:
        beside = pool.submit(fork_beside_it)
        assert prx.read(task, reader, 100) == b"x"
        beside.result(WAIT)
    os.close(writer)
    no_children(task)


def test_whoever_waits_for_a_stopped_driver_times_out_in_time(task: Task) -> None:
    """Many processes ask one task for a fork at once, each with a time of its own."""

    def ask(seconds: float) -> None:
        with times_out(seconds):
            prx.fork(task)

    fds = open_fds()
    with stopped(task):
        in_threads([lambda n=n: ask(0.1 + n / 50) for n in range(20)])  # type: ignore[misc]
    with prx.fork(task) as child:
        assert child.getpid() == child.host_pid
    no_children(task)
    fds_return_to(fds)


@pytest.mark.timeout(200)
def test_times_at_every_instant_of_a_call_mix_no_replies_up(task: Task) -> None:
    """Whether the time is over before the request, during the call or with its reply, the next reply is the next."""
    instants = random.Random(0)  # noqa: S311 - no secret
    zero = prx.open(task, "/dev/zero", "o_rdonly")
    pid = prx.pidof(task)
    fds = open_fds()
    late = 0
    for size in range(shorter(6000, 1500)):
        try:
            with prx.timeout(instants.uniform(0, 100e-6)):
                prx.read(task, zero, 10 * size)
        except TimeoutError:
            late += 1
        assert prx.read(task, zero, size) == bytes(size)
        assert prx.getpid(task) == pid
    assert late > 10
    fds_return_to(fds)


@pytest.mark.timeout(200)
def test_times_at_every_instant_of_a_fork_lose_nothing(task: Task) -> None:
    """A fork returns a task that works, or leaves no process."""
    instants = random.Random(0)  # noqa: S311 - no secret
    fds = open_fds()
    late = forked = 0
    for _ in range(shorter(2000, 400)):
        try:
            with prx.timeout(instants.uniform(0, 2e-3)):
                child = prx.fork(task)
        except TimeoutError:
            late += 1
            continue
        forked += 1
        assert child.getpid() == child.host_pid
        child.stop()
    assert late > 10
    assert forked > 10
    no_children(task)
    fds_return_to(fds)


def test_a_driver_that_is_killed_while_a_call_is_late_ends_its_task(task: Task) -> None:
    """The reactor meets the end of the channel."""
    fds = open_fds()
    for _ in range(20):
        child = prx.fork(task)
        with times_out(0.01):
            child.read(0, 1)
        assert child.host_pid is not None
        os.kill(child.host_pid, signal.SIGKILL)
        with suppress(TimeoutError), prx.timeout(WAIT), pytest.raises(ProcessLookupError):
            child.getpid()
        child.stop(timeout=WAIT)
    fds_return_to(fds)
