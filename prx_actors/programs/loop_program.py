"""A program that an event loop waits for."""

from __future__ import annotations

import asyncio
import errno
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from prx_actors.actors import NoProcess
from prx_actors.programs.feeder import Failed, data_of, failure_of
from prx_actors.programs.program import Gone, Program
from prx_actors.tasks.messages import ExitStatus, Stderr, TermSig

if TYPE_CHECKING:
    from collections.abc import Callable

    from prx_actors.programs.command import Command

__all__ = ["LoopProgram"]


class LoopProgram:
    """Waits for a program in a loop: each wait is for an event that another thread has the loop set.

    Args:
        command: what to run

    """

    def __init__(self, command: Command) -> None:
        self.program = Program(command)
        self._news = asyncio.Event()
        self._feeding: asyncio.Task[None] | None = None

    def _soon(self, callback: Callable[[], object]) -> Callable[[], None]:
        loop = asyncio.get_running_loop()

        def call() -> None:
            with suppress(RuntimeError):  # the loop is closed
                loop.call_soon_threadsafe(callback)

        return call

    async def start(self) -> None:
        """Start it.

        Raises:
            OSError: what `launch` raises

        """
        begun = asyncio.Event()
        news = self._soon(self._news.set)
        self.program.actor_inbox.wake = news
        self.program.begin(self._soon(begun.set))
        self.program.when_gone(news)
        await begun.wait()
        self.program.check_started()
        source = self.program.command.stdin
        if hasattr(source, "__aiter__"):
            self._feeding = asyncio.create_task(self._feed(source))

    async def next(self, timeout: float | None) -> Any:  # noqa: ASYNC109 -- a deadline, not a cancellation
        """Take the next message; `Gone` when the program was ended.

        Raises:
            TimeoutError: none has come in time

        """
        inbox = self.program.actor_inbox
        while True:
            self._news.clear()
            envelope = inbox.take()
            if envelope is not None:
                return envelope.message
            if inbox.closed:
                return Gone()
            if not inbox.end_turn():
                await asyncio.wait_for(self._news.wait(), timeout)

    async def end_and_wait(self, reason: object) -> None:
        """End it, and wait until nothing of it is left."""
        if self._feeding is not None:
            self._feeding.cancel()
        if not self.program.begun:
            return
        gone = asyncio.Event()
        self.program.end(reason)
        self.program.when_gone(self._soon(gone.set))
        await gone.wait()
        if self._feeding is not None:
            await asyncio.wait([self._feeding])

    async def _feed(self, source: Any) -> None:
        try:
            await self._feed_all(source)
        except Exception as error:  # noqa: BLE001 -- of the user's iterable: whoever reads the output gets it
            self.program.post(Failed(error))
        finally:
            with suppress(OSError, NoProcess):
                self.program.close_stdin()
            close = getattr(source, "aclose", None)
            if close is not None:
                await close()

    async def _feed_all(self, source: Any) -> None:
        async for item in source:
            if isinstance(item, ExitStatus | TermSig):
                self.program.failed_above = failure_of(source, item)
            elif isinstance(item, Stderr):
                self.program.post(item)
            elif not await self._write(data_of(item)):
                break

    async def _write(self, data: bytes) -> bool:
        """Write, and wait until it is read; return whether the program still reads."""
        room = asyncio.Event()
        try:
            if self.program.write_all(data):
                self.program.when_read(self._soon(room.set))
                await room.wait()
        except OSError as error:
            if error.errno in {errno.EPIPE, errno.EBADF}:
                return False
            raise
        return True
