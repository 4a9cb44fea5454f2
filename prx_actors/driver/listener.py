"""Who is told what happens to a driver."""

from __future__ import annotations

from typing import Literal, Protocol

__all__ = ["Listener", "Stream"]

Stream = Literal["stdin", "stdout", "stderr"]


class Listener(Protocol):
    """Who is told what happens to a driver; on the reactor's thread, never blocking."""

    def wants_output(self) -> bool:
        """Say whether to read output."""

    def on_output(self, stream: Stream, data: bytes) -> bool:
        """Take output, nothing at its end; return whether to go on reading."""

    def on_signal(self, signal: int, info: bytes) -> None:
        """Take a signal that the driver has received."""

    def on_reaped(self, status: int | None, /) -> None:
        """Learn that the process is gone; its wait status, where it is known."""

    def on_closed(self) -> None:
        """Learn that stdout and stderr are at their ends."""
