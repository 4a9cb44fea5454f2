"""Where output goes that is neither delivered nor written by the program itself: a function, a log, files in turn."""

from __future__ import annotations

import logging
import os
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from prx_actors.programs.last_lines import LastLines
from prx_actors.programs.lines import LineBuffer
from prx_actors.programs.streams import RotatingFile
from prx_actors.tasks.messages import Stderr, Stdout

if TYPE_CHECKING:
    from collections.abc import Callable

    from prx_actors.programs.command import Command

__all__ = ["LogOutlet", "Outlets"]


class FunctionOutlet:
    """Calls a function with each piece."""

    def __init__(self, function: Callable[[bytes], object]) -> None:
        self.write = function

    def close(self) -> None:
        """Do nothing: the function is the user's."""


class RotatingOutlet:
    """Appends to a file, and begins a new one when that is full."""

    def __init__(self, file: RotatingFile) -> None:
        self._limits = file
        self._path = Path(file.path)
        self._open()

    def _open(self) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        self._fd = os.open(self._path, flags, 0o666)
        self._size = os.fstat(self._fd).st_size

    def write(self, data: bytes) -> None:
        """Append a piece, to a new file if the old one is full."""
        if self._size and self._size + len(data) > self._limits.max_bytes:
            self._rotate()
        left = memoryview(data)
        while left:
            written = os.write(self._fd, left)
            self._size += written
            left = left[written:]

    def _rotate(self) -> None:
        self.close()
        names = [self._path, *(Path(f"{self._path}.{n}") for n in range(1, self._limits.backups + 1))]
        for new, old in zip(reversed(names[1:]), reversed(names[:-1]), strict=True):
            if old.exists():
                old.replace(new)
        if not self._limits.backups:
            self._path.unlink(missing_ok=True)
        self._open()

    def close(self) -> None:
        """Close the file."""
        if self._fd >= 0:
            os.close(self._fd)
        self._fd = -1


class LogOutlet:
    """Logs lines, but no more than so many a second: what is left out is counted.

    Args:
        logger: where they go
        level: of each line
        limit: lines a second

    """

    def __init__(self, logger: logging.Logger, level: int, limit: int) -> None:
        self._logger = logger
        self._level = level
        self._limit = limit
        self._lines = LineBuffer()
        self._second = 0.0
        self._logged = 0
        self._left_out = 0

    def write(self, data: bytes) -> None:
        """Log the lines that are complete."""
        for line in self._lines.feed(data):
            self._log(line)

    def _log(self, line: bytes) -> None:
        now = time.monotonic()
        if now - self._second >= 1:
            self._tell_left_out()
            self._second, self._logged = now, 0
        if self._logged >= self._limit:
            self._left_out += 1
            return
        self._logged += 1
        self._logger.log(self._level, "%s", line.decode(errors="backslashreplace").rstrip("\r\n"))

    def _tell_left_out(self) -> None:
        if self._left_out:
            self._logger.warning("%d lines left out: more than %d a second", self._left_out, self._limit)
            self._left_out = 0

    def close(self) -> None:
        """Log the last line, which may have no end."""
        for line in self._lines.rest():
            self._log(line)
        self._tell_left_out()


class Outlets:
    """The outlets of one program; what has none is delivered.

    Args:
        command: whose streams they are
        logger: gets what would be delivered, if there is one

    """

    def __init__(self, command: Command, logger: logging.Logger | None = None) -> None:
        # A stream may be closed by another thread: no fd is closed under who writes to it.
        self._lock = threading.RLock()
        self._last = LastLines(command.stderr_lines) if command.stderr_lines else None
        self._outlets: dict[type, Any] = {}
        try:
            self._open(command, logger)
        except BaseException:
            self.close()
            raise

    def _open(self, command: Command, logger: logging.Logger | None) -> None:
        levels = {Stdout: logging.INFO, Stderr: logging.WARNING}
        for kind, stream in ((Stdout, command.stdout), (Stderr, command.stderr)):
            # Two that each turn the same file over would write to what the other has put aside, or removed.
            one = kind is Stderr and _is_one_file(command.stdout, command.stderr)
            outlet = self._outlets[Stdout] if one else _outlet(stream, levels[kind], command.log_limit)
            if outlet is None and logger is not None:
                outlet = LogOutlet(logger, levels[kind], command.log_limit)
            if outlet is not None:
                self._outlets[kind] = outlet

    def take(self, message: object) -> bool:
        """Say whether a message was output that has an outlet, which has it now."""
        if self._last is not None and isinstance(message, Stderr):
            self._last.feed(message.data)
        with self._lock:
            outlet = self._outlets.get(type(message))
            if outlet is not None:
                outlet.write(message.data)  # type: ignore[attr-defined] # Stdout or Stderr
        return outlet is not None

    def last_stderr(self) -> tuple[str, ...]:
        """Return the last lines of stderr, as many as the command has asked for."""
        return () if self._last is None else self._last.lines()

    def close(self) -> None:
        """Close them; may be called again."""
        with self._lock:
            for kind in list(self._outlets):
                self._outlets.pop(kind).close()


def _is_one_file(stdout: Any, stderr: Any) -> bool:
    files = [Path(stream.path) for stream in (stdout, stderr) if isinstance(stream, RotatingFile)]
    return len(files) > 1 and files[0] == files[1]


def _outlet(stream: Any, level: int, limit: int) -> FunctionOutlet | RotatingOutlet | LogOutlet | None:
    if isinstance(stream, RotatingFile):
        return RotatingOutlet(stream)
    if isinstance(stream, logging.Logger):
        return LogOutlet(stream, level, limit)
    return FunctionOutlet(stream) if callable(stream) else None
