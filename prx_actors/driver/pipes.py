"""Standard streams at the runtime's end: two pipes to read, one to write, none of which ever blocks."""

from __future__ import annotations

import errno
import os
import select
import threading
from collections import deque
from typing import TYPE_CHECKING

from prx_actors.driver.reactor import reactor
from prx_actors.system.native import CData, ffi, lib
from prx_actors.system.pidfd import input_waiting

if TYPE_CHECKING:
    from collections.abc import Callable

    from prx_actors.driver.channels import Channels

__all__ = ["InputPipe", "OutputPipe"]

READ_SIZE = 65536
"""Bytes a read: larger ones spend their gain on page faults of fresh memory."""


class OutputPipe:
    """stdout or stderr. All but `start`, `resume`, `read_on`, `finish` and `open` belongs to the reactor's thread."""

    __slots__ = ("_channels", "_closing", "_deliver", "_ending", "_field", "_lock", "_on_close", "_reading", "_wanted")

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
        self._lock = threading.Lock()
        """Guards the registration: whoever forks starts a pipe whose end the reactor may be seeing."""
        self._reading = False
        self._ending = False
        self._closing = False

    @property
    def fd(self) -> int:
        """The runtime's end, -1 once it is closed."""
        return int(getattr(self._channels.c, self._field))

    @property
    def open(self) -> bool:
        """Whether the other end may still write."""
        return self.fd >= 0

    def start(self) -> None:
        """Begin to read; from any thread."""
        with self._lock:
            self._start()

    def _start(self) -> None:
        if self.open and not self._reading:
            self._reading = True
            reactor.register(self.fd, select.EPOLLIN, self._on_ready)

    def read_on(self) -> None:
        """Read, and do not pause for what `deliver` says any more; from any thread."""
        with self._lock:
            self._ending = True
            self._start()

    def resume(self) -> None:
        """Read again after `deliver` has asked for a pause; from any thread."""
        reactor.call_soon(self.start)

    def pause(self) -> None:
        """Leave what is in the pipe where it is."""
        # Without events an epoll still reports a hang-up, over and over.
        with self._lock:
            self._unregister()

    def _unregister(self) -> None:
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
            self._pause_unless_ending()

    def _pause_unless_ending(self) -> None:
        with self._lock:
            if not self._ending:
                self._unregister()

    def _take(self, size: int = READ_SIZE) -> bytes:
        """Read once; closes at the end."""
        if not self.open:
            return b""
        try:
            data = os.read(self.fd, size)
        except BlockingIOError:
            return b""
        except OSError as error:
            if error.errno != errno.EIO:
                raise
            data = b""  # a terminal that no program has open any more
        if not data:
            self._deliver(b"")
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

    def finish(self) -> bool:
        """Have the runtime's end closed, from any thread; return false when it is, or will be."""
        if not self.open or self._closing:
            return False
        self._closing = True
        reactor.call_soon(self.close)
        return True

    def close(self) -> None:
        """Close the runtime's end."""
        with self._lock:
            if not self.open:
                return
            self._unregister()
            lib.prx_close(self._channels.c_field(self._field))
        self._on_close()


class InputPipe:
    """stdin. The caller writes what fits; the reactor writes the rest, in order.

    How far the pipe has taken the stream is counted in C, and an interrupted call leaves the rest to the
    reactor: nothing is written twice or forgotten.
    """

    __slots__ = ("_broken", "_channels", "_closing", "_lock", "_position", "_queue", "_registered", "_room")

    def __init__(self, channels: Channels) -> None:
        self._channels = channels
        self._lock = threading.Lock()
        # What waits, each piece with the position in the stream at which it ends.
        self._queue: deque[tuple[int, bytes]] = deque()
        self._position: CData = ffi.new("uint64_t *")
        self._registered = False
        self._closing = False
        self._broken = False
        self._room: Callable[[], None] | None = None

    @property
    def fd(self) -> int:
        """The runtime's end, -1 once it is closed."""
        return int(self._channels.c.stdin_fd)

    @property
    def open(self) -> bool:
        """Whether more may be written."""
        return self.fd >= 0 and not self._closing

    def write(self, data: bytes, limit: int) -> int:
        """Write without blocking.

        Args:
            data: what to write
            limit: bytes that may be queued

        Returns:
            bytes that the pipe has not taken yet

        Raises:
            BufferError: the queue would be longer than the limit; nothing of
                the data was taken
            OSError: `EBADF` when it is closed, `EPIPE` when nobody reads it

        """
        with self._lock:
            self._check_open()
            queued = self._queued()
            if queued + len(data) > limit:
                msg = (
                    f"stdin: {queued} bytes are queued, {len(data)} more would "
                    f"exceed stdin_limit={limit}; wait until the program has read"
                )
                raise BufferError(msg)
            try:
                self._queue.append((self._position[0] + queued + len(data), data))
                if not self._registered:
                    self._flush()
            except BaseException:
                reactor.call_soon(self._go_on)
                raise
            return self._queued()

    def _check_open(self) -> None:
        if self._broken:
            raise BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE), "stdin")
        if self.fd < 0 or self._closing:
            raise OSError(errno.EBADF, os.strerror(errno.EBADF), "stdin")

    def sizes(self) -> tuple[int, int]:
        """Return how many bytes the pipe has taken, and how many wait for it."""
        with self._lock:
            return int(self._position[0]), self._queued()

    def _queued(self) -> int:
        return int(self._queue[-1][0] - self._position[0]) if self._queue else 0

    def _flush(self) -> None:
        while self._queue:
            end, data = self._queue[0]
            error = -lib.prx_write_on(self.fd, data, len(data), end, self._position)
            if error == errno.EAGAIN:
                self._want_room()
                return
            if error:
                self._queue.clear()
                raise OSError(error, os.strerror(error), "stdin")
            if self._position[0] == end:
                self._queue.popleft()

    def _want_room(self) -> None:
        if not self._registered:
            self._registered = True
            reactor.register(self.fd, select.EPOLLOUT, self._on_room)

    def _go_on(self) -> None:
        """Do the rest of a call that was cut short; on the reactor's thread."""
        with self._lock:
            if self.fd >= 0 and not self._queue:
                self._close_when_empty()
            elif self.fd >= 0:
                self._forget()
                self._want_room()

    def _forget(self) -> None:
        self._registered = False
        reactor.unregister(self.fd)

    def when_empty(self, callback: Callable[[], None]) -> None:
        """Call back once nothing is queued, or never will be taken; at once when that is so.

        Args:
            callback: must not block; replaces the one before

        """
        with self._lock:
            if self._queue:
                self._room = callback
                return
        callback()

    def _tell_empty(self) -> None:
        callback, self._room = self._room, None
        if callback is not None:
            callback()

    def _on_room(self, _events: int) -> None:
        with self._lock:
            if self.fd < 0:
                return
            try:
                self._flush()
            except OSError:
                self._closing = self._broken = True  # nobody reads any more: EPIPE
            if not self._queue:
                self._forget()
                self._close_when_empty()
                self._tell_empty()

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
            try:
                self._closing = True
                if not self._queue:
                    self._close_when_empty()
            except BaseException:
                reactor.call_soon(self._go_on)
                raise

    def close(self) -> None:
        """Close, whatever is queued: now, or on the reactor's thread if it watches the pipe."""
        with self._lock:
            self._closing = True
            self._queue.clear()
            if self._registered:
                reactor.call_soon(self.close_now)
            else:
                self._close_when_empty()

    def close_now(self) -> None:
        """Close, whatever is queued; on the reactor's thread."""
        with self._lock:
            self._closing = True
            self._queue.clear()
            if self.fd >= 0:
                self._forget()
            self._close_when_empty()
            self._tell_empty()
