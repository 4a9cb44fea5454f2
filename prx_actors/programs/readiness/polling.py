"""What is only found out by trying again and again."""

from __future__ import annotations

import time
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Self

from prx_actors.actors import receive
from prx_actors.programs.readiness.protocol import NotReady
from prx_actors.tasks.messages import ExitStatus, TermSig

if TYPE_CHECKING:
    from collections.abc import Mapping

    from prx_actors.tasks.task import Task

__all__ = ["Polled"]

FIRST_PAUSE: Final = 0.005
LONGEST_PAUSE: Final = 0.25
GROWTH: Final = 1.5


class Polled:
    """A kind of readiness for which there is no event: it is asked for until it is there."""

    timeout: float

    def is_ready(self, task: Task, left: float) -> bool:
        """Try once.

        Args:
            task: the program
            left: seconds that this may take

        """
        raise NotImplementedError

    def begin(self) -> Self:
        """Prepare nothing: one description serves all."""
        return self

    @property
    def environment(self) -> Mapping[str, str]:
        """Nothing: the program need not know."""
        return MappingProxyType({})

    def wait_ready(self, task: Task) -> None:
        """Wait until it is ready, its end, or the time-out.

        Raises:
            NotReady: it has ended before
            TimeoutError: it is not ready in time

        """
        deadline = time.monotonic() + self.timeout
        pause = FIRST_PAUSE
        while not self.is_ready(task, max(FIRST_PAUSE, deadline - time.monotonic())):
            left = deadline - time.monotonic()
            if left <= 0:
                msg = f"{task} was not ready in {self.timeout} s: {self}"
                raise TimeoutError(msg)
            _pause(task, min(pause, left))
            pause = min(pause * GROWTH, LONGEST_PAUSE)

    def close(self) -> None:
        """Do nothing."""


def _pause(task: Task, seconds: float) -> None:
    try:
        end = receive(ExitStatus, TermSig, task=task, timeout=seconds)
    except TimeoutError:
        if not task.is_alive():
            raise NotReady(task, None) from None
    else:
        raise NotReady(task, end)
