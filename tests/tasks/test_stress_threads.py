"""Many threads, each a process of its own, use one tree at the same time."""

from __future__ import annotations

import faulthandler
import os
import random
import signal
import sys
import threading
import time
from collections import Counter
from contextlib import suppress
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from support.calls import until
from support.stress import WAIT, fds_return_to, in_threads, no_children, open_fds, shorter

from prx_actors import ExitStatus, NoProcess, Stdout, prx, receive

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from prx_actors import Task

SECONDS = shorter(60, 8)
THREADS = 20


@pytest.fixture
def task() -> Iterator[Task]:
    """Fork a root with room for many children."""
    with prx.fork(maxchild=10_000, maxforkdepth=64) as root:
        yield root


@pytest.mark.slow
@pytest.mark.timeout(SECONDS + 120)
def test_twenty_threads_fork_call_exec_and_stop_below_shared_parents(task: Task) -> None:
    """Each gets its own answers, its own output and its own ends, and nothing is left."""
    faulthandler.cancel_dump_traceback_later()  # pytest's, for tests that should be quicker
    parents = [task, *(prx.fork(task) for _ in range(3))]
    fds = open_fds()
    done: Counter[str] = Counter()
    until_then = time.monotonic() + SECONDS
    workers = [partial(work, Worker(number, parents, done), until_then) for number in range(THREADS)]
    in_threads(workers, SECONDS + 60)
    assert set(done) == {"calls", "programs", "grandchildren", "kills"}
    for parent in parents[1:]:
        assert prx.cpid(parent) == []
        no_children(parent)
    fds_return_to(fds)


class Worker:
    """What one thread knows."""

    def __init__(self, number: int, parents: list[Task], done: Counter[str]) -> None:
        self.random = random.Random(number)  # noqa: S311 - no secret
        self.number = number
        self.parents = parents
        self.done = done


def work(worker: Worker, until_then: float) -> None:
    """Use tasks in one of the ways, again and again."""
    ways = [make_calls, run_a_program, fork_a_grandchild, kill_in_the_midst]
    while time.monotonic() < until_then:
        way = worker.random.choice(ways)
        done = way(worker, worker.random.choice(worker.parents))
        worker.done[done] += 1


def make_calls(worker: Worker, parent: Task) -> str:
    """Check that each reply is that of its own request."""
    with prx.fork(parent) as child:
        for _ in range(20):
            name = f"{worker.number}-{worker.random.random()}"
            child.setenv("WHO", name, True)
            assert f"WHO={name}".encode() in child.environ()
            assert child.getpid() == child.host_pid
    return "calls"


def run_a_program(worker: Worker, parent: Task) -> str:
    """Check that each gets its own output and end."""
    child = prx.fork(parent)
    child.execvp(["sh", "-c", "cat; exit $0", str(worker.number)])
    line = f"{worker.random.random()}\n".encode()
    child.stdin(line)
    assert receive(Stdout, task=child, timeout=WAIT).data == line
    child.eof()
    assert receive(ExitStatus, task=child, timeout=WAIT).status == worker.number
    return "programs"


def fork_a_grandchild(_worker: Worker, parent: Task) -> str:
    """End a child, and with it what is below."""
    child = prx.fork(parent)
    grandchild = prx.fork(child)
    assert grandchild.getpid() == grandchild.host_pid
    child.stop(timeout=WAIT)
    assert not grandchild.is_alive()
    return "grandchildren"


def kill_in_the_midst(worker: Worker, parent: Task) -> str:
    """Kill a driver while it is called: nobody but its owner notices."""
    child = prx.fork(parent)
    pid = child.host_pid
    assert pid is not None
    pidfd = os.pidfd_open(pid)
    killer = threading.Timer(worker.random.uniform(0, 2e-3), signal.pidfd_send_signal, [pidfd, signal.SIGKILL])
    killer.start()
    with suppress(NoProcess):
        while True:
            assert child.getpid() == pid
    killer.join(WAIT)
    os.close(pidfd)
    child.stop(timeout=WAIT)
    return "kills"


def test_forks_that_many_ask_of_one_task_are_served_in_order(task: Task) -> None:
    """Who came first is first, however long the task was busy."""
    pid = task.host_pid
    assert pid is not None
    pids: dict[int, int] = {}
    os.kill(pid, signal.SIGSTOP)
    threads = []
    try:
        for number in range(THREADS):
            thread = threading.Thread(target=ask_for_a_fork, args=(task, number, pids), daemon=True)
            thread.start()
            threads.append(thread)
            waiting = WaitsForATurn(thread)
            until(waiting.looks_so, "it waits for its turn")
    finally:
        os.kill(pid, signal.SIGCONT)
    for thread in threads:
        thread.join(WAIT)
    order = [pids[number] for number in range(THREADS)]
    # The pids of forks grow, but for the one time at which the system begins anew.
    assert sum(one > other for one, other in pairwise(order)) <= 1, order
    no_children(task)


def ask_for_a_fork(task: Task, number: int, pids: dict[int, int]) -> None:
    """Fork a task, whose pid tells when it was forked, and stop it."""
    with prx.fork(task) as child:
        assert child.host_pid is not None
        pids[number] = child.host_pid


class WaitsForATurn:
    """Looks whether a thread stands at one place of a call, be it for the lock or, with it, for the reply."""

    def __init__(self, thread: threading.Thread) -> None:
        self._thread = thread
        self._place: tuple[str, int] | None = None

    def looks_so(self) -> bool:
        """Say whether it has not moved since the last look."""
        assert self._thread.ident is not None
        frame = sys._current_frames().get(self._thread.ident)
        before, self._place = self._place, None
        while frame and not frame.f_code.co_qualname.startswith("Turns."):
            frame = frame.f_back
        if frame:
            self._place = frame.f_code.co_qualname, frame.f_lasti
        return self._place is not None and self._place == before


def test_one_who_forks_all_the_time_does_not_shut_others_out(task: Task) -> None:
    """Eight threads that fork below one task get as many each, more or less."""
    forks: Counter[int] = Counter()
    until_then = time.monotonic() + 2

    def fork_on(number: int) -> None:
        while time.monotonic() < until_then:
            with prx.fork(task):
                forks[number] += 1

    in_threads([partial(fork_on, number) for number in range(8)])
    assert len(forks) == 8
    assert max(forks.values()) < 20 * min(forks.values()), forks


def test_many_receive_from_their_tasks_at_once(task: Task) -> None:
    """Sixteen streams of numbers arrive whole, each at its reader."""
    lines = shorter(200_000, 20_000)

    def read(number: int) -> None:
        child = prx.fork(task, pipe_size=4096, high_water=[1, 100_000, 1 << 24][number % 3])
        child.execvp(["seq", str(number), str(number + lines)])
        output = bytearray()
        while isinstance(message := receive(Stdout, ExitStatus, task=child, timeout=WAIT), Stdout):
            output += message.data
        assert message.status == 0
        assert output.split() == [b"%d" % n for n in range(number, number + lines + 1)]

    in_threads([partial(read, number) for number in range(16)], 2 * WAIT)


def test_parents_that_end_while_many_fork_from_them_leave_nothing(task: Task) -> None:
    """Each fork gives a task, or says that the parent has ended."""
    fds = open_fds()
    forked: Counter[str] = Counter()
    for _ in range(shorter(200, 40)):
        parent = prx.fork(task)
        in_threads([*[partial(fork_until_it_ends, parent, forked) for _ in range(4)], ending(parent)])
    assert forked["children"]
    no_children(task)
    fds_return_to(fds)


def fork_until_it_ends(parent: Task, forked: Counter[str]) -> None:
    """Fork from a parent that is about to end, and wait until all that was forked has ended with it."""
    children: list[Task] = []
    with suppress(NoProcess):
        while True:
            children.append(prx.fork(parent))
            forked["children"] += 1
    for child in children:
        until(lambda: child.host_pid is None, f"{child} has ended with its parent")  # noqa: B023 - called at once
        child.stop(timeout=WAIT)


def ending(parent: Task) -> Callable[[], object]:
    """Return what ends a parent, by a stop or by SIGKILL, at an instant of its own."""
    instant = random.random()  # noqa: S311 - no secret
    pid = parent.host_pid
    assert pid is not None

    def end() -> None:
        until_then = time.monotonic() + instant * 5e-3
        while time.monotonic() < until_then:
            pass
        if instant < 0.5:
            os.kill(pid, signal.SIGKILL)
        parent.stop(timeout=WAIT)

    return end
