"""run: a program from its start to its end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from prx_actors.driver.turn import call_deadline
from prx_actors.programs.deadlines import Deadlines
from prx_actors.programs.keywords import command_to_finish
from prx_actors.programs.outcome import Outcome
from prx_actors.programs.program import Program
from prx_actors.programs.texts import Texts

if TYPE_CHECKING:
    from collections.abc import Iterable

    from prx_actors.programs.command import Command, Text
    from prx_actors.programs.completed import Completed

__all__ = ["run"]


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
        NoProcess: it was ended from outside, as by a `SIGKILL` to its keeper, so
            that nobody can tell its status
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
    running = _Running(command_to_finish(command, options), texts)
    try:
        done = running.finish(timeout)
    except BaseException:
        running.kill()
        raise
    if check:
        done.check_returncode()
    return done


class _Running:
    """A program on its way to its end, in the thread that waits for it."""

    def __init__(self, command: Command, texts: Texts) -> None:
        self._program = Program(command)
        self._outcome = Outcome(self._program, texts)

    def finish(self, timeout: float | None) -> Completed:
        """Start it, wait for its end and return what it did."""
        deadlines = Deadlines(timeout, call_deadline())
        self._program.start_and_wait()
        deadlines.begin(self._program)
        while True:
            try:
                message = self._program.next(deadlines.left())
            except TimeoutError:
                deadlines.pass_by(self._outcome)
                continue
            if self._outcome.take(message):
                break
        self._program.end_and_wait("normal")
        self._outcome.close()
        return self._outcome.completed()

    def kill(self) -> None:
        """End it at once, with all that it has started, and wait until it is gone."""
        self._program.end_and_wait("killed")
        self._outcome.close()
