"""Back-pressure: reading pauses when nobody reads the mailbox, goes on when somebody does, and never deadlocks."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from support.calls import until
from support.ends import WAIT, down_of, idle, own, run_program

from prx_actors import ExitStatus, Stdout, Task, current, exit_signal, monitor, prx, receive, send
from prx_actors.system.pidfd import input_waiting
from prx_actors.tasks.children import Child

KIB = 1024
MIB = 1024 * KIB
GIGABYTE = 1_000_000_000
WRITER = ("dd", "if=/dev/zero", "bs=4k", "status=none")
"""Writes for ever, in pieces that the kernel counts one by one."""


def is_blocked(task: Task) -> bool:
    """Say whether a program sleeps in write(2)."""
    return Path(f"/proc/{task.host_pid}/syscall").read_text().startswith("1 ")


def in_pipe(task: Task) -> int:
    """Return how many bytes of its stdout wait in the pipe."""
    parent = prx.parent(task)
    assert parent
    child = prx.cpid(parent, prx.pidof(task))
    assert isinstance(child, Child)
    return input_waiting(child.stdout)


def written(task: Task) -> int:
    """Return how many bytes a program has written, and its children that have ended, as the kernel counts them."""
    text = Path(f"/proc/{task.host_pid}/io").read_text()
    return int(text.partition("wchar: ")[2].split()[0])


def waits_for_a_reader(task: Task, least: int = 0) -> bool:
    """Say whether so much was read, and no more is for as long as it takes to look ten times."""
    before = written(task)
    looks = (is_blocked(task) and in_pipe(task) >= 60 * KIB and written(task) == before for _ in range(10))
    return before - in_pipe(task) >= least and all(looks)


def take(task: Task, size: int) -> int:
    """Take at least so much output from the mailbox without waiting in a receive: that would let reading go on."""
    taken = 0

    def enough() -> bool:
        nonlocal taken
        with contextlib.suppress(TimeoutError):
            while taken < size:
                taken += len(receive(Stdout, task=task, timeout=0).data)
        return taken >= size

    until(enough, "it is in the mailbox")
    return taken


SLACK = (64 + 64 + 4) * KIB
"""One read beyond the mark, a pipe, and a piece on its way into it."""


@pytest.mark.parametrize("high_water", [1, 256 * KIB, 4 * MIB])
def test_a_program_waits_when_so_much_is_unread(high_water: int) -> None:
    """It has written the mark, one read and the pipe at most; what the mailbox gives up, it may write."""
    with prx.fork() as parent:
        task = run_program(parent, *WRITER, high_water=high_water)
        taken = 0
        for _ in range(4):
            until(lambda: waits_for_a_reader(task, taken + high_water), "the program waits")  # noqa: B023
            assert written(task) <= taken + high_water + SLACK
            taken += take(task, high_water)


def test_the_mark_counts_both_streams_together() -> None:
    """Three quarters of it were stderr's, so stdout has the rest."""
    script = "head -c 300000 /dev/zero >&2; exec dd if=/dev/zero bs=4k status=none"
    with prx.fork() as parent:
        task = run_program(parent, "sh", "-c", script, high_water=400_000)
        # Of stderr, a pipe may be unread.
        until(lambda: waits_for_a_reader(task, 400_000), "the program waits")
        assert written(task) <= 400_000 + SLACK + 2 * 64 * KIB


def test_each_task_has_a_mark_of_its_own() -> None:
    """One that is paused does not pause the other."""
    with prx.fork(high_water=1) as parent:
        paused = run_program(parent, *WRITER)
        until(lambda: waits_for_a_reader(paused), "the program waits")
        other = run_program(parent, "sh", "-c", "while read line; do echo $line; done")
        for number in range(20):
            prx.stdin(other, f"{number}\n")
            assert receive(Stdout, task=other, timeout=WAIT).data == b"%d\n" % number
        assert prx.getpid(parent) == parent.pidof()


def test_a_receive_that_output_cannot_satisfy_lets_reading_go_on() -> None:
    """200 MB that nobody reads: the status comes, and all the output is there before it."""
    with prx.fork() as parent:
        task = run_program(parent, "head", "-c", "200000000", "/dev/zero")
        assert receive(ExitStatus, task=task, timeout=WAIT).status == 0
        size = 0
        while size < 200_000_000:
            size += len(receive(Stdout, task=task, timeout=0).data)
        assert size == 200_000_000


def test_a_receive_of_something_else_altogether_lets_reading_go_on_and_its_end_does_not() -> None:
    """Reading goes on for as long as the owner waits, and pauses again afterwards."""
    with prx.fork(high_water=64 * KIB) as parent:
        task = run_program(parent, *WRITER)
        until(lambda: waits_for_a_reader(task), "the program waits")
        before = written(task)
        test = current()

        def wake_up() -> None:
            until(lambda: written(task) > before + 4 * MIB, "reading has gone on")
            send(test, "enough")

        waker = threading.Thread(target=wake_up)
        waker.start()
        assert receive(str, timeout=WAIT) == "enough"
        waker.join()
        until(lambda: waits_for_a_reader(task), "it waits again")


def test_output_for_a_process_that_does_not_read_pauses_too() -> None:
    """The mailbox that counts is that of whoever gets the output; a receive of the owner's changes nothing."""
    let_go = threading.Event()

    def not_read_yet() -> None:
        let_go.wait(WAIT)
        idle()

    sink = own(lambda: None, not_read_yet)
    with prx.fork() as parent:
        task = run_program(parent, "head", "-c", "10000000", "/dev/zero", stdio=sink.pid, high_water=MIB)
        ref = monitor(task)
        with pytest.raises(TimeoutError):
            receive(timeout=0.2)
        until(lambda: waits_for_a_reader(task), "the program waits")
        let_go.set()
        assert down_of(ref) == "shutdown"
    exit_signal(sink.pid, "kill")
    assert down_of(sink.ref) == "killed"


def test_two_tasks_stream_at_once() -> None:
    """Both come to their ends, each with all of its own."""
    sizes = {}
    with prx.fork(high_water=MIB) as parent:
        for letter in (b"a", b"b"):
            script = f"head -c 50000000 /dev/zero | tr '\\0' {letter.decode()}"
            sizes[run_program(parent, "sh", "-c", script)] = (letter, 0)
        running = set(sizes)
        while running:
            message = receive(Stdout, ExitStatus, timeout=WAIT)
            letter, size = sizes[message.task]
            if isinstance(message, ExitStatus):
                running.discard(message.task)
                continue
            assert message.data.count(letter) == len(message.data)
            sizes[message.task] = (letter, size + len(message.data))
    assert [size for _, size in sizes.values()] == [50_000_000] * 2


STREAMS = """
import os
import sys
from prx_actors import ExitStatus, Stdout, prx, receive

def resident():
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

with prx.fork() as parent:
    task = parent.fork()
    prx.execvp(task, ["head", "-c", sys.argv[1], "/dev/zero"])
    size = looks = 0
    before = highest = resident()
    while isinstance(message := receive(Stdout, ExitStatus, task=task, timeout=30), Stdout):
        size += len(message.data)
        looks += 1
        if looks % 200 == 0:  # a look costs as much as a chunk
            highest = max(highest, resident())
    assert message == ExitStatus(task, 0), message
print(size, highest - before)
"""


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_gigabytes_pass_through_at_constant_memory() -> None:
    """3 GB of stdout, each byte counted; a program grows by no more than the mark and something.

    One of its own: where tests have run before, what is used again of the memory that they freed looks as if it grew.
    """
    size = (1 if os.environ.get("CI") else 3) * GIGABYTE
    command = [sys.executable, "-c", STREAMS, str(size)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=280, check=False)
    assert done.returncode == 0, done.stderr
    passed, growth = map(int, done.stdout.split())
    assert passed == size
    assert growth < 64 * MIB
