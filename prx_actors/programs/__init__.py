"""Programs: commands that are run, streamed, piped into each other, and supervised."""

from __future__ import annotations

from prx_actors.programs.command import Command
from prx_actors.programs.completed import Completed
from prx_actors.programs.health import Health, Unhealthy
from prx_actors.programs.limits import Limits
from prx_actors.programs.mailbox import MessageQueue, QueueMessage, send_message
from prx_actors.programs.mistakes import BadCommand
from prx_actors.programs.readiness import NotReady
from prx_actors.programs.reload import reload
from prx_actors.programs.run import run
from prx_actors.programs.stream import ProgramStream, pipe, stream
from prx_actors.programs.streams import INHERIT, MERGE, NULL, PIPE, RotatingFile, Window

__all__ = [
    "INHERIT",
    "MERGE",
    "NULL",
    "PIPE",
    "BadCommand",
    "Command",
    "Completed",
    "Health",
    "Limits",
    "MessageQueue",
    "NotReady",
    "ProgramStream",
    "QueueMessage",
    "RotatingFile",
    "Unhealthy",
    "Window",
    "pipe",
    "reload",
    "run",
    "send_message",
    "stream",
]
