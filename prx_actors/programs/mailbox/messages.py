"""What the owner of a message queue gets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from prx_actors.programs.mailbox.queue import MessageQueue

__all__ = ["QueueMessage"]


@dataclass(frozen=True, slots=True)
class QueueMessage:
    """A message that some OS process has sent to a queue.

    Example:
        >>> from prx_actors import receive
        >>> from prx_actors.programs.mailbox import MessageQueue, QueueMessage, send_message
        >>> with MessageQueue() as queue:
        ...     send_message(b"hello", priority=3, name=queue.name)
        ...     message = receive(QueueMessage, queue=queue, timeout=5)
        >>> message.data, message.priority
        (b'hello', 3)

    """

    queue: MessageQueue
    """Where it was sent."""

    data: bytes
    """What was sent, from 0 bytes to what the queue takes."""

    priority: int
    """From 0 to 32767; of the messages that wait in the queue the highest comes first."""
