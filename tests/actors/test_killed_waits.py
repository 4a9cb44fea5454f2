"""The thread of a process that is killed while it waits for a reply stops, whether the reply comes or not."""

from __future__ import annotations

import queue
import threading
from typing import TYPE_CHECKING, Any

import pytest
from support.calls import until

from prx_actors.actors import Pid, Process, ProcessExit, current, exit_signal, receive, send, spawn
from prx_actors.actors.latches import Future
from prx_actors.actors.threads import current_process

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

WAIT = 10

Seen = queue.SimpleQueue[Any]


class Mute(Process):
    """Answers at the end of the test."""

    def on_receive(self, message: tuple[Pid, Pid]) -> None:
        """Tell one process of another one, which asks."""
        send(*message)
        receive(str)


class Caller(Process):
    """Calls what it is told to call."""

    def on_receive(self, message: Callable[[], Any]) -> Any:
        """Call it."""
        return message()


@pytest.fixture
def mute() -> Iterator[Pid]:
    """An actor that does not answer."""
    pid = Mute.start()
    yield pid
    exit_signal(pid, "kill")


def on_function(act: Callable[[], None]) -> None:
    """Do something as a function that is a process."""
    spawn(act)


def on_actor(act: Callable[[], None]) -> None:
    """Do something as an actor."""
    send(Caller.start(), act)


def on_thread(act: Callable[[], None]) -> None:
    """Do something on a plain thread, which becomes a process."""
    threading.Thread(target=act).start()


def outcome(act: Callable[[], object]) -> object:
    """Return what something returns, or the reason with which it ends the process."""
    try:
        return act()
    except ProcessExit as exit_:
        return exit_.reason


@pytest.mark.parametrize("run", [on_function, on_actor, on_thread])
@pytest.mark.parametrize("timeout", [None, 100], ids=str)
def test_who_is_killed_in_an_ask_stops_at_once(
    mute: Pid, run: Callable[[Callable[[], None]], None], timeout: float | None
) -> None:
    """By ProcessExit, on its own thread, though nobody answers."""
    me, seen = current(), Seen()

    def ask() -> None:
        request = (me, current())
        seen.put(outcome(lambda: mute.ask(request, timeout=timeout)))

    run(ask)
    exit_signal(receive(Pid, timeout=WAIT), "kill")
    assert seen.get(timeout=WAIT) == "killed"


def test_the_dead_do_not_begin_to_wait_for_a_reply(mute: Pid) -> None:
    """To a request that they have made before; but they get the reply that is there."""
    me, seen = current(), Seen()

    def ask() -> None:
        answer = Caller.start().ask(lambda: "answer", block=False)
        answer.get(timeout=WAIT)
        future = mute.ask((me, current()), block=False)
        current_process()._terminate("killed")
        seen.put(outcome(answer.get))
        seen.put(outcome(future.get))

    spawn(ask)
    assert [seen.get(timeout=WAIT) for _ in range(2)] == ["answer", "killed"]


def test_the_dead_wait_for_what_they_have_begun_since() -> None:
    """As a hook does that stops what belongs to it, and waits for its end."""
    seen = Seen()

    def clean_up() -> None:
        current_process()._terminate("killed")
        future = Future()
        begun.append(future)
        seen.put(outcome(future.get))

    begun: list[Future] = []
    spawn(clean_up)
    until(lambda: bool(begun and begun[0]._waiters), "it waits")
    begun[0].set("gone")
    assert seen.get(timeout=WAIT) == "gone"


def test_a_wait_that_has_ended_leaves_nothing_at_its_process() -> None:
    """Neither a reply nor a time-out does."""
    process, pid, future = current_process(), Caller.start(), Future()
    assert [pid.ask(lambda: "answer", timeout=WAIT) for _ in range(100)] == ["answer"] * 100
    with pytest.raises(Exception, match="seconds"):
        future.get(timeout=0.001)
    assert not process._prx_death_hooks
