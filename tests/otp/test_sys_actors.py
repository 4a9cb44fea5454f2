"""What `sys` tells of an actor that is no behaviour, and does to it."""

from __future__ import annotations

import logging
import threading
from typing import Any

import pykka
import pytest
from support.servers import WAIT

from prx_actors import Pid, prx
from prx_actors.actors import Down, Process, current, exit_signal, link, monitor, receive, send, spawn
from prx_actors.otp import sys


class Counter(Process):
    """Counts what it is told, and says so when it is asked."""

    step = 1

    def __init__(self, count: int = 0) -> None:
        super().__init__()
        self.count = count
        self._seen: list[object] = []

    def on_receive(self, message: object) -> int:
        """Count it."""
        if isinstance(message, Exception):
            raise message
        self.count += self.step
        self._seen.append(message)
        return self.count


def test_the_state_of_an_actor_is_its_attributes() -> None:
    """Private ones too, and none of the runtime's, whatever has happened to it."""
    pid = Counter.start(5)
    pid.ask("x")
    link(pid)
    monitor(pid)
    sys.statistics(pid, True)
    assert sys.get_state(pid) == {"count": 6, "_seen": ["x"]}


def test_the_state_of_an_actor_is_replaced_between_two_messages() -> None:
    """One that is left out is gone; a function that fails changes nothing."""
    pid = Counter.start()
    pid.tell("before")
    assert sys.replace_state(pid, lambda state: state | {"count": state["count"] + 40, "step": 2})["count"] == 41
    assert pid.ask("after") == 43
    with pytest.raises(sys.CallbackError):
        sys.replace_state(pid, lambda _state: 1 / 0)
    assert sys.get_state(pid) == {"count": 43, "step": 2, "_seen": ["before", "after"]}
    sys.replace_state(pid, lambda _state: {"count": 0, "_seen": []})
    assert pid.ask("usual") == 1


def test_messages_to_a_suspended_actor_wait_in_order() -> None:
    """It answers `sys` and proxies, and goes on when it is resumed."""
    pid = Counter.start()
    sys.suspend(pid)
    for message in ("a", "b"):
        pid.tell(message)
    asked = pid.ask("c", block=False)
    for _ in range(50):
        assert sys.get_state(pid)["count"] == 0
    sys.suspend(pid)
    assert sys.get_status(pid).state == "suspended"
    assert pid.proxy().count.get(timeout=WAIT) == 0
    sys.replace_state(pid, lambda state: state | {"count": 10})
    sys.resume(pid)
    assert asked.get(timeout=WAIT) == 13
    assert sys.get_state(pid)["_seen"] == ["a", "b", "c"]
    assert sys.get_status(pid).state == "running"


@pytest.mark.parametrize(
    "end",
    [lambda pid: pid.stop(timeout=WAIT), lambda pid: exit_signal(pid, "boom")],
    ids=["stop", "signal"],
)
def test_a_suspended_actor_ends_as_ever(end: Any) -> None:
    """Who waits for an answer is told."""
    pid = Counter.start()
    sys.suspend(pid)
    asked, ref = pid.ask("x", block=False), monitor(pid)
    end(pid)
    assert receive(Down, ref=ref, timeout=WAIT).reason in {"normal", "boom"}
    with pytest.raises(pykka.ActorDeadError):
        asked.get(timeout=WAIT)


def test_events_of_an_actor_are_counted_kept_and_traced(caplog: pytest.LogCaptureFixture) -> None:
    """A message in, and the answer to an `ask` out."""
    caplog.set_level(logging.INFO, "prx_actors.trace")
    pid = Counter.start()
    pid.tell("unseen")
    sys.statistics(pid, True)
    sys.log(pid, 10)
    sys.trace(pid, True)
    pid.tell("told")
    pid.ask("asked")
    counted = sys.statistics(pid)
    assert counted is not None
    assert (counted.messages_in, counted.messages_out) == (2, 1)
    assert sys.get_log(pid) == [("in", "told"), ("in", "asked"), ("out", 3)]
    assert ["told" in record.message for record in caplog.records] == [True, False, False]
    sys.trace(pid, False)
    pid.ask("more")
    assert len(caplog.records) == 3


def test_an_installed_function_sees_the_events_of_an_actor() -> None:
    """In the actor, until it says that it is done."""
    me, pid = current(), Counter.start()

    def watch(of: Pid, event: tuple[object, ...]) -> object:
        send(me, (of, current(), event))
        return "done" if event == ("in", "last") else None

    sys.install(pid, "watch", watch)
    for message in ("first", "last", "unseen"):
        pid.tell(message)
    assert receive(tuple, timeout=WAIT) == (pid, pid, ("in", "first"))
    assert receive(tuple, timeout=WAIT) == (pid, pid, ("in", "last"))
    assert pid.ask("x") == 4
    with pytest.raises(TimeoutError):
        receive(tuple, timeout=0)


def test_the_status_of_an_actor_has_its_class_and_its_parent() -> None:
    """And what its `format_status` lets through."""

    class Discreet(Counter):
        def format_status(self, status: dict[str, Any]) -> dict[str, Any]:
            return status | {"state": "secret"}

    me = current()
    status = sys.get_status(Discreet.start())
    assert (status.module, status.parent, status.data) == (Discreet, me, {"state": "secret"})


def test_terminate_ends_an_actor_with_a_reason() -> None:
    """Its hook runs."""
    stopped = threading.Event()

    class Last(Counter):
        def on_stop(self) -> None:
            stopped.set()

    pid = Last.start()
    ref = monitor(pid)
    sys.terminate(pid, "enough")
    assert receive(Down, ref=ref, timeout=WAIT).reason == "enough"
    assert stopped.wait(WAIT)


def test_the_state_of_a_task_is_what_is_counted_of_it() -> None:
    """It cannot be replaced; a task whose mailbox is suspended does what it is called for, and ends."""
    with prx.fork() as task:
        prx.getpid(task)
        assert sys.get_state(task).calls == task.statistics().calls
        with pytest.raises(sys.CallbackError, match="by calls alone"):
            sys.replace_state(task, lambda state: state)
        sys.suspend(task)
        child = prx.fork(task)
        assert prx.getpid(child) == child.host_pid
        assert sys.get_status(task).state == "suspended"
        prx.stop(child)
    assert not task.is_alive()


def test_a_function_does_not_answer() -> None:
    """It gets the request as a message, as in Erlang."""
    function = spawn(receive, str)
    with pytest.raises(TimeoutError):
        sys.get_state(function, timeout=0.05)
    exit_signal(function, "kill")
