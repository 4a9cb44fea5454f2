"""Signals that the process sends, and what becomes of those that it gets."""

from __future__ import annotations

import errno
import os
import signal as signals
from typing import TYPE_CHECKING

from prx_actors.system.constants import resolve
from prx_actors.tasks.calls.base import Calls

if TYPE_CHECKING:
    from prx_actors.system.constants import Constant
    from prx_actors.tasks.signal_handlers import Disposition, SignalHandler

__all__ = ["SignalCalls", "disposition"]


class SignalCalls(Calls):
    """kill(2), sigaction(2)."""

    __slots__ = ()

    def kill(self, pid: int, signal: Constant) -> None:
        """Send a signal, as the process and in its pid namespace: kill(2).

        Args:
            pid: a process, or with 0, -1 and below a group, as in kill(2)
            signal: a number, a `signal.Signals` or a name; 0 only checks

        Raises:
            OSError: `EINVAL`, `EPERM`, `ESRCH`; `ENOTSUP` for an unknown name
            NotOwner: the caller does not own the task
            NotInCallState: the task has called exec
            NoProcess: the task has ended

        Example:
            >>> from prx_actors import Signal, prx, receive
            >>> with prx.fork() as task:
            ...     prx.kill(task, prx.getpid(task), "sigusr1")
            ...     receive(Signal, task=task, timeout=5).signal.name
            'SIGUSR1'

        """
        self._call("kill", pid, resolve("signal", signal))

    def sigaction(
        self, signal: Constant, handler: Disposition | SignalHandler | str | int | None = None
    ) -> Disposition | SignalHandler:
        """Say what becomes of a signal that the process gets: sigaction(2).

        Every signal starts as `sig_info`, but for those that the kernel raises
        for a fault of the process (`SIGABRT`, `SIGBUS`, `SIGFPE`, `SIGILL`,
        `SIGSEGV`, `SIGSYS`, `SIGTRAP`) and for `SIGCHLD`, which start as
        `sig_dfl`. A fork inherits what was set, but not a function, in whose
        place it has `sig_info`. A program inherits what is ignored, all else is
        default in it.

        With `sigchld` as `sig_info` or a function, children are the owner's to
        reap, by `waitpid`: a child that has exited stays a zombie, and its
        `ExitStatus` and end are not told, before that. What is ended by the
        runtime (`stop`, or the end of an owner or a parent) is reaped all the
        same. With any other disposition of `sigchld` the task reaps its children
        by itself, so that no status is lost.

        A function is called with the task, the signal and the `siginfo_t`,
        instead of a `Signal` message, for one signal after the other, on a
        thread of the scheduler. It runs as the task: `current()` is the task,
        and calls to it are allowed; those wait for a call of the owner that is
        under way. An exception is logged and changes nothing.

        Args:
            signal: a number, a `signal.Signals` or a name
            handler: `"sig_dfl"` for the system's default, `"sig_ign"` to ignore
                the signal, `"sig_info"` to have the owner sent a `Signal`;
                `signal.SIG_DFL` and `signal.SIG_IGN` mean the same; a function;
                none only asks

        Returns:
            what it was before, by its name, or the function

        Raises:
            OSError: `EINVAL` for what is no signal, and to change `SIGKILL` and
                `SIGSTOP`; `ENOTSUP` for an unknown name
            TypeError: the handler is none of the above
            NotOwner: the caller does not own the task
            NotInCallState: the task has called exec
            NoProcess: the task has ended

        Example:
            >>> from prx_actors import current, prx, receive, send
            >>> me = current()
            >>> def handler(task, signal, info):
            ...     send(me, (signal.name, prx.getpid(task)))
            >>> with prx.fork() as task:
            ...     prx.sigaction(task, "sigterm", handler)
            ...     prx.kill(task, prx.getpid(task), "sigterm")
            ...     receive(tuple, timeout=5) == ("SIGTERM", prx.getpid(task))
            ...     prx.sigaction(task, "sigterm", "sig_ign") is handler
            'sig_info'
            True
            True

        """
        number = resolve("signal", signal)
        name = disposition(handler)
        process = self._process
        process.check_owner("sigaction")
        if number == signals.SIGCHLD and name == "sig_info":
            process.driver.child_signal_taken = True
        before = process.handlers.get(number)
        if name and callable(handler):
            process.handlers[number] = handler
        try:
            known: Disposition = self._call("sigaction", number, name).decode()
        except BaseException:
            _restore(process.handlers, number, before)
            raise
        if name and not callable(handler):
            process.handlers.pop(number, None)
        return known if before is None else before


def _restore(handlers: dict[int, SignalHandler], number: int, before: SignalHandler | None) -> None:
    if before is None:
        handlers.pop(number, None)
    else:
        handlers[number] = before


def disposition(handler: object) -> str:
    """Return the driver's name of a handler, nothing to ask."""
    if handler is None:
        return ""
    if isinstance(handler, signals.Handlers):
        return handler.name.lower()
    if callable(handler):
        return "sig_info"
    if not isinstance(handler, str):
        msg = f"expected a name, a function or None, not {handler!r}"
        raise TypeError(msg)
    if handler.lower() not in {"sig_dfl", "sig_ign", "sig_info"}:
        raise OSError(errno.ENOTSUP, f"{os.strerror(errno.ENOTSUP)}: no handler of a signal", handler)
    return handler.lower()
