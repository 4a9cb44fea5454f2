"""What tests of ends share: OS processes that are to go, programs that will not, and processes to be ended."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from chaos.processes import process
from support.leaks import descendants

from prx_actors import Down, Stdout, Task, current, prx, receive, send, spawn_monitor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from prx_actors import MonitorRef, Pid

__all__ = [
    "IGNORES_TERM",
    "LAG",
    "WAIT",
    "OsProcesses",
    "Owned",
    "Tree",
    "down_of",
    "idle",
    "keeper_of",
    "own",
    "rounds",
    "run_program",
    "run_stubborn",
    "spin",
]

WAIT = 30.0
"""Seconds for what comes at once, on a busy machine."""
LAG = float(os.environ.get("PRX_LAG", "0.25"))
"""Seconds after a promised time in which whoever looks has its turn: more where several suites share the machine."""

IGNORES_TERM = ["sh", "-c", "trap '' TERM; echo ready; exec sleep 1000"]


class OsProcesses:
    """OS processes, held by pidfds so that no other one is taken for them.

    Args:
        pids: theirs, as the test sees them
    """

    def __init__(self, pids: Iterable[int | None]) -> None:
        self._pidfds: dict[int, int] = {}
        for pid in pids:
            assert pid is not None
            # One that has ended since it was listed: a child that a shell waits for, say.
            with contextlib.suppress(ProcessLookupError):
                self._pidfds[pid] = os.pidfd_open(pid)

    @classmethod
    def below(cls, *tasks: Task) -> Self:
        """Take the processes of tasks and all that are below them now."""
        tops = [task.host_pid for task in tasks]
        assert all(tops), tops
        return cls({pid for top in tops if top for pid in [top, *(one.pid for one in descendants(top))]})

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for pidfd in self._pidfds.values():
            os.close(pidfd)

    def __len__(self) -> int:
        return len(self._pidfds)

    def left(self) -> list[int]:
        """List those that are there, be it as zombies, but for the zombies that init has not got round to reap."""
        return [pid for pid, pidfd in self._pidfds.items() if _is_there(pidfd) and not _is_left_to_init(pid)]

    def wait_gone(self, seconds: float) -> list[int]:
        """Wait until none is there, but no longer than that; return those that still are."""
        deadline = time.monotonic() + seconds
        while (left := self.left()) and time.monotonic() < deadline:
            time.sleep(0.005)
        return left


def _is_there(pidfd: int) -> bool:
    try:
        signal.pidfd_send_signal(pidfd, 0)
    except ProcessLookupError:
        return False
    return True


def _is_left_to_init(pid: int) -> bool:
    found = process(pid)
    return found is None or found.is_left_to_init()


@dataclass(frozen=True, slots=True)
class Tree:
    """A root with a driver below it, and a program below each."""

    root: Task
    middle: Task
    below_root: Task
    below_middle: Task

    @classmethod
    def grow(cls, **options: Any) -> Self:
        """Fork it; the caller owns all of it.

        Args:
            options: of `prx.fork`, for the root and so for all
        """
        root = prx.fork(**options)
        middle = prx.fork(root)
        return cls(root, middle, run_program(root), run_program(middle))

    @property
    def tasks(self) -> list[Task]:
        """All of it, parents first."""
        return [self.root, self.middle, self.below_root, self.below_middle]


@dataclass(frozen=True, slots=True)
class Owned:
    """A process that owns something, and the monitor that tells of its end."""

    pid: Pid
    ref: MonitorRef
    what: Any


def idle() -> None:
    """Wait for ever, whatever comes."""
    receive(lambda _message: False)


def own(make: Callable[[], object], then: Callable[[], object] = idle) -> Owned:
    """Start a process that makes something and then does something else, for ever as a rule.

    Args:
        make: what it makes
        then: what it does then
    """
    test = current()

    def owner() -> None:
        send(test, ("made", make()))
        then()

    pid, ref = spawn_monitor(owner)
    _, made = receive(lambda message: isinstance(message, tuple) and message[0] == "made", timeout=WAIT)
    return Owned(pid, ref, made)


def keeper_of(root: Task) -> int:
    """Return the pid of a root's keeper."""
    assert root.host_pid
    found = process(root.host_pid)
    assert found
    return found.parent


def run_program(parent: Task | None, *argv: str, **options: Any) -> Task:
    """Fork a task and turn it into a program, `sleep` when none is given."""
    task = prx.fork(parent, **options)
    prx.execvp(task, argv or ("sleep", "1000"))
    return task


def run_stubborn(parent: Task | None, **options: Any) -> Task:
    """Run a program that ignores SIGTERM, and wait until it does."""
    task = run_program(parent, *IGNORES_TERM, **options)
    assert receive(Stdout, task=task, timeout=WAIT).data == b"ready\n"
    return task


def down_of(ref: MonitorRef, seconds: float = WAIT) -> object:
    """Wait for the end of what is monitored and return the reason."""
    down: Down = receive(Down, ref=ref, timeout=seconds)
    return down.reason


def rounds(count: int) -> int:
    """Return how often to do it: a tenth where CI is set."""
    return count // 10 if os.environ.get("CI") else count


def spin(seconds: float) -> None:
    """Let some microseconds pass, to meet another thread at another instant in each round."""
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        pass
