"""fork and what tells about the tree: cpid, pidof, pipeline, parent, execed, eof, call by name."""

from __future__ import annotations

import errno
import os
import signal
import threading
from queue import SimpleQueue
from typing import TYPE_CHECKING

import pytest
from support.call_arguments import ARGUMENTS
from support.calls import WAIT, children, fails, outcome, until

from prx_actors import ExitStatus, NoProcess, Stdout, Task, UndefinedCall, prx, receive, spawn
from prx_actors.driver.protocol import CALLS
from prx_actors.tasks.calls.bsd import BsdCalls
from prx_actors.tasks.children import Child

if TYPE_CHECKING:
    from collections.abc import Callable


def test_parent_and_pipeline_say_where_a_task_is() -> None:
    """A root has neither."""
    with prx.fork() as root:
        child = prx.fork(root)
        grandchild = prx.fork(child)
        assert [prx.parent(one) for one in (root, child, grandchild)] == [None, root, child]
        pids = [prx.getpid(child), prx.getpid(grandchild)]
        assert [prx.pipeline(one) for one in (root, child, grandchild)] == [[], pids[:1], pids]


def test_pidof_works_in_exec_state_and_gives_none_when_the_task_is_gone() -> None:
    """It is what the parent's table says."""
    with prx.fork() as task:
        child = prx.fork(task)
        pid = prx.getpid(child)
        assert prx.pidof(child) == pid
        prx.execvp(child, ["cat"])
        assert prx.pidof(child) == pid
        prx.stop(child)
        assert prx.pidof(child) is None
        assert prx.cpid(task) == []


def test_execed_says_whether_a_task_is_a_program() -> None:
    """Also once it is gone; a failed exec does not count."""
    with prx.fork() as task:
        child = prx.fork(task)
        assert not prx.execed(child)
        with fails(errno.ENOENT, filename=b"/nosuch"):
            prx.execvp(child, ["/nosuch"])
        assert not prx.execed(child)
        prx.execvp(child, ["cat"])
        assert prx.execed(child)
        prx.stop(child)
        assert prx.execed(child)
        assert not prx.execed(task)


def test_an_exec_under_way_is_not_shown_as_a_program() -> None:
    """Who kills what `cpid` calls a program kills no driver."""
    with prx.fork() as task:
        stopped = SimpleQueue[Task]()

        def execute() -> None:
            child = prx.fork(task)
            assert child.host_pid
            os.kill(child.host_pid, signal.SIGSTOP)
            stopped.put(child)
            prx.execvp(child, ["cat"])
            receive(ExitStatus, task=child, timeout=WAIT)

        owner = spawn(execute)
        child = stopped.get()
        until(lambda: " executing " in repr(child), "the exec is under way")
        assert not prx.execed(child)
        assert [one.exec for one in children(task)] == [False]
        assert child.host_pid
        os.kill(child.host_pid, signal.SIGCONT)
        until(lambda: prx.execed(child), "it is a program")
        assert [one.exec for one in children(task)] == [True]
        prx.eof(task, prx.pidof(child))
        until(lambda: not owner.is_alive(), "its owner has heard of its end")


def test_cpid_describes_every_child() -> None:
    """In order of birth, with the options and the fds that the runtime has of it."""
    with prx.fork() as task:
        first = prx.fork(task, flowcontrol=5)
        second = prx.fork(task, signaloneof=9)
        prx.execvp(first, ["cat"])
        known = children(task)
        assert [one.pid for one in known] == [prx.pidof(first), prx.pidof(second)]
        assert [(one.exec, one.flowcontrol, one.signaloneof) for one in known] == [(True, 5, 15), (False, -1, 9)]
        fds = [fd for one in known for fd in (one.stdin, one.stdout, one.stderr)]
        assert len(set(fds)) == 6
        assert all(os.readlink(f"/proc/self/fd/{fd}").startswith("pipe:") for fd in fds)  # noqa: PTH115 -- no path


def test_cpid_of_one_child_gives_it_or_none() -> None:
    """A grandchild is no child."""
    with prx.fork() as task:
        child = prx.fork(task)
        grandchild = prx.fork(child)
        pid = prx.getpid(child)
        found = prx.cpid(task, pid)
        assert isinstance(found, Child)
        assert found.pid == pid
        assert prx.cpid(task, child) == prx.cpid(task, found) == found
        assert prx.cpid(task, prx.getpid(grandchild)) is None
        assert prx.cpid(task, grandchild) is None
        assert prx.cpid(task, 1) is None
        prx.stop(child)
        assert prx.cpid(task, pid) is None
        assert prx.cpid(task, child) is None
        with pytest.raises(TypeError):
            prx.cpid(task, "stdin")  # type: ignore[arg-type]


def test_cpid_shows_a_closed_stream_as_minus_one() -> None:
    """`eof` of each, by the child's pid."""
    with prx.fork() as task:
        child = prx.fork(task)
        pid = prx.getpid(child)
        prx.execvp(child, ["sleep", "60"])
        for stream in ("stdin", "stdout", "stderr"):
            prx.eof(task, pid, stream)
            with fails(errno.EBADF, filename=stream):
                prx.eof(task, pid, stream)

        def closed() -> bool:
            found = prx.cpid(task, pid)
            assert isinstance(found, Child)
            return (found.stdin, found.stdout, found.stderr) == (-1, -1, -1)

        until(closed, "all three are closed")


def test_eof_ends_the_input_of_a_program_after_what_is_queued() -> None:
    """By the task itself, by the name of the stream, and by the parent's view of the child."""
    with prx.fork() as task:
        closings: list[Callable[[Task], None]] = [
            prx.eof,
            lambda child: prx.eof(child, "stdin"),
            lambda child: prx.eof(task, prx.pidof(child)),
            lambda child: prx.eof(task, prx.pidof(child), "stdin"),
        ]
        for close in closings:
            child = prx.fork(task)
            prx.execvp(child, ["sh", "-c", "wc -c; exec sleep 60"])
            prx.stdin(child, bytes(300_000))
            close(child)
            with fails(errno.EBADF, filename="stdin"):
                prx.eof(child)
            with fails(errno.EBADF, filename="stdin"):
                prx.stdin(child, "more")
            assert receive(Stdout, task=child, timeout=30).data == b"300000\n"


def test_eof_of_stdout_breaks_the_program_s_pipe() -> None:
    """`yes` ends by SIGPIPE: nobody reads what it writes."""
    with prx.fork() as task:
        child = prx.fork(task)
        prx.execvp(child, ["yes"])
        receive(Stdout, task=child, timeout=30)
        prx.eof(child, "stdout")
        assert outcome(child).end.signal == 13  # type: ignore[union-attr]


def test_eof_of_what_is_not_there_fails() -> None:
    """`ESRCH` for a child, `ValueError` for a stream, `NoProcess` for a task that is gone."""
    with prx.fork() as task:
        child = prx.fork(task)
        pid = prx.getpid(child)
        for stream in ("stdlog", ""):
            with pytest.raises(ValueError, match="stdin, stdout and stderr"):
                prx.eof(task, pid, stream)  # type: ignore[arg-type]
            with pytest.raises(ValueError, match="stdin, stdout and stderr"):
                prx.eof(child, stream)  # type: ignore[arg-type]
        prx.stop(child)
        with fails(errno.ESRCH, filename=pid):
            prx.eof(task, pid)
        with pytest.raises(NoProcess):
            prx.eof(child)


BSD = {name for name in vars(BsdCalls) if name in CALLS}
ACTS = {"mount", "pivot_root", "setgroups", "sethostname", "setns", "umount", "umount2"}
"""Calls with a test of their own for that: they need privilege, or would change the machine."""


def result_of(function: Callable[[], object]) -> object:
    """Return what a call returns, the errno of what it raises, or that it is undefined."""
    try:
        return function()
    except OSError as error:
        return error.errno
    except UndefinedCall:
        return UndefinedCall


@pytest.mark.parametrize("name", CALLS.keys() - {"fork", "clone", "fexecve"} - ACTS - BSD)
def test_any_call_can_be_made_by_its_name(name: str) -> None:
    """With the same arguments and results as the function of that name."""
    args = ARGUMENTS.get(name, ())
    with prx.fork() as task:
        direct, by_name = prx.fork(task), prx.fork(task)
        for one in (direct, by_name):
            assert prx.open(one, "/dev/null", "o_rdwr") == 3
        result = result_of(lambda: prx.call(by_name, name, *args))
        expected = result_of(lambda: getattr(prx, name)(direct, *args))
        assert result == (prx.pidof(by_name) if name in {"getpid", "setsid"} else expected)


def test_call_refuses_what_makes_a_task_and_what_is_no_call() -> None:
    """`EAGAIN` as in prx, and `UndefinedCall` with the name."""
    with prx.fork() as task:
        for name in ("fork", "clone"):
            with fails(errno.EAGAIN, filename=name):
                prx.call(task, name, 0)
        for name in ("nosuch", "perform", "_call", "stop", ""):
            with pytest.raises(UndefinedCall, match=repr(name)):
                prx.call(task, name)
        assert prx.cpid(task) == []


def test_anyone_may_fork_and_owns_what_comes() -> None:
    """Another thread is another process."""
    with prx.fork() as task:
        seen: list[object] = []

        def other() -> None:
            child = prx.fork(task)
            seen.extend([prx.getpid(child) == child.host_pid, prx.parent(child) is task])
            prx.execvp(child, ["sh", "-c", "exit 4"])
            seen.append(receive(ExitStatus, task=child, timeout=30).status)

        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
        assert seen == [True, True, 4]
        assert prx.getpid(task)


def test_every_function_of_prx_is_a_method_of_a_task() -> None:
    """But those that take none."""
    with prx.fork() as task:
        child = task.fork(maxchild=7)
        assert child.parent() is task
        assert child.getopt("maxchild") == 7
        assert child.call("getpid") == child.getpid() == child.pidof()
        child.execvp(["cat"])
        child.stdin("hello")
        child.eof()
        assert outcome(child).stdout == b"hello"
        missing = [name for name in prx.__all__ if name not in {"sudo", "timeout"} and not hasattr(task, name)]
        assert missing == []
