"""Output on its way to the process that reads it: flow control and back-pressure."""

from __future__ import annotations

import threading
from functools import partial
from typing import TYPE_CHECKING

from prx_actors.actors.mailbox import AccountedEnvelope
from prx_actors.tasks.messages import Stderr, Stdout

if TYPE_CHECKING:
    from collections.abc import Callable

    from prx_actors.actors import Process
    from prx_actors.tasks.task import Task

__all__ = ["Output"]

_MESSAGES = {"stdout": Stdout, "stderr": Stderr}


class Output:
    """Delivers a task's output and says when reading is to pause.

    It pauses when `high_water` bytes wait unread, but never while the reader
    sits in a `receive`: what waits did not satisfy it, so only what is still
    to come can, be it output or the end.

    Args:
        task: whose output it is
        sink: the process that gets it
        resume: reads on, called from any thread

    """

    def __init__(self, task: Task, sink: Process, resume: Callable[[], None]) -> None:
        self._task = task
        self._resume = resume
        self._lock = threading.Lock()
        self._waiting = 0
        self._paused = False
        self._asked = False
        self.sink = sink
        self.high_water = 0
        self.messages_left = -1
        """Messages that flow control still allows; -1: any number."""
        self.counts = False
        """Whether messages are counted: of a program they are, of a driver not."""

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

    def deliver(self, stream: str, data: bytes) -> bool:
        """Deliver and return whether to read on; on the reactor's thread."""
        with self._lock:
            self._waiting += len(data)
            if self.counts and self.messages_left > 0:
                self.messages_left -= 1
        message = _MESSAGES[stream](self._task, data)
        taken = partial(self._on_taken, [len(data)])
        self.sink.actor_inbox.put(AccountedEnvelope(message, taken))
        return not self.held and self._has_room()

    def _has_room(self) -> bool:
        mailbox = self.sink.actor_inbox
        with self._lock:
            self._paused = self._waiting >= self.high_water and not mailbox.blocked
            ask = self._paused and not self._asked
            self._asked = self._asked or ask
            paused = self._paused
        if ask:
            mailbox.when_blocked(self._on_blocked)
        return not paused

    # Both may be cut short by an interrupt in the reader, and are then called again: a size counts once, and
    # the pause ends with the resuming, not before it.

    def _on_taken(self, size: list[int]) -> None:
        with self._lock:
            self._waiting -= size[0]
            size[0] = 0
            if self._paused and self._waiting < self.high_water:
                self._resume()
                self._paused = False

    def _on_blocked(self) -> None:
        with self._lock:
            self._asked = False
            if self._paused:
                self._resume()
                self._paused = False
