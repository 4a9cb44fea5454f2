"""Who owns a task, who gets its output, and what is done with the stdio of its children at their ends."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from prx_actors.actors import NoProcess, Pid
from prx_actors.actors.ending import run_steps
from prx_actors.actors.table import process_of
from prx_actors.driver.state import State
from prx_actors.tasks.calls.base import Calls

if TYPE_CHECKING:
    from prx_actors.actors import Process
    from prx_actors.tasks.handing import Hook
    from prx_actors.tasks.process import TaskProcess

__all__ = ["OwnershipCalls"]


class OwnershipCalls(Calls):
    """controlling_process, stdio and atexit."""

    __slots__ = ()

    def controlling_process(self, pid: Pid) -> None:
        r"""Hand the task over: another process owns it from now on, and gets its output.

        It ends with its new owner, no longer with the caller. What has come to
        the caller's mailbox stays there, what has not goes to the new owner, in
        call and in exec state: nothing is lost and nothing comes twice. Links
        stay as they are.

        Args:
            pid: the new owner

        Raises:
            NoProcess: the new owner has ended, and the task is as before; the
                task has ended
            NotOwner: the caller does not own the task
            TypeError: it is no pid, or a task, which cannot own another one

        Example:
            >>> from prx_actors import Stdout, current, prx, receive, send, spawn
            >>> def work(reader):
            ...     task = receive(prx.Task)
            ...     prx.execvp(task, ["echo", "mine"])
            ...     send(reader, receive(Stdout, task=task, timeout=5).data)
            >>> task = prx.fork()
            >>> worker = spawn(work, current())
            >>> prx.controlling_process(task, worker)
            >>> send(worker, task)
            >>> receive(bytes, timeout=5)
            b'mine\n'

        """
        process = self._process
        process.check_owner("controlling_process")
        _check_alive(process, "controlling_process")
        owner = _living("controlling_process", pid)
        if isinstance(owner, type(process)):
            msg = f"controlling_process: {pid} is a task, which cannot own another one"
            raise TypeError(msg)
        if owner is not process.owner and not owner._adopt(process.task):
            raise _ended("controlling_process", pid)  # noqa: EM101 -- the name of the call
        # A step: one that an interrupt cuts short is done by another thread.
        run_steps(partial(_hand_over, process, process.owner, owner))

    def stdio(self, pid: Pid) -> None:
        """Have another process get the task's output, and the news of its end.

        The task keeps its owner. What has come to a mailbox stays there, what
        has not goes to the other process: nothing is lost and nothing comes
        twice. What a process leaves unread counts against `high_water` for
        itself alone.

        Args:
            pid: who gets it

        Raises:
            NoProcess: it has ended, and the task is as before; the task has
                ended
            NotOwner: the caller does not own the task
            TypeError: it is no pid

        Example:
            >>> from prx_actors import ExitStatus, current, prx, receive, send, spawn
            >>> me = current()
            >>> reader = spawn(lambda: send(me, receive(ExitStatus, timeout=5).status))
            >>> task = prx.fork()
            >>> prx.stdio(task, reader)
            >>> prx.execvp(task, ["true"])
            >>> receive(int, timeout=5)
            0

        """
        process = self._process
        process.check_owner("stdio")
        _check_alive(process, "stdio")
        process.output.redirect(_living("stdio", pid))

    def atexit(self, function: Hook | None) -> None:
        """Say what is done with the stdio of a child of this task when its actor ends.

        As a rule stdin is closed and what the child still writes is dropped.
        Instead, the function is called with three arguments, in a process of
        its own: `drv` and `pipeline` of this task, and what `cpid` says of the
        child, with the runtime's fds. They stay open until the function has
        returned and the child is gone, and nobody else reads them. They are the
        runtime's to close: take a copy with `os.dup` to keep one, and be done a
        second after the child's end. The child and all below it end all the
        same, and a child that waits for its reader is killed after `killdelay`.

        It holds for the ends of children while this task lives and is not
        inherited by forks. What it raises is logged.

        Args:
            function: called with `drv`, `pipeline` and a `Child`; none for the
                rule

        Raises:
            TypeError: it cannot be called
            NotOwner: the caller does not own the task
            NotInCallState: the task has called exec
            NoProcess: the task has ended

        Example:
            >>> from prx_actors import current, prx, receive, send
            >>> me = current()
            >>> with prx.fork() as task:
            ...     prx.atexit(task, lambda drv, pipeline, child: send(me, child))
            ...     child = prx.fork(task)
            ...     prx.execvp(child, ["cat"])
            ...     pid = prx.pidof(child)
            ...     prx.stop(child), receive(timeout=5).pid == pid
            (True, True)

        """
        if function is not None and not callable(function):
            msg = f"atexit: expected a function, not {function!r}"
            raise TypeError(msg)
        self._process.check_owner("atexit")
        self._process.check_call_state("atexit")
        self._process.at_exit = function


def _check_alive(process: TaskProcess, name: str) -> None:
    if process.driver.state is State.GONE or not process._prx_running:
        raise process.gone(name)


def _living(name: str, pid: Pid) -> Process:
    if not isinstance(pid, Pid):
        msg = f"{name}: expected a pid, not {pid!r}"
        raise TypeError(msg)
    process = process_of(pid)
    if process is None or not process._prx_running:
        raise _ended(name, pid)
    return process


def _ended(name: str, pid: Pid) -> NoProcess:
    return NoProcess(f"{name}: {pid} has ended")


def _hand_over(process: TaskProcess, old: Process, new: Process) -> None:
    process.output.redirect(new)
    process.owner = new
    if new is not old:
        _disown(process, old)


def _disown(process: TaskProcess, old: Process) -> None:
    with process._prx_lock:
        # From its exit on, a task works the list off.
        if not process._prx_exited and old._release in process._prx_exit_callbacks:
            process._prx_exit_callbacks.remove(old._release)
    old._release(process.task)
