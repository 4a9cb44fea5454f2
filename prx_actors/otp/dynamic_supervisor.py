"""DynamicSupervisor: the supervisor of many children of one kind."""

from __future__ import annotations

from typing import Any

from prx_actors.otp.supervisor import Supervisor
from prx_actors.otp.supervisor_flags import SupervisorFlags

__all__ = ["DynamicSupervisor"]


class DynamicSupervisor(Supervisor):
    """A supervisor with the strategy `"simple_one_for_one"`.

    `DynamicSupervisor.start(spec, intensity=..., ...)` takes one `ChildSpec`, from
    which `start_child(supervisor, *args)` starts any number of children.

    Args:
        args: for `init`
        kwargs: for `init`

    Example:
        >>> from prx_actors.actors import current, receive, send, spawn_link
        >>> from prx_actors.otp.dynamic_supervisor import DynamicSupervisor
        >>> from prx_actors.otp.supervisor import ChildSpec
        >>> def greet(greeting, name, to):
        ...     send(to, f"{greeting}, {name}")
        >>> spec = ChildSpec("greeter", (spawn_link, (greet, "Hello")), restart="temporary")
        >>> supervisor = DynamicSupervisor.start(spec)
        >>> _ = DynamicSupervisor.start_child(supervisor, "Joe", current())
        >>> receive(str, timeout=5)
        'Hello, Joe'
        >>> supervisor.stop()
        True

    """

    def init(self, *args: Any, **kwargs: Any) -> Any:
        """Say what to supervise; to be overridden by subclasses.

        Args:
            args: what `start` got; here, one child specification
            kwargs: what `start` got; here, the fields of `SupervisorFlags` but for the strategy

        Returns:
            as that of `Supervisor`

        """
        (spec,) = args
        return SupervisorFlags(strategy="simple_one_for_one", **kwargs), [spec]
