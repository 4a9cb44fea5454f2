"""How many system calls this process makes, in all its threads, for a call, a birth, a program and a byte."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from costs.bounds import allow, least
from costs.strace import Trace, marked
from support.ends import WAIT

from prx_actors import Down, Stdout, Task, monitor, prx, receive, run

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable, Iterator

pytestmark = [pytest.mark.static, pytest.mark.usefixtures("one_processor")]

TIMES = 10
UNSTEADY = frozenset(
    {
        *("futex", "poll", "sched_getaffinity", "sched_yield", "epoll_wait", "restart_syscall"),
        *("brk", "madvise", "mmap", "mprotect", "mremap", "munmap"),
    }
)
"""How often threads wait for one another, and when the allocator asks for more, is not for us to say."""

BIRTH = {
    "socketpair": 2,
    "pipe2": 3,
    "fcntl": 4,
    "sendmsg": 1,
    "recvmsg": 1,
    "pidfd_send_signal": 1,
    "epoll_ctl": 6,
    "close": 11,
    "shutdown": 2,
    "read": 7,
}
"""And its end: three pipes, two sockets and a pidfd, made and closed."""

RUN = {
    "getcwd": 1,
    "openat": 1,
    "socketpair": 2,
    "pipe2": 2,
    "fcntl": 4,
    "sendmsg": 2,
    "recvmsg": 2,
    "pidfd_send_signal": 1,
    "epoll_ctl": 6,
    "close": 11.5,
    "shutdown": 1,
    "read": 8,
    "ioctl": 4,
    "recvfrom": 2,
    "write": 1.5,
}


def spent(function: Callable[[], object]) -> Counter[str]:
    """Count the system calls of this process while a function runs `TIMES` times."""
    return trace_of(function).calls(without=UNSTEADY)


def trace_of(function: Callable[[], object]) -> Trace:
    """Trace this process while a function runs `TIMES` times."""

    def often() -> None:
        for _ in range(TIMES):
            function()

    return marked(often)


@pytest.fixture
def task() -> Iterator[Task]:
    """Fork a root that has been called."""
    with prx.fork() as root:
        prx.getpid(root)
        yield root


@pytest.fixture
def cat(task: Task) -> Task:
    """Start a program that says what it hears."""
    child = prx.fork(task)
    prx.execvp(child, ["/bin/cat"])
    echo(child, b"x")
    return child


def echo(program: Task, data: bytes) -> None:
    """Write to a program and wait until it has answered."""
    prx.stdin(program, data)
    got = 0
    while got < len(data):
        got += len(receive(Stdout, task=program, timeout=WAIT).data)


def test_a_call_costs_two_system_calls(task: Task) -> None:
    """A request goes out and its reply comes in: the thread that calls does both, and no other one wakes."""
    assert least(lambda: spent(lambda: prx.getpid(task))) == {"sendmsg": TIMES, "recvmsg": TIMES}


def test_a_call_is_a_few_bytes(task: Task) -> None:
    """Seven bytes there and eighteen back; and of an argument no byte goes twice."""
    trace = trace_of(lambda: prx.getpid(task))
    assert (trace.bytes("sendmsg"), trace.bytes("recvmsg")) == (7 * TIMES, 18 * TIMES)
    size = 1 << 15
    fd = prx.open(task, "/dev/null", ["o_wronly"])
    sent = trace_of(lambda: prx.write(task, fd, bytes(size))).bytes("sendmsg") / TIMES
    assert size < sent <= size + 16, f"{sent} bytes sent to write {size}"


def test_this_process_at_rest_makes_no_system_call(task: Task) -> None:
    """With a task, the reactor and the scheduler there, nothing looks around."""

    def rest() -> None:
        with pytest.raises(TimeoutError):
            receive(lambda _message: False, timeout=0.2)

    own = frozenset({"futex"})  # this thread's wait
    assert least(lambda: marked(rest).calls(without=own)) == {}


def test_a_birth_and_an_end_cost_what_they_did(task: Task) -> None:
    """A child is forked and stopped, and its end is awaited."""

    def once() -> None:
        child = prx.fork(task)
        ref = monitor(child)
        prx.stop(child)
        receive(Down, ref=ref, timeout=WAIT)

    once()
    allow(least(lambda: spent(once)), BIRTH, TIMES)


def test_a_run_costs_what_it_did() -> None:
    """`run` of a program that ends at once: two requests, two replies, and each fd closed once."""
    run(["/bin/true"])
    allow(least(lambda: spent(lambda: run(["/bin/true"]))), RUN, TIMES)


def test_input_costs_a_write(cat: Task) -> None:
    """One write and, since a program may be gone, the mask of signals twice; one read of the answer by the reactor."""
    each = {"write": 1, "rt_sigprocmask": 2, "read": 1}
    allow(least(lambda: spent(lambda: echo(cat, b"x" * 1000))), each, TIMES)


def test_no_byte_of_output_is_read_twice(cat: Task) -> None:
    """As many bytes are read as the program writes, and as many are written as it is to hear."""
    size = 1 << 15
    trace = trace_of(lambda: echo(cat, bytes(size)))
    assert trace.bytes("write") == size * TIMES
    assert trace.bytes("read") == size * TIMES
