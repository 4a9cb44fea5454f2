"""Erlang processes on Pykka: links, monitors, exit signals and selective receive.

Nothing here knows of operating-system processes. `Process` is an actor class to
subclass; `spawn` runs a plain function as a process; any thread that calls one of
these functions becomes a process itself.
"""

from __future__ import annotations

from prx_actors.actors import pg
from prx_actors.actors.crashes import CrashReport
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
from prx_actors.actors.info import ProcessInfo, process_info
from prx_actors.actors.messages import Down, Exit, MonitorRef
from prx_actors.actors.pid import Pid
from prx_actors.actors.process import Process
from prx_actors.actors.registry import register, registered, unregister, whereis
from prx_actors.actors.runtime import install
from prx_actors.actors.timers import Timeout, Timer, cancel_timer, send_after, start_timer

__all__ = [
    "CrashReport",
    "Down",
    "Exit",
    "MonitorRef",
    "NoProcess",
    "Pid",
    "Process",
    "ProcessExit",
    "ProcessInfo",
    "Timeout",
    "Timer",
    "cancel_timer",
    "current",
    "demonitor",
    "exit",
    "exit_signal",
    "link",
    "monitor",
    "pg",
    "process_info",
    "receive",
    "register",
    "registered",
    "send",
    "send_after",
    "spawn",
    "spawn_link",
    "spawn_monitor",
    "start_timer",
    "trap_exit",
    "unlink",
    "unregister",
    "whereis",
]

install()
