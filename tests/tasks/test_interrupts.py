"""KeyboardInterrupt comes in the midst of whatever a task is asked for, and nothing is lost."""

from __future__ import annotations

import os
from itertools import count, pairwise
from typing import TYPE_CHECKING

import pykka
import pytest
from support.calls import outcome, until
from support.interrupts import Interrupts
from support.stress import WAIT, end_nameless_children, fds_return_to, no_children, open_fds, shorter

from prx_actors import (
    Down,
    ExitStatus,
    NotInCallState,
    Process,
    Stdout,
    current,
    exit_signal,
    link,
    monitor,
    prx,
    receive,
    send,
    spawn,
)
from prx_actors.tasks.process import TaskProcess

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from prx_actors import Pid, Task

pytestmark = pytest.mark.timeout(300)

TIMES = shorter(1000, 300)


@pytest.fixture
def interrupts() -> Iterator[Interrupts]:
    """Make an interrupt in a test that only checks impossible, and in others likely."""
    with Interrupts() as source:
        yield source
        assert source.count > TIMES / 100, "too few of the calls were interrupted"


@pytest.fixture
def task() -> Iterator[Task]:
    """Fork a root, which must answer correctly at the end."""
    with prx.fork(maxchild=10_000) as root:
        pid = prx.getpid(root)
        yield root
        assert prx.getpid(root) == pid == root.host_pid


def test_getpid_answers_after_interrupts(task: Task, interrupts: Interrupts) -> None:
    """The next call gets its own reply, not that of the one that was cut short."""
    pid = prx.pidof(task)
    for _ in range(TIMES):
        interrupts.strike_midst(lambda: prx.getpid(task))
        assert prx.getuid(task) == os.getuid()
        assert prx.getpid(task) == pid


def test_reads_return_what_was_asked_for_after_interrupts(task: Task, interrupts: Interrupts) -> None:
    """Replies of any size that nobody took are dropped whole."""
    zero = prx.open(task, "/dev/zero", "o_rdonly")
    for _ in range(TIMES):
        interrupts.strike_midst(lambda: prx.read(task, zero, interrupts.between(1, 1 << 20)))
        size = interrupts.between(1, 100_000)
        assert prx.read(task, zero, size) == bytes(size)


def test_interrupted_writes_are_done_once_or_not_at_all(task: Task, interrupts: Interrupts, tmp_path: Path) -> None:
    """Each request goes out whole, once, in order, or not."""
    tmp_path.chmod(0o777)
    file = tmp_path / "log"
    log = prx.open(task, file, ["o_wronly", "o_creat", "o_append"], 0o644)
    numbers = count()
    done: list[int] = []

    def write() -> None:
        number = next(numbers)
        prx.write(task, log, f"{number}\n")
        done.append(number)

    for _ in range(TIMES):
        interrupts.strike_midst(write)
    prx.close(task, log)
    in_order(done, [int(line) for line in file.read_text().split()])


def in_order(must: list[int], got: list[int]) -> None:
    """Check that numbers came in order, none twice, and all that must."""
    assert all(one < other for one, other in pairwise(got)), got
    assert not set(must) - set(got)


def test_interrupted_forks_lose_no_process(task: Task, interrupts: Interrupts) -> None:
    """A fork that is cut short leaves nothing, and the next one works."""
    fds = open_fds()
    children: list[Task] = []
    for _ in range(TIMES):
        interrupts.strike_midst(lambda: children.append(prx.fork(task)))
        for child in children:
            assert child.getpid() == child.host_pid
            child.stop()
        children.clear()
    end_nameless_children(task)
    fds_return_to(fds)


def test_interrupted_root_forks_lose_no_process(interrupts: Interrupts) -> None:
    """The keeper answers on."""
    fds = open_fds()
    roots: list[Task] = []
    for _ in range(TIMES):
        interrupts.strike_midst(lambda: roots.append(prx.fork()))
        for root in roots:
            assert root.getpid() == root.host_pid
            root.stop()
        roots.clear()
    with prx.fork() as root:
        assert root.getpid() == root.host_pid
    # An interrupt on the way from the fork to the caller's next line leaves a root without a name.
    for nameless in pykka.ActorRegistry.get_by_class(TaskProcess):
        nameless.stop()
    fds_return_to(fds)


def test_an_interrupted_stop_is_done_or_can_be_repeated(task: Task, interrupts: Interrupts) -> None:
    """However far it got, the next stop ends the task."""
    for _ in range(TIMES):
        child = prx.fork(task)
        interrupts.strike(child.stop)
        child.stop(timeout=WAIT)
        assert child.host_pid is None
    no_children(task)


def test_an_interrupted_stop_of_a_program_is_done_or_can_be_repeated(task: Task, interrupts: Interrupts) -> None:
    """However far it got, the next stop ends the program."""
    for _ in range(TIMES // 2):
        child = prx.fork(task)
        child.execvp(["cat"])
        interrupts.strike(child.stop)
        child.stop(timeout=WAIT)
        assert child.host_pid is None
    no_children(task)


def test_an_interrupted_exec_happens_or_does_not(task: Task, interrupts: Interrupts) -> None:
    """The task is a program that runs to its end, or a driver that obeys."""
    programs = 0
    for _ in range(TIMES):
        child = prx.fork(task)
        interrupts.strike(lambda: child.execvp(["true"]))  # noqa: B023 - called at once
        if obeys(child):
            child.stop()
        else:
            assert receive(ExitStatus, task=child, timeout=WAIT).status == 0
            programs += 1
    assert programs
    no_children(task)


def test_an_interrupted_command_leaves_nothing(task: Task, interrupts: Interrupts) -> None:
    """Its program has begun before the reply to its fork was there, or has not."""
    fds = open_fds()
    outputs: list[bytes] = []
    for _ in range(TIMES // 2):
        interrupts.strike(lambda: outputs.append(prx.cmd(task, ["echo", "done"])))
    assert set(outputs) <= {b"done\n"}
    end_nameless_children(task)
    assert prx.cmd(task, ["echo", "again"]) == b"again\n"
    no_children(task)
    fds_return_to(fds)


def obeys(child: Task) -> bool:
    """Say whether a task is in call state, be it only after an exec that fails."""
    try:
        return prx.getpid(child) > 0
    except (NotInCallState, ProcessLookupError):
        return False


def test_an_interrupted_exec_that_fails_leaves_the_driver(task: Task, interrupts: Interrupts) -> None:
    """It obeys again as soon as the late reply is there."""
    for _ in range(TIMES):
        child = prx.fork(task)

        def execute(child: Task = child) -> None:
            with pytest.raises(FileNotFoundError):
                child.execvp(["/no/such/program"])

        interrupts.strike(execute)
        until(lambda: obeys(child), "the driver obeys")  # noqa: B023 - called at once
        assert not child.execed()
        child.stop()


def test_interrupted_receives_lose_no_message(interrupts: Interrupts) -> None:
    """Each message is received once, in order."""
    test = current()
    many = TIMES * 500

    def sender() -> None:
        for number in range(many):
            send(test, number)

    spawn(sender)
    got: list[int] = []
    while len(got) < many:
        interrupts.strike(lambda: keep_receiving(got, many))
    assert got == list(range(many))


def keep_receiving(got: list[int], many: int) -> None:
    """Receive what is left; what was received is in the list in the same instant."""
    while len(got) < many:
        got += (receive(int, timeout=WAIT),)


def test_interrupted_receives_lose_no_output(task: Task, interrupts: Interrupts) -> None:
    """A small high-water mark makes the reader wait for the reading of each message, which goes on."""
    lines = TIMES * 6000
    child = prx.fork(task, high_water=1, pipe_size=4096)
    child.execvp(["seq", str(lines)])
    output: list[bytes] = []
    ended: list[ExitStatus] = []

    def read_on() -> None:
        while not ended:
            match receive(Stdout, ExitStatus, task=child, timeout=WAIT):
                case Stdout(_, data):
                    output.append(data)
                case end:
                    ended.append(end)

    while not ended:
        interrupts.strike(read_on)
    numbers = b"".join(output).split()
    assert numbers == [b"%d" % n for n in range(1, lines + 1)]


def test_an_interrupted_ask_leaves_the_actor_as_it_was(interrupts: Interrupts) -> None:
    """It replies to whoever asks next, and the interrupted future has a reply too."""
    actor = Echo.start()
    for number in range(TIMES):
        futures: list[pykka.Future[int]] = []

        def ask_and_wait(number: int = number, futures: list[pykka.Future[int]] = futures) -> None:
            futures.append(actor.ask(number, block=False))
            while True:
                futures[0].get(timeout=WAIT)

        assert not interrupts.strike(ask_and_wait)
        assert actor.ask(-number, timeout=WAIT) == -number
        assert [future.get(timeout=WAIT) for future in futures] == [number] * len(futures)
    actor.stop()


class Echo(Process):
    """Replies what it is asked."""

    def on_receive(self, message: int) -> int:
        """Reply it."""
        return message


def test_interrupted_exit_signals_end_their_processes_or_can_be_repeated(interrupts: Interrupts) -> None:
    """Each end is told, once."""

    def end_all(pids: list[Pid]) -> None:
        for pid in pids:
            exit_signal(pid, "kill")

    for _ in range(TIMES // 5):
        pids = [Echo.start() for _ in range(100)]
        refs = [monitor(pid) for pid in pids]
        interrupts.strike(lambda: end_all(pids))  # noqa: B023 - called at once
        end_all(pids)
        for ref in refs:
            assert receive(Down, ref=ref, timeout=WAIT).reason == "killed"
    with pytest.raises(TimeoutError):
        receive(Down, timeout=0)


def test_interrupted_exit_signals_go_on_through_links(interrupts: Interrupts) -> None:
    """The first of a chain is killed, and all of it ends."""
    for _ in range(TIMES // 5):
        pids = [Linked.start() for _ in range(50)]
        for pid, other in pairwise(pids):
            pid.ask(other, timeout=WAIT)
        refs = [monitor(pid) for pid in pids]
        interrupts.strike(lambda: exit_signal(pids[0], "kill"))  # noqa: B023 - called at once
        exit_signal(pids[0], "kill")
        assert {receive(Down, ref=ref, timeout=WAIT).reason for ref in refs} == {"killed"}


class Linked(Process):
    """Links itself to whom it is told."""

    def on_receive(self, message: Pid) -> None:
        """Link."""
        link(message)


@pytest.mark.parametrize("size", [10, 3000])
def test_interrupted_stdin_is_taken_once_or_not_at_all(task: Task, interrupts: Interrupts, size: int) -> None:
    """A program reads each line whole, once and in order, whether the pipe has room or not."""
    child = prx.fork(task, pipe_size=4096, stdin_limit=1 << 20)
    child.execvp(["cat"])
    numbers = count()
    done: list[int] = []

    def feed() -> None:
        number = next(numbers)
        try:
            child.stdin(str(number).rjust(size) + "\n")
        except BufferError:
            return  # as many as will do are queued
        done.append(number)

    for _ in range(TIMES):
        interrupts.strike_midst(feed)
    child.eof()
    output = outcome(child).stdout
    lines = output.split(b"\n")[:-1]
    assert {len(line) for line in lines} == {size}
    in_order(done, [int(line) for line in lines])


def test_an_interrupted_blocking_read_gives_the_turn_back(task: Task, interrupts: Interrupts, tmp_path: Path) -> None:
    """The driver goes on with it, its reply is dropped, and the next call is answered."""
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    fifo.chmod(0o666)
    tmp_path.chmod(0o777)
    reader = prx.open(task, fifo, ["o_rdwr"])
    writer = os.open(fifo, os.O_WRONLY)
    try:
        check_blocking_reads(task, interrupts, reader, writer)
    finally:
        os.close(writer)


def check_blocking_reads(task: Task, interrupts: Interrupts, reader: int, writer: int) -> None:
    """Interrupt reads of an empty fifo, and let each come to its late end."""
    pid = prx.pidof(task)
    for _ in range(TIMES):
        before = interrupts.count
        interrupts.strike(lambda: prx.read(task, reader, 1))
        assert interrupts.count == before + 1
        os.write(writer, b"late")
        assert prx.getpid(task) == pid
        # Whether the read took its byte or was never sent, the rest is there.
        assert prx.read(task, reader, 10) in {b"ate", b"late"}


def many_calls() -> list[Callable[[Task], object]]:
    """List calls of all shapes."""
    return [
        prx.getpid,
        prx.getcwd,
        prx.environ,
        lambda task: prx.readdir(task, "/"),
        lambda task: prx.fork(task).stop(),
    ]


def test_interrupts_of_all_calls_together_leave_the_fds_as_they_were(task: Task, interrupts: Interrupts) -> None:
    """Nothing adds up."""
    for call in many_calls():
        call(task)
    fds = open_fds()
    for _ in range(TIMES):
        for call in many_calls():
            interrupts.strike(lambda: call(task))  # noqa: B023 - called at once
    end_nameless_children(task)
    fds_return_to(fds)
