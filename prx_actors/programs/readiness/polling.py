"""What is only found out by trying again and again."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from prx_actors.actors import receive
from prx_actors.programs.readiness.protocol import NotReady, Unprepared
from prx_actors.tasks.messages import ExitStatus, TermSig

if TYPE_CHECKING:
    from prx_actors.tasks.task import Task

__all__ = ["Polled"]

FIRST_PAUSE: Final = 0.005
LONGEST_PAUSE: Final = 0.25
GROWTH: Final = 1.5


class Polled(Unprepared):
    """A kind of readiness for which there is no event: it is asked for until it is there."""

    def is_ready(self, task: Task, left: float) -> bool:
        """Try once.

        Args:
            task: the program
            left: seconds that this may take

        """
        raise NotImplementedError

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
                raise self.late(task)
            _pause(task, min(pause, left))
            pause = min(pause * GROWTH, LONGEST_PAUSE)


def _pause(task: Task, seconds: float) -> None:
    try:
        end = receive(ExitStatus, TermSig, task=task, timeout=seconds)
    except TimeoutError:
        if not task.is_alive():
            raise NotReady(task, None) from None
    else:
        raise NotReady(task, end)
