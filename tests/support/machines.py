"""State machines that tests are made of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from prx_actors import Down, Pid, monitor, receive, send
from prx_actors.otp.state_machine import NextState, StateMachine

__all__ = ["Entering", "Function", "Scripted", "ask", "end_of", "tell"]

Function = Callable[..., Any]


class Scripted(StateMachine):
    """Calls one function for each state, with the machine and the event."""

    callback_mode = "handle_event_function"

    def init(self, functions: dict[object, Function], first: object = "start", *actions: Any) -> NextState:
        """Take the script."""
        self.functions = functions
        return NextState(first, *actions)

    def handle_event(self, event: Any, state: Any) -> Any:
        """Look the function up."""
        return self.functions[state](self, event)


class Entering(Scripted):
    """The same with state enter calls."""

    state_enter = True


def tell(observer: Pid) -> Function:
    """Make a state function that passes on what it gets."""
    return lambda _machine, event: send(observer, event)


def end_of(pid: Pid) -> object:
    """Wait for the end of a process; return its reason."""
    return receive(Down, ref=monitor(pid), timeout=5).reason


def ask(pid: Pid | str, request: object = "sync") -> Any:
    """Call a machine."""
    return StateMachine.call(pid, request)
