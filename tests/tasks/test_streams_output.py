"""What programs write: all of it, in order, before the message of the end; and no more than is wanted."""

from __future__ import annotations

import fcntl
import signal
from typing import TYPE_CHECKING

import pytest
from support.calls import Ended, outcome, until
from support.ends import WAIT, OsProcesses, down_of, idle, own, rounds, run_program

from prx_actors import Down, ExitStatus, Stderr, Stdout, TermSig, current, exit_signal, monitor, prx, receive, spawn
from prx_actors.system.pidfd import input_waiting
from prx_actors.tasks.children import Child

if TYPE_CHECKING:
    from pathlib import Path

    from prx_actors import Task

KIB = 1024
TURNS = 1000


def letters(size: int) -> bytes:
    """Return text that shows what is lost, doubled or out of place."""
    return b"".join(b"%09d\n" % number for number in range(0, size, 10))[:size]


def collected(task: Task) -> bytes:
    """Return what a program writes to stdout until it ends, chunk after chunk."""
    ended = outcome(task)
    assert (ended.stderr, ended.end) == (b"", ExitStatus(task, 0))
    return ended.stdout


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("size", [4 * KIB, 64 * KIB, 1024 * KIB])
def test_nothing_is_lost_when_a_program_fills_its_pipe_and_exits(size: int, tmp_path: Path) -> None:
    """Three times what the pipe holds, and gone at once: all is there before the status."""
    text = letters(3 * size)
    path = tmp_path / "text"
    path.write_bytes(text)
    with prx.fork(pipe_size=size) as parent:
        for _ in range(rounds(TURNS)):
            task = run_program(parent, "cat", str(path))
            assert collected(task) == text
            assert not receive_nothing(task)


def receive_nothing(task: Task) -> object:
    """Return what a task still has to say, besides its end."""
    try:
        return receive(Stdout, Stderr, ExitStatus, task=task, timeout=0)
    except TimeoutError:
        return None


@pytest.mark.parametrize("size", [4 * KIB, 1024 * KIB])
def test_a_pipe_has_the_size_that_the_option_says(size: int) -> None:
    """It is the parent's option that counts, and the fork's own."""
    with prx.fork(pipe_size=size) as parent:
        task = prx.fork(parent)
        own_size = prx.fork(parent, pipe_size=16 * KIB)
        for forked, expected in ((task, size), (own_size, 16 * KIB)):
            child = known(forked)
            assert pipe_size(child.stdout) == pipe_size(child.stdin) == pipe_size(child.stderr) == expected


def known(task: Task) -> Child:
    """Return what the parent of a task knows of it."""
    parent = prx.parent(task)
    assert parent
    child = prx.cpid(parent, prx.pidof(task))
    assert isinstance(child, Child)
    return child


def pipe_size(fd: int) -> int:
    """Ask for a pipe's capacity."""
    return fcntl.fcntl(fd, fcntl.F_GETPIPE_SZ)


def test_stdout_comes_in_the_order_in_which_it_was_written() -> None:
    """In many small pieces too."""
    task = run_program(None, "sh", "-c", "i=0; while [ $i -lt 2000 ]; do echo $i; i=$((i+1)); done")
    assert collected(task) == b"".join(b"%d\n" % number for number in range(2000))


def test_stderr_is_a_stream_of_its_own() -> None:
    """Each in its own message, both before the end."""
    task = run_program(None, "sh", "-c", "echo out; echo err >&2; echo out; exit 4")
    assert outcome(task) == Ended(b"out\nout\n", b"err\n", ExitStatus(task, 4))


def test_what_a_killed_program_had_written_comes_before_its_end() -> None:
    """Also when a signal ends it."""
    task = run_program(None, "sh", "-c", "echo last words; kill -KILL $$")
    assert outcome(task) == Ended(b"last words\n", b"", TermSig(task, signal.SIGKILL))


def holder(seconds: str, path: Path) -> str:
    """Return a command that leaves somebody behind who holds its stdout, and writes when a file is there."""
    return f"(while [ ! -e {path} ]; do sleep 0.01; done; echo late; sleep {seconds}) & echo early"


def test_somebody_who_holds_stdout_does_not_delay_the_status(tmp_path: Path) -> None:
    """What they write until the drain deadline is delivered; `Down` comes at that time."""
    go = tmp_path / "go"
    with prx.fork() as parent:
        task = prx.fork(parent, drain=4.0)
        ref = monitor(task)
        prx.execvp(task, ["sh", "-c", holder("1000", go)])
        assert receive(timeout=WAIT) == Stdout(task, b"early\n")
        assert receive(timeout=WAIT) == ExitStatus(task, 0)
        assert task.is_alive()
        go.touch()
        assert receive(timeout=WAIT) == Stdout(task, b"late\n")
        assert receive(timeout=WAIT) == Down(ref, task, "shutdown")


def test_the_end_comes_as_soon_as_nobody_holds_stdout(tmp_path: Path) -> None:
    """The drain deadline is the latest time, not the time."""
    go = tmp_path / "go"
    with prx.fork() as parent:
        task = prx.fork(parent, drain=1000)
        ref = monitor(task)
        prx.execvp(task, ["sh", "-c", holder("0", go)])
        assert [receive(timeout=WAIT) for _ in range(2)] == [Stdout(task, b"early\n"), ExitStatus(task, 0)]
        go.touch()
        assert receive(timeout=WAIT) == Stdout(task, b"late\n")
        assert receive(timeout=WAIT) == Down(ref, task, "shutdown")


def test_a_writer_that_never_stops_delays_the_status_by_nothing() -> None:
    """What is in the pipe when the end is seen is a snapshot."""
    with prx.fork() as parent:
        task = prx.fork(parent, drain=0.2)
        ref = monitor(task)
        prx.execvp(task, ["sh", "-c", "yes & exit 5"])
        assert receive(ExitStatus, timeout=WAIT).status == 5
        assert down_of(ref) == "shutdown"


def test_output_goes_to_the_process_that_stdio_names() -> None:
    """All messages of the task do, and the owner gets none."""
    test = current()

    def pass_on() -> None:
        for _ in range(3):
            test.tell(("sunk", receive(timeout=WAIT)))

    sink = spawn(pass_on)
    with prx.fork() as parent:
        task = prx.fork(parent, stdio=sink)
        prx.execvp(task, ["sh", "-c", "echo a; read line; echo b >&2"])
        assert receive(timeout=WAIT) == ("sunk", Stdout(task, b"a\n"))
        prx.stdin(task, "\n")
        assert receive(timeout=WAIT) == ("sunk", Stderr(task, b"b\n"))
        assert receive(timeout=WAIT) == ("sunk", ExitStatus(task, 0))


def test_a_program_lives_on_when_the_reader_of_its_output_ends() -> None:
    """What nobody reads is dropped; the end is still seen."""
    sink = own(lambda: None, idle)
    with prx.fork() as parent:
        task = prx.fork(parent, stdio=sink.pid, high_water=1)
        ref = monitor(task)
        prx.execvp(task, ["sh", "-c", "head -c 1000000 /dev/zero; read line; head -c 1000000 /dev/zero"])
        exit_signal(sink.pid, "kill")
        assert down_of(sink.ref) == "killed"
        prx.stdin(task, "\n")
        assert down_of(ref) == "shutdown"


FLOW = "for i in 1 2 3 4; do read line; echo $i; done"


def test_flow_control_lets_so_many_messages_through() -> None:
    """It counts from exec on; what is left comes with the end."""
    with prx.fork() as parent:
        task = run_program(parent, "sh", "-c", FLOW, flowcontrol=2)
        child = known(task)
        for number in (b"1\n", b"2\n"):
            prx.stdin(task, "\n")
            assert receive(timeout=WAIT) == Stdout(task, number)
        prx.stdin(task, "\n")
        until(lambda: waiting(child.stdout) == 2, "the third one is in the pipe")
        with pytest.raises(TimeoutError):
            receive(timeout=0.1)
        prx.stdin(task, "\n")
        assert receive(timeout=WAIT) == Stdout(task, b"3\n4\n")
        assert receive(timeout=WAIT) == ExitStatus(task, 0)


def waiting(fd: int) -> int:
    """Say how many bytes are in a pipe."""
    return input_waiting(fd)


@pytest.mark.parametrize("allowed", [0, 1])
def test_flow_control_counts_both_streams_together(allowed: int) -> None:
    """The other stream has nothing left when one has used it up."""
    with prx.fork() as parent:
        for _ in range(20):
            task = run_program(parent, "sh", "-c", "echo a; echo b >&2; exec sleep 1000", flowcontrol=allowed)
            child = known(task)
            got = [receive(Stdout, Stderr, task=task, timeout=WAIT) for _ in range(allowed)]
            until(lambda: waiting(child.stdout) + waiting(child.stderr) == 4 - 2 * allowed, "it has written")  # noqa: B023
            with pytest.raises(TimeoutError):
                got.append(receive(Stdout, Stderr, task=task, timeout=0.01))
            prx.stop(task)


def test_a_closed_stdout_is_a_broken_pipe_for_the_program() -> None:
    """`eof` works on the output streams too; the other one goes on."""
    with prx.fork() as parent:
        task = run_program(parent, "sh", "-c", "trap '' PIPE; read line; echo x || echo failed >&2")
        prx.eof(task, "stdout")
        until(lambda: known(task).stdout == -1, "it is closed")
        prx.stdin(task, "\n")
        ended = outcome(task)
        assert ended.stdout == b""
        assert ended.stderr.endswith(b"failed\n")


def test_what_an_ended_task_had_to_say_is_not_delivered_after_down() -> None:
    """`Down` is the last message."""
    with prx.fork() as parent:
        task = run_program(parent, "yes")
        receive(Stdout, task=task, timeout=WAIT)
        with OsProcesses.below(task) as processes:
            ref = monitor(task)
            exit_signal(task, "kill")
            while not isinstance(last := receive(timeout=WAIT), Down):
                assert isinstance(last, Stdout)
            assert last == Down(ref, task, "killed")
            assert processes.left() == []
        with pytest.raises(TimeoutError):
            receive(timeout=0)
