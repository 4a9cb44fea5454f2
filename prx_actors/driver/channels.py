"""A driver's channels at the runtime's end: call socket, event socket, stdin, stdout, stderr, pidfd."""

from __future__ import annotations

import os

from prx_actors.system.native import CData, ffi, lib

__all__ = ["Channels"]


class Channels:
    """Owns the fds; whatever becomes of this object, they are closed with it."""

    __slots__ = ("c",)

    def __init__(self) -> None:
        c = ffi.new("struct prx_channels *")
        lib.prx_channels_init(c)
        # The finaliser is in place before there is an fd: an interrupt loses none.
        self.c: CData = ffi.gc(c, lib.prx_channels_close)

    @classmethod
    def create(cls, pipe_size: int) -> Channels:
        """Make the channels of a child: both ends, the far ones for the driver.

        Args:
            pipe_size: bytes of each pipe; 0 for the system's

        Raises:
            OSError: `EMFILE`, `ENFILE`, `EINVAL` for a pipe of that size

        """
        channels = cls()
        result = lib.prx_channels_open(channels.c, pipe_size)
        if result < 0:
            raise OSError(-result, os.strerror(-result), "the channels of a new task")
        return channels

    def c_field(self, name: str) -> CData:
        """Return the address of one fd."""
        return ffi.addressof(self.c, name)

    def close(self) -> None:
        """Close all that is open."""
        lib.prx_channels_close(self.c)
