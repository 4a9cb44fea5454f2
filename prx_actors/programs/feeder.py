"""Feeder: what an iterable yields goes to a program's stdin, as fast as that is read."""

from __future__ import annotations

import errno
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from pykka._envelope import Envelope

from prx_actors.actors import NoProcess, ProcessExit, receive, spawn
from prx_actors.actors.threads import current_process
from prx_actors.programs.streams import Special, is_relayed
from prx_actors.tasks.messages import ExitStatus, Stderr, Stdout, TermSig

if TYPE_CHECKING:
    from collections.abc import Iterable

    from prx_actors.actors import Process
    from prx_actors.programs.command import Command
    from prx_actors.tasks.task import Task

__all__ = ["Failed", "Feeder", "Source", "data_of", "failure_of"]


@dataclass(frozen=True, slots=True)
class Failed:
    """The iterable that feeds a program has raised something."""

    error: BaseException


@runtime_checkable
class Source(Protocol):
    """The stream of a program."""

    def allows(self, end: ExitStatus | TermSig) -> bool:
        """Say whether an end is no failure."""

    def close(self) -> None:
        """End the program, from any thread."""


class _Room:
    """All that was written has been read, or never will be."""


class Feeder:
    """Reads an iterable in a process of its own, which ends with the program.

    The iterable may be the stream of another program: then its stderr goes to
    whoever reads this one's, and its failure is this one's.

    Args:
        owner: of the task, who gets what goes past the program
        task: whose stdin is fed
        command: that of the task

    """

    def __init__(self, owner: Process, task: Task, command: Command) -> None:
        self._owner = owner
        self._stdin = task._process.driver.stdin
        self._input: Iterable[Any] = command.stdin  # type: ignore[assignment] # see is_needed
        self.failure: ExitStatus | TermSig | None = None
        """How the program failed that is the source."""

    @staticmethod
    def is_needed(command: Command) -> bool:
        """Say whether a command's stdin is to be read here."""
        stdin = command.stdin
        return is_relayed(stdin) and not isinstance(stdin, Special | bytes | bytearray) and hasattr(stdin, "__iter__")

    def begin(self) -> None:
        """Begin to feed; in the program's process."""
        self._owner._adopt(spawn(self._feed))

    def close_source(self) -> None:
        """Have the source end too, when it is a program's stream: no other one bears that; from any thread."""
        if isinstance(self._input, Source):
            self._input.close()

    def _post(self, message: object) -> None:
        self._owner.actor_inbox.put(Envelope(message))

    def _feed(self) -> None:
        try:
            self._feed_all()
        except ProcessExit:
            raise
        except BaseException as error:  # noqa: BLE001 -- of the user's iterable: whoever reads the output gets it
            self._post(Failed(error))
        finally:
            with suppress(OSError, NoProcess):
                self._stdin.finish()

    def _feed_all(self) -> None:
        try:
            for item in self._input:
                if not self._take(item):
                    break
        finally:
            close = getattr(self._input, "close", None)
            if close is not None:
                close()

    def _take(self, item: Any) -> bool:
        """Do what an item says; return whether to go on."""
        if isinstance(item, ExitStatus | TermSig):
            self.failure = failure_of(self._input, item)
        elif isinstance(item, Stderr):
            self._post(item)
        else:
            return self._write(data_of(item))
        return True

    def _write(self, data: bytes) -> bool:
        """Write, and wait until it is read; return whether the program still reads."""
        try:
            queued = self._stdin.write(data, len(data))
        except OSError as error:
            if error.errno in {errno.EPIPE, errno.EBADF}:
                return False
            raise
        if queued:
            mailbox = current_process().actor_inbox
            self._stdin.when_empty(partial(mailbox.put, Envelope(_Room())))
            receive(_Room)
        return True


def failure_of(source: object, end: ExitStatus | TermSig) -> ExitStatus | TermSig | None:
    """Return the end of a source that has failed; the stream of a program says what is no failure."""
    allowed = source.allows(end) if isinstance(source, Source) else getattr(end, "status", None) == 0
    return None if allowed else end


def data_of(item: Any) -> bytes:
    """Return what an item is to a program.

    Raises:
        TypeError: it is nothing that can be written

    """
    if isinstance(item, Stdout):
        return item.data
    if isinstance(item, str):
        return item.encode()
    if isinstance(item, bytes | bytearray | memoryview):
        return bytes(item)
    msg = f"stdin: an item is bytes, str or Stdout, not {item!r}"
    raise TypeError(msg)
