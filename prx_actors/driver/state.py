"""What a driver is at a time."""

from __future__ import annotations

import enum

__all__ = ["State"]


class State(enum.Enum):
    """What a driver does with its channels."""

    CALL = "call"
    """It obeys calls."""
    EXECUTING = "executing"
    """It has been told to turn into a program."""
    EXEC = "exec"
    """It is a program."""
    GONE = "gone"
    """It has ended."""
    FORKED = "forked"
    """It belongs to the program that this one is an `os.fork()` of."""
