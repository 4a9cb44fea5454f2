"""stream: a program as an iterator."""

from __future__ import annotations

import gc
import os
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from pykka import ActorRegistry
from support import interrupts as interrupts_module
from support.ends import WAIT, OsProcesses
from support.interrupts import Interrupts
from support.leaks import descendants

from prx_actors import Command, ExitStatus, NoProcess, Stderr, Stdout, TermSig, spawn_monitor, stream
from prx_actors.actors import Down, exit_signal, receive
from prx_actors.programs import MERGE, PIPE

if TYPE_CHECKING:
    from prx_actors.programs import ProgramStream

FOREVER = ("sh", "-c", "(setsid sleep 1000 &) ; echo up; while :; do sleep 1; done")


def begun(program: ProgramStream) -> OsProcesses:
    """Take the first event, and hold all that runs of the program."""
    first = next(program)
    assert isinstance(first, Stdout)
    return OsProcesses.below(first.task)


def data(events: list[Stdout | Stderr | ExitStatus | TermSig], kind: type[Stdout | Stderr] = Stdout) -> bytes:
    """Return all that came by one stream."""
    return b"".join(event.data for event in events if isinstance(event, kind))


def test_a_program_says_what_it_says_and_then_how_it_ended() -> None:
    """Of one task."""
    events = list(stream(["sh", "-c", "echo out; echo err >&2; exit 3"]))
    assert (data(events), data(events, Stderr)) == (b"out\n", b"err\n")
    assert events[-1] == ExitStatus(events[0].task, 3)
    assert len({event.task for event in events}) == 1


def test_a_signal_is_an_end_too() -> None:
    """The last event is a TermSig."""
    [end] = stream(["sh", "-c", "kill -USR1 $$"])
    assert isinstance(end, TermSig)
    assert end.signal is signal.SIGUSR1


def test_lines_come_whole_and_with_their_ends() -> None:
    """Those of stdout and of stderr apart; the last one may have none."""
    script = "printf 'a\\nb'; echo err >&2; sleep 0.05; printf 'c\\r\\n\\nd'"
    events = list(stream(["sh", "-c", script], lines=True))
    assert [event.data for event in events if isinstance(event, Stdout)] == [b"a\n", b"bc\r\n", b"\n", b"d"]
    assert [event.data for event in events if isinstance(event, Stderr)] == [b"err\n"]


def test_a_line_without_an_end_is_not_collected_for_ever() -> None:
    """It comes in pieces."""
    size = 5 << 20
    pieces = [
        event.data for event in stream(["head", "-c", str(size), "/dev/zero"], lines=True) if hasattr(event, "data")
    ]
    assert sum(map(len, pieces)) == size
    assert max(map(len, pieces)) < 2 << 20


def test_it_is_lazy() -> None:
    """Nothing runs before somebody asks, and what is wrong is said then."""
    program = stream(["/no/such/program"])
    with pytest.raises(FileNotFoundError):
        next(program)
    with pytest.raises(StopIteration):
        next(program)


def test_a_program_waits_when_nobody_takes_what_it_says() -> None:
    """What it has written is bounded, however long it may."""
    with stream(["sh", "-c", "while :; do echo 0123456789; done"]) as program:
        pid = next(program).task.host_pid
        before = -1
        while (written := _written(pid)) != before:
            assert written < 4 << 20
            before = written
            time.sleep(0.3)


def _written(pid: int | None) -> int:
    fields = dict(line.split(": ") for line in Path(f"/proc/{pid}/io").read_text().splitlines())
    return int(fields["wchar"])


def test_the_program_ends_when_the_stream_is_closed() -> None:
    """And all that it has started."""
    program = stream(FOREVER)
    with begun(program) as processes:
        program.close()
        assert processes.wait_gone(WAIT) == []
    with pytest.raises(StopIteration):
        next(program)


def test_the_program_ends_with_the_block() -> None:
    """Whatever ends that."""
    held = []

    def work() -> None:
        with stream(FOREVER) as program:
            held.append(begun(program))
            raise KeyError

    with pytest.raises(KeyError):
        work()
    with held[0] as processes:
        assert processes.wait_gone(WAIT) == []


def test_the_program_ends_when_the_loop_over_it_fails() -> None:
    """When nobody has it any more: at the latest when the exception is gone."""
    held = []

    def work() -> None:
        for event in stream(FOREVER):
            held.append(OsProcesses.below(event.task))
            raise KeyError

    with pytest.raises(KeyError):
        work()
    gc.collect()
    with held[0] as processes:
        assert processes.wait_gone(WAIT) == []


def test_the_program_ends_when_nobody_has_the_stream_any_more() -> None:
    """Also in a cycle, which the garbage collector finds."""
    program: ProgramStream | None = stream(FOREVER)
    assert program is not None
    with begun(program) as processes:
        cycle: list[object] = [program]
        cycle.append(cycle)
        del program, cycle
        gc.collect()
        assert processes.wait_gone(WAIT) == []


def test_it_ends_with_the_process_that_has_begun_it() -> None:
    """As a task does."""
    program = stream(FOREVER)
    pids: list[OsProcesses] = []

    def begin() -> None:
        pids.append(begun(program))
        receive(int)

    pid, ref = spawn_monitor(begin)
    deadline = time.monotonic() + WAIT
    while not pids:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    exit_signal(pid, "kill")
    receive(Down, ref=ref, timeout=WAIT)
    with pids[0] as processes:
        assert processes.left() == []
    with pytest.raises(NoProcess, match="nobody has told its status"):
        next(program)  # who has it still must not take this for its end
    with pytest.raises(StopIteration):
        next(program)


def test_pykka_stops_it_though_nobody_reads_it() -> None:
    """With all other actors, and waits until it is gone."""
    program = stream(["sh", "-c", "echo up; exec sleep 1000"])
    with begun(program) as processes:
        ActorRegistry.stop_all()
        assert processes.left() == []
    with pytest.raises(NoProcess):
        next(program)


def test_another_thread_may_go_on_with_it() -> None:
    """Whoever has it reads it."""
    program = stream(["sh", "-c", "echo one; sleep 0.1; echo two"])
    events = [next(program)]
    _, ref = spawn_monitor(lambda: events.extend(program))
    receive(Down, ref=ref, timeout=WAIT)
    assert data(events) == b"one\ntwo\n"


def test_what_is_written_is_read() -> None:
    """By a program whose stdin is a pipe, until eof."""
    with stream(["cat", "-n"], stdin=PIPE) as program:
        program.write("one\n")
        assert data([next(program)]) == b"     1\tone\n"
        program.write(b"two\n")
        program.eof()
        rest = list(program)
    assert data(rest) == b"     2\ttwo\n"
    assert isinstance(rest[-1], ExitStatus)


def test_the_exit_of_a_program_does_not_wait_for_what_it_left_behind() -> None:
    """Its end is told at once; the iterator ends when all is gone."""
    program = stream(["sh", "-c", "setsid sleep 1000 >/dev/null 2>&1 & echo $!"])
    first = next(program)
    assert isinstance(first, Stdout)
    assert isinstance(next(program), ExitStatus)
    assert list(program) == []
    assert not Path(f"/proc/{int(first.data)}").exists()


def test_a_stream_tells_what_it_is() -> None:
    """Before and after its begin."""
    program = stream(Command(("cat",), stderr=MERGE), stdin=PIPE)
    assert repr(program) == "<Stream of cat: not begun>"
    with program:
        program.write("x")
        next(program)
        assert "exec pid=" in repr(program)


def test_many_at_once() -> None:
    """Each has its own."""
    programs = [stream(["sh", "-c", f"echo {number}"]) for number in range(30)]
    firsts = [next(program) for program in programs]
    assert data(firsts) == b"".join(b"%d\n" % number for number in range(30))
    assert [end.status for program in programs for end in program if isinstance(end, ExitStatus)] == [0] * 30
    assert [one for one in descendants(os.getpid()) if one.name == "sh"] == []


@pytest.mark.slow
def test_an_interrupt_at_any_point_leaves_no_program(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether it comes at the start, in the midst or at the end; the fixture looks for what is left."""

    def read() -> None:
        with stream(["sh", "-c", "echo a; sleep 1000"]) as program:
            for _ in program:
                pass

    monkeypatch.setattr(interrupts_module, "LATEST", 0.03)
    with Interrupts() as interrupts:
        for _ in range(20 if os.environ.get("CI") else 200):
            interrupts.strike(read)
    assert data(list(stream(["echo", "on"]))) == b"on\n"
