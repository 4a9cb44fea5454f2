"""The keeper's search of all processes for the marks of tasks."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

from prx_actors.driver.protocol import frame
from prx_actors.driver.reactor import reactor
from prx_actors.driver.state import State
from prx_actors.system.native import lib

if TYPE_CHECKING:
    from collections.abc import Callable

    from prx_actors.driver.driver import Driver

__all__ = ["Searches"]

EVERYTHING = lib.PRX_SEARCH_EVERYTHING
"""The search for all marks of a run, by which its keeper ends."""
PATIENCE = 1.0
"""Seconds after the deadline that a successor may take."""


class _Search(NamedTuple):
    id: int
    signal: int
    deadline: float
    callback: Callable[[list[int]], None]


class Searches:
    """What a keeper is asked to search for; on the reactor's thread.

    A keeper that was killed has a successor, which searches in its stead.

    Args:
        keeper: the driver

    """

    def __init__(self, keeper: Driver) -> None:
        self._keeper = keeper
        self._under_way: dict[int, list[_Search]] = {}
        self._successor: Searches | None = None
        self._starting = False
        self.over = False
        """Whether everything has been searched for, as a keeper does that ends and was not killed."""
        self.succeed: Callable[[Callable[[Driver | None], None]], None]
        """Starts a successor, and calls back with its driver, if there is one."""
        self.has_successor = True
        """A successor has none: where it does not live, the next one would not either."""
        self.when_idle: Callable[[], None] | None = None

    @property
    def under_way(self) -> bool:
        """Whether something is searched for, by the keeper or its successor."""
        return bool(self._under_way) or self._successor is not None

    def begin(self, id: int, signal: int, delay: float, callback: Callable[[list[int]], None]) -> None:
        """End all processes that have a task's mark.

        Args:
            id: the task's
            signal: now
            delay: seconds until SIGKILL
            callback: called once, with the pids of those that do not end

        """
        search = _Search(id, signal, time.monotonic() + delay, callback)
        if self._successor is not None:
            self._successor.take(search)
        elif self.over:
            callback([])
        else:
            self.take(search)

    def take(self, search: _Search) -> None:
        """Search, or have a successor do it."""
        self._under_way.setdefault(search.id, []).append(search)
        if self._keeper.state is State.GONE:
            self._find_successor()
        elif search.id == EVERYTHING:
            self._keeper.order(frame(lib.PRX_ORDER_SEARCH, EVERYTHING, 0, 0))
            self._keeper.shut()
        else:
            delay = max(0.0, search.deadline - time.monotonic())
            self._keeper.order(frame(lib.PRX_ORDER_SEARCH, search.id, search.signal, int(delay * 1_000_000)))

    def on_searched(self, id: int, left: list[int]) -> None:
        """Learn that the search for a task is over, or that for everything."""
        self.over |= id == EVERYTHING
        for over in list(self._under_way) if self.over else [id]:
            for search in self._under_way.pop(over, []):
                search.callback(left)
        if not self._under_way and self.when_idle is not None:
            self.when_idle()

    def on_keeper_ended(self) -> None:
        """Leave what is under way to a successor."""
        if self._under_way:
            self._find_successor()

    def end(self, delay: float, callback: Callable[[], None]) -> None:
        """End the keeper and everything that has a mark of its run, even if the keeper was killed before.

        Args:
            delay: seconds that this takes at most
            callback: called once, when it is done

        """

        def on_searched(_left: list[int]) -> None:
            self.over = True  # be it by a successor
            callback()

        self.begin(EVERYTHING, 0, delay, on_searched)

    def _find_successor(self) -> None:
        if not self.has_successor:
            self._on_successor(None)
        elif not self._starting:
            self._starting = True
            self.succeed(self._on_successor)

    def _on_successor(self, keeper: Driver | None) -> None:
        self._starting = False
        if keeper is None:
            for id in list(self._under_way):
                self.on_searched(id, [])
            return
        self._successor = keeper.searches
        keeper.searches.when_idle = self._forget_successor
        under_way, self._under_way = self._under_way, {}
        searches = [search for same in under_way.values() for search in same]
        for search in searches:
            keeper.searches.take(search)
        # One that says nothing is not waited for, nor left: what does not end is told by a second after the deadline.
        late = max([search.deadline for search in searches], default=0.0) + PATIENCE
        reactor.call_later(max(0.0, late - time.monotonic()), self._forget_successor)

    def _forget_successor(self) -> None:
        successor, self._successor = self._successor, None
        if successor is not None:
            successor._keeper.shut()  # noqa: SLF001 -- one of this class
