"""Lists of operations, rule by rule, as `prx_task` has them; and what an interrupt leaves of a list."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from support.calls import children, fails
from support.interrupts import Interrupts
from support.stress import shorter

from prx_actors import BadOp, NoProcess, NotInCallState, NotOwner, Op, Task, prx, receive, send, spawn
from prx_actors import current as this_process

if TYPE_CHECKING:
    from collections.abc import Callable

TIMES = shorter(200, 60)
WAIT = 30.0


def note(seen: list[object]) -> Callable[[object, Task], None]:
    """Return an operation that notes the state and has no result."""
    return lambda state, _task: seen.append(state)


def test_an_empty_list_does_nothing() -> None:
    """Nor does one of empty lists."""
    with prx.fork() as task:
        prx.with_ops(task, [])
        prx.with_ops(task, [[], [[], []]])
        assert prx.getcwd(task) == os.fsencode(Path.cwd())


def test_a_result_of_none_leaves_the_state() -> None:
    """As `ok` does, where `{ok, State}` sets it."""
    seen: list[object] = []
    with prx.fork() as task:
        prx.with_ops(task, [("chdir", "/"), Op(note(seen), state=True), ("getpid",), Op(note(seen), state=True)], "s")
        assert seen == ["s", prx.getpid(task)]


def test_an_ignored_error_leaves_the_state() -> None:
    """The operation behind gets what the one before the failure has returned."""
    seen: list[object] = []
    with prx.fork() as task:
        ops = [Op(lambda _task: "kept"), Op("chdir", "/no/such", errexit=False), Op(note(seen), state=True)]
        prx.with_ops(task, ops)
    assert seen == ["kept"]


def test_a_nested_list_starts_with_the_state_and_keeps_its_own() -> None:
    """Two levels down too; the list behind it goes on with the state from before."""
    seen: list[object] = []
    look = Op(note(seen), state=True)
    with prx.fork() as task:
        prx.with_ops(task, [[look, (lambda _task: 1,), [look, (lambda _task: 2,)], look], look], 0)
    assert seen == [0, 1, 1, 0]


def test_returned_operations_share_the_state_of_the_list() -> None:
    """Unlike a nested list: they are put in front of what is left of it."""
    seen: list[object] = []
    look = Op(note(seen), state=True)
    with prx.fork() as task:
        prx.with_ops(task, [(lambda _task: [look, (lambda _task: "new",)],), look], "old")
    assert seen == ["old", "new"]


def test_an_error_in_a_nested_or_returned_list_ends_the_outer_one() -> None:
    """The option of an operation holds for it alone, not for those that it returns."""
    with prx.fork() as task:
        cwd = prx.getcwd(task)
        for failing in ([("chdir", "/no/such")], Op(lambda _task: [("chdir", "/no/such")], errexit=False)):
            with fails(2, filename="/no/such"):
                prx.with_ops(task, [failing, ("chdir", "/")])
            assert prx.getcwd(task) == cwd


def test_the_result_of_transform_is_the_state() -> None:
    """An error that it makes is ignored as one of the call is; one of the call does not come to it."""
    seen: list[object] = []

    def refuse(_pid: int) -> None:
        raise PermissionError(1, "no")

    def never(result: object) -> None:
        seen.append(result)

    with prx.fork() as task:
        ops = [
            Op("getpid", transform=lambda pid: pid + 1),
            Op("getpid", transform=refuse, errexit=False),
            Op("chdir", "/no/such", transform=never, errexit=False),
            Op(note(seen), state=True),
        ]
        prx.with_ops(task, ops)
        assert seen == [prx.getpid(task) + 1]


@pytest.mark.parametrize("error", [KeyError("x"), ValueError("x"), ZeroDivisionError()])
def test_what_a_function_or_transform_raises_is_a_bad_op(error: Exception) -> None:
    """With the error as its reason and its cause, whatever errexit says."""

    def fail(_: object) -> None:
        raise error

    for op in (Op(fail, errexit=False), Op("getpid", transform=fail, errexit=False)):
        with prx.fork() as task, pytest.raises(BadOp) as caught:
            prx.with_ops(task, [("getpid",), op])
        assert (caught.value.op, caught.value.path, caught.value.reason) == (op, (1,), error)
        assert caught.value.__cause__ is error


def test_a_bad_op_that_was_returned_stands_below_what_returned_it() -> None:
    """Its path is that of the operation, and its index in the list that came."""
    with prx.fork() as task, pytest.raises(BadOp, match=r"ops\[1\]\[0\]\[1\] = ") as caught:
        prx.with_ops(task, [("getpid",), [(lambda _task: [("getpid",), ("no_such",)],)]])
    assert caught.value.path == (1, 0, 1)


@pytest.mark.parametrize("ops", [(("getpid",),), "getpid", None, 3, Op("getpid")])
def test_what_is_no_list_is_a_bad_op(ops: Any) -> None:
    """At the top there is no index to name."""
    with prx.fork() as task, pytest.raises(BadOp, match=r"^ops = .*expected a list") as caught:
        prx.with_ops(task, ops)
    assert caught.value.path == ()


# Wrong use: of another's task, of a program, of the dead.

ROWS: list[Any] = [
    pytest.param(lambda task: prx.cmd(task, ["true"]), id="cmd"),
    pytest.param(lambda task: prx.sh(task, "true"), id="sh"),
    pytest.param(lambda task: prx.task(task, []), id="task"),
    pytest.param(lambda task: prx.atexit(task, None), id="atexit"),
    pytest.param(lambda task: prx.with_ops(task, [("getpid",)]), id="with_ops"),
]


def error_of(call: Callable[[Task], object], task: Task) -> BaseException:
    """Make a call that must fail, and return its error: of a list, what its operation met."""
    with pytest.raises((OSError, NoProcess, BadOp, RuntimeError)) as caught:
        call(task)
    return caught.value.reason if isinstance(caught.value, BadOp) else caught.value  # type: ignore[return-value]


@pytest.mark.parametrize("call", ROWS)
def test_a_program_and_the_dead_have_nothing_done_on_them(call: Callable[[Task], object]) -> None:
    """The error is that of any other call."""
    with prx.fork() as root:
        task = prx.fork(root)
        prx.execvp(task, ["sleep", "1000"])
        assert isinstance(error_of(call, task), NotInCallState)
        prx.stop(task)
        assert isinstance(error_of(call, task), NoProcess)


@pytest.mark.parametrize("call", [row for row in ROWS if row.id != "task"])
def test_the_task_of_another_process_has_nothing_done_on_it(call: Callable[[Task], object]) -> None:
    """`task` alone is for all, as `fork` is."""
    me = this_process()
    with prx.fork() as task:
        spawn(lambda: send(me, error_of(call, task)))
        assert isinstance(receive(BaseException, timeout=WAIT), NotOwner)


@pytest.mark.timeout(200)
def test_an_interrupt_at_any_instant_of_task_leaves_no_process() -> None:
    """Neither the child nor a program of its list: the task's table is empty, and it goes on."""

    def for_ever(task: Task) -> None:
        while True:
            prx.getpid(task)

    with prx.fork() as task, Interrupts(7) as interrupts:
        for _ in range(TIMES):
            # It does not return: there is no child that would be ours to stop.
            assert not interrupts.strike(lambda: prx.task(task, [("chdir", "/"), (for_ever,)]))
            assert children(task) == []
        assert prx.getpid(task) == task.host_pid
