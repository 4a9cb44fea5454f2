"""What the runtime counts of a task."""

from __future__ import annotations

import dataclasses
import os
import signal
import time
from itertools import pairwise

import pytest
from support.ends import WAIT, down_of, idle, own

from prx_actors import (
    ExitStatus,
    Stderr,
    StdinBlocked,
    Stdout,
    TaskStatistics,
    current,
    exit_signal,
    monitor,
    prx,
    receive,
    spawn,
)


def test_a_call_is_a_request_whether_it_fails_or_not() -> None:
    """Forks and the exec count, what the runtime answers itself does not."""

    def refused() -> None:
        with pytest.raises(FileNotFoundError):
            prx.chdir(task, "/nosuch")

    with prx.fork() as task:
        counted = [task.statistics().calls]
        for request in (
            task.getpid,
            refused,
            lambda: prx.fork(task),
            task.pidof,
            lambda: prx.execvp(prx.fork(task), ["true"]),
        ):
            request()
            counted.append(task.statistics().calls)
        assert [after - before for before, after in pairwise(counted)] == [1, 1, 1, 0, 1]


def test_bytes_and_messages_are_counted_by_stream() -> None:
    """What was sent to the owner, taken or not."""
    with prx.fork() as task:
        prx.execvp(task, ["sh", "-c", "read line; printf 12345; printf 123 >&2; exec 1>&- 2>&-; read line"])
        prx.stdin(task, "go\n")
        assert receive(Stdout, task=task, timeout=WAIT).data == b"12345"
        assert receive(Stderr, task=task, timeout=WAIT).data == b"123"
        statistics = task.statistics()
        assert (statistics.stdout, statistics.stderr, statistics.stdin) == (5, 3, 3)
        assert (statistics.state, statistics.messages, statistics.unread, statistics.queued) == ("exec", 2, 0, 0)
        prx.stdin(task, "end\n")
        receive(ExitStatus, task=task, timeout=WAIT)
        assert task.statistics().messages == 3


def test_what_waits_is_counted_on_either_side() -> None:
    """Output in the mailbox until it is received, and input that the pipe has no room for."""
    with prx.fork() as task:
        prx.execvp(task, ["sh", "-c", "printf 12345; exec sleep 1000"])
        deadline = time.monotonic() + WAIT
        while not task.statistics().unread:
            assert time.monotonic() < deadline
            time.sleep(0.001)
        assert task.statistics().unread == 5
        assert receive(Stdout, task=task, timeout=WAIT).data == b"12345"
        assert task.statistics().unread == 0
        prx.stdin(task, bytes(1 << 20))
        statistics = task.statistics()
        assert statistics.queued == receive(StdinBlocked, task=task, timeout=WAIT).queued
        assert statistics.stdin + statistics.queued == 1 << 20


def test_each_reader_has_a_count_of_its_own_of_what_it_has_not_read() -> None:
    """The other figures are the task's."""
    reader = spawn(idle)
    with prx.fork() as task:
        prx.execvp(task, ["cat"])
        prx.stdin(task, "mine")
        assert receive(Stdout, task=task, timeout=WAIT).data == b"mine"
        prx.stdio(task, reader)
        prx.stdin(task, "other")
        deadline = time.monotonic() + WAIT
        while task.statistics().stdout < len("mineother"):
            assert time.monotonic() < deadline
            time.sleep(0.001)
        assert task.statistics().unread == len("other")
    exit_signal(reader, "kill")


def test_anyone_may_look_and_the_last_figures_stay() -> None:
    """Another process, and after the end, when the time no longer runs."""
    owned = own(prx.fork)
    task = owned.what
    assert task.statistics().state == "call"
    assert current() != owned.pid
    ref = monitor(task)
    exit_signal(owned.pid, "kill")
    down_of(ref)
    first = task.statistics()
    assert first.state == "gone"
    assert 0 < first.uptime < WAIT
    assert task.statistics() == first


def test_children_are_those_that_have_not_ended() -> None:
    """And they cannot be changed."""
    with prx.fork() as task:
        child = prx.fork(task)
        prx.fork(task)
        assert task.statistics().children == 2
        prx.stop(child)
        assert task.statistics().children == 1
        with pytest.raises(dataclasses.FrozenInstanceError):
            task.statistics().children = 3  # type: ignore[misc]


def test_the_driver_is_not_asked() -> None:
    """It is stopped."""
    with prx.fork() as task:
        assert task.host_pid
        os.kill(task.host_pid, signal.SIGSTOP)
        try:
            assert isinstance(task.statistics(), TaskStatistics)
        finally:
            os.kill(task.host_pid, signal.SIGCONT)
