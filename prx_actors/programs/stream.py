"""stream and pipe: a program as an iterator over what it says."""

from __future__ import annotations

import errno
import os
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Self

from prx_actors.actors import ProcessExit
from prx_actors.programs.events import Events
from prx_actors.programs.keywords import command_of
from prx_actors.programs.program import Program

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from types import TracebackType

    from prx_actors.programs.command import Command, Text
    from prx_actors.programs.events import Event
    from prx_actors.tasks.messages import ExitStatus, TermSig

__all__ = ["ProgramStream", "pipe", "stream"]


class ProgramStream:
    """What a program says, as it says it; made by `stream` and `pipe`.

    The program starts with the first `next`, or `write`. It ends, with all that
    it has started and in the background, when the stream is closed: by `close`,
    at the end of a `with` block, or when nobody has it any more.

    Args:
        command: what to run
        lines: whether output comes line by line

    """

    _over = True
    """Whether it was closed; one whose making was interrupted has nothing to close."""

    def __init__(self, command: Command, *, lines: bool) -> None:
        self.command = command
        """What is run."""
        self._program = Program(command)
        self._pid = os.getpid()
        self._lines = lines
        self._events: Events | None = None
        self._deadline: float | None = None
        self._over = False

    def __iter__(self) -> Iterator[Event]:
        return self

    def __next__(self) -> Event:
        try:
            return self._next(self._begin())
        except BaseException:
            self.close()
            raise

    def _next(self, events: Events) -> Event:
        while (event := events.next()) is None:
            if events.over:
                raise StopIteration
            events.take(self._wait())
        return event

    def _begin(self) -> Events:
        if self._over:
            raise StopIteration
        if self._events is None:
            self._events = Events(self._program, lines=self._lines)
            self._program.start_and_wait()
            if self.command.timeout is not None:
                self._deadline = self._program.started_at + self.command.timeout
        return self._events

    def _wait(self) -> Any:
        while True:
            left = None if self._deadline is None else max(0.0, self._deadline - time.monotonic())
            try:
                return self._program.next(left)
            except TimeoutError:
                self._deadline = None
                self._program.ask_to_end()

    def _open(self) -> Self:
        if self._over:
            raise OSError(errno.EBADF, os.strerror(errno.EBADF), "stdin")
        self._begin()
        return self

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
        self._open()._program.write(data.encode() if isinstance(data, str) else data)

    def eof(self) -> None:
        """Close the program's stdin after what was written.

        Raises:
            OSError: `EBADF`, it is closed; what keeps the program from starting

        """
        self._open()._program.close_stdin()

    def allows(self, end: ExitStatus | TermSig) -> bool:
        """Say whether an end is no failure of the program."""
        return self.command.allows(end)

    def close(self) -> None:
        """End the program with all that it has started, in the background; from any thread."""
        self._over = True
        if self._events is None:
            return
        self._program.end()
        self._events.close()
        if self._program.feeder is not None:
            self._program.feeder.close_source()

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
        return f"<Stream of {self.command}: {self._program.task or 'not begun'}>"


def stream(command: Command | Iterable[Text] | str, *, lines: bool = False, **options: Any) -> ProgramStream:
    r"""Iterate over what a program says: `Stdout`, `Stderr` and then `ExitStatus` or `TermSig`.

    It is lazy: the program starts with the first `next`, and waits when its
    output is not taken. It ends with the iterator, whatever ends that.

    Args:
        command: a `Command`, an argv or, with `shell=True`, a line
        lines: whether output comes line by line, with the ends; a line of more
            than 1 MiB comes in pieces
        options: fields of the command

    Returns:
        an iterator; also a context manager that closes it. Its `next` raises
        `OSError` when the program cannot be started, and `NoProcess` when it was
        ended from outside, so that nobody can tell its status: what has come is
        not all

    Raises:
        BadCommand: names every mistake

    Example:
        >>> from prx_actors import stream
        >>> [event.data for event in stream(["printf", "a\nb\n"], lines=True) if hasattr(event, "data")]
        [b'a\n', b'b\n']

    """
    return ProgramStream(command_of(command, options), lines=lines)


def pipe(
    source: Iterable[Any], command: Command | Iterable[Text] | str, *, lines: bool = False, **options: Any
) -> ProgramStream:
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
