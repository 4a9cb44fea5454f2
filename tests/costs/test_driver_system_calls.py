"""How many system calls a driver makes for a call, a birth, an exec and an end: as many as it is meant to."""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from costs.bounds import allow
from costs.strace import Trace, traced
from support.ends import WAIT

from prx_actors import Down, ExitStatus, Stdout, Task, monitor, prx, receive

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.static, pytest.mark.usefixtures("one_processor")]

TIMES = 20
FORKS = 5
WAITS = frozenset({"epoll_pwait", "sched_getaffinity", "sched_yield"})
"""strace ends a wait when it comes, and a signal does: they are counted apart."""

BIRTH_OF_PARENT = {"recvmsg": 1, "rt_sigprocmask": 4, "clone3": 1, "clone": 1, "close": 6, "sendmsg": 1}
"""clone(2) where a container engine refuses clone3(2)."""
BIRTH_OF_CHILD = {
    "munmap": 1,
    "prlimit64": 2,
    "prctl": 1,
    "dup3": 10,
    "close": 7,
    "getpid": 1,
    "pidfd_open": 1,
    "epoll_create1": 1,
    "epoll_ctl": 4,
    "rt_sigprocmask": 1,
}
EXEC = {"recvmsg": 1, "waitid": 1, "prctl": 2, "prlimit64": 2, "rt_sigprocmask": 1, "poll": 1, "execve": 1}
REAPING = {
    "waitid": 2,
    "wait4": 1,
    "readlink": 1,
    "getpid": 1,
    "openat": 1,
    "read": 2,
    "close": 1,
    "sendto": 1,
    "rt_sigreturn": 1,
}
CALL = {"recvmsg": 1, "getpid": 1, "sendmsg": 1}


@contextmanager
def chain(depth: int) -> Iterator[list[Task]]:
    """Fork tasks, each the child of the one before, and stop them all in the end."""
    with prx.fork() as root:
        tasks = [root]
        while len(tasks) < depth:
            tasks.append(prx.fork(tasks[-1]))
        yield tasks


def pids_of(tasks: list[Task]) -> list[int]:
    """Return the pids of tasks, which know theirs no more when they have ended."""
    return [prx.getpid(task) for task in tasks]


def waits(trace: Trace, pid: int) -> int:
    """Return how often a driver has waited."""
    return trace.calls(pid)["epoll_pwait"]


def end(task: Task) -> None:
    """Stop a task and wait until it is gone."""
    ref = monitor(task)
    prx.stop(task)
    receive(Down, ref=ref, timeout=WAIT)


@pytest.mark.parametrize("depth", [1, 8])
def test_a_call_costs_a_driver_a_wait_and_three_system_calls(depth: int) -> None:
    """Request, the call itself, reply; and no driver above does anything, however many there are."""
    with chain(depth) as tasks:
        *above, pid = pids_of(tasks)
        with traced(*above, pid) as trace:
            for _ in range(TIMES):
                prx.getpid(tasks[-1])
    assert trace.calls(pid, without=WAITS) == {name: count * TIMES for name, count in CALL.items()}
    assert waits(trace, pid) <= TIMES + 2
    for ancestor in above:
        assert trace.calls(ancestor, without=WAITS) == {}


def test_a_driver_at_rest_makes_no_system_call() -> None:
    """It waits, and its ancestors do, with no time at which they would look around."""
    with chain(3) as tasks:
        pids = pids_of(tasks)
        with traced(*pids) as trace, pytest.raises(TimeoutError):
            receive(lambda _message: False, timeout=0.2)
    for pid in pids:
        assert trace.calls(pid, without=WAITS) == {}
        # It began to wait before the trace did, or, where strace has ended that wait, once more.
        assert waits(trace, pid) <= 1


def test_a_birth_costs_what_it_did() -> None:
    """The parent receives, clones, closes what it has passed on and replies; the child puts its fds in their places."""
    with prx.fork() as parent:
        prx.fork(parent)  # with the first one comes what all have in common
        prx.getpid(parent)  # and when it answers, it has done with that one
        with traced(parent.host_pid) as trace:
            children = [prx.fork(parent) for _ in range(FORKS)]
            # When the reply is there, all before it is in the trace.
            for task in [*children, parent]:
                prx.getpid(task)
        own = trace.calls(parent.host_pid, without=WAITS)
        own.subtract(CALL)
        allow(own, BIRTH_OF_PARENT, FORKS)
        for child in children:
            allow(trace.calls(child.host_pid, without=WAITS), Counter(BIRTH_OF_CHILD) + Counter(CALL), 1)


def test_an_exec_costs_what_it_did() -> None:
    """From the request to execve(2): what a program is to find as it was before, is put back."""
    with prx.fork() as parent:
        children = [prx.fork(parent) for _ in range(FORKS)]
        pids = pids_of(children)
        with traced(*pids) as trace:
            for child in children:
                prx.execvp(child, ["/bin/true"])
                receive(ExitStatus, task=child, timeout=WAIT)
    for pid in pids:
        allow(before_exec(trace, pid).calls(without=WAITS), EXEC, 1)


def before_exec(trace: Trace, pid: int) -> Trace:
    """Return what a driver has done before it was a program, with the exec."""
    own = [line for line in trace.lines if line.startswith(f"{pid} ")]
    last = next(number for number, line in enumerate(own) if "execve(" in line)
    return Trace(own[: last + 1])


def test_an_end_costs_what_it_did() -> None:
    """The parent reaps its child, looks once for what it may have left, and tells of it."""
    with prx.fork() as parent:
        children = [prx.fork(parent) for _ in range(FORKS)]
        prx.getpid(parent)
        with traced(parent.host_pid) as trace:
            for child in children:
                end(child)
            prx.getpid(parent)
    own = trace.calls(without=WAITS)
    own.subtract(CALL)
    allow(own, REAPING, FORKS)


def test_no_driver_touches_what_a_program_writes() -> None:
    """A megabyte of output, and the input that asks for it, cost the drivers above nothing."""
    size = 1 << 20
    with chain(2) as tasks:
        program = prx.fork(tasks[-1])
        prx.execvp(program, ["/bin/sh", "-c", f"read line; head -c {size} /dev/zero; exec sleep 1000"])
        with traced(*pids_of(tasks)) as trace:
            prx.stdin(program, "\n")
            got = 0
            while got < size:
                got += len(receive(Stdout, task=program, timeout=WAIT).data)
    assert trace.calls(without=WAITS) == {}
