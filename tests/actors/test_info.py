from __future__ import annotations

import dataclasses
import threading

import pytest

from prx_actors.actors import (
    Down,
    Pid,
    Process,
    ProcessInfo,
    current,
    exit_signal,
    link,
    monitor,
    process_info,
    receive,
    register,
    send,
    spawn,
    spawn_link,
    spawn_monitor,
    trap_exit,
    unlink,
)
from prx_actors.actors.process import ANCESTORS
from prx_actors.actors.table import process_of

WAIT = 10


def waits(pid: Pid) -> None:
    """Return when a function process sits in its receive."""
    waiting = threading.Event()
    process = process_of(pid)
    assert process is not None
    process.actor_inbox.when_blocked(waiting.set)
    assert waiting.wait(WAIT)


def wait_for_a_message() -> None:
    """Be somewhere whose name is known."""
    receive(str)


def test_all_there_is_to_know_of_a_process_that_waits() -> None:
    """Each item is what it says."""
    me = current()
    pid = spawn_link(wait_for_a_message)
    waits(pid)
    register("waiter", pid)
    monitor(pid)
    send(pid, 1)
    send(pid, 2)
    waits(pid)
    info = process_info(pid)
    assert info == ProcessInfo(
        registered_name="waiter",
        status="waiting",
        message_queue_len=2,
        links=(me,),
        monitors=(),
        monitored_by=(me,),
        trap_exit=False,
        parent=me,
        ancestors=(me,),
        current_function=f"{__name__}.wait_for_a_message",
        initial_call=f"{__name__}.wait_for_a_message",
    )
    for field in dataclasses.fields(ProcessInfo):
        assert process_info(pid, field.name) == getattr(info, field.name)
    unlink(pid)
    exit_signal(pid, "kill")


def test_the_caller_sees_itself_running() -> None:
    """With what it monitors, by pid or by name."""
    other = Process.start()
    register("other", other)
    old = trap_exit(True)
    link(other)
    monitor(other)
    monitor("other")
    info = process_info(current())
    assert info is not None
    assert (info.status, info.trap_exit, info.links) == ("running", True, (other,))
    assert info.monitors == (other, "other")
    assert info.current_function == f"{__name__}.test_the_caller_sees_itself_running"
    assert info.initial_call == threading.current_thread().name
    assert (info.parent, info.ancestors) == (None, ())
    unlink(other)
    trap_exit(old)


class Busy(Process):
    """Sits in its handler until it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.busy, self.done = threading.Event(), threading.Event()

    def on_receive(self, message: object) -> object:
        """Wait."""
        self.busy.set()
        self.done.wait(WAIT)
        return message


def test_the_status_of_an_actor_follows_its_turns() -> None:
    """Running in a handler, waiting without a thread otherwise."""
    pid = Busy.start()
    process = process_of(pid)
    assert isinstance(process, Busy)
    reply = pid.ask("x", block=False)
    assert process.busy.wait(WAIT)
    assert process_info(pid, "status") == "running"
    assert process_info(pid, "current_function").startswith("threading.")
    process.done.set()
    assert reply.get(timeout=WAIT) == "x"
    while process_info(pid, "status") != "waiting":
        pid.ask("y", timeout=WAIT)
    assert process_info(pid, "current_function") is None
    assert process_info(pid, "initial_call") == f"{__name__}.Busy"


def test_an_actor_that_waits_for_a_thread_is_runnable() -> None:
    """Its turn is bound to come."""
    pid = Process.start()
    pid.ask("x", timeout=WAIT)
    process = process_of(pid)
    assert process is not None
    while process_info(pid, "status") != "waiting":
        pass
    wake, process.actor_inbox.wake = process.actor_inbox.wake, lambda: None
    send(pid, "y")
    assert process_info(pid, "status") == "runnable"
    process.actor_inbox.wake = wake
    process._request_turn()


def test_of_the_dead_nothing_is_known() -> None:
    """Whichever item is asked for."""
    pid, ref = spawn_monitor(int)
    receive(Down, ref=ref, timeout=WAIT)
    process = process_of(pid)
    while process is not None:
        process = process_of(pid)
    assert process_info(pid) is None
    assert process_info(pid, "links") is None


def test_a_process_whose_end_is_not_complete_is_exiting() -> None:
    """It has no name any more."""

    class Slow(Process):
        def _ending(self, reason: object) -> None:
            pass

    pid = Slow.start()
    register("slow", pid)
    process = process_of(pid)
    assert process is not None
    process._terminate("x")
    info = process_info(pid)
    assert info is not None
    assert (info.status, info.registered_name) == ("exiting", None)
    process._ended()


def test_an_unknown_item_is_refused() -> None:
    """With the names of those there are."""
    with pytest.raises(ValueError, match="'reductions' is none of registered_name, status"):
        process_info(current(), "reductions")


def test_the_ancestors_are_the_line_of_starters() -> None:
    """Of actors and functions alike, and after their ends too."""
    me = current()

    class Child(Process):
        def on_receive(self, message: object) -> object:
            return process_info(current())

    def middle() -> None:
        send(me, current())
        send(me, (Child.start(), Child.start()))

    spawn(middle)
    middle_pid = receive(Pid, timeout=WAIT)
    first, second = receive(tuple, timeout=WAIT)
    for child in (first, second):
        info = child.ask("info", timeout=WAIT)
        assert (info.parent, info.ancestors) == (middle_pid, (middle_pid, me))


def test_plain_code_is_nobody_s_parent() -> None:
    """It does not become a process by starting an actor."""
    infos = []

    def body() -> None:
        infos.append(process_info(Process.start()))

    thread = threading.Thread(target=body)
    thread.start()
    thread.join(WAIT)
    (info,) = infos
    assert info is not None
    assert (info.parent, info.ancestors) == (None, ())


def test_a_line_of_successors_does_not_grow_for_ever() -> None:
    """The nearest ancestors are kept."""
    me = current()

    def successor(left: int) -> None:
        if left:
            spawn(successor, left - 1)
        else:
            send(me, process_info(current()))

    spawn(successor, ANCESTORS + 10)
    info = receive(ProcessInfo, timeout=WAIT)
    assert len(info.ancestors) == ANCESTORS
    assert info.ancestors[0] is info.parent
    assert me not in info.ancestors
