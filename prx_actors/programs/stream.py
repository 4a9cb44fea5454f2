"""stream and pipe: a program as an iterator over what it says."""

from __future__ import annotations

import os
import time
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Self

from prx_actors.actors import ProcessExit
from prx_actors.programs.feeder import Failed
from prx_actors.programs.keywords import command_of
from prx_actors.programs.lines import LineBuffer
from prx_actors.programs.outlets import Outlets
from prx_actors.programs.program import Gone, Program
from prx_actors.tasks.messages import ExitStatus, Stderr, Stdout, TermSig

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from types import TracebackType

    from prx_actors.programs.command import Command, Text

    Event = Stdout | Stderr | ExitStatus | TermSig

__all__ = ["Stream", "pipe", "stream"]


class Stream:
    """What a program says, as it says it; made by `stream` and `pipe`.

    The program starts with the first `next`, or `write`. It ends, with all that
    it has started and in the background, when the stream is closed: by `close`,
    at the end of a `with` block, or when nobody has it any more.

    Args:
        command: what to run
        lines: whether output comes line by line

    """

    def __init__(self, command: Command, *, lines: bool) -> None:
        self.command = command
        """What is run."""
        self._program = Program(command)
        self._pid = os.getpid()
        self._outlets: Outlets | None = None
        self._events: deque[Event] = deque()
        self._buffers: dict[type[Stdout | Stderr], LineBuffer] | None = None
        if lines:
            self._buffers = {Stdout: LineBuffer(), Stderr: LineBuffer()}
        self._begun = False
        self._over = False
        self._deadline: float | None = None

    def __iter__(self) -> Iterator[Event]:
        return self

    def __next__(self) -> Event:
        try:
            return self._next()
        except BaseException:
            self.close()
            raise

    def _next(self) -> Event:
        self._begin()
        while not self._events:
            if self._over:
                raise StopIteration
            self._take(self._wait())
        return self._events.popleft()

    def _begin(self) -> None:
        if self._begun or self._over:
            return
        self._begun = True
        self._outlets = Outlets(self.command)
        self._program.start_and_wait()
        if self.command.timeout is not None:
            self._deadline = self._program.started_at + self.command.timeout

    def _wait(self) -> Any:
        while True:
            left = None if self._deadline is None else max(0.0, self._deadline - time.monotonic())
            try:
                return self._program.next(left)
            except TimeoutError:
                self._deadline = None
                self._program.ask_to_end()

    def _take(self, message: Any) -> None:
        match message:
            case Stdout() | Stderr():
                if self._outlets is None or not self._outlets.take(message):
                    self._add(message)
            case ExitStatus() | TermSig():
                self._add_rest(message)
                self._events.append(self._end_of_pipeline(message))
            case Failed(error):
                raise error
            case Gone():
                self.close()

    def _add(self, message: Stdout | Stderr) -> None:
        # What comes from a program further up was cut there.
        if self._buffers is None or message.task is not self._program.task:
            self._events.append(message)
            return
        for line in self._buffers[type(message)].feed(message.data):
            self._events.append(type(message)(message.task, line))

    def _add_rest(self, end: ExitStatus | TermSig) -> None:
        for kind, buffer in (self._buffers or {}).items():
            for line in buffer.rest():
                self._events.append(kind(end.task, line))

    def _end_of_pipeline(self, end: ExitStatus | TermSig) -> ExitStatus | TermSig:
        feeder = self._program.feeder
        failed_above = None if feeder is None else feeder.failure
        return failed_above if failed_above is not None and self.command.allows(end) else end

    def write(self, data: bytes | str) -> None:
        """Write to the program's stdin, which is a `PIPE` or a terminal, without waiting.

        Args:
            data: bytes, or `str`, which is written as UTF-8

        Raises:
            BufferError: 16 MiB that the program has not read would wait
            OSError: `EPIPE` when it has closed its stdin, `EBADF` after `eof`;
                what keeps it from starting

        Example:
            >>> from prx_actors import stream
            >>> from prx_actors.programs import PIPE
            >>> with stream(["cat"], stdin=PIPE) as cat:
            ...     cat.write("hello")
            ...     next(cat).data
            b'hello'

        """
        self._begin()
        self._program.write(data.encode() if isinstance(data, str) else data)

    def eof(self) -> None:
        """Close the program's stdin after what was written.

        Raises:
            OSError: `EBADF`, it is closed; what keeps the program from starting

        """
        self._begin()
        self._program.close_stdin()

    def allows(self, end: ExitStatus | TermSig) -> bool:
        """Say whether an end is no failure of the program."""
        return self.command.allows(end)

    def close(self) -> None:
        """End the program with all that it has started, in the background; from any thread."""
        self._over = True
        if not self._begun:
            return
        self._program.end()
        feeder, outlets = self._program.feeder, self._outlets
        if feeder is not None:
            feeder.close_source()
        if outlets is not None:
            outlets.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __del__(self) -> None:
        # Not in the child of a fork, whose parent has it; nor where there are no threads any more, at the exit.
        if not self._over and os.getpid() == self._pid:
            with suppress(RuntimeError, ProcessExit):
                self.close()

    def __repr__(self) -> str:
        return f"<Stream of {self.command}: {self._program.task if self._begun else 'not begun'}>"


def stream(command: Command | Iterable[Text] | str, *, lines: bool = False, **options: Any) -> Stream:
    r"""Iterate over what a program says: `Stdout`, `Stderr` and then `ExitStatus` or `TermSig`.

    It is lazy: the program starts with the first `next`, and waits when its
    output is not taken. It ends with the iterator, whatever ends that.

    Args:
        command: a `Command`, an argv or, with `shell=True`, a line
        lines: whether output comes line by line, with the ends; a line of more
            than 1 MiB comes in pieces
        options: fields of the command

    Returns:
        an iterator; also a context manager that closes it

    Raises:
        BadCommand: names every mistake

    Example:
        >>> from prx_actors import stream
        >>> [event.data for event in stream(["printf", "a\nb\n"], lines=True) if hasattr(event, "data")]
        [b'a\n', b'b\n']

    """
    return Stream(command_of(command, options), lines=lines)


def pipe(
    source: Iterable[Any], command: Command | Iterable[Text] | str, *, lines: bool = False, **options: Any
) -> Stream:
    """Iterate over what a program says that reads what an iterable yields.

    The source is read, on a thread of its own, as fast as the program reads; and
    closed when the program reads no more. When it is the stream of another
    program, this is a pipeline: the stderr of that comes here, and so does its
    end in the place of this one's, if it fails and this one does not. That it
    was ended because this program reads no more is no failure.

    Args:
        source: yields bytes, str or what `stream` and `pipe` do
        command: as for `stream`
        lines: as for `stream`
        options: fields of the command

    Returns:
        as `stream`; what the source raises is raised by its `next`

    Raises:
        BadCommand: names every mistake

    Example:
        >>> from prx_actors import pipe, stream
        >>> lines = stream(["seq", "3"])
        >>> next(pipe(lines, ["wc", "-l"])).data.strip()
        b'3'

    """
    return stream(command, lines=lines, stdin=source, **options)
