"""cmd and sh: commands that are run to their ends."""

from __future__ import annotations

import errno
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, NamedTuple

from pykka._envelope import Envelope

from prx_actors.actors import NoProcess, receive
from prx_actors.actors.threads import current_process
from prx_actors.driver.turn import call_deadline, no_timeout
from prx_actors.system.constants import resolve
from prx_actors.tasks.arguments import program
from prx_actors.tasks.batch import Batch
from prx_actors.tasks.birth import Birth, fork_child
from prx_actors.tasks.calls.base import Calls
from prx_actors.tasks.calls.signals import disposition
from prx_actors.tasks.forked import forked_here
from prx_actors.tasks.messages import ExitStatus, Signal, Stderr, Stdout, StreamClosed, TermSig

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from prx_actors.tasks.arguments import Path
    from prx_actors.tasks.task import Task

__all__ = ["ShellCalls"]


class _Gone(NamedTuple):
    """A command is gone, with all below it; the last message of it."""

    task: Task


_MESSAGES = (Stdout, Stderr, ExitStatus, TermSig, StreamClosed, Signal, _Gone)


class ShellCalls(Calls):
    """cmd and sh."""

    __slots__ = ()

    def cmd(self, argv: Iterable[Path]) -> bytes:
        r"""Run a program below the task to its end, and return what it has written.

        SIGINT and SIGQUIT are ignored in the task meanwhile, not in the program.
        Its stdin is at its end. All that it has started is gone on return.

        Args:
            argv: the program, which `PATH` leads to, and its arguments

        Returns:
            stdout and stderr together, as they came; how it has ended is not
            told, as in prx

        Raises:
            OSError: what `fork` and `execvp` raise
            ValueError: argv is empty, or has a null character
            TypeError: argv is no list of strings
            NotOwner: the caller does not own the task
            NotInCallState: the task has called exec
            NoProcess: the task has ended
            TimeoutError: in `prx.timeout`; the program has been killed

        Example:
            >>> from prx_actors import prx
            >>> with prx.fork() as task:
            ...     prx.cmd(task, ["echo", "test"])
            b'test\n'

        """
        process = self._process
        process.check_owner("cmd")
        process.check_call_state("cmd")
        arguments = program(argv)
        with _interrupts_ignored(process.task) as before:
            return _command(process.task, arguments, before)

    def sh(self, command: Path) -> bytes:
        r"""Run a command of the shell, `/bin/sh -c`, as `cmd` does.

        Args:
            command: for the shell

        Returns:
            as `cmd`

        Raises:
            OSError: as for `cmd`
            ValueError: the command has a null character
            TypeError: it is no string
            NotOwner: the caller does not own the task
            NotInCallState: the task has called exec
            NoProcess: the task has ended
            TimeoutError: in `prx.timeout`; the program has been killed

        Example:
            >>> from prx_actors import prx
            >>> with prx.fork() as task:
            ...     prx.sh(task, "echo out; echo err >&2")
            b'out\nerr\n'

        """
        return self.cmd(["/bin/sh", "-c", command])


@contextmanager
def _interrupts_ignored(task: Task) -> Iterator[dict[str, Any]]:
    before: dict[str, Any] = {}
    try:
        for signal in ("sigint", "sigquit"):
            before[signal] = task.sigaction(signal)
            task.sigaction(signal, "sig_ign")
        yield before
    finally:
        # A task that has ended has nothing to restore; `prx.timeout` does not keep it from the others.
        with suppress(NoProcess), no_timeout():
            for signal, disposition in before.items():
                task.sigaction(signal, disposition)


def _command(task: Task, argv: list[bytes], signals: dict[str, Any]) -> bytes:
    actions = [("sigaction", (resolve("signal", signal), disposition(before))) for signal, before in signals.items()]
    batch = Batch((*actions, ("execvp", (argv[0], argv))))
    with forked_here(task) as forked:
        child = fork_child(task._process, Birth(options={"flowcontrol": -1}, batch=batch))
        try:
            with suppress(NoProcess):  # it may have ended by now
                child.eof("stdin")
            if (failure := child._process.take(batch)) is not None:
                raise failure
            output = _output(child)
        finally:
            forked.kill()
            current_process()._flush(*_MESSAGES, task=child)
    return output


def _output(child: Task) -> bytes:
    mailbox = current_process().actor_inbox
    child._process._on_exited(lambda _pid, _reason: mailbox.put(Envelope(_Gone(child))))
    pieces = []
    while not isinstance(message := _next(child), _Gone):
        if isinstance(message, (Stdout, Stderr)):
            pieces.append(message.data)
    return b"".join(pieces)


def _next(child: Task) -> Any:
    deadline = call_deadline()
    left = None if deadline is None else max(0.0, deadline - time.monotonic())
    try:
        return receive(*_MESSAGES, task=child, timeout=left)
    except TimeoutError:
        raise TimeoutError(errno.ETIMEDOUT, "the command takes longer than allowed") from None
