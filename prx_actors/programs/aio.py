"""run, stream and pipe for asyncio: they wait without a thread, and cancellation ends the program.

Each takes what its namesake takes that blocks, and async iterables besides. The program is started on a thread of the
scheduler, and a message of it wakes the loop: nothing blocks that.
"""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Self

from prx_actors.programs.deadlines import Deadlines
from prx_actors.programs.events import Events
from prx_actors.programs.keywords import command_of, command_to_finish
from prx_actors.programs.loop_program import LoopProgram
from prx_actors.programs.outcome import Outcome
from prx_actors.programs.texts import Texts

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, AsyncIterator, Iterable
    from types import TracebackType

    from prx_actors.programs.command import Command, Text
    from prx_actors.programs.completed import Completed
    from prx_actors.programs.events import Event
    from prx_actors.tasks.messages import ExitStatus, TermSig

__all__ = ["AsyncProgramStream", "pipe", "run", "stream"]


async def run(  # noqa: PLR0913 -- those of subprocess.run
    command: Command | Iterable[Text] | str,
    *,
    timeout: float | None = None,  # noqa: ASYNC109 -- of subprocess.run
    check: bool = False,
    text: bool = False,
    encoding: str | None = None,
    errors: str | None = None,
    **options: Any,
) -> Completed:
    """Run a program to its end, as `prx_actors.run` does.

    When it is cancelled, the program and all that it has started are killed, and
    gone when the cancellation goes on.

    Args:
        command: as for `prx_actors.run`
        timeout: as for `prx_actors.run`
        check: as for `prx_actors.run`
        text: as for `prx_actors.run`
        encoding: as for `prx_actors.run`
        errors: as for `prx_actors.run`
        options: as for `prx_actors.run`; the input may be an async iterable

    Returns:
        what it did

    Raises:
        BadCommand: names every mistake
        OSError: it cannot be started
        NoProcess: as for `prx_actors.run`
        subprocess.CalledProcessError: with `check`, it has failed
        subprocess.TimeoutExpired: it has taken longer than `timeout`

    Example:
        >>> import asyncio
        >>> from prx_actors.programs import aio
        >>> asyncio.run(aio.run(["tr", "a-z", "A-Z"], input="hello", text=True)).stdout
        'HELLO'

    """
    texts = Texts(text, encoding, errors)
    if "input" in options:
        options["input"] = texts.encode(options["input"])
    program = LoopProgram(command_to_finish(command, options))
    outcome = Outcome(program.program, texts)
    try:
        await _finish(program, outcome, timeout)
    except BaseException:
        await program.end_and_wait("killed")
        raise
    finally:
        outcome.close()
    done = outcome.completed()
    if check:
        done.check_returncode()
    return done


async def _finish(program: LoopProgram, outcome: Outcome, timeout: float | None) -> None:  # noqa: ASYNC109
    deadlines = Deadlines(timeout)
    await program.start()
    deadlines.begin(program.program)
    while True:
        try:
            message = await program.next(deadlines.left())
        except TimeoutError:
            deadlines.pass_by(outcome)
            continue
        if outcome.take(message):
            break
    await program.end_and_wait("normal")


class AsyncProgramStream:
    """What a program says, as it says it, for `async for`; made by `stream` and `pipe`.

    It begins with the first `anext`, and ends when it is closed, by `aclose` or
    at the end of an `async with` block, or when nobody has it any more.

    Args:
        command: what to run
        lines: whether output comes line by line

    """

    _over = True
    """Whether it was closed; one whose making was interrupted has nothing to close."""

    def __init__(self, command: Command, *, lines: bool) -> None:
        self.command = command
        """What is run."""
        self._program = LoopProgram(command)
        self._pid = os.getpid()
        self._lines = lines
        self._events: Events | None = None
        self._deadlines = Deadlines(None)
        self._over = False

    def __aiter__(self) -> AsyncIterator[Event]:
        return self

    async def __anext__(self) -> Event:
        try:
            return await self._next()
        except StopAsyncIteration:
            await self.aclose()
            raise
        except BaseException:
            self._close()
            raise

    async def _next(self) -> Event:
        if self._over:
            raise StopAsyncIteration
        events = self._events
        if events is None:
            events = self._events = Events(self._program.program, lines=self._lines)
            await self._program.start()
            self._deadlines.begin(self._program.program)
        while (event := events.next()) is None:
            if events.over:
                raise StopAsyncIteration
            await self._wait(events)
        return event

    async def _wait(self, events: Events) -> None:
        try:
            events.take(await self._program.next(self._deadlines.left()))
        except TimeoutError:
            self._deadlines.ask_if_due()

    def allows(self, end: ExitStatus | TermSig) -> bool:
        """Say whether an end is no failure of the program."""
        return self.command.allows(end)

    async def aclose(self) -> None:
        """End the program with all that it has started, and wait until it is gone."""
        self._close()
        if self._events is not None:
            await self._program.end_and_wait("normal")

    def _close(self) -> None:
        self._over = True
        if self._events is not None:
            self._program.program.end()
            self._events.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    def __del__(self) -> None:
        if not self._over and os.getpid() == self._pid:
            with suppress(RuntimeError):  # no threads any more, at the exit
                self._close()

    def __repr__(self) -> str:
        return f"<Stream of {self.command}: {self._program.program.task or 'not begun'}>"


def stream(command: Command | Iterable[Text] | str, *, lines: bool = False, **options: Any) -> AsyncProgramStream:
    r"""Iterate over what a program says, as `prx_actors.stream` does, by `async for`.

    Args:
        command: as for `prx_actors.stream`
        lines: as for `prx_actors.stream`
        options: as for `prx_actors.stream`

    Returns:
        an async iterator; also an async context manager that closes it

    Raises:
        BadCommand: names every mistake

    Example:
        >>> import asyncio
        >>> from prx_actors.programs import aio
        >>> async def main():
        ...     return [event async for event in aio.stream(["sh", "-c", "exit 3"])]
        >>> asyncio.run(main())[0].status
        3

    """
    return AsyncProgramStream(command_of(command, options), lines=lines)


def pipe(
    source: AsyncIterable[Any] | Iterable[Any],
    command: Command | Iterable[Text] | str,
    *,
    lines: bool = False,
    **options: Any,
) -> AsyncProgramStream:
    """Iterate over what a program says that reads what an iterable yields, as `prx_actors.pipe` does.

    Args:
        source: async, which is read in the loop, or not, which is read on a
            thread; a stream of this module makes a pipeline
        command: as for `stream`
        lines: as for `stream`
        options: as for `stream`

    Returns:
        as `stream`

    Raises:
        BadCommand: names every mistake

    Example:
        >>> import asyncio
        >>> from prx_actors.programs import aio
        >>> async def main():
        ...     count = aio.pipe(aio.stream(["seq", "3"]), ["wc", "-l"])
        ...     return (await anext(count)).data.strip()
        >>> asyncio.run(main())
        b'3'

    """
    return stream(command, lines=lines, stdin=source, **options)
