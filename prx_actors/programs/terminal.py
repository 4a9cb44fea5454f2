"""A pseudo-terminal as the streams of a program."""

from __future__ import annotations

import fcntl
import os
import struct
import termios
from typing import TYPE_CHECKING

from prx_actors.programs.streams import MERGE, NULL, PIPE, Window, is_relayed

if TYPE_CHECKING:
    from prx_actors.programs.command import Command

__all__ = ["open_terminal", "terminal_fd", "terminal_streams"]

STREAMS = ("stdin", "stdout", "stderr")


def terminal_streams(command: Command) -> list[str]:
    """Return which streams of a command are its terminal, when it has one."""
    streams = {name: getattr(command, name) for name in STREAMS}
    # Stderr comes with stdout, and stdin is open as long as the terminal is.
    as_well = {"stdin": NULL, "stderr": MERGE}
    return [name for name, stream in streams.items() if is_relayed(stream) or stream is as_well.get(name, PIPE)]


def terminal_fd(command: Command) -> int:
    """Return an fd of the program's that is its terminal."""
    return STREAMS.index(terminal_streams(command)[0])


def open_terminal(command: Command, owner: int | None, opened: list[int]) -> dict[str, tuple[int, int]]:
    """Open a terminal.

    Args:
        command: for the size, and the streams
        owner: whose the terminal is
        opened: gets what the caller is to close

    Returns:
        both ends, by stream; the output of all streams comes as stdout

    """
    near, far = os.openpty()
    opened += [near, far]
    rows, columns = command.pty if isinstance(command.pty, tuple) else Window()
    fcntl.ioctl(far, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    if owner is not None:
        os.fchown(far, owner, -1)
    streams = terminal_streams(command)
    reading = next((name for name in ("stdout", "stderr") if name in streams), None)
    return {name: (near if name in ("stdin", reading) else -1, far) for name in streams}
