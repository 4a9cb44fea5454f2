"""The synchronous start of a process, as OTP's `proc_lib` does it."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import pykka

from prx_actors.actors.exceptions import ProcessExit
from prx_actors.actors.matching import Pattern
from prx_actors.actors.messages import Down, Exit
from prx_actors.actors.signals import link_child
from prx_actors.actors.table import process_of, process_table
from prx_actors.actors.threads import current_process
from prx_actors.otp.calls import From, await_answer, forget

if TYPE_CHECKING:
    from prx_actors.actors.messages import MonitorRef
    from prx_actors.actors.pid import Pid
    from prx_actors.actors.process import Process
    from prx_actors.otp.proc_lib import ProcLib

__all__ = ["StartError", "launch"]


class StartError(Exception):
    """A process did not start; nothing of it is left.

    Args:
        reason: why: what `init` raised or gave to `Stop`,
            `("already_started", pid)` or `"timeout"`

    Example:
        >>> from prx_actors.otp import GenServer, StartError, Stop
        >>> class Shy(GenServer):
        ...     def init(self):
        ...         return Stop("shutdown")
        >>> try:
        ...     Shy.start()
        ... except StartError as error:
        ...     error.reason
        'shutdown'

    """

    def __init__(self, reason: object) -> None:
        super().__init__(reason)
        self.reason = reason


def launch(
    process: ProcLib, timeout: float | None, *, link: bool = False, monitor: bool = False
) -> tuple[Pid, MonitorRef]:
    """Start a process and wait until its `init` has returned.

    Args:
        process: made, but not started
        timeout: seconds to wait; None waits for ever
        link: whether to link it to the caller
        monitor: whether to monitor it from its start

    Returns:
        its pid, and the monitor if there is one; each None, whatever their types
        say, when its `init` returned `Ignore`

    Raises:
        StartError: when it did not start
        ProcessExit: when the calling process has been ended

    """
    starter = current_process()
    pid = process.actor_ref
    pykka.ActorRegistry.register(pid)
    process_table.add(process)
    ref = starter._monitor(pid)
    process._prx_starter = From(starter.actor_ref, ref)
    down = starter._monitor(pid) if monitor else None
    try:
        if link:
            link_child(starter, process)
        process._begin_turns()
        started = _await_start(starter, process, ref, timeout)
    except ProcessExit:
        raise  # the starter is dead: a link, if there is one, tells the process
    except BaseException:
        _take_back(starter, process, ref, down)
        raise
    if not started:
        _take_back(starter, process, ref, down)
        return None, None  # type: ignore[return-value]
    return pid, down  # type: ignore[return-value]


def _await_start(starter: Process, process: ProcLib, ref: MonitorRef, timeout: float | None) -> bool:
    """Say whether the process has begun; False when it need not.

    Raises:
        StartError: when it failed

    """
    try:
        answer = await_answer(starter, ref, timeout)
    except TimeoutError:
        _kill(starter, process)
        msg = "timeout"
        raise StartError(msg) from None
    if not isinstance(answer, Down):
        return True
    if process._prx_ignored:
        return False
    reason = answer.reason
    raise StartError(reason) from (reason if isinstance(reason, BaseException) else None)


def _kill(starter: Process, process: ProcLib) -> None:
    """Kill a process that is late and wait until it is gone."""
    pid = process.actor_ref
    starter._unlink(pid)
    gone = starter._monitor(pid)
    process._exit_signal(starter.actor_ref, "kill", linked=False)
    starter._receive(Pattern((Down,), {"ref": gone}))


def _take_back(starter: Process, process: ProcLib, *refs: MonitorRef | None) -> None:
    """Leave no trace of a process that has not started."""
    pid = process.actor_ref
    starter._unlink(pid)
    if process_of(pid) is not None:
        process._exit_signal(starter.actor_ref, "kill", linked=False)
    for ref in refs:
        if ref is not None:
            forget(starter, ref)
    with suppress(ProcessExit):
        starter._flush(Exit, pid=pid)
