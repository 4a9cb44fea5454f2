"""What a parent knows of its children."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Child"]


@dataclass(frozen=True, slots=True)
class Child:
    """A child as its parent knows it; the fds are the runtime's, -1 once closed."""

    pid: int
    exec: bool
    flowcontrol: int
    signaloneof: int
    stdin: int
    stdout: int
    stderr: int
