"""Erlang processes on Pykka: links, monitors, exit signals and selective receive.

Nothing here knows of operating-system processes. `Process` is an actor class to
subclass; `spawn` runs a plain function as a process; any thread that calls one of
these functions becomes a process itself.
"""

from __future__ import annotations

from prx_actors.actors.exceptions import NoProcess, ProcessExit
from prx_actors.actors.functions import (
    current,
    demonitor,
    exit,
    exit_signal,
    link,
    monitor,
    receive,
    send,
    spawn,
    spawn_link,
    spawn_monitor,
    trap_exit,
    unlink,
)
from prx_actors.actors.messages import Down, Exit, MonitorRef
from prx_actors.actors.pid import Pid
from prx_actors.actors.process import Process
from prx_actors.actors.runtime import install

__all__ = [
    "Down",
    "Exit",
    "MonitorRef",
    "NoProcess",
    "Pid",
    "Process",
    "ProcessExit",
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

install()
