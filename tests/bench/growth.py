"""What an operation costs beside few and beside many others: tasks, waiting messages, children of one parent."""

from __future__ import annotations

import subprocess
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import TYPE_CHECKING

from prx_actors import ExitStatus, prx, receive, send
from prx_actors.actors import current

from .bare import bare_keeper, bare_root
from .compiled import compiled
from .harness import compare, median_time

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from prx_actors import Task

    from .harness import Comparison

__all__ = ["run"]

WAIT = 60.0
TIMES = 100
TASKS = (1, 1000)
MESSAGES = (0, 100_000)
CHILDREN = (0, 200, 500)
BELOW = 8
"""Children of a task; 1000 of them need 125 parents."""


def run(rounds: int) -> list[Comparison]:
    """Compare an operation with itself where more is around."""
    rounds = min(rounds, 5)
    return [
        _compare("a call, beside other tasks", TASKS, _tasks, prx.getpid, rounds),
        _compare("fork and stop, beside other tasks", TASKS, _tasks, _fork_and_stop, rounds),
        _bare("the same by bare drivers", _bare_drivers, rounds),
        _bare("a fork in C, and its end, beside other tasks", _forks_in_c, rounds),
        _compare("an exit status received, beside waiting messages", MESSAGES, _messages, _exit_status, rounds),
        _compare("fork and stop, beside other children", CHILDREN, _children, _fork_and_stop, rounds),
    ]


def _compare(
    what: str,
    counts: tuple[int, ...],
    beside: Callable[[int], Iterator[Task]],
    operation: Callable[[Task], object],
    rounds: int,
) -> Comparison:
    def cost(count: int) -> float:
        with contextmanager(beside)(count) as task:
            return median_time(partial(operation, task), TIMES)

    return compare(f"growth: {what}", "microseconds", {str(count): partial(cost, count) for count in counts}, rounds)


def _bare(what: str, forks: Callable[[], float], rounds: int) -> Comparison:
    """Compare what knows nothing of the tasks beside it: what it takes longer is not the runtime's."""

    def cost(count: int) -> float:
        with contextmanager(_tasks)(count):
            return forks()

    return compare(f"growth: {what}", "microseconds", {str(count): partial(cost, count) for count in TASKS}, rounds)


def _bare_drivers() -> float:
    with bare_keeper() as keeper, bare_root(keeper) as root:
        return median_time(root.fork_and_stop, TIMES)


def _forks_in_c() -> float:
    with compiled("fork", "-static") as fork:
        return float(subprocess.check_output([fork, str(TIMES)]))


def _tasks(count: int) -> Iterator[Task]:
    with ExitStack() as stack:
        roots = [stack.enter_context(prx.fork()) for _ in range(-(-count // (BELOW + 1)))]
        for root in roots:
            for _ in range(min(BELOW, count - 1)):
                prx.fork(root)
        yield roots[0]


def _children(count: int) -> Iterator[Task]:
    with prx.fork(maxchild=count + 1) as root:
        for _ in range(count):
            prx.fork(root)
        yield root


def _messages(count: int) -> Iterator[Task]:
    with prx.fork() as root:
        for number in range(count):
            send(current(), number)
        yield root
        for _ in range(count):
            receive(int, timeout=WAIT)


def _fork_and_stop(parent: Task) -> None:
    prx.stop(prx.fork(parent))


def _exit_status(parent: Task) -> None:
    task = prx.fork(parent)
    prx.exit(task, 0)
    receive(ExitStatus, task=task, timeout=WAIT)
