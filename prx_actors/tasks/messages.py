"""What a task tells its owner, or whoever gets its output."""

from __future__ import annotations

import signal as signals
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from prx_actors.driver.listener import Stream
    from prx_actors.system.siginfo import Siginfo
    from prx_actors.tasks.task import Task

__all__ = [
    "ExitStatus",
    "Rusage",
    "Signal",
    "Stderr",
    "StdinBlocked",
    "Stdout",
    "StreamClosed",
    "TermSig",
    "rusage",
    "signal_number",
]


def signal_number(number: int) -> int:
    """Return the enum member of a signal, the bare number of a real-time one."""
    try:
        return signals.Signals(number)
    except ValueError:
        return number


@dataclass(frozen=True, slots=True)
class Stdout:
    r"""Output of a task.

    Example:
        >>> from prx_actors import Stdout, prx, receive
        >>> with prx.fork() as task:
        ...     prx.execvp(task, ["echo", "hello"])
        ...     receive(Stdout, task=task, timeout=5).data
        b'hello\n'

    """

    task: Task
    """Who has written it."""

    data: bytes
    """What one read of the pipe gave, which need not be a line."""


@dataclass(frozen=True, slots=True)
class Stderr:
    """Error output of a task."""

    task: Task
    """Who has written it."""

    data: bytes
    """What one read of the pipe gave, which need not be a line."""


@dataclass(frozen=True, slots=True)
class Rusage:
    """What a process and the children that it has waited for have used: getrusage(2)."""

    user: float
    """Seconds of CPU time in its own code."""

    system: float
    """Seconds of CPU time in the kernel."""

    max_rss: int
    """Bytes that it had in memory at the most."""


def rusage(usage: list[int]) -> Rusage | None:
    """Return what a driver has reported of a dead process; none when nobody has."""
    if not usage:
        return None
    user, system, max_rss = usage
    return Rusage(user / 1_000_000, system / 1_000_000, max_rss * 1024)


@dataclass(frozen=True, slots=True)
class ExitStatus:
    """The process of a task has exited; all it had written was delivered before."""

    task: Task
    """Whose process it was."""

    status: int
    """What it gave to `exit(3)`, 0 to 255."""

    rusage: Rusage | None = field(default=None, compare=False, repr=False)
    """What it has used; none where nobody could tell."""

    time: float = field(default_factory=time.time, compare=False, repr=False)
    """When its end was told, as `time.time` counts."""

    oom_killed: bool = field(default=False, compare=False, repr=False)
    """Whether the out-of-memory killer has killed it, or what it has started, in the control
    group of its `Limits`."""


@dataclass(frozen=True, slots=True)
class TermSig:
    """The process of a task was killed by a signal."""

    task: Task
    """Whose process it was."""

    signal: int
    """A `signal.Signals`, an int for a real-time one."""

    core_dumped: bool = field(default=False, compare=False, repr=False)
    """Whether it left a core."""

    rusage: Rusage | None = field(default=None, compare=False, repr=False)
    """What it has used; none where nobody could tell."""

    time: float = field(default_factory=time.time, compare=False, repr=False)
    """When its end was told, as `time.time` counts."""

    oom_killed: bool = field(default=False, compare=False, repr=False)
    """Whether the out-of-memory killer has killed it, or what it has started, in the control
    group of its `Limits`."""


@dataclass(frozen=True, slots=True)
class Signal:
    """A task in call state has received a signal."""

    task: Task
    """Who has received it."""

    signal: int
    """A `signal.Signals`, an int for a real-time one."""

    info: bytes
    """The `siginfo_t`, as sigaction(2) defines it."""

    @property
    def decoded(self) -> Siginfo:
        """The fields of `info`."""
        # Here, because its many fields take long to import; it is there with the first task.
        from prx_actors.system.siginfo import siginfo

        return siginfo(self.info)


@dataclass(frozen=True, slots=True)
class StdinBlocked:
    """A program does not read its stdin: data waits, none is lost."""

    task: Task
    """Whose stdin it is."""

    queued: int
    """Bytes that wait now."""


@dataclass(frozen=True, slots=True)
class StreamClosed:
    """A task has closed a standard stream; sent where an option asks for it.

    The options are `stdin_closed`, `stdout_closed` and `stderr_closed`, of the
    task that has forked it. Output closes when nobody can write it any more;
    all of it was delivered before. Stdin closes with the end of the process,
    unless `eof` has closed it before.

    Example:
        >>> from prx_actors import StreamClosed, prx, receive
        >>> task = prx.fork(stdout_closed=1)
        >>> prx.execvp(task, ["true"])
        >>> receive(StreamClosed, task=task, timeout=5).stream
        'stdout'

    """

    task: Task
    """Whose stream it was."""

    stream: Stream
    """`"stdin"`, `"stdout"` or `"stderr"`."""
