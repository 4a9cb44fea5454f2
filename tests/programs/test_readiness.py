"""Readiness: each kind waits for its sign, for the program's end, and no longer than it may."""

from __future__ import annotations

import os
import re
import socket
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from support.ends import WAIT, run_program

from prx_actors import Command, ExitStatus, Stdout, receive
from prx_actors.programs.mistakes import BadCommand
from prx_actors.programs.readiness import Function, Line, NotReady, Readiness, Tcp, Unix

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prx_actors import Task

LISTEN = """
import socket, sys, time
server = socket.socket(socket.AF_UNIX if sys.argv[1:] else socket.AF_INET)
server.bind(sys.argv[1] if sys.argv[1:] else ("127.0.0.1", int(sys.stdin.readline())))
server.listen()
print("listens", flush=True)
time.sleep(1000)
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder whose name is short enough for the address of a socket."""
    with tempfile.TemporaryDirectory(prefix="s-") as name:
        assert len(name) < 90
        yield Path(name)


def python(script: str, *argv: str) -> Task:
    """Run a script."""
    return run_program(None, sys.executable, "-c", script, *argv)


def free_port() -> int:
    """Return a port that nobody listens at."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


def wait(readiness: Readiness, task: Task) -> None:
    """Wait as a starter does."""
    readiness.begin().wait_ready(task)


def kinds(**fields: Any) -> list[Any]:
    """Return one of each kind, none of which will ever be ready."""
    return [
        Line("never", **fields),
        Tcp(free_port(), **fields),
        Unix("/nowhere", **fields),
        Function(lambda _task: False, **fields),
    ]


@pytest.mark.parametrize("kind", kinds(timeout=0.1), ids=lambda kind: type(kind).__name__)
def test_one_that_is_not_ready_in_time_is_named(kind: Readiness) -> None:
    """The program, the time, and what was waited for."""
    with run_program(None) as task:
        with pytest.raises(TimeoutError, match=r"not ready in 0\.1 s: \w+\(") as caught:
            wait(kind, task)
        assert type(kind).__name__ in str(caught.value)


@pytest.mark.parametrize("kind", kinds(timeout=WAIT), ids=lambda kind: type(kind).__name__)
def test_one_that_ends_is_not_waited_for(kind: Readiness) -> None:
    """Its end is told."""
    task = run_program(None, "sh", "-c", "sleep 0.1; exit 3")
    with pytest.raises(NotReady, match="exit status 3") as caught:
        wait(kind, task)
    assert isinstance(caught.value.end, ExitStatus)
    assert caught.value.task is task


def test_a_line_is_found_wherever_the_pieces_end() -> None:
    """And all output stays for its reader, in order."""
    script = "printf 'one\\nser'; sleep 0.1; printf 'ver rea'; sleep 0.1; echo 'dy now'; echo two; exec sleep 1000"
    with run_program(None, "sh", "-c", script) as task:
        wait(Line("^server ready", timeout=WAIT), task)
        output = b""
        while not output.endswith(b"two\n"):
            output += receive(Stdout, task=task, timeout=WAIT).data
        assert output == b"one\nserver ready now\ntwo\n"


def test_a_line_may_be_of_stderr() -> None:
    """And not of the other."""
    with run_program(None, "sh", "-c", "echo ready; echo READY >&2; exec sleep 1000") as task:
        wait(Line(re.compile("ready", re.IGNORECASE), stream="stderr", timeout=WAIT), task)
        assert receive(Stdout, task=task, timeout=WAIT).data == b"ready\n"


def test_a_line_counts_though_the_program_has_ended_since() -> None:
    """It came first."""
    task = run_program(None, "sh", "-c", "echo ready; exit 3")
    wait(Line("ready", timeout=WAIT), task)
    assert receive(ExitStatus, task=task, timeout=WAIT).status == 3


def test_a_line_comes_after_more_output_than_may_wait() -> None:
    """Nothing is held up by what nobody reads yet."""
    script = "head -c 3000000 /dev/zero | tr '\\0' '\\n'; echo ready; exec sleep 1000"
    with run_program(None, "sh", "-c", script, high_water=4096) as task:
        wait(Line("ready", timeout=WAIT), task)


@pytest.mark.parametrize(("pattern", "stream", "error"), [("(", "stdout", re.error), ("x", "stdin", ValueError)])
def test_a_line_is_checked_when_it_is_made(pattern: str, stream: str, error: type[Exception]) -> None:
    """A pattern that is none, and a stream that is none."""
    with pytest.raises(error):
        Line(pattern, stream)


def test_a_port_accepts() -> None:
    """Not before the program listens."""
    port = free_port()
    with python(LISTEN) as task:
        with pytest.raises(TimeoutError):
            wait(Tcp(port, timeout=0.1), task)
        task.stdin(f"{port}\n")
        wait(Tcp(port, timeout=WAIT), task)
        socket.create_connection(("127.0.0.1", port)).close()


@pytest.mark.parametrize("abstract", [False, True])
def test_a_unix_socket_accepts(folder: Path, abstract: bool) -> None:
    """By a path, or by an abstract address."""
    name = f"prx-test-{os.getpid()}"
    path = f"@{name}" if abstract else str(folder / "socket")
    with python(LISTEN.replace("sys.argv[1] if", f"'\\0{name}' if") if abstract else LISTEN, path) as task:
        wait(Unix(path, timeout=WAIT), task)


def test_the_unix_socket_of_a_stranger_does_not_count(folder: Path) -> None:
    """A server of an earlier time may still be there."""
    with python(LISTEN, str(folder / "socket")) as stranger, run_program(None) as task:
        wait(Unix(folder / "socket", timeout=WAIT), stranger)
        with pytest.raises(TimeoutError):
            wait(Unix(folder / "socket", timeout=0.2), task)


def test_a_unix_socket_below_the_program_counts(folder: Path) -> None:
    """A shell has started the server."""
    with run_program(None, "sh", "-c", 'python=$1; shift; "$python" "$@"; :', "sh", *server(folder)) as task:
        wait(Unix(folder / "socket", timeout=WAIT), task)


def server(folder: Path) -> list[str]:
    """Return the argv of one."""
    return [sys.executable, "-c", LISTEN, str(folder / "socket")]


def test_a_function_is_asked_until_it_says_so() -> None:
    """With the task."""
    asked: list[Task] = []

    def third_time(task: Task) -> bool:
        asked.append(task)
        return len(asked) == 3

    with run_program(None) as task:
        wait(Function(third_time, timeout=WAIT), task)
        assert asked == [task] * 3


def test_what_a_function_raises_ends_the_wait() -> None:
    """It is not asked again."""
    with run_program(None) as task, pytest.raises(ZeroDivisionError):
        wait(Function(lambda _task: 1 / 0, timeout=WAIT), task)


def test_one_description_serves_many_starts() -> None:
    """At the same time, too: what a start takes is its own."""
    line = Line("ready", timeout=WAIT)
    with run_program(None, "sh", "-c", "echo ready; exec sleep 1000") as one, run_program(None) as other:
        first, second = line.begin(), line.begin()
        first.wait_ready(one)
        with pytest.raises(TimeoutError):
            Line("ready", timeout=0.1).begin().wait_ready(other)
        second.close()


def test_a_command_takes_nothing_else() -> None:
    """What is no kind of readiness is a mistake of the command."""
    assert all(isinstance(kind, Readiness) for kind in kinds())
    with pytest.raises(BadCommand, match="has no method begin"):
        Command(("true",), readiness=time)
