"""An Erlang process runtime on Pykka in which an operating-system process is one more actor.

Layout: `prx` has one function for each prx call; `actors` has processes, `otp` the behaviours on them; `tasks` the
actor that stands for an OS process; `programs` what is run as one; `driver` the program that obeys it and the channels
between the two; `system` what the kernel offers.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING

from prx_actors import prx
from prx_actors.actors import (
    CrashReport,
    Down,
    Exit,
    MonitorRef,
    NoProcess,
    Pid,
    Process,
    ProcessExit,
    ProcessInfo,
    Timer,
    cancel_timer,
    current,
    demonitor,
    exit,
    exit_signal,
    link,
    monitor,
    pg,
    process_info,
    receive,
    register,
    registered,
    send,
    send_after,
    spawn,
    spawn_link,
    spawn_monitor,
    start_timer,
    trap_exit,
    unlink,
    unregister,
    whereis,
)
from prx_actors.driver.keeper import shutdown
from prx_actors.system.structures import Ptr
from prx_actors.tasks.containment import Containment
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
    StreamClosed,
    TermSig,
)
from prx_actors.tasks.operations import BadOp, Op
from prx_actors.tasks.rlimit import RLIM_INFINITY, Rlimit
from prx_actors.tasks.task import Task

if TYPE_CHECKING:
    from prx_actors.otp import (
        Application,
        CallError,
        ChildSpec,
        DynamicSupervisor,
        GenServer,
        StartError,
        StateMachine,
        Supervisor,
    )
    from prx_actors.programs.command import Command
    from prx_actors.programs.completed import Completed
    from prx_actors.programs.run import run
    from prx_actors.programs.stream import pipe, stream
    from prx_actors.tasks.statistics import TaskStatistics
else:
    # Who makes processes only does not wait for what stands on them.
    _OTP = (
        *("Application", "CallError", "ChildSpec", "DynamicSupervisor", "GenServer", "StartError", "StateMachine"),
        "Supervisor",
    )
    _PROGRAMS = ("Command", "Completed", "pipe", "run", "stream")
    _MODULES = {
        **dict.fromkeys(_OTP, "prx_actors.otp"),
        **dict.fromkeys(_PROGRAMS, "prx_actors.programs"),
        "TaskStatistics": "prx_actors.tasks.statistics",
    }

    def __getattr__(name: str) -> object:
        if name not in _MODULES:
            message = f"module {__name__!r} has no attribute {name!r}"
            raise AttributeError(message, name=name, obj=sys.modules[__name__])
        globals()[name] = value = getattr(import_module(_MODULES[name]), name)
        return value


__all__ = [
    "RLIM_INFINITY",
    "Application",
    "BadOp",
    "CallError",
    "ChildSpec",
    "Command",
    "Completed",
    "Containment",
    "CrashReport",
    "Down",
    "DynamicSupervisor",
    "Exit",
    "ExitStatus",
    "GenServer",
    "MonitorRef",
    "NoProcess",
    "NotInCallState",
    "NotInExecState",
    "NotOwner",
    "Op",
    "Pid",
    "Process",
    "ProcessExit",
    "ProcessInfo",
    "Ptr",
    "Rlimit",
    "Signal",
    "StartError",
    "StateMachine",
    "Stderr",
    "StdinBlocked",
    "Stdout",
    "StreamClosed",
    "Supervisor",
    "Task",
    "TaskStatistics",
    "TermSig",
    "Timer",
    "UndefinedCall",
    "cancel_timer",
    "current",
    "demonitor",
    "exit",
    "exit_signal",
    "link",
    "monitor",
    "pg",
    "pipe",
    "process_info",
    "prx",
    "receive",
    "register",
    "registered",
    "run",
    "send",
    "send_after",
    "shutdown",
    "spawn",
    "spawn_link",
    "spawn_monitor",
    "start_timer",
    "stream",
    "trap_exit",
    "unlink",
    "unregister",
    "whereis",
]
