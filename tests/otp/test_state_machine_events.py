"""The order in which a state machine handles events: inserted, postponed, received; and enter calls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from support.machines import Entering, Function, Scripted, ask, end_of, tell

from prx_actors import Down, current, monitor, receive, send
from prx_actors.otp import sys
from prx_actors.otp.state_machine import (
    Call,
    Cast,
    Enter,
    EventTimeout,
    Info,
    Internal,
    KeepState,
    NextEvent,
    NextState,
    Postpone,
    RepeatState,
    Reply,
    StateMachine,
    StateTimeout,
    StopAndReply,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prx_actors import Pid


@pytest.fixture(autouse=True)
def empty_mailbox() -> Iterator[None]:
    """No test leaves a message behind."""
    yield
    with pytest.raises(TimeoutError):
        receive(timeout=0)


# Events.


def test_each_kind_of_message_is_an_event_of_its_type() -> None:
    """Casts, infos, exits of links and inserted events."""

    def start(machine: Scripted, event: Any) -> Any:
        send(observer, event)
        return KeepState(NextEvent(Internal(2))) if event == Cast(1) else None

    observer = current()
    pid = Scripted.start({"start": start})
    StateMachine.cast(pid, 1)
    send(pid, "info")
    assert [receive(timeout=5) for _ in range(3)] == [Cast(1), Internal(2), Info("info")]
    StateMachine.stop(pid)


def test_a_reply_may_come_from_a_later_event() -> None:
    """The sender of a call can be kept."""

    def start(machine: Any, event: Any) -> Any:
        match event:
            case Call("later", sender):
                machine.sender = sender
                return KeepState(NextEvent(Internal("now")))
            case Internal("now"):
                return KeepState(Reply(machine.sender, "here"))
        return None

    pid = Scripted.start({"start": start})
    assert ask(pid, "later") == "here"
    StateMachine.stop(pid)


def test_inserted_events_come_in_their_order_before_all_others() -> None:
    """Also those that an inserted event inserts."""

    def start(_machine: Scripted, event: Any) -> Any:
        send(observer, event)
        match event:
            case Cast():
                return KeepState(NextEvent(Internal(1)), NextEvent(Internal(2)))
            case Internal(1):
                return KeepState(NextEvent(Internal("nested")), NextEvent(inserted))
        return None

    inserted = Info("inserted")
    observer = current()
    pid = Scripted.start({"start": start})
    sys.suspend(pid)
    StateMachine.cast(pid, "go")
    send(pid, "received")
    sys.resume(pid)
    assert [receive(timeout=5) for _ in range(6)] == [
        Cast("go"),
        Internal(1),
        Internal("nested"),
        Info("inserted"),
        Internal(2),
        Info("received"),
    ]
    StateMachine.stop(pid)


# Postponing.


def buffering(observer: Pid) -> dict[object, Function]:
    """Return a script that postpones casts until a call opens it."""

    def start(_machine: Scripted, event: Any) -> Any:
        match event:
            case Call(("go", "start"), sender):
                return NextState("start", Reply(sender, "gone"))
            case Call(("go", state), sender):
                return NextState(state, Reply(sender, "gone"), NextEvent(Internal("inserted")))
            case Call("repeat", sender):
                return RepeatState(Reply(sender, "repeated"))
        return KeepState(Postpone())

    return {"start": start, "open": tell(observer)}


def test_postponed_events_come_back_in_order_after_a_change_of_state() -> None:
    """After the inserted ones and before those that are received later."""
    pid = Scripted.start(buffering(current()))
    for number in range(3):
        StateMachine.cast(pid, number)
    assert ask(pid, ("go", "open")) == "gone"
    StateMachine.cast(pid, "new")
    assert [receive(timeout=5) for _ in range(5)] == [Internal("inserted"), *map(Cast, (0, 1, 2, "new"))]
    StateMachine.stop(pid)


@pytest.mark.parametrize("request_", [("go", "start"), "repeat"])
def test_postponed_events_stay_when_the_state_stays(request_: Any) -> None:
    """NextState with an equal state, and RepeatState, are no change."""
    pid = Scripted.start(buffering(current()))
    StateMachine.cast(pid, "early")
    ask(pid, request_)
    with pytest.raises(TimeoutError):
        receive(Cast, timeout=0)
    ask(pid, ("go", "open"))
    assert [receive(timeout=5) for _ in range(2)] == [Internal("inserted"), Cast("early")]
    StateMachine.stop(pid)


def test_an_event_postponed_by_the_change_itself_comes_after_older_ones() -> None:
    """The current event is postponed before the postponed ones are taken up."""

    def start(_machine: Scripted, event: Any) -> Any:
        return NextState("open", Postpone()) if event == Cast("last") else KeepState(Postpone())

    pid = Scripted.start({"start": start, "open": tell(current())})
    StateMachine.cast(pid, "first")
    StateMachine.cast(pid, "last")
    assert [receive(timeout=5) for _ in range(2)] == [Cast("first"), Cast("last")]
    StateMachine.stop(pid)


def test_an_event_may_be_postponed_again_and_again() -> None:
    """It waits for the state that handles it."""

    def through(to: object) -> Function:
        def function(_machine: Scripted, event: Any) -> Any:
            return NextState(to) if event == Cast("on") else KeepState(Postpone())

        return function

    pid = Scripted.start({"start": through("middle"), "middle": through("end"), "end": tell(current())})
    for message in ("wait", "on", "on"):
        StateMachine.cast(pid, message)
    assert receive(timeout=5) == Cast("wait")
    StateMachine.stop(pid)


def test_the_order_of_events_is_inserted_then_postponed_then_received() -> None:
    """And none of them leaves room for an event time-out of 0: gen_statem_SUITE's event_order."""

    def start(_machine: Scripted, event: Any) -> Any:
        match event:
            case Call("buffer", sender):
                inserted = (NextEvent(Internal(3)), NextEvent(Internal(4)))
                return NextState("buffer", *inserted, EventTimeout(0, 5), Reply(sender, "ok"))
        return KeepState(Postpone())

    def buffer(machine: Any, event: Any) -> Any:
        if isinstance(event, Call):
            return StopAndReply("shutdown", Reply(event.sender, machine.seen))
        machine.seen = [*getattr(machine, "seen", []), event]
        return None

    pid = Scripted.start({"start": start, "buffer": buffer})
    StateMachine.cast(pid, 1)
    StateMachine.cast(pid, 2)
    ask(pid, "buffer")
    assert ask(pid, "stop") == [Internal(3), Internal(4), Cast(1), Cast(2)]


# State enter calls.


def test_enter_calls_come_at_the_start_and_at_each_change_of_state() -> None:
    """With the state before; at the start that is the state itself."""

    def state(machine: Scripted, event: Any) -> Any:
        send(observer, (machine.state, event))
        return NextState(event.request) if isinstance(event, Cast) else None

    observer = current()
    pid = Entering.start({"start": state, "next": state})
    for to in ("next", "next", "start"):
        StateMachine.cast(pid, to)
    assert [receive(timeout=5) for _ in range(6)] == [
        ("start", Enter("start")),
        ("start", Cast("next")),
        ("next", Enter("start")),
        ("next", Cast("next")),
        ("next", Cast("start")),
        ("start", Enter("next")),
    ]
    StateMachine.stop(pid)


def test_without_state_enter_there_are_no_enter_calls() -> None:
    """Also RepeatState makes none."""
    pid = Scripted.start(buffering(current()))
    ask(pid, "repeat")
    ask(pid, ("go", "open"))
    assert receive(timeout=5) == Internal("inserted")
    StateMachine.stop(pid)


def test_repeating_a_state_makes_its_enter_call_again() -> None:
    """With the state itself as the one before, whatever came before."""

    def state(_machine: Scripted, event: Any) -> Any:
        send(observer, event)
        return RepeatState() if isinstance(event, Cast) else None

    observer = current()
    pid = Entering.start({"start": state})
    StateMachine.cast(pid, "repeat")
    assert [receive(timeout=5) for _ in range(3)] == [Enter("start"), Cast("repeat"), Enter("start")]
    StateMachine.stop(pid)


def test_an_enter_call_that_repeats_is_made_again_with_the_same_old_state() -> None:
    """Until it keeps the state."""

    def goal(machine: Any, event: Any) -> Any:
        send(observer, event)
        machine.tries = getattr(machine, "tries", 0) + 1
        return RepeatState() if machine.tries < 3 else None

    def start(_machine: Scripted, event: Any) -> Any:
        return None if isinstance(event, Enter) else NextState("goal")

    observer = current()
    pid = Entering.start({"start": start, "goal": goal})
    StateMachine.cast(pid, "go")
    assert [receive(timeout=5) for _ in range(3)] == [Enter("start")] * 3
    StateMachine.stop(pid)


def test_actions_of_an_enter_call_come_after_those_of_the_change() -> None:
    """Replies in that order; the last time-out of a type wins."""

    def start(machine: Any, event: Any) -> Any:
        if isinstance(event, Enter):
            return None
        machine.sender = event.sender
        return NextState("next", StateTimeout(0, "of the change"))

    def following(machine: Any, event: Any) -> Any:
        match event:
            case Enter():
                return KeepState(Reply(machine.sender, "entered"), StateTimeout(0, "of the enter call"))
        return send(observer, event)

    observer = current()
    pid = Entering.start({"start": start, "next": following})
    assert ask(pid) == "entered"
    assert receive(timeout=5).content == "of the enter call"
    StateMachine.stop(pid)


@pytest.mark.parametrize("action", [Postpone(), NextEvent(Internal(1))])
def test_an_enter_call_may_neither_postpone_nor_insert_events(action: Any) -> None:
    """It ends the machine."""
    pid = Entering.start({"start": lambda _machine, event: KeepState(action) if isinstance(event, Enter) else None})
    assert end_of(pid) in {("bad_state_enter_action_from_state_function", action), "noproc"}


def test_an_enter_call_may_not_change_the_state() -> None:
    """It ends the machine."""

    def start(_machine: Scripted, event: Any) -> Any:
        return NextState("next") if isinstance(event, Cast) else None

    pid = Entering.start({"start": start, "next": lambda _machine, _event: NextState("start")})
    ref = monitor(pid)
    StateMachine.cast(pid, "go")
    reason = receive(Down, ref=ref, timeout=5).reason
    assert reason == ("bad_state_enter_return_from_state_function", NextState("start"))
