"""Stopping a behaviour from outside, as `proc_lib:stop` does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prx_actors.actors.messages import Down
from prx_actors.actors.threads import current_process
from prx_actors.otp import sys
from prx_actors.otp.calls import CallError, await_answer, forget, server_of

if TYPE_CHECKING:
    from prx_actors.actors.pid import Pid


__all__ = ["stop"]


def stop(target: Pid | str, reason: object = "normal", timeout: float | None = None) -> None:
    """End a process in order, through its `terminate`, and wait until it is gone.

    Args:
        target: a pid or a registered name
        reason: the exit reason
        timeout: seconds to wait; None waits for ever

    Raises:
        CallError: when it is not there, is the caller, or ends with another reason
        TimeoutError: when it takes longer; it may still end
        ProcessExit: when the calling process has been ended

    Example:
        >>> from prx_actors.otp import GenServer
        >>> server = GenServer.start()
        >>> GenServer.stop(server)
        >>> server.is_alive()
        False

    """
    caller = current_process()
    pid = server_of(target, caller)
    ref = caller._monitor(pid)
    try:
        pid._send(sys.termination(reason))
        down = await_answer(caller, ref, timeout)
    except TimeoutError:
        msg = f"{target!r} did not stop within {timeout} s"
        raise TimeoutError(msg) from None
    except BaseException:
        forget(caller, ref)
        raise
    if isinstance(down, Down) and down.reason is not reason and down.reason != reason:
        raise CallError(down.reason, target)
