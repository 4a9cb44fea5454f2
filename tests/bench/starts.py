"""The start and the end of OS processes, against `subprocess` and against C."""

from __future__ import annotations

import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

import prx_actors
from prx_actors import (
    ChildSpec,
    Command,
    DynamicSupervisor,
    ExitStatus,
    Stdout,
    monitor,
    prx,
    receive,
    shutdown,
    spawn_monitor,
)
from prx_actors.actors import Down

from .bare import bare_first_root, bare_keeper, bare_root
from .compiled import compiled
from .harness import compare, median_time

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from prx_actors import Task

    from .bare import BareDriver
    from .harness import Comparison

__all__ = ["run"]

WAIT = 60.0
TIMES = 40
"""Starts of a side in a round."""

PROGRAMS = 200
THREADS = 8
TRUE = "/bin/true"
ECHO = ["sh", "-c", "echo hi"]


def run(rounds: int) -> list[Comparison]:
    """Compare roots, forks and programs."""
    return [_roots(rounds), _forks(rounds), _programs(rounds), _at_once(min(rounds, 10))]


def _popen(argv: str | list[str]) -> None:
    pipe = subprocess.PIPE
    with subprocess.Popen(argv, stdin=pipe, stdout=pipe, stderr=pipe) as process:
        process.wait()


def _first_root() -> None:
    shutdown()
    prx.stop(prx.fork())
    shutdown()


def _later_root() -> None:
    prx.stop(prx.fork())


def _later_roots() -> float:
    with prx.fork():
        return median_time(_later_root, TIMES)


def _roots(rounds: int) -> Comparison:
    with compiled("noop", "-static") as noop, bare_keeper() as bare:
        return compare(
            "starts: a root, started and stopped",
            "microseconds",
            {
                "Popen, static no-op": partial(median_time, partial(_popen, noop), TIMES),
                "keeper and root": partial(median_time, _first_root, TIMES // 4),
                "a later root": _later_roots,
                "bare keeper and root": partial(median_time, bare_first_root, TIMES // 4),
                "bare, a later root": partial(median_time, bare.fork_and_stop, TIMES),
            },
            rounds,
        )


def _forks(rounds: int) -> Comparison:
    def child(parent: Task) -> None:
        prx.stop(prx.fork(parent))

    with compiled("fork", "-static") as fork, prx.fork() as root, bare_keeper() as keeper, bare_root(keeper) as bare:
        return compare(
            "starts: a child, forked and stopped",
            "microseconds",
            {
                "C: fork and wait": lambda: float(subprocess.check_output([fork, str(TIMES)])),
                "fork and stop": partial(median_time, partial(child, root), TIMES),
                "bare drivers": partial(median_time, bare.fork_and_stop, TIMES),
            },
            rounds,
        )


def _programs(rounds: int) -> Comparison:
    def program(parent: Task) -> None:
        task = prx.fork(parent)
        prx.execvp(task, [TRUE])
        receive(ExitStatus, task=task, timeout=WAIT)

    with prx.fork() as root, _supervisor() as supervisor, bare_keeper() as keeper, bare_root(keeper) as bare:
        functions: dict[str, Callable[[], object]] = {
            "Popen, three pipes": partial(_popen, TRUE),
            "fork and execvp": partial(program, root),
            "cmd": partial(prx.cmd, root, [TRUE]),
            "run": partial(prx_actors.run, [TRUE]),
            "supervised": partial(_supervised, supervisor),
            "bare fork, execvp": partial(bare.program, [TRUE]),
            "bare, at once": partial(bare.program_at_once, [TRUE]),
        }
        sides = {side: partial(median_time, function, TIMES) for side, function in functions.items()}
        return compare(f"starts: {TRUE} to its end", "microseconds", sides, rounds)


@contextmanager
def _supervisor() -> Iterator[Any]:
    supervisor = DynamicSupervisor.start(ChildSpec(TRUE, Command([TRUE]), restart="temporary"))
    try:
        yield supervisor
    finally:
        supervisor.stop()


def _supervised(supervisor: Any) -> None:
    pid = DynamicSupervisor.start_child(supervisor)
    assert receive(Down, ref=monitor(pid), timeout=WAIT).reason in {"normal", "noproc"}


def _with_subprocess() -> float:
    def echo(_number: int) -> None:
        assert subprocess.run(ECHO, capture_output=True, check=True).stdout == b"hi\n"

    start = time.perf_counter()
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(echo, range(PROGRAMS)))
    return (time.perf_counter() - start) * 1000


def _with_tasks() -> float:
    def owner() -> None:
        with prx.fork() as root:
            for _ in range(PROGRAMS // THREADS):
                task = prx.fork(root)
                prx.execvp(task, ECHO)
                assert receive(Stdout, task=task, timeout=WAIT).data == b"hi\n"
                assert receive(ExitStatus, task=task, timeout=WAIT).status == 0

    start = time.perf_counter()
    for ref in [spawn_monitor(owner)[1] for _ in range(THREADS)]:
        assert receive(Down, ref=ref, timeout=WAIT).reason == "normal"
    return (time.perf_counter() - start) * 1000


def _with_run() -> float:
    def echo(_number: int) -> None:
        assert prx_actors.run(ECHO, check=True).stdout == b"hi\n"

    start = time.perf_counter()
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(echo, range(PROGRAMS)))
    return (time.perf_counter() - start) * 1000


def _with_bare_drivers() -> float:
    def owner(root: BareDriver) -> None:
        for _ in range(PROGRAMS // THREADS):
            assert root.program_at_once(ECHO) == b"hi\n"

    with bare_keeper() as keeper, ExitStack() as stack, ThreadPoolExecutor(THREADS) as pool:
        roots = [stack.enter_context(bare_root(keeper)) for _ in range(THREADS)]
        start = time.perf_counter()
        list(pool.map(owner, roots))
        return (time.perf_counter() - start) * 1000


def _at_once(rounds: int) -> Comparison:
    return compare(
        f"starts: {PROGRAMS} programs by {THREADS} threads, outputs collected",
        "milliseconds",
        {
            "subprocess.run": _with_subprocess,
            "fork and execvp": _with_tasks,
            "run": _with_run,
            "bare drivers": _with_bare_drivers,
        },
        rounds,
    )
