"""MessageQueue: a POSIX message queue that is read into the mailbox of a process, by the reactor."""

from __future__ import annotations

import os
import select
import threading
import weakref
from contextlib import suppress
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Self

import posix_ipc

from prx_actors.actors import NoProcess
from prx_actors.actors.mailbox import AccountedEnvelope
from prx_actors.actors.table import process_of
from prx_actors.actors.threads import current_process
from prx_actors.driver.reactor import reactor
from prx_actors.programs.mailbox.dead import remove_dead_queues
from prx_actors.programs.mailbox.limits import check_size, refusal
from prx_actors.programs.mailbox.messages import QueueMessage
from prx_actors.programs.mailbox.sending import VARIABLE
from prx_actors.programs.runtime_names import new_name
from prx_actors.system.exits import Stage, at_exit
from prx_actors.system.reporting import SafeLogger

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

    from prx_actors.actors import Pid, Process

__all__ = ["MessageQueue"]

logger = SafeLogger("prx_actors")

BATCH: Final = 32
"""Messages that are read in one go, before the reactor turns to others."""

_open: weakref.WeakSet[MessageQueue] = weakref.WeakSet()


class MessageQueue:
    """A way for OS processes to write to the mailbox of an actor.

    Who knows its name and may write sends messages, as `prx-actors send` does;
    each lands in the owner's mailbox as a `QueueMessage`. What is sent while the
    owner has no time waits in the queue, the highest priority first; a sender
    waits, or is refused, while that is full. It is closed and its name removed by
    `close`, at the end of a `with` block, or when its owner or this program ends.

    Args:
        owner: who gets the messages; the calling process when there is none given
        max_messages: how many wait in the queue, at most
            `/proc/sys/fs/mqueue/msg_max`
        max_size: bytes of each, at most `/proc/sys/fs/mqueue/msgsize_max`
        unread: how many wait in the owner's mailbox before reading pauses; it
            goes on when there is room, and while the owner sits in a `receive`
        mode: permissions, for mq_open(3); the usual ones let the user write
        user: whose it is, as a number; who runs this program when none is given

    Raises:
        ValueError: a size is more than the kernel allows
        OSError: `EMFILE`, when `RLIMIT_MSGQUEUE`, `queues_max` or `RLIMIT_NOFILE`
            leaves no room, `EPERM`, when the user cannot be set; mq_overview(7)
        NoProcess: the owner has ended

    Example:
        >>> import sys
        >>> from prx_actors import receive, run
        >>> from prx_actors.programs.mailbox import MessageQueue, QueueMessage
        >>> send = [sys.executable, "-m", "prx_actors.cli", "send"]  # `prx-actors send`, wherever it is
        >>> with MessageQueue() as queue:
        ...     done = run([*send, "hello"], env_update=queue.environment)
        ...     receive(QueueMessage, queue=queue, timeout=5).data
        b'hello'

    """

    def __init__(  # noqa: PLR0913 -- a queue's size, rights and reader
        self,
        owner: Pid | None = None,
        *,
        max_messages: int = 10,
        max_size: int = 4096,
        unread: int = 1000,
        mode: int = 0o200,
        user: int | None = None,
    ) -> None:
        check_size(max_messages, max_size)
        self._owner = _process(owner)
        _remove_dead_queues_once()
        self._lock = threading.RLock()
        self._limit = unread
        self._unread = 0
        self._paused = self._asked = False
        self.name = f"/{new_name()}"
        """The name of the queue, for mq_open(3)."""
        self._queue: posix_ipc.MessageQueue | None = _make(self.name, max_messages, max_size, mode, user)
        _open.add(self)
        if not self._owner._when_dead(self, self.close):
            self.close()
            raise NoProcess(owner)
        reactor.start()
        reactor.register(self._queue.fileno(), select.EPOLLIN, self._on_readable)

    @property
    def environment(self) -> Mapping[str, str]:
        """What tells a program the name, as `PRX_MAILBOX`."""
        return MappingProxyType({VARIABLE: self.name})

    def close(self) -> None:
        """Remove the name, and read no more; what waits is dropped. From any thread, and more than once."""
        with self._lock:
            queue, self._queue = self._queue, None
        if queue is None:
            return
        _open.discard(self)
        with suppress(posix_ipc.ExistentialError, posix_ipc.PermissionsError):
            posix_ipc.unlink_message_queue(self.name)
        self._owner._forget_when_dead(self)
        reactor.call_soon(lambda: _close(queue))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<MessageQueue {self.name} {'closed' if self._queue is None else 'open'}>"

    def _abandon(self) -> None:
        """Leave the queue to the parent, in the child of an `os.fork()`."""
        self._lock = threading.RLock()
        queue, self._queue = self._queue, None
        if queue is not None:
            queue.close()

    # On the reactor's thread.

    def _on_readable(self, _events: int) -> None:
        queue = self._queue
        if queue is None:
            return
        for _ in range(BATCH):
            if not self._has_room(queue):
                return
            try:
                data, priority = queue.receive(timeout=0)
            except posix_ipc.BusyError:
                return
            self._deliver(QueueMessage(self, data, priority))

    def _deliver(self, message: QueueMessage) -> None:
        with self._lock:
            self._unread += 1
        # An interrupt may have it called twice, but it counts once.
        left = [1]
        self._owner.actor_inbox.put(AccountedEnvelope(message, lambda: self._on_taken(left)))

    def _has_room(self, queue: posix_ipc.MessageQueue) -> bool:
        mailbox = self._owner.actor_inbox
        with self._lock:
            self._paused = self._unread >= self._limit and not mailbox.blocked
            if not self._paused:
                return True
            ask, self._asked = not self._asked, True
        reactor.modify(queue.fileno(), 0)
        if ask:
            mailbox.when_blocked(self._on_blocked)
        return False

    def _read_on(self) -> None:
        queue = self._queue
        if queue is not None:
            reactor.modify(queue.fileno(), select.EPOLLIN)

    # On the owner's thread.

    def _on_taken(self, left: list[int]) -> None:
        with self._lock:
            self._unread -= left[0]
            left[0] = 0
            if self._paused and self._unread < self._limit:
                reactor.call_soon(self._read_on)
                self._paused = False

    def _on_blocked(self) -> None:
        with self._lock:
            self._asked = False
            if self._paused:
                reactor.call_soon(self._read_on)
                self._paused = False


def _process(owner: Pid | None) -> Process:
    if owner is None:
        return current_process()
    process = process_of(owner)
    if process is None:
        raise NoProcess(owner)
    return process


def _make(name: str, max_messages: int, max_size: int, mode: int, user: int | None) -> posix_ipc.MessageQueue:
    try:
        queue = posix_ipc.MessageQueue(
            name,
            posix_ipc.O_CREX,
            mode=mode,
            max_messages=max_messages,
            max_message_size=max_size,
            read=True,
            write=False,
        )
    except (OSError, posix_ipc.Error) as error:
        raise refusal(error, max_messages, max_size) from error
    try:
        os.fchmod(queue.fileno(), mode)  # whatever the umask is
        if user is not None:
            os.fchown(queue.fileno(), user, -1)
    except BaseException:
        queue.unlink()
        queue.close()
        raise
    return queue


def _close(queue: posix_ipc.MessageQueue) -> None:
    reactor.unregister(queue.fileno())
    queue.close()


_swept = threading.Event()


def _remove_dead_queues_once() -> None:
    if not _swept.is_set():
        _swept.set()
        try:
            remove_dead_queues()
        except OSError as error:
            logger.debug("The message queues of dead runtimes cannot be listed: %s", error)


def _close_all() -> None:
    for queue in list(_open):
        queue.close()


def _after_fork_in_child() -> None:
    for queue in list(_open):
        queue._abandon()
    _open.clear()


at_exit(Stage.LEFTOVERS, _close_all)
os.register_at_fork(after_in_child=_after_fork_in_child)
