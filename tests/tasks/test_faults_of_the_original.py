"""What ends, hangs or loses data in prx and alcove 1.0.1, each reproduced there, and does none of it here."""

from __future__ import annotations

import os
import random
import resource
import signal
from typing import TYPE_CHECKING

import pytest
from support.calls import children, outcome, program
from support.features import require

from prx_actors import Down, ExitStatus, Signal, StdinBlocked, Stdout, Task, monitor, prx, receive

if TYPE_CHECKING:
    from pathlib import Path

MB = 1 << 20
SHORT = "CI" in os.environ


def room_for(tasks: int) -> None:
    """Leave machines alone that have no fds for so many tasks."""
    require(resource.getrlimit(resource.RLIMIT_NOFILE)[1] > 8 * tasks + 200, f"fds for {tasks} tasks")


@pytest.mark.parametrize("size", [0, MB], ids=["the system's pipe", "a pipe of 1 MiB"])
def test_output_in_the_pipe_at_the_end_is_not_cut(size: int) -> None:
    """All of a megabyte comes, then the status; the original cut 50 of 50 with the larger pipe."""
    with prx.fork(pipe_size=size) as task:
        for _ in range(10 if SHORT else 50):
            child = prx.fork(task)
            prx.execvp(child, ["sh", "-c", f"head -c {MB} /dev/zero; echo end; exit 3"])
            ended = outcome(child)
            assert len(ended.stdout) == MB + 4
            assert ended.stdout.endswith(b"\0end\n")
            assert ended.end == ExitStatus(child, 3)


@pytest.mark.timeout(180)
def test_a_fork_after_a_stop_gets_fds_of_its_own() -> None:
    """The original closed the numbers of the task before, which the new one had; 4 of 3,000 rounds."""
    chance = random.Random(1)  # noqa: S311 -- no secret
    with prx.fork() as root:
        watched = prx.fork(root)
        tasks = [prx.fork(root) for _ in range(4)]
        prx.execvp(watched, ["cat"])
        for number in range(300 if SHORT else 3000):
            place = chance.randrange(len(tasks))
            tasks[place].stop(block=chance.random() < 0.5)
            tasks[place] = prx.fork(root)
            assert prx.getpid(tasks[place]) == prx.pidof(tasks[place])
            if number % 10 == 0:
                check_echo(tasks[place], root, number)
        check_cat(watched, b"still here")
        assert all(prx.getpid(task) == task.host_pid for task in tasks)


def check_echo(task: Task, root: Task, number: int) -> None:
    """Expect a child's streams to be its own, beside another that is being stopped."""
    child = prx.fork(root)
    task.stop(block=False)
    check_cat(child, b"%d" % number)


def check_cat(task: Task, data: bytes) -> None:
    """Expect to read what was written."""
    if not prx.execed(task):
        prx.execvp(task, ["cat"])
    prx.stdin(task, data)
    prx.eof(task)
    assert outcome(task).stdout == data


def test_fifty_roots_live_at_once() -> None:
    """An eleventh one hung the Erlang VM."""
    roots = [prx.fork() for _ in range(50)]
    assert len({prx.getpid(root) for root in roots}) == 50
    for number, root in enumerate(roots):
        prx.execvp(root, ["cat"])
        prx.stdin(root, str(number))
    for number, root in enumerate(roots):
        assert receive(Stdout, task=root, timeout=30).data == str(number).encode()
        prx.eof(root)
        assert outcome(root).end == ExitStatus(root, 0)


@pytest.mark.timeout(180)
def test_a_task_has_more_than_1170_children() -> None:
    """`cpid` knows them all, each end is reported, and the root lives; the original's ended."""
    count = 1300
    room_for(count)
    with prx.fork(maxchild=count) as root:
        tasks = [prx.fork(root) for _ in range(count)]
        assert sorted(one.pid for one in children(root)) == sorted(prx.getpid(task) for task in tasks)
        refs = {monitor(task): task for task in tasks}
        for task in tasks[: count // 2]:
            prx.exit(task, 7)
        for task in tasks[count // 2 :]:
            assert task.host_pid is not None
            os.kill(task.host_pid, signal.SIGKILL)
        for _ in range(count):
            del refs[receive(Down, timeout=20).ref]
        for task in tasks[: count // 2]:
            assert receive(ExitStatus, task=task, timeout=30).status == 7
        assert children(root) == []
        assert prx.getpid(prx.fork(root))


def test_a_tree_is_deeper_than_61() -> None:
    """The original died of stack overflow; the tip answers, runs a program and ends."""
    with prx.fork(maxforkdepth=80) as root:
        tip = root
        for _ in range(80):
            tip = prx.fork(tip)
        assert prx.getpid(tip) == tip.host_pid
        assert len(prx.pipeline(tip)) == 80
        assert program(tip, ["echo", "from below"]) == b"from below\n"
        assert prx.getpid(root) == root.host_pid


@pytest.mark.timeout(120)
@pytest.mark.parametrize("script", ["cat", "wc -c", "cat | cat | wc -c"])
def test_20_mb_go_down_to_depth_4_whatever_is_written_in_part(script: str) -> None:
    """In pieces larger than any pipe; the drivers between are not touched by it."""
    data = random.Random(2).randbytes(20 * MB)  # noqa: S311 -- no secret
    with prx.fork(stdin_limit=32 * MB) as root:
        middle = prx.fork(prx.fork(prx.fork(root)))
        task = prx.fork(middle)
        assert len(prx.pipeline(task)) == 4
        prx.execvp(task, ["sh", "-c", script])
        for start in range(0, len(data), 3 * MB):
            prx.stdin(task, data[start : start + 3 * MB])
        assert receive(StdinBlocked, task=task, timeout=30).queued > 0
        prx.eof(task)
        ended = outcome(task)
        assert ended.end == ExitStatus(task, 0)
        assert ended.stdout == (data if script == "cat" else b"%d\n" % len(data))
        assert prx.getpid(middle) == middle.host_pid


def test_thousands_of_queued_signals_do_not_end_a_driver(tmp_path: Path) -> None:
    """Sent while a call blocks it: 1,240 ended the original; here each is told, in order."""
    count = 3000
    require(resource.getrlimit(resource.RLIMIT_SIGPENDING)[0] > count + 500, f"room for {count} signals")
    os.mkfifo(tmp_path / "fifo")
    numbers = [signal.SIGRTMIN + index * 30 // count for index in range(count)]
    with prx.fork() as task:
        fd = prx.open(task, tmp_path / "fifo", "o_rdwr")
        pid = prx.getpid(task)
        with pytest.raises(TimeoutError), prx.timeout(0.1):
            prx.read(task, fd, 10)
        for number in numbers:
            os.kill(pid, number)
        (tmp_path / "fifo").write_bytes(b"go on")
        assert [receive(Signal, task=task, timeout=20).signal for _ in range(count)] == numbers
        assert prx.getpid(task) == pid
