"""A driver's channels at the runtime's end: call socket, event socket, stdin, stdout, stderr, pidfd."""

from __future__ import annotations

import fcntl
import os
from typing import TYPE_CHECKING

from prx_actors.system.native import CData, ffi, lib

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["FAR", "Channels"]

FAR = {"stdin": 2, "stdout": 3, "stderr": 4}
"""Where the far ends of the streams are."""


class Channels:
    """Owns the fds; whatever becomes of this object, they are closed with it."""

    __slots__ = ("c",)

    def __init__(self) -> None:
        c = ffi.new("struct prx_channels *")
        lib.prx_channels_init(c)
        # The finaliser is in place before there is an fd: an interrupt loses none.
        self.c: CData = ffi.gc(c, lib.prx_channels_close)

    @classmethod
    def create(cls, pipe_size: int, fds: Mapping[str, tuple[int, int]] | None = None) -> Channels:
        """Make the channels of a child: both ends, the far ones for the driver.

        Args:
            pipe_size: bytes of each pipe; 0 for the system's
            fds: by stream, both ends of what stands in the place of a pipe, of
                which copies are taken; -1 for a near end that there is not

        Raises:
            OSError: `EMFILE`, `ENFILE`, `EINVAL` for a pipe of that size,
                `EBADF` for an fd that is not open

        """
        channels = cls()
        for stream, ends in (fds or {}).items():
            channels._take(stream, *ends)
        result = lib.prx_channels_open(channels.c, pipe_size)
        if result < 0:
            raise OSError(-result, os.strerror(-result), "the channels of a new task")
        return channels

    def _take(self, stream: str, near: int, far: int) -> None:
        _copy(far, self.c.far + FAR[stream], stream)
        if near >= 0:
            field = self.c_field(f"{stream}_fd")
            _copy(near, field, stream)
            fcntl.fcntl(field[0], fcntl.F_SETFL, fcntl.fcntl(field[0], fcntl.F_GETFL) | os.O_NONBLOCK)

    def c_field(self, name: str) -> CData:
        """Return the address of one fd."""
        return ffi.addressof(self.c, name)

    def close(self) -> None:
        """Close all that is open."""
        lib.prx_channels_close(self.c)


def _copy(fd: int, field: CData, stream: str) -> None:
    result = lib.prx_copy(fd, field)
    if result < 0:
        raise OSError(-result, os.strerror(-result), stream)
