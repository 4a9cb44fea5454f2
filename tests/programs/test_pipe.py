"""pipe: an iterable into a program, and programs into each other."""

from __future__ import annotations

import os
import resource
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
from support.ends import WAIT, OsProcesses
from support.leaks import descendants

from prx_actors import ExitStatus, Stderr, Stdout, TermSig, pipe, receive, stream

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


def output(events: Iterable[Any]) -> tuple[bytes, object]:
    """Return what came by stdout, and the status or signal at the end."""
    pieces, end = [], None
    for event in events:
        if isinstance(event, Stdout):
            pieces.append(event.data)
        elif isinstance(event, ExitStatus | TermSig):
            assert end is None, "two ends"
            end = event.status if isinstance(event, ExitStatus) else event.signal
    return b"".join(pieces), end


def test_an_iterable_goes_through_a_program() -> None:
    """Bytes, str and anything like bytes."""
    source = [b"b\n", "a\n", bytearray(b"d\n"), memoryview(b"c\n")]
    assert output(pipe(source, ["sort"])) == (b"a\nb\nc\nd\n", 0)


def test_nothing_at_all_goes_through_a_program() -> None:
    """Its stdin is at its end."""
    assert output(pipe([], ["wc", "-c"])) == (b"0\n", 0)


def test_a_chain_is_a_pipeline() -> None:
    """Without a shell."""
    numbers = stream(["seq", "1000"])
    sevens = pipe(numbers, ["grep", "7"])
    assert output(pipe(sevens, ["wc", "-l"])) == (b"271\n", 0)


def test_python_may_stand_in_the_midst() -> None:
    """A generator over events yields whatever it likes."""

    def doubled(events: Iterable[Any]) -> Iterator[str]:
        for event in events:
            if isinstance(event, Stdout):
                yield f"{2 * int(event.data)}\n"

    lines = doubled(stream(["seq", "3"], lines=True))
    assert output(pipe(lines, ["cat"])) == (b"2\n4\n6\n", 0)


@pytest.mark.parametrize(
    ("first", "second", "third", "status"),
    [(0, 0, 0, 0), (3, 0, 0, 3), (0, 4, 0, 4), (3, 4, 0, 4), (3, 4, 5, 5), (0, 0, 5, 5)],
)
def test_the_status_is_that_of_the_last_one_that_failed(first: int, second: int, third: int, status: int) -> None:
    """As with the shell's `pipefail`."""
    scripts = [f"cat; echo data; exit {code}" for code in (first, second, third)]
    programs = pipe(pipe(stream(["sh", "-c", scripts[0]]), ["sh", "-c", scripts[1]]), ["sh", "-c", scripts[2]])
    assert output(programs) == (b"data\n" * 3, status)


def test_a_signal_above_is_a_failure_too() -> None:
    """It is the end of the whole."""
    assert output(pipe(stream(["sh", "-c", "echo a; kill -KILL $$"]), ["cat"])) == (b"a\n", 9)


def test_what_is_allowed_above_is_no_failure() -> None:
    """As each command says for itself."""
    assert output(pipe(stream(["sh", "-c", "exit 1"], exit_codes=(0, 1)), ["cat"])) == (b"", 0)
    assert output(pipe(stream(["sh", "-c", "exit 1"]), ["cat"])) == (b"", 1)


def test_stderr_of_all_comes_to_the_reader() -> None:
    """With the task that has written it."""
    programs = pipe(stream(["sh", "-c", "echo above >&2"]), ["sh", "-c", "cat; echo below >&2"])
    errors = {event.data: event.task for event in programs if isinstance(event, Stderr)}
    assert set(errors) == {b"above\n", b"below\n"}
    assert len(set(errors.values())) == 2


def test_a_source_ends_when_the_program_reads_no_more() -> None:
    """An endless one: that is no failure."""
    assert output(pipe(stream(["yes"]), ["head", "-n", "2"])) == (b"y\ny\n", 0)
    assert output(pipe(pipe(stream(["yes"]), ["cat"]), ["head", "-n", "2"])) == (b"y\ny\n", 0)


def test_a_generator_is_closed_when_the_program_reads_no_more() -> None:
    """Its `finally` runs."""
    closed = threading.Event()

    def endless() -> Iterator[bytes]:
        try:
            while True:
                yield b"y\n"
        finally:
            closed.set()

    assert output(pipe(endless(), ["head", "-n", "1"])) == (b"y\n", 0)
    assert closed.wait(WAIT)


def test_what_the_source_raises_is_raised_to_the_reader() -> None:
    """And the program is gone."""

    def broken() -> Iterator[bytes]:
        yield b"a"
        raise KeyError

    with pytest.raises(KeyError):
        output(pipe(broken(), ["cat"]))
    with pytest.raises(TypeError, match="an item is bytes"):
        output(pipe([5], ["cat"]))
    with pytest.raises(FileNotFoundError):
        output(pipe(stream(["/no/such/program"]), ["cat"]))


def test_an_answer_does_not_wait_for_the_next_item() -> None:
    """A slow source holds up nothing that is there."""

    def slow() -> Iterator[bytes]:
        yield b"first\n"
        receive(int)

    with pipe(slow(), ["cat"]) as program:
        event = next(program)
        assert isinstance(event, Stdout)
        assert event.data == b"first\n"


def test_closing_the_last_ends_all() -> None:
    """Also one that blocks above, behind a generator."""

    def through(events: Iterable[Any]) -> Iterator[Any]:
        yield from events

    source = stream(["sh", "-c", "echo up; exec sleep 1000"])
    program = pipe(through(source), ["cat"])
    next(program)
    pids = [one.pid for one in descendants(os.getpid()) if one.name in {"sleep", "cat"}]
    with OsProcesses(pids) as processes:
        program.close()
        assert processes.wait_gone(WAIT) == []


def test_a_source_is_read_no_faster_than_the_program_reads() -> None:
    """Nothing is put aside for it but what its pipe holds."""
    taken = 0

    def counted() -> Iterator[bytes]:
        nonlocal taken
        while True:
            taken += 1
            yield b"x" * 65536

    with pipe(counted(), ["sh", "-c", "echo up; sleep 1000"]) as program:
        next(program)
        before = -1
        while before != taken:
            before = taken
            time.sleep(0.2)
        assert taken < 10


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_gigabytes_flow_through_a_pipeline_at_constant_memory() -> None:
    """Ten by hand, 200 MB where CI is set."""
    size = 200_000_000 if os.environ.get("CI") else 10_000_000_000
    source = stream(["head", "-c", str(size), "/dev/zero"])
    total = 0
    peak = 0
    for event in pipe(pipe(source, ["cat"]), ["cat"]):
        if isinstance(event, Stdout):
            total += len(event.data)
            if not peak and total > size // 10:
                peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert total == size
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - peak < 16 << 10, "KiB"
