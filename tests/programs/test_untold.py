"""Programs that are ended from outside, so that nobody can tell their status: it is not taken for success."""

from __future__ import annotations

import asyncio
import os
import signal
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from support.calls import WAIT, until
from support.ends import rounds, spin
from support.leaks import descendants
from support.orphans import orphaned

from prx_actors import NoProcess, Stdout, pipe, prx, run, stream
from prx_actors.programs import aio

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

UNTOLD = "nobody has told its status"


def output(events: Iterator[Any]) -> list[bytes]:
    """Collect what is told before the end that is not."""
    pieces: list[bytes] = []
    with pytest.raises(NoProcess, match=UNTOLD):
        pieces.extend(event.data for event in events if isinstance(event, Stdout))
    with pytest.raises(StopIteration):
        next(events)
    return pieces


async def async_output(events: aio.AsyncProgramStream) -> list[bytes]:
    """Do the same in a loop."""
    pieces: list[bytes] = []

    async def collect() -> None:
        async for event in events:
            pieces.extend([event.data] if isinstance(event, Stdout) else [])

    with pytest.raises(NoProcess, match=UNTOLD):
        await collect()
    with pytest.raises(StopAsyncIteration):
        await anext(events)
    return pieces


def run_it(argv: list[str]) -> list[bytes]:
    """Run a program, to an end that it does not have."""
    with pytest.raises(NoProcess, match=UNTOLD):
        run(argv)
    return []


async def run_it_in_a_loop(argv: list[str]) -> list[bytes]:
    """Do the same in a loop."""
    with pytest.raises(NoProcess, match=UNTOLD):
        await aio.run(argv)
    return []


HOW: dict[str, Callable[[list[str]], list[bytes]]] = {
    "run": run_it,
    "stream": lambda argv: output(stream(argv, lines=True)),
    "pipe": lambda argv: output(pipe(stream(argv), ["cat"]))[:0],
    "aio.run": lambda argv: asyncio.run(run_it_in_a_loop(argv)),
    "aio.stream": lambda argv: asyncio.run(async_output(aio.stream(argv, lines=True))),
}


def status_of(argv: list[str]) -> int | None:
    """Run a program and return its returncode, none when there is none."""
    try:
        return run(argv).returncode
    except OSError:
        return None


def test_no_kill_of_the_keeper_makes_a_success() -> None:
    """Be it before the fork, before the exec, or while the program runs."""
    with ThreadPoolExecutor(1) as pool:
        for number in range(rounds(1000)):
            with prx.fork() as task:
                (parent,) = (one.parent for one in descendants(os.getpid()) if one.pid == task.host_pid)
            got = pool.submit(status_of, ["sh", "-c", "exit 3"])
            spin(number % 41 * 0.0001)
            os.kill(parent, signal.SIGKILL)
            assert got.result(WAIT) in {3, None, -signal.SIGKILL}


@pytest.mark.parametrize("how", HOW)
def test_no_end_is_not_taken_for_success(how: str, tmp_path: Path) -> None:
    """And what it has said before comes before."""
    said = tmp_path / "pid"
    argv = ["sh", "-c", f"echo one; printf two; echo $$ > {said}; exec sleep 1000"]
    with ThreadPoolExecutor(1) as pool:
        got = pool.submit(HOW[how], argv)
        until(lambda: said.exists() and said.read_text().endswith("\n"), "it runs")
        with orphaned(int(said.read_text())):
            assert got.result(WAIT) == ([b"one\n", b"two"] if "stream" in how else [])
