"""What behaviours have in common: the start, the parent, messages."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from support.servers import WAIT, nothing_waits

from prx_actors.actors import (
    Down,
    Exit,
    Pid,
    Process,
    ProcessExit,
    current,
    exit_signal,
    monitor,
    process_info,
    receive,
    send,
    spawn,
    spawn_monitor,
    trap_exit,
    whereis,
)
from prx_actors.actors.scheduler import scheduler
from prx_actors.actors.table import process_of
from prx_actors.otp import Behaviour, From, StartError, call, cast, reply, sys


class Echo(Behaviour):
    """Replies what it is asked."""

    def _on_call(self, request: object, sender: From) -> None:
        if request == "parent":
            request = self._prx_parent, self._prx_ancestors
        reply(sender, request)


class Gated(Echo):
    """Begins when it is told to."""

    def init(self, starter: Pid) -> None:
        """Wait."""
        send(starter, ("in init", self.actor_ref))
        receive(lambda message: message == "go", timeout=WAIT)


def test_init_gets_what_start_gets() -> None:
    """In the process itself; a constructor may change it."""

    class Both(Behaviour):
        def __init__(self, number: int) -> None:
            super().__init__(number, doubled=2 * number)

        def init(self, number: int, doubled: int) -> None:
            self.got = number, doubled, current() is self.actor_ref

        def _on_call(self, request: object, sender: From) -> None:
            reply(sender, self.got)

    assert call(Both.start(21), "got") == (21, 42, True)


def test_start_waits_for_init() -> None:
    """Not longer, and no message is handled before."""
    me = current()
    pids: list[Pid] = []
    _, ref = spawn_monitor(lambda: pids.append(Gated.start(me)))
    _, pid = receive(tuple, timeout=WAIT)
    assert not pids
    send(pid, "go")
    assert receive(Down, ref=ref, timeout=WAIT).reason == "normal"
    assert pids == [pid]
    assert call(pid, "hello") == "hello"


def test_the_parent_is_who_started_it() -> None:
    """And its ancestors are those of its parent."""
    me = current()

    class Parent(Echo):
        def init(self) -> None:
            self.child = Echo.start()

        def _on_call(self, request: object, sender: From) -> None:
            reply(sender, self.child)

    parent = Parent.start()
    child = call(parent, "child")
    assert call(child, "parent") == (parent, (parent, me))
    assert call(Echo.start_link(), "parent") == (me, (me,))
    info = process_info(child)
    assert info is not None
    assert info.parent is parent


def test_a_linked_process_ends_with_a_starter_that_is_killed_meanwhile() -> None:
    """While it is in init."""
    me = current()
    starter = spawn(Gated.start_link, me)
    _, pid = receive(tuple, timeout=WAIT)
    ref = monitor(pid)
    exit_signal(starter, "kill")
    assert receive(Down, ref=ref, timeout=WAIT).reason == "killed"


def test_a_process_without_link_goes_on_when_its_starter_is_killed() -> None:
    """Though nobody waits for it."""
    starter = spawn(Gated.start, current())
    _, pid = receive(tuple, timeout=WAIT)
    ref = monitor(starter)
    exit_signal(starter, "kill")
    assert receive(Down, ref=ref, timeout=WAIT).reason == "killed"
    send(pid, "go")
    assert call(pid, "alive") == "alive"


def test_a_starter_that_is_interrupted_leaves_nothing() -> None:
    """As by the KeyboardInterrupt of a signal handler."""
    me = current()

    class Interrupting(Echo):
        def init(self) -> None:
            send(me, self.actor_ref)
            receive(timeout=WAIT)

    starter = process_of(me)
    assert starter is not None
    real = starter._receive

    def interrupted(*args: Any) -> Any:
        starter._receive = real  # type: ignore[method-assign]
        receive(Pid, timeout=WAIT)
        raise KeyboardInterrupt

    starter._receive = interrupted  # type: ignore[assignment,method-assign]
    trap_exit(True)
    with pytest.raises(KeyboardInterrupt):
        Interrupting.start_link(name="interrupted")
    assert whereis("interrupted") is None
    assert not starter._prx_links
    assert not starter._prx_monitors
    assert nothing_waits()


def test_a_linked_process_that_another_one_kills_in_init_sends_no_exit() -> None:
    """To a starter that traps exits: the error says it all."""
    me = current()
    errors: list[object] = []
    left: list[bool] = []

    def starter() -> None:
        trap_exit(True)
        with pytest.raises(StartError) as caught:
            Gated.start_link(me)
        errors.append(caught.value.reason)
        left.append(not nothing_waits())

    _, ref = spawn_monitor(starter)
    _, pid = receive(tuple, timeout=WAIT)
    exit_signal(pid, "boom")
    assert receive(Down, ref=ref, timeout=WAIT).reason == "normal"
    assert (errors, left) == (["boom"], [False])


def test_the_start_fails_when_there_is_no_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """And leaves nothing behind."""
    made: list[Echo] = []

    class Kept(Echo):
        def __init__(self) -> None:
            super().__init__()
            made.append(self)

    def refuse(_turn: object) -> None:
        msg = "can't start new thread"
        raise RuntimeError(msg)

    trap_exit(True)
    with monkeypatch.context() as patch:
        patch.setattr(scheduler, "submit", refuse)
        with pytest.raises(RuntimeError, match="new thread"):
            Kept.start_link(name="kept")
    assert process_of(made[0].actor_ref) is None
    assert not made[0].actor_ref.is_alive()
    assert nothing_waits()


def test_an_idle_behaviour_holds_no_thread() -> None:
    """However many there are."""
    pids = [Echo.start() for _ in range(200)]
    assert scheduler.thread_count() < 50
    assert threading.active_count() < 60
    assert [call(pid, "x") for pid in pids] == ["x"] * 200


def test_messages_that_nobody_foresaw_are_logged(caplog: pytest.LogCaptureFixture) -> None:
    """By default, and the process goes on."""
    pid = Behaviour.start()
    send(pid, "an info")
    cast(pid, "a cast")
    with pytest.raises(TimeoutError):
        call(pid, "a call", timeout=0.05)
    assert ["an info" in caplog.text, "a cast" in caplog.text, "a call" in caplog.text] == [True] * 3


def test_a_callback_may_exit() -> None:
    """From anywhere, with ProcessExit; terminate sees the reason."""
    me = current()

    class Leaving(Behaviour):
        def _on_info(self, message: object) -> None:
            raise ProcessExit(message)

        def terminate(self, reason: object) -> None:
            send(me, ("terminate", reason))

    pid, ref = Leaving.start_monitor()
    send(pid, "shutdown")
    assert receive(timeout=WAIT) == ("terminate", "shutdown")
    assert receive(timeout=WAIT) == Down(ref, pid, "shutdown")


def test_an_end_by_a_signal_in_a_callback_is_not_an_end_of_its_own() -> None:
    """Terminate is not called, and what is raised afterwards counts for nothing."""
    called: list[object] = []

    class Victim(Behaviour):
        def _on_info(self, message: object) -> None:
            exit_signal(self.actor_ref, "boom")
            raise ValueError

        def terminate(self, reason: object) -> None:
            called.append(reason)

    pid, ref = Victim.start_monitor()
    send(pid, "x")
    assert receive(Down, ref=ref, timeout=WAIT).reason == "boom"
    assert not called


def test_behaviours_link_to_processes_of_all_kinds() -> None:
    """The end of one is an Exit to the other."""

    class Plain(Process):
        pass

    trap_exit(True)
    plain = Plain.start()

    class Linked(Behaviour):
        def init(self) -> None:
            process = process_of(self.actor_ref)
            assert process is not None
            process._link(plain)

    pid = Linked.start_link()
    exit_signal(plain, "boom")
    assert receive(Exit, pid=pid, timeout=WAIT).reason == "boom"


def test_the_state_of_a_behaviour_is_its_attributes() -> None:
    """As of any other actor."""
    pid = Behaviour.start()
    assert sys.get_state(pid) == {}
    assert sys.replace_state(pid, lambda state: state | {"more": 1}) == {"more": 1}
    assert sys.get_state(pid) == {"more": 1}


def test_a_behaviour_takes_no_result_of_init_that_it_does_not_know() -> None:
    """The start fails."""

    class Wrong(Behaviour):
        def init(self) -> int:
            return 42

    with pytest.raises(StartError) as caught:
        Wrong.start()
    assert caught.value.reason == ("bad_return_value", 42)


def test_a_suspended_process_that_is_killed_is_gone() -> None:
    """It need not be resumed for that."""
    pid, ref = Behaviour.start_monitor()
    sys.suspend(pid)
    exit_signal(pid, "kill")
    assert receive(Down, ref=ref, timeout=WAIT).reason == "killed"
    assert process_of(pid) is None
