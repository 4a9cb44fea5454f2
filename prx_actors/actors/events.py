"""An event that costs next to nothing until somebody waits for it."""

from __future__ import annotations

import threading

__all__ = ["LazyEvent"]


class LazyEvent(threading.Event):
    """A `threading.Event` whose condition is made by who waits first.

    Each process has an event for its end, for Pykka's sake, and hardly ever
    does anybody wait for it; the condition is a third of an idle process.

    Example:
        >>> from prx_actors.actors.events import LazyEvent
        >>> event = LazyEvent()
        >>> event.wait(0), event.set(), event.wait()
        (False, None, True)

    """

    def __init__(self) -> None:
        # In place of Event's, which makes the condition.
        self._flag = False

    @property
    def _cond(self) -> threading.Condition:
        # Atomic: all who wait get the same one.
        condition: threading.Condition | None = self.__dict__.get("_condition")
        return condition or self.__dict__.setdefault("_condition", threading.Condition())

    def set(self) -> None:
        """Set the flag and wake who waits."""
        # In this order: who makes the condition from now on sees the flag.
        self._flag = True
        if "_condition" in self.__dict__:
            super().set()
