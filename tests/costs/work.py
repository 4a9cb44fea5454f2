"""A program that does one kind of work often, and says in JSON what each time has cost this process: `work.py KIND`."""

from __future__ import annotations

import gc
import itertools
import json
import os
import re
import statistics
import sys
import threading
import tracemalloc
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from prx_actors import Process, current, prx, receive, run, send, spawn

if TYPE_CHECKING:
    from collections.abc import Callable

WAIT = 60.0
FEW = 20
LOOKS = 10
"""The reactor still has something to do for a task that has ended, and a collection may come: not in each look."""


@dataclass(frozen=True)
class Work:
    """What is done often, how often, and what waits until all of it is done."""

    once: Callable[[], object]
    times: int
    finish: Callable[[], object] = lambda: None

    def __call__(self) -> None:
        """Do all of it."""
        for _ in range(self.times):
            self.once()
        self.finish()


class Echo(Process):
    """Answers with what it is asked."""

    def on_receive(self, message: Any) -> Any:
        """Return the message."""
        return message


def call(stack: ExitStack) -> Work:
    """Call a task."""
    task = stack.enter_context(prx.fork())
    return Work(lambda: prx.getpid(task), 200)


def ask(stack: ExitStack) -> Work:
    """Ask a process and wait for the answer."""
    pid = Echo.start()
    stack.callback(pid.stop)
    return Work(lambda: pid.ask(1, timeout=WAIT), 200)


def tell(stack: ExitStack) -> Work:
    """Tell a process, and in the end wait until it has heard all of it."""
    pid = Echo.start()
    stack.callback(pid.stop)
    return Work(lambda: pid.tell(1), 200, lambda: pid.ask(1, timeout=WAIT))


def exchange(stack: ExitStack) -> Work:
    """Send to a function that receives, and receive what it sends back."""
    me = current()

    def echo() -> None:
        while receive(int, timeout=WAIT):
            send(me, 1)

    peer = spawn(echo)
    stack.callback(send, peer, 0)

    def once() -> None:
        send(peer, 1)
        receive(int, timeout=WAIT)

    return Work(once, 200)


def program(_: ExitStack) -> Work:
    """Run a program to its end."""
    return Work(lambda: run(["/bin/true"]), 20)


KINDS = {kind.__name__: kind for kind in (call, ask, tell, exchange, program)}


class Calls:
    """Counts the calls of functions, Python's and C's, in all threads that start from now on."""

    def __init__(self) -> None:
        # One step of the interpreter: the threads share it without a lock.
        self._count = itertools.count()
        threading.setprofile(self._on_event)
        sys.setprofile(self._on_event)

    def _on_event(self, _frame: object, event: str, _argument: object) -> None:
        if event in {"call", "c_call"}:
            next(self._count)

    def during(self, work: Work) -> float:
        """Return how many there are each time."""
        before = next(self._count)
        work()
        return (next(self._count) - before - 1) / work.times


def switches() -> dict[int, int]:
    """Return how often each thread has lost its processor, or given it away."""
    found = {}
    for thread in Path("/proc/self/task").iterdir():
        with suppress(FileNotFoundError, ProcessLookupError):
            counts = re.findall(r"ctxt_switches:\s+(\d+)", (thread / "status").read_text())
            found[int(thread.name)] = sum(map(int, counts))
    return found


def hand_overs(work: Work) -> dict[str, float]:
    """Return how often this thread hands its processor over each time, and all others: the least of several looks."""
    looks = [look(replace(work, times=FEW)) for _ in range(LOOKS)]
    return {name: min(found[name] for found in looks) for name in looks[0]}


def look(work: Work) -> dict[str, float]:
    """Return how often they do so this time."""
    before = switches()
    work()
    counts = {thread: count - before.get(thread, 0) for thread, count in switches().items()}
    own = counts.pop(threading.get_native_id())
    return {"own hand-overs": own / work.times, "hand-overs of others": sum(counts.values()) / work.times}


def memory(work: Work) -> dict[str, float]:
    """Return what each time leaves for the collector, leaves for good, and takes while it lasts."""
    gc.collect()
    gc.disable()
    before = sys.getallocatedblocks()
    work()
    garbage = gc.collect()
    left = sys.getallocatedblocks() - before
    tracemalloc.start()
    peaks = [peak(work.once) for _ in range(work.times)]
    tracemalloc.stop()
    gc.enable()
    return {"garbage": garbage / work.times, "blocks left": left / work.times, "peak": statistics.median(peaks)}


def peak(once: Callable[[], object]) -> int:
    """Return how many bytes more there are at the same time."""
    tracemalloc.reset_peak()
    before, _ = tracemalloc.get_traced_memory()
    once()
    return tracemalloc.get_traced_memory()[1] - before


def stay_alone() -> bool:
    """Keep to one processor, on which nobody waits awake, and off it whoever else wants to run, if that is allowed."""
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    except PermissionError:
        return False
    return True


def main(kind: str, *, profiled: bool) -> dict[str, float]:
    """Measure a kind of work."""
    alone = stay_alone()
    calls = Calls() if profiled else None
    with ExitStack() as stack:
        work = KINDS[kind](stack)
        work()
        if calls:
            return {"calls": calls.during(work)}
        return {"alone": alone, **hand_overs(work), **memory(work)}


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], profiled="--calls" in sys.argv)))
