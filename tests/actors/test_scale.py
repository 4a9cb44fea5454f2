"""Many idle actors: what they cost, each measured in a program of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from typing import Any

import pytest

MANY = 20_000 if "CI" in os.environ else 100_000
MEGABYTES = 500 * MANY / 100_000

PROGRAM = textwrap.dedent("""
    import json, sys, threading, time
    import pykka
    from prx_actors.actors import Process

    def memory():
        return int(open("/proc/self/statm").read().split()[1]) * 4096 / 1e6

    def end_all(pids):
        done = threading.Event()
        class Last(Process):
            def on_stop(self):
                done.set()
        last = Last.start()
        last.ask("has begun: the turn of its start would not end it before the others")
        for pid in [*pids, last]:
            pid.stop(block=False)
        assert done.wait(50)

    count = int(sys.argv[1])
    before, clock = memory(), time.process_time()
    pids = [Process.start() for _ in range(count)]
    pids[-1].ask("all have started: turns come in order")
    started, threads = time.process_time() - clock, threading.active_count()
    megabytes, clock = memory() - before, time.process_time()
    end_all(pids)
    ended = time.process_time() - clock
    assert all(pid.actor_stopped.wait(50) for pid in pids)
    print(json.dumps([megabytes, started / count * 1e6, ended / count * 1e6, threads]))
""")


def measure(count: int) -> list[Any]:
    """Return megabytes, microseconds of each start and of each stop, and threads while idle."""
    argv = [sys.executable, "-c", PROGRAM, str(count)]
    output = subprocess.run(argv, capture_output=True, text=True, check=True, timeout=110).stdout
    values: list[Any] = json.loads(output)
    return values


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_a_hundred_thousand_idle_actors_are_cheap_in_memory_and_time() -> None:
    """Under 500 MB and a few threads; each costs as much as one of a tenth as many."""
    _, start_of_few, stop_of_few, _ = measure(MANY // 10)
    megabytes, start_of_many, stop_of_many, threads = measure(MANY)
    assert megabytes < MEGABYTES
    assert threads < 50
    assert start_of_many < 5 * start_of_few
    assert stop_of_many < 5 * stop_of_few
