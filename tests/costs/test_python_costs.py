"""What a call, a tell, an ask and a run cost in Python: calls of functions, bytes, leftovers, hand-overs of threads."""

from __future__ import annotations

import json
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
from support.ends import WAIT
from support.features import require

WORK = Path(__file__).with_name("work.py")


@cache
def measured(kind: str, *options: str) -> dict[str, float]:
    """Have a program of its own do that work, with nothing else in its threads and its memory."""
    command = [sys.executable, "-P", str(WORK), kind, *options]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, timeout=WAIT)
    found: dict[str, float] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize(
    ("kind", "calls"),
    [("call", 21), ("tell", 12.5), ("ask", 60), ("exchange", 87), ("program", 1314)],
)
def test_it_takes_so_many_calls_of_functions(kind: str, calls: float) -> None:
    """Python's and C's, in all threads: what the interpreter has to do, whatever its speed is.

    `program` is `run(["/bin/true"])`, `exchange` a message there and one back between two functions. A sixth more is
    allowed.
    """
    found = measured(kind, "--calls")["calls"]
    assert found <= calls * 7 / 6, f"{found:g} calls of functions each time, {calls:g} when this was written"


@pytest.mark.parametrize(
    ("kind", "peak"),
    [("call", 449), ("tell", 256), ("ask", 728), ("exchange", 328), ("program", 71_500)],
)
def test_it_takes_so_much_memory_and_leaves_none(kind: str, peak: int) -> None:
    """The most that is held at once, of which a `run` has the 64 KiB to read output into; then it is given back.

    A sixth more is allowed. What is left, if anything is, the next ones do not leave again.
    """
    found = measured(kind)
    assert found["peak"] <= peak * 7 / 6, f"{found['peak']:g} bytes at the same time, {peak} when this was written"
    allowed = 3 if kind == "program" else 0.2
    assert found["blocks left"] <= allowed, f"{found['blocks left']:g} blocks left each time, {allowed} allowed"


@pytest.mark.parametrize(("kind", "garbage"), [("call", 0), ("tell", 0), ("ask", 0), ("exchange", 0), ("program", 79)])
def test_it_leaves_so_much_to_the_collector(kind: str, garbage: int) -> None:
    """Nothing is in a cycle but the task of a program and what belongs to it."""
    found = measured(kind)["garbage"]
    assert found <= garbage * 7 / 6 + 0.1, f"{found:g} objects each time, {garbage} when this was written"


@pytest.mark.parametrize(
    ("kind", "own", "others"),
    [("call", 1, 0), ("tell", 0.05, 0.05), ("ask", 1, 1), ("exchange", 1, 1), ("program", 2, 5)],
)
def test_it_takes_so_many_hand_overs(kind: str, own: float, others: float) -> None:
    """How often a thread gives its processor away: to wait, or to another one that it has woken.

    A call wakes no other thread of this program. An answer is two hand-overs, there and back. Of twenty tells it is the
    wait for their end that takes them. A tenth more is allowed, since nothing else runs on the processor meanwhile.
    """
    found = measured(kind)
    require(found["alone"], "the right to SCHED_FIFO")
    for name, allowed in (("own hand-overs", own), ("hand-overs of others", others)):
        assert found[name] <= allowed * 1.1, f"{found[name]:g} {name} each time, {allowed} when this was written"
