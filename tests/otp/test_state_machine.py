"""The rules of gen_statem, one a test: states, events, postponing, enter calls, ends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from support.machines import Entering, Scripted, ask, end_of, tell

from prx_actors import Down, Exit, current, exit_signal, monitor, receive, send, trap_exit
from prx_actors.otp import CallError, StartError, sys
from prx_actors.otp.state_machine import (
    Call,
    Cast,
    Enter,
    Ignore,
    Internal,
    KeepState,
    NextEvent,
    NextState,
    Postpone,
    Reply,
    StateMachine,
    StateTimeout,
    Stop,
    StopAndReply,
)

if TYPE_CHECKING:
    from collections.abc import Iterator


class Door(StateMachine):
    """A machine whose states are methods."""

    def init(self, first: str = "closed") -> NextState:
        """Name the first state."""
        return NextState(first)

    def closed(self, event: Any) -> Any:
        """Open, tell, or stop."""
        match event:
            case Cast("open"):
                return NextState("opened")
            case Call("state?", sender):
                return KeepState(Reply(sender, "closed"))
            case Call(("stop", reason), sender):
                return StopAndReply(reason, Reply(sender, "stopped"))
        return None

    def opened(self, event: Any) -> Any:
        """Close, or tell."""
        match event:
            case Cast("close"):
                return NextState("closed")
            case Call("state?", sender):
                return KeepState(Reply(sender, self.state))
        return None


@pytest.fixture(autouse=True)
def empty_mailbox() -> Iterator[None]:
    """No test leaves a message behind."""
    yield
    with pytest.raises(TimeoutError):
        receive(timeout=0)


@pytest.fixture
def trapping() -> Iterator[None]:
    """The test traps exits."""
    before = trap_exit(True)
    yield
    trap_exit(before)


# Callback modes.


def test_in_state_functions_mode_the_method_named_as_the_state_gets_the_event() -> None:
    """The event goes to `closed`, then to `opened`."""
    pid = Door.start()
    assert ask(pid, "state?") == "closed"
    StateMachine.cast(pid, "open")
    assert ask(pid, "state?") == "opened"
    StateMachine.stop(pid)


def test_in_handle_event_mode_a_state_is_any_value() -> None:
    """States are tuples and numbers."""

    def first(_machine: Scripted, event: Any) -> Any:
        return NextState(("at", 2), Reply(event.sender, "moved"))

    def second(machine: Scripted, event: Any) -> Any:
        return KeepState(Reply(event.sender, machine.state))

    pid = Scripted.start({1: first, ("at", 2): second}, 1)
    assert ask(pid) == "moved"
    assert ask(pid) == ("at", 2)
    StateMachine.stop(pid)


@pytest.mark.parametrize("state", [1, "stop", "terminate", "handle_event", "actor_ref"])
def test_a_state_that_cannot_name_a_function_ends_the_machine(state: Any) -> None:
    """Numbers, and names that a StateMachine has itself, name no state function."""
    pid = Door.start(state)
    StateMachine.cast(pid, "open")
    assert end_of(pid) in {("bad_state_name", state), "noproc"}


def test_a_state_without_a_function_ends_the_machine_with_the_error() -> None:
    """As an undefined function does."""
    pid = Door.start("nowhere")
    ref = monitor(pid)
    StateMachine.cast(pid, "open")
    assert isinstance(receive(Down, ref=ref, timeout=5).reason, AttributeError)


# Starts.


def test_a_machine_registers_its_name_before_init() -> None:
    """The name works as an address; a second start says who has it."""
    pid = Door.start(name="front_door")
    assert ask("front_door", "state?") == "closed"
    with pytest.raises(StartError) as caught:
        Door.start(name="front_door")
    assert caught.value.reason == ("already_started", pid)
    StateMachine.stop(pid)


def test_ignore_in_init_starts_nothing() -> None:
    """The start returns None."""

    class Unwanted(StateMachine):
        def init(self) -> Ignore:
            return Ignore()

    assert Unwanted.start() is None


def test_stop_in_init_fails_the_start_with_the_reason() -> None:
    """The starter gets it."""

    class Failing(StateMachine):
        def init(self) -> Stop:
            return Stop("stopped")

    with pytest.raises(StartError) as caught:
        Failing.start()
    assert caught.value.reason == "stopped"


@pytest.mark.parametrize("result", [None, "locked", KeepState()])
def test_init_must_name_a_state(result: object) -> None:
    """Anything but NextState, Ignore and Stop is a bad return value."""

    class Stateless(StateMachine):
        def init(self) -> object:
            return result

    with pytest.raises(StartError) as caught:
        Stateless.start()
    assert caught.value.reason == ("bad_return_value", result)


def test_the_starter_goes_on_before_the_first_enter_call() -> None:
    """So a failing enter call does not fail the start."""

    def fail(_machine: Scripted, _event: Any) -> Any:
        return Stop("late")

    pid = Entering.start({"start": fail})
    assert end_of(pid) in {"late", "noproc"}


def test_actions_of_init_are_done_in_the_first_state() -> None:
    """An inserted event is its first one; there is nothing to postpone."""
    pid = Scripted.start({"start": tell(current())}, "start", NextEvent(Internal("first")), Postpone())
    assert receive(timeout=5) == Internal("first")
    StateMachine.stop(pid)


def test_an_ask_of_pykka_is_a_call() -> None:
    """And is answered by Reply."""
    pid = Door.start()
    assert pid.ask("state?", timeout=5) == "closed"
    StateMachine.stop(pid)


# Ends.


@pytest.mark.usefixtures("trapping")
def test_stop_and_reply_answers_first_and_ends_then() -> None:
    """The reply is in the mailbox before the Exit."""
    pid = Door.start_link()
    assert ask(pid, ("stop", ("shutdown", "reason"))) == "stopped"
    assert receive(Exit, pid=pid, timeout=5).reason == ("shutdown", "reason")
    with pytest.raises(CallError) as caught:
        ask(pid, "state?")
    assert caught.value.reason == "noproc"


def test_terminate_is_called_with_the_reason_and_knows_the_state() -> None:
    """On a stop from outside too."""

    class Tidy(Door):
        def terminate(self, reason: object) -> None:
            send(observer, (reason, self.state))

    observer = current()
    pid = Tidy.start()
    StateMachine.cast(pid, "open")
    StateMachine.stop(pid, "shutdown")
    assert receive(tuple, timeout=5) == ("shutdown", "opened")
    assert not pid.is_alive()


def test_events_that_wait_are_lost_at_the_end() -> None:
    """A call that was postponed fails with the reason."""

    def start(_machine: Scripted, event: Any) -> Any:
        match event:
            case Call(_, _):
                return KeepState(Postpone(), NextEvent(Internal("end")))
        return Stop("shutdown")

    pid = Scripted.start({"start": start})
    with pytest.raises(CallError) as caught:
        ask(pid)
    assert caught.value.reason == "shutdown"


@pytest.mark.parametrize("result", ["nonsense", Stop("normal", reply="to whom"), Reply(None, 1)])
def test_a_bad_return_ends_the_machine_and_the_caller_is_told(result: object) -> None:
    """With OTP's reason: gen_statem_SUITE's abnormal2."""
    pid = Scripted.start({"start": lambda _machine, _event: result})
    with pytest.raises(CallError) as caught:
        ask(pid)
    assert caught.value.reason == ("bad_return_from_state_function", result)


@pytest.mark.parametrize(
    "action",
    ["nonsense", Reply(None, 1), NextEvent("nonsense"), NextEvent(Enter(1)), StateTimeout(-1), StateTimeout("1")],  # type: ignore[arg-type]
)
def test_a_bad_action_ends_the_machine(action: Any) -> None:
    """Also a reply to nobody, the insertion of what is no event, and a time-out without a time."""
    pid = Scripted.start({"start": lambda _machine, _event: KeepState(action)})
    with pytest.raises(CallError) as caught:
        ask(pid)
    assert caught.value.reason == ("bad_action_from_state_function", action)


@pytest.mark.parametrize("action", ["nonsense", Reply(None, 1), Postpone()])
def test_a_bad_reply_action_ends_the_machine(action: Any) -> None:
    """With a reason of its own, as in OTP."""
    pid = Scripted.start({"start": lambda _machine, _event: StopAndReply("normal", action)})
    with pytest.raises(CallError) as caught:
        ask(pid)
    assert caught.value.reason == ("bad_reply_action_from_state_function", action)


def test_an_exception_of_a_state_function_ends_the_machine_with_it() -> None:
    """The caller's error has it as its cause."""

    def start(_machine: Scripted, _event: Any) -> Any:
        return 1 // 0

    pid = Scripted.start({"start": start})
    with pytest.raises(CallError) as caught:
        ask(pid)
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


def test_a_late_reply_does_not_come_as_a_message() -> None:
    """gen_statem_SUITE's abnormal1."""

    def start(machine: Any, event: Any) -> Any:
        match event:
            case Call("answer", sender):
                return KeepState(Reply(machine.late, "late"), Reply(sender, "in time"))
            case Call(_, sender):
                machine.late = sender
        return None

    pid = Scripted.start({"start": start})
    with pytest.raises(TimeoutError):
        StateMachine.call(pid, "wait", timeout=0.01)
    assert ask(pid, "answer") == "in time"
    with pytest.raises(TimeoutError):
        receive(timeout=0)
    StateMachine.stop(pid)


def test_a_machine_that_is_killed_leaves_a_loop_of_inserted_events() -> None:
    """Its thread stops at the next event, although none is received."""

    def start(_machine: Scripted, event: Any) -> Any:
        send(observer, "looping")
        return KeepState(NextEvent(Internal("again")))

    observer = current()
    pid = Scripted.start({"start": start})
    StateMachine.cast(pid, "loop")
    receive(str, timeout=5)
    ref = monitor(pid)
    exit_signal(pid, "kill")
    assert receive(Down, ref=ref, timeout=5).reason == "killed"
    while True:
        try:
            receive(str, timeout=0.05)
        except TimeoutError:
            break


# sys.


def test_sys_suspends_a_machine_and_resumes_it() -> None:
    """gen_statem_SUITE's sys1."""
    pid = Door.start()
    sys.suspend(pid)
    with pytest.raises(TimeoutError):
        StateMachine.call(pid, "state?", timeout=0.02)
    sys.resume(pid)
    assert ask(pid, "state?") == "closed"
    StateMachine.stop(pid)


def test_sys_shows_and_replaces_the_state() -> None:
    """The next event goes to the new one: gen_statem_SUITE's get_state and replace_state."""
    pid = Door.start()
    assert sys.get_state(pid) == ("closed", {})
    assert sys.replace_state(pid, lambda _before: ("opened", {"colour": "red"})) == ("opened", {"colour": "red"})
    assert ask(pid, "state?") == "opened"
    assert sys.get_state(pid) == ("opened", {"colour": "red"})
    StateMachine.stop(pid)
