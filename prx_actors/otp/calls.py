"""Requests to a process and their replies, as OTP's `gen` makes them.

A call monitors the server, and the monitor's reference is the address of the
reply: whichever comes first of reply, end of the server and timeout takes it
back, under the caller's lock. So a late reply finds no address and is dropped.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from queue import Full
from typing import TYPE_CHECKING, Any

import pykka
from pykka._envelope import Envelope

from prx_actors.actors.context import context
from prx_actors.actors.exceptions import ProcessExit
from prx_actors.actors.matching import Pattern
from prx_actors.actors.messages import Down, MonitorRef
from prx_actors.actors.table import process_of
from prx_actors.actors.threads import current_process
from prx_actors.otp.names import pid_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from prx_actors.actors.pid import Pid
    from prx_actors.actors.process import Process


__all__ = ["Call", "CallError", "Cast", "From", "call", "cast", "reply", "request_reply"]


class CallError(Exception):
    """A call got no reply, because the server is not there or has ended.

    Where it is not caught it ends the caller, as the exit in OTP does.

    Args:
        reason: `"noproc"`, `"calling_self"`, or why the server ended
        target: the pid or the name that was called

    Example:
        >>> from prx_actors.otp import CallError, GenServer
        >>> try:
        ...     GenServer.call("nobody", "hello")
        ... except CallError as error:
        ...     error.reason
        'noproc'

    """

    def __init__(self, reason: object, target: Pid | str) -> None:
        super().__init__(reason, target)
        self.reason = reason
        self.target = target

    def __str__(self) -> str:
        return f"call to {self.target!r} failed: {self.reason!r}"


class From:
    """Who made a request; what `reply` takes. Equal only to itself."""

    __slots__ = ("pid", "tag")

    def __init__(self, pid: Pid | None, tag: MonitorRef | pykka.Future[Any]) -> None:
        self.pid = pid
        """The caller; none when it used Pykka's `ask`."""
        self.tag = tag
        """Where the reply goes."""

    def __repr__(self) -> str:
        return f"<From {self.pid!r} {self.tag!r}>"


@dataclass(frozen=True, slots=True)
class Call:
    """A request that wants a reply."""

    request: object
    sender: From


@dataclass(frozen=True, slots=True)
class Cast:
    """A request that wants none."""

    request: object


@dataclass(frozen=True, slots=True)
class Replied:
    """A reply on its way to the caller."""

    ref: MonitorRef
    value: object


def call(target: Pid | str, request: object, timeout: float | None = 5.0) -> Any:
    """Send a request and wait for the reply.

    Args:
        target: a pid or a registered name
        request: anything
        timeout: seconds to wait; None waits for ever

    Returns:
        the reply

    Raises:
        CallError: when the server is not there, ends before it replies, or is the caller
        TimeoutError: when the reply is late; it is then dropped
        ProcessExit: when the calling process has been ended

    """
    return request_reply(target, partial(Call, request), timeout)


def cast(target: Pid | str, request: object) -> None:
    """Send a request that has no reply; to nobody when the server is not there.

    Args:
        target: a pid or a registered name
        request: anything

    Raises:
        ProcessExit: when the calling process has been ended

    """
    pid = pid_of(target)
    if pid is not None:
        pid._send(Cast(request))


def reply(sender: From, value: object) -> None:
    """Reply to a call, from any process; a second or a late reply is dropped.

    Args:
        sender: what `handle_call` got
        value: what `call` returns

    Raises:
        ProcessExit: when the calling process has been ended

    Example:
        >>> from prx_actors.otp import GenServer, NoReply, reply
        >>> class Echo(GenServer):
        ...     def handle_call(self, request, sender):
        ...         reply(sender, request)
        ...         return NoReply()
        >>> echo = Echo.start()
        >>> GenServer.call(echo, "hello")
        'hello'
        >>> GenServer.stop(echo)

    """
    replier = context.process
    if replier is None:
        _reply(sender, value)
        return
    with replier._prx_sending:  # as what it sends
        if not replier._prx_running:
            replier._check_running()
        _reply(sender, value)


def _reply(sender: From, value: object) -> None:
    if not isinstance(sender.tag, MonitorRef):
        with suppress(Full):
            sender.tag.set(value)
        return
    caller = None if sender.pid is None else process_of(sender.pid)
    if caller is not None:
        _deliver(caller, sender.tag, value)


def _deliver(caller: Process, ref: MonitorRef, value: object) -> None:
    # As with Down: address and message change hands under one lock.
    with caller._prx_lock:
        if ref not in caller._prx_monitors:
            return
        caller.actor_inbox.offer(Envelope(Replied(ref, value)))
        pid = caller._prx_monitors.pop(ref)
    server = None if pid is None else process_of(pid)
    if server is not None:
        with server._prx_lock:
            server._prx_watchers.pop(ref, None)


def request_reply(target: Pid | str, make: Callable[[From], object], timeout: float | None) -> Any:
    """Send a message that carries a `From` and wait for the reply, as `call` does.

    Args:
        target: a pid or a registered name
        make: makes the message
        timeout: seconds to wait; None waits for ever

    """
    caller = current_process()
    pid = server_of(target, caller)
    ref = caller._monitor(pid)
    try:
        pid._send(make(From(caller.actor_ref, ref)))
        answer = await_answer(caller, ref, timeout)
    except TimeoutError:
        msg = f"{target!r} did not reply within {timeout} s"
        raise TimeoutError(msg) from None
    except BaseException:
        forget(caller, ref)
        raise
    if isinstance(answer, Down):
        cause = answer.reason if isinstance(answer.reason, BaseException) else None
        raise CallError(answer.reason, target) from cause
    return answer.value


def refuse_ask(future: pykka.Future[Any]) -> None:
    """Tell who used Pykka's `ask` that the server has ended; nothing when it has replied."""
    error = pykka.ActorDeadError("the process ended before it replied")
    with suppress(Full):
        future.set_exception((pykka.ActorDeadError, error, None))


def server_of(target: Pid | str, caller: Process) -> Pid:
    """Return the pid that is meant.

    Raises:
        CallError: when nobody has that name, or it is the caller

    """
    pid = pid_of(target)
    if pid is None or pid is caller.actor_ref:
        msg = "noproc" if pid is None else "calling_self"
        raise CallError(msg, target)
    return pid


def await_answer(caller: Process, ref: MonitorRef, timeout: float | None) -> Replied | Down:
    """Wait for what comes of a request.

    Raises:
        TimeoutError: when nothing came in time; nothing will

    """
    pattern = Pattern((Replied, Down), {"ref": ref})
    try:
        return caller._receive(pattern, timeout)  # type: ignore[no-any-return]
    except TimeoutError:
        caller._demonitor(ref)
        return caller._receive(pattern, 0)  # type: ignore[no-any-return]


def forget(caller: Process, ref: MonitorRef) -> None:
    """Take an address back and what has come to it."""
    caller._demonitor(ref)
    with suppress(TimeoutError, ProcessExit):
        caller._receive(Pattern((Replied, Down), {"ref": ref}), 0)
