"""What an actor may do in its stop hooks: one that ends by itself anything, one that a signal has ended no sends."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pykka
import pytest
from support.calls import until

from prx_actors.actors import Down, Process, current, exit, exit_signal, monitor, receive, send, spawn
from prx_actors.actors.table import process_of
from prx_actors.otp import From, GenServer, NoReply, reply
from prx_actors.otp.supervisor import ChildSpec, Supervisor

if TYPE_CHECKING:
    from prx_actors import Pid

WAIT = 10


@pytest.mark.parametrize("end", ["stop", "fail"])
@pytest.mark.parametrize("base", [pykka.ThreadingActor, Process], ids=["pykka", "process"])
def test_a_stop_hook_tells_asks_and_stops_others(base: type[Any], end: str) -> None:
    """Whoever has started actors stops them there, as Pykka's users do."""
    done = threading.Event()

    class Child(base):  # type: ignore[misc]
        def on_receive(self, message: object) -> object:
            return message

    class Parent(base):  # type: ignore[misc]
        def on_start(self) -> None:
            self.child = Child.start()

        def on_receive(self, message: object) -> object:
            return 1 // 0 if message == "fail" else self.child

        def on_stop(self) -> None:
            self.child.tell("bye")
            if self.child.ask("bye", timeout=WAIT) == "bye" and self.child.stop(timeout=WAIT):
                done.set()

        def on_failure(self, *_: object) -> None:
            self.on_stop()

    parent = Parent.start()
    child = parent.ask("child", timeout=WAIT)
    if end == "fail":
        parent.tell("fail")
    else:
        parent.stop(timeout=WAIT)
    assert done.wait(WAIT)
    assert not child.is_alive()


def test_what_a_stop_hook_sends_comes_before_the_down() -> None:
    """One order of messages and exit signals, to the end."""
    me = current()

    class Polite(Process):
        def on_stop(self) -> None:
            send(me, "bye")

    pid, ref = Polite.start_monitor()
    pid.stop()
    assert [receive(timeout=WAIT), receive(timeout=WAIT)] == ["bye", Down(ref, pid, "normal")]


def test_who_is_ended_by_a_signal_sends_nothing_from_its_hook(caplog: pytest.LogCaptureFixture) -> None:
    """It is dead for everyone; that its hook was cut short is logged."""
    me = current()
    started, hooked = threading.Event(), threading.Event()

    class Chatty(Process):
        def on_start(self) -> None:
            started.set()

        def on_stop(self) -> None:
            hooked.set()
            send(me, "from the dead")

    pid, ref = Chatty.start_monitor()
    assert started.wait(WAIT)
    exit_signal(pid, "shutdown")
    assert receive(timeout=WAIT) == Down(ref, pid, "shutdown")
    assert hooked.wait(WAIT)
    until(lambda: "cut short" in caplog.text, "it is logged")
    with pytest.raises(TimeoutError):
        receive(str, timeout=0)


def test_a_receive_in_a_stop_hook_ends_it(caplog: pytest.LogCaptureFixture) -> None:
    """There is no mailbox any more; calls of OTP's need one, too."""
    seen: list[str] = []

    class Hopeful(Process):
        def on_stop(self) -> None:
            seen.append("before")
            receive(timeout=0)
            seen.append("after")

    Hopeful.start().stop()
    assert seen == ["before"]
    assert "can receive no more" in caplog.text


class Stuck(GenServer):
    """Its hook takes for ever."""

    def init(self, in_hook: threading.Event, go_on: threading.Event) -> None:
        """Keep the events."""
        self.in_hook, self.go_on = in_hook, go_on

    def on_stop(self) -> None:
        """Be stuck."""
        self.in_hook.set()
        self.go_on.wait(WAIT)

    def handle_cast(self, request: object) -> None:
        """Exit."""
        exit(request)


@pytest.fixture
def events() -> Any:
    """Two, of which the second is set in the end."""
    in_hook, go_on = threading.Event(), threading.Event()
    yield in_hook, go_on
    go_on.set()


def stuck_in_its_hook(events: tuple[threading.Event, threading.Event]) -> Pid:
    """Return a server that has begun to end."""
    pid = Stuck.start(*events)
    GenServer.cast(pid, "own")
    assert events[0].wait(WAIT)
    return pid


def test_a_kill_ends_who_is_stuck_in_its_own_end(events: tuple[threading.Event, threading.Event]) -> None:
    """At once, as killed; any other signal leaves it the time it takes."""
    pid = stuck_in_its_hook(events)
    ref = monitor(pid)
    exit_signal(pid, "shutdown")
    with pytest.raises(TimeoutError):
        receive(Down, ref=ref, timeout=0)
    exit_signal(pid, "kill")
    assert receive(Down, ref=ref, timeout=WAIT) == Down(ref, pid, "killed")


def test_a_supervisor_waits_no_longer_for_a_stuck_hook_than_it_was_told(
    events: tuple[threading.Event, threading.Event],
) -> None:
    """It kills the child when its time is over."""
    supervisor = Supervisor.start([ChildSpec("stuck", (Stuck, events), shutdown=0.05)])
    child = Supervisor.which_children(supervisor)[0].pid
    assert child is not None
    GenServer.cast(child, "normal")
    assert events[0].wait(WAIT)
    Supervisor.terminate_child(supervisor, "stuck")
    assert not events[1].is_set()
    supervisor.stop()


def test_an_exception_that_is_returned_is_logged_with_whom_it_comes_from(caplog: pytest.LogCaptureFixture) -> None:
    """At the level INFO, as Pykka does."""
    caplog.set_level("INFO", logger="prx_actors")

    class Broken(Process):
        def on_receive(self, message: object) -> object:
            raise ZeroDivisionError(message)

    pid = Broken.start()
    with pytest.raises(ZeroDivisionError):
        pid.ask("x", timeout=WAIT)
    assert f"Exception returned from {pid!r} to its caller" in caplog.text
    pid.stop()


def test_a_stop_hook_replies_to_who_waits() -> None:
    """A server answers its callers before it is gone."""

    class Server(GenServer):
        def handle_call(self, request: object, sender: From) -> NoReply:
            self.sender = sender
            return NoReply()

        def on_stop(self) -> None:
            reply(self.sender, "bye")

    pid = Server.start()
    me = current()
    spawn(lambda: send(me, GenServer.call(pid, "x")))
    until(lambda: bool(process_of(pid)._prx_watchers), "it is called")  # type: ignore[union-attr]
    pid.stop()
    assert receive(str, timeout=WAIT) == "bye"


def test_names_set_in_on_start_are_refused() -> None:
    """Where Pykka's users set attributes."""

    class Own(Process):
        def on_start(self) -> None:
            self._finish = 1  # type: ignore[assignment,method-assign]

    _, ref = Own.start_monitor()
    assert "_finish" in str(receive(Down, ref=ref, timeout=WAIT).reason)
