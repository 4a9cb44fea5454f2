"""Lists of operations: their order, state, errors, and what is left of a task whose list fails."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from support.calls import children, fails

from prx_actors import BadOp, Op, Task, prx


def test_the_state_is_what_the_last_operation_returned() -> None:
    """A call gets it after the task, a function in front of it; a nested list keeps its own to itself."""
    seen: list[object] = []

    def note(state: object, task: Task) -> None:
        seen.append(state)

    with prx.fork() as task:
        nested = [Op(lambda _task: "inner"), Op(note, state=True)]
        prx.with_ops(task, [Op(note, state=True), (lambda _task: "outer",), nested, Op(note, state=True)], "first")
        prx.with_ops(task, [("open", "/", ["o_rdonly"]), Op("close", state=True)])
    assert seen == ["first", "inner", "outer"]


def test_an_error_ends_the_list_unless_it_is_to_be_ignored() -> None:
    """What stands behind is not done; with errexit=False it is."""
    with prx.fork() as task:
        with fails(2, filename="/no/such"):
            prx.with_ops(task, [("chdir", "/no/such"), ("chdir", "/tmp")])
        assert prx.getcwd(task) == os.fsencode(Path.cwd())
        prx.with_ops(task, [Op("chdir", "/no/such", errexit=False), ("chdir", "/tmp")])
        assert prx.getcwd(task) == b"/tmp"


def test_operations_that_an_operation_returns_come_next() -> None:
    """Ten thousand generations of them, one after the other."""
    left = [10_000]

    def again(_task: Task) -> list[Any] | None:
        left[0] -= 1
        return [(again,)] if left[0] else None

    with prx.fork() as task:
        prx.with_ops(task, [(again,), ("chdir", "/")])
        assert (left, prx.getcwd(task)) == ([0], b"/")


def test_transform_makes_the_result() -> None:
    """It may turn it into an error, or into operations."""

    def refuse(_pid: int) -> None:
        raise FileNotFoundError(2, "no")

    with prx.fork() as task:
        with pytest.raises(FileNotFoundError):
            prx.with_ops(task, [Op("getpid", transform=refuse)])
        prx.with_ops(task, [Op("getpid", transform=lambda _pid: [("chdir", "/")])])
        assert prx.getcwd(task) == b"/"


@pytest.mark.parametrize(
    "op", ["getpid", (), ("no_such",), ("_call", "getpid"), (3,), ("chdir",), ("chdir", 3.5), (lambda: None,)]
)
def test_a_bad_operation_is_named_with_its_place(op: Any) -> None:
    """In a nested list, by the indexes that lead there."""
    with prx.fork() as task, pytest.raises(BadOp, match=r"ops\[1\]\[0\] = ") as caught:
        prx.with_ops(task, [("getpid",), [op]])
    assert (caught.value.op, caught.value.path) == (op, (1, 0))


def test_wrong_use_is_no_error_to_be_ignored() -> None:
    """A task that has called exec obeys no operation, whatever errexit says."""
    with prx.fork() as task, pytest.raises(BadOp, match="NotInCallState"):
        prx.with_ops(task, [("execvp", ["cat"]), Op("getpid", errexit=False)])


@pytest.mark.parametrize("error", [OSError, KeyError, KeyboardInterrupt])
def test_a_child_whose_list_fails_is_gone(error: type[BaseException]) -> None:
    """Whatever it was, on return the child is no more, and its parent lives."""

    def fail(_task: Task) -> None:
        raise error

    with prx.fork() as task:
        with pytest.raises((error, BadOp)):
            prx.task(task, [("execvp", ["sleep", "1000"]), (fail,)])
        assert children(task) == []
        assert children(prx.task(task, [("chdir", "/")])) == []


def test_init_makes_the_child_and_terminate_ends_it() -> None:
    """They are called with the task, and with both."""
    ended: list[tuple[Task, Task]] = []
    with prx.fork() as task:
        with fails(2, filename="/no/such"):
            prx.task(
                task,
                [("chdir", "/no/such")],
                init=lambda parent: prx.fork(parent, maxchild=3),
                terminate=lambda parent, child: ended.append((parent, child)),
            )
        (parent, child) = ended[0]
        assert (parent, prx.getopt(child, "maxchild")) == (task, 3)
        with pytest.raises(TypeError, match="no task"):
            prx.task(task, [], init=lambda parent: (prx.fork(parent), 1)[1])  # type: ignore[arg-type,return-value]
        assert [known.pid for known in children(task)] == [prx.pidof(child)]
