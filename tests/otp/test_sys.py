"""What `sys` tells of a running server and does to it."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from support.servers import WAIT, nothing_waits

from prx_actors.actors import (
    Down,
    Exit,
    Pid,
    current,
    exit,
    exit_signal,
    monitor,
    process_info,
    receive,
    send,
    spawn,
    trap_exit,
)
from prx_actors.actors.inspection import SystemRequest
from prx_actors.otp import CallError, Continue, From, GenServer, Reply, sys


class Server(GenServer):
    """Has a state, and repeats."""

    def init(self, state: object = None, *, starter: Pid | None = None) -> None:
        """Note it."""
        self.state = state
        self.starter = starter
        trap_exit(starter is not None)

    def handle_call(self, request: Any, sender: From) -> Any:
        """Note it."""
        return Reply("later", Continue("x")) if request == "continue" else request

    def handle_continue(self, argument: Any) -> None:
        """Note it."""
        self.state = argument

    def handle_cast(self, request: Any) -> None:
        """Note it."""
        self.state = request

    def handle_info(self, message: Any) -> None:
        """Note it."""
        self.state = message

    def terminate(self, reason: object) -> None:
        """Note it."""
        if self.starter is not None:
            send(self.starter, ("terminate", reason))


def test_get_state_returns_the_attributes() -> None:
    """By pid or name, also of a suspended server; and none of the runtime's."""
    pid = Server.start("s", name="server")
    expected = {"state": "s", "starter": None}
    assert sys.get_state(pid) == sys.get_state("server", timeout=WAIT) == expected
    sys.suspend(pid)
    assert sys.get_state(pid) == expected


def test_replace_state_replaces_the_attributes() -> None:
    """Also of a suspended server; what the function leaves out is gone."""
    pid = Server.start("s")
    assert sys.replace_state(pid, lambda state: state | {"state": "t"}) == {"state": "t", "starter": None}
    sys.suspend(pid)
    sys.replace_state(pid, lambda state: state | {"more": 1})
    sys.resume(pid)
    assert sys.get_state(pid) == {"state": "t", "starter": None, "more": 1}
    sys.replace_state(pid, lambda state: {"state": "alone"})
    assert sys.get_state(pid) == {"state": "alone"}


def test_a_replace_function_that_fails_changes_nothing() -> None:
    """Who asked gets the error; the server goes on."""
    pid = Server.start("s")

    def fail(state: Any) -> Any:
        state["state"] = "half"
        raise ValueError

    with pytest.raises(sys.CallbackError) as caught:
        sys.replace_state(pid, fail)
    assert isinstance(caught.value.__cause__, ValueError)
    assert sys.get_state(pid)["state"] == "s"
    with pytest.raises(sys.CallbackError):
        sys.replace_state(pid, lambda _state: 42)
    assert sys.get_state(pid)["state"] == "s"


def test_a_suspended_server_lets_messages_wait() -> None:
    """In order; they are handled when it resumes."""
    pid = Server.start()
    sys.suspend(pid)
    sys.suspend(pid)
    send(pid, "info")
    GenServer.cast(pid, "cast")
    with pytest.raises(TimeoutError):
        GenServer.call(pid, "call", timeout=0.01)
    assert sys.get_state(pid)["state"] is None
    sys.resume(pid)
    sys.resume(pid)
    assert GenServer.call(pid, "call") == "call"
    assert sys.get_state(pid)["state"] == "cast"
    assert nothing_waits()


def test_a_suspended_server_ends_with_its_parent() -> None:
    """Through terminate."""
    me = current()

    def parent() -> None:
        pid = Server.start_link(starter=me)
        sys.suspend(pid)
        exit("gone")

    spawn(parent)
    assert receive(timeout=WAIT) == ("terminate", "gone")


def test_a_suspended_server_lets_other_exits_wait() -> None:
    """They are infos, as when it runs."""
    pid = Server.start(starter=current())
    sys.suspend(pid)
    stranger = spawn(lambda: exit_signal(pid, "boom"))
    receive(Down, ref=monitor(stranger), timeout=WAIT)
    assert sys.get_state(pid)["state"] is None
    sys.resume(pid)
    assert sys.get_state(pid)["state"] == Exit(stranger, "boom")


@pytest.mark.parametrize("stop", [GenServer.stop, lambda pid: pid.stop(timeout=WAIT)])
def test_a_suspended_server_can_be_stopped(stop: Any) -> None:
    """In OTP's way and in Pykka's."""
    pid = Server.start(starter=current())
    sys.suspend(pid)
    stop(pid)
    assert not pid.is_alive()
    assert receive(timeout=0) == ("terminate", "normal")


def test_get_status_says_what_a_server_is() -> None:
    """Its class, whether it runs, its parent, and what format_status lets through."""

    class Discreet(Server):
        def format_status(self, status: dict[str, Any]) -> dict[str, Any]:
            return status | {"state": "format_status_called"}

    pid = Discreet.start(name="discreet")
    status = sys.get_status("discreet")
    assert status == sys.Status(pid, Discreet, "running", current(), [], {"state": "format_status_called"})
    sys.suspend(pid)
    assert sys.get_status(pid, timeout=WAIT).state == "suspended"


def test_a_format_status_that_fails_is_who_asked_s() -> None:
    """The server goes on."""

    class Broken(Server):
        def format_status(self, status: dict[str, Any]) -> dict[str, Any]:
            raise ValueError

    pid = Broken.start()
    with pytest.raises(sys.CallbackError):
        sys.get_status(pid)
    assert GenServer.call(pid, "alive") == "alive"


def test_terminate_ends_a_server_with_a_reason() -> None:
    """Through its terminate."""
    pid = Server.start(starter=current())
    ref = monitor(pid)
    sys.terminate(pid, ("shutdown", "x"))
    assert receive(timeout=WAIT) == ("terminate", ("shutdown", "x"))
    assert receive(timeout=WAIT) == Down(ref, pid, ("shutdown", "x"))


def test_a_system_message_to_nobody_raises() -> None:
    """As a call does."""
    with pytest.raises(CallError):
        sys.get_state("nobody")


def test_a_process_without_behaviour_does_not_answer() -> None:
    """As in Erlang, the request is a message like any other to it; `process_info` and proxies look into it."""
    pid = spawn(lambda: (receive(SystemRequest), receive(str)))
    with pytest.raises(TimeoutError):
        sys.get_state(pid, timeout=0.05)
    assert process_info(pid, "status") in {"runnable", "running", "waiting"}
    ref = monitor(pid)
    send(pid, "end")
    assert receive(Down, ref=ref, timeout=WAIT).reason == "normal"


def test_statistics_count_messages() -> None:
    """From when they are switched on, until they are switched off."""
    pid = Server.start()
    assert sys.statistics(pid) is None
    assert sys.statistics(pid, True) is None
    GenServer.call(pid, "x")
    GenServer.cast(pid, "y")
    counted = sys.statistics(pid)
    assert counted is not None
    assert (counted.messages_in, counted.messages_out) == (2, 1)
    assert counted.start_time <= counted.current_time
    sys.statistics(pid, False)
    assert sys.statistics(pid) is None


def test_log_keeps_the_last_events() -> None:
    """As many as it was told to."""
    pid = Server.start()
    GenServer.call(pid, "before")
    assert sys.get_log(pid) == []
    sys.log(pid, 4)
    GenServer.cast(pid, "dropped")
    assert GenServer.call(pid, "continue") == "later"
    send(pid, "info")
    came, replied, continued, info = sys.get_log(pid)
    assert (came[0], came[1].request) == ("in", "continue")  # type: ignore[attr-defined]
    assert replied[:2] == ("out", "later")
    assert continued == ("continue", "x")
    assert info == ("in", "info")
    assert sys.get_status(pid).log == [came, replied, continued, info]
    sys.log(pid, 0)
    assert sys.get_log(pid) == []


def test_trace_writes_events_to_its_logger(caplog: pytest.LogCaptureFixture) -> None:
    """While it is on."""
    caplog.set_level(logging.INFO, "prx_actors.trace")
    pid = Server.start()
    sys.trace(pid, True)
    GenServer.cast(pid, "seen")
    sys.trace(pid, False)
    GenServer.cast(pid, "unseen")
    GenServer.call(pid, "x")
    assert ["seen" in record.message for record in caplog.records] == [True]


def test_installed_functions_see_each_event() -> None:
    """Until they are removed, say that they are done, or fail."""
    events: list[tuple[str, object]] = []
    pid = Server.start()

    def watch(name: str, result: object = None) -> Any:
        def function(of: Pid, event: tuple[object, ...]) -> object:
            assert of is pid
            events.append((name, event[-1]))
            return result

        return function

    def fail(_pid: Pid, _event: object) -> None:
        raise ValueError

    sys.install(pid, "stays", watch("stays"))
    sys.install(pid, "once", watch("once", "done"))
    sys.install(pid, "fails", fail)
    send(pid, 1)
    send(pid, 2)
    sys.remove(pid, "stays")
    send(pid, 3)
    assert sys.get_state(pid)["state"] == 3
    assert events == [("stays", 1), ("once", 1), ("stays", 2)]
