"""run, stream and pipe in an event loop."""

from __future__ import annotations

import asyncio
import os
import subprocess
import time
from typing import TYPE_CHECKING, Any

import pytest
from support.ends import WAIT, OsProcesses
from support.leaks import descendants

from prx_actors import Command, ExitStatus, Stderr, Stdout
from prx_actors.programs import NULL, aio

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, AsyncIterator, Callable, Coroutine


def in_loop(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """Make a test of a coroutine function without arguments."""

    def run() -> None:
        asyncio.run(asyncio.wait_for(test(), WAIT))

    run.__doc__ = test.__doc__
    return run


async def output(events: AsyncIterable[Any]) -> tuple[bytes, int | None]:
    """Return what came by stdout, and the status at the end."""
    pieces, status = [], None
    async for event in events:
        if isinstance(event, Stdout):
            pieces.append(event.data)
        elif isinstance(event, ExitStatus):
            assert status is None, "two ends"
            status = event.status
    return b"".join(pieces), status


def named(*names: str) -> list[int]:
    """List the programs of these names that run below this process."""
    return [one.pid for one in descendants(os.getpid()) if one.name in names]


async def until(condition: Callable[[], object]) -> None:
    """Wait until it is so."""
    deadline = time.monotonic() + WAIT
    while not condition():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)


@in_loop
async def test_a_program_is_run_to_its_end() -> None:
    """As it is without a loop."""
    done = await aio.run(["sh", "-c", "cat; echo err >&2; exit 3"], input="text", text=True)
    assert (done.status, done.stdout, done.stderr) == (3, "text", "err\n")
    with pytest.raises(subprocess.CalledProcessError):
        await aio.run(["false"], check=True)
    with pytest.raises(FileNotFoundError):
        await aio.run(["/no/such/program"])


@in_loop
async def test_the_loop_goes_on_meanwhile() -> None:
    """Programs run side by side, in one thread."""
    started = asyncio.get_running_loop().time()
    results = await asyncio.gather(*(aio.run(["sh", "-c", f"sleep 0.5; echo {n}"]) for n in range(10)))
    assert [done.stdout for done in results] == [b"%d\n" % n for n in range(10)]
    assert asyncio.get_running_loop().time() - started < 4.5


@in_loop
async def test_cancellation_kills_the_program_with_all_below_it() -> None:
    """It is gone when the cancellation goes on."""
    task = asyncio.create_task(aio.run(["sh", "-c", "trap '' TERM; (setsid sleep 1000 &); sleep 1000"]))
    await until(lambda: len(named("sleep")) == 2)
    with OsProcesses(named("sh", "sleep")) as processes:
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert processes.left() == []


@in_loop
async def test_cancellation_at_the_start_leaves_nothing() -> None:
    """Whenever it comes."""
    for pauses in range(20):
        task = asyncio.create_task(aio.run(["sleep", "1000"]))
        for _ in range(pauses):
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


@in_loop
async def test_timeouts_are_those_of_run() -> None:
    """The keyword kills, the command's own asks."""
    with pytest.raises(subprocess.TimeoutExpired):
        await aio.run(["sleep", "1000"], timeout=0.3)
    done = await aio.run(Command(("sleep", "1000"), timeout=0.3))
    assert (done.signal, done.timed_out) == (15, True)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.3):
            await aio.run(["sleep", "1000"])


@in_loop
async def test_a_program_says_what_it_says_while_it_runs() -> None:
    """Events in order, the end last."""
    script = "echo one; echo err >&2; sleep 0.05; echo two"
    events = [event async for event in aio.stream(["sh", "-c", script], lines=True)]
    assert [event.data for event in events if isinstance(event, Stdout)] == [b"one\n", b"two\n"]
    assert [event.data for event in events if isinstance(event, Stderr)] == [b"err\n"]
    assert isinstance(events[-1], ExitStatus)


@in_loop
async def test_the_program_ends_with_the_block() -> None:
    """And is gone after it."""
    async with aio.stream(["sh", "-c", "echo up; exec sleep 1000"]) as program:
        await anext(program)
        processes = OsProcesses(named("sh", "sleep"))
    with processes:
        assert processes.left() == []
    with pytest.raises(StopAsyncIteration):
        await anext(program)


@in_loop
async def test_the_program_ends_when_nobody_has_the_stream_any_more() -> None:
    """In the background."""
    async for _ in aio.stream(["sh", "-c", "echo up; exec sleep 1000"]):
        break
    await until(lambda: not named("sh", "sleep"))


@in_loop
async def test_cancellation_of_a_reader_ends_the_program() -> None:
    """A reader that waits for the next event."""
    task = asyncio.create_task(output(aio.stream(["sleep", "1000"])))
    await until(lambda: named("sleep"))
    with OsProcesses(named("sleep")) as processes:
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await until(lambda: not processes.left())


@in_loop
async def test_async_iterables_go_through_programs() -> None:
    """So do others, and programs' streams: a pipeline."""

    async def source() -> AsyncIterator[bytes]:
        for number in range(3):
            await asyncio.sleep(0)
            yield b"%d\n" % number

    assert await output(aio.pipe(source(), ["cat"])) == (b"0\n1\n2\n", 0)
    assert await output(aio.pipe(["a\n"], ["cat"])) == (b"a\n", 0)
    assert (await aio.run(["cat"], input=source())).stdout == b"0\n1\n2\n"
    assert await output(aio.pipe(aio.pipe(aio.stream(["seq", "1000"]), ["grep", "7"]), ["wc", "-l"])) == (b"271\n", 0)
    assert await output(aio.pipe(aio.stream(["sh", "-c", "echo a; exit 4"]), ["cat"])) == (b"a\n", 4)
    assert await output(aio.pipe(aio.stream(["yes"]), ["head", "-n", "1"])) == (b"y\n", 0)


@in_loop
async def test_what_the_source_raises_is_raised_to_the_reader() -> None:
    """And the program is gone."""

    async def broken() -> AsyncIterator[bytes]:
        yield b"a"
        raise KeyError

    with pytest.raises(KeyError):
        await output(aio.pipe(broken(), ["cat"]))
    with pytest.raises(KeyError):
        await aio.run(["cat"], input=broken())


@in_loop
async def test_much_goes_in_and_out_at_once() -> None:
    """No pipe fills up for ever."""
    data = os.urandom(1 << 20) * 20

    async def source() -> AsyncIterator[bytes]:
        for start in range(0, len(data), 1 << 18):
            yield data[start : start + (1 << 18)]

    assert await output(aio.pipe(source(), ["cat"])) == (data, 0)
    assert (await aio.run(["cat"], input=data)).stdout == data


@in_loop
async def test_output_may_go_elsewhere() -> None:
    """As without a loop."""
    pieces: list[bytes] = []
    done = await aio.run(["sh", "-c", "echo out; echo err >&2"], stdout=pieces.append, stderr=NULL)
    assert (b"".join(pieces), done.stdout, done.stderr) == (b"out\n", None, None)


def test_a_stream_is_usable_in_the_next_loop() -> None:
    """It belongs to the loop in which it begins."""
    assert asyncio.run(output(aio.stream(["echo", "a"]))) == (b"a\n", 0)
    assert asyncio.run(output(aio.stream(["echo", "b"]))) == (b"b\n", 0)
