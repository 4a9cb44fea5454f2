"""The keywords of `subprocess.run`, as fields of a command."""

from __future__ import annotations

import os
import shlex
from typing import Any

from prx_actors.programs.command import Command
from prx_actors.programs.streams import PIPE

__all__ = ["command_of", "command_to_finish"]

NAMES = {"extra_groups": "groups"}
"""Keywords of `subprocess` that have other names here."""


def command_of(command: Any, options: dict[str, Any]) -> Command:
    """Make a command of what `run` and its kin are given.

    Args:
        command: a `Command`, an argv or, with `shell=True`, a line
        options: fields of the command, and keywords of `subprocess.run`

    Raises:
        BadCommand: names every mistake
        TypeError: an unknown keyword
        ValueError: keywords that exclude each other

    """
    options = {NAMES.get(name, name): value for name, value in options.items()}
    options.pop("start_new_session", None)  # each program has one
    _take_input(options)
    _take_capture(options)
    if options.pop("shell", False):
        if not isinstance(command, str | bytes | os.PathLike):
            command = shlex.join(os.fsdecode(text) for text in command)
        return Command.shell(command, **options)
    return Command.of(command, **options)


def command_to_finish(command: Any, options: dict[str, Any]) -> Command:
    """Make a command that is run to its end: a stdin that nobody writes to is empty."""
    made = command_of(command, options)
    return made.replace(stdin=b"") if made.stdin is PIPE else made


def _take_input(options: dict[str, Any]) -> None:
    if (data := options.pop("input", None)) is not None:
        if options.get("stdin") is not None:
            msg = "stdin and input exclude each other"
            raise ValueError(msg)
        options["stdin"] = data.encode() if isinstance(data, str) else data
    elif options.get("stdin", 0) is None:
        del options["stdin"]


def _take_capture(options: dict[str, Any]) -> None:
    streams = [name for name in ("stdout", "stderr") if name in options]
    if options.pop("capture_output", False):
        if any(options[name] is not None for name in streams):
            msg = "stdout and stderr exclude capture_output"
            raise ValueError(msg)
        options.update(stdout=PIPE, stderr=PIPE)
    for name in streams:
        if options[name] is None:
            del options[name]
