"""OTP's behaviours on processes.

`Behaviour` is what they have in common; its module says how to build one.
"""

from __future__ import annotations

from prx_actors.otp import sys
from prx_actors.otp.application import Application
from prx_actors.otp.behaviour import Behaviour
from prx_actors.otp.calls import CallError, From, call, cast, reply
from prx_actors.otp.child_spec import ChildSpec
from prx_actors.otp.dynamic_supervisor import DynamicSupervisor
from prx_actors.otp.exiting import install
from prx_actors.otp.gen_server import GenServer
from prx_actors.otp.results import Continue, Ignore, NoReply, Reply, Stop, Timeout
from prx_actors.otp.starting import StartError
from prx_actors.otp.state_machine import StateMachine
from prx_actors.otp.supervisor import Supervisor

__all__ = [
    "Application",
    "Behaviour",
    "CallError",
    "ChildSpec",
    "Continue",
    "DynamicSupervisor",
    "From",
    "GenServer",
    "Ignore",
    "NoReply",
    "Reply",
    "StartError",
    "StateMachine",
    "Stop",
    "Supervisor",
    "Timeout",
    "call",
    "cast",
    "reply",
    "sys",
]

install()
