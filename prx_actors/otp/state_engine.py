"""The engine of a state machine: what one event after the other does to it.

The order of the steps of a transition is the documented one of `gen_statem`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NoReturn

from prx_actors.actors.exceptions import ProcessExit
from prx_actors.otp.calls import Call, Cast, From
from prx_actors.otp.results import NOTHING, Stop, is_time
from prx_actors.otp.state_events import Enter, Info, Internal
from prx_actors.otp.state_queue import EventQueue
from prx_actors.otp.state_results import KeepState, NextEvent, NextState, Postpone, RepeatState, Reply, StopAndReply
from prx_actors.otp.state_timeouts import (
    EVENT_TIMEOUT,
    STATE_TIMEOUT,
    CancelTimeout,
    EventTimeout,
    GenericTimeout,
    StateTimeout,
    UpdateTimeout,
)

if TYPE_CHECKING:
    from prx_actors.otp.state_machine import StateMachine
    from prx_actors.otp.state_timeouts import TimeoutAction, TimeoutTable

__all__ = ["Engine"]

_EVENTS: Final = (Call, Cast, Info, Internal, StateTimeout, EventTimeout, GenericTimeout)
_TIMEOUTS: Final = (StateTimeout, EventTimeout, GenericTimeout)
_TIMEOUT_ACTIONS: Final = (*_TIMEOUTS, CancelTimeout, UpdateTimeout)


class _Transition:
    """What a state function asks for, with the state enter calls that follow it."""

    __slots__ = ("changed", "next_events", "postpone", "timeouts")

    def __init__(self) -> None:
        self.changed = False
        self.postpone = False
        self.next_events: list[object] = []
        self.timeouts: list[TimeoutAction] = []


class Engine:
    """State, waiting events and time-outs of one machine.

    Args:
        machine: whose state functions are called
        timeouts: its table of time-outs

    """

    def __init__(self, machine: StateMachine, timeouts: TimeoutTable) -> None:
        self.state: Any = None
        self.event: object = None
        """The one that is being handled, or was when the machine failed."""
        self.queue = EventQueue()
        self.timeouts = timeouts
        self._machine = machine

    def begin(self, initial: NextState) -> None:
        """Enter the first state, and handle what its actions bring.

        Args:
            initial: what `init` returned

        Raises:
            ProcessExit: when the machine is to stop

        """
        self.state = initial.state
        transition = _Transition()
        self._do_actions(initial.actions, transition, entering=False)
        transition.postpone = False  # there is no event yet
        self._enter(initial.state, transition)
        self._transit(None, transition)
        self._handle_queued()

    def handle(self, event: object) -> None:
        """Handle an event, and all that it brings before another is received.

        Args:
            event: what was received

        Raises:
            ProcessExit: when the machine is to stop

        """
        self._handle_one(event)
        self._handle_queued()

    def _handle_queued(self) -> None:
        while (event := self.queue.take() if self.queue else self.timeouts.take_due()) is not None:
            self._handle_one(event)

    def _handle_one(self, event: object) -> None:
        self._machine._check_running()
        self.event = event
        old_state = self.state
        transition = _Transition()
        if self._accept(self._machine._call_state(event), transition, entering=False):
            self._enter(old_state, transition)
        kind = "postpone" if transition.postpone else "consume"
        self._machine._debug_event(kind, event, old_state, self.state)
        self._transit(event, transition)
        self.event = None

    def _enter(self, old_state: object, transition: _Transition) -> None:
        """Make the state enter call, again when it asks for that."""
        again = bool(self._machine.state_enter)
        while again:
            self._machine._check_running()
            self._machine._debug_event("enter", self.state)
            again = self._accept(self._machine._call_state(Enter(old_state)), transition, entering=True)

    def _transit(self, event: object, transition: _Transition) -> None:
        if transition.postpone:
            self.queue.postpone(event)
        self.timeouts.cancel(EVENT_TIMEOUT)
        if transition.changed:
            self.timeouts.cancel(STATE_TIMEOUT)
            self.queue.retry()
        self.timeouts.act(transition.timeouts)
        self.queue.insert(transition.next_events)

    # What a state function has returned.

    def _accept(self, result: object, transition: _Transition, *, entering: bool) -> bool:
        """Take a result; say whether a state enter call is due.

        Raises:
            ProcessExit: when it stops the machine, or is none

        """
        match result:
            case None:
                return False
            case KeepState() | RepeatState():
                due = isinstance(result, RepeatState)
            case NextState():
                due = self._go_to(result, transition, entering=entering)
            case _:
                self._stop(result)
        self._do_actions(result.actions, transition, entering=entering)
        return due

    def _go_to(self, result: NextState, transition: _Transition, *, entering: bool) -> bool:
        if result.state == self.state:
            return False
        if entering:
            raise ProcessExit(("bad_state_enter_return_from_state_function", result))
        self.state = result.state
        transition.changed = True
        return True

    def _do_actions(self, actions: tuple[object, ...], transition: _Transition, *, entering: bool) -> None:
        for action in actions:
            if isinstance(action, _TIMEOUT_ACTIONS) and _has_time(action):
                transition.timeouts.append(action)
            elif isinstance(action, Reply):
                self._reply(action, "bad_action_from_state_function")
            elif isinstance(action, Postpone | NextEvent) and entering:
                raise ProcessExit(("bad_state_enter_action_from_state_function", action))
            elif isinstance(action, Postpone):
                transition.postpone = True
            elif isinstance(action, NextEvent) and isinstance(action.event, _EVENTS):
                self._machine._debug_event("in", action.event)
                transition.next_events.append(action.event)
            else:
                raise ProcessExit(("bad_action_from_state_function", action))

    def _reply(self, action: object, otherwise: str) -> None:
        if not isinstance(action, Reply) or not isinstance(action.sender, From):
            raise ProcessExit((otherwise, action))
        self._machine._answer(action.sender, action.value)

    def _stop(self, result: object) -> NoReturn:
        """End the machine, as its state function wants or because it returned nonsense.

        Raises:
            ProcessExit: always

        """
        if isinstance(result, Stop) and result.reply is NOTHING:
            raise ProcessExit(result.reason)
        if isinstance(result, StopAndReply):
            for action in result.replies:
                self._reply(action, "bad_reply_action_from_state_function")
            raise ProcessExit(result.reason)
        raise ProcessExit(("bad_return_from_state_function", result))


def _has_time(action: TimeoutAction) -> bool:
    """Say whether a time-out can run, if it is one to start."""
    return (
        not isinstance(action, _TIMEOUTS) or action.seconds is None or is_time(action.seconds, absolute=action.absolute)
    )
