from __future__ import annotations

import logging
import threading
from typing import Any

import pykka
import pytest

from prx_actors.actors import (
    Down,
    Pid,
    Process,
    current,
    exit,
    exit_signal,
    monitor,
    receive,
    register,
    send,
    spawn,
    trap_exit,
)
from prx_actors.actors.table import process_of

WAIT = 10


class Recorder(Process):
    """Tells another process what happens to it."""

    def __init__(self, observer: Pid) -> None:
        super().__init__()
        self.observer = observer

    def tell(self, event: str, *details: object) -> None:
        """Tell the observer."""
        self.observer._send((event, *details))

    def on_start(self) -> None:
        """Say so."""
        self.tell("start")

    def on_stop(self) -> None:
        """Say so."""
        self.observer.actor_inbox.put(pykka._envelope.Envelope(("stop",)))

    def on_failure(self, exception_type: Any, exception_value: Any, traceback: Any) -> None:
        """Say so, and why."""
        self.observer.actor_inbox.put(pykka._envelope.Envelope(("failure", exception_value)))

    def on_receive(self, message: Any) -> Any:
        """Raise, call or return it."""
        if isinstance(message, BaseException):
            raise message
        if callable(message):
            return message()
        return ("got", message)

    def add(self, left: int, right: int) -> int:
        """Add two numbers."""
        return left + right


@pytest.fixture
def pid() -> Pid:
    """Start an actor, and see that it has started."""
    pid = Recorder.start(current())
    assert receive(timeout=WAIT) == ("start",)
    return pid


def test_ask_and_proxy_work_as_in_pykka(pid: Pid) -> None:
    """Calls, attributes, assignments."""
    assert pid.ask("x", timeout=WAIT) == ("got", "x")
    proxy = pid.proxy()
    assert proxy.add(1, 2).get(timeout=WAIT) == 3
    proxy.colour = "red"
    assert proxy.colour.get(timeout=WAIT) == "red"
    assert pid.ask("y", block=False).get(timeout=WAIT) == ("got", "y")


def test_the_registry_knows_it(pid: Pid) -> None:
    """By class, name and URN, until it stops."""
    registry = pykka.ActorRegistry
    assert registry.get_by_class(Recorder) == [pid]
    assert registry.get_by_class_name("Recorder") == [pid]
    assert registry.get_by_urn(pid.actor_urn) is pid
    pid.stop(timeout=WAIT)
    assert registry.get_all() == []


def test_stop_comes_after_earlier_messages_and_is_normal(pid: Pid) -> None:
    """on_stop has been run when stop returns, and before the Down."""
    ref = monitor(pid)
    answers = [pid.ask(n, block=False) for n in range(250)]
    assert pid.stop(timeout=WAIT) is True
    assert [a.get(timeout=0) for a in answers] == [("got", n) for n in range(250)]
    assert receive(timeout=0) == ("stop",)
    assert receive(timeout=WAIT) == Down(ref, pid, "normal")
    assert pid.stop(timeout=WAIT) is False
    assert not pid.is_alive()
    assert pid.actor_stopped.is_set()


def test_the_dead_are_answered_for(pid: Pid) -> None:
    """Send is silent, tell and ask raise Pykka's exception."""
    pid.stop(timeout=WAIT)
    send(pid, "x")
    with pytest.raises(pykka.ActorDeadError):
        pid.tell("x")
    with pytest.raises(pykka.ActorDeadError):
        pid.ask("x", timeout=WAIT)


def test_an_exception_in_an_ask_goes_to_the_caller(pid: Pid) -> None:
    """And the actor lives."""
    with pytest.raises(KeyError):
        pid.ask(KeyError("x"), timeout=WAIT)
    assert pid.ask("x", timeout=WAIT) == ("got", "x")


def test_an_exception_in_a_tell_is_the_exit_reason(pid: Pid, caplog: pytest.LogCaptureFixture) -> None:
    """on_failure is run instead of on_stop, before the Down."""
    ref, error = monitor(pid), KeyError("x")
    pid.tell(error)
    assert receive(timeout=WAIT) == ("failure", error)
    assert receive(timeout=WAIT) == Down(ref, pid, error)
    (record,) = [r for r in caplog.records if r.levelno >= logging.ERROR]
    assert record.name == "prx_actors"


@pytest.mark.parametrize("error", [SystemExit(1), KeyboardInterrupt(), GeneratorExit()])
@pytest.mark.parametrize("ask", [True, False])
def test_a_base_exception_ends_one_actor_only(pid: Pid, error: BaseException, ask: bool) -> None:
    """Pykka itself would stop them all."""
    bystander, ref = Process.start(), monitor(pid)
    if ask:
        with pytest.raises(pykka.ActorDeadError):
            pid.ask(error, timeout=WAIT)
    else:
        pid.tell(error)
    assert receive(Down, ref=ref, timeout=WAIT).reason is error
    assert bystander.is_alive()


def test_exit_in_a_handler_ends_the_actor_with_its_reason(pid: Pid) -> None:
    """on_stop is run, and who asked gets Pykka's exception."""
    ref = monitor(pid)
    with pytest.raises(pykka.ActorDeadError):
        pid.ask(lambda: exit("enough"), timeout=WAIT)
    assert receive(timeout=WAIT) == ("stop",)
    assert receive(timeout=WAIT) == Down(ref, pid, "enough")


def test_a_failing_start_ends_the_actor(caplog: pytest.LogCaptureFixture) -> None:
    """With the exception; messages that wait are answered."""

    class Failing(Process):
        gate = threading.Event()

        def on_start(self) -> None:
            self.gate.wait(WAIT)
            raise KeyError

    pid = Failing.start()
    ref, answer = monitor(pid), pid.ask("x", block=False)
    Failing.gate.set()
    assert isinstance(receive(Down, ref=ref, timeout=WAIT).reason, KeyError)
    with pytest.raises(pykka.ActorDeadError):
        answer.get(timeout=WAIT)


def test_a_killed_idle_actor_runs_on_stop_on_a_turn_of_its_own(pid: Pid) -> None:
    """Not on the thread of the killer."""
    where: list[threading.Thread] = []
    process = process_of(pid)
    assert isinstance(process, Recorder)
    done = threading.Event()

    class Stopper(Process):
        def on_stop(self) -> None:
            where.append(threading.current_thread())
            done.set()

    stopper = Stopper.start()
    stopper.ask("wait for the start", timeout=WAIT)
    exit_signal(stopper, "kill")
    assert not stopper.is_alive()
    assert stopper not in pykka.ActorRegistry.get_all()
    assert done.wait(WAIT)
    assert where != [threading.current_thread()]


def test_a_killed_busy_actor_is_dead_for_everyone_else_at_once(pid: Pid) -> None:
    """Its callers get an answer, and its own code stops at its next call."""
    inside, gate, me = threading.Event(), threading.Event(), current()

    def handler() -> None:
        inside.set()
        gate.wait(WAIT)
        send(me, "a ghost speaks")

    ref, answer = monitor(pid), pid.ask(handler, block=False)
    assert inside.wait(WAIT)
    waiting = pid.ask("later", block=False)
    exit_signal(pid, "kill")
    assert not pid.is_alive()
    assert receive(timeout=WAIT) == Down(ref, pid, "killed")
    for future in (answer, waiting):
        with pytest.raises(pykka.ActorDeadError):
            future.get(timeout=WAIT)
    gate.set()
    assert receive(timeout=WAIT) == ("stop",)


def test_a_handler_may_receive_from_its_own_inbox(pid: Pid) -> None:
    """What it passes over is handled later, in order; stop is not stolen."""
    inside = threading.Event()

    def handler() -> tuple[object, object]:
        inside.set()
        return receive(int, timeout=WAIT), receive(timeout=WAIT)

    answer = pid.ask(handler, block=False)
    assert inside.wait(WAIT)
    later = pid.ask(("b",), block=False)
    pid.tell(("taken by the second receive",))
    stopped = pid.stop(block=False)
    pid.tell(7)
    first, second = answer.get(timeout=WAIT)
    assert first == 7
    assert second == ("b",)
    assert later.get(timeout=WAIT) is None
    assert stopped.get(timeout=WAIT) is True


def test_the_handler_is_the_current_process(pid: Pid) -> None:
    """It can link, monitor and trap."""
    assert pid.ask(current, timeout=WAIT) is pid
    assert pid.ask(lambda: trap_exit(True), timeout=WAIT) is False
    assert pid.ask(lambda: trap_exit(True), timeout=WAIT) is True
    send(pid, "x")
    exit_signal(pid, "trapped")
    assert pid.ask("still alive", timeout=WAIT) == ("got", "still alive")


def test_stop_all_stops_all(pid: Pid) -> None:
    """The last one first."""
    others = [Process.start() for _ in range(10)]
    assert pykka.ActorRegistry.stop_all(timeout=WAIT) == [True] * 11
    assert not any(p.is_alive() for p in [pid, *others])


def test_a_pid_has_identity_and_no_order(pid: Pid) -> None:
    """It can be a key, and shows its number, its class, the name if it has one, and its state."""
    other = Process.start()
    assert len({pid, other, pid}) == 2
    assert pid != other
    with pytest.raises(TypeError):
        sorted([pid, other])  # type: ignore[type-var]
    kind = pid.actor_class.__name__
    assert repr(pid) == f"<Pid {pid.number} {kind} running>"
    register("key", pid)
    assert repr(pid) == f"<Pid {pid.number} {kind} 'key' running>"
    other.stop()
    pid.stop(timeout=WAIT)
    receive(Down, ref=monitor(pid), timeout=WAIT)
    assert repr(pid) == f"<Pid {pid.number} {kind} exited>"


def test_functions_and_threads_show_what_they_are() -> None:
    """The name of the function, or of the thread."""
    pid = spawn(receive)
    assert repr(pid) == f"<Pid {pid.number} receive() running>"
    exit_signal(pid, "kill")
    assert repr(current()) == f"<Pid {current().number} {threading.current_thread().name} running>"


def test_a_subclass_may_have_a_pid_class_of_its_own() -> None:
    """As a Task has."""

    class Special(Pid):
        pass

    class Actor(Process):
        pid_class = Special

    assert isinstance(Actor.start(), Special)
