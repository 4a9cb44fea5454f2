"""LastLines: what a program said last, for whoever asks why it failed."""

from __future__ import annotations

__all__ = ["LastLines"]

ROOM = 64 << 10
"""Bytes that are kept, whatever the lines are."""


class LastLines:
    r"""Keeps the last lines of a stream, in 64 KiB at most.

    Args:
        count: how many

    Example:
        >>> from prx_actors.programs.last_lines import LastLines
        >>> last = LastLines(2)
        >>> last.feed(b"one\ntwo\nth")
        >>> last.feed(b"ree")
        >>> last.lines()
        ('two', 'three')

    """

    def __init__(self, count: int) -> None:
        self._count = count
        self._tail = bytearray()

    def feed(self, data: bytes) -> None:
        """Take a piece in."""
        self._tail += data
        if len(self._tail) > 2 * ROOM:
            del self._tail[:-ROOM]

    def lines(self) -> tuple[str, ...]:
        """Return them without their ends; what is no UTF-8 is escaped."""
        lines = bytes(self._tail[-ROOM:]).split(b"\n")
        if not lines[-1]:
            lines.pop()
        return tuple(line.decode(errors="backslashreplace").rstrip("\r") for line in lines[-self._count :])
