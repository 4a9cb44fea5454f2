"""Reload: a supervised program reads its configuration again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prx_actors.otp import GenServer
from prx_actors.programs.service import Reload

if TYPE_CHECKING:
    from prx_actors.actors import Pid

__all__ = ["reload"]


def reload(child: Pid | str) -> None:
    """Have a supervised program read its configuration again, by its command's `reload_signal`.

    It returns when the signal was sent; what the program makes of it is its own
    business.

    Args:
        child: what the supervisor has started, or its registered name

    Raises:
        OSError: `EPERM`, when the program has other credentials than this one
        CallError: there is no such child

    Example:
        >>> from prx_actors import ChildSpec, Command, Supervisor
        >>> from prx_actors.programs import reload
        >>> from prx_actors.programs.readiness import Line
        >>> script = "trap 'echo reloaded' HUP; echo up; while :; do sleep 0.1; done"
        >>> command = Command.shell(script, readiness=Line("up"))
        >>> supervisor = Supervisor.start([ChildSpec("shell", command)])
        >>> (child,) = Supervisor.which_children(supervisor)
        >>> reload(child.pid)
        >>> supervisor.stop()
        True

    """
    error = GenServer.call(child, Reload())
    if error is not None:
        raise error
