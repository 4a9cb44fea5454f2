"""A call in every millisecond, with and without a stream beside it."""

from __future__ import annotations

import statistics
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from prx_actors import Stdout, prx, receive, spawn_monitor
from prx_actors.actors import Down

from .harness import compare

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .harness import Comparison

__all__ = ["run"]

WAIT = 60.0
CALLS = 500


def run(rounds: int) -> list[Comparison]:
    """Compare the 99th percentile of both."""
    sides = {"nothing beside it": _quiet, "beside a stream": _streaming}
    return [compare("latency: a call a millisecond, 99th percentile", "microseconds", sides, min(rounds, 5))]


def _quiet() -> float:
    with prx.fork() as task:
        taken = []
        for _ in range(CALLS):
            time.sleep(0.001)
            start = time.perf_counter()
            prx.getpid(task)
            taken.append(time.perf_counter() - start)
    return statistics.quantiles(taken, n=100)[-1] * 1_000_000


@contextmanager
def _stream() -> Iterator[None]:
    over = threading.Event()

    def consumer() -> None:
        with prx.fork() as root:
            task = prx.fork(root)
            prx.execvp(task, ["cat", "/dev/zero"])
            while not over.is_set():
                receive(Stdout, task=task, timeout=WAIT)

    _, ref = spawn_monitor(consumer)
    try:
        yield
    finally:
        over.set()
        receive(Down, ref=ref, timeout=WAIT)


def _streaming() -> float:
    with _stream():
        return _quiet()
