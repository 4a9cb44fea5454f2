"""run: a program from its start to its end."""

from __future__ import annotations

import subprocess
import time
from typing import TYPE_CHECKING, Any

from prx_actors.driver.turn import call_deadline
from prx_actors.programs.completed import completed
from prx_actors.programs.feeder import Failed
from prx_actors.programs.keywords import Collected, Texts, command_of
from prx_actors.programs.outlets import Outlets
from prx_actors.programs.program import Gone, Program
from prx_actors.tasks.messages import ExitStatus, Stderr, Stdout, TermSig

if TYPE_CHECKING:
    from collections.abc import Iterable

    from prx_actors.programs.command import Command, Text
    from prx_actors.programs.completed import Completed

__all__ = ["Running", "run"]


def run(  # noqa: PLR0913 -- those of subprocess.run
    command: Command | Iterable[Text] | str,
    *,
    timeout: float | None = None,
    check: bool = False,
    text: bool = False,
    universal_newlines: bool = False,
    encoding: str | None = None,
    errors: str | None = None,
    **options: Any,
) -> Completed:
    r"""Run a program to its end.

    On return, and when it raises, the program and all that it has started are
    gone. What the other keywords of `subprocess.run` mean they mean here; but its
    output is delivered unless something else is said, its stdin is empty, and
    set-user-ID programs give it no privileges.

    Args:
        command: a `Command`, an argv or, with `shell=True`, a line
        timeout: seconds until it is killed, and `TimeoutExpired` raised; the
            `timeout` of a command ends it gently and is told by `timed_out`
        check: whether to raise `CalledProcessError` unless it is `ok`
        text: whether its output is str
        universal_newlines: the same
        encoding: of its output, which is str then; UTF-8 otherwise
        errors: what is done with what is not in that encoding
        options: fields of the command; `input`, `capture_output`, `shell` and
            `extra_groups` as for `subprocess.run`

    Returns:
        what it did

    Raises:
        BadCommand: names every mistake
        OSError: it cannot be started: `ENOENT`, `EACCES`, `EPERM`, ...
        subprocess.CalledProcessError: with `check`, it has failed
        subprocess.TimeoutExpired: it has taken longer than `timeout`
        TimeoutError: in `prx.timeout`

    Example:
        >>> from prx_actors import run
        >>> run(["tr", "a-z", "A-Z"], input="hello", text=True).stdout
        'HELLO'

    """
    texts = Texts(text or universal_newlines, encoding, errors)
    if "input" in options:
        options["input"] = texts.encode(options["input"])
    running = Running(command_of(command, options), texts)
    try:
        done = running.finish(timeout)
    except BaseException:
        running.kill()
        raise
    if check:
        done.check_returncode()
    return done


class Running:
    """A program on its way to its end, in the thread that waits for it."""

    def __init__(self, command: Command, texts: Texts) -> None:
        self._command = command
        self._outlets = Outlets(command)
        self._collected = Collected(command, texts)
        self._program = Program(command)
        self._end: ExitStatus | TermSig | None = None
        self._ended_at = 0.0

    def finish(self, timeout: float | None) -> Completed:
        """Start it, wait for its end and return what it did."""
        deadline = call_deadline()
        self._program.start_and_wait()
        over = None if timeout is None else time.monotonic() + timeout
        gentle = self._gentle_deadline()
        while True:
            limit = min((one for one in (deadline, over, gentle) if one is not None), default=None)
            left = None if limit is None else max(0.0, limit - time.monotonic())
            try:
                message = self._program.next(left)
            except TimeoutError:
                self._late(timeout, over, deadline)
                gentle = None
                continue
            if self._take(message):
                return self._completed()

    def _gentle_deadline(self) -> float | None:
        limit = self._command.timeout
        return None if limit is None else self._program.started_at + limit

    def _late(self, timeout: float | None, over: float | None, deadline: float | None) -> None:
        now = time.monotonic()
        if over is not None and timeout is not None and now >= over:
            raise subprocess.TimeoutExpired(list(self._command.argv), timeout, *self._collected.outputs())
        if deadline is not None and now >= deadline:
            raise TimeoutError(f"{self._command} takes longer than allowed")  # noqa: EM102, TRY003
        self._program.ask_to_end()

    def _take(self, message: Any) -> bool:
        """Take a message; return whether it is the last."""
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

    def _completed(self) -> Completed:
        self._program.end_and_wait("normal")
        self._outlets.close()
        feeder = self._program.feeder
        end = self._end
        if feeder is not None and feeder.failure is not None and self._command.allows(end):
            end = feeder.failure
        duration = self._ended_at - self._program.started_at
        facts = {"duration": duration, "timed_out": self._program.timed_out}
        return completed(self._command, end, self._collected.outputs(), facts)

    def kill(self) -> None:
        """End it at once, with all that it has started, and wait until it is gone."""
        self._program.end_and_wait("killed")
        self._outlets.close()
