"""What a program says, on its way from the mailbox to who reads the stream."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any, TypeAlias

from prx_actors.programs.feeder import Failed
from prx_actors.programs.lines import LineBuffer
from prx_actors.programs.outlets import Outlets
from prx_actors.programs.program import Gone, untold
from prx_actors.tasks.messages import ExitStatus, Stderr, Stdout, TermSig

if TYPE_CHECKING:
    from prx_actors.programs.program import Program
    from prx_actors.tasks.task import Task

__all__ = ["Event", "Events"]

Event: TypeAlias = Stdout | Stderr | ExitStatus | TermSig


class Events:
    """Turns messages into events: without what goes elsewhere, line by line if asked to.

    Args:
        program: whose
        lines: whether output comes line by line

    """

    def __init__(self, program: Program, *, lines: bool) -> None:
        self._program = program
        self._outlets = Outlets(program.command)
        self._ready: deque[Event] = deque()
        self._buffers: dict[type[Stdout | Stderr], LineBuffer] | None = None
        if lines:
            self._buffers = {Stdout: LineBuffer(), Stderr: LineBuffer()}
        self._told = False
        self.over = False
        """Whether no more come than there are."""

    def next(self) -> Event | None:
        """Return the next event, if there is one.

        Raises:
            NoProcess: there is none, and the end of the program was not told

        """
        if self._ready:
            return self._ready.popleft()
        if self.over and not self._told:
            raise untold(self._program.command)
        return None

    def take(self, message: Any) -> None:
        """Take a message of the program's mailbox in.

        Raises:
            BaseException: what the program's source has raised

        """
        match message:
            case Stdout() | Stderr():
                if not self._outlets.take(message):
                    self._add(message)
            case ExitStatus() | TermSig():
                self._told = True
                self._add_rest(message.task)
                self._ready.append(self._program.end_of_pipeline(message))
            case Failed(error):
                raise error
            case Gone():
                if self._program.task is not None:
                    self._add_rest(self._program.task)
                self.over = True

    def _add(self, message: Stdout | Stderr) -> None:
        # What comes from a program further up was cut there.
        if self._buffers is None or message.task is not self._program.task:
            self._ready.append(message)
            return
        for line in self._buffers[type(message)].feed(message.data):
            self._ready.append(type(message)(message.task, line))

    def _add_rest(self, task: Task) -> None:
        for kind, buffer in (self._buffers or {}).items():
            for line in buffer.rest():
                self._ready.append(kind(task, line))

    def close(self) -> None:
        """Close what output goes to; from any thread."""
        self._told = self.over = True  # whoever closes it does not wait for the end
        self._outlets.close()
