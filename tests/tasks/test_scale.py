"""A deep tree, and a wide one."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support.leaks import descendants
from support.stress import WAIT, children_of, fds_return_to, open_fds

from prx_actors import ExitStatus, Stdout, Task, prx, receive

if TYPE_CHECKING:
    from collections.abc import Iterator

DEPTH = 100
TASKS = 1000
QUICK = 5.0
"""Seconds that the end of a hundred drivers may take, on a busy machine; one after the other, with a killdelay each,
they would take minutes."""


@pytest.fixture
def chain() -> Iterator[list[Task]]:
    """Fork a root, a child of it, a child of that, and so on."""
    with prx.fork(maxforkdepth=2 * DEPTH) as root:
        tasks = [root]
        while len(tasks) < DEPTH:
            tasks.append(prx.fork(tasks[-1]))
        yield tasks


def test_a_tree_a_hundred_deep_answers_at_its_tip(chain: list[Task]) -> None:
    """With one round trip: the ancestors, here all stopped, have no part in it."""
    tip = chain[-1]
    assert len(prx.pipeline(tip)) == DEPTH - 1
    assert prx.parent(tip) is chain[-2]
    with ExitStack() as stack:
        for task in chain[:-1]:
            stack.enter_context(stopped(task))
        with prx.timeout(WAIT):
            assert prx.getpid(tip) == tip.host_pid


class stopped:  # noqa: N801 - used as a function
    """Stop a task's process for the time of the block."""

    def __init__(self, task: Task) -> None:
        assert task.host_pid is not None
        self._pid = task.host_pid

    def __enter__(self) -> None:
        os.kill(self._pid, 19)

    def __exit__(self, *_: object) -> None:
        os.kill(self._pid, 18)


def test_a_program_at_the_tip_of_a_deep_tree_is_as_near_as_any(chain: list[Task]) -> None:
    """Its streams and its end come straight to the runtime."""
    tip = chain[-1]
    tip.execvp(["cat"])
    tip.stdin("hello")
    assert receive(Stdout, task=tip, timeout=WAIT).data == b"hello"
    tip.eof()
    assert receive(ExitStatus, task=tip, timeout=WAIT).status == 0


def test_a_deep_tree_stops_quickly(chain: list[Task]) -> None:
    """All of it at once, from the root."""
    pids = [task.host_pid for task in chain]
    begin = time.monotonic()
    chain[0].stop()
    assert time.monotonic() - begin < QUICK
    assert not [pid for pid in pids if Path(f"/proc/{pid}").exists()]
    assert not any(task.is_alive() for task in chain)


def test_a_deep_tree_of_which_a_middle_driver_is_killed_loses_what_is_below(chain: list[Task]) -> None:
    """And nothing else."""
    middle = DEPTH // 2
    begin = time.monotonic()
    os.kill(chain[middle].host_pid or 0, 9)
    for task in chain[middle:]:
        task.stop(timeout=WAIT)
    assert time.monotonic() - begin < QUICK
    assert prx.getpid(chain[middle - 1]) == chain[middle - 1].host_pid
    above = chain[middle - 1].host_pid
    assert above is not None
    assert descendants(above) == []


def test_deeper_than_the_option_says_is_refused() -> None:
    """With EAGAIN, and the tree goes on."""
    with prx.fork(maxforkdepth=3) as root:
        tasks = [root]
        while len(tasks) <= 3:
            tasks.append(prx.fork(tasks[-1]))
        with pytest.raises(BlockingIOError):
            prx.fork(tasks[-1])
        assert prx.getpid(tasks[-1]) == tasks[-1].host_pid


@pytest.mark.slow
@pytest.mark.timeout(200)
def test_a_thousand_tasks_live_at_once_and_give_everything_back() -> None:
    """Drivers and programs under one root."""
    fds = open_fds()
    threads = threading.active_count()
    with prx.fork(maxchild=TASKS) as root:
        tasks = [prx.fork(root) for _ in range(TASKS)]
        with pytest.raises(BlockingIOError):
            prx.fork(root)
        use_all(root, tasks)
        begin = time.monotonic()
    assert time.monotonic() - begin < 4 * QUICK
    assert not any(task.is_alive() for task in tasks)
    fds_return_to(fds)
    # Whatever the number of tasks: one reactor, and the few threads of the scheduler.
    assert threading.active_count() <= threads + 10


def use_all(root: Task, tasks: list[Task]) -> None:
    """Call each, make every second a program, and talk to each."""
    assert len({task.getpid() for task in tasks}) == TASKS
    assert {child.pid for child in children_of(root)} == {task.host_pid for task in tasks}
    programs = tasks[::2]
    for program in programs:
        program.execvp(["cat"])
    for number, program in enumerate(programs):
        program.stdin(f"{number}")
    for number, program in enumerate(programs):
        assert receive(Stdout, task=program, timeout=WAIT).data == f"{number}".encode()
    for program in programs[::2]:
        program.eof()
        assert receive(ExitStatus, task=program, timeout=WAIT).status == 0


FEW_FILES = """
import os, resource, threading
from prx_actors import ExitStatus, Stdout, prx, receive, shutdown

resource.setrlimit(resource.RLIMIT_NOFILE, (1024, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))

def fds():
    return len(os.listdir("/proc/self/fd"))

def run(root, *argv):
    child = prx.fork(root)
    child.execvp(argv)
    output = b""
    while isinstance(message := receive(Stdout, ExitStatus, task=child, timeout=60), Stdout):
        output += message.data
    assert message.status == 0
    return output

with prx.fork():
    before = fds()
with prx.fork(maxchild={tasks} + 1) as root:
    tasks = [prx.fork(root) for _ in range({tasks})]
    assert fds() > 1024, fds()
    assert len({{task.getpid() for task in tasks}}) == {tasks}
    # A program gets the limit that this program had, and may raise it as this one could.
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    assert run(root, "sh", "-c", "ulimit -Sn; ulimit -Hn").split() == [b"1024", b"%d" % hard]
    # From the 1,025th pipe of a user without privilege on, pipes are small.
    last = tasks[-1]
    last.execvp(["wc", "-c"])
    for _ in range(30):
        last.stdin(bytes(10_000))
    last.eof()
    assert receive(Stdout, task=last, timeout=60).data.split() == [b"300000"]
    numbers = run(root, "seq", "200000").split()
    assert numbers == [b"%d" % number for number in range(1, 200001)]
assert fds() <= before, (fds(), before)
shutdown()
print("good", threading.active_count())
"""


@pytest.mark.slow
@pytest.mark.timeout(200)
def test_a_thousand_tasks_of_a_user_with_a_soft_limit_of_1024_files() -> None:
    """The runtime raises its limit, programs get theirs back, and smaller pipes do."""
    script = FEW_FILES.format(tasks=TASKS)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=180, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("good")
    assert done.stderr == ""
