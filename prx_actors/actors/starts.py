"""How an actor is started: alone, or linked to or watched by the caller before anything can happen to it.

What the runtime keeps in a process begins with `_prx_`, and no attribute of the user's is in its way. Its methods
have short names, which a subclass could take without knowing: that is refused, when the class is made or the process
is started, because what would come of it shows late and nowhere near the cause.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final

import pykka

from prx_actors.actors.signals import link_child
from prx_actors.actors.table import process_table
from prx_actors.actors.turns import Turns

if TYPE_CHECKING:
    from collections.abc import Iterable

    from prx_actors.actors.messages import MonitorRef
    from prx_actors.actors.pid import Pid
    from prx_actors.actors.process import Process

__all__ = ["Starts"]

MAY_BE_OVERRIDDEN: Final = frozenset(
    {
        *("_create_actor_inbox", "_create_future", "_start_actor_loop"),
        *("_dependent_reason", "_ending", "_exit_signal"),
        *("_init_returned", "_on_call", "_on_cast", "_on_info"),
    }
)
"""What Pykka, a process and a behaviour leave to subclasses."""

LOOKS: Final = 20
"""At the attributes of the first processes of a class."""


class Starts(Turns):
    """The part of a process that its starter calls."""

    _prx_reserved: ClassVar[frozenset[str]] = frozenset()
    """Names of the runtime's own methods."""

    _prx_looks: ClassVar[int] = 0
    """How often attributes of its processes were looked at for these."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        ours = {name for base in cls.__mro__ if _is_ours(base) for name in vars(base) if _is_private(name)}
        cls._prx_looks = 0
        cls._prx_reserved = frozenset(ours - MAY_BE_OVERRIDDEN)
        _refuse(cls, [name for name in cls._prx_reserved if not _is_ours(_origin(cls, name))])

    def _check_names(self) -> None:
        """Refuse attributes that hide methods of the runtime, and take them away: its end needs the methods.

        Raises:
            TypeError: there are some

        """
        # The first few of a class stand for all: a look costs each process memory.
        if self._prx_looks >= LOOKS:
            return
        type(self)._prx_looks += 1
        taken = self._prx_reserved.intersection(vars(self))
        for name in taken:
            delattr(self, name)
        _refuse(type(self), taken)

    @classmethod
    def start(cls, *args: Any, **kwargs: Any) -> Pid:
        """Start a process.

        Args:
            args: for the constructor
            kwargs: for the constructor

        Returns:
            its pid

        """
        return super().start(*args, **kwargs)  # type: ignore[return-value]

    @classmethod
    def start_link(cls, *args: Any, **kwargs: Any) -> Pid:
        """Start a process that is linked to the caller from its start.

        Args:
            args: for the constructor
            kwargs: for the constructor

        Returns:
            its pid

        Raises:
            ProcessExit: when the calling process has been ended, also by this one's early end

        Example:
            >>> from prx_actors.actors import Exit, Process, receive, trap_exit
            >>> class Brief(Process):
            ...     def on_start(self):
            ...         self.stop()
            >>> old = trap_exit(True)
            >>> pid = Brief.start_link()
            >>> receive(Exit, pid=pid, timeout=5).reason
            'normal'
            >>> _ = trap_exit(old)

        """
        starter, process = _registered(cls, args, kwargs)
        link_child(starter, process)
        process._start_actor_loop()
        return process.actor_ref

    @classmethod
    def start_monitor(cls, *args: Any, **kwargs: Any) -> tuple[Pid, MonitorRef]:
        """Start a process that the caller monitors from its start.

        Args:
            args: for the constructor
            kwargs: for the constructor

        Returns:
            its pid and the monitor

        Raises:
            ProcessExit: when the calling process has been ended

        Example:
            >>> from prx_actors.actors import Down, Process, receive
            >>> pid, ref = Process.start_monitor()
            >>> pid.stop()
            True
            >>> receive(Down, ref=ref, timeout=5).reason
            'normal'

        """
        starter, process = _registered(cls, args, kwargs)
        ref = starter._monitor(process.actor_ref)
        process._start_actor_loop()
        return process.actor_ref, ref


def _is_ours(cls: type) -> bool:
    return cls.__module__.partition(".")[0] in {"prx_actors", "pykka"}


def _is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith(("__", "_abc_", "_prx_"))


def _origin(cls: type, name: str) -> type:
    return next(base for base in cls.__mro__ if name in vars(base))


def _refuse(cls: type, taken: Iterable[str]) -> None:
    names = sorted(taken)
    if names:
        msg = f"{cls.__qualname__} has {', '.join(names)}, which the runtime has for itself: choose other names"
        raise TypeError(msg)


def _registered(cls: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Process, Process]:
    """Return the caller and a process that can be linked to and watched, and does not run yet."""
    from prx_actors.actors.threads import current_process  # which is made of processes

    starter = current_process()
    process: Process = cls(*args, **kwargs)
    process._check_names()
    pykka.ActorRegistry.register(process.actor_ref)
    process_table.add(process)
    return starter, process
