"""What the callbacks of behaviours return besides plain values."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from numbers import Real
from typing import Any, Final

__all__ = ["NOTHING", "Continue", "Ignore", "NoReply", "Reply", "Stop", "Timeout", "is_time"]


class _Nothing(Enum):
    NOTHING = "nothing"


NOTHING: Final = _Nothing.NOTHING
"""The absence of a value where None is one."""


def is_time(seconds: Any, *, absolute: bool = False) -> bool:
    """Say whether that is a time that one can wait.

    Args:
        seconds: any object
        absolute: whether it is a time of the clock, which may have passed

    Example:
        >>> from prx_actors.otp.results import is_time
        >>> is_time(0.5), is_time(-1), is_time("1")
        (True, False, False)

    """
    # What is not a number is neither.
    return isinstance(seconds, Real) and bool(seconds >= 0 or (absolute and seconds < 0))  # type: ignore[operator]


@dataclass(frozen=True, slots=True)
class Ignore:
    """From `init`: the process is not wanted; `start` returns None.

    Example:
        >>> from prx_actors.otp import GenServer, Ignore
        >>> class Unwanted(GenServer):
        ...     def init(self):
        ...         return Ignore()
        >>> Unwanted.start() is None
        True

    """


@dataclass(frozen=True, slots=True)
class Stop:
    """From any callback: end the process with this reason.

    Args:
        reason: the exit reason
        reply: from `handle_call` only: the reply, sent after `terminate`

    Example:
        >>> from prx_actors.otp import GenServer, Stop
        >>> class Brief(GenServer):
        ...     def handle_call(self, request, sender):
        ...         return Stop("normal", reply="bye")
        >>> GenServer.call(Brief.start(), "hello")
        'bye'

    """

    reason: object
    reply: object = NOTHING


@dataclass(frozen=True, slots=True)
class Timeout:
    """From a callback: be told when no message comes in this time; then the message itself.

    Args:
        seconds: how long; with 0, when no message waits; None waits for ever

    Example:
        >>> from prx_actors.otp import Timeout
        >>> Timeout(0.5).seconds
        0.5

    """

    seconds: float | None


@dataclass(frozen=True, slots=True)
class Continue:
    """From a callback: call `handle_continue` before the next message is handled.

    Args:
        argument: what `handle_continue` gets

    Example:
        >>> from prx_actors.otp import Continue
        >>> Continue("load").argument
        'load'

    """

    argument: object


@dataclass(frozen=True, slots=True)
class Reply:
    """From `handle_call`: a reply with something to do after it.

    Args:
        value: the reply
        then: what to do after it

    Example:
        >>> from prx_actors.otp import Continue, Reply
        >>> Reply(42, then=Continue("more")).value
        42

    """

    value: object
    then: Timeout | Continue | None = None


@dataclass(frozen=True, slots=True)
class NoReply:
    """From `handle_call`: no reply yet; `reply(sender, value)` gives it later.

    Args:
        then: what to do next

    Example:
        >>> from prx_actors.otp import NoReply
        >>> NoReply().then is None
        True

    """

    then: Timeout | Continue | None = None
