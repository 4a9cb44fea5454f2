"""KeyboardInterrupt in the midst of what the main thread does."""

from __future__ import annotations

import gc
import random
import signal
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

__all__ = ["Interrupts"]

SOONEST = 20e-6
LATEST = 2e-3
AGAIN = 0.5
"""Seconds until the next one, should the first be lost between Python and a system call, as in Python's own."""


class Interrupts:
    """Raises KeyboardInterrupt at random instants, as Ctrl-C does; a context manager for the main thread.

    Args:
        seed: of the instants
    """

    def __init__(self, seed: int = 0) -> None:
        self._random = random.Random(seed)  # noqa: S311 - no secret
        self._armed = False
        self.count = 0
        """How many came."""

    def __enter__(self) -> Self:
        self._before = signal.signal(signal.SIGALRM, self._on_alarm)
        # What Python calls while it collects garbage would swallow the interrupt.
        gc.disable()
        return self

    def __exit__(self, *_: object) -> None:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, self._before)
        gc.enable()

    def _on_alarm(self, _signal: int, _frame: FrameType | None) -> None:
        if self._armed:
            raise KeyboardInterrupt

    def strike(self, act: Callable[[], object]) -> bool:
        """Do something once, and interrupt it unless it is too quick.

        Args:
            act: what to do

        Returns:
            whether it came to its end; it may have, and yet been interrupted on its return
        """
        try:
            self._armed = True
            signal.setitimer(signal.ITIMER_REAL, self._random.uniform(SOONEST, LATEST), AGAIN)
            act()
            self._armed = False
        except KeyboardInterrupt:
            self._armed = False
            self.count += 1
            return False
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
        return True

    def strike_midst(self, act: Callable[[], object]) -> None:
        """Do something over and over until an interrupt comes, which is in its midst."""

        def forever() -> None:
            while True:
                act()

        assert not self.strike(forever)

    def between(self, low: int, high: int) -> int:
        """Draw a number."""
        return self._random.randint(low, high)
