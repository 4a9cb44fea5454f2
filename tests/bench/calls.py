"""A call of a task against the bare exchange of as many bytes with another process."""

from __future__ import annotations

from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from prx_actors import prx, shutdown
from prx_actors.driver.protocol import CALLS, codec, frame
from prx_actors.system.native import ffi, lib

from .harness import compare, median_time, on_processors, placements
from .pingpong import ping_pong

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from prx_actors import Task

    from .harness import Comparison

__all__ = ["run"]

DEPTH = 32
BETWEEN = 8
TIMES = 1000
"""Calls of a side in a round."""

REQUEST = len(frame(TIMES, CALLS["getpid"].number))
REPLY = 4 + 1 + 5 + 3 + 5
"""Length, array, number as uint32, errno as uint16, pid as int32."""


def run(rounds: int) -> list[Comparison]:
    """Compare getpid at both ends of a chain of tasks, on one processor and on all."""
    return [_on(name, processors, rounds) for name, processors in placements().items()]


def _on(name: str, processors: set[int], rounds: int) -> Comparison:
    # The keeper is started anew, so that it and all that it forks stay where we are.
    shutdown()
    with (
        on_processors(processors),
        ping_pong(REQUEST, REPLY) as ping,
        ping_pong(REQUEST, REPLY, "epoll") as ping_epoll,
        _chain(DEPTH) as tasks,
    ):
        functions: dict[str, Callable[[], object]] = {
            "bare ping-pong": ping,
            "bare, with epoll": ping_epoll,
            "driver, C alone": _bare_exchange(tasks[0]),
            "getpid, depth 1": partial(prx.getpid, tasks[0]),
            f"getpid, depth {BETWEEN}": partial(prx.getpid, tasks[BETWEEN - 1]),
            f"getpid, depth {DEPTH}": partial(prx.getpid, tasks[-1]),
        }
        sides = {side: partial(median_time, function, TIMES) for side, function in functions.items()}
        return compare(f"calls: {name}", "microseconds", sides, rounds)


def _bare_exchange(task: Task) -> Callable[[], object]:
    """Return the C function of a call without the Python around it."""
    prx.getpid(task)
    exchange = task._process.driver.turns._exchange
    request = codec().encode((0, CALLS["getpid"].number))

    def call() -> None:
        assert lib.prx_exchange_call(exchange, request, len(request), ffi.NULL, -1) == 0

    return call


@contextmanager
def _chain(depth: int) -> Iterator[list[Task]]:
    with prx.fork(maxforkdepth=depth) as root:
        tasks = [root]
        while len(tasks) < depth:
            tasks.append(prx.fork(tasks[-1]))
        yield tasks
