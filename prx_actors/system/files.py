"""Files as this program sees them, or as a task does: what the helpers for kernel file systems work with."""

from __future__ import annotations

import errno
import os
from typing import Protocol

__all__ = ["Files", "LocalFiles", "read_file", "write_file"]

CHUNK = 65536


class Files(Protocol):
    """What the helpers do with files. A task satisfies it, in its own namespaces and with its own rights."""

    def open(self, path: str, flags: int, mode: int = ..., /) -> int:
        """Open a file: open(2)."""

    def read(self, fd: int, count: int, /) -> bytes:
        """Read from an fd: read(2)."""

    def write(self, fd: int, data: bytes, /) -> int:
        """Write to an fd: write(2)."""

    def close(self, fd: int, /) -> None:
        """Close an fd: close(2)."""

    def mkdir(self, path: str, mode: int, /) -> None:
        """Make a directory: mkdir(2)."""

    def rmdir(self, path: str, /) -> None:
        """Remove a directory: rmdir(2)."""

    def readdir(self, path: str, /) -> list[bytes]:
        """List a directory: readdir(3)."""


class LocalFiles:
    """The files of this program."""

    open = staticmethod(os.open)
    read = staticmethod(os.read)
    write = staticmethod(os.write)
    close = staticmethod(os.close)
    mkdir = staticmethod(os.mkdir)
    rmdir = staticmethod(os.rmdir)

    @staticmethod
    def readdir(path: str) -> list[bytes]:
        """List a directory."""
        return os.listdir(os.fsencode(path))  # noqa: PTH208 -- names, as bytes


def read_file(files: Files, path: str) -> bytes:
    """Read a file to its end.

    Raises:
        OSError: what open(2) and read(2) say

    """
    fd = files.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        data = b""
        while chunk := files.read(fd, CHUNK):
            data += chunk
        return data
    finally:
        files.close(fd)


def write_file(files: Files, path: str, data: bytes) -> None:
    """Write to a file that is there, with one write: the kernel's own take a value whole or not at all.

    Raises:
        OSError: what open(2) and write(2) say; `EIO`, less was written

    """
    fd = files.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        if files.write(fd, data) != len(data):
            raise OSError(errno.EIO, os.strerror(errno.EIO), path)
    finally:
        files.close(fd)
