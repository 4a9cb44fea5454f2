"""Wrong use of a task, told at once: who may call it, in which state, and what an error says."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING, Any

from prx_actors.actors import NoProcess, Process
from prx_actors.actors.threads import current_process
from prx_actors.driver.state import State
from prx_actors.tasks.errors import NotInCallState, NotInExecState, NotOwner, UndefinedCall

if TYPE_CHECKING:
    from prx_actors.driver.driver import Driver
    from prx_actors.driver.protocol import Call
    from prx_actors.tasks.filters import Filter
    from prx_actors.tasks.task import Task

__all__ = ["CheckedProcess"]

EXECS = {"execve", "execvp", "fexecve"}

SHOWN = 80
"""Characters of an argument that an error message shows."""


class CheckedProcess(Process):
    """The part of a task's process that refuses."""

    driver: Driver
    owner: Process
    task: Task
    filter: Filter

    def check_owner(self, name: str) -> None:
        """Raise unless the caller owns the task."""
        self.check_forked(name)
        # A function that takes a signal of the task runs as the task.
        if current_process() not in (self.owner, self):
            msg = (
                f"{name}: {self.task} belongs to {self.owner.actor_ref}; the caller "
                f"is {current_process().actor_ref} (each thread is a process)"
            )
            raise NotOwner(msg)

    def check_forked(self, name: str) -> None:
        """Raise in the child of an `os.fork()`."""
        if self.driver.state is State.FORKED:
            msg = (
                f"{name}: {self.task} belongs to the program that os.fork() has "
                f"copied into pid {os.getpid()}; fork tasks of your own here"
            )
            raise NoProcess(msg)

    def check_call_state(self, name: str) -> None:
        """Raise unless the task obeys calls."""
        self.check_forked(name)
        if self.driver.state is State.GONE or not self._prx_running:
            raise self.gone(name)
        if self.driver.state is not State.CALL:
            now = "it is a program now" if self.driver.execed else "it is in the midst of an exec"
            msg = f"{name}: {self.task} has called exec; {now}"
            raise NotInCallState(msg)

    def check_exec_state(self, name: str) -> None:
        """Raise unless the task is a program."""
        self.check_owner(name)
        if self.driver.state is State.GONE or not self._prx_running:
            raise self.gone(name)
        if self.driver.state is not State.EXEC:
            msg = f"{name}: {self.task} has not called exec; it has no program"
            raise NotInExecState(msg)

    def gone(self, name: str) -> NoProcess:
        """Return the error of a call to a task that has ended, with the reason once that is known."""
        why = "" if self._prx_running else f": {_shorten(self._prx_final_reason)}"
        return NoProcess(f"{name}: {self.task} has ended{why}")

    def undefined(self, name: str) -> UndefinedCall:
        """Return the error of a call that the driver does not make."""
        if self.filter.refuses(name):
            return UndefinedCall(f"{name}: the call is filtered in {self.task}")
        return UndefinedCall(f"{name}: the call does not exist on this system ({self.task})")

    def check_filter(self, name: str) -> None:
        """Raise for a filtered call that the runtime itself would answer."""
        if self.filter.refuses(name):
            raise self.undefined(name)

    def explain(self, call: Call, args: tuple[Any, ...], error: OSError) -> Exception:
        """Return an error that says what was asked of which task."""
        if error.errno == errno.ENOSYS:
            return self.undefined(call.name)
        if error.errno == errno.ESRCH and call.name in EXECS:
            return self.gone(call.name)  # who has lost its parent runs nothing any more
        if call.types.startswith("s") and error.filename is None:
            error.filename = args[0]
        shown = ", ".join(_shorten(arg) for arg in args)
        error.add_note(f"{call.name}({shown}) of {self.task}")
        return error


def _shorten(value: object) -> str:
    shown = repr(value)
    return shown if len(shown) <= SHOWN else f"{shown[:SHOWN]}..."
