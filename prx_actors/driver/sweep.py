"""The end of what a process leaves behind: its parent driver sees to that, then the keeper."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING

from prx_actors.driver.reactor import Timer, reactor
from prx_actors.system.procfs import is_alive

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from prx_actors.driver.ending import Ending

__all__ = ["LATE", "SIGKILL", "UNTOLD", "Sweep"]

SIGKILL = 9

PATIENCE = 0.3
"""Seconds that a parent has to say that it sweeps: one that is stopped, or in a call, does not."""

LATE = 0.5
"""Seconds after the deadline at which the keeper kills what is still there."""

UNTOLD = 1.0
"""Seconds after the deadline at which the end is announced, whatever is left."""


class Sweep:
    """What has to be gone before the end of a process is announced; on the reactor's thread.

    What a driver leaves is swept by its own parent, with all that its children
    have left: their ends wait for that, too. Where something was out of the
    ordinary, the keeper searches all processes after that.

    Args:
        driver: whose end it is
        above: the sweep of its parent

    """

    __slots__ = (
        "_deadline",
        "_driver",
        "_left",
        "_parents",
        "_searches",
        "_signal",
        "_silent",
        "_suspect",
        "_timers",
        "_waiting",
        "above",
    )  # fmt: skip

    def __init__(self, driver: Ending, above: Sweep | None) -> None:
        self._driver = driver
        self.above = above
        self._waiting: list[Callable[[], None]] = []
        self._timers: list[Timer] = []
        self._signal = 0
        self._deadline: float | None = None
        """None until the end is asked for."""
        self._parents = False
        """Whether the parent has something to sweep, and has not said that it has done so."""
        self._silent = False
        """Whether the parent does not answer."""
        self._suspect = False
        """Whether a search is to follow."""
        self._searches = 0
        self._left: set[int] = set()

    @property
    def under_way(self) -> bool:
        """Whether something may be left that is being looked for."""
        return self._waits_for_parent or self._suspect or self._searches > 0

    @property
    def _waits_for_parent(self) -> bool:
        return self._parents and not self._silent

    def begin(self) -> None:
        """Note that the parent has found processes that were left, or that there may be some."""
        self._parents = True

    def suspect(self) -> None:
        """Have the keeper search, too: something may be where the parent does not see it."""
        self._suspect = True

    def on_sweeping(self) -> None:
        """Learn that the parent obeys."""
        self._silent = False
        if self._timers:
            self._timers[0].cancel()

    def on_swept(self, *, found: bool, left: Iterable[int]) -> None:
        """Learn that the parent has done what it can.

        Args:
            found: whether there was anything
            left: the pids of what does not end

        """
        self._parents = False
        self._left.update(left)
        self._suspect |= found
        self._go_on()

    def end(self, signal: int, deadline: float) -> None:
        """End what is left.

        Args:
            signal: now
            deadline: when SIGKILL is due, by the monotonic clock

        """
        if not self.under_way or self._deadline is not None:
            return
        self._signal, self._deadline = signal, deadline
        if self._parents:
            self._driver.order_parent(signal, self._delay())
        late = self._delay() + LATE
        self._timers = [reactor.call_later(PATIENCE, self._on_silence), reactor.call_later(late, self.kill)]
        self._go_on()

    def _delay(self) -> float:
        return 0.0 if self._deadline is None else max(0.0, self._deadline - time.monotonic())

    def _on_silence(self) -> None:
        self._silent = self._suspect = self._parents
        self._go_on()

    def kill(self) -> None:
        """Have the keeper kill what there is."""
        self._search(SIGKILL, 0.0)

    def _search(self, signal: int, delay: float) -> None:
        self._searches += 1
        self._driver.searches.begin(self._driver.id, signal, delay, self._on_searched)

    def _on_searched(self, left: list[int]) -> None:
        self._searches -= 1
        self._left.update(left)
        self._go_on()

    def _go_on(self) -> None:
        if self._suspect and not self._waits_for_parent and self._deadline is not None:
            self._suspect = False
            self._search(self._signal, self._delay())
        elif not self.under_way:
            self._finish()

    def _finish(self) -> None:
        for timer in self._timers:
            timer.cancel()
        waiting, self._waiting = self._waiting, []
        for callback in waiting:
            callback()

    def when_over(self, until: float, callback: Callable[[], None]) -> None:
        """Call back when nothing is left here and above; at once when that is so.

        Args:
            until: when to call back at the latest, by the monotonic clock
            callback: bears to be called twice

        """
        sweep: Sweep | None = self
        while sweep is not None and not sweep.under_way:
            sweep = sweep.above
        if sweep is None:
            callback()
            return
        limit = reactor.call_later(max(0.0, until - time.monotonic()), callback)
        sweep.when_done(partial(self._look_again, limit, until, callback))

    def when_done(self, callback: Callable[[], None]) -> None:
        """Call back when nothing is left here, which has not been so yet."""
        self._waiting.append(callback)

    def _look_again(self, limit: Timer, until: float, callback: Callable[[], None]) -> None:
        limit.cancel()
        self.when_over(until, callback)

    def note_left(self, pid: int) -> None:
        """Note a process that does not end."""
        self._left.add(pid)

    def left(self) -> tuple[int, ...]:
        """Return the pids of what did not end in time, and is still there."""
        return tuple(sorted(pid for pid in self._left if is_alive(pid)))
