"""What may stand for a process, and what is said of anything else; Pykka's own actors beside processes."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pykka
import pytest

from prx_actors.actors import (
    Down,
    Pid,
    Process,
    current,
    exit_signal,
    link,
    monitor,
    pg,
    process_info,
    receive,
    register,
    send,
    send_after,
    spawn,
    spawn_monitor,
    start_timer,
    unlink,
)
from prx_actors.otp import CallError, GenServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

WAIT = 10

USES: dict[str, Callable[[Any], object]] = {
    "link": link,
    "unlink": unlink,
    "monitor": monitor,
    "exit_signal": lambda one: exit_signal(one, "kill"),
    "register": lambda one: register("somebody", one),
    "process_info": process_info,
    "pg.join": lambda one: pg.join("group", one),
    "pg.leave": lambda one: pg.leave("group", one),
    "GenServer.call": lambda one: GenServer.call(one, "request"),
    "GenServer.cast": lambda one: GenServer.cast(one, "request"),
    "GenServer.stop": GenServer.stop,
}
SENDS: dict[str, Callable[[Any], object]] = {
    "send": lambda one: send(one, "message"),
    "send_after": lambda one: send_after(0, one, "message"),
    "start_timer": lambda one: start_timer(0, one, "message"),
}


class Foreign(pykka.ThreadingActor):
    """An actor of Pykka's own."""

    use_daemon_thread = True

    def __init__(self) -> None:
        super().__init__()
        self.got: list[object] = []
        self.told = threading.Event()

    def on_receive(self, message: object) -> None:
        """Note it."""
        self.got.append(message)
        self.told.set()


@pytest.fixture
def foreign() -> Iterator[pykka.ActorRef[Foreign]]:
    """Start one."""
    ref = Foreign.start()
    yield ref
    ref.stop()


@pytest.mark.parametrize("use", USES | SENDS)
@pytest.mark.parametrize("wrong", [5, None, b"name", object])
def test_what_is_neither_pid_nor_name_is_refused(use: str, wrong: object) -> None:
    """At once, and as what it is: nothing is said of dead processes or of names."""
    with pytest.raises(TypeError, match=r"expected a pid.*, not "):
        (USES | SENDS)[use](wrong)


@pytest.mark.parametrize("use", USES)
def test_an_actor_of_pykka_s_own_is_refused_where_a_process_is_needed(
    use: str, foreign: pykka.ActorRef[Foreign]
) -> None:
    """It is alive, and has no links, monitors, names or calls: the error says what to do."""
    with pytest.raises(TypeError, match="make it a Process"):
        USES[use](foreign)


@pytest.mark.parametrize("use", SENDS)
def test_an_actor_of_pykka_s_own_gets_what_is_sent(use: str, foreign: pykka.ActorRef[Foreign]) -> None:
    """By whatever sends; when it is dead, silently nothing."""
    told = foreign.proxy().told.get()
    SENDS[use](foreign)
    assert told.wait(WAIT)
    foreign.stop()
    SENDS[use](foreign)


def test_processes_and_actors_of_pykka_s_own_ask_each_other(foreign: pykka.ActorRef[Foreign]) -> None:
    """In both directions, from their handlers."""

    class Echo(Process):
        def on_receive(self, message: object) -> object:
            return message

    class Asking(Process):
        def on_receive(self, message: object) -> object:
            return foreign.ask(message, timeout=WAIT)

    class ForeignAsking(pykka.ThreadingActor):
        def on_receive(self, message: Any) -> object:
            return message.ask("question", timeout=WAIT)

    echo, asking, other = Echo.start(), Asking.start(), ForeignAsking.start()
    assert other.ask(echo, timeout=WAIT) == "question"
    assert asking.ask("told", timeout=WAIT) is None
    assert foreign.proxy().got.get() == ["told"]
    for ref in (echo, asking, other):
        ref.stop()


@pytest.mark.parametrize("kind", [Process, GenServer])
def test_the_class_of_an_actor_is_not_spawned(kind: type[Process]) -> None:
    """It would be made on a thread and forgotten: it is started."""
    with pytest.raises(TypeError, match=r"start"):
        spawn(kind)


def test_a_server_without_init_takes_no_arguments() -> None:
    """They would be lost without a word."""
    with pytest.raises(Exception, match="takes no arguments") as refused:
        GenServer.start(1, two=2)
    assert not isinstance(refused.value, CallError)


def test_who_is_linked_or_monitored_from_its_start_loses_no_reason() -> None:
    """Of a plain Process, too, however soon it ends."""

    class Brief(Process):
        def on_start(self) -> None:
            msg = "brief"
            raise ValueError(msg)

    me: Pid = current()
    pid, ref = Brief.start_monitor()
    down = receive(Down, ref=ref, timeout=WAIT)
    assert (down.pid, repr(down.reason)) == (pid, "ValueError('brief')")
    _, ref = spawn_monitor(lambda: (Brief.start_link(), receive()))
    assert repr(receive(Down, ref=ref, timeout=WAIT).reason) == "ValueError('brief')"
    assert me.is_alive()
