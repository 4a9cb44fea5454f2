"""What comes of a program that is run to its end."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from prx_actors.programs.completed import completed
from prx_actors.programs.feeder import Failed
from prx_actors.programs.outlets import Outlets
from prx_actors.programs.program import Gone, untold
from prx_actors.programs.texts import Collected
from prx_actors.tasks.messages import ExitStatus, Stderr, Stdout, TermSig

if TYPE_CHECKING:
    from prx_actors.programs.completed import Completed
    from prx_actors.programs.program import Program
    from prx_actors.programs.texts import Texts

__all__ = ["Outcome"]


class Outcome:
    """Collects what a program says until it is gone.

    Args:
        program: the program
        texts: how its output is wanted

    """

    def __init__(self, program: Program, texts: Texts) -> None:
        self._program = program
        self._outlets = Outlets(program.command)
        self._collected = Collected(program.command, texts)
        self._end: ExitStatus | TermSig | None = None
        self._ended_at = 0.0

    def outputs(self) -> tuple[Any, Any]:
        """Return stdout and stderr as far as they have come."""
        return self._collected.outputs()

    def take(self, message: Any) -> bool:
        """Take a message of the program's mailbox in; return whether it is the last.

        Raises:
            BaseException: what the program's source has raised

        """
        match message:
            case Stdout() | Stderr():
                if not self._outlets.take(message):
                    self._collected.add(message)
            case ExitStatus() | TermSig():
                self._end, self._ended_at = message, time.monotonic()
            case Failed(error):
                raise error
            case Gone():
                return True
        return False

    def completed(self) -> Completed:
        """Return what the program did, once it is gone.

        Raises:
            NoProcess: nobody has told how it ended

        """
        program = self._program
        if self._end is None:
            raise untold(program.command)
        end = program.end_of_pipeline(self._end)
        facts = {
            "duration": self._ended_at - program.started_at,
            "timed_out": program.timed_out,
            "last_stderr": self._outlets.last_stderr(),
        }
        return completed(program.command, end, self.outputs(), facts)

    def close(self) -> None:
        """Close what output goes to."""
        self._outlets.close()
