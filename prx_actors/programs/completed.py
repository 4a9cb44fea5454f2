"""Completed: what a program did that has been run to its end."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from prx_actors.tasks.messages import ExitStatus, TermSig

if TYPE_CHECKING:
    from prx_actors.programs.command import Command
    from prx_actors.tasks.messages import Rusage

__all__ = ["Completed"]


@dataclass(frozen=True, slots=True)
class Completed:
    r"""A program that has been run to its end; nothing that it has started is left.

    Example:
        >>> from prx_actors import run
        >>> done = run(["sh", "-c", "echo out; exit 3"])
        >>> done.status, done.signal, done.stdout, done.ok
        (3, None, b'out\n', False)

    """

    command: Command
    """What was run."""

    status: int | None
    """Its exit status, 0 to 255; none when a signal has killed it."""

    signal: int | None
    """The signal that has killed it, a `signal.Signals`; none when it has exited."""

    stdout: Any
    """What it has written, bytes, or str where text was asked for; none when its
    stdout was not delivered."""

    stderr: Any
    """The same of its stderr."""

    duration: float
    """Seconds that it ran."""

    timed_out: bool = False
    """Whether it was ended because its time was over."""

    core_dumped: bool = False
    """Whether it left a core."""

    oom_killed: bool = False
    """Whether the out-of-memory killer has killed it, or what it has started, for the
    memory that the `limits` of the command leave it."""

    last_stderr: tuple[str, ...] = ()
    """The last lines of its stderr, as many as `stderr_lines` of the command asks for."""

    rusage: Rusage | None = None
    """What it and the children that it has waited for have used; none where nobody
    could tell."""

    @property
    def argv(self) -> tuple[Any, ...]:
        """The program and its arguments."""
        return tuple(self.command.argv)

    @property
    def args(self) -> tuple[Any, ...]:
        """The same, as `subprocess.CompletedProcess` calls it."""
        return self.argv

    @property
    def returncode(self) -> int:
        """The exit status, or the signal with a minus in front, as `subprocess` has it."""
        return -(self.signal or 0) if self.status is None else self.status

    @property
    def ok(self) -> bool:
        """Whether it exited as the command allows, in time."""
        return self.status in self.command.exit_codes and not self.timed_out

    def check_returncode(self) -> None:
        """Raise unless it is `ok`.

        Raises:
            subprocess.CalledProcessError: it is not

        Example:
            >>> from prx_actors import run
            >>> run(["true"]).check_returncode()

        """
        if not self.ok:
            error = subprocess.CalledProcessError(self.returncode, list(self.argv), self.stdout, self.stderr)
            if self.oom_killed:
                error.add_note(f"the out-of-memory killer has killed it: {self.command.limits}")
            if self.last_stderr:
                error.add_note("\n".join(["the last lines of its stderr:", *self.last_stderr]))
            raise error


def completed(
    command: Command, end: ExitStatus | TermSig, outputs: tuple[Any, Any], facts: dict[str, Any]
) -> Completed:
    """Make one of the last message of a program.

    Args:
        command: what was run
        end: the `ExitStatus` or `TermSig`
        outputs: stdout and stderr
        facts: fields

    """
    status = end.status if isinstance(end, ExitStatus) else None
    signal = end.signal if isinstance(end, TermSig) else None
    core_dumped = isinstance(end, TermSig) and end.core_dumped
    facts |= {"core_dumped": core_dumped, "oom_killed": end.oom_killed, "rusage": end.rusage}
    return Completed(command, status, signal, *outputs, **facts)
