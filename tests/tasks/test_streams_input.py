"""What programs are given to read: queued when they do not read, bounded, and never lost."""

from __future__ import annotations

import errno
import os
import signal
import threading
from typing import TYPE_CHECKING, Any

import pytest
from support.calls import fails, outcome, until
from support.ends import WAIT, OsProcesses, down_of, run_program

from prx_actors import Down, ExitStatus, StdinBlocked, Stdout, Task, monitor, prx, receive
from prx_actors.driver.reactor import reactor

if TYPE_CHECKING:
    from collections.abc import Callable

KIB = 1024
LATE = ("sh", "-c", "echo ready; kill -STOP $$; wc -c")
"""Reads only after it has been continued."""


def run_late(parent: Task | None = None, **options: int) -> Task:
    """Run a program that does not read its stdin yet."""
    task = run_program(parent, *LATE, **options)
    assert receive(Stdout, task=task, timeout=WAIT).data == b"ready\n"
    return task


def let_read(task: Task) -> None:
    """Have it read now."""
    assert task.host_pid
    until(lambda: state(task) == "T", "it has stopped itself")
    os.kill(task.host_pid, signal.SIGCONT)


def state(task: Task) -> str:
    """Return the state of a process, as ps prints it."""
    with open(f"/proc/{task.host_pid}/stat") as file:  # noqa: PTH123 - procfs
        return file.read().rpartition(") ")[2][0]


def counted(task: Task) -> int:
    """Return what `wc -c` has counted."""
    ended = outcome(task)
    assert ended.end == ExitStatus(task, 0)
    return int(ended.stdout)


def test_what_a_program_does_not_read_yet_is_queued_and_all_of_it_comes() -> None:
    """300 kB into a pipe of 64 KiB, then `wc -c` counts them."""
    task = run_late()
    for _ in range(3):
        prx.stdin(task, b"x" * 100_000)
    prx.eof(task)
    let_read(task)
    blocked = [receive(StdinBlocked, task=task, timeout=0).queued for _ in range(3)]
    assert blocked == [size - 64 * KIB for size in (100_000, 200_000, 300_000)]
    assert counted(task) == 300_000


def test_what_fits_into_the_pipe_is_not_reported() -> None:
    """`StdinBlocked` is about what waits in the runtime."""
    task = run_late()
    prx.stdin(task, b"x" * 64 * KIB)
    with pytest.raises(TimeoutError):
        receive(StdinBlocked, timeout=0)
    prx.eof(task)
    let_read(task)
    assert counted(task) == 64 * KIB


def test_queued_input_keeps_its_order() -> None:
    """Through a program that gives back what it reads, twenty times what the pipes hold."""
    text = b"".join(b"%07d\n" % number for number in range(300_000))
    task = run_program(None, "cat")
    for start in range(0, len(text), 100_000):
        prx.stdin(task, text[start : start + 100_000])
    prx.eof(task)
    got = b""
    while len(got) < len(text):
        got += receive(Stdout, task=task, timeout=WAIT).data
    assert got == text
    assert receive(ExitStatus, task=task, timeout=WAIT).status == 0


def test_more_than_the_limit_is_refused_and_nothing_of_it_is_taken() -> None:
    """The queue is bounded; what was in it before arrives."""
    task = run_late(stdin_limit=100_000)
    prx.stdin(task, b"x" * 100_000)
    with pytest.raises(BufferError, match="stdin_limit=100000"):
        prx.stdin(task, b"y" * 65_537)
    with pytest.raises(BufferError):
        prx.stdin(task, b"y" * 100_001)
    prx.stdin(task, b"z" * 65_536)
    prx.eof(task)
    let_read(task)
    assert counted(task) == 165_536


def test_there_is_room_again_when_the_program_has_read() -> None:
    """The limit is on what waits, not on the sum."""
    with prx.fork() as parent:
        task = run_program(parent, "cat", stdin_limit=10_000)
        for _ in range(50):
            prx.stdin(task, b"x" * 10_000)
            got = 0
            while got < 10_000:
                got += len(receive(Stdout, task=task, timeout=WAIT).data)
        prx.eof(task)
        assert receive(ExitStatus, task=task, timeout=WAIT).status == 0


def test_after_eof_stdin_is_no_file_any_more() -> None:
    """Be it at once or after what is queued; `eof` twice as well."""
    for size in (1, 100_000):
        task = run_late()
        prx.stdin(task, b"x" * size)
        prx.eof(task)
        with fails(errno.EBADF, filename="stdin"):
            prx.stdin(task, b"y")
        with fails(errno.EBADF, filename="stdin"):
            prx.eof(task)
        let_read(task)
        assert counted(task) == size


def test_a_stdin_that_the_program_has_closed_is_a_broken_pipe() -> None:
    """And stays one; the runtime is not hurt by SIGPIPE."""
    with prx.fork() as parent:
        task = run_program(parent, "sh", "-c", "exec <&-; echo closed; exec sleep 1000")
        assert receive(Stdout, task=task, timeout=WAIT).data == b"closed\n"
        for _ in range(2):
            with pytest.raises(BrokenPipeError):
                prx.stdin(task, b"x")
        assert task.is_alive()


def test_what_is_queued_when_the_program_closes_its_stdin_is_a_broken_pipe_next_time() -> None:
    """Nobody can read it any more."""
    with prx.fork() as parent:
        task = run_program(parent, "sh", "-c", "echo ready; kill -STOP $$; exec <&-; exec sleep 1000")
        assert receive(Stdout, task=task, timeout=WAIT).data == b"ready\n"
        prx.stdin(task, b"x" * 100_000)
        let_read(task)

        def broken() -> bool:
            try:
                prx.stdin(task, b"")
            except BrokenPipeError:
                return True
            return False

        until(broken, "stdin is broken")
        with pytest.raises(BrokenPipeError):
            prx.stdin(task, b"x")


def test_a_program_that_never_reads_ends_like_any_other() -> None:
    """What is queued for it goes with it."""
    task = run_late(killdelay=0)
    prx.stdin(task, b"x" * 1_000_000)
    prx.eof(task)
    ref = monitor(task)
    with OsProcesses.below(task) as processes:
        prx.stop(task)
        assert processes.left() == []
    assert down_of(ref) == "normal"


def test_stdin_takes_text_and_everything_that_holds_bytes() -> None:
    """`str` is written as UTF-8."""
    task = run_program(None, "cat")
    for piece in ("ä", b"b", bytearray(b"c"), memoryview(b"d"), ""):
        prx.stdin(task, piece)
    prx.eof(task)
    assert outcome(task).stdout == "äbcd".encode()


def test_a_changed_bytearray_does_not_change_what_is_queued() -> None:
    """What the caller does with it afterwards is the caller's business."""
    task = run_program(None, "sh", "-c", "echo ready; kill -STOP $$; exec cat")
    assert receive(Stdout, task=task, timeout=WAIT).data == b"ready\n"
    piece = bytearray(b"x" * 100_000)
    prx.stdin(task, piece)
    piece[:] = b"y" * len(piece)
    prx.eof(task)
    let_read(task)
    assert outcome(task).stdout == b"x" * 100_000


NAMES: dict[str, Callable[[Task, Task], Any]] = {
    "task": lambda parent, task: task,
    "pid": lambda parent, task: prx.pidof(task),
    "child": prx.cpid,
}


@pytest.mark.parametrize("name", NAMES)
def test_eof_of_a_child_is_given_by_any_of_its_names(name: str) -> None:
    """The parent's owner closes it."""
    with prx.fork() as parent:
        task = run_program(parent, "cat")
        pid = prx.pidof(task)
        assert pid
        prx.eof(parent, NAMES[name](parent, task))
        assert receive(ExitStatus, task=task, timeout=WAIT).status == 0
        with fails(errno.ESRCH, filename=pid):
            prx.eof(parent, pid)


def test_an_input_that_waits_for_room_is_forgotten_with_the_program() -> None:
    """Its fd's number is another's then: to forget it later would stop that one's end, and who waits for it."""
    task = run_late()
    before = set(reactor._handlers) - {task._process.driver.stdin.fd}
    ref = monitor(task)
    assert task.host_pid
    with open(f"/proc/{task.host_pid}/fd/0", "rb"):  # noqa: PTH123 - a stranger has the pipe, which stays full
        prx.stdin(task, b"x" * 100_000)
        os.kill(task.host_pid, signal.SIGKILL)
        receive(Down, ref=ref, timeout=WAIT)
        settled = threading.Event()
        reactor.call_soon(settled.set)  # after all that the end has left for later
        assert settled.wait(WAIT)
    assert set(reactor._handlers) <= before
