"""Ready when a line of the output says so."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from prx_actors.actors import current, receive, send
from prx_actors.programs.lines import LineBuffer
from prx_actors.programs.readiness.protocol import NotReady, Unprepared
from prx_actors.tasks.messages import ExitStatus, Stderr, Stdout, TermSig

if TYPE_CHECKING:
    from prx_actors.tasks.task import Task

__all__ = ["Line"]


@dataclass(frozen=True)
class Line(Unprepared):
    r"""Ready when a line on stdout, or on stderr, matches a pattern.

    The output stays in the mailbox of the task's owner, for whoever reads it. It
    has to be delivered there: not written to a file by the program itself.

    Example:
        >>> from prx_actors import Stdout, prx, receive
        >>> from prx_actors.programs.readiness import Line
        >>> with prx.fork() as task:
        ...     prx.execvp(task, ["sh", "-c", "echo listening on port 80; exec sleep 1000"])
        ...     Line(r"listening on port \d+").begin().wait_ready(task)
        ...     receive(Stdout, task=task).data
        b'listening on port 80\n'

    """

    pattern: str | re.Pattern[str]
    """A regular expression, searched for in each line."""

    stream: str = "stdout"
    """Or `"stderr"`."""

    timeout: float = 30.0
    """Seconds from the start."""

    def __post_init__(self) -> None:
        re.compile(self.pattern)
        if self.stream not in {"stdout", "stderr"}:
            msg = f"{self.stream!r} is neither 'stdout' nor 'stderr'"
            raise ValueError(msg)

    def wait_ready(self, task: Task) -> None:
        """Wait for the line, the program's end, or the time-out.

        Raises:
            NotReady: it has ended before
            TimeoutError: it is not ready in time

        """
        search = _Search(self, task)
        try:
            message = receive(search, timeout=self.timeout)
        except TimeoutError:
            raise self.late(task) from None
        if message is not search.found:
            raise NotReady(task, message)


class _Search:
    """A predicate that looks at the output in passing, and takes only what it has sent to itself."""

    def __init__(self, line: Line, task: Task) -> None:
        self.found = object()
        self._pattern = re.compile(line.pattern)
        self._kind = Stdout if line.stream == "stdout" else Stderr
        self._task = task
        self._lines = LineBuffer()
        self._is_found = False

    def __call__(self, message: object) -> bool:
        if message is self.found:
            return True
        if getattr(message, "task", None) is not self._task or self._is_found:
            return False
        if isinstance(message, self._kind):
            self._look_at(message.data)
        return isinstance(message, ExitStatus | TermSig)

    def _look_at(self, data: bytes) -> None:
        lines = (line.decode(errors="replace").rstrip("\r\n") for line in self._lines.feed(data))
        if any(self._pattern.search(line) for line in lines):
            self._is_found = True
            send(current(), self.found)
