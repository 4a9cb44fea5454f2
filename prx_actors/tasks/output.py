"""Output on its way to the process that reads it: flow control and back-pressure."""

from __future__ import annotations

import threading
from functools import partial
from typing import TYPE_CHECKING

from pykka._envelope import Envelope

from prx_actors.actors.mailbox import AccountedEnvelope
from prx_actors.tasks.messages import Stderr, Stdout

if TYPE_CHECKING:
    from collections.abc import Callable

    from prx_actors.actors import Process
    from prx_actors.tasks.task import Task

__all__ = ["Output"]

_MESSAGES = {"stdout": Stdout, "stderr": Stderr}


class _Unread:
    """What waits in the mailbox of one reader."""

    __slots__ = ("asked", "size")

    def __init__(self) -> None:
        self.size = 0
        self.asked = False
        """Whether the reader is to say when it blocks."""


class Output:
    """Delivers a task's output and says when reading is to pause.

    It pauses when `high_water` bytes wait unread, but never while the reader
    sits in a `receive`: what waits did not satisfy it, so only what is still
    to come can, be it output or the end.

    Each reader that the output is handed to has a count of its own: what one
    leaves unread holds nobody else up, and counts again should it come back.

    Args:
        task: whose output it is
        sink: the process that gets it
        resume: reads on, called from any thread

    """

    def __init__(self, task: Task, sink: Process, resume: Callable[[], None]) -> None:
        self._task = task
        self._resume = resume
        self._lock = threading.Lock()
        # Held from the choice of the reader until it has the message. Reentrant: for the handlers of signals.
        self._sending = threading.RLock()
        self._counts: dict[Process, _Unread] = {}
        self._unread = _Unread()
        self._paused = False
        self.sink = sink
        self.messages = 0
        """Sent so far."""
        self.delivered = {"stdout": 0, "stderr": 0}
        """Bytes of them, by stream."""
        self.high_water = 0
        self.messages_left = -1
        """Messages that flow control still allows; -1: any number."""
        self.counts = False
        """Whether messages are counted: of a program they are, of a driver not."""

    @property
    def unread(self) -> int:
        """Bytes that wait in the mailbox of the present reader."""
        return self._unread.size

    @property
    def held(self) -> bool:
        """Whether flow control lets nothing more be read."""
        return self.counts and self.messages_left == 0

    def allow(self, messages: int) -> None:
        """Set how many messages flow control allows from now on; from any thread."""
        with self._lock:
            self.messages_left = messages
            # What waits for the reader waits on; it is resumed when there is room.
            if messages and not self._paused:
                self._resume()

    def redirect(self, sink: Process) -> None:
        """Give all that is read from now on to another process; nothing more comes to the old one."""
        with self._sending, self._lock:
            if self._unread.size:
                self._counts[self.sink] = self._unread
            self._unread = self._counts.pop(sink, _Unread())
            self.sink = sink
            if self._paused:
                self._resume()
                self._paused = False

    def tell(self, message: object) -> None:
        """Put a message that is no output behind the output."""
        with self._sending:
            self.messages += 1
            self.sink.actor_inbox.put(Envelope(message))

    def deliver(self, stream: str, data: bytes) -> bool:
        """Deliver and return whether to read on; on the reactor's thread."""
        message = _MESSAGES[stream](self._task, data)
        with self._sending:
            with self._lock:
                unread = self._unread
                unread.size += len(data)
                self.messages += 1
                self.delivered[stream] += len(data)
                if self.counts and self.messages_left > 0:
                    self.messages_left -= 1
            taken = partial(self._on_taken, self.sink, unread, [len(data)])
            self.sink.actor_inbox.put(AccountedEnvelope(message, taken))
        return not self.held and self._has_room()

    def _has_room(self) -> bool:
        with self._lock:
            mailbox = self.sink.actor_inbox
            unread = self._unread
            self._paused = unread.size >= self.high_water and not mailbox.blocked
            ask = self._paused and not unread.asked
            unread.asked = unread.asked or ask
            paused = self._paused
        if ask:
            mailbox.when_blocked(partial(self._on_blocked, unread))
        return not paused

    # Both may be cut short by an interrupt in the reader, and are then called again: a size counts once, and
    # the pause ends with the resuming, not before it.

    def _on_taken(self, sink: Process, unread: _Unread, size: list[int]) -> None:
        with self._lock:
            unread.size -= size[0]
            size[0] = 0
            if unread is not self._unread:
                if not unread.size and self._counts.get(sink) is unread:
                    del self._counts[sink]
            elif self._paused and unread.size < self.high_water:
                self._resume()
                self._paused = False

    def _on_blocked(self, unread: _Unread) -> None:
        with self._lock:
            unread.asked = False
            if unread is self._unread and self._paused:
                self._resume()
                self._paused = False
