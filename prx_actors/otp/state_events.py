"""What a state machine is told besides calls, casts and time-outs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

__all__ = ["Enter", "Info", "Internal"]


@dataclass(frozen=True, slots=True)
class Info:
    """Any other message: what `send` or a timer has sent, an `Exit`, a `Down`.

    Example:
        >>> from prx_actors.otp.state_machine import Info
        >>> Info("hello").message
        'hello'

    """

    message: Any


@dataclass(frozen=True, slots=True)
class Internal:
    """An event that only the machine itself can make, with `NextEvent`.

    Example:
        >>> from prx_actors.otp.state_machine import Internal
        >>> Internal("again").content
        'again'

    """

    content: Any


@dataclass(frozen=True, slots=True)
class Enter:
    """The state enter call: the machine has come into this state.

    Example:
        >>> from prx_actors.otp.state_machine import Enter
        >>> Enter("locked").old_state
        'locked'

    """

    old_state: Any
    """Where it comes from; at the start and when an event repeats the state, this very state."""
