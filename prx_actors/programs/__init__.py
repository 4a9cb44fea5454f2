"""Programs: commands that are run, streamed, piped into each other, and supervised."""

from __future__ import annotations

from prx_actors.programs.command import Command
from prx_actors.programs.completed import Completed
from prx_actors.programs.mistakes import BadCommand
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
    "ProgramStream",
    "RotatingFile",
    "Window",
    "pipe",
    "run",
    "stream",
]
