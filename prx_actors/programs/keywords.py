"""The keywords of `subprocess.run`, as fields of a command."""

from __future__ import annotations

import os
import shlex
from typing import Any

from prx_actors.programs.command import Command
from prx_actors.programs.streams import PIPE

__all__ = ["Collected", "Texts", "command_of"]

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


class Texts:
    """Whether output is to be str, and how it is decoded.

    Args:
        text: whether it is
        encoding: whose presence says so, too
        errors: the same

    """

    def __init__(self, text: bool, encoding: str | None, errors: str | None) -> None:
        self._wanted = text or encoding is not None or errors is not None
        self._encoding = encoding or "utf-8"
        self._errors = errors or "strict"

    def encode(self, data: Any) -> Any:
        """Return input as bytes."""
        return data.encode(self._encoding, self._errors) if isinstance(data, str) else data

    def decode(self, data: bytes) -> Any:
        """Return output as it is wanted."""
        if not self._wanted:
            return data
        return data.decode(self._encoding, self._errors).replace("\r\n", "\n").replace("\r", "\n")


class Collected:
    """The output of a program that is run to its end.

    Args:
        command: whose streams say what is collected
        texts: how

    """

    def __init__(self, command: Command, texts: Texts) -> None:
        self._texts = texts
        self._pieces: dict[str, list[bytes] | None] = {
            "Stdout": [] if command.stdout is PIPE else None,
            "Stderr": [] if command.stderr is PIPE else None,
        }

    def add(self, message: Any) -> None:
        """Take a `Stdout` or `Stderr`."""
        pieces = self._pieces[type(message).__name__]
        if pieces is None:
            pieces = self._pieces[type(message).__name__] = []
        pieces.append(message.data)

    def outputs(self) -> tuple[Any, Any]:
        """Return stdout and stderr, none for what was not delivered."""
        out, err = (None if p is None else self._texts.decode(b"".join(p)) for p in self._pieces.values())
        return out, err
