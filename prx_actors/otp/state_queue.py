"""The events that a state machine has and has not handled yet."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["EventQueue"]


class EventQueue:
    """Inserted events, then those that were postponed, oldest first."""

    def __init__(self) -> None:
        self.postponed: list[object] = []
        """They wait for a change of state."""
        self._events: deque[object] = deque()

    def __bool__(self) -> bool:
        return bool(self._events)

    def waiting(self) -> list[object]:
        """Return those that are not postponed, in their order."""
        return list(self._events)

    def take(self) -> object:
        """Remove and return the next one.

        Raises:
            IndexError: when there is none

        """
        return self._events.popleft()

    def postpone(self, event: object) -> None:
        """Keep an event until the state changes."""
        self.postponed.append(event)

    def retry(self) -> None:
        """Put those that were postponed before all others: the state has changed."""
        self._events.extendleft(reversed(self.postponed))
        self.postponed.clear()

    def insert(self, events: Sequence[object]) -> None:
        """Put these before all others, in their order."""
        self._events.extendleft(reversed(events))
