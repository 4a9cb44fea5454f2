"""The end of what a process leaves behind, which its parent driver sees to."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from prx_actors.driver.reactor import Timer, reactor

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Sweep"]

logger = logging.getLogger("prx_actors")


class Sweep:
    """What has to be gone before the end of a process is announced; on the reactor's thread.

    What a driver leaves is swept by its own parent, with all that its children
    have left: their ends wait for that, too.

    Args:
        above: the sweep of the parent

    """

    __slots__ = ("_above", "_callbacks", "under_way")

    def __init__(self, above: Sweep | None) -> None:
        self._above = above
        self._callbacks: list[Callable[[], None]] = []
        self.under_way = False

    def begin(self) -> None:
        """Note that processes are left."""
        self.under_way = True

    def finish(self, left: int) -> None:
        """Note that all are gone but so many."""
        if left:
            logger.warning("%d processes that a task has left behind do not end", left)
        self.under_way = False
        callbacks, self._callbacks = self._callbacks, []
        for callback in callbacks:
            callback()

    def when_over(self, seconds: float, callback: Callable[[], None]) -> None:
        """Call back when nothing is left here and above; at once when that is so.

        Args:
            seconds: to wait at the most: a parent that is stopped, or in a call, does not tell
            callback: called once

        """
        if self.under_way:
            limit = reactor.call_later(seconds, lambda: self.finish(0))
            self._callbacks.append(lambda: self._go_on(limit, seconds, callback))
        elif self._above is not None:
            self._above.when_over(seconds, callback)
        else:
            callback()

    def _go_on(self, limit: Timer, seconds: float, callback: Callable[[], None]) -> None:
        limit.cancel()
        self.when_over(seconds, callback)
