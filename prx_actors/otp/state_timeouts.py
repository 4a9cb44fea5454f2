"""The time-outs of a state machine, and the table of those that run.

A time-out is both the action that starts it and the event that comes when its
time is over: the machine gets back the very object that it has returned.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = [
    "EVENT_TIMEOUT",
    "STATE_TIMEOUT",
    "CancelTimeout",
    "EventTimeout",
    "Expiry",
    "GenericTimeout",
    "StateTimeout",
    "Timeout",
    "TimeoutTable",
    "UpdateTimeout",
]

TimeoutType: TypeAlias = str | tuple[str, Any]
"""A machine has at most one time-out of each type."""

STATE_TIMEOUT: Final = "state_timeout"
EVENT_TIMEOUT: Final = "timeout"


@dataclass(frozen=True, slots=True)
class StateTimeout:
    """Comes after some time in this state; a change of state cancels it.

    Example:
        >>> from prx_actors.otp.state_machine import StateTimeout
        >>> StateTimeout(0.5, "lock")
        StateTimeout(seconds=0.5, content='lock', absolute=False)
        >>> StateTimeout.cancel()
        CancelTimeout(timeout_type='state_timeout')

    """

    timeout_type: ClassVar[TimeoutType] = STATE_TIMEOUT

    seconds: float | None
    """After how long; 0 when no event waits any more; none cancels."""

    content: Any = None

    absolute: bool = False
    """Whether `seconds` is a time on the clock of `time.monotonic`."""

    @classmethod
    def cancel(cls) -> CancelTimeout:
        """Return the action that stops it."""
        return CancelTimeout(cls.timeout_type)

    @classmethod
    def update(cls, content: object) -> UpdateTimeout:
        """Return the action that changes the content and leaves the time.

        Args:
            content: the new one; when none runs, it comes with time 0

        """
        return UpdateTimeout(cls(0, content))


@dataclass(frozen=True, slots=True)
class EventTimeout:
    """Comes after some time in which nothing happens; any event cancels it.

    Example:
        >>> from prx_actors.otp.state_machine import EventTimeout
        >>> EventTimeout(0.5).seconds
        0.5

    """

    timeout_type: ClassVar[TimeoutType] = EVENT_TIMEOUT

    seconds: float | None
    """After how long; 0 when no event waits any more; none cancels."""

    content: Any = None

    absolute: bool = False
    """Whether `seconds` is a time on the clock of `time.monotonic`."""


@dataclass(frozen=True, slots=True)
class GenericTimeout:
    """Comes after some time, whatever happens; one for each name.

    Example:
        >>> from prx_actors.otp.state_machine import GenericTimeout
        >>> GenericTimeout("retry", 0.5).name
        'retry'
        >>> GenericTimeout.cancel("retry")
        CancelTimeout(timeout_type=('timeout', 'retry'))

    """

    name: Any
    """Any hashable value."""

    seconds: float | None
    """After how long; 0 when no event waits any more; none cancels."""

    content: Any = None

    absolute: bool = False
    """Whether `seconds` is a time on the clock of `time.monotonic`."""

    @property
    def timeout_type(self) -> TimeoutType:
        """The type, which has the name in it."""
        return EVENT_TIMEOUT, self.name

    @classmethod
    def cancel(cls, name: object) -> CancelTimeout:
        """Return the action that stops the one of that name.

        Args:
            name: as it was started

        """
        return CancelTimeout((EVENT_TIMEOUT, name))

    @classmethod
    def update(cls, name: object, content: object) -> UpdateTimeout:
        """Return the action that changes the content and leaves the time.

        Args:
            name: as it was started
            content: the new one; when none runs, it comes with time 0

        """
        return UpdateTimeout(cls(name, 0, content))


Timeout: TypeAlias = StateTimeout | EventTimeout | GenericTimeout


@dataclass(frozen=True, slots=True)
class CancelTimeout:
    """Stops a time-out; made by the `cancel` of its class."""

    timeout_type: TimeoutType


@dataclass(frozen=True, slots=True)
class UpdateTimeout:
    """Changes the content of a time-out; made by the `update` of its class."""

    timeout: Timeout

    @property
    def timeout_type(self) -> TimeoutType:
        """Which one it changes."""
        return self.timeout.timeout_type


TimeoutAction: TypeAlias = Timeout | CancelTimeout | UpdateTimeout


class Expiry:
    """The message that a timer sends: the end of one start of a time-out."""

    __slots__ = ("timeout_type",)

    def __init__(self, timeout_type: TimeoutType) -> None:
        self.timeout_type = timeout_type


class _Running:
    __slots__ = ("expiry", "timeout", "timer")

    def __init__(self, timeout: Timeout, expiry: Expiry | None = None, timer: object = None) -> None:
        self.timeout = timeout
        self.expiry = expiry
        self.timer = timer


class TimeoutTable:
    """The time-outs of one machine that run or are due.

    Args:
        start: has an `Expiry` sent to the machine after some seconds
        cancel: stops what `start` has returned

    """

    def __init__(self, start: Callable[[float, Expiry], object], cancel: Callable[[Any], object]) -> None:
        self._start_timer = start
        self._cancel_timer = cancel
        self._running: dict[TimeoutType, _Running] = {}
        # Those of time 0, which have no timer, in the order in which they come.
        self._due: dict[TimeoutType, None] = {}

    def timeouts(self) -> list[Timeout]:
        """Return those that run or are due."""
        return [running.timeout for running in self._running.values()]

    def act(self, actions: Iterable[TimeoutAction]) -> None:
        """Do these in order; the last one of each type wins.

        Args:
            actions: starts, cancels and updates

        """
        last: dict[TimeoutType, TimeoutAction] = {}
        for action in actions:
            last.pop(action.timeout_type, None)
            last[action.timeout_type] = action
        for action in last.values():
            self._do(action)

    def _do(self, action: TimeoutAction) -> None:
        if isinstance(action, CancelTimeout) or (not isinstance(action, UpdateTimeout) and action.seconds is None):
            self.cancel(action.timeout_type)
        elif isinstance(action, UpdateTimeout):
            self._update(action.timeout)
        else:
            self._start(action)

    def _start(self, timeout: Timeout) -> None:
        self.cancel(timeout.timeout_type)
        seconds = timeout.seconds or 0.0
        if timeout.absolute:
            seconds = max(0.0, seconds - time.monotonic())
        elif not seconds:
            self._make_due(timeout)
            return
        expiry = Expiry(timeout.timeout_type)
        self._running[timeout.timeout_type] = _Running(timeout, expiry, self._start_timer(seconds, expiry))

    def _make_due(self, timeout: Timeout) -> None:
        self._running[timeout.timeout_type] = _Running(timeout)
        self._due[timeout.timeout_type] = None

    def _update(self, timeout: Timeout) -> None:
        running = self._running.get(timeout.timeout_type)
        if running is None:
            self._make_due(timeout)
        else:
            running.timeout = replace(running.timeout, content=timeout.content)

    def cancel(self, timeout_type: TimeoutType) -> None:
        """Stop the one of that type, if it is there.

        An `Expiry` that is under way already will not be `expired`.
        """
        running = self._running.pop(timeout_type, None)
        self._due.pop(timeout_type, None)
        if running is not None and running.expiry is not None:
            self._cancel_timer(running.timer)

    def find(self, expiry: Expiry) -> Timeout | None:
        """Return the one whose timer has sent this; none when it was cancelled."""
        running = self._running.get(expiry.timeout_type)
        return running.timeout if running is not None and running.expiry is expiry else None

    def expired(self, expiry: Expiry) -> Timeout | None:
        """Remove and return the one whose timer has sent this; none when it was cancelled."""
        timeout = self.find(expiry)
        if timeout is not None:
            del self._running[expiry.timeout_type]
        return timeout

    def take_due(self) -> Timeout | None:
        """Remove and return the first one of time 0."""
        timeout_type = next(iter(self._due), None)
        if timeout_type is None:
            return None
        del self._due[timeout_type]
        return self._running.pop(timeout_type).timeout
