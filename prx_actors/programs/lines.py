"""Lines, put together from the pieces that output comes in."""

from __future__ import annotations

__all__ = ["LINE_MAX", "LineBuffer"]

LINE_MAX = 1 << 20
"""Bytes of a line; a longer one comes in pieces."""


class LineBuffer:
    r"""Cuts pieces into lines.

    Example:
        >>> from prx_actors.programs.lines import LineBuffer
        >>> lines = LineBuffer()
        >>> lines.feed(b"one\ntw"), lines.feed(b"o\nthree"), lines.rest()
        ([b'one\n'], [b'two\n'], [b'three'])

    """

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._size = 0

    def feed(self, data: bytes) -> list[bytes]:
        """Take a piece in and return the lines that are complete, with their ends."""
        *complete, last = data.split(b"\n")
        lines = [line + b"\n" for line in complete]
        if lines:
            lines[0] = b"".join([*self._pieces, lines[0]])
            self._pieces, self._size = [], 0
        if last:
            self._pieces.append(last)
            self._size += len(last)
        if self._size >= LINE_MAX:
            lines += self.rest()
        return lines

    def rest(self) -> list[bytes]:
        """Return the last line, which has no end, if there is one."""
        rest = b"".join(self._pieces)
        self._pieces, self._size = [], 0
        return [rest] if rest else []
