"""Until when a program may run: that of its command, of `run`, and of `prx.timeout`."""

from __future__ import annotations

import errno
import subprocess
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from prx_actors.programs.outcome import Outcome
    from prx_actors.programs.program import Program

__all__ = ["Deadlines"]


class Deadlines:
    """What is left of each, and what is done when one has passed.

    Args:
        timeout: seconds after which `TimeoutExpired` is raised
        bound: the time, by `time.monotonic`, at which `TimeoutError` is raised

    """

    def __init__(self, timeout: float | None, bound: float | None = None) -> None:
        self._timeout = timeout
        self._bound = bound
        self._over: float | None = None
        self._gentle: float | None = None

    def begin(self, program: Program) -> None:
        """Begin to count: the program runs."""
        self._program = program
        limit = program.command.timeout
        self._gentle = None if limit is None else program.started_at + limit
        self._over = None if self._timeout is None else program.started_at + self._timeout

    def left(self) -> float | None:
        """Return the seconds to the first of them, none when there is none."""
        first = min((one for one in (self._bound, self._over, self._gentle) if one is not None), default=None)
        return None if first is None else max(0.0, first - time.monotonic())

    def pass_by(self, outcome: Outcome) -> None:
        """Do what is due: the gentlest last.

        Raises:
            subprocess.TimeoutExpired: the time that `run` was given is over
            TimeoutError: that of `prx.timeout` is

        """
        now = time.monotonic()
        command = self._program.command
        if self._timeout is not None and self._over is not None and now >= self._over:
            raise subprocess.TimeoutExpired(list(command.argv), self._timeout, *outcome.outputs())
        if self._bound is not None and now >= self._bound:
            raise TimeoutError(errno.ETIMEDOUT, f"{command} takes longer than allowed")
        self.ask_if_due()

    def ask_if_due(self) -> None:
        """Ask the program to end if its own time is over."""
        if self._gentle is not None and time.monotonic() >= self._gentle:
            self._gentle = None
            self._program.ask_to_end()
