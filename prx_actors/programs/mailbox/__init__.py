"""Mailboxes for programs: POSIX message queues whose messages land in the mailbox of an actor."""

from __future__ import annotations

from prx_actors.programs.mailbox.dead import remove_dead_queues
from prx_actors.programs.mailbox.messages import QueueMessage
from prx_actors.programs.mailbox.queue import MessageQueue
from prx_actors.programs.mailbox.sending import VARIABLE, send_message

__all__ = ["VARIABLE", "MessageQueue", "QueueMessage", "remove_dead_queues", "send_message"]
