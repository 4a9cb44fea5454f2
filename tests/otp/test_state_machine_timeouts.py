"""The time-outs of a state machine: what starts, cancels, updates and orders them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from prx_actors import Down, current, monitor, receive, send
from prx_actors.actors import send_after
from prx_actors.actors.timers import timers
from prx_actors.otp import sys
from prx_actors.otp.state_machine import (
    Call,
    Cast,
    EventTimeout,
    GenericTimeout,
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
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prx_actors import Pid

SOON = 0.02
LATER = 0.08
FAR = 3600


class Obedient(StateMachine):
    """Does what it is told in any state, and passes on every other event.

    A cast is returned as a result; so is what a call has sent, with a reply.
    """

    callback_mode = "handle_event_function"

    def init(self, observer: Pid, *actions: Any) -> NextState:
        """Name the first state."""
        self.observer = observer
        return NextState("first", *actions)

    def handle_event(self, event: Any, state: Any) -> Any:
        """Obey, or tell."""
        match event:
            case Cast(result):
                return result
            case Call(tuple(actions), sender):
                return KeepState(*actions, Reply(sender, state))
        return send(self.observer, event)


@pytest.fixture
def machine() -> Iterator[Pid]:
    """A machine that obeys, and an empty mailbox afterwards."""
    pid = Obedient.start(current())
    yield pid
    StateMachine.stop(pid)
    with pytest.raises(TimeoutError):
        receive(timeout=0)


def do(pid: Pid, *results: object) -> None:
    """Have a machine return these results, and receive nothing between them."""
    sys.suspend(pid)
    for result in results:
        StateMachine.cast(pid, result)
    sys.resume(pid)


def contents(count: int) -> list[object]:
    """Receive so many events; return what is in them."""
    return [receive(timeout=5).content for _ in range(count)]


@pytest.mark.parametrize("timeout", [StateTimeout(SOON, 1), EventTimeout(SOON, 1), GenericTimeout("name", SOON, 1)])
def test_a_timeout_comes_as_the_object_that_started_it(machine: Pid, timeout: Any) -> None:
    """Not before its time."""
    began = time.monotonic()
    do(machine, KeepState(timeout))
    assert receive(timeout=5) == timeout
    assert time.monotonic() - began >= SOON


def test_a_timeout_may_be_absolute(machine: Pid) -> None:
    """Its seconds are a time on the monotonic clock; one that is over comes at once."""
    when = time.monotonic() + SOON
    do(machine, KeepState(StateTimeout(when, "soon", absolute=True), GenericTimeout("past", 1, "now", absolute=True)))
    assert set(contents(2)) == {"now", "soon"}
    assert time.monotonic() >= when


# What cancels them.


def test_a_change_of_state_cancels_the_state_timeout(machine: Pid) -> None:
    """A generic one, which is later, comes."""
    start = KeepState(StateTimeout(SOON, "state"), GenericTimeout("name", LATER, "generic"))
    do(machine, start, NextState("second"))
    assert contents(1) == ["generic"]


@pytest.mark.parametrize("result", [NextState("first"), KeepState(), RepeatState(), None])
def test_the_state_timeout_stays_when_the_state_stays(machine: Pid, result: object) -> None:
    """Whichever way it stays."""
    do(machine, KeepState(StateTimeout(SOON, "state")), result)
    assert contents(1) == ["state"]


def test_a_state_timeout_given_with_a_change_is_of_the_new_state(machine: Pid) -> None:
    """It replaces that of the old one."""
    do(machine, KeepState(StateTimeout(SOON, "old")), NextState("second", StateTimeout(LATER, "new")))
    assert contents(1) == ["new"]


@pytest.mark.parametrize("how", ["cast", "info", "call", "timeout"])
def test_any_event_cancels_the_event_timeout(machine: Pid, how: str) -> None:
    """A message, a call or another time-out."""
    other = [GenericTimeout("soon", 0, "soon")] if how == "timeout" else []
    sys.suspend(machine)
    start = KeepState(EventTimeout(SOON, "event"), GenericTimeout("name", LATER, "generic"), *other)
    StateMachine.cast(machine, start)
    if how == "cast":
        StateMachine.cast(machine, None)
    elif how == "info":
        send(machine, "info")
    elif how == "call":
        machine.ask((), block=False)
    sys.resume(machine)
    if how == "info":
        assert receive(timeout=5) == Info("info")
    assert contents(1 + len(other)) == [*(timeout.content for timeout in other), "generic"]


def test_a_postponed_event_cancels_the_event_timeout_when_it_is_retried(machine: Pid) -> None:
    """It is an event as any other."""
    change = NextState("second", EventTimeout(SOON, "event"), GenericTimeout("name", LATER, "generic"))
    do(machine, KeepState(Postpone()), change)
    assert contents(1) == ["generic"]


def test_cancel_stops_a_timeout(machine: Pid) -> None:
    """Each of its type only; so does a time of None."""
    names = "a", "b", "c"
    start = KeepState(StateTimeout(SOON, "state"), *(GenericTimeout(name, SOON, name) for name in names))
    do(machine, start, KeepState(StateTimeout.cancel(), GenericTimeout.cancel("a"), GenericTimeout("b", None)))
    assert contents(1) == ["c"]


def test_cancelling_what_does_not_run_does_nothing(machine: Pid) -> None:
    """Nor does it end the machine."""
    do(machine, KeepState(StateTimeout.cancel(), GenericTimeout.cancel("none"), GenericTimeout("one", 0, 1)))
    assert contents(1) == [1]


def test_a_cancelled_timeout_that_is_under_way_does_not_come() -> None:
    """The machine is busy while its timer runs out, and cancels it then."""

    class Busy(Obedient):
        def handle_event(self, event: Any, state: Any) -> Any:
            if event != Internal("be busy"):
                return super().handle_event(event, state)
            send_after(LATER, self.actor_ref, "later")
            receive(str, timeout=5)
            assert len(self.actor_inbox) == 1
            return KeepState(StateTimeout.cancel(), GenericTimeout("mark", SOON, "mark"))

    pid = Busy.start(current())
    do(pid, KeepState(StateTimeout(SOON, "cancelled"), NextEvent(Internal("be busy"))))
    assert contents(1) == ["mark"]
    StateMachine.stop(pid)


# What replaces and updates them.


def test_there_is_one_timeout_of_each_type_and_name(machine: Pid) -> None:
    """A second one replaces the first; other names do not mind."""
    start = KeepState(GenericTimeout("a", SOON, "old"), GenericTimeout("b", SOON, "other"))
    do(machine, start, KeepState(GenericTimeout("a", LATER, "new")))
    assert contents(2) == ["other", "new"]


def test_the_last_action_of_a_type_wins(machine: Pid) -> None:
    """Also over a cancel that stands before it, and against one after it."""
    do(machine, KeepState(StateTimeout(0, 1), StateTimeout.cancel(), StateTimeout(0, 2)))
    assert contents(1) == [2]
    do(machine, KeepState(StateTimeout(0, 3), StateTimeout.cancel(), GenericTimeout("mark", 0, "mark")))
    assert contents(1) == ["mark"]


def test_update_changes_the_content_and_leaves_the_time(machine: Pid) -> None:
    """It comes in its old place."""
    start = KeepState(StateTimeout(SOON, "old"), GenericTimeout("name", LATER, "generic"))
    do(machine, start, KeepState(StateTimeout.update("new"), GenericTimeout.update("name", "newer")))
    assert receive(timeout=5) == StateTimeout(SOON, "new")
    assert receive(timeout=5) == GenericTimeout("name", LATER, "newer")


def test_an_update_of_what_does_not_run_comes_at_once(machine: Pid) -> None:
    """As if its time were 0."""
    do(machine, KeepState(StateTimeout.update("state"), GenericTimeout.update("name", "generic")))
    assert contents(2) == ["state", "generic"]


# Time 0.


def test_timeouts_of_0_come_in_the_order_of_their_actions(machine: Pid) -> None:
    """A replaced one goes to the end."""
    first, second, again = GenericTimeout("a", 0, 1), GenericTimeout("b", 0, 2), GenericTimeout("a", 0, 3)
    do(machine, KeepState(first, second, again))
    assert contents(2) == [2, 3]


def test_timeouts_of_0_come_after_queued_events_and_before_received_ones(machine: Pid) -> None:
    """An inserted one goes first; a message that waits in the mailbox goes last."""
    sys.suspend(machine)
    do(machine, NextState("second", StateTimeout(0, "timeout"), NextEvent(Internal("inserted"))))
    send(machine, "received")
    sys.resume(machine)
    assert contents(2) == ["inserted", "timeout"]
    assert receive(timeout=5) == Info("received")


def test_an_event_timeout_of_0_comes_only_when_no_event_is_queued(machine: Pid) -> None:
    """An inserted event cancels it, as any event does."""
    do(machine, KeepState(EventTimeout(0, "event"), NextEvent(Internal("inserted"))))
    do(machine, KeepState(EventTimeout(0, "alone")))
    assert contents(2) == ["inserted", "alone"]


def test_a_state_timeout_of_0_is_cancelled_by_a_queued_event_that_changes_the_state(machine: Pid) -> None:
    """It has not come yet."""
    do(machine, KeepState(StateTimeout(0, "state"), NextEvent(Cast(NextState("second")))))
    do(machine, KeepState(GenericTimeout("mark", 0, "mark")))
    assert contents(1) == ["mark"]


def test_actions_of_init_may_start_timeouts() -> None:
    """They run from the start."""
    pid = Obedient.start(current(), StateTimeout(SOON, "state"), GenericTimeout("name", 0, "generic"))
    assert contents(2) == ["generic", "state"]
    StateMachine.stop(pid)


def test_a_negative_time_ends_the_machine() -> None:
    """As OTP's bad action."""
    pid = Obedient.start(current())
    ref = monitor(pid)
    do(pid, KeepState(StateTimeout(-1)))
    reason = receive(Down, ref=ref, timeout=5).reason
    assert reason == ("bad_action_from_state_function", StateTimeout(-1))


def test_the_timers_of_a_machine_end_with_it() -> None:
    """Nothing of it stays until a far time-out would come."""
    before = len(timers._running)
    pid = Obedient.start(current(), StateTimeout(FAR), GenericTimeout("name", FAR))
    StateMachine.call(pid, ())
    assert len(timers._running) == before + 2
    StateMachine.stop(pid)
    assert len(timers._running) == before
