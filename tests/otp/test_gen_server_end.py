"""The ends of a server: terminate, crash reports, exit signals."""

from __future__ import annotations

import logging
from typing import Any

import pykka
import pytest
from support.servers import WAIT, Telling, nothing_waits

from prx_actors.actors import Down, Exit, Pid, current, exit, exit_signal, monitor, receive, send, spawn, trap_exit
from prx_actors.otp import CallError, From, GenServer, NoReply, StartError, Stop


@pytest.mark.parametrize("how", ["exit", "return"])
@pytest.mark.parametrize("reason", ["normal", "shutdown", ("shutdown", "why")])
def test_an_orderly_end_makes_no_report(how: str, reason: object, caplog: pytest.LogCaptureFixture) -> None:
    """Whether a callback exits or stops; the caller gets the reason."""
    trap_exit(True)
    pid = Telling.start_link(current())
    with pytest.raises(CallError) as caught:
        GenServer.call(pid, (how, Stop(reason) if how == "return" else reason))
    assert caught.value.reason == reason
    assert receive(timeout=WAIT) == ("terminate", reason)
    assert receive(timeout=WAIT) == Exit(pid, reason)
    assert not caplog.records


@pytest.mark.parametrize("how", ["exit", "return", "raise"])
def test_a_crash_makes_a_report_with_state_and_last_message(how: str, caplog: pytest.LogCaptureFixture) -> None:
    """And one of the process."""
    reason = ValueError("crashed")
    pid = Telling.start(current())
    with pytest.raises(CallError):
        GenServer.call(pid, (how, Stop(reason) if how == "return" else reason))
    assert receive(timeout=WAIT) == ("terminate", reason)
    of_server, of_process = [record.getMessage() for record in caplog.records]
    assert "Telling" in of_server
    assert f"state: {{'starter': {current()!r}, 'password': 'state'}}" in of_server
    assert how in of_server
    assert "crashed" in of_process


def test_a_terminate_that_fails_replaces_the_reason(caplog: pytest.LogCaptureFixture) -> None:
    """And is reported, also when the end was to be silent."""
    trap_exit(True)

    class Failing(GenServer):
        def handle_call(self, request: Any, sender: From) -> Stop:
            return Stop("normal", reply="ok")

        def terminate(self, reason: object) -> None:
            exit(("crash", "terminate"))

    pid = Failing.start_link()
    assert GenServer.call(pid, "stop") == "ok"
    assert receive(Exit, pid=pid, timeout=WAIT).reason == ("crash", "terminate")
    assert "('crash', 'terminate')" in caplog.text


def test_an_init_that_fails_is_reported_without_terminate(caplog: pytest.LogCaptureFixture) -> None:
    """There is nothing to clean up yet."""

    class Failing(Telling):
        def init(self, starter: Pid, **_: Any) -> None:
            self.starter = starter
            raise ValueError

    with pytest.raises(StartError):
        Failing.start(current())
    assert nothing_waits()
    assert [record.levelno for record in caplog.records] == [logging.ERROR]


def test_terminate_may_still_call_and_send() -> None:
    """The process runs until it has returned, and has its name."""

    class Echo(GenServer):
        def handle_call(self, request: Any, sender: From) -> Any:
            return request

    class Parting(GenServer):
        def init(self, starter: Pid, echo: Pid) -> None:
            self.starter, self.echo = starter, echo

        def terminate(self, reason: object) -> None:
            send(self.starter, (self.call(self.echo, "still here"), self.actor_ref.is_alive()))

    GenServer.stop(Parting.start(current(), Echo.start()))
    assert receive(timeout=0) == ("still here", True)


def test_an_exit_signal_ends_a_server_without_terminate() -> None:
    """When it does not trap exits."""
    pid, ref = Telling.start_monitor(current())
    exit_signal(pid, "shutdown")
    assert receive(timeout=WAIT) == Down(ref, pid, "shutdown")


def test_a_kill_ends_a_server_without_terminate() -> None:
    """Also when it traps exits."""
    pid, ref = Telling.start_monitor(current(), trapping=True)
    exit_signal(pid, "kill")
    assert receive(timeout=WAIT) == Down(ref, pid, "killed")


def test_an_exit_signal_from_the_parent_goes_through_terminate() -> None:
    """When the server traps exits; linked or not."""
    pid, ref = Telling.start_monitor(current(), trapping=True)
    exit_signal(pid, "shutdown")
    assert receive(timeout=WAIT) == ("terminate", "shutdown")
    assert receive(timeout=WAIT) == Down(ref, pid, "shutdown")


@pytest.mark.parametrize("reason", ["normal", "boom"])
def test_the_end_of_a_linked_parent_goes_through_terminate(reason: str) -> None:
    """Also its normal end."""
    me = current()

    def parent() -> None:
        Telling.start_link(me, trapping=True)
        exit(reason)

    spawn(parent)
    assert receive(timeout=WAIT) == ("terminate", reason)


def test_an_exit_signal_from_another_process_is_an_info() -> None:
    """When the server traps exits."""
    pid = Telling.start(current(), trapping=True)
    stranger = spawn(lambda: exit_signal(pid, "boom"))
    assert receive(timeout=WAIT) == ("info", Exit(stranger, "boom"))
    assert GenServer.call(pid, "alive") == "alive"


def test_pykkas_stop_goes_through_terminate() -> None:
    """As the stop of a server does."""
    pid = Telling.start(current())
    assert pid.stop(timeout=WAIT)
    assert receive(timeout=0) == ("terminate", "normal")


def test_pykkas_hooks_are_called_too() -> None:
    """on_start before init; after terminate on_stop or, after an exception, on_failure."""
    events: list[str] = []

    class Hooked(GenServer):
        def on_start(self) -> None:
            events.append("on_start")

        def init(self) -> None:
            events.append("init")

        def handle_call(self, request: Any, sender: From) -> None:
            raise ValueError

        def terminate(self, reason: object) -> None:
            events.append("terminate")

        def on_stop(self) -> None:
            events.append("on_stop")

        def on_failure(self, *_: Any) -> None:
            events.append("on_failure")

    GenServer.stop(Hooked.start())
    assert events == ["on_start", "init", "terminate", "on_stop"]
    events.clear()
    pid = Hooked.start()
    with pytest.raises(CallError):
        GenServer.call(pid, "x")
    assert events == ["on_start", "init", "terminate", "on_failure"]


def test_an_ask_that_is_not_answered_fails_when_the_server_ends() -> None:
    """Whether it crashes in it or had put it off."""
    pid = Telling.start(current())
    kept = pid.ask("keep", block=False)
    with pytest.raises(pykka.ActorDeadError):
        pid.ask(("exit", "crashed"), timeout=WAIT)
    with pytest.raises(pykka.ActorDeadError):
        kept.get(timeout=WAIT)


def test_an_ask_that_was_answered_keeps_its_answer() -> None:
    """Whatever happens afterwards."""

    class Late(GenServer):
        def handle_call(self, request: Any, sender: From) -> NoReply:
            self.sender = sender
            return NoReply()

        def handle_cast(self, request: Any) -> Stop:
            self.reply(self.sender, request)
            return Stop("shutdown")

    pid = Late.start()
    future = pid.ask("x", block=False)
    ref = monitor(pid)
    GenServer.cast(pid, "answer")
    assert receive(Down, ref=ref, timeout=WAIT).reason == "shutdown"
    assert future.get(timeout=WAIT) == "answer"


def test_an_exception_in_a_proxy_call_ends_the_server() -> None:
    """As one in any callback does; an orderly one returns."""

    class Proxied(GenServer):
        def divide(self, divisor: int) -> float:
            return 1 / divisor

    pid, ref = Proxied.start_monitor()
    assert pid.proxy().divide(2).get(timeout=WAIT) == 0.5
    with pytest.raises(pykka.ActorDeadError):
        pid.proxy().divide(0).get(timeout=WAIT)
    assert isinstance(receive(Down, ref=ref, timeout=WAIT).reason, ZeroDivisionError)
