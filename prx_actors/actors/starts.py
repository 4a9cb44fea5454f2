"""How an actor is started: alone, or linked to or watched by the caller before anything can happen to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pykka

from prx_actors.actors.table import process_table
from prx_actors.actors.turns import Turns

if TYPE_CHECKING:
    from prx_actors.actors.messages import MonitorRef
    from prx_actors.actors.pid import Pid
    from prx_actors.actors.process import Process

__all__ = ["Starts"]


class Starts(Turns):
    """The part of a process that its starter calls."""

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
        starter._link(process.actor_ref)
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


def _registered(cls: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Process, Process]:
    """Return the caller and a process that can be linked to and watched, and does not run yet."""
    from prx_actors.actors.threads import current_process  # which is made of processes

    starter = current_process()
    process: Process = cls(*args, **kwargs)
    pykka.ActorRegistry.register(process.actor_ref)
    process_table.add(process)
    return starter, process
