"""What a state function answers: where to go, and actions to do on the way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

from prx_actors.otp.state_timeouts import TimeoutAction

__all__ = ["Action", "KeepState", "NextEvent", "NextState", "Postpone", "RepeatState", "Reply", "StopAndReply"]


@dataclass(frozen=True, slots=True)
class Reply:
    """Answers a call.

    Example:
        >>> from prx_actors.otp.state_machine import Reply
        >>> Reply(None, "done").value
        'done'

    """

    sender: Any
    """The `sender` of a `Call`."""

    value: Any = None


@dataclass(frozen=True, slots=True)
class NextEvent:
    """Inserts an event before all that wait; several come in their order.

    Example:
        >>> from prx_actors.otp.state_machine import Internal, NextEvent
        >>> NextEvent(Internal("retry"))
        NextEvent(event=Internal(content='retry'))

    """

    event: Any
    """An event as a state function gets it, an `Internal` most often."""


@dataclass(frozen=True, slots=True)
class Postpone:
    """Keeps the event that is being handled until the state has changed.

    Example:
        >>> from prx_actors.otp.state_machine import KeepState, Postpone
        >>> KeepState(Postpone()).actions
        (Postpone(),)

    """


Action: TypeAlias = Reply | NextEvent | Postpone | TimeoutAction


@dataclass(frozen=True, slots=True, init=False)
class NextState:
    """Goes to a state, which may be the one that the machine is in.

    Example:
        >>> from prx_actors.otp.state_machine import NextState, StateTimeout
        >>> NextState("open", StateTimeout(5, "lock")).state
        'open'

    """

    state: Any
    actions: tuple[Action, ...] = ()

    def __init__(self, state: object, *actions: Action) -> None:
        object.__setattr__(self, "state", state)
        object.__setattr__(self, "actions", actions)


@dataclass(frozen=True, slots=True, init=False)
class KeepState:
    """Stays in the state; a state function that returns None does so too.

    Example:
        >>> from prx_actors.otp.state_machine import KeepState, Reply
        >>> KeepState(Reply(None, 42)).actions
        (Reply(sender=None, value=42),)

    """

    actions: tuple[Action, ...] = ()

    def __init__(self, *actions: Action) -> None:
        object.__setattr__(self, "actions", actions)


@dataclass(frozen=True, slots=True, init=False)
class RepeatState:
    """Stays in the state and makes its state enter call again.

    Example:
        >>> from prx_actors.otp.state_machine import RepeatState
        >>> RepeatState()
        RepeatState(actions=())

    """

    actions: tuple[Action, ...] = ()

    def __init__(self, *actions: Action) -> None:
        object.__setattr__(self, "actions", actions)


@dataclass(frozen=True, slots=True, init=False)
class StopAndReply:
    """Answers calls, then ends the machine.

    Example:
        >>> from prx_actors.otp.state_machine import Reply, StopAndReply
        >>> StopAndReply("shutdown", Reply(None, "bye")).reason
        'shutdown'

    """

    reason: Any
    replies: tuple[Reply, ...] = ()

    def __init__(self, reason: object, *replies: Reply) -> None:
        object.__setattr__(self, "reason", reason)
        object.__setattr__(self, "replies", replies)
