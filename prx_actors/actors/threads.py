"""Processes that are threads: spawned functions, and plain threads that become one."""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from pykka.messages import _ActorStop

from prx_actors.actors.context import context
from prx_actors.actors.crashes import name_of_function
from prx_actors.actors.envelopes import reply, reply_exception
from prx_actors.actors.exceptions import ProcessExit
from prx_actors.actors.process import Process
from prx_actors.actors.scheduler import new_thread, scheduler, start_thread
from prx_actors.actors.table import process_of, process_table

if TYPE_CHECKING:
    from collections.abc import Callable

    from pykka._envelope import Envelope

__all__ = ["FunctionProcess", "ThreadProcess", "current_process"]


class _OnThread(Process):
    """A process whose code is not called by the scheduler but calls `receive`."""

    def __init__(self) -> None:
        super().__init__()
        self.actor_inbox.system = self._handle_system
        self.actor_inbox.scheduled = True  # it looks by itself

    def _holds_thread(self) -> bool:
        return True

    def _handle_system(self, envelope: Envelope[Any]) -> None:
        """Obey Pykka's own messages, met by a `receive` on the way."""
        if isinstance(envelope.message, _ActorStop):
            self._terminate("normal")
            reply(envelope)
            return
        try:
            reply(envelope, self._handle_receive(envelope.message))
        except Exception as error:  # noqa: BLE001 -- it is the caller's
            reply_exception(envelope, error)


class FunctionProcess(_OnThread):
    """A function that runs as a process, on a thread for its life.

    Args:
        function: what to run
        args: its arguments
        prepare: called with the process when it can be linked to, before it runs

    """

    def __init__(
        self,
        function: Callable[..., object],
        args: tuple[Any, ...],
        prepare: Callable[[Process], None],
    ) -> None:
        super().__init__()
        self._function = function
        self._args = args
        self._prepare = prepare

    def __str__(self) -> str:
        return f"{self._function!r} ({self.actor_urn})"

    def _initial_call(self) -> str:
        return name_of_function(self._function)

    def _kind(self) -> str:
        return f"{name_of_function(self._function).rpartition('.')[2]}()"

    def _start_actor_loop(self) -> None:
        process_table.add(self)
        self._prepare(self)
        try:
            start_thread(new_thread(self._run, f"prx-process-{self.actor_ref.number}"))
        except RuntimeError as error:
            # The caller gets the exception, not the signals too.
            self._part_from_all()
            self._terminate(error)
            raise

    def _part_from_all(self) -> None:
        for pid in list(self._prx_links):
            self._unlink(pid)
        for ref, pid in list(self._prx_watchers.items()):
            if (watcher := process_of(pid)) is not None:
                watcher._demonitor(ref)

    def _run(self) -> None:
        self._prx_thread_id = threading.get_ident()
        context.process = self
        try:
            self._function(*self._args)
            reason: object = "normal"
        except ProcessExit as exit_:
            reason = exit_.reason
        except BaseException as error:  # noqa: BLE001 -- code of the user
            reason = error
            if self._prx_running:
                self._crash_report(error)
        self._terminate(reason)
        context.process = None


class ThreadProcess(_OnThread):
    """What a plain thread becomes when it first acts as a process."""

    def _initial_call(self) -> str:
        return self._thread_name

    def _kind(self) -> str:
        return self._thread_name

    _thread_name = ""

    def _check_running(self) -> None:
        """Raise ProcessExit once; then the thread can become a new process."""
        if not self._prx_running:
            if context.process is self:
                context.process = context.guard = None
            super()._check_running()

    def _exit(self, reason: object) -> None:
        # Nobody catches what a plain thread raises: it ends here.
        self._terminate(reason)
        self._check_running()


class _Guard:
    """Ends a thread's process when the thread's locals go."""

    __slots__ = ("_pid", "_process")

    def __init__(self, process: Process) -> None:
        self._process = process
        self._pid = os.getpid()

    def __del__(self) -> None:
        # A fork clears the locals of all other threads before any hook of ours
        # runs: in the child they say nothing about the threads of the parent.
        if os.getpid() != self._pid:
            return
        # The rest is done elsewhere: it needs thread locals, and new ones made
        # while a thread ends would never be freed.
        if self._process._die("normal"):
            with suppress(RuntimeError):  # no threads at the interpreter's exit
                scheduler.submit(partial(self._process._terminate, "normal"))


def current_process() -> Process:
    """Return the process that the calling code is.

    A plain thread becomes one by this.

    Returns:
        the process object, which is running

    Raises:
        ProcessExit: when that process has been ended

    Example:
        >>> from prx_actors.actors.threads import current_process
        >>> current_process() is current_process()
        True

    """
    process = context.process
    if process is None:
        return _become_process()
    if not process._prx_running:
        process._check_running()
    return process


def _become_process() -> Process:
    process = ThreadProcess()
    process._prx_thread_id = threading.get_ident()
    process._thread_name = threading.current_thread().name
    process_table.add(process)
    # No call between these two: a signal handler may have become one meanwhile, on this very thread.
    if (before := context.process) is None:
        context.process = process
    else:
        process_table.remove(process.actor_ref)
        return before
    if threading.current_thread() is threading.main_thread():
        _end_with_main_thread()
    else:
        context.guard = _Guard(process)
    return process


@cache
def _end_with_main_thread() -> None:
    # The locals of the main thread outlive it: they go with the interpreter.
    with suppress(RuntimeError):  # it is shutting down already
        threading._register_atexit(_end_own_process)  # type: ignore[attr-defined]


def _end_own_process() -> None:
    if context.process is not None:
        context.process._terminate("normal")
