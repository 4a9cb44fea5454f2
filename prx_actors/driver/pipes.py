"""Standard streams at the runtime's end: two pipes to read, one to write, none of which ever blocks."""

from __future__ import annotations

import errno
import os
import select
import threading
from collections import deque
from typing import TYPE_CHECKING

from prx_actors.driver.reactor import reactor
from prx_actors.system.native import lib
from prx_actors.system.pidfd import input_waiting

if TYPE_CHECKING:
    from collections.abc import Callable

    from prx_actors.driver.channels import Channels

__all__ = ["InputPipe", "OutputPipe"]

READ_SIZE = 65536
"""Bytes a read: larger ones spend their gain on page faults of fresh memory."""


class OutputPipe:
    """stdout or stderr. All but `resume` and `open` belongs to the reactor's thread."""

    __slots__ = ("_channels", "_deliver", "_field", "_on_close", "_reading", "_wanted")

    def __init__(
        self,
        channels: Channels,
        field: str,
        wanted: Callable[[], bool],
        deliver: Callable[[bytes], bool],
        on_close: Callable[[], None],
    ) -> None:
        self._channels = channels
        self._field = field
        self._wanted = wanted
        self._deliver = deliver
        self._on_close = on_close
        self._reading = False

    @property
    def fd(self) -> int:
        """The runtime's end, -1 once it is closed."""
        return int(getattr(self._channels.c, self._field))

    @property
    def open(self) -> bool:
        """Whether the other end may still write."""
        return self.fd >= 0

    def start(self) -> None:
        """Begin to read."""
        if self.open and not self._reading:
            self._reading = True
            reactor.register(self.fd, select.EPOLLIN, self._on_ready)

    def resume(self) -> None:
        """Read again after `deliver` has asked for a pause; from any thread."""
        reactor.call_soon(self.start)

    def pause(self) -> None:
        """Leave what is in the pipe where it is."""
        # Without events an epoll still reports a hang-up, over and over.
        if self._reading:
            self._reading = False
            reactor.unregister(self.fd)

    def _on_ready(self, _events: int) -> None:
        # The other stream may have used up what flow control allows for both.
        if not self._wanted():
            self.pause()
            return
        data = self._take()
        if data and not self._deliver(data):
            self.pause()

    def _take(self, size: int = READ_SIZE) -> bytes:
        """Read once; closes at the end."""
        if not self.open:
            return b""
        try:
            data = os.read(self.fd, size)
        except BlockingIOError:
            return b""
        if not data:
            self.close()
        return data

    def read_waiting(self) -> None:
        """Deliver what is in the pipe now, and not what comes meanwhile."""
        left = input_waiting(self.fd) if self.open else 0
        while left > 0 and (data := self._take(min(left, READ_SIZE))):
            left -= len(data)
            self._deliver(data)
        # Most pipes are at their ends then, which one more look shows.
        if data := self._take():
            self._deliver(data)

    def close(self) -> None:
        """Close the runtime's end."""
        if self.open:
            self.pause()
            lib.prx_close(self._channels.c_field(self._field))
            self._on_close()


class InputPipe:
    """stdin. The caller writes what fits; the reactor writes the rest, in order."""

    __slots__ = ("_broken", "_channels", "_closing", "_lock", "_queue", "_registered", "queued")

    def __init__(self, channels: Channels) -> None:
        self._channels = channels
        self._lock = threading.Lock()
        self._queue: deque[memoryview] = deque()
        self._registered = False
        self._closing = False
        self._broken = False
        self.queued = 0
        """Bytes that the pipe has not taken yet."""

    @property
    def fd(self) -> int:
        """The runtime's end, -1 once it is closed."""
        return int(self._channels.c.stdin_fd)

    def write(self, data: bytes, limit: int) -> bool:
        """Write without blocking.

        Args:
            data: what to write
            limit: bytes that may be queued

        Returns:
            whether something is queued now

        Raises:
            BufferError: the queue would be longer than the limit; nothing of
                the data was taken
            OSError: `EBADF` when it is closed, `EPIPE` when nobody reads it

        """
        with self._lock:
            if self._broken:
                raise BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE), "stdin")
            if self.fd < 0 or self._closing:
                raise OSError(errno.EBADF, os.strerror(errno.EBADF), "stdin")
            if self.queued + len(data) > limit:
                msg = (
                    f"stdin: {self.queued} bytes are queued, {len(data)} more would "
                    f"exceed stdin_limit={limit}; wait until the program has read"
                )
                raise BufferError(msg)
            self._queue.append(memoryview(data))
            self.queued += len(data)
            if not self._registered:
                self._flush()
            return self.queued > 0

    def _flush(self) -> None:
        try:
            while self._queue:
                self._write_some(self._queue[0])
        except BlockingIOError:
            self._want_room()
        except OSError:
            self._queue.clear()
            self.queued = 0
            raise

    def _write_some(self, data: memoryview) -> None:
        written = os.write(self.fd, data) if data else 0
        self.queued -= written
        self._queue.popleft()
        if written < len(data):
            self._queue.appendleft(data[written:])

    def _want_room(self) -> None:
        if not self._registered:
            self._registered = True
            reactor.register(self.fd, select.EPOLLOUT, self._on_room)

    def _on_room(self, _events: int) -> None:
        with self._lock:
            if self.fd < 0:
                return
            try:
                self._flush()
            except OSError:
                self._closing = self._broken = True  # nobody reads any more: EPIPE
            if not self._queue:
                self._registered = False
                reactor.unregister(self.fd)
                self._close_when_empty()

    def _close_when_empty(self) -> None:
        if self._closing:
            lib.prx_close(self._channels.c_field("stdin_fd"))

    def finish(self) -> None:
        """Close once all that is queued is written; from any thread.

        Raises:
            OSError: `EBADF` when it is closed already

        """
        with self._lock:
            if self.fd < 0 or self._closing:
                raise OSError(errno.EBADF, os.strerror(errno.EBADF), "stdin")
            self._closing = True
            if not self._queue:
                self._close_when_empty()

    def close(self) -> None:
        """Close now, whatever is queued; on the reactor's thread."""
        with self._lock:
            self._closing = True
            self._queue.clear()
            self.queued = 0
            if self._registered:
                self._registered = False
                reactor.unregister(self.fd)
            self._close_when_empty()
