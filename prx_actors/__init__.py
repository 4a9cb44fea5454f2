"""An Erlang process runtime on Pykka in which an operating-system process is one more actor.

Layout: `prx` has one function for each prx call; `actors` has processes; `tasks` the actor that stands for an OS
process; `driver` the program that obeys it and the channels between the two; `system` what the kernel offers.
"""

from __future__ import annotations

from prx_actors import prx
from prx_actors.actors import (
    Down,
    Exit,
    MonitorRef,
    NoProcess,
    Pid,
    Process,
    ProcessExit,
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
from prx_actors.driver.keeper import shutdown
from prx_actors.tasks.errors import (
    NotInCallState,
    NotInExecState,
    NotOwner,
    UndefinedCall,
)
from prx_actors.tasks.messages import (
    ExitStatus,
    Signal,
    Stderr,
    StdinBlocked,
    Stdout,
    TermSig,
)
from prx_actors.tasks.task import Task

__all__ = [
    "Down",
    "Exit",
    "ExitStatus",
    "MonitorRef",
    "NoProcess",
    "NotInCallState",
    "NotInExecState",
    "NotOwner",
    "Pid",
    "Process",
    "ProcessExit",
    "Signal",
    "Stderr",
    "StdinBlocked",
    "Stdout",
    "Task",
    "TermSig",
    "UndefinedCall",
    "current",
    "demonitor",
    "exit",
    "exit_signal",
    "link",
    "monitor",
    "prx",
    "receive",
    "send",
    "shutdown",
    "spawn",
    "spawn_link",
    "spawn_monitor",
    "trap_exit",
    "unlink",
]
