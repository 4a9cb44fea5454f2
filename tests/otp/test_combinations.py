"""A Task is a Process: links and monitors between OS processes, functions and servers, in every combination."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from prx_actors import (
    Down,
    Exit,
    ExitStatus,
    Pid,
    current,
    exit,
    exit_signal,
    link,
    monitor,
    prx,
    receive,
    send,
    spawn,
    trap_exit,
    unlink,
)
from prx_actors.otp import GenServer
from prx_actors.otp.state_machine import Info, NextState, StateMachine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@dataclass(frozen=True)
class Got:
    """Something that a process has got besides what it was told to do."""

    pid: Pid
    message: Any


def obey(observer: Pid, message: Any) -> None:
    """Do what a message says, or pass it on."""
    if callable(message):
        message()
    else:
        send(observer, Got(current(), message))


def obey_for_ever(observer: Pid) -> None:
    """Do what is sent; a function to spawn."""
    while True:
        obey(observer, receive())


class Server(GenServer):
    """A server that does what it is told."""

    def init(self, observer: Pid) -> None:
        """Keep whom to tell."""
        self.observer = observer

    def handle_info(self, message: Any) -> Any:
        """Do it."""
        obey(self.observer, message)


class Machine(StateMachine):
    """A state machine that does what it is told."""

    def init(self, observer: Pid) -> NextState:
        """Keep whom to tell."""
        self.observer = observer
        return NextState("ready")

    def ready(self, event: Any) -> Any:
        """Do it."""
        match event:
            case Info(message):
                obey(self.observer, message)


CODE: dict[str, Callable[[], Pid]] = {
    "function": lambda: spawn(obey_for_ever, current()),
    "server": lambda: Server.start(current()),
    "machine": lambda: Machine.start(current()),
}
"""How to start what can be told to link and to monitor."""

ALL: dict[str, Callable[[], Pid]] = {**CODE, "task": prx.fork}
"""And an OS process."""

Pair = tuple[Pid, Pid]


@pytest.fixture
def started_here() -> Iterator[list[Pid]]:
    """What a test has started is gone after it, also when it fails."""
    started: list[Pid] = []
    yield started
    for pid in started:
        ref = monitor(pid)
        exit_signal(pid, "kill")
        receive(Down, ref=ref, timeout=10)
    with pytest.raises(TimeoutError):
        receive(timeout=0)


@pytest.fixture(params=[(code, other) for code in CODE for other in ALL], ids="-".join)
def pair(request: pytest.FixtureRequest, started_here: list[Pid]) -> Pair:
    """A process of code, and another one of any kind."""
    code, other = request.param
    started_here += [CODE[code](), ALL[other]()]
    first, second = started_here
    return first, second


def do(pid: Pid, action: Callable[[], object]) -> Any:
    """Have a process do something; return what it returned."""
    caller = current()
    send(pid, lambda: send(caller, ("done", action())))
    return receive(lambda message: isinstance(message, tuple) and message[0] == "done", timeout=5)[1]


def reason_of(*pids: Pid, after: Callable[[], object]) -> list[object]:
    """Return the reasons with which processes end after an action."""
    refs = [monitor(pid) for pid in pids]
    after()
    return [receive(Down, ref=ref, timeout=10).reason for ref in refs]


def test_a_monitor_tells_the_end_and_its_reason(pair: Pair) -> None:
    """Once, and the watcher lives."""
    watcher, target = pair
    ref = do(watcher, lambda: monitor(target))
    exit_signal(target, "boom")
    assert receive(Got, pid=watcher, timeout=10).message == Down(ref, target, "boom")
    assert watcher.is_alive()


def test_a_link_ends_the_one_that_made_it(pair: Pair) -> None:
    """With the reason of the other one."""
    linker, target = pair
    do(linker, lambda: link(target))
    assert reason_of(linker, target, after=lambda: exit_signal(target, "boom")) == ["boom", "boom"]


def test_a_link_ends_the_one_that_it_was_made_to(pair: Pair) -> None:
    """It has two directions."""
    linker, target = pair
    do(linker, lambda: link(target))
    assert reason_of(linker, target, after=lambda: exit_signal(linker, "boom")) == ["boom", "boom"]


def test_a_process_that_traps_exits_gets_the_end_as_a_message(pair: Pair) -> None:
    """And lives."""
    linker, target = pair
    do(linker, lambda: trap_exit(True))
    do(linker, lambda: link(target))
    exit_signal(target, "boom")
    assert receive(Got, pid=linker, timeout=10).message == Exit(target, "boom")
    assert linker.is_alive()


def test_the_normal_end_of_code_ends_no_linked_process(pair: Pair) -> None:
    """It only takes the link away."""
    linker, target = pair
    do(linker, lambda: link(target))
    assert reason_of(linker, after=lambda: send(linker, lambda: exit("normal"))) == ["normal"]
    assert target.is_alive()


def test_an_unlinked_process_ends_alone(pair: Pair) -> None:
    """Whichever side made the link."""
    linker, target = pair
    do(linker, lambda: link(target))
    do(linker, lambda: unlink(target))
    assert reason_of(target, after=lambda: exit_signal(target, "boom")) == ["boom"]
    assert linker.is_alive()


def test_a_link_to_the_dead_is_noproc(pair: Pair) -> None:
    """As an exit signal."""
    linker, target = pair
    reason_of(target, after=lambda: exit_signal(target, "boom"))
    assert reason_of(linker, after=lambda: send(linker, lambda: link(target))) == ["noproc"]


def test_a_monitor_of_the_dead_is_noproc(pair: Pair) -> None:
    """As a Down."""
    watcher, target = pair
    reason_of(target, after=lambda: exit_signal(target, "boom"))
    ref = do(watcher, lambda: monitor(target))
    assert receive(Got, pid=watcher, timeout=10).message == Down(ref, target, "noproc")


def test_a_kill_that_comes_through_a_link_can_be_trapped(pair: Pair) -> None:
    """It is the victim's reason that comes, which is killed."""
    linker, target = pair
    do(linker, lambda: trap_exit(True))
    do(linker, lambda: link(target))
    exit_signal(target, "kill")
    assert receive(Got, pid=linker, timeout=10).message == Exit(target, "killed")


# Tasks among themselves, and their programs.


def test_a_child_task_ends_with_its_parent_task(started_here: list[Pid]) -> None:
    """They are linked."""
    parent = prx.fork()
    child = prx.fork(parent)
    started_here += [parent, child]
    assert reason_of(parent, child, after=lambda: exit_signal(parent, "boom")) == ["boom", "boom"]


def test_a_parent_task_lives_when_its_child_task_ends(started_here: list[Pid]) -> None:
    """The end of a child only changes its parent's table."""
    parent = prx.fork()
    child = prx.fork(parent)
    started_here += [parent, child]
    assert reason_of(child, after=lambda: exit_signal(child, "boom")) == ["boom"]
    assert parent.is_alive()
    assert prx.getpid(parent) > 0


def test_a_server_between_two_tasks_ends_them_together(started_here: list[Pid]) -> None:
    """Links carry the reason on."""
    first, second, server = prx.fork(), prx.fork(), Server.start(current())
    started_here += [first, second, server]
    do(server, lambda: link(first))
    do(server, lambda: link(second))
    assert reason_of(first, server, second, after=lambda: exit_signal(first, "boom")) == ["boom"] * 3


def test_a_program_that_ends_does_not_end_a_linked_server(started_here: list[Pid]) -> None:
    """Its Task ends as normal, whatever its exit status."""
    task, server = prx.fork(), Server.start(current())
    started_here += [task, server]
    do(server, lambda: link(task))
    assert reason_of(task, after=lambda: prx.execvp(task, ["false"])) == ["normal"]
    assert receive(ExitStatus, task=task, timeout=5).status == 1
    assert server.is_alive()


def test_tasks_end_with_the_server_that_forked_them(started_here: list[Pid]) -> None:
    """It is their owner, linked or not."""
    server = Server.start(current())
    started_here.append(server)
    task = do(server, prx.fork)
    assert reason_of(task, server, after=lambda: send(server, lambda: exit("normal"))) == ["shutdown", "normal"]
