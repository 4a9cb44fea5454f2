"""Wrong use of a task is told at once, by an error that says what is wrong."""

from __future__ import annotations

import functools
import os
import signal
import threading
from typing import TYPE_CHECKING

import pytest
from support.call_arguments import ARGUMENTS as HARMLESS
from support.calls import outcome, until

from prx_actors import (
    Down,
    NoProcess,
    NotInCallState,
    NotInExecState,
    NotOwner,
    Stdout,
    UndefinedCall,
    monitor,
    prx,
    receive,
    spawn_monitor,
)
from prx_actors.driver.protocol import CALLS
from prx_actors.tasks.calls.constants import CONSTANT_CALLS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from prx_actors import Task

ARGUMENTS = HARMLESS | {
    "fork": (),
    "clone": ([],),
    "fexecve": (3, ["true"], []),
    "errno_id": (1,),
    "setgroups": ([],),
    "sethostname": ("name",),
    "setns": (0,),
    "pivot_root": (".", "."),
    "mount": (None, "/nosuch", None, 0, None),
    "umount": ("/nosuch",),
    "umount2": ("/nosuch", 0),
}
ARGUMENTS |= dict.fromkeys(CONSTANT_CALLS - {"errno_id"}, ("name",))
USES: dict[str, Callable[[Task], object]] = {
    name: functools.partial(lambda name, task: getattr(prx, name)(task, *ARGUMENTS.get(name, ())), name)
    for name in CALLS.keys() | CONSTANT_CALLS
}
STREAMS: dict[str, Callable[[Task], object]] = {
    "stdin": lambda task: prx.stdin(task, "x"),
    "eof": prx.eof,
}


def test_the_errors_are_those_that_python_has_for_it() -> None:
    """Who catches `PermissionError`, `ProcessLookupError` or `NotImplementedError` catches them."""
    assert all(issubclass(error, PermissionError) for error in (NotOwner, NotInCallState, NotInExecState))
    assert issubclass(NoProcess, ProcessLookupError)
    assert issubclass(UndefinedCall, NotImplementedError)


@pytest.mark.parametrize("use", sorted(USES))
def test_a_program_obeys_no_calls(use: str) -> None:
    """It is told which call of which task, and the program does not notice."""
    with prx.fork() as task:
        prx.execvp(task, ["cat"])
        with pytest.raises(NotInCallState, match=f"{use}: .*{task.host_pid}.* has called exec"):
            USES[use](task)
        prx.stdin(task, "still here")
        assert receive(Stdout, task=task, timeout=30).data == b"still here"


def test_a_task_in_call_state_has_no_stdin() -> None:
    """The original discards the data; after a failed exec it is the same."""
    with prx.fork() as task:
        for _ in range(2):
            with pytest.raises(NotInExecState, match=f"stdin: .*{task.host_pid}.* has not called exec"):
                prx.stdin(task, "x")
            with pytest.raises(FileNotFoundError):
                prx.execvp(task, ["/nosuch"])
        prx.execvp(task, ["cat"])
        prx.stdin(task, "now")
        assert receive(Stdout, task=task, timeout=30).data == b"now"


def in_thread(function: Callable[[], object]) -> BaseException | None:
    """Call a function as another process; return what it raises."""
    raised: list[BaseException] = []

    def run() -> None:
        try:
            function()
        except Exception as error:  # noqa: BLE001 -- it is looked at in the test
            raised.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    return raised[0] if raised else None


@pytest.mark.parametrize("use", sorted(USES.keys() - {"fork", "clone"}))
def test_only_the_owner_may_call(use: str) -> None:
    """Another thread is another process; the error names the owner."""
    with prx.fork() as task:
        error = in_thread(lambda: USES[use](task))
        assert isinstance(error, NotOwner)
        assert f"{use}: {task} belongs to" in str(error)
        assert prx.getpid(task) == task.host_pid


@pytest.mark.parametrize("use", STREAMS)
def test_only_the_owner_may_feed_a_program(use: str) -> None:
    """Nor may others close its streams."""
    with prx.fork() as task:
        prx.execvp(task, ["cat"])
        assert isinstance(in_thread(lambda: STREAMS[use](task)), NotOwner)
        prx.stdin(task, "only mine")
        prx.eof(task)
        assert outcome(task).stdout == b"only mine"


def test_a_spawned_process_is_another_process_too() -> None:
    """The owner is a process, not a thread of Python."""
    with prx.fork() as task:
        _, ref = spawn_monitor(prx.getpid, task)
        reason = receive(Down, ref=ref, timeout=30).reason
        assert isinstance(reason, NotOwner)


def test_anyone_may_stop_a_task() -> None:
    """As anyone may send an exit signal."""
    task = prx.fork()
    assert in_thread(task.stop) is None
    assert not task.is_alive()


def by_stop(task: Task) -> None:
    """End it."""
    prx.stop(task)


def by_exit(task: Task) -> None:
    """Have it exit."""
    prx.exit(task, 0)


def by_the_program_s_end(task: Task) -> None:
    """Turn it into a program that ends."""
    prx.execvp(task, ["true"])


def by_sigkill(task: Task) -> None:
    """Kill its process."""
    assert task.host_pid is not None
    os.kill(task.host_pid, signal.SIGKILL)


def by_its_parent(task: Task) -> None:
    """End the task above it."""
    parent = prx.parent(task)
    assert parent is not None
    prx.stop(parent)


@pytest.mark.parametrize("end", [by_stop, by_exit, by_the_program_s_end, by_sigkill, by_its_parent])
def test_a_task_that_is_gone_says_so(end: Callable[[Task], None]) -> None:
    """Every call and every stream, however it has ended."""
    with prx.fork() as root:
        task = prx.fork(root)
        ref = monitor(task)
        end(task)
        receive(Down, ref=ref, timeout=30)
        for name, use in (USES | STREAMS).items():
            with pytest.raises(NoProcess, match=f"{name}: .*has ended"):
                use(task)
        assert prx.stop(task) is False
        assert (prx.pidof(task), task.host_pid, prx.cpid(task)) == (None, None, [])


@pytest.mark.parametrize(
    ("end", "why"),
    [
        (by_stop, "'normal'"),
        (by_exit, "'shutdown'"),
        (by_sigkill, r"\('termsig', <Signals.SIGKILL: 9>\)"),
        (by_its_parent, "'shutdown'"),
    ],
)
def test_the_error_of_a_task_that_is_gone_says_why(end: Callable[[Task], None], why: str) -> None:
    """The reason of its end, which whoever has not monitored it looks for."""
    with prx.fork() as root:
        task = prx.fork(root)
        ref = monitor(task)
        end(task)
        receive(Down, ref=ref, timeout=30)
        with pytest.raises(NoProcess, match=f"getpid: .*has ended: {why}$"):
            prx.getpid(task)


def test_a_driver_killed_in_the_middle_of_a_call_raises_at_once(tmp_path: Path) -> None:
    """The caller waits in `read` on a fifo; its siblings do not notice."""
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    with prx.fork() as root:
        task, sibling = prx.fork(root), prx.fork(root)
        fd = prx.open(task, fifo, "o_rdwr")
        pid = task.host_pid
        assert pid is not None

        def kill() -> None:
            until(lambda: task._process.driver.turns.busy, "the call is under way")
            os.kill(pid, signal.SIGKILL)

        thread = threading.Thread(target=kill)
        thread.start()
        with pytest.raises(NoProcess, match=r"read: .*has ended"), prx.timeout(20):
            prx.read(task, fd, 1)
        thread.join()
        assert prx.getpid(sibling) == sibling.host_pid
