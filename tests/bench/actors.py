"""Processes against Pykka's own actors: the same work done by both."""

from __future__ import annotations

import multiprocessing
import threading
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pykka

from prx_actors.actors import Process, current, receive, send, spawn

from .harness import Comparison, compare, median_time

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["run"]

WAIT = 60.0

TIMES = 300
"""Calls of a side in a round."""

MESSAGES = 5000
"""Messages sent in a row, and exchanges of a ping-pong, in a round."""

IDLE_PROCESSES = 100_000
IDLE_THREADS = 2000
"""Idle actors at once: of Pykka's, fewer, since each holds a thread; the unit is a single one."""

IDLE_ROUNDS = 3


class _Work:
    """What the actors of both sides do."""

    done: threading.Event
    peer: pykka.ActorRef[Any]

    def on_receive(self, message: Any) -> Any:
        """Count down with the peer, tell when it is over, answer with the message."""
        if message == 0:
            self.done.set()
        elif type(message) is int and message > 0:
            self.peer.tell(message - 1)
        return message


class _Threading(_Work, pykka.ThreadingActor):
    use_daemon_thread = True


class _Process(_Work, Process):
    pass


KINDS: dict[str, Any] = {"pykka.ThreadingActor": _Threading, "Process": _Process}


def run(rounds: int) -> list[Comparison]:
    """Compare start and stop, tell, ask, ping-pong, and what many idle ones cost."""
    return [
        compare("actors: start, ask, stop", "microseconds", _starts(), rounds),
        compare("actors: tell, each of many", "microseconds", _each(_tell), rounds),
        compare("actors: ask", "microseconds", {**_each(_ask), "two locks": _two_locks}, rounds),
        compare("actors: ping-pong, each exchange", "microseconds", _each(_ping_pong), rounds),
        *_many_idle(min(rounds, IDLE_ROUNDS)),
    ]


def _each(measure: Callable[[Any], float]) -> dict[str, Callable[[], float]]:
    return {name: partial(measure, kind) for name, kind in KINDS.items()}


def _starts() -> dict[str, Callable[[], float]]:
    sides: dict[str, Callable[[], float]] = {
        name: partial(median_time, partial(_start_ask_stop, kind), TIMES) for name, kind in KINDS.items()
    }
    return {**sides, "spawn, receive": partial(median_time, _spawn, TIMES)}


def _start_ask_stop(kind: Any) -> None:
    ref = kind.start()
    ref.ask("x", timeout=WAIT)
    ref.stop(timeout=WAIT)


def _spawn() -> None:
    me = current()
    spawn(lambda: send(me, "x"))
    receive(str, timeout=WAIT)


def _started(kind: Any) -> tuple[Any, threading.Event]:
    ref, done = kind.start(), threading.Event()
    proxy = ref.proxy()
    proxy.done, proxy.peer = done, ref
    return ref, done


def _tell(kind: Any) -> float:
    ref, done = _started(kind)
    start = time.perf_counter()
    for _ in range(MESSAGES):
        ref.tell("x")
    ref.tell(0)
    assert done.wait(WAIT)
    duration = time.perf_counter() - start
    ref.stop(timeout=WAIT)
    return duration / MESSAGES * 1e6


def _ask(kind: Any) -> float:
    ref = kind.start()
    duration = median_time(partial(ref.ask, "x", timeout=WAIT), TIMES)
    ref.stop(timeout=WAIT)
    return duration


def _two_locks() -> float:
    """Measure the least that an `ask` could be made of: two threads that wake each other, each by a bare lock."""
    asked, answered = threading.Lock(), threading.Lock()
    asked.acquire()
    answered.acquire()

    def answer() -> None:
        for _ in range(TIMES):
            asked.acquire()
            answered.release()

    def ask() -> None:
        asked.release()
        answered.acquire()

    thread = threading.Thread(target=answer)
    thread.start()
    duration = median_time(ask, TIMES)
    thread.join()
    return duration


def _ping_pong(kind: Any) -> float:
    (left, done), (right, _) = _started(kind), _started(kind)
    left.proxy().peer, right.proxy().peer = right, left
    left.ask("ready", timeout=WAIT)
    right.ask("ready", timeout=WAIT)
    start = time.perf_counter()
    left.tell(2 * MESSAGES)
    assert done.wait(WAIT)
    duration = time.perf_counter() - start
    for ref in (left, right):
        ref.stop(timeout=WAIT)
    return duration / MESSAGES * 1e6


def _many_idle(rounds: int) -> list[Comparison]:
    """Measure times and memory in the same runs, each in a program of its own: freed memory is not given back."""
    sides: dict[str, list[tuple[float, float, float]]] = {}

    def measure(name: str, count: int) -> float:
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            costs = pool.apply(_cost_of_idle, (name, count))
        sides.setdefault(f"{name}, {count}", []).append(costs)
        return costs[0]

    counts = zip(KINDS, (IDLE_THREADS, IDLE_PROCESSES), strict=True)
    compare("", "", {name: partial(measure, name, count) for name, count in counts}, rounds)
    rows = (("start and stop", "microseconds"), ("an ask", "microseconds"), ("memory", "kilobytes"))
    return [
        Comparison(
            f"actors: many idle ones, {what} of each",
            unit,
            {side: [costs[row] for costs in measured[1:]] for side, measured in sides.items()},
        )
        for row, (what, unit) in enumerate(rows)
    ]


def _cost_of_idle(name: str, count: int) -> tuple[float, float, float]:
    """Return microseconds to start and stop each, and to ask each when all are there; and kilobytes of each."""
    before, began = _resident(), time.perf_counter()
    refs = [KINDS[name].start() for _ in range(count)]
    refs[-1].ask("x", timeout=WAIT)
    started, grown = time.perf_counter(), _resident() - before
    _get_all([ref.ask("x", block=False) for ref in refs])
    asked = time.perf_counter()
    _get_all([ref.stop(block=False) for ref in refs])
    times = started - began + time.perf_counter() - asked, asked - started
    return times[0] / count * 1e6, times[1] / count * 1e6, grown / count


def _get_all(futures: list[Any]) -> None:
    for future in futures:
        future.get(timeout=WAIT)


def _resident() -> int:
    """Return how many kilobytes this program has in memory."""
    return int(Path("/proc/self/status").read_text().partition("VmRSS:")[2].split()[0])
