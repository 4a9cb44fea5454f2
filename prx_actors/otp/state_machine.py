"""StateMachine: OTP's `gen_statem`, an actor whose handling of a message depends on its state."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, ClassVar, Final, Literal

from prx_actors.actors.exceptions import ProcessExit
from prx_actors.actors.timers import cancel_timer, send_after
from prx_actors.otp.behaviour import Behaviour, bad_return
from prx_actors.otp.calls import Call, Cast, call, cast, reply
from prx_actors.otp.results import Ignore, Stop
from prx_actors.otp.state_engine import Engine
from prx_actors.otp.state_events import Enter, Info, Internal
from prx_actors.otp.state_results import KeepState, NextEvent, NextState, Postpone, RepeatState, Reply, StopAndReply
from prx_actors.otp.state_timeouts import (
    CancelTimeout,
    EventTimeout,
    Expiry,
    GenericTimeout,
    StateTimeout,
    TimeoutTable,
    UpdateTimeout,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from prx_actors.otp.calls import From

__all__ = [
    "Call",
    "CancelTimeout",
    "Cast",
    "Enter",
    "EventTimeout",
    "GenericTimeout",
    "Ignore",
    "Info",
    "Internal",
    "KeepState",
    "NextEvent",
    "NextState",
    "Postpone",
    "RepeatState",
    "Reply",
    "StateMachine",
    "StateTimeout",
    "Stop",
    "StopAndReply",
    "UpdateTimeout",
]


class StateMachine(Behaviour):
    """A process with a state, in which each event is handled by a function of that state.

    `init` returns a `NextState`, which names the first state. From then on each
    event goes to the method that has the name of the state or, when
    `callback_mode` is `"handle_event_function"`, to `handle_event`. These return
    where to go next, with actions; None is to keep the state. What other data
    the machine has are attributes of `self`.

    Example:
        >>> from prx_actors.otp.state_machine import Call, Cast, KeepState, NextState, Reply, StateMachine
        >>> class Switch(StateMachine):
        ...     def init(self):
        ...         return NextState("off")
        ...     def off(self, event):
        ...         match event:
        ...             case Cast("flip"):
        ...                 return NextState("on")
        ...     def on(self, event):
        ...         match event:
        ...             case Cast("flip"):
        ...                 return NextState("off")
        ...             case Call("lit?", sender):
        ...                 return KeepState(Reply(sender, True))
        >>> pid = Switch.start()
        >>> StateMachine.cast(pid, "flip")
        >>> StateMachine.call(pid, "lit?")
        True
        >>> StateMachine.stop(pid)

    """

    callback_mode: ClassVar[Literal["state_functions", "handle_event_function"]] = "state_functions"
    """Whether states name methods, or are any values and `handle_event` gets them."""

    state_enter: ClassVar[bool] = False
    """Whether a change of state, and the start, calls the new state with `Enter`."""

    call = staticmethod(call)
    cast = staticmethod(cast)
    reply = staticmethod(reply)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._prx_engine = Engine(self, TimeoutTable(self._start_timer, cancel_timer))

    @property
    def state(self) -> Any:
        """The state that the machine is in; None until `init` has returned."""
        return self._prx_engine.state

    def handle_event(self, event: Any, state: Any) -> Any:
        """Handle an event in any state; for the callback mode `"handle_event_function"`.

        Args:
            event: `Call`, `Cast`, `Info`, `Internal`, `Enter`, or the time-out that is over
            state: the state of the machine

        Returns:
            `NextState`, `KeepState` or None, `RepeatState`, `Stop`, `StopAndReply`

        Raises:
            NotImplementedError: when it is not overridden

        """
        raise NotImplementedError

    def _call_state(self, event: object) -> object:
        if self.callback_mode == "handle_event_function":
            return self.handle_event(event, self.state)
        return _state_function(self, self.state)(event)

    # What a Behaviour asks for.

    def _init_returned(self, result: object) -> None:
        if not isinstance(result, NextState):
            bad_return(result)
        self._acknowledge()
        self._prx_engine.begin(result)

    def _on_call(self, request: object, sender: From) -> None:
        self._prx_engine.handle(Call(request, sender))

    def _on_cast(self, request: object) -> None:
        self._prx_engine.handle(Cast(request))

    def _on_info(self, message: object) -> None:
        if not isinstance(message, Expiry):
            self._prx_engine.handle(Info(message))
        elif (timeout := self._prx_engine.timeouts.expired(message)) is not None:
            self._prx_engine.handle(timeout)

    def _is_late_timeout(self, message: object) -> bool:
        return isinstance(message, Expiry) and self._prx_engine.timeouts.find(message) is None

    def _as_shown(self, message: object) -> object:
        return self._prx_engine.timeouts.find(message) if isinstance(message, Expiry) else message

    def _last_message(self) -> object:
        event = self._prx_engine.event
        return super()._last_message() if event is None else event

    def _start_timer(self, seconds: float, expiry: Expiry) -> object:
        return send_after(seconds, self.actor_ref, expiry)

    # Inspection: the state, and the attributes as its data.

    def system_get_state(self) -> Any:
        """Return the state, and the attributes that are not the runtime's own."""
        return self.state, {name: value for name, value in dict(vars(self)).items() if name not in _runtime_names()}

    def _is_runtimes(self, name: str) -> bool:
        return name in _runtime_names()

    def _raw_status(self) -> dict[str, Any]:
        data = self.system_get_state()
        if type(self).system_get_state is StateMachine.system_get_state:
            data = data[1]
        queue = self._prx_engine.queue
        return {
            "state": self.state,
            "data": data,
            "queue": queue.waiting(),
            "postponed": list(queue.postponed),
            "timeouts": self._prx_engine.timeouts.timeouts(),
        }

    def system_replace_state(self, function: Callable[[Any], Any]) -> Any:
        """Replace state and attributes by what the function makes of both."""
        state, data = self.system_get_state()
        state, new_data = function((state, dict(data)))
        new_data = self._replace_attributes(data, new_data)
        self._prx_engine.state = state
        return state, new_data


_RESERVED: Final = frozenset(dir(StateMachine))


@functools.cache
def _runtime_names() -> frozenset[str]:
    return frozenset(dir(StateMachine()))


def _state_function(machine: StateMachine, state: object) -> Callable[[object], object]:
    """Return the method of a state.

    Raises:
        ProcessExit: when the state cannot name one

    """
    if not isinstance(state, str) or state in _RESERVED:
        raise ProcessExit(("bad_state_name", state))
    return getattr(machine, state)  # type: ignore[no-any-return]
