"""What a program's standard streams may be."""

from __future__ import annotations

import logging
import os
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any, Final, NamedTuple

__all__ = [
    "INHERIT",
    "MERGE",
    "NULL",
    "PIPE",
    "RotatingFile",
    "Special",
    "Window",
    "far_end",
    "input_mistake",
    "is_relayed",
    "output_mistake",
    "special",
]


class Special(Enum):
    """What a stream may be besides a file, a function and the like."""

    PIPE = subprocess.PIPE
    """Output: it is delivered. Stdin: it is written to while the program runs."""

    MERGE = subprocess.STDOUT
    """Stderr goes where stdout goes."""

    NULL = subprocess.DEVNULL
    """`/dev/null`."""

    INHERIT = "inherit"
    """The stream of this program itself."""

    def __repr__(self) -> str:
        return self.name


PIPE: Final = Special.PIPE
MERGE: Final = Special.MERGE
NULL: Final = Special.NULL
INHERIT: Final = Special.INHERIT


class Window(NamedTuple):
    """The size of a terminal, in characters."""

    rows: int = 24
    columns: int = 80


@dataclass(frozen=True, slots=True)
class RotatingFile:
    """A file that output is appended to, and that is put aside when it is full.

    The full one is renamed: `log` to `log.1`, `log.1` to `log.2`, and so on. A
    piece of output is never cut in two, so that a file may be longer by one.

    Example:
        >>> from prx_actors.programs import Command, RotatingFile
        >>> Command(["cat"], stdout=RotatingFile("/var/log/cat", max_bytes=1 << 20)).stdout.backups
        3

    """

    path: str | os.PathLike[str]
    """Its name."""

    max_bytes: int = 10 << 20
    """How long it may get."""

    backups: int = 3
    """How many full ones are kept; the oldest is removed."""


NUMBERS = {-1: PIPE, -2: MERGE, -3: NULL}
"""What the numbers of `subprocess` stand for, which are no fds."""


def special(stream: Any) -> Any:
    """Return a stream as it is kept: without the numbers of `subprocess`."""
    return NUMBERS.get(stream, stream) if isinstance(stream, int) else stream


def input_mistake(stdin: object) -> str | None:
    """Say what is wrong with a stdin, if anything."""
    if stdin is MERGE:
        return "stdin: MERGE is for stderr"
    if isinstance(stdin, Special | bytes | bytearray | os.PathLike) or _is_file(stdin):
        return None
    if isinstance(stdin, str):
        return f"stdin: a str may be data or a name; say {stdin.encode()!r} or Path({stdin!r})"
    if isinstance(stdin, Iterable) or hasattr(stdin, "__aiter__"):
        return None
    return f"stdin: {stdin!r} is no bytes, file, path, iterable, PIPE, INHERIT or NULL"


def output_mistake(name: str, output: object) -> str | None:
    """Say what is wrong with a stdout or stderr, if anything."""
    if output is MERGE and name == "stdout":
        return "stdout: MERGE is for stderr"
    if isinstance(output, str):
        return f"{name}: a str is no file; say Path({output!r})"
    if isinstance(output, RotatingFile):
        return _rotation_mistake(name, output)
    if isinstance(output, Special | os.PathLike | logging.Logger) or callable(output) or _is_file(output):
        return None
    return f"{name}: {output!r} is no file, path, RotatingFile, logger, function, PIPE, INHERIT or NULL"


def _rotation_mistake(name: str, file: RotatingFile) -> str | None:
    if file.max_bytes < 1 or file.backups < 0:
        return f"{name}: a RotatingFile has max_bytes above 0 and backups from 0"
    return None


def _is_file(stream: object) -> bool:
    if isinstance(stream, bool):
        return False
    if isinstance(stream, int):
        return stream >= 0
    try:
        return stream.fileno() >= 0  # type: ignore[attr-defined, no-any-return]
    except (AttributeError, OSError, ValueError):
        return False  # a file in memory, or a closed one


def is_relayed(stream: object) -> bool:
    """Say whether the runtime has an end of a stream: it is no file, and not where another one goes."""
    return stream is PIPE or not (isinstance(stream, Special | os.PathLike) or _is_file(stream))


def far_end(name: str, stream: Any, opened: list[int]) -> int:
    """Return the fd that a program gets as a stream that is not relayed.

    Args:
        name: `"stdin"`, `"stdout"` or `"stderr"`
        stream: what the command has for it
        opened: gets what the caller is to close

    Raises:
        OSError: a file cannot be opened

    """
    if stream is INHERIT:
        return ("stdin", "stdout", "stderr").index(name)
    if stream is NULL or isinstance(stream, os.PathLike):
        path = os.devnull if stream is NULL else Path(stream)
        flags = os.O_RDONLY if name == "stdin" else os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        opened.append(os.open(path, flags | os.O_CLOEXEC | os.O_NOCTTY, 0o666))
        return opened[-1]
    return stream if isinstance(stream, int) else int(stream.fileno())
