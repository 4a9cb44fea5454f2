"""Readiness: what says that a program does what it was started for. One kind a module.

A kind is a `Readiness`: it describes, is immutable, and serves any number of starts. What one start takes, a `Waiting`,
is made by `begin` before the program is there: the program gets its `environment`, and `wait_ready` returns when it is
ready.
"""

from __future__ import annotations

from prx_actors.programs.readiness.accepting import Tcp, Unix
from prx_actors.programs.readiness.function import Function
from prx_actors.programs.readiness.line import Line
from prx_actors.programs.readiness.notify import Notify
from prx_actors.programs.readiness.protocol import NotReady, Readiness, Waiting
from prx_actors.programs.readiness.status import Status

__all__ = ["Function", "Line", "NotReady", "Notify", "Readiness", "Status", "Tcp", "Unix", "Waiting"]
