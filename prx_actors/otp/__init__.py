"""OTP's behaviours on processes.

`Behaviour` is what they have in common; its module says how to build one.
"""

from __future__ import annotations

from prx_actors.otp import sys
from prx_actors.otp.behaviour import Behaviour
from prx_actors.otp.calls import CallError, From, call, cast, reply
from prx_actors.otp.exiting import install
from prx_actors.otp.gen_server import GenServer
from prx_actors.otp.results import Continue, Ignore, NoReply, Reply, Stop, Timeout
from prx_actors.otp.starting import StartError

__all__ = [
    "Behaviour",
    "CallError",
    "Continue",
    "From",
    "GenServer",
    "Ignore",
    "NoReply",
    "Reply",
    "StartError",
    "Stop",
    "Timeout",
    "call",
    "cast",
    "reply",
    "sys",
]

install()
