"""What tests of calls share: an errno that is expected, what a program has done, a task without privilege."""

from __future__ import annotations

import os
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from prx_actors import ExitStatus, Stderr, Stdout, TermSig, prx, receive, shutdown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from prx_actors import Task
    from prx_actors.tasks.children import Child

__all__ = ["OWN_FDS", "WAIT", "Ended", "children", "fails", "outcome", "program", "unprivileged", "until"]

NOBODY = "65534"
OWN_FDS = range(53, 64)
"""The numbers of the driver's own fds, which do not exist for calls."""
WAIT = 30.0


@dataclass(frozen=True, slots=True)
class Ended:
    """What a program did."""

    stdout: bytes
    stderr: bytes
    end: ExitStatus | TermSig


@contextmanager
def fails(number: int, *, filename: object = None, note: str = "") -> Iterator[None]:
    """Expect an `OSError`.

    Args:
        number: its errno
        filename: its filename, for calls that take one
        note: text that one of its notes has inside
    """
    with pytest.raises(OSError) as caught:  # noqa: PT011 -- the errno is looked at below
        yield
    error = caught.value
    assert (error.errno, error.filename) == (number, filename), repr(error)
    assert note in "\n".join(getattr(error, "__notes__", []))


def children(task: Task) -> list[Child]:
    """Return all children of a task."""
    known = prx.cpid(task)
    assert isinstance(known, list)
    return known


def outcome(task: Task) -> Ended:
    """Collect what a program writes until it ends."""
    output: dict[type, bytes] = {Stdout: b"", Stderr: b""}
    while True:
        message: Any = receive(Stdout, Stderr, ExitStatus, TermSig, task=task, timeout=WAIT)
        if isinstance(message, (ExitStatus, TermSig)):
            return Ended(output[Stdout], output[Stderr], message)
        output[type(message)] += message.data


def program(task: Task, argv: Iterable[str]) -> bytes:
    """Turn a task into a program, which must end well, and return its output."""
    prx.execvp(task, argv)
    ended = outcome(task)
    assert (ended.stderr, ended.end) == (b"", ExitStatus(task, 0))
    return ended.stdout


@contextmanager
def unprivileged() -> Iterator[Task]:
    """Fork a root without privilege: where the tests run as root, as nobody."""
    if os.geteuid() != 0:
        with prx.fork() as task:
            yield task
        return
    try:
        with prx.fork(exec=["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]) as task:
            yield task
    finally:
        # Its keeper is one more than there was before the test.
        shutdown()


def until(happened: Callable[[], object], what: str) -> None:
    """Wait for what sends no message.

    Args:
        happened: is called until it returns something true
        what: that, in words
    """
    deadline = time.monotonic() + WAIT
    while not happened():
        assert time.monotonic() < deadline, f"still not so: {what}"
        time.sleep(0.005)
