"""Program, the process that owns a running command: what it says waits in its mailbox for who reads it."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import pykka
from pykka._envelope import Envelope

from prx_actors.actors import NoProcess, Pid, Process, ProcessExit
from prx_actors.actors.context import context
from prx_actors.actors.exceptions import MailboxClosed
from prx_actors.actors.latches import Future, Latch
from prx_actors.actors.scheduler import scheduler
from prx_actors.actors.table import process_of, process_table
from prx_actors.actors.threads import current_process
from prx_actors.programs.feeder import Feeder
from prx_actors.programs.launch import launch

if TYPE_CHECKING:
    from collections.abc import Callable

    from prx_actors.programs.command import Command
    from prx_actors.tasks.messages import ExitStatus, TermSig
    from prx_actors.tasks.task import Task

__all__ = ["Gone", "Program", "untold"]


@dataclass(frozen=True, slots=True)
class Gone:
    """The program and all that it has started are gone; nothing comes after this."""


def untold(command: Command) -> NoProcess:
    """Return what says that nobody has told how a program ended."""
    return NoProcess(f"{command}: it was ended from outside, and nobody has told its status")


class ProgramPid(Pid):
    """The pid of a program's owner, whose mailbox nobody may read for long: to stop it no message is needed."""

    def stop(self, *, block: bool = True, timeout: float | None = None) -> Any:
        """End the program; Pykka's interface."""
        future = Future()
        process = process_of(self)
        if process is None:
            future.set(False)
        else:
            was_alive = self.is_alive()
            process._terminate("normal")
            process._on_exited(lambda _pid, _reason: future.set(was_alive))
        return future.get(timeout=timeout) if block else future


class Program(Process):
    """Owns a task, which ends with it; it ends with the process that has started it.

    It has no thread and takes no turns: it is started on one of the scheduler's,
    where no interrupt can come between the fork and its owner, and its messages
    are taken by whoever runs the program.

    Args:
        command: what to run

    """

    pid_class = ProgramPid

    def __init__(self, command: Command) -> None:
        super().__init__()
        self.command = command
        self.task: Task | None = None
        self.started_at = 0.0
        self.feeder: Feeder | None = None
        self.begun = False
        """Whether its start was asked for."""
        self.failed_above: ExitStatus | TermSig | None = None
        """How its source has failed, where that is not read by a feeder."""
        self.timed_out = False
        self.failure: BaseException | None = None
        """Why it did not start."""
        self._begun = Latch()
        self._then: Callable[[], None] = self._begun.set

    def _start_actor_loop(self) -> None:
        process_table.add(self)

    # From the thread of whoever runs it.

    def begin(self, then: Callable[[], None] | None = None) -> None:
        """Have it started, as a process that ends with the caller.

        Args:
            then: called on a thread of the scheduler when it has, or has failed

        Raises:
            RuntimeError: Python ends, and has no other threads any more

        """
        if sys.is_finalizing():
            msg = f"{self.command}: no program is started while Python ends"
            raise RuntimeError(msg)
        if then is not None:
            self._then = then
        caller = current_process()
        self.begun = True
        pykka.ActorRegistry.register(self.actor_ref)
        self._start_actor_loop()
        if not caller._adopt(self.actor_ref):
            caller._check_running()
        scheduler.submit(self._start)

    def start_and_wait(self) -> None:
        """Start it.

        Raises:
            OSError: what `launch` raises
            RuntimeError: Python ends
            TypeError: its stdin is an async iterable, which takes a loop

        """
        stdin = self.command.stdin
        if hasattr(stdin, "__aiter__") and not hasattr(stdin, "__iter__"):
            msg = f"stdin: {stdin!r} is read by prx_actors.programs.aio alone"
            raise TypeError(msg)
        self.begin()
        self._begun.wait()
        self.check_started()

    def check_started(self) -> None:
        """Raise what has kept it from starting, if anything."""
        if self.failure is not None:
            try:
                raise self.failure
            finally:
                self.failure = None  # no cycle through the traceback

    def _start(self) -> None:
        context.process = self
        try:
            self._launch()
        except BaseException as error:  # noqa: BLE001 -- the starter's
            self.failure = NoProcess("it was ended before it began") if isinstance(error, ProcessExit) else error
            self._terminate("killed")
        finally:
            context.process = None
            self._then()

    def _launch(self) -> None:
        self.started_at = time.monotonic()
        task = self.task = launch(self.command)
        task._process._on_exited(lambda _pid, _reason: self.post(Gone()))
        if Feeder.is_needed(self.command):
            self.feeder = Feeder(self, task, self.command)
            self.feeder.begin()

    def post(self, message: object) -> None:
        """Put a message behind the output."""
        self.actor_inbox.put(Envelope(message))

    def next(self, timeout: float | None = None) -> Any:
        """Take the next message; `Gone` when the program was ended.

        Raises:
            TimeoutError: none has come in time

        """
        try:
            return self.actor_inbox.receive(timeout=timeout)
        except MailboxClosed:
            return Gone()

    def ask_to_end(self) -> None:
        """Ask the program to end, and have it killed if it does not; its end is told as any other."""
        if self.task is not None:
            self.timed_out = True
            self.task._process.driver.ask(self.command.stop_signal, self.command.grace)

    def end_of_pipeline(self, end: ExitStatus | TermSig) -> ExitStatus | TermSig:
        """Return the end of the last program that failed, of this one and its source; otherwise this one's."""
        failed_above = self.failed_above if self.feeder is None else self.feeder.failure
        return failed_above if failed_above is not None and self.command.allows(end) else end

    def write(self, data: bytes) -> None:
        """Write to the program's stdin, without waiting."""
        assert self.task is not None  # noqa: S101 -- it has begun
        process = self.task._process
        process.driver.stdin.write(data, process.options["stdin_limit"])

    def write_all(self, data: bytes) -> int:
        """Write, whatever waits already; return how much has not been read."""
        assert self.task is not None  # noqa: S101 -- it has begun
        return self.task._process.driver.stdin.write(data, len(data))

    def when_read(self, callback: Callable[[], None]) -> None:
        """Call back once nothing that was written waits any more; must not block."""
        assert self.task is not None  # noqa: S101 -- it has begun
        self.task._process.driver.stdin.when_empty(callback)

    def close_stdin(self) -> None:
        """Close the program's stdin after what is queued."""
        if self.task is not None:
            self.task._process.close_stream("stdin")

    def end(self, reason: object = "normal") -> None:
        """End the program with all that it has started, in the background; from any thread."""
        if self.begun and self.actor_ref.is_alive():
            scheduler.submit(partial(self._terminate, reason))

    def when_gone(self, callback: Callable[[], None]) -> None:
        """Call back when nothing of it is left; must not block."""
        self._on_exited(lambda _pid, _reason: callback())

    def end_and_wait(self, reason: object) -> None:
        """End it, and wait until nothing of it is left."""
        if not self.begun:
            return
        gone = Latch()
        self._terminate(reason)
        self.when_gone(gone.set)
        gone.wait()
