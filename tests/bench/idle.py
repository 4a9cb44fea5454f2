"""What idle tasks cost: memory here and in the kernel's processes, and the time to end many at once."""

from __future__ import annotations

import re
import resource
import time
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from prx_actors import monitor, prx, receive
from prx_actors.actors import Down

from .harness import compare

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from prx_actors import Task

    from .harness import Comparison

__all__ = ["run"]

WAIT = 60.0
IDLE = 1000
PARENTS = 80
FDS_EACH = 8
FEW = 100
MANY = 5000


def run(rounds: int) -> list[Comparison]:
    """Compare the memory with what was aimed at, and the end of many with that of few."""
    rounds = min(rounds, 3)
    return [_memory(rounds), _ends(rounds)]


def _kib(pid: int | str, field: str) -> int:
    found = re.search(rf"^{field}: +(\d+) kB", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.MULTILINE)
    return int(found[1]) if found else 0


@contextmanager
def _idle(count: int, then: Callable[[Task], object]) -> Iterator[list[Task]]:
    parents = min(PARENTS, count)
    roots = [prx.fork(maxchild=count // parents + 1) for _ in range(parents)]
    tasks = [prx.fork(roots[number % parents]) for number in range(count)]
    for task in tasks:
        then(task)
    try:
        yield tasks
    finally:
        refs = [monitor(root) for root in roots]
        for root in roots:
            prx.stop(root, block=False)
        for ref in refs:
            receive(Down, ref=ref, timeout=WAIT)


def _driver_memory() -> float:
    with _idle(_allowed(IDLE), lambda task: task) as tasks:
        return sum(_kib(task.host_pid or 0, "Pss") for task in tasks) / len(tasks)


def _runtime_memory() -> float:
    before = _kib("self", "Pss")
    with _idle(_allowed(IDLE), lambda task: task) as tasks:
        return (_kib("self", "Pss") - before) / len(tasks)


def _memory(rounds: int) -> Comparison:
    return compare(
        f"idle: memory of each of {_allowed(IDLE)} tasks",
        "KiB",
        {"its driver (Pss)": _driver_memory, "the runtime grows by": _runtime_memory},
        max(rounds, 2),
    )


def _allowed(count: int) -> int:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return min(count, (hard - 500) // FDS_EACH) if soft else 0


def _end(count: int) -> float:
    start = time.perf_counter()
    with _idle(count, lambda task: prx.execvp(task, ["sleep", "1000"])):
        pass
    return (time.perf_counter() - start) * 1_000_000 / count


def _ends(rounds: int) -> Comparison:
    many = _allowed(MANY)
    return compare(
        f"idle: `sleep` started and stopped, below {PARENTS} parents, each of",
        "microseconds",
        {f"{FEW}": partial(_end, FEW), f"{many}": partial(_end, many)},
        max(rounds, 2),
    )
