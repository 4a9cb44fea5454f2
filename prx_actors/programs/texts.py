"""The output of a program, collected, as bytes or as str."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from prx_actors.programs.streams import PIPE

if TYPE_CHECKING:
    from prx_actors.programs.command import Command

__all__ = ["Collected", "Texts"]


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
