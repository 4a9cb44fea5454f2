"""The verbs of processes, with OTP's names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar, overload

import pykka

from prx_actors.actors.matching import ANYTHING, Pattern
from prx_actors.actors.messages import Down, MonitorRef
from prx_actors.actors.pid import Pid, tell_foreign
from prx_actors.actors.registry import check_pid, pid_of, wrong_address
from prx_actors.actors.signals import link_child
from prx_actors.actors.table import process_of
from prx_actors.actors.threads import FunctionProcess, current_process

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import NoReturn

    from prx_actors.actors.process import Process

__all__ = [
    "current",
    "demonitor",
    "exit",
    "exit_signal",
    "link",
    "monitor",
    "receive",
    "send",
    "spawn",
    "spawn_link",
    "spawn_monitor",
    "trap_exit",
    "unlink",
]


_T = TypeVar("_T")


def spawn(function: Callable[..., object], *args: Any) -> Pid:
    """Run a function as a process, on a thread of its own.

    Its return ends the process as `"normal"`; an exception is the exit reason
    and is logged; `exit` gives any other reason.

    Args:
        function: what to run
        args: its arguments

    Returns:
        the pid

    Raises:
        RuntimeError: when the system gives no more threads
        TypeError: when the function is the class of an actor, which has its own `start`

    Example:
        >>> from prx_actors.actors import current, receive, send, spawn
        >>> me = current()
        >>> pid = spawn(lambda: send(me, "hello"))
        >>> receive(str, timeout=5)
        'hello'

    """
    return _start(function, args, lambda _process: None)


def spawn_link(function: Callable[..., object], *args: Any) -> Pid:
    """Run a function as a process that is linked to the caller from its start.

    Args:
        function: what to run
        args: its arguments

    Returns:
        the pid

    Raises:
        RuntimeError: when the system gives no more threads

    Example:
        >>> from prx_actors.actors import Exit, exit, receive, spawn_link, trap_exit
        >>> old = trap_exit(True)
        >>> pid = spawn_link(exit, "bored")
        >>> receive(Exit, pid=pid, timeout=5).reason
        'bored'
        >>> _ = trap_exit(old)

    """
    caller = current_process()

    def prepare(process: Process) -> None:
        link_child(caller, process)

    return _start(function, args, prepare)


def spawn_monitor(function: Callable[..., object], *args: Any) -> tuple[Pid, MonitorRef]:
    """Run a function as a process that the caller monitors from its start.

    Args:
        function: what to run
        args: its arguments

    Returns:
        the pid and the monitor

    Raises:
        RuntimeError: when the system gives no more threads

    Example:
        >>> from prx_actors.actors import Down, receive, spawn_monitor
        >>> pid, ref = spawn_monitor(int, "42")
        >>> receive(Down, ref=ref, timeout=5).reason
        'normal'

    """
    caller = current_process()
    refs: list[MonitorRef] = []

    def prepare(process: Process) -> None:
        refs.append(caller._monitor(process.actor_ref))

    pid = _start(function, args, prepare)
    return pid, refs[0]


def _start(function: Callable[..., object], args: tuple[Any, ...], prepare: Callable[[Process], None]) -> Pid:
    if isinstance(function, type) and issubclass(function, pykka.Actor):
        msg = f"{function.__qualname__} is the class of an actor: {function.__qualname__}.start() starts one"
        raise TypeError(msg)
    return FunctionProcess.start(function, args, prepare)


def current() -> Pid:
    """Return the pid of the calling process; a plain thread becomes one.

    Returns:
        the pid

    Raises:
        ProcessExit: when the calling process has been ended

    Example:
        >>> from prx_actors.actors import current
        >>> current().is_alive()
        True

    """
    return current_process().actor_ref


def send(pid_or_name: pykka.ActorRef[Any] | str, message: object) -> None:
    """Send a message. The dead receive nothing, silently.

    Args:
        pid_or_name: the receiver, which may be an actor of Pykka's own
        message: anything; it is not copied

    Raises:
        ValueError: when no process has that name
        TypeError: when it is neither a pid nor a name
        ProcessExit: when the calling process has been ended

    Example:
        >>> from prx_actors.actors import current, receive, send
        >>> send(current(), 42)
        >>> receive(int)
        42

    """
    if isinstance(pid_or_name, pykka.ActorRef) and not isinstance(pid_or_name, Pid):
        tell_foreign(pid_or_name, message)
    else:
        pid_of(pid_or_name)._send(message)


@overload
def receive(wanted: type[_T], /, *, timeout: float | None = None, **fields: object) -> _T: ...
@overload
def receive(*wanted: Any, timeout: float | None = None, **fields: object) -> Any: ...
def receive(*wanted: Any, timeout: float | None = None, **fields: object) -> Any:
    """Remove and return the first message that matches; others stay in order.

    The cost does not grow with the messages that wait when types are asked for,
    with or without one of `task=`, `pid=`, `ref=`. Predicates and other fields
    look at each message that is left. Abstract classes are types; protocols,
    which look at the message itself, are as predicates.

    Args:
        wanted: types, of which the message is an instance, and predicates, of
            which it satisfies one; any message when there are none
        timeout: seconds to wait; 0 only looks
        fields: attributes of the message, with their values

    Returns:
        the message; an `ask` for it has been answered with None

    Raises:
        TimeoutError: when none came in time
        ProcessExit: when the calling process has been ended
        TypeError: when something wanted is neither a type nor callable

    Example:
        >>> from prx_actors.actors import current, receive, send
        >>> me = current()
        >>> for message in (1, "two", 3):
        ...     send(me, message)
        >>> receive(str), receive(lambda n: n > 1), receive()
        ('two', 3, 1)

    """
    pattern = Pattern(wanted, fields) if wanted or fields else ANYTHING
    return current_process()._receive(pattern, timeout)


def link(pid_or_name: Pid | str) -> None:
    """Link the caller to a process: when one ends, the other gets an exit signal.

    Args:
        pid_or_name: the other process; a dead one answers with the signal `"noproc"`

    Raises:
        ValueError: when no process has that name
        TypeError: when it is neither a pid nor a name
        ProcessExit: when the calling process has been ended, also by `"noproc"`

    Example:
        >>> from prx_actors.actors import Down, Exit, link, receive, spawn_monitor, trap_exit
        >>> old = trap_exit(True)
        >>> pid, ref = spawn_monitor(int)
        >>> _ = receive(Down, ref=ref, timeout=5)
        >>> link(pid)
        >>> receive(Exit, pid=pid).reason
        'noproc'
        >>> _ = trap_exit(old)

    """
    process = current_process()
    process._link(pid_of(pid_or_name))
    process._check_running()


def unlink(pid: Pid) -> None:
    """Undo a link, whichever side made it.

    Args:
        pid: the other process

    Raises:
        ProcessExit: when the calling process has been ended

    Example:
        >>> from prx_actors.actors import exit_signal, receive, spawn_link, unlink
        >>> pid = spawn_link(receive)
        >>> unlink(pid)
        >>> exit_signal(pid, "kill")

    """
    current_process()._unlink(check_pid(pid))


def monitor(pid_or_name: Pid | str) -> MonitorRef:
    """Ask for a `Down` when a process ends; at once when it has ended.

    By name, it is the process that has the name now which is watched; a name
    that no process has answers as the dead do. The `Down` then has the name in
    place of the pid.

    Args:
        pid_or_name: the process to watch

    Returns:
        what the `Down` carries as `ref`

    Raises:
        TypeError: when it is neither a pid nor a name
        ProcessExit: when the calling process has been ended

    Example:
        >>> from prx_actors.actors import Down, exit_signal, monitor, receive, spawn
        >>> pid = spawn(receive)
        >>> ref = monitor(pid)
        >>> exit_signal(pid, "kill")
        >>> receive(Down, ref=ref, timeout=5).reason
        'killed'

    """
    if not isinstance(pid_or_name, Pid | str):
        raise wrong_address(pid_or_name)
    return current_process()._monitor(pid_or_name)


def demonitor(ref: MonitorRef, *, flush: bool = False) -> None:
    """Stop a monitor; no `Down` of it arrives afterwards.

    Args:
        ref: what `monitor` returned
        flush: whether to remove a `Down` that has arrived before

    Raises:
        ProcessExit: when the calling process has been ended

    Example:
        >>> from prx_actors.actors import Down, demonitor, receive, spawn_monitor
        >>> pid, ref = spawn_monitor(int)
        >>> demonitor(ref, flush=True)
        >>> receive(Down, ref=ref, timeout=0)
        Traceback (most recent call last):
            ...
        TimeoutError

    """
    process = current_process()
    process._demonitor(ref)
    if flush:
        process._flush(Down, ref=ref)


def trap_exit(trap: bool) -> bool:
    """Choose whether exit signals come as `Exit` messages instead of ending the caller.

    Args:
        trap: whether they do from now on

    Returns:
        whether they did before

    Raises:
        ProcessExit: when the calling process has been ended

    Example:
        >>> from prx_actors.actors import trap_exit
        >>> trap_exit(True), trap_exit(False)
        (False, True)

    """
    process = current_process()
    with process._prx_lock:
        before, process._prx_trapping = process._prx_trapping, bool(trap)
    return before


def exit(reason: object) -> NoReturn:
    """End the calling process.

    Args:
        reason: why; `"normal"` harms no linked process

    Raises:
        ProcessExit: always

    Example:
        >>> from prx_actors.actors import Down, exit, receive, spawn_monitor
        >>> pid, ref = spawn_monitor(exit, "enough")
        >>> receive(Down, ref=ref, timeout=5).reason
        'enough'

    """
    current_process()._exit(reason)
    raise AssertionError  # _exit does not return


def exit_signal(pid_or_name: Pid | str, reason: object) -> None:
    """Send an exit signal, as a link would.

    Args:
        pid_or_name: the receiver, which may be the caller; nothing happens to the dead
        reason: `"normal"` ends nobody but the caller; `"kill"` cannot be
            trapped, and its victim ends as `"killed"`

    Raises:
        ValueError: when no process has that name
        TypeError: when it is neither a pid nor a name
        ProcessExit: when the calling process has been ended, also by this

    Example:
        >>> from prx_actors.actors import Down, exit_signal, receive, spawn_monitor
        >>> pid, ref = spawn_monitor(receive)
        >>> exit_signal(pid, "shutdown")
        >>> receive(Down, ref=ref, timeout=5).reason
        'shutdown'

    """
    sender = current_process()
    receiver = process_of(pid_of(pid_or_name))
    if receiver is not None:
        receiver._exit_signal(sender.actor_ref, reason, linked=False, sent=True)
    sender._check_running()
